"""The boot file of ipykernel: what it changes, and that it changes nothing else."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.faults import rounds
from tests.kernels import STOCK, HostClient, Wanted, is_a, is_over, start_host
from tests.live import ROOT, until
from webipy.host.ways import BOOT_FILE
from webipy.kernel_programs.interrupts import STUBBORN_S
from webipy.kernel_programs.standby import IMPORTED


def is_idle(request: str) -> Wanted:
    """Look for the kernel's word that it is done with a request."""
    return lambda item: is_a("status", request)(item) and item.content["execution_state"] == "idle"


TAKEN = (
    "import os, select, signal, threading, time\n"
    "threading.Timer(0.2, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGINT)).start()\n"
)
"""Code that is interrupted soon by a signal that another thread takes."""


class Booted(SynchronousTestCase):
    """A kernel that the host started through the boot file."""

    def ready(self, argv: list[str] | None = None, **launch: object) -> HostClient:
        """Start a kernel and wait for it."""
        client = HostClient(self, start_host(self, argv, **launch))
        client.ready()
        return client

    def test_the_program_sees_what_it_sees_under_the_launcher(self) -> None:
        """`sys.argv[0]`, `sys.path` and `__main__` are those of `python -m ipykernel_launcher`."""
        code = "import sys; print([sys.argv[0], sys.path, __name__, sys.modules['__main__'].__dict__ is globals()])"
        folder = tempfile.mkdtemp(prefix="wk")
        self.addCleanup(os.rmdir, folder)
        booted = self.ready(cwd=folder).printed(code)
        stock = self.ready(
            [
                sys.executable,
                "-X",
                "frozen_modules=off",
                "-m",
                "runpy",
                "ipykernel_launcher",
                "-f",
                "{connection_file}",
            ],
            cwd=folder,
        )
        self.assertEqual(ast.literal_eval(booted), ast.literal_eval(stock.printed(code)))

    def test_modules_of_the_working_folder_can_be_imported(self) -> None:
        """IPython puts the working folder on the path; the boot file's own folder is not there."""
        folder = tempfile.mkdtemp(prefix="wk")
        path = Path(folder) / "neighbour.py"
        self.addCleanup(os.rmdir, folder)
        self.addCleanup(path.unlink)
        path.write_text("word = 'found'\n")
        client = self.ready(cwd=folder)
        self.assertEqual(
            client.printed("import sys; sys.dont_write_bytecode = True; import neighbour; print(neighbour.word)"),
            "found\n",
        )
        self.assertEqual(
            client.printed("try: import standby, run_module\nexcept ImportError: print('hidden')"), "hidden\n"
        )

    def test_the_publisher_waits(self) -> None:
        """A reader that stands still for a while misses nothing; stock ipykernel drops what it cannot queue."""
        host = start_host(self)
        client = HostClient(self, host)
        client.ready()
        go, far = Path(host.folder) / "go", Path(host.folder) / "far"
        wait = f"import os, time\nprint('in', flush=True)\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
        show = (
            "kernel = get_ipython().kernel\nfor n in range(4000):\n"
            "    kernel.send_response(kernel.iopub_socket, 'display_data', {'data': {'text/plain': str(n), 'x': '-' * 4096}})\n"
            f"    if n == 1500: open({str(far)!r}, 'w').close()"
        )
        request = client.execute(wait + show)
        client.until(lambda item: item.text.startswith("in"))
        host.process.send_signal(signal.SIGSTOP)
        go.touch()
        until(far.exists, "more was shown than ZeroMQ queues")
        host.process.send_signal(signal.SIGCONT)
        came = client.until(is_over(request))
        shown = [int(item.content["data"]["text/plain"]) for item in came if item.msg_type == "display_data"]
        self.assertEqual(shown, list(range(4000)))

    def test_a_flush_is_complete(self) -> None:
        """When a flush returns, its text is with ZeroMQ: nothing is left in the queue of the iopub thread."""
        client = self.ready()
        code = "print('x', flush=True); print(len(get_ipython().kernel.parent.iopub_thread._events))"
        self.assertEqual(client.printed(code), "x\n0\n")

    def test_raw_output_of_children_comes(self) -> None:
        """What a child process writes to the inherited stdout is shown, in full."""
        client = self.ready()
        request = client.execute("import os; os.system('seq 1 20000')")
        text, has_ended = "", False
        while not (has_ended and text.endswith("\n20000\n")):
            item = client.until(lambda _: True)[-1]
            text, has_ended = text + item.text, has_ended or is_over(request)(item)
        self.assertEqual(text, "".join(f"{n}\n" for n in range(1, 20001)))

    def test_the_log_is_clean(self) -> None:
        """After a good start the raw log is empty, so that a death report quotes only what matters."""
        host = start_host(self)
        client = HostClient(self, host)
        client.ready()
        client.run("import os; print(1); os.system('echo raw')")
        self.assertEqual((Path(host.folder) / "kernel.log").read_text(), "")

    def test_a_stock_kernel_runs_too(self) -> None:
        """A kernel that is started in some other way works through the host as it is."""
        client = self.ready(STOCK)
        self.assertEqual(client.printed("print('stock')"), "stock\n")


