"""One kernel's operating system process: its launch, its signals, its end, and its last words.

The launch follows Jupyter ("Making kernels for Jupyter", kernel specs): the connection file is written,
`{connection_file}`, `{resource_dir}` and `{prefix}` are filled in, the kernelspec's environment is added. What differs:

- The kernel's sockets are `ipc://` in the host's private directory: no other user can reach them, no port is raced for.
  Only where a kernel does not start so, they are tcp on the loopback (`webipy.host.ways`).
- ipykernel is started through `kernel_programs/boot.py` by its path, in the kernel's own Python, which need not have webipy; and
  with `-Xfrozen_modules=off`, which its own kernelspecs have too: without it the debugger warns at every start. Where that
  does not start, it is started as the kernelspec says.
- The kernel has a session and a process group of its own, dies with its host (`PR_SET_PDEATHSIG`), and gets the default
  signal handling back: a host started in the background of a shell has SIGINT ignored, and exec would pass that on.
- Its raw output goes to a file: a pipe that nobody reads would hang it.

Rejected: `JPY_PARENT_PID` (only ipykernel knows it, and it polls); `KernelManager` of jupyter_client (asyncio, 25 MB).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import string
import subprocess
import sys
from collections.abc import Callable
from typing import Final

import msgspec

from webipy.core.kernel.connection_file import CHANNELS
from webipy.core.kernel.host_protocol import KERNEL_LOG, Kernelspec, Launch, Way
from webipy.host.last_words import LastPrinted
from webipy.host.oom_diagnosis import OomDiagnosis, counters, memory_text
from webipy.host.private_files import write_private
from webipy.host.ways import Ways, free_ports, knows_curve, with_boot_file, with_words

LOG_BYTES: Final = 1024 * 1024  # kernel.log is cut to its last half past this
TAIL_BYTES: Final = 8 * 1024  # raw output that a death report quotes
DUMP_BYTES: Final = (
    128 * 1024
)  # raw output in which the beginning of a crash is looked for: the stacks of up to 100 threads come after it

_PORTS: Final = {channel: number for number, channel in enumerate(CHANNELS, 1)}
_LOOPBACK: Final = "127.0.0.1"
_PR_SET_PDEATHSIG: Final = 1
_OUT_OF_MEMORY: Final = "The kernel stopped: out of memory ({})."
_PYTHONS: Final = {"python", f"python{sys.version_info[0]}", f"python{sys.version_info[0]}.{sys.version_info[1]}"}
_CRASH: Final = re.compile(rb"^Fatal Python error.*$", re.MULTILINE)
_RESET_SIGNALS: Final = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


class Exit(msgspec.Struct, frozen=True):
    """How a process ended: one of the first two is None. Both are where there was no process of ours: then `reason` says why; it also does where
    more is known than those two show."""

    exit_status: int | None
    signal: str | None
    reason: str = ""


class Curve(msgspec.Struct, frozen=True):
    """The keys of an encrypted connection (CurveZMQ), in Z85: both sides have both."""

    public: str
    secret: str


class CannotStart(Exception):
    """The kernel's process could not be made; the text is one sentence for the user."""


