"""The shape of the house: who may import whom, what things may be called, how long they may be.

All of it is read from the syntax trees of webipy/, so that nothing is imported and a broken module is still judged. Imports inside functions count
like those at the top: a lazy import hides a cycle and does not undo it.
"""

from __future__ import annotations

import ast
import functools
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "webipy"

BESIDE_THE_KERNEL = ("webipy.kernelhost", "webipy.terminalhost", "webipy.host", "webipy.kernel_programs")
FLOORS = (
    ("webipy.core", *BESIDE_THE_KERNEL, "webipy.kernelspecs", "webipy.labprocess", "webipy.converter"),
    ("webipy.server",),
    ("webipy.io", "webipy.client"),
    (
        "webipy.announcement",
        "webipy.limits",
        "webipy.hub_parts",
        "webipy.server_options",
        "webipy.notify_options",
        "webipy.sso_options",
        "webipy.sso_parts",
        "webipy.tls_options",
        "webipy.tls_parts",
        "webipy.service",
        "webipy.twistd",
        "webipy.cli",
        "webipy.start",
        "webipy.__main__",
        "webipy.command",
    ),
)
ROOMS = {
    "webipy.core": ("events", "api", "kernel", "terminals", "session", "ipynb", "languages"),
    "webipy.server": ("ports", "people", "sessions", "terminals", "notebooks", "methods"),
    "webipy.io": (
        "storage",
        "files",
        "kernels",
        "terminals",
        "conversion",
        "tls",
        "web",
        "jupyter",
        "hub",
        "sso",
        "notifications",
    ),
}
"""The rooms of a floor: a module imports its own room and those that stand before it. What lies on the floor itself comes before all rooms."""

OF_A_KERNEL = {
    "webipy.kernel_programs.boot": ("ipykernel", "zmq", "tornado", "IPython", "jupyter_client"),
    "webipy.kernel_programs.inquiries": ("ipykernel", "zmq", "tornado", "IPython", "jupyter_client"),
    "webipy.kernel_programs.parse_cache": ("parso",),
    "webipy.kernel_programs.private_endpoints": ("zmq",),
}
"""What a program in a kernel may import beside the standard library."""

BUILDERS = (
    "webipy.service",
    "webipy.cli",
    "webipy.command.connecting",
    "webipy.command.console_commands",
    "webipy.command.terminal_commands",
)
"""The modules whose functions may import the reactor: they put the program together."""

NOT_IN_CORE = frozenset(
    [
        "asyncio",
        "autobahn",
        "datetime.datetime.now",
        "os",
        "pathlib",
        "random",
        "secrets",
        "select",
        "shutil",
        "socket",
        "sqlite3",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "twisted",
        "txzmq",
        "uuid",
        "zmq",
    ]
)
BANNED_WORDS = frozenset(
    ["manager", "handler", "processor", "helper", "util", "utils", "misc", "common", "base", "data", "info", "obj"]
)
NAMES_OF_THE_WIRE = {"ServerInfo", "server_info", "kernel_info", "language_info", "KernelInfo", "LanguageInfo"}
"""Names that Jupyter or the API gave; see docs/protocol.md."""

MAX_FUNCTION_LINES = 40
MAX_MODULE_LINES = 500
MAX_METHODS = 20


@functools.cache
def modules() -> dict[str, ast.Module]:
    """The syntax tree of every module of webipy, by name; nobody changes them."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(), str(path))
    return found


def is_within(name: str, package: str) -> bool:
    """Whether `name` is the package or something in it."""
    return name == package or name.startswith(package + ".")


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """What a module imports anywhere, as dotted names of modules or of things in them, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def imported_modules(tree: ast.AST, known: dict[str, ast.Module]) -> Iterator[tuple[str, int]]:
    """The modules of webipy that a module imports, with the line."""
    for name, line in imports(tree):
        if name in known:
            yield name, line
        elif name.rpartition(".")[0] in known and is_within(name, "webipy"):
            yield name.rpartition(".")[0], line


def floor(module: str) -> int | None:
    """The floor that a module stands on; `None` for one that has none."""
    return next((number for number, names in enumerate(FLOORS) if any(is_within(module, name) for name in names)), None)


