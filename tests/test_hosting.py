"""The decisions of a kernel host: `webipy.core.kernel.host_decisions`."""

from __future__ import annotations

from collections import deque
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.kernel import host_decisions, wire
from webipy.core.kernel.host_decisions import (
    REMEMBERED_IDLES,
    Dropped,
    Effect,
    Give,
    LastWords,
    Outbox,
    Requests,
    Servers,
)
from webipy.core.kernel.spool_records import Kept


class ListSpool:
    """A spool in memory, with room for so many messages."""

    def __init__(self, room: int = 10**9) -> None:
        self.room = room
        self.kept: deque[Kept] = deque()

    def __len__(self) -> int:
        return len(self.kept)

    def write(self, kept: Kept) -> bool:
        if len(self.kept) >= self.room:
            return False
        self.kept.append(kept)
        return True

    def read(self) -> Kept:
        return self.kept.popleft()


def output(content: bytes = b"{}") -> wire.Message:
    """Make something a kernel publishes."""
    return wire.new_message("stream", content, msg_id="o", session="k")


def kernel_message(msg_type: str) -> wire.Message:
    """A message of a kernel without content."""
    return wire.new_message(msg_type, b"{}", msg_id=msg_type, session="k")


def request(msg_id: str, msg_type: str = "execute_request", **content: Any) -> wire.Message:
    """Make a request."""
    return wire.new_message(msg_type, msgspec.json.encode(content), msg_id=msg_id, session="s")


def numbers(taken: list[Kept]) -> list[int]:
    """Tell which messages are sent."""
    return [kept.number for kept in taken]


def gives(*messages: wire.Message, channel: str = "shell") -> list[Effect]:
    """Expect requests to reach the kernel."""
    return [Give(channel, message) for message in messages]


def replied(requests: Requests, msg_id: str, status: str = "ok", msg_type: str = "execute_reply") -> list[Effect]:
    """Let the kernel reply."""
    return requests.replied(msg_id, msg_type, msgspec.json.encode({"status": status}))


def opened() -> Requests:
    """Make the requests of a kernel that is ready."""
    requests = Requests()
    requests.open()
    return requests


