"""The parameters that a notebook declares: the assignments in its cell with the tag `parameters`.

For each the name, its type where the code says it, its default as it stands there, and the comment that explains it. In Python that is what Python's
own parser reads; in other languages, a line that looks like an assignment. What cannot be read declares nothing.

Source: papermill 2.7, `papermill --help-notebook`: the form of the comment, `# type: int what it is for`.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize

import msgspec

_COMMENT = re.compile(r"(?:type:\s*(?P<type>\S+)\s*)?(?P<help>.*)", re.DOTALL)
_MAGIC = re.compile(r"^[^\S\n]*[%!].*$", re.MULTILINE)
_ASSIGNMENT = re.compile(
    r"^\s*(?:(?:val|var|let|const|mut|global|local|set|my|our|def|auto|export|declare)\s+)*[$@]?(?P<name>[^\W\d]\w*)"
    r"(?:\s*:\s*(?P<type>[\w<>\[\].?, ]+?))?\s*(?:<-|:=|=(?!=))\s*(?P<default>.*?)\s*;*\s*(?:(?:#|//|--|%)\s*(?P<comment>.*))?$"
)
MAX_LINE = 1000
"""Characters of a line that is looked at; a longer one declares nothing that people could read."""


class Declared(msgspec.Struct, frozen=True):
    """A parameter: `type` and `help` are empty where the code does not say them."""

    name: str
    default: str
    type: str = ""
    help: str = ""


def declared(language: str, source: str) -> list[Declared]:
    """Finds the parameters that a cell declares.

    Args:
        language: Name of the kernel's language.
        source: Source of the cell.

    Returns:
        The parameters in their order; of a name that comes twice, the last.
    """
    found = _python(source) if language.lower().startswith(("python", "ipython")) else None
    return list({one.name: one for one in (_lines(source) if found is None else found)}.values())


def _python(source: str) -> list[Declared] | None:
    source = _MAGIC.sub("", source)
    try:
        tree = ast.parse(source)
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
        return None
    comments = {token.start[0]: token.string.lstrip("#").strip() for token in tokens if token.type == tokenize.COMMENT}
    found = []
    for line in tree.body:
        target = (
            line.targets[0]
            if isinstance(line, ast.Assign)
            else line.target
            if isinstance(line, ast.AnnAssign)
            else None
        )
        value = line.value if isinstance(line, ast.Assign | ast.AnnAssign) else None
        if isinstance(target, ast.Name) and value is not None:
            annotation = ast.unparse(line.annotation) if isinstance(line, ast.AnnAssign) else ""
            default = " ".join((ast.get_source_segment(source, value) or "").split())
            found.append(_made(target.id, default, annotation, comments.get(line.end_lineno or 0, "")))
    return found


def _lines(source: str) -> list[Declared]:
    found = []
    for line in source.splitlines():
        match = _ASSIGNMENT.match(line) if len(line) <= MAX_LINE else None
        if match is not None:
            found.append(_made(match["name"], match["default"], match["type"] or "", match["comment"] or ""))
    return found


def _made(name: str, default: str, annotation: str, comment: str) -> Declared:
    parts = _COMMENT.fullmatch(comment)
    assert parts is not None
    return Declared(name, default, annotation.strip("\"'") or parts["type"] or "", parts["help"].strip())
