"""webipy.server.people.people, accounts and account_logins: signing in, and the end of it."""

from __future__ import annotations

from typing import Any
from unittest import mock

from twisted.internet.defer import Deferred, fail

from tests.account_clients import WHERE, given, secrets_of, sign_in, who
from tests.fake_accounts import FakeAccounts
from tests.fakes import RigTestCase
from webipy.core import errors
from webipy.core.api.access import Principal
from webipy.core.api.user_calls import MAX_PASSWORD
from webipy.server.methods.method import Connection
from webipy.server.people.account_logins import COMMAND_LINE_DAYS, IDLE_HOURS, MOST_OF_ACCOUNT
from webipy.server.people.accounts import Account
from webipy.server.people.failed_attempts import ATTEMPTS_PER_MINUTE
from webipy.server.people.logins import COOKIE_DAYS, Credentials
from webipy.server.people.password_attempts import FREE_ATTEMPTS, MOST_WAITING

PASSWORD = "nine green lamps"
OTHER = "seven brown kettles"


class PeopleCase(RigTestCase):
    """A server with the account of bo."""

    def setUp(self) -> None:
        super().setUp()
        self.people = self.rig.services.people
        self.ended: list[str] = []
        self.people.logins.connections.add(self.ended.append)
        self.rig.me.call("user.add", name="bo", display_name="Bo Diaz", password=PASSWORD, groups=["lab"])
        self.bo = self.people.accounts.find("bo")

    def wait(self, work: Any) -> Any:
        """What a coroutine returns."""
        return self.rig.wait(Deferred.fromCoroutine(work))

    def enter(self, name: str, password: str, address: str = "a") -> Account:
        """Signs in."""
        found: Account = self.wait(self.people.sign_in(name, password, address))
        return found

    def out(self, name: str, password: str, address: str = "a") -> str:
        """Fails to sign in; gives the words."""
        fault = self.assertRaises(errors.NotAuthenticated, self.enter, name, password, address)
        return str(fault.message)


class AddingAccounts(PeopleCase):
    """`Accounts.add`."""

    def test_a_name_is_taken_however_it_is_written(self) -> None:
        """Nothing is written of the second account."""
        before = dict(self.rig.disk.accounts.people)
        for name in ("bo", "BO", " Bo "):
            self.refused("already_exists", "user.add", name=name)
        self.assertEqual(self.rig.disk.accounts.people, before)

    def test_an_account_that_cannot_be_written_is_none(self) -> None:
        """Its name is free again."""
        full = fail(OSError(28, "No space left on device"))
        with mock.patch.object(FakeAccounts, "put_account", lambda store, account: full):
            self.assertRaises(OSError, self.wait, self.people.accounts.add("cy", None, "member", (), by_owner=True))
        self.assertIsNone(self.people.accounts.named("cy"))
        self.rig.me.call("user.add", name="cy")


