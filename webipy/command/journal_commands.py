"""The command line of `webipy journal`; what it does is in webipy.command.journals."""

from __future__ import annotations

import sys

import click

from webipy.command.connecting import Target
from webipy.command.options import json_option, server_options, state_option
from webipy.command.program import Program


@click.group(cls=Program)
def journal() -> None:
    """List, show, delete, verify and repair the journals on disk.

    A journal holds everything that happened in a session, also after the session is closed. These commands read the files and need no server.
    """


@journal.command("ls")
@json_option
@state_option
def list_journals(state: str | None, as_json: bool) -> None:
    """List journals with their documents and sizes.

    Closed sessions keep their journals, and so the history of their documents, until all of them take more than the option --keep-closed-mib of the
    server allows. Then the server deletes journals: those without a document first.
    """
    from webipy.command import journals

    sys.exit(journals.list_all(state, as_json))


@journal.command()
@click.argument("session")
@json_option
@state_option
def show(session: str, state: str | None, as_json: bool) -> None:
    """Print the code that ran in a session, who ran it, and its output.

    With --json, print all events, one on a line. SESSION is an id (its start is enough), or the path of its document.
    """
    from webipy.command import journals

    sys.exit(journals.show(state, session, as_json))


@journal.command()
@click.argument("session")
@server_options
def rm(session: str, target: Target) -> None:
    """Delete the journal of a closed session for good.

    The history of its document goes with it; the document's file stays. SESSION is an id (its start is enough), or the path of its document.
    """
    from webipy.command import journals

    sys.exit(journals.remove(target, session))


@journal.command()
@click.argument("session", required=False)
@json_option
@state_option
def verify(session: str | None, state: str | None, as_json: bool) -> None:
    """Compare every event of one journal, or of all, with its checksum.

    SESSION is an id; its start is enough. The exit status is 1 when a journal is damaged.
    """
    from webipy.command import journals

    sys.exit(journals.verify(state, session, as_json))


@journal.command()
@click.argument("session")
@json_option
@state_option
def repair(session: str, state: str | None, as_json: bool) -> None:
    """Save what can be read of a damaged journal.

    A note takes the place of events that are lost; the damaged file is kept beside the new one. Large outputs are in files of their own; one that
    is missing or changed can only come from a backup, and makes the exit status 1. No server may use the state folder.
    """
    from webipy.command import journals

    sys.exit(journals.repair(state, session, as_json))
