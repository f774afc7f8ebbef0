"""The parameters that a notebook declares: shown by `webipy run --inspect`, and compared with those that a run is given."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from webipy.client.client import Client
from webipy.command.escapes import Escapes
from webipy.command.terminal import table
from webipy.core.api import calls, notebook_calls
from webipy.core.ipynb.declared_parameters import Declared, declared


class _Language(msgspec.Struct):
    language: str = ""
    name: str = ""


class _Metadata(msgspec.Struct):
    kernelspec: _Language = msgspec.field(default_factory=_Language)
    language_info: _Language = msgspec.field(default_factory=_Language)
    tags: list[str] = []


class _Cell(msgspec.Struct):
    source: str | list[str] = ""
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


class _Notebook(msgspec.Struct):
    cells: list[_Cell] = []
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


async def parameters_of(client: Client, session: calls.Session) -> list[Declared] | None:
    """The parameters that the notebook of a session declares.

    Args:
        client: The connection.
        session: The session.

    Returns:
        The parameters; `None` when no cell has the tag `parameters`.
    """
    asked = notebook_calls.AtPoint(session=session.id)
    found = await client.call("notebook.at", asked, notebook_calls.NotebookAt, repeat=True)
    notebook = msgspec.json.decode(found.notebook, type=_Notebook)
    cell = next((cell for cell in notebook.cells if "parameters" in _metadata(cell.metadata).tags), None)
    if cell is None:
        return None
    kernel, metadata = session.kernel, _metadata(notebook.metadata)
    language = kernel.language if kernel is not None else metadata.kernelspec.language or metadata.language_info.name
    return declared(language or "python", cell.source if isinstance(cell.source, str) else "".join(cell.source))


def _metadata(raw: msgspec.Raw) -> _Metadata:
    try:
        return msgspec.json.decode(raw, type=_Metadata)
    except msgspec.DecodeError:
        return _Metadata()  # metadata may be anything; here it names no language


def unknown(known: list[Declared] | None, given: Iterable[str]) -> list[str]:
    """Warnings about parameters that the notebook does not declare.

    Args:
        known: The declared parameters; `None` when no cell has the tag `parameters`.
        given: The names on the command line.

    Returns:
        One sentence for each.
    """
    if known is None:
        return ["No cell of the notebook has the tag parameters: they are set first of all."]
    names = {one.name for one in known}
    wrong = [name for name in given if name not in names]
    names_in_words = ", ".join(one.name for one in known) or "none"
    return [f"The notebook declares no parameter {name}; it has {names_in_words}." for name in wrong]


def shown(known: list[Declared]) -> str:
    """The parameters, for people."""
    if not known:
        return "The cell with the tag parameters sets nothing."
    rows = [[one.name, one.type, one.default, one.help] for one in known]
    return table(
        ["NAME", "TYPE", "DEFAULT", "WHAT IT IS"], [[Escapes(False).clean(part) for part in row] for row in rows]
    )
