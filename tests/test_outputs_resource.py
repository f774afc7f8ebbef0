"""webipy.io.web.outputs_resource: how values are sent as what they are. The whole of it is tried in tests/faults/test_large.py."""

from __future__ import annotations

import base64
import errno
import os
import random

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import TOKEN
from tests.test_files import open_below
from tests.test_files_resource import BODY, FilesSiteTestCase, answer_of
from tests.test_site import ALWAYS, Answer, Socket
from webipy.core import errors
from webipy.io.web.files_resource import POLICY
from webipy.io.web.metrics import Metrics, Pulse
from webipy.io.web.outputs_resource import Base64, OutputsResource, is_base64
from webipy.io.web.site import build_site

NAME = "0" * 63 + "a"
OTHER = "0" * 63 + "b"
TEXT = "<script>alert(1)</script> é".encode() * 3_000


class Values(SynchronousTestCase):
    """Values of MIME bundles."""

    def test_pictures_and_sounds_are_base64(self) -> None:
        """Texts, JSON and SVG are not."""
        kinds = (
            "image/png",
            "audio/wav",
            "video/mp4",
            "application/pdf",
            "image/svg+xml",
            "text/html",
            "application/json",
        )
        self.assertEqual([is_base64(kind) for kind in kinds], [True, True, True, True, False, False, False])

    def test_base64_is_decoded_however_it_is_cut(self) -> None:
        """White space in it is no part of it."""
        body = random.Random(1).randbytes(1_000)
        for text in (base64.b64encode(body), base64.encodebytes(body)):
            for size in (1, 3, 4, 7, 76, 2_000):
                decode = Base64()
                found = b"".join(decode(text[at : at + size]) for at in range(0, len(text), size))
                self.assertEqual(found, body)

    def test_what_is_no_base64_stops_nothing(self) -> None:
        """There are no bytes to send."""
        self.assertEqual(Base64()("é".encode() + b"="), b"")


def unchunked(body: bytes) -> bytes:
    """What a body in chunks holds (RFC 9112, section 7.1); it must have its end."""
    found, rest = b"", body
    while True:
        size, _, rest = rest.partition(b"\r\n")
        if int(size, 16) == 0:
            assert rest == b"\r\n", rest
            return found
        found, rest = found + rest[: int(size, 16)], rest[int(size, 16) + 2 :]


