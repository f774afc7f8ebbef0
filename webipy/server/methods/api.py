"""The method table, and the one dispatcher in front of it.

Browser, command line and tests call the same table: `METHODS` maps a name to its params struct,
its result struct, the verb it needs and its function. `Api.answer` takes one message of any transport through five
steps, in this order: parse (core/api/rpc), find, decode params, permit, call.

Invariants: a method without a verb and a reach cannot be entered; `rules.permit` is called here before every method, with the rights that the
principal has at that moment; the raw streams, which are no methods (webipy.io.web.files_resource and the like), ask the same rights;
a failure of a method is the answer to that call alone; an exception that is no `Failure` is logged under a reference and
answered without details.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from functools import cache
from typing import Any, TypeVar

import attrs
import msgspec
from msgspec import UNSET, Raw
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from webipy.core import errors
from webipy.core.api import access, calls, rpc
from webipy.core.api.rpc import Call
from webipy.server.methods import (
    audit,
    cells,
    copies,
    definitions,
    executions,
    exports,
    files,
    handouts,
    inquiries,
    journals,
    logins,
    notebooks,
    notifications,
    openrpc,
    plans,
    presence,
    push,
    rights,
    rules,
    runs,
    sessions,
    shares,
    tables,
    terminals,
    tokens,
    users,
)
from webipy.server.methods.method import Connection, Method, Methods, Needed, Services
from webipy.server.people.budgets import PAYER, Budget
from webipy.server.people.quotas import FREE
from webipy.server.ports.turns import ROW
from webipy.server.sessions import guest_view

_T = TypeVar("_T")

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Of the answer to one batch: when it is reached, the other calls of the batch are not carried out."""

MAX_GUEST_ANSWER_BYTES = 8 * 1024 * 1024
"""The same for guests."""

_OWN = Methods()
method = _OWN.method


@method("rpc.discover", "none", "connection")
async def rpc_discover(services: Services, connection: Connection, params: calls.Nothing) -> calls.OpenRpc:
    """The OpenRPC document of this API: every method, its params and its result as JSON Schema."""
    return await _described(services)


METHODS: dict[str, Method] = {
    **_OWN.table,
    **sessions.METHODS.table,
    **shares.METHODS.table,
    **presence.METHODS.table,
    **push.METHODS.table,
    **rights.METHODS.table,
    **logins.METHODS.table,
    **tokens.METHODS.table,
    **audit.METHODS.table,
    **users.METHODS.table,
    **notifications.METHODS.table,
    **executions.METHODS.table,
    **inquiries.METHODS.table,
    **definitions.METHODS.table,
    **cells.METHODS.table,
    **notebooks.METHODS.table,
    **copies.METHODS.table,
    **runs.METHODS.table,
    **plans.METHODS.table,
    **exports.METHODS.table,
    **files.METHODS.table,
    **handouts.METHODS.table,
    **tables.METHODS.table,
    **terminals.METHODS.table,
    **journals.METHODS.table,
}


@cache
def _document(version: str) -> calls.OpenRpc:
    """The table does not change: it is described once, aside, for that takes longer than a turn of the reactor may."""
    return openrpc.document(METHODS, version)


async def _described(services: Services) -> calls.OpenRpc:
    if _document.cache_info().currsize:
        return _document(services.version)
    return await services.world.aside(lambda: _document(services.version))


