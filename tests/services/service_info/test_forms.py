"""What a pack may say in this room, and how texts in several languages are read."""

import pytest
from marshmallow import ValidationError

from services.service_info.config import ServiceInfoSettings
from services.service_info.domain import texts_without, told_in


def faults(**content) -> dict:
    return ServiceInfoSettings().validate(content)


def test_a_pack_with_every_kind_of_item_is_taken(pack):
    loaded = ServiceInfoSettings().load(pack)
    assert [len(loaded[kind]) for kind in pack] == [1, 1, 1, 1]
    assert loaded["services"][0]["time"] == {"working_days": 3}


def test_a_room_without_content_is_an_empty_room():
    assert ServiceInfoSettings().load({}) == {"services": [], "contacts": [], "places": [], "articles": []}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"price": 0}, "price"),
        ({"key": "Akta Lahir"}, "key"),
        ({"key": "x" * 81}, "key"),
        ({"name": {}}, "name"),
        ({"name": {"id": ""}}, "name"),
        ({"name": {"id": " \n "}}, "name"),
        ({"name": {"id": "x" * 201}}, "name"),
        ({"name": {"Indonesian": "Akta"}}, "name"),
        ({"name": "Akta"}, "name"),
        ({"requirements": [{"id": "x"}] * 51}, "requirements"),
        ({"requirements": ["Surat"]}, "requirements"),
        ({"cost": {"amount": -1, "currency": "IDR"}}, "cost"),
        ({"cost": {"amount": 1.5, "currency": "IDR"}}, "cost"),
        ({"cost": {"amount": 1, "currency": "Rupiah"}}, "cost"),
        ({"time": {"working_days": 1001}}, "time"),
        ({"time": {"weeks": 1}}, "time"),
        ({"checked_on": "2026-02-30"}, "checked_on"),
        ({"source": ""}, "source"),
        ({"department_type": "dukcapil"}, "department_type"),
    ],
)
def test_a_service_that_says_something_wrong_is_refused_where_it_does(service, change, field):
    found = faults(services=[service | change])
    assert list(found["services"][0]) == [field]


def test_a_service_needs_a_source_and_the_day_it_was_checked(service):
    del service["source"], service["checked_on"]
    assert set(faults(services=[service])["services"][0]) == {"source", "checked_on"}


@pytest.mark.parametrize("phone", ["112", "119", "0651-22323", "(0651) 7555 555", "+62 811-6700-112", "0800.1000.119"])
def test_numbers_are_taken_as_people_write_them(contact, phone):
    assert not faults(contacts=[contact | {"phone": phone}])


@pytest.mark.parametrize(
    "phone", ["", "12", "call me", "112; 119", "+", "((((", "1" * 16, "119\n", "\uff11\uff11\uff19", "9" * 40]
)
def test_what_is_no_number_is_refused(contact, phone):
    assert list(faults(contacts=[contact | {"phone": phone}])["contacts"][0]) == ["phone"]


def test_a_key_stands_once_in_its_list(contact):
    assert faults(contacts=[contact, contact])["contacts"] == {1: {"key": ["service_info.key_twice|key=ambulans"]}}


def test_a_place_lies_on_the_earth(place):
    assert set(faults(places=[place | {"lat": 91, "lng": float("nan")}])["places"][0]) == {"lat", "lng"}


def test_a_reader_is_told_every_text_in_the_first_language_there_is(service):
    told = told_in(service, ("en", "id"))
    assert told["name"] == "Birth certificate"
    assert told["requirements"] == ["Hospital's notice of birth"]
    assert told["cost"] == {"amount": 0, "currency": "IDR", "note": "Free of charge"}
    assert told["time"] == {"working_days": 3}
    assert told_in({"id": "Akta"}, ("en", "id")) == "Akta"
    assert told_in({"sw": "Cheti"}, ("en", "id")) == "Cheti"


def test_a_text_that_lacks_a_language_is_found_wherever_it_stands(service):
    del service["name"]["id"], service["requirements"][0]["id"], service["cost"]["note"]["id"]
    assert list(texts_without("id", service)) == ["name.id", "requirements.0.id", "cost.note.id"]


def test_the_form_names_what_is_wrong_with_a_whole_pack(service, contact):
    with pytest.raises(ValidationError) as refused:
        ServiceInfoSettings().load({"services": [service, {}], "contacts": contact, "hours": []})
    assert set(refused.value.messages) == {"services", "contacts", "hours"}
