"""A regional admin plans, applies and takes back the region's pack over HTTP; what is wrong is named, and changes nothing."""

import gzip
import io
import tarfile

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from backend.data.unit_of_work import unit_of_work
from backend.departments.models import Department
from backend.packs.archives import read_archive, write_archive
from backend.packs.folder import SHIPPED, gather

REGION = "sumedang"
PACK = f"/v1/regions/{REGION}/pack"
GZIP = {"Content-Type": "application/gzip"}


@pytest.fixture
def admin(staff):
    return staff("regional_admin", region=REGION)


@pytest.fixture
def pack(admin):
    """The region's pack as it is, given back as it was when the test is over."""
    version = admin.get(f"{PACK}/history?limit=1").json["items"][0]["version"]
    # As it was applied: the newest export also says what admins of other tests have written into rows.
    yield read_archive(admin.get(f"{PACK}?version={version}").data)
    assert admin.post(f"{PACK}/rollback", json={"version": version}).status_code == 200


def with_name(files, name):
    head = files["region.yaml"].decode()
    before = next(line for line in head.splitlines() if line.startswith("name:"))
    return {**files, "region.yaml": head.replace(before, f"name: {name}").encode()}


def sent(admin, path, files):
    return admin.post(f"{PACK}{path}", data=write_archive(files, REGION), headers=GZIP)


def test_a_pack_is_exported_planned_applied_and_rolled_back(admin, anybody, pack):
    planned = sent(admin, "/plan", with_name(pack, "Kabupaten Sumedang Larang"))
    assert planned.status_code == 200, planned.json
    (change,) = planned.json["changes"]
    assert (change["section"], change["kind"], change["items"][0]["key"]) == ("region", "renamed", "name")

    applied = admin.post(f"{PACK}/apply", json={"plan": planned.json["plan"], "why": "the old name"})
    assert applied.json == {"version": planned.json["version"] + 1, "changed": True}
    newest = admin.get(f"{PACK}/history?limit=1").json["items"][0]
    assert (newest["kind"], newest["why"], newest["changes"][0]["kind"]) == ("applied", "the old name", "renamed")
    assert newest["by"] == admin.get("/v1/me").json["id"]

    again = admin.post(f"{PACK}/apply", json={"plan": planned.json["plan"]})
    assert (again.status_code, again.json["code"]) == (404, "regions.no_plan")
    back = admin.post(f"{PACK}/rollback", json={"version": planned.json["version"]})
    assert back.json["version"] == applied.json["version"] + 1
    diff = admin.get(f"{PACK}/diff?since={planned.json['version']}").json
    assert diff == {"changes": []}
    assert read_archive(admin.get(f"{PACK}?version={back.json['version']}").data) == pack


def test_a_plan_made_before_another_change_is_refused(admin, pack):
    first, second = (sent(admin, "/plan", with_name(pack, name)).json for name in ("Satu", "Dua"))
    assert admin.post(f"{PACK}/apply", json={"plan": first["plan"]}).status_code == 200
    late = admin.post(f"{PACK}/apply", json={"plan": second["plan"]})
    assert (late.status_code, late.json["code"]) == (409, "regions.pack_moved")


def test_every_fault_of_a_pack_is_named_with_its_file_and_line(admin, pack):
    files = {**pack, "departments.yaml": b"departments:\n  - {key: a, name: A}\n  - {nonsense: 1}\n"}
    refused = sent(admin, "/validate", files)
    assert (refused.status_code, refused.json["code"]) == (422, "regions.pack_refused")
    assert {("sumedang/departments.yaml", 2), ("sumedang/departments.yaml", 3)} <= {
        (fault["file"], fault["line"]) for fault in refused.json["faults"]
    }
    good = sent(admin, "/validate", pack)
    assert good.status_code == 200
    assert any("overlap" in warning["detail"] for warning in good.json["warnings"])


def test_another_regions_pack_is_refused(admin):
    refused = sent(admin, "/plan", gather(SHIPPED / "banda-aceh"))
    assert (refused.status_code, refused.json["code"]) == (422, "regions.other_pack")


def bomb():
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo("areas.geojson")
        member.size = 300 * 1024 * 1024
        tar.addfile(member, io.BytesIO(bytes(member.size)))
    return archive.getvalue()


def evil(name, **options):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        member = tarfile.TarInfo(name)
        for key, value in options.items():
            setattr(member, key, value)
        tar.addfile(member)
    return archive.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"PK\x03\x04", id="a zip"),
        pytest.param(gzip.compress(b"no tar"), id="no tar"),
        pytest.param(evil("../region.yaml"), id="up and out"),
        pytest.param(evil("/etc/passwd"), id="from the root"),
        pytest.param(evil("region.yaml", type=tarfile.SYMTYPE, linkname="/etc/passwd"), id="a link"),
        pytest.param(bomb(), id="a bomb"),
    ],
)
def test_an_archive_that_is_none_or_evil_is_refused_and_says_why(admin, content):
    refused = admin.post(f"{PACK}/plan", data=content, headers=GZIP)
    assert (refused.status_code, refused.json["code"]) == (422, "regions.pack_refused")
    assert refused.json["faults"][0]["detail"]


