"""@jupyterlab/services, which JupyterLab and VS Code are built on, as programs of node."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from typing import Any

from tests.clients.client_case import ClientCase
from tests.live import until

PROGRAM = Path(__file__).with_name("services.mjs")
VSCODE = Path(__file__).with_name("vscode.mjs")
LINES = "".join(f"{number}\n" for number in range(60))


class Services(ClientCase):
    """The library by itself."""

    def program(self, what: str) -> subprocess.Popen[str]:
        """Starts it."""
        return self.node(PROGRAM, what)

    def test_everything_that_a_page_asks(self) -> None:
        """Execute, complete, inspect, ask, comms with buffers, interrupt, restart, reconnect, shut down."""
        found, err = self.steps_of(self.program("all"))
        self.check_steps(
            "@jupyterlab/services",
            found,
            {
                "info": "ipython",
                "execute": ["hi\n", "ok", "2"],
                "complete": "ok",
                "inspect": True,
                "is_complete": "incomplete",
                "history": "ok",
                "input": "Ada\n",
                "comm": [{"a": 1}, [1, 2, 3]],
                "interrupt": "KeyboardInterrupt",
                "restart": "NameError",
                "reconnect": "ok",
                "shutdown": True,
            },
            err,
        )

    def test_kill_9_of_the_server_loses_no_line(self) -> None:
        """The client goes on by itself; a message that came twice, as the server died between sending and noting it, has the same id."""
        process = self.program("crash")
        assert process.stdout is not None
        steps: list[Any] = []

        def read() -> None:
            assert process.stdout is not None
            steps.extend(json.loads(line) for line in process.stdout if line.startswith("{"))

        for line in process.stdout:
            steps += [json.loads(line)] if line.startswith("{") else []
            if len(steps) == 15:
                break
        self.server.kill()
        self.server.start(f"--port={self.server.port}")
        reader = threading.Thread(target=read)
        reader.start()
        until(lambda: not reader.is_alive(), "the client ends")
        reader.join()
        self.check_steps("@jupyterlab/services", {"kill -9": steps[-1]["value"]}, {"kill -9": ["ok", LINES]})


class VSCode(ClientCase):
    """What VS Code's extension asks, in its order."""

    def test_a_notebook_of_another_machine(self) -> None:
        """From the address that a person types to the restart of a kernel that a former window has left busy."""
        found, err = self.steps_of(self.node(VSCODE, str(self.gate)))
        self.check_steps(
            "VS Code",
            found,
            {
                "probe": [False, False],
                "without a token": "403 Forbidden: send the header Authorization: token TOKEN, or ?token=TOKEN.",
                "check": True,
                "session": [True, "notebook"],
                "start": [True, "python"],
                "cell": ["ok", 1, "hello\n", ["status", "execute_input", "stream", "execute_result", "status"]],
                "error": "ZeroDivisionError",
                "input": "Ada\n",
                "display": ["display_data", "update_display_data"],
                "completion": True,
                "documentation": True,
                "interrupt": "KeyboardInterrupt",
                "behind": "behind\n",
                "found": [True, "busy"],
                "busy": "python",
                "resumed": 60,
                "restart": "NameError",
                "end": True,
            },
            err,
        )
