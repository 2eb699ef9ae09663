"""Stylesheets and scripts: our own, and what `npm ci` has brought; each under the checksum of its content, for ever.

A machine without Node lacks the second kind: pages work without them, and `missing_assets` says so.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from flask import Flask, Response, abort

_HERE = Path(__file__).parent
_OWN = _HERE / "assets"
_NPM = _HERE / "npm" / "node_modules"
FETCHED: Mapping[str, str] = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "uplot.js": "uplot/dist/uPlot.iife.min.js",
    "uplot.css": "uplot/dist/uPlot.min.css",
}
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_CHECKSUM_CHARACTERS = 12


@cache
def _assets() -> Mapping[str, tuple[str, bytes]]:
    """Return checksum and content of every asset by its name."""
    places = {path.name: path for path in sorted(_OWN.iterdir()) if path.suffix in _TYPES}
    places |= {name: _NPM / place for name, place in FETCHED.items() if (_NPM / place).is_file()}
    contents = {name: place.read_bytes() for name, place in places.items()}
    return {name: (hashlib.sha256(held).hexdigest()[:_CHECKSUM_CHARACTERS], held) for name, held in contents.items()}


def missing_assets() -> list[str]:
    """Return the names of what `npm ci` would bring and has not."""
    return [name for name in FETCHED if name not in _assets()]


def asset(name: str) -> str:
    """Return the address of an asset; empty for one that this machine lacks. Raises KeyError for one that nobody knows."""
    if name in FETCHED and name not in _assets():
        return ""
    return f"/assets/{_assets()[name][0]}/{name}"


def serve_assets(app: Flask) -> None:
    """Add `/assets/<checksum>/<name>`."""

    @app.get("/assets/<checksum>/<name>")
    def assets_file(checksum: str, name: str) -> Response:
        held = _assets().get(name)
        if held is None or held[0] != checksum:
            abort(404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(held[1], content_type=_TYPES[Path(name).suffix], headers=headers)
