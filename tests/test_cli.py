"""The command line without a server: what can be typed, what is told to newcomers, and what `exec` and `attach` do with events.

Commands run in click's own runner. `Run` and `Watch` get a client that notes what is called and gives out the events that a test makes; the same
commands against a real server are in tests/kernels/test_cli_live.py.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import click
import msgspec
from click.testing import CliRunner, Result
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure as Fault
from twisted.trial.unittest import SynchronousTestCase

from webipy.cli import main
from webipy.client.client import Address, ConnectionLost, Event, Follower, NoServer
from webipy.command import following, lookup, program, running, watching
from webipy.command.connecting import Target
from webipy.command.options import env_option
from webipy.command.showing import Showing
from webipy.command.terminal import Screen
from webipy.core import errors
from webipy.core.api import calls, notebook_calls
from webipy.core.events import events

ROOT = Path(__file__).resolve().parent.parent
TIME = "2026-01-01T00:00:00.000000Z"


def invoke(*arguments: str, stdin: str = "") -> Result:
    """Run a command line."""
    return CliRunner().invoke(main, list(arguments), input=stdin)


def outcome(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine that waits for nothing gives or raises."""
    results: list[Any] = []
    Deferred.fromCoroutine(coroutine).addBoth(results.append)
    (result,) = results
    if isinstance(result, Fault):
        result.raiseException()
    return result


def commands() -> list[str]:
    """The names of all commands."""
    return main.list_commands(click.Context(main))


class HelpTests(SynchronousTestCase):
    """What newcomers read."""

    def test_every_command_explains_itself(self) -> None:
        """`webipy` and each command have a --help whose first line is one sentence."""
        self.assertEqual(
            sorted(commands()),
            [
                "attach",
                "audit",
                "call",
                "close",
                "connection",
                "console",
                "diff",
                "doctor",
                "exec",
                "export",
                "hand-out",
                "interrupt",
                "journal",
                "kill",
                "login",
                "logins",
                "logout",
                "logs",
                "ls",
                "merge",
                "open",
                "restart",
                "run",
                "serve",
                "share",
                "specs",
                "terminal",
                "token",
                "user",
            ],
        )
        for name in commands():
            outcome = invoke(name, "--help")
            self.assertEqual(outcome.exit_code, 0, name)
            self.assertIn("Usage: ", outcome.output)
        self.assertIn("webipy serve", invoke("--help").output)

    def test_lists_of_commands_have_whole_sentences(self) -> None:
        """In 80 columns nothing of what a command does is cut off."""
        for group in ([], ["audit"], ["journal"], ["token"], ["user"]):
            listed = invoke(*group, "--help").output.partition("Commands:")[2].partition("Exit status")[0]
            self.assertNotIn("...", listed, group)

    def test_values_can_be_had_as_json(self) -> None:
        """Every command that prints values has --json."""
        for name in ("ls", "specs", "exec", "run", "attach", "open", "share", "logins", "doctor", "connection"):
            self.assertIn("--json", invoke(name, "--help").output, name)

    def test_the_exit_status_is_documented(self) -> None:
        """`webipy exec --help` and `webipy run --help` list every exit status."""
        for command in ("exec", "run"):
            outcome = invoke(command, "--help").output
            for status in ("0    ", "1    ", "2    ", "3    ", "4    ", "130  "):
                self.assertIn(f"\n    {status}", outcome)

    def test_environment_variables_are_named_or_passed_on(self) -> None:
        """`--env NAME=VALUE`, or NAME for the value here; what is neither is refused."""
        seen: list[dict[str, str] | None] = []

        @click.command()
        @env_option
        def shown(env: dict[str, str] | None) -> None:
            seen.append(env)

        with mock.patch.dict(os.environ, {"HERE": "x"}):
            for given in ("--env A=1 --env B=a=b --env HERE --env C=", ""):
                self.assertEqual(CliRunner().invoke(shown, given.split()).exit_code, 0)
            self.assertEqual(seen, [{"A": "1", "B": "a=b", "HERE": "x", "C": ""}, None])
            for given, outcome in (("=1", "has no name"), ("MISSING_HERE", "is not set here")):
                refused = CliRunner().invoke(shown, ["--env", given])
                self.assertEqual(refused.exit_code, 2)
                self.assertIn(outcome, refused.output)

    def test_serve_shows_the_options_of_the_server(self) -> None:
        """`webipy serve --help` is about webipy's own options, not about those of twistd."""
        outcome = invoke("serve", "--help").output
        self.assertIn("--port", outcome)
        self.assertNotIn("--chroot", outcome)

    def test_help_needs_nothing_heavy(self) -> None:
        """`webipy --help` starts at once: it imports neither Twisted nor msgspec."""
        program = "import sys; sys.argv = ['webipy', '--help']; import atexit; atexit.register(lambda: print(sorted(sys.modules)))\n"
        program += "from webipy.cli import main; main()"
        outcome = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
        for heavy in ("'twisted'", "'msgspec'", "'autobahn'", "'attrs'", "'asyncio'"):
            self.assertNotIn(heavy, outcome.stdout)


