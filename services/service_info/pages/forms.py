"""The forms of items: nested settings laid out as fields that a browser has, and taken back to what the room's forms check.

A field is named by its dotted path, `cost.amount` or `name.id`; of a list of texts each language has its lines in one field.
"""

import re
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from marshmallow import fields, pre_load, validate

from backend.sdk.web import Schema


def laid_out(value: Any, path: str = "") -> dict[str, str]:
    """Return what an item says as the fields of its form, by their names."""
    if isinstance(value, list):
        languages = dict.fromkeys(language for text in value for language in text)
        return {f"{path}.{each}": "\n".join(text.get(each, "") for text in value) for each in languages}
    if isinstance(value, dict):
        inner = [laid_out(each, f"{path}.{name}" if path else name) for name, each in value.items()]
        return {name: said for each in inner for name, said in each.items()}
    return {path: "" if value is None else str(value)}


def _read(field: fields.Field[Any], said: str) -> Any:
    """Return what was typed as JSON would have it; what is no number stays text, and is told to be none."""
    if isinstance(field, fields.Boolean):
        return said == "true"
    if isinstance(field, fields.Integer):
        return int(said) if re.fullmatch(r"-?[0-9]{1,15}", said) else said
    if isinstance(field, fields.Float):
        return float(said) if re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{1,20})?", said) else said
    return said


def _texts(given: dict[str, str], path: str) -> dict[str, str]:
    names = [name for name in given if name.startswith(f"{path}.")]
    return {name.removeprefix(f"{path}."): given.pop(name) for name in names}


def _lines(given: dict[str, str], path: str) -> list[dict[str, str]]:
    columns = {language: said.strip().splitlines() for language, said in _texts(given, path).items()}
    rows = [dict(zip(columns, row, strict=True)) for row in zip_longest(*columns.values(), fillvalue="")]
    told = [{language: line.strip() for language, line in row.items() if line.strip()} for row in rows]
    return [text for text in told if text]


def _taken(schema: Any, given: dict[str, str], path: str = "") -> dict[str, Any]:
    """Take what the fields of a schema need out of `given`, and return it as the schema reads it."""
    taken: dict[str, Any] = {}
    for name, field in schema.load_fields.items():
        place = f"{path}{name}"
        if isinstance(field, fields.Nested):
            value: Any = _taken(field.schema, given, f"{place}.")
        elif isinstance(field, fields.List):
            taken[name] = _lines(given, place)
            continue
        else:
            value = _texts(given, place) if isinstance(field, fields.Dict) else given.pop(place, "")
            value = _read(field, value) if isinstance(value, str) and value else value
        if value not in ("", {}):
            taken[name] = value
    return taken


class _Laid(Schema):
    @pre_load
    def _gather(self, data: Mapping[str, str], **_: Any) -> dict[str, Any]:
        given = dict(data.items())
        return _taken(self, given) | given  # what is left is of no field, and refused as such


class _Versioned(_Laid):
    version = fields.Integer(required=True)


def adding(form: type[Schema]) -> type[Schema]:
    """Return the form of a page on which an item is added."""
    return type(f"{form.__name__}Page", (_Laid, form), {})


def changing(form: type[Schema]) -> type[Schema]:
    """Return the form of a page on which an item is changed, with the `version` that was read."""
    return type(f"{form.__name__}ChangePage", (_Versioned, form), {})


class RetirementForm(_Versioned):
    """That an item is to be taken away, as it was read."""

    confirm = fields.Boolean(required=True, validate=validate.OneOf([True], error="request.required"))
