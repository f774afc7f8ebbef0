"""webipy.io.storage.audit_files and audit_log: the chain, power cuts at every byte, tampering of every kind, rotation and retention."""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
from twisted.internet.defer import execute
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.fakes import QUICK
from webipy.core.api.audit_calls import AuditLine, AuditVerification, ListAudit
from webipy.io.storage import audit_files
from webipy.io.storage.audit_files import AuditFiles, BadKey, End, files_in, lines_of, read_head, read_key, verify
from webipy.io.storage.audit_log import AuditFolder

KEY = b"k" * 32


def fact(number: int, time: str = "2026-03-01T09:30:00.000000Z", **more: Any) -> AuditLine:
    """Something that was done."""
    given: dict[str, Any] = {"method": "file.write", "path": f"f{number}.txt", "person": "owner", "name": "Ada", **more}
    return AuditLine(seq=0, time=time, **given)


class FilesCase(SynchronousTestCase):
    """A log in a folder."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()) / "audit"
        self.time = "2026-03-01T09:30:00.000000Z"

    def opened(self, folder: Path | None = None, key: bytes = KEY) -> AuditFiles:
        """The log, as the next server opens it."""
        files = AuditFiles(folder or self.folder, key, lambda: self.time)
        files.open()
        self.addCleanup(files.close)
        return files

    def looked(self, folder: Path | None = None, key: bytes = KEY, until: End | None = None) -> AuditVerification:
        """What is found."""
        return verify(folder or self.folder, key, until)

    def whole(self, lines: int, folder: Path | None = None) -> AuditVerification:
        """Fails when it is not whole."""
        found = self.looked(folder)
        self.assertEqual((found.fault, found.whole, found.lines), ("", True, lines))
        return found

    def all(self, folder: Path | None = None, **wanted: Any) -> list[AuditLine]:
        """The lines, the oldest first."""
        return lines_of(folder or self.folder, ListAudit(limit=1000, **wanted))[::-1]


class Chain(FilesCase):
    """What is written is whole."""

    def test_lines_are_numbered_and_kept(self) -> None:
        """Over restarts, in one file; each as it was noted."""
        self.whole(0, self.folder)
        for batch in range(3):
            files = self.opened()
            files.append(
                [fact(batch), fact(batch + 10, session="s", to="x", target="t", result="not_found", by="page")]
            )
            files.close()
        found = self.whole(7)
        self.assertEqual((found.first, found.last, found.unfinished), (self.time, self.time, 0))
        self.assertEqual([line.seq for line in self.all()], list(range(1, 8)))
        self.assertEqual(
            [line.path for line in self.all(method="file.write")],
            ["f0.txt", "f10.txt", "f1.txt", "f11.txt", "f2.txt", "f12.txt"],
        )
        expected = fact(10, session="s", to="x", target="t", result="not_found", by="page")
        self.assertEqual(self.all()[2], msgspec.structs.replace(expected, seq=3))
        self.assertEqual([path.name for path in files_in(self.folder)], ["0000000001.jsonl"])
        self.assertEqual(files_in(self.folder)[0].stat().st_mode & 0o777, 0o600)

    def test_each_line_is_json_by_itself(self) -> None:
        """Whatever stands in names and paths."""
        self.opened().append(
            [fact(1, path='a\nb"}\u2028\x00é', name="\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"))]
        )
        lines = files_in(self.folder)[0].read_bytes().splitlines()
        self.assertEqual(len(lines), 2)
        for line in lines:
            self.assertEqual(len(msgspec.json.decode(line)["mac"]), 64)
        self.whole(2)

    def test_another_key_is_said(self) -> None:
        """And a log that goes on with a new key begins a file."""
        self.opened().append([fact(1)])
        self.assertIn("chained with another key", self.looked(key=b"x" * 32).fault)
        with mock.patch.object(audit_files, "read_head", lambda folder, key: End(2, "x")):
            self.opened(key=b"x" * 32).append([fact(2)])
        self.assertEqual(len(files_in(self.folder)), 2)
        self.assertIn("lines from 3 on are chained with another key", self.looked().fault)

    def test_the_key_is_made_once(self) -> None:
        """For this user alone; one that is too short is refused."""
        path = self.folder / "key"
        key = read_key(path)
        self.assertEqual((len(key), read_key(path), path.stat().st_mode & 0o777), (64, key, 0o600))
        path.write_text("short")
        self.assertRaises(BadKey, read_key, path)
        self.assertRaises(BadKey, read_key, self.folder)

    def test_what_is_wanted(self) -> None:
        """Each filter, and the newest first."""
        files = self.opened()
        files.append([fact(1, person="g1", name="Grace (guest)"), fact(2, method="share.link", session="s1")])
        self.time = "2026-03-02T00:00:00.000000Z"
        files.append([fact(3, time=self.time, result="not_permitted"), fact(4, time=self.time, method="file.delete")])
        for wanted, found in (
            ({"person": "g1"}, [2]), ({"person": "Grace (guest)"}, [2]), ({"method": "share.link"}, [3]), ({"session": "s1"}, [3]),
            ({"method": "file.*"}, [5, 4, 2]), ({"failed": True}, [4]), ({"since": self.time}, [5, 4]), ({"before": 4}, [3, 2, 1]),
            ({"method": "file"}, []), ({"limit": 2}, [5, 4, 3]),
        ):  # fmt: skip
            self.assertEqual([line.seq for line in lines_of(self.folder, ListAudit(**wanted))], found, wanted)


class Cut(FilesCase):
    """A power cut, at every byte."""

    def test_whatever_was_on_the_disk_the_log_goes_on_and_is_whole(self) -> None:
        """With what was whole then; an unfinished line is cut, and that is said."""
        files = self.opened()
        files.append([fact(1)])
        before, head = files_in(self.folder)[0].read_bytes(), (self.folder / "head").read_bytes()
        files.append([fact(number) for number in (2, 3, 4)])
        files.close()
        after = files_in(self.folder)[0].read_bytes()
        step = 1 if os.environ.get("WEBIPY_TESTS") != "quick" else QUICK
        for size in range(len(before), len(after) + 1, step):
            self.check(size, after, head)

    def check(self, size: int, after: bytes, head: bytes) -> None:
        """The batch was on the disk up to some byte; the rest was lost, or reads as zeros."""
        for zeros in (b"", b"\0" * 7):
            folder = Path(self.mktemp())
            folder.mkdir()
            (folder / "0000000001.jsonl").write_bytes(after[:size] + zeros)
            (folder / "head").write_bytes(head)
            kept = after[:size].count(b"\n")
            is_torn = bool(zeros) or not after[:size].endswith(b"\n")
            found = self.looked(folder)
            self.assertEqual(
                (found.whole, found.lines, found.unfinished > 0), (True, kept, is_torn), (size, found.fault)
            )
            self.opened(folder).append([fact(9)])
            self.whole(kept + is_torn + 1, folder)
            paths = [line.path for line in self.all(folder) if line.path]
            self.assertEqual(paths, [*[f"f{number}.txt" for number in (1, 2, 3, 4)][: kept - 1], "f9.txt"])

    def test_a_new_file_whose_first_line_was_not_finished(self) -> None:
        """It goes away, and the one before goes on."""
        files = self.opened()
        files.append([fact(1)])
        files.append([fact(2, time="2026-04-01T00:00:00.000000Z")])
        files.close()
        first, second = files_in(self.folder)
        raw = second.read_bytes()
        for size in (0, 1, 40, raw.index(b"\n")):
            folder = Path(self.mktemp())
            shutil.copytree(self.folder, folder)
            (folder / second.name).write_bytes(raw[:size])
            (folder / "head").unlink()
            end = End(2, msgspec.json.decode(first.read_bytes().splitlines()[-1])["mac"])
            head = {"seq": end.seq, "mac": end.mac, "sign": audit_files._sign(KEY, end)}
            (folder / "head").write_bytes(msgspec.json.encode(head))
            self.opened(folder).append([fact(3)])
            self.whole(3 + (size > 0), folder)

    def test_a_full_disk_writes_nothing_half(self) -> None:
        """A batch is there or not; the next one follows the last that was."""
        files = self.opened()
        files.append([fact(1)])
        real, left = os.write, [10]

        def write(fd: int, data: Any) -> int:
            if not left:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(fd, bytes(data)[: left.pop()])

        with mock.patch.object(os, "write", write):
            self.assertRaises(OSError, files.append, [fact(2), fact(3)])
        self.whole(2)
        files.append([fact(4)])
        self.whole(3)
        left.append(0)
        with mock.patch.object(os, "write", write):
            left.clear()
            self.assertRaises(OSError, files.append, [fact(5, time="2026-05-01T00:00:00.000000Z")])
        self.assertEqual(len(files_in(self.folder)), 1, "a file without a line is not left")
        files.append([fact(6, time="2026-05-01T00:00:00.000000Z")])
        self.whole(5)


class Tampering(FilesCase):
    """Somebody without the key."""

    def setUp(self) -> None:
        super().setUp()
        files = self.opened()
        for month in ("03", "04", "05"):
            files.append([fact(number, time=f"2026-{month}-01T00:00:00.000000Z") for number in range(6)])
        files.close()
        self.names = [path.name for path in files_in(self.folder)]
        self.total = 21

    def test_a_log_that_nobody_touched(self) -> None:
        """Three files, one chain."""
        self.assertEqual(len(self.names), 3)
        self.whole(self.total)

    def attacked(self, number: int) -> tuple[str, Path]:
        """A copy of the log after one change, by a number."""
        chance, folder = random.Random(number), Path(self.mktemp())
        shutil.copytree(self.folder, folder)
        path = folder / chance.choice(self.names)
        raw = path.read_bytes()
        lines = raw.splitlines(keepends=True)
        one, other = sorted(chance.sample(range(len(lines)), 2))
        kind = chance.choice(
            [
                "byte",
                "delete",
                "swap",
                "truncate",
                "double",
                "append",
                "insert",
                "gone",
                "field",
                "cut",
                "rename",
                "head",
            ]
        )
        if kind == "byte":
            at = chance.randrange(len(raw))
            changed = raw[:at] + bytes([raw[at] ^ (1 << chance.randrange(8))]) + raw[at + 1 :]
            path.write_bytes(changed)
        elif kind == "delete":
            path.write_bytes(b"".join(lines[:one] + lines[one + 1 :]))
        elif kind == "swap":
            lines[one], lines[other] = lines[other], lines[one]
            path.write_bytes(b"".join(lines))
        elif kind == "truncate":
            path.write_bytes(b"".join(lines[:other]))
        elif kind == "double":
            path.write_bytes(b"".join([*lines[:other], lines[one], *lines[other:]]))
        elif kind == "append":
            last = folder / self.names[-1]
            last.write_bytes(last.read_bytes() + lines[one])
        elif kind == "insert":
            forged = audit_files.encoded(
                b"guessed" * 5, audit_files.NO_MAC, audit_files.Line(seq=one + 1, time="x", method="file.read")
            )[0]
            path.write_bytes(b"".join([*lines[:one], forged, *lines[one:]]))
        elif kind == "gone":
            path.unlink()
        elif kind == "field":
            lines[one] = lines[one].replace(b"2026-", b"2025-", 1)
            path.write_bytes(b"".join(lines))
        elif kind == "cut":
            path.write_bytes(raw[: chance.randrange(len(raw) - 1)])
        elif kind == "rename":
            a, b = chance.sample(self.names, 2)
            (folder / a).rename(folder / "x")
            (folder / b).rename(folder / a)
            (folder / "x").rename(folder / b)
        else:
            (folder / "head").unlink()
        return kind, folder

    def test_every_change_is_found(self) -> None:
        """Of many at random: at once, with a sentence; and after the next server has gone on, too."""
        for number in range(150 if os.environ.get("WEBIPY_TESTS") != "quick" else 60):
            kind, folder = self.attacked(number)
            found = self.looked(folder)
            self.assertFalse(found.whole, (number, kind))
            self.assertTrue(found.fault.endswith("."), (number, kind, found.fault))
            self.assertLessEqual(found.lines, self.total)
            self.opened(folder).append([fact(99)])
            self.assertFalse(self.looked(folder).whole, (number, kind, "after the next start"))
            self.assertIn("f99.txt", [line.path for line in self.all(folder)], "the log goes on")

    def test_the_first_changed_line_is_named(self) -> None:
        """By its number and its file."""
        path = self.folder / self.names[1]
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join([*lines[:3], lines[3].replace(b"Ada", b"Eve"), *lines[4:]]))
        found = self.looked()
        self.assertEqual((found.seq, found.lines), (11, 10))
        self.assertIn("Line 11 was changed", found.fault)
        path.write_bytes(b"".join(lines[:3] + lines[5:]))
        self.assertIn("Lines 11 to 12 are missing", self.looked().fault)
        path.write_bytes(b"".join([*lines[:3], lines[4], lines[3], *lines[5:]]))
        self.assertEqual(self.looked().seq, 11)

    def test_lines_that_are_cut_off_at_the_end_are_missed(self) -> None:
        """By the head; and by a running server, also when the head is put back to an older one."""
        end = read_head(self.folder, KEY)
        assert end is not None
        path = self.folder / self.names[2]
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:-2]))
        self.assertIn("Lines 20 to 21 are missing at the end", self.looked().fault)
        shorter = End(19, msgspec.json.decode(lines[-3])["mac"])
        old = {"seq": 19, "mac": shorter.mac, "sign": audit_files._sign(KEY, shorter)}
        (self.folder / "head").write_bytes(msgspec.json.encode(old))
        self.assertTrue(self.looked().whole, "an older log with its own head: only who knows the end can tell")
        self.assertIn("Lines 20 to 21 are missing", self.looked(until=end).fault)

    def test_whoever_has_the_key_can_forge(self) -> None:
        """As docs/security.md says."""
        shutil.rmtree(self.folder)
        self.opened().append([fact(1, name="Eve")])
        self.whole(2)


class Keeping(FilesCase):
    """Rotation and retention."""

    def test_files_are_of_one_month_and_not_too_large(self) -> None:
        """The chain goes on from one to the next."""
        with mock.patch.object(audit_files, "MOST_FILE_BYTES", 2000):
            files = self.opened()
            for number in range(30):
                files.append([fact(number)])
            files.append([fact(31, time="2026-04-01T00:00:00.000000Z")])
        names = [int(path.stem) for path in files_in(self.folder)]
        self.assertGreater(len(names), 3)
        self.whole(31 + len(names))
        self.assertLess(max(path.stat().st_size for path in files_in(self.folder)), 2600)
        self.assertEqual([line.path for line in self.all(method="file.write")][-1], "f31.txt")

    def removed(self) -> AuditFiles:
        """Four months, of which two are removed."""
        files = self.opened()
        for month in ("01", "02", "03", "04"):
            files.append([fact(number, time=f"2026-{month}-05T00:00:00.000000Z") for number in range(3)])
        self.time = "2026-04-06T00:00:00.000000Z"
        self.assertEqual(files.remove_before("2026-03-01T00:00:00.000000Z"), 2)
        return files

    def test_what_is_too_old_goes_and_the_rest_is_whole(self) -> None:
        """A line says up to where; it can happen again; the file that is written to stays."""
        files = self.removed()
        self.assertEqual(len(files_in(self.folder)), 2)
        self.whole(9)
        self.assertEqual(self.all()[-1].target, "lines up to 8")
        files.append([fact(9, time=self.time)])
        self.assertEqual(files.remove_before("2027-01-01T00:00:00.000000Z"), 1)
        self.assertEqual(files.remove_before("2027-01-01T00:00:00.000000Z"), 0)
        self.whole(7)
        files.close()
        self.opened().append([fact(10, time=self.time)])
        self.whole(8)

    def test_a_power_cut_between_the_line_and_the_removal(self) -> None:
        """The files are still there: whole, too."""
        with mock.patch.object(Path, "unlink", side_effect=OSError(errno.EIO, "cut")):
            self.assertRaises(OSError, self.removed)
        self.assertEqual(len(files_in(self.folder)), 4)
        self.whole(17)

    def test_one_more_that_goes_is_missed(self) -> None:
        """Whoever removes a file beyond that is found out."""
        self.removed()
        files_in(self.folder)[0].unlink()
        self.assertIn("Lines 9 to 12 are missing at the beginning", self.looked().fault)


class Threads(TestCase):
    """The log of a server, whose writing is done in a thread."""

    async def test_facts_are_written_read_and_verified(self) -> None:
        """In their order; a log that could not be opened is opened at the next batch."""
        from twisted.internet import reactor

        folder = Path(self.mktemp())
        run: Callable[..., Any] = execute
        some: Any = reactor
        log = AuditFolder(folder, KEY, lambda: "2026-03-01T09:30:00.000000Z", run, some)
        folder.write_text("in the way")
        with self.assertRaises(OSError):
            await log.append([fact(1)])
        folder.unlink()
        await log.append([fact(1)])
        await log.append([fact(2)])
        self.assertEqual([line.path for line in await log.read(ListAudit())], ["f2.txt", "f1.txt", None])
        found = await log.verify()
        self.assertEqual((found.whole, found.lines), (True, 3))
        self.assertEqual(await log.remove_before("2026-01-01T00:00:00.000000Z"), 0)
        await log.close()
