"""`balai account`: the first accounts of an installation, before anybody can sign in to invite others."""

import click

from backend.accounts import create_staff
from backend.accounts.operations.staff import reset_second_factor_by_email
from backend.accounts.roles import STAFF_ROLES
from backend.cli.house import open_house, region_of
from backend.data.unit_of_work import unit_of_work


@click.group()
def account() -> None:
    """Accounts of staff."""


@account.command()
@click.option("--region", "key", required=True)
@click.option("--role", required=True, type=click.Choice(sorted(STAFF_ROLES)))
@click.option("--department", default=None, help="The department's key, for roles of a department.")
@click.option("--email", required=True)
@click.option("--name", default="")
@click.password_option(help="Asked for when it is not given.")
def create(*, key: str, role: str, department: str | None, email: str, name: str, password: str) -> None:
    """Make a staff account, or give an existing one another role."""
    with open_house() as house, unit_of_work(house.ground, region=region_of(house, key)) as ctx:
        create_staff(ctx, email=email, password=password, name=name, role=role, department_key=department)
    click.echo(f"{email} is {role} in {key}")


@account.command()
@click.option("--region", "key", required=True, help="The region in whose audit log it is written.")
@click.option("--email", required=True)
def reset_totp(*, key: str, email: str) -> None:
    """Take away the second factor of a staff account that has lost it; its sessions end."""
    with open_house() as house, unit_of_work(house.ground, region=region_of(house, key)) as ctx:
        reset_second_factor_by_email(ctx, email)
    click.echo(f"{email} signs in without a second factor")


COMMANDS = (account,)
