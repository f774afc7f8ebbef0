"""`webipy hand-out`: the command on a server in memory."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, cast
from unittest import mock

from twisted.internet.defer import Deferred

from tests.fakes import Refused
from tests.test_cli import invoke
from tests.test_cli_share import InMemory, captured
from tests.test_handouts import HandoutCase
from webipy.client.client import Client
from webipy.command import handing_out
from webipy.command.lookup import Wrong
from webipy.core import errors

PATH = "unit/lesson.ipynb"


class HandOutTests(HandoutCase):
    """What it prints."""

    def outcome(self, command: Coroutine[Any, Any, int]) -> tuple[int, str, str]:
        """The exit status of a command, and what it prints."""
        return captured(lambda: int(self.successResultOf(Deferred.fromCoroutine(command))))

    def making(
        self, *names: str, may: str = "run", data: Sequence[str] = (), as_json: bool = False
    ) -> tuple[int, str, str]:
        """The outcome of handing out."""
        client = cast(Client, InMemory(self.rig.me.call))
        return self.outcome(handing_out.make(client, PATH, names, may, data, as_json))

    def showing(self, *names: str, as_json: bool = False) -> tuple[int, str, str]:
        """The outcome of the list."""
        client = cast(Client, InMemory(self.rig.me.call))
        return self.outcome(handing_out.show(client, PATH, names, as_json))

    def test_a_line_for_each(self) -> None:
        """What was made, and who had theirs."""
        status, out, err = self.making("bo", may="edit")
        self.assertEqual((status, out, err), (0, "bo: unit/handed-out/lesson/bo.ipynb\n", ""))
        status, out, err = self.making("group:class")
        self.assertEqual(status, 0)
        self.assertEqual(
            out.splitlines(),
            [
                "ada: unit/handed-out/lesson/ada.ipynb",
                "bo: unit/handed-out/lesson/bo.ipynb (had it already; it is as it was)",
                "cy: unit/handed-out/lesson/cy.ipynb",
            ],
        )
        self.assertIn("can read and change all files", err)
        status, out, _ = self.making("everybody", as_json=True)
        self.assertEqual([one["result"] for one in json.loads(out)["copies"]], ["had", "had", "had", "made"])

    def test_data_come_along(self) -> None:
        """As they are named from the root, or from the notebook's folder; once for all; what is elsewhere is refused."""
        for name in ("data.csv", "more.csv"):
            self.rig.disk.files.put(f"unit/{name}", b"x")
        _, out, _ = self.making("ada", "bo", may="edit", data=("unit/data.csv", "more.csv"))
        lines = ["data.csv: unit/handed-out/lesson/data.csv", "more.csv: unit/handed-out/lesson/more.csv"]
        self.assertEqual([line for line in out.splitlines() if ".csv" in line], lines)
        _, out, _ = self.making("ada", data=("data.csv",))
        self.assertIn("data.csv (stood there already; it is as it was)", out)
        _, out, _ = self.making("ada", data=("data.csv",), as_json=True)
        self.assertEqual([one["result"] for one in json.loads(out)["files"]], ["had"])
        Path("here.csv").touch()
        self.addCleanup(Path("here.csv").unlink)
        with mock.patch.object(handing_out, "path_below_root", return_value="here.csv"):
            command = handing_out._beside(cast(Client, None), PATH, "here.csv")
            fault = self.failureResultOf(Deferred.fromCoroutine(command), Wrong)
        self.assertIn("not in the folder of the notebook, unit", fault.getErrorMessage())

    def test_one_that_fails_is_told_on_standard_error(self) -> None:
        """And by the exit status; the others have theirs."""
        self.files.full_at = "bo"
        status, out, err = self.making("group:class", may="edit")
        self.assertEqual((status, err), (1, "webipy: bo has no copy: The disk is full.\n"))
        self.assertEqual(len(out.splitlines()), 2)

    def test_the_list(self) -> None:
        """Who has what; also who has none."""
        self.assertEqual(self.showing(), (0, "", "webipy: Nobody has a copy of this notebook.\n"))
        self.making("bo", may="edit")
        status, out, _ = self.showing("di")
        self.assertEqual(status, 0)
        head, bo, di = out.splitlines()
        self.assertEqual(head.split()[:3], ["NAME", "RIGHT", "STATE"])
        self.assertIn("bo", bo)
        self.assertIn("can edit", bo)
        self.assertIn("not opened", bo)
        self.assertIn("has none", di)
        _, out, _ = self.showing(as_json=True)
        self.assertEqual([one["state"] for one in json.loads(out)["copies"]], ["untouched"])

    def test_what_does_not_exist(self) -> None:
        """Is a sentence."""
        client = cast(Client, InMemory(self.failing))
        for path, name in (("unit/x.ipynb", "ada"), (PATH, "nobody"), (PATH, "group:none")):
            command = handing_out.make(client, path, (name,), "run", (), False)
            self.failureResultOf(Deferred.fromCoroutine(command), Wrong)

    def failing(self, method: str, **params: Any) -> Any:
        """As a client fails."""
        try:
            return self.rig.me.call(method, **params)
        except Refused as refusal:
            raise errors.NotFound(refusal.message, kind="", id="") from None

    def test_a_command_line_without_anybody(self) -> None:
        """Says what is missing."""
        told = invoke("hand-out", PATH)
        self.assertEqual(told.exit_code, 2)
        self.assertIn("--to group:NAME", told.output)
