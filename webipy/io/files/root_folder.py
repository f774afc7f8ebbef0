"""One folder and everything below it; nothing outside, by any path. Everything here blocks.

A path of the API becomes a file descriptor in one system call: `openat2(2)` with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS
on the descriptor of the root, so that the kernel itself refuses `..` and every link, and a folder that is replaced by a
link at the wrong moment changes nothing. What follows works on descriptors and on single names in them; no path is
looked up a second time.

A path with a link in it, a kernel without openat2 (before 5.6, and some sandboxes refuse it) and a path over the 4,095 bytes
of one call have `_walk`: part by part with O_NOFOLLOW, links read and followed here. `..` in the text of a link goes
back to a descriptor that the walk came through, never to a parent that is looked up, so a walk cannot rise above the
root either.

    "a/b/c.txt" ──parts──► [b"a", b"b", b"c.txt"] ──place──► (descriptor of a/b, b"c.txt")    to change it
                                                  ──open───► descriptor of the file           to read it

Names: 1 to 255 bytes of UTF-8 without NUL and `/`; no `.` and `..`. A name that begins with a dot is hidden: it
counts as not being there, and a link that ends at such a name, or below one, is refused. What counts are the names that the
walk came through, not the name that the opened file has afterwards: a save that replaces a file at that moment gives
the old one a hidden name, and its reader may read it all the same. The server's own folder (`hidden`) counts as not
being there whatever way leads to it, and nothing that holds it is moved or deleted.

A confined call (webipy.server.ports.confinement) reaches only what its caller has a right to: that is asked for the path that the opened file has, or
of the name that is to be changed; anything else counts as not being there.

Rejected: comparing `realpath` with the root (a folder can become a link between the check and the use); chroot (needs
rights, and kernels are started by the same process).

Source: openat2(2), renameat2(2), path_resolution(7); the numbers from linux/openat2.h and linux/fs.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from webipy.core import errors
from webipy.server.ports.confinement import CONFINEMENT

MAX_PATH = 4096
"""Characters of a path, as PATH_MAX."""

MAX_NAME_BYTES = 255
"""Bytes of one name, as NAME_MAX."""

MAX_LINKS = 40
"""Links that one path may go through, as in the kernel."""

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

_OPENAT2 = 437
_RESOLVE = 0x04 | 0x08  # RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH
_NOREPLACE, _EXCHANGE = 1, 2
_libc = ctypes.CDLL(None, use_errno=True)


class Outside(OSError):
    """A link leads out of the root."""


class Hidden(Outside):
    """A link leads to a name that begins with a dot, or below one."""


class _How(ctypes.Structure):
    """struct open_how of linux/openat2.h."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def _failed(what: bytes) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), os.fsdecode(what))


def _openat2(folder: int, path: bytes, flags: int) -> int:
    how = _How(flags | os.O_CLOEXEC, 0, _RESOLVE)
    fd: int = _libc.syscall(_OPENAT2, folder, path, ctypes.byref(how), ctypes.sizeof(how))
    if fd < 0:
        raise _failed(path)
    return fd


def _renameat2(folder: int, name: bytes, to_folder: int, to: bytes, flags: int) -> None:
    rename = getattr(_libc, "renameat2", None)
    if rename is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if rename(folder, name, to_folder, to, flags) != 0:
        raise _failed(name)


def rename_to_free(folder: int, name: bytes, to_folder: int, to: bytes) -> None:
    """Renames, never over something; where the file system cannot promise that, the name is looked up before.

    Args:
        folder: The open folder that holds it.
        name: Its name.
        to_folder: The open folder that it goes to.
        to: Its name there.

    Raises:
        FileExistsError: There is something of that name.
        OSError: It cannot be renamed.
    """
    try:
        _renameat2(folder, name, to_folder, to, _NOREPLACE)
    except OSError as fault:
        if fault.errno not in (errno.EINVAL, errno.ENOSYS):
            raise
        if exists(to_folder, to):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fsdecode(to)) from None
        os.rename(name, to, src_dir_fd=folder, dst_dir_fd=to_folder)


def exchange(folder: int, name: bytes, other: bytes) -> bool:
    """Exchanges the files of two names in one step.

    Args:
        folder: The open folder of both.
        name: One name.
        other: The other name.

    Returns:
        Whether it was done; the file system may not be able to.
    """
    try:
        _renameat2(folder, name, folder, other, _EXCHANGE)
    except OSError as fault:
        if fault.errno not in (errno.EINVAL, errno.ENOSYS):
            raise
        return False
    return True


def exists(folder: int, name: bytes) -> bool:
    """Whether a folder has something of this name, be it a link to nowhere.

    Args:
        folder: The open folder.
        name: The name.
    """
    return found(folder, name) is not None


