"""A region's tables as people keep them in spreadsheets: out of its pack, and back into it as the pack's next version."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

from backend.core.errors import not_found
from backend.data.context import Context
from backend.modules.registry import Registry
from backend.packs.apply import Applied, Plan, apply_plan, make_plan
from backend.packs.checking import FORMS
from backend.packs.faults import Faults, PackError, Place
from backend.packs.folder import Files
from backend.packs.merging import plain
from backend.packs.reading import TITLES, read_files
from backend.packs.settings import edited, said_now
from backend.packs.tables import items_schema, read_table, table_path, write_table

AREAS = "areas"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA = {"csv": "text/csv; charset=utf-8", "xlsx": XLSX}
TABLES = ("departments", AREAS, "complaints.categories", "service_info.contacts")  # those people ask for first


def table_of(files: Files, name: str) -> list[dict[str, Any]]:
    """Return the items of a table as the pack has them. Raises DomainError (404) where it has no such list."""
    if name == AREAS:
        areas = read_files(files).areas
        return [{"code": area.code, "name": area.name, "kind": area.kind, "parent_code": area.parent_code} for area in areas]
    file, listed = table_path(name)
    items = said_now(files, file).get(listed)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise not_found("regions.no_table")
    return items


def export_table(files: Files, name: str, suffix: str) -> bytes:
    """Return a table as CSV or XLSX. Raises DomainError (404), and PackError for what such a file cannot hold."""
    return write_table(table_of(files, name), f"{name}.{suffix}")


def import_table(ctx: Context, registry: Registry, files: Files, *, table: str, content: bytes, suffix: str, why: str) -> Applied:
    """Make a table of the region's pack, `files`, what a CSV or XLSX says, as the pack's next version.

    Raises PackError with every fault of the table, by row and column, and of the pack it would make.
    """
    inside, plan = plan_table(ctx, registry, files, table=table, content=content, suffix=suffix)
    return apply_plan(inside, registry, plan, kind="table", why=why or table)


def plan_table(
    ctx: Context, registry: Registry, files: Files, *, table: str, content: bytes, suffix: str
) -> tuple[Context, Plan]:
    """Plan what `import_table` does; returns as `make_plan`, raises as `import_table`."""
    before = table_of(files, table)
    faults = Faults()
    said = read_table(content, f"{table}.{suffix}", faults, schema=_schema(registry, table))
    seen: set[str] = set()
    for item in said:
        name = item.identifier
        if name in seen:
            faults.note(item.place, "duplicate_code", f"{name} stands in this table twice: keep one of the rows")
        seen.add(str(name))
    if table == AREAS:
        _check_areas(said, before, faults)
    if faults:
        raise PackError(faults)
    items = [plain(item) for item in said]
    return make_plan(ctx, registry, _with(files, table, items), keep_edits=False)


def plan_area_names(ctx: Context, registry: Registry, files: Files, names: Mapping[str, str]) -> tuple[Context, Plan]:
    """Plan that areas have other names, by code. Raises PackError for names that cannot be; codes of no area are left out."""
    items = [{**area, "name": names.get(area["code"], area["name"])} for area in table_of(files, AREAS)]
    return make_plan(ctx, registry, _with(files, AREAS, items), keep_edits=False)


def _schema(registry: Registry, name: str) -> Schema | None:
    file, listed = table_path(name)
    module = registry.modules.get(file)
    whole = FORMS.get(file) or (module.config_schema if module else None)
    return items_schema(whole, listed) if whole else None


def _with(files: Files, name: str, items: list[dict[str, Any]]) -> dict[str, bytes]:
    if name == AREAS:
        drawn = {area.code: area.name for area in read_files({at: files[at] for at in files if at != TITLES}).areas}
        titled = [{"code": item["code"], "name": item["name"]} for item in items if drawn[item["code"]] != item["name"]]
        rest = {path: content for path, content in files.items() if path != TITLES}
        return {**rest, TITLES: write_table(titled, TITLES)} if titled else rest
    file, listed = table_path(name)
    return edited(files, file, {**said_now(files, file), listed: items})


def _check_areas(said: list[Any], before: list[dict[str, Any]], faults: Faults) -> None:
    """Only names change by this table: areas come and go with their boundaries."""
    known: Mapping[str, dict[str, Any]] = {area["code"]: area for area in before}
    for item in said:
        was = known.get(str(item.get("code")))
        if was is None:
            text = f"{item.get('code')} is no area of the region: areas come with their boundaries"
            faults.note(item.place, "area_unknown", text)
            continue
        for column in ("kind", "parent_code"):
            if column in item and item[column] != was[column]:
                text = f"{was['code']}: {column} changes with the boundaries, not by this table"
                faults.note(item.at(column), "not_by_table", text)
        if not isinstance(item.get("name"), str):
            faults.note(item.place, "area_incomplete", f"{was['code']}: `name` must be text")
    missing = sorted(known.keys() - {str(item.get("code")) for item in said})
    if missing:
        text = f"{', '.join(missing[:5])} are not in the table: areas go with their boundaries"
        faults.note(said[0].place if said else Place(f"{AREAS}", 1), "area_missing", text)
