"""The options that say how people are told outside of the page when their runs have ended: their table for `twistd webipy`, and how they are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import attrs
from twisted.python import usage

from webipy.core.push_addresses import PushService, read_service

if TYPE_CHECKING:
    from webipy.io.notifications.web_push import WebPush
    from webipy.io.reactor import Run
    from webipy.server.ports.notifications import Sender, Way

PARAMETERS = [
    [
        "notify-webhook",
        None,
        None,
        "Address that a JSON POST goes to when a run has ended that was started with a notification; @FILE reads it from a file, as other users see"
        " options. [default: none]",
    ],
    [
        "smtp",
        None,
        None,
        "Mail server that notifications are sent through, HOST or HOST:PORT, without a login. [default: none]",
    ],
    ["mail-from", None, None, "Address that these mails come from; needs --smtp."],
    ["mail-to", None, None, "Address that these mails go to. [default: that of --mail-from]"],
]

FLAGS = [
    ["no-web-push", None, "Send no Web Push: browsers are told by open pages alone, and no push service is called."]
]

SMTP_PORT: Final = 25
_ADDRESS: Final = re.compile(r"[!-?A-~]+@[A-Za-z0-9.-]+|[!-?A-~]+")
_HOST: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")


@attrs.frozen
class NotifyOptions:
    """How people are told outside of the page.

    Args:
        webhook: Where requests go; `None`: nowhere.
        smtp: Host and port of the mail server; `None`: there is none.
        sender: The address that mails come from.
        receiver: The address that they go to.
        has_web_push: Whether browsers are told by Web Push that want it.
        push_services: Push services that may be called, beside those of the usual browsers.
    """

    webhook: str | None = attrs.field(default=None, repr=False)
    smtp: tuple[str, int] | None = None
    sender: str = ""
    receiver: str = ""
    has_web_push: bool = True
    push_services: tuple[PushService, ...] = ()

    def senders(self, version: str, reactor: Any) -> dict[Way, Sender]:
        """What delivers notifications; what no option asks for is not imported.

        Args:
            version: webipy's version.
            reactor: Twisted's.
        """
        found: dict[Way, Sender] = {}
        if self.webhook is not None:
            from webipy.io.notifications.webhook import Webhook

            found["webhook"] = Webhook(self.webhook, version, reactor)
        if self.smtp is not None:
            from webipy.io.notifications.mail import Mail

            found["mail"] = Mail(*self.smtp, self.sender, self.receiver, reactor)
        return found

    def web_push(self, state: Path, public_url: str | None, version: str, run: Run, reactor: Any) -> WebPush | None:
        """What tells browsers; it imports nothing that is large before one has subscribed. `None`: nothing does.

        Args:
            state: The folder of its key.
            public_url: The address that people open; `None`: that is not known.
            version: webipy's version.
            run: Runs a function that blocks in a thread.
            reactor: Twisted's.
        """
        if not self.has_web_push:
            return None
        from webipy.io.notifications.web_push import WebPush

        contact = public_url if public_url is not None and public_url.startswith("https:") else ""
        contact = f"mailto:{self.sender}" if "@" in self.sender else contact
        return WebPush(state / "push-key.pem", contact, self.push_services, version, run, reactor)


def read(
    options: Mapping[str, Any], path_of: Callable[[str, str], Path], push_services: Sequence[str] = ()
) -> NotifyOptions:
    """Reads the options.

    Args:
        options: The command line.
        path_of: Reads a path that was given, by its option and its text.
        push_services: What `--push-service` was given, each time.

    Raises:
        usage.UsageError: One of them is wrong.
    """
    found = _outside(options, path_of)
    services = tuple(map(_push_service, push_services))
    if options["no-web-push"] and services:
        raise usage.UsageError("--push-service: no push service is called with --no-web-push; leave one of them away.")
    return attrs.evolve(found, has_web_push=not options["no-web-push"], push_services=services)


def _push_service(given: str) -> PushService:
    found = read_service(given)
    if found is None:
        raise usage.UsageError(
            f"--push-service: {given!r} is no push service; write HOST, HOST:PORT or *.DOMAIN, such as push.example.org. It must speak https, but on"
            " this machine (http://127.0.0.1:PORT)."
        )
    return found


def _outside(options: Mapping[str, Any], path_of: Callable[[str, str], Path]) -> NotifyOptions:
    """Reads those of the webhook and of mails."""
    webhook, smtp, sender, receiver = (options[name] for name in ("notify-webhook", "smtp", "mail-from", "mail-to"))
    if webhook is not None:
        webhook = _webhook(webhook, path_of)
    if smtp is None:
        for name, given in (("mail-from", sender), ("mail-to", receiver)):
            if given is not None:
                raise usage.UsageError(f"--{name}: name the mail server, too, with --smtp HOST.")
        return NotifyOptions(webhook)
    found = _HOST.fullmatch(smtp)
    port = int(found[2]) if found is not None and found[2] else SMTP_PORT
    if found is None or not 0 < port < 65536:
        raise usage.UsageError(f"--smtp: {smtp!r} is no mail server; write HOST or HOST:PORT, such as localhost:25.")
    if sender is None:
        raise usage.UsageError("--smtp: say which address mails come from, with --mail-from.")
    for name, given in (("mail-from", sender), ("mail-to", receiver)):
        if given is not None and not _ADDRESS.fullmatch(given):
            raise usage.UsageError(f"--{name}: {given!r} is no address of mail, such as ada@example.org.")
    return NotifyOptions(webhook, (found[1].strip("[]"), port), sender, receiver or sender)


def _webhook(given: str, path_of: Callable[[str, str], Path]) -> str:
    """The address of a webhook; the message never has it, as it may be a secret."""
    if given.startswith("@"):
        path = path_of("notify-webhook", given[1:])
        try:
            given = path.read_text("ascii").strip()
        except OSError as fault:
            raise usage.UsageError(f"--notify-webhook: {path} cannot be read: {fault.strerror}.") from None
        except UnicodeDecodeError:
            raise usage.UsageError(f"--notify-webhook: {path} holds no address.") from None
    wrong = usage.UsageError(
        "--notify-webhook: this is no address of a webhook; write all of it, such as https://hooks.example.org/x."
    )
    try:
        parts = urlsplit(given)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise wrong from None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or not port_is_fine
        or not re.fullmatch(r"[!-~]+", given)
    ):
        raise wrong
    if parts.username is not None:
        raise usage.UsageError("--notify-webhook: a name and a password in the address are not sent; leave them away.")
    return given
