"""Lists the kernelspecs of this machine as one JSON object: `python -m webipy.kernelspecs`.

    {"default": NAME or null,
     "kernelspecs": {NAME: {name, argv, display_name, language, env, interrupt_mode, metadata, resource_dir}, ...},
     "broken": {NAME: SENTENCE, ...},
     "looked_at": {PATH: ns since 1970 at which it was changed last, or -1 where there is nothing, ...}}

They are found as every Jupyter program finds them, by jupyter_client's KernelSpecManager, including the `python3` of
the Python that runs this when ipykernel is installed there. It is a program of its own because importing jupyter_client
costs a third of a second and 25 MB, which the server would pay for ever.

The default is `python3` if there is one, else the first by name.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
from typing import Any

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ^C in the terminal of the server ends this, too, without a traceback

from jupyter_client.kernelspec import KernelSpecManager

from webipy.core.json_depth import is_too_deep, too_deep_reason

MEMORY_BYTES = 2 << 30
"""Address space of this process."""

FIELDS = ("argv", "display_name", "language", "env", "interrupt_mode", "metadata", "resource_dir")


def list_kernelspecs(manager: KernelSpecManager) -> dict[str, Any]:
    """Reads every kernelspec.

    Args:
        manager: Where to look, and whether this Python's own kernel counts (`ensure_native_kernel`).

    Returns:
        The object that is drawn in the module's docstring.
    """
    specs: dict[str, dict[str, Any]] = {}
    broken: dict[str, str] = {}
    for name in sorted(manager.find_kernel_specs()):
        try:
            specs[name] = _read(manager, name)
        except RecursionError:
            broken[name] = f"The kernelspec {name} cannot be used: its JSON is {too_deep_reason()}."
        except Exception as fault:  # a kernelspec is foreign JSON: traitlets, json and the disk each fail their own way
            broken[name] = f"The kernelspec {name} cannot be used: {fault}"
    default = "python3" if "python3" in specs else next(iter(specs), None)
    return {"default": default, "kernelspecs": specs, "broken": broken}


def _read(manager: KernelSpecManager, name: str) -> dict[str, Any]:
    found = manager.get_kernel_spec(name)
    spec: dict[str, Any] = {"name": name, **{field: getattr(found, field) for field in FIELDS}}
    if not spec["argv"] or not all(isinstance(part, str) for part in spec["argv"]):
        raise ValueError("its argv is not a list of strings with a command in it")
    spec["display_name"] = spec["display_name"] or name
    spec["env"] = {str(key): str(value) for key, value in spec["env"].items()}
    if is_too_deep(json.dumps(spec, allow_nan=False).encode()):
        raise RecursionError
    return spec


def look(folders: list[str]) -> dict[str, int]:
    """When each folder that kernelspecs are looked for in, each folder in there, and each kernel.json was changed last."""
    paths = list(folders)
    for folder in folders:
        with contextlib.suppress(OSError):
            inner = [entry.path for entry in os.scandir(folder) if entry.is_dir()]
            paths += [path for one in inner for path in (one, os.path.join(one, "kernel.json"))]
    return {path: _changed(path) for path in paths}


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return -1


def limit() -> None:
    """Limits this process to `MEMORY_BYTES`: a kernelspec that is too large is listed as broken, and costs nobody else anything."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def main() -> int:
    """Prints the kernelspecs."""
    limit()
    manager = KernelSpecManager(ensure_native_kernel=True)
    looked_at = look(list(manager.kernel_dirs))  # before they are read: what is changed meanwhile shows
    json.dump({**list_kernelspecs(manager), "looked_at": looked_at}, sys.stdout)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
