"""The methods `terminal.*`: shells on the machine of the server (webipy.server.terminals). They are for the owner of the server alone."""

from __future__ import annotations

from webipy.core import errors
from webipy.core.api import calls, terminal_calls
from webipy.core.api.access import is_confined
from webipy.server.methods.method import Connection, Methods, Services

METHODS = Methods()
method = METHODS.method


@method("terminal.list", "own", "account")
async def terminal_list(
    services: Services, connection: Connection, params: calls.Nothing
) -> terminal_calls.TerminalList:
    """The terminals of the server; members and viewers have none."""
    if connection.principal is None or is_confined(connection.principal):
        return terminal_calls.TerminalList(terminals=[], enabled=False)
    found = [one.as_result() for one in services.terminals.all()]
    return terminal_calls.TerminalList(terminals=found, enabled=services.terminals.is_enabled)


@method(
    "terminal.create",
    "own",
    "server",
    raises=(errors.TerminalFailed, errors.AlreadyExists),
    example={"rows": 30, "cols": 100},
)
async def terminal_create(
    services: Services, connection: Connection, params: terminal_calls.CreateTerminal
) -> terminal_calls.Terminal:
    """Starts a terminal with the login shell of whoever runs the server.

    It goes on when nobody reads it, and when the server stops; a server that starts finds it again.
    """
    terminal = await services.terminals.create(params.folder, params.rows, params.cols, params.id)
    return terminal.as_result()


@method("terminal.close", "own", "server", raises=(errors.NotFound,), example={"terminal": "1"})
async def terminal_close(services: Services, connection: Connection, params: terminal_calls.OfTerminal) -> calls.Done:
    """Closes a terminal: its shell and what runs in the foreground get SIGHUP, the shell 3 s later SIGKILL."""
    await services.terminals.close(params.terminal)
    return calls.Done()


@method(
    "terminal.resize", "own", "server", raises=(errors.NotFound,), example={"terminal": "1", "rows": 40, "cols": 120}
)
async def terminal_resize(
    services: Services, connection: Connection, params: terminal_calls.ResizeTerminal
) -> calls.Done:
    """Sets the size of a terminal; who reads it is notified by `terminal_changed`."""
    services.terminals.get(params.terminal).resize(connection, params.rows, params.cols)
    return calls.Done()


@method(
    "terminal.input",
    "own",
    "server",
    raises=(errors.NotFound, errors.TerminalFailed),
    example={"terminal": "1", "text": "ls\r"},
)
async def terminal_input(
    services: Services, connection: Connection, params: terminal_calls.TypeTerminal
) -> terminal_calls.TerminalTyped:
    """Types into a terminal, and answers when its host has it.

    Input is never sent a second time: where no answer comes, as the connection or the server ended, it may have arrived or not.
    """
    typed = services.terminals.get(params.terminal).type(connection, params.text, params.automatic)
    return terminal_calls.TerminalTyped(dropped=not await typed)


@method("terminal.subscribe", "own", "server", raises=(errors.NotFound,), example={"terminal": "1", "since": 0})
async def terminal_subscribe(
    services: Services, connection: Connection, params: terminal_calls.ReadTerminal
) -> terminal_calls.TerminalReading:
    """Reads a terminal: its output comes as notifications `terminal_output`, each byte once and in order, and changes as `terminal_changed`.

    A reader acknowledges what it has shown. With 256 KiB that it has not, it gets no more, and the program in the terminal waits; nothing is
    dropped. Of
    what was printed while nobody read, the last MiB is kept.
    """
    if connection.send is None:
        raise errors.InvalidRequest("Output comes over a WebSocket, and this call came by POST.")
    terminal = services.terminals.get(params.terminal)
    await terminal.ready()
    since = params.since if params.started in (None, terminal.record.started) else None
    reader, reading = terminal.subscribe(connection, connection.send, since, is_paused=connection.is_paused)
    connection.readers[terminal.id] = reader
    connection.when_left(_leaving(terminal.id), lambda: terminal.readers.remove(connection))
    connection.soon(reader.wake)
    return reading


@method("terminal.unsubscribe", "own", "server", raises=(errors.NotFound,), example={"terminal": "1"})
async def terminal_unsubscribe(
    services: Services, connection: Connection, params: terminal_calls.OfTerminal
) -> calls.Done:
    """Reads a terminal no more; it goes on."""
    connection.readers.pop(params.terminal, None)
    connection.when_left(_leaving(params.terminal), None)
    services.terminals.get(params.terminal).readers.remove(connection)
    return calls.Done()


def _leaving(terminal: str) -> str:
    """What names a terminal among what a connection leaves; no session has such an id."""
    return f"terminal {terminal}"


@method("terminal.acknowledge", "own", "server", raises=(errors.NotFound,), example={"terminal": "1", "position": 0})
async def terminal_acknowledge(
    services: Services, connection: Connection, params: terminal_calls.AcknowledgeTerminal
) -> calls.Done:
    """Says how far a reader has come."""
    reader = services.terminals.get(params.terminal).readers.get(connection)
    if reader is not None:
        reader.acknowledge(params.position)
    return calls.Done()
