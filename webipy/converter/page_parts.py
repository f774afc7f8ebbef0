"""What a page has of webipy's own, beside nbconvert's: how its texts are shown, its style sheets and its dark form.

    markdown(...)     a filter: a text as its source, which a script of the page shows as webipy's page shows it, and as nbconvert renders it, for a
                      reader without scripts (web/src/outputs/exported_texts.ts says what it takes of that)
    head(...)         style sheets and scripts, for the end of the head

Invariants: without a built page (`assets`) nothing of it is used, and texts are nbconvert's. What would end a script or the part for a reader without
scripts is written otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from webipy.converter.exporters import templates

_FORMULA = re.compile(r"\$[^$]+\$|\\begin\{|\\\(|\\\[")
_OF_MATHJAX = re.compile(
    r"\\begin\{(?:eqnarray|multline|prooftree|empheq|numcases|subnumcases)"
    r"|\\(?:bbox|class|cssId|enclose|mathtip|mmlToken|require|[sS][iI]|style|texttip|toggle|unicode|qty|[dp]v|dd|[bkq]?ev)(?![a-zA-Z])"
    r"|\\(?:re)?newcommand\s*\{?\\[a-zA-Z]+\}?\s*\[\d\]\s*\["
)
"""What KaTeX cannot read; MathJax is several times as large as the rest of what shows formulas."""

_END = re.compile(r"</(?=noscript)", re.IGNORECASE)
_PICTURE = "webipy-picture-"


def is_built(assets: Path | None) -> bool:
    """Whether the built page has what shows texts."""
    return assets is not None and (assets / "exported.js").is_file()


def inert(value: Any) -> str:
    """JSON that ends no script."""
    return json.dumps(value).replace("<", "\\u003c")


def markdown(rendered: Callable[[Any, str], str]) -> Any:
    """A filter for templates, in place of nbconvert's own for Markdown.

    Args:
        rendered: nbconvert's, which is given the context of the template and the text.
    """
    from jinja2 import pass_context

    @pass_context
    def filtered(context: Any, source: str) -> str:
        text = inert(source).replace(_PICTURE, _PICTURE.replace("-", "\\u002d"))  # put in by the script, not here
        fallback = _END.sub("&lt;/", str(rendered(context, source)))
        return f'<script type="application/json" data-webipy-text>{text}</script><noscript>{fallback}</noscript>'

    return filtered


def head(assets: Path, texts: str, is_slides: bool, is_for_paper: bool) -> str:
    """Style sheets and scripts.

    Args:
        assets: The built page.
        texts: All that the page shows as text, among which formulas are looked for.
        is_slides: Whether the page is slides, which have their own looks and their own way to paper.
        is_for_paper: Whether the page is made for nothing but to be printed.
    """

    def sheet(name: str) -> str:
        return (assets / name).read_text("utf-8").replace("</style", "<\\/style")

    has_formulas = _FORMULA.search(texts) is not None
    program = "exported.js"
    parts = [f"<style>{sheet('exported.css')}</style>"]
    if has_formulas:
        program = "exported-all.js" if _OF_MATHJAX.search(texts) else "exported-formulas.js"
        parts.append(f"<style>{sheet('formulas.css')}</style>")
    if not is_slides:
        media = "all" if is_for_paper else "print"
        parts.append(f'<style media="{media}" data-webipy-paper>{sheet("exported-paper.css")}</style>')
        if not is_for_paper:
            parts.append(f"<style>@media screen and (prefers-color-scheme: dark) {{{_dark_colors()}}}</style>")
    script = (assets / program).read_text("utf-8").replace("</script", "<\\/script")
    return "".join([*parts, f"<script>{script}</script>"])


def _dark_colors() -> str:
    """The colors of nbconvert's dark theme, which are variables."""
    return (templates() / "lab" / "static" / "theme-dark.css").read_text("utf-8").replace("</style", "<\\/style")


def beside(addresses: list[str]) -> str:
    """The addresses of the pictures that came along, by the numbers of their words, for the script of the page."""
    return f'<script type="application/json" id="webipy-beside">{inert(addresses)}</script>' if addresses else ""
