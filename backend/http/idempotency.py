"""Idempotency-Key: the answer is kept in the transaction of the work itself, so that a key has both or neither.

A second request with the key waits on the first one's row (the role's lock_timeout, 5 s), then gives the same answer.
"""

import hashlib
from datetime import datetime, timedelta
from operator import itemgetter
from uuid import UUID

import orjson
from flask import Response, request
from sqlalchemy import LargeBinary, delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.errors import DomainError, Kind
from backend.data.context import Context
from backend.data.db import Base

KEPT = timedelta(hours=72)
_MOST = 200
_KEPT_HEADERS = ("Location", "ETag")


class IdempotencyKey(Base):
    """One key of one person. The answer is encrypted: it may hold what a citizen wrote."""

    __tablename__ = "idempotency_keys"

    region_id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(index=True)


def read_key(*, required: bool) -> str | None:
    """Return the request's key. Raises DomainError (400) when it is missing and required, or no key."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        if required:
            raise DomainError(Kind.MALFORMED, "idempotency.key_missing")
        return None
    if not 1 <= len(key) <= _MOST or not (key.isascii() and key.isprintable()):
        raise DomainError(Kind.MALFORMED, "idempotency.key_malformed", params={"max": _MOST})
    return key


def _fingerprint() -> bytes:
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    if request.mimetype == "multipart/form-data":
        for name, upload in sorted(request.files.items(multi=True), key=itemgetter(0)):
            digest.update(f"{name}\n".encode())
            digest.update(upload.stream.read())
            upload.stream.seek(0)
    else:
        digest.update(request.get_data(cache=True))
    return digest.digest()


class Once:
    """One keyed request: `earlier()` says what was answered before, `keep()` keeps the answer of now."""

    def __init__(self, ctx: Context, key: str) -> None:
        self._ctx = ctx
        # People without an account cannot be told apart but by what they send: no key of one gives the answer of another.
        person = str(ctx.actor.account_id or f"{ctx.actor.kind}:{_fingerprint().hex()}")
        self._row = (ctx.region.id, person, key)
        self._bound_to = f"idempotency:{ctx.region.id}:{person}:{key}"

    def earlier(self) -> Response | None:
        """Take the key. Return the first answer if there was one.

        Raises DomainError: 409 while the first request is still under way, 422 for the same key with another request.
        """
        region_id, person, key = self._row
        fingerprint = _fingerprint()
        values = {
            "region_id": region_id,
            "person": person,
            "key": key,
            "fingerprint": fingerprint,
            "created_at": self._ctx.now(),
        }
        taken = insert(IdempotencyKey).values(values).on_conflict_do_nothing().returning(IdempotencyKey.key)
        try:
            if self._ctx.session.execute(taken).first():
                return None
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == "55P03":  # lock_not_available
                raise DomainError(Kind.CONFLICT, "idempotency.in_flight", retry_after=1) from None
            raise
        row = self._ctx.session.get_one(IdempotencyKey, self._row)
        if row.fingerprint != fingerprint:
            raise DomainError(Kind.INVALID, "idempotency.key_reused")
        kept = orjson.loads(self._ctx.ground.keyring.decrypt(row.answer or b"", bound_to=self._bound_to))
        return Response(kept["body"], kept["status"], kept["headers"], content_type=kept["type"])

    def keep(self, response: Response) -> None:
        """Keep `response` for the key's next use."""
        kept = {
            "status": response.status_code,
            "type": response.content_type,
            "headers": {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers},
            "body": response.get_data(as_text=True),
        }
        region_id, person, key = self._row
        self._ctx.session.execute(
            update(IdempotencyKey)
            .where(IdempotencyKey.region_id == region_id, IdempotencyKey.person == person, IdempotencyKey.key == key)
            .values(answer=self._ctx.ground.keyring.encrypt(orjson.dumps(kept).decode(), bound_to=self._bound_to))
        )


def forget_person(ctx: Context, account_id: UUID) -> None:
    """Remove a person's keys with the answers they hold."""
    ctx.session.execute(
        delete(IdempotencyKey).where(IdempotencyKey.region_id == ctx.region.id, IdempotencyKey.person == str(account_id))
    )


def forget_old_keys(ctx: Context) -> None:
    """Remove the region's keys that are older than they are kept."""
    ctx.session.execute(
        delete(IdempotencyKey).where(IdempotencyKey.region_id == ctx.region.id, IdempotencyKey.created_at < ctx.now() - KEPT)
    )


__all__ = ["KEPT", "IdempotencyKey", "Once", "forget_old_keys", "forget_person", "read_key"]
