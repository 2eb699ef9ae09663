"""The screen: one for a region, on a wall or on a laptop, which looks again by itself.

It knows no module: figures become tiles, those by day a chart, what they are divided into tables, and what is by area a map.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Response
from marshmallow import fields, validate

from backend.sdk.domain import Context
from backend.sdk.indicators import Part, Unit
from backend.sdk.pages import Drawing, Entry, PageBlueprint, draw, fragment_asked, get_shapes, here, render, tile_server
from backend.sdk.web import Schema
from services.command_centre.domain import READ
from services.command_centre.queries import ROOM, Shown, list_shown, newest_alarms

SCREEN = "/command-centre"
_ROWS = 8  # of a table, before one asks for the rest
_WIDTH, _HEIGHT = 640, 560

blueprint = PageBlueprint(ROOM, templates=Path(__file__).parent / "templates")
ENTRY = Entry(
    text="command_centre.page",
    about="command_centre.page_about",
    path=SCREEN,
    shelf="work",
    module=ROOM,
    permission=READ,
    order=5,
)


class ScreenQuery(Schema):
    """Which figure colours the map."""

    map = fields.String(load_default=None, validate=validate.Length(max=80), metadata={"examples": ["complaints.open"]})


@dataclass(frozen=True, kw_only=True)
class Table:
    """What the figures say of each part of one dimension, of units and places alone; where most is to do comes first."""

    name: str
    title: str  # a code
    columns: Sequence[Shown]
    rows: Sequence[tuple[str, Sequence[Part | None]]]
    shown: int = _ROWS


@blueprint.page("GET", "", permission=READ, query=ScreenQuery)
def show(ctx: Context, query: dict[str, Any]) -> Response:
    """Show the screen, or to htmx the board of it alone."""
    shown = list_shown(ctx, parts=True)
    coloured = _coloured(ctx, shown, query["map"])
    known = [each.reading.as_of for each in shown if each.reading.as_of is not None]
    return render(
        ctx,
        f"{ROOM}/{'board' if fragment_asked() else 'screen'}.html",
        figures=shown,
        as_of=min(known) if len(known) == len(shown) and known else None,
        charts=[each for each in shown if each.reading.days and each.indicator.unit is Unit.COUNT],
        tables=list(_tables(shown)),
        map=_map(ctx, coloured) if coloured else None,
        coloured=coloured,
        colours=[each for each in shown if "area" in each.indicator.dimensions and each.indicator.unit is Unit.COUNT],
        alarms=newest_alarms(ctx),
        refresh=ctx.config(ROOM)["refresh_seconds"],
        address=here(ctx.region, SCREEN, map=query["map"]),
    )


def _coloured(ctx: Context, shown: Sequence[Shown], asked: str | None) -> Shown | None:
    by_key = {each.indicator.key: each for each in shown if "area" in each.reading.by}
    for key in (asked, ctx.config(ROOM)["map_by"]):
        if key in by_key:
            return by_key[key]
    return next(iter(by_key.values()), None)


def _map(ctx: Context, coloured: Shown) -> Drawing | None:
    shapes = get_shapes(ctx)
    nothing = 0.0 if coloured.indicator.unit is Unit.COUNT else None
    values = dict.fromkeys(shapes.codes, nothing) | {part.key: part.value for part in coloured.reading.by["area"]}
    return draw(shapes, values=values, tiles=tile_server(ctx.region.identity), width=_WIDTH, height=_HEIGHT)


def _tables(shown: Sequence[Shown]) -> list[Table]:
    names = {name: code for each in shown for name, code in each.indicator.dimensions.items()}
    return [table for name, code in names.items() if (table := _table(name, code, shown)).rows]


def _table(name: str, title: str, shown: Sequence[Shown]) -> Table:
    columns = [each for each in shown if name in each.reading.by]
    parts: list[Mapping[str, Part]] = [{part.key: part for part in each.reading.by[name]} for each in columns]
    labels = {part.key: part.label for column in parts for part in column.values()}
    rows = [(label, [column.get(key) for column in parts]) for key, label in labels.items()]

    def importance(row: tuple[str, Sequence[Part | None]]) -> Any:
        counts = [
            part.value or 0 if part else 0
            for part, each in zip(row[1], columns, strict=True)
            if each.indicator.unit is Unit.COUNT
        ]
        return [-count for count in counts], row[0]

    return Table(name=name, title=title, columns=columns, rows=sorted(rows, key=importance))
