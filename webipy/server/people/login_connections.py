"""The open connections of logins, whatever carries them: WebSockets, and requests under way.

Each carrier adds itself when it starts to listen; logins and shares end connections, and count them, without knowing a carrier.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs


@attrs.define(eq=False)
class LoginConnections:
    """The connections of all logins."""

    _ends: list[Callable[[str], None]] = attrs.field(factory=list)
    _counts: list[Callable[[str], int]] = attrs.field(factory=list)

    def add(self, end: Callable[[str], None], count: Callable[[str], int] | None = None) -> None:
        """Adds a carrier of connections.

        Args:
            end: Ends the connections of a login, given its id.
            count: Returns how many connections a login has; `None` for a carrier of requests, which are not counted.
        """
        self._ends.append(end)
        if count is not None:
            self._counts.append(count)

    def count(self, login: str) -> int:
        """How many connections a login has."""
        return sum(count(login) for count in self._counts)

    def end(self, login: str) -> None:
        """Ends all connections of a login."""
        for end in self._ends:
            end(login)
