"""E-mail through an SMTP server that the user names; nothing is sent until there is one."""

from __future__ import annotations

import asyncio
import hashlib
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Any, Final

from flowbook.errors import HttpFailed, UsageError
from flowbook.nodes.notify import payloads

if TYPE_CHECKING:
    from flowbook.nodes.notify.delivery import Delivery
    from flowbook.nodes.notify.payloads import Notice

SECURITY: Final = ("starttls", "ssl", "none")
_PORTS: Final = {"starttls": 587, "ssl": 465, "none": 25}


class Mail:
    """Sends a plain text by SMTP: `server`, `sender` and `to`, and `user` with a password."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        """`context`: whose certificates are believed; the system's when left out."""
        self._context = context

    async def send(self, notice: Notice, delivery: Delivery) -> Mapping[str, Any]:
        """`{accepted}`, how many addresses the server took; the address is the password."""
        for needed in ("server", "sender", "to"):
            if not delivery.settings.get(needed):
                raise UsageError(
                    f"email is not set up: it has no {needed}",
                    hint="write server: mail.example.org, sender: and to: addresses",
                )
        return await asyncio.to_thread(self._send, message_of(notice, delivery), delivery)

    def _send(self, message: EmailMessage, delivery: Delivery) -> Mapping[str, Any]:
        settings = delivery.settings
        host, _, port = str(settings["server"]).partition(":")
        security = str(settings.get("security") or "starttls")
        numbered = int(port) if port.isdigit() else _PORTS[security]
        try:
            with self._connected(host, numbered, security, delivery.timeout) as server:
                if settings.get("user"):
                    server.login(str(settings["user"]), delivery.address)
                refused = server.send_message(message)
        except smtplib.SMTPAuthenticationError:
            raise UsageError(f"mail server {host} does not take this user and password") from None
        except (smtplib.SMTPException, OSError) as error:
            raise HttpFailed(
                f"mail server {host} did not take the message: {_told(error)}",
                url=host,
                status=None,
            ) from None
        return {"accepted": len(settings["to"]) - len(refused)}

    def _connected(self, host: str, port: int, security: str, timeout: float) -> smtplib.SMTP:
        if security == "ssl":
            return smtplib.SMTP_SSL(host, port, timeout=timeout, context=self._trusted())
        server = smtplib.SMTP(host, port, timeout=timeout)
        if security == "starttls":
            try:
                server.starttls(context=self._trusted())
            except BaseException:
                server.close()
                raise
        return server

    def _trusted(self) -> ssl.SSLContext:
        return self._context or ssl.create_default_context()


def message_of(notice: Notice, delivery: Delivery) -> EmailMessage:
    """The e-mail; its id follows from the key, so that a mailbox keeps one of two alike."""
    settings = delivery.settings
    subject, text = payloads.mail(notice)
    message = EmailMessage()
    message["Subject"] = " ".join(str(settings.get("subject") or subject).split())
    message["From"] = _address(settings["sender"])
    message["To"] = ", ".join(_address(one) for one in settings["to"])
    message["Date"] = format_datetime(_when(notice.timestamp))
    digest = hashlib.sha256(delivery.key.encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{digest}@flowbook>"
    message.set_content(text, cte="quoted-printable")  # seven bits: every server takes them
    return message


def _address(given: object) -> str:
    text = " ".join(str(given).split())
    if "@" not in parseaddr(text)[1]:
        raise UsageError(f"{text!r} is no e-mail address", hint="such as ada@example.org")
    return text


def _when(stamp: str) -> Any:
    import datetime as dt

    return dt.datetime.fromisoformat(stamp)


def _told(error: Exception) -> str:
    """What the server said, or the kind of trouble."""
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        return f"{error.smtp_code} {words}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"it refused {len(error.recipients)} addresses"
    return f"{type(error).__name__}: {error}".removesuffix(": ")
