"""A soak: `make soak ARGS="--minutes 30"`. Kernels print counters while server, hosts, lines and clocks of processes are beaten at random.

Each kernel runs one execution after the other; each prints 0, 1, 2, ... Clients follow every session, some through a
proxy that cuts. At random: `kill -9` of the server, SIGTERM, a cut of a client, SIGSTOP and SIGCONT of a host, an interrupt of
what a kernel runs, right after it was queued or later, a run of a notebook whose command is killed, a notebook that is opened,
edited, moved by another program and closed. At the end the ledger is compared: what every client saw, what the journal holds,
what each execution must have printed, and that each state of the notebook is there.
Prints a line every ten seconds; ends with status 1 at the first thing that is wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs

from tests.faults import CuttingProxy, Subscriber, counted, counting, printed
from tests.faults.test_runs import Commands, notebook, printed_in
from tests.live import Json, Refused, Server, rss_mb, until


@attrs.define
class Tally:
    """What was done so far."""

    kills: int = 0
    stops: int = 0
    cuts: int = 0
    pauses: int = 0
    interrupts: int = 0
    runs: int = 0
    reopened: int = 0
    executions: int = 0
    slowest_return_s: float = 0.0


LARGE = 0.1
"""How often an execution shows a picture that is too large for an event."""

PICTURE = (
    "get_ipython().display_pub.publish({{'image/png': __import__('random').Random({}).randbytes(2_000_000).hex()}})"
)


def compare_pictures(folder: Path, told: Sequence[Json]) -> None:
    """Every large value that events refer to is on the disk, whole.

    Raises:
        AssertionError: One is missing or changed.
    """
    for event in told:
        output = event.get("output", {}) if event["type"] == "output_added" else {}
        for ref in output.get("metadata", {}).get("webipy", {}).get("blobs", {}).values():
            body = (folder / ref["sha256"]).read_bytes()
            assert hashlib.sha256(body).hexdigest() == ref["sha256"], f"{ref} is changed"


class KilledRuns:
    """Runs of notebooks whose commands are killed at random moments; each run is brought to its end all the same, or never began."""

    def __init__(self, server: Server) -> None:
        self.server, self.commands, self.count = server, Commands(server), 0
        self.processes: list[subprocess.Popen[bytes]] = []

    def begin(self, dice: random.Random) -> None:
        """Begins one, and kills the command of an earlier one."""
        name, self.count = f"run{self.count}", self.count + 1
        source = f"import time\nfor n in range(20):\n    print(n)\n    time.sleep({dice.uniform(0, 0.1)})"
        (self.server.root / f"{name}.ipynb").write_text(notebook(source))
        line = ["run", f"{name}.ipynb", "-o", f"{name}-out.ipynb", "--show"]
        self.processes.append(self.commands.begin(*line, stdout=subprocess.DEVNULL))
        if len(self.processes) > 2:
            self.kill(dice, self.processes.pop(0))

    def kill(self, dice: random.Random, process: subprocess.Popen[bytes]) -> None:
        """Ends a command, if it has not ended."""
        process.send_signal(dice.choice([signal.SIGKILL, signal.SIGHUP, signal.SIGTERM]))
        process.communicate()

    def compare(self, sessions: set[str]) -> None:
        """Nothing is left over, and what was written is whole.

        Raises:
            AssertionError: A session is left, or a result is torn.
        """
        self.close()
        until(lambda: {one["id"] for one in self.commands.sessions()} <= sessions, "the sessions of runs are closed")
        for number in range(self.count):
            for path in self.server.root.glob(f"run{number}-out*.ipynb"):
                printed_in(path)

    def close(self) -> None:
        """Ends all commands."""
        while self.processes:
            process = self.processes.pop()
            process.kill()
            process.communicate()


class Reopened:
    """A notebook that is opened, edited, given a named state, closed and moved, by turns: its history goes on, whatever happens to the server."""

    def __init__(self, server: Server, insist: Callable[..., Any]) -> None:
        self.server, self.insist, self.count = server, insist, 0
        self.path = server.root / "kept0.ipynb"
        self.path.write_text(notebook("0"))
        self.session = self.open()
        (cell,) = self.insist("cell.list", session=self.session)["cells"]
        self.cell = str(cell["id"])
        self.insist("session.close", session=self.session)

    def open(self) -> str:
        """Opens it where it is now."""
        return str(self.insist("session.create", path=self.path.name)["id"])

    def turn(self, dice: random.Random) -> None:
        """One turn; another program moves the file while it is open or closed, or not at all."""
        self.count += 1
        assert self.open() == self.session, "the notebook has another session"
        self.insist("cell.set_source", session=self.session, cell=self.cell, source=str(self.count))
        self.insist("notebook.checkpoint", session=self.session, checkpoint=f"state {self.count}")
        moment = dice.choice(["open", "closed", "never"])
        if moment == "open":
            self.insist("notebook.save", session=self.session)
            self.move()
        self.insist("session.close", session=self.session, discard=True)
        if moment == "closed":
            self.move()

    def move(self) -> None:
        """Gives the file another name."""
        self.path = self.path.rename(self.server.root / f"kept{self.count}.ipynb")

    def compare(self) -> None:
        """Every named state is there, and holds what it held.

        Raises:
            AssertionError: One is missing, or is another one.
        """
        assert self.open() == self.session, "the notebook has another session"
        for number in range(1, self.count + 1):
            told = self.insist("notebook.at", session=self.session, checkpoint=f"state {number}")
            (cell,) = told["notebook"]["cells"]
            assert "".join(cell["source"]) == str(number), f"state {number} is not what it was"
        self.insist("session.close", session=self.session, discard=True)


class Soak:
    """One soak.

    Args:
        kernels: How many.
        clients: Followers of each session.
        lines: Lines of each execution.
        seed: Of the random choices.
    """

    def __init__(self, kernels: int, clients: int, lines: int, seed: int) -> None:
        self.random, self.lines, self.tally = random.Random(seed), lines, Tally()
        self.server = Server()
        self.server.start()
        self.proxy = CuttingProxy(self.server, lambda: self.random.randrange(2_000, 200_000))
        self.sessions = [self.server.session() for _ in range(kernels)]
        self.runs = KilledRuns(self.server)
        self.reopened = Reopened(self.server, self.insist)
        self.open: dict[str, str] = {}
        self.names: dict[str, list[str]] = {session: [] for session in self.sessions}
        self.short: dict[str, list[str]] = {session: [] for session in self.sessions}
        self.followers = {
            session: [Subscriber(self.server, session, port=self.proxy.port if n % 2 else None) for n in range(clients)]
            for session in self.sessions
        }

    def feed(self) -> None:
        """Gives every kernel that is done the next execution; a call that got no answer is repeated under its id."""
        for session in self.sessions:
            names, follower = self.names[session], self.followers[session][0]
            if names and not any(
                e["type"] == "execution_finished" and e["execution"] == names[-1] for e in follower.events[-5_000:]
            ):
                continue
            names.append(f"n{len(names)}")
            code = counting(self.lines, 0.0002)
            if self.random.random() < LARGE:
                code = f"{PICTURE.format(self.random.randrange(1_000_000))}\n{code}"
            self.insist("execution.start", session=session, code=code, id=names[-1])
            self.tally.executions += 1

    def insist(self, method: str, **params: object) -> Any:
        """Makes a call until it is answered, which does no harm here; gives its result."""
        while True:
            try:
                return self.server.call(method, **params)
            except (OSError, http.client.HTTPException):
                self.back()

    def back(self) -> None:
        """Starts the next server."""
        self.tally.slowest_return_s = max(self.tally.slowest_return_s, self.server.start())

    def harm(self) -> None:
        """Does something bad."""
        match self.random.choice(
            ["kill", "kill", "stop", "cut", "cut", "cut", "pause", "interrupt", "interrupt", "run", "reopen"]
        ):
            case "kill":
                self.tally.kills += 1
                self.server.kill()
                self.back()
            case "stop":
                self.tally.stops += 1
                assert self.server.stop() < 10, "a stop took longer than 10 s"
                self.back()
            case "cut":
                self.tally.cuts += 1
                self.random.choice(self.random.choice(list(self.followers.values()))).cut()
            case "interrupt":
                self.interrupt(self.random.choice(self.sessions))
            case "run":
                self.tally.runs += 1
                self.runs.begin(self.random)
            case "reopen":
                self.tally.reopened += 1
                self.reopened.turn(self.random)
            case _:
                self.tally.pauses += 1
                pid = self.random.choice(self.server.hosts())["pid"]
                os.kill(pid, signal.SIGSTOP)
                time.sleep(self.random.uniform(0, 0.5))
                os.kill(pid, signal.SIGCONT)

    def interrupt(self, session: str) -> None:
        """Ends short cells of a client of their own by an interrupt; the counter that runs is let be: it is another's."""
        self.tally.interrupts += 1
        names = [f"short{self.tally.interrupts}-{n}" for n in range(20)]
        for name in names:
            self.insist("execution.start", session=session, code="sum(range(10_000))", id=name, queue="short")
        for name in self.random.sample(names, 3):
            self.insist("kernel.interrupt", session=session, execution=name)
        self.short[session] += names

    def run(self, minutes: float) -> None:
        """Goes on for so long, then compares."""
        end, told = time.monotonic() + 60 * minutes, 0.0
        while time.monotonic() < end:
            self.feed()
            time.sleep(self.random.uniform(0, 0.3))
            self.harm()
            if time.monotonic() > told + 10:
                told = time.monotonic()
                size = rss_mb(self.server.pid)
                print(f"{max(0.0, end - told):7.0f} s left, server {size:.0f} MB, {self.tally}", flush=True)
        self.compare()

    def compare(self) -> None:
        """The ledger.

        Raises:
            AssertionError: Something is missing, there twice, or other than it was.
        """
        for session, followers in self.followers.items():
            for last in [self.names[session][-1], *self.short[session][-1:]]:
                for follower in followers:
                    follower.finished(last)
            journal = self.server.events(session)
            for follower in followers:
                follower.close()
                assert follower.events == journal[: len(follower.events)], "a client saw something else"
            compare_pictures(self.server.state / "journals" / f"{session}.blobs", journal)
            finished = {e["execution"]: e["status"] for e in journal if e["type"] == "execution_finished"}
            assert set(self.short[session]) <= set(finished), "a short cell has not ended"
            for name in self.names[session]:
                assert finished[name] == "ok", (name, finished[name])
                assert printed(journal, name) == counted(self.lines), f"{name} is not whole"
        self.reopened.compare()
        self.runs.compare(set(self.sessions))
        lines = self.tally.executions * self.lines
        print(
            f"{lines} lines in {self.tally.executions} executions, {self.proxy.cuts} connections cut by the proxy: 0 lost, 0 twice. {self.tally}"
        )

    def close(self) -> None:
        """Ends everything."""
        self.runs.close()
        self.proxy.close()
        self.server.close()


def main() -> int:
    """Reads the options, runs, and says how it went."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--minutes", type=float, default=30)
    options.add_argument("--kernels", type=int, default=3)
    options.add_argument("--clients", type=int, default=3)
    options.add_argument("--lines", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    soak = Soak(asked.kernels, asked.clients, asked.lines, asked.seed)
    try:
        soak.run(asked.minutes)
    except (AssertionError, Refused) as fault:
        print(f"WRONG: {fault}", file=sys.stderr)
        return 1
    finally:
        soak.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
