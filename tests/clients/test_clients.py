"""Clients of the Jupyter world, unchanged, against a real `twistd webipy` and real kernels.

Each is run as its users run it, in a process of its own where it has state of its own. A client that is not installed is skipped.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest

from tests.live import PATIENCE_S, ServerCase, until

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = Path(__file__).with_name("services.mjs")
LINES = "".join(f"{number}\n" for number in range(60))


class ClientCase(ServerCase):
    """Kernels that a client leaves are ended."""

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self._end_kernels)

    def _end_kernels(self) -> None:
        for kernel in self.asked("GET", "/api/kernels"):
            self.asked("DELETE", f"/api/kernels/{kernel['id']}")

    def asked(self, method: str, path: str) -> Any:
        """A request with the token; its JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, headers={"Authorization": f"token {self.server.token}"})
            body = connection.getresponse().read()
        finally:
            connection.close()
        return json.loads(body) if body else None

    def python(self, code: str, *needs: str, **environment: str) -> str:
        """Runs a program that uses a client; gives what it prints."""
        for name in needs:
            if importlib.util.find_spec(name) is None:
                raise SkipTest(f"{name} is not installed: make clients")
        ran = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code],
            env={**self.server.environment, **environment},
            capture_output=True,
            text=True,
            timeout=10 * PATIENCE_S,
        )
        self.assertEqual(ran.returncode, 0, ran.stderr[-4000:])
        return ran.stdout


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


class Python(ClientCase):
    """Clients in Python."""

    def test_nbclient_with_a_gateway(self) -> None:
        """Its sockets can send no token but in the path of their address."""
        printed = self.python(
            NBCLIENT,
            "nbclient",
            "jupyter_server",
            JUPYTER_GATEWAY_URL=self.server.origin,
            JUPYTER_GATEWAY_AUTH_TOKEN=self.server.token,
            JUPYTER_GATEWAY_WS_URL=f"ws://127.0.0.1:{self.server.port}/token/{self.server.token}",
        )
        self.assertEqual(printed.splitlines(), ["'0\\n1\\n2\\n'", "\"'b'\"", "'42'"])
        self.assertEqual(self.asked("GET", "/api/kernels"), [])
        self.assertNotIn(self.server.token, self.server.log)

    def test_jupyter_kernel_client(self) -> None:
        """Execute, fail, restart; at its end the kernel is gone."""
        code = KERNEL_CLIENT.replace("URL", repr(self.server.origin)).replace("TOKEN", repr(self.server.token))
        printed = self.python(code, "jupyter_kernel_client")
        self.assertEqual(printed.splitlines(), ["ok 'hi\\n42'", "ZeroDivisionError", "NameError"])
        self.assertEqual(self.asked("GET", "/api/kernels"), [])


class Services(ClientCase):
    """@jupyterlab/services, which JupyterLab and VS Code are built on, as a program of node."""

    def program(self, what: str) -> subprocess.Popen[str]:
        """Starts it; it prints a line of JSON for each step."""
        modules = ROOT / "web" / "node_modules"
        node = shutil.which("node")
        if node is None or not (modules / "@jupyterlab" / "services").is_dir():
            raise SkipTest("node, or the packages of the page, are not installed: make test")
        folder = self.server.folder / "services"
        folder.mkdir(exist_ok=True)
        if not (folder / "node_modules").exists():
            (folder / "node_modules").symlink_to(modules.resolve())
        shutil.copy(PROGRAM, folder)
        process = subprocess.Popen(
            [
                node,
                "--preserve-symlinks",
                "--preserve-symlinks-main",
                PROGRAM.name,
                self.server.origin,
                self.server.token,
                what,
            ],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_everything_that_a_page_asks(self) -> None:
        """Execute, complete, inspect, ask, comms with buffers, interrupt, restart, reconnect, shut down."""
        process = self.program("all")
        out, err = process.communicate(timeout=10 * PATIENCE_S)
        found = {
            line["step"]: line["value"]
            for line in map(json.loads, filter(lambda one: one.startswith("{"), out.splitlines()))
        }
        self.assertEqual(
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
            err[-3000:],
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
        self.assertEqual(steps[-1], {"step": "done", "value": ["ok", LINES]})