class OutboxTests(SynchronousTestCase):
    """Numbers, keeping, the window."""

    def test_numbers_are_dense_from_one(self) -> None:
        """Each message gets the next number, whichever channel it is from."""
        outbox = Outbox(ListSpool())
        self.assertEqual([outbox.add(channel, output()) for channel in ("iopub", "shell", "host")], [1, 2, 3])
        self.assertEqual(numbers(outbox.take()), [1, 2, 3])
        self.assertEqual(outbox.take(), [])

    def test_what_is_not_acknowledged_is_sent_again(self) -> None:
        """A server that attaches gets everything after the number it has."""
        outbox = Outbox(ListSpool())
        for _ in range(5):
            outbox.add("iopub", output())
        outbox.take()
        outbox.acknowledge(2)
        outbox.rewind(3)
        self.assertEqual((outbox.acknowledged, numbers(outbox.take())), (3, [4, 5]))
        outbox.rewind(0)
        self.assertEqual(numbers(outbox.take()), [4, 5])

    def test_acknowledging_too_much_forgets_only_what_was_sent(self) -> None:
        """A number that was never sent cannot have arrived."""
        outbox = Outbox(ListSpool())
        outbox.add("iopub", output())
        outbox.acknowledge(99)
        self.assertFalse(outbox.is_empty)
        outbox.take()
        outbox.acknowledge(99)
        self.assertTrue(outbox.is_empty)
        self.assertEqual(outbox.add("iopub", output()), 2)

    def test_a_server_from_the_future_gets_the_next(self) -> None:
        """Attaching with a number that was never given begins with the next one."""
        outbox = Outbox(ListSpool())
        outbox.add("iopub", output())
        outbox.rewind(50)
        self.assertEqual(outbox.add("iopub", output()), 2)
        self.assertEqual(numbers(outbox.take()), [2])

    def test_what_is_followed_waits_for_what_follows(self) -> None:
        """`busy` alone is not urgent, an output is; what the window or a new server leaves to be sent is."""
        outbox = Outbox(ListSpool())
        outbox.add("iopub", kernel_message("status"))
        self.assertEqual((outbox.has_unsent, outbox.is_urgent), (True, False))
        outbox.add("iopub", output())
        self.assertTrue(outbox.is_urgent)
        outbox.take()
        self.assertEqual((outbox.has_unsent, outbox.is_urgent), (False, False))
        outbox.add("iopub", kernel_message("execute_result"))
        self.assertFalse(outbox.is_urgent)
        outbox.add("shell", kernel_message("execute_reply"))
        self.assertTrue(outbox.is_urgent)
        outbox.take()
        outbox.rewind(0)
        self.assertEqual((outbox.has_unsent, outbox.is_urgent), (True, True))
        for _ in range(host_decisions.WINDOW_MESSAGES):
            outbox.add("iopub", output())
        outbox.take()
        self.assertEqual((outbox.has_unsent, outbox.is_urgent), (True, True))

    def test_what_waits_too_long_waits_for_nothing_more(self) -> None:
        """The loop's alarm."""
        outbox = Outbox(ListSpool())
        outbox.add("iopub", kernel_message("execute_input"))
        outbox.hurry()
        self.assertTrue(outbox.is_urgent)

    def test_the_window_counts_messages(self) -> None:
        """No more than the window is on the way; each acknowledgement lets as many follow."""
        outbox = Outbox(ListSpool())
        for _ in range(host_decisions.WINDOW_MESSAGES + 10):
            outbox.add("iopub", output())
        self.assertEqual(len(outbox.take()), host_decisions.WINDOW_MESSAGES)
        self.assertEqual(outbox.take(), [])
        outbox.acknowledge(3)
        self.assertEqual(numbers(outbox.take()), [host_decisions.WINDOW_MESSAGES + n for n in (1, 2, 3)])

    def test_the_window_counts_bytes_and_lets_one_pass(self) -> None:
        """A message larger than the window goes alone."""
        outbox, large = Outbox(ListSpool()), output(b" " * (host_decisions.WINDOW_BYTES + 1))
        for _ in range(3):
            outbox.add("iopub", large)
        for number in (1, 2, 3):
            self.assertEqual(numbers(outbox.take()), [number])
            outbox.acknowledge(number)

    def test_memory_is_bounded_by_the_spool(self) -> None:
        """What memory has no room for goes to the spool, in order, and comes back in order."""
        spool = ListSpool()
        outbox = Outbox(spool)
        total = 3 * host_decisions.MEMORY_MESSAGES
        for _ in range(total):
            outbox.add("iopub", output())
        self.assertEqual(len(spool), total - host_decisions.MEMORY_MESSAGES)
        self.assertEqual(drained(outbox), list(range(1, total + 1)))

    def test_a_full_spool_is_told_and_loses_nothing(self) -> None:
        """Past the spool's room `is_full` holds until acknowledgements make room; what came anyway is kept."""
        outbox = Outbox(ListSpool(room=2))
        total = host_decisions.MEMORY_MESSAGES + 5
        for _ in range(total):
            outbox.add("iopub", output())
        self.assertTrue(outbox.is_full)
        self.assertEqual(drained(outbox), list(range(1, total + 1)))
        self.assertFalse(outbox.is_full)

    def test_a_spool_with_room_again_takes_the_overflow(self) -> None:
        """`settle` moves what waits for the spool."""
        spool = ListSpool(room=0)
        outbox = Outbox(spool)
        for _ in range(host_decisions.MEMORY_MESSAGES + 3):
            outbox.add("iopub", output())
        spool.room = 10
        outbox.settle()
        self.assertEqual((len(spool), outbox.is_full), (3, False))

    @examples(100)
    @given(
        st.lists(st.tuples(st.sampled_from("atkr"), st.integers(0, 40), st.integers(0, 3_000_000)), max_size=60),
        st.integers(0, 3),
    )
    def test_every_number_arrives_once_in_order(self, steps: list[tuple[str, int, int]], room: int) -> None:
        """Whatever the order of adding, sending, acknowledging and attaching again: no gap, no twin."""
        outbox, journal = Outbox(ListSpool(room)), list[int]()
        for step, count, size in steps:
            match step:
                case "a":
                    outbox.add("iopub", output(b" " * size))
                case "t":
                    journal += numbers(outbox.take())
                case "k":
                    outbox.acknowledge(count)
                case _:
                    outbox.rewind(max(outbox.acknowledged, len(journal) - count))
                    del journal[outbox.acknowledged :]
            self.assertEqual(journal, list(range(1, len(journal) + 1)))
        outbox.rewind(len(journal))
        self.assertEqual(journal + drained(outbox), list(range(1, outbox.next_number)))


def drained(outbox: Outbox) -> list[int]:
    """Send and acknowledge until nothing is left; return the numbers."""
    came: list[int] = []
    while taken := outbox.take():
        came += numbers(taken)
        outbox.acknowledge(came[-1])
    return came


