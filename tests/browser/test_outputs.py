"""Every kind of output, long logs, and output that wants to be more than output."""

from __future__ import annotations

import json
import re
import socket

from playwright.sync_api import Locator, expect

from tests.browser.stage import PageCase
from tests.browser.test_access import axe_finds

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

HOSTILE = [
    '<img src=x onerror="parent.ran=1;ran=1">',
    '<svg onload="ran=1"></svg>',
    "<svg><script>ran=1</script></svg>",
    '<a href="javascript:ran=1" id=go>x</a>',
    "<math><mtext><table><mglyph><style><img src=x onerror=ran=1></style></mglyph></table></mtext></math>",
    "<form id=forms><input name=attributes><input name=innerHTML></form><img src=x onerror=ran=1>",
    "<template><script>ran=1</script></template><details open ontoggle=ran=1>x</details>",
    "<style>@import '@SINK@/x.css'; * { background: url(@SINK@/y) }</style><p>styled</p>",
    '<p style="position:fixed;inset:0;background:red">overlay</p>',
    "<button popovertarget=root onclick=ran=1>press</button>",
    '<iframe srcdoc="<script>parent.ran=1</script>"></iframe>',
    '<object data="data:text/html,<script>parent.ran=1</script>"></object>',
    '<base href="@SINK@/"><p>based</p>',
    '<meta http-equiv=refresh content="0;url=@SINK@/"><p>gone</p>',
    '<noscript><p title="</noscript><img src=x onerror=ran=1>"></noscript>',
    "<div id=root><span id=ran name=ran>clobber</span></div>",
    '<a href="java&#x0A;script:ran=1">x</a>',
    '<svg><a xlink:href="javascript:ran=1"><text>x</text></a></svg>',
    '<math href="javascript:ran=1">x</math>',
    "<video><source onerror=ran=1></video>",
    "<svg><animate onbegin=ran=1 attributeName=x dur=1s></svg>",
    "<svg><use href=\"data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><script>top.ran=1</script></svg>#x\"></use></svg>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=ran=1>",
    '<svg></p><style><a id="</style><img src=1 onerror=ran=1>">',
    "<button command=show-modal commandfor=root>x</button><dialog id=d>x</dialog>",
    "<div id=webipy><a id=nodeName name=parentNode></a></div>",
    "<input autofocus onfocus=ran=1>",
    "<marquee onstart=ran=1>x</marquee>",
    "<isindex action=javascript:ran=1 type=image>",
    '<embed src="javascript:ran=1">',
    '<table background="javascript:ran=1"><tr><td style="background:url(javascript:ran=1)">x</table>',
    "<x contenteditable onblur=ran=1 tabindex=1>x</x>",
    "<slot name=x onslotchange=ran=1><p slot=x>x</p></slot>",
    '<img src="@SINK@/pixel.png" srcset="@SINK@/big.png 2x"><picture><source srcset="@SINK@/z"></picture>',
]


def received(sink: socket.socket) -> bytes:
    """All that was sent to a port. A browser may open a connection ahead of a navigation that is then stopped; nothing may be said on it."""
    said = b""
    while True:
        try:
            connection, _ = sink.accept()
        except BlockingIOError:
            return said
        with connection:
            connection.settimeout(0.5)
            try:
                said += connection.recv(4096)
            except TimeoutError:
                continue


