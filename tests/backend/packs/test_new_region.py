"""`balai region new`: out of the national codes and polygons to a pack that is good as it is, or to the line that is wrong."""

import gzip
import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from backend.cli.new_region import new
from backend.packs.copying import OF_ITS_PLACE, Giver
from backend.packs.faults import Faults, PackError
from backend.packs.folder import SHIPPED
from backend.packs.merging import plain
from backend.packs.national.codes import UnknownCodeError, areas_below
from backend.packs.national.provinces import province_of, read_data
from backend.packs.new import NewPack, new_pack
from backend.packs.pack import Pack
from backend.packs.reading import read_pack
from backend.packs.yaml_text import read_yaml
from tests.synthetic_areas import Shape, boundaries_for, outlines, subdivide

DOCS = Path(__file__).parents[3] / "docs"
MODELINE = "# yaml-language-server: $schema="


def drawn(*areas: tuple[object, Shape | None]) -> bytes:
    """Return boundaries of areas by their code, each in a line of its own from the second on."""
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "properties": {"kode": code},
                "geometry": shape and json.loads(shapely.to_geojson(shape)),
            }
        )
        for code, shape in areas
    ]
    return ('{"type": "FeatureCollection", "features": [\n' + ",\n".join(lines) + "\n]}").encode()


def made(boundaries: bytes, code: str = "11.05", **options: Any) -> NewPack:
    return new_pack(code=code, key="contoh", boundaries=boundaries, file="batas.geojson", **options)


def lowest(made: NewPack) -> int:
    return sum(area.lowest for area in made.pack.areas)


def check_list(pack: NewPack) -> str:
    return pack.files["PERIKSA.md"].decode()


def run(to: Path, boundaries: bytes, *options: str) -> Result:
    file = to.parent / "batas.geojson"
    file.write_bytes(boundaries)
    said = ["--code", "11.05", "--key", "aceh-barat", "--boundaries", str(file), "--to", str(to), *options]
    return CliRunner().invoke(new, said)


@pytest.fixture(scope="module")
def aceh_barat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs") / "aceh-barat"
    told = run(folder, boundaries_for("11.05").encode())
    assert told.exit_code == 0, told.output
    return folder


def test_aceh_barat_is_complete_out_of_its_code_and_polygons(aceh_barat: Path) -> None:
    pack = read_pack(aceh_barat)
    assert (pack.key, pack.code, pack.name) == ("aceh-barat", "11.05", "Kabupaten Aceh Barat")
    assert pack.identity["timezone"] == "Asia/Jakarta"
    assert pack.identity["terms"]["by_law"]["id"] == "Qanun"
    assert pack.identity["unit_titles"]["gampong"]["head"]["id"] == "Keuchik"
    assert Counter(area.kind for area in pack.areas) == {"kabupaten": 1, "kecamatan": 12, "gampong": 322}
    assert all((area.boundary is not None) == area.lowest == (area.kind == "gampong") for area in pack.areas)
    assert pack.modules["complaints"]["number"]["prefix"] == "ACB"
    types = {name for unit in pack.departments for name in unit.types}
    assert all(types & {*category["departments"]} for category in pack.modules["complaints"]["categories"])
    assert not any(unit.verified for unit in pack.departments)


def test_a_person_has_written_less_than_sixty_lines_of_aceh_barat(aceh_barat: Path) -> None:
    lines = [line for path in aceh_barat.glob("*.yaml") for line in path.read_text().splitlines()]
    assert 0 < len(lines) <= 60


def test_every_file_names_a_schema_beside_it_that_it_is_valid_by(aceh_barat: Path) -> None:
    paths = sorted(aceh_barat.glob("*.yaml"))
    assert [path.name for path in paths] == ["calendar.yaml", "complaints.yaml", "departments.yaml", "region.yaml"]
    for path in paths:
        first, _, text = path.read_text().partition("\n")
        assert first.startswith(MODELINE)
        schema = json.loads((aceh_barat / first.removeprefix(MODELINE)).read_text())
        Draft202012Validator(schema).validate(plain(read_yaml(text, path.name, Faults())))


def test_the_licence_of_the_codes_goes_with_them(aceh_barat: Path) -> None:
    text = (aceh_barat / "NOTICE.md").read_text()
    assert "Copyright (c) 2017-2025 Cahya DSN" in text
    assert "Polygons are from the file batas.geojson" in text


