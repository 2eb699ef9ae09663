"""The published contract: OpenAPI 3.1 of every route, and a documentation page that loads nothing from outside."""

from pathlib import Path
from typing import Any

import flask_smorest
import flask_swagger_ui
from flask import Flask, Response, send_from_directory

from backend.http.blueprint import answer
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
    """Return the OpenAPI document, errors as `application/problem+json`."""
    document: dict[str, Any] = api.spec.to_dict()
    for shared in document.get("components", {}).get("responses", {}).values():
        content = shared.get("content", {})
        if "application/json" in content:
            content["application/problem+json"] = content.pop("application/json")
    return document


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
