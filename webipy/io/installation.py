"""What a report about a problem needs to say of an installation: versions, and nothing of the person or the machine's files."""

from __future__ import annotations

import platform
import sqlite3
from importlib import metadata, util

PACKAGES = ("twisted", "autobahn", "txzmq", "pyzmq", "jupyter_client", "ipykernel", "nbformat", "nbconvert", "jupytext")
"""Those that webipy stands on."""


def installed() -> dict[str, str]:
    """Names and versions: Python, the system, SQLite, and packages."""
    found = {
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "System": f"{platform.system()} {platform.release()} {platform.machine()}",
        "SQLite": sqlite3.sqlite_version,
    }
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def has_jupyterlab() -> bool:
    """Whether JupyterLab is installed beside webipy; one that is installed while the server runs is seen."""
    return all(util.find_spec(name) is not None for name in ("jupyterlab", "jupyterlab_server"))
