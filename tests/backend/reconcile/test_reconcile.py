"""`balai reconcile`: a whole town has no difference, and each gap that is torn into its records is named."""

import os
import shutil
import uuid
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from backend.data.blobs import blob_key
from backend.packs.folder import shipped_packs
from tests.backend.reconcile.conftest import REGION

# By what it is: the kind under which it must be named, whose id must stand there, and how it is torn. `:complaint`, `:other`
# and `:photo` are ids of the town.
GAPS = {
    "a delivery that was never written": (
        "deliveries.missing",
        "SELECT id FROM events WHERE subject = :other AND name = 'complaints.submitted'",
        "DELETE FROM deliveries WHERE subject = :other AND subscriber = 'complaints.route'",
    ),
    "a delivery that nobody carries": (
        "deliveries.stuck",
        "SELECT seq FROM deliveries WHERE subject = :complaint AND subscriber = 'complaints.route'",
        "UPDATE deliveries SET done_at = NULL WHERE subject = :complaint AND subscriber = 'complaints.route'",
    ),
    "a delivery to somebody who is not there": (
        "deliveries.unknown_subscriber",
        "SELECT seq FROM deliveries WHERE subscriber = 'gone.away'",
        (
            "UPDATE deliveries SET done_at = NULL, next_at = now(), subscriber = 'gone.away'"
            " WHERE subject = :complaint AND subscriber = 'complaints.route'"
        ),
    ),
    "a delivery whose event was removed": (
        "deliveries.without_event",
        "SELECT seq FROM deliveries WHERE subject = :complaint AND subscriber = 'complaints.route'",
        "DELETE FROM events WHERE subject = :complaint AND name = 'complaints.submitted'",
    ),
    "an entry of the audit log that no seal takes up": (
        "audit.unsealed",
        "SELECT entry_id FROM audit_pending",
        "INSERT INTO audit_pending (region_id, entry_id) SELECT region_id, id FROM audit_entries ORDER BY id LIMIT 1",
    ),
    "an entry of the audit log that was edited": (
        "audit.chain",
        "SELECT 'link 1'",
        "UPDATE audit_entries SET subject = 'another' WHERE id IN (SELECT entry_id FROM audit_seals WHERE seq = 1)",
    ),
    "a key whose answer was not kept": (
        "idempotency.unanswered",
        "SELECT key FROM idempotency_keys WHERE answer IS NULL",
        "UPDATE idempotency_keys SET answer = NULL WHERE key = (SELECT min(key) FROM idempotency_keys)",
    ),
    "a picture whose thumbnail nobody makes": (
        "files.without_thumbnail",
        "SELECT id FROM files",
        "UPDATE files SET has_thumbnail = false WHERE id = :photo",
    ),
    "a picture without what evidence needs": (
        "files.without_evidence",
        "SELECT id FROM files",
        "DELETE FROM file_evidence WHERE id = :photo",
    ),
    "a report that is not routed": (
        "complaints.unrouted",
        "SELECT CAST(:complaint AS uuid)",
        "UPDATE complaints SET department = NULL, state = 'submitted' WHERE id = :complaint",
        "DELETE FROM complaints_routings WHERE complaint_id = :complaint",
    ),
    "a report whose state no line tells": (
        "complaints.state",
        "SELECT CAST(:complaint AS uuid)",
        "UPDATE complaints SET state = 'closed' WHERE id = :complaint",
    ),
    "a report without its history": (
        "complaints.state",
        "SELECT CAST(:other AS uuid)",
        "DELETE FROM complaints_moves WHERE complaint_id = :other",
    ),
    "a report that routing moved and did not decide": (
        "complaints.routing",
        "SELECT CAST(:complaint AS uuid)",
        "DELETE FROM complaints_routings WHERE complaint_id = :complaint",
    ),
    "a move that nobody was told of": (
        "complaints.untold",
        "SELECT CAST(:complaint AS uuid)",
        "DELETE FROM events WHERE subject = :complaint AND name = 'complaints.moved'",
    ),
    "a report that was told of twice": (
        "complaints.untold",
        "SELECT CAST(:complaint AS uuid)",
        (
            "INSERT INTO events (region_id, id, name, version, subject, payload, occurred_at, request_id)"
            " SELECT region_id, gen_random_uuid(), name, version, subject, payload, occurred_at, request_id FROM events"
            " WHERE subject = :complaint AND name = 'complaints.submitted'"
        ),
    ),
    "a report that was accepted and is lost": (
        "complaints.of_nothing",
        "SELECT CAST(:other AS uuid)",
        "DELETE FROM complaints WHERE id = :other",
    ),
    "a count of supporters that is wrong": (
        "complaints.support_count",
        "SELECT CAST(:complaint AS uuid)",
        "UPDATE complaints SET support_count = 2 WHERE id = :complaint",
    ),
    "a number that will be given again": (
        "complaints.number",
        "SELECT CAST(:complaint AS uuid)",
        "UPDATE serials SET next = 1",
    ),
    "a report that the figures have counted otherwise": (
        "complaints.counted",
        "SELECT CAST(:complaint AS uuid)",
        "UPDATE complaints_counted SET category = 'AIR-01' WHERE complaint_id = :complaint",
    ),
    "a figure that is not what was counted": (
        "complaints.tallies",
        "SELECT 'open by all - from always'",
        "UPDATE complaints_tallies SET value = value + 1 WHERE measure = 'open' AND dimension = 'all'",
    ),
    "a file that its case no longer holds": (
        "complaints.files",
        "SELECT CAST(:photo AS uuid)",
        "UPDATE files SET held_id = NULL, held_by = NULL WHERE id = :photo",
    ),
    "a notice that lies in no inbox": (
        "notifications.unlaid",
        "SELECT id FROM events WHERE subject = :complaint AND payload ->> 'template' = 'complaints.received'",
        "DELETE FROM notifications_inbox WHERE link_id = :complaint AND template = 'complaints.received'",
    ),
    "a message that never left": (
        "notifications.unsent",
        (
            "SELECT subject FROM events e WHERE name = 'notifications.queued'"
            " AND NOT EXISTS (SELECT 1 FROM notifications_dispatches d WHERE d.id = e.subject)"
        ),
        "DELETE FROM notifications_dispatches WHERE id = (SELECT min(id::text)::uuid FROM notifications_dispatches)",
    ),
    "a message that left twice": (
        "notifications.sent_twice",
        "SELECT notification_id FROM notifications_dispatches GROUP BY 1 HAVING count(*) > 1",
        (
            "INSERT INTO notifications_dispatches (region_id, id, notification_id, channel, state, at)"
            " SELECT region_id, gen_random_uuid(), notification_id, channel, state, at FROM notifications_dispatches LIMIT 1"
        ),
    ),
}

