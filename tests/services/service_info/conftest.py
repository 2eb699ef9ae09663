"""A PostgreSQL and a Valkey of our own, two regions with square areas, and the real edge before the room."""

import base64
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import shapely
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from flask import Flask, g
from sqlalchemy import Engine, create_engine, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from backend.core.clock import utc_now
from backend.core.crypto import Keyring
from backend.core.ids import new_id
from backend.core.settings import load_settings
from backend.core.text import Catalogue
from backend.data.blobs import FolderBlobStore
from backend.data.context import Actor, Context, Duty, Ground
from backend.data.db import Base
from backend.data.doorbell import NullDoorbell
from backend.data.protection import protect_table, roles_of, set_up_roles
from backend.data.serials import Serials
from backend.data.unit_of_work import unit_of_work
from backend.departments.models import Department
from backend.http.auth import configure_tokens, make_access_token
from backend.http.declaration import module as regions
from backend.http.gate import Gate
from backend.http.house import House
from backend.http.limits import RateLimits
from backend.http.openapi import make_api, serve_documentation
from backend.http.problem import answer_problems
from backend.local import LocalServers, local_servers
from backend.modules.registry import Registry
from backend.regions.directory import RegionDirectory
from backend.regions.models import AreaRow, RegionModuleRow, RegionRow
from services.service_info.module import module
from services.service_info.operations import seed_items
from services.service_info.routes import blueprint

ROOT = Path(__file__).parents[3]
CORNERS = {"banda-aceh": (5.50, 95.25), "sumedang": (-6.90, 107.85)}  # south-west; each region is a square of 0.1 degrees
SIDE = 0.1
DEPARTMENT = {"key": "disdukcapil", "name": "Dinas Kependudukan dan Pencatatan Sipil"}


@dataclass
class Town:
    """The installation under test: two regions, and people to act in them."""

    app: Flask
    ground: Ground
    directory: RegionDirectory
    owner: Engine
    people: dict[UUID, tuple[str, Actor]] = field(default_factory=dict)
    statements: list[str] = field(default_factory=list)

    def unit(self, region: str = "banda-aceh", **options: Any) -> AbstractContextManager[Context]:
        """Open a unit of work in the region."""
        return unit_of_work(self.ground, region=self.directory.find(region), **options)

    def apply(self, region: str = "banda-aceh", **content: Any) -> None:
        """Give the room these settings and tell it so, as a pack that is applied does."""
        with Session(self.owner) as session:
            row = session.scalars(select(RegionRow).where(RegionRow.key == region)).one()
            row.revision += 1
            session.get_one(RegionModuleRow, (row.id, "service_info")).settings = content
            session.commit()
        self.directory.refresh()
        with self.unit(region) as ctx:
            seed_items(ctx)

    def sign_in(self, role: str, *, home: str = "banda-aceh") -> dict[str, str]:
        """Return the header of a new staff account with `role` in the region `home`; a platform admin has none."""
        person = new_id()
        self.people[person] = (
            home,
            Actor(
                kind="staff",
                account_id=person,
                duties=() if role == "platform_admin" else (Duty(role=role),),
                platform_admin=role == "platform_admin",
            ),
        )
        with self.app.app_context():
            token = make_access_token(account_id=person, kind="staff", session_id=new_id(), region=None)
        return {"Authorization": f"Bearer {token}"}

    def load_actor(self, ctx: Context, claims: Mapping[str, Any]) -> Actor:
        """Return who acts, with the duties held in the region of the request."""
        home, person = self.people[UUID(claims["sub"])]
        return person if home == ctx.region.key else replace(person, duties=())

    def call(
        self, method: str, path: str, *, role: str | None = None, region: str = "banda-aceh", home: str = "", **options: Any
    ) -> TestResponse:
        """Send a request to the room of `region`, as somebody with `role` in `home` (the same region if not said)."""
        signed = self.sign_in(role, home=home or region) if role else {}
        headers = {"Accept-Language": "en", **signed, **options.pop("headers", {})}
        return self.app.test_client().open(f"/v1/regions/{region}/service-info{path}", method=method, headers=headers, **options)


