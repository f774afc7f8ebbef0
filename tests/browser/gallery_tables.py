"""Tables and other HTML that libraries of data display, made here as they write it: pandas, its Styler, polars, xarray, scikit-learn, dask."""

from __future__ import annotations

from collections.abc import Sequence

from tests.browser.gallery import Cell, code, shown, text

SCOPED = (
    "<style scoped>\n    .dataframe tbody tr th:only-of-type { vertical-align: middle; }\n    .dataframe tbody tr th { vertical-align: top; }\n"
    "    .dataframe thead tr th { text-align: left; }\n    .dataframe thead tr:last-of-type th { text-align: right; }\n</style>\n"
)


def frame(heads: str, rows: Sequence[str], note: str = "") -> str:
    """A table as pandas writes it.

    Args:
        heads: the rows of its head.
        rows: those of its body, each without `<tr>`.
        note: what stands below it.
    """
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div>{SCOPED}<table border="1" class="dataframe"><thead>{heads}</thead><tbody>{body}</tbody></table>{note}</div>'


def cells(*values: object) -> str:
    """Cells of a row."""
    return "".join(f"<td>{value}</td>" for value in values)


def wide() -> str:
    """60 columns."""
    heads = "".join(f"<th>column_{n}</th>" for n in range(60))
    rows = [f"<th>{row}</th>" + cells(*(row * 60 + n for n in range(60))) for row in range(3)]
    return frame(f'<tr style="text-align: right;"><th></th>{heads}</tr>', rows, "<p>3 rows \u00d7 60 columns</p>")


PLAIN = frame(
    '<tr style="text-align: right;"><th></th><th>city</th><th>people</th><th>since</th></tr>',
    [
        "<th>0</th>" + cells("Oslo", "717 710", "1048-01-01"),
        "<th>1</th>" + cells("Bergen", "291 940", "NaT"),
        "<th>2</th>" + cells("A name that is longer than any other name in this column", "NaN", "1997-01-01"),
    ],
)

LEVELS = frame(
    '<tr><th></th><th></th><th colspan="2" halign="left">2023</th><th colspan="2" halign="left">2024</th></tr>'
    "<tr><th></th><th></th><th>least</th><th>most</th><th>least</th><th>most</th></tr>"
    "<tr><th>region</th><th>kind</th><th></th><th></th><th></th><th></th></tr>",
    [
        '<th rowspan="2" valign="top">north</th><th>a</th>' + cells(0, 1, 2, 3),
        "<th>b</th>" + cells(4, 5, 6, 7),
        '<th rowspan="2" valign="top">south</th><th>a</th>' + cells(8, 9, 10, 11),
        "<th>b</th>" + cells(12, 13, 14, 15),
    ],
)

GRADIENT = ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"]
STYLER = (
    '<style type="text/css">\n#T_a caption { caption-side: top; font-weight: bold }\n'
    + "".join(
        f"#T_a_row{n}_col0 {{ background-color: {ground}; color: {'#f1f1f1' if n < 3 else '#000000'}; }}\n"
        for n, ground in enumerate(GRADIENT)
    )
    + "".join(
        f"#T_a_row{n}_col1 {{ width: 10em; background: linear-gradient(90deg, #d65f5f {20 * n}.0%, transparent {20 * n}.0%); }}\n"
        for n in range(5)
    )
    + "".join(
        f"#T_a_row{n}_col2 {{ color: {ink}; }}\n"
        for n, ink in enumerate(["navy", "darkred", "black", "white", "green"])
    )
    + '</style>\n<table id="T_a"><caption>A caption</caption><thead><tr><th class="blank level0">&nbsp;</th><th>gradient</th><th>bar</th><th>ink</th></tr></thead><tbody>'
    + "".join(
        f'<tr><th class="row_heading">{n}</th><td id="T_a_row{n}_col0" class="data">{n}.5</td><td id="T_a_row{n}_col1" class="data">{20 * n}</td>'
        f'<td id="T_a_row{n}_col2" class="data">word</td></tr>'
        for n in range(5)
    )
    + "</tbody></table>"
)

