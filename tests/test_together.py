"""Several editors, one document: whatever they type and whichever answers get lost, all end with the same text.

The editors here do what `@codemirror/collab` does in the page, on one change at a time: a change that was refused as stale is carried over those
that came before it and sent again; one whose answer was lost is recognised when it comes back as an event.
"""

from __future__ import annotations

import random
from typing import Any

import attrs

from tests.fakes import Client, Refused, RigTestCase
from tests.test_cell_text import after_changes
from webipy.core.events.events import Changes
from webipy.core.session.notebook import replace_all

EDITORS = 5
STEPS = 400
SEEDS = 12
TEXTS = ("x", "\n", "word ", "\U0001f600", "é", "\U0001f469\u200d\U0001f52c")


def mapped(position: int, changes: Changes) -> int:
    """Where a position (UTF-16 units) is after a change set."""
    old = new = 0
    for part in changes:
        if isinstance(part, int):
            if position < old + part:
                return new + position - old
            old, new = old + part, new + part
            continue
        gone = int(part[0])
        put = len("\n".join(map(str, part[1:])).encode("utf-16-le")) // 2
        if position < old + gone:
            return new + put
        old, new = old + gone, new + put
    return new + position - old


def units(text: str) -> int:
    """Its length as editors count it."""
    return len(text.encode("utf-16-le")) // 2


@attrs.define(eq=False)
class Editor:
    """One editor on one cell: what the server has, and what stands on the screen."""

    client: Client
    session: str
    cell: str
    name: str
    base: str = ""
    shown: str = ""
    version: int = 0
    seq: int = 0
    sent: str | None = None
    """What the text would be after the change that was sent, while its answer is out."""

    def type(self, chance: random.Random) -> None:
        """Writes or deletes something somewhere."""
        at = chance.randrange(len(self.shown) + 1)
        deleted = chance.choice([0, 0, 0, 1, 2])
        self.shown = self.shown[:at] + chance.choice(TEXTS) + self.shown[at + deleted :]

    def push(self, is_answer_lost: bool) -> None:
        """Sends what is on the screen, as one change."""
        if self.sent is None and self.shown == self.base:
            return
        wanted = self.shown if self.sent is None else self.sent
        self.sent = wanted
        try:
            self.client.call(
                "cell.edit",
                session=self.session,
                cell=self.cell,
                version=self.version,
                changes=[replace_all(self.base, wanted)],
                client=self.name,
            )
        except Refused as refused:
            assert refused.name == "stale_version", refused.message
            self.sent = None
            return
        if not is_answer_lost:
            self.pull()

    def pull(self) -> None:
        """Takes in what has happened."""
        told = self.client.call("session.events", session=self.session, since=self.seq, limit=10_000)["events"]
        for event in told:
            self.seq = event["seq"]
            if event["type"] == "cell_edited" and event["cell"] == self.cell:
                self.take(event)

    def take(self, event: dict[str, Any]) -> None:
        """One change: our own, or one that ours is carried over."""
        self.version = event["version"]
        changes: Changes = event["changes"]
        if event.get("client") == self.name:
            self.base = after_changes(self.base, changes)
            self.sent = None
            return
        ours, self.sent = replace_all(self.base, self.shown), None
        head = ours[0] if ours and isinstance(ours[0], int) else 0
        splice = next((part for part in ours if not isinstance(part, int)), None)
        self.base = after_changes(self.base, changes)
        if splice is None:
            self.shown = self.base
            return
        start, end = mapped(head, changes), mapped(head + int(splice[0]), changes)
        self.shown = spliced(self.base, start, max(start, end), "\n".join(map(str, splice[1:])))


def spliced(text: str, start: int, end: int, put: str) -> str:
    """The text with units `start` to `end` replaced."""
    body = text.encode("utf-16-le")
    joined = body[: 2 * start] + put.encode("utf-16-le") + body[2 * end :]
    return joined.decode("utf-16-le", "replace")


class Together(RigTestCase):
    """Random work, lost answers, and a program that replaces whole sources in between."""

    def test_all_end_with_the_same_text(self) -> None:
        """As the server has it."""
        for seed in range(SEEDS):
            self.work(random.Random(seed))

    def work(self, chance: random.Random) -> None:
        """One session of work."""
        session = self.rig.session()
        self.rig.me.call("cell.insert", session=session, id="c")
        editors = [Editor(self.rig.client(), session, "c", f"editor-{number}") for number in range(EDITORS)]
        for _ in range(STEPS):
            editor = chance.choice(editors)
            match chance.randrange(6):
                case 0 | 1 | 2:
                    editor.type(chance)
                case 3:
                    editor.push(is_answer_lost=chance.random() < 0.3)
                case 4:
                    editor.pull()
                case _ if chance.random() < 0.1:
                    source = f"{self.source(session)}# program\n"
                    self.rig.me.call("cell.set_source", session=session, cell="c", source=source)
        self.settle(editors)
        source = self.source(session)
        for editor in editors:
            self.assertEqual((editor.shown, editor.base), (source, source))

    def settle(self, editors: list[Editor]) -> None:
        """Everybody sends and takes in until nothing is under way."""
        for _ in range(4 * len(editors)):
            for editor in editors:
                editor.pull()
                editor.push(is_answer_lost=False)
                editor.pull()

    def source(self, session: str) -> str:
        """What the server has."""
        return str(self.rig.me.call("cell.list", session=session)["cells"][0]["source"])
