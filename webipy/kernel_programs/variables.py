"""Lists the names of a user's namespace inside a Python kernel, in little time and without calling what may be slow.

webipy sends the text of this module to a kernel once, as a module that no name of the user leads to, and asks it by an inquiry
(`webipy.server.methods.kernel_inquiries`). So only the standard library is used, and the syntax is that of Python 3.8.

A value says what it is by its type, its size, and a short text. The text of numbers, strings and plain containers is made here; of other
values it is their `repr`, unless they hold many parts. All together take no longer than `SECONDS`.

A `__repr__` that takes long is given up: in the main thread by a timer; elsewhere it is ended at its next step in Python, and the rest is listed
without the thread that hangs in it. A class whose `__repr__` hung is not asked again.
"""

from __future__ import annotations

import contextlib
import contextvars
import ctypes
import inspect
import itertools
import signal
import threading
import time
import types
import weakref
from collections.abc import Iterator
from typing import Any

MOST_NAMES = 400
LONGEST = 90
PARTS = 6
DEPTH = 2
LIGHT_ITEMS = 50
SECONDS = 0.25
ONE_SECONDS = 0.05
LOOK_SECONDS = 0.025
LOOKS = 10
"""A value that is asked still after so many looks at it hangs. Looks count, not the clock: in code that lets no thread go on there is none."""
SHAPED = (
    "numpy",
    "pandas",
    "torch",
    "jax",
    "jaxlib",
    "tensorflow",
    "scipy",
    "polars",
    "xarray",
    "cupy",
    "pyarrow",
    "geopandas",
)
BRACKETS: dict[type, str] = {list: "[]", tuple: "()", set: "{}", frozenset: "{}"}
FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.BuiltinMethodType)


class TimeOver(BaseException):
    """Ends a `__repr__` that takes too long; not an `Exception`, so that one that catches those does not catch it."""


class Listed:
    """The result of the inquiry: a MIME bundle, and no text."""

    def __init__(self, found: dict[str, Any]) -> None:
        self._found = found

    def __repr__(self) -> str:
        return "<names>"

    def _repr_mimebundle_(self, **_options: Any) -> dict[str, Any]:
        return {"application/json": self._found}


