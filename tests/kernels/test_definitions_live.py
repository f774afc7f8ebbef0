"""`definition.get` with a real server and a real ipykernel: names of cells, of files beside them, of libraries, and those that lead nowhere."""

from __future__ import annotations

from typing import Any

from tests.live import WAITS, ServerCase

CELL = """\
import csv, functools, json, os, string, sys
import json as js
import beside

def noted(call):
    @functools.wraps(call)
    def inner(*rest):
        return call(*rest)
    return inner

@noted
@functools.lru_cache
def area(width, height):
    return width * height

class Shape:
    color = "red"
    def __init__(self):
        self.sides = 4
    def turn(self):
        return self
    @property
    def loud(self):
        raise RuntimeError("a property is not called")

class Empty(Shape):
    pass

shape, empty, number = Shape(), Empty(), 5
"""

BESIDE = """\
LIMIT = 10


class Tool:
    def use(self):
        return LIMIT


def lend(tool):
    return tool
"""


class Definitions(ServerCase):
    """Where names are defined."""

    def opened(self) -> None:
        """A session whose kernel has run the cell above."""
        (self.folder / "beside.py").write_text(BESIDE)
        self.open()
        self.assertEqual(self.run_code(CELL)["status"], "ok")

    def ask(self, code: str, cursor: int | None = None, **more: Any) -> dict[str, Any]:
        """What the kernel says of the name at the end of some code, or at a place in it."""
        cursor = len(code) if cursor is None else cursor
        told: dict[str, Any] = self.call("definition.get", session=self.session, code=code, cursor=cursor, **more)
        return told

    def line(self, code: str, cursor: int | None = None) -> tuple[str, str]:
        """The place that is told, and the text of the line there."""
        told = self.ask(code, cursor)
        self.assertEqual(told["status"], "found", (code, told))
        place = told["execution_count"] if told["place"] == "cell" else told["path"] or told["file"].rpartition("/")[2]
        return str(place), told["source"].split("\n")[told["line"] - told["first_line"]].strip()

    def test_names_of_cells_are_found_in_the_cell_that_ran(self) -> None:
        """Functions behind decorators, classes with and without methods, methods, properties and attributes of instances; nothing is called."""
        self.opened()
        self.assertEqual(self.line("area"), ("1", "def area(width, height):"))
        self.assertEqual(self.line("Shape"), ("1", "class Shape:"))
        self.assertEqual(self.line("Empty"), ("1", "class Empty(Shape):"))
        self.assertEqual(self.line("empty.turn"), ("1", "def turn(self):"))
        self.assertEqual(self.line("shape.loud"), ("1", "def loud(self):"))
        self.assertEqual(self.line("shape.sides"), ("1", "self.sides = 4"))
        self.assertEqual(self.line("empty.color"), ("1", 'color = "red"'))
        self.run_code("def area(side):\n    return side ** 2")
        self.assertEqual(self.line("area"), ("2", "def area(side):"))
        whole = self.ask("Shape")
        self.assertEqual((whole["first_line"], whole["lines"]), (1, len(CELL.splitlines())))
        self.assertEqual(whole["source"], CELL.rstrip("\n"))

    def test_names_of_files_and_libraries_are_found_with_their_source(self) -> None:
        """A file below the root has its path there, one of a library has not; an excerpt is of limited size around the line."""
        self.opened()
        self.assertEqual(self.line("beside.Tool.use"), ("beside.py", "def use(self):"))
        self.assertEqual(self.line("beside.LIMIT"), ("beside.py", "LIMIT = 10"))
        self.assertEqual(self.line("beside"), ("beside.py", "LIMIT = 10"))
        self.assertEqual(self.ask("beside.lend")["file"], str(self.folder / "beside.py"))
        self.assertEqual(
            self.line("json.dumps"),
            ("__init__.py", "def dumps(obj, *, skipkeys=False, ensure_ascii=True, check_circular=True,"),
        )
        self.assertEqual(self.line("js.JSONEncoder.encode"), ("encoder.py", "def encode(self, o):"))
        self.assertEqual(self.line("x = csv.DictReader(y)", 10), ("csv.py", "class DictReader:"))
        self.assertEqual(self.line("os.path.join")[1], "def join(a, *p):")
        self.assertEqual(self.line("string.ascii_letters")[1], "ascii_letters = ascii_lowercase + ascii_uppercase")
        told = self.ask("os.walk")
        self.assertIsNone(told["path"])
        self.assertLessEqual(len(told["source"].split("\n")), 400)
        self.assertTrue(told["first_line"] < told["line"] < told["lines"])
        (self.folder / "beside.py").write_text("# one more line\n" + BESIDE)
        self.assertEqual(self.line("beside.lend"), ("beside.py", "def lend(tool):"))

    def test_hidden_files_have_no_path(self) -> None:
        """What the server does not show is told as the kernel sees it, and no address of it is."""
        (self.folder / ".venv").mkdir()
        (self.folder / ".venv" / "tucked.py").write_text("def away(): pass\n")
        self.open()
        self.run_code(f"import sys; sys.path.insert(0, {str(self.folder / '.venv')!r})\nimport tucked")
        told = self.ask("tucked.away")
        self.assertEqual((told["place"], told["path"], told["line"]), ("file", None, 1))

    def test_code_that_has_not_run_is_read(self) -> None:
        """Parameters hide names of the kernel, `self` is the class around it, an import that was not run yet is followed, magics are passed over."""
        self.opened()
        inside = "class Box:\n  def open(self): pass\n  def shut(self):\n    self.open"
        self.assertEqual(
            {**self.ask(inside), "kind": ""},
            {**self.ask(""), "status": "found", "name": "self.open", "place": "code", "line": 2},
        )
        self.assertEqual(self.ask("def f(json):\n    return json.dumps")["status"], "unknown")
        self.assertEqual(
            self.line("%matplotlib inline\nimport calendar\ncalendar.monthrange")[1].split("(")[0], "def monthrange"
        )
        self.run_code("Tool = encoder = 5")
        self.assertEqual(self.line("from beside import Tool as Other", 23), ("beside.py", "class Tool:"))
        self.assertEqual(self.line("from json import (\n  encoder as e,\n)", 25)[0], "encoder.py")
        self.assertEqual(self.line("import beside as b", 10), ("beside.py", "LIMIT = 10"))
        self.assertEqual(self.ask("import nothing_of_this_name")["status"], "unknown")
        self.assertEqual(self.line("🧪 = '🧪🧪'; shape.turn"), ("1", "def turn(self):"))

    def test_what_leads_nowhere_is_told(self) -> None:
        """Compiled code, plain values, names that are none, places without a name, a place behind the end."""
        self.opened()
        for code, status in {
            "len": "built_in",
            "sys": "built_in",
            "csv.reader": "built_in",
            "nothing_of_this_name": "unknown",
            "shape.nothing": "unknown",
            "": "no_name",
            "1 + 2": "no_name",
        }.items():
            self.assertEqual(self.ask(code)["status"], status, code)
        value = self.ask("number")
        self.assertEqual((value["status"], value["type"]), ("value", "int"))
        self.assertEqual(self.ask("area", 1000)["status"], "found")
        self.run_code("exec('def made(): pass')")
        self.assertEqual(self.ask("made")["status"], "no_source")
        self.refused("invalid_params", "definition.get", session=self.session, code="x", cursor=-1)
        self.refused("invalid_params", "definition.get", session=self.session, code="x" * 200_001, cursor=0)

    def test_it_neither_counts_nor_shows_nor_stays(self) -> None:
        """No output, no execution count, no history, no name of the user, no event."""
        self.open()
        before = self.printed("print(sorted(set(dir()) - set(_ih)))").count("_webipy")
        for _ in range(3):
            self.assertEqual(self.ask("len")["status"], "built_in")
        found = self.run_code("print([one for one in dir() if 'webipy' in one])")
        self.assertEqual((before, found["execution_count"], found["outputs"][0]["text"]), (0, 2, "[]\n"))
        kinds = [event["type"] for event in self.events()]
        self.assertEqual(kinds.count("execution_queued"), 2)  # those of this test

    def test_a_kernel_that_runs_code_answers(self) -> None:
        """At once."""
        self.opened()
        running = self.start(WAITS.format(gate=str(self.gate)))
        self.assertEqual(self.line("area")[0], "1")
        self.assertEqual(self.line("json.dumps")[0], "__init__.py")
        self.gate.touch()
        self.assertEqual(self.wait(running)["status"], "ok")

    def test_without_a_kernel_or_with_another_language(self) -> None:
        """Each is told in its own way."""
        self.open(None)
        self.refused("kernel_not_ready", "definition.get", session=self.session, code="len", cursor=1)
