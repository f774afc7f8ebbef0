"""The methods `audit.*`: who did what, from where, and with which result (webipy.server.people.audit)."""

from __future__ import annotations

from webipy.core import errors
from webipy.core.api import audit_calls, calls
from webipy.server.methods.method import Connection, Methods, Services
from webipy.server.people.audit import AuditLog

METHODS = Methods()
method = METHODS.method


@method("audit.list", "own", "server", raises=(errors.NotFound,), example={"method": "login.*", "limit": 10})
async def audit_list(
    services: Services, connection: Connection, params: audit_calls.ListAudit
) -> audit_calls.AuditLines:
    """Lines of the audit log, the newest first."""
    log = _log(services)
    await services.logins.audit.flush()
    found = await log.read(params)
    lines = found[: params.limit]
    return audit_calls.AuditLines(lines=lines, before=lines[-1].seq if len(found) > params.limit else None)


@method("audit.verify", "own", "server", raises=(errors.NotFound,))
async def audit_verify(
    services: Services, connection: Connection, params: calls.Nothing
) -> audit_calls.AuditVerification:
    """Looks whether the audit log is whole: no line was changed, removed, added or moved by somebody who has not its key."""
    log = _log(services)
    await services.logins.audit.flush()
    return await log.verify()


def _log(services: Services) -> AuditLog:
    log = services.logins.audit.log
    if log is None:
        raise errors.NotFound("This server keeps no audit log.", kind="audit", id="")
    return log
