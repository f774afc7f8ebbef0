"""Runs inside a Python kernel before a script does: lets the next execution of its code be as if `python script.py` ran it.

`webipy exec -f script.py -- a b` sends the text of this file as a silent execution, and then the script as it is, so that the journal and everybody
who watches has the script itself. What is changed here counts for that one execution, known by its code, and is put back after it:

    sys.argv, __file__, sys.path[0]    those of the script
    exit, quit                         end the script, and not the kernel
    tracebacks                         name the file and its lines; no value is shown after the last line
    sys.exit()                         with nothing or 0 is a good end; a text goes to stderr, as python has it, and counts as 1

What is no plain Python (a magic, a top-level `await`) is run as IPython runs it.

Only the standard library and IPython are here to use, of whatever version the kernel has.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

MISSING = object()


class Script:
    """One run of a script in IPython's shell.

    Args:
        shell: The shell.
        code: The script, as it will be executed.
        path: Its absolute path; `None` for one without a file.
        arguments: `sys.argv`.
    """

    def __init__(self, shell: Any, code: str, path: str | None, arguments: list[str]) -> None:
        self.shell = shell
        self.code = code
        self.path = path
        self.arguments = arguments
        self.kept: dict[str, Any] = {}
        self.argv: list[str] = []
        self.interactivity = ""
        self.filters: list[Any] = []
        self.ended_well = False

    def wait(self) -> None:
        """Waits for the script, in place of one that was announced before and never came."""
        before = getattr(self.shell, "_webipy_script", None)
        if before is not None:
            before.forget()
        self.shell._webipy_script = self
        self.shell.events.register("pre_run_cell", self.begin)

    def forget(self) -> None:
        """Stops waiting for the script."""
        self.shell._webipy_script = None
        self.shell.events.unregister("pre_run_cell", self.begin)

    def begin(self, cell: Any) -> None:
        """Prepares the shell, if the cell that begins is the script."""
        if cell.raw_cell != self.code:
            return
        self.forget()
        self.shell.events.register("post_run_cell", self.end)
        self.argv, sys.argv = sys.argv, self.arguments
        names: dict[str, Any] = {"exit": sys.exit, "quit": sys.exit}
        if self.path is not None:
            names["__file__"] = self.path
            sys.path.insert(0, os.path.dirname(self.path))
            for finder in (
                sys.meta_path
            ):  # of webipy.kernel_programs.import_guard: what the kernel imports for itself is not there
                folders: set[str] = getattr(finder, "folders", set())
                folders.add(os.path.dirname(self.path))
        for name, value in names.items():
            self.kept[name] = self.shell.user_ns.get(name, MISSING)
            self.shell.user_ns[name] = value
        self.interactivity = self.shell.ast_node_interactivity
        if self.is_plain():
            self.shell.ast_node_interactivity = "none"
        self.shell.showtraceback = self.show
        if self.path is not None and hasattr(self.shell.compile, "get_code_name"):
            self.shell.compile.cache = self.cache

    def is_plain(self) -> bool:
        """Whether Python itself can run it."""
        try:
            compile(self.code, self.path or "<script>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
        return True

    def cache(self, transformed_code: str, number: int = 0, raw_code: str | None = None) -> Any:
        """Stands in for the compiler's own: registers the lines of the script under the name of its file, which is no cell's.

        Args:
            transformed_code: The code as Python runs it.
            number: Count of the cell.
            raw_code: The code as it was written.

        Returns:
            The name that it is registered under.
        """
        compiler = self.shell.compile
        del compiler.cache
        compiler.get_code_name = lambda *_: self.path
        try:
            return compiler.cache(transformed_code, number, raw_code=raw_code)
        finally:
            del compiler.get_code_name
            getattr(compiler, "_filename_map", {}).pop(self.path, None)

    def show(self, *given: Any, **named: Any) -> None:
        """Shows a traceback as the shell does, but for the ends that the script means."""
        value = sys.exc_info()[1]
        if isinstance(value, SystemExit):
            warnings.filterwarnings("ignore", message="To exit: use")
            self.filters.append(warnings.filters[0])
            if value.code is None or (isinstance(value.code, int) and value.code == 0):
                self.ended_well = True
                return
            if not isinstance(value.code, int):
                print(value.code, file=sys.stderr)
                value.code, value.args = 1, (1,)
        del self.shell.showtraceback
        self.shell.showtraceback(*given, **named)

    def end(self, result: Any) -> None:
        """Restores everything: the script has ended."""
        self.shell.events.unregister("post_run_cell", self.end)
        sys.argv = self.argv
        if self.path is not None and os.path.dirname(self.path) in sys.path:
            sys.path.remove(os.path.dirname(self.path))
        for name, value in self.kept.items():
            if value is MISSING:
                self.shell.user_ns.pop(name, None)
            else:
                self.shell.user_ns[name] = value
        self.shell.ast_node_interactivity = self.interactivity
        for where, name in ((self.shell, "showtraceback"), (self.shell.compile, "cache")):
            vars(where).pop(name, None)
        for one in self.filters:
            if one in warnings.filters:
                warnings.filters.remove(one)  # type: ignore[attr-defined]  # a list, whatever its type says
        if self.ended_well and result is not None:
            result.error_in_exec = None


def announce(shell: Any, code: str, path: str | None, arguments: list[str]) -> None:
    """Announces that the next execution of `code` is that of a script.

    Args:
        shell: IPython's shell; `None` in a kernel that has none.
        code: The script, as it will be executed.
        path: Its absolute path; `None` for one without a file.
        arguments: `sys.argv` of the script.
    """
    if hasattr(shell, "events"):
        Script(shell, code, path, arguments).wait()
    else:
        sys.argv = arguments  # its end is not known: this is what can be done
