"""`notebook.export`, the exports that are kept, and `webipy export`: what is exported, who may fetch it, and how it gets into a file."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, execute, succeed
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase
from twisted.web.client import Agent
from twisted.web.http_headers import Headers as HttpHeaders

from tests.fake_files import FakeConverter
from tests.fakes import TOKEN, RigTestCase, make_rig, message
from tests.test_cli import invoke
from tests.test_site import ALWAYS, Answer, SiteTestCase, Socket
from webipy.command.lookup import Wrong
from webipy.command.paths import below, below_new
from webipy.core.api.formats import PLAIN, ExportFormat, ExportOptions
from webipy.io.conversion import export_store
from webipy.io.conversion.export_store import KEPT_SECONDS, MAX_KEPT, MAX_OF_GUEST, MAX_OF_GUESTS, ExportStore
from webipy.io.web.exports_resource import ExportsResource
from webipy.io.web.metrics import Metrics, Pulse
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.site import build_site
from webipy.server.methods.exports import MAX_IMAGES_BYTES, shown_images
from webipy.server.ports.conversion import ExportedFile

reactor: Any = _reactor

BODY = b"<script>alert(1)</script>" * 100_000
"""An export: 2.5 MB."""


@attrs.define(eq=False)
class NotingConverter(FakeConverter):
    """Notes what it is to export."""

    asked: list[tuple[bytes, str, str, dict[str, bytes]]] = attrs.field(factory=list)
    options: ExportOptions = PLAIN

    def export(
        self,
        notebook: bytes,
        format: ExportFormat,
        name: str,
        images: Mapping[str, bytes],
        options: ExportOptions = PLAIN,
        guest: str = "",
    ) -> Deferred[ExportedFile]:
        """A file."""
        self.asked.append((notebook, format, name, dict(images)))
        self.options = options
        return succeed(ExportedFile("a-b_c", "/nowhere", f"{name}.x", "text/x", 7))


class MethodTests(RigTestCase):
    """`notebook.export`."""

    def setUp(self) -> None:
        super().setUp()
        self.converter = NotingConverter()
        self.rig.services.world = attrs.evolve(self.rig.services.world, converter=self.converter)
        self.session = self.rig.session()

    def export(self, format: str = "html") -> Any:
        """Exports the document."""
        return self.rig.me.call("notebook.export", session=self.session, format=format)

    def insert(self, source: str, cell_type: str = "markdown") -> None:
        """A new cell."""
        self.rig.me.call("cell.insert", session=self.session, source=source, cell_type=cell_type)

    def test_it_tells_where_the_export_is(self) -> None:
        """An address with the id and the name of the file, its type and size; what is exported is the document as it is now."""
        self.rig.me.call("session.rename", session=self.session, title="Ä/b\n c?")
        self.insert("here")
        made = self.export()
        self.assertEqual(
            made,
            {
                "url": f"/exports/a-b_c/{quote('Ä b  c?.x', safe='')}",
                "name": "Ä b  c?.x",
                "media_type": "text/x",
                "size": 7,
            },
        )
        ((notebook, format, name, images),) = self.converter.asked
        self.assertIn(b"here", notebook)
        self.assertEqual((format, name, images), ("html", "Ä b  c?", {}))

    def test_images_beside_the_document_go_along(self) -> None:
        """Those that its Markdown shows, under the address that it has there; for what shows pictures only."""
        self.rig.disk.files.create("sub", "folder")
        for path in ("a.png", "sub/b c.png", "code.png", "c.png"):
            self.rig.disk.files.create(path, "file", path.encode())
        self.insert("![a](a.png) ![b](<sub/b c.png>) ![none](none.png) ![up](../x.png)")
        self.insert("![c](code.png)", "code")
        self.insert("![d](c.png?raw=true)")
        for format, wanted in (("html", True), ("pdf", True), ("markdown", True), ("script", False), ("ipynb", False)):
            self.export(format)
            images = {"a.png": b"a.png", "sub/b c.png": b"sub/b c.png", "c.png?raw=true": b"c.png"}
            self.assertEqual(self.converter.asked[-1][3], images if wanted else {}, format)

    def test_pictures_above_the_document_and_in_outputs_go_along(self) -> None:
        """`..` leads out of its folder, never out of the root; what an output shows by its address counts, too."""
        self.rig.disk.files.create("sub", "folder")
        for path in ("up.png", "sub/here.png", "sub/out.png"):
            self.rig.disk.files.create(path, "file", path.encode())
        body = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
        self.rig.disk.files.create("sub/nb.ipynb", "file", body)
        self.session = self.rig.me.call("session.create", path="sub/nb.ipynb", cwd=".")["id"]
        self.insert("![a](../up.png) ![b](./here.png) ![c](../../up.png) ![d](../sub/here.png)")
        output = {"output_type": "display_data", "data": {"text/html": ["<img ", "src='out.png'>"]}, "metadata": {}}
        notebook = {"cells": [{"cell_type": "code", "source": "", "metadata": {}, "outputs": [output]}]}
        self.assertEqual(shown_images(json.dumps(notebook).encode()), {"out.png": "out.png"})
        self.export()
        found = {"../up.png": b"up.png", "./here.png": b"sub/here.png", "../sub/here.png": b"sub/here.png"}
        self.assertEqual(self.converter.asked[-1][3], found)

    def test_texts_of_all_shapes_are_looked_through(self) -> None:
        """Lists of lines and whole texts; what is neither shows nothing, and an address of somewhere else is no path."""
        outputs = [
            {"output_type": "display_data", "metadata": {}, "data": {"text/markdown": "![x](x.png)", "text/html": 5}},
            {"output_type": "display_data", "metadata": {}, "data": {"text/html": {"a": "<img src='y.png'>"}}},
        ]
        cells = [
            {"cell_type": "markdown", "metadata": {}, "source": ["![a](a.png)\n", "![b](https://x.example/b.png)"]},
            {"cell_type": "raw", "metadata": {}, "source": "![c](c.png)"},
            {"cell_type": "code", "metadata": {}, "source": "", "outputs": outputs},
        ]
        found = shown_images(json.dumps({"cells": cells}).encode())
        self.assertEqual(found, {"a.png": "a.png", "x.png": "x.png"})

    def test_widgets_go_along_with_their_state(self) -> None:
        """Those that the document shows; without any, its metadata stays as it is."""
        session = self.session = self.rig.session("python3")
        self.insert("x", "code")
        self.export()
        self.assertNotIn(b"widget-state", self.converter.asked[-1][0])
        cell = self.rig.me.call("cell.list", session=session)["cells"][0]["id"]
        run = self.rig.me.call("execution.start", session=session, code="x", cell=cell)["execution"]
        self.rig.turn()
        model = {"_model_name": "XModel", "_model_module": "x", "_model_module_version": "2.0.0"}
        comm = {"comm_id": "m", "target_name": "jupyter.widget", "data": {"state": model, "buffer_paths": []}}
        view = {"application/vnd.jupyter.widget-view+json": {"model_id": "m"}}
        opened = ("iopub", message("comm_open", comm, parent=run))
        self.rig.host.run(run, opened, ("iopub", message("display_data", {"data": view, "metadata": {}}, parent=run)))
        self.rig.turn()
        self.export()
        self.assertIn(b"XModel", self.converter.asked[-1][0])

    def test_options_go_along(self) -> None:
        """As they were asked for."""
        self.rig.me.call(
            "notebook.export", session=self.session, format="slides", input=False, prompts=False, template="t"
        )
        self.assertEqual(self.converter.options, ExportOptions(False, False, "t"))
        self.refused("invalid_params", "notebook.export", session=self.session, format="html", template="../t")

    def test_images_have_a_limit(self) -> None:
        """What is too much stays outside."""
        self.rig.disk.files.create("large.png", "file", b"x" * (MAX_IMAGES_BYTES + 1))
        self.rig.disk.files.create("small.png", "file", b"x")
        self.insert("![a](large.png) ![b](small.png)")
        self.export()
        self.assertEqual(list(self.converter.asked[0][3]), ["small.png"])

    def test_what_cannot_be_made_is_told(self) -> None:
        """The converter's failure, an unknown format, a session that is not there."""
        self.rig.services.world = attrs.evolve(self.rig.services.world, converter=FakeConverter())
        self.refused("conversion_failed", "notebook.export", session=self.session, format="html")
        self.refused("invalid_params", "notebook.export", session=self.session, format="docx")
        self.refused("not_found", "notebook.export", session="nope", format="html")


