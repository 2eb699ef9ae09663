"""What tests stand on: real servers of the run's own, one database a test process, people who sign in, and the engine at hand."""

import itertools
import json
import os
import re
import shutil
import tempfile
import uuid
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from backend.accounts import create_staff
from backend.data.unit_of_work import unit_of_work
from backend.testing.installation import make_installation, servers
from tests.applications import application
from tests.browsers import Browser
from tests.people import Person
from workers.clock import seal, sweep
from workers.tasks import carry_due

_ADDRESSES = "BALAI_TEST_SERVERS"
_running = []


def pytest_configure(config):
    """Start the servers in the process that hands out the tests; its children find their addresses in the environment."""
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    folder = Path(tempfile.mkdtemp(prefix="balai-test-"))
    context = servers(folder)
    _running.append((context, folder))
    os.environ[_ADDRESSES] = json.dumps(dict(context.__enter__()))


def pytest_unconfigure(config):
    """End the servers."""
    while _running:
        context, folder = _running.pop()
        context.__exit__(None, None, None)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def addresses():
    return json.loads(os.environ[_ADDRESSES])


@pytest.fixture(scope="session")
def environ(addresses, tmp_path_factory):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return make_installation(addresses, name=f"balai_{worker}", var=tmp_path_factory.mktemp("var"))


@pytest.fixture(scope="session")
def app(environ):
    with application(environ, connections=30) as app:
        yield app


@pytest.fixture(scope="session")
def house(app):
    return app.extensions["balai"]


@pytest.fixture
def client(app) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def anybody(client):
    return Person(client)


@pytest.fixture
def browser(app):
    """Return a function that opens a browser, of the staff account that is given or of nobody in particular."""

    def open_browser(person=None, region="banda-aceh"):
        return Browser(app, person.token if person else None, region=person.region if person else region)

    return open_browser


@pytest.fixture(scope="session")
def work(house):
    """Return a function that does what the engine house does, in this process, until nothing is due."""

    def work():
        house.directory.refresh()
        for _ in range(50):
            due = sweep(house)
            if not due:
                break
            for subscriber in due:
                carry_due(house, subscriber)
        seal(house)

    return work


_phones = itertools.count(1)


@pytest.fixture
def new_phone():
    """Return a function that gives a telephone number nobody has had."""
    base = uuid.uuid4().int % 10_000_000
    return lambda: f"+62812{(base + next(_phones)) % 10_000_000:07}"


@pytest.fixture
def citizen(client, work, new_phone):
    """Return a function that signs a citizen in, by the code that was sent."""

    def sign_in(region="banda-aceh", phone=None):
        phone = phone or new_phone()
        person = Person(client)
        asked = person.post("/v1/auth/otp", {"phone": phone, "region": region, "purpose": "login"})
        assert asked.status_code == 202, asked.get_json()
        work()
        sent = person.get(f"/demo/messages?to={phone.replace('+', '%2B')}").get_json()["items"][0]
        code = re.search(r"(?<!\d)\d{6}(?!\d)", sent["text"])[0]
        got = person.post("/v1/auth/otp/verify", {"request_id": asked.get_json()["request_id"], "code": code})
        assert got.status_code == 200, got.get_json()
        return Person(client, token=got.get_json()["access_token"], region=region, phone=phone, tokens=got.get_json())

    return sign_in


PASSWORD = "kata sandi yang panjang 2026"
_staff = {}


@pytest.fixture
def staff(client, house):
    """Return a function that signs a staff account in; the same role in the same place is the same account."""

    def sign_in(role, department=None, region="banda-aceh", number=1):
        email = f"{role}.{department or 'desk'}.{number}@{region}.test".replace("_", "-")
        if email not in _staff:
            with unit_of_work(house.ground, region=house.directory.find(region)) as ctx:
                create_staff(ctx, email=email, password=PASSWORD, name=role, role=role, department_key=department)
            _staff[email] = Person(client).post("/v1/auth/login", {"email": email, "password": PASSWORD}).get_json()
        tokens = _staff[email]
        return Person(client, token=tokens["access_token"], region=region, tokens=tokens, email=email)

    return sign_in
