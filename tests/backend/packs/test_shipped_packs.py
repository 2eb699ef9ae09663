"""The packs that come with Balai: complete, citable, and marked as examples."""

import re
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest
import shapely

from backend.core.calendars import read_holidays
from backend.packs.faults import Faults
from backend.packs.folder import SHIPPED, shipped_packs
from backend.packs.pack import Pack
from backend.packs.reading import read_pack
from backend.packs.yaml_text import identifier, read_yaml

PLACEHOLDERS = {"number", "category", "status", "region", "department", "app_name", "due"}


ABROAD = {"nairobi"}
IN_INDONESIA = [folder for folder in shipped_packs() if folder.name not in ABROAD]


@cache
def of(key: str) -> Pack:
    return read_pack(SHIPPED / key)


@pytest.fixture(params=shipped_packs(), ids=lambda folder: folder.name)
def pack(request) -> Pack:
    return of(request.param.name)


@pytest.fixture(params=IN_INDONESIA, ids=lambda folder: folder.name)
def indonesian(request) -> Pack:
    return of(request.param.name)


@pytest.mark.parametrize(
    ("key", "kinds"),
    {
        "banda-aceh": {"kota": 1, "kecamatan": 9, "gampong": 90},
        "bandung": {"kota": 1, "kecamatan": 30, "kelurahan": 151},
        "dki-jakarta": {"provinsi": 1, "kota": 5, "kabupaten": 1, "kecamatan": 44, "kelurahan": 267},
        "nairobi": {"county": 1, "sub_county": 17},
        "sumedang": {"kabupaten": 1, "kecamatan": 26, "desa": 270, "kelurahan": 7},
    }.items(),
)
def test_every_area_of_a_region_is_there(key: str, kinds: dict[str, int]) -> None:
    assert Counter(area.kind for area in of(key).areas) == kinds


def test_every_lowest_unit_has_a_polygon_and_nothing_else_has(pack: Pack) -> None:
    assert all((area.boundary is not None) == area.lowest for area in pack.areas)
    assert all(shapely.from_wkb(area.boundary).is_valid for area in pack.areas if area.boundary)


def test_names_of_areas_are_trimmed(pack: Pack) -> None:
    assert all(area.name == " ".join(area.name.split()) for area in pack.areas)


def test_every_category_has_a_group_and_a_bound_type_and_what_is_sealed_a_bound_custodian(pack: Pack) -> None:
    settings = pack.modules["complaints"]
    bound = {name for unit in pack.departments for name in unit.types}
    groups = {group["key"] for group in settings["groups"]}
    for category in settings["categories"]:
        assert {*category["departments"]} & bound
        assert category["group"] in groups
        assert (category["confidentiality"] == "sealed") == (category.get("custodian") in bound)


def test_there_are_62_categories_in_at_most_12_groups(indonesian: Pack) -> None:
    settings = indonesian.modules["complaints"]
    assert len(settings["categories"]) == 62
    assert len(settings["groups"]) <= 12


def test_nairobi_is_the_city_of_the_source_and_inherits_nothing_indonesian() -> None:
    nairobi = of("nairobi")
    settings = nairobi.modules["complaints"]
    assert (len(settings["categories"]), len(settings["groups"])) == (37, 19)
    assert {unit.types[0] for unit in nairobi.departments if not unit.area_code} == {f"DEPT_{n:02}" for n in range(1, 19)}
    hours = {category["code"]: category["completion"]["hours"] for category in settings["categories"]}
    assert (hours["NoWaterSupply"], hours["IllegalClamping"], hours["PotholeRoadDamage"]) == (72, 4, 72)
    assert {path.split("/")[1] for path in nairobi.files if path.startswith("bases/")} == {"base"}
    assert nairobi.identity["languages"] == ["en", "sw"]
    assert nairobi.calendar["national"] == {"country": "KE"}


def test_every_category_cites_the_line_it_stands_in(pack: Pack) -> None:
    for category in pack.modules["complaints"]["categories"]:
        file, _, line = category["source"].removeprefix("packs/").partition(":")
        assert f"code: {category['code']}" in (SHIPPED / file).read_text().splitlines()[int(line) - 1]


def test_an_organ_of_the_region_has_an_office_that_takes_complaints_and_a_desa_or_gampong_has_not() -> None:
    for key, expected in {
        "banda-aceh": {"kecamatan": 9},
        "bandung": {"kecamatan": 30, "kelurahan": 151},
        "dki-jakarta": {"kota": 5, "kabupaten": 1, "kecamatan": 44, "kelurahan": 267},
        "nairobi": {"sub_county": 17},
        "sumedang": {"kecamatan": 26, "kelurahan": 7},
    }.items():
        pack = of(key)
        kinds = {area.code: area.kind for area in pack.areas}
        offices = [unit for unit in pack.departments if unit.kind == "area_office"]
        found = [kinds[unit.area_code or ""] for unit in offices]
        assert {kind: found.count(kind) for kind in found} == expected
        assert all(unit.key == f"area-{unit.area_code}" for unit in offices)
    names = {unit.key: (unit.name, unit.types) for unit in of("sumedang").departments}
    assert names["area-32.11.18.1002"] == ("Kelurahan Situ", ("KELURAHAN",))
    assert names["area-32.11.18"] == ("Kecamatan Sumedang Utara", ("KECAMATAN",))
    names = {unit.key: (unit.name, unit.types) for unit in of("dki-jakarta").departments}
    assert names["area-31.74"] == ("Kota Administrasi Jakarta Selatan", ("KOTA_ADMINISTRASI",))
    assert names["area-31.01"] == ("Kabupaten Administrasi Kepulauan Seribu", ("KOTA_ADMINISTRASI",))


