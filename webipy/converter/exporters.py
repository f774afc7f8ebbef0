"""nbconvert's exporters, without all that a document or a configuration could choose in them."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from webipy.converter.problems import Refused

_STEPS = [
    f"nbconvert.preprocessors.{name}Preprocessor" for name in ("CoalesceStreams", "HighlightMagics", "ExtractOutput")
]
"""What nbconvert does to every notebook before it writes it; of its usual steps the one that executes is not among them."""


def made(kind: Any, *steps: str, **options: Any) -> Any:
    """Makes an exporter with nbconvert's own templates, without anything that executes.

    Args:
        kind: Class of the exporter.
        steps: Preprocessors beyond the usual ones, by their full names.
        options: Options of the exporter.
    """
    return kind(default_preprocessors=[*_STEPS, *steps], template_data_paths=[str(templates())], **options)


def any_attachment(cell: Any) -> Any:
    """The attachments of a cell, among which nbconvert finds any name that it looks for: over one that is missing it would give the page up."""
    from nbformat import NotebookNode

    class Attachments(NotebookNode):
        def __contains__(self, name: object) -> bool:
            return True

        def __missing__(self, name: str) -> dict[str, str]:
            return {"text/plain": ""}

    return Attachments(cell.get("attachments", {}))  # type: ignore[no-untyped-call]  # nbformat has no types


def templates() -> Path:
    """The folder of the templates that came with nbconvert, where other packages install theirs, too.

    Raises:
        Refused: It came without.
    """
    for file in distribution("nbconvert").files or ():
        if file.parts[-3:] == ("templates", "lab", "conf.json"):
            return Path(str(file.locate())).resolve().parent.parent
    raise Refused("missing", "", "nbconvert")
