"""Runs `twistd` with some functions of the server broken, as a test asks: `python -m tests.faults.faulty FAULTS twistd-options`.

FAULTS is a JSON list of objects::

    at     "webipy.io.storage.journal_file:JournalFile.write"   the function
    do     "kill"     SIGKILL to this process, as a crash of the machine's memory or of a person would
           "EAGAIN"   any errno's name: raises that OSError
           "full"     raises what SQLite raises on a full disk
           "jump"     for what gives the time: it is an hour later for some calls, and then again not
    when   "before" (default) or "after" the function has done its work ("kill" only)
    call   break the n-th call and no other; without it every call
    lines  only calls with this as a text argument, or with a command of this type
    while  break only while this file exists

The product has no such switch: this file patches it from outside.
"""

from __future__ import annotations

import errno
import functools
import importlib
import inspect
import json
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from twisted.scripts.twistd import run

JUMP_CALLS = 7


def _jumped(value: Any) -> Any:
    """A time, in seconds or as RFC 3339, that is an hour later."""
    if isinstance(value, str):
        later = datetime.fromisoformat(value) + timedelta(hours=1)
        return later.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return value + 3600


def _fail(what: str) -> None:
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "full":
        raise sqlite3.OperationalError("database or disk is full")
    number = getattr(errno, what)
    raise OSError(number, os.strerror(number))


def _broken(function: Callable[..., Any], fault: dict[str, Any]) -> Callable[..., Any]:
    calls = 0

    @functools.wraps(function)
    def call(*arguments: Any, **names: Any) -> Any:
        nonlocal calls
        texts = [one if isinstance(one, str) else getattr(one, "msg_type", None) for one in arguments]
        wanted = fault.get("lines") is None or fault["lines"] in texts
        if "while" in fault:
            wanted = wanted and os.path.exists(fault["while"])
        calls += wanted
        wanted = wanted and fault.get("call") in (None, calls)
        if fault["do"] == "jump":
            value = function(*arguments, **names)
            return _jumped(value) if calls // JUMP_CALLS % 2 else value
        is_after = fault.get("when") == "after"
        if wanted and not is_after:
            _fail(fault["do"])
        value = function(*arguments, **names)
        if wanted and is_after:
            _fail(fault["do"])
        return value

    return call


def break_function(fault: dict[str, Any]) -> None:
    """Puts the broken function in the place of the whole one."""
    module, _, path = fault["at"].partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    broken = _broken(getattr(owner, name), fault)
    is_static = isinstance(inspect.getattr_static(owner, name), staticmethod)
    setattr(owner, name, staticmethod(broken) if is_static else broken)


def main() -> None:
    """Breaks what is asked, and runs twistd with the rest of the command line."""
    for fault in json.loads(sys.argv.pop(1)):
        break_function(fault)
    run()


if __name__ == "__main__":
    main()