class CommandLineTests(SynchronousTestCase):
    """What is wrong with a command line is told before anything is done."""

    def nowhere(self) -> str:
        """A state folder that no server uses."""
        return str(self.mktemp())

    def test_no_server_is_said_with_the_way_to_start_one(self) -> None:
        """Exit status 4 and one sentence, for every command that needs a server."""
        state = self.nowhere()
        for line in (
            ["ls"],
            ["specs"],
            ["open"],
            ["share", "x"],
            ["exec", "1"],
            ["run", "nb.ipynb"],
            ["attach", "x"],
            ["kill", "x"],
            ["call", "server.info"],
        ):
            outcome = invoke(line[0], "--state", state, *line[1:])
            self.assertEqual((line, outcome.exit_code), (line, 4))
            self.assertEqual(outcome.stderr, f"webipy: No webipy server uses {state}. Start one: webipy serve\n")

    def test_exec_wants_code_from_one_place(self) -> None:
        """Code, or a file, or standard input: exactly one of them; arguments are those of a file."""
        for line in (["exec"], ["exec", "1", "2"], ["exec", "-", "x"]):
            outcome = invoke(*line)
            self.assertEqual(outcome.exit_code, 2)
            self.assertIn(
                "Give the code, or a file with -f (and its arguments), or - for standard input.", outcome.stderr
            )

    def test_fresh_does_not_go_with_a_session(self) -> None:
        """--fresh makes a new session."""
        outcome = invoke("exec", "--fresh", "-s", "x", "1")
        self.assertEqual(outcome.exit_code, 2)
        self.assertIn("--fresh makes a new session", outcome.stderr)

    def test_params_are_json_objects(self) -> None:
        """`webipy call` refuses what is no JSON object."""
        for params in ("{", "[1]", "1"):
            outcome = invoke("call", "server.info", params)
            self.assertEqual(outcome.exit_code, 2, params)
            self.assertIn("PARAMS", outcome.stderr)

    def test_wrong_options_of_the_server_are_reported_in_one_sentence(self) -> None:
        """`webipy serve` does not print all options before what is wrong with one."""
        words = ["serve", "--port", "many", "--state", str(Path(self.mktemp()).resolve())]
        finished = subprocess.run(
            [sys.executable, "-m", "webipy.cli", *words], cwd=ROOT, capture_output=True, text=True
        )
        self.assertEqual((finished.returncode, finished.stdout), (2, ""))
        self.assertEqual(len(finished.stderr.splitlines()), 2, finished.stderr)
        self.assertIn("webipy serve: --port", finished.stderr)


class FailureTests(SynchronousTestCase):
    """What a program is told when a command could not do what it was asked for."""

    def test_every_command_tells_failures_as_json(self) -> None:
        """One shape, alone on standard output; the sentence is on standard error, too."""
        state = str(self.mktemp())
        for words in (
            *(
                ["ls"],
                ["specs"],
                ["open"],
                ["logins"],
                ["share", "x"],
                ["exec", "1"],
                ["attach", "x"],
                ["interrupt", "x"],
            ),
            *(["restart", "x"], ["kill", "x"], ["run", "nb.ipynb"], ["export", "nb.ipynb"], ["call", "server.info"]),
        ):
            outcome = invoke(*words, "--json", "--state", state)
            message = f"No webipy server uses {state}. Start one: webipy serve"
            error = {"code": -32101, "name": "no_server", "message": message, "status": 4}
            self.assertEqual((words, json.loads(outcome.stdout)), (words, {"error": error}))
            self.assertEqual((outcome.exit_code, outcome.stderr), (4, f"webipy: {message}\n"))

    def test_a_wrong_command_line_is_reported_as_json(self) -> None:
        """As what is wrong with it; what stands behind -- is no option of ours."""
        outcome = invoke("ls", "--json", "--frobnicate")
        self.assertEqual(json.loads(outcome.stdout)["error"]["name"], "wrong_usage")
        self.assertEqual(outcome.exit_code, 2)
        self.assertEqual(invoke("exec", "-f", "nowhere", "--", "--json").stdout, "")
        outcome = invoke("journal", "verify", "nope", "--json", "--state", str(self.mktemp()))
        self.assertEqual((outcome.exit_code, json.loads(outcome.stdout)["error"]["name"]), (2, "wrong_usage"))

    def test_failures_of_the_server_keep_their_code_and_facts(self) -> None:
        """`code`, `name` and facts are those of the protocol."""
        outcome = program._described(errors.NotFound("There is no session x.", kind="session", id="x"))
        self.assertEqual(
            outcome,
            {
                "code": -32003,
                "name": "not_found",
                "message": "There is no session x.",
                "status": 1,
                "kind": "session",
                "id": "x",
            },
        )

    def test_every_command_says_how_it_ends(self) -> None:
        """Each --help lists the exit statuses."""
        for name in commands():
            if name not in ("serve", "journal"):
                self.assertIn("Exit status:", invoke(name, "--help").output, name)


