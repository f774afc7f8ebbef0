"""The outside world in memory: journals, registry, launcher and kernel hosts for tests, and a `Rig` that joins them.

Nothing here has a port, a thread or a clock of its own: time is a `twisted.internet.task.Clock`, and a write is
committed in the next turn of that clock. What would survive a crash of the server (`Disk`: journals, registry, hosts) is
one object, so a test restarts the server by making a new `Rig` on the same disk.

The contract tests of test_journal.py, test_registry.py and test_launcher.py run on these fakes and on the real parts alike.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import msgspec
from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

if TYPE_CHECKING:
    from hypothesis import settings as Settings

from tests.fake_accounts import FakeAccounts, FakePasswords
from tests.fake_files import FakeConverter, FakeFiles, FakeTrash
from tests.fake_terminals import FakeTerminals
from webipy.core import errors
from webipy.core.api.access import Principal, Verb
from webipy.core.api.grants import Grant
from webipy.core.events import events
from webipy.core.kernel import wire
from webipy.core.kernel.blobs import Part, found_in
from webipy.core.kernel.host_protocol import Kernelspec, KnownWay, Typed
from webipy.core.kernel.inquiries import FEATURE
from webipy.core.kernel.wire import Header, Message
from webipy.io.storage.journal_folder import JournalSummary
from webipy.server.methods.api import METHODS, Api, answered
from webipy.server.methods.failures import OF_ANY_CALL
from webipy.server.methods.method import Connection, Services
from webipy.server.people.login_connections import LoginConnections
from webipy.server.people.logins import TOKEN_LOGIN, Login, Logins
from webipy.server.people.people import make_people
from webipy.server.people.shares import Guest, Share, Shares
from webipy.server.ports.journals import JournalPart, KeptJournal, OpenedJournal, Position
from webipy.server.ports.kernels import (
    NO_ENV,
    HostRecord,
    KernelLink,
    LeftBatch,
    Leftovers,
    LinkReceiver,
    LogPart,
    Specs,
    Used,
)
from webipy.server.ports.registry import ClosedSession, RunRecord, SessionRecord
from webipy.server.ports.world import T, World
from webipy.server.sessions.sessions import Sessions

EPOCH = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
TOKEN = "a-token-of-more-than-twenty-characters"
GONE = "The kernel host ended, and its kernel with it."
TURNS = 1000
"""Turns of the clock after which a call that has no answer is taken as hanging."""


QUICK = 10
"""`make check` tries one random example of so many; `make test` all of them."""


def examples(number: int) -> Settings:
    """How many random examples a test tries; always the same ones, so that a run says the same as the one before.

    Args:
        number: Of them, in a whole run of the tests.
    """
    from hypothesis import (  # only here: docs/generate.py runs a server in memory without the tests' packages
        HealthCheck,
        settings,
    )

    return settings(
        max_examples=max(number // QUICK, 5) if os.environ.get("WEBIPY_TESTS") == "quick" else number,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


# ---- messages -----------------------------------------------------------------------------------------------------


def message(
    msg_type: str,
    content: object = None,
    *,
    parent: str | None = None,
    parent_type: str = "execute_request",
    msg_id: str = "k",
    date: str = "",
    buffers: tuple[bytes, ...] = (),
    metadata: bytes = b"{}",
) -> Message:
    """A message of a kernel; `content` is bytes as they are, or what is made JSON."""
    raw = content if isinstance(content, bytes) else json.dumps({} if content is None else content).encode()
    of = None if parent is None else Header(msg_id=parent, msg_type=parent_type)
    return wire.new_message(
        msg_type, raw, msg_id=msg_id, session="kernel", parent=of, date=date, buffers=buffers, metadata=metadata
    )


def status(state: str, parent: str, *, date: str = "", parent_type: str = "execute_request") -> tuple[str, Message]:
    """The kernel says that it is busy with, or done with, a request."""
    return "iopub", message("status", {"execution_state": state}, parent=parent, date=date, parent_type=parent_type)


def printed(text: str, parent: str | None, name: str = "stdout") -> tuple[str, Message]:
    """Text of a stream."""
    return "iopub", message("stream", {"name": name, "text": text}, parent=parent)


def replied(parent: str, state: str = "ok", count: int = 1, **more: object) -> tuple[str, Message]:
    """The reply to an execute_request."""
    return "shell", message("execute_reply", {"status": state, "execution_count": count, **more}, parent=parent)


def run_of(
    execution: str, *outputs: tuple[str, Message], state: str = "ok", count: int = 1
) -> list[tuple[str, Message]]:
    """All messages of one run, in the order in which a host passes them on; it takes 0.25 s."""
    return [
        status("busy", execution, date="2026-03-01T09:30:00.000000Z"),
        ("iopub", message("execute_input", {"code": "", "execution_count": count}, parent=execution)),
        *outputs,
        status("idle", execution, date="2026-03-01T09:30:00.250000Z"),
        replied(execution, state, count),
    ]


# ---- the disk ----------------------------------------------------------------------------------------------------


@attrs.define(eq=False)
class FakeJournal:
    """A journal in memory; see `webipy.server.ports.journals.Journal`. With `broken` set, writes fail and are tried again every second."""

    clock: Clock
    bodies: list[bytes] = attrs.field(factory=list)
    position: Position | None = None
    first_seq: int = 1
    written: int = 0
    durable_seq: int = 0
    fault: str | None = None
    broken: str | None = None
    reads: int = 0
    prelude_bodies: list[bytes] = attrs.field(factory=list)
    trimmed: int = 0
    """How many of the oldest events are gone; their places in `bodies` stay."""
    blobs: dict[str, bytes] = attrs.field(factory=dict)
    is_left: bool = False
    """Whether the server that opened it has died: what was not written by then is gone."""
    _pending: list[tuple[int, list[bytes], Position | None, Sequence[Part], Deferred[None]]] = attrs.field(factory=list)

    def append(
        self, first: int, bodies: list[bytes], position: Position | None, parts: Sequence[Part] = ()
    ) -> Deferred[None]:
        """Writes events in the next turn."""
        told: Deferred[None] = Deferred()
        if not self._pending:
            self.clock.callLater(0, self._commit)
        self._pending.append((first, bodies, position, parts, told))
        return told

    def _commit(self) -> None:
        if self.is_left:
            return
        if self.broken is not None:
            self.fault = self.broken
            self.clock.callLater(1, self._commit)
            return
        self.fault = None
        work, self._pending = self._pending, []
        for first, bodies, position, parts, _ in work:
            for part in parts:
                self.blobs[part.blob] = self.blobs.get(part.blob, b"")[: part.offset] + part.data
            assert first == len(self.bodies) + 1, f"event {first} written after {len(self.bodies)}"
            self.bodies += bodies
            self.position = position or self.position
        self.written = len(self.bodies)
        self.clock.callLater(0.1, self._sync, self.written)
        for *_, told in work:
            told.callback(None)

    def _sync(self, seq: int) -> None:
        self.durable_seq = max(self.durable_seq, seq)

    def read(self, first: int, limit: int, limit_bytes: int) -> Deferred[list[bytes]]:
        """Written events, in a later turn."""
        self.reads += 1
        found: list[bytes] = []
        for body in self.bodies[first - 1 : min(self.written, first - 1 + limit)]:
            found.append(body)
            if sum(map(len, found)) >= limit_bytes:
                break
        told: Deferred[list[bytes]] = Deferred()
        self.clock.callLater(0, told.callback, found)
        return told

    def prelude(self) -> Deferred[list[bytes]]:
        """What stands for the events that were cut, in a later turn."""
        told: Deferred[list[bytes]] = Deferred()
        self.clock.callLater(0, told.callback, self.prelude_bodies)
        return told

    def read_blob(self, blob: str, offset: int, limit: int) -> Deferred[bytes]:
        """Some bytes of a blob, in a later turn."""
        told: Deferred[bytes] = Deferred()
        if blob in self.blobs:
            self.clock.callLater(0, told.callback, self.blobs[blob][offset : offset + limit])
        else:
            self.clock.callLater(0, told.errback, errors.NotFound("It is not there.", kind="blob", id=blob))
        return told

    def take_blob(self, blob: str, path: str) -> Deferred[None]:
        """There are no files."""
        return succeed(None)

    def has_blob(self, blob: str) -> Deferred[bool]:
        """Whether one came."""
        return succeed(blob in self.blobs)

    def blob_path(self, blob: str) -> str:
        """There is no file."""
        return f"/nowhere/{blob}"

    def sweep(self, *, is_over: bool = False) -> Deferred[None]:
        """Forgets blobs that no event refers to."""
        wanted = {name for body in [*self.bodies, *self.prelude_bodies] for name in found_in(body)}
        self.blobs = {name: blob for name, blob in self.blobs.items() if name in wanted or not is_over}
        return succeed(None)

    async def cut(self, seq: int, bodies: list[bytes]) -> None:
        """Keeps `bodies` in place of the events up to `seq`."""
        self.prelude_bodies, self.first_seq = bodies, seq + 1

    async def trim(self, before: int) -> None:
        """Forgets events that are cut."""
        self.trimmed = max(self.trimmed, min(before, self.first_seq) - 1)
        self.bodies[: self.trimmed] = [b""] * self.trimmed

    def again(self, clock: Clock) -> FakeJournal:
        """The journal as the next server finds it."""
        self.is_left = True
        written = len(self.bodies)
        again = FakeJournal(clock, self.bodies, self.position, self.first_seq, written, written)
        again.prelude_bodies, again.trimmed, again.blobs = self.prelude_bodies, self.trimmed, self.blobs
        return again

    def events(self) -> list[dict[str, Any]]:
        """The written events."""
        return [json.loads(body) for body in self.bodies]


@attrs.define(eq=False)
class FakeJournals:
    """All journals, in memory; see `webipy.server.ports.journals.Journals`."""

    clock: Clock
    found: dict[str, FakeJournal] = attrs.field(factory=dict)
    damaged: dict[str, errors.Damaged] = attrs.field(factory=dict)
    open_now: set[str] = attrs.field(factory=set)

    def open(self, session: str) -> Deferred[OpenedJournal]:
        """Opens or creates one; one in `damaged` fails."""
        if session in self.damaged:
            return fail(self.damaged[session])
        self.open_now.add(session)
        before = self.found.get(session)
        journal = self.found[session] = FakeJournal(self.clock) if before is None else before.again(self.clock)
        return succeed(OpenedJournal(journal, journal.position))

    async def close(self, session: str) -> None:
        """Closes one; fails when it is not open."""
        self.open_now.remove(session)

    def kept(self) -> Deferred[list[KeptJournal]]:
        """All; each takes as much as its events."""
        sizes = {session: sum(map(len, journal.bodies)) for session, journal in self.found.items()}
        return succeed([KeptJournal(session, size, "2026-03-01T00:00:00.000000Z") for session, size in sizes.items()])

    def look(self, session: str, first: int, limit: int, limit_bytes: int) -> Deferred[JournalPart]:
        """Events of one that is closed."""
        if session not in self.found:
            return fail(errors.NotFound(f"There is no journal {session}.", kind="journal", id=session))
        assert session not in self.open_now
        journal = self.found[session]
        first = max(first, journal.first_seq)
        bodies = journal.bodies[first - 1 : first - 1 + limit]
        return succeed(JournalPart(journal.first_seq, len(journal.bodies), journal.prelude_bodies, bodies))

    def describe(self, session: str) -> Deferred[ClosedSession]:
        """What the events of one say."""
        told = JournalSummary(session)
        bodies = [body for body in self.found[session].prelude_bodies + self.found[session].bodies if body]
        for body in bodies:
            told.take(events.decode(body))
        return succeed(told.closed(events.decode(bodies[-1]).time))

    async def remove(self, session: str) -> None:
        """Removes one; fails when it is open."""
        assert session not in self.open_now
        self.found.pop(session, None)


@attrs.define(eq=False)
class FakeGrants:
    """Grants in memory; see `webipy.server.ports.grants.GrantStore`."""

    given: dict[tuple[str, str], Grant] = attrs.field(factory=dict)

    def grants(self) -> Deferred[list[Grant]]:
        """All grants."""
        return succeed(list(self.given.values()))

    def change_grants(self, put: Sequence[Grant], removed: Sequence[tuple[str, str]]) -> Deferred[None]:
        """Ends some, and keeps others."""
        for key in removed:
            self.given.pop(key, None)
        for grant in put:
            self.given[grant.key] = grant
        return succeed(None)


@attrs.define(eq=False)
class FakeRegistry:
    """Sessions, logins and shares in memory; see `Registry`, `LoginStore` and `ShareStore` in webipy.server."""

    records: dict[str, SessionRecord] = attrs.field(factory=dict)
    closings: dict[str, ClosedSession] = attrs.field(factory=dict)
    accounts: dict[str, Login] = attrs.field(factory=dict)
    links: dict[str, Share] = attrs.field(factory=dict)
    visitors: dict[str, Guest] = attrs.field(factory=dict)
    runs: dict[str, RunRecord] = attrs.field(factory=dict)

    def put_run(self, record: RunRecord) -> Deferred[None]:
        """Keeps how a run ended."""
        self.runs[record.run] = record
        return succeed(None)

    def run(self, run: str) -> Deferred[RunRecord | None]:
        """A run."""
        return succeed(self.runs.get(run))

    def sessions(self) -> Deferred[list[SessionRecord]]:
        """All sessions that are not closed, the oldest first."""
        still_open = [record for record in self.records.values() if record.id not in self.closings]
        return succeed(sorted(still_open, key=lambda record: record.created))

    def put(self, record: SessionRecord) -> Deferred[None]:
        """Writes one down."""
        before = self.records.get(record.id)
        if before is not None and record.host is None:
            record = attrs.evolve(record, host=before.host)
        self.records[record.id] = record
        self._take_over(record)
        return succeed(None)

    def _take_over(self, record: SessionRecord) -> None:
        for session, one in self.closings.items():
            if record.path is not None and one.record.path == record.path and session != record.id:
                self.closings[session] = attrs.evolve(one, is_gone=True)

    def close_session(self, closed: ClosedSession) -> Deferred[None]:
        """Marks one as closed; its shares end."""
        session = closed.record.id
        self.closings.pop(session, None)
        self.closings[session] = closed
        self.records[session] = closed.record
        for share in [share.id for share in self.links.values() if share.session == session]:
            self.remove_share(share)
        return succeed(None)

    def closed(self) -> Deferred[list[ClosedSession]]:
        """All that are closed."""
        return succeed(sorted(self.closings.values(), key=lambda one: (one.closed, one.record.created), reverse=True))

    def reopen(self, record: SessionRecord) -> Deferred[None]:
        """Marks one as open."""
        del self.closings[record.id]
        self.records[record.id] = record
        self._take_over(record)
        return succeed(None)

    def forget(self, session: str) -> Deferred[None]:
        """Forgets one."""
        if self.closings.pop(session, None) is not None:
            del self.records[session]
        return succeed(None)

    def put_login(self, login: Login, days: int) -> Deferred[None]:
        """Keeps a login, or notes when one was used."""
        before = self.accounts.get(login.id, login)
        self.accounts[login.id] = attrs.evolve(before, used=login.used)
        return succeed(None)

    def logins(self) -> Deferred[list[Login]]:
        """All logins."""
        return succeed(sorted(self.accounts.values(), key=lambda login: login.since))

    def remove_logins(self, logins: list[str]) -> Deferred[None]:
        """Forgets some."""
        for login in logins:
            self.accounts.pop(login, None)
        return succeed(None)

    def shares(self) -> Deferred[tuple[list[Share], list[Guest]]]:
        """All shares and guests."""
        return succeed((list(self.links.values()), list(self.visitors.values())))

    def put_share(self, share: Share) -> Deferred[None]:
        """Keeps a share."""
        self.links[share.id] = share
        return succeed(None)

    def remove_share(self, share: str) -> Deferred[None]:
        """Forgets one with its guests."""
        self.links.pop(share, None)
        self.visitors = {guest.id: guest for guest in self.visitors.values() if guest.share != share}
        return succeed(None)

    def add_guest(self, guest: Guest) -> Deferred[None]:
        """Keeps a guest."""
        self.visitors[guest.id] = guest
        return succeed(None)

    def remove_guest(self, guest: str) -> Deferred[None]:
        """Forgets one."""
        self.visitors.pop(guest, None)
        return succeed(None)


# ---- kernel hosts ------------------------------------------------------------------------------------------------


@attrs.define(eq=False)
class FakeLink:
    """One server's link to a `FakeHost`; see `webipy.server.ports.kernels.KernelLink`."""

    host: FakeHost
    receiver: LinkReceiver
    acknowledged: int = 0
    is_closed: bool = False

    def send(self, channel: str, message: Message) -> None:
        """Hands a request to the host."""
        if not self.is_closed:
            self.host.receive(channel, message)

    def command(self, command: Typed) -> None:
        """Hands a command to the host."""
        if not self.is_closed:
            self.host.commands.append((command.msg_type, json.loads(msgspec.json.encode(command))))

    def acknowledge(self, number: int) -> None:
        """Takes note."""
        self.acknowledged = number

    def close(self) -> None:
        """Leaves."""
        self.is_closed = True


