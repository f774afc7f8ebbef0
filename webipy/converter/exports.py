"""A notebook as a page, as Markdown or as a program: nbconvert does it, with options of ours alone.

    html        one file that needs no other: images, also those beside the document, are in it; formulas are shown by KaTeX, which is in it, too
    markdown    NAME.md, or where it has images a NAME.zip with NAME.md and NAME_files/
    script      the code cells as a program in the notebook's language, the rest as comments
    py:percent  any format of jupytext's: the whole notebook as text

Of what nbconvert writes into every page by default, scripts from the network stay only for outputs that ask for them: require.js where an output
calls `require`, the widgets' own where there are widgets, mermaid where there is a diagram.

No notebook chooses what runs here: nbconvert would let its metadata name an exporter (any importable class), and it would execute cells when a
configuration says so. Both are taken away.

Source: nbconvert's documentation, "Customizing exporters"; its templates lab/index.html.j2 and markdown/index.md.j2.
"""

from __future__ import annotations

import base64
import binascii
import re
import zipfile
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from webipy.converter.texts import written
from webipy.converter.told import Refused, first_line

MARKDOWN, HTML, SCRIPT, ZIP = "text/markdown", "text/html", "text/x-script", "application/zip"

PAGE = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js_requirejs -%}{%- if resources.needs_require -%}{{ super() }}{%- endif -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{{ resources.math }}{%- endblock -%}
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

_FOCUSABLE = re.compile(r'<div class="(?:jp-Cell-inputWrapper|[^"<>]* jp-OutputArea-output[^"<>]*)"')
_PICTURE = re.compile(r'(<div class="jp-Rendered(?:Image|SVG) [^>]*>\s*<img) ')

_FORMULA = re.compile(r"\$[^$]+\$|\\begin\{|\\\(|\\\[")
_STEPS = [
    f"nbconvert.preprocessors.{name}Preprocessor"
    for name in ("CoalesceStreams", "HighlightMagics", "ExtractOutput", "ExtractAttachments")
]
"""All that nbconvert does to a notebook before it writes it; of its usual steps the one that executes is not among them."""

_IN_BASE64 = ("image/png", "image/jpeg", "application/pdf")
"""What nbconvert writes into files of its own when it is an output."""

_LEXER = re.compile(r"[A-Za-z0-9_+#. -]{1,40}")
"""Names of languages: they go into the page."""

_PLAIN_SUFFIX = re.compile(r"\.[A-Za-z0-9+_]{1,12}")


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
    if not isinstance(notebook.metadata.get("widgets", {}), dict):
        del notebook.metadata["widgets"]
    for cell in notebook.cells:
        cell.setdefault("source", "")
        cell.metadata.pop("magics_language", None)  # nbconvert's own note
        for output in cell.get("outputs", []):
            output.get("metadata", {}).pop("filename", None)  # two outputs may ask for the same


def _without(notebook: Any, path: list[Any]) -> bool:
    """Takes the entry of some metadata away in which the place `path` lies; whether that was one."""
    if "metadata" not in path[:-1]:
        return False
    holder = notebook
    for part in path[: path.index("metadata") + 1]:
        holder = holder[part]
    del holder[path[path.index("metadata") + 1]]
    return True


def export(folder: Path, format: str, name: str, math: Path | None) -> dict[str, Any]:
    """Writes `output` of a folder from its `body`; gives the answer.

    Raises:
        Refused: It is no notebook, or it cannot be done.
    """
    notebook, output = read(folder), folder / "output"
    if format == "html":
        output.write_bytes(to_html(notebook, folder / "images", name, math).encode("utf-8", "replace"))
        return {"name": f"{name}.html", "media_type": f"{HTML}; charset=utf-8"}
    if format == "markdown":
        return to_markdown(notebook, output, name)
    if format == "script":
        text, suffix = to_script(notebook, name)
    else:
        text, suffix = written(notebook, format), f".{format.partition(':')[0]}"
    output.write_bytes(text.encode("utf-8", "replace"))
    return {
        "name": f"{name}{suffix}",
        "media_type": f"text/{'x-python' if suffix == '.py' else 'plain'}; charset=utf-8",
    }


def to_html(notebook: Any, images: Path, name: str, math: Path | None) -> str:
    """The whole notebook as one page."""
    from markupsafe import Markup
    from nbconvert.exporters import HTMLExporter, TemplateExporter
    from nbconvert.filters.highlight import Highlight2HTML
    from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter

    exporter = _made(HTMLExporter, raw_template=PAGE, embed_images=images.is_dir())
    texts = "\n".join(_texts(notebook))
    resources = {
        "metadata": {"name": name, "path": str(images)},
        "needs_require": "require" in texts or "widgets" in notebook.metadata,
        "math": Markup(_formulas(math)) if math is not None and _FORMULA.search(texts) else "",
    }
    language = notebook.metadata.get("language_info", {})
    lexer = language.get("pygments_lexer", language.get("name"))
    exporter.register_filter("highlight_code", Highlight2HTML(pygments_lexer=lexer, parent=exporter))
    kinds = WidgetsDataTypeFilter(notebook_metadata=notebook.metadata, parent=exporter, resources=resources)
    exporter.register_filter("filter_data_type", kinds)
    # Not HTMLExporter's own, which parses the finished page once more to add what is added below: minutes for a large one.
    page: str = TemplateExporter.from_notebook_node(exporter, notebook, exporter._init_resources(resources))[0]
    page = _FOCUSABLE.sub(lambda found: f'{found[0]} tabindex="0"', page)
    return _PICTURE.sub(r'\1 alt="No description has been provided for this image" ', page)


def to_markdown(notebook: Any, output: Path, name: str) -> dict[str, Any]:
    """Writes the notebook as Markdown, with what it shows beside it."""
    from nbconvert.exporters import MarkdownExporter

    for cell in notebook.cells:
        for shown in (one["data"] for one in cell.get("outputs", []) if "data" in one):
            for kind in [kind for kind in shown if kind in _IN_BASE64 and not _is_base64(shown[kind])]:
                del shown[kind]
    plain = re.sub(r"[^\w.-]+", "_", name)
    resources = {"metadata": {"name": name}, "unique_key": plain, "output_files_dir": f"{plain}_files", "outputs": {}}
    text, made = _made(MarkdownExporter).from_notebook_node(notebook, resources=resources)
    files: dict[str, bytes] = made["outputs"]
    if not files:
        output.write_bytes(text.encode("utf-8", "replace"))
        return {"name": f"{name}.md", "media_type": f"{MARKDOWN}; charset=utf-8"}
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(f"{plain}.md", text.encode("utf-8", "replace"))
        for path, content in files.items():
            packed.writestr(f"{plain}_files/{path.rpartition('/')[2]}", content)
    return {"name": f"{name}.zip", "media_type": ZIP}


def _is_base64(text: Any) -> bool:
    try:
        return bool(base64.b64decode(text))
    except (binascii.Error, TypeError, ValueError):
        return False


def to_script(notebook: Any, name: str) -> tuple[str, str]:
    """The code of a notebook, and the suffix of its language."""
    from nbconvert.exporters import PythonExporter, ScriptExporter

    told = notebook.metadata.get("language_info", {})
    kernel = notebook.metadata.get("kernelspec", {})
    language = str(told.get("name") or kernel.get("language") or kernel.get("name") or "").lower()
    resources = {"metadata": {"name": name}}
    if language.startswith(("python", "ipython")):
        return _made(PythonExporter).from_notebook_node(notebook, resources=resources)[0], ".py"
    notebook.metadata.pop("language_info", None)
    text: str = _made(ScriptExporter).from_notebook_node(notebook, resources=resources)[0]
    suffix = str(told.get("file_extension") or ".txt")
    return text, suffix if _PLAIN_SUFFIX.fullmatch(suffix) else ".txt"


def _made(kind: Any, **options: Any) -> Any:
    """An exporter with nbconvert's own templates, without anything that executes."""
    return kind(default_preprocessors=_STEPS, template_data_paths=[str(_templates())], **options)


def _templates() -> Path:
    """The folder of the templates that came with nbconvert.

    Raises:
        Refused: It came without.
    """
    for file in distribution("nbconvert").files or ():
        if file.parts[-3:] == ("templates", "lab", "conf.json"):
            return Path(str(file.locate())).resolve().parent.parent
    raise Refused("missing", "", "nbconvert")


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


def _formulas(math: Path) -> str:
    """What shows formulas without a network: KaTeX with its fonts, and the call that finds them."""
    if not (math / "formulas.js").is_file():
        return ""  # the page is not built in this checkout: formulas stay as they are written
    style = (math / "formulas.css").read_text("utf-8")
    script = (math / "formulas.js").read_text("utf-8").replace("</script", "<\\/script")
    return f"<style>{style}</style><script>{script}</script>"
