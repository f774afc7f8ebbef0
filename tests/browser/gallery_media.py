"""Figures, films and documents that people display, made here as libraries write them: sympy, GeoJSON, PDF, video, animations, plotly, Altair, Bokeh."""

from __future__ import annotations

import base64
import json

from tests.browser.gallery import CROSS, PLOTLY, VEGA, Cell, code, figure, png, shown, text

FILM = (
    "GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQRChYECGFOAZwEAAAAAAAZzEU2bdLlNu4tTq4QVSalmU6yBbk27i1OrhBZUrmtTrIGTTbuLU6uEH0O2dVOsgdRNu4xTq4QcU7tr"
    "U6yCBmHsrgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAVSalmoCrXsYMPQkBEiYREiZKYTYCGQ2hyb21lV0GGQ2hyb21lFlSua7yuuteBAXPFh07i"
    "lrADVeGDgQFV7oEBhoVWX1ZQOOCdsIGguoFaU8CBAVWwkFWxgQFVuYECVbqBDVW7gQEfQ7Z1AQAAAAAABYHngQCgQMqhQIWBAAAAcAgAnQEqoABaAAqHCIWFiJmEiDgCAyCivFkJd3DT"
    "PhEofgh+pgpPS/yGfRcD2MLziuGl7cV/0BJRy2RVz61QVOdEW2KBTuQlDFAp8+D+1IZM7e5aKOamYVgjAn4T6NLDLIYgF5WK5NFkIVkn3XlVXyKhIfMnQVzzvjUj2Vffq1FQdaG/pr3u"
    "gQGluFAFAJ0BKqAAWgAKhwiFhYiZhIg4AgAGKA8IdVSa7iHVUmu4h1VJruIdVSa7iHVUmu4hvAD+664AoEB/odyBAGQAkQQAKhHAABkuBABZ0BnXAA9xXm+AkcBMyVqnckQVLxqzYI6v"
    "GyZI/tSGTO3uWiiz7Hk+XwRyJSSaUzC0la2lwaHv4LVvaQt5UMsM3RPWxs/NS1AEUAA0gHWhm6aZ7oEBpZQRAgAqEcAAGAAYWC/0AAiAgQAAAPuBAKDmocOBAMgAcQQAKhHAABgAGd83"
    "9AAEAVoG+FaDkka0EKmjXa2/Nn0tI+gYwcD+1IZM7e5aKRMialed/CdmUDn700NGQbDAdaGbppnugQGllBECACoRwAAYABhYL/QACICBAAAA+4FkoECGoeOBASwA8QQAKhHAABgAG4DH"
    "9AATDMqwnK+H/zFcoGMF9xDHXAoJ1GTJigS31/UA/tSGTO3uWiiz7Hk4Acur9AIlJJdg03PkK8IuY5d7nVXZfdwGN2g5eietrELRpOePel5YgAB1oZumme6BAaWUEQIAKhHAABgAGFgv"
    "9AAIgIEAAAD7gcig5aHBgQGRAJEEACoRwAAYABkVL/QABe9UpOU0voNSo6geZ/IAtcYfsjViUn9ScP7Uhkzt7lopEyJqV538J2ZQOfvTOgB1oZumme6BAaWUEQIAKhHAABgAGFgv9AAI"
    "gIEAAAD7ggEsoOOhv4ECAACxBAAqEcAAGAAaTmf0AA/jjo6DhEY6g6m80DjiO6s0Bkc0YNHSONQA/tSGTO3uWiiz7Hk4Ah4AM6sgAHWhm6aZ7oEBpZQRAgAqEcAAGAAYWC/0AAiAgQAA"
    "APuCAZGg5aHBgQJYAJEEACoRwAAYABkVL/QABe9UpPkQ8vob9ebyPSVTQBW6lmRqp9UpIP7Uhkzt7lopEyJqV538J2ZQOfvTOgB1oZumme6BAaWUEQIAKhHAABgAGFgv9AAIgIEAAAD7"
    "ggIAoOKhv4ECvACxBAAqEcAAGAAaTmf0AA/jjo6OYRGOoOpvNA44jurNAZHNGDR0jigA/tSGTO3uWiiz7Hk4Ah4AM6sgAHWhmqaY7oEBpZPxAQAqEcAUYABhYL/QACICBAAA+4ICWKDl"
    "ocGBAyAAkQQAKhHAABgAGRUv9AAF71Sk/UQ8vob9ebyPSVTQBW6lmRqp9Uow/tSGTO3uWikTImpXnfwnZlA5+9M6AHWhm6aZ7oEBpZQRAgAqEcAAGAAYWC/0AAiAgQAAAPuCAryg46G/"
    "gQOEALEEACoRwAAYABpOZ/QAD+OOjpD8BM/OkgxtbCWnJuO38cio8nM6KAD+1IZM7e5aKLPseTgCHgAzqyAAdaGbppnugQGllBECACoRwAAYABhYL/QACICBAAAA+4IDIKDmocKBA+gA"
    "sQQAKhGwABgAGRUv9AAF71Sk/lEPL6NiGOoHmfyALXGH7AXvU17FgP7XhkjeMJpJz4BP2S18J2ZQOfz8LYx1oZumme6BAaWUEQIAKhHAABgAGFgv9AAIgIEAAAD7ggOEoPGhzYEETADx"
    "BAAqEXwAGAAbhmf0ABm4XsL15hEnUnwKvknBarKApAGtFcS/HWe250D+3gllz6qp6/EN54SeJiZzIA/z3zlLgAUTyAC+e8YAdaGbppnugQGllBECACoRwAAYABhYL/QACICBAAAA+4ID"
    "6BxTu2uNu4uzgQC3hveBAfGB1A=="
)
"""A second of a square that moves: WebM, VP8, base64."""


