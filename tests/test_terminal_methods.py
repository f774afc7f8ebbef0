"""The methods `terminal.*`, on hosts in memory."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from tests.fake_terminals import FakeTerminal
from tests.fakes import Client, RigTestCase
from webipy.core.terminals.scrollback import KEPT_BYTES
from webipy.core.terminals.terminal_outbox import WINDOW_BYTES
from webipy.core.terminals.terminal_protocol import TerminalEnded
from webipy.server.terminals.terminal import RETURN_SECONDS
from webipy.server.terminals.terminal_reader import AHEAD_BYTES
from webipy.server.terminals.terminal_readers import STALL_SECONDS
from webipy.server.terminals.terminals import KEPT_ENDED, MAX_TERMINALS


class TerminalMethods(RigTestCase):
    """One terminal, and who reads it."""

    def setUp(self) -> None:
        super().setUp()
        self.terminal: str = self.rig.me.call("terminal.create")["id"]

    @property
    def host(self) -> FakeTerminal:
        """Its host."""
        return self.rig.disk.terminals.hosts[self.terminal]

    def call(self, method: str, client: Client | None = None, **params: Any) -> Any:
        """A call about the terminal."""
        return (client or self.rig.me).call(method, terminal=self.terminal, **params)

    def settle(self) -> None:
        """Lets everything arrive."""
        for _ in range(10):
            self.rig.turn()

    def notified(self, name: str, client: Client | None) -> list[Any]:
        """The params of the notifications of a name."""
        sent = [json.loads(body) for body in (client or self.rig.me).sent]
        return [one["params"] for one in sent if one.get("method") == name]

    def read(self, client: Client | None = None) -> str:
        """What a client was sent of the output, in order."""
        self.settle()
        found = self.notified("terminal_output", client)
        for before, after in pairwise(found):
            self.assertEqual(before["end"], after["at"])
        return "".join(one["text"] for one in found)

    def changes(self, client: Client | None = None) -> list[Any]:
        """The changes that a client was told."""
        self.settle()
        return self.notified("terminal_changed", client)

    def test_what_is_typed_is_printed(self) -> None:
        """And comes to every reader."""
        other = self.rig.client()
        for client in (self.rig.me, other):
            self.call("terminal.subscribe", client)
        self.assertEqual(self.call("terminal.input", text="é ls"), {"dropped": False})
        self.assertEqual((self.read(), self.read(other)), ("É LS", "É LS"))

    def test_a_reader_goes_on_where_it_was(self) -> None:
        """By its position; another terminal of the same id is read from its beginning."""
        self.host.print(b"abcdef")
        self.settle()
        started = self.rig.me.call("terminal.list")["terminals"][0]["started"]
        reading = self.call("terminal.subscribe", since=3, started=started)
        self.assertEqual((reading["first"], reading["restore"], reading["live"]), (3, None, 6))
        self.assertEqual(self.read(), "def")
        reading = self.call("terminal.subscribe", since=3, started="2001-01-01T00:00:00Z")
        self.assertEqual((reading["first"], reading["restore"]), (0, ""))

    def test_what_is_forgotten_is_told(self) -> None:
        """How much, and what restores the modes."""
        self.host.print(b"\x1b[?1049h" + b"x" * 99 + b"\n")
        for _ in range(3 * KEPT_BYTES // 1000):
            self.host.print(b"y" * 999 + b"\n")
            self.rig.turn()
        self.settle()
        reading = self.call("terminal.subscribe", since=8)
        self.assertEqual(reading["restore"], "\x1b[?1049h")
        self.assertEqual(reading["skipped"], reading["first"] - 8)
        self.assertGreater(reading["skipped"], KEPT_BYTES)

    def test_a_reader_that_acknowledges_nothing_holds_the_host(self) -> None:
        """It gets a window; the host keeps the rest; then it is no reader any more."""
        self.call("terminal.subscribe")
        for _ in range(100):
            self.host.print(b"x" * 20_000)
            self.rig.turn()
        self.assertEqual(len(self.read()), AHEAD_BYTES)
        self.assertLess(self.host.outbox.sent, AHEAD_BYTES + WINDOW_BYTES + 50_000)
        self.call("terminal.acknowledge", position=100_000)
        self.assertEqual(len(self.read()), AHEAD_BYTES + 100_000)
        self.rig.clock.advance(STALL_SECONDS)
        self.rig.clock.advance(STALL_SECONDS)
        self.assertTrue(self.changes()[-1]["stalled"])
        self.assertEqual(self.host.outbox.sent, 2_000_000)

    def test_a_reader_that_leaves_holds_nothing(self) -> None:
        """By the end of its connection, or as it says so."""
        for leave in (lambda: self.rig.me.connection.leave(), lambda: self.call("terminal.unsubscribe")):
            self.call("terminal.subscribe")
            self.host.print(b"x" * (3 * WINDOW_BYTES))
            self.settle()
            leave()
            self.settle()
            self.assertEqual(self.host.outbox.sent, self.host.outbox.kept.end)

    def test_one_reader_answers_for_all(self) -> None:
        """The one that came or typed last: a question of a program has one answer."""
        other = self.rig.client()
        self.call("terminal.subscribe")
        self.call("terminal.subscribe", other)
        self.assertTrue(self.call("terminal.input", other, text="x", automatic=True)["dropped"])
        self.assertFalse(self.call("terminal.input", text="x", automatic=True)["dropped"])
        self.call("terminal.input", other, text="y")
        self.assertTrue(self.call("terminal.input", text="x", automatic=True)["dropped"])
        self.assertFalse(self.call("terminal.input", other, text="x", automatic=True)["dropped"])

    def test_everybody_sees_the_size_that_was_set_last(self) -> None:
        """And the title that the program sets."""
        other = self.rig.client()
        self.call("terminal.subscribe")
        self.call("terminal.resize", other, rows=10, cols=20)
        self.assertEqual((self.changes()[-1]["terminal"]["rows"], self.changes()[-1]["terminal"]["cols"]), (10, 20))
        self.host.print(b"\x1b]0;vim\x07")
        self.assertEqual(self.changes()[-1]["terminal"]["title"], "vim")

    def test_input_that_the_host_refuses_is_refused(self) -> None:
        """With its reason."""
        self.host.refusal = "It is full."
        self.assertEqual(
            self.refused("terminal_failed", "terminal.input", terminal=self.terminal, text="x").message, "It is full."
        )

    def test_input_is_lost_with_its_host(self) -> None:
        """And that is said."""
        self.host.is_mute = True
        replies: list[Any] = []
        self.rig.me.ask("terminal.input", terminal=self.terminal, text="x").addCallback(replies.append)
        self.settle()
        self.assertEqual(replies, [])
        self.host.end(TerminalEnded(exit_status=3))
        self.settle()
        self.assertIn(
            "What was typed is lost. The shell bash ended with exit status 3.", replies[0]["error"]["message"]
        )

    def test_an_end_is_kept_until_it_is_closed(self) -> None:
        """Of the newest some only."""
        self.host.print(b"last words")
        self.host.end(TerminalEnded(signal="SIGKILL"))
        self.settle()
        (ended,) = self.rig.me.call("terminal.list")["terminals"]
        self.assertEqual(ended["ended"], "The shell bash was ended by SIGKILL.")
        self.call("terminal.subscribe")
        self.assertEqual(self.read(), "last words")
        for _ in range(KEPT_ENDED):
            one = self.rig.me.call("terminal.create")["id"]
            self.rig.disk.terminals.hosts[one].end(TerminalEnded(exit_status=0))
            self.settle()
        self.assertEqual(len(self.rig.me.call("terminal.list")["terminals"]), KEPT_ENDED)
        self.refused("not_found", "terminal.subscribe", terminal=self.terminal)

    def test_limits(self) -> None:
        """Of terminals, ids and folders."""
        self.refused("already_exists", "terminal.create", id=self.terminal)
        self.refused("invalid_params", "terminal.create", folder="no/such")
        for _ in range(MAX_TERMINALS - 1):
            self.rig.me.call("terminal.create")
        self.refused("quota", "terminal.create")

    def test_the_next_server_takes_over(self) -> None:
        """The reader goes on, and what it did not have waited for it, for a while."""
        self.call("terminal.subscribe")
        self.host.print(b"abc")
        self.assertEqual(self.read(), "abc")
        old, self.rig = self.rig, self.rig.crashed()
        self.assertIsNot(old, self.rig)
        for _ in range(60):
            self.host.print(b"x" * 50_000)
            self.settle()
        self.assertLess(self.host.outbox.sent, WINDOW_BYTES + 100_000)
        reading = self.call("terminal.subscribe", since=3)
        self.assertEqual((reading["first"], reading["restore"], reading["skipped"]), (3, None, 0))
        self.rig = self.rig.crashed()
        self.settle()
        self.rig.clock.advance(RETURN_SECONDS)
        self.settle()
        self.assertEqual(self.host.outbox.sent, self.host.outbox.kept.end)
