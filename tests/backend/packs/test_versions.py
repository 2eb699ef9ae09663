"""Every change of a region is a version: planned, kept with who and why, compared, exported, and taken back."""

import base64
import gzip
import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest
from sqlalchemy import select

from backend.cli.house import open_house
from backend.core.errors import DomainError
from backend.core.fault_points import VARIABLE
from backend.core.settings import load_settings
from backend.data.audit import AuditEntry
from backend.data.unit_of_work import unit_of_work
from backend.departments.models import Department
from backend.packs.apply import apply_pack, apply_plan, make_plan, offer_pack
from backend.packs.archives import read_archive, write_archive
from backend.packs.exporting import export_files
from backend.packs.faults import PackError
from backend.packs.folder import SHIPPED, gather, read_folder, with_bases
from backend.packs.plans import plan_file, read_plan_file
from backend.packs.settings import change_module, edited, said_now
from backend.packs.tabling import TABLES, export_table, import_table
from backend.packs.versions import files_of, list_versions
from backend.regions.models import AreaRow, RegionModuleRow, RegionRow
from backend.testing.installation import make_installation

# What makes a region, but for when and by which version it was made.
TABLES_OF_A_REGION = {
    RegionRow: {"id", "revision", "version", "applied_at", "pack_version"},
    AreaRow: {"region_id"},
    RegionModuleRow: {"region_id", "version"},
    Department: {"region_id", "id"},
}


@pytest.fixture(scope="module")
def houses(addresses, tmp_path_factory):
    """Two installations."""
    names = [f"balai_versions_{each}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}" for each in ("here", "there")]
    made = [make_installation(addresses, name=name, var=tmp_path_factory.mktemp("var")) for name in names]
    with open_house(load_settings(made[0])) as here, open_house(load_settings(made[1])) as there:
        yield here, there


@pytest.fixture
def house(houses):
    return houses[0]


@pytest.fixture
def folder(tmp_path, request):
    """The shipped pack of Banda Aceh under another key, so that each test has a region of its own."""
    key = f"uji-{abs(hash(request.node.name)) % 10**6}"
    copy = tmp_path / key
    shutil.copytree(SHIPPED / "banda-aceh", copy)
    write(copy, "region.yaml", "key: banda-aceh", f"key: {key}")
    return copy


def write(folder, name, old, new):
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))


def portrait(house, key):
    """Return all rows that make a region."""
    region = house.directory.find(key)
    with unit_of_work(house.ground, region=region) as ctx:
        found = {}
        for model, apart in TABLES_OF_A_REGION.items():
            columns = [column for column in model.__table__.columns if column.name not in apart]
            own = model.id if model is RegionRow else model.region_id
            rows = ctx.session.execute(select(*columns).where(own == region.id)).all()
            found[model.__tablename__] = sorted(map(repr, map(tuple, rows)))
        return found


def in_region(house, key):
    return unit_of_work(house.ground, region=house.directory.find(key), locale="en")


def plan_of(house, files, **options):
    with unit_of_work(house.ground, locale="en") as ctx:
        return make_plan(ctx, house.registry, files, **options)[1]


def change(house, key, module="complaints", **options):
    with in_region(house, key) as ctx:
        applied = change_module(ctx, house.registry, house.registry.modules[module], **options)
    house.directory.refresh()
    return applied


def settings(house, key, module="complaints"):
    with in_region(house, key) as ctx:
        return dict(ctx.session.get(RegionModuleRow, (ctx.region.id, module)).settings)


def test_a_plan_says_what_would_change_grouped_as_a_person_thinks(house, folder):
    apply_pack(house, gather(folder))
    names = "\n".join(
        f"  - {{code: {code}, name: {{id: Nama baru {code}, en: New name {code}}}}}" for code in ("JLN-01", "JLN-02")
    )
    (folder / "complaints.yaml").write_text(
        (folder / "complaints.yaml").read_text() + f"categories:\n{names}\n  - {{code: JLN-03, response_hours: 5}}\n"
    )
    plan = plan_of(house, gather(folder))
    told = {(each["section"], each["what"], each["kind"]): each for each in plan.changes}
    assert set(told) == {("complaints", "categories", "renamed"), ("complaints", "categories", "changed")}
    assert [item["key"] for item in told["complaints", "categories", "renamed"]["items"]] == ["JLN-01", "JLN-02"]
    (changed,) = told["complaints", "categories", "changed"]["items"]
    assert changed["fields"]["response_hours"][1] == 5
    assert plan.version == 1
    assert plan_of(house, gather(SHIPPED / "banda-aceh")).changed is False


