"""What sealed frames have of the page: libraries, files beside the notebook, keys."""

from __future__ import annotations

import html
import json
import re

from playwright.sync_api import FrameLocator, Page, Route, expect

from tests.browser import gallery
from tests.browser.test_rich import RichCase, shown
from tests.browser.test_widgets import SLIDER, WidgetCase
from tests.live import until

LEAFLET = (
    "<script src='https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js'></script>"
    "<script src='https://code.jquery.com/jquery-3.7.1.min.js'></script>"
    "<script src='https://cdn.jsdelivr.net/npm/bootstrap@5.2.2/dist/js/bootstrap.bundle.min.js'></script>"
    "<script src='https://cdnjs.cloudflare.com/ajax/libs/Leaflet.awesome-markers/2.0.2/leaflet.awesome-markers.js'></script>"
    "<script src='https://cdnjs.cloudflare.com/ajax/libs/leaflet.markercluster/1.1.0/leaflet.markercluster.js'></script>"
    "<link rel=stylesheet href='https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.css'>"
    "<link rel=stylesheet href='https://cdn.jsdelivr.net/npm/bootstrap@5.2.2/dist/css/bootstrap.min.css'>"
    "<link rel=stylesheet href='https://netdna.bootstrapcdn.com/bootstrap/3.0.0/css/bootstrap-glyphicons.css'>"
    "<link rel=stylesheet href='https://cdn.jsdelivr.net/npm/@fortawesome/fontawesome-free@6.2.0/css/all.min.css'>"
    "<link rel=stylesheet href='https://cdnjs.cloudflare.com/ajax/libs/Leaflet.awesome-markers/2.0.2/leaflet.awesome-markers.css'>"
    "<link rel=stylesheet href='https://cdnjs.cloudflare.com/ajax/libs/leaflet.markercluster/1.1.0/MarkerCluster.Default.css'>"
    "<link rel=stylesheet href='https://cdn.jsdelivr.net/gh/python-visualization/folium/folium/templates/leaflet.awesome.rotate.min.css'>"
)
"""What a map of folium loads."""

OLD_LEAFLET = (
    LEAFLET.replace("1.9.3", "1.6.0")
    .replace("jquery-3.7.1", "jquery-1.12.4")
    .replace(
        "cdn.jsdelivr.net/npm/bootstrap@5.2.2/dist/js/bootstrap.bundle.min.js",
        "maxcdn.bootstrapcdn.com/bootstrap/3.2.0/js/bootstrap.min.js",
    )
    .replace(
        "cdn.jsdelivr.net/npm/bootstrap@5.2.2/dist/css/bootstrap",
        "maxcdn.bootstrapcdn.com/bootstrap/3.2.0/css/bootstrap-theme",
    )
    .replace("netdna.bootstrapcdn.com/bootstrap/3.0.0/css/bootstrap-glyphicons", "maxcdn.bootstrapcdn.com/bootstrap/3.2.0/css/bootstrap.min")
    .replace("cdn.jsdelivr.net/npm/@fortawesome/fontawesome-free@6.2.0/css/all", "maxcdn.bootstrapcdn.com/font-awesome/4.6.3/css/font-awesome")
)  # fmt: skip

AREA = {
    "type": "Feature",
    "properties": {},
    "geometry": {"type": "Polygon", "coordinates": [[[12, 51], [14, 51], [14, 53], [12, 51]]]},
}

DRAW = (
    "<style>#map { position: absolute; inset: 0 }</style><div id=map></div><script>"
    "const map = L.map('map', {center: [52, 13], zoom: 5, maxZoom: 9});"
    "%s"
    "L.marker([52, 13]).addTo(map).bindPopup('Here it is');"
    "L.marker([53, 17]).addTo(map).setIcon(L.AwesomeMarkers.icon({icon: 'info-sign', prefix: 'glyphicon', markerColor: 'red', extraClasses: 'fa-rotate-30'}));"
    "L.markerClusterGroup().addLayers([L.marker([50, 9]), L.marker([50.01, 9])]).addTo(map);"
    f"L.geoJson({json.dumps(AREA)}).addTo(map);</script>"
)
TILES = "L.tileLayer('https://tile.example.org/{z}/{x}/{y}.png').addTo(map);"