@pytest.mark.parametrize("name", ["calendar", "departments"])
def test_what_a_file_shows_as_an_example_is_good_once_it_is_said(aceh_barat: Path, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "aceh-barat"
    folder.mkdir()
    for path in aceh_barat.iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    comments = (folder / f"{name}.yaml").read_text().splitlines()[2:]
    (folder / f"{name}.yaml").write_text("\n".join(line.removeprefix("# ") for line in comments))
    before, after = read_pack(aceh_barat), read_pack(folder)
    assert (after.calendar, after.departments) != (before.calendar, before.departments)


def test_a_person_is_told_in_two_languages_what_to_check(aceh_barat: Path) -> None:
    text = (aceh_barat / "PERIKSA.md").read_text()
    indonesian, english = text.split("## What to check")
    assert "## Yang perlu diperiksa" in indonesian
    assert indonesian.count("- [ ]") == english.count("- [ ]") >= 9
    assert "{" not in text
    assert "322 polygons are marked as made up" in english
    assert "kampung, kute" in english
    assert "left out" not in english


def test_the_same_boundaries_make_the_same_pack() -> None:
    boundaries = boundaries_for("11.05").encode()
    assert made(boundaries).files == made(boundaries).files
    packed = new_pack(code="11.05", key="contoh", boundaries=gzip.compress(boundaries), file="batas.geojson.gz")
    assert packed.files["areas.geojson.gz"] == made(boundaries).files["areas.geojson.gz"]


@pytest.mark.parametrize(
    ("code", "zone", "extends", "prefix"),
    [
        ("32.11", "Asia/Jakarta", "[base-kabupaten, base-perangkat-daerah]", "SUM"),
        ("61.71", "Asia/Pontianak", "[base-kota, base-perangkat-daerah]", "PON"),
        ("73.71", "Asia/Makassar", "[base-kota, base-perangkat-daerah]", "MAK"),
        ("71.08", "Asia/Makassar", "[base-kabupaten, base-perangkat-daerah]", "BMU"),
        ("91.03", "Asia/Jayapura", "[base-kabupaten, base-perangkat-daerah]", "JAY"),
    ],
)
def test_zone_bases_and_prefix_follow_from_the_code(code: str, zone: str, extends: str, prefix: str) -> None:
    files = made(boundaries_for(code).encode(), code).files
    head = plain(read_yaml(files["region.yaml"].decode(), "region.yaml", Faults()))
    assert (head["code"], head["identity"]["timezone"]) == (code, zone)
    assert f"extends: {extends}\n" in files["region.yaml"].decode()
    assert files["complaints.yaml"].decode().endswith(f"number: {{prefix: {prefix}}}\n")


def test_a_province_has_its_cities_and_regencies_inside() -> None:
    features = [each for code in outlines() if code.startswith("31.") for each in json.loads(boundaries_for(code))["features"]]
    pack = made(json.dumps({"type": "FeatureCollection", "features": features}).encode(), "31")
    assert (len(pack.pack.areas), lowest(pack)) == (318, 267)
    assert "[base-kabupaten, base-kota, base-provinsi, base-perangkat-daerah]" in pack.files["region.yaml"].decode()


def kecamatan(code: str = "11.05") -> list[tuple[object, Shape | None]]:
    codes = [area.code for area in areas_below(code) if area.kind == "kecamatan"]
    return list(zip(codes, subdivide(outlines()[code], len(codes)), strict=True))


def test_where_there_are_polygons_of_kecamatan_alone_they_are_the_lowest_units_and_that_is_told() -> None:
    pack = made(drawn(*kecamatan()))
    assert (len(pack.pack.areas), lowest(pack), pack.left_out) == (13, 12, 0)
    assert "Coarse polygons: 11.05.01 Johan Pahlawan, " in check_list(pack)
    assert "11.05.10 Woyla Barat, +2." in check_list(pack)


def test_areas_without_a_polygon_beside_such_with_one_are_left_out_and_named() -> None:
    first, second, *_ = kecamatan()
    desa = [area.code for area in areas_below("11.05.02") if area.kind == "desa"][:3]
    pack = made(drawn(first, *zip(desa, subdivide(second[1], 3), strict=True)))
    assert lowest(pack) == 4
    assert pack.left_out == len(areas_below("11.05.02")) - 1 - 3 + 10
    assert "left out of the pack: 11.05.02." in check_list(pack)


def test_polygons_of_other_regions_in_the_file_are_not_used_and_counted() -> None:
    pack = made(drawn(*kecamatan(), ("11.06", outlines()["11.06"])))
    assert lowest(pack) == 12
    assert "1 polygons of the file lie outside Kabupaten Aceh Barat" in check_list(pack)


def test_overlaps_are_told_in_the_list() -> None:
    first, second, *rest = kecamatan()
    pack = made(drawn(first, (second[0], second[1].union(first[1].buffer(-0.01))), *rest))
    assert "warnings name the largest" in check_list(pack)


def test_every_fault_of_the_boundaries_is_named_with_its_line() -> None:
    (first, shape), (second, other), *rest = kecamatan()
    swapped = shapely.transform(other, lambda points: points[:, ::-1])
    with pytest.raises(PackError) as caught:
        made(
            drawn(
                (first, shape),
                (second, swapped),
                (11.05, shape),
                ("11.05.01.2999", shape),
                ("11.05.01.2001", None),
                (first, shape),
                (None, other),
                *rest,
            )
        )
    assert [(fault.file, fault.line, fault.code) for fault in caught.value.faults] == [
        ("batas.geojson", 3, "packs.axes_swapped"),
        ("batas.geojson", 4, "packs.code_not_text"),
        ("batas.geojson", 5, "packs.area_unknown"),
        ("batas.geojson", 6, "packs.code_without_polygon"),
        ("batas.geojson", 7, "packs.duplicate_code"),
        ("batas.geojson", 8, "packs.polygon_without_code"),
    ]


@pytest.mark.parametrize(
    ("boundaries", "code"),
    [
        (b"", "not_geojson"),
        (b"{}", "not_geojson"),
        (b"\xff\xfe", "unreadable"),
        (drawn(("12.01", shapely.box(98, 1, 99, 2))), "no_areas"),
        (drawn(), "no_areas"),
    ],
)
def test_boundaries_that_cannot_be_of_the_region_are_refused(boundaries: bytes, code: str) -> None:
    with pytest.raises(PackError) as caught:
        made(boundaries)
    assert [fault[:3] for fault in caught.value.faults] == [("batas.geojson", 1, f"packs.{code}")]


@pytest.mark.parametrize(
    ("code", "meant"),
    [("11.5", "11.05 Kabupaten Aceh Barat"), ("aceh barat", "11.05 Kabupaten Aceh Barat"), ("Bandung", "32.73 Kota Bandung")],
)
def test_a_code_that_is_none_is_answered_with_what_may_be_meant(code: str, meant: str) -> None:
    with pytest.raises(UnknownCodeError, match=meant):
        areas_below(code)


@pytest.mark.parametrize("code", ["11.05.01", "11.05.01.2001"])
def test_a_kecamatan_or_desa_is_no_region(code: str) -> None:
    with pytest.raises(UnknownCodeError, match="a region is"):
        made(b"{}", code)


@pytest.mark.parametrize("code", ["", "\n", "11.05,Kabupaten Aceh Barat", "1", "code", "11.05\n"])
def test_no_other_text_is_taken_for_a_code(code: str) -> None:
    with pytest.raises(UnknownCodeError):
        areas_below(code)


def test_the_national_codes_are_whole_and_clean() -> None:
    areas = [area for province in read_data("provinces.yaml") for area in areas_below(province)]
    assert Counter(area.kind for area in areas) == {
        "provinsi": 38, "kabupaten": 416, "kota": 98, "kecamatan": 7285, "kelurahan": 8496, "desa": 75252, "desa_adat": 14
    }  # fmt: skip
    zones = {province_of(area.code).timezone for area in areas if area.kind == "provinsi"}
    assert zones == {"Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"}
    codes = {area.code for area in areas}
    assert len(codes) == len(areas)
    assert all(area.parent_code in codes for area in areas if area.kind != "provinsi")
    assert all(area.name == " ".join(area.name.split()) and "\u2019" not in area.name for area in areas)


def test_a_folder_with_something_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / "catatan.txt").write_text("milik saya")
    told = run(folder, drawn(*kecamatan()))
    assert told.exit_code == 1
    assert "not empty" in told.output
    assert [path.name for path in folder.iterdir()] == ["catatan.txt"]


