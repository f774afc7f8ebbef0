"""Widgets: live in every tab, kept when no tab is open, sealed from the page and from each other."""

from __future__ import annotations

import base64
import json
import os
import re
from pathlib import Path
from urllib.request import Request, urlopen

from playwright.sync_api import FilePayload, Frame, FrameLocator, Locator, Page, expect

from tests.browser.stage import PageCase
from tests.browser.test_outputs import PNG
from tests.live import until

SLIDER = "import ipywidgets as w\ns = w.IntSlider(value=3, max=100, description='Level')\ns"

COUNTER = '''
import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = """
    function render({ model, el, experimental }) {
      const button = document.createElement("button");
      const show = () => { button.textContent = `count ${model.get("value")}` };
      button.addEventListener("click", () => { model.set("value", model.get("value") + 1); model.save_changes() });
      model.on("change:value", show);
      const ask = document.createElement("button");
      ask.textContent = "ask";
      ask.addEventListener("click", () => model.send({ what: "time" }));
      model.on("msg:custom", (message, buffers) => { ask.textContent = message.answer + new TextDecoder().decode(buffers[0]) });
      show();
      el.append(button, ask);
      el.classList.add("counter");
      return () => { el.textContent = "gone" };
    }
    export default { render };
    """
    _css = ".counter button { letter-spacing: 7px }"
    value = traitlets.Int(0).tag(sync=True)
    def __init__(self, **given):
        super().__init__(**given)
        self.on_msg(lambda _, message, buffers: self.send({"answer": message["what"] + "!"}, [b"bytes"]))
c = Counter()
'''


class WidgetCase(PageCase):
    """A test with one session."""

    def cells(self, *codes: str) -> str:
        """A session in which these cells have run."""
        session, after = self.new_session(), None
        for code in codes:
            after = self.add_cell(session, code, after=after)
            ended = self.execute(session, code, after)
            self.assertEqual(ended["status"], "ok", ended)
        return session

    def value(self, session: str, expression: str) -> str:
        """What an expression is in the kernel."""
        outputs = self.execute(session, f"print({expression})")["outputs"]
        return str("".join(str(output.get("text", "")) for output in outputs)).strip()

    def widget(self, page: Page, at: int = 0) -> FrameLocator:
        """The frame of the widget under a cell."""
        return page.locator(".cell").nth(at).frame_locator("iframe.sealed")

    def frame(self, page: Page, at: int = 0) -> Frame:
        """The frame itself, to run code in."""
        element = page.locator(".cell").nth(at).locator("iframe.sealed").element_handle()
        frame = element.content_frame()
        assert frame is not None
        return frame

    def handle(self, page: Page, at: int = 0) -> Locator:
        """The handle of a slider."""
        return self.widget(page, at).locator(".noUi-handle")

    def readout(self, page: Page, at: int = 0) -> Locator:
        """The number beside a slider."""
        return self.widget(page, at).locator(".widget-readout")

    def until(self, session: str, expression: str, wanted: str) -> None:
        """Waits until an expression has that value in the kernel."""
        until(lambda: self.value(session, expression) == wanted, f"{expression} is {wanted}")


