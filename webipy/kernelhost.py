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
import sys
from typing import Final

from webipy.core.kernel.host_protocol import Launch
from webipy.host.host_folder import Unusable, read_launch
from webipy.host.process import CannotStart, KernelProcess

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
    try:
        launch = read_launch(folder, Launch, "a kernel")
    except Unusable as unusable:
        sys.stderr.write(f"{unusable}\n")
        return 2
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
