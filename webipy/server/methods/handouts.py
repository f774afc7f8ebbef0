"""The methods `handout.*`: copies of a notebook for people with an account, and what they have done with them (webipy.server.notebooks.handouts)."""

from __future__ import annotations

from webipy.core import errors
from webipy.core.api import handout_calls
from webipy.server.methods.failures import OF_DOCUMENT
from webipy.server.methods.method import Connection, Methods, Needed, Services
from webipy.server.notebooks.documents import check_name
from webipy.server.notebooks.handouts import folder_of
from webipy.server.people.rights import holding_folder

METHODS = Methods()
method = METHODS.method


def _needed(params: handout_calls.OfHandout) -> list[Needed]:
    """Copies are made in the folder of the notebook, and rights are given there."""
    return [(holding_folder(params.path), "own")]


async def _check(services: Services, path: str) -> None:
    """Returns when a path is that of a notebook that is there."""
    check_name(path)
    if (await services.world.files.stat(path)).kind == "folder":
        raise errors.FileFault(f"{path!r} is a folder.", reason="not_a_file", path=path)


@method(
    "handout.make",
    "own",
    "paths",
    paths={"path": "own"},
    needed=_needed,
    raises=OF_DOCUMENT,
    example={"path": "analysis.ipynb", "recipients": [{"kind": "everybody"}]},
)
async def handout_make(
    services: Services, connection: Connection, params: handout_calls.MakeHandout
) -> handout_calls.HandoutMade:
    """Gives each recipient a copy of a notebook as it is now, in a folder beside it, with a right to that copy alone, and the data that it reads.

    Who has a copy keeps it as it is, and nothing is ever replaced. One copy that fails does not keep the others back; the result says what became of
    each. Data that cannot be handed out fail before anything is copied.
    """
    await _check(services, params.path)
    to = services.handouts.recipients(params.recipients, connection.principal)
    session = services.documents.autosaves.at(params.path)
    if session is not None:
        await services.documents.of(session).save(connection.name)
    async with connection.heavy():
        files = await services.handouts.hand_out_files(params.path, params.files, to, connection.name)
        copies = [await services.handouts.hand_out(params.path, one, params.verb, connection.name) for one in to]
    return handout_calls.HandoutMade(folder=folder_of(params.path), copies=copies, files=files)


@method(
    "handout.list",
    "own",
    "paths",
    paths={"path": "own"},
    needed=_needed,
    raises=OF_DOCUMENT,
    example={"path": "analysis.ipynb"},
)
async def handout_list(
    services: Services, connection: Connection, params: handout_calls.OfHandout
) -> handout_calls.HandoutList:
    """Who has a copy of a notebook, when it was opened and changed, and who has it open now; with recipients, also which of them have none."""
    await _check(services, params.path)
    named = services.handouts.recipients(params.recipients, connection.principal)
    copies = await services.handouts.list(params.path, named)
    return handout_calls.HandoutList(folder=folder_of(params.path), copies=copies)