class ExportsTests(SynchronousTestCase):
    """The exports there are."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        (self.folder / "old").write_text("from before")
        self.exports = ExportStore(self.folder, self.clock.callLater, lambda call, *arguments: call(*arguments))
        self.exports.start()

    def keep(self, name: str = "a.html", body: str = "body", guest: str = "") -> ExportedFile:
        """Keeps a file."""
        path = Path(self.mktemp())
        path.write_text(body)
        path.chmod(0o644)
        return self.exports.keep(path, name, "text/html", guest)

    def test_a_file_is_taken_over(self) -> None:
        """It is for its owner alone, under an id that nobody can guess, and found by id and name."""
        kept = self.keep()
        self.assertEqual(self.exports.find(kept.id, "a.html"), kept)
        self.assertEqual((kept.size, Path(kept.path).read_text()), (4, "body"))
        self.assertEqual(stat.S_IMODE(os.stat(kept.path).st_mode), 0o600)
        self.assertGreaterEqual(len(kept.id), 32)
        for export, name in ((kept.id, "b.html"), ("x", "a.html"), ("", ""), (kept.id, "")):
            self.assertIsNone(self.exports.find(export, name))

    def test_it_is_kept_for_an_hour(self) -> None:
        """And then its file is gone, too."""
        kept = self.keep()
        self.clock.advance(KEPT_SECONDS - 1)
        self.assertIsNotNone(self.exports.find(kept.id, "a.html"))
        self.clock.advance(1)
        self.assertIsNone(self.exports.find(kept.id, "a.html"))
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_there_are_not_too_many(self) -> None:
        """The oldest go first."""
        kept = [self.keep() for _ in range(MAX_KEPT + 2)]
        found = [self.exports.find(one.id, one.name) is not None for one in kept]
        self.assertEqual(found, [False] * 2 + [True] * MAX_KEPT)
        self.assertEqual(len(list(self.folder.iterdir())), MAX_KEPT)
        self.clock.advance(KEPT_SECONDS)
        self.assertEqual(list(self.folder.iterdir()), [])

    def is_kept(self, one: ExportedFile) -> bool:
        """Whether it is there still."""
        return self.exports.find(one.id, one.name) is not None

    def test_guests_push_out_only_what_is_theirs(self) -> None:
        """One takes the place of their own, all together that of who has the most; whoever runs the server loses nothing."""
        own = [self.keep() for _ in range(MAX_KEPT)]
        one = [self.keep(guest="one") for _ in range(MAX_OF_GUEST + 2)]
        self.assertEqual(list(map(self.is_kept, one)), [False] * 2 + [True] * MAX_OF_GUEST)
        last = self.keep(guest="last")
        many = [self.keep(guest=f"g{n % 20}") for n in range(20 * MAX_OF_GUEST)]
        self.assertTrue(self.is_kept(last))
        self.assertEqual(sum(map(self.is_kept, [*one, last, *many])), MAX_OF_GUESTS)
        self.assertTrue(all(map(self.is_kept, own)))
        self.clock.advance(KEPT_SECONDS)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_guests_together_have_so_many_bytes(self) -> None:
        """The last one is kept whatever it has."""
        self.patch(export_store, "MAX_GUEST_BYTES", 10)
        first, second, large = (self.keep(guest=f"g{n}", body="x" * n) for n in (4, 6, 20))
        self.assertEqual(list(map(self.is_kept, (first, second, large))), [False, False, True])

    def test_a_server_starts_with_none(self) -> None:
        """What an earlier one kept is removed."""
        self.assertEqual(list(self.folder.iterdir()), [])
        self.assertEqual(stat.S_IMODE(self.folder.stat().st_mode), 0o700)


class AddressTests(SiteTestCase):
    """`GET /exports/ID/NAME`, but for the body: that is sent as fast as a real connection takes it, in `DownloadTests`."""

    def setUp(self) -> None:
        super().setUp()
        folder = Path(self.mktemp())
        self.exports = ExportStore(folder, self.rig.clock.callLater, lambda call, *arguments: call(*arguments))
        self.exports.start()
        auth = self.auth
        metrics = Metrics(self.rig.services.sessions.all, Pulse(self.rig.clock), self.static, execute)
        more = {b"exports": ExportsResource(self.exports, auth)}
        self.site = build_site(auth, self.rig.api, Socket(), self.static, metrics, more)
        self.site.timeOut, self.site.reactor = None, Clock()
        made = folder / "made"
        made.write_bytes(BODY)
        self.kept = self.exports.keep(made, "Große “Zahl”.html", "text/html; charset=utf-8")
        self.url = f"/exports/{self.kept.id}/{quote(self.kept.name, safe='')}"

    def fetch(self, path: str, method: str = "HEAD") -> Answer:
        """Asks as whoever has the token."""
        return self.ask(method, path, Authorization=f"Bearer {TOKEN}")

    def test_it_runs_nowhere(self) -> None:
        """It is an attachment with its name and length, under a policy that allows no script and gives it no origin of ours."""
        answer = self.fetch(self.url)
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertLessEqual(ALWAYS.items(), answer.headers.items())
        for name, value in {
            "content-type": "text/html; charset=utf-8",
            "content-length": str(len(BODY)),
            "content-disposition": f"attachment; filename*=UTF-8''{quote(self.kept.name, safe='')}",
            "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
            "cache-control": "no-store",
        }.items():
            self.assertEqual((name, answer.headers[name]), (name, value))

    def test_a_browser_comes_with_its_cookie_and_a_ticket(self) -> None:
        """A link of the page, without more; the page of another site gets nothing, and the cookie alone does not either."""
        browser = self.login()
        told = self.rpc(
            b'{"jsonrpc":"2.0","id":1,"method":"ticket.make","params":{"address":"%b"}}' % self.url.encode(), **browser
        )
        address = told.json()["result"]["address"]
        cookie = {"Cookie": browser["Cookie"]}
        self.assertEqual(self.ask("HEAD", address, **cookie, Sec_Fetch_Site="same-origin").status, 200)
        self.assertEqual(self.ask("HEAD", address, **cookie, Sec_Fetch_Site="cross-site").status, 401)
        self.assertEqual(self.ask("HEAD", self.url, **cookie, Sec_Fetch_Site="same-origin").status, 401)
        self.assertEqual(self.ask("HEAD", address).status, 401)
        self.assertEqual(self.ask("HEAD", self.url, **browser).status, 200)

    def test_strangers_learn_nothing(self) -> None:
        """401 for what is there and for what is not; other methods are refused."""
        for url in (self.url, "/exports/x/y", "/exports/", "/exports"):
            self.assertEqual(self.ask("GET", url).status, 401, url)
            for method in ("POST", "PUT", "DELETE", "OPTIONS"):
                self.assertEqual(self.ask(method, url).status, 405, (method, url))

    def test_what_is_not_there_is_said(self) -> None:
        """Another name, another id, more parts, none; and a file that somebody has removed."""
        id = self.kept.id
        for path in (
            "x/y",
            f"{id}/x",
            id,
            f"{id}/",
            "",
            f"{self.url[9:]}/more",
            f"../{id}",
            "..%2f..%2ftoken/token",
            f"{id}/%ff",
        ):
            answer = self.fetch(f"/exports/{path}", "GET")
            self.assertEqual((path, answer.status, answer.json()["data"]["name"]), (path, 404, "not_found"))
        Path(self.kept.path).unlink()
        self.assertEqual(self.fetch(self.url, "GET").status, 404)


class DownloadTests(TestCase):
    """The body of an export, over a real connection."""

    async def test_it_arrives_whole_however_it_is_read(self) -> None:
        """A reader that pauses gets the same bytes."""
        rig = make_rig()
        folder = Path(self.mktemp())
        exports = ExportStore(folder, rig.clock.callLater, lambda call, *arguments: call(*arguments))
        exports.start()
        (folder / "made").write_bytes(BODY)
        kept = exports.keep(folder / "made", "a b.html", "text/html")
        auth = RequestAuth(rig.services.logins)
        metrics = Metrics(rig.services.sessions.all, Pulse(rig.clock), folder, execute)
        site = build_site(auth, rig.api, Socket(), folder, metrics, {b"exports": ExportsResource(exports, auth)})
        port = reactor.listenTCP(0, site, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        url = f"http://127.0.0.1:{port.getHost().port}/exports/{kept.id}/a%20b.html"
        response = await Agent(reactor).request(
            b"GET", url.encode(), HttpHeaders({"Authorization": [f"Bearer {TOKEN}"]})
        )
        reader = Pausing(reactor)
        response.deliverBody(reader)
        self.assertEqual((response.code, response.length, await reader.ended), (200, len(BODY), BODY))


class Pausing(Protocol):
    """Reads a body, and pauses after each part."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._parts: list[bytes] = []
        self.ended: Deferred[bytes] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        """A part."""
        self._parts.append(data)
        assert self.transport is not None
        self.transport.pauseProducing()  # type: ignore[attr-defined]  # a body's transport is a producer
        self._clock.callLater(0, self.transport.resumeProducing)  # type: ignore[attr-defined]

    def connectionLost(self, reason: Any = None) -> None:
        """All of it."""
        self.ended.callback(b"".join(self._parts))


