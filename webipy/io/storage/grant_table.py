"""The table of grants, in the registry; see `webipy.server.ports.grants.GrantStore`."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import msgspec
from twisted.internet.defer import Deferred

from webipy.core.api.grants import Grant
from webipy.io.storage.registry import SqliteRegistry

_PUT = """
INSERT INTO grants VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    verb = excluded.verb, given_by = excluded.given_by, since = excluded.since, is_home = excluded.is_home
"""


class SqliteGrants(msgspec.Struct, eq=False):
    """See the module.

    Args:
        registry: The database.
    """

    registry: SqliteRegistry

    async def grants(self) -> list[Grant]:
        """All grants, in the order in which they were given."""
        found = await self.registry.read("SELECT * FROM grants ORDER BY rowid")
        return [Grant(place, whom, verb, by, since, bool(is_home)) for place, whom, verb, by, since, is_home in found]

    def change_grants(self, put: Sequence[Grant], removed: Sequence[tuple[str, str]]) -> Deferred[None]:
        """Writes a change down, all of it or nothing.

        Args:
            put: Grants that are new, or take the place of others.
            removed: Place and whom of those that end; they end before the others are put.
        """
        return self.registry.write(
            *(("DELETE FROM grants WHERE place = ? AND whom = ?", key) for key in removed),
            *((_PUT, attrs.astuple(grant)) for grant in put),
        )
