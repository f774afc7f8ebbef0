"""Keeps what a kernel prints where its end cannot take it: in memory that its host holds, too.

Printed text waits some milliseconds for more, and then for a thread of ZeroMQ. A process that ends in that moment (`os._exit`, a crash in C,
SIGKILL) would take it along: the last words, which matter most. So each text is also written into a file in memory that the host has made (memfd),
as it is printed. Every stream message says in its metadata how much of its stream was sent with it, `{"webipy": {"end": CHARACTERS}}`, so that the
host knows what never came, and publishes it after the end of the process.

The file has one part for each of stdout and stderr, `PART_BYTES` long:

    0   8 bytes  characters written so far, little-endian
    8   8 bytes  bytes written so far (UTF-8), little-endian
    16  a ring of `RING_BYTES`: byte n of all is at n modulo RING_BYTES; the last ones are there

Only the process that has opened it writes: children send their text through it.

`webipy/kernel_programs/boot.py` loads this in the kernel's environment, by its path: the standard library only, Python 3.8.
"""

from __future__ import annotations

import mmap
import os
import struct

RING_BYTES = 256 * 1024
HEAD = struct.Struct("<QQ")
PART_BYTES = HEAD.size + RING_BYTES
PARTS = {"stdout": 0, "stderr": PART_BYTES}
FILE_BYTES = 2 * PART_BYTES


class Ring:
    """Writes what is printed into the file.

    Args:
        file: Its descriptor, which is closed.
    """

    def __init__(self, file: int) -> None:
        self._map = mmap.mmap(file, FILE_BYTES)
        os.close(file)
        self._is_mine = True
        os.register_at_fork(after_in_child=self._leave)
        self._written = {name: [0, 0] for name in PARTS}
        self._sent = dict.fromkeys(PARTS, 0)

    def _leave(self) -> None:
        """Write nothing more: this is a child."""
        self._is_mine = False

    def write(self, name: str, text: str) -> None:
        """Keeps what is printed to a stream.

        Args:
            name: `stdout` or `stderr`; others are ignored.
            text: What is printed.
        """
        count = self._written.get(name)
        if count is None or not self._is_mine:
            return
        chars = len(text)
        piece = (text if chars <= RING_BYTES else text[-RING_BYTES:]).encode("utf-8", "replace")[-RING_BYTES:]
        size = len(piece)
        count[1] += size  # first taken, then written: a signal may print in between
        count[0] += chars
        start = (count[1] - size) % RING_BYTES
        part = PARTS[name]
        ring, room = part + HEAD.size, RING_BYTES - start
        if size <= room:
            self._map[ring + start : ring + start + size] = piece
        else:
            self._map[ring + start : ring + RING_BYTES] = piece[:room]
            self._map[ring : ring + size - room] = piece[room:]
        HEAD.pack_into(self._map, part, count[0], count[1])

    def keep_writes(self, stream_class) -> None:  # type: ignore[no-untyped-def]  # ipykernel's
        """Keep what is printed to the streams of ipykernel."""
        write = stream_class.write

        def write_and_keep(stream, string):  # type: ignore[no-untyped-def]
            if isinstance(string, str):
                self.write(stream.name, string)
            return write(stream, string)

        stream_class.write = write_and_keep

    def mark_sends(self, stream_class, session_class) -> None:  # type: ignore[no-untyped-def]  # ipykernel's and jupyter_client's
        """Adds to the messages of streams how much of each was sent with them.

        Args:
            stream_class: ipykernel's `OutStream`.
            session_class: jupyter_client's `Session`.
        """
        flush_buffers, send = stream_class._flush_buffers, session_class.send
        topics = {b"stream." + name.encode(): name for name in PARTS}

        def flush_and_count(stream):  # type: ignore[no-untyped-def]
            for parent, text in flush_buffers(stream):
                if stream.name in PARTS and self._is_mine:
                    self._sent[stream.name] += len(text)
                yield parent, text

        def send_and_mark(session, stream, msg_or_type, *args, **named):  # type: ignore[no-untyped-def]
            topic = named.get("ident")
            if isinstance(topic, bytes) and topic in topics and isinstance(msg_or_type, dict) and self._is_mine:
                metadata = msg_or_type.get("metadata") or {}
                msg_or_type["metadata"] = {**metadata, "webipy": {"end": self._sent[topics[topic]]}}
            return send(session, stream, msg_or_type, *args, **named)

        stream_class._flush_buffers = flush_and_count
        session_class.send = send_and_mark