class SigningIn(PeopleCase):
    """`People.sign_in`."""

    def test_by_name_and_password(self) -> None:
        """However the name is typed; the principal is the account's."""
        for name in ("bo", "BO", " bo ", "Bo"):
            self.assertEqual(self.enter(name, PASSWORD).id, self.bo.id)
        secrets = secrets_of(self.rig, "bo", PASSWORD)
        principal = who(self.rig, secrets)
        assert principal is not None
        login = principal.login
        wanted = Principal("Bo Diaz", "none", login, account=self.bo.id, role="member", groups=frozenset({"lab"}))
        self.assertEqual(principal, wanted)
        self.assertEqual(principal.person, f"account {self.bo.id}")
        self.assertIsNotNone(self.people.accounts.find("bo").signed_in)

    def test_an_admin_may_do_all(self) -> None:
        """As whoever runs the server."""
        self.rig.me.call("user.set", user="bo", role="admin")
        principal = who(self.rig, secrets_of(self.rig, "bo", PASSWORD))
        assert principal is not None
        self.assertEqual((principal.verb, principal.role), ("own", "admin"))

    def test_nothing_tells_which_names_there_are(self) -> None:
        """The same words for a wrong password, a name that nobody has, one without a password, and a disabled one; and always one look at a hash."""
        self.rig.me.call("user.add", name="cy")
        self.rig.me.call("user.add", name="di", password=PASSWORD)
        self.rig.me.call("user.set", user="di", disabled=True)
        self.rig.disk.passwords.looked_at.clear()
        words = {self.out(name, OTHER, name) for name in ("bo", "nobody", "cy", "di", "", "\x00", "b" * 5000)}
        self.assertEqual(len(words), 1)
        self.assertEqual(len(self.rig.disk.passwords.looked_at), 7)
        self.assertIn("disabled", self.out("di", PASSWORD), "whoever has the password may know")

    def test_a_huge_password_is_not_hashed(self) -> None:
        """It is refused for its length."""
        self.rig.disk.passwords.looked_at.clear()
        self.assertRaises(errors.InvalidParams, self.enter, "bo", "x" * (MAX_PASSWORD + 1))
        self.assertEqual(self.rig.disk.passwords.looked_at, [])

    def test_a_hash_is_renewed(self) -> None:
        """When it was made by other parameters."""
        self.rig.disk.passwords.made = "v2"
        self.enter("bo", PASSWORD)
        self.assertEqual(self.people.accounts.find("bo").hash, f"v2:{PASSWORD}")
        self.assertEqual(self.rig.disk.accounts.people[self.bo.id].hash, f"v2:{PASSWORD}")
        self.enter("bo", PASSWORD)

    def test_a_password_that_was_changed_meanwhile_lets_nobody_in(self) -> None:
        """Nor an account that was removed or disabled while the password was looked at."""
        for method, change in (
            ("user.set_password", {"user": "bo", "password": OTHER}),
            ("user.set", {"user": "bo", "disabled": True}),
            ("user.remove", {"user": "bo"}),
        ):
            held: Deferred[None] = Deferred()
            self.rig.disk.passwords.held = held
            outcome: list[Any] = []
            password = PASSWORD if method == "user.set_password" else OTHER
            Deferred.fromCoroutine(self.people.sign_in("bo", password, "a")).addBoth(outcome.append)
            self.rig.disk.passwords.held = None
            self.rig.me.call(method, **change)
            held.callback(None)
            self.rig.turn()
            outcome[0].trap(errors.NotAuthenticated)

    def test_what_changed_after_the_password_was_looked_at_counts(self) -> None:
        """The logins of before end first, and take time: a login that would outlive the new password is not made."""
        account = self.enter("bo", PASSWORD)
        self.rig.me.call("user.set_password", user="bo", password=OTHER)
        self.assertRaises(errors.NotAuthenticated, self.wait, self.people.enter(account, WHERE, stays=True))
        account = self.enter("bo", OTHER)
        self.rig.me.call("user.set", user="bo", disabled=True)
        self.assertRaises(errors.NotAuthenticated, self.wait, self.people.enter(account, WHERE, stays=True))
        self.assertEqual(self.people.logins.of(account.id), [])

    def test_guessing_is_slowed_and_locks_nobody_out(self) -> None:
        """From the guesser's address the right one gets in after some seconds, from another at once."""
        for _ in range(FREE_ATTEMPTS):
            self.out("bo", OTHER)
        self.enter("bo", PASSWORD, "b")
        outcomes: list[list[Any]] = []
        for number in range(MOST_WAITING):
            outcome: list[Any] = []
            password = PASSWORD if number == 4 else OTHER
            Deferred.fromCoroutine(self.people.sign_in("bo", password, "a")).addBoth(outcome.append)
            outcomes.append(outcome)
        self.assertRaises(errors.Throttled, self.enter, "bo", PASSWORD)
        self.rig.clock.advance(0.5)
        self.assertEqual([len(one) for one in outcomes], [0] * MOST_WAITING)
        for second in range(MOST_WAITING):
            self.rig.clock.advance(1)
            self.rig.turn()
            self.assertEqual(sum(map(len, outcomes)), second + 1)
        self.assertEqual(outcomes[4][0].id, self.bo.id)
        for outcome in (*outcomes[:4], *outcomes[5:]):
            outcome[0].trap(errors.NotAuthenticated)
        self.rig.clock.advance(60)
        self.enter("bo", PASSWORD)

    def test_wrong_ones_of_an_address_count_with_all_others(self) -> None:
        """Whatever the names: in the end the guesser is told to wait, and the right one is in."""
        for number in range(ATTEMPTS_PER_MINUTE):
            self.out(f"name{number}", OTHER)
        self.assertRaises(errors.Throttled, self.enter, "another", OTHER)
        self.enter("bo", PASSWORD)


