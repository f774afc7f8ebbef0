"""What JupyterLab's own library knows, asked of a process: `python -m webipy.labprocess`.

Importing jupyterlab_server costs half a second and 60 MB, which the server would pay for ever; the process is there while pages of JupyterLab are
used (webipy.io.jupyter.lab_link). One line of JSON in is one question, one line out its answer:

    {"id": 1, "ask": "settings", "params": {"name": "@jupyterlab/apputils-extension:themes"}}
    {"id": 1, "status": 200, "value": {...}}          {"id": 1, "status": 404, "value": "there is no such ..."}

The first line out, before any question, is `{"id": 0, "status": 200, "value": null}`, or status 404 where JupyterLab is not installed. The process
ends with its standard input. What libraries print goes to standard error.

Settings, workspaces and language packs are those of JupyterLab for this user on this machine (`~/.jupyter/lab`, `JUPYTERLAB_SETTINGS_DIR`, ...):
who has used JupyterLab before finds all as it was, and changes are there for the next `jupyter lab`, too.

Source: jupyterlab_server 2.28 (config, settings_utils, workspaces_handler, translation_utils, licenses_handler), notebook 7.6 (app).
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import re
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import IO, Any

Params = dict[str, Any]

TEMPLATES = {"lab": "index.html", "tree": "tree.html", "notebooks": "notebooks.html", "edit": "edit.html"}
TEMPLATES |= {"consoles": "consoles.html", "terminals": "terminals.html"}
"""By the page: the template that the package of its program has for it."""


class Refused(Exception):
    """A question that has another answer than a value.

    Args:
        status: The HTTP status.
        message: One sentence.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Lab:
    """Answers questions; each public method is one, by its name."""

    def __init__(self) -> None:
        from jupyter_core.paths import jupyter_path
        from jupyterlab.commands import get_app_dir, get_user_settings_dir, get_workspaces_dir

        app = Path(get_app_dir())
        self._app, self._settings_folder, self._workspaces = app, get_user_settings_dir(), get_workspaces_dir()
        self._schemas, self._app_settings = str(app / "schemas"), str(app / "settings")
        self._extensions: list[str] = jupyter_path("labextensions")
        self._notebook = _folder_of("notebook")

    # ---- pages and files

    def folders(self, params: Params) -> dict[str, list[str]]:
        """Where files lie that pages load, by the part of their address."""
        themes = [
            str(path) for one in self._extensions for path in sorted(Path(one).glob("**/themes")) if path.is_dir()
        ]
        server, config = _folder_of("jupyter_server"), os.path.dirname(os.path.dirname(self._settings_folder))
        found = {
            "static": [str(self._app / "static")],
            "themes": [*themes, str(self._app / "themes")],
            "extensions": self._extensions,
            "favicons": [str(server / "static" / "favicons")] if server else [],
            "notebook": [str(self._notebook / "static")] if self._notebook else [],
            "custom": [os.path.join(config, "custom"), *([str(self._notebook / "custom")] if self._notebook else [])],
        }
        return found

    def page(self, params: Params) -> dict[str, Any]:
        """The document of a page: its template, filled.

        Args:
            params: `page` (of `TEMPLATES`), `base` (the base URL, with a slash at its end) and `config`, which goes before what is configured on
            this machine.

        Raises:
            Refused: 404, the program of the page is not installed.
        """
        from jinja2 import Environment, FileSystemLoader

        page, base = params["page"], params["base"]
        folder = self._app / "static" if page == "lab" else (self._notebook or Path("/")) / "templates"
        if not (folder / TEMPLATES[page]).is_file():
            raise Refused(404, "not installed")
        config = self._page_config() | params["config"]
        config["disabledExtensions"] = [*config.get("disabledExtensions", []), *params.get("disabled", [])]
        environment = Environment(loader=FileSystemLoader(str(folder)), autoescape=True)
        template = environment.get_template(TEMPLATES[page])
        html = template.render(
            page_config=config, base_url=base, ws_url="", custom_css=True, static_url=lambda name: base
        )
        return {"html": html, "folders": self.folders({})}

    def _page_config(self) -> Params:
        from jupyterlab import __version__
        from jupyterlab_server.config import get_page_config

        config: Params = get_page_config(self._extensions, self._app_settings, logger=logging.getLogger())
        version = [int(part) for part in re.findall(r"[0-9]+", metadata.version("jupyter_server"))[:3]]
        return {
            "appVersion": __version__,
            "notebookVersion": version,
            **config,
        }  # JupyterLab means the server by that name

    # ---- settings

    def settings(self, params: Params) -> Any:
        """The settings of one plugin, or of all.

        Args:
            params: `name` (empty for all), `ids_only`.
        """
        from jupyterlab_server.settings_utils import get_settings

        more = {"ids_only": True} if params.get("ids_only") else {}
        found, warnings = get_settings(
            self._app_settings,
            self._schemas,
            self._settings_folder,
            labextensions_path=self._extensions,
            schema_name=_plain(params["name"]),
            translator=self._translator(),
            **more,
        )
        for warning in filter(None, warnings):
            print(warning, file=sys.stderr)
        return found

    def save_settings(self, params: Params) -> None:
        """Writes what a user has chosen for a plugin.

        Args:
            params: `name` and `raw`, a text of JSON5.

        Raises:
            Refused: 400, the schema does not allow them.
        """
        from jsonschema import ValidationError
        from jupyterlab_server.settings_utils import _get_overrides, save_settings

        overrides, _ = _get_overrides(self._app_settings)
        names = (self._schemas, self._settings_folder, _plain(params["name"]))
        try:
            save_settings(*names, params["raw"], overrides, self._extensions)
        except ValidationError as fault:
            raise Refused(400, f"These settings are not valid: {fault.message}.") from None

    def _translator(self) -> Callable[[Params], Params]:
        from jupyterlab_server.translation_utils import translator

        translator.set_locale(self._locale())
        translate: Callable[[Params], Params] = translator.translate_schema
        return translate

    def _locale(self) -> str:
        """The language that the user has chosen."""
        from jupyterlab_server.settings_utils import get_settings
        from jupyterlab_server.translation_utils import DEFAULT_LOCALE, L10N_SCHEMA_NAME, SYS_LOCALE, is_valid_locale

        names = (self._app_settings, self._schemas, self._settings_folder)
        try:
            found, _ = get_settings(*names, schema_name=L10N_SCHEMA_NAME, labextensions_path=self._extensions)
        except Exception as fault:  # tornado's, or what a broken file of settings raises: English then
            print(fault, file=sys.stderr)
            return str(DEFAULT_LOCALE)
        chosen = found.get("settings", {}).get("locale", DEFAULT_LOCALE)
        chosen = SYS_LOCALE if chosen == "default" else chosen
        return str(chosen if is_valid_locale(chosen) else DEFAULT_LOCALE)

    def translations(self, params: Params) -> Params:
        """The language packs that are installed, or the texts of one.

        Args:
            params: `locale`; empty for the list.
        """
        from jupyterlab_server.translation_utils import (
            SYS_LOCALE,
            get_language_pack,
            get_language_packs,
            is_valid_locale,
        )

        locale = params["locale"]
        if not locale:
            found, message = get_language_packs(display_locale=self._locale())
            return {"data": found, "message": message}
        locale = SYS_LOCALE if locale == "default" else locale
        found, message = get_language_pack(locale)
        if not found and not message and locale != "en":
            message = f"Language pack '{locale}' not {'installed' if is_valid_locale(locale) else 'valid'}!"
        return {"data": found, "message": message}

    # ---- workspaces

    def workspaces(self, params: Params) -> Params:
        """All workspaces."""
        found = self._workspace_files().list_workspaces()
        return {"workspaces": {"ids": [one["metadata"]["id"] for one in found], "values": found}}

    def workspace(self, params: Params) -> Any:
        """The workspace of a name.

        Args:
            params: `name`.
        """
        return self._workspace_files().load(params["name"])

    def save_workspace(self, params: Params) -> None:
        """Writes a workspace.

        Args:
            params: `name` and `raw`, a text of JSON.

        Raises:
            Refused: 400, it is none.
        """
        try:
            self._workspace_files().save(params["name"], params["raw"])
        except (ValueError, KeyError, TypeError) as fault:
            raise Refused(400, f"This is no workspace: {fault}.") from None

    def delete_workspace(self, params: Params) -> None:
        """Deletes a workspace.

        Args:
            params: `name`.

        Raises:
            Refused: 404, there is none of that name.
        """
        try:
            self._workspace_files().delete(params["name"])
        except FileNotFoundError:
            raise Refused(404, f"There is no workspace {params['name']!r}.") from None

    def _workspace_files(self) -> Any:
        from jupyterlab_server.workspaces_handler import WorkspacesManager

        return WorkspacesManager(self._workspaces)

    # ---- licences

    def licenses(self, params: Params) -> Params:
        """The licences of what is in the pages, as a report.

        Args:
            params: `format`, `bundles`, `full_text`.

        Raises:
            Refused: 400, there is no such format, or the pattern is none.
        """
        from jupyterlab.labapp import LabApp
        from jupyterlab_server.licenses_handler import LicensesManager

        try:
            report, kind = LicensesManager(parent=LabApp()).report(
                params["format"], params["bundles"], params["full_text"]
            )
        except (ValueError, re.error) as fault:
            raise Refused(400, str(fault)) from None
        return {"report": report, "type": kind}


