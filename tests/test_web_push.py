"""webipy.core.push_addresses, webipy.io.notifications.push_encryption, webipy.io.notifications.web_push, webipy.io.notifications.posting."""

from __future__ import annotations

import stat
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, cast

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet.defer import Deferred, inlineCallbacks, maybeDeferred
from twisted.internet.tcp import Connection
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.fake_push import FakeBrowser, FakePushService, decode, verified
from tests.live import ROOT, eventually
from tests.test_notification_ways import KNOWN, TEXT
from webipy.core import errors, push_addresses
from webipy.core.push_addresses import KNOWN_SERVICES, origin_of, read_service
from webipy.io.notifications.push_encryption import TEXT_BYTES, ServerKey, encrypted, filled
from webipy.io.notifications.web_push import WebPush
from webipy.server.ports.notifications import Undelivered
from webipy.server.ports.web_push import Subscription

# RFC 8291, section 5 and appendix A
RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RECEIVER_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SECRET, SALT = "BTBZMqHH6r4Tts7J_aSIgg", "DGv6ra1nlYgDCS1FRnbzlw"
SAID = b"When I grow up, I want to be a watermelon"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztL"
    "VBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)

GOOGLE = "https://fcm.googleapis.com/fcm/send/abc"


def private(text: str) -> ec.EllipticCurvePrivateKey:
    """A private key of the RFC."""
    return ec.derive_private_key(int.from_bytes(decode(text), "big"), ec.SECP256R1())


class Encryption(SynchronousTestCase):
    """webipy.io.notifications.push_encryption."""

    def test_the_example_of_the_rfc(self) -> None:
        """RFC 8291, appendix A, in both directions: with these keys and this salt each byte is known."""
        made = encrypted(SAID, decode(RECEIVER_PUBLIC), decode(SECRET), private(SENDER), decode(SALT))
        self.assertEqual(made, decode(BODY))
        browser = FakeBrowser("https://push.example", private(RECEIVER), decode(SECRET))
        self.assertEqual((browser.p256dh, browser.decrypt(decode(BODY))), (RECEIVER_PUBLIC, SAID))

    def test_each_message_has_keys_of_its_own_and_one_length(self) -> None:
        """The push service learns nothing from either."""
        browser = FakeBrowser("https://push.example")
        key, secret = decode(browser.p256dh), decode(browser.auth)
        texts = (b"{}", b'{"text":"%b"}' % ("ä" * 300).encode())
        made = [encrypted(filled(text), key, secret) for text in (*texts, texts[0])]
        self.assertEqual(len({body[:16] for body in made} | {body[21:86] for body in made}), 6)
        self.assertEqual({len(body) for body in made}, {16 + 4 + 1 + 65 + TEXT_BYTES + 1 + 16})
        self.assertEqual([browser.decrypt(body).strip() for body in made], [*texts, texts[0]])

    def test_the_signature_is_that_of_rfc_8292(self) -> None:
        """For one origin, for half a day; with whom to write to, or nobody."""
        key = ServerKey()
        claims, public = verified(
            key.authorization("https://push.example", "mailto:ada@example.org", time.time()), "https://push.example"
        )
        self.assertEqual((claims["sub"], public, len(decode(public))), ("mailto:ada@example.org", key.public, 65))
        claims, _ = verified(key.authorization("https://push.example", "", time.time()), "https://push.example")
        self.assertEqual(set(claims), {"aud", "exp"})
        self.assertEqual(ServerKey(key.pem()).public, key.public)
        with self.assertRaises(ValueError):
            ServerKey(b"no key")


