"""Which department a complaint goes to, and the trace that says why."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from services.complaints.domain.categories import Category, FirstLine


class Step(StrEnum):
    """What a trace step says; texts for people hang on these codes."""

    NEAREST_AREA = "nearest_area"
    AREA_OVERLAP = "area_overlap"
    CUSTODIAN = "custodian"
    CUSTODIAN_NOT_BOUND = "custodian_not_bound"
    RULE_HELD = "rule_held"
    RULE_NOT_MATCHED = "rule_not_matched"
    RULE_NOT_BOUND = "rule_not_bound"
    AREA_OFFICE_HELD = "area_office_held"
    AREA_OFFICE_MISSING = "area_office_missing"
    NO_PLACE = "no_place"
    TYPE_BOUND = "type_bound"
    TYPE_NOT_BOUND = "type_not_bound"
    TO_TRIAGE = "to_triage"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of the pack. It matches if category and place are among its own; an empty list asks nothing."""

    key: str
    department_type: str
    categories: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    source: str = ""


@dataclass(frozen=True)
class AreaLink:
    """One area above (or at) a place: its code and kind."""

    code: str
    kind: str


class Office(Protocol):
    """The department that is the office of an area: its key, and the types it is of as the office of such an area."""

    @property
    def key(self) -> str:
        """The department's key."""

    @property
    def types(self) -> Collection[str]:
        """Department types that mean this office at every place in its area."""


@dataclass(frozen=True, kw_only=True)
class RegionFacts:
    """What a region has: department keys by the types bound to them, and offices by area code.

    Only an area that is an organ of the region has an office here; one that governs itself gets no orders from it.
    """

    departments: Mapping[str, str]
    area_offices: Mapping[str, Office] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TraceStep:
    """One thing looked at on the way. `held` where it decided; `source` is file and line of the pack."""

    code: Step
    held: bool
    params: Mapping[str, str | int]
    source: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {"code": self.code.value, "held": self.held, "params": dict(self.params), "source": self.source}


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The department's key, or None for triage (for a sealed case: nobody, until its custodian is bound)."""

    department_key: str | None
    trace: tuple[TraceStep, ...]

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {"department_key": self.department_key, "trace": [step.as_dict() for step in self.trace]}


def nearest_area(code: str, metres: int) -> TraceStep:
    """Return the step for a point in no polygon, given to the nearest area."""
    return TraceStep(code=Step.NEAREST_AREA, held=False, params={"area": code, "metres": metres})


def area_overlap(chosen: str, others: Iterable[str]) -> TraceStep:
    """Return the step for a point in several polygons."""
    return TraceStep(code=Step.AREA_OVERLAP, held=False, params={"area": chosen, "others": ", ".join(others)})


def choose_department(
    category: Category,
    area_chain: tuple[AreaLink, ...],
    rules: Iterable[Rule],
    region: RegionFacts,
    *,
    place: tuple[TraceStep, ...] = (),
) -> Decision:
    """Choose by custodian alone if sealed; else by rules, first line and the category's types in order, or triage.

    `area_chain` runs from the lowest area up, empty without a place; `place` is what finding it had to say.
    """
    trace = list(place)
    for step, department_key in _steps(category, area_chain, rules, region):
        trace.append(step)
        if step.held:
            return Decision(department_key=department_key, trace=tuple(trace))
    return Decision(department_key=None, trace=tuple(trace))


def _steps(
    category: Category, chain: tuple[AreaLink, ...], rules: Iterable[Rule], region: RegionFacts
) -> Iterator[tuple[TraceStep, str | None]]:
    """Yield what is looked at, in order, with the department it would give."""
    if category.sealed:
        yield _custodian(category, region)
        return
    for rule in rules:
        yield _rule(rule, category, chain, region)
    if category.first_line is FirstLine.AREA_OFFICE:
        yield _area_office(category, chain, region)
    for kind in category.departments:
        key, params = _bound(kind, chain, region)
        missing = Step.TYPE_NOT_BOUND if chain or not _means_offices(kind, region) else Step.NO_PLACE
        yield _step(Step.TYPE_BOUND if key else missing, key, {"type": kind} | params, category.source)
    yield TraceStep(code=Step.TO_TRIAGE, held=True, params={}), None


def _custodian(category: Category, region: RegionFacts) -> tuple[TraceStep, str | None]:
    key = region.departments.get(category.custodian or "")
    code = Step.CUSTODIAN if key else Step.CUSTODIAN_NOT_BOUND
    return _step(code, key, {"type": category.custodian or ""}, category.source)


def _rule(rule: Rule, category: Category, chain: tuple[AreaLink, ...], region: RegionFacts) -> tuple[TraceStep, str | None]:
    params = {"rule": rule.key, "type": rule.department_type}
    areas = {link.code for link in chain}
    if (rule.categories and category.code not in rule.categories) or (rule.areas and rule.areas.isdisjoint(areas)):
        return _step(Step.RULE_NOT_MATCHED, None, params, rule.source)
    key, more = _bound(rule.department_type, chain, region)
    return _step(Step.RULE_HELD if key else Step.RULE_NOT_BOUND, key, params | more, rule.source)


def _area_office(category: Category, chain: tuple[AreaLink, ...], region: RegionFacts) -> tuple[TraceStep, str | None]:
    """Look for the office of the lowest area alone: where that one has none, those above it are no first line."""
    if not chain:
        return _step(Step.NO_PLACE, None, {}, category.source)
    params = {"area": chain[0].code, "kind": chain[0].kind}
    office = region.area_offices.get(chain[0].code)
    if office is None:
        return _step(Step.AREA_OFFICE_MISSING, None, params, category.source)
    return _step(Step.AREA_OFFICE_HELD, office.key, params, category.source)


def _bound(kind: str, chain: tuple[AreaLink, ...], region: RegionFacts) -> tuple[str | None, dict[str, str]]:
    """Return the department behind a type: the nearest office of that type above the place, else the unit bound to it.

    Besides, the area whose office it is.
    """
    for link in chain:
        office = region.area_offices.get(link.code)
        if office is not None and kind in office.types:
            return office.key, {"area": link.code}
    return region.departments.get(kind), {}


def _means_offices(kind: str, region: RegionFacts) -> bool:
    return any(kind in office.types for office in region.area_offices.values())


def _step(code: Step, key: str | None, params: Mapping[str, str], source: str) -> tuple[TraceStep, str | None]:
    more = {"department": key} if key else {}
    return TraceStep(code=code, held=key is not None, params={**params, **more}, source=source), key