def _folder_of(package: str) -> Path | None:
    """The folder of a package, which is not imported; `None` where it is not installed."""
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(places[0]) if places else None


def _plain(name: str) -> str:
    """The name of a plugin, which the library makes a path of.

    Raises:
        Refused: 404, it could lead elsewhere.
    """
    if name.startswith("/") or "\\" in name or "\0" in name or ".." in re.split("[/:]", name):
        raise Refused(404, f"There are no settings {name[:200]!r}.")
    return name


def answer(lab: Lab, question: Params) -> Params:
    """The answer to one question.

    Args:
        lab: Answers.
        question: As the module's docstring says.
    """
    id, ask = question["id"], question["ask"]
    try:
        return {"id": id, "status": 200, "value": getattr(lab, ask)(question["params"])}
    except Refused as fault:
        return {"id": id, "status": fault.status, "value": str(fault)}
    except Exception as fault:  # the library raises tornado's errors, and those of every file of a user's
        status = getattr(fault, "status_code", 500)
        if status >= 500:
            logging.getLogger().warning("%s failed", ask, exc_info=True)
        return {"id": id, "status": status, "value": getattr(fault, "log_message", None) or str(fault)}


def serve(lines: IO[str], out: IO[str]) -> None:
    """Answers the questions of a stream until it ends.

    Args:
        lines: The questions.
        out: Where answers go.
    """

    def send(message: Params) -> None:
        out.write(json.dumps(message) + "\n")
        out.flush()

    if importlib.util.find_spec("jupyterlab") is None or importlib.util.find_spec("jupyterlab_server") is None:
        send({"id": 0, "status": 404, "value": "not installed"})
        return
    lab = Lab()
    send({"id": 0, "status": 200, "value": None})
    for line in lines:
        send(answer(lab, json.loads(line)))


if __name__ == "__main__":
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    os.umask(0o077)
    serve(sys.stdin, channel)