_AT = re.compile(r" - at `\$\.?([^`]*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_LONG = re.compile(r"Expected `(str|array|object)` of length <= (\d+)")


@attrs.define(eq=False)
class Api:
    """Answers messages for the clients of one server.

    Args:
        services: What the methods work on.
    """

    services: Services
    _decoders: dict[str, msgspec.json.Decoder[calls.Params]] = attrs.field(factory=dict)
    _described: bytes = b""
    _log = Logger()

    def __attrs_post_init__(self) -> None:
        self.services.verbs = {name: method.verb for name, method in METHODS.items()}

    async def described(self) -> bytes:
        """The result of rpc.discover as JSON, made once."""
        if not self._described:
            self._described = msgspec.json.encode(await _described(self.services))
        return self._described

    async def post(self, body: bytes, connection: Connection) -> bytes | None:
        """As `answer`, for a message that is a connection by itself: it counts as one until it is answered.

        Args:
            body: The message, JSON.
            connection: Where it comes from.

        Raises:
            errors.Throttled: The login has as many connections as it may have.
        """
        connection.budget = budget = self.services.budgets.of(connection.principal)
        budget.enter()
        try:
            ROW.set(connection.row)
            await self.services.world.turns.pause()
            answering = self.answer(body, connection)
            del body
            return await answering
        finally:
            budget.lines -= 1

    async def answer(self, body: bytes, connection: Connection) -> bytes | None:
        """Answers a message.

        The calls of a batch are carried out one after the other, in their order, with turns for others in between.

        Args:
            body: The message: one call or a batch, JSON.
            connection: Where it comes from.

        Returns:
            The answer, JSON; `None` when no call of it is to be answered.
        """
        budget = self.services.budgets.of(connection.principal)
        connection.budget = budget
        ROW.set(connection.row)
        PAYER.set(budget)
        began = self.services.world.clock()
        try:
            batch = rpc.parse(body)
        except errors.Failure as fault:
            return rpc.failure(None, fault)
        finally:
            budget.spend(self.services.world.clock() - began)
        is_one = not batch.is_list and bool(batch.calls)
        answering = (
            self._answer_one(batch.calls.pop(), connection, budget)
            if is_one
            else self._answer_all(batch, connection, budget)
        )
        del body, batch  # they may be large, and a call may wait for long
        return await answering

    async def _answer_all(self, batch: rpc.Batch, connection: Connection, budget: Budget) -> bytes | None:
        replies, waiting = batch.refused, deque(batch.calls)
        is_list = batch.is_list
        del batch
        size = sum(map(len, replies))
        most = answer_limit(connection)
        held = 0
        while waiting:
            is_left_out = size > most
            reply = (
                _left_out(waiting.popleft(), most)
                if is_left_out
                else await self._answer_one(waiting.popleft(), connection, budget)
            )
            if reply is not None:
                replies.append(reply)
                size += len(reply)
            if waiting:
                budget.hold(size - held)
                held = size
                await self.services.world.turns.pause()
        budget.hold(-held)
        return rpc.join(replies, is_list)

    async def _answer_one(self, call: Call, connection: Connection, budget: Budget) -> bytes | None:
        """Answers one call, at the cost of a budget."""
        try:
            budget.begin()
        except errors.Failure as fault:
            return None if call.is_notification else rpc.failure(_id_of(call), fault)
        answering = Metered(self._answered(call, connection), self.services.world.clock, budget.spend)
        del call
        try:
            return await answering
        finally:
            budget.end()

    async def perform(self, name: str, params: calls.Params, connection: Connection) -> calls.Result:
        """Carries out a call that was not sent as JSON-RPC, with the same rights and at the same cost as one that was.

        Args:
            name: The name of the method.
            params: Its params.
            connection: Where it comes from.

        Raises:
            errors.Failure: Of the method, or the principal lacks the right, or has used up the budget.
        """
        connection.budget = budget = self.services.budgets.of(connection.principal)
        ROW.set(connection.row)
        PAYER.set(budget)
        budget.begin()
        try:
            call = Call(
                name, Raw(msgspec.json.encode(params)), UNSET
            )  # so that its params are checked as those of others
            return await Metered(self._carried_out(call, connection), self.services.world.clock, budget.spend)
        finally:
            budget.end()

    async def _carried_out(self, call: Call, connection: Connection) -> calls.Result:
        return await self._begun(call, connection)

    async def _answered(self, call: Call, connection: Connection) -> bytes | None:
        call_id, is_notification, name = _id_of(call), call.is_notification, call.method[:64]
        try:
            begun = self._begun(call, connection)
            del call  # its params are part of the message
            reply = rpc.result(call_id, await begun)
        except errors.Failure as fault:
            reply = rpc.failure(call_id, guest_view.failure(fault, connection.principal, self._path_of))
        except CancelledError:
            if not connection.is_gone:
                reply = rpc.failure(call_id, self._mistake(name))
            else:
                return None
        except Exception:
            reply = rpc.failure(call_id, self._mistake(name))
        return None if is_notification else reply

    def _path_of(self, session: str) -> str | None:
        found = self.services.sessions.find(session)
        return None if found is None else found.record.path

    def _mistake(self, method: str) -> errors.InternalError:
        reference = self.services.world.new_id()[:8]
        self._log.failure("method {method} failed (reference {reference})", method=method, reference=reference)
        return errors.InternalError(
            f"The server made a mistake; its log tells more under {reference}.", reference=reference
        )

    def _begun(self, call: Call, connection: Connection) -> Awaitable[calls.Result]:
        """The coroutine that carries a call out."""
        method = METHODS.get(call.method)
        if method is None:
            raise errors.MethodNotFound(
                f"There is no method {call.method[:64]!r}; /rpc/openrpc.json lists all.", method=call.method[:64]
            )
        params = self._params(method, call)
        principal, log = self.services.logins.refresh(connection.principal), self.services.logins.audit
        try:
            places = self._check(method, params, principal)
        except errors.Failure as fault:
            log.call(method.name, params, principal, connection.origin, fault.name, self._path_of)
            raise
        connection.principal = principal
        begun = rules.carry_out(self.services, connection, method, params, places)
        return begun if not log.records(method.name) else self._recorded(method.name, params, connection, begun)

    async def _recorded(
        self, method: str, params: calls.Params, connection: Connection, begun: Awaitable[calls.Result]
    ) -> calls.Result:
        """Carries a call out, and records it with what came of it."""
        who, result = connection.principal, "ok"
        try:
            return await begun
        except errors.Failure as fault:
            result = fault.name
            raise
        except CancelledError:
            result = "cancelled"
            raise
        except BaseException:
            result = errors.InternalError.name
            raise
        finally:
            self.services.logins.audit.call(method, params, who, connection.origin, result, self._path_of)

    def _check(self, method: Method, params: calls.Params, principal: access.Principal | None) -> list[Needed]:
        """The places that a call names, when a principal may make it: by their rights, the scopes of their token, and what they wrote today."""
        places = rules.permit(self.services, principal, method, params)
        verb = method.needs(params)
        rules.check_scopes(self.services, principal, method, params)
        if verb in ("write", "execute") and method.name not in FREE:
            self._check_quota(principal)
        return places

    def _check_quota(self, principal: access.Principal | None) -> None:
        if principal is not None and principal.session is not None:
            self.services.quotas.check(principal.session, principal.name)

    def _params(self, method: Method, call: Call) -> calls.Params:
        decoder = self._decoders.get(method.name)
        if decoder is None:
            decoder = self._decoders[method.name] = msgspec.json.Decoder(method.params)
        try:
            return decoder.decode(call.params)
        except msgspec.DecodeError as fault:
            raise errors.InvalidParams(
                f"{method.name}: {_explained(str(fault), method)}", field=_field(str(fault))
            ) from None


@attrs.define(eq=False)
class Metered(Awaitable[_T]):
    """Awaits a coroutine and measures how long each of its steps held the reactor.

    Args:
        steps: The coroutine.
        clock: Seconds that only go forward.
        spend: Called with the seconds of each step.
    """

    steps: Awaitable[_T]
    clock: Callable[[], float]
    spend: Callable[[float], None]

    def __await__(self) -> Generator[Any, Any, _T]:
        steps = self.steps.__await__()
        step: Callable[[Any], Any] = steps.send
        given: Any = None
        while True:
            began = self.clock()
            try:
                waited = step(given)
            except StopIteration as end:
                result: _T = end.value
                return result
            finally:
                self.spend(self.clock() - began)
            try:
                given, step = (yield waited), steps.send
            except BaseException as fault:  # given to the coroutine, which ends or goes on
                given, step = fault, steps.throw


def answer_limit(connection: Connection) -> int:
    """Bytes of the answer to a batch after which no more of its calls are carried out."""
    principal = connection.principal
    return MAX_ANSWER_BYTES if principal is not None and principal.session is None else MAX_GUEST_ANSWER_BYTES


def _id_of(call: Call) -> rpc.CallId:
    return None if isinstance(call.id, msgspec.UnsetType) else call.id


def _left_out(call: Call, most: int) -> bytes | None:
    """The answer to a call of a batch that was not carried out."""
    fault = errors.TooLarge(
        f"The answer to this batch has {most} bytes already: this call was not carried out. Send it by itself.",
        limit_bytes=most,
    )
    return None if call.is_notification else rpc.failure(_id_of(call), fault)


def _field(fault: str) -> str:
    """The name of the field that a decoding fault is about."""
    for pattern in (_UNKNOWN, _MISSING, _AT):
        found = pattern.search(fault)
        if found:
            return found.group(1)
    return "params"


def _explained(fault: str, method: Method) -> str:
    known = ", ".join(method.params.__struct_fields__) or "none"
    sentence = _AT.sub("", fault)
    unknown = _UNKNOWN.search(fault)
    if unknown:
        return f"there is no parameter {unknown.group(1)!r}; it takes: {known}."
    missing = _MISSING.search(fault)
    if missing:
        return f"the parameter {missing.group(1)!r} is missing; it takes: {known}."
    long = _LONG.search(fault)
    if long:
        parts = "characters" if long.group(1) == "str" else "entries"
        return f"the parameter {_field(fault)!r} is too long: it has at most {long.group(2)} {parts}."
    return f"the parameter {_field(fault)!r} is wrong: {sentence[0].lower()}{sentence[1:]}."


def answered(api: Api, body: bytes, connection: Connection) -> Deferred[bytes | None]:
    """`Api.answer` as a Deferred.

    Args:
        api: The API.
        body: The message, JSON.
        connection: Where it comes from.
    """
    return Deferred.fromCoroutine(api.answer(body, connection))
