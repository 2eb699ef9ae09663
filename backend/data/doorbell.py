"""The doorbell: after a commit, whoever carries deliveries hears which subscribers have work. Losing a ring loses nothing."""

import time
from collections.abc import Set as AbstractSet
from typing import Protocol

from redis import Redis, RedisError

from backend.core.fault_points import reach
from backend.core.logs import get_logger
from backend.core.metrics import RINGS

CHANNEL = "balai:ring"
_QUIET_SECONDS = 2.0

_log = get_logger(__name__)


class Doorbell(Protocol):
    """Tells the engine house that there is work."""

    def ring(self, subscribers: AbstractSet[str]) -> None:
        """Announce `subscribers`; never raises and never waits long."""


class NullDoorbell:
    """Rings nobody: the clock's sweep finds the work a second later."""

    def ring(self, subscribers: AbstractSet[str]) -> None:
        """Do nothing."""


class RedisDoorbell:
    """One PUBLISH for each subscriber; after a failure it keeps quiet for a while, so that a dead Redis slows no request."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._quiet_until = 0.0

    def ring(self, subscribers: AbstractSet[str]) -> None:
        """Announce `subscribers`, best effort."""
        if not subscribers or time.monotonic() < self._quiet_until:
            return
        reach("ring")
        try:
            self._redis.publish(CHANNEL, " ".join(sorted(subscribers)))
            RINGS.labels("taken").inc()
        except (RedisError, OSError) as error:
            self._quiet_until = time.monotonic() + _QUIET_SECONDS
            RINGS.labels("lost").inc()
            _log.warning("doorbell.silent", error=type(error).__name__)
