"""The method `definition.get`: a kernel is asked where a name is defined.

Jupyter's messages know no such question, so it is an expression of a silent execution, which neither counts nor shows::

    definition.get ──► execution with the expression ──► answer
                                                    └─► "no such module": the same once more, with the program as its code ──► answer

The program is a module of webipy's that needs nothing of webipy; a kernel gets it once. Its name there has a hash of its text in it: a kernel
that outlives its server is given that of the next one. `table` has what can be asked, by language; others are entered there.

Invariants: the kernel reads files, with the rights of its user; the server reads none. What waits too long is taken back.
"""

from __future__ import annotations

import hashlib
import inspect
import posixpath
from collections.abc import Callable, Mapping
from functools import cache

import attrs
import msgspec
from msgspec import UNSET, Raw

from webipy import kerneldefinitions
from webipy.core import contents, errors, events
from webipy.core.definition_calls import Definition, GetDefinition
from webipy.server.method import Caller, House, Methods
from webipy.server.session import Session
from webipy.server.stories import story

METHODS = Methods()
method = METHODS.method

_KEY = "definition"


@attrs.define(frozen=True)
class Language:
    """How the kernels of a language are asked.

    Args:
        expression: Makes the expression whose value is shown as `application/json`, the fields of `Definition`, of the code and the cursor.
        program: What a kernel runs once, before it knows the expression.
        missing: The name of the error that tells that it does not know it yet.
        foreign: The name of the error that tells that this kernel will never know it.
    """

    expression: Callable[[str, int], str]
    program: str
    missing: str
    foreign: str


def _python() -> Language:
    source = inspect.getsource(kerneldefinitions)
    module = f"_webipy_definitions_{hashlib.sha256(source.encode()).hexdigest()[:8]}"
    program = (  # one expression, which leaves no name behind
        f"(lambda sys, made: (exec({source!r}, made.__dict__), sys.modules.__setitem__({module!r}, made)))"
        f"(__import__('sys'), __import__('types').ModuleType({module!r}))"
    )
    return Language(
        expression=lambda code, cursor: f"__import__({module!r}).definition(get_ipython(), {code!r}, {cursor})",
        program=program,
        missing="ModuleNotFoundError",
        foreign="NameError",  # a Python without IPython
    )


@cache
def table() -> Mapping[str, Language]:
    """The languages, as kernelspecs name them, in lower case."""
    return {"python": _python()}


class _Shown(msgspec.Struct):
    """The part of a MIME bundle that is read."""

    json: Raw = msgspec.field(name="application/json", default=Raw(b"{}"))


class _Answer(msgspec.Struct):
    """What an expression came to (Jupyter messaging 5.4, execute_reply)."""

    status: str = ""
    ename: str = ""
    evalue: str = ""
    data: _Shown = msgspec.field(default_factory=_Shown)


@method("definition.get", "execute", "session")
async def definition_get(house: House, caller: Caller, params: GetDefinition) -> Definition:
    """Where a name is defined, and the source there, asked of the running kernel by a silent execution."""
    session = house.sessions.get(params.session)
    language = table().get(session.kernel_side.live().language.lower())
    if language is None:
        return Definition(status="unsupported")
    end = house.world.clock() + params.timeout_s
    expression = language.expression(params.code, params.cursor)
    answer = await _asked(house, caller, session, "", expression, params.timeout_s)
    if answer.status == "error" and answer.ename == language.missing:
        left_s = max(1.0, end - house.world.clock())
        answer = await _asked(house, caller, session, language.program, expression, left_s)
    if answer.status == "error" and answer.ename == language.foreign:
        return Definition(status="unsupported")
    return await _with_path(house, _read(answer))


async def _asked(
    house: House, caller: Caller, session: Session, code: str, expression: str, timeout_s: float
) -> _Answer:
    queued = events.ExecutionQueued(
        execution=house.world.new_id(),
        code=code,
        silent=True,
        store_history=False,
        stop_on_error=False,
        allow_stdin=False,
        user_expressions={_KEY: expression},
    )
    await session.execute(queued, caller.name)
    try:
        await session.ended(queued.execution, timeout_s)
    except errors.Timeout:
        _take_back(session, queued.execution)
        message = f"The kernel did not answer within {timeout_s:g} s; it may be busy with code that runs."
        raise errors.Timeout(message, timeout_s=timeout_s) from None
    finished = (await story(session, queued.execution)).finished
    assert finished is not None
    if finished.status != "ok" or finished.user_expressions is UNSET:
        reason = finished.reason or finished.status
        raise errors.KernelFailed(f"The kernel gave no answer to this ({reason.replace('_', ' ').rstrip('.')}).")
    try:
        return contents.decode(bytes(finished.user_expressions), dict[str, _Answer])[_KEY]
    except (msgspec.DecodeError, KeyError):
        raise errors.KernelFailed("The kernel answered with something that cannot be read.") from None


def _take_back(session: Session, execution: str) -> None:
    """Lets the kernel not be asked for what nobody waits for any more."""
    kernel = session.kernel
    run = kernel.executions.open.get(execution) if kernel is not None else None
    if run is not None and not run.running and session.kernel_side.has_host:
        session.kernel_side.command("cancel", contents.encode({"msg_id": execution}))


def _read(answer: _Answer) -> Definition:
    if answer.status != "ok":
        raise errors.KernelFailed(f"The kernel could not tell: {answer.ename}: {answer.evalue[:500]}")
    try:
        return contents.decode(bytes(answer.data.json), Definition)
    except msgspec.DecodeError:
        raise errors.KernelFailed("The kernel answered with something that cannot be read.") from None


async def _with_path(house: House, found: Definition) -> Definition:
    """With the path that the file has below the root, if the server shows it there. What a kernel says of that itself does not count."""
    root = house.sessions.root.rstrip("/") + "/"
    file = posixpath.normpath(found.file or "")
    path = None
    if file.startswith(root):
        try:
            record = await house.world.files.stat(file[len(root) :])
            path = record.path if record.kind in ("file", "notebook") else None
        except errors.Failure:  # hidden, gone, or not of this machine
            path = None
    return msgspec.structs.replace(found, path=path)
