"""The published contract: OpenAPI 3.1 of every route, and a documentation page that loads nothing from outside."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import flask_smorest
import flask_swagger_ui
from flask import Flask, Response, send_from_directory

from backend.http.blueprint import RoomBlueprint, Route, answer
from backend.http.schema import Problem

_DIST = Path(flask_swagger_ui.__file__).parent / "dist"
_PAGE = """<!doctype html>
<html lang="id"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Balai API</title><link rel="stylesheet" href="/docs/swagger-ui.css"><link rel="icon" href="/docs/favicon-32x32.png"></head>
<body><div id="swagger-ui"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>
</body></html>
"""
_START = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", validatorUrl: null, deepLinking: true});\n'
_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"


class PublishedApi(flask_smorest.Api):  # type: ignore[misc] # flask-smorest is untyped
    """flask-smorest's collector; errors are left to `backend.http.problem`."""

    ERROR_SCHEMA = Problem

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.routes: list[Route] = []
        super().__init__(*args, **kwargs)

    def register_blueprint(self, blueprint: RoomBlueprint, **options: Any) -> None:
        """Serve and describe the routes of a blueprint."""
        super().register_blueprint(blueprint, **options)
        self.routes += blueprint.routes

    def _register_error_handlers(self) -> None:
        """Register none: one place turns errors into answers."""


def make_api(app: Flask, *, version: str) -> PublishedApi:
    """Return the collector with which blueprints are registered."""
    app.config.update(
        API_TITLE="Balai",
        API_VERSION=version,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=None,
        API_SPEC_OPTIONS={
            "info": {
                "description": "One back end for any city's or regency's citizen app. Errors are RFC 9457 problem documents.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}},
        },
    )
    return PublishedApi(app)


def published_document(api: PublishedApi) -> dict[str, Any]:
    """Return the OpenAPI document: what the schemas say, and of each route what its declaration says besides."""
    document: dict[str, Any] = api.spec.to_dict()
    document["components"] |= {"responses": _RESPONSES, "parameters": _PARAMETERS, "headers": _HEADERS}
    for route in api.routes:
        path = document["paths"][re.sub(r"<(?:[^<>:]+:)?([^<>]+)>", r"{\1}", route.rule)]
        _describe(path[route.method.lower()], route)
        for parameter in path.get("parameters", []):
            parameter["schema"].setdefault("examples", _PATH_EXAMPLES.get(parameter["name"], _PATH_EXAMPLES["id"]))
    document["paths"] |= {f"/health/{name}": {"get": _health(name)} for name in ("live", "ready")}
    return document


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def _problem(description: str, *headers: str) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": _ref("schemas", "Problem")}}
    return {"description": description, "content": content, "headers": {name: _ref("headers", name) for name in headers}}


_RESPONSES: Mapping[str, Any] = {
    "BAD_REQUEST": _problem("The body is no JSON, or the Idempotency-Key is missing or is none"),
    "UNAUTHORIZED": _problem("A token is needed, or this one is not valid (any more)", "WWW-Authenticate"),
    "FORBIDDEN": _problem("The person may know of it, but may not do it"),
    "NOT_FOUND": _problem("There is nothing here, or nothing that the person may know of"),
    "CONFLICT": _problem("Not as things stand; `allowed` names the moves that are"),
    "PRECONDITION_FAILED": _problem("It has changed since the version that If-Match names"),
    "REQUEST_ENTITY_TOO_LARGE": _problem("More than 1 MiB of JSON, 10 MB of file or 50 MB of a pack"),
    "UNPROCESSABLE_ENTITY": _problem("A value cannot be accepted; `errors` names each field"),
    "TOO_MANY_REQUESTS": _problem("Too many requests of this person", "Retry-After"),
    "SERVICE_UNAVAILABLE": _problem("Busy, or not available", "Retry-After"),
    "NOT_MODIFIED": {"description": "As If-None-Match says", "headers": {"ETag": _ref("headers", "ETag")}},
    "DEFAULT_ERROR": _problem("Any other error"),
}
_HEADERS: Mapping[str, Any] = {
    "ETag": {"schema": {"type": "string"}, "description": "The version, for If-None-Match and If-Match"},
    "Location": {"schema": {"type": "string", "format": "uri-reference"}, "description": "Where it is from now on"},
    "Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds to wait"},
    "WWW-Authenticate": {"schema": {"type": "string"}, "description": "Bearer"},
}


