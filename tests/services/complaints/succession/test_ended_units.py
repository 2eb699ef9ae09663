"""A later pack ends a unit: its open cases go to its successor as they are, and what is closed is found there."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from backend.core.errors import DomainError
from backend.core.ids import new_id
from backend.data.context import Actor, Duty
from backend.data.events import EventRow
from backend.packs.apply import apply_pack, make_plan
from services.complaints.models import Complaint
from tests.journeys.test_main_job import make
from tests.services.complaints.succession.towns import CORRUPTION, ids, merge_into_dlh, statements, timeline, told


def test_what_is_open_in_a_unit_that_ends_goes_to_its_successor_as_it_is(town, routed, staff):
    officer = staff("department_officer", "dlhk3", town.key)
    new, accepted, closed = routed(), routed(), routed()
    make(officer, accepted, "accept")
    town.change(closed, state="closed")
    before = [town.row(each) for each in (new, accepted)]
    merge_into_dlh(town)
    assert town.effects()["unit_ends"].params == {
        "unit": "Dinas Lingkungan Hidup, Kebersihan, dan Keindahan Kota",
        "count": 2,
        "successor": "Dinas dlh",
    }
    town.apply()
    for was in before:
        now = town.row({"id": was.id})
        assert (was.department, now.department) == ("dlhk3", "dlh")
        same = ("state", "entered_at", "response_due_at", "due_at", "next_due_at", "assignee_id", "submitted_at")
        assert [getattr(now, name) for name in same] == [getattr(was, name) for name in same]
        assert now.version == was.version + 1
    assert town.row(closed).department == "dlhk3"

    # The officer's duty has followed, so the inbox has them, and what is closed is found by the successor.
    assert ids(officer, "complaints/inbox") == {new["id"], accepted["id"]}
    assert ids(officer, "complaints?department=dlh") == {new["id"], accepted["id"], closed["id"]}
    assert officer.get(f"complaints/{closed['id']}").get_json()["department"] == {
        "key": "dlhk3",
        "name": "Dinas Lingkungan Hidup, Kebersihan, dan Keindahan Kota",
    }
    assert officer.get(f"complaints/{closed['id']}").get_json()["description"] is not None
    assert make(officer, new, "accept")["status"] == "accepted"


def test_the_timeline_says_in_the_reader_s_language_who_took_over_and_why(town, routed, reporter, anybody):
    complaint = routed()
    merge_into_dlh(town)
    town.apply()
    *_, line = timeline(reporter, complaint)
    assert (line["move"], line["by"], line["from"], line["to"]) == ("reassign", "system", "submitted", "submitted")
    assert line["details"] == {"department": "dlh"}
    assert line["note"].startswith("Dinas Lingkungan Hidup, Kebersihan, dan Keindahan Kota telah berakhir; laporannya")
    english = replace(anybody, region=town.key).get(f"complaints/{complaint['id']}/timeline", headers={"Accept-Language": "en"})
    assert english.get_json()["items"][-1]["note"].endswith(
        "Dinas dlh has taken over its reports. State and due dates are as before."
    )


def test_a_successor_is_told_once_however_many_come_and_reporters_are_left_alone(town, routed, reporter, staff, work):
    complaints = [routed() for _ in range(3)]
    head = staff("department_head", "dlhk3", town.key)
    before = told(reporter)
    merge_into_dlh(town)
    town.apply()
    work()
    assert told(head) == ["complaints.taken_over"]
    assert told(reporter) == before
    with town.unit_of_work() as ctx:
        moved = ctx.session.scalars(select(EventRow.payload).where(EventRow.name == "complaints.moved")).all()
    by_system = [each for each in moved if each["role"] == "system"]
    assert {each["number"] for each in by_system} == {complaint["number"] for complaint in complaints}
    assert {(each["move"], each["department"]) for each in by_system} == {("reassign", "dlh")}


def test_a_thousand_cases_are_handed_over_in_as_many_statements_as_two(town, routed, house):
    first = routed()
    town.lay(first, [{}])
    merge_into_dlh(town)
    few = statements(house, town.apply)
    town.lay(first, [{"department": "dlh"}] * 1000)
    town.drop_unit("dlh", dlh2=["DLHK"])
    town.succeed(dlhk3="dlh", dlh="dlh2")
    many = statements(house, town.apply)
    assert len(many) == len(few)
    with town.unit_of_work() as ctx:
        assert set(ctx.session.scalars(select(Complaint.department))) == {"dlh2"}


def test_a_unit_that_ends_with_open_cases_and_no_successor_is_refused(town, routed):
    complaint = routed()
    town.drop_unit("dlhk3", dlh=["DLHK"])
    effect = town.effects()["unit_needs_successor"]
    assert (effect.blocks, effect.params["count"]) == (True, 1)
    with pytest.raises(DomainError):
        apply_pack(town.house, town.files)
    assert town.row(complaint).department == "dlhk3"


def test_successors_are_followed_to_the_one_that_is_in_use(town, routed, reporter, staff):
    complaint, closed = routed(), routed()
    town.change(closed, state="closed")
    merge_into_dlh(town)
    town.apply()
    town.drop_unit("dlh", **{"dlh-baru": ["DLHK"]})
    town.succeed(dlhk3="dlh", dlh="dlh-baru")
    town.apply()
    officer = staff("department_officer", "dlh-baru", town.key)
    assert ids(officer, "complaints/inbox") == {complaint["id"]}
    assert ids(officer, "complaints?department=dlh-baru") == {complaint["id"], closed["id"]}
    assert make(reporter, complaint, "withdraw")["department"]["name"] == "Dinas dlh-baru"


def test_what_is_reopened_of_a_unit_that_has_ended_waits_for_its_successor_or_for_triage(town, routed, reporter, staff, work):
    succeeded, orphaned = routed(), routed("PJU-02")
    for complaint in (succeeded, orphaned):
        town.change(complaint, state="resolved")
    merge_into_dlh(town)
    town.drop_unit("dishub", perhubungan=["DISHUB"])
    assert "unit_needs_successor" in town.effects()  # resolved is not closed: there is still something to do
    town.change(orphaned, state="closed")
    town.apply()
    officer, triage = staff("department_officer", "dlh", town.key), staff("triage", region=town.key)
    for complaint in (succeeded, orphaned):
        make(reporter, complaint, "reopen", note="Belum selesai.")
    assert succeeded["id"] in ids(officer, "complaints/inbox")
    assert orphaned["id"] not in ids(officer, "complaints/inbox")
    assert orphaned["id"] in ids(triage, "complaints/inbox")
    assert make(triage, orphaned, "reassign", department="perhubungan", note="Penerus.")["department"]["key"] == "perhubungan"
    work()


def test_a_reopened_case_of_an_ended_unit_can_be_worked_on_by_the_successor(town, routed, reporter, staff):
    complaint = routed()
    town.change(complaint, state="closed")
    merge_into_dlh(town)
    town.apply()
    make(reporter, complaint, "reopen", note="Belum selesai.")
    officer, head = (staff(role, "dlh", town.key) for role in ("department_officer", "department_head"))
    noted = officer.post(f"complaints/{complaint['id']}/notes", {"note": "Dicek."})
    assert (noted.status_code, noted.get_json()["items"][-1]["by"]) == (201, "department_officer")
    assignee = officer.get("/v1/me").get_json()["id"]
    assert make(head, complaint, "reassign", assignee=assignee, note="Tolong.")["assignee"] == assignee


def test_an_appeal_still_waits_for_its_validator_after_a_unit_has_taken_over(town, routed, reporter, staff):
    complaint = routed()
    make(staff("triage", region=town.key), complaint, "reject", reason="duplicate", note="Sudah ada.")
    make(reporter, complaint, "appeal", note="Belum.")
    merge_into_dlh(town)
    town.apply()
    triage, validator = staff("triage", region=town.key), staff("validator", region=town.key)
    assert (
        triage.post(f"complaints/{complaint['id']}/moves", {"move": "reject", "reason": "duplicate", "note": "x"}).status_code
        == 403
    )
    assert complaint["id"] in ids(validator, "complaints/inbox")


def test_sealed_cases_follow_their_custodian_and_are_in_no_number(town, routed, staff):
    sealed = routed(CORRUPTION)
    head = staff("department_head", "inspektorat", town.key)
    town.drop_unit("inspektorat", pengawas=["INSPEKTORAT"])
    assert [(effect.code, effect.blocks) for effect in town.plan().effects if "custod" in effect.code] == [
        ("complaints.custodian_needs_successor", True)
    ]
    town.succeed(inspektorat="pengawas")
    effects = town.effects()
    assert effects["custodian_ends"].params == {"unit": "Inspektorat", "successor": "Dinas pengawas"}
    assert not {"unit_ends", "unit_needs_successor"} & effects.keys()
    assert not any(sealed["number"] in str(effect) for effect in effects.values())
    town.apply()
    assert (town.row(sealed).custodian, town.row(sealed).department) == ("pengawas", "pengawas")
    assert ids(head, "complaints/inbox") == {sealed["id"]}
    assert timeline(head, sealed)[-1]["details"] == {"department": "pengawas"}


def test_nobody_makes_themselves_custodian_by_a_pack(town, routed):
    routed(CORRUPTION)
    town.drop_unit("inspektorat", pengawas=["INSPEKTORAT"])
    town.succeed(inspektorat="pengawas")
    duties = (Duty(role="regional_admin"), Duty(role="department_head", department_key="pengawas"))
    with town.unit_of_work(actor=Actor(kind="staff", account_id=new_id(), duties=duties)) as ctx:
        plan = make_plan(ctx, town.house.registry, town.files)[1]
    assert [effect.code for effect in plan.effects if effect.blocks] == ["complaints.custody_to_oneself"]
