"""`POST /share`: what a link is for, told to whoever has it before they give their name.

    {"share": SECRET}  ->  {"session", "title", "verb", "owner", "is_in"}

`is_in` says that this browser's own cookie lets it in as it is: the owner, or a guest who came by this link before. Wrong secrets are
counted together with wrong codes and tokens; `POST /login {"share", "name"}` lets somebody in.
"""

from __future__ import annotations

import msgspec

from webipy.core import errors
from webipy.core.api.access import Right
from webipy.io.web.request_auth import Gate
from webipy.io.web.requests import JsonPost, PageRequest
from webipy.server.sessions.sessions import Sessions


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    share: str


class _Told(msgspec.Struct):
    session: str
    title: str
    verb: Right
    owner: str
    is_in: bool


class Offer(JsonPost):
    """`/share`."""

    def __init__(self, gate: Gate, sessions: Sessions) -> None:
        super().__init__(gate)
        self._sessions = sessions

    async def answer(self, request: PageRequest, body: bytes) -> None:
        """200 with what the link is for; 401 when it is for nothing."""
        try:
            asked = msgspec.json.decode(body, type=_Asked)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            raise errors.InvalidParams(f'Send {{"share": "..."}}: {fault}.', field="share") from None
        logins = self._gate.logins
        share = logins.share_of(asked.share, request.address(self._gate))
        session = self._sessions.get(share.session)
        who = request.who(self._gate)
        is_in = who is not None and (who.session is None or (who.session, who.verb) == (share.session, share.verb))
        told = msgspec.json.encode(_Told(session.id, session.record.title, share.verb, logins.name, is_in))
        request.setHeader(b"Content-Type", b"application/json")
        request.setHeader(b"Content-Length", str(len(told)).encode())
        request.write(told)
        request.finish()
