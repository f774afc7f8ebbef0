"""Notebooks of other projects in a real server: opened, saved, run, and nothing in them touched that did not change."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat

from tests import real_notebooks
from tests.live import PATIENCE_S, Refused, ServerCase

PLOTS = """
import numpy, pandas
import matplotlib.pyplot as plt
waves = pandas.DataFrame({"t": numpy.arange(100) / 10})
waves["height"] = numpy.sin(waves.t)
"""


class RealNotebooks(ServerCase):
    """All of them through one server."""

    def copied(self) -> list[Path]:
        """The notebooks, below the server's root."""
        folder = self.folder / "real"
        folder.mkdir(exist_ok=True)
        made = []
        for number, path in enumerate(real_notebooks.paths()):
            copy = folder / f"{number} {path.name.lstrip('.')}"
            copy.write_bytes(path.read_bytes())
            made.append(copy)
        return made

    def test_each_is_opened_and_comes_back_as_it_was(self) -> None:
        """Saved unchanged it is the same, byte for byte; with one cell more it is valid and the rest is there; what is none is refused in words."""
        opened = 0
        for path in self.copied():
            before = path.read_bytes()
            name = str(path.relative_to(self.folder))
            try:
                session = self.call("session.create", path=name)["id"]
            except Refused as fault:
                self.assertEqual(fault.name, "invalid_notebook", name)
                if (
                    json.loads(before)["nbformat_minor"] <= 5
                ):  # what comes after 4.5 may have cells that are not known yet
                    self.assertRaises(nbformat.ValidationError, _valid, before)
                continue
            opened += 1
            self.call("notebook.save", session=session)
            self.assertEqual(path.read_bytes(), before, name)
            cells = self.call("cell.list", session=session)["cells"]
            last = cells[-1]["id"] if cells else None
            self.call("cell.insert", session=session, after=last, cell_type="raw", source="one more")
            self.call("session.close", session=session)
            self.check_grown(before, path.read_bytes(), name)
        self.assertGreater(opened, 10)

    def check_grown(self, before: bytes, after: bytes, name: str) -> None:
        """Only a cell was added."""
        old, new = _sources(before), _sources(after)
        self.assertEqual(new, [*old, "one more"], name)
        try:
            _valid(before)
        except nbformat.ValidationError:
            return  # it was not before, so it need not be now
        _valid(after)

    def test_pandas_and_matplotlib_are_run_and_drawn(self) -> None:
        """By the command line, without a browser: the table and the picture are in the file, which is valid."""
        cells = [
            nbformat.v4.new_code_cell(PLOTS),
            nbformat.v4.new_code_cell("waves.describe()"),
            nbformat.v4.new_code_cell("plt.plot(waves.t, waves.height); plt.show()"),
        ]
        path = self.folder / "waves.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        command = [sys.executable, "-m", "webipy.cli", "run", str(path), "--state", str(self.server.state)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=4 * PATIENCE_S, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        read = nbformat.read(path, as_version=4)
        nbformat.validate(read)
        self.assertIn("<table", read.cells[1].outputs[0].data["text/html"])
        self.assertTrue(any("image/png" in output.get("data", {}) for output in read.cells[2].outputs))


def _sources(body: bytes) -> list[str]:
    """The sources of all cells, whatever version of the format."""
    whole: Any = json.loads(body)
    if whole["nbformat"] < 4:
        whole = nbformat.reads(body.decode(), as_version=4)
    return ["".join(cell.get("source", "")) for cell in whole["cells"]]


def _valid(body: bytes) -> None:
    """Raises when the nbformat library finds it invalid."""
    nbformat.validate(nbformat.reads(body.decode(), as_version=4))
