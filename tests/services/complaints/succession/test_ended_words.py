"""A later pack ends categories, states and areas, or changes what it promises: nothing that was said before is lost or broken."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import yaml

from tests.journeys.test_main_job import IN_BANDA_ACEH, make
from tests.services.complaints.succession.towns import GARBAGE, ids, timeline


def test_complaints_of_an_area_that_ends_are_found_under_the_one_that_follows(town, routed, anybody):
    complaint = routed()
    code = complaint["area"]["code"]
    features = [line for line in town.areas() if line["properties"]["code"] != code]
    assert len(features) == len(town.areas()) - 1
    other = next(line["properties"] for line in features if line["properties"]["parent_code"] == code.rpartition(".")[0])
    town.draw(features)
    assert town.effects()["area_ends_alone"].params["count"] == 1
    town.say("successors.yaml", areas=[{"code": code, "successors": [other["code"]]}])
    assert town.effects()["area_ends"].params["successors"] == other["name"]
    town.apply()
    somebody = replace(anybody, region=town.key)
    assert complaint["id"] in ids(somebody, f"complaints?area={other['code']}")
    assert complaint["id"] in ids(somebody, f"complaints?area={code}")
    shown = somebody.get(f"complaints/{complaint['id']}").get_json()
    assert shown["area"]["name"] == complaint["area"]["name"] != code


def test_a_complaint_whose_category_has_left_the_pack_is_shown_everywhere_by_its_name(town, routed, reporter, staff, anybody):
    complaint = routed()
    name = complaint["category_name"]
    town.say("complaints.yaml", categories=[{"code": GARBAGE, "remove": True}])
    assert town.effects()["category_ends"].params == {"category": name, "count": 1}
    town.apply()
    officer, somebody = staff("department_officer", "dlhk3", town.key), replace(anybody, region=town.key)
    path = f"complaints/{complaint['id']}"
    assert GARBAGE not in {item["code"] for item in somebody.get("complaints/categories").get_json()["items"]}
    refused = reporter.post("complaints", {"category": GARBAGE, "description": "x", "location": IN_BANDA_ACEH})
    assert refused.status_code == 422
    for person, where in (
        (somebody, "complaints"),
        (somebody, f"complaints?category={GARBAGE}"),
        (reporter, "complaints?mine=true"),
        (officer, "complaints/inbox"),
    ):
        shown = person.get(where).get_json()["items"]
        assert [item["category_name"] for item in shown if item["id"] == complaint["id"]] == [name], where
    (pin,) = somebody.get("complaints/map").get_json()["features"]
    assert (pin["properties"]["category_name"], pin["properties"]["status_label"]) == (name, "Menunggu")
    for person in (somebody, reporter, officer):
        assert person.get(path).get_json()["category_name"] == name
        assert timeline(person, complaint)[-1]["move"] == "assign"
    assert officer.get(f"{path}/routing").get_json()["items"][0]["department"] == "dlhk3"
    tracked = somebody.get(f"complaints/by-number/{complaint['number']}").get_json()
    assert tracked["category_name"] == name
    assert citizen_named(reporter, path) == "Garbage pile or full collection point"

    # It is worked on as it was promised: paused and taken up again, photos asked for, told of by its name.
    due = town.row(complaint).due_at
    make(officer, complaint, "ask_information", note="Di mana?")
    make(reporter, complaint, "answer", note="Di depan pasar.")
    assert town.row(complaint).due_at > due
    make(officer, complaint, "accept")
    make(officer, complaint, "start")
    bare = officer.post(f"{path}/moves", {"move": "submit_evidence", "note": "Selesai."})
    assert [error["field"] for error in bare.get_json()["errors"]] == ["file_ids"]
    town.work()
    bodies = [item["body"] for item in reporter.get("notifications").get_json()["items"]]
    assert any(name in body and "menerima aduan" in body for body in bodies)
    assert officer.post(f"{path}/notes", {"note": "Catatan."}).status_code == 201
    with town.unit_of_work() as ctx:
        exported = town.house.registry.export_personal_data(ctx, reporter_id(reporter))["complaints"]["complaints"]
    assert [(item["category_name"], item["status_label"]) for item in exported] == [(name, "Diproses")]


def citizen_named(person, path):
    return person.get(path, headers={"Accept-Language": "en"}).get_json()["category_name"]


def reporter_id(person):
    return person.get("/v1/me").get_json()["id"]


def test_a_category_that_comes_back_is_called_as_the_pack_calls_it_now(town, routed, anybody):
    complaint = routed()
    town.say("complaints.yaml", categories=[{"code": GARBAGE, "remove": True}])
    town.apply()
    town.say("complaints.yaml", categories=[{"code": GARBAGE, "name": {"id": "Sampah", "en": "Waste"}}])
    town.apply()
    assert citizen_named(replace(anybody, region=town.key), f"complaints/{complaint['id']}") == "Waste"


def without_state(key, **workflow):
    """Return the workflow without a state: neither it nor the moves from and to it alone."""
    moves = [
        move | {"from": [state for state in move["from"] if state != key] if isinstance(move["from"], list) else move["from"]}
        for move in workflow["moves"]
        if move["to"] != key and move["from"] != [key]
    ]
    gone = [{"key": move["key"], "remove": True} for move in workflow["moves"] if move["to"] == key or move["from"] == [key]]
    return {"states": [{"key": key, "remove": True}], "moves": [*({"key": m["key"], "from": m["from"]} for m in moves), *gone]}


def workflow_of(town):
    return yaml.safe_load(town.files["bases/base/complaints.yaml"])["workflow"]


def test_a_state_with_open_cases_in_it_does_not_end(town, routed, staff):
    complaint = routed()
    make(staff("department_officer", "dlhk3", town.key), complaint, "ask_information", note="Di mana?")
    town.say("complaints.yaml", workflow=without_state("needs_information", **workflow_of(town)))
    effect = town.effects()["state_in_use"]
    assert (effect.blocks, effect.params) == (True, {"state": "Perlu dilengkapi"})


def test_a_case_that_could_not_go_back_to_where_it_was_keeps_its_state(town, routed, staff):
    complaint = routed()
    other = routed()
    make(staff("department_officer", "dlhk3", town.key), other, "accept")
    make(staff("triage", region=town.key), other, "merge", cluster=complaint["id"])
    workflow = workflow_of(town)
    said = without_state("accepted", **workflow)
    start = next(move for move in workflow["moves"] if move["key"] == "accept")
    said["moves"] = [move for move in said["moves"] if move["key"] not in {"accept", "start"}]
    said["moves"] += [{"key": "start", "remove": True}, {"key": "accept", "from": start["from"], "to": "in_progress"}]
    town.say("complaints.yaml", workflow=said)
    assert town.effects()["state_in_use"].blocks


def test_a_final_state_that_ends_keeps_its_name_where_cases_are_in_it(town, routed, reporter, anybody):
    complaint = routed()
    make(reporter, complaint, "withdraw")
    town.say("complaints.yaml", workflow=without_state("withdrawn", **workflow_of(town)))
    effect = town.effects()["state_ends"]
    assert (effect.blocks, effect.params["count"]) == (False, 1)
    town.apply()
    somebody, path = replace(anybody, region=town.key), f"complaints/{complaint['id']}"
    shown = somebody.get(path).get_json()
    assert (shown["status"], shown["status_label"], shown["moves"]) == ("withdrawn", "Ditarik", [])
    assert [item["status_label"] for item in somebody.get("complaints").get_json()["items"]] == ["Ditarik"]
    assert reporter.post(f"{path}/moves", {"move": "withdraw"}).status_code == 409
    assert reporter.get(path).get_json()["status_label"] == "Ditarik"


@pytest.mark.parametrize("hours", [1, 9000])
def test_a_pack_that_changes_a_category_s_times_changes_no_promise(town, routed, reporter, staff, hours):
    complaint = routed()
    promised = town.row(complaint)
    said = {"code": GARBAGE, "completion": {"hours": hours}, "response_hours": hours}
    town.say("complaints.yaml", categories=[said])
    town.apply()
    kept = town.row(complaint)
    clocks = ("response_due_at", "due_at", "state_due_at", "next_due_at", "version")
    assert [getattr(kept, name) for name in clocks] == [getattr(promised, name) for name in clocks]
    later = town.row(routed())
    assert later.due_at - later.submitted_at == timedelta(hours=hours)
    officer = staff("department_officer", "dlhk3", town.key)
    assert datetime.fromisoformat(make(officer, complaint, "accept")["due_at"]) == promised.due_at

    # Whoever reopens a case is promised half of what the pack promises then.
    town.change(complaint, state="closed")
    reopened = town.row(make(reporter, complaint, "reopen", note="Belum."))
    assert reopened.due_at - reopened.entered_at == timedelta(hours=-(-hours // 2))
