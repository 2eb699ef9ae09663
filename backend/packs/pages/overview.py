"""The first page of the settings: which modules are on, switching them, and what was changed last."""

from typing import Any

from flask import Response
from marshmallow import fields, validate
from sqlalchemy import select

from backend.core.errors import not_found
from backend.core.text import in_language
from backend.data.context import Context
from backend.http.house import current_house
from backend.http.schema import Schema
from backend.packs.apply import apply_plan
from backend.packs.pages.parts import LONGEST_WHY, SETTINGS
from backend.packs.pages.showing import plan_shown, versions_shown
from backend.packs.routes import CONFIGURE
from backend.packs.sections import rooms
from backend.packs.settings import plan_module
from backend.packs.versions import list_versions
from backend.pages.blueprint import PageBlueprint
from backend.pages.frame import here, render, see_other
from backend.regions.models import RegionModuleRow

_LAST = 5

blueprint = PageBlueprint("packs", mount=SETTINGS, name="overview_pages")


class SwitchForm(Schema):
    """A module to be switched; without `do` it is asked first."""

    module = fields.String(required=True, validate=validate.Length(max=60))
    enabled = fields.Boolean(required=True)
    why = fields.String(load_default="", validate=validate.Length(max=LONGEST_WHY))
    do = fields.String(load_default="", validate=validate.OneOf(["", "apply"]))


@blueprint.page("GET", "", permission=CONFIGURE)
def show_settings(ctx: Context) -> Response:
    """Show the modules with what they need and what needs them, the pack's version, and what was changed last."""
    versions = versions_shown(ctx, list_versions(ctx.session, ctx.region.id, limit=_LAST))
    return render(ctx, "packs/settings.html", modules=_modules(ctx), versions=versions)


def _modules(ctx: Context) -> list[dict[str, Any]]:
    rows = select(RegionModuleRow.module).where(RegionModuleRow.region_id == ctx.region.id, RegionModuleRow.enabled)
    on = set(ctx.session.scalars(rows))
    found = rooms(current_house().registry)
    titles = {module.name: in_language(module.title, ctx.locale) for module in found.values()}
    return [
        {
            "slug": slug,
            "title": titles[module.name],
            "on": module.name in on,
            "has_settings": module.config_schema is not None,
            "requires": [titles.get(name, name) for name in module.requires],
            "missing": [titles.get(name, name) for name in module.requires if name not in on],
            "needed_by": [titles[each.name] for each in found.values() if module.name in each.requires],
            "held_by": [titles[each.name] for each in found.values() if module.name in each.requires and each.name in on],
        }
        for slug, module in found.items()
    ]


@blueprint.page("POST", "/switch", permission=CONFIGURE, form=SwitchForm, again="show_settings")
def switch_module(ctx: Context, form: dict[str, Any]) -> Any:
    """Switch a module on or off, once what that does has been seen."""
    registry = current_house().registry
    module = rooms(registry).get(form["module"])
    if module is None:
        raise not_found("modules.unknown")
    inside, plan = plan_module(ctx, registry, module, enabled=form["enabled"])
    if form["do"] != "apply":
        switched = next(each for each in _modules(ctx) if each["slug"] == form["module"])
        shown = {"module": switched, "enabled": form["enabled"], "why": form["why"], "plan": plan_shown(inside, plan)}
        return render(ctx, "packs/switch.html", **shown)
    apply_plan(inside, registry, plan, kind="switched", why=form["why"])
    return see_other(here(ctx.region, "/settings"), said="saved")