class TargetTests(SynchronousTestCase):
    """Which server a command speaks to."""

    def test_a_url_takes_its_token_from_a_file(self) -> None:
        """--url with --token-file, or with the token of the state folder."""
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "token").write_text("of the state\n")
        (folder / "mine").write_text("of the file\n")
        with_file = Target(str(folder), "http://h:1/", str(folder / "mine"))
        self.assertEqual(with_file.find(), Address("http://h:1", "of the file"))
        self.assertEqual(Target(str(folder), "http://h:1", None).find(), Address("http://h:1", "of the state"))

    def test_a_token_that_cannot_be_read_is_reported(self) -> None:
        """The file is named."""
        fault = self.assertRaises(NoServer, Target(None, "http://h:1", "nowhere").find)
        self.assertEqual(str(fault), "The token cannot be read from nowhere: No such file or directory.")

    def test_what_is_no_address_is_reported(self) -> None:
        """Before anything is asked: a host is needed, and a port is a number."""
        token = Path(self.mktemp())
        token.write_text("t")
        for url in (
            "no sense",
            "ftp://h",
            "http://",
            "http://h:port",
            "http://h:99999",
            "http://[::1",
            "http://a..b",
            "",
        ):
            fault = self.assertRaises(lookup.Wrong, Target(None, url, str(token)).find)
            self.assertIn("is no address of a server", str(fault))
        self.assertEqual(Target(None, "http://[::1]:8888/", str(token)).find().url, "http://[::1]:8888")

    def test_what_is_no_token_is_reported(self) -> None:
        """A file with other things in it is not sent to anybody."""
        token = Path(self.mktemp())
        for text in ("one\ntwo", "tökén", "a\x00b"):
            token.write_text(text)
            self.assertIn("holds no token", str(self.assertRaises(NoServer, Target(None, "http://h", str(token)).find)))

    def test_its_options_can_be_said_again(self) -> None:
        """What we tell the user to type names the same server."""
        self.assertEqual(Target("a b", None, None).options, "--state 'a b' ")
        self.assertEqual(Target(None, None, None).options, "")


def session(name: str = "s1", title: str = "shell", kernel: calls.Kernel | None = None) -> calls.Session:
    """A session."""
    return calls.Session(
        id=name,
        title=title,
        path=None,
        cwd="/",
        kernel=kernel,
        first_seq=1,
        seq=5,
        durable_seq=5,
        created=TIME,
        last_activity=TIME,
    )


def a_kernel(state: events.KernelState) -> calls.Kernel:
    """A python3 kernel with two executions in line."""
    return calls.Kernel(
        id="k",
        kernelspec="python3",
        display_name="Python 3",
        language="python",
        state=state,
        start=1,
        execution_count=1,
        queued=2,
        url_without_key="",
        host="",
    )


class ScriptedClient:
    """A client that notes the calls and answers them from a table; a test gives out the events.

    Attributes:
        answers: Results by method; an exception is raised.
        called: The calls, as (method, params).
    """

    def __init__(self, **answers: Any) -> None:
        about = calls.ServerInfo(
            name="webipy", version="1", protocol=1, time=TIME, principal="Ada", root="/", default_kernelspec=None
        )
        self.answers: dict[str, Any] = {"server.info": about}
        self.answers |= {name.replace("__", "."): answer for name, answer in answers.items()}
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.give: Callable[[int, Event], None] = lambda seq, event: None
        self.followed: list[Follower] = []

    async def call(self, method: str, params: Any, result: type[Any], *, repeat: bool = False) -> Any:
        """Note a call and answer it."""
        self.called.append((method, params if isinstance(params, dict) else msgspec.to_builtins(params)))
        answer = self.answers.get(method, calls.Done())
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def follow(self, session: str, since: int | None, receive: Callable[[int, Event], None]) -> Follower:
        """Follow a session."""
        self.give = receive
        follower = Follower(session, since, receive)
        self.followed.append(follower)
        return follower

    def methods(self) -> list[str]:
        """The names of the methods that were called."""
        return [method for method, _ in self.called]


