"""The forms of the room: every field comes through, what is wrong is told at its field, admins do not overwrite one another."""

import re

import pytest

SERVICE = {
    "key": "uji-akta",
    "name.id": "Akta uji",
    "name.en": "Trial certificate",
    "department_type": "PUPR",
    "summary.id": "Ringkas.\r\nDua baris.",
    "requirements.id": "Surat satu\r\n\r\nSurat tiga",
    "requirements.en": "Letter one",
    "cost.amount": "25000",
    "cost.currency": "IDR",
    "cost.note.id": "Retribusi",
    "time.working_days": "3",
    "legal_basis": "UU 24/2013",
    "verified": "true",
    "source": "https://example.org/",
    "checked_on": "2026-11-02",
    "position": "7",
}
COMMON = {"source": "https://example.org/", "checked_on": "2026-11-02"}
ITEMS = {
    "contacts": {"key": "uji-nomor", "name.id": "Siaga uji", "phone": "0651 123456", "kind": "information", **COMMON},
    "places": {
        "key": "uji-tempat",
        "name.id": "Tempat uji",
        "kind": "health_centre",
        "location.lat": "5.5533",
        "location.lng": "95.3175",
        **COMMON,
    },
    "articles": {"key": "uji-artikel", "title.id": "Judul uji", "body.id": "Isi.", "published_on": "2026-11-02", **COMMON},
}


@pytest.fixture
def read(staff):
    """Return a function that reads an item over the API, in all its languages."""
    return lambda plural, key: staff("regional_admin").get(f"service-info/{plural}/{key}?all_languages=true").get_json()


def fields(page):
    """Return what a form would send as it stands."""
    form = page.partition('<form method="post" class="panel"')[2].partition("</form>")[0]
    said = {}
    for box in re.findall(r"<input [^>]*>", form):
        given = dict(re.findall(r'(name|value|type)="([^"]*)"', box))
        if given["type"] != "checkbox" or " checked" in box:
            said[given["name"]] = given["value"]
    said |= dict(re.findall(r'<textarea [^>]*?name="([^"]+)"[^>]*>([^<]*)</textarea>', form))
    for name, options in re.findall(r'<select [^>]*?name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        said[name] = next(iter(re.findall(r'<option value="([^"]*)" selected>', options)), "")
    return said


def test_every_field_of_a_service_comes_through_and_back(admin, read, text):
    assert admin.post("service-info/add/services", SERVICE).location == "/r/banda-aceh/service-info/edit/services?said=added"
    made = read("services", "uji-akta")
    assert made == {
        "key": "uji-akta",
        "name": {"id": "Akta uji", "en": "Trial certificate"},
        "department_type": "PUPR",
        "summary": {"id": "Ringkas.\r\nDua baris."},
        "requirements": [{"id": "Surat satu", "en": "Letter one"}, {"id": "Surat tiga"}],
        "cost": {"amount": 25000, "currency": "IDR", "note": {"id": "Retribusi"}},
        "time": {"working_days": 3},
        "legal_basis": "UU 24/2013",
        "verified": True,
        "source": "https://example.org/",
        "checked_on": "2026-11-02",
        "position": 7,
    }
    sent = fields(text(admin.get("service-info/edit/services/uji-akta")))
    assert admin.post("service-info/edit/services/uji-akta", sent).status_code == 303
    assert read("services", "uji-akta") == made, "a form that is sent as it was shown changes nothing"
    assert admin.post("service-info/edit/services/uji-akta", {**sent, "version": "2", "verified": ""}).status_code == 303
    assert read("services", "uji-akta")["verified"] is False


