"""The one error rooms raise. Only `backend.http` knows which HTTP status a kind becomes."""

import dataclasses
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What sort of refusal it is; `backend.http.problem` maps each to a status."""

    INVALID = "invalid"  # 422: the request can be read, but a value is wrong
    MALFORMED = "malformed"  # 400
    UNAUTHENTICATED = "unauthenticated"  # 401
    FORBIDDEN = "forbidden"  # 403: may know, may not do
    NOT_FOUND = "not_found"  # 404: is not there, or may not be known to be there
    CONFLICT = "conflict"  # 409
    STALE = "stale"  # 412
    TOO_LARGE = "too_large"  # 413
    LIMITED = "limited"  # 429
    UNAVAILABLE = "unavailable"  # 503


@dataclasses.dataclass(frozen=True, kw_only=True)
class FieldError:
    """One field's fault: a dotted path, a stable code, and what the catalogue's text needs."""

    field: str
    code: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class DomainError(Exception):
    """A refusal with a stable code `<module>.<reason>`; its text comes from the catalogue in the reader's language.

    `extra` are members added to the problem document (RFC 9457, section 3.2), `retry_after` is in seconds.
    `remembered`: what was written before the refusal is kept all the same (a counted try, an ended session).
    """

    def __init__(
        self,
        kind: Kind,
        code: str,
        *,
        params: Mapping[str, Any] | None = None,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
        remembered: bool = False,
    ) -> None:
        super().__init__(code)
        self.kind = kind
        self.code = code
        self.params = dict(params or {})
        self.errors = tuple(errors)
        self.extra = dict(extra or {})
        self.retry_after = retry_after
        self.remembered = remembered


def invalid(field_name: str, code: str, **params: Any) -> DomainError:
    """Return the 422 for one field."""
    return DomainError(Kind.INVALID, "request.invalid", errors=[FieldError(field=field_name, code=code, params=params)])


def not_found(code: str = "request.not_found") -> DomainError:
    """Return the 404: the same words whether the thing is missing, foreign or secret."""
    return DomainError(Kind.NOT_FOUND, code)
