"""A region in which every word that people are shown does what a page must not do: its pack, its staff, its citizens' reports."""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any
from uuid import uuid4

import yaml
from flask import Flask

from backend.accounts import create_staff
from backend.data.unit_of_work import unit_of_work
from backend.packs.apply import offer_pack
from backend.packs.folder import SHIPPED, gather
from tests.browser.payloads import PAYLOADS, planted
from tests.browsers import Browser
from tests.conftest import PASSWORD
from tests.journeys.cast import AGREEMENT
from tests.journeys.test_main_job import make, picture, report
from tests.people import Person

KEY = "tulisan"
_LANGUAGES = {"id", "en"}
_WORDS = {"app_name", "address", "legal_basis", "source"}  # texts in one language
_KEPT = ("calendar.yaml", "notifications.yaml", "command_centre.yaml")  # their texts are templates with variables, or figures
_REPORTS = 8


class Planter:
    """Gives each place payloads of its own, and knows afterwards where which one is."""

    def __init__(self) -> None:
        self._numbers = count()
        self.places: dict[int, str] = {}

    def one(self, place: str, longest: int = 200) -> str:
        """Return the next payload."""
        for number in self._numbers:
            text = planted(number)
            if len(text) <= longest:
                self.places[number] = place
                return text
        raise AssertionError

    def many(self, place: str, number: int = len(PAYLOADS) // _REPORTS) -> str:
        """Return some of them, each in a line: as many as show them all, where every report has some."""
        return "\n".join(self.one(place) for _ in range(number))

    def in_pack(self, said: Any, place: str) -> Any:
        """Return what a file of a pack says, with every text for people replaced."""
        if isinstance(said, list):
            return [self.in_pack(inner, place) for inner in said]
        if not isinstance(said, Mapping):
            return said
        if said and set(said) <= _LANGUAGES:
            return dict.fromkeys(said, self.one(place))
        named = _WORDS | {"name"} if place.endswith(("departments.yaml", "region.yaml")) else _WORDS
        return {
            name: self.one(f"{place} {name}") if name in named and isinstance(value, str) else self.in_pack(value, place)
            for name, value in said.items()
        }


def plant_pack(house: Any, planter: Planter) -> None:
    """Apply Banda Aceh's pack as the region `KEY`, with other words."""
    files = dict(gather(SHIPPED / "banda-aceh"))
    for name, content in files.items():
        if name.endswith(".yaml") and not name.endswith(_KEPT):
            said = planter.in_pack(yaml.safe_load(content), name)
            files[name] = yaml.safe_dump(said | ({"key": KEY} if name == "region.yaml" else {}), allow_unicode=True).encode()
    offer_pack(house, files)
    house.directory.refresh()


def plant_staff(house: Any, planter: Planter, department: str) -> Mapping[str, str]:
    """Make staff with names that do things; return an e-mail address by role."""
    addresses = {}
    with unit_of_work(house.ground, region=house.directory.find(KEY)) as ctx:
        for role in ("department_officer", "triage", "validator", "regional_admin", "leader", "auditor"):
            place = department if role.startswith("department") else None
            addresses[role] = f"{role.replace('_', '-')}@{KEY}.test"
            name = planter.one("staff name", 120)
            create_staff(ctx, email=addresses[role], password=PASSWORD, name=name, role=role, department_key=place)
    return addresses


def plant_reports(reporters: Iterator[Person], planter: Planter) -> list[dict[str, Any]]:
    """Report with words that do things, and with a picture whose name does."""
    made = []
    for _ in range(_REPORTS):
        reporter = next(reporters)
        got = reporter.post(
            "files",
            data={"file": (picture(), planter.one("file name").replace("/", "") + ".jpg")},
            content_type="multipart/form-data",
        )
        assert got.status_code == 201, got.get_json()
        words = {"description": planter.many("description"), "landmark": planter.one("landmark")}
        made.append(report(reporter, file_ids=[got.get_json()["id"]], **words))
    return made


def plant_handling(made: list[dict[str, Any]], people: Mapping[str, Person], planter: Planter) -> None:
    """Let staff publish and take the reports, with notes that do things."""
    officer = people["department_officer"]
    for complaint in made:
        got = officer.post(f"complaints/{complaint['id']}/notes", {"note": planter.many("internal note")})
        assert got.status_code == 201, got.get_json()
        make(officer, complaint, "accept", note=planter.many("note"))
        make(people["triage"], complaint, "publish")


def plant_agreements(admin: Person, planter: Planter) -> list[str]:
    """Record agreements whose words do things; return their ids."""
    made = []
    for _ in range(6):
        parties = [{"name": planter.one("party"), "role": role} for role in ("giver", "receiver")]
        words = {"title": planter.one("title of an agreement"), "number": planter.one("number of an agreement", 100)}
        got = admin.post("replication/agreements", {**AGREEMENT, **words, "parties": parties, "public": True})
        assert got.status_code == 201, got.get_json()
        made.append(got.get_json()["id"])
    return made


def plant_versions(app: Flask, admin: Person, planter: Planter) -> None:
    """Switch a module off and on, for reasons that do things."""
    browser = Browser(app, admin.token, region=KEY)
    for enabled in ("false", "true"):
        form = {"module": "notifications", "enabled": enabled, "why": planter.one("reason of a version"), "do": "apply"}
        assert browser.post("settings/switch", form).status_code == 303


def plant_rating(reporter: Person, complaint: dict[str, Any], people: Mapping[str, Person], planter: Planter) -> None:
    """Let a report go all the way, and its reporter say what they think."""
    officer = people["department_officer"]
    make(officer, complaint, "start")
    got = officer.post("files", data={"file": (picture(), f"{uuid4()}.jpg")}, content_type="multipart/form-data")
    make(officer, complaint, "submit_evidence", note=planter.many("note"), file_ids=[got.get_json()["id"]])
    make(people["validator"], complaint, "validate", note=planter.many("note"))
    make(reporter, complaint, "confirm")
    comment = planter.many("comment of a rating", 5)
    assert reporter.post(f"complaints/{complaint['id']}/rating", {"score": 1, "comment": comment}).status_code == 200