@attrs.define(eq=False)
class FakeHost:
    """A kernel host that does what the test says: numbers and keeps what the kernel sends, forwards each id once.

    Attributes:
        requests: What reached the kernel, by id, each once, in order.
        offered: Ids in the order in which they were sent, with repetitions.
        commands: Commands to the host itself.
    """

    clock: Clock
    record: HostRecord
    start: int
    is_alive: bool = True
    kept: list[tuple[int, str, Message]] = attrs.field(factory=list)
    requests: dict[str, tuple[str, Message]] = attrs.field(factory=dict)
    offered: list[str] = attrs.field(factory=list)
    commands: list[tuple[str, dict[str, Any]]] = attrs.field(factory=list)
    link: FakeLink | None = None
    reason: str = GONE
    is_removed: bool = False
    attached_since: list[int] = attrs.field(factory=list)
    pid: int | None = None
    env: dict[str, str] = attrs.field(factory=dict)
    waits: bool = False

    def receive(self, channel: str, message: Message) -> None:
        """A request of the server."""
        self.offered.append(message.header.msg_id)
        self.requests.setdefault(message.header.msg_id, (channel, message))

    def attach(self, since: int, receiver: LinkReceiver) -> FakeLink:
        """A server attaches; in the next turn it is answered, and given what was kept after `since`."""
        self.attached_since.append(since)
        link = self.link = FakeLink(self, receiver)
        self.clock.callLater(0, self._answer, link, since)
        return link

    def _answer(self, link: FakeLink, since: int) -> None:
        if link is self.link and not link.is_closed:
            link.receiver.attached(bool(self.kept) and self.kept[0][0] > since + 1, self.pid)
            self._deliver([kept for kept in self.kept if kept[0] > since])

    def _deliver(self, kept: Sequence[tuple[int, str, Message]]) -> None:
        if kept and self.link is not None and not self.link.is_closed:
            self.link.receiver.received([(channel, message) for _, channel, message in kept], kept[-1][0])

    def emit(self, *batch: tuple[str, Message]) -> None:
        """The kernel, or the host itself, sends some messages; they arrive as one batch."""
        first = self.kept[-1][0] + 1 if self.kept else 1
        new = [(number, channel, message) for number, (channel, message) in enumerate(batch, first)]
        self.kept += new
        self._deliver(new)

    def tell(self, event: str, **content: object) -> None:
        """An event of the host itself."""
        self.emit(("host", message(event, content)))

    def wait(self) -> None:
        """The kernel is almost started, and waits to be told where it is needed."""
        self.waits = True
        self.tell("kernel_starting", start=self.start, pid=4711, waits=True)

    def ready(self) -> None:
        """The kernel answered for the first time."""
        self.pid = 4711
        if not self.waits:
            self.tell("kernel_starting", start=self.start, pid=4711)
        info = {"implementation": "fake", "banner": "Fake 1", "language_info": {"name": "python"}}
        self.tell("kernel_ready", start=self.start, pid=4711, kernel_info=info, seconds=0.5)

    def answer_beside(self) -> None:
        """The kernel is one that answers inquiries while code runs."""
        info = {"language_info": {"name": "python"}, "supported_features": [FEATURE, "kernel subshells"]}
        self.tell("kernel_ready", start=self.start, pid=4711, kernel_info=info, seconds=0.5)

    def run(self, execution: str, *outputs: tuple[str, Message], state: str = "ok", count: int = 1) -> None:
        """The kernel runs an execution, all in one batch."""
        assert execution in self.requests, f"{execution} was not asked of this kernel"
        self.emit(*run_of(execution, *outputs, state=state, count=count))

    def end(self, reason: str = GONE, *unsent: tuple[str, Message]) -> None:
        """The host process ends; `unsent` is what it had no time to send and left in its folder."""
        self.is_alive, self.reason = False, reason
        first = self.kept[-1][0] + 1 if self.kept else 1
        self.kept += [(number, channel, message) for number, (channel, message) in enumerate(unsent, first)]
        if self.link is not None and not self.link.is_closed:
            self.link.receiver.gone()

    def executed(self) -> list[str]:
        """Ids of the execute requests that reached the kernel, in order."""
        return [msg_id for msg_id, (_, sent) in self.requests.items() if sent.header.msg_type == "execute_request"]


