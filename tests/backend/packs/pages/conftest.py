"""An installation of these tests' own, a region for each to change, and its admin's browser."""

import itertools
import os

import pytest
import yaml

from backend.packs.apply import apply_pack
from backend.packs.folder import SHIPPED, gather
from backend.testing.installation import make_installation
from tests.applications import application, carry_all_that_is_due

_COUNT = itertools.count(1)


@pytest.fixture(scope="package")
def app(addresses, tmp_path_factory):
    name = f"balai_settings_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with application(make_installation(addresses, name=name, var=tmp_path_factory.mktemp("var")), connections=10) as app:
        yield app


@pytest.fixture(scope="package")
def house(app):
    return app.extensions["balai"]


@pytest.fixture(scope="package")
def work(house):
    return lambda: carry_all_that_is_due(house)


@pytest.fixture
def region(house):
    """Return the key of a region like Banda Aceh that nobody else changes."""
    key = f"halaman-{next(_COUNT)}"
    files = gather(SHIPPED / "banda-aceh")
    head = yaml.safe_load(files["region.yaml"]) | {"key": key}
    apply_pack(house, {**files, "region.yaml": yaml.safe_dump(head, allow_unicode=True).encode()})
    return key


@pytest.fixture
def admin(browser, staff, region):
    return browser(staff("regional_admin", region=region))


@pytest.fixture
def other_admin(browser, staff, region):
    return browser(staff("regional_admin", region=region))
