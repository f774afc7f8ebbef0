"""webipy.io.kernels.launcher and webipy.io.kernels.host_remains: one contract for the fake and the real launcher, which starts real kernel hosts.

The hosts here have kernelspecs whose command does not exist, so they tell `start_failed` and nothing heavy is started; hosts with kernels are in
tests/kernels.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import attrs
import msgspec
from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, execute, succeed
from twisted.internet.task import deferLater
from twisted.internet.utils import getProcessOutputAndValue
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.fakes import FakeLauncher, printed
from tests.live import eventually
from webipy.core import errors
from webipy.core.kernel.host_protocol import Kernelspec, KnownWay
from webipy.core.kernel.spool_records import MAGIC, encode_record, number_message
from webipy.core.kernel.wire import Message
from webipy.io.kernels import kernelspec_cache
from webipy.io.kernels import launcher as module
from webipy.io.kernels.host_link import LAST_WORDS_SECONDS
from webipy.io.kernels.host_remains import KILLED, HostRemains
from webipy.io.kernels.launcher import LocalLauncher
from webipy.server.ports.kernels import HostRecord, KernelLink, Launcher, LogPart, Specs

reactor: Any = _reactor


def turn(seconds: float = 0.005) -> Deferred[None]:
    """Some time of the reactor."""
    return deferLater(reactor, seconds, lambda: None)


@attrs.define(eq=False)
class Ear:
    """Keeps what a link tells."""

    types: list[str] = attrs.field(factory=list)
    number: int = 0
    attachments: list[bool] = attrs.field(factory=list)
    ends: int = 0
    is_fenced: bool = False

    def attached(self, is_gap: bool, pid: int | None) -> None:
        """The host answered."""
        self.attachments.append(is_gap)

    def received(self, batch: list[tuple[str, Message]], number: int) -> None:
        """Messages."""
        self.types += [message.header.msg_type for _, message in batch]
        self.number = number

    def fenced(self) -> None:
        """A newer server."""
        self.is_fenced = True

    def gone(self) -> None:
        """The end."""
        self.ends += 1


def spec_of(*argv: str) -> Kernelspec:
    """A kernelspec."""
    return Kernelspec("missing", list(argv), "Missing", "x")


MISSING = spec_of("/nonexistent/kernel", "{connection_file}")
CONNECTION = {
    "transport": "tcp", "ip": "127.0.0.1", "key": "k", "signature_scheme": "hmac-sha256", "kernel_name": "ir",
    "shell_port": 5001, "iopub_port": 5002, "stdin_port": 5003, "control_port": 5004, "hb_port": 5005,
}  # fmt: skip


class LauncherContract:
    """What every implementation of `Launcher` holds to."""

    assertEqual: Any
    assertIsNone: Any
    assertIsNotNone: Any
    timeout = 60
    launcher: Launcher

    async def end_host(self, record: HostRecord) -> None:
        """The host process ends."""
        raise NotImplementedError

    async def test_kernelspecs_are_listed(self) -> None:
        """By name; the default is one of them."""
        specs = await self.launcher.specs()
        assert specs.default is not None
        self.assertEqual(specs.found[specs.default].name, specs.default)

    async def test_a_host_is_launched_and_attached_to(self) -> None:
        """The record says where it lives; the link tells that it answered."""
        record = await self.launcher.launch("k1", MISSING, "/", 1)
        self.assertEqual(
            (record.kernel, record.spec, record.display_name, record.language), ("k1", "missing", "Missing", "x")
        )
        ear = Ear()
        link = self.launcher.connect(record, 0, ear)
        assert link is not None
        await eventually(lambda: ear.attachments, "the host is attached to")
        self.assertEqual(ear.attachments, [False])
        link.close()
        await self.end_host(record)

    async def test_the_end_of_a_host_is_told(self) -> None:
        """Once; it cannot be attached to any more, and what it left can be read."""
        record = await self.launcher.launch("k1", MISSING, "/", 1)
        ear = Ear()
        link = self.launcher.connect(record, 0, ear)
        assert link is not None
        await eventually(lambda: ear.attachments, "the host is attached to")
        await self.end_host(record)
        await eventually(lambda: ear.ends, "the end of the link")
        self.assertIsNone(self.launcher.connect(record, 0, Ear()))
        left = self.launcher.leftovers(record, 1_000)
        self.assertIsNone(await left.next())
        self.assertEqual(type(await left.reason()), str)
        await left.remove()
        link.close()
        await turn(0.1)
        self.assertEqual(ear.ends, 1)

    async def test_a_host_that_never_was_cannot_be_attached_to(self) -> None:
        """`None`, and nothing left."""
        record = HostRecord("k9", "/nonexistent/host", "missing", "Missing", "x")
        self.assertIsNone(self.launcher.connect(record, 0, Ear()))
        self.assertIsNone(await self.launcher.leftovers(record, 0).next())


class Fake(LauncherContract, TestCase):
    """The one of tests/fakes.py; the reactor is its clock."""

    def setUp(self) -> None:
        self.fake = FakeLauncher(reactor)
        self.launcher: Launcher = self.fake

    async def end_host(self, record: HostRecord) -> None:
        """By its own method."""
        self.fake.hosts[record.directory].end()


class Local(LauncherContract, TestCase):
    """The real one."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wl"))  # short: a socket's path has 107 bytes
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.real = self.make(generation=1)
        self.launcher: Launcher = self.real
        self.addCleanup(self.end_all)

    def make(self, generation: int) -> LocalLauncher:
        """A launcher, as a server has it."""
        made = LocalLauncher(self.folder / "hosts", "ada", 60.0, generation, reactor)
        made.start()
        self.addCleanup(made.stop)
        return made

    def end_all(self) -> None:
        """Ends every host that still lives, by its pid."""
        for child in self.real._children.values():
            child.kill()
            child.wait()

    async def end_host(self, record: HostRecord) -> None:
        """By SIGKILL."""
        child = self.real._children.get(record.directory)
        if child is not None:
            child.kill()
            await eventually(lambda: record.directory not in self.real._children, "the folder is forgotten")
            await turn(2 * LAST_WORDS_SECONDS)

    async def attach(
        self, record: HostRecord, since: int = 0, launcher: LocalLauncher | None = None
    ) -> tuple[KernelLink, Ear]:
        """A link that was answered."""
        ear = Ear()
        link = (launcher or self.real).connect(record, since, ear)
        assert link is not None
        await eventually(lambda: ear.attachments, "the host is attached to")
        self.addCleanup(link.close)
        return link, ear

    # ---- kernelspecs

    async def test_a_list_of_kernelspecs_is_good_for_a_while(self) -> None:
        """Those who ask at once are answered by one process; a new kernelspec shows soon."""
        asked: list[tuple[Any, ...]] = []
        original = getProcessOutputAndValue

        def ask(*arguments: Any, **more: Any) -> Any:
            asked.append(arguments)
            return original(*arguments, **more)

        self.patch(kernelspec_cache, "getProcessOutputAndValue", ask)
        first = [self.real.specs() for _ in range(3)]
        found = [await one for one in first]
        self.assertEqual(len(asked), 1)
        self.assertIs(await self.real.specs(), found[0])
        self.patch(kernelspec_cache, "UNSEEN_SECONDS", 0.001)
        self.real._specs._good_until = 0.0
        self.assertIs(await self.real.specs(), found[0], "nothing has changed")
        self.real._specs._looked_at[str(self.folder)] = -1
        await turn(0.002)
        await self.real.specs()
        self.assertEqual(len(asked), 2)

    async def test_a_kernelspec_that_is_installed_or_changed_shows_at_once(self) -> None:
        """And so does one that is removed."""
        self.patch(kernelspec_cache, "UNSEEN_SECONDS", 0.0)
        kernels = self.folder / "kernels"
        self.patch(os, "environ", {**os.environ, "JUPYTER_PATH": str(self.folder)})
        names = {"mine"} & set((await self.real.specs()).found)
        self.assertEqual(names, set())
        (kernels / "mine").mkdir(parents=True)
        self.assertNotIn("mine", (await self.real.specs()).found)
        for title in ("One", "Two"):
            spec = {"argv": ["x", "{connection_file}"], "display_name": title, "language": "x"}
            (kernels / "mine" / "kernel.json").write_text(json.dumps(spec))
            self.assertEqual((await self.real.specs()).found["mine"].display_name, title)
        shutil.rmtree(kernels)
        self.assertNotIn("mine", (await self.real.specs()).found)

    async def test_a_list_that_cannot_be_made_is_told_to_all_who_ask(self) -> None:
        """And the next one who asks tries again."""
        original = getProcessOutputAndValue
        self.patch(
            kernelspec_cache, "getProcessOutputAndValue", lambda *_, **more: original("/bin/false", reactor=reactor)
        )
        for one in [self.real.specs() for _ in range(2)]:
            await self.assertFailure(one, errors.KernelFailed)
        killed = ("-c", "kill -9 $$")
        self.patch(
            kernelspec_cache,
            "getProcessOutputAndValue",
            lambda *_, **more: original("/bin/sh", killed, reactor=reactor),
        )
        for one in [self.real.specs() for _ in range(2)]:
            fault = await self.assertFailure(one, errors.KernelFailed)
            self.assertIn("signal 9 (Killed) has ended the process that reads them", str(fault))
        self.patch(kernelspec_cache, "getProcessOutputAndValue", original)
        self.assertIn("python3", (await self.real.specs()).found)

    # ---- hosts

    async def test_a_host_lives_in_a_private_folder(self) -> None:
        """0700, its files 0600; the key is in a file and not on a command line."""
        record = await self.real.launch("k1", MISSING, "/", 1)
        link, _ = await self.attach(record)
        folder = Path(record.directory)
        self.assertEqual(stat.S_IMODE(folder.stat().st_mode), 0o700)
        for name in ("launch.json", "host.json", "host.log"):
            self.assertEqual(stat.S_IMODE((folder / name).stat().st_mode), 0o600, name)
        launch = json.loads((folder / "launch.json").read_text())
        child = self.real._children[record.directory]
        self.assertNotIn(launch["key"].encode(), Path(f"/proc/{child.pid}/cmdline").read_bytes())
        self.assertNotIn(launch["key"].encode(), Path(f"/proc/{child.pid}/environ").read_bytes())
        self.assertEqual(os.getsid(child.pid), child.pid, "its own OS session")
        self.assertEqual(
            (launch["kernel"], launch["start"], launch["grace_s"], launch["username"]), ("k1", 1, 60.0, "ada")
        )
        link.close()

    async def test_what_a_host_tells_comes_over_the_link(self) -> None:
        """Here that its kernel cannot be started."""
        record = await self.real.launch("k1", MISSING, "/", 1)
        _, ear = await self.attach(record)
        await eventually(lambda: "start_failed" in ear.types, "the start has failed")

    async def test_the_next_server_attaches_where_the_last_one_stopped(self) -> None:
        """And takes the host over: the last one is told."""
        record = await self.real.launch("k1", MISSING, "/", 1)
        _, first = await self.attach(record)
        await eventually(lambda: "start_failed" in first.types, "the start has failed")
        _, second = await self.attach(record, first.number, self.make(generation=2))
        await eventually(lambda: first.is_fenced, "the first is fenced")
        self.assertEqual((second.types, second.attachments), ([], [False]))
        _, third = await self.attach(record, 0, self.make(generation=3))
        self.assertEqual(third.attachments, [True], "the second one's word where it stopped was an acknowledgement")

    async def test_a_host_that_has_only_begun_is_found_by_the_next_server(self) -> None:
        """A server that dies just after it has spawned a host does not take the kernel with it, however long the host takes to say where it is."""
        record = await self.real.launch("k1", MISSING, "/", 1)
        child = self.real._children[record.directory]
        os.kill(child.pid, signal.SIGSTOP)
        next_one, ear = self.make(generation=2), Ear()
        link = next_one.connect(record, 0, ear)
        os.kill(child.pid, signal.SIGCONT)
        assert link is not None
        await eventually(lambda: ear.attachments, "the host is attached to")
        self.assertEqual(ear.attachments, [False])

    async def test_a_process_that_only_has_the_pid_of_a_host_is_none(self) -> None:
        """Its start time and the boot must be those of the file."""
        folder = self.folder / "hosts" / "old-1"
        folder.mkdir()
        own = Path(f"/proc/{os.getpid()}/stat").read_text().rpartition(")")[2].split()[19]
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        good = {
            "pid": os.getpid(),
            "start_time": int(own),
            "boot_id": boot,
            "endpoint": "x",
            "key": "k" * 64,
            "start": 1,
        }
        for change in ({"start_time": int(own) + 1}, {"boot_id": "another"}, {"pid": 2**22 + 1}, {"key": 5}):
            (folder / "host.json").write_text(json.dumps({**good, **change}))
            self.assertIsNone(module.living(folder), change)
        (folder / "host.json").write_text("{")
        self.assertIsNone(module.living(folder))
        (folder / "host.json").write_text(json.dumps(good))
        self.assertIsNotNone(module.living(folder))

    async def test_a_long_state_folder_is_no_obstacle(self) -> None:
        """The host then lives in the folder for temporary files: a socket's path has 107 bytes."""
        self.real.folder = self.folder / ("long" * 30)
        self.real.folder.mkdir()
        record = await self.real.launch("k" * 32, MISSING, "/", 1)
        self.addCleanup(shutil.rmtree, record.directory, ignore_errors=True)
        self.assertLess(len(f"{record.directory}/host-xx"), 108)
        self.assertEqual(stat.S_IMODE(os.stat(record.directory).st_mode), 0o700)
        await self.attach(record)

    async def test_a_folder_that_cannot_be_made_is_told(self) -> None:
        """With the reason, and without a path of the server."""
        shutil.rmtree(self.folder / "hosts")
        (self.folder / "hosts").write_text("in the way")
        with self.assertRaises(errors.KernelFailed) as caught:
            await self.real.launch("k1", MISSING, "/", 1)
        fault = caught.exception
        self.assertIn("Not a directory", fault.message)
        self.assertNotIn(str(self.folder), fault.message)

    async def test_a_host_that_is_discarded_leaves_nothing(self) -> None:
        """Neither its process nor its folder, whether somebody was connected to it or not."""
        record = await self.real.launch("k1", MISSING, "/", 1)
        await self.attach(record)
        child = self.real._children[record.directory]
        self.real.discard(record)
        await eventually(lambda: not Path(record.directory).exists(), "the folder is forgotten")
        self.assertEqual(child.returncode, -signal.SIGKILL)
        other = LocalLauncher(self.folder / "hosts", "ada", 60.0, 2, reactor)
        other.start()
        record = await other.launch("k2", MISSING, "/", 1)
        other.discard(record)
        other._children[record.directory].wait()
        other.stop()
        self.assertFalse(Path(record.directory).exists())

    async def test_whoever_connects_takes_the_place_of_who_was_connected(self) -> None:
        """As a session does with a kernel that was started in advance; one end is reported once, to the last."""
        record = await self.real.launch("k1", MISSING, "/", 1)
        _, first = await self.attach(record)
        _, second = await self.attach(record)
        await self.end_host(record)
        await eventually(lambda: second.ends, "the end of the second link")
        self.assertEqual((first.ends, second.ends), (0, 1))

    async def test_a_host_that_ends_while_it_is_looked_for(self) -> None:
        """It lives no more; nothing is connected."""
        record = await self.real.launch("k1", MISSING, "/", 1)

        def gone(*_: object) -> None:
            raise ProcessLookupError

        self.patch(module, "ProcessWatch", gone)
        self.assertIsNone(self.real.connect(record, 0, Ear()))
        self.assertEqual(self.real._connected, {})


