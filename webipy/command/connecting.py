"""How a command reaches its server: the options that name it, the client that is built from them, and the exit status of the result.

`run` is the only place that builds a client and starts the reactor for one. Whatever goes wrong is raised: `program.Program` makes one sentence and
an exit status of it. Everything heavy is imported inside the functions, because `webipy --help` imports this module.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NoReturn

import click

from webipy.command.exit_statuses import BY_SIGNAL, LEFT, OK
from webipy.command.program import Ended

if TYPE_CHECKING:
    from pathlib import Path

    from webipy.client.client import Address, Client

PATIENCE_S = 120
"""How long a command that is under way waits for a server that has gone away."""


class Target:
    """The server that a command speaks to.

    Args:
        state: The folder of its state; `None` for the usual one.
        url: Its address, when it is not the one of the state folder.
        token_file: The file with its token.
        fingerprint: The SHA-256 of its certificate, when that alone is right.
    """

    def __init__(
        self, state: str | None, url: str | None, token_file: str | None, fingerprint: str | None = None
    ) -> None:
        self.state = state
        self.url = url
        self.token_file = token_file
        self.fingerprint = fingerprint

    @property
    def is_named(self) -> bool:
        """Whether the user has named a server."""
        return any(one is not None for one in (self.state, self.url, self.token_file))

    @property
    def state_folder(self) -> Path:
        """The folder of the server's state."""
        from webipy.io.storage.state_folder import find_state_folder

        return find_state_folder(self.state)

    @property
    def options(self) -> str:
        """The options that name this server, for commands in messages."""
        from shlex import quote

        given = (
            ("--state", self.state),
            ("--url", self.url),
            ("--token-file", self.token_file),
            ("--fingerprint", self.fingerprint),
        )
        return "".join(f"{name} {quote(value)} " for name, value in given if value is not None)

    def find(self) -> Address:
        """Where it is now.

        Raises:
            NoServer: No server is known.
            Wrong: `--url` is no address, or `--fingerprint` none.
        """
        import webipy.io.imports_on_demand  # noqa: F401  first: a command that speaks plain http starts sooner without TLS

        # isort: split
        from webipy.client.client import Address, NoServer, find_server

        if self.url is None:
            return find_server(self.state_folder)
        where, fingerprint = checked_url(self.url), checked_fingerprint(self.fingerprint)
        if self.token_file is None:
            from webipy.command import kept_logins

            if (kept := kept_logins.find(where)) is not None:
                return Address(where, kept.token, fingerprint or kept.fingerprint)
        path = self.state_folder / "token" if self.token_file is None else self.token_file
        try:
            with open(path, encoding="utf-8") as file:
                return Address(where, checked_token(file.read().strip(), path), fingerprint)
        except (OSError, UnicodeDecodeError) as fault:
            why = getattr(fault, "strerror", None) or "it is no text"
            hint = f" Sign in with: webipy login {where}" if self.token_file is None else ""
            raise NoServer(f"The token cannot be read from {path}: {why}.{hint}") from None


def checked_fingerprint(given: str | None) -> str | None:
    """The fingerprint of a certificate in its one spelling; `None` for none.

    Raises:
        Wrong: It is none.
    """
    from webipy.client.pinned_certificate import read_fingerprint
    from webipy.command.lookup import Wrong

    found = None if given is None else read_fingerprint(given)
    if given is not None and found is None:
        raise Wrong("--fingerprint takes the SHA-256 of a certificate, 64 hexadecimal digits, as the server prints it.")
    return found


def checked_url(url: str) -> str:
    """The address of a server, without what stands behind its path and without a slash at its end.

    Without a scheme it is https, but http on this machine. What a browser shows behind the path (`#`, `?`) is left away.

    Raises:
        Wrong: It is no HTTP address.
    """
    import re
    from urllib.parse import urlsplit

    from webipy.command.lookup import Wrong
    from webipy.core.site_address import LOOPBACK, BadAddress, read_path

    whole = url.strip()
    try:
        if not re.match(r"[a-z][a-z0-9+.-]*://", whole, re.IGNORECASE):
            host = urlsplit(f"//{whole}").hostname or ""
            whole = f"{'http' if host in LOOPBACK or host == '::1' else 'https'}://{whole}"
        parts = urlsplit(whole)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
        path = read_path(parts.path or "/")
    except BadAddress as fault:
        raise Wrong(f"--url {url} is no address of a server: {fault}") from None
    except ValueError:  # a port that is no number, brackets without an end, a name that cannot be one
        host = ""
    if not host or parts.scheme not in ("http", "https") or "@" in parts.netloc or re.search(r"[\s\\]", parts.netloc):
        raise Wrong(f"--url {url} is no address of a server; write it as http://127.0.0.1:8888 or https://HOST/lab/.")
    return (
        f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port is not None else ''}{path}".rstrip(
            "/"
        )
    )


