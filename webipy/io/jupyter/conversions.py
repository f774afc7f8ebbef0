"""The routes of conversions: `/nbconvert/{format}/PATH`, `/nbconvert/{format}` and the list of formats, `/api/nbconvert`.

They are the exports of webipy under the names of nbconvert: of the document as it is now, with the pictures beside it. What is sent is sealed: in a
browser that shows it, nothing in it runs, and it reaches no network.

Source: jupyter_server 2.21, nbconvert handlers (REST API).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Raw, UnsetType

from webipy.core.api import calls, notebook_calls
from webipy.core.api.formats import ExportFormat
from webipy.io.jupyter.content_models import checked_path
from webipy.io.jupyter.routes import Answer, Asked, Refusal, Route, decoded
from webipy.io.reactor import Run
from webipy.io.web.files_resource import attachment
from webipy.server.ports.conversion import ExportedFile

POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'none'"
)

FORMATS: Final[dict[str, tuple[ExportFormat, str]]] = {
    "asciidoc": ("asciidoc", "text/asciidoc"),
    "html": ("html", "text/html"),
    "latex": ("latex", "text/latex"),
    "markdown": ("markdown", "text/markdown"),
    "notebook": ("ipynb", "application/json"),
    "pdf": ("pdf", "application/pdf"),
    "python": ("script", "text/x-python"),
    "rst": ("rst", "text/restructuredtext"),
    "script": ("script", ""),
    "slides": ("slides", "text/html"),
    "webpdf": ("pdf", "application/pdf"),
}
"""By the name of nbconvert: what webipy calls the format, and its media type; empty for that of the language."""


class Model(msgspec.Struct):
    """A notebook that is sent to be converted."""

    content: Raw | UnsetType = msgspec.UNSET
    name: str | None = None


class Conversions(msgspec.Struct, eq=False):
    """Notebooks in other formats.

    Args:
        find: Returns an export by its id and its name; `None` when there is none.
        run: Runs a function that blocks in a thread.
    """

    find: Callable[[str, str], ExportedFile | None]
    run: Run

    async def list_all(self, asked: Asked) -> Answer:
        """The formats."""
        return Answer({name: {"output_mimetype": kind} for name, (_, kind) in FORMATS.items()})

    async def get(self, asked: Asked) -> Answer:
        """A notebook below the root in another format.

        Raises:
            Refusal: 404, there is no such format or notebook.
        """
        format, path = _checked(asked), checked_path(asked.parts["path"])
        params = calls.CreateSession(path=path, temporary=True)
        session = await asked.ask("session.create", params, calls.Session)
        return await self._convert(asked, session.id, format)

    async def post(self, asked: Asked) -> Answer:
        """A notebook that is sent, in another format.

        Raises:
            Refusal: 400, it is none; 404, there is no such format.
        """
        format, raw = _checked(asked), asked.raw_body()
        model = await self.run(lambda: decoded(raw, Model))
        if isinstance(model.content, UnsetType):
            raise Refusal(400, 'The body is a model with a notebook: {"content": {...}}.')
        title = (model.name or "notebook").rpartition("/")[2].removesuffix(".ipynb")[:200]
        params = calls.CreateSession(notebook=model.content, title=title, temporary=True)
        session = await asked.ask("session.create", params, calls.Session)
        return await self._convert(asked, session.id, format)

    async def _convert(self, asked: Asked, session: str, format: ExportFormat) -> Answer:
        params = notebook_calls.ExportNotebook(session=session, format=format)
        made = await asked.ask("notebook.export", params, notebook_calls.Exported)
        export = self.find(made.url.split("/")[2], made.name)
        if export is None:
            raise Refusal(500, "The converted notebook is gone: try again.")
        body = await self.run(lambda: _read(str(export.path)))
        headers = {"Content-Security-Policy": POLICY}
        if (asked.query("download") or "").lower() in ("1", "true") or made.media_type == "application/zip":
            headers["Content-Disposition"] = attachment(_name(made.name, asked.parts["format"])).decode()
        _, kind = FORMATS[asked.parts["format"]]
        if made.media_type == "application/zip" or not kind:
            kind = made.media_type
        if kind.startswith("text/"):
            kind += "; charset=utf-8"
        return Answer(body=body, content_type=kind, headers=headers)


def _checked(asked: Asked) -> ExportFormat:
    """What webipy calls the format that is asked for.

    Raises:
        Refusal: 404, there is none; 400, it is to be sanitized.
    """
    format = asked.parts["format"]
    if format not in FORMATS:
        raise Refusal(404, f"No exporter for format {format[:40]!r}: there are {', '.join(FORMATS)}.")
    if (asked.query("sanitize_html") or "").lower() in ("1", "true"):
        raise Refusal(
            400,
            "Conversions are not sanitized here: they are sent sealed, so nothing in them runs. Leave sanitize_html out.",
        )
    return FORMATS[format][0]


def _name(made: str, format: str) -> str:
    """The name that a document is saved under: one that was made as Python is a `.py`, also of a notebook that does not name its language."""
    return made.removesuffix(".txt") + ".py" if format == "python" and made.endswith(".txt") else made


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def routes(conversions: Conversions) -> list[Route]:
    """The routes.

    Args:
        conversions: What answers.
    """
    return [
        Route("/api/nbconvert", {"GET": conversions.list_all}),
        Route("/nbconvert/{format}", {"POST": conversions.post}, method=""),
        Route("/nbconvert/{format}/{path...}", {"GET": conversions.get}, method=""),
    ]
