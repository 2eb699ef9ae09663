"""Planning and applying a pack: one transaction that makes a region what the pack says, kept as the region's next version."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from backend.accounts.locks import take_turn
from backend.core.errors import DomainError, Kind, invalid
from backend.data.context import Context, ModuleState
from backend.data.db import enter_region
from backend.data.unit_of_work import unit_of_work
from backend.departments.operations import set_departments
from backend.http.house import House
from backend.modules.contract import PACKED
from backend.modules.proposals import Effect, PackRules, Proposal
from backend.modules.registry import Registry
from backend.packs.areas import set_areas
from backend.packs.differences import compare, conflicts, said_by
from backend.packs.faults import Fault, Faults, PackError
from backend.packs.folder import EDITED, Files, edited_layers
from backend.packs.layers import layer_text, still_said
from backend.packs.merging import plain
from backend.packs.models import PackVersion
from backend.packs.neighbours import areas_on_others
from backend.packs.pack import Pack
from backend.packs.proposing import check_modules, propose
from backend.packs.reading import areas_place, key_of, lay, read_files, read_layers
from backend.packs.versions import checksum_of, files_of, had_before, keep_version
from backend.packs.yaml_text import Said, read_yaml
from backend.regions.models import RegionModuleRow, RegionRow


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a pack would do to the region as it is: `version` is the one it was made for, 0 for a region not there yet.

    `changes` are those of `differences.compare`, `conflicts` those of `differences.conflicts`.
    """

    pack: Pack
    version: int
    changed: bool
    states: Mapping[str, ModuleState]
    proposal: Proposal
    changes: Sequence[Mapping[str, Any]]
    conflicts: Sequence[Mapping[str, Any]]
    effects: Sequence[Effect]
    warnings: Sequence[Fault]


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What came of applying a pack; `version` is the region's from then on."""

    region_key: str
    changed: bool
    version: int
    areas: int
    departments: int
    modules: tuple[str, ...]
    warnings: tuple[Fault, ...]


def make_plan(
    ctx: Context,
    registry: Registry,
    files: Files,
    *,
    unit_successors: Mapping[str, str] | None = None,
    keep_edits: bool = True,
) -> tuple[Context, Plan]:
    """Return what applying `files` would do, and the context in their region; its row is locked until the unit ends.

    `keep_edits`: what admins have changed in the running region stays, unless the files have a newer word on it.
    Raises PackError with every fault of the pack; DomainError (422) when it is another region's than the context's.
    """
    key = key_of(files, otherwise="")
    if not key:
        read_files(files)  # says what is wrong with its head
    if ctx.region_or_none is not None and ctx.region.key != key:
        raise DomainError(Kind.INVALID, "regions.other_pack", params={"key": key, "region": ctx.region.key})
    row = _lock_region(ctx, key)
    before: dict[str, bytes] = {}
    lost: list[dict[str, Any]] = []
    if row is not None:
        enter_region(ctx.session, row.id)
    if row is not None and row.version:
        before = files_of(ctx.session, row.id, row.version)
        files, lost = _with_edits(ctx, row, before, files) if keep_edits else (files, [])
    pack = read_files(files)
    _check_successors(pack, unit_successors or {})
    states, warnings = check_modules(registry, ctx.ground.catalogue, pack)
    if row is None or row.areas_checksum != pack.areas_checksum:
        warnings = (*warnings, *areas_on_others(ctx, pack, areas_place(pack)))
    proposal = propose(ctx, row, pack, states, registry, unit_successors=unit_successors or {})
    ctx = replace(ctx, region_or_none=proposal.before.region if proposal.before else None)
    changed = row is None or _sums(before) != _sums(files)
    return ctx, Plan(
        pack=pack,
        version=row.version if row else 0,
        changed=changed,
        states=states,
        proposal=proposal,
        changes=compare(_said(before), said_by(pack)) if changed else [],
        conflicts=[*lost, *_conflicts(before, files)] if changed and before else [],
        effects=_effects(ctx, registry, proposal) if changed and row else [],
        warnings=warnings,
    )