class CommandTests(SynchronousTestCase):
    """`webipy export`, as far as it needs no server; tests/kernels/test_export_live.py has the rest."""

    def test_a_notebook_is_named_from_here_or_from_the_root(self) -> None:
        """A file that is here is told from the root on; what is not here is taken as a path from the root."""
        root = Path(self.mktemp()).resolve()
        (root / "sub").mkdir(parents=True)
        (root / "sub" / "a.ipynb").touch()
        (root / "link.ipynb").symlink_to(root / "sub" / "a.ipynb")
        outside = Path(self.mktemp()).resolve()
        outside.touch()
        self.addCleanup(os.chdir, Path.cwd())
        os.chdir(root / "sub")
        for named, path in (
            ("a.ipynb", "sub/a.ipynb"),
            (str(root / "sub" / "a.ipynb"), "sub/a.ipynb"),
            ("../sub/a.ipynb", "sub/a.ipynb"),
            ("../link.ipynb", "sub/a.ipynb"),
            (str(root / "link.ipynb"), "link.ipynb"),
            ("sub/a.ipynb", "sub/a.ipynb"),
            ("none.ipynb", "none.ipynb"),
        ):
            self.assertEqual((named, below(root, named)), (named, path))
        for named in (str(outside), "/none/at/all.ipynb"):
            with self.assertRaises(Wrong) as caught:
                below(root, named)
            self.assertIn(f"{named} is not below the root of the server, {root}", str(caught.exception))

    def test_a_root_that_is_not_shown_is_where_paths_begin(self) -> None:
        """Of a member, whatever files are here; nothing leads out of it."""
        Path("here.ipynb").touch()
        self.addCleanup(Path("here.ipynb").unlink)
        for function in (below, below_new):
            self.assertEqual(function(None, "here.ipynb"), "here.ipynb")
            self.assertEqual(function(None, "people/ada/./x.ipynb"), "people/ada/x.ipynb")
            for named in ("/x.ipynb", "../x.ipynb", "a/../../x"):
                fault = self.assertRaises(Wrong, function, None, named)
                self.assertIn("by its path from there", str(fault))

    def test_a_wrong_format_is_told_before_anything_is_done(self) -> None:
        """With those that there are."""
        told = invoke("export", "a.ipynb", "--to", "docx")
        self.assertEqual(told.exit_code, 2)
        self.assertIn("'py:percent'", told.stderr)

    def test_no_server_is_said(self) -> None:
        """As with every command."""
        self.assertEqual(invoke("export", "--state", str(self.mktemp()), "a.ipynb").exit_code, 4)
