"""Looks for known holes in what webipy depends on: `make audit`.

Three looks, each with a line that says what came of it:

    here     what is installed, against `HOLES` below: the holes that were known when this file was written; needs no network
    python   tests/requirements.lock, by pip-audit, which asks a service on the network (PyPI's or OSV's)
    page     web/package-lock.json, by npm audit, which asks npm's registry

The exit status is 0 when all looks were made and found nothing, 1 when something was found, 2 when nothing was found but a service could not be
asked: a look that was not made is no clean one.

Rejected: a copy of a database of holes in the tree (old the day after).
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import attrs

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "tests" / "requirements.lock"
ASK_S = 120

HOLES: Final[dict[str, tuple[str, str]]] = {
    "autobahn": ("20.12.3", "CVE-2020-35678: redirects to another host"),
    "bleach": ("3.3.0", "CVE-2021-23980: script in what it has cleaned"),
    "cryptography": ("43.0.1", "holes of the OpenSSL in its wheels"),
    "idna": ("3.7", "CVE-2024-3651: a name that takes minutes"),
    "ipython": ("8.10.0", "CVE-2023-24816: a command in a window title"),
    "jinja2": ("3.1.6", "CVE-2025-27516: out of the sandbox of templates"),
    "jupyter-core": ("5.8.1", "CVE-2025-30167: configuration that anybody may write (Windows)"),
    "mistune": ("2.0.3", "CVE-2022-34749: Markdown that takes minutes"),
    "nbconvert": ("7.17.1", "CVE-2026-39378: a document reads any file"),
    "pillow": ("10.3.0", "CVE-2024-28219: a buffer that is too small"),
    "pygments": ("2.15.1", "CVE-2022-40896: code that takes minutes to colour"),
    "pyzmq": ("19.0.2", "holes of the libzmq in its wheels"),
    "tornado": ("6.5", "CVE-2025-47287: forms that fill the log"),
    "twisted": ("24.7.0", "CVE-2024-41671, CVE-2024-41810: answers in another order, script in a redirect"),
}
"""By package: the first version without the hole, and what it was."""


@attrs.define(frozen=True)
class Look:
    """What came of one look.

    Args:
        name: What was looked at.
        found: The holes, a line each.
        missed: Why it could not be made; empty when it was.
    """

    name: str
    found: list[str]
    missed: str = ""

    def __str__(self) -> str:
        if self.missed:
            return f"{self.name}: NOT LOOKED AT. {self.missed}"
        return f"{self.name}: " + (
            "\n    ".join([f"{len(self.found)} known holes", *self.found]) if self.found else "no known holes"
        )


def numbers(version: str) -> tuple[int, ...]:
    """The numbers a version begins with, for comparing; what comes before a release counts as the release."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()


def is_older(version: str, other: str) -> bool:
    """Whether a version comes before another one."""
    mine, others = numbers(version), numbers(other)
    size = max(len(mine), len(others))
    return mine + (0,) * (size - len(mine)) < others + (0,) * (size - len(others))


def look_here(version_of: Callable[[str], str] = importlib.metadata.version) -> Look:
    """What is installed in this environment."""
    found = []
    for name, (fixed, what) in HOLES.items():
        try:
            installed = version_of(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if is_older(installed, fixed):
            found.append(f"{name} {installed}: {what}; {fixed} has no such hole")
    return Look("installed here, against the list of this file", found)


def ask(command: list[str], folder: Path) -> tuple[int, str, str]:
    """Runs a program that asks a service; gives its status and what it printed.

    Raises:
        FileNotFoundError: There is no such program.
        subprocess.TimeoutExpired: It took longer than `ASK_S`.
    """
    ran = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=ASK_S, check=False, stdin=subprocess.DEVNULL
    )
    return ran.returncode, ran.stdout, ran.stderr


Ask = Callable[[list[str], Path], tuple[int, str, str]]


def look_python(asked: Ask = ask) -> Look:
    """The lock of the tests' environment, by pip-audit."""
    name = "tests/requirements.lock, by pip-audit"
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--requirement",
        str(LOCK),
        "--require-hashes",
        "--disable-pip",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    try:
        _, out, told = asked(command, ROOT)
        report = json.loads(out)
    except subprocess.TimeoutExpired:
        return Look(name, [], f"Its service did not answer within {ASK_S} s.")
    except ValueError:
        if "No module named pip_audit" in told:
            return Look(name, [], "pip-audit is not installed: .venv/bin/pip install pip-audit")
        return Look(name, [], f"Its service could not be asked: {_last(told)}")
    found = [
        f"{package['name']} {package['version']}: {hole['id']}; fixed in {', '.join(hole['fix_versions']) or 'no version'}"
        for package in report["dependencies"]
        for hole in package.get("vulns", [])
    ]
    skipped = [package["name"] for package in report["dependencies"] if "skip_reason" in package]
    return Look(name, found, _unknown(skipped, len(report["dependencies"])) if skipped and not found else "")


def _unknown(skipped: list[str], number: int) -> str:
    return f"Its service knows nothing of {len(skipped)} of {number} packages, such as {', '.join(skipped[:3])}."


def look_page(asked: Ask = ask, npm: list[str] | None = None) -> Look:
    """The lock of the page, by npm audit."""
    name = "web/package-lock.json, by npm audit"
    try:
        _, out, told = asked([*(npm or ["npm"]), "audit", "--json"], ROOT / "web")
        report = json.loads(out)
    except FileNotFoundError:
        return Look(name, [], "There is no npm on the PATH.")
    except subprocess.TimeoutExpired:
        return Look(name, [], f"The registry did not answer within {ASK_S} s.")
    except ValueError:
        return Look(name, [], f"The registry could not be asked: {_last(told)}")
    if "vulnerabilities" not in report:
        return Look(name, [], f"The registry could not be asked: {report.get('message') or _last(told)}")
    return Look(name, [f"{package}: {hole['severity']}" for package, hole in sorted(report["vulnerabilities"].items())])


def _last(told: str) -> str:
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"


def status_of(looks: list[Look]) -> int:
    """The exit status: 1 when something was found, 2 when not everything was looked at, else 0."""
    return 1 if any(look.found for look in looks) else 2 if any(look.missed for look in looks) else 0


def main() -> int:
    """Makes all three looks and prints what came of them."""
    looks = []
    for make in (look_here, look_python, look_page):
        looks.append(make())
        print(looks[-1], flush=True)
    status = status_of(looks)
    if status == 2:
        print(
            "\nNothing was found, but not everything was looked at (exit status 2): try again where the network can be reached."
        )
    return status


if __name__ == "__main__":
    sys.exit(main())
