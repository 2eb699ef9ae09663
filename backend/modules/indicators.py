"""What a module tells those who look at the whole: figures with their definitions, and alarms.

A figure is said in words that a reader can check (`title`, `definition`, `owner` and `source` are codes of its catalogue),
and comes with the instant up to which it holds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from backend.data.context import Context
from backend.modules.contract import ExtensionPoint


class Unit(StrEnum):
    """What a value is in. A share lies between 0 and 1."""

    COUNT = "count"
    SHARE = "share"
    HOURS = "hours"
    SECONDS = "seconds"


class Period(StrEnum):
    """Which time a value is about, in days of the region."""

    NOW = "now"
    TODAY = "today"
    LAST_30_DAYS = "last_30_days"


class Severity(StrEnum):
    """How soon somebody should look."""

    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One figure. `key` begins with the module's name; what is older than `fresh_for` is shown as stale.

    `dimensions` are those by which it can be divided: their names, and codes for what they are called.
    """

    key: str
    title: str
    definition: str
    owner: str
    source: str
    unit: Unit
    period: Period
    fresh_for: timedelta
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Part:
    """The figure of one department, area or the like: never of a person. `n` as in `Reading`."""

    key: str
    label: str
    value: float | None
    n: int | None = None


@dataclass(frozen=True, kw_only=True)
class Day:
    """The figure of one day of the region."""

    on: date
    value: float | None
    n: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What an indicator says. `value` is None where there is nothing to take it of, `n` what a share or mean was taken of.

    It holds what happened up to `as_of`; None: it is not complete yet. `days` are in order, without gaps.
    """

    value: float | None
    n: int | None = None
    as_of: datetime | None
    by: Mapping[str, Sequence[Part]] = field(default_factory=dict)
    days: Sequence[Day] = ()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which indicators are asked for, and whether with their parts and days."""

    keys: frozenset[str]
    parts: bool = False


@dataclass(frozen=True, kw_only=True)
class IndicatorSet:
    """Indicators that `read` answers together, in as few statements as it can.

    `only_for`: the roles that see them, where that is not everybody who may look.
    """

    indicators: Sequence[Indicator]
    read: Callable[[Context, Asked], Mapping[str, Reading]]
    only_for: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Something that somebody should look at. `code` and `params` make the text; `path` is where, behind the region's pages."""

    at: datetime
    severity: Severity
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    path: str | None = None


@dataclass(frozen=True, kw_only=True)
class AlarmSource:
    """Where alarms come from: `read` returns those of the region that the reader may know of, at most the number given."""

    read: Callable[[Context, int], Iterable[Alarm]]
    only_for: frozenset[str] | None = None


INDICATED = ExtensionPoint(name="indicated", item=IndicatorSet)  # what the command centre shows
ALARMED = ExtensionPoint(name="alarmed", item=AlarmSource)  # what it warns of
