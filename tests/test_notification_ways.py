"""webipy.io.notifications.webhook, webipy.io.notifications.mail, webipy.io.storage.notification_store, webipy.notify_options."""

from __future__ import annotations

import contextlib
import email
import email.policy
import json
import socket
import sqlite3
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import msgspec
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.protocol import Factory
from twisted.internet.tcp import Connection
from twisted.protocols.basic import LineReceiver
from twisted.python import usage
from twisted.trial.unittest import SynchronousTestCase, TestCase
from twisted.web.resource import Resource
from twisted.web.server import Site

from tests.live import PATIENCE_S, eventually
from webipy.io import http_client
from webipy.io.notifications import posting
from webipy.io.notifications.mail import Mail
from webipy.io.notifications.webhook import Webhook
from webipy.io.storage.notification_store import SqliteNotifications
from webipy.notify_options import PARAMETERS, NotifyOptions, read
from webipy.server.ports.notifications import Notification, Undelivered
from webipy.server.ports.web_push import Subscription

KNOWN = Notification(
    id="0123", session="s", title="Mäy.ipynb", executions=("e1", "e2"), person="owner", name="Ada", asked="2026-01-01T00:00:00Z",
    ended="2026-01-01T00:01:00Z", status="ok", duration_s=60.0,
)  # fmt: skip
TEXT, URL = "Finished after 1 min 0 s: Mäy.ipynb.", "https://host/s/s"


