"""The documents of all sessions: opened, saved when they rest, merged with what other programs write.

`Documents` opens the document of a session and keeps it when its file gets another name; `webipy.server.notebooks.autosave` decides when it is saved
and when its files are checked, and `webipy.server.notebooks.notebook_file` does that.
"""

from __future__ import annotations

import hashlib
import posixpath
from functools import partial
from typing import Protocol

import attrs
from msgspec import Raw
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.api import formats
from webipy.core.events import events
from webipy.core.free_names import free_names
from webipy.core.ipynb import notebook_file, pairs
from webipy.core.kernel import jupyter_messages
from webipy.core.session.file_state import is_same_file
from webipy.server.notebooks.autosave import Autosave, Autosaves
from webipy.server.notebooks.large_values import copy_blobs, store_values, with_values
from webipy.server.notebooks.notebook_codec import NotebookCodec, ReadNotebook
from webipy.server.notebooks.pair_lookup import PairLookup
from webipy.server.ports.confinement import allows
from webipy.server.ports.files import FileRecord
from webipy.server.ports.registry import ClosedSession
from webipy.server.ports.world import World
from webipy.server.sessions.closed_sessions import ClosedSessions
from webipy.server.sessions.session import Session
from webipy.server.sessions.sessions import Sessions, end_kernel_to_close

EXPORTED_BYTES = 64 * 1024 * 1024
"""Large values of outputs that an export has in it, all together; the largest are left out."""


def digest_of(body: bytes) -> str:
    """SHA-256 of what a file holds, in hex."""
    return hashlib.sha256(body).hexdigest()


class PathRights(Protocol):
    """The rights at paths; see webipy.server.people.rights."""

    def covers(self, path: str, other: str) -> bool:
        """Whether everybody who may write one path may write another one.

        Args:
            path: Whoever may write it is looked at.
            other: The path that they may be led to.
        """

    async def moved(self, old: str, new: str) -> None:
        """Moves the rights of a file or folder along with it.

        Args:
            old: Its path before.
            new: Its path now.
        """

    async def deleted(self, place: str) -> None:
        """Ends the rights of a file or folder that was deleted."""