class Ends(SynchronousTestCase):
    """A run ends, in order, with all of its output."""

    def setUp(self) -> None:
        """A kernel for the test."""
        self.client = HostClient(self, start_host(self))
        self.client.ready()

    def reply(self, code: str) -> Any:
        """Run code and give the content of its reply."""
        return self.client.run(code)[-1].content

    def test_every_request_gets_its_reply(self) -> None:
        """Whatever goes wrong while the reply is made or sent; the next cell runs."""
        payload = "get_ipython().payload_manager.write_payload({'source': 'page', 'data': %s})"
        render = "class Odd(Exception):\n    def _render_traceback_(self): return %s\nraise Odd('odd')"
        table = [
            ("def foo():\n    'a \\ud800 b'\nget_ipython().run_line_magic('pinfo', 'foo')", "ok", None),
            (payload % "object()", "ok", None),
            (payload % "{1: {2}}", "ok", None),
            (render % 5, "error", "Odd"),
            (render % "None", "error", "Odd"),
            (render % "[1, b'x']", "error", "Odd"),
            ("class Mute(Exception):\n    def __str__(self): raise ValueError('mute')\nraise Mute", "error", None),
            ("raise Exception('\\udcff')", "error", "Exception"),
            ("import asyncio\nraise asyncio.CancelledError", "error", "CancelledError"),
            ("import asyncio\nasyncio.current_task().cancel()\nawait asyncio.sleep(9)", "error", "CancelledError"),
            ("raise KeyboardInterrupt", "error", "KeyboardInterrupt"),
            ("def stop(*_): raise KeyboardInterrupt\nget_ipython().run_code = stop", "ok", None),
            ("1", "error", None),
        ]
        for code, status, ename in table:
            reply = self.reply(code)
            self.assertEqual(reply["status"], status, code)
            self.assertIn(ename, (None, reply.get("ename")), code)

    def test_text_that_is_no_unicode_comes_with_replacements(self) -> None:
        """Printed, shown, as a result."""
        came = self.client.run("print('a\\ud800b')\ndisplay({'text/plain': 'c\\udfffd'}, raw=True)\n'\\ud83d'")
        shown = [item.content["data"]["text/plain"] for item in came if "data" in item.content]
        self.assertEqual(("".join(item.text for item in came), shown), ("a\ufffdb\n", ["c\ufffdd", "'\\ud83d'"]))

    def test_an_interrupt_ends_an_await(self) -> None:
        """What waits in it, and what computes in it."""
        for wait in ("await asyncio.sleep(600)", "while True: pass", "import time; time.sleep(600)"):
            request = self.client.execute(f"import asyncio\nawait asyncio.sleep(0)\nprint('on', flush=True)\n{wait}")
            self.client.until(lambda item: item.text.startswith("on"))
            self.client.command("interrupt")
            self.assertEqual(self.client.until(is_over(request))[-1].content["status"], "error")
        self.assertEqual(self.client.printed("print('well')"), "well\n")

    def test_an_interrupt_ends_a_wait_that_has_just_begun(self) -> None:
        """The signal comes while the main thread is already on its way into a call of the system, which then does not end of itself.

        Here another thread takes the signal, which leaves the main thread just so.
        """
        waits = ("time.sleep(600)", "threading.Event().wait()", "os.read(os.pipe()[0], 1)", "select.select([], [], [])")
        for wait in waits:
            reply = self.reply(f"{TAKEN}{wait}")
            self.assertEqual((reply["status"], reply.get("ename")), ("error", "KeyboardInterrupt"), wait)
        self.assertEqual(self.client.printed("print('well')"), "well\n")

    def test_a_loop_of_the_user_s_code_hears_of_its_signals(self) -> None:
        """While it wants to: once it does not, an interrupt ends a wait that has just begun, as before."""
        self.client.run(
            "import asyncio, signal\nloop, heard = asyncio.get_running_loop(), []\nloop.add_signal_handler(signal.SIGUSR1, heard.append, 1)"
        )
        code = "signal.raise_signal(signal.SIGUSR1)\nwhile not heard: await asyncio.sleep(0.01)\nprint(heard)"
        self.assertEqual(self.client.printed(code), "[1]\n")
        self.client.run("loop.remove_signal_handler(signal.SIGUSR1)")
        reply = self.reply(f"{TAKEN}time.sleep(600)")
        self.assertEqual((reply["status"], reply.get("ename")), ("error", "KeyboardInterrupt"))

    def test_what_wakes_the_main_thread_ends_no_code(self) -> None:
        """The signal for that does nothing: a sleep goes on with what time it had left."""
        code = (
            "import os, signal, threading, time\nbegun = time.monotonic()\n"
            "threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGURG)).start()\ntime.sleep(0.5)\n"
            "print(time.monotonic() - begun >= 0.5)"
        )
        self.assertEqual(self.client.printed(code), "True\n")

    def test_an_interrupt_ends_what_runs_beside_cells(self) -> None:
        """A task that blocks the kernel between two cells: the second signal strikes it, and the kernel goes on."""
        block = (
            "import asyncio, time\nasync def block():\n    print('in', flush=True)\n    while True: time.sleep(0.01)\n"
        )
        self.client.run(f"{block}task = asyncio.create_task(block())")
        if not any(item.text.startswith("in") for item in self.client.items):  # it may come before the cell's reply
            self.client.until(lambda item: item.text.startswith("in"))
        request, is_next = self.client.execute("task.done()"), False
        while not is_next:
            self.client.command("interrupt")
            item = self.client.receive(STUBBORN_S)
            is_next = item is not None and is_a("execute_input", request)(item)
        self.client.until(is_over(request))

    def test_an_interrupt_ends_a_handler_of_a_comm_and_a_completion(self) -> None:
        """The user's code that runs in no cell; both are answered, and the kernel goes on."""
        spin = "print('in', flush=True)\n    while True: pass"
        self.client.run(
            f"def hear(comm, message):\n    {spin}\nget_ipython().kernel.comm_manager.register_target('spin', hear)\n"
            f"class Odd:\n  def __dir__(self):\n    {spin}\nodd = Odd()"
        )
        for kind, content in (
            ("comm_open", {"comm_id": "c1", "target_name": "spin", "data": {}}),
            ("complete_request", {"code": "odd.", "cursor_pos": 4}),
        ):
            request = self.client.send("shell", kind, content)
            self.client.until(lambda item: item.text.startswith("in"))
            self.client.command("interrupt")
            self.client.until(is_idle(request))
        self.assertEqual(self.client.printed("print('well')"), "well\n")

    def test_what_a_comm_and_a_completion_write_is_no_output_of_the_next_cell(self) -> None:
        """By Python and by file descriptor; it has their message as its parent."""
        write = "print('in'); os.write(1, b'raw')"
        self.client.run(
            f"import os\ndef hear(comm, message): {write}\n"
            "get_ipython().kernel.comm_manager.register_target('write', hear)\n"
            f"class Odd:\n  def __dir__(self):\n    {write}\n    return []\nodd = Odd()"
        )
        for kind, content in (
            ("comm_open", {"comm_id": "c1", "target_name": "write", "data": {}}),
            ("complete_request", {"code": "odd.", "cursor_pos": 4}),
        ):
            for _ in range(rounds(20, 200)):
                request = self.client.send("shell", kind, content)
                came = self.client.until(is_idle(request))
                text = "".join(item.text for item in came if item.parent == request)
                self.assertIn("raw", text)
                self.assertIn("in\n", text)
                self.assertEqual(self.client.printed("print('next')"), "next\n")

    def test_output_of_processes_is_there_when_the_cell_has_ended_and_in_its_place(self) -> None:
        """By subprocess, os.system and a file descriptor; on both streams; with a multibyte character that stays whole."""
        lines = "".join(f"{n}\n" for n in range(1, 3001))
        for _ in range(rounds(5, 40)):
            out = self.client.printed(
                "import os, subprocess\nprint('a')\nsubprocess.run(['seq', '3000'])\nprint('b')\nos.system('echo c')\n"
                "print('d')\nos.write(1, 'ü€'.encode())"
            )
            self.assertEqual(out, f"a\n{lines}b\nc\nd\nü€")
        code = "import ctypes\nfor n in range(3):\n    ctypes.CDLL(None).printf(b'C %d\\n', n); time.sleep(0.001); print('py', n)\n"
        last = "ctypes.CDLL(None).puts(b'last')"
        self.assertEqual(self.client.printed("import time\n" + code + last), "C 0\npy 0\nC 1\npy 1\nC 2\npy 2\nlast\n")
        came = self.client.run("import os, sys\nsys.stderr = None\nos.write(2, b'raw')")
        self.assertEqual([item.text for item in came if item.text], ["raw"])

    def test_a_fork_of_the_kernel_prints_whatever_its_threads_did(self) -> None:
        """It takes no raw output from the kernel, and waits for no thread that it does not have."""
        code = (
            "import os, sys, threading\nheld, done = threading.Event(), threading.Event()\n"
            "def hold():\n    with sys.stdout.raw_output._lock: held.set(); done.wait()\n"
            "threading.Thread(target=hold).start(); held.wait()\nchild = os.fork()\n"
            "if not child: sys.stdout.write('child'); os._exit(7)\n"
            "done.set(); print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
        )
        self.assertIn("7\n", self.client.printed(code))

    def test_a_question_comes_after_what_was_printed_before_it(self) -> None:
        """`print('Menu'); input('choice? ')`, with output of a process in between."""
        code = "import os\nprint('Menu')\nos.system('echo 1')\ninput('choice? ')\nprint('x' * 5000)\ninput('again? ')"
        for _ in range(rounds(10, 60)):
            request = self.client.execute(code, allow_stdin=True)
            came = [self.client.until(is_a("input_request", request))]
            self.client.send("stdin", "input_reply", {"value": ""})
            came.append(self.client.until(is_a("input_request", request)))
            self.client.send("stdin", "input_reply", {"value": ""})
            self.client.until(is_over(request))
            told = ["".join(item.text for item in some) for some in came]
            self.assertEqual(told, ["Menu\n1\n", "x" * 5000 + "\n"])