@pytest.mark.parametrize("plural", ITEMS)
def test_the_others_are_added_changed_and_taken_away_by_forms_too(admin, read, text, plural):
    said = ITEMS[plural]
    key, words = said["key"], "title.id" if plural == "articles" else "name.id"
    assert admin.post(f"service-info/add/{plural}", said).status_code == 303
    assert said[words] in text(admin.get(f"service-info/edit/{plural}"))
    sent = fields(text(admin.get(f"service-info/edit/{plural}/{key}")))
    assert admin.post(f"service-info/edit/{plural}/{key}", sent | {words: "Kata lain"}).status_code == 303
    assert read(plural, key)[words.partition(".")[0]] == {"id": "Kata lain"}
    remove = f"service-info/edit/{plural}/{key}/remove"
    assert admin.post(remove, {"version": "2"}).status_code == 422
    assert admin.post(remove, {"version": "2", "confirm": "true"}).location.endswith(f"/edit/{plural}?said=removed")
    assert admin.get(f"service-info/edit/{plural}/{key}").status_code == 404


@pytest.mark.parametrize(
    ("changed", "place", "words"),
    [
        ({"name.id": ""}, "name", "Isian ini wajib"),
        ({"name.id": "", "name.en": "Trial"}, "name.id", "bahasa utama wilayah"),
        ({"cost.amount": "gratis"}, "cost.amount", "bilangan bulat"),
        ({"cost.currency": "rupiah"}, "cost.currency", ""),
        ({"department_type": "KRATON"}, "department_type", "Tidak ada perangkat daerah"),
        ({"checked_on": "kemarin"}, "checked_on", ""),
        ({"key": "Akta Lahir"}, "key", ""),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_typed_is_lost(admin, text, changed, place, words):
    page = text(admin.post("service-info/add/services", {**SERVICE, "name.en": "", **changed}), 422)
    assert f'href="#field-{place}"' in page
    assert words in page
    kept = fields(page)
    assert {name: kept[name].replace("\n", "\r\n").replace("\r\r", "\r") for name in ("summary.id", "source", "position")} == {
        name: SERVICE[name] for name in ("summary.id", "source", "position")
    }
    assert kept["verified"] == "true"


def test_a_key_in_use_and_a_field_nobody_knows_are_refused(admin, text):
    assert admin.post("service-info/add/contacts", ITEMS["contacts"]).status_code == 303
    assert "sudah dipakai" in text(admin.post("service-info/add/contacts", ITEMS["contacts"]), 409)
    assert admin.post("service-info/add/contacts", {**ITEMS["contacts"], "retired_at": "now"}).status_code == 422


def test_a_place_lies_in_the_region(admin, text):
    page = text(admin.post("service-info/add/places", {**ITEMS["places"], "location.lat": "1.5"}), 422)
    assert "berada di luar Kota Banda Aceh" in page
    assert "Tempat uji" in page


def test_of_two_admins_the_second_is_told_and_may_then_save(admin, read, text):
    admin.post("service-info/add/contacts", ITEMS["contacts"])
    path = "service-info/edit/contacts/uji-nomor"
    mine = fields(text(admin.get(path)))
    theirs = fields(text(admin.get(path)))
    assert admin.post(path, {**theirs, "phone": "119"}).status_code == 303
    refused = text(admin.post(path, {**mine, "name.id": "Kata saya"}), 412)
    assert "Kata saya" in refused, "what was typed is lost"
    assert read("contacts", "uji-nomor")["name"] == {"id": "Siaga uji"}
    assert admin.post(path, fields(refused)).status_code == 303
    assert read("contacts", "uji-nomor")["name"] == {"id": "Kata saya"}
    assert admin.post(f"{path}/remove", {"version": "1", "confirm": "true"}).status_code == 412


def test_the_form_of_a_new_service_begins_with_todays_date_and_the_countrys_money(house, admin, browser, staff, text):
    said = fields(text(admin.get("service-info/add/services")))
    assert said["cost.currency"] == "IDR"
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", said["checked_on"])


@pytest.mark.parametrize("plural", ["services", "contacts", "places", "articles"])
def test_the_list_leads_to_the_same_items_as_a_spreadsheet(admin, text, plural):
    table = re.search(
        r'href="(/r/banda-aceh/settings/tables/service_info[^"]+)"', text(admin.get(f"service-info/edit/{plural}"))
    )[1]
    assert admin.get(table).status_code == 200
    for suffix, first in (("csv", b"key"), ("xlsx", b"PK")):
        answered = admin.get(f"{table}/file?format={suffix}")
        assert answered.status_code == 200
        assert first in answered.get_data()[:200]
