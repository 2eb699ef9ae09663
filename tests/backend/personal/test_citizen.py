"""A citizen lives a whole story, takes everything along, is erased, and is then hunted for in every place there is."""

import io
import json
import re
import uuid
import zipfile
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

import pytest

from backend.accounts.handlers import forget_old
from backend.core.ids import new_id
from backend.data.unit_of_work import unit_of_work
from backend.files.pictures import perceptual_hash
from tests.backend.personal.conftest import photo
from tests.backend.personal.hunting import Hunt
from tests.journeys.test_main_job import IN_BANDA_ACEH, make, report
from tests.people import Person
from tests.running import wait_until

PHONE = f"+62813{uuid.uuid4().int % 10_000_000:07}"
HERE = {"lat": 5.5530917, "lng": 95.3192613}  # near the door: nobody else stands on these decimals
# Read by its words alone, and never kept: what a client calls its file, and what a camera writes into it.
NOT_KEPT = {"file name", "EXIF artist", "EXIF title"}
# The audit log names accounts, for good: who did what is proved by it. Everything else lets go of the id.
STAYS = {"audit_entries.actor_id", "audit_entries.subject"}


def word(what):
    return f"kenari{uuid.uuid4().hex[:12]}7{what.replace(' ', '')[:4]}".lower()


WORDS = {
    what: word(what)
    for what in (
        *("name", "e-mail", "device", "file name", "EXIF artist", "EXIF title", "upload key", "report key"),
        *("description", "landmark", "answer", "answer by code", "rating", "reopening", "private description"),
        *("sealed description", "sealed landmark", "search"),
    )
}
NUMBERS = {"phone": PHONE, "phone as dialled": f"0{PHONE[3:]}", "latitude": str(HERE["lat"]), "longitude": str(HERE["lng"])}


@pytest.fixture(scope="module")
def lived(town):
    """What came of the story: the citizen, the id, the complaints, and the pictures as they were served."""
    citizen, other = town.citizen(PHONE, device=WORDS["device"]), town.citizen("+6281300000001")
    named = citizen.patch("/v1/me", {"name": WORDS["name"], "email": f"{WORDS['e-mail']}@example.org"})
    assert named.status_code == 200
    shot = photo(artist=WORDS["EXIF artist"], title=WORDS["EXIF title"])
    file = town.upload(citizen, shot, name=f"{WORDS['file name']}.jpg", key=WORDS["upload key"])
    loose = town.upload(citizen, photo())
    said = {"description": WORDS["description"], "landmark": WORDS["landmark"], "file_ids": [file["id"]]}
    told = {"Idempotency-Key": WORDS["report key"]}
    body = {"category": "JLN-01", "location": IN_BANDA_ACEH, **said}
    complaint = citizen.post("complaints", body, headers=told).get_json()
    assert citizen.post("complaints", body, headers=told).get_json()["id"] == complaint["id"]
    private = report(citizen, "JLN-01", visibility="private", description=WORDS["private description"], location=HERE)
    sealed = report(citizen, "ASN-01", description=WORDS["sealed description"], landmark=WORDS["sealed landmark"], location=HERE)
    assert citizen.post(f"complaints/{report(other)['id']}/support").status_code == 200
    _refused(citizen)
    unit = wait_until(lambda: citizen.get(f"complaints/{complaint['id']}").get_json()["department"])["key"]
    officer, validator = town.staff("department_officer", unit), town.staff("validator")
    make(officer, complaint, "accept", note="Kami periksa.")
    for note in ("answer", "answer by code"):
        make(officer, complaint, "ask_information", note="Di mana tepatnya?")
        if note == "answer":
            make(citizen, complaint, "answer", note=WORDS[note], file_ids=[town.upload(citizen, photo())["id"]])
        else:
            by_code = {"move": "answer", "note": WORDS[note], "code": complaint["tracking_code"]}
            assert town.anybody.post(f"complaints/by-number/{complaint['number']}/moves", by_code).status_code == 200
    make(officer, complaint, "start")
    evidence = [town.upload(officer, photo())["id"] for _ in range(2)]
    make(officer, complaint, "submit_evidence", note="Selesai.", file_ids=evidence[:1])
    make(validator, complaint, "validate")
    make(citizen, complaint, "reopen", note=WORDS["reopening"])
    make(officer, complaint, "submit_evidence", note="Sudah.", file_ids=evidence[1:])
    make(validator, complaint, "validate")
    rated = citizen.post(f"complaints/{complaint['id']}/rating", {"score": 4, "comment": WORDS["rating"]})
    assert rated.status_code == 200
    assert citizen.get(f"complaints?q={WORDS['search']}").status_code == 200
    wait_until(lambda: town.office.letters_to(f"{WORDS['e-mail']}@example.org"))
    wait_until(lambda: not _open(town))
    shown = citizen.get(f"complaints/{complaint['id']}").get_json()["files"]
    mine = [served for served in shown if served["id"] not in evidence]
    assert len(mine) == 2
    pictures = {served["id"]: citizen.get(served["url"]).data for served in mine} | {loose["id"]: citizen.get(loose["url"]).data}
    return {
        "citizen": citizen,
        "officer": officer,
        "id": citizen.get("/v1/me").get_json()["id"],
        "complaints": {"open": complaint, "private": private, "sealed": sealed},
        "pictures": pictures,
        "evidence": evidence,
    }