class Text(PageCase):
    """Stream text."""

    def test_colours_and_progress_bars_are_shown_as_a_terminal_shows_them(self) -> None:
        """Sixteen, 256 and all colours; a carriage return writes over the line; ESC[A goes up; errors are told apart."""
        page = self.notebook()
        code = (
            "import sys\nprint('\\x1b[31mred\\x1b[0m \\x1b[38;5;208morange\\x1b[0m \\x1b[38;2;1;2;3mblack\\x1b[0m')\n"
            "for i in range(101): print(f'\\r{i:3d}%', end='')\n"
            "print('\\nouter 0\\ninner 0\\x1b[A\\router 1\\n', end='')\nprint('oops', file=sys.stderr)"
        )
        cell = self.run_code(page, code)
        self.finished(cell)
        expect(cell.locator(".stream.stdout")).to_have_text("red orange black\n100%\nouter 1\ninner 0")
        expect(cell.locator(".stream.stderr")).to_have_text("oops")
        expect(cell.locator(".af1")).to_have_text("red")
        self.assertEqual(
            page.evaluate("getComputedStyle(document.querySelectorAll('.stream.stdout span')[2]).color"), "rgb(1, 2, 3)"
        )

    def test_a_hundred_thousand_lines_keep_the_page_light(self) -> None:
        """All lines are kept, some sixty are in the document, and the page answers while they come."""
        page = self.notebook()
        page.evaluate(
            "() => { window.stalls = []; new PerformanceObserver(list => { for (const one of list.getEntries()) window.stalls.push(one.duration) })"
            ".observe({ entryTypes: ['longtask'] }) }"
        )
        cell = self.run_code(
            page, "for i in range(100_000): print('line', i, 'of a log that is long, fifty characters wide')"
        )
        foot = cell.locator(".log-foot .counts")
        expect(foot).to_contain_text("100,000 lines", timeout=90_000)
        expect(cell.locator(".log-pane")).to_contain_text("line 99999 of")
        self.assertLess(cell.locator(".log-pane > div").count(), 120)
        self.assertLess(page.evaluate("document.querySelectorAll('*').length"), 1000)
        self.assertLess(max(page.evaluate("window.stalls"), default=0), 1000)
        cell.locator(".log .view").evaluate("view => { view.scrollTop = 0 }")
        expect(cell.locator(".log-pane")).to_contain_text("line 0 of")
        cell.get_by_role("button", name="To the end").click()
        expect(cell.locator(".log-pane")).to_contain_text("line 99999 of")
        cell.get_by_role("button", name="Copy").click()
        expect(page.get_by_text("Copied")).to_be_visible()
        lines = str(page.evaluate("navigator.clipboard.readText()")).splitlines()
        wanted = [f"line {i} of a log that is long, fifty characters wide" for i in range(100_000)]
        self.assertEqual(lines, wanted)
        page.reload()  # what was long is shown by its start and its end now, and the rest is there when it is asked for
        cell.get_by_role("button", name="Load all").click()
        expect(foot).to_contain_text("100,000 lines")
        cell.get_by_role("button", name="Copy").click()
        expect(page.get_by_text("Copied")).to_be_visible()
        self.assertEqual(str(page.evaluate("navigator.clipboard.readText()")).splitlines(), wanted)

    def test_what_is_typed_beside_a_flood_is_whole_and_so_is_the_flood(self) -> None:
        """Keys go into one cell while another prints: nothing of either is lost, and the log goes on in between."""
        file = self.write_notebook("beside.ipynb", ("code", "1"), ("code", ""))
        page = self.open_file("beside.ipynb", kernel=True)
        page.locator("#cell-c1 .src").click()
        expect(page.locator(".cm-content")).to_be_focused()
        code = "for i in range(60_000): print('line', i)"
        started = self.server.call("execution.start", session=self.sessions[0], code=code, cell="c0")
        counts = page.locator("#cell-c0 .log-foot .counts")
        expect(counts).to_contain_text("lines")
        text = "# the quick brown fox jumps over the lazy dog"
        page.keyboard.type(text, delay=30)
        expect(page.locator(".cm-content")).to_have_text(text)
        self.server.call("execution.wait", session=self.sessions[0], execution=started["execution"], timeout_s=60)
        expect(counts).to_contain_text("60,000 lines", timeout=90_000)
        page.keyboard.press("Escape")
        expect(page.locator(".saved")).to_have_text("Saved")
        cells = self.read_notebook(file)
        self.assertEqual(cells[1]["source"], text)
        printed = "".join("".join(output["text"]) for output in cells[0]["outputs"])
        self.assertEqual(printed.splitlines(), [f"line {i}" for i in range(60_000)])

    def test_what_is_selected_in_an_output_that_grows_stays_selected(self) -> None:
        """In a short one and in a window on a long one, also when the short one becomes long."""
        page = self.notebook()
        for lines in (5, 60):
            gate = self.server.root / f"gate-{lines}"
            code = (
                f"for i in range({lines}): print('first', i)\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.02)"
            )
            cell = self.run_code(page, f"import os, time\n{code}\nfor i in range(100): print('more', i)")
            text = cell.locator(".out .text")
            expect(text).to_contain_text(f"first {lines - 1}")
            page.get_by_text("first").last.dblclick(position={"x": 12, "y": 10})
            self.assertEqual(page.evaluate("getSelection().toString()").strip(), "first")
            gate.touch()
            self.finished(cell)
            self.assertEqual(page.evaluate("getSelection().toString()").strip(), "first")
            page.keyboard.press("Escape")
            self.edit(page)

    def test_a_log_is_searched_wrapped_and_downloaded(self) -> None:
        """A search shows the lines that hold a text; wrapping cuts long lines into rows; the download is the text of all lines."""
        page = self.notebook()
        cell = self.run_code(page, "for i in range(100): print(str(i) * 400)")
        self.finished(cell)
        cell.get_by_role("button", name="Search").click()
        field = cell.get_by_role("searchbox", name="Search in this output")
        field.fill("1212")
        expect(cell.get_by_role("search")).to_contain_text("1 of 2")
        expect(cell.locator(".hit.now")).to_contain_text("121212")
        field.press("Enter")
        expect(cell.get_by_role("search")).to_contain_text("2 of 2")
        expect(cell.locator(".hit.now")).to_contain_text("212121")
        field.press("Escape")
        expect(cell.locator(".hit")).to_have_count(0)
        cell.get_by_role("button", name="Wrap").click()
        view = cell.locator(".log .view")
        expect(cell.get_by_role("button", name="Wrap")).to_have_attribute("aria-pressed", "true")
        self.assertTrue(view.evaluate("view => view.scrollWidth <= view.clientWidth + 1"))
        self.assertGreater(view.evaluate("view => view.scrollHeight"), 100 * 20 * 4)
        with page.expect_download() as waiting:
            cell.get_by_role("button", name="Download").click()
        saved = waiting.value.path().read_text("utf-8")
        self.assertEqual(saved.split(), [str(i) * 400 for i in range(100)])

    def test_a_long_output_has_a_tab_of_its_own(self) -> None:
        """A log and a text result are shown there with all their lines, are searched and wrapped, and lead back to their cell."""
        text = "\n".join(f"line {n}" for n in range(300))
        outputs = [
            {"output_type": "stream", "name": "stdout", "text": "".join(f"row {n}\n" for n in range(500))},
            {"output_type": "execute_result", "data": {"text/plain": text}, "metadata": {}, "execution_count": 1},
        ]
        self.write_notebook("tabs.ipynb", ("code", "one"), {"cell_type": "code", "source": "two", "outputs": outputs})
        page = self.open_file("tabs.ipynb")
        with self.context.expect_page() as opened:
            page.locator("#cell-c1 .log-foot").get_by_role("link", name="Open in a tab").click()
        tab = opened.value
        expect(tab.get_by_role("heading", name="Output of cell 2 · tabs.ipynb")).to_be_visible()
        expect(tab.locator(".log .counts")).to_contain_text("500 lines")
        expect(tab.get_by_role("link", name="Open in a tab")).to_have_count(0)
        tab.get_by_role("button", name="Search").click()
        tab.get_by_role("searchbox").fill("row 44")
        expect(tab.locator(".hit.now")).to_be_in_viewport()
        tab.get_by_role("button", name="Wrap").click()
        expect(tab.get_by_role("button", name="Wrap")).to_have_attribute("aria-pressed", "true")
        self.assertEqual(axe_finds(tab), [])
        tab.goto(tab.url.replace("at=0", "at=1"))
        expect(tab.locator(".log .counts")).to_contain_text("300 lines")
        expect(tab.get_by_text("line 0", exact=True)).to_be_in_viewport()
        tab.set_viewport_size({"width": 390, "height": 700})
        self.assertLessEqual(tab.evaluate("document.documentElement.scrollWidth"), 390)
        tab.get_by_role("link", name="Go to the cell").click()
        expect(tab.locator(".cell.sel")).to_have_attribute("id", "cell-c1")
        page.locator("#cell-c1 .output .tools").click()
        with self.context.expect_page() as opened:
            page.get_by_role("menuitem", name="Open it in a tab of its own").click()
        expect(opened.value.locator(".log .counts")).to_contain_text("300 lines")

    def test_a_traceback_names_the_error_first_and_folds_libraries(self) -> None:
        """Name and message stand on top, own frames are open, frames of libraries are folded, and all can be copied."""
        page = self.notebook()
        cell = self.run_code(page, "import json\ndef f(x):\n    return json.loads(x)\nf('{')")
        self.finished(cell)
        expect(cell.locator(".tb summary")).to_contain_text("JSONDecodeError")
        expect(cell.locator(".tb-place").first).to_contain_text("line 4")
        expect(cell.locator(".tb-line.hl").first).to_contain_text("f('{')")
        shown = cell.locator(".tb-frame").count()
        cell.get_by_role("button", name="library frames hidden").click()
        expect(cell.locator(".tb-frame").nth(shown)).to_be_visible()
        cell.get_by_role("button", name="Copy").click()
        expect(page.get_by_text("Copied")).to_be_visible()
        self.assertIn("Traceback (most recent call last)", page.evaluate("navigator.clipboard.readText()"))
        expect(cell.locator(".meta")).to_contain_text("failed")