class RequestsTests(SynchronousTestCase):
    """Once, in order, one execution at a time."""

    def test_requests_wait_for_the_kernel(self) -> None:
        """Before it is ready nothing is given; then everything, in order."""
        requests, run, other = Requests(), request("1"), request("2", "kernel_info_request")
        self.assertEqual([requests.receive("shell", run), requests.receive("control", other)], [[], []])
        self.assertFalse(requests.is_idle)
        self.assertEqual(requests.open(), [Give("shell", run), Give("control", other)])

    def test_executions_go_one_at_a_time(self) -> None:
        """The next one goes with the reply to the former; a reply to something else lets nothing go."""
        requests, runs = opened(), [request(str(n)) for n in range(3)]
        self.assertEqual([requests.receive("shell", run) for run in runs], [gives(runs[0]), [], []])
        self.assertEqual(replied(requests, "other"), [])
        self.assertEqual(replied(requests, "0", msg_type="input_reply"), [])
        self.assertEqual([replied(requests, str(n)) for n in range(3)], [gives(runs[1]), gives(runs[2]), []])
        self.assertTrue(requests.is_idle)

    def test_other_requests_overtake(self) -> None:
        """Completion, control and executions of subshells do not wait for the queue."""
        requests = opened()
        requests.receive("shell", request("1"))
        completion, debug = request("2", "complete_request"), request("3", "debug_request")
        self.assertEqual(requests.receive("shell", completion), gives(completion))
        self.assertEqual(requests.receive("control", debug), gives(debug, channel="control"))
        beside = msgspec.structs.replace(request("4"), header=wire.Header("4", "execute_request", subshell_id="a"))
        self.assertEqual(requests.receive("shell", beside), gives(beside))

    def test_a_repeated_id_has_no_effect(self) -> None:
        """Waiting, running, finished or cancelled: the same id never counts again."""
        requests = opened()
        requests.receive("shell", request("1"))
        requests.receive("shell", request("2"))
        requests.cancel(["2"])
        for _ in range(2):
            self.assertEqual([requests.receive("shell", request(one)) for one in "12"], [[], []])
        self.assertEqual(replied(requests, "1"), [])
        self.assertEqual(requests.receive("shell", request("1")), [])

    def test_old_ids_are_forgotten(self) -> None:
        """Memory for ids is bounded; the newest are kept."""
        requests = opened()
        for n in range(host_decisions.REMEMBERED_IDS + 1):
            requests.receive("stdin", request(str(n), "input_reply"))
        self.assertEqual(requests.receive("stdin", request("1", "input_reply")), [])
        self.assertEqual(len(requests.receive("stdin", request("0", "input_reply"))), 1)

    def test_an_error_drops_the_queue(self) -> None:
        """With `stop_on_error`, which is the default; not what comes later, and not what is no execution."""
        for status in ("error", "aborted", "abort"):
            requests = opened()
            for msg_id in "123":
                requests.receive("shell", request(msg_id))
            self.assertEqual(replied(requests, "1", status), [Dropped("2", "aborted"), Dropped("3", "aborted")])
            self.assertEqual(requests.receive("shell", request("4")), gives(request("4")))

    def test_an_error_that_stops_nothing(self) -> None:
        """`stop_on_error` false: the next one goes."""
        requests = opened()
        requests.receive("shell", request("1", stop_on_error=False))
        requests.receive("shell", request("2"))
        self.assertEqual(replied(requests, "1", "error"), gives(request("2")))

    def test_an_unreadable_reply_stops_nothing(self) -> None:
        """A reply that is no JSON still ends its run; a request that is no JSON has the default."""
        requests = opened()
        requests.receive("shell", msgspec.structs.replace(request("1"), content=b"\xff"))
        requests.receive("shell", request("2"))
        self.assertEqual(requests.replied("1", "execute_reply", b"{"), gives(request("2")))

    def test_cancelling(self) -> None:
        """What waits is dropped, before readiness too; what runs, is finished or unknown is not."""
        requests = Requests()
        for msg_id in "123":
            requests.receive("shell", request(msg_id))
        self.assertEqual(requests.cancel(["3"]), [Dropped("3", "cancelled")])
        requests.open()
        self.assertEqual(requests.cancel(["2"]), [Dropped("2", "cancelled")])
        self.assertEqual([requests.cancel([msg_id]) for msg_id in "123x"], [[], [], [], []])

    def test_the_end_of_the_kernel_drops_everything(self) -> None:
        """What runs, what was given without a reply, and what waits: each is told once."""
        requests = opened()
        requests.receive("shell", request("run"))
        requests.receive("shell", request("held"))
        for msg_id in ("asked", "answered"):
            requests.receive("shell", request(msg_id, "complete_request"))
        requests.receive("shell", request("comm", "comm_msg"))
        replied(requests, "answered", msg_type="complete_reply")
        ended = requests.close("kernel_died", is_dead=True)
        self.assertEqual(ended, [Dropped(msg_id, "kernel_died") for msg_id in ("run", "asked", "held")])
        self.assertEqual(requests.receive("shell", request("late")), [Dropped("late", "kernel_died")])
        self.assertEqual(requests.close("kernel_died", is_dead=True), [])

    def test_after_a_restart_requests_wait_again(self) -> None:
        """What comes before the next start is ready is given then."""
        requests = opened()
        requests.close("kernel_restarted", is_dead=False)
        self.assertEqual(requests.receive("shell", request("1")), [])
        self.assertEqual(requests.open(), gives(request("1")))

    @examples(100)
    @given(st.lists(st.tuples(st.sampled_from("rrrpexcomlm"), st.integers(0, 9)), max_size=80))
    def test_each_request_has_one_fate(self, steps: list[tuple[str, int]]) -> None:
        """Under any order of events: given at most once, dropped at most once, never two at a time, and something runs while anything waits."""
        requests, effects, running = Requests(), list[Effect](), list[str]()
        for step, n in steps:
            new = one_step(requests, step, str(n), running)
            if step in "pexlm":
                running.clear()
            for effect in new:
                if isinstance(effect, Give):
                    self.assertEqual(running, [], "one at a time")
                    running.append(effect.message.header.msg_id)
            effects += new
            self.assertEqual(bool(running), requests.running is not None)
            self.assertTrue(running or not requests.is_open or requests.is_idle, "what waits is given")
        given = [effect.message.header.msg_id for effect in effects if isinstance(effect, Give)]
        dropped = [effect.msg_id for effect in effects if isinstance(effect, Dropped)]
        self.assertEqual((len(given), len(dropped)), (len(set(given)), len(set(dropped))))