def _refused(citizen):
    """Let requests be refused for what is in them, and one fail: what is refused is not logged either."""
    for body in ({WORDS["name"]: 1}, {"category": WORDS["name"]}, {"description": [WORDS["name"]]}):
        assert citizen.post("complaints", body).status_code == 422
    taken = report(citizen, description=WORDS["description"])["id"]
    again = {"id": taken, "category": "JLN-01", "description": WORDS["description"], "location": IN_BANDA_ACEH}
    assert citizen.post("complaints", again).status_code == 409


def _open(town):
    return town.installation.sql(
        "SELECT d.subscriber FROM deliveries d JOIN events e ON e.id = d.event_id"
        " WHERE d.done_at IS NULL AND d.dead_at IS NULL AND e.name <> d.subscriber"  # schedules aside
    )


@pytest.fixture(scope="module")
def hunt(town, lived):
    environ = town.installation.environ
    return Hunt(
        owner_url=environ["BALAI_OWNER_URL"],
        redis_url=environ["REDIS_URL"],
        keyring=town.house.ground.keyring,
        folders=town.folders,
        words=WORDS
        | NUMBERS
        | {"account": lived["id"]}
        | {f"file {name}": sha256(content).hexdigest() for name, content in lived["pictures"].items()},
        pictures={f"picture {name}": perceptual_hash(content) for name, content in lived["pictures"].items()},
    )


def test_before_everything_is_there_and_nothing_where_it_must_never_be(hunt, lived):
    found = hunt.finds()
    assert {find.what for find in found} >= (set(WORDS) - NOT_KEPT - {"search"}) | {
        f"picture {name}" for name in lived["pictures"]
    }
    elsewhere = ("file ", "redis", "events", "deliveries", "audit")
    assert [find for find in found if find.what != "account" and find.place.startswith(elsewhere)] == []
    assert [find for find in found if find.what == "account" and find.place.startswith(("file ", "redis"))] == []
    assert [find for find in found if find.what in NOT_KEPT] == []


def test_the_export_holds_everything_and_only_what_is_theirs(town, lived):
    citizen = lived["citizen"]
    got = citizen.get("/v1/me/export")
    assert (got.status_code, got.headers["Content-Type"]) == (200, "application/zip")
    archive = zipfile.ZipFile(io.BytesIO(got.data))
    data = archive.read("data.json").decode()
    missing = [
        what for what, canary in (WORDS | {"phone": PHONE}).items() if what not in NOT_KEPT | {"search"} and canary not in data
    ]
    assert missing == []
    assert "Kami periksa." not in data
    files = json.loads(data)["files"]["files"]
    assert {file["id"] for file in files} == set(lived["pictures"])
    assert next(file["captured"] for file in files if file["captured"])["lat"] == pytest.approx(5.5529, abs=0.001)
    for file in files:
        assert archive.read(file["picture"]) == lived["pictures"][file["id"]]
    assert town.staff("triage").get("/v1/me/export").status_code == 403
    assert town.anybody.get("/v1/me/export").status_code == 401


def test_nothing_is_erased_without_the_code_for_it(town, lived):
    citizen = lived["citizen"]
    for proof in (
        town.code(PHONE, "banda-aceh", "login"),
        town.code("+6281300000002", "banda-aceh", "erasure"),
        town.code("+6281300000002", "sumedang", "erasure"),
        {"request_id": f"banda-aceh.{new_id()}", "code": "123456"},
        {"request_id": "nothing", "code": "123456"},
    ):
        refused = citizen.post("/v1/me/erasure", proof)
        assert (refused.status_code, refused.get_json()["code"]) == (403, "auth.code_invalid")
    proof = town.code(PHONE, "banda-aceh", "erasure")
    wrong = citizen.post("/v1/me/erasure", proof | {"code": f"{(int(proof['code']) + 1) % 10**6:06}"})
    assert (wrong.status_code, wrong.get_json()["tries_left"]) == (403, 4)
    assert town.anybody.post("/v1/auth/otp/verify", proof).get_json()["code"] == "auth.code_invalid"  # nor signs it in
    assert citizen.get("/v1/me").status_code == 200


