"""`webipy doctor`: checks everything that an installation needs, and advises on each problem.

Each check is a function that yields findings and never raises: what it cannot find out is a finding, too. Nothing is changed. What
is asked of the server: webipy.command.reaching.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import msgspec

from webipy.client.client import Address
from webipy.command.reaching import Finding, server
from webipy.core.kernel.host_protocol import MAX_SOCKET_PATH, SOCKET
from webipy.io.storage.journal_folder import kept

OLDEST_SQLITE: Final = (3, 24)  # ON CONFLICT DO UPDATE, which the registry uses
LEAST_FREE_BYTES: Final = 200_000_000
_OWN_PYTHON: Final = re.compile(r"python(3(\.[0-9]+)?)?")  # such a command is replaced by the Python that runs webipy
STATIC: Final = Path(__file__).parent.parent / "static"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All findings."""

    findings: list[Finding]


def examine(state: Path, find: Callable[[], Address], is_named: bool = False) -> list[Finding]:
    """Look at everything.

    Args:
        state: The folder of the server's state.
        find: Returns the address of the server.
        is_named: Whether the user has given the address.
    """
    return [
        *python(),
        *packages(),
        *plugin(),
        *page(),
        *kernelspecs(),
        *state_folder(state),
        *journals_kept(state),
        *socket_path(state),
        *sqlite(),
        *server(find, is_named),
    ]


def text_of(findings: list[Finding]) -> str:
    """The findings for people, and a last line with the number of problems."""
    lines = []
    for finding in findings:
        lines.append(f"{'PROBLEM' if finding.is_problem else 'ok     '}  {finding.name}: {finding.text}")
        if finding.advice:
            lines.append(f"         -> {finding.advice}")
    problems = sum(finding.is_problem for finding in findings)
    lines.append("")
    lines.append("All is well." if not problems else f"{problems} problem{'s' if problems > 1 else ''} found.")
    return "\n".join(lines)


def python() -> Iterator[Finding]:
    """The interpreter."""
    version = ".".join(map(str, sys.version_info[:3]))
    is_old = sys.version_info < (3, 11)
    yield Finding(
        name="Python",
        text=f"{version} at {sys.executable}",
        is_problem=is_old,
        advice="Install Python 3.11 or newer." if is_old else "",
    )
    if not hasattr(os, "pidfd_open"):
        yield Finding(
            name="system",
            text="this Python has no pidfd_open",
            is_problem=True,
            advice="webipy needs Linux 5.3 or newer.",
        )


def packages() -> Iterator[Finding]:
    """The packages that the metadata of webipy requires."""
    from packaging.requirements import Requirement

    try:
        needed = [Requirement(text) for text in metadata.requires("webipy") or []]
    except metadata.PackageNotFoundError:
        yield Finding(
            name="webipy",
            text="it is not installed; only its sources are here",
            is_problem=True,
            advice="Run: pip install .",
        )
        return
    found = [f"webipy {metadata.version('webipy')}"]
    for requirement in needed:
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield Finding(
                name=requirement.name,
                text="it is not installed",
                is_problem=True,
                advice=f"Run: pip install '{requirement}'",
            )
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            text = f"{version} is installed, {requirement.specifier} is needed"
            yield Finding(name=requirement.name, text=text, is_problem=True, advice=f"Run: pip install '{requirement}'")
        found.append(f"{requirement.name} {version}")
    yield Finding(name="packages", text=", ".join(found))


def plugin() -> Iterator[Finding]:
    """Whether `twistd webipy` exists and loads."""
    from twisted.application.service import IServiceMaker
    from twisted.plugin import getPlugins

    if not any(found.tapname == "webipy" for found in getPlugins(IServiceMaker)):
        yield Finding(
            name="twistd",
            text="the subcommand webipy is missing",
            is_problem=True,
            advice="Install again: pip install --force-reinstall webipy",
        )
        return
    try:
        importlib.import_module("webipy.twistd")
    except ImportError as fault:
        yield Finding(
            name="twistd",
            text=f"webipy.twistd cannot be imported: {fault}",
            is_problem=True,
            advice="Install again: pip install webipy",
        )
        return
    yield Finding(name="twistd", text="the subcommand webipy is installed")


