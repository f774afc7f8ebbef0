"""webipy.server.sessions.notifications, webipy.server.ports.notifications, webipy.core.api.notification_calls: people are told once."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from tests.account_clients import sign_in
from tests.fakes import Client, Refused, Rig, RigTestCase, make_rig
from tests.test_shares import come, secret_of
from webipy.server.ports.notifications import Notification, Undelivered
from webipy.server.sessions import notifications
from webipy.server.sessions.forgetful_notifications import Forgetful
from webipy.server.sessions.notifications import duration, text_of

PASSWORD = "nine green lamps"


class FakeSender:
    """Delivers to memory, when a test lets it."""

    def __init__(self) -> None:
        self.sent: list[tuple[Notification, str, str]] = []
        self.waiting: list[Deferred[None]] = []
        self.is_held = False
        self.faults: list[Undelivered] = []

    def send(self, notification: Notification, text: str, url: str) -> Deferred[None]:
        """See the port."""
        self.sent.append((notification, text, url))
        sent: Deferred[None] = Deferred()
        if self.faults:
            sent.errback(self.faults.pop(0))
        elif self.is_held:
            self.waiting.append(sent)
        else:
            sent.callback(None)
        return sent


class NotificationCase(RigTestCase):
    """A server whose notifications outlive it."""

    def setUp(self) -> None:
        super().setUp()
        self.store, self.sender = Forgetful(), FakeSender()
        self.equip(self.rig)
        self.session = self.rig.session("python3")

    def equip(self, rig: Rig) -> None:
        """Gives a server the store and the webhook of this test."""
        rig.services.notifications.store = self.store
        rig.services.notifications.senders = {"webhook": self.sender}

    def restarted(self) -> Rig:
        """The next server, after this one has died without a word."""
        self.rig.services.notifications.stop()  # what is under way in memory dies with it
        self.rig.disk.crash()
        rig = make_rig(self.rig.disk)
        self.equip(rig)
        rig.wait(Deferred.fromCoroutine(rig.services.notifications.resume()))
        rig.turn()
        return rig

    def start(self, code: str = "1", **params: Any) -> str:
        """An execution that the kernel has."""
        found = str(self.rig.me.call("execution.start", session=self.session, code=code, **params)["execution"])
        self.rig.turn()
        return found

    def end(self, execution: str) -> None:
        """The kernel runs it."""
        self.rig.host.run(execution)
        self.rig.turn()

    def listening(self, rig: Rig | None = None, client: Client | None = None) -> Client:
        """A page that shows notifications."""
        rig = rig or self.rig
        client = client or rig.client()
        client.call("notification.listen")
        rig.turn()
        return client

    def guest(self) -> Client:
        """A guest of the session, who may execute there."""
        link = self.rig.me.call("share.link", session=self.session, verb="execute")
        return come(self.rig, secret_of(link["url"]), "Grace").client

    def shown(self, client: Client) -> list[dict[str, Any]]:
        """The notifications that a page was sent."""
        found = [json.loads(body) for body in client.sent]
        return [one["params"] for one in found if one["method"] == "notification"]


class Telling(NotificationCase):
    """From asking to being told."""

    def test_who_asked_is_told_by_every_way_once(self) -> None:
        """By a page and a webhook, after the end and not before; asking again changes nothing, not even afterwards."""
        page = self.listening()
        run = self.start(notify=True)
        self.start(id=run, notify=True)
        asked = self.rig.me.call("notification.ask", session=self.session, execution=run)["id"]
        listed = self.rig.me.call("notification.list")
        self.assertEqual(([one["id"] for one in listed["waiting"]], listed["ways"]), ([asked], ["webhook"]))
        self.assertEqual((self.shown(page), self.sender.sent), ([], []))
        self.end(run)
        (shown,) = self.shown(page)
        ((sent, text, url),) = self.sender.sent
        self.assertEqual((shown["id"], shown["status"], shown["executions"]), (asked, "ok", [run]))
        self.assertEqual((sent.id, text, url), (asked, shown["text"], shown["url"]))
        self.assertEqual(url, f"http://here/{self.session}#")
        self.assertTrue(text.startswith("Finished"), text)
        for _ in range(2):
            self.rig.me.call("notification.confirm", id=asked)
        self.rig.me.call("notification.ask", session=self.session, execution=run)
        self.listening()
        self.assertEqual(len(self.sender.sent), 1)
        self.assertEqual([one.is_over for one in self.store.kept.values()], [True])
        self.assertEqual(self.rig.me.call("notification.list")["waiting"], [])

    def test_nobody_is_told_who_has_not_asked(self) -> None:
        """Nor who has taken it back."""
        page, run, other = self.listening(), self.start(), self.start(notify=True)
        self.rig.me.call("notification.withdraw", session=self.session, execution=other)
        self.end(run)
        self.end(other)
        self.assertEqual((self.shown(page), self.sender.sent, self.store.kept), ([], [], {}))
        self.refused("not_found", "notification.withdraw", session=self.session, execution="ghost")
        self.refused("not_found", "notification.ask", session=self.session, execution="ghost")
        self.refused("invalid_request", "notification.listen", self.rig.client(can_notify=False))

    def test_what_has_ended_before_is_told_at_once(self) -> None:
        """The bell may be late."""
        run, page = self.start(), self.listening()
        self.end(run)
        self.rig.me.call("notification.ask", session=self.session, execution=run)
        self.rig.turn()
        self.assertEqual([one["executions"] for one in self.shown(page)], [[run]])

    def test_one_page_at_a_time(self) -> None:
        """The one that was opened last; when it leaves before it has shown it, the next one. Nobody else's."""
        first, second, other = self.listening(), self.listening(), self.guest()
        self.listening(client=other)
        run = self.start(notify=True)
        self.end(run)
        self.assertEqual([len(self.shown(page)) for page in (first, second, other)], [0, 1, 0])
        second.connection.leave()
        self.assertEqual([len(self.shown(page)) for page in (first, second, other)], [1, 1, 0])
        other.call("notification.confirm", id=self.shown(first)[0]["id"])
        first.connection.leave()
        third = self.listening()
        self.assertEqual(len(self.shown(third)), 1)
        third.call("notification.confirm", id=self.shown(first)[0]["id"])
        third.connection.leave()
        self.assertEqual(self.shown(self.listening()), [])

    def test_a_guest_is_told_by_pages_alone(self) -> None:
        """The webhook is the owner's."""
        guest = self.guest()
        self.listening(client=guest)
        run = str(guest.call("execution.start", session=self.session, code="1", notify=True)["execution"])
        self.rig.turn()
        self.assertEqual(guest.call("notification.list")["ways"], [])
        self.end(run)
        self.assertEqual((len(self.shown(guest)), self.sender.sent), (1, []))
        with self.assertRaises(Refused):
            guest.call("notification.ask", session="another", execution=run)

    def test_a_run_is_one_notification(self) -> None:
        """When the last of its executions has ended, with the worst of their ends."""
        for source in ("1", "2", "3"):
            self.rig.me.call("cell.insert", session=self.session, source=source)
        ran = self.rig.me.call("notebook.run", session=self.session, id="r", notify=True, stop_on_error=False)
        self.assertEqual(self.rig.me.call("notebook.run", session=self.session, id="r", notify=True)["run"], "r")
        self.rig.turn()
        for cell in ran["executions"]:
            self.assertEqual(self.sender.sent, [])
            self.end(cell["execution"])
        ((sent, _, _),) = self.sender.sent
        self.assertEqual(sent.executions, tuple(cell["execution"] for cell in ran["executions"]))
        self.assertEqual(sent.status, "ok")

    def test_a_dead_kernel_is_told_with_its_reason(self) -> None:
        """As is what was closed."""
        run = self.start(notify=True)
        self.rig.me.call("session.close", session=self.session)
        self.rig.turn()
        ((sent, text, _),) = self.sender.sent
        self.assertEqual(sent.executions, (run,))
        self.assertIn(sent.status, ("lost", "cancelled"))
        self.assertTrue(sent.reason and sent.reason in text, text)

    def test_what_is_kept_is_limited(self) -> None:
        """What is over, and what waits for a page that nobody opens: the latest."""
        self.patch(notifications, "MOST_WAITING", 2)
        for _ in range(5):
            self.end(self.start(notify=True))
        self.assertEqual(len(self.shown(self.listening())), 2)
        self.assertEqual(sum(one.is_over for one in self.store.kept.values()), 3)

    def test_there_is_a_limit(self) -> None:
        """Of what one person waits for."""
        self.patch(notifications, "MOST_WAITING", 2)
        for _ in range(2):
            self.start(notify=True)
        self.refused("too_large", "notification.ask", session=self.session, execution=self.start())


