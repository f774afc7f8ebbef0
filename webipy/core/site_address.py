"""Where a server is found: the base URL that all its addresses are below, and the public URL that a proxy gives it. Pure.

    --base-url /a%40b/                     the path that requests come with: parts of text, compared after percent-decoding
    --public-url https://host/lab          what people open; its path is that of the proxy, and need not be the base URL

A base URL is kept in one spelling: each part percent-encoded but for what is unreserved (RFC 3986, section 2.3), a slash at both ends. So `/a@b`
and `/a%40b/` are one. A part is compared whole and decoded; what a part cannot hold (`/`, `..`, nothing, control characters) is refused here, so that
no path has two meanings.

Rejected: taking the prefix from `X-Forwarded-Prefix` or `X-Script-Name` (whoever reaches the port could set them).
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Final
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

import attrs
import msgspec

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Names by which a machine reaches only itself, as a `Host` header has them."""

EVERYWHERE: Final = ("", "::", "0.0.0.0")
"""What a server listens on that listens on all addresses of its machine; the first is both IPv4 and IPv6."""

MOST_CHARACTERS: Final = 512
"""Of a base URL: cookies carry it, with some 4 KiB for all (RFC 6265, section 6.1)."""

_PORTS: Final = {"http": 80, "https": 443}
_BAD_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NAME: Final = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?")


class BadAddress(ValueError):
    """An address is none; the message says what is wrong and what would be right."""


@attrs.frozen(slots=False)
class SitePath:
    """The path that all addresses of a server are below.

    Args:
        path: As `read_path` returns it: percent-encoded, with a slash at both ends.
    """

    path: str = "/"

    @cached_property
    def _parts(self) -> tuple[bytes, ...]:
        return tuple(unquote_to_bytes(part) for part in self.path.split("/")[1:-1])

    def rest_of(self, path: bytes) -> bytes | None:
        """What is left of a path when the base URL is taken away.

        Args:
            path: The path of a request line, percent-encoded.

        Returns:
            The rest, from its slash on, as it was encoded; empty for the base URL without the slash at its end; `None` for what is outside.
        """
        parts = self._parts
        if not parts:
            return path
        found = path.split(b"/", len(parts) + 1)
        if found[0] or tuple(map(unquote_to_bytes, found[1 : len(parts) + 1])) != parts:
            return None
        return b"/" + found[-1] if len(found) > len(parts) + 1 else b""


class PublicUrl(msgspec.Struct, frozen=True):
    """The address that people open.

    Args:
        scheme: `http` or `https`.
        host: Name and port as a `Host` header has them, in lower case, without a port that the scheme means anyway.
        path: Percent-encoded, with a slash at both ends.
    """

    scheme: str
    host: str
    path: str

    @property
    def origin(self) -> str:
        """Its origin, as browsers write it (RFC 6454, section 6.2)."""
        return f"{self.scheme}://{self.host}"

    @property
    def url(self) -> str:
        """All of it, with the slash at its end."""
        return self.origin + self.path

    @property
    def name(self) -> str:
        """The host without its port."""
        return self.host if self.host.endswith("]") else self.host.rpartition(":")[0] or self.host

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        return self.name in LOOPBACK


def read_path(text: str) -> str:
    """The one spelling of a base URL.

    Args:
        text: As the user wrote it.

    Raises:
        BadAddress: It is no path.
    """
    fault = _fault_of(text)
    if fault is None:
        return _spelled(text)
    right = "/lab/" if re.search(r"://|[?#%\\]", text) else _spelled(re.sub(r"(?<=/)\.\.?(?=/|\Z)|\A\.+", "", text))
    raise BadAddress(
        f"{text!r} {fault}; a base URL is a path, such as {right if right != '/' and _fault_of(right) is None else '/lab/'}."
    )


def _spelled(text: str) -> str:
    parts = [quote(unquote(part), safe="") for part in text.split("/") if part]
    return "/".join(["", *parts, ""]) if parts else "/"


def _fault_of(text: str) -> str | None:
    """What keeps a text from being a base URL, as the rest of a sentence."""
    decoded = unquote(text)
    if "://" in text:
        return "is a whole address, which is for --public-url"
    if not text.startswith("/"):
        return "does not begin with a slash"
    if "?" in text or "#" in text:
        return "has a question mark or a #, which end a path"
    if "//" in text or any(part in (".", "..") for part in decoded.split("/")):
        return "has a part that is empty, . or .."
    if any(not one.isprintable() or one.isspace() for one in text) or "\\" in decoded:
        return "has a space, a backslash or a character that cannot be seen"
    if _BAD_PERCENT.search(text) or re.search(r"%(2f|[01][0-9a-f]|7f)", text, re.IGNORECASE) or "\ufffd" in decoded:
        return "has a % that encodes no character of a name"
    if len(text) > MOST_CHARACTERS:
        return f"has more than {MOST_CHARACTERS} characters"
    return None


def read_public_url(text: str) -> PublicUrl:
    """The parts of a public URL.

    Args:
        text: As the user wrote it.

    Raises:
        BadAddress: It is no address that people may open: it must be https, but on this machine itself.
    """
    example = "such as https://notebooks.example.org/lab/"
    try:
        parts = urlsplit(text.strip())
        name, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:  # a port that is no number, brackets without an end, a name that cannot be one
        raise BadAddress(f"{text!r} is no address; write all of it, {example}.") from None
    name = f"[{name}]" if ":" in name else name
    if (
        parts.scheme not in _PORTS
        or not _NAME.fullmatch(name)
        or parts.username is not None
        or parts.password is not None
    ):
        raise BadAddress(f"{text!r} is no address; write all of it, {example}.")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise BadAddress(f"{text!r} has more than a path behind the host; leave away what begins with ? or #.")
    try:
        path = read_path(parts.path or "/")
    except BadAddress as fault:
        raise BadAddress(f"the path of {text!r} is none: {fault}") from None
    host = name if port in (None, _PORTS[parts.scheme]) else f"{name}:{port}"
    found = PublicUrl(parts.scheme, host, path)
    if found.scheme == "http" and not found.is_local:
        raise BadAddress(
            f"{text!r} would carry everything over plain HTTP. Let the proxy speak HTTPS: https://{host}{path}"
        )
    return found