def _header(name: str, description: str, example: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "description": description,
        "schema": {"type": "string", "examples": [example], **schema},
    }


_KEY = _header(
    "Idempotency-Key",
    "Made by the client. The same key with the same request is answered as the first time, for 72 hours",
    "5f0c1c0e-3f0b-4a55-9d0e-8f4d7b0b8a11",
    pattern="^[ -~]{1,200}$",
)
_TAG = _header(
    "If-Match",
    "The ETag that was read: refused with 412 when there has been a change since",
    '"v1-0f3a"',
    pattern="^[!-~]{1,99}$",
)
_PARAMETERS: Mapping[str, Any] = {
    "IdempotencyKey_required": _KEY | {"required": True},
    "IdempotencyKey_accepted": _KEY | {"required": False},
    "IfMatch_required": _TAG | {"required": True},
    "IfMatch_accepted": _TAG | {"required": False},
}
_PATH_EXAMPLES: Mapping[str, list[str]] = {
    "region": ["banda-aceh"],
    "code": ["11.71.01.2001"],
    "module": ["service-info"],
    "number": ["BNA-2611-000042-K"],
    "key": ["ktp-el-baru"],
    "variant": ["full"],
    "id": ["0195f3a2-6c1e-7000-8000-000000000001"],
}


def _statuses(route: Route) -> Iterator[HTTPStatus]:
    """Yield the errors that the edge or a view of such a route answers with."""
    yield from (HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
    if route.takes_body or route.idempotency:
        yield HTTPStatus.BAD_REQUEST
    if route.permission or route.no_token or route.takes_query:
        yield HTTPStatus.FORBIDDEN
    if "<" in route.rule or route.takes_query:
        yield HTTPStatus.NOT_FOUND
    if route.method != "GET":
        yield HTTPStatus.CONFLICT
    if route.if_match:
        yield HTTPStatus.PRECONDITION_FAILED
    if route.takes_body:
        yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if route.limit:
        yield HTTPStatus.TOO_MANY_REQUESTS


def _describe(operation: dict[str, Any], route: Route) -> None:
    operation["operationId"] = route.name.replace(".", "_")
    if route.permission:
        operation["security"] = [{"bearer": []}]
    elif not route.no_token:
        operation["security"] = [{}, {"bearer": []}]
    for name, asked in (("IdempotencyKey", route.idempotency), ("IfMatch", route.if_match)):
        if asked:
            operation.setdefault("parameters", []).append(_ref("parameters", f"{name}_{asked}"))
    if route.raw:
        binary = {"schema": {"type": "string", "format": "binary"}}
        operation["requestBody"] = {"required": True, "content": dict.fromkeys(route.raw, binary)}
    responses = operation["responses"]
    if not any(status.startswith("2") for status in responses):
        responses["200"] = {"description": "OK", "content": {route.media: {}}}
    if route.method == "GET" and route.media.endswith("json"):
        responses["200"]["headers"] = {"ETag": _ref("headers", "ETag")}
        responses["304"] = _ref("responses", "NOT_MODIFIED")
    for status in _statuses(route):
        responses[str(status.value)] = _ref("responses", status.name)


def _health(name: str) -> dict[str, Any]:
    answers = {"live": ("200",), "ready": ("200", "503")}[name]
    schema = {"type": "object", "required": ["status"], "properties": {"status": {"examples": ["ok"], "type": "string"}}}
    content = {"application/json": {"schema": schema}}
    return {
        "operationId": f"health_{name}",
        "summary": {"live": "Say that this process lives.", "ready": "Say whether it can serve; `degraded` can."}[name],
        "responses": {status: {"description": HTTPStatus(int(status)).phrase, "content": content} for status in answers},
    }


def serve_documentation(app: Flask, api: PublishedApi) -> None:
    """Add `/openapi.json` and `/docs`."""
    document: list[dict[str, Any]] = []

    @app.get("/openapi.json")
    def openapi() -> Response:
        if not document:
            document.append(published_document(api))
        return answer(document[0])

    def page(content: str, mimetype: str) -> Response:
        return Response(content, mimetype=mimetype, headers={"Content-Security-Policy": _POLICY})

    @app.get("/docs")
    def docs() -> Response:
        return page(_PAGE, "text/html")

    @app.get("/docs/start.js")
    def docs_start() -> Response:
        return page(_START, "text/javascript")

    @app.get("/docs/<path:name>")
    def docs_file(name: str) -> Response:
        return send_from_directory(_DIST, name)
