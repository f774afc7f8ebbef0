"""webipy.server.people.script_tokens, webipy.io.storage.script_token_file and the methods token.*: made, used, ended, and attacked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import Deferred, execute, fail
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import TOKEN, Client, Refused, Rig, RigTestCase, make_rig
from tests.test_calls import least
from tests.test_guests import full_house, guest
from tests.test_logins import given
from tests.test_shares import come, secret_of
from webipy.core import errors
from webipy.core.api import calls
from webipy.core.api.access import Principal
from webipy.core.api.scopes import Scopes
from webipy.io.storage.script_token_file import ScriptTokenFile
from webipy.server.methods import rules
from webipy.server.methods.api import METHODS
from webipy.server.methods.method import Connection
from webipy.server.people import script_tokens
from webipy.server.people.failed_attempts import ATTEMPTS_PER_MINUTE
from webipy.server.people.logins import Credentials
from webipy.server.people.people import NO_ACCOUNTS
from webipy.server.people.script_tokens import (
    LONGEST_WAIT,
    MOST_OF_GUEST,
    MOST_OF_PERSON,
    NOTED_SECONDS,
    PREFIX,
    REMEMBERED_DAYS,
    ScriptToken,
)
from webipy.server.ports.confinement import CONFINEMENT, Confinement

DAY = 86_400.0


class Kept:
    """A store in memory, which can fail."""

    def __init__(self) -> None:
        self.tokens: list[ScriptToken] = []
        self.writes = 0
        self.is_broken = False

    def load(self) -> Deferred[list[ScriptToken]]:
        """All."""
        return execute(lambda: list(self.tokens))

    def keep(self, tokens: list[ScriptToken]) -> Deferred[None]:
        """These."""
        if self.is_broken:
            return fail(OSError(28, "No space left on device"))
        self.tokens, self.writes = tokens, self.writes + 1
        return execute(lambda: None)


class TokensTestCase(RigTestCase):
    """A server whose tokens are kept."""

    def setUp(self) -> None:
        super().setUp()
        self.kept = Kept()
        self.tokens = self.rig.services.logins.script_tokens
        self.tokens.table.store = self.kept
        self.ended: list[str] = []
        self.rig.services.logins.shares.connections.add(self.ended.append)

    def made(self, label: str = "ci", client: Client | None = None, **limits: Any) -> Any:
        """A new token, as its maker sees it."""
        return (client or self.rig.me).call("token.create", label=label, **limits)

    def who(self, token: str, kind: str = "Bearer", address: str = "10.0.0.9") -> Principal | None:
        """Whom the server takes it for who sends a token."""
        return self.rig.services.logins.principal_of(given(f"{kind} {token}", None, address=address))

    def by(self, token: str) -> Client:
        """A program that has a token."""
        return by(self.rig, token)

    def why(self, token: str) -> str:
        """What a program is told whose token does not count."""
        return str(self.assertRaises(errors.NotAuthenticated, self.who, token).message)


def by(rig: Rig, token: str) -> Client:
    """A program that has a token, on a connection."""
    principal = rig.services.logins.principal_of(given(f"Bearer {token}", None))
    assert principal is not None
    client = Client(rig, Connection(principal))
    client.connection.send = client.sent.append
    client.connection.soon = lambda call: rig.clock.callLater(0, call)
    return client


class Life(TokensTestCase):
    """From the first to the last day of a token."""

    def test_it_acts_as_its_person(self) -> None:
        """Under both spellings; with a login of its own, so that it ends alone."""
        made = self.made()
        self.assertTrue(made["token"].startswith(PREFIX))
        expected = Principal("ada", "own", made["id"], token="ci", scopes=Scopes())
        self.assertEqual(self.who(made["token"]), expected)
        self.assertEqual(self.who(made["token"], "token"), expected)
        self.assertEqual(expected.person, "owner")
        self.assertIsNone(self.who(made["token"], "Basic"))
        self.assertEqual(self.by(made["token"]).call("session.create", title="x")["title"], "x")

    def test_only_its_digest_is_kept(self) -> None:
        """Nowhere else is it shown again."""
        made = self.made()
        self.assertNotIn(made["token"].encode(), msgspec.json.encode(self.kept.tokens))
        self.assertNotIn(made["token"], json.dumps(self.rig.me.call("token.list")))

    def test_the_list_says_what_each_may_do_and_when_it_was_used(self) -> None:
        """The newest first."""
        self.made("first", days=None, read=True)
        self.rig.clock.advance(60)
        second = self.made("second", days=2, methods=["file.*", "execution.start", "file.*"])
        self.rig.clock.advance(60)
        self.who(second["token"])
        listed = self.rig.me.call("token.list")["tokens"]
        self.assertEqual([one["label"] for one in listed], ["second", "first"])
        self.assertEqual(
            listed[0],
            {
                "id": second["id"],
                "label": "second",
                "person": "ada",
                "scopes": {"read": False, "session": None, "folder": None, "methods": ["execution.start", "file.*"]},
                "created": "2026-03-01T09:31:00.000000Z",
                "expires": "2026-03-03T09:31:00.000000Z",
                "used": "2026-03-01T09:32:00.000000Z",
                "address": "10.0.0.9",
                "connections": 0,
                "is_valid": True,
            },
        )
        self.assertEqual((listed[1]["expires"], listed[1]["used"], listed[1]["address"]), (None, None, ""))

    def test_its_use_is_written_down_now_and_then(self) -> None:
        """Not at every request; and a full disk keeps nobody out."""
        made = self.made()
        writes = self.kept.writes
        for _ in range(10):
            self.who(made["token"])
            self.rig.clock.advance(1)
        self.assertEqual(self.kept.writes, writes + 1)
        self.rig.clock.advance(NOTED_SECONDS)
        self.kept.is_broken = True
        self.assertIsNotNone(self.who(made["token"]))
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_one_that_cannot_be_kept_is_not_made(self) -> None:
        """Nobody gets a token that is gone after a restart."""
        self.kept.is_broken = True
        self.refused("internal_error", "token.create", label="ci")
        self.flushLoggedErrors(OSError)
        self.assertEqual(self.rig.me.call("token.list")["tokens"], [])

    def test_it_ends_when_it_expires_and_its_connections_with_it(self) -> None:
        """On the second, without anybody's call; and a program is told why."""
        made = self.made(days=1)
        program = self.by(made["token"])
        self.rig.clock.advance(DAY - 1)
        self.assertIsNotNone(self.who(made["token"]))
        self.assertEqual(self.ended, [])
        for _ in range(2):
            self.rig.clock.advance(1)
        self.assertEqual(self.ended, [made["id"]])
        self.refused("not_authenticated", "session.list", program)
        self.assertIn("'ci' has expired (2026-03-02)", self.why(made["token"]))
        self.assertEqual([one["is_valid"] for one in self.rig.me.call("token.list")["tokens"]], [False])

    def test_a_clock_that_was_set_is_found_out(self) -> None:
        """Within an hour."""
        self.made(days=3)
        delays = [one.getTime() - self.rig.clock.seconds() for one in self.rig.clock.getDelayedCalls()]
        self.assertLessEqual(max(delays), LONGEST_WAIT)

    def test_it_is_revoked_at_once(self) -> None:
        """For calls, connections and the rest of a batch; twice is no second end."""
        made, other = self.made(), self.made("other")
        program = self.by(made["token"])
        self.assertEqual(self.rig.me.call("token.revoke", id=made["id"]), {"ended": [made["id"]]})
        self.assertEqual(self.ended, [made["id"]])
        self.refused("not_authenticated", "session.list", program)
        self.assertIn("'ci' was revoked", self.why(made["token"]))
        self.refused("not_found", "token.revoke", id=made["id"])
        self.assertEqual([one["label"] for one in self.rig.me.call("token.list")["tokens"]], ["other"])
        self.assertIsNotNone(self.who(other["token"]))
        self.assertEqual(self.rig.me.call("token.revoke", all=True), {"ended": [other["id"]]})
        self.refused("invalid_params", "token.revoke")
        self.refused("invalid_params", "token.revoke", id="x", all=True)

    def test_its_label_is_free_again(self) -> None:
        """Two valid ones of a person have different labels, which are as good as names of people."""
        made = self.made()
        self.assertIn("'ci'", self.refused("already_exists", "token.create", label=" ci ").message)
        self.rig.me.call("token.revoke", id=made["id"])
        self.made()
        for label in ("", "  ", "x" * 41, "a\u202eb", "\u200b"):
            self.refused("invalid_params", "token.create", label=label)

    def test_a_person_has_so_many(self) -> None:
        """Then some have to go."""
        for number in range(MOST_OF_PERSON):
            self.made(f"t{number}")
        self.assertEqual(self.refused("too_large", "token.create", label="one more").facts["limit"], MOST_OF_PERSON)

    def test_it_outlives_the_server_and_not_the_start_up_token(self) -> None:
        """Whoever changes that one shuts everybody out."""
        made, revoked = self.made(), self.made("gone")
        self.rig.me.call("token.revoke", id=revoked["id"])
        for start_up, is_there in ((TOKEN, True), ("another-start-up-token-of-the-server", False)):
            rig = self.rig.crashed()
            rig.services.logins.token = rig.services.logins.script_tokens.start_up = start_up
            rig.services.logins.script_tokens.table.store = self.kept
            rig.wait(Deferred.fromCoroutine(rig.services.logins.load()))
            self.assertEqual(len(rig.services.logins.script_tokens.all()), int(is_there))
            self.assertEqual(rig.services.logins.script_tokens.principal(made["token"], "") is not None, is_there)
            self.assertIsNone(rig.services.logins.script_tokens.principal(revoked["token"], ""))
            self.assertIn("was revoked", rig.services.logins.script_tokens.ending(revoked["token"]))

    def test_what_has_ended_is_forgotten(self) -> None:
        """After some weeks; then it is as unknown as any other."""
        made = self.made(days=1)
        self.rig.clock.advance(DAY + 1)
        for _ in range((REMEMBERED_DAYS + 1) * 24):
            self.rig.clock.advance(3600)
        self.assertIn("There is no such script token", self.why(made["token"]))
        self.assertEqual(self.rig.me.call("token.list")["tokens"], [])

    def test_most_are_remembered(self) -> None:
        """The ended ones make room, the valid ones never."""
        self.patch(script_tokens, "MOST_REMEMBERED", 3)
        valid = self.made("valid")
        for number in range(5):
            self.rig.me.call("token.revoke", id=self.made(f"t{number}")["id"])
        self.assertLessEqual(len(self.kept.tokens), 4)
        self.assertIsNotNone(self.who(valid["token"]))

    def test_a_wrong_one_is_counted(self) -> None:
        """As any other wrong credential, by address; the right one of the same address comes in all the same."""
        made = self.made()
        for _ in range(ATTEMPTS_PER_MINUTE):
            self.assertRaises(errors.NotAuthenticated, self.who, PREFIX + "guess")
        self.assertRaises(errors.Throttled, self.who, PREFIX + "guess")
        self.assertIsNotNone(self.who(made["token"]))
        self.assertIn(
            "webipy token create", self.assertRaises(errors.NotAuthenticated, self.who, PREFIX, address="b").message
        )

    def test_it_signs_no_browser_in(self) -> None:
        """Neither in the form nor by a link that it makes."""
        made = self.made()
        logins = self.rig.services.logins
        fault = self.assertRaises(errors.NotAuthenticated, logins.check, None, made["token"], "")
        self.assertIn("signs no browser in", fault.message)
        self.refused("not_permitted", "server.launch_code", self.by(made["token"]))
        self.refused("invalid_params", "token.create", label="x", methods=["server.launch_code"])

    def test_where_a_hub_signs_people_in_the_hub_makes_tokens(self) -> None:
        """Its tokens have scopes, too."""
        self.rig.services.people.closed = NO_ACCOUNTS
        self.assertIn("the hub makes tokens", self.refused("not_permitted", "token.create", label="ci").message)


