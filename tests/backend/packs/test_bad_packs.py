"""What is wrong with a pack is told with file, line and what to do, all of it at once."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.packs.boundaries import read_areas
from backend.packs.faults import Fault, Faults, PackError
from backend.packs.folder import SHIPPED
from backend.packs.reading import read_pack
from backend.packs.yaml_text import read_yaml

Features = list[dict[str, object]]
WriteAreas = Callable[[Features], None]


def faults(folder: Path) -> tuple[Fault, ...]:
    with pytest.raises(PackError) as caught:
        read_pack(folder)
    return caught.value.faults


def only(folder: Path) -> Fault:
    found = faults(folder)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def reshape(areas: Features, index: int, **properties: object) -> Features:
    changed = json.loads(json.dumps(areas))
    geometry = properties.pop("geometry", changed[index]["geometry"])
    changed[index]["properties"].update(properties)
    changed[index]["geometry"] = geometry
    return changed


def test_a_department_type_that_nobody_defines_is_refused_at_its_line(region: Path) -> None:
    (region / "complaints.yaml").write_text("categories:\n- code: JLN-01\n  departments: [TIDAKADA]\n")
    fault = only(region)
    assert fault[:3] == ("contoh/complaints.yaml", 3, "packs.department_unbound")
    assert "JLN-01" in fault.text
    assert "TIDAKADA" in fault.text


def test_one_bound_type_of_several_is_enough_if_the_others_are_registered(region: Path) -> None:
    (region / "complaints.yaml").write_text("categories:\n- {code: JLN-01, departments: [PERKIM, PUPR]}\n")
    read_pack(region)
    (region / "complaints.yaml").write_text("categories:\n- {code: JLN-01, departments: [PUPR, PUPPR]}\n")
    assert "PUPPR" in only(region).text
    (region / "complaints.yaml").write_text("categories:\n- {code: JLN-01, departments: [PERKIM]}\n")
    assert only(region).code == "packs.department_unbound"


def test_a_custodian_that_nobody_binds_is_refused(region: Path) -> None:
    (region / "complaints.yaml").write_text("categories:\n- code: JLN-01\n  custodian: INSPEKTORAT\n")
    assert only(region)[:3] == ("contoh/complaints.yaml", 3, "packs.department_unbound")


def test_a_rule_to_an_unbound_type_or_about_an_unknown_area_is_refused(region: Path) -> None:
    (region / "complaints.yaml").write_text(
        "rules:\n- key: a\n  department_type: PASAR\n- key: b\n  when: {areas: [99.01.10.9999]}\n"
    )
    assert [(fault.line, fault.code) for fault in faults(region)] == [
        (3, "packs.department_unbound"),
        (5, "packs.area_unknown"),
    ]


def test_a_type_bound_by_two_departments_is_refused(region: Path) -> None:
    append(region / "departments.yaml", "  - {key: lain, name: Lain, types: [PUPR]}\n")
    assert only(region)[:3] == ("contoh/departments.yaml", 5, "packs.bound_twice")


def test_a_key_said_twice_in_yaml_is_refused(region: Path) -> None:
    append(region / "departments.yaml", "departments: []\n")
    fault = only(region)
    assert fault[:3] == ("contoh/departments.yaml", 5, "packs.duplicate_key")
    assert "line 3" in fault.text


def test_a_code_said_twice_in_a_list_is_refused(region: Path) -> None:
    (region / "complaints.yaml").write_text("categories:\n- {code: JLN-01}\n- {code: JLN-01, group: x}\n")
    assert only(region)[:3] == ("contoh/complaints.yaml", 3, "packs.duplicate_code")


def test_a_code_that_is_a_number_is_refused_with_the_way_to_write_it(region: Path) -> None:
    (region / "region.yaml").write_text((region / "region.yaml").read_text().replace('"99.01"', "11.10"))
    found = [fault for fault in faults(region) if fault.code == "packs.code_not_text"]
    assert [(fault.file, fault.line) for fault in found] == [("contoh/region.yaml", 2)]
    assert '"11.10"' in found[0].text


def test_a_code_that_is_a_number_in_geojson_is_refused(region: Path, areas: Features, write_areas: WriteAreas) -> None:
    write_areas([*areas, *reshape(areas[3:], 0, code=99.02)])
    assert only(region).code == "packs.code_not_text"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: &x {b: 1}\n", "packs.alias", 1),
        ("a: &x 1\nc: *x\n", "packs.alias", 2),
        ("a:\n  <<: {b: 1}\n", "packs.alias", 2),
        ("a: !!python/object/apply:os.system [ls]\n", "packs.tag", 1),
        ("a: 1\nb: !secret x\n", "packs.tag", 2),
        ("a: 1\n---\nb: 2\n", "packs.not_yaml", 2),
        ("a: 1\nb: [1, 2\n", "packs.not_yaml", 3),
        ("a: b: c\n", "packs.not_yaml", 1),
        ("? [a, b]\n: 1\n", "packs.not_yaml", 1),
        ("a: " + "[" * 100 + "]" * 100 + "\n", "packs.not_yaml", 1),
        ("a: \x00\n", "packs.not_yaml", 1),
        ("- a\n- b\n", "packs.not_a_mapping", 1),
        ("just text\n", "packs.not_a_mapping", 1),
    ],
)
def test_what_is_not_the_yaml_of_packs_is_refused(region: Path, text: str, code: str, line: int) -> None:
    (region / "demo.yaml").write_text(text)
    assert ("contoh/demo.yaml", line, code) in [fault[:3] for fault in faults(region)]


@given(st.text(alphabet="ab:-[]{}&*!|>'\"#?,% \n\t0.1~\x00\x85é😀", max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    found = Faults()
    read_yaml(text, "x/y.yaml", found)
    assert all(fault.file == "x/y.yaml" and fault.line >= 1 for fault in found)


def test_a_file_that_is_not_utf8_or_too_large_is_refused(region: Path) -> None:
    (region / "demo.yaml").write_bytes(b"a: \xff\xfe\n")
    assert only(region).code == "packs.unreadable"
    (region / "demo.yaml").write_text("# " + "x" * 2**21 + "\n")
    assert only(region).code == "packs.too_large"


def test_a_polygon_that_crosses_itself_is_refused_with_its_code_and_reason(
    region: Path, areas: Features, write_areas: WriteAreas
) -> None:
    bow = {"type": "Polygon", "coordinates": [[[119.4, -5], [119.5, -5.1], [119.5, -5], [119.4, -5.1], [119.4, -5]]]}
    write_areas(reshape(areas, 2, geometry=bow))
    fault = only(region)
    assert fault[:3] == ("contoh/areas.geojson", 4, "packs.boundary_invalid")
    assert "99.01.10.1001" in fault.text
    assert "Self-intersection" in fault.text


def test_swapped_axes_are_noticed(region: Path, areas: Features, write_areas: WriteAreas) -> None:
    swapped = {"type": "Polygon", "coordinates": [[[-5.1, 119.4], [-5.0, 119.4], [-5.0, 119.5], [-5.1, 119.4]]]}
    write_areas(reshape(areas, 3, geometry=swapped))
    fault = only(region)
    assert (fault.code, fault.line) == ("packs.axes_swapped", 5)
    assert "[lng, lat]" in fault.text


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        ({"type": "Point", "coordinates": [119.4, -5]}, "packs.boundary_unreadable"),
        ({"type": "Polygon", "coordinates": []}, "packs.boundary_unreadable"),
        ({"type": "Polygon", "coordinates": [[[119, -5], [120, -5], [120, -6]]]}, "packs.boundary_unreadable"),
        ({"type": "Polygon"}, "packs.boundary_unreadable"),
        ("POLYGON", "packs.boundary_unreadable"),
        (
            {"type": "Polygon", "coordinates": [[[8e5, 6e5], [9e5, 6e5], [9e5, 7e5], [8e5, 6e5]]]},
            "packs.not_degrees",
        ),
        (None, "packs.code_without_polygon"),
    ],
)
def test_a_lowest_unit_without_a_usable_polygon_is_refused(
    region: Path, areas: Features, write_areas: WriteAreas, geometry: object, code: str
) -> None:
    write_areas(reshape(areas, 3, geometry=geometry))
    found = faults(region)
    assert code in [fault.code for fault in found]
    assert all(fault.line == 5 and "99.01.10.2001" in fault.text for fault in found)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code": None}, "packs.polygon_without_code"),
        ({"code": ""}, "packs.polygon_without_code"),
        ({"code": "99.01.10.1001"}, "packs.duplicate_code"),
        ({"parent_code": "99.01.77"}, "packs.parent_missing"),
        ({"parent_code": None}, "packs.parent_missing"),
        ({"parent_code": 99.01}, "packs.code_not_text"),
        ({"kind": "nagari"}, "packs.kind_unknown"),
        ({"name": " Blang "}, "packs.area_incomplete"),
    ],
)
def test_an_area_that_does_not_fit_is_refused(
    region: Path, areas: Features, write_areas: WriteAreas, changes: dict[str, object], code: str
) -> None:
    write_areas(reshape(areas, 3, **changes))
    assert code in [fault.code for fault in faults(region)]


def test_areas_without_the_region_or_with_parents_in_a_circle_are_refused(
    region: Path, areas: Features, write_areas: WriteAreas
) -> None:
    write_areas(areas[1:])
    assert {fault.code for fault in faults(region)} == {"packs.parent_missing"}
    write_areas(reshape(areas, 1, parent_code="99.01.10"))
    assert any("circle" in fault.text for fault in faults(region))


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"type": "FeatureCollection"}',
        '{"type": "FeatureCollection", "features": {}}',
        '{"type": "Feature", "features": []}',
        '{"type": "FeatureCollection", "features": [], "features": []}',
        '{"type": "FeatureCollection", "features": [NaN]}',
        "[" * 100_000,
        '{"type": "FeatureCollection", "features": [%s]}' % ("9" * 5000),
    ],
)
def test_what_is_not_a_feature_collection_is_refused(text: str) -> None:
    found = Faults()
    assert read_areas(text, "x/areas.geojson", found) == ((), {})
    assert [fault.code for fault in found] == ["packs.not_geojson"]


def test_areas_that_are_missing_doubled_or_cut_are_refused(region: Path) -> None:
    plain = region / "areas.geojson"
    content = gzip.compress(plain.read_bytes())
    (region / "areas.geojson.gz").write_bytes(content)
    assert only(region).code == "packs.no_areas"
    plain.unlink()
    read_pack(region)
    (region / "areas.geojson.gz").write_bytes(content[:60])
    assert "packs.unreadable" in [fault.code for fault in faults(region)]
    (region / "areas.geojson.gz").unlink()
    assert "packs.no_areas" in [fault.code for fault in faults(region)]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("key: contoh", "key: Contoh Kota", "Contoh Kota"),
        ("key: contoh\n", "", "key"),
        ("Asia/Makassar", "Asia/Bandung", "Asia/Bandung"),
        ("Asia/Makassar", "../../etc/passwd", "etc/passwd"),
        ("app_name: Contoh", "app_nama: Contoh", "app_nama"),
        ("[base-contoh]", "[base-contoh, base-mars]", "base-mars"),
        ("[base-contoh]", "[base-contoh, ../base-contoh]", "../base-contoh"),
        ("timezone", "official: false\n  timezone", "notice"),
        ("timezone", "staff_totp: always\n  timezone", "staff_totp"),
    ],
)
def test_a_wrong_head_is_refused_naming_what_is_wrong(region: Path, old: str, new: str, named: str) -> None:
    head = region / "region.yaml"
    assert old in head.read_text()
    head.write_text(head.read_text().replace(old, new))
    assert any(named in fault.text and fault.file == "contoh/region.yaml" for fault in faults(region))


def test_a_label_without_one_of_the_languages_is_refused_at_its_line(region: Path) -> None:
    (region / "service_info.yaml").write_text("services:\n- key: ktp\n  name: {id: KTP}\n")
    fault = only(region)
    assert fault[:3] == ("contoh/service_info.yaml", 3, "packs.language_missing")
    assert "en" in fault.text


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("holidays:\n- {key: natal, date: 2026-02-30}\n", "2026-02-30"),
        ("national: {country: XX}\n", "XX"),
        ("national: {country: ID, subdivision: ZZ}\n", "ZZ"),
        ("national: {country: ID, categories: [holy]}\n", "holy"),
        ("national: {country: ID, without: [17 August]}\n", "17 August"),
        ("holidays:\n- {key: pesta, date: 2026-08-18, name: {id: Pesta, en: Party}, kind: party}\n", "kind"),
        ("working_hours: {funday: {start: 08:00, end: 09:00}}\n", "funday"),
        ("working_hours: {monday: {start: 17:00}}\n", "ends before it starts"),
        ("working_hours: {monday: {start: 8am}}\n", "8am"),
    ],
)
def test_a_wrong_calendar_is_refused(region: Path, text: str, named: str) -> None:
    (region / "calendar.yaml").write_text(text)
    assert any(named in fault.text and fault.file == "contoh/calendar.yaml" for fault in faults(region))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("- {key: area-1, name: A, types: [AA]}", "packs.duplicate_code"),
        ("- {key: a, name: A, types: [aa]}", "packs.malformed"),
        ("- {key: a, name: A, types: []}", "packs.malformed"),
        ("- {key: a, name: A, types: [AA], kind: area_office}", "packs.malformed"),
        ("- {key: a, name: A, types: [AA], email: nobody}", "packs.malformed"),
        ("- {key: 5, name: A, types: [AA]}", "packs.code_not_text"),
        ("- {name: A, types: [AA]}", "packs.no_key"),
    ],
)
def test_a_wrong_department_is_refused_at_its_line(region: Path, line: str, code: str) -> None:
    append(region / "departments.yaml", f"  {line}\n")
    assert ("contoh/departments.yaml", 5, code) in [fault[:3] for fault in faults(region)]


def test_what_cannot_be_laid_over_the_base_is_refused(region: Path) -> None:
    (region / "complaints.yaml").write_text("categories:\n- {code: XXX-01, remove: true}\n")
    assert only(region).code == "packs.nothing_to_remove"
    (region / "complaints.yaml").write_text("categories: {JLN-01: {}}\n")
    assert only(region)[:3] == ("contoh/complaints.yaml", 1, "packs.other_shape")


def test_a_module_is_switched_by_true_or_false_alone(region: Path) -> None:
    (region / "complaints.yaml").write_text("enabled: no\n")
    assert only(region)[:2] == ("contoh/complaints.yaml", 1)


def test_bases_that_extend_each_other_are_refused(region: Path) -> None:
    append(region.parent / "base-contoh" / "pack.yaml", "extends: [base-contoh]\n")
    assert only(region).code == "packs.base_circle"


def test_a_base_pack_and_a_folder_without_a_pack_cannot_be_read_as_a_region(tmp_path: Path) -> None:
    assert "base pack" in only(SHIPPED / "base-kota").text
    assert only(tmp_path).code == "packs.no_pack"
    assert only(tmp_path / "nowhere").code == "packs.no_pack"


def test_stray_files_and_links_out_of_the_pack_are_refused(region: Path) -> None:
    (region / "complaints.yml").write_text("categories: []\n")
    (region / "notifications.yaml").symlink_to("/etc/hostname")
    (region / "README.md").write_text("Notes are welcome.\n")
    found = faults(region)
    assert [fault.file for fault in found] == ["contoh/complaints.yml", "contoh/notifications.yaml"]
    assert {fault.code for fault in found} == {"packs.unknown_file"}


def test_every_fault_is_told_at_once_in_the_order_of_files_and_lines(
    region: Path, areas: Features, write_areas: WriteAreas
) -> None:
    write_areas(reshape(areas, 3, parent_code="99.01.77"))
    (region / "complaints.yaml").write_text("categories:\n- {code: JLN-01, departments: [NIHIL]}\n- {code: JLN-01}\n")
    (region / "region.yaml").write_text((region / "region.yaml").read_text().replace("Makassar", "Nirgends"))
    with pytest.raises(PackError) as caught:
        read_pack(region)
    assert [str(fault).split(": ")[0] for fault in caught.value.faults] == [
        "contoh/areas.geojson:5",
        "contoh/complaints.yaml:2",
        "contoh/complaints.yaml:3",
        "contoh/region.yaml:7",
    ]
    assert str(caught.value) == "\n".join(map(str, caught.value.faults))
