"""The comms of a session, folded for snapshots: the fewest events that bring a reader to the same state.

Widgets (comms of the target `jupyter.widget`) have a state, and every value of a key but the last is history. A
slider that was dragged for an hour, or a plot that sent its picture a thousand times, is one `comm_opened` here, as if it
had been opened with the state that it came to:

    kernel: comm_opened, update, echo_update      the state, key by key, with its binary parts
    client: update                                stands in `pending` until the kernel echoes it, or has nothing more to do
    kernel or client: custom                      passes: it is for who is there
    widget_output_added, widget_outputs_cleared   the outputs in an Output widget

The page folds by the same rules (web/src/outputs/widgets/comms.ts). Comms of other targets have no known state: of those the last
messages are kept.

In a `comm_opened` of a snapshot `echoes` in its content says that the kernel has echoed before.

Invariants: a comm is events with their own seqs, so a reader knows which kernel it was of; widgets of kernels that
have ended are kept (they can still be shown), up to a number.
"""

from __future__ import annotations

from typing import ClassVar

import attrs
import msgspec
from msgspec import Raw

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.events.outputs import Displays, Fold, Stream, stream
from webipy.core.kernel import jupyter_messages
from webipy.core.kernel.output_capture import TARGET, WidgetMessage, outputs_of, refill, widget_message

LAST_OF_COMM = 1000
"""Messages of a comm of another target that are kept."""

LAST_ENDED = 1000
"""Widgets of kernels that have ended that are kept."""

_OF_WIDGETS = (
    events.CommOpened,
    events.CommMessage,
    events.CommClosed,
    events.WidgetOutputAdded,
    events.WidgetOutputsCleared,
    events.OutputUpdated,
)

_ENDS = ("restarting", "dead")


class _Part(msgspec.Struct, frozen=True):
    """The value of one key, and its binary parts: where they are in it, and what as base64."""

    value: Raw | None
    buffers: tuple[tuple[tuple[str | int, ...], str], ...] = ()


_Parts = dict[str, _Part]


class _Pending(msgspec.Struct):
    """A message of a client, and how often the kernel was idle since: the first time may have been before it received this."""

    event: events.CommMessage
    parts: _Parts
    idles: int = 0


def parts_of(message: WidgetMessage, buffers: list[str]) -> _Parts:
    """Splits a message into its keys.

    Args:
        message: The message.
        buffers: Its binary parts as base64, in the order of `buffer_paths`.
    """
    parts = {key: _Part(value) for key, value in message.state.items()}
    for path, buffer in zip(message.buffer_paths, buffers, strict=False):
        if path:
            key = str(path[0])
            known = parts.get(key, _Part(None))
            parts[key] = _Part(known.value, (*known.buffers, (tuple(path[1:]), buffer)))
    return parts


def _says(parts: _Parts, others: _Parts) -> bool:
    """Whether all of `others` is in `parts`: the same JSON, however it is written."""
    return all(key in parts and _is_same(parts[key], other) for key, other in others.items())


def _is_same(one: _Part, other: _Part) -> bool:
    if one.buffers != other.buffers or one.value is None or other.value is None:
        return one == other
    return bytes(one.value) == bytes(other.value) or msgspec.json.decode(one.value) == msgspec.json.decode(other.value)


@attrs.define(slots=True)
class _Widget:
    """A widget as its events have made it."""

    opened: events.CommOpened
    limit: int | None
    displays: Displays
    state: _Parts = attrs.field(factory=dict)
    pending: list[_Pending] = attrs.field(factory=list)
    echoes: bool = False
    outputs: Fold = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.outputs = Fold(self.limit, self.displays)
        message = widget_message(self.opened.content)
        self.echoes = message.echoes
        self.confirm(parts_of(message, self.opened.buffers))

    def confirm(self, parts: _Parts) -> None:
        """Sets values that the kernel holds."""
        self.state.update(parts)
        if "outputs" in parts:
            refill(self.outputs, outputs_of(parts["outputs"].value or Raw(b"[]")))

    def settle(self, end: int) -> None:
        """Confirms the first messages that wait: the kernel received them."""
        for one in self.pending[:end]:
            self.confirm(one.parts)
        del self.pending[:end]

    def idle(self) -> None:
        """Counts an `idle` of the kernel. A kernel that does not echo has received what waits; one that echoes gets a second `idle` to echo."""
        for one in self.pending:
            one.idles += 1
        waits = (at for at, one in enumerate(self.pending) if self.echoes and one.idles < 2)
        self.settle(next(waits, len(self.pending)))

    def apply(self, event: events.CommMessage) -> None:
        """Applies a message on its comm."""
        message = widget_message(event.content)
        parts = parts_of(message, event.buffers)
        if event.by is not None:
            if message.method == "update":
                self.pending.append(_Pending(event, parts))
        elif message.method == "echo_update":
            self.echoes = True
            confirmed = next((at for at, one in enumerate(self.pending) if _says(one.parts, parts)), -1)
            self.settle(confirmed + 1)
            self.confirm(parts)
        elif message.method == "update":
            if not self.echoes:  # the last to speak is right
                for one in self.pending:
                    one.parts = {key: part for key, part in one.parts.items() if key not in parts}
            self.confirm(parts)

    def as_events(self, limit: int | None) -> list[AnyEvent]:
        """Its events: opened with the state that it has now; `limit` as in `Fold.as_events`."""
        state: dict[str, Raw] = {}
        paths: list[list[str | int]] = []
        buffers: list[str] = []
        confirmed = {key: part for one in self.pending if one.idles for key, part in one.parts.items()}
        for key, part in {**self.state, **confirmed}.items():
            if part.value is not None:
                state[key] = Raw(b"[]") if key == "outputs" else part.value
            for path, buffer in part.buffers:
                paths.append([key, *path])
                buffers.append(buffer)
        data: dict[str, object] = {"state": state, "buffer_paths": paths}
        if self.echoes:
            data["echoes"] = True
        content = Raw(jupyter_messages.encode(data))
        shortest: list[AnyEvent] = [msgspec.structs.replace(self.opened, content=content, buffers=buffers)]
        shortest += [_widget_output(self.opened, event) for event in self.outputs.as_events("", None, limit)]
        return shortest + [_message(one.event, one.parts) for one in self.pending if not one.idles]


