"""What accounts do after the commit: send codes and password tokens, and forget what has grown old."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, or_

from backend.accounts.models import CitizenSession, StaffAccount, StaffSession
from backend.accounts.operations.codes import CODE_LIFE, CodeToSend, forget_old_requests, make_code
from backend.accounts.operations.passwords import forget_old_failures
from backend.accounts.operations.personal import ERASURE, finish_erasures
from backend.accounts.queries import opened_staff
from backend.accounts.tokens import PASSWORD_TOKEN_LIFE, write_password_token
from backend.data.channels import Channel, DemoMessage, Message
from backend.data.context import Context
from backend.data.events import Event
from backend.data.notices import LOGIN_CODE

DEMO_MESSAGES_KEPT = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A message and the way it goes."""

    channel: Channel
    message: Message

    def __repr__(self) -> str:
        return "Letter()"


def _app_name(ctx: Context) -> str:
    return str(ctx.region.identity.get("app_name", ctx.region.name))


class _Sending:
    """A handler that only sends: what `prepare` wrote leaves under the delivery's key, and nothing more is to be kept."""

    def call(self, prepared: Letter, *, key: str) -> str:
        """Send it. Raises ChannelError."""
        return prepared.channel.send(prepared.message, key=key)

    def record(self, ctx: Context, event: Event, prepared: Letter, answer: str) -> None:
        """Keep nothing: the hash of the code is kept before it leaves, and a password token is not kept at all."""


class CodeSending(_Sending):
    """Makes a one-time code and sends it."""

    def prepare(self, ctx: Context, event: Event) -> Letter | None:
        """Return the text message with the code, None when it would come too late."""
        made = make_code(ctx, event.subject)
        if made is None:
            return None
        text = _code_text(ctx, made, event.payload["locale"])
        return Letter(channel=ctx.ground.channels["sms"], message=Message(channel="sms", to=made.phone, text=text))


def _code_text(ctx: Context, made: CodeToSend, locale: str) -> str:
    params = {"code": made.code, "app": _app_name(ctx), "minutes": int(CODE_LIFE.total_seconds() // 60)}
    if made.purpose == ERASURE:
        return ctx.ground.catalogue.text("accounts.erasure_code.text", locale, params)
    text = ctx.ground.wording.say(ctx, LOGIN_CODE, params, locale)
    return text or ctx.ground.catalogue.text("accounts.code.text", locale, params)


class PasswordTokenSending(_Sending):
    """Sends a staff account a token to choose its password with."""

    def prepare(self, ctx: Context, event: Event) -> Letter | None:
        """Return the e-mail with the token, None when the account is gone or has chosen meanwhile."""
        account, reason = ctx.session.get(StaffAccount, event.subject), event.payload["reason"]
        if account is None or account.disabled_at or (reason == "invited" and account.password_hash):
            return None
        keyring, texts = ctx.ground.keyring, ctx.ground.catalogue
        email, name = opened_staff(keyring, account)
        token = write_password_token(
            keyring, account.id, account.password_hash, expires_at=event.occurred_at + PASSWORD_TOKEN_LIFE
        )
        params = {"token": token, "name": name, "app": _app_name(ctx), "days": PASSWORD_TOKEN_LIFE.days}
        return Letter(
            channel=ctx.ground.channels["email"],
            message=Message(
                channel="email",
                to=email,
                subject=texts.text(f"accounts.{reason}.subject", account.locale, params),
                text=texts.text(f"accounts.{reason}.text", account.locale, params),
            ),
        )


def forget_old(ctx: Context) -> None:
    """Remove what nothing can be done with any more, and look once more for what was under way when somebody was erased."""
    forget_old_requests(ctx)
    forget_old_failures(ctx)
    finish_erasures(ctx)
    ctx.session.execute(delete(DemoMessage).where(DemoMessage.at < ctx.now() - DEMO_MESSAGES_KEPT))
    for table in (CitizenSession, StaffSession):
        over = delete(table).where(or_(table.expires_at < ctx.now(), table.revoked_at < ctx.now()))
        ctx.session.execute(over if table is StaffSession else over.where(CitizenSession.region_id == ctx.region.id))
