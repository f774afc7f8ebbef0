"""webipy.server.people.logins: who a connection is."""

from __future__ import annotations

import hashlib

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import TOKEN, Disk, FakeRegistry, Rig, make_rig
from webipy.core import errors
from webipy.core.api.access import Principal
from webipy.server.people.failed_attempts import ATTEMPTS_PER_MINUTE, MOST_ADDRESSES
from webipy.server.people.logins import (
    CODE_SECONDS,
    MAX_CODES,
    USED_SECONDS,
    Browser,
    Credentials,
    Logins,
    LoginSecrets,
)
from webipy.server.people.tickets import TICKET_SECONDS, Tickets

OWN = frozenset({"http://localhost:8888"})


def given(
    authorization: str | None = None,
    secrets: LoginSecrets | None = None,
    origin: str | None = None,
    fetch_site: str | None = None,
    address: str = "1.2.3.4",
) -> Credentials:
    """What a request says of who sends it."""
    cookies, key = ((secrets.cookie,), secrets.key) if secrets is not None else ((), None)
    return Credentials(authorization, cookies, key, origin, fetch_site, OWN, address)


class LoginsTestCase(SynchronousTestCase):
    """A server in memory."""

    def setUp(self) -> None:
        self.rig = make_rig()
        self.logins: Logins = self.rig.services.logins

    def login(self, code: str | None = None, token: str | None = None, address: str = "1.2.3.4") -> LoginSecrets:
        """Logs in and gives the cookie and the key."""
        asked = Deferred.fromCoroutine(self.logins.login(code, token, Browser("Mozilla", address)))
        secrets: LoginSecrets = self.successResultOf(asked)
        return secrets

    def who(self, secrets: LoginSecrets | None) -> Principal | None:
        """Whom the server takes somebody for."""
        return self.logins.principal_of(given(secrets=secrets))

    def fails(
        self, kind: type[errors.Failure], code: str | None = None, token: str | None = None, address: str = "1.2.3.4"
    ) -> errors.Failure:
        """A login that must fail."""
        asked = Deferred.fromCoroutine(self.logins.login(code, token, Browser("Mozilla", address)))
        fault = self.failureResultOf(asked, kind).value
        assert isinstance(fault, errors.Failure)
        return fault


class Expiry(LoginsTestCase):
    """A login lasts for so many days."""

    def test_a_login_that_is_too_old_ends_while_the_server_runs(self) -> None:
        """And its connections with it; the others stay."""
        old, new = self.login(token=TOKEN), self.login(token=TOKEN)
        ended: list[str] = []
        self.logins.shares.connections.add(ended.append)
        principal = self.who(old)
        assert principal is not None
        self.successResultOf(self.rig.disk.registry.remove_logins([principal.login]))
        self.successResultOf(Deferred.fromCoroutine(self.logins.expire()))
        self.assertEqual(ended, [principal.login])
        self.assertIsNone(self.who(old))
        self.assertIsNone(self.logins.refresh(principal))
        self.assertIsNotNone(self.who(new))


class Bearer(LoginsTestCase):
    """The token of the command line."""

    def test_the_token_is_who_runs_the_server(self) -> None:
        """As `Bearer`, in any case of letters; `token` is what Jupyter's clients write."""
        for header in (f"Bearer {TOKEN}", f"bearer {TOKEN}", f"token {TOKEN}", f"Bearer  {TOKEN} "):
            self.assertEqual(self.logins.principal_of(given(header)), Principal("ada", "own", "token"), header)

    def test_anything_else_is_nobody(self) -> None:
        """Another token, another scheme, half of it, more than it."""
        for header in (
            "",
            "Bearer",
            "Bearer ",
            "Bearer x",
            f"Bearer {TOKEN[:-1]}",
            f"Bearer {TOKEN}x",
            f"Basic {TOKEN}",
            TOKEN,
            f"Bearer {TOKEN.upper()}",
            "Bearer \udcff\x00é",
        ):
            self.assertIsNone(self.logins.principal_of(given(header)), header)

    def test_a_wrong_token_is_not_mended_by_a_cookie(self) -> None:
        """Who sends a credential means that one."""
        secrets = self.login(token=TOKEN)
        self.assertIsNone(self.logins.principal_of(given("Bearer x", secrets)))

    def test_a_token_counts_from_any_origin(self) -> None:
        """No page has it unless a person gave it one."""
        for origin in (None, "null", "https://evil.example", "http://localhost:8888"):
            self.assertIsNotNone(self.logins.principal_of(given(f"Bearer {TOKEN}", origin=origin)))


