"""webipy.server.sessions.push_browsers, webipy.server.methods.push, webipy.core.api.push_calls, webipy.server.ports.web_push: told by Web Push."""

from __future__ import annotations

import hashlib

from twisted.internet.defer import Deferred

from tests.account_clients import secrets_of, who
from tests.fake_push import SERVICE, FakeBrowser, FakeWebPush
from tests.fakes import TOKEN, Client, Rig
from tests.test_notifications import PASSWORD, NotificationCase
from webipy.core.api.access import Principal
from webipy.server.methods.method import Connection
from webipy.server.people.logins import Browser, Credentials
from webipy.server.ports.notifications import Undelivered
from webipy.server.ports.web_push import Subscription
from webipy.server.sessions import notifications, push_browsers

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class PushCase(NotificationCase):
    """A server with Web Push, and a member with an account."""

    def equip(self, rig: Rig) -> None:
        """Gives a server what sends; its accounts and logins outlive it, too."""
        super().equip(rig)
        rig.wait(Deferred.fromCoroutine(rig.services.people.load()))
        rig.wait(Deferred.fromCoroutine(rig.services.logins.load()))
        rig.services.notifications.senders = {}
        rig.services.notifications.web_push = self.push = FakeWebPush()

    def setUp(self) -> None:
        super().setUp()
        self.rig.me.call("user.add", name="bo", password=PASSWORD)
        self.rig.me.call("right.grant", session=self.session, whom="bo", verb="execute")
        self.bo = self.browser_of("bo")
        self.phone = FakeBrowser(SERVICE)

    def page(self, principal: Principal) -> Client:
        """A page by a login."""
        client = Client(self.rig, Connection(principal))
        client.connection.send = client.sent.append
        client.connection.soon = lambda call: self.rig.clock.callLater(0, call)
        return client

    def browser_of(self, name: str, *, stays: bool = True) -> Client:
        """A page in a browser that somebody signs in."""
        principal = who(self.rig, secrets_of(self.rig, name, PASSWORD, stays=stays))
        assert principal is not None
        return self.page(principal)

    def owners(self) -> Client:
        """A page in a browser of whoever runs the server."""
        logins = self.rig.services.logins
        secrets = self.rig.wait(Deferred.fromCoroutine(logins.login(None, TOKEN, Browser(FIREFOX, "192.0.2.1"))))
        found = logins.principal_of(Credentials(None, (secrets.cookie,), secrets.key, None, None, frozenset()))
        assert found is not None
        return self.page(found)

    def end_run_of(self, client: Client) -> str:
        """A run that somebody is told of; it ends, and a page would have had its time. Returns the id of its notification."""
        run = self.start()
        asked = str(client.call("notification.ask", session=self.session, execution=run)["id"])
        self.end(run)
        self.pass_page()
        return asked

    def pass_page(self) -> None:
        """The time of a page passes."""
        self.rig.clock.advance(notifications.PAGE_SECONDS)
        self.rig.turn()

    def sent_to(self, *browsers: FakeBrowser) -> list[str]:
        """The ids of the notifications that were sent to browsers."""
        return [id for endpoint, id, _ in self.push.sent if endpoint in [one.endpoint for one in browsers]]


