"""The figures and alarms of a region, from every module that is on in it, the ground included."""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from backend.data.context import Context
from backend.data.oversight import count_due, list_dead, oldest_unsealed_at
from backend.http.house import current_house
from backend.modules.contract import ExtensionPoint
from backend.modules.indicators import (
    ALARMED,
    INDICATED,
    Alarm,
    AlarmSource,
    Asked,
    Indicator,
    IndicatorSet,
    Period,
    Reading,
    Severity,
    Unit,
)

OPERATORS = frozenset({"platform_admin"})
_SEALED_WITHIN = timedelta(minutes=1)
_Given = TypeVar("_Given", IndicatorSet, AlarmSource)


def _given(ctx: Context, point: ExtensionPoint, kind: type[_Given]) -> Iterator[_Given]:
    """Yield what the region's modules contribute that the reader may see."""
    for module in current_house().registry.modules.values():
        if ctx.region.enabled(module.name):
            for each in module.contributes.get(point, ()):
                if isinstance(each, kind) and (each.only_for is None or ctx.may(each.only_for)):
                    yield each


def list_indicators(ctx: Context) -> list[Indicator]:
    """Return the indicators of the region that the reader may see, by module."""
    return [indicator for each in _given(ctx, INDICATED, IndicatorSet) for indicator in each.indicators]


def read_indicators(ctx: Context, keys: Collection[str], *, parts: bool = False) -> Mapping[str, Reading]:
    """Return what those of these indicators say that the reader may see; `parts` with what they are divided into, and by day."""
    readings: dict[str, Reading] = {}
    for each in _given(ctx, INDICATED, IndicatorSet):
        asked = Asked(keys=frozenset(keys) & {indicator.key for indicator in each.indicators}, parts=parts)
        if asked.keys:
            readings |= each.read(ctx, asked)
    return readings


def list_alarms(ctx: Context, *, most: int) -> list[Alarm]:
    """Return the region's newest alarms that the reader may know of, the newest first."""
    found = [alarm for each in _given(ctx, ALARMED, AlarmSource) for alarm in islice(each.read(ctx, most), most)]
    return sorted(found, key=lambda alarm: alarm.at, reverse=True)[:most]


def _indicator(key: str, *, title: str, definition: str) -> Indicator:
    return Indicator(
        key=key,
        title=title,
        definition=definition,
        owner="indicators.owner_operator",
        source="indicators.source_deliveries",
        unit=Unit.COUNT,
        period=Period.NOW,
        fresh_for=timedelta(minutes=1),
    )


DUE, DEAD = "regions.deliveries_due", "regions.deliveries_dead"


def _read(ctx: Context, asked: Asked) -> Mapping[str, Reading]:
    readings = {}
    if DUE in asked.keys:
        readings[DUE] = Reading(value=count_due(ctx), as_of=ctx.now())
    if DEAD in asked.keys:
        readings[DEAD] = Reading(value=sum(row.dead for row in list_dead(ctx)), as_of=ctx.now())
    return readings


def _alarms(ctx: Context, _most: int) -> Iterator[Alarm]:
    for row in list_dead(ctx):
        said = {"subscriber": row.subscriber, "dead": row.dead}
        yield Alarm(at=row.newest_at, severity=Severity.CRITICAL, code="indicators.alarm_dead", params=said)
    waiting_since = oldest_unsealed_at(ctx)
    if waiting_since is not None and ctx.now() - waiting_since > _SEALED_WITHIN:
        yield Alarm(at=waiting_since, severity=Severity.CRITICAL, code="indicators.alarm_unsealed")


OF_THE_GROUND = IndicatorSet(
    indicators=(
        _indicator(DUE, title="indicators.due", definition="indicators.due_definition"),
        _indicator(DEAD, title="indicators.dead", definition="indicators.dead_definition"),
    ),
    read=_read,
    only_for=OPERATORS,
)
ALARMS = AlarmSource(read=_alarms, only_for=OPERATORS)
