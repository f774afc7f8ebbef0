"""The document of sealed output frames, and what its policies let it do.

Whatever an output runs, it runs in this document: an opaque origin by its own `sandbox` header, wherever it is opened.
It may load nothing, save nothing, open nothing. Scripts of ours are sent to it by the page, as copies; so no address of
this server is in its policies. A person may let an output load from other servers: the page then opens the frame with
their names,

    GET /frame?host=cdn.example.org&host=...

and the policies of that answer, and of no other, name them. Anyone may ask for any names: the document is empty, holds no
secret and has no rights; what an output could send to those servers is what it shows.

A page of such a server (a film, a map) needs its own origin to work. It stands in a document that runs no code at all, and
that nothing but that page of that server can be shown in:

    GET /frame?page=https://www.example.org/embed/1

Two headers with three parts, each inherited by what an output makes inside of its frame (frames of text, workers):

    Content-Security-Policy, 1st    what may be loaded, and from where
    Content-Security-Policy, 2nd    which code runs: the guest, by its hash, and what the guest runs. A frame in the frame
                                    runs the guest or nothing; the guest takes away peer connections (web/src/frame/seal.ts)
    Connection-Allowlist            no connection at all but to those hosts: requests, navigations, names looked up or
                                    connected to ahead of time, WebRTC. Chromium 152 and later

Source: CSP level 3, sections 2.3.1 (host-source) and 8.2 (strict-dynamic); RFC 1123, section 2.1 (names of hosts);
WICG, Connection Allowlists.
Rejected: one policy with `https:` for frames that need the network (a person allows a server, not all of them);
`webrtc 'block'` (a draft of CSP that no browser knows); a nonce (a worker of an output reads it out of the reports of the
policy); one policy for both (with `strict-dynamic` the names of hosts do not count).
"""

from __future__ import annotations

import html
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from twisted.web.resource import Resource
from twisted.web.server import Request

MOST_HOSTS = 16
"""More hosts than an output is ever allowed."""

_HOST = re.compile(
    rb"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::[0-9]{1,5})?\Z"
)

_LOADS = (
    "sandbox allow-scripts allow-forms allow-pointer-lock; default-src 'none'; "
    "script-src 'unsafe-inline' 'unsafe-eval' blob: data:{hosts}; style-src 'unsafe-inline' blob:{hosts}; img-src data: blob:{hosts}; "
    "font-src data:{hosts}; media-src data: blob:{hosts}; connect-src {connect}; worker-src blob:; frame-src {connect}; object-src 'none'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_RUNS = "script-src 'sha256-{guest}' 'strict-dynamic' 'unsafe-eval'; worker-src blob:"

_PAGE_SANDBOX = (
    "allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-presentation"
)
_PAGE_POLICY = (
    "sandbox {sandbox}; default-src 'none'; frame-src {origin}; style-src 'unsafe-inline'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Output</title>'
    "<style>html, body, iframe {{ display: block; width: 100%; height: 100%; margin: 0; border: 0; overflow: hidden }}</style></head>"
    '<body><iframe title="{origin}" src="{address}" sandbox="{sandbox}" referrerpolicy="strict-origin-when-cross-origin" '
    'allow="fullscreen; encrypted-media; picture-in-picture; clipboard-write"></iframe></body></html>'
)
_ADDRESS = re.compile(rb"https://([^/?#\s]+)(?:[/?#][!-~]*)?\Z")


def named_hosts(hosts: list[bytes]) -> list[str]:
    """The origins of those hosts, by https. Names that are none are left out."""
    return [f"https://{host.decode()}" for host in hosts[:MOST_HOSTS] if _HOST.match(host)]


def frame_policies(named: list[str], document: bytes) -> tuple[str, str]:
    """The two policies of a frame that may load from those origins: what it loads, and which code it runs.

    Args:
        named: Origins, as `named_hosts` gives them.
        document: The document, whose one script is the guest.
    """
    loads = _LOADS.format(hosts="".join(f" {host}" for host in named), connect=" ".join(named) or "'none'")
    guest = sha256(document.partition(b"<script>")[2].rpartition(b"</script>")[0]).digest()
    return loads, _RUNS.format(guest=b64encode(guest).decode())


def frame_connections(named: list[str]) -> str:
    """The connections that a frame may make, as the header `Connection-Allowlist` lists them.

    Servers of libraries redirect to the file of a version. Where a redirect may go is for the first policy to say.
    """
    patterns = " ".join(f'"{host}/*"' for host in named)
    return f"({patterns});redirects=allow" if named else "()"


def page_of_server(address: bytes) -> tuple[bytes, bytes] | None:
    """The document that shows a page of another server, and its policy; none for what is no address by https."""
    match = _ADDRESS.match(address)
    named = named_hosts([match.group(1)]) if match is not None else []
    if not named:
        return None
    document = _PAGE.format(origin=named[0], address=html.escape(address.decode("ascii")), sandbox=_PAGE_SANDBOX)
    return document.encode(), _PAGE_POLICY.format(origin=named[0], sandbox=_PAGE_SANDBOX).encode()


class Frame(Resource):
    """The document of sealed output frames."""

    isLeaf = True

    def __init__(self, static: Path) -> None:
        super().__init__()
        self._path = static / "frame.html"

    def render_GET(self, request: Request) -> bytes:
        """frame.html, sealed by its own headers, wherever it is opened."""
        assert request.args is not None
        page = page_of_server(request.args.get(b"page", [b""])[0])
        if page is not None:
            request.setHeader(b"Content-Type", b"text/html; charset=utf-8")
            request.setHeader(b"Content-Security-Policy", page[1])
            return page[0]
        named = named_hosts(request.args.get(b"host", []))
        document = self._path.read_bytes() if self._path.is_file() else b""
        headers = request.responseHeaders
        headers.setRawHeaders(b"Content-Type", [b"text/html; charset=utf-8"])
        headers.setRawHeaders(b"Content-Security-Policy", [", ".join(frame_policies(named, document)).encode()])
        headers.setRawHeaders(b"Connection-Allowlist", [frame_connections(named).encode()])
        headers.setRawHeaders(b"X-DNS-Prefetch-Control", [b"off"])
        return document
