"""webipy.io.web.site: the real tree and the real twisted.web, fed with bytes; no port, no thread."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import attrs
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, execute
from twisted.internet.testing import StringTransport
from twisted.logger import ILogObserver, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import IResource, Resource

from tests.fakes import TOKEN, Rig, make_rig
from webipy.core import errors
from webipy.core.api.rpc import MAX_MESSAGE_BYTES
from webipy.core.site_address import PublicUrl, SitePath
from webipy.io.web.metrics import Metrics, Pulse
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.requests import status_of
from webipy.io.web.site import build_site

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), usb=(), payment=(), display-capture=()",
    "server": "webipy",
}
"""On every answer, whatever it says."""

CALL = b'{"jsonrpc":"2.0","id":1,"method":"session.list"}'
ORIGIN = "http://localhost:8888"

ORIGINS: list[tuple[str | None, bool]] = [
    (None, True),
    (ORIGIN, True),
    ("http://localhost", False),
    ("http://localhost:8889", False),
    ("https://localhost:8888", False),
    ("http://127.0.0.1:8888", False),
    ("http://LOCALHOST:8888", False),
    ("http://localhost:8888/", False),
    ("http://localhost:8888.evil.example", False),
    ("http://localhost:8888@evil.example", False),
    ("http://evil.example", False),
    ("https://evil.example", False),
    ("http://evil.example:8888", False),
    ("http://sub.localhost:8888", False),
    ("null", False),
    ("", False),
    ("file://", False),
    ("chrome-extension://abcdef", False),
    ("http://[::1]:8888", False),
    ("*", False),
    ("http://localhost:8888, http://localhost:8888", False),
]
"""What a browser may say of the page that asks, and whether our cookie counts for it."""


@attrs.define(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
    raw: bytes
    is_closed: bool

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Socket(Resource):
    """Where the WebSocket would be."""

    isLeaf = True

    def render(self, request: Any) -> bytes:
        """A word, to see that it was reached."""
        return b"socket"


class SiteTestCase(SynchronousTestCase):
    """A site on a server in memory."""

    is_behind_proxy = False
    below = SitePath()
    public: PublicUrl | None = None
    more_files: Mapping[str, bytes] = {}

    def setUp(self) -> None:
        self.rig: Rig = make_rig()
        self.static = Path(self.mktemp())
        self.static.mkdir()
        (self.static / "index.html").write_bytes(b'<script nonce="{{nonce}}"></script>')
        (self.static / "frame.html").write_bytes(b"<p>frame")
        (self.static / "push-worker.js").write_bytes(b"self")
        (self.static / "main-abc.js").write_bytes(b"let a = 1" * 100)
        (self.static / "main-abc.js.gz").write_bytes(b"packed")
        (self.static / "main-abc.js.br").write_bytes(b"packed tighter")
        (self.static / "sub").mkdir()
        (self.static / "sub" / "font.woff2").write_bytes(b"font")
        for name, body in self.more_files.items():
            (self.static / name).write_bytes(body)
        self.serve()

    def serve(self) -> None:
        """Builds the site of the server in `rig`."""
        self.auth = RequestAuth(
            self.rig.services.logins,
            is_behind_proxy=self.is_behind_proxy,
            below=self.below,
            public=self.public,
            people=self.rig.services.people,
            rights=self.rig.services.rights,
        )
        metrics = Metrics(self.rig.services.sessions.all, Pulse(self.rig.clock), self.static, execute)
        self.site = build_site(self.auth, self.rig.api, Socket(), self.static, metrics, self.more_resources())
        self.site.timeOut, self.site.reactor = None, self.rig.clock

    def more_resources(self) -> Mapping[bytes, IResource]:
        """Further resources at the top of the tree."""
        return {}

    def send(self, raw: bytes) -> Answer:
        """Sends bytes on a new connection and gives what came back."""
        protocol = self.site.buildProtocol(IPv4Address("TCP", "127.0.0.1", 5))
        assert protocol is not None
        transport = StringTransport()
        protocol.makeConnection(cast(Any, transport))
        protocol.dataReceived(raw)
        self.rig.turn()
        came = transport.value()
        head, _, body = came.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:])}
        status = int(lines[0].split()[1]) if came else 0
        return Answer(status, headers, body, came, transport.disconnecting)

    def ask(
        self, method: str, path: str, body: bytes = b"", /, host: str | None = "localhost:8888", **given: str
    ) -> Answer:
        """One request; headers by name, `_` for `-`."""
        lines = [f"{method} {path} HTTP/1.1", *([] if host is None else [f"Host: {host}"]), "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in given.items()]
        if body or method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        return self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def rpc(self, body: bytes = CALL, /, **given: str) -> Answer:
        """A call by POST."""
        return self.ask("POST", "/rpc", body, **{"Content_Type": "application/json", **given})

    def login(self) -> dict[str, str]:
        """The headers of a browser that is signed in: its cookie and its key."""
        secrets = self.successResultOf(Deferred.fromCoroutine(self.rig.services.logins.login(None, TOKEN)))
        return {"Cookie": f"webipy-8888={secrets.cookie}", "X_Webipy_Key": secrets.key}


class Headers(SiteTestCase):
    """On every answer."""

    def test_every_answer_has_the_security_headers(self) -> None:
        """Found, not found, refused, too large, from elsewhere: each with a policy that allows nothing or what it must."""
        token = {"Authorization": f"Bearer {TOKEN}"}
        table: list[tuple[int, Answer]] = [
            (200, self.ask("GET", "/")),
            (200, self.ask("HEAD", "/")),
            (200, self.ask("GET", "/s/abc")),
            (200, self.ask("GET", "/n/folder/a%20b.ipynb")),
            (200, self.ask("GET", "/frame")),
            (200, self.ask("GET", "/static/main-abc.js")),
            (200, self.ask("GET", "/healthz")),
            (200, self.ask("GET", "/rpc/openrpc.json")),
            (200, self.ask("GET", "/metrics", Authorization=f"Bearer {TOKEN}")),
            (200, self.rpc(**token)),
            (204, self.rpc(b'{"jsonrpc":"2.0","method":"session.list"}', **token)),
            (204, self.ask("POST", "/logout", b"", Content_Type="application/json")),
            (400, self.ask("POST", "/login", b"{", Content_Type="application/json")),
            (401, self.rpc()),
            (401, self.ask("GET", "/metrics")),
            (401, self.ask("POST", "/login", b'{"code":"x"}', Content_Type="application/json")),
            (403, self.rpc(Origin="https://evil.example", **token)),
            (404, self.ask("GET", "/nope")),
            (404, self.ask("GET", "/nope/deeper/still")),
            (404, self.ask("GET", "/static/nope.js")),
            (404, self.ask("GET", "/rpc/nope")),
            (404, self.ask("GET", "/s/a/b")),
            (405, self.ask("GET", "/rpc")),
            (405, self.ask("POST", "/", b"")),
            (405, self.ask("GET", "/login")),
            (405, self.ask("DELETE", "/rpc")),
            (405, self.ask("PUT", "/rpc")),
            (413, self.too_large()),
            (415, self.ask("POST", "/rpc", CALL, Content_Type="text/plain", **token)),
            (421, self.ask("GET", "/", host="evil.example")),
        ]
        for status, answer in table:
            self.assertEqual(answer.status, status, answer.raw[:300])
            for name, value in ALWAYS.items():
                self.assertEqual(answer.headers.get(name), value, (status, name, answer.raw[:600]))
            policy = answer.headers["content-security-policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertRegex(policy, r"frame-ancestors '(none|self)'")
            if status >= 400:
                self.assertEqual(
                    policy, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
                )
                self.assertEqual(answer.headers["cache-control"], "no-store")
                self.assertEqual(answer.headers["content-type"], "application/json", answer.raw[:300])
                if answer.body:
                    self.assertGreater(len(answer.json()["message"]), 20, answer.body)

    def too_large(self) -> Answer:
        """A body over the limit, of which nothing is sent."""
        return self.send(
            b"POST /rpc HTTP/1.1\r\nHost: localhost:8888\r\nAuthorization: Bearer %b\r\nContent-Length: %d\r\n\r\n"
            % (TOKEN.encode(), MAX_MESSAGE_BYTES + 1)
        )

    def test_the_page_has_a_nonce_of_its_own_each_time(self) -> None:
        """In the document and in its policy."""
        nonces = set()
        for _ in range(3):
            answer = self.ask("GET", "/")
            found = re.search(rb'nonce="([^"]+)"', answer.body)
            assert found is not None
            self.assertIn(f"'nonce-{found.group(1).decode()}'", answer.headers["content-security-policy"])
            self.assertNotIn("unsafe-", answer.headers["content-security-policy"])
            nonces.add(found.group(1))
        self.assertEqual(len(nonces), 3)

    def test_the_frame_is_sealed_wherever_it_is_opened(self) -> None:
        """Its own header takes its origin and its network away."""
        policy = self.ask("GET", "/frame").headers["content-security-policy"]
        self.assertTrue(policy.startswith("sandbox "))
        self.assertNotIn("allow-same-origin", policy)
        self.assertIn("connect-src 'none'", policy)

    def test_head_is_get_without_the_body(self) -> None:
        """Status, type and length."""
        for path in ("/", "/healthz", "/static/main-abc.js", "/nope", "/rpc"):
            get, head = self.ask("GET", path), self.ask("HEAD", path)
            self.assertEqual((head.status, head.body), (get.status, b""), path)
            self.assertEqual(head.headers["content-type"], get.headers["content-type"], path)


class Routes(SiteTestCase):
    """What is where, for strangers."""

    def test_a_browser_at_a_wrong_address_gets_the_page(self) -> None:
        """Who reads HTML gets the page with status 404, under the page's policy; programs and other methods get JSON."""
        for path in ("/nope", "/nope/deeper/still"):
            answer = self.ask("GET", path, Accept="text/html,*/*;q=0.8")
            self.assertEqual((answer.status, answer.headers["content-type"]), (404, "text/html; charset=utf-8"))
            self.assertIn("require-trusted-types-for", answer.headers["content-security-policy"])
            self.assertEqual(self.ask("GET", path).headers["content-type"], "application/json")
            self.assertEqual(self.ask("POST", path, b"{}", Accept="text/html").status, 404)
        self.assertEqual(
            self.ask("GET", "/static/nope.js", Accept="text/html").headers["content-type"], "application/json"
        )

    def test_strangers_get_the_page_and_nothing_else(self) -> None:
        """Every route of the tree, walked: the page, its files, health and the description of the API; all else is 401, 403, 404 or 405."""
        public = {
            "/",
            "/s/x",
            "/n",
            "/n/a/b.ipynb",
            "/static/main-abc.js",
            "/frame",
            "/push-worker.js",
            "/healthz",
            "/rpc/openrpc.json",
        }
        paths = public | {
            "/rpc",
            "/login",
            "/invitation",
            "/logout",
            "/metrics",
            "/s",
            "/s/",
            "/static",
            "/static/",
            "/rpc/",
            "/nope",
            "/.",
        }
        walked = {f"/{name.decode()}" for name in self.site.resource.children}
        self.assertLessEqual(walked, paths, "a new route: say here who may use it")
        for path in sorted(paths):
            for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"):
                answer = self.ask(method, path, b"{}" if method == "POST" else b"", Content_Type="application/json")
                if method == "GET" and path in public:
                    self.assertEqual(answer.status, 200, (method, path))
                elif (method, path) == ("POST", "/logout"):
                    self.assertEqual(answer.status, 204, "nothing to end")
                else:
                    self.assertIn(answer.status, (401, 403, 404, 405), (method, path))

    def test_the_service_worker_is_one_script_at_the_base_url(self) -> None:
        """Asked for each time, and let do nothing. No other address of ours becomes one, whatever lies there."""
        answer = self.ask("GET", "/push-worker.js", Service_Worker="script")
        self.assertEqual((answer.status, answer.body), (200, b"self"))
        self.assertEqual(answer.headers["content-type"], "text/javascript; charset=utf-8")
        self.assertEqual(answer.headers["cache-control"], "no-cache")
        self.assertTrue(answer.headers["content-security-policy"].startswith("default-src 'none'"))
        self.assertNotIn("service-worker-allowed", answer.headers)
        for path in ("/static/main-abc.js", "/push-worker.js/x", "/files/a.js", "/s/x"):
            self.assertEqual(self.ask("GET", path, Service_Worker="script").status, 403, path)
        self.assertEqual(self.ask("GET", "/static/main-abc.js").status, 200)

    def test_static_files_are_the_listed_ones(self) -> None:
        """By their exact name; nothing outside the folder has one."""
        for name, kind in (("main-abc.js", "text/javascript; charset=utf-8"), ("sub/font.woff2", "font/woff2")):
            answer = self.ask("GET", f"/static/{name}")
            self.assertEqual((answer.status, answer.headers["content-type"]), (200, kind))
            self.assertEqual(answer.headers["cache-control"], "public, max-age=31536000, immutable")
            self.assertNotIn("set-cookie", answer.headers)
        (self.static.parent / "secret").write_text("secret")
        for name in (
            "../secret",
            "%2e%2e/secret",
            "..%2fsecret",
            "sub/../../secret",
            "/etc/passwd",
            "%00",
            "",
            "sub",
            "main-abc.js/",
            "./main-abc.js",
        ):
            answer = self.ask("GET", f"/static/{name}")
            self.assertEqual(answer.status, 404, name)
            self.assertNotIn(b"secret", answer.body)

    def test_an_upgrade_under_the_running_server_brings_its_files(self) -> None:
        """The page that is read anew names them; what is gone is not found, and a file that was put in place of another is sent as it is."""
        (self.static / "main-abc.js").unlink()
        (self.static / "main-new.js").write_bytes(b"let b = 2")
        os.utime(self.static, ns=(1, 1))  # files of one moment have one time
        self.assertEqual(self.ask("GET", "/static/main-new.js").body, b"let b = 2")
        self.assertEqual(self.ask("GET", "/static/main-abc.js").status, 404)
        (self.static / "main-new.js.gz").write_bytes(b"packed")
        (self.static / "main-abc.js.gz").unlink()
        os.utime(self.static, ns=(2, 2))
        self.assertEqual(self.ask("GET", "/static/main-new.js", Accept_Encoding="gzip").body, b"let b = 2")
        shutil.rmtree(self.static)
        self.assertEqual(self.ask("GET", "/static/main-new.js").status, 404)

    def test_packed_files_go_to_those_who_take_them(self) -> None:
        """By Accept-Encoding, the smallest that is taken, and caches are told."""
        for accepts, body, coding in (
            ("gzip, deflate", b"packed", "gzip"),
            ("gzip, deflate, br, zstd", b"packed tighter", "br"),
            ("br;q=0, gzip;q=0.5", b"packed", "gzip"),
        ):
            packed = self.ask("GET", "/static/main-abc.js", Accept_Encoding=accepts)
            told = packed.headers["content-encoding"], packed.headers["vary"]
            self.assertEqual((packed.body, *told), (body, coding, "Accept-Encoding"))
        plain = self.ask("GET", "/static/main-abc.js")
        self.assertNotIn("content-encoding", plain.headers)
        self.assertEqual(plain.body, b"let a = 1" * 100)
        refused = self.ask("GET", "/static/main-abc.js", Accept_Encoding="gzip;q=0")
        self.assertEqual(refused.body, plain.body)

    def test_a_checkout_without_a_page_says_how_to_build_it(self) -> None:
        """503 with the command."""
        (self.static / "index.html").unlink()
        answer = self.ask("GET", "/")
        self.assertEqual(answer.status, 503)
        self.assertIn(b"make", answer.body)

    def test_health_tells_when_the_journal_cannot_be_written(self) -> None:
        """503 for whoever watches."""
        self.assertEqual(self.ask("GET", "/healthz").body, b"ok\n")
        self.rig.session()
        self.rig.journal.fault = "database or disk is full"
        answer = self.ask("GET", "/healthz")
        self.assertEqual((answer.status, answer.body), (503, b"degraded: the journal cannot be written\n"))

    def test_the_websocket_is_at_rpc(self) -> None:
        """By its upgrade header, whatever the case of its letters."""
        for value in ("websocket", "WebSocket"):
            self.assertEqual(self.ask("GET", "/rpc", Upgrade=value).body, b"socket")

    def test_metrics_are_for_whoever_is_logged_in(self) -> None:
        """Prometheus' text format."""
        self.rig.session("python3")
        answer = self.ask("GET", "/metrics", Authorization=f"Bearer {TOKEN}")
        self.assertIn(b"webipy_sessions 1\n", answer.body)
        self.assertIn(b'webipy_kernels{state="idle"} 1\n', answer.body)
        self.assertTrue(answer.headers["content-type"].startswith("text/plain; version=0.0.4"))


