"""A new region's pack, out of the national codes and the polygons it has: complete, with a list of what a person should check."""

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely

from backend.core.text import LANGUAGES, fill
from backend.packs.boundaries import code_of, read_features
from backend.packs.copying import Copied, Giver, copy_pack
from backend.packs.faults import Faults, PackError, Place
from backend.packs.folder import BASE, BASES, MAX_AREAS, REGION, with_bases
from backend.packs.geometry import check_axes, read_boundary
from backend.packs.layers import layer_text
from backend.packs.national.codes import REGIONS, SOURCE, NationalArea, UnknownCodeError, areas_below, licence
from backend.packs.national.provinces import province_of, read_data
from backend.packs.pack import Pack
from backend.packs.reading import read_files
from backend.packs.unpacking import packed, text_of

CHECKLIST, NOTICE = "PERIKSA.md", "NOTICE.md"
SCHEMAS = ".schemas"
_CODE_NAMES = ("code", "kode")
_NAMED = 10  # areas, or items, told one by one in the list of what to check
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 '/.-]*")
_UNITS = "base-perangkat-daerah"

_REGION = """\
# {name}: dari kode wilayah nasional; lihat {checklist}. / Made from the national codes; see {checklist}.
key: {key}
code: "{code}"
name: {name}
extends: [{extends}]

identity:
  app_name: {app_name}
  timezone: {timezone}
"""
_DEPARTMENTS = """\
# Unit yang tidak ditulis di sini diwarisi dengan nama umum. / Units that are not said here are inherited, under general names.
# departments:
#   - {key: pupr, name: Dinas PUPR, email: pupr@example.go.id, verified: true}
"""
_CALENDAR = """\
# Jam kerja dan hari libur diwarisi; tambahkan yang lokal. / Hours and holidays are inherited; add the local ones.
# holidays:
#   - {key: hari-jadi-2027, date: 2027-10-10, name: {id: Hari jadi, en: Anniversary of the region}, kind: local}
"""
_COMPLAINTS = "number: {prefix: {prefix}}\n"
_ORIGIN = "  origin: {{said}} # paket yang disalin / the pack that was copied\n"
_COPIED = "# Disalin dari paket {giver}; lihat {checklist}. / Copied from the pack of {giver}; see {checklist}.\n"
_NOTICE = """\
# Notices

Codes and names of areas are from <https://github.com/cahyadsn/wilayah>, version b7ad440a ({source}), MIT licence, below.

Polygons are from the file {boundaries}. Say here who made it, and under which licence.

{licence}
"""


@dataclass(frozen=True, kw_only=True)
class NewPack:
    """A pack that has been made, as files and as they read."""

    files: Mapping[str, bytes]
    pack: Pack
    left_out: int  # areas of the codes that are missing from it, for want of a polygon


@dataclass(kw_only=True)
class _Given:
    """What a file of boundaries has for a region."""

    boundaries: dict[str, bytes] = field(default_factory=dict)
    others: int = 0  # polygons outside the region
    synthetic: int = 0


