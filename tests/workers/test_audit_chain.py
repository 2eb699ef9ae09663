"""The audit log: `balai audit verify` names what a database owner edited, removed or put into another order."""

import pytest

from backend.data.unit_of_work import unit_of_work
from backend.packs.folder import shipped_packs
from workers.clock import seal


@pytest.fixture
def chain(house, records):
    """The links of a region with something new in it, all sealed."""
    region = house.directory.find("sumedang")
    for number in range(4):
        with unit_of_work(house.ground, region=region) as ctx:
            ctx.audit("probe.written", subject=str(number), details={"number": number})
    seal(house)
    query = "SELECT s.seq, s.entry_id AS id, s.region_id FROM audit_seals s WHERE s.region_id = :region ORDER BY seq"
    return records.sql(query, region=region.id)


def test_an_untouched_chain_holds(chain, balai):
    verified = balai("audit", "verify")
    assert verified.exit_code == 0
    assert verified.stdout.count("the chain holds") == len(shipped_packs())


def test_an_edited_entry_is_named(chain, balai, records):
    entry = chain[-2]
    records.sql("UPDATE audit_entries SET subject = 'somebody else' WHERE id = :id", id=entry.id)
    verified = balai("audit", "verify")
    assert verified.exit_code == 1
    assert f"sumedang: link {entry.seq}: the entry {entry.id} (probe.written" in verified.stderr
    assert len(verified.stderr.splitlines()) == 1
    assert "banda-aceh: the chain holds" in verified.stdout
    records.sql("UPDATE audit_entries SET subject = '2' WHERE id = :id", id=entry.id)
    assert balai("audit", "verify").exit_code == 0


def test_a_removed_entry_is_named_with_and_without_its_link(chain, balai, records):
    entry = chain[-2]
    records.sql(
        "CREATE TABLE kept AS SELECT * FROM audit_entries WHERE id = :id",
        "SET LOCAL session_replication_role = replica",  # no foreign key stands in the way
        "DELETE FROM audit_entries WHERE id = :id",
        id=entry.id,
    )
    verified = balai("audit", "verify", "--region", "sumedang")
    assert verified.exit_code == 1
    assert f"link {entry.seq}: its entry {entry.id} was removed" in verified.stderr

    records.sql(
        "CREATE TABLE kept_seal AS SELECT * FROM audit_seals WHERE entry_id = :id",
        "DELETE FROM audit_seals WHERE entry_id = :id",
        id=entry.id,
    )
    verified = balai("audit", "verify", "--region", "sumedang")
    assert verified.exit_code == 1
    assert f"link {entry.seq} is missing: the chain goes on at {entry.seq + 1}" in verified.stderr

    records.sql(
        "INSERT INTO audit_entries SELECT * FROM kept",
        "INSERT INTO audit_seals SELECT * FROM kept_seal",
        "DROP TABLE kept, kept_seal",
    )
    assert balai("audit", "verify").exit_code == 0


def test_entries_in_another_order_are_named(chain, balai, records):
    first, second = chain[-3], chain[-2]

    def swap():
        change = "UPDATE audit_seals SET seq = {} WHERE region_id = :region AND seq = {}"
        steps = [change.format(*step) for step in ((-1, ":a"), (":a", ":b"), (":b", -1))]
        records.sql(*steps, region=first.region_id, a=first.seq, b=second.seq)

    swap()
    verified = balai("audit", "verify")
    assert verified.exit_code == 1
    assert f"link {first.seq}: the entry {second.id}" in verified.stderr
    assert f"link {second.seq}: the entry {first.id}" in verified.stderr
    swap()
    assert balai("audit", "verify").exit_code == 0


def test_an_entry_slipped_in_behind_the_sealer_is_named(chain, balai, records):
    records.sql(
        "INSERT INTO audit_entries SELECT region_id, gen_random_uuid(), at, actor_kind, actor_id, 'probe.slipped', subject,"
        " details, request_id FROM audit_entries WHERE id = :id",
        id=chain[-1].id,
    )
    verified = balai("audit", "verify")
    assert verified.exit_code == 1
    assert "1 entries stand outside the chain" in verified.stderr
    records.sql("DELETE FROM audit_entries WHERE action = 'probe.slipped'")


def test_the_runtime_role_can_neither_change_nor_remove_what_is_written(chain, house):
    for statement in ("UPDATE audit_entries SET subject = ''", "DELETE FROM audit_entries", "DELETE FROM audit_seals"):
        with pytest.raises(Exception, match="permission denied"), house.ground.engine.begin() as connection:
            connection.exec_driver_sql(statement)
