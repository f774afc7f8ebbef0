"""webipy.core.events.events: the wire format of the product keeps what it promises."""

from __future__ import annotations

import json
from typing import Any, get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Raw, UnsetType
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import examples
from webipy.core.events import events
from webipy.core.events.events import AnyEvent

KINDS: tuple[Any, ...] = get_args(AnyEvent)


def of_kind(kind: Any) -> st.SearchStrategy[AnyEvent]:
    """Events of one kind with random fields."""
    fields = {field.name: value_of(field.type) for field in msgspec.structs.fields(kind)}
    built: st.SearchStrategy[AnyEvent] = st.builds(kind, **fields)
    return built


def value_of(kind: Any) -> st.SearchStrategy[Any]:
    """Random values of the type of a field."""
    if kind is Raw:
        return st.sampled_from([Raw(b"{}"), Raw(b'{"text/plain":["\\u00e9",1.5,null]}'), Raw(b"[]")])
    if kind == events.Changes:
        return st.lists(st.one_of(st.integers(0, 9), st.builds(lambda n, t: [n, t], st.integers(0, 9), text())))
    options = get_args(kind)
    if kind == dict[str, str]:
        return st.dictionaries(text(), text(), max_size=2)
    if kind is events.Omitted:
        return st.builds(events.Omitted, st.integers(0, 9), st.integers(0, 9))
    if kind == list[Raw]:
        return st.lists(value_of(Raw), max_size=2)
    if kind == list[str]:
        return st.lists(st.sampled_from(["", "AAEC"]), max_size=2)
    if options and all(isinstance(option, str) for option in options):
        return st.sampled_from(options)
    if options:
        return st.one_of(*(value_of(option) for option in options))
    return {
        str: text(),
        int: st.integers(0, 2**53),
        bool: st.booleans(),
        float: st.floats(0, 1e6),
        type(None): st.none(),
        UnsetType: st.just(UNSET),
    }[kind]


def text() -> st.SearchStrategy[str]:
    """Any text without lone surrogates."""
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


