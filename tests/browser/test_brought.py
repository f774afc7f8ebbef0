"""Notebooks that people bring: their texts, their mathematics and the addresses in them mean here what they mean elsewhere."""

from __future__ import annotations

import functools
import re

from playwright.sync_api import expect

from tests.browser import gallery
from tests.browser.brought import BroughtCase


class Texts(BroughtCase):
    """Markdown."""

    def test_a_style_sheet_of_a_text_is_that_texts_alone(self) -> None:
        """Its rules hold in its own cell, the more particular one first; nothing of it leaves its place or loads something."""
        sheet = (
            "<style>\n.rendered_html h3, .note { color: rgb(1, 2, 3); }\nh3 { color: rgb(9, 9, 9) }\n#mark { font-weight: 700; position: fixed; top: 0 }\n"
            "table { float: left; background: url(https://evil.example/a) }\n* { letter-spacing: 1px }\n@import 'https://evil.example/b';\n</style>\n\n"
        )
        page = self.bring(
            gallery.text(
                sheet
                + "### Styled\n\n<p class='note' style='color: rgb(4, 5, 6)'>noted</p> <b id='mark'>mark</b>\n\n| a |\n|---|\n| b |"
            ),
            gallery.text("### Plain\n\ntext"),
        )
        styled, plain = page.get_by_role("heading", name="Styled"), page.get_by_role("heading", name="Plain")
        expect(styled).to_have_css("color", "rgb(1, 2, 3)")
        expect(styled).to_have_css("letter-spacing", "1px")
        expect(page.get_by_text("noted")).to_have_css("color", "rgb(4, 5, 6)")
        mark = page.get_by_text("mark", exact=True)
        expect(mark).to_have_css("font-weight", "700")
        expect(mark).to_have_css("position", "static")
        expect(page.locator(".md table")).to_have_css("float", "left")
        expect(plain).not_to_have_css("color", "rgb(1, 2, 3)")
        expect(plain).to_have_css("letter-spacing", "normal")
        expect(page.locator(".top")).to_have_css("letter-spacing", "normal")
        expect(page.locator(".md").first).not_to_contain_text("evil")
        self.assertEqual(self.went_out, [])

    def test_texts_read_as_on_github_and_in_jupyter(self) -> None:
        """Task lists, alignment, alerts, footnotes, styles that are safe, code of any language, diagrams, directions of writing, wide tables."""
        page = self.bring(*gallery.TEXTS)
        boxes = page.locator(".md li.task > input[type=checkbox]")
        expect(boxes).to_have_count(3)
        self.assertEqual(
            boxes.evaluate_all("all => all.map(one => [one.checked, one.disabled])"),
            [[True, True], [False, True], [True, True]],
        )
        expect(page.locator(".md .alert.note .alert-title")).to_have_text("Note")
        expect(page.locator(".md .alert.warning")).to_contain_text("Careful.")
        aligned = page.locator(".md tbody").first.locator("tr").first.locator("td")
        self.assertEqual(
            aligned.evaluate_all("all => all.slice(0, 3).map(one => getComputedStyle(one).textAlign)"),
            ["start", "center", "right"],
        )
        expect(page.locator(".md th .katex").first).to_be_visible()
        wide = page.locator(".md .table-box").nth(1)
        self.assertTrue(wide.evaluate("one => one.scrollWidth > one.clientWidth"))
        expect(wide).to_have_attribute("tabindex", "0")
        styled = page.get_by_text("Styled", exact=True)
        expect(styled).to_have_css("text-align", "center")
        expect(styled).to_have_css("position", "static")
        expect(page.locator("pre code.language-js .k")).to_have_text("const")
        expect(page.locator("pre code.language-sql .k").first).to_have_text("SELECT")
        expect(page.locator("pre code").filter(has_text="def g").locator(".k").first).to_have_text("def")
        expect(page.locator("pre code.language-diff .s")).to_have_text("+ new")
        expect(page.locator(".md .alert.alert-info")).to_have_css("border-left-width", "3px")
        expect(page.get_by_text("On colours")).to_have_css("background-image", re.compile("linear-gradient"))
        page.locator(".cell").nth(4).scroll_into_view_if_needed()
        expect(page.frame_locator(".md iframe.sealed").get_by_text("Good?")).to_be_visible()
        expect(page.get_by_text("שלום עולם")).to_have_css("direction", "rtl")
        expect(page.get_by_text("English again.")).to_have_css("direction", "ltr")
        note = page.get_by_role("link", name="1", exact=True)
        note.click()
        expect(page).to_have_url(re.compile("#footnote-one$"))
        self.assertEqual(self.went_out, [])

    def test_markup_in_a_text_gets_nothing_of_the_page(self) -> None:
        """What a text may style, name and embed gives it no place over the page, no script and no request."""
        page = self.bring(
            gallery.text(
                "<div style='position:fixed;inset:0;z-index:9;margin-top:-900px;background:url(https://evil.example/a) red' id=main name=root class='toasts scrim'>x</div>\n\n"
                "<iframe srcdoc='<script>top.escaped=1</script>'></iframe><video autoplay src='https://evil.example/v' poster='https://evil.example/p'></video>"
                "<audio><source src='//evil.example/s'><track src='https://evil.example/t'></audio><svg><image href='https://evil.example/i'/>"
                "<use href='https://evil.example/u#x'/><feImage href='https://evil.example/f'/></svg><img src='attachment:none' onerror='top.escaped=1'>\n\n"
                "[x](javascript:top.escaped=1) <a href='//evil.example' target=_self>y</a> $\\href{javascript:top.escaped=1}{z}$ "
                '$\\unicode{x41}\\href{javascript:top.escaped=1}{w}$ ![p](https://evil.example/q)\n\n```mermaid\ngraph LR\nA["<img src=https://evil.example/m onerror=top.escaped=1>"]\n```'
            )
        )
        expect(page.locator(".md iframe.sealed")).to_have_count(2)
        expect(page.frame_locator(".md iframe.sealed").last.locator("svg")).to_be_visible()
        for link in page.locator(".md a:not([href^='#'])").all():
            link.evaluate("one => one.removeAttribute('target')")
            self.assertNotIn("javascript:", link.get_attribute("href") or "")
            self.assertIn("noopener", link.get_attribute("rel") or "noopener")
        box = page.locator(".md div").first
        expect(box).to_have_css("position", "static")
        expect(box).to_have_css("margin-top", "0px")
        self.assertIsNone(box.get_attribute("class"))
        expect(box).to_have_css("background-image", "none")
        self.assertEqual(page.locator("#main").count(), 1)
        self.assertFalse(page.evaluate("'escaped' in window"))
        self.assertEqual(self.went_out, [])


