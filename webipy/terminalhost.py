"""The terminal host: the small process beside one shell, which owns its pty and outlives the server.

`python -m webipy.terminalhost DIR` starts the shell that DIR/launch.json describes on a pty, and serves it at `ipc://DIR/host`. It keeps the last
of what
was printed, so that a server can be stopped, killed or upgraded at any moment while the shell runs. docs/terminal-host.md is the
protocol; `webipy.core.terminals` takes the decisions, `webipy.host.terminal_loop` and `webipy.host.terminal_process` hold the sockets and the
process.

DIR is a folder of mode 0700 that belongs to this user, as that of a kernel host (`webipy.kernelhost`). Files in it, all 0600: launch.json, host (the
socket), host.json, host.log.

Exit status: 0 after an end in order; 2 when DIR or launch.json is not usable, 1 when the socket is not; the reason is then on stderr.
"""

from __future__ import annotations

import os
import sys
from typing import Final

from webipy.core.terminals.terminal_protocol import TerminalLaunch
from webipy.host.host_folder import Unusable, read_launch
from webipy.host.terminal_loop import start

USAGE: Final = (
    "usage: python -m webipy.terminalhost DIR\n\n"
    "Starts the shell that DIR/launch.json describes and serves it at ipc://DIR/host until it ends.\n"
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
        launch = read_launch(folder, TerminalLaunch, "a terminal")
    except Unusable as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    return start(launch, folder, umask)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
