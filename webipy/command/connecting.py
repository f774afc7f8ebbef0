"""How a command reaches its server: what the user said of it, the client that is built from that, and the exit status of what comes of it.

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
from webipy.io.reactor import count_time

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
    """

    def __init__(self, state: str | None, url: str | None, token_file: str | None) -> None:
        self.state = state
        self.url = url
        self.token_file = token_file

    @property
    def is_named(self) -> bool:
        """Whether the user has said which server it is."""
        return (self.state, self.url, self.token_file) != (None, None, None)

    @property
    def state_folder(self) -> Path:
        """The folder of the server's state."""
        from webipy.io.storage.state_folder import find_state_folder

        return find_state_folder(self.state)

    @property
    def options(self) -> str:
        """The options that name this server, for commands that we tell the user."""
        from shlex import quote

        given = (("--state", self.state), ("--url", self.url), ("--token-file", self.token_file))
        return "".join(f"{name} {quote(value)} " for name, value in given if value is not None)

    def find(self) -> Address:
        """Where it is now.

        Raises:
            NoServer: No server is known.
            Wrong: `--url` is no address.
        """
        from webipy.client.client import Address, NoServer, find_server

        if self.url is None:
            return find_server(self.state_folder)
        path = self.state_folder / "token" if self.token_file is None else self.token_file
        try:
            with open(path, encoding="utf-8") as file:
                return Address(checked_url(self.url), checked_token(file.read().strip(), path))
        except (OSError, UnicodeDecodeError) as fault:
            raise NoServer(
                f"The token cannot be read from {path}: {getattr(fault, 'strerror', None) or 'it is no text'}."
            ) from None


def checked_url(url: str) -> str:
    """The address of a server, without a slash at its end.

    Raises:
        Wrong: It is none.
    """
    from urllib.parse import urlsplit

    from webipy.command.lookup import Wrong

    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:  # a port that is no number, brackets without an end, a name that cannot be one
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        raise Wrong(f"--url {url} is no address of a server; write it as http://127.0.0.1:8888.")
    return url.rstrip("/")


def checked_token(token: str, path: object) -> str:
    """A token that was read from a file.

    Raises:
        NoServer: It cannot be one.
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
    """Run a command with a client, and exit.

    Args:
        target: The server.
        command: What to do; gives the exit status.
        on_interrupt: Called at ^C; whether that was the command's business. Otherwise ^C ends it.
        cancelled: Exit status when ^C has ended it.
        on_end: Called at SIGTERM and at SIGHUP, with the number; whether that was the command's business. Otherwise it is ended in order, with
            128 and the number as its exit status. `None`: these signals end the process as they do by default.
    """
    from twisted.internet import reactor as _reactor
    from twisted.internet.defer import Deferred

    reactor: Any = _reactor
    count_time(reactor)
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


def take_signals(take: Callable[[int], object], are_ends_ours: bool) -> None:
    """Has SIGTERM and SIGHUP end the process, or (`are_ends_ours`) given to `take`; a SIGHUP that nohup(1) keeps away stays away.

    Only when the reactor runs: it has put a function of its own on SIGTERM while it started.
    """
    signal.signal(signal.SIGTERM, (lambda number, _: take(number)) if are_ends_ours else signal.SIG_DFL)
    if are_ends_ours and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda number, _: take(number))


async def with_client(reactor: Any, target: Target, command: Callable[[Client], Coroutine[Any, Any, int]]) -> int:
    """Connect, do what is to be done, and leave."""
    from webipy.client.client import Client

    client = Client(reactor, target.find, PATIENCE_S, tell_line)
    await client.connect()
    try:
        return await command(client)
    finally:
        await client.close()


def tell_line(is_there: bool) -> None:
    """Say that the line to the server was lost, or is there again."""
    lost = "The line to the server is lost; what runs there goes on. Connecting again..."
    click.echo(f"webipy: {'The server is back.' if is_there else lost}", err=True)


def exit_with(result: Any, cancelled: int) -> NoReturn:
    """Exit with a status, or with `cancelled` after ^C or a signal; a failure is raised."""
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
