"""The bench itself: what it loads fits together, and a tiny round of load comes through. No timing is judged here."""

import copy
import itertools
import os
import shutil
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from rich.console import Console
from sqlalchemy import select, text

from backend.app import create_app
from backend.core.settings import load_settings
from backend.data.migrating import owner_engine
from backend.data.unit_of_work import unit_of_work
from backend.testing.installation import make_installation
from services.complaints.domain.workflow import ORIGIN, SAME
from services.complaints.models import Complaint, ComplaintMove
from tests.bench import report
from tests.bench.load import request
from tests.bench.loading import load
from tests.bench.offering import Stream, offer
from tests.bench.run import Form, faults, measure
from tests.bench.stories import MONTHS, Teller
from tests.bench.system import TOWNS
from tests.running import free_port

WORDS = ("rare", "middling", "common")

TINY = Form(
    name="tiny",
    sizes=(200,),
    rounds=1,
    seconds=0.15,
    routing_seconds=1,
    storm_seconds=0.5,
    after_seconds=2,
    backlog=60,
    people=60,
    told=150,
    rate=20,
    validations=False,
)
PATHS = [
    "figures",
    "inbox of 50",
    "list",
    "detail",
    "timeline",
    "own list",
    "map",
    *(f"search, {kind} word" for kind in WORDS),
    "submit",
]


@pytest.fixture(scope="module")
def bench(addresses, tmp_path_factory):
    """An installation of its own with a few complaints."""
    name = f"balai_bench_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    environ = make_installation(addresses, name=name, var=tmp_path_factory.mktemp("var"), packs=TOWNS)
    app = create_app(load_settings(environ), connections=2)
    house = app.extensions["balai"]
    with app.app_context():
        yield house, load(house, complaints=300, citizens=20, officers=60, seed=1, told=200)  # the last hundred are variants
    house.ground.engine.dispose()


def _rows(house, region, model, *order):
    with unit_of_work(house.ground, region=region) as ctx:
        return ctx.session.execute(select(model.__table__).order_by(*order)).all(), ctx.now()


def test_what_is_loaded_stands_where_its_history_leads(bench):
    house, loaded = bench
    states = Counter()
    for town in loaded.towns.values():
        workflow, lines = town.settings.workflow, {}
        for line in _rows(house, town.region, ComplaintMove, ComplaintMove.at, ComplaintMove.id)[0]:
            lines.setdefault(line.complaint_id, []).append(line)
        rows, now = _rows(house, town.region, Complaint)
        for row in rows:
            state, (submission, *moves) = workflow.initial, lines[row.id]
            for line in moves:
                move = workflow.move_by_key[line.move]
                assert line.from_state == state
                assert state in workflow.sources(move)
                assert move.to in {SAME, ORIGIN, line.to_state}
                state = line.to_state
            assert (row.state, row.version) == (state, len(lines[row.id]))
            assert now - MONTHS <= submission.at == row.submitted_at < now
            states[row.state] += 1
        assert len({row.area_code for row in rows}) > 20
        by_id = {row.id: row for row in rows}
        for row in rows:
            area = None if row.lat is None else house.directory.areas.find_area(town.region.id, row.lat, row.lng)
            assert row.area_code == (area and area.code)
            assert row.merged_into is None or by_id[row.merged_into].confidentiality != "sealed"
            assert row.state_due_at is None or row.paused_at or row.state_due_at > now  # or the clock would move it at once
    assert sum(states.values()) == 300
    assert len(states) >= 7


def test_what_is_loaded_keeps_to_the_keys_that_nobody_asked(bench):
    house, _ = bench
    with owner_engine(house.ground.settings.owner_url).connect() as owner:
        for table in ("complaints_moves", "complaints_routings", "complaints_files"):
            cases = "SELECT FROM complaints c WHERE c.region_id = t.region_id AND c.id = t.complaint_id"
            assert owner.scalar(text(f"SELECT count(*) FROM {table} t WHERE NOT EXISTS ({cases})")) == 0  # noqa: S608 - of ours
        assert (
            owner.scalar(text("SELECT count(*) FROM complaints_files f LEFT JOIN files USING (region_id, id) WHERE size IS NULL"))
            == 0
        )
        indexes = set(owner.scalars(text("SELECT indexname FROM pg_indexes WHERE tablename = 'complaints'")))
    assert {index.name for index in Complaint.__table__.indexes} <= indexes