class Waiting(SynchronousTestCase):
    """What a kernel that waits has imported."""

    def test_it_imports_what_every_kernel_does_and_nothing_else(self) -> None:
        """A module may look around in the folder where it is imported: there is another one later."""
        client = HostClient(self, start_host(self))
        client.ready()
        asked = f"import sys; print([name for name in {IMPORTED} if name not in sys.modules])"
        self.assertEqual(client.printed(asked), "[]\n")


class Debugging(SynchronousTestCase):
    """`breakpoint()`."""

    def test_a_breakpoint_asks_in_the_cell(self) -> None:
        """It opens pdb where it stands, with the variables there; what is typed comes as answers to input."""
        client = HostClient(self, start_host(self))
        client.ready()
        request = client.execute("x = 6\nbreakpoint()\nprint('after', x)", allow_stdin=True)
        for answer in ("p x * 7", "x = 8", "c"):
            self.assertIn("db", client.until(is_a("input_request"))[-1].content["prompt"])
            client.send("stdin", "input_reply", {"value": answer})
        client.until(is_over(request))
        printed = "".join(item.text for item in client.items)
        self.assertIn("42\n", printed)
        self.assertIn("after 8\n", printed)


class OtherVersions(SynchronousTestCase):
    """The boot file with an ipykernel that lacks what it wants."""

    def test_a_missing_part_is_told_and_the_rest_works(self) -> None:
        """One line on stderr for each part that is missing, and the kernel starts."""
        code = (
            "import runpy, sys\n"
            "from ipykernel import iostream, kernelapp\n"
            "del iostream.OutStream._watch_pipe_fd, iostream.OutStream.flush_interval, kernelapp.IPKernelApp._bind_socket\n"
            "kernelapp.launch_new_instance = lambda: print('started', sys.argv[1:])\n"
            f"sys.argv = [{BOOT_FILE!r}, '-f', 'file']\n"
            f"runpy.run_path({BOOT_FILE!r}, run_name='__main__')\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=ROOT)
        self.assertEqual((done.returncode, done.stdout), (0, "started ['-f', 'file']\n"), done.stderr)
        told = [line.split(":")[1].strip() for line in done.stderr.splitlines() if line.startswith("webipy")]
        self.assertEqual(
            told,
            [
                f"this ipykernel runs without {name}"
                for name in ("wait_for_slow_readers", "send_text_soon", "read_raw_output_whole")
            ],
        )

    def test_the_syntax_is_that_of_python_3_8(self) -> None:
        """The kernel's Python may be older than webipy's."""
        for program in Path(BOOT_FILE).parent.glob("*.py"):
            ast.parse(program.read_text(), program.name, feature_version=(3, 8))

    def test_only_the_standard_library_and_ipykernel_are_imported(self) -> None:
        """webipy is not installed in the kernel's environment; IPython, jupyter_client and zmq come with ipykernel."""
        tree = ast.parse(Path(BOOT_FILE).read_text())
        names = {
            alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        names |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        self.assertEqual(names - set(sys.stdlib_module_names), {"ipykernel", "zmq", "IPython", "jupyter_client"})
