"""How much one process takes on: some requests work, some wait in turns by region, the rest are told at once to come again.

Without it a flood waits in the web server, where nobody sees it, until every answer comes too late for those who asked.
"""

import random
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from backend.core.errors import DomainError, Kind

WAITING = 48  # requests of a process
UPLOADS, UPLOADS_WAITING = 2, 16
THREADS_BESIDE = WAITING + UPLOADS_WAITING + 8  # those that wait, and some that read a body or say no
_RETRY_SECONDS = (1, 4)  # spread, so that those who were refused together do not come again together


class Gate:
    """Lets `working` requests through at once. Threads may share it; whose turn it is next goes round the regions."""

    def __init__(self, *, working: int, waiting: int, patience_seconds: float = 5.0) -> None:
        self.waiting = waiting
        self._of_one_region = max(1, waiting // 2)  # a region that floods leaves room for the others
        self._patience = patience_seconds
        self._lock = threading.Lock()
        self._free = working
        self._queues: dict[str, deque[threading.Lock]] = {}  # the region whose turn is next comes first
        self._held = 0

    def refuse_when_full(self, region: str) -> None:
        """Raise DomainError (503, with the seconds to wait) when a request of `region` could not even wait."""
        if self._held >= self.waiting or len(self._queues.get(region, ())) >= self._of_one_region:
            raise DomainError(Kind.UNAVAILABLE, "request.unavailable", retry_after=random.randint(*_RETRY_SECONDS))  # noqa: S311

    @contextmanager
    def entered(self, region: str) -> Iterator[None]:
        """Wait for one's turn and hold it. Raises DomainError (503) when too many wait, or one's turn does not come."""
        self._enter(region)
        try:
            yield
        finally:
            self._leave()

    def _enter(self, region: str) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            self.refuse_when_full(region)
            queue = self._queues.setdefault(region, deque())
            turn = threading.Lock()
            turn.acquire()
            queue.append(turn)
            self._held += 1
        if turn.acquire(timeout=self._patience):
            return
        with self._lock:
            if turn not in queue:
                return  # it came in this moment
            queue.remove(turn)
            self._held -= 1
            if not queue:
                del self._queues[region]
        raise DomainError(Kind.UNAVAILABLE, "request.unavailable", retry_after=random.randint(*_RETRY_SECONDS))  # noqa: S311

    def _leave(self) -> None:
        with self._lock:
            if not self._held:
                self._free += 1
                return
            region = next(iter(self._queues))
            queue = self._queues.pop(region)
            queue.popleft().release()
            self._held -= 1
            if queue:
                self._queues[region] = queue
