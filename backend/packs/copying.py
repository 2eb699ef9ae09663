"""A region's pack copied for another: what holds anywhere, without what is of the giver's own place; and whose it was."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.packs.checking import FORMS
from backend.packs.differences import layer_saying
from backend.packs.faults import Faults
from backend.packs.folder import Files
from backend.packs.merging import plain
from backend.packs.pack import Pack
from backend.packs.reading import lay, read_layers
from backend.packs.yaml_text import identifier

# An item that says one of these is of its place, however deep: a rule for a market, a hospital, whom to call, a piece of news.
OF_ITS_PLACE = frozenset({"areas", "lat", "lng", "phone", "email", "published_on"})


@dataclass(frozen=True, kw_only=True)
class Giver:
    """The pack that is copied; its `version` and `checksum` in the giver's installation, and the agreement that allows it."""

    pack: Pack
    version: int | None = None
    checksum: str = ""
    agreement: str | None = None

    @property
    def origin(self) -> dict[str, Any]:
        """What the copy says of it, as `identity.origin`."""
        said = {"version": self.version, "checksum": self.checksum or self.pack.checksum, "agreement": self.agreement}
        return {"pack": self.pack.key, **{name: value for name, value in said.items() if value is not None}}


@dataclass(frozen=True, kw_only=True)
class Copied:
    """What the new region's own files say, by their names; and what stays behind, as `file.list.key`."""

    layers: Mapping[str, Mapping[str, Any]]
    left: list[str] = field(default_factory=list)


def copy_pack(giver: Pack, files: Files, *, prefix: str) -> Copied:
    """Return what must lie over the bases of `files` so that departments and modules there are as the giver's.

    What is of the giver's place stays behind, and so do the e-mail addresses of its departments; none is verified there.
    """
    bases = plain(lay(read_layers(files, Faults())[:-2], Faults()))
    layers, left = {}, []
    for name, said in giver.said.items():
        if name in FORMS and name != "departments":
            continue
        below, wanted = bases.get(name, {}), plain(said)
        if name == "departments":
            wanted["departments"] = [_unit(unit) for unit in wanted["departments"]]
        elif name == "complaints":
            wanted["number"] = {**wanted.get("number", {}), "prefix": prefix}
        for at, value in wanted.items():
            if isinstance(value, list) and any(map(identifier, value)):
                wanted[at], stays = _anywhere(value, below.get(at, []))
                left += [f"{name}.{at}.{key}" for key in stays]
        layers[name] = layer_saying(below, wanted)
    return Copied(layers={name: layer for name, layer in layers.items() if layer}, left=left)


def _unit(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "email"} | {"verified": False}


def _anywhere(items: list[Any], below: list[Any]) -> tuple[list[Any], list[str]]:
    """Return the items that hold anywhere, of the others those that are inherited, as they are; and which stay behind."""
    own = {identifier(item): item for item in below if OF_ITS_PLACE & {*_names(item)}}
    kept, left = [], []
    for item in items:
        key = identifier(item)
        if key in own:
            kept.append(own.pop(key))
        elif OF_ITS_PLACE & {*_names(item)}:
            left.append(str(key))
        else:
            kept.append(item)
    return [*kept, *own.values()], left


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from value
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _names(inner)