class Ends(PeopleCase):
    """When logins end."""

    def test_a_new_password_ends_the_other_logins(self) -> None:
        """Of browsers and command lines, with their connections and at once; the one that asks stays."""
        mine, theirs = secrets_of(self.rig, "bo", PASSWORD), secrets_of(self.rig, "bo", PASSWORD)
        command = self.wait(self.people.logins.enter_command_line(self.bo, WHERE))
        me, they = who(self.rig, mine), who(self.rig, theirs)
        assert me is not None and they is not None
        self.wait(self.people.change_password(self.bo, PASSWORD, OTHER, me.login))
        self.assertEqual((who(self.rig, mine), who(self.rig, theirs)), (me, None))
        self.assertIsNone(self.people.logins.of_token(command))
        self.assertEqual(len(self.ended), 2)
        self.assertNotIn(me.login, self.ended)
        self.assertEqual(list(self.rig.disk.accounts.browsers), [me.login])
        self.out("bo", PASSWORD)
        self.enter("bo", OTHER)

    def test_disabled_removed_or_no_admin_any_more(self) -> None:
        """All logins end; what is under way finds nobody."""
        for change in ({"disabled": True}, {"role": "member"}, None):
            self.rig.me.call("user.set", user="bo", disabled=False, role="admin")
            secrets = secrets_of(self.rig, "bo", PASSWORD)
            principal = who(self.rig, secrets)
            assert principal is not None
            connection = Connection(principal)
            if change is None:
                self.rig.me.call("user.remove", user="bo")
            else:
                self.rig.me.call("user.set", user="bo", **change)
            self.assertIsNone(who(self.rig, secrets))
            self.assertIsNone(self.rig.services.logins.refresh(connection.principal))
            self.assertEqual(self.ended.pop(), principal.login)
            self.assertEqual(self.rig.disk.accounts.browsers, {})

    def test_a_role_or_a_name_that_changes_counts_at_once(self) -> None:
        """For connections that are open, too."""
        secrets = secrets_of(self.rig, "bo", PASSWORD)
        principal = who(self.rig, secrets)
        self.rig.me.call("user.set", user="bo", role="viewer", groups=["x"], display_name="Bo D")
        now = self.rig.services.logins.refresh(principal)
        assert now is not None
        self.assertEqual((now.role, now.groups, now.name, now.verb), ("viewer", frozenset({"x"}), "Bo D", "none"))

    def test_ages(self) -> None:
        """12 hours without a request, or 30 days for who stays, or 90 days without use for a command line."""
        short = secrets_of(self.rig, "bo", PASSWORD, stays=False)
        stays = secrets_of(self.rig, "bo", PASSWORD)
        command = self.wait(self.people.logins.enter_command_line(self.bo, WHERE))
        self.rig.clock.advance(IDLE_HOURS * 3600 - 1)
        self.rig.services.logins.refresh(who(self.rig, short))
        self.rig.clock.advance(IDLE_HOURS * 3600 - 1)
        self.assertIsNotNone(who(self.rig, short), "it was used meanwhile")
        self.rig.clock.advance(1)
        self.assertIsNone(who(self.rig, short))
        self.people.logins.expire()
        self.assertEqual(len(self.ended), 1)
        self.rig.clock.advance(COOKIE_DAYS * 86_400)
        self.assertIsNone(who(self.rig, stays))
        principal = self.people.logins.of_token(command)
        assert principal is not None
        self.people.logins.refresh(principal)
        self.rig.clock.advance(COMMAND_LINE_DAYS * 86_400 - 1)
        self.assertIsNotNone(self.people.logins.of_token(command))
        self.rig.clock.advance(1)
        self.assertIsNone(self.people.logins.of_token(command))

    def test_they_outlive_the_server(self) -> None:
        """With their accounts and invitations; those of an account that is gone do not."""
        secrets = secrets_of(self.rig, "bo", PASSWORD)
        before = who(self.rig, secrets)
        self.rig.me.call("user.add", name="cy")
        self.rig.me.call("user.invite", user="cy")
        next_one = self.rig.crashed()
        self.assertIsNone(who(next_one, secrets), "nothing is read yet")
        next_one.wait(Deferred.fromCoroutine(next_one.services.people.load()))
        self.assertEqual(who(next_one, secrets), before)
        self.assertIsNotNone(next_one.me.call("user.list")["users"][1]["invited_until"])
        next_one.disk.accounts.people.pop(self.bo.id)
        last = next_one.crashed()
        last.wait(Deferred.fromCoroutine(last.services.people.load()))
        self.assertIsNone(who(last, secrets))

    def test_a_cookie_alone_or_a_key_alone_is_nobody(self) -> None:
        """Nor the secret of a browser as a bearer, nor that of a command line as a cookie."""
        secrets = secrets_of(self.rig, "bo", PASSWORD)
        command = self.wait(self.people.logins.enter_command_line(self.bo, WHERE))
        logins = self.rig.services.logins
        nothing = Credentials(None, (), None, None, None, frozenset())
        for cookies, key, token in (
            ((secrets.cookie,), None, None),
            ((), secrets.key, None),
            ((), None, secrets.cookie),
            ((), None, secrets.key),
            ((command,), "", None),
            ((command,), command, None),
        ):
            authorization = None if token is None else f"Bearer {token}"
            sent = Credentials(authorization, cookies, key, None, None, frozenset())
            self.assertIsNone(logins.principal_of(sent), (cookies, key, token))
        self.assertIsNone(logins.principal_of(nothing))
        self.assertEqual(logins.principal_of(given(secrets)), who(self.rig, secrets))
        found = logins.principal_of(Credentials(f"Bearer {command}", (), None, None, None, frozenset()))
        assert found is not None
        self.assertEqual(found.account, self.bo.id)

    def test_too_many_logins_of_one_account(self) -> None:
        """The one that was used least recently makes room."""
        first = secrets_of(self.rig, "bo", PASSWORD)
        self.rig.clock.advance(1)
        for _ in range(MOST_OF_ACCOUNT):
            secrets_of(self.rig, "bo", PASSWORD)
        self.assertIsNone(who(self.rig, first))
        self.assertEqual(len(self.people.logins.of(self.bo.id)), MOST_OF_ACCOUNT)
        self.assertEqual(len(self.rig.disk.accounts.browsers), MOST_OF_ACCOUNT)