_COLUMNS = (
    "SELECT attname AS name FROM pg_attribute"
    " WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
)


def test_in_a_whole_town_there_is_no_difference(town):
    told = town.reconcile()
    assert (told.exit_code, told.output.splitlines()[:-1]) == (0, [])
    assert told.output.startswith(f"0 differences in {26 * len(shipped_packs())} checks of {len(shipped_packs())} regions")


@pytest.mark.parametrize("gap", GAPS)
def test_it_names(gap, town):
    kind, whose, *statements = GAPS[gap]
    ids = {name: value for name, value in town.ids.items() if f":{name}" in " ".join([whose, *statements])}
    for statement in statements:
        town.sql(statement, **{name: value for name, value in ids.items() if f":{name}" in statement})
    (found,) = town.sql(whose, **{name: value for name, value in ids.items() if f":{name}" in whose})
    told = town.reconcile()
    assert told.exit_code == 1
    assert any(line.startswith(f"{REGION}\t{kind}\t{found[0]}\t") for line in told.output.splitlines()), told.output


def _bytes(town, ending="jpg", file_id=None) -> Path:
    return town.blobs.parent / blob_key(REGION, uuid.UUID(file_id or town.ids["photo"]), ending)


@pytest.mark.parametrize("ending", ["jpg", "thumb.jpg"])
def test_it_names_a_picture_whose_bytes_are_gone(town, ending):
    _bytes(town, ending).unlink()
    told = town.reconcile()
    assert told.exit_code == 1
    assert f"{REGION}\tfiles.without_bytes\t{town.ids['photo']}\tits bytes are not kept: {REGION}/" in told.output