def test_each_version_is_kept_with_who_when_why_and_what(house, folder):
    apply_pack(house, gather(folder), why="a first pack")
    write(folder, "region.yaml", "app_name: SALAM", "app_name: SALAM Uji")
    applied = apply_pack(house, gather(folder), why="another name")
    with in_region(house, folder.name) as ctx:
        second, first = list_versions(ctx.session, ctx.region.id, limit=10)
        audited = ctx.session.scalars(
            select(AuditEntry).where(AuditEntry.region_id == ctx.region.id, AuditEntry.action == "packs.applied")
        )
        assert [entry.details["version"] for entry in sorted(audited, key=lambda entry: entry.at)] == [1, 2]
    assert (applied.version, second.version, second.why, second.by_account) == (2, 2, "another name", None)
    assert [(each["section"], each["kind"], each["items"][0]["key"]) for each in second.changes] == [
        ("region", "renamed", "identity.app_name")
    ]
    assert first.at <= second.at
    assert house.directory.find(folder.name).identity["app_name"] == "SALAM Uji"


def test_rolling_back_makes_the_region_what_it_was_and_is_a_version_more(house, folder):
    apply_pack(house, gather(folder))
    before = portrait(house, folder.name)
    write(folder, "region.yaml", "app_name: SALAM", "app_name: SALAM Uji")
    write(folder, "complaints.yaml", "prefix: BNA", "prefix: UJI")
    apply_pack(house, gather(folder))
    assert portrait(house, folder.name) != before
    with in_region(house, folder.name) as ctx:
        files = files_of(ctx.session, ctx.region.id, 1)
        inside, plan = make_plan(ctx, house.registry, files, keep_edits=False)
        apply_plan(inside, house.registry, plan, kind="rolled_back", why="a mistake")
    house.directory.refresh()
    assert portrait(house, folder.name) == before
    with in_region(house, folder.name) as ctx:
        assert [row.kind for row in list_versions(ctx.session, ctx.region.id, limit=9)] == ["rolled_back", "applied", "applied"]


def test_what_is_exported_makes_an_identical_region_elsewhere_and_is_exported_again_byte_by_byte(houses, folder):
    here, there = houses
    apply_pack(here, gather(folder))
    wanted = {**settings(here, folder.name), "number": {"prefix": "UJI"}}
    change(here, folder.name, values=wanted)
    change(here, folder.name, "notifications", enabled=False)
    with in_region(here, folder.name) as ctx:
        archive = write_archive(export_files(ctx, here.registry), folder.name)
    apply_pack(there, read_archive(archive))
    assert portrait(there, folder.name) == portrait(here, folder.name)
    with in_region(there, folder.name) as ctx:
        assert write_archive(export_files(ctx, there.registry), folder.name) == archive


def test_settings_by_an_admin_are_a_small_layer_over_the_pack_and_survive_the_next_pack(house, folder):
    apply_pack(house, gather(folder))
    values = settings(house, folder.name)
    for category in values["categories"]:
        if category["code"] == "JLN-01":
            category["response_hours"] = 3
    values["groups"] = [*values["groups"][1:], values["groups"][0]]
    values["reasons"] = values["reasons"][1:]
    applied = change(house, folder.name, values=values)
    assert applied.version == 2
    with in_region(house, folder.name) as ctx:
        files = files_of(ctx.session, ctx.region.id, 2)
    assert len(files["complaints.edited.yaml"].splitlines()) < 50
    now = settings(house, folder.name)
    assert [group["key"] for group in now["groups"]] == [group["key"] for group in values["groups"]]
    assert [reason["key"] for reason in now["reasons"]] == [reason["key"] for reason in values["reasons"]]
    pothole = next(category for category in now["categories"] if category["code"] == "JLN-01")
    assert pothole["response_hours"] == 3
    assert pothole["source"].startswith(f"packs/{folder.name}/complaints.edited.yaml:")

    write(folder, "complaints.yaml", "prefix: BNA", "prefix: UJI")
    plan = plan_of(house, gather(folder))
    assert plan.conflicts == []
    apply_pack(house, gather(folder))
    assert settings(house, folder.name)["number"] == {"prefix": "UJI"}
    assert next(each for each in settings(house, folder.name)["categories"] if each["code"] == "JLN-01")["response_hours"] == 3


def test_a_pack_that_changes_what_an_admin_has_changed_leaves_the_admins_word_and_names_it(house, folder):
    apply_pack(house, gather(folder))
    values = settings(house, folder.name)
    change(house, folder.name, values={**values, "number": {"prefix": "ADM"}})
    write(folder, "complaints.yaml", "prefix: BNA", "prefix: UJI")
    (conflict,) = plan_of(house, gather(folder)).conflicts
    assert (conflict["path"], conflict["was"], conflict["becomes"], conflict["stays"]) == (
        "complaints.number.prefix",
        "BNA",
        "UJI",
        "ADM",
    )
    assert conflict["place"].startswith(f"packs/{folder.name}/complaints.edited.yaml:")
    apply_pack(house, gather(folder))
    assert settings(house, folder.name)["number"] == {"prefix": "ADM"}


