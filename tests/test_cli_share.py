"""`webipy share`: the command on a server in memory."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Coroutine
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any, cast
from unittest import mock

import msgspec
from twisted.internet.defer import Deferred

from tests.accounts import known
from tests.fakes import Refused, RigTestCase
from tests.test_cli import invoke
from tests.test_shares import come, secret_of
from webipy.client.client import Client, failure_of
from webipy.command import sharing
from webipy.command.connecting import Target
from webipy.command.lookup import Wrong
from webipy.command.program import Unable


class InMemory:
    """A client whose calls are answered at once."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    async def call(self, method: str, params: Any, kind: Any, repeat: bool = False) -> Any:
        """As `Client.call`, with the same failures."""
        try:
            return msgspec.convert(self._call(method, **msgspec.to_builtins(params)), kind)
        except Refused as refused:
            error = {"code": refused.code, "message": refused.message, "data": refused.facts}
            raise failure_of(msgspec.json.encode(error)) from None


def captured(run: Callable[[], int]) -> tuple[int, str, str]:
    """The exit status of a command, and what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = run()
    return status, out.getvalue(), err.getvalue()


class ShareTests(RigTestCase):
    """What it prints."""

    def setUp(self) -> None:
        super().setUp()
        self.session = str(self.rig.me.call("session.create", title="Oscillator")["id"])
        token = Path(self.mktemp())
        token.write_text("token")
        self.target = Target(None, "http://example.org:9000/", str(token))
        self.client = cast(Client, InMemory(self.rig.me.call))

    def outcome(self, command: Coroutine[Any, Any, int]) -> tuple[int, str, str]:
        """The exit status of a command, and what it prints."""
        return captured(lambda: int(self.successResultOf(Deferred.fromCoroutine(command))))

    def make(self, can: str = "view", as_json: bool = False, **more: Any) -> tuple[int, str, str]:
        """Makes a link."""
        wanted = sharing.Share("Oscillator", can, more.get("days", 7), more.get("label", ""), as_json)
        return self.outcome(sharing.make(self.client, self.target, wanted))

    def test_a_link_is_printed_that_works(self) -> None:
        """On standard output alone, with the address that the server was reached at."""
        status, out, err = self.make("edit")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"^http://example\.org:9000/\S*#share=\S+\n$")
        self.assertIn("--revoke", err)
        self.assertNotIn("any code as you", err)
        self.assertNotIn("this machine alone", err)
        self.assertEqual(come(self.rig, secret_of(out.strip())).principal.verb, "write")

    def test_a_link_that_reaches_nobody_else_is_told_of(self) -> None:
        """Where the command has reached the server at an address of this machine, with what makes it reachable."""
        for url in ("http://127.0.0.1:9000", "http://localhost:9000", "http://[::1]:9000", "http://lab.localhost:9000"):
            with mock.patch.object(Target, "find", return_value=mock.Mock(url=url)):
                err = self.make()[2]
            self.assertIn("on this machine alone", err)
            self.assertIn("--lan", err)

    def test_what_to_run_means_is_said(self) -> None:
        """Each time."""
        self.assertIn("any code as you", self.make("run")[2])

    def test_links_are_listed_with_who_came(self) -> None:
        """For people, and as JSON."""
        self.assertIn("shared with nobody", self.outcome(sharing.show(self.client, "Oscillator", False))[2])
        link = self.make("view", label="For Grace", days=2)[1].strip()
        come(self.rig, secret_of(link), "Grace")
        _, out, _ = self.outcome(sharing.show(self.client, "Oscillator", False))
        for word in ("can view", "For Grace", "2026-03-0", "Grace\n"):
            self.assertIn(word, out)
        _, out, _ = self.outcome(sharing.show(self.client, "Oscillator", True))
        self.assertEqual(json.loads(out)["shares"][0]["guests"][0]["name"], "Grace")
        _, out, err = self.make("run", as_json=True)
        self.assertEqual((sorted(json.loads(out)), err), (["expires", "share", "url"], ""))

    def test_a_right_is_given_by_name(self) -> None:
        """To an account, a group or everybody; what to run means is said; it is taken back."""
        known(self.rig, "Ada")
        give = partial(sharing.give, self.client, "Oscillator")
        status, out, err = self.outcome(give("ada", "edit", as_json=False))
        self.assertEqual((status, out, err), (0, "", "webipy: Ada can edit it from now on.\n"))
        err = self.outcome(give("group:lab", "run", as_json=False))[2]
        self.assertIn("Whoever is in the group lab can run it from now on.", err)
        self.assertIn("Nobody is in the group 'lab' yet. There is no group yet.", err)
        self.assertIn("can read and change all files", err)
        made = json.loads(self.outcome(give("everybody", "view", as_json=True))[1])
        self.assertEqual((made["kind"], made["verb"]), ("everybody", "read"))
        rights = self.rig.me.call("right.list", session=self.session)["rights"]
        self.assertEqual(
            [(one["name"], one["verb"]) for one in rights], [("Ada", "write"), ("lab", "execute"), ("", "read")]
        )
        self.assertIn("has ended", self.outcome(give("ada", "nothing", as_json=False))[2])
        self.assertEqual(len(self.rig.me.call("right.list", session=self.session)["rights"]), 2)
        failed = self.failureResultOf(Deferred.fromCoroutine(give("nobody", "view", as_json=False)))
        self.assertIn("Nobody signs in here", str(failed.value))

    def test_rights_by_name_are_listed(self) -> None:
        """Of a session; of a folder that has none, with what was given in the folders above, and from where."""
        known(self.rig, "Ada")
        self.outcome(sharing.give(self.client, "Oscillator", "ada", "edit", as_json=False))
        status, out, err = self.outcome(sharing.show(self.client, "Oscillator", False))
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, r"^NAME +RIGHT +GIVEN BY +WHERE *\nAda +can edit +ada +here *\n$")
        for path in ("data", "data/plots"):
            self.rig.me.call("file.create", path=path, kind="folder")
        self.outcome(sharing.give(self.client, "data", "group:lab", "own", as_json=False))
        self.outcome(sharing.give(self.client, "data/plots", "everybody", "view", as_json=False))
        out = self.outcome(sharing.show(self.client, "data/plots", False))[1]
        self.assertRegex(out, r"everybody +can view +ada +here *\ngroup:lab +can manage +ada +data *\n$")
        told = json.loads(self.outcome(sharing.show(self.client, "data", True))[1])
        self.assertEqual((told["shares"], [one["whom"] for one in told["rights"]]), ([], ["lab"]))
        self.make("view", label="For Grace")
        out = self.outcome(sharing.show(self.client, "Oscillator", False))[1]
        self.assertRegex(out, r"(?s)^ID .*For Grace.*\n\nNAME .*Ada")

    def test_a_link_is_revoked_by_the_start_of_its_id(self) -> None:
        """One that several have, or none, is refused."""
        first = json.loads(self.make(as_json=True)[1])["share"]
        self.make()
        for start, wrong in (("id", "several"), ("nope", "there is no link"), ("", "there is no link")):
            asked = sharing.revoke(self.client, "Oscillator", start, as_json=False)
            refused = self.failureResultOf(Deferred.fromCoroutine(asked), Unable)
            self.assertIn(wrong, refused.getErrorMessage())
        self.assertEqual(self.outcome(sharing.revoke(self.client, "Oscillator", first, as_json=False))[0], 0)
        left = self.rig.me.call("share.list", session=self.session)["shares"]
        self.assertNotIn(first, [share["id"] for share in left])

    def test_a_session_that_is_not_there(self) -> None:
        """Is told as everywhere."""
        failed = Deferred.fromCoroutine(sharing.show(self.client, "nothing", False))
        self.failureResultOf(failed, Wrong)

    def test_what_does_not_go_together(self) -> None:
        """Is told before anything is done."""
        self.assertEqual(invoke("share", "x", "--list", "--revoke", "y").exit_code, 2)
        self.assertEqual(invoke("share", "x", "--can", "own").exit_code, 2)
        self.assertEqual(invoke("share", "x", "--days", "0").exit_code, 2)
