"""The methods `completion.*`, `inspection.*`, `code.*`, `history.*` and `variable.*`: inquiries of a kernel, each answered to the connection that
asks."""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec
from msgspec import Raw

from webipy.core import errors
from webipy.core.api import calls, history_calls
from webipy.core.api.variable_calls import ListVariables, ReadVariable, VariableList, VariablePart
from webipy.core.kernel import jupyter_messages
from webipy.server.methods.failures import OF_INQUIRY
from webipy.server.methods.kernel_inquiries import ask, call_program, content_of
from webipy.server.methods.method import Connection, Methods, Services

METHODS = Methods()
method = METHODS.method

_T = TypeVar("_T")


class _CompleteReply(msgspec.Struct):
    matches: list[str] = []
    cursor_start: int = 0
    cursor_end: int = 0
    metadata: Raw = Raw(b"{}")


class _InspectReply(msgspec.Struct):
    found: bool = False
    data: Raw = Raw(b"{}")
    metadata: Raw = Raw(b"{}")


class _IsCompleteReply(msgspec.Struct):
    status: str = "unknown"
    indent: str = ""


class _HistoryReply(msgspec.Struct):
    history: list[Raw] = []


async def _asked(
    services: Services,
    params: calls.OfSession,
    msg_type: str,
    asked: dict[str, object],
    kind: type[_T],
    timeout_s: float,
) -> _T:
    reply = await ask(services.sessions.get(params.session), msg_type, jupyter_messages.encode(asked), timeout_s)
    try:
        return jupyter_messages.decode(content_of(reply), kind)
    except msgspec.DecodeError as fault:
        raise errors.KernelFailed(f"The kernel sent a malformed {reply.header.msg_type}: {fault}") from None


@method("completion.get", "execute", "session", raises=OF_INQUIRY, example={"code": "pri", "cursor": 3})
async def completion_get(services: Services, connection: Connection, params: calls.GetCompletion) -> calls.Completion:
    """Completions, asked of the running kernel."""
    asked: dict[str, object] = {"code": params.code, "cursor_pos": params.cursor}
    reply = await _asked(services, params, "complete_request", asked, _CompleteReply, params.timeout_s)
    return calls.Completion(
        matches=reply.matches, cursor_start=reply.cursor_start, cursor_end=reply.cursor_end, metadata=reply.metadata
    )


@method("inspection.get", "execute", "session", raises=OF_INQUIRY, example={"code": "print", "cursor": 5})
async def inspection_get(services: Services, connection: Connection, params: calls.GetInspection) -> calls.Inspection:
    """Signature and documentation, asked of the running kernel."""
    asked: dict[str, object] = {"code": params.code, "cursor_pos": params.cursor, "detail_level": params.detail}
    reply = await _asked(services, params, "inspect_request", asked, _InspectReply, params.timeout_s)
    return calls.Inspection(found=reply.found, data=reply.data, metadata=reply.metadata)


@method("code.is_complete", "execute", "session", raises=OF_INQUIRY, example={"code": "for value in values:"})
async def code_is_complete(services: Services, connection: Connection, params: calls.IsComplete) -> calls.Completeness:
    """Whether code may be run as it is, asked of the running kernel."""
    reply = await _asked(
        services, params, "is_complete_request", {"code": params.code}, _IsCompleteReply, params.timeout_s
    )
    known: dict[str, Literal["complete", "incomplete", "invalid", "unknown"]]
    known = {"complete": "complete", "incomplete": "incomplete", "invalid": "invalid"}
    return calls.Completeness(status=known.get(reply.status, "unknown"), indent=reply.indent)


@method("history.get", "execute", "session", raises=OF_INQUIRY, example={"n": 2})
async def history_get(
    services: Services, connection: Connection, params: history_calls.GetHistory
) -> history_calls.History:
    """The kernel's own input history; the session's is its journal."""
    asked: dict[str, object] = {"raw": params.raw, "output": params.output, "n": params.n, "unique": params.unique}
    if params.of is not None:
        asked |= {"hist_access_type": "range", "session": params.of, "start": params.start, "stop": params.stop}
    elif params.pattern is not None:
        asked |= {"hist_access_type": "search", "pattern": params.pattern}
    else:
        asked |= {"hist_access_type": "tail"}
    reply = await _asked(services, params, "history_request", asked, _HistoryReply, params.timeout_s)
    return history_calls.History(history=reply.history)


@method("variable.list", "execute", "session", raises=OF_INQUIRY)
async def variable_list(services: Services, connection: Connection, params: ListVariables) -> VariableList:
    """The variables of the running kernel."""
    session = services.sessions.get(params.session)
    answer = await call_program(services, session, "listed", (), params.timeout_s)
    if answer is None:
        return VariableList(status="unsupported")
    try:
        return jupyter_messages.decode(bytes(answer), VariableList)
    except msgspec.DecodeError:
        raise errors.KernelFailed("The kernel answered with something that cannot be read.") from None


@method(
    "variable.read", "execute", "session", raises=OF_INQUIRY, example={"html": '<table class="dataframe">...</table>'}
)
async def variable_read(services: Services, connection: Connection, params: ReadVariable) -> VariablePart:
    """Rows of a table (a DataFrame of pandas or polars) that an output shows, asked of the running kernel; the table stays as it is."""
    session = services.sessions.get(params.session)
    sort = -1 if params.sort is None else params.sort
    order = (sort, int(params.descending), params.filter.strip())
    asked = (params.html, params.offset, params.limit, *order, int(params.whole))
    answer = await call_program(services, session, "rows", asked, params.timeout_s)
    if answer is None:
        return VariablePart(status="unsupported")
    try:
        return jupyter_messages.decode(bytes(answer), VariablePart)
    except msgspec.DecodeError:
        raise errors.KernelFailed("The kernel answered with something that cannot be read.") from None
