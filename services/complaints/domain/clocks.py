"""Spans of time and when they end: elapsed time, or whole working days of a region's calendar."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Unit(StrEnum):
    """What a span counts, by the words of the packs."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"


@dataclass(frozen=True)
class Span:
    """A promised stretch of time, at least one whole unit; where there is no clock there is no span."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount < 1:
            raise ValueError(f"a span has at least one of {self.unit}, not {self.amount}")

    @property
    def elapsed(self) -> timedelta:
        """The stretch as elapsed time, a day being 24 hours; no meaning for working days."""
        return timedelta(hours=self.amount) if self.unit is Unit.HOURS else timedelta(days=self.amount)


@dataclass(frozen=True, kw_only=True)
class WorkCalendar:
    """When a region works: `closes` has the local closing time of each working weekday (Monday is 0).

    `holidays` is asked date by date, for no clock knows beforehand how far it reaches.
    """

    zone: ZoneInfo
    closes: Mapping[int, time]
    holidays: Container[date] = frozenset()

    def __post_init__(self) -> None:
        if not self.closes or not set(self.closes) <= set(range(7)):
            raise ValueError("a calendar has at least one working weekday, from 0 (Monday) to 6")

    def local_day(self, at: datetime) -> date:
        """Return the date on the region's wall at an instant."""
        return _utc(at).astimezone(self.zone).date()

    def is_working(self, day: date) -> bool:
        """Say whether people work on that date."""
        return day.weekday() in self.closes and day not in self.holidays

    def instant(self, day: date, at: time) -> datetime:
        """Return a local time as an instant; one that a clock change skips is the change itself."""
        return datetime.combine(day, at, tzinfo=self.zone).astimezone(UTC)


def due_after(start: datetime, span: Span, calendar: WorkCalendar) -> datetime:
    """Return when a clock started then rings, in UTC.

    Hours and calendar days are elapsed time, night and holiday included. Working days are whole ones: the local date of
    the start is never counted, and the clock rings at the closing time of the last, whatever the hour of the start.
    """
    if span.unit is not Unit.WORKING_DAYS:
        return _utc(start) + span.elapsed
    return _closing(_working_day(calendar.local_day(start), span.amount, calendar), calendar)


def open_until(start: datetime, span: Span, calendar: WorkCalendar) -> datetime:
    """Return when a citizen's chance ends, in UTC: as `due_after`, but the last working day lasts until midnight."""
    if span.unit is not Unit.WORKING_DAYS:
        return _utc(start) + span.elapsed
    last = _working_day(calendar.local_day(start), span.amount, calendar)
    return calendar.instant(last + timedelta(days=1), time())


def due_after_pause(
    due_at: datetime, span: Span, calendar: WorkCalendar, *, paused_at: datetime, resumed_at: datetime
) -> datetime:
    """Return the due date moved on by a pause; what was late before the pause stays as late as it was.

    Clocks of elapsed time move by the length of the pause, clocks of working days by the working days from the one it
    began on up to, and without, the one it ended on.
    """
    if paused_at >= due_at:
        return _utc(due_at)
    if span.unit is not Unit.WORKING_DAYS:
        return _utc(due_at) + max(_utc(resumed_at) - _utc(paused_at), timedelta())
    first, last = calendar.local_day(paused_at), calendar.local_day(resumed_at)
    lost = sum(calendar.is_working(first + timedelta(days=n)) for n in range((last - first).days))
    return _closing(_working_day(calendar.local_day(due_at), lost, calendar), calendar) if lost else _utc(due_at)


def half(span: Span) -> Span:
    """Return half the span in whole units, rounded up: nobody gets less than half."""
    return Span(-(-span.amount // 2), span.unit)


def _utc(at: datetime) -> datetime:
    """Leave local time before adding: sums in a zone are sums of the wall's hands, not of elapsed time."""
    if at.tzinfo is None:
        raise ValueError("an instant has a time zone")
    return at.astimezone(UTC)


def _closing(day: date, calendar: WorkCalendar) -> datetime:
    return calendar.instant(day, calendar.closes[day.weekday()])


def _working_day(after: date, count: int, calendar: WorkCalendar) -> date:
    days = _working_days(after, calendar)
    for _ in range(count - 1):
        next(days)
    return next(days)


def _working_days(after: date, calendar: WorkCalendar) -> Iterator[date]:
    day = after
    while True:
        day += timedelta(days=1)
        if calendar.is_working(day):
            yield day
