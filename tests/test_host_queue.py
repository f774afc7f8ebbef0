"""The request queue of a kernel host."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.kernel import host_queue, wire
from webipy.core.kernel.host_queue import Dropped, Effect, Forward, HostQueue


def request(msg_id: str, msg_type: str = "execute_request", **content: Any) -> wire.Message:
    """Make a request."""
    return wire.new_message(msg_type, msgspec.json.encode(content), msg_id=msg_id, session="s")


def gives(*messages: wire.Message, channel: str = "shell") -> list[Effect]:
    """Expect requests to reach the kernel."""
    return [Forward(channel, message) for message in messages]


def replied(requests: HostQueue, msg_id: str, status: str = "ok", msg_type: str = "execute_reply") -> list[Effect]:
    """Let the kernel reply."""
    return requests.replied(msg_id, msg_type, msgspec.json.encode({"status": status}))


def opened() -> HostQueue:
    """Make the requests of a kernel that is ready."""
    requests = HostQueue()
    requests.open()
    return requests


class RequestsTests(SynchronousTestCase):
    """Once, in order, one execution at a time."""

    def test_requests_wait_for_the_kernel(self) -> None:
        """Before it is ready nothing is given; then everything, in order."""
        requests, run, other = HostQueue(), request("1"), request("2", "kernel_info_request")
        self.assertEqual([requests.receive("shell", run), requests.receive("control", other)], [[], []])
        self.assertFalse(requests.is_idle)
        self.assertEqual(requests.open(), [Forward("shell", run), Forward("control", other)])

    def test_executions_go_one_at_a_time(self) -> None:
        """The next one goes with the reply to the former; a reply to something else lets nothing go."""
        requests, runs = opened(), [request(str(n)) for n in range(3)]
        self.assertEqual([requests.receive("shell", run) for run in runs], [gives(runs[0]), [], []])
        self.assertEqual(replied(requests, "other"), [])
        self.assertEqual(replied(requests, "0", msg_type="input_reply"), [])
        self.assertTrue(requests.has_waiting)
        self.assertEqual([replied(requests, str(n)) for n in range(2)], [gives(runs[1]), gives(runs[2])])
        self.assertFalse(requests.has_waiting)
        self.assertEqual(replied(requests, "2"), [])
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
        for n in range(host_queue.REMEMBERED_IDS + 1):
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
        unreadable = msgspec.structs.replace(request("3"), content=b"\xff")
        requests.receive("shell", unreadable)
        requests.receive("shell", request("4"))
        self.assertEqual(replied(requests, "2"), gives(unreadable))
        self.assertEqual(replied(requests, "3", "error"), [Dropped("4", "aborted")])

    def test_unreadable_metadata_are_of_no_run(self) -> None:
        """The request waits like any other, and an interrupt that came too late for the one before ends it like any other."""
        requests = opened()
        requests.receive("shell", request("1"))
        requests.receive("shell", msgspec.structs.replace(request("2"), metadata=b"\xff"))
        (forward,) = requests.replied("1", "execute_reply", b"{}", is_missed=True)
        assert isinstance(forward, Forward)
        self.assertTrue(host_queue.is_interrupted(forward.message))

    def test_cancelling(self) -> None:
        """What waits is dropped, before readiness too; what runs, is finished or unknown is not."""
        requests = HostQueue()
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
        requests, effects, running = HostQueue(), list[Effect](), list[str]()
        for step, n in steps:
            new = one_step(requests, step, str(n), running)
            if step in "pexlm":
                running.clear()
            for effect in new:
                if isinstance(effect, Forward):
                    self.assertEqual(running, [], "one at a time")
                    running.append(effect.message.header.msg_id)
            effects += new
            self.assertEqual(bool(running), requests.running is not None)
            self.assertTrue(running or not requests.is_open or requests.is_idle, "what waits is given")
        given = [effect.message.header.msg_id for effect in effects if isinstance(effect, Forward)]
        dropped = [effect.msg_id for effect in effects if isinstance(effect, Dropped)]
        self.assertEqual((len(given), len(dropped)), (len(set(given)), len(set(dropped))))


def one_step(requests: HostQueue, step: str, msg_id: str, running: list[str]) -> list[Effect]:
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
