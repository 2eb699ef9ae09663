"""Agreements recorded, changed and taken out by forms, with the pictures of their pages."""

import io
import re
from html import unescape

import pytest
from PIL import Image

FORM = {
    "kind": "cooperation",
    "number": "CONTOH/002/PKS/2026",
    "title": "Berbagi aplikasi",
    "signed_on": "2026-05-24",
    "parties.0.name": "Pemerintah Kota Bandung",
    "parties.0.role": "giver",
    "parties.2.name": "Diskominfotik Kota Banda Aceh",
    "parties.2.role": "receiver",
    "parties.2.region": "banda-aceh",
    "modules": ["complaints", "service_info"],
    "document_url": "https://example.org/pks.pdf",
    "public": "true",
}
HERE = "replication/agreements"


def text(answered, status=200):
    page = answered.get_data(as_text=True)
    assert answered.status_code == status, page
    return unescape(page)


def picture(colour="white"):
    made = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(made, "PNG")
    made.seek(0)
    return made, f"{colour}.png"


@pytest.fixture
def keeper(browser, admin):
    return browser(admin)


@pytest.fixture
def kept(keeper, admin):
    """Return a function that records an agreement by the form and returns it as the API has it."""

    def keep(**changed):
        sent = keeper.post(f"{HERE}/add", FORM | changed)
        assert sent.location == "/r/banda-aceh/replication/agreements?said=added", text(sent, 303)
        [made] = admin.get(HERE).get_json()["items"]
        return made

    return keep


def test_every_field_comes_through_and_rows_left_blank_are_no_parties(kept):
    made = kept()
    assert made["parties"] == [
        {"name": "Pemerintah Kota Bandung", "region": None, "role": "giver"},
        {"name": "Diskominfotik Kota Banda Aceh", "region": "banda-aceh", "role": "receiver"},
    ]
    said = {name: made[name] for name in ("kind", "number", "title", "signed_on", "starts_on", "ends_on", "modules", "public")}
    assert said == {
        "kind": "cooperation",
        "number": "CONTOH/002/PKS/2026",
        "title": "Berbagi aplikasi",
        "signed_on": "2026-05-24",
        "starts_on": "2026-05-24",
        "ends_on": None,
        "modules": ["complaints", "service_info"],
        "public": True,
    }


def test_a_scan_is_taken_in_and_a_page_without_its_tick_is_removed(keeper, kept, admin):
    made = kept(scan=[picture("white"), picture("red")])
    assert len(made["files"]) == 2
    path = f"{HERE}/{made['id']}"
    page = text(keeper.get(path))
    ids = re.findall(r'name="file_ids" value="([0-9a-f-]{36})" checked', page)
    assert ids == [file["id"] for file in made["files"]]
    changed = {**FORM, "version": "1", "file_ids": [ids[1]], "scan": [picture("blue")], "public": ""}
    assert keeper.post(path, changed).status_code == 303
    now = admin.get(path).get_json()
    stay, new = (file["id"] for file in now["files"])
    assert stay == ids[1]
    assert new not in ids
    assert now["public"] is False


def test_what_is_no_picture_is_named_and_nothing_is_recorded(keeper, admin):
    page = text(keeper.post(f"{HERE}/add", FORM | {"scan": [picture(), (io.BytesIO(b"%PDF-1.7"), "naskah.pdf")]}), 422)
    assert "Gambar naskah.pdf tidak diterima" in page
    assert 'value="CONTOH/002/PKS/2026"' in page
    assert admin.get(HERE).get_json()["items"] == []


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"kind": ""}, "kind"),
        ({"ends_on": "2020-01-01"}, "ends_on"),
        ({"parties.2.name": "", "parties.2.role": "", "parties.2.region": ""}, "parties"),
        ({"parties.0.role": ""}, "parties.0.role"),
        ({"parties.2.region": "atlantis"}, "parties.2.region"),
        ({"parties.2.role": ""}, "parties.2.role"),
        ({"document_url": "http://example.org"}, "document_url"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(keeper, changed, place):
    page = text(keeper.post(f"{HERE}/add", FORM | changed), 422)
    assert f'href="#field-{place}"' in page
    assert 'value="Berbagi aplikasi"' in page
    assert page.count('name="modules" value="complaints" checked') == 1
    assert 'name="public" value="true" checked' in page


def test_of_two_admins_the_second_is_told(keeper, kept, admin):
    path = f"{HERE}/{kept()['id']}"
    assert keeper.post(path, FORM | {"version": "1", "title": "Pertama"}).status_code == 303
    assert "Kedua" in text(keeper.post(path, FORM | {"version": "1", "title": "Kedua"}), 412)
    assert admin.get(path).get_json()["title"] == "Pertama"


def test_taking_one_out_wants_to_be_confirmed(keeper, kept):
    path = f"{HERE}/{kept()['id']}"
    assert keeper.post(f"{path}/retire", {"version": "1"}).status_code == 422
    assert "said=removed" in keeper.post(f"{path}/retire", {"version": "1", "confirm": "true"}).location
    assert keeper.get(path).status_code == 404
    assert "Berbagi aplikasi" not in text(keeper.get(HERE))


def test_those_that_are_not_public_stand_in_the_admins_list_alone(keeper, browser, kept):
    kept(public="")
    assert "Berbagi aplikasi" in text(keeper.get(HERE))
    assert "Berbagi aplikasi" not in text(browser().get("replication"))
