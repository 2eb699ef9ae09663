"""What is odd about a region's rules, though each of them is well formed: what never holds, or leaves reports to nobody."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.complaints.domain.categories import Category, Confidentiality, FirstLine, Group
from services.complaints.domain.routing import AreaLink, RegionFacts, Rule, choose_department

Place = str | None  # the lowest area's code; None stands for a report that names no place


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing found, at `path` in the room's settings: keys, items of lists by key or code. A `fault` loses reports."""

    path: tuple[str, ...]
    code: str
    params: Mapping[str, str] = field(default_factory=dict)
    fault: bool = False


def lint(
    categories: Mapping[str, Category],
    groups: Iterable[Group],
    rules: Sequence[Rule],
    region: RegionFacts,
    chains: Mapping[Place, tuple[AreaLink, ...]],
) -> Iterator[Finding]:
    """Yield what is odd. `chains` has each lowest area with those above it, and no area for None."""
    yield from _Rules(categories, region, chains).lint(rules)
    used = {category.group for category in categories.values() if category.active}
    for group in groups:
        if group.key not in used:
            yield Finding(path=("groups", group.key), code="complaints.group_empty")
    for category in categories.values():
        path = ("categories", category.code)
        if not category.active:
            continue
        if category.sealed:
            if category.custodian not in region.departments:
                word = {"word": category.custodian or ""}
                yield Finding(path=(*path, "custodian"), code="complaints.custodian_not_bound", params=word, fault=True)
        elif not any(
            choose_department(category, chain, rules, region).department_key
            for place, chain in chains.items()
            if _can_be(category, place)
        ):
            yield Finding(path=(*path, "departments"), code="complaints.category_to_triage")


def _can_be(category: Category, place: Place) -> bool:
    return place is not None or not category.location_required


class _Rules:
    """The rules in their order, over the reports that can be: each of a category and at a place."""

    def __init__(
        self, categories: Mapping[str, Category], region: RegionFacts, chains: Mapping[Place, tuple[AreaLink, ...]]
    ) -> None:
        self._categories, self._region, self._chains = categories, region, chains
        self._routed = {code: category for code, category in categories.items() if category.active and not category.sealed}
        self._above = {place: {link.code for link in chain} for place, chain in chains.items()}
        self._areas = frozenset[str]().union(*self._above.values())
        self._bound: dict[str, frozenset[Place]] = {}

    def lint(self, rules: Sequence[Rule]) -> Iterator[Finding]:
        """Yield what can never hold, or only where an earlier rule has decided."""
        decided: dict[tuple[str, Place], str] = {}  # which rule decides on the reports of a category at a place
        for rule in rules:
            said = list(self._words(rule))
            yield from said
            held = list(self._reports(rule))
            earlier = sorted({decided[report] for report in held if report in decided})
            if held and all(report in decided for report in held):
                params = {"rule": rule.key, "earlier": ", ".join(earlier)}
                yield Finding(path=("rules", rule.key), code="complaints.rule_shadowed", params=params)
            elif not held and not said:
                yield Finding(path=("rules", rule.key), code="complaints.rule_never_holds", params={"rule": rule.key})
            for report in held:
                decided.setdefault(report, rule.key)

    def _words(self, rule: Rule) -> Iterator[Finding]:
        """Yield the words of a rule by which nothing can come to it."""
        when = ("rules", rule.key, "when")
        for word in sorted(rule.categories - self._routed.keys()):
            category = self._categories.get(word)
            sealed = category is not None and category.sealed
            yield Finding(
                path=(*when, "categories"),
                code="complaints.rule_on_sealed" if sealed else "complaints.rule_on_inactive",
                params={"word": word},
            )
        for word in sorted(rule.areas - self._areas):
            yield Finding(path=(*when, "areas"), code="complaints.rule_on_unknown_area", params={"word": word})
        if not self._bound_at(rule.department_type):
            path = ("rules", rule.key, "department_type")
            yield Finding(path=path, code="complaints.rule_to_nobody", params={"word": rule.department_type})

    def _reports(self, rule: Rule) -> Iterator[tuple[str, Place]]:
        """Yield the reports on which the rule would decide if it were the first."""
        places = [
            place
            for place in self._bound_at(rule.department_type)
            if not rule.areas or not rule.areas.isdisjoint(self._above[place])
        ]
        for code in (rule.categories or self._routed.keys()) & self._routed.keys():
            yield from ((code, place) for place in places if _can_be(self._routed[code], place))

    def _bound_at(self, kind: str) -> frozenset[Place]:
        """Return where a unit stands behind the department type: asked of the routing itself, by a category of that type."""
        if kind not in self._bound:
            any_category = next(iter(self._categories.values()))
            probe = replace(
                any_category, departments=(kind,), first_line=FirstLine.DEPARTMENT, confidentiality=Confidentiality.OPEN
            )
            self._bound[kind] = frozenset(
                place for place, chain in self._chains.items() if choose_department(probe, chain, (), self._region).department_key
            )
        return self._bound[kind]
