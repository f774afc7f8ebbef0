"""What notebooks are made of beside usual cells: raw cells, hidden parts, outputs that are odd or empty, cells of old formats, saved widgets."""

from __future__ import annotations

from typing import Any

from tests.browser.gallery import Cell, code, picture, png, printed, shown, text
from tests.browser.gallery_prints import failed, head

SOLID = png(120, 60, (20, 20, 20, 255), (240, 240, 255, 255))


def marked(cell: Cell, **metadata: Any) -> Cell:
    """A cell with metadata of its own."""
    return {**cell, "metadata": metadata}


ODD: list[Cell] = [
    text("# Odd cells"),
    {"cell_type": "raw", "source": "\\section{Raw}\nis what an export takes as it is.", "metadata": {"raw_mimetype": "text/latex"}},
    {"cell_type": "raw", "source": "", "metadata": {}},
    {"cell_type": "markdown", "source": "", "metadata": {}},
    {"cell_type": "code", "source": "", "metadata": {}, "execution_count": None, "outputs": []},
    marked(code("hidden = 'code'", printed("its output\n")), jupyter={"source_hidden": True}),
    marked(code("print('hidden output')", printed("hidden\n" * 3)), jupyter={"outputs_hidden": True}),
    marked(code("print('collapsed')", printed("collapsed\n")), collapsed=True),
    marked(code("both = 'hidden'", printed("nobody sees it\n")), jupyter={"source_hidden": True, "outputs_hidden": True}),
    marked(code("for n in range(60): print(n)", printed("".join(f"{n}\n" for n in range(60)))), scrolled=True),
    marked(code("a = 1"), tags=["parameters", "hide-input"]),
    code("nothing", {"output_type": "display_data", "data": {}, "metadata": {}}, printed(""), shown(text__plain="")),
    code("unknown", {"output_type": "display_data", "data": {"application/x-unknown": "abc", "application/vnd.example.v2+json": {"a": 1}}, "metadata": {}}),
    code("partly", {"output_type": "display_data", "data": {"application/x-unknown": "abc", "text/plain": "<Unknown object at 0x7f>"}, "metadata": {}}),
    code("between", printed("before\n"), failed("ValueError", "in the middle", head("ValueError"), "\x1b[31mValueError\x1b[39m: in the middle"), picture(SOLID), printed("after\n", "stderr")),
    code("several", shown(text__plain="'first'"), {"output_type": "execute_result", "execution_count": 7, "data": {"text/plain": ["'in ',\n", "'parts'"]}, "metadata": {}}),
    code("Markdown(text)", shown(text__markdown="## A heading\n\n- a **list**\n- `code`\n\n![of another notebook](attachment:missing.png)\n\n| a | b |\n|---|---|\n| 1 | 2 |")),
    code("Image(broken)", {"output_type": "display_data", "data": {"image/png": "bm8gcGljdHVyZQ=="}, "metadata": {}}),
    code("%%html\n<hr>", shown(text__html="<hr><h1>Large</h1><h2>Smaller</h2><ul><li>a<li>b</ul><blockquote>said</blockquote><button>Press</button> <input value='typed'> <dl><dt>t<dd>d</dl><table><caption>c</caption><tr><td>x</table>")),
    text("## Folded"),
    code("1 + 1"),
]  # fmt: skip
ODD[-2]["metadata"] = {"jp-MarkdownHeadingCollapsed": True}

OLD: dict[str, Any] = {
    "nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "Old"},
    "worksheets": [{"metadata": {}, "cells": [
        {"cell_type": "heading", "level": 1, "source": ["Of format 3"], "metadata": {}},
        {"cell_type": "heading", "level": 3, "source": ["Third level"], "metadata": {}},
        {"cell_type": "markdown", "source": ["Text of *old*."], "metadata": {}},
        {"cell_type": "code", "input": ["print 'hello'\n", "1"], "language": "python", "metadata": {}, "collapsed": False, "prompt_number": 3, "outputs": [
            {"output_type": "stream", "stream": "stdout", "text": ["hello\n"]},
            {"output_type": "pyout", "prompt_number": 3, "text": ["1"], "metadata": {}},
            {"output_type": "display_data", "png": "", "text": ["<a figure>"], "metadata": {}},
            {"output_type": "pyerr", "ename": "NameError", "evalue": "name 'x' is not defined", "traceback": ["\x1b[1;31mNameError\x1b[0m: name 'x' is not defined"]}]},
        {"cell_type": "code", "input": [], "language": "python", "metadata": {}, "collapsed": True, "outputs": []},
        {"cell_type": "raw", "source": ["raw"], "metadata": {}},
    ]}],
}  # fmt: skip
"""A notebook as IPython 1 wrote it."""

