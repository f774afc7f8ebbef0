"""Own folders of members: `people/NAME`, made when one is first needed.

Invariants: an own folder is always a new one, so that it holds nothing that is not its person's; it is granted to the account as `own`, and that
grant stays as long as the account; an account has one, wherever that is moved.

Rejected: a folder that is there already (whoever chooses a name would get what it holds); folders that are made with the account (most people of a
list never come).
"""

from __future__ import annotations

import re
from contextlib import suppress

import attrs
from twisted.internet.defer import DeferredLock

from webipy.core import errors
from webipy.core.api.access import Principal
from webipy.core.api.grants import Grant, account_whom
from webipy.core.free_names import free_names
from webipy.server.people.rights import Rights
from webipy.server.ports.confinement import confined
from webipy.server.ports.files import Files

PEOPLE_FOLDER = "people"
"""The folder below the root that has the own folders of accounts."""

LONGEST_NAME = 60

_NOT_IN_NAMES = re.compile(r"[/\x00-\x1f\x7f]+")


@attrs.define(eq=False)
class Homes:
    """The own folders of one server.

    Args:
        rights: The rights of everybody.
        files: The files below the root.
    """

    rights: Rights
    files: Files
    _making: DeferredLock = attrs.field(factory=DeferredLock)

    def find(self, principal: Principal | None) -> str | None:
        """The own folder of somebody's account; `None` while they have none."""
        if principal is None or principal.account is None:
            return None
        whom = account_whom(principal.account)
        return next((grant.place for grant in self.rights.grants.all() if grant.is_home and grant.whom == whom), None)

    async def of(self, principal: Principal | None) -> str | None:
        """The own folder of somebody's account, which is made if they have none.

        Returns:
            Its path; `None` for whoever runs the server, for admins and for viewers, who have none.

        Raises:
            errors.FileFault, errors.AlreadyExists: It cannot be made.
        """
        if principal is None or principal.account is None or principal.role != "member":
            return None
        await self._making.acquire()
        try:
            found = self.find(principal)
            if found is None:
                with confined(None):
                    found = await self._make(principal.name)
                whom = account_whom(principal.account)
                await self.rights.change(
                    [Grant(found, whom, "own", principal.name, self.rights.now(), is_home=True)], []
                )
            return found
        finally:
            self._making.release()

    async def _make(self, name: str) -> str:
        plain = _NOT_IN_NAMES.sub(" ", name).strip(" .")[:LONGEST_NAME].rstrip(" .") or "person"
        with suppress(errors.AlreadyExists):
            await self.files.create(PEOPLE_FOLDER, "folder")
        for path in free_names(f"{PEOPLE_FOLDER}/{plain}", True):
            if self.rights.grants.within(path):
                continue  # of a folder that another program has taken away: its grants are not for this one
            with suppress(errors.AlreadyExists):
                await self.files.create(path, "folder")
                return path
        raise errors.AlreadyExists(f"There are too many folders like {plain!r}.", kind="file", id=plain)
