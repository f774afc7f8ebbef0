"""Events that are being gathered, with adjacent text of a stream joined into one of them.

A flood of prints is then some events with much text, not as many rows, frames and repaints as there were prints.

Text stays the JSON string that the kernel sent, and strings are joined without being decoded: they are most of what a
kernel prints.
"""

from __future__ import annotations

import attrs
import msgspec
from msgspec import Raw

from webipy.core.events import outputs
from webipy.core.events.events import AnyEvent, OutputAdded, WidgetOutputAdded

MAX_MERGED_BYTES = 256 * 1024
"""Stream text, as JSON, joined in one event; more starts the next one, so that readers page through a flood in even steps."""


class _Text(msgspec.Struct):
    """Adjacent text of one stream, not an event yet."""

    execution: str | None
    cell: str | None
    name: str
    comm: str | None
    parts: list[Raw] = msgspec.field(default_factory=list)
    size: int = 0


@attrs.define(slots=True)
class StreamCoalescer:
    """Events in their order, the last of which may still grow."""

    _events: list[AnyEvent] = attrs.field(factory=list)
    _text: _Text | None = None

    def add(self, event: AnyEvent) -> None:
        """Adds an event as it is."""
        self._end_text()
        self._events.append(event)

    def add_text(self, execution: str | None, cell: str | None, name: str, text: Raw, comm: str | None = None) -> None:
        """Adds stream text to the open output of the same stream, or opens the next one.

        Args:
            execution: Execution that wrote it; `None` for none of ours.
            cell: Its cell.
            name: `stdout` or `stderr`.
            text: A JSON string with its quotes, UTF-8, valid by itself.
            comm: The Output widget that captures it.
        """
        grown = self._text
        whose = (execution, name, comm)
        if grown is None or (grown.execution, grown.name, grown.comm) != whose or grown.size > MAX_MERGED_BYTES:
            self._end_text()
            grown = self._text = _Text(execution, cell, name, comm)
        grown.parts.append(text)
        grown.size += memoryview(text).nbytes

    def flush(self) -> list[AnyEvent]:
        """Returns the gathered events in their order, and empties the coalescer."""
        self._end_text()
        gathered, self._events = self._events, []
        return gathered

    def _end_text(self) -> None:
        grown, self._text = self._text, None
        if grown is not None:
            output = outputs.joined_stream(grown.name, grown.parts)
            if grown.comm is not None:
                self._events.append(WidgetOutputAdded(comm=grown.comm, output=output, execution=grown.execution))
            else:
                self._events.append(OutputAdded(execution=grown.execution, cell=grown.cell, output=output))