class Rich(PageCase):
    """Outputs with a MIME type."""

    def show(self, expression: str) -> Locator:
        """A cell that displays an expression of IPython.display."""
        page = self.notebook()
        cell = self.run_code(page, f"from IPython.display import *\n{expression}")
        self.finished(cell)
        return cell

    def test_images_are_shown_and_named(self) -> None:
        """PNG and SVG are images; the SVG cannot run what is in it."""
        cell = self.show(
            f"import base64; display(Image(base64.b64decode({PNG!r}), width=40))\n"
            'display(SVG(\'<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><script>top.ran=1</script><rect width="9" height="9"/></svg>\'))'
        )
        expect(cell.locator("img.image")).to_have_count(2)
        expect(cell.locator("img.image").nth(0)).to_have_attribute("width", "40")
        self.assertEqual(
            cell.locator("img.image").nth(1).evaluate("image => image.decode().then(() => image.naturalWidth)"), 30
        )

    def test_large_values_are_shown_or_said_with_their_size(self) -> None:
        """A picture that is not too large comes by itself; a larger one, and the rest of a text, when it is asked for."""
        pixels = f"'{PNG}' + ' ' * 3_000_000"
        output = self.show(f"display({{'image/png': {pixels}, 'text/plain': 'small enough'}}, raw=True)")
        expect(output.locator("img")).to_have_js_property("naturalWidth", 1)
        larger = self.show(f"display({{'image/png': {pixels} * 4, 'text/plain': 'the larger one'}}, raw=True)")
        expect(larger).to_contain_text("image/png, 9.0 MB")
        expect(larger).to_contain_text("the larger one")
        expect(larger.get_by_role("button", name="Download")).to_be_visible()
        larger.get_by_role("button", name="Show").click()
        expect(larger.locator("img")).to_be_visible()
        text = self.show("display({'text/plain': 'start ' + 'x' * 2_500_000 + ' end'}, raw=True)")
        expect(text).to_contain_text("2.4 MiB in all: the rest is left out here")
        expect(text).to_contain_text("text/plain, 2.5 MB")

    def test_tables_are_shown_in_the_page(self) -> None:
        """Passive HTML is shown in a shadow root with its own styles, without a frame."""
        cell = self.show("import pandas\npandas.DataFrame({'t': [1.5, 2.5], 'name': ['a', 'b']})")
        expect(cell.locator(".html table")).to_contain_text("name")
        expect(cell.locator(".html td").nth(1)).to_have_text("a")
        expect(cell.locator("iframe")).to_have_count(0)

    def test_styles_of_passive_html_are_kept(self) -> None:
        """`style` attributes and style sheets of an output work, for the output alone."""
        cell = self.show("HTML('<style>b{color:rgb(1,2,3)}</style><b>one</b><i style=\"color:rgb(4,5,6)\">two</i>')")
        colour = "element => getComputedStyle(element).color"
        self.assertEqual(cell.locator(".html b").evaluate(colour), "rgb(1, 2, 3)")
        self.assertEqual(cell.locator(".html i").evaluate(colour), "rgb(4, 5, 6)")

    def test_ids_of_an_output_are_those_that_its_rules_and_references_name(self) -> None:
        """A style sheet that names ids colours its table, as pandas has them; gradients, `use` and text along a path are found, in outputs and texts."""
        parts = (
            '<svg width="90" height="40"><defs><linearGradient id="g"><stop stop-color="rgb(1,2,3)"/></linearGradient><path id="p" d="M5 30H80"/>'
            '</defs><rect id="r" width="40" height="20" fill="url(#g)"/><use href="#r" x="45"/><text><textPath href="#p">along</textPath></text></svg>'
        )
        table = '<style>#T_1_row0_col0 { background-color: rgb(255, 255, 0) }</style><table id="T_1"><td id="T_1_row0_col0">1</td></table>'
        cell = self.show(f"display(HTML({table + parts!r}), Markdown({parts!r}), Markdown({parts!r}))")
        colour = "element => getComputedStyle(element).backgroundColor"
        self.assertEqual(cell.locator(".html td").evaluate(colour), "rgb(255, 255, 0)")
        for shown in (cell.locator(".html"), cell.locator(".md").first, cell.locator(".md").last):
            expect(shown.locator("use")).to_have_count(1)
            self.assertGreater(shown.locator("use").evaluate("use => use.getBBox().width"), 30)
            self.assertGreater(shown.locator("textPath").evaluate("text => text.getComputedTextLength()"), 10)
            refers = shown.locator("rect").evaluate(
                "rect => rect.getRootNode().querySelector(rect.getAttribute('fill').slice(4, -1)) !== null"
            )
            self.assertTrue(refers)
        ids = cell.page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
        self.assertEqual(len(ids), len(set(ids)), "two texts share no id")

    def test_the_rules_of_an_output_stay_in_it(self) -> None:
        """No rule reaches the element that holds the output, however it names it; what libraries set on the root is inherited."""
        rules = "position: fixed !important; inset: 0; z-index: 99999; background: red !important"
        hosts = (
            ":host",
            ":h\\6fst",
            ":host(.html)",
            ":host-context(body)",
            ":is(:host)",
            ":scope",
            "&",
            ":host:not(b)",
            ":root",
        )
        sheet = "".join(f"{host} {{ {rules} }} " for host in hosts)
        sheet += f"@media all {{ :host {{ {rules} }} }} @layer a {{ :host {{ {rules} }} }} @scope (:host) {{ :scope {{ {rules} }} }}"
        sheet += f"@scope {{ :scope {{ {rules} }} }} b {{ :host & {{ {rules} }} :host {{ {rules} }} }} b {{ color: var(--ours) }}"
        sheet += ":root { --ours: rgb(1, 2, 3) } @property --ink { syntax: '*'; inherits: true; initial-value: red }"
        cell = self.show(f"HTML({'<style>' + sheet + '</style><b>one</b><use href=x.svg#a></use>'!r})")
        expect(cell.locator(".html b")).to_have_css("color", "rgb(1, 2, 3)")
        self.assertEqual(
            cell.locator(".html").evaluate(
                "one => [getComputedStyle(one).position, getComputedStyle(one).backgroundColor]"
            ),
            ["static", "rgba(0, 0, 0, 0)"],
        )
        box = cell.locator(".html").bounding_box()
        self.assertTrue(box is not None and box["height"] < 400)

    def test_formulas_and_markdown_are_set(self) -> None:
        """LaTeX and the formulas in markdown are set by KaTeX; an unknown command is red, and what cannot be read stays as it was written."""
        cell = self.show(
            "display(Latex(r'$\\\\frac{a}{b}$'), Markdown(r'*so* $e^{i\\\\pi}$ $\\\\nope{x}$, $\\\\middle|$, $5'))".replace(
                "\\\\", "\\"
            )
        )
        expect(cell.locator(".latex .katex .mfrac").first).to_be_visible()
        expect(cell.locator(".md em")).to_have_text("so")
        expect(cell.locator(".md .katex")).to_have_count(2)
        expect(cell.locator(".math-picture [fill=red]")).to_have_count(1)
        expect(cell.locator(".math-failed")).to_have_text("$\\middle|$")

    def test_json_is_a_tree(self) -> None:
        """Branches open on demand."""
        cell = self.show("JSON({'a': {'deep': [1, None]}, 'b': 'text'})")
        expect(cell.locator(".json").first).to_contain_text('b: "text"')
        cell.locator("summary", has_text="a:").click()
        cell.locator("summary", has_text="deep:").click()
        expect(cell.locator(".json").first).to_contain_text("1: null")

    def test_a_display_is_updated_in_place_and_cleared(self) -> None:
        """`update` changes what is shown; `clear_output(wait=True)` waits for the next output."""
        cell = self.show("h = display(Markdown('*old*'), display_id=True)\nh.update(Markdown('*new*'))\n")
        expect(cell.locator(".md em")).to_have_text("new")
        page = cell.page
        self.edit(page)
        again = self.run_code(
            page,
            "from IPython.display import clear_output\nfor i in range(3):\n    clear_output(wait=True)\n    print('round', i)",
        )
        self.finished(again)
        expect(again.locator(".out .text")).to_have_text("round 2")

    def test_plain_text_is_the_last_resort(self) -> None:
        """What has no form that can be shown shows the plain one, or says so; sound has buttons, and a document is saved."""
        cell = self.show(
            "display({'application/x-strange': 'x', 'text/plain': 'plain'}, raw=True)\ndisplay({'application/x-strange': 'x'}, raw=True)\n"
            "display({'audio/wav': 'UklGRg==', 'text/plain': 'sound'}, raw=True)\n"
            "display({'application/pdf': 'JVBERi0=', 'text/plain': 'paper'}, raw=True)"
        )
        expect(cell.locator("audio[controls]")).to_have_count(1)
        with cell.page.expect_download() as waiting:
            cell.get_by_role("button", name="Download").click()
        self.assertEqual(
            (waiting.value.suggested_filename, waiting.value.path().read_bytes()), ("document.pdf", b"%PDF-")
        )
        expect(cell.locator(".out .text")).to_have_text("plain")
        expect(cell.locator(".out .quiet")).to_contain_text("application/x-strange")