class Subscribing(PushCase):
    """`push.*`."""

    def test_a_browser_is_subscribed_listed_and_removed(self) -> None:
        """With its name and its push service; nobody is told the endpoint or the keys."""
        self.assertEqual(self.bo.call("push.key"), {"public_key": self.push.key})
        self.assertEqual(self.bo.call("push.list"), {"offered": True, "browsers": []})
        listed = self.bo.call("push.subscribe", **self.phone.params())
        (one,) = listed["browsers"]
        self.assertEqual((one["browser"], one["here"]), ("Firefox on Linux", True))
        self.assertEqual(one["service"], "updates.push.services.mozilla.com")
        self.assertEqual(one["digest"], hashlib.sha256(self.phone.endpoint.encode()).hexdigest())
        for secret in (self.phone.endpoint, self.phone.p256dh, self.phone.auth):
            self.assertNotIn(secret, repr(listed))
        self.assertFalse(self.browser_of("bo").call("push.list")["browsers"][0]["here"])
        self.assertEqual(self.rig.me.call("push.list")["browsers"], [], "they are the person's own")
        self.refused("not_found", "push.unsubscribe", self.rig.me, id=one["id"])
        self.assertEqual(self.bo.call("push.unsubscribe", id=one["id"])["browsers"], [])
        self.refused("not_found", "push.unsubscribe", self.bo, id=one["id"])
        self.assertEqual(self.store.browsers, {})

    def test_a_browser_has_one_subscription(self) -> None:
        """The one that it has made last, by whomever; and so has a login."""
        self.bo.call("push.subscribe", **self.phone.params())
        self.bo.call("push.subscribe", **FakeBrowser(SERVICE).params())
        self.assertEqual(len(self.bo.call("push.list")["browsers"]), 1)
        self.bo.call("push.subscribe", **self.phone.params())
        owner = self.owners()
        owner.call("push.subscribe", **self.phone.params())
        self.assertEqual(self.bo.call("push.list")["browsers"], [])
        self.assertEqual([one.person for one in self.store.browsers.values()], ["owner"])

    def test_what_is_refused(self) -> None:
        """Addresses that are of no push service; programs; browsers that are signed out when they are closed; guests; one too many."""
        self.refused("invalid_params", "push.subscribe", self.bo, **self.phone.params(endpoint="https://10.0.0.1/x"))
        self.refused(
            "invalid_params", "push.subscribe", self.bo, **self.phone.params(endpoint=SERVICE + "/" + "x" * 2048)
        )
        self.refused("invalid_request", "push.subscribe", self.rig.me, **self.phone.params())
        fault = self.refused(
            "invalid_request", "push.subscribe", self.browser_of("bo", stays=False), **self.phone.params()
        )
        self.assertIn("Stay signed in", fault.message)
        for method, params in (("push.key", {}), ("push.list", {}), ("push.subscribe", self.phone.params())):
            self.refused("not_permitted", method, self.guest(), **params)
        self.patch(push_browsers, "MOST_BROWSERS", 2)
        for _ in range(2):
            self.browser_of("bo").call("push.subscribe", **FakeBrowser(SERVICE).params())
        self.refused("too_large", "push.subscribe", self.bo, **self.phone.params())
        self.assertEqual(len(self.store.browsers), 2)

    def test_a_server_without_web_push(self) -> None:
        """It says so, and sends none, whatever it has kept."""
        self.bo.call("push.subscribe", **self.phone.params())
        self.rig.services.notifications.web_push = None
        self.assertFalse(self.bo.call("push.list")["offered"])
        fault = self.refused("invalid_request", "push.key", self.bo)
        self.assertIn("--no-web-push", fault.message)
        self.refused("invalid_request", "push.subscribe", self.bo, **self.phone.params())
        self.end_run_of(self.bo)
        self.assertEqual((self.push.sent, self.bo.call("notification.list")["ways"]), ([], []))


