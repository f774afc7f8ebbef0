"""webipy.converter and webipy.io.conversion.converter_process: other formats, by the real nbformat, jupytext, nbconvert and Chromium.

What texts.py and exports.py do with a document is tried in this process; that a process of its own does it, within its limits, is tried with that
process. One that does not end is a shell which waits for its own child, so that a test sees both go.
"""

from __future__ import annotations

import base64
import contextlib
import html as html_text
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import nbformat
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import reactor as _reactor
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase
from twisted.web.resource import Resource
from twisted.web.server import Site

from tests import real_notebooks
from tests.fakes import examples
from webipy.converter import exports, printing, texts
from webipy.converter.problems import Refused
from webipy.core import errors
from webipy.core.api.formats import ExportFormat, format_of
from webipy.io.conversion.converter_process import MAX_GUESTS_WAITING, LocalConverter
from webipy.io.kernels.process_usage import LocalProcesses
from webipy.server.ports.conversion import ExportedFile

reactor: Any = _reactor

PIXEL = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\nIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82"
).decode()

HEADER = """# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.11.2
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

"""

PERCENT = """# %% [markdown]
# # Title
#
# text

# %%
x = 1
if x:
    print(x)

# %% tags=["parameters"] slideshow={"slide_type": "slide"}
y = 2


# %%
%matplotlib inline
def f():
    pass


f()
"""

TEXTS: dict[str, bytes] = {
    "plain.py": b"import os\nprint(1)\n",
    "empty.py": b"",
    "percent.py": PERCENT.encode(),
    "header.py": (HEADER + PERCENT).encode(),
    "tight.py": b"# %%\na = 1\n# %%\nb = 2\n# %% [markdown]\n# words\n",
    "no_space.py": b"#%%\na = 1\n\n#%%\nb = 2\n",
    "titled.py": b"# %% A title\na = 1\n\n\n\n\n# %% [markdown] Another\n# words\n",
    "quoted.py": b'# %% [markdown]\n"""\nA *long* text\n"""\n\n# %%\nprint("\xc3\xa9\xe2\x9c\x93")\n',
    "crlf.py": PERCENT.replace("\n", "\r\n").encode(),
    "marked.py": b"\xef\xbb\xbf" + PERCENT.encode(),
    "no_end.py": b"# %%\na = 1\n\n# %%\nb = 2",
    "trailing.py": b"# %%\na = 1   \n\n# %%\nb = 2\n\n\n\n",
    "light.py": b'# # Title\n\na = 1\n\n# + tags=["x"]\nb = 2\n\nc = 3\n# -\n\nd = 4\n',
    "a.md": b"# Title\n\nSome *text*.\n\n```python\nprint(1)\n```\n\n- a\n- b\n\n\n\n```bash\nls\n```\n",
    "a.Rmd": b"# Title\n\n```{r setup, echo=FALSE}\nx <- 1\n```\n\nWords.\n",
    "a.R": b"# %%\nx <- 1\n\n# %% [markdown]\n# words\n",
    "a.jl": b"# %%\nx = 1\n\n# %% [markdown]\n# words\n",
    "a.js": b"// %%\nlet a = 1\n\n// %% [markdown]\n// words\n",
    "myst.md": b"---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n"
    b"kernelspec:\n  display_name: P\n  name: python3\n---\n\n# T\n\n```{code-cell} ipython3\nprint(1)\n```\n",
}
"""Texts in all the styles that people write, by a name that says what is special."""


def notebook(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """A notebook."""
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def markdown(source: str, **fields: Any) -> dict[str, Any]:
    """A Markdown cell."""
    return {"cell_type": "markdown", "id": "m", "metadata": {}, "source": source, **fields}


def code(source: str, *outputs: dict[str, Any], name: str = "c") -> dict[str, Any]:
    """A code cell that has run."""
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {},
        "source": source,
        "execution_count": 1,
        "outputs": list(outputs),
    }


def shown(**kinds: Any) -> dict[str, Any]:
    """An output; `_` for `/` in its types."""
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {kind.replace("_", "/"): value for kind, value in kinds.items()},
    }


def encoded(document: dict[str, Any]) -> bytes:
    """A notebook as a file has it."""
    return json.dumps(document).encode()


SMALL = notebook(
    markdown("# Hello\n\n$x^2$"),
    code("%matplotlib inline\nprint(6*7)", {"output_type": "stream", "name": "stdout", "text": "42\n"}),
    kernelspec={"name": "python3", "display_name": "Python 3", "language": "python"},
)


class LayOverTests(SynchronousTestCase):
    """A difference, laid over a text of another style."""

    def test_what_did_not_change_keeps_its_style(self) -> None:
        """A changed line, a new one and one that is gone; the rest is as it was."""
        original = "a  \nb\n\n\nc\nd\n"
        read = "a\nb\n\nc\nd\n"
        self.assertEqual(texts.lay_over(original, read, "a\nB\n\nc\nd\n"), "a  \nB\n\n\nc\nd\n")
        self.assertEqual(texts.lay_over(original, read, "a\nb\n\nc\nnew\nd\n"), "a  \nb\n\n\nc\nnew\nd\n")
        self.assertEqual(texts.lay_over(original, read, "a\nb\n\nd\n"), "a  \nb\n\n\nd\n")
        self.assertEqual(texts.lay_over(original, read, "A\nb\n\nc\nd\n"), "A\nb\n\n\nc\nd\n")

    LINES = st.lists(st.sampled_from(["a\n", "b\n", "\n", "c\n", "c \n"]), max_size=12).map("".join)

    @examples(100)
    @given(LINES, LINES, LINES)
    def test_no_change_is_the_original_and_no_style_is_the_new_text(self, original: str, read: str, new: str) -> None:
        """lay_over(o, r, r) = o and lay_over(r, r, n) = n."""
        self.assertEqual(texts.lay_over(original, read, read), original)
        self.assertEqual(texts.lay_over(read, read, new), new)

    @examples(100)
    @given(LINES, LINES, LINES)
    def test_every_changed_line_arrives(self, original: str, read: str, new: str) -> None:
        """Lines that only the new text has are in the result."""
        result = texts.lay_over(original, read, new)
        for line in set(new.splitlines()) - set(read.splitlines()):
            self.assertIn(line, result.splitlines())

    def test_a_very_long_text_is_written_as_it_comes(self) -> None:
        """Comparing line by line has a limit."""
        long = "a\n" * (texts.MAX_LINES + 1)
        self.assertEqual(texts.lay_over(f"{long}b \n", f"{long}b\n", f"{long}c\n"), f"{long}c\n")


