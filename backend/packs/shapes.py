"""What a JSON Schema of `forms` allows at each of its places, as a form thinks of it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

ABSENT: Any = object()  # what is not said
LONG = 200  # characters from which on a text gets more than one line
_NUMBERS = ("integer", "number")
_DEEPEST = 8

Kind = Literal[
    "text",
    "words",
    "number",
    "date",
    "truth",
    "tick",
    "choice",
    "ticks",
    "lines",
    "label",
    "group",
    "rows",
    "mapping",
    "items",
    "raw",
]
_SCALARS: frozenset[Kind] = frozenset({"text", "words", "number", "date"})
MANY: frozenset[Kind] = frozenset({"ticks", "lines", "rows", "mapping", "items"})


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One thing to choose."""

    value: Any
    title: str
    help: str = ""

    @property
    def word(self) -> str:
        """What a form says for it."""
        return self.value if isinstance(self.value, str) else json.dumps(self.value)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a schema allows at one place, as a form thinks of it."""

    kind: Kind
    schema: Mapping[str, Any]
    nullable: bool = False
    choices: tuple[Choice, ...] = ()
    inner: Mapping[str, Any] = field(default_factory=dict)  # of each item or value

    @property
    def title(self) -> str:
        """What it is called."""
        return str(self.schema.get("title", ""))

    @property
    def default(self) -> Any:
        """What there is where nothing is said; ABSENT where the schema does not say."""
        return self.schema.get("default", ABSENT)


class Form:
    """The form of one schema; parts that it refers to stand in its `$defs`."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self._parts: Mapping[str, Any] = schema.get("$defs", {})

    def shape(self, schema: Mapping[str, Any]) -> Shape:
        """Return what a schema of this form allows, as a form thinks of it."""
        said, nullable = self._opened(schema)
        choices = [each for each in said.get("oneOf", ()) if "const" in each]
        others = [each for each in said.get("oneOf", ()) if "const" not in each]
        if "oneOf" in said or "anyOf" in said:
            listed = len(others) == 1 and others[0].get("type") == "array"
            kind: Kind = "lines" if choices and listed else "choice" if choices and not others else "raw"
            return Shape(kind=kind, schema=said, nullable=nullable, choices=_choices(choices), inner=_items(others))
        return self._plain_shape(said, nullable=nullable)

    def _plain_shape(self, said: Mapping[str, Any], *, nullable: bool) -> Shape:
        of, inner = said.get("type"), said.get("items", {})
        kind: Kind = "raw"
        choices: tuple[Choice, ...] = ()
        if of == "object":
            kind, inner = _kind_of_mapping(said), said.get("additionalProperties") or {}
        elif of == "array":
            each = self.shape(inner)
            kind, choices = _kind_of_list(said, each), each.choices
        elif of == "string":
            long = int(said.get("maxLength", 0)) > LONG
            kind = "date" if said.get("format") == "date" else "words" if long else "text"
        elif of in _NUMBERS:
            kind = "number"
        elif of == "boolean":
            kind = "truth"
        return Shape(kind=kind, schema=said, nullable=nullable, choices=choices, inner=inner)

    def _opened(self, schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
        """Return a schema with what it refers to, and whether it may be null; what stands beside a reference comes first."""
        said, nullable = dict(schema), False
        while True:
            if "$ref" in said:
                *_, name = said.pop("$ref").split("/")
                said = {**self._parts[name], **said}
            for word in ("anyOf", "oneOf"):
                some = [each for each in said.get(word, ()) if each.get("type") != "null" and each.get("const", "") is not None]
                nullable = nullable or len(some) < len(said.get(word, ()))
                if word in said:
                    said[word] = some
                if len(some) == 1 and "const" not in some[0]:
                    said = {**some[0], **{key: each for key, each in said.items() if key != word}}
                    break
            else:
                break
        if isinstance(said.get("type"), list):
            nullable = nullable or "null" in said["type"]
            said["type"] = next((each for each in said["type"] if each != "null"), "null")
        return said, nullable

    def properties(self, shape: Shape) -> Iterator[tuple[str, Shape, bool]]:
        """Yield the properties of a group, each with its name, and whether it is required."""
        required = shape.schema.get("required", ())
        for name, inner in shape.schema["properties"].items():
            yield name, self.shape(inner), name in required


def _kind_of_mapping(said: Mapping[str, Any]) -> Kind:
    if said.get("x-label"):
        return "label"
    if said.get("properties"):
        return "group"
    return "mapping" if isinstance(said.get("additionalProperties"), dict) else "raw"


def _kind_of_list(said: Mapping[str, Any], each: Shape) -> Kind:
    if each.kind == "choice":
        return "ticks"
    if each.kind in _SCALARS:
        return "lines"
    if each.kind == "group":
        return "items" if said.get("x-key") else "rows"
    return "rows" if each.kind == "label" else "raw"


def _choices(said: Iterable[Mapping[str, Any]]) -> tuple[Choice, ...]:
    return tuple(
        Choice(value=each["const"], title=str(each.get("title", each["const"])), help=each.get("description", ""))
        for each in said
    )


def with_unknown(shape: Shape, value: Any) -> tuple[Choice, ...]:
    """Return the choices, and behind them what is chosen without being one."""
    if shape.kind not in {"choice", "ticks"}:
        return shape.choices
    held = value if isinstance(value, list) else [] if value in (ABSENT, None, "") else [value]
    known = [each.value for each in shape.choices]
    return (*shape.choices, *(Choice(value=each, title=plain_text(each)) for each in held if each not in known))


def _items(others: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return others[0].get("items", {}) if len(others) == 1 else {}


def fits(shape: Shape, value: Any) -> bool:
    """Tell whether the form has an input for a value; a value of another kind is shown as it is written."""
    if value is ABSENT or value is None:
        return True
    match shape.kind:
        case "group" | "label" | "mapping":
            return isinstance(value, dict)
        case "rows" | "items" | "ticks":
            return isinstance(value, list)
        case "lines":
            plain = isinstance(value, list) and all(isinstance(each, int | float) or _is_line(each) for each in value)
            return plain or any(each.value == value for each in shape.choices)
    return shape.kind == "raw" or not isinstance(value, list | dict)


def is_deep(name: str) -> bool:
    """Tell whether an input is so deep in a form that the rest is shown as it is written: a schema may be within itself."""
    return name.count(".") > _DEEPEST


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and value == value.strip() != "" and len(value.splitlines()) == 1


def plain_text(value: Any) -> str:
    """Return a value as it is typed; nothing for null and for what is not said."""
    if value is ABSENT or value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, default=str)
