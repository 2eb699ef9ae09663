"""Routes of a region's pack: export, history, and how a pack is validated, planned, applied and taken back."""

from typing import Any

from flask import Response
from marshmallow import fields, validate

from backend.core.paging import decode_cursor, encode_cursor
from backend.data.context import Context
from backend.http.blueprint import REGION, RoomBlueprint
from backend.http.house import current_house
from backend.http.schema import ListQuery, Schema, page_of
from backend.packs.apply import make_plan
from backend.packs.archives import write_archive
from backend.packs.exporting import export_files
from backend.packs.folder import Files
from backend.packs.managing import apply_files, compare_versions, receive_archive
from backend.packs.plans import keep_plan, take_plan, told
from backend.packs.proposing import check_modules
from backend.packs.reading import read_files
from backend.packs.routes import CONFIGURE
from backend.packs.settings import faults_told, refusing
from backend.packs.versions import files_of, get_version, list_versions

ARCHIVE = ("application/gzip", "application/x-gzip", "application/x-tar+gzip", "application/octet-stream")
_LARGEST = 2**53
_EXAMPLE = {"examples": [3]}
_version = validate.Range(1, _LARGEST)
_why: dict[str, Any] = {"validate": validate.Length(max=500), "metadata": {"examples": ["Qanun 3/2027"]}}

blueprint = RoomBlueprint("packs", name="pack", mount=f"{REGION}/pack", doc="A region's pack: planned, applied, taken back")


class ChangeOut(Schema):
    """What differs in one list of one file, or in single values of it: `what` is empty then."""

    section = fields.String(required=True, metadata={"examples": ["complaints"]})
    what = fields.String(required=True, metadata={"examples": ["categories"]})
    kind = fields.String(required=True, metadata={"examples": ["renamed"]})
    count = fields.Integer(required=True)
    items = fields.List(fields.Dict(), required=True)


class FaultOut(Schema):
    """A fault or a warning, at its file and line."""

    file = fields.String(required=True, metadata={"examples": ["banda-aceh/complaints.yaml"]})
    line = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)


class ValidOut(Schema):
    """A pack without faults."""

    key = fields.String(required=True, metadata={"examples": ["banda-aceh"]})
    areas = fields.Integer(required=True)
    departments = fields.Integer(required=True)
    warnings = fields.List(fields.Nested(FaultOut), required=True)


class EffectOut(Schema):
    """One thing that applying would do; the pack cannot be applied while one `blocks`."""

    code = fields.String(required=True)
    text = fields.String(required=True)
    blocks = fields.Boolean(required=True)
    details = fields.List(fields.Dict(), required=True)


class PlanOut(Schema):
    """What applying a pack would do; `plan` is what it is applied by."""

    plan = fields.UUID(required=True)
    version = fields.Integer(required=True, metadata={"description": "The version of the region that it was made for"})
    changed = fields.Boolean(required=True)
    changes = fields.List(fields.Nested(ChangeOut), required=True)
    effects = fields.List(fields.Nested(EffectOut), required=True)
    conflicts = fields.List(fields.Dict(), required=True)
    warnings = fields.List(fields.Nested(FaultOut), required=True)


class PlanQuery(Schema):
    """How a pack is planned."""

    keep_edits = fields.Boolean(
        load_default=True, metadata={"description": "Keep what admins have changed since, where the pack has no newer word on it"}
    )


class ApplyIn(Schema):
    """A plan to be applied; `successors` names who takes over from departments that end thereby, where its pack does not."""

    plan = fields.UUID(required=True)
    why = fields.String(load_default="", **_why)
    successors = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)


class RollbackIn(Schema):
    """A version to go back to; `successors` names who takes over from departments that end thereby."""

    version = fields.Integer(required=True, strict=True, validate=_version, metadata=_EXAMPLE)
    why = fields.String(load_default="", **_why)
    successors = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)


class AppliedOut(Schema):
    """What came of it."""

    version = fields.Integer(required=True)
    changed = fields.Boolean(required=True)


class VersionOut(Schema):
    """One version of a region's pack."""

    version = fields.Integer(required=True)
    kind = fields.String(required=True, metadata={"examples": ["applied"]})
    at = fields.AwareDateTime(required=True)
    by = fields.UUID(required=True, allow_none=True, metadata={"description": "The admin's account; null: the command line"})
    why = fields.String(required=True)
    checksum = fields.String(required=True)
    signed_by = fields.String(required=True, allow_none=True)
    changes = fields.List(fields.Nested(ChangeOut), required=True)


class ExportQuery(Schema):
    """Which version; the present one if none is named."""

    version = fields.Integer(validate=_version, metadata=_EXAMPLE)


