"""A handler that takes what is carried together: one transaction for all of them, and each alone where that fails."""

import pytest

from backend.core.errors import DomainError, Kind
from tests.workers import probe
from workers import tasks
from workers.tasks import carry_due

COUNT = "probe.count"


@pytest.fixture
def counted(records):
    """Return a function that gives, of these subjects, who were handled together, call by call."""

    def counted(*subjects):
        named = {str(subject) for subject in subjects}
        return [trace["subjects"] for trace in records.traces("probe.together") if named & set(trace["subjects"])]

    return counted


def test_what_is_due_is_handled_in_one_call(house, records, tell, counted):
    subjects = [tell("well", event=probe.COUNTED) for _ in range(5)]
    assert carry_due(house, COUNT) == 5
    assert counted(*subjects) == [[str(subject) for subject in subjects]]
    assert all(records.row(subject).done_at for subject in subjects)
    assert carry_due(house, COUNT) == 0


def test_events_of_one_subject_come_one_after_the_other(house, records, tell, counted):
    subject = tell("well", "well", "well", event=probe.COUNTED)
    other = tell("well", event=probe.COUNTED)
    assert carry_due(house, COUNT) == 4
    assert [len(call) for call in counted(subject)] == [2, 1, 1]
    assert len(counted(other)) == 1


def test_where_one_fails_each_is_carried_alone_and_the_others_are_done_once(house, records, tell, counted):
    before, failing, after = (tell(how, event=probe.COUNTED) for how in ("well", "raise", "well"))
    assert carry_due(house, COUNT) == 2
    assert counted(before, failing, after) == [[str(before)], [str(after)]]
    assert [len(records.traces("probe.handled", subject)) for subject in (before, failing, after)] == [1, 0, 1]
    row = records.row(failing)
    assert (row.attempts, row.done_at) == (1, None)
    assert row.fault.startswith("RuntimeError at probe.py")


def test_no_more_are_given_to_it_than_are_carried_together(house, records, tell, counted, monkeypatch):
    monkeypatch.setattr(tasks, "ROWS_TOGETHER", 2)
    subjects = [tell("well", event=probe.COUNTED) for _ in range(5)]
    assert carry_due(house, COUNT) == 5
    assert [len(call) for call in counted(*subjects)] == [2, 2, 1]


def test_a_refusal_that_is_remembered_keeps_nothing_of_the_neighbours_work(house, records, tell, counted, monkeypatch):
    def refuse(*_):
        raise DomainError(Kind.CONFLICT, "probe.refused", remembered=True)

    well, refused = tell("well", event=probe.COUNTED), tell("sleep 0", event=probe.COUNTED)
    monkeypatch.setattr(probe.time, "sleep", refuse)
    assert carry_due(house, COUNT) == 1
    assert counted(well) == [[str(well)]]
    assert records.row(refused).done_at is None
