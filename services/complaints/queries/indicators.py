"""The indicators of this room: one statement reads the sums of all of them, whatever lies behind these."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache, partial

from backend.sdk.data import Prepared
from backend.sdk.domain import Context, in_language
from backend.sdk.indicators import (
    Alarm,
    AlarmSource,
    Asked,
    Day,
    Indicator,
    IndicatorSet,
    Part,
    Period,
    Reading,
    Severity,
    Unit,
    told_up_to,
)
from backend.sdk.packs import unit_name
from services.complaints.domain.figures import WINDOW_DAYS
from services.complaints.queries.cases import settings_of, state_label
from services.complaints.queries.figures import TALLIERS, find_recount, local_day
from services.complaints.queries.former import former_words

_FRESH_FOR = timedelta(minutes=2)
_MINUTES_AN_HOUR = 60
# What is due today is looked at in the rows themselves, those of one day: what is late by now changes by the minute.
_READ = Prepared("""
    SELECT dimension, measure, key, NULL::date AS on_day, sum(value)::bigint AS value, sum(n)::bigint AS n FROM complaints_tallies
    WHERE region_id = %(region)s AND dimension = ANY(%(dimensions)s) AND measure = ANY(%(measures)s) AND from_day <= %(today)s
    GROUP BY dimension, measure, key
    UNION ALL
    SELECT dimension, measure, key, from_day, value, n FROM complaints_tallies
    WHERE region_id = %(region)s AND dimension = 'day' AND measure = ANY(%(measures)s)
        AND from_day > %(after)s AND from_day <= %(today)s
    UNION ALL
    SELECT CASE grouping(department, area_code, category)
            WHEN 3 THEN 'department' WHEN 5 THEN 'area' WHEN 6 THEN 'category' ELSE 'all' END,
        which, coalesce(department, area_code, category, ''), NULL, count(*), 0
    FROM (
        SELECT CASE WHEN due_at <= %(now)s THEN 'late' ELSE 'due_today' END AS which, department, area_code, category
        FROM complaints_counted
        WHERE region_id = %(region)s AND due_at >= %(midnight)s AND due_at < %(next_midnight)s) due
    GROUP BY GROUPING SETS ((which), (which, department), (which, area_code), (which, category))""")
_DIMENSIONS = {
    "department": "complaints.figure_by_department",
    "district": "complaints.figure_by_district",
    "area": "complaints.figure_by_area",
    "category": "complaints.figure_by_category",
}


@dataclass
class _Sums:
    """Value and n of one measure: in all, by dimension and key, by day."""

    by: dict[str, dict[str, tuple[int, int]]] = field(default_factory=lambda: defaultdict(dict))
    days: dict[date, tuple[int, int]] = field(default_factory=dict)

    def add(self, dimension: str, key: str, value: int, n: int) -> None:
        """Add to a sum."""
        before = self.by[dimension].get(key, (0, 0))
        self.by[dimension][key] = (before[0] + value, before[1] + n)

    @property
    def total(self) -> tuple[int, int]:
        """The sum of all."""
        if self.days:
            return sum(value for value, _ in self.days.values()), sum(n for _, n in self.days.values())
        return self.by["all"].get("", (0, 0))


Shown = Callable[[tuple[int, int]], tuple[float | None, int | None]]


def _count(sums: tuple[int, int]) -> tuple[float | None, int | None]:
    return sums[0], None


def _cases(sums: tuple[int, int]) -> tuple[float | None, int | None]:
    return sums[1], None


def _share(sums: tuple[int, int]) -> tuple[float | None, int | None]:
    value, n = sums
    return (value / n if n else None), n


def _hours(sums: tuple[int, int]) -> tuple[float | None, int | None]:
    minutes, n = sums
    return (minutes / n / _MINUTES_AN_HOUR if n else None), n


@dataclass(frozen=True, kw_only=True)
class _Figure:
    """An indicator, the measure that it is made of, and how its sums are shown."""

    indicator: Indicator
    measure: str
    shown: Shown


def _figure(  # noqa: PLR0917 - a table of figures reads better without the names
    name: str, measure: str, shown: Shown, unit: Unit, period: Period, title: str, definition: str
) -> _Figure:
    by_state = {"state": "complaints.figure_by_state"} if name == "open" else {}
    indicator = Indicator(
        key=f"complaints.{name}",
        title=title,
        definition=definition,
        owner="complaints.figure_owner",
        source="complaints.figure_source",
        unit=unit,
        period=period,
        fresh_for=_FRESH_FOR,
        dimensions={**_DIMENSIONS, **by_state},
    )
    return _Figure(indicator=indicator, measure=measure, shown=shown)


_NOW, _TODAY, _LAST = Period.NOW, Period.TODAY, Period.LAST_30_DAYS
_FIGURES = (
    _figure("open", "open", _count, Unit.COUNT, _NOW, "complaints.figure_open", "complaints.figure_open_is"),
    _figure("late", "late", _count, Unit.COUNT, _NOW, "complaints.figure_late", "complaints.figure_late_is"),
    _figure(
        "due_today", "due_today", _count, Unit.COUNT, _TODAY, "complaints.figure_due_today", "complaints.figure_due_today_is"
    ),
    _figure("received", "received", _count, Unit.COUNT, _LAST, "complaints.figure_received", "complaints.figure_received_is"),
    _figure("resolved", "resolved", _cases, Unit.COUNT, _LAST, "complaints.figure_resolved", "complaints.figure_resolved_is"),
    _figure(
        "response_on_time", "response", _share, Unit.SHARE, _LAST, "complaints.figure_response", "complaints.figure_response_is"
    ),
    _figure(
        "completion_on_time",
        "completion",
        _share,
        Unit.SHARE,
        _LAST,
        "complaints.figure_completion",
        "complaints.figure_completion_is",
    ),
    _figure("reopened", "reopened", _share, Unit.SHARE, _LAST, "complaints.figure_reopened", "complaints.figure_reopened_is"),
    _figure("time_to_resolve", "resolved", _hours, Unit.HOURS, _LAST, "complaints.figure_hours", "complaints.figure_hours_is"),
)


def _read_sums(ctx: Context, figures: Sequence[_Figure], *, parts: bool) -> Mapping[str, _Sums]:
    today = local_day(ctx)
    midnight, next_midnight = (datetime.combine(today + timedelta(days=n), time(), ctx.region.zone) for n in (0, 1))
    found: dict[str, _Sums] = defaultdict(_Sums)
    district = cache(partial(_district, ctx))
    for row in _READ.all(
        ctx.session,
        region=ctx.region.id,
        dimensions=["all", "state", "department", "area", "category"] if parts else ["all"],
        measures=list({figure.measure for figure in figures}),
        today=today,
        after=today - timedelta(days=WINDOW_DAYS),
        now=ctx.now(),
        midnight=midnight,
        next_midnight=next_midnight,
    ):
        if row.dimension == "day":
            found[row.measure].days[row.on_day] = (row.value, row.n)
        elif row.value or row.n:
            found[row.measure].add(row.dimension, row.key, row.value, row.n)
            if row.dimension == "area":
                found[row.measure].add("district", district(row.key), row.value, row.n)
    return found


def _district(ctx: Context, area_code: str) -> str:
    chain = ctx.ground.regions.chain(ctx.region.id, area_code) if area_code else ()
    return chain[1].code if len(chain) > 1 else ""


def read_figures(ctx: Context, asked: Asked) -> Mapping[str, Reading]:
    """Return what the room's indicators say: in three statements, however many they are and however much they are of."""
    figures = [figure for figure in _FIGURES if figure.indicator.key in asked.keys]
    recount = find_recount(ctx)
    if recount is None or recount.finished_at is None:
        return {figure.indicator.key: Reading(value=None, as_of=None) for figure in figures}
    as_of = told_up_to(ctx, TALLIERS)
    sums = _read_sums(ctx, figures, parts=asked.parts)
    called = cache(partial(_called, ctx))
    days = _days_shown(ctx)
    return {
        figure.indicator.key: _reading(figure, sums[figure.measure], as_of, called, days if asked.parts else None)
        for figure in figures
    }


