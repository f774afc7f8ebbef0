"""webipy.server.people.shares and the methods share.*: links, who comes by them, and how they end."""

from __future__ import annotations

import json
from typing import Any

import attrs
from twisted.internet.defer import Deferred

from tests.fakes import Client, Rig, RigTestCase, make_rig
from webipy.core import errors
from webipy.core.api.access import Principal
from webipy.server.methods.api import answered
from webipy.server.methods.method import Connection
from webipy.server.people.failed_attempts import ATTEMPTS_PER_MINUTE
from webipy.server.people.logins import Credentials, LoginSecrets
from webipy.server.people.shares import EXPIRY_SECONDS, JOINS_A_MINUTE, LEFT_SECONDS, MAX_GUESTS, MAX_SHARES

DAY = 86_400


def secret_of(url: str) -> str:
    """The secret in the address of a link."""
    return url.partition("#share=")[2]


@attrs.define
class Came:
    """Somebody who came by a link."""

    client: Client
    secrets: LoginSecrets
    principal: Principal


def come(rig: Rig, secret: str, name: str = "Grace") -> Came:
    """Opens a link and gives a name."""
    secrets: LoginSecrets = rig.wait(Deferred.fromCoroutine(rig.services.logins.join(secret, name)))
    principal = who(rig, secrets)
    assert principal is not None
    client = Client(rig, Connection(principal))
    client.connection.send = client.sent.append
    client.connection.soon = lambda call: rig.clock.callLater(0, call)
    return Came(client, secrets, principal)


def who(rig: Rig, secrets: LoginSecrets) -> Principal | None:
    """Whom the server takes the bearer of a cookie and a key for."""
    return rig.services.logins.principal_of(Credentials(None, (secrets.cookie,), secrets.key, None, None, frozenset()))