def test_the_open_client_keeps_its_times_whatever_the_server_does():
    asked = []

    class Slow(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            asked.append(self.path)
            time.sleep(0.2)
            busy = self.path == "/busy"
            self.send_response(503 if busy else 200)
            if busy:
                self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    many, few = offer(
        server.server_port,
        Stream(rate=50, requests=itertools.repeat(request("GET", "/many")), ends=1),
        Stream(rate=10, requests=itertools.repeat(request("GET", "/busy")), begins=1, ends=2),
    )
    server.shutdown()
    assert Counter(asked) == {"/many": 50, "/busy": 10}
    assert many.statuses == {"200": 50}
    assert few.statuses == {"503": 10}
    assert (many.faults, few.faults, few.served_a_second) == (0, 0, 0)
    assert 200 <= many.percentile(0.5) < 1000
    assert [round(each.due, 6) for each in sorted(few.outcomes, key=lambda each: each.due)] == [1 + n / 10 for n in range(10)]
    (gone,) = offer(int(free_port()), Stream(rate=5, requests=itertools.repeat(request("GET", "/")), ends=1))
    assert (gone.statuses, gone.faults) == ({"gone": 5}, 5)


def test_the_same_seed_tells_the_same_stories(bench):
    town = next(iter(bench[1].towns.values()))
    _, now = _rows(bench[0], town.region, Complaint)
    told = [[story.row for story in Teller(town, now=now, seed=seed).tell(20)] for seed in (7, 7, 8)]
    assert told[0] == told[1] != told[2]


def test_a_tiny_run_measures_every_path_and_is_written_down(tmp_path):
    results = measure(TINY, tmp_path / "run", Console(quiet=True))
    (size,) = results["sizes"]
    assert size["complaints"] == 200
    assert list(size["paths"]) == list(size["statements"]) == PATHS
    for name, path in size["paths"].items():
        assert path["ours"]["requests"] >= 32 <= path["bare"]["requests"]
        assert path["rate_ratio"] > 0
        assert path["ours"]["cpu_ms"]["web"] > 0
        # The bare select returns the same bytes as some of ours; what differs is the headers.
        assert name == "submit" or 0.3 < path["ours"]["bytes"] / path["bare"]["bytes"] < 3
    assert faults(results) == []
    engine = results["engine"]
    assert engine["routed"]["reports"] == TINY.rate * TINY.routing_seconds
    assert set(engine["routed"]["memory_mib"]) == {"postgres", "valkey", "web", "worker", "clock"}
    assert [engine["backlog"][name]["events"] for name in ("nothing", "routing")] == [TINY.backlog, TINY.backlog]
    assert [engine["backlog"][name]["left"] for name in ("nothing", "routing")] == [0, 0]
    assert engine["new_region"]["department"] == "pupr"
    assert engine["new_region"]["lines"] <= 60
    storms = engine["storms"]
    assert storms["capacity"] > 0
    assert sum(storms["spike"]["after"]["statuses"].values()) == int(35 * TINY.storm_seconds)
    storm = storms["overload"]["storm"]
    assert sum(storm["statuses"].values()) == pytest.approx(storm["offered_per_second"] * TINY.storm_seconds, abs=1)

    promises = {verdict.promise: verdict for verdict in report.judge(results)}
    million = copy.deepcopy(size) | {"complaints": 1_000_000}
    million["paths"]["map"]["ours"]["p95_ms"] *= 2
    grown = {verdict.promise: verdict for verdict in report.judge(results | {"sizes": [size, million]})}
    assert {name.rpartition(":")[0] for name in grown.keys() - promises.keys()} == set(PATHS) - {"submit"}
    assert (grown["map: p95 at 1,000,000"].word, grown["list: p95 at 1,000,000"].word) == ("not met", "met")

    document = tmp_path / "benchmarks.md"
    shutil.copy(report.DOCUMENT, document)
    rows = document.read_text().count("\n| 20")
    for number in (1, 2):
        report.write(results, document)
        assert document.read_text().count("\n| 20") == rows + 2 * number  # a row of each history
    assert document.read_text().count("| promised |") == 1
