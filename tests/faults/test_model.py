"""A model of the whole server, driven at random: tests/fakes.py's world on a Clock, no process, no port.

The oracle knows what was accepted and what the kernel printed for it. Whatever happens in between (restarts, deaths,
cut feeds, repeated calls and messages, a server that dies and comes back), at the end: events are dense, every
accepted execution ended exactly once, what the kernel said of it is there once and in order, and every feed saw each
seq once. C2, C3, C4, C6.
"""

from __future__ import annotations

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import Client, Rig, examples, make_rig, message, printed, replied, status
from tests.faults import IS_FULL
from webipy.core.kernel.wire import Message

STEPS = 60


@attrs.define(eq=False)
class Reader:
    """A client that follows the session, over servers and connections.

    Args:
        client: Its connection of now.
        seqs: Every seq that it got.
    """

    client: Client
    seqs: list[int] = attrs.field(factory=list)
    is_joined: bool = False

    def take(self) -> None:
        """Takes what was sent."""
        self.seqs += self.client.seqs()
        self.client.sent.clear()


class World(RuleBasedStateMachine):
    """The rules: everything that may happen to one session with one kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.rig: Rig = make_rig()
        self.session = self.rig.session("python3")
        self.names = 0
        self.accepted: dict[str, str] = {}
        self.said: dict[str, list[str]] = {}
        self.running: str | None = None
        self.readers: list[Reader] = [Reader(self.rig.client())]
        self.join(self.readers[0])

    # ---- what the kernel does

    @property
    def is_live(self) -> bool:
        """Whether there is a kernel that can run something."""
        return self.rig.host.is_alive and self.state() not in ("dead", "restarting", "starting")

    def state(self) -> str:
        """The kernel's state, as clients see it."""
        return str(self.rig.me.call("session.get", session=self.session)["kernel"]["state"])

    def waiting(self) -> list[str]:
        """What this start of the kernel was asked and has not begun."""
        return [name for name in self.rig.host.executed() if name in self.accepted and name not in self.said]

    @precondition(lambda self: self.is_live and self.running is None and self.waiting())
    @rule()
    def begin(self) -> None:
        """The kernel begins with the next execution."""
        self.running = self.waiting()[0]
        self.said[self.running] = []
        self.rig.host.emit(
            status("busy", self.running),
            ("iopub", message("execute_input", {"code": "", "execution_count": 1}, parent=self.running)),
        )

    @precondition(lambda self: self.running is not None and self.is_live)
    @rule(count=st.integers(1, 5))
    def prints(self, count: int) -> None:
        """It prints."""
        assert self.running is not None
        said = self.said[self.running]
        batch: list[tuple[str, Message]] = []
        for _ in range(count):
            said.append(f"{len(said)}\n")
            batch.append(printed(said[-1], self.running))
        self.rig.host.emit(*batch)

    @precondition(lambda self: self.running is not None and self.is_live)
    @rule(state=st.sampled_from(["ok", "ok", "error"]))
    def ends(self, state: str) -> None:
        """It is done with the execution."""
        assert self.running is not None
        self.rig.host.emit(status("idle", self.running), replied(self.running, state))
        self.running = None

    @precondition(lambda self: self.rig.host.is_alive)
    @rule()
    def host_dies(self) -> None:
        """The host ends, and the kernel with it."""
        self.rig.host.end()
        self.running = None
        self.rig.turn(30)

    @precondition(lambda self: self.is_live)
    @rule()
    def kernel_dies(self) -> None:
        """The kernel's process ends; the host tells, and drops what was asked."""
        open_ = [name for name in self.rig.host.executed() if name not in self.ended()]
        self.rig.host.tell(
            "kernel_died", start=self.rig.host.start, exit_status=1, signal=None, tail="", expected=False
        )
        for name in open_:
            self.rig.host.tell("request_dropped", msg_id=name, reason="kernel_died")
            self.said.setdefault(name, [])
        self.running = None
        self.rig.turn()

    # ---- what clients do

    @rule()
    def start(self) -> None:
        """Somebody starts an execution; it may be refused, and then it is not accepted."""
        name = f"e{self.names}"
        self.names += 1
        reply = self.rig.wait(self.rig.me.ask("execution.start", session=self.session, code=name, id=name))
        if "result" in reply:
            self.accepted[name] = name

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """Somebody repeats a call: nothing new happens."""
        name = data.draw(st.sampled_from(sorted(self.accepted)))
        self.rig.me.call("execution.start", session=self.session, code=name, id=name)

    @precondition(lambda self: not self.rig.host.is_alive or self.state() == "dead")
    @rule()
    def restart(self) -> None:
        """Somebody brings a dead kernel back."""
        self.rig.me.call("kernel.restart", session=self.session)
        self.rig.turn()
        self.said |= {name: [] for name in self.accepted if name not in self.said and name in self.ended()}
        if self.rig.host.commands and self.rig.host.commands[-1][0] == "restart":
            self.rig.host.tell("kernel_restarting", start=self.rig.host.start + 1, key="")
            self.rig.host.start += 1
            self.rig.host.commands.clear()
        self.rig.host.ready()
        self.rig.turn()

    # ---- what happens to lines and servers

    @rule()
    def joins(self) -> None:
        """Another reader, from the start."""
        if len(self.readers) < 4:
            self.readers.append(Reader(self.rig.client()))
            self.join(self.readers[-1])

    @rule(which=st.integers(0, 3))
    def line_is_cut(self, which: int) -> None:
        """A line is lost; the client comes back and goes on by its seq."""
        reader = self.readers[which % len(self.readers)]
        reader.take()
        reader.client.connection.leave()
        reader.client = self.rig.client()
        self.join(reader)

    @rule(which=st.integers(0, 3))
    def line_is_full(self, which: int) -> None:
        """A reader is slow, or goes on."""
        connection = self.readers[which % len(self.readers)].client.connection
        if connection.is_paused:
            connection.resume()
        else:
            connection.pause()

    @rule(turns=st.integers(0, 2))
    def server_dies(self, turns: int) -> None:
        """`kill -9` after some turns; the next server takes over."""
        self.rig.turn(turns)
        for reader in self.readers:
            reader.take()
        self.rig = self.rig.crashed()
        for reader in self.readers:
            reader.client = self.rig.client()
            self.join(reader)

    @rule(seconds=st.sampled_from([0.0, 0.1, 2.0]))
    def time_passes(self, seconds: float) -> None:
        """Nothing else happens."""
        self.rig.clock.advance(seconds)
        self.rig.turn()

    def join(self, reader: Reader) -> None:
        """A reader follows from its last seq."""
        reader.client.call("session.subscribe", session=self.session, since=reader.seqs[-1] if reader.seqs else 0)

    # ---- what must hold

    def ended(self) -> list[str]:
        """Executions that have ended, in the journal."""
        return [e["execution"] for e in self.rig.journal.events() if e["type"] == "execution_finished"]

    @invariant()
    def nothing_is_twice(self) -> None:
        """Events are dense, each execution was accepted, begun and ended at most once; readers saw each seq once."""
        events = self.rig.journal.events()
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        for kind in ("execution_queued", "execution_started", "execution_finished"):
            ids = [event["execution"] for event in events if event["type"] == kind]
            assert len(ids) == len(set(ids)), (kind, ids)
        for reader in self.readers:
            seen = reader.seqs + reader.client.seqs()
            assert seen == list(range(1, len(seen) + 1)), seen

    def teardown(self) -> None:
        """Everything is let end: then nothing is missing."""
        if self.rig.host.is_alive:
            self.rig.host.end()
        self.rig.turn(200)
        for reader in self.readers:
            reader.client.connection.resume()
        self.rig.turn(200)
        self.nothing_is_twice()
        events = self.rig.journal.events()
        assert set(self.ended()) == set(self.accepted), "an accepted execution has not ended"
        for name, said in self.said.items():
            text = "".join(
                e["output"]["text"] for e in events if e["type"] == "output_added" and e["execution"] == name
            )
            assert text == "".join(said), (name, text, said)
        for reader in self.readers:
            reader.take()
            assert len(reader.seqs) == len(events), "a reader has not got everything"


class Model(SynchronousTestCase):
    """The machine, run."""

    def test_c2_c3_c4_c6_whatever_happens_nothing_is_lost_and_nothing_is_twice(self) -> None:
        """60 random steps, again and again."""
        import hypothesis

        run_state_machine_as_test(
            World, settings=hypothesis.settings(examples(400 if IS_FULL else 40), stateful_step_count=STEPS)
        )
