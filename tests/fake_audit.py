"""The audit log in memory."""

from __future__ import annotations

import attrs
from twisted.internet.defer import Deferred, fail, succeed

from tests.fakes import Rig
from webipy.core.api.audit_calls import AuditLine, AuditVerification, ListAudit


@attrs.define(eq=False)
class FakeLog:
    """A log in memory, which can be broken, or slow."""

    lines: list[AuditLine] = attrs.field(factory=list)
    batches: list[int] = attrs.field(factory=list)
    fault: Exception | None = None
    waiting: Deferred[None] | None = None
    removed: list[str] = attrs.field(factory=list)
    is_closed: bool = False

    def append(self, facts: list[AuditLine]) -> Deferred[None]:
        """Keeps facts."""
        if self.fault is not None:
            return fail(self.fault)
        self.lines += facts
        self.batches.append(len(facts))
        return self.waiting or succeed(None)

    def read(self, wanted: ListAudit) -> Deferred[list[AuditLine]]:
        """The newest first."""
        return succeed(self.lines[::-1][: wanted.limit + 1])

    def verify(self) -> Deferred[AuditVerification]:
        """All is well."""
        return succeed(
            AuditVerification(
                lines=len(self.lines), whole=True, fault="", seq=None, first=None, last=None, unfinished=0
            )
        )

    def remove_before(self, time: str) -> Deferred[int]:
        """Notes it."""
        self.removed.append(time)
        return succeed(0)

    async def close(self) -> None:
        """Notes it."""
        self.is_closed = True


def audited(rig: Rig) -> FakeLog:
    """The log of a server in memory."""
    log, logins = FakeLog(), rig.services.logins
    logins.audit.log, logins.audit.now, logins.audit.later = log, rig.services.world.now, rig.services.world.later
    return log
