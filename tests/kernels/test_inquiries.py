"""What is asked of an ipykernel beside its main thread: answered while a cell runs, and without a trace in it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.kernels import STOCK, HostClient, Item, is_a, is_over, start_host
from webipy.kernel_programs.inquiries import FEATURE, MOST

PROGRAM = """
class Told:
    def __init__(self, value): self.value = value
    def _repr_mimebundle_(self): return {"application/json": self.value}
def shown(shell, expression): return Told(repr(eval(expression, shell.user_ns)))
"""
REPLIES = ("complete_reply", "inspect_reply", "is_complete_reply", "history_reply", "webipy_inquiry_reply")


class Inquiries(SynchronousTestCase):
    """A kernel that the host started through the boot file."""

    def setUp(self) -> None:
        self.client = HostClient(self, start_host(self))
        self.features = self.client.ready().content["kernel_info"]["supported_features"]
        self.given = 0

    def ask(self, msg_type: str, **content: Any) -> str:
        """Send an inquiry; return its id."""
        return self.client.send("control", msg_type, content)

    def complete(self, code: str) -> str:
        """Ask for completions at the end of some code."""
        return self.ask("complete_request", code=code, cursor_pos=len(code))

    def show(self, expression: str) -> str:
        """Ask a program for the text of a value."""
        more = {"module": "_shown", "function": "shown", "arguments": [expression], "source": PROGRAM}
        return self.ask("webipy_inquiry_request", **more)

    def reply(self, request: str) -> Item:
        """Wait for the reply to an inquiry."""
        return self.client.until(lambda item: item.parent == request and item.msg_type in REPLIES)[-1]

    def test_each_is_answered_while_a_cell_runs(self) -> None:
        """Completion, inspection, completeness, history and programs; the kernel says that it can."""
        self.assertIn(FEATURE, self.features)
        self.client.run("a_long_name = 41")
        running = self.client.execute("import time; print('in', flush=True)\ntime.sleep(60)")
        self.client.until(lambda item: item.text.startswith("in"))
        self.assertEqual(self.reply(self.complete("a_lon")).content["matches"], ["a_long_name"])
        found = self.reply(self.ask("inspect_request", code="print", cursor_pos=3, detail_level=0)).content
        self.assertIn("Signature", found["data"]["text/plain"])
        self.assertEqual(self.reply(self.ask("is_complete_request", code="if x:")).content["status"], "incomplete")
        more = {"hist_access_type": "tail", "n": 5, "raw": True, "output": False}
        self.assertIn("a_long_name = 41", str(self.reply(self.ask("history_request", **more)).content["history"]))
        self.assertEqual(self.reply(self.show("a_long_name")).content["data"], {"application/json": "41"})
        self.assertEqual([item for item in self.client.items if is_over(running)(item)], [])
        self.client.command("interrupt")
        came = self.client.until(is_over(running))
        self.assertEqual(came[-1].content["ename"], "KeyboardInterrupt")

    def test_every_line_of_a_cell_stays_its_own(self) -> None:
        """200 inquiries print, show and ask while a cell, a thread and a file descriptor print: nothing of theirs comes, nothing is missing."""
        self.client.run(
            "import os, threading, time\n"
            "class Loud:\n"
            "    def __repr__(self):\n"
            "        import warnings; warnings.warn('loud')\n"
            "        print('LOUD'); display('LOUD'); os.write(1, b'')\n"
            "        try: input('LOUD')\n"
            "        except Exception as fault: return str(fault)\n"
            "loud = Loud()\n"
        )
        running = self.client.execute(
            "def beside():\n"
            "    for n in range(1000): print(f'thread {n}\\n', end=''); time.sleep(0.0005)\n"
            "thread = threading.Thread(target=beside); thread.start()\n"
            "for n in range(1000): print(f'cell {n}\\n', end=''); os.write(1, b'raw %d\\n' % n); time.sleep(0.0005)\n"
            "thread.join()",
            allow_stdin=True,
        )
        asked = [self.show("loud") if n % 2 else self.complete("lou") for n in range(8)]
        came: list[Item] = []
        while len(asked) < 200 or not all(any(item.parent == one for item in came) for one in asked[-8:]):
            came += self.client.until(lambda item: item.msg_type in REPLIES or is_over(running)(item))
            if len(asked) < 200:
                asked.append(self.show("loud") if len(asked) % 2 else self.complete("lou"))
        if not any(is_over(running)(item) for item in came):
            came += self.client.until(is_over(running))
        lines = "".join(item.text for item in came if item.parent == running).splitlines()
        for kind in ("cell", "thread", "raw"):
            self.assertEqual([line for line in lines if line.startswith(kind)], [f"{kind} {n}" for n in range(1000)])
        self.assertEqual(len(lines), 3000)
        self.assertNotIn("LOUD", "".join(item.text for item in came))
        shown = {item.msg_type for item in came if item.parent in asked} - {*REPLIES, "status"}
        self.assertEqual(shown, set())
        self.assertEqual([item for item in came if item.channel == "stdin"], [])
        said = {item.content["data"]["application/json"] for item in came if item.msg_type == "webipy_inquiry_reply"}
        self.assertIn("input() cannot be used here: nobody is asked", said)
        self.assertLessEqual(len(said), 2)  # between two cells, `input` is Python's own, which finds no line

    def test_one_that_hangs_keeps_nobody(self) -> None:
        """The next one is answered; too many that hang are refused; an interrupt is for the cell; a restart forgets them all."""
        self.client.run("import time\nclass Slow:\n    def __repr__(self): time.sleep(600)\nslow, name = Slow(), 1")
        running = self.client.execute("print('in', flush=True)\ntime.sleep(600)")
        self.client.until(lambda item: item.text.startswith("in"))
        self.show("slow")
        self.assertEqual(self.reply(self.complete("nam")).content["matches"], ["name"])
        for _ in range(MOST - 1):
            self.show("slow")
        self.assertEqual(self.reply(self.show("name")).content["ename"], "Busy")
        self.client.command("interrupt")
        self.assertEqual(self.client.until(is_over(running))[-1].content["ename"], "KeyboardInterrupt")
        self.assertEqual(self.client.printed("print(name)"), "1\n")
        self.client.command("restart")
        self.client.until(is_a("kernel_ready"))
        self.client.run("name = 2")
        self.assertEqual(self.reply(self.show("name")).content["data"], {"application/json": "2"})

    def test_what_goes_wrong_is_told_to_who_asked(self) -> None:
        """Errors, an exit, a module that is not there, and content that is none."""
        self.client.run("class Bad:\n    def __repr__(self): raise SystemExit('away')\nbad = Bad()")
        self.assertEqual(self.reply(self.show("1 / 0")).content["ename"], "ZeroDivisionError")
        self.assertEqual(self.reply(self.show("bad")).content["evalue"], "away")
        told = self.reply(self.ask("webipy_inquiry_request", module="_none", function="shown", arguments=[])).content
        self.assertEqual(told["ename"], "ModuleNotFoundError")
        self.assertEqual(self.reply(self.ask("webipy_inquiry_request")).content["ename"], "KeyError")
        self.assertEqual(self.client.printed("print('lives')"), "lives\n")

    def test_it_leaves_no_trace(self) -> None:
        """No count, no history, no name, no filter of warnings, no hook of IPython's."""
        self.client.run(
            "import warnings\nhooks = []\n"
            "for name in ('pre_execute', 'post_execute'): get_ipython().events.register(name, lambda: hooks.append(1))\n"
            "before = (list(warnings.filters), warnings.showwarning)"
        )
        self.client.run("hooks.clear()")
        for _ in range(3):
            self.reply(self.show("1"))
            self.reply(self.complete("befo"))
        code = "print(len(hooks), (list(warnings.filters), warnings.showwarning) == before, [n for n in dir() if 'webipy' in n or 'shown' in n])"
        came = self.client.run(code)
        self.assertEqual("".join(item.text for item in came), "2 True []\n")
        self.assertEqual(came[-1].content["execution_count"], 3)


