"""The documents of all sessions: opened, saved when they rest, kept in step with what other programs write.

`Documents` finds the document of a session; `Following` decides when it is saved and when its file is looked at:
a second after the last change, ten seconds after the first at the latest (or ten times as long as a save takes), at
once when the file changes under it, and when its session or the server ends. How that is done is `Bound`'s work.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Coroutine
from typing import Any

import attrs
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.core import contents, errors, events, formats, ipynb
from webipy.server.bound import Bound
from webipy.server.history import History
from webipy.server.paper import Paper
from webipy.server.ports import World
from webipy.server.session import Session
from webipy.server.sessions import Sessions

REST_SECONDS = 1.0
"""After the last change for so long, a document is saved."""

LONGEST_SECONDS = 10.0
"""A document that changes all the time is saved this often."""

AGAIN_SECONDS = 30.0
"""A save that failed is tried again."""

GONE_SECONDS = 1.0
"""A file that is missing is looked for again: editors replace one in two steps."""


@attrs.define(eq=False)
class Following:
    """Keeps one document and its file together."""

    bound: Bound
    history: History
    world: World
    is_on: bool = False
    _seen: int = 0
    _due_s: float = 0.0
    _stop_rest: Callable[[], None] | None = None
    _stop_watch: Callable[[], None] = lambda: None
    _log = Logger()

    def start(self) -> None:
        """Follows from now on, if there is a file, at the path where it is now."""
        origin = self.bound.session.origin
        if origin.path is None:
            return
        self.is_on = True
        self._seen = origin.changed
        self.bound.session.on_written = self._was_written
        self._stop_watch()
        self._stop_watch = self.world.files.watch(origin.path, self._look)
        if not origin.is_saved:
            self._save_later(REST_SECONDS)

    def stop(self) -> None:
        """Lets go of the file."""
        self.is_on = False
        self.bound.session.on_written = lambda: None
        self._stop_watch()
        if self._stop_rest is not None:
            self._stop_rest()
        self._stop_rest = None

    async def save(self, by: str | None, overwrite: str | None = None, is_upgraded: bool = False) -> None:
        """Saves now; see `Bound.save`.

        Raises:
            errors.Conflict, errors.FileFault and others: As `Bound.save`.
        """
        began = self.world.clock()
        try:
            await self.bound.save(by, overwrite, is_upgraded)
        finally:
            took = self.world.clock() - began
            self._due_s = max(self._due_s, self.world.clock() + 10 * took)

    def _was_written(self) -> None:
        origin = self.bound.session.origin
        if origin.changed > self._seen:
            self._seen = origin.changed
            if origin.conflict is None:
                self._save_later(REST_SECONDS)

    def _save_later(self, seconds: float) -> None:
        now = self.world.clock()
        if self._stop_rest is None:
            self._due_s = max(self._due_s, now + LONGEST_SECONDS)
        else:
            self._stop_rest()
        self._stop_rest = self.world.later(max(0.0, min(seconds, self._due_s - now)), self._save_now)

    def _save_now(self) -> None:
        self._stop_rest = None
        if self.is_on and not self.bound.session.origin.is_saved and self.bound.session.origin.conflict is None:
            self._begin(self.save(None))

    def _look(self) -> None:
        if self.is_on:
            self._begin(self.look())

    def _begin(self, work: Coroutine[Deferred[Any], Any, None]) -> None:
        Deferred.fromCoroutine(work).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        """Of what goes wrong without anybody having asked, events tell; it is tried again where that may help."""
        if not self.is_on or failure.check(errors.Conflict):
            return
        if failure.check(errors.Failure) is None:
            self._log.failure("document of session {session}", failure, session=self.bound.session.id)
        self._save_later(AGAIN_SECONDS)

    async def look(self) -> None:
        """Takes in what another program has written, if it has.

        Raises:
            errors.Conflict: Both changed the same.
        """
        if await self._is_other() and self.is_on:
            await self.bound.look()

    async def _is_other(self) -> bool:
        if await self._etag() is None:
            waited: Deferred[None] = Deferred()
            self.world.later(GONE_SECONDS, lambda: waited.callback(None))
            await waited
        etag, origin = await self._etag(), self.bound.session.origin
        if etag is None and origin.conflict is not None and origin.conflict.etag is None:
            return False
        return etag != origin.etag

    async def _etag(self) -> str | None:
        try:
            return (await self.world.files.stat(self.bound.path())).etag
        except errors.NotFound:
            return None


@attrs.define(eq=False)
class Documents:
    """The documents of all sessions.

    Args:
        world: The outside.
        sessions: Whose documents.
    """

    world: World
    sessions: Sessions
    _followings: dict[str, Following] = attrs.field(factory=dict)
    _log = Logger()

    def of(self, session: Session) -> Following:
        """The document of a session, which may have no file."""
        following = self._followings.get(session.id)
        if following is None:
            bound = Bound(session, self.world, Paper(self.world))
            following = Following(bound, History(session, self.world), self.world)
            self._followings[session.id] = following
        return following

    async def as_ipynb(self, session: Session, is_shown: bool = False) -> bytes:
        """The document of a session as it is now, as nbformat 4.5; `is_shown`: as every program takes it, see `ipynb.shown`."""
        _, document = await self.of(session).bound.current()
        return await self.world.aside(lambda: ipynb.shown(document) if is_shown else ipynb.write(document, None))

    # ---- opening

    async def empty(self, path: str, kernelspec: str | None) -> bytes:
        """What a new notebook at `path` holds: one empty cell, and which kernel it is for; nothing where it is text.

        Raises:
            errors.UnknownKernelspec: There is none of that name.
        """
        if not path.lower().endswith(".ipynb"):
            return b""
        if kernelspec is None:
            return ipynb.empty()
        spec = await self.sessions.spec(kernelspec)
        named = {"name": spec.name, "display_name": spec.display_name, "language": spec.language}
        return ipynb.empty(contents.encode({"kernelspec": named}))

    async def open(
        self,
        path: str,
        empty: bytes | None,
        title: str | None,
        cwd: str | None,
        wanted: str | None,
        by: str,
        *,
        temporary: bool = False,
    ) -> Session:
        """The session of a notebook file: the one that is open, or a new one with the document in it.

        Args:
            empty: What is written where there is no such file.
            temporary: Whether a new one is closed when what it is made for is over.

        Raises:
            errors.NotFound: There is no such file (and `empty` is `None`).
            errors.InvalidParams: Its name is not that of a notebook.
            errors.InvalidNotebook, errors.TooLarge, errors.FileFault: It cannot be opened; nothing was made.
        """
        check_name(path)
        found = self._open_at(path)
        if found is not None:
            return found
        try:
            read = await Paper(self.world).read(path)
        except errors.NotFound:
            if empty is None:
                raise
            await self.world.files.create(path, "notebook", empty)
            read = await Paper(self.world).read(path)
        path = read.record.path
        folder = cwd or posixpath.dirname(path)
        session = await self.sessions.create(title, path, folder, wanted, by, temporary=temporary)
        following = self.of(session)
        if session.origin.path is None:
            await following.bound.become(read.document, by, read)
            following.start()
        return session

    async def open_copy(
        self, path: str, title: str | None, cwd: str | None, wanted: str | None, by: str, *, temporary: bool = False
    ) -> Session:
        """A new session without a file, that begins with the document of a notebook file, as its open session has it or as it is on disk.

        Raises:
            errors.NotFound, errors.InvalidParams, errors.InvalidNotebook and others: As `open`; nothing was made.
        """
        check_name(path)
        live = self._open_at(path)
        if live is not None:
            _, document = await self.of(live).bound.current()
        else:
            document = (await Paper(self.world).read(path)).document
        folder, title = cwd or posixpath.dirname(path), title or posixpath.basename(path)
        session = await self.sessions.create(title, None, folder, wanted, by, temporary=temporary, source=path)
        if not session.notebook.cells():
            await self.of(session).bound.become(document, by)
        return session

    def _open_at(self, path: str) -> Session | None:
        return next((session for session in self.sessions.all() if session.record.path == path), None)

    async def resume(self) -> None:
        """Follows the documents of all sessions again, after the server has started; never fails for one of them."""
        for session in self.sessions.all():
            if session.record.path is None or formats.format_of(session.record.path) is None:
                continue
            following = self.of(session)
            try:
                if session.origin.path is None:  # the last server died between the session and its cells
                    await following.bound.reload(session.record.path, None)
                following.start()
                await following.look()
            except errors.Failure as fault:
                self._log.warn("document of session {session}: {fault}", session=session.id, fault=fault.message)

    # ---- another path

    async def save_as(self, session: Session, path: str, by: str) -> None:
        """Writes the document of a session under another path and goes on there.

        Raises:
            errors.AlreadyExists: Something is there.
        """
        following = self.of(session)
        await following.bound.save_as(path, by)
        await self.sessions.has_moved(session, following.bound.path(), by)
        following.start()

    async def file_moved(self, old: str, new: str, by: str) -> None:
        """A file or folder has another path: the sessions of what was there follow."""
        for session in self.sessions.all():
            path = session.record.path
            if path is not None and (path == old or path.startswith(f"{old}/")):
                moved = new + path[len(old) :]
                await session.append([events.NotebookMoved(path=moved)], by)
                await self.sessions.has_moved(session, moved, by)
                self.of(session).start()

    async def file_deleted(self, path: str, by: str) -> None:
        """A file or folder was deleted: the sessions of what was there say so, and keep what they have."""
        for session in self.sessions.all():
            at = session.record.path
            if at is not None and (at == path or at.startswith(f"{path}/")) and session.origin.path is not None:
                gone = events.NotebookConflicted(path=at, reason=f"The file was deleted by {by}.")
                await session.append([gone], by)

    # ---- ending

    async def leave(self, session: Session, is_discarded: bool) -> None:
        """Saves the document of a session that is closed, and lets go of it.

        Raises:
            errors.Conflict, errors.FileFault and others: It cannot be saved; with `is_discarded` that does not matter.
        """
        following = self.of(session)
        if following.is_on and not session.origin.is_saved:
            try:
                await following.save(None)
            except errors.Failure:
                if not is_discarded:
                    raise
        self.let_go(session)

    def let_go(self, session: Session) -> None:
        """Lets go of the document of a session, saved or not."""
        following = self._followings.pop(session.id, None)
        if following is not None:
            following.stop()

    async def stop(self) -> None:
        """Saves what is not saved, as the server ends; what cannot be is saved when it starts again."""
        pending = []
        for following in self._followings.values():
            if following.is_on:
                is_saved = following.bound.session.origin.is_saved or following.bound.session.origin.conflict
                following.stop()
                if not is_saved:
                    pending.append(Deferred.fromCoroutine(following.save(None)))
        for deferred in pending:
            deferred.addErrback(lambda failure: self._log.warn("not saved: {fault}", fault=failure.getErrorMessage()))
        await DeferredList(pending)


def check_name(path: str) -> None:
    """Refuses what does not open as a notebook by its name.

    Raises:
        errors.InvalidParams: It does not.
    """
    if formats.format_of(path) is None:
        raise errors.InvalidParams(
            f"{path} does not open as a notebook: .ipynb does, and programs and Markdown as text.", field="path"
        )