class Addresses(SynchronousTestCase):
    """webipy.core.push_addresses."""

    def test_known_push_services(self) -> None:
        """Those of the usual browsers, and no more."""
        for host in (
            "fcm.googleapis.com",
            "jmt17.google.com",
            "updates.push.services.mozilla.com",
            "web.push.apple.com",
            "wns2-by3p.notify.windows.com",
        ):
            self.assertEqual(origin_of(f"https://{host}/x?y=z", KNOWN_SERVICES), f"https://{host}")

    def test_what_is_no_push_service(self) -> None:
        """Addresses inside of the network, and those that look like one of the known: each is refused."""
        for wrong in (
            "http://fcm.googleapis.com/x",
            "https://fcm.googleapis.com:8443/x",
            "https://fcm.googleapis.com.evil.example/x",
            "https://evilfcm.googleapis.com/x",
            "https://push.apple.com/x",
            "https://.push.apple.com/x",
            "https://evil-push.apple.com/x",
            "https://fcm.googleapis.com@127.0.0.1/x",
            "https://ada:secret@fcm.googleapis.com/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://169.254.169.254/latest/meta-data",
            "https://localhost/x",
            "http://127.0.0.1:8888/rpc",
            "file:///etc/passwd",
            "//fcm.googleapis.com/x",
            "https://fcm.googleapis.com\\@127.0.0.1/x",
            "https://fcm.googleapis.com/x#y",
            "https://fcm.googleapis.com/x y",
            "https://fcm.googleapis.com/x\r\nX: y",
            "https://fcm.googleapis.com:99999/x",
            "https://fcm.googleapis.com/" + "x" * 2048,
            "https://fcm.googleapis.co\uff4d/x",
            "https:///x",
            "",
        ):
            fault = self.assertRaises(errors.InvalidParams, origin_of, wrong, KNOWN_SERVICES)
            self.assertEqual(fault.facts["field"], "endpoint", wrong)

    def test_others_are_named(self) -> None:
        """With a port, below a domain; plain HTTP on this machine alone."""
        named = [
            read_service(one)
            for one in ("Push.Example.org", "*.example.net:8443", "http://127.0.0.1:8123", "[::1]:8443")
        ]
        services = [one for one in named if one is not None]
        self.assertEqual(len(services), 4)
        for right in (
            "https://push.example.org/x",
            "https://a.example.net:8443/x",
            "http://127.0.0.1:8123/x",
            "https://[::1]:8443/x",
        ):
            self.assertEqual(origin_of(right, services), right.removesuffix("/x"))
        for wrong in ("https://a.example.net/x", "https://example.net:8443/x", "https://127.0.0.1:8123/x"):
            with self.assertRaises(errors.InvalidParams):
                origin_of(wrong, services)
        for text in (
            "",
            "*",
            "http://push.example.org",
            "ftp://localhost",
            "a..b",
            "host:0",
            "host:99999",
            "a b",
            "https://host/path",
        ):
            self.assertIsNone(read_service(text), text)

    def test_keys_of_browsers(self) -> None:
        """A point of the curve, and sixteen bytes."""
        self.assertEqual(push_addresses.public_key(RECEIVER_PUBLIC), decode(RECEIVER_PUBLIC))
        self.assertEqual(push_addresses.public_key(RECEIVER_PUBLIC + "="), decode(RECEIVER_PUBLIC))
        self.assertEqual(push_addresses.shared_secret(SECRET), decode(SECRET))
        off = RECEIVER_PUBLIC[:-2] + "ww"
        for wrong in (
            "",
            "AAAA",
            off,
            RECEIVER_PUBLIC.replace("BC", "AC", 1),
            "B" * 87,
            RECEIVER_PUBLIC + "AA",
            "ä" * 87,
        ):
            fault = self.assertRaises(errors.InvalidParams, push_addresses.public_key, wrong)
            self.assertEqual(fault.facts["field"], "p256dh", wrong)
        for wrong in ("", SECRET + "AA", SECRET[:-1], "ä" * 22):
            fault = self.assertRaises(errors.InvalidParams, push_addresses.shared_secret, wrong)
            self.assertEqual(fault.facts["field"], "auth", wrong)


def at_once(call: Callable[[], Any]) -> Deferred[Any]:
    """Runs what blocks, here."""
    return maybeDeferred(call)


