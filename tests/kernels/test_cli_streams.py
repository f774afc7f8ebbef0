"""Every command with broken streams, small character sets and no server: one sentence, a documented status, and never a traceback of ours.

A table: commands against surroundings. They run side by side, since each is a process that mostly imports.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.kernels.commands import COMMAND, CommandCase, environment
from tests.live import PATIENCE_S

AT_ONCE = 4
"""Commands that run side by side."""

SURROUNDINGS: dict[str, tuple[str, dict[str, str]]] = {
    "stdin closed": ("<&-", {}),
    "stdin binary": ("</bin/true", {}),
    "stdout closed": (">&-", {}),
    "stdout full": (">/dev/full", {}),
    "stdout unread": ("| true", {}),
    "stderr closed": ("2>&-", {}),
    "stderr full": ("2>/dev/full", {}),
    "all closed": ("<&- >&- 2>&-", {}),
    "locale C": ("</dev/null", {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "ascii only": ("</dev/null", {"PYTHONIOENCODING": "ascii"}),
}

WITHOUT_SERVER: list[list[str]] = [
    ["--help"],
    ["exec", "--help"],
    ["ls"],
    ["ls", "--json"],
    ["exec", "-"],
    ["call", "server.info", "-"],
    ["journal", "ls"],
    ["journal", "verify", "x"],
    ["attach", "x", "--json"],
    ["exec", "--no-such-option"],
    ["console"],
    ["doctor"],
]

WITH_SERVER: list[list[str]] = [
    ["ls", "--json"],
    ["specs"],
    ["open"],
    ["exec", "print('ä漢…' * 1000)"],
    ["exec", "-"],
    ["exec", "--json", "'ä漢'"],
    ["call", "session.list"],
    ["interrupt", "shell"],
]

DOCUMENTED = {0, 1, 2, 3, 4, 130, 141, -13}


def ended(line: list[str], surroundings: str, state: Path) -> subprocess.Popen[bytes]:
    """A command that was begun in these surroundings."""
    redirection, variables = SURROUNDINGS[surroundings]
    is_alone = line[0] not in ("journal",) and "--help" not in line
    words = [line[0], *(["--state", str(state)] if is_alone else []), *line[1:]]
    if line[0] == "journal":
        words += ["--state", str(state)]
    program = ["bash", "-c", f'set -o pipefail; "$@" {redirection}', "bash", *COMMAND, *words]
    surrounding = {**environment(), **variables}
    null, pipe = subprocess.DEVNULL, subprocess.PIPE
    return subprocess.Popen(program, env=surrounding, stdin=null, stdout=pipe, stderr=pipe)


def cases_of(lines: Sequence[list[str]], few: int) -> list[tuple[list[str], str]]:
    """All commands in all surroundings; not in a full run, so many of them: each surroundings with another command."""
    if os.environ.get("WEBIPY_FAULTS") == "full":
        return [(line, name) for line in lines for name in SURROUNDINGS]
    return list(itertools.islice(zip(itertools.cycle(lines), itertools.cycle(SURROUNDINGS), strict=False), few))


def faults(lines: Sequence[list[str]], few: int, state: Path) -> list[str]:
    """What went wrong with these commands in their surroundings."""
    wrong: list[str] = []
    cases = cases_of(lines, few)
    for first in range(0, len(cases), AT_ONCE):
        begun = [(line, name, ended(line, name, state)) for line, name in cases[first : first + AT_ONCE]]
        for line, name, process in begun:
            out, err = process.communicate(timeout=PATIENCE_S)
            if b"Traceback" in err + out or process.returncode not in DOCUMENTED or b"Exception ignored" in err:
                wrong.append(f"{line} with {name}: {process.returncode}\n{err.decode()}")
            if "--json" in line and name in ("ascii only", "locale C", "stdin closed", "stderr full"):
                json.loads(out)  # one value, and nothing else
    return wrong


class BrokenStreamsTests(SynchronousTestCase):
    """Without a server."""

    def test_no_command_ends_with_a_traceback(self) -> None:
        """Whatever its streams are: a documented status, and what is said is ours."""
        with tempfile.TemporaryDirectory(prefix="webipy-none-") as folder:
            self.assertEqual(faults(WITHOUT_SERVER, len(SURROUNDINGS), Path(folder)), [])

    def test_a_stream_that_fails_is_said_in_one_sentence(self) -> None:
        """A full disk is status 1; a reader that has gone away is the quiet end of a pipe, 141 to a shell."""
        with tempfile.TemporaryDirectory(prefix="webipy-none-") as folder:
            told = {
                name: ended(["--help"], name, Path(folder))
                for name in ("stdout full", "stdout closed", "stdout unread")
            }
            results = {
                name: (one.communicate(timeout=PATIENCE_S)[1].decode(), one.returncode) for name, one in told.items()
            }
        self.assertEqual(results, {
            "stdout full": ("webipy: Standard output cannot be written: No space left on device.\n", 1),
            "stdout closed": ("webipy: Standard output cannot be written: it is closed.\n", 1),
            "stdout unread": ("", 141),
        })  # fmt: skip


class BrokenStreamsWithServer(CommandCase):
    """With a server and a kernel."""

    def test_no_command_ends_with_a_traceback(self) -> None:
        """The same for commands that have something to show."""
        self.webipy("exec", "1")
        self.assertEqual(faults(WITH_SERVER, 4, self.server.state), [])

    def test_json_is_whole_in_any_character_set(self) -> None:
        """Letters that the stream lacks are escaped as JSON has it."""
        line = self.arguments("exec", "--json", "'ä漢😀'")
        told = subprocess.run(line, env={**environment(), "PYTHONIOENCODING": "ascii"}, capture_output=True, check=True)
        self.assertEqual(json.loads(told.stdout)["outputs"][0]["data"]["text/plain"], "'ä漢😀'")