class _Receiver(Resource):
    """Keeps what is posted; answers as it is told."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.statuses: list[int] = []
        self.came: list[tuple[Any, dict[str, Any]]] = []

    def render_POST(self, request: Any) -> bytes:
        """One delivery."""
        self.came.append((request.requestHeaders, json.loads(request.content.read())))
        status = self.statuses.pop(0) if self.statuses else 204
        request.setResponseCode(status)
        request.setHeader(b"Location", b"http://127.0.0.1:1/")
        return b"" if status == 204 else b"x" * 100_000


class OnPort(TestCase):
    """Tests with a server, whose connections all end."""

    reactor: Any
    port: Any
    place: tuple[str, int]

    def is_still(self) -> bool:
        """Whether no connection is open; one that is about to end writes, and reads no more."""
        open_ones = [*self.reactor.getReaders(), *self.reactor.getWriters()]
        return not any(isinstance(one, Connection) for one in open_ones)

    def closed_port(self) -> int:
        """A port where nobody listens, and which no other program gets during the test."""
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Webhooks(OnPort):
    """`Webhook`."""

    def setUp(self) -> None:
        from twisted.internet import reactor

        self.reactor = cast(Any, reactor)
        self.patch(http_client, "CONNECT_SECONDS", PATIENCE_S)  # a machine that is busy is not a server that is away
        self.patch(posting, "ANSWER_SECONDS", PATIENCE_S)
        self.receiver = _Receiver()
        self.port = self.reactor.listenTCP(0, Site(self.receiver), interface="127.0.0.1")
        self.place = ("127.0.0.1", self.port.getHost().port)
        self.addCleanup(self.port.stopListening)
        self.addCleanup(lambda: Deferred.fromCoroutine(eventually(self.is_still, "connections end")))

    def send(self) -> Deferred[None]:
        """Delivers one."""
        return Webhook("http://{}:{}/hook".format(*self.place), "1.2", self.reactor).send(KNOWN, TEXT, URL)

    @inlineCallbacks
    def test_it_is_posted_with_its_id(self) -> Generator[Deferred[Any], Any, None]:
        """Any status of 2xx is an arrival."""
        self.receiver.statuses = [204, 200]
        yield self.send()
        yield self.send()
        (headers, body), _ = self.receiver.came
        self.assertEqual(headers.getRawHeaders("Idempotency-Key"), ['"0123"'])
        self.assertEqual(headers.getRawHeaders("User-Agent"), ["webipy/1.2"])
        self.assertEqual(
            (body["text"], body["status"], body["url"], body["executions"]), (TEXT, "ok", URL, ["e1", "e2"])
        )
        self.assertNotIn("person", body)

    @inlineCallbacks
    def test_what_is_tried_again(self) -> Generator[Deferred[Any], Any, None]:
        """What may pass; redirects and refusals are final. No message has the address."""
        for status, is_final in (
            (500, False),
            (503, False),
            (429, False),
            (408, False),
            (404, True),
            (401, True),
            (308, True),
        ):
            self.receiver.statuses = [status]
            fault = yield self.assertFailure(self.send(), Undelivered)
            self.assertEqual((str(fault), cast(Any, fault).is_final), (f"it answers with status {status}", is_final))
        self.place = ("127.0.0.1", self.closed_port())
        fault = yield self.assertFailure(self.send(), Undelivered)
        self.assertEqual(
            (str(fault), cast(Any, fault).is_final), ("it cannot be reached (ConnectionRefusedError)", False)
        )


class _MailServer(LineReceiver):
    """Takes mails, as RFC 5321 has it; refuses receivers that it is told to."""

    delimiter = b"\r\n"
    is_body = False

    def connectionMade(self) -> None:
        self.lines: list[bytes] = []
        self.sendLine(b"220 test ESMTP")

    def lineReceived(self, line: bytes) -> None:
        factory, verb = cast(Any, self.factory), line[:4].upper()
        if self.is_body:
            if line == b".":
                self.is_body = False
                factory.mails.append(b"\n".join([*self.lines, b""]))
                self.sendLine(b"250 taken")
            else:
                self.lines.append(line[1:] if line.startswith(b".") else line)
        elif verb == b"DATA":
            self.is_body = True
            self.sendLine(b"354 go on")
        elif verb == b"RCPT" and factory.refusal:
            self.sendLine(factory.refusal)
        elif verb == b"QUIT":
            self.sendLine(b"221 bye")
            cast(Any, self.transport).loseConnection()
        else:
            self.sendLine(b"250 ok")


class Mails(OnPort):
    """`Mail`."""

    def setUp(self) -> None:
        from twisted.internet import reactor

        self.reactor = cast(Any, reactor)
        self.factory = cast(Any, Factory.forProtocol(_MailServer))
        self.factory.mails, self.factory.refusal = [], b""
        self.port = self.reactor.listenTCP(0, self.factory, interface="127.0.0.1")
        self.place = ("127.0.0.1", self.port.getHost().port)
        self.addCleanup(self.port.stopListening)
        self.addCleanup(lambda: Deferred.fromCoroutine(eventually(self.is_still, "connections end")))

    def send(self, notification: Notification = KNOWN) -> Deferred[None]:
        """Delivers one."""
        mail = Mail(*self.place, "webipy@example.org", "ada@example.org", self.reactor)
        return mail.send(notification, TEXT, URL)

    @inlineCallbacks
    def test_a_mail_comes_with_its_id(self) -> Generator[Deferred[Any], Any, None]:
        """In letters of all kinds, with the address of the page."""
        yield self.send()
        (body,) = self.factory.mails
        mail = email.message_from_bytes(body, policy=email.policy.default)
        self.assertEqual((mail["Subject"], mail["To"], mail["From"]), (TEXT, "ada@example.org", "webipy@example.org"))
        self.assertEqual((mail["Message-ID"], mail["Auto-Submitted"]), ("<0123@webipy.invalid>", "auto-generated"))
        self.assertEqual(cast(Any, mail).get_content(), f"{TEXT}\n\n{URL}\n")

    @inlineCallbacks
    def test_people_get_it_at_their_own_address(self) -> Generator[Deferred[Any], Any, None]:
        """And never at that of whoever runs the server: where they have taken it back, nothing is sent."""
        theirs = msgspec.structs.replace(KNOWN, person="account 7", mail_to="bo@example.net")
        yield self.send(theirs)
        (body,) = self.factory.mails
        self.assertEqual(email.message_from_bytes(body, policy=email.policy.default)["To"], "bo@example.net")
        fault = yield self.assertFailure(self.send(msgspec.structs.replace(theirs, mail_to="")), Undelivered)
        self.assertTrue(cast(Any, fault).is_final)
        self.assertEqual(len(self.factory.mails), 1)

    @inlineCallbacks
    def test_what_is_tried_again(self) -> Generator[Deferred[Any], Any, None]:
        """What the server refuses for now, and that it is away; what it refuses for good is final."""
        for refusal, is_final in ((b"450 busy", False), (b"550 nobody", True)):
            self.factory.refusal = refusal
            fault = yield self.assertFailure(self.send(), Undelivered)
            self.assertEqual(cast(Any, fault).is_final, is_final, refusal)
        self.place = ("127.0.0.1", self.closed_port())
        fault = yield self.assertFailure(self.send(), Undelivered)
        self.assertFalse(cast(Any, fault).is_final)


class Stores(TestCase):
    """`SqliteNotifications`."""

    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        self.path = folder / "notifications.sqlite"

    def open(self) -> SqliteNotifications:
        """The file, opened."""
        from twisted.internet import reactor

        return SqliteNotifications(self.path, cast(Any, reactor))

    @inlineCallbacks
    def test_addresses_are_found_again(self) -> Generator[Deferred[Any], Any, None]:
        """As they were set last; nothing is made before. A file of before they were there gets its table."""
        store = self.open()
        found = yield store.addresses()
        self.assertEqual((found, self.path.exists()), ({}, False))
        for person, address in (
            ("account 1", "a@x.org"),
            ("account 2", "b@x.org"),
            ("account 1", "c@x.org"),
            ("account 2", None),
        ):
            yield store.put_address(person, address)
        yield Deferred.fromCoroutine(store.stop())
        with contextlib.closing(sqlite3.connect(self.path)) as file:
            self.assertEqual(file.execute("SELECT * FROM addresses").fetchall(), [("account 1", "c@x.org")])
        store = self.open()
        found = yield store.addresses()
        self.assertEqual(found, {"account 1": "c@x.org"})
        yield Deferred.fromCoroutine(store.stop())
        with contextlib.closing(sqlite3.connect(self.path)) as file:
            file.execute("DROP TABLE addresses")
        store = self.open()
        self.assertEqual((yield store.addresses()), {})
        yield Deferred.fromCoroutine(store.stop())

    @inlineCallbacks
    def test_browsers_are_found_again(self) -> Generator[Deferred[Any], Any, None]:
        """As they were put last, the oldest first; nothing is made before. A file of before they were there gets its table."""
        store = self.open()
        self.assertEqual(((yield store.subscriptions()), self.path.exists()), ([], False))
        kept = [
            Subscription(
                id=str(number), person="account 1", login="l", endpoint="e", key="k", secret="s", browser="b", since=""
            )
            for number in range(4)
        ]
        for one in kept:
            yield store.put_subscription(one)
        yield store.remove_subscriptions(["1", "2", "ghost"])
        yield store.remove_subscriptions([])
        yield Deferred.fromCoroutine(store.stop())
        store = self.open()
        self.assertEqual((yield store.subscriptions()), [kept[0], kept[3]])
        yield Deferred.fromCoroutine(store.stop())
        with contextlib.closing(sqlite3.connect(self.path)) as file:
            file.execute("DROP TABLE subscriptions")
        store = self.open()
        self.assertEqual((yield store.subscriptions()), [])
        yield Deferred.fromCoroutine(store.stop())

    @inlineCallbacks
    def test_what_was_put_is_found_again(self) -> Generator[Deferred[Any], Any, None]:
        """As it was put last; what is over only the latest. Nothing is made before."""
        self.patch(__import__("webipy.io.storage.notification_store", fromlist=["KEPT_OVER"]), "KEPT_OVER", 2)
        store = self.open()
        found = yield store.load()
        self.assertEqual((found, self.path.exists()), ([], False))
        waiting = msgspec.structs.replace(KNOWN, id="waiting", ended=None, pending=())
        yield store.put(waiting)
        due = msgspec.structs.replace(KNOWN, id="due", pending=("page", "webhook"))
        yield store.put(due)
        for number in range(4):
            yield store.put(msgspec.structs.replace(KNOWN, id=str(number)))
        yield store.put(msgspec.structs.replace(waiting, id="withdrawn"))
        yield store.remove("withdrawn")
        yield store.put(msgspec.structs.replace(due, pending=("page",)))
        yield Deferred.fromCoroutine(store.stop())
        again = self.open()
        found = yield again.load()
        self.assertEqual([one.id for one in cast(Any, found)], ["waiting", "due", "2", "3"])
        self.assertEqual(cast(Any, found)[1].pending, ("page",))
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        yield Deferred.fromCoroutine(again.stop())
        yield Deferred.fromCoroutine(again.stop())


class Options(SynchronousTestCase):
    """The command line."""

    def read(self, *services: str, **given: str) -> NotifyOptions:
        """Reads options."""
        options: dict[str, Any] = {cast(str, one[0]): None for one in PARAMETERS} | {"no-web-push": 0}
        named = {name.replace("_", "-"): value for name, value in given.items()}
        return read({**options, **named}, lambda option, text: Path(text), services)

    def test_what_is_right(self) -> None:
        """Nothing; a webhook, in a file, too; mails."""
        self.assertEqual(self.read(), NotifyOptions())
        file = Path(self.mktemp())
        file.write_text("https://hooks.example/x?y=1\n")
        for given in ("https://hooks.example/x?y=1", f"@{file}"):
            self.assertEqual(self.read(notify_webhook=given).webhook, "https://hooks.example/x?y=1")
        mails = self.read(smtp="localhost", mail_from="ada@example.org")
        self.assertEqual((mails.smtp, mails.receiver), (("localhost", 25), "ada@example.org"))
        self.assertEqual(self.read(smtp="[::1]:2525", mail_from="ada", mail_to="bo@x").smtp, ("::1", 2525))
        self.assertNotIn("hooks", repr(self.read(notify_webhook="https://hooks.example/x")))
        self.assertEqual(list(mails.senders("1", None)), ["mail"])

    def test_web_push(self) -> None:
        """It is there unless it is switched off; a push service writes to who sends mails, or to the public address."""
        state, at_once = Path("state"), cast(Any, None)

        def contact(options: NotifyOptions, public: str | None) -> str:
            found = options.web_push(state, public, "1", at_once, None)
            assert found is not None
            return found.contact

        mails = self.read(smtp="localhost", mail_from="ada@example.org")
        self.assertEqual(contact(mails, "https://host/lab/"), "mailto:ada@example.org")
        self.assertEqual(
            contact(self.read(smtp="localhost", mail_from="ada"), "https://host/lab/"), "https://host/lab/"
        )
        self.assertEqual((contact(self.read(), "http://localhost/"), contact(self.read(), None)), ("", ""))
        self.assertIsNone(self.read(no_web_push="1").web_push(state, None, "1", at_once, None))
        named = self.read("push.example.org", "http://127.0.0.1:8123").push_services
        self.assertEqual([one.host for one in named], ["push.example.org", "127.0.0.1"])
        for services, given, words in (
            (("http://push.example.org",), {}, "is no push service"),
            (("a b",), {}, "is no push service"),
            (("push.example.org",), {"no_web_push": "1"}, "--no-web-push"),
        ):
            fault = self.assertRaises(usage.UsageError, self.read, *services, **cast(Any, given))
            self.assertIn(words, str(fault))

    def test_what_is_wrong_is_a_sentence_without_the_secret(self) -> None:
        """A table."""
        table: list[tuple[str, dict[str, str]]] = [
            ("no address of a webhook", {"notify_webhook": "hooks.example/SECRET"}),
            ("no address of a webhook", {"notify_webhook": "ftp://hooks.example/SECRET"}),
            ("no address of a webhook", {"notify_webhook": "https://h:x/SECRET"}),
            ("no address of a webhook", {"notify_webhook": "https://h/SECRET x"}),
            ("are not sent", {"notify_webhook": "https://ada:SECRET@h/"}),
            ("cannot be read", {"notify_webhook": "@/nonexistent"}),
            ("name the mail server, too", {"mail_from": "a@b"}),
            ("name the mail server, too", {"mail_to": "a@b"}),
            ("is no mail server", {"smtp": "a b", "mail_from": "a@b"}),
            ("is no mail server", {"smtp": "h:99999", "mail_from": "a@b"}),
            ("with --mail-from", {"smtp": "h"}),
            ("is no address of mail", {"smtp": "h", "mail_from": "a@b\nBcc: x@y"}),
            ("is no address of mail", {"smtp": "h", "mail_from": "a@b", "mail_to": "a b"}),
        ]
        for words, given in table:
            fault = self.assertRaises(usage.UsageError, self.read, **given)
            self.assertIn(words, str(fault))
            self.assertNotIn("SECRET", str(fault))
