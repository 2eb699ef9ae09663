"""Identifiers: UUIDv7 (RFC 9562) made here and nowhere else, and the random words that serve as secrets."""

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new UUIDv7: sorts by the time of its making."""
    return uuid7()


def new_secret(size: int = 32) -> str:
    """Return a URL-safe random secret of `size` bytes."""
    return secrets.token_urlsafe(size)
