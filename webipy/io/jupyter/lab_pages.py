"""The pages of JupyterLab and Notebook: `/lab/...`, `/doc/...`, `/tree/...`, `/notebooks/...`, `/edit/...`, `/consoles/...`, `/terminals/...`.

::

    browser ──GET /lab/tree/a.ipynb (cookie)──► door ──GET the same (cookie, key)──► page with its lab token ──► takes the place of the door
                                                  └── no login: the sign-in of webipy, and back

A browser that opens an address sends no key, so it is nobody. It gets a *door*: a document without a secret whose script asks for the page as who
is signed in, and puts it into its own place. The page is the template of the installed program, filled by the lab process (webipy.labprocess), with
a lab token (webipy.server.people.lab_tokens) in its configuration. Where the browser itself fetches something for the page, JupyterLab puts the
`_xsrf` of `document.cookie` into the address; `document.cookie` of the page names the lab token as that, and no real cookie does.

These pages run what outputs and extensions bring, as in JupyterLab everywhere: their policy says so (`LAB_POLICY`), and that of webipy's own page
is none the weaker. But they are of the same origin: what runs in them can do all that their owner can.

Invariants: no secret is in an answer to who shows none; guests get no page; a token is made only for a login of a browser.

Rejected: a ticket in the address (it would be worth a token); the page's data in the document for everybody (it names folders of the machine); a
frame for JupyterLab (its addresses, its shortcuts and its windows are those of a page).
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any, Final

import msgspec

from webipy.io.jupyter.lab_files import LabFiles
from webipy.io.jupyter.lab_link import LabFailed, NotInstalled
from webipy.io.jupyter.routes import Answer, Asked, Refusal, Route
from webipy.io.web.request_auth import COOKIE_PATH, KEY_HEADER, PAGE_HEADER, RequestAuth
from webipy.server.people.hub_logins import HubLogins
from webipy.server.people.logins import TOKEN_LOGIN

LAB_POLICY: Final = (
    "default-src 'self' https: data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' https: data: blob:; "
    "style-src 'self' 'unsafe-inline' https: data: blob:; connect-src 'self' ws: wss: https: data: blob:; worker-src 'self' blob:; "
    "object-src 'self' blob:; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
"""Outputs and extensions run in the page, and load libraries from where they like: whoever wants them sealed opens the notebook in webipy's page."""

DISABLED: Final = ("@jupyterlab/apputils-extension:announcements", "@jupyterlab/extensionmanager-extension:plugin")
"""What asks a server of Jupyter for news, and what installs packages into its environment: pip does that."""

PAGES: Final = ("lab", "doc", "tree", "notebooks", "edit", "consoles", "terminals")
"""The first parts of the addresses of pages."""

NAMES: Final = {"lab": "JupyterLab"}
NOTEBOOK: Final = "Jupyter Notebook"

_WORKSPACE: Final = re.compile(r"/workspaces/([\w-]+)")
_TREE: Final = re.compile(r"/tree/(.*)")

_STYLE: Final = "body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:15vh auto;padding:0 1em}code{background:#8882;padding:.1em .3em}"

_DOOR: Final = """<!doctype html>
<html lang="en" data-base="{way}"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>{name}</title><style>{style}</style></head>
<body><p id="words" role="status">Opening {name}…</p>
<script>
(async () => {{
  const say = words => {{ document.getElementById("words").textContent = words; }};
  const base = new URL(document.documentElement.dataset.base, location.href).pathname;
  const here = location.pathname.slice(base.length - 1) + location.search + location.hash;
  const signIn = () => location.replace(`${{base}}?then=${{encodeURIComponent(here)}}`);
  let key = null;
  try {{ key = localStorage.getItem(base === "/" ? "webipy-key" : `webipy-key ${{base}}`); }} catch {{}}
  if (key === null) return signIn();
  let answer, text;
  try {{
    answer = await fetch(location.href, {{ headers: {{ "{key_header}": key, "{page_header}": base }}, cache: "no-store" }});
    text = await answer.text();
  }} catch {{
    return say("The server does not answer. Load this page again when it runs.");
  }}
  if (answer.status === 401) return signIn();
  if (!(answer.headers.get("content-type") ?? "").startsWith("text/html")) return say(JSON.parse(text).message);
  document.open();
  document.write(text);
  document.close();
}})();
</script></body></html>
"""