def cut(text: str) -> str:
    """At most `LONGEST` characters, without anything that JSON cannot carry."""
    plain = " ".join(text[: 4 * LONGEST].split())
    short = plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"
    return short.encode("utf-8", "replace").decode("utf-8")


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Ends what takes longer than `ONE_SECONDS`, where nobody else uses the timer of the process."""
    usable = (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
        and signal.getitimer(signal.ITIMER_REAL)[0] == 0.0
    )
    if not usable:
        yield
        return

    def over(_signal: int, _frame: Any) -> None:
        raise TimeOver

    signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, ONE_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def number(value: int) -> str:
    """An integer; one that is too long to be written says how long it is."""
    bits = value.bit_length()
    return repr(value) if bits <= 256 else f"about 10**{int(bits * 0.30103)}"


def parts(values: Any, depth: int) -> str:
    """Writes the first of some values, and a sign that there are more.

    Args:
        values: The values.
        depth: How many containers they stand in.
    """
    texts = [brief(one, depth + 1) for one in itertools.islice(values, PARTS)]
    return ", ".join(texts) + (", …" if len(values) > PARTS else "")


def brief(value: Any, depth: int = 0) -> str:
    """Writes a value shortly, without calling any `__repr__` that is not Python's own.

    Args:
        value: The value.
        depth: How many containers it stands in.
    """
    kind = type(value)
    if value is None or value is Ellipsis or kind in (bool, float, complex):
        return repr(value)
    if kind is int:
        return number(value)
    if kind in (str, bytes, bytearray):
        return repr(value[:LONGEST]) + ("…" if len(value) > LONGEST else "")
    if kind in BRACKETS or kind is dict:
        if depth >= DEPTH:
            return "…"
        if kind is dict:
            pairs = [
                f"{brief(key, depth + 1)}: {brief(one, depth + 1)}"
                for key, one in itertools.islice(value.items(), PARTS)
            ]
            return "{" + ", ".join(pairs) + (", …" if len(value) > PARTS else "") + "}"
        return BRACKETS[kind][0] + parts(value, depth) + BRACKETS[kind][1]
    return f"<{kind.__name__}>"


def is_shaped(kind: type) -> bool:
    """Whether a type is of a library whose values have their shape at no cost."""
    return str(getattr(kind, "__module__", "")).partition(".")[0] in SHAPED


def size(value: Any) -> list[int] | None:
    """The shape of an array or a table, the length of a container or a text, or nothing."""
    kind = type(value)
    if kind in BRACKETS or kind in (dict, str, bytes, bytearray, range):
        return [len(value)]
    shape = getattr(value, "shape", None) if is_shaped(kind) else None
    return [int(one) for one in shape] if isinstance(shape, tuple) else None


def of_library(value: Any) -> str:
    """The text of an array or a table: the type of its elements, or the names of its columns."""
    columns = getattr(value, "columns", None)
    if columns is not None:
        return cut(", ".join(str(one) for one in itertools.islice(columns, 12)))
    dtype = getattr(value, "dtype", None)
    shape = getattr(value, "shape", ())
    if (
        type(value).__module__ == "numpy"
        and shape is not None
        and len(shape) <= 1
        and getattr(value, "size", LIGHT_ITEMS) <= PARTS
    ):
        return cut(f"{brief(value.tolist())} {dtype}")
    return cut(str(dtype)) if dtype is not None else ""


def own_words(value: Any) -> str:
    """The `repr` of a value whose class has one of its own, if it cannot be long."""
    kind = type(value)
    if kind.__repr__ is object.__repr__:  # type: ignore[comparison-overlap]  # mypy takes the one for bound
        return ""
    if hasattr(kind, "__len__"):
        with limited():
            if len(value) > LIGHT_ITEMS:
                return ""
    with limited():
        return cut(repr(value))


def text(value: Any) -> str:
    """The short text of a value."""
    kind = type(value)
    if isinstance(value, types.ModuleType):
        return cut(str(getattr(value, "__file__", None) or value.__name__))
    if isinstance(value, type):
        return cut(f"{value.__module__}.{value.__qualname__}")
    if isinstance(value, FUNCTIONS):
        try:
            return cut(str(inspect.signature(value)))
        except (TypeError, ValueError):
            return ""
    if is_shaped(kind):
        return of_library(value)
    if kind in BRACKETS or kind is dict or value is None or kind in (bool, int, float, complex, str, bytes, bytearray):
        return cut(brief(value))
    return own_words(value)


def group(value: Any) -> str:
    """Where a value stands in the list: data first, then what can be called, then modules."""
    if isinstance(value, types.ModuleType):
        return "module"
    return "function" if isinstance(value, (type, *FUNCTIONS)) else "value"


SLOW: weakref.WeakSet[type] = weakref.WeakSet()
"""Classes whose `__repr__` hung."""


class Listing:
    """The names of a namespace, listed one after the other; another thread can go on where one hangs.

    Args:
        names: What is listed.
    """

    def __init__(self, names: list[tuple[str, Any]]) -> None:
        self.names = names
        self.entries: list[dict[str, Any]] = []
        self.end = time.monotonic() + SECONDS
        self.lock = threading.Lock()

    def go_on(self, run: list[int]) -> None:
        """Lists what is left; `run` has a member as long as this thread is not given up."""
        while run and len(self.entries) < len(self.names):
            name, value = self.names[len(self.entries)]
            entry = self.entry(name, value)
            with self.lock:
                if run:
                    self.entries.append(entry)

    def go_on_beside(self) -> None:
        """Lists what is left in a thread that is given up where it hangs, and then in another one."""
        while len(self.entries) < len(self.names):
            run, at, looks, since = [1], len(self.entries), 0, time.monotonic()
            work = contextvars.copy_context().run
            thread = threading.Thread(target=work, args=(self.go_on, run), name="webipy-names", daemon=True)
            thread.start()
            while thread.is_alive() and looks < LOOKS:
                thread.join(LOOK_SECONDS)
                looks += 1
                if at != len(self.entries):
                    at, looks, since = len(self.entries), 0, time.monotonic()
            with self.lock:
                run.clear()
                if len(self.entries) == at < len(self.names):
                    self.give_up(*self.names[at])
                    self.end += time.monotonic() - since
            end(thread)

    def give_up(self, name: str, value: Any) -> None:
        """Adds a name without its text: the `__repr__` of its value hangs.

        Args:
            name: The name.
            value: Its value.
        """
        with contextlib.suppress(TypeError):  # a class that cannot be referred to weakly
            SLOW.add(type(value))
        self.entries.append({**plain(name, value), "text": "…"})

    def entry(self, name: str, value: Any) -> dict[str, Any]:
        """Describes one name; after `end` (of the monotonic clock) without its text.

        Args:
            name: The name.
            value: Its value.
        """
        entry = plain(name, value)
        if time.monotonic() >= self.end:
            return entry
        if type(value) in SLOW:
            return {**entry, "text": "…"}
        try:
            entry["size"] = size(value)
            entry["text"] = text(value)
        except TimeOver:
            entry["text"] = "…"
        except Exception as trouble:  # whatever the code of a class raises is no fault of the list
            entry["text"] = cut(f"<{type(trouble).__name__}>")
        return entry


def end(thread: threading.Thread) -> None:
    """End what a thread does, at its next step in Python."""
    if thread.is_alive() and thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(TimeOver))


def plain(name: str, value: Any) -> dict[str, Any]:
    """The entry of a name without looking at the content of its value.

    Args:
        name: The name.
        value: Its value.
    """
    return {"name": name, "type": type(value).__name__, "group": group(value), "size": None, "text": ""}


def listed(shell: Any) -> Listed:
    """The names that a user has made in an IPython shell."""
    hidden = shell.user_ns_hidden
    nothing = object()
    names = [
        (name, value)
        for name, value in list(shell.user_ns.items())
        if isinstance(name, str) and not name.startswith("_") and hidden.get(name, nothing) is not value
    ]
    names.sort(key=lambda one: (("value", "function", "module").index(group(one[1])), one[0].lower()))
    listing = Listing(names[:MOST_NAMES])
    if threading.current_thread() is threading.main_thread():
        listing.go_on([1])
    else:
        listing.go_on_beside()
    return Listed({"variables": listing.entries, "all": len(names)})
