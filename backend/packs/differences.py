"""What differs between two packs, as a person thinks; where a change below meets a word above; how to say a difference."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from backend.packs.merging import GONE, INSTEAD, plain
from backend.packs.pack import Pack
from backend.packs.yaml_text import Said, identifier

Path = tuple[str, ...]
NAMES = frozenset({"name", "label", "title", "app_name"})
_NOTHING: Any = object()


def _keyed(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(identifier, value))


def _both_keyed(one: Any, other: Any) -> bool:
    return (_keyed(one) or _keyed(other)) and all(_keyed(value) or value in ([], _NOTHING) for value in (one, other))


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield what stands at the ends of mappings and keyed lists, each with its path."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif _keyed(value):
        for item in value:
            yield from leaves(item, (*path, str(identifier(item))))
    else:
        yield path, value


def said_by(pack: Pack) -> dict[str, Any]:
    """Return all a pack says as plain values, by file; areas by code, their boundaries by a checksum."""
    said = {name: plain(content) for name, content in pack.said.items()}
    areas = [
        asdict(area) | {"boundary": area.boundary and sha256(area.boundary).hexdigest()[:16], "lowest": area.lowest}
        for area in pack.areas
    ]
    return said | {"areas": {"areas": areas}}


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the changes from one to the other, both as `said_by` gives them.

    Each is a mapping: `section` (the file), `what` (the list, or "" for single values), `kind` (added, removed, renamed, changed
    or reordered), `count`, and `items` with `key`, `name` and, where something changed, `fields`: [before, after] by path.
    """
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for section in sorted(before.keys() | after.keys()):
        old, new = before.get(section, {}), after.get(section, {})
        for what, kind, item in _changes(old, new, ""):
            found.setdefault((section, what, kind), []).append(item)
    return [
        {"section": section, "what": what, "kind": kind, "count": len(items), "items": items}
        for (section, what, kind), items in found.items()
    ]


def _changes(old: Any, new: Any, path: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if old == new:
        return
    if _both_keyed(old, new):
        yield from _items(old, new, path)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            yield from _changes(old.get(key, _NOTHING), new.get(key, _NOTHING), f"{path}.{key}" if path else key)
    elif isinstance(new, Mapping) and old is _NOTHING and any(map(_keyed, new.values())):
        yield from _changes({}, new, path)
    else:
        kind = "added" if old is _NOTHING else "removed" if new is _NOTHING else "changed"
        if path.rpartition(".")[2] in NAMES and kind == "changed":
            kind = "renamed"
        fields = {"": [None if value is _NOTHING else value for value in (old, new)]}
        yield "", kind, {"key": path, "name": "", "fields": fields}


def _items(old: Any, new: Any, path: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    olds, news = ({str(identifier(item)): item for item in ([] if side is _NOTHING else side)} for side in (old, new))
    for key in olds.keys() - news.keys():
        yield path, "removed", {"key": key, "name": _title(olds[key])}
    for key, item in news.items():
        if key not in olds:
            yield path, "added", {"key": key, "name": _title(item)}
        elif item != olds[key]:
            was, now = dict(leaves(olds[key])), dict(leaves(item))
            fields = {
                ".".join(place): [was.get(place), now.get(place)]
                for place in sorted(was.keys() | now.keys())
                if was.get(place, _NOTHING) != now.get(place, _NOTHING)
            }
            kind = "renamed" if all(field.split(".")[0] in NAMES for field in fields) else "changed"
            yield path, kind, {"key": key, "name": _title(item), "fields": fields}
    kept = [key for key in olds if key in news]
    if kept != [key for key in news if key in olds]:
        yield path, "reordered", {"key": path, "name": ""}


def _title(item: Mapping[str, Any]) -> str:
    found = next((item[name] for name in ("name", "label", "title") if name in item), "")
    return str(next(iter(found.values()), "")) if isinstance(found, Mapping) else str(found)


def conflicts(old: Said, new: Said, above: Said) -> list[dict[str, Any]]:
    """Return where a layer speaks of what changed below it, from `old` to `new`: what it says stays, and should be looked at.

    Each is a mapping: `path`, `was` and `becomes` below, `stays` (what the layer says), and `place` (its file and line).
    """
    olds, news = dict(leaves(old)), dict(leaves(new))
    found = []
    for path, value in leaves(above):
        inside = path[:-1] if path[-1:] in {("remove",), ("before",)} else path
        was, becomes = _below(olds, inside), _below(news, inside)
        if path and becomes not in (was, value):
            at = {"path": ".".join(path), "place": f"packs/{above.find(path)}"}
            found.append({**at, "was": was, "becomes": becomes, "stays": plain(value)})
    return found


def _below(values: Mapping[Path, Any], path: Path) -> Any:
    """Return the value at a path, or all below it as text where there are several."""
    if path in values:
        return plain(values[path])
    inner = {".".join(at[len(path) :]): plain(value) for at, value in values.items() if at[: len(path)] == path}
    return inner or None


def layer_saying(base: Any, wanted: Any) -> Any:
    """Return what must be laid over `base`, both plain, to have `wanted`: an empty mapping when it is that already."""
    over = {}
    for key in [*wanted, *(key for key in base if key not in wanted)]:
        if base.get(key, _NOTHING) != wanted.get(key, _NOTHING):
            over[key] = _value(base.get(key, _NOTHING), wanted.get(key, _NOTHING))
    return over


def _value(base: Any, wanted: Any) -> Any:
    if wanted is _NOTHING:
        return dict(GONE)
    if base is _NOTHING or base is None or wanted is None:
        return wanted
    if isinstance(base, Mapping) and isinstance(wanted, Mapping):
        return layer_saying(base, wanted)
    if _both_keyed(base, wanted):
        return _list_saying(base, wanted)
    return wanted if type(base) is type(wanted) or not {dict, list} & {type(base), type(wanted)} else {INSTEAD: wanted}


def _list_saying(base: Sequence[Any], wanted: Sequence[Any]) -> list[Any]:
    olds = {str(identifier(item)): item for item in base}
    news = {str(identifier(item)): item for item in wanted}
    over: dict[str, dict[str, Any]] = {key: dict(GONE) for key in olds if key not in news}
    for key, item in news.items():
        if key not in olds:
            over[key] = dict(item)
        elif item != olds[key]:
            over[key] = layer_saying(olds[key], item)
    order = [key for key in olds if key in news] + [key for key in news if key not in olds]
    follows = ""
    for key in reversed(news):  # from the last to the first, each before the one that follows it
        if follows and order.index(key) != order.index(follows) - 1:
            order.remove(key)
            order.insert(order.index(follows), key)
            over.setdefault(key, {})["before"] = follows
        follows = key
    names = {key: "key" if "key" in item else "code" for key, item in {**olds, **news}.items()}
    said = [*(key for key in news if key in over), *(key for key in over if key not in news)]
    return [{names[key]: key, **over[key]} for key in said]
