"""What needs a program to be seen: charts of plotly, Vega and Vega-Lite, widgets, diagrams of mermaid in outputs and texts, and JSON.

A page gets the program once, the same one that the page of webipy loads into its sealed frames, and each chart as JSON in a script that does
not run. So a chart is drawn without a network, and in a PDF, too.

Widgets are drawn from the state that the notebook has of them, those of ipywidgets and anywidget: what draws others is not a part of webipy, so
a notebook with such keeps to nbconvert's way, which takes them from the network.

`webipyDrawn` in the finished page is a promise that all charts are drawn; who prints it waits for that.
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

_KINDS = (
    (re.compile(r"application/vnd\.plotly\.v1\+json"), "plotly"),
    (re.compile(r"application/vnd\.vegalite\.v\d+(\+json|\.json)"), "vega-lite"),
    (re.compile(r"application/vnd\.vega\.v\d+(\+json|\.json)"), "vega"),
)
_JSON = ("application/json", "application/geo+json")

_STATE, _VIEW = (f"application/vnd.jupyter.widget-{what}+json" for what in ("state", "view"))

_DRAWN = ("@jupyter-widgets/base", "@jupyter-widgets/controls", "@jupyter-widgets/output", "anywidget")
"""The modules of widgets that webipy brings itself (web/src/frame/widgets/manager.ts)."""

_USUAL = frozenset(
    ["scatter", "bar", "pie", "box", "heatmap", "histogram", "histogram2d", "histogram2dcontour", "contour", "violin"]
) | {"funnel", "funnelarea", "waterfall", "image", "scatterternary", "quiver"}
"""The traces that the smaller of the two bundles of plotly draws; web/src/frame/guest.ts has the same."""

_UNUSUAL = re.compile(r'"(scene|geo|map|mapbox|polar|smith)\d*":')

_DIAGRAM = re.compile(r"^[ \t>]*(?:```+|~~~+)[ \t]*\{?mermaid\b", re.MULTILINE)

_DRAW = """
<script>
window.webipyDrawn = (async () => {
  const draw = async (one, library, kind, body) => {
    const root = document.createElement("div");
    one.replaceWith(root);
    try {
      await window.webipy[library].show(kind, body, {root, isDark: () => false, onDark: () => {}});
    } catch (fault) {
      root.append(`This ${library === "mermaid" ? "diagram" : "chart"} cannot be drawn: ${fault.message}`);
    }
  };
  const charts = [...document.querySelectorAll("script[data-webipy-figure]")];
  await Promise.all(charts.map(one => {
    const body = JSON.parse(one.textContent), kind = one.dataset.webipyFigure;
    if (kind === "saved-widget") body.models = JSON.parse(document.getElementById("webipy-models").textContent);
    return draw(one, one.dataset.library, kind, body);
  }));
  await window.webipyTexts;
  // One after the other: mermaid has one place to draw in.
  if (window.webipy.mermaid) for (const one of document.querySelectorAll("pre.mermaid")) await draw(one, "mermaid", "mermaid", one.textContent);
})();
</script>
"""


def prepare(notebook: Any, assets: Path | None) -> str:
    """Makes HTML of the outputs that need a program; returns the programs, for the end of the page.

    Args:
        notebook: The document.
        assets: The folder with the programs, or `None` for no charts.
    """
    wanted: dict[str, bool] = {}
    models = _models(notebook, assets)
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and assets is not None and _DIAGRAM.search(cell.source):
            _want("mermaid", assets, wanted)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if assets is not None and "text/vnd.mermaid" in data:
                _want("mermaid", assets, wanted)
            made = _chart(data, assets, wanted) or _widget(data, models, wanted) or _tree(data)
            if made is not None:
                output["data"] = {"text/html": made}
                output["metadata"] = {}
    if assets is None or not wanted:
        return ""
    programs = "".join(f"<script>{_program(assets, library)}</script>" for library in wanted)
    if "widgets" in wanted:
        del notebook.metadata["widgets"]  # nbconvert would draw them a second time, from the network
        icons = next(iter(sorted(assets.glob("frame-icons-[A-Z0-9]*.css"))), None)
        programs += f"<style>{icons.read_text('utf-8')}</style>" if icons is not None else ""
        programs += f'<script type="application/json" id="webipy-models">{_inert(models)}</script>'
    return f"<script>window.webipy = {{}};</script>{programs}{_DRAW}"


def _models(notebook: Any, assets: Path | None) -> dict[str, Any]:
    """The state of the widgets that can be drawn without a network; nothing when one of them cannot."""
    widgets = notebook.metadata.get("widgets", {})
    models: dict[str, Any] = widgets.get(_STATE, {}).get("state", {}) if isinstance(widgets, dict) else {}
    if assets is None or not _file(assets, "widgets"):
        return {}
    return models if all(isinstance(one, dict) and one.get("model_module") in _DRAWN for one in models.values()) else {}


def _widget(data: Any, models: dict[str, Any], wanted: dict[str, bool]) -> str | None:
    view = data.get(_VIEW)
    if not models or not isinstance(view, dict):
        return None
    wanted["widgets"] = True
    if view.get("model_id") not in models:
        return " "  # its program closed it
    body = _inert({"model_id": view["model_id"]})
    return f'<script type="application/json" data-webipy-figure="saved-widget" data-library="widgets">{body}</script>'


def _inert(value: Any) -> str:
    """JSON that ends no script."""
    return json.dumps(value).replace("<", "\\u003c")


def _want(library: str, assets: Path, wanted: dict[str, bool]) -> bool:
    """Notes that a library is needed; whether the built page has it."""
    if not _file(assets, library):
        return False
    wanted[library] = True
    return True


def _chart(data: Any, assets: Path | None, wanted: dict[str, bool]) -> str | None:
    for pattern, kind in _KINDS:
        for media_type in data:
            if assets is not None and pattern.fullmatch(media_type):
                body = _inert(data[media_type])
                library = kind if kind != "vega-lite" else "vega"
                if kind == "plotly" and not _is_usual(data[media_type]):
                    library = "plotly-all"
                if not _want(library, assets, wanted):
                    return None
                return f'<script type="application/json" data-webipy-figure="{kind}" data-library="{library}">{body}</script>'
    return None


def _tree(data: Any) -> str | None:
    """JSON for people to read, where there is no other form than the name of an object."""
    kind = next((kind for kind in _JSON if kind in data), None)
    if kind is None or any(other.startswith("image/") or other == "text/html" for other in data):
        return None
    return f"<pre>{html.escape(json.dumps(data[kind], indent=2, ensure_ascii=False))}</pre>"


def _is_usual(figure: Any) -> bool:
    """Whether the smaller bundle draws it."""
    if not isinstance(figure, dict):
        return True
    lists = [figure.get("data"), *(one.get("data") for one in figure.get("frames") or [] if isinstance(one, dict))]
    traces = [trace for one in lists if isinstance(one, list) for trace in one if isinstance(trace, dict)]
    layout = figure.get("layout")
    text = json.dumps({**layout, "template": None}) if isinstance(layout, dict) else ""
    return all(trace.get("type", "scatter") in _USUAL for trace in traces) and not _UNUSUAL.search(text)


def _file(assets: Path, library: str) -> Path | None:
    """The bundle of a library in the built page; there is none in a checkout where it is not built."""
    return next(iter(sorted(assets.glob(f"frame-{library}-[A-Z0-9]*.js"))), None)


def _program(assets: Path, library: str) -> str:
    path = _file(assets, library)
    assert path is not None
    return path.read_text("utf-8").replace("</script", "<\\/script")
