"""`balai region`: packs on disk and regions in the database."""

from pathlib import Path

import click

from backend.app import load_catalogue, load_registry
from backend.cli.house import open_house
from backend.packs.apply import apply_pack, check_modules
from backend.packs.reading import read_pack

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def region() -> None:
    """Regions and their packs."""


@region.command()
@click.argument("folder", type=_FOLDER)
def validate(folder: Path) -> None:
    """Read a pack and name every fault with its file and line."""
    pack = read_pack(folder)
    registry = load_registry()
    check_modules(registry, load_catalogue(registry), pack)
    click.echo(f"{pack.key}: good ({len(pack.areas)} areas, {len(pack.departments)} departments)")


@region.command()
@click.argument("folder", type=_FOLDER)
@click.option("--yes", is_flag=True, help="Do not ask.")
def apply(folder: Path, *, yes: bool) -> None:
    """Make the region what its pack says, in one transaction; applying it again changes nothing."""
    pack = read_pack(folder)
    if not yes:
        click.confirm(f"Apply {pack.key} ({pack.name})?", abort=True)
    with open_house() as house:
        applied = apply_pack(house, pack)
    click.echo(f"{applied.region_key}: {'applied' if applied.changed else 'unchanged'}; modules: {', '.join(applied.modules)}")
    if applied.kept:
        click.echo(f"{applied.region_key}: left as an admin has set them: {', '.join(applied.kept)}")


@region.command(name="list")
def list_regions() -> None:
    """List the regions of this installation."""
    with open_house() as house:
        for found in house.directory.all():
            click.echo(f"{found.key}\t{found.code}\t{found.name}\t{found.pack_version}")


COMMANDS = (region,)