class DiffQuery(Schema):
    """Two versions: the present one if `until` is not named, the one before that if `since` is not."""

    since = fields.Integer(validate=_version, metadata=_EXAMPLE)
    until = fields.Integer(validate=_version, metadata=_EXAMPLE)


class DiffOut(Schema):
    """What differs between two versions."""

    changes = fields.List(fields.Nested(ChangeOut), required=True)


@blueprint.endpoint("GET", "", permission=CONFIGURE, query=ExportQuery, media="application/gzip")
def export(ctx: Context, query: dict[str, int]) -> Response:
    """Export the region's pack with the bases it was read with, as a tar.gz that applies to an identical region."""
    files = export_files(ctx, current_house().registry, query.get("version"))
    name = f"{ctx.region.key}.tar.gz"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(write_archive(files, ctx.region.key), content_type="application/gzip", headers=headers)


@blueprint.endpoint("GET", "/history", permission=CONFIGURE, query=ListQuery, out=page_of(VersionOut))
def history(ctx: Context, query: dict[str, Any]) -> dict[str, Any]:
    """List the versions of the region's pack, the newest first."""
    before = decode_cursor(query["cursor"], int)[0] if query.get("cursor") else None
    rows = list_versions(ctx.session, ctx.region.id, limit=query["limit"] + 1, before=before)
    more = len(rows) > query["limit"]
    shown = rows[: query["limit"]]
    items = [
        {
            "version": row.version,
            "kind": row.kind,
            "at": row.at,
            "by": row.by_account,
            "why": row.why,
            "checksum": row.checksum,
            "signed_by": row.signed_by,
            "changes": row.changes,
        }
        for row in shown
    ]
    return {"items": items, "next_cursor": encode_cursor(shown[-1].version) if more else None}


@blueprint.endpoint("GET", "/diff", permission=CONFIGURE, query=DiffQuery, out=DiffOut)
def diff(ctx: Context, query: dict[str, int]) -> dict[str, Any]:
    """Return what differs between two versions of the region's pack."""
    return {"changes": compare_versions(ctx, query.get("since"), query.get("until"))[2]}


@blueprint.endpoint("POST", "/validate", permission=CONFIGURE, raw=ARCHIVE, out=ValidOut)
def validate_pack(_ctx: Context, content: bytes) -> dict[str, Any]:
    """Check a pack (tar.gz, at most 50 MB): 422 with every fault at its file and line, or its warnings."""
    files, _ = receive_archive(current_house(), content)
    house = current_house()
    with refusing():
        pack = read_files(files, borders=True)
        _, warnings = check_modules(house.registry, house.ground.catalogue, pack)
    told_warnings = faults_told(warnings)
    return {"key": pack.key, "areas": len(pack.areas), "departments": len(pack.departments), "warnings": told_warnings}


@blueprint.endpoint("POST", "/plan", permission=CONFIGURE, query=PlanQuery, raw=ARCHIVE, out=PlanOut)
def plan_pack(ctx: Context, query: dict[str, bool], content: bytes) -> dict[str, Any]:
    """Plan a pack (tar.gz): what would change, and what that does to open complaints and to the last 30 days' routing."""
    files, signer = receive_archive(current_house(), content)
    house = current_house()
    with refusing():
        inside, plan = make_plan(ctx, house.registry, files, keep_edits=query["keep_edits"])
    kept = keep_plan(inside, plan, signed_by=signer)
    return {"plan": kept, **told(plan, house.ground.catalogue, ctx.locale)}


@blueprint.endpoint("POST", "/apply", permission=CONFIGURE, body=ApplyIn, out=AppliedOut)
def apply(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Apply a plan in one transaction: 409 when the region has moved since it was made, or while one of its effects blocks."""
    kept = take_plan(ctx, body["plan"])
    said = {"why": body["why"], "successors": body["successors"]}
    return _applied(ctx, kept.files, kind="applied", expected=kept.version, signed_by=kept.signed_by, **said)


@blueprint.endpoint("POST", "/rollback", permission=CONFIGURE, body=RollbackIn, out=AppliedOut)
def rollback(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Make the region what it was in an earlier version; that is a version more."""
    files = files_of(ctx.session, ctx.region.id, body["version"])
    signer = get_version(ctx.session, ctx.region.id, body["version"]).signed_by
    why = body["why"] or f"version {body['version']}"
    return _applied(ctx, files, kind="rolled_back", why=why, signed_by=signer, successors=body["successors"])


def _applied(ctx: Context, files: Files, **how: Any) -> dict[str, Any]:
    done = apply_files(ctx, current_house().registry, files, **how)
    return {"version": done.version, "changed": done.changed}
