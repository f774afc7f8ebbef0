"""Files under the root while the writer dies, the disk fills, other programs write: whole at any time. C8."""

from __future__ import annotations

import base64
import errno
import fcntl
import functools
import hashlib
import http.client
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import SkipTest, mock

from twisted.trial.unittest import SynchronousTestCase

from tests.faults import FaultTestCase, rounds
from tests.live import ROOT, Refused, is_alive, until
from webipy.core import errors
from webipy.io.files import atomic_write, root_folder
from webipy.io.files.atomic_write import DRAFT_SECONDS
from webipy.io.files.file_tree import FileTree
from webipy.io.files.in_place import InPlace
from webipy.io.files.root_folder import RootFolder

SIZES = (1, 100, 4096, 70_000, 1_000_000)


def content(number: int, size: int) -> bytes:
    """A file that can be told whole: its number, its digest, and some bytes."""
    body = random.Random(number).randbytes(size)
    return b"%d %b\n%b" % (number, hashlib.sha256(body).hexdigest().encode(), body)


def number_of(body: bytes) -> int:
    """The number of a whole file; fails for a torn one."""
    head, _, rest = body.partition(b"\n")
    number, digest = head.split()
    assert hashlib.sha256(rest).hexdigest().encode() == digest, f"torn: {len(body)} bytes, {head!r}"
    return int(number)


class FolderTestCase(SynchronousTestCase):
    """A real folder."""

    timeout = 900
    seed = 20261123

    def setUp(self) -> None:
        self.random = random.Random(self.seed)
        self.path = Path(self.mktemp()).resolve()
        self.path.mkdir()
        self.open()

    def open(self) -> None:
        """The tree on it."""
        root = RootFolder(self.path)
        self.addCleanup(root.close)
        self.tree = FileTree(root)

    def hidden(self) -> list[Path]:
        """What is left behind."""
        return list(self.path.glob(".*"))

    def told(self, reason: str, path: str, body: bytes, if_match: str | None) -> None:
        """A write that must fail for that reason."""
        with self.assertRaises(errors.FileFault) as caught:
            self.tree.write(path, body, if_match)
        self.assertEqual(caught.exception.facts["reason"], reason, caught.exception.message)


def forked(act: Callable[[], None]) -> int:
    """Does something in a process of its own, which ends with 0 when that succeeded; gives its pid."""
    child = os.fork()
    if child == 0:
        try:
            act()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(3)
    return child


class Killed(FolderTestCase):
    """The process that writes is killed."""

    def test_c8_kill_9_in_the_middle_of_saves_leaves_no_torn_file(self) -> None:
        """What was answered for is there, or what came after it; never half of anything. Leftovers are removed later."""
        self.tree.write("a", content(0, 10), None)
        latest = 0
        for _ in range(rounds(60, 1000)):
            acknowledged = self.saved_until_killed(latest + 1)
            there = number_of((self.path / "a").read_bytes())
            self.assertGreaterEqual(there, max(acknowledged, latest))
            self.assertLessEqual(there, max(acknowledged, latest) + 1)
            latest = there
        for draft in self.hidden():
            old = time.time() - DRAFT_SECONDS - 60
            os.utime(draft, (old, old))
        self.open()
        self.tree.write("a", b"", None)
        self.assertEqual(self.hidden(), [])

    def saved_until_killed(self, first: int) -> int:
        """Lets a process save from number `first` on until it is killed at random; gives the last number that it answered for."""
        ready, telling = os.pipe()
        child = os.fork()
        if child == 0:
            self.save_forever(first, telling)
        os.close(telling)
        last = 0
        try:
            select.select([ready], [], [], 10)
            time.sleep(self.random.uniform(0, 0.02))  # the random moment itself
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            with open(ready, "rb") as told:
                for line in told.read().splitlines():
                    last = int(line)
        return last

    def save_forever(self, first: int, telling: int) -> None:
        """In the child: never returns."""
        try:
            etag = self.tree.stat("a").etag
            for number in range(first, first + 100_000):
                etag = self.tree.write(
                    "a", content(number, SIZES[number % len(SIZES)]), etag if number % 2 else None
                ).etag
                os.write(telling, b"%d\n" % number)
        finally:
            os._exit(3)

    def test_c8_another_program_and_this_one_lose_nothing_that_both_saw(self) -> None:
        """Two careful writers take turns on one file, each on top of what it read: every change is in the end."""
        self.tree.write("a", b"", None)
        lines = rounds(100, 1000)

        def add(name: str) -> None:
            root = RootFolder(self.path)
            tree = FileTree(root)
            for number in range(lines):
                while True:
                    body, record = tree.read("a", 0, None)
                    try:
                        tree.write("a", body + b"%b %d\n" % (name.encode(), number), record.etag)
                        break
                    except errors.Conflict:
                        continue  # the other was first
            root.close()

        for child in [forked(functools.partial(add, name)) for name in ("one", "two", "three")]:
            self.assertEqual(os.waitpid(child, 0)[1], 0)
        found = (self.path / "a").read_bytes().decode().splitlines()
        for name in ("one", "two", "three"):
            self.assertEqual([line for line in found if line.startswith(name)], [f"{name} {n}" for n in range(lines)])
        self.assertEqual(self.hidden(), [])


