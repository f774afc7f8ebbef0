"""webipy.server.methods.api: batches, calls by POST, and what is answered when a call is cut off or fails."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import CancelledError, Deferred

from tests.fakes import Client, RigTestCase
from webipy.core import errors
from webipy.core.api.access import Principal
from webipy.server.methods import api
from webipy.server.methods.api import METHODS
from webipy.server.methods.method import Connection
from webipy.server.people import budgets
from webipy.server.people.budgets import Allowance

INFO = {"jsonrpc": "2.0", "id": 1, "method": "server.info"}


class AnswerTestCase(RigTestCase):
    """Messages as they come."""

    def post(self, *calls_made: dict[str, Any], connection: Connection | None = None) -> Any:
        """What is answered to a message by POST."""
        body = json.dumps(calls_made[0] if len(calls_made) == 1 else calls_made).encode()
        asked = self.rig.api.post(body, connection or Connection(self.rig.me.connection.principal))
        return json.loads(self.rig.wait(Deferred.fromCoroutine(asked)) or b"null")

    def replaced(self, method: str, function: Any) -> None:
        """Lets a method do something else."""
        import attrs

        self.patch(api, "METHODS", {**METHODS, method: attrs.evolve(METHODS[method], function=function)})


class Posts(AnswerTestCase):
    """A message that is a connection by itself."""

    def test_it_counts_as_a_connection_while_it_is_answered(self) -> None:
        """And no longer, also when it is refused."""
        budget = self.rig.services.budgets.of(self.rig.me.connection.principal)
        lines: list[int] = []
        function = METHODS["server.info"].function

        async def info(services: Any, connection: Any, params: Any) -> Any:
            lines.append(budget.lines)
            return await function(services, connection, params)

        self.replaced("server.info", info)
        self.assertEqual(self.post(INFO)["result"]["version"], "1.2.3")
        self.assertEqual(self.post({**INFO, "method": "no.such"})["error"]["data"]["name"], "method_not_found")
        self.assertEqual((lines, budget.lines), ([1], 0))

    def test_a_login_has_so_many_at_once(self) -> None:
        """One more is refused whole, and takes no place."""
        self.patch(budgets, "GUEST", Allowance(99, 1000, 20.0, 0.25, 1, 10, 1))
        guest = Principal("eve", "read", "g", "s")
        self.rig.services.budgets.of(guest).enter()
        with self.assertRaises(errors.Throttled):
            self.post(INFO, connection=Connection(guest))
        self.assertEqual(self.rig.services.budgets.of(guest).lines, 1)


class Batches(AnswerTestCase):
    """Several calls in one message."""

    def test_what_would_be_too_much_is_not_carried_out(self) -> None:
        """Calls after the limit are refused, each by itself; notifications without an answer; others before them are answered."""
        self.patch(api, "MAX_ANSWER_BYTES", 100)
        done: list[str] = []
        function = METHODS["server.info"].function

        async def info(services: Any, connection: Any, params: Any) -> Any:
            done.append("info")
            return await function(services, connection, params)

        self.replaced("server.info", info)
        notification = {"jsonrpc": "2.0", "method": "server.info"}
        first, second = self.post({**INFO, "id": "a"}, {**INFO, "id": "b"}, notification)
        self.assertEqual((first["id"], first["result"]["name"]), ("a", "webipy"))
        self.assertEqual((second["id"], second["error"]["data"]), ("b", {"name": "too_large", "limit_bytes": 100}))
        self.assertEqual(done, ["info"])

    def test_what_is_answered_is_held_until_all_is_sent(self) -> None:
        """Its bytes count for the login while the rest is carried out; at the end none are left."""
        budget = self.rig.services.budgets.of(self.rig.me.connection.principal)
        held: list[int] = []
        function = METHODS["server.info"].function

        async def info(services: Any, connection: Any, params: Any) -> Any:
            held.append(budget.held)
            return await function(services, connection, params)

        self.replaced("server.info", info)
        replies = self.post(*[{**INFO, "id": number} for number in range(3)])
        sizes = [len(json.dumps(reply, separators=(",", ":"))) for reply in replies]
        self.assertEqual((held, budget.held), ([0, sizes[0], sizes[0] + sizes[1]], 0))


class Cut(AnswerTestCase):
    """A call that does not come to its end."""

    def test_a_call_that_is_cancelled_is_a_mistake_unless_its_connection_is_gone(self) -> None:
        """Nobody reads an answer there; a reference leads to the log."""

        async def cancelled(services: Any, connection: Any, params: Any) -> Any:
            raise CancelledError

        self.replaced("server.info", cancelled)
        fault = self.post(INFO)["error"]
        self.assertEqual(fault["data"]["name"], "internal_error")
        self.assertIn(fault["data"]["reference"], fault["message"])
        self.assertEqual(len(self.flushLoggedErrors(CancelledError)), 1)
        gone = Connection(self.rig.me.connection.principal)
        gone.leave()
        self.assertIsNone(self.post(INFO, connection=gone))
        self.assertEqual(self.flushLoggedErrors(CancelledError), [])

    def test_the_description_is_made_once(self) -> None:
        """As JSON, the same that rpc.discover answers."""
        first = self.rig.wait(Deferred.fromCoroutine(self.rig.api.described()))
        self.assertIs(self.rig.wait(Deferred.fromCoroutine(self.rig.api.described())), first)
        self.assertEqual(json.loads(first), Client(self.rig, Connection(None)).call("rpc.discover"))
