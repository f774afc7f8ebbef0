"""Pictures in outputs, saved to files: `--save-figures DIR`.

A picture that came with its output is saved when that is shown. A large one, which its output only refers to, is read from the server in parts and
written as it comes, when its execution has ended: what was cleared or replaced by then is not saved.

Invariant: a file that is there is never replaced; the same picture is saved once.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import IO, Any, Final

from webipy.client.client import Client
from webipy.command.program import Unable
from webipy.core.api import calls
from webipy.core.kernel import blobs

PART_BYTES: Final = 1_000_000
"""Of a large picture, read at once."""

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
        """Writes the pictures of a MIME bundle.

        Returns:
            The paths of their files; of a picture that was saved before, the path of then.

        Raises:
            Unable: A file cannot be written.
        """
        found = {kind: _picture(kind, content) for kind, content in sorted(data.items()) if kind.startswith("image/")}
        return [self._written(kind, body) for kind, body in found.items() if body]

    async def save_large(self, client: Client, session: str, execution: str) -> list[str]:
        """Writes the large pictures that the outputs of an execution refer to.

        Args:
            client: The connection.
            session: The id of the session.
            execution: The id of the execution.

        Returns:
            The paths of their files.

        Raises:
            Unable: A file cannot be written.
            errors.Failure: The pictures cannot be read.
        """
        asked = calls.OfExecution(session=session, execution=execution)
        found = await client.call("execution.get", asked, calls.Execution, repeat=True)
        paths = []
        for number, output in enumerate(found.outputs):
            for kind, ref in sorted(blobs.refs_of(bytes(output)).items()):
                name = ref.sha256.encode()
                if kind.startswith("image/") and name not in self._saved:
                    path, file = self._opened(kind)
                    with file:
                        await _copy(client, asked, number, kind, file)
                    self._saved[name] = path
                    paths.append(path)
        return paths

    def _written(self, kind: str, body: bytes) -> str:
        if body not in self._saved:
            path, file = self._opened(kind)
            try:
                with file:
                    file.write(body)
            except OSError as fault:
                raise self._unable(fault) from None
            self._saved[body] = path
        return self._saved[body]

    def _opened(self, kind: str) -> tuple[str, IO[bytes]]:
        """The next file, which was not there."""
        ending = _ENDINGS.get(kind, "".join(letter for letter in kind[6:] if letter.isalnum())[:10] or "bin")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            while True:
                self._last += 1
                path = self._folder / f"figure-{self._last:03}.{ending}"
                if any(self._folder.glob(f"figure-{self._last:03}.*")):
                    continue
                try:
                    return str(path), open(path, "xb")
                except FileExistsError:
                    continue
        except OSError as fault:
            raise self._unable(fault) from None

    def _unable(self, fault: OSError) -> Unable:
        return Unable(f"The figures cannot be saved in {self._folder}: {fault.strerror or fault}.")


async def _copy(client: Client, of: calls.OfExecution, number: int, kind: str, file: IO[bytes]) -> None:
    """Writes a large picture, part by part: text for SVG, else the bytes that its base64 encodes."""
    offset, size, rest = 0, 1, ""
    while offset < size:
        asked = calls.ReadOutput(
            session=of.session, execution=of.execution, output=number, offset=offset, limit=PART_BYTES, mime=kind
        )
        part = await client.call("output.read", asked, calls.OutputText, repeat=True)
        offset, size = part.offset + len(part.text.encode()), part.size
        if not part.text:
            break
        try:
            if kind == "image/svg+xml":
                file.write(part.text.encode())
                continue
            text = rest + "".join(part.text.split())
            whole = len(text) // 4 * 4
            rest = text[whole:]
            file.write(base64.b64decode(text[:whole], validate=True))
        except (binascii.Error, ValueError):
            raise Unable(f"A picture of the type {kind} is no base64: what was saved of it is not whole.") from None
        except OSError as fault:
            raise Unable(f"A figure cannot be saved: {fault.strerror or fault}.") from None


def _picture(kind: str, content: object) -> bytes:
    """The file that a picture is: text for SVG, else the bytes that its base64 encodes; empty for anything else."""
    text = "".join(map(str, content)) if isinstance(content, list) else str(content)
    if kind == "image/svg+xml":
        return text.encode()
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""
