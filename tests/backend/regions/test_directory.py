"""A process reads of the regions what it needs, when it needs it, and again when it has changed."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from backend.regions.models import RegionModuleRow


def test_only_a_region_that_has_moved_is_read_again(lands):
    directory = lands.directory()
    before = {region.key: region for region in directory.all()}
    with lands.statements() as sent:
        directory.refresh()
    assert len(sent) == 1
    lands.change("middle", name="Renamed")
    with lands.statements() as sent:
        directory.refresh()
    assert len(sent) == 2
    assert directory.find("middle").name == "Renamed"
    assert directory.by_id(lands.ids["middle"]) is directory.find("middle")
    for key, region in before.items():
        assert (directory.find(key) is region) is (key != "middle")


def test_regions_that_are_gone_are_forgotten_and_new_ones_are_known(lands):
    directory = lands.directory()
    old = lands.ids["west"]
    lands.leave()
    directory.refresh()
    assert directory.find("west") is None
    assert directory.area(old, "98.00.00.2001") is None
    with pytest.raises(KeyError):
        directory.by_id(old)
    lands.settle()
    directory.refresh()
    assert [region.key for region in directory.all()] == sorted(region.key for region in directory.all())
    assert directory.area(lands.ids["west"], "98.00.00.2001").name == "Désa 01"


def test_settings_are_read_when_a_region_is_first_asked_for_them_and_then_no_more(lands):
    parsed = []

    def parse(module, settings):
        parsed.append(module)
        return settings

    with lands.statements() as sent:
        directory = lands.directory(parse=parse)
    assert len(sent) == 2
    assert parsed == []
    with lands.statements() as sent:
        assert directory.find("west").enabled("service_info")
        assert directory.find("west").enabled("accounts")
        assert not directory.find("west").enabled("complaints")
    assert (len(sent), parsed) == (1, ["service_info"])
    with lands.statements() as sent:
        directory.find("east").enabled("service_info")  # the same settings: what was made of them is shared
    assert (len(sent), parsed) == (1, ["service_info"])
    assert directory.find("east").modules["service_info"] is directory.find("west").modules["service_info"]


def test_settings_that_do_not_fit_put_one_module_off_in_one_region_and_say_so(lands, caplog):
    unfit = update(RegionModuleRow).where(RegionModuleRow.region_id == lands.ids["west"]).values(settings={"services": 7})
    lands.change("west", unfit)
    directory = lands.directory()
    with caplog.at_level(logging.ERROR):
        assert not directory.find("west").enabled("service_info")
    assert "modules.off_for_its_settings" in caplog.text
    assert directory.find("east").enabled("service_info")
    lands.change("west", unfit.values(settings={}))
    directory.refresh()
    assert directory.find("west").enabled("service_info")


def test_regions_hold_what_they_inherit_together(lands):
    directory = lands.directory()
    own, other = (directory.find(key).modules["complaints"].config for key in ("banda-aceh", "sumedang"))
    shared = [code for code, category in own.categories.items() if other.categories.get(code) is category]
    equal = [code for code, category in own.categories.items() if other.categories.get(code) == category]
    assert shared == equal
    assert len(shared) > 50
    assert own.workflow is other.workflow
    assert directory.find("west").calendar is directory.find("east").calendar
    assert directory.find("west").identity["phone"] is directory.find("east").identity["phone"]
    assert directory.find("west").identity["app_name"] == "west"


def test_threads_that_ask_a_new_region_first_find_the_same(lands):
    places, middle = [(0.05, 101.05 + number * 0.1) for number in range(10)] * 8, lands.ids["middle"]
    for _ in range(5):
        directory = lands.directory()
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda place, of=directory: of.areas.find_area(middle, *place).code, places))
            on = set(threads.map(lambda _, of=directory: of.find("middle").enabled("service_info"), range(20)))
        assert found == [f"98.01.0{number // 2}.200{number % 2 + 1}" for number in range(10)] * 8
        assert on == {True}
