"""webipy.io.web.share_preview, the sign-in of guests, and what their cookie opens: the real site, fed with bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, execute
from twisted.internet.task import Clock

from tests.fakes import TOKEN
from tests.test_files_resource import FilesSiteTestCase
from tests.test_site import ORIGIN, Answer, Socket
from webipy.io.conversion.export_store import ExportStore
from webipy.io.web.exports_resource import ExportsResource
from webipy.io.web.files_resource import FilesResource
from webipy.io.web.metrics import Metrics, Pulse
from webipy.io.web.share_preview import SharePreview
from webipy.io.web.site import build_site
from webipy.server.people import shares
from webipy.server.people.failed_attempts import ATTEMPTS_PER_MINUTE


class OffersTestCase(FilesSiteTestCase):
    """A site with everything that a guest could try, and a shared session."""

    def setUp(self) -> None:
        super().setUp()
        folder = Path(self.mktemp())
        self.exports = ExportStore(folder, self.rig.clock.callLater, lambda call, *arguments: call(*arguments))
        self.exports.start()
        more = {
            b"files": FilesResource(self.auth, self.files),
            b"exports": ExportsResource(self.exports, self.auth),
            b"share": SharePreview(self.auth, lambda session: self.rig.services.sessions.get(session).record.title),
        }
        metrics = Metrics(self.rig.services.sessions.all, Pulse(self.rig.clock), self.static, execute)
        self.site = build_site(self.auth, self.rig.api, Socket(), self.static, metrics, more)
        self.site.timeOut, self.site.reactor = None, Clock()
        self.session = str(self.rig.me.call("session.create", title="Oscillator")["id"])

    def link(self, verb: str = "read") -> tuple[str, str]:
        """A new link: its id and its secret."""
        told = self.rig.me.call("share.link", session=self.session, verb=verb)
        return told["share"], told["url"].partition("#share=")[2]

    def post(self, path: str, body: object, **given: str) -> Answer:
        """JSON by POST, as the page sends it."""
        headers = {"Content_Type": "application/json", "Origin": ORIGIN, "Sec_Fetch_Site": "same-origin", **given}
        return self.ask("POST", path, json.dumps(body).encode(), **headers)

    def offer(self, secret: str, **given: str) -> Answer:
        """Asks what a link is for."""
        return self.post("/share", {"share": secret}, **given)

    def join(self, secret: str, name: str = "Grace", **given: str) -> Answer:
        """Gives a name."""
        return self.post("/login", {"share": secret, "name": name}, **given)

    def guest(self, verb: str = "read") -> tuple[str, dict[str, str]]:
        """Somebody who came by a link: the id of that, and the headers of their browser."""
        share, secret = self.link(verb)
        return share, browser_of(self.join(secret))

    def call(self, browser: dict[str, str], method: str, **params: Any) -> Answer:
        """A call of a browser."""
        return self.post("/rpc", {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, **browser)


def browser_of(answer: Answer) -> dict[str, str]:
    """The headers of a browser that has got this answer: the cookie that it sets, and the key."""
    assert answer.status == 200, answer.body
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0], "X_Webipy_Key": answer.json()["key"]}


class Joining(OffersTestCase):
    """From the link to the session."""

    def test_a_link_says_what_it_is_for(self) -> None:
        """Before anybody gives a name; to who has it, and to nobody else."""
        _, secret = self.link("execute")
        told = {"session": self.session, "title": "Oscillator", "verb": "execute", "owner": "ada", "is_in": False}
        answer = self.offer(secret)
        self.assertEqual((answer.status, answer.json()), (200, told))
        wrong = self.offer("wrong")
        self.assertEqual(wrong.status, 401)
        self.assertIn("Ask whoever sent it", wrong.json()["message"])
        wrong_bodies: list[Any] = [{}, {"share": 1}, {"share": secret, "x": 1}, []]
        for body in wrong_bodies:
            self.assertEqual(self.post("/share", body).status, 400, body)

    def test_a_name_makes_a_login(self) -> None:
        """Its cookie is as private as any; it leads into the session."""
        _, secret = self.link()
        answer = self.join(secret, " Grace ")
        self.assertRegex(
            answer.headers["set-cookie"],
            rf"^webipy-8888=[\w-]+; Path={self.below.path}; HttpOnly; SameSite=Strict; Max-Age=[0-9]+$",
        )
        told = self.call(browser_of(answer), "server.info").json()["result"]
        self.assertEqual((told["principal"], told["session"], told["root"]), ("Grace (guest)", self.session, None))
        self.assertEqual(self.call(browser_of(answer), "cell.list", session=self.session).json()["result"]["cells"], [])

    def test_what_is_no_name_is_told(self) -> None:
        """With the field."""
        _, secret = self.link()
        answer = self.join(secret, "x" * 41)
        self.assertEqual((answer.status, answer.json()["data"]), (400, {"name": "invalid_params", "field": "name"}))
        self.assertNotIn("set-cookie", answer.headers)

    def test_who_is_in_need_not_join(self) -> None:
        """The owner, and a guest who comes again; not one of another session or with another right."""
        share, secret = self.link()
        browser = browser_of(self.join(secret))
        self.assertTrue(self.offer(secret, **browser).json()["is_in"])
        self.assertTrue(self.offer(secret, **self.login()).json()["is_in"])
        _, stronger = self.link("execute")
        self.assertFalse(self.offer(stronger, **browser).json()["is_in"])
        self.rig.me.call("share.revoke", session=self.session, share=share)
        self.assertFalse(self.offer(stronger, **browser).json()["is_in"])

    def test_a_new_login_takes_the_place_of_a_guests(self) -> None:
        """In the same browser; the owner's stays."""
        _, browser = self.guest()
        _, stronger = self.link("write")
        owner = self.login()
        self.join(stronger, **browser)
        self.join(stronger, **owner)
        self.assertEqual(self.call(browser, "cell.list", session=self.session).status, 401)
        self.assertEqual(self.call(owner, "session.list").status, 200)

    def test_a_crowd_that_does_nothing_keeps_nobody_out(self) -> None:
        """To sign in is no call yet: whoever came and did nothing gives their place to the next one."""
        self.patch(shares, "MAX_GUESTS", 3)
        _, secret = self.link()
        first, second, *_ = (browser_of(self.join(secret, f"Bot {number}")) for number in range(3))
        self.call(first, "server.info")
        self.assertEqual(self.join(secret, "Grace").status, 200)
        self.assertEqual(self.call(first, "server.info").status, 200)
        self.assertEqual(self.call(second, "cell.list", session=self.session).status, 401)

    def test_only_our_own_page_may_ask(self) -> None:
        """Another site's page cannot make somebody a guest."""
        _, secret = self.link()
        for given in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
            self.assertEqual(self.offer(secret, **given).status, 403)
            self.assertEqual(self.join(secret, **given).status, 403)
        self.assertEqual(self.post("/login", {"share": secret, "name": "G"}, Content_Type="text/plain").status, 415)

    def test_guesses_are_throttled(self) -> None:
        """429 with the time, for both addresses together."""
        for number in range(ATTEMPTS_PER_MINUTE):
            self.assertEqual((self.offer, self.join)[number % 2](f"guess {number}").status, 401)
        self.assertEqual(self.offer("guess").status, 429)
        self.assertEqual(self.join("guess").status, 429)


