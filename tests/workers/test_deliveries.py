"""Deliveries on a real PostgreSQL: carried once, in order, each in its own transaction, whatever happens to a handler."""

import os
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from backend.core.ids import new_id
from backend.data.deliveries import claim, forget_done, mark_done, take_in_hand
from backend.data.unit_of_work import unit_of_work
from tests.workers import probe
from workers import tasks
from workers.tasks import carry_all, carry_due

HANDLE, CALL = "probe.handle", "probe.call"


def test_deliveries_are_written_with_the_change_and_go_with_it(house, records, tell):
    kept, lost = tell("well"), new_id()

    def change_that_fails_after_it_was_told():
        with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
            ctx.publish(probe.HAPPENED, subject=lost, how="well")
            ctx.session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        change_that_fails_after_it_was_told()
    assert records.row(kept).due
    assert not records.sql("SELECT 1 FROM events WHERE subject = :lost", lost=lost)
    assert not records.sql("SELECT 1 FROM deliveries WHERE subject = :lost", lost=lost)


def test_a_due_row_is_carried_once(house, records, tell):
    subject = tell("well")
    assert carry_due(house, HANDLE) == 1
    assert carry_due(house, HANDLE) == 0
    assert records.row(subject).done_at
    assert len(records.traces("probe.handled", subject)) == 1


def test_a_failing_row_holds_up_its_own_subject_alone_and_in_order(house, records, tell):
    held_up, other = tell("raise", "well", "well"), tell("well", "well")
    assert carry_due(house, HANDLE) == 2
    assert len(records.traces("probe.handled", other)) == 2
    assert not records.traces("probe.handled", held_up)
    records.mend(held_up)
    records.make_due()
    assert carry_due(house, HANDLE) == 3
    told = records.sql("SELECT id FROM events WHERE subject = :subject ORDER BY id", subject=held_up)
    assert [trace["event"] for trace in records.traces("probe.handled", held_up)] == [str(row.id) for row in told]


def test_a_poison_row_ends_dead_without_its_words_and_starts_afresh_when_it_is_replayed(house, records, tell, balai):
    poison, after = tell("raise", "well"), tell("well")
    for attempt in (1, 2, 3):
        records.make_due()
        carry_due(house, HANDLE)
        first, *_ = records.sql("SELECT * FROM deliveries WHERE subject = :subject ORDER BY seq", subject=poison)
        assert first.attempts == attempt
    assert first.dead_at
    assert first.fault.startswith("RuntimeError at probe.py:")
    assert probe.SECRET not in str(records.sql("SELECT * FROM deliveries WHERE subject = :subject", subject=poison))
    assert len(records.traces("probe.handled", poison)) == 1  # the one behind it, now that this one is dead
    assert len(records.traces("probe.handled", after)) == 1

    status = balai("outbox", "status")
    assert status.exit_code == 1
    assert f"dead {first.seq}\t{HANDLE}" in status.output
    shown = balai("outbox", "show", str(first.seq)).output
    assert f"fault: {first.fault}" in shown
    assert probe.SECRET not in shown
    assert "1 deliveries start afresh" in balai("outbox", "replay", str(first.seq)).output
    assert balai("outbox", "status").exit_code == 0
    records.mend(poison)
    assert carry_due(house, HANDLE) == 1
    assert len(records.traces("probe.handled", poison)) == 2


def test_a_handler_that_is_killed_leaves_nothing_half_done_and_its_row_comes_back(house, records, tell, in_child):
    subject, neighbours = tell("die"), [tell("well") for _ in range(3)]
    assert os.waitpid(in_child(lambda: carry_due(house, HANDLE)), 0)[1] == signal.SIGKILL
    row = records.row(subject)
    assert (row.attempts, row.done_at, row.due) == (1, None, False)
    assert not records.traces("probe.handled", subject)
    lease = records.sql("SELECT extract(epoch FROM next_at - now()) AS left FROM deliveries WHERE seq = :seq", seq=row.seq)
    assert 0 < lease[0].left <= 20
    records.make_due()
    records.mend(subject)
    assert carry_due(house, HANDLE) == 4
    assert [len(records.traces("probe.handled", each)) for each in (subject, *neighbours)] == [1, 1, 1, 1]


def test_a_row_that_kills_its_process_every_time_ends_dead_and_takes_no_neighbour_with_it(house, records, tell, in_child):
    killer, neighbour = tell("die"), tell("well")
    for _ in range(4):
        os.waitpid(in_child(lambda: carry_due(house, HANDLE)), 0)
        records.make_due()
    assert records.row(neighbour).done_at
    carry_due(house, HANDLE)
    row = records.row(killer)
    assert row.dead_at
    assert row.fault == "its process died in every attempt"
    assert not records.traces("probe.handled", killer)


def test_a_handler_that_hangs_is_interrupted_and_tried_again(house, records, tell, monkeypatch):
    monkeypatch.setattr(tasks, "SECONDS_A_ROW", 1)
    subject = tell("sleep 30")
    began = time.monotonic()
    assert carry_due(house, HANDLE) == 0
    assert time.monotonic() - began < 5
    assert records.row(subject).fault.startswith("TimeoutError")


def test_rows_for_which_a_job_has_no_time_left_are_given_back_untried(house, records, tell, monkeypatch):
    monkeypatch.setattr(tasks, "SECONDS_A_TURN", 0.3)
    subjects = [tell("sleep 0.2") for _ in range(6)]
    assert 1 <= carry_due(house, HANDLE) <= 2
    left = [row for row in map(records.row, subjects) if not row.done_at]
    assert 4 <= len(left) <= 5
    assert all(row.attempts == 0 and row.due for row in left)


