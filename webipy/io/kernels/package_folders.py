"""Where the packages of a kernel's Python lie, found without running it: beside its executable, as `site` of the standard library has it.

    PREFIX/bin/python  ──►  PREFIX/lib/python3.*/site-packages, .../dist-packages
    pyvenv.cfg         ──►  the same of the Python that the environment was made with
    ~/.local           ──►  what a user has installed for all of them

Whoever reads a file from here asks for its package in one version, so a folder too many is no fault. Everything here blocks.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from webipy.core.kernel.public_files import PackageFile

_FOLDERS = ("lib/python3*/site-packages", "lib/python3/dist-packages", "local/lib/python3*/dist-packages")


def _prefixes(executable: Path, env: Mapping[str, str]) -> Iterator[Path]:
    prefix = executable.parent.parent
    yield prefix
    try:
        settings = (prefix / "pyvenv.cfg").read_text("utf-8", "replace")
    except OSError:  # it is no virtual environment
        settings = ""
    for line in settings.splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "home":
            yield Path(value.strip()).parent
    yield Path(env.get("PYTHONUSERBASE") or os.path.join(env.get("HOME") or os.path.expanduser("~"), ".local"))


def _executables(argv: Sequence[str], env: Mapping[str, str]) -> Iterator[str]:
    """The Pythons that a kernelspec may mean: a bare `python` is that of this server, or the first on the path."""
    name = argv[0] if argv else ""
    if re.fullmatch(r"python[\d.]*", name):
        yield sys.executable
    found = shutil.which(name, path=env.get("PATH")) if name else None
    if found is not None:
        yield found


def find_file(argv: Sequence[str], file: PackageFile, env: Mapping[str, str]) -> str | None:
    """The path of a file of a package that a kernel has. It blocks.

    Args:
        argv: Of the kernelspec; its first part is the Python.
        file: The file, of one version of its package.
        env: The environment variables of the kernel.

    Returns:
        The path, every link in it followed; none when the kernel has no such file, or it is a link out of its package.
    """
    prefixes = [prefix for executable in _executables(argv, env) for prefix in _prefixes(Path(executable), env)]
    for prefix in dict.fromkeys(prefixes):
        for pattern in _FOLDERS:
            for folder in sorted(glob.glob(str(prefix / pattern))):
                if not os.path.isdir(os.path.join(folder, f"{file.package}-{file.version}.dist-info")):
                    continue
                package = os.path.realpath(os.path.join(folder, file.path.partition("/")[0]))
                path = os.path.realpath(os.path.join(folder, file.path))
                if path.startswith(package + os.sep) and os.path.isfile(path):
                    return path
    return None
