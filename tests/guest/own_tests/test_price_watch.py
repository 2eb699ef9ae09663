"""How a guest tests itself: a real installation in a folder, with the module in it."""

from datetime import timedelta

import pytest
from price_watch.operations import KEPT, forget_old, watch_price

from backend.app import create_app
from backend.core.ids import new_id
from backend.core.settings import load_settings
from backend.data.context import Actor
from backend.data.unit_of_work import unit_of_work
from backend.packs.settings import change_module
from backend.testing.installation import make_installation, servers
from workers.tasks import carry_due


@pytest.fixture(scope="session")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("balai")
    with servers(folder) as addresses:
        app = create_app(load_settings(make_installation(addresses, name="guests", var=folder / "var")))
        yield app.extensions["balai"]


@pytest.fixture(scope="session")
def region(house):
    module, region = house.registry.modules["price_watch"], house.directory.find("sumedang")
    with unit_of_work(house.ground, region=region) as ctx:
        change_module(ctx, house.registry, module, values={"board_url": "http://board.test/prices"}, enabled=True)
    house.directory.refresh()
    return house.directory.find("sumedang")


@pytest.fixture
def citizen():
    return Actor(kind="citizen", account_id=new_id())


@pytest.fixture
def watching(house, region, citizen):
    with unit_of_work(house.ground, region=region, actor=citizen) as ctx:
        watch_price(ctx, "beras", 12_000)


def watches(house, region, citizen):
    with unit_of_work(house.ground, region=region) as ctx:
        return house.registry.modules["price_watch"].export_personal_data(ctx, citizen.account_id)["watches"]


def notices(house, region):
    return carry_due(house, "notifications.take")


def test_only_those_who_waited_for_the_price_are_told(house, region, citizen, watching):
    posted = house.registry.modules["market_prices"].publishes[0]
    for rupiah, asked in ((12_500, 0), (11_900, 1)):
        with unit_of_work(house.ground, region=region) as ctx:
            ctx.publish(posted, subject=new_id(), goods="beras", rupiah=rupiah)
        assert carry_due(house, "price_watch.tell") == 1
        assert notices(house, region) == asked


def test_what_a_citizen_watches_is_shown_and_forgotten_on_demand(house, region, citizen, watching):
    assert watches(house, region, citizen) == [{"goods": "beras", "rupiah": 12_000}]
    with unit_of_work(house.ground, region=region) as ctx:
        house.registry.modules["price_watch"].erase_personal_data(ctx, citizen.account_id)
    assert watches(house, region, citizen) == []


def test_an_old_wish_is_forgotten(house, region, citizen, watching, monkeypatch):
    with unit_of_work(house.ground, region=region) as ctx:
        forget_old(ctx)
    assert watches(house, region, citizen)
    monkeypatch.setattr("price_watch.operations.KEPT", -KEPT + timedelta(days=364))
    with unit_of_work(house.ground, region=region) as ctx:
        forget_old(ctx)
    assert not watches(house, region, citizen)