class Typist:
    """A keyboard on which a test types."""

    is_terminal = False

    def __init__(self) -> None:
        self.outcome: Callable[[str | None], None] | None = None

    def ask(self, outcome: Callable[[str | None], None]) -> None:
        """A line is wanted."""
        self.outcome = outcome

    def withdraw(self) -> None:
        """No line is wanted."""
        self.outcome = None

    def type(self, line: str | None) -> None:
        """Type a line."""
        assert self.outcome is not None, "nobody asked"
        self.outcome(line)


class LookupTests(SynchronousTestCase):
    """How sessions are named."""

    def find(self, name: str) -> calls.Session | None:
        """Find one among four."""
        listed = [session("abc1", "data"), session("abd2", "twin"), session("xyz3", "twin"), session("data9", "other")]
        client: Any = ScriptedClient(session__list=calls.SessionList(sessions=listed))
        found: calls.Session | None = outcome(lookup.find_session(client, name))
        return found

    def test_ids_titles_and_starts_of_ids_find_a_session(self) -> None:
        """An exact name wins over the start of an id."""
        found = {
            name: getattr(self.find(name), "id", None) for name in ("abc1", "abd", "xyz3", "data", "data9", "nope", "")
        }
        expected = {
            "abc1": "abc1",
            "abd": "abd2",
            "xyz3": "xyz3",
            "data": "abc1",
            "data9": "data9",
            "nope": None,
            "": None,
        }
        self.assertEqual(found, expected)

    def test_a_name_of_several_is_refused_with_their_list(self) -> None:
        """The candidates are listed with their ids."""
        for name, ids in (("twin", ("abd2", "xyz3")), ("ab", ("abc1", "abd2"))):
            fault = self.assertRaises(lookup.Wrong, self.find, name)
            self.assertIn("is the name of 2 sessions", str(fault))
            for one in ids:
                self.assertIn(one, str(fault))

    def test_sessions_are_a_table(self) -> None:
        """Id, title, kernel, state, queue and how long ago something happened."""
        kernel = a_kernel("busy")
        now = datetime(2026, 1, 1, 0, 3, tzinfo=UTC)
        outcome = lookup.sessions_table([session("0123456789", "a", kernel), session("b", "b")], now)
        self.assertEqual([line.split() for line in outcome.splitlines()][1:], [
            ["0123456789", "a", "python3", "busy", "2", "3", "min", "ago"],
            ["b", "b", "-", "-", "-", "3", "min", "ago"],
        ])  # fmt: skip

    def test_what_kernels_use_stands_in_the_table(self) -> None:
        """Where something is told of any."""
        now = datetime(2026, 1, 1, 0, 3, tzinfo=UTC)
        used = [
            calls.KernelUsage(session="a1", kernel="k", memory_bytes=412_000_000, cpu=1.304, processes=2),
            calls.KernelUsage(session="c1", kernel="k", memory_bytes=7_800_000_000, cpu=None, processes=1),
        ]
        listed = [session("a1", "a", a_kernel("busy")), session("b1", "b"), session("c1", "c", a_kernel("busy"))]
        outcome = [line.split() for line in lookup.sessions_table(listed, now, used).splitlines()]
        self.assertEqual(outcome[0][5:], ["MEMORY", "CPU", "ACTIVE"])
        self.assertEqual([line[5:-3] for line in outcome[1:]], [["412", "MB", "130%"], ["-", "-"], ["7.8", "GB", "-"]])


