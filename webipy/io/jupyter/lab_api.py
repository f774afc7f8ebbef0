"""The routes that JupyterLab has beside those of a Jupyter Server: settings, workspaces, languages, licences.

Each is a question to the lab process (webipy.labprocess).

Source: jupyterlab_server 2.28, rest-api.yml; JupyterLab 4.6.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from webipy.io.jupyter.lab_link import LabLink, asking
from webipy.io.jupyter.routes import Answer, Asked, Refusal, Route, decoded
from webipy.io.web.files_resource import attachment

MOST_BYTES: Final = 4 << 20
"""What the settings of one plugin, or one workspace, hold at most."""

ENDINGS: Final = {"json": "json", "csv": "csv", "markdown": "md"}


class _Raw(msgspec.Struct):
    raw: str


class LabApi(msgspec.Struct, eq=False):
    """What answers.

    Args:
        link: Asks the lab process.
    """

    link: LabLink

    async def settings(self, asked: Asked) -> Answer:
        """The settings of all plugins, or only their names."""
        is_short = asked.query("ids_only") == "true"
        return Answer(await self._ask("settings", name="", ids_only=is_short))

    async def setting(self, asked: Asked) -> Answer:
        """The settings of one plugin."""
        return Answer(await self._ask("settings", name=asked.parts["name"]))

    async def save_setting(self, asked: Asked) -> Answer:
        """Writes what a user has chosen for a plugin."""
        chosen = decoded(_checked(asked), _Raw)
        await self._ask("save_settings", name=asked.parts["name"], raw=chosen.raw)
        return Answer(status=204)

    async def workspaces(self, asked: Asked) -> Answer:
        """All workspaces."""
        return Answer(await self._ask("workspaces"))

    async def workspace(self, asked: Asked) -> Answer:
        """One workspace; an empty one where there is none."""
        return Answer(await self._ask("workspace", name=asked.parts["name"]))

    async def save_workspace(self, asked: Asked) -> Answer:
        """Writes a workspace."""
        raw = _checked(asked).decode("utf-8", "replace")
        await self._ask("save_workspace", name=asked.parts["name"], raw=raw)
        return Answer(status=204)

    async def delete_workspace(self, asked: Asked) -> Answer:
        """Deletes a workspace."""
        await self._ask("delete_workspace", name=asked.parts["name"])
        return Answer(status=204)

    async def translations(self, asked: Asked) -> Answer:
        """The language packs that are installed, or the texts of one."""
        return Answer(await self._ask("translations", locale=asked.parts.get("locale", "")))

    async def licenses(self, asked: Asked) -> Answer:
        """The licences of what is in the pages."""
        format = asked.query("format") or "json"
        params = {"format": format, "bundles": asked.query("bundles") or ".*"}
        found = await self._ask("licenses", full_text=asked.query("full_text") != "false", **params)
        name = f"jupyterlab-licenses.{ENDINGS.get(format, 'txt')}"
        headers = {"Content-Disposition": attachment(name).decode()} if asked.query("download") in ("1", "true") else {}
        return Answer(body=found["report"].encode(), content_type=found["type"], headers=headers)

    async def build(self, asked: Asked) -> Answer:
        """Whether JupyterLab is to be built again: it never is here, `jupyter lab build` does that."""
        return Answer({"status": "stable", "message": ""})

    async def language_servers(self, asked: Asked) -> Answer:
        """The language servers of jupyter-lsp: none, as it is a part of a Jupyter Server."""
        return Answer({"version": 2, "sessions": {}, "specs": {}})

    async def listing(self, asked: Asked) -> Answer:
        """The extensions that may be installed: JupyterLab installs none here, pip does that."""
        nothing: list[str] = []
        return Answer({"blocked_extensions": nothing, "allowed_extensions": nothing})

    async def _ask(self, question: str, **params: object) -> Any:
        return await asking(self.link.ask(question, **params))


def _checked(asked: Asked) -> bytes:
    body = asked.raw_body().strip()
    if len(body) > MOST_BYTES:
        raise Refusal(413, f"This holds at most {MOST_BYTES >> 20} MiB.")
    return body


def routes(link: LabLink) -> list[Route]:
    """The routes.

    Args:
        link: Asks the lab process.
    """
    api = LabApi(link)
    one: dict[str, Callable[[Asked], Awaitable[Answer]]] = {"GET": api.setting, "PUT": api.save_setting}
    space = {"GET": api.workspace, "PUT": api.save_workspace, "DELETE": api.delete_workspace}
    return [
        Route("/lab/api/settings", {"GET": api.settings}),
        Route("/lab/api/settings/{name...}", one),
        Route("/lab/api/workspaces", {"GET": api.workspaces}),
        Route("/lab/api/workspaces/{name...}", space),
        Route("/lab/api/translations", {"GET": api.translations}),
        Route("/lab/api/translations/{locale}", {"GET": api.translations}),
        Route("/lab/api/licenses", {"GET": api.licenses}),
        Route("/lab/api/build", {"GET": api.build}),
        Route("/lab/api/listings/{path...}", {"GET": api.listing}),
        Route("/lsp/status", {"GET": api.language_servers}),
    ]
