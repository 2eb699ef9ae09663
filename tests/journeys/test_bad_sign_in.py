"""Signing in that goes wrong: numbers that are none, codes wrong, late or used, addresses nobody has, and too many tries."""

import re
import uuid
from dataclasses import replace

import pytest
from sqlalchemy import text

from backend.app import create_app
from backend.core.settings import load_settings
from backend.http.limits import LIMITS, RateLimits
from tests.people import Person

SPELLINGS = (
    "{0}",
    "0{0}",
    "62{0}",
    "+62{0}",
    "0062{0}",
    "+62 {1}-{2}-{3}",
    "(0{1}) {2} {3}",
    " 0{1}.{2}.{3} ",
)


@pytest.fixture
def ask(anybody, region, work, new_phone):
    """Return a function that asks for a code, and gives the request's id and the code that was sent."""

    def ask(phone=None, purpose="login", as_sent=None):
        phone = phone or new_phone()
        got = anybody.post("/v1/auth/otp", {"phone": as_sent or phone, "region": region, "purpose": purpose})
        assert got.status_code == 202, got.get_json()
        work()
        sent = anybody.get("/demo/messages", query_string={"to": phone}).get_json()["items"][0]["text"]
        return got.get_json()["request_id"], re.search(r"(?<!\d)\d{6}(?!\d)", sent)[0]

    return ask


def verify(anybody, request_id, code, **options):
    return anybody.post("/v1/auth/otp/verify", {"request_id": request_id, "code": code}, **options)


