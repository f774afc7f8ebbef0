"""Which outputs a Jupyter client may show with their scripts: those that somebody ran or trusted here.

Clients of a Jupyter Server run the scripts of an output in their own page when its cell is `trusted`. The server says so for cells whose outputs
it knows: a client has shown them as trusted when it saved the notebook (it ran them), or somebody has asked to trust the whole notebook. Outputs are
known by a digest, in a file of the state folder. The page of webipy does not ask: it runs every script in a sealed frame. Everything here blocks.

Source: nbformat.sign (`NotebookNotary.check_cells`): outputs that are no displays need no trust.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Final

import attrs
import msgspec
from msgspec import UNSET, Raw, UnsetType

from webipy.core.errors import InvalidNotebook
from webipy.core.ipynb import json_source, normal_form
from webipy.core.ipynb.client_copy import TRUSTED
from webipy.io.storage.private_files import make_private_folder, write_private

MOST_TRUSTED: Final = 50_000
"""Outputs of cells that are known; those that were trusted first are forgotten."""


class _Output(msgspec.Struct):
    output_type: str = ""


class _Cell(msgspec.Struct):
    cell_type: str = ""
    metadata: Raw | UnsetType = UNSET
    outputs: list[Raw] = []


@attrs.define(eq=False)
class Trust:
    """The outputs that are trusted. All of it blocks.

    Args:
        file: Where their digests are kept.
    """

    file: Path
    _known: dict[str, None] | None = None
    _lock: Lock = attrs.field(factory=Lock)

    def marked(self, notebook: bytes) -> Raw:
        """A notebook whose code cells say whether they are trusted.

        Args:
            notebook: nbformat 4 JSON.
        """
        known = self._load()
        members = json_source.members(notebook)
        cells = [self._marked(raw, known) for raw in json_source.elements(members["cells"])]
        members["cells"] = Raw(json_source.listed(cells))
        return Raw(json_source.joined((name, bytes(value)) for name, value in members.items()))

    def _marked(self, raw: Raw, known: dict[str, None]) -> bytes:
        members = json_source.members(raw)
        if bytes(members["cell_type"]) != b'"code"':
            return bytes(raw)
        is_trusted = _is_safe(cell := msgspec.json.decode(raw, type=_Cell)) or _digest(cell.outputs) in known
        metadata = dict(json_source.members(members["metadata"]))
        metadata[TRUSTED] = Raw(b"true" if is_trusted else b"false")
        members["metadata"] = Raw(json_source.joined((name, bytes(value)) for name, value in metadata.items()))
        return json_source.joined((name, bytes(value)) for name, value in members.items())

    def learn(self, notebook: bytes, *, is_all: bool = False) -> None:
        """Trusts the outputs of the cells that a client shows as trusted.

        Args:
            notebook: The notebook as the client has it, nbformat 4 JSON; one that is none says nothing.
            is_all: Whether those of all cells are trusted.
        """
        try:
            cells = [
                msgspec.json.decode(raw, type=_Cell)
                for raw in json_source.elements(json_source.members(notebook)["cells"])
            ]
            trusted = [_digest(cell.outputs) for cell in cells if not _is_safe(cell) and (is_all or _says_so(cell))]
        except (msgspec.DecodeError, KeyError, InvalidNotebook):
            return
        self._add(trusted)

    def _load(self) -> dict[str, None]:
        with self._lock:
            if self._known is None:
                try:
                    self._known = dict.fromkeys(self.file.read_text("ascii").split())
                except (FileNotFoundError, UnicodeDecodeError):
                    self._known = {}
            return self._known

    def _add(self, digests: Iterable[str]) -> None:
        known = self._load()
        with self._lock:
            new = [digest for digest in digests if digest not in known]
            if not new:
                return
            for digest in new:
                known[digest] = None
            while len(known) > MOST_TRUSTED:
                del known[next(iter(known))]
            make_private_folder(self.file.parent)
            write_private(self.file, "\n".join(known).encode())


def _is_safe(cell: _Cell) -> bool:
    """Whether outputs need no trust: they are text."""
    kinds = (msgspec.json.decode(output, type=_Output).output_type for output in cell.outputs)
    return not any(kind in ("display_data", "execute_result") for kind in kinds)


def _says_so(cell: _Cell) -> bool:
    if isinstance(cell.metadata, UnsetType):
        return False
    return bytes(json_source.members(cell.metadata).get(TRUSTED, Raw(b"false"))) == b"true"


def _digest(outputs: Iterable[Raw]) -> str:
    """SHA-256 of outputs, however a program spells them."""
    digest = sha256()
    for output in outputs:
        formed = normal_form.output(output)
        digest.update(len(formed).to_bytes(8, "big") + formed)
    return digest.hexdigest()
