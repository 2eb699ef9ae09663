"""What a pack would make of a region, as modules see it: the region before and after, and what each has to say about it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from backend.core.geo import AreaIndex
from backend.data.context import Area, Context, Region


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A department as a pack says it; an area office has the `area_code` of its area."""

    key: str
    name: str
    kind: str  # department, area_office or external
    types: tuple[str, ...]
    area_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Side:
    """A region as it is, or as a pack would make it: its modules' settings parsed, its areas and units in use."""

    region: Region
    areas: Mapping[str, Area]
    units: Mapping[str, Unit]
    boundaries: Callable[[], Iterable[tuple[str, bytes]]]  # of the lowest areas, WKB with longitude first

    @cached_property
    def index(self) -> AreaIndex:
        """The lowest areas by place; made when it is first asked."""
        return AreaIndex((self.region.id, code, boundary) for code, boundary in self.boundaries())

    def chain(self, code: str) -> list[Area]:
        """Return the area of that code and its parents, lowest first."""
        found: list[Area] = []
        at = self.areas.get(code)
        while at is not None and at not in found:
            found.append(at)
            at = self.areas.get(at.parent_code or "")
        return found


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A change of a region by a pack. `before` is None for a region that is not there yet.

    Successors are what the pack names for what it ends: a unit's by key, an area's (one, or several where it is split) by code.
    """

    before: Side | None
    after: Side
    unit_successors: Mapping[str, str] = field(default_factory=dict)
    area_successors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def ended_units(self) -> list[str]:
        """Keys of the units that are in use and would be no longer."""
        return sorted(self.before.units.keys() - self.after.units.keys()) if self.before else []

    @property
    def ended_areas(self) -> list[str]:
        """Codes of the areas that are in use and would be no longer."""
        return sorted(self.before.areas.keys() - self.after.areas.keys()) if self.before else []


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One thing a proposal does. `code` and `params` make the text; the pack is refused while one `blocks`.

    `details` are for whoever wants it exactly: mappings of plain values, at most some hundred.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    blocks: bool = False
    details: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class PackFinding:
    """What a module finds in a pack without a database: at `path` in its own file; a fault refuses it, else it is a warning."""

    path: tuple[str | int, ...]
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    fault: bool = False


@dataclass(frozen=True, kw_only=True)
class PackRules:
    """What a module contributes to packs: `check` the pack alone, `foresee` what it would do, `follow` once it is applied.

    `foresee` only asks. `follow` runs in the transaction that applies the pack, in the region as it is from then on.
    `restate`, for a module whose admins edit rows, is given its settings as they are written, and returns them as its own tables
    have them by now; None where they say the same.
    """

    check: Callable[[Side], Iterable[PackFinding]] | None = None
    foresee: Callable[[Context, Proposal], Iterable[Effect]] | None = None
    follow: Callable[[Context, Proposal], None] | None = None
    restate: Callable[[Context, Mapping[str, Any]], Mapping[str, Any] | None] | None = None
