"""Reads a region pack: its folder and those it extends, merged, checked, and made into a Pack."""

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backend.packs.boundaries import read_areas
from backend.packs.checking import FORMS, check_areas, check_bindings, check_forms, check_labels, check_modules
from backend.packs.faults import Faults, PackError, Place
from backend.packs.merging import merge, plain
from backend.packs.pack import AreaSpec, DepartmentSpec, Pack
from backend.packs.schemas import REGION_KEY
from backend.packs.yaml_text import Said, read_yaml

SHIPPED = Path(__file__).parent / "shipped"
MAX_YAML, MAX_AREAS = 2 * 1024 * 1024, 64 * 1024 * 1024  # bytes, unpacked
REGION, BASE = "region.yaml", "pack.yaml"
AREAS = ("areas.geojson.gz", "areas.geojson")
_MODULE = re.compile(r"[a-z][a-z0-9_]*\.yaml")


def shipped_packs() -> list[Path]:
    """Return the folders of the region packs that come with Balai."""
    return sorted(head.parent for head in SHIPPED.glob(f"*/{REGION}"))


def read_pack(folder: Path) -> Pack:
    """Return the pack in a folder, with what it inherits. Raises PackError with every fault there is.

    A base pack is looked for beside the folder, then among the shipped ones.
    """
    faults = Faults()
    folder = folder.absolute()
    own = _read_folder(folder, REGION, faults)
    label = own.place.file.partition("/")[0]
    bases: dict[str, Said] = {}
    _read_bases(own, folder.parent, faults, (), bases)
    said = Said(own.place)
    for layer in (*bases.values(), own):
        said = merge(said, layer, faults)
    for name in FORMS:
        if not isinstance(said.get(name), Said):
            said.say(name, Said(Place(f"{label}/{name}.yaml", 1)), own.place)
    areas, places = _areas(folder, label, faults)
    region = said["region"]
    identity = region.inner("identity")
    titles = identity.inner("unit_titles")
    languages = identity.texts("languages")
    departments = (*_departments(said["departments"]), *_offices(areas, titles, languages))

    check_forms(said, faults)
    check_labels(said, languages, faults)
    check_areas(str(region.get("code")), titles, areas, places, faults)
    check_bindings(said, departments, faults)
    check_modules(said, departments, areas, faults)
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
    }
    files = sorted(f"packs/{place.file}" for layer in (*bases.values(), own) for place in layer.places.values())
    files += [f"packs/{place.file}" for place in list(places.values())[:1]]
    return Pack(**content, checksum=_checksum(content), files=tuple(files), said=said)


def _checksum(content: dict[str, Any]) -> str:
    def known(value: Any) -> Any:
        return value.hex() if isinstance(value, bytes) else asdict(value)

    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=known)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _read_folder(folder: Path, head: str, faults: Faults) -> Said:
    """Return the YAML files of one folder by name, `region` for the head. Its place is the head's first line."""
    label = folder.name
    if head == REGION and (folder / head).is_file():
        named = read_yaml(_text(folder / head, MAX_YAML, Place("", 1), Faults()), label, Faults()).get("key")
        label = named if isinstance(named, str) and re.fullmatch(REGION_KEY, named) else label
    start = Place(f"{label}/{head}", 1)
    said = Said(start)
    if not (folder / head).is_file():
        other = (folder / BASE).is_file()
        why = "this is a base pack, to be extended by a region's" if other else f"there is no {head} in {folder}"
        faults.note(start, "no_pack", f"{why}: name the folder of a region pack")
        raise PackError(faults)
    others = BASE if head == REGION else REGION
    for path in sorted(folder.iterdir()):
        place = Place(f"{label}/{path.name}", 1)
        if path.name.startswith("."):
            continue
        if path.is_symlink() or not path.is_file() or not _MODULE.fullmatch(path.name) or path.name == others:
            if path.is_symlink() or not (path.suffix == ".md" or (path.name in AREAS and head == REGION)):
                text = f"{path.name} does not belong into this pack: take it out, or name it <module>.yaml"
                faults.note(place, "unknown_file", text)
            continue
        content = read_yaml(_text(path, MAX_YAML, place, faults), place.file, faults)
        said.say("region" if path.name == head else path.stem, content, place)
    return said


def _text(path: Path, limit: int, place: Place, faults: Faults) -> str:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            faults.note(place, "too_large", f"more than {limit // 1024 // 1024} MiB: split or simplify it")
            return ""
        return content.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        faults.note(place, "unreadable", f"cannot be read: {error}")
    except UnicodeDecodeError as error:
        faults.note(place, "unreadable", f"is not UTF-8 (byte {error.start}): save it as UTF-8")
    return ""


def _read_bases(said: Said, beside: Path, faults: Faults, chain: Sequence[str], found: dict[str, Said]) -> None:
    """Read what a pack extends into `found`, in the order of laying: the deepest first, each once."""
    place = said["region"].at("extends")
    for name in said["region"].texts("extends"):
        folders = [parent / name for parent in (beside, SHIPPED) if re.fullmatch(REGION_KEY, name)]
        folder = next((folder for folder in folders if (folder / BASE).is_file()), None)
        if name in chain:
            faults.note(place, "base_circle", f"{' -> '.join([*chain, name])} extend each other in a circle: break it")
        elif folder is None:
            shipped = ", ".join(sorted(head.parent.name for head in SHIPPED.glob(f"*/{BASE}")))
            faults.note(place, "unknown_base", f"there is no base pack {name!r} beside this one, nor shipped ({shipped})")
        elif name not in found:
            base = _read_folder(folder, BASE, faults)
            _read_bases(base, folder.parent, faults, (*chain, name), found)
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


def _areas(folder: Path, label: str, faults: Faults) -> tuple[tuple[AreaSpec, ...], dict[str, Place]]:
    names = [name for name in AREAS if (folder / name).is_file()]
    place = Place(f"{label}/{(names or AREAS)[0]}", 1)
    if len(names) != 1:
        faults.note(place, "no_areas", f"one file of areas is needed, {' or '.join(AREAS)}; there are {len(names)}")
        return (), {}
    text = _text(folder / names[0], MAX_AREAS, place, faults)
    return read_areas(text, place.file, faults) if text else ((), {})


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
