"""Who asks is answered in their language where it is spoken: a region's own, or outside the regions Balai's."""

import pytest
from werkzeug.test import Client

from backend.http.gate import Doorman, Gate
from backend.http.languages import first_spoken, region_in


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("sw", "sw"),
        ("sw-KE", "sw"),
        ("SW_KE", "sw"),
        ("sw, en", "sw"),
        ("fr, en-GB;q=0.5, sw;q=0.8", "sw"),
        ("en;q=0.5, sw;q=0.4", "en"),
        ("id, fr;q=0.9", "en"),
        ("*, sw;q=0.1", "sw"),
        ("sw;q=0", "en"),
        ("swg", "en"),
        ("q=;;,, -", "en"),
    ],
)
def test_the_first_language_that_is_asked_for_and_spoken_is_taken_else_the_first_that_is_spoken(accepted, language):
    assert first_spoken(accepted, ("en", "sw")) == language


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/v1/regions/nairobi", "nairobi"),
        ("/v1/regions/nairobi/complaints/by-number/1", "nairobi"),
        ("/v1/regions", ""),
        ("/v1/me", ""),
    ],
)
def test_a_region_is_read_off_its_paths(path, key):
    assert region_in(path) == key


@pytest.mark.parametrize(
    ("region", "accepted", "begins"),
    [
        ("nairobi", None, "An"),
        ("nairobi", "id", "An"),
        ("nairobi", "sw", "Mfano"),
        ("banda-aceh", None, "Contoh,"),
        ("banda-aceh", "sw", "Contoh,"),
        ("banda-aceh", "en", "An"),
    ],
)
def test_a_region_says_its_own_texts_in_a_language_of_its_own(anybody, region, accepted, begins):
    headers = {"Accept-Language": accepted} if accepted else {}
    dress = anybody.get(f"/v1/regions/{region}", headers=headers).get_json()
    assert dress["notice"].startswith(f"{begins} ")


@pytest.mark.parametrize(
    ("method", "path", "body", "spoken"),
    [
        ("GET", "/v1/regions/nairobi/areas/none", None, ("en", "en", "en")),
        ("GET", "/v1/regions/nairobi/no/such/path", None, ("en", "en", "en")),
        ("GET", "/v1/regions/nairobi/notifications", None, ("en", "en", "en")),
        ("GET", "/v1/regions/bandung/areas/none", None, ("id", "en", "id")),
        ("GET", "/v1/regions/nowhere", None, ("id", "en", "id")),
        ("GET", "/v1/me", None, ("id", "en", "id")),
        ("POST", "/v1/auth/otp", {"region": "nairobi", "phone": "+254712", "purpose": "login"}, ("en", "en", "en")),
        ("POST", "/v1/auth/otp/verify", {"request_id": f"nairobi.{'0' * 32}", "code": "123456"}, ("en", "en", "en")),
        ("POST", "/v1/auth/otp/verify", {"request_id": f"sumedang.{'0' * 32}", "code": "123456"}, ("id", "en", "id")),
    ],
)
def test_what_is_refused_is_refused_in_a_language_of_the_region_that_balai_speaks(anybody, method, path, body, spoken):
    asked = ({}, {"Accept-Language": "en"}, {"Accept-Language": "sw"})
    answers = [anybody.send(method, path, body, headers=headers) for headers in asked]
    assert all(answer.status_code >= 400 for answer in answers)
    assert tuple(answer.headers["Content-Language"] for answer in answers) == spoken


def test_a_citizens_token_is_of_a_region_also_outside_its_paths(citizen):
    person = citizen("nairobi", phone="+254712000017")
    refused = person.patch("/v1/me", {"email": "none"})
    assert (refused.status_code, refused.headers["Content-Language"]) == (422, "en")


def test_the_door_is_closed_in_a_language_of_the_region(app, house):
    closed = Client(Doorman(app.wsgi_app, Gate(working=1, waiting=0), house.ground.catalogue, house.directory))
    told = {
        (path, accepted): closed.get(path, headers={"Accept-Language": accepted}).json["title"]
        for path in ("/v1/regions/nairobi/complaints", "/v1/regions/banda-aceh/complaints", "/v1/regions")
        for accepted in ("", "sw", "en")
    }
    english, indonesian = (house.ground.catalogue.text("status.503", language) for language in ("en", "id"))
    assert [title == english for title in told.values()] == [True, True, True, False, False, True, False, False, True]
    assert set(told.values()) == {english, indonesian}


def test_a_citizen_speaks_a_language_of_the_region(citizen):
    person = citizen("nairobi", phone="+254712000018")
    assert person.get("/v1/me").get_json()["locale"] == "en"
    assert person.patch("/v1/me", {"locale": "sw"}).get_json()["locale"] == "sw"
    refused = person.patch("/v1/me", {"locale": "id"})
    assert (refused.status_code, refused.headers["Content-Language"]) == (422, "en")
    assert refused.get_json()["errors"] == [
        {"field": "locale", "code": "request.not_one_of", "detail": "This must be one of: en, sw."}
    ]


@pytest.mark.parametrize(("region", "spoken"), [("nairobi", {"id", "en", "sw"}), ("banda-aceh", {"id", "en"})])
def test_staff_speak_a_language_of_balai_or_of_a_region_they_serve(staff, region, spoken):
    person = staff("leader", region=region, number=8)
    answers = {locale: person.patch("/v1/me", {"locale": locale}).status_code for locale in ("sw", "fr", "id", "en")}
    assert {locale for locale, status in answers.items() if status == 200} == spoken


@pytest.mark.parametrize(("region", "first"), [("nairobi", "en"), ("banda-aceh", "id")])
def test_whoever_is_invited_without_a_language_is_written_to_in_the_regions_first(staff, region, first):
    admin = staff("regional_admin", region=region)
    invited = {"email": f"new@{region}.test", "name": "New", "memberships": [{"role": "triage"}]}
    assert admin.post("staff", invited).get_json()["locale"] == first
    swahili = admin.post("staff", invited | {"email": f"sw@{region}.test", "locale": "sw"})
    assert swahili.status_code == (201 if region == "nairobi" else 422)
