"""Lets the boot file wait, with everything imported, until somebody needs its kernel.

The host starts it with a pipe as standard input and writes one line there when it is known where the kernel is needed:

    {"cwd": FOLDER, "env": {NAME: VALUE, ...}}

From there on it is as if it had been started in that folder: configuration, startup files and extensions of IPython come later and
find it, and what was relative in PYTHONPATH is so to that folder. Only what Python runs by itself at its start has run before: where that is
code of the user's (`sitecustomize`, `usercustomize`), and the folder is another one, the interpreter starts again in place. An end of the pipe
without a line ends it.

`webipy/kernel_programs/boot.py` loads this in the kernel's environment, by its path: the standard library only, Python 3.8.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import sysconfig

IMPORTED = (
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.history",
    "IPython.core.logger",
    "IPython.core.magics",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "mmap",
    "sqlite3",
    "tornado.platform.asyncio",
)
"""What a kernel imports until it is ready, and nothing else: matplotlib, for one, looks for its settings in the folder where it is imported."""


def wait(boot_file: str) -> None:
    """Imports what the kernel needs, waits for the line, and goes to its folder.

    Args:
        boot_file: The path of the boot file, whose arguments in `sys.argv` are those of the kernel.
    """
    for name in IMPORTED:
        with contextlib.suppress(ImportError):  # whoever needs it says so
            importlib.import_module(name)
    with open(0, closefd=False) as pipe:
        line = pipe.readline()
    if not line:
        sys.exit(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    place, before = json.loads(line), os.getcwd()
    os.chdir(place["cwd"])
    os.environ.update(place["env"])
    if place["cwd"] == before:
        return
    if any(map(_is_users, ("sitecustomize", "usercustomize"))):
        os.execv(sys.executable, [sys.executable, "-Xfrozen_modules=off", boot_file, *sys.argv[1:]])
    _move_paths(before, place["cwd"])


def _is_users(module: str) -> bool:
    """Tell whether a module was run at the start that is none of Python's own, or of the system's."""
    file = getattr(sys.modules.get(module), "__file__", None)
    return file is not None and os.path.dirname(file) != sysconfig.get_path("stdlib")


def _move_paths(before: str, now: str) -> None:
    """Let what was relative in PYTHONPATH be so to the new folder."""
    for path in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        old = os.path.normpath(os.path.join(before, path))
        if path and not os.path.isabs(path) and old in sys.path:
            sys.path[sys.path.index(old)] = os.path.normpath(os.path.join(now, path))
