"""Lists that are read from several sides at once: an inbox, by unit and state, and what lies in an area."""

from datetime import timedelta
from uuid import UUID

import pytest

from backend.data.unit_of_work import unit_of_work
from services.complaints.queries import lists

NOBODYS = {"department": None, "assignee_id": None}


@pytest.fixture
def now(house, region):
    with unit_of_work(house.ground, region=region) as ctx:
        return ctx.now()


def paged(person, path, limit=3):
    """Return the ids of every page, one after the other."""
    ids, cursor = [], ""
    while cursor is not None:
        page = person.get(f"{path}&limit={limit}{cursor and f'&cursor={cursor}'}").get_json()
        ids += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    return ids


def due(now, states, **more):
    return [{"state": state, "next_due_at": now + timedelta(hours=7 * n % 11), **more} for n, state in enumerate(states)]


def by_due(laid, changes):
    return [each for _, each in sorted(zip(changes, laid, strict=True), key=lambda pair: pair[0]["next_due_at"])]


def test_an_inbox_is_in_order_of_due_dates_whatever_state_and_unit_they_come_from(lay, now, staff):
    states = ["submitted", "in_progress", "accepted", "submitted", "accepted", "in_progress", "submitted"]
    changes = due(now, states, department="pdam")
    laid = lay(changes)
    lay([{"state": "closed", "department": "pdam"}, {"state": "submitted", "department": "pdam", "under_appeal": True}])
    officer = staff("department_officer", "pdam")
    assert paged(officer, "complaints/inbox?") == by_due(laid, changes)
    assert paged(officer, "complaints/inbox?status=accepted", limit=1) == [
        each for each in by_due(laid, changes) if each in {laid[2], laid[4]}
    ]


def test_desks_and_custodians_have_what_is_theirs(lay, now, staff):
    changes = due(now, ["submitted", "submitted"], **NOBODYS)
    nobodys = lay(changes)
    sealed = {"confidentiality": "sealed", "custodian": "inspektorat", "department": "inspektorat"}
    kept_changes = due(now, ["submitted", "awaiting_validation", "in_progress"], **sealed)
    kept = lay(kept_changes)
    appealed, evidence = lay(
        [{"under_appeal": True, "department": "pupr"}, {"state": "awaiting_validation", "department": "pupr"}]
    )
    triage, validator, head = staff("triage"), staff("validator"), staff("department_head", "inspektorat")
    assert [each for each in paged(triage, "complaints/inbox?") if each in {*nobodys, *kept, appealed}] == by_due(
        nobodys, changes
    )
    assert {*paged(validator, "complaints/inbox?")} & {*nobodys, *kept, appealed, evidence} == {appealed, evidence}
    assert [each for each in paged(head, "complaints/inbox?") if each in {*nobodys, *kept}] == by_due(kept, kept_changes)


def test_an_inbox_is_counted_as_far_as_anybody_wants_to_know(lay, now, staff, monkeypatch):
    lay(due(now, ["submitted"] * 5 + ["accepted"] * 2, department="distan"))
    officer = staff("department_officer", "distan")
    counts = officer.get("complaints/inbox").get_json()["counts"]
    assert counts["submitted"] >= 5
    monkeypatch.setattr(lists, "COUNTED", 3)
    assert officer.get("complaints/inbox").get_json()["counts"] == counts | {
        "submitted": 3,
        "accepted": 2,
        "all": counts["all"] - counts["submitted"] + 3,
    }


def test_what_lies_in_an_area_is_listed_newest_first_from_all_its_parts(lay, now, house, region, anybody):
    parts = house.directory.lowest_below(region.id, "11.71.04")
    assert len(parts) > 3
    changes = [{"area_code": parts[n % 4], "submitted_at": now + timedelta(minutes=5 * n % 13)} for n in range(9)]
    laid = lay([*changes, {"area_code": house.directory.lowest_below(region.id, "11.71.01")[0]}])
    newest = sorted(zip(changes, laid[:9], strict=True), key=lambda pair: pair[0]["submitted_at"], reverse=True)
    assert [each for each in paged(anybody, "complaints?area=11.71.04") if each in laid] == [each for _, each in newest]


def test_a_box_lists_what_is_open_in_it_and_ones_own_newest_first(lay, now, citizen, anybody, staff):
    reporter = citizen()
    place = {"lat": 5.5821, "lng": 95.3651}
    own = {"reporter_id": UUID(reporter.get("/v1/me").get_json()["id"])}
    changes = [place | {"lat": 5.58 + n / 1000, "submitted_at": now + timedelta(minutes=5 * n % 13)} for n in range(5)]
    laid = lay(changes)
    (mine,) = lay([place | own | {"visibility": "private", "submitted_at": now + timedelta(minutes=6)}])
    (others, outside) = lay([place | {"visibility": "private"}, place | {"lat": 5.5921}])
    newest = [each for _, each in sorted(zip(changes, laid, strict=True), key=lambda pair: pair[0]["submitted_at"], reverse=True)]
    near = "complaints?bbox=95.3641,5.5791,95.3661,5.5851"
    ours = {*laid, mine, others, outside}
    assert [each for each in paged(anybody, near) if each in ours] == newest
    shown = [each for each in paged(reporter, near) if each in ours]
    assert [each for each in shown if each != mine] == newest
    assert mine in shown
    assert {*paged(staff("triage"), near)} & ours == {*laid, mine, others}
    assert paged(reporter, "complaints?bbox=10,45,12,47") == []
    assert {*paged(anybody, "complaints?bbox=95,5,96,6", limit=200)} & ours == {*laid, outside}
