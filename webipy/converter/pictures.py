"""The pictures of a document that are not in its text: those that came along from beside it, and attachments.

A page has them inside, as `data:` addresses. So that the renderer of Markdown has no megabytes to go through, and so that code in
which an address stands is shown as it was, each address is first a short word of ours, and what it stands for is put in at the end, into
`src` attributes only. Other formats have them as files beside the text, at the place that the text says, where that is below it.
"""

from __future__ import annotations

import base64
import binascii
import html
import mimetypes
import posixpath
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from webipy.converter.addresses import path_of, replaced
from webipy.converter.exporters import any_attachment

_NOTHING = "data:,"
"""In the place of an attachment that is not there."""

_WORD = "webipy-picture-{}-"
_IN_SRC = re.compile(r"""(<img\b[^<>]{0,4000}?\bsrc\s*=\s*["']?)webipy-picture-(\d+)-""", re.IGNORECASE)
_ELSEWHERE = re.compile(r"webipy-picture-(\d+)-")
_SHOWS = ("text/html", "text/markdown", "image/svg+xml")
"""Outputs that may show pictures by their addresses."""

_AS_IT_IS = "/!$&'*+,;=:@~"


def read(folder: Path, addresses: list[str]) -> dict[str, bytes]:
    """Reads the pictures that came along with a job.

    Args:
        folder: The folder of the job.
        addresses: Addresses under which the document shows them, in the order of the files.

    Returns:
        The pictures by their addresses.
    """
    return {address: (folder / "images" / str(number)).read_bytes() for number, address in enumerate(addresses)}


class Inside:
    """The pictures of a page.

    Args:
        beside: Pictures beside the document, by their addresses.
    """

    def __init__(self, beside: Mapping[str, bytes]) -> None:
        self._beside = beside
        self._given: list[tuple[str, str]] = []
        self._words: dict[str, str] = {}

    def take_out(self, notebook: Any) -> None:
        """Puts short words in place of addresses."""
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                attached = _attached(cell)
                cell.source = replaced(cell.source, lambda address, attached=attached: self._word(address, attached))  # type: ignore[misc]  # bound at once
                cell.attachments = any_attachment(cell)
            for data in _bundles(cell):
                for kind in _SHOWS:
                    if isinstance(data.get(kind), str):
                        data[kind] = replaced(data[kind], lambda address: self._word(address, {}))

    def _word(self, address: str, attached: Mapping[str, tuple[str, bytes]]) -> str | None:
        found = _of(address, self._beside, attached)
        if found is None:
            return _NOTHING if address.startswith("attachment:") else None
        kind, body = found
        data = f"data:{kind};base64,{base64.b64encode(body).decode()}"
        word = self._words.get(data)
        if word is None or self._given[int(word.split("-")[2])][0] != address:
            word = _WORD.format(len(self._given))
            self._given.append((address, data))
            self._words[data] = word
        return word

    def addresses(self) -> list[str]:
        """The addresses, as they were written, by the numbers in the words."""
        return [address for address, _ in self._given]

    def put_in(self, page: str) -> str:
        """Puts the pictures into the finished page, in place of the words."""
        page = _IN_SRC.sub(
            lambda found: (
                f'{found[1][:4]} data-webipy-beside="{found[2]}"{found[1][4:]}{self._given[int(found[2])][1]}'
            ),
            page,
        )
        return _ELSEWHERE.sub(lambda found: html.escape(self._given[int(found[1])][0]), page)


class Beside:
    """The pictures beside a text.

    Args:
        beside: Pictures beside the document, by their addresses.
        folder: The folder beside the text for what has no place of its own.
    """

    def __init__(self, beside: Mapping[str, bytes], folder: str) -> None:
        self._beside = beside
        self._folder = folder
        self._places: dict[str, str] = {}
        self.files: dict[str, bytes] = {}

    def take_out(self, notebook: Any) -> None:
        """Puts the places of files in place of addresses."""
        for number, cell in enumerate(notebook.cells):
            if cell.cell_type == "markdown":
                attached = _attached(cell)
                cell.source = replaced(cell.source, self._placing(attached, f"attachment_{number}_"))
                cell.pop("attachments", None)
            for data in _bundles(cell):
                for kind in _SHOWS:
                    if isinstance(data.get(kind), str):
                        data[kind] = replaced(data[kind], self._placing({}, ""))

    def _placing(self, attached: Mapping[str, tuple[str, bytes]], before: str) -> Callable[[str], str | None]:
        return lambda address: self._place(address, attached, before)

    def _place(self, address: str, attached: Mapping[str, tuple[str, bytes]], before: str) -> str | None:
        found = _of(address, self._beside, attached)
        if found is None:
            return None
        path = path_of(address)
        if path is not None and not path.startswith("..") and path.split("/")[0] != self._folder:
            self.files[path] = found[1]
            return quote(path, safe=_AS_IT_IS) if path != address else None
        name = posixpath.basename(unquote(address.removeprefix("attachment:")).replace("\\", "/")) or "picture"
        key = f"{before}{address}" if address.startswith("attachment:") else address
        if key not in self._places:
            own = before if address.startswith("attachment:") else "picture_"  # not what an output would be called
            plain = re.sub(r"[^\w.-]+", "_", f"{own}{name}").lstrip(".")
            taken = f"{self._folder}/{plain}" in self.files
            self._places[key] = f"{self._folder}/{len(self._places)}_{plain}" if taken else f"{self._folder}/{plain}"
        self.files[self._places[key]] = found[1]
        return quote(self._places[key], safe=_AS_IT_IS)


def _of(
    address: str, beside: Mapping[str, bytes], attached: Mapping[str, tuple[str, bytes]]
) -> tuple[str, bytes] | None:
    """The type and the bytes of what an address means."""
    if address.startswith("attachment:"):
        name = html.unescape(address.removeprefix("attachment:"))
        return attached.get(name) or attached.get(unquote(name))
    body = beside.get(address)
    if body is None:
        return None
    return mimetypes.guess_type(path_of(address) or "")[0] or "image/png", body


def _attached(cell: Any) -> dict[str, tuple[str, bytes]]:
    """The attachments of a cell that are pictures: names, types and bytes."""
    found = {}
    for name, bundle in cell.get("attachments", {}).items():
        for kind, body in bundle.items():
            if kind.startswith("image/") and isinstance(body, str):
                try:
                    found[name] = (kind, base64.b64decode(body) if kind != "image/svg+xml" else _svg(body))
                except (binascii.Error, ValueError):
                    continue
    return found


def _svg(body: str) -> bytes:
    """A picture that some programs attach as text, and others in base64."""
    return body.encode() if body.lstrip().startswith("<") else base64.b64decode(body)


def _bundles(cell: Any) -> list[Any]:
    return [output["data"] for output in cell.get("outputs", []) if "data" in output]
