"""The request id: the client's own or a new one, in every record of the request, in its answer, and one line when it is done."""

import time

from flask import Flask, Response, g, request

from backend.core.ids import new_id
from backend.core.logs import bind, get_logger
from backend.core.metrics import count_request

HEADER = "X-Request-Id"
_MOST = 100
_log = get_logger(__name__)


def trace_requests(app: Flask) -> None:
    """Give every request of `app` its id and its line in the log: the path without the query, which may hold a person's words."""

    @app.before_request
    def begin() -> None:
        given = request.headers.get(HEADER, "")
        sane = 0 < len(given) <= _MOST and given.isascii() and given.isprintable()
        g.request_id = given if sane else str(new_id())
        g.began = time.perf_counter()
        bind(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers[HEADER] = g.request_id
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        seconds = time.perf_counter() - g.began
        count_request(request.url_rule.rule if request.url_rule else None, request.method, response.status_code, seconds)
        _log.info(
            "request.done",
            method=request.method,
            path=request.path,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
        )
        return response
