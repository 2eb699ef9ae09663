"""The engine house under test: an installation of its own with the module `probe`, and what its database says."""

import dataclasses
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from backend.app import GROUND_MODULES, create_app
from backend.cli import balai as command_line
from backend.core.ids import new_id
from backend.core.settings import load_settings
from backend.data.doorbell import NullDoorbell
from backend.data.events import EventType
from backend.data.unit_of_work import unit_of_work
from backend.http.house import House
from backend.modules.discovery import bundled_modules
from backend.modules.registry import Registry
from backend.regions.directory import RegionDirectory
from backend.testing.installation import make_installation
from tests.running import Installation, Valkey, free_port, own_valkey
from tests.workers import probe

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def valkey(tmp_path_factory) -> Valkey:
    with own_valkey(tmp_path_factory.mktemp("valkey")) as valkey:
        yield valkey


@pytest.fixture(scope="session")
def installation(addresses, valkey, tmp_path_factory) -> Installation:
    """An installation whose processes find `probe` as they find every guest: by its entry point."""
    folder = tmp_path_factory.mktemp("engine")
    installed = folder / "site" / "probe-1.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: probe\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[balai.modules]\nprobe = tests.workers.probe:module\n")
    name = f"engine_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    environ = make_installation({**addresses, "redis_url": valkey.url}, name=name, var=folder / "var")
    more = {"PYTHONPATH": os.pathsep.join([str(folder / "site"), str(ROOT)]), "BALAI_LOG_LEVEL": "INFO", "PORT": free_port()}
    return Installation(environ | more)


def with_modules(house: House, *modules: Any) -> House:
    """Return a house with the bundled modules and these."""
    registry = Registry([*GROUND_MODULES, *bundled_modules(), *modules])
    switched = [module.name for module in registry.modules.values() if not module.always_on]
    always = [module.name for module in registry.modules.values() if module.always_on]
    directory = RegionDirectory(house.ground.engine, registry.parse_config, modules=switched, always_on=always)
    directory.refresh()
    ground = dataclasses.replace(house.ground, subscribers=registry, regions=directory, doorbell=NullDoorbell())
    return dataclasses.replace(house, ground=ground, registry=registry, directory=directory)


@pytest.fixture(scope="session")
def house(installation) -> House:
    app = create_app(load_settings(installation.environ), connections=10)
    house = app.extensions["balai"]
    yield with_modules(house, probe.module)
    house.ground.engine.dispose()


@dataclass(frozen=True)
class Records:
    """The database as its superuser sees it."""

    sql: Callable[..., list[Any]]

    def traces(self, action: str, subject: UUID | str | None = None) -> list[Mapping[str, Any]]:
        """Return the details of audit entries, in the order of their writing."""
        found = self.sql(
            "SELECT details FROM audit_entries WHERE action = :action AND (:subject = '' OR subject = :subject) ORDER BY id",
            action=action,
            subject=str(subject or ""),
        )
        return [row.details for row in found]

    def row(self, subject: UUID) -> Any:
        """Return the one delivery of a subject."""
        (row,) = self.sql("SELECT *, next_at <= now() AS due FROM deliveries WHERE subject = :subject", subject=subject)
        return row

    def make_due(self) -> None:
        """Let leases and pauses be over."""
        self.sql("UPDATE deliveries SET next_at = now() WHERE done_at IS NULL AND dead_at IS NULL")

    def mend(self, subject: UUID) -> None:
        """Let what is told of a subject be something that its handler can do."""
        self.sql("UPDATE events SET payload = jsonb_build_object('how', 'well') WHERE subject = :subject", subject=subject)


@pytest.fixture
def records(installation) -> Records:
    records = Records(installation.sql)
    yield records
    records.sql("DELETE FROM deliveries WHERE subscriber LIKE 'probe.%'")
    probe.outside.__init__()


@pytest.fixture
def tell(house) -> Callable[..., UUID]:
    """Return a function that tells what happened to a subject, all in one transaction."""

    def tell(*hows: str, subject: UUID | None = None, event: EventType = probe.HAPPENED, request_id: str = "") -> UUID:
        subject = subject or new_id()
        with unit_of_work(house.ground, region=house.directory.find("banda-aceh"), request_id=request_id) as ctx:
            for how in hows:
                ctx.publish(event, subject=subject, how=how)
        return subject

    return tell


@pytest.fixture
def balai(installation, monkeypatch) -> Callable[..., Result]:
    """Return a function that runs a command of `balai` in this process."""
    for name, value in installation.environ.items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(command_line, words)


@pytest.fixture
def in_child(house) -> Callable[[Callable[[], Any]], int]:
    """Return a function that does something in a forked child, as RQ does, and returns the child's process id."""

    def in_child(work: Callable[[], Any]) -> int:
        if pid := os.fork():
            return pid
        try:
            house.ground.engine.dispose(close=False)
            work()
        except BaseException as error:  # noqa: BLE001 - a child must never go on as a second pytest
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
        os._exit(0)

    return in_child
