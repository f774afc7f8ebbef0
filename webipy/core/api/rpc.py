"""JSON-RPC 2.0: bytes to calls, and results, failures and notifications to bytes.

Data flow: `parse` turns one message of a transport into a `Batch` of calls (a single call is a batch of one); whoever
dispatches answers each call with `result` or `failure`; `join` makes the bytes that go back. Params stay raw JSON
here: the method table decodes them into the struct of the method, once.

Invariants: only `errors.Failure` escapes; a fault in one call of a batch is answered for this call alone; what is
returned is valid UTF-8 and strict JSON whenever the raw parts are.

Source: JSON-RPC 2.0 specification, sections 4 (request), 5 (response), 6 (batch). Params by position (section 4.2)
are refused: names are the API.

Rejected: a JSON-RPC library (10 to 100 times slower, and each decodes params into dicts before they are checked).
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import msgspec
from msgspec import UNSET, Raw, UnsetType

from webipy.core import errors, json_depth
from webipy.core.json_depth import AROUND, MAX_DEPTH

MAX_BATCH_CALLS = 1000
"""Calls in one batch. A page sends a handful; a script that sends more can send two batches."""

MAX_LEVELS = MAX_DEPTH + AROUND
"""Of objects and arrays in each other, in one message."""

MAX_ID = 4096
"""Characters in the id of a call: it is kept until the call is answered."""

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""Of one message to the server, by WebSocket or POST: code is text, and files go elsewhere."""

LOGIN_ENDED = 4401
"""WebSocket close code: the login of this connection was ended."""

TOO_MANY = 4429
"""WebSocket close code: as many connections are open as may be; the reason says whose. The client tries again later."""

CallId = str | int | float | None


class _Request(msgspec.Struct, frozen=True):
    jsonrpc: Literal["2.0"]
    method: str
    params: Raw | UnsetType = UNSET
    id: CallId | UnsetType = UNSET


class _OnlyId(msgspec.Struct, frozen=True):
    id: CallId = None


class Call(msgspec.Struct, frozen=True):
    """One call. `id` is `UNSET` for a notification, which is carried out and not answered."""

    method: str
    params: Raw
    id: CallId | UnsetType

    @property
    def is_notification(self) -> bool:
        """Whether nobody waits for an answer."""
        return self.id is UNSET


class Batch(msgspec.Struct, frozen=True):
    """The calls of one message, and the answers to those of its parts that are no calls."""

    calls: list[Call]
    refused: list[bytes]
    is_list: bool


_decode_request = msgspec.json.Decoder(_Request).decode
_decode_id = msgspec.json.Decoder(_OnlyId).decode
_decode_any = msgspec.json.Decoder(Raw).decode
_encode = msgspec.json.Encoder().encode
_EMPTY = Raw(b"{}")


def parse(body: bytes) -> Batch:
    """The calls in one message.

    Args:
        body: One JSON value, UTF-8; the transport limits its size.

    Returns:
        The calls, and the answers to those parts of a batch that are no calls.

    Raises:
        errors.ParseError: Not JSON, not UTF-8, or nested too deeply.
        errors.InvalidRequest: An empty batch, or one of more than `MAX_BATCH_CALLS`.
    """
    if json_depth.is_too_deep(body, MAX_LEVELS):
        raise errors.ParseError(f"This JSON is {json_depth.too_deep_reason(MAX_LEVELS)}.", limit=MAX_LEVELS)
    try:
        body.decode("utf-8")
        is_list = body.lstrip()[:1] == b"["
        parts = _parts(body) if is_list else [_decode_any(body)]
    except (UnicodeDecodeError, msgspec.DecodeError) as fault:
        raise errors.ParseError(f"This is not JSON: {fault}") from None
    if is_list and not 1 <= len(parts) <= MAX_BATCH_CALLS:
        found = "more" if parts else "none"
        raise errors.InvalidRequest(
            f"A batch holds 1 to {MAX_BATCH_CALLS} calls, this one has {found}.", limit=MAX_BATCH_CALLS
        )
    calls: list[Call] = []
    refused: list[bytes] = []
    for part in parts:
        try:
            calls.append(_call(part))
        except errors.Failure as fault:
            refused.append(failure(_id_of(part), fault))
    return Batch(calls, refused, is_list)


