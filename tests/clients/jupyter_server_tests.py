"""The tests that come with Jupyter Server and with its terminals, from their source packages, run by pytest against a running webipy.

A source package is fetched once, with pip, into .cache/clients; the tests run in the environment of the other clients. `outcomes` runs modules of
it: those of their tests that send something to a server. The fixtures that start a server are replaced by those of
tests/clients/jupyter_server_fixtures.py.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tarfile
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.clients import pytest_runs
from tests.clients.packages import CACHE, PYTHON_CLIENTS, bare, command, python_of
from tests.live import PATIENCE_S, Server

VERSIONS = {"jupyter_server": "2.21.1", "jupyter_server_terminals": "0.5.4"}
"""The packages, each in its newest version."""

_FIXTURES = Path(__file__).with_name("jupyter_server_fixtures.py")


def outcomes(server: Server, modules: Sequence[str], package: str = "jupyter_server") -> dict[str, str]:
    """Runs modules of the tests against a server.

    Args:
        server: The server, which runs.
        modules: Paths below the folder `tests` of the package.
        package: One of `VERSIONS`.

    Returns:
        By the name of a test, with its module and its parameters, `passed`, or what pytest printed of its failure.

    Raises:
        SkipTest: The package cannot be fetched.
    """
    python, tests = python_of("python", PYTHON_CLIENTS), _tests(package)
    words = ["-p", "no:jupyter_server", "--rootdir", str(tests.parent), *(f"tests/{module}" for module in modules)]
    known = {
        "WEBIPY_ORIGIN": server.origin,
        "WEBIPY_TOKEN": server.token,
        "WEBIPY_ROOT": str(server.root),
        "WEBIPY_DATA": server.environment["JUPYTER_PATH"].partition(os.pathsep)[0],
        "WEBIPY_GUEST": json.dumps(_guest(server)),
        "PATH": server.environment["PATH"],
    }
    variables = bare(PYTHONPATH=str(tests.parent), **known)
    found = pytest_runs.outcomes(python, words, tests.parent, variables, by_case=True)
    return {name.removeprefix("tests/"): said for name, said in found.items()}


def _guest(server: Server) -> dict[str, str]:
    """The headers of a guest of a session."""
    session = server.call("session.create", title="for a guest")["id"]
    link = server.call("share.link", session=session, verb="execute")["url"]
    form = json.dumps({"share": link.partition("#share=")[2], "name": "Grace"}).encode()
    request = urllib.request.Request(f"{server.origin}/login", form, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        return {"Cookie": cookie, "X-Webipy-Key": json.load(answer)["key"]}


def _tests(package: str) -> Path:
    """The tests of a package, with our fixtures."""
    version = VERSIONS[package]
    place = CACHE / f"tests-{package}-{version}" / "tests"
    if not place.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            fetched = ["--quiet", "--no-deps", "--no-binary", package, "--dest", folder, f"{package}=={version}"]
            command([sys.executable, "-m", "pip", "download", *fetched])
            (archive,) = Path(folder).glob("*.tar.gz")
            with tarfile.open(archive) as files:
                members = [one for one in files if one.isfile() and "/tests/" in one.name and one.name.endswith(".py")]
                files.extractall(folder, members, filter="data")
            (unpacked,) = Path(folder).glob(f"{package}-*/tests")
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
