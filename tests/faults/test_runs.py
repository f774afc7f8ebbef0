"""Runs of notebooks whose command is killed, or whose output goes nowhere: nothing is left over, and the last good result stays whole. C8, C11."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from tests.faults import FaultTestCase, rounds
from tests.live import PATIENCE_S, ROOT, Json, Server, until

WAIT = "import os, time\nprint('begun', flush=True)\nwhile not os.path.exists({gate!r}):\n    time.sleep(0.01)"
ENDS = ("SIGKILL", "full", "SIGTERM", "SIGHUP", "closed")
"""How a command ends in the middle: by a signal, or because what it shows can be written nowhere."""


def notebook(*sources: str) -> str:
    """The JSON of a notebook with code cells."""
    cells: list[Json] = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


def printed_in(path: Path) -> list[str]:
    """The text under each cell of a notebook file, which must be whole."""
    document = json.loads(path.read_bytes())
    cells = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
    return ["".join("".join(output.get("text", "")) for output in cell["outputs"]) for cell in cells]


class Commands:
    """The command `webipy`, told of a server's server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}

    def begin(self, *line: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """Starts one."""
        command = [sys.executable, "-m", "webipy.cli", line[0], "--state", str(self.server.state), *line[1:]]
        return subprocess.Popen(
            command,
            env=self.environment,
            cwd=self.server.root,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def done(self, *line: str) -> tuple[int, str]:
        """Runs one to its end; gives its status and what it said."""
        process = self.begin(*line)
        _, said = process.communicate(timeout=2 * PATIENCE_S)
        return process.returncode, said.decode()

    def sessions(self) -> list[Json]:
        """The open sessions."""
        found: list[Json] = self.server.call("session.list")["sessions"]
        return found


class RunFaults(FaultTestCase):
    """One server; commands that come and go."""

    seed = 20261128

    def setUp(self) -> None:
        self.server = Server()
        self.addCleanup(self.server.close)
        self.server.start()
        self.commands = Commands(self.server)
        self.folder = self.server.root

    def nothing_is_left(self) -> None:
        """No session, and no kernel."""
        until(lambda: not self.commands.sessions() and not self.server.hosts(), "all sessions are closed")

    def begun(self, name: str) -> bool:
        """Whether the first cell of a run has printed."""
        for session in self.commands.sessions():
            if session["title"] == f"{name}.ipynb":
                return any(event["type"] == "output_added" for event in self.server.events(session["id"]))
        return False

    def test_c11_a_command_that_is_killed_leaves_nothing_over(self) -> None:
        """Its run is brought to its end by the server, result and all; SIGTERM ends it, and what was there stays."""
        dice = random.Random(self.seed)
        for number in range(rounds(1, 6)):
            gate, names = self.folder / f"gate{number}", [f"n{number}-{end}" for end in ENDS[: rounds(2, 5)]]
            processes = {name: self.start(name, gate) for name in names}
            for name in names:
                until(lambda name=name: self.begun(name), f"{name} has begun")  # type: ignore[misc]  # a default binds it
            for name in dice.sample(names, len(names)):
                self.end(name, processes[name])
                self.assertEqual(printed_in(self.out(name)), ["the last good one\n"])
            gate.touch()
            self.nothing_is_left()
            for name in names:
                is_stopped = name.endswith("SIGTERM")
                shown = ["the last good one\n"] if is_stopped else ["begun\n", "over\n"]
                self.assertEqual([text for text in printed_in(self.out(name)) if text], shown, name)
                self.assertEqual((self.folder / f"{name}-out (stopped).ipynb").exists(), is_stopped, name)

    def out(self, name: str) -> Path:
        """Where the result of a run goes."""
        return self.folder / f"{name}-out.ipynb"

    def start(self, name: str, gate: Path) -> subprocess.Popen[bytes]:
        """A run whose first cell waits for a gate."""
        (self.folder / f"{name}.ipynb").write_text(notebook(WAIT.format(gate=str(gate)), "print('over')"))
        good = json.loads(notebook("1"))
        good["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "the last good one\n"}]
        self.out(name).write_text(json.dumps(good))
        line = ["run", f"{name}.ipynb", "-o", f"{name}-out.ipynb", "--overwrite", "--show"]
        if not name.endswith("full"):
            return self.commands.begin(*line)
        with open("/dev/full", "wb") as full:
            return self.commands.begin(*line, stdout=full.fileno())

    def end(self, name: str, process: subprocess.Popen[bytes]) -> None:
        """Ends a command in the middle, as its name says, and looks how it ends."""
        how, statuses = name.rpartition("-")[2], {"SIGKILL": -9, "SIGTERM": 143, "SIGHUP": 129, "full": 1}
        if how.startswith("SIG"):
            process.send_signal(getattr(signal, how))
        elif how == "closed":
            assert process.stdout is not None
            process.stdout.close()
            process.stdout = None
        if how != "closed":  # it sees that when it writes the next time
            _, said = process.communicate(timeout=PATIENCE_S)
            self.assertEqual(process.returncode, statuses[how], said)
            self.assertNotIn(b"webipy/command", said)
        else:
            self.addCleanup(process.communicate)

    def test_c8_nothing_is_destroyed_by_what_cannot_be_run(self) -> None:
        """What is no notebook, a folder, the notebook by another name, a kernel that there is not: looked at first. A link is read, not written."""
        template = self.folder / "template.ipynb"
        template.write_text(notebook("print('ran')"))
        before = template.read_bytes()
        (self.folder / "link.ipynb").symlink_to("template.ipynb")
        (self.folder / "precious.csv").write_text("1,2")
        (self.folder / "empty.ipynb").mkdir()
        good = self.folder / "good.ipynb"
        good.write_text("the last good one")
        (self.folder / "torn.ipynb").write_text('{"cells": [')
        for line in (
            ["run", "template.ipynb", "-o", "link.ipynb"],
            ["run", "template.ipynb", "-o", "good.ipynb", "-k", "nope"],
            ["run", "template.ipynb", "-o", "precious.csv"],
            ["run", "template.ipynb", "-o", "empty.ipynb"],
            ["run", "torn.ipynb", "-o", "good.ipynb"],
        )[: rounds(2, 5)]:
            status, said = self.commands.done(*line, "--overwrite")
            self.assertIn(status, (1, 2), said)
            self.assertNotIn("Traceback", said)
            self.assertEqual(self.commands.sessions(), [], line)
        self.assertEqual(template.read_bytes(), before)
        self.assertEqual((self.folder / "precious.csv").read_text(), "1,2")
        self.assertEqual(good.read_text(), "the last good one")
        self.assertTrue((self.folder / "empty.ipynb").is_dir() and (self.folder / "link.ipynb").is_symlink())
        status, said = self.commands.done("run", "link.ipynb", "-o", "good.ipynb", "--overwrite")
        self.assertEqual((status, printed_in(good)), (0, ["ran\n"]), said)
        self.assertEqual(template.read_bytes(), before)
        self.nothing_is_left()

    def test_c11_a_run_outlives_its_server(self) -> None:
        """kill -9 of the server and of the command, in any order: the next server brings it to its end."""
        for number in range(rounds(0, 6)):
            gate, name = self.folder / f"gate{number}", f"r{number}-x"
            process = self.start(name, gate)
            until(lambda name=name: self.begun(name), "it has begun")  # type: ignore[misc]  # a default binds it
            if number % 2:
                process.kill()
                process.communicate()
            self.server.kill()
            if not number % 2:
                process.kill()
                process.communicate()
            self.server.start()
            self.assertEqual(printed_in(self.out(name)), ["the last good one\n"])
            gate.touch()
            self.nothing_is_left()
            self.assertEqual(printed_in(self.out(name)), ["begun\n", "over\n"])

    def test_c11_code_that_does_not_react_ends_with_its_time(self) -> None:
        """It catches the interrupt and goes on: its kernel is killed after the grace, and the cell says why."""
        stubborn = (
            "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except KeyboardInterrupt:\n        pass"
        )
        (self.folder / "n.ipynb").write_text(notebook("print('first')", stubborn))
        line = self.server.connect()
        self.addCleanup(line.close)
        line.send("session.create", path="n.ipynb", id="own", copy=True, temporary=True)
        line.receive()
        self.server.call("kernel.start", session="own", kernelspec="python3")
        self.server.run("own", "1", "warm")
        plan = {"to": "out.ipynb", "timeout_s": 1.0, "grace_s": 0.5}
        self.server.call("notebook.run", session="own", id="r", plan=plan)
        self.nothing_is_left()
        self.assertEqual(self.server.call("run.get", run="r")["status"], "timed_out")
        document = json.loads((self.folder / "out.ipynb").read_bytes())
        names = [output.get("ename") for cell in document["cells"] for output in cell.get("outputs", [])]
        self.assertIn("TimeoutError", names)
