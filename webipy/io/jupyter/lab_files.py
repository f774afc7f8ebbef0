"""The files that pages of JupyterLab and Notebook load: scripts, style sheets, fonts, themes, and those of installed extensions.

    /lab/static/...  /lab/extensions/...  /lab/api/themes/...  /static/favicons/...  /notebook/static/...  /custom/custom.css

They are the files of installed packages, the same for everybody, and hold no secret: a browser fetches them as scripts and style sheets, with which
it can send no key. They are for pages of this origin alone (`Cross-Origin-Resource-Policy`). Where they lie says the lab process
(webipy.labprocess), once for each page.

Invariants: nothing outside of those folders is sent, whatever a link in them points to; a file whose name carries a digest (`?v=`) is kept by the
browser, every other one is asked for again, with its ETag.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from webipy.io.jupyter.lab_link import LabLink, asking
from webipy.io.jupyter.routes import Answer, Asked, Function, Refusal, Route
from webipy.io.media_types import MediaTypes
from webipy.io.reactor import Run

MOST_BYTES: Final = 64 << 20
"""A larger file is not sent: the largest script of JupyterLab has 5 MB."""

KEPT: Final = "public, max-age=31536000, immutable"
ASKED_AGAIN: Final = "no-cache"

FOLDERS: Final = {
    "/lab/static/{path...}": "static",
    "/lab/extensions/{path...}": "extensions",
    "/lab/api/themes/{path...}": "themes",
    "/static/favicons/{path...}": "favicons",
    "/notebook/static/{path...}": "notebook",
    "/custom/{path...}": "custom",
}
"""By the route: what the lab process calls the folders."""

_DIGEST: Final = re.compile(r"\.[0-9a-f]{16,}\.")

_TYPES: Final = MediaTypes(
    ("text/javascript", ".js"),
    ("text/javascript", ".mjs"),
    ("font/woff2", ".woff2"),
    ("font/woff", ".woff"),
    ("font/ttf", ".ttf"),
    ("application/wasm", ".wasm"),
    ("application/json", ".map"),
    ("image/webp", ".webp"),
    ("image/x-icon", ".ico"),
)


class LabFiles(msgspec.Struct, eq=False):
    """The files.

    Args:
        link: Asks where they lie.
        run: Runs a function that blocks in a thread.
    """

    link: LabLink
    run: Run
    folders: dict[str, Sequence[str]] = msgspec.field(default_factory=dict)
    """Where they lie, as the lab process said last."""

    def answer(self, kind: str) -> Function:
        """What answers for one kind of files.

        Args:
            kind: What the lab process calls their folders.
        """

        async def get(asked: Asked) -> Answer:
            """A file of an installed package."""
            return await self.get(asked, kind)

        return get

    async def get(self, asked: Asked, kind: str) -> Answer:
        """A file.

        Args:
            asked: The request.
            kind: What the lab process calls the folders.

        Raises:
            Refusal: 404, there is none.
        """
        if not self.folders:
            self.folders = await asking(self.link.ask("folders"))
        path, folders = asked.parts["path"], self.folders.get(kind, ())
        found: tuple[bytes, str] | None = await self.run(lambda: _read(folders, path))
        if found is None and kind == "custom":
            found = b"", "none"  # Notebook asks for it whether there is one or not
        if found is None:
            raise Refusal(404, f"There is no such file: {path[:200]}")
        body, etag = found
        is_kept = asked.query("v") is not None or _DIGEST.search(path) is not None
        headers = {"ETag": f'"{etag}"', "Cache-Control": KEPT if is_kept else ASKED_AGAIN}
        if asked.request.header("if-none-match") == headers["ETag"]:
            return Answer(status=304, headers=headers)
        kind_of_file = _TYPES.of(path) or "application/octet-stream"
        if kind_of_file.startswith("text/"):
            kind_of_file += "; charset=utf-8"
        return Answer(body=body, content_type=kind_of_file, headers=headers)


def _read(folders: Sequence[str], path: str) -> tuple[bytes, str] | None:
    """A file in the first folder that has it, and its ETag; `None` for what is not there, is outside of it, or is too large."""
    if "\0" in path:
        return None
    for folder in folders:
        wanted = os.path.normpath(os.path.join(folder, path))
        if not wanted.startswith(folder.rstrip("/") + "/") or not os.path.isfile(wanted):
            continue
        if not _is_inside(folder, wanted, path):
            continue
        with open(wanted, "rb") as file:
            found = os.fstat(file.fileno())
            if found.st_size > MOST_BYTES:
                return None
            return file.read(), f"{found.st_size:x}-{found.st_mtime_ns:x}"
    return None


def _is_inside(folder: str, wanted: str, path: str) -> bool:
    """Whether a file lies in a folder once links are followed; a link to the folder of an extension, as developers have it, counts as that folder."""
    first = path.split("/")[: 2 if path.startswith("@") else 1]
    roots = (os.path.realpath(folder), os.path.realpath(os.path.join(folder, *first)))
    return any(os.path.realpath(wanted).startswith(root + os.sep) for root in roots)


def routes(files: LabFiles) -> list[Route]:
    """The routes.

    Args:
        files: What answers.
    """
    return [Route(path, {"GET": files.answer(kind)}, "none") for path, kind in FOLDERS.items()]
