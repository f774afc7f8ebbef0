"""The port to the grants: the rights of people, groups and everybody, which outlive the server."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol

from twisted.internet.defer import Deferred

from webipy.core.api.grants import Grant


class GrantStore(Protocol):
    """Where grants are stored."""

    def grants(self) -> Awaitable[list[Grant]]:
        """All of them, in the order in which they were given."""

    def change_grants(self, put: Sequence[Grant], removed: Sequence[tuple[str, str]]) -> Deferred[None]:
        """Writes a change down, all of it or nothing.

        Args:
            put: Grants that are new, or take the place of others.
            removed: Place and whom of those that end; they end before the others are put.
        """
