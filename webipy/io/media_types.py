"""The media types of files, by the endings of their names.

Data flow: a module that answers with files has a `MediaTypes` with the types that it adds to those of Python. The table of it is made when the first
name is asked for: most servers answer thousands of calls before that, and a table is some hundred kilobytes.

Invariant: the types are the same on every machine, whatever stands in its `/etc/mime.types`.

Rejected: `mimetypes.guess_type` (it knows what the machine knows).
"""

from __future__ import annotations

import mimetypes


class MediaTypes:
    """A table of media types.

    Args:
        more: Types that Python's table has not, or otherwise, each with an ending such as `.webp`.
    """

    def __init__(self, *more: tuple[str, str]) -> None:
        self._more = more
        self._table: mimetypes.MimeTypes | None = None

    def of(self, name: str) -> str | None:
        """The media type of a file.

        Args:
            name: Its name, or its path.

        Returns:
            The type; `None` when the ending is not known.
        """
        if self._table is None:
            self._table = _made(self._more)
        return self._table.guess_type(name)[0]


def _made(more: tuple[tuple[str, str], ...]) -> mimetypes.MimeTypes:
    table = mimetypes.MimeTypes(filenames=())
    for kind, ending in more:
        table.add_type(kind, ending)
    return table