class Sliders(WidgetCase):
    """A widget with a value."""

    def test_a_slider_moves_in_the_kernel_and_in_every_tab(self) -> None:
        """What a person sets in one tab is so in the kernel and in another tab; what code sets is so in both tabs."""
        session = self.cells(SLIDER)
        one, two = self.open(session), self.open(session, self.new_context())
        expect(self.readout(one)).to_have_text("3")
        expect(self.readout(two)).to_have_text("3")
        self.handle(one).press("ArrowRight")
        expect(self.readout(one)).to_have_text("4")
        expect(self.readout(two)).to_have_text("4")
        self.until(session, "s.value", "4")
        self.handle(two).press("ArrowLeft")
        self.handle(two).press("ArrowLeft")
        expect(self.readout(one)).to_have_text("2")
        self.execute(session, "s.value = 50; s.description = 'Higher'")
        for page in (one, two):
            expect(self.readout(page)).to_have_text("50")
            expect(self.widget(page).locator(".widget-label")).to_have_text("Higher")

    def test_a_reload_shows_what_was(self) -> None:
        """Widgets come back as they are, also those that changed while no page was open."""
        session = self.cells(SLIDER)
        page = self.open(session)
        self.handle(page).press("ArrowRight")
        self.until(session, "s.value", "4")
        page.reload()
        expect(self.readout(page)).to_have_text("4")
        page.close()
        self.execute(session, "for s.value in range(30, 41): pass")
        page = self.open(session)
        expect(self.readout(page)).to_have_text("40")
        self.handle(page).press("ArrowRight")
        self.until(session, "s.value", "41")

    def test_a_slider_that_is_dragged_does_not_jump(self) -> None:
        """While it is dragged it shows where the pointer is, however slow the kernel; the kernel gets the last value, and of those between what it can take."""
        gate = os.path.abspath(self.mktemp())
        session = self.cells(
            "import os, time, ipywidgets as w\nseen = []\ns = w.IntSlider(max=100)\ndef hear(change):\n    seen.append(change.new)\n"
            f"    while not os.path.exists({gate!r}): time.sleep(0.01)\ns.observe(hear, 'value')\ns"
        )
        one, two = self.open(session), self.open(session, self.new_context())
        expect(self.readout(two)).to_have_text("0")
        watch = "() => { window.shown = []; new MutationObserver(() => shown.push(+document.querySelector('.widget-readout').textContent))"
        watch += ".observe(document.body, {subtree: true, childList: true, characterData: true}) }"
        expect(self.readout(one)).to_have_text("0")
        for page in (one, two):
            self.frame(page).evaluate(watch)
        box = self.handle(one).bounding_box()
        assert box is not None
        left, top = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        one.mouse.move(left, top)
        one.mouse.down()
        one.mouse.move(left + 180, top, steps=60)
        one.mouse.up()
        last = int(self.readout(one).inner_text())
        self.assertGreater(last, 50)
        os.makedirs(gate)
        expect(self.readout(two)).to_have_text(str(last))
        self.until(session, "s.value", str(last))
        for page in (one, two):
            shown = self.frame(page).evaluate("window.shown")
            self.assertEqual(shown, sorted(shown))
        seen = [int(one) for one in re.findall(r"\d+", self.value(session, "seen"))]
        self.assertEqual(seen[-1], last)
        self.assertLessEqual(len(seen), 3, "the first, which held the kernel, one that waited for it, and the last")

    def test_a_busy_kernel_gets_the_last_value(self) -> None:
        """What is set while code runs is heard when it has ended; a question of that code leaves the focus where it is."""
        session = self.cells(SLIDER)
        page = self.open(session)
        self.handle(page).press("ArrowRight")
        expect(self.readout(page)).to_have_text("4")
        started = self.server.call("execution.start", session=session, code="input()")
        field = page.get_by_role("textbox", name=re.compile("answer|Answer"))
        expect(field.last).to_be_visible()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        expect(self.readout(page)).to_have_text("7")
        field.last.fill("go")
        field.last.press("Enter")
        self.server.call("execution.wait", session=session, execution=started["execution"], timeout_s=30)
        self.until(session, "s.value", "7")
        expect(self.readout(page)).to_have_text("7")

    def test_linked_widgets_move_together(self) -> None:
        """`jslink` holds between widgets of different outputs, in the page alone."""
        session = self.cells(
            "import ipywidgets as w\na = w.IntSlider(max=100)\na",
            "b = w.IntSlider(max=100)\nlink = w.jslink((a, 'value'), (b, 'value'))\nb",
        )
        page = self.open(session)
        expect(self.readout(page, 1)).to_have_text("0")
        self.handle(page, 0).press("ArrowRight")
        expect(self.readout(page, 1)).to_have_text("1")
        self.handle(page, 1).press("ArrowRight")
        expect(self.readout(page, 0)).to_have_text("2")
        self.until(session, "(a.value, b.value)", "(2, 2)")

    def test_widgets_of_a_kernel_that_ended_say_so(self) -> None:
        """After a restart they show what they showed, and that nothing answers; in a reloaded page, too."""
        session = self.cells(SLIDER)
        page = self.open(session)
        expect(self.readout(page)).to_have_text("3")
        self.server.call("kernel.restart", session=session)
        cell = page.locator(".cell").first
        for _ in range(2):
            expect(cell.locator(".out")).to_contain_text("The kernel that made this widget has ended")
            expect(self.readout(page)).to_have_text("3")
            expect(self.widget(page).locator(".jupyter-widgets-disconnected").first).to_be_visible()
            page.reload()

    def test_a_notebook_shows_its_widgets_without_a_kernel(self) -> None:
        """A move alone saves. The file has the state of those that it shows, so a copy of it that another program opens shows them as they were; so does an export, offline."""
        file = self.write_notebook(
            "widgets.ipynb", ("code", SLIDER + "\nw.Text('elsewhere'), w.Password(value='secret')\ns")
        )
        page = self.open_file("widgets.ipynb", kernel=True)
        self.press(page, "Control+Enter")
        self.handle(page).press("ArrowRight")
        self.until(self.sessions[-1], "s.value", "4")
        until(lambda: '"value": 4' in file.read_text(), "the file has the state of the slider")
        self.assertNotIn("TextModel", file.read_text())
        self.assertIsNone(re.search('"value": "secret"', file.read_text()))
        made = self.server.call("notebook.export", session=self.sessions[-1], format="html")
        asked = Request(self.server.origin + made["url"], headers={"Authorization": f"Bearer {self.server.token}"})
        with urlopen(asked) as answer:
            export = self.new_context(offline=True).new_page()
            export.set_content(answer.read().decode())
        expect(export.locator(".widget-readout")).to_have_text("4")
        expect(export.locator(".widget-label")).to_have_text("Level")
        file.with_name("copy.ipynb").write_bytes(file.read_bytes())
        copy = self.open_file("copy.ipynb")
        expect(self.readout(copy)).to_have_text("4")
        expect(copy.locator(".cell").first.locator(".out")).to_contain_text(
            "The kernel that made this widget has ended."
        )

    def test_a_closed_widget_is_gone(self) -> None:
        """`close()` takes a widget away without a word, as a progress bar that leaves nothing; what refers to it shows the rest. Also after a reload."""
        session = self.cells(
            SLIDER + "\nout = w.Output()\nbox = w.HBox([w.Label('kept'), w.Label('taken')])\ndisplay(s, box, out)\n"
            "with out: bar = w.IntProgress(5); display(bar); print('done')"
        )
        page = self.open(session)
        out = page.locator(".cell").first.locator(".out")
        box, output = (out.frame_locator("iframe.sealed >> nth=" + at) for at in ("-2", "-1"))
        expect(output.locator(".progress-bar")).to_have_count(1)
        self.execute(session, "s.close(); bar.close(); box.children[1].close()")
        for _ in range(2):
            expect(out.locator("iframe.sealed")).to_have_count(2)
            expect(box.locator(".widget-hbox")).to_have_text("kept")
            expect(output.locator(".widget-output")).to_have_text("done")
            expect(output.locator(".progress-bar")).to_have_count(0)
            self.assertEqual(out.inner_text().strip(), "")
            page.reload()


