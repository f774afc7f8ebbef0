"""What of a document is left out of a page or a text, and what is folded: by the tags of its cells, and by options.

    remove-cell, remove-input, remove-output    left out
    hide-cell, hide-input, hide-output          folded in a page; left out where nothing can be unfolded

The same with `_`. Cells that JupyterLab and papermill's report mode have collapsed (`jupyter.source_hidden`, `jupyter.outputs_hidden`) are folded,
too. Programs (`script`, `py:percent`) have every cell.

Source of the tags: Jupyter Book and nbconvert.
"""

from __future__ import annotations

from typing import Any

FOLDED_INPUT, FOLDED_OUTPUT = "webipy_folded_input", "webipy_folded_output"
"""Names in the metadata of cells by which the template folds."""


def trim(notebook: Any, has_input: bool, can_fold: bool) -> None:
    """Leaves parts out and folds parts, by tags and options.

    Args:
        notebook: The document, which is changed.
        has_input: Whether code is shown at all.
        can_fold: Whether a reader can unfold something.
    """
    notebook.cells = [cell for cell in notebook.cells if "remove-cell" not in _tags(cell)]
    for cell in notebook.cells:
        tags = _tags(cell)
        hides_input, hides_output = _folded(cell, tags)
        cell.metadata[FOLDED_INPUT] = can_fold and hides_input
        cell.metadata[FOLDED_OUTPUT] = can_fold and hides_output
        is_code = cell.cell_type == "code"
        if "remove-input" in tags or (is_code and not has_input) or (hides_input and not can_fold):
            cell.metadata["transient"] = {"remove_source": True}
        if is_code and ("remove-output" in tags or (hides_output and not can_fold)):
            cell.outputs = []


def _folded(cell: Any, tags: set[str]) -> tuple[bool, bool]:
    collapsed = cell.metadata.get("jupyter")
    collapsed = collapsed if isinstance(collapsed, dict) else {}
    hides_input = bool(tags & {"hide-input", "hide-cell"}) or collapsed.get("source_hidden") is True
    hides_output = bool(tags & {"hide-output", "hide-cell"}) or collapsed.get("outputs_hidden") is True
    return hides_input, hides_output


def _tags(cell: Any) -> set[str]:
    tags = cell.metadata.get("tags")
    return {str(tag).replace("_", "-") for tag in tags} if isinstance(tags, list) else set()
