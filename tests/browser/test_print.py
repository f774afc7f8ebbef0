"""A notebook on paper: all of it, wherever it stands, as wide as a sheet, on white."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pypdf
from playwright.sync_api import Page, expect

from tests.browser import gallery
from tests.browser.stage import PATIENCE_MS, STATIC, PageCase
from webipy.converter import exports

HEAD = "".join(f"<th>column_{n}</th>" for n in range(24))
ROWS = "".join("<tr>" + f"<td>{row}</td>" * 24 + "</tr>" for row in range(40))
WIDE = f"<table><thead><tr>{HEAD}</tr></thead><tbody>{ROWS}</tbody></table>"
FRAME = "<script>document.write('<p>said by a script</p>'.repeat(120) + '<p>end of the frame</p>')</script>"
CELLS: tuple[tuple[str, str] | dict[str, Any], ...] = (
    ("markdown", "# On paper\n\n<details><summary>More</summary>folded away</details>"),
    gallery.code("wide_" * 60, gallery.shown(text__html=WIDE)),
    gallery.code("print(log)", gallery.printed("".join(f"line {n}\n" for n in range(300)))),
    *gallery.FIGURES[1:3],
    {"cell_type": "markdown", "source": "## Folded", "metadata": {"jp-MarkdownHeadingCollapsed": True}},
    *(gallery.code(f"step_{n}", gallery.printed(f"result {n}\n")) for n in range(300)),
    gallery.code("last", gallery.shown(text__html=FRAME)),
)

FACTS = """() => {
    const wrong = [];
    const sheet = document.querySelector(".nb").getBoundingClientRect();
    const roots = [document, ...[...document.querySelectorAll(".html")].map(one => one.shadowRoot)];
    for (const one of roots.flatMap(root => [...root.querySelectorAll("pre, table:not(.in-parts), img, iframe, .md")])) {
        const box = one.getBoundingClientRect();
        if (box.right > sheet.right + 2) wrong.push(`${one.localName} ${one.className} ends ${box.right - sheet.right} px right of the sheet`);
        if (box.height < 1) wrong.push(`${one.localName} ${one.className} has no height`);
    }
    return wrong;
}"""

UNSAID = """() => {
    document.documentElement.classList.add("paper");
    const open = [...document.querySelectorAll(".frame-host")].filter(one => one.querySelector(".shown") === null);
    const unsaid = open.map(one => getComputedStyle(one, "::before").content).filter(text => !text.includes("choose Print"));
    document.documentElement.classList.remove("paper");
    return unsaid;
}"""
"""What stands in the place of figures that are not drawn, where it is no word about that."""


def words_of(pdf: bytes) -> str:
    """The text of a PDF."""
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


class Paper(PageCase):
    """Print."""

    def notebook_on(self, scheme: Any) -> Page:
        """A tab on the notebook, with its last section folded."""
        self.write_notebook("paper/notebook.ipynb", *CELLS)
        page = self.open_file("paper/notebook.ipynb")
        page.emulate_media(color_scheme=scheme)
        page.evaluate("() => { window.print = () => {} }")  # the dialog of the browser would wait for a person
        expect(page.locator("#cell-c6")).to_be_hidden()
        return page

    def holds(self, pdf: bytes, *texts: str) -> None:
        """Asserts that a PDF has texts."""
        words = words_of(pdf)
        self.assertEqual([text for text in texts if text not in words], [])

    def test_all_of_a_notebook_is_printed(self) -> None:
        """Ctrl-P draws cells, figures and lines that were never near the screen; then the page is as it was."""
        page = self.notebook_on("dark")
        page.locator("#cell-c2").focus()
        self.press(page, "Control+p")
        expect(page.get_by_role("dialog", name="Preparing the pages")).to_be_visible()
        expect(page.locator("html.drawn")).to_have_count(1)
        expect(page.locator(".cell")).to_have_count(len(CELLS))
        expect(page.locator("iframe.sealed")).to_have_count(3)
        page.emulate_media(color_scheme="dark", media="print")
        self.assertEqual(page.evaluate(FACTS), [])
        expect(page.locator("#cell-c305")).to_be_visible()
        self.assertEqual(page.locator("#cell-c2 .out pre").inner_text().count("line "), 300)
        self.assertGreater(page.locator("iframe.sealed").last.bounding_box()["height"], 2100)  # type: ignore[index]
        expect(page.locator("iframe.sealed").first.content_frame.locator("html")).to_have_attribute(
            "data-theme", "light"
        )
        expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
        expect(page.locator("button.btn:visible")).to_have_count(0)
        heads = page.locator(".html table:not(.in-parts) th").all_inner_texts()
        self.assertEqual([head for head in heads if head.startswith("column_")], [f"column_{n}" for n in range(24)])
        pdf = page.pdf(format="A4")
        self.holds(pdf, "On paper", "folded away", "line 299", "Bars", "Letters", "result 299", "end of the frame")
        page.emulate_media(color_scheme="dark", media="screen")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator("html.paper")).to_have_count(0)
        expect(page.locator("#cell-c6")).to_be_hidden()

    def test_the_browsers_own_dialog_has_all_that_needs_no_time(self) -> None:
        """Cells far down, whole logs, and a figure, or a word in its place while it is not drawn. Print, given up, leaves all as it was."""
        page = self.notebook_on("light")
        pdf = page.pdf(format="Letter")
        self.holds(pdf, "line 299", "result 299")
        self.assertEqual(page.evaluate(UNSAID), [])
        expect(page.locator("html.paper")).to_have_count(0)
        self.press(page, "Control+p")
        expect(page.get_by_role("dialog")).to_be_visible()
        self.press(page, "Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator("html.paper")).to_have_count(0)


WORDS = " ".join(f"word{n}" for n in range(60))
COLUMNS = 40
HEADS = "".join(f"<th>column_{n}</th>" for n in range(COLUMNS))
LINES = "".join(
    f"<tr><th>{row}</th>" + "".join(f"<td>{row * n / 7:.4f}</td>" for n in range(COLUMNS)) + "</tr>"
    for row in range(12)
)
FRAME_OF_DATA = f"<table class=dataframe><thead><tr><th></th>{HEADS}</tr></thead><tbody>{LINES}</tbody></table>"
GROUPED = (
    "<table><thead><tr><th></th>"
    + "".join(f"<th colspan=4>group_{n}</th>" for n in range(8))
    + "</tr></thead><tbody><tr><th>row</th>"
    + "<td>1.23456789</td>" * 31
    + "<td>grouped_end</td></tr></tbody></table>"
)
DRAWING = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='2000' height='200'><text x='1900' y='100'>drawn_end</text></svg>"
)
FORMULA = " + ".join(f"x_{{{n}}}^2" for n in range(60))
TERMINAL = "\x1b[38;5;208morange\x1b[0m \x1b]8;;https://example.org/x\x1b\\linked\x1b]8;;\x1b\\ 50%\r\x1b]0;title\x07"

WIDE_CELLS = (
    gallery.text(
        f"# Wide\n\n$${FORMULA}$$\n\n```\n{WORDS} fence_end\n```\n\n{'Long' * 80}long_end\n\n> [!NOTE]\n> noted\n\nfoot[^1]\n\n[^1]: footed"
    ),
    gallery.text(
        "<details><summary>closed</summary>\n\nwas_closed\n\n</details>\n\n| $|x|$ | a |\n|---|---|\n| `b\\|c` | 2 |\n\n- [x] done"
    ),
    gallery.text("<div style='position: fixed; top: 0'>fixed text</div>\n\n![far](https://example.org/far.png)"),
    gallery.code(
        f"call({WORDS.replace(' ', ', ')})  # code_end\nx = '{'a' * 300}string_end'",
        gallery.printed(f"{WORDS} printed_end\n{'z' * 400}z_end\n"),
    ),
    gallery.code("df", gallery.shown(text__html=FRAME_OF_DATA), gallery.shown(text__html=GROUPED)),
    gallery.code(
        "prose",
        gallery.shown(
            text__html=f"<table><tr><th>a</th><td>{WORDS} prose_end</td><td>{'q' * 900}cell_end</td></tr></table>"
        ),
    ),
    gallery.code("svg", gallery.figure("image/svg+xml", DRAWING), gallery.shown(text__html=DRAWING)),
    gallery.code(
        "box",
        gallery.shown(
            text__html="<div style='height: 60px; overflow: auto; width: 300px'>"
            + "<p>scrolled</p>" * 40
            + "<p>scrolled_end</p></div>"
        ),
    ),
    gallery.code(
        "wide",
        gallery.shown(
            text__html="<div style='width: 1500px'>1500 px</div><div style='position: fixed; top: 0'>fixed</div>"
        ),
    ),
    gallery.code(
        "pictures",
        gallery.picture(gallery.png(300, 2400, (20, 20, 20, 255), (220, 230, 240, 255))),
        gallery.picture(gallery.png(2400, 200, (20, 20, 20, 255), (220, 230, 240, 255))),
    ),
    gallery.code(
        "grounds", gallery.picture(gallery.CROSS), gallery.picture(gallery.CROSS, {"needs_background": "light"})
    ),
    gallery.code("json", gallery.figure("application/json", {"a": [1, 2], "b": f"{WORDS} json_end"})),
    gallery.code(
        "latex", gallery.shown(text__latex=f"$${FORMULA}$$"), gallery.shown(text__markdown="> [!TIP]\n> a tip")
    ),
    gallery.code("terminal", gallery.printed(TERMINAL)),
)
ENDS = (
    "fence_end",
    "long_end",
    "noted",
    "footed",
    "was_closed",
    "code_end",
    "string_end",
    "printed_end",
    "z_end",
    "column_39",
    "grouped_end",
    "prose_end",
    "cell_end",
    "drawn_end",
    "scrolled_end",
    "json_end",
    "a tip",
    "linked",
)

OFF_THE_SHEET = """() => {
    const wrong = [];
    const sheet = document.querySelector("main").getBoundingClientRect();
    for (const one of document.querySelectorAll("main *")) {
        if (one.closest(".katex-mathml, .sr-only, script, style, noscript") || one.parentElement.closest("svg")) continue;
        const box = one.getBoundingClientRect();
        if (box.width === 0 || box.height === 0) continue;
        const name = `${one.localName} ${one.getAttribute("class") ?? ""} ${one.closest(".jp-Cell")?.innerText.slice(0, 30) ?? ""}`;
        if (box.right > sheet.right + 1 || box.left < sheet.left - 1) wrong.push(`${name}: from ${box.left} to ${box.right} px`);
        if (/auto|scroll/.test(getComputedStyle(one).overflow) && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1))
            wrong.push(`${name}: holds ${one.scrollWidth} px in ${one.clientWidth}`);
        if (/^(img|svg|canvas)$/.test(one.localName) && box.height > 960) wrong.push(`${name}: ${box.height} px high`);
    }
    return wrong;
}"""
"""What reaches over the sheet, is cut, or is higher than one."""

LETTERS = """() => [...document.querySelectorAll("main td, main th")].filter(one => {
    if (one.getClientRects().length === 0 || one.innerText.length > 40 || /\\s/.test(one.innerText.trim())) return false;
    const range = document.createRange();
    range.selectNodeContents(one);
    const lines = [...range.getClientRects()].filter(line => line.width > 0);
    return lines.some(line => line.top > lines[0].bottom - 1);
}).map(one => one.innerText)"""
"""Cells of a table in which a word is broken into lines."""


SHAPE = """() => [...document.querySelectorAll("main *")].map(one =>
    `${one.localName} ${one.getAttribute("class")} ${one.hasAttribute("open")} ${one.style?.cssText}`)"""
"""All elements, with what the layout for paper may change of them."""


class Exported(PageCase):
    """A page that a notebook was exported to, opened where there is no network."""

    def made(self, cells: Sequence[gallery.Cell], format: str = "html") -> Path:
        """Exports cells to a file."""
        folder = Path(self.mktemp()).resolve()
        (folder / "images").mkdir(parents=True)
        body = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
        (folder / "body").write_text(json.dumps(body), "utf-8")
        if format == "pdf":
            job = {"operation": "export", "format": format, "name": "paper", "memory_bytes": 2 << 30, "addresses": []}
            job |= {"assets": str(STATIC.parent), "options": exports.PLAIN, "has_scripts": False}
            (folder / "job.json").write_text(json.dumps(job))
            command = [sys.executable, "-P", "-m", "webipy.converter", str(folder)]
            subprocess.run(command, stdin=self.held_open(), check=True)
        else:
            exports.export(folder, format, "paper", STATIC.parent, ())
        return (folder / "output").rename(folder / f"exported.{format}")

    def held_open(self) -> int:
        """A standard input that ends with the test: the converter ends when it does."""
        read, write = os.pipe()
        self.addCleanup(os.close, write)
        self.addCleanup(os.close, read)
        return read

    def opened(self, file: Path, **options: Any) -> tuple[Page, list[str]]:
        """A tab on an exported page; and what it asks for, as it goes on."""
        asked: list[str] = []
        page = self.new_context(offline=True, **options).new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri(), wait_until="commit")
        page.wait_for_load_state()
        page.evaluate("() => window.webipyPaper")
        return page, asked

    def test_nothing_reaches_over_a_sheet(self) -> None:
        """Not of a notebook of all kinds, at the width of a sheet in the form for print; back on the screen all is as it was."""
        page, asked = self.opened(
            self.made([*gallery.TEXTS, *gallery.MATHEMATICS, *gallery.OUTPUTS, *gallery.FIGURES, *WIDE_CELLS]),
            viewport={"width": 794, "height": 1123},
            color_scheme="dark",
        )
        before = page.evaluate(SHAPE)
        page.emulate_media(media="print", color_scheme="dark")
        expect(page.locator("style[data-webipy-paper]")).to_have_attribute("media", "all")
        self.assertEqual(page.evaluate(OFF_THE_SHEET), [])
        self.assertEqual(page.evaluate(LETTERS), [])
        expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
        expect(page.get_by_text("was_closed")).to_be_visible()
        expect(page.locator("table.dataframe:visible", has_text="column_39").locator("tbody th")).to_have_count(12)
        page.emulate_media(media="screen", color_scheme="dark")
        expect(page.locator("style[data-webipy-paper]")).to_have_attribute("media", "print")
        self.assertEqual(page.evaluate(SHAPE), before)
        self.assertEqual([url for url in asked if not url.startswith(("file:", "data:", "blob:"))], [])

    def test_every_last_word_is_in_the_pdf(self) -> None:
        """Of lines, tables, formulas, boxes that scroll and parts that are folded."""
        flat = "".join(words_of(self.made(WIDE_CELLS, "pdf").read_bytes()).split())
        self.assertEqual([end for end in ENDS if end.replace(" ", "") not in flat], [])

    def test_texts_are_those_of_the_page(self) -> None:
        """Notes, footnotes, tasks and bars in tables; what is fixed to a window stays in its cell, pictures of other servers are links."""
        page, _ = self.opened(self.made(WIDE_CELLS), viewport={"width": 390, "height": 800})
        expect(page.locator(".alert.note .alert-title")).to_have_text("Note")
        expect(page.locator(".footnotes li")).to_contain_text("footed")
        expect(page.locator("li.task input:checked")).to_have_count(1)
        expect(page.locator("td", has_text="b|c")).to_have_count(1)
        expect(page.locator(".jp-OutputArea-output .alert.tip")).to_contain_text("a tip")
        expect(page.locator(".jp-RenderedLatex .katex-display")).to_have_count(1)
        expect(page.locator(".jp-RenderedMarkdown img")).to_have_count(0)
        expect(page.get_by_role("link", name="“far” from example.org")).to_be_visible()
        expect(page.get_by_role("link", name="linked")).to_have_attribute("href", "https://example.org/x")
        for words in ("fixed", "fixed text"):
            self.assertGreater(page.get_by_text(words, exact=True).bounding_box()["y"], 100)  # type: ignore[index]
        self.assertLess(page.evaluate("() => document.documentElement.scrollWidth"), 391)

    def test_a_dark_screen_has_dark_pages_with_legible_figures(self) -> None:
        """Ink on nothing gets a light ground, whether its author says so or not; a light screen has light pages."""
        file = self.made(WIDE_CELLS)
        for scheme, ground, behind in (
            ("dark", "rgb(17, 17, 17)", "rgb(255, 255, 255)"),
            ("light", "rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"),
        ):
            page, _ = self.opened(file, color_scheme=scheme)
            expect(page.locator("body")).to_have_css("background-color", ground)
            images = page.locator(".jp-Cell", has_text="grounds").locator("img")
            expect(images).to_have_count(2)
            for image in images.all():
                expect(image).to_have_css("background-color", behind)

    def test_formulas_diagrams_and_figures_are_drawn(self) -> None:
        """As in the page: commands of the notebook, labels, what only MathJax reads; mermaid, plotly and Vega."""
        diagram = gallery.text("```mermaid\ngraph LR\n  A[Read] --> B[Write]\n```")
        page, asked = self.opened(self.made([*gallery.MATHEMATICS, *gallery.FIGURES, diagram]))
        expect(page.locator(".jp-Mermaid svg, .jp-RenderedMermaid svg").get_by_text("Write")).to_be_visible(
            timeout=3 * PATIENCE_MS
        )
        expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
        expect(page.locator(".vega-embed svg.marks")).to_be_visible()
        expect(page.locator(".math-picture svg").first).to_be_visible()
        expect(page.locator(".math-failed, .katex-error")).to_have_count(0)
        expect(page.locator(".jp-RenderedHTMLCommon").filter(has_text="costs $5 and $10")).to_have_count(1)
        expect(page.locator("a[href='#mjx-eqn:energy']").first).to_have_text("(1)")
        self.assertEqual([url for url in asked if url.startswith("http")], [])
