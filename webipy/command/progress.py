"""How a run of a notebook is shown in a terminal: one line for each cell.

On a terminal the line of the cell that runs is written over as time passes; elsewhere (a file, a log of a build) each
cell is one plain line when it has ended. Whatever else is shown - outputs, errors, lines of our own - goes through
here, so that it never lands in the middle of such a line.
"""

from __future__ import annotations

import shutil
from typing import Any, TextIO

from webipy.command.escapes import Escapes
from webipy.command.streams import raw
from webipy.command.terminal import Screen

TICK_S = 1.0
"""How often the time of the cell that runs is written again."""


def first_line(source: str, width: int) -> str:
    """The first line of a cell that is not blank, without control sequences.

    Args:
        source: The source of the cell.
        width: The greatest number of characters; a longer line ends with `…`.
    """
    line = next((line for line in source.splitlines() if line.strip()), "")
    clean = " ".join(Escapes(False).clean(line).split())
    return clean if len(clean) <= width else f"{clean[: max(width - 1, 0)]}…"


def duration(seconds: float) -> str:
    """A time for a person: `1.2 s`, `3 min 5 s`."""
    if seconds < 100:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


class Progress:
    """Shows the cells of a run one after the other.

    Args:
        reactor: Has the clock.
        screen: Where outputs go, and notes.
        stream: Where the lines go; standard error.
        show: Whether outputs are shown, and not only errors.
        total: How many cells are run.
    """

    def __init__(self, reactor: Any, screen: Screen, stream: TextIO, show: bool) -> None:
        self._reactor = reactor
        self._screen = screen
        self._stream = stream
        self._show = show
        self._is_live = stream.isatty() and not show
        self._source = ""
        self._number = 0
        self._began_s = 0.0
        self._is_drawn = False
        self._tick: Any = None
        self.total = 0

    @property
    def shows(self) -> bool:
        """Whether outputs are shown, and not only errors."""
        return self._show

    def began(self, number: int, source: str) -> None:
        """A cell starts to run.

        Args:
            number: The number of the cell in the run, from 1.
            source: The source of the cell.
        """
        self._number, self._source, self._began_s = number, source, self._reactor.seconds()
        if self._is_live:
            self._draw()
        elif self._show:
            self._screen.make_way()
            self._line(number, "", source)

    def ended(self, number: int, source: str, status: str, duration_s: float) -> None:
        """A cell has ended, or will not run.

        Args:
            number: The number of the cell in the run, from 1.
            source: The source of the cell.
            status: The status of its execution, such as `ok`.
            duration_s: How long it ran, in seconds.
        """
        self.clear()
        self._number = 0
        word = status if status in ("aborted", "cancelled") else f"{status} {duration(duration_s)}"
        if self._show:
            self._screen.make_way()
        self._line(number, word, source)

    def output(self, raw: bytes, is_error: bool) -> None:
        """Shows an output of a cell; where outputs are not shown, only an error.

        Args:
            raw: The output, as nbformat 4.5 JSON.
            is_error: Whether it is an error.
        """
        if self._show or is_error:
            self.clear()
            self._screen.output(raw)
            self._screen.settle()

    def note(self, text: str) -> None:
        """Shows a line of the command itself."""
        self.clear()
        self._screen.note(text)
        self._screen.settle()

    def clear(self) -> None:
        """Removes the line of the cell that runs; the next tick writes it again."""
        if self._is_drawn:
            raw(self._stream).write("\r\x1b[K")
            self._stream.flush()
            self._is_drawn = False

    def close(self) -> None:
        """Shows nothing more."""
        self.clear()
        self._number = 0
        if self._tick is not None and self._tick.active():
            self._tick.cancel()
        self._screen.finish()

    def _line(self, number: int, word: str, source: str) -> None:
        self._stream.write(f"{self._text(number, word, source)}\n")
        self._stream.flush()

    def _text(self, number: int, word: str, source: str) -> str:
        head = f"[{number:>{len(str(self.total))}}/{self.total}] {word:<14}"
        width = shutil.get_terminal_size().columns if self._stream.isatty() else 100
        return f"{head} {first_line(source, width - len(head) - 2)}".rstrip()

    def _draw(self) -> None:
        """Writes the line of the cell that runs, and again every second."""
        self._tick = None
        if self._number:
            self.clear()
            running = f"running {duration(self._reactor.seconds() - self._began_s)}"
            self._stream.write(self._text(self._number, running, self._source))
            self._stream.flush()
            self._is_drawn = True
            self._tick = self._reactor.callLater(TICK_S, self._draw)
