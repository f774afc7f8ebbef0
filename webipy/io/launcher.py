"""Starts kernel hosts on this machine, finds them again, and asks which kernelspecs there are.

A host lives in a directory of its own, 0700, under `STATE/hosts` (or under the system's folder for temporary files
where the state directory's path is too long for a socket: 107 bytes). The server writes `launch.json` there, with the
key; the host writes `host.json`: where it listens, its key now, and its pid with its start time, so that a later
server attaches to that process and to no other that got its number.

A host is started in its own OS session, so that no signal and no end of the server reaches it; its end is told by a
pidfd.

Kernelspecs are asked of a short-lived process: importing jupyter_client would cost the server 20 MB and half a second
for a list. Source: docs/kernel-host.md. Rejected: `reactor.spawnProcess` (the child stays in our session and dies
with the terminal).
"""

from __future__ import annotations

import os
import resource
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.threads import deferToThreadPool
from twisted.internet.utils import getProcessOutputAndValue
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.core import errors
from webipy.core.connection import MAX_BYTES, BadConnection, Connection, read
from webipy.core.spool import Kept
from webipy.io.hostlink import LAST_WORDS_SECONDS, HostLink, LinkFactory, ProcessWatch, Reactor
from webipy.io.leftovers import Leftovers
from webipy.io.private import private, write_private
from webipy.server.ports import HostRecord, KernelLink, LeftBatch, LinkReceiver, Spec, Specs

READY_SECONDS = 60
"""How long a kernel may take to answer for the first time."""
ATTACHED_SECONDS = 10
"""The same for one that something else started, and that should be there already."""
MAX_SOCKET_PATH = 107
LONGEST_NAME = "/host-xx"
SPECS_SECONDS = 5.0
"""How long a list of kernelspecs is good for; a new one that is installed meanwhile shows then."""


class _HostFile(msgspec.Struct):
    pid: int
    start_time: int
    boot_id: str
    endpoint: str
    key: str
    start: int


class _SpecFile(msgspec.Struct):
    name: str
    argv: list[str]
    display_name: str
    language: str
    env: dict[str, str]
    interrupt_mode: str
    metadata: dict[str, object]
    resource_dir: str


class _SpecsFile(msgspec.Struct):
    default: str | None
    kernelspecs: dict[str, _SpecFile]
    broken: dict[str, str] = {}