class Adding(PeopleCase):
    """`People.add`."""

    def test_what_another_admin_changes_meanwhile_stays(self) -> None:
        """An account that is disabled while it is written down for the first time stays so."""
        store: Any = self.people.accounts.store
        waits: Deferred[None] = Deferred()
        store.is_slow = waits
        names = ("dan", None)
        added = Deferred.fromCoroutine(self.people.add(names, "member", (), PASSWORD, by_owner=True))
        store.is_slow = None
        self.rig.me.call("user.set", user="dan", disabled=True)
        waits.callback(None)
        self.rig.wait(added)
        self.assertTrue(self.people.accounts.find("dan").is_disabled)


class Invited(PeopleCase):
    """Invitations."""

    def secret(self, user: str = "cy", **more: object) -> str:
        """That of a new invitation."""
        return str(self.rig.me.call("user.invite", user=user, **more)["url"].partition("#invite=")[2])

    def test_somebody_chooses_a_password_and_a_name(self) -> None:
        """Once."""
        self.rig.me.call("user.add", name="cy", role="viewer")
        secret = self.secret()
        self.assertEqual(self.people.invited(secret, "a").name, "cy")
        account = self.wait(self.people.accept(secret, "Cy Young", OTHER, "a"))
        self.assertEqual((account.display_name, account.role), ("Cy Young", "viewer"))
        self.assertRaises(errors.NotAuthenticated, self.people.invited, secret, "a")
        self.assertRaises(errors.NotAuthenticated, self.wait, self.people.accept(secret, None, PASSWORD, "a"))
        self.assertEqual(self.enter("cy", OTHER).display_name, "Cy Young")

    def test_what_cannot_be_chosen_leaves_the_invitation(self) -> None:
        """A short, frequent or telling password, a name that is taken."""
        self.rig.me.call("user.add", name="cynthia")
        secret = self.secret("cynthia")
        for name, password, words in (
            (None, "short", "at least 8"),
            (None, "x" * 2000, "at most 1024"),
            (None, "password1", "Many people"),
            (None, "aaaaaaaaaa", "repeated"),
            (None, "I am CYNTHIA 1", "contain the name"),
            ("Cy (guest)", OTHER, "guest"),
            ("Cy\u202e", OTHER, "control"),
        ):
            fault = self.assertRaises(errors.InvalidParams, self.wait, self.people.accept(secret, name, password, "a"))
            self.assertIn(words, fault.message)
        for name in ("Bo Diaz", "B0 Diaz", "bo", "ada"):
            self.assertRaises(errors.AlreadyExists, self.wait, self.people.accept(secret, name, OTHER, "a"))
        self.wait(self.people.accept(secret, "Cy", OTHER, "a"))

    def test_one_that_counts_no_more(self) -> None:
        """Too old, replaced, of an account that is disabled or has another password meanwhile."""
        self.rig.me.call("user.add", name="cy")
        secret = self.secret(days=1)
        self.rig.clock.advance(86_400)
        self.assertRaises(errors.NotAuthenticated, self.people.invited, secret, "a")
        secret, newer = self.secret(), self.secret()
        self.assertRaises(errors.NotAuthenticated, self.people.invited, secret, "a")
        self.people.invited(newer, "a")
        self.rig.me.call("user.set", user="cy", disabled=True)
        self.assertRaises(errors.NotAuthenticated, self.people.invited, newer, "a")
        self.refused("not_permitted", "user.invite", user="cy")
        self.rig.me.call("user.set", user="cy", disabled=False)
        self.rig.me.call("user.set_password", user="cy", password=OTHER)
        self.assertRaises(errors.NotAuthenticated, self.people.invited, newer, "a")

    def test_it_works_once_also_while_that_is_written_down(self) -> None:
        """Of two who choose a password at the same time one is in, and it is theirs; so it is where an admin sets one."""
        store: Any = self.people.accounts.store
        secret = self.secret("bo")
        for begin in (
            lambda secret: self.people.accept(secret, None, OTHER, "a"),
            lambda secret: self.people.set_password(self.people.accounts.find("bo"), OTHER),
        ):
            store.is_slow = Deferred()
            first = Deferred.fromCoroutine(begin(secret))
            second = Deferred.fromCoroutine(self.people.accept(secret, None, "a password of a thief", "b"))
            store.is_slow.callback(None)
            self.rig.wait(first)
            self.failureResultOf(second, errors.NotAuthenticated)
            store.is_slow = None
            self.enter("bo", OTHER)
            secret = self.secret("bo")

    def test_it_ends_the_codes_of_before(self) -> None:
        """Whoever had a login of before may have made one for a command line."""
        code = self.people.new_code(self.bo.id)
        self.wait(self.people.accept(self.secret("bo"), None, OTHER, "a"))
        self.assertRaises(errors.NotAuthenticated, self.people.of_code, code, "a")

    def test_it_ends_the_logins_of_before(self) -> None:
        """Whoever forgot a password, or lost a laptop, is alone in the account then."""
        before = secrets_of(self.rig, "bo", PASSWORD)
        secret = self.secret("bo")
        self.assertIsNotNone(who(self.rig, before))
        self.wait(self.people.accept(secret, None, OTHER, "a"))
        self.assertIsNone(who(self.rig, before))


