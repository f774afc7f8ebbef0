"""The packages of clients, as their users install them: each environment is a venv below .cache/clients, filled by pip once.

`make clients` may go to the network; every other run skips what needs these packages.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from twisted.trial.unittest import SkipTest

CACHE: Final = Path(__file__).resolve().parents[2] / ".cache" / "clients"
SECONDS: Final = 600
"""How long pip, and a client, may take."""

PYTHON_CLIENTS: Final = (
    "jupyter_server==2.21.1",
    "jupyter_kernel_client==1.0.2",
    "jupyter_kernel_test==0.7.0",
    "jupyter_console==6.6.3",
    "nbclient==0.11.0",
    "papermill==2.7.0",
    "pytest",
    "numpy",
    "pandas",
    "pytest-asyncio",
    "pypandoc_binary==1.17",
)
"""The clients in Python, which live in one environment, and what their tests import."""

AGENTS: Final = ("jupyter-mcp-server==2.2.4", "jupyter_nbmodel_client==1.5.1", "jupyter_kernel_client==1.0.2")
"""Programs that edit a notebook together with others."""

LAB: Final = ("jupyterlab==4.6.6", "jupyter_server==2.21.1")
"""JupyterLab beside a Jupyter Server of its own."""


def pandoc() -> Path:
    """The folder with the program pandoc, which conversions to LaTeX need; it comes with the clients in Python.

    Raises:
        SkipTest: See `python_of`.
    """
    (found,) = python_of("python", PYTHON_CLIENTS).parents[1].glob("lib/python3*/site-packages/pypandoc/files")
    return found


def only_when_asked() -> None:
    """Skips a test that fetches packages and takes minutes, but for `make clients`.

    Raises:
        SkipTest: This is another run.
    """
    if os.environ.get("WEBIPY_CLIENTS") != "full":
        raise SkipTest("fetches packages and takes minutes: make clients")


def python_of(name: str, packages: Sequence[str]) -> Path:
    """The Python of an environment, which is made if it is not there.

    Args:
        name: The name of its folder.
        packages: What pip installs into it.

    Raises:
        SkipTest: The packages cannot be fetched, or this is not `make clients`.
    """
    only_when_asked()
    place = CACHE / name
    if not (place / "complete").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            made = Path(folder) / "venv"
            command([sys.executable, "-m", "venv", str(made)])
            command([str(made / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages])
            (made / "complete").touch()
            shutil.rmtree(place, ignore_errors=True)
            made.rename(place)
    return place / "bin" / "python"


def command(words: Sequence[str]) -> None:
    """Runs a command that fetches something.

    Raises:
        SkipTest: It failed, or took too long.
    """
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False, env=bare())
    except subprocess.TimeoutExpired:
        raise SkipTest(f"the packages could not be fetched within {SECONDS} s") from None
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SkipTest(f"the packages could not be fetched: {reason}")


def bare(**more: str) -> dict[str, str]:
    """The variables of a program that has an environment of its own: trial's workers have our packages in PYTHONPATH."""
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, **more}