def test_a_new_base_is_merged_three_ways_and_where_both_changed_a_thing_the_regions_own_stays_and_is_named(house, folder):
    base = folder.parent / "base-indonesia"
    shutil.copytree(SHIPPED / "base-indonesia", base)
    own = "categories:\n  - {code: JLN-01, response_hours: 7}\n"
    (folder / "complaints.yaml").write_text((folder / "complaints.yaml").read_text() + own)
    apply_pack(house, gather(folder))
    changed = (base / "complaints.yaml").read_text()
    assert changed.count("response_hours: 24") > 5
    (base / "complaints.yaml").write_text(changed.replace("response_hours: 24", "response_hours: 30"))
    plan = plan_of(house, gather(folder))
    assert {conflict["path"] for conflict in plan.conflicts} <= {"complaints.categories.JLN-01.response_hours"}
    apply_pack(house, gather(folder))
    hours = {category["code"]: category["response_hours"] for category in settings(house, folder.name)["categories"]}
    assert hours["JLN-01"] == 7
    assert 30 in hours.values()


def test_a_plan_is_refused_once_the_region_has_moved(house, folder):
    apply_pack(house, gather(folder))
    write(folder, "region.yaml", "app_name: SALAM", "app_name: SALAM Uji")
    files = gather(folder)
    kept = read_plan_file(plan_file(plan_of(house, files), files, keep_edits=True, unit_successors={}), "plan.json")
    assert (kept.version, dict(kept.files)) == (1, files)
    change(house, folder.name, "service_info", enabled=False)
    with pytest.raises(DomainError) as refused:
        apply_pack(house, kept.files, expected_version=kept.version)
    assert (refused.value.code, refused.value.params) == ("regions.pack_moved", {"planned": 1, "version": 2})


def test_of_two_admins_who_apply_at_once_one_is_told_that_the_region_has_moved(house, folder):
    apply_pack(house, gather(folder))
    packs = []
    for name in ("Satu", "Dua"):
        write(folder, "region.yaml", "app_name:", f"app_name: {name} #")
        packs.append(gather(folder))
    told = []
    ready = threading.Barrier(2)

    def apply(files):
        ready.wait()
        try:
            told.append(apply_pack(house, files, expected_version=1).version)
        except DomainError as error:
            told.append(error.code)

    admins = [threading.Thread(target=apply, args=[files]) for files in packs]
    for admin in admins:
        admin.start()
    for admin in admins:
        admin.join()
    assert sorted(map(str, told)) == ["2", "regions.pack_moved"]