class Stock(SynchronousTestCase):
    """A kernel that runs without the boot file."""

    def test_it_says_nothing_of_inquiries(self) -> None:
        """So nobody asks it beside its main thread."""
        ready = HostClient(self, start_host(self, STOCK)).ready()
        self.assertNotIn(FEATURE, ready.content["kernel_info"].get("supported_features", ()))


class SharedMemory(SynchronousTestCase):
    """What kernels remember of parsed files, in one folder for all of them."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wk"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.patch(os, "environ", {**os.environ, "XDG_CACHE_HOME": str(self.folder)})

    def kernel(self) -> HostClient:
        """One that knows a name."""
        client = HostClient(self, start_host(self))
        client.ready()
        client.run("a_long_name = 41")
        return client

    def ask(self, client: HostClient) -> str:
        """Ask for that name."""
        return client.send("control", "complete_request", {"code": "a_lon", "cursor_pos": 5})

    def assert_completed(self, client: HostClient, request: str) -> None:
        """The name came."""
        self.assertEqual(client.until(is_a("complete_reply", request))[-1].content["matches"], ["a_long_name"])

    def test_kernels_that_begin_it_at_once_read_no_half_of_it(self) -> None:
        """Each completes."""
        clients = [self.kernel() for _ in range(4)]
        asked = [self.ask(client) for client in clients]
        for client, request in zip(clients, asked, strict=True):
            self.assert_completed(client, request)

    def test_halves_of_files_do_no_harm(self) -> None:
        """As a kernel of another server leaves them that is killed while it writes; they are written again."""
        first = self.kernel()
        self.assert_completed(first, self.ask(first))
        files = [path for path in self.folder.rglob("*") if path.is_file() and path.suffix == ".pkl"]
        self.assertGreater(len(files), 0)
        sizes = {path: path.stat().st_size for path in files}
        for path in files:
            os.truncate(path, sizes[path] // 2)
        second = self.kernel()
        self.assert_completed(second, self.ask(second))
        self.assertEqual({path: path.stat().st_size for path in files}, sizes)
