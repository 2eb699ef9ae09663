"""Areas of many regions are found by code and by place, and those that a decree has ended through those that follow them."""

import pytest
import shapely
from sqlalchemy import update

from backend.core.geo import Hit
from backend.regions.models import AreaRow

IN_THE_FIRST = (0.05, 100.05)  # of the west
UNMEASURED = {"west": None, "south": None, "east": None, "north": None}


def test_an_area_is_known_by_its_code_with_its_parents(lands):
    directory, west = lands.directory(), lands.ids["west"]
    chain = directory.chain(west, "98.00.01.2002")
    assert [(area.code, area.name, area.kind, area.parent_code, area.lowest) for area in chain] == [
        ("98.00.01.2002", "Désa 12", "desa", "98.00.01", True),
        ("98.00.01", "Kecamatan 1", "kecamatan", None, False),
    ]
    for unknown in ("", "98.00", "98.00.01.2003", "98.00.01.20021", "98.01.01.2002", "zz", "désa", "\ud800"):
        assert directory.area(west, unknown) is None
        assert directory.chain(west, unknown) == []
        assert directory.lowest_below(west, unknown) == []
    assert len(directory.areas_of(west)) == 15
    assert directory.lowest_below(west, "98.00.01") == ["98.00.01.2001", "98.00.01.2002"]
    assert directory.lowest_below(west, "98.00.01.2001") == ["98.00.01.2001"]


def test_a_region_costs_a_statement_for_names_and_one_for_polygons_and_its_places_none_again(lands):
    directory, west = lands.directory(), lands.ids["west"]
    with lands.statements() as sent:
        assert directory.areas.find_area(west, *IN_THE_FIRST) == ("98.00.00.2001", "inside", 0.0, ())
    assert len(sent) == 2
    with lands.statements() as sent:
        directory.areas.find_area(west, 0.06, 100.01)
        directory.areas.find_area(west, 45.0, 7.0)
        directory.chain(west, "98.00.01.2001")
        assert directory.areas.find_area(west, 0.05, 100.1).how == "overlap"  # on a border
        assert directory.areas.find_area(west, 0.05, 100.95).code == "98.00.04.2002"
    assert sent == []


def test_a_point_is_located_in_every_region_that_has_it(lands):
    directory = lands.directory()
    west, middle = lands.ids["west"], lands.ids["middle"]
    assert directory.areas.locate(*IN_THE_FIRST) == (Hit(west, "98.00.00.2001"),)
    assert directory.areas.locate(0.05, 101.0) == (Hit(west, "98.00.04.2002"), Hit(middle, "98.01.00.2001"))
    assert directory.areas.locate(-40.0, 100.05) == ()
    assert directory.areas.find_area(middle, *IN_THE_FIRST) is None
    with lands.statements() as sent:
        directory.areas.locate(0.05, 101.0)
    assert sent == []


def test_areas_whose_boxes_nobody_has_written_down_are_found_as_well(lands):
    everywhere = update(AreaRow).where(AreaRow.region_id == lands.ids["west"]).values(**UNMEASURED)
    lands.change("west", everywhere)
    directory, west = lands.directory(), lands.ids["west"]
    assert directory.areas.locate(*IN_THE_FIRST) == (Hit(west, "98.00.00.2001"),)
    assert directory.areas.find_area(west, 0.05, 100.95).code == "98.00.04.2002"
    assert directory.areas.bounds(west) == lands.house.directory.areas.bounds(west) or directory.areas.bounds(west).west < 100.0


def test_a_region_without_areas_has_no_bounds_and_finds_nothing(lands):
    lands.change("west", update(AreaRow).where(AreaRow.region_id == lands.ids["west"]).values(boundary=None, **UNMEASURED))
    directory, west = lands.directory(), lands.ids["west"]
    for region_id in (west, 0):
        assert directory.areas.bounds(region_id) is None
        assert directory.areas.find_area(region_id, *IN_THE_FIRST) is None
    assert directory.areas.locate(*IN_THE_FIRST) == ()
    assert directory.areas_of(0) == []


