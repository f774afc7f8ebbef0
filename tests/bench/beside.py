"""webipy's page beside JupyterLab and Notebook 7: the same notebooks in the same Chromium, in one run, one server after the other.

Data flow: a virtual environment with both is made in `.cache/jupyter` when it is not there (a few minutes, 260 MB; no part of `make test` or `make
bench`). Each server gets a folder of its own, the same three notebooks in it, and is driven as a person drives it: cells are run by keys. A round
measures everything on every server in turn, so that what else the machine does meets all of them; the table has the medians.

    python -m tests.bench.beside [--rounds 3] [--into .cache/jupyter] [--pictures FOLDER]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import attrs
from playwright.sync_api import expect

from tests.bench.bench_page import FLOOD, cell, notebook
from tests.bench.tab import STALLS, UNTIL, WAIT_MS, Tab
from tests.browser.stage import PATIENCE_MS, PageServer, enter, new_server, the_browser
from tests.live import ROOT

LINES = 100_000
MANY = 500
START_S = 60.0
TRIES = 10
TOKEN = "beside"
Figures = dict[str, float]

FIGURES = {
    "bytes until the first cell, kB": 0,
    "requests until the first cell": 0,
    "bytes until a key shows, kB": 0,
    "CPU until the first cell, s": 2,
    "CPU until settled, s": 2,
    "heap settled, MB": 1,
    f"{MANY} cells: CPU until settled, s": 2,
    f"{LINES:,} lines: kept": 0,
    f"{LINES:,} lines: CPU, s": 2,
    f"{LINES:,} lines: longest stall, ms": 0,
    f"{LINES:,} lines: heap after, MB": 1,
}
"""What is measured, and with how many decimals it is told."""


class Host(Protocol):
    """A server with a page for notebooks."""

    title: str
    cell: str
    source: str

    @property
    def root(self) -> Path:
        """Its folder."""

    def enter(self, tab: Tab) -> None:
        """Signs a tab in."""

    def address(self, path: str) -> str:
        """Where a notebook of the folder is shown."""

    def until_ready(self, tab: Tab) -> None:
        """Waits until the page takes code to run."""

    def until_run(self, tab: Tab, number: int) -> None:
        """Waits until the run of a cell has ended."""

    def lines(self, tab: Tab, number: int) -> int:
        """How many printed lines the page holds of a cell."""


@attrs.define
class Webipy:
    """This server."""

    server: PageServer
    title: str = "webipy"
    cell: str = ".cell"
    source: str = ".src, .cm-content"

    @property
    def root(self) -> Path:
        """Its folder."""
        return self.server.root

    def enter(self, tab: Tab) -> None:
        """A login by the token."""
        enter(tab.context, self.server.origin, self.server.token).close()

    def address(self, path: str) -> str:
        """The page of the session that the file has."""
        session = self.server.call("session.create", path=path, kernelspec="python3")["id"]
        return f"{self.server.origin}/s/{session}"

    def until_ready(self, tab: Tab) -> None:
        """It takes code at any time; what is run before the kernel is there waits for it."""

    def until_run(self, tab: Tab, number: int) -> None:
        """The margin tells how it ended."""
        cell = tab.page.locator(self.cell).nth(number)
        expect(cell.locator(".meta .st")).to_have_count(1, timeout=WAIT_MS)
        expect(cell.locator(".meta .run")).to_have_count(0, timeout=WAIT_MS)

    def lines(self, tab: Tab, number: int) -> int:
        """As its foot counts them: the page holds them all, a window of them is in the document."""
        told = tab.page.locator(self.cell).nth(number).locator(".log-foot .counts").inner_text()
        found = re.search(r"([\d,]+) lines", told)
        assert found is not None, told
        return int(found.group(1).replace(",", ""))


@attrs.define
class Jupyter:
    """JupyterLab or Notebook 7, as they are installed, with nothing set but what the measuring needs."""

    title: str
    root: Path
    port: int
    place: str
    cell: str = ".jp-Notebook .jp-Cell"
    source: str = ".cm-content, .jp-InputArea-editor"
    _opened: int = 0

    def enter(self, tab: Tab) -> None:
        """A cookie by the token."""
        tab.context.request.get(f"http://127.0.0.1:{self.port}/tree?token={TOKEN}")

    def address(self, path: str) -> str:
        """The page of the file, in a workspace of its own: the last one would open what was open in it."""
        self._opened += 1
        return f"http://127.0.0.1:{self.port}/{self.place.format(workspace=self._opened)}/{path}"

    def until_ready(self, tab: Tab) -> None:
        """Its indicator tells that the kernel has been reached."""
        idle = tab.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]')
        expect(idle).to_have_count(1, timeout=WAIT_MS)

    def until_run(self, tab: Tab, number: int) -> None:
        """A number stands in the brackets."""
        prompt = tab.page.locator(self.cell).nth(number).locator(".jp-InputPrompt").first
        for _ in range(TRIES):
            try:
                expect(prompt).not_to_have_text("[ ]:", timeout=START_S * 100)
                break
            except AssertionError:
                tab.page.keyboard.press("Control+Enter")  # what is asked for while it connects is forgotten
        expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=WAIT_MS)

    def lines(self, tab: Tab, number: int) -> int:
        """Those that stand in the output."""
        outputs = tab.page.locator(self.cell).nth(number).locator(".jp-OutputArea-output")
        return sum(len(re.findall(r"^line \d", text or "", re.MULTILINE)) for text in outputs.all_text_contents())


@contextlib.contextmanager
def jupyter(folder: Path, title: str, program: str, place: str) -> Iterator[Jupyter]:
    """Such a server, ended when the block is left."""
    root = Path(tempfile.mkdtemp(prefix="webipy-beside-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    options = ["--no-browser", "--allow-root", f"--ServerApp.port={port}", f"--ServerApp.root_dir={root}"]
    command = [str(folder / "bin" / program), *options, f"--IdentityProvider.token={TOKEN}"]
    with (root.with_suffix(".log")).open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=root)
        try:
            until_answered(f"http://127.0.0.1:{port}/api/status?token={TOKEN}")
            yield Jupyter(title, root, port, place)
        finally:
            process.terminate()
            process.wait(30)
            shutil.rmtree(root, ignore_errors=True)


def until_answered(url: str) -> None:
    """Waits until a server answers."""
    end = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(url).read()
            return
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def environment(folder: Path) -> Path:
    """The virtual environment with both, made when it is not there."""
    if not (folder / "bin" / "jupyter-notebook").exists():
        print(f"installing jupyterlab and notebook into {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "--quiet", "jupyterlab", "notebook"], check=True)
    return folder


def versions(folder: Path) -> dict[str, str]:
    """What is installed there."""
    told = subprocess.run(
        [str(folder / "bin" / "pip"), "list", "--format=json"], check=True, capture_output=True
    ).stdout
    return {one["name"]: one["version"] for one in json.loads(told)}


def code(number: int, source: str) -> dict[str, Any]:
    """A cell that has not run."""
    own: dict[str, Any] = {"id": f"c{number}", "metadata": {}, "outputs": [], "execution_count": None}
    return {**own, "cell_type": "code", "source": source}


def furnish(root: Path, number: int) -> None:
    """Lays the notebooks of a round into a server's folder: no server shows what a round before has left."""
    few, many = ([cell(at, "one\ntwo\nthree\n") for at in range(count)] for count in (3, MANY))
    flood = [code(0, "1 + 1"), code(1, FLOOD.format(lines=LINES))]
    for name, cells in (("small", few), ("many", many), ("flood", flood)):
        (root / f"{name}-{number}.ipynb").write_text(notebook(cells), "utf-8")