class Turns(FolderTestCase):
    """Servers that share a folder put their files in place one after the other."""

    def test_c8_no_other_server_writes_between_the_look_and_the_exchange(self) -> None:
        """Who comes second finds what the first wrote: what is put in place is never taken back, so nobody reads it in between."""
        meant = self.tree.write("a", content(1, 10), None).etag
        looked, telling = os.pipe()
        waiting, letting = os.pipe()
        for end in (looked, waiting, letting):
            self.addCleanup(os.close, end)
        child = forked(functools.partial(self.save_slowly, meant, telling, waiting))
        os.close(telling)
        self.assertEqual(os.read(looked, 1), b"!")
        faults: list[Exception] = []

        def second() -> None:
            try:
                self.tree.write("a", content(3, 10), meant)
            except errors.Conflict as fault:
                faults.append(fault)

        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
        self.assertTrue(thread.is_alive())
        self.assertEqual(number_of((self.path / "a").read_bytes()), 1)
        os.write(letting, b"!")
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        thread.join()
        self.assertEqual((len(faults), number_of((self.path / "a").read_bytes())), (1, 2))
        self.assertEqual(self.hidden(), [])

    def save_slowly(self, meant: str, telling: int, waiting: int) -> None:
        """In the child: saves number 2, and waits after it looked."""

        def exchange(folder: int, name: bytes, other: bytes) -> bool:
            os.write(telling, b"!")
            os.read(waiting, 1)
            return root_folder.exchange(folder, name, other)

        with mock.patch.object(atomic_write, "exchange", exchange):
            FileTree(RootFolder(self.path)).write("a", content(2, 10), meant)

    def test_c8_a_folder_that_stays_locked_is_written(self) -> None:
        """Some program holds its lock and does not give it back: the save waits for a while, then does without."""
        folder = os.open(self.path, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        fcntl.flock(folder, fcntl.LOCK_EX)
        self.patch(atomic_write, "TURN_SECONDS", 0.05)
        etag = self.tree.write("a", content(1, 10), None).etag
        self.tree.write("a", content(2, 10), etag)
        self.told_conflict(etag)

    def test_c8_a_file_system_without_locks_is_written(self) -> None:
        """As NFS, which locks only what may be written to."""

        def refused(fd: int, operation: int) -> None:
            raise OSError(errno.EBADF, "Bad file descriptor")

        with mock.patch.object(fcntl, "flock", refused):
            etag = self.tree.write("a", content(1, 10), None).etag
            self.tree.write("a", content(2, 10), etag)
            self.told_conflict(etag)

    def test_c8_a_turn_ends_with_its_save(self) -> None:
        """Also with one that fails: the folder can be locked afterwards."""
        etag = self.tree.write("a", content(1, 10), None).etag
        self.tree.write("a", content(2, 10), etag)
        self.told_conflict(etag)
        folder = os.open(self.path, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def told_conflict(self, etag: str) -> None:
        """A write on top of an old file fails, and number 2 stays."""
        self.assertRaises(errors.Conflict, self.tree.write, "a", content(3, 10), etag)
        self.assertEqual((number_of((self.path / "a").read_bytes()), self.hidden()), (2, []))


SAVE = """
import sys
from pathlib import Path
from webipy.io.files.file_tree import FileTree
from webipy.io.files.in_place import InPlace
from webipy.io.files.root_folder import RootFolder
from webipy.core import errors
tree = FileTree(RootFolder(Path(sys.argv[1])))
etag = tree.stat("a").etag
print("ready", flush=True)
try:
    tree.write("a", sys.stdin.buffer.read(), etag if sys.argv[2] == "meant" else None)
except errors.FileFault as fault:
    print(fault.facts["reason"])
else:
    print("saved")
"""


class Syscalls(FolderTestCase):
    """The system fails, or kills the writer, at a chosen call."""

    def setUp(self) -> None:
        super().setUp()
        if shutil.which("strace") is None:
            raise SkipTest("strace is not installed")

    def save_under(self, inject: str, how: str) -> tuple[int, str]:
        """Saves file number 2 over number 1 in a process of which one system call is tampered with; gives its status and what it said."""
        self.tree.write("a", content(1, 5000), None)
        script = self.path.parent / "save.py"
        script.write_text(textwrap.dedent(SAVE))
        name = inject.partition(":")[0]
        tracing = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={name}", "-e", f"inject={inject}"]
        done = subprocess.run(
            [*tracing, sys.executable, str(script), str(self.path), how],
            input=content(2, 9000),
            capture_output=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        said = done.stdout.decode().split()
        return done.returncode, said[-1] if said else done.stderr.decode()

    def test_c8_death_at_any_call_of_a_save_leaves_the_old_file_or_the_new_one(self) -> None:
        """The n-th write, fsync, rename, unlink, chmod: n counts up until the save comes through."""
        calls = rounds(2, 5)
        for name in ("renameat2", "fsync", "unlinkat", "write", "fchmod")[:calls]:
            for how in ("meant", "whatever"):
                for number in range(1, 10):
                    status, said = self.save_under(f"{name}:signal=KILL:when={number}", how)
                    there = number_of((self.path / "a").read_bytes())
                    if status == 0:
                        self.assertEqual((said, there), ("saved", 2))
                        break
                    self.assertIn(there, (1, 2), (name, how, number))
                    for draft in self.hidden():
                        draft.unlink()
                else:
                    self.fail(f"it never came through with {name}")

    def test_c8_a_call_that_fails_is_told_and_the_old_file_is_whole(self) -> None:
        """As the disk and the quota fail; nothing is left behind. A folder that cannot be synced is told, although the file is new."""
        table = [
            ("fsync:error=EIO:when=1", "failed", 1), ("renameat2:error=ENOSPC:when=1", "full", 1), ("fchmod:error=EROFS:when=1", "read_only", 1),
            ("renameat2:error=EINVAL:when=1", "saved", 2), ("fsync:error=EIO:when=2", "failed", 2), ("fsync:error=EINVAL:when=2", "saved", 2),
            ("fsync:error=EDQUOT:when=1", "full", 1),
        ]  # fmt: skip
        for inject, wanted, there in table[: rounds(4, 7)]:
            _, said = self.save_under(inject, "meant")
            self.assertEqual((said, number_of((self.path / "a").read_bytes())), (wanted, there), inject)
            self.assertEqual(self.hidden(), [], inject)


class Full(FolderTestCase):
    """A real disk that is small, where this user may mount one."""

    def setUp(self) -> None:
        super().setUp()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", self.path], capture_output=True)
        if mounted.returncode:
            raise SkipTest("no tmpfs can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.path)], check=True)
        self.open()

    def test_c8_a_full_disk_is_told_and_the_old_file_is_whole(self) -> None:
        """Whatever of it did not fit is gone; when there is room the same save works."""
        record = self.tree.write("a", content(1, 300_000), None)
        for if_match in (None, record.etag):
            self.told("full", "a", content(2, 900_000), if_match)
            self.assertEqual((number_of((self.path / "a").read_bytes()), self.hidden()), (1, []))
        self.told("full", "b", content(2, 900_000), "missing")
        self.assertEqual(os.listdir(self.path), ["a"])
        self.tree.write("a", content(3, 500_000), record.etag)
        self.assertEqual(number_of((self.path / "a").read_bytes()), 3)

    def test_c8_a_disk_that_is_read_only_is_told(self) -> None:
        """And can be read."""
        self.tree.write("a", content(1, 10), None)
        subprocess.run(["mount", "-o", "remount,ro", str(self.path)], check=True)
        self.told("read_only", "a", b"", None)
        self.assertEqual(number_of(self.tree.read("a", 0, None)[0]), 1)


class Server(FaultTestCase):
    """The whole server."""

    def test_c8_kill_9_of_the_server_leaves_no_torn_file(self) -> None:
        """While it takes files by call and by PUT from several clients."""
        latest = dict.fromkeys(("call", "put"), 0)
        for _ in range(rounds(3, 50)):
            self.server.start()
            threads = [threading.Thread(target=self.keep_saving, args=(name, latest)) for name in latest]
            for thread in threads:
                thread.start()
            until(functools.partial(self.all_saved, dict(latest), latest), "each has saved")
            time.sleep(self.random.uniform(0, 0.05))  # the random moment itself
            self.server.kill()
            for thread in threads:
                thread.join()
            for name, acknowledged in latest.items():
                there = number_of((self.server.root / name).read_bytes())
                self.assertIn(there, (acknowledged, acknowledged + 1))
                latest[name] = there

    def watch_a_folder(self) -> None:
        """A change by another program is told to who watches."""
        watcher = self.server.connect()
        watcher.call("file.watch", path="d")
        told = {"jsonrpc": "2.0", "method": "folder_changed", "params": {"path": "d"}}
        self.assertEqual(json.loads(watcher.receive()), told)  # the watch has begun
        (self.server.root / "d" / "new").touch()
        self.assertEqual(json.loads(watcher.receive()), told)
        watcher.close()

    @staticmethod
    def all_saved(before: dict[str, int], latest: dict[str, int]) -> bool:
        """Whether each file was saved since."""
        return all(latest[name] > before[name] for name in latest)

    def keep_saving(self, name: str, latest: dict[str, int]) -> None:
        """Saves a file until the server is gone, and notes what was answered."""
        port, token = self.server.port, self.server.token
        try:
            while is_alive(self.server.pid):
                number = latest[name] + 1
                body = content(number, SIZES[number % len(SIZES)])
                if name == "call":
                    self.server.call(
                        "file.write", path=name, content=base64.b64encode(body).decode(), encoding="base64"
                    )
                else:
                    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                    line.request("PUT", f"/files/{name}", body, {"Authorization": f"Bearer {token}"})
                    answer = line.getresponse()
                    answer.read()
                    self.assertIn(answer.status, (200, 201))
                    line.close()
                latest[name] = number
        except (OSError, http.client.HTTPException):
            pass  # the server has died, as it should

    def test_c8_conflicts_and_folders_over_the_wire(self) -> None:
        """The methods, GET and PUT on a real server: one file system, one truth."""
        self.server.start()
        made = self.server.call("file.create", path="d", kind="folder")
        self.assertEqual(made["kind"], "folder")
        record = self.server.call("file.write", path="d/a", content="1")
        (self.server.root / "d" / "a").write_text("theirs")
        with self.assertRaises(Refused) as caught:
            self.server.call("file.write", path="d/a", content="2", if_match=record["etag"])
        self.assertEqual(caught.exception.name, "conflict")
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.server.token}"}
        line.request("GET", "/files/d/a", headers=headers)
        answer = line.getresponse()
        self.assertEqual((answer.status, answer.read()), (200, b"theirs"))
        self.assertEqual(answer.headers["ETag"], f'"{caught.exception.facts["etag"]}"')
        large = content(1, 40_000_000)
        line.request("PUT", "/files/d/large", large, headers)
        answer = line.getresponse()
        self.assertEqual((answer.status, len(answer.read()) > 0), (201, True))
        line.request("GET", "/files/d/large", headers=headers)
        self.assertEqual(number_of(line.getresponse().read()), 1)
        line.close()
        self.assertEqual(self.server.call("file.list", path="d")["total"], 2)
        self.watch_a_folder()
        self.refused("not_found", "file.read", path="state/token")
        self.assertNotIn("state", [entry["name"] for entry in self.server.call("file.list")["entries"]])


class InPlaceKilled(FolderTestCase):
    """The process that writes a file in place is killed."""

    def test_c8_kill_9_in_the_middle_of_a_write_in_place_is_mended_at_the_next_start(self) -> None:
        """The file is the old one or the new one after that, wherever it happened; a mount point cannot be replaced."""
        source = self.path.parent / f"{self.path.name}-source"
        source.write_bytes(b"")
        file = self.path / "a"
        file.write_bytes(b"")
        if subprocess.run(["mount", "--bind", source, file], capture_output=True).returncode:
            raise SkipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(file)], check=True)
        in_place = InPlace(self.path.parent / f"{self.path.name}-spool")
        self.tree = FileTree(self.tree.root, in_place)
        self.tree.write("a", content(1, 1000), None)
        torn = 0
        for number in range(2, rounds(20, 200)):
            self.killed_at_write(number, self.random.randrange(1, 20))
            body = file.read_bytes()
            in_place.mend()
            there = number_of(file.read_bytes())
            self.assertIn(there, (number - 1, number))
            torn += body != file.read_bytes()
            self.assertEqual(list(in_place.folder.iterdir()), [])
            self.tree.write("a", content(number, SIZES[number % len(SIZES)]), None)
        self.assertGreater(torn, 0)

    def killed_at_write(self, number: int, at: int) -> None:
        """A child writes a version in pieces of a block, and is killed after some of them."""
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            return
        try:
            pwrite, done = os.pwrite, []

            def some(fd: int, piece: Any, offset: int) -> int:
                done.append(offset)
                if len(done) > at:
                    os.kill(os.getpid(), signal.SIGKILL)
                return pwrite(fd, bytes(piece[:4096]), offset)

            os.pwrite = some
            self.tree.write("a", content(number, SIZES[number % len(SIZES)]), None)
        finally:
            os._exit(3)