class TwoHalves(LoginsTestCase):
    """The cookie and the key of a browser."""

    def test_they_count_with_our_own_origin_only(self) -> None:
        """A table: origin, what the browser says of the site, whether they count."""
        secrets = self.login(token=TOKEN)
        table: list[tuple[str | None, str | None, bool]] = [
            ("http://localhost:8888", None, True),
            ("http://localhost:8888", "same-origin", True),
            (None, None, True),
            (None, "same-origin", True),
            (None, "none", True),
            (None, "same-site", False),
            (None, "cross-site", False),
            (None, "", False),
            ("null", None, False),
            ("", None, False),
            ("http://localhost", None, False),
            ("http://localhost:8889", None, False),
            ("https://localhost:8888", None, False),
            ("http://LOCALHOST:8888", None, False),
            ("http://localhost:8888/", None, False),
            ("http://localhost:8888.evil.example", None, False),
            ("http://evil.example/http://localhost:8888", None, False),
            ("http://127.0.0.1:8888", None, False),
            ("file://", None, False),
            ("https://evil.example", "same-origin", False),
        ]
        for origin, site, counts in table:
            found = self.logins.principal_of(given(secrets=secrets, origin=origin, fetch_site=site))
            self.assertEqual(found is not None, counts, (origin, site))

    def test_neither_counts_alone(self) -> None:
        """Any server on this host may have seen the cookie: without the key of the same login it is nobody's, whatever else is sent."""
        mine, other = self.login(token=TOKEN), self.login(token=TOKEN)
        pairs = (
            ((mine.cookie,), None),
            ((mine.cookie,), ""),
            ((mine.cookie,), other.key),
            ((mine.cookie,), mine.cookie),
            ((mine.key,), mine.key),
            ((), mine.key),
            ((mine.cookie,), mine.key + "x"),
            ((mine.cookie,), TOKEN),
        )
        for cookies, key in pairs:
            for origin, site in ((None, None), ("http://localhost:8888", "same-origin"), (None, "none")):
                credentials = Credentials(None, cookies, key, origin, site, OWN)
                self.assertIsNone(self.logins.principal_of(credentials), (cookies, key, origin))
                is_known = cookies in ((mine.cookie,), (other.cookie,))
                self.assertEqual(self.logins.lacks_key(credentials), is_known, (cookies, key))

    def test_a_planted_cookie_does_not_hide_ours(self) -> None:
        """Another port may set one of our name, before or after ours: all are tried."""
        mine, other = self.login(token=TOKEN), self.login(token=TOKEN)
        for planted in (("junk",), ("", "x" * 4000), (other.cookie, "junk")):
            for cookies in ((*planted, mine.cookie), (mine.cookie, *planted), (*planted, mine.cookie, *planted)):
                found = self.logins.principal_of(Credentials(None, cookies, mine.key, None, None, OWN))
                self.assertEqual(found, self.who(mine), cookies)

    def test_what_was_never_given_is_nobody(self) -> None:
        """Nor is the token, nor a digest."""
        secrets = self.login(token=TOKEN)
        digest = hashlib.sha256(secrets.cookie.encode()).hexdigest()
        for wrong in ("", "x", TOKEN, digest, secrets.cookie + "x"):
            self.assertIsNone(self.who(LoginSecrets(wrong, secrets.key)), wrong)

    def test_only_digests_are_kept(self) -> None:
        """A dump of the database contains no usable secret."""
        secrets, code = self.login(token=TOKEN), self.logins.new_code()
        kept = repr((self.rig.disk.registry.accounts, self.logins._logins, self.logins._cookies, self.logins.codes))
        for secret in (secrets.cookie, secrets.key, code, TOKEN):
            self.assertNotIn(repr(secret), kept)

    def test_a_login_outlives_the_server(self) -> None:
        """The registry has it."""
        secrets = self.login(token=TOKEN)
        again = make_rig(self.rig.disk).services.logins
        self.assertIsNone(again.principal_of(given(secrets=secrets)), "not loaded yet")
        self.successResultOf(Deferred.fromCoroutine(again.load()))
        self.assertIsNotNone(again.principal_of(given(secrets=secrets)))

    def test_a_changed_token_ends_what_it_let_in(self) -> None:
        """By the token or by a code of that server: under another token none of it counts, and none is kept."""
        by_token, by_code = self.login(token=TOKEN), self.login(code=self.logins.new_code())
        again = make_rig(self.rig.disk).services.logins
        again.token = "another token, of another day"
        self.successResultOf(Deferred.fromCoroutine(again.load()))
        for secrets in (by_token, by_code):
            self.assertIsNone(again.principal_of(given(secrets=secrets)))
        self.assertIsNone(again.principal_of(given(f"Bearer {TOKEN}")))
        self.assertEqual(self.rig.disk.registry.accounts, {})

    def test_every_login_gets_secrets_of_its_own(self) -> None:
        """What a client brings along is not taken over."""
        found = [self.login(token=TOKEN) for _ in range(3)]
        self.assertEqual(len({secret for one in found for secret in (one.cookie, one.key)}), 6)

    def test_signing_out_ends_this_login_and_its_connections(self) -> None:
        """And no other."""
        ended: list[str] = []
        self.logins.shares.connections.add(ended.append)
        mine, other = self.login(token=TOKEN), self.login(token=TOKEN)
        principal = self.who(mine)
        assert principal is not None
        self.successResultOf(Deferred.fromCoroutine(self.logins.sign_out(principal.login)))
        self.assertEqual(ended, [principal.login])
        self.assertIsNone(self.who(mine))
        self.assertIsNone(self.logins.refresh(principal))
        self.assertIsNotNone(self.who(other))
        self.successResultOf(Deferred.fromCoroutine(self.logins.sign_out(principal.login)))
        self.successResultOf(Deferred.fromCoroutine(self.logins.sign_out("never given")))
        self.assertEqual(len(ended), 1)

    def test_the_last_use_is_noted_now_and_then(self) -> None:
        """Not for each request: once in `USED_SECONDS`."""
        secrets = self.login(token=TOKEN)
        (made,) = self.logins.all()
        self.rig.clock.advance(USED_SECONDS - 1)
        self.who(secrets)
        self.assertEqual(self.logins.all(), [made])
        self.rig.clock.advance(2)
        self.who(secrets)
        (used,) = self.logins.all()
        self.assertGreater(used.used, made.used)
        self.assertEqual(list(self.rig.disk.registry.accounts.values()), [used])


