"""A notebook as a text with files beside it: Markdown, LaTeX, reStructuredText and AsciiDoc.

What the text shows lies where the text says: pictures that lay beside the document keep their places below it, all else is in NAME_files/. With
such files the export is a zip, else it is the text.

All but Markdown need pandoc, which turns the Markdown of cells into the other language.
"""

from __future__ import annotations

import base64
import binascii
import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from webipy.converter.exporters import made
from webipy.converter.pictures import Beside
from webipy.converter.problems import Refused

KINDS = {
    "markdown": ("MarkdownExporter", ".md", "text/markdown"),
    "latex": ("LatexExporter", ".tex", "text/x-tex"),
    "rst": ("RSTExporter", ".rst", "text/x-rst"),
    "asciidoc": ("ASCIIDocExporter", ".asciidoc", "text/asciidoc"),
}
"""nbconvert's exporters, suffixes and media types, by our names of the formats."""

_IN_BASE64 = ("image/png", "image/jpeg", "application/pdf")
"""What nbconvert writes into files of its own when it is an output."""


def write(
    notebook: Any, format: str, output: Path, name: str, beside: Mapping[str, bytes], has_prompts: bool
) -> dict[str, Any]:
    """Writes the text, or the zip of it and of its files; returns the answer.

    Args:
        notebook: The document, which is changed.
        format: One of `KINDS`.
        output: The file.
        name: Name of the document, without its suffix.
        beside: Pictures beside the document, by their addresses.
        has_prompts: Whether the numbers of cells are shown.

    Raises:
        Refused: pandoc is needed, and is not there.
    """
    import nbconvert.exporters

    kind, suffix, media_type = KINDS[format]
    if format != "markdown":
        _check_pandoc(format)
    _drop_broken(notebook)
    plain = re.sub(r"[^\w.-]+", "_", name)
    shown = Beside(beside, f"{plain}_files")
    shown.take_out(notebook)
    resources = {"metadata": {"name": name}, "unique_key": plain, "output_files_dir": f"{plain}_files", "outputs": {}}
    steps = ["nbconvert.preprocessors.LatexPreprocessor"] if format == "latex" else []
    options = {} if has_prompts else {"exclude_input_prompt": True, "exclude_output_prompt": True}
    exporter = made(getattr(nbconvert.exporters, kind), *steps, **options)
    text, extracted = exporter.from_notebook_node(notebook, resources=resources)
    files: dict[str, bytes] = {
        f"{plain}_files/{path.rpartition('/')[2]}": body for path, body in extracted["outputs"].items()
    }
    files = {**shown.files, **files}
    if not files:
        output.write_bytes(text.encode("utf-8", "replace"))
        return {"name": f"{name}{suffix}", "media_type": f"{media_type}; charset=utf-8"}
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(f"{plain}{suffix}", text.encode("utf-8", "replace"))
        for path, content in files.items():
            packed.writestr(path, content)
    return {"name": f"{name}.zip", "media_type": "application/zip"}


def _check_pandoc(format: str) -> None:
    """Returns when pandoc is there.

    Raises:
        Refused: It is not.
    """
    if shutil.which("pandoc") is None:
        words = f"Making {format} needs pandoc, and the server has none on its PATH. Install it there (Debian: apt install pandoc)."
        raise Refused("missing", words, "pandoc")


def _drop_broken(notebook: Any) -> None:
    """Takes away outputs that would be files and are not base64."""
    for cell in notebook.cells:
        for shown in (one["data"] for one in cell.get("outputs", []) if "data" in one):
            for kind in [kind for kind in shown if kind in _IN_BASE64 and not _is_base64(shown[kind])]:
                del shown[kind]


def _is_base64(text: Any) -> bool:
    try:
        return bool(base64.b64decode(text))
    except (binascii.Error, TypeError, ValueError):
        return False