def in_frame(markup: str) -> str:
    """A document as folium shows it: in a frame of text, whose height is a share of its width."""
    return (
        '<div style="width:100%"><div style="position:relative;width:100%;height:0;padding-bottom:60%">'
        f'<iframe srcdoc="{html.escape(markup)}" style="position:absolute;width:100%;height:100%;left:0;top:0;border:none !important"></iframe></div></div>'
    )


class Maps(RichCase):
    """Maps of Leaflet."""

    def went_out(self) -> list[str]:
        """Where requests go that leave the machine, from now on; tiles are answered."""
        asked: list[str] = []

        def stop(route: Route) -> None:
            asked.append(route.request.url)
            if "tile.example.org" in route.request.url:
                route.fulfill(
                    content_type="image/png", body=gallery.png(256, 256, (0, 90, 160, 255), (240, 240, 240, 255))
                )
            else:
                route.abort()

        self.context.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), stop)
        return asked

    def look(self, frame: FrameLocator) -> None:
        """All parts of the map are there."""
        markers = frame.locator(".leaflet-marker-pane > img")
        expect(markers).to_have_js_property("naturalWidth", 25)
        expect(frame.locator(".leaflet-control-zoom-in")).to_have_css("width", "30px")
        expect(frame.locator("path.leaflet-interactive")).to_have_count(1)
        expect(frame.locator(".marker-cluster")).to_have_text("2")
        sign = frame.locator(".awesome-marker-icon-red i")
        expect(sign).to_have_css("font-family", re.compile("Glyphicons Halflings"))
        expect(sign).to_have_css("rotate", "30deg")
        expect(frame.locator(".awesome-marker-icon-red")).to_have_css("background-image", re.compile('^url\\("data:'))
        markers.click()
        expect(frame.locator(".leaflet-popup-content")).to_have_text("Here it is")

    def test_maps_are_drawn_without_a_network(self) -> None:
        """As folium writes them now and wrote them before: markers, icons, clusters, areas and popups; nothing is asked, no error is shown."""
        asked = self.went_out()
        for libraries in (LEAFLET, OLD_LEAFLET):
            cell = self.show(shown({"text/html": in_frame(libraries + DRAW % "")}))
            outer = self.frame(cell)
            self.look(outer.frame_locator("iframe"))
            expect(outer.frame_locator("iframe").locator("pre.error")).to_have_count(0)
            expect(cell.locator(".wanted")).to_have_count(0)
        self.assertEqual(asked, [])

    def test_only_the_server_of_tiles_is_asked_about(self) -> None:
        """The question names no server whose files are ours; once it is allowed, tiles come from there."""
        asked = self.went_out()
        cell = self.show(shown({"text/html": in_frame(LEAFLET + DRAW % TILES)}))
        wanted = cell.locator(".wanted")
        expect(wanted).to_contain_text("tile.example.org")
        expect(wanted).not_to_contain_text("jsdelivr")
        self.look(self.frame(cell).frame_locator("iframe"))
        self.assertEqual(asked, [])
        wanted.get_by_role("button", name="Allow").click()
        expect(self.frame(cell).frame_locator("iframe").locator("img.leaflet-tile-loaded").first).to_be_visible()
        self.assertEqual({re.sub(r"^https://([^/]*)/.*", r"\1", one) for one in asked}, {"tile.example.org"})

    def test_libraries_are_modules_too(self) -> None:
        """`import` of a public address gives ours, with its names."""
        asked = self.went_out()
        code = (
            "<p id=p></p><script type=module>import L, { map } from 'https://unpkg.com/leaflet@1.9.4/dist/leaflet.js';"
            "import embed from 'https://cdn.jsdelivr.net/npm/vega-embed@6/+esm'; p.textContent = [L.version, map === L.map, typeof embed].join()</script>"
        )
        cell = self.show(shown({"text/html": code}))
        expect(self.frame(cell).locator("#p")).to_have_text(re.compile(r"^1\.\d+\.\d+.*,true,function$"))
        self.assertEqual(asked, [])


