"""The packs that come with Balai: complete, citable, and marked as examples."""

import re
from pathlib import Path

import pytest
import shapely

from backend.packs.pack import Pack
from backend.packs.reading import SHIPPED, read_pack, shipped_packs

PLACEHOLDERS = {"number", "category", "status", "region", "department", "app_name", "due"}


@pytest.fixture(scope="module", params=shipped_packs(), ids=lambda folder: folder.name)
def pack(request) -> Pack:
    return read_pack(request.param)


def of(key: str) -> Pack:
    return read_pack(SHIPPED / key)


def test_banda_aceh_has_nine_kecamatan_and_ninety_gampong() -> None:
    kinds = [area.kind for area in of("banda-aceh").areas]
    assert {kind: kinds.count(kind) for kind in kinds} == {"kota": 1, "kecamatan": 9, "gampong": 90}


def test_sumedang_has_270_desa_and_7_kelurahan() -> None:
    kinds = [area.kind for area in of("sumedang").areas]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "kabupaten": 1,
        "kecamatan": 26,
        "desa": 270,
        "kelurahan": 7,
    }


def test_every_lowest_unit_has_a_polygon_and_nothing_else_has(pack: Pack) -> None:
    assert all((area.boundary is not None) == area.lowest for area in pack.areas)
    assert all(shapely.from_wkb(area.boundary).is_valid for area in pack.areas if area.boundary)


def test_names_of_areas_are_trimmed(pack: Pack) -> None:
    assert all(area.name == " ".join(area.name.split()) for area in pack.areas)


def test_there_are_62_categories_in_at_most_12_groups_each_with_a_bound_type(pack: Pack) -> None:
    settings = pack.modules["complaints"]
    bound = {name for unit in pack.departments for name in unit.types}
    groups = {group["key"] for group in settings["groups"]}
    assert len(settings["categories"]) == 62
    assert len(groups) <= 12
    for category in settings["categories"]:
        assert {*category["departments"]} <= bound
        assert category["group"] in groups
        assert (category["confidentiality"] == "sealed") == (category.get("custodian") in bound)


def test_every_category_cites_the_line_it_stands_in(pack: Pack) -> None:
    for category in pack.modules["complaints"]["categories"]:
        file, _, line = category["source"].removeprefix("packs/").partition(":")
        assert f"code: {category['code']}" in (SHIPPED / file).read_text().splitlines()[int(line) - 1]


def test_a_kelurahan_has_an_office_that_takes_complaints_and_a_desa_or_gampong_has_not() -> None:
    for key, expected in {"banda-aceh": {"kecamatan": 9}, "sumedang": {"kecamatan": 26, "kelurahan": 7}}.items():
        pack = of(key)
        kinds = {area.code: area.kind for area in pack.areas}
        offices = [unit for unit in pack.departments if unit.kind == "area_office"]
        found = [kinds[unit.area_code or ""] for unit in offices]
        assert {kind: found.count(kind) for kind in found} == expected
        assert all(unit.key == f"area-{unit.area_code}" for unit in offices)
    names = {unit.key: (unit.name, unit.types) for unit in of("sumedang").departments}
    assert names["area-32.11.18.1002"] == ("Kelurahan Situ", ("KELURAHAN",))
    assert names["area-32.11.18"] == ("Kecamatan Sumedang Utara", ("KECAMATAN",))


def test_banda_aceh_speaks_of_keuchik_qanun_and_salam() -> None:
    identity = of("banda-aceh").identity
    assert identity["app_name"] == "SALAM"
    assert identity["unit_titles"]["gampong"]["head"]["id"] == "Keuchik"
    assert identity["terms"]["by_law"]["id"] == "Qanun"
    assert of("sumedang").identity["terms"]["by_law"]["id"] == "Perda"


def test_the_tsunami_is_remembered_in_aceh_alone_and_marked_as_local() -> None:
    local = [day["date"] for day in of("banda-aceh").calendar["holidays"] if day.get("local")]
    assert local == ["2026-12-26", "2027-12-26"]
    assert not any(day.get("local") for day in of("sumedang").calendar["holidays"])
    assert len({day["date"] for day in of("sumedang").calendar["holidays"] if day["date"] < "2027"}) == 17


def test_every_pack_says_that_it_is_an_example(pack: Pack) -> None:
    assert pack.identity["official"] is False
    assert pack.identity["notice"]["id"].startswith("Contoh, bukan resmi")
    heads = [(SHIPPED / file.removeprefix("packs/")) for file in pack.files if file.endswith("region.yaml")]
    assert all("contoh, bukan resmi" in head.read_text() for head in heads)


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


def test_services_and_contacts_say_what_they_are_based_on_and_when(pack: Pack) -> None:
    info = pack.modules["service_info"]
    assert len(info["services"]) >= 10
    assert {"110", "112", "113", "115", "117", "118", "119", "123", "129"} <= {c["phone"] for c in info["contacts"]}
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


def test_templates_speak_both_languages_with_known_words_alone(pack: Pack) -> None:
    templates = {item["key"]: item for item in pack.modules["notifications"]["templates"]}
    for key, template in templates.items():
        known = {"code", "minutes", "app_name"} if key == "auth.login_code" else PLACEHOLDERS
        for texts in (template["title"], template["body"]):
            assert texts.keys() == {"id", "en"}
            assert all({*re.findall(r"\{(\w*)\}", text)} <= known for text in texts.values())
    neutral = templates["complaints.neutral_update"]
    assert {*re.findall(r"\{(\w+)\}", f"{neutral['title']}{neutral['body']}")} == {"number"}


def test_every_shipped_base_is_used_and_the_notices_of_the_data_are_there() -> None:
    used = {file.split("/")[1] for folder in shipped_packs() for file in read_pack(folder).files}
    assert used == {folder.name for folder in SHIPPED.iterdir() if folder.is_dir()}
    notice = (SHIPPED / "NOTICE.md").read_text()
    assert notice.count("Permission is hereby granted, free of charge") == 2


def test_reading_a_pack_twice_gives_the_same_checksum(pack: Pack) -> None:
    again = read_pack(Path(SHIPPED / pack.key))
    assert again.checksum == pack.checksum
    assert again == pack
