"""The whole house on a PostgreSQL and a Valkey of its own, two regions, real accounts, and the worker's own drain."""

import base64
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from backend.accounts import create_staff
from backend.cli.database import set_up_and_migrate
from backend.core.clock import utc_now
from backend.core.ids import new_id
from backend.core.settings import load_settings
from backend.data.context import Context
from backend.data.unit_of_work import unit_of_work
from backend.departments.models import Department
from backend.http.house import House
from backend.local import local_servers
from backend.regions.models import RegionModuleRow, RegionRow
from backend.sdk.domain import request_notice
from workers.bootstrap import application, house_of
from workers.tasks import drain

REGIONS = {"banda-aceh": ("Kota Banda Aceh", "SALAM"), "sumedang": ("Kabupaten Sumedang", "Tahu")}
SETTINGS = {
    "templates": [
        {
            "key": "complaints.moved",
            "title": {"id": "Laporan {number}: {status}", "en": "Report {number}: {status}"},
            "body": {
                "id": "Laporan Anda di {app_name} kini {status}, {region}. Batas waktu: {due}.",
                "en": "Your report in {app_name} is now {status}, {region}. Due: {due}.",
            },
        }
    ]
}
PARAMS = {
    "number": "BNA-2611-000042-7",
    "status": {"id": "Diproses", "en": "In progress"},
    "due": "2026-11-25T09:00:00+00:00",
}
PASSWORD = "petugas-yang-rajin-bekerja"
_numbers = count(1)


def _neighbour(name: str) -> Any:
    # pytest imports test files by path (--import-mode=importlib), so a file beside this one has no name to import it by.
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in. `address` is a telephone number or an e-mail address."""

    id: UUID
    address: str
    token: str
    region: str


class Town:
    """The installation under test, and what people do in it."""

    def __init__(self, app: Flask, owner: Any, office: Any) -> None:
        self.app, self.owner, self.office = app, owner, office
        self.house: House = house_of(app)
        self.statements: list[str] = []
        event.listen(self.house.ground.engine, "before_cursor_execute", lambda *words: self.statements.append(words[2]))

    def unit(self, region: str = "banda-aceh", **options: Any) -> AbstractContextManager[Context]:
        """Open a unit of work in a region."""
        return unit_of_work(self.house.ground, region=self.house.directory.find(region), **options)

    def request(self, method: str, path: str, token: str = "", **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.app.test_client().open(path, method=method, headers=headers | options.pop("headers", {}), **options)

    def call(self, person: Person | None, method: str, path: str = "", *, region: str = "", **options: Any) -> TestResponse:
        """Send a request to the room, in the person's own region if no other is named."""
        region = region or (person.region if person else "banda-aceh")
        token = person.token if person else ""
        return self.request(method, f"/v1/regions/{region}/notifications{path}", token, **options)

    def inbox(self, person: Person, **query: Any) -> list[dict[str, Any]]:
        return self.call(person, "GET", query_string=query).json["items"]

    def left(self, address: str) -> list[dict[str, Any]]:
        """Return what left the house by the demo's channel, one-time codes aside; newest first."""
        items = self.request("GET", "/demo/messages", query_string={"to": address}).json["items"]
        return [item for item in items if item["channel"] != "sms"]

    def citizen(self, region: str = "banda-aceh", *, locale: str = "id") -> Person:
        """Sign a new citizen in by one-time code."""
        phone = f"+62812{next(_numbers):08}"
        asked = self.request(
            "POST",
            "/v1/auth/otp",
            json={"phone": phone, "region": region, "purpose": "login"},
            headers={"Accept-Language": locale},
        )
        drain("accounts.send_code")
        message = self.request("GET", "/demo/messages", query_string={"to": phone}).json["items"][0]["text"]
        code = next(word.strip(".,:") for word in message.split() if word.strip(".,:").isdigit() and len(word.strip(".,:")) == 6)
        signed = self.request(
            "POST",
            "/v1/auth/otp/verify",
            json={"request_id": asked.json["request_id"], "code": code},
            headers={"Accept-Language": locale},
        )
        return self._person(phone, signed.json["access_token"], region)

    def staff(self, role: str, department: str | None = None, *, region: str = "banda-aceh", locale: str = "id") -> Person:
        """Make a new staff account with one duty and sign it in."""
        email = f"petugas{next(_numbers)}@example.go.id"
        with self.unit(region) as ctx:
            create_staff(ctx, email=email, password=PASSWORD, name="Petugas", role=role, department_key=department, locale=locale)
        signed = self.request("POST", "/v1/auth/login", json={"email": email, "password": PASSWORD})
        return self._person(email, signed.json["access_token"], region)

    def _person(self, address: str, token: str, region: str) -> Person:
        return Person(UUID(self.request("GET", "/v1/me", token).json["id"]), address, token, region)

    def ask(
        self,
        audience: Any,
        recipient: Person | str,
        *,
        region: str = "banda-aceh",
        template: str = "complaints.moved",
        params: Mapping[str, Any] | None = None,
        subject: UUID | None = None,
    ) -> UUID:
        """Ask, as any room may, that somebody be told; return the subject."""
        subject = subject or new_id()
        with self.unit(region) as ctx:
            request_notice(
                ctx,
                template=template,
                audience=audience,
                recipient=recipient if isinstance(recipient, str) else str(recipient.id),
                subject=subject,
                params=PARAMS if params is None else params,
                link=("complaints", subject),
            )
        return subject

    def carry(self) -> None:
        """Let the worker do what is due now."""
        drain("notifications.take")
        drain("notifications.send")

    def tell(self, *asked: Any, **options: Any) -> UUID:
        """Ask, and let the worker carry it."""
        subject = self.ask(*asked, **options)
        self.carry()
        return subject

    def configure(self, region: str = "banda-aceh", *, enabled: bool = True, **settings: Any) -> None:
        """Give the room other settings in a region, beside the templates."""
        with Session(self.owner) as session:
            row = session.query(RegionRow).filter_by(key=region).one()
            row.revision += 1
            room = session.get_one(RegionModuleRow, (row.id, "notifications"))
            room.settings, room.enabled = SETTINGS | settings, enabled
            session.commit()
        self.house.directory.refresh()

    def as_owner(self, statement: str, **values: Any) -> list[Any]:
        """Run one statement past row-level security; return its rows."""
        with self.owner.begin() as connection:
            result = connection.execute(text(statement), values)
            return list(result) if result.returns_rows else []


