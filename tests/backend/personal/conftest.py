"""An installation of its own, servers included, so that every file it writes can be searched; and people over the wire."""

import io
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from backend.accounts import create_staff
from backend.app import create_app
from backend.core.settings import load_settings
from backend.data.unit_of_work import unit_of_work
from backend.http.house import House
from backend.packs.settings import change_module
from backend.regions.models import RegionModuleRow
from backend.testing.installation import make_installation, servers
from tests.people import Person
from tests.running import Installation, free_port, wait_until
from tests.services.notifications.post_office import PostOffice, post_office

PASSWORD = "kata sandi yang panjang 2026"


@dataclass(frozen=True)
class Town:
    """The installation under test: as processes, and as a house in this process on the same database."""

    installation: Installation
    house: House
    folders: tuple[Path, ...]
    office: PostOffice

    @property
    def anybody(self) -> Person:
        return Person(self.installation.wire)

    def code(self, phone: str, region: str, purpose: str) -> dict[str, str]:
        """Ask for a code, and return what proves it."""
        before = self._texts(phone)
        asked = self.anybody.post("/v1/auth/otp", {"phone": phone, "region": region, "purpose": purpose})
        assert asked.status_code == 202, asked.data
        sent = wait_until(lambda: len(texts := self._texts(phone)) > len(before) and texts[0])
        return {"request_id": asked.get_json()["request_id"], "code": re.search(r"(?<!\d)\d{6}(?!\d)", sent)[0]}

    def _texts(self, phone: str) -> list[str]:
        sent = self.anybody.get(f"/demo/messages?to=%2B{phone[1:]}").get_json()["items"]
        return [message["text"] for message in sent if message["channel"] == "sms"]

    def citizen(self, phone: str, device: str = "test", region: str = "banda-aceh") -> Person:
        proof = self.code(phone, region, "login")
        got = self.anybody.post("/v1/auth/otp/verify", proof, headers={"User-Agent": device})
        assert got.status_code == 200, got.data
        return Person(self.installation.wire, token=got.get_json()["access_token"], region=region, phone=phone)

    def staff(self, role: str, department: str | None = None) -> Person:
        email = f"{role}.{department}@example.go.id".replace("_", "-")
        with unit_of_work(self.house.ground, region=self.house.directory.find("banda-aceh")) as ctx:
            create_staff(ctx, email=email, password=PASSWORD, name="Petugas", role=role, department_key=department)
        got = self.anybody.post("/v1/auth/login", {"email": email, "password": PASSWORD})
        return Person(self.installation.wire, token=got.get_json()["access_token"])

    def upload(self, person: Person, content: bytes, *, name: str = "foto.jpg", key: str = "") -> dict[str, Any]:
        got = requests.post(
            f"http://127.0.0.1:{self.installation.wire.port}/v1/regions/{person.region}/files",
            files={"file": (name, content, "image/jpeg")},
            headers={"Authorization": f"Bearer {person.token}", "Idempotency-Key": key or str(uuid.uuid4())},
            timeout=20,
        )
        assert got.status_code == 201, got.text
        return got.json()


def photo(**words: str) -> bytes:
    """Return a photo that no other is alike, with words and a place in its EXIF."""
    exif = Image.Exif()
    exif.update({0x010E: words.get("title", ""), 0x013B: words.get("artist", ""), 0x0132: "2026:11:20 10:11:12"})
    exif.get_ifd(0x8825).update({1: "N", 2: (5.0, 33.0, 10.4), 3: "E", 4: (95.0, 19.0, 9.1)})
    content = io.BytesIO()
    small = Image.effect_noise((16, 12), 120).convert("RGB")
    small.resize((640, 480), Image.Resampling.BICUBIC).save(content, "JPEG", quality=88, exif=exif)
    return content.getvalue()


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("personal")
    with servers(folder / "servers") as addresses, post_office() as office:
        environ = make_installation(addresses, name="personal", var=folder / "var") | {
            "BALAI_LOG_LEVEL": "DEBUG",
            "BALAI_SMTP_URL": f"smtp://127.0.0.1:{office.port}/?from=balai@example.go.id",
            "PORT": free_port(),
        }
        installation = Installation(environ)
        installation.sql("ALTER ROLE personal_runtime SET log_min_duration_statement = 0")  # an operator looks for what is slow
        app = create_app(load_settings(environ), connections=4)
        house = app.extensions["balai"]
        folders = (folder / "var", folder / "servers")
        region = house.directory.find("banda-aceh")
        with unit_of_work(house.ground, region=region) as ctx:
            settings = ctx.session.get_one(RegionModuleRow, (region.id, "notifications")).settings
            told = {**settings, "channels": {"citizen": ["push", "email"]}}
            change_module(ctx, house.registry, house.registry.modules["notifications"], values=told)
        with installation.running("web", "worker", "clock"):
            yield Town(installation, house, folders, office)
        house.ground.engine.dispose()
