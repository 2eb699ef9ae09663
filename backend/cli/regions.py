"""`balai region`: packs on disk, and the regions they make."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from backend.app import load_catalogue, load_registry
from backend.cli.house import open_house, region_of
from backend.cli.new_region import new
from backend.cli.pack_text import change_lines, plan_lines, warning_lines
from backend.core.settings import load_settings
from backend.data.unit_of_work import unit_of_work
from backend.http.house import House
from backend.packs.apply import apply_pack, make_plan
from backend.packs.archives import files_at, read_archive, write_archive
from backend.packs.differences import compare, said_by
from backend.packs.exporting import export_files
from backend.packs.faults import PackError
from backend.packs.folder import SIGNATURE, Files, read_folder
from backend.packs.plans import KeptPlan, plan_file, read_plan_file, told
from backend.packs.proposing import check_modules
from backend.packs.reading import read_files
from backend.packs.settings import faults_told, get_files
from backend.packs.signing import sign_files, trusted_signer, verify_files
from backend.packs.tabling import TABLES, export_table, import_table
from backend.packs.versions import files_of, get_version, list_versions

_SOURCE = click.Path(exists=True, path_type=Path)
_NEW = click.Path(path_type=Path)
_WHY = click.option("--why", default="", help="The reason, kept with the version.")
_JSON = click.option("--json", "as_json", is_flag=True, help="For programs.")
_SUCCESSORS = click.option(
    "--successor", "successors", multiple=True, metavar="OLD=NEW", help="Who takes over from a department that ends."
)


@click.group()
def region() -> None:
    """Regions and their packs."""


region.add_command(new)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


@region.command()
@click.argument("folder", type=_SOURCE)
@_JSON
def validate(folder: Path, *, as_json: bool) -> None:
    """Read a pack and name every fault with its file and line, and what to do; warnings too."""
    registry = load_registry()
    try:
        pack = read_files(files_at(folder), label=folder.name, borders=True)
        _, warnings = check_modules(registry, load_catalogue(registry), pack)
    except PackError as error:
        if not as_json:
            raise
        click.echo(json.dumps({"valid": False, "faults": faults_told(error.faults)}, indent=1))
        raise SystemExit(1) from None
    if as_json:
        click.echo(json.dumps({"valid": True, "faults": [], "warnings": faults_told(warnings)}, indent=1))
        return
    _say(warning_lines(warnings))
    click.echo(f"{pack.key}: good ({len(pack.areas)} areas, {len(pack.departments)} departments, {len(warnings)} warnings)")


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    for old, sign, new_one in pairs:
        if not (old and sign and new_one):
            raise click.UsageError(f"--successor {old}{sign}{new_one}: write OLD=NEW, two keys of departments")
    return {old: new_one for old, _, new_one in pairs}


def _planned(house: House, files: Files, **options: Any) -> tuple[dict[str, Any], str]:
    with unit_of_work(house.ground, locale="en") as ctx:
        inside, plan = make_plan(ctx, house.registry, files, **options)
        return {"key": plan.pack.key, **told(plan, house.ground.catalogue, inside.locale)}, plan_file(plan, files, **options)


@region.command()
@click.argument("folder", type=_SOURCE)
@click.option("--out", type=_NEW, help="Write the plan into a file that `apply` takes.")
@click.option("--drop-edits", is_flag=True, help="Take back what admins have changed in the running region.")
@_SUCCESSORS
@_JSON
def plan(folder: Path, *, out: Path | None, drop_edits: bool, successors: tuple[str, ...], as_json: bool) -> None:
    """Tell what a pack would change, and what that does to open complaints and to the last 30 days' routing."""
    with open_house() as house:
        said, text = _planned(house, files_at(folder), keep_edits=not drop_edits, unit_successors=_pairs(successors))
    if out:
        out.write_text(text, encoding="utf-8")
    _say([json.dumps(said, indent=1)] if as_json else plan_lines(said, key=said["key"]))