class WireFormat(SynchronousTestCase):
    """Encoding and decoding."""

    def test_every_event_comes_back_as_it_was(self) -> None:
        """For each kind: decode is the inverse of encode, and the bytes are strict JSON."""
        for kind in KINDS:

            @examples(20)
            @given(of_kind(kind))
            def holds(event: AnyEvent) -> None:
                body = events.encode(event)
                json.loads(body, parse_constant=self.fail)
                again = events.decode(body)
                self.assertEqual((again, events.encode(again)), (event, body))

            holds()

    def test_the_names_on_the_wire(self) -> None:
        """A name is never changed: this list only grows."""
        names = [kind.__struct_config__.tag for kind in KINDS]
        self.assertEqual(len(set(names)), len(names))
        self.assertLessEqual(
            {
                "session_created", "session_renamed", "session_closed",
                "kernel_started", "kernel_ready", "kernel_start_retried", "kernel_state_changed", "kernel_died",
                "execution_queued", "execution_started", "execution_finished",
                "output_added", "output_updated", "outputs_cleared", "output_lost",
                "input_requested", "input_replied",
                "comm_opened", "comm_message", "comm_closed", "message_received", "message_sent",
                "cell_inserted", "cell_deleted", "cell_moved", "cell_edited", "cell_type_set", "cell_outputs_cleared",
                "execution_moved", "cell_metadata_set", "cell_attachments_set", "cell_outputs_set", "notebook_metadata_set",
                "notebook_opened", "notebook_saved", "notebook_reloaded", "notebook_conflicted", "notebook_save_failed",
                "notebook_moved", "checkpoint_made", "widget_output_added", "widget_outputs_cleared", "session_reopened",
                "session_kept", "run_started", "run_stopped", "run_finished",
            },
            set(names),
        )  # fmt: skip

    def test_the_fields_on_the_wire(self) -> None:
        """A field is never renamed or re-typed: those that have no default are these, for good."""
        required = {
            kind.__struct_config__.tag: sorted(f.encode_name for f in msgspec.structs.fields(kind) if f.required)
            for kind in KINDS
        }
        self.assertEqual(
            required,
            {
                "session_created": ["session", "title"],
                "session_renamed": ["title"],
                "session_closed": [],
                "session_reopened": [],
                "session_kept": [],
                "run_started": ["executions", "run"],
                "run_stopped": ["cause", "run"],
                "run_finished": ["run", "status"],
                "kernel_started": ["display_name", "kernel", "kernelspec", "language", "url_without_key"],
                "kernel_ready": ["kernel", "language_info", "seconds", "start"],
                "kernel_start_retried": ["how", "kernel", "reason"],
                "kernel_state_changed": ["state"],
                "kernel_died": ["kernel", "reason"],
                "execution_queued": ["code", "execution"],
                "execution_started": ["execution"],
                "execution_finished": ["duration_s", "execution", "status"],
                "output_added": ["execution", "output"],
                "output_updated": ["data", "display_id", "metadata"],
                "outputs_cleared": ["execution"],
                "output_lost": ["reason"],
                "input_requested": ["prompt", "request"],
                "input_replied": ["request"],
                "comm_opened": ["comm", "content", "metadata", "target"],
                "comm_message": ["comm", "content", "metadata"],
                "comm_closed": ["comm", "content"],
                "widget_output_added": ["comm", "output"],
                "widget_outputs_cleared": ["comm"],
                "message_received": ["channel", "content", "metadata", "msg_type"],
                "message_sent": ["channel", "content", "msg_type"],
                "cell_inserted": ["after", "cell", "cell_type", "source"],
                "cell_deleted": ["cell"],
                "cell_moved": ["after", "cell"],
                "cell_edited": ["cell", "changes", "version"],
                "cell_type_set": ["cell", "cell_type"],
                "cell_outputs_cleared": ["cell"],
                "execution_moved": ["execution"],
                "cell_metadata_set": ["cell", "metadata"],
                "cell_attachments_set": ["cell"],
                "cell_outputs_set": ["cell", "outputs"],
                "notebook_metadata_set": ["metadata"],
                "notebook_opened": ["etag", "path"],
                "notebook_saved": ["etag", "path", "until"],
                "notebook_reloaded": ["etag", "path"],
                "notebook_conflicted": ["path", "reason"],
                "notebook_save_failed": ["path", "reason"],
                "notebook_moved": ["path"],
                "checkpoint_made": ["name"],
            },
        )

    def test_fields_that_this_version_does_not_know_are_ignored(self) -> None:
        """Events can grow."""
        self.assertEqual(
            events.decode(b'{"type":"cell_deleted","seq":3,"time":"t","by":"ada","cell":"c","why":{"a":1}}'),
            events.CellDeleted(seq=3, time="t", by="ada", cell="c"),
        )

    def test_an_event_of_a_type_that_only_a_newer_version_knows_is_passed_over(self) -> None:
        """Readers go on with the next one."""
        body = b'{"type":"cell_painted","seq":1,"cell":{"colour":"red"}}'
        self.assertIsNone(events.decode_known(body))
        self.assertRaises(msgspec.ValidationError, events.decode, body)

    def test_what_is_no_event_is_refused(self) -> None:
        """The failure is a DecodeError, whatever the bytes hold."""
        for body in (
            b"",
            b"{}",
            b"[]",
            b'{"type":5}',
            b'{"type":"cell_deleted"}',
            b'{"type":"cell_deleted","cell":5}',
        ):
            self.assertRaises(msgspec.DecodeError, events.decode, body)
            self.assertRaises(msgspec.DecodeError, events.decode_known, body)

    @given(st.data())
    @examples(100)
    def test_outputs_in_a_row_are_told_without_decoding(self, data: st.DataObject) -> None:
        """Two outputs of one execution tell the same, those of others something else, and other events nothing."""
        one, two = (data.draw(st.one_of(of_kind(events.OutputAdded), of_kind(events.ExecutionStarted))) for _ in "ab")
        told = [events.execution_of_output(events.encode(event)) for event in (one, two)]
        for event, execution in zip((one, two), told, strict=True):
            self.assertEqual(execution is None, not isinstance(event, events.OutputAdded))
        if isinstance(one, events.OutputAdded) and isinstance(two, events.OutputAdded):
            self.assertEqual(told[0] == told[1], one.execution == two.execution)

    def test_an_execution_of_any_name_is_told(self) -> None:
        """Even one that looks like the JSON around it."""
        names = ['","output":"', ',"execution":', '\\","output":', "e", None]
        told = {
            events.execution_of_output(events.encode(events.OutputAdded(seq=seq, execution=name, output=Raw(b"{}"))))
            for seq, name in enumerate(names)
        }
        self.assertEqual(len(told), len(names))

    def test_output_stays_the_bytes_that_came(self) -> None:
        """Values that only kernels and pages understand are never decoded and encoded again."""
        raw = b'{"output_type" : "display_data", "data":{"a":1.0e2,"a":"\\u00e9"}, "metadata":{}}'
        event = events.OutputAdded(seq=1, execution="e", output=Raw(raw))
        self.assertIn(raw, events.encode(event))
        decoded = events.decode(events.encode(event))
        assert isinstance(decoded, events.OutputAdded)
        self.assertEqual(bytes(decoded.output), raw)
