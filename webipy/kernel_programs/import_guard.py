"""Keeps the modules of the notebook's folder for those who mean them: the user's code.

A kernel has the folder on `sys.path`, as `''`, before all libraries; one that is another module, and a script, have it before the standard library,
too. So whatever ipykernel, IPython and what they build on import late (jedi at the first Tab, pygments at the first inspection, stack_data at
the first traceback) would be looked for there first: a `jedi.py` beside the notebook would run, and break what it stands in for.

`OwnImports` is asked before the path is searched (importlib, meta path finders). It looks who imports, by the frames of the stack, and past those of
the standard library, which imports for others:

    the user's code, a library of the user's       nothing changes
    `import NAME` in one of `OURS`                  the folder is left out
    a name made at run time in one of `OURS`        the folder comes last: `%load_ext` may mean a module there
    a library, in a kernel that is another module   the folder comes last: what of it is the kernel and what the user's is not known

Invariant: a module that the user's code finds elsewhere or in the folder is found by it there, as without this.

Rejected: to import all of that before the folder is on the path (7 MB for each kernel, and whatever is missing in the list is open); to take the
folder off the path (the user's modules are there); `-P` (IPython puts the folder there itself).

`webipy/kernel_programs/boot.py` loads this in the kernel's environment, by its path: the standard library only, Python 3.8.
"""

from __future__ import annotations

import dis
import os
import sys
import sysconfig
from importlib.machinery import PathFinder
from typing import Any

_OURS = (
    "IPython", "asttokens", "backcall", "comm", "debugpy", "dateutil", "decorator", "executing", "ipykernel",
    "ipykernel_launcher", "ipython_pygments_lexers", "jedi", "jupyter_client", "jupyter_core",
    "matplotlib_inline", "nest_asyncio", "packaging", "parso", "pexpect", "pickleshare", "platformdirs",
    "prompt_toolkit", "psutil", "ptyprocess", "pure_eval", "pydevconsole", "pydevd", "pygments", "six",
    "stack_data", "tornado", "traitlets", "typing_extensions", "wcwidth", "zmq", "_pydev_bundle",
    "_pydev_runfiles", "_pydevd_bundle", "_pydevd_frame_eval", "_pydevd_sys_monitoring", "pydev_ipython",
    "pydevd_plugins",
)  # fmt: skip
OURS = frozenset(_OURS)
"""What a kernel is made of: top-level packages."""

_HERE = os.path.dirname(os.path.realpath(__file__)) + os.sep
_IMPORT = dis.opmap["IMPORT_NAME"]
_LIBRARIES = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)
_STANDARD = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib")})


class OwnImports:
    """Finds what a kernel imports for itself.

    Args:
        folder: The user's folder, where it is on `sys.path` by its name: in a kernel that is another module than ipykernel.

    Attributes:
        folders: Entries of `sys.path` that are the user's folder; `webipy/kernel_programs/run_script.py` adds that of a script.
    """

    def __init__(self, folder: str = "") -> None:
        self.folders = {"", ".", folder}
        self._is_module = bool(folder)

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]  # as importlib has it
        """Finds a top-level module without the folder, if the import is the kernel's own.

        Args:
            name: Full name of the module.
            path: Path of its package; `None` for a top-level module.
            target: Module to reload, if there is one.

        Raises:
            ModuleNotFoundError: There is none, and the folder is not meant.

        Source: importlib, `MetaPathFinder.find_spec`.
        """
        if path is not None or self.folders.isdisjoint(sys.path):
            return None
        importer = _importer()
        owner = _owner(importer)
        is_ours = owner is not None and _is_ours(owner)
        if owner is None or not (is_ours or (self._is_module and _is_library(owner.f_code.co_filename))):
            return None
        rest = [entry for entry in sys.path if entry not in self.folders]
        spec = PathFinder.find_spec(name, rest, target)
        if spec is not None and spec.loader is not None:
            return spec
        if not is_ours or not _names_it(importer):
            return None
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            find = getattr(finder, "find_spec", None)
            spec = find(name, None, target) if find is not None and finder is not PathFinder else None
            if spec is not None:
                return spec
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def keep_folder_out(folder: str = "") -> None:
    """Installs `OwnImports` before the path finder."""
    place = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else len(sys.meta_path)
    sys.meta_path.insert(place, OwnImports(folder))


def _importer() -> Any:
    """The frame that imports."""
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return frame


def _names_it(frame: Any) -> bool:
    """Whether a frame stands at an import statement, whose name is in its code."""
    return bool(frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == _IMPORT)


def _owner(frame: Any) -> Any:
    """The frame that an import is for: past those of the standard library, which was called or imported from there."""
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith("<frozen ") and (not file.startswith(_STANDARD) or _is_library(file)):
            break
        frame = frame.f_back
    return frame


def _is_ours(frame: Any) -> bool:
    package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
    return package in OURS or package.startswith("_webipy_") or frame.f_code.co_filename.startswith(_HERE)


def _is_library(file: str) -> bool:
    return any(part in file for part in _LIBRARIES)
