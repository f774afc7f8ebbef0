"""The view of guests and members: what they see of records, events and failures; decided here, for every method and every feed.

Whoever runs the server sees everything. A guest sees the document and what is done in it, and nothing of the machine that it lies on: no path but
the document's own name, no folder of the server's, no process, no raw output of a process that ended. What code prints belongs to the document.
A member or viewer sees the same, with the paths below the root, which they know the files by.

    record  ──session──► a method's result         event of the journal ──body──► session.events, snapshots
    failure ──failure──► an answer                 notification of a feed ──notification──► a guest's connection

Events are sent to everybody as the same bytes, made once; for guests, only the few that reveal something of the machine are encoded again.

Invariant: a guest's event has the seq, type and time of the original; its fold is that of the owner, but for names of files.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from webipy.core import errors
from webipy.core.api import calls, notebook_calls
from webipy.core.api.access import Principal, is_confined
from webipy.core.events import events
from webipy.core.events.events import AnyEvent
from webipy.server.sessions import feed
from webipy.server.sessions.session import Session

_PATH = re.compile(r"(?:\b(?:ipc|file|tcp)://|(?<![\w/:.<]))/(?:[^\s'\"<>:;,()\[\]{}/]+/)*([^\s'\"<>:;,()\[\]{}/]+)")
"""An absolute path in a sentence; its last part is a name."""

Change = Callable[[Any], AnyEvent]


def is_guest(principal: Principal | None) -> bool:
    """Whether somebody came by a link, and so is in one session only."""
    return principal is not None and principal.session is not None


def is_limited(principal: Principal | None) -> bool:
    """Whether somebody sees nothing of the machine: a guest, a member or a viewer."""
    return is_guest(principal) or is_confined(principal)


def text(sentence: str) -> str:
    """A sentence without paths: the names of the files remain."""
    return _PATH.sub(r"\1", sentence)


def name(path: str | None) -> str | None:
    """The name of a file."""
    return None if path is None else posixpath.basename(path)


# ---- records ------------------------------------------------------------------------------------------------------


def session(found: Session, principal: Principal | None) -> calls.Session:
    """A session as a principal sees it.

    Args:
        found: The session.
        principal: Who sees it; `None` for the server itself.
    """
    whole = _session(found)
    if not is_limited(principal):
        return whole
    kernel = whole.kernel
    hidden = None if kernel is None else msgspec.structs.replace(kernel, url_without_key="", host="", pid=None)
    path = name(whole.path) if is_guest(principal) else whole.path
    return msgspec.structs.replace(whole, path=path, cwd="", kernel=hidden, client_path=None)


def _session(found: Session) -> calls.Session:
    kernel, record = found.kernel, found.record
    return calls.Session(
        id=record.id,
        title=record.title,
        path=record.path,
        cwd=record.cwd,
        kernel=None
        if kernel is None
        else calls.Kernel(
            id=kernel.id,
            kernelspec=kernel.kernelspec,
            display_name=kernel.display_name,
            language=kernel.language,
            state=kernel.state,
            start=kernel.start,
            execution_count=kernel.execution_count,
            queued=sum(not run.running for run in kernel.executions.open.values()),
            url_without_key=kernel.url_without_key,
            host=record.host.directory if record.host is not None else "",
            pid=kernel.pid,
            ended=kernel.is_over or found.kernel_connection.is_leaving,
        ),
        first_seq=found.journal.first_seq,
        seq=found.written,
        durable_seq=found.journal.durable_seq,
        created=record.created,
        last_activity=found.last_activity or record.created,
        temporary=found.state.lifecycle.is_temporary,
        client_path=found.state.lifecycle.client_path,
    )


def notebook(state: notebook_calls.NotebookState, principal: Principal | None) -> notebook_calls.NotebookState:
    """The state of a document as a principal sees it.

    Args:
        state: The whole state.
        principal: Who sees it; `None` for the server itself.
    """
    if not is_limited(principal):
        return state
    failed = None if state.save_failed is None else text(state.save_failed)
    path = name(state.path) if is_guest(principal) else state.path
    return msgspec.structs.replace(state, path=path, save_failed=failed)


def file_of(path: str, principal: Principal | None) -> str:
    """The path of a document as a principal sees it.

    Args:
        path: Relative to the root.
        principal: Who sees it; `None` for the server itself.
    """
    return posixpath.basename(path) if is_guest(principal) else path


def reason(sentence: str, principal: Principal | None) -> str:
    """Why something ended, as a principal sees it.

    Args:
        sentence: The whole reason, which may quote the output of a process.
        principal: Who sees it; `None` for the server itself.
    """
    return text(sentence) if is_limited(principal) else sentence


def failure(fault: errors.Failure, principal: Principal | None, path_of: Callable[[str], str | None]) -> errors.Failure:
    """A failure as a principal sees it.

    Args:
        fault: The failure.
        principal: Who sees it; `None` for the server itself.
        path_of: Returns the path of a session's document.
    """
    if principal is None or not is_limited(principal):
        return fault
    own = path_of(principal.session) if principal.session is not None else None

    def plain(words: str) -> str:
        return text(words.replace(own, posixpath.basename(own)) if own else words)

    facts = {key: plain(fact) if isinstance(fact, str) else fact for key, fact in fault.facts.items()}
    if (fault.message, fault.facts) == (plain(fault.message), facts):
        return fault
    return type(fault)(plain(fault.message), **facts)


# ---- events -------------------------------------------------------------------------------------------------------


def _replace(**changes: Callable[[Any], Any]) -> Change:
    def change(event: AnyEvent) -> AnyEvent:
        return msgspec.structs.replace(event, **{key: made(getattr(event, key)) for key, made in changes.items()})

    return change


def _nothing(_: Any) -> None:
    return None


def _empty(_: Any) -> str:
    return ""


def _names(etags: dict[str, str] | None) -> dict[str, str] | None:
    return None if etags is None else {posixpath.basename(path): etag for path, etag in etags.items()}


_CHANGES: Mapping[type[AnyEvent], Change] = {
    events.SessionCreated: _replace(path=name, cwd=_nothing, source=name),
    events.SessionReopened: _replace(cwd=_nothing),
    events.KernelStarted: _replace(url_without_key=_empty),
    events.KernelStartRetried: _replace(reason=text, tail=_empty),
    events.KernelDied: _replace(reason=text, tail=_empty),
    events.ExecutionFinished: _replace(reason=text, user_expressions=lambda _: UNSET),
    events.OutputLost: _replace(reason=text),
    events.MessageSent: _replace(content=lambda _: msgspec.Raw(b"{}")),
    events.RunStarted: _replace(to=name),
    events.RunFinished: _replace(path=name, reason=text),
    events.NotebookOpened: _replace(path=name),
    events.NotebookSaved: _replace(path=name, pairs=_names),
    events.NotebookReloaded: _replace(path=name, changed=name, pairs=_names),
    events.NotebookConflicted: _replace(path=name, reason=text),
    events.NotebookSaveFailed: _replace(path=name, reason=text),
    events.NotebookMoved: _replace(path=name),
}
"""How events are changed for guests that reveal something of the machine, by their kind."""

_FOR_MEMBERS: Mapping[type[AnyEvent], Change] = {
    events.SessionCreated: _replace(cwd=_nothing),
    events.SessionReopened: _replace(cwd=_nothing),
    events.KernelStarted: _replace(url_without_key=_empty),
    events.KernelStartRetried: _replace(reason=text, tail=_empty),
    events.KernelDied: _replace(reason=text, tail=_empty),
    events.ExecutionFinished: _replace(reason=text),
    events.OutputLost: _replace(reason=text),
    events.MessageSent: _replace(content=lambda _: msgspec.Raw(b"{}")),
    events.RunFinished: _replace(reason=text),
    events.NotebookConflicted: _replace(reason=text),
    events.NotebookSaveFailed: _replace(reason=text),
}
"""The same for members and viewers."""

_REVEALING = re.compile(rb'^\{"type":"(?:%s)"' % b"|".join(sorted(events.kind(one).encode() for one in _CHANGES)))
_SOMEWHERE = re.compile(_REVEALING.pattern[1:])


def body(encoded: bytes, principal: Principal | None = None) -> bytes:
    """An event of the journal as somebody sees it who does not see all.

    Args:
        encoded: The event, JSON.
        principal: Who sees it: a member or viewer; else it is what a guest sees.
    """
    if _REVEALING.match(encoded) is None:
        return encoded
    event = events.decode(encoded)
    change = (_FOR_MEMBERS if is_confined(principal) else _CHANGES).get(type(event))
    return encoded if change is None else events.encode(change(event))


class _Params(msgspec.Struct):
    session: str
    first: int
    events: list[msgspec.Raw]


class _Notification(msgspec.Struct):
    params: _Params


def notification(encoded: bytes, principal: Principal | None = None) -> bytes:
    """A notification of a feed as somebody sees it who does not see all.

    Args:
        encoded: The notification, JSON.
        principal: As in `body`.
    """
    if _SOMEWHERE.search(encoded) is None:
        return encoded
    params = msgspec.json.decode(encoded, type=_Notification).params
    return feed.notification(params.session, params.first, [body(bytes(one), principal) for one in params.events])
