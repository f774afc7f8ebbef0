"""Starts kernel hosts on this machine, and finds them again.

A host lives in a directory of its own, 0700, under `STATE/hosts` (or under the system's folder for temporary files
where the state directory's path is too long for a socket: 107 bytes). The server writes `launch.json` there, with the
key, and a first `host.json`; the host writes that again: where it listens, its key now, and its pid with its start time, so
that a later server attaches to that process and to no other that got its number.

A host is started in its own OS session, so that no signal and no end of the server reaches it; its end is noticed by a
pidfd.

A host may be launched before anybody needs it (webipy.server.sessions.kernel_pool), and is connected to again by the session that gets it: a
second connection takes the place of the first.

Source: docs/kernel-host.md. Rejected: `reactor.spawnProcess` (the child stays in our session and dies
with the terminal).
"""

from __future__ import annotations

import contextlib
import os
import resource
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import attrs
import msgspec
from msgspec.structs import replace
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.kernel.connection_file import MAX_BYTES, BadConnection, Connection, read
from webipy.core.kernel.host_protocol import (
    HOST_FILE,
    HOST_LOG,
    KERNEL_LOG,
    LAUNCH_FILE,
    MAX_SOCKET_PATH,
    SOCKET,
    HostFile,
    Kernelspec,
    KnownWay,
    Launch,
    endpoint,
)
from webipy.core.kernel.spool_records import Kept
from webipy.host.private_files import private
from webipy.host.process import boot_id, start_time
from webipy.io.kernels.host_link import LAST_WORDS_SECONDS, HostLink, LinkFactory, ProcessWatch
from webipy.io.kernels.host_remains import HostRemains
from webipy.io.kernels.kernelspec_cache import KernelspecCache
from webipy.io.kernels.log_file import read_log
from webipy.io.reactor import Reactor
from webipy.io.storage.private_files import write_private
from webipy.server.ports.kernels import NO_ENV, HostRecord, KernelLink, LeftBatch, LinkReceiver, LogPart, Specs

READY_SECONDS = 60.0
"""How long a kernel may take to answer for the first time, unless the server's options say otherwise."""
ATTACHED_SECONDS = 10
"""The same for one that something else started, and that should be there already."""
LONGEST_NAME = "/" + SOCKET + "-xx"


