"""A notebook as a shared document: the CRDT that programs edit together, in the shape that Jupyter's programs know.

::

    cells      list of maps: id, cell_type, source (text), metadata (map), outputs (list), execution_count, execution_state, attachments
    meta       nbformat, nbformat_minor, metadata (map)
    state      path, dirty

A shared document is a copy of the document of a session, and never more: `webipy.server.notebooks.room` writes into it what the session says, and
reads from it what a program has changed. What programs write here is not checked by the CRDT: each reading looks at the types that it finds.

Offsets of shared texts are bytes of UTF-8, and numbers come back as floats; neither leaves this module.

Source: jupyter_ydoc 4.2, "YNotebook"; pycrdt 0.14. Rejected: jupyter_ydoc itself (it writes whole documents, and knows no limits).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from pycrdt import Array, Doc, Map, Text

from webipy.core.session.notebook import Cell
from webipy.server.notebooks.update_depth import MOST_LEVELS, Depth, clocks_of, depth_of

MOST_CELLS: Final = 20_000
"""Cells of a shared document."""

MOST_OUTPUTS: Final = 10_000
"""Outputs of one of its cells."""

MOST_UNSEEN: Final = 1000
"""Levels that may be nested where nobody looks: in parts that no notebook has, and in changes that wait for others. The library holds many more."""

_LARGEST: Final = 2**53
"""Integers up to this are exact as floats."""

TRUSTED: Final = "trusted"
"""A name in the metadata of cells that says something of the program that shows them."""


PARTS: Final = frozenset(("cell_type", "source", "metadata", "attachments", "outputs", "execution_count"))
"""What a cell has that stands anew."""


class Unusable(Exception):
    """The shared document cannot be used any more: it has to be made anew."""


class Touched(msgspec.Struct):
    """What a program has changed, until somebody has looked at it.

    Args:
        order: Whether cells came, went or moved.
        metadata: Whether the metadata of the notebook changed.
        parts: The names of what changed in cells, by the places that they have now.
    """

    order: bool = False
    metadata: bool = False
    parts: dict[int, set[str]] = msgspec.field(default_factory=dict)


def plain(value: Any) -> Any:
    """A value of the shared document as JSON has it: numbers that are whole are integers."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= _LARGEST else value
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