def test_it_names_bytes_without_a_row_once_no_upload_can_be_under_way_and_removes_them_when_it_repairs(town):
    long_ago, just_now = (
        str(uuid.UUID(int=(milliseconds << 80) | 0x7000_8000_0000_0000_002A)) for milliseconds in (10**12, 10**13)
    )
    for file_id in (long_ago, just_now):
        _bytes(town, file_id=file_id).parent.mkdir(exist_ok=True)
        shutil.copy(_bytes(town), _bytes(town, file_id=file_id))
    told = town.reconcile()
    assert told.exit_code == 1
    assert f"{REGION}\tfiles.without_row\t{long_ago}\tkept without a row: jpg" in told.output
    assert just_now not in told.output
    assert town.reconcile("--repair").exit_code == 0
    assert not _bytes(town, file_id=long_ago).exists()
    assert _bytes(town).exists()
    assert _bytes(town, file_id=just_now).exists()


def test_it_names_what_a_broken_upload_left_and_removes_it_when_it_repairs(town):
    left = _bytes(town).with_name(".incoming-abc")
    left.touch()
    assert town.reconcile().exit_code == 0  # it may still be written
    os.utime(left, (0, 0))
    told = town.reconcile()
    assert told.exit_code == 1
    assert f"\tfiles.left_over\t{REGION}/{left.parent.name}/.incoming-abc\t" in told.output
    assert town.reconcile("--repair").exit_code == 0
    assert not left.exists()


def test_a_missing_delivery_is_written_when_it_repairs(town):
    town.sql("DELETE FROM deliveries WHERE subscriber = 'complaints.route' AND subject = :other", other=town.ids["other"])
    told = town.reconcile("--repair")
    assert f"{REGION}\tdeliveries.missing\t1 mended" in told.output
    assert told.exit_code == 0
    (again,) = town.sql(
        "SELECT attempts, done_at, lane FROM deliveries WHERE subscriber = 'complaints.route' AND subject = :other",
        other=town.ids["other"],
    )
    assert tuple(again) == (0, None, 0)


def test_one_region_can_be_looked_at_alone(town):
    town.sql("UPDATE complaints SET support_count = 9")
    assert town.reconcile("--region", "sumedang").exit_code == 0
    assert town.reconcile("--region", REGION).exit_code == 1


def test_what_a_module_was_not_told_while_it_was_off_is_no_difference(town):
    town.sql(
        (
            "INSERT INTO audit_entries (region_id, id, at, actor_kind, action, subject, details, request_id)"
            " SELECT region_id, gen_random_uuid(), submitted_at + seconds * interval '1 second', 'system', 'modules.switched',"
            " 'complaints', jsonb_build_object('enabled', seconds > 0), '' FROM complaints, (VALUES (-30), (30)) AS t(seconds)"
            " WHERE id = :other"
        ),
        other=town.ids["other"],
    )
    town.sql("DELETE FROM deliveries WHERE subscriber = 'complaints.route' AND subject = :other", other=town.ids["other"])
    assert "deliveries.missing" not in town.reconcile().output


def test_the_number_of_its_statements_does_not_grow_with_what_it_compares(town):
    def statements() -> int:
        sent = []

        def count(*told):
            sent.append(told[2])

        event.listen(Engine, "before_cursor_execute", count)
        assert town.reconcile().exit_code == 1
        event.remove(Engine, "before_cursor_execute", count)
        return len(sent)

    def multiply(times: int):
        for table in ("complaints", "events"):
            columns = [row.name for row in town.sql(_COLUMNS, table=table)]
            anew = {"id": "gen_random_uuid()", "number": "number || gen_random_uuid()"}
            values = ", ".join(anew.get(name, name) for name in columns)
            town.sql(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table}, generate_series(1, {times})")  # noqa: S608 - names of the database's own

    multiply(1)
    few = statements()
    multiply(20)
    assert statements() == few