def document() -> bytes:
    """A PDF of one empty page."""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>",
    ]
    file = b"%PDF-1.4\n"
    places = []
    for number, part in enumerate(parts, 1):
        places.append(len(file))
        file += b"%d 0 obj%sendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % at for at in places)
    return (
        file
        + b"xref\n0 4\n0000000000 65535 f \n"
        + table
        + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(file)
    )


def encoded(content: bytes) -> str:
    """Bytes as an output has them."""
    return base64.b64encode(content).decode()


FRAMES = [encoded(png(160, 80, (20, 20, 20, 255), (255, 255, 255 - 60 * n, 255))) for n in range(3)]
ANIMATION = (
    '<link rel="stylesheet" href="https://maxcdn.bootstrapcdn.com/font-awesome/4.4.0/css/font-awesome.min.css">\n<script language="javascript">\n'
    "function Film(pictures) { this.pictures = pictures; this.at = 0; this.show(0); }\nFilm.prototype.show = function (at) { this.at = (at + this.pictures.length) % this.pictures.length;"
    " document.getElementById('film').src = 'data:image/png;base64,' + this.pictures[this.at]; document.getElementById('slide').value = this.at; };\n</script>\n"
    "<style>.film { display: inline-block; text-align: center; } input[type=range].slide { width: 160px; } .film-buttons button { padding: 0; width: 36px; }</style>\n"
    '<div class="film"><img id="film"><div><input id="slide" type="range" class="slide" min="0" max="2" step="1" value="0" oninput="film.show(parseInt(this.value))"></div>'
    '<div class="film-buttons"><button title="Back" onclick="film.show(film.at - 1)"><i class="fa fa-step-backward"></i></button>'
    '<button title="Play" onclick="film.show(0)"><i class="fa fa-play"></i></button><button title="Next" onclick="film.show(film.at + 1)"><i class="fa fa-step-forward"></i></button></div>'
    '<form title="Repetition mode" action="#n"><input type="radio" name="mode" id="once"><label for="once">Once</label><input type="radio" name="mode" id="loop" checked><label for="loop">Loop</label></form></div>\n'
    f"<script>var film; setTimeout(function () {{ film = new Film({json.dumps(FRAMES)}); }}, 0);</script>"
)

