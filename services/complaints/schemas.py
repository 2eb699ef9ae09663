"""What goes over the wire of complaints."""

from typing import Any

from marshmallow import fields, validate

from backend.sdk.web import ListQuery, Point, Schema, not_blank
from services.complaints.domain.visibility import Visibility

WORDS = 5000


def _words(longest: int, example: str, **options: Any) -> fields.String:
    return fields.String(validate=[validate.Length(max=longest), not_blank], metadata={"examples": [example]}, **options)


def _key(example: str, **options: Any) -> fields.String:
    return fields.String(validate=validate.Length(1, 40), metadata={"examples": [example]}, **options)


class ComplaintIn(Schema):
    """A complaint as it is submitted. `id` may be made by the client, so that a retry is the same report."""

    id = fields.UUID(metadata={"examples": ["0195f3a2-6c1e-7000-8000-000000000001"]})
    category = _key("JLN-01", required=True)
    description = _words(WORDS, "Jalan berlubang di depan pasar, sudah seminggu.", required=True)
    location = fields.Nested(Point)
    landmark = _words(200, "depan Pasar Atjeh")
    visibility = fields.String(validate=validate.OneOf([item.value for item in Visibility]), metadata={"examples": ["public"]})
    file_ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=5))


class ComplaintFileOut(Schema):
    """A picture of a complaint, by signed links."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, metadata={"examples": ["report"]})
    url = fields.String(required=True)
    thumbnail_url = fields.String(required=True)


class ComplaintAreaOut(Schema):
    """The lowest area of a complaint; `parents` are codes, nearest first."""

    code = fields.String(required=True, metadata={"examples": ["11.71.01.2001"]})
    name = fields.String(required=True)
    parents = fields.List(fields.String(), required=True)


class ComplaintDepartmentOut(Schema):
    """The department in charge."""

    key = fields.String(required=True, metadata={"examples": ["pupr"]})
    name = fields.String(required=True)


class ComplaintMoveOut(Schema):
    """What I may do next, and what it needs."""

    move = fields.String(required=True, metadata={"examples": ["confirm"]})
    label = fields.String(required=True)
    needs = fields.List(fields.String(), required=True)


class ComplaintSummary(Schema):
    """A complaint in a list; what the reader may not read is null."""

    id = fields.UUID(required=True)
    number = fields.String(required=True, metadata={"examples": ["BNA-2611-000042-K"]})
    status = fields.String(required=True, metadata={"examples": ["submitted"]})
    status_label = fields.String(required=True, metadata={"examples": ["Menunggu"]})
    category = fields.String(required=True, metadata={"examples": ["JLN-01"]})
    category_name = fields.String(required=True)
    description = fields.String(required=True, allow_none=True)
    location = fields.Nested(Point, required=True, allow_none=True)
    landmark = fields.String(required=True, allow_none=True)
    area = fields.Nested(ComplaintAreaOut, required=True, allow_none=True)
    department = fields.Nested(ComplaintDepartmentOut, required=True, allow_none=True)
    visibility = fields.String(required=True)
    published = fields.Boolean(required=True)
    submitted_at = fields.AwareDateTime(required=True)
    response_due_at = fields.AwareDateTime(required=True, allow_none=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    support_count = fields.Integer(required=True)
    under_appeal = fields.Boolean(required=True)


class ComplaintOut(ComplaintSummary):
    """A complaint whole. `tracking_code` is the reporter's alone; `receipt` is null until receipts are built."""

    tracking_code = fields.String(metadata={"examples": ["7Q4XK2M9D1ZP5"]})
    receipt_code = fields.String(metadata={"description": "A guest's, once"})
    emergency_notice = fields.String(allow_none=True)
    files = fields.List(fields.Nested(ComplaintFileOut), required=True)
    receipt = fields.Dict(required=True, allow_none=True)
    rating = fields.Integer(required=True, allow_none=True)
    supported = fields.Boolean(required=True)
    assignee = fields.UUID(allow_none=True)
    merged_into = fields.UUID(required=True, allow_none=True)
    authority = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True)
    moves = fields.List(fields.Nested(ComplaintMoveOut), required=True)


class CategoryOut(Schema):
    """A category, with what an app must show and ask before it sends."""

    code = fields.String(required=True, metadata={"examples": ["JLN-01"]})
    name = fields.String(required=True, metadata={"examples": ["Jalan berlubang"]})
    group = fields.String(required=True)
    group_name = fields.String(required=True)
    photo_required = fields.Boolean(required=True)
    location_required = fields.Boolean(required=True)
    visibility = fields.String(required=True, metadata={"examples": ["public"]})
    confidentiality = fields.String(required=True, metadata={"examples": ["open"]})
    emergency = fields.Boolean(required=True)
    emergency_notice = fields.String(required=True, allow_none=True)
    without_account = fields.Boolean(required=True)
    response_hours = fields.Integer(required=True, allow_none=True)
    completion = fields.Dict(required=True, allow_none=True)


