"""webipy.server.people.hub_logins, webipy.server.people.hub_attempts and webipy.core.hub_scopes: whom a hub lets in, and
for how long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.fake_hub import ACCESS, FULL, FakeHub, Person
from webipy.core import errors
from webipy.core.api.access import Principal
from webipy.core.hub_scopes import gives_access
from webipy.server.people.hub_attempts import ATTEMPT_SECONDS, HubAttempts
from webipy.server.people.hub_logins import (
    CHECK_SECONDS,
    CODE_SECONDS,
    GRACE_SECONDS,
    MOST_AT_ONCE,
    MOST_BROWSERS,
    MOST_CODES,
    MOST_TOKENS,
    RETRY_SECONDS,
    HubLogins,
    token_in,
)
from webipy.server.people.login_connections import LoginConnections
from webipy.server.people.logins import NOWHERE
from webipy.server.people.shares import digest
from webipy.server.ports.hub import HubPlace

SCOPES: list[tuple[list[str], bool]] = [
    (["access:servers!server=ada/"], True),
    (["access:servers!user=ada"], True),
    (["access:servers"], True),
    (["access:servers!server=ada/lab"], False),
    (["access:servers!server=bo/"], False),
    (["access:servers!user=bo"], False),
    (["access:servers!user=adam"], False),
    (["access:servers!group=ada"], False),
    (["access:services"], False),
    (["read:users", "self", "inherit"], False),
    ([], False),
]
"""What somebody holds, and whether that lets them into the server without a name of ada."""


class Scopes(SynchronousTestCase):
    """Which scopes let in."""

    def test_a_scope_that_contains_a_wanted_one_lets_in(self) -> None:
        """The same filter, the user whose server it is, or no filter at all."""
        for held, is_let_in in SCOPES:
            self.assertEqual(gives_access(ACCESS, held), is_let_in, held)

    def test_nothing_wanted_lets_nobody_in(self) -> None:
        """A server that was told no scopes is nobody's."""
        self.assertFalse(gives_access([], ["access:servers"]))

    def test_a_wanted_scope_may_have_another_filter_or_none(self) -> None:
        """Then only itself, and itself without the filter, contains it."""
        table = [
            (["access:services!service=x"], ["access:services!service=x"], True),
            (["access:services!service=x"], ["access:services"], True),
            (["access:services!service=x"], ["access:services!user=x"], False),
            (["access:servers"], ["access:servers"], True),
            (["access:servers"], ["access:servers!user=ada"], False),
            (["access:servers!server="], ["access:servers!user="], False),
        ]
        for wanted, held, is_let_in in table:
            self.assertEqual(gives_access(wanted, held), is_let_in, (wanted, held))

    def test_a_named_server_is_not_the_one_without_a_name(self) -> None:
        """Each is shared apart from the others; all of the user's contain both."""
        wanted = ["access:servers!server=ada/lab"]
        self.assertTrue(gives_access(wanted, ["access:servers!server=ada/lab"]))
        self.assertTrue(gives_access(wanted, ["access:servers!user=ada"]))
        self.assertFalse(gives_access(wanted, ["access:servers!server=ada/"]))


class HubTestCase(SynchronousTestCase):
    """The logins of a fake hub, and a clock."""

    def setUp(self) -> None:
        self.hub, self.clock = FakeHub(), Clock()
        self.ended: list[str] = []
        self.connected: dict[str, int] = {}
        connections = LoginConnections()
        connections.add(self.ended.append, lambda login: self.connected.get(login, 0))
        self._secrets = 0
        self.logins = HubLogins(
            self.hub,
            ACCESS,
            HubPlace("ada"),
            "Ada Lovelace",
            "own-token",
            self.clock.seconds,
            lambda: f"2026-01-01T00:00:{self.clock.seconds():010.6f}Z",
            self.new_secret,
            self.new_secret,
            connections,
        )

    def new_secret(self) -> str:
        """Another one each time."""
        self._secrets += 1
        return f"secret-{self._secrets:06}-{'x' * 30}"

    def ask(self, token: str) -> None:
        """Asks the hub about a token."""
        self.successResultOf(Deferred.fromCoroutine(self.logins.ask(token)))

    def who(self, token: str) -> Principal | None:
        """Who sends a token, after the hub was asked if it has to be."""
        question = self.logins.question(f"token {token}", ())
        if question is not None:
            self.ask(question)
        return self.logins.of_token(token)

    def code(self, token: str = "ada-token", cookie: str = "kept") -> str:
        """A one-time code for a token."""
        return self.successResultOf(Deferred.fromCoroutine(self.logins.grant(token, cookie)))

    def fails(self, kind: type[errors.Failure], call: Callable[..., Any], *given: object) -> str:
        """Makes a call that must fail, and gives its message."""
        with self.assertRaises(kind) as caught:
            call(*given)
        return str(caught.exception)


