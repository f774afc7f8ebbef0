"""The failures of the converter: why it cannot convert a document."""

from __future__ import annotations


class Refused(Exception):
    """The document, or what is installed, does not allow it.

    Args:
        kind: `invalid`: it is no notebook; `missing`: a program is not there; `failed`: anything else.
        message: One sentence, or for `failed` the last line of what went wrong.
        fact: The place in the document, or what is missing.
    """

    def __init__(self, kind: str, message: str, fact: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.fact = fact


def first_line(fault: Exception) -> str:
    """The text of a library's exception, as far as people can use it."""
    lines = str(fault).strip().splitlines() or [""]
    kind = "" if " " in lines[0] else f"{type(fault).__name__} "
    return f"{kind}{lines[0][:300]}".strip(" .")