class Many(WidgetCase):
    """All the widgets of ipywidgets."""

    def test_every_control_is_drawn(self) -> None:
        """None of them ends in an error, and children that come later are drawn."""
        session = self.cells(
            "import ipywidgets as w, datetime\n"
            "made = [w.IntText(1), w.FloatSlider(.5), w.FloatLogSlider(), w.IntRangeSlider(value=[2, 3]), w.IntProgress(4), w.BoundedIntText(5), w.Text('six'),"
            " w.Textarea('seven'), w.Password(value='x'), w.Combobox(options=['a']), w.Dropdown(options=['d']), w.RadioButtons(options=['r', 's']),"
            " w.Select(options=['t']), w.SelectMultiple(options=['u']), w.SelectionSlider(options=['v', 'w']), w.ToggleButtons(options=['x', 'y']),"
            " w.Checkbox(True, description='c'), w.ToggleButton(description='tb'), w.Valid(True), w.Button(description='b', icon='check'),"
            " w.HTML('<i>html</i>'), w.HTMLMath('$x^2$'), w.Label('label'), w.Image(value=b'GIF89a'), w.DatePicker(), w.TimePicker(),"
            " w.ColorPicker(value='#ff0000'), w.FileUpload(), w.Play(), w.TagsInput(value=['tag']), w.ColorsInput(value=['red']), w.Controller(),"
            " w.Tab([w.Text('in a tab')], titles=['T']), w.Accordion([w.Text('in an accordion')], titles=['A']), w.Stack([w.Label('stacked')], selected_index=0),"
            " w.GridBox([w.Label('grid')]), w.Output()]\n"
            "box = w.VBox(made)\nbox"
        )
        page = self.open(session)
        widget = self.widget(page)
        expect(widget.locator(".widget-vbox > *")).to_have_count(37)
        expect(widget.locator(".failed")).to_have_count(0)
        expect(widget.locator(".error")).to_have_count(0)
        expect(widget.locator(".katex")).not_to_have_count(0)
        self.execute(session, "box.children = [w.Label('new')]")
        expect(widget.locator(".widget-vbox > *")).to_have_text(["new"])

    def test_what_is_typed_and_chosen_reaches_the_kernel(self) -> None:
        """Text, choices, files and clicks, each before what is done next."""
        session = self.cells(
            "import ipywidgets as w\nt, d, u, b = w.Text(), w.Dropdown(options=['a', 'b']), w.FileUpload(), w.Button(description='Press')\n"
            "clicks = []\nb.on_click(lambda _: clicks.append((t.value, d.value)))\nw.VBox([t, d, u, b])"
        )
        page = self.open(session)
        widget = self.widget(page)
        widget.locator("input[type=text]").fill("typed")
        widget.locator("select").select_option("b")
        widget.get_by_role("button", name="Press").click()
        self.until(session, "clicks", "[('typed', 'b')]")
        with page.expect_file_chooser() as chooser:
            widget.get_by_role("button", name="Upload").click()
        payload: FilePayload = {"name": "a.bin", "mimeType": "x/y", "buffer": bytes(range(256)) * 500}
        chooser.value.set_files(payload)
        self.until(
            session,
            "[(one.name, bytes(one.content) == bytes(range(256)) * 500) for one in u.value]",
            "[('a.bin', True)]",
        )
        expect(widget.get_by_role("button", name="Upload (1)")).to_be_visible()


