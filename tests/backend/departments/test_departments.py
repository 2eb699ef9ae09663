"""Departments: what a pack says of them, what is bound to what, and what a picker shows."""

import itertools
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import event, select

from backend.core.clock import utc_now
from backend.data.unit_of_work import in_region, unit_of_work
from backend.departments.models import Department
from backend.departments.operations import set_departments
from backend.departments.queries import department_book
from backend.regions.models import RegionRow

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Unit:
    """A department as a pack says it."""

    key: str
    name: str = "Dinas"
    kind: str = "department"
    types: tuple[str, ...] = ("PUPR",)
    area_code: str | None = None
    email: str | None = None
    verified: bool = False


@pytest.fixture
def region(house):
    """A region of this test's own, rolled back at its end."""

    class Region:
        def __init__(self, ctx):
            self.ctx = ctx

        def apply(self, *units):
            set_departments(self.ctx, units, {})
            again = replace(self.ctx.region, revision=self.ctx.region.revision + 1)
            self.ctx = replace(self.ctx, region_or_none=again)
            return department_book(self.ctx)

    with unit_of_work(house.ground) as outside:
        row = RegionRow(
            key=f"town-{next(_numbers)}",
            code="00",
            name="Town",
            timezone="Asia/Jakarta",
            languages=["id"],
            identity={},
            calendar={},
            pack_version="1",
            pack_checksum="",
            areas_checksum="",
            applied_at=utc_now(),
        )
        outside.session.add(row)
        outside.session.flush()
        somewhere = replace(house.directory.all()[0], id=row.id, key=row.key, revision=0)
        yield Region(in_region(outside, somewhere))
        outside.session.rollback()


def test_types_are_bound_to_units_and_area_offices_to_areas(region):
    book = region.apply(
        Unit("pupr", types=("PUPR", "PERKIM")),
        Unit("dlhk", types=("DLHK",)),
        Unit("area-1", kind="area_office", types=("KELURAHAN",), area_code="11.71.01.2001"),
        Unit("area-2", kind="area_office", types=("KELURAHAN",), area_code="11.71.01.2002"),
    )
    assert book.by_type == {"PUPR": "pupr", "PERKIM": "pupr", "DLHK": "dlhk"}
    assert {code: office.key for code, office in book.area_offices.items()} == {
        "11.71.01.2001": "area-1",
        "11.71.01.2002": "area-2",
    }


def test_a_unit_that_left_the_pack_is_out_of_use_and_comes_back_as_itself(region):
    region.apply(Unit("pupr"), Unit("dlhk", name="Dinas LH"))
    before = {row.key: row.id for row in region.ctx.session.scalars(select(Department))}
    assert list(region.apply(Unit("pupr")).by_key) == ["pupr"]
    assert {row.key: row.active for row in region.ctx.session.scalars(select(Department))} == {"pupr": True, "dlhk": False}
    assert region.apply(Unit("pupr"), Unit("dlhk", name="Dinas baru")).by_key["dlhk"].name == "Dinas baru"
    assert {row.key: row.id for row in region.ctx.session.scalars(select(Department))} == before


def test_two_regions_have_the_same_keys_without_meeting(region, house):
    region.apply(Unit("pupr"))
    with unit_of_work(house.ground, region=house.directory.find("sumedang")) as ctx:
        assert len(ctx.session.scalars(select(Department).where(Department.key == "pupr")).all()) <= 1
        assert {row.region_id for row in ctx.session.scalars(select(Department))} == {ctx.region.id}


def test_a_unit_that_is_alike_wherever_it_is_read_is_held_once(region):
    before = region.apply(Unit(key="pu"))
    after = region.apply(Unit(key="pu"), Unit(key="air"))
    assert after.by_key["pu"] is before.by_key["pu"]
    assert after.by_key["air"] != after.by_key["pu"]


def test_departments_are_asked_for_once_a_revision(house, anybody):
    shown = anybody.get("departments").get_json()["items"]
    said = []

    def note(*args):
        said.append(args[2])

    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        event.listen(house.ground.engine, "before_cursor_execute", note)
        assert len(department_book(ctx).by_key) == len(shown)
    event.remove(house.ground.engine, "before_cursor_execute", note)
    assert not [statement for statement in said if "departments" in statement]


def test_a_picker_shows_key_name_and_kind_to_everybody(anybody):
    answer = anybody.get("departments")
    assert answer.status_code == 200
    items = answer.get_json()["items"]
    assert {tuple(sorted(item)) for item in items} == {("key", "kind", "name")}
    assert {item["kind"] for item in items} <= {"department", "area_office", "external"}
    again = anybody.get("departments", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert anybody.get("/v1/regions/atlantis/departments").status_code == 404
