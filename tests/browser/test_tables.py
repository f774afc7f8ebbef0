"""Large tables: of files, and of values that an output shows in part."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import PageCase
from tests.browser.test_access import axe_finds

TABLE = """
import pandas as pd
big = pd.DataFrame({"n": range(5000), "square": [n * n for n in range(5000)], "name": [f"row {n}" for n in range(5000)]})
big
"""


class Tables(PageCase):
    """The grid over rows that come as they are seen."""

    def grid(self, page: Page) -> Locator:
        """The grid, with its first rows."""
        grid = page.get_by_role("grid")
        expect(grid.locator("[data-row='0']")).to_be_visible()
        return grid

    def cell(self, grid: Locator, row: int, column: int) -> Locator:
        """One cell that is drawn."""
        return grid.locator(f"[data-row='{row}'] [data-column='{column}']")

    def test_a_file_of_values_is_a_table(self) -> None:
        """Of any size: its last row is a key away; it is sorted, filtered, selected and copied, and read again when it changes."""
        path = self.server.root / "values.csv"
        rows = "".join(f'{n},{n % 97},"name, {n}"\n' for n in range(200_000))
        path.write_text("id,rest,name\n" + rows)
        self.sign_in()
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = self.new_page()
        page.goto(f"{self.server.origin}/?in=")
        page.get_by_role("link", name="values.csv").click()
        grid = self.grid(page)
        expect(page.get_by_text("200,000 rows \u00d7 3 columns", exact=True)).to_be_visible()
        expect(self.cell(grid, 0, 1)).to_have_css("text-align", "right")
        self.cell(grid, 0, 2).click()
        page.keyboard.press("Control+End")
        expect(self.cell(grid, 199_999, 2)).to_have_text("name, 199999")
        page.keyboard.press("Shift+ArrowUp")
        page.keyboard.press("Shift+Home")
        page.keyboard.press("Control+c")
        self.copied(page, "199998\t81\tname, 199998\n199999\t82\tname, 199999")
        page.get_by_role("button", name="rest").click()
        page.get_by_role("button", name="rest").click()
        expect(page.get_by_role("columnheader", name="rest")).to_have_attribute("aria-sort", "descending")
        page.keyboard.press("Tab")
        page.get_by_label("Filter rows").fill("name, 1999")
        expect(page.get_by_text("111 rows \u00d7 3 columns", exact=True)).to_be_visible()
        self.assertEqual(axe_finds(page), [])
        path.write_text("a;b\n1,5;x\n")
        page.get_by_label("Filter rows").fill("")
        expect(page.get_by_text("1 row \u00d7 2 columns", exact=True)).to_be_visible()
        expect(self.cell(grid, 0, 0)).to_have_text("1,5")
        page.get_by_role("button", name="Text", exact=True).click()
        expect(page.locator(".text-source .cm-content")).to_contain_text("a;b")

    def test_all_rows_of_a_table_are_asked_of_the_kernel(self) -> None:
        """Sorted, filtered, and saved, also while a cell runs; a table that is not there any more is said to be gone."""
        session = self.new_session()
        name = self.add_cell(session, TABLE)
        self.execute(session, TABLE, name)
        page = self.open(session)
        cell = page.locator(f"#cell-{name}")
        cell.get_by_role("button", name="Show all rows").click()
        grid = self.grid(page)
        expect(page.get_by_text("5,000 rows \u00d7 3 columns", exact=True)).to_be_visible()
        page.get_by_role("button", name="square").click()
        page.get_by_role("button", name="square").click()
        expect(self.cell(grid, 0, 2)).to_have_text("row 4999")
        page.get_by_label("Filter rows").fill("row 12")
        expect(page.get_by_text("111 rows \u00d7 3 columns", exact=True)).to_be_visible()
        self.assertEqual(axe_finds(page), [])
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save as CSV").click()
        lines = saved.value.path().read_text().splitlines()
        self.assertEqual((len(lines), lines[0], lines[1]), (112, "n,square,name", "1299,1687401,row 1299"))
        page.keyboard.press("Escape")
        self.execute(session, "big.loc[0, 'n'] = -1")
        cell.get_by_role("button", name="Show all rows").click()
        expect(page.get_by_role("alert")).to_contain_text("The kernel has this table no more")