class ComplaintQuery(ListQuery):
    """Which complaints to list; `bbox` is west,south,east,north."""

    mine = fields.Boolean(load_default=False)
    status = _key("submitted")
    category = _key("JLN-01")
    department = _key("pupr")
    area = _key("11.71.01")
    bbox = fields.String(validate=validate.Length(1, 120), metadata={"examples": ["95.27,5.51,95.38,5.61"]})
    q = fields.String(validate=validate.Length(1, 100), metadata={"examples": ["pasar"]})
    since = fields.AwareDateTime()


class MapQuery(Schema):
    """What a map shows; `bbox` is west,south,east,north, without one the whole region."""

    bbox = fields.String(validate=validate.Length(1, 120), metadata={"examples": ["95.27,5.51,95.38,5.61"]})
    status = _key("submitted")
    category = _key("JLN-01")


class MapPlace(Schema):
    """Where a complaint is: longitude first, as GeoJSON has it."""

    type = fields.Constant("Point", required=True)
    coordinates = fields.List(fields.Float(), required=True, validate=validate.Length(equal=2))


class MapPin(Schema):
    """What a pin tells when it is touched; the rest is the complaint itself."""

    number = fields.String(required=True, metadata={"examples": ["BNA-2611-000042-K"]})
    status = fields.String(required=True, metadata={"examples": ["submitted"]})
    status_label = fields.String(required=True, metadata={"examples": ["Menunggu"]})
    category = fields.String(required=True, metadata={"examples": ["JLN-01"]})
    category_name = fields.String(required=True)
    submitted_at = fields.AwareDateTime(required=True)
    support_count = fields.Integer(required=True)


class MapFeature(Schema):
    """A complaint on the map."""

    type = fields.Constant("Feature", required=True)
    id = fields.UUID(required=True)
    geometry = fields.Nested(MapPlace, required=True)
    properties = fields.Nested(MapPin, required=True)


class MapOut(Schema):
    """GeoJSON (RFC 7946). `more` says that the view holds more than the newest of each of its parts: come closer."""

    type = fields.Constant("FeatureCollection", required=True)
    features = fields.List(fields.Nested(MapFeature), required=True)
    more = fields.Boolean(required=True)


class MoveIn(Schema):
    """A move and what it needs (the detail's `moves` say which)."""

    move = _key("accept", required=True)
    note = _words(WORDS, "Bukan di wilayah kami.")
    department = _key("pupr")
    assignee = fields.UUID()
    reason = _key("duplicate")
    cluster = fields.UUID()
    authority = _words(200, "PLN")
    number = _words(100, "SP4N-123456")
    file_ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=10))


class TimelineLine(Schema):
    """What happened, by whom (a role, never a name)."""

    at = fields.AwareDateTime(required=True)
    move = fields.String(required=True, metadata={"examples": ["accept"]})
    from_state = fields.String(required=True, allow_none=True, data_key="from")
    to = fields.String(required=True)
    by = fields.String(required=True, metadata={"examples": ["department_officer"]})
    note = fields.String(required=True, allow_none=True)
    internal = fields.Boolean(required=True)
    details = fields.Dict(required=True)
    files = fields.List(fields.Nested(ComplaintFileOut), required=True)


class RoutingOut(Schema):
    """One decision of routing, with the steps that led to it."""

    at = fields.AwareDateTime(required=True)
    department = fields.String(required=True, allow_none=True)
    pack_version = fields.String(required=True)
    trace = fields.List(fields.Dict(), required=True)


class RatingIn(Schema):
    """The reporter's rating."""

    score = fields.Integer(required=True, validate=validate.Range(1, 5), metadata={"examples": [4]})
    comment = _words(1000, "Cepat ditangani.", load_default=None)


class NoteIn(Schema):
    """An internal note."""

    note = _words(WORDS, "Sudah dihubungi lewat telepon.", required=True)


class CodeQuery(Schema):
    """The reporter's tracking code, or a guest's receipt code."""

    code = _key("7Q4XK2M9D1ZP5", load_default=None)


class CodeMoveIn(Schema):
    """A reporter's move, by the code that the reporter was given."""

    code = fields.String(required=True, validate=validate.Length(1, 40), metadata={"examples": ["7Q4XK2M9D1ZP5"]})
    move = _key("answer", required=True)
    note = _words(WORDS, "Di depan toko buku.")


class TrackedOut(Schema):
    """What a number tells: the state and its history; words and pictures only what was published, or with the reporter's code."""

    number = fields.String(required=True)
    status = fields.String(required=True)
    status_label = fields.String(required=True)
    category = fields.String(required=True)
    category_name = fields.String(required=True)
    submitted_at = fields.AwareDateTime(required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    moves = fields.List(fields.Nested(ComplaintMoveOut), required=True)
    timeline = fields.List(fields.Nested(TimelineLine), required=True)


def inbox_page() -> type[Schema]:
    """Return the schema of the inbox: a page and its counts."""
    made: Any = Schema.from_dict(
        {
            "items": fields.List(fields.Nested(ComplaintSummary), required=True),
            "next_cursor": fields.String(required=True, allow_none=True),
            "counts": fields.Dict(keys=fields.String(), values=fields.Integer(), required=True),
        },
        name="InboxPage",
    )
    return made  # type: ignore[no-any-return] # marshmallow types the made class as its own Schema
