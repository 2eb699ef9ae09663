"""A small town whose records agree, an hour old; each test gets a copy of its database and of its pictures to spoil."""

import dataclasses
import io
import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from sqlalchemy import text
from sqlalchemy.engine import make_url

from backend.app import create_app
from backend.cli import balai as command_line
from backend.core.settings import load_settings
from backend.data.migrating import owner_engine
from backend.data.unit_of_work import unit_of_work
from backend.http.house import House
from backend.testing.installation import make_installation
from services.complaints.operations.recounting import begin_recount
from tests.bench.people import settle_citizens, settle_officers
from tests.people import Person
from tests.places import shipped_places
from tests.running import Installation
from workers.clock import seal
from workers.tasks import carry_due, sweep

REGION = "banda-aceh"
# What has an instant, so that nothing counts as still under way. Before the chain is sealed: an entry's is in its hash.
_AGED = {
    "complaints": ("submitted_at", "entered_at"),
    "complaints_moves": ("at",),
    "complaints_routings": ("at",),
    "events": ("occurred_at",),
    "deliveries": ("next_at", "done_at"),
    "files": ("created_at",),
    "idempotency_keys": ("created_at",),
    "notifications_inbox": ("created_at",),
    "audit_entries": ("at",),
}


@dataclass(frozen=True)
class Town(Installation):
    """An installation, with the ids of what is in it."""

    ids: dict[str, str] = field(default_factory=dict)

    def reconcile(self, *words: str) -> Result:
        """Run `balai reconcile` in this process."""
        return CliRunner().invoke(command_line, ["reconcile", *words], env=dict(self.environ), catch_exceptions=False)

    @property
    def blobs(self) -> Path:
        return Path(self.environ["BALAI_VAR"]) / "blobs" / REGION


@pytest.fixture(scope="session")
def whole(addresses, tmp_path_factory) -> Town:
    var = tmp_path_factory.mktemp("reconcile") / "var"
    environ = make_installation(addresses, name="balai_reconcile", var=var)
    app = create_app(load_settings(environ), connections=2)
    house = app.extensions["balai"]
    region = house.directory.find(REGION)
    with app.app_context(), unit_of_work(house.ground, region=region) as ctx:
        reporter, neighbour = (Person(app.test_client(), token=one.token) for one in settle_citizens(ctx, 2))
        settle_officers(ctx, ["pupr", "dlhk"], 4)
    photo = _sent(reporter.post("files", data={"file": (io.BytesIO(_picture()), "foto.jpg")}))["id"]
    body = {"category": "JLN-01", "description": "Jalan berlubang.", "location": shipped_places(REGION).inside}
    complaint = _sent(reporter.post("complaints", {**body, "file_ids": [photo]}))
    _sent(neighbour.post(f"complaints/{complaint['id']}/support", {}))
    other = _sent(reporter.post("complaints", body))
    _carry_all(house)
    town = Town(environ, {"photo": photo, "complaint": complaint["id"], "number": complaint["number"], "other": other["id"]})
    for table, columns in _AGED.items():
        earlier = ", ".join(f"{column} = {column} - interval '1 hour'" for column in columns)
        town.sql(f"UPDATE {table} SET {earlier}")  # noqa: S608 - the words above
    with unit_of_work(house.ground, region=region) as ctx:
        begin_recount(ctx)
    _carry_all(house)
    seal(house)
    house.ground.engine.dispose()
    return town


def _carry_all(house: House) -> None:
    while due := sweep(house):
        for subscriber in due:
            carry_due(house, subscriber)


def _picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(content, "JPEG")
    return content.getvalue()


def _sent(answer: Any) -> Any:
    assert answer.status_code < 300, answer.get_json()
    return answer.get_json()


@pytest.fixture
def town(whole, tmp_path) -> Town:
    """A copy: same roles, same secret, another database and other folders."""
    name, var = f"balai_spoiled_{uuid.uuid4().hex[:8]}", tmp_path / "var"
    shutil.copytree(whole.environ["BALAI_VAR"], var)
    with owner_engine(_at(whole.environ["BALAI_OWNER_URL"], "postgres")).connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE balai_reconcile"))
    runtime = load_settings(whole.environ).database_url
    (var / "local.json").unlink()
    addresses = {"BALAI_VAR": str(var), "BALAI_RUNTIME_URL": _at(runtime, name)}
    return dataclasses.replace(
        whole, environ={**whole.environ, **addresses, "BALAI_OWNER_URL": _at(whole.environ["BALAI_OWNER_URL"], name)}
    )


def _at(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)
