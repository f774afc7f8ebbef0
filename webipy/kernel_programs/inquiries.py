"""Answers what is asked of an ipykernel and is no part of the document, beside its main thread: while a cell runs, and without a trace in it.

A part of the boot file (`webipy/kernel_programs/boot.py`), with its rules: the standard library and what ipykernel brings along, Python 3.8.

    control: complete_request, inspect_request, is_complete_request, history_request ──► a thread of its own: ipykernel's own code ──► reply
    control: webipy_inquiry_request ──► a thread of its own: a function of a module that webipy has given to the kernel ──► reply

An inquiry is answered on the control channel, which a kernel reads while a cell runs; so the host and the queue need to know nothing of it.
Each has a thread; they take turns, because IPython's parts are made for one at a time. One that takes longer than `SLOW_S` (a `__repr__` that
sleeps) loses its turn and goes on beside the others; one that takes longer than `LONGEST_S` is ended, if it does not hang in C; when `MOST` are
on their way, the next one is refused.

Invariants: the control thread never runs the user's code; only it sends on its socket (`Relay`). What an inquiry prints, shows or raises goes
nowhere (`QUIET`): all of the kernel's output is the cell's. Only messages of comms pass, without which widgets would be out of step. An inquiry
asks nobody for a line. No parent header, no hook of IPython's, no count and no history is touched. SIGINT strikes the main thread alone.

A kernel says that it can do this in `supported_features` of its kernel_info_reply.

Rejected: a subshell (JEP 91): it is one thread, which the first `__repr__` that hangs takes with it, and to delete it then stops the shell
channel; its requests become the parent of what other threads print; code in it calls IPython's hooks, which show the half-drawn figure of the
cell; it must be made, remembered and made again by whoever asks; and ipykernel 6 has none.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import sys
import threading
import types
from contextvars import ContextVar
from typing import Any

FEATURE = "webipy inquiries"
SLOW_S = 2.0  # an inquiry that takes longer does not keep the next one from its turn
LONGEST_S = 60.0  # nobody waits longer for an answer: what hangs in Python's own code is ended then
MOST = 16  # inquiries on their way at once; they are a person's, so more of them means that they hang

QUIET: ContextVar[bool] = ContextVar("webipy_inquiry", default=False)
"""Whether this thread answers an inquiry."""

MESSAGES = ("complete_request", "inspect_request", "is_complete_request", "history_request")
INQUIRY = "webipy_inquiry_request"


class Relay:
    """Stands for a socket in another thread than that whose socket it is, which sends what it is given."""

    def __init__(self, stream) -> None:  # type: ignore[no-untyped-def]  # ipykernel is not known to webipy
        from tornado.ioloop import IOLoop

        self._send, self.loop = stream.send_multipart, IOLoop.current()

    def send_multipart(self, parts, *args, **named) -> None:  # type: ignore[no-untyped-def]
        """Sends a message in the thread of the socket.

        Args:
            parts: Frames of the message.
        """
        self.loop.add_callback(self._send, parts, *args, **named)


class Inquiries:
    """The inquiries of one kernel that are on their way."""

    def __init__(self, kernel) -> None:  # type: ignore[no-untyped-def]
        self._kernel = kernel
        self._turn = threading.Lock()
        self._count = 0

    def answer(self, handle, stream, ident, parent) -> None:  # type: ignore[no-untyped-def]
        """Answers a request in a thread of its own; called in the control thread.

        Args:
            handle: ipykernel's function for this kind of request.
            stream: Stream of the control channel.
            ident: Routing identities.
            parent: The request.
        """
        relay = Relay(stream)
        if self._count >= MOST:
            self._refuse(relay, ident, parent, "Busy", f"{MOST} inquiries are on their way and have not ended.")
            return
        self._count += 1
        work = functools.partial(self._answer, handle, relay, ident, parent)
        thread = threading.Thread(target=work, name="webipy-inquiry", daemon=True)
        thread.start()
        relay.loop.call_later(LONGEST_S, _end, thread)

    def _answer(self, handle, relay, ident, parent) -> None:  # type: ignore[no-untyped-def]
        QUIET.set(True)
        turn = self._wait()
        try:
            made = handle(relay, ident, parent)
            if inspect.isawaitable(made):
                asyncio.run(_awaited(made))
        except BaseException as fault:  # whatever the user's code raises: it is the reply
            self._refuse(relay, ident, parent, type(fault).__name__, _text_of(fault))
        finally:
            turn.release()
            relay.loop.add_callback(self._ended)

    def _wait(self) -> Any:
        """Wait for those before; those that are slow keep the turn that they have, and everybody else goes on with another one."""
        while True:
            turn = self._turn
            if turn.acquire(timeout=SLOW_S):
                return turn
            if self._turn is turn:
                self._turn = threading.Lock()

    def _ended(self) -> None:
        self._count -= 1

    def _refuse(self, relay, ident, parent, ename: str, evalue: str) -> None:  # type: ignore[no-untyped-def]
        kind = parent["header"]["msg_type"][: -len("request")] + "reply"
        content = {"status": "error", "ename": ename, "evalue": evalue, "traceback": []}
        self._kernel.session.send(relay, kind, content, parent, ident=ident)


class TimeOver(BaseException):
    """Ends an inquiry that takes too long; not an `Exception`, so that code which catches those does not catch it."""


def _end(thread: threading.Thread) -> None:
    """End what a thread does, at its next step in Python."""
    import ctypes

    if thread.is_alive() and thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(TimeOver))


async def _awaited(made: Any) -> None:
    await made


def _text_of(fault: BaseException) -> str:
    """The text of an exception, even if it cannot be written."""
    try:
        return str(fault)
    except Exception:
        return "(it cannot be shown as text)"


def call_program(kernel, stream, ident, parent) -> None:  # type: ignore[no-untyped-def]
    """Answers with the result of a function of a module, which is made from the source in the request if it is not there.

    Args:
        kernel: The kernel.
        stream: Stream that the reply goes to.
        ident: Routing identities.
        parent: The request: `module`, `function`, `arguments`, and `source`.
    """
    asked = parent["content"]
    name, source = asked["module"], asked.get("source")
    module = sys.modules.get(name)
    if module is None and source:
        module = types.ModuleType(name)
        exec(compile(source, f"<{name}>", "exec"), module.__dict__)
        sys.modules[name] = module
    if module is None:
        content = {"status": "error", "ename": "ModuleNotFoundError", "evalue": name, "traceback": []}
    else:
        result = getattr(module, asked["function"])(kernel.shell, *asked["arguments"])
        content = {"status": "ok", "data": result._repr_mimebundle_()}
    kernel.session.send(stream, "webipy_inquiry_reply", content, parent, ident=ident)


def answer_beside(kernel_class) -> None:  # type: ignore[no-untyped-def]
    """Answers inquiries on the control channel, in threads of their own, and adds the feature to the kernel_info_reply.

    Raises:
        AttributeError: This ipykernel has no control thread.
    """
    begin, described = kernel_class.__init__, kernel_class.kernel_info.fget
    if not hasattr(kernel_class, "control_thread"):
        raise AttributeError("control_thread")

    @functools.wraps(begin)
    def begin_with_inquiries(self, *args, **named):  # type: ignore[no-untyped-def]
        begin(self, *args, **named)
        inquiries, handled = Inquiries(self), self.control_handlers
        for kind in MESSAGES:
            handled[kind] = functools.partial(inquiries.answer, handled[kind])
        handled[INQUIRY] = functools.partial(inquiries.answer, functools.partial(call_program, self))

    def described_whole(self):  # type: ignore[no-untyped-def]
        features = described(self)
        return {**features, "supported_features": [*features.get("supported_features", ()), FEATURE]}

    kernel_class.__init__ = begin_with_inquiries
    kernel_class.kernel_info = property(described_whole)


def ask_nobody(kernel_class) -> None:  # type: ignore[no-untyped-def]
    """Refuses `input()` in an inquiry: whoever watches the cell would be asked."""
    ask = kernel_class._input_request

    @functools.wraps(ask)
    def ask_in_cells(self, *args, **named):  # type: ignore[no-untyped-def]
        if QUIET.get():
            raise RuntimeError("input() cannot be used here: nobody is asked")
        return ask(self, *args, **named)

    kernel_class._input_request = ask_in_cells


def print_nothing(stream_class) -> None:  # type: ignore[no-untyped-def]
    """Drops what an inquiry prints."""
    write = stream_class.write

    def write_of_cells(self, string):  # type: ignore[no-untyped-def]
        if QUIET.get() and isinstance(string, str):
            return len(string)
        return write(self, string)

    stream_class.write = write_of_cells


def publish_nothing(thread_class) -> None:  # type: ignore[no-untyped-def]
    """Drops what an inquiry shows; the messages of its widgets pass."""
    send = thread_class.send_multipart

    def send_of_cells(self, parts, *args, **named):  # type: ignore[no-untyped-def]
        if not QUIET.get() or bytes(parts[0]).startswith(b"comm-"):
            send(self, parts, *args, **named)

    thread_class.send_multipart = send_of_cells


def complete_without_warnings(completer) -> None:  # type: ignore[no-untyped-def]
    """Let a completion leave the filters of warnings alone: they are those of the whole process, and a cell may be changing them just then."""
    real, expected = completer.warnings, completer.ProvisionalCompleterWarning

    def warn(message, category=None, *args, **named):  # type: ignore[no-untyped-def]
        if not QUIET.get() and category is not expected:
            real.warn(message, category, *args, **named)

    changed = {"warn": warn, "catch_warnings": contextlib.nullcontext, "filterwarnings": lambda *_args, **_named: None}
    completer.warnings = types.SimpleNamespace(**{**vars(real), **changed})


def changes(iostream, kernel_class):  # type: ignore[no-untyped-def]
    """Lists what is changed, and where.

    Args:
        iostream: The module `ipykernel.iostream`.
        kernel_class: ipykernel's kernel.

    Returns:
        Functions, each with what it changes.
    """
    from IPython.core import completer

    return [
        (print_nothing, iostream.OutStream),
        (publish_nothing, iostream.IOPubThread),
        (answer_beside, kernel_class),
        (ask_nobody, kernel_class),
        (complete_without_warnings, completer),
    ]