class Files(RichCase):
    """Files beside the notebook."""

    def bring(self, files: dict[str, str], *outputs: str) -> Page:
        """A notebook of one cell with these outputs, in a folder with these files."""
        folder = f"frames/{self._testMethodName}"
        for name, content in files.items():
            path = self.server.root / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        bundles = [{"output_type": "display_data", "metadata": {}, "data": {"text/html": one}} for one in outputs]
        self.write_notebook(
            f"{folder}/n.ipynb", {"cell_type": "code", "source": "x", "outputs": bundles, "execution_count": 1}
        )
        return self.open_file(f"{folder}/n.ipynb")

    def test_modules_and_what_they_name(self) -> None:
        """A module that imports another one from its own folder, data that a script names, style sheets and pictures inside of each other."""
        page = self.bring(
            {
                "lib/a.js": "import { b } from './more/b.js'; import * as again from './more/b.js'; export const a = 'a' + b + (again.b === b)",
                "lib/more/b.js": "export const b = 'b'",
                "entry.js": "import { a } from './lib/a.js'; document.getElementById('q').textContent = a + (await (await fetch('named.json')).json()).n",
                "named.json": '{"n": 5}',
                "style/main.css": "@import 'more/other.css'; #p { background-image: url(pic.svg) }",
                "style/more/other.css": "#p { color: rgb(1, 2, 3) }",
                "style/pic.svg": "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
            },
            "<link rel=stylesheet href=style/main.css><p id=p></p><p id=q></p><script type=module>import { a } from './lib/a.js'; p.textContent = a</script>"
            "<script type=module src=entry.js></script>",
        )
        frame = self.frame(page.locator(".cell").first)
        expect(frame.locator("#p")).to_have_text("abtrue")
        expect(frame.locator("#q")).to_have_text("abtrue5")
        expect(frame.locator("#p")).to_have_css("color", "rgb(1, 2, 3)")
        expect(frame.locator("#p")).to_have_css("background-image", re.compile('^url\\("data:'))

    def test_requests_read_what_is_named_and_nothing_else(self) -> None:
        """`fetch` with an address, a URL or a request, and XMLHttpRequest in each form; what is made up, hidden, or above the root is not there."""
        code = (
            "<p id=p></p><p id=q></p><script src='https://code.jquery.com/jquery-3.7.1.min.js'></script><script>const said = [];"
            "const ask = (name, type = '') => new Promise(done => { const x = new XMLHttpRequest(); x.open('GET', name); x.responseType = type;"
            "x.onload = () => done([x.status, x.readyState, type === 'arraybuffer' ? x.response?.byteLength : JSON.stringify(x.response)].join(' ')); x.onerror = () => done('error'); x.send() });"
            "(async () => { const path = 'data.json'; for (const one of ['data.json', new URL('data.json', document.baseURI), new Request('data.json')])"
            "said.push((await (await fetch(one)).json()).n);"
            "said.push(await ask('data.json', 'json'), await ask('data.json', 'arraybuffer'), await ask('data.json'), (await $.getJSON('data.json')).n);"
            "p.textContent = said.join(' | ');"
            "const other = []; for (const one of ['sec' + 'ret.json', '.hid' + 'den.json', '../../../../etc/pass' + 'wd', '/rp' + 'c', 'http://127.0.0.1:1/x'])"
            "other.push(await ask(one), await fetch(one).then(got => got.status, () => 'error'));"
            "other.push(await fetch('data.json', {method: 'POST', body: 'x'}).then(got => got.status, () => 'error'));"
            "q.textContent = other.join(' | ') })()</script><!-- .hidden.json ../../../../etc/passwd -->"
        )
        page = self.bring({"data.json": '{"n": 8}', "secret.json": '{"n": 9}', ".hidden.json": '{"n": 10}'}, code)
        frame = self.frame(page.locator(".cell").first)
        expect(frame.locator("#p")).to_have_text('8 | 8 | 8 | 200 4 {"n":8} | 200 4 8 | 200 4 "{\\"n\\": 8}" | 8')
        expect(frame.locator("#q")).to_have_text(" | ".join(['404 4 ""', "404"] * 4 + ["error", "error", "error"]))