class Tokens(HubTestCase):
    """Programs that send a token of the hub."""

    def test_the_owner_is_called_as_the_server_calls_them(self) -> None:
        """With every right, as the owner of the server."""
        found = self.who("ada-token")
        assert found is not None
        self.assertEqual((found.name, found.verb, found.session), ("Ada Lovelace", "own", None))
        self.assertIs(self.logins.refresh(found), found)

    def test_others_whom_the_hub_lets_in_have_their_own_name(self) -> None:
        """An admin, or somebody with whom the server is shared."""
        self.hub.tokens["of-bo"] = Person("bo", frozenset(["access:servers"]))
        self.hub.tokens["odd"] = Person("\u202eab", frozenset(["access:servers"]))
        self.hub.tokens["guest"] = Person("eve (guest)", frozenset(["access:servers"]))
        found = [one for token in ("of-bo", "odd", "guest") if (one := self.who(token)) is not None]
        self.assertEqual([one.name for one in found], ["bo", "Hub user", "eve guest"])
        self.assertEqual(found[0].person, "hub bo")
        owner = self.who("ada-token")
        self.assertEqual(None if owner is None else owner.person, "owner")

    def test_an_unknown_token_is_nobodys(self) -> None:
        """And the hub is not asked again about it for a while."""
        self.assertIsNone(self.who("wrong"))
        self.assertIsNone(self.who("wrong"))
        self.assertEqual(self.hub.asked, ["wrong"])
        self.clock.advance(CHECK_SECONDS)
        self.assertIsNone(self.who("wrong"))
        self.assertEqual(self.hub.asked, ["wrong", "wrong"])

    def test_somebody_without_the_scope_is_refused_by_name(self) -> None:
        """The hub knows them; this server is not theirs."""
        self.hub.tokens["of-bo"] = Person("bo", frozenset(["access:servers!user=bo"]))
        message = self.fails(errors.NotPermitted, self.who, "of-bo")
        self.assertEqual(message, "bo may not use this server of the hub: it belongs to ada.")

    def test_what_the_hub_said_counts_for_a_minute(self) -> None:
        """Then it is asked again; who lost the right is out, with all connections."""
        found = self.who("ada-token")
        assert found is not None
        del self.hub.tokens["ada-token"]
        self.clock.advance(CHECK_SECONDS - 1)
        self.assertEqual(self.who("ada-token"), found)
        self.clock.advance(1)
        self.assertIsNone(self.who("ada-token"))
        self.assertIsNone(self.logins.refresh(found))
        self.assertEqual(self.ended, [found.login])

    def test_the_own_token_and_no_token_are_no_question(self) -> None:
        """The hub hears of nothing that is none of its business."""
        table = [
            "token own-token",
            "Bearer own-token",
            "Basic YTpi",
            "token ",
            "token a b",
            "token \xe9",
            "own-token",
            "",
        ]
        for header in table:
            self.assertIsNone(self.logins.question(header, ()), header)
        self.assertEqual(self.logins.question("Bearer  other ", ()), "other")
        self.assertIsNone(self.logins.question(None, ("cookie",)))
        self.assertIsNone(token_in(f"token {'x' * 1025}"))

    def test_a_hub_that_does_not_answer_throws_nobody_out_at_once(self) -> None:
        """What it said last counts for `GRACE_SECONDS`; then nobody is let in, in words."""
        found = self.who("ada-token")
        self.hub.is_down = True
        self.clock.advance(CHECK_SECONDS + 1)
        self.assertEqual(self.who("ada-token"), found)
        self.clock.advance(GRACE_SECONDS - CHECK_SECONDS)
        message = self.fails(errors.HubUnreachable, self.who, "ada-token")
        self.assertIn("The hub does not answer", message)
        self.hub.is_down = False
        self.clock.advance(RETRY_SECONDS)
        self.assertIsNotNone(self.who("ada-token"))

    def test_a_stranger_waits_while_the_hub_does_not_answer(self) -> None:
        """It is not asked at each of their requests, but soon again."""
        self.hub.is_down = True
        self.fails(errors.HubUnreachable, self.who, "ada-token")
        self.assertIsNone(self.logins.question("token ada-token", ()))
        self.hub.is_down = False
        self.clock.advance(RETRY_SECONDS)
        self.assertIsNotNone(self.who("ada-token"))

    def test_who_asks_at_the_same_time_shares_the_answer(self) -> None:
        """One question for all; and never more than `MOST_AT_ONCE` under way."""
        answers: list[Deferred[Any]] = []

        def user_of(token: str) -> Deferred[Any]:
            answers.append(Deferred())
            return answers[-1]

        self.hub.user_of = user_of  # type: ignore[method-assign]  # a hub that takes its time
        same = [Deferred.fromCoroutine(self.logins.ask("same")) for _ in range(3)]
        others = [Deferred.fromCoroutine(self.logins.ask(f"token-{at}")) for at in range(MOST_AT_ONCE + 2)]
        self.assertEqual(len(answers), MOST_AT_ONCE)
        while any(not one.called for one in answers):
            next(one for one in answers if not one.called).callback(None)
        for one in (*same, *others):
            self.successResultOf(one)
        self.assertEqual(len(answers), 1 + MOST_AT_ONCE + 2)

    def test_wrong_tokens_make_room_for_right_ones(self) -> None:
        """Whoever guesses fills a table of fixed size, and pushes nobody out who is in."""
        found = self.who("ada-token")
        for number in range(MOST_TOKENS + 50):
            self.ask(f"guess-{number}")
        self.assertEqual(len(self.logins._vouched), MOST_TOKENS)
        self.assertEqual(len(self.logins._programs), MOST_TOKENS)
        self.assertEqual(self.logins.of_token("ada-token"), found)


