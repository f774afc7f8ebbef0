"""Hand-outs: a copy of a notebook for each of several people, in a folder beside it, where each may work in theirs.

::

    lesson.ipynb ──hand out──► handed-out/lesson/ada.ipynb   grant: ada, execute
                               handed-out/lesson/bo.ipynb    grant: bo, execute       the folder stays whose it is

The data that a notebook reads are handed out with it: webipy.server.notebooks.handout_files.

Nothing of it is written down beside the files and the grants (webipy.core.api.grants): a person's copy is the file in that folder that was given to
their account alone. So it follows what is moved or deleted here, and ends with the account, as rights do.

Invariants: a copy is made under a name where nothing stands and that was given to nobody, so no hand-out ever replaces a file, and nobody gets what
another account of the same name has left. The grant comes before the file, and is given once more behind it: what is changed later than its time was
changed since, and after a crash between them the next hand-out makes the copy. Hand-outs are made one after the other.

Rejected: copies in own folders (whoever hands out has no right there, and there is none before a member has come once); a table of hand-outs (it
would say otherwise than the files after each move); the digest of what was handed out, to know a change (a notebook is saved in another form than it
was copied, and whoever changes it back has worked in it).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import attrs
import msgspec
from twisted.internet.defer import DeferredLock

from webipy.core import errors
from webipy.core.api.access import Principal, Right
from webipy.core.api.grants import Grant, account_whom
from webipy.core.api.handout_calls import Copied, HandedFile, HandoutCopy, Recipient
from webipy.core.free_names import free_names
from webipy.server.notebooks.documents import Documents
from webipy.server.notebooks.handout_files import HandoutFiles
from webipy.server.people.directory import Directory, Entry
from webipy.server.people.presence import Presence
from webipy.server.people.rights import Rights, holding_folder
from webipy.server.ports.world import World

FOLDER: Final = "handed-out"

MAX_COPIES: Final = 10_000
"""Files of one folder that are looked at."""

_NOT_IN_NAMES: Final = re.compile(r"[/\x00-\x1f\x7f]+")


def folder_of(path: str) -> str:
    """The folder of the copies of a notebook.

    Args:
        path: The path of the notebook.
    """
    stem = posixpath.basename(path).rpartition(".")[0]
    return posixpath.join(holding_folder(path), FOLDER, stem)


@attrs.define(eq=False)
class Handouts:
    """The hand-outs of one server.

    Args:
        world: The outside.
        rights: The rights of everybody.
        directory: The accounts.
        documents: The open documents.
        presence: Who is in which session.
    """

    world: World
    rights: Rights
    directory: Directory
    documents: Documents
    presence: Presence
    _making: DeferredLock = attrs.field(factory=DeferredLock)

    def recipients(self, named: Sequence[Recipient], caller: Principal | None) -> list[Entry]:
        """The accounts that recipients are, each once, by name.

        Args:
            named: Accounts, groups, everybody.
            caller: Who asks; left out where only a group or everybody names them.

        Raises:
            errors.NotFound: There is no such account, or nobody is in the group.
            errors.InvalidParams: A name is missing, or given for everybody.
        """
        found: dict[str, Entry] = {}
        for one in named:
            whom = self.directory.whom(one.kind, one.whom)
            entries = [entry for entry in self.directory.all() if _is_meant(entry, one, whom)]
            if one.kind == "group" and not entries:
                raise errors.NotFound(f"Nobody is in a group {one.whom!r}.", kind="group", id=one.whom)
            mine = caller.account if caller is not None and one.kind != "account" else None
            found |= {entry.account: entry for entry in entries if entry.account != mine}
        return sorted(found.values(), key=lambda entry: entry.name.casefold())

    async def hand_out(self, path: str, to: Entry, verb: Right, by: str) -> Copied:
        """Gives one account a copy of a notebook, unless they have one.

        Args:
            path: The path of the notebook, whose file is as it is to be copied.
            to: The account.
            verb: The right that they get there.
            by: The name of who hands it out.

        Returns:
            What became of it; a failure is told in it.
        """
        await self._making.acquire()
        try:
            had = self._copies(path).get(account_whom(to.account))
            if had is not None and await self._is_there(had.place):
                return _outcome(to, "had", had.place)
            return _outcome(to, "made", await self._make(path, to, verb, by, had))
        except errors.Failure as fault:
            return _outcome(to, "failed", None, str(fault))
        finally:
            self._making.release()

    async def hand_out_files(self, path: str, names: Sequence[str], to: Sequence[Entry], by: str) -> list[HandedFile]:
        """Copies what a notebook reads to where its copies find it, for all of them, and lets people read it.

        Args:
            path: The path of the notebook.
            names: Files and folders, as paths from the notebook's folder.
            to: Who may read it.
            by: The name of who hands it out.

        Returns:
            What became of each.

        Raises:
            errors.InvalidParams, errors.NotFound, errors.TooLarge: It cannot be handed out; nothing was copied.
            errors.Failure: It could not be copied to its end.
        """
        if not names:
            return []
        data, folder = HandoutFiles(self.world, self.rights), folder_of(path)
        await self._making.acquire()
        try:
            items = await data.measure(path, folder, names)
            await self._make_folders(folder)
            return await data.copy(path, folder, items, to, by)
        finally:
            self._making.release()

    async def _make_folders(self, folder: str) -> None:
        for above in (holding_folder(folder), folder):
            with suppress(errors.AlreadyExists):
                await self.world.files.create(above, "folder")

    async def _make(self, path: str, to: Entry, verb: Right, by: str, had: Grant | None) -> str:
        whom = account_whom(to.account)
        await self._make_folders(folder_of(path))
        place = had.place if had is not None else await self._free(path, to)
        await self.rights.grant(place, whom, verb, by)
        try:
            await self.world.files.copy(path, place)
        except errors.Failure:
            if had is None:
                await self.rights.revoke(place, whom)
            raise
        await self.rights.grant(place, whom, verb, by)
        return place

    async def _free(self, path: str, to: Entry) -> str:
        """A path for somebody's copy where nothing stands and nothing is given."""
        name = _NOT_IN_NAMES.sub(" ", to.name).strip(" .") or "person"
        for place in free_names(f"{folder_of(path)}/{name}{_ending(path)}", False):
            if not self.rights.grants.within(place) and not await self._is_there(place):
                return place
        raise errors.AlreadyExists(f"There are too many files like {name!r}.", kind="file", id=name)

    async def _is_there(self, path: str) -> bool:
        try:
            await self.world.files.stat(path)
        except errors.NotFound:
            return False
        return True

    def _copies(self, path: str) -> dict[str, Grant]:
        """The grants of the copies of a notebook, by whom they are for."""
        folder, ending = folder_of(path), _ending(path)
        return {
            grant.whom: grant
            for grant in self.rights.grants.within(folder)
            if holding_folder(grant.place) == folder and grant.place.endswith(ending)
        }

    async def list(self, path: str, named: Sequence[Entry]) -> list[HandoutCopy]:
        """Who has a copy of a notebook, and what they have done with it, by name.

        Args:
            path: The path of the notebook.
            named: The recipients, who are listed, too, when they have none.
        """
        known = {account_whom(entry.account): entry for entry in self.directory.all()}
        copies = {whom: grant for whom, grant in self._copies(path).items() if whom.startswith(account_whom(""))}
        rows = [self._entry(whom, known) for whom in copies] + [
            entry for entry in named if account_whom(entry.account) not in copies
        ]
        try:
            records, _ = await self.world.files.list(folder_of(path), 0, MAX_COPIES)
        except errors.NotFound:
            records = []
        modified = {record.path: record.modified for record in records}
        opened = {one.path: one.record.created for one in await self.world.registry.closed() if one.path is not None}
        found = [self._copy(entry, copies.get(account_whom(entry.account)), modified, opened) for entry in rows]
        meant = {entry.account for entry in named}
        listed = [msgspec.structs.replace(copy, is_recipient=copy.account in meant) for copy in found]
        return sorted(listed, key=lambda copy: (copy.name.casefold(), copy.account))

    def _entry(self, whom: str, known: dict[str, Entry]) -> Entry:
        _, account, name = self.directory.described(whom)
        return known.get(whom) or Entry(account, name, name)

    def _copy(self, entry: Entry, grant: Grant | None, modified: dict[str, str], opened: dict[str, str]) -> HandoutCopy:
        if grant is None:
            return HandoutCopy(account=entry.account, name=entry.name, display_name=entry.display_name, state="none")
        session = self.documents.autosaves.at(grant.place)
        first = session.record.created if session is not None else opened.get(grant.place)
        time = modified.get(grant.place)
        changed = time if time is not None and time > grant.since else None
        return HandoutCopy(
            account=entry.account,
            name=entry.name,
            display_name=entry.display_name,
            state="gone" if time is None else "changed" if changed else "opened" if first else "untouched",
            copy_path=grant.place,
            verb=grant.verb,
            handed_out=grant.since,
            opened=first,
            changed=changed,
            session=session.id if session is not None else None,
            is_here=session is not None and self.presence.who(session.id, grant.whom) is not None,
        )


def _ending(path: str) -> str:
    return posixpath.splitext(path)[1]


def _is_meant(entry: Entry, recipient: Recipient, whom: str) -> bool:
    if recipient.kind == "everybody":
        return True
    return recipient.whom in entry.groups if recipient.kind == "group" else account_whom(entry.account) == whom


def _outcome(to: Entry, result: str, path: str | None, reason: str | None = None) -> Copied:
    return Copied(
        account=to.account,
        name=to.name,
        display_name=to.display_name,
        result=result,  # type: ignore[arg-type]
        copy_path=path,
        reason=reason,
    )
