"""What is known of the execution that the kernel has, and when it is over though no reply came."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.kernel import wire
from webipy.core.kernel.request_progress import NO_END, NO_REPLY, NOT_BEGUN, Progress

REQUEST = wire.new_message("execute_request", b"{}", msg_id="r", session="s")


def begun(*, tells_begin: bool = True) -> Progress:
    """One that the kernel has begun with."""
    progress = Progress(REQUEST, tells_begin=tells_begin)
    progress.published("status", "busy", b"{}")
    return progress


def reply(metadata: bytes) -> wire.Message:
    """The reply to it."""
    return wire.new_message("execute_reply", b"{}", msg_id="a", session="s", metadata=metadata)


def answered(progress: Progress) -> None:
    """Let the kernel answer what was asked behind it."""
    progress.asked("q")
    assert not progress.answered("q", "answer") and progress.answered("q", "idle")


class Fates(SynchronousTestCase):
    """When the kernel has answered what was asked behind it."""

    def test_a_question_is_answered_when_both_channels_have_told(self) -> None:
        """In any order; what belongs to an older question does not count."""
        progress = begun()
        self.assertEqual(progress.msg_id, REQUEST.header.msg_id)
        self.assertFalse(progress.answered("", "idle"))
        progress.asked("old")
        progress.asked("q")
        self.assertTrue(progress.is_asked)
        self.assertEqual([progress.answered("old", what) for what in ("answer", "idle")], [False, False])
        self.assertEqual([progress.answered("q", what) for what in ("idle", "idle", "answer")], [False, False, True])
        self.assertEqual((progress.is_asked, progress.answered("q", "answer")), (False, False))

    def test_what_runs_runs(self) -> None:
        """It began and said no end: some kernels answer while they run code, and there is no reason to ask."""
        progress = begun()
        self.assertFalse(progress.is_doubtful)
        answered(progress)
        self.assertIsNone(progress.fate())

    def test_idle_without_a_reply_is_over(self) -> None:
        """With the error that was shown, if there was one; an interrupt explains it, too."""
        progress = begun()
        progress.published("status", "idle", b"{}")
        self.assertTrue(progress.is_doubtful)
        self.assertEqual(
            (progress.fate(), progress.reply()["ename"], progress.reply()["evalue"]), ("over", "NoReply", NO_REPLY)
        )
        progress.interrupt(may_carry=False)
        self.assertEqual((progress.reply()["ename"], progress.reply()["evalue"]), ("KeyboardInterrupt", NO_REPLY))
        progress.published("error", "", b'{"ename": "Odd", "evalue": "odd", "traceback": 5}')
        self.assertEqual((progress.reply()["ename"], progress.reply()["evalue"]), ("Odd", "odd"))
        progress.published("error", "", b"\xff")
        self.assertEqual(progress.reply()["ename"], "")

    def test_nothing_at_all_was_never_begun(self) -> None:
        """The reply says so if it was interrupted."""
        progress = Progress(REQUEST, tells_begin=True)
        self.assertEqual((progress.is_doubtful, progress.fate()), (True, "never begun"))
        self.assertFalse(progress.interrupt(may_carry=True))
        self.assertEqual(progress.reply()["evalue"], NOT_BEGUN)

    def test_what_was_interrupted_and_says_no_end_is_over(self) -> None:
        """The kernel does something else by now."""
        progress = begun()
        self.assertTrue(progress.interrupt(may_carry=True))
        self.assertEqual((progress.is_doubtful, progress.fate(), progress.reply()["evalue"]), (True, "over", NO_END))


class Interrupts(SynchronousTestCase):
    """An interrupt is for what the kernel runs."""

    def test_it_waits_for_the_begin(self) -> None:
        """`busy`, where the kernel has the boot file; else what it publishes first, for it is not ready at `busy`."""
        for tells_begin in (True, False):
            progress = Progress(REQUEST, tells_begin=tells_begin)
            self.assertFalse(progress.interrupt(may_carry=True))
            self.assertEqual(progress.published("status", "busy", b"{}"), tells_begin)
            self.assertEqual(progress.published("execute_input", "", b"{}"), not tells_begin)
            self.assertFalse(progress.published("stream", "", b"{}"))
            self.assertTrue(progress.interrupt(may_carry=True))

    def test_one_that_came_too_late_is_carried_on(self) -> None:
        """As the reply tells; where it tells nothing it is believed to have struck; one that was for this one alone is not carried."""
        missed, struck = reply(b'{"webipy": {"interrupted": false}}'), reply(b'{"webipy": {"interrupted": true}}')
        progress = begun()
        self.assertFalse(progress.is_missed(missed))
        progress.interrupt(may_carry=False)
        self.assertFalse(progress.is_missed(missed))
        progress.interrupt(may_carry=True)
        told = [progress.is_missed(one) for one in (missed, struck, reply(b"{}"), reply(b"[]"), reply(b"\xff"))]
        self.assertEqual(told, [True, False, False, False, False])
        carried = Progress(REQUEST, tells_begin=True, is_interrupted=True)
        self.assertTrue(carried.is_missed(missed))
        waiting = Progress(REQUEST, tells_begin=True)
        waiting.interrupt(may_carry=True)
        self.assertTrue(waiting.is_missed(struck))

    @examples(100)
    @given(st.lists(st.sampled_from("bioexnaq"), max_size=30))
    def test_each_ends_whatever_comes(self, steps: str) -> None:
        """After any row of messages, an interrupt and an answer end it, and the interrupt is sent once for each time it was asked."""
        progress, asked, sent = Progress(REQUEST, tells_begin=True), 0, 0
        for step in steps:
            match step:
                case "b" | "i":
                    sent += progress.published("status", {"b": "busy", "i": "idle"}[step], b"{}")
                case "o" | "e":
                    sent += progress.published({"o": "stream", "e": "error"}[step], "", b"{}")
                case "x":
                    asked += 1
                    sent += progress.interrupt(may_carry=True)
                case "n":
                    progress.asked("q")
                case _:
                    progress.answered("q", {"a": "answer", "q": "idle"}[step])
            self.assertLessEqual(sent, asked)
        progress.interrupt(may_carry=True)
        answered(progress)
        self.assertIsNotNone(progress.fate())
        self.assertEqual(progress.reply()["status"], "error")
