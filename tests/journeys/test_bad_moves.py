"""Moves that are not allowed now, not one's own, lack something, come too late or at once with another's; and sealed cases."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.journeys.test_bad_files import GOOD, upload
from tests.journeys.test_bad_places import at
from tests.people import Person


@pytest.fixture
def routed(reporter, work, places):
    """Return a function that reports something; the worker has given it to its department."""

    def routed(person=reporter, **more):
        complaint = person.post("complaints", at(places.inside, **more)).get_json()
        work()
        return person.get(f"complaints/{complaint['id']}").get_json()

    return routed


@pytest.fixture
def unit(staff, region):
    """Return a function that signs in somebody of a complaint's department."""
    return lambda complaint, role="department_officer", number=1: staff(role, complaint["department"]["key"], region, number)


@pytest.fixture
def desk(staff, region):
    return staff("triage", region=region)


def to(complaint):
    return f"complaints/{complaint['id']}/moves"


def test_a_move_that_is_not_allowed_now_says_what_is(reporter, refused, routed, unit, desk):
    complaint = routed()
    illegal = {"status": 409, "code": "complaints.illegal_move"}
    assert refused(reporter.post, to(complaint), {"move": "confirm"}, **illegal)["allowed"] == ["withdraw"]
    assert "accept" in refused(unit(complaint).post, to(complaint), {"move": "start"}, **illegal)["allowed"]
    assert "reject" in refused(desk.post, to(complaint), {"move": "unmerge"}, **illegal)["allowed"]
    assert refused(reporter.post, to(complaint), {"move": "terbang"}, **illegal)["allowed"] == ["withdraw"]
    reporter.post(to(complaint), {"move": "withdraw"})
    assert refused(reporter.post, to(complaint), {"move": "withdraw"}, **illegal)["allowed"] == []


def test_a_move_that_is_never_ones_own_is_forbidden(*, reporter, citizen, anybody, staff, refused, routed, unit, region):
    complaint = routed()
    forbidden = {"status": 403, "code": "complaints.not_your_move"}
    refused(reporter.post, to(complaint), {"move": "accept"}, **forbidden)
    refused(unit(complaint).post, to(complaint), {"move": "confirm"}, **forbidden)
    refused(unit(complaint).post, to(complaint), {"move": "validate"}, **forbidden)
    refused(citizen(region).post, to(complaint), {"move": "withdraw"}, **forbidden)
    refused(staff("department_officer", "dinkes", region).post, to(complaint), {"move": "accept"}, **forbidden)
    refused(staff("leader", region=region).post, to(complaint), {"move": "accept"}, status=403, code="auth.not_allowed")
    refused(anybody.post, f"/v1/regions/{region}/{to(complaint)}", {"move": "accept"}, status=401, code="auth.needed")


def test_what_a_move_needs_is_named_by_its_field(refused, routed, unit, desk):
    complaint = routed()
    officer, required = unit(complaint), "request.required"
    for person, move, fields in (
        (desk, "reject", ("reason", "note")),
        (desk, "merge", ("cluster",)),
        (desk, "transfer", ("authority",)),
        (desk, "reassign", ("department", "assignee", "note")),
        (officer, "ask_information", ("note",)),
    ):
        refused(person.post, to(complaint), {"move": move}, fields=dict.fromkeys(fields, required))
    refused(officer.post, to(complaint), {"move": "ask_information", "note": " \n"}, fields={"note": "request.blank"})
    for move in ("accept", "start"):
        assert officer.post(to(complaint), {"move": move}).status_code == 200
    refused(officer.post, to(complaint), {"move": "submit_evidence"}, fields={"note": required, "file_ids": required})
    refused(officer.post, to(complaint), {"move": "submit_evidence", "note": "Sudah."}, fields={"file_ids": required})
    theirs = {"move": "submit_evidence", "note": "Sudah.", "file_ids": [upload(desk, GOOD)["id"]]}
    refused(officer.post, to(complaint), theirs, fields={"file_ids.0": "files.unknown"})


