"""`webipy-singleuser`: the server of one user of a JupyterHub, in place of `jupyterhub-singleuser`.

    c.Spawner.cmd = ["webipy-singleuser"]

The hub says in the environment where to listen and who may come in (webipy.io.hub.environment). That becomes options of `webipy serve`, with
`--hub` before them; what stands on the command line comes after them and wins. Options of `jupyterhub-singleuser` are understood: those that mean
something here are carried out, the others are named on standard error and do nothing. A server that the hub stops ends its kernels and terminals;
one that is killed, or crashes, leaves them for the next one.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Mapping, Sequence

import click

from webipy.core import errors
from webipy.core.api.access import MAX_NAME, person_name
from webipy.io.hub.environment import BadHub, HubEnvironment, read_environment

GRACE_HOURS = "1"
"""How long an idle kernel waits for the next server, when this one was killed."""

USAGE = """Usage: webipy-singleuser [options]

Serves one user of a JupyterHub, which starts it in place of jupyterhub-singleuser:

    c.Spawner.cmd = ["webipy-singleuser"]

The hub says in the environment where to listen, below which path, and who may come in; people sign in at the hub. When the hub stops the
server, its kernels and terminals end, too.

Options:
      --keep-kernels            Kernels and terminals go on when the hub stops the server, and the next one finds them.
      --hub-token-in-kernels    Kernels get the server's token at the hub (JUPYTERHUB_API_TOKEN).
      --share-links             Links of webipy share let people in whom the hub does not know.
      --root, --notebook-dir    Folder with the files. [default: as the hub says, else the current folder]
      --allow-root              Serve a user who is root.
      --ip, --port              Where to listen. [default: as the hub says]
      --help                    Show this text.

All options of `webipy serve` can be given, too. Those of jupyterhub-singleuser that mean nothing here are named and do nothing."""

SAME = {
    "ip": "interface",
    "port": "port",
    "notebook-dir": "root",
    "notebook_dir": "root",
    "root-dir": "root",
    "root_dir": "root",
    "allow-root": "allow-root",
    "allow_root": "allow-root",
    "ServerApp.ip": "interface",
    "ServerApp.port": "port",
    "ServerApp.root_dir": "root",
    "ServerApp.allow_root": "allow-root",
    "NotebookApp.ip": "interface",
    "NotebookApp.port": "port",
    "NotebookApp.notebook_dir": "root",
    "NotebookApp.allow_root": "allow-root",
    "SingleUserNotebookApp.notebook_dir": "root",
}
"""Options of jupyterhub-singleuser, and what they are called here."""

IGNORED_FLAGS = frozenset(
    ("debug", "y", "no-browser", "no-mathjax", "disable-user-config", "autoreload", "show-config", "show-config-json")
)
IGNORED_VALUES = frozenset(
    (
        "user",
        "group",
        "cookie-name",
        "base-url",
        "hub-host",
        "hub-prefix",
        "hub-api-url",
        "default-url",
        "log-level",
        "config",
        "keyfile",
        "certfile",
        "client-ca",
        "transport",
        "gateway-url",
        "browser",
        "port-retries",
        "pylab",
        "sock",
        "sock-mode",
    )
)
"""Options of jupyterhub-singleuser that mean nothing here, without and with a value."""

_TRAIT = re.compile(r"[A-Z]\w*\.\w+")
_NAME_PARTS = re.compile(r"[^A-Za-z0-9_-]+")


def main() -> None:
    """The command: serves until it is ended."""
    arguments = sys.argv[1:]
    if "--help" in arguments or "-h" in arguments or "--help-all" in arguments:
        click.echo(USAGE)
        return
    try:
        hub = read_environment(os.environ)
    except BadHub as fault:
        click.echo(f"webipy-singleuser: {fault}", err=True)
        sys.exit(2)
    given, ignored = understood(arguments)
    for option in ignored:
        click.echo(
            f"webipy-singleuser: {option} is an option of jupyterhub-singleuser, and does nothing here.", err=True
        )
    from webipy.command.serving import serve

    serve([*options_of(hub, os.environ), *given])


def options_of(hub: HubEnvironment, environment: Mapping[str, str]) -> list[str]:
    """The options of `webipy serve` that stand for what the hub says.

    Args:
        hub: What it says.
        environment: The environment variables.
    """
    found = ["--hub", "--behind-proxy", f"--grace={GRACE_HOURS}", f"--port={hub.port}", f"--interface={hub.interface}"]
    found += [f"--base-url={hub.path}"]
    with contextlib.suppress(errors.InvalidParams):  # a name that cannot be shown: that of the account stands for it
        found.append(f"--display-name={person_name(hub.place.user[:MAX_NAME])}")
    if hub.root:
        found.append(f"--root={hub.root}")
    if hub.public is not None:
        found.append(f"--public-url={hub.public.url}")
    if hub.place.server:
        state = environment.get("XDG_STATE_HOME") or "~/.local/state"
        found.append(f"--state={state}/webipy-{_NAME_PARTS.sub('-', hub.place.server)}")
    return found


def understood(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Reads the command line as jupyterhub-singleuser would.

    Args:
        arguments: The command line, without the name of the command.

    Returns:
        The options of `webipy serve` that it comes to, and the options that mean nothing here.
    """
    given: list[str] = []
    ignored: list[str] = []
    rest = list(arguments)
    keeps_kernels = False
    while rest:
        argument = rest.pop(0)
        name, has_value, value = argument.lstrip("-").partition("=")
        if name == "keep-kernels":
            keeps_kernels = True
        elif name in SAME and argument.startswith("-"):
            given += _renamed(SAME[name], value if has_value else None, rest)
        elif name in IGNORED_FLAGS or _TRAIT.fullmatch(name):
            ignored.append(argument.partition("=")[0])
        elif name in IGNORED_VALUES:
            ignored.append(argument.partition("=")[0])
            if not has_value and rest and not rest[0].startswith("-"):
                rest.pop(0)
        else:
            given.append(argument)
    return given if keeps_kernels else ["--kernels-stop-with-server", *given], ignored


def _renamed(option: str, value: str | None, rest: list[str]) -> list[str]:
    """An option under the name that it has here."""
    if option == "allow-root":
        return [] if value is not None and value.lower() in ("false", "0") else ["--allow-root"]
    if value is None and rest and not rest[0].startswith("-"):
        value = rest.pop(0)
    return [f"--{option}"] if value is None else [f"--{option}={value}"]
