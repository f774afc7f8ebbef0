"""A journal as text: what ran, by whom, and what it showed, in the order in which it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from webipy.command.endings import ForeignCode
from webipy.command.escapes import Escapes
from webipy.command.terminal import plain_text
from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.session.execution_record import ExecutionRecord
from webipy.io.storage.journal_file import JournalFile

READ_EVENTS = 5_000
READ_BYTES = 4 * 1024 * 1024
"""What is read of a journal at once."""


def bodies(path: Path) -> Iterator[bytes]:
    """All events of a journal as JSON, those that stand for others first.

    Raises:
        errors.NotFound: There is no such journal.
        errors.Damaged: The journal cannot be read.
    """
    file = JournalFile(path)
    file.look()
    try:
        yield from file.read_prelude()
        first = file.first_seq
        while first <= file.written:
            found = file.read(first, min(file.written, first + READ_EVENTS - 1), READ_BYTES)
            yield from found
            first += len(found)
    finally:
        file.close()


@attrs.define
class Transcript:
    """Prints what happened.

    Args:
        write: Prints some lines.
    """

    write: Callable[[str], None]
    _open: dict[str, ExecutionRecord] = attrs.field(factory=dict)

    def apply(self, event: AnyEvent) -> None:
        """Prints what an event ends, and keeps what it begins."""
        match event:
            case events.ExecutionQueued():
                self._open[event.execution] = ExecutionRecord(event.execution)
            case events.SessionCreated():
                self._note(event, f"Session {event.title!r}" + (f", {event.path}" if event.path else ""))
            case events.SessionClosed():
                self._note(event, "The session was closed")
            case events.SessionReopened():
                self._note(event, "The session was opened again")
            case events.KernelStarted():
                self._note(event, f"The kernel {event.display_name} starts")
            case events.KernelDied():
                self._note(event, event.reason.rstrip("."))
            case events.CheckpointMade():
                self._note(event, f"This state is called {event.name!r}")
            case events.OutputLost():
                self._note(event, f"Output is missing: {event.reason}")
            case events.MessageReceived() if (foreign := ForeignCode.of(event)) is not None:
                self._note(event, f"In [{foreign.execution_count or ' '}] of another program")
                self._write("\n".join(f"    {line}" for line in foreign.code.splitlines()))
            case events.OutputAdded(execution=None):
                self._write(plain_text(bytes(event.output)))
            case _:
                pass
        for record in list(self._open.values()):
            record.apply(event)
            if record.finished is not None:
                self._ended(self._open.pop(record.execution))

    def finish(self) -> None:
        """Prints the executions that have not ended."""
        for record in self._open.values():
            self._ended(record)

    def _note(self, event: AnyEvent, text: str) -> None:
        by = f" (by {event.by})" if event.by else ""
        self._write(f"[{event.time[:19].replace('T', ' ')}] {text}{by}.")

    def _ended(self, record: ExecutionRecord) -> None:
        assert record.queued is not None
        status = record.finished.status if record.finished is not None else "not finished"
        count = record.finished.execution_count if record.finished is not None else None
        reason = record.finished.reason if record.finished is not None else ""
        ended = f"In [{count or ' '}] ended: {status}. {reason}".rstrip(". ")
        self._note(record.queued, ended)
        self._write("\n".join(f"    {line}" for line in record.queued.code.splitlines()))
        for output in record.outputs.shown():
            text = plain_text(bytes(output))
            if text:
                self._write(text)

    def _write(self, text: str) -> None:
        self.write(Escapes(False).clean(text))
