"""Errors on the wire: RFC 9457 problem documents, in the reader's language. The only place that knows statuses.

What goes wrong on a page is told as a page: the frame of the pages says how, by `tell_on_pages`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from flask import Flask, Response, current_app, g, request
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from backend.core.errors import DomainError, FieldError, Kind
from backend.core.logs import get_logger
from backend.core.text import LANGUAGES
from backend.data.context import Region
from backend.http.house import current_house
from backend.http.languages import first_spoken, is_page, region_in

STATUS = {
    Kind.INVALID: 422,
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.TOO_LARGE: 413,
    Kind.LIMITED: 429,
    Kind.UNAVAILABLE: 503,
}
_RETRY_SECONDS = 2
_PAGE_LANGUAGE, _ON_PAGES = "lang", "balai_tell_on_pages"
_log = get_logger(__name__)


def speak_in(region: Region | None) -> str:
    """Return the reader's language in `region`, where this request is from now on; None is outside the regions."""
    g.region = region
    spoken = region.languages if region else LANGUAGES
    if is_page(request.path):
        chosen = request.args.get(_PAGE_LANGUAGE) or request.cookies.get(_PAGE_LANGUAGE, "")
        if chosen in spoken:
            return chosen
    return first_spoken(request.headers.get("Accept-Language", ""), spoken)


def _reader_language() -> str:
    # A request that was refused early is in the region of its path.
    return speak_in(g.get("region") or current_house().directory.find(region_in(request.path)))


def problem_document(
    status: int,
    code: str,
    *,
    params: Mapping[str, Any] | None = None,
    errors: Iterable[FieldError] = (),
    extra: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Any], str]:
    """Return the problem document for a status and code, and the language it is in."""
    texts = current_house().ground.catalogue
    language = texts.own_language(_reader_language())
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": texts.text(f"status.{status}", language),
        "status": status,
        "detail": texts.text(code, language, params),
        "instance": request.path,
        "code": code,
        **(extra or {}),
    }
    told = [
        {"field": fault.field, "code": fault.code, "detail": texts.text(fault.code, language, fault.params)} for fault in errors
    ]
    if told:
        body["errors"] = told
    return body, language


def document_of(error: DomainError) -> dict[str, Any]:
    """Return the problem document of a refusal."""
    return problem_document(STATUS[error.kind], error.code, params=error.params, errors=error.errors, extra=error.extra)[0]


def problem(
    status: int,
    code: str,
    *,
    params: Mapping[str, Any] | None = None,
    errors: Iterable[FieldError] = (),
    extra: Mapping[str, Any] | None = None,
) -> Response:
    """Return the answer with the problem document for a status and code; on a page, the page that tells it."""
    body, language = problem_document(status, code, params=params, errors=errors, extra=extra)
    if is_page(request.path):
        response: Response = current_app.extensions[_ON_PAGES](body)
    else:
        response = Response(orjson.dumps(body), status, content_type="application/problem+json")
    response.headers["Content-Language"] = language
    response.headers["Cache-Control"] = "no-store"
    return response


def tell_on_pages(app: Flask, tell: Callable[[Mapping[str, Any]], Response]) -> None:
    """Let `tell` make the page out of a problem document."""
    app.extensions[_ON_PAGES] = tell


def _refused(error: DomainError) -> Response:
    response = problem(STATUS[error.kind], error.code, params=error.params, errors=error.errors, extra=error.extra)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if error.kind is Kind.UNAUTHENTICATED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _http_error(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        return problem(413, "request.too_large")
    status = error.code or 500
    response = problem(status, f"status.{status}")
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _database_error(error: DBAPIError) -> Response:
    # What operations foresee they name themselves; these are the ways in which a value or a race still reaches the database.
    _log.warning("database.refused", error=type(error.orig).__name__, path=request.path)
    if isinstance(error, IntegrityError):
        return problem(409, "request.conflict")
    if isinstance(error, DataError):
        return problem(422, "request.invalid")
    if isinstance(error, OperationalError):
        return _busy()
    raise error


def _busy() -> Response:
    response = problem(503, "request.unavailable")
    response.headers["Retry-After"] = str(_RETRY_SECONDS)
    return response


def _unforeseen(error: Exception) -> Response:
    _log.error("request.failed", path=request.path, exc_info=error)
    return problem(500, "status.500")


def answer_problems(app: Flask) -> None:
    """Let every error of `app` leave as a problem document."""
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(PoolTimeout, lambda _error: _busy())
    app.register_error_handler(Exception, _unforeseen)


def request_id() -> str:
    """Return the id of this request: the client's when it is sane, else a new one (set before the first view)."""
    value: str = g.request_id
    return value