def test_an_empty_folder_is_filled_and_a_refused_pack_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "baru"
    folder.mkdir()
    refused = run(folder, drawn(*kecamatan()), "--prefix", "terlalu panjang")
    assert isinstance(refused.exception, PackError)
    assert "complaints.yaml:2" in str(refused.exception)
    assert list(folder.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"baru", "batas.geojson"}
    assert run(folder, drawn(*kecamatan()), "--name", "Aceh Barat: #1", "--prefix", "MBO").exit_code == 0
    pack = read_pack(folder)
    assert (pack.name, pack.modules["complaints"]["number"]["prefix"]) == ("Aceh Barat: #1", "MBO")
    assert pack.identity["app_name"] == "Lapor Aceh Barat: #1"


@pytest.mark.parametrize("key", ["Aceh Barat", "aceh_barat", "a" * 41, ""])
def test_a_key_that_could_not_stand_in_an_address_is_wrong_usage(tmp_path: Path, key: str) -> None:
    told = run(tmp_path / "x", drawn(*kecamatan()), "--key", key)
    assert told.exit_code == 2
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("page", ["writing-a-region-pack.md", "id/menulis-paket-wilayah.md"])
def test_the_papers_show_the_pack_as_it_is_made(aceh_barat: Path, page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    shown = dict(re.findall(r"^`aceh-barat/([\w.]+)`:\n\n```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    assert shown == {path.name: path.read_text() for path in aceh_barat.glob("*.yaml")}
    pack = read_pack(aceh_barat)
    assert f"322 gampong{' and' if page.startswith('w') else ', dan'} {len(pack.departments)} uni" in text


def like(key: str, **said: Any) -> Giver:
    return Giver(pack=read_pack(SHIPPED / key), **said)


def items(pack: Pack, module: str, name: str) -> dict[str, dict[str, Any]]:
    found = plain(pack.said[module])[name]
    return {item.get("key") or item["code"]: item for item in found}


@pytest.fixture(scope="module")
def copied() -> NewPack:
    giver = like("banda-aceh", version=7, agreement="CONTOH/001/NPHD/2026")
    return made(boundaries_for("11.05").encode(), like=giver)


def test_a_copy_has_the_units_and_the_modules_of_its_giver_and_is_a_region_of_its_own(copied: NewPack) -> None:
    giver, pack = like("banda-aceh").pack, copied.pack
    assert (pack.code, pack.name, len(pack.areas)) == ("11.05", "Kabupaten Aceh Barat", 335)
    assert pack.modules["complaints"]["number"] == {"prefix": "ACB"}
    for module, lists in {
        "complaints": ("groups", "categories", "reasons"),
        "notifications": ("templates",),
        "service_info": ("services", "contacts"),
    }.items():
        for name in lists:
            assert items(pack, module, name) == items(giver, module, name)
    mine, theirs = ({unit.key: unit for unit in each.departments if unit.area_code is None} for each in (pack, giver))
    assert [(unit.key, unit.name, unit.types) for unit in mine.values()] == [
        (unit.key, unit.name, unit.types) for unit in theirs.values()
    ]


def test_a_copy_says_by_itself_whose_it_was(copied: NewPack) -> None:
    giver = like("banda-aceh").pack
    assert copied.pack.identity["origin"] == {
        "pack": "banda-aceh",
        "version": 7,
        "checksum": giver.checksum,
        "agreement": "CONTOH/001/NPHD/2026",
    }


def test_what_is_of_the_givers_place_stays_behind_and_is_named(copied: NewPack) -> None:
    texts = "".join(content.decode() for path, content in copied.files.items() if path.endswith(".yaml"))
    assert "lamdingin" not in texts
    assert not items(copied.pack, "service_info", "places")
    assert not any(unit.email or unit.verified for unit in copied.pack.departments)
    english = check_list(copied).split("## What to check")[1]
    assert "departments, categories and settings are as those of Kota Banda Aceh" in english
    assert "complaints.rules.contoh-pasar-lamdingin" in english
    assert "service_info.places.rsud-meuraxa" in english


def test_an_address_of_the_givers_office_never_gets_the_copys_reports(tmp_path: Path) -> None:
    folder = tmp_path / "pemberi"
    shutil.copytree(SHIPPED / "banda-aceh", folder)
    departments = folder / "departments.yaml"
    departments.write_text(departments.read_text().replace("types: [PUPR],", "types: [PUPR], email: pupr@pemberi.go.id,"))
    giver = Giver(pack=read_pack(folder))
    assert any(unit.email for unit in giver.pack.departments)
    copy = made(boundaries_for("11.05").encode(), like=giver)
    assert not any(unit.email for unit in copy.pack.departments)
    assert b"pupr@pemberi.go.id" not in b"".join(copy.files.values())


@pytest.mark.parametrize("giver", ["sumedang", "bandung", "dki-jakarta"])
@pytest.mark.parametrize("code", ["11.05", "61.71"])
def test_a_copy_across_provinces_is_good_and_says_no_more_than_what_differs(giver: str, code: str) -> None:
    from_them = like(giver)
    copy = made(boundaries_for(code).encode(), code=code, like=from_them)
    for name, said in from_them.pack.modules.items():
        for kind, value in said.items():
            if isinstance(value, list):
                theirs = [item for item in value if not OF_ITS_PLACE & set(item) and "areas" not in item.get("when", {})]
                mine = items(copy.pack, name, kind)
                assert {item.get("key") or item["code"] for item in theirs} <= mine.keys()
    assert len(copy.files.get("complaints.yaml", b"").splitlines()) < 60


def test_the_command_copies_a_folder_and_names_the_agreement(tmp_path: Path) -> None:
    to = tmp_path / "aceh-barat"
    told = run(to, boundaries_for("11.05").encode(), "--like", str(SHIPPED / "banda-aceh"), "--agreement", "1/PKS/2026")
    assert told.exit_code == 0, told.output
    assert read_pack(to).identity["origin"]["agreement"] == "1/PKS/2026"
    alone = run(tmp_path / "lain", boundaries_for("11.05").encode(), "--agreement", "1/PKS/2026")
    assert (alone.exit_code, "--agreement goes with --like" in alone.output) == (2, True)