def new_pack(
    *,
    code: str,
    key: str,
    boundaries: bytes,
    file: str,
    name: str | None = None,
    prefix: str | None = None,
    like: Giver | None = None,
) -> NewPack:
    """Return the pack of a region that the national codes know, with the polygons of a GeoJSON file named `file`.

    An area keeps its polygon where no area below it has one: the lowest units are what there are polygons of. Departments and
    modules are those of the bases, or as those of the pack it is `like`.
    Raises UnknownCodeError, and PackError with every fault of the boundaries.
    """
    national = areas_below(code)
    head, province = national[0], province_of(code)
    if head.kind not in REGIONS:
        raise UnknownCodeError(f"{code} is the {head.kind} {head.name}: a region is a {' or '.join(REGIONS)}")
    given = _given(boundaries, file, national)
    lowest = _lowest(national, given.boundaries)
    kept = [area._replace(kind=province.kinds.get(area.kind, area.kind)) for area in national if area.code in lowest]
    left_out = [area for area in national if area.code not in lowest and lowest.get(area.parent_code or "") is False]
    told = {
        "key": key,
        "code": code,
        "name": _scalar(name or head.name),
        "app_name": _scalar(f"Lapor {_short(name or head.name)}"),
        "extends": ", ".join(_bases(head, kept, province.bases, units=like is None or _extends(like.pack, _UNITS))),
        "timezone": province.timezone,
        "prefix": _scalar(prefix or _prefix(_short(name or head.name))),
        "checklist": CHECKLIST,
    }
    files = {
        REGION: _yaml("region", fill(_REGION, told)),
        "departments.yaml": _yaml("departments", _DEPARTMENTS),
        "calendar.yaml": _yaml("calendar", _CALENDAR),
        "complaints.yaml": _yaml("complaints", fill(_COMPLAINTS, told)),
        NOTICE: fill(_NOTICE, {"source": SOURCE, "boundaries": file, "licence": licence()}).encode(),
        "areas.geojson.gz": packed(_geojson(kept, {code: given.boundaries[code] for code, is_low in lowest.items() if is_low})),
    }
    copied = copy_pack(like.pack, with_bases(files), prefix=prefix or _prefix(_short(name or head.name))) if like else None
    if like and copied:
        files |= _copied_files(like, copied, files)
    pack = read_files(with_bases(files), borders=True)
    counted = Counter(area.kind for area in kept)
    found = told | {
        "source": SOURCE,
        "boundaries": file,
        "counted": ", ".join(f"{count} {kind}" for kind, count in counted.items()),
        "lowest": sum(lowest.values()),
        "coarse": _names(_coarse(national, lowest)),
        "left_out": _names(left_out),
        "others": given.others,
        "overlaps": sum(warning.code in {"packs.areas_overlap", "packs.areas_apart"} for warning in pack.warnings),
        "synthetic": given.synthetic,
        "departments": not like,  # a copy's are told as such
        "copied": like.pack.name if like else "",
        "left_behind": _named(copied.left) if copied else "",
    }
    files[CHECKLIST] = "\n".join(_checklist(found, province.checks)).encode()
    return NewPack(files=files, pack=pack, left_out=len(left_out))


