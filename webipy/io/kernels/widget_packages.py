"""What packages of widgets bring along for the page: JavaScript that lies in the environment of a kernel's Python.

Two forms are in use, below the data folders of Jupyter; most packages have both:

    nbextensions/MODULE/index.js               an AMD module, `define([...], ...)`, with its files beside it
    labextensions/NAME/package.json            a build for JupyterLab (webpack's module federation): `jupyterlab._build.load` is the script that
                                               has its modules. NAME is mostly that of the module, but need not be: the extension says which
                                               modules of widgets it has when it is started.

A data folder is looked for where the kernel's Python looks (jupyter_core's `jupyter_path`): JUPYTER_PATH, the environment that the kernelspec
starts, that of the kernelspec itself, the user's, the system's. The server's own environment is none of them unless a kernelspec is in it.

Invariants: nothing is read outside of the folder of one package, whatever the path and whatever links are in it. The folder itself may be a link:
so packages are installed for development, and by Debian and Nix. Everything here blocks.

Source: the documentation of jupyter_core (search paths) and of JupyterLab (extensions, "prebuilt extensions").
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from webipy.core import errors
from webipy.core.kernel.host_protocol import Kernelspec
from webipy.io.files.root_folder import RootFolder, parts_of

MAX_FILE_BYTES = 64 * 1024 * 1024
"""A file that is larger is no script that a page could run."""

MAX_JSON_BYTES = 1024 * 1024

MOST_SOURCES = 40
"""Extensions that are tried for one module at most."""

_BASE = "@jupyter-widgets/base"
_OURS = ("@jupyter-widgets/jupyterlab-manager",)
"""What is in the page itself."""
_FORMS = ("nbextensions", "labextensions")


class Source(msgspec.Struct, frozen=True):
    """Where the JavaScript of a module may be.

    Attributes:
        form: `amd` for one module, `federated` for an extension of JupyterLab.
        folder: Its folder, as in paths for `read`.
        name: Name of the package.
        entry: The script, in the folder.
        extension: Name of the module that starts the extension, if it is one.
        style: Name of the module that has its style sheet; empty for none.
    """

    form: Literal["amd", "federated"]
    folder: str
    name: str
    entry: str
    extension: str = ""
    style: str = ""


class _Build(msgspec.Struct):
    load: str = ""
    extension: str = ""
    style: str = ""


class _Lab(msgspec.Struct):
    build: _Build = msgspec.field(name="_build", default_factory=_Build)
    shared: dict[str, object] = msgspec.field(name="sharedPackages", default_factory=dict)


class _Package(msgspec.Struct):
    name: str = ""
    jupyterlab: _Lab = msgspec.field(default_factory=_Lab)
    dependencies: dict[str, object] = {}

    @property
    def has_widgets(self) -> bool:
        """Whether it builds on the widgets of Jupyter."""
        return _BASE in self.jupyterlab.shared or _BASE in self.dependencies


# ---- where


def jupyter_folders(spec: Kernelspec | None, env: Mapping[str, str]) -> list[Path]:
    """The data folders of Jupyter that a kernel's Python looks into, the first one first; only those that are there.

    Args:
        spec: The kernel's kernelspec; `None` when it is not known.
        env: The environment variables of the kernel.
    """
    home = env.get("HOME") or os.path.expanduser("~")
    named = [Path(part) for part in env.get("JUPYTER_PATH", "").split(os.pathsep) if os.path.isabs(part)]
    own = env.get("JUPYTER_DATA_DIR") or os.path.join(env.get("XDG_DATA_HOME") or f"{home}/.local/share", "jupyter")
    user = [Path(own), Path(env.get("PYTHONUSERBASE") or f"{home}/.local", "share", "jupyter")]
    system = [Path("/usr/local/share/jupyter"), Path("/usr/share/jupyter")]
    environment = [] if spec is None else list(_of_kernelspec(spec, env))
    return [path for path in dict.fromkeys([*named, *environment, *user, *system]) if path.is_dir()]


def _of_kernelspec(spec: Kernelspec, env: Mapping[str, str]) -> Iterator[Path]:
    """The data folders of the environments that a command names: its Python, or the folder of one (conda); and that of the kernelspec."""
    program = shutil.which(spec.argv[0], path=env.get("PATH")) if spec.argv else None
    for part in ([program] if program else []) + spec.argv:
        if os.path.isabs(part):
            yield Path(part) / "share" / "jupyter"
            yield Path(part).parent.parent / "share" / "jupyter"
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if os.path.isabs(spec.env.get(name, "")):
            yield Path(spec.env[name]) / "share" / "jupyter"
    if Path(spec.resource_dir).parent.name == "kernels":
        yield Path(spec.resource_dir).parent.parent


# ---- what


def sources(folders: Iterable[Path], module: str) -> list[Source]:
    """Where the JavaScript of a module of widgets may be, what is most likely first.

    Args:
        folders: As `jupyter_folders` returns them.
        module: Name of the module, as the state of a widget has it.
    """
    if not _is_module(module):
        return []
    named: list[Source] = []
    others: list[Source] = []
    for folder in folders:
        if (folder / "nbextensions" / module / "index.js").is_file():
            named.append(Source("amd", f"nbextensions/{module}", module, "index.js"))
        for name in _extensions(folder / "labextensions"):
            package = _package(folder / "labextensions" / name)
            build = package.jupyterlab.build
            if build.load and name not in _OURS and (name == module or package.has_widgets):
                entry = build.load.replace("\\", "/")  # as builds on Windows have it
                found = Source(
                    "federated", f"labextensions/{name}", package.name or name, entry, build.extension, build.style
                )
                (named if name == module else others).append(found)
    return list(dict.fromkeys([*named, *sorted(others, key=lambda one: not _is_alike(one.name, module))]))[
        :MOST_SOURCES
    ]


def _is_module(name: str) -> bool:
    scope, _, rest = name.rpartition("/")
    parts = [scope, rest] if scope else [rest]
    is_scoped = not scope or (scope.startswith("@") and len(scope) > 1)
    return is_scoped and len(name) < 200 and all(_is_name(part.removeprefix("@")) for part in parts)


def _is_name(part: str) -> bool:
    return part not in ("", "..") and not part.startswith(".") and not set(part) & set("/\\\0@")


def _is_alike(name: str, module: str) -> bool:
    """Whether an extension has the name of a module but for what Jupyter's builds put before it."""
    return name.removeprefix("jupyterlab").strip("-_") == module.removeprefix("jupyter").strip("-_")


