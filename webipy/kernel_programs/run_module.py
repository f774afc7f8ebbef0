"""Runs a module as `python -m` does, and changes modules of ipykernel as soon as it imports them.

`webipy/kernel_programs/boot.py` loads this in the kernel's environment, by its path: the standard library only, Python 3.8.
"""

from __future__ import annotations

import os
import runpy
import sys
from importlib.machinery import PathFinder


class ChangeWhenImported:
    """Finds the modules that are changed, as they are imported (importlib, meta path finders).

    Args:
        changes: What is changed, by module: functions, each with the name of what it is given.
        make: Makes one change.
    """

    def __init__(self, changes, make) -> None:  # type: ignore[no-untyped-def]
        self._changes, self._make = changes, make

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]  # as importlib has it
        """Finds a module where the others would, and changes it after it was run.

        Args:
            name: Full name of the module.
            path: Path of its package; `None` for a top-level module.
            target: Module to reload, if there is one.

        Source: importlib, `MetaPathFinder.find_spec`.
        """
        spec = PathFinder.find_spec(name, path, target) if name in self._changes else None
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_change(module):  # type: ignore[no-untyped-def]
                execute(module)
                for change, target in self._changes[name]:
                    self._make(change, getattr(module, target))

            spec.loader.exec_module = execute_and_change  # type: ignore[method-assign]  # this one loader, for one module
        return spec


def run(name, changes, make, keep_folder_out) -> None:  # type: ignore[no-untyped-def]
    """Runs a module whose arguments are in `sys.argv`.

    Args:
        name: Name of the module.
        changes: As in `ChangeWhenImported`.
        make: Makes one change.
        keep_folder_out: `webipy.kernel_programs.import_guard.keep_folder_out`.
    """
    sys.path[:1] = [os.getcwd()]
    keep_folder_out(os.getcwd())
    sys.meta_path.insert(0, ChangeWhenImported(changes, make))
    runpy.run_module(name, run_name="__main__", alter_sys=True)
