"""Watches of files and folders: by inotify, and by looking where there is none.

A watch is of a path, not of what is there now: a file that is replaced (as every careful program saves) or that does
not exist yet can be watched. A folder is watched itself; a file by its folder and its name; what is not there, and
what a link stands for, by looking every `LOOK_SECONDS`. What is watched is looked at all the same, more seldom: network
file systems report nothing of what other machines do, and a folder above can get another name.

    path ──thread──► O_PATH descriptor below the root ──► inotify watch on /proc/self/fd/N ──events──► `changed`

The descriptor is what the root gave (webipy.io.files.root_folder), so nothing outside can be watched. Events of hidden names, such
as drafts, are ignored. `changed` is called at most once in `GATHER_SECONDS`, at once for the first event;
and once when the watch has begun, so that nothing is missed that happened before.

Rejected: twisted.internet.inotify, which closes its one descriptor, and with it all watches, when one watched folder is
deleted; polling only (a second of delay, and work for nothing).

Source: inotify(7).
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Callable
from typing import Any, TypeVar

import attrs
import msgspec
from twisted.internet.interfaces import IDelayedCall, IReactorTime, IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from webipy.io.files.atomic_write import etag_of
from webipy.io.files.root_folder import FOLDER, RootFolder, parts_of
from webipy.io.reactor import Run

GATHER_SECONDS = 0.2
LOOK_SECONDS = 2.0
LOOK_AGAIN_SECONDS = 10.0
"""How often something is looked at that inotify watches, too."""

ENTRIES_LOOKED_AT = 2000
"""Of a larger folder only its own time of change is looked at, which shows names and not contents."""

_MODIFY, _ATTRIB, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE, _DELETE_SELF, _MOVE_SELF = (
    2,
    4,
    64,
    128,
    256,
    512,
    1024,
    2048,
)
_UNMOUNT, _OVERFLOW, _IGNORED = 0x2000, 0x4000, 0x8000
_WANTED = _MODIFY | _ATTRIB | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
_ENDED = _DELETE_SELF | _MOVE_SELF | _UNMOUNT | _IGNORED
_HEAD = struct.Struct("=iIII")  # struct inotify_event of linux/inotify.h: wd, mask, cookie, length of the name
_READ_BYTES = 64 * 1024
_libc = ctypes.CDLL(None, use_errno=True)
_T = TypeVar("_T")


class _Watch(msgspec.Struct, eq=False):
    parts: list[bytes]
    changed: Callable[[], None]
    name: bytes | None = None
    """Of the file in the watched folder; `None` when the folder itself is meant."""
    wd: int | None = None
    seen: object = None
    is_ended: bool = False
    called_at: float = float("-inf")
    calling: IDelayedCall | None = None
    looking: IDelayedCall | None = None


@implementer(IReadDescriptor)
class Inotify:
    """One inotify descriptor, read by the reactor.

    Args:
        came: Takes one event: watch, mask, name (empty for none).

    Raises:
        OSError: The user has no inotify instance left.
    """

    def __init__(self, reactor: Any, came: Callable[[int, int, bytes], None]) -> None:
        self._reactor, self._came = reactor, came
        self._fd: int = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        reactor.addReader(self)

    def fileno(self) -> int:
        """For the reactor."""
        return self._fd

    def logPrefix(self) -> str:
        """For Twisted's log."""
        return "inotify"

    def doRead(self) -> None:
        """Reads the events that are there."""
        try:
            body = os.read(self._fd, _READ_BYTES)
        except BlockingIOError:
            return
        at = 0
        while at < len(body):
            wd, mask, _, size = _HEAD.unpack_from(body, at)
            at += _HEAD.size + size
            self._came(wd, mask, body[at - size : at].rstrip(b"\0"))

    def connectionLost(self, reason: Failure) -> None:
        """Called when the reactor stops reading."""

    def add(self, fd: int) -> int:
        """Watches what a descriptor stands for.

        Raises:
            OSError: No room for another watch.
        """
        wd: int = _libc.inotify_add_watch(self._fd, b"/proc/self/fd/%d" % fd, _WANTED)
        if wd < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return wd

    def remove(self, wd: int) -> None:
        """Removes a watch; one that has ended by itself does not matter."""
        _libc.inotify_rm_watch(self._fd, wd)

    def close(self) -> None:
        """Closes the descriptor, and with it all watches."""
        self._reactor.removeReader(self)
        os.close(self._fd)
        self._fd = -1


