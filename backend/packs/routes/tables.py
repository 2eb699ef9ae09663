"""Routes of the tables that people keep in spreadsheets: out as CSV or XLSX, and in again."""

import hashlib
from typing import Any

from flask import Response, request
from marshmallow import fields, validate

from backend.core.errors import DomainError, Kind
from backend.data.context import Context
from backend.http.blueprint import REGION, RoomBlueprint
from backend.http.house import current_house
from backend.http.schema import Schema
from backend.packs.routes import CONFIGURE
from backend.packs.routes.packs import AppliedOut
from backend.packs.settings import get_files, refusing
from backend.packs.tabling import MEDIA, TABLES, XLSX, export_table, import_table

blueprint = RoomBlueprint("packs", name="pack_tables", mount=f"{REGION}/pack/tables", doc="A region's tables as spreadsheets")


class TablesOut(Schema):
    """The tables people ask for first; any other keyed list of a module is one too, as `module.list`."""

    items = fields.List(fields.String(), required=True, metadata={"examples": [["departments", "complaints.categories"]]})


class TableQuery(Schema):
    """Which form."""

    format = fields.String(load_default="csv", validate=validate.OneOf(["csv", "xlsx"]))


class ImportQuery(Schema):
    """Why it changes."""

    why = fields.String(load_default="", validate=validate.Length(max=500), metadata={"examples": ["Qanun 3/2027"]})


def _tag(csv: bytes) -> str:
    return f'"{hashlib.sha256(csv).hexdigest()[:20]}"'


@blueprint.endpoint("GET", "", permission=CONFIGURE, out=TablesOut)
def list_tables(_ctx: Context) -> dict[str, Any]:
    """Name the tables."""
    return {"items": list(TABLES)}


@blueprint.endpoint("GET", "/<table>", permission=CONFIGURE, query=TableQuery, media="text/csv")
def get_table(ctx: Context, query: dict[str, str], table: str) -> Response:
    """Return a table; the ETag, the same for both forms, is what PUT asks for in If-Match."""
    files = get_files(ctx)
    with refusing():
        csv = export_table(files, table, "csv")
        content = csv if query["format"] == "csv" else export_table(files, table, "xlsx")
    headers = {"ETag": _tag(csv), "Content-Disposition": f'attachment; filename="{table}.{query["format"]}"'}
    return Response(content, content_type=MEDIA[query["format"]], headers=headers)


@blueprint.endpoint(
    "PUT",
    "/<table>",
    permission=CONFIGURE,
    query=ImportQuery,
    raw=("text/csv", XLSX),
    out=AppliedOut,
    if_match="required",
)
def put_table(ctx: Context, query: dict[str, str], content: bytes, table: str) -> dict[str, Any]:
    """Make a table what a CSV or XLSX says: every row of it, as the next version of the pack; needs If-Match."""
    match = request.headers.get("If-Match", "")
    if not match:
        raise DomainError(Kind.STALE, "request.if_match_needed")
    files = get_files(ctx, to_change=True)
    suffix = "xlsx" if request.mimetype == XLSX else "csv"
    with refusing():
        if match != _tag(export_table(files, table, "csv")):
            raise DomainError(Kind.STALE, "request.stale")
        done = import_table(ctx, current_house().registry, files, table=table, content=content, suffix=suffix, why=query["why"])
    return {"version": done.version, "changed": done.changed}
