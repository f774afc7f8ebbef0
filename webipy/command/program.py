"""How a command ends: its exit status, and one sentence when it could not do what it was asked for.

Every command runs inside `Program`. What a command raises is reported here and nowhere else: as a sentence on standard error, and with `--json` also
as one JSON object on standard output, which then holds nothing else:

    {"error": {"code": -32003, "name": "not_found", "message": "There is no session x.", "status": 1, ...}}

`code`, `name` and further facts are those of the server's failure (docs/protocol.md), or of the command's own below; `status` is the exit status.

Start-up is part of the product: nothing heavy is imported before something has gone wrong.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

import click

from webipy.command import streams
from webipy.command.exit_statuses import EVERY_COMMAND, FAILED, LEFT, NO_SERVER, OK, USAGE
from webipy.command.streams import StreamFault

_OWN: Final = {
    "no_server": -32101,
    "connection_lost": -32102,
    "wrong_usage": -32103,
    "stream_fault": -32104,
    "unable": -32105,
    "left": -32106,
    "mistake": -32107,
}
"""Codes of what goes wrong in the command itself. Those of the server are in core/errors.py."""


class Unable(Exception):
    """A command cannot do what it was asked for; the message gives the reason, and what would be right."""


class Ended(Exception):
    """A command has ended otherwise than by its own doing.

    Args:
        message: What came of it; the user has seen it already.
        status: The exit status.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Program(click.Group):
    """The `webipy` command with its subcommands; the help of each lists its exit statuses."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Adds a subcommand, with the exit statuses that every command has unless it lists its own.

        Args:
            cmd: The command.
            name: Its name; `None` for the one that the command has.
        """
        cmd.epilog = cmd.epilog or EVERY_COMMAND
        super().add_command(cmd, name)

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> NoReturn:
        """Runs a command line, and exits.

        Args:
            args: The arguments; `None` for those of the process.
            rest: Passed on to click.
            extra: Passed on to click.

        Raises:
            SystemExit: Always, with the exit status.
        """
        if args is None:
            args = sys.argv[1:]
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is something that ^C could stop
            streams.prepare()
        is_json = "--json" in [*args, "--"][: [*args, "--"].index("--")]
        extra["standalone_mode"] = False
        try:
            try:
                status = _status(super().main(args, *rest, **extra))
            except SystemExit as exit_:
                status = _status(exit_.code)
            sys.stdout.flush()
        except BaseException as fault:
            status = report(fault, is_json)
        sys.exit(status)


def _status(result: object) -> int:
    return result if isinstance(result, int) else OK


def report(fault: BaseException, is_json: bool) -> int:
    """Prints what went wrong, on standard error and with `--json` also as JSON.

    Args:
        fault: The exception that ended the command.
        is_json: Whether the command line has `--json`.

    Returns:
        The exit status.
    """
    try:
        return _report(fault, is_json)
    except StreamFault as second:  # the report itself fails
        streams.give_up(second.fd)
        return _report(second, False) if second.fd != 2 else FAILED


def _report(fault: BaseException, is_json: bool) -> int:
    if isinstance(fault, StreamFault):
        streams.give_up(fault.fd)
        if fault.is_reader_gone:
            _end_by(signal.SIGPIPE)
        is_json = is_json and fault.fd != 1
    error = _described(fault)
    if is_json:
        _print_error(error)
    if isinstance(fault, click.ClickException):
        fault.show()
    elif not isinstance(fault, (Ended, KeyboardInterrupt, click.Abort)):
        click.echo(f"webipy: {fault.args[0] if _has_own_words(fault) else error['message']}", err=True)
    if error["code"] == _OWN["mistake"]:
        sys.stdout.flush()
        raise fault  # with its traceback: there is something to mend
    return int(error["status"])


def _has_own_words(fault: BaseException) -> bool:
    """Whether a failure of the server has another message: that of `webipy call` has its name and code, too."""
    return bool(fault.args) and fault.args[0] != getattr(fault, "message", fault.args[0])


def _end_by(number: signal.Signals) -> None:
    """Ends the process as a signal does that it does not catch."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _print_error(error: dict[str, Any]) -> None:
    import json

    text = json.dumps({"error": error}, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None)
    sys.stdout.write(streams.fitting_json(text, sys.stdout) + "\n")
    sys.stdout.flush()


def _described(fault: BaseException) -> dict[str, Any]:
    """The failure for a program: code, name, message, exit status, and what else is known."""
    match fault:
        case click.ClickException():
            return _own("wrong_usage", fault.format_message(), fault.exit_code)
        case Ended():
            return _own("left", str(fault), fault.status)
        case StreamFault():
            return _own("stream_fault", str(fault), FAILED)
        case Unable():
            return _own("unable", str(fault), FAILED)
        case UnicodeEncodeError():
            why = "An argument has bytes that are no letters in the character set of this locale"
            return _own("wrong_usage", f"{why} ({sys.getfilesystemencoding()}); set LC_ALL=C.UTF-8.", USAGE)
        case KeyboardInterrupt() | click.Abort():
            return _own("left", "Interrupted.", LEFT)
    from webipy.client.client import ConnectionLost, NoServer
    from webipy.command.lookup import Wrong
    from webipy.core import errors

    match fault:
        case Wrong():
            return _own("wrong_usage", str(fault), USAGE)
        case NoServer():
            return _own("no_server", str(fault), NO_SERVER)
        case ConnectionLost():
            return _own("connection_lost", str(fault), FAILED)
        case errors.Failure():
            status = NO_SERVER if isinstance(fault, errors.NotAuthenticated) else FAILED
            known = {"code": fault.code, "name": fault.name, "message": fault.message, "status": status}
            return known | {name: fact for name, fact in fault.facts.items() if name not in ("message", "status")}
        case PermissionError() | FileNotFoundError() | FileExistsError() | IsADirectoryError() | NotADirectoryError():
            return _own("unable", f"{fault.filename}: {fault.strerror}.", FAILED)
        case _:
            return _own("mistake", f"A bug in webipy: {type(fault).__name__}: {fault}", FAILED)


def _own(name: str, message: str, status: int) -> dict[str, Any]:
    return {"code": _OWN[name], "name": name, "message": message, "status": status}
