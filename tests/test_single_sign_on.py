"""webipy.server.people.single_sign_on, webipy.server.people.sso_rules and webipy.server.people.sso_attempts: whose account it is, who stays out."""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from tests.account_clients import WHERE, who
from tests.fake_audit import FakeLog
from tests.fakes import Client, Refused, RigTestCase
from webipy.core import errors
from webipy.server.methods.method import Connection
from webipy.server.people.accounts import MOST_ACCOUNTS, Account, Accounts, Identity
from webipy.server.people.audit import Audit
from webipy.server.people.people import make_people
from webipy.server.people.single_sign_on import MOST_AT_ONCE, SingleSignOn
from webipy.server.people.sso_attempts import (
    ATTEMPT_SECONDS,
    CODE,
    CODE_SECONDS,
    MOST,
    MOST_OF_ADDRESS,
    Outcome,
    Place,
    SsoAttempts,
    state_of,
)
from webipy.server.people.sso_rules import MOST_GROUPS, SsoRules, Visitor, free_names, valid_name
from webipy.server.ports.identity_provider import Answer, Claims, Question

ISSUER = "https://login.example.org"
ADA: dict[str, Any] = {
    "preferred_username": "ada",
    "name": "Ada Lovelace",
    "email": "ada@example.org",
    "email_verified": True,
    "groups": ["staff", "lab"],
}
PLACE = Place("https://lab.example.org", "/base/", "/s/abc?x=1", "192.0.2.8")
RULES = SsoRules(ISSUER, "Uni", everybody=True)


@attrs.define(eq=False)
class FakePort:
    """An identity provider in memory; see the port."""

    subject: str = "1001"
    values: dict[str, Any] = attrs.field(factory=lambda: dict(ADA))
    fault: Exception | None = None
    is_held: bool = False
    held: list[Deferred[Claims]] = attrs.field(factory=list)
    """What waits while `is_held`."""
    answers: list[Answer] = attrs.field(factory=list)

    def address(self, question: Question) -> Deferred[str]:
        """Where it is."""
        return succeed(f"{ISSUER}/authorize?state={question.state}") if self.fault is None else fail(self.fault)

    def claims(self, question: Question, answer: Answer) -> Deferred[Claims]:
        """Whoever it is told to say."""
        self.answers.append(answer)
        if self.is_held:
            self.held.append(Deferred())
            return self.held[-1]
        return succeed(Claims(self.subject, self.values)) if self.fault is None else fail(self.fault)


class SsoCase(RigTestCase):
    """A server with single sign-on."""

    rules = RULES

    def setUp(self) -> None:
        super().setUp()
        services = self.rig.services
        self.people, self.port, self.log = services.people, FakePort(), FakeLog()
        services.logins.audit = Audit(self.log, services.world.now, services.world.later)
        self.people.accounts.owner = "olga"
        self.people.accounts.issuer, self.people.provider_name = ISSUER, "Uni"
        self.sso = self.make(self.rules)

    def make(self, rules: SsoRules) -> SingleSignOn:
        """The single sign-on, by other rules."""
        services = self.rig.services
        secrets = iter(range(10**6))
        attempts = SsoAttempts(self.rig.clock.seconds, lambda: f"secret-number-{next(secrets)}")
        return SingleSignOn(self.port, rules, self.people, attempts, services.logins.audit, services.rights.recheck)

    def wait(self, work: Any) -> Any:
        """What a coroutine returns."""
        return self.rig.wait(Deferred.fromCoroutine(work))

    def enter(self, subject: str = "1001", /, **claims: Any) -> tuple[Account, str]:
        """Somebody signs in; gives their account and the sentence for them."""
        self.port.subject, self.port.values = subject, {**ADA, **claims}
        _, attempt, cookie = self.wait(self.sso.begin(PLACE))
        way_back, code = self.wait(
            self.sso.come_back(attempt.question.state, [cookie], Answer("code", ISSUER), PLACE.address)
        )
        self.assertEqual(way_back, "/base/s/abc?x=1")
        account, outcome = self.sso.end(code, [cookie], PLACE.address)
        return account, outcome.notice

    def out(self, kind: type[errors.Failure], subject: str = "1001", /, **claims: Any) -> str:
        """Somebody who must not get in; gives the words. Neither an account nor a login is made."""
        before = (self.people.accounts.all(), self.people.logins.all())
        fault: errors.Failure = self.assertRaises(kind, self.enter, subject, **claims)
        self.assertEqual((self.people.accounts.all(), self.people.logins.all()), before)
        return fault.message


