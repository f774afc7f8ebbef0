"""The documents of all sessions: opened, saved when they rest, kept in step with what other programs write.

`Documents` finds the document of a session; `Following` decides when it is saved and when its file is looked at:
a second after the last change, ten seconds after the first at the latest (or ten times as long as a save takes), at
once when the file changes under it, and when its session or the server ends. How that is done is `Bound`'s work.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import attrs
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.core import contents, errors, events, formats, ipynb
from webipy.core.naming import beside
from webipy.core.origin import is_same_file
from webipy.server.bound import Bound
from webipy.server.history import History
from webipy.server.kept import Kept
from webipy.server.paper import Paper
from webipy.server.ports import ClosedSession, FileRecord, World
from webipy.server.session import Session
from webipy.server.sessions import Sessions
from webipy.server.values import bring_in, take_blobs, with_values

EXPORTED_BYTES = 64 * 1024 * 1024
"""Large values of outputs that an export has in it, all together; the largest are left out."""

REST_SECONDS = 1.0
"""After the last change for so long, a document is saved."""

LONGEST_SECONDS = 10.0
"""A document that changes all the time is saved this often."""

AGAIN_SECONDS = 30.0
"""A save that failed is tried again."""

GONE_SECONDS = 1.0
"""A file that is missing is looked for again: editors replace one in two steps."""


def digest_of(body: bytes) -> str:
    """SHA-256 of what a file holds, in hex."""
    return hashlib.sha256(body).hexdigest()


@attrs.define(eq=False)
class Following:
    """Keeps one document and its file together.

    Args:
        found_at: Goes on with the file at another path, where it is now; false when another session does already.
    """

    bound: Bound
    history: History
    world: World
    found_at: Callable[[str], Coroutine[Deferred[Any], Any, bool]]
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
        self._stop_watch = lambda: None  # it leads back here
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
            if overwrite is None and await self._etag() is None:
                await self._has_moved()
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
            if not self.bound.session.origin.is_saved:  # it was away, and waited to be saved
                self._save_later(REST_SECONDS)

    async def _is_other(self) -> bool:
        if await self._etag() is None:
            waited: Deferred[None] = Deferred()
            self.world.later(GONE_SECONDS, lambda: waited.callback(None))
            await waited
        etag, origin = await self._etag(), self.bound.session.origin
        if etag is None and await self._has_moved():
            return False
        if etag is None and origin.conflict is not None and origin.conflict.etag is None:
            return False
        return not origin.is_at(etag)

    async def _has_moved(self) -> bool:
        """Whether the file is under another name, and nobody has it open there: then that is gone on with."""
        path, etag = self.bound.session.origin.path, self.bound.session.origin.etag
        if path is None or etag is None:
            return False
        found = await self.world.files.seek(path, etag)
        if found is None or found.path == path or formats.format_of(found.path) is None:
            return False
        return await self.found_at(found.path)

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
        kept: Closed sessions, whose documents may be opened again.
    """

    world: World
    sessions: Sessions
    kept: Kept
    _followings: dict[str, Following] = attrs.field(factory=dict)
    _log = Logger()

    def of(self, session: Session) -> Following:
        """The document of a session, which may have no file."""
        following = self._followings.get(session.id)
        if following is None:
            history = History(session, self.world)
            bound = Bound(session, self.world, Paper(self.world, session.journal.blob_path), history)
            following = Following(bound, history, self.world, lambda path: self.found_at(session, path, None))
            self._followings[session.id] = following
        return following

    async def as_ipynb(self, session: Session, is_shown: bool = False) -> bytes:
        """The document of a session as it is now, as nbformat 4.5; `is_shown`: as every program takes it, see `ipynb.shown`."""
        _, document = await self.of(session).bound.current()
        written = ipynb.shown if is_shown else partial(ipynb.write, original=None)
        return await with_values(session, self.world, document, written, EXPORTED_BYTES)

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
        """The session of a notebook file: the one that is open, the one that was closed, or a new one with the document in it.

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
            file = await self.world.files.stat(path)
            found = await self._known(file, cwd, by, temporary=temporary)
            if found is not None:
                return found
            read = await Paper(self.world).read(path)
        except errors.NotFound:
            if empty is None:
                raise
            await self.kept.deleted(path)
            await self.world.files.create(path, "notebook", empty)
            read = await Paper(self.world).read(path)
        path = read.record.path
        copied = await self.kept.copy_of(await self.world.aside(lambda: digest_of(read.body)))
        if copied is not None and (found := await self._go_on(copied, path, cwd, by, temporary=temporary)) is not None:
            return found
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
            read, (_, document) = None, await self.of(live).bound.current()
        else:
            read = await Paper(self.world).read(path)
            document = read.document
        folder, title = cwd or posixpath.dirname(path), title or posixpath.basename(path)
        session = await self.sessions.create(title, None, folder, wanted, by, temporary=temporary, source=path)
        if not session.notebook.cells():
            bound = self.of(session).bound
            if read is not None:
                await bring_in(session, self.world, read)
            elif live is not None:
                await take_blobs(session, document, live)
            await bound.become(document, by)
        return session

    async def _known(self, file: FileRecord, cwd: str | None, by: str, *, temporary: bool) -> Session | None:
        """The session of a file that is there: open under another name that it had, or closed; `None` for a new file."""
        for session in self.sessions.all():
            if is_same_file(session.origin.etag, file.etag) and await _has_lost(self.world, session):
                await self.found_at(session, file.path, by)
                return session
        closed = await self.kept.session_of(file)
        return None if closed is None else await self._go_on(closed, file.path, cwd, by, temporary=temporary)

    async def _go_on(
        self, closed: ClosedSession, path: str, cwd: str | None, by: str, *, temporary: bool
    ) -> Session | None:
        """Opens a closed session again for the file of its document; `None` when its journal cannot be used, which the log tells."""
        try:
            session = await self.sessions.reopen(closed, path, cwd or posixpath.dirname(path), by, temporary=temporary)
        except (errors.NotFound, errors.Damaged) as fault:
            self._log.critical("{path} begins a new history: {fault}", path=path, fault=fault.message)
            await self.kept.note(attrs.evolve(closed, is_gone=True))
            return None
        following = self.of(session)
        if not following.is_on:
            await self._catch_up(following, path)
        return session

    async def reopen(self, closed: ClosedSession, by: str) -> Session:
        """Opens a closed session again; a document that is not there any more is written to its path, or beside what is there now.

        Raises:
            errors.NotFound, errors.Damaged: Its journal is gone, or cannot be read.
            errors.FileFault: Its document cannot be written.
        """
        path = closed.path
        if path is not None and formats.format_of(path) is not None:
            try:
                return await self.open(path, None, None, None, None, by)
            except errors.NotFound:
                pass  # it was deleted by another program: it is written again below
        lost = closed.record.path if formats.format_of(closed.record.path or "") is not None else None
        session = await self.sessions.reopen(closed, None, None, by)
        try:
            if lost is not None and session.record.path is None:
                await self._write_again(session, lost, by)
        except errors.Failure:
            await self.leave(session, is_discarded=True)
            await self.sessions.close(session, by)
            raise
        return session

    async def _write_again(self, session: Session, lost: str, by: str) -> None:
        for there in (lost, posixpath.basename(lost)):
            for path in beside(there, False):
                try:
                    await self.save_as(session, path, by)
                    return
                except errors.AlreadyExists:
                    continue
                except errors.NotFound:  # its folder is not there any more
                    break

    async def _catch_up(self, following: Following, path: str) -> None:
        """Takes in what happened to the file while its session was closed, as for one that is open."""
        session = following.bound.session
        origin = session.origin
        try:
            if origin.path is None or origin.conflict is not None or origin.failed is not None:
                await following.bound.reload(path, None)  # what was not saved then was given up; the history has it
            following.start()
            await following.look()
        except errors.Failure as fault:  # as for a session that is open, events tell it, and nothing is written
            following.start()
            self._log.warn("document of session {session}: {fault}", session=session.id, fault=fault.message)

    async def open_body(
        self, body: bytes, title: str, cwd: str | None, wanted: str | None, by: str, *, temporary: bool = False
    ) -> Session:
        """A new session without a file, that begins with a notebook.

        Raises:
            errors.InvalidNotebook: It is none; nothing was made.
        """
        document = await Paper(self.world).parsed(body)
        session = await self.sessions.create(title, None, cwd, wanted, by, temporary=temporary)
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

    async def found_at(self, session: Session, path: str, by: str | None) -> bool:
        """Goes on with the file of a session where it is now: it was moved, here or by another program. False when another session is open there."""
        there = self._open_at(path)
        if there is not None:
            return there is session
        await session.append([events.NotebookMoved(path=path)], by)
        await self.sessions.has_moved(session, path, by)
        self.of(session).start()
        return True

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
                await self.found_at(session, moved, by)
        await self.kept.moved(old, new)

    async def file_deleted(self, path: str, by: str) -> None:
        """A file or folder was deleted: the sessions of what was there say so, and keep what they have."""
        for session in self.sessions.all():
            at = session.record.path
            if at is not None and (at == path or at.startswith(f"{path}/")) and session.origin.path is not None:
                gone = events.NotebookConflicted(path=at, reason=f"The file was deleted by {by}.")
                await session.append([gone], by)
        await self.kept.deleted(path)

    # ---- ending

    async def leave(self, session: Session, is_discarded: bool) -> str | None:
        """Saves the document of a session that is closed, and lets go of it; gives the digest of what its file holds, if that is known.

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
        digest = await _digest(self.world, session)
        self.let_go(session)
        return digest

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


async def _has_lost(world: World, session: Session) -> bool:
    """Whether the file of an open session is not where it was."""
    try:
        now = await world.files.stat(session.record.path or "")
    except errors.NotFound:
        return True
    return not is_same_file(now.etag, session.origin.etag)


async def _digest(world: World, session: Session) -> str | None:
    if session.origin.path is None or not session.origin.is_saved:
        return None
    try:
        body, record = await world.files.read(session.origin.path)
    except errors.Failure:
        return None  # it is gone, or too large: then it is known by its name and its etag only
    return await world.aside(lambda: digest_of(body)) if record.etag == session.origin.etag else None
