"""What a row that hangs, kills its process or eats memory may cost its neighbours, claimed together with it."""

import os
import resource
import time

from backend.data.deliveries import due_subscribers
from backend.data.unit_of_work import unit_of_work
from tests.workers import probe
from workers import tasks
from workers.tasks import carry_due
from workers.worker import MOST_BYTES, PatientWorker

HANDLE, CALL = "probe.handle", "probe.call"


def test_the_neighbours_of_one_that_hangs_wait_for_it_once_and_are_carried_next(house, records, tell, monkeypatch):
    monkeypatch.setattr(tasks, "SECONDS_A_ROW", 2)
    monkeypatch.setattr(tasks, "SECONDS_A_TURN", 10)
    before, hanging, after = tell("well"), tell("sleep 30"), tell("well")
    began = time.monotonic()
    assert carry_due(house, HANDLE) == 2
    assert time.monotonic() - began < 3.5
    assert records.row(before).done_at
    assert records.row(after).done_at
    row = records.row(hanging)
    assert (row.attempts, row.done_at) == (1, None)
    assert row.fault.startswith("TimeoutError")
    assert len(records.traces("probe.handled", before)) == 1


def test_rows_that_one_death_sets_free_are_carried_before_the_one_that_it_died_of(house, records, tell, in_child):
    subjects = [tell("die"), tell("well"), tell("well"), tell("well")]
    for _ in range(3):  # together, then each by itself: the third finds what the second has left
        os.waitpid(in_child(lambda: carry_due(house, HANDLE)), 0)
        records.make_due()
    done = [bool(records.row(subject).done_at) for subject in subjects]
    assert done == [False, True, True, True]


def test_rows_that_are_given_back_keep_their_place(house, records, tell, monkeypatch):
    monkeypatch.setattr(tasks, "SECONDS_A_TURN", 0.1)
    tell("sleep 0.6")
    waiting = tell("well")
    carry_due(house, HANDLE)
    row = records.row(waiting)
    assert (row.attempts, row.done_at) == (0, None)
    (age,) = records.sql("SELECT extract(epoch FROM now() - next_at) AS seconds FROM deliveries WHERE seq = :seq", seq=row.seq)
    assert age.seconds > 0.5


def test_a_lane_is_ahead_of_the_next_for_ten_seconds_and_not_for_ever(house, records, tell):
    urgent, ordinary = tell("well"), tell("well", event=probe.CALLED)

    def order(seconds):
        records.sql("UPDATE deliveries SET next_at = now() WHERE subject = :urgent", urgent=urgent)
        late = "UPDATE deliveries SET next_at = now() - :seconds * interval '1 second' WHERE subject = :ordinary"
        records.sql(late, ordinary=ordinary, seconds=seconds)
        with unit_of_work(house.ground) as ctx:
            return due_subscribers(ctx.session, [HANDLE, CALL])

    assert order(8) == [HANDLE, CALL]
    assert order(12) == [CALL, HANDLE]


def test_the_child_that_carries_has_no_more_memory_than_it_may_and_fails_by_an_error(in_child, monkeypatch):
    def eat(*_):
        assert resource.getrlimit(resource.RLIMIT_DATA) == (MOST_BYTES, MOST_BYTES)
        eaten = []
        try:
            while len(eaten) < 2 * MOST_BYTES >> 24:
                eaten.append(b"x" * (1 << 24))
        except MemoryError:
            os._exit(7)

    monkeypatch.setattr(PatientWorker, "perform_job", eat)
    monkeypatch.setattr(PatientWorker, "execution", None, raising=False)
    worker = PatientWorker.__new__(PatientWorker)
    assert os.waitstatus_to_exitcode(os.waitpid(in_child(lambda: worker.main_work_horse(None, None)), 0)[1]) == 7
