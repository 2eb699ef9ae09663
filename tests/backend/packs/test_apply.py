"""A pack is applied whole or not at all, again without effect; what an admin has set stays until a pack has a newer word."""

import os
import shutil
import threading
from dataclasses import replace

import pytest
import shapely
from click.testing import CliRunner
from shapely.affinity import translate
from sqlalchemy import func, select

from backend.cli.house import open_house
from backend.cli.new_region import new
from backend.core.errors import DomainError
from backend.core.settings import load_settings
from backend.data.unit_of_work import unit_of_work
from backend.departments.models import Department
from backend.packs import neighbours
from backend.packs.apply import apply_pack, apply_plan, make_plan
from backend.packs.faults import PackError
from backend.packs.folder import SHIPPED, gather
from backend.packs.neighbours import areas_on_others
from backend.packs.reading import areas_place, read_pack
from backend.packs.settings import change_module
from backend.packs.versions import list_versions
from backend.regions.models import AreaRow, RegionModuleRow, RegionRow
from backend.testing.installation import make_installation
from tests.synthetic_areas import boundaries_for


@pytest.fixture(scope="module")
def environ(addresses, tmp_path_factory):
    """A database of these tests' own: the regions they make would lie over the shipped ones."""
    name = f"balai_packs_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    return make_installation(addresses, name=name, var=tmp_path_factory.mktemp("var"))


@pytest.fixture(scope="module")
def house(environ):
    with open_house(load_settings(environ)) as house:
        yield house


@pytest.fixture
def folder(tmp_path, request):
    """The shipped pack of Banda Aceh under another key, so that each test has a region of its own."""
    key = f"uji-{abs(hash(request.node.name)) % 10**6}"
    copy = tmp_path / key
    shutil.copytree(SHIPPED / "banda-aceh", copy)
    identity = (copy / "region.yaml").read_text().replace("key: banda-aceh", f"key: {key}")
    (copy / "region.yaml").write_text(identity)
    return copy


def rows(house, key):
    with unit_of_work(house.ground) as ctx:
        region = ctx.session.scalar(select(RegionRow).where(RegionRow.key == key))
        if region is None:
            return None
        areas = ctx.session.scalar(select(func.count()).select_from(AreaRow).where(AreaRow.region_id == region.id))
        modules = ctx.session.scalars(select(RegionModuleRow).where(RegionModuleRow.region_id == region.id)).all()
        return region.revision, areas, {row.module: (row.enabled, row.version) for row in modules}


def test_a_region_that_was_never_seen_is_there_at_once_and_applying_again_changes_nothing(house, folder):
    first = apply_pack(house, gather(folder))
    assert (first.changed, first.version, first.areas) == (True, 1, 100)
    assert house.directory.find(folder.name).name == "Kota Banda Aceh"
    before = rows(house, folder.name)
    assert apply_pack(house, gather(folder)).changed is False
    assert rows(house, folder.name) == before


def test_a_department_that_leaves_the_pack_is_retired_and_kept(house, folder):
    apply_pack(house, gather(folder))
    departments = (folder / "departments.yaml").read_text()
    (folder / "departments.yaml").write_text(departments + "  - {key: dinas-uji, name: Dinas Uji, types: [UJI]}\n")
    apply_pack(house, gather(folder))
    (folder / "departments.yaml").write_text(departments)
    (folder / "successors.yaml").write_text("departments:\n  - {key: dinas-uji, successor: pupr}\n")
    apply_pack(house, gather(folder))
    region = house.directory.find(folder.name)
    with unit_of_work(house.ground, region=region) as ctx:
        row = ctx.session.scalar(select(Department).where(Department.region_id == region.id, Department.key == "dinas-uji"))
        assert (row.active, row.successor) == (False, "pupr")


def test_settings_a_module_refuses_are_named_with_file_and_line_and_nothing_is_applied(house, folder):
    complaints = folder / "complaints.yaml"
    complaints.write_text(complaints.read_text() + "nonsense: true\n")
    line = len(complaints.read_text().splitlines())
    with pytest.raises(PackError) as refused:
        apply_pack(house, gather(folder))
    assert [(fault.file.split("/")[-1], fault.line, fault.code) for fault in refused.value.faults] == [
        ("complaints.yaml", line, "request.unknown_field")
    ]
    assert rows(house, folder.name) is None


def test_what_fails_in_the_middle_leaves_nothing_behind(house, folder, monkeypatch):
    module = house.registry.modules["service_info"]

    def break_down(_ctx):
        raise RuntimeError("the power is gone")

    monkeypatch.setitem(module.__dict__, "on_settings", break_down)
    with pytest.raises(RuntimeError):
        apply_pack(house, gather(folder))
    assert rows(house, folder.name) is None


def test_a_module_that_an_admin_has_switched_stays_as_the_admin_set_it(house, folder):
    apply_pack(house, gather(folder))
    with unit_of_work(house.ground, region=house.directory.find(folder.name)) as ctx:
        change_module(ctx, house.registry, house.registry.modules["service_info"], enabled=False)
    region = folder / "region.yaml"
    region.write_text(region.read_text().replace("app_name:", "app_name: X # "))
    assert apply_pack(house, gather(folder)).changed
    assert not house.directory.find(folder.name).enabled("service_info")
    assert house.directory.find(folder.name).enabled("complaints")
    apply_pack(house, gather(folder), keep_edits=False)
    assert house.directory.find(folder.name).enabled("service_info")


