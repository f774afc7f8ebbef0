"""What a disk holds after a power cut at any moment, worked out from the system calls of a server.

strace writes down every call that changes a file below a folder, and what the server sends to its clients. `Disk` does these calls one
after the other in memory: what was not brought to the disk by an fsync is *pending*. A cut at some call keeps of each file any subset of its pending
writes, and a beginning of the pending changes of names (file systems keep these in order). A name is durable after an fsync of its folder and not
before: fsync(2) promises no more, whatever ext4 does.

Left out: -shm files (SQLite makes them anew), writes that tear within a sector.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs

CALLS = "openat,openat2,pwrite64,write,ftruncate,fdatasync,fsync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,sendto"

_LINE = re.compile(r"(\d+) +(.*)")
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+)(.*)", re.DOTALL)
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_FD = re.compile(r"(\d+)<((?:\\x[0-9a-f]{2}|[^>])*)>")


def tracing(log: Path) -> list[str]:
    """The command that goes before the server's; its process stays a child of ours."""
    return [
        "strace",
        "-D",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-y",
        "-xx",
        "-s",
        "16777216",
        "-e",
        f"trace={CALLS}",
        "-e",
        "signal=none",
        "-o",
        str(log),
    ]


@attrs.define(frozen=True)
class Call:
    """One system call that succeeded.

    Args:
        name: Its name.
        paths: The files that it names, absolute.
        body: The bytes that it writes or sends.
        number: The offset or the length.
        text: Its arguments, as strace writes them.
        begun: Which call of the log was the last that had ended when it began.
    """

    name: str
    paths: tuple[str, ...]
    body: bytes
    number: int
    text: str
    begun: int


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def _path(escaped: str) -> str:
    return _bytes(escaped).decode("utf-8", "replace") if escaped.startswith("\\x") else escaped


def calls(logs: Iterable[Path], folder: Path) -> Iterator[Call]:
    """The calls of servers that ran one after the other: what changes something below a folder and what was sent, in the order of their ends."""
    unfinished: dict[str, tuple[str, int]] = {}
    ended = 0
    for line in (line for log in logs for line in log.read_text("ascii").splitlines()):
        pid, text = _LINE.fullmatch(line).groups()  # type: ignore[union-attr]  # every line begins with a pid
        begun = ended
        if text.endswith("<unfinished ...>"):
            unfinished[pid] = text.removesuffix("<unfinished ...>"), ended
            continue
        if text.startswith("<... "):
            start, begun = unfinished.pop(pid)
            text = start + text.partition("resumed>")[2]
        found = _CALL.match(text)
        if found is None or int(found[3]) < 0:
            continue
        call = _call(found[1], found[2], found[3] + found[4], begun)
        if call is not None and (
            call.name == "sendto" or any(path.startswith(f"{folder}/") or path == str(folder) for path in call.paths)
        ):
            ended += 1
            yield call


def _call(name: str, arguments: str, result: str, begun: int) -> Call | None:
    texts = [_bytes(one) for one in _TEXT.findall(arguments)]
    fds = [_path(one[1]) for one in _FD.findall(arguments)]
    if name in ("write", "pwrite64", "sendto"):
        written = int(result.split("<")[0])
        offset = int(arguments.rpartition(", ")[2]) if name == "pwrite64" else -1
        return Call(name, tuple(fds[:1]), texts[0][:written] if texts else b"", offset, "", begun)
    if name == "ftruncate":
        return Call(name, tuple(fds), b"", int(arguments.rpartition(", ")[2]), "", begun)
    if name in ("fsync", "fdatasync"):
        return Call(name, tuple(fds), b"", 0, "", begun)
    if name in ("openat", "openat2"):
        opened = _FD.match(result)
        return Call("open", (_path(opened[2]),), b"", int(opened[1]), arguments, begun) if opened else None
    names = [one.decode("utf-8", "replace") for one in texts]
    folders = fds or [""] * len(names)
    paths = tuple(one if one.startswith("/") else f"{where}/{one}" for where, one in zip(folders, names, strict=False))
    return Call(name.removesuffix("at2").removesuffix("at"), paths, b"", 0, arguments, begun)


@attrs.define(eq=False)
class Inode:
    """A file: what is on the disk, and the writes that may be."""

    durable: bytearray = attrs.field(factory=bytearray)
    pending: list[tuple[int, int, bytes | None]] = attrs.field(
        factory=list
    )  # number of the call, offset or length, body
    size: int = 0
    is_folder: bool = False