def room(module: str) -> tuple[str, int] | None:
    """The floor's package and the number of the room that a module is in, 0 for the floor itself; `None` where there are no rooms."""
    for part, names in ROOMS.items():
        if is_within(module, part):
            name = module.removeprefix(part).strip(".").partition(".")[0]
            return part, names.index(name) + 1 if name in names else 0
    return None


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function from `def` to its end, without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def words(name: str) -> list[str]:
    """The words of a name in snake_case or CamelCase, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z0-9]+", name)]


def is_named_by_framework(name: str) -> bool:
    """Whether a name is in the spelling of Twisted and Autobahn, such as `dataReceived`: they call it."""
    return name[:1].islower() and any(letter.isupper() for letter in name) and "_" not in name.strip("_")


class FloorTests(SynchronousTestCase):
    """Imports go down."""

    def setUp(self) -> None:
        self.modules = modules()

    def tell(self, faults: list[str]) -> None:
        """Fail with all faults, one a line."""
        if faults:
            self.fail("\n" + "\n".join(sorted(set(faults))))

    def test_every_module_stands_on_a_floor(self) -> None:
        """A module of webipy belongs to exactly one floor of docs: core, server, io, or the programs."""
        self.tell([f"{name} stands on no floor" for name in self.modules if name != "webipy" and floor(name) is None])

    def test_imports_go_to_the_same_floor_or_below(self) -> None:
        """Import only the same floor or below."""
        faults = []
        for name, tree in self.modules.items():
            here = floor(name)
            for imported, line in imported_modules(tree, self.modules):
                there = floor(imported)
                if here is not None and there is not None and there > here:
                    faults.append(f"{name}:{line} (floor {here}) imports {imported} (floor {there})")
        self.tell(faults)

    def test_imports_go_to_the_same_room_or_one_before_it(self) -> None:
        """On a floor, too, the order of the rooms is the order of what rests on what."""
        faults = []
        for name, tree in self.modules.items():
            for imported, line in imported_modules(tree, self.modules):
                here, there = room(name), room(imported)
                if here and there and here[0] == there[0] and there[1] > here[1]:
                    faults.append(f"{name}:{line} imports {imported}, which is in a later room")
        self.tell(faults)

    def test_every_folder_of_a_floor_is_a_room(self) -> None:
        """And every room is there."""
        for part, names in ROOMS.items():
            folders = {path.parent.name for path in (ROOT / part.replace(".", "/")).glob("*/__init__.py")}
            self.assertEqual(folders, set(names), part)

    def test_there_is_no_cycle(self) -> None:
        """No module imports itself by way of others, lazy imports included."""
        graph = {
            name: {i for i, _ in imported_modules(tree, self.modules)} - {name} for name, tree in self.modules.items()
        }
        while leaves := [name for name, targets in graph.items() if not targets]:
            for leaf in leaves:
                del graph[leaf]
            graph = {name: targets.difference(leaves) for name, targets in graph.items()}
        self.tell([f"{name} imports {', '.join(sorted(targets))}" for name, targets in graph.items()])

    def test_core_touches_nothing_outside(self) -> None:
        """Floor 0 is sans-io: no twisted, zmq, os, pathlib, time, random, sqlite3 and the like."""
        faults = []
        for name, tree in self.modules.items():
            if is_within(name, "webipy.core"):
                faults += [
                    f"{name}:{line} imports {imported}"
                    for imported, line in imports(tree)
                    if any(is_within(imported, banned) for banned in NOT_IN_CORE)
                ]
        self.tell(faults)

    def test_core_asks_no_clock(self) -> None:
        """Times come into floor 0 as arguments: nothing there calls now(), utcnow() or today()."""
        faults = []
        for name, tree in self.modules.items():
            if is_within(name, "webipy.core"):
                faults += [
                    f"{name}:{node.lineno} calls {node.func.attr}()"
                    for node in ast.walk(tree)
                    if isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in {"now", "utcnow", "today"}
                ]
        self.tell(faults)

    def test_the_kernel_host_needs_zeromq_and_the_core_only(self) -> None:
        """A kernel host imports the standard library, zmq, and webipy's own floor 0: no Twisted, so that it stays small."""
        faults = []
        for name, tree in self.modules.items():
            if not any(is_within(name, beside) for beside in BESIDE_THE_KERNEL):
                continue
            own: tuple[str, ...] = ("webipy.core", *BESIDE_THE_KERNEL)
            allowed = {"zmq", "msgspec", "attrs", *sys.stdlib_module_names}
            if is_within(name, "webipy.kernel_programs"):
                own, allowed = (), {*OF_A_KERNEL.get(name, ()), *sys.stdlib_module_names}
            faults += [
                f"{name}:{line} imports {imported}"
                for imported, line in imports(tree)
                if imported.partition(".")[0] not in allowed and not any(is_within(imported, part) for part in own)
            ]
        self.tell(faults)

    def test_heavy_libraries_of_notebooks_stay_in_the_converter(self) -> None:
        """Only the short process imports nbformat, nbconvert and jupytext: they cost 100 MB and a second. Of webipy it imports the rules of core.

        The lab process fills the templates of JupyterLab, and is a process of its own, too.
        """
        heavy, faults = {"nbformat", "nbconvert", "jupytext", "bs4", "jinja2", "markupsafe"}, []
        for name, tree in self.modules.items():
            for imported, line in imports(tree):
                is_inside, first = is_within(name, "webipy.converter"), imported.partition(".")[0]
                if not is_inside and first in heavy and name != "webipy.labprocess":
                    faults.append(f"{name}:{line} imports {imported}")
                if (
                    is_inside
                    and first not in {*heavy, "attrs", "yaml", *sys.stdlib_module_names}
                    and not any(is_within(imported, part) for part in ("webipy.converter", "webipy.core"))
                ):
                    faults.append(f"{name}:{line} imports {imported}")
        self.tell(faults)

    def test_the_reactor_is_imported_where_programs_are_put_together(self) -> None:
        """Only service.py and the command import the reactor, and only inside functions: everything else is given a clock."""
        faults = []
        for name, tree in self.modules.items():
            inner = {(imported, line) for function in functions(tree) for imported, line in imports(function)}
            for imported, line in imports(tree):
                if not is_within(imported, "twisted.internet.reactor"):
                    continue
                if name not in BUILDERS:
                    faults.append(f"{name}:{line} imports the reactor")
                elif (imported, line) not in inner:
                    faults.append(f"{name}:{line} imports the reactor outside a function")
        self.tell(faults)