POLARS = (
    "<div><style>\n.dataframe > thead > tr,\n.dataframe > tbody > tr { text-align: right; white-space: pre-wrap; }\n</style>\n<small>shape: (3, 3)</small>"
    '<table border="1" class="dataframe"><thead><tr><th>n</th><th>word</th><th>list</th></tr><tr><td>i64</td><td>str</td><td>list[i64]</td></tr></thead><tbody>'
    "<tr><td>1</td><td>&quot;x&quot;</td><td>[1, 2]</td></tr><tr><td>2</td><td>&quot;y&quot;</td><td>[3]</td></tr>"
    "<tr><td>null</td><td>&quot;a longer text…&quot;</td><td>[]</td></tr></tbody></table></div>"
)

XARRAY = (
    '<div><svg style="position: absolute; width: 0; height: 0; overflow: hidden"><defs><symbol id="icon-page" viewBox="0 0 32 32">'
    '<path d="M6 2h14l6 6v22h-20z"></path></symbol></defs></svg>\n<style>\n'
    ":root { --own-ink: var(--jp-content-font-color0, rgba(0, 0, 0, 1)); --own-quiet: var(--jp-content-font-color2, rgba(0, 0, 0, 0.54));"
    " --own-edge: var(--jp-border-color2, #e0e0e0); --own-ground: var(--jp-layout-color0, white); --own-row: var(--jp-layout-color1, #eee); }\n"
    'html[theme="dark"], body[data-theme="dark"], body.vscode-dark { --own-ink: white; --own-quiet: #aaa; --own-edge: #1f1f1f; --own-ground: #111; --own-row: #222; }\n'
    ".own-wrap { display: block !important; min-width: 300px; max-width: 700px; }\n.own-fallback { display: none; }\n"
    ".own-head { padding: 6px 0; margin-bottom: 4px; border-bottom: solid 1px var(--own-edge); color: var(--own-quiet); }\n"
    ".own-parts { padding-left: 0 !important; display: grid; grid-template-columns: 150px auto auto 1fr 0 20px; }\n"
    ".own-part { display: contents; list-style: none; }\n.own-part input { display: inline-block; opacity: 0; height: 0; }\n"
    ".own-part label { cursor: pointer; color: var(--own-ink); font-weight: 500; grid-column: 1; }\n.own-part label::before { content: '▼ '; font-size: 11px; }\n"
    ".own-inside { display: none; grid-column: 1 / -1; background: var(--own-row); color: var(--own-ink); padding: 4px; }\n"
    ".own-part input:checked ~ .own-inside { display: block; }\n"
    ".own-icon { display: inline-block; width: 1em; height: 1em; stroke: currentColor; fill: currentColor; }\n</style>"
    '<pre class="own-fallback">&lt;a text for who shows no styles&gt;</pre><div class="own-wrap" style="display:none">'
    '<div class="own-head"><div>a.Dataset</div></div><ul class="own-parts">'
    '<li class="own-part"><input id="part-1" type="checkbox" checked><label for="part-1">Dimensions: <span>(2)</span></label>'
    '<div class="own-inside"><b>x</b>: 2 <b>y</b>: 3 <svg class="own-icon"><use xlink:href="#icon-page"></use></svg></div></li>'
    '<li class="own-part"><input id="part-2" type="checkbox"><label for="part-2">Attributes: <span>(1)</span></label>'
    '<div class="own-inside">title: a data set</div></li></ul></div></div>'
)

