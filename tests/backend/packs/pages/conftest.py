"""A region of one's own to change, and its admin's browser."""

import itertools

import pytest
import yaml

from backend.packs.apply import apply_pack
from backend.packs.folder import SHIPPED, gather

_COUNT = itertools.count(1)


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
