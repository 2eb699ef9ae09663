"""Inheritance: what a pack says is laid over what its bases say.

Mappings merge deep. Lists whose items carry `key` or `code` merge by it; `remove: true` takes an inherited item out, and
`before: OTHER` lets an item stand before another. `name: {remove: true}` takes an inherited name out of a mapping, and
`name: {replace: ...}` puts something else in its place, of whatever form. Anything else replaces.
"""

from typing import Any

from backend.packs.faults import Faults, Place
from backend.packs.yaml_text import Said, identifier

_NOTHING: Any = object()
GONE, INSTEAD = {"remove": True}, "replace"


def merge(base: Said, over: Said, faults: Faults) -> Said:
    """Return `base` with `over` laid over it; neither is changed, and every place is where a thing was said last."""
    merged = Said(over.place)
    merged.update(base)
    merged.places.update(base.places)
    for key, value in over.items():
        if isinstance(value, Said) and value == GONE:
            if merged.pop(key, _NOTHING) is _NOTHING:
                faults.note(over.at(key), "nothing_to_remove", f"{key} is not inherited, so there is nothing to remove")
            continue
        merged.say(key, _laid_over(base.get(key), value, over.at(key), faults), over.at(key))
    return merged


def _laid_over(base: Any, over: Any, place: Place, faults: Faults) -> Any:
    if isinstance(over, Said) and over.keys() == {INSTEAD}:
        return _laid_over(None, over[INSTEAD], place, faults)
    if base is not None and over is not None and _shape(base) != _shape(over):
        text = f"this is {_shape(over)}, but {_shape(base)} is inherited here: say it in the inherited form"
        faults.note(place, "other_shape", text)
        return base
    if isinstance(over, Said):
        return merge(Said(place) if base is None else base, over, faults)
    if isinstance(over, list) and any(map(identifier, over)):
        return _items(base or [], over, place, faults)
    return over


def _shape(value: Any) -> str:
    return "a mapping" if isinstance(value, Said) else "a list" if isinstance(value, list) else "a single value"


def _items(base: list[Any], over: list[Any], place: Place, faults: Faults) -> list[Any]:
    merged = {name: item for item in base if (name := identifier(item))}
    said: dict[str, Place] = {}
    for item in over:
        name = identifier(item)
        if name is None:
            where = item.place if isinstance(item, Said) else place
            faults.note(where, "no_key", "an item of this list has no `key` or `code`: give it one, as the others have")
        elif name in said:
            text = f"{name} is already in this list, in line {said[name].line}: keep one of the two"
            faults.note(item.place, "duplicate_code", text)
        elif item.get("remove") is not True:
            merged[name] = merge(merged.get(name, Said(item.place)), _without_order(item), faults)
        elif merged.pop(name, None) is None:
            faults.note(item.place, "nothing_to_remove", f"{name} is not inherited, so there is nothing to remove")
        if name is not None:
            said.setdefault(name, item.place)
    return _ordered(merged, over, faults)


def _without_order(item: Said) -> Said:
    kept = Said(item.place)
    for key, value in item.items():
        if key != "before":
            kept.say(key, value, item.at(key))
    return kept


def _ordered(merged: dict[str, Any], over: list[Any], faults: Faults) -> list[Any]:
    """Return the items, those that say `before` moved; the last said first, so that each finds the other in its place."""
    order = list(merged)
    for item in reversed(over):
        other = item.get("before") if isinstance(item, Said) else None
        name = identifier(item)
        if other is None or name not in merged:
            continue
        if not isinstance(other, str) or other not in merged or other == name:
            faults.note(item.at("before"), "nothing_before", f"{name}: there is no other {other!r} in this list to stand before")
            continue
        order.remove(name)
        order.insert(order.index(other), name)
    return [merged[name] for name in order]


def plain(value: Any, *, cited: bool = False) -> Any:
    """Return plain mappings and lists.

    `cited`: items of keyed lists carry `source`, the file and line where they were last said, unless they say a
    `source` of their own.
    """
    if isinstance(value, Said):
        return {key: plain(inner, cited=cited) for key, inner in value.items()}
    if isinstance(value, list):
        return [_item(item, cited=cited) for item in value]
    return value


def _item(item: Any, *, cited: bool) -> Any:
    citation = {"source": f"packs/{item.place}"} if cited and identifier(item) else {}
    return citation | plain(item, cited=cited) if citation else plain(item, cited=cited)
