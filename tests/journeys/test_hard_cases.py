"""Where a complaint could slip through: out of sight, out of every inbox, into the open, into the log of who reported it."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from backend.core.errors import DomainError, Kind
from backend.data.unit_of_work import unit_of_work
from backend.http.idempotency import IdempotencyKey
from services.complaints.models import Complaint, ComplaintMove
from services.complaints.operations import moving, sweeping
from tests.journeys.test_complaint_stories import refused, routed  # noqa: F401 - a fixture
from tests.journeys.test_main_job import IN_BANDA_ACEH, make, upload


def inbox(person):
    return [item["id"] for item in person.get("complaints/inbox?limit=200").get_json()["items"]]


@pytest.fixture
def inside(house):
    """Return a function that opens a unit of work of the system in Banda Aceh."""
    return lambda: unit_of_work(house.ground, region=house.directory.find("banda-aceh"))


def test_a_head_may_hand_a_private_case_out_of_their_own_sight(routed, staff):  # noqa: F811
    _, complaint = routed(visibility="private")
    head = staff("department_head", complaint["department"]["key"])
    moved = make(head, complaint, "reassign", department="dlhk3", note="Ini soal sampah.")
    assert (moved["department"]["key"], moved["description"]) == ("dlhk3", None)
    assert head.get(f"complaints/{complaint['id']}").status_code == 404


def test_what_comes_after_a_publication_is_not_published_with_it(routed, staff, anybody):  # noqa: F811
    reporter, complaint = routed()
    path, triage = f"complaints/{complaint['id']}", staff("triage")
    make(triage, complaint, "publish")
    make(triage, complaint, "ask_information", note="Di mana tepatnya?")
    make(reporter, complaint, "answer", note="Rumah saya nomor 5.", file_ids=[upload(reporter)])
    seen = anybody.get(path).get_json()
    assert (seen["description"], seen["files"]) == (complaint["description"], [])
    lines = anybody.get(f"{path}/timeline").get_json()["items"]
    assert [(line["note"], line["files"]) for line in lines[-2:]] == [(None, []), (None, [])]
    make(triage, complaint, "publish")
    assert "Rumah saya nomor 5." in [line["note"] for line in anybody.get(f"{path}/timeline").get_json()["items"]]
    assert len(anybody.get(path).get_json()["files"]) == 1


def test_a_guests_report_leaves_no_name_though_the_app_sent_its_token(citizen, inside):
    person = citizen()
    got = person.post("complaints/guest", {"category": "ASN-01", "description": "Petugas meminta uang."})
    assert got.status_code == 201, got.get_json()
    account = uuid.UUID(person.get("/v1/me").get_json()["id"])
    with inside() as ctx:
        moves = ctx.session.scalars(
            select(ComplaintMove.actor_id).where(ComplaintMove.complaint_id == uuid.UUID(got.get_json()["id"]))
        )
        assert set(moves) == {None}
        kept = ctx.session.scalars(select(IdempotencyKey.person).where(IdempotencyKey.person.contains(str(account))))
        assert kept.all() == []


def test_an_appeal_waits_in_a_validators_inbox_and_in_nobody_elses(routed, staff):  # noqa: F811
    reporter, complaint = routed()
    triage, validator = staff("triage"), staff("validator")
    officer = staff("department_officer", complaint["department"]["key"])
    make(triage, complaint, "reject", reason="not_a_complaint", note="Bukan aduan.")
    assert make(reporter, complaint, "appeal", note="Ini benar rusak.")["under_appeal"] is True
    assert complaint["id"] in inbox(validator)
    assert complaint["id"] not in inbox(officer) + inbox(triage)
    assert make(validator, complaint, "assign", department="pupr", note="Banding diterima.")["under_appeal"] is False
    assert complaint["id"] in inbox(officer)
    assert complaint["id"] not in inbox(validator)


def test_a_sealed_case_without_a_custodian_finds_one_as_soon_as_there_is_one(citizen, staff, work, inside):
    person = citizen()
    complaint = person.post("complaints", {"category": "ASN-02", "description": "Pungli."}).get_json()
    work()
    with inside() as ctx:
        of_case = (Complaint.region_id == ctx.region.id, Complaint.id == uuid.UUID(complaint["id"]))
        ctx.session.execute(update(Complaint).where(*of_case).values(custodian=None, department=None))
    custodian = staff("department_officer", "inspektorat")
    assert custodian.get(f"complaints/{complaint['id']}").status_code == 404
    with inside() as ctx:
        sweeping.route_what_nobody_holds(ctx)
    assert custodian.get(f"complaints/{complaint['id']}").status_code == 200


def test_settings_that_would_seal_cases_for_nobody_are_refused(staff):
    admin = staff("regional_admin")
    got = admin.get("modules/complaints/settings")
    values = got.get_json()["values"]
    place = next(n for n, category in enumerate(values["categories"]) if category["confidentiality"] == "sealed")
    values["categories"][place]["custodian"] = "NOSUCH"
    answer = admin.put("modules/complaints/settings", {"values": values}, headers={"If-Match": got.headers["ETag"]})
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == f"values.categories.{place}.custodian"


def test_a_timer_whose_move_is_refused_stops_no_other(routed, staff, inside, monkeypatch):  # noqa: F811
    (_, stuck), (reporter, good) = routed(), routed()
    triage = staff("triage")
    for complaint in (stuck, good):
        make(triage, complaint, "ask_information", note="Di mana?")
    with inside() as ctx:
        for complaint, minutes in ((stuck, 2), (good, 1)):
            of_case = (Complaint.region_id == ctx.region.id, Complaint.id == uuid.UUID(complaint["id"]))
            due = ctx.now() - timedelta(minutes=minutes)
            ctx.session.execute(update(Complaint).where(*of_case).values(state_due_at=due))

    def refuse_one(ctx, case, actor, asked):
        moving.carry_out(ctx, case, actor, asked)
        if str(case.row.id) == stuck["id"]:
            raise DomainError(Kind.CONFLICT, "complaints.illegal_move")

    monkeypatch.setattr(sweeping, "carry_out", refuse_one)
    with inside() as ctx:
        sweeping.sweep_timers(ctx)
    assert reporter.get(f"complaints/{good['id']}").get_json()["status"] == "closed"
    assert triage.get(f"complaints/{stuck['id']}").get_json()["status"] == "needs_information"
    assert [line["move"] for line in triage.get(f"complaints/{stuck['id']}/timeline").get_json()["items"]][
        -1
    ] == "ask_information"


def test_nothing_is_merged_into_what_is_over(routed, staff):  # noqa: F811
    reporter, over = routed()
    make(reporter, over, "withdraw")
    _, complaint = routed()
    status, problem = refused(staff("triage"), complaint, "merge", cluster=over["id"])
    assert (status, problem["errors"][0]["field"]) == (422, "cluster")


def test_a_merged_case_tells_outsiders_nothing_of_the_other(routed, staff, anybody):  # noqa: F811
    _, secret = routed(visibility="private")
    reporter, complaint = routed()
    make(staff("triage"), complaint, "merge", cluster=secret["id"])
    path = f"complaints/{complaint['id']}"
    assert secret["id"] not in anybody.get(path).get_data(as_text=True) + anybody.get(f"{path}/timeline").get_data(as_text=True)
    assert reporter.get(path).get_json()["merged_into"] == secret["id"]


def test_a_field_officer_is_given_a_case_and_finds_it(routed, staff):  # noqa: F811
    _, complaint = routed()
    key = complaint["department"]["key"]
    head, field = staff("department_head", key), staff("field_officer", key)
    make(head, complaint, "reassign", assignee=field.get("/v1/me").get_json()["id"], note="Tolong dicek.")
    mine = field.get("complaints/inbox?mine=true&limit=200").get_json()["items"]
    assert complaint["id"] in [item["id"] for item in mine]


def test_a_guest_answers_and_confirms_with_the_receipt_code(anybody, staff, work):
    body = {"category": "LIN-01", "description": "Ada yang perlu dilihat.", "location": IN_BANDA_ACEH, "visibility": "private"}
    complaint = anybody.post("complaints/guest", body).get_json()
    work()
    make(staff("triage"), complaint, "ask_information", note="Di mana tepatnya?")
    path = f"complaints/by-number/{complaint['number']}"
    seen = anybody.get(f"{path}?code={complaint['receipt_code']}").get_json()
    assert seen["timeline"][-1]["note"] == "Di mana tepatnya?"
    assert "answer" in [move["move"] for move in seen["moves"]]
    answer = {"code": complaint["receipt_code"], "move": "answer", "note": "Di depan kantor pos."}
    assert anybody.post(f"{path}/moves", {**answer, "code": "AAAAAAAAAAAAA"}).status_code == 404
    assert anybody.post(f"{path}/moves", {**answer, "move": "accept"}).status_code == 403
    assert anybody.post(f"{path}/moves", answer).get_json()["status"] == "submitted"


def test_what_an_officer_may_not_see_of_a_known_case_is_forbidden_not_hidden(routed, staff):  # noqa: F811
    _, complaint = routed()
    assert staff("department_officer", "dlhk3").get(f"complaints/{complaint['id']}/routing").status_code == 403
