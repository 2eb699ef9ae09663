"""The rules of a region as it is, or as a pack would make it: which department a report would go to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from backend.sdk.packs import DepartmentBook, DepartmentView, PackFinding, Side
from services.complaints.config import Settings
from services.complaints.domain.linting import Place, lint
from services.complaints.domain.routing import AreaLink, RegionFacts, choose_department


@dataclass(frozen=True, eq=False)
class Rulebook:
    """The room's settings in a region, before the units and areas of that region."""

    side: Side
    settings: Settings

    @cached_property
    def facts(self) -> RegionFacts:
        """What routing asks about the region's units."""
        units = {
            unit.key: DepartmentView(
                key=unit.key, name=unit.name, kind=unit.kind, types=unit.types, area_code=unit.area_code, verified=False
            )
            for unit in self.side.units.values()
        }
        return facts_of(DepartmentBook(units))

    @cached_property
    def chains(self) -> Mapping[Place, tuple[AreaLink, ...]]:
        """Each area with those above it, and none for a report without a place."""
        return {None: (), **{code: tuple(_links(self.side, code)) for code in self.side.areas}}

    @cached_property
    def open_states(self) -> frozenset[str]:
        """The states in which somebody still has to do something."""
        return frozenset(state.key for state in self.settings.workflow.states if not state.final)

    def department(self, category: str, place: Place) -> str | None:
        """Return where a report of a known category would go; None for triage."""
        chain = self.chains.get(place, ())
        return choose_department(self.settings.categories[category], chain, self.settings.rules, self.facts).department_key


def _links(side: Side, code: str) -> Iterator[AreaLink]:
    return (AreaLink(area.code, area.kind) for area in side.chain(code))


def facts_of(book: DepartmentBook) -> RegionFacts:
    """Return what routing asks about the units of a region."""
    return RegionFacts(departments=book.by_type, area_offices=book.area_offices)


def rulebook(side: Side | None) -> Rulebook | None:
    """Return the rules of a region; None where the room has no settings there."""
    state = side.region.modules.get("complaints") if side else None
    return Rulebook(side, state.config) if side and state and state.config else None


def check(side: Side) -> Iterator[PackFinding]:
    """Yield what a pack's author should look at, and what would lose reports."""
    book = rulebook(side)
    if book is None:
        return
    settings = book.settings
    lowest = {place: chain for place, chain in book.chains.items() if place is None or side.areas[place].lowest}
    for finding in lint(settings.categories, settings.groups.values(), settings.rules, book.facts, lowest):
        yield PackFinding(path=finding.path, code=finding.code, params=finding.params, fault=finding.fault)
