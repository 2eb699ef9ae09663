"""An installation of these tests' own, since their towns lie where the shipped regions do; and a town for each test."""

import os

import pytest

from backend.packs.folder import SHIPPED, gather
from backend.testing.installation import make_installation
from tests.applications import application, carry_all_that_is_due
from tests.journeys.test_main_job import report
from tests.services.complaints.succession.towns import GARBAGE, Town


@pytest.fixture(scope="package")
def app(addresses, tmp_path_factory):
    name = f"balai_succession_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with application(make_installation(addresses, name=name, var=tmp_path_factory.mktemp("var")), connections=10) as app:
        yield app


@pytest.fixture(scope="package")
def house(app):
    return app.extensions["balai"]


@pytest.fixture(scope="package")
def work(house):
    return lambda: carry_all_that_is_due(house)


@pytest.fixture
def town(house, work, request):
    key = f"uji-{abs(hash(request.node.name)) % 10**6}"
    files = gather(SHIPPED / "banda-aceh")
    files |= {"region.yaml": files["region.yaml"].replace(b"key: banda-aceh", f"key: {key}".encode())}
    made = Town(house, key, files, work)
    made.apply()
    return made


@pytest.fixture
def reporter(town, citizen):
    return citizen(town.key)


@pytest.fixture
def routed(reporter, work):
    """Return a function that reports, and waits until it is routed."""

    def routed(category=GARBAGE, **more):
        complaint = report(reporter, category, **more)
        work()
        return complaint

    return routed