@contextlib.contextmanager
def tab(host: Host, path: str) -> Iterator[Tab]:
    """A tab of its own on a notebook, whose first cell shows."""
    address = host.address(path)
    one = Tab(the_browser(), host.cell)
    try:
        host.enter(one)
        one.go(address)
        yield one
    finally:
        one.close()


def edit(host: Host, one: Tab, number: int) -> None:
    """Puts the caret into a cell as a person does."""
    cell = one.page.locator(host.cell).nth(number)
    cell.locator(host.source).first.click()
    expect(cell.locator(".cm-content")).to_be_focused(timeout=WAIT_MS)


def run(host: Host, one: Tab, number: int) -> None:
    """Runs a cell by its keys."""
    edit(host, one, number)
    one.page.keyboard.press("Control+Enter")
    host.until_run(one, number)


def opening(host: Host, number: int) -> Iterator[tuple[str, float]]:
    """A notebook of three cells."""
    with tab(host, f"small-{number}.ipynb") as one:
        yield "CPU until the first cell, s", one.cpu()
        loaded, requests = one.page.evaluate(UNTIL, "firstCell")
        yield "bytes until the first cell, kB", loaded / 1000
        yield "requests until the first cell", requests
        edit(host, one, 1)
        one.page.keyboard.type("xyz")
        expect(one.page.locator(host.cell).nth(1).locator(".cm-content")).to_contain_text("xyz", timeout=WAIT_MS)
        yield "bytes until a key shows, kB", one.bytes / 1000
        yield "CPU until settled, s", one.settled()
        yield "heap settled, MB", one.heap_mb()


