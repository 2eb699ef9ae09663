"""Rate limits per person, never per city: counted in Redis, and in this process alone while Redis is away."""

import time
from collections.abc import Mapping

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter

from backend.core.clock import utc_now
from backend.core.crypto import Keyring
from backend.core.errors import DomainError, Kind
from backend.core.logs import get_logger

_log = get_logger(__name__)
_QUIET_SECONDS = 2.0

# What a person may do in which time; the demo's are wide enough for a load run (API.md, "Demo").
LIMITS: Mapping[str, tuple[str, str]] = {
    "submit": ("60 per hour", "600 per minute"),
    "guest": ("300 per hour", "600 per minute"),  # an address stands for all behind it: wide, or it would be per city
    "upload": ("60 per hour", "600 per minute"),
    "export": ("240 per hour", "600 per minute"),
    "write": ("120 per minute", "6000 per minute"),
    "login": ("600 per minute", "6000 per minute"),  # by address; tries at one account or number are counted in PostgreSQL
}


class RateLimits:
    """Fixed windows by limit name and person."""

    def __init__(self, redis_url: str, keyring: Keyring, *, demo: bool) -> None:
        self._keyring = keyring
        address = redis_url.replace("unix://", "redis+unix://", 1) if redis_url.startswith("unix://") else redis_url
        self._shared = FixedWindowRateLimiter(RedisStorage(address, socket_timeout=0.2, socket_connect_timeout=0.2))
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._items: dict[str, RateLimitItem] = {name: parse(texts[demo]) for name, texts in LIMITS.items()}
        self._quiet_until = 0.0

    def hit(self, name: str, person: str) -> None:
        """Count one. Raises DomainError (429, with the seconds to wait) when it was one too many."""
        item = self._items[name]
        person = self._keyring.blind_index(person, purpose="rate-limit").hex()  # in Redis nobody is known
        limiter = self._own if time.monotonic() < self._quiet_until else self._shared
        try:
            fits, wait = _hit(limiter, item, name, person)
        except Exception as error:  # noqa: BLE001 - whatever a Redis client may raise: the limit must hold without it
            _log.warning("limits.on_their_own", error=type(error).__name__)
            self._quiet_until = time.monotonic() + _QUIET_SECONDS
            fits, wait = _hit(self._own, item, name, person)
        if not fits:
            raise DomainError(Kind.LIMITED, "request.too_many", retry_after=wait)


def _hit(limiter: FixedWindowRateLimiter, item: RateLimitItem, name: str, person: str) -> tuple[bool, int]:
    """Count one; return whether it fits, and the seconds to wait when it does not."""
    if limiter.hit(item, name, person):
        return True, 0
    left = limiter.get_window_stats(item, name, person).reset_time - utc_now().timestamp()
    return False, max(1, int(left) + 1)