class Restarts(NotificationCase):
    """What a server leaves, the next one goes on with."""

    def test_an_end_that_no_server_saw_is_told_by_the_next(self) -> None:
        """The host has run it meanwhile."""
        run = self.start(notify=True)
        self.rig.host.run(run)
        rig = self.restarted()
        rig.turn()
        ((sent, _, _),) = self.sender.sent
        self.assertEqual((sent.executions, sent.status), ((run,), "ok"))
        self.assertEqual(len(self.shown(self.listening(rig))), 1)

    def test_what_was_delivered_is_not_delivered_again(self) -> None:
        """And what was under way is: with the same id."""
        first = self.start(notify=True)
        self.end(first)
        self.sender.is_held = True
        second = self.start(notify=True)
        self.end(second)
        self.sender.is_held = False
        self.restarted()
        ids = [sent.executions[0] for sent, _, _ in self.sender.sent]
        self.assertEqual(ids, [first, second, second])
        self.assertEqual(self.sender.sent[1][0].id, self.sender.sent[2][0].id)

    def test_what_was_not_shown_waits_for_a_page(self) -> None:
        """Over restarts; a page that has shown it says so."""
        run = self.start(notify=True)
        self.end(run)
        rig = self.restarted()
        page = self.listening(rig)
        (shown,) = self.shown(page)
        page.call("notification.confirm", id=shown["id"])
        self.rig = rig
        self.assertEqual(self.shown(self.listening(self.restarted())), [])

    def test_a_session_that_was_closed_meanwhile(self) -> None:
        """Its end is told as lost; and one whose execution a power cut has taken is forgotten."""
        lost = Notification(
            id="1",
            session="gone",
            title="t",
            executions=("x",),
            person="owner",
            name="ada",
            asked="2026-01-01T00:00:00Z",
        )
        self.store.kept["1"] = lost
        self.store.kept["2"] = msgspec.structs.replace(lost, id="2", session=self.session)
        self.restarted()
        ((sent, text, _),) = self.sender.sent
        self.assertEqual((sent.id, text), ("1", "Lost: t. The session was closed."))
        self.assertEqual(list(self.store.kept), ["1"])


