"""Areas of a pack out of GeoJSON (RFC 7946): codes, names and parents, and the polygons of the lowest units."""

import json
import re
from dataclasses import replace
from typing import Any

import shapely

from backend.packs.faults import Faults, Place
from backend.packs.pack import AreaSpec

_CODE = re.compile(r'"code"\s*:\s*"([^"]*)"')
MAX_LONGITUDE, MAX_LATITUDE = 180, 90


class _FormatError(ValueError):
    """Something that JSON, or GeoJSON, does not allow."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _FormatError(f"a name is said twice among {', '.join(name for name, _ in pairs)[:80]}")
    return members


def _constant(name: str) -> float:
    raise _FormatError(f"{name} is not a number of JSON")


class _Features:
    """Reads the features of one file one by one."""

    def __init__(self, text: str, file: str, faults: Faults) -> None:
        self.file = file
        self.faults = faults
        self.lines: dict[str, int] = {}  # of each code's own feature
        for number, line in enumerate(text.splitlines(), start=1):
            for code in _CODE.findall(line):
                self.lines.setdefault(code, number)

    def place(self, code: str = "") -> Place:
        return Place(self.file, self.lines.get(code, 1))

    def area(self, index: int, feature: Any) -> AreaSpec | None:
        properties = feature.get("properties") if isinstance(feature, dict) else None
        properties = properties if isinstance(properties, dict) else {}
        code = properties.get("code")
        if not isinstance(code, str) or not code.strip():
            kind = "polygon_without_code" if code is None or code == "" else "code_not_text"
            text = f'area {index + 1} of the file has no `code` that is text (found {code!r}): write "code": "11.10"'
            self.faults.note(self.place(), kind, text)
            return None
        place = self.place(code)
        texts = {name: properties.get(name) for name in ("name", "kind")}
        for name, value in texts.items():
            if not isinstance(value, str) or not value or value != value.strip():
                self.faults.note(place, "area_incomplete", f"area {code}: `{name}` must be text without blanks around it")
        parent = properties.get("parent_code")
        if not isinstance(parent, str | None):
            self.faults.note(place, "code_not_text", f'area {code}: parent_code is {parent!r}: write "{parent}"')
            parent = None
        boundary = self.boundary(code, feature.get("geometry"), place)
        return AreaSpec(
            code=code,
            name=str(texts["name"]),
            kind=str(texts["kind"]),
            parent_code=parent,
            boundary=boundary,
            lowest=False,
        )

    def boundary(self, code: str, geometry: Any, place: Place) -> bytes | None:
        if geometry is None:
            return None
        try:
            shape = shapely.force_2d(shapely.from_geojson(json.dumps(geometry)))
        except shapely.errors.GEOSException as error:
            self.faults.note(place, "boundary_unreadable", f"area {code}: its geometry cannot be read: {error}")
            return None
        if shape.geom_type not in {"Polygon", "MultiPolygon"} or shape.is_empty:
            text = f"area {code}: its geometry is an empty or other {shape.geom_type}: a polygon is needed"
            self.faults.note(place, "boundary_unreadable", text)
            return None
        west, south, east, north = shape.bounds
        latitude, longitude = max(abs(south), abs(north)), max(abs(west), abs(east))
        if latitude > MAX_LATITUDE >= longitude:
            text = f"area {code}: latitude {latitude:g} is beyond 90: the axes are swapped, GeoJSON says [lng, lat]"
            self.faults.note(place, "axes_swapped", text)
        elif latitude > MAX_LATITUDE or longitude > MAX_LONGITUDE:
            text = f"area {code}: {west:g}, {south:g} are not degrees: convert the coordinates to WGS84"
            self.faults.note(place, "not_degrees", text)
        elif not shape.is_valid:
            reason = shapely.is_valid_reason(shape)
            text = f"area {code}: its polygon is not valid ({reason}): mend it there"
            self.faults.note(place, "boundary_invalid", text)
        return shapely.to_wkb(shape)


def read_areas(text: str, file: str, faults: Faults) -> tuple[tuple[AreaSpec, ...], dict[str, Place]]:
    """Return the areas of a FeatureCollection, `lowest` where no other names one as its parent; and their places."""
    try:
        content = json.loads(text, object_pairs_hook=_members, parse_constant=_constant)
        features = content["features"]
        if content.get("type") != "FeatureCollection" or not isinstance(features, list):
            raise _FormatError("it is not a FeatureCollection with `features`")
    except json.JSONDecodeError as error:
        faults.note(Place(file, error.lineno), "not_geojson", f"this is not JSON: {error.msg}")
        return (), {}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        faults.note(Place(file, 1), "not_geojson", f"this is not the GeoJSON of packs: {error}")
        return (), {}
    reader = _Features(text, file, faults)
    areas: dict[str, AreaSpec] = {}
    for index, feature in enumerate(features):
        area = reader.area(index, feature)
        if area and area.code in areas:
            text = f"area {area.code} is in this file twice, as {areas[area.code].name} and {area.name}: keep one"
            faults.note(reader.place(area.code), "duplicate_code", text)
        elif area:
            areas[area.code] = area
    parents = {area.parent_code for area in areas.values()}
    found = tuple(replace(area, lowest=area.code not in parents) for area in areas.values())
    return found, {code: reader.place(code) for code in areas}