class TextTests(SynchronousTestCase):
    """Text notebooks, by jupytext."""

    def read(self, name: str, body: bytes) -> tuple[str, bytes]:
        """The format of a file, and the notebook in it."""
        format = format_of(name, body)
        assert format is not None
        return format, texts.to_notebook(body, format, name)

    def test_a_text_that_was_opened_and_not_changed_is_written_as_it_was(self) -> None:
        """Byte for byte, in every style."""
        for name, body in TEXTS.items():
            format, opened = self.read(name, body)
            self.assertEqual((name, texts.from_notebook(opened, format, body)), (name, body))

    def test_a_changed_cell_changes_its_own_lines(self) -> None:
        """One more line in the last cell with content is one more line in the file, and no other line differs."""
        for name, body in TEXTS.items():
            format, opened = self.read(name, body)
            changed = json.loads(opened)
            if not changed["cells"]:
                continue
            cell = next(cell for cell in reversed(changed["cells"]) if cell["source"])
            cell["source"] += "\nadded"
            written = texts.from_notebook(encoded(changed), format, body)
            was, now = body.splitlines(), written.splitlines()
            self.assertEqual((name, [line for line in now if b"added" not in line]), (name, was))
            self.assertEqual((name, len(now)), (name, len(was) + 1))

    def test_a_new_text_says_its_format(self) -> None:
        """Without a file before, jupytext's header is there, and no outputs are."""
        written = texts.from_notebook(encoded(SMALL), "py:percent", None).decode()
        self.assertIn("format_name: percent", written)
        self.assertIn("# %% [markdown]\n# # Hello\n", written)
        self.assertNotIn("42", written)

    def test_the_same_document_is_the_same_notebook(self) -> None:
        """Ids come from the content, so that a file is compared with itself; they are valid and no two are the same."""
        for name, body in TEXTS.items():
            format, opened = self.read(name, body * 2 if name == "tight.py" else body)
            self.assertEqual(opened, texts.to_notebook(body * 2 if name == "tight.py" else body, format, name))
            nbformat.validate(nbformat.reads(opened.decode(), 4), relax_add_props=False)
            ids = [cell["id"] for cell in json.loads(opened)["cells"]]
            self.assertEqual(len(ids), len(set(ids)))

    def test_a_cell_before_others_leaves_them_their_ids(self) -> None:
        """What another program inserts moves nothing else."""
        _, before = self.read("a.py", b"# %%\na = 1\n\n# %%\nb = 2\n")
        _, after = self.read("a.py", b"# %%\nnew = 0\n\n# %%\na = 1\n\n# %%\nb = 2\n")
        ids = [[cell["id"] for cell in json.loads(opened)["cells"]] for opened in (before, after)]
        self.assertEqual(ids[0], ids[1][1:])

    def test_what_is_no_text_is_said(self) -> None:
        """Not UTF-8, or with a NUL, or with a header that is broken: refused with the file's name."""
        for body in (b"\xff\xfe#\0 \0", b"a\0b", b"# ---\n# jupyter: [\n# ---\n\n# %%\n1\n"):
            try:
                opened = texts.to_notebook(body, "py:percent", "a.py")
            except Refused as fault:
                self.assertEqual(fault.kind, "invalid")
                self.assertIn("a.py", fault.message)
            else:
                self.assertIn(b"jupyter: [", opened)  # a header that is none is text

    def test_old_notebooks_are_upgraded(self) -> None:
        """nbformat 1, 2 and 3 become 4.5 with what they held."""
        three = {
            "metadata": {"name": "old"},
            "nbformat": 3,
            "nbformat_minor": 0,
            "worksheets": [
                {
                    "metadata": {},
                    "cells": [
                        {"cell_type": "heading", "level": 2, "metadata": {}, "source": ["Title"]},
                        {
                            "cell_type": "code",
                            "collapsed": False,
                            "input": ["1+1\n", "2+2"],
                            "language": "python",
                            "metadata": {},
                            "outputs": [{"output_type": "pyout", "prompt_number": 1, "text": ["4"], "metadata": {}}],
                            "prompt_number": 1,
                        },
                    ],
                }
            ],
        }
        two = {**three, "nbformat": 2, "metadata": {}}
        two["worksheets"] = [{"cells": [{"cell_type": "code", "input": "1", "language": "python", "outputs": []}]}]
        one = {"nbformat": 1, "cells": [{"cell_type": "code", "code": "1", "prompt_number": 1}]}
        for old, sources in ((three, ["## Title", "1+1\n2+2"]), (two, ["1"]), (one, ["1"])):
            new = json.loads(texts.upgrade(encoded(old)))
            nbformat.validate(new, relax_add_props=False)
            found = ["".join(cell["source"]) for cell in new["cells"]]
            self.assertEqual((found, new["nbformat"], new["nbformat_minor"]), (sources, 4, 5))

    def test_what_is_no_old_notebook_is_said(self) -> None:
        """Not JSON, no notebook, wrong types in it, not UTF-8."""
        for body in (
            b"",
            b"{",
            b"[]",
            b"7",
            b'"x"',
            b'{"nbformat": 3}',
            b'{"nbformat": 3, "nbformat_minor": 0, "metadata": [], "worksheets": 7}',
            b'{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [7]}',
            b'{"nbformat": "x"}',
            b"\xff",
        ):
            with self.assertRaises(Refused, msg=body) as caught:
                texts.upgrade(body)
            self.assertEqual(caught.exception.kind, "invalid", body)
            self.assertNotIn("\n", caught.exception.message)


