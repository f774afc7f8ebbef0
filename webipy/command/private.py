"""A server for one command, where none runs: what a job of a build wants.

It listens on loopback, keeps its state in a folder of its own, and serves the folder that the command's files are in. It ends with this
process, however that ends (`webipy serve --private`), and its kernels and its folder with it. A server that the user has named is never
replaced by one: that would run things elsewhere than they think.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click

from webipy.command.connecting import Target
from webipy.command.program import Unable

START_S = 60.0
STOP_S = 15.0
LOOK_S = 0.02
MAX_FOLDER_BYTES = 60
"""Of the state folder's path: the sockets of kernels are in it, and have some 40 bytes more (sun_path has 107)."""


@contextlib.contextmanager
def found_or_private(target: Target, paths: Sequence[str]) -> Iterator[tuple[Target, bool]]:
    """Yields the server that the user has named or that runs; otherwise starts one that ends with this block.

    Args:
        target: The server as the user has named it.
        paths: The files that the command uses; their common folder becomes the root.

    Yields:
        The server, and whether it was started here.

    Raises:
        NoServer: The user has named a server that does not run.
        Unable: No server can be started.
    """
    if target.is_named or _answers(target):
        yield target, False
        return
    folder = Path(tempfile.mkdtemp(prefix="webipy-", dir=_short_folder()))
    server = None
    try:
        click.echo("webipy: No server runs: this command starts one, which ends with the command.", err=True)
        server = _start(folder, _root(paths))
        yield Target(str(folder), None, None), True
    finally:
        if server is not None:
            _stop(server)
        shutil.rmtree(folder, ignore_errors=True)  # the server has done so, unless it was killed


def _short_folder() -> str | None:
    """Where temporary folders go; not where a path is too long for sockets."""
    return "/tmp" if len(os.fsencode(tempfile.gettempdir())) > MAX_FOLDER_BYTES else None


def _answers(target: Target) -> bool:
    """Whether somebody listens at the usual server's address; a file that a server has left behind is none."""
    from webipy.client.client import NoServer

    try:
        parts = urlsplit(target.find().url)
        with socket.create_connection((parts.hostname, parts.port), timeout=START_S):
            return True
    except (NoServer, OSError):
        return False


def _root(paths: Sequence[str]) -> str:
    """The innermost folder that holds all files, by their own names and by those that links lead to."""
    folders = []
    for path in paths:
        given = Path(path).expanduser()
        folders += [str(given.absolute().parent), str(given.resolve().parent)]
    return os.path.commonpath(folders)


def _start(folder: Path, root: str) -> subprocess.Popen[bytes]:
    options = ["--port", "0", "--state", str(folder), "--root", root, "--private", str(os.getpid())]
    log = folder / "log"
    with open(log, "wb") as written:
        server = subprocess.Popen(
            [sys.executable, "-P", "-m", "webipy.cli", "serve", *options],
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            start_new_session=True,  # ^C is for this command, which has work for the server yet
        )
    end = time.monotonic() + START_S
    while not (folder / "server.json").exists():
        if server.poll() is not None or time.monotonic() > end:
            printed = log.read_text("utf-8", "replace").strip() if log.exists() else ""
            server.kill()
            server.wait()
            raise Unable(f"A server for this command could not be started. It printed:\n{printed}")
        time.sleep(LOOK_S)
    return server


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOP_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
