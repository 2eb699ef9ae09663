"""What a form is made of: the JSON Schema (2020-12) of a marshmallow schema, with the titles and help that people read.

Titles are texts of the module's catalogue, by the names of class and field; docs/writing-a-module.md has the rules.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields, validate

from backend.core.text import LANGUAGES, Catalogue, in_language
from backend.modules.contract import ServiceModule

DIALECT = "https://json-schema.org/draft/2020-12/schema"
KNOWN_BY = ("key", "code")  # by which items of a list are known, where they have one
_REF = "#/components/schemas/"
_LENGTHS = {"minLength": "minProperties", "maxLength": "maxProperties"}


class Words:
    """What a form says of one module's settings in one language. `asked` are the codes whose texts it needed, there or not."""

    def __init__(self, module: str, catalogue: Catalogue, locale: str) -> None:
        self._module, self._catalogue, self._locale = module, catalogue, locale
        self.asked: set[str] = set()

    def of_part(self, kind: type[Schema]) -> dict[str, str]:
        """Return what is said of one form in a form: an item of a list, say."""
        return self._said([_name(kind)], _name(kind))

    def of_field(self, field: fields.Field[Any]) -> dict[str, str]:
        """Return title and help of a field of a schema."""
        own = field.metadata.get("title") or _key(field).replace("_", " ").capitalize()
        return self._said(_places(field), own)

    def of_choice(self, field: fields.Field[Any], choice: str) -> dict[str, str]:
        """Return title and help of something to choose: by its Enum, its field, or for all fields of the class alike."""
        if isinstance(field, fields.Enum):
            return self._said([f"{field.enum.__name__}.{choice}"], choice)
        places = _places(field)
        alike = [place.partition(".")[0] for place in places]
        return self._said([f"{place}.{choice}" for place in places + alike], choice)

    def _said(self, places: Collection[str], otherwise: str) -> dict[str, str]:
        codes = [f"{self._module}.{place}" for place in places]
        code = next((code for code in codes if self._text(code)), codes[0])
        title, more = self._text(code), self._text(f"{code}.help")
        self.asked |= {code, f"{code}.help"} if more else {code}
        return {"title": title or otherwise} | ({"description": more} if more else {})

    def _text(self, code: str) -> str:
        text = self._catalogue.text(code, self._locale)
        return "" if text == code else text


def settings_schema(
    module: ServiceModule, catalogue: Catalogue, locale: str, languages: Collection[str] = LANGUAGES
) -> dict[str, Any]:
    """Return the schema of a module's settings in the reader's language; labels have an input for each of `languages`."""
    words = Words(module.name, catalogue, locale)
    whole, parts = form_schema(module.config_schema or Schema, words.of_part, words, languages)
    return {"$schema": DIALECT, "title": in_language(module.title, locale), **whole, "$defs": parts}


def settings_codes(module: ServiceModule, catalogue: Catalogue) -> set[str]:
    """Return the codes of the texts that a form of the module's settings shows, there or not."""
    spoken = [Words(module.name, catalogue, locale) for locale in LANGUAGES]
    for words in spoken:
        form_schema(module.config_schema or Schema, words.of_part, words)
    return set().union(*(words.asked for words in spoken))


