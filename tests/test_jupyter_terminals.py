"""webipy.io.jupyter.terminals: the REST API of terminals, as Jupyter's clients use it."""

from __future__ import annotations

import json

from tests.test_jupyter_routes import JupyterTestCase
from webipy.core.terminals.terminal_protocol import TerminalEnded


class Terminals(JupyterTestCase):
    """Listed, started, closed."""

    def test_a_terminal_from_its_start_to_its_end(self) -> None:
        """The statuses and models that clients check."""
        self.assertEqual(self.api("GET", "/api/terminals").body, b"[]")
        made = self.api("POST", "/api/terminals")
        self.assertEqual(made.status, 200)
        model = json.loads(made.body)
        self.assertEqual((sorted(model), model["name"]), (["last_activity", "name"], "1"))
        self.assertEqual(json.loads(self.api("GET", "/api/terminals/1").body), model)
        self.assertEqual(self.api("DELETE", "/api/terminals/1").status, 204)
        for method in ("GET", "DELETE"):
            self.assertEqual(self.api(method, "/api/terminals/1").status, 404)

    def test_names_and_folders(self) -> None:
        """A name that cannot be one never becomes a path; a folder is absolute, or relative to the root."""
        self.assertEqual(
            json.loads(self.api("POST", "/api/terminals", b'{"name": "mine", "cwd": "/tmp"}').body)["name"], "mine"
        )
        self.assertEqual(self.rig.disk.terminals.hosts["mine"].record.cwd, "/tmp")
        for name in ("../x", "a/b", "", "x" * 41):
            self.assertEqual(self.api("POST", "/api/terminals", json.dumps({"name": name}).encode()).status, 400, name)
        for body in (b'{"name": 5}', b'{"name": "a", "cwd": 5}', b"{"):
            self.assertEqual(self.api("POST", "/api/terminals", body).status, 400, body)

    def test_a_folder_that_is_not_below_the_root(self) -> None:
        """A client may name one that was deleted since: the shell starts in the root."""
        server = self.rig.me.call("server.info")
        for cwd in ("no/such", "/no/such", "..", "a\0b"):
            name = json.loads(self.api("POST", "/api/terminals", json.dumps({"cwd": cwd}).encode()).body)["name"]
            self.assertEqual(self.rig.disk.terminals.hosts[name].record.cwd, server["root"], cwd)

    def test_what_has_ended_is_none(self) -> None:
        """As Jupyter Server forgets it."""
        self.api("POST", "/api/terminals")
        self.rig.disk.terminals.hosts["1"].end(TerminalEnded(exit_status=0))
        self.rig.turn()
        self.assertEqual(self.api("GET", "/api/terminals").body, b"[]")
