"""What a pack's author is told of rules that are well formed and make no sense: before anything is applied."""

from dataclasses import dataclass, replace

import pytest

from backend.packs.folder import SHIPPED, gather, shipped_packs
from backend.packs.proposing import check_modules
from backend.packs.reading import read_files, read_pack
from services.complaints.domain.categories import Category, Confidentiality, FirstLine, Group, Subject, VisibilityMode
from services.complaints.domain.linting import lint
from services.complaints.domain.routing import AreaLink, RegionFacts, Rule


@dataclass(frozen=True)
class Office:
    key: str
    types: tuple[str, ...]


NORTH, SOUTH = "99.01.10.1001", "99.01.20.2001"
CHAINS = {
    None: (),
    NORTH: (AreaLink(NORTH, "kelurahan"), AreaLink("99.01.10", "kecamatan"), AreaLink("99.01", "kota")),
    SOUTH: (AreaLink(SOUTH, "desa"), AreaLink("99.01.20", "kecamatan"), AreaLink("99.01", "kota")),
}
REGION = RegionFacts(
    departments={"PUPR": "pupr", "DLHK": "dlh", "INSPEKTORAT": "inspektorat"},
    area_offices={"99.01.10": Office("area-99.01.10", ("KECAMATAN",))},
)
GROUPS = [Group(key="jalan", name={"en": "Roads"})]


def category(code="JLN-01", **changes):
    base = Category(
        code=code,
        group="jalan",
        name={"en": "Pothole"},
        departments=("PUPR",),
        first_line=FirstLine.DEPARTMENT,
        response=None,
        completion=None,
        photo_required=True,
        location_required=True,
        visibility=VisibilityMode.PUBLIC,
        subject=Subject.THING,
        confidentiality=Confidentiality.OPEN,
    )
    return replace(base, **changes)


SEALED = category("ASN-02", confidentiality=Confidentiality.SEALED, custodian="INSPEKTORAT", departments=())


def rule(key, kind="DLHK", categories=(), areas=()):
    return Rule(key=key, department_type=kind, categories=frozenset(categories), areas=frozenset(areas))


def found(*rules, categories=(), groups=GROUPS):
    known = {each.code: each for each in (category(), category("JLN-02"), SEALED, *categories)}
    findings = lint(known, groups, rules, REGION, CHAINS)
    return [(".".join(each.path), each.code.removeprefix("complaints."), *each.params.values()) for each in findings]


def test_rules_that_each_decide_somewhere_are_left_alone():
    rules = [
        rule("north", areas=["99.01.10"], categories=["JLN-01"]),
        rule("all-of-the-first", categories=["JLN-01"]),
        rule("south", areas=[SOUTH]),
        rule("the-rest", kind="PUPR", areas=["99.01"]),
    ]
    assert found(*rules) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (rule("a", areas=["99.01"]), rule("b", areas=[SOUTH])),
        (rule("a", categories=["JLN-01", "JLN-02"]), rule("b", categories=["JLN-02"], areas=[NORTH])),
        (rule("a", categories=["JLN-01"]), rule("b", categories=["JLN-01", "ASN-02"], areas=[NORTH], kind="PUPR")),
    ],
)
def test_a_rule_is_shadowed_by_an_earlier_one_that_decides_on_all_it_could_hold_for(first, second):
    assert ("rules.b", "rule_shadowed", "b", "a") in found(first, second)
    assert "rule_shadowed" not in {each[1] for each in found(second, first)}


def test_a_rule_is_shadowed_by_several_together():
    rules = [rule("north", areas=[NORTH]), rule("south", areas=[SOUTH]), rule("both", areas=["99.01"])]
    assert found(*rules) == [("rules.both", "rule_shadowed", "both", "north, south")]


def test_a_rule_that_never_decides_shadows_nothing():
    assert found(rule("a", kind="BPBD", areas=["99.01"]), rule("b", areas=[SOUTH])) == [
        ("rules.a.department_type", "rule_to_nobody", "BPBD")
    ]


def test_a_category_that_may_come_without_a_place_is_not_shadowed_by_rules_about_places():
    anywhere = category("ADM-01", location_required=False)
    rules = [rule("a", areas=["99.01"]), rule("b", categories=["ADM-01"])]
    assert found(*rules, categories=[anywhere]) == []
    assert found(rules[0], rule("b", categories=["JLN-01"])) == [("rules.b", "rule_shadowed", "b", "a")]


def test_words_by_which_nothing_can_come_to_a_rule_are_named():
    closed = category("JLN-09", active=False)
    assert found(rule("r", categories=["ASN-02", "JLN-01", "JLN-09"], areas=[NORTH, "99.02"]), categories=[closed]) == [
        ("rules.r.when.categories", "rule_on_sealed", "ASN-02"),
        ("rules.r.when.categories", "rule_on_inactive", "JLN-09"),
        ("rules.r.when.areas", "rule_on_unknown_area", "99.02"),
    ]


def test_a_rule_for_offices_that_are_not_there_never_holds():
    assert found(rule("camat", kind="KECAMATAN", areas=["99.01.10"])) == []
    assert found(rule("camat", kind="KECAMATAN", areas=["99.01.20"])) == [("rules.camat", "rule_never_holds", "camat")]


def test_a_category_of_which_nobody_takes_anything_is_named_and_one_that_somebody_takes_somewhere_is_not():
    nobodys = category("BJR-01", departments=("BPBD",))
    assert found(categories=[nobodys]) == [("categories.BJR-01.departments", "category_to_triage")]
    assert found(rule("north", categories=["BJR-01"], areas=[NORTH]), categories=[nobodys]) == []
    assert found(categories=[category("BJR-01", departments=("BPBD", "KECAMATAN"))]) == []
    assert found(categories=[replace(nobodys, active=False)]) == []


def test_a_sealed_category_without_a_custodian_is_a_fault_for_nobody_could_see_its_reports():
    known = {each.code: each for each in (category(), replace(SEALED, custodian="DP3A"))}
    (finding,) = lint(known, GROUPS, (), REGION, CHAINS)
    assert (finding.path, finding.code, finding.fault) == (
        ("categories", "ASN-02", "custodian"),
        "complaints.custodian_not_bound",
        True,
    )


def test_a_group_without_a_category_is_an_empty_shelf():
    assert found(groups=[*GROUPS, Group(key="taman", name={"en": "Parks"})]) == [("groups.taman", "group_empty")]


def test_a_warning_stands_at_the_line_of_the_pack_that_it_is_about(house):
    files = gather(SHIPPED / "banda-aceh")
    shadowed = b"  - key: contoh-kedua\n    when: {categories: [PSR-01], areas: [11.71.02.2009]}\n    department_type: PUPR\n"
    files["complaints.yaml"] += shadowed
    line = files["complaints.yaml"][: -len(shadowed)].count(b"\n") + 1
    _, warnings = check_modules(house.registry, house.ground.catalogue, read_files(files))
    (warning,) = [each for each in warnings if each.code.startswith("complaints.")]
    assert (warning.code, warning.line) == ("complaints.rule_shadowed", line)
    assert warning.file.endswith("banda-aceh/complaints.yaml")
    assert warning.text.startswith("complaints.rules.contoh-kedua: contoh-kedua never decides")


@pytest.mark.parametrize("folder", shipped_packs(), ids=lambda folder: folder.name)
def test_of_the_shipped_packs_nothing_is_said(house, folder):
    _, warnings = check_modules(house.registry, house.ground.catalogue, read_pack(folder))
    assert [str(each) for each in warnings if each.code.startswith("complaints.")] == []