@attrs.define(eq=False)
class FakeLeftovers:
    """What a `FakeHost` left; see `webipy.server.ports.kernels.Leftovers`."""

    host: FakeHost
    after: int

    def next(self) -> Deferred[LeftBatch | None]:
        """Two messages at a time."""
        left = [kept for kept in self.host.kept if kept[0] > self.after][:2]
        told: Deferred[LeftBatch | None] = Deferred()
        batch: LeftBatch | None = None
        if left:
            is_gap, self.after = left[0][0] > self.after + 1, left[-1][0]
            batch = LeftBatch([(channel, message) for _, channel, message in left], self.after, is_gap)
        self.host.clock.callLater(0, told.callback, batch)
        return told

    def reason(self) -> Deferred[str]:
        """Why it ended."""
        return succeed(self.host.reason)

    def remove(self) -> Deferred[None]:
        """Takes note."""
        self.host.is_removed = True
        return succeed(None)


def spec_of(name: str) -> Kernelspec:
    """A kernelspec."""
    return Kernelspec(name, ["fake", "-f", "{connection_file}"], f"Fake {name}", "python")


@attrs.define(eq=False)
class FakeLauncher:
    """Starts `FakeHost`s; see `webipy.server.ports.kernels.Launcher`."""

    clock: Clock
    known: Specs = attrs.field(
        factory=lambda: Specs(
            "python3", {"python3": spec_of("python3"), "other": spec_of("other")}, {"torn": "it has no argv."}
        )
    )
    hosts: dict[str, FakeHost] = attrs.field(factory=dict)
    refusal: str | None = None
    has_any_folder: bool = False
    """Whether every folder is there, as where files are in memory."""

    def specs(self) -> Deferred[Specs]:
        """The kernelspecs."""
        return succeed(self.known)

    def is_folder(self, path: str) -> Deferred[bool]:
        """Whether there is one on this machine."""
        return succeed(self.has_any_folder or os.path.isdir(path))

    def launch(
        self,
        kernel: str,
        spec: Kernelspec,
        cwd: str,
        start: int,
        *,
        grace_s: float | None = None,
        env: Mapping[str, str] = NO_ENV,
        waits: bool = False,
    ) -> Deferred[HostRecord]:
        """Starts a host in the next turn; with `refusal` set it fails."""
        told: Deferred[HostRecord] = Deferred()
        self.clock.callLater(0, self._launch, told, kernel, spec, start, False, env)
        return told

    def has_started(self, record: HostRecord, way: KnownWay) -> None:
        """Notes it."""
        self.known = attrs.evolve(self.known, ways={**self.known.ways, record.spec: way})

    def discard(self, record: HostRecord) -> None:
        """Ends it."""
        host = self.hosts.get(record.directory)
        if host is not None:
            host.is_alive, host.is_removed = False, True

    def attach(self, kernel: str, connection: str, start: int) -> Deferred[HostRecord]:
        """Starts a host in the next turn; a file whose name does not end in .json is refused."""
        told: Deferred[HostRecord] = Deferred()
        if not connection.endswith(".json"):
            fault = errors.InvalidParams(f"{connection} is not a Jupyter connection file.", field="connection")
            self.clock.callLater(0, told.errback, fault)
            return told
        spec = Kernelspec("attached", [], "Attached kernel", interrupt_mode="message")
        self.clock.callLater(0, self._launch, told, kernel, spec, start, True)
        return told

    def _launch(
        self,
        told: Deferred[HostRecord],
        kernel: str,
        spec: Kernelspec,
        start: int,
        is_attached: bool = False,
        env: Mapping[str, str] = NO_ENV,
    ) -> None:
        if self.refusal is not None:
            told.errback(errors.KernelFailed(self.refusal))
            return
        directory = f"/hosts/{kernel}-{start}"
        record = HostRecord(kernel, directory, spec.name, spec.display_name, spec.language, is_attached)
        self.hosts[record.directory] = FakeHost(self.clock, record, start, env=dict(env))
        told.callback(record)

    def logs(
        self, record: HostRecord, kernel_since: int | None, host_since: int | None, limit: int
    ) -> Deferred[tuple[LogPart, LogPart] | None]:
        """A line of each, once; nothing when the host was removed."""
        host = self.hosts[record.directory]
        parts = [
            LogPart("" if since else f"{name}\n", 7) for name, since in (("kernel", kernel_since), ("host", host_since))
        ]
        return succeed(None if host.is_removed else (parts[0], parts[1]))

    def connect(self, record: HostRecord, since: int, receiver: LinkReceiver) -> KernelLink | None:
        """Attaches to a host that lives."""
        host = self.hosts.get(record.directory)
        return host.attach(since, receiver) if host is not None and host.is_alive else None

    def leftovers(self, record: HostRecord, since: int) -> Leftovers:
        """What a host left, or nothing when there never was one."""
        host = self.hosts.get(record.directory) or FakeHost(self.clock, record, 1)
        return FakeLeftovers(host, since)


