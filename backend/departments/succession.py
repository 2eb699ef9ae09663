"""Departments that packs have taken out of use: their names, and who follows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select

from backend.data.context import Context
from backend.departments.models import Department
from backend.departments.queries import department_book
from backend.modules.succession import heir_of

_KEPT_AS = "departments.ended"


@dataclass(frozen=True, eq=False)
class EndedUnits:
    """The departments of one region that are no longer in use: their names, and who has taken over in the end (or nobody)."""

    names: Mapping[str, str]
    heirs: Mapping[str, str | None]

    @cached_property
    def forerunners(self) -> Mapping[str, frozenset[str]]:
        """By the department in use, those whose work it has taken over."""
        return {
            heir: frozenset(key for key, other in self.heirs.items() if other == heir) for heir in self.heirs.values() if heir
        }

    @cached_property
    def without_heir(self) -> frozenset[str]:
        """Those whose work nobody has taken over."""
        return frozenset(key for key, heir in self.heirs.items() if heir is None)


def ended_units(ctx: Context) -> EndedUnits:
    """Return the region's departments that are out of use: read once while its snapshot stands."""
    ended: EndedUnits | None = ctx.region.kept.get(_KEPT_AS)
    if ended is None:
        rows = ctx.session.execute(
            select(Department.key, Department.name, Department.successor).where(
                Department.region_id == ctx.region.id, Department.active.is_(False)
            )
        ).all()
        in_use, successors = department_book(ctx).by_key.keys(), {row.key: row.successor for row in rows}
        ended = EndedUnits(
            names={row.key: row.name for row in rows}, heirs={key: heir_of(key, successors, in_use) for key in successors}
        )
        ctx.region.kept[_KEPT_AS] = ended
    return ended


def unit_name(ctx: Context, key: str) -> str:
    """Return what a department is called, or was called last; its key where the region never had it."""
    unit = department_book(ctx).by_key.get(key)
    return unit.name if unit else ended_units(ctx).names.get(key, key)