class CommandLines(PeopleCase):
    """Codes for `webipy login`."""

    def test_a_code_works_once(self) -> None:
        """And for ten minutes; never for an account that is disabled."""
        code = self.people.new_code(self.bo.id)
        self.assertEqual(self.people.of_code(code, "a").id, self.bo.id)
        self.assertRaises(errors.NotAuthenticated, self.people.of_code, code, "a")
        code = self.people.new_code(self.bo.id)
        self.rig.clock.advance(601)
        self.assertRaises(errors.NotAuthenticated, self.people.of_code, code, "a")
        code = self.people.new_code(self.bo.id)
        self.rig.me.call("user.set", user="bo", disabled=True)
        self.rig.me.call("user.set", user="bo", disabled=False)
        self.assertRaises(errors.NotAuthenticated, self.people.of_code, code, "a")
        self.assertFalse(self.rig.services.logins.codes.use(code), "it is none of the owner's")

    def test_where_a_hub_signs_people_in(self) -> None:
        """There are no accounts."""
        self.people.closed = "the hub signs people in."
        self.assertIn("hub", self.out("bo", PASSWORD))
        self.assertRaises(errors.NotAuthenticated, self.people.invited, "x", "a")
        self.refused("not_permitted", "user.add", name="cy")
        self.refused("not_permitted", "user.invite", user="bo")