class Mathematics(BroughtCase):
    """Formulas, as MathJax writes them."""

    def test_formulas_are_set_as_mathjax_sets_them(self) -> None:
        """Commands hold in the whole notebook, references count, and what KaTeX cannot read is set all the same; in outputs and tables, too."""
        page = self.bring(*gallery.MATHEMATICS)
        expect(page.locator(".math-picture")).to_have_count(6)
        in_parts = page.locator(".math-picture").last
        self.assertEqual(in_parts.locator("[data-mml-node=mi]").count(), 3)
        expect(page.locator(".math-failed")).to_have_count(0)
        expect(page.locator(".html .katex")).to_have_count(4)
        text = page.locator(".cell").nth(1).locator(".md")
        expect(text.locator(".katex")).to_have_count(11)
        expect(text).to_contain_text("costs $5 and $10, $code$, $3.")
        expect(text.locator("code")).to_have_text("$code$")
        expect(text.locator(".katex-display").filter(has_text="(1)")).to_have_count(1)
        expect(text.locator("a[href='#mjx-eqn:energy']").first).to_have_text("(1)")
        self.assertEqual(self.went_out, [])

    def test_a_command_that_is_changed_changes_every_formula_that_has_it(self) -> None:
        """A definition further down is used above, and again when it is edited; references follow the order of equations."""
        page = self.bring(
            gallery.text("$\\vect{a}$ and \\eqref{two}"),
            gallery.text("\\begin{equation}\\label{one}a\\end{equation}"),
            gallery.text("$\\newcommand{\\vect}[1]{\\mathbf{#1}}$ \\begin{equation}\\label{two}b\\end{equation}"),
        )
        first = page.locator(".cell").first
        expect(first.locator(".mathbf")).to_have_text("a")
        expect(first.locator("a")).to_have_text("(2)")
        session = self.sessions[-1]
        self.server.call(
            "cell.set_source",
            session=session,
            cell="c2",
            source="$\\newcommand{\\vect}[1]{\\mathsf{#1}}$ \\begin{equation}\\tag{B}\\label{two}b\\end{equation}",
        )
        expect(first.locator(".mathsf")).to_have_text("a")
        expect(first.locator("a")).to_have_text("(B)")


