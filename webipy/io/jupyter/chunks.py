"""Files that come to `/api/contents` in parts: each part goes to the place where the parts of an upload gather (webipy.io.files.uploads).

A part names its number only (1 is the first, -1 the last), not where in the file it belongs: it goes behind what has come before. The first one
begins anew.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from webipy.io.files.uploads import Part, Upload, Uploads
from webipy.io.jupyter.routes import Refusal


class Chunks(msgspec.Struct, eq=False):
    """Takes the parts of files.

    Args:
        uploads: Where they gather.
    """

    uploads: Uploads

    async def add(self, path: str, who: str, number: int, body: bytes) -> None:
        """Adds a part to a file; with the last one the file appears.

        Args:
            path: The file, relative to the root.
            who: The login that sends it: parts of two logins do not mix.
            number: The number of the part; 1 for the first, -1 for the last.
            body: Its bytes.

        Raises:
            Refusal: 400, there is no first part.
            errors.Failure: It cannot be written.
        """
        id = sha256(f"{who}\0{path}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
        first = 0 if number == 1 else await self.uploads.run(lambda: self.uploads.offset(path, id))
        if number != 1 and first == 0:
            raise Refusal(400, f"The first part of {path} is missing: send it again from the beginning.")
        end = first + len(body)
        part = Part(id, first, end - 1, end if number == -1 else end + 1)
        upload = Upload(self.uploads, path, None, part, lambda is_held: None)
        upload.begin()
        if body:
            upload.came(body)
        await upload.stored()
