"""Inquiries: requests to a kernel that are no part of the document (`webipy.core.kernel.inquiries`). The reply goes to one connection, and nothing
is journaled.

    ask           a Jupyter request (complete_request and the like) ──► the kernel ──► its reply
    call_program  a function of a program of webipy's ──► the kernel ──► its result
                                                              └─► "no such module": once more, with the source of the program ──► its result

A kernel that answers beside its main thread gets inquiries on control, whatever runs. Another one gets them on shell and, for a program,
as a silent execution that is in no event; not while it runs code, as the reply would come too late.

A program is a module of webipy's that imports nothing of webipy. Its name in the kernel contains a hash of its text: a kernel that outlives
its server gets the program of the next one.
"""

from __future__ import annotations

import hashlib
import inspect
import types
from collections.abc import Mapping, Sequence
from functools import cache

import msgspec
from msgspec import Raw

from webipy.core import errors
from webipy.core.kernel import inquiries, jupyter_messages, wire
from webipy.core.kernel.wire import Message
from webipy.kernel_programs import definitions, tables, variables
from webipy.server.methods.method import Services
from webipy.server.sessions.session import Session

_KEY = "told"
_MISSING = "ModuleNotFoundError"
_FOREIGN = "NameError"
"""How a Python without IPython fails at `get_ipython`."""

_QUEUE = jupyter_messages.encode({"webipy": {"queue": "inquiries"}})


async def ask(session: Session, msg_type: str, content: bytes, timeout_s: float) -> Message:
    """Sends a Jupyter request to a kernel and waits for its reply.

    Args:
        session: The session of the kernel.
        msg_type: The message type of the request.
        content: Its content, JSON.
        timeout_s: Seconds that it waits.

    Returns:
        The reply.

    Raises:
        errors.KernelBusy: It runs code, and does not answer meanwhile.
        errors.KernelFailed: It replies with an error.
        errors.Timeout, errors.KernelDead, errors.KernelNotReady: There is no reply.
    """
    connection = session.kernel_connection
    kernel = connection.live()
    if kernel.answers_beside:
        reply = await connection.request("control", msg_type, content, timeout_s, is_inquiry=True)
        _check(reply)
        return reply
    if kernel.runs_code:
        raise errors.KernelBusy("The kernel is running; it answers when the cell has ended.")
    is_queued = msg_type == "execute_request"
    return await connection.request(
        "shell", msg_type, content, timeout_s, _QUEUE if is_queued else b"{}", is_inquiry=True
    )


def content_of(reply: Message) -> bytes:
    """The content of a reply, JSON.

    Raises:
        errors.KernelFailed: It is no JSON.
    """
    return clean(reply.content)


def clean(raw: bytes) -> bytes:
    """JSON of a kernel, checked.

    Raises:
        errors.KernelFailed: It is no JSON.
    """
    try:
        return wire.clean_content(raw)
    except wire.Malformed as fault:
        raise errors.KernelFailed(f"The kernel answered with something that is not JSON: {fault}") from None


class _Shown(msgspec.Struct):
    """The part of a MIME bundle that is read."""

    json: Raw = msgspec.field(name="application/json", default=Raw(b"null"))


class _Answer(msgspec.Struct):
    """The result of an expression (Jupyter messaging 5.4, execute_reply) or of a function of a program, or how it failed."""

    status: str = ""
    ename: str = ""
    evalue: str = ""
    data: _Shown = msgspec.field(default_factory=_Shown)


class _Executed(msgspec.Struct):
    """How a silent execution ended."""

    status: str = ""
    ename: str = ""
    evalue: str = ""
    user_expressions: dict[str, _Answer] = {}


def _check(reply: Message) -> None:
    """Returns when the reply to an inquiry is no error."""
    if reply.header.msg_type == inquiries.REPLY:
        return  # `call_program` checks it
    try:
        answer = jupyter_messages.decode(content_of(reply), _Answer)
    except msgspec.DecodeError:
        return  # the reader of the reply reports it
    if answer.status == "error":
        raise _failure(answer.ename, answer.evalue)


def _failure(ename: str, evalue: str) -> errors.Failure:
    if ename == "Busy":
        return errors.KernelBusy("Too much that the kernel was asked has not ended; a restart of the kernel ends it.")
    return errors.KernelFailed(f"The kernel could not tell: {ename}: {evalue[:500]}")


# ---- programs -----------------------------------------------------------------------------------------------------