class Addresses(BroughtCase):
    """Links, pictures, sound and frames."""

    def test_addresses_start_from_the_folder_of_the_notebook(self) -> None:
        """Pictures and sounds beside the notebook are shown, in texts and outputs, and attachments everywhere; a page beside it in a frame."""
        page = self.bring(*gallery.TEXTS[-1:], *gallery.OUTPUTS[3:4], *gallery.OUTPUTS[5:7])
        pictures = page.locator(".md img, .html img")
        expect(pictures).to_have_count(5)
        for picture in pictures.all():
            expect(picture).to_have_js_property("naturalWidth", 120)
        for sounds in page.locator("audio").all():
            sounds.scroll_into_view_if_needed()
            expect(sounds).to_have_js_property("duration", 0.1)
        frame = page.frame_locator(".html iframe.sealed")
        expect(frame.get_by_role("heading")).to_have_text("A page beside the notebook")
        self.assertEqual(self.went_out, [])

    def test_links_go_where_they_say(self) -> None:
        """Headings by their words, elements by their ids; Back and Forward follow and nothing is made anew; notebooks open here, files are saved."""
        far = gallery.text("text\n\n" * 60)
        page = self.bring(gallery.text("[there](#Far-Below) [end](#the-end) [other](other.ipynb#Far-below)"), far, gallery.text("## Far Below"), far,
                          gallery.text("<a id='the-end'></a>the end"), gallery.OUTPUTS[3])  # fmt: skip
        page.evaluate("document.querySelector('#root').firstElementChild.isSame = true")
        heading = page.get_by_role("heading", name="Far Below")
        page.get_by_role("link", name="there").click()
        expect(heading).to_be_in_viewport()
        expect(page).to_have_url(re.compile("#Far-Below$"))
        page.go_back()
        expect(heading).not_to_be_in_viewport()
        expect(page.get_by_role("link", name="end")).to_be_in_viewport()
        page.go_forward()
        expect(heading).to_be_in_viewport()
        self.assertTrue(page.evaluate("document.querySelector('#root').firstElementChild.isSame === true"))
        with page.expect_download() as download:
            page.get_by_role("link", name="data.csv").click()
        self.assertEqual(download.value.suggested_filename, "data.csv")
        self.assertEqual(download.value.path().read_bytes(), gallery.FILES["data.csv"])
        page.go_back()
        page.get_by_role("link", name="other").first.click()
        expect(page.get_by_role("heading", name="Far below")).to_be_in_viewport()
        expect(page.get_by_role("heading", name="Other")).to_have_count(1)
        page.goto(f"{self.server.origin}/n/brought/{self._testMethodName}/other.ipynb#Far-below")
        expect(page.get_by_role("heading", name="Far below")).to_be_in_viewport()
        expect(page).to_have_url(re.compile("/s/[^/]+#Far-below$"))


