"""Starts ipykernel so that none of its output is lost and the first output is quick.

It is run by its path, as `python .../kernelboot.py -f CONNECTION_FILE`, in the environment of the kernel, in place of
`python -m ipykernel_launcher`. webipy is not installed there: only the standard library and ipykernel 6 or 7 are used,
and the syntax is that of Python 3.8. What it changes in ipykernel, each on its own and each left alone when this
ipykernel has no such part (one line on stderr then says so):

- The publisher waits for a slow reader instead of dropping messages (`XPUB_NODROP`, set before the socket is bound).
  Stock ipykernel drops at 1,000 unread messages, the `idle` that ends a cell too.
- Text that was printed and not flushed is sent after 10 ms instead of 200 ms; and a flush returns after its text was
  handed to ZeroMQ, so that the last words before a crash get out.
- Text is sent in pieces of at most a MiB: what was printed and not flushed would otherwise be one message of any size.
- Raw output (file descriptors 1 and 2) is read in large pieces and decoded across their borders, and is not copied to
  the original stdout as well.
- No advice for terminals is printed at the start.
- A crash in C leaves a dump of all threads on the original stderr, which the host keeps in kernel.log.

The program sees `sys.argv` and `sys.path` as under ipykernel_launcher.
"""

from __future__ import annotations

import codecs
import faulthandler
import logging
import os
import sys
import threading
from importlib.util import find_spec

FLUSH_INTERVAL_S = 0.01  # printed text waits so long for more
PIECE_CHARS = (
    1024 * 1024
)  # ASCII text in one message; a quarter of it for other text, whose characters have up to 4 bytes
READ_BYTES = 64 * 1024  # raw output is read in pieces of at most this; a pipe holds as much


def hide_this_file() -> None:
    """Make `sys.argv` and `sys.path` what they are under `python -m ipykernel_launcher`."""
    here = os.path.dirname(os.path.realpath(__file__))
    if sys.path and os.path.realpath(sys.path[0] or ".") == here:
        del sys.path[0]  # as ipykernel_launcher does with the current folder; IPython puts '' there again
    launcher = find_spec("ipykernel_launcher")
    if launcher is not None and launcher.origin:
        sys.argv[0] = launcher.origin


def wait_for_slow_readers(app_class) -> None:  # type: ignore[no-untyped-def]  # ipykernel is not known to webipy
    """Set `XPUB_NODROP` on the iopub socket before the first reader can connect."""
    import zmq

    bind = app_class._bind_socket

    def bind_without_drops(self, socket, port):  # type: ignore[no-untyped-def]
        if socket is self.iopub_socket:
            socket.setsockopt(zmq.XPUB_NODROP, 1)
        return bind(self, socket, port)

    app_class._bind_socket = bind_without_drops


def flush_at_once(thread_class) -> None:  # type: ignore[no-untyped-def]
    """Let a flush end after its text was sent: what the iopub thread schedules for itself is done, not queued again."""
    schedule = thread_class.schedule

    def schedule_or_do(self, act):  # type: ignore[no-untyped-def]
        if threading.current_thread() is self.thread:
            act()
        else:
            schedule(self, act)

    thread_class.schedule = schedule_or_do


def keep_the_log_clean(app_class) -> None:  # type: ignore[no-untyped-def]
    """Print no advice for terminals at the start: the log is quoted when the kernel dies."""
    tell = app_class.log_connection_info

    def tell_nobody(self):  # type: ignore[no-untyped-def]
        level, self.log_level = self.log_level, logging.CRITICAL  # at this level nothing is printed
        try:
            tell(self)
        finally:
            self.log_level = level

    app_class.log_connection_info = tell_nobody


def send_text_soon(stream_class) -> None:  # type: ignore[no-untyped-def]
    """Shorten the time that printed text waits for more."""
    if not isinstance(stream_class.flush_interval, float):
        raise AttributeError("flush_interval is not a number")
    stream_class.flush_interval = FLUSH_INTERVAL_S


def send_text_in_pieces(stream_class) -> None:  # type: ignore[no-untyped-def]
    """Send much text as several messages."""
    flush_buffers = stream_class._flush_buffers
    if "_flush_buffers" not in stream_class._flush.__code__.co_names:
        raise AttributeError("_flush sends other text")

    def flush_pieces(self):  # type: ignore[no-untyped-def]
        for parent, text in flush_buffers(self):
            # A hook that takes a message for itself ends the sending: it gets the text whole.
            size = len(text) if self._hooks else PIECE_CHARS if text.isascii() else PIECE_CHARS // 4
            for start in range(0, len(text), size or 1):
                yield parent, text[start : start + size]

    stream_class._flush_buffers = flush_pieces


def read_raw_output_whole(stream_class) -> None:  # type: ignore[no-untyped-def]
    """Decode raw output across the borders of what is read, and do not echo it."""
    if "_fid" not in stream_class._watch_pipe_fd.__code__.co_names:
        raise AttributeError("_watch_pipe_fd reads another file")

    def watch(self):  # type: ignore[no-untyped-def]
        if self._fid is None:
            return
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        try:
            piece = os.read(self._fid, READ_BYTES)
            while piece and self._should_watch:
                text = decode(piece)
                if text:
                    self.write(text)
                piece = os.read(self._fid, READ_BYTES)
        except Exception:  # ipykernel shows what is kept here when it closes the stream
            self._exc = sys.exc_info()

    stream_class._watch_pipe_fd = watch


def main() -> None:
    """Prepare ipykernel and run it."""
    faulthandler.enable(file=os.dup(2))
    hide_this_file()
    from ipykernel import iostream, kernelapp

    for change, target in (
        (wait_for_slow_readers, kernelapp.IPKernelApp),
        (flush_at_once, iostream.IOPubThread),
        (keep_the_log_clean, kernelapp.IPKernelApp),
        (send_text_soon, iostream.OutStream),
        (send_text_in_pieces, iostream.OutStream),
        (read_raw_output_whole, iostream.OutStream),
    ):
        try:
            change(target)
        except AttributeError as missing:
            print(f"webipy: this ipykernel runs without {change.__name__}: {missing}", file=sys.stderr)
    kernelapp.launch_new_instance()


if __name__ == "__main__":
    main()