STATE_TYPE = "application/vnd.jupyter.widget-state+json"
VIEW_TYPE = "application/vnd.jupyter.widget-view+json"
BASE, CONTROLS = ("@jupyter-widgets/base", "2.0.0"), ("@jupyter-widgets/controls", "2.0.0")


def models() -> dict[str, Any]:
    """The saved state of a slider, a progress bar, tabs and some more, by the ids of their models."""
    made: dict[str, Any] = {}

    def add(key: str, name: str, module: tuple[str, str] = CONTROLS, **state: Any) -> str:
        state = {"_model_name": f"{name}Model", "_model_module": module[0], "_model_module_version": module[1], **state}
        made[key] = {
            "model_name": f"{name}Model",
            "model_module": module[0],
            "model_module_version": module[1],
            "state": state,
        }
        return f"IPY_MODEL_{key}"

    layout = add("layout", "Layout", BASE, _view_module=BASE[0], _view_module_version=BASE[1], _view_name="LayoutView")

    def widget(key: str, name: str, **state: Any) -> str:
        return add(
            key,
            name,
            layout=layout,
            _view_module=CONTROLS[0],
            _view_module_version=CONTROLS[1],
            **{"_view_name": f"{name}View", **state},
        )

    scale = {"min": 0, "max": 10, "step": 1, "readout": True, "readout_format": "d", "orientation": "horizontal"}
    slider = widget("slider", "IntSlider", description="Slide", value=3, **scale)
    progress = widget(
        "progress",
        "FloatProgress",
        _view_name="ProgressView",
        description="Part",
        value=0.4,
        min=0.0,
        max=1.0,
        bar_style="success",
        orientation="horizontal",
    )
    text_field = widget("field", "Text", description="Name", value="Ada")
    words = widget("words", "HTML", value="<b>first</b> and <i>second</i>")
    choose = widget("choose", "Dropdown", description="Choose", _options_labels=["one", "two"], index=1)
    check = widget("check", "Checkbox", description="Check", value=True, indent=True)
    press = widget("press", "Button", description="Press", button_style="warning", icon="check")
    several = widget(
        "several", "ToggleButtons", description="Which", _options_labels=["a", "b", "c"], index=0, tooltips=[], icons=[]
    )
    ranged = widget("ranged", "IntRangeSlider", description="From to", value=[2, 5], **scale)
    area = widget("area", "Textarea", description="Text", value="several\nlines")
    tabs = widget(
        "tabs", "Tab", children=[words, text_field], titles=["Words", "Field"], selected_index=0, box_style=""
    )
    more = widget("more", "Accordion", children=[press], titles=["More"], selected_index=0, box_style="")
    widget("all", "VBox", children=[slider, ranged, progress, choose, check, several, area, tabs, more], box_style="")
    add(
        "strange",
        "Strange",
        ("strange-widget", "1.0.0"),
        _view_module="strange-widget",
        _view_module_version="1.0.0",
        _view_name="StrangeView",
    )
    return made


def view(model: str, plain: str) -> dict[str, Any]:
    """An output that shows a widget."""
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {VIEW_TYPE: {"model_id": model, "version_major": 2, "version_minor": 0}, "text/plain": plain},
    }


WIDGETS: list[Cell] = [
    text("# Widgets"),
    code("VBox(all)", view("all", "VBox(children=(IntSlider(value=3), …))")),
    code("for n in tqdm.notebook.tqdm(range(5)): pass", view("progress", "  0%|          | 0/5 [00:00<?, ?it/s]")),
    code("Strange()", view("strange", "Strange()")),
    code("gone", view("gone", "IntSlider(value=0)")),
]
WIDGET_STATE = {"widgets": {STATE_TYPE: {"version_major": 2, "version_minor": 0, "state": models()}}}