def checked_token(token: str, path: object) -> str:
    """Checks a token that was read from a file.

    Args:
        token: The text of the file, without blanks at its ends.
        path: The file, for the message.

    Raises:
        NoServer: The text cannot be a token.
    """
    from webipy.client.client import NoServer

    if not token.isascii() or not token.isprintable():
        raise NoServer(f"{path} holds no token: a token is one line of letters and digits.")
    return token


def run(
    target: Target,
    command: Callable[[Client], Coroutine[Any, Any, int]],
    on_interrupt: Callable[[], bool] = lambda: False,
    cancelled: int = LEFT,
    on_end: Callable[[int], bool] | None = None,
) -> None:
    """Runs a command with a client, and exits.

    Args:
        target: The server.
        command: The command; returns the exit status.
        on_interrupt: Called at ^C; returns whether the command reacts to it. Otherwise ^C ends the command.
        cancelled: Exit status when ^C has ended the command.
        on_end: Called at SIGTERM and SIGHUP with the number of the signal; returns whether the command reacts to it. Otherwise the command is
            cancelled, with 128 and the number as its exit status. `None`: these signals end the process as they do by default.

    Raises:
        SystemExit: Always, with the exit status, unless the command fails; its failure is raised as it is.
    """
    from twisted.internet.defer import Deferred

    reactor = _counted_reactor()
    outcome: list[Any] = []
    ended_by = 0

    target.find()

    def finish(result: Any) -> None:
        outcome.append(result)
        reactor.callLater(0, reactor.stop)

    def take(number: int) -> None:
        nonlocal ended_by
        if number == signal.SIGINT and not on_interrupt():
            running.cancel()
        elif number != signal.SIGINT and on_end is not None and not on_end(number):
            ended_by = number
            running.cancel()

    def begin() -> None:
        take_signals(lambda number: reactor.callFromThread(take, number), on_end is not None)
        running.callback(None)

    running: Deferred[Any] = Deferred()
    running.addCallback(lambda _: Deferred.fromCoroutine(with_client(reactor, target, command))).addBoth(finish)
    signal.signal(signal.SIGINT, lambda number, _: reactor.callFromThread(take, number))
    reactor.callWhenRunning(begin)
    reactor.run()
    exit_with(outcome[0], BY_SIGNAL + ended_by if ended_by else cancelled)


def _counted_reactor() -> Any:
    """The reactor, which counts the time of its turns."""
    from twisted.internet import reactor

    from webipy.io.reactor import count_time

    count_time(reactor)
    return reactor


def take_signals(take: Callable[[int], object], are_ends_ours: bool) -> None:
    """Sets what SIGTERM and SIGHUP do; a SIGHUP that nohup(1) keeps away stays away.

    Call it when the reactor runs: at its start the reactor sets a function of its own for SIGTERM.

    Args:
        take: Called with the number of the signal.
        are_ends_ours: Whether `take` is called; otherwise SIGTERM ends the process.
    """
    signal.signal(signal.SIGTERM, (lambda number, _: take(number)) if are_ends_ours else signal.SIG_DFL)
    if are_ends_ours and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda number, _: take(number))


async def with_client(reactor: Any, target: Target, command: Callable[[Client], Coroutine[Any, Any, int]]) -> int:
    """Connects, runs the command, and closes the connection.

    Args:
        reactor: The reactor.
        target: The server.
        command: The command; returns the exit status.

    Raises:
        NoServer: No server answers.
    """
    from webipy.client.client import Client

    client = Client(reactor, target.find, PATIENCE_S, show_line)
    await client.connect()
    try:
        return await command(client)
    finally:
        await client.close()


def show_line(is_there: bool) -> None:
    """Shows that the connection was lost, or is back."""
    lost = "The connection to the server is lost; code that runs goes on. Connecting again..."
    click.echo(f"webipy: {'The server is back.' if is_there else lost}", err=True)


def exit_with(result: Any, cancelled: int) -> NoReturn:
    """Exits with the status that a command has returned; raises the failure that it has raised.

    Args:
        result: The exit status, or a `Failure`.
        cancelled: The exit status after ^C or a signal.

    Raises:
        SystemExit: The command has returned, or was cancelled with `OK`.
        KeyboardInterrupt: ^C has cancelled the command.
        Ended: A signal has ended the command.
    """
    from twisted.internet.defer import CancelledError
    from twisted.python.failure import Failure as Fault

    if isinstance(result, int):
        sys.exit(result)
    assert isinstance(result, Fault) and result.value is not None
    if result.check(CancelledError):
        if cancelled == OK:
            sys.exit(OK)
        if cancelled != LEFT:
            raise Ended(f"Ended by {signal.Signals(cancelled - BY_SIGNAL).name}.", cancelled)
        raise KeyboardInterrupt
    raise result.value
