"""What a regional admin changes while the system runs, as a small change of the pack: a layer over it that Balai writes."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import select

from backend.core.errors import DomainError, FieldError, Kind, invalid
from backend.data.context import Context
from backend.http.schema import field_errors
from backend.modules.contract import ServiceModule
from backend.modules.registry import Registry
from backend.packs.apply import Applied, Plan, apply_plan, make_plan
from backend.packs.differences import layer_saying
from backend.packs.faults import Fault, Faults, PackError, Place
from backend.packs.folder import EDITED, Files
from backend.packs.layers import layer_text
from backend.packs.merging import merge, plain
from backend.packs.proposing import check_modules
from backend.packs.reading import lay, read_files, read_layers, said_in
from backend.packs.versions import files_of
from backend.packs.yaml_text import MAX_DEPTH, Said, identifier, read_yaml
from backend.regions.models import RegionModuleRow, RegionRow

_CITATION = re.compile(r"packs/[^:]+:\d+")


def get_files(ctx: Context, *, to_change: bool = False) -> dict[str, bytes]:
    """Return the files of the region's present version; `to_change`: it stays the present one until the unit of work ends.

    Raises DomainError (409) for a region without one.
    """
    row = select(RegionRow.version).where(RegionRow.id == ctx.region.id)
    version = ctx.session.scalar(row.with_for_update(key_share=True) if to_change else row)
    if not version:
        raise DomainError(Kind.CONFLICT, "regions.no_pack")
    return files_of(ctx.session, ctx.region.id, version)


def edited(files: Files, name: str, change: Mapping[str, Any]) -> dict[str, bytes]:
    """Return `files` with the edited layer of one file that makes its whole content `change`.

    Raises DomainError (422) for what the YAML of packs cannot hold, or a layer cannot say: a key twice in a list, a name that
    means something to packs.
    """
    if _too_deep(change):
        raise invalid("values", "regions.pack_unwritable")
    said = lay(read_layers(files, Faults())[:-1], Faults()).inner(name)
    below = plain(said)
    wanted = without_citations(change, below)
    layer = layer_saying(below, wanted)
    path = f"{name}{EDITED}"
    rest = {at: content for at, content in files.items() if at != path}
    if not layer:
        return rest
    content = layer_text(layer)
    faults, whole, over = Faults(), Said(said.place), Said(said.place)
    whole.say(name, said, said.place)
    over.say(name, read_yaml(content.decode(errors="replace"), path, faults), said.place)
    if plain(merge(whole, over, faults)) != {name: wanted} or faults:
        raise invalid("values", "regions.pack_unwritable")
    return {**rest, path: content}


def _too_deep(value: Any) -> bool:
    """Tell whether a value is nested deeper than a pack may be; without recursion, which has an end of its own."""
    waiting = [(value, 0)]
    while waiting:
        held, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return True
        inner = held.values() if isinstance(held, Mapping) else held if isinstance(held, list) else ()
        waiting += [(item, depth + 1) for item in inner]
    return False


def said_now(files: Files, name: str) -> dict[str, Any]:
    """Return `said_in` as plain values."""
    said: dict[str, Any] = plain(said_in(files, name))
    return said


def without_citations(value: Any, below: Any = None) -> Any:
    """Return `value` without the `source` that Balai adds to items of keyed lists: where they stand in the pack."""
    if isinstance(value, Mapping):
        inner = below if isinstance(below, Mapping) else {}
        return {
            key: without_citations(item, inner.get(key))
            for key, item in value.items()
            if not (key == "source" and isinstance(item, str) and _CITATION.fullmatch(item) and key not in inner)
        }
    if isinstance(value, list):
        known = {identifier(item): item for item in below} if isinstance(below, list) else {}
        return [without_citations(item, known.get(identifier(item))) for item in value]
    return value


def change_module(
    ctx: Context,
    registry: Registry,
    module: ServiceModule,
    *,
    values: Mapping[str, Any] | None = None,
    enabled: bool | None = None,
    expected_version: int | None = None,
    why: str = "",
) -> Applied:
    """Give a module other settings in the region, or switch it on or off, as the next version of the region's pack.

    Raises DomainError: 412 when its settings have another version than `expected_version`, 422 naming what is wrong with them,
    409 when another module needs it, or it needs one that is off.
    """
    inside, plan = plan_module(ctx, registry, module, values=values, enabled=enabled, expected_version=expected_version)
    return apply_plan(inside, registry, plan, kind="settings" if enabled is None else "switched", why=why)


def plan_module(
    ctx: Context,
    registry: Registry,
    module: ServiceModule,
    *,
    values: Mapping[str, Any] | None = None,
    enabled: bool | None = None,
    expected_version: int | None = None,
) -> tuple[Context, Plan]:
    """Plan what `change_module` does; returns and raises as `make_plan` and `change_module` do."""
    files = get_files(ctx, to_change=True)
    row = ctx.session.get(RegionModuleRow, (ctx.region.id, module.name))
    if expected_version is not None and expected_version != (row.version if row else 0):
        raise DomainError(Kind.STALE, "request.stale")
    now = said_now(files, module.name)
    on = (row.enabled if row else False) if enabled is None else enabled
    own = {key: value for key, value in now.items() if key != "enabled"} if values is None else dict(values)
    _refuse_alone(ctx, registry, module, enabled=enabled)
    files = edited(files, module.name, {**own, "enabled": on})
    _refuse_unfit(registry, module, files, on=on, switched=enabled is not None)
    with _faults_at_fields(files, module.name):
        return make_plan(ctx, registry, files, keep_edits=False)


def plan_file(
    ctx: Context, registry: Registry, name: str, content: Mapping[str, Any], *, unit_successors: Mapping[str, str]
) -> tuple[Context, Plan]:
    """Plan that a file of the pack which is no module's says `content`. Raises DomainError (422) naming what is wrong with it."""
    files = edited(get_files(ctx, to_change=True), name, content)
    with _faults_at_fields(files, name):
        return make_plan(ctx, registry, files, keep_edits=False, unit_successors=unit_successors)


