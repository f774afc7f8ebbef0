"""webipy.io.jupyter.front_end, webipy.io.jupyter.config_sections and webipy.io.jupyter.conversions: what front ends ask beside kernels and files."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
from twisted.internet.defer import Deferred, maybeDeferred

from tests.test_documents import notebook
from tests.test_jupyter_routes import JupyterTestCase
from webipy.io.jupyter import config_sections
from webipy.io.jupyter.routes import Asked
from webipy.server.ports.conversion import ExportedFile


class FrontEnds(JupyterTestCase):
    """The small routes."""

    def test_who_the_user_is(self) -> None:
        """Whoever gets here may do all; their name is an option of the server."""
        found = self.api("GET", "/api/me?permissions=%7B%22contents%22%3A%5B%22read%22%5D%7D").json()
        self.assertEqual(found["permissions"], {"contents": ["read"], "updatable_fields": []})
        self.assertEqual(
            sorted(found["identity"]), ["avatar_url", "color", "display_name", "initials", "name", "username"]
        )
        for wrong in ("x", "[]", "%7B%22a%22%3A1%7D", "%7B%22a%22%3A%5B1%5D%7D"):
            self.assertEqual(self.api("GET", f"/api/me?permissions={wrong}").status, 400)
        self.assertEqual(self.api("PATCH", "/api/me", b'{"name": "Eve"}').status, 501)

    def test_all_routes_are_described(self) -> None:
        """With a sentence each."""
        answer = self.api("GET", "/api/spec.yaml")
        self.assertEqual(answer.headers["content-type"], "text/x-yaml")
        paths = answer.json()["paths"]
        self.assertEqual(set(paths), {route.path.replace("...}", "}") for route in self.routes()})
        self.assertTrue(all(one["summary"] for methods in paths.values() for one in methods.values()))

    def test_where_a_path_in_the_home_folder_is(self) -> None:
        """As tracebacks write it: below the root, or nowhere; the home folder of somebody else is none."""
        self.rig.disk.files.put("plots/a.png", b"x")
        (front_end,) = {route.functions["GET"].__self__ for route in self.routes() if route.path == "/api/resolvePath"}  # type: ignore[attr-defined]
        root = self.file_tree.root.path
        for home, path, found in (
            (root, "~/plots/a.png", ["plots/a.png"]),
            (root, "~/plots/../plots/a.png", ["plots/a.png"]),
            (root, "~", [""]),
            (root.parent, f"~/{root.name}/plots/a.png", ["plots/a.png"]),
            (root.parent, "~/plots/a.png", []),
            (root, "~root/plots/a.png", []),
            (root, "~/../x", []),
        ):
            front_end.home = str(home)
            answer = self.api("GET", f"/api/resolvePath?path={path}").json()
            self.assertEqual([one["path"] for one in answer["resolved"]], found, path)

    def test_where_a_path_is(self) -> None:
        """Below the root, or nowhere."""
        self.rig.disk.files.put("plots/a.png", b"x")
        root = str(self.file_tree.root.path)
        for path, found in (
            (f"{root}/plots/a.png", ["plots/a.png"]),
            (f"{root}/plots/../plots/a.png", ["plots/a.png"]),
            (f"{root}", [""]),
            ("plots/a.png", ["plots/a.png"]),
            (f"{root}/none", []),
            (f"{root}em", []),
            ("/etc/passwd", []),
            ("../x", []),
            (f"{root}/../x", []),
        ):
            answer = self.api("GET", f"/api/resolvePath?path={path}").json()
            self.assertEqual([one["path"] for one in answer["resolved"]], found, path)
            self.assertNotIn("unresolved", answer)
        self.assertEqual(self.api("GET", "/api/resolvePath").status, 400)
        self.assertEqual(self.api("GET", "/api/resolvePath?path=a&kernel=x").json()["unresolved"][0]["scope"], "kernel")
        self.rig.session("python3")
        (kernel,) = self.api("GET", "/api/kernels").json()
        for spelled in (kernel["id"], kernel["id"].replace("-", "")):
            self.assertNotIn("unresolved", self.api("GET", f"/api/resolvePath?path=a&kernel={spelled}").json())

    def test_a_report_of_a_browser_is_logged(self) -> None:
        """Cut."""
        self.assertEqual(self.api("POST", "/api/security/csp-report", b'{"csp-report": {}}' * 1000).status, 200)

    def test_the_server_stops_when_the_answer_is_sent(self) -> None:
        """Once."""
        self.assertEqual(self.api("POST", "/api/shutdown").status, 200)
        self.rig.turn()
        self.assertEqual(self.stopped, [1])


class Sections(JupyterTestCase):
    """`/api/config`."""

    def test_a_section_is_kept(self) -> None:
        """As it was written, changed value by value; an unknown one is empty."""
        place = "/api/config/notebook"
        self.assertEqual(self.api("GET", place).json(), {})
        self.assertEqual(self.api("PUT", place, b'{"a": 1, "b": {"c": 2, "d": 3}, "e": {"f": 4}, "g": 5}').status, 204)
        change = (
            b'{"a": null, "b": {"c": null, "x": {"y": 1}}, "e": {"f": null}, "g": {"h": 6}, "i": [1], "n": {"z": null}}'
        )
        expected = {"b": {"d": 3, "x": {"y": 1}}, "g": {"h": 6}, "i": [1]}
        self.assertEqual(self.api("PATCH", place, change).json(), expected)
        self.assertEqual(self.api("GET", place).json(), expected)
        self.assertEqual([one.name for one in (self.state / "jupyter" / "config").iterdir()], ["notebook.json"])

    def test_changes_that_come_at_once_are_all_kept(self) -> None:
        """Each reads the section and writes it, in a thread of its own."""

        sections = config_sections.ConfigSections(self.state, maybeDeferred)

        def change(number: int) -> None:
            nobody: Any = None  # the gate is not asked here
            request: Any = SimpleNamespace(content=BytesIO(json.dumps({f"v{number}": 1}).encode()))
            asked = Asked(request, {"section": "a"}, nobody, nobody)
            self.successResultOf(Deferred.fromCoroutine(sections.patch(asked)))

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(change, range(200)))
        self.assertEqual(len(json.loads((self.state / "a.json").read_bytes())), 200)

    def test_what_is_no_section(self) -> None:
        """No path leads out of the folder; what is too much is refused."""
        for name in ("a.b", "..%2fx", "a%2fb", "%2e%2e", "a" * 65, "%00", "%c3%a4"):
            self.assertEqual(self.api("PUT", f"/api/config/{name}", b"{}").status, 404, name)
        for body in (b"[]", b"5", b"{", b'{"a":' * 5000):
            self.assertEqual(self.api("PUT", "/api/config/a", body).status, 400)
        self.patch(config_sections, "MOST_BYTES", 10)
        self.assertEqual(self.api("PUT", "/api/config/a", b'{"a": "0123456789"}').status, 413)
        self.patch(config_sections, "MOST_SECTIONS", 1)
        self.assertEqual([self.api("PUT", f"/api/config/{name}", b"{}").status for name in "aba"], [204, 413, 204])


class Conversions(JupyterTestCase):
    """`/nbconvert`."""

    def setUp(self) -> None:
        super().setUp()
        self.files: Any = self.rig.disk.files
        self.files.put("a.ipynb", notebook("x = 1"))
        made = Path(self.mktemp())
        made.write_bytes(b"<p>made")
        self.export = ExportedFile("e1", str(made), "a.html", "text/html; charset=utf-8", 7)
        converter: Any = self.rig.services.world.converter
        converter.exported = self.export

    def test_formats(self) -> None:
        """Under the names of nbconvert."""
        self.assertEqual(self.api("GET", "/api/nbconvert").json()["html"], {"output_mimetype": "text/html"})

    def test_a_notebook_is_converted(self) -> None:
        """One below the root, or one that is sent; sealed, and shown or saved."""
        model = json.dumps({"name": "b.ipynb", "content": json.loads(notebook("y"))}).encode()
        for answer in (self.api("GET", "/nbconvert/html/a.ipynb"), self.api("POST", "/nbconvert/html", model)):
            self.assertEqual((answer.status, answer.body), (200, b"<p>made"))
            self.assertEqual(answer.headers["content-type"], "text/html; charset=utf-8")
            self.assertIn("sandbox; default-src 'none'", answer.headers["content-security-policy"])
            self.assertNotIn("content-disposition", answer.headers)
        saved = self.api("GET", "/nbconvert/python/a.ipynb?download=true")
        self.assertIn("attachment", saved.headers["content-disposition"])
        self.assertEqual(saved.headers["content-type"], "text/x-python; charset=utf-8")

    def test_a_program_of_no_known_language_is_saved_as_what_was_asked_for(self) -> None:
        """`script` has no better ending."""
        self.export = attrs.evolve(self.export, name="a.txt") if self.export is not None else None
        converter: Any = self.rig.services.world.converter
        converter.exported = self.export
        for format, name in (("python", "a.py"), ("script", "a.txt")):
            saved = self.api("GET", f"/nbconvert/{format}/a.ipynb?download=1")
            self.assertEqual(saved.headers["content-disposition"], f"attachment; filename*=UTF-8''{name}")

    def test_what_cannot_be_converted(self) -> None:
        """With words of its own."""
        for method, path, body, status in (
            ("GET", "/nbconvert/none/a.ipynb", b"", 404),
            ("GET", "/nbconvert/html/none.ipynb", b"", 404),
            ("GET", "/nbconvert/html/.x.ipynb", b"", 404),
            ("GET", "/nbconvert/html/a.ipynb?sanitize_html=true", b"", 400),
            ("POST", "/nbconvert/html", b"{}", 400),
            ("POST", "/nbconvert/html", b'{"content": 5}', 400),
            ("POST", "/nbconvert/none", b"{}", 404),
        ):
            self.assertEqual(self.api(method, path, body).status, status, path)
        self.export = None
        self.assertEqual(self.api("GET", "/nbconvert/html/a.ipynb").status, 500)
