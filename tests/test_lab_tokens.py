"""webipy.server.people.lab_tokens, webipy.io.storage.lab_token_file: what a page of JupyterLab shows in place of the key of its login."""

from __future__ import annotations

from pathlib import Path

import attrs
from twisted.internet.defer import Deferred, execute, fail
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import TOKEN
from tests.test_logins import LoginsTestCase, given
from webipy.core.api.access import Principal
from webipy.io.storage.lab_token_file import LabTokenFile
from webipy.server.people.lab_tokens import LAB_TOKEN_DAYS, MOST_OF_LOGIN, LabToken, LabTokens
from webipy.server.people.logins import LoginSecrets


class Counting(LoginsTestCase):
    """What a token is worth."""

    def setUp(self) -> None:
        super().setUp()
        self.secrets = self.login(token=TOKEN)
        principal = self.who(self.secrets)
        assert principal is not None
        self.mine = principal.login
        self.token = self.made(self.mine)

    def made(self, login: str) -> str:
        """A new token."""
        token: str = self.successResultOf(Deferred.fromCoroutine(self.logins.lab_tokens.make(login)))
        return token

    def shown(self, token: str, secrets: LoginSecrets | None, kind: str = "token", **more: str) -> Principal | None:
        """Whom the server takes somebody for who shows a token, and perhaps a cookie, and no key."""
        asked = given(f"{kind} {token}", secrets, **more)
        return self.logins.principal_of(attrs.evolve(asked, key=None))

    def test_it_counts_with_the_cookie_of_its_login(self) -> None:
        """And is the owner then; without it, or with that of another login, it is nothing."""
        found = self.shown(self.token, self.secrets)
        self.assertEqual(found, Principal("ada", "own", self.mine))
        self.assertEqual(self.shown(self.token, self.secrets, "Bearer"), found)
        for token, secrets in ((self.token, None), (self.token, self.login(token=TOKEN)), ("x" * 64, self.secrets)):
            self.assertIsNone(self.shown(token, secrets))
        self.assertIsNone(self.shown(self.token, self.secrets, "Basic"))
        known = self.logins.lab_tokens.is_known
        self.assertEqual((known(self.token), known(TOKEN)), (True, False))
        self.assertIsNone(self.shown(self.token, self.secrets, origin="http://evil.example"))
        self.assertIsNone(self.shown(self.token, self.secrets, fetch_site="cross-site"))

    def test_it_counts_in_an_address_as_a_ticket_does(self) -> None:
        """With the cookie only."""
        asked = attrs.evolve(given(None, self.secrets), key=None, ticket=self.token, path=b"/files/a")
        self.assertIsNotNone(self.logins.principal_of(asked))
        self.assertIsNone(self.logins.principal_of(attrs.evolve(asked, cookies=())))

    def test_it_ends_with_its_login(self) -> None:
        """At once, and in what is kept."""
        self.successResultOf(Deferred.fromCoroutine(self.logins.sign_out(self.mine)))
        self.assertIsNone(self.shown(self.token, self.secrets))
        self.assertFalse(self.logins.lab_tokens.is_valid(self.token, self.mine))

    def test_it_ends_when_it_is_not_used(self) -> None:
        """One that is used goes on."""
        used = self.made(self.mine)
        for _ in range(2):
            self.rig.clock.advance(LAB_TOKEN_DAYS * 86_400 - 10)
            self.assertIsNotNone(self.shown(used, self.secrets))
        self.assertIsNone(self.shown(self.token, self.secrets))

    def test_the_last_of_a_login_count(self) -> None:
        """Those of other logins stay."""
        other = self.login(token=TOKEN)
        principal = self.who(other)
        assert principal is not None
        others = self.made(principal.login)
        for _ in range(MOST_OF_LOGIN):
            self.rig.clock.advance(1)
            last = self.made(self.mine)
        self.assertIsNone(self.shown(self.token, self.secrets))
        self.assertIsNotNone(self.shown(last, self.secrets))
        self.assertIsNotNone(self.shown(others, other))

    def test_a_login_of_a_guest_has_none(self) -> None:
        """Its link lets into one session, and a token would be asked for by the page of the owner alone."""
        session = self.rig.session("python3")
        share = self.rig.me.call("share.link", session=session, verb="execute")
        joined = self.logins.join(share["url"].rpartition("#share=")[2], "Grace")
        guest: LoginSecrets = self.rig.wait(Deferred.fromCoroutine(joined))
        self.assertIsNone(self.shown(self.token, guest))


class Keeping(SynchronousTestCase):
    """Over a restart."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp()) / "jupyter" / "lab-tokens.json"
        self.time = "2026-03-01T00:00:00.000000Z"

    def tokens(self) -> LabTokens:
        """Those of a server that has just started."""
        found = LabTokens(LabTokenFile(self.path, execute), lambda: self.time, lambda: "secret")
        self.successResultOf(Deferred.fromCoroutine(found.load({"one"})))
        return found

    def test_a_token_outlives_the_server(self) -> None:
        """Only its digest is kept, for its owner alone; one of a login that is gone is not."""
        before = self.tokens()
        token = self.successResultOf(Deferred.fromCoroutine(before.make("one")))
        lost = self.successResultOf(Deferred.fromCoroutine(attrs.evolve(before, new_secret=lambda: "b").make("two")))
        self.assertNotIn(token, self.path.read_text())
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        after = self.tokens()
        self.assertEqual((after.is_valid(token, "one"), after.is_valid(lost, "two")), (True, False))

    def test_its_use_is_written_down_once_an_hour(self) -> None:
        """Not with each request."""
        tokens = self.tokens()
        token = self.successResultOf(Deferred.fromCoroutine(tokens.make("one")))
        written = self.path.read_bytes()
        self.time = "2026-03-01T00:59:00.000000Z"
        tokens.is_valid(token, "one")
        self.assertEqual(self.path.read_bytes(), written)
        self.time = "2026-03-01T01:00:00.000000Z"
        tokens.is_valid(token, "one")
        self.assertIn(b"T01:00:00", self.path.read_bytes())
        tokens.end("one")
        self.assertEqual(self.path.read_bytes(), b"[]")

    def test_a_file_that_cannot_be_read_counts_as_empty(self) -> None:
        """Pages are loaded once more then."""
        self.path.parent.mkdir(parents=True)
        self.path.write_bytes(b'[{"digest"')
        self.assertEqual(self.successResultOf(LabTokenFile(self.path, execute).load()), [])

    def test_what_cannot_be_written_is_logged(self) -> None:
        """And the token counts."""
        tokens = self.tokens()
        token = self.successResultOf(Deferred.fromCoroutine(tokens.make("one")))
        tokens.store = Full()
        self.time = "2026-03-01T02:00:00.000000Z"
        self.assertTrue(tokens.is_valid(token, "one"))
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.failureResultOf(Deferred.fromCoroutine(tokens.make("one")), OSError)


class Full:
    """A disk that is full."""

    def load(self) -> Deferred[list[LabToken]]:
        """Fails."""
        return fail(OSError("full"))

    def keep(self, tokens: list[LabToken]) -> Deferred[None]:
        """Fails."""
        return fail(OSError("full"))
