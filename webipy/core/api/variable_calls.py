"""The params and the result of the method `variable.list`: the names that a person has made in a kernel, and what they hold.

See webipy.core.api.calls.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from webipy.core.api.calls import OfSession, Result


class ListVariables(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The variables of the kernel of a session.

    The kernel makes the texts of the values: that may run code of classes that were defined there, whose output goes nowhere.
    """

    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 20


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """A name and what it holds: its `type`, its `size` (a length, or a shape; null where it has none) and a short `text`."""

    name: str
    type: str
    group: Literal["value", "function", "module"]
    size: list[int] | None
    text: str


class VariableList(Result, frozen=True, kw_only=True):
    """The first few hundred of `all` variables, values before functions and modules; `unsupported` for kernels of a language that cannot be asked."""

    status: Literal["listed", "unsupported"] = "listed"
    variables: list[Variable] = []
    all: int = 0
