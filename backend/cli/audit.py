"""`balai audit`: the hash chain of each region's audit log."""

import click

from backend.cli.house import open_house, region_of
from backend.data.audit import verify_chain
from backend.data.unit_of_work import unit_of_work


@click.group()
def audit() -> None:
    """Verify the audit log."""


@audit.command()
@click.option("--region", "key", help="One region only.")
def verify(key: str | None) -> None:
    """Verify the chains; names each fault and exits with 1 when there is one."""
    broken = False
    with open_house() as house:
        for region in [region_of(house, key)] if key else house.directory.all():
            with unit_of_work(house.ground, region=region) as ctx:
                faults = list(verify_chain(ctx.session, region.id))
            for fault in faults:
                click.echo(f"{region.key}: {fault}", err=True)
            click.echo(f"{region.key}: {'broken' if faults else 'the chain holds'}")
            broken |= bool(faults)
    raise SystemExit(broken)


COMMANDS = (audit,)