class Sending(TestCase):
    """`WebPush`, at a push service that verifies what it gets."""

    def setUp(self) -> None:
        from twisted.internet import reactor

        self.reactor = cast(Any, reactor)
        self.service = FakePushService()
        self.addCleanup(self.service.close)
        self.addCleanup(lambda: Deferred.fromCoroutine(eventually(self.is_still, "connections end")))
        folder = Path(self.mktemp())
        folder.mkdir()
        self.path = folder / "push-key.pem"
        self.browser = FakeBrowser(self.service.origin)
        self.sender = self.make()

    def is_still(self) -> bool:
        """Whether no connection is open; one that is about to end writes, and reads no more."""
        open_ones = [*self.reactor.getReaders(), *self.reactor.getWriters()]
        return not any(isinstance(one, Connection) for one in open_ones)

    def make(self) -> WebPush:
        """A server."""
        service = read_service(self.service.origin)
        assert service is not None
        return WebPush(self.path, "mailto:ada@example.org", (service,), "1.2", at_once, self.reactor)

    def subscription(self, **more: str) -> Subscription:
        """The browser's."""
        found = Subscription(
            id="1",
            person="account 1",
            login="l",
            endpoint=self.browser.endpoint,
            key=self.browser.p256dh,
            secret=self.browser.auth,
            browser="Firefox",
            since="",
        )
        return msgspec.structs.replace(found, **more)

    @inlineCallbacks
    def test_a_message_comes_to_the_browser(self) -> Generator[Deferred[Any], Any, None]:
        """Signed with the key that the browser was given, with what a push service needs to keep and to replace it."""
        public = yield self.sender.public_key()
        yield self.sender.send(KNOWN, self.subscription(), TEXT)
        self.assertEqual(self.service.faults, [])
        ((_, headers, _),) = self.service.came
        self.assertEqual(
            self.service.messages(self.browser), [{"id": "0123", "text": TEXT, "session": "s", "status": "ok"}]
        )
        claims, key = verified(headers["Authorization"], self.service.origin)
        self.assertEqual((key, claims["sub"]), (public, "mailto:ada@example.org"))
        self.assertEqual((headers["Topic"], headers["Urgency"], headers["TTL"]), ("0123", "normal", "604800"))
        self.assertEqual(headers["User-Agent"], "webipy/1.2")

    @inlineCallbacks
    def test_long_texts_have_room(self) -> Generator[Deferred[Any], Any, None]:
        """Whatever their characters are: all messages have one length."""
        for text in ("short", "\U0001f389" * 5000, "\x01" * 5000):
            yield self.sender.send(KNOWN, self.subscription(), text)
        self.assertEqual(len({len(body) for _, _, body in self.service.came}), 1)
        self.assertEqual([len(one["text"]) for one in self.service.messages(self.browser)], [5, 300, 300])

    @inlineCallbacks
    def test_the_key_is_made_once(self) -> Generator[Deferred[Any], Any, None]:
        """When it is first wanted; for its user alone. Another file in its place is said to be none."""
        self.assertFalse(self.path.exists())
        both = [self.sender.public_key(), self.sender.public_key()]
        first = yield both[0]
        self.assertEqual((yield both[1]), first)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual((yield self.make().public_key()), first)
        self.path.write_text("no key")
        fault = yield self.assertFailure(self.make().public_key(), ValueError)
        self.assertIn("push-key.pem holds no key", str(fault))
        fault = yield self.assertFailure(self.make().send(KNOWN, self.subscription(), TEXT), Undelivered)
        self.assertFalse(cast(Any, fault).is_final)

    @inlineCallbacks
    def test_what_becomes_of_refusals(self) -> Generator[Deferred[Any], Any, None]:
        """What may pass; what is final; who has left. Redirects lead nowhere. No message has the address."""
        for status, is_final, is_gone in (
            (500, False, False),
            (429, False, False),
            (403, True, False),
            (413, True, False),
            (307, True, False),
            (404, True, True),
            (410, True, True),
        ):
            self.service.statuses = [status]
            fault = yield self.assertFailure(self.sender.send(KNOWN, self.subscription(), TEXT), Undelivered)
            found = cast(Any, fault)
            self.assertEqual((found.is_final, found.is_gone), (is_final, is_gone), status)
            self.assertNotIn(self.browser.path, str(fault))
        self.assertEqual(self.service.came, [])

    @inlineCallbacks
    def test_nothing_else_is_called(self) -> Generator[Deferred[Any], Any, None]:
        """Not even where such an address was kept, by a server that had another option."""
        other = FakePushService()
        self.addCleanup(other.close)
        subscription = self.subscription(endpoint=f"{other.origin}/x")
        fault = yield self.assertFailure(self.sender.send(KNOWN, subscription, TEXT), Undelivered)
        self.assertTrue(cast(Any, fault).is_final)
        self.assertEqual((other.came, other.faults), ([], []))
        for given in (f"{other.origin}/x", GOOGLE.replace("https", "http")):
            with self.assertRaises(errors.InvalidParams):
                self.sender.check(given, self.browser.p256dh, self.browser.auth)
        for given in (GOOGLE, self.browser.endpoint):
            self.sender.check(given, self.browser.p256dh, self.browser.auth)
        with self.assertRaises(errors.InvalidParams):
            self.sender.check(GOOGLE, "AAAA", self.browser.auth)
        with self.assertRaises(errors.InvalidParams):
            self.sender.check(GOOGLE, self.browser.p256dh, "AAAA")


class Costs(SynchronousTestCase):
    """What nobody uses costs nothing."""

    def test_nothing_is_imported_before_the_first_subscription(self) -> None:
        """Neither what encrypts nor a client of HTTP; addresses are checked without them."""
        code = (
            "import sys; from pathlib import Path; from webipy.io.notifications.web_push import WebPush\n"
            f"WebPush(Path('x'), '', (), '1', None, None).check({GOOGLE!r}, {RECEIVER_PUBLIC!r}, {SECRET!r})\n"
            "print([one for one in ('cryptography', 'twisted.web.client') if one in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.strip(), "[]")
