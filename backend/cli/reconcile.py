"""`balai reconcile`: whether reports, events, deliveries, files and all else that must agree does."""

from collections.abc import Iterator

import click
from sqlalchemy import text

from backend.cli.house import open_house, region_of
from backend.data.checks import Check
from backend.data.context import Region
from backend.data.reconciling import CHECKS
from backend.data.unit_of_work import unit_of_work
from backend.http.house import House
from backend.modules.contract import RECONCILED

_PATIENT = text("SET LOCAL statement_timeout = '10min'")


def checks_of(house: House, region: Region) -> list[Check]:
    """Return the checks of the ground, and of the modules that are on in the region."""
    on = (module for module in house.registry.modules.values() if region.enabled(module.name))
    return [*CHECKS, *(check for module in on for check in module.contributes.get(RECONCILED, ()))]


def differences(house: House, region: Region, check: Check) -> Iterator[str]:
    """Yield a line for each thing that does not agree: region, kind, id, and how."""
    with unit_of_work(house.ground, region=region) as ctx:
        ctx.session.execute(_PATIENT)
        for found, how in check.find(ctx):
            yield f"{region.key}\t{check.kind}\t{found}\t{how}"


def mend(house: House, region: Region, check: Check) -> int:
    """Repair what the check can; return how much that was."""
    if check.repair is None:
        return 0
    with unit_of_work(house.ground, region=region) as ctx:
        ctx.session.execute(_PATIENT)
        return check.repair(ctx)


@click.command()
@click.option("--region", "key", help="One region only.")
@click.option("--repair", is_flag=True, help="Mend first what is safe to mend: missing deliveries, bytes of files that are gone.")
def reconcile(key: str | None, *, repair: bool) -> None:
    """Compare what must agree; a line for each difference, and exit status 1 when there is one."""
    number = checks = 0
    with open_house() as house:
        regions = [region_of(house, key)] if key else house.directory.all()
        for region in regions:
            for check in checks_of(house, region):
                checks += 1
                if repair and (mended := mend(house, region, check)):
                    click.echo(f"{region.key}\t{check.kind}\t{mended} mended")
                for line in differences(house, region, check):
                    number += 1
                    click.echo(line)
        click.echo(f"{number} differences in {checks} checks of {len(regions)} regions")
    raise SystemExit(number > 0)


COMMANDS = (reconcile,)
