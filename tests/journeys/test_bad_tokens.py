"""Tokens that have expired, were forged, are of another kind or another region's, or whose session has ended."""

import time
import uuid
from base64 import urlsafe_b64encode

import jwt
import pytest

from backend.http.auth import make_access_token
from tests.journeys.test_bad_places import at
from tests.people import Person


@pytest.fixture
def forge(app, reporter):
    """Return a function that makes a token of the reporter's with other claims (None: without one), or another key."""
    secret = app.config["JWT_SECRET_KEY"]
    claims = jwt.decode(reporter.token, options={"verify_signature": False})

    def forge(key=secret, algorithm="HS256", **changes):
        changed = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(changed, key, algorithm)

    return forge


@pytest.fixture
def refused_token(client, refused, region, places):
    """Send a token to a route that needs one, to a public one and to a write; each must refuse it with the same code."""

    def refused_token(token, code, header=None):
        bearer = Person(client, region=region)
        headers = {"Authorization": header or f"Bearer {token}"}
        for ask, path, json in (
            (bearer.get, "/v1/me", None),
            (bearer.get, "complaints", None),
            (bearer.post, "complaints", at(places.inside)),
        ):
            refused(ask, path, json, headers=headers, status=401, code=code)
        assert bearer.get("/v1/me", headers=headers).headers["WWW-Authenticate"] == "Bearer"

    return refused_token


def test_the_token_that_is_forged_below_is_good_otherwise(reporter, client, forge):
    assert Person(client, token=forge()).get("/v1/me").get_json()["id"] == reporter.get("/v1/me").get_json()["id"]


def test_an_expired_token_says_that_it_has_expired(forge, refused_token):
    refused_token(forge(exp=int(time.time()) - 1), "auth.token_expired")
    refused_token(forge(exp=0), "auth.token_expired")


def test_a_forged_token_is_refused(forge, refused_token, reporter, house):
    refused_token(forge(key="another secret of thirty-two bytes or so"), "auth.bad_token")
    refused_token(forge(key=house.ground.settings.secret_key), "auth.bad_token")
    refused_token(forge(algorithm="HS512"), "auth.bad_token")
    refused_token(forge(key=None, algorithm="none"), "auth.bad_token")
    head, payload, signature = reporter.token.split(".")
    unsigned = urlsafe_b64encode(b'{"alg":"None","typ":"JWT"}').rstrip(b"=").decode()
    altered = payload[:-2] + ("A" if payload[-2] != "A" else "B") + payload[-1]
    for forged in (
        f"{unsigned}.{payload}.",
        f"{head}.{payload}.",
        f"{head}.{altered}.{signature}",
        f"{head}.{payload}",
        f"{signature}",
    ):
        refused_token(forged, "auth.bad_token")


@pytest.mark.parametrize("claim", ["exp", "iss", "aud", "sub"])
def test_a_token_without_what_every_token_has_is_refused(forge, refused_token, claim):
    refused_token(forge(**{claim: None}), "auth.wrong_token" if claim == "exp" else "auth.bad_token")


@pytest.mark.parametrize("changes", [{"iat": None}, {"sid": None}, {"kind": None}, {"type": "refresh"}], ids=str)
def test_a_token_of_another_kind_is_refused(forge, refused_token, changes):
    refused_token(forge(**changes), "auth.wrong_token")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"aud": "somebody"},
        {"sub": "1"},
        {"sub": 1},
        {"sid": "1"},
        {"sid": [1]},
        {"kind": "platform"},
        {"kind": ["staff"]},
        {"region": None},
        {"region": 7},
        {"region": "atlantis"},
        {"nbf": 2**32},  # in 2106
        {"iat": 2**32},
    ],
    ids=str,
)
def test_a_token_with_claims_that_nobody_has_is_refused(client, forge, region, changes):
    bearer = Person(client, token=forge(**changes), region=region)
    got = bearer.get("/v1/me")
    assert got.status_code in {401, 403}, got.get_json()
    assert got.get_json()["code"].startswith("auth.")
    assert bearer.get("notifications").status_code in {401, 403}


