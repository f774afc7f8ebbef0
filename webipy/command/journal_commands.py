"""What can be typed after `webipy journal`. See webipy.cli; what is done is in webipy.command.journals."""

from __future__ import annotations

import sys

import click

from webipy.command.connecting import Target
from webipy.command.options import json_option, server_options, state_option
from webipy.command.program import Program


@click.group(cls=Program)
def journal() -> None:
    """Look at the journals on the disk: list, show, delete, verify and repair them.

    A journal holds everything that happened in a session, closed ones too. These commands read the files themselves and need no server.
    """


@journal.command("ls")
@json_option
@state_option
def list_journals(state: str | None, as_json: bool) -> None:
    """List journals: their documents, whether they are open, and their sizes.

    Closed sessions keep their journals, and with them the history of their documents, until those take more than `--keep-closed-mib` of the server
    together: then those without a document go first.
    """
    from webipy.command import journals

    sys.exit(journals.list_all(state, as_json))


@journal.command()
@click.argument("session")
@json_option
@state_option
def show(session: str, state: str | None, as_json: bool) -> None:
    """Print what ran in a session, by whom, and what it showed.

    With --json, all its events, one on a line. SESSION is an id (its start is enough), or the path of its document.
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

    SESSION is an id; its start is enough. The exit status is 1 when something is damaged.
    """
    from webipy.command import journals

    sys.exit(journals.verify(state, session, as_json))


@journal.command()
@click.argument("session")
@json_option
@state_option
def repair(session: str, state: str | None, as_json: bool) -> None:
    """Save what can be read of a damaged journal.

    Events that are gone are replaced by a note that they are; the damaged file is kept beside the new one. Large outputs lie in files of their
    own; one that is missing or changed comes back from a backup only, and makes the exit status 1. No server may be running.
    """
    from webipy.command import journals

    sys.exit(journals.repair(state, session, as_json))
