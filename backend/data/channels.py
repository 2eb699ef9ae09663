"""How a message leaves the house: one Protocol, e-mail by SMTP, and the demo's channel that keeps what it is given."""

import functools
import hashlib
import smtplib
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any, Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from sqlalchemy import Engine
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.clock import utc_now
from backend.core.metrics import PROVIDER_SECONDS
from backend.core.personal import personal, plain
from backend.core.settings import Settings, SettingsError
from backend.data.db import Base

CHANNELS = ("sms", "email", "push")
_SMTP_SECONDS = 10
_SMTP_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
_PERMANENT = 500  # RFC 5321, section 4.2.1: from here on the same again is refused again


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message to one person: `to` is a number in E.164, an e-mail address or a device."""

    channel: str
    to: str
    text: str
    subject: str | None = None


class ChannelError(Exception):
    """The message was not taken. `permanent`: the same again would fail the same way."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Channel(Protocol):
    """A way out. To be called while no transaction is open."""

    def send(self, message: Message, *, key: str) -> str:
        """Hand `message` over and return its id there; the same `key` is the same message. Raises ChannelError."""


def _counted(send: Callable[..., str]) -> Callable[..., str]:
    """Count the calls of a channel's `send`: `sent`, `refused` for good, or `failed` for now."""

    @functools.wraps(send)
    def counted(channel: Channel, message: Message, **options: Any) -> str:
        began, outcome = time.perf_counter(), "failed"
        try:
            sent = send(channel, message, **options)
            outcome = "sent"
        except ChannelError as error:
            outcome = "refused" if error.permanent else "failed"
            raise
        finally:
            PROVIDER_SECONDS.labels(message.channel, outcome).observe(time.perf_counter() - began)
        return sent

    return counted


class DemoMessage(Base):
    """A message of the demo, kept for reading back instead of being sent."""

    __tablename__ = "demo_messages"
    platform = "the demo's made-up people; in production nothing is written here"
    holds = (plain("key channel"), personal("to subject text", "so that a demo needs no gateway"))
    kept = "7 days"

    key: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    channel: Mapped[str]
    to: Mapped[str] = mapped_column(index=True)
    subject: Mapped[str | None]
    text: Mapped[str]


_KEEP = (
    'INSERT INTO demo_messages (key, at, channel, "to", subject, text)'
    " VALUES (%(key)s, %(at)s, %(channel)s, %(to)s, %(subject)s, %(text)s) ON CONFLICT DO NOTHING"
)


class DemoChannel:
    """Keeps each message once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @_counted
    def send(self, message: Message, *, key: str) -> str:
        """Keep `message` where `GET /demo/messages` finds it."""
        values = {"key": f"{message.channel}:{key}", "at": utc_now(), **vars(message)}
        with self._engine.begin() as connection:
            connection.exec_driver_sql(_KEEP, values)
        return key


class NullChannel:
    """No way out: refuses, and says what is missing."""

    @_counted
    def send(self, message: Message, *, key: str) -> str:
        """Raise ChannelError."""
        raise ChannelError(f"{key}: no gateway for {message.channel} is set up", permanent=True)


class SmtpChannel:
    """E-mail by SMTP: `smtp://` plain, `smtp+tls://` with STARTTLS, `smtps://` with TLS from the first byte.

    The address is `smtps://user:password@host:port/?from=balai@example.org`. Raises SettingsError when it is no such thing.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        senders = parse_qs(parts.query).get("from", [])
        if parts.scheme not in _SMTP_PORTS or not parts.hostname or len(senders) != 1 or "@" not in senders[0]:
            raise SettingsError("BALAI_SMTP_URL must look like smtps://user:password@host:port/?from=balai@example.org")
        self._sender = senders[0]
        self._parts = parts

    @_counted
    def send(self, message: Message, *, key: str) -> str:
        """Hand over an e-mail and return its Message-ID, the same for the same `key`. Raises ChannelError."""
        mail = EmailMessage()
        word = hashlib.sha256(key.encode()).hexdigest()[:40]
        mail["Message-ID"] = f"<{word}@{self._sender.rpartition('@')[2]}>"
        try:
            mail["From"], mail["To"] = self._sender, message.to
            mail["Subject"] = " ".join((message.subject or "").split())
        except ValueError as error:
            raise ChannelError(f"no e-mail can be addressed so: {type(error).__name__}", permanent=True) from None
        mail.set_content(message.text, cte="quoted-printable")  # for servers that take seven bits
        try:
            with self._connected() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise ChannelError(f"SMTP {codes}", permanent=min(codes) >= _PERMANENT) from None
        except smtplib.SMTPResponseException as error:
            raise ChannelError(f"SMTP {error.smtp_code}", permanent=error.smtp_code >= _PERMANENT) from None
        except (smtplib.SMTPException, OSError) as error:
            raise ChannelError(type(error).__name__, permanent=False) from None
        return str(mail["Message-ID"])

    def _connected(self) -> smtplib.SMTP:
        where: SplitResult = self._parts
        host, port = where.hostname or "", where.port or _SMTP_PORTS[where.scheme]
        if where.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=_SMTP_SECONDS, context=ssl.create_default_context())
        else:
            server = smtplib.SMTP(host, port, timeout=_SMTP_SECONDS)
        try:
            if where.scheme == "smtp+tls":
                server.starttls(context=ssl.create_default_context())
            if where.username:
                server.login(unquote(where.username), unquote(where.password or ""))
        except BaseException:
            server.close()
            raise
        return server


def make_channels(settings: Settings, engine: Engine) -> Mapping[str, Channel]:
    """Return the way out of each of `CHANNELS`: the demo keeps, production refuses what has no gateway."""
    channels: dict[str, Channel] = {name: DemoChannel(engine) if settings.demo else NullChannel() for name in CHANNELS}
    if settings.smtp_url:
        channels["email"] = SmtpChannel(settings.smtp_url)
    return channels
