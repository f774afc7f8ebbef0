"""Files that only their owner can read: the one way that the server writes tokens, keys and addresses."""

from __future__ import annotations

import os
from pathlib import Path


def private(path: str, flags: int) -> int:
    """An opener for `open` that makes files of mode 0600."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def write_private(path: Path, body: bytes) -> None:
    """Writes a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with open(temporary, "wb", opener=private) as file:
        file.write(body)
    temporary.replace(path)
