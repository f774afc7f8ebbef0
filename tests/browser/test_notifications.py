"""The bell beside a run: who presses it is told once when the run has ended, by a note in the page or by the system, also after a restart."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.stage import PageCase
from tests.live import WAITS, until

COUNTED = """
window.shown = [];
window.Notification = class { static permission = "granted"; constructor(title, options) { window.shown.push([title, options.tag]); } };
"""
AWAY = "Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' }); document.hasFocus = () => false"


class Bell(PageCase):
    """A person who waits."""

    def begin(self, page: Page) -> str:
        """Runs code that waits for a file, and presses its bell; gives the file's path."""
        gate = self.server.root / f"{self._testMethodName}.gate"
        cell = self.run_code(page, WAITS.format(gate=str(gate)))
        bell = cell.get_by_role("button", name="Tell me when it has ended")
        expect(bell).to_have_attribute("aria-pressed", "false")
        bell.click()
        expect(bell).to_have_attribute("aria-pressed", "true")
        return str(gate)

    def test_a_note_comes_at_the_end(self) -> None:
        """Once; the bell goes with the run."""
        page = self.notebook()
        gate = self.begin(page)
        page.reload()
        expect(page.get_by_role("button", name="Tell me when it has ended")).to_have_attribute("aria-pressed", "true")
        open(gate, "w").close()
        expect(page.get_by_text("Finished after")).to_be_visible()
        expect(page.get_by_role("button", name="Tell me when it has ended")).to_have_count(0)
        page.reload()
        expect(page.locator(".cell").first).to_be_visible()
        self.assertEqual(self.server.call("notification.list")["waiting"], [])

    def test_the_system_tells_who_looks_elsewhere(self) -> None:
        """Also when the server was killed in between; once."""
        self.server = self.own_server()
        self.context.add_init_script(COUNTED)
        page = self.notebook()
        gate = self.begin(page)
        page.evaluate(AWAY)
        self.faults_expected = re.compile("")  # the page says what it cannot reach
        self.server.kill()
        open(gate, "w").close()
        self.server.start()
        until(lambda: page.evaluate("window.shown.length") == 1, "the system shows it")
        self.assertIn("Finished after", page.evaluate("window.shown[0][0]"))
