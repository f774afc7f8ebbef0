"""The state of widgets as notebooks hold it, so that programs without a kernel show them: `metadata.widgets` of a notebook.

    {"application/vnd.jupyter.widget-state+json": {"version_major": 2, "version_minor": 0, "state": {MODEL: {...}}}}

Only what the outputs of the notebook show is in it, and what that refers to.

Source: the embedding schema of ipywidgets 8 ("widget-state" 2.0); nbclient writes the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Raw

from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.core.kernel import jupyter_messages
from webipy.core.kernel.output_capture import TARGET, widget_message

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = b"application/vnd.jupyter.widget-view+json"

MAX_BYTES = 32 * 1024 * 1024
"""State that is larger is left out: a notebook that holds it could hardly be opened."""

_REFERENCES = re.compile(rb'IPY_MODEL_([\w-]+)|"model_id":\s*"([\w-]+)"')


class Model(msgspec.Struct, omit_defaults=True):
    """A widget."""

    model_name: str
    model_module: str
    model_module_version: str
    state: dict[str, Raw]
    buffers: list[dict[str, Any]] = []


def models(comm_events: Iterable[AnyEvent]) -> dict[str, Model]:
    """The widgets that comm events describe.

    Args:
        comm_events: As `webipy.core.kernel.comm_fold.Comms.as_events` returns them.
    """
    found: dict[str, Model] = {}
    outputs: dict[str, list[Raw]] = {}
    for event in comm_events:
        match event:
            case events.CommOpened() if event.target == TARGET:
                message = widget_message(event.content)
                name, module, version = (
                    _text(message.state, f"_model_{what}") for what in ("name", "module", "module_version")
                )
                parts = zip(message.buffer_paths, event.buffers, strict=False)
                buffers = [{"encoding": "base64", "path": path, "data": body} for path, body in parts]
                found[event.comm] = Model(name, module, version, dict(message.state), buffers)
            case events.WidgetOutputAdded():
                outputs.setdefault(event.comm, []).append(event.output)
            case events.WidgetOutputsCleared():
                outputs.pop(event.comm, None)
            case _:
                pass
    for comm, made in outputs.items():
        if comm in found:
            found[comm].state["outputs"] = Raw(jupyter_messages.encode(made))
    return found


class _Holder(msgspec.Struct):
    metadata: dict[str, Raw] = {}


class _Widgets(msgspec.Struct):
    state: dict[str, Model] = {}


def state_for(notebook: bytes, comm_events: Iterable[AnyEvent]) -> Raw | None:
    """The value of `metadata.widgets` for a notebook: its own, replaced by that of the comm events where both have a widget.

    Args:
        notebook: nbformat 4 JSON, a map that has `metadata`.
        comm_events: As for `models`.

    Returns:
        JSON; `None` when nothing in the notebook shows a widget.
    """
    metadata = jupyter_messages.decode(notebook, _Holder).metadata
    try:
        held = jupyter_messages.decode(metadata["widgets"], dict[str, _Widgets])[STATE].state
    except (KeyError, msgspec.DecodeError):
        held = {}
    return shown(notebook, held | models(comm_events))


def with_state(notebook: bytes, comm_events: Iterable[AnyEvent]) -> bytes:
    """Adds the state of the widgets that a notebook shows to its metadata.

    Args:
        notebook: nbformat 4 JSON, a map that has `metadata`.
        comm_events: As for `models`.
    """
    state = state_for(notebook, comm_events)
    if state is None:
        return notebook
    whole: dict[str, Raw] = jupyter_messages.decode(notebook, dict[str, Raw])
    metadata = jupyter_messages.decode(notebook, _Holder).metadata
    metadata["widgets"] = state
    whole["metadata"] = Raw(jupyter_messages.encode(metadata))
    return jupyter_messages.encode(whole)


def _text(state: Mapping[str, Raw], name: str) -> str:
    try:
        return jupyter_messages.decode(state[name], str)
    except (KeyError, msgspec.DecodeError):
        return ""


def shown(notebook: bytes, known: Mapping[str, Model]) -> Raw | None:
    """The value of `metadata.widgets` for a notebook, or `None` when nothing of it shows a widget that is known.

    Args:
        notebook: Its JSON.
        known: The widgets there are.
    """
    bodies: dict[str, bytes] = {}
    if VIEW not in notebook:
        return None
    waiting = _named(notebook)
    while waiting:
        name = waiting.pop()
        if name in known and name not in bodies:
            bodies[name] = jupyter_messages.encode(known[name])
            waiting |= _named(bodies[name])
    if not bodies or sum(map(len, bodies.values())) > MAX_BYTES:
        return None
    state = {name: Raw(bodies[name]) for name in sorted(bodies)}
    return Raw(jupyter_messages.encode({STATE: {"state": state, "version_major": 2, "version_minor": 0}}))


def _named(body: bytes) -> set[str]:
    return {(one or other).decode() for one, other in _REFERENCES.findall(body)}