def moved(pack, east):
    """Return the pack as another region's, its areas moved to the east by some degrees."""
    areas = [
        replace(area, boundary=area.boundary and shapely.to_wkb(translate(shapely.from_wkb(area.boundary), xoff=east)))
        for area in pack.areas
    ]
    return replace(pack, key="tetangga", areas=tuple(areas))


def told_of(house, pack, key):
    with unit_of_work(house.ground) as ctx:
        return [fault for fault in areas_on_others(ctx, pack, areas_place(pack)) if f"region {key}" in fault.text]


def test_polygons_over_another_regions_land_are_a_warning_and_those_beside_it_are_none(house, folder):
    apply_pack(house, gather(folder))
    pack = read_pack(folder)
    (over,) = told_of(house, moved(pack, east=0.0), folder.name)
    assert (over.file, over.line, over.code) == ("tetangga/areas.geojson.gz", 1, "packs.areas_on_other_region")
    assert over.text.startswith(f"90 of its areas lie over land of the region {folder.name}, ")
    west, _, east, _ = shapely.total_bounds([shapely.from_wkb(area.boundary) for area in pack.areas if area.boundary])
    assert len(told_of(house, moved(pack, east=(east - west) * 0.5), folder.name)) == 1
    assert told_of(house, moved(pack, east=(east - west) * 0.9), folder.name) == []  # their boxes meet, and no more


def test_a_sliver_on_the_border_is_no_warning(house, folder, monkeypatch):
    apply_pack(house, gather(folder))
    pack = read_pack(folder)
    _, south, east, north = shapely.total_bounds([shapely.from_wkb(area.boundary) for area in pack.areas if area.boundary])
    beside = shapely.to_wkb(shapely.box(east - 0.0005, south, east + 0.1, north))
    head = next(area for area in pack.areas if area.parent_code is None)
    neighbour = replace(pack, key="sebelah", areas=(replace(head, boundary=beside, lowest=True),))
    assert told_of(house, neighbour, folder.name) == []
    monkeypatch.setattr(neighbours, "SHARE", 0.0)
    assert len(told_of(house, neighbour, folder.name)) == 1


def test_a_plan_warns_of_another_regions_land_only_where_areas_change(house, folder):
    def warned(files):
        with unit_of_work(house.ground, locale="en") as ctx:
            return [each.code for each in make_plan(ctx, house.registry, files)[1].warnings]

    apply_pack(house, gather(folder))
    other = folder.parent / f"{folder.name}-lain"
    shutil.copytree(folder, other)
    head = other / "region.yaml"
    head.write_text(head.read_text().replace(f"key: {folder.name}", f"key: {other.name}"))
    assert "packs.areas_on_other_region" in warned(gather(other))
    assert "packs.areas_on_other_region" in {each.code for each in apply_pack(house, gather(other)).warnings}
    head.write_text(head.read_text().replace("app_name:", "app_name: X # "))
    assert "packs.areas_on_other_region" not in warned(gather(other))


def test_of_two_who_make_the_same_region_at_once_the_second_finds_it_made(house, folder):
    told: list[object] = []
    planned = threading.Barrier(2, timeout=60)

    def make(expected):
        planned.wait()
        try:
            applied = apply_pack(house, files, expected_version=expected)
            told.append((applied.version, applied.changed))
        except DomainError as error:
            told.append((error.code, error.params))

    files = gather(folder)
    makers = [threading.Thread(target=make, args=[0]) for _ in range(2)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert sorted(told, key=str) == [("regions.pack_moved", {"planned": 0, "version": 1}), (1, True)]
    with unit_of_work(house.ground, region=house.directory.find(folder.name)) as ctx:
        assert [row.version for row in list_versions(ctx.session, ctx.region.id, limit=10)] == [1]


def test_a_region_that_is_being_made_is_waited_for_and_making_it_again_changes_nothing(house, folder):
    files, told = gather(folder), []
    second = threading.Thread(target=lambda: told.append(apply_pack(house, files)))
    with unit_of_work(house.ground, locale="en") as ctx:
        inside, plan = make_plan(ctx, house.registry, files)
        second.start()
        second.join(timeout=1)
        assert second.is_alive()
        assert apply_plan(inside, house.registry, plan, kind="applied", why="").version == 1
    second.join()
    assert [(applied.version, applied.changed) for applied in told] == [(1, False)]


def test_a_region_of_the_installation_is_copied_and_the_copy_says_which_version_it_was(
    house, environ, folder, tmp_path, monkeypatch
):
    apply_pack(house, gather(folder))
    with unit_of_work(house.ground, region=house.directory.find(folder.name)) as ctx:
        change_module(ctx, house.registry, house.registry.modules["service_info"], enabled=False)
    house.directory.refresh()
    giver = house.directory.find(folder.name)
    boundaries, to = tmp_path / "batas.geojson", tmp_path / f"{folder.name}-salinan"
    boundaries.write_text(boundaries_for("11.05"))
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    said = ["--code", "11.05", "--key", to.name, "--boundaries", str(boundaries), "--to", str(to), "--like", folder.name]
    told = CliRunner().invoke(new, said)
    assert told.exit_code == 0, told.output
    apply_pack(house, gather(to))
    copy = house.directory.find(to.name)
    assert copy.identity["origin"] == {"pack": folder.name, "version": 2, "checksum": giver.pack_checksum}
    assert not copy.enabled("service_info")
    stranger = CliRunner().invoke(new, [*said[:-3], str(tmp_path / "lain"), "--like", "tidak-ada"])
    assert "there is no region tidak-ada" in str(stranger.exception)
