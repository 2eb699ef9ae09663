"""The audit log: written in the transaction it speaks of, linked into one hash chain a region by a sealer, verified by anyone.

A seal is SHA-256 over the previous seal and the entry's canonical JSON. The runtime role may add entries and seals but
neither change nor remove them; `verify_chain` names what was edited, removed, reordered or never written.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, LargeBinary, UniqueConstraint, delete, func, insert, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.core.ids import new_id
from backend.core.personal import plain, pseudonym
from backend.data.db import Base, Json, RegionScoped, within_region
from backend.data.statements import add_row

GENESIS = bytes(32)


class AuditEntry(RegionScoped, Base):
    """Who did what to what, when, on whose request."""

    __tablename__ = "audit_entries"
    holds = (
        plain("actor_kind action details request_id"),
        pseudonym("actor_id subject", "who did what to what: the law asks for a record of all processing", erased="stays"),
    )
    kept = "for good: what proves the rest may not be shortened"

    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[Json]
    request_id: Mapped[str]


class AuditSeal(Base):
    """The link of one entry: its place in the region's chain, and the hash over all before it."""

    __tablename__ = "audit_seals"
    holds = (plain("region_id seq entry_id hash"),)

    region_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID]
    hash: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (within_region("entry_id", to="audit_entries"), UniqueConstraint("region_id", "entry_id"))


class AuditPending(Base):
    """Entries the sealer has still to link."""

    __tablename__ = "audit_pending"
    platform = "ids only: the sealer finds the regions that have something to link"
    holds = (plain("region_id entry_id"),)

    region_id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(primary_key=True)


def write_audit(
    session: Session,
    *,
    region_id: int,
    at: datetime,
    actor_kind: str,
    actor_id: UUID | None,
    action: str,
    subject: str,
    details: Json,
    request_id: str,
) -> None:
    """Add one entry to the session's transaction."""
    entry_id = new_id()
    add_row(
        session,
        AuditEntry,
        region_id=region_id,
        id=entry_id,
        at=at,
        actor_kind=actor_kind,
        actor_id=actor_id,
        action=action,
        subject=subject,
        details=details,
        request_id=request_id,
    )
    add_row(session, AuditPending, region_id=region_id, entry_id=entry_id)


def seal_hash(previous: bytes, entry: AuditEntry) -> bytes:
    """Return the hash that links `entry` behind `previous`."""
    canonical = orjson.dumps(
        {
            "region": entry.region_id,
            "id": str(entry.id),
            "at": entry.at.astimezone(UTC).isoformat(),
            "actor_kind": entry.actor_kind,
            "actor_id": str(entry.actor_id) if entry.actor_id else None,
            "action": entry.action,
            "subject": entry.subject,
            "details": entry.details,
            "request_id": entry.request_id,
        },
        option=orjson.OPT_SORT_KEYS,
    )
    return hashlib.sha256(previous + canonical).digest()


def regions_to_seal(session: Session) -> list[int]:
    """Return the regions that have entries without a seal."""
    return list(session.scalars(select(AuditPending.region_id).distinct()))


def seal_region(session: Session, region_id: int, *, limit: int = 5000) -> int:
    """Link the pending entries of the session's region, oldest first; return how many. One sealer a region at a time."""
    locked = session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtextextended(f"seal:{region_id}", 0))))
    if not locked:
        return 0
    entries = session.scalars(
        select(AuditEntry)
        .join(AuditPending, (AuditPending.region_id == AuditEntry.region_id) & (AuditPending.entry_id == AuditEntry.id))
        .where(AuditPending.region_id == region_id)
        .order_by(AuditEntry.id)
        .limit(limit)
    ).all()
    if not entries:
        return 0
    head = session.execute(
        select(AuditSeal.seq, AuditSeal.hash).where(AuditSeal.region_id == region_id).order_by(AuditSeal.seq.desc()).limit(1)
    ).first()
    seq, previous = (head.seq, head.hash) if head else (0, GENESIS)
    seals = []
    for entry in entries:
        seq, previous = seq + 1, seal_hash(previous, entry)
        seals.append({"region_id": region_id, "seq": seq, "entry_id": entry.id, "hash": previous})
    session.execute(insert(AuditSeal), seals)
    session.execute(
        delete(AuditPending).where(
            AuditPending.region_id == region_id, AuditPending.entry_id.in_([entry.id for entry in entries])
        )
    )
    return len(seals)


def verify_chain(session: Session, region_id: int) -> Iterator[str]:
    """Yield a sentence for each fault in the chain of the session's region: nothing means that it holds."""
    expected, previous = 1, GENESIS
    rows = session.execute(
        select(AuditSeal, AuditEntry)
        .join(
            AuditEntry,
            (AuditEntry.region_id == AuditSeal.region_id) & (AuditEntry.id == AuditSeal.entry_id),
            isouter=True,
        )
        .where(AuditSeal.region_id == region_id)
        .order_by(AuditSeal.seq)
        .execution_options(yield_per=2000)
    )
    for seal, entry in rows:
        if seal.seq != expected:
            yield f"link {expected} is missing: the chain goes on at {seal.seq}"
        if entry is None:
            yield f"link {seal.seq}: its entry {seal.entry_id} was removed"
        elif seal_hash(previous, entry) != seal.hash:
            yield f"link {seal.seq}: the entry {entry.id} ({entry.action}, {entry.at:%Y-%m-%d %H:%M:%S}) or its order was changed"
        expected, previous = seal.seq + 1, seal.hash
    unsealed = session.scalar(
        text(
            "SELECT count(*) FROM audit_entries e WHERE e.region_id = :region"
            " AND NOT EXISTS (SELECT 1 FROM audit_seals s WHERE s.region_id = e.region_id AND s.entry_id = e.id)"
            " AND NOT EXISTS (SELECT 1 FROM audit_pending p WHERE p.region_id = e.region_id AND p.entry_id = e.id)"
        ).bindparams(region=region_id)
    )
    if unsealed:
        yield f"{unsealed} entries stand outside the chain: they were added or unlinked behind the sealer's back"
