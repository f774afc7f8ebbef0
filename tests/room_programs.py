"""A program that edits a notebook together with others, in memory: its own shared document, and messages that wait until a test lets them arrive."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SkipTest

from tests.fakes import Rig
from webipy.core.api import calls
from webipy.core.api.access import Principal
from webipy.server.methods.method import Connection
from webipy.server.people.logins import TOKEN_LOGIN
from webipy.server.ports.rooms import Ending

try:
    import pycrdt as _pycrdt
except ImportError as fault:  # it is an extra of webipy
    raise SkipTest(f"pycrdt is not installed: {fault}") from None

pycrdt: Any = _pycrdt


class Program:
    """A program in a room; see `webipy.server.ports.rooms.Member`.

    Args:
        rig: The server.
        room: The room.
        name: Who runs it.
        login: The id of its login.
    """

    def __init__(self, rig: Rig, room: Any, name: str, login: str = TOKEN_LOGIN) -> None:
        self.rig, self.room, self.login, self.name = rig, room, login, name
        self.is_page = False
        self.connection = Connection(Principal(name, "own", login))
        self.doc: Any = pycrdt.Doc()
        self.cells: Any = self.doc.get("cells", type=pycrdt.Array)
        self.meta: Any = self.doc.get("meta", type=pycrdt.Map)
        self.there: deque[Callable[[], None]] = deque()
        """What is on its way to the room."""
        self.here: deque[Callable[[], None]] = deque()
        """What is on its way to the program."""
        self.ended: Ending | None = None
        self._is_taking = False
        self._observed = self.doc.observe(self._changed)

    def _changed(self, event: Any) -> None:
        if not self._is_taking:
            update = event.update
            self.there.append(lambda: self.room.take(self, update))

    # ---- what the room does

    async def call(self, method: str, params: calls.Params) -> calls.Result:
        """Calls a method."""
        return await self.rig.api.perform(method, params, self.connection)

    def give_state(self, state: bytes) -> None:
        """The room asks what is here."""
        self.here.append(lambda: self._answer(state))

    def _answer(self, state: bytes) -> None:
        update = self.doc.get_update(state)
        self.there.append(lambda: self.room.take(self, update))

    def give_missing(self, update: bytes) -> None:
        """The room sends what lacks here."""
        self.here.append(lambda: self._take(update))

    give_update = give_missing

    def _take(self, update: bytes) -> None:
        self._is_taking = True
        self.doc.apply_update(update)
        self._is_taking = False

    def end(self, ending: Ending) -> None:
        """The room has ended."""
        self.ended = ending

    # ---- what a test does

    def enter(self) -> Program:
        """Goes into the room, and asks for what it has."""
        self.room.enter(self)
        state = self.doc.get_state()
        self.there.append(lambda: self.room.missing(self, state))
        return self

    def step(self, ways: deque[Callable[[], None]] | None = None) -> bool:
        """Lets one message arrive; returns whether there was one."""
        way = ways or self.there or self.here
        if not way:
            return False
        way.popleft()()
        return True

    def settle(self) -> None:
        """Lets all messages arrive, and what follows from them."""
        for _ in range(50):
            self.rig.turn(3)
            while self.step():
                pass

    def written(self, cell: dict[str, Any]) -> Any:
        """A cell as programs write it."""
        parts = dict(cell)
        parts["source"] = pycrdt.Text(parts["source"])
        parts["metadata"] = pycrdt.Map(parts.get("metadata", {}))
        if parts["cell_type"] == "code":
            parts["outputs"] = pycrdt.Array(parts.get("outputs", []))
            parts["execution_state"] = "idle"
        return pycrdt.Map(parts)

    def shown(self) -> list[tuple[str, str, str]]:
        """Id, type and source of each cell."""
        return [(one["id"], one["cell_type"], one["source"]) for one in self.cells.to_py()]

    def outputs(self, place: int) -> Any:
        """The outputs of a cell."""
        return cast(Any, self.cells[place]["outputs"]).to_py()


def room_of(rig: Rig, session: str) -> Any:
    """The room of a session, which is made if there is none."""
    rooms = rig.services.rooms
    room = rig.wait(Deferred.fromCoroutine(rooms.find(session, rooms.promise(session))))
    assert room is not None
    return room
