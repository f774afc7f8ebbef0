"""What a notebook tells of its parameters: shown by `webipy run --inspect`, and compared with those that a run is given."""

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
    """The parameters that the notebook of a session declares; `None` when it has no cell with the tag `parameters`."""
    asked = notebook_calls.AtMoment(session=session.id)
    told = await client.call("notebook.at", asked, notebook_calls.NotebookAt, repeat=True)
    notebook = msgspec.json.decode(told.notebook, type=_Notebook)
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
        return _Metadata()  # metadata may be anything; this tells nothing


def unknown(known: list[Declared] | None, given: Iterable[str]) -> list[str]:
    """What is to be said of parameters that are given and that the notebook does not declare."""
    if known is None:
        return ["No cell of the notebook has the tag parameters: they are set first of all."]
    names = {one.name for one in known}
    wrong = [name for name in given if name not in names]
    told = ", ".join(one.name for one in known) or "none"
    return [f"The notebook declares no parameter {name}; it has {told}." for name in wrong]


def shown(known: list[Declared]) -> str:
    """The parameters, for people."""
    if not known:
        return "The cell with the tag parameters sets nothing."
    rows = [[one.name, one.type, one.default, one.help] for one in known]
    return table(
        ["NAME", "TYPE", "DEFAULT", "WHAT IT IS"], [[Escapes(False).clean(part) for part in row] for row in rows]
    )