@region.command()
@click.argument("source", type=_SOURCE)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--trust", type=_SOURCE, help="Public keys; a pack that none of them has signed is refused.")
@click.option("--drop-edits", is_flag=True, help="Take back what admins have changed in the running region.")
@_SUCCESSORS
@_WHY
def apply(source: Path, *, yes: bool, trust: Path | None, drop_edits: bool, successors: tuple[str, ...], why: str) -> None:
    """Make the region what its pack says, in one transaction; SOURCE is a folder, an archive or a plan's file.

    Applying the same again changes nothing. Running processes follow within 5 seconds.
    """
    planned = read_plan_file(source.read_text(encoding="utf-8"), source.name) if source.suffix == ".json" else None
    kept = planned or KeptPlan(files=files_at(source), version=-1)
    signer = trusted_signer(kept.files, trust or load_settings().pack_trust)
    options = kept.options if planned else {"keep_edits": not drop_edits, "unit_successors": _pairs(successors)}
    with open_house() as house:
        expected = planned.version if planned else None
        if not yes:
            said, _ = _planned(house, kept.files, **options)
            _say(plan_lines(said, key=said["key"]))
            click.confirm(f"Apply {said['key']}?", abort=True)
            expected = said["version"] if expected is None else expected
        applied = apply_pack(house, kept.files, why=why, expected_version=expected, signed_by=signer, **options)
    _say(warning_lines(applied.warnings))
    state = f"version {applied.version} applied" if applied.changed else f"unchanged, version {applied.version}"
    click.echo(f"{applied.region_key}: {state}; modules: {', '.join(applied.modules)}")


@region.command(name="list")
def list_regions() -> None:
    """List the regions of this installation."""
    with open_house() as house:
        for found in house.directory.all():
            click.echo(f"{found.key}\t{found.code}\t{found.name}\t{found.pack_version}")


@region.command()
@click.argument("key")
@click.argument("target", type=_NEW, metavar="DIR")
@click.option("--version", type=int, help="An earlier version.")
def export(key: str, target: Path, *, version: int | None) -> None:
    """Write a region's pack, bases included, into a new folder, or into a file that ends in .tar.gz."""
    with open_house() as house, unit_of_work(house.ground, region=region_of(house, key)) as ctx:
        files = export_files(ctx, house.registry, version)
    if target.name.endswith((".tar.gz", ".tgz")):
        target.write_bytes(write_archive(files, key))
    else:
        if target.exists() and any(target.iterdir()):
            raise ValueError(f"{target} is not empty: name a new folder")
        for path, content in files.items():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_bytes(content)
    click.echo(f"{key}: {len(files)} files in {target}")


@region.command()
@click.argument("key")
@click.option("--limit", type=click.IntRange(1, 1000), default=20)
@_JSON
def history(key: str, *, limit: int, as_json: bool) -> None:
    """Tell the versions of a region's pack, the newest first: when, who, why, and what changed."""
    with open_house() as house, unit_of_work(house.ground, region=region_of(house, key)) as ctx:
        rows = list_versions(ctx.session, ctx.region.id, limit=limit)
    if as_json:
        names = ("version", "at", "kind", "by_account", "why", "checksum", "signed_by", "changes")
        said = [{name: getattr(row, name) for name in names} for row in rows]
        click.echo(json.dumps(said, indent=1, default=str))
        return
    for row in rows:
        who = row.by_account or "the command line"
        click.echo(f"{row.version}\t{row.at:%Y-%m-%d %H:%M}Z\t{row.kind}\tby {who}{f': {row.why}' if row.why else ''}")
        if row.version > 1:
            _say(f"    {line}" for line in change_lines(row.changes))