def _apply(content: bytearray, at: int, body: bytes | None) -> None:
    if body is None:
        del content[at:]
        content.extend(bytes(at - len(content)))
        return
    content.extend(bytes(max(0, at - len(content))))
    content[at : at + len(body)] = body


@attrs.define(eq=False)
class Disk:
    """Files below a folder, as a server's calls leave them."""

    names: dict[str, Inode] = attrs.field(factory=dict)
    durable_names: dict[str, Inode] = attrs.field(factory=dict)
    pending_names: list[dict[str, Inode | None]] = attrs.field(factory=list)
    number: int = 0

    def do(self, call: Call) -> None:
        """Does what a call did."""
        self.number += 1
        if call.name == "sendto" or any(path.endswith(("-shm", " (deleted)")) for path in call.paths):
            return
        getattr(self, f"_{call.name}")(call)

    def _open(self, call: Call) -> None:
        (path,) = call.paths
        if "O_CREAT" in call.text and path not in self.names:
            self._name({path: Inode()})
        elif "O_TRUNC" in call.text and path in self.names:
            self._put(path, 0, None)

    def _mkdir(self, call: Call) -> None:
        self._name({call.paths[0]: Inode(is_folder=True)})

    def _unlink(self, call: Call) -> None:
        self._name({call.paths[0]: None})

    def _rename(self, call: Call) -> None:
        old, new = call.paths
        if "RENAME_EXCHANGE" in call.text:
            self._name({old: self.names[new], new: self.names[old]})
        else:
            self._name({old: None, new: self.names[old]})

    def _name(self, changes: dict[str, Inode | None]) -> None:
        self.pending_names.append(changes)
        _rename(self.names, changes)

    def _write(self, call: Call) -> None:
        inode = self.names[call.paths[0]]
        self._put(call.paths[0], inode.size, call.body)  # all that is written without an offset is written at the end

    def _pwrite64(self, call: Call) -> None:
        self._put(call.paths[0], call.number, call.body)

    def _ftruncate(self, call: Call) -> None:
        self._put(call.paths[0], call.number, None)

    def _put(self, path: str, at: int, body: bytes | None) -> None:
        inode = self.names[path]
        inode.pending.append((self.number, at, body))
        inode.size = at if body is None else max(inode.size, at + len(body))

    def _fdatasync(self, call: Call) -> None:
        (path,) = call.paths
        inode = self.names.get(path)
        if inode is None or inode.is_folder:
            self._sync_names(path)
            return
        while inode.pending and inode.pending[0][0] <= call.begun:
            _, at, body = inode.pending.pop(0)
            _apply(inode.durable, at, body)

    _fsync = _fdatasync

    def _sync_names(self, folder: str) -> None:
        """An fsync of a folder: the changes in it, and those before them, are on the disk."""
        last = max(
            (i for i, one in enumerate(self.pending_names) if folder in {str(Path(p).parent) for p in one}), default=-1
        )
        for changes in self.pending_names[: last + 1]:
            _rename(self.durable_names, changes)
        del self.pending_names[: last + 1]

    def read(self, path: str) -> bytes:
        """A file as programs see it."""
        inode = self.names[path]
        content = bytearray(inode.durable)
        for _, at, body in inode.pending:
            _apply(content, at, body)
        return bytes(content)

    def cut(self, chance: random.Random) -> dict[str, bytes]:
        """The files that are found after a cut now. What is pending may be there: nothing, all, or any part of it."""
        kept = chance.choice((0.0, 0.5, 1.0))
        names = dict(self.durable_names)
        for changes in self.pending_names[
            : round(len(self.pending_names) * (chance.random() if kept == 0.5 else kept))
        ]:
            _rename(names, changes)
        found: dict[str, bytes] = {}
        lost = {path for path, inode in self.names.items() if inode.is_folder and path not in names}
        for path, inode in names.items():
            if inode.is_folder or any(str(one) in lost for one in Path(path).parents):
                continue
            content = bytearray(inode.durable)
            for _, at, body in inode.pending:
                if chance.random() < kept:
                    _apply(content, at, body)
            found[path] = bytes(content)
        return found


def _rename(names: dict[str, Inode], changes: dict[str, Inode | None]) -> None:
    for path, inode in changes.items():
        if inode is None:
            names.pop(path, None)
        else:
            names[path] = inode