class ExportTests(SynchronousTestCase):
    """Exports, by nbconvert."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        (self.folder / "math").mkdir(parents=True)
        for name, body in (
            ("", "let texts = 1"),
            ("-formulas", "let katex = 1 // </script>"),
            ("-all", "let mathjax = 1"),
        ):
            (self.folder / "math" / f"exported{name}.js").write_text(body)
        (self.folder / "math" / "exported.css").write_text(".texts {}")
        (self.folder / "math" / "exported-paper.css").write_text(".paper {}")
        (self.folder / "math" / "formulas.css").write_text(".katex {}")

        (self.folder / "images").mkdir()
        self.addresses: list[str] = []

    def beside(self, *addresses: str) -> None:
        """Pictures that came along, by their addresses."""
        self.addresses = list(addresses)
        for number in range(len(addresses)):
            (self.folder / "images" / str(number)).write_bytes(base64.b64decode(PIXEL))

    def export(
        self, document: dict[str, Any], format: str, name: str = "doc", options: exports.Options = exports.PLAIN
    ) -> tuple[dict[str, Any], bytes]:
        """Exports a document; gives the answer and the file."""
        (self.folder / "body").write_bytes(encoded(document))
        answer = exports.export(self.folder, format, name, self.folder / "math", self.addresses, options)
        return answer, (self.folder / "output").read_bytes()

    def html(self, *cells: dict[str, Any], **metadata: Any) -> str:
        """A document as a page."""
        return self.export(notebook(*cells, **metadata), "html")[1].decode()

    def test_html_is_one_file(self) -> None:
        """Nothing of it is loaded from anywhere: no script, style, image or frame has an address elsewhere."""
        page = self.html(
            markdown("# T\n\n![a](attachment:a.png) and $x$", attachments={"a.png": {"image/png": PIXEL}}),
            code("plot()", shown(image_png=PIXEL, text_plain="<Figure>")),
            code("table()", shown(text_html="<table><tr><td>1</td></tr></table>", text_plain="1")),
        )
        self.assertEqual(re.findall(r"""(?:src|href|srcset)\s*=\s*["'](?!data:|#)[^"']*""", page), [])
        self.assertNotRegex(page, r"@import|url\((?!\s*[\"']?(?:data:|#))")
        self.assertEqual(page.count(f"data:image/png;base64,{PIXEL}"), 2)

    def test_formulas_are_shown_without_a_network_and_only_where_there_are_any(self) -> None:
        """KaTeX is in the page when there is a formula; what would end the script early is written otherwise."""
        self.assertIn("let katex = 1 // <\\/script>", self.html(markdown("so $x^2$ is")))
        self.assertIn(".katex {}", self.html(code("x", shown(text_latex="$$x$$"))))
        self.assertNotIn("katex", self.html(markdown("costs 5$"), code("cost = '$a$'")))
        self.assertNotIn("mathjax", self.html(markdown("so $x^2$ and $\\unit$ is")).lower())
        for tex in ("\\begin{eqnarray}x\\end{eqnarray}", "\\newcommand{\\f}[2][1]{#1}", "\\bbox[5px]{x}"):
            self.assertIn("let mathjax = 1", self.html(markdown(f"so ${tex}$ is")), tex)

    def test_texts_come_with_their_source_and_with_a_rendering_for_readers_without_scripts(self) -> None:
        """Nothing that a text has in it ends either of the two early."""
        source = "a </script> b </NoScript><b>c</b>\n\n> [!NOTE]\n> d"
        page = self.html(markdown(source), code("x", shown(text_markdown=source)))
        found = re.findall(r"<script[^>]* data-webipy-text>(.*?)</script><noscript>(.*?)</noscript>", page, re.DOTALL)
        self.assertEqual([json.loads(text) for text, _ in found], [source, source])
        for _, rendered in found:
            self.assertIn("<b>c</b>", rendered)
        self.assertEqual(page.count("let texts = 1"), 1)

    def test_a_page_has_a_dark_form_and_one_for_paper(self) -> None:
        """The one for dark screens alone, the other for print; a template of somebody else gets neither, and its texts are nbconvert's."""
        page = self.html(markdown("x"))
        self.assertIn("@media screen and (prefers-color-scheme: dark)", page)
        self.assertIn('<style media="print" data-webipy-paper>.paper {}</style>', page)
        classic = self.export(notebook(markdown("x")), "html", options={**exports.PLAIN, "template": "classic"})[1]
        self.assertNotIn(b"webipy", classic)
        self.assertIn(b"<p>x</p>", classic)

    def test_diagrams_are_drawn_without_a_network(self) -> None:
        """The program comes once, for texts and for outputs, and only where there is a diagram; code about mermaid is none."""
        (self.folder / "math" / "frame-mermaid-ABC123.js").write_text("let mermaid = 1")
        page = self.html(
            markdown("```mermaid\ngraph LR\n```"), code("x", shown(**{"text_vnd.mermaid": "graph", "text_plain": "x"}))
        )
        self.assertEqual((page.count("let mermaid = 1"), page.count("cdnjs")), (1, 0))
        self.assertRegex(page, r'<pre class="mermaid">\s*graph LR')
        self.assertNotIn("let mermaid", self.html(markdown("words on `mermaid`")))

    def test_scripts_of_the_network_stay_for_outputs_that_ask_for_them(self) -> None:
        """require.js where an output calls it, and the widgets' where there are widgets."""
        self.assertNotIn("require.min.js", self.html(code("x", shown(text_html="<b>x</b>"))))
        self.assertIn("require.min.js", self.html(code("x", shown(text_html="<script>require(['x'])</script>"))))
        state = {"application/vnd.jupyter.widget-state+json": {"state": {}, "version_major": 2, "version_minor": 0}}
        self.assertIn("html-manager", self.html(code("x"), widgets=state))

    def test_pictures_beside_the_document_are_in_the_page(self) -> None:
        """Those that came along, also in outputs; no address reaches anything else, and code in which one stands is shown as it was."""
        self.beside("sub/a b.png", "../up.png", "out.png")
        page = self.html(
            markdown('![a](<sub/a b.png>)\n\n<img src="sub/a b.png">\n\n![up](../up.png "t")'),
            markdown("`![up](../up.png)`\n\n```html\n<img src='out.png'>\n```"),
            code("x", shown(text_html="<p>so <img width=3 src='out.png'></p>")),
        )
        self.assertEqual(page.count(f'"data:image/png;base64,{PIXEL}"'), 3)
        self.assertIn(f" width=3 src='data:image/png;base64,{PIXEL}'>", page)
        self.assertIn("<code>![up](../up.png)</code>", page)
        self.assertNotIn("webipy-picture", page)
        (self.folder / "secret.png").write_bytes(b"secret")
        for address in (
            "../secret.png",
            "secret.png",
            str(self.folder / "secret.png"),
            f"file://{self.folder}/secret.png",
            "x/../../secret.png",
        ):
            page = self.html(markdown(f'![a]({address})\n\n<img src="{address}">'))
            self.assertNotIn(base64.b64encode(b"secret").decode(), page, address)

    def test_attachments_are_in_the_page_however_they_are_shown(self) -> None:
        """By Markdown or by HTML, under a name with spaces, too; one that is not there ends nothing."""
        svg = "<svg xmlns='http://www.w3.org/2000/svg'/>"
        page = self.html(
            markdown(
                "![a](attachment:a%20b.png)\n\n<img src='attachment:a%20b.png' width=5>\n\n![s](attachment:s.svg)\n\n![n](attachment:none.png)",
                attachments={"a b.png": {"image/png": PIXEL}, "s.svg": {"image/svg+xml": svg}},
            )
        )
        self.assertEqual(page.count(f"data:image/png;base64,{PIXEL}"), 2)
        self.assertIn(f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}", page)
        self.assertNotRegex(page, r"""(?:src|href)=["']attachment:""")

    def test_a_missing_attachment_ends_no_export_however_it_is_named(self) -> None:
        """In spellings that are not looked for, too; what is there under such a one is shown."""
        named = (
            "![n [a [b]]](attachment:none.png)",
            "![n](&#97;ttachment:none.png)",
            "![n](<attachment:no<ne.png>)",
            "![n](a\\ttachment:none.png)",
            "![n][r]\n\n> [r]: attachment:none.png",
            "![n](\nattachment:none.png\n)",
        )
        for text in named:
            self.assertIn("words", self.html(markdown(f"words\n\n{text}")), text)
        there = {"a.png": {"image/png": PIXEL}}
        self.assertIn(PIXEL, self.html(markdown("![n [a [b]]](attachment:a.png)", attachments=there)))

    def test_charts_are_drawn_without_a_network(self) -> None:
        """The program that draws them comes once; the smaller plotly where that is enough; what is not built leaves other forms."""
        plain = self.html(code("x", shown(**{"application_vnd.plotly.v1+json": {"data": []}, "text_plain": "words"})))
        self.assertNotIn("webipyDrawn", plain)
        self.assertIn("words", plain)
        for name in ("plotly", "plotly-all", "vega"):
            (self.folder / "math" / f"frame-{name}-ABC123.js").write_text(
                f"let {name.replace('-', '_')} = 1 // </script>"
            )
        chart = {"data": [{"type": "bar", "text": "</script><script>alert(1)"}]}
        bar = shown(**{"application_vnd.plotly.v1+json": chart, "text_html": "<b>not this</b>"})
        page = self.html(code("x", bar), code("y", bar))
        self.assertEqual((page.count("let plotly = 1 // <\\/script>"), page.count('data-library="plotly"')), (1, 2))
        self.assertNotIn("not this", page)
        self.assertNotIn("<script>alert(1)", page)
        self.assertNotIn("let plotly_all", page)
        cube = shown(**{"application_vnd.plotly.v1+json": {"data": [{"type": "mesh3d"}], "layout": {"scene": {}}}})
        self.assertIn("let plotly_all", self.html(code("x", cube)))
        for kind in ("vegalite.v4", "vegalite.v5", "vega.v5"):
            page = self.html(
                code("x", shown(**{f"application_vnd.{kind}+json": {"mark": "bar"}, "text_plain": "words"}))
            )
            self.assertEqual(page.count("let vega = 1"), 1)
            self.assertIn(f'data-webipy-figure="{"vega-lite" if "lite" in kind else "vega"}"', page)
        page = self.html(code("x", shown(application_json={"a": "<b>"}, text_plain="<JSON object>")))
        self.assertIn("&quot;a&quot;: &quot;&lt;b&gt;&quot;", page)

    def test_widgets_are_in_the_page_with_their_state(self) -> None:
        """Where the notebook has it; without, and for a PDF, which is made without a network, the other form is shown."""
        view = shown(
            **{
                "application_vnd.jupyter.widget-view+json": {"model_id": "m1", "version_major": 2},
                "text_plain": "Slider()",
            }
        )
        model = {
            "model_name": "IntSliderModel",
            "model_module": "@jupyter-widgets/controls",
            "model_module_version": "2.0.0",
            "state": {},
        }
        state = {
            "application/vnd.jupyter.widget-state+json": {
                "state": {"m1": model},
                "version_major": 2,
                "version_minor": 0,
            }
        }
        page = self.html(code("x", view), widgets=state)
        self.assertEqual(page.count('<script type="application/vnd.jupyter.widget-view+json">'), 1)
        self.assertEqual(page.count('<script type="application/vnd.jupyter.widget-state+json">'), 1)
        held: list[dict[str, Any]] = [
            {"widgets": {}},
            {"widgets": {"application/vnd.jupyter.widget-state+json": 7}},
            {},
        ]
        for wrong in held:
            self.assertIn("Slider()", self.html(code("x", view), **wrong), wrong)
        (self.folder / "body").write_bytes(encoded(notebook(code("x", view), widgets=state)))
        printed = exports.to_page(exports.read(self.folder), "pdf", "doc", None, {}, exports.PLAIN)
        self.assertIn("Slider()", printed)
        self.assertNotIn("widget-view", printed)
        for name, text in (("widgets-ABC123.js", "let widgets = 1 // </script>"), ("icons-ABC123.css", ".fa {}")):
            (self.folder / "math" / f"frame-{name}").write_text(text)
        page = self.html(code("x", view), code("y", view), widgets=state)
        self.assertEqual(page.count('data-webipy-figure="saved-widget"'), 2)
        self.assertEqual((page.count("let widgets = 1 // <\\/script>"), page.count('id="webipy-models"')), (1, 1))
        self.assertNotIn("html-manager", page)
        self.assertNotIn("Slider()", page)
        model["model_module"] = "bqplot"
        self.assertIn("html-manager", self.html(code("x", view), widgets=state))

    def test_tags_leave_out_and_fold(self) -> None:
        """In pages and texts; where nothing can be unfolded, what is folded is left out. Programs have all of it."""
        stream = {"output_type": "stream", "name": "stdout"}
        cells = []
        for number, tag in enumerate(
            ("", "remove-cell", "remove_input", "remove-output", "hide-input", "hide_output", "hide-cell", "collapsed")
        ):
            cell = code(f"in{number}", {**stream, "text": f"out{number}"})
            cell["metadata"] = {"tags": [tag]} if tag != "collapsed" else {"jupyter": {"source_hidden": True}}
            cells.append(cell)
        cells.append({**markdown("gone"), "metadata": {"tags": ["remove-cell"]}})
        page = self.html(*cells)
        seen = re.findall(r"(?:in|out)\d|gone", re.sub(r"<style.*?</style>|<[^>]+>", "", page, flags=re.DOTALL))
        self.assertEqual(
            seen, ["in0", "out0", "out2", "in3", *(f"{kind}{n}" for n in (4, 5, 6, 7) for kind in ("in", "out"))]
        )
        self.assertEqual(page.count("<summary>Code</summary>"), 3)
        self.assertEqual(page.count("<summary>Output</summary>"), 2)
        text = self.export(notebook(*cells), "markdown")[1].decode()
        self.assertEqual(re.findall(r"(?:in|out)\d|gone", text), ["in0", "out0", "out2", "in3", "out4", "in5", "out7"])
        text = self.export(notebook(*cells), "py:percent")[1].decode()
        self.assertEqual(len(re.findall(r"in\d|gone", text)), 9)

    def test_code_and_prompts_can_be_left_out(self) -> None:
        """For pages and texts; Markdown cells stay."""
        document = notebook(markdown("words"), code("secret = 1", shown(text_plain="42")))
        bare = exports.Options(has_input=False, has_prompts=False, template=None)
        for format in ("html", "slides", "markdown"):
            body = self.export(document, format, options=bare)[1].decode()
            self.assertEqual(("words" in body, "42" in body, "secret" in body), (True, True, False), format)
        page = self.export(document, "html", options=exports.Options(has_input=True, has_prompts=False, template=None))[
            1
        ].decode()
        self.assertNotIn("In&nbsp;[", page)
        self.assertIn("secret", page)

    def test_templates_and_slides(self) -> None:
        """Those that came with nbconvert, by their names; others are told."""
        document = notebook(markdown("# words"), code("x = 1"))
        document["cells"][0]["metadata"] = {"slideshow": {"slide_type": "slide"}}
        answer, body = self.export(document, "slides")
        self.assertEqual((answer["name"], b"<section" in body, b"reveal.js" in body), ("doc.slides.html", True, True))
        for name in ("lab", "classic", "basic"):
            options = exports.Options(has_input=True, has_prompts=True, template=name)
            self.assertIn(b"words", self.export(document, "html", options=options)[1])
        with self.assertRaises(Refused) as caught:
            self.export(document, "html", options=exports.Options(has_input=True, has_prompts=True, template="nope"))
        self.assertIn("There is no template 'nope'", caught.exception.message)
        hidden = notebook({**markdown("x"), "metadata": {"slideshow": {"slide_type": "skip"}}})
        with self.assertRaises(Refused):
            self.export(hidden, "slides")

    def test_other_texts_are_made_by_pandoc(self) -> None:
        """LaTeX, reStructuredText and AsciiDoc, with pictures beside them; where there is none, that is said."""
        self.beside("a.png")
        document = notebook(markdown("# Title\n\n*words* $x^2$ ![a](a.png)"), code("plot()", shown(image_png=PIXEL)))
        if shutil.which("pandoc") is not None:
            for format, suffix, word in (
                ("latex", ".tex", "\\emph{words}"),
                ("rst", ".rst", "*words*"),
                ("asciidoc", ".asciidoc", "_words_"),
            ):
                answer, _ = self.export(document, format)
                with zipfile.ZipFile(self.folder / "output") as packed:
                    self.assertEqual(sorted(packed.namelist())[:2], sorted(["a.png", f"doc{suffix}"]))
                    self.assertIn(word, packed.read(f"doc{suffix}").decode())
                self.assertEqual(answer["name"], "doc.zip")
        self.patch(os, "environ", {**os.environ, "PATH": "/nowhere"})
        with self.assertRaises(Refused) as caught:
            self.export(document, "latex")
        self.assertEqual((caught.exception.kind, caught.exception.fact), ("missing", "pandoc"))

    def test_markdown_is_one_file_where_that_is_enough(self) -> None:
        """Without images it is text."""
        answer, body = self.export(SMALL, "markdown")
        self.assertEqual(answer, {"name": "doc.md", "media_type": "text/markdown; charset=utf-8"})
        self.assertIn("# Hello", body.decode())
        self.assertIn("    42", body.decode())

    def test_markdown_with_images_is_a_zip(self) -> None:
        """Every file that the text names is beside it, under a name without folders of its own."""
        document = notebook(
            markdown("![a](attachment:a.png) ![b](attachment:../../evil.png)", attachments={
                "a.png": {"image/png": PIXEL}, "../../evil.png": {"image/png": PIXEL}}),
            code("plot()", shown(image_png=PIXEL)),
            code("plot()", shown(**{"image_svg+xml": "<svg/>"}), name="d"),
        )  # fmt: skip
        answer, _ = self.export(document, "markdown", "Ünï code")
        self.assertEqual(answer["name"], "Ünï code.zip")
        with zipfile.ZipFile(self.folder / "output") as packed:
            names = packed.namelist()
            text = packed.read(names[0]).decode()
        self.assertEqual(names[0], "Ünï_code.md")
        self.assertEqual(len(names), 5, names)
        for name in names[1:]:
            folder, _, rest = name.partition("/")
            self.assertEqual((folder, "/" in rest, rest.startswith(".")), ("Ünï_code_files", False, False))
        told = re.findall(r"!\[\w+\]\(([^)]+)\)", text)
        self.assertEqual(sorted(unquote(name) for name in told), sorted(names[1:]))

    def test_pictures_beside_the_document_lie_beside_the_markdown(self) -> None:
        """Below it at their own places, so that the text need not change; from elsewhere in NAME_files/."""
        self.beside("a.png", "sub/b%20c.png", "../up.png", "doc_files/attachment_0_a.png")
        shows = "![a](a.png) <img src='sub/b%20c.png'> ![up](../up.png) ![x](attachment:a.png) ![y](doc_files/attachment_0_a.png)"
        self.export(notebook(markdown(shows, attachments={"a.png": {"image/png": PIXEL}})), "markdown")
        with zipfile.ZipFile(self.folder / "output") as packed:
            text = packed.read("doc.md").decode()
            names = packed.namelist()
        told = re.findall(r"(?:\]\(|src=')([^)']+)", text)
        self.assertEqual(told[:3], ["a.png", "sub/b%20c.png", "doc_files/picture_up.png"])
        self.assertEqual(sorted(map(unquote, told)), sorted(names[1:]))

    def test_two_outputs_of_the_same_name_are_both_there(self) -> None:
        """Names that outputs ask for are not theirs to choose."""
        output = {**shown(image_png=PIXEL), "metadata": {"filename": "same.png"}}
        self.export(notebook(code("a", output, output)), "markdown")
        with zipfile.ZipFile(self.folder / "output") as packed:
            self.assertEqual(len(packed.namelist()), 3)

    def test_script_is_the_code_in_its_language(self) -> None:
        """Python by what it says of itself or of its kernel; others with their suffix; none that would be a path."""
        answer, body = self.export(SMALL, "script")
        self.assertEqual(answer["name"], "doc.py")
        self.assertIn(b"print(6*7)", body)
        self.assertIn(b"# # Hello", body)
        self.assertIn(b"run_line_magic('matplotlib', 'inline')", body)
        for told, name in (
            ({"name": "R", "file_extension": ".r"}, "doc.r"),
            ({"name": "julia", "file_extension": ".jl"}, "doc.jl"),
            ({"name": "R"}, "doc.r"),
            ({"name": "julia"}, "doc.jl"),
            ({"name": "C++17"}, "doc.cpp"),
            ({"name": "x", "file_extension": "/../../etc/x"}, "doc.txt"),
            ({"name": "x", "file_extension": 7}, "doc.txt"),
            ({}, "doc.txt"),
        ):
            answer, body = self.export(notebook(code("x <- 1"), language_info=told), "script")
            self.assertEqual((answer["name"], b"x <- 1" in body), (name, True), told)

    def test_a_notebook_that_was_never_run_has_the_language_of_its_kernel(self) -> None:
        """By what its kernelspec says, or by the name of that; the whole notebook as text is of that language, too."""
        for kernel, suffix in (
            ({"name": "ir", "display_name": "R"}, ".r"),
            ({"name": "ir42", "display_name": "R", "language": "R"}, ".r"),
            ({"name": "julia-1.10", "display_name": "Julia"}, ".jl"),
            ({"name": "python3", "display_name": "Python"}, ".py"),
            ({"name": "conda-env-x-py", "display_name": "P", "language": "python"}, ".py"),
            ({"name": "bash", "display_name": "Bash"}, ".sh"),
            ({"name": "deno", "display_name": "Deno", "language": "typescript"}, ".ts"),
            ({"name": "xcpp17", "display_name": "C++"}, ".cpp"),
        ):
            for format in ("script", "py:percent"):
                answer, body = self.export(notebook(markdown("hello"), code("x = 1"), kernelspec=kernel), format)
                self.assertEqual((answer["name"], b"x = 1" in body), (f"doc{suffix}", True), (kernel, format))
        with self.assertRaises(Refused) as caught:
            self.export(notebook(code("1"), language_info={"name": "brainfuck"}), "py:percent")
        self.assertIn("no percent form for brainfuck", caught.exception.message)

    def test_a_document_chooses_no_exporter(self) -> None:
        """Its metadata may name any class that can be imported; it is not."""
        module = self.folder / "chosen_by_a_document.py"
        module.write_text("raise SystemExit('imported')")
        sys.path.insert(0, str(self.folder))
        self.addCleanup(sys.path.remove, str(self.folder))
        for name in ("python", "julia"):
            told = {"name": name, "nbconvert_exporter": "chosen_by_a_document.Exporter"}
            self.export(notebook(code("1"), language_info=told), "script")
        self.assertNotIn("chosen_by_a_document", sys.modules)

    def test_percent_is_the_whole_document_as_text(self) -> None:
        """As jupytext writes a new file."""
        answer, body = self.export(SMALL, "py:percent")
        self.assertEqual(answer, {"name": "doc.py", "media_type": "text/x-python; charset=utf-8"})
        self.assertIn("# %%\n# %matplotlib inline\nprint(6*7)\n", body.decode())

    def test_hostile_metadata_breaks_no_export(self) -> None:
        """Wrong types where nbconvert looks are left out, and the title is text."""
        hostile: list[dict[str, Any]] = [
            {"language_info": 7},
            {"language_info": {"name": 7, "pygments_lexer": ["x"]}},
            {"kernelspec": []},
            {"title": "</title><script>alert(1)</script>"},
            {"widgets": []},
            {"authors": "me"},
            {"jupytext": 7},
        ]
        for metadata in hostile:
            for format in ("html", "markdown", "script", "py:percent"):
                cell = {**markdown("x"), "metadata": {"tags": 7, "jupyter": []}}
                _, body = self.export(notebook(cell, code("1"), **metadata), format)
                self.assertNotIn(b"<script>alert(1)", body)

    def test_broken_images_break_no_export(self) -> None:
        """What is not base64 is left out where it would be a file."""
        broken = shown(image_png="x", text_plain="words instead")
        answer, body = self.export(notebook(code("a", broken)), "markdown")
        self.assertEqual((answer["name"], b"words instead" in body), ("doc.md", True))
        self.export(notebook(code("a", broken)), "html")

    def test_what_does_not_keep_to_the_format_is_said_with_its_place(self) -> None:
        """In one line."""
        with self.assertRaises(Refused) as caught:
            self.export(notebook(code("a", {"output_type": "stream", "name": 7, "text": "x"})), "script")
        self.assertEqual((caught.exception.kind, caught.exception.fact[:18]), ("invalid", "cells[0].outputs[0"))


class RealTests(SynchronousTestCase):
    """Notebooks that other programs made, good and bad."""

    def setUp(self) -> None:
        self.paths = real_notebooks.paths()
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def test_each_is_exported_or_refused_in_one_line(self) -> None:
        """Every format that needs no page, and a page of some; a refusal says what is wrong."""
        made = 0
        for number, path in enumerate(self.paths):
            (self.folder / "body").write_bytes(path.read_bytes())
            for format in ("markdown", "script", "py:percent", *(["html"] if number % 5 == 0 else [])):
                try:
                    answer = exports.export(self.folder, format, "a", None)
                    made += answer["name"].startswith("a.")
                except Refused as fault:
                    self.assertRegex(fault.message, r"^(This is no notebook|The document does not keep)[^\n]+\.$", path)
        self.assertGreater(made, 100)

    def test_each_goes_to_text_and_back(self) -> None:
        """As text, opened again and written again: byte for byte the same text, with the same sources."""
        same = 0
        for path in self.paths:
            try:
                notebook = texts.upgrade(path.read_bytes())
            except Refused as fault:
                self.assertRegex(fault.message, r"^This is no notebook[^\n]+\.$", path)
                continue
            if path.name == "v4_5_invalid_metadata.ipynb":
                continue  # jupytext itself refuses it
            for format in ("py:percent", "md:markdown"):
                text = texts.from_notebook(notebook, format, None)
                opened = texts.to_notebook(text, format, "a")
                self.assertEqual((path.name, texts.from_notebook(opened, format, text)), (path.name, text))
                same += 1
        self.assertGreater(same, 60)


class Gone(Resource):
    """Notes that somebody asked."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[bytes] = []

    def render_GET(self, request: Any) -> bytes:
        """A word."""
        self.asked.append(request.uri)
        return b"reached"


def turn(seconds: float = 0.01) -> Deferred[None]:
    """Some time of the reactor."""
    return deferLater(reactor, seconds, lambda: None)


def lives(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


PROCESSES = LocalProcesses(lambda look: deferToThread(look))


class ConverterTestCase(TestCase):
    """A converter in a folder of its own."""

    timeout = 120

    def setUp(self) -> None:
        self.place = Path(self.mktemp()).resolve()
        self.place.mkdir()
        self.made: dict[str, bytes] = {}
        self.converter = self.make()

    def make(self, **options: Any) -> LocalConverter:
        """A converter; it is stopped after the test."""
        converter = LocalConverter(self.place / "jobs", self.keep, reactor, PROCESSES, **options)
        converter.start()
        self.addCleanup(lambda: Deferred.fromCoroutine(converter.stop()))
        return converter

    def keep(self, path: Path, name: str, media_type: str, guest: str = "") -> ExportedFile:
        """Takes what was made."""
        body = self.made[str(path)] = path.read_bytes()
        path.unlink()
        return ExportedFile("id", str(path), name, media_type, len(body))

    async def all_gone(self, pids: list[int]) -> None:
        """Returns when none of them lives."""
        while any(lives(pid) for pid in pids):
            await turn()

    def left(self) -> list[Path]:
        """What is left of jobs."""
        return list((self.place / "jobs").iterdir())

    async def refused(self, kind: type[Exception], told: Deferred[Any]) -> Any:
        """The failure that `told` ends with."""
        try:
            await told
        except kind as fault:
            return fault
        self.fail(f"no {kind.__name__}")


class ProcessTests(ConverterTestCase):
    """The short process, its limits and its end."""

    def hanging(self, **options: Any) -> LocalConverter:
        """A converter that never ends; it and its child write their numbers into files that `pids` reads."""
        numbers = self.place / "pids"
        numbers.mkdir()
        script = f'sleep 1000 & echo $! > "{numbers}/$$-child"; echo $$ > "{numbers}/$$-own"; wait'
        return self.make(command=("/bin/sh", "-c", script), **options)

    async def pids(self, count: int = 2) -> list[int]:
        """The processes of converters that hang, as soon as there are so many."""
        while True:
            texts_of = [path.read_text() for path in sorted((self.place / "pids").iterdir())]
            if len(texts_of) >= count and all(text.endswith("\n") for text in texts_of):
                return [int(text) for text in texts_of]
            await turn()

    # ---- what it does

    async def test_every_format_is_made_by_a_process_of_its_own(self) -> None:
        """html, markdown, script, percent: named after the document, and nothing is left of the jobs."""
        wanted: list[tuple[ExportFormat, str, bytes]] = [
            ("ipynb", "Große Zahl.ipynb", encoded(SMALL)),
            ("html", "Große Zahl.html", b"<title>Gro"),
            ("markdown", "Große Zahl.md", b"# Hello"),
            ("script", "Große Zahl.py", b"print(6*7)"),
            ("py:percent", "Große Zahl.py", b"# %% [markdown]"),
        ]
        made = [self.converter.export(encoded(SMALL), format, "Große Zahl", {}) for format, _, _ in wanted]
        for (format, name, part), told in zip(wanted, made, strict=True):
            export = await told
            self.assertEqual((format, export.name), (format, name))
            self.assertIn(part, self.made[export.path])
            self.assertEqual(export.size, len(self.made[export.path]))
        self.assertEqual(self.left(), [])

    async def test_text_and_old_notebooks_go_through_it(self) -> None:
        """The three conversions of documents."""
        opened = await self.converter.to_notebook(TEXTS["header.py"], "py:percent", "a.py")
        self.assertEqual(
            await self.converter.from_notebook(opened, "py:percent", TEXTS["header.py"]), TEXTS["header.py"]
        )
        old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": []}]}
        self.assertEqual(json.loads(await self.converter.upgrade(encoded(old)))["nbformat"], 4)

    async def test_images_go_along(self) -> None:
        """They are in the page."""
        shows = notebook(markdown("![a](sub/a.png)"))
        export = await self.converter.export(encoded(shows), "html", "a", {"sub/a.png": base64.b64decode(PIXEL)})
        self.assertIn(PIXEL.encode(), self.made[export.path])

    async def test_refusals_are_told_in_words(self) -> None:
        """No notebook, nested too deeply, not text: what is wrong, and where it can be seen."""
        fault = await self.refused(errors.InvalidNotebook, self.converter.upgrade(b"{"))
        self.assertEqual(fault.message, "This is no notebook: it is not JSON.")
        deep = b'{"nbformat": 3, "nbformat_minor": 0, "worksheets": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"
        fault = await self.refused(errors.InvalidNotebook, self.converter.upgrade(deep))
        self.assertIn("nested too deeply", fault.message)
        fault = await self.refused(errors.InvalidNotebook, self.converter.to_notebook(b"\xff", "py:percent", "b.py"))
        self.assertIn("b.py", fault.message)
        fault = await self.refused(
            errors.ConversionFailed, self.converter.export(encoded(notebook()), "slides", "a", {})
        )
        self.assertIn("there is no cell that is a slide", fault.message)
        self.assertEqual(fault.facts["format"], "slides")
        self.assertEqual(self.left(), [])

    async def test_a_package_that_is_not_installed_is_named(self) -> None:
        """With the command that installs it."""
        program = "import sys, runpy; sys.modules['nbconvert'] = None; sys.modules['nbconvert.exporters'] = None\n"
        program += "runpy.run_module('webipy.converter', run_name='__main__', alter_sys=False)"
        converter = self.make(command=(sys.executable, "-c", program))
        fault = await self.refused(errors.ConversionFailed, converter.export(encoded(SMALL), "html", "a", {}))
        self.assertEqual(fault.facts["missing"], "nbconvert")
        self.assertIn("pip install nbconvert", fault.message)

    async def test_a_process_that_says_nothing_is_told_with_its_last_line(self) -> None:
        """By its status, or by the signal that ended it."""
        for script, words in (
            ("echo one >&2; echo two >&2; exit 3", "the converter ended with exit status 3 (two)"),
            ("kill -ABRT $$", "the converter ended with signal SIGABRT"),
            ("echo '{' > \"$0\"/answer.json", "the converter ended with exit status 0"),
        ):
            converter = self.make(command=("/bin/sh", "-c", script))
            fault = await self.refused(errors.ConversionFailed, converter.upgrade(b"{}"))
            self.assertIn(words, fault.message)

    async def test_a_converter_that_cannot_be_started_is_told(self) -> None:
        """And so is a disk without room for the job."""
        fault = await self.refused(errors.ConversionFailed, self.make(command=("/nowhere/python",)).upgrade(b"{}"))
        self.assertIn("Nothing can be converted now: No such file", fault.message)
        shutil.rmtree(self.place / "jobs")
        fault = await self.refused(errors.ConversionFailed, self.converter.upgrade(b"{}"))
        self.assertIn("Nothing can be converted now", fault.message)

    # ---- what it cannot reach

    async def test_it_gets_nothing_of_the_server_but_what_it_needs(self) -> None:
        """No secret of the environment, no open file, a home of its own, no configuration of the user's."""
        self.patch(os, "environ", {**os.environ, "WEBIPY_SECRET": "x", "JUPYTER_CONFIG_PATH": "/x"})
        script = 'env > "$0"/output; ls -l /proc/$$/fd >> "$0"/output; echo "{}" > "$0"/answer.json'
        told = (await self.make(command=("/bin/sh", "-c", script)).upgrade(b"{}")).decode()
        self.assertNotIn("WEBIPY_SECRET", told)
        self.assertNotIn("JUPYTER_CONFIG_PATH", told)
        variables = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
        for name in ("HOME", "TMPDIR", "JUPYTER_CONFIG_DIR", "PWD"):
            self.assertEqual(Path(variables[name]).parent, self.place / "jobs", name)
        held = [line.split(" -> ")[1] for line in told.splitlines() if " -> " in line]
        self.assertEqual(len([file for file in held if not file.endswith("/output")]), 3, held)

    async def test_configuration_of_the_user_and_of_folders_is_not_read(self) -> None:
        """A configuration that would execute the document is where Jupyter looks, in the home and in the working directory."""
        marker, home = self.place / "marker", self.place / "home"
        line = f"open({str(marker)!r}, 'w').close(); c.ExecutePreprocessor.enabled = True\n"
        for name in ("jupyter_config.py", "jupyter_nbconvert_config.py"):
            for folder in (home / ".jupyter", home / ".config" / "jupyter", home):
                folder.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(line)
        self.patch(os, "environ", {**os.environ, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home)})
        self.addCleanup(os.chdir, Path.cwd())
        os.chdir(home)
        executes = notebook(code(f"open({str(marker)!r}, 'w')"), kernelspec=SMALL["metadata"]["kernelspec"])
        await self.converter.export(encoded(executes), "html", "a", {})
        self.assertFalse(marker.exists())

    async def test_memory_has_a_limit(self) -> None:
        """A document that needs more is refused in words, and nothing else is disturbed."""
        large = notebook(code("x", {"output_type": "stream", "name": "stdout", "text": "x" * 60_000_000}))
        converter = self.make(memory_bytes=400 << 20)
        fault = await self.refused(errors.ConversionFailed, converter.export(encoded(large), "html", "a", {}))
        self.assertIn("needs more than 0.390625 GiB of memory", fault.message)
        self.assertEqual(self.left(), [])

    async def test_all_that_a_conversion_starts_counts(self) -> None:
        """A process that it has started, such as a browser, takes too much: all are ended, and the failure says why."""
        number = self.place / "child"
        takes = f"held = bytearray(b'x' * (300 << 20)); open({str(number)!r}, 'w').write(str(__import__('os').getpid())); input()"
        starts = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {takes!r}])"
        converter = self.make(command=(sys.executable, "-c", starts), memory_bytes=200 << 20)
        fault = await self.refused(errors.ConversionFailed, converter.export(b"{}", "html", "a", {}))
        self.assertIn("needs more than 0.195312 GiB of memory", fault.message)
        if number.exists():
            await self.all_gone([int(number.read_text())])
        self.assertEqual(self.left(), [])

    # ---- its end

    async def test_time_has_a_limit(self) -> None:
        """What takes too long is ended with all that it has started, and told in words."""
        converter = self.hanging(seconds=0.5, pdf_seconds=60.0)
        told = converter.export(b"{}", "html", "a", {})
        pids = await self.pids()
        fault = await self.refused(errors.Timeout, told)
        self.assertEqual(fault.message, "Converting to html took more than 0.5 s and was stopped.")
        await self.all_gone(pids)
        self.assertEqual(self.left(), [])

    async def test_what_a_process_leaves_running_ends_with_it(self) -> None:
        """It has answered and is gone; the rest of its group is ended."""
        script = f'sleep 1000 & echo $! > "{self.place}/child"; echo x > "$0"/output; echo "{{}}" > "$0"/answer.json'
        self.assertEqual(await self.make(command=("/bin/sh", "-c", script)).upgrade(b"{}"), b"x\n")
        await self.all_gone([int((self.place / "child").read_text())])

    async def test_cancelling_ends_it(self) -> None:
        """The Deferred fails at once, the processes are ended, the folder is removed; one that waits never starts."""
        converter = self.hanging()
        told = [converter.export(b"{}", "html", "a", {}) for _ in range(3)]
        pids = await self.pids(4)
        for one in told:
            one.cancel()
            self.failureResultOf(one, CancelledError)
        await self.all_gone(pids)
        await Deferred.fromCoroutine(converter.stop())
        self.assertEqual((self.left(), len(list((self.place / "pids").iterdir()))), ([], 4))

    async def test_two_exports_at_a_time_and_documents_beside_them(self) -> None:
        """A third export waits until one has ended; a document that is opened does not wait for exports."""
        converter = self.hanging()
        exported = [converter.export(b"{}", "html", "a", {}) for _ in range(3)]
        pids = await self.pids(4)
        opened = converter.upgrade(b"{}")
        pids = await self.pids(6)
        self.assertEqual(len(pids), 6)
        exported[0].cancel()
        self.failureResultOf(exported[0], CancelledError)
        self.assertEqual(len(await self.pids(8)), 8)
        rest: list[Deferred[Any]] = [*exported[1:], opened]
        ended = DeferredList(rest, consumeErrors=True)
        await Deferred.fromCoroutine(converter.stop())
        self.assertEqual([is_made for is_made, _ in await ended], [False] * 3)

    async def test_guests_wait_for_each_other_only(self) -> None:
        """One export of theirs at a time, besides two of whoever runs the server; those that wait are limited."""
        converter = self.hanging()
        of_guests = [converter.export(b"{}", "html", "a", {}, guest="g") for _ in range(1 + MAX_GUESTS_WAITING)]
        fault = await self.refused(errors.Throttled, converter.export(b"{}", "html", "a", {}, guest="g"))
        self.assertIn("try again in 30 s", fault.message)
        self.assertEqual(len(await self.pids(2)), 2)
        own = [converter.export(b"{}", "html", "a", {}) for _ in range(2)]
        self.assertEqual(len(await self.pids(6)), 6)
        ended = DeferredList([*of_guests, *own], consumeErrors=True)
        await Deferred.fromCoroutine(converter.stop())
        self.assertEqual({is_made for is_made, _ in await ended}, {False})

    async def test_the_end_of_the_server_ends_it(self) -> None:
        """After `stop` no process is left and nothing is begun; what was asked for is told to be cancelled."""
        converter = self.hanging()
        told = [converter.upgrade(b"{}") for _ in range(3)]
        pids = await self.pids(4)
        ended = DeferredList(told, consumeErrors=True)
        await Deferred.fromCoroutine(converter.stop())
        await self.all_gone(
            pids
        )  # what a converter has started is killed with it; the system buries it in its own time
        self.assertEqual([cast(Failure, failure).type for _, failure in await ended], [CancelledError] * 3)
        self.assertEqual(self.left(), [])
        fault = await self.refused(errors.ConversionFailed, converter.upgrade(b"{}"))
        self.assertIn("stopping", fault.message)

    async def test_stop_without_work_is_done_at_once(self) -> None:
        """And twice, too."""
        for _ in range(2):
            self.successResultOf(Deferred.fromCoroutine(self.converter.stop()))

    def test_a_server_that_is_killed_takes_it_along(self) -> None:
        """Its standard input ends then: it ends itself, and with it what it has started."""
        folder = self.place / "job"
        folder.mkdir()
        job = {"operation": "upgrade", "format": "", "name": "", "memory_bytes": 1 << 31}
        (folder / "job.json").write_text(json.dumps(job))
        os.mkfifo(folder / "body")  # nobody writes: it waits for ever
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "webipy.converter", str(folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)},
        )
        assert child.stdin is not None
        child.stdin.close()
        self.assertEqual(child.wait(60), -signal.SIGKILL)

    def test_a_new_server_removes_what_another_left(self) -> None:
        """Folders of jobs from before."""
        (self.place / "jobs" / "old").mkdir()
        self.make()
        self.assertEqual(self.left(), [])


