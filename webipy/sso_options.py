"""The options of single sign-on (OpenID Connect): their table for `twistd webipy`, and how they are read.

Nobody is let in by accident: `--sso-allow` or `--sso-admin-group` has to say who. Nothing of OpenID Connect is imported unless `--sso-issuer` asks
for it.
"""

from __future__ import annotations

import importlib.util
import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from twisted.python import usage

from webipy.core.site_address import LOOPBACK

if TYPE_CHECKING:
    from webipy.sso_parts import SsoOptions

EVERYBODY: Final = "everybody"
ALLOW_HELP: Final = (
    f"{EVERYBODY} (whoever can sign in there), @example.org (the domain of verified e-mail addresses) or group:NAME"
)
PARAMETERS = [
    [
        "sso-issuer",
        None,
        None,
        "Let people sign in with their account at this identity provider (OpenID Connect): its address, as its description has it. Register"
        " ADDRESS/sso/callback there, ADDRESS being what people open. [default: none]",
    ],
    ["sso-client-id", None, None, "The id of this server at --sso-issuer."],
    [
        "sso-client-secret-file",
        None,
        None,
        "File with the secret of this server at --sso-issuer, readable by its user alone (mode 0600).",
    ],
    ["sso-name", None, None, "What people call the provider, on the button of the sign-in page. [default: its host]"],
    ["sso-scopes", None, "openid profile email", "What the provider is asked for; openid is among it."],
    [
        "sso-name-claim",
        None,
        None,
        "The claim that people get their name from, when they come for the first time. [default: preferred_username, or else what stands before"
        " the @ in email]",
    ],
    [
        "sso-groups-claim",
        None,
        None,
        "The claim with the groups of people, such as groups or realm_access.roles: with it their groups here are those, at each sign-in. [default:"
        " the provider is not asked]",
    ],
    [
        "sso-admin-group",
        None,
        None,
        "Who is in this group of --sso-groups-claim is an admin here, and who is not is none, at each sign-in. [default: the provider is not asked]",
    ],
]

MOST_SECRET: Final = 4096
_DOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_NEEDS: Final = ("sso-client-id", "sso-client-secret-file")
_OTHERS: Final = (*_NEEDS, "sso-name", "sso-name-claim", "sso-groups-claim", "sso-admin-group")


def read(options: Mapping[str, Any], allowed: Sequence[str], path_of: Callable[[str, str], Path]) -> SsoOptions | None:
    """Reads the options, and the secret that they name.

    Args:
        options: The command line.
        allowed: What `--sso-allow` was given, each time.
        path_of: Reads a path that was given, by its option and its text.

    Returns:
        The single sign-on that is wanted; `None`: none is.

    Raises:
        usage.UsageError: One of them is wrong, or missing.
    """
    issuer = options["sso-issuer"]
    if issuer is None:
        given = [name for name in _OTHERS if options[name] is not None] + (["sso-allow"] if allowed else [])
        if given:
            raise usage.UsageError(f"--{given[0]}: name the identity provider, too, with --sso-issuer URL.")
        return None
    if options["hub"]:
        raise usage.UsageError("--sso-issuer: with --hub, the hub signs people in.")
    if importlib.util.find_spec("jwt") is None:
        raise usage.UsageError("--sso-issuer: this needs one package more. Install it with: pip install 'webipy[sso]'")
    host = _host_of(issuer)
    for name, what in zip(_NEEDS, ("the id that this server has there", "the file with its secret"), strict=True):
        if not options[name]:
            raise usage.UsageError(f"--{name}: name {what}, which the provider gives where this server is registered.")
    scopes = options["sso-scopes"].split()
    if "openid" not in scopes:
        raise usage.UsageError('--sso-scopes: openid must be among them, such as "openid profile email groups".')
    if options["sso-admin-group"] and not options["sso-groups-claim"]:
        raise usage.UsageError("--sso-admin-group: say which claim has the groups, with --sso-groups-claim.")
    everybody, domains, groups = _allowed(allowed, options)
    secret = _secret(path_of("sso-client-secret-file", options["sso-client-secret-file"]))
    from webipy.sso_parts import Client, SsoOptions, SsoRules

    called = (options["sso-name"] or host).strip()
    client = Client(issuer, options["sso-client-id"], secret, " ".join(scopes), called)
    names = (options["sso-name-claim"],) if options["sso-name-claim"] else ("preferred_username", "email")
    claims = (names, options["sso-groups-claim"] or "", options["sso-admin-group"] or "")
    return SsoOptions(client, SsoRules(issuer, called, *claims, everybody, domains, groups))


def _host_of(issuer: str) -> str:
    """The host of an issuer.

    Raises:
        usage.UsageError: It is no address of one.
    """
    try:
        parts = urlsplit(issuer)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        name, port = "", None
    if not name or not re.fullmatch(r"[!-~]+", issuer) or parts.username is not None or parts.query or parts.fragment:
        raise usage.UsageError(
            f"--sso-issuer: {issuer!r} is no address of an identity provider, such as https://login.example.org/realms/lab."
        )
    is_here = (f"[{name}]" if ":" in name else name) in LOOPBACK
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here):
        raise usage.UsageError(
            f"--sso-issuer: {issuer!r} would carry secrets in plain; write https://. Plain http:// is for this machine alone."
        )
    return name if port is None else f"{name}:{port}"


def _allowed(given: Sequence[str], options: Mapping[str, Any]) -> tuple[bool, frozenset[str], frozenset[str]]:
    """Who may come in: whether everybody, the domains, and the groups.

    Raises:
        usage.UsageError: Nobody is named, or something that is no such thing.
    """
    if not given and not options["sso-admin-group"]:
        raise usage.UsageError(f"--sso-allow: say who may come in: {ALLOW_HELP}. It can be given more than once.")
    domains, groups = set(), set()
    for one in given:
        if one == EVERYBODY:
            continue
        kind, _, group = one.partition(":")
        if one.startswith("@") and _DOMAIN.fullmatch(one[1:].lower()):
            domains.add(one[1:].lower())
        elif kind == "group" and group:
            groups.add(group)
        else:
            raise usage.UsageError(f"--sso-allow: {one!r} is nobody; write {ALLOW_HELP}.")
    if groups and not options["sso-groups-claim"]:
        raise usage.UsageError("--sso-allow: say which claim has the groups, with --sso-groups-claim.")
    return EVERYBODY in given, frozenset(domains), frozenset(groups)


def _secret(path: Path) -> str:
    """The secret in a file; no message has it.

    Raises:
        usage.UsageError: The file cannot be read, can be read by others, or holds none.
    """
    option = "--sso-client-secret-file"
    try:
        with path.open("rb") as file:
            mode, raw = os.fstat(file.fileno()).st_mode, file.read(MOST_SECRET + 1)
    except OSError as fault:
        raise usage.UsageError(f"{option}: {path} cannot be read: {fault.strerror}.") from None
    if stat.S_IMODE(mode) & 0o077:
        raise usage.UsageError(f"{option}: others can read {path}. Make it yours alone: chmod 600 {path}")
    try:
        secret = raw.decode("ascii").strip()
    except UnicodeDecodeError:
        secret = ""
    if not secret or len(raw) > MOST_SECRET or not secret.isprintable():
        raise usage.UsageError(f"{option}: {path} holds no secret: one line, as the provider has shown it.")
    return secret
