"""Outputs that need a program to be seen: charts of plotly, Vega and Vega-Lite, and JSON.

A page gets the program once, the same one that the page of webipy loads into its sealed frames, and each chart as JSON in a script that does
not run. So a chart is drawn without a network, and in a PDF, too.

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

_USUAL = frozenset(
    ["scatter", "bar", "pie", "box", "heatmap", "histogram", "histogram2d", "histogram2dcontour", "contour", "violin"]
) | {"funnel", "funnelarea", "waterfall", "image", "scatterternary", "quiver"}
"""The traces that the smaller of the two bundles of plotly draws; web/src/frame/guest.ts has the same."""

_UNUSUAL = re.compile(r'"(scene|geo|map|mapbox|polar|smith)\d*":')

_DRAW = """
<script>
window.webipyDrawn = Promise.allSettled([...document.querySelectorAll("script[data-webipy-figure]")].map(async one => {
  const root = document.createElement("div"), kind = one.dataset.webipyFigure;
  one.replaceWith(root);
  try {
    const library = window.webipy[one.dataset.library];
    await library.show(kind, JSON.parse(one.textContent), {root, isDark: () => false, onDark: () => {}});
  } catch (fault) {
    root.textContent = `This chart cannot be drawn: ${fault.message}`;
  }
}));
</script>
"""


def prepare(notebook: Any, assets: Path | None) -> str:
    """Makes HTML of the outputs that need a program; returns the programs, for the end of the page.

    Args:
        notebook: The document.
        assets: The folder with the programs, or `None` for no charts.
    """
    wanted: dict[str, bool] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            made = _chart(data, assets, wanted) or _tree(data)
            if made is not None:
                output["data"] = {"text/html": made}
                output["metadata"] = {}
    if assets is None or not wanted:
        return ""
    programs = "".join(f"<script>{_program(assets, library)}</script>" for library in wanted)
    return f"<script>window.webipy = {{}};</script>{programs}{_DRAW}"


def _chart(data: Any, assets: Path | None, wanted: dict[str, bool]) -> str | None:
    for pattern, kind in _KINDS:
        for media_type in data:
            if assets is not None and pattern.fullmatch(media_type):
                body = json.dumps(data[media_type]).replace("<", "\\u003c")
                library = kind if kind != "vega-lite" else "vega"
                if kind == "plotly" and not _is_usual(data[media_type]):
                    library = "plotly-all"
                if not _file(assets, library):
                    return None
                wanted[library] = True
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