class WhoseAccount(SsoCase):
    """An identity, and nothing else, leads to an account."""

    def test_a_new_person_gets_an_account(self) -> None:
        """A member, with their names; the next time it is the same one, whatever they are called then."""
        ada, notice = self.enter()
        self.assertEqual(
            (ada.name, ada.display_name, ada.role, ada.groups), ("ada", "Ada Lovelace", "member", frozenset())
        )
        self.assertEqual((ada.identity, ada.hash, notice), (Identity(ISSUER, "1001"), None, ""))
        self.assertIsNotNone(ada.signed_in)
        again, _ = self.enter(preferred_username="countess", name="Ada King", email="king@example.org")
        self.assertEqual((again.id, again.name, again.display_name), (ada.id, "ada", "Ada Lovelace"))
        self.assertEqual(self.rig.disk.accounts.people[ada.id].identity, ada.identity)

    def test_a_taken_name_is_not_taken_over(self) -> None:
        """Nor is the account of an e-mail address, one that looks alike, or that of whoever runs the server; the person is told."""
        self.rig.me.call("user.add", name="bo", display_name="Bo Diaz", password="nine green lamps")
        table: list[tuple[str, dict[str, Any], str, str]] = [
            ("2", {"preferred_username": "bo"}, "bo-2", "The name bo is taken here, so you are bo-2."),
            ("3", {"preferred_username": "BO"}, "BO-3", "The name BO is taken here, so you are BO-3."),
            ("4", {"preferred_username": "b0"}, "b0-4", "The name b0 is taken here, so you are b0-4."),
            ("5", {"preferred_username": None, "email": "bo@example.org"}, "bo-5", "The name bo is taken"),
            ("6", {"preferred_username": "olga"}, "olga-2", "The name olga is taken"),
        ]
        for subject, claims, name, words in table:
            account, notice = self.enter(subject, **claims, name=f"Person {subject}")
            self.assertEqual(account.name, name)
            self.assertIn(words, notice)
        self.assertEqual(len(self.people.accounts.all()), 6)
        self.assertIsNone(self.people.accounts.find("bo").identity)

    def test_names_that_others_see(self) -> None:
        """Nobody is taken for somebody else; what cannot be shown is left out."""
        self.rig.me.call("user.add", name="al", display_name="Ada Lovelace")
        self.assertEqual(self.enter("1")[0].display_name, "Ada Lovelace (ada)")
        self.assertEqual(self.enter("2", preferred_username="cy", name="x" * 90)[0].display_name, "x" * 40)
        for number, shown in enumerate((None, 5, "", "\u202e", "Cy (guest)", "ada")):
            account, _ = self.enter(f"n{number}", preferred_username=f"di{number}z", name=shown)
            self.assertIn(account.display_name, (account.name, f"ada ({account.name})"))

    def test_two_tabs_at_once(self) -> None:
        """Make one account."""
        self.port.is_held = True
        begun = [self.wait(self.sso.begin(PLACE)) for _ in range(2)]
        ended: list[Any] = []
        for _, attempt, cookie in begun:
            work = self.sso.come_back(attempt.question.state, [cookie], Answer("c"), PLACE.address)
            Deferred.fromCoroutine(work).addBoth(ended.append)
        for held in self.port.held:
            held.callback(Claims("7", ADA))
        self.rig.turn()
        codes = [code for _, code in ended]
        people = {self.sso.end(code, [begun[number][2]], "a")[0].id for number, code in enumerate(codes)}
        self.assertEqual((len(codes), len(people), len(self.people.accounts.all())), (2, 1, 1))

    def test_other_issuers_are_other_people(self) -> None:
        """The same number at another provider."""
        first, _ = self.enter()
        self.sso = self.make(attrs.evolve(RULES, issuer="https://other.example"))
        self.assertNotEqual(self.enter()[0].id, first.id)

    def test_a_disabled_account_stays_out(self) -> None:
        """Also when it is disabled after the provider has answered; and one that was removed is a new one."""
        ada, _ = self.enter()
        self.rig.me.call("user.set", user=ada.id, disabled=True)
        self.assertIn("disabled", self.out(errors.NotAuthenticated))
        self.rig.me.call("user.set", user=ada.id, disabled=False)
        _, attempt, cookie = self.wait(self.sso.begin(PLACE))
        _, code = self.wait(self.sso.come_back(attempt.question.state, [cookie], Answer("c"), "a"))
        self.rig.me.call("user.set", user=ada.id, disabled=True)
        self.assertRaises(errors.NotAuthenticated, self.sso.end, code, [cookie], "a")
        self.rig.me.call("user.remove", user=ada.id)
        self.assertNotEqual(self.enter()[0].id, ada.id)

    def test_a_full_server(self) -> None:
        """Says so."""
        account = self.enter()[0]
        self.people.accounts._accounts |= {
            str(number): attrs.evolve(account, id=str(number), identity=None) for number in range(MOST_ACCOUNTS)
        }
        self.assertIn("at most", self.out(errors.TooLarge, "2"))

    def test_it_outlives_the_server(self) -> None:
        """The next one reads it."""
        ada, _ = self.enter()
        logins, world = self.rig.services.logins, self.rig.services.world
        later = make_people(self.rig.disk.accounts, self.rig.disk.passwords, logins, world)
        self.wait(later.load())
        self.assertEqual(later.accounts.get(ada.id), self.people.accounts.get(ada.id))