ESTIMATOR = (
    "<style>#own-1 { --box: #f0f8ff; --edge: #6495ed; --mark: #1e90ff; color: var(--sg-text-color, var(--jp-content-font-color1, black)); }\n"
    "@media (prefers-color-scheme: dark) { #own-1 { --box: #14283c; --edge: #4a74b4; } }\n"
    "#own-1 pre { padding: 0; } #own-1 .own-hidden { border: 0; clip: rect(1px 1px 1px 1px); height: 1px; margin: -1px; overflow: hidden; position: absolute; width: 1px; }\n"
    "#own-1 .own-box { background: var(--box); border: 1px dashed var(--edge); margin: 4px; padding: 6px; text-align: center; font-family: monospace; }\n"
    "#own-1 .own-row { display: flex; align-items: stretch; justify-content: center; }\n#own-1 label { cursor: pointer; display: block; font-weight: bold; }\n"
    "#own-1 .own-more { max-height: 0; max-width: 0; overflow: hidden; text-align: left; }\n#own-1 input:checked ~ .own-more { max-height: 200px; max-width: 100%; overflow: auto; }\n</style>"
    '<div id="own-1"><div class="own-text" hidden><pre>Pipeline(...)</pre></div><div class="own-box"><label>Pipeline</label><div class="own-row">'
    '<div class="own-box"><input class="own-hidden" id="own-a" type="checkbox" checked><label for="own-a">StandardScaler</label><div class="own-more"><pre>StandardScaler()</pre></div></div>'
    '<div class="own-box"><input class="own-hidden" id="own-b" type="checkbox"><label for="own-b">Ridge</label><div class="own-more"><pre>Ridge()</pre></div></div>'
    "</div></div></div>"
)

CHUNKS = (
    '<table><tr><td><table style="border-collapse: collapse;"><thead><tr><td> </td><th> Array </th><th> Chunk </th></tr></thead><tbody>'
    "<tr><th> Bytes </th><td> 7.63 MiB </td><td> 1.91 MiB </td></tr><tr><th> Shape </th><td> (1000, 1000) </td><td> (500, 500) </td></tr></tbody></table></td>"
    '<td><svg width="170" height="170" style="stroke:rgb(0,0,0);stroke-width:1"><line x1="0" y1="0" x2="120" y2="0" style="stroke-width:2"/><line x1="0" y1="60" x2="120" y2="60"/>'
    '<line x1="0" y1="120" x2="120" y2="120" style="stroke-width:2"/><line x1="0" y1="0" x2="0" y2="120" style="stroke-width:2"/><line x1="60" y1="0" x2="60" y2="120"/>'
    '<line x1="120" y1="0" x2="120" y2="120" style="stroke-width:2"/><polygon points="0,0 120,0 120,120 0,120" style="fill:#ECB172A0;stroke-width:0"/>'
    '<text x="60" y="140" font-size="1.0rem" font-weight="100" text-anchor="middle">1000</text></svg></td></tr></table>'
)

INKS = (
    '<p style="color: black">black</p> <span style="color: #000080">navy</span> <font color="darkred">dark red</font> <span style="color: white; background: black">white on black</span> '
    '<span style="color: rgb(255, 255, 150)">pale</span> <b style="color: gray">grey</b>'
    '<svg width="200" height="30"><text x="2" y="20">text of a drawing</text><path d="M120 15h60" stroke="black"/></svg>'
)

SERIES = "0    1.5\n1    2.0\n2    3.0\nName: a, dtype: float64"
REPRS = "   " + "  ".join(f"column_{n:02}" for n in range(30)) + "\n0  " + "  ".join(f"{n:9}" for n in range(30))

TABLES: list[Cell] = [
    text("# Tables"),
    code("frame", shown(text__html=PLAIN, text__plain=SERIES)),
    code("frame.groupby(['region', 'kind']).agg(['min', 'max'])", shown(text__html=LEVELS)),
    code("pd.DataFrame(numbers)", shown(text__html=wide())),
    code("frame.style.background_gradient().bar()", shown(text__html=STYLER)),
    code("pl.DataFrame(numbers)", shown(text__html=POLARS)),
    code("frame['a']", shown(text__plain=SERIES), shown(text__plain=REPRS)),
    code("xr.Dataset(numbers)", shown(text__html=XARRAY)),
    code("make_pipeline(StandardScaler(), Ridge())", shown(text__html=ESTIMATOR)),
    code("da.zeros((1000, 1000))", shown(text__html=CHUNKS)),
    code("HTML(inks)", shown(text__html=INKS)),
]
