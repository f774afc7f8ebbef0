"""What the end of an execution tells beside its status: an exit status by `sys.exit`, and what the kernel wants to be shown."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from webipy.command.terminal import Screen, text_of


class Exit(msgspec.Struct, tag_field="output_type", tag="error"):
    """The output of code that has ended by `sys.exit`."""

    ename: Literal["SystemExit"]
    evalue: str = ""

    @classmethod
    def of(cls, output: msgspec.Raw) -> Exit | None:
        """The ending that an output tells of, if it does."""
        if b"SystemExit" not in bytes(output):
            return None
        try:
            return msgspec.json.decode(output, type=cls)
        except msgspec.ValidationError:
            return None

    @property
    def status(self) -> int:
        """The exit status, as Python makes one of it."""
        words = {"": 0, "None": 0, "True": 1, "False": 0}
        if self.evalue in words:
            return words[self.evalue]
        return int(self.evalue) & 0xFF if re.fullmatch(r"-?[0-9]{1,30}", self.evalue) else 1

    @property
    def message(self) -> str:
        """What is to be said; empty for nothing."""
        is_number = self.evalue in ("", "None", "True", "False") or re.fullmatch(r"-?[0-9]{1,30}", self.evalue)
        return "" if is_number else self.evalue


class _Payload(msgspec.Struct):
    source: str = ""
    data: dict[str, Any] = {}
    text: str = ""


def show_payload(payload: msgspec.Raw, screen: Screen) -> None:
    """Shows the payload of an execute_reply (Jupyter messaging 5.4): pages of text, and sources for the next input."""
    try:
        parts = msgspec.json.decode(payload, type=list[_Payload])
    except msgspec.ValidationError:
        return  # of another form: nothing for people
    for part in parts:
        text = text_of(part.data) if part.source == "page" else part.text if part.source == "set_next_input" else ""
        if text:
            screen.line("stdout", text)