class Browsers(HubTestCase):
    """Logins that a browser brings from the hub."""

    def test_a_code_makes_a_login_of_two_secrets(self) -> None:
        """Once, and in the browser only that keeps the cookie of the attempt."""
        code = self.code()
        secrets = self.logins.enter(code, ("other", "kept"), NOWHERE)
        found = self.logins.of_cookie(digest(secrets.cookie))
        assert found is not None
        principal, key = found
        self.assertEqual((principal.name, principal.verb, key), ("Ada Lovelace", "own", digest(secrets.key)))
        self.assertEqual([login.id for login in self.logins.all()], [principal.login])
        self.fails(errors.NotAuthenticated, self.logins.enter, code, ("kept",), NOWHERE)

    def test_a_code_of_another_browser_counts_for_nothing(self) -> None:
        """Nor one that is too old or was never given; and it is used up by the try."""
        code = self.code()
        self.fails(errors.NotAuthenticated, self.logins.enter, code, ("stolen",), NOWHERE)
        self.fails(errors.NotAuthenticated, self.logins.enter, code, ("kept",), NOWHERE)
        old = self.code()
        self.clock.advance(CODE_SECONDS + 1)
        self.fails(errors.NotAuthenticated, self.logins.enter, old, ("kept",), NOWHERE)
        self.fails(errors.NotAuthenticated, self.logins.enter, "guess", ("kept", ""), NOWHERE)

    def test_only_so_many_codes_are_kept(self) -> None:
        """The newest ones."""
        codes = [self.code() for _ in range(MOST_CODES + 1)]
        self.fails(errors.NotAuthenticated, self.logins.enter, codes[0], ("kept",), NOWHERE)
        self.assertTrue(self.logins.enter(codes[-1], ("kept",), NOWHERE).cookie)

    def test_the_end_of_the_token_ends_its_logins(self) -> None:
        """Signed out at the hub: after the next question everything of it is closed, a request as a page."""
        secrets = self.logins.enter(self.code(), ("kept",), NOWHERE)
        login = self.logins.all()[0].id
        self.hub.tokens.clear()
        self.assertIsNone(self.logins.question(None, (secrets.cookie,)))
        self.clock.advance(CHECK_SECONDS)
        self.assertEqual(self.logins.question(None, ("x", secrets.cookie)), "ada-token")
        self.ask("ada-token")
        self.assertIsNone(self.logins.of_cookie(digest(secrets.cookie)))
        self.assertIn(login, self.ended)
        self.assertIsNone(self.logins.refresh(Principal("Ada Lovelace", "own", login)))

    def test_who_is_connected_is_asked_about_by_the_clock(self) -> None:
        """Whoever has gone is not: the hub is asked when they come back."""
        self.logins.enter(self.code(), ("kept",), NOWHERE)
        login = self.logins.all()[0].id
        self.hub.tokens.clear()
        self.clock.advance(CHECK_SECONDS)
        self.successResultOf(Deferred.fromCoroutine(self.logins.check_connected()))
        self.assertEqual(self.ended, [])
        self.connected[login] = 1
        self.successResultOf(Deferred.fromCoroutine(self.logins.check_connected()))
        self.assertIn(login, self.ended)
        self.assertEqual(self.logins.all(), [])

    def test_a_hub_that_stays_away_ends_what_is_open(self) -> None:
        """Not at once, but after `GRACE_SECONDS`."""
        self.logins.enter(self.code(), ("kept",), NOWHERE)
        login = self.logins.all()[0].id
        self.connected[login], self.hub.is_down = 1, True
        self.clock.advance(CHECK_SECONDS)
        self.successResultOf(Deferred.fromCoroutine(self.logins.check_connected()))
        self.assertEqual(self.ended, [])
        self.clock.advance(GRACE_SECONDS)
        self.successResultOf(Deferred.fromCoroutine(self.logins.check_connected()))
        self.assertIn(login, self.ended)

    def test_a_browser_that_signs_in_again_leaves_its_login(self) -> None:
        """One login for one browser, whoever it was."""
        first = self.logins.enter(self.code(), ("kept",), NOWHERE)
        self.logins.leave((first.cookie, "unknown"))
        self.assertEqual(self.logins.all(), [])

    def test_only_so_many_logins_are_kept(self) -> None:
        """The one that was used least recently makes room."""
        first = self.logins.enter(self.code(), ("kept",), NOWHERE)
        for _ in range(MOST_BROWSERS):
            self.clock.advance(0.001)
            self.logins.enter(self.code(), ("kept",), NOWHERE)
        self.assertEqual(len(self.logins.all()), MOST_BROWSERS)
        self.assertIsNone(self.logins.of_cookie(digest(first.cookie)))

    def test_a_token_that_lets_nobody_in_gets_no_code(self) -> None:
        """Whatever the hub's own sign-in thought."""
        self.hub.tokens["of-bo"] = Person("bo", frozenset(["access:servers!user=bo"]))
        for token, kind in (("wrong", errors.NotAuthenticated), ("of-bo", errors.NotPermitted)):
            failed = self.failureResultOf(Deferred.fromCoroutine(self.logins.grant(token, "kept")))
            self.assertTrue(failed.check(kind), failed)
        self.assertTrue(FULL)