def apply_plan(
    ctx: Context,
    registry: Registry,
    plan: Plan,
    *,
    kind: str,
    why: str,
    expected_version: int | None = None,
    signed_by: str | None = None,
) -> Applied:
    """Make the region what a plan of this unit of work says.

    Raises DomainError: 409 when the region has another version than `expected_version`, or while an effect of the plan blocks.
    """
    if expected_version is not None and expected_version != plan.version:
        params = {"planned": expected_version, "version": plan.version}
        raise DomainError(Kind.CONFLICT, "regions.pack_moved", params=params)
    texts = ctx.ground.catalogue
    blocking = [texts.text(each.code, ctx.locale, each.params) for each in plan.effects if each.blocks]
    if blocking:
        raise DomainError(
            Kind.CONFLICT, "regions.pack_blocked", params={"why": "; ".join(blocking)}, extra={"blocking": blocking}
        )
    version = plan.version
    if plan.changed:
        version += 1
        ctx = _write(ctx, registry, plan, version)
        keep_version(
            ctx,
            plan.pack.files,
            version=version,
            kind=kind,
            why=why,
            checksum=plan.pack.checksum,
            changes=[_brief(change) for change in plan.changes],
            signed_by=signed_by,
        )
        details = {"version": version, "kind": kind, "checksum": plan.pack.checksum}
        ctx.audit("packs.applied", subject=plan.pack.key, details=details)
        for rules in _rules(registry):
            if rules.follow and plan.version:
                rules.follow(ctx, plan.proposal)
    return Applied(
        region_key=plan.pack.key,
        changed=plan.changed,
        version=version,
        areas=len(plan.pack.areas),
        departments=len(plan.pack.departments),
        modules=tuple(sorted(name for name, state in plan.states.items() if state.enabled)),
        warnings=tuple(plan.warnings),
    )


def apply_pack(
    house: House,
    files: Files,
    *,
    kind: str = "applied",
    why: str = "",
    expected_version: int | None = None,
    signed_by: str | None = None,
    **planned: Any,
) -> Applied:
    """Plan and apply a pack in a unit of work of its own, for a command. Raises as `make_plan` and `apply_plan` do."""
    with unit_of_work(house.ground, locale="en") as outside:
        ctx, plan = make_plan(outside, house.registry, files, **planned)
        applied = apply_plan(
            ctx, house.registry, plan, kind=kind, why=why, expected_version=expected_version, signed_by=signed_by
        )
    house.directory.refresh()
    return applied


def offer_pack(house: House, files: Files) -> Applied | None:
    """Apply a pack that comes with Balai, unless the region has had it: what its admins did since is theirs. None: it has."""
    with unit_of_work(house.ground) as ctx:
        row = ctx.session.scalar(select(RegionRow).where(RegionRow.key == key_of(files)))
        if row is not None:
            enter_region(ctx.session, row.id)
            had = select(PackVersion.files).where(PackVersion.region_id == row.id, PackVersion.kind == "applied")
            if any(_shipped(sums) == _sums(files) for sums in ctx.session.scalars(had)):
                return None
    return apply_pack(house, files, why="it comes with Balai")


def _lock_region(ctx: Context, key: str) -> RegionRow | None:
    """Return the region's row, locked; of two that make one region the second waits here, and finds it made."""
    locked = select(RegionRow).where(RegionRow.key == key).with_for_update(key_share=True)
    row = ctx.session.scalar(locked)
    if row is None:
        take_turn(ctx.session, sha256(f"region {key}".encode()).digest())
        row = ctx.session.scalar(locked)
    return row


def _shipped(sums: Mapping[str, str]) -> dict[str, str]:
    return {path: checksum for path, checksum in sums.items() if not path.endswith(EDITED)}


def _sums(files: Files) -> dict[str, str]:
    return {path: checksum_of(content) for path, content in files.items()}


def _with_edits(ctx: Context, row: RegionRow, before: Files, files: Files) -> tuple[dict[str, bytes], list[dict[str, Any]]]:
    """Return the files with the layers of admins that stay, and what of these has nothing left to lie over.

    A layer stays where the files have no word on it, or an old one: one that the region has had and moved on from.
    """
    mine = edited_layers(before)
    theirs = edited_layers(files)
    old = {path for path, said in theirs.items() if mine.get(path) != said and had_before(ctx.session, row.id, said)}
    found = {path: content for path, content in files.items() if path not in old}
    kept = {path: content for path, content in mine.items() if path not in found}
    olds, news = (read_layers({at: one for at, one in each.items() if at not in kept}, Faults()) for each in (before, found))
    lost = []
    for path, content in kept.items():
        name = path.removesuffix(EDITED)
        layer = plain(read_yaml(content.decode(), path, Faults()))
        below = [plain(lay(layers[:-1], Faults()).inner(name)) for layers in (olds, news)]
        still, gone = still_said(layer, *below)
        lost += [
            {"path": f"{name}.{at}", "was": "there", "becomes": None, "stays": None, "place": f"packs/{path}"} for at in gone
        ]
        if not gone:
            found[path] = content
        elif still:
            found[path] = layer_text(still)
    return found, lost