@pytest.fixture(scope="module")
def erased(town, lived):
    """The receipt; what follows an erasure is over."""
    citizen = lived["citizen"]
    proof = town.code(PHONE, "banda-aceh", "erasure")
    got = citizen.post("/v1/me/erasure", proof)
    assert got.status_code == 200, got.data
    wait_until(lambda: not _open(town))
    look_again(town)
    return got.get_json()


def look_again(town):
    """Do what the clock has done within two hours."""
    town.installation.sql("UPDATE erasures SET erased_at = erased_at - interval '10 minutes'")
    with unit_of_work(town.house.ground, region=town.house.directory.find("banda-aceh")) as ctx:
        forget_old(ctx)
    town.installation.sql("UPDATE erasures SET erased_at = erased_at + interval '10 minutes'")


def test_after_it_nothing_is_found_anywhere(town, lived, hunt, erased):
    found = hunt.finds()
    assert sorted((find.what, find.place) for find in found if find.what != "account") == []
    assert {find.place for find in found} <= STAYS
    assert lived["citizen"].get("/v1/me").status_code == 401
    kept = {path.name.partition(".")[0] for path in town.folders[0].rglob("*.jpg")}
    assert kept == set(lived["evidence"])


def test_the_cases_stay_with_what_the_office_did(town, lived, erased):
    officer = lived["officer"]
    shown = officer.get(f"complaints/{lived['complaints']['open']['id']}").get_json()
    assert (shown["category"], shown["status"], shown["description"], shown["landmark"]) == ("JLN-01", "resolved", "", None)
    assert shown["location"] == pytest.approx(IN_BANDA_ACEH)
    lines = officer.get(f"complaints/{shown['id']}/timeline").get_json()["items"]
    assert {line["note"] for line in lines if line["by"] == "reporter"} == {None}
    assert {"Kami periksa.", "Selesai."} <= {line["note"] for line in lines}
    assert {file["id"] for line in lines for file in line["files"]} == set(lived["evidence"])
    places = town.installation.sql(
        "SELECT lat, lng, area_code FROM complaints WHERE id = ANY(:ids)",
        ids=[UUID(lived["complaints"][kind]["id"]) for kind in ("private", "sealed")],
    )
    assert [(row.lat, row.lng, bool(row.area_code)) for row in places] == [(None, None, True)] * 2


def test_a_receipt_stays_that_tells_nobody_whose_it_is(town, lived, erased):
    assert erased["rows"]["complaints"] == 5  # four of their own, and one that lost their support
    assert {"vault_identities", "citizens", "files", "complaints_moves", "notifications_inbox", "events"} <= set(erased["rows"])
    assert lived["id"] not in str(erased)
    anybody = town.anybody
    assert anybody.get(f"erasures/{erased['id']}").get_json() == erased
    assert anybody.post("erasures/verify", erased).get_json() == {"genuine": True}
    forged = erased | {"rows": erased["rows"] | {"complaints": 6}}
    assert anybody.post("erasures/verify", forged).get_json() == {"genuine": False}
    assert replace(anybody, region="sumedang").get(f"erasures/{erased['id']}").status_code == 404
    assert town.installation.sql("SELECT DISTINCT account_id FROM erasures") == [(None,)]


def test_the_audit_chain_holds_and_names_the_receipt(town, lived, erased):
    entry = "SELECT details FROM audit_entries WHERE action = 'accounts.erased' AND subject = :id"
    (told,) = town.installation.sql(entry, id=lived["id"])
    assert told.details == {"receipt": erased["id"], "rows": erased["rows"]}
    wait_until(lambda: not town.installation.sql("SELECT 1 FROM audit_pending"))
    verified = town.installation.balai("audit", "verify")
    assert verified.returncode == 0, verified.stderr


def test_the_same_number_is_another_person_afterwards(town, lived, erased):
    again = town.citizen(PHONE)
    me = again.get("/v1/me").get_json()
    assert me["id"] != lived["id"]
    assert (me["name"], me["email"]) == (None, None)
    assert again.get("complaints?mine=true").get_json()["items"] == []
    old: Person = lived["citizen"]
    assert old.post("/v1/me/erasure", town.code(PHONE, "banda-aceh", "erasure")).status_code == 401
    assert re.search(lived["id"], json.dumps(me)) is None


def test_what_is_left_agrees_with_itself(town, erased):
    reconciled = town.installation.balai("reconcile")
    assert reconciled.returncode == 0, reconciled.stderr + reconciled.stdout