@pytest.fixture(scope="session")
def installation(tmp_path_factory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("service_info")
    with local_servers(folder, durable=False) as servers:
        roles = roles_of(servers.admin_url)
        owner = create_engine(servers.admin_url)
        with owner.begin() as connection:
            set_up_roles(connection, roles, runtime_password="runtime")
            connection.exec_driver_sql(f"SET LOCAL ROLE {roles.owner}")
            tables = [model.__table__ for room in (regions, module) for model in room.models]
            tables.append(Department.__table__)
            Base.metadata.create_all(connection, tables=tables)
            operations = Operations(MigrationContext.configure(connection))
            for model in (*module.models, Department):
                protect_table(operations, model.__tablename__)
        with Session(owner) as session:
            for key, (south, west) in CORNERS.items():
                _add_region(session, key, shapely.box(west, south, west + SIDE, south + SIDE))
            session.commit()
        yield _open(folder, servers, owner, roles.runtime)


def _add_region(session: Session, key: str, square: shapely.Polygon) -> None:
    region = RegionRow(
        key=key,
        code=f"99.{key}",
        name=key.title(),
        timezone="Asia/Jakarta",
        languages=["id", "en"],
        identity={"phone": {"country": "ID"}},
        calendar={},
        pack_version="1",
        pack_checksum="",
        areas_checksum="",
        applied_at=utc_now(),
    )
    session.add(region)
    session.flush()
    area = {"name": key, "kind": "gampong", "parent_code": None, "lowest": True, "boundary": shapely.to_wkb(square)}
    session.add_all(
        [
            AreaRow(region_id=region.id, code=region.code, **area),
            Department(region_id=region.id, types=["DUKCAPIL"], kind="department", verified=True, **DEPARTMENT),
            RegionModuleRow(region_id=region.id, module="service_info", enabled=True, settings={}),
        ]
    )


def _open(folder: Path, servers: LocalServers, owner: Engine, runtime: str) -> Town:
    secret = base64.urlsafe_b64encode(bytes(32)).decode()
    address = make_url(servers.admin_url).set(username=runtime).render_as_string(hide_password=False)
    settings = load_settings(
        {
            "BALAI_ENV": "test",
            "BALAI_VAR": str(folder),
            "DATABASE_URL": address,
            "REDIS_URL": servers.redis_url,
            "BALAI_SECRET_KEY": secret,
        }
    )
    registry = Registry([regions, module])
    engine = create_engine(address)
    directory = RegionDirectory(engine, registry.parse_config, modules=["service_info"], always_on=["regions"])
    directory.refresh()
    catalogue, keyring = Catalogue(), Keyring(settings.secret_key)
    for texts in (ROOT / "backend" / "locale", module.locale):
        catalogue.add_folder(texts)
    app = Flask("town")
    town = Town(
        app=app,
        ground=Ground(
            settings=settings,
            engine=engine,
            keyring=keyring,
            blobs=FolderBlobStore(folder / "blobs"),
            serials=Serials(engine),
            channels={},
            catalogue=catalogue,
            subscribers=registry,
            doorbell=NullDoorbell(),
            regions=directory,
            people=None,  # this room asks for nobody
            personal=registry,
            wording=registry,
        ),
        directory=directory,
        owner=owner,
    )
    app.extensions["balai"] = House(
        ground=town.ground,
        registry=registry,
        directory=directory,
        limits=RateLimits(settings.redis_url, keyring, demo=True),
        gate=Gate(working=8, waiting=8),
        uploads=Gate(working=1, waiting=8),
        load_actor=town.load_actor,
    )
    app.before_request(lambda: setattr(g, "request_id", "request-1"))
    configure_tokens(app, keyring)
    answer_problems(app)
    api = make_api(app, version="1")
    api.register_blueprint(blueprint)
    serve_documentation(app, api)
    event.listen(engine, "before_cursor_execute", lambda *words: town.statements.append(words[2]))
    return town


@pytest.fixture
def town(installation: Town) -> Iterator[Town]:
    yield installation
    with installation.owner.begin() as connection:
        names = ", ".join(model.__tablename__ for model in module.models)
        connection.exec_driver_sql(f"TRUNCATE {names}, audit_entries, audit_seals, audit_pending, idempotency_keys")
    installation.statements.clear()


@pytest.fixture
def service() -> dict[str, Any]:
    return {
        "key": "akta-lahir",
        "name": {"id": "Akta kelahiran", "en": "Birth certificate"},
        "department_type": "DUKCAPIL",
        "summary": {"id": "Pencatatan 100% gratis bagi bayi baru lahir.", "en": "Registering a newborn child."},
        "requirements": [{"id": "Surat keterangan lahir", "en": "Hospital's notice of birth"}],
        "cost": {"amount": 0, "currency": "IDR", "note": {"id": "Gratis", "en": "Free of charge"}},
        "time": {"working_days": 3},
        "legal_basis": "UU 24/2013",
        "source": "https://example.org/standar-pelayanan",
        "checked_on": "2026-11-02",
        "verified": False,
    }


@pytest.fixture
def contact() -> dict[str, Any]:
    return {
        "key": "ambulans",
        "name": {"id": "Ambulans", "en": "Ambulance"},
        "phone": "119",
        "kind": "emergency",
        "source": "Permenkes 19/2016",
        "checked_on": "2026-11-02",
    }


@pytest.fixture
def place() -> dict[str, Any]:
    return {
        "key": "puskesmas-kuta-alam",
        "name": {"id": "Puskesmas Kuta Alam", "en": "Kuta Alam health centre"},
        "kind": "health_centre",
        "lat": 5.55,
        "lng": 95.30,
        "source": "packs/banda-aceh/service_info.yaml:7",
    }


@pytest.fixture
def article() -> dict[str, Any]:
    return {
        "key": "rekam-ktp",
        "title": {"id": "Rekam KTP", "en": "Identity cards"},
        "body": {"id": "Loket buka setiap Sabtu.", "en": "The counter is open on Saturdays."},
        "published_on": "2024-05-01",
        "source": "packs/banda-aceh/service_info.yaml:9",
    }


@pytest.fixture
def pack(service, contact, place, article) -> dict[str, list[dict[str, Any]]]:
    return {"services": [service], "contacts": [contact], "places": [place], "articles": [article]}
