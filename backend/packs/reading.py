"""Reads a region pack: its files and those of the bases it extends, merged, checked, and made into a Pack."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from backend.packs.boundaries import read_areas
from backend.packs.checking import (
    FORMS,
    check_areas,
    check_bindings,
    check_forms,
    check_labels,
    check_modules,
    check_successors,
    check_texts,
)
from backend.packs.faults import Faults, PackError, Place
from backend.packs.folder import BASE, BASES, EDITED, MAX_AREAS, MAX_YAML, REGION, SHIPPED, SIGNATURE, Files, gather
from backend.packs.geometry import check_overlaps
from backend.packs.merging import merge, plain
from backend.packs.pack import AreaSpec, DepartmentSpec, Pack
from backend.packs.schemas import REGION_KEY
from backend.packs.tables import read_table, table_path
from backend.packs.unpacking import text_of
from backend.packs.yaml_text import Said, read_yaml

AREAS = ("areas.geojson.gz", "areas.geojson")
TITLES = "areas.csv"
_YAML = re.compile(r"([a-z][a-z0-9_]*)(\.edited)?\.yaml")
_TABLE = re.compile(r"([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)\.csv")


def read_pack(folder: Path) -> Pack:
    """Return the pack in a folder, with what it inherits. Raises PackError with every fault there is."""
    faults = Faults()
    return read_files(gather(folder, faults), label=folder.absolute().name, faults=faults)


def read_files(files: Files, *, label: str = "pack", faults: Faults | None = None, borders: bool = False) -> Pack:
    """Return the pack that `files` are, its bases among them. Raises PackError with every fault there is, `faults` included.

    Places are named after the region's key; after `label` where the pack says none that could be one. `borders`: overlaps and
    gaps between the lowest areas are looked for too, and become warnings.
    """
    faults = Faults() if faults is None else faults
    layers = read_layers(files, faults, label=label)
    said = lay(layers, faults)
    for name in [name for name, content in said.items() if not isinstance(content, Said)]:
        faults.note(said.at(name), "other_shape", f"{name}: the file must be a mapping: lines of `name: value`")
        said.say(name, Said(said.at(name)), said.at(name))
    label = layers[-1].place.file.partition("/")[0]
    for name in FORMS:
        if not isinstance(said.get(name), Said):
            said.say(name, Said(Place(f"{label}/{name}.yaml", 1)), layers[-1].place)
    areas, places = _areas(files, label, faults)
    region = said["region"]
    identity = region.inner("identity")
    titles = identity.inner("unit_titles")
    languages = identity.texts("languages")
    departments = (*_departments(said["departments"]), *_offices(areas, titles, languages))

    check_texts(said, areas, places, faults)
    check_forms(said, faults)
    check_labels(said, languages, faults)
    check_areas(str(region.get("code")), titles, areas, places, faults)
    if borders:
        check_overlaps(areas, places, faults)
    check_bindings(said, departments, faults)
    check_modules(said, departments, areas, faults)
    check_successors(said, departments, areas, faults)
    if faults:
        raise PackError(faults)
    content: dict[str, Any] = {
        **{name: region[name] for name in ("key", "code", "name")},
        "identity": plain(identity, cited=True),
        "calendar": plain(said["calendar"], cited=True),
        "departments": departments,
        "areas": areas,
        "modules": {
            name: {"enabled": True} | plain(settings, cited=True) for name, settings in said.items() if name not in FORMS
        },
        "successors": plain(said["successors"]),
    }
    return Pack(
        **content,
        checksum=_checksum(content),
        areas_checksum=_checksum({"areas": areas}),
        files=files,
        warnings=tuple(sorted(set(faults.warnings))),
        said=said,
    )


def _checksum(content: dict[str, Any]) -> str:
    def known(value: Any) -> Any:
        return value.hex() if isinstance(value, bytes) else asdict(value)

    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=known)
    return hashlib.sha256(canonical.encode()).hexdigest()


def lay(layers: Sequence[Said], faults: Faults) -> Said:
    """Return the layers laid over each other, the first at the bottom."""
    said = Said(layers[-1].place)
    for layer in layers:
        said = merge(said, layer, faults)
    return said


def read_layers(files: Files, faults: Faults, *, label: str = "pack") -> list[Said]:
    """Return the layers of a pack: its bases, the deepest first; what the region says; what its admins have changed.

    Each is a mapping of files by name, `region` for the head.
    """
    label = key_of(files, otherwise=label)
    own = {path: content for path, content in files.items() if "/" not in path}
    bases: dict[str, Said] = {}
    region = _read_folder({path: own[path] for path in own if not path.endswith(EDITED)}, label, REGION, faults)
    _read_bases(region, files, faults, (), bases)
    edited = _read_folder({path: own[path] for path in own if path.endswith(EDITED)}, label, REGION, faults)
    for path in sorted(path for path in files if "/" in path):
        base = path.split("/")[1]
        if base not in bases or path.count("/") != len(("bases", "name")):
            faults.note(Place(f"{label}/{path}", 1), "unknown_file", f"{path} is of no base that this pack extends: take it out")
    return [*bases.values(), region, edited]


def said_in(files: Files, name: str) -> Said:
    """Return what a pack says in one file, all layers laid; nothing where it has none. Its faults are left to `read_files`."""
    return lay(read_layers(files, Faults()), Faults()).inner(name)


def key_of(files: Files, *, otherwise: str = "pack") -> str:
    """Return the key of the region whose pack `files` are; something else where they say none that could be one."""
    named = read_yaml(files.get(REGION, b"")[:MAX_YAML].decode("utf-8", "replace"), REGION, Faults()).get("key")
    return named if isinstance(named, str) and re.fullmatch(REGION_KEY, named) else otherwise


def _read_folder(files: Files, label: str, head: str, faults: Faults) -> Said:
    """Return the YAML files and tables of one folder by name, `region` for the head. Its place is the head's first line."""
    said = Said(Place(f"{label}/{head}", 1))
    others = BASE if head == REGION else REGION
    for path, content in sorted(files.items(), key=lambda file: (file[0].endswith(".csv"), file[0])):  # tables lie over the YAML
        place = Place(f"{label}/{path}", 1)
        yaml, table = _YAML.fullmatch(path), _TABLE.fullmatch(path)
        if yaml and path != others:
            name = "region" if path == head else yaml[1]
            said.say(name, read_yaml(text_of(content, place, MAX_YAML, faults), place.file, faults), place)
        elif table and path != TITLES:
            _lay_table(said, table[1], read_table(content, place.file, faults), place, faults)
        elif not path.endswith(".md") and not (head == REGION and path in {*AREAS, TITLES, SIGNATURE}):
            text = f"{path} does not belong into this pack: take it out, or name it <module>.yaml"
            faults.note(place, "unknown_file", text)
    return said


