"""The bench itself: what it loads fits together, and a tiny round of load comes through. No timing is judged here."""

import os
import shutil
from collections import Counter

import pytest
from rich.console import Console
from sqlalchemy import select

from backend.app import create_app
from backend.core.settings import load_settings
from backend.data.unit_of_work import unit_of_work
from backend.testing.installation import make_installation
from services.complaints.domain.workflow import ORIGIN, SAME
from services.complaints.models import Complaint, ComplaintMove
from tests.bench import report
from tests.bench.loading import load
from tests.bench.run import Form, faults, measure
from tests.bench.stories import MONTHS, Teller

TINY = Form(rounds=1, seconds=0.3, routing_seconds=1, complaints=200, people=60)


@pytest.fixture(scope="module")
def bench(addresses, tmp_path_factory):
    """An installation of its own with a few complaints."""
    name = f"balai_bench_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    app = create_app(load_settings(make_installation(addresses, name=name, var=tmp_path_factory.mktemp("var"))), connections=2)
    house = app.extensions["balai"]
    with app.app_context():
        yield house, load(house, complaints=200, citizens=20, officers=60, seed=1)
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
    assert sum(states.values()) == 200
    assert len(states) >= 7


def test_the_same_seed_tells_the_same_stories(bench):
    town = next(iter(bench[1].towns.values()))
    _, now = _rows(bench[0], town.region, Complaint)
    told = [[story.row for story in Teller(town, now=now, seed=seed).tell(20)] for seed in (7, 7, 8)]
    assert told[0] == told[1] != told[2]


def test_a_tiny_run_measures_every_path_and_is_written_down(tmp_path):
    results = measure(TINY, tmp_path / "run", Console(quiet=True))
    shutil.rmtree(tmp_path / "run")
    assert list(results["paths"]) == list(results["statements"]) == ["inbox of 50", "detail", "timeline", "own list", "submit"]
    assert faults(results) == []
    for path in results["paths"].values():
        assert path["ours"]["requests"] >= 32 <= path["bare"]["requests"]
        assert path["rate_ratio"] > 0
        assert path["ours"]["cpu_ms"]["web"] > 0
    for name in ("inbox of 50", "detail", "timeline", "own list"):
        # The bare select returns the same bytes; what differs is the headers.
        assert abs(results["paths"][name]["ours"]["bytes"] / results["paths"][name]["bare"]["bytes"] - 1) < 0.5
    assert results["routed"]["reports"] == TINY.rate * TINY.routing_seconds
    assert set(results["routed"]["memory_mib"]) == {"postgres", "valkey", "web", "worker", "clock"}

    document = tmp_path / "benchmarks.md"
    shutil.copy(report.DOCUMENT, document)
    rows = document.read_text().count("\n| 20")
    for number in (1, 2):
        report.write(results, document)
        assert document.read_text().count("\n| 20") == rows + number
    assert document.read_text().count("promised") == 1
