"""A pack is applied whole or not at all, again without effect; what an admin has set stays until a pack has a newer word."""

import os
import shutil

import pytest
from sqlalchemy import func, select

from backend.cli.house import open_house
from backend.core.settings import load_settings
from backend.data.unit_of_work import unit_of_work
from backend.departments.models import Department
from backend.packs.apply import apply_pack
from backend.packs.faults import PackError
from backend.packs.folder import SHIPPED, gather
from backend.packs.settings import change_module
from backend.regions.models import AreaRow, RegionModuleRow, RegionRow
from backend.testing.installation import make_installation


@pytest.fixture(scope="module")
def house(addresses, tmp_path_factory):
    """A database of these tests' own: the regions they make would lie over the shipped ones."""
    name = f"balai_packs_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with open_house(load_settings(make_installation(addresses, name=name, var=tmp_path_factory.mktemp("var")))) as house:
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
