"""What a plan says before a pack is applied: which reports of the last weeks it would send elsewhere."""

from datetime import timedelta

from tests.services.complaints.succession.towns import GARBAGE, POTHOLE, merge_into_dlh, statements


def test_a_plan_says_which_reports_of_the_last_days_would_go_elsewhere(town, routed):
    pothole, garbage = routed(POTHOLE), routed()
    town.lay(garbage, [{"submitted_at": town.row(garbage).submitted_at - timedelta(days=31)}])
    town.lay(garbage, [{"confidentiality": "sealed", "custodian": "inspektorat"}])
    (second,) = town.lay(pothole, [{}])
    area = pothole["area"]["code"]
    town.say(
        "complaints.yaml",
        rules=[{"key": "jalan-pasar", "when": {"categories": [POTHOLE], "areas": [area]}, "department_type": "PASAR"}],
    )
    effect = town.effects()["would_go_elsewhere"]
    assert effect.params == {"moved": 2, "of": 3, "days": 30}
    (detail,) = effect.details
    assert {pothole["number"], str(town.row({"id": second}).number)} == set(detail.pop("numbers"))
    assert detail == {"category": POTHOLE, "area": area, "from": "pupr", "to": "upt-pasar", "count": 2}


def test_a_unit_that_takes_over_is_not_elsewhere(town, routed):
    routed()
    merge_into_dlh(town)
    assert town.effects()["would_go_elsewhere"].params == {"moved": 0, "of": 1, "days": 30}


def test_a_plan_that_touches_no_rule_does_not_replay(town, routed):
    routed()
    town.say("notifications.yaml", templates=[])
    assert "would_go_elsewhere" not in town.effects()


def test_reports_are_replayed_by_their_place_where_areas_are_drawn_anew(town, routed):
    complaint = routed(POTHOLE)
    code = complaint["area"]["code"]
    features = town.areas()
    here = next(line for line in features if line["properties"]["code"] == code)
    siblings = [line for line in features if line["properties"]["parent_code"] == here["properties"]["parent_code"]]
    other = next(line for line in siblings if line is not here)
    here["geometry"], other["geometry"] = other["geometry"], here["geometry"]
    rule = {"key": "tukar", "when": {"areas": [other["properties"]["code"]]}, "department_type": "PASAR"}
    town.say("complaints.yaml", rules=[rule])
    assert town.effects()["would_go_elsewhere"].params["moved"] == 0
    town.draw(features)
    effect = town.effects()["would_go_elsewhere"]
    assert effect.params == {"moved": 1, "of": 1, "days": 30}
    assert [(detail["area"], detail["to"]) for detail in effect.details] == [(code, "upt-pasar")]


def test_what_would_be_done_is_counted_in_as_many_statements_for_many_as_for_few(town, routed, house):
    first = routed()
    merge_into_dlh(town)
    town.say("complaints.yaml", categories=[{"code": GARBAGE, "remove": True}])
    few = statements(house, town.effects)
    town.lay(first, [{"category": POTHOLE}] * 300)
    many = statements(house, town.effects)
    found = town.effects()
    assert len(many) == len(few)
    assert found["would_go_elsewhere"].params["of"] == 300
    assert found["unit_ends"].params["count"] == 301