class Limits(TokensTestCase):
    """Limits that are asked for."""

    def test_a_limit_that_means_nothing_is_refused(self) -> None:
        """A token without the limit that somebody meant would be worth too much."""
        self.rig.disk.files.put("lab/a.txt", b"x")
        self.refused("not_found", "token.create", label="x", session="nowhere")
        self.refused("not_found", "token.create", label="x", folder="nowhere")
        for folder in ("", "..", ".", "lab/../..", "/", "lab/a.txt"):
            self.refused("invalid_params", "token.create", label="x", folder=folder)
        for methods in (["file"], ["file.reed"], ["*"], ["*.*"], ["file.**"], [""], ["flie.*"]):
            self.refused("invalid_params", "token.create", label="x", methods=methods)
        for methods in (["execution.start"], ["file.read", "cell.edit"], ["input.*"]):
            self.refused("invalid_params", "token.create", label="x", read=True, methods=methods)
        for days in (0, -1, 4000, 1.5):
            self.refused("invalid_params", "token.create", label="x", days=days)
        made = self.made(folder="/lab//", days=None)
        self.assertEqual(self.rig.me.call("token.list")["tokens"][0]["scopes"]["folder"], "lab")
        self.assertIsNone(made["expires"])

    def test_a_token_that_makes_tokens_makes_no_stronger_ones(self) -> None:
        """They end no later, and with it; and without the scope none makes any."""
        self.refused("not_permitted", "token.create", self.by(self.made()["token"]), label="x")
        parent = self.made("parent", days=2, read=True, methods=["token.*", "file.*"])
        program = self.by(parent["token"])
        for limits in ({}, {"read": True}, {"read": True, "methods": ["execution.*"]}, {"methods": ["file.*"]}):
            self.assertEqual(
                self.refused("not_permitted", "token.create", program, label="x", **limits).facts["reason"], "scope"
            )
        child = self.made("child", program, read=True, methods=["file.read"], days=None)
        self.assertEqual(child["expires"], parent["expires"])
        grown = self.made("grandchild", self.by(self.made("second", program, read=True, methods=["token.*"])["token"]),
                          read=True, methods=["token.list"])  # fmt: skip
        ended = self.rig.me.call("token.revoke", id=parent["id"])["ended"]
        self.assertEqual(len(ended), 4)
        for one in (child, grown):
            self.assertIn("was revoked", self.why(one["token"]))

    def test_a_token_for_a_folder_sees_what_is_there(self) -> None:
        """Files and sessions, also when a document moves."""
        for name in ("tmp/a.ipynb", "b.ipynb"):
            self.rig.disk.files.put(name, b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
        self.rig.disk.files.put("tmp/x.txt", b"x")
        self.rig.disk.files.put("x.txt", b"secret")
        inside = self.rig.me.call("session.create", path="tmp/a.ipynb")["id"]
        outside = self.rig.me.call("session.create", path="b.ipynb")["id"]
        program = self.by(self.made(folder="tmp")["token"])
        self.assertEqual([one["id"] for one in program.call("session.list")["sessions"]], [inside])
        self.assertEqual(program.call("session.get", session=inside)["path"], "tmp/a.ipynb")
        self.assertEqual(program.call("file.read", path="tmp/x.txt")["size"], 1)
        for method, params in (
            ("session.get", {"session": outside}),
            ("session.create", {"path": "b.ipynb"}),
            ("session.create", {"title": "new"}),
            ("session.create", {"path": "tmp/a.ipynb", "cwd": "/"}),
            ("session.create", {"path": "tmp/new.ipynb", "create": True, "id": outside, "kernelspec": "python3"}),
            ("file.read", {"path": "x.txt"}),
            ("file.list", {"path": ""}),
            ("file.find", {"query": "x"}),
            ("file.copy", {"path": "x.txt", "to": "tmp/y.txt"}),
            ("file.rename", {"path": "tmp/x.txt", "to": "y.txt"}),
            ("file.read", {"path": "tmp/../x.txt"}),
            ("notebook.save", {"session": inside, "path": "stolen.ipynb"}),
            ("notebook.save", {"session": outside, "path": "tmp/stolen.ipynb"}),
            ("notebook.set_metadata", {"session": inside, "metadata": {"jupytext": {"formats": "ipynb,../x//py"}}}),
            ("cell.insert", {"session": inside, "outputs_of": "c", "outputs_from": outside}),
            ("journal.read", {"session": inside}),
            ("terminal.create", {}),
        ):
            self.refused("not_permitted", method, program, **params)
        self.rig.me.call("file.rename", path="tmp/a.ipynb", to="c.ipynb")
        self.refused("not_permitted", "session.get", program, session=inside)

    def test_one_that_only_reads_changes_nothing(self) -> None:
        """Not even by a batch, whose calls are looked at one by one."""
        session = self.rig.session()
        program = self.by(self.made(read=True)["token"])
        calls = [
            {"jsonrpc": "2.0", "id": 1, "method": "session.get", "params": {"session": session}},
            {"jsonrpc": "2.0", "id": 2, "method": "session.rename", "params": {"session": session, "title": "x"}},
            {"jsonrpc": "2.0", "method": "session.rename", "params": {"session": session, "title": "y"}},
        ]
        answer = self.rig.wait(
            Deferred.fromCoroutine(self.rig.api.answer(json.dumps(calls).encode(), program.connection))
        )
        self.assertEqual([one.get("error", {}).get("data", {}).get("name") for one in json.loads(answer)],
                         [None, "not_permitted"])  # fmt: skip
        self.assertNotIn(self.rig.me.call("session.get", session=session)["title"], ("x", "y"))


class OfOthers(TokensTestCase):
    """Tokens of guests, and of other people."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session("python3")
        link = self.rig.me.call("share.link", session=self.session, verb="write")
        self.share = link["share"]
        self.grace = come(self.rig, secret_of(link["url"]))

    def test_a_guest_makes_tokens_for_the_session(self) -> None:
        """Never with more than their right at this moment; all share one budget and one place."""
        made = self.made(client=self.grace.client)
        program = self.by(made["token"])
        principal = program.connection.principal
        assert principal is not None
        self.assertEqual((principal.person, principal.seat), (self.grace.principal.login,) * 2)
        self.assertEqual((principal.name, principal.verb, principal.session), ("Grace (guest)", "write", self.session))
        budgets = self.rig.services.budgets
        self.assertIs(budgets.of(principal), budgets.of(self.grace.principal))
        program.call("cell.insert", session=self.session, source="1")
        self.refused("not_permitted", "execution.start", program, session=self.session, code="1")
        self.refused("not_permitted", "session.list", program)
        self.rig.me.call("share.set", session=self.session, share=self.share, verb="read")
        self.refused("not_permitted", "cell.insert", program, session=self.session, source="1")

    def test_it_ends_with_the_guest(self) -> None:
        """With the link, too, and after a restart."""
        made = self.made(client=self.grace.client, days=None)
        self.rig.me.call("share.revoke", session=self.session, share=self.share)
        self.assertIn(made["id"], self.ended)
        self.assertIn("was revoked", self.why(made["token"]))
        second = come(self.rig, secret_of(self.rig.me.call("share.link", session=self.session, verb="read")["url"]))
        kept = self.made(client=second.client)
        self.rig.disk.registry.visitors.clear()
        rig = self.rig.crashed()
        rig.services.logins.script_tokens.table.store = self.kept
        rig.wait(Deferred.fromCoroutine(rig.services.logins.load()))
        self.assertIsNone(rig.services.logins.script_tokens.principal(kept["token"], ""))

    def test_what_guests_may_not_ask_for(self) -> None:
        """Other sessions, folders, and more than some tokens."""
        other = self.rig.session()
        for limits in ({"session": other}, {"folder": "lab"}):
            self.refused("not_permitted", "token.create", self.grace.client, label="x", **limits)
        for number in range(MOST_OF_GUEST):
            self.made(f"t{number}", self.grace.client, session=self.session)
        self.refused("too_large", "token.create", self.grace.client, label="x")

    def test_nobody_sees_or_ends_tokens_of_another(self) -> None:
        """But whoever runs the server."""
        mine, hers = self.made(), self.made(client=self.grace.client)
        self.assertEqual([one["id"] for one in self.grace.client.call("token.list")["tokens"]], [hers["id"]])
        self.refused("not_permitted", "token.list", self.grace.client, everybody=True)
        self.refused("not_found", "token.revoke", self.grace.client, id=mine["id"])
        self.assertEqual(self.grace.client.call("token.revoke", all=True)["ended"], [hers["id"]])
        again = self.made("again", self.grace.client)
        listed = self.rig.me.call("token.list", everybody=True)["tokens"]
        self.assertEqual([one["person"] for one in listed], ["Grace (guest)", "ada"])
        self.assertEqual(self.rig.me.call("token.revoke", id=again["id"])["ended"], [again["id"]])

    def test_a_guest_may_end_it_with_their_page_open(self) -> None:
        """The page stays."""
        made = self.made(client=self.grace.client)
        self.grace.client.call("token.revoke", id=made["id"])
        self.assertEqual(self.ended, [made["id"]])
        self.grace.client.call("session.get", session=self.session)


class Matrix(SynchronousTestCase):
    """Every method, by tokens with each limit."""

    def test_a_token_may_never_do_what_its_person_may_not(self) -> None:
        """A guest's token without a limit is refused wherever the guest is."""
        house = full_house()
        reader = guest(house.rig, house.session, "read")
        program = by(house.rig, reader.call("token.create", label="ci")["token"])
        for name, params in (
            ("cell.insert", {"source": "1"}),
            ("execution.start", {"code": "1"}),
            ("kernel.restart", {}),
        ):
            with self.assertRaises(Refused) as caught:
                program.call(name, session=house.session, **params)
            self.assertEqual(caught.exception.name, "not_permitted")

    def test_every_call_of_a_token_for_a_folder_is_confined_to_it(self) -> None:
        """Whatever the method: what it opens is looked at; and that of a token without such a limit is not."""
        house = full_house()
        for scopes, folder in ((Scopes(folder="lab"), "lab"), (Scopes(read=True), None)):
            connection = Connection(Principal("ada", "own", "t", token="ci", scopes=scopes))
            for method in METHODS.values():
                seen: list[Confinement | None] = []

                async def probe(*given: Any, seen: list[Confinement | None] = seen) -> Any:
                    seen.append(CONFINEMENT.get())
                    raise errors.NotFound("nothing", kind="file", id="x")

                params = msgspec.json.decode(msgspec.json.encode(least(method.params)), type=method.params)
                probed = attrs.evolve(method, function=probe)
                begun = rules.carry_out(house.rig.services, connection, probed, params, [])
                Deferred.fromCoroutine(begun).addErrback(lambda failure: failure.trap(errors.NotFound))  # type: ignore[arg-type]
                self.assertEqual([None if by is None else by.folder for by in seen], [folder], method.name)

    def test_an_answer_is_not_given_to_a_token_that_has_ended_meanwhile(self) -> None:
        """Nor when what it asks for is not in its folder any more."""
        for change, failure in (
            (lambda rig: rig.me.call("token.revoke", all=True), errors.NotAuthenticated),
            (lambda rig: rig.me.call("file.rename", path="tmp/a.ipynb", to="a.ipynb"), errors.NotPermitted),
        ):
            rig = make_rig()
            rig.disk.files.put("tmp/a.ipynb", b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
            session = rig.me.call("session.create", path="tmp/a.ipynb")["id"]
            program = by(rig, rig.me.call("token.create", label="ci", folder="tmp")["token"])
            waits: Deferred[None] = Deferred()

            async def waiting(*given: Any, waits: Deferred[None] = waits) -> Any:
                await waits
                return calls.Done()

            method = attrs.evolve(METHODS["session.get"], function=waiting)
            begun = rules.carry_out(rig.services, program.connection, method, calls.OfSession(session=session), [])
            answered: Deferred[Any] = Deferred.fromCoroutine(begun)  # type: ignore[arg-type]
            self.assertNoResult(answered)
            change(rig)
            waits.callback(None)
            self.failureResultOf(answered, failure)

    def test_a_token_of_one_session_does_nothing_in_another(self) -> None:
        """Whatever is asked, with good params for the other one."""
        house = full_house()
        program = by(house.rig, house.rig.me.call("token.create", label="ci", session=house.session)["token"])
        before = list(house.rig.disk.journals.found[house.other].bodies)
        for name, params in (
            ("session.get", {}), ("session.subscribe", {}), ("cell.insert", {"source": "1"}), ("session.close", {}),
            ("execution.start", {"code": "1"}), ("notebook.get", {}), ("share.link", {"verb": "read"}),
            ("kernel.interrupt", {}), ("cell.list", {}), ("notebook.export", {"format": "html"}),
        ):  # fmt: skip
            with self.assertRaises(Refused, msg=name) as caught:
                program.call(name, session=house.other, **params)
            self.assertEqual(caught.exception.name, "not_permitted", name)
        self.assertEqual(house.rig.disk.journals.found[house.other].bodies, before)
        self.assertEqual(program.call("cell.list", session=house.session)["cells"][0]["source"], "1")


class File(SynchronousTestCase):
    """The file of tokens."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.file = ScriptTokenFile(self.path, execute)

    def test_what_is_kept_comes_back(self) -> None:
        """All of it, for this user alone."""
        self.assertEqual(self.successResultOf(self.file.load()), [])
        scopes = Scopes(read=True, folder="lab", methods=("file.*",))
        one = ScriptToken("i", "d", "owner", "ci", scopes, "c", "e", "p", "s", "u", "a", "x")
        self.successResultOf(self.file.keep([one, attrs.evolve(one, id="j", expires=None)]))
        self.assertEqual(self.successResultOf(self.file.load()), [one, attrs.evolve(one, id="j", expires=None)])
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_what_cannot_be_read_lets_nobody_in(self) -> None:
        """And is kept aside; the server starts."""
        for body in (b"", b"[{", b'[{"id": 1}]', b"\xff", b"{}"):
            self.path.write_bytes(body)
            self.assertEqual(self.successResultOf(self.file.load()), [])
            self.assertFalse(self.path.exists())
            self.assertEqual(self.path.with_suffix(".damaged").read_bytes(), body)


def ticketed(token: str, ticket: str, path: bytes) -> Credentials:
    """What a program sends that has a token, and a ticket of somebody."""
    return attrs.evolve(given(None, None), ticket=ticket, path=path)


class Tickets(TokensTestCase):
    """Addresses that a browser may fetch."""

    def test_a_ticket_of_a_token_is_worth_nothing(self) -> None:
        """It counts with the cookie of a login, and a token has none."""
        made = self.made(read=True)
        address = self.by(made["token"]).call("ticket.make", address="/files/a.txt")["address"]
        ticket = address.partition("ticket=")[2]
        asked = ticketed(made["token"], ticket, b"/files/a.txt")
        self.assertIsNone(self.rig.services.logins.principal_of(asked))
