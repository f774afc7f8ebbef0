"""webipy.io.jupyter.lab_pages, lab_files, lab_api: the pages of JupyterLab, with a made-up installation of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from tests.fakes import TOKEN
from tests.test_jupyter_routes import FakeLab, JupyterTestCase
from tests.test_site import Answer
from webipy.core.site_address import SitePath
from webipy.io.jupyter import lab_api, lab_files
from webipy.io.jupyter.lab_link import LabFailed
from webipy.io.jupyter.lab_pages import DISABLED, LAB_POLICY

PAGE = '<!doctype html><html><head><link rel="icon" href="/static/favicons/favicon.ico"></head><body>page</body></html>'
PLACES = (
    "/lab",
    "/lab/tree/a%20b/c.ipynb",
    "/doc/tree/c.ipynb",
    "/tree",
    "/notebooks/c.ipynb",
    "/edit/a.py",
    "/consoles/x",
    "/terminals/1",
)


class LabTestCase(JupyterTestCase):
    """A site where JupyterLab is installed."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        for name, body in self.packages().items():
            place = self.folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(body)
        kinds = ("static", "extensions", "themes", "favicons", "notebook", "custom")
        self.folders = {kind: [str(self.folder / kind)] for kind in kinds}
        self.installed = FakeLab({"folders": self.folders, "page": {"html": PAGE, "folders": self.folders}})
        super().setUp()

    def packages(self) -> Mapping[str, bytes]:
        """The files of the installation."""
        return {
            "static/main.0123456789abcdef.js": b"main()",
            "static/style.css": b"a{}",
            "extensions/@org/ext/static/remoteEntry.js": b"ext()",
            "themes/@jupyterlab/theme/index.css": b"b{}",
            "favicons/favicon.ico": b"icon",
            "notebook/bundle.js": b"bundle()",
            "secret": b"secret",
        }

    def lab(self) -> Any:
        """The lab process."""
        return self.installed

    def page(self, path: str, **given: str) -> Answer:
        """What the door of a page asks for, as who is signed in."""
        return self.ask("GET", path, **{**self.login(), **given})

    def config(self) -> Any:
        """The configuration of the page that was asked for last."""
        return next(params["config"] for question, params in reversed(self.installed.asked) if question == "page")


class Doors(LabTestCase):
    """Who gets a page."""

    def test_who_shows_no_key_gets_a_door(self) -> None:
        """Nobody, a cookie alone, the token of scripts: a document without a secret, and no token is made."""
        cookie = {"Cookie": self.login()["Cookie"]}
        for path in PLACES:
            for answer in (
                self.ask("GET", path),
                self.ask("GET", path, **cookie),
                self.ask("GET", path, Authorization=f"token {TOKEN}"),
                self.ask("GET", f"{path}?token={TOKEN}"),
            ):
                self.assertEqual((answer.status, answer.headers["content-security-policy"]), (200, LAB_POLICY), path)
                self.assertIn(b"x-webipy-key", answer.body)
                self.assertEqual(answer.headers["cache-control"], "no-store")
        self.assertEqual(self.installed.asked, [])
        self.assertIn(b'data-base="../../"', self.ask("GET", "/lab/tree/a.ipynb").body)
        self.assertIn(b'data-base="./"', self.ask("GET", "/lab").body)

    def test_a_wrong_key_is_refused(self) -> None:
        """So the door leads to the sign-in, and not to itself."""
        login = self.login()
        for headers in (
            {**login, "X_Webipy_Key": "wrong"},
            {**login, "Origin": "http://evil.example"},
            {"X_Webipy_Key": "x"},
        ):
            self.assertEqual(self.ask("GET", "/lab", **headers).status, 401)

    def test_guests_get_none(self) -> None:
        """And are told so."""
        answer = self.ask("GET", "/lab", **self.guest())
        self.assertEqual(answer.status, 403)
        self.assertIn(b"for whoever runs this server", answer.body)
        self.assertEqual(self.installed.asked, [])

    def test_the_owner_gets_the_page_with_a_token_of_its_own(self) -> None:
        """The token counts with the cookie alone, on the API, in addresses, and for files; not without the cookie; not after the login."""
        login = self.login()
        cookie = {"Cookie": login["Cookie"]}
        answer = self.ask("GET", "/lab", **login)
        token = self.config()["token"]
        self.assertEqual(answer.status, 200)
        self.assertIn(f'"_xsrf={token}"'.encode(), answer.body)
        self.assertTrue(answer.body.startswith(b"<!doctype html><html><head><script>"))
        self.assertEqual(answer.headers["content-security-policy"], LAB_POLICY)
        self.rig.disk.files.put("a.txt", b"text")
        places = ("/api/status", "/lab/api/workspaces", f"/api/kernels?token={token}")
        for place in places:
            shown = {} if "?" in place else {"Authorization": f"token {token}"}
            self.installed.answers["workspaces"] = {}
            self.assertEqual(self.ask("GET", place, **cookie, **shown).status, 200, place)
            self.assertEqual(self.ask("GET", place, **shown).status, 403, place)
            self.assertEqual(self.ask("GET", place.partition("?")[0], **cookie).status, 403, place)
        self.assertEqual(self.ask("GET", f"/kernelspecs/none/logo.svg?_xsrf={token}", **cookie).status, 404)
        self.assertEqual(self.ask("POST", f"/api/kernels?_xsrf={token}", **cookie).status, 403)
        self.rig.wait(Deferred.fromCoroutine(self.auth.logins.revoke([self.auth.logins.all()[0].id])))
        self.assertEqual(self.ask("GET", "/api/status", **cookie, Authorization=f"token {token}").status, 403)

    def test_where_it_is_not_installed(self) -> None:
        """The page says what to install."""
        self.installed.answers["page"] = LabFailed(404, "not installed")
        for path, package in (("/lab", b"webipy[lab]"), ("/tree", b"'notebook'")):
            answer = self.page(path)
            self.assertEqual(answer.status, 404)
            self.assertIn(package, answer.body)
        del self.installed.answers["page"]
        self.assertIn(b"is not installed", self.page("/lab").body)
        self.assertEqual(self.api("GET", "/lab/api/settings").status, 404)

    def test_what_fails_is_said(self) -> None:
        """As JSON, which the door shows."""
        self.installed.answers["page"] = LabFailed(503, "No process can be started.")
        answer = self.page("/lab")
        self.assertEqual((answer.status, answer.json()["message"]), (503, "No process can be started."))

    def test_a_person_who_opens_a_conversion_gets_the_page(self) -> None:
        """It makes a ticket; a program gets the refusal."""
        path = "/nbconvert/html/a.ipynb?download=true"
        self.assertEqual(self.ask("GET", path).status, 403)
        answer = self.ask("GET", path, Accept="text/html")
        self.assertEqual((answer.status, b"<script" in answer.body), (401, True))