def test_what_a_move_does_not_take_is_not_ignored(refused, routed, unit, desk):
    complaint = routed()
    refused(
        unit(complaint).post, to(complaint), {"move": "accept", "authority": "PLN"}, fields={"authority": "complaints.not_taken"}
    )
    cluster = {"move": "publish", "cluster": str(uuid.uuid4())}
    refused(desk.post, to(complaint), cluster, fields={"cluster": "complaints.not_taken"})
    refused(desk.post, to(complaint), {"move": "publish", "number": "7"}, fields={"number": "complaints.not_taken"})
    refused(desk.post, to(complaint), {"move": "publish", "by": "saya"}, fields={"by": "request.unknown_field"})
    refused(desk.post, to(complaint), {}, fields={"move": "request.required"})
    why = {"move": "reject", "note": "Bukan aduan.", "reason": "malas"}
    assert "duplicate" in refused(desk.post, to(complaint), why, fields={"reason": "request.not_one_of"})["errors"][0]["detail"]


def test_a_department_or_officer_of_elsewhere_is_refused(*, refused, routed, unit, desk, staff, region, elsewhere):
    complaint = routed()
    foreign = {"banda-aceh": "putr", "sumedang": "pupr"}[region]
    for key in (foreign, "tidak-ada", "PUPR"):
        body = {"move": "reassign", "department": key, "note": "Bukan kami."}
        refused(desk.post, to(complaint), body, fields={"department": "complaints.unknown_department"})
    head = unit(complaint, "department_head")
    here, there = staff("department_officer", "dinkes", region), staff("department_officer", "dinkes", elsewhere)
    strangers = [person.get("/v1/me").get_json()["id"] for person in (here, there, desk)] + [str(uuid.uuid4())]
    for stranger in strangers:
        body = {"move": "reassign", "assignee": stranger, "note": "Tolong."}
        refused(head.post, to(complaint), body, fields={"assignee": "complaints.not_of_department"})
    own = unit(complaint).get("/v1/me").get_json()["id"]
    assert head.post(to(complaint), {"move": "reassign", "assignee": own, "note": "Tolong."}).get_json()["assignee"] == own


def test_a_move_on_a_version_that_has_passed_is_refused(refused, routed, unit):
    complaint = routed()
    officer = unit(complaint)
    seen = officer.get(f"complaints/{complaint['id']}").headers["ETag"]
    assert officer.post(to(complaint), {"move": "accept"}, headers={"If-Match": seen}).status_code == 200
    for tag in (seen, f"W/{seen}", '"x"', "v1", '""', '"v' + "9" * 5000 + '-"', '"v-1-"', "\xff"):
        refused(officer.post, to(complaint), {"move": "start"}, headers={"If-Match": tag}, status=412, code="request.stale")
    now = officer.get(f"complaints/{complaint['id']}").headers["ETag"]
    assert officer.post(to(complaint), {"move": "start"}, headers={"If-Match": now}).status_code == 200


