"""The method `notebook.export`: the document as it is now, in another format.

What the Markdown of a document shows from files beside it goes along, so that an export is whole: images below the document's own folder, read
through the port `Files` and so never from outside the root. What cannot be read is left as it is. For guests nothing goes along: one who may
edit could name any image that lies there.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import quote, unquote

from webipy.core import errors
from webipy.core.notebook_calls import Exported, ExportNotebook
from webipy.server.method import Caller, House, Methods
from webipy.server.session import Session

MAX_IMAGES = 200
MAX_IMAGES_BYTES = 32 * 1024 * 1024
"""What goes along with one document; what is over it stays outside."""

METHODS = Methods()
method = METHODS.method

_SHOWN = re.compile(
    r"""!\[[^\]]*\]\(\s*(?:<([^>\n]+)>|([^)\s<>"']+))|<img\b[^>]*?\bsrc\s*=\s*["']([^"']+)["']""", re.IGNORECASE
)
_SUFFIXES = frozenset([".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".bmp", ".avif"])
_AS_IT_IS = "/%!$&'()*+,;=:@~"
"""What an address keeps when it is written into a page; the rest is percent-encoded."""

_NOT_IN_NAMES = re.compile(r"[/\\\x00-\x1f\x7f]+")


@method("notebook.export", "read", "session")
async def notebook_export(house: House, caller: Caller, params: ExportNotebook) -> Exported:
    """Makes another format of the document as it is now, and tells where it can be fetched.

    `html` is one file that needs no network unless an output does; `markdown` is a zip when there are images; `pdf` needs a Chromium on the
    server. Nothing is executed. At most two exports are made at the same time, and one of a guest; others wait. Too many of guests are `throttled`.
    """
    session = house.sessions.get(params.session)
    notebook = await house.documents.as_ipynb(session, is_shown=params.format != "ipynb")
    is_guest = caller.principal is not None and caller.principal.session is not None
    images = await _images(house, session) if params.format in ("html", "pdf") and not is_guest else {}
    made = await house.world.converter.export(notebook, params.format, _name(session), images, is_guest)
    url = f"/exports/{made.id}/{quote(made.name, safe='')}"
    return Exported(url=url, name=made.name, media_type=made.media_type, size=made.size)


def _name(session: Session) -> str:
    """What the export is called: as the file, or as the session."""
    name = posixpath.splitext(posixpath.basename(session.record.path or ""))[0] or session.record.title
    plain = _NOT_IN_NAMES.sub(" ", name).strip(" .")[:100]
    return plain.encode("utf-8", "replace").decode() or "notebook"


def shown_images(source: str) -> list[str]:
    """The addresses of images that lie below the folder of a Markdown text, as they stand there, without an address twice."""
    found = {}
    for match in _SHOWN.finditer(source):
        address = match[1] or match[2] or match[3]
        path = unquote(address)
        parts = path.split("/")
        is_below = not any(part in ("", ".", "..") or part.startswith(".") for part in parts) and ":" not in parts[0]
        if is_below and "\0" not in path and posixpath.splitext(path)[1].lower() in _SUFFIXES:
            found[address] = True
    return list(found)


async def _images(house: House, session: Session) -> dict[str, bytes]:
    """The images that a document shows, by their addresses; those that are not there, or too much, are left out."""
    folder = posixpath.dirname(session.record.path or "")
    images: dict[str, bytes] = {}
    room = MAX_IMAGES_BYTES
    wanted: dict[str, bool] = {}
    for cell in session.notebook.cells():
        if cell.cell_type == "markdown":
            wanted.update(dict.fromkeys(shown_images(cell.source), True))
    for address in list(wanted)[:MAX_IMAGES]:
        try:
            path = posixpath.join(folder, unquote(address))
            record = await house.world.files.stat(path)
            if record.kind != "file" or record.size > room:
                continue
            image, _ = await house.world.files.read(path, 0, room)
        except errors.Failure:
            continue  # the document shows it as missing, too
        images[address] = images[quote(address, safe=_AS_IT_IS)] = image
        room -= len(image)
    return images