class Configuration(LabTestCase):
    """What a page is given."""

    below = SitePath("/base/")

    def test_addresses_begin_with_the_base_url(self) -> None:
        """The one that the browser has; without one the server's."""
        self.page("/base/lab")
        self.assertEqual(self.config()["fullSettingsUrl"], "/base/lab/api/settings")
        self.assertEqual(self.config()["fullStaticUrl"], "/base/lab/static")
        self.page("/base/lab", X_Webipy_Base="/other/")
        self.assertEqual(
            (self.config()["baseUrl"], self.config()["fullThemesUrl"]), ("/other/", "/other/lab/api/themes")
        )
        self.page("/base/tree", X_Webipy_Base="//evil.example/<script>")
        self.assertEqual(
            (self.config()["baseUrl"], self.config()["fullStaticUrl"]), ("/base/", "/base/notebook/static")
        )

    def test_places(self) -> None:
        """The workspace and the path of an address; extensions that need a server of Jupyter are off."""
        for path, workspace, tree, mode in (
            ("/lab", "default", "", "multiple-document"),
            ("/lab/tree/a%20b/c.ipynb", "default", "a b/c.ipynb", "multiple-document"),
            ("/lab/workspaces/mine/tree/c.ipynb", "mine", "c.ipynb", "multiple-document"),
            ("/lab/workspaces/mine", "mine", "", "multiple-document"),
            ("/doc/tree/c.ipynb", "default", "c.ipynb", "single-document"),
        ):
            self.page(f"/base{path}")
            found = self.config()
            self.assertEqual((found["workspace"], found["treePath"], found["mode"]), (workspace, tree, mode), path)
        self.assertEqual(self.installed.asked[-1][1]["disabled"], DISABLED)
        self.page("/base/tree/a%20b")
        self.assertEqual((self.config()["treePath"], self.config()["appName"]), ("a b", "Jupyter Notebook"))


