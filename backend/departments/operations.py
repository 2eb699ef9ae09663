"""What changes departments: a pack."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from sqlalchemy import select

from backend.core.ids import new_id
from backend.data.context import Context
from backend.departments.models import Department


class Said(Protocol):
    """A department as a pack says it."""

    @property
    def key(self) -> str:
        """Unique in the region."""

    @property
    def name(self) -> str:
        """As people read it."""

    @property
    def kind(self) -> str:
        """Department, area_office or external."""

    @property
    def types(self) -> tuple[str, ...]:
        """What packs route to it by."""

    @property
    def area_code(self) -> str | None:
        """The area of an area office."""

    @property
    def email(self) -> str | None:
        """Where it is written to."""

    @property
    def verified(self) -> bool:
        """Whether somebody has checked the name."""


def set_departments(ctx: Context, said: Iterable[Said], successors: Mapping[str, str]) -> None:
    """Make the region's departments those of a pack; one that has left it is retired, not removed, and says who follows it."""
    known = {row.key: row for row in ctx.session.scalars(select(Department).where(Department.region_id == ctx.region.id))}
    for unit in said:
        row = known.pop(unit.key, None)
        if row is None:
            row = Department(region_id=ctx.region.id, id=new_id(), key=unit.key)
            ctx.session.add(row)
        row.name, row.kind, row.types, row.area_code = unit.name, unit.kind, list(unit.types), unit.area_code
        row.email, row.verified, row.active = unit.email, unit.verified, True
        row.successor = None
    for row in known.values():
        row.active, row.successor = False, successors.get(row.key, row.successor)
    ctx.session.flush()
