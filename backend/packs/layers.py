"""Layers that Balai writes for admins, as files; and what of one still has something to lie over when the pack below changes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import yaml

from backend.packs.merging import GONE
from backend.packs.yaml_text import identifier

_HEAD = "# Diubah oleh admin wilayah lewat Balai. / Changed by an admin of the region through Balai.\n"


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:  # a pack knows no anchors
        return True


def _write_float(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:float", f"{Decimal(repr(value)):f}")  # a pack knows no exponents


_Dumper.add_representer(float, _write_float)


def layer_text(layer: Mapping[str, Any], head: str = _HEAD) -> bytes:
    """Return a layer as its file; `head` are its first lines."""
    text: str = head + yaml.dump(dict(layer), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text.encode(errors="replace")


def still_said(layer: Any, old: Any, new: Any, path: str = "") -> tuple[Any, list[str]]:
    """Return what of a layer over `old` can lie over `new`, and the paths of what cannot: there it is gone already."""
    if isinstance(layer, Mapping) and isinstance(old, Mapping) and isinstance(new, Mapping):
        kept: dict[str, Any] = {}
        gone: list[str] = []
        for key, value in layer.items():
            at = f"{path}.{key}" if path else key
            if value == GONE and key not in new:
                gone.append(at)
                continue
            kept[key], inner = still_said(value, old.get(key), new.get(key), at)
            gone += inner
        return kept, gone
    if isinstance(layer, list) and isinstance(old, list) and isinstance(new, list):
        olds, news = ({identifier(item): item for item in side} for side in (old, new))
        items, gone = [], []
        for item in layer:
            name, at = identifier(item), f"{path}.{identifier(item)}"
            if name is None or (name not in olds and name not in news):
                items.append(item)
            elif name not in news:
                gone.append(at)
            else:
                still, inner = still_said(item, olds.get(name), news[name], at)
                items.append(still)
                gone += inner
        there = {*news, *map(identifier, items)}
        items = [{k: v for k, v in each.items() if k != "before" or v in there} if identifier(each) else each for each in items]
        return items, gone
    return layer, []