class Order(RichCase):
    """Outputs that were drawn before what they build on."""

    def test_an_output_is_drawn_again_when_its_library_has_come(self) -> None:
        """A name that was missing, and a long library that tells by an event of its own when it is there, as tables of itables wait for it; once only."""
        padding = f"/*{'x' * 250_000}*/"
        library = f"<script>{padding} window['table' + 'Library'] = Promise.resolve(7); dispatchEvent(new Event('library-ready'))</script>"
        makes = "<p>made</p><script>function paint(place) { place.textContent = 'painted' }</script>"
        table = (
            "<p id=p></p><script type=module>const draw = async () => { p.textContent = await window.tableLibrary };"
            "if (window.tableLibrary) draw(); else addEventListener('library-ready', draw)</script>"
        )
        codes = [shown({"text/html": one}) for one in (library, makes, table, "<p id=p></p><script>paint(p)</script>")]
        session, after = self.new_session(), None
        cells = []
        for code in codes:
            after = self.add_cell(session, code, after=after)
            cells.append(after)
        for at in (2, 3):
            self.execute(session, codes[at], cells[at])
        page = self.open(session)
        waits, fails = (self.frame(page.locator(".cell").nth(at)) for at in (2, 3))
        expect(fails.locator("pre.error")).to_contain_text("paint is not defined")
        expect(waits.locator("#p")).to_have_text("")
        self.execute(session, codes[1], cells[1])
        expect(fails.locator("#p")).to_have_text("painted")
        expect(fails.locator("pre.error")).to_have_count(0)
        self.execute(session, codes[0], cells[0])
        expect(waits.locator("#p")).to_have_text("7")


class Keys(WidgetCase):
    """Keys of the page that are pressed in a frame."""

    def sent(self) -> list[str]:
        """The methods that pages call, from now on."""
        found: list[str] = []

        def look(message: str | bytes) -> None:
            found.extend(re.findall(r'"method":"([a-z_.]+)"', str(message)))

        self.context.on("page", lambda page: page.on("websocket", lambda line: line.on("framesent", look)))
        return found

    def test_keys_of_the_page_work_in_frames(self) -> None:
        """In a slider, a field that stops keys and a frame of text: saving and finding. What an output uses is its own, and no key runs anything."""
        field = (
            "<input id=i><input id=own><iframe srcdoc='<input id=inner>'></iframe><script>i.onkeydown = event => event.stopPropagation();"
            "own.onkeydown = event => { if (event.ctrlKey && event.key === 'k') { event.preventDefault(); own.value += event.key } }</script>"
        )
        sources = (SLIDER, shown({"text/html": field}))
        self.write_notebook("keys.ipynb", *(("code", source) for source in sources))
        sent = self.sent()
        page = self.open_file("keys.ipynb", kernel=True)
        session = self.sessions[-1]
        for at, source in enumerate(sources):
            self.execute(session, source, f"c{at}")
        palette = page.get_by_role("dialog")
        frame = self.widget(page, 1)
        inner = frame.frame_locator("iframe").locator("#inner")
        for place in (self.handle(page), frame.locator("#i"), inner):
            place.click()
            place.press("Shift+Enter")
            place.press("Control+k")
            expect(palette).to_be_visible()
            page.keyboard.press("Escape")
            expect(palette).to_have_count(0)
        own = frame.locator("#own")
        own.click()
        own.press("Control+k")
        expect(own).to_have_value("k")
        expect(palette).to_have_count(0)
        self.assertNotIn("notebook.save", sent)
        self.handle(page).press("Control+s")
        until(lambda: "notebook.save" in sent, "the page saves")
        self.assertEqual([one for one in sent if one.startswith("execution.")], [])

    def test_a_frame_cannot_press_keys_by_itself(self) -> None:
        """What says that a key was pressed does nothing while the focus is elsewhere; and keys that run code are none of a frame, ever."""
        tell = "parent.postMessage({webipy: 'key', keys}, '*')"
        code = (
            f"<button id=b onclick=\"tell('Shift+Enter'); tell('Control+Enter'); tell('Ctrl+Enter')\">x</button><p id=p></p>"
            f"<script>function tell(keys) {{ {tell} }} tell('Ctrl+k'); tell('Ctrl+s'); p.textContent = 'told'</script>"
        )
        session = self.cells(shown({"text/html": code}))
        sent = self.sent()
        page = self.open(session)
        frame = self.widget(page)
        expect(frame.locator("#p")).to_have_text("told")
        frame.locator("#b").click()
        frame.locator("#b").press("Control+k")
        expect(page.get_by_role("dialog")).to_have_count(1)
        self.assertNotIn("notebook.save", sent)
        self.assertNotIn("execution.start", sent)
        self.assertNotIn("execution.start_cells", sent)