def pages_of(pdf: bytes) -> int:
    """How many pages a PDF has."""
    streams = [pdf]
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):
            streams.append(zlib.decompress(match[1]))
    return max(int(count) for part in streams for count in re.findall(rb"/Count (\d+)", part))


MORE = "document.body.innerHTML += '<p style=break-before:page>x'.repeat(9)"


def calling(ears: tuple[socket.socket, socket.socket]) -> str:
    """HTML that tries every way out to two sockets, and is ready when WebRTC has looked for all its addresses."""
    tcp, udp = (ear.getsockname()[1] for ear in ears)
    at = f"127.0.0.1:{tcp}"
    call = f"""(w => new Promise(done => {{
      const tries = [() => w.fetch("http://{at}/"), () => w.fetch("https://{at}/", {{mode: "no-cors"}}), () => new w.WebSocket("ws://{at}/"),
        () => new w.EventSource("http://{at}/"), () => w.navigator.sendBeacon("http://{at}/", "x"), () => {{ new w.Image().src = "http://{at}/" }},
        () => new w.Worker("http://{at}/"), () => w.open("http://{at}/")];
      for (const one of tries) try {{ Promise.resolve(one()).catch(() => 0) }} catch {{}}
      try {{
        const servers = [{{urls: "stun:127.0.0.1:{udp}"}}, {{urls: "turn:{at}?transport=tcp", username: "a", credential: "b"}}];
        const line = new w.RTCPeerConnection({{iceServers: servers}});
        line.onicegatheringstatechange = () => line.iceGatheringState === "complete" && done();
        line.createDataChannel("x");
        line.createOffer().then(offer => line.setLocalDescription(offer)).catch(done);
        setTimeout(done, 4000);  // where there is no network there is nothing to look for
      }} catch {{ done() }}
    }}))"""
    inner = html_text.escape(f"<script>parent.inner = {call}(window)</script><img src='http://{at}/'>")
    return f"""<link rel=preconnect href="http://{at}/"><link rel=dns-prefetch href="//localhost:{tcp}"><link rel=stylesheet href="http://{at}/">
      <link rel=prefetch href="http://{at}/"><iframe srcdoc="{inner}"></iframe><iframe src="http://{at}/"></iframe>
      <iframe src="javascript:{html_text.escape(call)}(window)"></iframe><img src="http://{at}/"><object data="http://{at}/"></object>
      <video src="http://{at}/"></video><form id=f action="http://{at}/" target=_blank></form>
      <script>f.submit(); const made = document.body.appendChild(document.createElement("iframe"));
      window.webipyDrawn = Promise.all([{call}(window), {call}(made.contentWindow), window.inner]);
      </script><iframe srcdoc="<meta http-equiv=refresh content='0;url=http://{at}/'>"></iframe>"""


