"""The port to the registry: which sessions there are, open and closed, where their hosts are, and how runs ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import attrs
import msgspec
from twisted.internet.defer import Deferred

from webipy.core.events.events import RunStatus
from webipy.server.ports.kernels import HostRecord


@attrs.define(frozen=True, slots=True)
class SessionRecord:
    """A session, as the registry keeps it.

    Args:
        id: The session's id.
        title: Its name for people.
        path: Its file, relative to the root; `None` for a session without one.
        cwd: The folder that its kernels run in.
        created: RFC 3339 UTC.
        host: Its kernel's host; `None` while it has no kernel.
        env: Environment variables for its kernels; they may be secrets, and no client may read them.
    """

    id: str
    title: str
    path: str | None
    cwd: str
    created: str
    host: HostRecord | None = None
    env: Mapping[str, str] = attrs.field(factory=dict, repr=False)


@attrs.define(frozen=True, slots=True)
class ClosedSession:
    """A closed session, as the registry keeps it.

    Args:
        record: The session as it was, with the path of its document.
        closed: When it was closed, RFC 3339 UTC; `""` when that was not written down.
        etag: The state of its file that was read or written last; it identifies the file, whatever its name.
        is_gone: Whether its document was deleted, or another session has taken over its path.
        digest: SHA-256 of what its file held, in hex; `None` when that is not known.
    """

    record: SessionRecord
    closed: str = ""
    etag: str | None = None
    is_gone: bool = False
    digest: str | None = None

    @property
    def path(self) -> str | None:
        """Where its document is; `None` for a session without one, or whose document is not there any more."""
        return None if self.is_gone else self.record.path


class RunRecord(msgspec.Struct, frozen=True):
    """A run with a plan, as the registry keeps it when it has ended.

    Args:
        run: The run's id.
        session: The session that it ran in.
        source: The notebook that was run.
        status: How it ended; `None` while it has not.
        path: The file with its result.
        reason: Why that is not where it was wanted.
        started: RFC 3339 UTC with microseconds.
        finished: The same; `None` while it has not.
    """

    run: str
    session: str
    source: str | None
    status: RunStatus | None
    path: str | None
    reason: str
    started: str
    finished: str | None


class Registry(Protocol):
    """The list of sessions and their hosts, which outlives the server."""

    def sessions(self) -> Deferred[list[SessionRecord]]:
        """All sessions that are not closed."""

    def put(self, record: SessionRecord) -> Deferred[None]:
        """Writes a session down, new or changed; fires when it survives a power cut."""

    def close_session(self, closed: ClosedSession) -> Deferred[None]:
        """Marks a session as closed, or writes down what has changed about one that is."""

    def closed(self) -> Deferred[list[ClosedSession]]:
        """All closed sessions that have not been forgotten, the one that was closed last first."""

    def reopen(self, record: SessionRecord) -> Deferred[None]:
        """Marks a closed session as open, without a host; another closed one loses its path to it."""

    def forget(self, session: str) -> Deferred[None]:
        """Forgets a closed session."""

    def put_run(self, record: RunRecord) -> Deferred[None]:
        """Writes down how a run has ended; only the latest are kept."""

    def run(self, run: str) -> Deferred[RunRecord | None]:
        """The run of that id that has ended; `None` when it is not kept."""
