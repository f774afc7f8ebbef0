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

from twisted.internet.defer import Deferred, fail
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
        receiver: The address of whoever runs the server; everybody else has the one that they have set.
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
        receiver = self._receiver if notification.person == "owner" else notification.mail_to
        if not receiver:
            return fail(Undelivered("the address was taken back", is_final=True))
        mail = self._mail(notification, receiver, text, url).as_bytes()
        sent: Deferred[Any] = sendmail(
            self._host,
            self._sender,
            [receiver],
            mail,
            port=self._port,
            reactor=self._reactor,
            requireTransportSecurity=False,
        )
        sent.addTimeout(ANSWER_SECONDS, self._reactor)
        return sent.addCallbacks(lambda _: None, _undelivered)

    def _mail(self, sent: Notification, receiver: str, text: str, url: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"] = self._sender, receiver
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
