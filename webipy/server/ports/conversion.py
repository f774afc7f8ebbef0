"""The port to the converter: documents in other formats, made outside of this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import attrs
from twisted.internet.defer import Deferred

from webipy.core.api.formats import PLAIN, ExportFormat, ExportOptions


@attrs.define(frozen=True, slots=True)
class ExportedFile:
    """A document in another format, as a file that is kept for an hour.

    Args:
        id: Names it in addresses; nobody can guess it.
        path: Where it lies on this machine.
        name: Its name for people, with its suffix.
        media_type: Its content type, with the charset where it is text.
        size: Bytes.
    """

    id: str
    path: str
    name: str
    media_type: str
    size: int


class Converter(Protocol):
    """Converts documents to other formats, outside of this process.

    Every method fails with errors.ConversionFailed when it cannot be done, with errors.Timeout when it takes too long, and as a cancelled
    Deferred when the server stops. Cancelling a Deferred ends the work.
    """

    def upgrade(self, body: bytes) -> Deferred[bytes]:
        """A notebook of nbformat 1 to 3 as one of 4.5.

        Raises:
            errors.InvalidNotebook: It is none.
        """

    def to_notebook(self, body: bytes, format: str, name: str) -> Deferred[bytes]:
        """A text notebook as nbformat 4.5.

        Args:
            body: The text, UTF-8.
            format: As core.formats names it, such as `py:percent`.
            name: The file's name, for messages.

        Raises:
            errors.InvalidNotebook: It is none.
        """

    def from_notebook(self, notebook: bytes, format: str, original: bytes | None) -> Deferred[bytes]:
        """A notebook as text.

        Args:
            notebook: nbformat 4 JSON.
            format: As core.formats names it, such as `py:percent`.
            original: The text that the notebook was made from, whose header and style are kept; `None` when there is none.

        Returns:
            The text, UTF-8.
        """

    def export(
        self,
        notebook: bytes,
        format: ExportFormat,
        name: str,
        images: Mapping[str, bytes],
        options: ExportOptions = PLAIN,
        guest: str = "",
    ) -> Deferred[ExportedFile]:
        """A notebook in another format, as a file.

        Args:
            notebook: nbformat 4 JSON.
            format: The format of the file.
            name: The document's name without its suffix; the file is called after it.
            images: What lies beside the document, by the addresses under which it shows that.
            options: What of the document is shown, and how.
            guest: The login of the guest who asks, whose exports hold up and push out those of guests only, and no script of a document runs for them
                when it is printed; empty for whoever runs the server.

        Raises:
            errors.Throttled: Too many guests wait.
        """
