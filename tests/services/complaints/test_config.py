"""The room's settings: the shipped packs load, and each fault is named where it stands."""

from copy import deepcopy
from datetime import date, time
from pathlib import Path

import pytest
import yaml
from marshmallow import ValidationError

from backend.packs.folder import shipped_packs
from backend.packs.reading import read_pack
from services.complaints.config import ComplaintsSettings, parse_settings, work_calendar
from services.complaints.domain.categories import Confidentiality, FirstLine, VisibilityMode
from services.complaints.domain.clocks import Span, Unit
from services.complaints.domain.routing import AreaLink, RegionFacts, choose_department

WORKFLOW = yaml.safe_load((Path(__file__).parent / "workflow.yaml").read_text())
PACK = yaml.safe_load("""
number: {prefix: BNA}
groups: [{key: jalan, name: {id: Jalan, en: Roads}, source: "packs/x/complaints.yaml:2"}]
categories:
  - code: JLN-01
    group: jalan
    name: {id: Jalan berlubang, en: Pothole}
    departments: [PUPR]
    external: [PLN]
    first_line: area_office
    response_hours: 24
    completion: {hours: 168}
    photo_required: true
    location_required: true
    visibility: public
    subject: thing
    confidentiality: open
    source: packs/x/complaints.yaml:4
  - code: ASN-02
    group: jalan
    name: {en: Corruption}
    departments: []
    first_line: department
    response_hours: 0
    completion: null
    photo_required: false
    location_required: false
    visibility: always_private
    subject: official
    confidentiality: sealed
    custodian: INSPEKTORAT
    without_account: true
    active: false
rules:
  - {key: market, when: {categories: [JLN-01], areas: ["11.71.01"]}, department_type: PASAR, source: "packs/x/complaints.yaml:40"}
reasons: [{key: abusive, label: {id: Hinaan, en: Abusive}}]
""") | {"workflow": WORKFLOW}


def places(pack):
    with pytest.raises(ValidationError) as refused:
        parse_settings(pack)
    return refused.value.messages


def changed(*path, to):
    """Return the pack with one value changed, or taken out."""
    pack = deepcopy(PACK)
    at = pack
    for step in path[:-1]:
        at = at[step]
    if to is None:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return pack


def test_a_pack_becomes_settings():
    settings = parse_settings(PACK)
    pothole, corruption = settings.categories.values()
    assert settings.number_prefix == "BNA"
    assert settings.groups["jalan"].name["en"] == "Roads"
    assert settings.groups["jalan"].source == "packs/x/complaints.yaml:2"
    assert (pothole.response, pothole.completion) == (Span(24, Unit.HOURS), Span(168, Unit.HOURS))
    assert (pothole.departments, pothole.external, pothole.first_line) == (("PUPR",), ("PLN",), FirstLine.AREA_OFFICE)
    assert (pothole.visibility, pothole.confidentiality) == (VisibilityMode.PUBLIC, Confidentiality.OPEN)
    assert (pothole.active, pothole.emergency, pothole.source) == (True, False, "packs/x/complaints.yaml:4")
    assert (corruption.response, corruption.completion, corruption.sealed) == (None, None, True)
    assert (corruption.custodian, corruption.without_account, corruption.active) == ("INSPEKTORAT", True, False)
    (rule,) = settings.rules
    assert (rule.categories, rule.areas, rule.source) == ({"JLN-01"}, {"11.71.01"}, "packs/x/complaints.yaml:40")
    assert settings.reasons["abusive"].label["id"] == "Hinaan"
    reopen = settings.workflow.move_by_key["reopen"]
    assert (reopen.sources, reopen.times, reopen.within) == (("resolved", "closed"), 2, Span(30, Unit.CALENDAR_DAYS))
    assert settings.workflow.move_by_key["merge"].sources == ("not_final",)


def test_the_settings_that_are_loaded_by_the_schema_alone_are_the_same():
    assert ComplaintsSettings().load(PACK) == parse_settings(PACK)


