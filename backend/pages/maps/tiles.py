"""A tile server behind the maps of a region, from `identity.map.tiles` of its pack; most regions have none and need none.

Whoever looks at such a map asks that server for pictures: it learns their address and where they look.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from backend.pages.maps.mercator import TILE, Part

MAX_TILES = 24  # of one drawing
_DEEPEST = 19  # what public servers have
_CRISP = 0.3  # of a doubling: how far a picture may be enlarged before the next deeper ones are taken
_WHERE = {"{z}", "{x}", "{y}"}
# What may stand in a policy header and in an attribute as it is: no blanks, quotes, commas or semicolons.
_URL = re.compile(r"https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?/[A-Za-z0-9._~/?&=%+@:{}-]*")


def check_tile_url(url: str) -> None:
    """Raise ValueError, in words for whoever wrote it, unless `url` is the address of an XYZ tile server."""
    if not _URL.fullmatch(url):
        raise ValueError(f"{url!r:.120} is not the address of tiles: write it like https://tiles.example/{{z}}/{{x}}/{{y}}.png")
    named = re.findall(r"\{[^{}]*\}", url)
    for missing in sorted(_WHERE - set(named)):
        raise ValueError(f"{url!r:.120} does not say where {missing} goes")
    for other in sorted(set(named) - _WHERE):
        raise ValueError(f"{url!r:.120}: nothing is known to put in for {other}; {{z}}, {{x}} and {{y}} are")
    if set("{}") & set(re.sub(r"\{[^{}]*\}", "", url)):
        raise ValueError(f"{url!r:.120} has a brace too many")


@dataclass(frozen=True, kw_only=True)
class TileServer:
    """Where tiles come from (`https://.../{z}/{x}/{y}.png`), and whose they are."""

    url: str
    attribution: str


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One picture, and where it lies on the drawing."""

    href: str
    x: float
    y: float
    width: float
    height: float


def tile_server(identity: Mapping[str, Any]) -> TileServer | None:
    """Return the tile server that a region's identity names."""
    named = identity.get("map", {}).get("tiles")
    return TileServer(url=named["url"], attribution=named["attribution"]) if named else None


def tile_origin(identity: Mapping[str, Any]) -> str | None:
    """Return the origin of the region's tile server, for `img-src` of the page's policy."""
    server = tile_server(identity)
    if server is None:
        return None
    check_tile_url(server.url)
    return f"https://{urlsplit(server.url).netloc}"


def tiles_behind(server: TileServer, view: Part, scale: float) -> Iterator[Tile]:
    """Return the tiles that cover `view` on a drawing of so many pixels to the whole square, 24 at most."""
    zoom = min(max(math.ceil(math.log2(scale / TILE) - _CRISP), 0), _DEEPEST)
    while len(columns := _numbers(view.west, view.east, zoom)) * len(rows := _numbers(view.north, view.south, zoom)) > MAX_TILES:
        zoom -= 1
    for row in rows:
        for column in columns:
            west, east = (round((each / 2**zoom - view.west) * scale, 1) for each in (column, column + 1))
            north, south = (round((each / 2**zoom - view.north) * scale, 1) for each in (row, row + 1))
            href = server.url.replace("{z}", str(zoom)).replace("{x}", str(column)).replace("{y}", str(row))
            # Sizes are differences of rounded edges, so that neighbours meet.
            yield Tile(href=href, x=west, y=north, width=round(east - west, 1), height=round(south - north, 1))


def _numbers(start: float, end: float, zoom: int) -> range:
    across = 2**zoom
    return range(max(math.floor(start * across), 0), min(math.ceil(end * across), across))
