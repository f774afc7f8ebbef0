"""Jupyter Server's own tests, from its source package, run by pytest against a running webipy.

The source package is fetched once, with pip, into .cache/clients; the tests run in the environment of the other clients.
`outcomes` runs modules of it; the fixtures that start a server are replaced by those of tests/clients/jupyter_server_fixtures.py.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.clients import pytest_runs
from tests.clients.packages import CACHE, PYTHON_CLIENTS, bare, command, python_of
from tests.live import Server

VERSION = "2.21.1"
_FIXTURES = Path(__file__).with_name("jupyter_server_fixtures.py")


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
    python, tests = python_of("python", PYTHON_CLIENTS), _tests()
    words = ["-p", "no:jupyter_server", "--rootdir", str(tests.parent), *(f"tests/{module}" for module in modules)]
    if deselected:
        words += ["-k", " and ".join(f"not {name}" for name in deselected)]
    known = {
        "WEBIPY_ORIGIN": server.origin,
        "WEBIPY_TOKEN": server.token,
        "WEBIPY_ROOT": str(server.root),
        "WEBIPY_DATA": server.environment["JUPYTER_PATH"].partition(os.pathsep)[0],
    }
    found = pytest_runs.outcomes(python, words, tests.parent, bare(PYTHONPATH=str(tests.parent), **known))
    return {name.removeprefix("tests/"): said for name, said in found.items()}


def _tests() -> Path:
    """The tests of the package, with our fixtures."""
    place = CACHE / f"tests-{VERSION}" / "tests"
    if not place.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            fetched = [
                "--quiet",
                "--no-deps",
                "--no-binary",
                "jupyter_server",
                "--dest",
                folder,
                f"jupyter_server=={VERSION}",
            ]
            command([sys.executable, "-m", "pip", "download", *fetched])
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
