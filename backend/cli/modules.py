"""`balai module`: what is installed, and switching it on and off in a region."""

import click

from backend.app import load_registry
from backend.cli.house import open_house, region_of
from backend.data.unit_of_work import unit_of_work
from backend.packs.settings import change_module


@click.group()
def module() -> None:
    """Modules of this installation."""


@module.command(name="list")
def list_modules() -> None:
    """List the installed modules and the regions in which each is on."""
    with open_house() as house:
        for found in house.registry.modules.values():
            where = "everywhere" if found.always_on else ", ".join(r.key for r in house.directory.all() if r.enabled(found.name))
            click.echo(f"{found.name}\t{found.version}\t{where or 'nowhere'}")


@module.command()
def check() -> None:
    """Check that the installed modules fit together; nothing is needed but the packages."""
    click.echo(f"{len(load_registry().modules)} modules fit together")


def _switch(region_key: str, name: str, *, enabled: bool) -> None:
    with open_house() as house:
        region = region_of(house, region_key)
        found = house.registry.modules.get(name)
        if found is None or found.always_on:
            raise ValueError(f"there is no module {name} to switch")
        with unit_of_work(house.ground, region=region) as ctx:
            changed = change_module(ctx, house.registry, found, enabled=enabled).changed
        house.directory.refresh()
        click.echo(f"{name} is {'on' if enabled else 'off'} in {region_key}{'' if changed else ' (as it was)'}")


@module.command()
@click.argument("region_key", metavar="KEY")
@click.argument("name", metavar="MODULE")
def enable(region_key: str, name: str) -> None:
    """Switch a module on in a region; running processes follow within 5 seconds."""
    _switch(region_key, name, enabled=True)


@module.command()
@click.argument("region_key", metavar="KEY")
@click.argument("name", metavar="MODULE")
def disable(region_key: str, name: str) -> None:
    """Switch a module off in a region; running processes follow within 5 seconds."""
    _switch(region_key, name, enabled=False)


COMMANDS = (module,)
