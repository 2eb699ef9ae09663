"""A small region to be spoilt: one kecamatan, a kelurahan and a desa, with one category."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

REGION = """\
key: contoh
code: "99.01"
name: Kota Contoh
extends: [base-contoh]
identity:
  app_name: Contoh
  timezone: Asia/Makassar
"""
BASE = """\
key: base-contoh
identity:
  languages: [id, en]
  phone: {country: ID}
  official: true
  unit_titles:
    kota: {title: {id: Kota, en: City}, head: {id: Wali Kota, en: Mayor}}
    kecamatan: {title: {id: Kecamatan, en: District}, head: {id: Camat, en: Head}, office: KECAMATAN}
    kelurahan: {title: {id: Kelurahan, en: Ward}, head: {id: Lurah, en: Head}, office: KELURAHAN}
    desa: {title: {id: Desa, en: Village}, head: {id: Kepala Desa, en: Head}}
"""
CALENDAR = """\
working_hours:
  monday: {start: 08:00, end: 16:00}
  sunday: null
holidays:
  - {key: natal, date: 2026-12-25, name: {id: Natal, en: Christmas}}
"""
DEPARTMENTS = """\
types:
  - {key: PERKIM, name: {id: Perumahan, en: Housing}}
departments:
  - {key: pupr, name: Dinas PUPR, types: [PUPR]}
"""
COMPLAINTS = """\
enabled: true
categories:
  - code: JLN-01
    name: {id: Jalan berlubang, en: Pothole}
    departments: [PUPR]
    completion: {hours: 168}
  - code: JLN-02
    name: {id: Jalan rusak, en: Damaged road}
    departments: [PERKIM, PUPR]
"""


def square(west: float, south: float, size: float = 0.1) -> dict[str, object]:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(code: object, kind: str, parent: object, geometry: object = None) -> dict[str, object]:
    properties = {"code": code, "name": f"Nama {code}", "kind": kind, "parent_code": parent}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(features: list[dict[str, object]]) -> str:
    return '{"type": "FeatureCollection", "features": [\n' + ",\n".join(map(json.dumps, features)) + "\n]}\n"


@pytest.fixture
def areas() -> list[dict[str, object]]:
    return [
        feature("99.01", "kota", None),
        feature("99.01.10", "kecamatan", "99.01"),
        feature("99.01.10.1001", "kelurahan", "99.01.10", square(119.4, -5.1)),
        feature("99.01.10.2001", "desa", "99.01.10", square(119.5, -5.1)),
    ]


@pytest.fixture
def write_areas(region: Path) -> Callable[[list[dict[str, object]]], None]:
    def write(features: list[dict[str, object]]) -> None:
        (region / "areas.geojson").write_text(collection(features))

    return write


@pytest.fixture
def region(tmp_path: Path, areas: list[dict[str, object]]) -> Path:
    base, folder = tmp_path / "base-contoh", tmp_path / "contoh"
    base.mkdir()
    folder.mkdir()
    (base / "pack.yaml").write_text(BASE)
    (base / "calendar.yaml").write_text(CALENDAR)
    (base / "complaints.yaml").write_text(COMPLAINTS)
    (folder / "region.yaml").write_text(REGION)
    (folder / "departments.yaml").write_text(DEPARTMENTS)
    (folder / "areas.geojson").write_text(collection(areas))
    return folder
