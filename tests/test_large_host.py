"""What a host makes of large messages, by webipy.core.kernel.large_messages: pieces, or an execution that fails."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.kernel import large_messages, wire
from webipy.core.kernel.json_pieces import size_text
from webipy.core.kernel.large_messages import MAX_FAILED, Large
from webipy.core.kernel.wire import Message
from webipy.host.endpoint import Author


def of(request: str, msg_type: str, **content: object) -> Message:
    """A message that the kernel sends because of a request."""
    parent = wire.Header(request, "execute_request")
    return wire.new_message(msg_type, json.dumps(content).encode(), msg_id="m1", session="k", parent=parent)


class TooLarge(SynchronousTestCase):
    """What cannot be kept is told, and its execution fails."""

    def setUp(self) -> None:
        self.patch(large_messages, "INLINE_BYTES", 2_000)
        self.patch(large_messages, "LINK_BYTES", 3_000)
        self.patch(large_messages, "MAX_OUTPUT_BYTES", 3_000)
        self.patch(large_messages, "MAX_ANSWER_BYTES", 3_000)
        self.large = Large(Author().lost)

    def pieces(self, channel: str, message: Message) -> list[tuple[str, str]]:
        """Channel and type of what comes out."""
        return [(place, piece.header.msg_type) for place, piece in self.large.taken_apart(channel, message)]

    def test_what_is_small_passes(self) -> None:
        """As it is."""
        message = of("r", "display_data", data={})
        self.assertEqual(list(self.large.taken_apart("iopub", message)), [("iopub", message)])

    def test_an_output_over_the_limit_fails_its_execution(self) -> None:
        """An error with its size stands in its place, and the reply of that execution, and of no other, says error."""
        ((place, shown),) = self.large.taken_apart("iopub", of("r", "display_data", data={"a": "x" * 4_000}))
        told = json.loads(shown.content)
        self.assertEqual((place, shown.header.msg_type, told["ename"]), ("iopub", "error", large_messages.TOO_LARGE))
        self.assertEqual(shown.parent, wire.Header("r", "execute_request"))
        other, reply = of("s", "execute_reply", status="ok"), of("r", "execute_reply", status="ok", execution_count=1)
        self.assertIs(self.large.judged(other), other)
        judged = json.loads(self.large.judged(reply).content)
        self.assertEqual((judged["status"], judged["evalue"]), ("error", told["evalue"]))
        self.assertIs(self.large.judged(reply), reply)

    def test_a_message_of_a_widget_says_what_it_is(self) -> None:
        """And what can be done: it cannot be taken apart."""
        (piece,) = self.large.taken_apart("iopub", of("r", "comm_msg", comm_id="c", data={"value": "x" * 4_000}))
        reason = json.loads(piece[1].content)["evalue"]
        self.assertIn("A message of a widget (comm_msg) of 4", reason)
        self.assertIn(f"one may have {size_text(3_000)} at most", reason)
        self.assertIn("show it as an output", reason)
        reply = of("r", "execute_reply", status="ok", execution_count=1)
        self.assertEqual(json.loads(self.large.judged(reply).content)["evalue"], reason)

    def test_what_cannot_be_taken_apart_has_the_limit_of_the_link(self) -> None:
        """An output of no known shape is passed on whole up to there; over it, its execution fails."""
        self.patch(large_messages, "MAX_OUTPUT_BYTES", 8_000)
        update = of("r", "comm_msg", comm_id="c", data={"value": "x" * 2_500})
        self.assertEqual(list(self.large.taken_apart("iopub", update)), [("iopub", update)])
        odd = of("r", "display_data", data=["x" * 2_500])
        self.assertEqual(list(self.large.taken_apart("iopub", odd)), [("iopub", odd)])
        ((_, shown),) = self.large.taken_apart("iopub", of("r", "display_data", data=["x" * 4_000]))
        reason = json.loads(shown.content)["evalue"]
        self.assertIn(f"(display_data) was not kept: one output may have {size_text(3_000)} at most.", reason)

    def test_large_metadata_are_no_value_that_could_become_a_blob(self) -> None:
        """The display goes on as it is."""
        odd = of("r", "display_data", data={"text/plain": "x" * 100}, metadata={"a": "x" * 2_500})
        self.assertEqual(list(self.large.taken_apart("iopub", odd)), [("iopub", odd)])

    def test_the_code_of_an_execution_does_not_come_back(self) -> None:
        """The server that sent it has it; the count stays."""
        ((place, begun),) = self.large.taken_apart(
            "iopub", of("r", "execute_input", code="x" * 2_500, execution_count=7)
        )
        self.assertEqual((place, json.loads(begun.content)), ("iopub", {"code": "", "execution_count": 7}))

    def test_a_reply_that_cannot_be_read_stays_as_it_is(self) -> None:
        """The server says what is wrong with it."""
        list(self.large.taken_apart("iopub", of("r", "display_data", data={"a": "x" * 4_000})))
        parent = wire.Header("r", "execute_request")
        broken = wire.new_message("execute_reply", b"nonsense", msg_id="m1", session="k", parent=parent)
        self.assertIs(self.large.judged(broken), broken)

    def test_without_a_request_the_loss_is_told(self) -> None:
        """There is no execution that could fail."""
        message = Message(wire.Header("m", "display_data"), content=b'{"data":"%b"}' % (b"x" * 4_000))
        self.assertEqual(self.pieces("iopub", message), [("host", "output_lost")])

    def test_what_is_remembered_is_bounded(self) -> None:
        """A kernel may never reply."""
        for number in range(MAX_FAILED + 1):
            list(self.large.taken_apart("iopub", of(f"r{number}", "display_data", data={"a": "x" * 4_000})))
        first, last = of("r0", "execute_reply", status="ok"), of(f"r{MAX_FAILED}", "execute_reply", status="ok")
        self.assertIs(self.large.judged(first), first)
        self.assertIsNot(self.large.judged(last), last)

    def test_replies_and_requests(self) -> None:
        """Each is cut in its way, and comes."""
        reply = of("r", "execute_reply", status="ok", payload=["x" * 4_000])
        self.assertEqual(self.pieces("shell", reply), [("host", "output_lost"), ("shell", "execute_reply")])
        self.assertEqual(self.pieces("shell", of("r", "inspect_reply", data="x" * 2_500)), [("shell", "inspect_reply")])
        ((_, answer),) = self.large.taken_apart("shell", of("r", "inspect_reply", data="x" * 4_000))
        self.assertEqual(json.loads(answer.content)["ename"], "AnswerTooLarge")
        asked = of("r", "input_request", prompt="x" * 40_000, password=False)
        self.assertEqual(self.pieces("stdin", asked), [("iopub", "stream"), ("stdin", "input_request")])

    def test_what_is_large_in_a_question_may_be_no_prompt(self) -> None:
        """It is asked all the same: with its prompt, or with none where it cannot be read."""
        for question, asked in (
            (
                of("r", "input_request", prompt="? ", password=True, more="x" * 2_500),
                {"prompt": "? ", "password": True},
            ),
            (of("r", "input_request", prompt=7, more="x" * 2_500), {"prompt": "", "password": False}),
            (of("r", "input_request", password="x" * 2_500), {"prompt": "", "password": False}),
        ):
            ((place, request),) = self.large.taken_apart("stdin", question)
            self.assertEqual((place, json.loads(request.content)), ("stdin", asked))
