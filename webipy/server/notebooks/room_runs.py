"""Runs and outputs of programs in a room: whose run it is, and when what a program wrote is taken over.

::

    program marks a cell `running`, writes what its kernel prints, marks it `idle`
        the run is one of the session ──► its own outputs, which the journal has, stand there in the end
        it is none                    ──► cell.set_outputs, when the program rests, has ended its run, or leaves

A program that runs a cell asks a kernel by a socket, and writes the outputs into the shared document itself. While it does it leads the cell: nobody
else writes outputs there, so that it never finds them twice.

A request of a program says which cell it runs (`cellId` in its metadata), or it does not. Then it is the cell that a program of the same login leads
whose source is that code; or the only cell with that source, if a program of that login which is no page is in the room, for the mark may come
after the request (`claim`).

Invariants: outputs of a run of the session are never replaced by what a program wrote of them; outputs of which something was left out here, for
their size, are never written back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs
import msgspec
from msgspec import Raw

from webipy.core.api import calls, cell_calls
from webipy.core.errors import InvalidNotebook
from webipy.core.ipynb import normal_form
from webipy.core.session.notebook import Cell
from webipy.server.notebooks.room_outputs import LACKING, RoomOutputs
from webipy.server.ports.rooms import Member

REST_SECONDS: Final = 0.5
"""How long a program writes no outputs until what it wrote is taken over."""


class _Lead(msgspec.Struct, frozen=True):
    """A program that runs a cell.

    Args:
        member: The program.
        execution: The execution that the cell showed when it began; `None` for none.
        is_ours: Whether a run of the session was under way then.
    """

    member: Member
    execution: str | None
    is_ours: bool


@attrs.define(eq=False)
class RoomRuns:
    """The runs and the outputs of the programs in one room.

    Args:
        outputs: The outputs that the room shows; those of cells that programs lead, or have changed, are left to these.
        call: Begins a call with the rights of a program: the program, the name of the method, its params.
    """

    outputs: RoomOutputs
    call: Callable[[Member, str, calls.Params], None]
    _leads: dict[str, _Lead] = attrs.field(factory=dict)
    _theirs: dict[str, tuple[Member, bool]] = attrs.field(factory=dict)
    """Cells whose outputs a program has changed: the program, and whether it has run them elsewhere."""
    _cancel_rest: Callable[[], None] = lambda: None

    def __attrs_post_init__(self) -> None:
        self.outputs.is_held = lambda cell: cell in self._leads or cell in self._theirs

    def forget(self, cell: str) -> None:
        """Forgets a cell that is gone."""
        self._leads.pop(cell, None)
        self._theirs.pop(cell, None)

    def changed(self, cell: str, member: Member) -> None:
        """A program has changed the outputs of a cell.

        Args:
            cell: The id of the cell.
            member: The program.
        """
        self.outputs.distrust(cell)
        self._theirs[cell] = member, self._theirs.get(cell, (member, False))[1]
        self._cancel_rest()
        self._cancel_rest = self.outputs.world.later(REST_SECONDS, self._take_over)

    def marked(self, cell: str, member: Member, state: object) -> None:
        """A program has marked a cell as `running` or `idle`.

        Args:
            cell: The id of the cell.
            member: The program.
            state: The mark.
        """
        self.outputs.distrust(cell)
        if state == "running":
            self._lead(cell, member)
        elif cell in self._leads:
            self._end(cell)
        self.outputs.show_soon()

    def leave(self, member: Member) -> None:
        """A program is gone: what it ran, and wrote, stays as it left it."""
        for cell in [cell for cell, lead in self._leads.items() if lead.member is member]:
            self._end(cell)
        self._take_over()

    def claim(self, login: str, code: str, members: list[Member]) -> str | None:
        """The cell that a program runs which has not said so.

        Args:
            login: The id of its login.
            code: What it runs.
            members: The programs in the room.

        Returns:
            The id of the cell; `None`: it runs none.
        """
        same = [cell.id for cell in self.outputs.notebook.cells() if _runs(cell, code)]
        for cell in same:
            lead = self._leads.get(cell)
            if lead is not None and lead.member.login == login and not self._is_ours(cell, lead):
                return cell
        member = next((one for one in members if one.login == login and not one.is_page), None)
        if member is None or len(same) != 1 or same[0] in self._leads:
            return None
        self._lead(same[0], member)
        return same[0]

    def _lead(self, cell: str, member: Member) -> None:
        notebook = self.outputs.notebook
        self._leads.setdefault(cell, _Lead(member, notebook.execution_of(cell), notebook.is_running(cell)))

    def _is_ours(self, cell: str, lead: _Lead) -> bool:
        """Whether what a program runs is an execution of the session."""
        return lead.is_ours or self.outputs.notebook.execution_of(cell) != lead.execution

    def _end(self, cell: str) -> None:
        """The run that a program led is over."""
        lead = self._leads.pop(cell)
        self.outputs.distrust(cell)
        if self._is_ours(cell, lead):
            self._theirs.pop(cell, None)
            self.outputs.show_soon()
        else:
            self._theirs[cell] = lead.member, True
            self._take_over()

    def _take_over(self) -> None:
        """Takes over what programs have written."""
        self._cancel_rest()
        theirs, self._theirs = self._theirs, {}
        for cell, (member, is_run) in theirs.items():
            if self.outputs.place(cell) is not None:
                self._take(cell, member, is_run)
        self.outputs.show_soon()

    def _take(self, cell: str, member: Member, is_run: bool) -> None:
        notebook, lead, place = self.outputs.notebook, self._leads.get(cell), self.outputs.place(cell)
        if place is None or not notebook.has(cell) or notebook.get(cell).cell_type != "code":
            return
        if lead is not None and self._is_ours(cell, lead):
            return
        execution, shared = notebook.execution_of(cell), self.outputs.shared
        count = shared.value(place, "execution_count")
        count = count if isinstance(count, int) and not isinstance(count, bool) else None
        outputs = _formed(shared.value(place, "outputs"))
        if outputs is None or (lead is not None and not outputs):
            return
        of = {"session": self.outputs.session.id, "cell": cell}
        if not outputs and count is None:
            if execution is not None or notebook.get(cell).has_outputs_set:
                self.call(member, "cell.clear_outputs", cell_calls.ClearOutputs(**of))
        elif (lead is not None or is_run or execution is None) and not self.outputs.shows(cell, outputs, count):
            params = cell_calls.SetOutputs(**of, outputs=list(map(Raw, outputs)), execution_count=count)
            self.call(member, "cell.set_outputs", params)


def _runs(cell: Cell, code: str) -> bool:
    """Whether code is what a run of a cell runs."""
    return cell.cell_type == "code" and cell.source == code and bool(code.strip())


def _formed(outputs: Any) -> list[bytes] | None:
    """Outputs of the shared document in normal form, without what is no output; `None` where they are not to be taken over."""
    if not isinstance(outputs, list):
        return None
    found = []
    for output in outputs:
        raw = msgspec.json.encode(output)
        if any(mark in raw for mark in LACKING):
            return None
        try:
            found.append(normal_form.output(raw))
        except InvalidNotebook:
            continue
    return found
