"""The readers of one terminal: who gets its output, how far the slowest is, and who leads.

Of several readers, the one that typed, came or changed the size last leads: the terminal has its size, and it answers what programs ask a terminal.

Invariants: at most one reader for each connection; one that acknowledges nothing for `STALL_SECONDS` is removed, as others would wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs
import msgspec

from webipy.core.api import rpc
from webipy.core.api.terminal_calls import Terminal, TerminalChanged
from webipy.server.terminals.terminal_reader import TerminalReader

STALL_SECONDS: Final = 60.0
"""How long a reader may acknowledge nothing."""


@attrs.define(eq=False)
class TerminalReaders:
    """The readers.

    Args:
        later: Calls a function after so many seconds; returns a function that cancels the call.
        as_result: Returns the terminal as clients see it.
    """

    later: Callable[[float, Callable[[], None]], Callable[[], None]]
    as_result: Callable[[], Terminal]
    _readers: dict[object, TerminalReader] = attrs.field(factory=dict)
    _leader: object = None
    _shown: Terminal | None = None

    def __len__(self) -> int:
        return len(self._readers)

    def get(self, connection: object) -> TerminalReader | None:
        """The reader of a connection."""
        return self._readers.get(connection)

    def add(self, connection: object, reader: TerminalReader) -> None:
        """Adds the reader of a connection, in place of an earlier one.

        Args:
            connection: Who reads.
            reader: The reader.
        """
        self.remove(connection)
        self._readers[connection] = reader
        if not self.has_leader:
            self._leader = connection
        self._watch_stalls(connection, reader)

    def remove(self, connection: object) -> None:
        """Removes the reader of a connection, if there is one."""
        reader = self._readers.pop(connection, None)
        if reader is not None:
            reader.close()

    def remove_all(self, ended: str) -> None:
        """Removes all readers, after they were told why the terminal is over."""
        for connection, reader in tuple(self._readers.items()):
            _send(reader, TerminalChanged(terminal=msgspec.structs.replace(self.as_result(), ended=ended)))
            self.remove(connection)

    @property
    def has_leader(self) -> bool:
        """Whether the leader still reads."""
        return self._leader in self._readers

    def lead(self, connection: object) -> None:
        """Makes a connection the leader."""
        self._leader = connection

    def may_answer(self, connection: object) -> bool:
        """Whether what a connection answers by itself counts."""
        return self._leader is connection or not self.has_leader

    def needed(self, end: int) -> int:
        """The position before which no reader needs anything.

        Args:
            end: The position behind all output: where nobody reads, nobody needs any of it.
        """
        return min((one.acknowledged for one in self._readers.values()), default=end)

    def wake(self) -> None:
        """Sends every reader what it may get."""
        for reader in tuple(self._readers.values()):
            reader.wake()

    def show(self) -> None:
        """Sends readers the title, the size and the end, when one of them has changed."""
        now = self.as_result()
        shown = msgspec.structs.replace(now, last_activity="", end=0)
        if shown != self._shown:
            self._shown = shown
            for reader in self._readers.values():
                _send(reader, TerminalChanged(terminal=now))

    def _watch_stalls(self, connection: object, reader: TerminalReader) -> None:
        if self._readers.get(connection) is not reader:
            return
        if reader.is_stalled(STALL_SECONDS):
            self.remove(connection)
            _send(reader, TerminalChanged(terminal=self.as_result(), stalled=True))
        else:
            self.later(STALL_SECONDS / 3, lambda: self._watch_stalls(connection, reader))


def _send(reader: TerminalReader, changed: TerminalChanged) -> None:
    reader.send(rpc.notification("terminal_changed", msgspec.json.encode(changed)))
