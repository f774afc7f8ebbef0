"""webipy.io.terminals.terminal_launcher: which shell, in which environment, in which folder; real ones: tests/kernels/test_terminals_live.py."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import msgspec
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.kernel.host_protocol import LAUNCH_FILE, MAX_SOCKET_PATH
from webipy.core.terminals.terminal_protocol import TerminalLaunch
from webipy.io.kernels.launcher import LONGEST_NAME
from webipy.io.terminals import terminal_launcher as module


class Shells(SynchronousTestCase):
    """What is started."""

    def test_the_shell_is_that_of_the_user(self) -> None:
        """One that can be executed, and is meant to be used."""
        self.assertEqual(module.login_shell({"SHELL": "/bin/sh"}), "/bin/sh")
        for wrong in ("", "sh", "/no/such/shell", "/usr/sbin/nologin", "/bin/false"):
            found = module.login_shell({"SHELL": wrong})
            self.assertTrue(os.access(found, os.X_OK), wrong)
            self.assertNotEqual(found, wrong)

    def test_nothing_of_the_server_is_in_the_environment(self) -> None:
        """And what a terminal needs is."""
        alone = {
            "JUPYTER_TOKEN": "x", "JUPYTERHUB_API_TOKEN": "x", "JPY_PARENT_PID": "1", "WEBIPY_X": "x", "TMUX": "x", "TERM": "dumb",
            "TERM_PROGRAM_VERSION": "1", "COLUMNS": "80", "NOTIFY_SOCKET": "/x", "LISTEN_FDS": "3", "OLDPWD": "/", "SHLVL": "3",
        }  # fmt: skip
        env = module.shell_environment({**alone, "PATH": "/bin", "HOME": "/h"}, "/bin/zsh", "/w")
        self.assertEqual(
            env,
            {
                "PATH": "/bin",
                "HOME": "/h",
                "LANG": "C.UTF-8",
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
                "TERM_PROGRAM": "webipy",
                "SHELL": "/bin/zsh",
                "PWD": "/w",
            },
        )
        self.assertNotIn("LANG", module.shell_environment({"LC_ALL": "de_DE.UTF-8"}, "/bin/sh", "/"))


class Folders(SynchronousTestCase):
    """Where hosts live."""

    def launcher(self, folder: Path) -> module.LocalTerminals:
        """A launcher that starts nothing."""
        folder.mkdir(parents=True)
        return module.LocalTerminals(folder, 1.0, 1, Clock(), lambda: "now")  # type: ignore[arg-type]  # its threads are not used

    def test_a_path_that_is_too_long_for_a_socket_is_a_link(self) -> None:
        """Both are private, and go together."""
        root = Path(self.mktemp()).resolve()
        launcher = self.launcher(root / ("x" * MAX_SOCKET_PATH))
        directory = launcher._make_directory("1")
        self.assertEqual((launcher.folder / "1").resolve(), directory)
        self.assertLessEqual(len(str(directory)) + len(LONGEST_NAME), MAX_SOCKET_PATH)
        self.assertEqual(directory.stat().st_mode & 0o777, 0o700)
        module._remove(launcher.folder / "1")
        self.assertFalse(directory.exists() or os.path.lexists(launcher.folder / "1"))

    def test_what_no_host_lives_in_is_removed(self) -> None:
        """Whatever lies there."""
        launcher = self.launcher(Path(tempfile.mkdtemp(prefix="wt")) / "t")
        self.addCleanup(module._remove, launcher.folder.parent)
        plan = TerminalLaunch("1", ["/bin/sh"], "/", "k" * 64, "now", 24, 80)
        for name, content in (("1", msgspec.json.encode(plan)), ("2", b"{"), ("3", b"\xff")):
            directory = launcher._make_directory(name)
            (directory / LAUNCH_FILE).write_bytes(content)
        self.assertEqual(launcher._find(), [])
        self.assertEqual(list(launcher.folder.iterdir()), [])