@attrs.define(eq=False)
class FakeProcesses:
    """The processes of a machine: what each session of the system uses, by its leader."""

    found: dict[int, Used] = attrs.field(factory=dict)
    looks: list[set[int]] = attrs.field(factory=list)
    fault: OSError | None = None

    def used(self, leaders: Collection[int]) -> Deferred[dict[int, Used]]:
        """See the port."""
        self.looks.append(set(leaders))
        if self.fault is not None:
            return fail(self.fault)
        return succeed({leader: used for leader, used in self.found.items() if leader in leaders})


@attrs.define(eq=False)
class Disk:
    """What outlives a server."""

    clock: Clock = attrs.field(factory=Clock)
    journals: FakeJournals = attrs.field(init=False)
    registry: FakeRegistry = attrs.field(factory=FakeRegistry)
    grants: FakeGrants = attrs.field(factory=lambda: FakeGrants())
    launcher: FakeLauncher = attrs.field(init=False)
    files: FakeFiles = attrs.field(factory=FakeFiles)
    processes: FakeProcesses = attrs.field(factory=lambda: FakeProcesses())
    terminals: FakeTerminals = attrs.field(init=False)
    accounts: FakeAccounts = attrs.field(factory=FakeAccounts)
    passwords: FakePasswords = attrs.field(factory=FakePasswords)
    ids: itertools.count[int] = attrs.field(factory=lambda: itertools.count(1))

    def __attrs_post_init__(self) -> None:
        self.journals = FakeJournals(self.clock)
        self.launcher = FakeLauncher(self.clock)
        self.terminals = FakeTerminals(self.clock)

    def crash(self) -> None:
        """The server dies: what was not written is gone, and its links with it."""
        self.files.watches.clear()
        for journal in self.journals.found.values():
            journal.is_left = True
        for terminal in self.terminals.hosts.values():
            terminal.close()
        for host in self.launcher.hosts.values():
            if host.link is not None:
                host.link.is_closed = True


