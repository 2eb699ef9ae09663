"""The door of the house: each kind of broken module is refused at boot, and the refusal says who and what."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import Blueprint
from marshmallow import fields
from sqlalchemy import BigInteger, Column, Text
from sqlalchemy.orm import DeclarativeBase

from backend.app import GROUND_MODULES, load_registry
from backend.core.personal import plain, pseudonym
from backend.data.events import EventType
from backend.http.blueprint import RoomBlueprint
from backend.http.schema import Schema
from backend.modules import discovery
from backend.modules.contract import ExtensionPoint, Permission, Schedule, ServiceModule, Subscription
from backend.modules.registry import BootError, Registry


def nothing(*_):
    """Do nothing: a handler, a hook, a schedule."""


class Shelf(DeclarativeBase):
    """Tables apart from the house's own, so that no other test meets them."""

    platform = None


def table(name, *key, **options):
    """Return a list of one model with this primary key, classified as nobody's."""
    columns = {column: Column(BigInteger, primary_key=True) for column in key or ("region_id", "id")}
    options.setdefault("holds", (plain(" ".join(columns)),))
    kept = {"extend_existing": True}
    return [type(name.title(), (Shelf,), {"__tablename__": name, "__table_args__": kept, **columns, **options})]


READ = Permission(name="library.read", roles=frozenset({"citizen"}), doc="Read")
LENT = EventType(name="library.lent", doc="A book was lent")
LIBRARY = ServiceModule(
    name="library",
    version="1.0",
    title={"id": "Perpustakaan", "en": "Library"},
    permissions=[READ],
    publishes=[LENT],
    subscribes=[Subscription(subscriber="library.remind", event=LENT.name, handler=nothing)],
    schedules=[Schedule(name="library.sweep", every=timedelta(hours=1), run=nothing)],
    models=table("library_books"),
)
HOOKS = {"export_personal_data": nothing, "erase_personal_data": nothing}
LOANS = table("library_loans", holds=(plain("region_id"), pseudonym("id", "who lent it")), kept="until it is back")
INDICATOR = ExtensionPoint(name="indicators", item=int)
SCREEN = ExtensionPoint(name="screen", item=int, single=True)


def told(subscriber="library.remind", event=LENT.name, **options):
    return [Subscription(subscriber=subscriber, event=event, handler=nothing, **options)]


def routed(mount=None, **options):
    blueprint = RoomBlueprint("library", doc="Books", mount=mount)

    @blueprint.endpoint("GET", "/books", out=Schema.from_dict({"title": fields.String()}), **options)
    def list_books(_ctx):
        """List books."""

    return [blueprint]


def refused(*modules):
    with pytest.raises(BootError) as refusal:
        Registry(modules)
    return refusal.value.faults