class Sealed(PageCase):
    """Output that runs, runs elsewhere."""

    def test_scripts_run_in_a_sealed_frame_without_the_page_or_the_network(self) -> None:
        """A script sees no cookie, no storage, no parent and no server; it can draw, and the frame grows with it."""
        page = self.notebook()
        script = (
            "const tries = { parent: () => parent.document.title, top: () => top.location.href, cookie: () => document.cookie,"
            " storage: () => localStorage.length, rtc: () => new RTCPeerConnection() };"
            "const said = {}; for (const [name, act] of Object.entries(tries)) { try { said[name] = String(act()) } catch (e) { said[name] = e.name } }"
            "const tell = () => { const pre = document.createElement('pre'); pre.id = 'said'; pre.textContent = JSON.stringify(said); element.append(pre);"
            " const tall = document.createElement('div'); tall.style.height = '300px'; element.append(tall) };"
            "Promise.allSettled([fetch('/rpc', {method: 'POST'}).then(() => { said.fetch = 'sent' }, e => { said.fetch = e.name }),"
            " new Promise(done => { try { const s = new WebSocket('ws://' + 'localhost'); s.onerror = done; s.onopen = () => { said.socket = 'open'; done() } }"
            " catch (e) { said.socket = e.name; done() } })]).then(tell);"
        )
        cell = self.run_code(page, f"from IPython.display import Javascript\nJavascript({json.dumps(script)})")
        frame = cell.frame_locator("iframe.sealed")
        said = json.loads(frame.locator("#said").inner_text())
        self.assertEqual(
            {name: said.get(name) for name in ("parent", "top", "cookie", "storage", "fetch")},
            {
                "parent": "SecurityError",
                "top": "SecurityError",
                "cookie": "SecurityError",
                "storage": "SecurityError",
                "fetch": "TypeError",
            },
        )
        self.assertEqual(said["rtc"], "ReferenceError")
        self.assertNotEqual(said.get("socket"), "open")
        expect(cell.locator("iframe.sealed")).to_have_attribute("style", re.compile(r"height: 3\d\dpx"))

    def test_active_html_goes_to_the_frame_and_works_there(self) -> None:
        """Markup with a script or a handler is not cut down: it runs, sealed."""
        page = self.notebook()
        cell = self.run_code(
            page,
            'from IPython.display import HTML\nHTML(\'<button onclick="this.textContent=1+1">press</button><script>document.body.append("made")</script>\')',
        )
        frame = cell.frame_locator("iframe.sealed")
        expect(frame.locator("body")).to_contain_text("made")
        frame.get_by_role("button").click()
        expect(frame.get_by_role("button")).to_have_text("2")

    def test_a_frame_that_goes_elsewhere_is_stopped_and_told(self) -> None:
        """Navigation out of the frame is stopped by the page's policy, and the output is replaced by a sentence."""
        self.faults_expected = re.compile("^policy: frame-src https://example.invalid")  # the stop itself
        page = self.notebook()
        cell = self.run_code(
            page, "from IPython.display import Javascript\nJavascript('location.href = \"https://example.invalid/\"')"
        )
        expect(cell).to_contain_text("This output tried to leave the page and was stopped.")
        expect(cell.locator("iframe")).to_have_count(0)

    def test_hostile_markup_does_not_run_in_the_page(self) -> None:
        """None of a corpus of attacks runs in the page, reaches the network, or covers the page."""
        sink = self.sink()
        address = f"http://127.0.0.1:{sink.getsockname()[1]}"
        self.faults_expected = re.compile(f"^policy: (img-src|frame-src|style-src-elem) {address}")  # what was stopped
        page = self.notebook()
        corpus = [one.replace("@SINK@", address) for one in HOSTILE]
        cell = self.run_code(
            page,
            f"from IPython.display import HTML, Markdown\ncorpus = {corpus!r}\n"
            "for one in corpus: display(HTML(one), HTML('<p>after</p>'))\nfor one in corpus: display(Markdown(one))",
        )
        self.finished(cell)
        expect(cell.locator(".html p", has_text="after")).to_have_count(len(HOSTILE))
        for output in cell.locator(".out > *").all():
            output.scroll_into_view_if_needed()
        expect(cell.locator(".frame-host:empty")).to_have_count(0)
        self.assertEqual(
            page.evaluate("[typeof window.ran, document.getElementById('root').tagName]"), ["undefined", "DIV"]
        )
        self.assertTrue(page.evaluate("document.elementFromPoint(10, 10).closest('.top') !== null"))
        expect(cell.get_by_text("This output tried to leave the page and was stopped.")).to_have_count(1)
        self.assertEqual(received(sink), b"")

    def sink(self) -> socket.socket:
        """A port that nothing may ever connect to."""
        sink = socket.create_server(("127.0.0.1", 0))
        sink.setblocking(False)
        self.addCleanup(sink.close)
        return sink
