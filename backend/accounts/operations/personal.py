"""A citizen's own data: a copy of it, its erasure with a receipt; also what accounts themselves hand over and forget."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID
from zipfile import ZipFile, ZipInfo

import orjson
from sqlalchemy import delete, select

from backend.accounts import vault
from backend.accounts.locks import take_turn
from backend.accounts.models import Citizen, CitizenSession, Erasure, OtpRequest, VaultIdentity
from backend.accounts.operations.codes import use_code
from backend.core.errors import DomainError, Kind, not_found
from backend.core.paging import decode_cursor, encode_cursor
from backend.data.blobs import BlobNotFoundError
from backend.data.channels import DemoMessage
from backend.data.context import Context
from backend.data.personal import KeptFile, erase_rows

ERASURE = "erasure"
PART_BYTES = 8_000_000  # a part is made in memory and handed over whole: a slow reader then holds no thread
SECOND_LOOK = timedelta(minutes=5)  # longer than a request or a delivery may last


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of an export: a zip file, and the cursor of the next part if there is one."""

    content: bytes
    next: str | None


def export_part(ctx: Context, after: str | None) -> Part:
    """Return the first part of everything the region keeps of the actor, or the one that comes after.

    Each is a zip of about `PART_BYTES` at most: the first has `data.json`, all have pictures. Nothing is kept of it.
    """
    account_id = ctx.actor.account_id
    if account_id is None:
        raise not_found()
    files: list[KeptFile] = []

    def beside(value: object) -> object:
        if isinstance(value, KeptFile):
            files.append(value)
            return value.name
        raise TypeError(type(value).__name__)

    found = ctx.ground.personal.export_personal_data(ctx, account_id)
    about = {"region": ctx.region.key, "exported_at": ctx.now(), **found}
    data = orjson.dumps(about, beside, orjson.OPT_INDENT_2 | orjson.OPT_PASSTHROUGH_DATACLASS)
    behind = "" if after is None else decode_cursor(after, str)[0]
    waiting = sorted((file for file in files if file.name > behind), key=lambda file: file.name)
    content, taken, last = BytesIO(), 0, None
    with ZipFile(content, "w") as archive:
        if after is None:
            archive.writestr(_entry(ctx, "data.json"), data)
            ctx.audit("accounts.exported", subject=str(account_id))
        for file in waiting:
            if last and taken + file.size > PART_BYTES:
                return Part(content=_closed(archive, content), next=encode_cursor(last))
            try:
                archive.writestr(_entry(ctx, file.name), ctx.ground.blobs.get(file.blob))
            except BlobNotFoundError:  # its row is as good as gone
                continue
            taken, last = taken + file.size, file.name
    return Part(content=content.getvalue(), next=None)


def _entry(ctx: Context, name: str) -> ZipInfo:
    return ZipInfo(name, ctx.now().astimezone(ctx.region.zone).timetuple()[:6])


def _closed(archive: ZipFile, content: BytesIO) -> bytes:
    archive.close()
    return content.getvalue()


def erase_citizen(ctx: Context, request_id: UUID, code: str) -> Erasure:
    """Erase the actor from every module of the region, once the code that was sent for that is right; return the receipt.

    The bytes of pictures follow within seconds, what was under way in that moment within two hours. Raises DomainError
    (403) for the code, as `use_code`, and for one that went to another number than the actor's.
    """
    account_id = ctx.actor.account_id
    request = use_code(ctx, request_id, code, purpose=ERASURE, refusal=Kind.FORBIDDEN)
    take_turn(ctx.session, request.phone_index)  # nobody signs in with the number meanwhile
    if account_id is None or vault.find_account(ctx, request.phone_index) != account_id:
        raise DomainError(Kind.FORBIDDEN, "auth.code_invalid")
    rows = dict(ctx.ground.personal.erase_personal_data(ctx, account_id))
    erasure = Erasure(region_id=ctx.region.id, id=request_id, account_id=account_id, erased_at=ctx.now(), rows=rows)
    ctx.session.add(erasure)
    ctx.audit("accounts.erased", subject=str(account_id), details={"receipt": str(request_id), "rows": rows})
    return erasure


