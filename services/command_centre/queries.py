"""What the room is asked: the indicators that a region shows, each with what it says now, and the alarms."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.sdk.domain import Context, not_found
from backend.sdk.indicators import Alarm, Indicator, Reading, list_alarms, list_indicators, read_indicators
from services.command_centre.domain import Level, is_small, is_stale

ROOM = "command_centre"
MOST_ALARMS = 50


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An indicator and its reading, judged by the region's settings. `level` is None where no threshold is set."""

    indicator: Indicator
    reading: Reading
    stale: bool
    small: bool
    level: Level | None
    small_number: int

    def is_small(self, n: int | None) -> bool:
        """Say whether a part was taken of too few."""
        return is_small(n, self.small_number)


def _in_order(ctx: Context) -> list[Indicator]:
    settings = ctx.config(ROOM)
    first = {key: place for place, key in enumerate(settings["indicators"])}
    seen = [each for each in list_indicators(ctx) if each.key not in settings["hidden"]]
    return sorted(seen, key=lambda each: first.get(each.key, len(first)))


def _judged(ctx: Context, indicator: Indicator, reading: Reading) -> Shown:
    settings = ctx.config(ROOM)
    threshold = settings["thresholds"].get(indicator.key)
    return Shown(
        indicator=indicator,
        reading=reading,
        stale=is_stale(reading.as_of, now=ctx.now(), fresh_for=indicator.fresh_for),
        small=is_small(reading.n, settings["small_number"]),
        level=threshold.level(reading.value) if threshold is not None and reading.value is not None else None,
        small_number=settings["small_number"],
    )


def list_shown(ctx: Context, *, parts: bool = False) -> list[Shown]:
    """Return what the region shows, in its order; `parts` with what the figures are divided into, and by day."""
    indicators = _in_order(ctx)
    readings = read_indicators(ctx, [each.key for each in indicators], parts=parts)
    return [_judged(ctx, each, readings[each.key]) for each in indicators if each.key in readings]


def get_shown(ctx: Context, key: str) -> Shown:
    """Return one indicator with its parts and days. Raises DomainError (404) for one that the region does not show."""
    indicator = next((each for each in _in_order(ctx) if each.key == key), None)
    if indicator is None:
        raise not_found("command_centre.unknown_indicator")
    return _judged(ctx, indicator, read_indicators(ctx, [key], parts=True)[key])


def newest_alarms(ctx: Context) -> Sequence[Alarm]:
    """Return the alarms that the reader may know of, the newest first."""
    return list_alarms(ctx, most=MOST_ALARMS)