class Ends(PushCase):
    """A subscription ends with its login."""

    def subscribed(self) -> Client:
        """A second browser, which is told."""
        client = self.browser_of("bo")
        client.call("push.subscribe", **self.phone.params())
        self.assertEqual(len(self.store.browsers), 1)
        return client

    def gone(self) -> None:
        """Nothing is kept, and nothing is sent."""
        self.assertEqual(self.store.browsers, {})
        self.assertEqual(self.push.sent, [])

    def test_by_signing_out(self) -> None:
        """Also what still waits is not sent."""
        client = self.subscribed()
        run = self.start()
        client.call("notification.ask", session=self.session, execution=run)
        self.end(run)
        login = client.connection.principal.login if client.connection.principal is not None else ""
        self.rig.wait(Deferred.fromCoroutine(self.rig.services.logins.sign_out(login)))
        self.pass_page()
        self.gone()
        self.assertEqual([one.pending for one in self.store.kept.values()], [("page",)])

    def test_by_others(self) -> None:
        """From another browser, by a new password, by being disabled or removed."""
        self.subscribed()
        self.bo.call("login.revoke", others=True)
        self.gone()
        self.subscribed()
        self.bo.call("account.change_password", old=PASSWORD, new="seven brown kettles")
        self.gone()
        self.rig.me.call("user.set_password", user="bo", password=PASSWORD)
        self.subscribed()
        self.rig.me.call("user.set", user="bo", disabled=True)
        self.gone()
        self.rig.me.call("user.set", user="bo", disabled=False)
        self.subscribed()
        self.rig.me.call("user.remove", user="bo")
        self.gone()

    def test_while_no_server_runs(self) -> None:
        """What is left of a login that is gone, or of two of one browser, is forgotten at the start."""
        self.subscribed()
        (kept,) = self.store.browsers.values()
        for id, login in (("2", "gone"), ("3", kept.login)):
            self.store.browsers[id] = Subscription(
                id=id, person=kept.person, login=login, endpoint=kept.endpoint if login == kept.login else id,
                key="", secret="", browser="", since="",
            )  # fmt: skip
        self.restarted()
        self.assertEqual(list(self.store.browsers), [kept.id])

    def test_of_a_hub(self) -> None:
        """Its logins are in memory; who has signed in there before is told until the browser comes back."""
        self.store.browsers["1"] = Subscription(
            id="1", person="hub grace", login="gone", endpoint=self.phone.endpoint, key="", secret="", browser="", since=""
        )  # fmt: skip
        browsers = self.rig.services.notifications.browsers
        self.rig.services.hub_home = "https://hub.example/hub/home"
        self.rig.wait(Deferred.fromCoroutine(self.rig.services.notifications.resume()))
        self.assertEqual([one.id for one in browsers.of("hub grace")], ["1"])


