"""Web, worker and clock count; the clock's listener tells it, and what it asks of the database, Redis and the machine."""

import json
import os
import re
import signal
import uuid
from pathlib import Path

import pytest

from backend.core.metrics import COUNTED
from backend.http.metrics import ASKED
from tests.people import Person
from tests.running import wait_until

REPORT = {"category": "JLN-01", "description": "Jalan berlubang di depan pasar.", "location": {"lat": 5.5529, "lng": 95.3192}}
DELIVERY = (
    "INSERT INTO deliveries (region_id, event_id, subscriber, subject, lane, attempts, next_at, dead_at)"
    " SELECT id, gen_random_uuid(), 'nobody.listens', gen_random_uuid(), 1, 0, now() - interval '90 seconds', {dead}"
    " FROM regions WHERE key = 'sumedang'"
)


@pytest.fixture(scope="module")
def running(installation):
    with installation.running("web", "worker", "clock") as processes:
        yield processes


@pytest.fixture(scope="module")
def anybody(running, installation):
    return Person(installation.wire)


@pytest.fixture(scope="module")
def reporter(anybody, installation):
    """A citizen who signed in with the code that the worker sent."""
    phone = f"+62814{uuid.uuid4().int % 10_000_000:07}"
    asked = anybody.post("/v1/auth/otp", {"phone": phone, "region": "banda-aceh", "purpose": "login"}).get_json()
    (sent,) = wait_until(lambda: anybody.get(f"/demo/messages?to=%2B{phone[1:]}").get_json()["items"])
    code = re.search(r"(?<!\d)\d{6}(?!\d)", sent["text"])[0]
    signed_in = anybody.post("/v1/auth/otp/verify", {"request_id": asked["request_id"], "code": code}).get_json()
    return Person(installation.wire, token=signed_in["access_token"], phone=phone)


def until(scrape, is_so, seconds=15):
    """Scrape until it is so; return the scrape."""
    return wait_until(lambda: (read := scrape()) and is_so(read) and read, seconds, often=0.5)


def test_requests_are_counted_by_rule_method_and_status_whichever_process_answered(anybody, scrape):
    rule = "/v1/regions/<region>/complaints"
    before = scrape()
    for _ in range(30):
        assert anybody.get("/v1/regions/nowhere/complaints").status_code == 404
    anybody.get("/no/such/page")
    anybody.send("BREW", "/no/such/page")
    after = scrape()

    def more(name, **labels):
        return after.of(name, **labels) - (before.of(name, **labels) or 0)

    assert more("balai_requests_total", rule=rule, method="GET", status="404") == 30
    assert more("balai_request_seconds_count", rule=rule, method="GET") == 30
    assert 0 < more("balai_request_seconds_sum", rule=rule, method="GET") < 30
    assert more("balai_requests_total", rule="none", method="GET", status="404") == 1
    assert more("balai_requests_total", rule="none", method="other") == 1


def test_every_metric_there_is_can_be_read_and_none_names_a_person_a_path_or_an_id(reporter, installation, scrape):
    complaint = reporter.post("complaints", REPORT).get_json()["id"]
    reporter.get(f"complaints/{complaint}")
    installation.sql(DELIVERY.format(dead="NULL"), DELIVERY.format(dead="now()"))
    rare = {"balai_database_pool_timeouts_total"}
    read = until(scrape, lambda read: read.of("balai_deliveries_dead", subscriber="nobody.listens"))
    told = {re.sub(r"_(total|count)$", "", name) for name in read.names}
    assert {metric.describe()[0].name for metric in COUNTED} - told == {re.sub("_total$", "", name) for name in rare}
    assert set(ASKED) - told == set()
    labels = {value for _, labels, _ in read.samples for value in labels.values()}
    assert not [value for value in labels if complaint in value or reporter.phone[3:] in value]
    assert not [value for value in labels if re.search(r"[0-9a-f]{8}-|\d{6}", value)]
    assert read.of("balai_deliveries_due", subscriber="nobody.listens", region="sumedang") == 1
    assert 90 <= read.of("balai_delivery_oldest_due_seconds", subscriber="nobody.listens", region="sumedang") < 200
    assert read.of("balai_deliveries_dead", subscriber="complaints.route") == 0
    assert read.of("balai_deliveries_carried_total", subscriber="complaints.route", outcome="done") >= 1
    assert read.of("balai_provider_call_seconds_count", channel="sms", outcome="sent") >= 1
    assert read.of("balai_rings_total", outcome="taken") >= 1
    assert read.of("balai_drains_total") >= 1
    assert read.of("balai_database_pool_size", process="web") == 10
    assert read.of("balai_database_up") == read.of("balai_redis_up") == 1
    installation.sql("DELETE FROM deliveries WHERE subscriber = 'nobody.listens'")