class Attempts(SynchronousTestCase):
    """A sign-in that is under way."""

    def setUp(self) -> None:
        self.clock, self._count = Clock(), 0
        self.attempts = HubAttempts(self.clock.seconds, self.new_secret)

    def new_secret(self) -> str:
        """Another one each time."""
        self._count += 1
        return f"{self._count:06}-{'s' * 36}"

    def test_the_browser_that_began_comes_back(self) -> None:
        """To the page that it wanted, also with other attempts beside."""
        first, second = self.attempts.begin("/s/abc?output=c1&at=0"), self.attempts.begin("/lab/tree/a%20b.ipynb")
        returned = self.attempts.read(first.id, ("", "nonsense", "a.b.c.d", second.cookie, first.cookie))
        self.assertEqual((returned.next, returned.cookie), ("/s/abc?output=c1&at=0", first.cookie))
        self.assertNotIn(returned.verifier, first.challenge)
        self.assertEqual(self.attempts.read(second.id, (second.cookie,)).next, "/lab/tree/a%20b.ipynb")

    def test_another_browser_does_not(self) -> None:
        """Without the cookie, with that of another attempt, with one that was changed, too late, or of another server."""
        begun, other = self.attempts.begin("/"), self.attempts.begin("/")
        stranger = HubAttempts(self.clock.seconds, lambda: "another key" * 4).begin("/")
        changed = begun.cookie.replace(begun.cookie.split(".")[0], "9999999999")
        for cookies in ((), (other.cookie,), (changed,), (stranger.cookie,), (begun.cookie[:-1],)):
            with self.assertRaises(errors.NotAuthenticated):
                self.attempts.read(begun.id, cookies)
        self.clock.advance(ATTEMPT_SECONDS + 1)
        with self.assertRaises(errors.NotAuthenticated):
            self.attempts.read(begun.id, (begun.cookie,))

    def test_it_leads_to_no_other_server(self) -> None:
        """What is no path of this server counts as its first page."""
        table = [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "",
            "/a b",
            "/a\r\nSet-Cookie: x",
            "/" + "a" * 2001,
        ]
        table += ["/a\\b", "evil", "/\u00e4"]
        for next in table:
            begun = self.attempts.begin(next)
            self.assertEqual(self.attempts.read(begun.id, (begun.cookie,)).next, "/", next)