class Files(LabTestCase):
    """What pages load."""

    def test_files_of_packages_are_there_for_everybody(self) -> None:
        """With their types; for pages of this origin alone."""
        for path, body, kind in (
            ("/lab/static/main.0123456789abcdef.js", b"main()", "text/javascript; charset=utf-8"),
            ("/lab/static/style.css", b"a{}", "text/css; charset=utf-8"),
            ("/lab/extensions/@org/ext/static/remoteEntry.js", b"ext()", "text/javascript; charset=utf-8"),
            ("/lab/api/themes/@jupyterlab/theme/index.css", b"b{}", "text/css; charset=utf-8"),
            ("/static/favicons/favicon.ico", b"icon", "image/x-icon"),
            ("/notebook/static/bundle.js", b"bundle()", "text/javascript; charset=utf-8"),
            ("/custom/custom.css", b"", "text/css; charset=utf-8"),
        ):
            answer = self.ask("GET", path)
            self.assertEqual((answer.status, answer.body, answer.headers["content-type"]), (200, body, kind), path)
            self.assertEqual(answer.headers["cross-origin-resource-policy"], "same-origin")
        self.assertEqual(len(self.installed.asked), 1)

    def test_nothing_else_is(self) -> None:
        """No path and no link leads out of the folders; what is too large is not sent."""
        os.symlink(self.folder / "secret", self.folder / "static" / "link.js")
        (self.folder / "developed").mkdir()
        (self.folder / "developed" / "a.js").write_bytes(b"a()")
        os.symlink(self.folder / "developed", self.folder / "extensions" / "linked")
        for path in ("../secret", "%2e%2e/secret", "..%2fsecret", "link.js", "none.js", "a%00.js", "", "main"):
            self.assertEqual(self.ask("GET", f"/lab/static/{path}").status, 302 if not path else 404, path)
        self.assertEqual(self.ask("GET", "/lab/extensions/linked/a.js").body, b"a()")
        self.patch(lab_files, "MOST_BYTES", 2)
        self.assertEqual(self.ask("GET", "/lab/static/style.css").status, 404)

    def test_browsers_keep_them(self) -> None:
        """Those with a digest in their name for good; others are asked for again."""
        kept, asked = self.ask("GET", "/lab/static/main.0123456789abcdef.js"), self.ask("GET", "/lab/static/style.css")
        self.assertIn("immutable", kept.headers["cache-control"])
        self.assertIn("immutable", self.ask("GET", "/lab/static/style.css?v=abc").headers["cache-control"])
        self.assertEqual(asked.headers["cache-control"], "no-cache")
        again = self.ask("GET", "/lab/static/style.css", If_None_Match=asked.headers["etag"])
        self.assertEqual((again.status, again.body), (304, b""))


class Routes(LabTestCase):
    """Settings, workspaces, languages, licences: questions to the lab process."""

    def asked(self, method: str, path: str, body: bytes = b"") -> tuple[int, tuple[str, dict[str, Any]]]:
        """The status of a request, and what it asked."""
        answer = self.api(method, path, body)
        return answer.status, self.installed.asked[-1]

    def test_each_route_asks(self) -> None:
        """With what stands in its address and its body."""
        self.installed.answers |= {"licenses": {"report": "{}", "type": "application/json"}}
        for question in (
            "settings",
            "save_settings",
            "workspaces",
            "workspace",
            "save_workspace",
            "delete_workspace",
            "translations",
        ):
            self.installed.answers[question] = {}
        name, place = "@org/ext:plugin", "@org/ext%3Aplugin"
        for method, path, body, expected in (
            ("GET", "settings", b"", (200, ("settings", {"name": "", "ids_only": False}))),
            ("GET", "settings?ids_only=true", b"", (200, ("settings", {"name": "", "ids_only": True}))),
            ("GET", f"settings/{place}", b"", (200, ("settings", {"name": name}))),
            ("PUT", f"settings/{place}", b'{"raw": "{}"}', (204, ("save_settings", {"name": name, "raw": "{}"}))),
            ("GET", "workspaces", b"", (200, ("workspaces", {}))),
            ("GET", "workspaces/a", b"", (200, ("workspace", {"name": "a"}))),
            ("PUT", "workspaces/a", b'{"data": {}}', (204, ("save_workspace", {"name": "a", "raw": '{"data": {}}'}))),
            ("DELETE", "workspaces/a", b"", (204, ("delete_workspace", {"name": "a"}))),
            ("GET", "translations", b"", (200, ("translations", {"locale": ""}))),
            ("GET", "translations/de_DE", b"", (200, ("translations", {"locale": "de_DE"}))),
            (
                "GET",
                "licenses?full_text=false",
                b"",
                (200, ("licenses", {"full_text": False, "format": "json", "bundles": ".*"})),
            ),
        ):
            self.assertEqual(self.asked(method, f"/lab/api/{path}", body), expected, path)
        saved = self.api("GET", "/lab/api/licenses?format=csv&download=1")
        self.assertIn("jupyterlab-licenses.csv", saved.headers["content-disposition"])

    def test_what_needs_no_question(self) -> None:
        """Nothing is built, installed or forbidden here."""
        self.assertEqual(self.api("GET", "/lab/api/build").json(), {"status": "stable", "message": ""})
        self.assertEqual(
            self.api("GET", "/lab/api/listings/x").json(), {"blocked_extensions": [], "allowed_extensions": []}
        )
        self.assertEqual(self.api("GET", "/lab/api/none").status, 404)
        self.assertEqual(self.installed.asked, [])

    def test_what_is_refused(self) -> None:
        """By the lab process, and before it is asked."""
        self.installed.answers["save_settings"] = LabFailed(400, "These settings are not valid.")
        answer = self.api("PUT", "/lab/api/settings/a:b", b'{"raw": "5"}')
        self.assertEqual((answer.status, answer.json()["message"]), (400, "These settings are not valid."))
        for body in (b"{", b"[]", b"{}"):
            self.assertEqual(self.api("PUT", "/lab/api/settings/a:b", body).status, 400)
        self.patch(lab_api, "MOST_BYTES", 10)
        self.assertEqual(self.api("PUT", "/lab/api/workspaces/a", json.dumps("x" * 10).encode()).status, 413)