class Outputs(WidgetCase):
    """The Output widget."""

    def test_an_output_widget_takes_what_is_put_out_in_it(self) -> None:
        """Text, figures, errors and widgets; not what is put out after it. `clear_output` empties it, and the kernel has the same outputs."""
        code = (
            "import ipywidgets as w\nfrom IPython.display import HTML\nout = w.Output()\ndisplay(out)\n"
            "with out:\n    print('inside'); display(HTML('<b>bold</b>')); display(w.Label('nested')); 1 / 0\n"
            "print('outside')"
        )
        session = self.cells(code)
        page = self.open(session)
        cell, widget = page.locator(".cell").first, self.widget(page)
        expect(widget.locator(".widget-output")).to_contain_text("inside")
        expect(widget.locator("b")).to_have_text("bold")
        expect(widget.locator(".widget-label")).to_have_text("nested")
        expect(widget.locator(".widget-output")).to_contain_text("ZeroDivisionError")
        expect(cell.locator(".out .stream")).to_have_text("outside")
        self.until(
            session,
            "[one['output_type'] for one in out.outputs]",
            "['stream', 'display_data', 'display_data', 'error']",
        )
        self.execute(session, "with out:\n    from IPython.display import clear_output; clear_output(); print('anew')")
        expect(widget.locator(".widget-output")).to_have_text("anew")
        self.execute(session, "out.append_stdout(' and more')")
        expect(widget.locator(".widget-output")).to_contain_text("and more")

    def test_interact_answers(self) -> None:
        """`interact` runs its function anew with each value; its outputs replace each other."""
        session = self.cells(
            "import ipywidgets as w\n@w.interact(n=(0, 10))\ndef f(n=3):\n    print('n is', n)\n    return n * n"
        )
        one, two = self.open(session), self.open(session, self.new_context())
        for page in (one, two):
            expect(self.widget(page).locator(".widget-output")).to_have_text(re.compile(r"^n is 3\s*9$"))
        self.handle(one).press("ArrowRight")
        for page in (one, two):
            expect(self.widget(page).locator(".widget-output")).to_have_text(re.compile(r"^n is 4\s*16$"))

    def test_outputs_are_kept_while_no_page_is_open(self) -> None:
        """A thread or a loop goes on writing into the widget; a page that is opened later shows all of it."""
        session = self.cells("import ipywidgets as w\nout = w.Output()\nout")
        self.execute(session, "with out:\n    for i in range(500): print('line', i)")
        page = self.open(session)
        expect(self.widget(page).locator(".widget-output")).to_contain_text("line 499")
        text = self.widget(page).locator(".widget-output").inner_text()
        self.assertEqual(text.strip().splitlines(), [f"line {i}" for i in range(500)])

    def test_a_display_in_a_widget_can_be_updated(self) -> None:
        """`update_display` reaches what an Output widget shows."""
        session = self.cells(
            "import ipywidgets as w\nout = w.Output()\ndisplay(out)\nwith out: h = display('first', display_id=True)"
        )
        page = self.open(session)
        expect(self.widget(page).locator(".widget-output")).to_have_text("'first'")
        self.execute(session, "h.update('second')")
        expect(self.widget(page).locator(".widget-output")).to_have_text("'second'")


