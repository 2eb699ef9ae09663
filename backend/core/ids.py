"""Identifiers: UUIDv7 (RFC 9562) made here and nowhere else."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new UUIDv7: sorts by the time of its making."""
    return uuid7()
