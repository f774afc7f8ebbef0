"""webipy.io.web.widgets_resource: who may read files of packages, and how they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.fakes import TOKEN
from tests.test_files_resource import FilesSiteTestCase
from tests.test_site import Answer, Socket
from webipy.core import errors
from webipy.core.kernel.host_protocol import Kernelspec
from webipy.io.web.files_resource import POLICY
from webipy.io.web.metrics import Metrics, Pulse
from webipy.io.web.site import build_site
from webipy.io.web.widgets_resource import WidgetsResource

SCRIPT = b"define([], () => ({}))"


class Widgets(FilesSiteTestCase):
    """`/widgets`, on an environment with one package."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session()
        metrics = Metrics(self.rig.services.sessions.all, Pulse(self.rig.clock), self.static, self.run_later)
        widgets = WidgetsResource(self.auth, self.environment_of, self.run_later)
        self.site = build_site(self.auth, self.rig.api, Socket(), self.static, metrics, {b"widgets": widgets})
        self.site.timeOut, self.site.reactor = None, Clock()
        self.package = self.path / "share" / "jupyter" / "nbextensions" / "plot"
        self.package.mkdir(parents=True)
        (self.package / "index.js").write_bytes(SCRIPT)

    async def environment_of(self, session: str) -> tuple[Kernelspec | None, Mapping[str, str]]:
        """The environment of the one session that is open."""
        if session != self.session:
            raise errors.NotFound("There is no such session.", kind="session", id=session)
        return Kernelspec(name="k", argv=[str(self.path / "bin" / "python")]), {"HOME": str(self.path)}

    def get(self, path: str, method: str = "GET", **given: str) -> Answer:
        """With the token, unless another one is given."""
        headers = {"Authorization": f"Bearer {TOKEN}", **given}
        return self.ask(method, f"/widgets/{path}", b"", **headers)

    def test_a_module_is_found_and_its_file_sent(self) -> None:
        """Under headers by which no browser runs it as our page; what has not changed is not sent again."""
        answer = self.get(f"{self.session}?module=plot")
        self.assertEqual(answer.status, 200)
        self.assertEqual([(one["form"], one["folder"]) for one in answer.json()], [("amd", "nbextensions/plot")])
        answer = self.get(f"{self.session}/nbextensions/plot/index.js")
        self.assertEqual((answer.status, answer.body), (200, SCRIPT))
        self.assertEqual(answer.headers["content-security-policy"], POLICY.decode())
        self.assertEqual(answer.headers["content-type"], "application/octet-stream")
        again = self.get(f"{self.session}/nbextensions/plot/index.js", If_None_Match=answer.headers["etag"])
        self.assertEqual((again.status, again.body), (304, b""))
        (self.package / "index.js").write_bytes(SCRIPT + b";")
        again = self.get(f"{self.session}/nbextensions/plot/index.js", If_None_Match=answer.headers["etag"])
        self.assertEqual((again.status, again.body), (200, SCRIPT + b";"))

    def test_nobody_else_reads_and_nothing_else_is_read(self) -> None:
        """401 without a login, 404 for what is no file of a package, for a session that is not there and for a path that leads out."""
        Path(self.path / "secret").write_text("hidden text")
        place = f"{self.session}/nbextensions/plot"
        self.assertEqual(self.get(f"{place}/index.js", Authorization="Bearer wrong").status, 401)
        for path in (
            f"{place}/missing.js",
            "other/nbextensions/plot/index.js",
            f"{self.session}/nbextensions/none/index.js",
        ):
            self.assertEqual(self.get(path).status, 404, path)
        for path in (
            f"{place}/../../../../secret",
            f"{place}/..%2f..%2f..%2f..%2fsecret",
            f"{place}/%2e%2e/%2e%2e/secret",
            f"{self.session}/secret",
        ):
            answer = self.get(path)
            self.assertIn(answer.status, (400, 404), path)
            self.assertNotIn(b"hidden text", answer.body)

    def test_a_guest_of_the_session_reads_its_packages(self) -> None:
        """One of another session does not."""
        other, logins = self.rig.session(), self.rig.services.logins
        for session, status in ((self.session, 200), (other, 403)):
            url = self.rig.me.call("share.link", session=session, verb="read")["url"]
            joined = logins.join(url.partition("#share=")[2], "Grace", "10.0.0.1")
            secrets = self.rig.wait(Deferred.fromCoroutine(joined))
            browser = {"Cookie": f"webipy-8888={secrets.cookie}", "X_Webipy_Key": secrets.key}
            for path in ("?module=plot", "/nbextensions/plot/index.js"):
                self.assertEqual(self.ask("GET", f"/widgets/{self.session}{path}", **browser).status, status)