def form_schema(
    form: type[Schema],
    of_part: Callable[[type[Schema]], Mapping[str, str]],
    words: Words | None = None,
    languages: Collection[str] = (),
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the schema of a form, and those of its parts by name, to which it refers as `#/$defs/<name>`."""

    def name_of(schema: Any) -> str:
        return _name(schema if isinstance(schema, type) else type(schema))

    def speak(_converter: Any, field: fields.Field[Any], ret: dict[str, Any], **_: Any) -> dict[str, Any]:
        return _spoken(field, ret, words, languages) if words and field.parent else {}

    plugin = MarshmallowPlugin(schema_name_resolver=name_of)
    spec = APISpec(form.__name__, "1", "3.1.0", plugins=[plugin])
    for told in (_keys_of_mappings, _inner_validators, _lists, speak):
        plugin.converter.add_attribute_function(told)  # type: ignore[union-attr] # the plugin has it once a spec is made
    spec.components.schema(_name(form), schema=form)
    kinds = {name: kind for (kind, *_), name in plugin.converter.refs.items()}  # type: ignore[union-attr]
    found = _in_words_of_json(spec.to_dict()["components"]["schemas"])
    for name, schema in found.items():
        schema.setdefault("additionalProperties", False)
        schema["properties"] = dict(sorted(schema.get("properties", {}).items(), key=_rank(kinds[name])))
    whole = found.pop(_name(form))
    return whole, {name: {**of_part(kinds[name]), **schema} for name, schema in sorted(found.items())}


def _name(kind: type[Any]) -> str:
    return kind.__name__.strip("_")


def _rank(kind: type[Schema]) -> Callable[[tuple[str, Any]], tuple[bool, int]]:
    """Return a key that sorts the properties of a schema: what it is known by, its own, and then those that it inherits."""
    known = [{_key(field) for field in each().fields.values()} for each in kind.__mro__ if issubclass(each, Schema)]
    return lambda item: (item[0] not in KNOWN_BY, max(at for at, names in enumerate(known) if item[0] in names))


def _key(field: fields.Field[Any]) -> str:
    return str(field.data_key or field.name)


def _places(field: fields.Field[Any]) -> list[str]:
    """Return where a field stands: `<class>.<field>` of its schema's class, and of those from which that inherits."""
    schema: Any = field
    while not isinstance(schema, Schema):
        field, schema = schema, schema.parent  # what is in a list stands where the list does
    kinds = (kind for kind in type(schema).__mro__ if issubclass(kind, Schema))
    return [f"{_name(kind)}.{_key(field)}" for kind in kinds]


def _spoken(field: fields.Field[Any], told: dict[str, Any], words: Words, languages: Collection[str]) -> dict[str, Any]:
    """Return what people read of a field; its choices stand in `told`, and are taken out there."""
    said: dict[str, Any] = words.of_field(field) if isinstance(field.parent, Schema) else {}
    if isinstance(field.parent, fields.List) and not isinstance(field, fields.Nested):
        said = {"title": words.of_field(field)["title"]}  # an item is called as its list, a form in it by its own name
    enum = told.pop("enum", ())
    choices = [{"const": choice} for choice in enum] or told.get("oneOf", ())
    if enum and all(isinstance(choice, str) for choice in enum):
        said["type"] = "string"
    if choices:
        said["oneOf"] = [{**each, **words.of_choice(field, _word(each))} for each in choices]
    if told.get("x-label") and languages:
        each = told["additionalProperties"]
        said["properties"] = {language: {**each, "title": f"{said['title']} ({language})"} for language in languages}
    return said


def _word(choice: Mapping[str, Any]) -> str:
    word = choice.get("const", choice.get("type"))
    return "null" if word is None else str(word)


def _lists(_converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    """Return by what the items of a list are known, and the list there is where none is written."""
    if not isinstance(field, fields.List):
        return {}
    own = field.inner.schema.fields if isinstance(field.inner, fields.Nested) else {}
    known_by = next(({"x-key": name} for name in KNOWN_BY if name in own), {})
    default = {"default": field.serialize("it", {"it": field.load_default()})} if callable(field.load_default) else {}
    return known_by | default


def _keys_of_mappings(converter: Any, field: fields.Field[Any], ret: dict[str, Any], **_: Any) -> dict[str, Any]:
    if not isinstance(field, fields.Dict):
        return {}
    lengths = {_LENGTHS[name]: ret.pop(name) for name in _LENGTHS if name in ret}
    keys = field.key_field
    return lengths | ({"propertyNames": converter.field2property(keys)} if keys and keys.validators else {})


def _inner_validators(converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    """Return what the validators inside of an `And` say."""
    told: dict[str, Any] = {}
    for each in field.validators if isinstance(field, fields.String) else ():
        if isinstance(each, validate.And):
            told |= converter.field2property(type(field)(validate=list(each.validators)))
    return told


def _in_words_of_json(schema: Any) -> Any:
    r"""Return a schema whose references lead to `$defs`, and whose patterns need no `\Z`, which JSON Schema does not know."""
    if isinstance(schema, list):
        return [_in_words_of_json(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _told_in_json(name, each) for name, each in schema.items()}


def _told_in_json(name: str, value: Any) -> Any:
    if name == "$ref":
        return value.replace(_REF, "#/$defs/")
    if name == "pattern" and isinstance(value, str):
        return re.sub(r"^\(\?:(.*)\)\\Z$", r"^(?:\1)$", value, flags=re.DOTALL)
    return _in_words_of_json(value)