def test_several_workers_at_once_carry_each_row_once(house, records, tell, in_child):
    subjects = [tell(*["well"] * 5) for _ in range(60)]

    def carry_all():
        while records.sql("SELECT 1 FROM deliveries WHERE subscriber = :handle AND done_at IS NULL LIMIT 1", handle=HANDLE):
            carry_due(house, HANDLE)

    children = [in_child(carry_all) for _ in range(3)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    handled = records.sql(
        "SELECT count(*) AS times FROM audit_entries WHERE subject = ANY(:subjects) GROUP BY details ->> 'event'",
        subjects=[str(subject) for subject in subjects],
    )
    assert [row.times for row in handled] == [1] * 300


def test_a_row_that_somebody_else_has_by_now_is_let_go(house, records, tell):
    subject = tell("well")
    with unit_of_work(house.ground) as ctx:
        (first,) = claim(ctx.session, HANDLE, most=1)
    records.make_due()
    with unit_of_work(house.ground) as ctx:
        (second,) = claim(ctx.session, HANDLE, most=1)
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        assert not take_in_hand(ctx.session, ctx.region.id, [first])
        assert not mark_done(ctx.session, [first])
        (event,) = take_in_hand(ctx.session, ctx.region.id, [first, second]).values()
        assert event.subject == subject
        assert mark_done(ctx.session, [second])


def test_what_a_holder_wrote_whose_lease_was_taken_over_during_its_call_is_rolled_back(house, records, tell):
    subject = tell("well", event=probe.CALLED)

    def overtaken():
        records.make_due()
        with unit_of_work(house.ground) as ctx:
            assert [held.attempt for held in claim(ctx.session, CALL, most=1)] == [2]

    probe.outside.during = overtaken
    assert carry_due(house, CALL) == 0
    assert not records.traces("probe.recorded", subject)
    row = records.row(subject)
    assert (row.attempts, row.done_at, row.fault) == (2, None, None)
    probe.outside.during = lambda: None
    records.make_due()
    assert carry_due(house, CALL) == 1
    assert len(records.traces("probe.recorded", subject)) == 1


def test_a_call_to_the_outside_holds_no_transaction_and_has_the_same_key_in_every_attempt(house, records, tell):
    seen = []

    def look_and_fail():
        name = house.ground.engine.url.username
        query = "SELECT state FROM pg_stat_activity WHERE usename = :name AND state <> 'idle'"
        seen.append((house.ground.engine.pool.checkedout(), records.sql(query, name=name)))
        raise ConnectionError

    probe.outside.during = look_and_fail
    subject, other = tell("well", event=probe.CALLED), tell("well", event=probe.CALLED)
    assert carry_due(house, CALL) == 0
    probe.outside.during = lambda: None
    records.make_due()
    assert carry_due(house, CALL) == 2
    assert seen == [(0, []), (0, [])]
    assert len(probe.outside.keys) == 4
    assert len(set(probe.outside.keys)) == 2
    for each in (subject, other):
        assert len(records.traces("probe.recorded", each)) == 1


def test_a_row_that_failed_before_has_its_turn_though_fresh_ones_are_waiting(house, records, tell, monkeypatch):
    monkeypatch.setattr(tasks, "ROWS_A_CLAIM", 5)
    monkeypatch.setattr(tasks, "ROWS_A_TURN", 10)
    failed = tell("raise")
    carry_due(house, HANDLE)
    records.mend(failed)
    records.make_due()
    fresh = [tell("well") for _ in range(20)]
    carry_due(house, HANDLE)
    assert records.row(failed).done_at
    assert not all(records.row(subject).done_at for subject in fresh)


def test_an_urgent_row_that_comes_during_other_work_is_carried_next(house, records, tell, monkeypatch):
    monkeypatch.setattr(tasks, "ROWS_A_TURN", 2)
    monkeypatch.setattr(tasks, "ROWS_A_CLAIM", 2)
    urgent = []
    probe.outside.during = lambda: urgent or urgent.append(tell("well"))
    ordinary = [tell("well", event=probe.CALLED) for _ in range(6)]
    carry_all(house)
    done = {subject: records.row(subject).done_at for subject in ordinary + urgent}
    assert sum(done[urgent[0]] > done[subject] for subject in ordinary) == 2


def test_rows_of_a_module_that_was_removed_keep_no_job_busy_and_hold_up_nobody(house, records, tell):
    orphan, other = tell("well"), tell("well")
    records.sql("UPDATE deliveries SET subscriber = 'probe.gone', lane = 0 WHERE subject = :orphan", orphan=orphan)
    began = time.monotonic()
    carry_all(house)
    assert time.monotonic() - began < 5
    assert records.row(other).done_at
    assert not records.row(orphan).done_at


def test_what_was_done_long_ago_is_forgotten_and_what_is_open_or_dead_is_kept(house, records, tell):
    done, dead, young, late = (tell("well") for _ in range(4))
    then = {"then": datetime.now(UTC) - timedelta(days=8)}
    records.sql("UPDATE deliveries SET dead_at = :then WHERE subject = :subject", subject=dead, **then)
    records.sql("UPDATE deliveries SET next_at = now() + interval '1 day' WHERE subject = :subject", subject=late)
    carry_due(house, HANDLE)
    records.sql("UPDATE deliveries SET done_at = :then WHERE subject = :subject", subject=done, **then)
    records.sql("UPDATE events SET occurred_at = :then WHERE subject = ANY(:old)", old=[done, dead, late], **then)
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        forget_done(ctx)
    told = {"told": [done, dead, young, late]}
    events = records.sql("SELECT subject FROM events WHERE subject = ANY(:told)", **told)
    deliveries = records.sql("SELECT subject FROM deliveries WHERE subject = ANY(:told)", **told)
    assert {row.subject for row in events} == {row.subject for row in deliveries} == {dead, young, late}
