"""The spool on disk: segment files in the host's directory, first in, first out.

Messages go to the end of the last segment and come from the start of the first. A segment that was read to its end is
deleted, so a long flood with a slow server needs the space of what is kept and no more. The format of a segment is
drawn in `webipy.core.kernel.spool_records`.

Invariants: a write is whole or undone (a short write on a full disk is cut off again); reading returns every number that
was written, in order: one whose record is damaged is returned as an `output_lost` event with the same number, because
readers rely on dense numbers.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from webipy.core.kernel.host_protocol import SPOOL_PREFIX
from webipy.core.kernel.spool_records import (
    FRAME,
    MAGIC,
    Damaged,
    Kept,
    decode_body,
    decode_frame,
    encode_record,
    number_message,
)
from webipy.core.kernel.wire import Message

SPOOL_BYTES: Final = 4 * 1024 * 1024 * 1024  # all segments together; then the kernel has to wait
SEGMENT_BYTES: Final = 64 * 1024 * 1024  # a segment is closed past this; the unit in which space is given back


class _Segment:
    def __init__(self, path: str, file: int) -> None:
        self.path = path
        self.file = file
        self.size_bytes = len(MAGIC)
        self.last = 0
        self.is_damaged = False


class SpoolFile:
    """Segments in a directory; the port `webipy.core.kernel.outbox.Spool`.

    Args:
        folder: The directory, private to this user.
        lost: Makes the event that stands in for a damaged record, from a reason.
        log: Takes one line for the host's log.
        limit_bytes: Most that all segments may hold.
        segment_bytes: A segment is closed past this.
    """

    def __init__(
        self,
        folder: str,
        lost: Callable[[str], Message],
        log: Callable[[str], None],
        limit_bytes: int = SPOOL_BYTES,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self._folder, self._lost, self._log = folder, lost, log
        self._limit_bytes, self._segment_bytes = limit_bytes, segment_bytes
        self._segments: deque[_Segment] = deque()
        self._made = 0
        self._count = 0
        self._read_at = len(MAGIC)
        self._next_read = 0
        self._is_refused = False

    def __len__(self) -> int:
        return self._count

    def write(self, kept: Kept) -> bool:
        """Appends a message.

        Returns:
            Whether it was written; when the limit or the disk has no room, nothing was.
        """
        record = encode_record(kept)
        if sum(segment.size_bytes for segment in self._segments) + len(record) > self._limit_bytes:
            return False
        try:
            segment = self._writable()
            _append(segment.file, segment.size_bytes, record)
        except OSError as fault:
            if not self._is_refused:
                self._log(f"the spool cannot be written: {fault.strerror}")
            self._is_refused = True
            return False
        self._is_refused = False
        segment.size_bytes += len(record)
        segment.last = kept.number
        if not self._count:
            self._next_read = kept.number
        self._count += 1
        return True

    def read(self) -> Kept:
        """Takes the oldest message; the spool must not be empty.

        Returns:
            The message; in place of a damaged one an `output_lost` event with its number.
        """
        number, segment = self._next_read, self._segments[0]
        try:
            kept = self._read_record(segment)
            _check_number(kept, number)
        except (Damaged, OSError) as fault:
            self._log(f"message {number} is lost from the spool: {fault}")
            kept = number_message(number, "host", self._lost("The host's spool file was damaged."))
        self._count -= 1
        self._next_read += 1
        if number == segment.last:
            self._segments.popleft()
            self._read_at = len(MAGIC)
            _delete(segment)
        return kept

    def close(self) -> None:
        """Closes all segments and leaves the files."""
        for segment in self._segments:
            os.close(segment.file)

    def _read_record(self, segment: _Segment) -> Kept:
        if segment.is_damaged:
            raise Damaged("an earlier record of the segment is damaged")
        try:
            length, checksum = decode_frame(os.pread(segment.file, FRAME.size, self._read_at))
        except Damaged:
            segment.is_damaged = True  # where the next record starts is not known any more
            raise
        body = os.pread(segment.file, length, self._read_at + FRAME.size)
        self._read_at += FRAME.size + length
        return decode_body(body, length, checksum)

    def _writable(self) -> _Segment:
        if self._segments and self._segments[-1].size_bytes < self._segment_bytes:
            return self._segments[-1]
        self._made += 1
        path = os.path.join(self._folder, f"{SPOOL_PREFIX}{self._made}")
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        segment = _Segment(path, file)
        try:
            _append(file, 0, MAGIC)
        except OSError:
            _delete(segment)
            raise
        self._segments.append(segment)
        return segment


def write_segment(path: str, kept: Iterable[Kept]) -> None:
    """Writes one whole segment file, for what is in memory when the host ends.

    Args:
        path: The file.
        kept: The messages, in the order of their numbers.

    Raises:
        OSError: The disk is full or failing.
    """
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        at = _append(file, 0, MAGIC)
        for one in kept:
            at += _append(file, at, encode_record(one))
    finally:
        os.close(file)


def _check_number(kept: Kept, number: int) -> None:
    if kept.number != number:
        raise Damaged("a record has another's place")


def _append(file: int, at: int, record: bytes) -> int:
    """Writes all of `record` at `at`, or undoes it and raises."""
    view, written = memoryview(record), 0
    try:
        while written < len(record):
            written += os.pwrite(file, view[written:], at + written)
    except OSError:
        os.ftruncate(file, at)
        raise
    return written


def _delete(segment: _Segment) -> None:
    os.close(segment.file)
    os.unlink(segment.path)
