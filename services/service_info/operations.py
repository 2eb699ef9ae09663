"""What changes the room's items: a pack that is applied, and an admin who adds, replaces or takes away."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import phonenumbers
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from backend.sdk.domain import Context, DomainError, FieldError, Kind, department_book, new_id, not_found
from services.service_info.domain import CITED, LAST, texts_without
from services.service_info.models import KINDS, Contact, Item, Place, Service


def seed_items(ctx: Context) -> None:
    """Lay the pack's items under those of the admins: what was edited stays, what the pack dropped is retired.

    Applying the same pack again changes nothing. Where a pack says what an admin said, it is the pack's word from then on.
    """
    config = ctx.config("service_info")
    changed = {name: _seed(ctx, model, config[name]) for name, model in KINDS.items()}
    if any(changed.values()):
        ctx.audit("service_info.seeded", subject="service_info", details=changed)


def _seed(ctx: Context, model: type[Item], items: Sequence[Mapping[str, Any]]) -> int:
    rows = [{**item, "position": _position(item, index)} for index, item in enumerate(items, start=1)]
    _agree(ctx, model, {row["key"]: row for row in rows})
    written = _lay(ctx, model, rows, over=model.edited_at.is_(None))
    dropped = (
        update(model)
        .where(
            model.region_id == ctx.region.id,
            model.key.not_in([item["key"] for item in items]),
            model.edited_at.is_(None),
            model.retired_at.is_(None),
        )
        .values(retired_at=ctx.now(), version=model.version + 1)
        .returning(model.key)
    )
    return len(written) + len(ctx.session.scalars(dropped).all())


def _agree(ctx: Context, model: type[Item], rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Take the admins' mark off the items of which the pack says the same, or, when they are retired, nothing either."""
    for item in ctx.session.scalars(select(model).where(model.region_id == ctx.region.id, model.edited_at.is_not(None))):
        said = rows.get(item.key)
        if said is None:
            agreed = item.retired_at is not None
        else:
            agreed = item.retired_at is None and all(_alike(getattr(item, name), value) for name, value in said.items())
        if agreed:
            item.edited_at = None
    ctx.session.flush()


def _alike(one: Any, other: Any) -> bool:
    """Whether two values are the same, or both no more than a line of a pack."""
    return bool(one == other) or all(isinstance(value, str) and value.startswith(CITED) for value in (one, other))


def _position(values: Mapping[str, Any], otherwise: int) -> int:
    return otherwise if values["position"] is None else int(values["position"])


def _lay(ctx: Context, model: type[Item], rows: Sequence[Mapping[str, Any]], *, over: ColumnElement[bool]) -> Sequence[int]:
    """Write the rows, each over one of its key where `over` holds and something differs; return the versions written."""
    if not rows:
        return ()
    own = {"region_id": ctx.region.id, "retired_at": None}
    statement = insert(model).values([{**own, "id": new_id(), **row} for row in rows])
    said = {name: statement.excluded[name] for name in ("retired_at", *rows[0]) if name != "key"}
    differs = or_(*(getattr(model, name).is_distinct_from(value) for name, value in said.items()))
    return ctx.session.scalars(
        statement.on_conflict_do_update(
            index_elements=["region_id", "key"], set_={**said, "version": model.version + 1}, where=over & differs
        ).returning(model.version)
    ).all()


def create_item(ctx: Context, model: type[Item], values: Mapping[str, Any]) -> None:
    """Add an item; the key of a retired one may be used again. Raises DomainError: 422, or 409 for a key in use."""
    _check(ctx, model, values)
    row = {**values, "position": _position(values, LAST), "edited_at": ctx.now()}
    if not _lay(ctx, model, [row], over=model.retired_at.is_not(None)):
        raise DomainError(Kind.CONFLICT, "service_info.key_taken", params={"key": values["key"]})
    _audit(ctx, model, "created", values["key"])


def replace_item(ctx: Context, model: type[Item], key: str, values: Mapping[str, Any], *, expected_version: int) -> None:
    """Replace what an item says. Raises DomainError: 404, 412 when another edit came before, 422."""
    item = _locked(ctx, model, key, expected_version)
    _check(ctx, model, values)
    for name, value in values.items():
        setattr(item, name, value)
    item.position = _position(values, LAST)
    _touch(ctx, item)
    _audit(ctx, model, "replaced", key)


def retire_item(ctx: Context, model: type[Item], key: str, *, expected_version: int) -> None:
    """Take an item away: no pack that still names it brings it back. Raises DomainError: 404, 412."""
    item = _locked(ctx, model, key, expected_version)
    item.retired_at = ctx.now()
    _touch(ctx, item)
    _audit(ctx, model, "retired", key)


def _locked(ctx: Context, model: type[Item], key: str, expected_version: int) -> Item:
    item = ctx.session.scalars(
        select(model).where(model.region_id == ctx.region.id, model.key == key, model.retired_at.is_(None)).with_for_update()
    ).one_or_none()
    if item is None:
        raise not_found()
    if item.version != expected_version:
        raise DomainError(Kind.STALE, "request.stale")
    return item


def _touch(ctx: Context, item: Item) -> None:
    item.version += 1
    item.edited_at = ctx.now()


def _audit(ctx: Context, model: type[Item], what: str, key: str) -> None:
    ctx.audit(f"service_info.{model.__name__.lower()}_{what}", subject=key)


def _check(ctx: Context, model: type[Item], values: Mapping[str, Any]) -> None:
    faults = list(_faults(ctx, model, values))
    if faults:
        raise DomainError(Kind.INVALID, "request.invalid", errors=faults)


def _faults(ctx: Context, model: type[Item], values: Mapping[str, Any]) -> Iterator[FieldError]:
    """Yield what the form alone cannot tell: it takes the region to know."""
    for path in texts_without(ctx.region.languages[0], values):
        yield FieldError(field=path, code="service_info.language_missing")
    if model is Service and values["department_type"] not in department_book(ctx).by_type:
        yield FieldError(field="department_type", code="service_info.no_department")
    if model is Contact and not _can_be_called(values["phone"], ctx.region.identity["phone"]["country"]):
        yield FieldError(field="phone", code="service_info.no_phone")
    if model is Place and not ctx.ground.regions.areas.find_area(ctx.region.id, values["lat"], values["lng"]):
        yield FieldError(field="location", code="service_info.outside", params={"region": ctx.region.name})


def _can_be_called(phone: str, country: str) -> bool:
    """Whether the number is possible in the country, emergency and other short numbers among them."""
    try:
        number = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(number) or phonenumbers.is_possible_short_number_for_region(number, country)