def _copied_files(giver: Giver, copied: Copied, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files in which the copy says what it has from the giver, and whose it was."""
    head = fill(_COPIED, {"giver": giver.pack.name, "checklist": CHECKLIST})
    said = {f"{name}.yaml": _yaml(name, layer_text(layer, head).decode()) for name, layer in copied.layers.items()}
    said_of_it = ", ".join(
        f"{name}: {_scalar(str(value)) if name != 'version' else value}" for name, value in giver.origin.items()
    )
    origin = fill(_ORIGIN, {"said": said_of_it})
    notice = giver.pack.files.get(NOTICE)
    notices = {f"NOTICE.{giver.pack.key}.md": notice} if notice else {}
    return said | notices | {REGION: files[REGION] + origin.encode()}


def _extends(pack: Pack, base: str) -> bool:
    return f"{BASES}/{base}/{BASE}" in pack.files


def _given(content: bytes, file: str, national: Sequence[NationalArea]) -> _Given:
    """Return the polygons of a region's areas out of a file. Raises PackError with every fault, each at its line."""
    faults = Faults()
    region, areas = national[0], {area.code: area for area in national}
    parents = {area.parent_code for area in national}
    given, places = _Given(), dict[str, Place]()
    text = text_of(content, Place(file, 1), MAX_AREAS, faults)
    for feature in [] if faults else read_features(text, file, faults):
        code = code_of(feature, faults, names=_CODE_NAMES)
        if code is None:
            continue
        if code not in areas:
            given.others += 1
            if code.startswith(f"{region.code}."):
                like = ", ".join(difflib.get_close_matches(code, areas, n=2))
                text = f"{code} is not in the national codes ({SOURCE}): correct it (like {like}?) or take it out"
                faults.note(feature.place, "area_unknown", text)
        elif code in places:
            text = f"area {code} is in this file twice: keep one, or make one MultiPolygon of the two"
            faults.note(feature.place, "duplicate_code", text)
        else:
            places[code] = feature.place
            boundary = read_boundary(code, feature.geometry, feature.place, faults)
            if boundary:
                given.boundaries[code] = boundary
                given.synthetic += feature.properties.get("synthetic") is True
            elif feature.geometry is None and code not in parents:
                text = f"area {code}: its geometry is null: give it a polygon, or take it out"
                faults.note(feature.place, "code_without_polygon", text)
    check_axes(given.boundaries.items(), places, faults)
    if not given.boundaries and not faults:
        text = f"no polygon of {region.code} {region.name}, nor of an area in it, is in this file"
        faults.note(Place(file, 1), "no_areas", f"{text}: each needs its code as `code` or `kode`")
    if faults:
        raise PackError(faults)
    return given


def _lowest(national: Sequence[NationalArea], boundaries: Mapping[str, bytes]) -> dict[str, bool]:
    """Return the areas that the pack has, by code and in the order of the codes; whether each is a lowest one."""
    found: dict[str, bool] = {}
    with_areas: set[str | None] = set()
    for area in reversed(national):  # what lies in an area comes before it
        if area.code in with_areas or area.code in boundaries:
            found[area.code] = area.code not in with_areas
            with_areas.add(area.parent_code)
    return dict(reversed(found.items()))


def _coarse(national: Sequence[NationalArea], lowest: Mapping[str, bool]) -> list[NationalArea]:
    """Return the lowest areas of the pack that have areas in the codes."""
    parents = {area.parent_code for area in national}
    return [area for area in national if lowest.get(area.code) and area.code in parents]


def _bases(head: NationalArea, kept: Sequence[NationalArea], own: Sequence[str], *, units: bool) -> list[str]:
    kinds = {area.kind for area in kept} & {*REGIONS} - {head.kind}
    return [*(f"base-{kind}" for kind in (*sorted(kinds), head.kind)), *own, *([_UNITS] if units else [])]


def _short(name: str) -> str:
    return re.sub(r"^(Kabupaten|Kota)( Administrasi)? ", "", name)


def _prefix(name: str) -> str:
    """Return three letters or more that remind of a name: ACB for Aceh Barat, ABD for Aceh Barat Daya, SUM for Sumedang."""
    words = re.findall(r"[A-Z]+", name.upper())
    taken = {1: (3,), 2: (2, 1)}.get(len(words), (1,) * 6)
    return "".join(word[:count] for word, count in zip(words, taken, strict=False))


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _yaml(schema: str, text: str) -> bytes:
    return f"# yaml-language-server: $schema={SCHEMAS}/{schema}.schema.json\n{text}".encode()


def _geojson(areas: Sequence[NationalArea], boundaries: Mapping[str, bytes]) -> str:
    """Return the areas as GeoJSON, the region first, one a line: so a line is an area in a fault and in a diff."""
    lines = []
    for area in areas:
        parent = None if area == areas[0] else area.parent_code
        properties = {"code": area.code, "name": area.name, "kind": area.kind, "parent_code": parent}
        boundary = boundaries.get(area.code)
        geometry = shapely.to_geojson(shapely.from_wkb(boundary)) if boundary else "null"
        said = json.dumps(properties, ensure_ascii=False, separators=(",", ":"))
        lines.append(f'{{"type":"Feature","properties":{said},"geometry":{geometry}}}')
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"


def _names(areas: Sequence[NationalArea]) -> str:
    return _named([f"{area.code} {area.name}" for area in areas])


def _named(names: Sequence[str]) -> str:
    named = ", ".join(names[:_NAMED])
    return named if len(names) <= _NAMED else f"{named}, +{len(names) - _NAMED}"


def _checklist(told: Mapping[str, Any], of_province: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield the lines of the list in every language; what is about something that this pack has not is left out."""
    said = read_data("check.yaml")
    checks = [item for item in said.items_of("checks") if told.get(str(item.identifier), True)]
    yield f"# {told['name']}"
    for language in LANGUAGES:
        yield from ("", f"## {said.inner('titles')[language]}", "", fill(said.inner("made")[language], told), "")
        yield from (f"- [ ] {fill(item[language], told)}" for item in (*checks, *of_province))
    yield ""