class Deliveries(NotificationCase):
    """A way that fails."""

    def test_it_is_tried_again_with_growing_pauses(self) -> None:
        """Until it works."""
        self.sender.faults = [Undelivered("it is away") for _ in range(3)]
        run = self.start(notify=True)
        self.end(run)
        counts = []
        for seconds in (0.9, 0.2, 1.9, 0.2, 3.9, 0.2, 100):
            self.rig.clock.advance(seconds)
            self.rig.turn()
            counts.append(len(self.sender.sent))
        self.assertEqual(counts, [1, 2, 2, 3, 3, 4, 4])

    def test_some_failures_are_final(self) -> None:
        """And none is tried for ever."""
        self.sender.faults = [Undelivered("it refuses", is_final=True)]
        self.end(self.start(notify=True))
        self.rig.clock.advance(1000)
        self.assertEqual(len(self.sender.sent), 1)
        self.assertEqual([one.pending for one in self.store.kept.values()], [("page",)])
        self.sender.faults = [Undelivered("it is away") for _ in range(10_000)]
        self.end(self.start(notify=True))
        for _ in range(400):
            self.rig.clock.advance(300)
            self.rig.turn(3)
        tried = len(self.sender.sent)
        self.assertLess(tried, 400)
        self.rig.clock.advance(10_000)
        self.assertEqual(len(self.sender.sent), tried)

    def test_what_it_says(self) -> None:
        """In words."""
        table = {0.04: "0.0 s", 3.14: "3.1 s", 12.4: "12 s", 61: "1 min 1 s", 3900: "1 h 5 min"}
        for seconds, words in table.items():
            self.assertEqual(duration(seconds), words)
        known = Notification(
            id="1", session="s", title="May.ipynb", executions=("x",), person="owner", name="ada", asked="",
            status="error", duration_s=75, reason="",
        )  # fmt: skip
        self.assertEqual(text_of(known), "Failed after 1 min 15 s: May.ipynb.")


