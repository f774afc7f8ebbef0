"""What a JupyterHub says to the server of one of its users: its environment variables, read once.

    JUPYTERHUB_SERVICE_URL, _SERVICE_PREFIX      where to listen, and below which path
    JUPYTERHUB_API_URL, _API_TOKEN               where the hub answers, and the server's own token there
    JUPYTERHUB_CLIENT_ID, _OAUTH_CALLBACK_URL    who the server is when it lets the hub sign somebody in, and where they come back
    JUPYTERHUB_OAUTH_ACCESS_SCOPES               any one of these lets in (_OAUTH_SCOPES before JupyterHub 3)
    JUPYTERHUB_USER, _SERVER_NAME                whose server it is, and which one of theirs
    JUPYTERHUB_HOST, _BASE_URL, _PUBLIC_URL      where people find the hub, and this server
    JUPYTERHUB_ACTIVITY_URL, _ACTIVITY_INTERVAL  where to say that somebody works here, and how often (seconds)
    JUPYTERHUB_ROOT_DIR, _DEFAULT_URL            the folder with the files; the first page

Nothing of it is believed before it was checked: what is missing or cannot be is said in one sentence.

Source: JupyterHub, "Spawners", "Services"; `Spawner.get_env` and `jupyterhub.services.auth` of JupyterHub 6.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Final
from urllib.parse import urlsplit

import attrs
import msgspec

from webipy.core.site_address import BadAddress, PublicUrl, read_path, read_public_url
from webipy.server.ports.hub import HubPlace

SECRETS: Final = ("JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN")
"""The server's token at the hub, under its two names: kernels do not get it."""

ACTIVITY_SECONDS: Final = 300.0


class BadHub(ValueError):
    """What the hub says is not whole; the message says what is wrong, and what would be right."""


@attrs.frozen
class HubEnvironment:
    """What the hub says.

    Args:
        interface: Where to listen; empty for all interfaces.
        port: The port; 0 for one that is free.
        path: The base URL, as `read_path` returns it.
        api: The address of the hub's API, without a slash at its end.
        token: The server's token at the hub.
        client: The name of the server at the hub's sign-in.
        callback: Where browsers come back from there.
        scopes: What lets somebody in, any one of these.
        place: Where people find the hub, and whose server this one is there.
        activity: Where to report activity; empty: nowhere.
        activity_s: How often, seconds.
        root: The folder with the files; empty: the current folder.
        default: The path of the first page below the base URL; `/` for the server's own.
        public: The address that people open; `None` when the hub was not told its own.
    """

    interface: str
    port: int
    path: str
    api: str
    token: str = attrs.field(repr=False)
    client: str
    callback: str
    scopes: frozenset[str]
    place: HubPlace
    activity: str = ""
    activity_s: float = ACTIVITY_SECONDS
    root: str = ""
    default: str = "/"
    public: PublicUrl | None = None


def read_environment(given: Mapping[str, str]) -> HubEnvironment:
    """What the hub says in the environment of this process.

    Args:
        given: The environment variables.

    Raises:
        BadHub: A variable is missing, or cannot be right.
    """
    url = _needed(given, "SERVICE_URL")
    try:
        service = urlsplit(url)
        port = service.port
        path = read_path(given.get("JUPYTERHUB_SERVICE_PREFIX") or service.path or "/")
    except (ValueError, BadAddress) as fault:
        raise BadHub(f"JUPYTERHUB_SERVICE_URL={url}: {fault}") from None
    if given.get("JUPYTERHUB_SSL_CERTFILE"):
        raise BadHub(
            "The hub wants TLS between itself and its servers (c.JupyterHub.internal_ssl), which webipy does not speak. Turn internal_ssl off."
        )
    return HubEnvironment(
        interface=service.hostname or "",
        port=port if port is not None else 443 if service.scheme == "https" else 80,
        path=path,
        api=_address(given, "API_URL"),
        token=_needed(given, "API_TOKEN"),
        client=_needed(given, "CLIENT_ID"),
        callback=given.get("JUPYTERHUB_OAUTH_CALLBACK_URL") or f"{path}oauth_callback",
        scopes=_scopes(given),
        place=HubPlace(
            user=_needed(given, "USER"),
            server=given.get("JUPYTERHUB_SERVER_NAME") or "",
            host=given.get("JUPYTERHUB_HOST") or "",
            path=f"{(given.get('JUPYTERHUB_BASE_URL') or '/').rstrip('/')}/hub/",
        ),
        activity=given.get("JUPYTERHUB_ACTIVITY_URL") or "",
        activity_s=_seconds(given.get("JUPYTERHUB_ACTIVITY_INTERVAL") or ""),
        root=given.get("JUPYTERHUB_ROOT_DIR") or "",
        default=_first_page(given.get("JUPYTERHUB_DEFAULT_URL") or "/"),
        public=_public(given.get("JUPYTERHUB_PUBLIC_URL") or "", path),
    )


def forget_secrets(environment: MutableMapping[str, str]) -> None:
    """Takes the server's token at the hub out of the environment, so that no kernel and no terminal inherits it."""
    for name in SECRETS:
        environment.pop(name, None)


def _needed(given: Mapping[str, str], name: str) -> str:
    found = given.get(f"JUPYTERHUB_{name}")
    if not found:
        raise BadHub(
            f"JUPYTERHUB_{name} is not set. A JupyterHub starts this command (c.Spawner.cmd); by hand start: webipy serve"
        )
    return found


def _address(given: Mapping[str, str], name: str) -> str:
    found = _needed(given, name)
    try:
        parts = urlsplit(found)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number
        is_one = False
    if not is_one:
        raise BadHub(f"JUPYTERHUB_{name}={found} is no address, such as http://127.0.0.1:8081/hub/api.")
    return found.rstrip("/")


def _scopes(given: Mapping[str, str]) -> frozenset[str]:
    text = given.get("JUPYTERHUB_OAUTH_ACCESS_SCOPES") or given.get("JUPYTERHUB_OAUTH_SCOPES") or "[]"
    try:
        found = frozenset(msgspec.json.decode(text, type=list[str]))
    except msgspec.DecodeError:
        raise BadHub(f"JUPYTERHUB_OAUTH_ACCESS_SCOPES={text} is no list of scopes as JSON.") from None
    if not found:
        raise BadHub(
            "The hub names no scopes that let somebody in (JUPYTERHUB_OAUTH_ACCESS_SCOPES). webipy needs JupyterHub 2.0 or newer."
        )
    return found


def _seconds(text: str) -> float:
    try:
        return max(1.0, float(text)) if text else ACTIVITY_SECONDS
    except ValueError:
        raise BadHub(f"JUPYTERHUB_ACTIVITY_INTERVAL={text} is no number of seconds.") from None


def _first_page(text: str) -> str:
    """A path below the base URL, from its slash on; what is none is the page itself."""
    return text if text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() else "/"


def _public(text: str, path: str) -> PublicUrl | None:
    """The address that people open; none where it is plain http, which only this machine may be: then the origin is what the browser says."""
    if not text:
        return None
    try:
        found = read_public_url(text)
    except BadAddress:
        return None
    return found if found.path == path else None
