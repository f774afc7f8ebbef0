"""Widgets as text: what a terminal shows in place of a view.

Folds the comm events of a session as far as text needs them. Boxes show their children, progress bars a bar, Output widgets what they captured
(`webipy.core.kernel.output_capture` decides what that is), other known controls their description and value; a widget that is not known
here has no text, and the
plain text of its display is shown.

Source: ipywidgets 8 (`@jupyter-widgets/controls` 2.0, models and their traits).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.events.outputs import Displays, Fold
from webipy.core.kernel.output_capture import TARGET, outputs_of, refill, widget_message

VIEW: Final = "application/vnd.jupyter.widget-view+json"

BAR: Final = 24
"""Columns of a progress bar."""

DEEPEST: Final = 20
"""Boxes within boxes that are shown."""

KEPT_CHARACTERS: Final = 100_000
"""Text of an Output widget that is kept, at its start and its end."""

_TAG: Final = re.compile(r"<[^<>]*>")
_REFERENCE: Final = "IPY_MODEL_"


class _Model(msgspec.Struct, eq=False):
    """The state of one widget."""

    state: dict[str, Any]
    outputs: Fold

    def get(self, name: str) -> Any:
        return self.state.get(name)


def view_of(data: dict[str, Any]) -> str | None:
    """The model that a display shows a view of."""
    view = data.get(VIEW)
    model = view.get("model_id") if isinstance(view, dict) else None
    return model if isinstance(model, str) else None


class Views:
    """The widgets of a session.

    Args:
        shown: Gives the text of one output (nbformat 4.5 JSON).
    """

    def __init__(self, shown: Callable[[bytes], str]) -> None:
        self._shown = shown
        self._models: dict[str, _Model] = {}
        self._displays = Displays()

    def apply(self, event: AnyEvent) -> bool:
        """Folds an event; returns whether it changes a known widget."""
        match event:
            case events.CommOpened(target=target) if target == TARGET:
                self._models[event.comm] = self._model({})
                self._update(event.comm, event.content)
            case events.CommMessage() if event.comm in self._models:
                return self._update(event.comm, event.content)
            case events.CommClosed() if event.comm in self._models:
                self._models[event.comm] = self._model({"_model_name": "closed"})
            case events.WidgetOutputAdded() if event.comm in self._models:
                added = events.OutputAdded(execution=None, output=event.output, display_id=event.display_id)
                self._models[event.comm].outputs.add(added)
            case events.WidgetOutputsCleared() if event.comm in self._models:
                self._models[event.comm].outputs.clear(events.OutputsCleared(execution="", wait=event.wait))
            case events.OutputUpdated():
                self._displays.update(event)
            case _:
                return False
        return True

    def _model(self, state: dict[str, Any]) -> _Model:
        return _Model(state, Fold(KEPT_CHARACTERS, self._displays))

    def knows(self, model: str) -> bool:
        """Whether the widget was made since the follower began."""
        return model in self._models

    def _update(self, comm: str, content: msgspec.Raw) -> bool:
        message, model = widget_message(content), self._models[comm]
        if message.method == "custom":
            return False
        for name, raw in message.state.items():
            if name == "outputs":
                refill(model.outputs, outputs_of(raw))
            else:
                model.state[name] = msgspec.json.decode(raw)
        return bool(message.state)

    def text(self, model: str) -> str | None:
        """The text of a view of a widget; `None` for an unknown one."""
        return self._text(model, 0, is_alone=True)

    def _text(self, name: str, depth: int, *, is_alone: bool) -> str | None:
        model = self._models.get(name.removeprefix(_REFERENCE))
        if model is None or depth > DEEPEST:
            return None
        if self._is_hidden(model):
            return ""
        kind = str(model.get("_model_name") or "").removesuffix("Model")
        if kind == "Output":
            return "\n".join(filter(None, map(self._shown, map(bytes, model.outputs.shown()))))
        if kind in _BOXES:
            children = model.get("children")
            names = [child for child in children if isinstance(child, str)] if isinstance(children, list) else []
            texts = [self._text(child, depth + 1, is_alone=len(names) == 1) for child in names]
            known = [text for text in texts if text]
            is_row = kind == "HBox" and not any("\n" in text for text in known)
            return (" " if is_row else "\n").join(known)
        return _control(kind, model, is_alone)

    def _is_hidden(self, model: _Model) -> bool:
        layout = model.get("layout")
        looks = self._models.get(layout.removeprefix(_REFERENCE)) if isinstance(layout, str) else None
        return looks is not None and (looks.get("display") == "none" or looks.get("visibility") == "hidden")


_BOXES: Final = ("HBox", "VBox", "Box", "GridBox", "Accordion", "Tab", "Stack")
_TEXTS: Final = ("HTML", "HTMLMath", "Label", "Text", "Textarea", "Combobox", "Valid")
_NUMBERS: Final = (
    "IntSlider",
    "FloatSlider",
    "FloatLogSlider",
    "IntText",
    "FloatText",
    "BoundedIntText",
    "BoundedFloatText",
)
_CHOICES: Final = ("Dropdown", "Select", "RadioButtons", "ToggleButtons", "SelectionSlider")


def _control(kind: str, model: _Model, is_alone: bool) -> str | None:
    """One control, behind its description; `None` for an unknown one."""
    value = model.get("value")
    described = _plain(model.get("description"))
    head = f"{described} " if described else ""
    if kind == "closed":
        return ""
    if kind in ("IntProgress", "FloatProgress"):
        return head + _bar(model, is_alone)
    if kind in _TEXTS:
        return head + _plain(value) if kind.startswith("HTML") else f"{head}{'' if value is None else value}"
    if kind in _NUMBERS:
        return f"{head}{value:g}" if isinstance(value, float) else f"{head}{value}"
    if kind in ("Checkbox", "ToggleButton"):
        return f"[{'x' if value else ' '}] {described}"
    if kind == "Button":
        return f"[{described}]"
    if kind in _CHOICES:
        labels, index = model.get("_options_labels"), model.get("index")
        is_chosen = isinstance(labels, list) and isinstance(index, int) and 0 <= index < len(labels)
        return f"{head}{labels[index]}" if is_chosen else head.strip()
    return None


def _plain(value: object) -> str:
    """The text of a piece of HTML, on one line."""
    return " ".join(html.unescape(_TAG.sub("", value)).split()) if isinstance(value, str) else ""


def _bar(model: _Model, is_alone: bool) -> str:
    numbers = [model.get("value"), model.get("min") or 0, model.get("max")]
    if not all(isinstance(number, int | float) for number in numbers) or numbers[2] <= numbers[1]:
        return ""
    value, least, most = numbers
    part = min(1.0, max(0.0, (value - least) / (most - least)))
    bar = "█" * int(part * BAR) + " " * (BAR - int(part * BAR))
    return f"|{bar}|" + (f" {part:.0%}" if is_alone else "")
