"""Jupyter Server's own tests, from its source package, run by pytest against a running webipy.

The package is fetched once, with pip, into .cache/clients (not kept in the repository), together with an environment that has what the tests import.
`outcomes` runs modules of it; the fixtures that start a server are replaced by those of tests/clients/jupyter_server_fixtures.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from twisted.trial.unittest import SkipTest

from tests.live import Server

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "clients"
VERSION = "2.21.0"
PACKAGES = (f"jupyter_server=={VERSION}", "pytest")
SECONDS = 600
_FIXTURES = Path(__file__).with_name("jupyter_server_fixtures.py")
_OUTCOME = re.compile(r"^(\S+?::.+?) (PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b", re.MULTILINE)


def outcomes(server: Server, modules: Sequence[str], deselected: Sequence[str] = ()) -> dict[str, str]:
    """Runs modules of the tests against a server.

    Args:
        server: The server, which runs.
        modules: Paths below the folder `tests` of the package.
        deselected: Names of tests that are left out.

    Returns:
        By the name of a test, with its module and without its parameters, `passed`, or what pytest printed of its first failure.

    Raises:
        SkipTest: The package cannot be fetched.
    """
    python, tests = _environment(), _tests()
    command = [str(python), "-m", "pytest", "-v", "--tb=short", "-p", "no:cacheprovider", "-p", "no:jupyter_server"]
    command += ["--rootdir", str(tests.parent), *(f"tests/{module}" for module in modules)]
    if deselected:
        command += ["-k", " and ".join(f"not {name}" for name in deselected)]
    known = {"WEBIPY_ORIGIN": server.origin, "WEBIPY_TOKEN": server.token, "WEBIPY_ROOT": str(server.root)}
    environment = {**os.environ, **known, "PYTHONPATH": str(tests.parent), "COLUMNS": "1000"}
    done = subprocess.run(
        command, cwd=tests.parent, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    found: dict[str, str] = {}
    for name, outcome in _OUTCOME.findall(done.stdout):
        test = name.removeprefix("tests/").partition("[")[0]
        if outcome in ("FAILED", "ERROR"):
            found[test] = _failure(done.stdout, name)
        elif outcome != "SKIPPED":
            found.setdefault(test, "passed")
    if not found:
        raise AssertionError(f"pytest ran no test:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return found


def _failure(printed: str, name: str) -> str:
    """What pytest printed of a failure."""
    title = name.rpartition("::")[2]
    _, found, rest = printed.partition(f"_ {title} _")
    return rest.partition("\n____")[0].strip("_\n ")[:3000] if found else "failed"


def _environment() -> Path:
    """The Python of the environment of the tests."""
    place = CACHE / f"jupyter_server-{VERSION}"
    python = place / "bin" / "python"
    if not python.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            _run([sys.executable, "-m", "venv", folder])
            _run([f"{folder}/bin/python", "-m", "pip", "install", "--quiet", *PACKAGES])
            if not place.exists():
                shutil.copytree(folder, place, symlinks=True)
    return python


def _tests() -> Path:
    """The tests of the package, with our fixtures."""
    place = CACHE / f"tests-{VERSION}" / "tests"
    if not place.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            fetched = ["--quiet", "--no-deps", "--no-binary", "jupyter_server", "--dest", folder, PACKAGES[0]]
            _run([sys.executable, "-m", "pip", "download", *fetched])
            (archive,) = Path(folder).glob("*.tar.gz")
            with tarfile.open(archive) as files:
                members = [one for one in files if one.isfile() and "/tests/" in one.name and one.name.endswith(".py")]
                files.extractall(folder, members, filter="data")
            (unpacked,) = Path(folder).glob("jupyter_server-*/tests")
            if not place.exists():
                shutil.copytree(unpacked, place)
    conftest = (place / "conftest.py").read_text("utf-8")
    ours = re.sub(r"pytest_plugins = .*", 'pytest_plugins = ["jupyter_server_fixtures"]', conftest)
    ours = re.sub(
        r"from tests\.extension.* import (\w+)", r"class \1:\n    clear_instance = staticmethod(lambda: None)", ours
    )
    (place / "conftest.py").write_text(ours, "utf-8")
    shutil.copy(_FIXTURES, place.parent / _FIXTURES.name)
    return place


def _run(command: Sequence[str]) -> None:
    own = {
        name: value for name, value in os.environ.items() if name != "PYTHONPATH"
    }  # trial's workers have our packages there
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, env=own)
    except subprocess.TimeoutExpired:
        raise SkipTest(f"Jupyter Server's tests could not be fetched within {SECONDS} s") from None
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SkipTest(f"Jupyter Server's tests could not be fetched: {reason}")
