"""webipy.core.events.outputs: the vectors that the page's fold runs too, and what holds for all sequences."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.events import events, outputs
from webipy.core.events.events import AnyEvent, OutputAdded, OutputsCleared, OutputUpdated

VECTORS = Path(__file__).parent / "vectors"


def vectors(name: str) -> list[dict[str, Any]]:
    """The cases of one file."""
    cases: list[dict[str, Any]] = json.loads((VECTORS / name).read_text("utf-8"))
    return cases


def known_events(case: dict[str, Any]) -> list[AnyEvent]:
    """The events of a case as structs; those of a type that this version does not know are passed over, as every reader does."""
    decoded = (events.decode_known(json.dumps(event).encode()) for event in case["events"])
    return [event for event in decoded if event is not None]


def text(execution: str, letters: str, name: str = "stdout") -> OutputAdded:
    """Text of a stream."""
    return OutputAdded(execution=execution, output=outputs.stream(name, letters))


def folded(*given_events: AnyEvent) -> dict[str, list[Any]]:
    """The fold as plain values."""
    return {e: [json.loads(bytes(raw)) for raw in raws] for e, raws in outputs.fold(given_events).items()}


def apply(fold: outputs.Fold, event: AnyEvent) -> None:
    """Applies an event of one execution."""
    match event:
        case OutputAdded():
            fold.add(event)
        case OutputsCleared():
            fold.clear(event)
        case OutputUpdated():
            fold.update(event)
        case _:
            raise AssertionError(event)


class Vectors(SynchronousTestCase):
    """tests/vectors/outputs.json."""

    def test_the_fold_gives_what_the_vectors_say(self) -> None:
        """Each case: events in, nbformat outputs by execution out."""
        for case in vectors("outputs.json"):
            self.assertEqual(folded(*known_events(case)), case["outputs"], case["name"])

    def test_there_are_enough_cases_with_names_of_their_own(self) -> None:
        """The page reports a case by its name."""
        for file in ("outputs.json", "cells.json"):
            names = [case["name"] for case in vectors(file)]
            self.assertEqual(len(set(names)), len(names))
            self.assertGreaterEqual(len(names), 12)

    def test_seqs_of_the_vectors_are_dense(self) -> None:
        """A vector is a journal."""
        for case in [*vectors("outputs.json"), *vectors("cells.json")]:
            seqs = [event["seq"] for event in case["events"]]
            self.assertEqual(seqs, list(range(1, len(seqs) + 1)), case["name"])

    def test_expected_outputs_are_nbformat(self) -> None:
        """What the fold gives can be saved in a notebook."""
        import nbformat

        for case in vectors("outputs.json"):
            for shown in case["outputs"].values():
                cell = {
                    "cell_type": "code",
                    "id": "c",
                    "metadata": {},
                    "source": "",
                    "execution_count": None,
                    "outputs": shown,
                }
                nbformat.validate({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})


DISPLAYS = st.sampled_from(["d1", "d2", None])


def shown(execution: str, number: int, display_id: str | None) -> OutputAdded:
    """A display."""
    output = {"output_type": "display_data", "data": {"text/plain": str(number)}, "metadata": {}}
    return OutputAdded(execution=execution, output=Raw(msgspec.json.encode(output)), display_id=display_id)


ANY_EVENT: st.SearchStrategy[AnyEvent] = st.one_of(
    st.builds(
        text, st.sampled_from("ab"), st.text("xy\r\n🧪", min_size=1, max_size=4), st.sampled_from(["stdout", "stderr"])
    ),
    st.builds(shown, st.sampled_from("ab"), st.integers(0, 9), DISPLAYS),
    st.builds(lambda e, w: OutputsCleared(execution=e, wait=w), st.sampled_from("ab"), st.booleans()),
    st.builds(
        lambda d: OutputUpdated(display_id=d, data=Raw(b'{"text/plain":"new"}'), metadata=Raw(b"{}")),
        st.sampled_from(["d1", "d2"]),
    ),
)


class AllSequences(SynchronousTestCase):
    """What holds for every sequence of events."""

    def test_how_text_was_cut_does_not_show(self) -> None:
        """One event with all the text, or one for each character: the same outputs."""

        @examples(100)
        @given(st.lists(ANY_EVENT, max_size=20))
        def holds(given_events: list[AnyEvent]) -> None:
            cut: list[AnyEvent] = []
            for event in given_events:
                raw = json.loads(bytes(event.output)) if isinstance(event, OutputAdded) else {}
                if isinstance(event, OutputAdded) and raw["output_type"] == "stream":
                    assert event.execution is not None
                    cut += [text(event.execution, letter, raw["name"]) for letter in raw["text"]]
                else:
                    cut.append(event)
            self.assertEqual(folded(*cut), folded(*given_events))

        holds()

    def test_no_two_adjacent_texts_are_of_one_stream(self) -> None:
        """Adjacent text is joined."""

        @examples(100)
        @given(st.lists(ANY_EVENT, max_size=30))
        def holds(given_events: list[AnyEvent]) -> None:
            for raws in folded(*given_events).values():
                names = [(raw["output_type"], raw.get("name")) for raw in raws]
                self.assertFalse(any(a == b and a[0] == "stream" for a, b in pairwise(names)))

        holds()

    def test_executions_do_not_touch_each_other_but_by_display_ids(self) -> None:
        """The fold of all is the folds of each, with every update."""

        @examples(100)
        @given(st.lists(ANY_EVENT, max_size=30))
        def holds(given_events: list[AnyEvent]) -> None:
            whole = folded(*given_events)
            for execution in whole:
                own = [e for e in given_events if getattr(e, "execution", execution) == execution]
                self.assertEqual(folded(*own)[execution], whole[execution])

        holds()

    def test_the_fewest_events_fold_to_the_same(self) -> None:
        """For all sequences, with a clear that still waits, and whatever is left out of long texts."""

        @examples(100)
        @given(st.lists(ANY_EVENT, max_size=20), st.lists(ANY_EVENT, max_size=4), st.sampled_from([None, 4]))
        def holds(before: list[AnyEvent], after: list[AnyEvent], limit: int | None) -> None:
            fold = outputs.Fold(limit)
            for event in before:
                apply(fold, event)
            again = outputs.Fold(limit)
            shortest = fold.as_events("a", "c")
            self.assertLessEqual(len(shortest), len(before))
            for one in shortest:
                apply(again, one)
            for event in after:
                apply(fold, event)
                apply(again, event)
            self.assertEqual(list(map(bytes, again.shown())), list(map(bytes, fold.shown())))
            self.assertEqual(again.displays(), fold.displays())

        holds()

    def test_what_is_left_out_of_a_text_is_counted(self) -> None:
        """For all texts, shortened in any steps: the start and the end are those of the whole, and every character is there or counted."""

        @examples(100)
        @given(st.lists(st.tuples(st.text("ab🧪", max_size=12), st.booleans()), max_size=8), st.integers(1, 12))
        def holds(steps: list[tuple[str, bool]], limit: int) -> None:
            fold, whole = outputs.Fold(), ""
            for letters, is_shortened in steps:
                fold.add(text("a", letters))
                whole += letters
                if is_shortened:
                    shortest, fold = fold.as_events("a", None, limit), outputs.Fold()
                    for event in shortest:
                        apply(fold, event)
            for event in fold.as_events("a", None, limit):
                assert isinstance(event, OutputAdded)
                kept = json.loads(bytes(event.output))["text"]
                at, missing = (event.omitted.at, event.omitted.characters) if event.omitted else (len(kept), 0)
                self.assertEqual(len(kept) + missing, len(whole))
                self.assertEqual(kept, whole[:at] + whole[len(whole) - len(kept) + at :])
                self.assertLessEqual(len(kept), 3 * limit)

        holds()

    def test_a_long_text_keeps_a_quarter_as_much_of_its_start_as_of_its_end(self) -> None:
        """In whatever parts it came; one that is not twice as long as its end stays whole."""
        for parts in (["a" * 50 + "b" * 50], ["a"] * 50 + ["b"] * 50):
            fold = outputs.Fold()
            for part in parts:
                fold.add(text("e", part))
            (event,) = fold.as_events("e", None, 8)
            wanted = OutputAdded(
                execution="e", output=outputs.stream("stdout", "aabbbbbbbb"), omitted=events.Omitted(2, 90)
            )
            self.assertEqual(msgspec.json.encode(event), msgspec.json.encode(wanted))
            fold.add(shown("e", 1, "d"))
            self.assertEqual(len(fold.as_events("e", None, 8)), 2, "a display stays whole")
            event, _ = fold.as_events("e", None, 50)
            self.assertEqual(msgspec.json.encode(event), msgspec.json.encode(text("e", "a" * 50 + "b" * 50)))

    def test_what_was_captured_stays(self) -> None:
        """Whatever comes after it: another thread may read it."""
        fold = outputs.Fold()
        fold.add(text("a", "x"))
        fold.add(shown("a", 1, "d"))
        captured = fold.captured()
        fold.add(text("a", "y"))
        fold.update(OutputUpdated(display_id="d", data=Raw(b"{}"), metadata=Raw(b"{}")))
        self.assertEqual(captured[0], outputs.StreamText("stdout", "", 0, ("x",)))
        assert isinstance(captured[1], Raw)
        self.assertEqual(bytes(captured[1]), bytes(shown("a", 1, None).output))

    def test_cells_that_show_a_display(self) -> None:
        """By its id; an unknown id is shown nowhere."""
        known = outputs.Displays()
        display = known.of("d")
        display.cells |= {"a", "b"}
        self.assertEqual((known.cells(["d", "e"]), known.cells(["e"])), ({"a", "b"}, set()))

    def test_joined_texts_are_one_output(self) -> None:
        """Without being decoded."""
        texts = [Raw(b'"a\\n"'), Raw(b'""'), Raw('"é"'.encode())]
        joined = outputs.joined_stream("stderr", texts)
        self.assertEqual(json.loads(bytes(joined)), {"output_type": "stream", "name": "stderr", "text": "a\né"})

    def test_text_is_cut_when_it_is_handed_out(self) -> None:
        """Its start and its end are there, and what is missing is counted; also of a fold that keeps no more than a part itself."""

        @examples(200)
        @given(
            st.lists(st.text("abc\n", min_size=1, max_size=30), max_size=40),
            st.integers(4, 40),
            st.sampled_from([None, 50]),
        )
        def holds(parts: list[str], limit: int, kept: int | None) -> None:
            fold = outputs.Fold(kept)
            for part in parts:
                fold.add(text("e", part))
            whole = "".join(parts)
            for event in fold.as_events("e", None, limit):
                assert isinstance(event, OutputAdded)
                shown = msgspec.json.decode(event.output, type=outputs.Stream).text
                if event.omitted is None:
                    self.assertEqual(shown, whole)
                    continue
                at, left_out = event.omitted.at, event.omitted.characters
                self.assertEqual((shown[:at], shown[at:]), (whole[:at], whole[at + left_out :]))
                self.assertEqual(len(shown) + left_out, len(whole))
                self.assertGreaterEqual(len(shown) - at, min(limit, kept or limit))

        holds()

    def test_many_small_parts_are_joined(self) -> None:
        """They cost what is in them; what was captured before stays as it was."""
        fold = outputs.Fold()
        for _ in range(2000):
            fold.add(text("e", "x"))
        (captured,) = fold.captured()
        assert isinstance(captured, outputs.StreamText)
        self.assertLess(len(captured.parts), 600)
        fold.add(text("e", "y"))
        self.assertEqual("".join(captured.parts), "x" * 2000)
        self.assertEqual(folded(*fold.as_events("e", None))["e"][0]["text"], "x" * 2000 + "y")

    def test_folding_costs_no_more_per_event_the_more_there_are(self) -> None:
        """100,000 prints are joined once, not once for each print."""
        many = [text("e", "x\n") for _ in range(100_000)]
        ((output,),) = folded(*many).values()
        self.assertEqual(len(output["text"]), 200_000)


class Ranges(SynchronousTestCase):
    """Part of a text, without all of it."""

    def test_any_part_of_any_text_is_found(self) -> None:
        """As in the text of the fold; another output, and what was cleared, counts for nothing."""
        told: list[events.AnyEvent] = [
            events.OutputAdded(execution="e", output=outputs.stream("stdout", "gone")),
            events.OutputsCleared(execution="e"),
            events.OutputAdded(execution="e", output=outputs.stream("stdout", "gone, too")),
            events.OutputsCleared(execution="e", wait=True),
            events.OutputAdded(execution="e", output=outputs.stream("stdout", "abc")),
            events.OutputAdded(execution="other", output=outputs.stream("stdout", "xyz")),
            events.OutputAdded(execution="e", output=outputs.stream("stdout", "defgh")),
            events.OutputAdded(execution="e", output=Raw(b'{"output_type":"display_data","data":{},"metadata":{}}')),
            events.OutputAdded(execution="e", output=outputs.stream("stderr", "ij")),
        ]
        for output, whole in ((0, "abcdefgh"), (1, None), (2, "ij"), (3, None)):
            for offset in range(10):
                for limit in (1, 3, 20):
                    found = outputs.TextRange("e", output, offset, limit)
                    for event in told:
                        found.apply(event)
                    self.assertEqual(found.text, None if whole is None else whole[offset : offset + limit])
                    self.assertEqual(found.size, len(whole or ""))

    def test_what_is_left_out_of_a_text_is_said_in_it(self) -> None:
        """Its start and its end are there."""
        fold = outputs.Fold(100)
        for number in range(100):
            fold.add(events.OutputAdded(execution="e", output=outputs.stream("stdout", f"line {number}\n")))
        (shown,) = fold.shown()
        text = msgspec.json.decode(shown)["text"]
        self.assertTrue(text.startswith("line 0\n") and text.endswith("line 99\n"), text)
        self.assertRegex(text, r"\[\d+ characters are left out here; the journal of the session has them\]")