def test_banda_aceh_speaks_of_keuchik_qanun_and_salam() -> None:
    identity = of("banda-aceh").identity
    assert identity["app_name"] == "SALAM"
    assert identity["unit_titles"]["gampong"]["head"]["id"] == "Keuchik"
    assert identity["terms"]["by_law"]["id"] == "Qanun"
    assert of("sumedang").identity["terms"]["by_law"]["id"] == "Perda"


def test_the_tsunami_is_remembered_in_aceh_alone_and_marked_as_local() -> None:
    def local(key: str) -> list[str]:
        return [day["date"] for day in of(key).calendar["holidays"] if day["kind"] == "local"]

    assert local("banda-aceh") == ["2026-12-26", "2027-12-26"]
    assert local("sumedang") == []
    assert date(2026, 12, 26) not in read_holidays(of("sumedang").calendar)


def test_each_country_keeps_its_own_holidays_in_any_year(pack: Pack) -> None:
    here = read_holidays(pack.calendar)
    assert (date(2031, 8, 17) in here, date(2031, 12, 12) in here) == ((False, True) if pack.key in ABROAD else (True, False))


def test_every_pack_says_that_it_is_an_example(pack: Pack) -> None:
    assert pack.identity["official"] is False
    assert pack.identity["notice"]["en"].startswith("An example, not official")
    assert "contoh, bukan resmi" in (SHIPPED / pack.key / "region.yaml").read_text()


def test_the_workflow_has_the_states_and_moves_of_the_plan(pack: Pack) -> None:
    workflow = pack.modules["complaints"]["workflow"]
    assert " ".join(state["key"] for state in workflow["states"]) == (
        "submitted needs_information accepted in_progress awaiting_validation resolved closed "
        "rejected withdrawn merged transferred"
    )
    assert " ".join(move["key"] for move in workflow["moves"]) == (
        "assign publish unpublish ask_information answer accept reassign start submit_evidence validate "
        "refuse_follow_up confirm reopen reject appeal merge unmerge transfer take_back withdraw expire close"
    )


def test_services_and_contacts_of_the_country_are_inherited(indonesian: Pack) -> None:
    info = indonesian.modules["service_info"]
    assert len(info["services"]) >= 10
    assert {"110", "112", "113", "115", "117", "118", "119", "123", "129"} <= {c["phone"] for c in info["contacts"]}


def test_services_and_contacts_say_what_they_are_based_on_and_when(pack: Pack) -> None:
    info = pack.modules["service_info"]
    assert info["contacts"]
    for item in (*info["services"], *info["contacts"]):
        assert item["source"]
        assert not item["source"].startswith("packs/")
        assert re.fullmatch(r"2026-\d\d-\d\d", item["checked_on"])


def test_places_lie_inside_the_region(pack: Pack) -> None:
    shapes = [shapely.from_wkb(area.boundary) for area in pack.areas if area.boundary]
    places = pack.modules["service_info"]["places"]
    assert len(places) >= 3
    for place in places:
        point = shapely.Point(place["lng"], place["lat"])
        assert any(shape.contains(point) for shape in shapes)


def test_templates_speak_the_languages_of_the_region_with_known_words_alone(pack: Pack) -> None:
    templates = {item["key"]: item for item in pack.modules["notifications"]["templates"]}
    for key, template in templates.items():
        known = {"code", "minutes", "app_name"} if key == "auth.login_code" else PLACEHOLDERS
        for texts in (template["title"], template["body"]):
            assert texts.keys() == {"id", "en", *pack.identity["languages"]}
            assert all({*re.findall(r"\{(\w*)\}", text)} <= known for text in texts.values())
    neutral = templates["complaints.neutral_update"]
    assert {*re.findall(r"\{(\w+)\}", f"{neutral['title']}{neutral['body']}")} == {"number"}


def test_every_shipped_base_is_used_and_the_notices_of_the_data_are_there() -> None:
    bases = {path.split("/")[1] for folder in shipped_packs() for path in of(folder.name).files if path.startswith("bases/")}
    used = bases | {folder.name for folder in shipped_packs()}
    assert used == {folder.name for folder in SHIPPED.iterdir() if folder.is_dir()}
    notice = (SHIPPED / "NOTICE.md").read_text()
    assert notice.count("Permission is hereby granted, free of charge") == 3


def test_the_default_departments_bind_every_type_but_those_of_area_offices_and_none_is_verified() -> None:
    base = read_yaml((SHIPPED / "base-perangkat-daerah/departments.yaml").read_text(), "departments.yaml", Faults())
    register = read_yaml((SHIPPED / "base-indonesia/departments.yaml").read_text(), "departments.yaml", Faults())
    bound = [name for unit in base.items_of("departments") for name in unit.texts("types")]
    types = {identifier(item) for item in register.items_of("types")}
    assert len(bound) == len(set(bound))
    assert {*bound} == types - {"KECAMATAN", "KELURAHAN"}
    assert not any(unit["verified"] for unit in base.items_of("departments"))


def test_reading_a_pack_twice_gives_the_same_checksum(pack: Pack) -> None:
    again = read_pack(Path(SHIPPED / pack.key))
    assert again.checksum == pack.checksum
    assert again == pack
