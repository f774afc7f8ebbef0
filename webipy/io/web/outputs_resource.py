"""`/outputs/SESSION/SHA256`: the large values of outputs that events only refer to (webipy.core.kernel.blobs).

    GET /outputs/SESSION/SHA256                     the text of the value, UTF-8 (a picture is base64 there): Range (206, 416), ETag; HEAD likewise
    GET /outputs/SESSION/SHA256?type=MIME           what the value is: a picture or sound as its bytes, without ranges
    GET /outputs/SESSION/SHA256?type=MIME&name=N    the same as an attachment of that name

Who may read the session may read this, guests by a link of that session too. A value is whatever a kernel made: it goes out as files do
(webipy.io.web.files_resource), under a policy that lets nothing in it run as our page, in pieces of 64 KiB as fast as the reader takes them.
"""

from __future__ import annotations

import binascii
import os
from collections.abc import Callable
from typing import Final

from twisted.python.failure import Failure

from webipy.core import errors
from webipy.core.api.token_scopes import Touched
from webipy.core.kernel import blobs
from webipy.io.web.files_resource import INLINE, POLICY, attachment, etag_header, names_etag, span_of
from webipy.io.web.piece_sender import FilePieces, PieceSender, Span
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.requests import PageRequest, ReadResource, refuse, status_of
from webipy.io.reactor import Run

_SOUNDS_AND_PICTURES: Final = ("image/", "audio/", "video/")
_MIME_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$&^_.+-/")


def is_base64(kind: str) -> bool:
    """Whether values of a type are base64 (nbformat 4.5, `mimebundle`)."""
    return (kind.startswith(_SOUNDS_AND_PICTURES) or kind == "application/pdf") and not kind.endswith("+xml")


class Base64:
    """Decodes base64 that comes in pieces; white space in it is no part of it."""

    def __init__(self) -> None:
        self._rest = b""

    def __call__(self, piece: bytes) -> bytes:
        """The bytes of what can be decoded now; of what is no base64, what is."""
        text = self._rest + piece.translate(None, b" \t\r\n")
        end = len(text) - len(text) % 4
        self._rest = text[end:]
        try:
            return binascii.a2b_base64(text[:end])
        except binascii.Error:
            return b""


class OutputsResource(ReadResource):
    """`/outputs`.

    Args:
        auth: Reads who sends a request.
        blob_path: Where the blob of a session lies, by the ids of both; raises errors.NotFound for a session that is not open.
        run: Runs a function that blocks in a thread.
    """

    def __init__(self, auth: RequestAuth, blob_path: Callable[[str, str], str], run: Run) -> None:
        super().__init__()
        self._auth, self._blob_path, self._run = auth, blob_path, run

    def _refuse(self, request: PageRequest, fault: errors.Failure) -> None:
        if isinstance(fault, errors.InvalidParams) and "size" in fault.facts:
            request.setHeader(b"Content-Range", f"bytes */{fault.facts['size']}".encode())
            refuse(request, 416, fault)
        else:
            refuse(request, status_of(fault), fault)

    async def _get(self, request: PageRequest, gone: list[Failure]) -> None:
        parts = [part.decode("utf-8", "replace") for part in request.postpath or []]
        session, name = parts if len(parts) == 2 else ("", "")
        self._auth.permit(request.who(self._auth), Touched("output.read", "read", session))
        if not blobs.is_name(name):
            raise errors.NotFound("The address of an output is /outputs/SESSION/SHA256.", kind="blob", id=name[:64])
        path = self._blob_path(session, name)
        fd, size = await self._run(lambda: _opened(path, name))
        try:
            if gone:
                return
            source = self._begin(request, name, fd, size)
            if source is None:
                request.finish()
            else:
                fd = -1
                PieceSender(request, self._run, source).start()
        finally:
            if fd >= 0:
                os.close(fd)

    def _begin(self, request: PageRequest, name: str, fd: int, size: int) -> FilePieces | None:
        """Sets the head of the answer; returns the rest, if there is any."""
        kind, called = _argument(request, b"type"), _argument(request, b"name")
        kind = kind if kind and set(kind) <= _MIME_CHARACTERS and kind.count("/") == 1 else "text/plain"
        request.setHeader(b"Cache-Control", b"private, no-cache")
        request.setHeader(b"Content-Security-Policy", POLICY)
        shown = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
        request.setHeader(b"Content-Type", shown.encode())
        if called or kind not in INLINE:
            request.setHeader(b"Content-Disposition", attachment(called or name[:16]))
        if is_base64(kind):
            is_head = request.method == b"HEAD" or not size
            return None if is_head else FilePieces(fd, Span(0, size), Base64())
        request.setHeader(b"ETag", etag_header(name).encode())
        request.setHeader(b"Accept-Ranges", b"bytes")
        if names_etag(request.header("if-none-match"), name):
            request.setResponseCode(304)
            return None
        span = span_of(request.header("range"), size)
        if span is not None:
            request.setResponseCode(206)
            request.setHeader(b"Content-Range", f"bytes {span.first}-{span.end - 1}/{size}".encode())
        span = span or Span(0, size)
        request.setHeader(b"Content-Length", str(span.end - span.first).encode())
        return None if request.method == b"HEAD" or span.first == span.end else FilePieces(fd, span)


def _argument(request: PageRequest, name: bytes) -> str:
    given: bytes = (request.args or {}).get(name, [b""])[0]
    return given.decode("utf-8", "replace")[:200]


def _opened(path: str, name: str) -> tuple[int, int]:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise errors.NotFound("This output is not there (any more).", kind="blob", id=name) from None
    return fd, os.fstat(fd).st_size