@attrs.define(eq=False)
class LocalLauncher:
    """See `webipy.server.ports.kernels.Launcher`.

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

    nice: int = 0
    """How much kernels give way to other processes, as nice(1) has it."""

    ready_s: float = READY_SECONDS
    """How long a kernel may take to answer for the first time."""

    _links: LinkFactory = attrs.field(init=False)
    _children: dict[str, subprocess.Popen[bytes]] = attrs.field(factory=dict)
    _keys: dict[str, tuple[str, int]] = attrs.field(factory=dict)
    _specs: KernelspecCache = attrs.field(init=False)
    _connected: dict[str, tuple[ProcessWatch, HostLink]] = attrs.field(factory=dict)
    _unwanted: set[str] = attrs.field(factory=set)
    _launched: dict[str, list[str]] = attrs.field(factory=dict)
    _ways: dict[str, tuple[list[str], KnownWay]] = attrs.field(factory=dict)
    _log = Logger()

    def start(self) -> None:
        """Makes the folder of the hosts, and ZeroMQ's context."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._links = LinkFactory(self.reactor)
        self._specs = KernelspecCache(self.reactor)

    def stop(self) -> None:
        """Leaves all hosts; they live on, but for those that were discarded."""
        for watch, _ in self._connected.values():
            watch.close()
        self._connected.clear()
        self._links.shutdown()
        for directory in self._unwanted:
            shutil.rmtree(directory, ignore_errors=True)

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
        return self._specs.specs().addCallback(self._with_ways)

    def _with_ways(self, specs: Specs) -> Specs:
        known = {
            name: way
            for name, (argv, way) in self._ways.items()
            if name in specs.found and specs.found[name].argv == argv
        }
        return attrs.evolve(specs, ways=known) if known else specs

    def is_folder(self, path: str) -> Deferred[bool]:
        """Whether there is a folder at this absolute path."""
        return self._in_thread(os.path.isdir, path)

    def has_started(self, record: HostRecord, way: KnownWay) -> None:
        """Records how the kernel of a host started: the next one of its kernelspec begins with that.

        Args:
            record: The host.
            way: How its kernel started.
        """
        argv = self._launched.get(record.directory)
        if argv is not None:
            self._ways[record.spec] = argv, way

    # ---- hosts

    def launch(
        self,
        kernel: str,
        spec: Kernelspec,
        cwd: str,
        start: int,
        *,
        grace_s: float | None = None,
        env: Mapping[str, str] = NO_ENV,
        waits: bool = False,
    ) -> Deferred[HostRecord]:
        """Starts a host; see the port.

        Args:
            kernel: The kernel's id.
            spec: Its kernelspec.
            cwd: The folder that it runs in, absolute.
            start: The number of its first start.
            grace_s: How long the host waits for a server before it ends by itself; `None` for as long as is usual.
            env: Environment variables beside those of the server and the kernelspec.
            waits: Whether the kernel waits, with everything imported, for the command `enter`.

        Returns:
            The host. Fails with errors.KernelFailed when it cannot be started.
        """
        grace_s = self.grace_s if grace_s is None else grace_s
        plan = replace(self._plan(kernel, spec, cwd, start), grace_s=grace_s, env=dict(env), waits=waits)
        return self._in_thread(self._launch, plan)

    def discard(self, record: HostRecord) -> None:
        """Ends a host that nobody needs; see the port."""
        child = self._children.get(record.directory)
        self._unwanted.add(record.directory)
        if child is not None:
            child.kill()
        connected = self._connected.get(record.directory)
        if connected is not None:
            connected[1].close()

    def attach(self, kernel: str, connection: str, start: int) -> Deferred[HostRecord]:
        """Starts a host that joins a kernel; see the port.

        Args:
            kernel: The kernel's id.
            connection: The path of its connection file, absolute.
            start: The number of its start.

        Returns:
            The host. Fails with errors.InvalidParams and errors.KernelFailed.
        """
        return self._in_thread(self._attach, kernel, connection, start)

    def _attach(self, kernel: str, path: str, start: int) -> HostRecord:
        connection = read_connection(path)
        name = connection.kernel_name or "attached"
        spec = Kernelspec(name, [], "Attached kernel", interrupt_mode="message")
        plan = self._plan(kernel, spec, "/", start)
        return self._launch(replace(plan, ready_timeout_s=ATTACHED_SECONDS, connection=connection))

    def _in_thread(self, work: Callable[..., Any], *arguments: object) -> Deferred[Any]:
        return deferToThreadPool(self.reactor, self.reactor.getThreadPool(), work, *arguments)

    def leftovers(self, record: HostRecord, since: int) -> RemainsInThread:
        """The messages that an ended host left.

        Args:
            record: The host.
            since: The number of the last message that is taken in already.
        """
        return RemainsInThread(HostRemains(Path(record.directory), since), self._in_thread)

    def _launch(self, plan: Launch) -> HostRecord:
        key, spec, start = plan.key, plan.spec, plan.start
        try:
            directory = self._make_directory(plan.kernel, start)
            write_private(directory / LAUNCH_FILE, msgspec.json.encode(plan))
            with open(directory / HOST_LOG, "ab", opener=private) as log:
                child = subprocess.Popen(
                    [sys.executable, "-P", "-m", "webipy.kernelhost", str(directory)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    cwd="/",
                )
            announce(directory, child.pid, key, start)
            if self.files is not None:
                resource.prlimit(child.pid, resource.RLIMIT_NOFILE, self.files)
        except OSError as fault:
            raise errors.KernelFailed(f"The kernel host cannot be started: {fault.strerror or fault}.") from None
        is_attached = plan.connection is not None
        record = HostRecord(plan.kernel, str(directory), spec.name, spec.display_name, spec.language, is_attached)
        self._children[record.directory] = child
        self._keys[record.directory] = (key, start)
        self._launched[record.directory] = spec.argv
        return record

    def _plan(self, kernel: str, spec: Kernelspec, cwd: str, start: int) -> Launch:
        """What is started, with a new key."""
        known = self._ways.get(spec.name)
        return Launch(
            kernel=kernel,
            spec=spec,
            cwd=cwd,
            key=secrets.token_hex(32),
            username=self.username,
            grace_s=self.grace_s,
            ready_timeout_s=self.ready_s,
            prefix=sys.prefix,
            start=start,
            nice=self.nice,
            way=known[1] if known is not None and known[0] == spec.argv else None,
        )

    def _make_directory(self, kernel: str, start: int) -> Path:
        directory = self.folder / f"{kernel[:16]}-{start}"
        if len(os.fsencode(directory)) + len(LONGEST_NAME) > MAX_SOCKET_PATH:
            return Path(tempfile.mkdtemp(prefix="webipy-"))
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(mode=0o700)
        return directory

    def logs(
        self, record: HostRecord, kernel_since: int | None, host_since: int | None, limit: int
    ) -> Deferred[tuple[LogPart, LogPart] | None]:
        """Reads what kernel and host have logged; see the port.

        Args:
            record: The host.
            kernel_since: The position in the kernel's log to read from, in bytes; `None` for its end.
            host_since: The same in the host's log.
            limit: Bytes of each at most.

        Returns:
            Both parts, the kernel's first; `None` when nothing of the host is left.
        """
        directory = Path(record.directory)

        def read() -> tuple[LogPart, LogPart] | None:
            if not directory.is_dir():
                return None
            kernel, host = ((directory / name, at) for name, at in ((KERNEL_LOG, kernel_since), (HOST_LOG, host_since)))
            return read_log(*kernel, limit), read_log(*host, limit)

        return self._in_thread(read)

    def connect(self, record: HostRecord, since: int, receiver: LinkReceiver) -> KernelLink | None:
        """Connects to a host, in place of who was connected before.

        Args:
            record: The host.
            since: The number of the last message that is taken in already.
            receiver: Gets its messages.

        Returns:
            The link; `None` when the host lives no more.
        """
        child, first = self._children.get(record.directory), self._keys.pop(record.directory, None)
        if child is not None and first is not None:
            pid, (key, start) = child.pid, first
        else:
            found = living(Path(record.directory))
            if found is None:
                return None
            pid, key, start = found.pid, found.key, found.start
        before = self._connected.pop(record.directory, None)
        if before is not None:  # who had it until now started it in advance
            before[0].close()
            before[1].close()
        try:
            watch = ProcessWatch(self.reactor, pid, lambda: self._ended(record, link, receiver))
        except ProcessLookupError:
            return None
        address = endpoint(record.directory)
        link = HostLink(self._links, address, key, start, generation=self.generation, since=since, receiver=receiver)
        self._connected[record.directory] = watch, link
        return link

    def _ended(self, record: HostRecord, link: HostLink, receiver: LinkReceiver) -> None:
        """A host has ended: reads its last messages, and then notifies its receiver."""
        self._connected.pop(record.directory, None)
        self._launched.pop(record.directory, None)
        child = self._children.pop(record.directory, None)
        if child is not None:
            child.wait()
        link.doRead()
        self.reactor.callLater(LAST_WORDS_SECONDS, self._gone, record, link, receiver)

    def _gone(self, record: HostRecord, link: HostLink, receiver: LinkReceiver) -> None:
        link.doRead()
        if link.is_closed:
            self._unwanted.discard(record.directory)
            self._in_thread(shutil.rmtree, record.directory, True)
        else:
            receiver.gone()


@attrs.define(eq=False)
class RemainsInThread:
    """See `webipy.server.ports.kernels.HostRemains`."""

    _left: HostRemains
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


def _next_batch(left: HostRemains) -> LeftBatch | None:
    since = left.since
    read: list[Kept] = left.read()
    if not read:
        last = left.missing_until()
        return LeftBatch([], last, True) if last is not None else None
    is_gap = [kept.number for kept in read] != list(range(since + 1, since + 1 + len(read)))
    return LeftBatch([(kept.channel, kept.message) for kept in read], read[-1].number, is_gap)


def announce(directory: Path, pid: int, key: str, start: int) -> None:
    """Writes the first `host.json` for a host that has just been spawned, unless it has done so itself: it takes a moment, and a server that
    starts in that moment must not take it for dead.

    Args:
        directory: The host's directory.
        pid: Its process.
        key: The key of the link.
        start: The number of its first start.
    """
    began = start_time(pid)
    if began is None:
        return
    first = directory / "announced.json"
    host = HostFile(pid, began, boot_id(), endpoint(str(directory)), key, start)
    write_private(first, msgspec.json.encode(host))
    with contextlib.suppress(FileExistsError):
        os.link(first, directory / HOST_FILE)
    first.unlink()


def living(directory: Path) -> HostFile | None:
    """The file of a host, if the process that wrote it still lives."""
    try:
        host = msgspec.json.decode((directory / HOST_FILE).read_bytes(), type=HostFile)
        status = Path(f"/proc/{host.pid}/stat").read_text()
        boot = boot_id()
    except (OSError, msgspec.DecodeError):
        return None
    fields = status.rpartition(")")[2].split()
    if fields[0] in "ZX":  # it has ended, and nobody has asked for its status yet
        return None
    return host if (int(fields[19]), boot) == (host.start_time, host.boot_id) else None