def _extensions(folder: Path) -> list[str]:
    """The names of the extensions in a folder; those of a scope have it before them."""
    names = []
    for name in _listed(folder):
        names += [f"{name}/{inner}" for inner in _listed(folder / name)] if name.startswith("@") else [name]
    return names


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        return []


def _package(folder: Path) -> _Package:
    """The package.json of an extension; an empty one where there is none that can be read."""
    try:
        with (folder / "package.json").open("rb") as file:
            return msgspec.json.decode(file.read(MAX_JSON_BYTES), type=_Package)
    except (OSError, msgspec.DecodeError, RecursionError):
        return _Package()


def read(folders: Iterable[Path], path: str) -> bytes:
    """Reads a file of a package, from the first folder that has the package.

    Args:
        folders: As `jupyter_folders` returns them.
        path: `nbextensions/NAME/...` or `labextensions/NAME/...`.

    Raises:
        errors.InvalidParams: It is no such path.
        errors.NotFound: There is no such file, or a link in the package leads out of it.
        errors.TooLarge: It has more than `MAX_FILE_BYTES`.
    """
    parts = [part.decode() for part in parts_of(path)]
    length = 3 if len(parts) > 1 and parts[1].startswith("@") else 2
    if len(parts) <= length or parts[0] not in _FORMS:
        raise errors.InvalidParams(
            "The path of a file of a widget begins with nbextensions/NAME/ or labextensions/NAME/.", field="path"
        )
    for folder in folders:
        package = folder.joinpath(*parts[:length])
        if package.is_dir():
            return _read_in(package, [part.encode() for part in parts[length:]], path)
    raise _no_such(path)


def _read_in(package: Path, parts: list[bytes], path: str) -> bytes:
    try:
        root = RootFolder(package)
    except OSError:
        raise _no_such(path) from None
    try:
        with root.opened(parts, os.O_RDONLY | os.O_NONBLOCK) as fd:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                raise _no_such(path)
            if found.st_size > MAX_FILE_BYTES:
                raise errors.TooLarge(f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB, so no page can run it.")
            with os.fdopen(os.dup(fd), "rb") as file:
                return file.read(MAX_FILE_BYTES)
    except OSError:
        raise _no_such(path) from None
    finally:
        root.close()


def _no_such(path: str) -> errors.NotFound:
    return errors.NotFound(f"No package of the kernel has a file {path}.", kind="file", id=path)
