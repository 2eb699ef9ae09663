"""What goes over the wire: queries, the forms of places, and how items are shown.

A reader gets each text in one language; with `all_languages=true` the item comes as an admin sends it.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from backend.sdk.domain import Context, department_book
from backend.sdk.web import ListQuery, Point, Schema
from services.service_info.config import Keyed, PlaceWords, Time
from services.service_info.domain import MAX_RADIUS_M, told_in

_INTERNAL = frozenset({"region_id", "id", "lat", "lng", "version", "edited_at", "retired_at"})


def shown(ctx: Context, row: Mapping[str, Any], *, all_languages: bool) -> dict[str, Any]:
    """Return an item as the API shows it; a reader's service names its department, and says if it is unverified."""
    item = {name: value for name, value in row.items() if name not in _INTERNAL}
    if "lat" in row:
        item["location"] = {"lat": row["lat"], "lng": row["lng"]}
    if all_languages:
        return item
    if "department_type" in row:
        item["department"] = _department(ctx, row["department_type"])
        notice = ctx.ground.catalogue.text("service_info.unverified", ctx.locale)
        item["notice"] = None if row["verified"] else notice
    told: dict[str, Any] = told_in(item, (ctx.locale, *ctx.region.languages))
    return told


def _department(ctx: Context, department_type: str) -> dict[str, str] | None:
    book = department_book(ctx)
    key = book.by_type.get(department_type)
    return {"key": key, "name": book.by_key[key].name} if key else None


class LatLngText(fields.Field[tuple[float, float]]):
    """A point written `lat,lng`."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[float, float]:
        lat, _comma, lng = str(value).partition(",")
        try:
            point: dict[str, float] = Point().load({"lat": float(lat), "lng": float(lng)})
        except (ValueError, ValidationError):
            raise ValidationError("service_info.no_point") from None
        return point["lat"], point["lng"]


class ItemQuery(Schema):
    """Which representation."""

    all_languages = fields.Boolean(load_default=False)


class ItemsQuery(ItemQuery, ListQuery):
    """Which page."""


class ServicesQuery(ItemsQuery):
    """Which services; `q` is looked for in names and summaries."""

    q = fields.String(validate=validate.Length(1, 100), metadata={"examples": ["akta"]})


class PlacesQuery(ItemsQuery):
    """Which places; `near` is `lat,lng`, `radius` in metres."""

    near = LatLngText(metadata={"type": "string", "examples": ["5.5529,95.3192"]})
    radius = fields.Integer(validate=validate.Range(1, MAX_RADIUS_M), metadata={"examples": [2000]})
    kind = fields.String(validate=validate.Length(1, 40), metadata={"examples": ["health_centre"]})

    @validates_schema
    def _circle(self, data: dict[str, Any], **_: Any) -> None:
        if "radius" in data and "near" not in data:
            raise ValidationError("request.required", "near")


class PlaceForm(PlaceWords):
    """A place, without its key; it lies in the region, or at most 250 m outside."""

    location = fields.Nested(Point, required=True)

    @post_load
    def _flatten(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**{name: value for name, value in data.items() if name != "location"}, **data["location"]}


class PlaceIn(Keyed, PlaceForm):
    """A new place."""


def _told(*examples: str, **options: Any) -> fields.Raw:
    one_of = [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]
    return fields.Raw(required=True, metadata={"oneOf": one_of, "examples": list(examples)}, **options)


class _Shown(Schema):
    key = fields.String(required=True, metadata={"examples": ["ktp-el-baru"]})
    position = fields.Integer(required=True)
    source = fields.String(required=True, metadata={"examples": ["https://dukcapil.bandaacehkota.go.id/"]})
    checked_on = fields.Date(required=True, allow_none=True, metadata={"examples": ["2026-11-02"]})


class CostShown(Schema):
    """What a service costs, in whole units of the currency."""

    amount = fields.Integer(required=True, metadata={"examples": [0]})
    currency = fields.String(required=True, metadata={"examples": ["IDR"]})
    note = _told("Gratis", allow_none=True)


class DepartmentShown(Schema):
    """The department that offers a service."""

    key = fields.String(required=True, metadata={"examples": ["disdukcapil"]})
    name = fields.String(required=True, metadata={"examples": ["Dinas Kependudukan dan Pencatatan Sipil"]})


class ServiceShown(_Shown):
    """A public service."""

    name = _told("KTP elektronik")
    department_type = fields.String(required=True, metadata={"examples": ["DUKCAPIL"]})
    summary = _told("Kartu tanda penduduk bagi warga 17 tahun ke atas.")
    requirements = fields.List(_told("Fotokopi kartu keluarga"), required=True)
    cost = fields.Nested(CostShown, required=True)
    time = fields.Nested(Time, required=True)
    legal_basis = fields.String(required=True, allow_none=True)
    verified = fields.Boolean(required=True)
    department = fields.Nested(DepartmentShown, allow_none=True)
    notice = fields.String(allow_none=True)


class ContactShown(_Shown):
    """A number to call."""

    name = _told("Ambulans")
    phone = fields.String(required=True, metadata={"examples": ["119"]})
    kind = fields.String(required=True, metadata={"examples": ["emergency"]})


class PlaceShown(_Shown):
    """A place; `distance_m` where the question named a point."""

    name = _told("Puskesmas Kuta Alam")
    kind = fields.String(required=True, metadata={"examples": ["health_centre"]})
    location = fields.Nested(Point, required=True)
    address = fields.String(required=True, allow_none=True)
    distance_m = fields.Integer()


class ArticleShown(_Shown):
    """An article; lists leave its body out."""

    title = _told("Rekam KTP di hari libur")
    body = _told("Loket buka setiap Sabtu.")
    published_on = fields.Date(required=True, metadata={"examples": ["2026-11-02"]})


class ArticleBrief(ArticleShown):
    """An article in a list."""

    class Meta(Schema.Meta):
        """Without its body."""

        exclude = ("body",)
