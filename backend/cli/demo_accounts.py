"""The demo's staff: every role in every region, so that the main job can be played at once."""

from collections.abc import Iterator

from backend.accounts import create_staff
from backend.accounts.operations.passwords import hash_password
from backend.accounts.queries import staff_known
from backend.accounts.roles import PLATFORM_ADMIN
from backend.data.context import Context
from backend.data.unit_of_work import unit_of_work
from backend.departments.queries import department_book
from backend.http.house import House

_DESKS = ("triage", "validator", "regional_admin", "leader", "auditor")
_UNITS = ("department_officer", "department_head", "field_officer")


def _staff(ctx: Context) -> Iterator[tuple[str, str | None]]:
    yield from ((role, None) for role in _DESKS)
    for unit in department_book(ctx).by_key.values():
        yield from ((role, unit.key) for role in _UNITS[: 2 if unit.area_code else 3])


def _name(role: str, department: str | None) -> str:
    return f"{role}.{department}" if department else role


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
    for region in house.directory.all():
        with unit_of_work(house.ground, region=region) as ctx:
            wanted = {_email(_name(*duty), region.key): duty for duty in (*_staff(ctx), (PLATFORM_ADMIN, None))}
            there = staff_known(ctx, wanted)
            for email, (role, department) in wanted.items():
                made.append({"region": region.key, "role": role, "department": department, "email": email, "password": password})
                if email not in there:
                    name = f"Demo {_name(role, department)}"
                    create_staff(ctx, email=email, password_hash=hashed, name=name, role=role, department_key=department)
    return made
