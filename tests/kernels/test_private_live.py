"""Nobody else reaches a kernel: it listens in its host's folder and nowhere else, whatever it is asked."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.kernels import HostClient, is_a, is_over, start_host
from tests.listening import family, open_to_others
from tests.live import PATIENCE_S, Server, command_of
from webipy.host.ways import BOOT_FILE

FORKS = """
import multiprocessing, os
fork = multiprocessing.get_context("fork")
def tell(word):
    print(word, flush=True)
    print(word + " at its end")
child = fork.Process(target=tell, args=("process",))
child.start(); child.join()
with fork.Pool(1) as pool:
    pool.apply(tell, ("pool",))
    pool.close(); pool.join()
pid = os.fork()
if not pid:
    print("fork", flush=True)
    os._exit(0)
os.waitpid(pid, 0)
"""


class Private(SynchronousTestCase):
    """A kernel through a host."""

    def setUp(self) -> None:
        """A mark for its processes."""
        self.mark = f"WEBIPY_TEST_MARK={os.urandom(8).hex()}"

    def start(self, argv: list[str] | None = None, **launch: Any) -> HostClient:
        """Start a kernel whose processes carry the mark."""
        name, value = self.mark.split("=")
        self.host = start_host(self, argv, env={name: value}, **launch)
        client = HostClient(self, self.host)
        client.ready()
        return client

    def assert_private(self) -> None:
        """Nothing of the kernel or its host can be reached by others."""
        pids = family(self.host.process.pid, self.mark)
        self.assertGreater(len(pids), 1)
        self.assertEqual(open_to_others(pids), [])

    def ask(self, client: HostClient, command: str, **arguments: Any) -> Any:
        """Ask the debugger and give its answer."""
        asked = {"type": "request", "seq": client._sent + 1, "command": command, "arguments": arguments}
        request = client.send("control", "debug_request", asked)
        answer = client.until(is_a("debug_reply", request))[-1].content
        self.assertTrue(answer["success"], answer)
        return answer.get("body")

    def test_what_forks_print_comes_and_no_port_is_open(self) -> None:
        """Forked processes print into the cell, also what they had not flushed."""
        client = self.start()
        self.assert_private()
        request = client.execute(FORKS)
        wanted, seen = {"process", "process at its end", "pool", "pool at its end", "fork"}, ""
        is_done = False
        while not (is_done and wanted <= set(seen.split("\n"))):
            item = client.until(lambda _: True)[-1]
            seen, is_done = seen + item.text, is_done or is_over(request)(item)
        self.assert_private()

    def test_a_kernel_that_builds_on_ipykernel_opens_no_port(self) -> None:
        """One that has a launcher of its own."""
        folder = Path(self.mktemp())
        folder.mkdir()
        code = "from ipykernel.kernelapp import IPKernelApp\nIPKernelApp.launch_instance()\n"
        (folder / "another_kernel.py").write_text(code)
        argv = [sys.executable, "-m", "another_kernel", "-f", "{connection_file}"]
        client = self.start(argv, cwd=str(folder.absolute()))
        self.assertIn("sum\n", client.printed(FORKS + "print('sum')"))
        self.assert_private()

    def test_the_debugger_opens_no_port(self) -> None:
        """It stops at a breakpoint, shows variables and goes on; nobody else could have asked it to."""
        client = self.start()
        self.ask(client, "initialize", clientID="test", adapterID="", pathFormat="path", linesStartAt1=True)
        self.ask(client, "attach")
        code = "def double(x):\n    y = 2 * x\n    return y\nprint(double(21))\n"
        path = self.ask(client, "dumpCell", code=code)["sourcePath"]
        told = self.ask(client, "setBreakpoints", breakpoints=[{"line": 3}], source={"path": path})
        self.assertTrue(told["breakpoints"][0]["verified"], told)
        self.ask(client, "configurationDone")
        request = client.execute(code)
        stop = client.until(lambda item: item.msg_type == "debug_event" and item.content["event"] == "stopped")[-1]
        self.assert_private()
        thread = stop.content["body"]["threadId"]
        frame = self.ask(client, "stackTrace", threadId=thread)["stackFrames"][0]["id"]
        scope = self.ask(client, "scopes", frameId=frame)["scopes"][0]["variablesReference"]
        variables = self.ask(client, "variables", variablesReference=scope)["variables"]
        self.assertIn(("y", "42"), [(one["name"], one["value"]) for one in variables])
        self.ask(client, "continue", threadId=thread)
        while not any(map(is_over(request), client.items)):  # the debugger's answer may be the last to come
            client.until(lambda _: True)
        self.assertIn("42\n", "".join(item.text for item in client.items))
        code = "import subprocess, sys; print(subprocess.run([sys.executable, '-c', 'print(6)'], capture_output=True).stdout)"
        self.assertEqual(client.printed(code), "b'6\\n'\n")  # it is not debugged along, and waits for nobody
        self.ask(client, "disconnect", restart=False, terminateDebuggee=False)
        self.assert_private()
        adapters = [name for name in os.listdir(self.host.folder) if name.startswith("d-")]
        self.assertLessEqual(len(adapters), 2, adapters)

    def test_what_the_code_itself_listens_on_is_where_it_says(self) -> None:
        """`debugpy.listen` in a cell is for a debugger that connects from elsewhere."""
        client = self.start()
        client.printed("import debugpy; print(debugpy.listen(('127.0.0.1', 0)))")
        found = open_to_others(family(self.host.process.pid, self.mark))
        self.assertTrue(found and all("debugpy" in name for name in found), found)


class Sockets(SynchronousTestCase):
    """Sockets that have a name in a folder instead of a port."""

    def test_they_speak_of_a_host_and_a_port(self) -> None:
        """A number for 0, the same one in the name, and none left over."""
        import webipy.kernel_programs.private_endpoints as private

        folder = self.mktemp()
        os.mkdir(folder)
        place = os.path.relpath(folder)
        server = private._sockets_of(place)["create_server"](place, 0, timeout=PATIENCE_S)
        host, port = server.getsockname()[:2]
        self.assertEqual((host, port in private.PORTS), (place, True))

        def knock() -> None:
            with private.Socket() as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
                client.connect((host, port))
                client.sendall(b"word")

        thread = threading.Thread(target=knock)
        thread.start()
        found, (other, _) = server.accept()
        thread.join()
        self.assertEqual((found.recv(10), other), (b"word", place))
        found.close()
        server.close()
        self.assertEqual(os.listdir(folder), [])

    def test_an_earlier_name_is_taken_over(self) -> None:
        """A kernel that was killed has left it."""
        import webipy.kernel_programs.private_endpoints as private

        folder = self.mktemp()
        os.mkdir(folder)
        for _ in range(2):
            server = private._sockets_of(folder)["create_server"](folder, 1)
            self.addCleanup(server.close)
        self.assertEqual(os.listdir(folder), ["d-1"])


class OtherVersions(SynchronousTestCase):
    """An ipykernel that lacks what is changed."""

    def test_it_is_told(self) -> None:
        """One line on stderr, and the kernel starts."""
        code = (
            "import runpy, sys\nfrom ipykernel import iostream, kernelapp\n"
            "iostream.IOPubThread._setup_pipe_out = lambda self: None\n"
            "kernelapp.launch_new_instance = lambda: print('started')\n"
            f"sys.argv = [{BOOT_FILE!r}]\nrunpy.run_path({BOOT_FILE!r}, run_name='__main__')\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.stdout, "started\n", done.stderr)
        self.assertIn("webipy: this ipykernel runs without listen_in_folder", done.stderr)


class WholeServer(SynchronousTestCase):
    """A server with all that it starts."""

    def test_only_the_servers_own_port_is_open(self) -> None:
        """While kernels start, run and are debugged, and a notebook is printed by a browser."""
        server = Server("--kernels-stop-with-server")
        self.addCleanup(server.close)
        server.start()
        port = str(server.port)
        session = server.call("session.create", title="t", kernelspec="python3")["id"]
        server.call("execution.start", session=session, code=FORKS, id="run")
        asked = {"type": "request", "seq": 1, "command": "initialize", "arguments": {"clientID": "t", "adapterID": ""}}
        work = [
            lambda: server.call("execution.wait", session=session, execution="run"),
            lambda: server.call(
                "message.send", session=session, channel="control", msg_type="debug_request", content=asked
            ),
            lambda: server.call("notebook.export", session=session, format="pdf"),
        ]
        commands, answers = set(), list[Any]()
        for call in work:
            thread = threading.Thread(target=lambda call=call: answers.append(call()))
            thread.start()
            while thread.is_alive():
                pids = family(server.pid, str(server.state))
                commands |= {
                    name
                    for pid in pids
                    for name in ("kernelhost", "converter", "chrom", "adapter")
                    if name in told(pid)
                }
                self.assertEqual([name for name in open_to_others(pids) if f":{port} of" not in name], [])
                thread.join(0.02)
        self.assertEqual([answer.get("error") for answer in answers], [None] * 3)
        self.assertLessEqual({"kernelhost", "converter", *(["chrom"] if shutil.which("chromium") else [])}, commands)


def told(pid: int) -> str:
    """The command line of a process."""
    return command_of(pid).decode(errors="replace")
