"""What Output widgets capture: outputs that belong to a widget and not to the execution that made them.

`with out:` in a kernel sets the trait `msg_id` of an Output widget to the id of the request that is being run; until it is
emptied, what the kernel publishes for that request belongs to the widget. In Jupyter each front end works that out for
itself, and what comes while none is open is in the wrong place. Here it is worked out once, as messages come in, and journaled as
`widget_output_added` and `widget_outputs_cleared`.

The kernel's own copy (`out.outputs`) is brought in step when it has nothing else to do: earlier, it would take the
message only after the code that runs, and after what that code says about the same trait. Its echo of that says nothing new
and is not journaled.

Source: ipywidgets 8, `Output`; Jupyter widget messaging 2.1. Rejected: `comm_msg` with all outputs for each new one, as
front ends do (a loop that prints would write its output again with every line).
"""

from __future__ import annotations

import attrs
import msgspec
from msgspec import Raw

from webipy.core.events.events import (
    AnyEvent,
    CommClosed,
    CommMessage,
    CommOpened,
    KernelDied,
    KernelReady,
    OutputAdded,
    OutputsCleared,
    OutputUpdated,
    WidgetOutputAdded,
    WidgetOutputsCleared,
)
from webipy.core.events.outputs import Displays, Fold
from webipy.core.kernel import jupyter_messages

TARGET = "jupyter.widget"

MAX_TEXT_CHARACTERS = 1_000_000
"""Text of one stream that the kernel's own copy keeps: its start and its end. The journal has all of it."""


class WidgetMessage(msgspec.Struct):
    """The `data` of a comm message of a widget (Jupyter widget messaging 2.1)."""

    method: str = ""
    state: dict[str, Raw] = {}
    buffer_paths: list[list[str | int]] = []
    echoes: bool = False
    """Only in snapshots: see `webipy.core.kernel.comm_fold`."""


class _Widget(msgspec.Struct):
    """One Output widget."""

    outputs: Fold
    msg_id: str = ""
    is_behind: bool = False
    """Whether the kernel's copy is behind."""
    echoes: int = 0
    """Echoes of ours that the kernel has not sent yet."""


def widget_message(data: Raw) -> WidgetMessage:
    """Decodes the `data` of a comm message; of another form, an empty message."""
    try:
        return jupyter_messages.decode(data, WidgetMessage)
    except msgspec.DecodeError:
        return WidgetMessage()


def _text(raw: Raw | None) -> str:
    try:
        return "" if raw is None else jupyter_messages.decode(raw, str)
    except msgspec.DecodeError:
        return ""


def outputs_of(raw: Raw) -> list[Raw]:
    """The outputs in the state of a widget; none when they are of another form."""
    try:
        return jupyter_messages.decode(raw, list[Raw])
    except msgspec.DecodeError:
        return []


def refill(fold: Fold, outputs: list[Raw]) -> None:
    """Replaces what a fold holds.

    Args:
        fold: The outputs of a widget.
        outputs: nbformat outputs, JSON; what is no output is left out.
    """
    fold.clear(OutputsCleared(execution=""))
    for output in outputs:
        try:
            fold.add(OutputAdded(execution=None, output=output))
        except msgspec.DecodeError:
            continue  # not an output; nobody could show it


@attrs.define(slots=True)
class OutputCapture:
    """The Output widgets of one kernel, and what they hold."""

    _widgets: dict[str, _Widget] = attrs.field(factory=dict)
    _displays: Displays = attrs.field(factory=Displays)
    _captors: dict[str, list[str]] = attrs.field(factory=dict)
    """Requests whose outputs are captured, each with the widgets that do, the last one first to be asked."""

    def observe(self, event: AnyEvent) -> bool:
        """Applies a comm event of the kernel.

        Returns:
            Whether it goes to the journal; false for the echo of an update of ours.
        """
        match event:
            case CommOpened(comm=comm, target=target, content=content) if target == TARGET:
                state = widget_message(content).state
                if _text(state.get("_model_name")) == "OutputModel":
                    self._widgets[comm] = _Widget(Fold(MAX_TEXT_CHARACTERS, self._displays))
                    self._state(comm, state)
            case CommMessage(comm=comm, content=content) if comm in self._widgets:
                message = widget_message(content)
                if message.method == "echo_update" and set(message.state) == {"outputs"}:
                    return not self._is_ours(self._widgets[comm])
                self._state(comm, message.state)
            case CommClosed(comm=comm) if comm in self._widgets:
                self._capture(comm, "")
                del self._widgets[comm]
            case _:
                pass
        return True

    def captor(self, request: str | None) -> str | None:
        """The widget that captures what comes for this request."""
        captors = self._captors.get(request or "")
        return captors[-1] if captors else None

    def record(self, event: WidgetOutputAdded | WidgetOutputsCleared) -> None:
        """Adds a captured output to its widget, or clears what the widget holds."""
        widget = self._widgets.get(event.comm)
        if widget is None:
            return
        widget.is_behind = True
        if isinstance(event, WidgetOutputAdded):
            widget.outputs.add(OutputAdded(execution=None, output=event.output, display_id=event.display_id))
        else:
            widget.outputs.clear(OutputsCleared(execution="", wait=event.wait))

    def updated(self, event: OutputUpdated) -> None:
        """Replaces the content of what is shown under a display id."""
        self._displays.update(event)

    def pending_updates(self) -> list[bytes]:
        """The updates that bring the kernel's copies of Output widgets in step.

        Returns:
            Contents of comm_msg, JSON.
        """
        contents = []
        for comm, widget in self._widgets.items():
            if widget.is_behind and not widget.msg_id:
                widget.is_behind, widget.echoes = False, widget.echoes + 1
                data = {"method": "update", "state": {"outputs": widget.outputs.outputs()}, "buffer_paths": []}
                contents.append(jupyter_messages.encode({"comm_id": comm, "data": data}))
        return contents

    def restore(self, event: AnyEvent) -> None:
        """Applies an event of the journal, as when it was made."""
        match event:
            case CommOpened(by=None) | CommMessage(by=None) | CommClosed(by=None):
                self.observe(event)
            case WidgetOutputAdded() | WidgetOutputsCleared():
                self.record(event)
            case OutputUpdated():
                self.updated(event)
            case KernelReady() | KernelDied():
                self.forget()
            case _:
                pass

    def forget(self) -> None:
        """Drops all widgets: the kernel process has ended, and its comms with it."""
        self._widgets.clear()
        self._captors.clear()

    def _is_ours(self, widget: _Widget) -> bool:
        is_ours = widget.echoes > 0
        widget.echoes -= is_ours
        return is_ours

    def _state(self, comm: str, state: dict[str, Raw]) -> None:
        if "outputs" in state:
            widget = self._widgets[comm]
            widget.is_behind = False
            refill(widget.outputs, outputs_of(state["outputs"]))
        if "msg_id" in state:
            self._capture(comm, _text(state["msg_id"]))

    def _capture(self, comm: str, request: str) -> None:
        widget = self._widgets[comm]
        before = self._captors.get(widget.msg_id)
        if before is not None and comm in before:
            before.remove(comm)
            if not before:
                del self._captors[widget.msg_id]
        widget.msg_id = request
        if request:
            self._captors.setdefault(request, []).append(comm)