def test_a_body_of_another_kind_is_refused(admin):
    refused = admin.post(f"{PACK}/plan", json={"pack": "please"})
    assert (refused.status_code, refused.json["code"]) == (400, "request.other_media")


def test_a_version_and_a_plan_that_are_not_there_are_not_found(admin):
    assert admin.post(f"{PACK}/rollback", json={"version": 9999}).json["code"] == "regions.no_version"
    assert admin.get(f"{PACK}?version=9999").json["code"] == "regions.no_version"
    assert admin.get(f"{PACK}/diff?since=9999").json["code"] == "regions.no_version"
    missing = admin.post(f"{PACK}/apply", json={"plan": "0195f3a2-6c1e-7000-8000-000000000001"})
    assert (missing.status_code, missing.json["code"]) == (404, "regions.no_plan")
    assert admin.post(f"{PACK}/rollback", json={"version": 0}).json["errors"][0]["field"] == "version"


def test_departments_go_out_as_a_spreadsheet_and_come_in_again(admin, pack):
    table = f"{PACK}/tables/departments"
    out = admin.get(f"{table}?format=xlsx")
    assert out.status_code == 200
    book = load_workbook(io.BytesIO(out.data))
    sheet = book.active
    header = [cell.value for cell in sheet[1]]
    row = next(row for row in sheet.iter_rows(min_row=2) if row[header.index("key")].value == "dishub")
    row[header.index("name")].value = "Dinas Perhubungan dan Parkir"
    changed = io.BytesIO()
    book.save(changed)
    form = {"Content-Type": out.content_type, "If-Match": out.headers["ETag"]}
    done = admin.put(f"{table}?why=parking", data=changed.getvalue(), headers=form)
    assert done.json["changed"] is True, done.json
    names = {unit["key"]: unit["name"] for unit in admin.get(f"/v1/regions/{REGION}/departments").json["items"]}
    newest = admin.get(f"{PACK}/history?limit=1").json["items"][0]
    assert (newest["kind"], newest["why"]) == ("table", "parking")
    stale = admin.put(table, data=changed.getvalue(), headers=form)
    assert (stale.status_code, stale.json["code"]) == (412, "request.stale")
    assert names["dishub"] in {"Dinas Perhubungan", "Dinas Perhubungan dan Parkir"}  # others follow within seconds


def test_a_table_with_a_fault_is_refused_by_row_and_changes_nothing(admin, pack):
    table = f"{PACK}/tables/departments"
    out = admin.get(table)
    content = out.data.decode("utf-8-sig").replace("PUPR", "=1+1", 1).encode()
    form = {"Content-Type": "text/csv", "If-Match": out.headers["ETag"]}
    refused = admin.put(table, data=content, headers=form)
    assert (refused.status_code, refused.json["code"]) == (422, "regions.pack_refused"), refused.json
    assert admin.get(table).headers["ETag"] == out.headers["ETag"]
    assert admin.get(f"{PACK}/tables/nothing.here").json["code"] == "regions.no_table"


def test_a_module_goes_off_and_on_and_its_settings_are_versions_that_can_be_taken_back(admin, pack):
    modules = f"/v1/regions/{REGION}/modules"
    before = admin.get(f"{PACK}/history?limit=1").json["items"][0]["version"]
    assert admin.put(f"{modules}/service-info", json={"enabled": False}).json["enabled"] is False
    assert admin.put(f"{modules}/service-info", json={"enabled": True}).json["enabled"] is True
    settings = admin.get(f"{modules}/complaints/settings")
    assert settings.json["schema"]["properties"]["categories"]
    values = {**settings.json["values"], "number": {"prefix": "SMDX"}}
    form = {"If-Match": settings.headers["ETag"]}
    done = admin.put(f"{modules}/complaints/settings", json={"values": values}, headers=form)
    assert done.json["values"]["number"] == {"prefix": "SMDX"}
    assert done.headers["ETag"] != settings.headers["ETag"]
    kinds = [row["kind"] for row in admin.get(f"{PACK}/history").json["items"]]
    assert kinds[:3] == ["settings", "switched", "switched"]
    assert admin.post(f"{PACK}/rollback", json={"version": before}).status_code == 200
    assert admin.get(f"{modules}/complaints/settings").json["values"] == settings.json["values"]


def test_whoever_applies_names_who_takes_over_from_a_department_that_ends(admin, house, pack):
    def applied(files, **said):
        plan = sent(admin, "/plan", files).json["plan"]
        return admin.post(f"{PACK}/apply", json={"plan": plan, **said})

    more = pack["departments.yaml"] + b"  - {key: dinas-uji, name: Dinas Uji, types: [UJI]}\n"
    assert applied({**pack, "departments.yaml": more}).status_code == 200
    other = next(unit for unit in admin.get("departments").json["items"] if unit["kind"] == "department")["key"]
    refused = applied(pack, successors={"dinas-uji": "tidak-ada"})
    assert (refused.status_code, refused.json["errors"][0]["code"]) == (422, "regions.no_successor")
    assert applied(pack, successors={"dinas-uji": other}).status_code == 200
    region = house.directory.find(REGION)
    with unit_of_work(house.ground, region=region) as ctx:
        ended = ctx.session.scalar(select(Department).where(Department.region_id == region.id, Department.key == "dinas-uji"))
        assert (ended.active, ended.successor) == (False, other)