def page() -> Iterator[Finding]:
    """Whether the page was built into the installation."""
    if (STATIC / "index.html").is_file():
        yield Finding(name="page", text="it is built")
        return
    node = shutil.which("node")
    advice = f"Run pip install . in the sources again; it builds the page with {f'the node at {node}' if node else 'node from a wheel'}."
    yield Finding(name="page", text="it is missing from this installation", is_problem=True, advice=advice)


def kernelspecs() -> Iterator[Finding]:
    """The kernels that can be started, and those that cannot."""
    listed = subprocess.run([sys.executable, "-P", "-m", "webipy.kernelspecs"], capture_output=True, text=True)
    if listed.returncode != 0:
        reason = (listed.stderr.strip().splitlines() or ["no reason given"])[-1]
        yield Finding(
            name="kernels",
            text=f"they cannot be listed: {reason}",
            is_problem=True,
            advice="Run: pip install jupyter_client",
        )
        return
    found = msgspec.json.decode(listed.stdout.encode())
    specs: dict[str, dict[str, Any]] = found["kernelspecs"]
    for name, spec in specs.items():
        command = spec["argv"][0]
        if not _OWN_PYTHON.fullmatch(command) and shutil.which(command) is None:
            text = f"its command {command} does not exist"
            yield Finding(
                name=f"kernel {name}",
                text=text,
                is_problem=True,
                advice=f"Install it again, or remove it: jupyter kernelspec remove {name}",
            )
    for name, reason in found["broken"].items():
        yield Finding(
            name=f"kernel {name}",
            text=reason,
            is_problem=True,
            advice=f"Repair it, or remove it: jupyter kernelspec remove {name}",
        )
    if specs:
        yield Finding(
            name="kernels", text=", ".join(f"{name} ({spec['display_name']})" for name, spec in specs.items())
        )
    else:
        yield Finding(name="kernels", text="none is installed", is_problem=True, advice="Run: pip install ipykernel")


def state_folder(state: Path) -> Iterator[Finding]:
    """Whether journals can be written, and whether nobody else can read them."""
    nearest = next(folder for folder in (state, *state.parents) if folder.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        yield Finding(
            name="state", text=f"{nearest} is not writable", is_problem=True, advice="Name another folder with --state."
        )
        return
    if nearest == state:
        found = state.stat()
        if found.st_uid != os.getuid():
            yield Finding(
                name="state",
                text=f"{state} belongs to another user",
                is_problem=True,
                advice="Name a folder of your own with --state.",
            )
        elif stat.S_IMODE(found.st_mode) & 0o077:
            mode = f"{stat.S_IMODE(found.st_mode):04o}"
            yield Finding(
                name="state",
                text=f"others can look into {state} (mode {mode})",
                is_problem=True,
                advice=f"Run: chmod 700 {state}",
            )
    free = shutil.disk_usage(nearest).free
    is_full = free < LEAST_FREE_BYTES
    made = "" if nearest == state else ", made by the first start"
    advice = "Make room: journals grow with what kernels print." if is_full else ""
    yield Finding(name="state", text=f"{state}{made}; {free / 1e9:.1f} GB free", is_problem=is_full, advice=advice)


def journals_kept(state: Path) -> Iterator[Finding]:
    """How much room the journals take."""
    found = kept(state / "journals")
    size = sum(journal.size_bytes for journal in found)
    text = f"{len(found)} in {state / 'journals'} take {size / 1e6:.1f} MB; `webipy journal ls` lists them"
    yield Finding(name="journals", text=text)


def socket_path(state: Path) -> Iterator[Finding]:
    """Whether the sockets of kernels fit into the path that the system allows."""
    longest = len(os.fsencode(state.resolve() / "hosts" / f"{16 * 'x'}-9999" / SOCKET))
    text = f"paths have {longest} of at most {MAX_SOCKET_PATH} bytes"
    if longest > MAX_SOCKET_PATH:
        text += "; they go to the folder for temporary files instead"
    yield Finding(name="sockets", text=text)


def sqlite() -> Iterator[Finding]:
    """Whether Python's SQLite can keep the journals."""
    is_old = sqlite3.sqlite_version_info < OLDEST_SQLITE
    advice = f"Use a Python with SQLite {'.'.join(map(str, OLDEST_SQLITE))} or newer." if is_old else ""
    yield Finding(name="SQLite", text=sqlite3.sqlite_version, is_problem=is_old, advice=advice)
