"""What a session shows, on a screen: its outputs as a page shows them, event by event.

`Showing` folds the events of outputs, displays and widgets, and writes what comes of them to a `Screen`. A display that may change (it has a display
id, or is a view of a widget) is a live block there. After `clear_output` the place decides: a terminal takes the old outputs away; elsewhere what was
written stays, and what comes next is kept back for `PATIENCE_S`, so that a loop that draws and clears leaves its last picture and not all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs
import msgspec

from webipy.command.figures import Figures
from webipy.command.terminal import Screen, large_values, plain_text, text_of
from webipy.command.views import Views, view_of
from webipy.core.events import events

PATIENCE_S: Final = 2.0
"""How long outputs after a `clear_output` are kept back from a place that cannot be written over."""

MOST_KEPT: Final = 1000
"""Outputs that are kept back."""


OWN = (events.OutputAdded, events.OutputsCleared, events.WidgetOutputAdded)
"""Events that count for the execution that they are of."""

SHOWN = (
    *OWN,
    events.OutputUpdated,
    events.CommOpened,
    events.CommMessage,
    events.CommClosed,
    events.WidgetOutputsCleared,
)
"""Events that change what is shown."""


class _Update(msgspec.Struct):
    output_type: str
    data: dict[str, Any] = {}


@attrs.define(eq=False)
class Showing:
    """The outputs of a session on a screen.

    Args:
        screen: Where they go.
        figures: Where pictures are saved; `None` for nowhere.
        call_later: Calls a function after so many seconds; returns what can be cancelled.
    """

    screen: Screen
    figures: Figures | None = None
    call_later: Callable[..., Any] | None = None
    _views: Views = attrs.field(init=False)
    _displays: dict[str, str] = attrs.field(factory=dict)
    """Displays that were shown, with their owners."""
    _models: dict[str, str] = attrs.field(factory=dict)
    """Views that were shown: keys of live blocks, and their models."""
    _drawn: dict[str, str] = attrs.field(factory=dict)
    """What they were drawn as."""
    _clears: set[str] = attrs.field(factory=set)
    """Executions whose outputs are cleared by the next one."""
    _kept: list[events.OutputAdded | events.OutputUpdated] | None = None
    _timer: Any = None

    def __attrs_post_init__(self) -> None:
        self._views = Views(lambda raw: plain_text(raw, self._saved))

    def apply(self, event: events.AnyEvent) -> None:
        """Shows what an event changes."""
        match event:
            case events.OutputAdded():
                self._added(event)
            case events.OutputUpdated() if self._kept is not None:
                self._kept.append(event)
            case events.OutputUpdated():
                self._updated(event)
            case events.OutputsCleared() if event.wait:
                self._clears.add(event.execution)
            case events.OutputsCleared():
                self._cleared(event.execution)
            case events.WidgetOutputAdded() if not self._views.knows(event.comm):
                self._added(events.OutputAdded(execution=event.execution, output=event.output))
        if self._views.apply(event):
            self._draw_views()

    def knows(self, widget: str) -> bool:
        """Whether the widget was made since the follower began."""
        return self._views.knows(widget)

    def settle(self) -> None:
        """Keeps what is shown as it is: other text follows, or nothing more comes."""
        self._release()
        self.screen.settle()

    def _added(self, event: events.OutputAdded) -> None:
        owner = event.execution or ""
        if owner in self._clears:
            self._clears.discard(owner)
            self._cleared(owner)
        if self._kept is None:
            self._show(event)
            return
        self._kept.append(event)
        if len(self._kept) > MOST_KEPT:
            self._release()

    def _show(self, event: events.OutputAdded) -> None:
        owner, output = event.execution or "", msgspec.json.decode(event.output, type=_Update)
        if output.output_type in ("stream", "error"):
            self.screen.output(bytes(event.output), owner)
            return
        model = view_of(output.data)
        text = "\n".join(filter(None, [self._text(output.data), *large_values(bytes(event.output))]))
        if model is not None and self._views.text(model) is not None:
            key = f"view {len(self._models)}"
            self._models[key], self._drawn[key] = model, self._views.text(model) or ""
            self.screen.line("stdout", self._drawn[key], owner, key, is_shown=False)
        elif event.display_id is not None:
            self._displays[event.display_id] = owner
            self.screen.line("stdout", text, owner, f"display {event.display_id}")
        elif text:
            self.screen.line("stdout", text, owner)

    def _text(self, data: dict[str, Any]) -> str:
        return text_of(data, self._saved(data))

    def _saved(self, data: dict[str, Any]) -> list[str]:
        return self.figures.save(data) if self.figures is not None else []

    def _updated(self, event: events.OutputUpdated) -> None:
        if event.display_id in self._displays:
            self.screen.change(f"display {event.display_id}", self._text(msgspec.json.decode(event.data)))

    def _draw_views(self) -> None:
        for key, model in self._models.items():
            text = self._views.text(model) or ""
            if text != self._drawn[key]:
                self._drawn[key] = text
                self.screen.change(key, text)

    def _cleared(self, owner: str) -> None:
        if self.screen.can_clear:
            self.screen.clear(owner)
            return
        self.screen.clear(owner)
        self._stop_waiting()
        self._kept = []
        if self.call_later is not None:
            self._timer = self.call_later(PATIENCE_S, self._release)

    def _release(self) -> None:
        """Shows what was kept back."""
        self._stop_waiting()
        kept, self._kept = self._kept, None
        for event in kept or ():
            if isinstance(event, events.OutputAdded):
                self._show(event)
            else:
                self._updated(event)

    def _stop_waiting(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and timer.active():
            timer.cancel()
