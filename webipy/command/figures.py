"""Pictures in outputs, saved to files: `--save-figures DIR`."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any, Final

from webipy.command.program import Unable

_ENDINGS: Final = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/svg+xml": "svg",
    "image/webp": "webp",
}


class Figures:
    """Writes every picture of the outputs into a folder, numbered; a file that is there is never replaced.

    Args:
        folder: The folder; it is made when there is none.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._last = 0
        self._saved: dict[bytes, str] = {}

    def save(self, data: dict[str, Any]) -> list[str]:
        """Writes the pictures in a MIME bundle; gives where they are.

        Raises:
            Unable: It cannot be written there.
        """
        found = {kind: _picture(kind, content) for kind, content in sorted(data.items()) if kind.startswith("image/")}
        return [self._written(kind, body) for kind, body in found.items() if body]

    def _written(self, kind: str, body: bytes) -> str:
        if body in self._saved:
            return self._saved[body]
        ending = _ENDINGS.get(kind, "".join(letter for letter in kind[6:] if letter.isalnum())[:10] or "bin")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            while True:
                self._last += 1
                path = self._folder / f"figure-{self._last:03}.{ending}"
                if any(self._folder.glob(f"figure-{self._last:03}.*")):
                    continue
                try:
                    with open(path, "xb") as file:
                        file.write(body)
                except FileExistsError:
                    continue
                break
        except OSError as fault:
            raise Unable(f"The figures cannot be saved in {self._folder}: {fault.strerror or fault}.") from None
        self._saved[body] = str(path)
        return str(path)


def _picture(kind: str, content: object) -> bytes:
    """The file that a picture is: text for SVG, else what its base64 says; empty for what is neither."""
    text = "".join(map(str, content)) if isinstance(content, list) else str(content)
    if kind == "image/svg+xml":
        return text.encode()
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""