class WhoMayComeIn(SsoCase):
    """`--sso-allow` and `--sso-admin-group`."""

    def test_domains(self) -> None:
        """Of verified addresses, whole and in any case."""
        self.sso = self.make(attrs.evolve(RULES, everybody=False, domains=frozenset({"example.org"})))
        for number, mail in enumerate(("a@example.org", "a@EXAMPLE.org", '"a@b"@example.org')):
            self.enter(str(number), email=mail, preferred_username=f"u{number}x")
        self.enter("s", email_verified="true")
        strangers: list[Any] = [
            "a@evil-example.org",
            "a@sub.example.org",
            "a@example.org.evil.com",
            "example.org@evil.com",
            5,
            None,
        ]
        for mail in strangers:
            self.assertIn("not for everybody", self.out(errors.NotPermitted, "9", email=mail))
        for verified in (False, None, "false", 1):
            self.assertIn("not verified", self.out(errors.NotPermitted, "9", email_verified=verified))

    def test_groups(self) -> None:
        """By their exact names."""
        rules = attrs.evolve(RULES, everybody=False, groups=frozenset({"lab"}), groups_claim="groups")
        self.sso = self.make(rules)
        self.assertEqual(self.enter()[0].groups, frozenset({"staff", "lab"}))
        self.enter("2", groups="lab")
        for groups in ([], ["LAB"], ["lab "], [["lab"]], {"lab": 1}):
            self.assertIn("not for everybody", self.out(errors.NotPermitted, "9", groups=groups))
        self.assertIn("which groups", self.out(errors.NotPermitted, "9", groups=None))

    def test_it_counts_at_each_sign_in(self) -> None:
        """Whoever may come no more stays out; their account stays."""
        ada, _ = self.enter()
        self.sso = self.make(attrs.evolve(RULES, everybody=False, domains=frozenset({"other.org"})))
        self.out(errors.NotPermitted)
        self.assertIsNotNone(self.people.accounts.get(ada.id))

    def test_refusals_are_recorded(self) -> None:
        """Without who it was, and once a minute; what the provider does wrong is in the log of the server."""
        self.sso = self.make(attrs.evolve(RULES, everybody=False, domains=frozenset({"other.org"})))
        for _ in range(3):
            self.out(errors.NotPermitted)
        self.port.fault = errors.IdentityProviderFault("Uni lies.")
        for _ in range(3):
            self.assertRaises(errors.IdentityProviderFault, self.enter)
        self.wait(self.rig.services.logins.audit.flush())
        facts = [(one.method, one.person, one.by, one.address, one.target, one.result) for one in self.log.lines]
        wanted = ("sign_in_failed", "", "page", "192.0.2.8", f"by sso {ISSUER}")
        refused = [one for one in facts if one[0] == "sign_in_failed"]
        self.assertEqual(refused, [(*wanted, "not_permitted"), (*wanted, "identity_provider_fault")])


