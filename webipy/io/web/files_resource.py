"""`/files/PATH`: the bytes of files under the root, in and out, without a limit of size.

    GET  /files/PATH            the file: ETag, If-None-Match (304), Range (206, 416), If-Range; HEAD likewise
    GET  /files/PATH?inline=1   shown by the browser itself, for a few types that cannot run anything; else an attachment
    GET  /files/PATH?_xsrf=...  the same, with a lab token: what JupyterLab shows; with `download` an attachment
    GET  /files/PATH?upload=1   how many bytes of the upload in parts that Upload-Id names are there, also as the header Upload-Offset
    GET  /files/PATH?zip=1      a folder with all that it holds, as a zip archive (webipy.io.files.archives); with `name=N`, as often as
                                there are, those of its entries
    PUT  /files/PATH            writes it: 201 or 200 with the ETag; If-Match, If-None-Match: * (412 when it is another one);
                                with Content-Range and Upload-Id one part of it: 202 until the last one, 409 when it is not the next

The same credentials as everywhere; a PUT with the cookie needs our own Origin. Failures are JSON, as those of /login.

A file from the root never runs as our page, whatever is in it and whatever a browser makes of it: each answer has a
policy that gives it an origin of its own, no scripts and no network, and a type that is not to be guessed. (Chromium
shows no PDF under such a policy; the page downloads it.)

Out: pieces of 64 KiB, each read in a thread when the connection has room for it; a reader that stops costs an open file.
What goes out is the file that was opened, also when it is replaced meanwhile. In: webipy.io.files.uploads.

Source: RFC 9110, sections 13 (conditions) and 14 (ranges); only a single range is served, several are answered with
all, which section 14.2 allows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote, unquote_to_bytes

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.server import NOT_DONE_YET

from webipy.core import errors
from webipy.core.api.access import Verb
from webipy.core.api.token_scopes import Touched
from webipy.io.files.archives import Archive
from webipy.io.files.files import RootFiles
from webipy.io.media_types import MediaTypes
from webipy.io.web.piece_sender import FilePieces, PieceSender, Span
from webipy.io.web.request_auth import RequestAuth, confinement_of
from webipy.io.web.requests import BodyTaker, PageRequest, refuse, status_of
from webipy.io.files.atomic_write import MISSING
from webipy.io.files.uploads import Stored, Upload, Uploads, checked_id, part_of, failure_of
from webipy.io.reactor import Run
from webipy.server.ports.confinement import CONFINEMENT, Confinement, confined
from webipy.server.ports.files import FileRecord

_T = TypeVar("_T")

POLICY = b"sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

INLINE = frozenset(["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain"])
"""Types that a browser may show itself when it is asked to."""

_SOURCES = "cfg css csv htm html ini jl js json log md py qmd r rmd rst sh tex toml ts tsv xml yaml yml"
AS_TEXT = frozenset(_SOURCES.split(" "))
"""Endings of files whose source is shown as text: no browser runs that, and those of other types some would not show."""

_TYPES = MediaTypes(("image/webp", ".webp"), ("application/x-ipynb+json", ".ipynb"))
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def etag_header(etag: str) -> str:
    """An etag as HTTP has it."""
    return f'"{etag}"'


def names_etag(header: str | None, etag: str) -> bool:
    """Whether a header of conditions names an etag; a weak one counts as the same.


    Source: RFC 9110, section 13.1.

    Args:
        header: If-None-Match or If-Match, if it was sent.
        etag: The etag of the file, without quotes.
    """
    listed = [part.strip().removeprefix("W/") for part in (header or "").split(",")]
    return "*" in listed or etag_header(etag) in listed


def span_of(header: str | None, size: int) -> Span | None:
    """The range that a Range header asks for.


    Source: RFC 9110, section 14.2.

    Args:
        header: Range, if it was sent.
        size: Bytes of the file.

    Returns:
        The range; `None` for the whole file.

    Raises:
        errors.InvalidParams: There is nothing in that range.
    """
    asked = _RANGE.fullmatch((header or "").replace(" ", ""))
    if asked is None or asked.groups() == ("", ""):
        return None
    first, last = asked.groups()
    if first == "":
        span = Span(max(0, size - int(last)), size)
    else:
        span = Span(int(first), min(size, int(last) + 1) if last else size)
        if last and int(last) < int(first):
            return None
    if span.first >= span.end:
        raise errors.InvalidParams(f"The file has {size} bytes; nothing is in that range.", field="Range", size=size)
    return span


class FilesResource(BodyTaker):
    """`/files`."""

    isLeaf = True
    _log = Logger()

    def __init__(self, auth: RequestAuth, files: RootFiles) -> None:
        super().__init__()
        self._auth = auth
        self._files = files
        self._uploads = Uploads(files.tree, files.run)

    def _permit(self, request: PageRequest, verb: Verb, path: bytes) -> Confinement | None:
        """Lets pass who may do it, by the rule of the method table.

        Args:
            request: The request.
            verb: The right that it needs.
            path: The path of the file, percent-decoded.

        Returns:
            What the request may reach; `None` for everything.

        Raises:
            errors.NotAuthenticated, errors.NotPermitted: They may not.
        """
        if verb != "read" and not self._auth.is_same_site(request.header):
            raise errors.NotPermitted("Another site's page may not do this.")
        method = "file.read" if verb == "read" else "file.write"
        who = request.who(self._auth)
        self._auth.permit(who, Touched(method, verb, paths=(path.decode("utf-8", "replace"),)))
        return confinement_of(self._auth, who, verb)

    def _run_within(self, by: Confinement | None) -> Run:
        """Runs functions that block within a confinement, whenever that is asked for."""

        def run(call: Callable[[], _T]) -> Deferred[_T]:
            with confined(by):
                return self._files.run(call)

        return run

    def _note(self, request: PageRequest, method: str, path: str) -> None:
        """Records who has fetched or sent a file."""
        who, address = request.who(self._auth), request.address(self._auth)
        origin = self._auth.origin(who, request.header, address)
        self._auth.logins.audit.seldom(method, who, origin, path=path)

    # ---- GET

    def render_GET(self, request: PageRequest) -> int:
        """The file."""
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)
        Deferred.fromCoroutine(self._get(request, gone)).addErrback(self._failed, request, gone)
        return NOT_DONE_YET

    def _failed(self, failure: Failure, request: PageRequest, gone: list[Failure]) -> None:
        if failure.check(errors.Failure) is None:
            self._log.failure("{path} failed", failure, path=request.path)
        assert failure.value is not None
        fault = failure_of(failure.value)
        if gone:
            return
        status = status_of(fault)
        if isinstance(fault, errors.StaleVersion):
            status = 409
            request.setHeader(b"Upload-Offset", str(fault.facts["offset"]).encode())
        elif isinstance(fault, errors.InvalidParams) and fault.facts.get("field") == "Range":
            status = 416
            request.setHeader(b"Content-Range", f"bytes */{fault.facts['size']}".encode())
        refuse(request, status, fault)

    async def _get(self, request: PageRequest, gone: list[Failure]) -> None:
        raw = b"/".join(request.postpath or [])
        with confined(self._permit(request, "read", raw)):
            await self._get_permitted(request, path_of(raw), gone)

    async def _get_permitted(self, request: PageRequest, path: str, gone: list[Failure]) -> None:
        if b"upload" in (request.args or {}):
            id = checked_id(request.header("upload-id"))
            offset = await self._files.run(lambda: self._uploads.offset(path, id))
            if not gone:
                request.setHeader(b"Upload-Offset", str(offset).encode())
                _answer(request, 200, {"offset": offset})
            return
        if b"zip" in (request.args or {}):
            await self._get_archive(request, path, gone)
            return
        fd, record = await self._files.run(lambda: self._files.tree.open_file(path))
        try:
            if gone:
                return
            self._note(request, "download", record.path)
            span = self._begin(request, record)
            if span is not None:
                source = FilePieces(fd, span)
                fd = -1
                PieceSender(request, self._files.run, source).start()
            else:
                request.finish()
        finally:
            if fd >= 0:
                os.close(fd)

    async def _get_archive(self, request: PageRequest, path: str, gone: list[Failure]) -> None:
        names = [path_of(name) for name in (request.args or {}).get(b"name", [])]
        found = await self._files.survey(path, names)
        if gone:
            return
        self._note(request, "download", path)
        name = names[0] if len(names) == 1 else path.rpartition("/")[2] or "files"
        request.setHeader(b"Cache-Control", b"private, no-cache")
        request.setHeader(b"Content-Security-Policy", POLICY)
        request.setHeader(b"Content-Type", b"application/zip")
        request.setHeader(b"Content-Disposition", attachment(f"{name}.zip"))
        if request.method == b"HEAD":
            request.finish()
        else:
            run = self._run_within(CONFINEMENT.get())  # each file is opened when its turn comes
            PieceSender(request, run, Archive(self._files.tree, found)).start()

    def _begin(self, request: PageRequest, record: FileRecord) -> Span | None:
        """Sets the head of the answer; returns what is to be sent, if anything."""
        etag = etag_header(record.etag)
        request.setHeader(b"ETag", etag.encode())
        request.setHeader(b"Cache-Control", b"private, no-cache")
        request.setHeader(b"Accept-Ranges", b"bytes")
        request.setHeader(b"Content-Security-Policy", POLICY)
        if names_etag(request.header("if-none-match"), record.etag):
            request.setResponseCode(304)
            return None
        is_same = request.header("if-range") in (None, etag)
        span = span_of(request.header("range"), record.size) if is_same else None
        if span is not None:
            request.setResponseCode(206)
            request.setHeader(b"Content-Range", f"bytes {span.first}-{span.end - 1}/{record.size}".encode())
        span = span or Span(0, record.size)
        request.setHeader(b"Content-Length", str(span.end - span.first).encode())
        _set_type(request, record.path)
        return None if request.method == b"HEAD" or span.first == span.end else span

    # ---- PUT

    def take_body(self, request: PageRequest, path: bytes, size: int | None) -> Upload:
        """Checks who sends it and where it goes, and streams it there; the body of a refused one is thrown away.

        Args:
            request: The request; its headers are read.
            path: The path of its request line, percent-encoded.
            size: Bytes of the body; `None` when they are not announced.

        Raises:
            errors.NotAuthenticated, errors.NotPermitted: Who sends it may not write.
        """
        raw = unquote_to_bytes(path.removeprefix(b"/files").removeprefix(b"/"))
        by = self._permit(request, "write", raw)
        uploads = attrs.evolve(self._uploads, run=self._run_within(by))

        def hold(is_held: bool) -> None:
            request.is_held = is_held
            transport: Any = request.channel.transport if request.channel is not None else None
            if transport is not None:
                (transport.pauseProducing if is_held else transport.resumeProducing)()

        try:
            if not self._auth.is_ours(request.header("host")):
                raise errors.NotPermitted("This server is not known under that name.")
            if request.header("content-encoding") not in (None, "identity"):
                raise errors.InvalidRequest("Send the file as it is, without Content-Encoding.")
            part = part_of(request.header("content-range"), request.header("upload-id"))
            name = path_of(raw)
            upload = Upload(uploads, name, _if_match(request), part, hold)
        except errors.Failure as fault:
            upload = Upload(uploads, "", None, None, hold)
            upload.refuse(fault)
            return upload
        request.notifyFinish().addErrback(lambda _: upload.cut())
        upload.begin()
        return upload

    def render_PUT(self, request: PageRequest) -> int:
        """The body is there: the file appears."""
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)
        assert isinstance(request.body, Upload)
        try:
            self._permit(request, "write", request.body.path.encode("utf-8", "replace"))  # it may have taken long to come
        except errors.Failure as fault:
            request.body.refuse(fault)
        stored = request.body.stored()
        stored.addCallback(self._stored, request, gone)
        stored.addErrback(self._failed, request, gone)
        return NOT_DONE_YET

    def _stored(self, stored: Stored, request: PageRequest, gone: list[Failure]) -> None:
        if stored.record is not None:
            self._note(request, "upload", stored.record.path)
        if gone:
            return
        if stored.record is None:
            request.setHeader(b"Upload-Offset", str(stored.offset).encode())
            _answer(request, 202, {"offset": stored.offset})
            return
        record = stored.record
        request.setHeader(b"ETag", etag_header(record.etag).encode())
        _answer(request, 201 if stored.is_new else 200, {"path": record.path, "size": record.size, "etag": record.etag})


def path_of(raw: bytes) -> str:
    """A path of the API from the bytes of an address.

    Raises:
        errors.InvalidParams: It is no UTF-8.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise errors.InvalidParams("The path in the address is no UTF-8.", field="path") from None