def _parts(body: bytes) -> list[Raw]:
    """The elements of a list, at most one more than a batch may have: a message may hold millions."""
    found = _batch_decoder().decode(body)
    parts = (getattr(found, name) for name in found.__struct_fields__)
    return [part for part in parts if not isinstance(part, UnsetType)]


@cache
def _batch_decoder() -> msgspec.json.Decoder[msgspec.Struct]:
    """Decodes the first elements of a list. It has a field for each, so it is large, and is made when somebody sends a batch."""
    fields = [(f"call_{number}", Raw | UnsetType, UNSET) for number in range(MAX_BATCH_CALLS + 1)]
    return msgspec.json.Decoder(msgspec.defstruct("_Places", fields, array_like=True))


def _call(part: Raw) -> Call:
    try:
        request = _decode_request(part)
    except msgspec.DecodeError as fault:
        raise errors.InvalidRequest(
            f'This is no JSON-RPC 2.0 request ({fault}); one has "jsonrpc": "2.0", "id", "method" and "params".'
        ) from None
    if isinstance(request.id, str) and len(request.id) > MAX_ID:
        raise errors.InvalidRequest(f"The id of a call has at most {MAX_ID} characters.", limit=MAX_ID)
    params = _EMPTY if isinstance(request.params, UnsetType) else request.params
    if bytes(params).lstrip()[:1] != b"{":
        raise errors.InvalidParams("Params are given by name: an object, not a list.", field="params")
    return Call(request.method, params, request.id)


def _id_of(part: Raw) -> CallId:
    try:
        return _decode_id(part).id
    except msgspec.DecodeError:
        return None


def result(call_id: CallId, value: object) -> bytes:
    """The answer to a call that succeeded.

    Args:
        call_id: The id of the call, as the caller wrote it.
        value: The result: a struct, or what else msgspec makes JSON of.

    Returns:
        A JSON-RPC response, UTF-8.

    Source:
        JSON-RPC 2.0, section 5.
    """
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (_encode(call_id), _encode(value))


def failure(call_id: CallId, fault: errors.Failure) -> bytes:
    """The answer to a call that failed.

    Args:
        call_id: The id of the call; `None` when it could not be read.
        fault: Gives code and message, and `data` with its name and facts.

    Returns:
        A JSON-RPC response, UTF-8.

    Source:
        JSON-RPC 2.0, section 5.1.
    """
    error = {"code": fault.code, "message": fault.message, "data": {"name": fault.name, **fault.facts}}
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (_encode(call_id), _encode(error))


def notification(method: str, *params: bytes) -> bytes:
    """A message that is not answered.

    Args:
        method: Its name.
        params: The pieces of one JSON value, UTF-8; joined here, so that a large one is copied once.

    Returns:
        A JSON-RPC notification, UTF-8.

    Source:
        JSON-RPC 2.0, section 4.1.
    """
    return b"".join((b'{"jsonrpc":"2.0","method":', _encode(method), b',"params":', *params, b"}"))


def join(replies: list[bytes], is_list: bool) -> bytes | None:
    """The message that answers a batch.

    Args:
        replies: The answers to its calls, each one JSON value; none of notifications.
        is_list: Whether the batch was a list, so that the answer is one, too.

    Returns:
        One JSON value, UTF-8; `None` when there is nothing to answer.

    Source:
        JSON-RPC 2.0, section 6.
    """
    if not replies:
        return None
    if not is_list:
        return replies[0]
    parts = [b","] * (2 * len(replies) + 1)  # joined once: there may be many megabytes
    parts[0], parts[-1], parts[1::2] = b"[", b"]", replies
    return b"".join(parts)
