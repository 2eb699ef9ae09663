"""Clocks: elapsed and working time, in three zones, over holidays, clock changes and pauses."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.calendars import Holidays
from services.complaints.domain.clocks import Span, Unit, WorkCalendar, due_after, due_after_pause, half, open_until

ZONES = {"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}
OFFICE = {0: time(16), 1: time(16), 2: time(16), 3: time(16), 4: time(16, 30)}


INDONESIA = Holidays(country="ID", own=frozenset({date(2026, 12, 24)}))  # and the joint leave of Christmas
KENYA = Holidays(country="KE")


def calendar(zone="Asia/Jakarta", holidays=frozenset()):
    return WorkCalendar(zone=ZoneInfo(zone), closes=OFFICE, holidays=holidays)


def local(text, zone="Asia/Jakarta"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def hours(n):
    return Span(n, Unit.HOURS)


def working(n):
    return Span(n, Unit.WORKING_DAYS)


instants = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
spans = st.builds(Span, st.integers(1, 90), st.sampled_from(Unit))
calendars = st.builds(
    WorkCalendar,
    zone=st.sampled_from([*ZONES.values(), "Africa/Nairobi", "Europe/London", "America/Asuncion", "Africa/Cairo"]).map(ZoneInfo),
    closes=st.dictionaries(st.integers(0, 6), st.times(time(12), time(23, 59)), min_size=1),
    holidays=st.frozensets(st.dates(date(2020, 1, 1), date(2035, 12, 31)), max_size=60),
)


def test_hours_run_through_night_and_weekend():
    assert due_after(local("2026-11-20 17:00"), hours(24), calendar()) == local("2026-11-21 17:00")


def test_calendar_days_are_24_hours_each_also_over_a_clock_change():
    london = calendar("Europe/London")
    start = local("2026-10-24 12:00", "Europe/London")
    assert due_after(start, Span(1, Unit.CALENDAR_DAYS), london) - start.astimezone(UTC) == timedelta(hours=24)
    assert due_after(start, Span(1, Unit.CALENDAR_DAYS), london) == local("2026-10-25 11:00", "Europe/London")


def test_working_days_begin_the_day_after_and_end_when_the_office_closes():
    # Thursday morning, two working days: Friday and Monday
    assert due_after(local("2026-11-19 08:00"), working(2), calendar()) == local("2026-11-23 16:00")


def test_each_weekday_closes_at_its_own_hour():
    assert due_after(local("2026-11-19 23:59"), working(1), calendar()) == local("2026-11-20 16:30")


def test_a_complaint_of_the_weekend_is_counted_as_one_of_the_last_working_day():
    for start in ("2026-11-20 10:00", "2026-11-21 10:00", "2026-11-22 23:59:59"):
        assert due_after(local(start), working(1), calendar()) == local("2026-11-23 16:00")


def test_holidays_are_not_counted():
    christmas = calendar(holidays={date(2026, 12, 24), date(2026, 12, 25)})
    assert due_after(local("2026-12-23 09:00"), working(1), christmas) == local("2026-12-28 16:00")


def test_a_holiday_between_moves_the_end_by_one_day():
    start = local("2026-12-22 09:00")
    assert due_after(start, working(5), calendar()) == local("2026-12-29 16:00")
    assert due_after(start, working(5), calendar(holidays={date(2026, 12, 25)})) == local("2026-12-30 16:00")


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES)
def test_the_region_s_own_midnight_parts_the_days(zone):
    here = calendar(zone)
    before, after = local("2026-11-16 23:59:59", zone), local("2026-11-17 00:00:00", zone)  # Monday, Tuesday
    assert due_after(before, working(1), here) == local("2026-11-17 16:00", zone)
    assert due_after(after, working(1), here) == local("2026-11-18 16:00", zone)


def test_one_instant_falls_on_different_days_in_the_three_zones():
    instant = datetime(2026, 11, 16, 15, 30, tzinfo=UTC)  # Monday 22:30 WIB, Monday 23:30 WITA, Tuesday 00:30 WIT
    ends = {name: due_after(instant, working(1), calendar(zone)) for name, zone in ZONES.items()}
    assert ends == {
        "WIB": datetime(2026, 11, 17, 9, tzinfo=UTC),
        "WITA": datetime(2026, 11, 17, 8, tzinfo=UTC),
        "WIT": datetime(2026, 11, 18, 7, tzinfo=UTC),
    }


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES)
def test_a_holiday_is_one_of_the_region_s_own_date(zone):
    here = calendar(zone, {date(2026, 11, 17)})
    assert due_after(local("2026-11-16 23:30", zone), working(1), here) == local("2026-11-18 16:00", zone)


@pytest.mark.parametrize("zone", ZONES.values(), ids=ZONES)
@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-12-23 23:59:59", 1, "2026-12-28 16:00"),  # over joint leave, Christmas and the weekend
        ("2026-12-30 23:30", 2, "2027-01-04 16:00"),  # over New Year's Day, which is a Friday
        ("2026-12-31 23:59:59", 1, "2027-01-04 16:00"),
        ("2027-01-01 00:00", 1, "2027-01-04 16:00"),  # a holiday's own midnight
        ("2027-12-31 12:00", 1, "2028-01-03 16:00"),  # New Year's Day on a Saturday costs nothing
        ("2026-03-18 23:30", 2, "2026-03-23 16:00"),  # Nyepi on the Thursday, Idul Fitri on a weekend
    ],
)
def test_in_every_zone_of_indonesia_midnights_and_holidays_are_its_own(zone, start, days, due):
    assert due_after(local(start, zone), working(days), calendar(zone, INDONESIA)) == local(due, zone)


def test_one_instant_of_the_last_evening_of_the_year_is_due_on_three_days():
    instant = datetime(2025, 12, 31, 15, 30, tzinfo=UTC)  # 22:30 WIB and 23:30 WITA of 2025, 00:30 WIT of 2026
    ends = {name: due_after(instant, working(1), calendar(zone, INDONESIA)) for name, zone in ZONES.items()}
    assert ends == {name: local("2026-01-02 16:30", zone) for name, zone in ZONES.items()}
    assert len(set(ends.values())) == 3
    before = {name: due_after(instant - timedelta(days=1), working(1), calendar(zone, INDONESIA)) for name, zone in ZONES.items()}
    assert before == {
        "WIB": local("2025-12-31 16:00", ZONES["WIB"]),
        "WITA": local("2025-12-31 16:00", ZONES["WITA"]),
        "WIT": local("2026-01-02 16:30", ZONES["WIT"]),  # there the holiday has begun already
    }


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-12-11 23:59:59", "2026-12-14 16:00"),  # Jamhuri Day is a Saturday
        ("2026-12-24 12:00", "2026-12-28 16:00"),  # Christmas, Boxing Day and the weekend
        ("2026-12-31 23:59:59", "2027-01-04 16:00"),
        ("2026-05-31 10:00", "2026-06-02 16:00"),  # Madaraka Day
        ("2027-12-24 12:00", "2027-12-28 16:00"),  # Boxing Day on a Sunday is kept on the Monday
    ],
)
def test_nairobi_keeps_the_holidays_of_kenya(start, due):
    here = calendar("Africa/Nairobi", KENYA)
    assert due_after(local(start, "Africa/Nairobi"), working(1), here) == local(due, "Africa/Nairobi")


def test_a_citizen_s_chance_lasts_until_midnight_of_the_last_working_day():
    assert open_until(local("2026-11-19 08:00"), working(3), calendar()) == local("2026-11-25 00:00")  # through Tuesday
    assert open_until(local("2026-11-19 08:00"), hours(3), calendar()) == local("2026-11-19 11:00")


def test_a_midnight_that_a_clock_change_skips_is_the_change_itself():
    cairo = calendar("Africa/Cairo")  # Friday 28 April 2023 began at 01:00
    assert open_until(local("2023-04-26 10:00", "Africa/Cairo"), working(1), cairo) == datetime(2023, 4, 27, 22, tzinfo=UTC)


@given(instants, spans, calendars)
def test_nothing_is_due_before_it_began(start, span, here):
    assert due_after(start, span, here) > start
    assert open_until(start, span, here) >= due_after(start, span, here)


@given(instants, st.timedeltas(timedelta(), timedelta(days=30)), spans, calendars)
def test_who_comes_later_is_never_due_earlier(start, later, span, here):
    assert due_after(start + later, span, here) >= due_after(start, span, here)


@given(instants, spans, calendars)
def test_half_the_time_is_never_more_than_the_time_nor_less_than_half_of_it(start, span, here):
    assert 2 * half(span).amount >= span.amount
    assert due_after(start, half(span), here) <= due_after(start, span, here)


@given(instants, spans, calendars, st.timedeltas(timedelta(), timedelta(days=40)), st.timedeltas(timedelta(), timedelta(days=40)))
def test_a_pause_never_shortens(start, span, here, before, length):
    due_at = due_after(start, span, here)
    paused_at = start + before
    moved = due_after_pause(due_at, span, here, paused_at=paused_at, resumed_at=paused_at + length)
    assert moved >= due_at
    if span.unit is not Unit.WORKING_DAYS and paused_at < due_at:
        assert moved - due_at == length


def test_a_pause_of_hours_moves_the_due_date_by_its_length():
    due_at = local("2026-11-20 12:00")
    moved = due_after_pause(
        due_at, hours(24), calendar(), paused_at=local("2026-11-19 13:00"), resumed_at=local("2026-11-22 14:30")
    )
    assert moved == local("2026-11-23 13:30")


@pytest.mark.parametrize(
    ("paused", "resumed", "due"),
    [
        ("2026-11-17 10:00", "2026-11-19 09:00", "2026-11-24 16:00"),  # Tuesday and Wednesday are given back
        ("2026-11-17 10:00", "2026-11-17 15:00", "2026-11-20 16:30"),  # the same day gives none
        ("2026-11-13 10:00", "2026-11-16 09:00", "2026-11-23 16:00"),  # over a weekend, the Friday alone
        ("2026-11-23 10:00", "2026-11-25 09:00", "2026-11-20 16:30"),  # late already: as late as it was
    ],
)
def test_a_pause_of_a_working_day_clock_gives_back_working_days(paused, resumed, due):
    moved = due_after_pause(local("2026-11-20 16:30"), working(5), calendar(), paused_at=local(paused), resumed_at=local(resumed))
    assert moved == local(due)


def test_a_span_has_at_least_one_unit_and_an_instant_its_zone():
    with pytest.raises(ValueError, match="at least one"):
        hours(0)
    with pytest.raises(ValueError, match="time zone"):
        due_after(datetime(2026, 1, 1), hours(1), calendar())  # noqa: DTZ001 - the fault under test


def test_a_calendar_on_which_nobody_ever_works_is_refused():
    with pytest.raises(ValueError, match="working weekday"):
        WorkCalendar(zone=ZoneInfo("Asia/Jakarta"), closes={})