def found(folder: int, name: bytes) -> os.stat_result | None:
    """Looks a name up, links not followed.

    Args:
        folder: The open folder.
        name: The name.

    Returns:
        What has the name; `None` for nothing.
    """
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def name_of(fd: int) -> bytes:
    """The absolute path that an open file has now. Source: proc(5)."""
    return os.readlink(b"/proc/self/fd/%d" % fd)


def no_such(path: str) -> errors.NotFound:
    """Makes the failure for a path where nothing is, or nothing that may be seen."""
    return errors.NotFound(f"There is no file {path!r} here.", kind="file", id=path)


def parts_of(path: str, field: str = "path") -> list[bytes]:
    """The names in a path of the API; none for the root.

    Args:
        path: The path.
        field: The name of the param that it came in.

    Returns:
        The names, UTF-8.

    Raises:
        errors.InvalidParams: It is no path.
        errors.NotFound: One of its names is hidden.
    """
    fault = _fault_in(path)
    if fault is not None:
        quoted = path.encode("utf-8", "replace").decode()[:200]
        raise errors.InvalidParams(
            f"{quoted!r} is no path here: {fault}. One looks like 'notebooks/plot.ipynb'.", field=field
        )
    names = path.split("/") if path else []
    if any(name.startswith(".") for name in names):
        raise no_such(path)
    return [name.encode() for name in names]


def _fault_in(path: str) -> str | None:
    try:
        names = path.encode().split(b"/") if path else []
    except UnicodeEncodeError:
        return "it has half a surrogate pair, which UTF-8 cannot say"
    if len(path) > MAX_PATH:
        return f"it is longer than {MAX_PATH} characters"
    if "\0" in path:
        return "it has a NUL"
    if path.startswith("/"):
        return "it begins with a slash, and paths begin at the root"
    if b"" in names:
        return "there is nothing between two slashes, or after the last"
    if b".." in names or b"." in names:
        return "'.' and '..' are no names"
    if any(len(name) > MAX_NAME_BYTES for name in names):
        return f"a name is longer than {MAX_NAME_BYTES} bytes"
    return None


@attrs.define(frozen=True, slots=True)
class Place:
    """A name in an open folder; what has the name may be anything, or nothing."""

    folder: int
    name: bytes

    def found(self) -> os.stat_result | None:
        """What is there, links not followed."""
        return found(self.folder, self.name)


