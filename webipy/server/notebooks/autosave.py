"""When a document is saved, and when its files are checked for changes.

A second after the last change, ten seconds after the first at the latest (or ten times as long as a save takes), at
once when a file is changed by another program, and when its session or the server ends. A widget that
somebody moves is a change, too, with more patience: three seconds after the last move, half a minute after the first at the latest. What a kernel
does to its widgets by itself (a progress bar) is none; the next save takes it along. `NotebookFile` does the saving and merging.

Invariant: all files of a document are watched under the names that they have now, as long as its session is open.

Rejected: saving at every change (each save is an fsync); checking files by the clock only (an editor's change would come late).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import attrs
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.core import errors
from webipy.server.notebooks.history import History
from webipy.server.notebooks.notebook_codec import NotebookCodec
from webipy.server.notebooks.notebook_file import NotebookFile
from webipy.server.notebooks.outside_changes import OutsideChanges
from webipy.server.notebooks.pair_files import PairFiles
from webipy.server.ports.confinement import confined
from webipy.server.ports.world import World, pause
from webipy.server.sessions.session import Session
from webipy.server.sessions.sessions import Sessions

REST_SECONDS = 1.0
"""After the last change for so long, a document is saved."""

LONGEST_SECONDS = 10.0
"""A document that changes all the time is saved this often."""

MOVED_SECONDS = 3.0
"""After the last move of a widget for so long, its document is saved."""

LONGEST_MOVED_SECONDS = 30.0
"""A document whose widgets are moved all the time is saved this often."""

AGAIN_SECONDS = 30.0
"""A save that failed is tried again."""

GONE_SECONDS = 1.0
"""A file that is missing is looked for again: editors replace one in two steps."""


def _nothing() -> None:
    """Stops nothing."""


@attrs.define(eq=False)
class Autosave:
    """Keeps one document and its files in step.

    Args:
        file: The document and its file.
        history: Earlier states of the document.
        world: The outside.
        is_on: Whether it saves and watches.
    """

    file: NotebookFile
    history: History
    world: World
    is_on: bool = False
    _seen: int = 0
    _seen_moved: int = 0
    _is_patient: bool = False
    _due_s: float = 0.0
    _stop_rest: Callable[[], None] | None = None
    _stop_watch: Callable[[], None] = _nothing
    _stop_observing: Callable[[], None] = _nothing
    _watched: list[str] = attrs.field(factory=list)
    _log = Logger()

    def start(self) -> None:
        """Begins to save and to watch, if there is a file, at its path now."""
        origin = self.file.session.state.file_state
        if origin.path is None:
            return
        self.is_on = True
        self._seen, self._seen_moved = origin.changed, self.file.session.state.comms.moved
        self._stop_observing()
        self._stop_observing = self.file.session.writes.add(self._was_written)
        self._watch()
        if not self.file.is_saved:
            self._save_later(REST_SECONDS)
        elif self.file.has_moved:
            self._save_later(MOVED_SECONDS, LONGEST_MOVED_SECONDS)

    def _watch(self) -> None:
        """Watches all files of the document under their names now."""
        paths = [self.file.path(), *(pair.path for pair in self.file.outside.pair_files.all())]
        if paths == self._watched:
            return
        self._stop_watch()
        self._watched = paths
        stops = [self.world.files.watch(path, self._look) for path in paths]

        def stop() -> None:
            for end in stops:
                end()

        self._stop_watch = stop

    def stop(self) -> None:
        """Ends the saving and cancels the watches."""
        self.is_on = False
        self._stop_observing()
        self._stop_watch()
        self._stop_watch, self._stop_observing, self._watched = _nothing, _nothing, []  # they lead back here
        if self._stop_rest is not None:
            self._stop_rest()
        self._stop_rest = None

    async def save(self, by: str | None, overwrite: str | None = None, is_upgraded: bool = False) -> None:
        """Saves now; see `NotebookFile.save`.

        Args:
            by: Who saves; `None` for the server.
            overwrite: The etag of a file that may be replaced though both have changes; `"missing"`: a deleted file may be made again.
            is_upgraded: Whether an `.ipynb` before nbformat 4.5 becomes one, with the ids of its cells.

        Raises:
            errors.Conflict, errors.FileFault and others: As `NotebookFile.save`.
        """
        began = self.world.clock()
        try:
            await self.file.save(by, overwrite, is_upgraded)
        finally:
            duration = self.world.clock() - began
            self._due_s = max(self._due_s, self.world.clock() + 10 * duration)
        if self.is_on and self._stop_rest is None and self.file.is_saved and self.file.has_moved:
            self._save_later(MOVED_SECONDS, LONGEST_MOVED_SECONDS)  # moved while the file was written

    @property
    def is_behind(self) -> bool:
        """Whether the file lacks something of the document that a save would write."""
        return self.is_on and (not self.file.is_saved or self.file.has_moved)

    async def save_rest(self, is_discarded: bool) -> None:
        """Saves before the session is closed, when there is something to save.

        Args:
            is_discarded: Whether a failure does not matter.

        Raises:
            errors.Conflict, errors.FileFault and others: As `NotebookFile.save`; not with `is_discarded`.
        """
        if self.is_behind:
            try:
                await self.save(None)
            except errors.Failure:
                if not is_discarded:
                    raise

    def _was_written(self) -> None:
        origin = self.file.session.state.file_state
        if origin.changed > self._seen:
            self._seen = origin.changed
            self._watch()
            if origin.conflict is None:
                self._save_later(REST_SECONDS)
        moved = self.file.session.state.comms.moved
        if moved > self._seen_moved:
            self._seen_moved = moved
            if origin.conflict is None and self.file.has_moved and self.file.is_saved:
                self._save_later(MOVED_SECONDS, LONGEST_MOVED_SECONDS)

    def _save_later(self, seconds: float, longest: float = LONGEST_SECONDS) -> None:
        now = self.world.clock()
        is_patient = longest > LONGEST_SECONDS
        if self._stop_rest is None:
            self._due_s = max(self._due_s, now + longest)
        else:
            self._stop_rest()
            if self._is_patient and not is_patient:
                self._due_s = min(self._due_s, now + longest)
        self._is_patient = is_patient
        self._stop_rest = self.world.later(max(0.0, min(seconds, self._due_s - now)), self._save_now)

    def _save_now(self) -> None:
        self._stop_rest = None
        if self.is_behind and self.file.session.state.file_state.conflict is None:
            self._begin(self.save(None))

    def _look(self) -> None:
        if self.is_on:
            self._begin(self.look())

    def _begin(self, work: Coroutine[Deferred[Any], Any, None]) -> None:
        with confined(None):  # the server's own work, also where a call of somebody has led to it
            Deferred.fromCoroutine(work).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        """Schedules another attempt after a failure that no call waits for; events report it."""
        if not self.is_on or failure.check(errors.Conflict):
            return
        if failure.check(errors.Failure) is None:
            self._log.failure("document of session {session}", failure, session=self.file.session.id)
        self._save_later(AGAIN_SECONDS)

    async def look(self) -> None:
        """Merges what another program has written, if it has.

        Raises:
            errors.Conflict: Both have changes of the same.
        """
        is_other = await self._is_other()
        if (is_other or await self.file.outside.pair_files.are_news()) and self.is_on:
            await self.file.look()
            if not self.file.is_saved:  # it was away, and waited to be saved
                self._save_later(REST_SECONDS)

    async def _is_other(self) -> bool:
        if await self.file.outside.etag(self.file.path()) is None:
            if self.file.session.state.file_state.etag is None:
                return False  # it was not there before either
            await pause(self.world, GONE_SECONDS)
        etag, origin = await self.file.outside.etag(self.file.path()), self.file.session.state.file_state
        if etag is None and origin.conflict is not None and origin.conflict.etag is None:
            await self.file.outside.has_moved()  # an event reports already that it is gone
            return False
        return not origin.is_at(etag)


@attrs.define(eq=False)
class Autosaves:
    """The documents of all open sessions.

    Args:
        world: The outside.
        sessions: The open sessions.
        found_at: Makes another path that of a session's file; returns false when another session has it open already.
        covers: Returns whether everybody who may write a path may write another one.
    """

    world: World
    sessions: Sessions
    found_at: Callable[[Session, str, str | None], Coroutine[Deferred[Any], Any, bool]]
    covers: Callable[[str, str], bool] = lambda path, other: True
    _all: dict[str, Autosave] = attrs.field(factory=dict)
    _log = Logger()

    def of(self, session: Session) -> Autosave:
        """The document of a session, which may have no file."""
        autosave = self._all.get(session.id)
        if autosave is None:
            history = History(session, self.world)
            codec = NotebookCodec(self.world, session.journal.blob_path)
            pair_files = PairFiles(session, self.world, codec, history, partial(self._owner, session), self.covers)
            outside = OutsideChanges(
                session, self.world, codec, history, pair_files, lambda path: self.found_at(session, path, None)
            )
            autosave = Autosave(NotebookFile(session, self.world, codec, outside), history, self.world)
            self._all[session.id] = autosave
        return autosave

    def partners(self, session: Session) -> list[str]:
        """The paths of the files that are paired with the document of a session."""
        return [one.path for one in self.of(session).file.outside.pair_files.all()]

    def at(self, path: str) -> Session | None:
        """The open session whose document a file is, or is paired with; `None` when there is none."""
        return self.by_path().get(path)

    def by_path(self) -> dict[str, Session]:
        """The open sessions that have files, by the paths of these."""
        paired = {
            pair.path: autosave.file.session
            for autosave in self._all.values()
            if autosave.is_on
            for pair in autosave.file.outside.pair_files.all()
        }
        return paired | {one.record.path: one for one in self.sessions.all() if one.record.path is not None}

    def _owner(self, session: Session, path: str) -> str | None:
        """The title of another session whose document a file is; `None` when there is none."""
        owner = next((one for one in self.sessions.all() if one.record.path == path and one is not session), None)
        return None if owner is None else owner.record.title

    def remove(self, session: Session) -> None:
        """Ends the autosave of a session, saved or not."""
        autosave = self._all.pop(session.id, None)
        if autosave is not None:
            autosave.stop()

    async def stop(self) -> None:
        """Saves what is not saved, as the server ends; what cannot be is saved when it starts again."""
        pending = []
        for autosave in self._all.values():
            if autosave.is_on:
                is_saved = autosave.file.is_saved and not autosave.file.has_moved
                is_saved = is_saved or autosave.file.session.state.file_state.conflict is not None
                autosave.stop()
                if not is_saved:
                    pending.append(Deferred.fromCoroutine(autosave.save(None)))
        for deferred in pending:
            deferred.addErrback(lambda failure: self._log.warn("not saved: {fault}", fault=failure.getErrorMessage()))
        await DeferredList(pending)
