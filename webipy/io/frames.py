"""The document of sealed output frames, and what its policy lets it load.

Whatever an output runs, it runs in this document: an opaque origin by its own `sandbox` header, wherever it is opened.
It may load nothing. Scripts of ours are handed to it by the page, as copies; so no address of this server is in its
policy. A person may let an output load from other servers: the page then opens the frame with their names,

    GET /frame?host=cdn.example.org&host=...

and the policy of that answer, and of no other, names them. Anyone may ask for any names: the document is empty, holds no
secret and has no rights; what an output could tell those servers is what it shows.

Source: CSP level 3, section 2.3.1 (host-source); RFC 1123, section 2.1 (names of hosts).
Rejected: one policy with `https:` for frames that need the network (a person allows a server, not all of them).
"""

from __future__ import annotations

import re
from pathlib import Path

from twisted.web.resource import Resource
from twisted.web.server import Request

MOST_HOSTS = 16
"""More hosts than an output is ever allowed."""

_HOST = re.compile(
    rb"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::[0-9]{1,5})?\Z"
)

_POLICY = (
    "sandbox allow-scripts allow-forms allow-modals allow-downloads allow-pointer-lock; default-src 'none'; "
    "script-src 'unsafe-inline' 'unsafe-eval' blob: data:{hosts}; style-src 'unsafe-inline' blob:{hosts}; img-src data: blob:{hosts}; "
    "font-src data:{hosts}; media-src data: blob:{hosts}; connect-src {connect}; worker-src blob:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'"
)


def frame_policy(hosts: list[bytes]) -> str:
    """The policy of a frame that may load from those hosts, by https. Names that are none are left out."""
    named = [f"https://{host.decode()}" for host in hosts[:MOST_HOSTS] if _HOST.match(host)]
    return _POLICY.format(hosts="".join(f" {host}" for host in named), connect=" ".join(named) or "'none'")


class Frame(Resource):
    """The document of sealed output frames."""

    isLeaf = True

    def __init__(self, static: Path) -> None:
        super().__init__()
        self._path = static / "frame.html"

    def render_GET(self, request: Request) -> bytes:
        """frame.html, sandboxed by its own header, wherever it is opened."""
        assert request.args is not None
        request.setHeader(b"Content-Type", b"text/html; charset=utf-8")
        request.setHeader(b"Content-Security-Policy", frame_policy(request.args.get(b"host", [])).encode())
        return self._path.read_bytes() if self._path.is_file() else b""