class AnyWidgets(WidgetCase):
    """anywidget."""

    def test_an_anywidget_lives_in_its_frame(self) -> None:
        """Its module draws it, its style sheet dresses it, its values go both ways, and so do its messages with their buffers."""
        session = self.cells(COUNTER + "c")
        one, two = self.open(session), self.open(session, self.new_context())
        count = self.widget(one).get_by_role("button", name="count")
        expect(count).to_have_css("letter-spacing", "7px")
        count.click()
        count.click()
        expect(self.widget(two).get_by_role("button", name="count 2")).to_be_visible()
        self.until(session, "c.value", "2")
        self.execute(session, "c.value = 10")
        expect(self.widget(one).get_by_role("button", name="count 10")).to_be_visible()
        self.widget(one).get_by_role("button", name="ask").click()
        expect(self.widget(one).get_by_role("button", name="time!bytes")).to_be_visible()

    def test_a_module_that_is_written_anew_is_drawn_anew(self) -> None:
        """A change of `_esm` shows at once."""
        session = self.cells(COUNTER + "c")
        page = self.open(session)
        expect(self.widget(page).get_by_role("button", name="count 0")).to_be_visible()
        self.execute(session, "c._esm = 'export default { render({ el }) { el.append(\"other code\") } }'")
        expect(self.widget(page).locator(".counter")).to_have_text("other code")

    def test_a_module_from_elsewhere_needs_leave(self) -> None:
        """Its import is refused and named; once the server is allowed, it is drawn."""
        session = self.cells(
            "import anywidget\nclass Far(anywidget.AnyWidget):\n"
            "    _esm = 'import say from \"https://esm.example.org/say\"; export default { render({ el }) { el.append(say()) } }'\nFar()"
        )
        answer = {
            "content_type": "text/javascript",
            "body": "export default () => 'from afar'",
            "headers": {"access-control-allow-origin": "*"},
        }
        self.context.route("https://esm.example.org/**", lambda route: route.fulfill(**answer))
        page = self.open(session)
        cell = page.locator(".cell").first
        expect(self.widget(page).locator(".lm-Widget .error")).to_contain_text("https://esm.example.org")
        expect(cell.locator(".wanted")).to_contain_text("esm.example.org")
        cell.get_by_role("button", name="Allow").click()
        expect(self.widget(page).locator("body")).to_contain_text("from afar")


FOREIGN = """
import ipywidgets as w, traitlets as t
def foreign(module):
    class Foreign(w.DOMWidget):
        _model_name, _view_name = t.Unicode('M').tag(sync=True), t.Unicode('V').tag(sync=True)
        _model_module = _view_module = t.Unicode(module).tag(sync=True)
        _model_module_version = _view_module_version = t.Unicode('^1.2.0').tag(sync=True)
        count = t.Int(0).tag(sync=True)
    return Foreign()
"""

