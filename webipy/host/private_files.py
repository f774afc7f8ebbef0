"""Files that only their owner can read, written whole: the one way in which server and host write tokens, keys and addresses."""

from __future__ import annotations

import os
from collections.abc import Callable


def private(path: str, flags: int) -> int:
    """An opener for `open` that makes files of mode 0600.

    Args:
        path: The file.
        flags: Of open(2).

    Returns:
        The file descriptor.
    """
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def write_private(path: str, body: bytes, before: Callable[[int], None] | None = None) -> None:
    """Writes a file, so that a reader sees the old or the new content, whole.

    Args:
        path: The file.
        body: Its content.
        before: Called with the descriptor of what was written, before the file gets its name.

    Raises:
        OSError: It cannot be written; the old file, if any, is whole.
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}")
    with open(temporary, "wb", opener=private) as file:
        file.write(body)
        if before is not None:
            file.flush()
            before(file.fileno())
    os.replace(temporary, path)
