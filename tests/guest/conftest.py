"""The guests as packages: built as wheels, installed into a folder of their own, served by real processes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backend.accounts import create_staff
from backend.cli.house import open_house
from backend.core.settings import load_settings
from backend.data.unit_of_work import unit_of_work
from backend.testing.installation import make_installation
from tests.people import Person
from tests.running import Installation, free_port, own_valkey

HERE = Path(__file__).parent
PASSWORD = "kata sandi yang panjang 2026"
collect_ignore = ["own_tests"]  # they run where the guests are installed


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """A folder into which both guests were installed from wheels."""
    folder = tmp_path_factory.mktemp("guests")
    sources = [shutil.copytree(HERE / name, folder / name) for name in ("market_prices", "price_watch")]
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder / "wheels", *sources], check=True
    )
    wheels = sorted((folder / "wheels").iterdir())
    assert [wheel.name for wheel in wheels] == [
        "balai_guest-1.0-py3-none-any.whl",
        "balai_guest_price_watch-1.0-py3-none-any.whl",
    ]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", folder / "site", *wheels], check=True)
    return folder / "site"


@pytest.fixture(scope="session")
def plain(addresses, tmp_path_factory) -> Installation:
    """An installation in which no guest is."""
    folder = tmp_path_factory.mktemp("house")
    with own_valkey(folder / "valkey") as valkey:
        name = f"guests_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
        environ = make_installation({**addresses, "redis_url": valkey.url}, name=name, var=folder / "var")
        yield Installation(environ | {"PORT": free_port(), "BALAI_LOG_LEVEL": "INFO"})


@pytest.fixture(scope="session")
def guests(plain, site) -> Installation:
    """The same installation with both guests in it, migrated."""
    guests = Installation(plain.environ | {"PYTHONPATH": str(site)})
    migrated = guests.balai("db", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    assert migrated.stdout.splitlines()[1:] == ["market_prices: 0001", "price_watch: 0001"]
    return guests


@pytest.fixture(scope="session")
def web(guests):
    with guests.running("web", "worker", "clock"):
        yield guests.wire


@pytest.fixture(scope="session")
def staff(plain, web):
    """Return a function that signs a staff account in, made when it is first asked for."""
    known = {}

    def sign_in(role, region, department=None) -> Person:
        email = f"{role}@{region}.test".replace("_", "-")
        if email not in known:
            with open_house(load_settings(plain.environ)) as house:
                place = house.directory.find(region)
                with unit_of_work(house.ground, region=place) as ctx:
                    create_staff(ctx, email=email, password=PASSWORD, name=role, role=role, department_key=department)
            got = Person(web).post("/v1/auth/login", {"email": email, "password": PASSWORD})
            known[email] = Person(web, token=got.get_json()["access_token"], region=region)
        return known[email]

    return sign_in
