"""What a script token may be used for: its scopes, and the one question `check`.

A script token acts as the person who made it, and its scopes only take away from what that person may do: they never add a right. There are four, and
a call must pass each that is set::

    read       calls that change nothing: those whose verb is `read` or `none`
    session    calls that stay in one session, as those of a guest do
    folder     calls that name files below one folder, or stay in a session whose document is there
    methods    calls of these methods and groups: `execution.start`, `file.*`

Whatever else is set, a token manages no people, rights, logins, links or tokens unless `methods` names that (`GUARDED`), and never makes a sign-in
link of the page (`NEVER`): a browser's login knows no scopes.

What `folder` means has one answer (`webipy.core.api.grants.is_within`), which is asked twice: here for the names in a call, before it begins, and by
the confinement of the call (webipy.server.ports.confinement) for the real path of everything that is opened, so no link leads out of the folder.

Invariants: a noun of the method table that is in neither list is guarded, so that a new one has to be let in by name; a path with `..` is in no
folder; `narrower` holds before a token makes another one, so that no token is worth more than the one that made it.

Rejected: a list of words such as `read:session` (a call would have to be named twice, in the method table and here); to lower the verb of the
principal (routes of Jupyter's API need `own`, and would be shut to a token that may only read).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import msgspec

from webipy.core import errors
from webipy.core.api.access import Verb
from webipy.core.api.grants import is_within
from webipy.core.api.scopes import Scopes

OPEN: Final = frozenset(
    [
        "cell",
        "code",
        "comm",
        "completion",
        "definition",
        "execution",
        "file",
        "history",
        "input",
        "inspection",
        "journal",
        "kernel",
        "kernelspec",
        "message",
        "notebook",
        "notification",
        "output",
        "presence",
        "rpc",
        "run",
        "server",
        "session",
        "table",
        "terminal",
        "ticket",
        "trash",
        "variable",
    ]
)
"""The nouns of methods that a token without the scope `methods` may call, too."""

GUARDED: Final = frozenset(["account", "audit", "handout", "login", "push", "right", "share", "token", "user"])
"""The nouns of methods that a token may call only when its scope `methods` names them. Every noun that is not in `OPEN` is guarded, also without
standing here; tests compare both lists with the method table.
"""

NEVER: Final = frozenset(["server.launch_code", "account.code", "account.change_password"])
"""Methods that no token may call."""

READING: Final[frozenset[Verb]] = frozenset(["none", "read"])
"""The verbs of calls that change nothing."""

PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "file.copy": ("path", "to"),
    "file.create": ("path",),
    "file.delete": ("path",),
    "file.list": ("path",),
    "file.read": ("path",),
    "file.rename": ("path", "to"),
    "file.stat": ("path",),
    "file.unwatch": ("path",),
    "file.watch": ("path",),
    "file.write": ("path",),
    "handout.list": ("path",),
    "handout.make": ("path",),
    "notebook.merge": ("path",),
    "notebook.read": ("path",),
    "notebook.save": ("path",),
    "run.check": ("path", "to"),
    "session.create": ("path", "cwd"),
    "table.read": ("path",),
    "trash.delete": ("path",),
    "trash.restore": ("path", "to"),
}
"""The params that name what a call reads or writes below the root, by method. Their first one must be given where a token is for a folder."""

FILTERED: Final = frozenset(["session.list"])
"""Methods that leave out by themselves what a token is not for (`covers`)."""


class Touched(msgspec.Struct, frozen=True):
    """What a call touches, as far as scopes look at it.

    Args:
        method: The name of the method; of what is no method (a file, an output) the one that does the same.
        verb: The right that it needs.
        session: The session that it stays in; `None`: none, or more than one.
        paths: What it names below the root; `None` where it may reach anything there.
        named: A session that its params name, wherever else it reaches; `None`: none.
        is_own: Whether it touches only the connection that it came by.
    """

    method: str
    verb: Verb
    session: str | None = None
    paths: tuple[str, ...] | None = None
    named: str | None = None
    is_own: bool = False


PathOf = Callable[[str], str | None]
"""Returns the path of the document of an open session, by its id: empty where it has none; `None`: there is no such session."""


def check(name: str, scopes: Scopes, touched: Touched, path_of: PathOf) -> None:
    """Returns when the scopes of a token include a call.

    Args:
        name: The name of the token, for the message.
        scopes: Its scopes.
        touched: What the call touches.
        path_of: Returns the path of a session's document.

    Raises:
        errors.NotPermitted: They do not; `reason` is `scope`.
    """
    why = _refusal(scopes, touched, path_of)
    if why:
        raise errors.NotPermitted(f"The script token {name!r} {why}", reason="scope", method=touched.method)


def _refusal(scopes: Scopes, touched: Touched, path_of: PathOf) -> str:
    """Why a call is refused, the rest of a sentence; empty when it is not."""
    method, noun = touched.method, touched.method.partition(".")[0]
    if touched.verb == "none":
        return ""
    if method in NEVER:
        return "signs no browser in, and makes no sign-in links. Use: webipy open"
    if scopes.methods and not names(scopes.methods, method):
        return f"may call {', '.join(scopes.methods)}; {method} is none of these."
    if noun not in OPEN and not scopes.methods:
        return (
            f"manages no people, rights, logins, links or tokens: {method} must be named when a token is made for it."
        )
    if scopes.read and touched.verb not in READING:
        return f"may only read, and {method} changes something."
    if touched.is_own or method in FILTERED:
        return ""
    if scopes.session is not None and scopes.session != touched.session:
        return f"is for the session {scopes.session}, and this reaches outside of it."
    if scopes.folder is not None and not _is_inside(scopes.folder, touched, path_of):
        return f"is for the folder {scopes.folder}, and this reaches outside of it."
    return ""


def _is_inside(folder: str, touched: Touched, path_of: PathOf) -> bool:
    """Whether a call stays in a folder: its session's document and all that it names are below."""
    if touched.session is None and not touched.paths:
        return False
    paths = list(touched.paths or ())
    if touched.session is not None:
        paths.append(path_of(touched.session) or "")
    if touched.named is not None and (document := path_of(touched.named)) is not None:
        paths.append(document)
    return all(is_below(folder, path) for path in paths)