class ByMail(NotificationCase):
    """webipy.server.sessions.mail_addresses: people with an account set where mails about their runs go."""

    def equip(self, rig: Rig) -> None:
        """Gives a server a mail server, too."""
        super().equip(rig)
        rig.services.notifications.senders["mail"] = self.mails = FakeSender()

    def setUp(self) -> None:
        super().setUp()
        self.bo = self.signed_in()

    def signed_in(self, name: str = "bo") -> Client:
        """A member who may execute in the session."""
        self.rig.me.call("user.add", name=name, password=PASSWORD)
        self.rig.me.call("right.grant", session=self.session, whom=name, verb="execute")
        return sign_in(self.rig, name, PASSWORD)

    def test_who_has_set_an_address_gets_mails_there(self) -> None:
        """From then on; who has not, gets none; and none goes to whoever runs the server."""
        own = self.bo.call("account.get")
        self.assertEqual((own["mail"], own["sends_mail"]), (None, True))
        first = self.start()
        self.bo.call("notification.ask", session=self.session, execution=first)
        self.end(first)
        self.assertEqual(self.mails.sent, [])
        self.assertEqual(self.bo.call("account.set_mail", address=" bo@example.org ")["mail"], "bo@example.org")
        self.assertEqual(self.bo.call("notification.list")["ways"], ["webhook", "mail"])
        second = self.start()
        self.bo.call("notification.ask", session=self.session, execution=second)
        self.end(second)
        ((sent, _, _),) = self.mails.sent
        self.assertEqual((sent.executions, sent.mail_to), ((second,), "bo@example.org"))
        self.assertEqual({one.mail_to for one in self.store.kept.values()}, {""}, "it is kept in one place")

    def test_it_outlives_the_server_and_can_be_taken_back(self) -> None:
        """What waits for the mail server goes nowhere then."""
        self.bo.call("account.set_mail", address="bo@example.org")
        self.mails.faults = [Undelivered("busy")]
        run = self.start()
        self.bo.call("notification.ask", session=self.session, execution=run)
        self.end(run)
        self.bo.call("account.set_mail", address=None)
        self.rig.clock.advance(2)
        self.rig.turn()
        self.assertEqual([sent.mail_to for sent, _, _ in self.mails.sent], ["bo@example.org", ""])
        self.assertIsNone(self.bo.call("account.get")["mail"])
        self.bo.call("account.set_mail", address="b@example.org")
        self.rig.me.call("user.remove", user="bo")
        self.assertEqual(self.store.mail, {})

    def test_addresses_are_read_when_the_server_starts(self) -> None:
        """From where notifications are kept."""
        self.bo.call("account.set_mail", address="bo@example.org")
        account = self.rig.me.call("user.list")["users"][0]["id"]
        self.assertEqual(self.restarted().services.notifications.addresses.get(f"account {account}"), "bo@example.org")

    def test_what_is_no_address(self) -> None:
        """It is refused; the one of before stays."""
        self.bo.call("account.set_mail", address="bo@example.org")
        for wrong in ("bo", "bo@example.org, cy@example.org", "bo@example.org\r\nBcc: x@y.org"):
            self.refused("invalid_params", "account.set_mail", self.bo, address=wrong)
        self.assertEqual(self.bo.call("account.get")["mail"], "bo@example.org")
