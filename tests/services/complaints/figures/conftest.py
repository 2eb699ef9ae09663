"""An installation of these tests' own, since they count all of a region; and lives of reports, made through the workflow."""

import os

import pytest

from backend.testing.installation import make_installation
from tests.applications import application, carry_all_that_is_due
from tests.services.complaints.figures.lives import Lives


@pytest.fixture(scope="package")
def app(addresses, tmp_path_factory):
    name = f"balai_figures_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with application(make_installation(addresses, name=name, var=tmp_path_factory.mktemp("var")), connections=10) as app:
        yield app


@pytest.fixture(scope="package")
def house(app):
    return app.extensions["balai"]


@pytest.fixture(scope="package")
def work(house):
    return lambda: carry_all_that_is_due(house)


@pytest.fixture
def lives(house, work):
    """Reports of a region that had none."""
    lives = Lives(house, house.directory.find("sumedang"))
    lives.forget()
    yield lives
    lives.forget()
