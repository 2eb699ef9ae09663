"""One-time codes: asked for, made when they are sent, and tried. Everything is counted in the database."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import delete, select

from backend.accounts import vault
from backend.accounts.contacts import read_phone
from backend.accounts.events import CODE_REQUESTED
from backend.accounts.locks import take_turn
from backend.accounts.models import Citizen, OtpRequest
from backend.accounts.operations.sessions import SignedIn, open_session
from backend.core.crypto import Keyring
from backend.core.errors import DomainError, Kind, invalid
from backend.core.ids import new_id
from backend.core.logs import get_logger
from backend.data.context import Actor, Context

CODE_LIFE = timedelta(minutes=5)
MOST_TRIES = 5
COUNTED = timedelta(hours=1)
MOST_CODES, MOST_CODES_IN_DEMO = 5, 100
_DIGITS = 6
_log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class CodeToSend:
    """A code and where it goes. Never logged."""

    phone: str
    code: str
    purpose: str

    def __repr__(self) -> str:
        return "CodeToSend()"


def _place(ctx: Context, request_id: UUID) -> str:
    return f"otp_requests.phone:{ctx.region.id}:{request_id}"


def _country(ctx: Context) -> str:
    return str(ctx.region.identity["phone"]["country"])


def request_code(ctx: Context, phone: str, *, purpose: str) -> tuple[UUID, datetime]:
    """Note that a code is wanted; return the request's id and until when its code will hold.

    Publishes `auth.code_requested`. Raises DomainError: 422 for no mobile number, 429 after too many codes in an hour.
    """
    number = read_phone(phone, country=_country(ctx))
    if number is None:
        raise invalid("phone", "auth.phone_invalid")
    index = vault.phone_index(ctx, number)
    take_turn(ctx.session, index)
    _refuse_too_many(ctx, index)
    request = OtpRequest(
        region_id=ctx.region.id,
        id=new_id(),
        phone_index=index,
        purpose=purpose,
        tries=0,
        created_at=ctx.now(),
        expires_at=ctx.now() + CODE_LIFE,
    )
    request.phone_enc = ctx.ground.keyring.encrypt(number, bound_to=_place(ctx, request.id))
    ctx.session.add(request)
    ctx.publish(CODE_REQUESTED, subject=request.id, locale=ctx.locale)
    return request.id, request.expires_at


def _refuse_too_many(ctx: Context, index: bytes) -> None:
    most = MOST_CODES_IN_DEMO if ctx.ground.settings.demo else MOST_CODES
    oldest = ctx.session.scalar(
        select(OtpRequest.created_at)
        .where(
            OtpRequest.region_id == ctx.region.id,
            OtpRequest.phone_index == index,
            OtpRequest.created_at > ctx.now() - COUNTED,
        )
        .order_by(OtpRequest.created_at.desc())
        .offset(most - 1)
        .limit(1)
    )
    if oldest is not None:
        wait = oldest + COUNTED - ctx.now()
        _log.warning("accounts.too_many_codes", region=ctx.region.key)
        raise DomainError(Kind.LIMITED, "auth.too_many_codes", retry_after=int(wait.total_seconds()) + 1)


def _code(keyring: Keyring, request: OtpRequest) -> str:
    # Derived, not drawn: a sending that is repeated because its answer was lost says the same code.
    made = keyring.blind_index(f"{request.region_id}:{request.purpose}:{request.id}", purpose="one-time-code")
    return f"{int.from_bytes(made) % 10**_DIGITS:0{_DIGITS}}"


def _code_hash(keyring: Keyring, request: OtpRequest, code: str) -> bytes:
    bound = f"{request.region_id}:{request.purpose}:{request.id}:{code}"
    return keyring.blind_index(bound, purpose="one-time-code-hash")


def make_code(ctx: Context, request_id: UUID) -> CodeToSend | None:
    """Make the code of a request and keep its hash; None when it would come too late."""
    request = ctx.session.get(OtpRequest, (ctx.region.id, request_id), with_for_update=True)
    if request is None or request.used_at or request.expires_at <= ctx.now():
        return None
    code = _code(ctx.ground.keyring, request)
    request.code_hash = _code_hash(ctx.ground.keyring, request, code)
    phone = ctx.ground.keyring.decrypt(request.phone_enc, bound_to=_place(ctx, request_id))
    return CodeToSend(phone=phone, code=code, purpose=request.purpose)


def sign_in_with_code(ctx: Context, request_id: UUID, code: str, *, device: str) -> SignedIn:
    """Sign a citizen in; the first time makes the account. Raises DomainError as `use_code`."""
    return _enter(ctx, use_code(ctx, request_id, code, purpose="login"), device)


def use_code(ctx: Context, request_id: UUID, code: str, *, purpose: str, refusal: Kind = Kind.UNAUTHENTICATED) -> OtpRequest:
    """Use a code, which works once and for its purpose alone; return the request it answers.

    Raises DomainError of the kind `refusal`: `auth.code_wrong` with the tries that are left, `auth.code_invalid` for a
    code that has expired, was used, was tried too often or never sent.
    """
    request = ctx.session.get(OtpRequest, (ctx.region.id, request_id), with_for_update=True)
    if (
        request is None
        or request.purpose != purpose
        or request.code_hash is None
        or request.used_at
        or request.expires_at <= ctx.now()
        or request.tries >= MOST_TRIES
    ):
        raise DomainError(refusal, "auth.code_invalid")
    if not compare_digest(request.code_hash, _code_hash(ctx.ground.keyring, request, code)):
        request.tries += 1
        left = MOST_TRIES - request.tries
        if not left:
            ctx.audit("accounts.code_tried_too_often", subject=str(request.id))
        raise DomainError(refusal, "auth.code_wrong", params={"left": left}, extra={"tries_left": left}, remembered=True)
    request.used_at = ctx.now()
    return request


def _enter(ctx: Context, request: OtpRequest, device: str) -> SignedIn:
    take_turn(ctx.session, request.phone_index)  # two first sign-ins at once make one account
    account_id = vault.find_account(ctx, request.phone_index)
    if account_id is None:
        account_id = new_id()
        ctx.session.add(Citizen(region_id=ctx.region.id, id=account_id, status="active", locale=ctx.locale, created_at=ctx.now()))
        ctx.session.flush()
        phone = ctx.ground.keyring.decrypt(request.phone_enc, bound_to=_place(ctx, request.id))
        vault.keep_identity(ctx, account_id, phone)
    elif ctx.session.get_one(Citizen, (ctx.region.id, account_id)).status != "active":
        raise DomainError(Kind.FORBIDDEN, "auth.account_disabled")
    signed_in = open_session(ctx, account_id, kind="citizen", device=device)
    citizen = dataclasses.replace(ctx, actor=Actor(kind="citizen", account_id=account_id))
    citizen.audit("accounts.signed_in", subject=str(account_id), details={"session": str(signed_in.session_id)})
    return signed_in


def forget_old_requests(ctx: Context) -> None:
    """Remove requests for codes once they no longer count."""
    ctx.session.execute(
        delete(OtpRequest).where(OtpRequest.region_id == ctx.region.id, OtpRequest.created_at < ctx.now() - 2 * COUNTED)
    )