@attrs.define(eq=False)
class RootFolder:
    """The root.

    Args:
        path: Where it is.
        hidden: Files and folders that nobody may see, whatever way leads to them; absolute.
        has_openat2: Whether to ask the kernel to keep paths below the root.
    """

    path: Path
    hidden: tuple[Path, ...] = ()
    has_openat2: bool = True
    fd: int = attrs.field(default=-1, init=False)
    _real: bytes = attrs.field(default=b"", init=False)
    _hidden: tuple[bytes, ...] = attrs.field(default=(), init=False)

    def __attrs_post_init__(self) -> None:
        """Opens it.

        Raises:
            OSError: It is no folder, or may not be read.
        """
        self._real = os.fsencode(os.path.realpath(self.path))
        self._hidden = tuple(os.fsencode(os.path.realpath(path)) for path in self.hidden)
        self.fd = os.open(self._real, FOLDER)
        try:
            os.close(_openat2(self.fd, b".", os.O_PATH))
        except OSError:
            self.has_openat2 = False  # an old kernel, or a sandbox that does not know it: the walk does

    @property
    def real(self) -> bytes:
        """Its absolute path, links followed, as it was opened."""
        return self._real

    def close(self) -> None:
        """Closes it. What is opened stays open."""
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1

    # ---- finding

    def open(self, parts: list[bytes], flags: int) -> int:
        """Opens what a path leads to, links followed.

        Args:
            parts: The names in the path; none for the root.
            flags: As `os.open` takes them.

        Returns:
            The descriptor, which the caller closes.

        Raises:
            Outside: A link leads out, or to what is hidden.
            OSError: There is nothing, or it cannot be opened.
        """
        return self._opened(parts, flags, is_goal=True)

    def _opened(self, parts: list[bytes], flags: int, *, is_goal: bool) -> int:
        """As `open`; a folder that is only on the way to what is reached (no goal) may be one that a confined call does not reach."""
        fd = self._open(parts, flags)
        try:
            self._check_visible(name_of(fd), is_goal=is_goal)
        except OSError:
            os.close(fd)
            raise
        return fd

    def _open(self, parts: list[bytes], flags: int) -> int:
        if self.has_openat2:
            try:
                return _openat2(self.fd, b"/".join(parts) or b".", flags)
            except OSError as fault:
                if fault.errno not in (errno.EAGAIN, errno.ELOOP, errno.ENAMETOOLONG):
                    raise
        folder, name = self._walk(parts, is_followed=True)
        try:
            return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        finally:
            os.close(folder)

    @contextmanager
    def opened(self, parts: list[bytes], flags: int) -> Iterator[int]:
        """As `open`; closes the descriptor at the end.

        Args:
            parts: The names in the path; none for the root.
            flags: As `os.open` takes them.

        Raises:
            Outside, OSError: As `open`.
        """
        fd = self.open(parts, flags)
        try:
            yield fd
        finally:
            os.close(fd)

    @contextmanager
    def place(self, parts: list[bytes], *, is_followed: bool) -> Iterator[Place]:
        """Where a path leads to: its folder, opened for reading, and the last name in it.

        Args:
            parts: Of the path; at least one.
            is_followed: Whether a link in the last place is followed; it may lead to a name that is free.
        """
        folder, name = self._opened(parts[:-1], FOLDER, is_goal=False), parts[-1]
        try:
            if is_followed and _is_link(folder, name):
                os.close(folder)
                folder = -1
                above, name = self._walk(parts, is_followed=True)
                try:
                    folder = os.open(b".", FOLDER, dir_fd=above)
                finally:
                    os.close(above)
            self._check_visible(os.path.join(name_of(folder), name), is_goal=True)
            yield Place(folder, name)
        finally:
            if folder >= 0:
                os.close(folder)

    def _walk(self, parts: list[bytes], is_followed: bool) -> tuple[int, bytes]:
        """The folder (O_PATH) and the last name that a path leads to, found part by part. The name is `.` for a folder that a link ended at."""
        queue, links = deque(parts or [b"."]), 0
        names: list[bytes] = []  # of the folders in `came`, the root left out; and the last name
        last = b"."
        came = [os.open(b".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self.fd)]
        try:
            while queue:
                part = queue.popleft()
                if part in (b"", b"."):
                    continue
                if part == b"..":
                    if len(came) == 1:
                        raise Outside(errno.EXDEV, "leads out of the root")
                    os.close(came.pop())
                    names.pop()
                    continue
                if (queue or is_followed) and _is_link(came[-1], part):
                    links += 1
                    if links > MAX_LINKS:
                        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                    queue.extendleft(reversed(self._follow(part, came)))
                    del names[len(came) - 1 :]
                    continue
                names.append(part)
                if not queue:
                    last = part
                    break
                came.append(os.open(part, os.O_PATH | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=came[-1]))
            if any(name.startswith(b".") for name in names):
                raise Hidden(errno.EXDEV, "leads to what is hidden")
            return came.pop(), last
        finally:
            for fd in came:
                os.close(fd)

    def _follow(self, link: bytes, came: list[int]) -> list[bytes]:
        """The parts that a link stands for, from the last folder in `came` on; an absolute one goes back to the root."""
        text = os.readlink(link, dir_fd=came[-1])
        if not text.startswith(b"/"):
            return text.split(b"/")
        while len(came) > 1:
            os.close(came.pop())
        within = self._real.rstrip(b"/") + b"/"
        if not (text.rstrip(b"/") + b"/").startswith(within):
            raise Outside(errno.EXDEV, "leads out of the root")
        return text[len(within) :].split(b"/")

    # ---- what nobody may see

    def _name_of(self, fd: int) -> bytes:
        """The absolute path of an open file now; only asked for when something is hidden."""
        return name_of(fd) if self._hidden else b""

    def _check_visible(self, path: bytes, *, is_goal: bool) -> None:
        """Refuses what is hidden, by where it is now; what is not below where the root is now: one of both has just been moved; and what the call
        does not reach.
        """
        for hidden in self._hidden:
            if path == hidden or path.startswith(hidden + b"/"):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        within = name_of(self.fd).rstrip(b"/") + b"/"
        if not (path + b"/").startswith(within):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        by = CONFINEMENT.get() if is_goal else None
        if by is not None and not by.allows(os.fsdecode(os.path.normpath(path)[len(within) :])):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    def holds_hidden(self, place: Place) -> bool:
        """Whether something that nobody may see is below a folder."""
        path = os.path.join(self._name_of(place.folder), place.name)
        return any(hidden.startswith(path + b"/") for hidden in self._hidden)

    def hidden_in(self, folder: int) -> set[bytes]:
        """Names in an open folder that are not to be listed, besides those that begin with a dot."""
        path = self._name_of(folder)
        return {os.path.basename(hidden) for hidden in self._hidden if os.path.dirname(hidden) == path}


def _is_link(folder: int, name: bytes) -> bool:
    try:
        os.readlink(name, dir_fd=folder)
    except OSError as fault:
        if fault.errno in (errno.EINVAL, errno.ENOENT, errno.ENOTDIR):
            return False
        raise
    return True
