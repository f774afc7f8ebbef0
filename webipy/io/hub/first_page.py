"""The first page of a server, when the hub names another one than ours: `c.Spawner.default_url`, such as `/lab`.

Who comes to the base URL from the hub (its home, its waiting page, its sign-in) is led there; who comes from elsewhere, as by a link on that page,
gets ours. So both can be reached. A page that needs a login and has none leads to the sign-in by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from twisted.web.server import NOT_DONE_YET

from webipy.io.hub.environment import HubEnvironment
from webipy.io.hub.sign_in_resources import lead
from webipy.io.web.requests import PageRequest
from webipy.io.web.site import Page


class FirstPage(Page):
    """`/` of a server whose hub names another first page.

    Args:
        static: The folder of the built page.
        hub: What the hub says.
    """

    def __init__(self, static: Path, hub: HubEnvironment) -> None:
        super().__init__(static)
        self._hub = hub

    def render_GET(self, request: Any) -> Any:
        """302 to the first page for who comes from the hub, else our page."""
        assert isinstance(request, PageRequest)
        if b"?" not in request.uri and self._comes_from_hub(request.header("referer") or ""):
            lead(request, self._hub.path + self._hub.default[1:])
            return NOT_DONE_YET
        return super().render_GET(request)

    def _comes_from_hub(self, referer: str) -> bool:
        try:
            return urlsplit(referer).path.startswith(self._hub.place.path)
        except ValueError:
            return False