CLASSES = """(base, text, picture) => ({
  M: class extends base.DOMWidgetModel {
    initialize(...given) { super.initialize(...given); this.heard = []; this.on('msg:custom', said => this.heard.push(said)) }
  },
  V: class extends base.DOMWidgetView {
    render() {
      this.el.className = text;
      this.el.append(Object.assign(document.createElement('button'), { textContent: text, onclick: () => this.touch() }));
      this.el.append(' heard ' + this.model.heard.join(), Object.assign(new Image(), { src: picture }));
    }
    touch() { this.model.set('count', this.model.get('count') + 1); this.model.save_changes() }
  },
})"""

STYLED = (
    "document.head.append(Object.assign(document.createElement('style'),"
    " { textContent: '.amd { background-image: url(' + here + 'dot.png) }' }))"
)

AMD = (
    "define(['module', '@jupyter-widgets/base', './beside', 'other'], (module, base, text, other) => {"
    f"const here = module.uri.replace(/[^/]*$/, ''); {STYLED}; return ({CLASSES})(base, text + other, here + 'dot.png') }})"
)

ENTRY = """
var _JUPYTERLAB;
(_JUPYTERLAB = void 0 === _JUPYTERLAB ? {} : _JUPYTERLAB)['lab-only'] = (() => {
  const here = document.currentScript.src.replace(/[^/]*$/, '');
  let base;
  return {
    async init(shared) { base = Object.values(shared['@jupyter-widgets/base'])[0] },
    async get(name) {
      await new Promise((done, fail) => document.head.append(Object.assign(document.createElement('script'),
        { src: here + 'chunk.js?v=1', onload: done, onerror: fail })));
      const jupyter = (await base.get())();
      const plugin = { id: 'p', requires: [jupyter.IJupyterWidgetRegistry], activate: (app, registry) =>
        registry.registerWidget({ name: 'jupyter-lab', version: '1.2.0', exports: () => classes(jupyter, 'federated', here + 'dot.png') }) };
      return () => ({ default: [plugin] });
    },
  };
})();
"""


class Packages(WidgetCase):
    """Widgets of other packages."""

    def environment(self) -> str:
        """A data folder of Jupyter with an AMD module, what it needs, and an extension that has its module under another name."""
        folder = Path(self.mktemp()).resolve()
        package = {"name": "lab-only", "dependencies": {"@jupyter-widgets/base": "^6"}}
        built = {"jupyterlab": {"_build": {"load": "static/entry.js", "extension": "./extension"}}}
        for path, text in {
            "nbextensions/jupyter-amd/index.js": AMD,
            "nbextensions/jupyter-amd/beside.js": "define([], () => 'amd')",
            "nbextensions/other/index.js": "define(['exports'], exports => '')",
            "labextensions/lab-only/package.json": json.dumps({**package, **built}),
            "labextensions/lab-only/static/entry.js": ENTRY,
            "labextensions/lab-only/static/chunk.js": f"globalThis.classes = {CLASSES}",
        }.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        for place in ("nbextensions/jupyter-amd", "labextensions/lab-only/static"):
            (folder / place / "dot.png").write_bytes(base64.b64decode(PNG))
        return str(folder)

    def test_a_package_of_the_kernel_is_drawn_offline(self) -> None:
        """As an AMD module and as an extension of JupyterLab: its scripts, pictures and styles; what was said before it is shown; one that is not there."""
        path = self.environment()
        created = self.server.call("session.create", kernelspec="python3", env={"JUPYTER_PATH": path})
        session = str(created["id"])
        self.sessions.append(session)
        cell = self.add_cell(session, "")
        page = self.open(session)
        self.execute(session, FOREIGN)
        code = "a = foreign('jupyter-amd'); a.send('early'); b = foreign('jupyter-lab'); c = foreign('jupyter-none'); display(a, b, c)"
        self.execute(session, code, cell)
        frames = [page.locator(".cell").first.frame_locator(f"iframe.sealed >> nth={at}") for at in range(3)]
        for frame, name in zip(frames, ("amd", "federated"), strict=False):
            frame.get_by_role("button", name=name).click()
            expect(frame.locator("img")).to_have_js_property("naturalWidth", 1)
        expect(frames[0].locator("body")).to_contain_text("heard early")
        expect(frames[0].locator(".amd")).to_have_css("background-image", re.compile("^url.*blob:"))
        expect(frames[2].locator("body")).to_contain_text("(jupyter-none) is not installed where the kernel runs.")
        expect(frames[2].locator("body")).to_contain_text("pip install jupyter-none")
        self.until(session, "(a.count, b.count)", "(1, 1)")
        expect(page.locator(".wanted")).to_have_count(0)


