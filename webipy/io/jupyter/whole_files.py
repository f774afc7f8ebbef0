"""Files as a whole, by several calls of the method table."""

from __future__ import annotations

import base64
from typing import Final

from webipy.core.api import file_calls
from webipy.core.api.file_calls import File
from webipy.io.jupyter.routes import Asked, Refusal

MAX_CONTENT_BYTES: Final = 256 * 1024 * 1024
"""A larger file has no content in a model: `/files/PATH` has it."""

PIECE_BYTES: Final = 1024 * 1024
"""What one call reads of a file."""


async def read_whole(asked: Asked, file: File) -> bytes:
    """All bytes of a file.

    Args:
        asked: Who reads it.
        file: The file.

    Raises:
        Refusal: 413, it is too large; 409, it is written all the time.
    """
    if file.size > MAX_CONTENT_BYTES:
        raise Refusal(413, f"{file.path} has more than {MAX_CONTENT_BYTES >> 20} MiB: get it from /files/{file.path}.")
    for _ in range(10):
        pieces: list[bytes] = []
        etag, offset, size = None, 0, 1
        while offset < size:
            params = file_calls.ReadFile(path=file.path, offset=offset, limit=PIECE_BYTES)
            found = await asked.ask("file.read", params, file_calls.FileContent)
            piece = found.content.encode() if found.encoding == "utf-8" else base64.b64decode(found.content)
            if etag not in (None, found.etag) or found.size > MAX_CONTENT_BYTES:
                break  # it was replaced meanwhile
            pieces.append(piece)
            etag, size, offset = found.etag, found.size, offset + len(piece)
            if not piece:
                return b"".join(pieces)
        else:
            return b"".join(pieces)
    raise Refusal(409, f"{file.path} is being changed all the time by another program.")