@attrs.define(eq=False)
class Documents:
    """The documents of all sessions.

    Args:
        world: The outside.
        sessions: The open sessions.
        closed_sessions: Closed sessions, whose documents may be opened again.
        rights: The rights at paths, which follow their files.
    """

    world: World
    sessions: Sessions
    closed_sessions: ClosedSessions
    rights: PathRights
    autosaves: Autosaves = attrs.field(
        init=False,
        default=attrs.Factory(
            lambda self: Autosaves(self.world, self.sessions, self.found_at, self.rights.covers), takes_self=True
        ),
    )
    _log = Logger()

    def of(self, session: Session) -> Autosave:
        """The autosave of a session, with its document, which may have no file."""
        return self.autosaves.of(session)

    async def as_ipynb(self, session: Session, is_shown: bool = False) -> bytes:
        """The document of a session as it is now.

        Args:
            session: The session.
            is_shown: Whether it is written in the form that every program reads; see `notebook_file.shown`.

        Returns:
            The notebook, nbformat 4.5 JSON.
        """
        _, document = await self.of(session).file.current()
        written = notebook_file.shown if is_shown else partial(notebook_file.write, original=None)
        return await with_values(session, self.world, document, written, EXPORTED_BYTES)

    # ---- opening

    async def empty(self, path: str, kernelspec: str | None) -> bytes:
        """The content of a new notebook: one empty cell, and which kernel it is for; nothing where it is text.

        Args:
            path: Where it will be, relative to the root.
            kernelspec: Name of its kernelspec; `None` for any.

        Raises:
            errors.UnknownKernelspec: There is none of that name.
        """
        if not path.lower().endswith(".ipynb"):
            return b""
        if kernelspec is None:
            return notebook_file.empty()
        spec = await self.sessions.spec(kernelspec)
        named = {"name": spec.name, "display_name": spec.display_name, "language": spec.language}
        return notebook_file.empty(jupyter_messages.encode({"kernelspec": named}))

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
            path: The file, relative to the root.
            empty: The content of the file that is made where there is none; `None`: it must be there.
            title: Title of a new session; `None` for the name of the file.
            cwd: The folder that its kernels run in, relative to the root; `None` for that of the file.
            wanted: Id of a new session; `None` for any.
            by: Who opens it.
            temporary: Whether a new session is closed when its purpose is over.

        Raises:
            errors.NotFound: There is no such file (and `empty` is `None`).
            errors.InvalidParams: Its name is not that of a notebook.
            errors.InvalidNotebook, errors.TooLarge, errors.FileFault: It cannot be opened; nothing was made.
        """
        check_name(path)
        if (found := self.autosaves.at(path)) is not None:
            return found
        main, named = await PairLookup(self.world).main_of(path)
        if main != path and allows(main):
            return await self._open_pair(path, main, named, title, cwd, wanted, by, temporary=temporary)
        try:
            file = await self.world.files.stat(path)
            if (found := await self._known(file, cwd, by, temporary=temporary)) is not None:
                return found
            read = await NotebookCodec(self.world).read(path)
        except errors.NotFound:
            if empty is None:
                raise
            await self.closed_sessions.deleted(path)
            await self.world.files.create(path, "notebook", empty)
            read = await NotebookCodec(self.world).read(path)
        path = read.record.path
        moved = await self.closed_sessions.copy_of(await self.world.aside(lambda: digest_of(read.body)))
        if moved is not None and (found := await self._reopen(moved, path, cwd, by, temporary=temporary)) is not None:
            return found
        folder = cwd or posixpath.dirname(path)
        session = await self.sessions.create(title, path, folder, wanted, by, temporary=temporary)
        autosave = self.of(session)
        if session.state.file_state.path is None:
            await autosave.file.become(read.document, by, read)
            autosave.start()
            await self._merge_pair(autosave)
        return session

    async def _open_pair(
        self,
        text: str,
        main: str,
        named: str | None,
        title: str | None,
        cwd: str | None,
        wanted: str | None,
        by: str,
        *,
        temporary: bool,
    ) -> Session:
        """The session of a pair, one file of which is a text: the file that it is of is made at the first save, if it is not there."""
        try:
            session = await self.open(main, None, title, cwd, wanted, by, temporary=temporary)
        except errors.NotFound:
            read = await NotebookCodec(self.world).read(text)
            metadata = pairs.with_formats(pairs.without_representation(read.document.metadata), named or "")
            document = attrs.evolve(read.document, metadata=metadata)
            folder = cwd or posixpath.dirname(text)  # that of the other file may not be there yet
            session = await self.sessions.create(title, main, folder, wanted, by, temporary=temporary)
            autosave = self.of(session)
            if session.state.file_state.path is None:
                record = FileRecord(main, "notebook", 0, read.record.modified, "", True)
                format = formats.format_of(main) or "ipynb"
                minor = notebook_file.MINOR if format == "ipynb" else None
                await autosave.file.become(
                    document, by, ReadNotebook(b"", record, document, format, read.repairs, minor)
                )
                autosave.start()
        autosave = self.of(session)
        if named is not None and text not in {pair.path for pair in autosave.file.outside.pair_files.all()}:
            metadata = pairs.with_formats(session.state.notebook.metadata, named)
            await session.append([events.NotebookMetadataSet(metadata=Raw(metadata))], by)
        await self._merge_pair(autosave)
        return session

    async def _merge_pair(self, autosave: Autosave) -> None:
        """Merges what the other files of a pair hold; events report what fails."""
        if not autosave.file.outside.pair_files.all():
            return
        try:
            await autosave.look()
        except errors.Failure as fault:
            self._log.warn("document of session {id}: {fault}", id=autosave.file.session.id, fault=fault.message)

    async def open_copy(
        self, path: str, title: str | None, cwd: str | None, wanted: str | None, by: str, *, temporary: bool = False
    ) -> Session:
        """A new session without a file, that begins with the document of a notebook file, as its open session has it or as it is on disk.

        Args:
            path: The file, relative to the root.
            title: Title of the session; `None` for the name of the file.
            cwd: The folder that its kernels run in, relative to the root; `None` for that of the file.
            wanted: Id of the session; `None` for any.
            by: Who opens it.
            temporary: Whether it is closed when its purpose is over.

        Raises:
            errors.NotFound, errors.InvalidParams, errors.InvalidNotebook and others: As `open`; nothing was made.
        """
        check_name(path)
        live = self.autosaves.at(path)
        if live is not None:
            read, (_, document) = None, await self.of(live).file.current()
        else:
            read = await NotebookCodec(self.world).read(path)
            document = read.document
        folder, title = cwd or posixpath.dirname(path), title or posixpath.basename(path)
        session = await self.sessions.create(title, None, folder, wanted, by, temporary=temporary, source=path)
        if not session.state.notebook.cells():
            file = self.of(session).file
            if read is not None:
                await store_values(session, self.world, read)
            elif live is not None:
                await copy_blobs(session, document, live)
            await file.become(document, by)
        return session

    async def _known(self, file: FileRecord, cwd: str | None, by: str, *, temporary: bool) -> Session | None:
        """The session of a file: open under the name that it had before, or closed; `None` for a new file."""
        for session in self.sessions.all():
            is_same = is_same_file(session.state.file_state.etag, file.etag) and allows(session.record.path or "")
            if is_same and await _has_lost(self.world, session):
                await self.found_at(session, file.path, by)
                return session
        closed = await self.closed_sessions.session_of(file)
        return None if closed is None else await self._reopen(closed, file.path, cwd, by, temporary=temporary)

    async def _reopen(
        self, closed: ClosedSession, path: str, cwd: str | None, by: str, *, temporary: bool
    ) -> Session | None:
        """Reopens a closed session for the file of its document; `None` when its journal cannot be used, which the log reports."""
        try:
            session = await self.sessions.reopen(closed, path, cwd or posixpath.dirname(path), by, temporary=temporary)
        except (errors.NotFound, errors.Damaged) as fault:
            self._log.critical("{path} begins a new history: {fault}", path=path, fault=fault.message)
            await self.closed_sessions.note(attrs.evolve(closed, is_gone=True))
            return None
        autosave = self.of(session)
        if not autosave.is_on:
            await self._catch_up(autosave, path)
        return session

    async def reopen(self, closed: ClosedSession, by: str) -> Session:
        """Reopens a closed session; a document that is not there any more is written to its path, or beside what is there now.

        Args:
            closed: The closed session.
            by: Who reopens it.

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
            await self.close(session, by, is_discarded=True)
            await self.closed_sessions.note(closed)  # with the path where its document belongs
            raise
        return session

    async def _write_again(self, session: Session, lost: str, by: str) -> None:
        for there in (lost, posixpath.basename(lost)):
            for path in free_names(there, False):
                try:
                    await self.save_as(session, path, by)
                    return
                except errors.AlreadyExists:
                    continue
                except errors.NotFound:  # its folder is not there any more
                    break

    async def _catch_up(self, autosave: Autosave, path: str) -> None:
        """Merges the changes of the file while its session was closed, as for one that is open."""
        session = autosave.file.session
        origin = session.state.file_state
        try:
            if origin.path is None or origin.conflict is not None or origin.failed is not None:
                await autosave.file.reload(path, None)  # what was not saved then was discarded; the history has it
            autosave.start()
            await autosave.look()
        except errors.Failure as fault:  # as for a session that is open, events report it, and nothing is written
            autosave.start()
            self._log.warn("document of session {session}: {fault}", session=session.id, fault=fault.message)

    async def open_body(
        self, body: bytes, title: str, cwd: str | None, wanted: str | None, by: str, *, temporary: bool = False
    ) -> Session:
        """A new session without a file, that begins with a notebook.

        Args:
            body: The notebook, nbformat JSON.
            title: Title of the session.
            cwd: The folder that its kernels run in, relative to the root; `None` for the root.
            wanted: Id of the session; `None` for any.
            by: Who opens it.
            temporary: Whether it is closed when its purpose is over.

        Raises:
            errors.InvalidNotebook: It is none; nothing was made.
        """
        document = await NotebookCodec(self.world).parsed(body)
        session = await self.sessions.create(title, None, cwd, wanted, by, temporary=temporary)
        if not session.state.notebook.cells():
            await self.of(session).file.become(document, by)
        return session

    async def resume(self) -> None:
        """Begins to save and watch the documents of all sessions, after the server has started; never fails for one of them."""
        for session in self.sessions.all():
            if session.record.path is None or formats.format_of(session.record.path) is None:
                continue
            autosave = self.of(session)
            try:
                if session.state.file_state.path is None:  # the last server died between the session and its cells
                    await autosave.file.reload(session.record.path, None)
                autosave.start()
                await autosave.look()
            except errors.Failure as fault:
                self._log.warn("document of session {session}: {fault}", session=session.id, fault=fault.message)

    # ---- another path

    async def found_at(self, session: Session, path: str, by: str | None) -> bool:
        """Makes another path that of a session's file, which was moved, here or by another program.

        Args:
            session: The session.
            path: The path now, relative to the root.
            by: Who moved it; `None` for another program.

        Returns:
            False when another session has the path open.
        """
        there = self.autosaves.at(path)
        if there is not None:
            return there is session
        await session.append([events.NotebookMoved(path=path)], by)
        await self.sessions.has_moved(session, path, by)
        self.of(session).start()
        return True

    async def save_as(self, session: Session, path: str, by: str) -> None:
        """Writes the document of a session to another path, which becomes that of its file.

        Args:
            session: The session.
            path: The path, relative to the root.
            by: Who saves.

        Raises:
            errors.AlreadyExists: Something is there.
        """
        autosave = self.of(session)
        await autosave.file.save_as(path, by)
        await self.sessions.has_moved(session, autosave.file.path(), by)
        autosave.start()

    async def rename(self, path: str, to: str, by: str) -> FileRecord:
        """Renames a file or folder, never over something; files that are in a pair with it, and can be renamed, are, too.

        Args:
            path: Its path now, relative to the root.
            to: Its new path.
            by: Who renames it.

        Returns:
            The file under its new path.

        Raises:
            errors.AlreadyExists: Something is there, or where the other file of the pair would go.
        """
        session = self.autosaves.at(path)
        file = self.of(session).file if session is not None else None
        metadata = session.state.notebook.metadata if session is not None else None
        moves = [(path, to), *await PairLookup(self.world).moves(path, to, metadata)]

        async def move() -> FileRecord:
            moved = [await self.world.files.rename(old, new) for old, new in moves]
            for old, new in moves:
                if old != new:
                    await self.file_moved(old, new, by)
            return moved[0]

        return await (move() if file is None else file.alone(move))

    async def file_moved(self, old: str, new: str, by: str) -> None:
        """Moves the documents of sessions with a file or folder.

        Args:
            old: Its path before.
            new: Its path now.
            by: Who moved it.
        """
        for session in self.sessions.all():
            path = session.record.path
            if path is not None and (path == old or path.startswith(f"{old}/")):
                moved = new + path[len(old) :]
                await self.found_at(session, moved, by)
        await self.closed_sessions.moved(old, new)
        await self.rights.moved(old, new)

    async def file_deleted(self, path: str, by: str) -> None:
        """Reports to the sessions of a file or folder that it was deleted; they keep their documents.

        Args:
            path: Its path.
            by: Who deleted it.
        """
        for session in self.sessions.all():
            at = session.record.path
            if (
                at is not None
                and (at == path or at.startswith(f"{path}/"))
                and session.state.file_state.path is not None
            ):
                gone = events.NotebookConflicted(path=at, reason=f"The file was deleted by {by}.")
                await session.append([gone], by)
        await self.closed_sessions.deleted(path)
        await self.rights.deleted(path)

    # ---- ending

    async def close(self, session: Session, by: str, is_discarded: bool) -> None:
        """Closes a session with its document whole in its file: what a kernel printed to its end, and what was typed in the last moment, too.

        Args:
            session: The session.
            by: Who closes it.
            is_discarded: Whether changes that cannot be saved are discarded.

        Raises:
            errors.Conflict, errors.FileFault and others: The document cannot be saved, and the session stays open; not with `is_discarded`.
        """
        autosave = self.of(session)
        await autosave.save_rest(is_discarded)  # before anything ends, for it may be refused
        await end_kernel_to_close(self.sessions, session, by)
        is_closed = False
        try:
            while not is_closed:
                await autosave.save_rest(is_discarded)
                digest = await file_digest(self.world, session)
                is_closed = await self.sessions.close(
                    session, by, digest, unless=lambda: not is_discarded and autosave.is_behind
                )
        finally:
            session.is_closing = False
        self.autosaves.remove(session)


def check_name(path: str) -> None:
    """Returns when a path is the name of a notebook.

    Raises:
        errors.InvalidParams: It is none.
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
    return not is_same_file(now.etag, session.state.file_state.etag)


async def file_digest(world: World, session: Session) -> str | None:
    """The digest of a session's file, by which the session is found when the file has moved.

    Args:
        world: The world that has the file.
        session: The session.

    Returns:
        SHA-256 of the content, hex; `None` where the file has not what the session has, or cannot be read.
    """
    if session.state.file_state.path is None or not session.state.file_state.is_saved:
        return None
    try:
        body, record = await world.files.read(session.state.file_state.path)
    except errors.Failure:
        return None  # it is gone, or too large: then it is known by its name and its etag only
    return await world.aside(lambda: digest_of(body)) if session.state.file_state.has(record.etag) else None