def other(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_one_number_in_eight_spellings_is_one_citizen(anybody, client, ask, new_phone):
    phone = new_phone()
    national = phone.removeprefix("+62")
    parts = (national, national[:3], national[3:7], national[7:])
    found = set()
    for spelling in SPELLINGS[1:] + SPELLINGS[:1]:
        answer = verify(anybody, *ask(phone, as_sent=spelling.format(*parts)))
        assert answer.status_code == 200, spelling
        found.add(Person(client, token=answer.get_json()["access_token"]).get("/v1/me").get_json()["id"])
    assert len(found) == 1


@pytest.mark.parametrize(
    ("phone", "code"),
    [
        ("0651-22222", "auth.phone_invalid"),
        ("12345", "auth.phone_invalid"),
        ("nomor saya", "auth.phone_invalid"),
        ("+1 202 555 0100 ext. 5", "auth.phone_invalid"),
        ("0812345678901234567890", "auth.phone_invalid"),
        ("📱📱📱", "auth.phone_invalid"),
        ("", "request.wrong_length"),
        ("0" * 41, "request.wrong_length"),
        ("0812\x00345678", "request.nul"),
        (81234567890, "request.not_text"),
        (None, "request.null"),
    ],
    ids=str,
)
def test_what_is_no_mobile_number_is_refused(anybody, refused, region, phone, code):
    body = {"phone": phone, "region": region, "purpose": "login"}
    refused(anybody.post, "/v1/auth/otp", body, fields={"phone": code})


def test_a_region_or_purpose_that_is_none_is_refused(anybody, refused, region, new_phone):
    fine = {"phone": new_phone(), "region": region, "purpose": "login"}
    refused(anybody.post, "/v1/auth/otp", fine | {"region": "atlantis"}, fields={"region": "auth.region_unknown"})
    refused(anybody.post, "/v1/auth/otp", fine | {"purpose": "erase"}, fields={"purpose": "request.not_one_of"})
    refused(anybody.post, "/v1/auth/otp", {"phone": new_phone()}, fields=dict.fromkeys(("region", "purpose"), "request.required"))


def test_a_wrong_code_may_be_tried_five_times_and_then_the_right_one_is_too_late(anybody, refused, ask):
    request_id, code = ask()
    for left in (4, 3, 2, 1, 0):
        language = ("id", "en")[left % 2]
        wrong = verify(anybody, request_id, other(code), headers={"Accept-Language": language})
        problem = wrong.get_json()
        assert (wrong.status_code, problem["code"], problem["tries_left"]) == (401, "auth.code_wrong", left)
        assert wrong.headers["Content-Language"] == language
        assert str(left) in problem["detail"]
    gone = {"request_id": request_id, "code": code}
    refused(anybody.post, "/v1/auth/otp/verify", gone, status=401, code="auth.code_invalid")


def test_a_code_used_late_replayed_elsewhere_or_never_sent_signs_nobody_in(
    *, anybody, refused, ask, region, elsewhere, new_phone
):
    def invalid(request_id, code):
        body = {"request_id": request_id, "code": code}
        refused(anybody.post, "/v1/auth/otp/verify", body, status=401, code="auth.code_invalid")

    request_id, code = ask()
    number = request_id.partition(".")[2]
    invalid(f"{elsewhere}.{number}", code)
    for nonsense in (
        number,
        f".{number}",
        f"atlantis.{number}",
        f"{region}.",
        f"{region}.{uuid.uuid4()}",
        "x",
        "💥" * 50,
        f"{region}.{number}.1",
    ):
        invalid(nonsense, code)
    assert verify(anybody, request_id, code).status_code == 200
    invalid(request_id, code)
    late, code = ask()
    with refused.owner.begin() as connection:
        query = text("UPDATE otp_requests SET expires_at = expires_at - interval '5 minutes 1 second' WHERE id = :id")
        connection.execute(query, {"id": late.partition(".")[2]})
    invalid(late, code)
    unsent = anybody.post("/v1/auth/otp", {"phone": new_phone(), "region": region, "purpose": "login"}).get_json()["request_id"]
    invalid(unsent, "000000")


@pytest.mark.parametrize(
    ("code", "faults"),
    [
        ("12345", "wrong_length"),
        ("1234567", "wrong_length"),
        ("12345a", "wrong_form"),
        ("\uff11\uff12\uff13\uff14\uff15\uff16", "wrong_form"),
        ("12345\n", "wrong_form"),
    ],
)
def test_what_cannot_be_a_code_is_refused_without_costing_a_try(anybody, ask, region, code, faults):
    request_id, right = ask()
    for _ in range(6):
        got = verify(anybody, request_id, code)
        assert got.status_code == 422
        assert f"request.{faults}" in {fault["code"] for fault in got.get_json()["errors"]}
        assert {fault["field"] for fault in got.get_json()["errors"]} == {"code"}
    assert verify(anybody, request_id, right).status_code == 200


def test_an_address_nobody_has_is_told_the_same_as_a_wrong_password_and_locks_the_same(anybody, staff, region):
    known = staff("leader", region=region, number=78).email
    answers = {}
    for email in (known, f"tidak-ada-{uuid.uuid4().hex}@contoh.test"):
        for language in ("id", "en"):
            body = {"email": email, "password": "salah sekali"}
            tries = [anybody.post("/v1/auth/login", body, headers={"Accept-Language": language}) for _ in range(6)]
            answers.setdefault(email, []).extend(
                (got.status_code, got.get_json()["code"], got.get_json()["detail"]) for got in tries
            )
        assert int(tries[-1].headers["Retry-After"]) > 60
    first, second = answers.values()
    assert first == second
    assert [status for status, _, _ in first] == [401] * 10 + [429] * 2
    assert first[0][1:] != first[6][1:]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"email": "request.required", "password": "request.required"}),
        ({"email": "bukan surel", "password": "x"}, {"email": "request.not_email"}),
        ({"email": "a@b.test", "password": ""}, {"password": "request.wrong_length"}),
        ({"email": "a@b.test", "password": "x" * 201}, {"password": "request.wrong_length"}),
        ({"email": "a@b.test", "password": "x\0"}, {"password": "request.nul"}),
        ({"email": "a@b.test", "password": "x", "totp": "1" * 21}, {"totp": "request.wrong_length"}),
        ({"email": "a@b.test", "password": 12345678}, {"password": "request.not_text"}),
        ({"email": "a@b.test", "password": "x", "role": "platform_admin"}, {"role": "request.unknown_field"}),
    ],
    ids=str,
)
def test_a_login_that_cannot_be_one_is_refused_by_its_field(anybody, refused, body, fields):
    refused(anybody.post, "/v1/auth/login", body, fields=fields)


@pytest.fixture(scope="module")
def without_redis(environ, tmp_path_factory):
    """The application with production's rates, while its Redis is dead."""
    dead = f"unix://{tmp_path_factory.mktemp('dead')}/valkey.sock"
    app = create_app(load_settings(environ | {"REDIS_URL": dead}), connections=3)
    house = app.extensions["balai"]
    app.extensions["balai"] = replace(house, limits=RateLimits(dead, house.ground.keyring, demo=False))
    yield app
    house.ground.engine.dispose()


def test_with_redis_dead_the_rates_hold_per_person_and_the_house_stands(without_redis, citizen, refused, region):
    busy, calm = (Person(without_redis.test_client(), token=citizen(region).token, region=region) for _ in range(2))
    ready = busy.get("/health/ready")
    assert (ready.status_code, ready.get_json()["status"]) == (200, "degraded")
    with refused.nothing_stored():
        most = int(LIMITS["submit"][0].split()[0])
        assert {busy.post("complaints", {}).status_code for _ in range(most)} == {422}
        refused(busy.post, "complaints", {}, status=429, code="request.too_many")
        assert 0 < int(busy.post("complaints", {}).headers["Retry-After"]) <= 3600
        assert calm.post("complaints", {}).status_code == 422
    assert busy.get("complaints").status_code == 200
