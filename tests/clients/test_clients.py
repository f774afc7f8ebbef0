"""Clients in Python, each as its users run it, in a process of its own. They need packages: `make clients`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.clients.client_case import ROOT, ClientCase
from tests.clients.packages import PYTHON_CLIENTS, bare, python_of
from tests.clients.pytest_runs import outcomes
from tests.live import Server, write_kernelspec

HERE = Path(__file__).resolve().parent

NBCLIENT = """
import nbformat
from nbclient import NotebookClient
from jupyter_server.gateway.managers import GatewayKernelManager
cells = ["for i in range(3): print(i)", "h = display('a', display_id=True); h.update('b')", "6 * 7"]
book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
NotebookClient(book, kernel_name="python3", kernel_manager_class=GatewayKernelManager, timeout=600).execute()
for cell in book.cells:
    for output in cell.outputs:
        print(repr(output.get("text") or output["data"]["text/plain"]))
"""

PAPERMILL = """
import json
import nbformat, papermill
from jupyter_server.gateway.managers import GatewayKernelManager
gateway = {"kernel_manager_class": GatewayKernelManager, "progress_bar": False}
papermill.execute_notebook("report.ipynb", "may.ipynb", parameters={"month": 5}, **gateway)
outputs = [output for cell in nbformat.read("may.ipynb", 4).cells for output in cell.outputs]
try:
    papermill.execute_notebook("report.ipynb", "may.ipynb", parameters={"month": 6}, **gateway)
    failure = ""
except papermill.PapermillExecutionError as fault:
    failure = fault.ename
print(json.dumps({"outputs": [one.get("text") or one["data"]["text/plain"] for one in outputs], "failure": failure}))
"""

BOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
}

KERNEL_CLIENT = """
from jupyter_kernel_client import JupyterKernelClient
with JupyterKernelClient(server_url=URL, token=TOKEN) as kernel:
    found = kernel.execute("x = 41; print('hi'); x + 1", timeout=600)
    texts = [o.get("text") or o["data"]["text/plain"] for o in found["outputs"]]
    print(found["status"], repr("".join(texts)))
    print(kernel.execute("1 / 0", timeout=600)["outputs"][0]["ename"])
    kernel.restart()
    print(kernel.execute("x", timeout=600)["outputs"][0]["ename"])
"""


def numbered(lines: list[str]) -> dict[str, str]:
    """Lines as steps."""
    return {str(number): line for number, line in enumerate(lines)}


class Notebooks(ClientCase):
    """Programs that run notebooks, with a gateway. Their sockets can send no token but in the path of their address."""

    @property
    def gateway(self) -> dict[str, str]:
        """The variables that lead them here."""
        return {
            "JUPYTER_GATEWAY_URL": self.server.origin,
            "JUPYTER_GATEWAY_AUTH_TOKEN": self.server.token,
            "JUPYTER_GATEWAY_WS_URL": f"ws://127.0.0.1:{self.server.port}/token/{self.server.token}",
        }

    def test_nbclient(self) -> None:
        """All outputs of a notebook; no kernel is left, and no token in the log."""
        printed = self.python(["-c", NBCLIENT], **self.gateway)
        outputs = ["'0\\n1\\n2\\n'", "\"'b'\"", "'42'"]
        self.check_steps("nbclient", numbered(printed.splitlines()), numbered(outputs))
        self.assertEqual(self.asked("GET", "/api/kernels"), [])
        self.assertNotIn(self.server.token, self.server.log)

    def test_papermill(self) -> None:
        """Parameters, outputs, and a cell that fails."""

        def cell(id: str, source: str, *tags: str) -> dict[str, object]:
            return {
                "id": id,
                "cell_type": "code",
                "source": source,
                "metadata": {"tags": tags},
                "outputs": [],
                "execution_count": None,
            }

        cells = [cell("a", "month = 1", "parameters"), cell("b", "print(month * 10)"), cell("c", "1 // (6 - month)")]
        (self.folder / "report.ipynb").write_text(json.dumps({**BOOK, "cells": cells}))
        found = json.loads(self.python(["-c", PAPERMILL], **self.gateway))
        self.check_steps("papermill", found, {"outputs": ["50\n", "1"], "failure": "ZeroDivisionError"})


class Kernels(ClientCase):
    """Programs that use one kernel."""

    def test_jupyter_kernel_client(self) -> None:
        """Execute, fail, restart; at its end the kernel is gone."""
        code = KERNEL_CLIENT.replace("URL", repr(self.server.origin)).replace("TOKEN", repr(self.server.token))
        printed = self.python(["-c", code]).splitlines()
        wanted = ["ok 'hi\\n42'", "ZeroDivisionError", "NameError"]
        self.check_steps("jupyter_kernel_client", numbered(printed), numbered(wanted))
        self.assertEqual(self.asked("GET", "/api/kernels"), [])

    def passed(self, client: str, server: Server, *words: str) -> None:
        """Runs tests of others; all have to pass.

        Args:
            client: Its name in the table.
            server: The server that they use.
            words: What follows `pytest`.
        """
        python = python_of("python", PYTHON_CLIENTS)
        known = {"WEBIPY_ORIGIN": server.origin, "WEBIPY_TOKEN": server.token}
        found = outcomes(python, words, HERE, bare(PYTHONPATH=str(HERE), **known))
        failures = [f"{name}\n{said}" for name, said in found.items() if said != "passed"]
        self.check_steps(client, found, dict.fromkeys(found, "passed"), "\n\n".join(failures))

    def test_the_tests_of_jupyter_kernel_client(self) -> None:
        """They come with the package; only the server that they start is ours, whose kernels have the packages that the client needs in them."""
        python = python_of("python", PYTHON_CLIENTS)
        server = self.own_server()
        write_kernelspec(server, "python3", str(python), "-m", "ipykernel_launcher", "-f")
        server.start()
        words = ["--noconftest", "-p", "kernel_client_fixtures", "--pyargs", "jupyter_kernel_client.tests"]
        self.passed("jupyter_kernel_client, its tests", server, *words)

    def test_the_tests_of_a_kernel(self) -> None:
        """jupyter_kernel_test, over the socket."""
        self.passed("jupyter_kernel_test", self.server, "kernel_tests.py")

    def connection(self) -> str:
        """The connection file of a new session's kernel, as `webipy connection` prints it."""
        words = ["connection", self.server.session(), "--state", str(self.server.state)]
        ran = subprocess.run(
            [sys.executable, "-m", "webipy.cli", *words],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=self.server.environment,
        )
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.sessions.append(words[1])
        self.session = words[1]
        return ran.stdout.strip()

    def test_jupyter_run(self) -> None:
        """A script runs in the kernel of a session, and what it set is there."""
        (self.folder / "script.py").write_text("y = 5\nprint('from the script')\n")
        file = self.connection()
        printed = self.python(["-m", "jupyter_client.runapp", "--existing", file, "script.py"])
        found = {"printed": printed, "kept": self.printed("print(y)")}
        self.check_steps("jupyter run --existing", found, {"printed": "from the script\n", "kept": "5\n"})

    def test_jupyter_console(self) -> None:
        """What is typed runs in the kernel of a session, which goes on when the console is left with ^D."""
        words = ["-m", "jupyter_console", "--existing", self.connection(), "--simple-prompt"]
        printed = self.python(words, "x = 20\nx + 1\nprint('typed')\n")
        found = {name: name in printed for name in ("21", "typed")}
        found["kept"] = self.printed("print(x)") == "20\n"
        self.check_steps("jupyter console --existing", found, dict.fromkeys(("21", "typed", "kept"), True))
