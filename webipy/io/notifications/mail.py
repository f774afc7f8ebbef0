"""Delivers notifications as e-mails, through an SMTP server that takes them without a login: one of this machine or network.

The `Message-ID` is made from the id of the notification, so that a mail that is sent again is known for the same one. A status of 5xx is not tried
again.

Source: RFC 5321; RFC 5322, section 3.6.4; RFC 3834 (automatic messages).
"""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError
from twisted.mail.smtp import SMTPClientError, SMTPDeliveryError, sendmail
from twisted.python.failure import Failure

from webipy.server.ports.notifications import Notification, Undelivered

ANSWER_SECONDS: Final = 30.0


class Mail:
    """See `webipy.server.ports.notifications.Sender`.

    Args:
        host: The SMTP server.
        port: Its port.
        sender: The address that mails come from.
        receiver: The address that they go to.
        reactor: Twisted's.
    """

    def __init__(self, host: str, port: int, sender: str, receiver: str, reactor: Any) -> None:
        self._host, self._port, self._sender, self._receiver, self._reactor = host, port, sender, receiver, reactor

    def send(self, notification: Notification, text: str, url: str) -> Deferred[None]:
        """Delivers one; see the port.

        Args:
            notification: The notification.
            text: What has happened, in words.
            url: The page of the session.
        """
        mail = self._mail(notification, text, url).as_bytes()
        sent: Deferred[Any] = sendmail(
            self._host,
            self._sender,
            [self._receiver],
            mail,
            port=self._port,
            reactor=self._reactor,
            requireTransportSecurity=False,
        )
        sent.addTimeout(ANSWER_SECONDS, self._reactor)
        return sent.addCallbacks(lambda _: None, _undelivered)

    def _mail(self, sent: Notification, text: str, url: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"] = self._sender, self._receiver
        mail["Subject"] = " ".join(text.split())[:200]
        mail["Date"] = format_datetime(datetime.fromisoformat(sent.ended or sent.asked))
        mail["Message-ID"] = f"<{sent.id}@webipy.invalid>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(f"{text}\n\n{url}\n")
        return mail


def _undelivered(failure: Failure) -> None:
    fault = failure.value
    if isinstance(fault, SMTPDeliveryError | SMTPClientError):
        status = getattr(fault, "code", 0) or 0
        raise Undelivered(f"the mail server answers with status {status}", is_final=500 <= status < 600)
    failure.trap(ConnectError, ConnectionClosed, DNSLookupError, TimeoutError)
    raise Undelivered(f"the mail server cannot be reached ({type(fault).__name__})")
