"""Who may come in: hosts, origins and credentials of a request, read in one place for HTTP and WebSocket alike.

The `Host` header must name this server, so that a name that an attacker points at a loopback address (DNS rebinding)
is refused with 421. A cookie counts only with the key of the page, never from another `Origin` (webipy.server.people.logins). All are exact
comparisons; there are no patterns to get wrong.

The cookie is named after the port in the `Host` header (`webipy-8888`), because cookies of a host go to all its ports: two servers on
one host would sign each other out. Over https it is `__Host-webipy-443`, which no neighbour can set. Below a base URL its path is that of the page, so that
two servers of one origin do not overwrite each other's; a browser takes no `__Host-` with a path (RFC 6265bis, section 4.1.3), and it is
`__Secure-webipy-443`. All cookies of these names are tried: a program on another port, or a server at `/`, may have set one, which a browser then
sends beside ours.

A proxy may tell the server its own name as `Host`, and take away a prefix. What people open is known by `--public-url` alone: its origin is ours, exactly,
and its name is a host of ours. Of headers that a proxy adds only `X-Forwarded-For` is read, and that with `--behind-proxy`.

A server that speaks TLS itself has no plain origin, and its cookies are those of https on every name. Started for a whole network (`--lan`), it answers to any
IP address as its name: that is no way in for DNS rebinding, as the page of an address is at that address.

Behind a JupyterHub's proxy nobody tells the server all names that it is reached under, and none is needed: what a browser shows was made for the
origin that it is at, and the page of another name has no key. So any name is ours there, over http or https.

The page sends its key as `X-Webipy-Key`, and for a WebSocket, whose headers no page can set, as the subprotocol `key.KEY` beside
`webipy` (RFC 6455, section 1.9): who has none is refused before the connection is one.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection

import attrs

from webipy.core import errors
from webipy.core.api import access
from webipy.core.api.access import Principal, Verb
from webipy.core.api.token_scopes import Touched
from webipy.core.site_address import LOOPBACK, SitePath, PublicUrl
from webipy.server.people.audit import Origin
from webipy.server.people.hub_logins import HubLogins
from webipy.server.people.logins import Credentials, Logins
from webipy.server.people.people import People
from webipy.server.people.rights import Rights, is_fenced
from webipy.server.people.single_sign_on import SingleSignOn
from webipy.server.ports.confinement import Confinement

OLD_COOKIE = "webipy"
"""The cookie of versions that knew no key; it counts no more."""

KEY_HEADER = "x-webipy-key"
SUBPROTOCOL = "webipy"
PAGE_HEADER = "x-webipy-base"
"""The path that the page is below, as its browser has it: a proxy may have taken a part of it away."""

STRICT_SECONDS = 365 * 86_400
"""How long a browser keeps to HTTPS for a host."""

COOKIE_PATH = re.compile(r"/(?:[!-:<-~]{1,1024}/)?")
"""What a cookie can have as its path, with a slash at its end (RFC 6265, section 4.1.1)."""

COMMAND_AGENT = "webipy"
"""How the `User-Agent` of the webipy command begins."""

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]@/]+)(?::[0-9]{1,5})?")

Header = Callable[[str], str | None]
"""Looks a request header up by its lower-case name."""

Ticketed = tuple[str | None, bytes]
"""A ticket, and the percent-decoded path that it came with."""


@attrs.define(frozen=True)
class RequestAuth:
    """Reads who sends a request.

    Args:
        logins: Knows the credentials.
        hosts: Names that this server is reached under, besides loopback.
        is_behind_proxy: Whether a proxy in front speaks HTTPS, so that the page's origin is an https one.
        below: The base URL.
        public: The address that people open, when that is another one than the server's own.
        hub: The logins that a JupyterHub answers for, when this is the server of one of its users.
        people: The accounts; `None` where there can be none.
        is_tls: Whether the server speaks HTTPS itself, so that nothing comes in plain.
        takes_addresses: Whether any IP address is ours: nobody can point an address at this machine, as they could a name.
        is_strict: Whether browsers are told to use HTTPS for this host alone.
        rights: Who may do what by name; `None`: there are no accounts, and whoever has one may do nothing.
        sso: The single sign-on; `None`: there is none.
    """

    logins: Logins
    hosts: frozenset[str] = frozenset()
    is_behind_proxy: bool = False
    below: SitePath = SitePath()
    public: PublicUrl | None = None
    hub: HubLogins | None = None
    people: People | None = None
    is_tls: bool = False
    takes_addresses: bool = False
    is_strict: bool = False
    rights: Rights | None = None
    sso: SingleSignOn | None = None

    def is_ours(self, host: str | None) -> bool:
        """Whether a `Host` header names this server. The port may differ: a tunnel changes it."""
        name = _name_of(host or "")
        if self.hub is not None:
            return bool(name)
        if name in LOOPBACK or name in self.hosts or (self.public is not None and name == self.public.name):
            return True
        return self.takes_addresses and _is_address(name)

    def transport_policy(self, header: Header) -> bytes | None:
        """The `Strict-Transport-Security` of an answer to a request with these headers: not for loopback names, which all programs share.

        Source: RFC 6797; browsers leave it aside where the host is an IP address.
        """
        name = _name_of(header("host") or "")
        is_kept = self.is_strict and bool(name) and name not in LOOPBACK and not _is_address(name)
        return b"max-age=%d" % STRICT_SECONDS if is_kept else None

    def principal_of(self, header: Header, address: str = "", ticketed: Ticketed | None = None) -> Principal | None:
        """Who sends a request with these headers.

        Args:
            header: Looks a request header up.
            address: See `address_of`; empty when wrong tokens are not counted.
            ticketed: The ticket and the path of a request that only reads.

        Returns:
            Who sends it; `None` when nobody is logged in by it.

        Raises:
            errors.Throttled: A wrong token, after too many of them from this address.
            errors.NotAuthenticated: A script token that does not count (any more).
        """
        return self.logins.principal_of(self.credentials(header, address, ticketed))

    def permit(self, principal: Principal | None, touched: Touched) -> None:
        """Returns when a principal may do something that is no method, by their right and by the scopes of their script token.

        Args:
            principal: Who it is; `None`: nobody is logged in.
            touched: What is done.

        Raises:
            errors.NotAuthenticated, errors.NotPermitted: As `access.permit` and `token_scopes.check`.
        """
        if self.rights is None:
            access.permit(principal, touched.verb, touched.session)
        elif touched.paths is None:
            self.rights.permit(principal, touched.verb, touched.session)
        else:
            for path in touched.paths:
                self.rights.permit_at(principal, touched.verb, path)
        self.logins.script_tokens.check(principal, touched)

    def permit_export(self, principal: Principal, export: str) -> None:
        """Returns when a principal may have an export: who may read the session that it is of, by the scopes of their script token, too.

        Args:
            principal: Who it is.
            export: The id of the export.

        Raises:
            errors.NotAuthenticated, errors.NotPermitted: They may not.
        """
        session = None if self.rights is None else self.rights.permit_export(principal, export)
        self.logins.script_tokens.check(principal, Touched("notebook.export", "read", session))

    def origin(self, principal: Principal | None, header: Header, address: str, by: str = "") -> Origin:
        """Where a request comes from, for the audit log.

        Args:
            principal: Who sends it.
            header: Looks a request header up.
            address: See `address_of`.
            by: What is used; empty for what the headers say: a page, the webipy command, or another program.
        """
        if not by and header("authorization") is not None:
            by = "command" if (header("user-agent") or "").startswith(COMMAND_AGENT) else "program"
        return Origin(by or ("page" if principal is not None else ""), address)

    def credentials(self, header: Header, address: str = "", ticketed: Ticketed | None = None) -> Credentials:
        """Collects what the headers of a request say of who sends it.

        Args:
            header: Looks a request header up.
            address: See `address_of`.
            ticketed: The ticket and the path of a request that only reads.
        """
        ticket, path = ticketed or (None, b"")
        return Credentials(
            authorization=header("authorization"),
            cookies=cookies_of(header("cookie"), self.cookie_names(header)),
            key=_key_of(header),
            origin=header("origin"),
            fetch_site=header("sec-fetch-site"),
            own_origins=self._own_origins(header),
            address=address,
            ticket=ticket,
            path=path,
        )

    def question(self, header: Header) -> str | None:
        """The token that the hub has to be asked about before `principal_of` can say who sends a request with these headers; `None`: none."""
        if self.hub is None:
            return None
        given = header("authorization")
        if given is not None and self.logins.lab_tokens.is_known(given.partition(" ")[2].strip()):
            given = None  # the cookie that it counts with is what the hub has to be asked about
        return self.hub.question(given, cookies_of(header("cookie"), self.cookie_names(header)))

    def refusal(self, header: Header) -> errors.NotAuthenticated:
        """Why nobody is logged in by a request with these headers, and what would be right; which ways there are to sign in."""
        if self.hub is not None:
            return errors.NotAuthenticated(
                "Sign in at the hub: open this server in a browser, or send a token of the hub in the header Authorization: token TOKEN.",
                reason="hub",
            )
        facts = {"accounts": self.ways} | ({} if self.sso is None else {"sso": self.sso.rules.name})
        if header("authorization") is None and self.logins.lacks_key(self.credentials(header)):
            return errors.NotAuthenticated(
                "This page has lost its part of the sign-in, which it keeps in this browser's storage. Sign in again: the token, or webipy open.",
                reason="key_lost",
                **facts,
            )
        if header("authorization") is None and cookies_of(header("cookie"), (OLD_COOKIE,)):
            return errors.NotAuthenticated(
                "webipy was updated and keeps sign-ins better now: sign in once more, with the token or webipy open.",
                reason="updated",
                **facts,
            )
        return errors.NotAuthenticated(
            "Log in first: send the header Authorization: Bearer TOKEN, or open the address that webipy open prints.",
            **facts,
        )

    @property
    def ways(self) -> str:
        """How a browser is signed in: `none` without an account, `some` also by a name and a password, `only` by these alone."""
        if self.logins.codes_closed:
            return "only"
        return "some" if self.people is not None and self.people.accounts.are_there() else "none"

    def address_of(self, peer: str, header: Header) -> str:
        """The address that a request came from, as `network_of` shortens it.

        Args:
            peer: The IP address of the other end of the connection.
            header: Looks a request header up. Behind a proxy the last address of X-Forwarded-For counts, which the proxy has appended; those before are
                the client's own words.
        """
        forwarded = (header("x-forwarded-for") or "").rpartition(",")[2].strip() if self.is_behind_proxy else ""
        return network_of(forwarded or peer)

    def is_same_site(self, header: Header) -> bool:
        """Whether a request that changes something comes from our own page, or from no page at all."""
        origin = header("origin")
        if origin is not None and origin not in self._own_origins(header):
            return False
        return header("sec-fetch-site") in (None, "same-origin", "none")

    def _own_origins(self, header: Header) -> frozenset[str]:
        """The origins of our own page, as this request reached us; behind a proxy plain http counts on this machine only."""
        host = (header("host") or "").lower()
        name, public = _name_of(host), self.public
        is_public = public is not None and name == public.name
        schemes = ["https"] if self.is_tls or (self.is_behind_proxy and not is_public) else []
        if not self.is_tls and (name in LOOPBACK or self.hub is not None or not (self.is_behind_proxy or is_public)):
            schemes.append("http")
        found = frozenset(f"{scheme}://{host}" for scheme in schemes)
        return found if public is None else found | {public.origin}

    def cookie_names(self, header: Header) -> tuple[str, ...]:
        """The names that our cookie can have in a request with these headers."""
        names = cookie_names(header("host"))
        return names if self.public is None else names + cookie_names(self.public.host)

    def _is_public(self, header: Header) -> bool:
        """Whether a request was sent to the public URL: by its origin, as a proxy may replace the host; by the host where a browser tells no origin."""
        origin = header("origin")
        if self.public is None or origin is not None:
            return self.public is not None and origin == self.public.origin
        return _name_of(header("host") or "") == self.public.name and not self.public.is_local

    def path_of(self, header: Header) -> str:
        """The path that our addresses are below for whoever sends a request with these headers, with its slash."""
        return self.public.path if self.public is not None and self._is_public(header) else self.below.path

    def home_of(self, header: Header) -> str:
        """The path that the page of a request is below, as its browser has it (`PAGE_HEADER`); what the server knows where it does not say."""
        path = header(PAGE_HEADER) or ""
        return path if COOKIE_PATH.fullmatch(path) else self.path_of(header)

    def _cookie_place(self, header: Header) -> tuple[str, str, bool]:
        """The name and the path of our cookie for whoever sends a request with these headers, and whether it goes over https alone."""
        is_plain = (header("origin") or "").startswith("http:")
        host, is_secure = header("host"), self.is_tls or (self.is_behind_proxy and not is_plain)
        if self.public is not None and self._is_public(header):
            host, is_secure = self.public.host, self.public.scheme == "https"
        path = self.home_of(header)
        plain, bound, secure = cookie_names(host)
        return (bound if path == "/" else secure) if is_secure else plain, path, is_secure

    def attempt_cookie(self, header: Header, attempt: str, value: str, seconds: int) -> str:
        """The `Set-Cookie` header of a sign-on that is under way; a browser sends it also when it comes from another site.

        Args:
            header: Looks a request header up, as for `set_cookies`.
            attempt: The id of the sign-on.
            value: The secret; empty to take the cookie back.
            seconds: How long it is kept.
        """
        name, path, is_secure = self._cookie_place(header)
        age = seconds if value else 0
        line = f"{name}-sso-{attempt}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={age}"
        return f"{line}; Secure" if is_secure else line

    def set_cookies(self, header: Header, value: str, seconds: int | None) -> list[str]:
        """The `Set-Cookie` headers that set our cookie: not for scripts, not for other sites, over https not for neighbours.

        The cookie of older versions is taken back.

        Args:
            header: Looks a request header up. The page says what it is below (`X-Webipy-Base`); who does not is given what the server knows.
            value: The secret; empty to take the cookie back.
            seconds: How long it is kept; `None`: until the browser is closed.
        """
        name, path, is_secure = self._cookie_place(header)
        more = "; Secure" if is_secure else ""
        age = "" if value and seconds is None else f"; Max-Age={seconds if value else 0}"
        lines = [f"{name}={value}; Path={path}; HttpOnly; SameSite=Strict{age}{more}"]
        if cookies_of(header("cookie"), (OLD_COOKIE,)):
            lines.append(f"{OLD_COOKIE}=; Path=/; Max-Age=0")
        return lines


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the first 64 bits, as one customer has all the rest (RFC 4291, section 2.5.4).

    What is no address stays as it is, shortened: it may be the client's own word.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv4Address) or found.is_loopback:
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


def _is_address(name: str) -> bool:
    """Whether a name of `_name_of` is an IP address."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _name_of(host: str) -> str:
    """The name in a `Host` header, in lower case; an empty one for what is no name with or without a port."""
    found = _HOST.fullmatch(host.lower())
    return found.group(1) if found else ""


