"""Sealed frames: nothing gets out on opening, with or without the browser's help; and what outputs need goes on working."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Response, Route, expect

from tests.browser import gallery, seals
from tests.browser.stage import PageCase, enter, the_playwright
from tests.browser.test_rich import RichCase, shown

AHEAD = re.compile(
    "navigations: (?!.*window)|names: |requests: (a form|objects and frames|a set of frames|a link|a made link|fetch|a picture|a font|media|style)"
)
"""Left out where a browser knows no Connection-Allowlist: it connects to the first of these, or looks them up, before it asks the policy. Not a byte of
the output is sent, but the name of a server can say something. The rest are requests that the policy stops, as it always has."""


class Attacks(PageCase):
    """A table of attacks, opened as a stranger's notebook."""

    def launch(self) -> tuple[Browser, Path]:
        """A browser of this test's own, and its network log."""
        browser = seals.noting_browser(the_playwright())
        made = browser.__enter__()
        self.addCleanup(browser.__exit__, None, None, None)
        return made

    def let_in(self, context: BrowserContext) -> None:
        """Signs a context of such a browser in."""
        enter(context, self.server.origin, self.server.token).close()

    def sealing(self) -> seals.Sealing:
        """What opens attacks in such a browser."""
        browser, log = self.launch()

        def open_notebook(content: str) -> str:
            path = self.server.root / f"attack-{len(self.sessions)}.ipynb"
            path.write_text(content)
            self.addCleanup(path.unlink)
            session = str(self.server.call("session.create", path=path.name)["id"])
            self.sessions.append(session)
            return session

        return seals.Sealing(browser, log, self.server.origin, self.let_in, open_notebook)

    def test_nothing_gets_out_before_somebody_allows_it(self) -> None:
        """Not a byte, not a connection, not a name; no file, no dialog, no window: by any of the ways of the table, on opening."""
        sealing = self.sealing()
        with seals.ears() as heard:
            for batch in seals.batches():
                sealing.attack(heard, batch)
            escaped = sealing.judge(heard, list(seals.ATTACKS))
        self.assertEqual(escaped.lines(), [])

    def test_a_browser_without_connection_allowlist_lets_out_no_more_than_a_name(self) -> None:
        """The two policies and the guest alone hold everything but connections that Chromium makes before it asks them."""
        sealing = self.sealing()
        attacks = [name for name in seals.ATTACKS if not AHEAD.match(name)]
        with seals.ears() as heard:
            sealing.attack(heard, attacks, without="Connection-Allowlist")
            escaped = sealing.judge(heard, attacks)
        self.assertEqual(escaped.lines(), [])

    def test_the_attacks_are_attacks(self) -> None:
        """Where nothing holds them, those of the table that a browser can do at all get out: it is the seal that holds them."""
        browser, _ = self.launch()
        with seals.ears() as heard, seals.open_pages(heard) as address:
            page = browser.new_page()
            page.goto(address, wait_until="commit")
            heard.wait(lambda: not [name for name in seals.LOUD if not heard.heard.get(name)])
            self.assertEqual([name for name in seals.LOUD if not heard.heard.get(name)], [])


