"""webipy.server.logins: who a connection is."""

from __future__ import annotations

import hashlib

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import TOKEN, Disk, FakeRegistry, Rig, make_rig
from webipy.core import errors
from webipy.core.access import Principal
from webipy.server.logins import CODE_SECONDS, MAX_CODES, TRIES_PER_MINUTE, Credentials, Logins

OWN = frozenset({"http://localhost:8888"})


def given(
    authorization: str | None = None,
    cookie: str | None = None,
    origin: str | None = None,
    fetch_site: str | None = None,
) -> Credentials:
    """What a request says of who sends it."""
    return Credentials(authorization, cookie, origin, fetch_site, OWN)


class LoginsTestCase(SynchronousTestCase):
    """A server in memory."""

    def setUp(self) -> None:
        self.rig = make_rig()
        self.logins: Logins = self.rig.house.logins

    def login(self, code: str | None = None, token: str | None = None) -> str:
        """Logs in and gives the cookie."""
        return str(self.successResultOf(Deferred.fromCoroutine(self.logins.login(code, token))))

    def fails(self, kind: type[errors.Failure], code: str | None = None, token: str | None = None) -> errors.Failure:
        """A login that must fail."""
        fault = self.failureResultOf(Deferred.fromCoroutine(self.logins.login(code, token)), kind).value
        assert isinstance(fault, errors.Failure)
        return fault


class Expiry(LoginsTestCase):
    """A login lasts for so many days."""

    def test_a_login_that_is_too_old_ends_while_the_server_runs(self) -> None:
        """And its connections with it; the others stay."""
        old, new = self.login(token=TOKEN), self.login(token=TOKEN)
        ended: list[str] = []
        self.logins.on_logout = ended.append
        digest = hashlib.sha256(old.encode()).digest()
        self.successResultOf(self.rig.disk.registry.remove_login(digest))
        self.successResultOf(Deferred.fromCoroutine(self.logins.expire()))
        self.assertEqual(ended, [digest.hex()])
        self.assertIsNone(self.logins.principal_of(given(cookie=old)))
        self.assertIsNotNone(self.logins.principal_of(given(cookie=new)))


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
        cookie = self.login(token=TOKEN)
        self.assertIsNone(self.logins.principal_of(given("Bearer x", cookie=cookie)))

    def test_a_token_counts_from_any_origin(self) -> None:
        """No page has it unless a person gave it one."""
        for origin in (None, "null", "https://evil.example", "http://localhost:8888"):
            self.assertIsNotNone(self.logins.principal_of(given(f"Bearer {TOKEN}", origin=origin)))


class Cookie(LoginsTestCase):
    """The cookie of a browser."""

    def test_a_cookie_counts_with_our_own_origin_only(self) -> None:
        """A table: origin, what the browser says of the site, whether it counts."""
        cookie = self.login(token=TOKEN)
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
            found = self.logins.principal_of(given(cookie=cookie, origin=origin, fetch_site=site))
            self.assertEqual(found is not None, counts, (origin, site))

    def test_a_cookie_that_was_never_given_is_nobody(self) -> None:
        """Nor is the token, nor a digest."""
        cookie = self.login(token=TOKEN)
        digest = hashlib.sha256(cookie.encode()).hexdigest()
        for wrong in ("", "x", TOKEN, digest, cookie + "x"):
            self.assertIsNone(self.logins.principal_of(given(cookie=wrong)), wrong)

    def test_only_digests_are_kept(self) -> None:
        """A dump of the database contains no usable secret."""
        cookie, code = self.login(token=TOKEN), self.logins.new_code()
        kept = repr((self.rig.disk.registry.accounts, self.logins._cookies, self.logins._codes))
        self.assertNotIn(cookie, kept)
        self.assertNotIn(code, kept)

    def test_a_login_outlives_the_server(self) -> None:
        """The registry has it."""
        cookie = self.login(token=TOKEN)
        again = make_rig(self.rig.disk).house.logins
        self.assertIsNone(again.principal_of(given(cookie=cookie)), "not loaded yet")
        self.successResultOf(Deferred.fromCoroutine(again.load()))
        self.assertIsNotNone(again.principal_of(given(cookie=cookie)))

    def test_every_login_gets_a_cookie_of_its_own(self) -> None:
        """A cookie that a client brings along is not taken over."""
        cookies = {self.login(token=TOKEN) for _ in range(3)}
        self.assertEqual(len(cookies), 3)

    def test_logout_ends_this_login_and_its_connections(self) -> None:
        """And no other."""
        ended: list[str] = []
        self.logins.on_logout = ended.append
        mine, other = self.login(token=TOKEN), self.login(token=TOKEN)
        principal = self.logins.principal_of(given(cookie=mine))
        assert principal is not None
        self.successResultOf(Deferred.fromCoroutine(self.logins.logout(mine)))
        self.assertEqual(ended, [principal.login])
        self.assertIsNone(self.logins.principal_of(given(cookie=mine)))
        self.assertIsNotNone(self.logins.principal_of(given(cookie=other)))
        self.successResultOf(Deferred.fromCoroutine(self.logins.logout(mine)))
        self.successResultOf(Deferred.fromCoroutine(self.logins.logout("never given")))
        self.assertEqual(len(ended), 1)


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
        """`TRIES_PER_MINUTE`, then a failure that tells when the next one counts."""
        for number in range(TRIES_PER_MINUTE):
            self.fails(errors.NotAuthenticated, token=f"guess {number}")
        self.rig.clock.advance(20)
        fault = self.fails(errors.Throttled, token="guess")
        self.assertEqual(fault.facts, {"retry_after_s": 40.0})
        self.rig.clock.advance(41)
        self.login(token=TOKEN)

    def test_right_ones_are_not_counted(self) -> None:
        """Somebody who logs in often is nobody who guesses."""
        for _ in range(2 * TRIES_PER_MINUTE):
            self.login(token=TOKEN)


class Fresh(SynchronousTestCase):
    """A server that never ran."""

    def test_nobody_is_logged_in(self) -> None:
        """Neither by cookie nor without anything."""
        rig: Rig = make_rig(Disk(registry=FakeRegistry()))
        self.assertIsNone(rig.house.logins.principal_of(given()))
        self.assertIsNone(rig.house.logins.principal_of(given(cookie="secret-1")))
