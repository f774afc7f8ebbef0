"""Bodies of `PUT /files/PATH` on their way to the disk: streamed, in one piece or in parts.

    connection ──pieces──► Upload (at most 1 MiB waits; then the connection is not read) ──thread──► draft ──► put

A body is as large as the disk takes: it goes into a hidden draft (webipy.io.files.atomic_write), and the file appears whole when its
last byte is there. A connection that is cut leaves the file as it was.

In parts: each request has `Content-Range: bytes FIRST-LAST/TOTAL`, in order, and an `Upload-Id` that its client has made up, the same in all. They
gather in a hidden file beside the target, one for each id, so that two who send files of one name never write into each other's; the last one puts
it in place. What a cut left of a part stays; a part that begins before the end of what is
there takes the place of everything from its first byte on, so that a part that is sent twice, or an upload that begins
again, does no harm; one that begins after the end is refused with the number of bytes that are there. When the answer
to the last part was lost and it is sent again, it is answered as before.

That hidden file is made with O_EXCL, and gone on with only if it is a file of one name: what somebody else has put there is taken away.

Rejected: an id given by the server (a client whose first answer was lost could not go on); parts without an id, by login (two pages of one person
would mix). twisted.web's own way, which takes the whole body to /tmp before it asks who sends it.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import stat
from collections.abc import Callable
from contextlib import ExitStack

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from webipy.core import errors
from webipy.io.files.atomic_write import Draft, draft_name, write_all
from webipy.io.files.file_tree import FileTree
from webipy.io.files.in_place import NOT_BESIDE
from webipy.io.files.os_failures import map_os_errors
from webipy.io.files.root_folder import found
from webipy.io.reactor import Run
from webipy.server.ports.files import FileRecord

WAITING_BYTES = 1024 * 1024
"""Of one body; with more, its connection is not read until it is less."""

THROWN_AWAY_BYTES = 16 * 1024 * 1024
"""Of a body that is refused, so that its sender comes to read the answer; after that the connection ends."""

FINISHED_KEPT = 100
_ID = re.compile("[A-Za-z0-9_-]{8,64}")
_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")


class Part(msgspec.Struct, frozen=True):
    """Bytes `first` to `last` of a file of `total`, of the upload `id`."""

    id: str
    first: int
    last: int
    total: int

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.last - self.first + 1

    @property
    def is_last(self) -> bool:
        """Whether the file is whole with it."""
        return self.last + 1 == self.total


def part_of(header: str | None, id: str | None) -> Part | None:
    """Reads the headers of a part of an upload.


    Source: RFC 9110, section 14.4.

    Args:
        header: Content-Range, if it was sent.
        id: Upload-Id, if it was sent.

    Returns:
        The part; `None` without Content-Range.

    Raises:
        errors.InvalidParams: One of them is malformed.
    """
    if header is None:
        return None
    numbers = _RANGE.fullmatch(header.strip())
    part = Part(checked_id(id), *map(int, numbers.groups())) if numbers else None
    if part is None or not part.first <= part.last < part.total:
        raise errors.InvalidParams("Content-Range looks like 'bytes 0-1048575/52428800'.", field="Content-Range")
    return part


def checked_id(id: str | None) -> str:
    """The id of an upload in parts.

    Raises:
        errors.InvalidParams: It is missing, or no id.
    """
    if id is None or _ID.fullmatch(id.strip()) is None:
        raise errors.InvalidParams(
            "An upload in parts has a header Upload-Id, the same in all of them and in no other upload: 8 to 64 letters, digits, '-' and '_'.",
            field="Upload-Id",
        )
    return id.strip()


class Stored(msgspec.Struct, frozen=True):
    """What came of a body: the file, or (`record` is `None`) a part, with which `offset` bytes of the whole are there."""

    record: FileRecord | None
    is_new: bool
    offset: int


@attrs.define(eq=False)
class Uploads:
    """All uploads below a root, and what is remembered of those in parts.

    Args:
        tree: Writes.
        run: Runs a function that blocks in a thread.
    """

    tree: FileTree
    run: Run
    busy: set[tuple[str, str]] = attrs.field(factory=set)
    """Paths and ids of which a part is being received."""
    _finished: dict[tuple[str, str], tuple[int, str]] = attrs.field(factory=dict)

    def offset(self, path: str, id: str) -> int:
        """How many bytes of an upload in parts are there; 0 for none. Blocks.

        Args:
            path: The file that is uploaded.
            id: The id of the upload.
        """
        with map_os_errors(path), self.tree.place(self.tree.below(path), path, is_followed=True) as place:
            there = found(place.folder, part_name(place.name, id))
            return there.st_size if there is not None and _is_kept(there) else 0

    def finish(self, path: str, id: str, total: int, etag: str) -> None:
        """Records that an upload in parts was put in place.

        Args:
            path: The file.
            id: The id of the upload.
            total: Bytes of the file.
            etag: Its etag.
        """
        self._finished.pop((path, id), None)
        self._finished[path, id] = (total, etag)
        while len(self._finished) > FINISHED_KEPT:
            del self._finished[next(iter(self._finished))]

    def finished(self, path: str, id: str) -> tuple[int, str] | None:
        """Looks up an upload in parts that was put in place.

        Args:
            path: The file.
            id: The id of the upload.

        Returns:
            The file's size and etag; `None` when nothing is known of it.
        """
        return self._finished.get((path, id))


def part_name(name: bytes, id: str) -> bytes:
    """The hidden name of the file in which the parts of one upload gather.

    Args:
        name: The name of the file that is uploaded.
        id: The id of the upload.
    """
    return draft_name(name, f"part-{hashlib.sha256(name + b'/' + id.encode()).hexdigest()[:16]}")


def _no_room_beside(path: str, *, is_new: bool) -> errors.FileFault:
    """Makes the failure for a folder where no parts can gather."""
    folder = posixpath.dirname(path)
    where = f"the folder {folder!r}" if folder else "the root"
    way = (
        "choose another folder" if is_new else "send the file whole, without Content-Range: it is written in place then"
    )
    return errors.FileFault(
        f"Parts of an upload gather in a file beside {path!r}, and the server may not make one in {where}: {way}.",
        reason="denied",
        path=path,
    )


def _is_kept(there: os.stat_result) -> bool:
    """Whether this is what parts gather in: no link or fifo, and no other name of a file that is elsewhere."""
    return stat.S_ISREG(there.st_mode) and there.st_nlink == 1


def _opened(folder: int, name: bytes, mode: int) -> int:
    """The file that parts gather in, made if it is missing; what else has its name loses it."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    there = found(folder, name)
    if there is not None and _is_kept(there):
        fd = os.open(name, flags, dir_fd=folder)
        if _is_kept(os.fstat(fd)):
            return fd
        os.close(fd)
    if there is not None:
        os.unlink(name, dir_fd=folder)
    return os.open(name, flags | os.O_CREAT | os.O_EXCL, mode, dir_fd=folder)