class Working(RichCase):
    """What outputs need, under the seal."""

    def html(self, markup: str) -> FrameLocator:
        """The frame of an HTML output."""
        return self.frame(self.show(shown({"text/html": markup})))

    def said(self, frame: FrameLocator, *lines: str) -> None:
        """The element `#said` of the frame says that."""
        expect(frame.locator("#said")).to_have_text(" ".join(lines))

    def test_scripts_run_in_their_order_and_share_what_they_declare(self) -> None:
        """As in a document: `const` of one is seen by the next, `var` and functions are global, `currentScript` is the script, modules come last."""
        frame = self.html(
            "<p id=said></p><script>const a = 1; var b = 2; function c() { return 3 }</script>"
            "<div id=here><script id=me>var where = document.currentScript.parentElement.id + document.currentScript.id</script></div>"
            "<script type=module>said.textContent += ' module'</script>"
            "<script>said.textContent = [a, window.b, window.c(), where, document.currentScript.previousElementSibling.tagName].join(' ')</script>"
            "<script type='application/json' id=data>{\"x\": 1}</script>"
            "<script>said.textContent += ' ' + JSON.parse(data.textContent).x</script>"
        )
        expect(frame.locator("#said")).to_have_text(re.compile("^1 2 3 hereme SCRIPT 1( module)?$"))

    def test_scripts_that_code_makes_run_at_once(self) -> None:
        """As jQuery and loaders make them: run when they are put in, once; those of `innerHTML` are not."""
        frame = self.html(
            "<p id=said></p><script>var n = 0; const add = (text, how) => { const s = document.createElement('script'); s.text = text; how(s); return s };"
            "add('n += 1; window.seen = document.currentScript !== null', s => document.head.appendChild(s).parentNode.removeChild(s));"
            "const first = n; const kept = add('n += 10', s => said.append(s)); document.body.append(kept);"
            "const box = document.createElement('div'); add('n += 100', s => box.append(s)); document.body.append(box);"
            "box.innerHTML = '<script>n += 1000<\\/script>'; document.body.insertBefore(add('n += 10000', s => { s.type = 'text/plain'; said.append(s) }), null);"
            "const late = document.createElement('script'); document.body.append(late); late.text = 'n += 100000';"
            "setTimeout(() => { said.textContent = [first, n, seen].join(' ') })</script>"
        )
        self.said(frame, "1", "100111", "true")

    def test_errors_of_scripts_are_told(self) -> None:
        """What is thrown stands under the output, with its reason; the next script runs."""
        frame = self.html("<script>nowhere.at.all</script><p id=said>0</p><script>said.textContent = 1</script>")
        expect(frame.locator(".error")).to_contain_text("nowhere is not defined")
        self.said(frame, "1")

    def test_handlers_in_markup_work(self) -> None:
        """Those of the output, of what code adds, and of attributes that code sets; with the scopes that HTML gives them."""
        frame = self.html(
            "<form><input name=field value=7><button type=button id=one onclick='said.textContent += field.value + this.id + event.type'>1</button></form>"
            "<p id=said></p><a id=two href='javascript:void(said.textContent += \"two\")'>2</a>"
            "<img src='data:,x' onerror='said.dataset.failed = 1'><div id=box></div>"
            "<script>box.innerHTML = '<b id=three onclick=\"said.textContent += `three`\">3</b>'; box.setAttribute('onclick', 'said.textContent += `box`')</script>"
        )
        for one in ("one", "two", "three"):
            frame.locator(f"#{one}").click()
        self.said(frame, "7oneclicktwothreebox")
        expect(frame.locator("#said")).to_have_attribute("data-failed", "1")
        frame.locator("#box").evaluate("box => box.removeAttribute('onclick')")
        frame.locator("#three").click()
        self.said(frame, "7oneclicktwothreeboxthree")

    def test_modules_and_workers_work(self) -> None:
        """Modules at addresses that code makes, with what they import; workers."""
        frame = self.html(
            "<p id=said></p><script type=module>const at = text => URL.createObjectURL(new Blob([text], {type: 'text/javascript'}));"
            "const one = at('export default 1'); const { sum } = await import(at(`import one from '${one}'; export const sum = one + 1`));"
            "const worker = new Worker(at('onmessage = event => postMessage(event.data * 2)'));"
            "worker.onmessage = event => { said.textContent = sum + ' ' + event.data }; worker.postMessage(21)</script>"
        )
        self.said(frame, "2 42")

    def test_frames_of_text_work(self) -> None:
        """A page in the output (folium's maps are one) has its scripts, styles, handlers and size, our libraries, and frames of its own."""
        inner = (
            "<!doctype html><html lang=fr><head><title>t</title><style>html, body { height: 100% } #map { position: absolute; inset: 0;"
            " background: rgb(1, 2, 3) }</style><script>document.addEventListener('DOMContentLoaded', () => { map.dataset.ready = 1 })</script></head>"
            "<body class=b onload='map.dataset.loaded = 1'><div id=map></div><button id=go onclick='this.textContent = typeof Plotly.newPlot'>go</button>"
            "<script src='https://cdn.plot.ly/plotly-3.0.1.min.js'></script><iframe srcdoc='<p id=deep></p><script>deep.textContent = 6*7</script>'></iframe>"
            "<script src='https://cdn.example.org/x.js'></script></body></html>"
        ).replace('"', "&quot;")
        cell = self.show(shown({"text/html": f'<iframe width="400" height="300" srcdoc="{inner}"></iframe>'}))
        outer = self.frame(cell).locator("iframe")
        nested = outer.content_frame
        expect(nested.locator("#map")).to_have_attribute("data-loaded", "1")
        expect(nested.locator("#map")).to_have_attribute("data-ready", "1")
        expect(nested.locator("#map")).to_have_css("background-color", "rgb(1, 2, 3)")
        expect(nested.locator("#map")).to_have_css("height", "300px")
        expect(nested.locator("html")).to_have_attribute("lang", "fr")
        expect(nested.locator("body")).to_have_class("b")
        nested.locator("#go").evaluate("button => button.click()")
        expect(nested.locator("#go")).to_have_text("function")
        expect(nested.locator("iframe").content_frame.locator("#deep")).to_have_text("42")
        expect(cell.locator(".wanted")).to_contain_text("This output wants to load from cdn.example.org.")

    def test_a_frame_of_text_that_code_makes_works(self) -> None:
        """As bokeh's and pyvis's are made; one without a script is left as it is."""
        frame = self.html(
            "<script>for (const text of ['<b>1</b><script>document.body.append(2)<\\/script>', '<i>3</i>']) {"
            "const f = document.createElement('iframe'); f.srcdoc = text; document.body.append(f) }</script>"
        )
        expect(frame.locator("iframe").nth(0).content_frame.locator("body")).to_contain_text("12")
        expect(frame.locator("iframe").nth(1).content_frame.locator("i")).to_have_text("3")

    def offered(self, cell: Locator, act: str) -> tuple[str, bytes]:
        """The name and content of the file that is saved when a person says so."""
        self.frame(cell).locator(act).click()
        offer = cell.locator(".wanted")
        expect(offer).to_contain_text("This output would save")
        with cell.page.expect_download() as download:
            offer.get_by_role("button", name="Save").click()
        expect(offer).to_have_count(0)
        return download.value.suggested_filename, download.value.path().read_bytes()

    def test_a_file_of_an_output_is_saved_when_a_person_says_so(self) -> None:
        """From a link in the output, from one that code makes, from one in no document; under a name without a folder."""
        cell = self.show(
            shown(
                {
                    "text/html": "<a id=link download='../a/b\u202egpj.txt' href='data:text/plain;base64,aGkgdGhlcmU='>l</a>"
                    "<button id=made onclick=\"const a = document.createElement('a'); a.href = window.URL.createObjectURL(new Blob(['made']));"
                    " a.download = 'made.csv'; a.click(); window.URL.revokeObjectURL(a.href)\">m</button>"
                    "<button id=sent onclick=\"const a = document.createElement('a'); a.href = 'data:,sent%20it'; a.download = '';"
                    " a.dispatchEvent(new MouseEvent('click'))\">s</button>"
                }
            )
        )
        self.assertEqual(self.offered(cell, "#link"), ("_a_b_gpj.txt", b"hi there"))
        self.assertEqual(self.offered(cell, "#made"), ("made.csv", b"made"))
        self.assertEqual(self.offered(cell, "#sent"), ("file", b"sent it"))

    def test_plotly_saves_its_picture(self) -> None:
        """The camera of a figure."""
        figure = {"data": [{"type": "scatter", "y": [3, 1]}], "layout": {"height": 230}}
        cell = self.show(shown({"application/vnd.plotly.v1+json": figure}))
        frame = self.frame(cell)
        expect(frame.locator(".scatterlayer .trace")).to_have_count(1)
        frame.locator(".plot-container").hover()
        name, content = self.offered(cell, ".modebar-btn[data-title*=ownload]")
        self.assertEqual((name, content[:4]), ("plot-image.png", b"\x89PNG"))

    def test_links_open_a_tab_after_a_click(self) -> None:
        """Where they lead as they are written; what leads elsewhere than it reads, or is made by code, is shown first; a click by code opens nothing."""
        (self.server.root / "beside.txt").write_text("beside")
        self.context.route(
            "https://x.example.org/**", lambda route: route.fulfill(body="there", content_type="text/html")
        )
        inner = "<a id=deep href='https://x.example.org/deep'>deep</a>".replace("'", "&quot;")
        page = self.open_file(
            self.write_notebook(
                "links.ipynb",
                gallery.code(
                    "HTML(links)",
                    gallery.shown(
                        text__html="<a id=plain href='https://x.example.org/a?b=1&amp;c=2'>a</a> <a id=file href=beside.txt>file</a> "
                        "<a id=lies href='https://x.example.org/lies'>https://bank.example</a> "
                        "<button id=made onclick=\"window.open('https://x.example.org/' + 6 * 7)\">made</button>"
                        f'<svg width=60 height=20><a href="https://x.example.org/svg"><text y=15>svg</text></a></svg><iframe srcdoc="{inner}"></iframe>'
                        "<a id=code href='https://x.example.org/code'>c</a><script>code.click()</script>"
                    ),
                ),
            ).name
        )
        cell = page.locator(".cell").first
        frame = self.frame(cell)
        asked = cell.locator(".wanted")
        expect(asked).to_contain_text("A link of this output leads to https://x.example.org/code")
        asked.get_by_role("button", name="Dismiss").click()

        def opened(act: Locator) -> str:
            with self.context.expect_page() as tab:
                act.click()
            address, opener = tab.value.url, tab.value.evaluate("typeof opener + (opener === null)")
            tab.value.close()
            self.assertEqual(opener, "objecttrue")
            return address.replace(self.server.origin, "")

        self.assertEqual(opened(frame.locator("#plain")), "https://x.example.org/a?b=1&c=2")
        self.assertEqual(opened(frame.get_by_text("svg")), "https://x.example.org/svg")
        self.assertEqual(opened(frame.frame_locator("iframe").locator("#deep")), "https://x.example.org/deep")
        self.assertEqual(opened(frame.locator("#file")), "/?open=beside.txt")
        for act, address in (("#lies", "https://x.example.org/lies"), ("#made", "https://x.example.org/42")):
            frame.locator(act).click()
            expect(asked).to_contain_text(address)
            self.assertEqual(opened(asked.get_by_role("button", name="Open")), address)
            expect(asked).to_have_count(0)

    def test_what_an_output_says_in_a_dialog_stands_under_it(self) -> None:
        """`alert`, and questions with the answer that they got."""
        frame = self.html(
            "<p id=said></p><script>alert('hello'); said.textContent = [confirm('sure?'), prompt('name?')].join()</script>"
        )
        self.said(frame, "false,")
        expect(frame.locator("pre.said")).to_have_text(
            ["hello", re.compile(r"^sure\? \(Output cannot ask"), re.compile(r"^name\? \(Output cannot ask")]
        )

    def test_what_a_person_allowed_is_that_server_and_no_peers(self) -> None:
        """Its scripts are loaded, and those of no other; peer connections stay away."""
        session = self.new_session()
        code = (
            "<p id=said></p><script>said.textContent = typeof RTCPeerConnection</script>"
            "<script src=https://cdn.example.org/lib.js></script><script src=https://cdn.example.org/other.js></script>"
            "<script src=https://other.example.org/lib.js></script>"
        )
        self.execute(session, shown({"text/html": code}), self.add_cell(session, "x"))
        headers: list[str] = []
        asked: list[str] = []

        def answered(answer: Response) -> None:
            if "/frame" in answer.url:
                headers.append(answer.headers["connection-allowlist"])

        def script(route: Route) -> None:
            asked.append(route.request.url)
            route.fulfill(content_type="text/javascript", body="said.textContent += ' loaded'")

        self.context.route(re.compile("^https://"), script)
        self.context.on("response", answered)
        page = self.open(session)
        cell = page.locator(".cell").first
        expect(cell.locator(".wanted")).to_contain_text("cdn.example.org, other.example.org")
        page.evaluate("localStorage.setItem('webipy.hosts', JSON.stringify(['cdn.example.org']))")
        page.reload()
        expect(self.frame(cell).locator("#said")).to_have_text("undefined loaded loaded")
        expect(cell.locator(".wanted")).to_contain_text("from other.example.org.")
        self.assertEqual({url.split("/")[2] for url in asked}, {"cdn.example.org"})
        self.assertEqual((headers[0], headers[-1]), ("()", '("https://cdn.example.org/*");redirects=allow'))