class RunTests(SynchronousTestCase):
    """One run, from its acceptance to its end."""

    def setUp(self) -> None:
        self.client = ScriptedClient(
            execution__start=calls.ExecutionAccepted(execution="e1", seq=6), input__reply=calls.Accepted(seq=9)
        )
        self.out, self.err = io.StringIO(), io.StringIO()
        self.keyboard = Typist()
        screen, client, keyboard = Screen(self.out, self.err), self.client, self.keyboard
        self.run_ = running.Run(client, session(), "e1", Showing(screen), keyboard, screen)  # type: ignore[arg-type]  # stand-ins
        outcome(self.run_.start("code"))
        self.seq = 5

    def give(self, *happened: Event) -> None:
        """Give out events."""
        for event in happened:
            self.seq += 1
            self.client.give(self.seq, event)

    def printed(self, text: str, execution: str = "e1", **fields: Any) -> events.OutputAdded:
        """Text on standard output."""
        body = {"output_type": "stream", "name": "stdout", "text": text}
        return events.OutputAdded(execution=execution, output=msgspec.Raw(msgspec.json.encode(body)), **fields)

    def test_code_that_does_not_react_loses_a_kernel_of_its_own(self) -> None:
        """With --fresh nobody else uses it; in another session it is left with its variables."""
        ends: list[Any] = []
        for is_fresh in (True, False):
            execution = running.Execution(Clock(), "1", None, None, None, is_fresh, 5.0, False, "")
            waiting = Deferred.fromCoroutine(execution._end_of(self.run_))
            waiting.addBoth(ends.append)
            self.give(events.ExecutionStarted(execution="e1"))
            execution.reactor.advance(5.0)
            execution.reactor.advance(running.STUBBORN_S)
            self.assertEqual(("kernel.kill" in self.client.methods(), bool(ends)), (True, not is_fresh))
        self.assertTrue(ends[0].check(following.Left))

    def test_it_is_followed_before_it_is_sent(self) -> None:
        """The session is followed from where it stood, so that no output can be missed; the id is ours, so that it runs once."""
        self.assertEqual(self.client.followed[0].seq, 5)
        (method, params) = self.client.called[0]
        self.assertEqual((method, params["id"], params["code"]), ("execution.start", "e1", "code"))

    def test_only_its_own_outputs_are_shown(self) -> None:
        """What others run in the same session is theirs; nothing is shown after the end."""
        ended = events.ExecutionFinished(execution="e1", status="ok", duration_s=1)
        self.give(
            self.printed("theirs", "e0"), self.printed("ours\n"), ended, self.printed("late"), events.SessionClosed()
        )
        self.assertEqual((self.out.getvalue(), self.err.getvalue()), ("ours\n", ""))
        self.assertEqual(self.successResultOf(self.run_.finished).status, "ok")

    def test_unknown_events_are_passed_over(self) -> None:
        """An event of tomorrow disturbs nothing."""
        self.give({"type": "of_tomorrow", "execution": "e1"})
        self.assertNoResult(self.run_.finished)

    def test_updates_of_what_it_has_shown_are_shown(self) -> None:
        """A display that is updated is shown again at the end, as it is then; one of others is not."""
        body = msgspec.Raw(b'{"text/plain": "50 %"}')
        other = events.OutputUpdated(
            display_id="d0", data=msgspec.Raw(b'{"text/plain": "theirs"}'), metadata=msgspec.Raw(b"{}")
        )
        update = events.OutputUpdated(display_id="d1", data=body, metadata=msgspec.Raw(b"{}"))
        shown = events.OutputAdded(
            execution="e1",
            output=msgspec.Raw(b'{"output_type": "display_data", "data": {"text/plain": "0 %"}}'),
            display_id="d1",
        )
        ended = events.ExecutionFinished(execution="e1", status="ok", duration_s=1)
        self.give(shown, other, update, self.printed("more\n"), update, ended)
        self.run_.close()
        self.assertEqual(self.out.getvalue(), "0 %\nmore\n50 %\n")

    def test_lines_answer_input(self) -> None:
        """The prompt is shown, the line is sent, and the event that comes of it changes nothing."""
        self.give(events.InputRequested(request="r1", prompt="Name: ", execution="e1"))
        self.keyboard.type("Ana")
        self.give(events.InputReplied(request="r1", value="Ana"))
        self.assertEqual(self.client.called[-1], ("input.reply", {"session": "s1", "request": "r1", "value": "Ana"}))
        self.assertEqual(self.out.getvalue(), "Name: ")

    def test_an_answer_from_elsewhere_ends_the_question(self) -> None:
        """Somebody answers in a browser: the answer is shown, and our keyboard is not asked any more."""
        self.give(events.InputRequested(request="r1", prompt="Name: ", execution="e1"))
        self.give(events.InputReplied(request="r1", value="Bo"))
        self.assertEqual(self.out.getvalue(), "Name: Bo\n")
        self.assertIsNone(self.keyboard.outcome)

    def test_a_refused_answer_is_reported(self) -> None:
        """When somebody else was faster, the user hears it."""
        self.client.answers["input.reply"] = errors.NotWaiting("This input was answered already.")
        self.give(events.InputRequested(request="r1", prompt="", execution="e1"))
        self.keyboard.type("Ana")
        self.assertEqual(self.err.getvalue(), "webipy: This input was answered already.\n")

    def test_a_line_that_is_not_taken_ends_the_run(self) -> None:
        """One that is too long: nothing else would ever come, so the code is interrupted."""
        self.client.answers["input.reply"] = errors.InvalidParams("The value is too long.")
        started = events.ExecutionStarted(execution="e1")
        self.give(started, events.InputRequested(request="r1", prompt="", execution="e1"))
        self.keyboard.type("Ana")
        self.assertEqual(self.err.getvalue(), "webipy: The value is too long.\n")
        self.assertEqual(self.client.methods()[-1], "kernel.interrupt")

    def test_the_end_of_standard_input_interrupts(self) -> None:
        """Code that asks for more than there is is interrupted, and the user hears why."""
        self.give(
            events.ExecutionStarted(execution="e1"), events.InputRequested(request="r1", prompt="", execution="e1")
        )
        self.keyboard.type(None)
        self.assertEqual(self.client.methods()[-1], "kernel.interrupt")
        self.assertIn("standard input has ended", self.err.getvalue())

    def test_it_is_cancelled_while_it_waits(self) -> None:
        """^C before it has begun takes it back and interrupts nobody else."""
        self.run_.interruption.interrupt()
        self.assertEqual(self.client.methods(), ["execution.start", "execution.cancel"])
        self.give(
            events.ExecutionFinished(execution="e1", status="cancelled", duration_s=0, reason="It was taken back.")
        )
        self.assertIn("cancelled: It was taken back.", self.err.getvalue())

    def test_one_that_begins_while_it_is_cancelled_is_interrupted(self) -> None:
        """The kernel may take it before the cancelling comes: then it is interrupted, once."""
        self.client.answers["execution.cancel"] = errors.NotWaiting("It runs already.")
        self.run_.interruption.interrupt()
        self.give(events.ExecutionStarted(execution="e1"))
        self.assertEqual(self.client.methods(), ["execution.start", "execution.cancel", "kernel.interrupt"])

    def test_the_second_interrupt_leaves(self) -> None:
        """^C twice: it goes on running."""
        self.give(events.ExecutionStarted(execution="e1"))
        self.run_.interruption.interrupt()
        self.run_.interruption.interrupt()
        self.failureResultOf(self.run_.finished, following.Left)
        self.assertEqual(self.client.methods().count("kernel.interrupt"), 1)

    def test_a_death_is_reported_once(self) -> None:
        """The last words of the kernel and the reason, and not the same reason again."""
        died = events.KernelDied(kernel="k", reason="It was killed (SIGKILL).", tail="last words")
        self.give(
            died,
            events.ExecutionFinished(execution="e1", status="lost", duration_s=1, reason="It was killed (SIGKILL)."),
        )
        self.assertEqual(self.err.getvalue(), "last words\nwebipy: It was killed (SIGKILL).\n")

    def test_a_death_that_comes_after_the_end_is_reported(self) -> None:
        """The end of a lost run may come first: the last words are waited for, and stand in place of the bare reason."""
        self.give(events.ExecutionFinished(execution="e1", status="lost", duration_s=1, reason="It ended."))
        self.assertEqual(self.successResultOf(self.run_.finished).status, "lost")
        self.assertNoResult(self.run_.died)
        self.give(events.KernelDied(kernel="k", reason="It ended with status 1.", tail="No module named ipykernel"))
        self.assertEqual(self.err.getvalue(), "No module named ipykernel\nwebipy: It ended with status 1.\n")
        self.assertIsNone(self.successResultOf(self.run_.died))

    def test_a_death_that_never_comes_is_not_waited_for_longer(self) -> None:
        """Then the reason of the run is told."""
        self.give(events.ExecutionFinished(execution="e1", status="lost", duration_s=1, reason="It ended."))
        self.run_.show_lost()
        self.give(events.KernelDied(kernel="k", reason="too late"))
        self.assertEqual(self.err.getvalue(), "webipy: lost: It ended.\n")

    def test_what_it_waits_for_is_reported(self) -> None:
        """How many stand before it and what the first of them is; nothing once it has begun."""
        before = [
            notebook_calls.QueuedExecution(execution=name, status="queued", code=f"train({name!r})\nmore()")
            for name in ("a", "b", "e1")
        ]
        self.client.answers["execution.queue"] = notebook_calls.ExecutionQueue(seq=1, executions=before)
        self.run_.show_queue()
        outcome = "webipy: It waits behind 2 other runs in this session, first of all: train('a') more()\n"
        self.assertEqual(self.err.getvalue(), outcome)
        self.give(events.ExecutionStarted(execution="e1"))
        self.run_.show_queue()
        self.assertEqual(self.err.getvalue(), outcome)

    def test_payloads_are_shown(self) -> None:
        """The text of `len?`, and the source that `%load` gives."""
        payload = [
            {"source": "page", "data": {"text/plain": "Signature: len(obj)"}, "start": 0},
            {"source": "set_next_input", "text": "# %load x\n1\n"},
        ]
        ended = events.ExecutionFinished(
            execution="e1",
            status="ok",
            duration_s=1,
            payload=msgspec.Raw(msgspec.json.encode([*payload, {"source": "ask_exit"}])),
        )
        self.give(ended)
        self.assertEqual(self.out.getvalue(), "Signature: len(obj)\n# %load x\n1\n")

    def test_missing_output_is_reported(self) -> None:
        """Output that is known to be missing is never missing silently."""
        self.give(events.OutputLost(reason="The disk of the kernel host was full."))
        self.assertEqual(self.err.getvalue(), "webipy: Output is missing: The disk of the kernel host was full.\n")

    def test_a_closed_session_ends_it(self) -> None:
        """Somebody closes the session: the command does not wait for ever."""
        self.give(events.SessionClosed())
        self.failureResultOf(self.run_.finished, ConnectionLost)

    def test_the_end_of_the_line_ends_it(self) -> None:
        """The server does not come back: the command ends with that."""
        self.client.followed[0].end(NoServer("No webipy server answers."))
        self.failureResultOf(self.run_.finished, NoServer)


