"""Reads the end of a log, or what has come since: the raw output of a kernel, and the log of its host.

A position is a byte in the file. Kernel hosts cut the log of a kernel (the last half of a MiB stays), so what is at a position may have
moved: a file that is shorter than a position was cut, and is read from its beginning. Only whole characters and at most `limit` bytes are returned.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from webipy.server.ports.kernels import LogPart


def read_log(path: Path, since: int | None, limit: int) -> LogPart:
    """Reads a part of a log.

    Args:
        path: Its file.
        since: The position to read from, in bytes; `None` for the last `limit` bytes.
        limit: Bytes at most.

    Returns:
        The text, and the position after it; empty where there is no log.

    Raises:
        OSError: It is there and cannot be read.
    """
    try:
        with open(path, "rb") as file:
            size = file.seek(0, 2)
            start = max(0, size - limit) if since is None else since if since <= size else 0
            file.seek(start)
            found = file.read(limit)
    except FileNotFoundError:
        return LogPart("", 0)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(found)
    return LogPart(text, start + len(found) - len(decoder.getstate()[0]))
