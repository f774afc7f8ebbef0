"""`webipy token`: the command on a server in memory."""

from __future__ import annotations

import json
from collections.abc import Coroutine
from typing import Any, cast

from twisted.internet.defer import Deferred

from tests.account_clients import sign_in
from tests.fakes import RigTestCase
from tests.test_cli import invoke
from tests.test_cli_share import InMemory, captured
from tests.test_script_tokens import by
from webipy.client.client import Client
from webipy.command import tokens
from webipy.command.lookup import Wrong
from webipy.command.program import Unable
from webipy.core.api.scopes import Scopes


class TokenTests(RigTestCase):
    """What it prints."""

    def setUp(self) -> None:
        super().setUp()
        self.session = str(self.rig.me.call("session.create", title="Oscillator")["id"])
        self.client = cast(Client, InMemory(self.rig.me.call))

    def outcome(self, command: Coroutine[Any, Any, int]) -> tuple[int, str, str]:
        """The exit status of a command, and what it prints."""
        return captured(lambda: int(self.successResultOf(Deferred.fromCoroutine(command))))

    def make(self, name: str = "ci", as_json: bool = False, **limits: Any) -> tuple[int, str, str]:
        """Makes a token."""
        given: dict[str, Any] = {"days": 30, "read": False, "session": None, "folder": None, "methods": (), **limits}
        return self.outcome(tokens.create(self.client, tokens.Wanted(name, **given), as_json))

    def test_the_token_alone_is_on_standard_output(self) -> None:
        """So that a script can take it; the words are on standard error."""
        status, out, err = self.make()
        self.assertEqual((status, len(out.splitlines())), (0, 1))
        self.assertEqual(by(self.rig, out.strip()).call("session.list")["sessions"][0]["title"], "Oscillator")
        self.assertIn("shown this once", err)
        self.assertNotIn(out.strip(), err)
        made = json.loads(self.make("second", as_json=True, days=None)[1])
        self.assertEqual((sorted(made), made["expires"]), (["expires", "id", "label", "token"], None))

    def test_limits_are_given_as_people_know_them(self) -> None:
        """A session by its title; groups in one word or several; a folder as a path here."""
        self.rig.disk.files.put("tmp/a.txt", b"")
        self.make(session="Oscillator", read=True, methods=("file.*,cell.*", "execution.list"))
        self.make("second", folder="/tmp")
        second, first = (one["scopes"] for one in self.rig.me.call("token.list")["tokens"])
        self.assertEqual((first["session"], first["read"]), (self.session, True))
        self.assertEqual(first["methods"], ["cell.*", "execution.list", "file.*"])
        self.assertEqual(second["folder"], "tmp")
        self.failureResultOf(
            Deferred.fromCoroutine(tokens.create(self.client, tokens.Wanted("x", 1, False, "no", None, ()), False)),
            Wrong,
        )

    def test_tokens_are_listed_with_what_they_may_do(self) -> None:
        """For people, and as JSON."""
        self.assertIn("no script tokens", self.outcome(tokens.show(self.client, False, False))[2])
        token = self.make(read=True, days=2)[1].strip()
        self.make("endless", days=None)
        by(self.rig, token)
        _, out, _ = self.outcome(tokens.show(self.client, False, False))
        for word in ("ci", "read only", "everything", "never", "from 1.2.3.4"):
            self.assertIn(word, out)
        self.assertNotIn("ada", out)
        self.rig.clock.advance(3 * 86_400)
        _, out, _ = self.outcome(tokens.show(self.client, True, False))
        self.assertIn("ada", out)
        self.assertIn("(over)", out)
        listed = json.loads(self.outcome(tokens.show(self.client, True, True))[1])["tokens"]
        self.assertEqual([one["label"] for one in listed], ["endless", "ci"])
        words = tokens.limits(Scopes(read=True, session="a" * 32, folder="lab", methods=("file.*", "cell.*")))
        self.assertEqual(words, "read only, session aaaaaaaa, folder lab, file.* cell.*")

    def test_one_is_revoked_by_its_name_or_the_start_of_its_id(self) -> None:
        """One that several have, or none, is refused."""
        self.make()
        self.make("second")
        ids = [one["id"] for one in self.rig.me.call("token.list")["tokens"]]
        for name, wrong in (("id", "several are"), ("nope", "none is"), ("", "none is")):
            refused = self.failureResultOf(Deferred.fromCoroutine(tokens.revoke(self.client, name, False)), Unable)
            self.assertIn(wrong, refused.getErrorMessage())
        self.assertIn("Revoked: 1 token.", self.outcome(tokens.revoke(self.client, "ci", False))[2])
        self.assertEqual(json.loads(self.outcome(tokens.revoke(self.client, ids[0], True))[1]), {"ended": [ids[0]]})
        self.assertIn("There was no token.", self.outcome(tokens.revoke(self.client, None, False))[2])

    def test_anybodys_is_revoked(self) -> None:
        """By whoever runs the server, and only when they say so."""
        self.rig.me.call("user.add", name="bo", password="nine green lamps")
        made = sign_in(self.rig, "bo", "nine green lamps").call("token.create", label="theirs")
        work = Deferred.fromCoroutine(tokens.revoke(self.client, made["id"], False))
        self.assertIn("Of your script tokens none is", self.failureResultOf(work, Unable).getErrorMessage())
        work = Deferred.fromCoroutine(tokens.revoke(self.client, "nope", False, True))
        self.assertIn("webipy token list --everybody", self.failureResultOf(work, Unable).getErrorMessage())
        self.assertIn("Revoked: 1 token.", self.outcome(tokens.revoke(self.client, made["id"][:8], False, True))[2])

    def test_what_does_not_go_together(self) -> None:
        """Is told before anything is done."""
        for words in (
            ["revoke"],
            ["revoke", "x", "--all"],
            ["revoke", "--all", "--everybody"],
            ["create"],
            ["create", "x", "--days", "0"],
        ):
            self.assertEqual(invoke("token", *words).exit_code, 2, words)
        for name in ("create", "list", "revoke"):
            self.assertIn("--json", invoke("token", name, "--help").output)