_WORDS: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>{title}</title><style>{style}</style></head>
<body><h1>{title}</h1><p>{words}</p><p><a href="{base}">Go to webipy's page</a></p></body></html>
"""

_TOKEN_AS_COOKIE: Final = """<script>(() => {{
  const real = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  Object.defineProperty(document, "cookie", {{
    configurable: true,
    get: () => [real.get.call(document), "_xsrf={token}"].filter(Boolean).join("; "),
    set: value => real.set.call(document, value),
  }});
}})()</script>"""


class LabPages(msgspec.Struct, eq=False):
    """The pages.

    Args:
        auth: Makes their tokens, and knows the base URL.
        files: What they load; its link fills their templates.
        root: The root, an absolute path of this machine.
        has_terminals: Whether there are terminals.
        program: The script that shows what others run (web/src/jupyter).
    """

    auth: RequestAuth
    files: LabFiles
    root: str
    has_terminals: bool
    program: Path

    async def lab(self, asked: Asked) -> Answer:
        """JupyterLab; several documents at once.

        Raises:
            Refusal: 404, it is no page.
        """
        if asked.parts["path"].startswith(("api/", "static/", "extensions/")):
            raise Refusal(404, "Not Found")
        return await self._page(asked, "lab", _place(asked) | {"mode": "multiple-document"})

    async def document(self, asked: Asked) -> Answer:
        """JupyterLab with one document."""
        return await self._page(asked, "lab", _place(asked) | {"mode": "single-document"})

    async def tree(self, asked: Asked) -> Answer:
        """Notebook: the files of a folder."""
        return await self._page(asked, "tree", {"treePath": asked.parts["path"]})

    async def notebook(self, asked: Asked) -> Answer:
        """Notebook: one notebook."""
        return await self._page(asked, "notebooks", {})

    async def edit(self, asked: Asked) -> Answer:
        """Notebook: one text."""
        return await self._page(asked, "edit", {})

    async def console(self, asked: Asked) -> Answer:
        """Notebook: a console."""
        return await self._page(asked, "consoles", {})

    async def terminal(self, asked: Asked) -> Answer:
        """Notebook: a terminal."""
        return await self._page(asked, "terminals", {})

    async def _page(self, asked: Asked, page: str, config: dict[str, Any]) -> Answer:
        """A page for the owner; for who shows no login the door of it."""
        principal, base, name = asked.connection.principal, self._path_of(asked), NAMES.get(page, NOTEBOOK)
        if principal is None or principal.login == TOKEN_LOGIN or principal.token is not None:
            if asked.request.header(KEY_HEADER) is not None:
                raise Refusal(401, "Sign in first.")
            return _document(_door(asked, name))
        if principal.session is not None:
            words = f"{name} is for whoever runs this server. You came by the link of one session: it is open in webipy's page."
            return _document(_WORDS.format(title="Not for guests", words=words, base=base, style=_STYLE), 403)
        try:
            token = await self.auth.logins.lab_tokens.make(principal.login)
            made = await self.files.link.ask(
                "page",
                page=page,
                base=base,
                config=self._config(page, base, token, config | _of_hub(self.auth.hub)),
                disabled=DISABLED,
            )
        except NotInstalled:
            return _document(_missing(name, page, base), 404)
        except LabFailed as fault:
            if fault.status != 404:
                raise Refusal(fault.status, fault.message) from None
            return _document(_missing(name, page, base), 404)
        self.files.folders = made["folders"]
        program = await self.files.run(lambda: _read(self.program))
        return _document(with_head(made["html"], token, program))

    def _path_of(self, asked: Asked) -> str:
        """The base URL as the browser has it; the door says it, as a proxy may have taken a part away."""
        given = asked.request.header(PAGE_HEADER) or ""
        return given if COOKIE_PATH.fullmatch(given) else self.auth.path_of(asked.request.header)

    def _config(self, page: str, base: str, token: str, more: dict[str, Any]) -> dict[str, Any]:
        """The configuration of a page: where everything is."""
        static = f"{base}lab/static" if page == "lab" else f"{base}notebook/static"
        api = {
            name: f"/lab/api/{name}"
            for name in ("settings", "workspaces", "themes", "translations", "licenses", "listings")
        }
        urls = {
            "appUrl": "/lab",
            "labextensionsUrl": "/lab/extensions",
            "treeUrl": "/lab/tree",
            "workspacesApiUrl": api["workspaces"],
            "translationsApiUrl": api["translations"],
            **{f"{name}Url": api[name] for name in ("settings", "themes", "licenses", "listings")},
        }
        full = {f"full{name[0].upper()}{name[1:]}": base + url[1:] for name, url in urls.items()}
        return {
            **urls,
            **full,
            "appName": NAMES.get(page, NOTEBOOK),
            "appNamespace": "lab",
            "baseUrl": base,
            "wsUrl": "",
            "frontendUrl": base,
            "fullStaticUrl": static,
            "token": token,
            "appendToken": "true",  # to the addresses of sockets, too
            "terminalsAvailable": self.has_terminals,
            "serverRoot": self.root,
            "preferredPath": "/",
            "exposeAppInBrowser": True,  # to what follows the runs of others: web/src/jupyter
            "quitButton": self.auth.hub is None,
            "allow_hidden_files": False,
            **dict.fromkeys(("buildAvailable", "buildCheck"), False),
            "disableRTC": True,  # documents are saved and merged; its shared ones would be those of notebooks alone
            "notebookStartsKernel": True,
            "nbclassic_enabled": False,
            "workspace": "default",
            "treePath": "",
            **more,
        }


def _of_hub(hub: HubLogins | None) -> dict[str, str]:
    """What JupyterLab's own menu for a hub reads: its pages, and who signs out where."""
    if hub is None:
        return {}
    place = hub.place
    return {
        "hubHost": place.host,
        "hubPrefix": place.path,
        "hubUser": place.user,
        "hubServerUser": place.user,
        "hubServerName": place.server,
        "shareUrl": f"{place.host}{place.path}user-redirect/",
    }


