"""The clock's turns: schedules once a slot, a sweep that finds what is due, seals."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from backend.core.ids import new_id
from backend.data.unit_of_work import unit_of_work
from backend.regions.directory import RegionDirectory
from tests.workers import probe
from tests.workers.conftest import with_modules
from workers import clock
from workers.tasks import carry_due

NOON = datetime(2031, 5, 17, 12, 0, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch):
    """Return a function that sets the clock's clock."""
    return lambda instant: monkeypatch.setattr(clock, "utc_now", lambda: instant)


def test_a_schedule_is_told_once_a_slot_in_each_region_by_however_many_clocks(house, records, at):
    def told():
        return len(records.sql("SELECT 1 FROM events WHERE name = 'probe.tick'"))

    regions, before, ticked = len(house.directory.all()), told(), len(records.traces("probe.ticked"))
    for instant, slots in ((NOON, 1), (NOON + timedelta(minutes=59), 1), (NOON + timedelta(hours=1), 2)):
        at(instant)
        with ThreadPoolExecutor(4) as clocks:
            list(clocks.map(lambda _: clock.keep_schedules(house, {}), range(8)))
        assert told() - before == slots * regions
    assert carry_due(house, "probe.tick") == 2 * regions
    assert len(records.traces("probe.ticked")) - ticked == 2 * regions


def test_a_clock_asks_for_a_slot_once(house, records, at):
    at(NOON + timedelta(hours=9))
    asked = {}
    clock.keep_schedules(house, asked)
    records.sql("UPDATE schedule_slots SET slot = 0 WHERE name = 'probe.tick'")
    before = len(records.sql("SELECT 1 FROM events WHERE name = 'probe.tick'"))
    clock.keep_schedules(house, asked)
    assert len(records.sql("SELECT 1 FROM events WHERE name = 'probe.tick'")) == before


def test_a_sweep_finds_what_is_due_and_passes_by_what_belongs_to_a_module_that_was_removed(house, records, tell):
    tell("well")
    assert "probe.handle" in clock.sweep(house)
    assert "probe.handle" not in clock.sweep(with_modules(house))
    carry_due(house, "probe.handle")
    assert "probe.handle" not in clock.sweep(house)


def test_a_module_is_told_only_in_regions_in_which_it_is_on(house, records):
    asleep = with_modules(house, dataclasses.replace(probe.module, always_on=False))
    subject = new_id()
    with unit_of_work(asleep.ground, region=asleep.directory.find("sumedang")) as ctx:
        ctx.publish(probe.HAPPENED, subject=subject, how="well")
    assert records.sql("SELECT 1 FROM events WHERE subject = :subject", subject=subject)
    assert not records.sql("SELECT 1 FROM deliveries WHERE subject = :subject", subject=subject)


def test_entries_of_a_region_that_the_clock_has_not_read_yet_are_sealed_in_a_later_turn(house):
    with unit_of_work(house.ground, region=house.directory.find("sumedang")) as ctx:
        ctx.audit("probe.new", subject="sumedang")
    unread = RegionDirectory(house.ground.engine, lambda *_: None, modules=[], always_on=[])
    early = dataclasses.replace(house, directory=unread)
    assert clock.seal(early) == 0
    unread.refresh()
    assert clock.seal(early) >= 1
