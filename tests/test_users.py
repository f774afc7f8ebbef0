"""`webipy user`, `webipy login` and the logins that are kept: webipy.command.users, kept_logins and signing_in, on a server in memory."""

from __future__ import annotations

import io
import json
import os
import stat
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, cast
from unittest import mock

from click.testing import CliRunner
from twisted.internet.defer import Deferred

from tests.account_clients import sign_in
from tests.fakes import RigTestCase
from tests.test_cli_share import InMemory, captured
from webipy.cli import main
from webipy.client.client import Client, NoServer
from webipy.command import kept_logins, signing_in, users
from webipy.command.connecting import Target
from webipy.command.kept_logins import KeptLogin
from webipy.command.lookup import Wrong
from webipy.command.program import Unable
from webipy.core import errors

PASSWORD = "nine green lamps"
URL = "https://lab.example.org/base"


class CommandCase(RigTestCase):
    """A server in memory, and a home of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.config = Path(self.mktemp())
        patched = mock.patch.dict(os.environ, {"XDG_CONFIG_HOME": str(self.config)})
        patched.start()
        self.addCleanup(patched.stop)
        token = Path(self.mktemp())
        token.write_text("token")
        self.target = Target(None, "http://127.0.0.1:9000/", str(token))
        self.client = cast(Client, InMemory(self.rig.me.call))

    def outcome(self, command: Coroutine[Any, Any, int]) -> tuple[int, str, str]:
        """The exit status of a command, and what it prints."""
        return captured(lambda: int(self.successResultOf(Deferred.fromCoroutine(command))))


class UserCommands(CommandCase):
    """What they do and print."""

    def add(self, name: str, invited: bool = False, password: str | None = PASSWORD) -> tuple[int, str, str]:
        """Adds somebody."""
        wanted = users.Wanted((name,), None, "member", ("lab",), None if invited else password)
        return self.outcome(users.add(self.client, self.target, wanted, invited, False))

    def test_the_whole_life_of_an_account(self) -> None:
        """Added, listed, changed, removed; each says what came of it, and no word of a password."""
        self.assertIn("Make one with", self.outcome(users.show(self.client, False))[2])
        status, out, err = self.add("bo")
        self.assertEqual((status, out), (0, ""))
        self.assertIn("bo can sign in", err)
        listed = self.outcome(users.show(self.client, False))[1]
        self.assertRegex(listed, r"bo +bo +member +lab +never")
        told = json.loads(self.outcome(users.show(self.client, True))[1])
        self.assertEqual([one["name"] for one in told["users"]], ["bo"])
        self.assertIn(
            "is disabled", self.outcome(users.change(self.client, "BO", "is disabled", False, disabled=True))[2]
        )
        self.assertIn("disabled", self.outcome(users.show(self.client, False))[1])
        self.assertIn("new password", self.outcome(users.set_password(self.client, "bo", PASSWORD, False))[2])
        self.assertIn("removed", self.outcome(users.remove(self.client, "bo", False))[2])
        self.assertNotIn(PASSWORD, listed + err)

    def test_tokens_go_on_with_another_password(self) -> None:
        """It says how many, and how they are ended."""
        self.add("bo")
        self.assertNotIn("script token", self.outcome(users.set_password(self.client, "bo", PASSWORD, False))[2])
        bo = sign_in(self.rig, "bo", PASSWORD)
        bo.call("token.create", label="a")
        err = self.outcome(users.set_password(self.client, "bo", PASSWORD, False))[2]
        self.assertIn("1 script token of theirs goes on working: webipy token list --everybody", err)
        sign_in(self.rig, "bo", PASSWORD).call("token.create", label="b")
        _, out, err = self.outcome(users.set_password(self.client, "bo", PASSWORD, True))
        self.assertIn("2 script tokens of theirs go on working", err)
        self.assertEqual(json.loads(out), {"tokens": 2})

    def test_groups_are_changed(self) -> None:
        """What came of it is said; a group that they are not in is refused with theirs, and nothing is changed."""
        self.add("bo")
        run = partial(users.regroup, self.client)
        self.assertIn("bo is in: a, lab.", self.outcome(run("bo", ["a"], [], as_json=False))[2])
        failed = self.failureResultOf(Deferred.fromCoroutine(run("bo", ["b"], ["labb"], as_json=False)), Wrong)
        self.assertIn("not in the group 'labb'; theirs are: a, lab", failed.getErrorMessage())
        told = json.loads(self.outcome(run("bo", [], ["a", "lab"], as_json=True))[1])
        self.assertEqual(told["groups"], [])
        failed = self.failureResultOf(Deferred.fromCoroutine(run("bo", [], ["a"], as_json=False)), Wrong)
        self.assertIn("they are in none", failed.getErrorMessage())
        refused = CliRunner().invoke(main, ["user", "group", "bo"])
        self.assertEqual((refused.exit_code, "--add GROUP" in refused.output), (2, True))

    def test_an_invitation_is_alone_on_standard_output(self) -> None:
        """With the address that the server was reached at, so that a program can send it."""
        status, out, err = self.add("cy", invited=True)
        self.assertEqual(status, 0)
        self.assertRegex(out, r"^http://127\.0\.0\.1:9000/#invite=\S+\n$")
        self.assertRegex(err, r"works once, until \d{4}-\d\d-\d\d \d\d:\d\d\. Send it to cy\.")
        self.assertIn("on this machine alone", err)
        self.assertRegex(self.outcome(users.show(self.client, False))[1], r"cy .*invited +never")

    def invite(self, *names: str, as_json: bool = False) -> tuple[int, str, str]:
        """Adds several people, with an invitation each."""
        wanted = users.Wanted(names, None, "member", ("lab",), None)
        return self.outcome(users.add(self.client, self.target, wanted, True, as_json))

    def test_several_are_invited_at_once(self) -> None:
        """A line for each, with the name; one that cannot be added keeps nobody back, and is told of."""
        status, out, err = self.invite("bo", "cy", "bo", "no way", "dana")
        self.assertEqual(status, 1)
        names, links = zip(*(line.split(": ") for line in out.splitlines()), strict=True)
        self.assertEqual((names, len(set(links))), (("bo", "cy", "dana"), 3))
        self.assertIn("bo was not added: There is an account 'bo' already. `webipy user invite bo` makes", err)
        self.assertIn("no way was not added: A sign-in name has letters", err)
        self.assertIn("Each link works once, until ", err)
        status, out, _ = self.invite("eli", "fay", as_json=True)
        self.assertEqual((status, [one["name"] for one in json.loads(out)["invitations"]]), (0, ["eli", "fay"]))
        for line in (["bo", "cy"], ["bo", "cy", "--invite", "--name", "Bo"]):
            refused = CliRunner().invoke(main, ["user", "add", *line])
            self.assertEqual(refused.exit_code, 2, refused.output)

    def test_a_name_that_is_taken_or_unknown_comes_with_the_cure(self) -> None:
        """What to do next, and the exit status of a name that does not exist."""
        self.add("bo")
        again = Deferred.fromCoroutine(
            users.add(self.client, self.target, users.Wanted(("Bo",), None, "member", (), PASSWORD), False, False)
        )
        failed = self.failureResultOf(again, errors.AlreadyExists)
        self.assertIn("`webipy user invite Bo`", failed.getErrorMessage())
        for command in (
            users.remove(self.client, "ann", False),
            users.set_password(self.client, "ann", PASSWORD, False),
            users.change(self.client, "ann", "is disabled", False, disabled=True),
            users.invite(self.client, self.target, "ann", 7, False),
        ):
            failed = self.failureResultOf(Deferred.fromCoroutine(command), Wrong)
            self.assertEqual(failed.getErrorMessage(), "There is no account 'ann'; `webipy user list` lists them.")

    def test_where_passwords_come_from(self) -> None:
        """From the first line of standard input, or a terminal; never both, and never nothing."""
        with mock.patch("sys.stdin", io.StringIO(f"{PASSWORD}\r\nmore\n")):
            self.assertEqual(users.new_password(True), PASSWORD)
        with mock.patch("sys.stdin", io.StringIO("")):
            self.assertRaises(Unable, users.new_password, True)
            self.assertIn("--password-stdin", str(self.assertRaises(Unable, users.new_password, False)))
        with mock.patch("sys.stdin.isatty", return_value=True), mock.patch("click.prompt", side_effect=["a", "b"]):
            self.assertIn("differ", str(self.assertRaises(Unable, users.new_password, False)))
        with mock.patch("sys.stdin", io.StringIO("x" * 10_000_000)):
            self.assertLess(len(users.password(True)), 2000, "a huge one is not read to its end")

    def test_no_option_takes_a_password(self) -> None:
        """It would stand in the list of processes and in the shell's history."""
        for command in (("user", "add"), ("user", "passwd"), ("login",)):
            shown = CliRunner().invoke(main, [*command, "--help"]).output
            self.assertIn("--password-stdin", shown)
            self.assertNotRegex(shown, r"--password(?!-stdin)")