class Program(msgspec.Struct, frozen=True):
    """A module that runs in a kernel.

    Args:
        module: Its name there.
        source: Its text. Each of its functions has IPython's shell as first argument, and returns an object with an `application/json` form.
    """

    module: str
    source: str

    def asked(self, function: str, arguments: Sequence[str | int], *, is_given: bool) -> bytes:
        """The content of an inquiry.

        Args:
            function: The function of the program.
            arguments: Its arguments, after the shell.
            is_given: Whether the source of the program is in it.

        Returns:
            The content, JSON.
        """
        more = {"source": self.source} if is_given else {}
        return jupyter_messages.encode({"module": self.module, "function": function, "arguments": arguments, **more})

    def executed(self, function: str, arguments: Sequence[str | int], *, is_given: bool) -> bytes:
        """The content of a silent execution that does the same and defines no name.

        Args:
            function: The function of the program.
            arguments: Its arguments, after the shell.
            is_given: Whether the source of the program is in it.

        Returns:
            The content, JSON.
        """
        rest = "".join(f", {one!r}" for one in arguments)
        given = (
            f"(lambda sys, made: (exec({self.source!r}, made.__dict__), sys.modules.__setitem__({self.module!r}, made)))"
            f"(__import__('sys'), __import__('types').ModuleType({self.module!r}))"
        )
        return jupyter_messages.encode(
            {
                "code": given if is_given else "",
                "silent": True,
                "store_history": False,
                "user_expressions": {_KEY: f"__import__({self.module!r}).{function}(get_ipython(){rest})"},
                "allow_stdin": False,
                "stop_on_error": False,
            }
        )


def _program(module: types.ModuleType) -> Program:
    source = inspect.getsource(module)
    name = module.__name__.rpartition(".")[2].replace("kernel", "_webipy_")
    return Program(f"{name}_{hashlib.sha256(source.encode()).hexdigest()[:8]}", source)


@cache
def programs() -> Mapping[tuple[str, str], Program]:
    """The programs, by the language as kernelspecs name it, in lower case, and by the function."""
    return {
        ("python", "definition"): _program(definitions),
        ("python", "listed"): _program(variables),
        ("python", "rows"): _program(tables),
    }


async def call_program(
    services: Services, session: Session, function: str, arguments: Sequence[str | int], timeout_s: float
) -> Raw | None:
    """Calls a function of a program in the kernel.

    Args:
        services: The services of the server.
        session: The session of the kernel.
        function: The function of the program.
        arguments: Its arguments.
        timeout_s: Seconds that it waits.

    Returns:
        The result, JSON; `None` when there is no such program for kernels of this language.

    Raises:
        errors.KernelBusy, errors.KernelFailed, errors.Timeout, errors.KernelDead, errors.KernelNotReady: As `ask`.
    """
    program = programs().get((session.kernel_connection.live().language.lower(), function))
    if program is None:
        return None
    end = services.world.clock() + timeout_s
    answer = await _answer(session, program, function, arguments, False, timeout_s)
    if answer.status == "error" and answer.ename == _MISSING:
        left_s = max(1.0, end - services.world.clock())
        answer = await _answer(session, program, function, arguments, True, left_s)
    if answer.status == "error" and answer.ename == _FOREIGN and not session.kernel_connection.live().answers_beside:
        return None
    if answer.status != "ok":
        raise _failure(answer.ename, answer.evalue)
    return answer.data.json


async def _answer(
    session: Session, program: Program, function: str, arguments: Sequence[str | int], is_given: bool, timeout_s: float
) -> _Answer:
    is_beside = session.kernel_connection.live().answers_beside
    kind = inquiries.REQUEST if is_beside else "execute_request"
    asked = (program.asked if is_beside else program.executed)(function, arguments, is_given=is_given)
    reply = content_of(await ask(session, kind, asked, timeout_s))
    try:
        if is_beside:
            return jupyter_messages.decode(reply, _Answer)
        executed = jupyter_messages.decode(reply, _Executed)
    except msgspec.DecodeError:
        raise errors.KernelFailed("The kernel answered with something that cannot be read.") from None
    if executed.status != "ok" or _KEY not in executed.user_expressions:
        how = f"{executed.ename}: {executed.evalue[:500]}" if executed.ename else executed.status or "no answer"
        raise errors.KernelFailed(f"The kernel gave no answer to this ({how}).")
    return executed.user_expressions[_KEY]