def cookie_names(host: str | None) -> tuple[str, str, str]:
    """The names of our cookie for a request to that host: over http, over https, and over https below a path."""
    port = (host or "").rpartition("]")[2].partition(":")[2]
    return (f"webipy-{port or 80}", f"__Host-webipy-{port or 443}", f"__Secure-webipy-{port or 443}")


def cookies_of(header: str | None, names: Collection[str]) -> tuple[str, ...]:
    """The values of all cookies of those names.

    Not by http.cookies: all programs on localhost share their cookies, and that one stops at the first it cannot read.


    Source: RFC 6265, section 4.2.1.

    Args:
        header: The `Cookie` header, if it was sent.
        names: Names of cookies.
    """
    found = []
    for pair in (header or "").split(";"):
        name, is_pair, value = pair.strip().partition("=")
        if is_pair and name in names:
            found.append(value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value)
    return tuple(found)


def attempt_cookies(auth: RequestAuth, header: Header, attempt: str) -> tuple[str, ...]:
    """What a browser has kept of a sign-on that is under way.

    Args:
        auth: Knows the names of our cookies.
        header: Looks a request header up.
        attempt: The id of the sign-on.
    """
    return cookies_of(header("cookie"), [f"{name}-sso-{attempt}" for name in auth.cookie_names(header)])


def _key_of(header: Header) -> str | None:
    """The key that a page sends."""
    key = header(KEY_HEADER)
    if key is not None:
        return key
    for protocol in (header("sec-websocket-protocol") or "").split(","):
        kind, is_key, value = protocol.strip().partition(".")
        if is_key and kind == "key":
            return value
    return None


def confinement_of(auth: RequestAuth, principal: Principal | None, verb: Verb) -> Confinement | None:
    """What a request of somebody may reach of the files; `None` for everything.

    Args:
        auth: Reads who sends it.
        principal: Who sends it.
        verb: The right that it needs.
    """
    if auth.rights is not None:
        return auth.rights.confinement(principal, verb)
    return Confinement(lambda path: "none", verb) if is_fenced(principal) else None  # who may do what cannot be said