class SharesTestCase(RigTestCase):
    """A server with a session."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session()
        self.ended: list[str] = []
        self.rig.services.logins.shares.connections.add(self.ended.append)

    def link(self, verb: str = "read", **params: Any) -> Any:
        """A new link."""
        return self.rig.me.call("share.link", session=self.session, verb=verb, **params)

    def joined(self, verb: str = "read", name: str = "Grace", **params: Any) -> tuple[str, Came]:
        """A new link and somebody who came by it."""
        told = self.link(verb, **params)
        return told["share"], come(self.rig, secret_of(told["url"]), name)

    def listed(self) -> Any:
        """What the owner sees."""
        return self.rig.me.call("share.list", session=self.session)["shares"]


class Links(SharesTestCase):
    """Made, listed, followed."""

    def test_a_link_leads_into_one_session_with_one_right(self) -> None:
        """Its address has the secret in the fragment; who comes is marked as a guest."""
        _, grace = self.joined("write")
        self.assertEqual(
            grace.principal, Principal("Grace (guest)", "write", grace.principal.login, session=self.session)
        )
        self.assertNotEqual(
            grace.principal.person, self.rig.me.connection.principal and self.rig.me.connection.principal.person
        )
        inserted = grace.client.call("cell.insert", session=self.session, source="1")
        (event,) = [e for e in self.rig.journal.events() if e.get("cell") == inserted["cell"]]
        self.assertEqual(event["by"], "Grace (guest)")

    def test_the_owner_sees_links_and_who_came(self) -> None:
        """With times, labels, and the names as they were given."""
        share, grace = self.joined("read", label="  For   Grace ", days=3)
        self.rig.clock.advance(60)
        come_later = come(self.rig, secret_of(self.link("execute")["url"]), " Alan\u00a0 Turing ")
        first, second = self.listed()
        self.assertEqual(
            first,
            {
                "id": share,
                "verb": "read",
                "label": "For Grace",
                "created": "2026-03-01T09:30:00.000000Z",
                "expires": "2026-03-04T09:30:00.000000Z",
                "guests": [
                    {
                        "login": grace.principal.login,
                        "name": "Grace",
                        "since": "2026-03-01T09:30:00.000000Z",
                        "verb": None,
                    },
                ],
            },
        )
        self.assertEqual(second["expires"], "2026-03-08T09:31:00.000000Z")
        self.assertEqual(
            [(guest["login"], guest["name"]) for guest in second["guests"]],
            [(come_later.principal.login, "Alan Turing")],
        )

    def test_a_link_is_for_as_many_as_have_it(self) -> None:
        """Two may have one name; each has a login of their own."""
        secret = secret_of(self.link()["url"])
        one, two = come(self.rig, secret), come(self.rig, secret)
        self.assertEqual(one.principal.name, two.principal.name)
        self.assertNotEqual(one.principal.person, two.principal.person)

    def test_only_digests_are_kept(self) -> None:
        """Neither the secret of a link nor a guest's cookie is in memory or in the registry."""
        secret = secret_of(self.link()["url"])
        grace = come(self.rig, secret)
        shares = self.rig.services.logins.shares
        kept = repr((self.rig.disk.registry.links, self.rig.disk.registry.visitors, shares._shares, shares._logins))
        self.assertNotIn(repr(secret), kept)
        self.assertNotIn(repr(grace.secrets.cookie), kept)
        self.assertNotIn(repr(grace.secrets.key), kept)

    def test_names(self) -> None:
        """A table: what is given, what becomes of it; nobody is taken for the owner."""
        secret = secret_of(self.link()["url"])
        good = {
            " ada ": "ada (guest)",
            "x" * 40: "x" * 40 + " (guest)",
            "李 小龍": "李 小龍 (guest)",
            "👩\u200d🚀": "👩\u200d🚀 (guest)",
        }
        for given, shown in good.items():
            self.assertEqual(come(self.rig, secret, given).principal.name, shown)
        for bad in ("", "   ", "x" * 41, "a\x00b", "a\u202eb", "a\u200bb", "\ud800", "a\u2066b", "...", "\u200d"):
            self.failureResultOf(
                Deferred.fromCoroutine(self.rig.services.logins.join(secret, bad)), errors.InvalidParams
            )

    def test_there_are_limits(self) -> None:
        """Of links in a session, of people by one link, of days and of labels."""
        for _ in range(MAX_SHARES):
            self.link()
        self.refused("too_large", "share.link", session=self.session, verb="read")
        secret = secret_of(self.rig.me.call("share.link", session=self.rig.session(), verb="read")["url"])
        for number in range(MAX_GUESTS):
            self.rig.wait(
                Deferred.fromCoroutine(self.rig.services.logins.join(secret, f"Guest {number}", str(number % 8)))
            )
        self.rig.services.logins.shares.connections.add(lambda login: None, lambda login: 1)
        self.failureResultOf(Deferred.fromCoroutine(self.rig.services.logins.join(secret, "One more")), errors.Quota)
        wrong: list[dict[str, Any]] = [
            {"days": 0},
            {"days": 366},
            {"label": "x" * 61},
            {"verb": "own"},
            {"verb": "none"},
        ]
        for more in wrong:
            params: Any = {"session": self.session, "verb": "read", **more}
            self.refused("invalid_params", "share.link", **params)

    def test_wrong_secrets_are_throttled(self) -> None:
        """Together with wrong codes and tokens of that address; who has a link is in at once."""
        logins = self.rig.services.logins
        for number in range(ATTEMPTS_PER_MINUTE):
            with self.assertRaises(errors.NotAuthenticated):
                logins.share_of(f"guess {number}", "")
        self.assertRaises(errors.Throttled, logins.share_of, "guess", "")
        self.failureResultOf(Deferred.fromCoroutine(logins.login(None, "x")), errors.Throttled)
        come(self.rig, secret_of(self.link()["url"]))


