"""What operations refuse, as the form that asked for it tells it."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

from backend.core.errors import DomainError, Kind

_ONLY_DUTY = "memberships.0."  # where operations, which take a list of duties, find fault with the one of a form


@contextmanager
def told_at_the_form() -> Iterator[None]:
    """Let a refusal come back with the form: one's password or what one asked for was wrong, not one's coming here (403)."""
    try:
        yield
    except DomainError as refusal:
        kind = Kind.INVALID if refusal.kind is Kind.FORBIDDEN else refusal.kind
        errors = [dataclasses.replace(fault, field=fault.field.removeprefix(_ONLY_DUTY)) for fault in refusal.errors]
        raise DomainError(
            kind,
            refusal.code,
            params=refusal.params,
            errors=errors,
            retry_after=refusal.retry_after,
            remembered=refusal.remembered,
        ) from None