@attrs.define(eq=False)
class FolderWatch:
    """All watches below a root.

    Args:
        root: The root.
        reactor: Twisted's; with `is_notified` false a clock will do.
        run: Runs a function that blocks in a thread.
        is_notified: Whether to use inotify.
    """

    root: RootFolder
    reactor: IReactorTime
    run: Run
    is_notified: bool = True
    _notices: Inotify | None = None
    _by_wd: dict[int, set[_Watch]] = attrs.field(factory=dict)
    _all: set[_Watch] = attrs.field(factory=set)
    _log = Logger()

    def watch(self, path: str, changed: Callable[[], None]) -> Callable[[], None]:
        """Watches a path; see `webipy.server.ports.files.Files.watch`.

        Args:
            path: A file or folder, or what is not there yet.
            changed: Called when something may have changed.

        Returns:
            What ends the watch.
        """
        watch = _Watch(parts_of(path), changed)
        self._all.add(watch)
        self._look(watch)
        return lambda: self._end(watch)

    def stop(self) -> None:
        """Cancels all watches."""
        for watch in tuple(self._all):
            self._end(watch)
        if self._notices is not None:
            self._notices.close()
            self._notices = None
        self.is_notified = False

    def _end(self, watch: _Watch) -> None:
        watch.is_ended = True
        self._all.discard(watch)
        self._detach(watch)
        for call in (watch.calling, watch.looking):
            if call is not None and call.active():
                call.cancel()

    # ---- looking

    def _look(self, watch: _Watch) -> None:
        wants_fd = self.is_notified and watch.wd is None
        watch.looking = None
        self.run(lambda: look(self.root, watch.parts, wants_fd)).addCallbacks(
            lambda sight: self._looked(watch, sight), self._cannot_look, callbackArgs=(), errbackArgs=(watch,)
        )

    def _cannot_look(self, failure: Failure, watch: _Watch) -> None:
        self._log.failure("what is watched cannot be looked at", failure)
        self._look_later(watch)

    def _looked(self, watch: _Watch, sight: Sight) -> None:
        try:
            if watch.is_ended:
                return
            is_news = sight.seen != watch.seen
            watch.seen = sight.seen
            if sight.fd is not None:
                self._attach(watch, sight)
                is_news = True  # what came between the look and this was reported by nobody
            if is_news:
                self._changed(watch)
            self._look_later(watch)
        finally:
            sight.close()

    def _look_later(self, watch: _Watch) -> None:
        if not watch.is_ended:
            seconds = LOOK_SECONDS if watch.wd is None else LOOK_AGAIN_SECONDS
            watch.looking = self.reactor.callLater(seconds, self._look, watch)

    def _attach(self, watch: _Watch, sight: Sight) -> None:
        assert sight.fd is not None
        try:
            if self._notices is None:
                self._notices = Inotify(self.reactor, self._came)
            wd = self._notices.add(sight.fd)
        except OSError as fault:
            if fault.errno not in (errno.ENOSPC, errno.EMFILE, errno.ENOSYS, errno.ENFILE, errno.ENOMEM):
                raise
            if self._notices is None:
                self.is_notified = False
            self._log.warn("inotify has no room: {fault}; files are looked at instead", fault=fault.strerror)
            return
        watch.wd, watch.name = wd, sight.name
        self._by_wd.setdefault(wd, set()).add(watch)

    def _detach(self, watch: _Watch) -> None:
        wd, watch.wd = watch.wd, None
        if wd is None:
            return
        sharing = self._by_wd.get(wd, set())
        sharing.discard(watch)
        if not sharing and self._by_wd.pop(wd, None) is not None and self._notices is not None:
            self._notices.remove(wd)

    # ---- events

    def _came(self, wd: int, mask: int, name: bytes) -> None:
        if mask & _OVERFLOW:
            for watch in tuple(self._all):
                self._changed(watch)
            return
        for watch in tuple(self._by_wd.get(wd, ())):
            if mask & _ENDED:
                self._detach(watch)
                self._changed(watch)
                self._look_soon(watch)
            elif name == watch.name if watch.name is not None else not name.startswith(b"."):
                self._changed(watch)

    def _look_soon(self, watch: _Watch) -> None:
        """What was watched has gone: looks for what is there now, once the one who moved it has had some time."""
        if watch.looking is not None and watch.looking.active():
            watch.looking.cancel()
            watch.looking = self.reactor.callLater(GATHER_SECONDS, self._look, watch)

    def _changed(self, watch: _Watch) -> None:
        if watch.calling is None and not watch.is_ended:
            wait = max(0.0, watch.called_at + GATHER_SECONDS - self.reactor.seconds())
            watch.calling = self.reactor.callLater(wait, self._call, watch)

    def _call(self, watch: _Watch) -> None:
        watch.calling = None
        watch.called_at = self.reactor.seconds()
        watch.changed()


