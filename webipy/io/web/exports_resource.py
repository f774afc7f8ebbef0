"""The address of exports: `GET /exports/ID/NAME`.

An export is a document of somebody's, and may be a page with scripts. It is sent as an attachment under a policy that gives it an origin of its
own and no scripts, so that a browser which shows it all the same runs nothing as our page. It goes out in parts, as fast as the reader takes them.
"""

from __future__ import annotations

from urllib.parse import quote

from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from webipy.core import errors
from webipy.io.conversion.export_store import ExportStore
from webipy.io.web.paced_responses import send_file
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.requests import PageRequest, refuse, status_of
from webipy.server.ports.conversion import ExportedFile

POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"


class ExportsResource(Resource):
    """`/exports/ID/NAME`."""

    isLeaf = True

    def __init__(self, exports: ExportStore, auth: RequestAuth) -> None:
        super().__init__()
        self._exports = exports
        self._auth = auth

    def render_GET(self, request: PageRequest) -> int:
        """The file; 401 when nobody is logged in, 404 when there is no such export (any more)."""
        parts = [part.decode("utf-8", "replace") for part in request.postpath or []]
        found = self._exports.find(*parts) if len(parts) == 2 else None
        try:
            who = request.who(self._auth)
        except errors.Failure as fault:
            refuse(request, status_of(fault), fault)
            return NOT_DONE_YET
        if who is None:
            refuse(request, 401, self._auth.refusal(request.header))
        elif found is None:
            gone = "There is no such export. Exports are kept for an hour, and not over a restart of the server: make it again."
            refuse(request, 404, errors.NotFound(gone, kind="export", id=parts[0][:64] if parts else ""))
        else:
            try:
                self._auth.permit_export(who, found.id)
            except errors.Failure as fault:
                refuse(request, status_of(fault), fault)
            else:
                origin = self._auth.origin(who, request.header, request.address(self._auth))
                self._auth.logins.audit.seldom("download", who, origin, path=found.name)
                self._send(request, found)
        return NOT_DONE_YET

    def _send(self, request: PageRequest, export: ExportedFile) -> None:
        try:
            file = open(export.path, "rb")  # noqa: SIM115 - the producer closes it
        except FileNotFoundError:
            refuse(request, 404, errors.NotFound("This export was removed from the disk.", kind="export", id=export.id))
            return
        request.setHeader(b"Content-Type", export.media_type.encode())
        request.setHeader(
            b"Content-Disposition", f"attachment; filename*=UTF-8''{quote(export.name, safe='')}".encode()
        )
        request.setHeader(b"Content-Security-Policy", POLICY.encode())
        send_file(request, file, export.size)