class KernelProcess:
    """The process of one kernel, over all its starts.

    Args:
        launch: What to start.
        folder: The host's directory.
        umask: The umask the kernel gets (the host's own is 077).
    """

    is_ours = True  # to signal, to restart, and to end with its host

    def __init__(self, launch: Launch, folder: str, umask: int) -> None:
        self._launch = launch
        self._folder = folder
        self._umask = umask
        self._log = os.path.join(folder, KERNEL_LOG)
        self._log_start = 0
        self._child: subprocess.Popen[bytes] | None = None
        self._shortage = OomDiagnosis(counters())
        self._was_killed = False
        self.ways = Ways(launch.spec.argv, launch.way)
        self._ports = _PORTS
        self.curve: Curve | None = None
        self.unsent: LastPrinted | None = None
        self.is_waiting = False  # for the command `enter`

    @property
    def has_boot(self) -> bool:
        """Whether it waits for whoever reads slowly."""
        return self.ways.now.boot == "ipykernel"

    @property
    def is_unheard(self) -> bool:
        """Whether it should listen on ipc and does not, and never has: it may know tcp only."""
        may_be_deaf = self.ways.now.transport == "ipc" and not self.ways.is_known
        return may_be_deaf and not any(map(os.path.exists, self._sockets()))

    @property
    def pid(self) -> int | None:
        """Process id while it lives or is not yet reaped; None without a process."""
        return None if self._child is None else self._child.pid

    @property
    def is_there(self) -> bool:
        """Whether there is a process that lives or is not yet reaped."""
        return self._child is not None

    def addresses(self) -> dict[str, str]:
        """The ZeroMQ addresses of the kernel's channels."""
        begin = f"ipc://{self._folder}/k-" if self.ways.now.transport == "ipc" else f"tcp://{_LOOPBACK}:"
        return {channel: f"{begin}{port}" for channel, port in self._ports.items()}

    def _sockets(self) -> list[str]:
        return [os.path.join(self._folder, f"k-{port}") for port in _PORTS.values()]

    def wire_key(self, key: str) -> bytes:
        """The key that the kernel signs with, as bytes: that of its start."""
        return key.encode()

    def late(self, timeout_s: float) -> str:
        """The sentence for a kernel that did not answer in time."""
        return f"The kernel did not answer within {timeout_s:g} s."

    def enter(self, cwd: str | None, env: dict[str, str] | None) -> None:
        """Lets later starts begin in another folder and with other environment variables.

        Args:
            cwd: The folder, absolute; `None` leaves it as it is.
            env: The variables; `None` leaves them as they are.
        """
        launch = self._launch
        cwd, env = launch.cwd if cwd is None else cwd, launch.env if env is None else env
        self._launch = msgspec.structs.replace(launch, cwd=cwd, env=env, waits=False)
        if self._child is not None and self._child.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it has just ended; `poll` will say so
                self._child.stdin.write(msgspec.json.encode({"cwd": cwd, "env": {"PWD": cwd, **env}}) + b"\n")
                self._child.stdin.close()
            self._child.stdin = None
        self.is_waiting = False

    def spawn(self, key: str) -> None:
        """Starts a process.

        Args:
            key: The key of this start, hex; goes into the connection file.

        Raises:
            CannotStart: There is no such command or folder, or the system refuses.
        """
        connection_file = os.path.join(self._folder, "kernel.json")
        argv = _argv(self._launch, connection_file, self.ways.now)
        if not argv:
            raise CannotStart(f"The kernelspec {self._launch.spec.name} has no command.")
        if not os.path.isdir(self._launch.cwd):
            raise CannotStart(f"The folder {self._launch.cwd} that the kernel should run in does not exist.")
        try:
            self._choose_addresses()
            write_private(connection_file, self._connection(key))
            log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._renew_unsent()
        except OSError as fault:
            raise CannotStart(f"The kernel's files cannot be written: {fault.strerror}.") from fault
        for path in self._sockets():
            _unlink(path)
        self._was_killed = False
        self.is_waiting = waits = self._launch.waits and self.ways.now.boot == "ipykernel"
        try:
            self._log_start = os.fstat(log).st_size
            self._child = subprocess.Popen(
                argv if self.unsent is None else with_words(argv, self.unsent.file, waits=waits),
                cwd=self._launch.cwd,
                env=_environment(self._launch),
                stdin=subprocess.PIPE if waits else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=self._umask,
                preexec_fn=_before_exec(os.getpid(), self._launch.nice),
                pass_fds=() if self.unsent is None else (self.unsent.file,),
            )
        except (OSError, subprocess.SubprocessError, ValueError) as fault:
            raise CannotStart(_sentence(fault, argv[0], self._launch.spec)) from fault
        finally:
            os.close(log)

    def _renew_unsent(self) -> None:
        """Makes the memory that this start keeps its last words in, if it is one that can."""
        if self.unsent is not None:
            self.unsent.close()
        self.unsent = LastPrinted() if self.ways.now.boot else None

    def _choose_addresses(self) -> None:
        is_tcp = self.ways.now.transport == "tcp"
        self._ports = free_ports() if is_tcp else _PORTS
        self.curve = _new_curve() if is_tcp and knows_curve(self._launch.spec.metadata) else None

    def _connection(self, key: str) -> bytes:
        """Encodes a connection file ("Jupyter kernels, connection files")."""
        is_tcp = self.ways.now.transport == "tcp"
        fields: dict[str, object] = {f"{channel}_port": port for channel, port in self._ports.items()}
        fields |= {"transport": self.ways.now.transport, "ip": _LOOPBACK if is_tcp else os.path.join(self._folder, "k")}
        fields |= {"kernel_name": self._launch.spec.name, "key": key, "signature_scheme": "hmac-sha256"}
        if self.curve is not None:
            fields |= {"curve_publickey": self.curve.public, "curve_secretkey": self.curve.secret}
        return msgspec.json.encode(fields)

    def poll(self) -> Exit | None:
        """Reaps the process if it has ended, and kills what is left of its group."""
        if self._child is None:
            return None
        if os.waitid(os.P_PID, self._child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        self._signal(signal.SIGKILL)  # while the zombie still keeps the group's number from being given to others
        _, status, used = os.wait4(self._child.pid, 0)
        self._child.returncode = status = os.waitstatus_to_exitcode(status)
        self._child = None
        if status >= 0:
            return Exit(status, None)
        is_short = status == -signal.SIGKILL and not self._was_killed and self._shortage.was_now()
        return Exit(
            None, _signal_name(-status), _OUT_OF_MEMORY.format(memory_text(used.ru_maxrss * 1024)) if is_short else ""
        )

    def _signal(self, number: signal.Signals) -> None:
        if self._child is None:
            return
        try:
            os.killpg(self._child.pid, number)
        except ProcessLookupError:
            return  # it ended a moment ago; `poll` will say so

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the kernel's process group, if it is there."""
        self._was_killed = self._was_killed or number == signal.SIGKILL
        self._signal(number)

    def tail(self) -> str:
        """Reads the last raw output of this start, about `TAIL_BYTES`, as valid text.

        The line with which Python begins to tell of a crash comes first, if it is not among it: the stacks of many threads may be longer than what
        is quoted (faulthandler, `all_threads`).
        """
        try:
            with open(self._log, "rb") as log:
                size = os.fstat(log.fileno()).st_size
                log.seek(max(self._log_start, size - DUMP_BYTES))
                raw = log.read(DUMP_BYTES)
        except FileNotFoundError:
            return ""
        crashes = _CRASH.findall(raw)
        quoted = raw[-TAIL_BYTES:]
        if crashes and not _CRASH.search(quoted):
            quoted = crashes[-1][:TAIL_BYTES] + b"\n...\n" + quoted.partition(b"\n")[2]
        return quoted.decode(errors="replace")

    def tend(self) -> None:
        """Keeps the last half of the log once it is too large, and counts what the system killed."""
        self._shortage.look()
        self._cut_log()

    def _cut_log(self) -> None:
        try:
            with open(self._log, "r+b", buffering=0) as log:
                size = os.fstat(log.fileno()).st_size
                if size <= LOG_BYTES:
                    return
                log.seek(size - LOG_BYTES // 2)
                kept = log.read()
                log.seek(0)
                log.truncate(0)
                log.write(kept)
                self._log_start = max(0, self._log_start - (size - len(kept)))
        except FileNotFoundError:
            return


def _new_curve() -> Curve | None:
    """Makes the keys of an encrypted connection; None where this ZeroMQ cannot encrypt."""
    import zmq  # not at the top: the kernel is spawned while ZeroMQ is imported, see `webipy.kernelhost`

    if not zmq.has("curve"):
        return None
    public, secret = zmq.curve_keypair()
    return Curve(public.decode(), secret.decode())


def _argv(launch: Launch, connection_file: str, way: Way) -> list[str]:
    """Fills in the command line, and puts the boot file in where the way has it."""
    spec = launch.spec
    names = {
        "connection_file": connection_file,
        "prefix": launch.prefix or sys.prefix,
        "resource_dir": spec.resource_dir,
    }
    argv = [re.sub(r"\{([A-Za-z0-9_]+)\}", lambda found: names.get(found[1], found[0]), part) for part in spec.argv]
    if argv and argv[0] in _PYTHONS:
        argv[0] = sys.executable
    return with_boot_file(argv)[0] if way.boot else argv


def _environment(launch: Launch) -> dict[str, str]:
    """Makes the kernel's environment as jupyter_client does, without what is only for webipy."""
    env = dict(os.environ)
    for name in ("PYTHONEXECUTABLE", "JPY_PARENT_PID"):
        env.pop(name, None)
    ours = os.path.realpath(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    if "PYTHONPATH" in env:
        paths = [path for path in env["PYTHONPATH"].split(os.pathsep) if path and os.path.realpath(path) != ours]
        env["PYTHONPATH"] = os.pathsep.join(paths)
        if not paths:
            del env["PYTHONPATH"]
    env["PWD"] = launch.cwd  # where it runs, and not where the server was started
    given = dict(env)
    env.update({name: string.Template(value).safe_substitute(given) for name, value in launch.spec.env.items()})
    env.update(launch.env)
    env.pop("JPY_PARENT_PID", None)
    return env


def _before_exec(host: int, nice: int) -> Callable[[], None]:
    """Makes the function that the child runs before exec: die with the host, default signals, give way."""
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0 or os.getppid() != host:
            os._exit(127)  # without its host nobody would ever end it
        for number in _RESET_SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if nice > 0:
            _give_way(nice)

    return prepare


def _give_way(nice: int) -> None:
    """Lowers the priority of this process, and that of its session: with autogroups, Linux weighs sessions and not processes (sched(7))."""
    os.nice(nice)
    try:
        with open("/proc/self/autogroup", "w") as group:
            group.write(str(nice))
    except OSError:
        return  # no autogroups here, or set a tenth of a second ago by a kernel beside this one: then it is as it was


def _sentence(fault: Exception, command: str, spec: Kernelspec) -> str:
    what = f"The command {command} of kernelspec {spec.name}"
    if isinstance(fault, FileNotFoundError):
        if os.path.exists(command):
            return f"{what} names an interpreter in its first line that does not exist."
        return f"{what} was not found."
    if isinstance(fault, PermissionError):
        return f"{what} may not be executed: {fault.strerror}."
    reason = fault.strerror if isinstance(fault, OSError) else str(fault)
    return f"{what} could not be started: {reason}."


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"  # a real-time signal has no name


def start_time(pid: int) -> int | None:
    """Reads when a process started, in clock ticks since boot; None when there is no such process.

    Source: proc(5), /proc/pid/stat, field 22.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return int(stat.read().rpartition(b")")[2].split()[19])
    except (FileNotFoundError, ProcessLookupError):
        return None


def boot_id() -> str:
    """The id of this boot of the machine. Source: proc(5), /proc/sys/kernel/random/boot_id."""
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()


def _unlink(path: str) -> None:
    if os.path.lexists(path):
        os.unlink(path)