def names(methods: Collection[str], method: str) -> bool:
    """Whether a list of methods and groups names a method.

    Args:
        methods: Names of methods, and of groups such as `file.*`.
        method: The name of a method.
    """
    return method in methods or f"{method.partition('.')[0]}.*" in methods


def is_below(folder: str, path: str) -> bool:
    """Whether a path is that of a folder, or of something in it.

    Args:
        folder: A folder, as `normal` has made it; never the root, which is no limit.
        path: A path as a client wrote it. One with `..` is in no folder.
    """
    found = normal(path)
    return found is not None and is_within(found, folder)


def normal(path: str) -> str | None:
    """A path without what says nothing (`.`, slashes at its ends); `None` where it leads upwards."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return None if ".." in parts else "/".join(parts)


def covers(scopes: Scopes | None, session: str, path: str | None) -> bool:
    """Whether a session is one that a token is for, in lists.

    Args:
        scopes: The scopes of the token; `None`: it is no token.
        session: The id of the session.
        path: The path of its document; `None`: it has none.
    """
    if scopes is None:
        return True
    is_session = scopes.session is None or scopes.session == session
    return is_session and (scopes.folder is None or (path is not None and is_below(scopes.folder, path)))


def is_confined(scopes: Scopes | None) -> bool:
    """Whether a token is for one session or one folder, and so for no part of the server as a whole."""
    return scopes is not None and (scopes.session is not None or scopes.folder is not None)


def narrower(scopes: Scopes, than: Scopes) -> bool:
    """Whether a token with some scopes can do nothing that one with others cannot.

    Args:
        scopes: The scopes of the one.
        than: Those of the other one.
    """
    if than.methods:
        is_named = bool(scopes.methods) and all(names(than.methods, one) for one in scopes.methods)
    else:
        is_named = all(one.partition(".")[0] in OPEN for one in scopes.methods)
    return (
        (scopes.read or not than.read)
        and than.session in (None, scopes.session)
        and (than.folder is None or (scopes.folder is not None and is_below(than.folder, scopes.folder)))
        and is_named
    )


def paths_in(method: str, params: Any) -> tuple[str, ...] | None:
    """What a call names below the root; `None` where its method names nothing there, or this call leaves the first one out.

    Args:
        method: The name of the method.
        params: The params of the call.
    """
    fields = PATHS.get(method)
    if fields is None:
        return None
    found = [getattr(params, field) for field in fields]
    is_whole = isinstance(found[0], str) or method == "run.check"
    return tuple(one for one in found if isinstance(one, str)) if is_whole else None
