"""Cursors come back as they went in, and nothing else gets in."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.core.errors import DomainError, Kind
from backend.core.paging import DEFAULT_LIMIT, MAX_LIMIT, Value, decode_cursor, encode_cursor

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=7)), timezone(timedelta(hours=-3, minutes=-30))])
VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    st.datetimes(timezones=ZONES),
    st.uuids(),
)


def cursor_of(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def is_refused(text: str, *kinds: type) -> bool:
    with pytest.raises(DomainError) as refused:
        decode_cursor(text, *kinds)
    (error,) = refused.value.errors
    return (refused.value.kind, error.field, error.code) == (Kind.INVALID, "cursor", "request.bad_cursor")


@given(st.lists(VALUES, max_size=5))
@example(['{"at": 1}', "", "è½🚧", None])
def test_a_cursor_gives_back_what_it_was_made_of(values: list[Value]) -> None:
    cursor = encode_cursor(*values)
    assert decode_cursor(cursor) == tuple(values)
    assert decode_cursor(cursor, *map(type, values)) == tuple(values)
    assert re.fullmatch(r"[A-Za-z0-9_-]*", cursor)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        decode_cursor(text)
    except DomainError:
        assert is_refused(text)


@pytest.mark.parametrize(
    "content",
    [
        {},
        "text",
        5,
        [1.5],
        [True],
        [[1]],
        [2**63],
        ["\0"],
        ["\ud800"],
        [{}],
        [{"at": "yesterday"}],
        [{"at": "2026-11-21T08:00:00"}],
        [{"at": 5}],
        [{"at": "2026-11-21T08:00:00Z", "more": 1}],
        [{"id": "11.71"}],
        [{"sql": "x"}],
    ],
)
def test_what_the_database_could_not_compare_is_refused(content: object) -> None:
    assert is_refused(cursor_of(content))


@pytest.mark.parametrize("text", ["", "é", "*", "a", "bm8", encode_cursor(1) + "!", "[" * 90_000])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    assert is_refused(text)


def test_deep_nesting_is_refused() -> None:
    assert is_refused(base64.urlsafe_b64encode(b"[" * 100_000).decode())


def test_a_cursor_of_another_list_is_refused() -> None:
    moment, name = datetime(2026, 11, 21, tzinfo=UTC), UUID(int=7)
    cursor = encode_cursor(moment, name)
    assert decode_cursor(cursor, datetime, UUID) == (moment, name)
    assert decode_cursor(encode_cursor(None, name), datetime | None, UUID) == (None, name)
    assert is_refused(cursor, UUID, datetime)
    assert is_refused(cursor, datetime)
    assert is_refused(cursor, datetime, UUID, int)
    assert is_refused(encode_cursor(None, name), datetime, UUID)


def test_pages_hold_50_rows_and_at_most_200() -> None:
    assert (DEFAULT_LIMIT, MAX_LIMIT) == (50, 200)
