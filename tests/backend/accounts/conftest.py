"""One PostgreSQL and Valkey for these tests, the whole application on them, and two regions with their departments."""

import base64
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from backend.accounts import create_staff
from backend.app import create_app
from backend.cli.database import set_up_and_migrate
from backend.core.clock import utc_now
from backend.core.settings import load_settings
from backend.data.context import Ground
from backend.data.events import Event, EventRow
from backend.data.migrating import owner_engine
from backend.data.unit_of_work import unit_of_work
from backend.departments.models import Department
from backend.http.house import House
from backend.regions.models import AreaRow, RegionRow

PASSWORD = "kata sandi yang panjang"
REGIONS = {"banda-aceh": ("11.71", "ID"), "nairobi": ("30", "KE")}


@dataclass
class Town:
    """The application under test, with what a person in front of it does."""

    app: Flask
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def house(self) -> House:
        return self.app.extensions["balai"]

    @property
    def ground(self) -> Ground:
        return self.house.ground

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def unit(self, region: str | None = "banda-aceh", **options: Any):
        return unit_of_work(self.ground, region=self.house.directory.find(region) if region else None, **options)

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {token}"} if token is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(path, method=method, json=body, headers=sent)

    def phone(self) -> str:
        """Return a number that nobody has used yet."""
        return f"+62812{next(self.numbers):08}"

    def ask(self, phone: str, region: str = "banda-aceh", **headers: str) -> TestResponse:
        return self.call("POST", "/v1/auth/otp", {"phone": phone, "region": region, "purpose": "login"}, **headers)

    def events(self, name: str, subject: UUID, region: str = "banda-aceh") -> list[Event]:
        with self.unit(region) as ctx:
            rows = ctx.session.query(EventRow).filter_by(region_id=ctx.region.id, name=name, subject=subject).all()
            return [
                Event(
                    id=row.id,
                    name=row.name,
                    version=row.version,
                    subject=row.subject,
                    payload=row.payload,
                    occurred_at=row.occurred_at,
                    request_id=row.request_id,
                )
                for row in rows
            ]

    def send(self, subscriber: str, told: Event, region: str = "banda-aceh") -> Any:
        """Do with an event what the engine house does: prepare and commit, call, record."""
        handler = self.house.registry.subscriptions[subscriber][1].handler
        with self.unit(region) as ctx:
            prepared = handler.prepare(ctx, told)
        if prepared is None:
            return None
        answer = handler.call(prepared, key=str(told.id))
        with self.unit(region) as ctx:
            handler.record(ctx, told, prepared, answer)
        return prepared

    def send_code(self, request_id: str) -> Any:
        region, _, subject = request_id.partition(".")
        (told,) = self.events("auth.code_requested", UUID(subject), region)
        return self.send("accounts.send_code", told, region)

    def messages(self, to: str) -> list[dict[str, Any]]:
        found = self.client.get("/demo/messages", query_string={"to": to})
        assert found.status_code == 200, found.text
        return found.json["items"]

    def code(self, phone: str, region: str = "banda-aceh") -> tuple[str, str]:
        """Ask for a code, have it sent, and read it: (request id, code)."""
        asked = self.ask(phone, region)
        assert asked.status_code == 202, asked.text
        self.send_code(asked.json["request_id"])
        message = self.messages(phone)[0]["text"]
        return asked.json["request_id"], "".join(filter(str.isdigit, message.split(".")[0]))

    def verify(self, request_id: str, code: str, **headers: str) -> TestResponse:
        return self.call("POST", "/v1/auth/otp/verify", {"request_id": request_id, "code": code}, **headers)

    def citizen(self, phone: str | None = None, region: str = "banda-aceh") -> dict[str, Any]:
        """Sign a citizen in; return the tokens."""
        entered = self.verify(*self.code(phone or self.phone(), region))
        assert entered.status_code == 200, entered.text
        return entered.json

    def staff(self, role: str, *, region: str = "banda-aceh", department: str | None = None) -> tuple[str, UUID]:
        """Make a staff account; return its e-mail address and id."""
        email = f"{role}.{next(self.numbers)}@example.org"
        with self.unit(region) as ctx:
            made = create_staff(ctx, email=email, password=PASSWORD, name="Petugas Contoh", role=role, department_key=department)
        return email, made

    def log_in(self, email: str, password: str = PASSWORD, **more: str) -> TestResponse:
        return self.call("POST", "/v1/auth/login", {"email": email, "password": password, **more})

    def staff_token(self, role: str, **options: Any) -> str:
        entered = self.log_in(self.staff(role, **options)[0])
        assert entered.status_code == 200, entered.text
        return entered.json["access_token"]

    def actions(self, subject: Any, region: str = "banda-aceh") -> list[str]:
        """Return what the audit log says was done to a subject, in its order."""
        with self.unit(region) as ctx:
            rows = ctx.session.execute(
                text("SELECT action FROM audit_entries WHERE subject = :subject ORDER BY at, id"), {"subject": str(subject)}
            )
            return list(rows.scalars())


def _add_regions(owner_url: str) -> None:
    with Session(owner_engine(owner_url)) as session:
        for key, (code, country) in REGIONS.items():
            region = RegionRow(
                key=key,
                code=code,
                name=key,
                timezone="Asia/Jakarta",
                languages=["id", "en"],
                identity={"app_name": "SALAM", "phone": {"country": country}},
                calendar={},
                pack_version="1",
                pack_checksum="",
                areas_checksum="",
                applied_at=utc_now(),
            )
            session.add(region)
            session.flush()
            session.add(
                AreaRow(region_id=region.id, code=f"{code}.01", name="Satu", kind="kecamatan", parent_code=None, lowest=True)
            )
            session.add_all(
                Department(
                    region_id=region.id, key=unit, name=unit.upper(), kind="department", types=[unit.upper()], verified=True
                )
                for unit in ("dlhk", "pupr")
            )
        session.commit()


@pytest.fixture(scope="package")
def town(addresses: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    name = f"accounts_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    owner = make_url(addresses["admin_url"])
    with owner_engine(addresses["admin_url"]).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    environ = {
        "BALAI_ENV": "test",
        "BALAI_VAR": str(tmp_path_factory.mktemp("accounts")),
        "BALAI_OWNER_URL": owner.set(database=name).render_as_string(hide_password=False),
        "BALAI_SECRET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "BALAI_LOG_LEVEL": "ERROR",
        "REDIS_URL": addresses["redis_url"],
    }
    set_up_and_migrate(load_settings(environ))
    _add_regions(environ["BALAI_OWNER_URL"])
    town = Town(create_app(load_settings(environ), connections=24))
    yield town
    town.ground.engine.dispose()


@pytest.fixture
def statements(town: Town) -> Iterator[list[str]]:
    """Every statement the application sends."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(town.ground.engine, "before_cursor_execute", note)
    yield said
    event.remove(town.ground.engine, "before_cursor_execute", note)