class KernelTests(SynchronousTestCase):
    """The kernel that `exec` runs in."""

    def start(self, state: events.KernelState | None, wanted: str | None, title: str = running.SHELL) -> ScriptedClient:
        """What is called for a session whose kernel is in a state, when a kernelspec is asked for."""
        kernel = a_kernel(state) if state is not None else None
        found = calls.SessionList(sessions=[session(kernel=kernel, title=title)])
        client = ScriptedClient(session__list=found, session__create=session(), kernel__start=session())
        execution = running.Execution(None, "", None, wanted, None, False, None, False, "")
        outcome(execution._session(client))  # type: ignore[arg-type]  # a stand-in
        return client

    def test_a_living_kernel_is_used(self) -> None:
        """Variables stay from one command to the next."""
        self.assertEqual(self.start("idle", None).called, [("session.list", {})])
        self.assertEqual(self.start("busy", "python3").methods(), ["session.list"])

    def test_the_session_is_made_when_there_is_none(self) -> None:
        """Under an id that follows from its title, so that two commands at once make one; the next id when a session of that id was closed."""
        client = self.start(None, None, title="another")
        self.assertEqual(client.methods(), ["session.list", "server.info", "session.create", "kernel.start"])
        _, first = client.called[2]
        self.assertEqual((first["title"], first["path"]), ("shell", None))
        again = ScriptedClient(session__list=calls.SessionList(sessions=[]))
        ids: list[str] = []

        async def create(method: str, params: Any, kind: Any, *, repeat: bool = False) -> Any:
            if method == "session.create":
                ids.append(params.id)
                if len(ids) == 1:
                    raise errors.AlreadyExists("It was closed.")
                return session()
            return calls.SessionList(sessions=[]) if method == "session.list" else again.answers[method]

        again.call = create  # type: ignore[method-assign,assignment]  # a server that has closed one
        outcome(running.Execution(None, "", None, None, None, False, None, False, "")._named(again, "shell"))  # type: ignore[arg-type]  # a stand-in
        self.assertEqual((ids[0], len(set(ids))), (first["id"], 2))

    def test_a_session_without_kernel_gets_one(self) -> None:
        """The default one, or the one that was asked for."""
        self.assertEqual(
            self.start(None, None).called[-1], ("kernel.start", {"session": "s1", "kernelspec": None, "env": None})
        )
        self.assertEqual(
            self.start(None, "ir").called[-1], ("kernel.start", {"session": "s1", "kernelspec": "ir", "env": None})
        )

    def test_a_dead_kernel_is_replaced_by_its_like(self) -> None:
        """A new one of the same kernelspec starts, and the user hears it."""
        err = io.StringIO()
        self.patch(sys, "stderr", err)
        self.assertEqual(
            self.start("dead", None).called[-1],
            ("kernel.start", {"session": "s1", "kernelspec": "python3", "env": None}),
        )
        self.assertIn("a new one starts", err.getvalue())

    def test_a_failure_takes_back_the_session_that_was_made(self) -> None:
        """No kernel of that name: nothing is left behind; a session that was there before stays."""
        unknown = errors.UnknownKernelspec("There is no kernelspec 'nope'.")
        for found, methods in (
            ([], ["session.list", "server.info", "session.create", "kernel.start", "session.get", "session.close"]),
            ([session()], ["session.list", "kernel.start"]),
        ):
            client = ScriptedClient(
                session__list=calls.SessionList(sessions=found),
                session__create=session(),
                session__get=session(),
                session__close=calls.Done(),
                kernel__start=unknown,
            )
            execution = running.Execution(None, "", None, "nope", None, False, None, False, "")
            self.assertRaises(errors.UnknownKernelspec, outcome, execution.command(client))  # type: ignore[arg-type]  # a stand-in
            self.assertEqual(client.methods(), methods)

    def test_the_session_that_was_made_stays_from_the_start_of_its_kernel_on(self) -> None:
        """Until then the server closes it when this command is gone, however it ended."""
        client = ScriptedClient(
            session__list=calls.SessionList(sessions=[]),
            session__create=session(),
            kernel__start=session(kernel=a_kernel("starting")),
            session__keep=errors.InvalidRequest("Enough."),
            session__get=session(kernel=a_kernel("starting")),
        )
        execution = running.Execution(None, "", None, None, None, False, None, False, "")
        self.assertRaises(errors.InvalidRequest, outcome, execution.command(client))  # type: ignore[arg-type]  # a stand-in
        self.assertTrue(client.called[2][1]["temporary"])
        self.assertEqual(
            client.methods(),
            ["session.list", "server.info", "session.create", "kernel.start", "session.keep", "session.get"],
        )

    def test_a_living_kernel_is_not_replaced_by_another(self) -> None:
        """-k never throws variables away."""
        fault = self.assertRaises(lookup.Wrong, self.start, "idle", "ir")
        self.assertIn("has the kernel python3, not ir", str(fault))


