"""The whole house on a database of its own, beside a stand-in for the mail server, and what people do in it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from backend.accounts import create_staff
from backend.app import create_app
from backend.core.ids import new_id
from backend.core.settings import load_settings
from backend.data.context import Context
from backend.data.unit_of_work import unit_of_work
from backend.http.house import House
from backend.regions.models import RegionModuleRow, RegionRow
from backend.sdk.domain import request_notice
from backend.testing.installation import make_installation
from tests.services.notifications.post_office import PostOffice, post_office
from workers.tasks import carry_due

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


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in. `address` is a telephone number or an e-mail address."""

    id: UUID
    address: str
    token: str
    region: str


class Town:
    """The installation under test, and what people do in it."""

    def __init__(self, app: Flask, owner: Engine, office: PostOffice) -> None:
        self.app, self.owner, self.office = app, owner, office
        self.house: House = app.extensions["balai"]
        self.statements: list[tuple[str, Any]] = []
        event.listen(self.house.ground.engine, "before_cursor_execute", lambda *said: self.statements.append(said[2:4]))

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
        self.carry_one("accounts.send_code")
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

    def give_duty(self, email: str, role: str, department: str | None = None, *, region: str, locale: str = "id") -> None:
        with self.unit(region) as ctx:
            create_staff(ctx, email=email, password=PASSWORD, name="Petugas", role=role, department_key=department, locale=locale)

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

    def carry_one(self, subscriber: str) -> None:
        carry_due(self.house, subscriber)

    def carry(self) -> None:
        """Let the worker do what is due now."""
        self.carry_one("notifications.take")
        self.carry_one("notifications.send")

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


@pytest.fixture(scope="session")
def installation(addresses: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    name = f"balai_notifications_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    environ = make_installation(addresses, name=name, var=tmp_path_factory.mktemp("notifications"))
    with post_office() as office:
        mail = {"BALAI_SMTP_URL": f"smtp://127.0.0.1:{office.port}/?from=balai@example.go.id"}
        town = Town(create_app(load_settings(environ | mail), connections=4), create_engine(environ["BALAI_OWNER_URL"]), office)
        yield town
        town.house.ground.engine.dispose()
        town.owner.dispose()


@pytest.fixture
def town(installation: Town) -> Iterator[Town]:
    installation.configure()
    yield installation
    installation.as_owner("TRUNCATE events, deliveries, demo_messages, notifications_inbox, notifications_dispatches")
    installation.office.letters.clear()
    installation.office.refusals.clear()
    installation.statements.clear()


@pytest.fixture
def citizen(town: Town) -> Person:
    return town.citizen()
