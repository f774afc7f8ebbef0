"""webipy.command.audits: what `webipy audit` lists and says of files, without a server; with one: tests/kernels/test_audit_live.py."""

from __future__ import annotations

import contextlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

import attrs
import msgspec
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.test_audit_files import KEY, FilesCase, fact
from webipy.command import audits
from webipy.command.audits import Wanted, since_of
from webipy.command.connecting import Target
from webipy.command.exit_statuses import FAILED, OK
from webipy.command.lookup import Wrong
from webipy.command.program import Unable
from webipy.core.api.audit_calls import AuditLine, AuditLines, AuditVerification, ListAudit
from webipy.io.storage import audit_files

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALL = Wanted(None, None, None, None, False, 100)
LINE = AuditLine(seq=7, time="2026-03-01T09:30:00.000000Z", person="owner", name="ada", by="page", address="127.0.0.1", method="file.rename",
                 session="0123456789ab", path="a.txt", to="b.txt", target="x")  # fmt: skip


def printed(call: object, *given: object) -> tuple[int, str, str]:
    """The exit status, and what was printed to stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    assert callable(call)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = call(*given)
    return status, out.getvalue(), err.getvalue()


class Times(SynchronousTestCase):
    """`--since`."""

    def test_ages_dates_and_times(self) -> None:
        """An age counts from now; what has no zone is of this machine."""
        for given, found in (
            ("90m", "2026-03-01T10:30:00.000000Z"),
            (" 12h ", "2026-03-01T00:00:00.000000Z"),
            ("7d", "2026-02-22T12:00:00.000000Z"),
            ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00.000000Z"),
        ):
            self.assertEqual(since_of(given, NOW), found)
        for given in ("yesterday", "12", "12x", "-3h", "2026-13-01", ""):
            self.assertIn("is no time", str(self.assertRaises(Wrong, since_of, given, NOW)))

    def test_what_is_asked_for(self) -> None:
        """All that was typed goes along."""
        params = Wanted("ada", "file.*", "s", "12h", True, 5).params(NOW, 9, 3)
        self.assertEqual((params.person, params.method, params.session, params.failed), ("ada", "file.*", "s", True))
        self.assertEqual((params.since, params.before, params.limit), ("2026-03-01T00:00:00.000000Z", 9, 3))


class Showing(SynchronousTestCase):
    """What is printed of lines."""

    def test_a_table(self) -> None:
        """With what it was about in one column; a hint on stderr where there are more."""
        status, out, err = printed(audits._show, AuditLines(lines=[LINE], before=6), False)
        self.assertEqual(
            (status, out.splitlines()[0].split()), (OK, ["TIME", "WHO", "BY", "FROM", "DID", "WHAT", "RESULT"])
        )
        self.assertIn("a.txt, -> b.txt, session 01234567, x", out)
        self.assertIn("more lines", err)
        self.assertEqual(printed(audits._show, AuditLines(lines=[LINE], before=None), False)[2], "")

    def test_nothing_and_json(self) -> None:
        """A sentence on stderr for nothing; JSON has no sentences beside it."""
        status, out, err = printed(audits._show, AuditLines(lines=[], before=None), False)
        self.assertEqual((status, out, err), (OK, "", "webipy: The audit log has no such lines.\n"))
        status, out, err = printed(audits._show, AuditLines(lines=[LINE], before=6), True)
        self.assertEqual((json.loads(out)["lines"][0]["seq"], err), (7, ""))


class Asking(SynchronousTestCase):
    """What a running server is asked."""

    def test_more_than_one_answer_has(self) -> None:
        """The server is asked until the limit is reached, or there is no more."""
        asked: list[tuple[int | None, int]] = []

        async def call(method: str, params: ListAudit, result: object, repeat: bool) -> AuditLines:
            asked.append((params.before, params.limit))
            seq = params.before or 9
            lines = [msgspec.structs.replace(LINE, seq=number) for number in range(seq - 1, max(seq - 4, 0), -1)]
            return AuditLines(lines=lines, before=lines[-1].seq if lines[-1].seq > 1 else None)

        def run(limit: int) -> tuple[int, str, str]:
            asked.clear()
            client = SimpleNamespace(call=call)
            work = Deferred.fromCoroutine(audits.show(cast(Any, client), attrs.evolve(ALL, limit=limit), True))
            return printed(lambda: self.successResultOf(work))

        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertEqual(run(100)[0], OK)
        self.assertEqual([line["seq"] for line in json.loads(out.getvalue())["lines"]], [8, 7, 6, 5, 4, 3, 2, 1])
        self.assertEqual(asked, [(None, 100), (6, 97), (3, 94)])
        with contextlib.redirect_stdout(io.StringIO()):
            run(3)
        self.assertEqual(asked, [(None, 3)])

    def test_whether_its_log_is_whole(self) -> None:
        """As the server says; the status is 1 when it is not."""

        def said(**more: Any) -> tuple[int, str, str]:
            async def call(*given: object, repeat: bool) -> AuditVerification:
                facts = {"lines": 3, "whole": True, "fault": "", "seq": None, "first": None, "last": None}
                return AuditVerification(**{**facts, "unfinished": 0, **more})

            client = SimpleNamespace(call=call)
            work = audits.verify(cast(Any, client), False)
            return printed(lambda: self.successResultOf(Deferred.fromCoroutine(work)))

        self.assertEqual(said()[:2], (OK, "3 lines, whole.\n"))
        self.assertIn("5 bytes of an unfinished line follow", said(unfinished=5)[1])
        status, out, _ = said(whole=False, fault="Line 4 was changed.")
        self.assertEqual(
            (status, out), (FAILED, "The audit log is not whole. Line 4 was changed. 3 lines before that are whole.\n")
        )


class Files(FilesCase):
    """A log without its server."""

    def target(self, state: Path) -> Target:
        """What a command line names."""
        target: Target = mock.create_autospec(Target, instance=True)
        target.state_folder = state  # type: ignore[misc]  # an autospec takes it
        return target

    def test_lines_and_whether_they_are_whole(self) -> None:
        """Of the folder of a server that is stopped; a line that was changed is named, and the status is 1."""
        files = self.opened()
        files.append([fact(number) for number in range(5)])
        files.close()
        here = self.target(self.folder.parent)
        (self.folder / "key").write_bytes(KEY)
        status, out, err = printed(audits.show_files, here, attrs.evolve(ALL, limit=2), False)
        self.assertEqual((status, "f4.txt" in out, "f0.txt" in out, "more lines" in err), (OK, True, False, True))
        with mock.patch.object(audit_files, "read_key", lambda path: KEY):
            status, out, _ = printed(audits.verify_files, here, None, False)
            self.assertEqual((status, ", whole, from" in out), (OK, True), out)
            path = audit_files.files_in(self.folder)[0]
            path.write_bytes(path.read_bytes().replace(b"f3.txt", b"f9.txt"))
            status, out, _ = printed(audits.verify_files, here, None, False)
            self.assertEqual((status, "is not whole" in out), (FAILED, True))
            self.assertFalse(json.loads(printed(audits.verify_files, here, None, True)[1])["whole"])

    def test_a_log_that_cannot_be_read(self) -> None:
        """It says why; so does a key that is none."""
        self.folder.mkdir(parents=True)
        here = self.target(self.folder.parent)
        (self.folder / "key").write_bytes(b"no key")
        self.assertIn("key", str(self.assertRaises(Unable, audits.verify_files, here, None, False)))
        denied = mock.Mock(side_effect=PermissionError(13, "Permission denied"))
        with mock.patch.object(audit_files, "lines_of", denied), mock.patch.object(audit_files, "read_key", denied):
            for call, given in ((audits.show_files, (ALL, False)), (audits.verify_files, (None, False))):
                fault = self.assertRaises(Unable, call, here, *given)
                self.assertIn("cannot be read: Permission denied.", str(fault))

    def test_where_there_is_none(self) -> None:
        """It says where it has looked, for the log and for the key."""
        elsewhere = self.target(self.folder.parent / "elsewhere")
        for call, given in ((audits.show_files, (ALL, False)), (audits.verify_files, (None, False))):
            self.assertIn("There is no audit log", str(self.assertRaises(Unable, call, elsewhere, *given)))
        self.folder.mkdir(parents=True)
        fault = self.assertRaises(Unable, audits.verify_files, self.target(self.folder.parent), "nowhere", False)
        self.assertIn("There is no key in nowhere", str(fault))