def test_a_module_is_not_on_without_what_it_needs_nor_off_while_it_is_needed(house, folder, monkeypatch):
    apply_pack(house, gather(folder))
    monkeypatch.setitem(house.registry.modules["service_info"].__dict__, "requires", ("notifications",))
    with pytest.raises(DomainError) as refused:
        change(house, folder.name, "notifications", enabled=False)
    assert (refused.value.code, refused.value.params) == ("modules.needed_by", {"modules": "service_info"})
    change(house, folder.name, "service_info", enabled=False)
    change(house, folder.name, "notifications", enabled=False)
    with pytest.raises(DomainError) as refused:
        change(house, folder.name, "service_info", enabled=True)
    assert (refused.value.code, refused.value.params) == ("modules.needs", {"modules": "notifications"})
    write(folder, "region.yaml", "app_name:", "app_name: X #")
    (folder / "notifications.yaml").write_text("enabled: false\n")
    with pytest.raises(PackError) as faults:
        apply_pack(house, gather(folder), keep_edits=False)
    assert [fault.code for fault in faults.value.faults] == ["packs.module_required"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_every_table_goes_out_and_comes_in_without_any_change(house, folder, suffix):
    apply_pack(house, gather(folder))
    for name in TABLES:
        with in_region(house, folder.name) as ctx:
            files = files_of(ctx.session, ctx.region.id, house.directory.find(folder.name).revision and 1)
            content = export_table(files, name, suffix)
            assert (
                import_table(ctx, house.registry, files, table=name, content=content, suffix=suffix, why="").changed is False
            ), name


def test_a_table_that_comes_back_changed_is_a_version_of_the_pack(house, folder):
    apply_pack(house, gather(folder))
    with in_region(house, folder.name) as ctx:
        files = files_of(ctx.session, ctx.region.id, 1)
        departments = export_table(files, "departments", "csv").decode("utf-8-sig")
        assert "Dinas Kesehatan" in departments
        renamed = departments.replace("Dinas Kesehatan", "Dinas Kesehatan Kota", 1).encode()
        assert import_table(ctx, house.registry, files, table="departments", content=renamed, suffix="csv", why="").version == 2
    with in_region(house, folder.name) as ctx:
        files = files_of(ctx.session, ctx.region.id, 2)
        areas = export_table(files, "areas", "csv").decode("utf-8-sig").replace("Kampung Baru", "Gampong Baru", 1).encode()
        assert import_table(ctx, house.registry, files, table="areas", content=areas, suffix="csv", why="").version == 3
    house.directory.refresh()
    region = house.directory.find(folder.name)
    assert house.directory.area(region.id, "11.71.01.2001").name == "Gampong Baru"
    with in_region(house, folder.name) as ctx:
        names = ctx.session.scalars(select(Department.name).where(Department.region_id == region.id)).all()
    assert "Dinas Kesehatan Kota" in names


def test_a_pack_that_comes_with_balai_is_not_laid_again_over_what_the_region_did_since(house, folder):
    assert offer_pack(house, gather(folder)).version == 1
    assert offer_pack(house, gather(folder)) is None
    change(house, folder.name, "service_info", enabled=False)
    assert offer_pack(house, gather(folder)) is None
    write(folder, "region.yaml", "app_name:", "app_name: X #")
    assert offer_pack(house, gather(folder)).version == 3


def test_titles_of_areas_may_stand_in_a_table_of_the_pack(house, folder):
    (folder / "areas.csv").write_text("code,name\n11.71.01.2001,Kampung Baru Raya\n")
    apply_pack(house, gather(folder))
    region = house.directory.find(folder.name)
    assert house.directory.area(region.id, "11.71.01.2001").name == "Kampung Baru Raya"


def without_area(folder, code):
    path = folder / "areas.geojson.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines(keepends=True)
    path.write_bytes(gzip.compress("".join(line for line in lines if f'"code":"{code}"' not in line).encode(), mtime=0))


def test_an_area_that_leaves_the_pack_is_kept_with_what_follows_it(house, folder):
    apply_pack(house, gather(folder))
    without_area(folder, "11.71.01.2001")
    (folder / "successors.yaml").write_text(
        'areas:\n  - {code: "11.71.01.2001", successors: ["11.71.01.2002"], decree: "Qanun 3/2027"}\n'
    )
    apply_pack(house, gather(folder))
    directory, region = house.directory, house.directory.find(folder.name)
    ended = directory.area(region.id, "11.71.01.2001")
    assert (ended.name, ended.ended, ended.successors) == ("Kampung Baru", True, ("11.71.01.2002",))
    assert "11.71.01.2001" not in [area.code for area in directory.areas_of(region.id)]
    assert "11.71.01.2001" in directory.lowest_below(region.id, "11.71.01.2002")
    with in_region(house, folder.name) as ctx:
        inside, plan = make_plan(ctx, house.registry, files_of(ctx.session, ctx.region.id, 1), keep_edits=False)
        apply_plan(inside, house.registry, plan, kind="rolled_back", why="")
    directory.refresh()
    assert directory.area(region.id, "11.71.01.2001").ended is False


def test_own_files_and_bases_part_and_come_together(folder):
    files = gather(folder)
    own = read_folder(folder)
    assert not any(path.startswith("bases/") for path in own)
    assert with_bases(own) == files


@pytest.mark.parametrize("point", ["before-commit", "after-commit"])
def test_a_process_killed_in_the_middle_of_applying_has_applied_all_or_nothing(house, folder, point):
    apply_pack(house, gather(folder))
    before = portrait(house, folder.name)
    write(folder, "region.yaml", "app_name: SALAM", "app_name: SALAM Uji")
    write(folder, "complaints.yaml", "prefix: BNA", "prefix: UJI")
    settings_of_process = house.ground.settings
    environ = {
        **os.environ,
        "BALAI_ENV": "test",
        "BALAI_VAR": str(settings_of_process.var),
        "DATABASE_URL": settings_of_process.database_url,
        "REDIS_URL": settings_of_process.redis_url,
        "BALAI_SECRET_KEY": base64.urlsafe_b64encode(settings_of_process.secret_key).decode(),
        VARIABLE: point,
    }
    command = [sys.executable, "-m", "backend.cli", "region", "apply", str(folder), "--yes"]
    killed = subprocess.run(command, env=environ, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    house.directory.refresh()
    after = portrait(house, folder.name)
    assert (after == before) is (point == "before-commit")
    apply_pack(house, gather(folder))
    assert house.directory.find(folder.name).identity["app_name"] == "SALAM Uji"


def test_coordinates_of_any_size_are_kept_in_a_pack(folder):
    content = {"enabled": True, "places": [{"key": "uji", "lat": -1e-07, "lng": 0.1 + 0.2}]}
    files = edited(gather(folder), "service_info", content)
    (place,) = said_now(files, "service_info")["places"]
    assert (place["lat"], place["lng"]) == (-1e-07, 0.1 + 0.2)