def test_of_two_officers_at_once_one_accepts(app, routed, unit):
    complaint = routed()
    officers = [unit(complaint, number=number) for number in (1, 2)]

    def accept(officer):
        return Person(app.test_client(), token=officer.token, region=officer.region).post(to(complaint), {"move": "accept"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(accept, officers * 4))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    winner = next(answer.get_json()["assignee"] for answer in answers if answer.status_code == 200)
    timeline = officers[0].get(f"complaints/{complaint['id']}/timeline").get_json()["items"]
    assert [line["move"] for line in timeline].count("accept") == 1
    assert winner in [officer.get("/v1/me").get_json()["id"] for officer in officers]


def test_a_cluster_is_another_report_that_one_may_know_and_is_not_merged_itself(
    *, refused, routed, citizen, desk, elsewhere, places_elsewhere
):
    complaint, other, third = routed(), routed(), routed()
    sealed = routed(category="ASN-01")
    foreign = citizen(elsewhere).post("complaints", at(places_elsewhere.inside)).get_json()

    def merged(into, code):
        refused(desk.post, to(complaint), {"move": "merge", "cluster": into}, fields={"cluster": code})

    for unknown in (str(uuid.uuid4()), foreign["id"], sealed["id"]):
        merged(unknown, "complaints.unknown_complaint")
    merged(complaint["id"], "complaints.cannot_merge")
    assert desk.post(to(other), {"move": "merge", "cluster": third["id"]}).get_json()["merged_into"] == third["id"]
    merged(other["id"], "complaints.cannot_merge")
    merged("bukan", "request.not_uuid")


def test_a_sealed_case_is_nobodys_but_its_reporters_and_custodians(
    *, reporter, anybody, citizen, staff, refused, routed, desk, region
):
    case = routed(category="ASN-01", description="Petugas meminta uang.")
    gone = {"status": 404, "code": "request.not_found"}
    strangers = [
        desk,
        citizen(region),
        *(staff(role, region=region) for role in ("validator", "regional_admin", "leader")),
        staff("department_officer", "dinkes", region),
    ]
    for person in strangers:
        for path in ("complaints/{}", "complaints/{}/timeline"):
            refused(person.get, path.format(case["id"]), **gone)
    for person in (desk, citizen(region), staff("department_officer", "dinkes", region)):
        refused(person.post, to(case), {"move": "accept"}, **gone)
    public = f"/v1/regions/{region}/complaints"
    refused(anybody.get, f"{public}/{case['id']}", **gone)
    refused(anybody.get, f"{public}/by-number/{case['number']}", **gone)
    refused(anybody.get, f"{public}/by-number/{case['number']}?code=0000000000000", **gone)
    assert anybody.get(f"{public}/by-number/{case['number']}?code={case['tracking_code']}").status_code == 200
    inspector = staff("department_head", "inspektorat", region)
    assert inspector.get(f"complaints/{case['id']}").get_json()["description"] == "Petugas meminta uang."
    out = {"move": "reassign", "department": "dinkes", "note": "Coba."}
    refused(inspector.post, to(case), out, status=409, code="complaints.illegal_move")
    into = {"move": "merge", "cluster": routed()["id"]}
    refused(inspector.post, to(case), into, status=409, code="complaints.illegal_move")
    refused(inspector.post, to(case), {"move": "publish"}, status=409, code="complaints.illegal_move")


def test_support_and_rating_are_others_and_the_reporters_once(reporter, citizen, refused, routed, region):
    complaint = routed()
    path = f"complaints/{complaint['id']}"
    refused(reporter.post, f"{path}/support", status=409, code="complaints.own_complaint")
    refused(reporter.post, f"{path}/rating", {"score": 5}, status=409, code="complaints.cannot_rate")
    refused(citizen(region).post, f"{path}/rating", {"score": 5}, status=403, code="complaints.not_your_complaint")
    for score, code in (
        (0, "out_of_range"),
        (6, "out_of_range"),
        (4.5, "not_whole_number"),
        ("5", "not_whole_number"),
        (True, "not_whole_number"),
    ):
        refused(reporter.post, f"{path}/rating", {"score": score}, fields={"score": f"request.{code}"})
    refused(reporter.post, f"{path}/rating", {"score": 5, "comment": " "}, fields={"comment": "request.blank"})
    refused(reporter.post, f"{path}/notes", {"note": "Catatan."}, status=403, code="auth.not_allowed")
    nowhere = f"complaints/{uuid.uuid4()}"
    refused(reporter.post, f"{nowhere}/support", status=404, code="request.not_found")
    refused(reporter.post, f"{nowhere}/rating", {"score": 5}, status=404, code="request.not_found")
    refused(reporter.post, f"{nowhere}/moves", {"move": "withdraw"}, status=404, code="request.not_found")
