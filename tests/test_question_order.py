"""The order between a kernel's questions and what it published before them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from webipy.core.kernel import wire
from webipy.core.kernel.question_order import Questions


def question(request: str, number: int = 1) -> wire.Message:
    """A question of a request."""
    parent = wire.Header(msg_id=request, msg_type="execute_request")
    return wire.new_message("input_request", b"{}", msg_id=f"{request}-{number}", session="s", parent=parent)


class OrderOfQuestions(SynchronousTestCase):
    """A question comes after what was published before it."""

    def test_a_question_waits_for_its_marker(self) -> None:
        """It came first, on the other socket."""
        questions = Questions()
        self.assertEqual(questions.asked(question("a")), [])
        self.assertTrue(questions.are_held)
        self.assertEqual(questions.marked("a"), [question("a")])
        self.assertFalse(questions.are_held)

    def test_a_question_whose_marker_was_here_goes_at_once(self) -> None:
        """Each marker is for one question."""
        questions = Questions()
        self.assertEqual(questions.marked("a"), [])
        self.assertEqual(questions.asked(question("a", 1)), [question("a", 1)])
        self.assertEqual(questions.asked(question("a", 2)), [])
        self.assertEqual(questions.marked("a"), [question("a", 2)])

    def test_markers_of_another_request_are_not_its_own(self) -> None:
        """A marker whose question never came (the code was interrupted in between) lets no other question pass."""
        questions = Questions()
        self.assertEqual((questions.marked("a"), questions.marked("b")), ([], []))
        self.assertEqual(questions.asked(question("b", 1)), [question("b", 1)])
        self.assertEqual(questions.asked(question("b", 2)), [])
        self.assertEqual(questions.marked("a"), [])

    def test_markers_are_counted(self) -> None:
        """Two that were here let two questions go, and no third."""
        questions = Questions()
        self.assertEqual((questions.marked("a"), questions.marked("a")), ([], []))
        self.assertEqual([len(questions.asked(question("a", number))) for number in (1, 2, 3)], [1, 1, 0])

    def test_markers_of_a_request_that_has_ended_count_no_more(self) -> None:
        """Giving up on another one leaves them."""
        for given_up, passes in (("a", 0), (None, 0), ("b", 1)):
            questions = Questions()
            questions.marked("a")
            self.assertEqual(questions.give_up(given_up), [])
            self.assertEqual(len(questions.asked(question("a"))), passes, given_up)

    def test_what_is_held_can_be_given_up(self) -> None:
        """Of one request, which has ended, or of all."""
        questions = Questions()
        for request in ("a", "b", "c"):
            self.assertEqual(questions.asked(question(request)), [])
        self.assertEqual(questions.give_up("b"), [question("b")])
        self.assertEqual(questions.give_up(), [question("a"), question("c")])
        self.assertEqual(questions.give_up(), [])

    def test_a_question_of_no_request_waits_too(self) -> None:
        """A kernel may claim no parent."""
        questions, asked = Questions(), wire.new_message("input_request", b"{}", msg_id="q", session="s")
        self.assertEqual(questions.asked(asked), [])
        self.assertEqual(questions.give_up(), [asked])