class WhatTheyAre(SsoCase):
    """Groups and the role follow the provider when the options say so, and only then."""

    def test_without_the_options(self) -> None:
        """They are what an admin has said."""
        ada, _ = self.enter()
        self.rig.me.call("user.set", user=ada.id, role="admin", groups=["ours"])
        again, _ = self.enter()
        self.assertEqual((again.role, again.groups), ("admin", frozenset({"ours"})))

    def test_groups_follow(self) -> None:
        """At each sign-in; those whose names cannot be ours are left out, as are too many."""
        self.sso = self.make(attrs.evolve(RULES, groups_claim="realm_access.roles"))
        ada, _ = self.enter(realm_access={"roles": ["b", "a", "", "x" * 41, "\x00", 5]})
        self.assertEqual((ada.groups, ada.role), (frozenset({"a", "b"}), "member"))
        self.assertEqual(self.enter(realm_access={"roles": ["c"]})[0].groups, frozenset({"c"}))
        self.assertEqual(self.enter(realm_access=5)[0].groups, frozenset())
        many = [f"g{number}" for number in range(MOST_GROUPS + 5)]
        self.assertEqual(len(self.enter(realm_access={"roles": many})[0].groups), MOST_GROUPS)

    def test_admins_follow(self) -> None:
        """Whoever is none any more is signed out everywhere at once; a viewer stays one."""
        rules = attrs.evolve(RULES, everybody=True, groups_claim="groups", admin_group="staff")
        self.sso = self.make(rules)
        self.rig.me.call("user.add", name="root", role="admin", password="nine green lamps")
        ada, _ = self.enter()
        self.assertEqual(ada.role, "admin")
        login = self.wait(self.people.enter(ada, WHERE, stays=False))
        self.assertIsNotNone(who(self.rig, login))
        self.assertEqual(self.enter(groups=["lab"])[0].role, "member")
        self.assertIsNone(who(self.rig, login))
        self.rig.me.call("user.set", user=ada.id, role="viewer")
        self.assertEqual(self.enter(groups=["lab"])[0].role, "viewer")
        self.assertEqual(self.enter()[0].role, "admin")

    def test_the_last_admin_stays_one(self) -> None:
        """Whatever the provider says."""
        self.sso = self.make(attrs.evolve(RULES, groups_claim="groups", admin_group="staff"))
        self.enter()
        self.assertEqual(self.enter(groups=[])[0].role, "admin")
        bo, _ = self.enter("2", preferred_username="bo", name="Bo")
        self.assertEqual(bo.role, "admin")
        self.assertEqual(self.enter(groups=[])[0].role, "member", "there is another one")

    def test_who_signs_in_at_another_provider_is_no_admin_who_can(self) -> None:
        """So they are not the one who keeps the server from being without."""
        self.sso = self.make(attrs.evolve(RULES, groups_claim="groups", admin_group="staff"))
        ada, _ = self.enter()
        self.people.accounts.issuer = ""
        self.rig.me.call("user.add", name="root", role="admin", password="nine green lamps")
        root = self.people.accounts.find("root")
        self.assertRaises(errors.NotPermitted, self.people.accounts.check_admins, root, by_owner=False)
        self.people.accounts.check_admins(ada, by_owner=False)

    def test_the_admin_group_lets_in(self) -> None:
        """And nobody else, when nothing else does."""
        rules = attrs.evolve(RULES, everybody=False, groups_claim="groups", admin_group="staff")
        self.sso = self.make(rules)
        self.assertEqual(self.enter()[0].role, "admin")
        self.out(errors.NotPermitted, "2", groups=["lab"])


