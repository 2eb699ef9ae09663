"""Who stands in the matrix of permissions and what lies there to be found: the same people and things in both regions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient

from backend.accounts import create_staff
from backend.accounts.models import Erasure
from backend.accounts.operations.passwords import hash_password
from backend.accounts.operations.sessions import open_session
from backend.data.unit_of_work import unit_of_work
from backend.departments.queries import department_book
from backend.http.auth import make_access_token
from backend.http.house import House
from tests.journeys.permissions import ADMINS, KNOWS, PUBLIC, READS, READS_NOTES, TARGETS
from tests.journeys.test_main_job import upload
from tests.people import Person

HOME, AWAY = "banda-aceh", "sumedang"
POINTS = {HOME: {"lat": 5.5529, "lng": 95.3192}, AWAY: {"lat": -6.8586, "lng": 107.9164}}
UNIT_ROLES = ("field_officer", "department_officer", "department_head")
DESK_ROLES = ("triage", "validator", "regional_admin", "leader", "auditor", "service_account", "platform_admin")
ITEMS: Mapping[str, dict[str, Any]] = {
    "services": {
        "name": {"id": "Layanan contoh"},
        "department_type": "PUPR",
        "summary": {"id": "Contoh."},
        "requirements": [],
        "cost": {"amount": 0, "currency": "IDR"},
        "time": {"working_days": 1},
    },
    "places": {"name": {"id": "Tempat contoh"}, "kind": "health_centre"},
    "contacts": {"name": {"id": "Nomor contoh"}, "phone": "112", "kind": "emergency"},
    "articles": {"title": {"id": "Judul"}, "body": {"id": "Isi."}, "published_on": "2026-01-02"},
}
AGREEMENT: Mapping[str, Any] = {
    "kind": "grant",
    "number": "CONTOH/001/NPHD/2026",
    "title": "Hibah aplikasi",
    "signed_on": "2026-01-02",
    "parties": [{"name": "Pemerintah Kota Bandung", "role": "giver"}, {"name": "Pemerintah daerah contoh", "role": "receiver"}],
}
GUEST_ROLE = "service_account"  # what the other region's admin holds at home
NOBODY = "anonymous"
VISITORS = ("reporter", "citizen", "unit.department_officer", "custodian.department_head", "triage", "regional_admin")
VICTIMS = ("changed", "removed")  # staff to whom admins do things, and who do nothing themselves


@dataclass(frozen=True, kw_only=True)
class Member:
    """One person: `name` is what `permissions.py` calls them; `role` is what they hold in their region."""

    name: str
    role: str
    region: str
    account_id: UUID | None = None

    def __str__(self) -> str:
        return self.name if self.region == HOME else f"{self.name} of {self.region}"

    def is_one_of(self, who: frozenset[str], *, region: str) -> bool:
        """Tell whether the person, in the region at hand, is among `who` (roles or names)."""
        held = {"public"}
        if self.account_id is not None and (self.role != "citizen" or region == self.region):
            held.add("signed_in")
        if self.account_id is not None and self.role != "citizen":
            held.add("staff")
        if region == self.region or self.role == "platform_admin":
            held |= {self.role, self.name}
        elif (self.role, self.region, region) == ("regional_admin", AWAY, HOME):
            held.add(GUEST_ROLE)
        return not who.isdisjoint(held)


@dataclass(frozen=True, kw_only=True)
class Canary:
    """A word that must not be found in what anybody but `readers` is answered."""

    what: str
    text: str
    readers: frozenset[str]


@dataclass(kw_only=True)
class World:
    """What lies in one region."""

    region: str
    complaints: dict[str, dict[str, Any]] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)  # the reporter's, by kind of complaint
    canaries: list[Canary] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)
    victims: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    agreements: dict[str, str] = field(default_factory=dict)  # ids, by whether they are public
    area: str = ""
    file_url: str = ""
    notification_id: str = ""
    erasure_id: str = ""

    def hide(self, what: str, text: Any, readers: frozenset[str]) -> str:
        """Remember a canary and return its text."""
        self.canaries.append(Canary(what=f"{what} in {self.region}", text=str(text), readers=readers))
        return str(text)


class Cast:
    """Everybody and everything, made once a process."""

    def __init__(self, app: Flask, house: House, client: FlaskClient, citizen: Any, work: Any) -> None:
        self.app, self.house, self.client = app, house, client
        self.worlds = {region: World(region=region) for region in (HOME, AWAY)}
        for world in self.worlds.values():
            self._people(world, citizen)
        work()
        for world in self.worlds.values():
            _report(world, self)
        work()
        for world in self.worlds.values():
            self._staff(world)
        with unit_of_work(house.ground, region=house.directory.find(HOME)) as ctx:  # an admin there, and nearly nothing here
            create_staff(ctx, email=_email("regional_admin", AWAY), name="regional_admin", role=GUEST_ROLE)
        for world in self.worlds.values():
            _handle(world, self)
            _inform(world, self)
        work()
        for world in self.worlds.values():
            inbox = self.person(world.members["reporter"]).get("notifications").get_json()["items"]
            world.notification_id = inbox[0]["id"]

    @cached_property
    def members(self) -> list[Member]:
        """Those who try every door: the people of the home region, some of the other one, and somebody without a token."""
        away = [self.worlds[AWAY].members[name] for name in VISITORS]
        return [*self.worlds[HOME].members.values(), *away, Member(name=NOBODY, role=NOBODY, region=HOME)]

    def token(self, member: Member) -> str | None:
        """Return the access token of a fresh session."""
        if member.account_id is None:
            return None
        kind = "citizen" if member.role == "citizen" else "staff"
        with unit_of_work(self.house.ground, region=self.house.directory.find(member.region)) as ctx:
            session = open_session(ctx, member.account_id, kind=kind, device="matrix")
        with self.app.app_context():
            return make_access_token(
                account_id=member.account_id, kind=kind, session_id=session.session_id, region=session.region
            )

    def session_id(self, member: Member) -> UUID:
        """Return the id of one more session of the person."""
        kind = "citizen" if member.role == "citizen" else "staff"
        with unit_of_work(self.house.ground, region=self.house.directory.find(member.region)) as ctx:
            return open_session(ctx, member.account_id, kind=kind, device="another").session_id

    def person(self, member: Member) -> Person:
        """Return somebody who sends requests as the member."""
        return Person(self.client, token=self.token(member), region=member.region)

    def _people(self, world: World, citizen: Any) -> None:
        for name in ("reporter", "citizen"):
            person = citizen(world.region)
            me = person.get("/v1/me").get_json()
            world.members[name] = Member(name=name, role="citizen", region=world.region, account_id=UUID(me["id"]))
            if name == "reporter":
                world.hide("the reporter's account", me["id"], frozenset({"reporter"}))
                world.hide("the reporter's number", person.phone.removeprefix("+"), frozenset({"reporter"}))

    def _staff(self, world: World) -> None:
        region = self.house.directory.find(world.region)
        shown = _done(self.person(world.members["reporter"]).get(f"complaints/{world.complaints['open']['id']}"), 200)
        with unit_of_work(self.house.ground, region=region) as ctx:
            book = department_book(ctx)
            unit, custodian = shown["department"]["key"], book.by_type["INSPEKTORAT"]
            other = next(key for key in sorted(book.by_key) if key not in {unit, custodian})
            places = {f"{place}.{role}": (role, key) for role in UNIT_ROLES for place, key in _units(unit, custodian, other)}
            places |= {role: (role, None) for role in DESK_ROLES} | {"custodian.auditor": ("auditor", custodian)}
            places |= dict.fromkeys(("dismissed", *VICTIMS), ("leader", None))
            for name, (role, department) in places.items():
                email = f"{name.replace('_', '-')}@{world.region}.matrix.test"
                account_id = create_staff(ctx, email=email, password_hash=_HASH, name=name, role=role, department_key=department)
                world.members[name] = Member(name=name, role=role, region=world.region, account_id=account_id)
        world.victims = {name: str(world.members.pop(name).account_id) for name in VICTIMS}
        dismissed = world.members["dismissed"]
        self.person(world.members["regional_admin"]).delete(f"staff/{dismissed.account_id}")
        world.members["dismissed"] = Member(
            name="dismissed", role="nothing", region=world.region, account_id=dismissed.account_id
        )


_made: list[Cast] = []


def the_cast(app: Flask, house: House, client: FlaskClient, citizen: Any, work: Any) -> Cast:
    """Return everybody and everything, made by the first test of the process that asks."""
    if not _made:
        _made.append(Cast(app, house, client, citizen, work))
    return _made[0]


def _email(name: str, region: str) -> str:
    return f"{name.replace('_', '-')}@{region}.matrix.test"


_HASH = hash_password("nobody signs in with it 2026")


def _units(unit: str, custodian: str, other: str) -> Iterator[tuple[str, str]]:
    yield from {"unit": unit, "custodian": custodian, "other": other}.items()


def _word(what: str) -> str:
    return f"{what}{uuid4().hex}"


def _done(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, (response.request.path, response.get_json())
    return response.get_json()


def _report(world: World, cast: Cast) -> None:
    reporter, somebody = cast.person(world.members["reporter"]), Person(cast.client, region=world.region)
    for kind, reads in READS.items():
        body = {
            "category": "ASN-01" if kind in {"sealed", "guest"} else "JLN-01",
            "description": world.hide(f"the text of {kind}", _word("teks"), reads),
            "landmark": world.hide(f"the landmark of {kind}", _word("patokan"), reads),
            "location": POINTS[world.region],
        }
        if kind != "guest":
            body["file_ids"] = [world.hide(f"the picture of {kind}", upload(reporter), reads)]
        if kind == "private":
            body["visibility"] = "private"
        made = _done(somebody.post("complaints/guest", body) if kind == "guest" else reporter.post("complaints", body), 201)
        world.complaints[kind] = made
        if KNOWS[kind] != PUBLIC:
            world.hide(f"the number of {kind}", made["number"], KNOWS[kind])
            world.hide(f"the id of {kind}", made["id"], KNOWS[kind])
        readers = frozenset() if kind == "guest" else frozenset({"reporter"})
        world.codes[kind] = world.hide(
            f"the code of {kind}", made["receipt_code" if kind == "guest" else "tracking_code"], readers
        )


def _handle(world: World, cast: Cast) -> None:
    """Let the units in charge take the cases, with notes inside and outside."""
    triage = cast.person(world.members["triage"])
    for kind, made in world.complaints.items():
        place = "custodian" if kind in {"sealed", "guest"} else "unit"
        member = world.members[f"{place}.department_officer"]
        officer = cast.person(member)
        path = f"complaints/{made['id']}"
        internal = world.hide(f"an internal note on {kind}", _word("dalam"), READS_NOTES[kind])
        _done(officer.post(f"{path}/notes", {"note": internal}), 201)
        note = world.hide(f"a note on {kind}", _word("catatan"), READS[kind])
        _done(officer.post(f"{path}/moves", {"move": "accept", "assignee": str(member.account_id), "note": note}), 200)
        if kind == "published":
            _done(triage.post(f"{path}/moves", {"move": "publish"}), 200)
            later = world.hide("a later note on published", _word("kemudian"), READS["open"])  # what triage has not seen
            _done(officer.post(f"{path}/moves", {"move": "start", "note": later}), 200)
    for place, kind in (("unit", "open"), ("custodian", "sealed")):
        account_id = world.members[f"{place}.department_officer"].account_id
        world.hide(f"the officer of {kind}", account_id, READS_NOTES[kind] | ADMINS)


def _inform(world: World, cast: Cast) -> None:
    """Let there be an item of each kind that only this region has, agreements, an area, and a signed link."""
    admin = cast.person(world.members["regional_admin"])
    for plural in ITEMS:
        key = f"{world.region}-{plural}"
        _done(admin.post(f"service-info/{plural}", {"key": key, **item_of(plural, world.region)}), 201)
        world.keys[plural] = key
    for kind, readers in TARGETS["GET", "/v1/regions/<region>/replication/agreements/<uuid:agreement_id>"].items():
        title = world.hide(f"the title of an agreement that is {kind}", _word("naskah"), readers)
        body = {**AGREEMENT, "title": title, "public": kind == "public"}
        world.agreements[kind] = _done(admin.post("replication/agreements", body), 201)["id"]
    shown = _done(cast.person(world.members["reporter"]).get(f"complaints/{world.complaints['open']['id']}"), 200)
    with unit_of_work(cast.house.ground, region=cast.house.directory.find(world.region)) as ctx:
        erasure = Erasure(region_id=ctx.region.id, id=uuid4(), erased_at=ctx.now(), rows={})
        ctx.session.add(erasure)
    world.erasure_id = str(erasure.id)
    world.area, world.file_url = shown["area"]["code"], shown["files"][0]["url"]


def item_of(plural: str, region: str) -> dict[str, Any]:
    """Return an item of service information as an admin sends it, without its key."""
    where = {"location": POINTS[region]} if plural == "places" else {}
    return {"source": "https://example.org/", "checked_on": "2026-01-02", **ITEMS[plural], **where}
