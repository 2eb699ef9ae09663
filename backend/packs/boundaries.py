"""Areas of a pack out of GeoJSON (RFC 7946): codes, names and parents, and the polygons of the lowest units."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from backend.packs.faults import Faults, Place
from backend.packs.geometry import MAX_POINTS, check_axes, read_boundary
from backend.packs.pack import AreaSpec

_CODE = re.compile(r'"(?:code|kode)"\s*:\s*"([^"]*)"')
_FEATURE = re.compile(r'"type"\s*:\s*"Feature"')
_CONSTANT = re.compile(r"[\s\[,:]-?(?:NaN|Infinity)\b")


class _FormatError(ValueError):
    """Something that JSON, or GeoJSON, does not allow."""


class Feature(NamedTuple):
    """One feature of a file, and where it stands."""

    place: Place
    properties: Mapping[str, Any]
    geometry: Any


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _FormatError(f"a name is said twice among {', '.join(name for name, _ in pairs)[:80]}")
    return members


def _constant(name: str) -> float:
    raise _FormatError(f"{name} is not a number of JSON")


def read_features(text: str, file: str, faults: Faults) -> list[Feature]:
    """Return the features of a FeatureCollection; nothing where it is none, or has too many points, which is noted."""
    if text.count("[") > MAX_POINTS:
        line, content = max(enumerate(text.splitlines(), start=1), key=lambda each: each[1].count("["))
        code = _CODE.search(content)
        most = f", most of them in this line{f' (area {code[1]})' if code else ''}"
        told = f"more than {MAX_POINTS:,} points{most}: simplify the polygons to some 10 m, which routing does not notice"
        faults.note(Place(file, line), "too_many_points", told)
        return []
    try:
        content = json.loads(text, object_pairs_hook=_members, parse_constant=_constant)
        features = content["features"]
        if content.get("type") != "FeatureCollection" or not isinstance(features, list):
            raise _FormatError("it is not a FeatureCollection with `features`")
    except json.JSONDecodeError as error:
        faults.note(Place(file, error.lineno), "not_geojson", f"this is not JSON: {error.msg}")
        return []
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        line = next((number for number, part in enumerate(text.splitlines(), start=1) if _CONSTANT.search(part)), 1)
        faults.note(Place(file, line), "not_geojson", f"this is not the GeoJSON of packs: {error}")
        return []
    return [
        Feature(
            Place(file, line),
            properties if isinstance(feature, dict) and isinstance(properties := feature.get("properties"), dict) else {},
            feature.get("geometry") if isinstance(feature, dict) else None,
        )
        for feature, line in zip(features, _lines(text, features), strict=True)
    ]


def _lines(text: str, features: Sequence[Any]) -> list[int]:
    """Return the line of each feature: where it says that it is one, unless others say so as well; then the first for all."""
    lines = [number for number, line in enumerate(text.splitlines(), start=1) for _ in _FEATURE.findall(line)]
    return lines if len(lines) == len(features) else [1] * len(features)


def code_of(feature: Feature, faults: Faults, *, names: Sequence[str] = ("code",)) -> str | None:
    """Return the code a feature carries under one of `names`; None, and a fault, where it is no text."""
    code = next((feature.properties[name] for name in names if name in feature.properties), None)
    if isinstance(code, str) and code.strip():
        return code
    kind = "polygon_without_code" if code is None or code == "" else "code_not_text"
    named = " or ".join(f"`{name}`" for name in names)
    text = f'this area has no {named} that is text (found {code!r:.60}): write "{names[0]}": "11.10"'
    faults.note(feature.place, kind, text)
    return None


def _area(feature: Feature, faults: Faults) -> AreaSpec | None:
    code, place = code_of(feature, faults), feature.place
    if code is None:
        return None
    texts = {name: feature.properties.get(name) for name in ("name", "kind")}
    for name, value in texts.items():
        if not isinstance(value, str) or not value or value != value.strip():
            faults.note(place, "area_incomplete", f"area {code}: `{name}` must be text without blanks around it")
    parent = feature.properties.get("parent_code")
    if not isinstance(parent, str | None):
        faults.note(place, "code_not_text", f'area {code}: parent_code is {parent!r:.60}: write "{parent!s:.60}"')
        parent = None
    return AreaSpec(
        code=code,
        name=str(texts["name"]),
        kind=str(texts["kind"]),
        parent_code=parent,
        boundary=read_boundary(code, feature.geometry, place, faults),
        lowest=False,
    )


def read_areas(text: str, file: str, faults: Faults) -> tuple[tuple[AreaSpec, ...], dict[str, Place]]:
    """Return the areas of a FeatureCollection, `lowest` where no other names one as its parent; and their places."""
    areas: dict[str, AreaSpec] = {}
    places: dict[str, Place] = {}
    for feature in read_features(text, file, faults):
        area = _area(feature, faults)
        if area and area.code in areas:
            text = f"area {area.code} is in this file twice, as {areas[area.code].name} and {area.name}: keep one"
            faults.note(feature.place, "duplicate_code", text)
        elif area:
            areas[area.code], places[area.code] = area, feature.place
    parents = {area.parent_code for area in areas.values()}
    check_axes(((area.code, area.boundary) for area in areas.values() if area.boundary), places, faults)
    return tuple(replace(area, lowest=area.code not in parents) for area in areas.values()), places
