"""Schemas of the wire: marshmallow's own, with messages that are codes, so that every fault can be told in any language."""

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Any

import marshmallow
from marshmallow import INCLUDE, RAISE, fields, pre_load, validate

from backend.core.errors import FieldError

_FIELD_CODES: Mapping[type[fields.Field[Any]], Mapping[str, str]] = {
    fields.Field: {"required": "request.required", "null": "request.null", "validator_failed": "request.invalid_value"},
    fields.String: {"invalid": "request.not_text", "invalid_utf8": "request.not_text"},
    fields.UUID: {"invalid_uuid": "request.not_uuid"},
    fields.Email: {"invalid": "request.not_email"},
    fields.URL: {"invalid": "request.not_url"},
    fields.Number: {"invalid": "request.not_number", "too_large": "request.not_number"},
    fields.Integer: {"invalid": "request.not_whole_number"},
    fields.Float: {"special": "request.not_number"},
    fields.Boolean: {"invalid": "request.not_boolean"},
    fields.DateTime: {"invalid": "request.not_instant", "format": "request.not_instant"},
    fields.AwareDateTime: {"invalid_awareness": "request.not_instant"},
    fields.Date: {"invalid": "request.not_date", "format": "request.not_date"},
    fields.List: {"invalid": "request.not_list"},
    fields.Nested: {"type": "request.not_object"},
    fields.Mapping: {"invalid": "request.not_object"},
    fields.Enum: {"unknown": "request.not_one_of|choices={choices}"},
}


def speak_in_codes() -> None:
    """Give marshmallow's fields and validators messages of the form `code|name=value`, read back by `field_errors`."""
    for kind, messages in _FIELD_CODES.items():
        kind.default_error_messages = {**kind.default_error_messages, **messages}
    marshmallow.Schema._default_error_messages = {  # noqa: SLF001 - the library offers no other place for all schemas
        "type": "request.not_object",
        "unknown": "request.unknown_field",
        "string_collection": "request.not_list",
    }
    validate.Length.message_min = "request.too_short|min={min}"
    validate.Length.message_max = "request.too_long|max={max}"
    validate.Length.message_all = "request.wrong_length|min={min}|max={max}"
    validate.Length.message_equal = "request.wrong_length|min={equal}|max={equal}"
    # Range formats its messages twice, the first time with the words for its bounds.
    validate.Range.message_min = "request.too_small|min={{min}}"
    validate.Range.message_max = "request.too_large_number|max={{max}}"
    validate.Range.message_all = "request.out_of_range|min={{min}}|max={{max}}"
    validate.OneOf.default_message = "request.not_one_of|choices={choices}"
    validate.Regexp.default_message = "request.wrong_form"
    validate.Email.default_message = "request.not_email"
    validate.URL.default_message = "request.not_url"


speak_in_codes()


_JSON_TYPES: Sequence[tuple[type[fields.Field[Any]], type | UnionType]] = (
    (fields.Boolean, bool),
    (fields.Integer, int),
    (fields.Number, int | float),
)
MOST_FAULTS = 50  # that are told of one body: more helps nobody, and costs us
_UNFIT = object()  # what no field can read


class Schema(marshmallow.Schema):
    """A schema of the wire: unknown fields are refused, and kept in the order they are written."""

    class Meta:
        """Options of every schema."""

        unknown = RAISE

    @pre_load
    def _read_json_as_json(self, data: Any, **_options: Any) -> Any:
        """JSON has numbers and truth of its own: "5" is no number there, nor 1 true. A query, which is no dict, is all text."""
        if not isinstance(data, dict):
            return data
        unfit = {}
        for name, field in self.load_fields.items():
            key = name if field.data_key is None else field.data_key
            kind = next((kind for of, kind in _JSON_TYPES if isinstance(field, of)), object)
            if data.get(key) is not None and not isinstance(data[key], kind):
                unfit[key] = _UNFIT
        return data | unfit


_NOT_PLACES = frozenset({"_schema", "value"})  # marshmallow's own words: of a whole schema, and of a mapping's values


not_blank = validate.Regexp(r"\s*\S", error="request.blank")


def told_faults(messages: Any) -> list[FieldError]:
    """Return the faults in a marshmallow error tree, at most `MOST_FAULTS`."""
    return list(itertools.islice(field_errors(messages), MOST_FAULTS))


def field_errors(messages: Any, path: str = "") -> Iterator[FieldError]:
    """Yield the faults in a marshmallow error tree, each with its dotted path."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            part = "" if key in _NOT_PLACES else str(key)
            yield from field_errors(inner, ".".join(filter(None, [path, part])))
    elif isinstance(messages, list):
        for message in messages:
            yield from field_errors(message, path)
    else:
        code, *params = str(messages).split("|")
        yield FieldError(field=path, code=code, params=dict(param.partition("=")[::2] for param in params))


class Point(Schema):
    """A place on earth, WGS84."""

    lat = fields.Float(required=True, validate=validate.Range(-90, 90), metadata={"examples": [5.5529]})
    lng = fields.Float(required=True, validate=validate.Range(-180, 180), metadata={"examples": [95.3192]})


class Problem(Schema):
    """RFC 9457 problem document; `code` is stable, texts follow Accept-Language. A problem may have members of its own."""

    class Meta:
        """Options of this schema."""

        unknown = INCLUDE

    type = fields.String(required=True, metadata={"examples": ["about:blank"]})
    title = fields.String(required=True, metadata={"examples": ["Permintaan tidak dapat diproses"]})
    status = fields.Integer(required=True, metadata={"examples": [422]})
    detail = fields.String(required=True, metadata={"examples": ["Satu atau beberapa isian tidak dapat diterima."]})
    instance = fields.String(required=True, metadata={"examples": ["/v1/regions/banda-aceh/complaints"]})
    code = fields.String(required=True, metadata={"examples": ["request.invalid"]})
    errors = fields.List(
        fields.Nested(Schema.from_dict({name: fields.String() for name in ("field", "code", "detail")}, name="ProblemField"))
    )


class ListQuery(Schema):
    """Paging of every list."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    cursor = fields.String(load_default=None, validate=validate.Length(max=400), metadata={"examples": ["WzdkXQ"]})


@functools.cache
def page_of(item: type[marshmallow.Schema]) -> type[marshmallow.Schema]:
    """Return the schema of a list of `item`."""
    return Schema.from_dict(
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next_cursor": fields.String(allow_none=True, required=True, metadata={"examples": ["WzdkXQ", None]}),
        },
        name=f"{item.__name__}Page",
    )