COLOURED = {
    **VEGA,
    "$schema": "https://vega.github.io/schema/vega-lite/v6.1.0.json",
    "config": {"view": {"continuousWidth": 300, "continuousHeight": 200}},
    "encoding": {
        "x": {"field": "a", "type": "nominal"},
        "y": {"field": "b", "type": "quantitative"},
        "color": {"field": "a", "type": "nominal"},
    },
}
SCATTER = {
    "data": [
        {"type": "scatter", "mode": "markers", "name": name, "x": [1, 2, 3], "y": [n, n + 1, n]}
        for n, name in enumerate(("one", "two"))
    ],
    "layout": {
        "title": {"text": "A scatter"},
        "template": {"layout": {"plot_bgcolor": "#E5ECF6", "font": {"color": "#2a3f5f"}}},
    },
    "config": {"plotlyServerURL": "https://plot.ly"},
}
BOKEH_LOADS = "(function (root) { var s = document.createElement('script'); s.src = 'https://cdn.bokeh.org/bokeh/release/bokeh-3.9.9.min.js'; document.head.appendChild(s); })(window);"
BOKEH_DRAWS = (
    '(function (root) { function embed() { root.Bokeh.embed.embed_items({}, [{"roots": {"p1": "e1"}}]); } if (root.Bokeh !== undefined) embed();'
    ' else setTimeout(function () { if (root.Bokeh !== undefined) embed(); else console.log("Bokeh: BokehJS is missing"); }, 100); })(window);'
)
MAP = (
    '<div style="width:100%;"><div style="position:relative;width:100%;height:0;padding-bottom:60%;"><span style="color:#565656">Make this Notebook Trusted to load map: File -> Trust Notebook</span>'
    '<iframe srcdoc="&lt;!DOCTYPE html&gt;&lt;html&gt;&lt;head&gt;&lt;script src=&quot;https://maps.example.org/map.js&quot;&gt;&lt;/script&gt;&lt;/head&gt;&lt;body&gt;&lt;div id=&quot;map&quot;&gt;&lt;/div&gt;&lt;/body&gt;&lt;/html&gt;"'
    ' style="position:absolute;width:100%;height:100%;left:0;top:0;border:none !important;" allowfullscreen></iframe></div></div>'
)
LONG_SUM = " + ".join(f"{3 * n} x^{{{n}}}" for n in range(1, 41))
POINT = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"name": "a"}, "geometry": {"type": "Point", "coordinates": [10.7, 59.9]}}
    ],
}

MEDIA: list[Cell] = [
    text("# Media"),
    code(
        "Integral(sqrt(1 / x), x)",
        shown(text__latex="$\\displaystyle \\int \\sqrt{\\frac{1}{x}}\\, dx$", text__plain="⌠\n⌡"),
    ),
    code(
        "Matrix(3, 3, f)",
        shown(
            text__latex="$\\displaystyle \\left[\\begin{matrix}1 & x & \\frac{x^{2}}{2}\\\\x & \\frac{x^{2}}{2} & \\frac{x^{3}}{6}\\\\\\frac{x^{2}}{2} & \\frac{x^{3}}{6} & \\frac{x^{4}}{24}\\end{matrix}\\right]$"
        ),
        shown(text__latex=f"$\\displaystyle {LONG_SUM}$"),
    ),
    code(
        "GeoJSON(points)",
        {
            "output_type": "display_data",
            "metadata": {"application/geo+json": {"expanded": False}},
            "data": {"application/geo+json": POINT, "text/plain": "<IPython.display.GeoJSON object>"},
        },
    ),
    code(
        "PDF('report.pdf')",
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"application/pdf": encoded(document()), "text/plain": "<Figure>"},
        },
    ),
    code(
        "Video('film.webm', embed=True)",
        shown(
            text__html=f'<video controls width="160" height="90"><source src="data:video/webm;base64,{FILM}" type="video/webm">Your browser does not support the video tag.</video>'
        ),
        {"output_type": "display_data", "metadata": {}, "data": {"video/webm": FILM}},
    ),
    code("HTML(animation.to_jshtml())", shown(text__html=ANIMATION)),
    code(
        "Image(picture, width=60)",
        {
            "output_type": "display_data",
            "metadata": {"image/png": {"width": 60}},
            "data": {"image/png": encoded(CROSS)},
        },
    ),
    code(
        "YouTubeVideo('…')",
        shown(
            text__html='<iframe width="400" height="300" src="https://film.example.org/embed/x" frameborder="0" allowfullscreen></iframe>'
        ),
    ),
]

CHARTS: list[Cell] = [
    text("# Charts"),
    code("alt.Chart(rows).mark_bar()", figure("application/vnd.vegalite.v6+json", COLOURED)),
    code("px.scatter(rows)", figure("application/vnd.plotly.v1+json", SCATTER)),
    code("bars", figure("application/vnd.plotly.v1+json", {**PLOTLY, "layout": {"height": 240}})),
    code(
        "output_notebook()",
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"application/javascript": BOKEH_LOADS, "application/vnd.bokehjs_load.v0+json": ""},
        },
    ),
    code(
        "show(plot)",
        shown(text__html='<div id="e1" data-root-id="p1" style="display: contents;"></div>'),
        {
            "output_type": "display_data",
            "metadata": {"application/vnd.bokehjs_exec.v0+json": {"id": "p1"}},
            "data": {"application/javascript": BOKEH_DRAWS, "application/vnd.bokehjs_exec.v0+json": ""},
        },
    ),
    code("folium.Map()", shown(text__html=MAP)),
]
