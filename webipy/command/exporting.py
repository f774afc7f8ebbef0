"""`webipy export`: another format of a notebook, from the server to a file here.

The notebook is opened in the session that it has, or in a temporary one, which the server closes again unless somebody else
has come to use it. What is exported is the document as the server has it now, which may be ahead of its file.

The file appears whole or not at all: it is received beside its place under another name, and compared with the size that was announced.
"""

from __future__ import annotations

import os
import sys
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError
from twisted.internet.protocol import Protocol
from twisted.python.failure import Failure as Fault
from twisted.web.client import Agent, ResponseDone
from twisted.web.http_headers import Headers

from webipy.client.client import Address, Client, ConnectionLost
from webipy.command.exit_statuses import OK
from webipy.command.lookup import Wrong
from webipy.command.paths import path_below_root
from webipy.command.places import leave
from webipy.command.program import Unable
from webipy.command.streams import write_as_is
from webipy.command.terminal import print_json
from webipy.core.api import calls, notebook_calls
from webipy.core.api.formats import PLAIN, ExportFormat, ExportOptions

CONNECT_S = 10


class Export(msgspec.Struct, frozen=True):
    """What is wanted.

    Args:
        notebook: The notebook, as the user named it.
        format: The format.
        output: The file it goes to, `-` for standard output, or `None` for its own name in the working directory.
        overwrite: Whether an existing file may be replaced.
        as_json: Whether to print where it is as JSON.
        options: What of the notebook is shown, and how.
    """

    notebook: str
    format: ExportFormat
    output: str | None
    overwrite: bool
    as_json: bool
    options: ExportOptions = PLAIN


class Written(msgspec.Struct, frozen=True):
    """What `webipy export --json` prints: the file, and its size in bytes."""

    path: str
    size: int


class _Body(Protocol):
    """Writes the body of an answer to a file."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self.size = 0
        self.ended: Deferred[None] = Deferred(lambda _: self._leave())

    def dataReceived(self, data: bytes) -> None:
        """A part came."""
        if self.ended.called:
            return
        try:
            self._write(data)
        except OSError as fault:
            self.ended.errback(fault)
            self._leave()
        self.size += len(data)

    def _leave(self) -> None:
        if self.transport is not None:
            self.transport.loseConnection()

    def connectionLost(self, reason: Fault = Fault(ResponseDone())) -> None:  # noqa: B008 - as Twisted has it
        """All has come, or the line was lost."""
        if not self.ended.called:
            self.ended.callback(None)


async def run_export(reactor: Any, client: Client, address: Address, wanted: Export) -> int:
    """Exports a notebook and writes the file.

    Args:
        reactor: The reactor.
        client: The connection.
        address: The address and the token of the server; the export comes by HTTP.
        wanted: The notebook, the format and the place of the result.

    Returns:
        The exit status.

    Raises:
        Wrong: The result exists already, or the notebook is not below the root.
        Unable: The result cannot be written.
        ConnectionLost: The export did not come, or not whole.
        errors.Failure: The server refuses.
    """
    path = await path_below_root(client, wanted.notebook)
    if wanted.output is not None and Path(wanted.output).is_file() and not wanted.overwrite:
        raise _exists(wanted.output)  # reported before anything is converted
    opened = calls.CreateSession(path=path, id=uuid.uuid4().hex, temporary=True)
    session = await client.call("session.create", opened, calls.Session, repeat=True)
    try:
        if sys.stderr.isatty():
            click.echo(f"webipy: Converting {path} to {wanted.format}...", err=True)
        asked = notebook_calls.ExportNotebook(
            session=session.id,
            format=wanted.format,
            input=wanted.options.has_input,
            prompts=wanted.options.has_prompts,
            template=wanted.options.template,
        )
        made = await client.call("notebook.export", asked, notebook_calls.Exported, repeat=True)
        return await _receive(reactor, address, made, wanted)
    finally:
        await leave(client, session)


async def _receive(reactor: Any, address: Address, made: notebook_calls.Exported, wanted: Export) -> int:
    """Fetches an export to where it is wanted."""
    if wanted.output == "-":
        await _fetch(reactor, address, made, write_as_is)
        return OK
    target = Path(wanted.output if wanted.output is not None else made.name)
    if target.is_dir():
        target /= made.name
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name[:100]}.", delete=False) as file:
            temporary = Path(file.name)
            try:
                await _fetch(reactor, address, made, file.write)
                file.flush()
                temporary.chmod(0o666 & ~_umask())
                if wanted.overwrite:
                    temporary.replace(target)
                else:
                    os.link(temporary, target)
            finally:
                temporary.unlink(missing_ok=True)
    except FileExistsError:
        raise _exists(str(target)) from None
    except OSError as fault:
        raise Unable(f"{target} cannot be written: {fault.strerror or fault}.") from None
    if wanted.as_json:
        print_json(Written(path=str(target), size=made.size))
    else:
        write_as_is(os.fsencode(target) + b"\n")
    return OK


async def _fetch(
    reactor: Any, address: Address, made: notebook_calls.Exported, write: Callable[[bytes], object]
) -> None:
    """Gives an export to `write`, in parts.

    Raises:
        ConnectionLost: It did not come, or not whole.
        OSError: It cannot be written.
    """
    headers = Headers({"Authorization": [f"Bearer {address.token}"]})
    agent = Agent(reactor, connectTimeout=CONNECT_S)
    try:
        response = await agent.request(b"GET", f"{address.url}{made.url}".encode(), headers)
    except ConnectError:
        raise ConnectionLost("The connection was lost before the export arrived. Try again.") from None
    if response.code != 200:
        raise ConnectionLost(f"The server did not send the export (HTTP status {response.code}). Try again.")
    body = _Body(write)
    response.deliverBody(body)
    await body.ended
    if body.size != made.size:
        raise ConnectionLost("The export did not arrive whole. Try again.")


def _exists(target: str) -> Wrong:
    return Wrong(f"{target} exists already. Add --overwrite, or name another file with -o.")


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
