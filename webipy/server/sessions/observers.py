"""Functions that are called at each change of something.

Data flow: whoever owns what changes has an `Observers` and calls `notify`; whoever wants to know calls `add`, and what that returned when it does not
any more. Invariant: an observer is called from its `add` on until its removal, in the order in which they were added.

Rejected: an attribute that others set (the second one who sets it silences the first).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

import attrs

P = ParamSpec("P")


@attrs.define(eq=False)
class Observers(Generic[P]):
    """The observers of one thing."""

    _calls: dict[object, Callable[P, None]] = attrs.field(factory=dict)

    def add(self, call: Callable[P, None]) -> Callable[[], None]:
        """Calls a function at each change; returns a function that removes it, once or often."""
        key = object()
        self._calls[key] = call

        def remove() -> None:
            self._calls.pop(key, None)

        return remove

    def notify(self, *args: P.args, **named: P.kwargs) -> None:
        """Calls all of them, with the arguments of the change."""
        for call in tuple(self._calls.values()):
            call(*args, **named)
