"""The params and the result of the method `variable.list`: the names that a person has made in a kernel, and what they hold.

See webipy.core.api.calls.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from webipy.core.api.calls import OfSession, Result


class ListVariables(OfSession, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long to wait for the variables of the kernel.

    The kernel makes the texts of the values. That may run code of classes that were defined there; its output goes nowhere.
    """

    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 20


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """A name and what it holds."""

    name: str
    """The name."""
    type: str
    """The name of the type of the value."""
    group: Literal["value", "function", "module"]
    """What kind of thing the value is."""
    size: list[int] | None
    """Its length, or its shape; null: it has none."""
    text: str
    """The value as a short text."""


class VariableList(Result, frozen=True, kw_only=True):
    """The first few hundred variables, values before functions and modules."""

    status: Literal["listed", "unsupported"] = "listed"
    """Whether the kernel could be asked: `unsupported` for kernels of other languages."""
    variables: list[Variable] = []
    """The variables."""
    all: int = 0
    """How many variables there are."""