class Telling(PushCase):
    """From the end of a run to the browsers."""

    def test_each_browser_is_told_once(self) -> None:
        """With the words that all ways have; nobody else's is."""
        other = FakeBrowser(SERVICE)
        self.bo.call("push.subscribe", **self.phone.params())
        self.browser_of("bo").call("push.subscribe", **other.params())
        self.owners().call("push.subscribe", **FakeBrowser(SERVICE).params())
        self.assertEqual(self.bo.call("notification.list")["ways"], ["push"])
        asked = self.end_run_of(self.bo)
        self.assertEqual(
            [(endpoint, id) for endpoint, id, _ in self.push.sent],
            [(self.phone.endpoint, asked), (other.endpoint, asked)],
        )
        self.assertTrue(self.push.sent[0][2].startswith("Finished"))
        self.assertEqual([one.pending for one in self.store.kept.values()], [("page",)])
        self.rig.clock.advance(1000)
        self.assertEqual(len(self.push.sent), 2)

    def test_whoever_runs_the_server_is_told(self) -> None:
        """In a browser of theirs, though a program has started it."""
        page = self.owners()
        page.call("push.subscribe", **self.phone.params())
        asked = self.end_run_of(self.rig.me)
        self.assertEqual(self.sent_to(self.phone), [asked])

    def test_a_page_that_somebody_looks_at_is_enough(self) -> None:
        """It says so in time, and no browser is called."""
        self.bo.call("push.subscribe", **self.phone.params())
        page = self.listening(client=self.browser_of("bo"))
        run = self.start()
        page.call("notification.ask", session=self.session, execution=run)
        self.end(run)
        (shown,) = self.shown(page)
        self.rig.clock.advance(notifications.PAGE_SECONDS / 2)
        page.call("notification.confirm", id=shown["id"], seen=True)
        self.pass_page()
        self.assertEqual(self.push.sent, [])
        self.assertTrue(all(one.is_over for one in self.store.kept.values()))

    def test_a_page_that_nobody_looks_at_is_enough_for_its_browser(self) -> None:
        """The others are called."""
        desk, here = FakeBrowser(SERVICE), self.listening(client=self.browser_of("bo"))
        here.call("push.subscribe", **desk.params())
        self.bo.call("push.subscribe", **self.phone.params())
        run = self.start()
        here.call("notification.ask", session=self.session, execution=run)
        self.end(run)
        here.call("notification.confirm", id=self.shown(here)[0]["id"])
        self.pass_page()
        self.assertEqual((len(self.sent_to(self.phone)), self.sent_to(desk)), (1, []))

    def test_a_page_that_says_nothing_does_not_hold_it_up(self) -> None:
        """It may be asleep; what it says later ends nothing that is done."""
        page = self.listening(client=self.bo)
        page.call("push.subscribe", **self.phone.params())
        asked = self.end_run_of(page)
        self.assertEqual(self.sent_to(self.phone), [asked])
        page.call("notification.confirm", id=asked, seen=True)
        self.assertTrue(all(one.is_over for one in self.store.kept.values()))

    def test_a_browser_that_has_left_is_forgotten(self) -> None:
        """Its push service knows it no longer; the others are told."""
        self.bo.call("push.subscribe", **self.phone.params())
        other = FakeBrowser(SERVICE)
        self.browser_of("bo").call("push.subscribe", **other.params())
        self.push.faults = [Undelivered("it answers with status 410", is_gone=True)]
        asked = self.end_run_of(self.bo)
        self.assertEqual(self.sent_to(other), [asked])
        self.assertEqual([one.endpoint for one in self.store.browsers.values()], [other.endpoint])
        self.assertEqual([one.pending for one in self.store.kept.values()], [("page",)])

    def test_each_browser_has_its_own_tries(self) -> None:
        """One is away and is tried again, without the other; a refusal is final; a page that is seen meanwhile ends it."""
        self.bo.call("push.subscribe", **self.phone.params())
        other = FakeBrowser(SERVICE)
        self.browser_of("bo").call("push.subscribe", **other.params())
        self.push.faults = [Undelivered("it is away")]
        first = self.end_run_of(self.bo)
        self.rig.clock.advance(notifications.FIRST_PAUSE_S)
        self.rig.turn()
        self.assertEqual((self.sent_to(self.phone), self.sent_to(other)), ([first, first], [first]))
        self.push.faults = [Undelivered("it refuses", is_final=True)]
        second = self.end_run_of(self.bo)
        self.rig.clock.advance(1000)
        self.assertEqual(self.sent_to(self.phone), [first, first, second])
        self.push.faults = [Undelivered("it is away") for _ in range(9)]
        third = self.end_run_of(self.bo)
        self.bo.call("notification.confirm", id=third, seen=True)
        self.rig.clock.advance(1000)
        self.rig.turn()
        self.assertEqual(self.sent_to(self.phone), [first, first, second, third])

    def test_restarts(self) -> None:
        """What is done is not done again; what was under way is, with the same id; an end that no server saw is told by the next."""
        other = FakeBrowser(SERVICE)
        self.bo.call("push.subscribe", **self.phone.params())
        self.browser_of("bo").call("push.subscribe", **other.params())
        first = self.end_run_of(self.bo)
        run = self.start()
        second = self.bo.call("notification.ask", session=self.session, execution=run)["id"]
        self.rig.host.run(run)
        sent, self.push.is_held = self.push, True
        self.assertEqual(sorted(self.sent_to(self.phone, other)), [first, first])
        self.rig = self.restarted()
        self.pass_page()
        self.assertEqual(sorted(self.sent_to(self.phone, other)), [second, second])
        self.assertIsNot(sent, self.push)

    def test_a_restart_in_the_middle(self) -> None:
        """The browser whose push service has not answered is called again, and the other one is not."""
        other = FakeBrowser(SERVICE)
        self.bo.call("push.subscribe", **self.phone.params())
        self.browser_of("bo").call("push.subscribe", **other.params())
        self.push.faults = [Undelivered("it is away")]
        asked = self.end_run_of(self.bo)
        self.assertEqual((self.sent_to(self.phone), self.sent_to(other)), ([asked], [asked]))
        self.rig = self.restarted()
        self.pass_page()
        self.assertEqual((self.sent_to(self.phone), self.sent_to(other)), ([asked], []))

    def test_a_notification_is_kept_without_the_keys(self) -> None:
        """In its row stands the id of the subscription, and no more."""
        self.bo.call("push.subscribe", **self.phone.params())
        self.push.faults = [Undelivered("it is away")]
        self.end_run_of(self.bo)
        self.assertNotIn(self.phone.endpoint, repr(self.store.kept))