class NameTests(SynchronousTestCase):
    """Things are called what they are."""

    def test_no_name_is_an_empty_word(self) -> None:
        """Banned in names of modules, classes and functions: manager, handler, processor, helper, util, misc, common, base, data, info, obj."""
        faults = []
        for module, tree in modules().items():
            names = [(module.rpartition(".")[2], 1)]
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                    names.append((node.name, node.lineno))
            for name, line in names:
                rest = name
                for allowed in NAMES_OF_THE_WIRE:
                    rest = rest.replace(allowed, "")
                if not is_named_by_framework(name) and BANNED_WORDS.intersection(words(rest)):
                    faults.append(f"{module}:{line} {name}")
        if faults:
            self.fail("\n" + "\n".join(faults))

    def test_the_words_of_a_name_are_found(self) -> None:
        """The check above sees through both spellings and lets Twisted's own names pass."""
        self.assertEqual(words("HTTPBaseHandler"), ["http", "base", "handler"])
        self.assertEqual(words("_read_file_data"), ["read", "file", "data"])
        self.assertEqual(words("to_base64"), ["to", "base64"])
        self.assertTrue(is_named_by_framework("dataReceived"))
        self.assertFalse(is_named_by_framework("data_received"))
        self.assertFalse(is_named_by_framework("DataReceived"))


class SizeTests(SynchronousTestCase):
    """Nothing is too long to be read in one go."""

    def test_functions_are_short(self) -> None:
        """A function has at most 40 lines beside its docstring."""
        faults = [
            f"{module}:{function.lineno} {function.name} has {length(function)} lines"
            for module, tree in modules().items()
            for function in functions(tree)
            if length(function) > MAX_FUNCTION_LINES
        ]
        if faults:
            self.fail("\n" + "\n".join(faults))

    def test_classes_are_small(self) -> None:
        """A class has at most 20 methods."""
        faults = []
        for module, tree in modules().items():
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    methods = sum(isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) for part in node.body)
                    if methods > MAX_METHODS:
                        faults.append(f"{module}:{node.lineno} {node.name} has {methods} methods")
        if faults:
            self.fail("\n" + "\n".join(faults))

    def test_modules_are_short(self) -> None:
        """A module has at most 500 lines that are not blank."""
        faults = []
        for path in sorted(PACKAGE.rglob("*.py")):
            lines = sum(bool(line.strip()) for line in path.read_text().splitlines())
            if lines > MAX_MODULE_LINES:
                faults.append(f"{path.relative_to(ROOT)} has {lines} lines")
        if faults:
            self.fail("\n" + "\n".join(faults))


class RepositoryTests(SynchronousTestCase):
    """What is in the repository belongs there."""

    def files(self) -> list[str]:
        """The files that are, or would be, in the repository.

        Raises:
            SkipTest: This is no checkout, or git is not installed.
        """
        if shutil.which("git") is None or not (ROOT / ".git").exists():
            raise SkipTest("this is no git checkout")
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True,
            capture_output=True,
            text=True,
        )
        return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]

    def test_nothing_that_is_made_is_kept(self) -> None:
        """The built page, caches and environments are never committed."""
        made = re.compile(
            r"(^|/)(webipy/static|node_modules|__pycache__|\.venv|_trial_temp[^/]*|[^/]*\.egg-info)/|dropin\.cache$|\.pyc$"
        )
        self.assertEqual([name for name in self.files() if made.search(name)], [])

    def test_no_file_names_a_place_of_one_machine(self) -> None:
        """No file holds the path of this checkout or of somebody's home."""
        places = {str(ROOT), str(Path.home())} - {"/", "/root"}
        faults = []
        for name in self.files():
            content = (ROOT / name).read_bytes()
            faults += [
                f"{name} names {place}"
                for place in places
                if re.search(re.escape(place.encode()) + rb"(?![\w-])", content)
            ]
        self.assertEqual(faults, [])
