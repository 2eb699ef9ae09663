"""How much one process takes on: some requests work, some wait in turns by region, the rest are told at once to come again.

Without it a flood waits in the web server, where nobody sees it, until every answer comes too late for those who asked.
"""

import random
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import orjson

from backend.core.errors import DomainError, Kind
from backend.core.metrics import count_request
from backend.core.text import LANGUAGES, Catalogue
from backend.data.context import Regions
from backend.http.languages import first_spoken, region_in

_TOLD = {"title": "status.503", "detail": "request.unavailable"}
_RETRY_SECONDS = (1, 4)  # spread, so that those who were refused together do not come again together


def _retry_after() -> int:
    return random.randint(*_RETRY_SECONDS)  # noqa: S311 - a spread, no secret


def _come_again() -> DomainError:
    return DomainError(Kind.UNAVAILABLE, "request.unavailable", retry_after=_retry_after())


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

    def is_full(self, region: str) -> bool:
        """Tell whether a request of `region` could not even wait."""
        return self._held >= self.waiting or len(self._queues.get(region, ())) >= self._of_one_region

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
            if self.is_full(region):
                raise _come_again()
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
        raise _come_again()

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


class Doorman:
    """Says no at the door of the whole application, before anything of it is asked: in a flood most answers are that one."""

    def __init__(self, app: WSGIApplication, gate: Gate, texts: Catalogue, regions: Regions) -> None:
        self._app, self._gate, self._texts, self._regions = app, gate, texts, regions
        self._told = {language: {name: texts.text(code, language) for name, code in _TOLD.items()} for language in LANGUAGES}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer 503 for a region whose requests could not even wait; otherwise the application answers."""
        path = environ["PATH_INFO"]
        region = region_in(path)
        if not self._gate.is_full(region) or not path.startswith("/v1/"):
            return self._app(environ, start_response)
        known = self._regions.find(region)
        asked = first_spoken(environ.get("HTTP_ACCEPT_LANGUAGE", ""), known.languages if known else LANGUAGES)
        language = self._texts.own_language(asked)
        said = {"type": "about:blank", "status": 503, "instance": path, "code": "request.unavailable"}
        body = orjson.dumps(said | self._told[language])
        count_request("the door", environ["REQUEST_METHOD"], 503, 0.0)
        headers = [
            ("Content-Type", "application/problem+json"),
            ("Content-Language", language),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Retry-After", str(_retry_after())),
        ]
        start_response("503 SERVICE UNAVAILABLE", headers)
        return [body]
