"""An installation of these tests' own, since they count all of a region; and lives of reports, made through the workflow."""

import os

import pytest

from backend.app import create_app
from backend.core.settings import load_settings
from backend.testing.installation import make_installation
from tests.services.complaints.figures.lives import Lives
from workers.clock import sweep
from workers.tasks import carry_due


@pytest.fixture(scope="package")
def app(addresses, tmp_path_factory):
    name = f"balai_figures_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    environ = make_installation(addresses, name=name, var=tmp_path_factory.mktemp("var"))
    app = create_app(load_settings(environ), connections=10)
    yield app
    app.extensions["balai"].ground.engine.dispose()


@pytest.fixture(scope="package")
def house(app):
    return app.extensions["balai"]


@pytest.fixture(scope="package")
def work(house):
    def work():
        while due := sweep(house):
            for subscriber in due:
                carry_due(house, subscriber)

    return work


@pytest.fixture
def lives(house, work):
    """Reports of a region that had none."""
    lives = Lives(house, house.directory.find("sumedang"))
    lives.forget()
    yield lives
    lives.forget()