class Sight(msgspec.Struct, eq=False):
    """What is at a path now.

    Args:
        seen: Differs when something has changed.
        fd: What inotify is to watch, opened with O_PATH; `None` for nothing.
        name: Of the file in that folder; `None` when the folder itself is meant.
    """

    seen: object
    fd: int | None = None
    name: bytes | None = None

    def close(self) -> None:
        """Closes the descriptor."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


def look(root: RootFolder, parts: list[bytes], wants_fd: bool) -> Sight:
    """Looks at a path. Blocks.

    Args:
        root: The root.
        parts: Of the path.
        wants_fd: Whether to open what inotify is to watch.
    """
    try:
        fd = root.open(parts, os.O_PATH)
    except OSError as fault:
        return Sight(("nothing", fault.errno))
    try:
        there = os.fstat(fd)
        if not stat.S_ISDIR(there.st_mode):
            return _look_at_file(root, parts, etag_of(there), wants_fd)
        sight = Sight(_state_of_folder(root, parts, there))
        if wants_fd:
            sight.fd, fd = fd, -1
        return sight
    finally:
        if fd >= 0:
            os.close(fd)


def _look_at_file(root: RootFolder, parts: list[bytes], etag: str, wants_fd: bool) -> Sight:
    sight = Sight(etag)
    if not wants_fd:
        return sight
    try:
        with root.place(parts, is_followed=False) as place:
            there = place.found()
            if there is not None and stat.S_ISREG(there.st_mode):
                sight.fd = os.open(b".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place.folder)
                sight.name = place.name
    except OSError:
        pass  # it went away or may not be read: it is looked at again, as what inotify cannot watch
    return sight


def _state_of_folder(root: RootFolder, parts: list[bytes], there: os.stat_result) -> object:
    state: list[object] = [there.st_ino]
    try:
        with root.opened(parts, FOLDER) as folder, os.scandir(folder) as entries:
            for entry in entries:
                if len(state) > ENTRIES_LOOKED_AT:
                    return there.st_ino, there.st_mtime_ns
                if not entry.name.startswith("."):
                    found = entry.stat(follow_symlinks=False)
                    state.append((entry.name, found.st_mode, etag_of(found)))
    except OSError:
        return there.st_ino, there.st_mtime_ns  # it may not be read, or goes away just now
    return state
