"""Starts terminal hosts on this machine, and finds them again.

A host lives in a directory of its own, 0700, at `STATE/terminals/ID`; where that path is too long for a socket, it is a link to a folder of the
system for
temporary files. What lies there is all that is known of terminals: a server that starts looks through it, and needs no registry. A host whose
directory was removed ends by itself.

The shell is the user's login shell. It gets the environment of the server without what is the server's alone: the variables of a service,
of another terminal, of Jupyter (its tokens), and what is webipy's.

Source: `webipy.io.kernels.launcher`, which does the same for kernels; passwd(5). Rejected: a row in the registry for each (two truths, for what no
journal mentions).
"""

from __future__ import annotations

import os
import pwd
import re
import resource
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.kernel.host_protocol import HOST_LOG, LAUNCH_FILE, MAX_SOCKET_PATH, endpoint
from webipy.core.terminals.terminal_protocol import TerminalLaunch
from webipy.host.private_files import private
from webipy.io.kernels.host_link import LAST_WORDS_SECONDS, HostLink, LinkFactory, ProcessWatch
from webipy.io.kernels.launcher import LONGEST_NAME, LocalLauncher, announce, living
from webipy.io.reactor import Reactor
from webipy.io.storage.private_files import write_private
from webipy.server.ports.kernels import KernelLink, LinkReceiver
from webipy.server.ports.terminals import TerminalRecord

MAX_LAUNCH_BYTES = 1024 * 1024

_ALONE = re.compile(
    r"WEBIPY_.*|JPY_.*|JUPYTER.*TOKEN|JUPYTERHUB_.*|CONFIGPROXY_.*|KERNEL_.*|VTE_VERSION|WINDOWID|TERM.*|STY|TMUX.*|KITTY_.*|WEZTERM_.*|ITERM_.*"
    r"|COLUMNS|LINES|_|SHLVL|OLDPWD|PWD|NOTIFY_SOCKET|LISTEN_FDS|LISTEN_PID|LISTEN_FDNAMES|INVOCATION_ID|JOURNAL_STREAM|WATCHDOG_.*|MEMORY_PRESSURE_.*"
    r"|CREDENTIALS_DIRECTORY|PYTHONEXECUTABLE|NO_COLOR"
)
"""Variables that are the server's alone, or of the terminal that it was started in."""


