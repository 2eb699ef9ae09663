"""The values that a sent form says.

One that is sent as it was shown says what it showed: what was not said stays unsaid, null stays null. What it lacks stays.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from backend.packs.inputs import ROOT, as_typed
from backend.packs.shapes import ABSENT, MANY, Form, Kind, Shape, fits, is_deep, with_unknown

_WHOLE, _DECIMAL = re.compile(r"-?[0-9]{1,15}"), re.compile(r"-?[0-9]{1,15}\.[0-9]{1,15}")
_Sent = Mapping[str, Sequence[str]]
_Reader = Callable[[Form, Shape, _Sent, Any, str], Any]


def read_input(form: Form, shape: Shape, sent: _Sent, was: Any, name: str = ROOT, *, required: bool = True) -> Any:
    """Return what a sent form says at a place where `was` was; ABSENT for nothing."""
    if shape.kind == "items":
        return was
    if not fits(shape, was) or is_deep(name):
        return _written(sent.get(name, [""])[-1], was)
    if shape.kind in _READERS:
        found = _READERS[shape.kind](form, shape, sent, was, name)
    else:
        if name not in sent:
            return was
        found = _one(form, shape, sent[name], was)
    if was is ABSENT and shape.kind in MANY and found == shape.default:
        return ABSENT
    if found not in ("", [], {}) or (shape.kind == "group" and required and not shape.nullable):
        return found
    return _nothing(shape, found, was, required=required)


def _one(form: Form, shape: Shape, typed: Sequence[str], was: Any) -> Any:
    if shape.kind == "ticks":
        chosen = {word for word in typed if word}
        now = [each.value for each in with_unknown(shape, was) if each.word in chosen]
        return was if isinstance(was, list) and sorted(map(str, was)) == sorted(map(str, now)) else now
    last = typed[-1].replace("\r\n", "\n")
    if was not in (None, ABSENT) and last == str(as_typed(shape, shape.kind, was)).replace("\r\n", "\n"):
        return was
    found: Any = last if last.strip() else ""
    if shape.kind == "lines":
        lines = [_scalar(form, line.strip(), shape.inner) for line in last.split("\n") if line.strip()]
        found = next((each.value for each in shape.choices if lines == [each.word]), lines)
    elif shape.kind == "choice":
        found = next((each.value for each in shape.choices if each.word == last), last)
    elif shape.kind == "truth":
        found = {"true": True, "false": False}.get(last, last)
    elif found and shape.kind in {"number", "raw"}:
        found = _number(last) if shape.kind == "number" else _json(last)
    return found


def _scalar(form: Form, line: str, schema: Mapping[str, Any]) -> Any:
    return _number(line) if form.shape(schema).kind == "number" else line


def _group(form: Form, shape: Shape, sent: _Sent, was: Any, name: str) -> dict[str, Any]:
    held = was if isinstance(was, dict) else {}
    known = shape.schema["properties"]
    found = {key: value for key, value in held.items() if key not in known}
    for key, each, required in form.properties(shape):
        value = read_input(form, each, sent, held.get(key, ABSENT), f"{name}.{key}", required=required)
        if value is not ABSENT:
            found[key] = value
    # A group that need not be is not there while all that it says is no.
    empty = shape.nullable and not held and not any(value not in (None, False) for value in found.values())
    return {} if empty else found


def _label(form: Form, shape: Shape, sent: _Sent, was: Any, name: str) -> dict[str, Any]:
    held = was if isinstance(was, dict) else {}
    each = form.shape(shape.inner)
    found = {
        language: read_input(form, each, sent, held.get(language, ABSENT), f"{name}.{language}", required=False)
        for language in dict.fromkeys([*held, *shape.schema.get("properties", {})])
    }
    return {language: text for language, text in found.items() if text is not ABSENT}


def _rows(form: Form, shape: Shape, sent: _Sent, was: Any, name: str) -> list[Any]:
    held = was if isinstance(was, list) else []
    if name not in sent:
        return held
    return [_row(form, form.shape(shape.inner), sent, held, f"{name}.{index}") for index in _numbered(sent, name)]


def _row(form: Form, each: Shape, sent: _Sent, held: Sequence[Any], name: str) -> Any:
    """Return what a row says: one that was there before, wherever it stood, if it says what that said."""
    return next((was for was in held if read_input(form, each, sent, was, name) == was), read_input(form, each, sent, {}, name))


def _mapping(form: Form, shape: Shape, sent: _Sent, was: Any, name: str) -> dict[str, Any]:
    held = was if isinstance(was, dict) else {}
    if name not in sent:
        return held
    each = form.shape(shape.inner)
    found: dict[str, Any] = {}
    for index in _numbered(sent, name):
        key = sent.get(f"{name}.{index}.key", [""])[-1].strip()
        value = read_input(form, each, sent, held.get(key, ABSENT), f"{name}.{index}.value")
        while key in found:  # said twice: nothing that was typed is lost
            key += "'"
        found[key] = None if value is ABSENT else value
    return found


_READERS: Mapping[Kind, _Reader] = {"group": _group, "label": _label, "rows": _rows, "mapping": _mapping}


def _numbered(sent: Iterable[str], name: str) -> list[int]:
    """Return the positions of the rows that a form has under a name."""
    start = f"{name}."
    found = {key.removeprefix(start).partition(".")[0] for key in sent if key.startswith(start)}
    return sorted(int(each) for each in found if each.isdecimal() and len(each) < 5)  # noqa: PLR2004 - nobody types more rows


def _nothing(shape: Shape, found: Any, was: Any, *, required: bool) -> Any:
    """Return how a blank input is said, where `was` was."""
    if was is None or was == found:
        return was
    usual = shape.default
    if shape.kind in MANY:
        said = was is not ABSENT or required or usual not in (ABSENT, [])
        return (None if shape.nullable and was is ABSENT else found) if said else ABSENT
    return None if required and shape.nullable else ABSENT


def _number(text: str) -> Any:
    bare = text.strip()
    return int(bare) if _WHOLE.fullmatch(bare) else float(bare) if _DECIMAL.fullmatch(bare) else bare


def _written(text: str, was: Any) -> Any:
    """Return what a value says that is shown as it is written."""
    return _json(text) if text.strip() else was


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def changed_rows(value: Any, at: str, *, by: str) -> Any:
    """Return a value in which the list or mapping at an input's name has one row more ("add"), or is without the row there."""
    names = at.split(".")[1:]
    if by == "add":
        return _within(value, names, _with_row)
    return _within(value, names[:-1], lambda held: _without_row(held, int(names[-1])))


def _within(value: Any, names: Sequence[str], change: Callable[[Any], Any]) -> Any:
    if not names:
        return change(value)
    first, rest = names[0], names[1:]
    if isinstance(value, list):
        index = int(first)
        return [_within(each, rest, change) if at == index else each for at, each in enumerate(value)]
    held = value if isinstance(value, dict) else {}
    if first.isdecimal() and first not in held:  # a row of a mapping; behind its position stands `value`
        key = list(held)[int(first)]
        return {each: _within(inner, rest[1:], change) if each == key else inner for each, inner in held.items()}
    return {**held, first: _within(held.get(first, ABSENT), rest, change)}


def _with_row(held: Any) -> Any:
    if isinstance(held, dict):
        return {**held, "": None}
    return [*(held if isinstance(held, list) else ()), {}]


def _without_row(held: Any, index: int) -> Any:
    if isinstance(held, dict):
        return {key: value for at, (key, value) in enumerate(held.items()) if at != index}
    return [each for at, each in enumerate(held) if at != index]
