"""`POST /share`: what a link is for, shown to whoever has it before they give their name.

    {"share": SECRET}  ->  {"session", "title", "verb", "owner", "is_in"}

`is_in` is whether this browser's own cookie lets it in as it is: the owner, or a guest who came by this link before. Wrong secrets are
counted together with wrong codes and tokens; `POST /login {"share", "name"}` lets somebody in.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from webipy.core import errors
from webipy.core.api.access import Right
from webipy.io.web.request_auth import RequestAuth
from webipy.io.web.requests import JsonPost, PageRequest


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    share: str


class _Preview(msgspec.Struct):
    session: str
    title: str
    verb: Right
    owner: str
    is_in: bool


class SharePreview(JsonPost):
    """`/share`.

    Args:
        auth: Knows who sends a request.
        title_of: The title of an open session, by its id; raises errors.NotFound where there is none.
    """

    def __init__(self, auth: RequestAuth, title_of: Callable[[str], str]) -> None:
        super().__init__(auth)
        self._title_of = title_of

    async def answer(self, request: PageRequest, body: bytes) -> None:
        """200 with what the link is for; 401 when it is for nothing.

        Args:
            request: The request.
            body: Its body, JSON.

        Raises:
            errors.InvalidParams: The body is not of that shape.
            errors.NotAuthenticated, errors.Throttled: The secret is wrong, or too many were.
        """
        try:
            asked = msgspec.json.decode(body, type=_Asked)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
            raise errors.InvalidParams(f'Send {{"share": "..."}}: {fault}.', field="share") from None
        logins = self._auth.logins
        share = logins.share_of(asked.share, request.address(self._auth))
        title = self._title_of(share.session)
        who = request.who(self._auth)
        is_in = who is not None and (who.session is None or (who.session, who.verb) == (share.session, share.verb))
        preview = msgspec.json.encode(_Preview(share.session, title, share.verb, logins.name, is_in))
        request.setHeader(b"Content-Type", b"application/json")
        request.setHeader(b"Content-Length", str(len(preview)).encode())
        request.write(preview)
        request.finish()
