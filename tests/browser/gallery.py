"""Notebooks that show every kind of text and output that people bring, made here, with their outputs saved in them.

Each page is a list of cells as nbformat has them. Nothing in them needs a kernel, a network or a library on this machine; what libraries would write
(pandas, matplotlib, plotly, Bokeh) stands here as they write it.
"""

from __future__ import annotations

import base64
import io
import struct
import wave
import zlib
from typing import Any

Cell = dict[str, Any]


def png(width: int, height: int, ink: tuple[int, int, int, int], ground: tuple[int, int, int, int]) -> bytes:
    """A picture of a cross.

    Args:
        width: in pixels.
        height: in pixels.
        ink: red, green, blue and opacity of the cross, 0 to 255.
        ground: the same of the rest.

    Returns:
        A PNG file.
    """
    rows = b""
    for y in range(height):
        row = [
            ink
            if abs(x * height - y * width) < 3 * height or abs((width - x) * height - y * width) < 3 * height
            else ground
            for x in range(width)
        ]
        rows += b"\0" + b"".join(bytes(one) for one in row)

    def part(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")


def sound() -> bytes:
    """A tenth of a second of silence, as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(8000)
        out.writeframes(b"\x80" * 800)
    return file.getvalue()


def text(source: str, **attachments: bytes) -> Cell:
    """A Markdown cell; attachments by their names without `.png`."""
    cell: Cell = {"cell_type": "markdown", "source": source, "metadata": {}}
    if attachments:
        cell["attachments"] = {
            f"{name}.png": {"image/png": base64.b64encode(content).decode()} for name, content in attachments.items()
        }
    return cell


def code(source: str, *outputs: dict[str, Any]) -> Cell:
    """A code cell that has run."""
    return {"cell_type": "code", "source": source, "metadata": {}, "execution_count": 1, "outputs": list(outputs)}


def shown(metadata: dict[str, Any] | None = None, **forms: Any) -> dict[str, Any]:
    """A display; MIME types with `__` for the slash and `_` for others."""
    data = {name.replace("__", "/"): content for name, content in forms.items()}
    return {"output_type": "display_data", "data": data, "metadata": metadata or {}}


def picture(content: bytes, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    """A PNG as matplotlib displays it."""
    return shown(metadata, image__png=base64.b64encode(content).decode(), text__plain="<Figure with 1 Axes>")


def figure(media_type: str, body: Cell | str) -> Cell:
    """A figure that a library of the page draws.

    Args:
        media_type: of its description.
        body: the description; text for what is no JSON.

    Returns:
        An output.
    """
    return {"output_type": "display_data", "metadata": {}, "data": {media_type: body, "text/plain": "a figure"}}


def printed(content: str, name: str = "stdout") -> dict[str, Any]:
    """Text of a stream."""
    return {"output_type": "stream", "name": name, "text": content}


CROSS = png(120, 60, (20, 20, 20, 255), (0, 0, 0, 0))
SHAPES = (
    '<svg width="220" height="60"><defs><linearGradient id="g"><stop offset="0" stop-color="teal"/><stop offset="1" stop-color="gold"/>'
    '</linearGradient><path id="p" d="M5 45 Q 60 0 120 45"/></defs><rect id="r" width="60" height="20" fill="url(#g)"/><use href="#r" x="70"/>'
    '<text fill="currentColor" font-size="12"><textPath href="#p">along a path</textPath></text></svg>'
)

TEXTS = [
    text(
        "# Texts\n\nSee [Tables](#Tables), [the end](#the-end), [equation](#mjx-eqn:energy), [another notebook](other.ipynb).[^one]\n\n"
        "- [x] done\n- [ ] open\n  - [x] below\n\n"
        "> [!NOTE]\n> A note with `code`.\n\n> [!WARNING]\n> Careful.\n\n> A quotation.\n\n[^one]: A footnote with *words*."
    ),
    text(
        "## Tables\n\n| left | centre | right | $|x|$ |\n|:-----|:------:|------:|---|\n| a | b | 1.5 | $\\|y\\|$ |\n| longer | word | 22.25 | `a|b` |\n\n"
        + "| "
        + " | ".join(f"a_long_column_name_{n}" for n in range(12))
        + " |\n|"
        + "---|" * 12
        + "\n| "
        + " | ".join("value" for _ in range(12))
        + " |"
    ),
    text(
        '<details open><summary>More</summary>\n\nIn **it**.\n\n</details>\n\n<div style="color: teal; text-align: center; position: fixed; top: 0">Styled</div>\n\n'
        "H<sub>2</sub>O, <kbd>Ctrl</kbd>, <mark>marked</mark>, ~~struck~~, https://example.org\n\n"
        "```js\nconst answer = () => 42; // a comment\n```\n\n```sql\nSELECT name FROM people WHERE age > 30;\n```\n\n```c++\nint main() { return 0; }\n```\n\n```python\ndef f(x): return x + 1\n```\n\n```{python}\ndef g(): pass\n```\n\n```diff\n- old\n+ new\n```\n\n"
        '<div class="alert alert-block alert-info"><b>Note:</b> a box of Bootstrap</div>\n\n<div style="background: #eee">On grey</div>\n\n'
        '<div style="background: linear-gradient(90deg, teal, navy); color: white">On colours</div>'
    ),
    text("שלום עולם, אחת שתיים\n\n- אחת\n- שתיים\n\nEnglish again.\n\n" + SHAPES),
    text("```mermaid\ngraph LR\n  A[Read] --> B{Good?}\n  B -->|yes| C[Write]\n  B -->|no| A\n```"),
    text(
        '![attached](attachment:cross.png) <img src="attachment:cross.png" width="60" alt="small"> <img src="pictures/cross.png" alt="beside"> '
        '![below](./pictures/cross.png)\n\n<audio src="sound.wav" controls></audio>\n\n<a id="the-end"></a>The end.',
        cross=CROSS,
    ),
]

MATHEMATICS = [
    text(
        "# Mathematics\n\n$\\newcommand{\\R}{\\mathbb{R}}\\newcommand{\\norm}[1]{\\lVert #1 \\rVert}\\DeclareMathOperator*{\\argmin}{arg\\,min}$Commands of the notebook."
    ),
    text(
        "Inline $x \\in \\R$, $ spaced $, \\\\(a_1 b_1\\\\), \\(c\\), $\\text{if $x$}$, costs $5 and $10, `$code$`, \\$3.\n\n"
        "$$\\argmin_{x \\in \\R} \\norm{x}$$\n\n\\\\[ e^{i\\pi} + 1 = 0 \\\\]\n\n"
        "\\begin{equation}\\label{energy} E = mc^2 \\end{equation}\n\nBy \\eqref{energy} and $\\ref{energy}$.\n\n"
        "\\begin{align} a &= b + c \\\\ d &= e \\end{align}"
    ),
    text(
        "\\begin{eqnarray} x &=& y \\\\ z &=& w \\end{eqnarray}\n\n\\begin{multline} a + b + c \\\\ + d + e \\end{multline}\n\n"
        "$\\require{mhchem}\\ce{2H2 + O2 -> 2H2O}$, $a \\mbox{ if } b$, $\\newcommand{\\half}[2][1]{\\frac{#1}{#2}} \\half{2}$, $\\bbox[5px]{x}$, $\\SI{3}{m}$, $\\enclose{box}{a} = b + c$"
    ),
    code(
        "HTML(table)",
        shown(
            text__html="<p>Energy $E = mc^2$ and \\(\\R\\)</p><table><tr><th>$\\alpha$</th><td>$|x|$</td></tr></table>"
        ),
        shown(text__latex="$\\displaystyle \\int_{0}^{1} x^{2}\\, dx$"),
        shown(text__markdown="Math in *markdown*: $\\norm{x}$"),
    ),
]

STYLED = (
    '<style type="text/css">#T_1 th { font-weight: normal } #T_1_row1_col0, #T_1_row0_col1 { background-color: yellow }</style>'
    '<table id="T_1"><thead><tr><th class="blank">&nbsp;</th><th id="T_1_level0_col0">a</th><th>b</th></tr></thead><tbody>'
    '<tr><th>0</th><td id="T_1_row0_col0">1</td><td id="T_1_row0_col1">4</td></tr><tr><th>1</th><td id="T_1_row1_col0">2</td><td>3</td></tr></tbody></table>'
)

OUTPUTS = [
    text("# Outputs"),
    code("df.style.highlight_max()", shown(text__html=STYLED)),
    code("HTML(shapes)", shown(text__html=SHAPES)),
    code(
        "FileLink('data.csv')",
        shown(text__html="<a href='data.csv' target='_blank'>data.csv</a><br> <a href='other.ipynb'>other.ipynb</a>"),
        shown(text__html='<img src="pictures/cross.png" alt="a cross"/>'),
    ),
    code(
        "plt.plot(...)",
        picture(CROSS),
        picture(CROSS, {"needs_background": "light"}),
    ),
    code(
        "Audio('sound.wav')",
        shown(text__html='<audio controls="controls"><source src="sound.wav" type="audio/x-wav" /></audio>'),
    ),
    code(
        "IFrame('page.html')",
        shown(text__html='<iframe width="400" height="120" src="page.html" frameborder="0" allowfullscreen></iframe>'),
    ),
    code(
        "print(log)",
        printed(
            "See https://example.org/a?b=c, and \x1b]8;;https://example.org/osc\x1b\\a link\x1b]8;;\x1b\\ of a terminal.\n"
        ),
        printed("\x1b[31mred\x1b[0m \x1b[1;32mgreen\x1b[0m \x1b[48;5;226mon yellow\x1b[0m\n", "stderr"),
    ),
    code("JSON(...)", shown(application__json={"a": {"deep": [1, None]}, "b": "text"})),
    code(
        "%%svg",
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"image/svg+xml": "<svg width='30' height='30'><rect width='30' height='30'/></svg>"},
        },
    ),
    code(
        "Code('def f(): pass')",
        shown(
            text__html="<style>.output_html .k { color: #008000 }</style><div class='highlight'><pre><span class='k'>def</span> f(): pass</pre></div>"
        ),
    ),
]

PLOTLY = {"data": [{"type": "bar", "x": ["a", "b"], "y": [1, 3]}], "layout": {"title": {"text": "Bars"}, "width": 1100}}
VEGA = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "data": {"values": [{"a": "A", "b": 28}, {"a": "B", "b": 55}]},
    "mark": "bar",
    "encoding": {"x": {"field": "a", "title": "Letters"}, "y": {"field": "b"}},
}
RUNS = "<div id='here'></div><script>document.getElementById('here').innerHTML = '<p>written by a script</p>'.repeat(3)</script>"

FIGURES = [
    text("# Figures"),
    code("figure.show()", figure("application/vnd.plotly.v1+json", PLOTLY)),
    code("chart", figure("application/vnd.vegalite.v5+json", VEGA)),
    code("HTML(runs)", shown(text__html=RUNS)),
]

FILES = {
    "pictures/cross.png": CROSS,
    "sound.wav": sound(),
    "data.csv": b"a,b\n1,2\n",
    "page.html": b"<!doctype html><title>A page</title><h1>A page beside the notebook</h1><script>document.title = 'ran'</script>",
}
