"""The kernel host: the small process beside one kernel, which owns its channels and outlives the server.

`python -m webipy.kernelhost DIR` starts the kernel that DIR/launch.json describes, or joins the one whose connection
file is in there, and serves it at `ipc://DIR/host`.
It numbers all that leaves the kernel and keeps it until a server has acknowledged it, so that a server can be stopped,
killed or upgraded at any moment while code runs. docs/kernel-host.md is the protocol; `outbox`, `host_queue`, `reply_gate`
and `server_fence` of `webipy.core.kernel` take the decisions; `webipy.host` holds the sockets, the process and the files.

DIR is a folder of mode 0700 that belongs to this user. Files in it, all 0600:

    launch.json     read once: what to start
    host            the socket; host.json: how to reach and trust it, rewritten at every start of the kernel
    kernel.json     the kernel's connection file; k-1 ... k-5: its sockets; k-f, d-N: those of its forks and its debugger
    (`webipy.kernel_programs.private_endpoints`)
    kernel.log      its raw output, the last MiB
    spool-N         kept messages that memory has no room for
    farewell.json   written when the host ends in order: why, and which numbers nobody has acknowledged

The kernel is spawned before ZeroMQ is imported: both take a tenth of a second, and so they do it side by side.

Exit status: 0 after an end in order; 2 when DIR or launch.json is not usable, 1 when the socket is not; the reason is
then on stderr.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import Final, NoReturn

import msgspec

from webipy.core.kernel.host_protocol import HOST_FILE, LAUNCH_FILE, MAX_SOCKET_PATH, SOCKET, HostFile, Launch
from webipy.host.process import CannotStart, KernelProcess, boot_id, start_time

MAX_LAUNCH_BYTES: Final = 1024 * 1024
USAGE: Final = (
    "usage: python -m webipy.kernelhost DIR\n\n"
    "Starts the kernel that DIR/launch.json describes and serves it at ipc://DIR/host until it is shut down.\n"
)


def main(argv: list[str]) -> int:
    """Runs a host; the arguments are those after the program's name."""
    if len(argv) != 1 or argv[0] in ("-h", "--help"):
        is_help = argv[:1] in (["-h"], ["--help"])
        (sys.stdout if is_help else sys.stderr).write(USAGE)
        return 0 if is_help else 2
    folder = os.path.abspath(argv[0])
    umask = os.umask(0o077)
    _check_folder(folder)
    _check_alone(folder)
    launch = _read_launch(os.path.join(folder, LAUNCH_FILE))
    process, fault = KernelProcess(launch, folder, umask), None
    try:
        if launch.connection is None:
            process.spawn(launch.key)
    except CannotStart as failed:
        fault = failed
    import zmq  # only now: the kernel starts while ZeroMQ is imported

    from webipy.host.attached_kernel import AttachedKernel
    from webipy.host.loop import Host

    try:
        kernel = process if launch.connection is None else AttachedKernel(launch.connection)
        host = Host(launch, folder, kernel, fault)
    except (OSError, zmq.ZMQError) as failed:
        sys.stderr.write(f"The endpoint in {folder} cannot be opened: {failed.strerror}.\n")
        return 1
    host.run()
    return 0


def _check_folder(folder: str) -> None:
    """Refuses a directory that is not private, or whose sockets would have no room for their path."""
    try:
        found = os.stat(folder)
    except OSError as fault:
        _refuse(f"{folder} cannot be used: {fault.strerror}.")
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        _refuse(f"{folder} must be a folder of this user with mode 0700: other users could reach the kernel.")
    if len(os.fsencode(os.path.join(folder, SOCKET))) > MAX_SOCKET_PATH:
        limit = MAX_SOCKET_PATH - len("/" + SOCKET)
        _refuse(f"The path of {folder} is longer than {limit} bytes, which is too long for a socket in it.")


def _check_alone(folder: str) -> None:
    """Refuses a folder that has a living host: two would take each other's socket away."""
    try:
        with open(os.path.join(folder, HOST_FILE), "rb") as file:
            other = msgspec.json.decode(file.read(MAX_LAUNCH_BYTES), type=HostFile)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return  # no host was here, or nothing that one wrote
    if other.pid == os.getpid():
        return  # who has started this one has announced it
    if other.boot_id == boot_id() and other.start_time == start_time(other.pid):
        _refuse(f"{folder} has a host already: process {other.pid}.")


def _read_launch(path: str) -> Launch:
    try:
        with open(path, "rb") as file:
            launch = msgspec.json.decode(file.read(MAX_LAUNCH_BYTES), type=Launch)
    except OSError as fault:
        _refuse(f"{path} cannot be read: {fault.strerror}.")
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        _refuse(f"{path} does not describe a kernel: {fault}.")
    if len(launch.key) < 32:
        _refuse(f"{path} has a key of {len(launch.key)} characters; it needs 32 or more.")
    return launch


def _refuse(sentence: str) -> NoReturn:
    sys.stderr.write(sentence + "\n")
    sys.exit(2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