def _lay_table(said: Said, table: str, items: list[Said], place: Place, faults: Faults) -> None:
    (file, name), over = table_path(table), Said(place)
    over.say(name, items, place)
    if name in said.inner(file):
        faults.note(place, "said_twice", f"{name} is said in {said.inner(file).at(name)} and in this table: keep one of the two")
        return
    said.say(file, merge(said.inner(file), over, faults), said.at(file) if file in said else place)


def _read_bases(said: Said, files: Files, faults: Faults, chain: Sequence[str], found: dict[str, Said]) -> None:
    """Read what a pack extends into `found`, in the order of laying: the deepest first, each once."""
    head = said.inner("region")
    for name in head.texts("extends"):
        prefix = f"{BASES}/{name}/"
        if name in chain:
            text = f"{' -> '.join([*chain, name])} extend each other in a circle: break it"
            faults.note(head.at("extends"), "base_circle", text)
        elif f"{prefix}{BASE}" not in files:
            shipped = ", ".join(sorted(head.parent.name for head in SHIPPED.glob(f"*/{BASE}")))
            text = f"there is no base pack {name!r} in {BASES}/, beside this one, nor shipped ({shipped})"
            faults.note(head.at("extends"), "unknown_base", text)
        elif name not in found:
            own = {path.removeprefix(prefix): content for path, content in files.items() if path.startswith(prefix)}
            base = _read_folder(own, name, BASE, faults)
            _read_bases(base, files, faults, (*chain, name), found)
            found[name] = _inheritable(base, name, faults)


