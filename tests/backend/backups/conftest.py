"""An installation with people and pictures in two regions, a backup of it, and a way to try a damaged copy of that."""

import os
import shutil
from itertools import count
from pathlib import Path

import pytest

from backend.accounts.models import Citizen
from backend.accounts.vault import keep_identity
from backend.app import load_registry
from backend.cli.backup import programs_for
from backend.cli.house import open_house
from backend.core.crypto import Keyring
from backend.core.ids import new_id
from backend.core.settings import load_settings
from backend.data.backups.restoring import drill
from backend.data.unit_of_work import unit_of_work
from backend.files.operations import keep_picture
from backend.testing.installation import make_installation
from tests.running import Installation

PICTURE = Path(__file__).parents[2] / "fixtures/pictures/r_canon.jpg"
PEOPLE, PICTURES = 20, 2


_number = count(1)


def settle_in(house, *, people, pictures):
    """Let so many citizens come to each region, and take in so many pictures."""
    for region in house.directory.all():
        with unit_of_work(house.ground, region=region) as ctx:
            for _ in range(people):
                citizen = Citizen(region_id=region.id, id=new_id(), status="active", locale="id", created_at=ctx.now())
                ctx.session.add(citizen)
                ctx.session.flush()
                keep_identity(ctx, citizen.id, f"+62813{next(_number):08}")
                ctx.audit("accounts.signed_in", subject=str(citizen.id))
            for _ in range(pictures):
                keep_picture(ctx, PICTURE.read_bytes())


@pytest.fixture(scope="session")
def installation(addresses, tmp_path_factory):
    name = f"kept_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    environ = make_installation(addresses, name=name, var=tmp_path_factory.mktemp("kept"))
    with open_house(load_settings(environ)) as house:
        settle_in(house, people=PEOPLE, pictures=PICTURES)
    return Installation(environ)


@pytest.fixture(scope="session")
def backup(installation):
    """The folder of a backup, made by the command."""
    made = installation.balai("backup", "make")
    assert made.returncode == 0, made.stderr
    return Path(made.stdout.partition(":")[0])


@pytest.fixture
def damaged(backup, tmp_path):
    """A copy of the backup that a test may damage."""
    return Path(shutil.copytree(backup, tmp_path / backup.name))


@pytest.fixture
def owner_url(installation):
    return installation.environ["BALAI_OWNER_URL"]


@pytest.fixture
def keyring(installation):
    return Keyring(load_settings(installation.environ).secret_key)


@pytest.fixture
def programs(owner_url):
    return programs_for(owner_url)


@pytest.fixture
def drilled(owner_url, keyring, programs):
    """Return a function that drills a backup and returns what is named."""

    def drilled(folder):
        steps = drill(folder, owner_url, programs=programs, keyring=keyring, tenant_tables=load_registry().tenant_tables)
        return [fault for step in steps for fault in step.faults]

    return drilled