@attrs.define(eq=False)
class Upload:
    """One body; see `webipy.io.web.requests.Body`.

    Args:
        uploads: All of them.
        path: Where it goes.
        if_match: As in `Files.write`.
        part: Which part of the file it is; `None` for all of it.
        hold: Called with whether the connection is to be left unread.
    """

    uploads: Uploads
    path: str
    if_match: str | None
    part: Part | None
    hold: Callable[[bool], None]
    _fault: BaseException | None = None
    _draft: Draft | None = None
    _stack: ExitStack = attrs.field(factory=ExitStack)
    _waiting: list[bytes] = attrs.field(factory=list)
    _waiting_bytes: int = 0
    _came: int = 0
    _is_new: bool = True
    _is_busy: bool = False
    _is_held: bool = False
    _is_cut: bool = False
    _has_ended: bool = False
    _is_repeated: bool = False
    _has_place: bool = False
    _written: Deferred[None] | None = None

    def begin(self) -> None:
        """Opens what it is written to."""
        if self.part is not None and (self.path, self.part.id) in self.uploads.busy:
            self.refuse(
                errors.AlreadyExists("Another part of this upload is being received.", kind="upload", id=self.path)
            )
            return
        if self.part is not None:
            self.uploads.busy.add((self.path, self.part.id))
            self._has_place = True
        self._run(self._open)

    def refuse(self, fault: BaseException) -> None:
        """Throws away what comes from now on; `fault` is the answer."""
        self._fault = self._fault or fault
        self._waiting.clear()
        self._waiting_bytes = 0

    def came(self, piece: bytes) -> errors.Failure | None:
        """Takes a piece.

        Returns:
            A failure that ends the connection, or `None`.
        """
        self._came += len(piece)
        if self._fault is not None:
            return failure_of(self._fault) if self._came > THROWN_AWAY_BYTES else None
        if self.part is not None and self._came > self.part.size:
            self.refuse(_wrong_size(self.part, self._came))
            return None
        self._waiting.append(piece)
        self._waiting_bytes += len(piece)
        self._go_on()
        return None

    def stored(self) -> Deferred[Stored]:
        """Called when the body has ended; fires when it is on the disk."""
        self._has_ended = True
        self._written = Deferred()
        stored = Deferred.fromCoroutine(self._stored(self._written))
        self._go_on()
        return stored

    def cut(self) -> None:
        """Called when the connection is gone: nothing is put in place, unless all of the body had come."""
        if not self._has_ended:
            self._is_cut = True
            self.refuse(errors.InvalidRequest("The connection was cut."))
            self._go_on()

    # ---- the pump

    def _run(self, call: Callable[[], None]) -> None:
        self._is_busy = True
        self.uploads.run(call).addErrback(self._failed).addCallback(self._done)

    def _failed(self, failure: Failure) -> None:
        assert failure.value is not None
        self.refuse(failure.value)

    def _done(self, _: object) -> None:
        self._is_busy = False
        self._go_on()

    def _go_on(self) -> None:
        if not self._is_busy:
            if self._waiting:
                pieces, self._waiting, self._waiting_bytes = self._waiting, [], 0
                self._run(lambda: self._write(pieces))
            elif self._written is not None:
                written, self._written = self._written, None
                written.callback(None)
            elif self._is_cut:
                self._is_cut = False
                self._run(self._close)
                self._leave()
        if self._is_held != (self._waiting_bytes > WAITING_BYTES):
            self._is_held = not self._is_held
            self.hold(self._is_held)

    async def _stored(self, written: Deferred[None]) -> Stored:
        try:
            await written
            try:
                if self._fault is not None:
                    raise self._fault
                stored: Stored = await self.uploads.run(self._put)
                return stored
            finally:
                await self.uploads.run(self._close)
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._has_place and self.part is not None:
            self._has_place = False
            self.uploads.busy.discard((self.path, self.part.id))

    # ---- in threads, one after the other

    def _open(self) -> None:
        tree = self.uploads.tree
        with map_os_errors(self.path):
            if self.part is None:
                self._draft = self._stack.enter_context(tree.drafted(self.path, self.if_match))
            else:
                self._open_part(tree, self.part)
            draft = self._draft
            self._is_new = draft is not None and found(draft.folder, draft.name) is None

    def _open_part(self, tree: FileTree, part: Part) -> None:
        place, old = self._stack.enter_context(tree.writable(self.path, self.if_match))
        temporary = part_name(place.name, part.id)
        there = found(place.folder, temporary)
        if there is None and part.first > 0 and self._was_finished(tree, part):
            self._is_repeated = True
            return
        offset = there.st_size if there is not None and _is_kept(there) else 0
        if part.first > offset:
            raise errors.StaleVersion(
                f"{offset} bytes of {self.path!r} are there; go on with byte {offset}.", offset=offset
            )
        try:
            fd = _opened(place.folder, temporary, 0o666 if old is None else 0o600)
        except OSError as fault:
            if fault.errno not in NOT_BESIDE:
                raise
            raise _no_room_beside(self.path, is_new=old is None) from None
        self._draft = Draft(place.folder, place.name, temporary, fd, is_kept=True, in_place=tree.in_place)
        self._stack.callback(self._draft.close)
        os.ftruncate(fd, part.first)
        os.lseek(fd, part.first, os.SEEK_SET)

    def _was_finished(self, tree: FileTree, part: Part) -> bool:
        finished = self.uploads.finished(self.path, part.id)
        return part.is_last and finished is not None and finished == (part.total, tree.stat(self.path).etag)

    def _write(self, pieces: list[bytes]) -> None:
        if self._draft is not None and self._draft.fd >= 0:
            with map_os_errors(self.path):
                for piece in pieces:
                    write_all(self._draft.fd, piece)

    def _put(self) -> Stored:
        tree, part, draft = self.uploads.tree, self.part, self._draft
        if part is not None and self._came != part.size:
            raise _wrong_size(part, self._came)
        if self._is_repeated and part is not None:
            return Stored(tree.stat(self.path), False, part.total)
        assert draft is not None
        with map_os_errors(self.path):
            if part is not None and not part.is_last:
                return Stored(None, self._is_new, part.last + 1)
            if part is not None:
                draft.dress_as_old()
                draft.is_kept = False
            draft.put(self.if_match)
        record = tree.stat(self.path)
        if part is not None:
            self.uploads.finish(self.path, part.id, part.total, record.etag)
        return Stored(record, self._is_new, record.size)

    def _close(self) -> None:
        self._stack.close()


def failure_of(fault: BaseException) -> errors.Failure:
    """The failure that a client gets for a fault."""
    mistake = errors.InternalError("The server made a mistake; its log has more.")
    return fault if isinstance(fault, errors.Failure) else mistake


def _wrong_size(part: Part, came: int) -> errors.InvalidParams:
    return errors.InvalidParams(
        f"Content-Range announces {part.size} bytes, and the body has {'more' if came > part.size else came}.",
        field="Content-Range",
    )
