"""What is off is named and mended; what is there before the figures were, or means something else by now, is counted anew."""

import random

import pytest
from sqlalchemy import event

from backend.core.clock import utc_now
from backend.sdk.indicators import Asked
from services.complaints.operations import recounting
from services.complaints.operations.recounting import FIGURE_CHECKS, begin_recount, keep_figures
from services.complaints.queries.indicators import ALARMS, read_figures
from tests.services.complaints.figures.test_histories import KEYS, same

SPOILT = {
    "a sum that somebody has edited": (
        "UPDATE complaints_tallies SET value = value + 5 WHERE measure = 'open' AND dimension = 'all'",
        "open by all - from always",
    ),
    "a sum that was lost": (
        "DELETE FROM complaints_tallies WHERE measure = 'received' AND dimension = 'day'",
        "received by day",
    ),
    "a report that was counted as another": (
        "UPDATE complaints_counted SET open = NOT open, department = 'nobody'",
        "the report ",
    ),
    "a report that was never counted": (
        "DELETE FROM complaints_counted WHERE complaint_id = (SELECT min(complaint_id::text)::uuid FROM complaints_counted)",
        "the report ",
    ),
    "a report that is there no more": (
        "DELETE FROM complaints WHERE id = (SELECT max(complaint_id::text)::uuid FROM complaints_counted)",
        "the report ",
    ),
    "a report that nobody has told of": ("UPDATE complaints SET category = 'AIR-01' WHERE category <> 'AIR-01'", "the report "),
}


@pytest.fixture
def town(lives):
    """A town whose figures agree with its histories."""
    chance = random.Random(6)  # noqa: S311 - lives, not secrets
    lives.recount()
    for _ in range(10):
        lives.submit(chance)
        lives.move(chance)
        lives.go_on(chance, hours=3)
    lives.tally()
    assert lives.recount().found == 0
    return lives


def differences(ctx):
    return [(check.kind, str(found), how) for check in FIGURE_CHECKS for found, how in check.find(ctx)]


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_off_is_named_and_mended(town, what):
    statement, named = SPOILT[what]
    town.sql(statement)
    with town.unit() as ctx:
        assert differences(ctx)
    found = town.recount()
    assert found.found > 0
    assert any(each.startswith(named) for each in found.off), found.off
    with town.unit() as ctx:
        assert differences(ctx) == []
        same(ctx)
        (alarm,) = ALARMS.read(ctx, 10)
    assert (alarm.code, alarm.params["found"]) == ("complaints.alarm_drift", found.found)
    assert town.recount().found == 0


@pytest.mark.parametrize("what", SPOILT)
def test_what_is_off_is_mended_by_whoever_reconciles(town, what):
    town.sql(SPOILT[what][0])
    town.sql("DELETE FROM deliveries")
    with town.unit() as ctx:
        assert sum(check.repair(ctx) for check in FIGURE_CHECKS) > 0
    with town.unit() as ctx:
        assert differences(ctx) == []
        same(ctx)


def test_what_an_event_is_still_to_tell_is_no_drift(town, work):
    chance = random.Random(7)  # noqa: S311 - as above
    town.submit(chance)
    with town.unit() as ctx:
        assert differences(ctx) == []
        reading = read_figures(ctx, Asked(keys=frozenset({"complaints.open"})))["complaints.open"]
        assert reading.as_of <= town.now


def test_what_was_there_before_is_counted_in_steps_and_not_called_drift(town, work, monkeypatch):
    monkeypatch.setattr(recounting, "AT_ONCE", 3)
    for table in ("complaints_counted", "complaints_tallies", "complaints_recounts"):
        town.sql(f"DELETE FROM {table}")  # noqa: S608 - the words above
    with town.unit() as ctx:
        assert all(reading.value is None for reading in read_figures(ctx, Asked(keys=KEYS)).values())
        keep_figures(ctx)
    with town.unit() as ctx:
        assert next(iter(ALARMS.read(ctx, 10))).code == "complaints.alarm_counting"
    work()
    town.now = utc_now()  # at which the engine house has worked
    with town.unit() as ctx:
        same(ctx)
        assert list(ALARMS.read(ctx, 10)) == []
    assert town.one("SELECT found FROM complaints_recounts WHERE region_id = :region").found == 0


def test_it_begins_at_night_and_once(town):
    began = town.one("SELECT began_at FROM complaints_recounts WHERE region_id = :region").began_at
    local = town.now.astimezone(town.region.zone)
    for hours in range(1, 60):
        town.now = local + (hours * (local.replace(hour=1) - local.replace(hour=0)))
        with town.unit() as ctx:
            keep_figures(ctx)
        again = town.one("SELECT began_at FROM complaints_recounts WHERE region_id = :region").began_at
        if again != began:
            assert 1 <= again.astimezone(town.region.zone).hour < 4
            assert again - began >= (local.replace(hour=18) - local.replace(hour=0))
            began = again
    assert began > local


def test_by_other_rules_there_are_no_figures_before_all_is_counted(town, work):
    with town.unit() as ctx:
        begin_recount(ctx, by_other_rules=True)
    with town.unit() as ctx:
        assert {reading.value for reading in read_figures(ctx, Asked(keys=KEYS)).values()} == {None}
    work()
    town.now = utc_now()  # at which the engine house has worked
    with town.unit() as ctx:
        same(ctx)


def test_the_figures_take_as_many_statements_whatever_is_asked(town, house):
    def statements(asked):
        sent = []

        def note(*words):
            sent.append(words[2])

        with town.unit() as ctx:
            ctx.session.connection()
            event.listen(house.ground.engine, "before_cursor_execute", note)
            try:
                read_figures(ctx, asked)
            finally:
                event.remove(house.ground.engine, "before_cursor_execute", note)
        return len(sent)

    read_all = Asked(keys=KEYS, parts=True)
    statements(read_all)
    assert statements(read_all) == statements(Asked(keys=frozenset({"complaints.open"}))) == 3
