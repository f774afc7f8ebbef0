"""The options that say how people are told outside of the page when their runs have ended: their table for `twistd webipy`, and how they are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import attrs
from twisted.python import usage

if TYPE_CHECKING:
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
    """

    webhook: str | None = attrs.field(default=None, repr=False)
    smtp: tuple[str, int] | None = None
    sender: str = ""
    receiver: str = ""

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


def read(options: Mapping[str, Any], path_of: Callable[[str, str], Path]) -> NotifyOptions:
    """Reads the options.

    Args:
        options: The command line.
        path_of: Reads a path that was given, by its option and its text.

    Raises:
        usage.UsageError: One of them is wrong.
    """
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
