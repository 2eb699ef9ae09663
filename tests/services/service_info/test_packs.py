"""What a pack that is applied does to the room's tables."""

import json
from collections.abc import Mapping
from typing import Any

import phonenumbers
import pytest
from sqlalchemy import select

from backend.core.geo import AreaIndex
from backend.data.audit import AuditEntry
from backend.packs.folder import shipped_packs
from backend.packs.reading import read_pack
from backend.regions.models import RegionModuleRow
from backend.sdk.packs import PACKED
from services.service_info.config import ServiceInfoSettings
from services.service_info.models import KINDS, Article, Contact, Item, Place, Service
from services.service_info.module import module
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
def test_a_shipped_pack_brings_numbers_to_call_and_places_of_its_region(folder):
    pack = read_pack(folder)
    said = {name: value for name, value in pack.modules["service_info"].items() if name != "enabled"}
    room = ServiceInfoSettings().load(said)
    assert "112" in {contact["phone"] for contact in room["contacts"] if contact["kind"] == "emergency"}
    for contact in room["contacts"]:
        number = phonenumbers.parse(contact["phone"], pack.identity["phone"]["country"])
        assert phonenumbers.is_possible_number(number) or phonenumbers.is_possible_short_number(number)
    areas = AreaIndex((1, area.code, area.boundary) for area in pack.areas if area.lowest)
    for place in room["places"]:
        assert areas.find_area(1, place["lat"], place["lng"]), place["key"]


def whole(town, region: str = "banda-aceh") -> dict[str, dict[str, tuple]]:
    """Return all that people see of the items, by kind and key."""
    hidden = {"region_id", "id", "version", "edited_at", "retired_at"}
    with town.unit(region) as ctx:
        return {
            kind: {
                row.key: {column.key: getattr(row, column.key) for column in model.__table__.c if column.key not in hidden}
                for row in ctx.session.scalars(select(model).where(model.region_id == ctx.region.id, model.retired_at.is_(None)))
            }
            for kind, model in KINDS.items()
        }


def restated(town, region: str = "banda-aceh") -> Mapping[str, Any] | None:
    [rules] = module.contributes[PACKED]
    with town.unit(region) as ctx:
        said = ctx.session.get_one(RegionModuleRow, (ctx.region.id, "service_info")).settings
        return rules.restate(ctx, said)


def loaded(item: dict, kind: str) -> dict:
    """Return an item as it is loaded from a form."""
    [found] = ServiceInfoSettings().load({kind: [item]})[kind]
    return found


@pytest.fixture
def edited(town, pack) -> dict[str, list[dict[str, Any]]]:
    """Items of a pack, and an admin who edits, adds and takes away some of each kind; returns what the pack says."""
    cited = "packs/banda-aceh/service_info.yaml:12"
    service, contact, place, article = (pack[kind][0] for kind in ("services", "contacts", "places", "articles"))
    said = {
        "services": [service, service | {"key": "kk", "cost": {"amount": 5, "currency": "IDR"}}, service | {"key": "akta-mati"}],
        "contacts": [contact | {"key": key, "source": cited} for key in ("polisi", "ambulans", "damkar", "pln")],
        "places": [place | {"position": 40}, place | {"key": "rsud", "lat": -0.026330000000000003}],
        "articles": [article],
    }
    town.apply(**said)
    with town.unit() as ctx:
        name = {"id": "Akta", "en": "null"}
        change = loaded(service | {"key": "kk", "name": name, "verified": True, "legal_basis": None, "position": 7}, "services")
        replace_item(ctx, Service, "kk", {key: value for key, value in change.items() if key != "key"}, expected_version=1)
        retire_item(ctx, Service, "akta-lahir", expected_version=1)
        create_item(ctx, Contact, loaded(contact | {"key": "bpbd"}, "contacts"))
        create_item(ctx, Contact, loaded(contact | {"key": "apotek", "position": 2}, "contacts"))
        retire_item(ctx, Contact, "ambulans", expected_version=1)
        replace_item(ctx, Contact, "pln", form(contact | {"phone": "123", "source": cited}), expected_version=1)
        replace_item(
            ctx,
            Place,
            "rsud",
            form({**place, "lat": 5.5529000000000002, "checked_on": None, "address": None}),
            expected_version=1,
        )
        create_item(ctx, Article, loaded(article | {"key": "besok", "published_on": "2099-01-02"}, "articles"))
    return said


def test_while_nobody_edits_the_settings_in_force_say_all(town, pack):
    assert restated(town) is None
    town.apply(**pack)
    assert restated(town) is None


def test_a_region_made_from_what_rows_say_has_the_same_rows(town, edited):
    said = restated(town)
    ServiceInfoSettings().load(said)
    assert json.loads(json.dumps(said)) == said
    town.apply("sumedang", **said)
    assert whole(town, "sumedang") == whole(town)
    assert restated(town, "sumedang") is None


def test_what_nobody_edited_is_said_as_the_pack_says_it(town, edited):
    said = restated(town)
    assert [item["key"] for item in said["contacts"]] == ["polisi", "damkar", "pln", "apotek", "bpbd"]
    assert said["contacts"][0] == edited["contacts"][0]
    assert said["contacts"][1] == edited["contacts"][2] | {"position": 3}
    assert said["places"][0] == edited["places"][0]
    assert said["articles"][0] == edited["articles"][0]
    assert "legal_basis" not in said["services"][0]


def test_once_the_pack_says_what_the_admins_said_it_is_the_packs_word(town, edited):
    said, before, tales_before = restated(town), whole(town), tales(town)
    town.apply(**said)
    assert (whole(town), tales(town), restated(town)) == (before, tales_before, None)
    with town.unit() as ctx:
        versions = {row.key: (row.version, row.edited_at) for row in ctx.session.scalars(select(Contact))}
    assert versions["pln"] == (2, None)
    town.apply(**edited)  # followed again, in what was edited, added and taken away
    assert whole(town, "banda-aceh")["contacts"].keys() == {"polisi", "ambulans", "damkar", "pln"}
    assert whole(town)["contacts"]["pln"]["phone"] == "119"


def test_an_edit_that_the_pack_says_otherwise_stays_an_edit(town, contact):
    town.apply(contacts=[contact])
    with town.unit() as ctx:
        replace_item(ctx, Contact, "ambulans", form(contact | {"phone": "118", "position": 1}), expected_version=1)
    for phone in ("117", "119"):
        town.apply(contacts=[contact | {"phone": phone}])
        assert restated(town)["contacts"] == [contact | {"phone": "118"}]
    town.apply(contacts=[contact | {"phone": "118"}])
    assert restated(town) is None


def test_where_a_pack_names_no_source_its_line_may_move(town, contact):
    line = "packs/banda-aceh/service_info.{}yaml:3".format
    town.apply(contacts=[contact | {"source": line("")}])
    with town.unit() as ctx:
        change = form(contact | {"phone": "118", "position": 1, "source": line("")})
        replace_item(ctx, Contact, "ambulans", change, expected_version=1)
    town.apply(contacts=[contact | {"phone": "118", "source": line("edited.")}])
    assert restated(town) is None
    assert whole(town)["contacts"]["ambulans"]["source"] == line("edited.")
