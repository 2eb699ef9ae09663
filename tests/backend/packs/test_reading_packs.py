"""Inheritance, citations and what is made of a pack."""

from collections.abc import Callable
from pathlib import Path

import shapely

from backend.packs.reading import read_pack


def categories(region: Path) -> dict[str, dict[str, object]]:
    return {item["code"]: item for item in read_pack(region).modules["complaints"]["categories"]}


def test_a_region_inherits_what_its_base_says(region: Path) -> None:
    pack = read_pack(region)
    assert (pack.key, pack.code, pack.identity["timezone"]) == ("contoh", "99.01", "Asia/Makassar")
    assert pack.identity["languages"] == ["id", "en"]
    assert pack.modules["complaints"]["enabled"] is True
    assert "extends" not in pack.identity


def test_mappings_merge_deep_and_an_item_is_known_by_its_code(region: Path) -> None:
    (region / "complaints.yaml").write_text("categories:\n- code: JLN-01\n  name: {en: Hole}\n- {code: AIR-01}\n")
    found = categories(region)
    assert list(found) == ["JLN-01", "JLN-02", "AIR-01"]
    assert found["JLN-01"]["name"] == {"id": "Jalan berlubang", "en": "Hole"}
    assert found["JLN-01"]["completion"] == {"hours": 168}


def test_remove_takes_an_inherited_item_out(region: Path) -> None:
    (region / "complaints.yaml").write_text("categories:\n- {code: JLN-01, remove: true}\n")
    assert list(categories(region)) == ["JLN-02"]


def test_a_list_without_keys_replaces_what_is_inherited(region: Path) -> None:
    (region / "complaints.yaml").write_text("categories:\n- {code: JLN-02, departments: [PUPR]}\n")
    assert categories(region)["JLN-02"]["departments"] == ["PUPR"]


def test_null_empties_what_is_inherited(region: Path) -> None:
    (region / "complaints.yaml").write_text("categories:\n- {code: JLN-01, completion: null}\n")
    assert categories(region)["JLN-01"]["completion"] is None


def test_an_item_cites_the_file_and_line_where_it_was_last_said(region: Path) -> None:
    (region / "complaints.yaml").write_text("# one\n\ncategories:\n  - code: JLN-02\n    group: jalan\n")
    found = categories(region)
    assert found["JLN-01"]["source"] == "packs/base-contoh/complaints.yaml:3"
    assert found["JLN-02"]["source"] == "packs/contoh/complaints.yaml:4"


def test_an_item_that_says_its_own_source_keeps_it(region: Path) -> None:
    (region / "service_info.yaml").write_text("contacts:\n- {key: polisi, phone: '110', source: Polri}\n")
    assert read_pack(region).modules["service_info"]["contacts"][0]["source"] == "Polri"


def test_the_place_of_any_value_can_be_asked_for(region: Path) -> None:
    (region / "complaints.yaml").write_text("categories:\n- code: JLN-02\n  name:\n    en: Bad road\n")
    pack = read_pack(region)
    assert str(pack.place("complaints", "categories", 1, "name", "en")) == "contoh/complaints.yaml:4"
    assert str(pack.place("complaints", "categories", "JLN-02", "name", "id")) == "base-contoh/complaints.yaml:8"
    assert str(pack.place("complaints", "categories", "JLN-01", "nothing")) == "base-contoh/complaints.yaml:3"


def test_a_base_comes_before_what_extends_it_and_is_read_once(region: Path) -> None:
    second = region.parent / "base-kedua"
    second.mkdir()
    (second / "pack.yaml").write_text("key: base-kedua\nextends: [base-contoh]\nidentity: {app_name: Kedua}\n")
    (second / "complaints.yaml").write_text("categories:\n- {code: JLN-01, group: kedua}\n")
    head = (region / "region.yaml").read_text().replace("[base-contoh]", "[base-kedua, base-contoh]")
    (region / "region.yaml").write_text(head)
    pack = read_pack(region)
    assert pack.modules["complaints"]["categories"][0]["group"] == "kedua"
    assert {path.split("/")[1] for path in pack.files if "/" in path} == {"base-kedua", "base-contoh"}


def test_a_base_beside_the_pack_wins_over_a_shipped_one_and_shipped_ones_are_found(region: Path) -> None:
    head = (region / "region.yaml").read_text().replace("[base-contoh]", "[base-indonesia, base-contoh]")
    (region / "region.yaml").write_text(head)
    departments = "departments:\n- {key: all, name: Semua, types: [%s]}\n"
    register = (
        "PUPR DLHK DISHUB PERKIM BPBD DAMKAR SATPOLPP DINSOS DINKES RSUD DP2KB DP3A DISDIK DISDUKCAPIL DPMPTSP BAPENDA "
        "TAPEM PDAM PASAR DISPERINDAG DISKOMINFO PPID BAPPEDA INSPEKTORAT DISTAN DISNAKER"
    )
    (region / "departments.yaml").write_text(departments % ", ".join(register.split()))
    assert len(read_pack(region).modules["complaints"]["categories"]) == 62
    own = region.parent / "base-indonesia"
    own.mkdir()
    (own / "pack.yaml").write_text("key: base-indonesia\n")
    assert len(read_pack(region).modules["complaints"]["categories"]) == 2


def test_area_offices_are_made_of_the_unit_titles(region: Path) -> None:
    offices = {unit.key: unit for unit in read_pack(region).departments if unit.kind == "area_office"}
    assert offices.keys() == {"area-99.01.10", "area-99.01.10.1001"}
    assert offices["area-99.01.10.1001"].name == "Kelurahan Nama 99.01.10.1001"
    assert offices["area-99.01.10.1001"].types == ("KELURAHAN",)


def test_boundaries_are_wkb_with_longitude_first(region: Path) -> None:
    area = next(area for area in read_pack(region).areas if area.code == "99.01.10.1001")
    assert area.lowest
    assert shapely.from_wkb(area.boundary or b"").bounds == (119.4, -5.1, 119.5, -5.0)


def test_plain_words_of_yaml_stay_text(region: Path) -> None:
    (region / "demo.yaml").write_text("a: no\nb: 08:30\nc: 2026-01-01\nd: 0651\ne: 1.5\nf: true\ng: ~\nh: '7'\ni: -3\n")
    assert read_pack(region).modules["demo"] == {
        "enabled": True,
        "a": "no",
        "b": "08:30",
        "c": "2026-01-01",
        "d": "0651",
        "e": 1.5,
        "f": True,
        "g": None,
        "h": "7",
        "i": -3,
    }


def test_the_checksum_moves_with_the_content_and_with_nothing_else(
    region: Path, areas: list[dict[str, object]], write_areas: Callable[[list[dict[str, object]]], None]
) -> None:
    before = read_pack(region).checksum
    (region / "README.md").write_text("A note.")
    moved = region.parent / "elsewhere"
    region.rename(moved)
    assert read_pack(moved).checksum == before
    moved.rename(region)
    write_areas([*areas[:2], areas[2] | {"geometry": areas[3]["geometry"]}, areas[3]])
    assert read_pack(region).checksum != before
