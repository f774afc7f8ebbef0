"""webipy.core.events.stream_coalescer: adjacent text of one stream is one event, and nothing else is changed."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.events import outputs, stream_coalescer
from webipy.core.events.events import AnyEvent, KernelStateChanged, OutputAdded, WidgetOutputAdded
from webipy.core.events.stream_coalescer import StreamCoalescer

BUSY = KernelStateChanged(state="busy")
WORDS = st.tuples(
    st.sampled_from(["e1", "e2", None]),
    st.sampled_from(["stdout", "stderr"]),
    st.sampled_from(["w", None]),
    st.sampled_from(["", "a", "\n", '"é"']),
)
Word = tuple[str | None, str, str | None, str]


def raw(text: str) -> Raw:
    """The JSON of a text."""
    return Raw(json.dumps(text, ensure_ascii=False).encode())


def written(word: Word) -> AnyEvent:
    """The event of some text for itself."""
    execution, name, comm, text = word
    output = outputs.stream(name, text)
    if comm is not None:
        return WidgetOutputAdded(comm=comm, output=output, execution=execution)
    return OutputAdded(execution=execution, cell="c", output=output)


def runs_of(words: list[Word | None]) -> list[AnyEvent]:
    """What is to come out: `None` is another event."""
    made: list[AnyEvent] = []
    last: Word | None = None
    for word in words:
        if word is not None and last is not None and word[:3] == last[:3]:
            word = (*word[:3], last[3] + word[3])
            made.pop()
        made.append(BUSY if word is None else written(word))
        last = word
    return made


class Coalescing(SynchronousTestCase):
    """`StreamCoalescer`."""

    def test_adjacent_text_of_one_stream_is_one_event(self) -> None:
        """For all sequences: of one execution, one stream and one widget, and across nothing else; the order stays."""

        @examples(200)
        @given(st.lists(st.one_of(st.none(), WORDS), max_size=12))
        def holds(words: list[Word | None]) -> None:
            new = StreamCoalescer()
            for word in words:
                if word is None:
                    new.add(BUSY)
                else:
                    new.add_text(word[0], "c", word[1], raw(word[3]), word[2])
            self.assertEqual(new.flush(), runs_of(words))
            self.assertEqual(new.flush(), [], "it is empty now")

        holds()

    def test_one_event_has_a_limit(self) -> None:
        """What is over it is the last that is joined; more starts the next event."""
        self.patch(stream_coalescer, "MAX_MERGED_BYTES", 8)
        new = StreamCoalescer()
        for text in ("1234", "56", "78", "90"):  # 6, 4, 4 and 4 bytes with their quotes
            new.add_text(None, None, "stdout", raw(text))
        made = [OutputAdded(execution=None, output=outputs.stream("stdout", text)) for text in ("123456", "7890")]
        self.assertEqual(new.flush(), made)
