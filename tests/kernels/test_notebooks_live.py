"""Notebook files on a real disk, in a real server, with real kernels: opened, run, saved, merged, and never torn."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import nbformat

from tests.live import WAITS, Refused, ServerCase, until


def code_cell(source: str, **more: Any) -> dict[str, Any]:
    """A code cell without an id, as older notebooks have them."""
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source, **more}


def notebook(*cells: dict[str, Any], minor: int = 5) -> dict[str, Any]:
    """A notebook of these cells."""
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": minor}


class NotebookTestCase(ServerCase):
    """A server with a root of its own."""

    def path(self, name: str) -> Path:
        """Where a file of this test lies; its name below the root is the same for no two tests."""
        return self.folder / self.name(name)

    def name(self, name: str) -> str:
        """The path of a file of this test below the root."""
        return f"{self.id().rpartition('.')[2][:40]}-{name}"

    def write(self, name: str, body: Any) -> None:
        """Writes a file."""
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        self.path(name).write_bytes(text if isinstance(text, bytes) else text.encode())

    def open_file(self, name: str, kernelspec: str | None = None, **params: Any) -> str:
        """Opens a notebook; gives the session."""
        return self.open(kernelspec, path=self.name(name), **params)

    def cells(self) -> list[Any]:
        """The cells of the session."""
        return list(self.call("cell.list", session=self.session)["cells"])

    def types(self) -> list[str]:
        """Types of the events so far."""
        return [event["type"] for event in self.call("session.events", session=self.session, limit=1000)["events"]]

    def until_saved(self) -> None:
        """Waits until the file holds everything."""
        until(lambda: self.call("notebook.get", session=self.session)["is_saved"], "saved")


class Files(NotebookTestCase):
    """What comes in and what goes out."""

    def test_a_notebook_is_opened_run_and_saved(self) -> None:
        """Its outputs are in the file a second later; the nbformat library finds it valid."""
        self.write("a.ipynb", notebook(code_cell("print('hello')\n6 * 7", id="one")))
        self.open_file("a.ipynb", "python3")
        self.run_code("print('hello')\n6 * 7", cell="one")
        self.until_saved()
        read = nbformat.read(self.path("a.ipynb"), as_version=4)
        nbformat.validate(read)
        self.assertEqual(read.cells[0].outputs[0].text, "hello\n")
        self.assertEqual(read.cells[0].outputs[1].data["text/plain"], "42")
        self.assertEqual(read.cells[0].execution_count, 1)
        self.assertEqual(read.metadata.kernelspec.name, "python3")

    def test_a_notebook_starts_in_its_own_folder(self) -> None:
        """What it reads lies beside it."""
        (self.path("sub")).mkdir()
        self.write("sub/a.ipynb", notebook(code_cell("1", id="one")))
        self.open_file("sub/a.ipynb", "python3")
        self.assertEqual(self.printed("import os; print(os.getcwd())").strip(), str(self.path("sub")))

    def test_a_change_by_another_program_appears_by_itself(self) -> None:
        """Within moments, without anybody asking."""
        self.write("a.ipynb", notebook(code_cell("x = 1", id="one"), code_cell("y = 1", id="two")))
        self.open_file("a.ipynb")
        self.call("cell.set_source", session=self.session, cell="one", source="x = 10")
        self.until_saved()
        whole = json.loads(self.path("a.ipynb").read_bytes())
        whole["cells"][1]["source"] = "y = 20"
        self.write("a.ipynb", whole)
        until(lambda: [cell["source"] for cell in self.cells()] == ["x = 10", "y = 20"], "the change")

    def test_an_old_notebook_is_upgraded(self) -> None:
        """Format 3, through the nbformat library; the file stays as it is until something changes."""
        old = nbformat.v3.new_notebook(
            worksheets=[nbformat.v3.new_worksheet(cells=[nbformat.v3.new_code_cell(input="print 1")])]
        )
        self.write("a.ipynb", nbformat.v3.writes_json(old))
        before = self.path("a.ipynb").read_bytes()
        self.open_file("a.ipynb")
        (cell,) = self.cells()
        self.assertEqual((cell["source"], self.path("a.ipynb").read_bytes()), ("print 1", before))
        self.call("cell.set_source", session=self.session, cell=cell["id"], source="print(1)")
        self.until_saved()
        read = nbformat.read(self.path("a.ipynb"), as_version=nbformat.NO_CONVERT)
        nbformat.validate(read)
        self.assertEqual((read.nbformat, read.nbformat_minor, read.cells[0].source), (4, 5, "print(1)"))

    def test_a_text_notebook_is_opened_and_saved(self) -> None:
        """Percent cells in a program: what was not changed stays as it was written."""
        text = "# %% [markdown]\n# Title\n\n# %%\nx  =  1  # as I like it\n\n# %%\ny = 2\n"
        self.write("a.py", text)
        self.open_file("a.py")
        self.assertEqual([cell["cell_type"] for cell in self.cells()], ["markdown", "code", "code"])
        self.call("notebook.save", session=self.session)
        self.assertEqual(self.path("a.py").read_text(), text)
        self.call("cell.set_source", session=self.session, cell=self.cells()[2]["id"], source="y = 20")
        self.call("notebook.save", session=self.session)
        self.assertEqual(self.path("a.py").read_text(), text.replace("y = 2", "y = 20"))

    def test_outputs_of_a_text_notebook_survive_every_way_of_saving(self) -> None:
        """In parts, empty for two seconds, another file in its place, away and made again: each time the text is taken in, and outputs stay."""
        text = "# %%\nx = 0\n\n# %%\nprint('two')\n\n# %%\nprint('three')\n"
        self.write("a.py", text)
        self.open_file("a.py", "python3")
        ids = [cell["id"] for cell in self.cells()]
        for cell in self.cells():
            self.run_code(cell["source"], cell=cell["id"])
        for number, way in enumerate((self.in_parts, self.after_a_while, self.over_it, self.made_again), 1):
            way(self.path("a.py"), text.replace("x = 0", f"x = {number}"))
            until(
                lambda number=number: (
                    [cell["source"] for cell in self.cells()]  # type: ignore[misc]
                    == [f"x = {number}", "print('two')", "print('three')"]
                ),
                way.__name__,
            )
            notebook = self.call("notebook.at", session=self.session)["notebook"]
            self.assertEqual([cell["id"] for cell in notebook["cells"]], ids, way.__name__)
            shown = ["".join(cell["outputs"][0]["text"]) for cell in notebook["cells"][1:]]
            self.assertEqual(shown, ["two\n", "three\n"], way.__name__)
        until(lambda: self.call("notebook.get", session=self.session)["conflict"] is None, "no conflict")

    @staticmethod
    def in_parts(path: Path, text: str) -> None:
        """As a program without a buffer writes."""
        with path.open("w") as file:
            for at in range(0, len(text), 10):
                file.write(text[at : at + 10])
                file.flush()
                time.sleep(0.05)

    @staticmethod
    def after_a_while(path: Path, text: str) -> None:
        """Emptied, and filled two seconds later."""
        path.write_text("")
        time.sleep(2)
        path.write_text(text)

    @staticmethod
    def over_it(path: Path, text: str) -> None:
        """Another file takes its place."""
        other = path.with_name(f"{path.name}.tmp")
        other.write_text(text)
        other.rename(path)

    @staticmethod
    def made_again(path: Path, text: str) -> None:
        """It goes, and is made again."""
        path.unlink()
        time.sleep(0.5)
        path.write_text(text)

    def test_outputs_survive_the_server(self) -> None:
        """It is killed while a cell prints and an edit is not saved; the next one saves all of it, and nobody is asked."""
        self.write("a.ipynb", notebook(code_cell("", id="one"), code_cell("old", id="two")))
        self.open_file("a.ipynb", "python3")
        code = f"print('before', flush=True)\n{WAITS.format(gate=str(self.gate))}print('after')"
        self.call("cell.set_source", session=self.session, cell="one", source=code)
        self.start(code, cell="one")
        until(lambda: "output_added" in self.types(), "the first output")
        self.call("cell.set_source", session=self.session, cell="two", source="new")
        self.server.kill()
        self.gate.touch()
        self.server.start()
        until(
            lambda: json.loads(self.path("a.ipynb").read_bytes())["cells"][0]["execution_count"] is not None, "the end"
        )
        self.until_saved()
        cells = json.loads(self.path("a.ipynb").read_bytes())["cells"]
        self.assertEqual("".join(cells[0]["outputs"][0]["text"]), "before\nafter\n")
        self.assertEqual("".join(cells[1]["source"]), "new")


class BadFiles(NotebookTestCase):
    """Each is one clear failure or a repair that is told, and leaves no session behind when it fails."""

    def refusal(self, name: str) -> Refused:
        """The failure with which a file is refused."""
        before = len(self.call("session.list")["sessions"])
        fault = self.assertRaises(Refused, self.open_file, name)
        self.assertEqual(len(self.call("session.list")["sessions"]), before)
        assert isinstance(fault, Refused)
        return fault

    def test_what_is_no_notebook(self) -> None:
        """Not JSON, JSON of something else, a newer format."""
        for body, where in (
            ("{", ""),
            ("[1, 2]", ""),
            ('{"cells": 5, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "cells"),
            (b"\xff\xfe{\x00}\x00", ""),
        ):
            self.write("a.ipynb", body)
            fault = self.refusal("a.ipynb")
            self.assertEqual(fault.name, "invalid_notebook", body)
            self.assertTrue(fault.facts["where"].startswith(where), (body, fault.facts))
        self.write("a.ipynb", '{"cells": [], "metadata": {}, "nbformat": 5, "nbformat_minor": 0}')
        self.assertEqual(self.refusal("a.ipynb").name, "invalid_notebook")

    def test_what_is_no_file(self) -> None:
        """A folder, a fifo, a link to nowhere, a link out of the root: none hangs."""
        self.path("folder.ipynb").mkdir()
        os.mkfifo(self.path("fifo.ipynb"))
        self.path("dangling.ipynb").symlink_to("nowhere")
        self.path("out.ipynb").symlink_to("/etc/passwd")
        for name in ("folder", "fifo", "dangling", "out"):
            self.assertIn(self.refusal(f"{name}.ipynb").name, ("file_fault", "not_found", "invalid_params"), name)

    def test_what_is_too_much(self) -> None:
        """500 MB (of nothing), a hundred thousand cells, a thousand levels."""
        with open(self.path("big.ipynb"), "wb") as file:
            file.truncate(500 * 1024 * 1024)
        self.assertEqual(self.refusal("big.ipynb").name, "too_large")
        self.write("cells.ipynb", notebook(*[code_cell("", id=f"c{n}") for n in range(100_001)]))
        self.assertIn(self.refusal("cells.ipynb").name, ("too_large", "invalid_notebook"))
        deep = '{"cells": [], "metadata": {"x": DEEP}, "nbformat": 4, "nbformat_minor": 5}'
        self.write("deep.ipynb", deep.replace("DEEP", "[" * 100_000 + "]" * 100_000))
        self.assertEqual(self.refusal("deep.ipynb").name, "invalid_notebook")

    def test_what_can_be_repaired_is_repaired_and_told(self) -> None:
        """Ids that stand twice, half characters, a wrong type deep inside."""
        self.write("deep.ipynb", json.dumps(notebook(code_cell("1", id="a", outputs=[{"output_type": 5}]))))
        self.open_file("deep.ipynb")
        self.assertIn("cells[0].outputs[0]", self.opened()["repairs"][0])
        self.write("twice.ipynb", notebook(code_cell("a", id="x"), code_cell("b", id="x")))
        self.open_file("twice.ipynb")
        self.assertEqual(len({cell["id"] for cell in self.cells()}), 2)
        self.assertTrue(self.opened()["repairs"])
        self.write("half.ipynb", json.dumps(notebook(code_cell("a\ud800b", id="x"))))
        self.open_file("half.ipynb")
        self.assertEqual(self.cells()[0]["source"], "a\ufffdb")
        self.assertTrue(self.opened()["repairs"])

    def opened(self) -> Any:
        """The event that tells of the file."""
        told = self.call("session.events", session=self.session, limit=1000)["events"]
        return next(event for event in told if event["type"] == "notebook_opened")

    def test_a_file_that_is_deleted_under_its_session(self) -> None:
        """The work stays in the session, and can be saved again."""
        self.write("a.ipynb", notebook(code_cell("x", id="one")))
        self.open_file("a.ipynb")
        self.path("a.ipynb").unlink()
        until(lambda: self.call("notebook.get", session=self.session)["conflict"] is not None, "the conflict")
        self.call("cell.set_source", session=self.session, cell="one", source="y")
        self.call("notebook.save", session=self.session, overwrite="missing")
        self.assertEqual("".join(json.loads(self.path("a.ipynb").read_bytes())["cells"][0]["source"]), "y")


class Histories(NotebookTestCase):
    """What is kept when a notebook is closed."""

    def moments(self) -> list[str]:
        """The kinds of moments, the oldest first."""
        told = self.call("notebook.history", session=self.session)["moments"]
        return [moment["kind"] for moment in reversed(told)]

    def close(self) -> None:
        """Closes the notebook."""
        self.call("session.close", session=self.session)

    def first_source(self, **params: Any) -> str:
        """The source of the first cell of an earlier state."""
        cells = self.call("notebook.at", session=self.session, **params)["notebook"]["cells"]
        return "".join(cells[0]["source"])

    def test_the_history_goes_on_over_closes_and_moves(self) -> None:
        """By another program and here, with a kernel that ran before; and it runs again."""
        self.write("a.ipynb", notebook(code_cell("x = 1", id="one")))
        session = self.open_file("a.ipynb", "python3")
        self.run_code("x = 1", cell="one")
        self.call("notebook.checkpoint", session=session, checkpoint="ran")
        self.call("cell.set_source", session=session, cell="one", source="print('two')")
        self.close()
        os.rename(self.path("a.ipynb"), self.path("b.ipynb"))
        self.assertEqual(self.open_file("b.ipynb", "python3"), session)
        self.assertEqual(self.first_source(checkpoint="ran"), "x = 1")
        self.assertEqual(self.printed("print('again')"), "again\n")
        self.close()
        self.call("file.rename", path=self.name("b.ipynb"), to=self.name("c.ipynb"))
        whole = json.loads(self.path("c.ipynb").read_bytes())
        whole["cells"][0]["source"] = "three"
        self.write("c.ipynb", whole)
        self.assertEqual(self.open_file("c.ipynb"), session)
        self.assertEqual([cell["source"] for cell in self.cells()], ["three"])
        self.assertEqual(self.moments()[-1], "reloaded")
        self.call("notebook.restore", session=session, checkpoint="ran")
        self.assertEqual([cell["source"] for cell in self.cells()], ["x = 1"])

    def test_a_notebook_that_another_program_moves_is_followed(self) -> None:
        """While it is open, into a folder; what is edited then is saved there."""
        self.write("a.ipynb", notebook(code_cell("x = 1", id="one")))
        session = self.open_file("a.ipynb")
        self.path("sub").mkdir()
        os.rename(self.path("a.ipynb"), self.path("sub") / "b.ipynb")
        self.call("cell.set_source", session=session, cell="one", source="x = 2")
        until(lambda: self.call("session.get", session=session)["path"] == self.name("sub/b.ipynb"), "it follows")
        self.until_saved()
        self.assertIn("x = 2", (self.path("sub") / "b.ipynb").read_text())
        self.assertFalse(self.path("a.ipynb").exists())

    def test_what_is_kept_is_listed_and_deleted(self) -> None:
        """With its size; the notebook stays."""
        self.write("a.ipynb", notebook(code_cell("x = 1", id="one")))
        session = self.open_file("a.ipynb")
        self.close()
        (kept,) = [one for one in self.call("journal.list")["journals"] if one["session"] == session]
        self.assertEqual((kept["path"], kept["is_open"]), (self.name("a.ipynb"), False))
        self.assertEqual(kept["size_bytes"] > 1000, True)
        self.call("journal.delete", session=session)
        self.assertNotEqual(self.open_file("a.ipynb"), session)

    def test_closed_notebooks_leave_no_memory_behind(self) -> None:
        """Large ones, edited and saved: the process is small again when they are closed."""
        self.server = self.own_server()
        self.server.start()
        self.folder = self.server.root
        output = {"output_type": "stream", "name": "stdout", "text": "".join(f"line {n}\n" for n in range(4_000))}
        cells = [code_cell("x", id=f"c{n}", outputs=[output]) for n in range(500)]
        for name in ("a.ipynb", "b.ipynb", "a.ipynb"):
            if not self.path(name).exists():
                self.write(name, notebook(*cells))
            session = self.open_file(name)
            self.call("cell.set_source", session=session, cell="c0", source="y")
            self.close()
        status = Path(f"/proc/{self.server.pid}/status")
        until(lambda: int(status.read_text().split("VmRSS:")[1].split()[0]) < 120_000, "it takes under 120 MB")