def _found_regions(owner: Any) -> None:
    with Session(owner) as session:
        for key, (name, app_name) in REGIONS.items():
            region = RegionRow(
                key=key,
                code=f"99.{key}",
                name=name,
                timezone="Asia/Jakarta",
                languages=["id", "en"],
                identity={"app_name": app_name, "phone": {"country": "ID"}},
                calendar={},
                pack_version="1",
                pack_checksum="",
                applied_at=utc_now(),
            )
            session.add(region)
            session.flush()
            unit = {"kind": "department", "verified": True, "types": []}
            session.add_all(Department(region_id=region.id, key=word, name=word.upper(), **unit) for word in ("pupr", "dlhk"))
            session.add(RegionModuleRow(region_id=region.id, module="notifications", enabled=True, settings=SETTINGS))
        session.commit()


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("notifications")
    with (
        _neighbour("post_office").post_office() as office,
        local_servers(folder, durable=False) as servers,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.delenv("DATABASE_URL", raising=False)
        for name, value in {
            "BALAI_ENV": "test",
            "BALAI_VAR": str(folder),
            "BALAI_OWNER_URL": servers.admin_url,
            "REDIS_URL": servers.redis_url,
            "BALAI_SECRET_KEY": base64.urlsafe_b64encode(bytes(range(32))).decode(),
            "BALAI_SMTP_URL": f"smtp://127.0.0.1:{office.port}/?from=balai@example.go.id",
            "BALAI_LOG_LEVEL": "ERROR",
        }.items():
            environment.setenv(name, value)
        set_up_and_migrate(load_settings())
        owner = create_engine(servers.admin_url)
        _found_regions(owner)
        application.cache_clear()
        town = Town(application(), owner, office)
        yield town
        application.cache_clear()
        town.house.ground.engine.dispose()
        owner.dispose()


@pytest.fixture
def town(installation: Town) -> Iterator[Town]:
    yield installation
    installation.configure()
    installation.as_owner("TRUNCATE events, deliveries, demo_messages, notifications_inbox, notifications_dispatches")
    installation.office.letters.clear()
    installation.office.refusals.clear()
    installation.statements.clear()


@pytest.fixture
def citizen(town: Town) -> Person:
    return town.citizen()
