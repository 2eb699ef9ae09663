"""The region's departments, for pickers."""

from typing import Any

from marshmallow import fields

from backend.data.context import Context
from backend.departments.queries import department_book
from backend.http.blueprint import REGION, RoomBlueprint
from backend.http.schema import Schema, page_of

blueprint = RoomBlueprint("departments", mount=f"{REGION}/departments", doc="Departments of a region")


class DepartmentOut(Schema):
    """A department in a list."""

    key = fields.String(required=True, metadata={"examples": ["dlhk"]})
    name = fields.String(required=True, metadata={"examples": ["Dinas Lingkungan Hidup, Kebersihan dan Keindahan"]})
    kind = fields.String(required=True, metadata={"examples": ["department"]})


@blueprint.endpoint("GET", "", public=True, out=page_of(DepartmentOut))
def list_region_departments(ctx: Context) -> dict[str, Any]:
    """List the departments to which complaints may go."""
    items = [{"key": unit.key, "name": unit.name, "kind": unit.kind} for unit in department_book(ctx).by_key.values()]
    return {"items": items, "next_cursor": None}
