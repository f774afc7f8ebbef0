"""The params, results and notifications of the methods `terminal.*`.

A position in the output of a terminal is the number of bytes that it printed before. See webipy.core.api.calls.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from webipy.core.api.calls import Params, Result

MAX_INPUT = 65_536
"""Characters of input in one call."""

MAX_SIDE = 1000
"""Lines or columns of a terminal."""

Side = Annotated[int, msgspec.Meta(ge=1, le=MAX_SIDE)]
TerminalId = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{1,40}\Z")]
Position = Annotated[int, msgspec.Meta(ge=0)]


class Terminal(Result, frozen=True, kw_only=True):
    """A shell on a terminal of the server's machine; it goes on without anybody who looks, and without the server."""

    id: str
    """The id of the terminal."""
    title: str
    """What its program calls it, such as `ada@host: ~/work`; at first the name of the shell."""
    cwd: str
    """The folder that the shell was started in, an absolute path on the server's machine."""
    folder: str | None
    """The same, relative to the root; null: it is outside of it."""
    started: str
    """When it was started, RFC 3339 in UTC with microseconds."""
    last_activity: str
    """When it last printed or was typed into, RFC 3339 in UTC with microseconds."""
    rows: int
    """Its lines."""
    cols: int
    """Its columns."""
    end: int
    """The position behind its last output."""
    ended: str | None = None
    """Why it has ended, one sentence; null: its shell runs."""
    exit_status: int | None = None
    """The exit status of the shell; null: it runs, or a signal ended it."""


class TerminalList(Result, frozen=True, kw_only=True):
    """The terminals of the server, the oldest first."""

    terminals: list[Terminal]
    """The terminals: those whose shell runs, and those that have ended and were not closed."""
    enabled: bool
    """Whether terminals can be started here; false: the server was started with --no-terminals."""


class CreateTerminal(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a terminal is started."""

    folder: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    """The folder that its shell starts in, relative to the root; empty: the root."""
    rows: Side = 24
    """Its lines."""
    cols: Side = 80
    """Its columns."""
    id: TerminalId | None = None
    """The id that it gets, at most 40 letters, digits, `_` and `-`; null: the next number."""


class OfTerminal(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The terminal that a call is about."""

    terminal: TerminalId
    """The id of the terminal."""


class ResizeTerminal(OfTerminal, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The size that a terminal gets. All who read it see it in the size that was given last."""

    rows: Side
    """Its lines."""
    cols: Side
    """Its columns."""


class TypeTerminal(OfTerminal, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is typed into a terminal."""

    text: Annotated[str, msgspec.Meta(max_length=MAX_INPUT)]
    """The characters, with control characters as keys send them: `\\r` for Enter, `\\u0003` for Ctrl-C."""
    automatic: bool = False
    """Whether a program wrote it, as a terminal answers a question for the place of its cursor; it is dropped, unless it comes from the
    connection that typed last: a question has one answer, however many read it."""


class TerminalTyped(Result, frozen=True, kw_only=True):
    """The terminal has what was typed."""

    dropped: bool = False
    """Whether it was automatic and was dropped, as another connection answers."""


class ReadTerminal(OfTerminal, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From where on a connection reads a terminal."""

    since: Position | None = None
    """The position of the first byte that is wanted; null: all that is kept."""
    started: str | None = None
    """The `started` of the terminal that `since` is of; another terminal of the same id is read from its beginning. null: it is not compared."""


class TerminalReading(Result, frozen=True, kw_only=True):
    """What a connection reads: the notifications `terminal_output` follow, the first one with the byte at `first`."""

    terminal: Terminal
    """The terminal."""
    first: int
    """The position of the first byte that follows."""
    live: int
    """The position behind the output that is there already: what the terminal asks in it was answered, or nobody answers it any more."""
    restore: str | None
    """What is written to an empty terminal first, so that it has the modes and the title of that place; null: the bytes go on at `since`."""
    skipped: int
    """How many bytes between `since` and `first` are kept no more."""


class AcknowledgeTerminal(OfTerminal, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a reader has come. A reader gets 256 KiB ahead of that, and no more: then the terminal waits."""

    position: Position
    """The position behind what it has shown."""


class TerminalText(Result, frozen=True, kw_only=True):
    """The params of the notification `terminal_output`: what a terminal printed, in whole characters; bytes that are no UTF-8 are U+FFFD."""

    terminal: str
    """The id of the terminal."""
    at: int
    """The position of its first byte."""
    end: int
    """The position behind its last byte."""
    text: str
    """The characters."""


class TerminalChanged(Result, frozen=True, kw_only=True):
    """The params of the notification `terminal_changed`: the size, the title or the end of a terminal that the connection reads."""

    terminal: Terminal
    """The terminal as it is now."""
    stalled: bool = False
    """Whether the connection is no reader of it any more, as it acknowledged nothing for a minute; it may subscribe again."""