def _check_successors(pack: Pack, named: Mapping[str, str]) -> None:
    units = {unit.key for unit in pack.departments}
    for old, new in named.items():
        if new not in units or old in units:
            raise invalid("successors", "regions.no_successor", unit=new)


def _said(files: Files) -> Mapping[str, Any]:
    try:
        return said_by(read_files(files)) if files else {}
    except PackError:  # of an earlier Balai, whose word is no longer understood: everything is new
        return {}


def _conflicts(before: Files, after: Files) -> list[dict[str, Any]]:
    """Return where the region's own word, or an admin's, stands on what has changed below it."""
    olds, news = ([_own_place(layer) for layer in read_layers(files, Faults())] for files in (before, after))
    found = []
    for above in (-2, -1):  # the region's own layer over its bases; what admins edited over that
        below = [lay([Said(layers[above].place), *layers[:above]], Faults()) for layers in (olds, news)]
        found += [one for one in conflicts(below[0], below[1], news[above]) if one not in found]
    return found


def _own_place(layer: Said) -> Said:
    """Return a layer without the head's words that every layer says of itself."""
    region = layer.inner("region")
    kept = Said(layer.place)
    for name, said in layer.items():
        kept.say(name, said, layer.at(name))
    if region:
        head = Said(region.place)
        head.say("identity", region.inner("identity"), region.at("identity"))
        kept.say("region", head, layer.at("region"))
    return kept


def _rules(registry: Registry) -> Iterator[PackRules]:
    for module in registry.modules.values():
        yield from module.contributes.get(PACKED, ())


def _effects(ctx: Context, registry: Registry, proposal: Proposal) -> list[Effect]:
    return [effect for rules in _rules(registry) if rules.foresee for effect in rules.foresee(ctx, proposal)]


def _brief(change: Mapping[str, Any]) -> dict[str, Any]:
    """Return a change without the values: they are in the versions' files."""
    items = [{name: item[name] for name in ("key", "name") if item.get(name)} for item in change["items"]]
    return {**change, "items": items}


def _write(ctx: Context, registry: Registry, plan: Plan, version: int) -> Context:
    """Write region, areas, departments and modules; return the context in the region as it is from then on."""
    pack, after = plan.pack, plan.proposal.after.region
    row = ctx.session.scalar(select(RegionRow).where(RegionRow.key == pack.key))
    if row is None:
        row = RegionRow(key=pack.key, revision=0, areas_checksum="")
        ctx.session.add(row)
    same_areas = row.areas_checksum == pack.areas_checksum
    values = {
        "code": pack.code,
        "name": pack.name,
        "timezone": after.timezone,
        "languages": list(after.languages),
        "identity": after.identity,
        "calendar": after.calendar,
        "pack_version": after.pack_version,
        "pack_checksum": pack.checksum,
        "areas_checksum": pack.areas_checksum,
        "version": version,
        "revision": row.revision + 1,
        "applied_at": ctx.now(),
    }
    for name, value in values.items():
        setattr(row, name, value)
    ctx.session.flush()
    enter_region(ctx.session, row.id)
    ctx = replace(ctx, region_or_none=replace(after, id=row.id), locale=row.languages[0])
    set_areas(ctx, pack, same=same_areas)
    set_departments(ctx, pack.departments, plan.proposal.unit_successors)
    _set_modules(ctx, registry, plan.states)
    return ctx


def _set_modules(ctx: Context, registry: Registry, states: Mapping[str, ModuleState]) -> None:
    own = select(RegionModuleRow).where(RegionModuleRow.region_id == ctx.region.id)
    rows = {row.module: row for row in ctx.session.scalars(own)}
    off = ModuleState(enabled=False, config=None, settings={}, version=1)
    for name, state in {**dict.fromkeys(rows.keys() & registry.modules.keys(), off), **states}.items():
        module, row = registry.modules[name], rows.get(name)
        was_on, said_before = (row.enabled, row.settings) if row else (False, None)
        if row is None:
            row = RegionModuleRow(region_id=ctx.region.id, module=name, version=0)
            ctx.session.add(row)
        row.enabled, row.settings = state.enabled, dict(state.settings)
        if said_before != row.settings:
            row.version += 1
        ctx.session.flush()
        if state.enabled and not was_on and module.on_enable:
            module.on_enable(ctx)
        if state.enabled and module.on_settings and (said_before != row.settings or not was_on):
            module.on_settings(ctx)
        if was_on and not state.enabled and module.on_disable:
            module.on_disable(ctx)
