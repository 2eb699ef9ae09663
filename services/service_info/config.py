"""What a region's pack sets in this room, `service_info.yaml`; admins send the same forms over the API."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from backend.sdk.module import Schema
from services.service_info.domain import LANGUAGE

PHONE = r"(?=([^0-9]*[0-9]){3,15}[^0-9]*$)\+?[0-9(][0-9 ()./-]*"  # 3 to 15 digits, as people write them


def _whole(pattern: str) -> validate.Regexp:
    # In the words that a JSON Schema knows as well: it has no `\Z`.
    return validate.Regexp(rf"^(?:{pattern})$(?!\n)")


def _text(most: int, *examples: dict[str, str], **options: Any) -> fields.Dict:
    """Return a field for a text in several languages, none of them empty or blank."""
    return fields.Dict(
        keys=fields.String(validate=_whole(LANGUAGE)),
        values=fields.String(validate=[validate.Length(1, most), validate.Regexp(r"\s*\S")]),
        validate=validate.Length(1, 10),
        metadata={"x-label": True, "examples": list(examples)},
        **{"required": True, **options},
    )


def _words(most: int, example: str, **options: Any) -> fields.String:
    return fields.String(validate=validate.Length(1, most), metadata={"examples": [example]}, **options)


def _key(pattern: str, example: str) -> fields.String:
    return fields.String(required=True, validate=_whole(pattern), metadata={"examples": [example]})


class Keyed(Schema):
    """What an item is known by in its region; it never changes."""

    key = _key("[a-z0-9][a-z0-9_-]{0,79}", "ktp-el-baru")


class _Item(Schema):
    position = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(0, 10_000), metadata={"examples": [1]}
    )
    source = _words(500, "https://dukcapil.bandaacehkota.go.id/", required=True)
    checked_on = fields.Date(required=True, metadata={"examples": ["2026-11-02"]})


class Cost(Schema):
    """What a service costs, in whole units of the currency."""

    amount = fields.Integer(strict=True, required=True, validate=validate.Range(0, 10**12), metadata={"examples": [0]})
    currency = _key("[A-Z]{3}", "IDR")
    note = _text(500, {"id": "Gratis", "en": "Free of charge"}, required=False, load_default=None, allow_none=True)


class Time(Schema):
    """How long a service takes."""

    working_days = fields.Integer(strict=True, required=True, validate=validate.Range(0, 1000), metadata={"examples": [1]})


class ServiceForm(_Item):
    """A public service, without its key."""

    name = _text(200, {"id": "KTP elektronik", "en": "Electronic identity card"})
    department_type = _key("[A-Z][A-Z0-9_]{1,30}", "DUKCAPIL")
    summary = _text(2000, {"id": "Kartu tanda penduduk bagi warga 17 tahun ke atas.", "en": "For residents from 17."})
    requirements = fields.List(
        _text(500, {"id": "Fotokopi kartu keluarga", "en": "Copy of the family card"}),
        required=True,
        validate=validate.Length(0, 50),
    )
    cost = fields.Nested(Cost, required=True)
    time = fields.Nested(Time, required=True)
    legal_basis = _words(500, "Perpres 96/2018", load_default=None, allow_none=True)
    verified = fields.Boolean(load_default=False)


class ContactForm(_Item):
    """A number to call, without its key."""

    name = _text(200, {"id": "Ambulans", "en": "Ambulance"})
    phone = fields.String(
        required=True,
        validate=[validate.Length(3, 30), _whole(PHONE)],
        metadata={"examples": ["119"]},
    )
    kind = fields.String(
        required=True, validate=validate.OneOf(["emergency", "information"]), metadata={"examples": ["emergency"]}
    )


class PlaceWords(_Item):
    """What is said of a place, but for its key and where it is."""

    checked_on = fields.Date(load_default=None, allow_none=True, metadata={"examples": ["2026-11-02"]})
    name = _text(200, {"id": "Puskesmas Kuta Alam", "en": "Kuta Alam health centre"})
    kind = _key("[a-z][a-z0-9_]{1,39}", "health_centre")
    address = _words(500, "Jl. T. Hasan Dek, Beurawe", load_default=None, allow_none=True)


class ArticleForm(_Item):
    """A text to read, in plain text, without its key; before its day only those who edit see it."""

    checked_on = fields.Date(load_default=None, allow_none=True, metadata={"examples": ["2026-11-02"]})
    title = _text(200, {"id": "Rekam KTP di hari libur", "en": "Identity cards on holidays"})
    body = _text(20_000, {"id": "Loket buka setiap Sabtu.", "en": "The counter is open on Saturdays."})
    published_on = fields.Date(required=True, metadata={"examples": ["2026-11-02"]})


class ServiceIn(Keyed, ServiceForm):
    """A new service."""


class ContactIn(Keyed, ContactForm):
    """A new contact."""


class ArticleIn(Keyed, ArticleForm):
    """A new article."""


class PackPlace(Keyed, PlaceWords):
    """A place as a pack writes it."""

    lat = fields.Float(required=True, validate=validate.Range(-90, 90))
    lng = fields.Float(required=True, validate=validate.Range(-180, 180))


def _items(form: type[Schema]) -> fields.List[Any]:
    return fields.List(fields.Nested(form), load_default=list)


class ServiceInfoSettings(Schema):
    """The whole of `service_info.yaml`."""

    services = _items(ServiceIn)
    contacts = _items(ContactIn)
    places = _items(PackPlace)
    articles = _items(ArticleIn)

    @validates_schema
    def _keys_stand_once(self, data: dict[str, list[dict[str, Any]]], **_: Any) -> None:
        faults: dict[str, dict[int, Any]] = {}
        for kind, items in data.items():
            keys = [item["key"] for item in items]
            for index, key in enumerate(keys):
                if key in keys[:index]:
                    faults.setdefault(kind, {})[index] = {"key": [f"service_info.key_twice|key={key}"]}
        if faults:
            raise ValidationError(faults)
