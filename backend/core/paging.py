"""Cursors of lists: where the last page ended, as one opaque word for a URL.

They are not signed: a cursor is a position, and the query beside it decides what may be seen. What a forged one could
do is carry a value that the database cannot compare, so what it carries is checked where it is read.
"""

import base64
import json
from datetime import datetime
from types import UnionType
from typing import Any
from uuid import UUID

from backend.core.errors import invalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
_BIGINT = range(-(2**63), 2**63)

Value = str | int | datetime | UUID | None


def encode_cursor(*values: Value) -> str:
    """Return the values of a list's last row by which it is ordered, as one URL-safe word. Instants are aware."""
    text = json.dumps([_tagged(value) for value in values], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _tagged(value: Value) -> object:
    match value:
        case datetime():
            return {"at": value.isoformat()}
        case UUID():
            return {"id": value.hex}
    return value


def _read(tagged: object) -> Value:
    match tagged:
        case None:
            return None
        case str() if "\0" not in tagged:
            tagged.encode()  # half a surrogate pair is a ValueError
            return tagged
        case int() if not isinstance(tagged, bool) and tagged in _BIGINT:
            return tagged
        case {"at": str(text), **rest} if not rest and (instant := datetime.fromisoformat(text)).tzinfo:
            return instant
        case {"id": str(text), **rest} if not rest:
            return UUID(hex=text)
    raise ValueError


def _read_all(text: str) -> tuple[Value, ...]:
    padded = text.encode("ascii") + b"=" * (-len(text) % 4)
    tagged = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    if not isinstance(tagged, list):
        raise ValueError  # noqa: TRY004 - one kind of fault for all that is wrong with a text
    return tuple(map(_read, tagged))


def decode_cursor(text: str, *kinds: type | UnionType) -> tuple[Any, ...]:
    """Return what `encode_cursor` was given. Raises the 422 for `cursor` if it was not made so.

    Say the kinds that the list is ordered by (`datetime, UUID`, `str | None`): a cursor of another list is then refused
    too. A cursor without kinds is read as it is.
    """
    try:
        values = _read_all(text)
        fits = not kinds or all(isinstance(value, kind) for value, kind in zip(values, kinds, strict=True))
    except (ValueError, RecursionError) as error:
        raise invalid("cursor", "request.bad_cursor") from error
    if not fits:
        raise invalid("cursor", "request.bad_cursor")
    return values