def test_other_boundaries_are_followed_once_the_region_has_moved(lands):
    directory, west = lands.directory(), lands.ids["west"]
    assert directory.areas.find_area(west, *IN_THE_FIRST).code == "98.00.00.2001"
    moved = shapely.box(90.0, 0.0, 90.1, 0.1)
    box = dict(zip(UNMEASURED, moved.bounds, strict=True))
    first = update(AreaRow).where(AreaRow.region_id == west, AreaRow.code == "98.00.00.2001")
    lands.change("west", first.values(boundary=shapely.to_wkb(moved), name="Baru", **box), areas_checksum="drawn again")
    directory.refresh()
    assert directory.area(west, "98.00.00.2001").name == "Baru"
    assert directory.areas.find_area(west, *IN_THE_FIRST) is None
    assert directory.areas.locate(0.05, 90.05) == (Hit(west, "98.00.00.2001"),)


def filed(lands, key="west"):
    return sorted(lands.folder.glob(f"{lands.ids[key]}-*"))


def test_polygons_that_one_process_has_filed_are_read_by_the_others(lands):
    first, second, west = lands.directory(), lands.directory(), lands.ids["west"]
    first.areas.find_area(west, *IN_THE_FIRST)
    (file,) = filed(lands)
    assert file.stat().st_mode & 0o077 == 0
    with lands.statements() as sent:
        assert second.areas.find_area(west, *IN_THE_FIRST).code == "98.00.00.2001"
    assert len(sent) == 1  # for the names


@pytest.mark.parametrize("spoil", [lambda file: file.unlink(), lambda file: file.write_bytes(b"")])
def test_a_file_that_is_gone_or_was_never_finished_is_written_anew(lands, spoil):
    west = lands.ids["west"]
    lands.directory().areas.find_area(west, *IN_THE_FIRST)
    (file,) = filed(lands)
    whole = file.read_bytes()
    spoil(file)
    assert lands.directory().areas.find_area(west, *IN_THE_FIRST).code == "98.00.00.2001"
    assert filed(lands) == [file]
    assert file.read_bytes() == whole


def test_a_process_that_has_read_a_file_goes_on_when_it_is_taken_away(lands):
    directory, west = lands.directory(), lands.ids["west"]
    directory.areas.find_area(west, *IN_THE_FIRST)
    (file,) = filed(lands)
    file.unlink()
    for lng in (100.15, 100.25):
        assert directory.areas.find_area(west, 0.05, lng).how == "inside"
    assert filed(lands) == [file]


def test_where_nothing_can_be_filed_the_database_is_asked_for_each_place(lands, tmp_path, caplog):
    (tmp_path / "no folder").write_bytes(b"")
    directory, west = lands.directory(folder=tmp_path / "no folder"), lands.ids["west"]
    directory.areas.find_area(west, *IN_THE_FIRST)
    with lands.statements() as sent:
        assert directory.areas.find_area(west, 0.05, 100.1) == ("98.00.00.2001", "overlap", 0.0, ("98.00.00.2002",))
        assert directory.areas.find_area(west, 0.05, 100.95).code == "98.00.04.2002"
    assert len(sent) == 2
    assert caplog.text.count("regions.polygons_not_filed") == 1


def test_what_a_pack_draws_while_a_process_does_not_know_of_it_yet_is_not_filed_as_what_it_was(lands):
    directory, west = lands.directory(), lands.ids["west"]
    first = update(AreaRow).where(AreaRow.region_id == west, AreaRow.code == "98.00.00.2001")
    moved = first.values(boundary=shapely.to_wkb(shapely.box(100.0, 0.0, 100.01, 0.01)))
    lands.change("west", moved, areas_checksum="drawn again")
    assert directory.areas.find_area(west, 0.05, 100.15).code == "98.00.00.2002"
    assert filed(lands) == []
    directory.refresh()
    assert directory.areas.find_area(west, 0.005, 100.005).code == "98.00.00.2001"
    assert directory.areas.find_area(west, *IN_THE_FIRST) is None
    assert len(filed(lands)) == 1


