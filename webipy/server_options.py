"""The options of `twistd webipy`, and everything that can be wrong with them.

A fault is found while the options are read, before anything is started, and reported in one sentence: a root that does not exist, a state folder
of somebody else, a port that is taken. The port is bound then, too, so that the printed address listens; and the state folder is locked, so that
one server at a time uses it.

Rejected: options that are checked where they are used (a server that has started half ends with a traceback).
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from twisted.python import usage

from webipy import limits, notify_options, sso_options, tls_options
from webipy.core import errors
from webipy.core.site_address import BadAddress, PublicUrl, SitePath, read_path, read_public_url
from webipy.io.hub.environment import BadHub, HubEnvironment, forget_secrets, read_environment
from webipy.io.machine import display_name, end_with
from webipy.io.storage.audit_files import BadKey, read_key
from webipy.io.storage.private_files import make_private_folder
from webipy.io.storage.state_folder import DEFAULT_IN_WORDS, InUse, find_state_folder, hold
from webipy.io.storage.token_file import BadToken, read_token
from webipy.io.web.listening import CannotListen, PortTaken, check_reach, listen, port_of

if TYPE_CHECKING:
    from webipy.sso_parts import SsoOptions
    from webipy.tls_parts import Tls

DEFAULT_PORT = 8888
PORTS_TRIED = 20
"""When the default port is taken, so many after it are tried."""

MOST_SPARES = 20
MOST_NICE = 19

PRIVATE_GRACE_SECONDS = 30.0
"""With --private: how long kernels outlive a server that was killed."""

Read = TypeVar("Read")


class Options(usage.Options):
    """The command line of `twistd webipy`."""

    synopsis = "[options]"
    longdesc = (
        "Serves Jupyter kernels to browsers, the webipy command and scripts. It prints one address; open it in a "
        "browser on this machine. Kernels go on "
        "when the server stops; a server that starts with the same state directory finds them again."
    )
    optParameters = [
        ["port", "p", None, f"Port to listen on; 0 takes a free one. [default: {DEFAULT_PORT}, or the next free one]"],
        ["interface", "i", None, "Address to listen on. [default: 127.0.0.1; with --lan, all]"],
        *tls_options.PARAMETERS,
        ["base-url", "b", "/", "Path that all addresses of the server are below, such as /lab/; others answer 404."],
        [
            "public-url",
            "u",
            None,
            "Address that people open, when a proxy stands in front, such as https://HOST/lab/. Links begin with it; its host and its origin are"
            " allowed. [default: none]",
        ],
        ["root", "r", None, "Folder with the files of the page; kernels start in it. [default: the current folder]"],
        [
            "state",
            "s",
            None,
            f"Folder for journals, logins and kernel hosts. [default: {DEFAULT_IN_WORDS}]",
        ],
        [
            "token-file",
            "t",
            None,
            "File with the token for scripts; the server makes it when it is missing. [default: STATE/token]",
        ],
        [
            "display-name",
            "n",
            None,
            "What others call you: in shared notebooks, beside runs and in the history. [default: your full name on this machine]",
        ],
        *sso_options.PARAMETERS,
        *notify_options.PARAMETERS,
        *limits.PARAMETERS,
        [
            "audit-key",
            None,
            None,
            "File with the key of the audit log, such as one that only root can read; it is read at the start, and made when it is missing. [default:"
            " STATE/audit/key]",
        ],
        ["kernel-start-timeout", None, "60", "Seconds that a kernel may take to answer for the first time."],
        [
            "private",
            None,
            None,
            "Process id of the only user of this server: the server ends with that process, and deletes its state.",
        ],
        ["grace", "g", "24", "Hours that an idle kernel waits for a server before it ends."],
    ]
    optFlags = [
        *tls_options.FLAGS,
        *notify_options.FLAGS,
        ["kernels-stop-with-server", None, "Shut all kernels down, and close all terminals, when the server stops."],
        ["no-terminals", None, "Offer no terminals; those of an earlier server are closed."],
        [
            "behind-proxy",
            None,
            "A proxy in front speaks HTTPS and is trusted: allows interfaces other than loopback (with --public-url or --allow-host), sets Secure"
            " cookies, and takes the address of who asks from X-Forwarded-For.",
        ],
        [
            "hub",
            None,
            "Serve one user of the JupyterHub that has started this process, as its environment variables say; webipy-singleuser sets it.",
        ],
        [
            "require-login",
            None,
            "Browsers are signed in by accounts alone (webipy user add, --sso-issuer); no address with a code is printed.",
        ],
        ["share-links", None, "With --hub: links of webipy share let people in whom the hub does not know."],
        ["hub-token-in-kernels", None, "With --hub: kernels get the server's token at the hub (JUPYTERHUB_API_TOKEN)."],
        [
            "allow-root",
            None,
            "Allow other machines to reach a server that runs as root: whoever signs in can do everything.",
        ],
    ]
    compData = usage.Completions(optActions={"root": usage.CompleteDirs(), "state": usage.CompleteDirs()})

    def __init__(self) -> None:
        super().__init__()
        self.hosts: set[str] = set()
        self.hub: HubEnvironment | None = None
        self.sso: SsoOptions | None = None
        self.sso_allowed: list[str] = []
        self.push_services: list[str] = []
        self.interface: str
        self.tls: Tls | None = None
        self.notify = notify_options.NotifyOptions()
        self.socket: socket.socket
        self.below: SitePath
        self.public: PublicUrl | None
        self.root: Path
        self.state: Path
        self.lock: int
        self.token: str
        self.token_file: Path
        self.audit_key: bytes
        self.display_name: str
        self.grace_s: float
        self.limits: limits.Limits
        self.spare_kernels: int
        self.kernel_nice: int
        self.kernel_start_s: float

    def opt_allow_host(self, name: str) -> None:
        """A host name of this server besides localhost. Can be given more than once."""
        self.hosts.add(name.lower())

    def opt_sso_allow(self, whom: str) -> None:
        """Who may come in by --sso-issuer: everybody, @example.org (a domain of verified e-mail) or group:NAME. Can be given more than once."""
        self.sso_allowed.append(whom)

    def opt_push_service(self, host: str) -> None:
        """A push service that may be called beside those of the usual browsers: HOST, HOST:PORT or *.DOMAIN. Can be given more than once."""
        self.push_services.append(host)

    def opt_version(self) -> None:
        """Print webipy's version and exit."""
        print(f"webipy {version('webipy')}")
        sys.exit(0)

    def postOptions(self) -> None:
        """Checks everything; a fault is reported before anything is started."""
        self.hub = self._hub()
        if self.hub is not None and self["require-login"]:
            raise usage.UsageError("--require-login: with --hub, the hub signs people in.")
        self.sso = sso_options.read(self, self.sso_allowed, self._path)
        self.below = SitePath(self._address("base-url", read_path))
        self.public = None if self["public-url"] is None else self._address("public-url", read_public_url)
        self.root = self._root()
        self.state = self._state()
        self.lock = self._lock()
        self.token = self._token()
        self.audit_key = self._audit_key()
        self.display_name = self._display_name()
        self.notify = notify_options.read(self, self._path, self.push_services)
        self.grace_s = limits.number(self, "grace", "hours", 24 * 366) * 3600
        self.limits = limits.read(self)
        self.spare_kernels = limits.count(self, "spare-kernels", MOST_SPARES)
        self.kernel_nice = limits.count(self, "kernel-nice", MOST_NICE)
        self.kernel_start_s = limits.number(self, "kernel-start-timeout", "seconds", 86_400)
        if self["private"] is not None:
            end_with(limits.count(self, "private", 1 << 31))
            self["kernels-stop-with-server"], self.spare_kernels, self.grace_s = 1, 0, PRIVATE_GRACE_SECONDS
        self.interface = tls_options.interface_of(self)
        self.tls = tls_options.read(self, self.state, self.hosts, self.public, self._path)
        self.socket = self._bind()
        if self.tls is not None and self.public is None:
            self.public = self.tls.public_url(self.interface, self.socket.getsockname()[1], self.below.path)

    def _hub(self) -> HubEnvironment | None:
        """What the hub says; its token leaves the environment, which kernels inherit."""
        if not self["hub"]:
            return None
        try:
            found = read_environment(os.environ)
        except BadHub as fault:
            raise usage.UsageError(f"--hub: {fault}") from None
        if not self["hub-token-in-kernels"]:
            forget_secrets(os.environ)
        return found

    def _address(self, option: str, read: Callable[[str], Read]) -> Read:
        try:
            return read(self[option])
        except BadAddress as fault:
            raise usage.UsageError(f"--{option}: {fault}") from None

    def _path(self, option: str, text: str) -> Path:
        try:
            return Path(text).expanduser()
        except RuntimeError:
            raise usage.UsageError(f"--{option}: {text} names a user who does not exist.") from None

    def _display_name(self) -> str:
        try:
            return display_name(self["display-name"])
        except errors.InvalidParams as fault:
            raise usage.UsageError(f"--display-name: {fault.message}") from None

    def _root(self) -> Path:
        root = self._path("root", self["root"] or ".").resolve()
        if not root.is_dir():
            raise usage.UsageError(f"--root: {root} is no folder. Make it first, or name another one.")
        return root

    def _state(self) -> Path:
        state = self._path("state", self["state"]).resolve() if self["state"] else find_state_folder()
        try:
            make_private_folder(state)
            found = state.stat()
        except OSError as fault:
            raise usage.UsageError(f"--state: {state} cannot be used: {fault.strerror}.") from None
        if found.st_uid != os.getuid():
            raise usage.UsageError(f"--state: {state} belongs to another user. Name a folder of your own.")
        if stat.S_IMODE(found.st_mode) & 0o077:
            state.chmod(0o700)
        if not os.access(state, os.W_OK | os.X_OK):
            raise usage.UsageError(f"--state: {state} is not writable.")
        return state

    def _lock(self) -> int:
        """Holds the lock for as long as this process lives; nothing closes the descriptor."""
        try:
            return hold(self.state)
        except InUse as fault:
            raise usage.UsageError(
                f"--state: {self.state} is in use by another webipy server ({fault.holder}). Stop that server first, or name another folder"
                " with --state."
            ) from None
        except OSError as fault:
            raise usage.UsageError(f"--state: {self.state / 'lock'} cannot be used: {fault.strerror}.") from None

    def _token(self) -> str:
        path = self._path("token-file", self["token-file"]) if self["token-file"] else self.state / "token"
        self.token_file = path
        try:
            return read_token(path)
        except BadToken as fault:
            raise usage.UsageError(f"--token-file: {fault}") from None

    def _audit_key(self) -> bytes:
        given = self["audit-key"]
        path = self.state / "audit" / "key" if given is None else self._path("audit-key", given)
        try:
            return read_key(path)
        except BadKey as fault:
            raise usage.UsageError(f"--audit-key: {fault}") from None

    def _bind(self) -> socket.socket:
        try:
            check_reach(
                None if self.hub is not None else self.interface or ("::" if self["lan"] else ""),
                is_behind_proxy=bool(self["behind-proxy"]),
                speaks_tls=self.tls is not None,
                option="--lan" if self["lan"] else "--interface",
                is_named=bool(self.hosts or (self.tls and self.tls.hosts)) or self.public is not None,
                is_public=self.public is not None and not self.public.is_local,
                may_be_root=bool(self["allow-root"]),
            )
            if self["port"] is not None:
                return listen(self.interface, port_of(self["port"]))
            for port in range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED):
                with contextlib.suppress(PortTaken):
                    return listen(self.interface, port)
        except CannotListen as fault:
            raise usage.UsageError(str(fault)) from None
        raise usage.UsageError(
            f"Ports {DEFAULT_PORT} to {DEFAULT_PORT + PORTS_TRIED - 1} are all taken; name another with --port, or --port 0."
        )
