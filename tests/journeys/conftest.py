"""What journeys share: both shipped regions, a place in each, and what a refusal must be."""

from pathlib import Path

import pytest

from backend.data.migrating import owner_engine
from tests.places import Places, shipped_places
from tests.refusals import Refusals

REGIONS = ("banda-aceh", "sumedang")


@pytest.fixture(params=REGIONS)
def region(request):
    return request.param


@pytest.fixture
def elsewhere(region):
    """The other region of the installation."""
    return next(key for key in REGIONS if key != region)


@pytest.fixture
def places(region) -> Places:
    return shipped_places(region)


@pytest.fixture
def places_elsewhere(elsewhere) -> Places:
    return shipped_places(elsewhere)


_reporters = {}


@pytest.fixture
def reporter(citizen, region):
    """A citizen of the region, the same one for every test: signing in is not what these are about."""
    if region not in _reporters:
        _reporters[region] = citizen(region)
    return _reporters[region]


@pytest.fixture(scope="session")
def refused(environ):
    """Send something that must be refused; see `tests.refusals.Refusals`."""
    engine = owner_engine(environ["BALAI_OWNER_URL"])
    yield Refusals(engine, Path(environ["BALAI_VAR"]) / "blobs")
    engine.dispose()
