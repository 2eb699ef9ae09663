"""What a pack that is applied does to the room's tables."""

import phonenumbers
import pytest
from sqlalchemy import select

from backend.core.geo import AreaIndex
from backend.data.audit import AuditEntry
from backend.packs.reading import read_pack, shipped_packs
from services.service_info.config import ServiceInfoSettings
from services.service_info.models import Contact, Item, Place, Service
from services.service_info.operations import create_item, replace_item, retire_item


def rows(town, model: type[Item], region: str = "banda-aceh") -> dict[str, tuple]:
    with town.unit(region) as ctx:
        found = ctx.session.scalars(select(model).where(model.region_id == ctx.region.id))
        return {row.key: (row.name["id"], row.version, row.retired_at is None) for row in found}


def tales(town) -> list[tuple]:
    with town.unit() as ctx:
        return list(ctx.session.execute(select(AuditEntry.action, AuditEntry.details).order_by(AuditEntry.id)))


def form(item: dict) -> dict:
    return {"position": None} | {name: value for name, value in item.items() if name != "key"}


def test_applying_a_pack_again_changes_nothing(town, pack):
    town.apply(**pack)
    town.apply(**pack)
    assert rows(town, Service) == {"akta-lahir": ("Akta kelahiran", 1, True)}
    assert tales(town) == [("service_info.seeded", {"services": 1, "contacts": 1, "places": 1, "articles": 1})]


def test_a_pack_that_says_something_else_is_followed(town, contact):
    town.apply(contacts=[contact])
    town.apply(contacts=[contact | {"name": {"id": "Ambulans PSC"}}])
    assert rows(town, Contact) == {"ambulans": ("Ambulans PSC", 2, True)}


def test_what_left_the_pack_is_retired_and_may_come_back(town, contact):
    town.apply(contacts=[contact])
    town.apply(contacts=[])
    assert rows(town, Contact) == {"ambulans": ("Ambulans", 2, False)}
    town.apply(contacts=[contact])
    assert rows(town, Contact) == {"ambulans": ("Ambulans", 3, True)}


def test_what_an_admin_edited_stays_whatever_the_pack_says(town, contact):
    town.apply(contacts=[contact])
    with town.unit() as ctx:
        replace_item(ctx, Contact, "ambulans", form(contact | {"name": {"id": "Ambulans kota"}}), expected_version=1)
    town.apply(contacts=[contact | {"name": {"id": "Ambulans provinsi"}}])
    town.apply(contacts=[])
    assert rows(town, Contact) == {"ambulans": ("Ambulans kota", 2, True)}


def test_what_an_admin_took_away_stays_away(town, contact):
    town.apply(contacts=[contact])
    with town.unit() as ctx:
        retire_item(ctx, Contact, "ambulans", expected_version=1)
    town.apply(contacts=[contact | {"phone": "118"}])
    assert rows(town, Contact) == {"ambulans": ("Ambulans", 2, False)}


def test_what_an_admin_added_is_no_business_of_the_pack(town, contact):
    with town.unit() as ctx:
        create_item(ctx, Contact, contact | {"position": None})
    town.apply(contacts=[])
    assert rows(town, Contact) == {"ambulans": ("Ambulans", 1, True)}


def test_items_of_one_region_are_not_in_another(town, place):
    town.apply(places=[place])
    town.apply("sumedang", places=[place | {"name": {"id": "Puskesmas Jatinangor"}, "lat": -6.85, "lng": 107.9}])
    assert rows(town, Place) == {"puskesmas-kuta-alam": ("Puskesmas Kuta Alam", 1, True)}
    assert rows(town, Place, "sumedang") == {"puskesmas-kuta-alam": ("Puskesmas Jatinangor", 1, True)}


def test_the_pack_gives_the_order(town, contact):
    town.apply(contacts=[contact | {"key": key} for key in ("c", "a", "b")])
    assert [item["key"] for item in town.call("GET", "/contacts").json["items"]] == ["c", "a", "b"]


@pytest.mark.parametrize("folder", shipped_packs(), ids=lambda folder: folder.name)
def test_a_shipped_pack_brings_services_numbers_to_call_and_places_of_its_region(folder):
    pack = read_pack(folder)
    said = {name: value for name, value in pack.modules["service_info"].items() if name != "enabled"}
    room = ServiceInfoSettings().load(said)
    assert len(room["services"]) >= 10
    assert "112" in {contact["phone"] for contact in room["contacts"] if contact["kind"] == "emergency"}
    for contact in room["contacts"]:
        number = phonenumbers.parse(contact["phone"], pack.identity["phone"]["country"])
        assert phonenumbers.is_possible_number(number) or phonenumbers.is_possible_short_number(number)
    areas = AreaIndex((1, area.code, area.boundary) for area in pack.areas if area.lowest)
    for place in room["places"]:
        assert areas.find_area(1, place["lat"], place["lng"]), place["key"]