class Child:
    """A host that was spawned: this very process."""

    pid = os.getpid()

    def kill(self) -> None:
        """Nothing."""


class Folders(SynchronousTestCase):
    """What the launcher writes and reads; no process is started."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="wl"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.real = LocalLauncher(self.folder / "hosts", "ada", 60.0, 1, reactor)
        self.real.start()
        self.addCleanup(self.real.stop)
        self.commands: list[list[str]] = []
        self.patch(LocalLauncher, "_in_thread", lambda _, work, *arguments: execute(work, *arguments))
        self.patch(subprocess, "Popen", self.spawn)

    def spawn(self, command: list[str], **_: object) -> Child:
        """Notes what is started."""
        self.commands.append(command)
        return Child()

    def plan(self, record: HostRecord) -> Any:
        """What a host was told in its folder."""
        return json.loads((Path(record.directory) / "launch.json").read_text())

    def launch(self, spec: Kernelspec = MISSING, start: int = 1, **more: Any) -> HostRecord:
        """A host."""
        return self.successResultOf(self.real.launch("k1", spec, "/work", start, **more))

    def test_the_next_kernel_starts_as_the_last_one_did(self) -> None:
        """As long as its kernelspec has the same command; the list of kernelspecs says so, too."""
        way = KnownWay(transport="tcp")
        known = msgspec.to_builtins(way)
        record = self.launch()
        self.assertIsNone(self.plan(record)["way"])
        self.real.has_started(HostRecord("k0", "/elsewhere", "missing", "Missing", "x"), way)
        self.assertIsNone(self.plan(self.launch(start=2))["way"])
        self.real.has_started(record, way)
        self.assertEqual(self.plan(self.launch(start=3))["way"], known)
        self.assertIsNone(self.plan(self.launch(spec_of("another"), start=4))["way"])
        for found, ways in ((MISSING, {"missing": way}), (spec_of("another"), {}), (None, {})):
            specs = Specs("missing", {} if found is None else {"missing": found}, {})
            self.patch(kernelspec_cache.KernelspecCache, "specs", lambda _, specs=specs: succeed(specs))
            self.assertEqual(self.successResultOf(self.real.specs()).ways, ways)

    def test_what_the_server_asks_of_a_host(self) -> None:
        """Limits, variables, patience; the command line has nothing but the folder."""
        self.real.files, self.real.nice = (100, 200), 5
        limits: list[tuple[object, ...]] = []
        self.patch(resource, "prlimit", lambda *given: limits.append(given))
        record = self.launch(grace_s=1.5, env={"A": "b"}, waits=True)
        plan = self.plan(record)
        self.assertEqual((plan["nice"], plan["grace_s"], plan["env"], plan["waits"]), (5, 1.5, {"A": "b"}, True))
        self.assertEqual(limits, [(os.getpid(), resource.RLIMIT_NOFILE, (100, 200))])
        self.assertEqual(self.commands, [[sys.executable, "-P", "-m", "webipy.kernelhost", record.directory]])
        self.assertEqual(self.plan(self.launch(start=2))["grace_s"], 60.0)

    def test_what_is_left_of_an_earlier_start_is_removed(self) -> None:
        """A folder of the same name is made anew."""
        record = self.launch()
        (Path(record.directory) / "old").touch()
        self.assertEqual(self.launch().directory, record.directory)
        self.assertFalse((Path(record.directory) / "old").exists())

    def test_folders_that_no_session_knows_are_removed(self) -> None:
        """A host whose folder is gone ends."""
        known, other = self.launch(), self.launch(start=2)
        self.real.remove_others([known.directory])
        self.assertEqual([Path(known.directory).exists(), Path(other.directory).exists()], [True, False])

    def test_what_kernel_and_host_have_logged(self) -> None:
        """Each from where it was read to; nothing of a host whose folder is gone."""
        record = self.launch()
        (Path(record.directory) / "host.log").write_text("host")
        (Path(record.directory) / "kernel.log").write_text("kernel")
        parts = self.successResultOf(self.real.logs(record, None, 2, 3))
        self.assertEqual(parts, (LogPart("nel", 6), LogPart("st", 4)))
        shutil.rmtree(record.directory)
        self.assertIsNone(self.successResultOf(self.real.logs(record, None, None, 3)))

    def test_a_host_that_has_ended_already_is_not_announced(self) -> None:
        """Nor one that has written where it is by itself."""
        module.announce(self.folder, 2**22 + 1, "key", 1)
        self.assertFalse((self.folder / "host.json").exists())
        (self.folder / "host.json").write_text("its own")
        module.announce(self.folder, os.getpid(), "key", 1)
        self.assertEqual((self.folder / "host.json").read_text(), "its own")
        self.assertEqual(sorted(os.listdir(self.folder)), ["host.json", "hosts"])

    def test_a_process_that_nobody_has_waited_for_has_ended(self) -> None:
        """A zombie has its pid and its start time still."""
        self.launch()
        folder = next((self.folder / "hosts").iterdir())
        self.assertIsNotNone(module.living(folder))
        original = Path.read_text
        self.patch(Path, "read_text", lambda path: original(path).replace(") R", ") Z").replace(") S", ") Z"))
        self.assertIsNone(module.living(folder))

    # ---- kernels that something else has started

    def test_a_kernel_is_joined_by_its_connection_file(self) -> None:
        """It is waited for less long than one that is started here, and interrupted by a message."""
        path = self.folder / "kernel-1.json"
        path.write_text(json.dumps(CONNECTION))
        record = self.successResultOf(self.real.attach("k1", str(path), 1))
        plan = self.plan(record)
        self.assertEqual((record.is_attached, record.spec, record.display_name), (True, "ir", "Attached kernel"))
        self.assertEqual((plan["ready_timeout_s"], plan["spec"]["interrupt_mode"]), (10, "message"))
        self.assertEqual(plan["connection"]["shell_port"], CONNECTION["shell_port"])
        path.write_text(json.dumps({name: value for name, value in CONNECTION.items() if name != "kernel_name"}))
        self.assertEqual(self.successResultOf(self.real.attach("k1", str(path), 1)).spec, "attached")

    def test_what_is_no_connection_file(self) -> None:
        """Each with its reason; a pipe is not waited for."""
        path = self.folder / "file"
        os.mkfifo(self.folder / "pipe")
        path.write_text("{")
        for given, words in (
            ("kernel-1.json", "absolute"),
            (str(self.folder / "none"), "No such file or directory"),
            (str(self.folder), "Is a directory"),
            ("/\0", "embedded null byte"),
            (str(self.folder / "pipe"), ""),
            (str(path), ""),
        ):
            fault = self.failureResultOf(self.real.attach("k1", given, 1), errors.InvalidParams).value
            self.assertIn(words, fault.message)
            self.assertEqual(fault.facts["field"], "connection")
        self.assertEqual(self.commands, [])

    # ---- what an ended host has left

    def test_what_is_left_comes_in_batches(self) -> None:
        """With where it begins late, or was lost at its end."""
        record = self.launch()
        folder = Path(record.directory)
        records = [encode_record(number_message(n, "iopub", printed(f"{n}", "e")[1])) for n in (3, 4)]
        (folder / "spool-1").write_bytes(MAGIC + b"".join(records))
        (folder / "farewell.json").write_text('{"reason": "Nobody came for a day.", "next": 7}')
        for since, is_gap in ((2, False), (1, True)):
            left = self.real.leftovers(record, since)
            batch = self.successResultOf(left.next())
            assert batch is not None
            self.assertEqual((len(batch.messages), batch.number, batch.is_gap), (2, 4, is_gap))
        rest = self.successResultOf(left.next())
        assert rest is not None
        self.assertEqual((rest.messages, rest.number, rest.is_gap), ([], 6, True))
        self.assertEqual(self.successResultOf(left.reason()), "Nobody came for a day.")
        self.successResultOf(left.remove())
        self.assertFalse(folder.exists())


class Remains(SynchronousTestCase):
    """`HostRemains`."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def spool(self, segment: int, *numbers: int, tail: bytes = b"") -> None:
        """A segment of the spool."""
        records = [encode_record(number_message(n, "iopub", printed(f"{n}", "e")[1])) for n in numbers]
        (self.folder / f"spool-{segment}").write_bytes(MAGIC + b"".join(records) + tail)

    def numbers(self, since: int = 0) -> list[int]:
        """The numbers of all messages after one."""
        left, found = HostRemains(self.folder, since), list[int]()
        while batch := left.read():
            found += [kept.number for kept in batch]
        return found

    def test_segments_are_read_in_the_order_of_their_numbers(self) -> None:
        """Not of their names; what is there twice is taken once, what is taken in already not at all."""
        self.spool(2, 3, 4)
        self.spool(10, 4, 5, 6)
        self.spool(1, 1, 2, 3)
        (self.folder / "spool-x").write_bytes(b"nothing")
        self.assertEqual(self.numbers(), [1, 2, 3, 4, 5, 6])
        self.assertEqual(self.numbers(since=4), [5, 6])
        self.assertEqual(self.numbers(since=6), [])

    def test_a_record_that_was_cut_off_ends_its_segment(self) -> None:
        """At every byte of the last one: everything before it is whole, and the next segment is read."""
        whole = encode_record(number_message(2, "iopub", printed("2", "e")[1]))
        for cut in range(len(whole)):
            self.spool(1, 1, tail=whole[:cut])
            self.spool(2, 3)
            self.assertEqual(self.numbers(), [1, 3], cut)
        self.spool(1, 1, tail=whole)
        self.assertEqual(self.numbers(), [1, 2, 3])

    def test_what_is_no_spool_is_empty(self) -> None:
        """And a folder that is not there."""
        (self.folder / "spool-1").write_bytes(b"webipy spool 9\r\n")
        (self.folder / "spool-2").write_bytes(b"")
        self.assertEqual(self.numbers(), [])
        self.folder /= "nowhere"
        self.assertEqual(self.numbers(), [])

    def test_a_flipped_bit_is_never_passed_on(self) -> None:
        """Anywhere in a record: what is read is what was written, or it is missing."""
        self.spool(1, 1, 2, 3)
        whole = (self.folder / "spool-1").read_bytes()
        for at in range(len(MAGIC), len(whole), 7):
            broken = bytearray(whole)
            broken[at] ^= 0x10
            (self.folder / "spool-1").write_bytes(broken)
            self.assertIn(self.numbers(), ([], [1], [1, 2]), at)

    def test_why_it_ended(self) -> None:
        """Its farewell, else the last line of its log, else that it said nothing."""
        left = HostRemains(self.folder, 0)
        self.assertEqual(left.reason(), KILLED)
        (self.folder / "host.log").write_text("one\nout of memory\n\n")
        self.assertEqual(left.reason(), f"{KILLED} Its last line of log: out of memory")
        (self.folder / "farewell.json").write_text("{")
        self.assertIn("out of memory", left.reason())
        (self.folder / "farewell.json").write_text('{"reason": "Nobody came for a day.", "next": 5}')
        self.assertEqual(left.reason(), "Nobody came for a day.")
        left.remove()
        self.assertFalse(self.folder.exists())


class Weight(SynchronousTestCase):
    """What the server imports."""

    def test_the_server_imports_nothing_of_jupyter(self) -> None:
        """The list of kernelspecs is made by a process of its own: jupyter_client costs 20 MB and half a second."""
        heavy = "('jupyter', 'traitlets', 'tornado', 'IPython', 'nbformat')"
        code = f"import webipy.twistd, sys; print([m for m in sys.modules if m.startswith({heavy})])"
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
        self.assertEqual(done.stdout.strip(), "[]", done.stderr)