class Outputs(BroughtCase):
    """Outputs, as they were made to be seen."""

    def test_figures_and_tables_can_be_seen_in_the_dark(self) -> None:
        """A transparent figure gets the ground that its ink needs, in outputs and texts; so does one that asks for it; a coloured cell has ink that can be read."""
        white = gallery.png(40, 40, (250, 250, 250, 255), (0, 0, 0, 0))
        page = self.bring(
            *gallery.OUTPUTS[1:2],
            gallery.OUTPUTS[4],
            gallery.code("light", gallery.picture(white)),
            gallery.TEXTS[-1],
            gallery.TEXTS[2],
            *gallery.OUTPUTS[-2:],
            gallery.code("box", gallery.shown(text__html='<p style="background: #fafafa">In a light box</p>')),
        )
        page.emulate_media(color_scheme="dark")
        pictures = page.locator(".image")
        expect(pictures).to_have_count(4)
        expect(pictures.nth(3)).to_have_js_property("naturalWidth", 30)
        expect(page.locator(".html .k")).to_have_css("color", "rgb(0, 128, 0)")
        expect(pictures.nth(0)).to_have_css("background-color", "rgb(255, 255, 255)")
        expect(pictures.nth(1)).to_have_css("background-color", "rgb(255, 255, 255)")
        expect(pictures.nth(2)).to_have_class(re.compile("dark"))
        expect(pictures.nth(2)).to_have_css("background-color", "rgba(0, 0, 0, 0)")
        expect(page.locator(".md img").first).to_have_css("background-color", "rgb(255, 255, 255)")
        for coloured in (
            page.locator("#T_1_row1_col0"),
            page.get_by_text("On grey"),
            page.get_by_text("In a light box"),
        ):
            expect(coloured).to_have_css("color", "rgb(0, 0, 0)")
        page.emulate_media(color_scheme="light")
        expect(pictures.nth(0)).to_have_css("background-color", "rgba(0, 0, 0, 0)")

    def test_text_in_colours_of_another_ground_can_be_read(self) -> None:
        """Ink of a library that was chosen for white, or for black, is moved in the theme where it cannot be read, and only there; drawings get a ground."""
        inks = '<p style="color: navy">navy</p><p style="color: white">white</p><p style="color: teal">teal</p><p style="color: var(--jp-content-font-color1, black)">own</p>'
        page = self.bring(
            gallery.code("inks", gallery.shown(text__html=inks)),
            gallery.code("sheet", gallery.shown(text__html="<style>b { color: #000080 }</style><b>by a sheet</b>")),
            gallery.code(
                "drawing", gallery.shown(text__html='<svg width="90" height="30"><text y="20">drawn</text></svg>')
            ),
        )
        word = functools.partial(page.get_by_text, exact=True)
        expect(word("white")).not_to_have_css("color", "rgb(255, 255, 255)")
        expect(word("navy")).to_have_css("color", "rgb(0, 0, 128)")
        expect(page.locator("svg.light")).to_have_css("background-color", "rgba(0, 0, 0, 0)")
        page.emulate_media(color_scheme="dark")
        expect(word("white")).to_have_css("color", "rgb(255, 255, 255)")
        expect(word("navy")).not_to_have_css("color", "rgb(0, 0, 128)")
        expect(word("by a sheet")).not_to_have_css("color", "rgb(0, 0, 128)")
        expect(word("teal")).to_have_css("color", "rgb(0, 128, 128)")
        expect(word("own")).to_have_css("color", "rgb(232, 234, 236)")
        expect(page.locator("svg.light")).to_have_css("background-color", "rgb(255, 255, 255)")

    def test_frames_follow_the_system_into_the_dark(self) -> None:
        """A page that has been open since the day is dark in the evening, and so is what stands in its frames."""
        page = self.bring(gallery.FIGURES[-1])
        root = page.frame_locator("iframe.sealed").locator("html")
        expect(root).to_have_attribute("data-theme", "light")
        page.emulate_media(color_scheme="dark")
        expect(root).to_have_attribute("data-theme", "dark")

    def test_addresses_in_printed_text_are_links(self) -> None:
        """Those that stand in it, and those that a program gives to its words; long lines wrap and a whole log is shown when somebody wishes."""
        long = "\n".join(f"line {n} " + "word " * 60 for n in range(60)) + "\n"
        page = self.bring(gallery.OUTPUTS[7], gallery.code("long", gallery.printed(long)))
        links = page.locator(".stream a")
        self.assertEqual(
            links.evaluate_all("all => all.map(one => [one.textContent, one.href, one.rel])"),
            [
                ["https://example.org/a?b=c", "https://example.org/a?b=c", "noopener noreferrer"],
                ["a link", "https://example.org/osc", "noopener noreferrer"],
            ],
        )
        log = page.locator(".log")
        log.get_by_role("button", name="Show all lines").click()  # it comes with the code of long texts
        whole = log.locator("pre.stream")
        expect(whole).to_contain_text("line 59")
        self.assertTrue(whole.evaluate("one => one.scrollWidth > one.clientWidth"))
        log.get_by_role("button", name="Wrap").click()
        expect(whole).to_have_css("white-space", "pre-wrap")
        self.assertTrue(whole.evaluate("one => one.scrollWidth <= one.clientWidth && one.clientHeight > 60 * 20"))
        log.get_by_role("button", name="Show all lines").click()
        expect(log.locator(".view")).to_be_visible()