class Replaced(LoginsTestCase):
    """`Logins.replace`: a browser that signs in again."""

    def test_what_a_browser_had_before_ends(self) -> None:
        """A login whose key it has lost; one that it still has whole stays."""
        mine, lost = self.login(token=TOKEN), self.login(token=TOKEN)
        for credentials, left in (
            (given(secrets=mine), (True, True)),
            (Credentials(None, (lost.cookie,), None, None, None, OWN), (True, False)),
            (Credentials(None, (lost.cookie,), mine.key, None, None, OWN), (True, False)),
        ):
            self.rig.wait(Deferred.fromCoroutine(self.logins.replace(credentials)))
            self.assertEqual((self.who(mine) is not None, self.who(lost) is not None), left)

    def test_the_login_of_a_guest_ends_also_whole(self) -> None:
        """The browser has the owner's from now on."""
        session = self.rig.session()
        secret = self.rig.me.call("share.link", session=session, verb="read")["url"].partition("#share=")[2]
        guest = self.rig.wait(Deferred.fromCoroutine(self.logins.join(secret, "Grace")))
        self.assertIsNotNone(self.who(guest))
        self.rig.wait(Deferred.fromCoroutine(self.logins.replace(given(secrets=guest))))
        self.assertIsNone(self.who(guest))

    def test_a_principal_is_as_it_is_now(self) -> None:
        """Ended logins are nobody, the token always somebody, a guest has the right of their link."""
        mine = self.login(token=TOKEN)
        principal = self.who(mine)
        assert principal is not None
        self.assertEqual(self.logins.refresh(principal), principal)
        self.rig.wait(Deferred.fromCoroutine(self.logins.revoke([principal.login, "ghost"])))
        self.assertIsNone(self.logins.refresh(principal))
        self.assertIsNone(self.logins.refresh(None))
        token = self.rig.me.connection.principal
        self.assertEqual(self.logins.refresh(token), token)
        self.assertIsNone(self.logins.refresh(Principal("eve", "read", "ghost", "s")))

    def test_codes_can_be_made_invalid(self) -> None:
        """All of them at once."""
        codes = [self.logins.new_code() for _ in range(2)]
        self.logins.codes.forget()
        for code in codes:
            self.fails(errors.NotAuthenticated, code=code)