def _if_match(request: PageRequest) -> str | None:
    """The condition of a PUT, as in `Files.write`.

    Raises:
        errors.InvalidParams: Several etags, or a condition that no write has.
    """
    none_match, match = request.header("if-none-match"), request.header("if-match")
    if none_match is not None:
        if none_match.strip() != "*" or match is not None:
            raise errors.InvalidParams("A write takes If-None-Match: * or If-Match: ETAG.", field="If-None-Match")
        return MISSING
    if match is None:
        return None
    etag = re.fullmatch(r'\s*(?:W/)?"([^",]+)"\s*', match)
    if etag is None:
        raise errors.InvalidParams('If-Match is the ETag that a GET returned, such as "2a-5-18e".', field="If-Match")
    return etag[1]


def _answer(request: PageRequest, status: int, answer: object) -> None:
    body = msgspec.json.encode(answer)
    request.setResponseCode(status)
    request.setHeader(b"Content-Type", b"application/json")
    request.setHeader(b"Content-Length", str(len(body)).encode())
    request.write(body)
    request.finish()


def _set_type(request: PageRequest, path: str) -> None:
    name = path.rpartition("/")[2]
    kind = _TYPES.of(name) or "application/octet-stream"
    given = request.args or {}
    is_asked = given.get(b"inline") == [b"1"] or (b"_xsrf" in given and b"download" not in given)
    if is_asked and name.rpartition(".")[2].lower() in AS_TEXT:
        kind = "text/plain"
    is_inline = kind in INLINE and is_asked
    shown = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    request.setHeader(b"Content-Type", shown.encode())
    if not is_inline:
        request.setHeader(b"Content-Disposition", attachment(name))


def attachment(name: str) -> bytes:
    """The header Content-Disposition of what is saved under a name. Source: RFC 6266."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}".encode()