def _inheritable(base: Said, name: str, faults: Faults) -> Said:
    """Return a base without what is its own alone: of its head, only `identity` is inherited."""
    head, kept = base["region"], Said(base["region"].place)
    for key, value in head.items():
        if key == "identity":
            kept.say(key, value, head.at(key))
        elif key not in {"key", "extends"}:
            faults.note(head.at(key), "malformed", f"{key}: a base pack says key, extends and identity alone")
    if head.get("key") != name:
        faults.note(head.at("key"), "malformed", f"key: it must be the name of its folder, {name}")
    base.say("region", kept, base.at("region"))
    return base


def areas_place(pack: Pack) -> Place:
    """Return where the areas of a pack are said."""
    return Place(f"{pack.key}/{next(name for name in AREAS if name in pack.files)}", 1)


def _areas(files: Files, label: str, faults: Faults) -> tuple[tuple[AreaSpec, ...], dict[str, Place]]:
    names = [name for name in AREAS if name in files]
    place = Place(f"{label}/{(names or AREAS)[0]}", 1)
    if len(names) != 1:
        faults.note(place, "no_areas", f"one file of areas is needed, {' or '.join(AREAS)}; there are {len(names)}")
        return (), {}
    try:
        areas, places = _drawn(files[names[0]], place)
    except PackError as error:
        faults += error.faults
        return (), {}
    if TITLES not in files:
        return areas, places
    titles = read_table(files[TITLES], f"{label}/{TITLES}", faults)
    named = {area.code: area for area in areas}
    for item in titles:
        code = item.get("code")
        if not isinstance(code, str) or code not in named:
            faults.note(item.place, "area_unknown", f"{code} is no area of {place.file}: correct the code or take the line out")
        elif not isinstance(name := item.get("name"), str) or not name or name != name.strip():
            faults.note(item.place, "area_incomplete", f"area {code}: `name` must be text without blanks around it")
        else:
            named[code] = named[code].titled(name)
    return tuple(named.values()), places


@lru_cache(maxsize=4)  # they change seldom, and are read with every change of the rest
def _drawn(content: bytes, place: Place) -> tuple[tuple[AreaSpec, ...], dict[str, Place]]:
    faults = Faults()
    text = text_of(content, place, MAX_AREAS, faults)
    areas, places = read_areas(text, place.file, faults) if text else ((), {})
    if faults:
        raise PackError(faults)
    return areas, places


def _departments(said: Said) -> list[DepartmentSpec]:
    return [
        DepartmentSpec(
            key=str(item.get("key")),
            name=str(item.get("name")),
            types=tuple(item.texts("types")),
            kind=str(item.get("kind", "department")),
            email=item.get("email"),
            verified=item.get("verified") is True,
        )
        for item in said.items_of("departments")
    ]


def _offices(areas: Sequence[AreaSpec], titles: Said, languages: Sequence[str]) -> list[DepartmentSpec]:
    """Return the area offices: one for each area of a kind whose unit title names the type of its office."""
    offices = []
    for area in areas:
        kind = titles.inner(area.kind)
        if isinstance(office := kind.get("office"), str):
            title = next((kind.inner("title").get(language, "") for language in languages), "")
            offices.append(
                DepartmentSpec(
                    key=f"area-{area.code}",
                    name=f"{title} {area.name}",
                    types=(office,),
                    kind="area_office",
                    area_code=area.code,
                )
            )
    return offices
