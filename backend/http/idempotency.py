"""Idempotency-Key: the answer is kept in the transaction of the work itself, so that a key has both or neither.

A second request with the key waits on the first one's row (the role's lock_timeout, 5 s), then gives the same answer.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
from flask import Response, request
from sqlalchemy import ColumnElement, Index, LargeBinary, Select, delete, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.errors import DomainError, Kind
from backend.core.personal import personal, plain, pseudonym, secret
from backend.data.checks import SETTLED, Check, rows_of
from backend.data.context import Context
from backend.data.db import Base
from backend.data.personal import erase_rows
from backend.data.statements import Prepared

KEPT = timedelta(hours=72)
_MOST = 200
_KEPT_HEADERS = ("Location", "ETag")


class IdempotencyKey(Base):
    """One key of one person. The answer is encrypted: it may hold what a citizen wrote."""

    __tablename__ = "idempotency_keys"
    holds = (
        plain("region_id about"),
        pseudonym("person key", "whose key it is"),
        secret("fingerprint", "tells the same request from another"),
        personal(
            "answer",
            "the first answer, for a request that comes again; encrypted",
            erased="the row goes; what others were answered about the person's things is emptied",
        ),
    )
    kept = "72 hours"

    region_id: Mapped[int] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(index=True)
    about: Mapped[UUID | None]  # the thing in the path, or that somebody without an account was answered

    __table_args__ = (Index("ix_idempotency_keys_about", "region_id", "about", postgresql_where=text("about IS NOT NULL")),)


_TAKE = Prepared(
    "INSERT INTO idempotency_keys (region_id, person, key, fingerprint, created_at)"
    " VALUES (%(region_id)s, %(person)s, %(key)s, %(fingerprint)s, %(now)s) ON CONFLICT DO NOTHING RETURNING true"
)
_KEEP = Prepared(
    "UPDATE idempotency_keys SET answer = %(answer)s, about = %(about)s"
    " WHERE region_id = %(region_id)s AND person = %(person)s AND key = %(key)s RETURNING true"
)


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
        self._row = {"region_id": ctx.region.id, "person": person, "key": key}
        self._bound_to = f"idempotency:{ctx.region.id}:{person}:{key}"

    def earlier(self) -> Response | None:
        """Take the key. Return the first answer if there was one.

        Raises DomainError: 409 while the first request is still under way, 422 for the same key with another request.
        """
        fingerprint = _fingerprint()
        try:
            if _TAKE.first(self._ctx.session, **self._row, fingerprint=fingerprint, now=self._ctx.now()):
                return None
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) == "55P03":  # lock_not_available
                raise DomainError(Kind.CONFLICT, "idempotency.in_flight", retry_after=1) from None
            raise
        row = self._ctx.session.get_one(IdempotencyKey, tuple(self._row.values()))
        if row.fingerprint != fingerprint:
            raise DomainError(Kind.INVALID, "idempotency.key_reused")
        if row.answer is None:
            raise DomainError(Kind.CONFLICT, "idempotency.answer_erased")
        kept = orjson.loads(self._ctx.ground.keyring.decrypt(row.answer, bound_to=self._bound_to))
        return Response(kept["body"], kept["status"], kept["headers"], content_type=kept["type"])

    def keep(self, response: Response) -> None:
        """Keep `response` for the key's next use."""
        kept = {
            "status": response.status_code,
            "type": response.content_type,
            "headers": {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers},
            "body": response.get_data(as_text=True),
        }
        answer = self._ctx.ground.keyring.encrypt(orjson.dumps(kept).decode(), bound_to=self._bound_to)
        _KEEP.first(self._ctx.session, **self._row, answer=answer, about=self._about(response))

    def _about(self, response: Response) -> UUID | None:
        named = next((value for value in (request.view_args or {}).values() if isinstance(value, UUID)), None)
        if named is None and self._ctx.actor.account_id is None and response.is_json:
            with suppress(KeyError, TypeError, ValueError):
                named = UUID(response.get_json()["id"])
        return named


def _of(ctx: Context, account_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (IdempotencyKey.region_id == ctx.region.id, IdempotencyKey.person == str(account_id))


def export_person(ctx: Context, account_id: UUID) -> dict[str, Any]:
    """Return a person's keys; the answers say what the tables say."""
    rows = ctx.session.execute(select(IdempotencyKey.key, IdempotencyKey.created_at).where(*_of(ctx, account_id)))
    return {"idempotency_keys": [{"key": row.key, "at": row.created_at} for row in rows]}


def forget_person(ctx: Context, account_id: UUID) -> Mapping[str, int]:
    """Remove a person's keys with the answers they hold."""
    return erase_rows(ctx, delete(IdempotencyKey).where(*_of(ctx, account_id)))


def forget_answers(ctx: Context, about: Collection[UUID]) -> Counter[str]:
    """Empty what anybody was answered about these things: a request that comes again is told so, and not done again."""
    mine = (IdempotencyKey.region_id == ctx.region.id, IdempotencyKey.about.in_(about))
    return erase_rows(ctx, update(IdempotencyKey).where(*mine, IdempotencyKey.answer.is_not(None)).values(answer=None))


def forget_old_keys(ctx: Context) -> None:
    """Remove the region's keys that are older than they are kept."""
    ctx.session.execute(
        delete(IdempotencyKey).where(IdempotencyKey.region_id == ctx.region.id, IdempotencyKey.created_at < ctx.now() - KEPT)
    )


def _unanswered(ctx: Context) -> Select[str, datetime]:
    return select(IdempotencyKey.key, IdempotencyKey.created_at).where(
        IdempotencyKey.region_id == ctx.region.id,
        IdempotencyKey.answer.is_(None),
        IdempotencyKey.about.is_(None),  # else it was emptied
        IdempotencyKey.created_at < ctx.now() - SETTLED,
    )


CHECKS = (Check(kind="idempotency.unanswered", find=rows_of(_unanswered, "taken at {created_at}, and no answer is kept")),)

__all__ = [
    "CHECKS",
    "KEPT",
    "IdempotencyKey",
    "Once",
    "export_person",
    "forget_answers",
    "forget_old_keys",
    "forget_person",
    "read_key",
]