class WatchTests(SynchronousTestCase):
    """`webipy attach`."""

    def setUp(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        screen = Screen(self.out, self.err)
        client: Any = ScriptedClient()
        self.watch = watching.Watch(screen, following.Inputs(client, "s1", screen, None, lambda: None))

    def give(self, *happened: Event) -> None:
        """Give out events."""
        for event in happened:
            self.watch.show(event)

    def test_code_is_shown_when_it_begins(self) -> None:
        """Queued code is shown above its output, silent code not at all."""
        queued = events.ExecutionQueued(execution="e1", code="a = 1\nb = 2")
        silent = events.ExecutionQueued(execution="e2", code="hidden", silent=True)
        self.give(queued, silent, events.ExecutionStarted(execution="e1"), events.ExecutionStarted(execution="e2"))
        content = msgspec.Raw(b'{"code": "c = 3", "execution_count": 7}')
        self.give(
            events.MessageReceived(
                channel="iopub", msg_type="execute_input", content=content, metadata=msgspec.Raw(b"{}")
            )
        )
        self.assertEqual(self.out.getvalue(), "> a = 1\n> b = 2\n> c = 3\n")

    def test_what_happens_to_the_kernel_is_reported(self) -> None:
        """Starts, restarts, deaths and lost runs."""
        self.give(
            events.KernelStarted(
                kernel="k", kernelspec="p", display_name="Python", language="python", url_without_key=""
            ),
            events.KernelStateChanged(state="busy"),
            events.KernelStateChanged(state="restarting"),
            events.KernelDied(kernel="k", reason="expected", expected=True),
            events.KernelDied(kernel="k", reason="It crashed."),
            events.ExecutionFinished(execution="e1", status="aborted", duration_s=0, reason="An earlier run failed."),
            events.OutputLost(reason="The disk was full."),
        )
        self.assertEqual(self.err.getvalue().splitlines(), [
            "webipy: The kernel Python starts.",
            "webipy: The kernel restarts: variables are gone.",
            "webipy: It crashed.",
            "webipy: aborted: An earlier run failed.",
            "webipy: Output is missing: The disk was full.",
        ])  # fmt: skip

    def test_questions_and_answers_are_shown(self) -> None:
        """A watcher without a terminal sees the prompt and the answer of somebody else."""
        self.give(events.InputRequested(request="r", prompt="Name: "), events.InputReplied(request="r", value="Bo"))
        self.assertEqual(self.out.getvalue(), "Name: Bo\n")

    def test_the_end_of_the_session_is_the_end(self) -> None:
        """When the session is closed, watching ends."""
        self.give(events.SessionClosed())
        self.assertIsNone(self.successResultOf(self.watch.ended))
