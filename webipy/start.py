"""The first thing that the `webipy` command runs: until there is something that ^C could stop, ^C ends it as it ends any program.

Python itself would show where in an import it was. This has to stand before the imports, and so in a module that has none.
"""

from __future__ import annotations

import signal


def main() -> None:
    """The `webipy` command."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from webipy.cli import main as program

    program()


def singleuser() -> None:
    """The `webipy-singleuser` command."""
    from webipy.command.singleuser import main as program

    program()
