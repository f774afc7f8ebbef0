"""The methods login.* and webipy.core.api.browser_names: who is signed in where, and the end of it."""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import TOKEN, Client, RigTestCase
from webipy.core.api.access import Principal
from webipy.core.api.browser_names import UNKNOWN, agent_words
from webipy.server.methods.method import Connection
from webipy.server.people.logins import Browser, Credentials, LoginSecrets

OWN = {"kind": "browser", "user": None, "name": "ada"}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class LoginMethods(RigTestCase):
    """`login.list` and `login.revoke`."""

    def setUp(self) -> None:
        super().setUp()
        self.logins = self.rig.services.logins
        self.ended: list[str] = []
        self.logins.shares.connections.add(self.ended.append)

    def sign_in(self, agent: str = FIREFOX, address: str = "10.0.0.9") -> tuple[LoginSecrets, Principal]:
        """A browser."""
        secrets: LoginSecrets = self.rig.wait(
            Deferred.fromCoroutine(self.logins.login(None, TOKEN, Browser(agent, address)))
        )
        principal = self.who(secrets)
        assert principal is not None
        return secrets, principal

    def who(self, secrets: LoginSecrets) -> Principal | None:
        """Whom the server takes it for."""
        return self.logins.principal_of(Credentials(None, (secrets.cookie,), secrets.key, None, None, frozenset()))

    def listed(self, client: Client | None = None) -> list[dict[str, Any]]:
        """What is told."""
        found: list[dict[str, Any]] = (client or self.rig.me).call("login.list")["logins"]
        return found

    def test_the_list_tells_where_since_when_and_which_is_this_one(self) -> None:
        """That of the call first, then the one that was used last; and no secret, nor the digest of one."""
        self.assertEqual(self.listed(), [])
        _, first = self.sign_in()
        self.rig.clock.advance(60)
        secrets, second = self.sign_in("curl/8.1", "2001:db8::/64")
        self.logins.shares.connections.add(self.ended.append, lambda login: 2 if login == first.login else 0)
        self.rig.clock.advance(3600)
        told = self.listed(Client(self.rig, Connection(second)))
        self.assertEqual([one["id"] for one in told], [second.login, first.login])
        self.assertEqual(
            told,
            [
                {"id": second.login, **OWN, "where": "curl/8.1", "address": "2001:db8::/64", "since": "2026-03-01T09:31:00.000000Z",
                 "used": "2026-03-01T09:31:00.000000Z", "connections": 0, "here": True},
                {"id": first.login, **OWN, "where": "Firefox on Linux", "address": "10.0.0.9", "since": "2026-03-01T09:30:00.000000Z",
                 "used": "2026-03-01T10:31:00.000000Z", "connections": 2, "here": False},
            ],
        )  # fmt: skip
        for secret in (secrets.cookie, secrets.key):
            self.assertNotIn(repr(secret), repr(told))

    def test_one_is_ended(self) -> None:
        """At once: for the rest of a batch and for every call after it, and its connections are told."""
        (mine, me), (theirs, they) = self.sign_in(), self.sign_in()
        client = Client(self.rig, Connection(they))
        client.call("session.list")
        self.assertEqual(self.rig.me.call("login.revoke", id=they.login), {"ended": [they.login]})
        self.assertEqual(self.ended, [they.login])
        self.refused("not_authenticated", "session.list", client)
        self.assertEqual((self.who(theirs), self.who(mine)), (None, me))
        self.refused("not_found", "login.revoke", id=they.login)

    def test_the_others_or_all(self) -> None:
        """And the links that were not used yet; the token stays."""
        for params, left in (({"others": True}, 1), ({"all": True}, 0)):
            (mine, me), (theirs, _), code = self.sign_in(), self.sign_in(), self.logins.new_code()
            told = Client(self.rig, Connection(me)).call("login.revoke", **params)
            self.assertGreaterEqual(len(told["ended"]), 2 - left)
            self.assertEqual(len(self.listed()), left)
            self.assertEqual((self.who(mine) is None, self.who(theirs)), (left == 0, None))
            self.assertFalse(self.logins.codes.use(code))
            self.assertEqual(len(self.rig.disk.registry.accounts), left)
        self.rig.me.call("session.list")

    def test_a_ticket_is_an_address(self) -> None:
        """What it asks beside stays, a ticket that is in it does not; the path is what it is for, however it is written."""
        secrets, me = self.sign_in()
        client = Client(self.rig, Connection(me))
        made = client.call("ticket.make", address="/files/a%20b.csv?inline=1&ticket=old&&x=")
        path, _, query = made["address"].partition("?")
        inline, empty, ticket = query.split("&")
        self.assertEqual((path, inline, empty), ("/files/a%20b.csv", "inline=1", "x="))
        self.assertEqual(made["expires"], "2026-03-01T09:35:00.000000Z")
        given = Credentials(
            None, (secrets.cookie,), None, None, None, frozenset(), ticket=ticket.removeprefix("ticket=")
        )
        for asked, who in ((b"/files/a b.csv", me), (b"/files/a%20b.csv", None), (b"/files/b.csv", None)):
            self.assertEqual(self.logins.principal_of(attrs.evolve(given, path=asked)), who)

    def test_a_ticket_is_for_what_is_read(self) -> None:
        """Not for the page, nor for calls."""
        client = Client(self.rig, Connection(self.sign_in()[1]))
        for address in ("/", "/rpc", "files/a", "//evil.example/files/a", "/files/a#b", ""):
            self.refused("invalid_params", "ticket.make", client, address=address)

    def test_guests_stay_where_they_are(self) -> None:
        """They are no logins of whoever runs the server: nothing here lists or ends them."""
        session = self.rig.session()
        secret = self.rig.me.call("share.link", session=session, verb="read")["url"].partition("#share=")[2]
        grace: LoginSecrets = self.rig.wait(Deferred.fromCoroutine(self.logins.join(secret, "Grace")))
        self.assertEqual(self.listed(), [])
        self.rig.me.call("login.revoke", all=True)
        guest = self.who(grace)
        assert guest is not None
        self.refused("not_found", "login.revoke", id=guest.login)

    def test_what_is_to_end_is_said_once(self) -> None:
        """Nothing, and two things, are refused."""
        for params in ({}, {"id": "x", "all": True}, {"others": True, "all": True}, {"id": None, "others": False}):
            self.refused("invalid_params", "login.revoke", **params)
        self.assertEqual(self.ended, [])


class AgentTests(SynchronousTestCase):
    """`agent_words`."""

    def test_browsers_and_systems(self) -> None:
        """A table of headers; what is unknown is shown as it is, and harmless."""
        table = {
            FIREFOX: "Firefox on Linux",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36": "Chrome on Linux",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0": (
                "Edge on Windows"
            ),
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15": "Safari on macOS",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1": (
                "Safari on iPhone"
            ),
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36": "Chrome on Android",
            "python-requests/2.32": "python-requests/2.32",
            "": UNKNOWN,
            "\x1b[2J\u202e\x9b": "[2J",
            "x" * 300: "x" * 40,
        }
        for agent, words in table.items():
            self.assertEqual(agent_words(agent), words, agent)