@pytest.mark.parametrize(
    ("pack", "place"),
    [
        (PACK | {"colour": "blue"}, "colour"),
        (changed("number", "prefix", to="b"), "number.prefix"),
        (changed("number", "prefix", to="BNA\n"), "number.prefix"),
        (changed("number", to=None), "number"),
        (changed("categories", to=[]), "categories"),
        (changed("categories", 0, "colour", to="blue"), "categories.JLN-01.colour"),
        (changed("categories", 0, "code", to=None), "categories.0.code"),
        (changed("categories", 0, "group", to="jalan-tol"), "categories.JLN-01.group"),
        (changed("categories", 0, "departments", to={"PUPR": 1}), "categories.JLN-01.departments"),
        (changed("categories", 0, "first_line", to="KL"), "categories.JLN-01.first_line"),
        (changed("categories", 0, "response_hours", to="24"), "categories.JLN-01.response_hours"),
        (changed("categories", 0, "response_hours", to=-1), "categories.JLN-01.response_hours"),
        (changed("categories", 0, "completion", to={"hours": 0}), "categories.JLN-01.completion.hours"),
        (changed("categories", 0, "completion", to={"hours": 1, "working_days": 1}), "categories.JLN-01.completion"),
        (changed("categories", 0, "completion", to={}), "categories.JLN-01.completion"),
        (changed("categories", 0, "completion", to={"weeks": 1}), "categories.JLN-01.completion.weeks"),
        (changed("categories", 0, "completion", to=None), "categories.JLN-01.completion"),
        (changed("categories", 0, "name", to={"id": ""}), "categories.JLN-01.name.id"),
        (changed("categories", 0, "name", to={}), "categories.JLN-01.name"),
        (changed("categories", 0, "custodian", to="DP3A"), "categories.JLN-01.custodian"),
        (changed("categories", 1, "custodian", to=None), "categories.ASN-02.custodian"),
        (changed("categories", 1, "visibility", to="private"), "categories.ASN-02.visibility"),
        (changed("categories", 0, "confidentiality", to="private"), "categories.JLN-01.visibility"),
        (changed("categories", 1, "code", to="JLN-01"), "categories.JLN-01.code"),
        (changed("rules", 0, "when", to={}), "rules.market.when"),
        (changed("rules", 0, "when", to={"categories": ["SMP-09"]}), "rules.market.when"),
        (changed("rules", 0, "when", to={"areas": [11.71]}), "rules.market.when.areas.0"),
        (changed("rules", 0, "key", to="mar ket"), "rules.mar ket.key"),
        (changed("reasons", to=[]), "reasons"),
        (changed("workflow", "initial", to="new"), "workflow.initial"),
        (changed("workflow", "states", 2, "clock", to=None), "workflow.states.accepted"),
        (changed("workflow", "states", 2, "clock", to="sundial"), "workflow.states.accepted.clock"),
        (changed("workflow", "moves", 7, "by", to=[]), "workflow.moves.start"),
        (changed("workflow", "moves", 7, "from", to="accepted"), "workflow.moves.start.from"),
        (changed("workflow", "moves", 7, "from", to=[]), "workflow.moves.start.from"),
        (changed("workflow", "moves", 0, "by", to=["triage"]), "workflow.moves"),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_its_dotted_place(pack, place):
    assert list(places(pack)) == [place]


def test_every_fault_of_the_workflow_is_named_at_once():
    pack = changed("workflow", "moves", 7, "by", to=["boss"])
    pack["workflow"]["states"][3]["at_end"] = "vanish"
    assert places(pack) == {
        "workflow.moves.start": ["complaints.workflow_unknown_role|word=boss"],
        "workflow.states.in_progress": ["complaints.workflow_unknown_end|word=vanish"],
    }


@pytest.mark.parametrize("pack", [[], None, "x", {"categories": 3, "workflow": []}, {"categories": [3]}])
def test_what_is_no_pack_at_all_is_refused_and_breaks_nothing(pack):
    assert places(pack)


def test_a_region_s_calendar_is_read_as_its_pack_writes_it():
    hours = {"monday": {"start": "08:00", "end": "16:00"}, "friday": {"start": "08:00", "end": "11:30"}, "sunday": None}
    calendar = work_calendar(
        "Asia/Jayapura",
        {"working_hours": hours, "holidays": [{"key": "natal", "date": "2026-12-25", "name": {"id": "Natal"}}]},
    )
    assert calendar.closes == {0: time(16), 4: time(11, 30)}
    assert date(2026, 12, 25) in calendar.holidays
    assert date(2026, 12, 26) not in calendar.holidays
    assert calendar.zone.key == "Asia/Jayapura"
    with pytest.raises(ValueError, match="working weekday"):
        work_calendar("Asia/Jakarta", {"working_hours": {"sunday": None}, "holidays": []})


@pytest.mark.parametrize("folder", shipped_packs(), ids=lambda folder: folder.name)
def test_every_shipped_region_has_settings_with_which_no_category_is_left_to_triage(folder):
    pack = read_pack(folder)
    settings = parse_settings({name: value for name, value in pack.modules["complaints"].items() if name != "enabled"})
    region = RegionFacts(
        departments={name: unit.key for unit in pack.departments for name in unit.types if not unit.area_code},
        area_offices={unit.area_code: unit for unit in pack.departments if unit.area_code},
    )
    areas = {area.code: area for area in pack.areas}
    lowest = next(area for area in pack.areas if area.lowest)
    chain = tuple(AreaLink(a.code, a.kind) for a in (lowest, areas[lowest.parent_code], areas[pack.code]))
    for category in settings.categories.values():
        decision = choose_department(category, chain if category.location_required else (), settings.rules, region)
        assert decision.department_key in {unit.key for unit in pack.departments}
        assert decision.trace[-1].source.startswith("packs/")
        assert not category.sealed or decision.department_key == region.departments[category.custodian]