def _reading(
    figure: _Figure, sums: _Sums, as_of: datetime, called: Callable[[str, str], str], days: Sequence[date] | None
) -> Reading:
    value, n = figure.shown(sums.total)
    if days is None:
        return Reading(value=value, n=n, as_of=as_of)
    by = {name: _parts(figure, sums.by[name], partial(called, name)) for name in figure.indicator.dimensions}
    series = _series(figure, sums, days) if figure.indicator.period is Period.LAST_30_DAYS else ()
    return Reading(value=value, n=n, as_of=as_of, by=by, days=series)


def _parts(figure: _Figure, sums: Mapping[str, tuple[int, int]], called: Callable[[str], str]) -> list[Part]:
    parts = []
    for key, each in sums.items():
        value, n = figure.shown(each)
        parts.append(Part(key=key, label=called(key), value=value, n=n))
    return sorted(parts, key=lambda part: (-(part.value or 0), part.label))


def _days_shown(ctx: Context) -> list[date]:
    today = local_day(ctx)
    return [today - timedelta(days=n) for n in reversed(range(WINDOW_DAYS))]


def _series(figure: _Figure, sums: _Sums, days: Sequence[date]) -> list[Day]:
    shown = ((on, figure.shown(sums.days.get(on, (0, 0)))) for on in days)
    return [Day(on=on, value=value, n=n) for on, (value, n) in shown]


def _called(ctx: Context, dimension: str, key: str) -> str:
    if key:
        return _LABELS[dimension](ctx, key)
    nowhere = "complaints.figure_by_no_department" if dimension == "department" else "complaints.figure_by_no_area"
    return ctx.ground.catalogue.text(nowhere, ctx.locale)


def _area_name(ctx: Context, code: str) -> str:
    chain = ctx.ground.regions.chain(ctx.region.id, code)
    return chain[0].name if chain else code


def _category_name(ctx: Context, code: str) -> str:
    known = settings_of(ctx).categories.get(code) or former_words(ctx).categories.get(code)
    return in_language(known.name, ctx.locale) if known else code


_LABELS: Mapping[str, Callable[[Context, str], str]] = {
    "department": unit_name,
    "area": _area_name,
    "district": _area_name,
    "category": _category_name,
    "state": lambda ctx, key: in_language(state_label(ctx, key), ctx.locale),
}


def _alarms(ctx: Context, _most: int) -> Iterator[Alarm]:
    recount = find_recount(ctx)
    if recount is None:
        return
    if recount.finished_at is None:
        yield Alarm(at=recount.began_at, severity=Severity.NOTICE, code="complaints.alarm_counting")
    if recount.found:
        first = recount.off[0] if recount.off else ""
        yield Alarm(
            at=recount.finished_at or recount.began_at,
            severity=Severity.WARNING,
            code="complaints.alarm_drift",
            params={"found": recount.found, "first": first},
        )


INDICATORS = IndicatorSet(indicators=tuple(figure.indicator for figure in _FIGURES), read=read_figures)
ALARMS = AlarmSource(read=_alarms, only_for=frozenset({"platform_admin"}))
