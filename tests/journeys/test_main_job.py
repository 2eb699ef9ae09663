"""The main job as a story: reported, routed, followed up, validated, confirmed and rated; the citizen is told at each step."""

import io

from PIL import Image

IN_BANDA_ACEH = {"lat": 5.5529, "lng": 95.3192}


def picture(colour=(90, 120, 60)):
    content = io.BytesIO()
    Image.effect_noise((640, 480), 40).convert("RGB").save(content, "JPEG", quality=85)
    content.seek(0)
    return content


def upload(person):
    got = person.post("files", data={"file": (picture(), "foto.jpg")}, content_type="multipart/form-data")
    assert got.status_code == 201, got.get_json()
    return got.get_json()["id"]


def report(person, category="JLN-01", **more):
    body = {"category": category, "description": "Jalan berlubang di depan pasar.", "location": IN_BANDA_ACEH, **more}
    got = person.post("complaints", body)
    assert got.status_code == 201, got.get_json()
    return got.get_json()


def make(person, complaint, move, **more):
    got = person.post(f"complaints/{complaint['id']}/moves", {"move": move, **more})
    assert got.status_code == 200, (move, got.get_json())
    return got.get_json()


def told(person):
    return [item["title"] for item in person.get("notifications").get_json()["items"]]


def test_a_complaint_goes_all_the_way(citizen, staff, work):
    reporter = citizen()
    complaint = report(reporter, file_ids=[upload(reporter)])
    assert complaint["status"] == "submitted"
    assert complaint["department"] is None
    assert len(complaint["tracking_code"]) >= 12
    work()
    seen = reporter.get(f"complaints/{complaint['id']}").get_json()
    department = seen["department"]["key"]
    officer, validator = staff("department_officer", department), staff("validator")
    trace = officer.get(f"complaints/{complaint['id']}/routing").get_json()["items"][0]["trace"]
    assert any(step["held"] and step["source"].startswith("packs/") and ":" in step["source"] for step in trace)
    assert complaint["id"] in [
        item["id"] for item in officer.get(f"complaints/inbox?q={complaint['number']}").get_json()["items"]
    ]
    assert make(officer, complaint, "accept")["status"] == "accepted"
    assert make(officer, complaint, "start")["status"] == "in_progress"
    done = make(officer, complaint, "submit_evidence", note="Sudah ditambal.", file_ids=[upload(officer)])
    assert done["status"] == "awaiting_validation"
    assert make(validator, complaint, "validate")["status"] == "resolved"
    assert make(reporter, complaint, "confirm")["status"] == "closed"
    rated = reporter.post(f"complaints/{complaint['id']}/rating", {"score": 5, "comment": "Cepat!"})
    assert rated.get_json()["rating"] == 5
    work()
    moves = [line["move"] for line in reporter.get(f"complaints/{complaint['id']}/timeline").get_json()["items"]]
    assert moves == ["submit", "assign", "accept", "start", "submit_evidence", "validate", "confirm"]
    assert len(told(reporter)) == len(moves)
