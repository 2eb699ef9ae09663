"""JSON Schemas (2020-12) of a pack's files, so that an editor completes and underlines while a pack is written.

They are schemas of what one layer says: nothing that a base may say is required, items of keyed lists may be taken out or moved.
Made of the same marshmallow schemas by which packs are read; what those check beyond the form is left to `balai region validate`.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from marshmallow import Schema

from backend.core.text import Catalogue
from backend.modules.contract import ServiceModule
from backend.modules.registry import Registry
from backend.packs.checking import FORMS
from backend.packs.forms import DIALECT, KNOWN_BY, Words, form_schema
from backend.packs.schemas import RegionFile

_HEAD = ("key", "code", "name")  # what region.yaml says and no base can
_OWN = (*_HEAD, "extends")  # and what is not laid over anything
_INSTEAD = {
    "description": "Takes out what is inherited here (remove), or puts something else in its place (replace).",
    "type": "object",
    "properties": {"remove": {"const": True}, "replace": {}},
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
}
_OF_ITEMS = {
    "remove": {"const": True, "description": "Takes the inherited item out."},
    "before": {"type": "string", "description": "The key or code of the item before which this one stands."},
}


def pack_schemas(registry: Registry) -> dict[str, dict[str, Any]]:
    """Return the schema of each YAML file of packs, by the file's name without its ending: those of Balai, then of modules."""
    schemas = {name: _overlay(form, f"{name}.yaml") for name, form in FORMS.items()}
    schemas["region"]["required"] = list(_HEAD)
    head = _overlay(RegionFile, "pack.yaml")
    head["properties"] = {name: head["properties"][name] for name in ("key", "extends", "identity")}
    schemas["pack"] = head | {"required": ["key"]}
    for module in registry.modules.values():
        if not module.always_on:
            schema = _overlay(module.config_schema or Schema, f"{module.name}.yaml", _english(module))
            on = {"type": "boolean", "description": "Whether the module is on in the region; true unless said."}
            schema["properties"] = {"enabled": on} | schema.get("properties", {})
            schemas[module.name] = schema
    return schemas


def schema_files(registry: Registry) -> dict[str, str]:
    """Return the schemas as files: `region.schema.json` and so on."""
    pretty = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return {
        f"{name}.schema.json": orjson.dumps(schema, option=pretty).decode() for name, schema in pack_schemas(registry).items()
    }


def _english(module: ServiceModule) -> Words:
    catalogue = Catalogue()
    if module.locale:
        catalogue.add_folder(module.locale)
    return Words(module.name, catalogue, "en")


def _overlay(form: type[Schema], title: str, words: Words | None = None) -> dict[str, Any]:
    """Return what one layer may say of a form, as a schema that stands alone."""
    whole, found = form_schema(form, _docstring, words)
    properties = {name: _laid(each) for name, each in whole.get("properties", {}).items()}
    return {
        "$schema": DIALECT,
        "title": title,
        "type": "object",
        "properties": {name: each if name in _OWN else _or_instead(each) for name, each in properties.items()},
        "additionalProperties": False,
        "$defs": {name: _layer(schema) for name, schema in sorted(found.items())} | {"Instead": _INSTEAD},
    }


def _layer(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a form's part as a layer says it: known by its key or code where it has one, and nothing else required."""
    said = {name: _laid(each) for name, each in schema.get("properties", {}).items()}
    known_by = next((name for name in KNOWN_BY if name in said), None)
    if known_by:
        said = {name: each if name == known_by else _or_instead(each) for name, each in said.items()} | _OF_ITEMS
    else:
        said = {name: _or_instead(each) for name, each in said.items()}
    required = {"required": [known_by]} if known_by else {}
    rest = {name: each for name, each in schema.items() if name not in {"required", "properties"}}
    return rest | {"properties": said, "additionalProperties": False} | required


def _or_instead(schema: Any) -> dict[str, Any]:
    return {"anyOf": [schema, {"$ref": "#/$defs/Instead"}]}


def _laid(schema: Any) -> Any:
    """Return a value's schema with its inner mappings and lists as a layer says them."""
    if isinstance(schema, list):
        return [_laid(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    laid = {name: _laid(each) for name, each in schema.items()}
    if isinstance(laid.get("additionalProperties"), dict):
        laid["additionalProperties"] = _or_instead(laid["additionalProperties"])
    laid.pop("minProperties", None)  # a layer says what differs
    if "$ref" in laid.get("items", {}):
        laid.pop("minItems", None)
    return laid


def _docstring(kind: type[Schema]) -> dict[str, str]:
    line = str(vars(kind).get("__doc__") or "").partition("\n")[0]
    return {"description": line} if line else {}
