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


_PRIVATE = ("PasswordModel", "FileUploadModel")
"""Widgets whose value is nobody's but the kernel's: what was typed or uploaded does not go into a file."""


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
                state = dict(message.state)
                if name in _PRIVATE:
                    state.pop("value", None)
                    buffers = []
                found[event.comm] = Model(name, module, version, state, buffers)
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


class _Widgets(msgspec.Struct):
    state: dict[str, Model] = {}


def with_state(metadata: bytes, shown: bytes, made: Mapping[str, Model]) -> bytes:
    """The metadata of a notebook with the state of the widgets that its outputs show: that which it has, replaced by those that were made since.

    Args:
        metadata: JSON map.
        shown: What the notebook shows: its JSON, or that of its outputs.
        made: The widgets of the session, as `models` returns them.

    Returns:
        JSON map; the same one when none of these widgets is shown.
    """
    if not made or VIEW not in shown:
        return metadata
    members = jupyter_messages.decode(metadata, dict[str, Raw])
    try:
        held = jupyter_messages.decode(members["widgets"], dict[str, _Widgets])[STATE].state
    except (KeyError, msgspec.DecodeError):
        held = {}
    bodies = _needed(shown, held | dict(made))
    if bodies.keys().isdisjoint(made) or sum(map(len, bodies.values())) > MAX_BYTES:
        return metadata
    state = {name: Raw(bodies[name]) for name in sorted(bodies)}
    whole = {STATE: {"state": state, "version_major": 2, "version_minor": 0}}
    return jupyter_messages.encode({**members, "widgets": whole})


def _text(state: Mapping[str, Raw], name: str) -> str:
    try:
        return jupyter_messages.decode(state[name], str)
    except (KeyError, msgspec.DecodeError):
        return ""


def _needed(shown: bytes, known: Mapping[str, Model]) -> dict[str, bytes]:
    """The JSON of the widgets that are shown, and of those that they refer to, by their ids."""
    bodies: dict[str, bytes] = {}
    waiting = _named(shown)
    while waiting:
        name = waiting.pop()
        if name in known and name not in bodies:
            bodies[name] = jupyter_messages.encode(known[name])
            waiting |= _named(bodies[name])
    for name, model in known.items():
        if name not in bodies and model.model_name.endswith("LinkModel"):  # it refers to widgets, and no widget to it
            body = jupyter_messages.encode(model)
            if _named(body) <= bodies.keys():
                bodies[name] = body
    return bodies


def _named(body: bytes) -> set[str]:
    return {(one or other).decode() for one, other in _REFERENCES.findall(body)}