def test_somebody_elses_account_or_session_in_the_token_opens_nothing(forge, refused_token, citizen, region):
    other = jwt.decode(citizen(region).token, options={"verify_signature": False})
    refused_token(forge(sub=other["sub"]), "auth.session_ended")
    refused_token(forge(sid=other["sid"]), "auth.session_ended")
    refused_token(forge(sub=str(uuid.uuid4()), sid=str(uuid.uuid4())), "auth.session_ended")
    refused_token(forge(kind="staff", region=None), "auth.session_ended")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "bearer x.y.z", "Token abc", "Bearer \xff"]
)
def test_an_authorization_header_that_carries_no_token_is_refused(refused_token, header):
    refused_token(None, "auth.bad_token", header=header or " ")


def test_a_refresh_token_is_no_access_token_and_an_access_token_no_refresh_token(reporter, anybody, refused, refused_token):
    refused_token(reporter.tokens["refresh_token"], "auth.bad_token")
    for token in (reporter.token, "x", "c.banda-aceh.1.1.x", "s.-.zz.1.x", reporter.tokens["refresh_token"] + "A"):
        refused(anybody.post, "/v1/auth/refresh", {"refresh_token": token}, status=401, code="auth.bad_token")


def test_a_citizen_of_the_other_region_is_refused_on_its_paths_and_nobody_on_its_public_ones(
    reporter, citizen, refused, elsewhere, places_elsewhere
):
    there = f"/v1/regions/{elsewhere}"
    for ask, path, json in (
        (reporter.get, f"{there}/notifications", None),
        (reporter.post, f"{there}/complaints", at(places_elsewhere.inside)),
        (reporter.get, f"{there}/complaints/inbox", None),
    ):
        refused(ask, path, json, status=403, code="auth.other_region")
    assert reporter.get(f"{there}/complaints/categories").status_code == 200
    native = citizen(elsewhere)
    secret = native.post("complaints", at(places_elsewhere.inside, category="ADM-01")).get_json()["id"]
    refused(reporter.get, f"{there}/complaints/{secret}", status=404, code="request.not_found")
    refused(reporter.get, f"{there}/complaints?mine=true", status=401, code="auth.needed")


def test_after_signing_out_the_tokens_open_nothing(citizen, refused_token, region, anybody, refused):
    person = citizen(region)
    assert person.post("/v1/auth/logout").status_code == 204
    refused_token(person.token, "auth.session_ended")
    refresh = {"refresh_token": person.tokens["refresh_token"]}
    refused(anybody.post, "/v1/auth/refresh", refresh, status=401, code="auth.session_ended")


def test_a_refresh_token_that_comes_back_after_its_time_ends_the_session(citizen, anybody, refused_token, region, refused):
    person = citizen(region)
    first = person.tokens["refresh_token"]
    second = anybody.post("/v1/auth/refresh", {"refresh_token": first}).get_json()
    third = anybody.post("/v1/auth/refresh", {"refresh_token": second["refresh_token"]}).get_json()
    reused = anybody.post("/v1/auth/refresh", {"refresh_token": first})
    assert (reused.status_code, reused.get_json()["code"]) == (401, "auth.refresh_reused")
    refused_token(third["access_token"], "auth.session_ended")
    again = {"refresh_token": third["refresh_token"]}
    refused(anybody.post, "/v1/auth/refresh", again, status=401, code="auth.session_ended")


def test_a_disabled_officer_is_out_at_once(staff, anybody, refused_token, region, refused):
    admin, officer = staff("regional_admin", region=region), staff("leader", region=region, number=77)
    listed = admin.get("staff?limit=200").get_json()["items"]
    officer_id = next(account["id"] for account in listed if account["email"] == officer.email)
    assert officer.get("/v1/me").status_code == 200
    assert admin.patch(f"staff/{officer_id}", {"disabled": True}).get_json()["state"] == "disabled"
    refused_token(officer.token, "auth.session_ended")
    refresh = {"refresh_token": officer.tokens["refresh_token"]}
    refused(anybody.post, "/v1/auth/refresh", refresh, status=401, code="auth.session_ended")
    wrong = {"email": officer.email, "password": "kata sandi yang panjang 2026"}
    assert anybody.post("/v1/auth/login", wrong).status_code == 401


def test_a_token_of_a_kind_nobody_is_made_for_opens_nothing(app, client, region, reporter):
    mine = jwt.decode(reporter.token, options={"verify_signature": False})
    with app.app_context():
        token = make_access_token(
            account_id=uuid.UUID(mine["sub"]), kind="system", session_id=uuid.UUID(mine["sid"]), region=region
        )
    for path in ("/v1/me", "modules", "staff", "complaints/inbox"):
        assert Person(client, token=token, region=region).get(path).status_code in {401, 403}