class Attempts(SsoCase):
    """What a sign-on is bound to."""

    def begin(self, place: Place = PLACE) -> tuple[str, str]:
        """Begins one: its id and its cookie."""
        _, attempt, cookie = self.wait(self.sso.begin(place))
        return attempt.question.state, cookie

    def back(self, state: str, *cookies: str) -> tuple[str, str]:
        """Comes back from the provider."""
        found: tuple[str, str] = self.wait(self.sso.come_back(state, cookies, Answer("code"), "a"))
        return found

    def lost(self, code: str, *cookies: str) -> None:
        """A code that leads nowhere."""
        self.assertIn(
            "another browser", self.assertRaises(errors.NotAuthenticated, self.sso.end, code, cookies, "a").message
        )

    def test_another_browser(self) -> None:
        """Uses nothing up, and the provider is not asked."""
        (state, cookie), (_, other) = self.begin(), self.begin()
        for cookies in ((), (other,), ("",), (state,)):
            self.assertEqual(self.back(state, *cookies), ("", "sso.lost"))
        self.assertEqual(self.port.answers, [])
        way_back, code = self.back(state, other, cookie)
        self.assertEqual((way_back, state_of(code)), ("/base/s/abc?x=1", state))
        self.lost(code, other)
        self.lost(code)
        self.assertEqual(self.sso.end(code, [cookie], "a")[0].name, "ada")

    def test_once(self) -> None:
        """Both the address of return and the code."""
        state, cookie = self.begin()
        _, code = self.back(state, cookie)
        self.assertEqual(self.back(state, cookie), ("", "sso.lost"))
        self.lost(code + "x", cookie)
        self.sso.end(code, [cookie], "a")
        self.lost(code, cookie)
        self.lost("sso.lost", cookie)

    def test_not_for_long(self) -> None:
        """Ten minutes at the provider, two for the page."""
        state, cookie = self.begin()
        self.rig.clock.advance(ATTEMPT_SECONDS)
        self.assertEqual(self.back(state, cookie)[0], "")
        state, cookie = self.begin()
        _, code = self.back(state, cookie)
        self.rig.clock.advance(CODE_SECONDS)
        self.lost(code, cookie)

    def test_where_to_go(self) -> None:
        """Below our own path alone."""
        for wanted in (
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\nb",
            "/" + "x" * 4000,
            "",
            "x",
            "/a\\b",
        ):
            state, cookie = self.begin(attrs.evolve(PLACE, next=wanted))
            self.assertEqual(self.back(state, cookie)[0], "/base/", wanted)

    def test_a_base_that_is_none(self) -> None:
        """Leads nowhere else, either."""
        for home in ("//evil.example/", "/\\evil.example/", "https://evil.example/"):
            state, cookie = self.begin(attrs.evolve(PLACE, home=home))
            self.assertEqual(self.back(state, cookie)[0], "/")

    def test_their_number_is_limited(self) -> None:
        """One address is not in the way of others."""
        mine = self.begin(attrs.evolve(PLACE, address="mine"))
        first = self.begin()
        for _ in range(MOST_OF_ADDRESS):
            self.begin()
        self.assertEqual(self.back(*first)[0], "")
        self.assertEqual(self.back(*mine)[0], "/base/s/abc?x=1")
        for number in range(MOST + 10):
            self.begin(attrs.evolve(PLACE, address=str(number)))
        self.assertEqual(len(self.sso.attempts._begun), MOST)
        attempt, _ = self.sso.attempts.begin(PLACE)
        for number in range(MOST + 10):
            question = attrs.evolve(attempt.question, state=str(number))
            self.sso.attempts.finish(attrs.evolve(attempt, question=question), Outcome())
        self.assertEqual(len(self.sso.attempts._finished), MOST)

    def test_how_many_ask_at_once(self) -> None:
        """So many; the next one is told to try again."""
        self.port.is_held = True
        for _ in range(MOST_AT_ONCE):
            Deferred.fromCoroutine(self.sso.come_back(*_with(self.begin()), Answer("c"), "a"))
        state, cookie = self.begin()
        _, code = self.back(state, cookie)
        self.assertRaises(errors.Throttled, self.sso.end, code, [cookie], "a")

    def test_a_provider_that_fails(self) -> None:
        """Says so at the beginning, or in the end."""
        self.port.fault = errors.IdentityProviderFault("Uni is down.")
        self.assertRaises(errors.IdentityProviderFault, self.begin)
        self.port.fault = None
        state, cookie = self.begin()
        self.port.fault = errors.IdentityProviderFault("Uni lies.")
        _, code = self.back(state, cookie)
        self.assertEqual(self.out_of(code, cookie), "Uni lies.")
        self.lost(code, cookie)

    def out_of(self, code: str, cookie: str) -> str:
        """Why nobody is signed in."""
        fault: errors.Failure = self.assertRaises(errors.IdentityProviderFault, self.sso.end, code, [cookie], "a")
        return fault.message