class Walls(OffersTestCase):
    """What the cookie of a guest, with the strongest right, opens."""

    def setUp(self) -> None:
        super().setUp()
        self.share, self.browser = self.guest("execute")

    def test_no_file(self) -> None:
        """Neither out nor in, whole or in parts, however it is spelled, with whatever right."""
        before = sorted(path.name for path in self.path.iterdir())
        paths = ("a.bin", "a.bin?inline=1", "a.bin?upload=1", "", "%2e%2e/x", "/a.bin")
        for browser in (self.browser, self.guest("write")[1], self.guest("read")[1]):
            for path in paths:
                for method in ("GET", "HEAD"):
                    self.assertEqual(self.ask(method, f"/files/{path}", **browser).status, 403, (method, path))
            for given in ({}, {"Content_Range": "bytes 0-2/3"}, {"If_None_Match": "*"}):
                answer = self.ask("PUT", "/files/new.txt", b"abc", **browser, Origin=ORIGIN, **given)
                self.assertEqual(answer.status, 403, given)
        self.assertEqual(sorted(path.name for path in self.path.iterdir()), before)

    def test_no_numbers_of_the_server(self) -> None:
        """/metrics tells of all sessions."""
        self.assertEqual(self.ask("GET", "/metrics", **self.browser).status, 403)
        self.assertEqual(self.ask("GET", "/metrics", Authorization=f"Bearer {TOKEN}").status, 200)

    def test_an_export_until_they_are_out(self) -> None:
        """Of their own session, while they are logged in; whose session is not known is nobody's of a link."""
        made = Path(self.mktemp())
        made.write_text("body")
        kept = self.exports.keep(made, "a.html", "text/html")
        url = f"/exports/{kept.id}/a.html"
        self.assertEqual(self.ask("HEAD", url, **self.browser).status, 403)
        self.rig.services.rights.note_export(kept.id, "another")
        self.assertEqual(self.ask("HEAD", url, **self.browser).status, 403)
        self.rig.services.rights.note_export(kept.id, self.session)
        self.assertEqual(self.ask("HEAD", url, **self.browser).status, 200)
        self.rig.me.call("share.revoke", session=self.session, share=self.share)
        self.assertEqual(self.ask("HEAD", url, **self.browser).status, 401)

    def test_the_cookie_counts_with_our_own_origin_only(self) -> None:
        """As the owner's."""
        body = {"jsonrpc": "2.0", "id": 1, "method": "cell.list", "params": {"session": self.session}}
        self.assertEqual(self.post("/rpc", body, **self.browser, Origin="https://evil.example").status, 403)

    def test_a_secret_is_no_cookie_and_no_token(self) -> None:
        """Nor the other way round."""
        _, secret = self.link("execute")
        self.assertEqual(
            self.call(
                {"Cookie": f"webipy-8888={secret}", "X_Webipy_Key": secret}, "cell.list", session=self.session
            ).status,
            401,
        )
        self.assertEqual(self.rpc(Authorization=f"Bearer {secret}").status, 401)
        value = self.browser["Cookie"].partition("=")[2]
        self.assertEqual(self.rpc(Authorization=f"Bearer {value}").status, 401)
        self.assertEqual(self.offer(value).status, 401)
        self.assertEqual(self.post("/login", {"code": secret}).status, 401)
        self.assertEqual(self.post("/login", {"token": secret}).status, 401)

    def test_no_way_to_be_more(self) -> None:
        """A guest makes neither links nor codes, and changes no right."""
        for method, params in (
            ("server.launch_code", {}),
            ("server.launch_code", {"session": self.session}),
            ("share.link", {"session": self.session, "verb": "execute"}),
            ("share.set", {"session": self.session, "share": self.share, "verb": "execute"}),
            ("share.list", {"session": self.session}),
        ):
            told = self.call(self.browser, method, **params).json()
            self.assertEqual(told["error"]["data"]["name"], "not_permitted", method)

    def test_an_answer_that_comes_after_the_end_is_not_given(self) -> None:
        """A long poll of a guest who is thrown out meanwhile: 401, and none of the events that it waited for."""
        body = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "session.events",
            "params": {"session": self.session, "since": 1, "wait_s": 50},
        }
        protocol, transport = self.connected()
        encoded = json.dumps(body).encode()
        lines = ["POST /rpc HTTP/1.1", "Host: localhost:8888", f"Origin: {ORIGIN}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in self.browser.items()]
        lines += ["Content-Type: application/json", f"Content-Length: {len(encoded)}"]
        protocol.dataReceived("\r\n".join(lines).encode() + b"\r\n\r\n" + encoded)
        self.rig.turn()
        self.assertEqual(transport.value(), b"")
        self.rig.me.call("share.revoke", session=self.session, share=self.share)
        self.rig.me.call("cell.insert", session=self.session, source="a secret")
        self.rig.turn()
        self.assertIn(b"401", transport.value())
        self.assertNotIn(b"a secret", transport.value())

    def test_a_guest_can_leave(self) -> None:
        """/logout."""
        self.assertEqual(self.post("/logout", {}, **self.browser).status, 204)
        self.assertEqual(self.call(self.browser, "cell.list", session=self.session).status, 401)
        ended = Deferred.fromCoroutine(self.rig.services.logins.sign_out("never given"))
        self.successResultOf(ended)
