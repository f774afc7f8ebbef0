"""The page looks as it was made: its main states against pictures of them, in light, in dark and on a phone.

The pictures, and how they are compared: tests/browser/pictures.py. What must hold exactly is asked of the page itself: nothing scrolls sideways, parts do
not overlap, and controls are large enough.
"""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser import pictures
from tests.browser.stage import PageCase

FACTS = """() => {
    const wrong = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) wrong.push(`scrolls sideways by ${root.scrollWidth - root.clientWidth} px`);
    const main = document.querySelector("#main");
    if (main !== null && main.scrollWidth > main.clientWidth) wrong.push(`the cells scroll sideways by ${main.scrollWidth - main.clientWidth} px`);
    const parts = [...document.querySelectorAll(".top, .side:not(.open), #main, .foot-bar, .dock, main.home")]
        .map(one => [one.className || one.id, one.getBoundingClientRect()]).filter(([, box]) => box.width > 0);
    for (const [name, a] of parts) for (const [other, b] of parts)
        if (name < other && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
            wrong.push(`${name} overlaps ${other}`);
    const least = matchMedia("(max-width: 720px)").matches ? 36 : 24;
    for (const one of document.querySelectorAll(".top .btn, .bar .btn, .dock .btn, .find-bar .btn")) {
        const box = one.getBoundingClientRect();
        if (box.width > 0 && (box.height < least || box.right > innerWidth + 1)) wrong.push(`${one.className} is ${box.height} px high, ends at ${box.right}`);
    }
    return wrong;
}"""

CELLS = (
    (
        "markdown",
        "# Damped oscillator\n\nThe log of the pendulum is fitted with one mode.\n\n$$x(t) = A e^{-\\gamma t} \\cos(\\omega t + \\varphi)$$",
    ),
    ("code", "import math\nrows = [(t / 10, math.exp(-t / 30) * math.cos(t / 3)) for t in range(75)]\nlen(rows)"),
    ("markdown", "## Least squares\n\n- amplitude\n- damping"),
    ("code", "for t, x in rows[:30]: print(f'{t:5.1f} {x:+.4f}')"),
    ("code", "1 / 0"),
)


class Look(PageCase):
    """The main states."""

    def same(self, page: Page, name: str) -> None:
        """Compares what is shown with its picture."""
        self.assertEqual(page.evaluate(FACTS), [], name)
        page.evaluate("document.fonts.ready.then(() => null)")
        now = pictures.small(page.screenshot(animations="disabled", caret="hide"))
        if pictures.KEEP:
            pictures.keep(now, name)
            return
        wrong = pictures.difference(now, name)
        if wrong:
            now.save(f"{name}.png")  # trial's own folder keeps it
        self.assertEqual(wrong, "")

    def test_the_main_states_look_as_they_were_made(self) -> None:
        """A notebook that has run, its palette and its variables, the home page: light, dark, and on a phone."""
        self.write_notebook("look/oscillator.ipynb", *CELLS)
        page = self.open_file("look/oscillator.ipynb", kernel=True)
        page.get_by_role("button", name="Run all cells").click()
        expect(page.locator(".cell.failed")).to_have_count(1)
        expect(page.locator(".katex").first).to_be_visible()
        expect(page.locator(".saved")).to_contain_text("Saved")
        page.locator(".cell").nth(1).focus()
        page.locator("#main").evaluate("one => one.scrollTo(0, 0)")
        self.same(page, "notebook-light")
        page.emulate_media(color_scheme="dark")
        self.same(page, "notebook-dark")
        page.keyboard.press("Control+k")
        expect(page.get_by_role("combobox")).to_be_focused()
        page.keyboard.type("run")
        self.same(page, "palette-dark")
        page.keyboard.press("Escape")
        page.emulate_media(color_scheme="light")
        page.get_by_role("tab", name="Variables").click()
        expect(page.locator(".variable")).not_to_have_count(0)
        self.same(page, "variables-light")
        page.get_by_role("tab", name="Outline").click()
        page.set_viewport_size({"width": 390, "height": 780})
        page.locator("#main").evaluate("one => one.scrollTo(0, 0)")
        self.same(page, "notebook-phone")
        home = self.new_page()
        home.goto(f"{self.server.origin}/?in=look")
        expect(home.get_by_text("oscillator.ipynb").last).to_be_visible()
        self.assertEqual(home.evaluate(FACTS), [])
        home.set_viewport_size({"width": 390, "height": 780})
        self.assertEqual(home.evaluate(FACTS), [])

    def test_menus_errors_and_trouble(self) -> None:
        """A cell's menu, a folded section, an error, a kernel that ended, the home page; and nothing is cut off at any width between phone and wall."""
        self.write_notebook("trouble/oscillator.ipynb", *CELLS)
        page = self.open_file("trouble/oscillator.ipynb", kernel=True)
        page.get_by_role("button", name="Run all cells").click()
        expect(page.locator(".cell.failed")).to_have_count(1)
        expect(page.locator(".saved")).to_contain_text("Saved")
        page.get_by_role("button", name="Menu of cell 2").click()
        self.same(page, "menu-light")
        page.keyboard.press("Escape")
        page.emulate_media(color_scheme="dark")
        page.locator("#cell-c4").scroll_into_view_if_needed()
        self.same(page, "error-dark")
        page.emulate_media(color_scheme="light")
        session = self.sessions[-1]
        self.server.call("execution.start", session=session, code="import os; os._exit(3)")
        expect(page.locator(".banner.bad")).to_be_visible()
        page.locator("#main").evaluate("one => one.scrollTo(0, 0)")
        self.same(page, "stopped-light")
        page.keyboard.press("Control+h")
        expect(page.get_by_label("Replace with")).to_be_visible()
        for width in (390, 721, 800, 960, 1061, 1440, 2560):
            page.set_viewport_size({"width": width, "height": 860})
            self.assertEqual(page.evaluate(FACTS), [], str(width))
        home = self.new_page()
        home.goto(f"{self.server.origin}/?in=trouble")
        expect(home.locator(".tile", has_text="trouble/").locator(".mini")).to_be_visible()
        others = home.locator(".tile").filter(has_not_text="trouble/")  # sessions of other tests
        others.evaluate_all("all => all.forEach(one => one.remove())")
        self.same(home, "home-light")
        home.emulate_media(color_scheme="dark")
        home.set_viewport_size({"width": 390, "height": 780})
        self.same(home, "home-phone-dark")

    def test_the_sign_in_page(self) -> None:
        """The first thing that anybody sees."""
        page = self.new_page()
        page.goto(self.server.origin)
        expect(page.get_by_label("Token")).to_be_visible()
        self.same(page, "sign-in-light")
        page.emulate_media(color_scheme="dark")
        self.same(page, "sign-in-dark")
