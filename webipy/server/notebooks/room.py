"""A room: programs that edit the notebook of one session together, by a shared document.

::

    update of a program ──► shared document ──what it changed──► cell.insert, cell.edit ... of the method table ──► journal ──► session
                                   ▲                                                                                            │
                                   └──────────────────────────── brought to what the session has ◄──────────────────────────────┘
    each change of the shared document ──when the journal has what it shows──► all other programs

The session owns the document; the shared one is a copy of it that is made when the first program comes. Before an update is applied, the copy is
brought to what the session has, so what differs after it is what the program changed, whatever others did meanwhile: the CRDT has merged that. The
calls are begun in the same turn, and a call that changes cells changes the session before it first waits. What the session refuses is undone in the
copy. So there is no second order of changes, and nothing to rebase.

Invariants: between two turns the copy and the session have the same cells, but for outputs (webipy.server.notebooks.room_outputs); nothing is sent
to a program that is not in the journal; each change has the name of who made it; an update that cannot be applied ends the room, never the session.

Source: y-protocols, "sync"; jupyter-server-ydoc 3.0. Decision 65. Rejected: CRDT updates in the journal (a second truth, which every reader would
need a CRDT for); a file of updates for each document, as jupyter-server-ydoc has (the same).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import attrs
import msgspec
from msgspec import UNSET, Raw, UnsetType
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from webipy.core import errors
from webipy.core.api import calls, cell_calls, notebook_calls
from webipy.core.events.events import CellType
from webipy.core.session.cell_order import moved
from webipy.core.session.notebook import Cell, replace_all
from webipy.server.notebooks.documents import Documents
from webipy.server.notebooks.room_outputs import RoomOutputs
from webipy.server.notebooks.room_runs import RoomRuns
from webipy.server.notebooks.shared_notebook import SharedNotebook, Touched, Unusable, plain
from webipy.server.ports.rooms import Ending, Member
from webipy.server.ports.world import World
from webipy.server.sessions.session import Session

MOST_RECEIVED: Final = 512 * 1024 * 1024
"""Bytes of updates that one room takes: it keeps something of each, so a new one is made then."""

FEW_CELLS: Final = 20
"""Cells that are written before others have their turn."""

TYPES: Final[tuple[CellType, ...]] = ("code", "markdown", "raw")
MOST_ID: Final = 64


class _Parcel(msgspec.Struct, frozen=True):
    """Something on its way to programs.

    Args:
        seq: The seq of an event that is in the journal first.
        send: Sends it to a program.
        to: Whom it is for; `None` for all.
        besides: Who does not get it.
    """

    seq: int
    send: Callable[[Member], None]
    to: Member | None = None
    besides: Member | None = None


def _key(cell: Cell) -> tuple[object, ...]:
    return cell.version, cell.cell_type, cell.metadata, cell.attachments


@attrs.define(eq=False)
class Room:
    """One room.

    Args:
        id: Its id; clients name it when they come back.
        session: The session whose notebook it is.
        world: The outside.
        documents: The documents of all sessions.
        on_empty: Called when the last program has left.
        on_end: Called when the room has ended.
    """

    id: str
    session: Session
    world: World
    documents: Documents
    on_empty: Callable[[Room], None]
    on_end: Callable[[Room], None]
    members: dict[Member, None] = attrs.field(factory=dict)
    shared: SharedNotebook = attrs.field(init=False)
    outputs: RoomOutputs = attrs.field(init=False)
    runs: RoomRuns = attrs.field(init=False)
    order: list[str] = attrs.field(factory=list)
    """The ids of the cells of the shared document."""
    is_over: bool = False
    emptied: float = 0.0
    """When the last program left, seconds of the clock."""
    _known: dict[str, tuple[object, ...]] = attrs.field(factory=dict)
    """What the cells of the session were when they were written here last."""
    _metadata: bytes | None = None
    _seq: int = -1
    """The seq of the session when the shared document was brought to it last."""
    _is_astray: bool = False
    """Whether the shared document may have what the session has refused."""
    _sender: Member | None = None
    _fresh: list[tuple[bytes, Member | None]] = attrs.field(factory=list)
    _parcels: deque[_Parcel] = attrs.field(factory=deque)
    _received: int = 0
    _is_due: bool = False
    _stop: Callable[[], None] = lambda: None
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self.shared = SharedNotebook(lambda update: self._fresh.append((update, self._sender)))
        self.outputs = RoomOutputs(self.session, self.world, self.documents, self.shared, self.order, self.settle)
        self.runs = RoomRuns(self.outputs, self._call)

    async def open(self) -> None:
        """Writes the notebook into the shared document, and follows the session from then on."""
        cells = self.session.state.notebook.cells()
        for first in range(0, len(cells), FEW_CELLS):
            for cell in cells[first : first + FEW_CELLS]:
                self.shared.insert(len(self.order), cell)
                self.order.append(cell.id)
                self._known[cell.id] = _key(cell)
            await self.world.turns.pause()
        self.shared.write_path(self.session.state.file_state.path or self.session.record.title)
        self._stop = self.session.writes.add(self._written)
        self.bring()
        await self.outputs.show()
        self.settle()

    # ---- what the session has

    def bring(self) -> None:
        """Brings the shared document to what the session has."""
        session, notebook = self.session, self.session.state.notebook
        if self._seq == session.seq and not self._is_astray:
            return
        if self._is_astray:
            self._known, self._metadata, self._is_astray = {}, None, False
        for gone in self._known.keys() - set(notebook.ids()):
            del self._known[gone]
            self.outputs.forget(gone)
            self.runs.forget(gone)
        with self.shared.doc.transaction():
            self._place(notebook.ids())
            for place, cell in enumerate(notebook.cells()):
                key = _key(cell)
                if self._known.get(cell.id) != key:
                    if not self.shared.write(place, cell):
                        self.shared.delete(place)
                        self._insert(place, cell)
                    self._known[cell.id] = key
            if notebook.metadata is not self._metadata:
                self.shared.write_metadata(notebook.metadata)
                self._metadata = notebook.metadata
        self._seq = session.seq

    def _place(self, ids: Sequence[str]) -> None:
        """Deletes, inserts and moves cells of the shared document, so that they are those of the session, in its order."""
        if self.order == ids:
            return
        notebook = self.session.state.notebook
        wanted = set(ids) - moved(self.order, ids)
        for place in reversed(range(len(self.order))):
            if self.order[place] not in wanted:
                self.shared.delete(place)
                del self.order[place]
        for place, cell in enumerate(ids):
            if place == len(self.order) or self.order[place] != cell:
                self.order.insert(place, cell)
                self._insert(place, notebook.get(cell))
                self._known[cell] = _key(notebook.get(cell))

    def _insert(self, place: int, cell: Cell) -> None:
        """Inserts a cell as the session has it, with the outputs that it showed here."""
        self.shared.insert(place, cell, *self.outputs.of(cell.id))

    def _written(self) -> None:
        """New events are in the journal."""
        self._flush()
        if self.session.is_closed:
            self.end("closed")
        elif not self._is_due and not self.is_over:
            self._is_due = True
            self.world.later(0, self._refresh)

    def _refresh(self) -> None:
        self._is_due = False
        if not self.is_over and not self.session.is_closed:
            self.bring()
            self.outputs.show_soon()
            self.settle()

    # ---- what programs change

    def take(self, member: Member, update: bytes) -> None:
        """Takes what a program has changed.

        Args:
            member: The program.
            update: The update.

        Raises:
            ValueError: It is no update; nothing has changed.
        """
        self.bring()
        self.settle()
        self._received += len(update)
        self._sender = member
        try:
            if self._received > MOST_RECEIVED:
                raise Unusable("it has taken too much")
            touched = self.shared.apply(update)
            self._sender = None
            self._carry_out(member, touched)
        except (Unusable, RecursionError) as fault:
            self._log.warn("a room of session {session} ends: {fault}", session=self.session.id, fault=fault)
            self.end("renewed")
            return
        finally:
            self._sender = None
        self.bring()
        self.settle()

    def _carry_out(self, member: Member, touched: Touched) -> None:
        """Asks for the changes in the session."""
        ids = self.shared.ids()
        before = set(self.session.state.notebook.ids())
        is_new_order = touched.order or any("id" in names for names in touched.parts.values())
        if is_new_order:
            with self.shared.doc.transaction():
                ids = self._repaired(ids)
        parts = {ids[place]: names for place, names in touched.parts.items() if place < len(ids)}
        if is_new_order:
            for place in reversed([place for place, id in enumerate(ids) if id is None]):
                self.shared.delete(place)
                del ids[place]
            self.order[:] = ids
            self._reorder(member, ids)
        for cell, names in parts.items():
            if cell in before and self.session.state.notebook.has(cell):
                self._known.pop(cell, None)
                self._change(member, ids.index(cell), self.session.state.notebook.get(cell), names)
        if touched.metadata:
            self._metadata = None
            own = self.session.state.notebook.metadata
            metadata = self.shared.metadata(own)
            if metadata != own:
                params = notebook_calls.SetNotebookMetadata(session=self.session.id, metadata=Raw(metadata))
                self._call(member, "notebook.set_metadata", params)
        self._seq = -1

    def _repaired(self, ids: list[str | None]) -> list[str]:
        """The ids of the shared cells, after those that are no ids, or stand there twice, got new ones; what is no cell has `None`."""
        seen: set[str] = set()
        for place, id in enumerate(ids):
            if not self.shared.is_cell(place):
                ids[place] = None
            elif id is None or id in seen or not _is_id(id):
                ids[place] = new = self.world.new_id()
                self.shared.name(place, new)
            seen.add(ids[place] or "")
        return ids  # type: ignore[return-value]  # what is None is deleted next

    def _reorder(self, member: Member, ids: Sequence[str]) -> None:
        """Asks for the deletions, insertions and moves."""
        notebook, session, there = self.session.state.notebook, self.session.id, set(ids)
        for cell in notebook.ids():
            if cell not in there:
                self._call(member, "cell.delete", cell_calls.OfCell(session=session, cell=cell))
        shifted = moved(notebook.ids(), ids)
        last: str | None = None
        for place, cell in enumerate(ids):
            if not notebook.has(cell):
                self._call(member, "cell.insert", _new(self.shared, session, place, cell, last))
                self._known.pop(cell, None)
                if notebook.has(cell) and self.shared.value(place, "outputs"):
                    self.runs.changed(cell, member)
            elif cell in shifted:
                self._call(member, "cell.move", cell_calls.MoveCell(session=session, cell=cell, after=last))
            if notebook.has(cell):
                last = cell

    def _change(self, member: Member, place: int, cell: Cell, names: set[str]) -> None:
        """Asks for the changes of one cell."""
        of = {"session": self.session.id, "cell": cell.id}
        kind, source = self.shared.value(place, "cell_type"), self.shared.source(place)
        if kind != cell.cell_type and kind in TYPES:
            self._call(member, "cell.set_type", cell_calls.SetCellType(**of, cell_type=kind))
        if source is not None and source != cell.source:
            changes = [replace_all(cell.source, source)]
            self._call(member, "cell.edit", cell_calls.EditCell(**of, version=cell.version, changes=changes))
        metadata = self.shared.metadata_of(place, cell.metadata) if "metadata" in names else cell.metadata
        if metadata != cell.metadata:
            self._call(member, "cell.set_metadata", cell_calls.SetCellMetadata(**of, metadata=Raw(metadata)))
        attachments = _map(self.shared.value(place, "attachments")) if "attachments" in names else UNSET
        if not isinstance(attachments, UnsetType) and bytes(attachments) != (cell.attachments or b"{}"):
            self._call(member, "cell.set_attachments", cell_calls.SetAttachments(**of, attachments=attachments))
        if names & {"outputs", "execution_count"}:
            self.runs.changed(cell.id, member)
        if "execution_state" in names:
            self.runs.marked(cell.id, member, self.shared.value(place, "execution_state"))

    def _call(self, member: Member, name: str, params: calls.Params) -> None:
        """Begins a call with the rights of a program; where it is refused, the shared document is brought back."""
        Deferred.fromCoroutine(member.call(name, params)).addErrback(self._refused, name)

    def _refused(self, failure: Failure, name: str) -> None:
        if failure.check(errors.Failure) is None:
            self._log.failure("{name} of a room failed", failure, name=name)
        else:
            self._log.info("{name} of a room was refused: {fault}", name=name, fault=failure.value)
        self._is_astray = True
        self.world.later(0, self._refresh)

    # ---- who is there

    def enter(self, member: Member) -> None:
        """Adds a program, and asks it what it has that is not here."""
        self.members[member] = None
        state = self.shared.doc.get_state()
        self._parcels.append(_Parcel(0, lambda one: one.give_state(state), member))
        self._flush()

    def leave(self, member: Member) -> None:
        """Removes a program; what it ran ends for the room."""
        self.members.pop(member, None)
        self.runs.leave(member)
        if not self.members:
            self.on_empty(self)

    def missing(self, member: Member, state: bytes) -> None:
        """Sends a program what it lacks.

        Args:
            member: The program.
            state: What it has, a state vector.

        Raises:
            ValueError: It is none.
        """
        self.bring()
        self.settle()
        update = self.shared.doc.get_update(state)
        self._parcels.append(_Parcel(self.session.seq, lambda one: one.give_missing(update), member))
        self._flush()

    def settle(self) -> None:
        """Sends what has changed in the shared document, as soon as the journal has it."""
        fresh, self._fresh = self._fresh, []
        seq = self.session.seq
        for update, member in fresh:
            self._parcels.append(_Parcel(seq, partial(_give_update, update), None, member))
        self._flush()

    def _flush(self) -> None:
        while self._parcels and self._parcels[0].seq <= self.session.written:
            parcel = self._parcels.popleft()
            for member in tuple(self.members) if parcel.to is None else (parcel.to,):
                if member is not parcel.besides and member in self.members:
                    parcel.send(member)

    def end(self, ending: Ending) -> None:
        """Ends the room, for a reason."""
        if not self.is_over:
            self.is_over = self.outputs.is_over = True
            self._stop()
            self.on_end(self)
            for member in tuple(self.members):
                member.end(ending)


def _new(shared: SharedNotebook, session: str, place: int, cell: str, after: str | None) -> cell_calls.InsertCell:
    """What inserts a cell that a program has made."""
    kind = shared.value(place, "cell_type")
    cell_type: CellType = kind if kind in TYPES else "raw"
    return cell_calls.InsertCell(
        session=session,
        after=after,
        cell_type=cell_type,
        source=shared.source(place) or "",
        id=cell,
        metadata=Raw(shared.metadata_of(place, b"{}")),
        attachments=_map(shared.value(place, "attachments")) if cell_type != "code" else UNSET,
    )


def _give_update(update: bytes, member: Member) -> None:
    member.give_update(update)


def _is_id(id: str) -> bool:
    return 0 < len(id) <= MOST_ID and id.isascii() and id.replace("-", "").replace("_", "").isalnum()


def _map(value: object) -> Raw | UnsetType:
    """A value as a JSON map; a value that is none counts as none there."""
    return Raw(msgspec.json.encode(plain(value))) if isinstance(value, dict) else UNSET