def _with(begun: tuple[str, str]) -> tuple[str, list[str]]:
    return begun[0], [begun[1]]


class WithoutAPassword(SsoCase):
    """What else such an account meets."""

    def client(self, account: Account) -> Client:
        """A page of theirs."""
        principal = who(self.rig, self.wait(self.people.enter(account, WHERE, stays=False)))
        assert principal is not None
        return Client(self.rig, Connection(principal))

    def test_no_password_leads_in(self) -> None:
        """And the words for all who are wrong say how a command line gets in."""
        self.enter()
        for name in ("ada", "nobody"):
            fault = self.assertRaises(errors.NotAuthenticated, self.wait, self.people.sign_in(name, "", "a"))
            self.assertIn("webipy login URL --code", fault.message)
            self.assertIn("Uni", fault.message)

    def test_it_is_said(self) -> None:
        """In the list of people, and to themselves; a code for the command line is made as for everybody."""
        ada, _ = self.enter()
        client = self.client(ada)
        own = client.call("account.get")
        self.assertEqual((own["has_password"], own["identity_provider"]), (False, "Uni"))
        with self.assertRaises(Refused) as caught:
            client.call("account.change_password", old="", new="nine green lamps")
        self.assertIn("You sign in with Uni, and have no password here", caught.exception.message)
        code = client.call("account.code")["code"]
        self.assertEqual(self.people.of_code(code, "a").id, ada.id)
        [user] = self.rig.me.call("user.list")["users"]
        self.assertEqual((user["has_password"], user["identity_provider"]), (False, ISSUER))

    def test_they_do_not_count_as_people_with_a_password(self) -> None:
        """Of whom the sign-in form knows."""
        ada, _ = self.enter()
        self.assertFalse(self.people.accounts.are_there())
        self.wait(self.people.set_password(ada, "nine green lamps"))
        self.assertTrue(self.people.accounts.are_there())


class Names(SynchronousTestCase):
    """`valid_name` and `free_names`."""

    def test_as_near_as_can_be(self) -> None:
        """A table: what the provider says, and the name."""
        table = {
            "ada": "ada",
            "Ada Lovelace": "Ada.Lovelace",
            "  ada  ": "ada",
            "ada!#$%": "ada",
            "._ada-": "ada",
            "x" * 50: "x" * 32,
            "a" * 31 + ".b": "a" * 31,
            "": "user",
            "!!!": "user",
            "\u0430da": "user",
            "\uff21da": "Ada",
            "åsa": "åsa",
            "\x00a\u202eb": "ab",
        }
        for given, name in table.items():
            self.assertEqual(valid_name(given), name, given)

    def test_the_next_free_one(self) -> None:
        """However many there are, within the length of a name."""
        people: list[Account] = []
        for number in range(30):
            name, shown = free_names(people, "owner", Visitor("a" * 32, "a" * 40, None, None))
            self.assertLessEqual(len(name), 32)
            people.append(Account(str(number), name, shown, "member", frozenset(), False, None, ""))
        self.assertEqual(len({one.name for one in people}), 30)
        self.assertEqual(free_names([], "Ada", Visitor("ada", "Ada", None, None)), ("ada-2", "Ada (ada-2)"))

    def test_what_is_lacking(self) -> None:
        """What the rules need decides."""
        self.assertFalse(RULES.lacks(ADA))
        for name in ("name", "groups", "email_verified"):
            rules = attrs.evolve(RULES, domains=frozenset({"x.org"}), groups_claim="groups")
            self.assertTrue(rules.lacks({key: value for key, value in ADA.items() if key != name}), name)
        self.assertTrue(RULES.lacks({"name": "x"}))
        self.assertFalse(RULES.lacks({"name": "x", "email": "a@b"}))
        self.assertEqual(CODE, "sso.")
        self.assertEqual(Accounts.__name__, "Accounts")
