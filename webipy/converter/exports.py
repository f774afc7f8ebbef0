"""A notebook as a page, as Markdown or as a program: nbconvert does it, with options of ours alone.

    html        one file that needs no other: pictures, also those beside the document, are in it; so is what shows texts and formulas as the page
                does (page_parts), charts and widgets
    slides      the same as slides, which reveal.js shows; that comes from the network
    markdown, latex, rst, asciidoc     a text, or where it shows pictures a NAME.zip with the text and them: `written_files`
    script, py:percent                 the code as a program, or the whole notebook as text: `scripts`

Of what nbconvert writes into every page by default, scripts from the network stay only for outputs that ask for them: require.js where an output
calls `require`, the widgets' own where there are widgets of other packages.

No notebook chooses what runs here: nbconvert would let its metadata name an exporter (any importable class), and it would execute cells when a
configuration says so. Both are taken away.

Source: nbconvert's documentation, "Customizing exporters"; its templates lab/index.html.j2 and markdown/index.md.j2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

from webipy.converter import page_parts, pictures, scripts, terminal_html, visible_parts, written_files
from webipy.converter.exporters import made, templates
from webipy.converter.figures import prepare
from webipy.converter.problems import Refused, first_line

HTML = "text/html"


class Options(TypedDict):
    """How a document is shown.

    Fields: `has_input`: whether code is shown; `has_prompts`: whether the numbers of cells are; `template`: one of nbconvert's for pages, or null.
    """

    has_input: bool
    has_prompts: bool
    template: str | None


PLAIN = Options(has_input=True, has_prompts=True, template=None)

PAGE = """
{%- extends '@NAME@/index.html.j2' -%}
{%- block html_head_js_requirejs -%}{%- if resources.needs_require -%}{{ super() }}{%- endif -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_css -%}{{ resources.ours }}{{ super() }}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- if resources.needs_mermaid -%}{{ super() }}{%- endif -%}{%- endblock -%}
{%- block input_group -%}
{%- if cell.metadata.webipy_folded_input -%}<details><summary>Code</summary>{{ super() }}</details>{%- else -%}{{ super() }}{%- endif -%}
{%- endblock -%}
{%- block output_group -%}
{%- if cell.metadata.webipy_folded_output -%}<details><summary>Output</summary>{{ super() }}</details>{%- else -%}{{ super() }}{%- endif -%}
{%- endblock -%}
{%- block input -%}
<div class="jp-CodeMirrorEditor jp-Editor jp-InputArea-editor" data-type="inline">
<div class="cm-editor cm-s-jupyter">
{{ cell.source | highlight_code(metadata=cell.metadata) }}
</div>
</div>
{%- endblock -%}
"""
"""nbconvert's page, without the scripts that this one does not need, and with code as Pygments colors it: cleaning that of HTML, which it cannot
hold, would be half of the work for a whole notebook."""

_OURS = ("lab", "reveal")
"""The templates that `PAGE` knows how to extend; others are taken as they are."""

_SCRIPT = re.compile(r"<script>")

_FOCUSABLE = re.compile(r'<div class="(?:jp-Cell-inputWrapper|[^"<>]* jp-OutputArea-output[^"<>]*)"')
_PICTURE = re.compile(r'(<div class="jp-Rendered(?:Image|SVG) [^>]*>\s*<img) ')

_REQUIRE = re.compile(r"(?<!\\)\brequire")
"""A call of require.js; `\\require` is a command of formulas."""
_STATE, _VIEW = (f"application/vnd.jupyter.widget-{what}+json" for what in ("state", "view"))

_LEXER = re.compile(r"[A-Za-z0-9_+#. -]{1,40}")
"""Names of languages: they go into the page."""


def read(folder: Path) -> Any:
    """The document of a job, as nbformat has it.

    Raises:
        Refused: It is no notebook.
    """
    import nbformat
    from nbformat import reader

    try:
        notebook = nbformat.convert(reader.reads((folder / "body").read_bytes().decode("utf-8")), 4)
    except (reader.NotJSONError, UnicodeDecodeError):
        raise Refused("invalid", "This is no notebook: it is not JSON.") from None
    except (nbformat.ValidationError, AttributeError, KeyError, TypeError, IndexError) as fault:
        raise Refused("invalid", f"This is no notebook: {first_line(fault)}.") from None
    _tame(notebook)
    return notebook


def _tame(notebook: Any) -> None:
    """Takes out of a notebook in what it has no say, and metadata that nbconvert would stumble over.

    Raises:
        Refused: What is wrong with it is no metadata.
    """
    import nbformat

    while True:
        try:
            nbformat.validate(notebook, relax_add_props=True)
            break
        except nbformat.ValidationError as fault:
            if not _without(notebook, list(fault.relative_path)):
                where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault.relative_path)
                words = f"The document does not keep to the format of notebooks: {first_line(fault)}."
                raise Refused("invalid", words, where.lstrip(".")) from None
    language = notebook.metadata.get("language_info", {})
    language.pop("nbconvert_exporter", None)
    if not _LEXER.fullmatch(str(language.get("pygments_lexer", "text"))):
        del language["pygments_lexer"]
    if not _LEXER.fullmatch(str(language.get("name", "text"))):
        del notebook.metadata["language_info"]
    if not _has_state(notebook.metadata.get("widgets")):
        notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.setdefault("source", "")
        cell.metadata.pop("magics_language", None)  # nbconvert's own note
        for output in cell.get("outputs", []):
            output.get("metadata", {}).pop("filename", None)  # two outputs may ask for the same
            view = output.get("data", {}).get(_VIEW)
            if not isinstance(view, dict) or not isinstance(view.get("model_id"), str):
                output.get("data", {}).pop(_VIEW, None)


def _has_state(widgets: Any) -> bool:
    """Whether nbconvert can read the state of widgets in the metadata of a notebook."""
    held = widgets.get(_STATE) if isinstance(widgets, dict) else None
    return isinstance(held, dict) and isinstance(held.get("state"), dict)


def _without(notebook: Any, path: list[Any]) -> bool:
    """Takes the entry of some metadata away in which the place `path` lies; whether that was one."""
    if "metadata" not in path[:-1]:
        return False
    holder = notebook
    for part in path[: path.index("metadata") + 1]:
        holder = holder[part]
    del holder[path[path.index("metadata") + 1]]
    return True


def export(
    folder: Path, format: str, name: str, assets: Path | None, addresses: Sequence[str] = (), options: Options = PLAIN
) -> dict[str, Any]:
    """Writes `output` of a folder from its `body`; returns the answer.

    Args:
        folder: The folder of the job.
        format: What to make.
        name: The document's name, without its suffix.
        assets: The built page, of which documents get what shows formulas and charts, or `None`.
        addresses: Those of the pictures in `images/`, in the order of their names there.
        options: What of the document is shown, and how.

    Raises:
        Refused: It is no notebook, or it cannot be done.
    """
    notebook, output = read(folder), folder / "output"
    beside = pictures.read(folder, list(addresses))
    if format in ("html", "slides"):
        output.write_bytes(to_page(notebook, format, name, assets, beside, options).encode("utf-8", "replace"))
        suffix = ".html" if format == "html" else ".slides.html"
        return {"name": f"{name}{suffix}", "media_type": f"{HTML}; charset=utf-8"}
    if format in written_files.KINDS:
        visible_parts.trim(notebook, options["has_input"], False)
        return written_files.write(notebook, format, output, name, beside, options["has_prompts"])
    text, suffix = scripts.script(notebook, name) if format == "script" else scripts.percent(notebook)
    output.write_bytes(text.encode("utf-8", "replace"))
    return {
        "name": f"{name}{suffix}",
        "media_type": f"text/{'x-python' if suffix == '.py' else 'plain'}; charset=utf-8",
    }


def to_page(
    notebook: Any,
    format: str,
    name: str,
    assets: Path | None,
    beside: Mapping[str, bytes],
    options: Options,
    nonce: str = "",
) -> str:
    """The whole notebook as one page: `html`, `slides`, or `pdf`, which is the page that is printed.

    Args:
        notebook: The document, which is changed.
        format: `html`, `slides` or `pdf`.
        name: Name of the document, without its suffix.
        assets: The built page; `None` where it is not built.
        beside: Pictures beside the document, by their addresses.
        options: What of the document is shown, and how.
        nonce: Mark of our own scripts, for a page whose policy lets no others run.

    Raises:
        Refused: There is no such template, or nothing to make slides of.
    """
    from nbconvert.exporters import HTMLExporter, SlidesExporter, TemplateExporter
    from nbconvert.filters.highlight import Highlight2HTML
    from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter

    visible_parts.trim(notebook, options["has_input"], format != "pdf")
    if format == "slides" and all(_slide(cell) in ("notes", "skip") for cell in notebook.cells):
        raise Refused("failed", "there is no cell that is a slide, or a part of one")
    texts = "\n".join(_texts(notebook))
    figures = _marked(prepare(notebook, assets), nonce)
    if format == "pdf":
        notebook.metadata.pop("widgets", None)  # what is left of them is drawn by what comes from the network
    inside = pictures.Inside(beside)
    inside.take_out(notebook)
    kind = SlidesExporter if format == "slides" else HTMLExporter
    exporter = made(kind, **_look(format, options), **_prompts(options))
    resources = _resources(notebook, format, name, assets, texts, nonce)
    exporter.register_filter("highlight_code", Highlight2HTML(pygments_lexer=_lexer(notebook), parent=exporter))
    kinds = WidgetsDataTypeFilter(notebook_metadata={name: notebook.metadata}, parent=exporter, resources=resources)
    exporter.register_filter("filter_data_type", kinds)
    exporter.register_filter("ansi2html", terminal_html.to_html)
    if is_ours := page_parts.is_built(assets) and (options["template"] or "lab") in _OURS:
        exporter.register_filter("markdown2html", page_parts.markdown(exporter.markdown2html))
    # Not HTMLExporter's own, which parses the finished page once more to add what is added below: minutes for a large one.
    page: str = TemplateExporter.from_notebook_node(exporter, notebook, exporter._init_resources(resources))[0]
    page = _FOCUSABLE.sub(lambda found: f'{found[0]} tabindex="0"', page)
    page = inside.put_in(_PICTURE.sub(r'\1 alt="No description has been provided for this image" ', page))
    if is_ours:
        figures += page_parts.beside(inside.addresses())
    end = page.rfind("</body>")
    return f"{page[:end]}{figures}{page[end:]}" if end >= 0 else page + figures


def _resources(notebook: Any, format: str, name: str, assets: Path | None, texts: str, nonce: str) -> dict[str, Any]:
    """What the template of a page is told."""
    from markupsafe import Markup

    return {
        "metadata": {"name": name, "path": ""},
        "needs_mermaid": assets is None,
        "needs_require": _REQUIRE.search(texts) is not None or "widgets" in notebook.metadata,
        "ours": Markup(_marked(page_parts.head(assets, texts, format == "slides", format == "pdf"), nonce))
        if assets is not None and page_parts.is_built(assets)
        else "",
    }


def _lexer(notebook: Any) -> Any:
    language = notebook.metadata.get("language_info", {})
    return language.get("pygments_lexer", language.get("name"))


def _marked(programs: str, nonce: str) -> str:
    """Our own scripts, with the mark by which the policy of a page knows them."""
    return _SCRIPT.sub(f"<script nonce={nonce}>", programs) if nonce else programs


def _slide(cell: Any) -> Any:
    slideshow = cell.metadata.get("slideshow")
    return slideshow.get("slide_type", "-") if isinstance(slideshow, dict) else "-"


def _look(format: str, options: Options) -> dict[str, Any]:
    """The options of an exporter that choose its template.

    Raises:
        Refused: There is none of that name.
    """
    name = options["template"] or ("reveal" if format == "slides" else "lab")
    known = sorted(path.parent.name for path in templates().glob("*/index.html.j2"))
    if name not in known:
        words = f"There is no template {name!r} for pages; there are {', '.join(known)}. What is installed beside nbconvert is found."
        raise Refused("missing", words, name)
    return {"raw_template": PAGE.replace("@NAME@", name)} if name in _OURS else {"template_name": name}


def _prompts(options: Options) -> dict[str, Any]:
    return {} if options["has_prompts"] else {"exclude_input_prompt": True, "exclude_output_prompt": True}


def _texts(notebook: Any) -> list[str]:
    """Everything in a notebook that a page shows as text, Markdown or HTML."""
    found = [cell.source for cell in notebook.cells if cell.cell_type != "code"]
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            kinds = output.get("data", {})
            found += [
                str(kinds[kind]) for kind in kinds if kind.startswith("text/") or kind == "application/javascript"
            ]
    return found