def test_a_region_has_one_file_that_of_its_areas_as_they_are(lands):
    directory, west = lands.directory(), lands.ids["west"]
    directory.areas.find_area(west, *IN_THE_FIRST)
    directory.areas.find_area(lands.ids["middle"], 0.05, 101.05)
    before = filed(lands)
    lands.end("west", "98.00.04.2002")  # the others are drawn as they were
    directory.refresh()
    assert directory.areas.find_area(west, 0.05, 100.95) is None
    assert directory.areas.find_area(west, 0.05, 100.85).code == "98.00.04.2001"
    assert len(filed(lands)) == 1
    assert filed(lands) != before
    assert len(filed(lands, "middle")) == 1


def test_an_ended_area_is_known_by_its_code_and_stands_in_no_list_and_on_no_map(lands, client):
    lands.end("west", "98.00.00.2001", "98.00.01.2001")
    directory, west = lands.directory(), lands.ids["west"]
    ended = directory.area(west, "98.00.00.2001")
    assert (ended.name, ended.ended, ended.successors) == ("Désa 01", True, ("98.00.01.2001",))
    assert "98.00.00.2001" not in {area.code for area in directory.areas_of(west)}
    assert directory.areas.find_area(west, *IN_THE_FIRST) is None
    assert directory.areas.locate(*IN_THE_FIRST) == ()
    lands.house.directory.refresh()
    listed = client.get("/v1/regions/west/areas?parent=98.00.00").get_json()["items"]
    assert [(area["code"], area["ended"]) for area in listed] == [("98.00.00.2002", False)]
    shown = client.get("/v1/regions/west/areas/98.00.00.2001").get_json()
    assert (shown["name"], shown["ended"], shown["successors"]) == ("Désa 01", True, ["98.00.01.2001"])


def test_what_happened_in_an_ended_area_is_found_in_those_that_follow_it(lands):
    lands.end("west", "98.00.00.2001", "98.00.00.2002")  # one goes into its neighbour,
    lands.end("west", "98.00.00.2002", "98.00.01.2001", "98.00.02.2001")  # which is split over two districts,
    lands.end("west", "98.00.03.2001")  # another has nobody to follow it,
    lands.end("west", "98.00.04.2001", "98.00.04.2002")
    lands.end("west", "98.00.04.2002", "98.00.04.2001")  # and two are said to follow each other
    directory, west = lands.directory(), lands.ids["west"]
    gone = ["98.00.00.2001", "98.00.00.2002"]
    assert directory.lowest_below(west, "98.00.01") == [*gone, "98.00.01.2001", "98.00.01.2002"]
    assert directory.lowest_below(west, "98.00.02.2001") == [*gone, "98.00.02.2001"]
    assert directory.lowest_below(west, "98.00.02.2002") == ["98.00.02.2002"]
    assert directory.lowest_below(west, "98.00.00") == []
    assert directory.lowest_below(west, "98.00.00.2001") == ["98.00.00.2001"]
    assert directory.lowest_below(west, "98.00.03") == ["98.00.03.2001", "98.00.03.2002"]
    assert directory.lowest_below(west, "98.00.04") == []


def test_who_follows_may_be_said_later_without_other_boundaries(lands):
    lands.end("west", "98.00.00.2001")
    directory, west = lands.directory(), lands.ids["west"]
    assert "98.00.00.2001" not in directory.lowest_below(west, "98.00.01")
    lands.end("west", "98.00.00.2001", "98.00.01.2001")
    directory.refresh()
    assert "98.00.00.2001" in directory.lowest_below(west, "98.00.01")
