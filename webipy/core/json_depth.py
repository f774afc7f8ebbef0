"""How deep JSON may be nested: one limit for all that comes from outside.

Who reads JSON, or walks what was read, goes one level of the stack deeper for each level of nesting, and the stack has about a thousand: how
much is left depends on who calls, and on the version of Python. So nobody finds out by running into its end. What comes from outside is looked at
once, where it comes in, and is refused there in words that name the limit:

    messages of clients (webipy.core.api.rpc)       `parse_error`; they may be a little deeper than the values in them
    contents and metadata of kernels            the message is refused, or reported as lost (webipy.core.kernel.wire.clean_content)
    values in notebooks                         left as they are in the file, and reported (webipy.core.ipynb.normal_form); a file
                                                that is deeper than `IN_FILES` opens as text

Invariant: what has passed is at most `MAX_DEPTH` levels deep, plus what we put around it; whoever walks it uses at most two frames for a level.

Rejected: to decode and see (the end of the stack is elsewhere for the next who reads the same); a limit of bytes (a deep value is short).
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Final

MAX_DEPTH: Final = 400
"""Levels of objects and arrays in each other. Documents that people make have some twenty."""

AROUND: Final = 20
"""Levels that a message of a client may have around a value."""

IN_FILES: Final = 700
"""Levels of a notebook file. What is deeper than `MAX_DEPTH` in it is not read and kept as it is, and whoever keeps it still passes over it."""

_STEPS: Final = bytes.maketrans(b"{[}]", b"\x01\x01\xff\xff")
_NO_STEPS: Final = bytes(byte for byte in range(256) if byte not in b'"{[}]')
_STRING: Final = re.compile(rb'"[^"]*"?')


def is_too_deep(body: bytes, levels: int = MAX_DEPTH) -> bool:
    """Whether JSON is nested more than `levels` deep; of what is not JSON, whether it looks so. Takes about as long as reading it.

    Args:
        body: JSON in UTF-8.
        levels: Objects and arrays in each other.
    """
    if body.count(b"[") + body.count(b"{") <= levels:
        return False
    if b"\\" in body:  # an escaped quote ends no string
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = body.translate(None, _NO_STEPS).replace(
        b'""', b""
    )  # which leaves each bracket in or out of a string, as it was
    steps = memoryview(_STRING.sub(b"", marks).translate(_STEPS)).cast("b")
    return max(accumulate(steps), default=0) > levels


def too_deep_reason(levels: int = MAX_DEPTH) -> str:
    """The reason for a refusal, as the end of a sentence."""
    return f"nested more than {levels} levels deep"