def many(host: Host, number: int) -> Iterator[tuple[str, float]]:
    """A notebook of many cells."""
    with tab(host, f"many-{number}.ipynb") as one:
        yield f"{MANY} cells: CPU until settled, s", one.settled()


def flood(host: Host, number: int) -> Iterator[tuple[str, float]]:
    """Many lines, printed at once."""
    with tab(host, f"flood-{number}.ipynb") as one:
        host.until_ready(one)
        run(host, one, 0)
        before = one.settled()
        one.page.evaluate(STALLS)
        run(host, one, 1)
        yield f"{LINES:,} lines: CPU, s", one.settled() - before
        yield f"{LINES:,} lines: longest stall, ms", float(one.page.evaluate("window.longest"))
        yield f"{LINES:,} lines: kept", host.lines(one, 1)
        yield f"{LINES:,} lines: heap after, MB", one.heap_mb()


def measure(host: Host, number: int) -> Figures:
    """Everything, once."""
    furnish(host.root, number)
    return {name: value for part in (opening, many, flood) for name, value in part(host, number)}


def picture(host: Host, folder: Path) -> None:
    """What a person sees of the small notebook."""
    furnish(host.root, 0)
    with tab(host, "small-0.ipynb") as one:
        one.settled()
        one.page.screenshot(path=folder / f"{host.title.split()[0].lower()}.png")


def show(rounds: dict[str, list[Figures]]) -> None:
    """Prints the medians as a table of Markdown."""
    print("\n| | " + " | ".join(rounds) + " |\n|---|" + "---|" * len(rounds))
    for name, decimals in FIGURES.items():
        told = [f"{statistics.median(one[name] for one in figures):,.{decimals}f}" for figures in rounds.values()]
        print(f"| {name} | " + " | ".join(told) + " |")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="webipy's page beside JupyterLab and Notebook 7")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--into", type=Path, default=ROOT / ".cache" / "jupyter", help="the virtual environment")
    parser.add_argument("--pictures", type=Path, help="a folder for a picture of each")
    chosen = parser.parse_args()
    expect.set_options(timeout=PATIENCE_MS)
    folder = environment(chosen.into)
    known = versions(folder)
    with contextlib.ExitStack() as ending:
        lab = jupyter(folder, f"JupyterLab {known['jupyterlab']}", "jupyter-lab", "lab/workspaces/{workspace}/tree")
        classic = jupyter(folder, f"Notebook {known['notebook']}", "jupyter-notebook", "notebooks")
        hosts: list[Host] = [Webipy(ending.enter_context(new_server()))]
        hosts += [ending.enter_context(lab), ending.enter_context(classic)]
        rounds: dict[str, list[Figures]] = {host.title: [] for host in hosts}
        for number in range(1, chosen.rounds + 1):
            for host in hosts:
                print(f"round {number}: {host.title}", file=sys.stderr)
                rounds[host.title].append(measure(host, number))
        show(rounds)
        for host in hosts if chosen.pictures is not None else []:
            picture(host, chosen.pictures)


if __name__ == "__main__":
    main()
