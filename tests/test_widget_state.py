"""webipy.core.kernel.widget_state: the widgets of a session as a notebook holds them."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Raw
from twisted.trial.unittest import SynchronousTestCase

from webipy.core.events import events
from webipy.core.kernel import widget_state
from webipy.core.kernel.comm_fold import Comms

STATE = widget_state.STATE


def opened(
    comm: str, target: str = "jupyter.widget", buffers: list[str] | None = None, **state: Any
) -> events.CommOpened:
    """A widget."""
    names = {"_model_name": "XModel", "_model_module": "x", "_model_module_version": "2.0.0"}
    paths = [["value"]] if buffers else []
    content = Raw(json.dumps({"state": {**names, **state}, "buffer_paths": paths}).encode())
    return events.CommOpened(comm=comm, target=target, content=content, metadata=Raw(b"{}"), buffers=buffers or [])


def document(*models: str, **metadata: Any) -> bytes:
    """A notebook that shows widgets."""
    shown = [{"application/vnd.jupyter.widget-view+json": {"model_id": model}} for model in models]
    outputs = [{"output_type": "display_data", "data": data, "metadata": {}} for data in shown]
    cell = {"cell_type": "code", "source": "x", "metadata": {}, "execution_count": 1, "outputs": outputs}
    return json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}).encode()


def state_of(notebook: bytes, *told: events.AnyEvent) -> Any:
    """The state in a notebook after events of comms, as they are folded."""
    comms = Comms()
    for event in told:
        comms.apply(event)
    before = json.loads(notebook)["metadata"]
    models = widget_state.models(comms.as_events())
    made = json.loads(widget_state.with_state(json.dumps(before).encode(), notebook, models))
    held = made.pop("widgets", None)
    before.pop("widgets", None)
    assert made == before
    return held[STATE]["state"] if held else None


class StateTests(SynchronousTestCase):
    """`with_state`."""

    def test_what_is_shown_and_what_it_refers_to(self) -> None:
        """Named by the embedding schema; what nothing shows is left out, and so is what is no widget."""
        told = (
            opened("a", children=["IPY_MODEL_b"], layout="IPY_MODEL_c"),
            opened("b", value=7),
            opened("c"),
            opened("d", value=8),
            opened("e", target="other"),
        )
        held = state_of(document("a"), *told)
        self.assertEqual(sorted(held), ["a", "b", "c"])
        names = {"_model_name": "XModel", "_model_module": "x", "_model_module_version": "2.0.0"}
        named = {"model_name": "XModel", "model_module": "x", "model_module_version": "2.0.0"}
        self.assertEqual(held["b"], {**named, "state": {**names, "value": 7}})

    def test_binary_parts_and_captured_outputs(self) -> None:
        """As base64 with their places; what an Output widget holds, and the widgets that that shows."""
        inner = json.loads(document("a"))["cells"][0]["outputs"][0]
        captured = events.WidgetOutputAdded(comm="o", output=Raw(json.dumps(inner).encode()))
        held = state_of(document("o"), opened("o", outputs=[]), captured, opened("a", buffers=["AAEC"]))
        self.assertEqual(held["o"]["state"]["outputs"], [inner])
        self.assertEqual(held["a"]["buffers"], [{"encoding": "base64", "path": ["value"], "data": "AAEC"}])

    def test_what_was_cleared_is_not_saved(self) -> None:
        """A clear without an output after it empties what came before; what an unknown widget captured is dropped."""
        output = Raw(json.dumps({"output_type": "stream", "name": "stdout", "text": "x"}).encode())
        captured = [events.WidgetOutputAdded(comm=comm, output=output) for comm in ("o", "gone")]
        made = widget_state.models([opened("o"), *captured, events.WidgetOutputsCleared(comm="o"), captured[0]])
        self.assertEqual(list(made), ["o"])
        self.assertEqual(json.loads(bytes(made["o"].state["outputs"])), [json.loads(bytes(output))])

    def test_what_is_private_is_not_saved(self) -> None:
        """A password, and the files that somebody uploaded."""
        for name in ("PasswordModel", "FileUploadModel"):
            told = opened("a", buffers=["AAEC"], _model_name=name, value="secret", description="Key")
            held = state_of(document("a"), told)["a"]
            self.assertEqual((held["state"].get("value"), held.get("buffers")), (None, None))
            self.assertEqual(held["state"]["description"], "Key")

    def test_a_widget_may_have_no_name(self) -> None:
        """Its state may be anything."""
        content = Raw(b'{"state": {"_model_name": 7}}')
        odd = events.CommOpened(comm="a", target="jupyter.widget", content=content, metadata=Raw(b"{}"))
        (model,) = widget_state.models([odd]).values()
        self.assertEqual((model.model_name, model.model_module, model.model_module_version), ("", "", ""))

    def test_the_last_state_counts(self) -> None:
        """Also after the kernel has ended."""
        said = events.CommMessage(
            comm="a", content=Raw(b'{"method": "update", "state": {"value": 9}}'), metadata=Raw(b"{}")
        )
        died = events.KernelDied(kernel="k", reason="gone", tail="")
        self.assertEqual(state_of(document("a"), opened("a", value=1), said, died)["a"]["state"]["value"], 9)

    def test_what_the_file_has_stays(self) -> None:
        """Where no kernel of the session has said anything else."""
        old = {"model_name": "OldModel", "model_module": "y", "model_module_version": "1.0.0", "state": {"value": 1}}
        widgets = {STATE: {"state": {"old": old, "a": old, "unused": old}, "version_major": 2, "version_minor": 0}}
        held = state_of(document("old", "a", widgets=widgets, title="t"), opened("a", value=2))
        self.assertEqual(held["old"], old)
        self.assertEqual((sorted(held), held["a"]["model_name"]), (["a", "old"], "XModel"))

    def test_without_widgets_nothing_changes(self) -> None:
        """Not even bytes, where a file has its own; nor where the state is unknown, broken or too large."""
        unused: Any = {STATE: {"state": {"a": {"x": 1}, "unused": {}}}}
        several: list[Any] = [None, 7, {STATE: []}, unused]
        for widgets in several:
            metadata = json.dumps({"widgets": widgets}, indent=3).encode()
            for told in ([], [opened("b")]):
                models = widget_state.models(told)
                self.assertIs(widget_state.with_state(metadata, document("a"), models), metadata)
        self.patch(widget_state, "MAX_BYTES", 100)
        self.assertIsNone(state_of(document("a"), opened("a")))
