"""What journeys share: both shipped regions, a place in each, and what a refusal must be."""

import os
import socket
import subprocess
import sys
import time
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


@pytest.fixture(scope="session")
def server(environ, tmp_path_factory):
    """The address of the real web server, running on the same installation."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        *("-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"),
        *("--workers", "2", "--blocking-threads", "8", "--backlog", "1024", "backend.wsgi:app"),
    ]
    with (tmp_path_factory.mktemp("web") / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, *command], env=os.environ | environ, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield "127.0.0.1", port
    finally:
        process.terminate()
        process.wait(20)
