"""Complaints that do not go the straight way: asked back, refused, appealed, reopened, joined, handed over, sealed, a guest's."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import update

from backend.data.unit_of_work import unit_of_work
from services.complaints.models import Complaint
from services.complaints.operations.sweeping import sweep_timers
from tests.journeys.test_main_job import IN_BANDA_ACEH, make, report, told, upload


@pytest.fixture
def routed(citizen, work):
    """Return a function that gives a routed report and its reporter."""

    def submit(category="JLN-01", **more):
        reporter = citizen()
        complaint = report(reporter, category, **more)
        work()
        return reporter, reporter.get(f"complaints/{complaint['id']}").get_json()

    return submit


def refused(person, complaint, move, **more):
    got = person.post(f"complaints/{complaint['id']}/moves", {"move": move, **more})
    return got.status_code, got.get_json()


def test_a_question_pauses_the_clock_and_its_answer_goes_on_where_it_was(routed, staff):
    reporter, complaint = routed()
    officer = staff("department_officer", complaint["department"]["key"])
    make(officer, complaint, "accept")
    asked = make(officer, complaint, "ask_information", note="Di depan toko yang mana?")
    assert asked["status"] == "needs_information"
    assert "answer" in [move["move"] for move in reporter.get(f"complaints/{complaint['id']}").get_json()["moves"]]
    answered = make(reporter, complaint, "answer", note="Di depan toko buku.")
    assert answered["status"] == "accepted"
    assert answered["department"]["key"] == complaint["department"]["key"]


def test_a_rejection_has_its_reason_and_an_appeal_is_decided_by_a_validator(routed, staff):
    reporter, complaint = routed()
    triage, validator = staff("triage"), staff("validator")
    assert refused(triage, complaint, "reject", note="Bukan aduan.")[1]["errors"][0]["field"] == "reason"
    assert make(triage, complaint, "reject", reason="not_a_complaint", note="Bukan aduan.")["status"] == "rejected"
    assert make(reporter, complaint, "appeal", note="Ini benar-benar rusak.")["status"] == "submitted"
    assert refused(triage, complaint, "reject", reason="not_a_complaint", note="Tetap bukan.")[0] == 403
    assert make(validator, complaint, "reject", reason="not_a_complaint", note="Sudah diperiksa.")["status"] == "rejected"
    status, problem = refused(reporter, complaint, "appeal", note="Sekali lagi.")
    assert (status, problem["code"]) == (409, "complaints.illegal_move")


def test_refused_evidence_sends_the_case_back_and_nobody_validates_their_own_unit(routed, staff):
    _, complaint = routed()
    key = complaint["department"]["key"]
    officer, validator = staff("department_officer", key), staff("validator")
    make(officer, complaint, "accept")
    make(officer, complaint, "start")
    assert refused(officer, complaint, "submit_evidence", note="Selesai.")[1]["errors"][0]["field"] == "file_ids"
    make(officer, complaint, "submit_evidence", note="Selesai.", file_ids=[upload(officer)])
    assert refused(officer, complaint, "validate")[0] == 403
    assert make(validator, complaint, "refuse_follow_up", note="Fotonya lain tempat.")["status"] == "in_progress"


def test_a_citizen_reopens_twice_at_most(routed, staff):
    reporter, complaint = routed()
    officer, validator = staff("department_officer", complaint["department"]["key"]), staff("validator")
    make(officer, complaint, "accept")
    make(officer, complaint, "start")
    for _ in range(2):
        make(officer, complaint, "submit_evidence", note="Selesai.", file_ids=[upload(officer)])
        make(validator, complaint, "validate")
        assert make(reporter, complaint, "reopen", note="Lubangnya masih ada.")["status"] == "in_progress"
    make(officer, complaint, "submit_evidence", note="Selesai.", file_ids=[upload(officer)])
    make(validator, complaint, "validate")
    status, problem = refused(reporter, complaint, "reopen", note="Masih ada.")
    assert (status, problem["allowed"]) == (409, ["confirm"])


def test_a_rating_is_given_once_and_closes_nothing(routed, staff):
    reporter, complaint = routed()
    officer, validator = staff("department_officer", complaint["department"]["key"]), staff("validator")
    path = f"complaints/{complaint['id']}/rating"
    assert reporter.post(path, {"score": 4}).status_code == 409
    make(officer, complaint, "accept")
    make(officer, complaint, "start")
    make(officer, complaint, "submit_evidence", note="Selesai.", file_ids=[upload(officer)])
    make(validator, complaint, "validate")
    assert reporter.post(path, {"score": 6}).get_json()["errors"][0]["field"] == "score"
    rated = reporter.post(path, {"score": 4}).get_json()
    assert (rated["rating"], rated["status"]) == (4, "resolved")
    assert reporter.post(path, {"score": 1}).status_code == 409
    assert officer.post(path, {"score": 1}).status_code == 403


def test_a_head_hands_a_case_to_another_department_and_it_begins_there_anew(routed, staff, work):
    _, complaint = routed()
    head, other = staff("department_head", complaint["department"]["key"]), staff("department_officer", "dlhk3")
    make(head, complaint, "accept")
    assert refused(head, complaint, "reassign", department="no-such", note="x")[1]["errors"][0]["field"] == "department"
    moved = make(head, complaint, "reassign", department="dlhk3", note="Ini soal sampah.")
    assert (moved["status"], moved["department"]["key"]) == ("submitted", "dlhk3")
    work()
    assert complaint["id"] in [item["id"] for item in other.get("complaints/inbox?limit=200").get_json()["items"]]
    assert any(complaint["number"] in title for title in told(other))


def test_a_case_is_assigned_within_its_department_only(routed, staff):
    _, complaint = routed()
    key = complaint["department"]["key"]
    head, officer, stranger = (
        staff("department_head", key),
        staff("department_officer", key),
        staff("department_officer", "dlhk3"),
    )
    mine, theirs = (person.get("/v1/me").get_json()["id"] for person in (officer, stranger))
    assert refused(head, complaint, "reassign", assignee=theirs, note="x")[1]["errors"][0]["field"] == "assignee"
    assert make(head, complaint, "reassign", assignee=mine, note="Tolong.")["assignee"] == mine
    inbox = officer.get("complaints/inbox?mine=true&limit=200").get_json()
    assert complaint["id"] in [item["id"] for item in inbox["items"]]
    assert inbox["counts"]["mine"] >= 1


def test_triage_joins_two_reports_and_parts_them_again(routed, staff):
    _, first = routed()
    reporter, second = routed()
    triage = staff("triage")
    assert refused(triage, second, "merge", cluster=second["id"])[1]["errors"][0]["field"] == "cluster"
    joined = make(triage, second, "merge", cluster=first["id"])
    assert (joined["status"], joined["merged_into"]) == ("merged", first["id"])
    parted = make(triage, second, "unmerge")
    assert (parted["status"], parted["merged_into"]) == ("submitted", None)
    moves = [line["move"] for line in reporter.get(f"complaints/{second['id']}/timeline").get_json()["items"]]
    assert moves[-2:] == ["merge", "unmerge"]


def test_a_case_of_another_authority_is_handed_over_and_taken_back(routed, staff):
    _, complaint = routed()
    triage = staff("triage")
    gone = make(triage, complaint, "transfer", authority="Balai Jalan Nasional", number="BPJN-7")
    assert (gone["status"], gone["authority"]) == ("transferred", "Balai Jalan Nasional")
    assert make(triage, complaint, "take_back")["status"] == "submitted"


def test_words_and_photos_are_public_only_after_triage_has_published_them(routed, staff, anybody, citizen):
    reporter, complaint = routed()
    path = f"complaints/{complaint['id']}"
    seen = anybody.get(path).get_json()
    assert (seen["description"], seen["files"], seen["status"]) == (None, [], "submitted")
    assert "tracking_code" not in citizen().get(path).get_json()
    assert "moves" in seen
    assert seen["moves"] == []
    triage = staff("triage")
    assert make(triage, complaint, "publish")["published"] is True
    assert anybody.get(path).get_json()["description"] == reporter.get(path).get_json()["description"]
    make(triage, complaint, "unpublish")
    assert anybody.get(path).get_json()["description"] is None


def test_a_private_report_is_known_to_its_reporter_and_those_in_charge_alone(routed, staff, anybody, citizen):
    reporter, complaint = routed(visibility="private")
    path = f"complaints/{complaint['id']}"
    assert reporter.get(path).status_code == 200
    assert staff("department_officer", complaint["department"]["key"]).get(path).get_json()["description"]
    for stranger in (anybody, citizen(), staff("department_officer", "dlhk3"), staff("leader"), staff("regional_admin")):
        assert stranger.get(path).status_code == 404
    number = f"complaints/by-number/{complaint['number']}"
    assert anybody.get(number).status_code == 404
    assert anybody.get(f"{number}?code={complaint['tracking_code']}").get_json()["status"] == "submitted"
    assert anybody.get(f"{number}?code=AAAAAAAAAAAAA").status_code == 404


def test_support_counts_each_citizen_once_and_never_the_reporter(routed, citizen):
    reporter, complaint = routed()
    path, friend = f"complaints/{complaint['id']}/support", citizen()
    assert friend.post(path).get_json()["support_count"] == 1
    assert friend.post(path).get_json()["support_count"] == 1
    assert reporter.post(path).status_code == 409
    assert friend.delete(path).get_json()["support_count"] == 0
    assert friend.delete(path).get_json()["support_count"] == 0


def test_an_internal_note_is_for_those_who_work_on_the_case(routed, staff, anybody):
    reporter, complaint = routed()
    officer = staff("department_officer", complaint["department"]["key"])
    path = f"complaints/{complaint['id']}"
    assert officer.post(f"{path}/notes", {"note": "Menunggu aspal dari gudang."}).status_code == 201
    for person, sees in ((officer, True), (staff("triage"), True), (reporter, False), (anybody, False)):
        notes = [line["note"] for line in person.get(f"{path}/timeline").get_json()["items"]]
        assert ("Menunggu aspal dari gudang." in notes) is sees
    assert staff("department_officer", "dlhk3").post(f"{path}/notes", {"note": "x"}).status_code == 403


def test_a_sealed_case_is_its_custodians_alone_and_its_reporter_is_told_neutrally(citizen, staff, work, anybody):
    reporter = citizen()
    got = reporter.post("complaints", {"category": "ASN-01", "description": "Petugas meminta uang."})
    complaint = got.get_json()
    assert got.status_code == 201, complaint
    work()
    path = f"complaints/{complaint['id']}"
    custodian = staff("department_officer", "inspektorat")
    assert custodian.get(path).get_json()["department"]["key"] == "inspektorat"
    assert complaint["id"] in [item["id"] for item in custodian.get("complaints/inbox?limit=200").get_json()["items"]]
    for stranger in (
        anybody,
        citizen(),
        staff("triage"),
        staff("validator"),
        staff("leader"),
        staff("regional_admin"),
        staff("auditor"),
    ):
        assert stranger.get(path).status_code == 404
        assert stranger.get(f"{path}/timeline").status_code == 404
        listed = stranger.get("complaints?limit=200").get_json()["items"]
        assert complaint["id"] not in [item["id"] for item in listed]
    make(custodian, complaint, "accept")
    work()
    for item in reporter.get("notifications").get_json()["items"]:
        assert "Petugas" not in item["body"]
        assert "Inspektorat" not in item["body"] + item["title"]


def test_a_guest_reports_where_the_category_allows_it_and_follows_by_the_receipt_code(anybody, work):
    body = {"category": "LIN-01", "description": "Ada yang perlu dilihat.", "location": IN_BANDA_ACEH, "visibility": "private"}
    got = anybody.post("complaints/guest", body)
    assert got.status_code == 201, got.get_json()
    complaint = got.get_json()
    work()
    number = f"complaints/by-number/{complaint['number']}"
    assert anybody.get(number).status_code == 404
    assert anybody.get(f"{number}?code={complaint['receipt_code']}").get_json()["number"] == complaint["number"]
    refused_ = anybody.post("complaints/guest", {**body, "category": "JLN-01"})
    assert (refused_.status_code, refused_.get_json()["errors"][0]["code"]) == (422, "complaints.account_needed")


def test_an_emergency_is_answered_with_the_word_that_nobody_is_sent(citizen, anybody):
    words = {
        item["code"]: item["emergency_notice"]
        for item in anybody.get("complaints/categories").get_json()["items"]
        if item["emergency"]
    }
    assert "112" in words["BCN-01"]
    complaint = report(citizen(), "BCN-01")
    assert "112" in complaint["emergency_notice"]


def test_silence_closes_a_resolved_case_and_never_rates_it(routed, staff, house, work):
    reporter, complaint = routed()
    officer, validator = staff("department_officer", complaint["department"]["key"]), staff("validator")
    make(officer, complaint, "accept")
    make(officer, complaint, "start")
    make(officer, complaint, "submit_evidence", note="Selesai.", file_ids=[upload(officer)])
    make(validator, complaint, "validate")
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        changed = update(Complaint).where(Complaint.region_id == ctx.region.id, Complaint.id == uuid.UUID(complaint["id"]))
        ctx.session.execute(changed.values(state_due_at=ctx.now() - timedelta(minutes=1)))
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        sweep_timers(ctx)
    work()
    after = reporter.get(f"complaints/{complaint['id']}").get_json()
    assert (after["status"], after["rating"]) == ("closed", None)
    assert reporter.get(f"complaints/{complaint['id']}/timeline").get_json()["items"][-1]["by"] == "system"


def test_a_withdrawn_report_is_over(routed):
    reporter, complaint = routed()
    assert make(reporter, complaint, "withdraw")["status"] == "withdrawn"
    status, problem = refused(reporter, complaint, "withdraw")
    assert (status, problem["code"]) == (409, "complaints.illegal_move")


def test_a_move_on_what_has_changed_meanwhile_is_refused(routed, staff):
    _, complaint = routed()
    officer = staff("department_officer", complaint["department"]["key"])
    path = f"complaints/{complaint['id']}"
    seen = officer.get(path).headers["ETag"]
    make(officer, complaint, "accept")
    stale = officer.post(f"{path}/moves", {"move": "start"}, headers={"If-Match": seen})
    assert (stale.status_code, stale.get_json()["code"]) == (412, "request.stale")
    fresh = officer.get(path).headers["ETag"]
    assert officer.post(f"{path}/moves", {"move": "start"}, headers={"If-Match": fresh}).status_code == 200
    assert officer.get(path, headers={"If-None-Match": officer.get(path).headers["ETag"]}).status_code == 304
