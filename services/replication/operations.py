"""What changes the register: an agreement recorded, changed, or taken out of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from backend.sdk.domain import Context, DomainError, FieldError, Kind, drop_files, hold_files, new_id, not_found
from services.replication.models import Agreement
from services.replication.queries import ROOM


def record_agreement(ctx: Context, values: Mapping[str, Any]) -> Agreement:
    """Record an agreement that was signed. Raises DomainError (422) for a region that is not here, or a scan that is none."""
    _check(ctx, values)
    agreement = Agreement(
        region_id=ctx.region.id, id=new_id(), version=1, recorded_at=ctx.now(), changed_at=ctx.now(), file_ids=[]
    )
    _say(ctx, agreement, values)
    ctx.session.add(agreement)
    _audit(ctx, "recorded", agreement)
    return agreement


def replace_agreement(ctx: Context, agreement_id: UUID, values: Mapping[str, Any], *, expected_version: int) -> Agreement:
    """Replace what an agreement says; pages that are no longer named are removed for good.

    Raises DomainError: 404, 412 when another edit came before, 422.
    """
    agreement = _locked(ctx, agreement_id, expected_version)
    _check(ctx, values)
    _say(ctx, agreement, values)
    _touch(ctx, agreement)
    _audit(ctx, "replaced", agreement)
    return agreement


def retire_agreement(ctx: Context, agreement_id: UUID, *, expected_version: int) -> None:
    """Take an agreement out of the register; the row stays for the audit log. Raises DomainError: 404, 412."""
    agreement = _locked(ctx, agreement_id, expected_version)
    agreement.retired_at = ctx.now()
    _touch(ctx, agreement)
    _audit(ctx, "retired", agreement)


def _locked(ctx: Context, agreement_id: UUID, expected_version: int) -> Agreement:
    agreement = ctx.session.scalars(
        select(Agreement)
        .where(Agreement.region_id == ctx.region.id, Agreement.id == agreement_id, Agreement.retired_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if agreement is None:
        raise not_found()
    if agreement.version != expected_version:
        raise DomainError(Kind.STALE, "request.stale")
    return agreement


def _touch(ctx: Context, agreement: Agreement) -> None:
    agreement.version += 1
    agreement.changed_at = ctx.now()


def _audit(ctx: Context, what: str, agreement: Agreement) -> None:
    ctx.audit(f"replication.agreement_{what}", subject=str(agreement.id), details={"version": agreement.version})


def _say(ctx: Context, agreement: Agreement, values: Mapping[str, Any]) -> None:
    _keep_pages(ctx, agreement, values["file_ids"])
    for name, value in values.items():
        if name != "file_ids":
            setattr(agreement, name, value)


def _keep_pages(ctx: Context, agreement: Agreement, pages: Sequence[UUID]) -> None:
    before = set(map(UUID, agreement.file_ids))
    new = {place: page for place, page in enumerate(pages) if page not in before}
    try:
        hold_files(ctx, list(new.values()), room=ROOM, subject=agreement.id)
    except DomainError as refusal:
        raise _in_their_places(refusal, list(new)) from None
    drop_files(ctx, before.difference(pages), room=ROOM, subject=agreement.id)
    agreement.file_ids = [str(page) for page in pages]


def _in_their_places(refusal: DomainError, places: Sequence[int]) -> DomainError:
    """Return the refusal of new pages with the places that they have among all pages."""
    errors = [
        FieldError(field=f"file_ids.{places[int(fault.field.rpartition('.')[2])]}", code=fault.code, params=fault.params)
        for fault in refusal.errors
    ]
    return DomainError(refusal.kind, refusal.code, errors=errors)


def _check(ctx: Context, values: Mapping[str, Any]) -> None:
    faults = list(_unknown_regions(ctx, values["parties"]))
    if faults:
        raise DomainError(Kind.INVALID, "request.invalid", errors=faults)


def _unknown_regions(ctx: Context, parties: Sequence[Mapping[str, Any]]) -> Iterator[FieldError]:
    for place, party in enumerate(parties):
        if party["region"] is not None and ctx.ground.regions.find(party["region"]) is None:
            params = {"region": party["region"]}
            yield FieldError(field=f"parties.{place}.region", code="replication.unknown_region", params=params)