class Outputs(FilesSiteTestCase):
    """`/outputs`, on the blobs of one session."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session()
        metrics = Metrics(self.rig.services.sessions.all, Pulse(self.rig.clock), self.static, self.run_later)
        outputs = OutputsResource(self.auth, self.blob_path, self.run_later)
        self.site = build_site(self.auth, self.rig.api, Socket(), self.static, metrics, {b"outputs": outputs})
        self.site.timeOut, self.site.reactor = None, Clock()
        (self.path / NAME).write_bytes(TEXT)

    def blob_path(self, session: str, name: str) -> str:
        """Where a blob lies; only one session is open."""
        if session != self.session:
            raise errors.NotFound("There is no such session.", kind="session", id=session)
        return str(self.path / name)

    def get(self, path: str, method: str = "GET", **given: str) -> Answer:
        """With the token; a name, and what follows it."""
        headers = {"Authorization": f"Bearer {TOKEN}", **given}
        return self.ask(method, f"/outputs/{self.session}/{path}", b"", **headers)

    def picture(self, body: bytes) -> None:
        """A picture, as a kernel has sent it."""
        (self.path / OTHER).write_bytes(base64.encodebytes(body))

    def test_a_value_comes_as_its_text(self) -> None:
        """With its length and an ETag, under headers by which it never runs as our page."""
        answer = self.get(NAME)
        self.assertEqual((answer.status, answer.body), (200, TEXT))
        wanted = {
            **ALWAYS, "content-length": str(len(TEXT)), "etag": f'"{NAME}"', "accept-ranges": "bytes", "cache-control": "private, no-cache",
            "content-type": "text/plain; charset=utf-8", "content-security-policy": POLICY.decode(),
        }  # fmt: skip
        self.assertEqual({name: answer.headers.get(name) for name in wanted}, wanted)
        self.assertNotIn("content-disposition", answer.headers)
        head = self.get(NAME, "HEAD")
        self.assertEqual((head.status, head.body, head.headers["content-length"]), (200, b"", str(len(TEXT))))
        (self.path / OTHER).touch()
        self.assertEqual((self.get(OTHER).status, self.get(OTHER).body), (200, b""))
        self.assertEqual(open_below(self.path), [])

    def test_parts_and_what_the_client_has(self) -> None:
        """206 and 416 by Range, 304 by If-None-Match: a value never changes."""
        answer = self.get(NAME, Range="bytes=10-19")
        self.assertEqual((answer.status, answer.body), (206, TEXT[10:20]))
        self.assertEqual(answer.headers["content-range"], f"bytes 10-19/{len(TEXT)}")
        self.assertEqual(self.get(NAME, Range=f"bytes={len(TEXT) - 5}-").body, TEXT[-5:])
        answer = self.get(NAME, Range=f"bytes={len(TEXT)}-")
        self.assertEqual((answer.status, answer.headers["content-range"]), (416, f"bytes */{len(TEXT)}"))
        answer = self.get(NAME, If_None_Match=f'"{NAME}"')
        self.assertEqual((answer.status, answer.body), (304, b""))
        self.assertEqual(open_below(self.path), [])

    def test_a_picture_comes_as_its_bytes(self) -> None:
        """Decoded on its way, whole: without ranges, without a length that nobody knows."""
        self.picture(BODY)
        answer = self.get(f"{OTHER}?type=image/png", Range="bytes=0-9", If_None_Match=f'"{OTHER}"')
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "image/png"))
        self.assertTrue(unchunked(answer.body) == BODY)
        for name in ("content-disposition", "etag", "accept-ranges", "content-length"):
            self.assertNotIn(name, answer.headers)
        head = self.get(f"{OTHER}?type=image/png", "HEAD")
        self.assertEqual((head.status, head.body, head.headers["content-type"]), (200, b"", "image/png"))
        self.picture(b"")
        self.assertEqual(unchunked(self.get(f"{OTHER}?type=image/png").body), b"")
        (self.path / OTHER).write_bytes(b"?" * 100_000 + base64.b64encode(BODY[:30]))
        self.assertEqual(self.get(f"{OTHER}?type=image/png").status, 200)
        self.assertEqual(open_below(self.path), [])

    def test_other_types_are_saved_and_not_shown(self) -> None:
        """Whatever the address says they are; a type that is none is text."""
        for kind, sent, is_shown in (
            ("text/html", "text/html; charset=utf-8", False),
            ("image/svg%2bxml", "image/svg+xml", False),
            ("application/json", "application/json", False),
            ("text/plain", "text/plain; charset=utf-8", True),
            ("", "text/plain; charset=utf-8", True),
            ("text", "text/plain; charset=utf-8", True),
            ("text/a/b", "text/plain; charset=utf-8", True),
            ("text/html%0d%0aX:y", "text/plain; charset=utf-8", True),
            ("text/html%3bcharset=x", "text/plain; charset=utf-8", True),
        ):
            answer = self.get(f"{NAME}?type={kind}")
            self.assertEqual((answer.headers["content-type"], answer.body), (sent, TEXT), kind)
            self.assertEqual("content-disposition" not in answer.headers, is_shown, kind)
            self.assertTrue(answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'"))
        answer = self.get(f"{NAME}?type=text/html")
        self.assertEqual(answer.headers["content-disposition"], f"attachment; filename*=UTF-8''{NAME[:16]}")

    def test_it_is_saved_under_a_name(self) -> None:
        """Escaped in the header."""
        answer = self.get(f"{NAME}?name=my%20%22plot%22%0d%0a.txt")
        self.assertEqual(
            answer.headers["content-disposition"], "attachment; filename*=UTF-8''my%20%22plot%22%0D%0A.txt"
        )

    def test_what_is_not_there(self) -> None:
        """No output, no session, no address of one."""
        self.assertEqual(self.get(OTHER).status, 404)
        self.assertIn("not there (any more)", self.get(OTHER).json()["message"])
        for path in ("/outputs", "/outputs/", f"/outputs/{self.session}", f"/outputs/{self.session}/{NAME}/x"):
            answer = self.ask("GET", path, Authorization=f"Bearer {TOKEN}")
            self.assertEqual(answer.status, 404, path)
            self.assertIn("/outputs/SESSION/SHA256", answer.json()["message"])
        for name in ("..%2f..%2fetc%2fpasswd", NAME[:-1], NAME.upper(), NAME + "0"):
            self.assertEqual(self.get(name).status, 404, name)
        answer = self.ask("GET", f"/outputs/other/{NAME}", Authorization=f"Bearer {TOKEN}")
        self.assertEqual((answer.status, answer.json()["data"]["kind"]), (404, "session"))

    def test_who_may_read_the_session_may_read_its_values(self) -> None:
        """Nobody else: neither strangers nor guests of another session."""
        self.assertEqual(self.ask("GET", f"/outputs/{self.session}/{NAME}").status, 401)
        self.assertEqual(self.ask("GET", f"/outputs/{self.session}/{NAME}", Authorization="Bearer x").status, 401)
        other = self.rig.session()
        logins = self.rig.services.logins
        for session, status in ((self.session, 200), (other, 403)):
            url = self.rig.me.call("share.link", session=session, verb="read")["url"]
            joined = logins.join(url.partition("#share=")[2], "Grace", "10.0.0.1")
            secrets = self.rig.wait(Deferred.fromCoroutine(joined))
            browser = {"Cookie": f"webipy-8888={secrets.cookie}", "X_Webipy_Key": secrets.key}
            self.assertEqual(self.ask("GET", f"/outputs/{self.session}/{NAME}", **browser).status, status)

    def test_a_disk_that_fails_is_a_mistake_of_the_server(self) -> None:
        """Its log says more than the answer."""

        def fail(*_: object) -> int:
            raise OSError(errno.EIO, "Input/output error", str(self.path))

        self.patch(os, "open", fail)
        answer = self.get(NAME)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.assertEqual(answer.status, 500)
        self.assertNotIn(str(self.path).encode(), answer.body)

    def test_a_client_that_goes_leaves_nothing_open(self) -> None:
        """Whether its file is looked for, or cannot be found, or is being sent."""
        head = (
            f"GET /outputs/{self.session}/%b HTTP/1.1\r\nHost: localhost:8888\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        )
        for name, turns in ((NAME, 0), (OTHER, 0), (NAME, 1), (NAME, 2)):
            protocol, transport = self.connected()
            protocol.dataReceived(head.encode() % name.encode())
            self.turns(turns)
            protocol.connectionLost(Failure(ConnectionError()))
            self.turns(5)
            self.assertEqual(open_below(self.path), [], (name, turns))
            self.assertEqual(answer_of(transport).status, 200 if turns > 1 else 0)
