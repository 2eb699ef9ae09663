"""Plans that wait to be applied: kept for a day, or carried as a file."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from backend.core.errors import not_found
from backend.core.ids import new_id
from backend.core.text import Catalogue
from backend.data.context import Context
from backend.packs.apply import Plan
from backend.packs.archives import read_archive, write_archive
from backend.packs.faults import Fault, PackError
from backend.packs.folder import Files
from backend.packs.models import PackPlan
from backend.packs.settings import faults_told

KEPT = timedelta(days=1)
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class KeptPlan:
    """A pack that was planned, the version of the region it was planned for, and who has signed it."""

    files: Files
    version: int
    signed_by: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)  # with which `make_plan` made it


def keep_plan(ctx: Context, plan: Plan, *, signed_by: str | None) -> UUID:
    """Keep a plan for a day, and return what it is applied by."""
    row = PackPlan(
        region_id=ctx.region.id,
        id=new_id(),
        at=ctx.now(),
        version=plan.version,
        signed_by=signed_by,
        content=write_archive(plan.pack.files, plan.pack.key),
    )
    ctx.session.add(row)
    ctx.session.flush()
    return row.id


def take_plan(ctx: Context, plan_id: UUID) -> KeptPlan:
    """Return a kept plan; it is gone then. Raises DomainError (404)."""
    row = ctx.session.get(PackPlan, (ctx.region.id, plan_id), with_for_update=True)
    if row is None or row.at < ctx.now() - KEPT:
        raise not_found("regions.no_plan")
    ctx.session.delete(row)
    return KeptPlan(files=read_archive(row.content), version=row.version, signed_by=row.signed_by)


def forget_old_plans(ctx: Context) -> None:
    """Delete the plans that nobody has applied in time."""
    old = PackPlan.at < ctx.now() - KEPT
    ctx.session.execute(delete(PackPlan).where(PackPlan.region_id == ctx.region.id, old))


def plan_file(plan: Plan, files: Files, *, keep_edits: bool, unit_successors: Mapping[str, str]) -> str:
    """Return a plan as the text of a file: the pack as it was given, how it was planned, and for which version of the region."""
    said = {
        "balai_plan": FORMAT,
        "region": plan.pack.key,
        "version": plan.version,
        "keep_edits": keep_edits,
        "unit_successors": dict(unit_successors),
        "pack": base64.b64encode(write_archive(files, plan.pack.key)).decode(),
    }
    return json.dumps(said, indent=1) + "\n"


def read_plan_file(text: str, name: str) -> KeptPlan:
    """Return what `plan_file` wrote. Raises PackError for what is no plan."""
    try:
        said = json.loads(text)
        good = said["balai_plan"] == FORMAT and isinstance(said["version"], int)
        content = base64.b64decode(said["pack"], validate=True)
        options = {"keep_edits": bool(said["keep_edits"]), "unit_successors": dict(said["unit_successors"])}
    except (ValueError, KeyError, TypeError):
        good, content, options = False, b"", {}
    if not good:
        raise PackError([Fault(name, 1, "packs.no_plan", "this is no plan that `balai region plan --out` has written")])
    return KeptPlan(files=read_archive(content), version=said["version"], options=options)


def told(plan: Plan, catalogue: Catalogue, locale: str) -> dict[str, Any]:
    """Return a plan for people and programs: every effect with its text in their language."""
    return {
        "version": plan.version,
        "changed": plan.changed,
        "changes": list(plan.changes),
        "effects": [
            {
                "code": effect.code,
                "text": catalogue.text(effect.code, locale, effect.params),
                "blocks": effect.blocks,
                "details": [dict(detail) for detail in effect.details],
            }
            for effect in plan.effects
        ],
        "conflicts": list(plan.conflicts),
        "warnings": faults_told(plan.warnings),
    }
