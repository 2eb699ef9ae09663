"""`balai region new`: the folder of a pack for a region that has none yet."""

import re
import tempfile
from dataclasses import replace
from pathlib import Path

import click

from backend.app import load_catalogue, load_registry
from backend.cli.house import open_house, region_of
from backend.data.unit_of_work import unit_of_work
from backend.packs.archives import files_at
from backend.packs.copying import Giver
from backend.packs.exporting import export_files
from backend.packs.json_schemas import schema_files
from backend.packs.new import CHECKLIST, SCHEMAS, new_pack
from backend.packs.proposing import check_modules
from backend.packs.reading import read_files
from backend.packs.schemas import REGION_KEY
from backend.packs.versions import list_versions

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_LONGEST_KEY = 40


def _region_key(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not re.fullmatch(REGION_KEY, value) or len(value) > _LONGEST_KEY:
        raise click.BadParameter(f"{value!r} is malformed: small letters, digits and hyphens, like aceh-barat")
    return value


def _giver(name: str) -> Giver:
    """Return the pack of a region of this installation, or of a folder or an archive."""
    if not re.fullmatch(REGION_KEY, name):
        return Giver(pack=read_files(files_at(Path(name))))
    with open_house() as house, unit_of_work(house.ground, region=region_of(house, name)) as ctx:
        pack = read_files(export_files(ctx, house.registry))
        (now,) = list_versions(ctx.session, ctx.region.id, limit=1)
        return Giver(pack=pack, version=now.version, checksum=now.checksum)


@click.command()
@click.option("--code", required=True, help="Of the province, kabupaten or kota, in the national codes: 11.05.")
@click.option("--key", required=True, callback=_region_key, help="Of the region in addresses: aceh-barat. Never changes.")
@click.option("--boundaries", required=True, type=_FILE, help="GeoJSON of its areas, each with its `code` or `kode`; also .gz.")
@click.option(
    "--to", required=True, type=click.Path(path_type=Path), help="The folder to make; it may be there when it is empty."
)
@click.option("--name", help="As people read it, if not as in the codes.")
@click.option("--prefix", help="Of ticket numbers: 2 to 6 capitals and digits, if not made of the name.")
@click.option(
    "--like", metavar="KEY|DIR", help="Copy departments and modules of a region here, or of a pack: ./DIR, or an archive."
)
@click.option("--agreement", help="By which that pack may be copied: its number.")
def new(
    *,
    code: str,
    key: str,
    boundaries: Path,
    to: Path,
    name: str | None,
    prefix: str | None,
    like: str | None,
    agreement: str | None,
) -> None:
    """Write a region's pack from the national codes and the polygons it has."""
    if agreement and not like:
        raise click.UsageError("--agreement goes with --like")
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise click.ClickException(f"{to} is there already, and not empty: name another folder")
    giver = replace(_giver(like), agreement=agreement) if like else None
    content = boundaries.read_bytes()
    made = new_pack(code=code, key=key, boundaries=content, file=boundaries.name, name=name, prefix=prefix, like=giver)
    registry = load_registry()
    check_modules(registry, load_catalogue(registry), made.pack)
    files = dict(made.files) | {f"{SCHEMAS}/{path}": text.encode() for path, text in schema_files(registry).items()}
    to.absolute().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to.absolute().parent) as beside:
        folder = Path(beside) / to.name
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        folder.rename(to)  # whole or not at all
    lowest = sum(area.lowest for area in made.pack.areas)
    missing = f", {made.left_out} left out for want of one" if made.left_out else ""
    click.echo(f"{to}: {len(made.pack.areas)} areas, {lowest} with a polygon{missing}")
    click.echo(f"{to / CHECKLIST} says what to check; then: balai region apply {to}")