@attrs.define(eq=False)
class LocalTerminals:
    """See `webipy.server.ports.terminals.TerminalLauncher`.

    Args:
        folder: Where the hosts' directories are made.
        grace_s: How long a shell that does nothing waits for a server.
        generation: This server's generation.
        reactor: Twisted's.
        now: The time, RFC 3339 in UTC.
        environment: The environment of the server.
    """

    folder: Path
    grace_s: float
    generation: int
    reactor: Reactor
    now: Callable[[], str]
    environment: Mapping[str, str] = os.environ
    _files: tuple[int, int] | None = None
    _links: LinkFactory = attrs.field(init=False)
    _children: dict[str, subprocess.Popen[bytes]] = attrs.field(factory=dict)
    _keys: dict[str, str] = attrs.field(factory=dict)
    _watches: dict[str, ProcessWatch] = attrs.field(factory=dict)
    _log = Logger()

    def start(self, files: tuple[int, int] | None) -> None:
        """Makes the folder of the hosts, and ZeroMQ's context.

        Args:
            files: What a shell gets as limit of open files (RLIMIT_NOFILE); `None` for the server's own.
        """
        self._files = files
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._links = LinkFactory(self.reactor)

    def stop(self) -> None:
        """Leaves all hosts; they live on."""
        for watch in self._watches.values():
            watch.close()
        self._watches.clear()
        self._links.shutdown()

    def launch(self, terminal: str, cwd: str, rows: int, cols: int) -> Deferred[TerminalRecord]:
        """Starts a host with the user's login shell; see the port.

        Args:
            terminal: The id of the new terminal.
            cwd: The folder that the shell starts in, absolute.
            rows: Lines of the terminal.
            cols: Columns of the terminal.

        Returns:
            The host. Fails with errors.TerminalFailed when it cannot be started.
        """
        plan = TerminalLaunch(
            terminal=terminal,
            argv=[],
            cwd=cwd,
            key=secrets.token_hex(32),
            started=self.now(),
            rows=rows,
            cols=cols,
            place=str(self.folder / terminal),
            grace_s=self.grace_s,
        )
        return self._in_thread(self._launch, plan)

    def _launch(self, plan: TerminalLaunch) -> TerminalRecord:
        shell = login_shell(self.environment)
        env = shell_environment(self.environment, shell, plan.cwd)
        plan = msgspec.structs.replace(plan, argv=[shell, "-l"], env=env)
        try:
            directory = self._make_directory(plan.terminal)
            write_private(directory / LAUNCH_FILE, msgspec.json.encode(plan))
            with open(directory / HOST_LOG, "ab", opener=private) as log:
                child = subprocess.Popen(
                    [sys.executable, "-P", "-m", "webipy.terminalhost", str(directory)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    cwd="/",
                )
            announce(directory, child.pid, plan.key, 1)
            if self._files is not None:
                resource.prlimit(child.pid, resource.RLIMIT_NOFILE, self._files)
        except OSError as fault:
            raise errors.TerminalFailed(
                f"The host of the terminal cannot be started: {fault.strerror or fault}."
            ) from None
        record = _record(plan, directory)
        self._children[record.directory], self._keys[record.directory] = child, plan.key
        return record

    def _make_directory(self, terminal: str) -> Path:
        place = self.folder / terminal
        if len(os.fsencode(place)) + len(LONGEST_NAME) > MAX_SOCKET_PATH:
            directory = Path(tempfile.mkdtemp(prefix="webipy-"))
            place.symlink_to(directory)
            return directory
        place.mkdir(mode=0o700)
        return place

    def find(self) -> Deferred[list[TerminalRecord]]:
        """The hosts of former servers that still live; what others left is removed."""
        return self._in_thread(self._find)

    def _find(self) -> list[TerminalRecord]:
        found = []
        for place in sorted(self.folder.iterdir(), key=lambda one: (len(one.name), one.name)):
            directory = place.resolve()
            launch = _read_launch(directory)
            if launch is None or living(directory) is None:
                self._log.info("removing {name}: no terminal host is there", name=place.name)
                _remove(place)
            else:
                found.append(_record(launch, directory))
        return found

    def connect(self, record: TerminalRecord, receiver: LinkReceiver) -> KernelLink | None:
        """Attaches to a host; see the port.

        Args:
            record: The host.
            receiver: Receives its messages.

        Returns:
            The link; `None` when the host lives no more.
        """
        child, key = self._children.get(record.directory), self._keys.pop(record.directory, None)
        if child is not None and key is not None:
            pid = child.pid
        else:
            host = living(Path(record.directory))
            if host is None:
                return None
            pid, key = host.pid, host.key
        try:
            watch = ProcessWatch(self.reactor, pid, lambda: self._ended(record, link, receiver))
        except ProcessLookupError:
            return None
        self._watches[record.directory] = watch
        address = endpoint(record.directory)
        link = HostLink(self._links, address, key, 1, generation=self.generation, since=0, receiver=receiver)
        return link

    def _ended(self, record: TerminalRecord, link: HostLink, receiver: LinkReceiver) -> None:
        self._watches.pop(record.directory, None)
        child = self._children.pop(record.directory, None)
        if child is not None:
            child.wait()
        link.doRead()
        self.reactor.callLater(LAST_WORDS_SECONDS, self._gone, link, receiver)

    def _gone(self, link: HostLink, receiver: LinkReceiver) -> None:
        link.doRead()
        receiver.gone()

    def remove(self, record: TerminalRecord) -> Deferred[None]:
        """Removes what an ended host left."""
        return self._in_thread(_remove, self.folder / record.terminal)

    def _in_thread(self, work: Callable[..., Any], *arguments: object) -> Deferred[Any]:
        return deferToThreadPool(self.reactor, self.reactor.getThreadPool(), work, *arguments)


def start_terminals(
    folder: Path, kernels: LocalLauncher, now: Callable[[], str], is_off: bool
) -> LocalTerminals | None:
    """Starts what starts terminals; or closes those of an earlier server.

    Args:
        folder: Where the hosts' directories are made.
        kernels: Starts kernels: for terminals counts what counts for them.
        now: The time, RFC 3339 in UTC.
        is_off: Whether terminals are switched off.

    Returns:
        What starts them; `None`: they are switched off.
    """
    reactor = kernels.reactor
    if is_off:
        removed = deferToThreadPool(reactor, reactor.getThreadPool(), _remove_hosts, folder)
        removed.addErrback(lambda failure: Logger().failure("terminals could not be closed", failure))
        return None
    terminals = LocalTerminals(folder, kernels.grace_s, kernels.generation, reactor, now)
    terminals.start(kernels.files)
    return terminals


def _remove_hosts(folder: Path) -> None:
    """Removes the directories of all hosts, which end by themselves then."""
    if folder.is_dir():
        for place in folder.iterdir():
            _remove(place)


def _record(launch: TerminalLaunch, directory: Path) -> TerminalRecord:
    shell = os.path.basename(launch.argv[0]) if launch.argv else ""
    return TerminalRecord(launch.terminal, str(directory), launch.started, launch.cwd, shell, launch.rows, launch.cols)


def _read_launch(directory: Path) -> TerminalLaunch | None:
    try:
        with open(directory / LAUNCH_FILE, "rb") as file:
            return msgspec.json.decode(file.read(MAX_LAUNCH_BYTES), type=TerminalLaunch)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _remove(place: Path) -> None:
    """Removes a host's directory, and the link to it if it lies elsewhere."""
    if place.is_symlink():
        shutil.rmtree(place.resolve(), ignore_errors=True)
        place.unlink(missing_ok=True)
    else:
        shutil.rmtree(place, ignore_errors=True)


def login_shell(environment: Mapping[str, str]) -> str:
    """The path of the user's shell: `$SHELL`, else that of the list of users, else `/bin/sh`.

    Args:
        environment: The environment of the server.
    """
    try:
        listed = pwd.getpwuid(os.getuid()).pw_shell
    except KeyError:
        listed = ""
    for shell in (environment.get("SHELL", ""), listed):
        if os.path.isabs(shell) and os.access(shell, os.X_OK) and os.path.basename(shell) not in ("nologin", "false"):
            return shell
    return "/bin/sh"


def shell_environment(environment: Mapping[str, str], shell: str, cwd: str) -> dict[str, str]:
    """The environment of a shell.

    Args:
        environment: The environment of the server.
        shell: The path of the shell.
        cwd: The folder that it starts in.
    """
    env = {name: value for name, value in environment.items() if _ALONE.fullmatch(name) is None}
    if not any(env.get(name) for name in ("LANG", "LC_ALL", "LC_CTYPE")):
        env["LANG"] = "C.UTF-8"
    return {
        **env,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "TERM_PROGRAM": "webipy",
        "SHELL": shell,
        "PWD": cwd,
    }
