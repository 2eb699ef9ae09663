"""The demo's staff: every role in every region, so that the main job can be played at once."""

from collections.abc import Iterator

from backend.accounts import create_staff
from backend.accounts.operations.passwords import hash_password
from backend.accounts.roles import PLATFORM_ADMIN
from backend.data.context import Context, Region
from backend.data.unit_of_work import unit_of_work
from backend.departments.queries import department_book
from backend.http.house import House

_DESKS = ("triage", "validator", "regional_admin", "leader", "auditor")
_UNITS = ("department_officer", "department_head", "field_officer")


def _staff(ctx: Context) -> Iterator[tuple[str, str | None]]:
    yield from ((role, None) for role in _DESKS)
    for unit in department_book(ctx).by_key.values():
        yield from ((role, unit.key) for role in _UNITS[: 2 if unit.area_code else 3])


def _email(name: str, region_key: str) -> str:
    return f"{name.replace('_', '-')}@{region_key}.demo.balai.example"


def demo_emails(region_key: str) -> list[str]:
    """Return the addresses of those who are in every region's demo."""
    return [_email(name, region_key) for name in (*_DESKS, PLATFORM_ADMIN)]


def _password(house: House) -> tuple[str, str]:
    """Return the password of them all, another in each installation, and its hash, which is the same each time."""
    password = house.ground.keyring.sign("demo-password")[:20]
    return password, hash_password(password, salt=house.ground.keyring.sign("demo-salt").encode()[:16])


def make_demo_accounts(house: House) -> list[dict[str, str | None]]:
    """Make the demo's staff accounts, harmless when repeated; return them with their passwords."""
    password, hashed = _password(house)
    made: list[dict[str, str | None]] = []

    def make(ctx: Context, region: Region, role: str, department: str | None) -> None:
        name = f"{role}.{department}" if department else role
        email = _email(name, region.key)
        create_staff(ctx, email=email, password_hash=hashed, name=f"Demo {name}", role=role, department_key=department)
        made.append({"region": region.key, "role": role, "department": department, "email": email, "password": password})

    for region in house.directory.all():
        with unit_of_work(house.ground, region=region) as ctx:
            for role, department in _staff(ctx):
                make(ctx, region, role, department)
            make(ctx, region, PLATFORM_ADMIN, None)
    return made