# ---- the rig -----------------------------------------------------------------------------------------------------


class Refused(Exception):
    """A call was answered with a failure."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.facts: dict[str, Any] = error["data"]
        self.name: str = error["data"]["name"]


@attrs.define(eq=False)
class Client:
    """One connection: a caller, and what was sent to it."""

    rig: Rig
    connection: Connection
    sent: list[bytes] = attrs.field(factory=list)

    def notified(self) -> list[dict[str, Any]]:
        """The events that were sent, in order; fails on a gap or a twin within one notification."""
        found: list[dict[str, Any]] = []
        for body in self.sent:
            told = json.loads(body)
            if told["method"] == "presence":  # no part of the journal
                continue
            assert told["method"] == "events"
            params = told["params"]
            assert [event["seq"] for event in params["events"]] == list(
                range(params["first"], params["first"] + len(params["events"]))
            )
            found += params["events"]
        return found

    def seqs(self) -> list[int]:
        """Their seqs."""
        return [event["seq"] for event in self.notified()]

    def ask(self, method: str, /, **params: object) -> Deferred[dict[str, Any]]:
        """Makes a call and gives the whole reply, when there is one.

        Fails when the reply is a failure that the method does not declare.
        """
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()

        def check(reply: bytes | None) -> Any:
            found = json.loads(reply or b"null")
            if found is not None and "error" in found:
                check_declared(method, found["error"])
            return found

        return answered(self.rig.api, body, self.connection).addCallback(check)

    def call(self, method: str, /, **params: object) -> Any:
        """Makes a call, turns the clock until it is answered, and gives its result.

        Raises:
            Refused: It was answered with a failure.
        """
        return result_of(self.rig.wait(self.ask(method, **params)))


def check_declared(method: str, error: dict[str, Any]) -> None:
    """Fails for a failure that a method does not declare, and that not any call may have."""
    known = METHODS[method].raises if method in METHODS else ()
    names = {kind.name for kind in (*known, *OF_ANY_CALL)}
    assert error["data"]["name"] in names, f"{method} does not declare that it raises {error}"


def result_of(reply: dict[str, Any]) -> Any:
    """The result in a reply.

    Raises:
        Refused: There is a failure in it.
    """
    if "error" in reply:
        raise Refused(reply["error"])
    return reply["result"]


@attrs.define(eq=False)
class Rig:
    """A whole server in memory, made by `make_rig`."""

    disk: Disk
    services: Services
    api: Api
    me: Client = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.me = self.client()

    @property
    def clock(self) -> Clock:
        """The one clock."""
        return self.disk.clock

    @property
    def journal(self) -> FakeJournal:
        """The journal of the only session."""
        (journal,) = self.disk.journals.found.values()
        return journal

    @property
    def host(self) -> FakeHost:
        """The newest kernel host."""
        return list(self.disk.launcher.hosts.values())[-1]

    def client(self, verb: Verb | None = "own", name: str = "ada", can_notify: bool = True) -> Client:
        """Another connection; with `verb` `None` nobody is logged in on it."""
        principal = None if verb is None else Principal(name, verb, TOKEN_LOGIN)
        connection = Connection(principal)
        client = Client(self, connection)
        if can_notify:
            connection.send = client.sent.append
            connection.soon = lambda call: self.clock.callLater(0, call)
        return client

    def turn(self, turns: int = 10) -> None:
        """Lets some turns of the clock pass, and no time."""
        for _ in range(turns):
            self.clock.advance(0)

    def wait(self, told: Deferred[Any]) -> Any:
        """Turns the clock, without letting time pass, until `told` has fired; gives what it fired with."""
        outcome: list[Any] = []
        told.addBoth(outcome.append)
        for _ in range(TURNS):
            if outcome:
                break
            self.clock.advance(0)
        else:
            raise AssertionError("it was not answered")
        if hasattr(outcome[0], "raiseException"):
            outcome[0].raiseException()
        return outcome[0]

    def session(self, kernelspec: str | None = None) -> str:
        """A new session; with a kernel that is ready if `kernelspec` is given."""
        made = self.me.call("session.create", kernelspec=kernelspec)
        if kernelspec is not None:
            self.turn()
            self.host.ready()
            self.turn()
        return str(made["id"])

    def crashed(self) -> Rig:
        """The next server on the same disk, after this one has died without a word."""
        self.disk.crash()
        return make_rig(self.disk)


def at_once(call: Callable[[], T]) -> Deferred[T]:
    """Runs what a server runs off the reactor."""
    return maybeDeferred(call)


def make_services(disk: Disk) -> Services:
    """The inside of a server on a disk; its clock may be the reactor."""
    clock = disk.clock

    def later(seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        pending = clock.callLater(seconds, call)
        return lambda: pending.cancel() if pending.active() else None

    def now() -> str:
        return (EPOCH + timedelta(seconds=clock.seconds())).isoformat(timespec="microseconds").replace("+00:00", "Z")

    world = World(
        disk.journals,
        disk.registry,
        disk.launcher,
        now,
        lambda: f"id{next(disk.ids)}",
        later,
        disk.files,
        FakeConverter(),
        clock.seconds,
        at_once,
        disk.processes,
        FakeTrash(disk.files),
        disk.journals,
        disk.terminals,
        grants=disk.grants,
    )
    secrets = itertools.count(1)
    shares = Shares(disk.registry, now, later, world.new_id, lambda: f"secret-{next(secrets)}", LoginConnections())
    logins = Logins(disk.registry, TOKEN, "ada", clock.seconds, shares.new_secret, shares)
    people = make_people(disk.accounts, disk.passwords, logins, world)
    logins.others.append(people.logins)
    sessions = Sessions(world, "/")
    return Services(
        world, sessions, logins, people, lambda session, fragment: f"http://here/{session or ''}#{fragment}", "1.2.3"
    )


def make_rig(disk: Disk | None = None) -> Rig:
    """A server in memory, with the sessions of `disk` brought back."""
    disk = disk or Disk()
    services = make_services(disk)
    rig = Rig(disk, services, Api(services))
    rig.wait(Deferred.fromCoroutine(services.rights.load()))
    rig.wait(Deferred.fromCoroutine(services.sessions.restore()))
    rig.wait(Deferred.fromCoroutine(services.terminals.restore()))
    rig.wait(Deferred.fromCoroutine(services.resume()))
    rig.turn()
    return rig


def known_to_msgspec(body: object, kind: Any) -> Any:
    """A plain value as a struct, for comparing whole values."""
    return msgspec.convert(body, kind)


class RigTestCase(SynchronousTestCase):
    """A test with a server in memory."""

    def setUp(self) -> None:
        self.rig = make_rig()

    def refused(self, name: str, method: str, /, client: Client | None = None, **params: object) -> Refused:
        """Makes a call that must fail with the failure of that name, and gives the failure."""
        with self.assertRaises(Refused) as caught:
            (client or self.rig.me).call(method, **params)
        told: Refused = caught.exception
        self.assertEqual(told.name, name, told.message)
        return told
