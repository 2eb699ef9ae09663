"""Holidays: a country's are computed for any year, and a pack adds to them and takes out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from backend.core.calendars import Holidays, national_days, read_holidays
from backend.packs.folder import SHIPPED
from backend.packs.reading import read_pack

# The decree of three ministers (SKB 1497/2025, 2/2025, 5/2025) for 2026.
DECREE_2026 = {
    *(date(2026, 1, day) for day in (1, 16)),
    date(2026, 2, 17),
    *(date(2026, 3, day) for day in (19, 21, 22)),
    *(date(2026, 4, day) for day in (3, 5)),
    *(date(2026, 5, day) for day in (1, 14, 27, 31)),
    *(date(2026, 6, day) for day in (1, 16)),
    *(date(2026, 8, day) for day in (17, 25)),
    date(2026, 12, 25),
}


def test_what_is_computed_for_indonesia_is_what_the_decree_says() -> None:
    assert national_days("ID", None, frozenset(), 2026) == DECREE_2026


def test_a_year_nobody_has_decreed_yet_has_its_holidays_too() -> None:
    assert date(2041, 8, 17) in Holidays(country="ID")
    assert date(2041, 12, 12) in Holidays(country="KE")
    assert date(2041, 12, 12) not in Holidays(country="ID")


def test_a_region_works_on_days_it_takes_out_and_rests_on_its_own() -> None:
    here = read_holidays(
        {
            "national": {"country": "ID", "without": ["2027-03-10"]},
            "holidays": [{"key": "eid", "date": "2027-03-09"}, {"key": "tsunami", "date": "2026-12-26"}],
        }
    )
    assert date(2027, 3, 10) in Holidays(country="ID")
    assert [date(2027, 3, 9) in here, date(2027, 3, 10) in here, date(2026, 12, 26) in here] == [True, False, True]


def test_kinds_of_holidays_and_parts_of_a_country_can_be_chosen() -> None:
    joint_leave = date(2026, 12, 24)
    assert joint_leave not in Holidays(country="ID")
    assert joint_leave in Holidays(country="ID", categories=frozenset({"public", "government"}))
    assert date(2026, 11, 30) in Holidays(country="GB", subdivision="SCT")
    assert date(2026, 11, 30) not in Holidays(country="GB")


def test_without_a_country_only_its_own_days_are_holidays() -> None:
    assert date(2026, 1, 1) not in read_holidays({"holidays": []})
    assert date(2026, 1, 1) not in read_holidays({})
    assert "2026-01-01" not in Holidays(country="ID")


@pytest.mark.parametrize(("country", "part", "kinds"), [("XX", None, ()), ("ID", "ZZ", ()), ("ID", None, ("holy",))])
def test_what_the_package_does_not_know_is_refused(country: str, part: str | None, kinds: tuple[str, ...]) -> None:
    with pytest.raises(LookupError):
        national_days(country, part, frozenset(kinds), 2026)


def test_many_threads_that_ask_for_new_years_at_once_get_the_same_answers() -> None:
    here = Holidays(country="KE")
    days = [date(year, 12, 12) for year in range(2050, 2090)] * 8
    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(here.__contains__, days))


def test_the_joint_leave_of_the_shipped_calendar_is_no_national_holiday_as_well() -> None:
    calendar = read_pack(SHIPPED / "sumedang").calendar
    leave = {date.fromisoformat(day["date"]) for day in calendar["holidays"] if day["kind"] == "joint_leave"}
    assert len(leave) == 8
    assert not leave & DECREE_2026
    assert leave | DECREE_2026 == national_days("ID", None, frozenset({"public", "government"}), 2026)