class Hosts(SiteTestCase):
    """The Host header."""

    def test_other_names_are_misdirected(self) -> None:
        """421 with a valid cookie and with the token, before anything else: DNS rebinding."""
        browser = self.login()
        before = len(self.rig.disk.registry.records)
        for host in ("evil.example", "evil.example:8888", "localhost.evil.example", "", None, "127.0.0.1.nip.io"):
            for given in (browser, {"Authorization": f"Bearer {TOKEN}"}):
                answer = self.ask(
                    "POST",
                    "/rpc",
                    b'{"jsonrpc":"2.0","id":1,"method":"session.create"}',
                    host=host,
                    **{"Content_Type": "application/json", **given},
                )
                self.assertIn(answer.status, (421, 400), host)
        self.assertEqual(len(self.rig.disk.registry.records), before)

    def test_the_answer_says_what_would_be_right(self) -> None:
        """And names no path of the server."""
        answer = self.ask("GET", "/", host="evil.example")
        self.assertIn("--allow-host", answer.json()["message"])


class Origins(SiteTestCase):
    """Who may call from where."""

    def test_the_origin_of_a_call(self) -> None:
        """Each of 21 origins by cookie and by token: another site's page is refused with 403, and nothing is done."""
        browser = self.login()
        create = b'{"jsonrpc":"2.0","id":1,"method":"session.create"}'
        for origin, is_ours in ORIGINS:
            given = {} if origin is None else {"Origin": origin}
            for who in (browser, {"Authorization": f"Bearer {TOKEN}"}):
                before = len(self.rig.disk.registry.records)
                answer = self.rpc(create, **given, **who)
                self.assertEqual(answer.status, 200 if is_ours else 403, (origin, who))
                self.assertEqual(len(self.rig.disk.registry.records) - before, int(is_ours), (origin, who))
                self.assertNotIn("access-control-allow-origin", answer.headers)

    def test_what_the_browser_says_of_the_site(self) -> None:
        """Sec-Fetch-Site: only same-origin and none."""
        browser = self.login()
        for site, status in (("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403), ("", 403)):
            answer = self.rpc(**browser, Sec_Fetch_Site=site)
            self.assertEqual(answer.status, status, site)

    def test_forms_and_plain_text_are_refused(self) -> None:
        """What another site's page could send without asking: 415, and nothing is done."""
        browser = self.login()
        create = b'{"jsonrpc":"2.0","id":1,"method":"session.create"}'
        for kind in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "",
            "application/json-patch+json",
            "text/json",
        ):
            answer = self.ask("POST", "/rpc", create, **browser, Content_Type=kind)
            self.assertEqual(answer.status, 415, kind)
        answer = self.ask("POST", "/rpc", create, **browser)
        self.assertEqual((answer.status, self.rig.disk.registry.records), (415, {}))

    def test_json_with_a_charset_is_json(self) -> None:
        """As many clients write it."""
        answer = self.rpc(Authorization=f"Bearer {TOKEN}", Content_Type="Application/JSON; charset=utf-8")
        self.assertEqual(answer.status, 200)

    def test_a_preflight_is_answered_without_permission(self) -> None:
        """No CORS headers: a browser then does not send the call."""
        answer = self.ask("OPTIONS", "/rpc", Origin="https://evil.example", Access_Control_Request_Method="POST")
        self.assertFalse([name for name in answer.headers if name.startswith("access-control")])


class SigningIn(SiteTestCase):
    """`/login` and `/logout`."""

    def sign_in(self, body: object, **given: str) -> Answer:
        """POST /login."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", "/login", raw, **{"Content_Type": "application/json", "Origin": ORIGIN, **given})

    def test_a_code_is_exchanged_for_a_login_once(self) -> None:
        """Its cookie is not for scripts, not for other sites, not for ever, and opens nothing without the key."""
        code = self.rig.services.logins.new_code()
        answer = self.sign_in({"code": code})
        self.assertEqual((answer.status, list(answer.json())), (200, ["key"]))
        name, *attributes = answer.headers["set-cookie"].split("; ")
        self.assertTrue(name.startswith("webipy-8888="))
        self.assertEqual(attributes, [f"Path={self.below.path}", "HttpOnly", "SameSite=Strict", "Max-Age=2592000"])
        key = answer.json()["key"]
        self.assertEqual(self.rpc(Cookie=name, X_Webipy_Key=key, Origin=ORIGIN).status, 200)
        for given in ({"Cookie": name}, {"Cookie": name, "X_Webipy_Key": "x"}, {"X_Webipy_Key": key}):
            for origin in ({}, {"Origin": ORIGIN, "Sec_Fetch_Site": "same-origin"}):
                self.assertEqual(self.rpc(**given, **origin).status, 401, (given, origin))
        again = self.sign_in({"code": code})
        self.assertEqual((again.status, "set-cookie" in again.headers), (401, False))

    def test_the_token_is_exchanged_too(self) -> None:
        """For whoever types it into the form; a preset cookie is not taken over."""
        answer = self.sign_in({"token": TOKEN}, Cookie="webipy-8888=preset")
        self.assertEqual(answer.status, 200)
        self.assertNotIn("preset", answer.headers["set-cookie"])

    def test_who_is_signed_in_keeps_the_login(self) -> None:
        """As with `webipy open` in a browser that shows the page: the code is used up, and nothing else happens."""
        browser, code = self.login(), self.rig.services.logins.new_code()
        answer = self.sign_in({"code": code}, **browser)
        self.assertEqual((answer.status, "set-cookie" in answer.headers), (204, False))
        self.assertEqual(len(self.rig.services.logins.all()), 1)
        self.assertEqual(self.sign_in({"code": code}, **browser).status, 401)
        self.assertEqual(self.rpc(**browser).status, 200)

    def test_a_browser_that_has_lost_its_key_gets_another_login(self) -> None:
        """In place of the one it had, which nobody could use."""
        browser = self.login()
        del browser["X_Webipy_Key"]
        told = self.rpc(**browser)
        self.assertEqual((told.status, told.json()["data"].get("reason")), (401, "key_lost"))
        self.assertEqual(self.sign_in({"token": TOKEN}, **browser).status, 200)
        self.assertEqual(len(self.rig.services.logins.all()), 1)

    def test_a_login_of_before_there_were_keys_is_told_why(self) -> None:
        """And its cookie is taken back when the browser signs in again."""
        told = self.rpc(Cookie="webipy=old")
        self.assertEqual((told.status, told.json()["data"].get("reason")), (401, "updated"))
        answer = self.sign_in({"token": TOKEN}, Cookie="webipy=old")
        self.assertEqual(answer.headers["set-cookie"], "webipy=; Path=/; Max-Age=0")

    def test_what_cannot_be_read_is_refused(self) -> None:
        """400 with a word, whatever the bytes are; never a mistake of the server."""
        for body in (
            b"",
            b"{",
            b"[]",
            b'"x"',
            b'{"code":5}',
            b'{"codes":"x"}',
            b'{"code":"\xff"}',
            b"\xff\xfe",
            b'{"code":' * 2_000,
            b"null",
        ):
            answer = self.sign_in(body)
            self.assertEqual(answer.status, 400, body[:20])
            self.assertEqual(answer.json()["data"]["name"], "invalid_params")

    def logged(self) -> list[Any]:
        """What is logged from now on."""
        events: list[Any] = []
        observer = cast(ILogObserver, events.append)
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        return events

    def test_wrong_ones_are_refused_and_limited(self) -> None:
        """401, and after too many 429."""
        for body in ({}, {"code": "x"}, {"token": "x"}, {"code": None, "token": None}):
            self.assertEqual(self.sign_in(body).status, 401, body)
        logged = self.logged()
        for _ in range(1000):
            last = self.sign_in({"token": "guess"})
        self.assertLess(len(logged), 70, "the log grows no further")
        self.assertEqual((last.status, last.json()["data"]["name"]), (429, "throttled"))

    def test_what_is_over_a_limit_is_429(self) -> None:
        """What is tried too often, and what would be more than somebody may use: a client waits, and tries again."""
        for kind in (errors.Throttled, errors.Quota):
            self.assertEqual(status_of(kind("Too much.")), 429, kind.name)

    def test_another_site_cannot_sign_anybody_in(self) -> None:
        """Nor out."""
        for path in ("/login", "/logout"):
            answer = self.ask(
                "POST", path, b'{"token":"x"}', Content_Type="application/json", Origin="https://evil.example"
            )
            self.assertEqual(answer.status, 403)
            answer = self.ask("POST", path, b'{"token":"x"}', Content_Type="text/plain")
            self.assertEqual(answer.status, 415)

    def test_logout_ends_the_login(self) -> None:
        """The cookie is taken back and does not count any more; without the key nothing ends: another port may have sent it."""
        browser = self.login()
        for given, status in (({"Cookie": browser["Cookie"]}, 200), (browser, 401)):
            answer = self.ask("POST", "/logout", b"", Content_Type="application/json", Origin=ORIGIN, **given)
            self.assertEqual(answer.status, 204)
            self.assertIn("webipy-8888=; ", answer.headers["set-cookie"])
            self.assertIn("Max-Age=0", answer.headers["set-cookie"])
            self.assertEqual(self.rpc(**browser, Origin=ORIGIN).status, status)


class Ending(SiteTestCase):
    """What is under way when a login ends."""

    def test_an_answer_that_is_waited_for_ends(self) -> None:
        """401 at once and the end of the connection; that of another login goes on."""
        session = self.rig.session()
        wait = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.events",
                           "params": {"session": session, "since": 1000, "wait_s": 50}}).encode()  # fmt: skip
        mine, other = self.open_request(self.login(), wait), self.open_request(self.login(), wait)
        self.rig.services.logins.shares.connections.add(self.site.end_login)
        ended = self.rig.services.logins.all()[0].id
        self.rig.me.call("login.revoke", id=ended)
        self.assertTrue(mine.value().startswith(b"HTTP/1.1 401 "), mine.value())
        self.assertIn(b"Your login was ended", mine.value())
        self.assertTrue(mine.disconnecting)
        self.assertEqual((other.value(), other.disconnecting), (b"", False))
        self.assertEqual(len(self.site.requests), 2, "its connection is still to be closed")

    def open_request(self, browser: dict[str, str], body: bytes) -> StringTransport:
        """A call that is not answered yet."""
        protocol = self.site.buildProtocol(IPv4Address("TCP", "127.0.0.1", 5))
        assert protocol is not None
        transport = StringTransport()
        protocol.makeConnection(cast(Any, transport))
        lines = ["POST /rpc HTTP/1.1", "Host: localhost:8888", "Content-Type: application/json"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in browser.items()]
        head = "\r\n".join([*lines, f"Content-Length: {len(body)}"])
        protocol.dataReceived(head.encode() + b"\r\n\r\n" + body)
        self.rig.turn()
        self.assertEqual(transport.value(), b"")
        return transport


class BehindProxy(SiteTestCase):
    """With `--behind-proxy`."""

    is_behind_proxy = True

    def test_cookies_are_secure(self) -> None:
        """They travel over HTTPS only."""
        answer = self.ask("POST", "/login", json.dumps({"token": TOKEN}).encode(), Content_Type="application/json")
        self.assertTrue(
            answer.headers["set-cookie"].startswith(f"__{'Host' if self.below.path == '/' else 'Secure'}-webipy-8888="),
            answer.headers,
        )
        self.assertTrue(answer.headers["set-cookie"].endswith("; Secure"))


class Calls(SiteTestCase):
    """`POST /rpc`."""

    def test_calls_batches_and_notifications(self) -> None:
        """200 with JSON and its length, or 204."""
        token = {"Authorization": f"Bearer {TOKEN}"}
        one = self.rpc(**token)
        self.assertEqual(
            (one.status, one.json(), one.headers["content-length"]),
            (200, {"jsonrpc": "2.0", "id": 1, "result": {"sessions": []}}, str(len(one.body))),
        )
        self.assertEqual([r["id"] for r in self.rpc(b"[%b,%b]" % (CALL, CALL), **token).json()], [1, 1])
        none = self.rpc(b'{"jsonrpc":"2.0","method":"session.list"}', **token)
        self.assertEqual((none.status, none.body), (204, b""))
        bad = self.rpc(b"nonsense", **token)
        self.assertEqual((bad.status, bad.json()["error"]["code"]), (200, -32700))

    def test_strangers_may_call_nothing(self) -> None:
        """Not even what needs no verb: 401 with what to do."""
        for given in ({}, {"Authorization": "Bearer x"}, {"Cookie": "webipy-8888=x"}, {"Authorization": "Basic eDp5"}):
            answer = self.rpc(b'{"jsonrpc":"2.0","id":1,"method":"server.info"}', **given)
            self.assertEqual(answer.status, 401, given)
            self.assertIn("Log in first", answer.json()["message"])

    def test_a_client_that_leaves_harms_nobody(self) -> None:
        """In the middle of a long poll."""
        session = self.rig.session()
        protocol = self.site.buildProtocol(IPv4Address("TCP", "127.0.0.1", 5))
        assert protocol is not None
        transport = StringTransport()
        protocol.makeConnection(cast(Any, transport))
        params = {"session": session, "since": 1, "wait_s": 9}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "session.events", "params": params}).encode()
        head = "POST /rpc HTTP/1.1\r\nHost: localhost:8888\r\nContent-Type: application/json\r\n"
        head += f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
        protocol.dataReceived(head.encode() + body)
        self.rig.turn()
        from twisted.internet.error import ConnectionLost
        from twisted.python.failure import Failure

        protocol.connectionLost(Failure(ConnectionLost()))
        self.rig.clock.advance(10)
        self.rig.turn()
        self.assertEqual(transport.value(), b"")


class Bodies(SiteTestCase):
    """The limit of a body."""

    def test_a_body_that_is_too_large_is_refused_before_it_is_read(self) -> None:
        """After the headers: 413, and the connection ends."""
        answer = self.send(
            b"POST /rpc HTTP/1.1\r\nHost: localhost:8888\r\nAuthorization: Bearer %b\r\nContent-Length: %d\r\n\r\n"
            % (TOKEN.encode(), MAX_MESSAGE_BYTES + 1)
        )
        self.assertEqual((answer.status, answer.is_closed), (413, True))
        self.assertEqual(answer.json()["data"], {"name": "too_large", "limit_bytes": MAX_MESSAGE_BYTES})
        self.assertEqual(answer.headers["connection"], "close")

    def test_a_body_without_a_length_is_cut_off(self) -> None:
        """Chunked, in pieces; answered once."""
        piece = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        head = b"POST /rpc HTTP/1.1\r\nHost: localhost:8888\r\nAuthorization: Bearer %b\r\nTransfer-Encoding: chunked\r\n\r\n"
        head %= TOKEN.encode()
        answer = self.send(head + piece * (MAX_MESSAGE_BYTES // 0x100000 + 3) + b"0\r\n\r\n")
        self.assertEqual((answer.status, answer.is_closed), (413, True))
        self.assertEqual(answer.raw.count(b"HTTP/1.1"), 1)

    def test_what_follows_a_refused_body_is_not_carried_out(self) -> None:
        """The rest of the connection is not read as requests."""
        smuggled = b"POST /rpc HTTP/1.1\r\nHost: localhost:8888\r\nContent-Type: application/json\r\n"
        smuggled += f"Authorization: Bearer {TOKEN}\r\nContent-Length: 53\r\n\r\n".encode()
        smuggled += b'{"jsonrpc":"2.0","id":1,"method":"session.create"}   '
        answer = self.send(
            b"POST /rpc HTTP/1.1\r\nHost: localhost:8888\r\nContent-Length: %d\r\n\r\n%b"
            % (MAX_MESSAGE_BYTES + 1, smuggled)
        )
        self.assertEqual((answer.raw.count(b"HTTP/1.1"), self.rig.disk.registry.records), (1, {}))

    def test_a_body_at_the_limit_is_read(self) -> None:
        """It is only no JSON."""
        answer = self.rpc(b" " * MAX_MESSAGE_BYTES, Authorization=f"Bearer {TOKEN}")
        self.assertEqual((answer.status, answer.json()["error"]["code"]), (200, -32700))


class Log(SiteTestCase):
    """What is written about requests."""

    def test_neither_queries_nor_credentials_are_logged(self) -> None:
        """Method, path and status of what went wrong."""
        from twisted.logger import globalLogPublisher

        seen: list[str] = []

        observe = cast(Any, lambda event: seen.append(repr({key: str(value) for key, value in event.items()})))
        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        self.ask(
            "GET",
            "/nope?code=canary-1#canary-2",
            Authorization="Bearer canary-3",
            Cookie="webipy=canary-4",
            Referer="http://canary-5/",
        )
        self.ask("POST", "/login", b'{"code":"canary-6"}', Content_Type="application/json")
        self.rpc(
            b'{"jsonrpc":"2.0","id":1,"method":"execution.start","params":{"session":"s","code":"canary-7"}}',
            Authorization=f"Bearer {TOKEN}",
        )
        whole = "\n".join(seen)
        self.assertIn("/nope", whole)
        for number in range(1, 8):
            self.assertNotIn(f"canary-{number}", whole)
        self.assertNotIn(TOKEN, whole)