def _sharable(value: Any) -> Any:
    """A JSON value as the shared document takes it: integers that floats do not hold are floats all the same."""
    if isinstance(value, dict):
        return {name: _sharable(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_sharable(one) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST:
        return float(value)
    return value


def _decoded(raw: bytes) -> Any:
    return _sharable(msgspec.json.decode(raw))


def _output(raw: bytes) -> Any:
    """An output as it stands in the list: a map, whose text is a shared text if it is that of a stream."""
    output = _decoded(raw)
    if output.get("output_type") == "stream" and isinstance(output.get("text"), str):
        output["text"] = Text(output["text"])
    return Map(output)


def _is_same(shared: Any, own: Any) -> bool:
    return bool(plain(shared) == plain(own))


class SharedNotebook:
    """One shared document.

    Args:
        on_update: Called with the bytes of each change, whoever made it.
    """

    def __init__(self, on_update: Callable[[bytes], None]) -> None:
        self.doc: Any = Doc()
        self.cells: Any = self.doc.get("cells", type=Array)
        self._meta: Any = self.doc.get("meta", type=Map)
        self._state: Any = self.doc.get("state", type=Map)
        self.touched = Touched()
        self._places: list[Any] = []
        """What stands in `cells`, place by place: finding something there by its number takes longer the more there is."""
        self._is_applying = False
        self._is_too_long = False
        self._levels = 0
        """Levels that nest at most where nobody looks."""
        self._has_more = False
        """Whether it has parts that no notebook has: changes there are not told."""
        self._deepest = 0
        """Levels above what has changed now."""
        self._subscriptions = [
            self.doc.observe(lambda event: on_update(event.update)),
            self.cells.observe_deep(self._cells_changed),
            self._meta.observe_deep(self._meta_changed),
            self._state.observe_deep(self._note_places),
        ]

    # ---- what programs change

    def apply(self, update: bytes) -> Touched:
        """Applies what a program has changed.

        Args:
            update: The update.

        Returns:
            What it touched.

        Raises:
            ValueError: It is no update, or nests too deeply; nothing has changed.
            Unusable: The document is not to be used any more.
        """
        depth = depth_of(update)
        if self._levels + depth.levels > MOST_UNSEEN:
            raise Unusable("what is nested in it is too deep")
        self.touched, self._is_applying, self._deepest = Touched(), True, 0
        try:
            self.doc.apply_update(update)
        except ValueError:
            raise
        except BaseException as fault:  # a panic in pycrdt is no Exception
            if not isinstance(fault, Exception) and type(fault).__name__ != "PanicException":
                raise
            raise Unusable(str(fault)) from fault
        finally:
            self._is_applying = False
        if depth.levels:
            self._count_levels(depth)
        if self._is_too_long:
            raise Unusable(f"a shared document has at most {MOST_CELLS} cells")
        found, self.touched = self.touched, Touched()
        return found

    def _count_levels(self, depth: Depth) -> None:
        """Notes how deep the document nests after an update: what is new is below what has changed, as far as that is told."""
        there = clocks_of(self.doc.get_state())
        is_all = all(there.get(client, 0) >= end for client, end in depth.ends.items())
        self._has_more = self._has_more or not depth.is_known
        if self._has_more or not is_all:
            self._levels += depth.levels
        elif self._deepest + depth.levels > MOST_LEVELS:
            raise Unusable("what is nested in it is too deep")

    def _note_places(self, changed: Sequence[Any]) -> None:
        for event in changed if self._is_applying else ():
            self._deepest = max(self._deepest, len(event.path))

    def _cells_changed(self, changed: Sequence[Any]) -> None:
        """Notes what a program has changed. What is written here is known."""
        for event in changed if self._is_applying else ():
            path = event.path
            self._deepest = max(self._deepest, len(path))
            if not path:
                self.touched.order = True
                self._follow(event)
            else:
                names = {str(path[1])} if len(path) > 1 else set(getattr(event, "keys", None) or ())
                self.touched.parts.setdefault(path[0], set()).update(names)

    def _follow(self, event: Any) -> None:
        """Brings the places to what the list is after an event."""
        if len(self.cells) > MOST_CELLS:
            self._is_too_long = True
            return
        place = 0
        for part in event.delta:
            if "insert" in part:
                self._places[place:place] = part["insert"]
                for number in range(place, place + len(part["insert"])):
                    self.touched.parts.setdefault(number, set()).update(PARTS)
                place += len(part["insert"])
            elif "delete" in part:
                del self._places[place : place + part["delete"]]
            else:
                place += part["retain"]

    def _meta_changed(self, changed: Sequence[Any]) -> None:
        self.touched.metadata = True
        self._note_places(changed)

    # ---- reading

    def ids(self) -> list[Any]:
        """The ids of the cells in their order; `None` where something is no cell, or its id no string."""
        return [_id(cell) for cell in self._places]

    def is_cell(self, place: int) -> bool:
        """Whether a map stands at a place."""
        return isinstance(self._places[place], Map)

    def source(self, place: int) -> str | None:
        """The source of a cell; `None` when it is no text."""
        text = self._places[place].get("source")
        return str(text) if isinstance(text, Text) else text if isinstance(text, str) else None

    def value(self, place: int, name: str) -> Any:
        """What stands in a cell under a name, as JSON has it; `None` for nothing.

        Args:
            place: The place of the cell.
            name: The name, such as `cell_type`.
        """
        found = self._places[place].get(name)
        if isinstance(found, Array) and len(found) > MOST_OUTPUTS:
            return None
        return plain(found.to_py() if isinstance(found, Array | Map | Text) else found)

    def metadata_of(self, place: int, own: bytes) -> bytes:
        """The metadata of a cell; of names whose values are the same, the values are those of `own`.

        Args:
            place: The place of the cell.
            own: The metadata that the session has, a JSON map.
        """
        return _merged(self.value(place, "metadata"), own, (TRUSTED,))

    def metadata(self, own: bytes) -> bytes:
        """The metadata of the notebook, as `metadata_of`."""
        found = self._meta.get("metadata")
        return _merged(plain(found.to_py()) if isinstance(found, Map) else None, own, ())

    # ---- writing

    def write_path(self, path: str) -> None:
        """Says which file it is."""
        _set(self._state, "path", path)
        _set(self._state, "dirty", False)

    def write_metadata(self, raw: bytes) -> None:
        """Sets the metadata of the notebook, a JSON map."""
        _set(self._meta, "nbformat", 4)
        _set(self._meta, "nbformat_minor", 5)
        _set_map(self._meta, "metadata", raw)

    def insert(self, place: int, cell: Cell, outputs: Sequence[bytes] = (), count: int | None = None) -> None:
        """Inserts a cell.

        Args:
            place: Where it stands then.
            cell: The cell.
            outputs: Its outputs, JSON.
            count: The number of the run that they are of.
        """
        parts: dict[str, Any] = {"id": cell.id, "cell_type": cell.cell_type, "source": Text(cell.source)}
        parts["metadata"] = Map(_decoded(cell.metadata))
        if cell.cell_type == "code":
            shown = Array([_output(raw) for raw in outputs])
            parts |= {"outputs": shown, "execution_count": count, "execution_state": "idle"}
        elif cell.attachments is not None:
            parts["attachments"] = _decoded(cell.attachments)
        made = Map(parts)
        self.cells.insert(place, made)
        self._places.insert(place, made)

    def delete(self, place: int) -> None:
        """Deletes what stands at a place."""
        del self.cells[place], self._places[place]

    def name(self, place: int, id: str) -> None:
        """Gives a cell another id.

        Args:
            place: The place of the cell.
            id: Its id from now on.
        """
        self._places[place]["id"] = id

    def write(self, place: int, cell: Cell) -> bool:
        """Brings a cell to what the session has, but for its outputs.

        Args:
            place: Its place.
            cell: The cell.

        Returns:
            Whether it can be: another type of cell has other parts, and stands anew.
        """
        shared = self._places[place]
        text = shared.get("source")
        if shared.get("cell_type") != cell.cell_type or not isinstance(text, Text):
            return False
        _write_text(text, cell.source)
        _set_map(shared, "metadata", cell.metadata, (TRUSTED,))
        if cell.cell_type != "code":
            wanted = {} if cell.attachments is None else _decoded(cell.attachments)
            if not _is_same(_py(shared.get("attachments")) or {}, wanted):
                shared["attachments"] = wanted
        return True

    def show(self, place: int, outputs: Sequence[bytes], count: int | None, state: str) -> None:
        """Shows outputs under a cell.

        Args:
            place: Its place.
            outputs: The outputs, JSON; those that stand there already stay.
            count: The number of the run that they are of.
            state: `running` or `idle`.
        """
        shared = self._places[place]
        if not isinstance(shared.get("outputs"), Array):
            shared["outputs"] = Array([])
        listed = shared["outputs"]
        there = len(listed)
        for number, raw in enumerate(outputs):
            if number >= there:
                listed.append(_output(raw))
            elif not _continues(listed[number], raw):
                listed[number] = _output(raw)
        if there > len(outputs):
            del listed[len(outputs) : there]
        _set(shared, "execution_count", count)
        _set(shared, "execution_state", state)


def _id(cell: Any) -> str | None:
    found = cell.get("id") if isinstance(cell, Map) else None
    return found if isinstance(found, str) else None


def _continues(shown: Any, raw: bytes) -> bool:
    """Whether an output is what is shown, after its text has been brought to what it says."""
    wanted = _decoded(raw)
    text = shown.get("text") if isinstance(shown, Map) else None
    if isinstance(text, Text) and wanted.get("output_type") == "stream" and shown.get("name") == wanted["name"]:
        _write_text(text, wanted["text"])
        return True
    return _is_same(_py(shown), wanted)


def _set(shared: Any, name: str, value: Any) -> None:
    """Sets what stands in a map under a name, unless it stands there."""
    if name not in shared or not _is_same(_py(shared.get(name)), value):
        shared[name] = value


def _set_map(shared: Any, name: str, raw: bytes, kept: Sequence[str] = ()) -> None:
    """Brings a map in a map to what JSON says, name by name; names in `kept` stay."""
    wanted = _decoded(raw)
    found = shared.get(name)
    if not isinstance(found, Map):
        shared[name] = Map(wanted)
        return
    now = found.to_py() or {}
    for one in now:
        if one not in wanted and one not in kept:
            del found[one]
    for one, value in wanted.items():
        if one not in now or not _is_same(now[one], value):
            found[one] = value


def _py(value: Any) -> Any:
    return value.to_py() if isinstance(value, Array | Map | Text) else value


def _merged(found: Any, own: bytes, left_out: Sequence[str]) -> bytes:
    """A JSON map with the names of a shared one; values that are the same are those of `own`."""
    if not isinstance(found, Mapping):
        return own
    known: dict[str, msgspec.Raw] = msgspec.json.decode(own, type=dict[str, msgspec.Raw])
    merged: dict[str, Any] = {}
    for name, value in found.items():
        if name not in left_out:
            is_known = name in known and _is_same(value, _decoded(bytes(known[name])))
            merged[name] = known[name] if is_known else value
    if merged.keys() == known.keys() and all(merged[name] is known[name] for name in merged):
        return own
    return msgspec.json.encode({name: merged[name] for name in [*(n for n in known if n in merged), *merged]})


def _write_text(text: Any, new: str) -> None:
    """Brings a shared text to another one; what they share at both ends stays."""
    old = str(text)
    if old == new:
        return
    head = _shared(old, new, min(len(old), len(new)))
    tail = _shared(old[::-1], new[::-1], min(len(old), len(new)) - head)
    start = len(old[:head].encode())
    gone = len(old[head : len(old) - tail].encode())
    if gone:
        del text[start : start + gone]
    put = new[head : len(new) - tail]
    if put:
        text.insert(start, put)


def _shared(one: str, two: str, most: int) -> int:
    """How many characters, at most `most`, two texts share at their start: by halving."""
    low = 0
    while low < most:
        middle = (low + most + 1) // 2
        low, most = (middle, most) if one[low:middle] == two[low:middle] else (low, middle - 1)
    return low
