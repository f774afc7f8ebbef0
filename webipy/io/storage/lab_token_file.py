"""The file of lab tokens: `STATE/jupyter/lab-tokens.json`, the digests of the tokens that pages of JupyterLab show.

Writes are carried out one after the other, each with the whole list; a file that cannot be read counts as empty: pages are loaded once more then.
"""

from __future__ import annotations

from pathlib import Path

import attrs
import msgspec
from twisted.internet.defer import Deferred, DeferredLock

from webipy.io.reactor import Run
from webipy.io.storage.private_files import make_private_folder, write_private
from webipy.server.people.lab_tokens import LabToken


@attrs.define(eq=False)
class LabTokenFile:
    """See `webipy.server.people.lab_tokens.LabTokenStore`.

    Args:
        path: The file.
        run: Runs a function that blocks in a thread.
    """

    path: Path
    run: Run
    _turn: DeferredLock = attrs.field(factory=DeferredLock)

    def load(self) -> Deferred[list[LabToken]]:
        """All that were kept."""
        return self.run(self._read)

    def keep(self, tokens: list[LabToken]) -> Deferred[None]:
        """Keeps these, in place of those before."""
        body = msgspec.json.encode(tokens)
        return self._turn.run(lambda: self.run(lambda: self._write(body)))

    def _read(self) -> list[LabToken]:
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=list[LabToken])
        except (FileNotFoundError, msgspec.DecodeError):
            return []

    def _write(self, body: bytes) -> None:
        make_private_folder(self.path.parent)
        write_private(self.path, body)