class PdfTests(ConverterTestCase):
    """PDF, by a Chromium."""

    def programs(self, **scripts: str) -> None:
        """Lets the PATH hold nothing but these shell scripts."""
        folder = self.place / "programs"
        folder.mkdir()
        for name, script in scripts.items():
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(0o755)
        self.patch(os, "environ", {**os.environ, "PATH": str(folder)})

    async def pdf(self, document: dict[str, Any]) -> bytes:
        """A document as a PDF."""
        if not any(shutil.which(name) for name in printing.BROWSERS):
            raise SkipTest("no Chromium is on the PATH")
        export = await self.converter.export(encoded(document), "pdf", "a", {})
        self.assertEqual((export.name, export.media_type), ("a.pdf", "application/pdf"))
        return self.made[export.path]

    async def printed(self, page: str) -> bytes:
        """A page as a PDF, by the options of Chromium alone."""
        if not any(shutil.which(name) for name in printing.BROWSERS):
            raise SkipTest("no Chromium is on the PATH")
        (self.place / "page.html").write_text(page)
        program = (
            "import pathlib, sys; from webipy.converter import printing; place = pathlib.Path(sys.argv[1]); "
            "printing.print_pdf(printing.find_browser(), (place / 'page.html').read_text(), place / 'out.pdf', place)"
        )
        await deferToThread(subprocess.run, [sys.executable, "-c", program, str(self.place)], check=True)
        return (self.place / "out.pdf").read_bytes()

    async def test_pdf_has_the_pages_of_the_document(self) -> None:
        """With its outline, and as many pages as it needs."""
        body = await self.pdf(notebook(markdown("# One"), *(code(f"print({n})\n" * 40) for n in range(4))))
        self.assertTrue(body.startswith(b"%PDF-"))
        self.assertGreater(pages_of(body), 2)
        self.assertEqual(self.left(), [])

    async def test_what_scripts_draw_is_printed(self) -> None:
        """They have run before it is printed, and their dialogs stop nothing."""
        draws = """<script>alert(1); confirm(2);
            addEventListener("load", () => document.body.innerHTML += '<p style="break-before: page">x'.repeat(3))</script>"""
        self.assertEqual(pages_of(await self.pdf(notebook(code("x", shown(text_html=draws))))), 4)

    async def test_a_document_reaches_no_file_and_no_network(self) -> None:
        """Frames, requests, images and scripts for files of this machine and for its own servers: each would add pages."""
        asked = Gone()
        port = reactor.listenTCP(0, Site(asked), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        secret = self.place / "secret.html"
        secret.write_text("<p>secret")
        elsewhere = f"http://127.0.0.1:{port.getHost().port}/"
        tries: list[str] = []
        for address in (secret.as_uri(), elsewhere, elsewhere.replace("127.0.0.1", "localhost")):
            tries.append(
                f"""<iframe src="{address}" onload="try {{ if (this.contentDocument.body.innerText) reached() }} catch (e) {{}}"></iframe>
                <img src="{address}" onload="reached()"><script src="{address}" onload="reached()"></script>
                <script>fetch("{address}").then(reached, () => 0);
                let r{len(tries)} = new XMLHttpRequest(); r{len(tries)}.onload = reached;
                try {{ r{len(tries)}.open("GET", "{address}", false); r{len(tries)}.send() }} catch (e) {{}}
                try {{ new WebSocket("{address.replace("http", "ws")}") }} catch (e) {{}}</script>"""
            )
        reached = "<script>function reached() { document.body.innerHTML += '<p style=\"break-before: page\">x'.repeat(9) }</script>"
        body = await self.pdf(notebook(code("x", shown(text_html=reached + "".join(tries)))))
        self.assertLess(pages_of(body), 4)
        self.assertEqual(asked.asked, [])

    def ears(self) -> tuple[socket.socket, socket.socket]:
        """A TCP and a UDP socket of this machine that listen."""
        ears = (socket.socket(), socket.socket(type=socket.SOCK_DGRAM))
        for ear in ears:
            self.addCleanup(ear.close)
            ear.bind(("127.0.0.1", 0))
            ear.setblocking(False)
        ears[0].listen(100)
        return ears

    def assert_silent(self, ears: tuple[socket.socket, socket.socket]) -> None:
        """Nothing has come to them."""
        self.assertRaises(BlockingIOError, ears[0].accept)
        self.assertRaises(BlockingIOError, ears[1].recv, 1)

    async def test_nothing_leaves_a_document_that_is_printed(self) -> None:
        """Not by names, requests, sockets, WebRTC, hints, refreshes and frames in frames: no packet comes to a socket of this machine."""
        ears = self.ears()
        await self.pdf(notebook(code("x", shown(text_html=calling(ears)))))
        self.assert_silent(ears)

    async def test_the_options_of_chromium_alone_let_nothing_out(self) -> None:
        """Where the system gives no namespace, and the page had no policy."""
        ears = self.ears()
        page = f"<!doctype html><title>a</title>{calling(ears)}"
        self.assertGreater(pages_of(await self.printed(page)), 0)
        self.assert_silent(ears)

    async def test_for_guests_no_script_of_a_document_runs(self) -> None:
        """Whatever form it has; for whoever runs the server they draw its plots."""
        more = "document.body.innerHTML += '<p style=break-before:page>x'.repeat(9)"
        draws = f"""<script>{more}</script><img src=x onerror="{more}"><svg onload="{more}"></svg><script src="data:,{more}"></script>
            <script type=module>{more}</script><iframe srcdoc="<script>parent.{more}</script>"></iframe>
            <iframe src="javascript:parent.{more}"></iframe>"""
        document = notebook(code("x", shown(text_html=draws)))
        self.assertGreater(pages_of(await self.pdf(document)), 9)
        export = await self.converter.export(encoded(document), "pdf", "a", {}, guest="g")
        self.assertLess(pages_of(self.made[export.path]), 4)

    async def test_our_own_scripts_run_for_everybody(self) -> None:
        """They are known by the nonce, which no document knows."""
        page = printing.sealed(
            f"<!DOCTYPE html><body><script nonce=right>{MORE}</script><script nonce=wrong>{MORE}", "right", False
        )
        self.assertEqual(pages_of(await self.printed(page)), 9)

    async def test_a_machine_without_chromium_says_so(self) -> None:
        """And what to do instead."""
        self.programs()
        fault = await self.refused(errors.ConversionFailed, self.converter.export(encoded(SMALL), "pdf", "a", {}))
        self.assertEqual(fault.facts, {"format": "pdf", "missing": "chromium"})
        self.assertIn("Install one there", fault.message)
        self.assertIn("export html", fault.message)

    async def test_a_chromium_that_ends_is_told_with_its_last_line(self) -> None:
        """Such as that it has no sandbox here."""
        self.programs(chromium="echo 'No usable sandbox!' >&2; exit 1")
        fault = await self.refused(errors.ConversionFailed, self.converter.export(encoded(SMALL), "pdf", "a", {}))
        self.assertIn("Chromium ended without printing (No usable sandbox!)", fault.message)

    async def test_a_chromium_that_hangs_ends_with_the_conversion(self) -> None:
        """It is in the group that is killed."""
        number = self.place / "browser"
        self.programs(chromium=f"echo $$ > {number}; exec {shutil.which('sleep')} 1000")
        told = self.converter.export(encoded(SMALL), "pdf", "a", {})
        while not (number.exists() and number.read_text().endswith("\n")):
            await turn()
        told.cancel()
        self.failureResultOf(told, CancelledError)
        await self.all_gone([int(number.read_text())])
