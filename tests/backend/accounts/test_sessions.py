"""Tokens and sessions: what opens, what renews, what ends, and what is none."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import jwt
import pytest
from sqlalchemy import select, text

from backend.accounts.models import CitizenSession, StaffSession
from backend.accounts.operations.sessions import renew_session
from backend.accounts.tokens import RefreshToken, read_refresh_token


def renew(town, token):
    return town.call("POST", "/v1/auth/refresh", {"refresh_token": token})


def me(town, token):
    return town.call("GET", "/v1/me", token=token)


def age(town, token, by, *columns):
    """Let the session of a refresh token be older than it is."""
    found = read_refresh_token(town.ground.keyring, token)
    table = CitizenSession if found.region else StaffSession
    with town.unit(found.region) as ctx:
        session = ctx.session.scalars(select(table).where(table.id == found.session_id)).one()
        for column in columns:
            setattr(session, column, getattr(session, column) - by)


def signed(town, **changes):
    """Return a token made with the application's own key, with other claims than it would make."""
    claims = jwt.decode(town.citizen()["access_token"], options={"verify_signature": False}) | changes
    return jwt.encode({key: value for key, value in claims.items() if value is not None}, key_of(town), "HS256")


def key_of(town):
    return town.app.config["JWT_SECRET_KEY"]