@attrs.define(eq=False)
class LocalLauncher:
    """See `webipy.server.ports.Launcher`.

    Args:
        folder: Where the hosts' directories are made.
        username: The name in the messages to kernels.
        grace_s: How long a host waits for a server before it ends by itself, idle.
        generation: This server's generation.
        reactor: Twisted's.
    """

    folder: Path
    username: str
    grace_s: float
    generation: int
    reactor: Reactor
    files: tuple[int, int] | None = None
    """What a host and its kernel get as limit of open files (RLIMIT_NOFILE); `None` for the server's own."""

    _links: LinkFactory = attrs.field(init=False)
    _children: dict[str, subprocess.Popen[bytes]] = attrs.field(factory=dict)
    _keys: dict[str, tuple[str, int]] = attrs.field(factory=dict)
    _specs: Specs | None = None
    _specs_until: float = 0.0
    _asking: list[Deferred[Specs]] = attrs.field(factory=list)
    _watches: set[ProcessWatch] = attrs.field(factory=set)
    _log = Logger()

    def start(self) -> None:
        """Makes ready to link."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._links = LinkFactory(self.reactor)

    def stop(self) -> None:
        """Leaves all hosts; they live on."""
        for watch in list(self._watches):
            watch.close()
        self._watches.clear()
        self._links.shutdown()

    def remove_others(self, known: Collection[str]) -> None:
        """Removes the directories of hosts that no session knows: the last server died before it had written their row, or after their session
        was closed. A host whose directory is gone ends by itself, and its kernel with it.
        """
        for directory in self.folder.iterdir():
            if str(directory) not in known:
                self._log.info("removing {directory}: no session has this kernel host", directory=directory.name)
                shutil.rmtree(directory, ignore_errors=True)

    # ---- kernelspecs

    def specs(self) -> Deferred[Specs]:
        """The kernelspecs that are installed now."""
        told: Deferred[Specs] = Deferred()
        if self._specs is not None and self.reactor.seconds() < self._specs_until:
            told.callback(self._specs)
            return told
        self._asking.append(told)
        if len(self._asking) == 1:
            self._ask()
        return told

    def _ask(self) -> None:
        asked: Deferred[tuple[bytes, bytes, int]] = maybeDeferred(
            getProcessOutputAndValue,
            sys.executable,
            ("-P", "-m", "webipy.kernelspecs"),
            env=dict(os.environ),
            reactor=self.reactor,
        )
        asked.addErrback(_not_asked)
        asked.addCallback(self._were_told).addBoth(self._tell)

    def _were_told(self, outcome: tuple[bytes, bytes, int]) -> Specs:
        out, err, status = outcome
        if status != 0:
            self._log.error(
                "looking for kernelspecs failed with status {status}: {err}",
                status=status,
                err=err.decode("utf-8", "replace")[-2000:],
            )
            raise errors.KernelFailed("Looking for kernelspecs failed; the server's log tells why.")
        told = msgspec.json.decode(out, type=_SpecsFile)
        found = {name: Spec(**msgspec.structs.asdict(spec)) for name, spec in told.kernelspecs.items()}
        self._specs = Specs(told.default, found, told.broken)
        self._specs_until = self.reactor.seconds() + SPECS_SECONDS
        return self._specs

    def _tell(self, outcome: Specs | Failure) -> None:
        asking, self._asking = self._asking, []
        for told in asking:
            if isinstance(outcome, Failure):
                told.errback(outcome)
            else:
                told.callback(outcome)

    # ---- hosts

    def launch(self, kernel: str, spec: Spec, cwd: str, start: int) -> Deferred[HostRecord]:
        """Starts a host; see the port."""
        return self._in_thread(self._launch, kernel, spec, cwd, start)

    def attach(self, kernel: str, connection: str, start: int) -> Deferred[HostRecord]:
        """Starts a host that joins a kernel; see the port."""
        return self._in_thread(self._attach, kernel, connection, start)

    def _attach(self, kernel: str, path: str, start: int) -> HostRecord:
        connection = read_connection(path)
        name = connection.kernel_name or "attached"
        spec = Spec(name, "Attached kernel", "", [], {}, "message", {}, "")
        return self._launch(kernel, spec, "/", start, connection)

    def _in_thread(self, work: Callable[..., Any], *arguments: object) -> Deferred[Any]:
        return deferToThreadPool(self.reactor, self.reactor.getThreadPool(), work, *arguments)

    def leftovers(self, record: HostRecord, since: int) -> LeftoversInThread:
        """What a host that has ended left, after message `since`."""
        return LeftoversInThread(Leftovers(Path(record.directory), since), self._in_thread)

    def _launch(
        self, kernel: str, spec: Spec, cwd: str, start: int, connection: Connection | None = None
    ) -> HostRecord:
        key = secrets.token_hex(32)
        launch = {
            "kernel": kernel,
            "spec": {field.name: getattr(spec, field.name) for field in attrs.fields(Spec)},
            "cwd": cwd,
            "env": {},
            "key": key,
            "username": self.username,
            "grace_s": self.grace_s,
            "ready_timeout_s": READY_SECONDS if connection is None else ATTACHED_SECONDS,
            "prefix": sys.prefix,
            "start": start,
            "connection": connection,
        }
        try:
            directory = self._make_directory(kernel, start)
            write_private(directory / "launch.json", msgspec.json.encode(launch))
            with open(directory / "host.log", "ab", opener=private) as log:
                child = subprocess.Popen(
                    [sys.executable, "-P", "-m", "webipy.kernelhost", str(directory)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    cwd="/",
                )
            if self.files is not None:
                resource.prlimit(child.pid, resource.RLIMIT_NOFILE, self.files)
        except OSError as fault:
            raise errors.KernelFailed(f"The kernel host cannot be started: {fault.strerror or fault}.") from None
        is_attached = connection is not None
        record = HostRecord(kernel, str(directory), spec.name, spec.display_name, spec.language, is_attached)
        self._children[record.directory] = child
        self._keys[record.directory] = (key, start)
        return record

    def _make_directory(self, kernel: str, start: int) -> Path:
        directory = self.folder / f"{kernel[:16]}-{start}"
        if len(os.fsencode(directory)) + len(LONGEST_NAME) > MAX_SOCKET_PATH:
            return Path(tempfile.mkdtemp(prefix="webipy-"))
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(mode=0o700)
        return directory

    def connect(self, record: HostRecord, since: int, receiver: LinkReceiver) -> KernelLink | None:
        """Attaches to a host; `None` when it lives no more."""
        child = self._children.get(record.directory)
        if child is not None:
            pid, (key, start) = child.pid, self._keys.pop(record.directory)
        else:
            found = _living(Path(record.directory))
            if found is None:
                return None
            pid, key, start = found.pid, found.key, found.start
        link: HostLink

        def ended() -> None:
            self._watches.discard(watch)
            if child is not None:
                child.wait()
                del self._children[record.directory]
            link.doRead()
            self.reactor.callLater(LAST_WORDS_SECONDS, gone)

        def gone() -> None:
            link.doRead()
            if link.is_closed:
                shutil.rmtree(record.directory, ignore_errors=True)
            else:
                receiver.gone()

        try:
            watch = ProcessWatch(self.reactor, pid, ended)
        except ProcessLookupError:
            return None
        self._watches.add(watch)
        endpoint = f"ipc://{record.directory}/host"
        link = HostLink(self._links, endpoint, key, start, generation=self.generation, since=since, receiver=receiver)
        return link


@attrs.define(eq=False)
class LeftoversInThread:
    """See `webipy.server.ports.Leftovers`."""

    _left: Leftovers
    _in_thread: Callable[..., Deferred[Any]]

    def next(self) -> Deferred[LeftBatch | None]:
        """The next messages, or `None` when there are no more."""
        return self._in_thread(_next_batch, self._left)

    def reason(self) -> Deferred[str]:
        """Why the host ended, in one sentence."""
        return self._in_thread(self._left.reason)

    def remove(self) -> Deferred[None]:
        """Removes what it left."""
        return self._in_thread(self._left.remove)


def _not_asked(failure: Failure) -> Any:
    """No process could be started (EAGAIN, ENOMEM, EMFILE): says so, in the words of the system."""
    fault = failure.check(OSError) and failure.value
    if not isinstance(fault, OSError):
        return failure
    raise errors.KernelFailed(f"Kernelspecs cannot be looked up: {fault.strerror or fault}.") from None


def read_connection(path: str) -> Connection:
    """Reads a connection file; never waits for one that is a pipe.

    Raises:
        errors.InvalidParams: There is none, or none that can be joined.
    """
    if not os.path.isabs(path):
        raise errors.InvalidParams(f"connection must be an absolute path; {path!r} is none.", field="connection")
    try:
        with open(path, "rb", opener=_at_once) as file:
            is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            text = file.read(MAX_BYTES) if is_file else b""
        return read(text)
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else str(fault)
        raise errors.InvalidParams(f"{path} cannot be read: {reason}.", field="connection") from None
    except BadConnection as fault:
        raise errors.InvalidParams(f"{path} {fault}", field="connection") from None


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK)


def _next_batch(left: Leftovers) -> LeftBatch | None:
    since = left.since
    read: list[Kept] = left.read()
    if not read:
        last = left.missing_until()
        return LeftBatch([], last, True) if last is not None else None
    is_gap = [kept.number for kept in read] != list(range(since + 1, since + 1 + len(read)))
    return LeftBatch([(kept.channel, kept.message) for kept in read], read[-1].number, is_gap)


def _living(directory: Path) -> _HostFile | None:
    """What a host says of itself, if the process that said it still lives."""
    try:
        told = msgspec.json.decode((directory / "host.json").read_bytes(), type=_HostFile)
        status = Path(f"/proc/{told.pid}/stat").read_text()
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (OSError, msgspec.DecodeError):
        return None
    fields = status.rpartition(")")[2].split()
    if fields[0] in "ZX":  # it has ended, and nobody has asked for its status yet
        return None
    return told if (int(fields[19]), boot_id) == (told.start_time, told.boot_id) else None
