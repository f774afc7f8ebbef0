"""Reads what is written to file descriptors 1 and 2 of a kernel, past `sys.stdout`, and keeps it in order with what is printed.

It is read in large pieces and decoded across their borders, and is not copied to the original stdout as well. What was written before a print, a
question or the end of a cell comes before it, also what C holds back.

`webipy/kernel_programs/boot.py` loads this in the kernel's environment, by its path: the standard library only, Python 3.8.
"""

from __future__ import annotations

import codecs
import functools
import os
import select
import sys
import threading
from fcntl import ioctl
from termios import FIONREAD
from time import monotonic

READ_BYTES = 64 * 1024  # raw output is read in pieces of at most this; a pipe holds as much
LOOK_S = 0.0001  # a print looks for raw output so long after the one before it: no process starts and ends in less
NOTHING = b"\0\0\0\0"  # the count of a pipe that holds nothing, a C int


class RawOutput:
    """What is written to the file descriptor behind a stream: read by a thread, and by whoever must not overtake it."""

    def __init__(self, stream, write) -> None:  # type: ignore[no-untyped-def]
        self._stream, self._write, self._file = stream, write, stream._fid
        self._lock = threading.RLock()
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._count = bytearray(NOTHING)
        self.looked_s = 0.0
        os.set_blocking(self._file, False)

    def read(self) -> None:
        """Pass on what was written up to now."""
        with self._lock:  # also where nothing waits: the other thread may be about to pass on what it has read
            ioctl(self._file, FIONREAD, self._count)
            if self._count != NOTHING:
                self._read(int.from_bytes(self._count, sys.byteorder))

    def _read(self, size: int) -> None:
        while size > 0:
            piece = os.read(self._file, min(size, READ_BYTES))
            size -= len(piece)
            text = self._decode(piece)
            if text:
                self._write(self._stream, text)

    def watch(self) -> None:
        """Pass on whatever is written, until the stream is closed."""
        poll = select.poll()
        poll.register(self._file, select.POLLIN)
        while True:
            poll.poll()
            if not self._stream._should_watch:
                return
            self.read()


def read_raw_output_whole(stream_class) -> None:  # type: ignore[no-untyped-def]
    """Decode raw output across the borders of what is read, keep it in order with what is printed, and do not echo it.

    Raises:
        AttributeError: This ipykernel reads another file.
    """
    if "_fid" not in stream_class._watch_pipe_fd.__code__.co_names:
        raise AttributeError("_watch_pipe_fd reads another file")
    write = stream_class.write

    def watch(self):  # type: ignore[no-untyped-def]
        if self._fid is None:
            return
        self.raw_output = RawOutput(self, write)
        try:
            self.raw_output.watch()
        except Exception:  # ipykernel shows what is kept here when it closes the stream
            self._exc = sys.exc_info()

    def write_after_raw(self, string):  # type: ignore[no-untyped-def]
        raw, now_s = self.raw_output, monotonic()
        if raw is not None and now_s - raw.looked_s > LOOK_S and self._is_master_process():  # not in a fork of it
            raw.looked_s = now_s
            flush_c()
            raw.read()
        return write(self, string)

    stream_class.raw_output = None
    stream_class._watch_pipe_fd = watch
    stream_class.write = write_after_raw


@functools.cache
def _c_streams():  # type: ignore[no-untyped-def]
    """C's own function that flushes, and the standard streams of C; none where they have other names."""
    import ctypes

    try:
        libc = ctypes.CDLL(None)
        return libc.fflush, [ctypes.c_void_p.in_dll(libc, name) for name in ("stdout", "stderr")]
    except (OSError, AttributeError, ValueError):
        return None, []


def flush_c() -> None:
    """Let C write what it holds back: to a pipe it does not write line by line. Not for the thread that reads the pipe."""
    flush, streams = _c_streams()
    for stream in streams:
        flush(stream)


def flush_all(kernel) -> None:  # type: ignore[no-untyped-def]
    """Sends all that was written to both streams to ZeroMQ: also what was written to their file descriptors, and though the user's code
    replaced `sys.stdout`.
    """
    flush_c()
    for stream in (getattr(kernel, "_stdout", sys.stdout), getattr(kernel, "_stderr", sys.stderr)):
        raw = getattr(stream, "raw_output", None)
        if raw is not None:
            raw.read()
        if stream is not None and not stream.closed:
            stream.flush()
