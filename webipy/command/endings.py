"""What the end of an execution carries beside its status: the exit status of `sys.exit`, and payloads to show."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from webipy.command.terminal import Screen, text_of
from webipy.core.events import events


class Exit(msgspec.Struct, tag_field="output_type", tag="error"):
    """The output of code that has ended by `sys.exit`."""

    ename: Literal["SystemExit"]
    evalue: str = ""

    @classmethod
    def of(cls, output: msgspec.Raw) -> Exit | None:
        """The `sys.exit` that an error output describes; `None` for any other output."""
        if b"SystemExit" not in bytes(output):
            return None
        try:
            return msgspec.json.decode(output, type=cls)
        except msgspec.ValidationError:
            return None

    @property
    def status(self) -> int:
        """The exit status, as Python derives it from the argument of `sys.exit`."""
        words = {"": 0, "None": 0, "True": 1, "False": 0}
        if self.evalue in words:
            return words[self.evalue]
        return int(self.evalue) & 0xFF if re.fullmatch(r"-?[0-9]{1,30}", self.evalue) else 1

    @property
    def message(self) -> str:
        """The message of `sys.exit`; empty when it was called with a number or without an argument."""
        is_number = self.evalue in ("", "None", "True", "False") or re.fullmatch(r"-?[0-9]{1,30}", self.evalue)
        return "" if is_number else self.evalue


class Payload(msgspec.Struct):
    """What the kernel wants beside the outputs. Source: Jupyter messaging 5.4, "Payloads"."""

    source: str = ""
    data: dict[str, Any] = {}
    text: str = ""


class ForeignCode(msgspec.Struct):
    """Code that a program runs which has joined the kernel by itself. Source: Jupyter messaging 5.4, "Code inputs"."""

    code: str = ""
    execution_count: int | None = None

    @classmethod
    def of(cls, event: object) -> ForeignCode | None:
        """The code that an event tells of; `None` for any other event."""
        if not isinstance(event, events.MessageReceived) or event.msg_type != "execute_input":
            return None
        try:
            return msgspec.json.decode(event.content, type=cls)
        except msgspec.ValidationError:
            return None


def payloads_of(payload: msgspec.Raw | msgspec.UnsetType) -> list[Payload]:
    """The payloads of an execute_reply; none where they are of another form."""
    if isinstance(payload, msgspec.UnsetType):
        return []
    try:
        return msgspec.json.decode(payload, type=list[Payload])
    except msgspec.ValidationError:
        return []


def show_payload(payload: msgspec.Raw, screen: Screen) -> None:
    """Shows the payload of an execute_reply: pages of text, and sources for the next input.

    Source: Jupyter messaging 5.4, "Payloads".

    Args:
        payload: The JSON list of payloads; anything else is ignored.
        screen: The screen.
    """
    for part in payloads_of(payload):
        text = text_of(part.data) if part.source == "page" else part.text if part.source == "set_next_input" else ""
        if text:
            screen.line("stdout", text)