@region.command()
@click.argument("key")
@click.option("--to", "version", type=int, required=True, help="The version to go back to.")
@_SUCCESSORS
@_WHY
def rollback(key: str, *, version: int, successors: tuple[str, ...], why: str) -> None:
    """Make a region what it was in an earlier version; that is a version more."""
    with open_house() as house:
        with unit_of_work(house.ground, region=region_of(house, key)) as ctx:
            files = files_of(ctx.session, ctx.region.id, version)
            signer = get_version(ctx.session, ctx.region.id, version).signed_by
        options: dict[str, Any] = {"keep_edits": False, "unit_successors": _pairs(successors)}
        reason = why or f"version {version}"
        applied = apply_pack(house, files, kind="rolled_back", why=reason, signed_by=signer, **options)
    click.echo(f"{key}: as in version {version}, now version {applied.version}")


def _side(name: str, opened: Callable[[], House]) -> Mapping[str, Any]:
    """Return what a folder, an archive, a region or a version of one (`KEY@3`) says."""
    key, _, version = name.partition("@")
    house = opened()
    if house.directory.find(key) is None and Path(name).exists():
        return said_by(read_files(files_at(Path(name))))
    with unit_of_work(house.ground, region=region_of(house, key)) as ctx:
        return said_by(read_files(export_files(ctx, house.registry, int(version) if version.isdigit() else None)))


@region.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@_JSON
def diff(one: str, other: str, *, as_json: bool) -> None:
    """Tell what differs between two packs: regions (KEY), versions of one (KEY@3), folders or archives.

    A folder that is named as a region is written ./KEY.
    """
    with open_house() as house:
        changes = compare(*(_side(name, lambda: house) for name in (one, other)))
    _say([json.dumps(changes, indent=1)] if as_json else list(change_lines(changes)) or ["no difference"])


@region.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--key", type=_SOURCE, required=True, help="A private key (Ed25519, PEM).")
def sign(folder: Path, *, key: Path) -> None:
    """Sign the files of a pack's folder: writes the file SIGNATURE into it."""
    signature = sign_files(read_folder(folder), key.read_bytes())
    (folder / SIGNATURE).write_bytes(signature)
    click.echo(f"{folder / SIGNATURE} written")


@region.command()
@click.argument("source", type=_SOURCE, metavar="DIR")
@click.option("--trust", type=_SOURCE, required=True, help="Public keys (PEM), one or more.")
def verify(source: Path, *, trust: Path) -> None:
    """Verify that a key you trust has signed a pack, and that nothing of it has changed since."""
    files = read_folder(source) if source.is_dir() else read_archive(source.read_bytes())
    signer = verify_files(files, trust.read_bytes())
    click.echo(f"signed by {signer}, unchanged")


@region.command()
@click.argument("key")
@click.argument("name", required=False)
@click.option("--out", type=_NEW, help="Write the table there; the name ends in .csv or .xlsx.")
@click.option("--in", "source", type=_SOURCE, help="Make the table what this file says.")
@_WHY
def table(key: str, name: str | None, *, out: Path | None, source: Path | None, why: str) -> None:
    """Take a table of a region's pack out into a spreadsheet, or in again; without NAME, tell which there are."""
    if name is None or (out is None) == (source is None):
        click.echo("\n".join(TABLES) + "\nand any keyed list of a module, as module.list: name one, with --out or --in")
        return
    at = out or source or Path()
    suffix = at.suffix.removeprefix(".").lower()
    if suffix not in {"csv", "xlsx"}:
        raise click.UsageError(f"{at}: the name must end in .csv or .xlsx")
    with open_house() as house:
        with unit_of_work(house.ground, region=region_of(house, key), locale="en") as ctx:
            files = get_files(ctx, to_change=source is not None)
            if source:
                content = source.read_bytes()
                done = import_table(ctx, house.registry, files, table=name, content=content, suffix=suffix, why=why)
                said = f"{key}: {name} is what {source.name} says, version {done.version}"
            else:
                at.write_bytes(export_table(files, name, suffix))
                said = f"{key}: {name} written to {at}"
        house.directory.refresh()
    click.echo(said)


COMMANDS = (region,)