def test_the_audit_head_and_what_waits_for_its_seal_are_told_by_region(reporter, installation, scrape):
    reporter.post("complaints", REPORT)
    wait_until(lambda: not installation.sql("SELECT 1 FROM audit_pending"))

    def head():
        return installation.sql(
            "SELECT max(seq) FROM audit_seals s JOIN regions r ON r.id = s.region_id WHERE r.key = 'banda-aceh'"
        )

    until(scrape, lambda read: read.of("balai_audit_head", region="banda-aceh") == head()[0][0])
    # An entry that no sealer can reach, made two minutes ago: an id of version 7 begins with its milliseconds.
    installation.sql(
        "INSERT INTO audit_pending SELECT id, (lpad(to_hex((extract(epoch FROM now() - interval '120 seconds') * 1000)::bigint),"
        " 12, '0') || '7000800000000000000' || '0')::uuid FROM regions WHERE key = 'sumedang'"
    )
    read = until(scrape, lambda read: read.of("balai_audit_unsealed_seconds", region="sumedang"))
    assert 120 <= read.of("balai_audit_unsealed_seconds", region="sumedang") < 200
    assert read.of("balai_audit_unsealed_seconds", region="banda-aceh") < 5
    installation.sql("DELETE FROM audit_pending")


def test_the_newest_backup_is_told_by_its_instant(running, installation, scrape):
    folder = Path(installation.environ["BALAI_VAR"]) / "backups"
    assert scrape().of("balai_backup_made_at_seconds") == 0
    folder.mkdir()
    (folder / "latest.json").write_text(json.dumps({"made_at": "2026-11-01T02:03:04+00:00"}))
    until(scrape, lambda read: read.of("balai_backup_made_at_seconds") == 1793498584)


def test_nothing_listens_but_on_this_machine(running, installation):
    port = int(installation.environ["BALAI_METRICS_PORT"])
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert [line[1] for line in listening if line[3] == "0A" and int(line[1].split(":")[1], 16) == port] == [
        f"0100007F:{port:04X}"
    ]


def test_a_drain_leaves_no_file_behind_however_many_there_were(reporter, installation, scrape):
    (folder,) = (Path(installation.environ["BALAI_VAR"]) / "metrics").iterdir()
    files = set(folder.iterdir())
    drains = scrape().of("balai_drains_total")
    for _ in range(4):
        complaint = reporter.post("complaints", REPORT).get_json()["id"]
        wait_until(lambda: reporter.get(f"complaints/{complaint}").get_json()["department"])  # noqa: B023 - called here
        wait_until(lambda: not installation.sql("SELECT 1 FROM deliveries WHERE done_at IS NULL"))
    until(scrape, lambda read: read.of("balai_drains_total") > drains)
    assert set(folder.iterdir()) == files
    assert {file.name.partition("_")[0] for file in files} <= {"counter", "histogram", "gauge"} | {
        f"{slot}.lock" for slot in ("web-1", "web-2", "worker-1", "clock-1")
    }


def test_a_worker_that_was_killed_and_a_redis_that_is_away_are_told(running, scrape, valkey):
    assert {role: scrape().of("balai_processes", process=role) for role in ("web", "worker", "clock")} == {
        "web": 2,
        "worker": 1,
        "clock": 1,
    }
    os.killpg(running["worker"].pid, signal.SIGKILL)
    valkey.stop()
    until(scrape, lambda read: read.of("balai_processes", process="worker") == 0 and read.of("balai_redis_up") == 0, 25)
    valkey.start()
    until(scrape, lambda read: read.of("balai_redis_up") == 1)