class TicketsTests(LoginsTestCase):
    """What stands for the key where a browser can send none."""

    def test_a_ticket_is_for_one_login_one_path_and_some_minutes(self) -> None:
        """With the cookie of that login; any letter that is changed makes it nothing."""
        mine, other = self.login(token=TOKEN), self.login(token=TOKEN)
        principal = self.who(mine)
        assert principal is not None
        ticket = self.logins.tickets.make(principal.login, b"/files/a b.txt")

        def opens(cookie: str, path: bytes, ticket: str) -> bool:
            given = Credentials(None, (cookie,), None, None, None, OWN, "", ticket, path)
            return self.logins.principal_of(given) is not None

        self.assertTrue(opens(mine.cookie, b"/files/a b.txt", ticket))
        self.assertFalse(opens(other.cookie, b"/files/a b.txt", ticket))
        self.assertFalse(opens("", b"/files/a b.txt", ticket))
        for path in (b"", b"/files/a", b"/files/a b.txt/", b"/files/a%20b.txt", b"/rpc"):
            self.assertFalse(opens(mine.cookie, path, ticket), path)
        for place in range(len(ticket)):
            changed = ticket[:place] + ("1" if ticket[place] != "1" else "2") + ticket[place + 1 :]
            self.assertFalse(opens(mine.cookie, b"/files/a b.txt", changed), changed)
        for wrong in ("", ".", "9.", ".9", "x" * 5000, "9" * 90 + ".0", "\u0663.0"):
            self.assertFalse(opens(mine.cookie, b"/files/a b.txt", wrong), wrong)
        self.rig.clock.advance(TICKET_SECONDS)
        self.assertFalse(opens(mine.cookie, b"/files/a b.txt", ticket))

    def test_it_ends_with_the_login(self) -> None:
        """And with the server: another one has another secret."""
        mine = self.login(token=TOKEN)
        principal = self.who(mine)
        assert principal is not None
        ticket = self.logins.tickets.make(principal.login, b"/files/a")
        self.assertFalse(Tickets(self.rig.clock.seconds, b"another").is_valid(ticket, principal.login, b"/files/a"))
        self.successResultOf(Deferred.fromCoroutine(self.logins.sign_out(principal.login)))
        given = Credentials(None, (mine.cookie,), None, None, None, OWN, "", ticket, b"/files/a")
        self.assertIsNone(self.logins.principal_of(given))


