"""Notebooks that other programs made: the test files of nbformat and nbconvert, from their source packages.

They are fetched once, with pip, into .cache/notebooks (not kept in the repository) and unpacked there.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from twisted.trial.unittest import SkipTest

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "notebooks"
PACKAGES = ("nbformat", "nbconvert")
SECONDS = 180


def paths() -> list[Path]:
    """The notebook files, good and bad, in a fixed order.

    Raises:
        SkipTest: They are not here yet and cannot be fetched.
    """
    for package in PACKAGES:
        if not (CACHE / package).is_dir():
            _fetch(package)
    return sorted(path for package in PACKAGES for path in (CACHE / package).rglob("*.ipynb"))


def _fetch(package: str) -> None:
    """Unpacks the notebooks of a package into the cache: whole or not at all, also when two tests do it at once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", package]
        try:
            done = subprocess.run(
                [*command, "--dest", folder, package], capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise SkipTest(f"the test files of {package} could not be fetched within {SECONDS} s") from None
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise SkipTest(f"the test files of {package} could not be fetched: {reason}")
        unpacked = Path(folder) / "unpacked"
        (archive,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(archive) as files:
            notebooks = [member for member in files if member.isfile() and member.name.endswith(".ipynb")]
            files.extractall(unpacked, notebooks, filter="data")
        try:
            unpacked.rename(CACHE / package)
        except OSError:
            if not (CACHE / package).is_dir():
                raise