class Sealed(WidgetCase):
    """What a widget's code can reach."""

    def test_a_frame_gets_its_own_models_only(self) -> None:
        """Code in a widget that asks the page for other widgets, or sets them, gets nothing; and its markup does not reach the page."""
        session = self.cells(
            "import ipywidgets as w\nsecret = w.Text('hidden')\nsecret",
            COUNTER + "c",
            "other = w.HTML('<script>1</script>')",
        )
        page = self.open(session)
        expect(self.widget(page, 1).get_by_role("button", name="count 0")).to_be_visible()
        comm = self.value(session, "secret.comm.comm_id")
        said = self.frame(page, 1).evaluate(
            """async comm => {
              const heard = new Promise(done => addEventListener("message", event => {
                if (event.data.webipy === "model" && event.data.comm === comm) done(event.data);
              }));
              const part = value => ({ value, buffers: [] });
              parent.postMessage({ webipy: "set", comm, state: { value: part("changed") }, number: 1 }, "*");
              parent.postMessage({ webipy: "custom", comm, content: { event: "x" }, buffers: [] }, "*");
              parent.postMessage({ webipy: "model", comm }, "*");
              return await heard;
            }""",
            comm,
        )
        self.assertIsNone(said["state"])
        self.widget(page, 1).get_by_role("button", name="count 0").press("Enter")
        expect(self.widget(page, 1).get_by_role("button", name="count 1")).to_be_visible()
        self.until(session, "c.value", "1")
        self.assertEqual(self.value(session, "secret.value"), "hidden")

    def test_a_frame_does_not_come_to_another_widget_by_naming_it(self) -> None:
        """Code in a widget that makes its own model refer to another gets nothing: the kernel is not told, so it does not say it back."""
        session = self.cells("import ipywidgets as w\nsecret = w.Text('hidden')\nsecret", COUNTER + "c")
        page = self.open(session)
        expect(self.widget(page, 1).get_by_role("button", name="count 0")).to_be_visible()
        secret, own = (self.value(session, f"{name}.comm.comm_id") for name in ("secret", "c"))
        given = self.frame(page, 1).evaluate(
            """async ([secret, own]) => {
              const ask = () => new Promise(done => {
                const hear = event => {
                  if (event.data.webipy !== "model" || event.data.comm !== secret) return;
                  removeEventListener("message", hear);
                  done(event.data.state);
                };
                addEventListener("message", hear);
                parent.postMessage({ webipy: "model", comm: secret }, "*");
              });
              const given = [];
              for (const way of ["IPY_MODEL_", "anywidget:"]) {
                const state = { layout: { value: way + secret, buffers: [] }, tooltip: { value: way + secret, buffers: [] } };
                parent.postMessage({ webipy: "set", comm: own, state, number: given.length + 1 }, "*");
                given.push(await ask());
              }
              return given;
            }""",
            [secret, own],
        )
        self.assertEqual(given, [None, None])
        expect(page.get_by_text("A widget referred to a widget of another output.").first).to_be_visible()
        said = json.dumps(self.server.call("session.events", session=session, since=0, limit=1000)["events"])
        self.assertEqual([way for way in ("IPY_MODEL_", "anywidget:") if f'"tooltip": "{way}{secret}"' in said], [])

    def test_an_html_widget_cannot_reach_the_page(self) -> None:
        """Markup in a widget's value runs in the frame at most."""
        session = self.cells(
            "import ipywidgets as w\nw.HTML('<img src=x onerror=\"try { top.escaped = 1 } catch {} this.id = `ran`\">')"
        )
        page = self.open(session)
        expect(self.widget(page).locator("#ran")).to_have_count(1)
        self.assertEqual(page.evaluate("typeof window.escaped"), "undefined")
