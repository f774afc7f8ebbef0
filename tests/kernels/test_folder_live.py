"""A kernel takes nothing for itself from the folder where it runs, whatever the modules there are called; the user's code does."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from tests.kernels import IPYKERNEL, HostClient, is_a, is_over, start_host
from tests.live import ROOT
from webipy.kernel_programs.import_guard import OURS
from webipy.server.methods.kernel_inquiries import programs

OTHERS = {
    "numpy",
    "pandas",
    "matplotlib",
    "trio",
    "curio",
    "black",
    "yapf",
    "docrepr",
    "sphinxify",
    "gi",
    "cloudpickle",
    "dill",
    "gdb",
    "java",
    "nbformat",
    "sitecustomize",
    "usercustomize",
    "ipython_config",
    "ipython_kernel_config",
    "jupyter_config",
    "conftest",
}
NAMES = sorted({*sys.stdlib_module_names, *OURS, *OTHERS} - {"__main__", "sys", "builtins"})
MARK = "import os\nwith open({file!r}, 'a') as file: file.write({name!r} + '\\n')\nMINE = True\n"


class Folder(SynchronousTestCase):
    """A folder that is full of modules which say so when they run."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wk"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.ran = self.folder / "ran.txt"
        for name in NAMES:
            (self.folder / f"{name}.py").write_text(MARK.format(file=str(self.ran), name=name))
        self.addCleanup(setattr, self, "client", None)
        cache = tempfile.mkdtemp(
            prefix="wk"
        )  # parso writes into a cache that kernels of other tests may read in that moment
        self.addCleanup(shutil.rmtree, cache)
        self.patch(os, "environ", {**os.environ, "XDG_CACHE_HOME": cache})

    def start(self, argv: list[str] | None = None, **launch: Any) -> HostClient:
        """Start a kernel there."""
        self.client = HostClient(self, start_host(self, argv, cwd=str(self.folder), **launch))
        self.client.ready()
        return self.client

    def assert_nothing_ran(self, what: str) -> None:
        """None of the modules."""
        self.assertFalse(self.ran.exists(), f"{what}: {self.ran.read_text().split() if self.ran.exists() else ''}")

    def ask(self, kind: str, channel: str = "shell", **content: Any) -> Any:
        """Ask the kernel something, and give the reply."""
        request = self.client.send(channel, f"{kind}_request", content)
        answer = self.client.until(is_a(f"{kind}_reply", request))[-1].content
        self.assert_nothing_ran(f"{kind} {content}")
        return answer

    def test_questions_and_all_that_the_kernel_does_by_itself_run_none_of_them(self) -> None:
        """Completion, inspection, tracebacks, displays, magics, the debugger and the programs that webipy sends."""
        client = self.start()
        self.assert_nothing_ran("the start")
        for code in (
            "import os\nos.pa",
            "x = 1\nx.b",
            "import ",
            "from os import pa",
            "%mat",
            "open('/tm",
            "{'a': 1}['",
            "for i in x:\n  i.",
        ):
            answer = self.ask("complete", code=code, cursor_pos=len(code))
            self.assertEqual(answer["status"], "ok", answer)
        self.assertIn("path", self.ask("complete", code="import os\nos.pa", cursor_pos=15)["matches"])
        for level in (0, 1):
            self.assertTrue(self.ask("inspect", code="open", cursor_pos=2, detail_level=level)["found"])
        self.ask("is_complete", code="for i in x:")
        for channel in ("control", "shell"):  # beside what runs, and after it
            self.assertIn("path", self.ask("complete", channel, code="import os\nos.pa", cursor_pos=15)["matches"])
            self.ask("inspect", channel, code="os.path", cursor_pos=7, detail_level=1)
        self.client.run("import os; name = 'value'")
        questions: list[tuple[str, list[str | int]]] = [("definition", ["os.path", 5]), ("listed", [])]
        for function, arguments in questions:
            program = programs()["python", function]
            content = msgspec.json.decode(program.asked(function, arguments, is_given=True))
            self.assertEqual(self.ask("webipy_inquiry", "control", **content)["status"], "ok")
            content = msgspec.json.decode(program.executed(function, arguments, is_given=True))
            self.assertIn("'ok'", str(self.ask("execute", **content)["user_expressions"]))
        self.ask("history", hist_access_type="search", pattern="*", n=3, output=False, raw=True)
        for code in (
            "def f(): 1/0\nf()", "1/", "await __import__('sys').modules['asyncio'].sleep(0)", "get_ipython().display_pub.publish({'text/html': 'x'})",
            "!true", "%time 1", "%timeit -n1 -r1 1", "%%bash\ntrue", "f?", "f??", "%lsmagic", "%whos", "%load_ext storemagic", "%prun 1", "%history",
            *((Path(ROOT) / "webipy" / "kernel_programs" / name).read_text() for name in ("definitions.py", "run_script.py")),
        ):  # fmt: skip
            client.run(code)
            self.assert_nothing_ran(code[:60])
        request = client.execute("breakpoint()", allow_stdin=True)
        client.until(is_a("input_request", request))
        client.send("stdin", "input_reply", {"value": "c"})
        client.until(is_over(request))
        self.assert_nothing_ran("breakpoint()")
        attach = {"type": "request", "seq": 1, "command": "initialize", "arguments": {"clientID": "t", "adapterID": ""}}
        request = client.send("control", "debug_request", attach)
        self.assertTrue(client.until(is_a("debug_reply", request))[-1].content["success"])
        self.assert_nothing_ran("the debugger")

    def test_the_users_code_finds_them(self) -> None:
        """By import, by a module there that imports, by importlib and `%load_ext`, before and after the kernel has its own."""
        (self.folder / "mine.py").write_text("import nbformat\nfrom curio import MINE\n")
        (self.folder / "extension_of_mine.py").write_text("def load_ipython_extension(shell): print('loaded')\n")
        self.start()
        code = "import sys; sys.dont_write_bytecode = True\nimport jedi, mine, importlib\nprint(jedi.MINE, mine.nbformat.MINE, mine.MINE)"
        self.assertEqual(self.client.printed(code), "True True True\n")
        self.assertEqual(self.client.printed("print(importlib.import_module('numpy').MINE)"), "True\n")
        self.assertEqual(self.client.printed("%load_ext extension_of_mine"), "loaded\n")
        self.assertEqual(self.client.printed("import runpy; print(runpy.run_module('pandas')['MINE'])"), "True\n")
        self.assertEqual(set(self.ran.read_text().split()), {"jedi", "nbformat", "curio", "numpy", "pandas"})

    def test_a_kernel_that_waited_runs_none_of_them(self) -> None:
        """It learns of the folder later."""
        self.client = HostClient(self, start_host(self, cwd=tempfile.gettempdir(), waits=True))
        self.client.attach()
        self.client.command("enter", cwd=str(self.folder), code="1", grace_s=0.5)
        self.client.until(is_a("kernel_ready"))
        self.assertIn("path", self.ask("complete", code="import os\nos.pa", cursor_pos=15)["matches"])
        self.assertEqual(self.client.printed("import jedi; print(hasattr(jedi, 'MINE'))"), "False\n")

    def test_a_kernel_that_is_another_module_runs_none_of_them(self) -> None:
        """It starts, and answers."""
        self.start([sys.executable, "-m", "ipykernel.kernelapp", *IPYKERNEL[3:]])
        self.assert_nothing_ran("the start")
        self.assertIn("path", self.ask("complete", code="import os\nos.pa", cursor_pos=15)["matches"])
        self.client.run("1/0")
        self.assert_nothing_ran("a traceback")

    def test_a_script_runs_none_of_them(self) -> None:
        """`webipy exec -f`: the folder of the script is on the path by its name while it runs."""
        self.client = HostClient(self, start_host(self, cwd=os.path.dirname(ROOT)))
        self.client.ready()
        script = "def f(): 1/0\nf()"
        prepare = (Path(ROOT) / "webipy" / "kernel_programs" / "run_script.py").read_text()
        prepare += f"\nScript(get_ipython(), {script!r}, {str(self.folder / 'a.py')!r}, ['a.py']).wait()"
        self.client.run(prepare)
        self.assertIn("ZeroDivisionError", str(self.client.run(script)[-1].content))
        self.assert_nothing_ran("the traceback of a script")
