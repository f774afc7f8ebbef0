"""What the contents of a kernel's messages hold, as far as webipy reads them; those of a host are in `webipy.core.kernel.host_protocol`.

Every struct ignores fields it does not name and has defaults where kernels differ from the specification; what is
passed on whole stays raw.

Source: Jupyter messaging 5.4.
"""

from __future__ import annotations

from typing import TypeVar, cast

import msgspec
from msgspec import UNSET, Raw, UnsetType

_QUOTE = ord('"')


class Status(msgspec.Struct):
    """status."""

    execution_state: str


class Text(msgspec.Struct):
    """stream: text of stdout or stderr, as the JSON string that it came as."""

    name: str
    text: Raw

    def __post_init__(self) -> None:
        if memoryview(self.text)[0] != _QUOTE:
            raise ValueError("text is not a string")


class Transient(msgspec.Struct):
    """The part of a display that is not saved."""

    display_id: str | None = None


class Display(msgspec.Struct):
    """display_data, update_display_data and execute_result."""

    data: Raw
    metadata: Raw = Raw(b"{}")
    transient: Transient | None = None
    execution_count: int | None = None

    def __post_init__(self) -> None:
        if bytes(memoryview(self.metadata)[:4]) == b"null":
            self.metadata = Raw(b"{}")
        for name, value in (("data", self.data), ("metadata", self.metadata)):
            if bytes(memoryview(value)[:1]) != b"{":
                raise ValueError(f"{name} is not an object")


class Error(msgspec.Struct):
    """error."""

    ename: Raw = Raw(b'""')
    evalue: Raw = Raw(b'""')
    traceback: Raw = Raw(b"[]")
    metadata: Raw | UnsetType = UNSET
    """Only from a host: where the rest of a large one is."""


class ErrorOutput(msgspec.Struct, tag_field="output_type", tag="error"):
    """An nbformat output of an error."""

    ename: str
    evalue: str
    traceback: list[str]
    metadata: Raw | UnsetType = UNSET


class ShownOutput(msgspec.Struct, omit_defaults=True):
    """An nbformat output of display_data."""

    output_type: str
    data: Raw
    metadata: Raw


class ResultOutput(msgspec.Struct):
    """An nbformat output of execute_result."""

    output_type: str
    execution_count: int | None
    data: Raw
    metadata: Raw


class Clear(msgspec.Struct):
    """clear_output."""

    wait: bool = False


class ExecuteInput(msgspec.Struct):
    """execute_input."""

    execution_count: int | None = None


class ExecuteReply(msgspec.Struct):
    """execute_reply, in any of its three forms."""

    status: str = "ok"
    ename: Raw = Raw(b'""')
    evalue: Raw = Raw(b'""')
    traceback: Raw = Raw(b"[]")
    execution_count: int | None = None
    payload: list[Raw] | None = None
    user_expressions: dict[str, Raw] | None = None


class ReplyMetadata(msgspec.Struct):
    """The metadata of a reply, as ipykernel has them."""

    started: str = ""


class InputRequest(msgspec.Struct):
    """input_request."""

    prompt: str = ""
    password: bool = False


class Comm(msgspec.Struct):
    """comm_open, comm_msg and comm_close."""

    comm_id: str
    target_name: str = ""
    data: Raw = Raw(b"{}")


class KernelInfo(msgspec.Struct):
    """What a kernel says of itself (Jupyter messaging 5.4, kernel_info_reply)."""

    implementation: str = ""
    banner: str = ""
    language_info: Raw = Raw(b"{}")
    supported_features: Raw = Raw(b"[]")


class LanguageInfo(msgspec.Struct):
    """The language of a kernel (Jupyter messaging 5.4, language_info)."""

    name: str = ""


def error(ename: Raw, evalue: Raw, traceback: Raw, metadata: Raw | UnsetType = UNSET) -> ErrorOutput:
    """The output of an error, whatever a kernel puts in place of its texts: an exception may make its traceback itself.

    Args:
        ename: Name of the error, JSON.
        evalue: Its text, JSON.
        traceback: Its lines, JSON; one value that is no list counts as one line.
        metadata: Metadata of the output, JSON; absent for none.

    Source: nbformat 4.5, error output.
    """
    lines = msgspec.json.decode(traceback)
    lines = lines if isinstance(lines, list) else [lines] if lines else []
    name, value = _as_text(msgspec.json.decode(ename)), _as_text(msgspec.json.decode(evalue))
    return ErrorOutput(name, value, [_as_text(line) for line in lines], metadata)


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()


encode = msgspec.json.Encoder().encode
"""The JSON bytes of a value."""

_T = TypeVar("_T")
_decoders: dict[type, msgspec.json.Decoder[object]] = {}


def decode(content: bytes, kind: type[_T]) -> _T:
    """Decodes a content.

    Args:
        content: JSON.
        kind: Struct to decode to.

    Raises:
        msgspec.DecodeError: It is not JSON of that shape.
    """
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    return cast(_T, decoder.decode(content))