class Ends(SharesTestCase):
    """A link is over: so is every login that came by it, at once."""

    def assert_out(self, came: Came) -> None:
        """Nothing is left of a guest."""
        self.assertIsNone(who(self.rig, came.secrets))
        self.refused("not_authenticated", "cell.list", came.client, session=self.session)
        self.assertEqual(self.ended, [came.principal.login])
        self.assertEqual(self.rig.disk.registry.visitors, {})

    def test_revoked(self) -> None:
        """Its connections are ended; what its guests have started goes on; another link is untouched."""
        share, grace = self.joined("execute")
        other, _ = self.joined()
        self.rig.me.call("kernel.start", session=self.session)
        self.rig.turn()
        self.rig.host.ready()
        run = grace.client.call("execution.start", session=self.session, code="1")["execution"]
        self.rig.disk.registry.visitors.clear()
        self.rig.me.call("share.revoke", session=self.session, share=share)
        self.assert_out(grace)
        self.assertEqual([share["id"] for share in self.listed()], [other])
        self.rig.host.run(run)
        self.rig.turn()
        told = self.rig.me.call("execution.get", session=self.session, execution=run)
        self.assertEqual((told["status"], told["by"]), ("ok", "Grace (guest)"))
        self.refused("not_found", "share.revoke", session=self.session, share=share)

    def test_over(self) -> None:
        """After its days, while the server runs: the look comes at that moment, and nothing counts after it."""
        told = self.link(days=1)
        grace = come(self.rig, secret_of(told["url"]))
        for _ in range(DAY // int(EXPIRY_SECONDS) - 1):
            self.rig.clock.advance(EXPIRY_SECONDS)
        self.rig.clock.advance(EXPIRY_SECONDS - 1)
        self.assertIsNotNone(who(self.rig, grace.secrets))
        self.rig.clock.advance(1)
        self.assert_out(grace)
        self.assertRaises(errors.NotAuthenticated, self.rig.services.logins.share_of, secret_of(told["url"]), "")
        self.assertEqual(self.rig.disk.registry.links, {})

    def test_over_counts_before_anybody_looks(self) -> None:
        """The clock of the wall decides at every call, not the timer."""
        _, grace = self.joined(days=1)
        shares = self.rig.services.logins.shares
        shares.now = lambda: "2026-03-02T09:30:00.000000Z"
        self.assertIsNone(who(self.rig, grace.secrets))
        self.refused("not_authenticated", "cell.list", grace.client, session=self.session)
        self.assertEqual(self.listed(), [])

    def test_the_session_is_closed(self) -> None:
        """Nobody can come to it any more."""
        told = self.link()
        grace = come(self.rig, secret_of(told["url"]))
        self.rig.me.call("session.close", session=self.session)
        self.assert_out(grace)
        self.assertRaises(errors.NotAuthenticated, self.rig.services.logins.share_of, secret_of(told["url"]), "")

    def test_a_guest_leaves(self) -> None:
        """Their login ends, and nobody else's."""
        share, grace = self.joined()
        self.rig.wait(Deferred.fromCoroutine(self.rig.services.logins.sign_out(grace.principal.login)))
        self.assert_out(grace)
        self.assertEqual([share["id"] for share in self.listed()], [share])

    def test_links_outlive_the_server(self) -> None:
        """And their guests; those that are over meanwhile do not."""
        _, grace = self.joined("write", days=2)
        _, short = self.joined(days=1)
        again = self.rig.crashed()
        self.rig.wait(Deferred.fromCoroutine(again.services.logins.load()))
        self.assertEqual(who(again, grace.secrets), grace.principal)
        self.assertIsNotNone(who(again, short.secrets))
        again.disk.clock.advance(DAY)
        later = make_rig(again.disk)
        self.rig.wait(Deferred.fromCoroutine(later.services.logins.load()))
        self.assertEqual(who(later, grace.secrets), grace.principal)
        self.assertIsNone(who(later, short.secrets))


class Changes(SharesTestCase):
    """A link gives another right."""

    def test_it_counts_at_once_for_who_is_in(self) -> None:
        """On connections that are open: more, and less."""
        share, grace = self.joined("read")
        self.refused("not_permitted", "cell.insert", grace.client, session=self.session)
        self.rig.me.call("share.set", session=self.session, share=share, verb="write")
        grace.client.call("cell.insert", session=self.session)
        self.assertEqual(grace.client.call("server.info")["verb"], "write")
        self.rig.me.call("share.set", session=self.session, share=share, verb="read")
        self.refused("not_permitted", "cell.insert", grace.client, session=self.session)
        self.assertEqual(self.rig.disk.registry.links[share].verb, "read")

    def test_a_right_that_was_lowered_stays_low_after_a_crash(self) -> None:
        """It is written down before the call is answered."""
        share, grace = self.joined("execute")
        self.rig.me.call("share.set", session=self.session, share=share, verb="read")
        again = self.rig.crashed()
        self.rig.wait(Deferred.fromCoroutine(again.services.logins.load()))
        back = who(again, grace.secrets)
        self.assertEqual(back and back.verb, "read")

    def test_the_calls_of_a_batch_are_each_asked_for(self) -> None:
        """A batch that was sent before does not go on with what was taken away."""
        share, grace = self.joined("write")
        waits = self.ask_batch(grace)
        self.rig.turn()
        self.rig.me.call("share.revoke", session=self.session, share=share)
        self.rig.clock.advance(60)
        self.rig.turn()
        replies = self.successResultOf(waits)
        self.assertEqual(
            [reply.get("error", {}).get("data", {}).get("name") for reply in replies], [None, "not_authenticated"]
        )
        self.assertEqual(self.rig.me.call("cell.list", session=self.session)["cells"], [])

    def ask_batch(self, grace: Came) -> Deferred[Any]:
        """A call that waits, and one that would change something."""
        rows = [
            ("session.events", {"session": self.session, "since": 1, "wait_s": 60}),
            ("cell.insert", {"session": self.session}),
        ]
        body = [{"jsonrpc": "2.0", "id": n, "method": name, "params": params} for n, (name, params) in enumerate(rows)]
        told = answered(self.rig.api, json.dumps(body).encode(), grace.client.connection)
        return told.addCallback(lambda reply: json.loads(reply or b"null"))

    def test_a_link_belongs_to_its_session(self) -> None:
        """Another session's methods do not find it."""
        share, _ = self.joined()
        other = self.rig.session()
        self.refused("not_found", "share.set", session=other, share=share, verb="execute")
        self.refused("not_found", "share.revoke", session=other, share=share)
        self.assertEqual(self.rig.me.call("share.list", session=other)["shares"], [])


class Places(SharesTestCase):
    """Who gets in when a link is full."""

    def setUp(self) -> None:
        super().setUp()
        self.secret = secret_of(self.link()["url"])
        self.here: set[str] = set()
        self.rig.services.logins.shares.connections.add(lambda login: None, lambda login: login in self.here)

    def join(self, name: str, address: str = "") -> Any:
        """Somebody gives their name, and does no more."""
        return Deferred.fromCoroutine(self.rig.services.logins.join(self.secret, name, address))

    def fill(self) -> list[LoginSecrets]:
        """As many as may come."""
        return [self.rig.wait(self.join(f"Bot {n}", f"10.0.0.{n % 8}")) for n in range(MAX_GUESTS)]

    def names(self) -> list[str]:
        """Who is in."""
        return [guest["name"] for guest in self.listed()[0]["guests"]]

    def test_who_comes_takes_the_place_of_one_who_never_came_back(self) -> None:
        """Not of one who is here, or has worked here."""
        grace = come(self.rig, self.secret, "Grace")
        self.here.add(grace.principal.login)
        ada = come(self.rig, self.secret, "Ada")
        for n in range(MAX_GUESTS - 2):
            self.rig.wait(self.join(f"Bot {n}", f"10.0.0.{n % 8}"))
        come(self.rig, self.secret, "Joan")
        self.assertEqual(
            (len(self.names()), "Joan" in self.names(), "Bot 0" in self.names()), (MAX_GUESTS, True, False)
        )
        self.assertIsNotNone(who(self.rig, ada.secrets))
        self.assertIsNotNone(who(self.rig, grace.secrets))

    def test_where_all_are_here_nobody_comes(self) -> None:
        """They are told how many may be."""
        self.rig.services.logins.shares.connections.add(lambda login: None, lambda login: 1)
        self.fill()
        fault = self.failureResultOf(self.join("Joan", "10.0.1.1"), errors.Quota).value
        self.assertEqual(
            (fault.facts["what"], fault.facts["limit"], fault.facts["used"]), ("guests", MAX_GUESTS, MAX_GUESTS)
        )

    def test_where_all_have_worked_here_the_one_who_is_away_longest_goes(self) -> None:
        """Their login has ended as when they leave."""
        secrets = self.fill()
        for one in reversed(secrets):
            who(self.rig, one)
            self.rig.clock.advance(1)
        self.rig.clock.advance(LEFT_SECONDS)
        self.rig.wait(self.join("Joan"))
        self.assertIsNone(who(self.rig, secrets[-1]))
        self.assertIsNotNone(who(self.rig, secrets[0]))
        self.assertEqual(len(self.ended), 1)
        again = self.rig.crashed()
        self.rig.wait(Deferred.fromCoroutine(again.services.logins.load()))
        self.assertIsNone(who(again, secrets[-1]), "it does not come back with the next server")

    def test_one_address_does_not_fill_a_link(self) -> None:
        """It waits, and is told how long; others come in meanwhile."""
        for n in range(JOINS_A_MINUTE):
            self.rig.wait(self.join(f"Bot {n}", "10.0.0.1"))
        fault = self.failureResultOf(self.join("Bot", "10.0.0.1"), errors.Quota).value
        self.assertEqual((fault.facts["what"], fault.facts["limit"]), ("joins", JOINS_A_MINUTE))
        self.rig.wait(self.join("Grace", "10.0.0.2"))
        self.rig.clock.advance(fault.facts["free_in_s"] + 0.1)
        self.rig.wait(self.join("Ada", "10.0.0.1"))


class OneGuest(RigTestCase):
    """A right of one guest, whatever the link gives."""

    def test_more_or_less_than_the_link(self) -> None:
        """At once, and over a restart; the others keep that of the link, and so does this one again afterwards."""
        session = self.rig.session()
        made = self.rig.me.call("share.link", session=session, verb="read")
        one, other = (come(self.rig, secret_of(made["url"]), name) for name in ("Grace", "Bo"))
        set_guest = {"session": session, "guest": one.principal.login}
        self.rig.me.call("share.set_guest", verb="write", **set_guest)
        one.client.call("cell.insert", session=session)
        self.refused("not_permitted", "cell.insert", other.client, session=session)
        self.rig.me.call("share.set", session=session, share=made["share"], verb="execute")
        self.refused("not_permitted", "kernel.start", one.client, session=session)
        found = self.rig.me.call("share.list", session=session)["shares"][0]["guests"]
        self.assertEqual([guest["verb"] for guest in found], ["write", None])
        self.rig.me.call("share.set_guest", verb=None, **set_guest)
        one.client.call("kernel.start", session=session)

    def test_one_guest_is_signed_out(self) -> None:
        """And no other; a guest of another session is not found here."""
        session, foreign = self.rig.session(), self.rig.session()
        one, other = (
            come(self.rig, secret_of(self.rig.me.call("share.link", session=session, verb="read")["url"]), name)
            for name in ("Grace", "Bo")
        )
        self.refused("not_found", "share.set_guest", session=foreign, guest=one.principal.login, verb="write")
        self.refused("not_found", "share.remove_guest", session=foreign, guest=one.principal.login)
        self.rig.me.call("share.remove_guest", session=session, guest=one.principal.login)
        self.refused("not_authenticated", "cell.list", one.client, session=session)
        other.client.call("cell.list", session=session)
