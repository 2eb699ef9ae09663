"""The pack as a whole: its versions, what differs between two, going back to one, and a pack out of a file."""

from typing import Any

from flask import Response
from marshmallow import fields, validate

from backend.core.errors import DomainError, Kind
from backend.data.context import Context
from backend.http.house import current_house
from backend.http.schema import Schema
from backend.packs.apply import make_plan
from backend.packs.archives import write_archive
from backend.packs.exporting import export_files
from backend.packs.managing import apply_files, compare_versions, receive_archive
from backend.packs.pages.parts import LONGEST_WHY, SETTINGS
from backend.packs.pages.showing import changes_shown, plan_shown, sent_file, sent_form, successors_in, versions_shown
from backend.packs.plans import keep_plan, take_plan
from backend.packs.routes import CONFIGURE
from backend.packs.settings import refusing
from backend.packs.versions import files_of, get_version, list_versions
from backend.pages.blueprint import PageBlueprint
from backend.pages.frame import here, render, see_other

_AT_ONCE, _LARGEST = 20, 2**53
_version = validate.Range(1, _LARGEST)

blueprint = PageBlueprint("packs", mount=SETTINGS, name="whole_pages")


class VersionsQuery(Schema):
    """Where the list of versions goes on."""

    before = fields.Integer(load_default=None, validate=_version)


class VersionQuery(Schema):
    """Which version; the present one, or the one before it, if none is named."""

    version = fields.Integer(load_default=None, validate=_version)


class PairQuery(Schema):
    """Two versions."""

    since = fields.Integer(load_default=None, validate=_version)
    until = fields.Integer(load_default=None, validate=_version)


class UploadForm(Schema):
    """How the pack of a file is planned."""

    drop_edits = fields.Boolean(load_default=False)


class ApplyForm(Schema):
    """A plan that was looked at."""

    plan = fields.UUID(required=True)
    kind = fields.String(load_default="applied", validate=validate.OneOf(["applied", "table"]))
    why = fields.String(load_default="", validate=validate.Length(max=LONGEST_WHY))

    class Meta:
        """Successors have names of their own."""

        unknown = "exclude"


class RollbackForm(Schema):
    """A version to go back to, and the one that the region had when that was looked at."""

    version = fields.Integer(required=True, validate=_version)
    seen = fields.Integer(required=True, validate=_version)
    why = fields.String(load_default="", validate=validate.Length(max=LONGEST_WHY))

    class Meta:
        """Successors have names of their own."""

        unknown = "exclude"


@blueprint.page("GET", "/pack", permission=CONFIGURE, query=VersionsQuery)
def show_pack(ctx: Context, query: dict[str, Any]) -> Response:
    """List the versions of the pack, the newest first, with who made each and why."""
    rows = list_versions(ctx.session, ctx.region.id, limit=_AT_ONCE + 1, before=query["before"])
    more = rows[_AT_ONCE - 1].version if len(rows) > _AT_ONCE else None
    newest = rows[:1] if query["before"] is None else list_versions(ctx.session, ctx.region.id, limit=1)
    shown = {"versions": versions_shown(ctx, rows[:_AT_ONCE]), "present": newest[0].version if newest else 0, "more": more}
    return render(ctx, "packs/versions.html", origin=ctx.region.identity.get("origin"), **shown)


@blueprint.page("GET", "/pack/file", permission=CONFIGURE, query=VersionQuery, media="application/gzip")
def get_pack_file(ctx: Context, query: dict[str, Any]) -> Response:
    """Return a version of the pack as a tar.gz."""
    files = export_files(ctx, current_house().registry, query["version"])
    name = ctx.region.key + (f"-{query['version']}" if query["version"] else "")
    headers = {"Content-Disposition": f'attachment; filename="{name}.tar.gz"', "Cache-Control": "no-store"}
    return Response(write_archive(files, ctx.region.key), content_type="application/gzip", headers=headers)


@blueprint.page("GET", "/pack/diff", permission=CONFIGURE, query=PairQuery)
def show_diff(ctx: Context, query: dict[str, Any]) -> Response:
    """Show what differs between two versions."""
    since, until, changes = compare_versions(ctx, query["since"], query["until"])
    return render(ctx, "packs/diff.html", since=since, until=until, changes=changes_shown(changes))


@blueprint.page("POST", "/pack/file", permission=CONFIGURE, query=VersionsQuery, form=UploadForm, again="show_pack")
def take_pack_file(ctx: Context, query: dict[str, Any], form: dict[str, Any]) -> Response:
    """Check a pack out of a file, and show what it would change before it does."""
    del query
    house = current_house()
    files, signer = receive_archive(house, sent_file("file").read())
    with refusing():
        inside, plan = make_plan(ctx, house.registry, files, keep_edits=not form["drop_edits"])
    kept = keep_plan(inside, plan, signed_by=signer)
    shown = {"plan": plan_shown(inside, plan), "kept": kept, "kind": "applied", "why": ""}
    return render(ctx, "packs/plan.html", back="/settings/pack", **shown)


@blueprint.page("POST", "/pack/apply", permission=CONFIGURE, query=VersionsQuery, form=ApplyForm, again="show_pack")
def apply_kept(ctx: Context, query: dict[str, Any], form: dict[str, Any]) -> Any:
    """Apply a plan that was shown, if the region is still what it was made for."""
    del query
    kept = take_plan(ctx, form["plan"])
    done: dict[str, Any] = {"kind": form["kind"], "why": form["why"], "successors": successors_in(sent_form())}
    apply_files(ctx, current_house().registry, kept.files, expected=kept.version, signed_by=kept.signed_by, **done)
    return see_other(here(ctx.region, "/settings/pack"), said="saved")


@blueprint.page("GET", "/pack/rollback", permission=CONFIGURE, query=VersionQuery)
def show_rollback(ctx: Context, query: dict[str, Any]) -> Response:
    """Show what going back to a version would do."""
    newest = list_versions(ctx.session, ctx.region.id, limit=1)
    if not newest:
        raise DomainError(Kind.CONFLICT, "regions.no_pack")
    version = query["version"] or max(1, newest[0].version - 1)
    with refusing():
        files = files_of(ctx.session, ctx.region.id, version)
        inside, plan = make_plan(ctx, current_house().registry, files, keep_edits=False)
    return render(ctx, "packs/rollback.html", version=version, present=plan.version, plan=plan_shown(inside, plan))


@blueprint.page("POST", "/pack/rollback", permission=CONFIGURE, query=VersionQuery, form=RollbackForm, again="show_rollback")
def roll_back(ctx: Context, query: dict[str, Any], form: dict[str, Any]) -> Any:
    """Make the region what it was in an earlier version; that is a version more."""
    del query
    files = files_of(ctx.session, ctx.region.id, form["version"])
    signer = get_version(ctx.session, ctx.region.id, form["version"]).signed_by
    why = form["why"] or f"version {form['version']}"
    done: dict[str, Any] = {"kind": "rolled_back", "why": why, "successors": successors_in(sent_form())}
    apply_files(ctx, current_house().registry, files, expected=form["seen"], signed_by=signer, **done)
    return see_other(here(ctx.region, "/settings/pack"), said="saved")
