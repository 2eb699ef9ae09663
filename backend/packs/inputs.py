"""The inputs of a form that show values. They are named by where their value stands: `v`, and the names and positions to it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.packs.shapes import ABSENT, LONG, MANY, Choice, Form, Kind, Shape, fits, is_deep, plain_text, with_unknown

ROOT = "v"
_CLASS = re.compile(r"\[(\^?)((?:\\.|[^\]\\])+)\]")


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input, or several that belong together. `attrs` are HTML's own words for what may be typed."""

    name: str
    kind: Kind
    title: str
    help: str = ""
    required: bool = False
    value: Any = ""
    attrs: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    inner: tuple["Input", ...] = ()
    usual: str = ""  # what there is where nothing is said, in words


def show_input(form: Form, shape: Shape, value: Any, name: str = ROOT, *, required: bool = True) -> Input:
    """Return the input that shows a value."""
    kind = shape.kind
    if kind == "truth" and required and not shape.nullable:
        kind = "tick"
    if kind == "text" and isinstance(value, str) and ("\n" in value or len(value) > LONG):
        kind = "words"
    if kind == "raw" or not fits(shape, value) or is_deep(name):
        kind = "raw"
        value = "" if value is ABSENT else json.dumps(value, ensure_ascii=False, indent=1)
    return Input(
        name=name,
        kind=kind,
        title=shape.title,
        help=str(shape.schema.get("description", "")),
        required=required and not shape.nullable and kind not in {"group", "ticks"},
        value=as_typed(shape, kind, value),
        attrs=_constraints(shape, kind),
        choices=with_unknown(shape, value) if kind != "raw" else (),
        inner=tuple(_inside(form, shape, kind, value, name)),
        usual=_usual(shape),
    )


def _inside(form: Form, shape: Shape, kind: Kind, value: Any, name: str) -> Iterator[Input]:
    inner = shape.inner
    if kind == "group":
        held = value if isinstance(value, dict) else {}
        optional = shape.nullable
        for key, each, required in form.properties(shape):
            yield show_input(form, each, held.get(key, ABSENT), f"{name}.{key}", required=required and not optional)
    elif kind == "label":
        held = value if isinstance(value, dict) else {}
        for language in dict.fromkeys([*shape.schema.get("properties", {}), *held]):
            each = form.shape({**inner, **shape.schema.get("properties", {}).get(language, {"title": language})})
            yield show_input(form, each, held.get(language, ABSENT), f"{name}.{language}", required=False)
    elif kind == "rows":
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield show_input(form, form.shape({**inner, "title": f"{shape.title} {index + 1}"}), item, f"{name}.{index}")
    elif kind == "mapping":
        each = form.shape({"title": shape.title, **inner})
        for index, (key, item) in enumerate(value.items() if isinstance(value, dict) else ()):
            pattern = _constraints(form.shape({"type": "string", **shape.schema.get("propertyNames", {})}), "text")
            known = Input(name=f"{name}.{index}.key", kind="text", title="", value=key, attrs=pattern, required=True)
            row = show_input(form, each, item, f"{name}.{index}.value")
            yield Input(name=f"{name}.{index}", kind="group", title=str(key), inner=(known, row))


def as_typed(shape: Shape, kind: Kind, value: Any) -> Any:
    """Return what stands in an input."""
    if kind == "raw":
        return value
    if kind in {"ticks", "lines"}:
        held = value if value is not ABSENT else shape.default
        if kind == "lines":
            return "\n".join(map(plain_text, held)) if isinstance(held, list) else plain_text(held)
        return [plain_text(each) for each in held] if isinstance(held, list) else []
    if kind == "tick":
        return value is True
    return len(value) if kind == "items" and isinstance(value, list) else plain_text(value)


def _usual(shape: Shape) -> str:
    usual = shape.default
    if usual in (ABSENT, None, "") or shape.kind in MANY:
        return ""
    return next((each.title for each in shape.choices if each.value == usual), plain_text(usual))


def _constraints(shape: Shape, kind: Kind) -> dict[str, Any]:
    """Return what HTML can say of a schema's bounds."""
    said, found = shape.schema, dict[str, Any]()
    if kind in {"text", "words"}:
        found = {"minlength": said.get("minLength"), "maxlength": said.get("maxLength")}
        if kind == "text" and "pattern" in said:
            found["pattern"] = browser_pattern(said["pattern"])
    elif kind == "number":
        found = {"min": said.get("minimum"), "max": said.get("maximum"), "step": 1 if said.get("type") == "integer" else "any"}
    return {name: value for name, value in found.items() if value is not None}


def browser_pattern(pattern: str) -> str | None:
    """Return a pattern as the attribute of an input wants it: of the whole, and with what stands in brackets escaped.

    None for one that leaves the ends open, which an input cannot say.
    """
    inner = re.fullmatch(r"\^(.*)\$(?:\(\?!\\n\))?", pattern, flags=re.DOTALL)
    if inner is None:
        return None

    def escaped(found: re.Match[str]) -> str:
        held = re.sub(r"\\.|[(){}/|]", lambda each: each[0] if len(each[0]) > 1 else f"\\{each[0]}", found[2])
        held = re.sub(r"^-|(?<!\\)-$", r"\\-", held)
        return f"[{found[1]}{held}]"

    return _CLASS.sub(escaped, inner[1])
