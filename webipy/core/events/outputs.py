"""The outputs of executions, folded from events into nbformat 4.5 outputs.

One rule for each event, the same in the page (web/src/model); tests/vectors/outputs.json holds both to it:

    output_added     text of a stream that follows text of the same stream is joined to it; anything else is appended
    outputs_cleared  empties the list: now, or with `wait` just before the next output of the execution
    output_updated   replaces `data` and `metadata` of every output that was shown under that display id

An update costs the same however many outputs are shown under its id, and in how many folds: they share the last update (`Displays`), and
each applies it when it is read.

Carriage returns and other terminal control stay in the text that is joined, so that what comes later finds its place (a
terminal shows them by itself); `Fold.shown` carries them out, as the page and the file do.
"""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakValueDictionary

import attrs
import msgspec
from msgspec import Raw

from webipy.core.events.events import AnyEvent, Omitted, OutputAdded, OutputsCleared, OutputUpdated
from webipy.core.events.terminal_text import resolved


class Stream(msgspec.Struct, frozen=True, tag_field="output_type", tag="stream"):
    """Text that a program wrote to stdout or stderr."""

    name: str
    text: str


class _Kind(msgspec.Struct, frozen=True):
    output_type: str


class _Shown(msgspec.Struct, omit_defaults=True):
    output_type: str
    data: Raw
    metadata: Raw
    execution_count: int | None | msgspec.UnsetType = msgspec.UNSET


_decode_kind = msgspec.json.Decoder(_Kind).decode
_decode_stream = msgspec.json.Decoder(Stream).decode
_decode_shown = msgspec.json.Decoder(_Shown).decode
encode = msgspec.json.Encoder().encode


def stream(name: str, text: str) -> Raw:
    """The JSON of a stream output.

    Args:
        name: `stdout` or `stderr`.
        text: What was written, decoded.
    """
    return Raw(encode(Stream(name, text)))


def joined_stream(name: str, texts: Iterable[Raw]) -> Raw:
    """The JSON of a stream output whose text is that of some JSON strings one after the other; they are not decoded.

    Args:
        name: Name of the stream.
        texts: JSON strings, each with its quotes and valid by itself, so that what is between the quotes can be joined.
    """
    inner = [memoryview(text)[1:-1] for text in texts]
    return Raw(b"".join([b'{"output_type":"stream","name":', encode(name), b',"text":"', *inner, b'"}']))


_JOINED_PARTS = 512
"""So many parts of a text are joined: a part costs more than the few characters in it."""


class StreamText(msgspec.Struct, frozen=True):
    """The text of one stream output as it is now.

    Args:
        name: Name of the stream.
        head: What begins it, where something is left out.
        left_out: How many characters are left out after that.
        parts: What follows, in parts.
    """

    name: str
    head: str
    left_out: int
    parts: tuple[str, ...]


