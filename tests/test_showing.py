"""What a session shows on a screen: widgets as text, displays, cleared outputs, and figures that are saved."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

from msgspec import Raw
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.test_sinks import Emulator
from webipy.command.figures import Figures
from webipy.command.program import Unable
from webipy.command.showing import PATIENCE_S, Showing
from webipy.command.terminal import Screen
from webipy.command.views import VIEW
from webipy.core.events import events

PICTURE = b"\x89PNG a picture"


def raw(value: object) -> Raw:
    """A value as JSON."""
    return Raw(json.dumps(value).encode())


def printed(text: str, execution: str = "e1") -> events.OutputAdded:
    """Text on standard output."""
    return events.OutputAdded(
        execution=execution, output=raw({"output_type": "stream", "name": "stdout", "text": text})
    )


def displayed(data: dict[str, Any], display_id: str | None = None) -> events.OutputAdded:
    """A display."""
    output = raw({"output_type": "display_data", "data": data, "metadata": {}})
    return events.OutputAdded(execution="e1", output=output, display_id=display_id)


def model(comm: str, name: str, **state: Any) -> events.CommOpened:
    """A new widget."""
    content = raw({"state": {"_model_name": f"{name}Model", **state}, "buffer_paths": []})
    return events.CommOpened(comm=comm, target="jupyter.widget", content=content, metadata=raw({}))


def update(comm: str, **state: Any) -> events.CommMessage:
    """A widget changes."""
    return events.CommMessage(comm=comm, content=raw({"method": "update", "state": state}), metadata=raw({}))


def view(comm: str) -> events.OutputAdded:
    """A view of a widget."""
    return displayed({"text/plain": "Widget()", VIEW: {"model_id": comm}})


class ShowingTests(SynchronousTestCase):
    """Events on a screen."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.out = io.StringIO()
        self.showing = Showing(Screen(self.out, self.out), None, self.clock.callLater)

    def give(self, *happened: events.AnyEvent) -> str:
        """Takes events in; gives what has been written so far."""
        for event in happened:
            self.showing.apply(event)
        return self.out.getvalue()

    def end(self) -> str:
        """What has been written in the end."""
        self.showing.settle()
        return self.out.getvalue()

    def test_known_widgets_are_text(self) -> None:
        """Each as a person would write it; what is not known shows the plain text of its display."""
        widgets = [
            (model("a", "IntProgress", value=1, min=0, max=2), f"|{'█' * 12}{' ' * 12}| 50%"),
            (model("b", "HTML", value="<b>bold</b> &amp; more", description="d:"), "d: bold & more"),
            (model("c", "FloatSlider", value=0.25, description="speed"), "speed 0.25"),
            (model("d", "Checkbox", value=True, description="on"), "[x] on"),
            (model("e", "Dropdown", index=1, _options_labels=["one", "two"], description="pick"), "pick two"),
            (model("f", "Button", description="Go"), "[Go]"),
            (model("g", "Frobnicator", value=1), "Widget()"),
            (model("h", "HBox", children=["IPY_MODEL_b", "IPY_MODEL_f"]), "d: bold & more [Go]"),
            (
                model("i", "VBox", children=["IPY_MODEL_c", "IPY_MODEL_h", "IPY_MODEL_gone"]),
                "speed 0.25\nd: bold & more [Go]",
            ),
            (model("j", "VBox", children=["IPY_MODEL_j"]), ""),
            (model("k", "FloatProgress", value=1, min=0, max=None), ""),
        ]
        for event, text in widgets:
            self.out.truncate(self.out.seek(0))
            self.give(event, view(event.comm))
            self.assertEqual((event.comm, self.end()), (event.comm, f"{text}\n" if text else ""))

    def test_a_bar_is_written_once_at_its_end(self) -> None:
        """Where nothing can be written over; on a terminal it moves."""
        happened: list[events.AnyEvent] = [
            model("bar", "FloatProgress", value=0, min=0, max=4),
            model("text", "HTML", value="0/4"),
            model("box", "HBox", children=["IPY_MODEL_bar", "IPY_MODEL_text"]),
            view("box"),
            printed("working\n"),
            update("bar", value=4.0),
            update("text", value="4/4"),
        ]
        self.assertEqual(self.give(*happened), "working\n")
        self.assertEqual(self.end(), f"working\n|{'█' * 24}| 4/4\n")
        emulator = Emulator()
        self.showing = Showing(Screen(emulator, emulator, lambda _: None))
        self.give(*happened)
        self.assertEqual(emulator.shown(), f"|{'█' * 24}| 4/4\nworking")

    def test_hidden_and_closed_widgets_show_nothing(self) -> None:
        """A bar that does not stay is gone."""
        bar: list[events.AnyEvent] = [
            model("layout", "Layout"),
            model("bar", "IntProgress", value=1, max=2, layout="IPY_MODEL_layout"),
            view("bar"),
        ]
        self.give(*bar, update("layout", visibility="hidden"))
        self.assertEqual(self.end(), "")
        self.give(*bar, events.CommClosed(comm="bar", content=raw({})))
        self.assertEqual(self.end(), "")

    def test_what_a_widget_captures_is_shown(self) -> None:
        """Text that comes before and after it is displayed; cleared and written over as elsewhere."""

        def captured(text: str) -> events.WidgetOutputAdded:
            return events.WidgetOutputAdded(comm="out", output=printed(text).output, execution="e1")

        self.give(model("out", "Output"), captured("old\n"), events.WidgetOutputsCleared(comm="out", wait=True))
        self.give(captured("1 %\r"), view("out"), captured("2 %\n"))
        self.assertEqual(self.end(), "2 %\n")

    def test_what_a_widget_of_before_captures_is_text(self) -> None:
        """Its view is elsewhere: the text is not lost."""
        self.give(events.WidgetOutputAdded(comm="older", output=printed("inside\n").output, execution="e1"))
        self.assertEqual(self.end(), "inside\n")

    def test_a_loop_that_clears_leaves_its_last_picture(self) -> None:
        """Frames in between are not written; what comes with no clearing after it comes out in time."""
        clear = events.OutputsCleared(execution="e1", wait=True)
        self.give(printed("0\n"), clear, printed("1\n"), clear, printed("2\n"), displayed({"text/plain": "d"}, "d"))
        shown = events.OutputUpdated(display_id="d", data=raw({"text/plain": "e"}), metadata=raw({}))
        self.assertEqual(self.give(shown), "0\n")
        self.clock.advance(PATIENCE_S)
        self.assertEqual(self.give(printed("3\n")), "0\n2\nd\n3\n")
        self.assertEqual(self.end(), "0\n2\nd\n3\ne\n")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_terminal_takes_back_what_is_cleared(self) -> None:
        """Now, or before the next output."""
        emulator = Emulator()
        self.showing = Showing(Screen(emulator, emulator, lambda _: None))
        self.give(printed("0\n"), events.OutputsCleared(execution="e1"), printed("1\n"))
        self.give(events.OutputsCleared(execution="e1", wait=True))
        self.assertEqual(emulator.shown(), "1")
        self.give(printed("2\n"))
        self.assertEqual(emulator.shown(), "2")

    def test_state_of_any_form_is_no_mistake(self) -> None:
        """A kernel may say anything."""
        for state in (
            {"value": {"a": 1}, "max": "x"},
            {"children": 3, "layout": 7},
            {"_options_labels": {}, "index": "1"},
            {"outputs": 5},
        ):
            for name in ("IntProgress", "HBox", "Dropdown", "HTML", "Output", "FloatSlider"):
                self.give(model("m", name, **state), view("m"), update("m", **state))
        self.give(displayed({VIEW: 3}), displayed({VIEW: {"model_id": 1}}))
        self.end()


class FigureTests(SynchronousTestCase):
    """Pictures in files."""

    def test_pictures_are_saved_and_told(self) -> None:
        """Numbered, each once, and never over a file that is there."""
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "figure-001.jpg").write_bytes(b"mine")
        out = io.StringIO()
        showing = Showing(Screen(out, out), Figures(str(folder)))
        picture = {"text/plain": "<Figure>", "image/png": base64.encodebytes(PICTURE).decode()}
        for data in (picture, picture, {"image/svg+xml": ["<svg>", "</svg>"]}, {"image/png": "no base64!"}):
            showing.apply(displayed(data))
        showing.settle()
        names = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.assertEqual(
            names, {"figure-001.jpg": b"mine", "figure-002.png": PICTURE, "figure-003.svg": b"<svg></svg>"}
        )
        self.assertEqual(out.getvalue().count(f"[saved as {folder}/figure-002.png]\n"), 2)

    def test_a_folder_that_cannot_be_is_reported(self) -> None:
        """In one sentence."""
        outcome = self.assertRaises(Unable, Figures("/proc/nothing").save, {"image/png": "YQ=="})
        self.assertIn("The figures cannot be saved in /proc/nothing: ", str(outcome))
