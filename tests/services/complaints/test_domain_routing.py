"""Routing: rules, first line, types in order, the custodian before all, and a trace that says why."""

import json
from dataclasses import dataclass

import pytest

from services.complaints.domain.categories import Category, Confidentiality, FirstLine, Subject, VisibilityMode
from services.complaints.domain.clocks import Span, Unit
from services.complaints.domain.routing import (
    AreaLink,
    RegionFacts,
    Rule,
    Step,
    area_overlap,
    choose_department,
    nearest_area,
)

PACK = "packs/sumedang/complaints.yaml"
KELURAHAN = (AreaLink("32.11.18.1001", "kelurahan"), AreaLink("32.11.18", "kecamatan"), AreaLink("32.11", "kabupaten"))
DESA = (AreaLink("32.11.18.2003", "desa"), AreaLink("32.11.18", "kecamatan"), AreaLink("32.11", "kabupaten"))


@dataclass(frozen=True)
class Office:
    """The office of an area."""

    key: str
    types: tuple[str, ...]


# No desa has an office: it is no organ of the region.
REGION = RegionFacts(
    departments={"PUPR": "dinas-pupr", "DLHK": "dlhk", "DP3A": "dp3a", "TAPEM": "bagian-tapem"},
    area_offices={
        "32.11.18.1001": Office("area-32.11.18.1001", ("KELURAHAN",)),
        "32.11.18": Office("area-32.11.18", ("KECAMATAN",)),
    },
)


def category(**changes):
    base = {
        "code": "JLN-01", "group": "jalan", "name": {"en": "Pothole"}, "departments": ("PUPR",),
        "first_line": FirstLine.DEPARTMENT, "response": Span(24, Unit.HOURS), "completion": Span(168, Unit.HOURS),
        "photo_required": True, "location_required": True, "visibility": VisibilityMode.PUBLIC, "subject": Subject.THING,
        "confidentiality": Confidentiality.OPEN, "source": f"{PACK}:41",
    }  # fmt: skip
    return Category(**base | changes)


def codes(decision):
    return [step.code for step in decision.trace]


def test_the_category_s_department_is_the_default():
    decision = choose_department(category(), DESA, (), REGION)
    assert decision.department_key == "dinas-pupr"
    assert decision.as_dict()["trace"] == [
        {"code": "type_bound", "held": True, "params": {"type": "PUPR", "department": "dinas-pupr"}, "source": f"{PACK}:41"}
    ]


def test_of_several_types_the_first_that_is_bound_takes_it():
    decision = choose_department(category(departments=("DISHUB", "DLHK", "PUPR")), DESA, (), REGION)
    assert decision.department_key == "dlhk"
    assert codes(decision) == [Step.TYPE_NOT_BOUND, Step.TYPE_BOUND]


def test_a_kelurahan_is_the_first_line_for_its_own_streets():
    decision = choose_department(category(first_line=FirstLine.AREA_OFFICE), KELURAHAN, (), REGION)
    assert decision.department_key == "area-32.11.18.1001"
    assert codes(decision) == [Step.AREA_OFFICE_HELD]


@pytest.mark.parametrize("kind", ["desa", "gampong", "ward"])
def test_an_area_without_an_office_falls_through_to_the_department_though_one_above_it_has_one(kind):
    chain = (AreaLink("32.11.18.2003", kind), *DESA[1:])
    decision = choose_department(category(first_line=FirstLine.AREA_OFFICE), chain, (), REGION)
    assert decision.department_key == "dinas-pupr"
    assert codes(decision) == [Step.AREA_OFFICE_MISSING, Step.TYPE_BOUND]
    assert decision.trace[0].params == {"area": "32.11.18.2003", "kind": kind}
    assert not decision.trace[0].held


def test_what_an_area_is_called_decides_nothing():
    chain = (AreaLink("047.289", "sub_county"), AreaLink("047", "county"))
    nairobi = RegionFacts(
        departments={"DEPT_16": "mobility-works"}, area_offices={"047.289": Office("area-047.289", ("SUB_COUNTY",))}
    )
    pothole = category(departments=("DEPT_16",), first_line=FirstLine.AREA_OFFICE)
    assert choose_department(pothole, chain, (), nairobi).department_key == "area-047.289"
    market = category(departments=("SUB_COUNTY", "DEPT_16"))
    assert choose_department(market, chain, (), nairobi).department_key == "area-047.289"
    assert choose_department(market, (), (), nairobi).department_key == "mobility-works"


def test_a_first_line_without_a_place_falls_through():
    decision = choose_department(category(first_line=FirstLine.AREA_OFFICE), (), (), REGION)
    assert codes(decision) == [Step.NO_PLACE, Step.TYPE_BOUND]


def test_the_type_of_an_office_means_the_one_of_the_place():
    decision = choose_department(category(departments=("KECAMATAN", "TAPEM")), DESA, (), REGION)
    assert decision.department_key == "area-32.11.18"
    assert decision.trace[-1].params == {"type": "KECAMATAN", "area": "32.11.18", "department": "area-32.11.18"}


