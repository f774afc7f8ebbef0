"""The ways to start a kernel, tried one after the other until one of them gets ready.

A kernelspec says which command to run, and not what that command can do. So the best way is tried first:

1. with the boot file, over ipc: nothing that the kernel publishes is lost, and nobody else can reach it;
2. as the kernelspec says, over ipc: for an interpreter that cannot read the boot file (in a container, on the files of
   another machine) or is too old for it;
3. as the kernelspec says, over tcp on the loopback: for kernels that know no ipc.

A kernel that ends before it is ready is tried the next way. One that hangs is tried over tcp, if it does not listen on ipc.
What has worked is what a restart begins with, and what the server writes for this kernelspec into the next `launch.json`.

Messages over tcp are signed, so nobody can run anything; but other users of the machine can read what is published. Where the
kernelspec says that its kernel knows CURVE (`metadata.supported_encryption`), the connection is encrypted, and they cannot.

Ports are taken from below those that the system uses for outgoing connections, and are free at the moment of the spawn; a
kernel cannot be given a bound socket. Rejected: port 0 and reading the connection file again (only ipykernel writes it back);
tcp first (every other user of the machine would read along).

Source: "Making kernels for Jupyter", kernel specs and connection files; jupyter_client 8.9 for `curve_publickey` and
`curve_secretkey`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import socket

from webipy.core.kernel.connection_file import CHANNELS
from webipy.core.kernel.host_protocol import Way

BOOT_FILE: Final = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "kernel_programs", "boot.py"
)
LAUNCHERS: Final = frozenset({"ipykernel_launcher", "ipykernel"})
LOWEST_PORT: Final = 10_000  # below are services; above are the ports of outgoing connections
_PORT_TRIES: Final = 1_000

_PYTHON: Final = re.compile(r"(python|pypy)[\d.]*$")
_RANGE: Final = "/proc/sys/net/ipv4/ip_local_port_range"


def ways(argv: Sequence[str]) -> list[Way]:
    """Lists the ways to start a command, best first."""
    _, boot = with_boot_file(argv)
    return [*([Way(boot=boot)] if boot else []), Way(), Way(transport="tcp")]


class Ways:
    """The ways that are left for one kernel.

    Args:
        argv: Its command.
        known: What has started such a kernel before, to begin with.

    Attributes:
        is_known: Whether the present one has worked before.
    """

    def __init__(self, argv: Sequence[str], known: Way | None) -> None:
        self._argv = argv
        self._left, self.is_known = ways(argv), False
        if known in self._left:
            self._left, self.is_known = self._left[self._left.index(known) :], True

    @property
    def now(self) -> Way:
        """The present one."""
        return self._left[0]

    def begin_again(self) -> None:
        """Begins with the best one: none has worked, and somebody will change something."""
        self._left, self.is_known = ways(self._argv), False

    def go_on(self, *, is_unheard: bool) -> bool:
        """Chooses the next way.

        Args:
            is_unheard: Whether the process was there and did not listen on ipc, so that only tcp is left.

        Returns:
            Whether there is one.
        """
        left = [way for way in self._left[1:] if way.transport == "tcp" or not is_unheard]
        self._left = left or self._left
        return bool(left)


def with_boot_file(argv: Sequence[str]) -> tuple[list[str], Literal["", "ipykernel", "module"]]:
    """Puts the boot file into a command line that runs a module of Python.

    Returns:
        The arguments, and what the boot file stands in for; empty where it has no place in this command.
    """
    for index in range(1, len(argv) - 1):
        if argv[index] != "-m":
            continue
        before, module, rest = list(argv[:index]), argv[index + 1], argv[index + 2 :]
        if not any("frozen_modules" in part for part in before):
            before.append("-Xfrozen_modules=off")
        if module in LAUNCHERS:
            return [*before, BOOT_FILE, *rest], "ipykernel"
        is_python = _PYTHON.fullmatch(os.path.basename(argv[0])) is not None
        if is_python and all(part.startswith("-") for part in before[1:]):  # else -m is an argument of a script
            return [*before, BOOT_FILE, "--run", module, *rest], "module"
        break
    return list(argv), ""


def with_words(argv: list[str], file: int, *, waits: bool) -> list[str]:
    """Adds arguments for the boot file to a command line.

    Args:
        argv: The command line, with the boot file in it.
        file: The descriptor of the file for the last words (`webipy.kernel_programs.output_ring`).
        waits: Whether the kernel waits, with everything imported (`webipy.kernel_programs.standby`).
    """
    place = argv.index(BOOT_FILE) + 1
    return [*argv[:place], *(["--wait"] if waits else []), "--words", str(file), *argv[place:]]


def knows_curve(metadata: Mapping[str, Any]) -> bool:
    """Whether a kernelspec with this metadata says that its kernel can encrypt with CURVE."""
    listed = metadata.get("supported_encryption")
    names = listed if isinstance(listed, list) else [listed]
    return any(isinstance(name, str) and name.lower() == "curve" for name in names)


def free_ports() -> dict[str, int]:
    """Finds a port on the loopback for each channel.

    Raises:
        OSError: There are none.
    """
    import socket  # most hosts never need it, and memory of a host counts

    highest = max(LOWEST_PORT + len(CHANNELS), _first_outgoing())
    taken: dict[int, socket.socket] = {}
    try:
        for _ in range(_PORT_TRIES):
            port = LOWEST_PORT + int.from_bytes(os.urandom(4), "big") % (highest - LOWEST_PORT)
            bound = socket.socket()
            if port not in taken and _is_bound(bound, port):
                taken[port] = bound
            else:
                bound.close()
            if len(taken) == len(CHANNELS):
                return dict(zip(CHANNELS, taken, strict=True))
    finally:
        for bound in taken.values():
            bound.close()
    raise OSError("no free port was found on the loopback")


def _is_bound(one: socket.socket, port: int) -> bool:
    try:
        one.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def _first_outgoing() -> int:
    """The first port that the system uses for outgoing connections (ip(7))."""
    try:
        with open(_RANGE) as file:
            return int(file.read().split()[0])
    except OSError:
        return 32_768