def finish_erasures(ctx: Context) -> None:
    """Look once more for what a request or delivery wrote that was under way at an erasure, then forget the account's id."""
    waiting = ctx.session.scalars(
        select(Erasure).where(
            Erasure.region_id == ctx.region.id, Erasure.account_id.is_not(None), Erasure.erased_at < ctx.now() - SECOND_LOOK
        )
    )
    for erasure in waiting.all():
        if erasure.account_id is not None:
            ctx.ground.personal.erase_personal_data(ctx, erasure.account_id)
            erasure.account_id = None


def get_receipt(ctx: Context, erasure_id: UUID) -> dict[str, Any]:
    """Return the receipt of an erasure. Raises the 404."""
    erasure = ctx.session.get(Erasure, (ctx.region.id, erasure_id))
    if erasure is None:
        raise not_found()
    return receipt_of(ctx, erasure)


def receipt_of(ctx: Context, erasure: Erasure) -> dict[str, Any]:
    """Return an erasure as its receipt, signed."""
    told: dict[str, Any] = {"id": erasure.id, "region": ctx.region.key, "erased_at": erasure.erased_at, "rows": erasure.rows}
    return {**told, "signature": ctx.ground.keyring.sign(*_signed(told))}


def is_genuine(ctx: Context, receipt: Mapping[str, Any]) -> bool:
    """Tell whether this installation signed the receipt."""
    return ctx.ground.keyring.verify_signature(receipt["signature"], *_signed(receipt))


def _signed(receipt: Mapping[str, Any]) -> tuple[str, ...]:
    rows = orjson.dumps(receipt["rows"], option=orjson.OPT_SORT_KEYS).decode()
    return ("erasure-receipt", receipt["region"], str(receipt["id"]), receipt["erased_at"].astimezone(UTC).isoformat(), rows)


def export_personal_data(ctx: Context, account_id: UUID) -> Mapping[str, Any]:
    """Return what is kept about a citizen of the region."""
    citizen = ctx.session.get(Citizen, (ctx.region.id, account_id))
    identity = vault.read_identity(ctx, account_id)
    if citizen is None or identity is None:
        return {}
    sessions = ctx.session.scalars(
        select(CitizenSession)
        .where(CitizenSession.region_id == ctx.region.id, CitizenSession.account_id == account_id)
        .order_by(CitizenSession.created_at)
    )
    return {
        "id": account_id,
        "phone": identity.phone,
        "email": identity.email,
        "name": identity.name,
        "language": citizen.locale,
        "since": citizen.created_at,
        "sessions": [
            {"device": session.device, "from": session.created_at, "last_used": session.last_used_at} for session in sessions
        ],
    }


def erase_personal_data(ctx: Context, account_id: UUID) -> Mapping[str, int]:
    """Forget a citizen: the account, who it is, its sessions, its codes, and in a demo the messages to it."""
    region, identity = ctx.region.id, vault.read_identity(ctx, account_id)
    addresses = [address for address in (identity and identity.phone, identity and identity.email) if address]
    mine = (VaultIdentity.region_id == region, VaultIdentity.account_id == account_id)
    numbers = select(VaultIdentity.phone_index).where(*mine).scalar_subquery()
    return erase_rows(
        ctx,
        delete(DemoMessage).where(DemoMessage.to.in_(addresses)),
        delete(OtpRequest).where(OtpRequest.region_id == region, OtpRequest.phone_index == numbers),
        delete(CitizenSession).where(CitizenSession.region_id == region, CitizenSession.account_id == account_id),
        delete(VaultIdentity).where(*mine),
        delete(Citizen).where(Citizen.region_id == region, Citizen.id == account_id),
    )