def test_signing_in_answers_as_the_contract_says(town):
    tokens = town.citizen()
    assert sorted(tokens) == ["access_token", "expires_in", "refresh_token", "token_type"]
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    assert me(town, tokens["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": int(time.time()) - 10}, "auth.token_expired"),
        ({"exp": None}, "auth.wrong_token"),
        ({"iss": "somebody"}, "auth.bad_token"),
        ({"aud": "somebody"}, "auth.bad_token"),
        ({"type": "refresh"}, "auth.wrong_token"),
        ({"kind": None}, "auth.wrong_token"),
        ({"sid": str(uuid4())}, "auth.session_ended"),
        ({"sub": str(uuid4())}, "auth.session_ended"),
        ({"kind": "staff"}, "auth.wrong_token"),
    ],
)
def test_a_token_with_wrong_claims_is_401(town, changes, code):
    answer = me(town, signed(town, **changes))
    assert (answer.status_code, answer.json["code"]) == (401, code)


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_forged_tokens_are_401(town):
    token = town.citizen()["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    head, body, signature = token.split(".")
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    for forged in (
        jwt.encode(claims, "another key, as long as it should be", "HS256"),
        jwt.encode(claims, key_of(town), "HS384"),
        f"{unsigned}.{body}.",
        f"{unsigned}.{body}.{signature}",
        f"{head}.{body}.{signature[:-4]}AAAA",
        "no token",
        "",
    ):
        answer = me(town, forged)
        assert (answer.status_code, answer.json["code"]) == (401, "auth.bad_token"), forged
    assert me(town, None).json["code"] == "auth.needed"


def test_a_refresh_token_opens_no_door_and_an_access_token_renews_nothing(town):
    tokens = town.citizen()
    assert me(town, tokens["refresh_token"]).status_code == 401
    assert renew(town, tokens["access_token"]).status_code == 401


def test_a_citizen_of_one_region_is_403_in_another(town):
    token = town.citizen()["access_token"]
    assert town.call("GET", "/v1/regions/nairobi/staff", token=token).json["code"] == "auth.other_region"
    assert town.call("GET", "/v1/regions/banda-aceh/staff", token=token).json["code"] == "auth.not_allowed"


def test_renewing_gives_another_pair_and_the_old_access_token_holds_on(town):
    before = town.citizen()
    after = renew(town, before["refresh_token"]).json
    assert after["refresh_token"] != before["refresh_token"]
    assert me(town, after["access_token"]).status_code == me(town, before["access_token"]).status_code == 200


def test_a_lost_answer_can_be_asked_for_again_at_once(town):
    first = town.citizen()["refresh_token"]
    lost, again = renew(town, first).json, renew(town, first).json
    assert again["refresh_token"] == lost["refresh_token"]
    assert renew(town, again["refresh_token"]).status_code == 200


def test_two_renewals_at_once_leave_both_with_a_token_that_works(town):
    first = town.citizen()["refresh_token"]
    with ThreadPoolExecutor(8) as many:
        answers = list(many.map(lambda _: renew(town, first), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    (after,) = {answer.json["refresh_token"] for answer in answers}
    assert renew(town, after).status_code == 200


@pytest.mark.parametrize("kind", ["citizen", "staff"])
def test_a_renewal_waits_for_the_one_that_came_first(town, kind):
    token = (town.citizen() if kind == "citizen" else town.log_in(town.staff("triage")[0]).json)["refresh_token"]
    found = read_refresh_token(town.ground.keyring, token)
    with ThreadPoolExecutor(1) as other:
        with town.unit(found.region) as ctx:
            first = renew_session(ctx, found)
            second = other.submit(renew, town, token)
            with pytest.raises(TimeoutError):
                second.result(timeout=0.3)
        assert second.result(timeout=5).json["refresh_token"] == first.refresh_token


def test_a_replayed_token_ends_the_session_for_whoever_holds_it(town):
    first = town.citizen()
    second = renew(town, first["refresh_token"]).json
    age(town, first["refresh_token"], timedelta(seconds=11), "rotated_at")
    replayed = renew(town, first["refresh_token"])
    assert (replayed.status_code, replayed.json["code"]) == (401, "auth.refresh_reused")
    assert me(town, second["access_token"]).json["code"] == "auth.session_ended"
    assert renew(town, second["refresh_token"]).json["code"] == "auth.session_ended"
    with town.unit() as ctx:
        held = ctx.session.scalars(
            text("SELECT details ->> 'session' FROM audit_entries WHERE action = 'accounts.refresh_reused'")
        )
        assert str(read_refresh_token(town.ground.keyring, first["refresh_token"]).session_id) in set(held)


def test_a_token_two_renewals_old_ends_the_session_even_at_once(town):
    first = town.citizen()["refresh_token"]
    second = renew(town, first).json["refresh_token"]
    third = renew(town, second).json["refresh_token"]
    assert renew(town, first).json["code"] == "auth.refresh_reused"
    assert renew(town, third).status_code == 401


def test_a_forged_refresh_token_is_refused_and_ends_nothing(town):
    token = town.citizen()["refresh_token"]
    kind, region, session, number, signature = token.split(".")
    for forged in (
        f"{kind}.{region}.{session}.2.{signature}",
        f"{kind}.nairobi.{session}.{number}.{signature}",
        f"s.-.{session}.{number}.{signature}",
        token[:-2] + "AA",
        "c.banda-aceh.x.y.z",
        "....",
        "é",
    ):
        assert renew(town, forged).json["code"] == "auth.bad_token", forged
    assert renew(town, token).status_code == 200


def test_a_token_of_a_session_that_is_not_there_is_refused(town):
    token = RefreshToken(region="banda-aceh", session_id=uuid4(), generation=1).write(town.ground.keyring)
    assert renew(town, token).json["code"] == "auth.session_ended"


@pytest.mark.parametrize("kind", ["citizen", "staff"])
def test_a_session_slides_by_30_days_and_ends_after_180(town, kind):
    token = (town.citizen() if kind == "citizen" else town.log_in(town.staff("triage")[0]).json)["refresh_token"]
    age(town, token, timedelta(days=29), "created_at", "rotated_at", "expires_at")
    token = renew(town, token).json["refresh_token"]
    age(town, token, timedelta(days=29), "created_at", "rotated_at", "expires_at")
    token = renew(town, token).json["refresh_token"]
    age(town, token, timedelta(days=121), "created_at")
    token = renew(town, token).json["refresh_token"]
    age(town, token, timedelta(days=1, minutes=1), "expires_at")  # 179 days old: one day was left
    assert renew(town, token).json["code"] == "auth.session_ended"


def test_a_session_that_nobody_used_for_30_days_is_over(town):
    token = town.citizen()["refresh_token"]
    age(town, token, timedelta(days=30), "expires_at")
    assert renew(town, token).json["code"] == "auth.session_ended"


@pytest.mark.parametrize("kind", ["citizen", "staff"])
def test_signing_out_ends_this_session_alone(town, kind):
    if kind == "citizen":
        phone = town.phone()
        here, there = town.citizen(phone), town.citizen(phone)
    else:
        email, _ = town.staff("triage")
        here, there = town.log_in(email).json, town.log_in(email).json
    assert town.call("POST", "/v1/auth/logout", token=here["access_token"]).status_code == 204
    assert me(town, here["access_token"]).json["code"] == "auth.session_ended"
    assert renew(town, here["refresh_token"]).status_code == 401
    assert me(town, there["access_token"]).status_code == 200


@pytest.mark.parametrize("kind", ["citizen", "staff"])
def test_sessions_are_listed_and_ended_one_by_one_or_all(town, kind):
    if kind == "citizen":
        phone = town.phone()
        pairs = [town.verify(*town.code(phone), User_Agent=f"SALAM/{n}\u00ff").json for n in range(3)]
    else:
        email, _ = town.staff("triage")
        body = {"email": email, "password": "kata sandi yang panjang"}
        pairs = [town.call("POST", "/v1/auth/login", body, User_Agent=f"SALAM/{n}").json for n in range(3)]
    first, second, third = (pair["access_token"] for pair in pairs)
    listed = town.call("GET", "/v1/me/sessions", token=second).json["items"]
    assert [item["device"][:7] for item in listed] == ["SALAM/2", "SALAM/1", "SALAM/0"]
    assert [item["current"] for item in listed] == [False, True, False]
    assert town.call("DELETE", f"/v1/me/sessions/{listed[0]['id']}", token=second).status_code == 204
    assert me(town, third).status_code == 401
    stranger = town.citizen()["access_token"]
    assert town.call("DELETE", f"/v1/me/sessions/{listed[1]['id']}", token=stranger).status_code == 404
    assert town.call("DELETE", f"/v1/me/sessions/{listed[0]['id']}", token=second).status_code == 404
    assert town.call("DELETE", "/v1/me/sessions", token=second).status_code == 204
    assert me(town, first).status_code == me(town, second).status_code == 401
    assert me(town, stranger).status_code == 200


def test_reading_the_account_behind_a_token_is_one_statement(town, statements):
    tokens = {"citizen": town.citizen()["access_token"], "staff": town.staff_token("triage")}
    for token in tokens.values():
        statements.clear()
        town.call("GET", "/v1/regions/banda-aceh/staff", token=token)
        assert len([said for said in statements if "_sessions" in said]) == 1
        assert len(statements) == 2, statements  # the other says the region