def with_head(document: str, token: str, program: str) -> str:
    """A page that names its token where JupyterLab looks for the `_xsrf` of addresses, and runs a program before its own.

    Args:
        document: The page, HTML.
        token: The token.
        program: The program.
    """
    head, tag, rest = document.partition("<head>")
    safe = program.replace("</", "<\\/")
    return f"{head}{tag}{_TOKEN_AS_COOKIE.format(token=token)}<script>{safe}</script>{rest}"


def _read(path: Path) -> str:
    """A script of the built page; empty in a checkout where it is not built."""
    return path.read_text("utf-8") if path.is_file() else ""


def _place(asked: Asked) -> dict[str, Any]:
    """The workspace and the path in the address of JupyterLab: `/workspaces/NAME/tree/PATH`, each part may lack."""
    path = "/" + asked.parts["path"]
    workspace, tree = _WORKSPACE.match(path), _TREE.search(path)
    return {"workspace": workspace[1] if workspace else "default", "treePath": tree[1] if tree else ""}


def _door(asked: Asked, name: str) -> str:
    way = "../" * (asked.request.path.count(b"/") - 1) or "./"
    return _DOOR.format(way=way, name=name, style=_STYLE, key_header=KEY_HEADER, page_header=PAGE_HEADER)


def _missing(name: str, page: str, base: str) -> str:
    package = "webipy[lab]" if page == "lab" else "notebook"
    words = f"Install it into webipy's environment, <code>pip install '{package}'</code>, and load this page again. The server need not be restarted."
    return _WORDS.format(title=f"{name} is not installed", words=words, base=html.escape(base), style=_STYLE)


def _document(body: str, status: int = 200) -> Answer:
    headers = {"Content-Security-Policy": LAB_POLICY}
    return Answer(body=body.encode(), status=status, content_type="text/html; charset=utf-8", headers=headers)


def routes(pages: LabPages) -> list[Route]:
    """The routes.

    Args:
        pages: What answers.
    """
    answers = (pages.lab, pages.document, pages.tree, pages.notebook, pages.edit, pages.console, pages.terminal)
    return [Route(f"/{top}/{{path...}}", {"GET": answer}, "none") for top, answer in zip(PAGES, answers, strict=True)]
