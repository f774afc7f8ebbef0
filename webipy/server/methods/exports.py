"""The method `notebook.export`: the document as it is now, in another format.

An export is whole: it has the pictures beside the document that its Markdown and outputs name by an address, read through the port `Files` and so
never from outside the root. A picture that cannot be read is left out. Exports for guests have no pictures: a guest who may edit could name any
picture there; those of members have the pictures that they may read. Nor do scripts of the document run when it is printed for them.

It has the state of the widgets, too: that of the file, updated by the messages of the session's kernels.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import quote

import msgspec
from msgspec import Raw

from webipy.converter import addresses
from webipy.core import errors
from webipy.core.api.formats import ExportOptions
from webipy.core.api.notebook_calls import Exported, ExportNotebook
from webipy.core.kernel import jupyter_messages
from webipy.server.methods.failures import OF_SESSION
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.sessions import guest_view
from webipy.server.sessions.session import Session

MAX_IMAGES = 200
MAX_IMAGES_BYTES = 32 * 1024 * 1024
"""Pictures in one export at most; the rest is left out."""

METHODS = Methods()
method = METHODS.method

_WITH_IMAGES = ("html", "slides", "pdf", "markdown", "latex", "rst", "asciidoc")
_SHOWING = ("text/html", "text/markdown")
"""Outputs that may show a file by its address."""

_NOT_IN_NAMES = re.compile(r"[/\\\x00-\x1f\x7f]+")


@method(
    "notebook.export",
    "read",
    "session",
    raises=(*OF_SESSION, errors.ConversionFailed, errors.InvalidNotebook, errors.Timeout),
    example={"format": "html"},
)
async def notebook_export(services: Services, connection: Connection, params: ExportNotebook) -> Exported:
    """Exports the document as it is now to another format, and returns where it can be fetched.

    `html` is one file that needs no network unless an output does; `markdown`, `latex`, `rst` and `asciidoc` are a zip when there are pictures;
    `pdf` needs a Chromium on the server, `latex`, `rst` and `asciidoc` pandoc; `slides` load reveal.js from the network. The tags `remove-cell`,
    `remove-input` and `remove-output` leave something out, `hide-cell`, `hide-input` and `hide-output` fold it. Nothing is executed. At most two
    exports are made at the same time, and one of a guest; others wait. Too many of guests are `throttled`.
    """
    session = services.sessions.get(params.session)
    notebook = await services.documents.as_ipynb(session, is_shown=params.format != "ipynb")
    guest = (
        connection.principal.login
        if connection.principal is not None and guest_view.is_limited(connection.principal)
        else ""
    )
    is_guest = guest_view.is_guest(connection.principal)
    images = await _images(services, session, notebook) if params.format in _WITH_IMAGES and not is_guest else {}
    options = ExportOptions(params.input, params.prompts, None if guest else params.template)
    made = await services.world.converter.export(notebook, params.format, _name(session), images, options, guest)
    services.rights.note_export(made.id, session.id)
    url = f"/exports/{made.id}/{quote(made.name, safe='')}"
    return Exported(url=url, name=made.name, media_type=made.media_type, size=made.size)


def _name(session: Session) -> str:
    """The name of the export: that of the file, or of the session."""
    name = posixpath.splitext(posixpath.basename(session.record.path or ""))[0] or session.record.title
    plain = _NOT_IN_NAMES.sub(" ", name).strip(" .")[:100]
    return plain.encode("utf-8", "replace").decode() or "notebook"


class _Output(msgspec.Struct):
    data: dict[str, Raw] = {}


class _Cell(msgspec.Struct):
    source: Raw = Raw(b'""')
    cell_type: str = ""
    outputs: list[_Output] = []


class _Document(msgspec.Struct):
    cells: list[_Cell] = []
    metadata: dict[str, Raw] = {}


def shown_images(notebook: bytes) -> dict[str, str]:
    """The pictures that the Markdown and the outputs of a document show: paths from its folder, by their addresses as they stand there."""
    found: dict[str, str] = {}
    for cell in jupyter_messages.decode(notebook, _Document).cells:
        texts = [cell.source] if cell.cell_type == "markdown" else []
        texts += [output.data[kind] for output in cell.outputs for kind in _SHOWING if kind in output.data]
        for text in texts:
            for address in addresses.addresses(_joined(text)):
                path = addresses.path_of(address)
                if path is not None:
                    found[address] = path
    return found


def _joined(raw: Raw) -> str:
    """A text of a notebook, which may be a list of its lines."""
    try:
        return (
            jupyter_messages.decode(raw, str)
            if bytes(memoryview(raw)[:1]) == b'"'
            else "".join(jupyter_messages.decode(raw, list[str]))
        )
    except msgspec.DecodeError:
        return ""


async def _images(services: Services, session: Session, notebook: bytes) -> dict[str, bytes]:
    """The pictures that a document shows, by their addresses; those that are not there, or too much, are left out."""
    folder = posixpath.dirname(session.record.path or "")
    images: dict[str, bytes] = {}
    read: dict[str, bytes] = {}
    room = MAX_IMAGES_BYTES
    shown = await services.world.aside(lambda: shown_images(notebook))
    for address, place in list(shown.items())[:MAX_IMAGES]:
        path = posixpath.normpath(posixpath.join(folder, place))
        if path.startswith("../"):
            continue  # outside the root
        try:
            if path not in read:
                record = await services.world.files.stat(path)
                if record.kind != "file" or record.size > room:
                    continue
                read[path], _ = await services.world.files.read(path, 0, room)
                room -= len(read[path])
        except errors.Failure:
            continue  # the document shows it as missing, too
        images[address] = read[path]
    return images
