"""Rules of the room: when a reading is stale, when a number is small, and which of its thresholds a value has passed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

READ = "command_centre.read"
WATCHERS = frozenset({"leader", "department_head", "regional_admin", "service_account", "platform_admin"})


class Level(StrEnum):
    """What a value asks of those who watch it."""

    GOOD = "good"
    WATCH = "watch"
    ACT = "act"


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """From where on to watch, and to act: upwards where `act` is the higher, else downwards."""

    watch: float
    act: float

    def level(self, value: float) -> Level:
        """Return what a value asks for."""
        sign = 1 if self.act >= self.watch else -1
        if sign * value >= sign * self.act:
            return Level.ACT
        return Level.WATCH if sign * value >= sign * self.watch else Level.GOOD


def is_stale(as_of: datetime | None, *, now: datetime, fresh_for: timedelta) -> bool:
    """Say whether a reading is older than it should be, or not complete."""
    return as_of is None or now - as_of > fresh_for


def is_small(n: int | None, small_number: int) -> bool:
    """Say whether a share or mean was taken of too few for it to say much."""
    return n is not None and n < small_number