class Kept(CommandCase):
    """Logins that are kept, and who uses them."""

    def test_a_file_that_only_its_user_can_read(self) -> None:
        """In a folder that only they can read; one for each server."""
        login = KeptLogin(url=URL, token="secret", account="bo")
        kept_logins.keep(login)
        (file,) = kept_logins.folder().iterdir()
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)]
        self.assertEqual(modes, [0o600, 0o700])
        other = KeptLogin(url=URL + "2", token="other", account="bo", fingerprint="AB")
        kept_logins.keep(other)
        self.assertEqual((kept_logins.find(URL), kept_logins.all_of_them()), (login, [login, other]))
        kept_logins.forget(URL)
        kept_logins.forget(URL)
        self.assertIsNone(kept_logins.find(URL))

    def test_what_cannot_be_read_is_none(self) -> None:
        """Neither is one of another address."""
        kept_logins.keep(KeptLogin(url=URL, token="secret", account="bo"))
        (file,) = kept_logins.folder().iterdir()
        file.write_text("{")
        self.assertEqual((kept_logins.find(URL), kept_logins.all_of_them()), (None, []))

    def test_commands_take_it(self) -> None:
        """With `--url`, however it is written; a token file that is named comes first."""
        kept_logins.keep(KeptLogin(url=URL, token="secret", account="bo", fingerprint="AB"))
        found = Target(None, f"{URL}/?x#y", None).find()
        self.assertEqual((found.url, found.token, found.fingerprint), (URL, "secret", "AB"))
        token = Path(self.mktemp())
        token.write_text("token")
        self.assertEqual(Target(None, URL, str(token)).find().token, "token")
        fault = self.assertRaises(NoServer, Target(self.mktemp(), "https://other.example.org", None).find)
        self.assertIn("webipy login https://other.example.org", str(fault))

    def test_no_password_goes_out_in_plain_text(self) -> None:
        """But to this machine."""
        self.assertIn("https", str(self.assertRaises(Unable, signing_in.check_reach, "http://lab.example.org")))
        for url in (URL, "http://127.0.0.1:8888", "http://localhost", "http://[::1]:8888"):
            signing_in.check_reach(url)

    def test_nobody_types_a_password_for_nothing(self) -> None:
        """Where nobody answers, or nobody has a password, that is said before a name is asked for."""
        table = (
            ('{"data": {"accounts": "some"}}', False, ""),
            ('{"data": {"accounts": "only", "sso": "Uni"}}', False, ""),
            ('{"data": {"accounts": "none", "sso": "Uni"}}', True, ""),
            ('{"data": {"name": "not_authenticated", "reason": "hub"}}', False, ""),
            ('{"data": {"accounts": "none", "sso": "Uni"}}', False, f"webipy login {URL} --code"),
            ('{"data": {"accounts": "none"}}', False, "webipy user add NAME"),
            ("<html>", False, "not as a webipy server does (HTTP status 401)"),
            ('{"message": "x"}', True, "not as a webipy server does"),
        )
        for answer, by_code, words in table:
            with mock.patch.object(signing_in, "_send", return_value=(401, answer.encode())):
                if not words:
                    signing_in.check_server(URL, None, by_code)
                    continue
                fault = self.assertRaises((Unable, NoServer), signing_in.check_server, URL, None, by_code)
                self.assertIn(words, str(fault))
        told = CliRunner().invoke(main, ["login", "http://127.0.0.1:1"])
        self.assertEqual(told.exit_code, 4, told.output)
        self.assertNotIn("Name", told.output)
        self.assertIn("does not answer", told.output)

    def test_signing_out_of_what(self) -> None:
        """Of the only one; of several it is asked which."""
        self.assertIn("no server", str(self.assertRaises(Unable, signing_in.logout, None)))
        for url in ("https://127.0.0.1:1/a", "https://127.0.0.1:1/b"):
            kept_logins.keep(KeptLogin(url=url, token="secret", account="bo"))
        self.assertIn("/b (bo)", str(self.assertRaises(Unable, signing_in.logout, None)))
        self.assertIn("not signed in to", str(self.assertRaises(Unable, signing_in.logout, "https://c.example")))
        status, _, err = captured(lambda: signing_in.logout("https://127.0.0.1:1/a"))
        self.assertEqual(status, 0)
        self.assertIn("does not answer", err)
        self.assertEqual([one.url for one in kept_logins.all_of_them()], ["https://127.0.0.1:1/b"])
