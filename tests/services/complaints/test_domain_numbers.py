"""Ticket numbers: written in any format, read as people type them, and checked as ISO 7064 says."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from services.complaints.domain.numbers import (
    ALPHABET,
    USUAL,
    NumberFormat,
    check_character,
    faults_of_format,
    read_number,
    recognised,
)

FORMATS = [
    USUAL,
    NumberFormat("{prefix}-{year}-{serial}-{check}"),
    NumberFormat("{prefix}{serial}{check}"),
    NumberFormat("{year}.{month}.{serial}-{prefix}-{check}"),
    NumberFormat("{serial}-{prefix}.{yy}-{check}"),
]
formats = st.sampled_from(FORMATS)
prefixes = st.from_regex(r"\A[A-Z][A-Z0-9]{1,5}\Z")
days = st.dates(date(2001, 1, 1), date(2099, 12, 31))
numbers = st.tuples(formats, prefixes, days, st.integers(1, 999_999)).map(
    lambda said: (said[0], said[0].write(said[1], said[2], said[3]))
)


def test_a_number_has_prefix_month_serial_and_check_character_where_a_pack_says_nothing_else():
    number = USUAL.write("BNA", date(2026, 11, 21), 42)
    assert number == "BNA-2611-000042-" + mod_37_36.calc_check_digit("BNA2611000042")


def test_a_format_says_what_a_number_has_and_in_what_it_counts():
    day = date(2026, 11, 21)
    written = [(form.write("NBO", day, 42)[:-1], form.series(day)) for form in FORMATS]
    assert written == [
        ("NBO-2611-000042-", "2611"),
        ("NBO-2026-00000042-", "2026"),
        ("NBO00000042", "all"),
        ("2026.11.000042-NBO-", "2611"),
        ("00000042-NBO.26-", "2026"),
    ]


@given(st.text(ALPHABET, min_size=1))
def test_the_check_character_is_that_of_iso_7064(body):
    assert check_character(body) == mod_37_36.calc_check_digit(body)


@given(numbers)
def test_a_number_is_read_back_however_it_is_typed(written):
    form, number = written
    for typed in (
        number,
        number.lower(),
        number.replace("-", " "),
        f" {number.replace('-', '').replace('.', '')}\n",
        number.replace("-", "\u2013"),
    ):
        assert form.read(typed) == number
        assert number in read_number(typed, form)


@given(numbers, formats)
def test_a_number_of_a_format_that_was_given_up_is_recognised_as_it_was_written(written, form):
    _, number = written
    for typed in (number, f" {number.lower()} ", number.replace("-", " ")):
        assert number in recognised(typed, form)


@given(numbers, st.data())
def test_one_wrong_character_is_noticed(written, data):
    form, number = written
    place = data.draw(st.sampled_from([i for i, character in enumerate(number) if character not in "-."]))
    wrong = data.draw(st.sampled_from(sorted(set(ALPHABET) - {number[place]})))
    assert recognised(number[:place] + wrong + number[place + 1 :], form) == ()


@pytest.mark.parametrize("typed", ["", "BNA", "BNA-2613-000042-X", "BNA-2611-٠٠٠٠٤٢-X", "BNA-2611-42-X", "\0" * 15, "😀"])
def test_what_is_no_number_is_refused(typed):
    assert read_number(typed, USUAL) == ()


@given(st.text(), formats)
def test_no_text_breaks_the_reader(typed, form):
    for number in read_number(typed, form):
        assert number in read_number(number, form)
    for number in recognised(typed, form):
        assert number in recognised(number, form)


@pytest.mark.parametrize(
    ("form", "prefix", "serial"),
    [
        (USUAL, "bna", 1),
        (USUAL, "B", 1),
        (USUAL, "BNA", 0),
        (USUAL, "BNA", 1_000_000),
        (FORMATS[1], "BNA", 100_000_000),
    ],
)
def test_a_number_that_could_not_be_read_back_is_never_made(form, prefix, serial):
    with pytest.raises(ValueError, match="no ticket number"):
        form.write(prefix, date(2026, 11, 21), serial)


def test_the_formats_of_these_tests_are_good():
    assert [fault for form in FORMATS for fault in faults_of_format(form.template)] == []


@pytest.mark.parametrize(
    ("template", "faults"),
    [
        ("", [("malformed", "")]),
        ("{prefix}", [("missing_part", "serial"), ("missing_part", "check")]),
        ("{prefix}-{yy}{month}-{serial}", [("missing_part", "check")]),
        ("{prefix}-{serial}-{check}-{yy}", [("check_not_last", "")]),
        ("{prefix}-{serial}-{serial}-{check}", [("doubled_part", "serial")]),
        ("{prefix}-{week}-{serial}-{check}", [("unknown_part", "week")]),
        ("{prefix}-{month}-{serial}-{check}", [("month_without_year", "")]),
        ("{prefix}-{year}{yy}-{serial}-{check}", [("two_years", "")]),
        *[(f"{{prefix}}{sign}{{serial}}{{check}}", [("malformed", "")]) for sign in ("/", "--", " ", "A", "\n", "|", "{", "}")],
        ("{prefix}{serial!r}{check}", [("malformed", "")]),
        ("{prefix}{serial}{check}\n", [("malformed", "")]),
        ("{0.__class__}{prefix}{serial}{check}", [("malformed", "")]),
    ],
)
def test_each_fault_of_a_format_is_named(template, faults):
    assert list(faults_of_format(template)) == [(f"complaints.number_{code}", word) for code, word in faults]