@attrs.define(slots=True)
class _Text:
    """Text of one stream: what begins it, what was left out (characters), and the parts of its end."""

    name: str
    parts: list[str]
    size: int
    head: str = ""
    left_out: int = 0
    display_id: str | None = None
    _joined: int = 0
    """So many of the first parts are joined ones."""

    def raw(self) -> Raw:
        return stream(self.name, self.head + "".join(self.parts))

    def captured(self) -> StreamText:
        return StreamText(self.name, self.head, self.left_out, tuple(self.parts))

    def shortened(self, limit: int) -> tuple[Raw, Omitted | None]:
        """The output with about `limit` characters of its end and a quarter of that of its start, if it has twice as many, and what is left out."""
        if self.size <= 2 * limit:
            return self.raw(), self.omitted()
        head = (self.head or _start(self.parts, limit // 4))[: limit // 4]
        tail = _end(self.parts, limit)
        left_out = self.left_out + len(self.head) + self.size - len(head) - len(tail)
        return stream(self.name, head + tail), Omitted(len(head), left_out)

    def shown(self) -> Raw:
        if not self.left_out:
            return stream(self.name, resolved(self.head + "".join(self.parts)))
        notice = f"\n[{self.left_out:,} characters are left out here; the journal of the session has them]\n"
        return stream(self.name, resolved(self.head) + notice + resolved("".join(self.parts)))

    def omitted(self) -> Omitted | None:
        return Omitted(len(self.head), self.left_out) if self.left_out else None

    def add(self, text: str, omitted: Omitted | None, limit: int | None) -> None:
        if omitted is not None:
            self.head = self.head or "".join(self.parts) + text[: omitted.at]
            self.left_out += omitted.characters
            self.parts, self._joined, self.size, text = [], 0, 0, text[omitted.at :]
        self.parts.append(text)
        if len(self.parts) > self._joined + _JOINED_PARTS:
            self.parts[self._joined :] = ["".join(self.parts[self._joined :])]
            self._joined += 1
        self.size += len(text)
        if limit is not None and self.size > 2 * limit:
            self._shorten(limit)

    def _shorten(self, limit: int) -> None:
        text = "".join(self.parts)
        if not self.head:
            self.head, text = text[: limit // 4], text[limit // 4 :]
        self.left_out += max(0, len(text) - limit)
        self.parts, self._joined = [text[-limit:]], 0
        self.size = len(self.parts[0])


def _start(parts: list[str], size: int) -> str:
    """The first characters of a text, at most so many."""
    found, length = list[str](), 0
    for part in parts:
        if length >= size:
            break
        found.append(part[: size - length])
        length += len(found[-1])
    return "".join(found)


def _end(parts: list[str], size: int) -> str:
    """The last characters of a text, at most so many."""
    found, length = list[str](), 0
    for part in reversed(parts):
        if length >= size:
            break
        found.append(part[-(size - length) :])
        length += len(found[-1])
    return "".join(reversed(found))


class _Display(msgspec.Struct, weakref=True):
    """The last update of one display id, the count of its updates, and the cells that have shown something under it."""

    updates: int = 0
    last: OutputUpdated | None = None
    cells: set[str] = msgspec.field(default_factory=set)


@attrs.define(slots=True)
class Displays:
    """The display ids that outputs of some folds are shown under; one goes when the last of its outputs is gone."""

    _known: WeakValueDictionary[str, _Display] = attrs.field(factory=WeakValueDictionary)

    def of(self, display_id: str) -> _Display:
        """The entry of a display id; it lives as long as somebody holds it."""
        found = self._known.get(display_id)
        if found is None:
            found = self._known[display_id] = _Display()
        return found

    def update(self, event: OutputUpdated) -> bool:
        """Replaces the content of every output that is shown under the id; returns whether there may be one."""
        found = self._known.get(event.display_id)
        if found is None:
            return False
        found.updates, found.last = found.updates + 1, event
        return True

    def cells(self, display_ids: Iterable[str]) -> set[str]:
        """The cells that may show something under one of the ids."""
        found = (self._known.get(display_id) for display_id in display_ids)
        return {cell for display in found if display is not None for cell in display.cells}


class _Rich(msgspec.Struct):
    output: Raw
    display_id: str | None
    display: _Display | None
    taken: int
    """Updates of the display that are in `output`, or came before it."""

    def raw(self) -> Raw:
        display = self.display
        if display is not None and display.updates > self.taken and display.last is not None:
            self.taken = display.updates
            shown = _decode_shown(self.output)
            shown.data, shown.metadata = display.last.data, display.last.metadata
            self.output = Raw(encode(shown))
        return self.output

    def shown(self) -> Raw:
        return self.raw()

    def captured(self) -> Raw:
        return self.raw()

    def shortened(self, limit: int) -> tuple[Raw, None]:
        return self.raw(), None

    def omitted(self) -> None:
        return None


@attrs.define(slots=True)
class Fold:
    """The outputs of one execution, grown event by event.

    Args:
        limit: When given, at least so many characters at the end of each stream output are kept, and a quarter of it at its start.
        known: The display ids of its outputs, and of those of other folds that are updated together with it.
    """

    limit: int | None = None
    known: Displays = attrs.field(factory=Displays)
    _items: list[_Text | _Rich] = attrs.field(factory=list)
    _clear_first: bool = False

    def outputs(self) -> list[Raw]:
        """The outputs now, each as nbformat 4.5 JSON, with the text as it was written."""
        return [item.raw() for item in self._items]

    def shown(self) -> list[Raw]:
        """The outputs as a page and a file show them: in text, what a terminal shows in the end. Long work for long text."""
        return [item.shown() for item in self._items]

    def captured(self) -> tuple[Raw | StreamText, ...]:
        """The outputs as they are now, with text in parts: cheap, and for other threads, since nothing changes them later."""
        return tuple(item.captured() for item in self._items)

    def displays(self) -> set[str]:
        """The display ids that something is shown under."""
        return {item.display_id for item in self._items if item.display_id is not None}

    def add(self, event: OutputAdded) -> None:
        """Joins or appends one output."""
        if self._clear_first:
            self._items.clear()
            self._clear_first = False
        if _decode_kind(event.output).output_type != "stream":
            display = self.known.of(event.display_id) if event.display_id is not None else None
            self._items.append(_Rich(event.output, event.display_id, display, display.updates if display else 0))
            return
        text = _decode_stream(event.output)
        last = self._items[-1] if self._items else None
        if not isinstance(last, _Text) or last.name != text.name:
            last = _Text(text.name, [], 0)
            self._items.append(last)
        last.add(text.text, event.omitted, self.limit)

    def as_events(
        self, execution: str, cell: str | None, limit: int | None = None
    ) -> list[OutputAdded | OutputsCleared]:
        """The fewest events that fold to the same.

        Args:
            execution: Execution that the events belong to.
            cell: Its cell.
            limit: Characters that are kept at the end of each stream output, and a quarter of it at its start; `None` for all that is here.

        Returns:
            Outputs in their order, without seq and time; last a clear that waits for the next output.
        """
        shown: list[OutputAdded | OutputsCleared] = []
        for item in self._items:
            output, omitted = (item.raw(), item.omitted()) if limit is None else item.shortened(limit)
            shown.append(
                OutputAdded(execution=execution, cell=cell, output=output, display_id=item.display_id, omitted=omitted)
            )
        if self._clear_first:
            shown.append(OutputsCleared(execution=execution, cell=cell, wait=True))
        return shown

    def clear(self, event: OutputsCleared) -> None:
        """Empties the list, or marks it to be emptied by the next output."""
        self._clear_first = event.wait
        if not event.wait:
            self._items.clear()

    def update(self, event: OutputUpdated) -> None:
        """Replaces the content of every output of that display id, here and in the folds that share `known`."""
        self.known.update(event)


@attrs.define(slots=True)
class TextRange:
    """Part of the text of one stream output of an execution, found event by event; nothing else of it is held.

    Args:
        execution: Its id.
        output: The place of the output, from 0.
        offset: The first character.
        limit: Most characters.
    """

    execution: str
    output: int
    offset: int
    limit: int
    size: int = 0
    """Characters of all of it."""
    _names: list[str | None] = attrs.field(factory=list)
    _parts: list[str] = attrs.field(factory=list)
    _clear_first: bool = False

    def apply(self, event: AnyEvent) -> None:
        """Applies the next event of the session."""
        if isinstance(event, OutputsCleared) and event.execution == self.execution:
            self._clear_first = event.wait
            if not event.wait:
                self._clear()
        elif isinstance(event, OutputAdded) and event.execution == self.execution:
            if self._clear_first:
                self._clear()
            self._add(event)

    @property
    def text(self) -> str | None:
        """The part; `None` when there is no such output, or it is no text."""
        is_text = self.output < len(self._names) and self._names[self.output] is not None
        return "".join(self._parts) if is_text else None

    def _clear(self) -> None:
        self._clear_first, self.size = False, 0
        self._names.clear()
        self._parts.clear()

    def _add(self, event: OutputAdded) -> None:
        if _decode_kind(event.output).output_type != "stream":
            self._names.append(None)
            return
        added = _decode_stream(event.output)
        if not self._names or self._names[-1] != added.name:
            self._names.append(added.name)
        if len(self._names) - 1 == self.output:
            start = max(0, self.offset - self.size)
            self._parts.append(added.text[start : max(start, self.offset + self.limit - self.size)])
            self.size += len(added.text)


def fold(events: Iterable[AnyEvent]) -> dict[str, list[Raw]]:
    """The outputs of every execution in `events`, by execution id."""
    folds: dict[str, Fold] = {}
    known = Displays()
    for event in events:
        if isinstance(event, OutputAdded) and event.execution is not None:
            folds.setdefault(event.execution, Fold(None, known)).add(event)
        elif isinstance(event, OutputsCleared):
            folds.setdefault(event.execution, Fold(None, known)).clear(event)
        elif isinstance(event, OutputUpdated):
            known.update(event)
    return {execution: one.outputs() for execution, one in folds.items()}
