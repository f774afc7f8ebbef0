"""JupyterLab with a Jupyter Server of its own, whose kernels are those of webipy: `jupyter lab --gateway-url`. In a real Chromium."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.clients import score
from tests.clients.packages import LAB, bare, python_of
from tests.clients.test_jupyterlab import LINES, PRINTS, JupyterCase
from tests.live import until

CLIENT = "jupyter lab --gateway-url"


class Gateway(JupyterCase):
    """JupyterLab keeps the files, webipy the kernels."""

    package = "playwright"

    def setUp(self) -> None:
        super().setUp()
        self.faults_expected = re.compile("")  # the console is that of JupyterLab with its own server
        self.address = self._started()

    def _started(self) -> str:
        """Starts JupyterLab in the root of webipy; gives the address of a notebook without its name."""
        python, runtime = python_of("lab", LAB), self.server.folder / "runtime"
        words = ["-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0", f"--gateway-url={self.server.origin}"]
        own = {"JUPYTER_RUNTIME_DIR": str(runtime), "JUPYTER_GATEWAY_AUTH_TOKEN": self.server.token}
        with open(self.server.folder / "lab.log", "wb") as log:
            process = subprocess.Popen(
                [str(python), *words], cwd=self.server.root, env=bare(**own), stdout=log, stderr=log
            )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        file = runtime / f"jpserver-{process.pid}.json"

        def facts() -> Any:
            try:
                return json.loads(file.read_text())
            except (FileNotFoundError, json.JSONDecodeError):
                return None

        known = until(facts, lambda: f"JupyterLab starts: {Path(log.name).read_text()[-3000:]}")
        return f"{known['url']}lab/tree/{{path}}?token={known['token']}&reset"

    def opened(self, *cells: str) -> Page:
        """A tab with a notebook of these cells, its kernel ready."""
        self.write_notebook("a.ipynb", *(("code", source) for source in cells))
        page = self.new_page()
        page.goto(self.address.format(path="a.ipynb"))
        self.ready(page, len(cells))
        expect(page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")
        return page

    @score.whole(CLIENT, 4)
    def test_run_interrupt_and_restart(self) -> None:
        """And the kernel of the notebook is one of webipy."""
        page = self.opened("x = 41; print(x + 1)", "import time; time.sleep(600)", "print('x' in globals())")
        self.run_cell(page, 0)
        expect(self.outputs(page, 0)).to_contain_text("42")
        self.run_cell(page, 1)
        expect(self.cells(page).nth(1).locator(".jp-InputPrompt")).to_contain_text("[*]")
        self.press(page, "Escape", "i", "i")
        expect(self.outputs(page, 1)).to_contain_text("KeyboardInterrupt")
        self.press(page, "0", "0")
        self.accept(page)
        expect(page.locator(".jp-Dialog")).to_have_count(0)
        self.run_cell(page, 2)
        expect(self.outputs(page, 2)).to_contain_text("False")
        self.assertEqual(len(json.loads(self.server.request("GET", "/api/kernels")[1])), 1)

    @score.whole(CLIENT, len(LINES))
    def test_webipy_is_killed_in_the_middle_of_a_run(self) -> None:
        """The Jupyter Server joins the next webipy by itself, and is sent what it missed."""
        page = self.opened(f"import time\n{PRINTS}", "6 * 7")
        self.run_cell(page, 0)
        until(self.has(page, 0, 10), "ten lines")
        self.server.kill()
        self.server.start()
        until(self.has(page, 0, 60), lambda: f"60 lines, and not {self.lines(page, 0)}")
        self.assertEqual(self.lines(page, 0), LINES)
        self.run_cell(page, 1)
        expect(self.outputs(page, 1)).to_contain_text("42")
