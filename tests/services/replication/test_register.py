"""Which region runs what, as everybody may read it."""

import pytest
from sqlalchemy import select

from backend.data.unit_of_work import unit_of_work
from backend.regions.models import RegionRow
from tests.services.replication.conftest import counted

FACTS = {
    "": {"key", "code", "name", "modules", "pack", "origin"},
    "pack": {"version", "checksum", "applied_at"},
    "origin": {"pack", "region", "version", "checksum", "agreement"},
}


def running(person, path="replication/regions"):
    answered = person.get(path)
    assert answered.status_code == 200, answered.get_json()
    return {item["key"]: item for item in answered.get_json()["items"]}


@pytest.fixture
def copied(house):
    """Let Sumedang's pack say that it was copied from Banda Aceh's."""

    def say(identity):
        with unit_of_work(house.ground) as ctx:
            row = ctx.session.scalars(select(RegionRow).where(RegionRow.key == "sumedang")).one()
            before, row.identity = row.identity, identity(row.identity)
            row.revision += 1
        house.directory.refresh()
        return before

    origin = {"pack": "banda-aceh", "version": 7, "checksum": "0123456789abcdef" * 4, "agreement": "CONTOH/001/PKS/2025"}
    before = say(lambda said: {**said, "origin": origin})
    yield
    say(lambda _: before)


def test_every_region_says_which_modules_and_which_pack_it_runs(house, anybody):
    found = running(anybody)
    assert list(found) == [region.key for region in house.directory.all()]
    with unit_of_work(house.ground) as ctx:
        rows = {row.key: row for row in ctx.session.scalars(select(RegionRow))}
    for key, item in found.items():
        row = rows[key]
        assert (item["name"], item["code"]) == (row.name, row.code)
        assert item["pack"]["version"] == row.version
        assert item["pack"]["checksum"] == row.pack_checksum[:12]
        assert item["pack"]["applied_at"] == row.applied_at.isoformat()
        assert item["origin"] is None
        names = [module["name"] for module in item["modules"]]
        assert names == [module["name"] for module in anybody.get(f"/v1/regions/{key}").get_json()["modules"]]


def test_a_module_that_is_switched_off_is_no_longer_run(house, anybody, staff):
    admin = staff("regional_admin", region="sumedang")
    for enabled in (False, True):
        switched = admin.put("modules/service-info", {"enabled": enabled})
        assert switched.status_code == 200, switched.get_json()
        house.directory.refresh()
        names = [module["name"] for module in running(anybody)["sumedang"]["modules"]]
        assert ("service_info" in names) == enabled


def test_a_pack_that_was_copied_names_where_it_came_from(copied, anybody, browser):
    assert running(anybody)["sumedang"]["origin"] == {
        "pack": "banda-aceh",
        "region": "Kota Banda Aceh",
        "version": 7,
        "checksum": "0123456789ab",
        "agreement": "CONTOH/001/PKS/2025",
    }
    page = browser().get("replication?lang=en").get_data(as_text=True)
    assert "Kota Banda Aceh, version 7 <code>0123456789ab</code><br><small>by agreement CONTOH/001/PKS/2025</small>" in page


def test_nothing_but_public_facts_leaves(copied, anybody):
    for item in running(anybody).values():
        assert set(item) == FACTS[""]
        assert set(item["pack"]) == FACTS["pack"]
        assert item["origin"] is None or set(item["origin"]) == FACTS["origin"]
        assert all(set(module) == {"name", "title", "version"} for module in item["modules"])


def test_modules_have_their_names_in_the_readers_language(anybody):
    titles = [
        {module["name"]: module["title"] for module in item["modules"]}
        for language in ("id", "en")
        for item in anybody.get("replication/regions", headers={"Accept-Language": language}).get_json()["items"]
        if item["key"] == "banda-aceh"
    ]
    assert [each["replication"] for each in titles] == ["Replikasi", "Replication"]


def test_the_register_is_as_many_statements_however_many_regions_there_are(house, anybody):
    counts = []
    running(anybody)  # what a process reads of a region when it is first asked for
    for limit in (1, 200):
        with counted(house) as statements:
            running(anybody, f"replication/regions?limit={limit}")
        counts.append(len(statements))
    assert counts == [2, 2]  # the context's own, and the list's


def test_the_register_is_paged_by_key(house, anybody):
    found, cursor = [], ""
    while cursor is not None:
        page = anybody.get(f"replication/regions?limit=1{cursor and f'&cursor={cursor}'}").get_json()
        found += [item["key"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert found == [region.key for region in house.directory.all()]
