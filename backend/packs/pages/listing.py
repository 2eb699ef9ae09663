"""A keyed list as a table to read: what of each item stands in a row."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend.core.text import in_language
from backend.packs.differences import NAMES
from backend.packs.sections import Part
from backend.packs.shapes import ABSENT, Form, Kind, Shape
from backend.packs.yaml_text import identifier

AT_ONCE = 50
_COLUMNS = 4  # beside key and name
_IN_A_ROW: frozenset[Kind] = frozenset({"choice", "text", "lines", "truth", "number", "date", "ticks"})
_OF_LITTLE_USE = {"source"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One item: what it is known by, and a cell for each column; truth values as they are."""

    key: str
    cells: tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The items of a list that were looked for."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def listed(form: Form, part: Part, locale: str, *, word: str = "") -> Listed:
    """Return the items of a list in which a word is found, in their order."""
    item = form.shape(part.shape.inner)
    known_by = part.shape.schema["x-key"]
    properties = {name: shape for name, shape, _required in form.properties(item)}
    names = [name for name, shape in properties.items() if name in NAMES and shape.kind in {"label", "text", "words"}]
    others = [
        name for name, shape in properties.items() if shape.kind in _IN_A_ROW and name not in {known_by, *NAMES, *_OF_LITTLE_USE}
    ]
    columns = [known_by, *names[:1], *others[:_COLUMNS]]
    items = part.value if isinstance(part.value, list) else []
    rows = [
        Row(key=str(identifier(each)), cells=tuple(_cell(properties[name], each, name, locale) for name in columns))
        for each in items
        if word.casefold() in json.dumps(each, ensure_ascii=False, default=str).casefold()
    ]
    return Listed(columns=tuple(properties[name].title for name in columns), rows=tuple(rows))


def _cell(shape: Shape, item: Mapping[str, Any], name: str, locale: str) -> Any:
    value = item.get(name, shape.default)
    if value is ABSENT or value is None:
        return ""
    if isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return in_language({language: str(text) for language, text in value.items()}, locale)
    titles = {choice.word: choice.title for choice in shape.choices}
    words = [str(each) for each in (value if isinstance(value, list) else [value])]
    return ", ".join(titles.get(word, word) for word in words)