class ScriptTokensOfAccounts(PeopleCase):
    """What becomes of the script tokens of somebody who has an account."""

    def test_connections_of_an_admin_end_with_the_role(self) -> None:
        """What they follow as an admin, such as a terminal, goes on for nobody; the token itself is that of a member from then on."""
        tokens = self.rig.services.logins.script_tokens
        self.rig.me.call("user.set", user="bo", role="admin")
        secret = sign_in(self.rig, "bo", PASSWORD).call("token.create", label="ci")["token"]
        found = tokens.principal(secret, "a")
        assert found is not None
        self.rig.me.call("user.set", user="bo", groups=["lab"])
        self.assertNotIn(found.login, self.ended)
        self.rig.me.call("user.set", user="bo", role="member")
        self.assertIn(found.login, self.ended)
        now = tokens.principal(secret, "a")
        assert now is not None
        self.assertEqual((now.role, now.verb), ("member", "none"))

    def test_they_end_with_the_account(self) -> None:
        """Disabled or removed: at once and for good; a new password leaves them."""
        tokens = self.rig.services.logins.script_tokens
        for change in ({"disabled": True}, None):
            self.rig.me.call("user.set", user="bo", disabled=False, role="admin")
            secret = sign_in(self.rig, "bo", PASSWORD).call("token.create", label="ci")["token"]
            found = tokens.principal(secret, "a")
            assert found is not None
            self.assertEqual((found.account, found.verb), (self.bo.id, "own"))
            self.rig.me.call("user.set_password", user="bo", password=OTHER)
            self.rig.me.call("user.set_password", user="bo", password=PASSWORD)
            self.assertIsNotNone(tokens.principal(secret, "a"))
            if change is None:
                self.rig.me.call("user.remove", user="bo")
            else:
                self.rig.me.call("user.set", user="bo", **change)
                self.rig.me.call("user.set", user="bo", disabled=False)
            self.assertIsNone(tokens.principal(secret, "a"))
            self.assertIn(found.login, self.ended)
