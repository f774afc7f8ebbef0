"""webipy.io.web.libraries_resource and webipy.io.web.byte_resources: files of a kernel's packages, who gets them, and what else carries bytes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from twisted.internet.task import Clock

from tests.fakes import TOKEN
from tests.test_files_resource import FilesSiteTestCase
from tests.test_site import Answer, Socket
from webipy.core import errors
from webipy.core.kernel.host_protocol import Kernelspec
from webipy.io.conversion.export_store import ExportStore
from webipy.io.web.byte_resources import OfSessions, byte_resources
from webipy.io.web.files_resource import POLICY
from webipy.io.web.metrics import Metrics, Pulse
from webipy.io.web.site import build_site

ADDRESS = "https://cdn.bokeh.org/bokeh/release/bokeh-3.6.2.min.js"
TEXT = b"window.Bokeh = {}" * 10_000


def unasked(*_: object) -> Any:
    """Nothing here asks about sessions."""
    raise AssertionError("A session was asked about.")


class Libraries(FilesSiteTestCase):
    """`/libraries`, on the packages of one kernelspec."""

    def setUp(self) -> None:
        """A Python with Bokeh."""
        super().setUp()
        self.session = self.rig.session()
        home = Path(self.mktemp()).absolute()
        js = home / "lib/python3.12/site-packages/bokeh/server/static/js"
        js.mkdir(parents=True)
        (js / "bokeh.min.js").write_bytes(TEXT)
        (js / "bokeh-gl.min.js").write_bytes(b"")
        (home / "lib/python3.12/site-packages/bokeh-3.6.2.dist-info").mkdir()
        (home / "bin").mkdir()
        (home / "bin/python").symlink_to(sys.executable)
        self.spec: Kernelspec | None = Kernelspec("here", [str(home / "bin/python")])
        metrics = Metrics(self.rig.services.sessions.all, Pulse(self.rig.clock), self.static, self.run_later)

        of_sessions = OfSessions(unasked, unasked, self.environment_of)
        exports = ExportStore(home, self.rig.clock.callLater, self.run_later)
        more = byte_resources(self.auth, of_sessions, exports, self.files, self.run_later)
        self.site = build_site(self.auth, self.rig.api, Socket(), self.static, metrics, more)
        self.site.timeOut, self.site.reactor = None, Clock()

    async def environment_of(self, session: str) -> tuple[Kernelspec | None, Mapping[str, str]]:
        """The environment of the one session that is open."""
        if session != self.session:
            raise errors.NotFound("There is no such session.", kind="session", id=session)
        return self.spec, {}

    def library(self, address: str, session: str = "", method: str = "GET", more: str = "") -> Answer:
        """With the token."""
        path = f"/libraries/{session or self.session}?address={quote(address, safe='')}{more}"
        return self.ask(method, path, b"", Authorization=f"Bearer {TOKEN}")

    def test_a_file_comes_as_no_page_can_run_it(self) -> None:
        """Whole, under the policy of files; an empty one, too; HEAD without its body."""
        answer = self.library(ADDRESS)
        self.assertEqual((answer.status, answer.body), (200, TEXT))
        self.assertEqual(answer.headers["content-type"], "application/octet-stream")
        self.assertEqual(answer.headers["content-security-policy"], POLICY.decode())
        empty = self.library(ADDRESS.replace("bokeh-3", "bokeh-gl-3"))
        self.assertEqual((empty.status, empty.body), (200, b""))
        head = self.library(ADDRESS, method="HEAD")
        self.assertEqual((head.status, head.body, head.headers["content-length"]), (200, b"", str(len(TEXT))))

    def test_what_the_kernel_has_not_is_not_there(self) -> None:
        """Another version, another address, a session that is not open, a kernelspec without a program or none at all."""
        for answer in (
            self.library(ADDRESS.replace("3.6.2", "3.6.3")),
            self.library("https://evil.example/x.js"),
            self.library(ADDRESS, session="other"),
        ):
            self.assertEqual(answer.status, 404, answer.raw[:200])
        here = self.spec
        for self.spec in (Kernelspec("empty", []), None):
            self.assertEqual(self.library(ADDRESS, more="&spec=here").status, 404)
        self.spec = here
        self.assertEqual(self.library(ADDRESS).status, 200)

    def test_only_who_may_read_the_session_gets_it(self) -> None:
        """Nobody without a login."""
        self.assertEqual(self.ask("GET", f"/libraries/{self.session}?address={quote(ADDRESS, safe='')}").status, 401)
