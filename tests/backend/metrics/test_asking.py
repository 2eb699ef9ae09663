"""What a scrape asks: few statements however many regions there are, and no figure taken for another."""

import dataclasses
import socket
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, event

from backend.core.metrics import metrics_folder
from backend.data.figures import HEADS_AT_ONCE, read_figures
from backend.http import metrics
from backend.http.metrics import Asked
from tests.backend.metrics.conftest import samples_of

MORE_REGIONS = (
    "INSERT INTO regions (key, code, name, timezone, languages, identity, calendar,"
    " pack_version, pack_checksum, areas_checksum, version, revision, applied_at)"
    " SELECT 'many-' || n, 'm' || n, 'Many', 'Asia/Jakarta', '[]', '{}', '{}', '1', '1', '', 0, 1, now()"
    " FROM generate_series(1, 40) n"
)


@contextmanager
def counted(engine):
    statements = []
    event.listen(engine, "before_cursor_execute", note := lambda *arguments: statements.append(arguments[2]))
    yield statements
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def many_regions(house, installation_of_tests):
    installation_of_tests(MORE_REGIONS)
    house.directory.refresh()
    yield [region.id for region in house.directory.all()]
    installation_of_tests("DELETE FROM regions WHERE starts_with(key, 'many-')")
    house.directory.refresh()


@pytest.fixture
def installation_of_tests(environ):
    engine = create_engine(environ["BALAI_OWNER_URL"])

    def sql(statement):
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)

    yield sql
    engine.dispose()


def test_a_scrape_takes_a_fixed_number_of_statements_and_every_head_has_its_turn(house, many_regions, monkeypatch):
    monkeypatch.setattr(metrics, "ASK_AGAIN_SECONDS", 0)
    asked, told = Asked(house), []
    for _ in range(3):
        with counted(house.ground.engine) as statements:
            told.append(samples_of(asked.collect()))
        assert len(statements) <= 4 + 2 * HEADS_AT_ONCE
    assert len([1 for name, _, _ in told[0].samples if name == "balai_audit_head"]) == HEADS_AT_ONCE
    assert len([1 for name, _, _ in told[2].samples if name == "balai_audit_head"]) == len(many_regions)
    assert len([1 for name, _, _ in told[2].samples if name == "balai_audit_unsealed_seconds"]) == len(many_regions)


def test_scrapes_that_come_fast_ask_once(house):
    asked = Asked(house)
    samples_of(asked.collect())
    with counted(house.ground.engine) as statements:
        samples_of(asked.collect())
    assert statements == []


def test_the_heads_of_regions_are_not_mixed_up(house, citizen, work, environ):
    citizen(region="sumedang")
    work()
    ids = [region.id for region in house.directory.all()]
    figures = read_figures(house.ground.engine, ids)
    engine = create_engine(environ["BALAI_OWNER_URL"])
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT region_id, max(seq) FROM audit_seals GROUP BY region_id").all()
    engine.dispose()
    assert figures.heads == dict.fromkeys(ids, 0) | dict(map(tuple, rows))
    assert figures.unsealed == {}


def test_a_port_that_is_taken_is_a_warning_and_no_end(house, tmp_path, caplog):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = dataclasses.replace(house.ground.settings, metrics_port=taken.getsockname()[1], var=tmp_path)
        metrics_folder(settings).mkdir(parents=True)
        metrics.serve_metrics(dataclasses.replace(house, ground=dataclasses.replace(house.ground, settings=settings)))
    assert "metrics.not_served" in caplog.text
