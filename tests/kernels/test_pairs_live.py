"""A notebook in a pair of files on a real disk: an editor's changes of the script arrive by themselves, whenever and however it writes."""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path

from tests.kernels.test_notebooks_live import NotebookTestCase, code_cell, notebook
from tests.live import until

ROUNDS = int(os.environ.get("WEBIPY_PAIR_ROUNDS", "4"))


def in_steps(path: Path, text: str) -> None:
    """Emptied, then written in two parts."""
    with path.open("w") as file:
        file.flush()
        time.sleep(0.02)
        file.write(text[: len(text) // 2])
        file.flush()
        time.sleep(0.02)
        file.write(text[len(text) // 2 :])


def over(path: Path, text: str) -> None:
    """By another file, which takes its place."""
    other = path.with_name(f"{path.name}~")
    other.write_text(text)
    other.rename(path)


def again(path: Path, text: str) -> None:
    """It goes, and is made again."""
    path.unlink()
    path.write_text(text)


WAYS = (Path.write_text, in_steps, over, again)


class Pairs(NotebookTestCase):
    """Both files and the page are the same document."""

    def sources(self) -> list[str]:
        """The sources in the session."""
        return [cell["source"] for cell in self.cells()]

    def saved(self) -> list[str]:
        """The sources in the notebook file."""
        return ["".join(cell["source"]) for cell in json.loads(self.path("a.ipynb").read_bytes())["cells"]]

    def text(self) -> list[str]:
        """The sources in the script."""
        return [part.strip() for part in self.path("a.py").read_text().split("# %%")[1:]]

    def test_an_editor_and_the_page_at_once(self) -> None:
        """The editor changes a cell in the script as it finds that, while another one is edited here: both changes are everywhere, outputs stay."""
        whole = notebook(*(code_cell(f"print({number})", id=f"c{number}") for number in range(4)))
        whole["metadata"] = {"jupytext": {"formats": "ipynb,py:percent"}}
        self.write("a.ipynb", whole)
        self.open_file("a.ipynb", "python3")
        for number in range(4):
            self.run_code(f"print({number})", cell=f"c{number}")
        self.call("notebook.save", session=self.session)
        wanted = [f"print({number})" for number in range(4)]
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        for number in range(ROUNDS):
            way, before, what = WAYS[number % len(WAYS)], wanted[0], f"round {number} of seed {seed}"
            if chance.random() < 0.7:
                wanted[0] = f"print({number}) # here"
                self.call("cell.set_source", session=self.session, cell="c0", source=wanted[0])
                time.sleep(chance.choice((0.0, 0.9, 1.0, 1.05, 1.1, 1.2, 1.4)))
            read = self.path("a.py").read_text()
            written = read.replace(wanted[2], f"print({number}) # there")
            wanted[2] = f"print({number}) # there"
            way(self.path("a.py"), written)
            until(lambda: self.sources()[2] == wanted[2], f"the change in {what} by {way.__name__}")
            until(lambda: self.sources() == self.saved() == self.text(), f"three equals in {what}")
            if self.sources()[0] == before and wanted[0] not in read:
                wanted[0] = before  # saved between what the editor read and what it wrote: so the editor took it back
            self.assertEqual(self.sources(), wanted, what)
        self.assertEqual([cell["id"] for cell in self.cells()], [f"c{number}" for number in range(4)])
        cells = json.loads(self.path("a.ipynb").read_bytes())["cells"]
        self.assertEqual(
            ["".join(cell["outputs"][0]["text"]) for cell in cells], [f"{number}\n" for number in range(4)]
        )
        self.assertNotIn("notebook_conflicted", self.types())