def test_the_type_of_an_office_is_passed_over_where_there_is_no_place():
    decision = choose_department(category(departments=("KECAMATAN", "TAPEM")), (), (), REGION)
    assert decision.department_key == "bagian-tapem"
    assert codes(decision) == [Step.NO_PLACE, Step.TYPE_BOUND]


def test_the_type_of_an_office_is_passed_over_where_the_place_has_no_such_office():
    elsewhere = RegionFacts(departments=REGION.departments, area_offices={"32.11.01": Office("area-32.11.01", ("KECAMATAN",))})
    decision = choose_department(category(departments=("KECAMATAN", "TAPEM")), DESA, (), elsewhere)
    assert decision.department_key == "bagian-tapem"
    assert codes(decision) == [Step.TYPE_NOT_BOUND, Step.TYPE_BOUND]


def test_of_several_offices_of_a_type_above_a_place_the_nearest_takes_it():
    nested = RegionFacts(
        departments={},
        area_offices={"32.11": Office("area-32.11", ("TOWN_HALL",)), "32.11.18": Office("area-32.11.18", ("TOWN_HALL",))},
    )
    assert choose_department(category(departments=("TOWN_HALL",)), DESA, (), nested).department_key == "area-32.11.18"


def test_a_unit_bound_to_the_type_of_offices_stands_in_where_the_place_has_none():
    bound = RegionFacts(departments={"KECAMATAN": "setda"}, area_offices=REGION.area_offices)
    assert choose_department(category(departments=("KECAMATAN",)), (), (), bound).department_key == "setda"
    assert choose_department(category(departments=("KECAMATAN",)), DESA, (), bound).department_key == "area-32.11.18"


RULES = (
    Rule(key="elsewhere", areas=frozenset({"32.11.01"}), department_type="DLHK", source=f"{PACK}:12"),
    Rule(key="other", categories=frozenset({"SMP-01"}), department_type="DLHK", source=f"{PACK}:15"),
    Rule(key="unbound", categories=frozenset({"JLN-01"}), department_type="DISHUB", source=f"{PACK}:18"),
    Rule(key="here", areas=frozenset({"32.11.18"}), department_type="DLHK", source=f"{PACK}:21"),
    Rule(key="later", categories=frozenset({"JLN-01"}), department_type="PUPR", source=f"{PACK}:24"),
)  # fmt: skip


def test_the_first_rule_that_holds_decides_and_every_rule_read_is_in_the_trace_with_its_line():
    decision = choose_department(category(first_line=FirstLine.AREA_OFFICE), KELURAHAN, RULES, REGION)
    assert decision.department_key == "dlhk"
    assert [(step.code, step.params["rule"], step.source, step.held) for step in decision.trace] == [
        (Step.RULE_NOT_MATCHED, "elsewhere", f"{PACK}:12", False),
        (Step.RULE_NOT_MATCHED, "other", f"{PACK}:15", False),
        (Step.RULE_NOT_BOUND, "unbound", f"{PACK}:18", False),
        (Step.RULE_HELD, "here", f"{PACK}:21", True),
    ]


def test_a_rule_about_places_does_not_hold_without_a_place():
    decision = choose_department(category(), (), RULES[3:], REGION)
    assert decision.department_key == "dinas-pupr"
    assert codes(decision) == [Step.RULE_NOT_MATCHED, Step.RULE_HELD]


def test_what_nobody_takes_goes_to_triage_and_is_never_lost():
    decision = choose_department(category(departments=("DISHUB",)), DESA, (), REGION)
    assert decision.department_key is None
    assert codes(decision) == [Step.TYPE_NOT_BOUND, Step.TO_TRIAGE]


SEALED = {
    "code": "SOS-04", "departments": ("PUPR",), "custodian": "DP3A", "confidentiality": Confidentiality.SEALED,
    "visibility": VisibilityMode.ALWAYS_PRIVATE, "first_line": FirstLine.AREA_OFFICE,
}  # fmt: skip


def test_a_sealed_case_goes_to_its_custodian_before_any_rule_is_read():
    grasping = Rule(key="all", categories=frozenset({"SOS-04"}), department_type="PUPR")
    decision = choose_department(category(**SEALED), KELURAHAN, (grasping,), REGION)
    assert decision.department_key == "dp3a"
    assert codes(decision) == [Step.CUSTODIAN]


def test_a_sealed_case_without_a_bound_custodian_goes_to_nobody_not_even_to_triage():
    decision = choose_department(category(**SEALED | {"custodian": "INSPEKTORAT"}), KELURAHAN, (), REGION)
    assert decision.department_key is None
    assert codes(decision) == [Step.CUSTODIAN_NOT_BOUND]


def test_the_trace_begins_with_how_the_place_was_found_and_survives_json():
    place = (nearest_area("32.11.18.2003", 120), area_overlap("32.11.18.2003", ["32.11.18.2004"]))
    decision = choose_department(category(), DESA, (), REGION, place=place)
    assert codes(decision) == [Step.NEAREST_AREA, Step.AREA_OVERLAP, Step.TYPE_BOUND]
    assert json.loads(json.dumps(decision.as_dict())) == decision.as_dict()
    assert decision.as_dict()["trace"][0]["params"] == {"area": "32.11.18.2003", "metres": 120}