class Code(LoginsTestCase):
    """The one-time code of the printed address."""

    def test_a_code_works_once(self) -> None:
        """The second use is refused with what to do."""
        code = self.logins.new_code()
        self.login(code=code)
        fault = self.fails(errors.NotAuthenticated, code=code)
        self.assertIn("webipy open", fault.message)

    def test_a_code_works_for_a_while(self) -> None:
        """`CODE_SECONDS`."""
        first, second = self.logins.new_code(), self.logins.new_code()
        self.rig.clock.advance(CODE_SECONDS - 1)
        self.login(code=first)
        self.rig.clock.advance(2)
        self.fails(errors.NotAuthenticated, code=second)

    def test_a_code_may_count_for_less(self) -> None:
        """As one that stands in a log."""
        code = self.logins.new_code(600)
        self.rig.clock.advance(601)
        self.fails(errors.NotAuthenticated, code=code)

    def test_only_the_newest_codes_count(self) -> None:
        """`MAX_CODES`: who can ask for codes cannot fill the memory."""
        codes = [self.logins.new_code() for _ in range(MAX_CODES + 1)]
        self.fails(errors.NotAuthenticated, code=codes[0])
        self.login(code=codes[1])

    def test_a_wrong_code_is_not_mended_by_a_token(self) -> None:
        """The form sends one of them."""
        self.fails(errors.NotAuthenticated, code="wrong", token=TOKEN)

    def test_nothing_at_all_is_refused(self) -> None:
        """Neither code nor token."""
        self.fails(errors.NotAuthenticated)
        self.fails(errors.NotAuthenticated, token="")


class Throttle(LoginsTestCase):
    """Wrong tries."""

    def test_wrong_tries_are_limited(self) -> None:
        """`ATTEMPTS_PER_MINUTE`, then a failure that tells when the next one counts."""
        for number in range(ATTEMPTS_PER_MINUTE):
            self.fails(errors.NotAuthenticated, token=f"guess {number}")
        self.rig.clock.advance(20)
        fault = self.fails(errors.Throttled, token="guess")
        self.assertEqual(fault.facts, {"retry_after_s": 40.0})
        self.rig.clock.advance(41)
        self.fails(errors.NotAuthenticated, token="guess")

    def test_what_is_right_is_in_at_once(self) -> None:
        """While 10,000 wrong tries of all kinds come from one address: from that address and from another one, by everything there is."""
        secrets, secret = self.login(token=TOKEN), self.link()
        refused = 0
        for number in range(10_000):
            refused += self.guess(number)
            if number % 500 == 0:
                for address in ("1.2.3.4", "5.6.7.8"):
                    self.login(code=self.logins.new_code(), address=address)
                    self.login(token=TOKEN, address=address)
                    self.assertIsNotNone(self.logins.principal_of(given(secrets=secrets, address=address)))
                    self.assertIsNotNone(self.logins.principal_of(given(f"Bearer {TOKEN}", address=address)))
                    self.assertEqual(self.logins.share_of(secret, address).label, "")
        self.assertEqual(refused, 10_000 - ATTEMPTS_PER_MINUTE)
        self.fails(errors.NotAuthenticated, token="wrong", address="5.6.7.8")

    def link(self) -> str:
        """The secret of a link."""
        url = self.rig.me.call("share.link", session=self.rig.session(), verb="read")["url"]
        return str(url).partition("#share=")[2]

    def guess(self, number: int) -> int:
        """One wrong try, of one of four kinds; 1 when it was told to wait."""
        ways = (
            lambda: self.logins.check(f"guess {number}", None, "1.2.3.4"),
            lambda: self.logins.check(None, f"guess {number}", "1.2.3.4"),
            lambda: self.logins.share_of(f"guess {number}", "1.2.3.4"),
            lambda: self.logins.principal_of(given(f"Bearer guess {number}")),
        )
        try:
            self.assertIsNone(ways[number % len(ways)]())
        except errors.Throttled:
            return 1
        except errors.NotAuthenticated:
            pass
        return 0

    def test_the_table_of_addresses_is_bounded(self) -> None:
        """Who has many addresses fills no memory; the one that was quiet for longest is forgotten."""
        for number in range(MOST_ADDRESSES + 100):
            self.fails(errors.NotAuthenticated, token="guess", address=f"address {number}")
        self.assertEqual(len(self.logins.failed_attempts._counts), MOST_ADDRESSES)
        self.assertNotIn("address 0", self.logins.failed_attempts._counts)


class Fresh(SynchronousTestCase):
    """A server that never ran."""

    def test_nobody_is_logged_in(self) -> None:
        """Neither by cookie nor without anything."""
        rig: Rig = make_rig(Disk(registry=FakeRegistry()))
        self.assertIsNone(rig.services.logins.principal_of(given()))
        self.assertIsNone(rig.services.logins.principal_of(given(secrets=LoginSecrets("secret-1", "secret-2"))))
