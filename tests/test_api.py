"""webipy.server.methods.api: the one table and the one dispatcher; who may call what, and what bad input is answered."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import Client, RigTestCase, examples
from tests.test_access import ORDER
from tests.test_calls import least
from webipy.core import errors
from webipy.core.api.access import Verb
from webipy.core.api.calls import Params, Result
from webipy.core.api.notebook_calls import HistoryPoints
from webipy.server.methods import api
from webipy.server.methods.api import METHODS, answered
from webipy.server.methods.descriptions import described
from webipy.server.methods.method import Method


class Who(RigTestCase):
    """Law 8."""

    def test_who_no_method_lacks_a_verb(self) -> None:
        """Each method of the table; docs/protocol.md shows its verb, so that a change of one is in the diff of that page."""
        for method in METHODS.values():
            self.assertIn(method.verb, get_args(Verb))

    def test_who_may_call_what(self) -> None:
        """Every method by anonymous, read, write, execute and own: refused exactly when the verb is not held, and then nothing has happened.

        A method of reach `person` is for everybody who is no guest.
        """
        before = self.world()
        for method in METHODS.values():
            needed = ORDER.index(method.verb)
            for held in (None, *ORDER):
                client = self.rig.client(held)
                name = self.failure_name(client, method)
                if needed == 0 or (method.reach == "person" and held is not None):
                    self.assertNotIn(name, ("not_authenticated", "not_permitted"), (method.name, held))
                elif held is None:
                    self.assertEqual(name, "not_authenticated", method.name)
                elif ORDER.index(held) < needed:
                    self.assertEqual(name, "not_permitted", (method.name, held))
                else:
                    self.assertNotIn(name, ("not_authenticated", "not_permitted"), (method.name, held))
                if name in ("not_authenticated", "not_permitted"):
                    self.assertEqual(self.world(), before, (method.name, held))
                before = self.world()

    def world(self) -> tuple[Any, ...]:
        """What a call could have changed."""
        disk = self.rig.disk
        journals = {session: list(journal.bodies) for session, journal in disk.journals.found.items()}
        return dict(disk.registry.records), journals, list(disk.launcher.hosts)

    def failure_name(self, client: Client, method: Method) -> str | None:
        """The name of the failure of a call with good params for a session that is not there, or `None`."""
        reply = self.rig.wait(client.ask(method.name, **{**least(method.params), **self.ghost(method)}))
        name = reply.get("error", {}).get("data", {}).get("name")
        return None if name is None else str(name)

    @staticmethod
    def ghost(method: Method) -> dict[str, str]:
        """A session that is not there, where the method takes one."""
        required = {field.name for field in msgspec.structs.fields(method.params) if field.required}
        return {"session": "ghost"} if "session" in required else {}

    def test_who_comes_from_the_connection_and_never_from_params(self) -> None:
        """No params struct has a field that says who acts; those about accounts and tokens name whom or what they are about."""
        for method in METHODS.values():
            if method.name.partition(".")[0] in ("user", "token"):
                continue
            for field in msgspec.structs.fields(method.params):
                self.assertNotIn(field.name, {"by", "user", "principal", "login", "name"}, method.name)

    def test_permit_is_called_in_one_place(self) -> None:
        """In front of every method."""
        import inspect

        from webipy.server.methods import cells, executions, rules

        self.assertEqual(inspect.getsource(api).count("rules.permit("), 1)
        self.assertEqual(inspect.getsource(rules).count("access.permit("), 1)
        for module in (cells, executions):
            self.assertNotIn("permit", inspect.getsource(module))


class BadInput(RigTestCase):
    """Each is one clear failure, and nothing else is touched."""

    def reply(self, body: bytes, client: Client | None = None) -> Any:
        """The answer to some bytes."""
        told = answered(self.rig.api, body, (client or self.rig.me).connection)
        reply = self.rig.wait(told)
        return None if reply is None else json.loads(reply)

    def test_malformed_json(self) -> None:
        """-32700 with id null."""
        reply = self.reply(b'{"jsonrpc": "2.0", "method"')
        self.assertEqual(
            (reply["id"], reply["error"]["code"], reply["error"]["data"]), (None, -32700, {"name": "parse_error"})
        )

    def test_an_unknown_method(self) -> None:
        """Named, and where the known ones are."""
        fault = self.refused("method_not_found", "kernel.explode")
        self.assertEqual((fault.code, fault.facts["method"]), (-32601, "kernel.explode"))
        self.assertIn("openrpc.json", fault.message)
        long = self.refused("method_not_found", "x" * 10_000)
        self.assertLess(len(long.message), 200)

    def test_wrong_params_name_the_field(self) -> None:
        """A table: method, params, the field, words of the message."""
        table: list[tuple[str, dict[str, Any], str, str]] = [
            ("session.get", {}, "session", "'session' is missing; it takes: session."),
            ("session.get", {"session": 5}, "session", "'session' is wrong: expected `str`, got `int`"),
            ("session.get", {"session": "s", "x": 1}, "x", "there is no parameter 'x'; it takes: session."),
            ("session.list", {"x": 1}, "x", "there is no parameter 'x'; it takes: none."),
            ("session.create", {"id": "a b"}, "id", "matching regex"),
            ("user.add", {"name": "x" * 201}, "name", "'name' is too long: it has at most 200 characters."),
            ("user.add", {"name": "x", "groups": ["g"] * 51}, "groups", "at most 50 entries."),
            ("session.subscribe", {"session": "s", "since": -1}, "since", ">= 0"),
            (
                "execution.start",
                {"session": "s", "code": "1", "user_expressions": {"a": 1}},
                "user_expressions[...]",
                "str",
            ),
            (
                "cell.edit",
                {"session": "s", "cell": "c", "version": 0, "changes": [["x"]]},
                "changes[0][0]",
                "int | array",
            ),
        ]
        for method, params, field, words in table:
            fault = self.refused("invalid_params", method, **params)
            self.assertEqual((fault.code, fault.facts["field"]), (-32602, field), fault.message)
            self.assertIn(words, fault.message)
            self.assertTrue(fault.message.startswith(f"{method}: "), fault.message)

    def test_params_are_told_wrong_before_anything_is_looked_up(self) -> None:
        """Who may not call learns nothing else than the shape that rpc.discover tells anyway."""
        self.refused("invalid_params", "session.get", self.rig.client(None))
        self.refused("not_authenticated", "session.get", self.rig.client(None), session="ghost")

    def test_a_mistake_of_the_server_is_told_without_details(self) -> None:
        """Under a reference that finds it in the log; the other calls of the batch are answered."""

        async def breaks(services: Any, connection: Any, params: Any) -> Result:
            raise ZeroDivisionError("/secret/path/of/the/server")

        self.patch(
            api, "METHODS", {**METHODS, "test.break": Method("test.break", "none", Params, Result, breaks, "server")}
        )
        call = b'{"jsonrpc":"2.0","id":%d,"method":"%b"}'
        broken, fine = self.reply(b"[%b,%b]" % (call % (1, b"test.break"), call % (2, b"server.info")))
        self.assertEqual((broken["id"], broken["error"]["code"], fine["id"]), (1, -32603, 2))
        self.assertNotIn("secret", json.dumps(broken))
        self.assertIn(broken["error"]["data"]["reference"], broken["error"]["message"])
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_notifications_are_carried_out_and_not_answered(self) -> None:
        """Neither their results nor their failures."""
        session = self.rig.session()
        body = {"jsonrpc": "2.0", "method": "cell.insert", "params": {"session": session, "id": "c1"}}
        self.assertIsNone(self.reply(json.dumps(body).encode()))
        self.assertEqual(len(self.rig.me.call("cell.list", session=session)["cells"]), 1)
        self.assertIsNone(self.reply(b'{"jsonrpc":"2.0","method":"nope"}'))
        self.assertIsNone(self.reply(b'[{"jsonrpc":"2.0","method":"nope"}]'))

    def test_the_calls_of_a_batch_are_carried_out_in_their_order(self) -> None:
        """Each after the one before it was answered."""
        session = self.rig.session()
        batch = [
            {
                "jsonrpc": "2.0",
                "id": n,
                "method": "cell.insert",
                "params": {"session": session, "id": f"c{n}", "after": after},
            }
            for n, after in ((1, None), (2, "c1"), (3, "c2"))
        ]
        replies = self.reply(json.dumps(batch).encode())
        self.assertEqual([(r["id"], r["result"]["cell"]) for r in replies], [(1, "c1"), (2, "c2"), (3, "c3")])

    def test_whatever_comes_is_answered_with_json(self) -> None:
        """Random params for random methods: a result or a failure that is no mistake of the server."""
        session = self.rig.session("python3")
        self.rig.me.call("cell.insert", session=session, id="c1", source="🧪")
        values = st.one_of(
            st.none(), st.booleans(), st.integers(-2, 10**20), st.floats(), st.text(max_size=5), st.just("c1"), st.just(session),
            st.lists(st.integers(0, 3), max_size=3), st.lists(st.lists(st.one_of(st.integers(-1, 3), st.text(max_size=2)), max_size=3), max_size=3),
            st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
        )  # fmt: skip

        @examples(400)
        @given(st.sampled_from(sorted(METHODS)), st.data())
        def holds(name: str, data: st.DataObject) -> None:
            params = least(METHODS[name].params)
            for field in METHODS[name].params.__struct_fields__:
                if data.draw(st.integers(0, 3)) == 0:
                    params[field] = data.draw(values)
            if "session" in params:
                params["session"] = session
            if name in ("session.close", "execution.wait", "session.events"):
                params.pop("timeout_s", None)
                params["session"] = "ghost"
            body = json.dumps(
                {"jsonrpc": "2.0", "id": 1, "method": name, "params": params}, ensure_ascii=data.draw(st.booleans())
            )
            told = answered(self.rig.api, body.encode("utf-8", "surrogatepass"), self.rig.me.connection)
            self.rig.turn(5)
            self.rig.clock.advance(600)
            self.rig.turn(5)
            reply = json.loads(self.successResultOf(told) or b"null", parse_constant=self.fail)
            self.assertNotEqual(reply.get("error", {}).get("code"), -32603, (body, reply))

        holds()


class Cells(RigTestCase):
    """`cell.*`."""

    def setUp(self) -> None:
        super().setUp()
        self.session = self.rig.session()

    def call(self, method: str, **params: Any) -> Any:
        """A call on the session."""
        return self.rig.me.call(f"cell.{method}", session=self.session, **params)

    def cells(self) -> list[tuple[str, str, int]]:
        """Id, source and version of each."""
        return [(c["id"], c["source"], c["version"]) for c in self.call("list")["cells"]]

    def test_a_document_grows(self) -> None:
        """Every operation, and what it answers."""
        self.assertEqual(self.call("insert", id="b", source="b"), {"cell": "b", "seq": 2, "version": 0})
        self.assertEqual(
            self.call("insert", id="a", source="1", cell_type="markdown"), {"cell": "a", "seq": 3, "version": 0}
        )
        self.assertEqual(
            self.call("edit", cell="a", version=0, changes=[[1, [0, "2"]], [2, [0, "3"]]], client="tab"),
            {"cell": "a", "seq": 5, "version": 2},
        )
        self.assertEqual(self.call("set_source", cell="b", source="bee"), {"cell": "b", "seq": 6, "version": 1})
        self.assertEqual(self.call("move", cell="a", after="b"), {"cell": "a", "seq": 7, "version": 2})
        self.assertEqual(self.call("set_type", cell="a", cell_type="code"), {"cell": "a", "seq": 8, "version": 2})
        self.assertEqual(self.cells(), [("b", "bee", 1), ("a", "123", 2)])
        self.assertEqual(self.call("clear_outputs"), {"seq": 9})
        self.assertEqual(self.call("delete", cell="b"), {"cell": "b", "seq": 10, "version": 0})
        self.assertEqual(self.cells(), [("a", "123", 2)])
        self.assertEqual(self.rig.journal.events()[4]["client"], "tab")

    def test_what_changes_nothing_makes_no_event(self) -> None:
        """The same id again, the same source, the same type."""
        self.call("insert", id="a", source="x")
        seq = self.rig.journal.written
        self.assertEqual(self.call("insert", id="a", source="y"), {"cell": "a", "seq": seq, "version": 0})
        self.call("set_source", cell="a", source="x")
        self.call("set_type", cell="a", cell_type="code")
        self.assertEqual(self.rig.journal.written, seq)

    def test_what_does_not_fit_is_refused(self) -> None:
        """And nothing is changed."""
        self.call("insert", id="a", source="🧪")
        table: list[tuple[str, str, dict[str, Any]]] = [
            ("stale_version", "edit", {"cell": "a", "version": 1, "changes": [[2]]}),
            ("stale_version", "set_source", {"cell": "a", "version": 7, "source": "x"}),
            ("invalid_params", "edit", {"cell": "a", "version": 0, "changes": [[1, [1]]]}),
            ("invalid_params", "edit", {"cell": "a", "version": 0, "changes": [[2], [3]]}),
            ("invalid_params", "move", {"cell": "a", "after": "a"}),
            ("not_found", "move", {"cell": "a", "after": "ghost"}),
            ("not_found", "insert", {"after": "ghost"}),
            ("not_found", "delete", {"cell": "ghost"}),
            ("not_found", "clear_outputs", {"cell": "ghost"}),
            ("not_found", "set_type", {"cell": "ghost", "cell_type": "raw"}),
            ("too_large", "insert", {"source": "🧪" * (2 * 1024 * 1024 + 1)}),
            ("too_large", "set_source", {"cell": "a", "source": "x" * (4 * 1024 * 1024 + 1)}),
        ]
        before = list(self.rig.journal.bodies)
        for name, method, params in table:
            self.refused(name, f"cell.{method}", session=self.session, **params)
        self.assertEqual(self.rig.journal.bodies, before)

    def test_two_editors_at_once(self) -> None:
        """The first one counts, the other rebases on its event."""
        self.call("insert", id="a", source="x")
        told = [
            self.rig.client().ask("cell.edit", session=self.session, cell="a", version=0, changes=[[1, [0, letter]]])
            for letter in "yz"
        ]
        self.rig.turn()
        first, second = (self.successResultOf(one) for one in told)
        self.assertEqual((first["result"]["version"], second["error"]["data"]["version"]), (1, 1))
        self.assertEqual(self.cells(), [("a", "xy", 1)])

    def test_deleting_a_cell_does_not_end_what_it_runs(self) -> None:
        """Its output still comes."""
        session = self.rig.session("python3")
        self.rig.me.call("cell.insert", session=session, id="a", source="1")
        execution = self.rig.me.call("execution.start", session=session, code="1", cell="a")["execution"]
        self.rig.me.call("cell.delete", session=session, cell="a")
        self.rig.host.run(execution)
        self.rig.turn()
        self.assertEqual(self.rig.me.call("execution.get", session=session, execution=execution)["status"], "ok")


class Server(RigTestCase):
    """`server.*` and `rpc.discover`."""

    def test_a_report_has_versions_and_numbers(self) -> None:
        """Of the server, the packages and the kernelspecs; for whoever runs the server."""
        self.rig.services.installed = lambda: {"Python": "3.13"}
        told = self.rig.me.call("server.describe")
        self.assertEqual((told["version"], told["installed"]), ("1.2.3", {"Python": "3.13"}))
        self.assertEqual((told["kernelspecs"], told["sessions"]), (["other", "python3"], 0))

    def test_info_tells_strangers_less(self) -> None:
        """Neither the root nor the kernelspecs, nor since when it runs; who is in learns what they may."""
        known, strange = self.rig.me.call("server.info"), self.rig.client(None).call("server.info")
        self.assertEqual((known["principal"], known["root"], known["default_kernelspec"]), ("ada", "/", "python3"))
        self.assertEqual((known["verb"], known["session"], known["owner"]), ("own", None, "ada"))
        self.assertEqual(known["started"], "2026-03-01T09:30:00.000000Z")
        self.assertEqual(
            strange,
            {
                "name": "webipy",
                "version": "1.2.3",
                "protocol": 1,
                "time": "2026-03-01T09:30:00.000000Z",
                "principal": None,
                "root": None,
                "default_kernelspec": None,
                "degraded": False,
                "verb": None,
                "session": None,
                "owner": None,
                "public_url": None,
                "started": None,
                "hub": None,
                "account": None,
                "home": None,
                "jupyterlab": False,
            },
        )

    def test_a_launch_code_logs_a_browser_in(self) -> None:
        """Once; its address names the session."""
        session = self.rig.session()
        told = self.rig.me.call("server.launch_code", session=session)
        self.assertEqual(told["url"], f"http://here/{session}#code={told['code']}")
        self.assertEqual(told["expires"], "2026-03-02T09:30:00.000000Z")
        self.refused("not_found", "server.launch_code", session="ghost")

    def test_the_description_is_whole(self) -> None:
        """OpenRPC 1.3.2: every method with its verb, its params and its result; every reference leads somewhere."""
        document = self.rig.client(None).call("rpc.discover")
        self.assertEqual((document["openrpc"], document["info"]["version"]), ("1.3.2", "1.2.3"))
        self.assertEqual([m["name"] for m in document["methods"]], sorted(METHODS))
        schemas = document["components"]["schemas"]
        for reference in re.findall(r'"\$ref": "([^"]*)"', json.dumps(document)):
            self.assertIn(reference.removeprefix("#/components/schemas/"), schemas)
        for told in document["methods"]:
            method = METHODS[told["name"]]
            self.assertEqual((told["x-verb"], told["paramStructure"]), (method.verb, "by-name"))
            self.assertEqual([p["name"] for p in told["params"]], list(method.params.__struct_fields__))
            self.assertEqual({p["name"] for p in told["params"] if p["required"]}, set(least(method.params)))
            self.assertTrue(told["summary"].strip().endswith("."), told["name"])
            self.assertEqual([p["description"] for p in told["params"]], list(described(method.params).values()))
            self.assertEqual([e["message"] for e in told["errors"]], [kind.name for kind in method.raises])
        self.assertIn("CellEdited", schemas)
        self.assertEqual(
            schemas["HistoryPoints"]["properties"]["moments"]["description"], described(HistoryPoints)["points"]
        )

    def test_every_failure_class_can_be_told(self) -> None:
        """Code, name and facts."""
        for kind in (k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.Failure)):
            self.assertTrue((kind.__doc__ or "").strip(), kind.__name__)