BROKEN = {
    "a table with another's prefix": ({"models": table("books")}, "library: the table books does not begin with library_"),
    "a table whose prefix only looks alike": (
        {"models": table("librarybooks")},
        "library: the table librarybooks does not begin with library_",
    ),
    "a table of no region": (
        {"models": table("library_shelves", "id")},
        "library: the table library_shelves belongs to no region: inherit RegionScoped",
    ),
    "an event with another's prefix": (
        {"publishes": [LENT, EventType(name="complaints.moved", doc="x")]},
        "library: the event complaints.moved does not begin with library.",
    ),
    "a permission with another's prefix": (
        {"permissions": [replace(READ, name="accounts.manage_staff")]},
        "library: the permission accounts.manage_staff does not begin with library.",
    ),
    "a subscriber with another's prefix": (
        {"subscribes": told(subscriber="complaints.route")},
        "library: the subscriber complaints.route does not begin with library.",
    ),
    "a schedule with another's prefix": (
        {"schedules": [Schedule(name="complaints.sweep", every=timedelta(hours=1), run=nothing)]},
        "library: the schedule complaints.sweep does not begin with library.",
    ),
    "a subscription nobody publishes": (
        {"subscribes": told(event="library.burnt")},
        "library: nobody publishes library.burnt v1, to which it subscribes",
    ),
    "a version nobody publishes": (
        {"subscribes": told(version=2)},
        "library: nobody publishes library.lent v2, to which it subscribes",
    ),
    "a lane there is not": (
        {"subscribes": told(lane="express")},
        "library: library.remind asks for the lane express, which there is not",
    ),
    "one subscriber twice": ({"subscribes": told() * 2}, "the subscriber or schedule library.remind stands there 2 times"),
    "a route with neither permission nor public": (
        {"blueprints": routed()},
        "library: the route library.list_books has neither a permission nor public=True",
    ),
    "a route with both": (
        {"blueprints": routed(public=True, permission="library.read")},
        "library: the route library.list_books has both a permission and public=True",
    ),
    "a blueprint of plain Flask": (
        {"blueprints": [Blueprint("library", "library")]},
        "library: the blueprint library is neither a RoomBlueprint nor a PageBlueprint",
    ),
    "a route outside the room": (
        {"blueprints": routed(mount="/v1/library", public=True)},
        "library: the route library.list_books lies at /v1/library/books, not under library/ of a region",
    ),
    "a permission nobody declares": (
        {"blueprints": routed(permission="library.write")},
        "library: the route library.list_books asks for library.write, which it does not declare",
    ),
    "personal data and no way to take them along": (
        {"models": LOANS, "erase_personal_data": nothing},
        "library: it holds personal data and has no export_personal_data",
    ),
    "personal data and no way to erase them": (
        {"models": LOANS, "export_personal_data": nothing},
        "library: it holds personal data and has no erase_personal_data",
    ),
    "a column that nobody has classified": (
        {"models": table("library_notes", note=Column(Text))},
        "library: the column library_notes.note is not classified: name it in `holds`",
    ),
    "a class for a column there is not": (
        {"models": table("library_slips", holds=(plain("region_id id"), plain("slip")))},
        "library: library_slips classifies slip, which is no column of it",
    ),
    "personal data without a reason": (
        {**HOOKS, "models": table("library_cards", holds=(plain("region_id"), pseudonym("id", "")), kept="a year")},
        "library: library_cards does not say why it keeps id",
    ),
    "personal data without a term": (
        {**HOOKS, "models": table("library_fines", holds=(plain("region_id"), pseudonym("id", "who owes it")))},
        "library: library_fines does not say in `kept` how long it keeps what is somebody's",
    ),
    "another core": ({"core": ">=2"}, "library: it asks for core >=2, and this is 1.0"),
    "no core at all": ({"core": "any"}, "library: it asks for core any, and this is 1.0"),
    "a core that has passed": ({"core": ">=0.1,<1"}, "library: it asks for core >=0.1,<1, and this is 1.0"),
    "a title in one language": ({"title": {"id": "Perpustakaan"}}, "library: its title lacks en"),
    "a contribution of the wrong type": (
        {"contributes": {INDICATOR: ["many"]}},
        "library: indicators takes int, not str",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_module_is_refused_by_name(kind):
    changes, fault = BROKEN[kind]
    assert refused(replace(LIBRARY, **changes)) == (fault,)


@pytest.mark.parametrize("name", ["Library", "l", "1library", "library-two", "library.two", "", "a" * 41])
def test_a_name_that_is_no_name_is_refused(name):
    assert f"{name}: a name has 2 to 40 small letters, digits and underscores and begins with a letter" in refused(
        ServiceModule(name=name, version="1", title={"id": "x", "en": "x"})
    )


def test_two_modules_of_one_name_are_refused():
    plain = ServiceModule(name="library", version="1", title={"id": "x", "en": "x"})
    assert refused(LIBRARY, plain) == ("library: 2 modules have this name",)


def test_a_point_for_one_takes_no_second_contributor():
    first = replace(LIBRARY, contributes={SCREEN: [1]})
    second = ServiceModule(name="museum", version="1", title={"id": "x", "en": "x"}, contributes={SCREEN: [2]})
    assert refused(first, second) == (
        "library: screen takes one contributor, and 2 contribute",
        "museum: screen takes one contributor, and 2 contribute",
    )


def test_every_fault_is_told_at_once():
    faults = refused(replace(LIBRARY, models=table("volumes"), core=">=2"), replace(LIBRARY, name="museum"))
    assert len(faults) >= 5
    assert {fault.partition(":")[0] for fault in faults} >= {"library", "museum"}


def test_what_is_whole_is_let_in():
    registry = Registry([replace(LIBRARY, blueprints=routed(permission="library.read"), contributes={INDICATOR: [1, 2]})])
    assert registry.contributions(INDICATOR) == [1, 2]
    assert [told[0] for told in registry.subscribers_of(LENT.name, 1)] == ["library.remind"]
    assert load_registry().modules.keys() >= {*(module.name for module in GROUND_MODULES), "complaints", "notifications"}


def test_a_guest_that_does_not_load_is_refused_with_its_package(monkeypatch):
    def point(load):
        return SimpleNamespace(
            name="library", value="balai_library:module", dist=SimpleNamespace(name="balai-library"), load=load
        )

    def burnt():
        raise ZeroDivisionError("on import")

    for load, said in (
        (burnt, r"balai-library \(balai_library:module\): ZeroDivisionError: on import"),
        (lambda: LENT, r"balai-library \(balai_library:module\): EventType is not a ServiceModule"),
    ):
        monkeypatch.setattr(discovery, "entry_points", lambda load=load, **_: [point(load)])
        with pytest.raises(discovery.DiscoveryError, match=said):
            discovery.guest_modules()


def test_a_folder_in_services_without_a_module_is_refused(monkeypatch):
    monkeypatch.setattr(discovery.pkgutil, "iter_modules", lambda _path: [SimpleNamespace(name="shed")])
    with pytest.raises(discovery.DiscoveryError, match=r"services\.shed\.module: No module named 'services\.shed'"):
        discovery.bundled_modules()
