"""Questions about departments, answered from a copy that is kept with the region's snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from sqlalchemy import select

from backend.data.context import Context
from backend.departments.models import Department

_KEPT_AS = "departments"
_IN_COMMON = 4096  # units that are held once however many regions have them: those of a base pack, and no region's own for long
_READ = (
    select(Department.key, Department.name, Department.kind, Department.types, Department.area_code, Department.verified)
    .where(Department.active)
    .order_by(Department.name, Department.key)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class DepartmentView:
    """An active department."""

    key: str
    name: str
    kind: str
    types: tuple[str, ...]
    area_code: str | None
    verified: bool


_view = lru_cache(_IN_COMMON)(DepartmentView)


@dataclass(frozen=True)
class DepartmentBook:
    """The active departments of one region, by key in the order of their names."""

    by_key: Mapping[str, DepartmentView]

    @cached_property
    def by_type(self) -> Mapping[str, str]:
        """Department keys by the types bound to them; where two units bind a type, the first by key takes it."""
        units = [unit for unit in self.by_key.values() if unit.kind != "area_office"]
        return {kind: unit.key for unit in sorted(units, key=lambda unit: unit.key, reverse=True) for kind in unit.types}

    @cached_property
    def area_offices(self) -> Mapping[str, DepartmentView]:
        """Area offices by the code of their area; their types are what such an office is called by."""
        return {unit.area_code: unit for unit in self.by_key.values() if unit.kind == "area_office" and unit.area_code}


def bound_types(ctx: Context) -> frozenset[str]:
    """Return the types bound to the region's units as they are written now: for settings that are about to hold."""
    rows = ctx.session.scalars(select(Department.types).where(Department.region_id == ctx.region.id, Department.active))
    return frozenset(kind for types in rows for kind in types)


def department_book(ctx: Context) -> DepartmentBook:
    """Return the region's departments: one statement while its snapshot stands, none after the first."""
    book: DepartmentBook | None = ctx.region.kept.get(_KEPT_AS)
    if book is None:
        rows = ctx.session.execute(_READ.where(Department.region_id == ctx.region.id))
        units = [_view(**{**row._mapping, "types": tuple(row.types)}) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name
        book = DepartmentBook({unit.key: unit for unit in units})
        ctx.region.kept[_KEPT_AS] = book
    return book