def one_step(requests: Requests, step: str, msg_id: str, running: list[str]) -> list[Effect]:
    """Let one thing happen: a request, a reply (ok, error, missed by an interrupt), none, the end of the kernel, a cancel, or readiness."""
    match step:
        case "r":
            metadata = msgspec.json.encode({"webipy": {"queue": "ab"[int(msg_id) % 2]}})
            return requests.receive("shell", msgspec.structs.replace(request(msg_id), metadata=metadata))
        case "m":
            return requests.replied(running[-1], "execute_reply", b"{}", is_missed=True) if running else []
        case "l":
            return requests.lose("unanswered") if running else []
        case "p" | "e":
            return replied(requests, running[-1], "ok" if step == "p" else "error") if running else []
        case "x":
            return requests.close("kernel_restarted", is_dead=False)
        case "c":
            return requests.cancel([msg_id])
        case _:
            return requests.open()


class ServersTests(SynchronousTestCase):
    """Fencing by generation."""

    def test_the_newest_generation_is_obeyed(self) -> None:
        """It replaces the older one, which is named so that it can be told."""
        servers = Servers()
        self.assertEqual(servers.attach(b"a", 3, b"k"), (True, None))
        self.assertEqual(servers.attach(b"b", 4, b"k"), (True, b"a"))
        self.assertEqual(servers.attach(b"a", 3, b"k"), (False, None))
        self.assertEqual((servers.current, servers.generation), (b"b", 4))

    def test_the_same_server_may_attach_again(self) -> None:
        """By the same connection nobody is replaced; by a new one the old connection is."""
        servers = Servers()
        servers.attach(b"a", 3, b"k")
        self.assertEqual(servers.attach(b"a", 3, b"k"), (True, None))
        self.assertEqual(servers.attach(b"b", 3, b"k2"), (True, b"a"))
        self.assertEqual(servers.key, b"k2")


class LastWordsTests(SynchronousTestCase):
    """One message ends an execution, and everything before it is its output."""

    def test_a_reply_waits_for_idle(self) -> None:
        """The kernel replies before it is done publishing; the reply is passed on after that."""
        words, reply = LastWords(), request("reply")
        self.assertEqual(words.replied("a", reply), [])
        self.assertEqual(words.idle("b"), [])
        self.assertEqual(words.idle("a"), [reply])
        self.assertEqual(words.idle("a"), [])

    def test_a_reply_after_idle_goes_at_once(self) -> None:
        """The two come over different sockets, in any order."""
        words, reply = LastWords(), request("reply")
        self.assertEqual(words.idle("a"), [])
        self.assertEqual(words.replied("a", reply), [reply])

    def test_what_is_kept_is_given_at_the_end(self) -> None:
        """A kernel that dies, or never says idle, keeps no reply back."""
        words, reply = LastWords(), request("reply")
        words.replied("a", reply)
        self.assertEqual(words.give_up(), [reply])
        self.assertEqual(words.give_up(), [])

    def test_old_idles_are_forgotten(self) -> None:
        """A kernel that says idle without ever replying costs no memory."""
        words = LastWords()
        for number in range(REMEMBERED_IDLES + 1):
            words.idle(str(number))
        reply = request("reply")
        self.assertEqual(words.replied("0", reply), [])
        self.assertEqual(words.replied("1", reply), [reply])
