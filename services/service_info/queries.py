"""What the room is asked: lists of items, one statement each, and one item by its key."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, SQLColumnExpression, Text, cast, func, or_, select, tuple_

from backend.sdk.data import EARTH_RADIUS_M, bounding_box, decode_cursor, encode_cursor
from backend.sdk.domain import Context, not_found
from services.service_info.config import ServiceInfoSettings
from services.service_info.domain import EDITORS, RADIUS_M
from services.service_info.models import KINDS, Article, Contact, Item, Place, Service

Row = Mapping[str, Any]
Page = tuple[Sequence[Row], str | None]


def _shown(ctx: Context, model: type[Item]) -> list[ColumnElement[bool]]:
    """Return what holds for each item that this reader may see."""
    conditions = [model.region_id == ctx.region.id, model.retired_at.is_(None)]
    if issubclass(model, Article) and not ctx.may(EDITORS):
        conditions.append(model.published_on <= ctx.now().astimezone(ctx.region.zone).date())
    return conditions


def _mark(value: Any) -> Any:
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else value


def _page(
    ctx: Context,
    chosen: Select[Any],
    by: Mapping[str, SQLColumnExpression[Any]],
    kinds: Sequence[type],
    *,
    limit: int,
    cursor: str | None,
    newest_first: bool = False,
) -> Page:
    if cursor is not None:
        place = tuple_(*by.values())
        last = [mark.date() if isinstance(mark, datetime) else mark for mark in decode_cursor(cursor, *kinds)]
        chosen = chosen.where(place < last if newest_first else place > last)
    order = [column.desc() if newest_first else column.asc() for column in by.values()]
    rows = [row._asdict() for row in ctx.session.execute(chosen.order_by(*order).limit(limit + 1))]
    more = len(rows) > limit
    return rows[:limit], encode_cursor(*(_mark(rows[limit - 1][name]) for name in by)) if more else None


def list_services(ctx: Context, *, search: str | None = None, limit: int, cursor: str | None) -> Page:
    """Return services in the region's order; `search` is looked for in names and summaries of each of its languages."""
    chosen = select(*Service.__table__.c).where(*_shown(ctx, Service))
    if search is not None:
        texts = [
            column.op("->>", return_type=Text())(language)
            for column in (Service.name, Service.summary)
            for language in {ctx.locale, *ctx.region.languages}
        ]
        chosen = chosen.where(or_(*(text.icontains(search, autoescape=True) for text in texts)))
    by = {"position": Service.position, "key": Service.key}
    return _page(ctx, chosen, by, (int, str), limit=limit, cursor=cursor)


def list_contacts(ctx: Context, *, limit: int, cursor: str | None) -> Page:
    """Return contacts, those for an emergency first."""
    chosen = select(*Contact.__table__.c).where(*_shown(ctx, Contact))
    # "emergency" sorts before "information"
    by = {"kind": Contact.kind, "position": Contact.position, "key": Contact.key}
    return _page(ctx, chosen, by, (str, int, str), limit=limit, cursor=cursor)


def list_places(
    ctx: Context,
    *,
    near: tuple[float, float] | None = None,
    radius_m: int = RADIUS_M,
    kind: str | None = None,
    limit: int,
    cursor: str | None,
) -> Page:
    """Return places; with `near` (lat, lng) those within `radius_m`, nearest first, each with its `distance_m`."""
    chosen = select(*Place.__table__.c).where(*_shown(ctx, Place))
    if kind is not None:
        chosen = chosen.where(Place.kind == kind)
    if near is None:
        by = {"position": Place.position, "key": Place.key}
        return _page(ctx, chosen, by, (int, str), limit=limit, cursor=cursor)
    box, distance = bounding_box(near, radius_m), _distance_m(near)
    chosen = chosen.where(Place.lat.between(box.south, box.north), Place.lng.between(box.west, box.east), distance <= radius_m)
    # To the metre, as it is shown: a cursor then says the same number as the database.
    metres = cast(func.round(distance), BigInteger)
    chosen = chosen.add_columns(metres.label("distance_m"))
    nearest = {"distance_m": metres, "key": Place.key}
    return _page(ctx, chosen, nearest, (int, str), limit=limit, cursor=cursor)


def list_kinds_of_places(ctx: Context) -> Sequence[str]:
    """Return the kinds of places that the region has, by name."""
    return ctx.session.scalars(select(Place.kind).where(*_shown(ctx, Place)).distinct().order_by(Place.kind)).all()


def _distance_m(near: tuple[float, float]) -> ColumnElement[float]:
    """Return the great-circle distance from `near` in metres (haversine), as `distance_m` of the core has it."""
    lat, lng = near
    h = func.power(func.sin(func.radians(Place.lat - lat) / 2), 2) + func.cos(func.radians(lat)) * func.cos(
        func.radians(Place.lat)
    ) * func.power(func.sin(func.radians(Place.lng - lng) / 2), 2)
    return 2 * EARTH_RADIUS_M * func.asin(func.least(1.0, func.sqrt(h)))


def list_articles(ctx: Context, *, limit: int, cursor: str | None) -> Page:
    """Return articles without their bodies, the newest first."""
    columns = [column for column in Article.__table__.c if column.key != "body"]
    chosen = select(*columns).where(*_shown(ctx, Article))
    by = {"published_on": Article.published_on, "key": Article.key}
    return _page(ctx, chosen, by, (datetime, str), limit=limit, cursor=cursor, newest_first=True)


def get_item(ctx: Context, model: type[Item], key: str) -> Row:
    """Return one item. Raises DomainError (404), also for one that is retired or not yet published."""
    row = ctx.session.execute(select(*model.__table__.c).where(*_shown(ctx, model), model.key == key)).one_or_none()
    if row is None:
        raise not_found()
    return row._asdict()


def find_edited_settings(ctx: Context, said: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the settings that would make the items as they stand, retired ones left out; None while no admin edited any.

    What nobody edited is said as `said`, the settings in force, have it, and in their order; what admins added follows.
    """
    found = {kind: _standing(ctx, kind, said.get(kind, ())) for kind in KINDS}
    if not any(edited for edited, _ in found.values()):
        return None
    return {kind: items for kind, (_, items) in found.items()}


def _standing(ctx: Context, kind: str, said: Sequence[Row]) -> tuple[bool, list[Row]]:
    """Return whether an admin edited any of the items, and those that are not retired as settings say them."""
    model = KINDS[kind]
    chosen = select(model).where(model.region_id == ctx.region.id).order_by(model.position, model.key)
    rows = ctx.session.scalars(chosen).all()
    order = {item["key"]: index for index, item in enumerate(said)}
    standing = sorted((row for row in rows if row.retired_at is None), key=lambda row: order.get(row.key, len(order)))
    items: list[Row] = []
    for place, row in enumerate(standing, start=1):
        item = dict(said[order[row.key]]) if row.edited_at is None else _as_said(kind, row)
        if item.get("position") is None and row.position != place:
            item["position"] = row.position  # otherwise its place in the list says it
        items.append(item)
    return any(row.edited_at for row in rows), items


def _as_said(kind: str, row: Item) -> dict[str, Any]:
    """Return an item in the form of a pack, without what it leaves open."""
    [item] = ServiceInfoSettings().dump({kind: [row]})[kind]
    said = {name: value for name, value in item.items() if value is not None and name != "position"}
    if "cost" in said:
        said["cost"] = {name: value for name, value in said["cost"].items() if value is not None}
    return said