def _widget_output(opened: events.CommOpened, event: events.OutputAdded | events.OutputsCleared) -> AnyEvent:
    """An event of a fold as one of the widget that holds it."""
    if isinstance(event, events.OutputsCleared):
        return events.WidgetOutputsCleared(seq=opened.seq, time=opened.time, comm=opened.comm, wait=event.wait)
    output = event.output
    if event.omitted is not None:
        text = jupyter_messages.decode(output, Stream)
        place, count = event.omitted.at, event.omitted.characters
        output = stream(text.name, f"{text.text[:place]}\n[{count} characters are left out here]\n{text.text[place:]}")
    return events.WidgetOutputAdded(
        seq=opened.seq, time=opened.time, comm=opened.comm, output=output, display_id=event.display_id
    )


def _message(event: events.CommMessage, parts: _Parts) -> events.CommMessage:
    """A message that waits, with what of it still counts."""
    message = widget_message(event.content)
    if parts.keys() == parts_of(message, event.buffers).keys():
        return event
    state = {key: part.value for key, part in parts.items() if part.value is not None}
    paths = [[key, *path] for key, part in parts.items() for path, _ in part.buffers]
    buffers = [buffer for part in parts.values() for _, buffer in part.buffers]
    content = jupyter_messages.encode({"method": "update", "state": state, "buffer_paths": paths})
    return msgspec.structs.replace(event, content=Raw(content), buffers=buffers)


@attrs.define(slots=True)
class Comms:
    """The open comms of a session.

    Args:
        limit: How much text of a stream in an Output widget is kept; `None` for all of it.
    """

    EVENTS: ClassVar[tuple[type, ...]] = (
        events.CommOpened,
        events.CommMessage,
        events.CommClosed,
        events.WidgetOutputAdded,
        events.WidgetOutputsCleared,
        events.OutputUpdated,
        events.KernelStarted,
        events.KernelReady,
        events.KernelDied,
        events.KernelStateChanged,
    )

    limit: int | None = None
    changed: int = 0
    """Seq of the last event that changed a widget."""
    moved: int = 0
    """Seq of the last message by which a client changed one."""
    _displays: Displays = attrs.field(factory=Displays)
    _widgets: dict[str, _Widget] = attrs.field(factory=dict)
    _ended: dict[str, _Widget] = attrs.field(factory=dict)
    _others: dict[str, list[AnyEvent]] = attrs.field(factory=dict)

    def apply(self, event: AnyEvent) -> None:
        """Applies the next event of the session, if it concerns comms."""
        if isinstance(event, _OF_WIDGETS):
            self.changed = event.seq
        match event:
            case events.KernelStateChanged():
                self._state_changed(event.state)
            case events.CommOpened():
                self._opened(event)
            case events.CommMessage():
                self._message(event)
            case events.CommClosed():
                self._widgets.pop(event.comm, None)
                self._ended.pop(event.comm, None)
                self._others.pop(event.comm, None)
            case events.WidgetOutputAdded() | events.WidgetOutputsCleared():
                self._captured(event)
            case events.OutputUpdated():
                self._displays.update(event)
            case events.KernelStarted() | events.KernelReady() | events.KernelDied():
                self._end()
            case _:
                pass

    def as_events(self, limit: int | None = None) -> list[AnyEvent]:
        """The fewest events that fold to the same; `limit` as in `Fold.as_events`."""
        shortest: list[AnyEvent] = []
        for widget in (*self._ended.values(), *self._widgets.values()):
            shortest += widget.as_events(limit)
        return shortest + [event for comm in self._others.values() for event in comm]

    def _state_changed(self, state: str) -> None:
        if state == "idle":
            for widget in self._widgets.values():
                if widget.pending:
                    widget.idle()
        elif state in _ENDS:
            self._end()

    def _opened(self, event: events.CommOpened) -> None:
        if event.target == TARGET:
            self._ended.pop(event.comm, None)
            self._widgets[event.comm] = _Widget(event, self.limit, self._displays)
        else:
            self._others[event.comm] = [event]

    def _message(self, event: events.CommMessage) -> None:
        widget = self._widgets.get(event.comm) or self._ended.get(event.comm)
        if widget is not None:
            widget.apply(event)
            if event.by is not None:
                self.moved = event.seq
        elif event.comm in self._others:
            kept = self._others[event.comm]
            kept.append(event)
            if len(kept) > LAST_OF_COMM:
                del kept[1]

    def _captured(self, event: events.WidgetOutputAdded | events.WidgetOutputsCleared) -> None:
        widget = self._widgets.get(event.comm) or self._ended.get(event.comm)
        if widget is None:
            return
        if isinstance(event, events.WidgetOutputAdded):
            widget.outputs.add(events.OutputAdded(execution=None, output=event.output, display_id=event.display_id))
        else:
            widget.outputs.clear(events.OutputsCleared(execution="", wait=event.wait))

    def _end(self) -> None:
        """The kernel has ended, and its comms with it."""
        for widget in self._widgets.values():
            widget.settle(len(widget.pending))
        self._ended.update(self._widgets)
        self._widgets.clear()
        self._others.clear()
        while len(self._ended) > LAST_ENDED:
            del self._ended[next(iter(self._ended))]
