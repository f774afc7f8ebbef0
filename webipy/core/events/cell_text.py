"""The text of a cell, changed by change sets one after the other without being made whole in between.

A text is a string, or the UTF-16 of it in pieces of some ten kilobytes, whichever was needed last. A change set takes whole pieces over as they are,
so its cost is that of what it says and of the number of pieces, not of the text: a thousand of them on a text of four million characters take
tenths of a second, where a text made again for each took many.

Invariants: the pieces together are valid UTF-16; a change set that is refused leaves the text as it was.

Source of the change-set form: CodeMirror 6, `ChangeSet.toJSON`: an integer keeps so many units, `[deleted]` deletes,
`[deleted, line, ...]` replaces by lines joined with a line feed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate

import attrs

from webipy.core import errors
from webipy.core.events.events import Changes

MAX_SOURCE_UNITS = 4 * 1024 * 1024
"""UTF-16 units in the source of one cell; a cell that needs more holds data and belongs in a file."""

_PIECE_BYTES = 64 * 1024
_SPARE_PIECES = 128
"""So many pieces more than a text needs are put together again."""


@attrs.define(slots=True)
class Text:
    """A text that changes."""

    _whole: str | None
    _pieces: list[bytes] = attrs.field(factory=list)
    """UTF-16, little-endian; of use while the text is not there as a string."""
    _size: int = 0
    """Bytes in the pieces."""

    def __str__(self) -> str:
        if self._whole is None:
            self._whole = b"".join(self._pieces).decode("utf-16-le")
            self._pieces = []
        return self._whole

    def copy(self) -> Text:
        """Another text that is the same now."""
        return Text(self._whole, self._pieces, self._size)

    def change(self, changes: Changes) -> None:
        """Applies one change set.

        Raises:
            errors.InvalidParams: It is longer or shorter than the text, splits a surrogate pair, or is malformed.
            errors.TooLarge: The result is over `MAX_SOURCE_UNITS`.
        """
        if self._whole is not None:
            units = self._whole.encode("utf-16-le")
            self._pieces, self._size, self._whole = _cut(units), len(units), None
        new, size = self._changed(changes)
        if size > 2 * MAX_SOURCE_UNITS:
            raise errors.TooLarge(
                f"The source of a cell holds at most {MAX_SOURCE_UNITS} UTF-16 units.", limit=MAX_SOURCE_UNITS
            )
        if len(new) > size // _PIECE_BYTES + _SPARE_PIECES:
            new = _cut(b"".join(new))
        self._pieces, self._size = new, size

    def _changed(self, changes: Changes) -> tuple[list[bytes], int]:
        """The pieces and the size after one change set."""
        new: list[bytes] = []
        ends = list(accumulate(map(len, self._pieces)))
        at = size = 0
        for part in changes:
            keep, lines = (part, None) if isinstance(part, int) else _replacement(part)
            end = at + 2 * keep
            if keep < 0 or end > self._size:
                raise errors.InvalidParams(
                    f"The change set covers more than the {self._size // 2} UTF-16 units of the source.",
                    field="changes",
                )
            taken = _between(self._pieces, ends, at, end) if lines is None else [lines]
            if taken and taken[0]:
                _check_border(new[-1] if new else b"", taken[0])
                new += taken
                size += end - at if lines is None else len(lines)
            at = end
        if at != self._size:
            raise errors.InvalidParams(
                f"The change set covers {at // 2} of the {self._size // 2} UTF-16 units of the source.", field="changes"
            )
        _check_border(new[-1] if new else b"", b"")
        return new, size


def _between(pieces: list[bytes], ends: list[int], first: int, end: int) -> list[bytes]:
    """What is between two places, of pieces that end at `ends`; those that are in it whole are taken over."""
    if first == end:
        return []
    number, last = bisect_right(ends, first), bisect_left(ends, end)
    found = pieces[number : last + 1]
    found[-1] = found[-1][: end - (ends[last] - len(pieces[last]))]
    found[0] = found[0][first - (ends[number] - len(pieces[number])) :]
    return found


def _cut(units: bytes) -> list[bytes]:
    return [units[at : at + _PIECE_BYTES] for at in range(0, len(units), _PIECE_BYTES)]


def _check_border(left: bytes, right: bytes) -> None:
    """Refuses a text in which half a pair stands where two parts meet."""
    has_high = bool(left) and 0xD8 <= left[-1] <= 0xDB
    has_low = bool(right) and 0xDC <= right[1] <= 0xDF
    if has_high != has_low:
        raise errors.InvalidParams("The change set splits a character in two.", field="changes")


def _replacement(part: list[int | str]) -> tuple[int, bytes]:
    deleted, lines = part[0] if part else None, part[1:]
    if not isinstance(deleted, int) or not all(isinstance(line, str) for line in lines):
        raise errors.InvalidParams(
            f"A part of a change set is an integer or [integer, line, ...], not {part!r:.80}.", field="changes"
        )
    try:
        return deleted, "\n".join(str(line) for line in lines).encode("utf-16-le")
    except UnicodeEncodeError:
        raise errors.InvalidParams("The change set splits a character in two.", field="changes") from None
