"""Ticket numbers: written, read as people type them, and checked as ISO 7064 says."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from services.complaints.domain.numbers import ALPHABET, NotANumberError, check_character, make_number, parse_number

prefixes = st.from_regex(r"\A[A-Z][A-Z0-9]{1,5}\Z")
numbers = st.builds(make_number, prefixes, st.dates(date(2001, 1, 1), date(2099, 12, 31)), st.integers(1, 999_999))


def test_a_number_has_prefix_month_serial_and_check_character():
    number = make_number("BNA", date(2026, 11, 21), 42)
    assert number == "BNA-2611-000042-" + mod_37_36.calc_check_digit("BNA2611000042")


@given(st.text(ALPHABET, min_size=1))
def test_the_check_character_is_that_of_iso_7064(body):
    assert check_character(body) == mod_37_36.calc_check_digit(body)


@given(numbers)
def test_a_number_is_read_back_however_it_is_typed(number):
    for typed in (
        number,
        number.lower(),
        number.replace("-", " "),
        f" {number.replace('-', '')}\n",
        number.replace("-", "\u2013"),
    ):
        assert str(parse_number(typed)) == number


@given(numbers, st.data())
def test_one_wrong_character_is_noticed(number, data):
    place = data.draw(st.sampled_from([i for i, character in enumerate(number) if character != "-"]))
    wrong = data.draw(st.sampled_from(sorted(set(ALPHABET) - {number[place]})))
    with pytest.raises(NotANumberError):
        parse_number(number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize("typed", ["", "BNA", "BNA-2613-000042-X", "BNA-2611-٠٠٠٠٤٢-X", "BNA-2611-42-X", "\0" * 15, "😀"])
def test_what_is_no_number_is_refused(typed):
    with pytest.raises(NotANumberError):
        parse_number(typed)


@given(st.text())
def test_no_text_breaks_the_reader(typed):
    try:
        number = parse_number(typed)
    except NotANumberError:
        return
    assert parse_number(str(number)) == number


@pytest.mark.parametrize(("prefix", "serial"), [("bna", 1), ("B", 1), ("BNA", 0), ("BNA", 1_000_000)])
def test_a_number_that_could_not_be_read_back_is_never_made(prefix, serial):
    with pytest.raises(ValueError, match="no ticket number"):
        make_number(prefix, date(2026, 11, 21), serial)
