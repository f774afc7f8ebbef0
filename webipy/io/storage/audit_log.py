"""The audit log of a server on the disk: the files (webipy.io.storage.audit_files), in threads.

One thread of its own numbers, chains and writes, so that nothing waits for it, and lines stand in the order in which facts came. Reading and
verifying are done in other threads, up to the line that was the last one when they began.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import attrs
from twisted.internet.defer import Deferred

from webipy.core.api.audit_calls import AuditLine, AuditVerification, ListAudit
from webipy.io.reactor import Run, TimedReactor
from webipy.io.storage import audit_files
from webipy.io.storage.audit_files import AuditFiles, End
from webipy.io.worker import Worker


@attrs.define(eq=False)
class AuditFolder:
    """See `webipy.server.people.audit.AuditLog`.

    Args:
        folder: Where the files are.
        key: The key that lines are chained with.
        now: The time, RFC 3339 UTC with microseconds.
        run: Runs a function that blocks in a thread.
        reactor: Fires the Deferreds.
    """

    folder: Path
    key: bytes
    now: Callable[[], str]
    run: Run
    reactor: TimedReactor
    _files: AuditFiles = attrs.field(init=False)
    _worker: Worker = attrs.field(init=False)
    _is_open: bool = False

    def __attrs_post_init__(self) -> None:
        self._files = AuditFiles(self.folder, self.key, self.now)
        self._worker = Worker("webipy audit", self.reactor)

    def _opened(self) -> AuditFiles:
        """The files; opened when they are first needed, and again after that has failed."""
        if not self._is_open:
            self._files.open()
            self._is_open = True
        return self._files

    def append(self, facts: list[AuditLine]) -> Deferred[None]:
        """Writes facts."""
        return self._worker.run(lambda: self._opened().append(facts))

    def read(self, wanted: ListAudit) -> Deferred[list[AuditLine]]:
        """Lines, the newest first."""
        return self.run(lambda: audit_files.lines_of(self.folder, wanted))

    def verify(self) -> Deferred[AuditVerification]:
        """Looks at all lines that are written now."""
        return self._worker.run(lambda: self._opened().end).addCallback(self._verify)

    def _verify(self, end: End) -> Deferred[AuditVerification]:
        return self.run(lambda: audit_files.verify(self.folder, self.key, end))

    def remove_before(self, time: str) -> Deferred[int]:
        """Removes what is older than a time."""
        return self._worker.run(lambda: self._opened().remove_before(time))

    async def close(self) -> None:
        """Ends the thread, after what was appended."""
        await self._worker.run(self._files.close)
        self._worker.stop()