def check_values(ctx: Context, registry: Registry, name: str, values: Mapping[str, Any]) -> None:
    """Refuse the content of a file or the settings of a module as saving them would (422), without planning what they do."""
    files = get_files(ctx)
    module = registry.modules[name] if name in registry.modules and not registry.modules[name].always_on else None
    own = dict(values) if module is None else {**values, "enabled": bool(said_now(files, name).get("enabled", True))}
    files = edited(files, name, own)
    if module is not None:
        _refuse_unfit(registry, module, files, on=own["enabled"], switched=False)
    with _faults_at_fields(files, name):
        check_modules(registry, ctx.ground.catalogue, read_files(files))


@contextmanager
def _faults_at_fields(files: Files, name: str) -> Iterator[None]:
    """Let the faults of a pack be the refusal over the API; those in the file `name` are at their fields, too."""
    try:
        yield
    except PackError as error:
        said = said_in(files, name)
        fields = [(said.path_at(Place(fault.file, fault.line)), fault) for fault in error.faults]
        errors = [
            FieldError(field=".".join(["values", *path]), code="modules.setting_refused", params={"why": fault.text})
            for path, fault in fields
            if path is not None
        ]
        raise refused(error, errors) from None


def _refuse_unfit(registry: Registry, module: ServiceModule, files: Files, *, on: bool, switched: bool) -> None:
    if switched and not on:
        return
    said = plain(said_in(files, module.name), cited=True)
    try:
        registry.parse_config(module.name, {key: value for key, value in said.items() if key != "enabled"})
    except ValidationError as error:
        faults = list(field_errors(error.messages, "values"))
        if switched:
            raise DomainError(Kind.CONFLICT, "modules.settings_needed", errors=faults) from None
        raise DomainError(Kind.INVALID, "request.invalid", errors=faults) from None


def _refuse_alone(ctx: Context, registry: Registry, module: ServiceModule, *, enabled: bool | None) -> None:
    """Raise the 409 for a module that would be on without one it needs, or off while another needs it."""
    if enabled is None:
        return
    rows = select(RegionModuleRow.module).where(RegionModuleRow.region_id == ctx.region.id, RegionModuleRow.enabled)
    on = set(ctx.session.scalars(rows))
    needing = {name for name in on & registry.modules.keys() if module.name in registry.modules[name].requires}
    code, others = ("modules.needs", set(module.requires) - on) if enabled else ("modules.needed_by", needing)
    if others:
        raise DomainError(Kind.CONFLICT, code, params={"modules": ", ".join(sorted(others))}, extra={"modules": sorted(others)})


def refused(error: PackError, errors: Sequence[FieldError] = ()) -> DomainError:
    """Return the refusal (422) of a pack over the API: every fault with its file and line; `errors` where fields are known."""
    params = {"count": len(error.faults), "first": str(error.faults[0])}
    told = {"faults": faults_told(error.faults)}
    return DomainError(Kind.INVALID, "regions.pack_refused", params=params, errors=errors, extra=told)


@contextmanager
def refusing() -> Iterator[None]:
    """Let the faults of a pack be the refusal over the API."""
    try:
        yield
    except PackError as error:
        raise refused(error) from None


def faults_told(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    """Return faults or warnings for programs."""
    return [{"file": fault.file, "line": fault.line, "code": fault.code, "detail": fault.text} for fault in faults]
