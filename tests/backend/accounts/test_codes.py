"""One-time codes: who may ask for one, what is kept of it, and how often it can be tried."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.accounts.operations.codes import request_code
from backend.core.errors import DomainError
from backend.data.unit_of_work import unit_of_work

SPELLINGS = [
    "081211112222",
    "0812-1111-2222",
    "0812 1111 2222",
    "(0812) 1111 2222",
    "+6281211112222",
    "+62 812-1111-2222",
    "6281211112222",
    "0062 812 1111 2222",
]


def test_eight_spellings_of_a_number_are_one_person(town):
    people = {town.call("GET", "/v1/me", token=town.citizen(spelling)["access_token"]).json["id"] for spelling in SPELLINGS}
    assert len(people) == 1


@pytest.mark.parametrize(
    "phone", ["0651 22222", "12345", "siapa saya", "+62 812 1111 22222222222", "\U0001f600\U0001f600\U0001f600"]
)
def test_what_is_no_mobile_number_is_refused_by_name(town, phone):
    answer = town.ask(phone)
    assert answer.status_code == 422
    assert [(fault["field"], fault["code"]) for fault in answer.json["errors"]] == [("phone", "auth.phone_invalid")]


def test_a_number_is_read_by_the_dialling_rules_of_its_region(town):
    me = town.call("GET", "/v1/me", token=town.citizen("0712345678", "nairobi")["access_token"]).json
    assert (me["region"], me["phone"], me["phone_masked"]) == ("nairobi", "+254712345678", "+25••••••5678")


def test_an_unknown_region_is_refused_by_name(town):
    answer = town.ask(town.phone(), region="atlantis")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "region")


def test_the_code_is_made_when_it_is_sent_and_only_its_hash_is_kept(town):
    phone = town.phone()
    request_id = town.ask(phone).json["request_id"]

    def kept():
        with town.unit() as ctx:
            row = ctx.session.execute(
                text("SELECT * FROM otp_requests WHERE id = :id"), {"id": UUID(request_id.partition(".")[2])}
            ).one()
            return row._asdict()

    assert kept()["code_hash"] is None
    assert town.verify(request_id, "000000").json["code"] == "auth.code_invalid"
    sent = town.send_code(request_id)
    (code,) = re.findall(r"\d{6,}", sent.message.text)
    assert len(code) == 6
    row = kept()
    assert row["tries"] == 0
    assert not any(code in str(value) or phone in str(value) or phone[3:] in str(value) for value in row.values())
    assert code not in repr(sent)


def test_the_message_speaks_the_language_in_which_the_code_was_asked_for(town):
    phone = town.phone()
    town.send_code(town.ask(phone, Accept_Language="en").json["request_id"])
    town.send_code(town.ask(phone).json["request_id"])
    assert ["is your code for SALAM" in message["text"] for message in town.messages(phone)] == [False, True]


def test_a_sending_that_is_repeated_says_the_same_code_and_is_kept_once(town):
    phone = town.phone()
    request_id = town.ask(phone).json["request_id"]
    first, again = town.send_code(request_id), town.send_code(request_id)
    assert first.message == again.message
    assert len(town.messages(phone)) == 1


def test_a_code_that_would_come_too_late_is_not_sent(town):
    phone = town.phone()
    request_id = town.ask(phone).json["request_id"]
    age(town, request_id, timedelta(minutes=5))
    assert town.send_code(request_id) is None
    assert town.messages(phone) == []


def test_messages_of_the_demo_are_found_by_any_spelling(town):
    town.code("081211113333")
    for spelling in ("+62 812-1111-3333", "0812 1111 3333", "6281211113333"):
        assert town.messages(spelling)[0]["to"] == "+6281211113333"
    assert town.client.get("/demo/messages?to=+6281211113333").json["items"]  # the plus sign of a careless client is a blank
    assert town.call("GET", "/demo/messages").json["errors"][0]["field"] == "to"


def test_a_code_works_once(town):
    asked = town.code(town.phone())
    assert town.verify(*asked).status_code == 200
    again = town.verify(*asked)
    assert (again.status_code, again.json["code"]) == (401, "auth.code_invalid")


def test_a_code_used_by_ten_at_once_lets_one_in(town):
    asked = town.code(town.phone())
    with ThreadPoolExecutor(10) as many:
        answers = [answer.status_code for answer in many.map(lambda _: town.verify(*asked), range(10))]
    assert sorted(answers) == [200, *[401] * 9]


def test_a_code_holds_for_five_minutes(town):
    request_id, code = town.code(town.phone())
    age(town, request_id, timedelta(minutes=4, seconds=50))
    age(town, request_id, timedelta(seconds=10))
    assert town.verify(request_id, code).json["code"] == "auth.code_invalid"


def test_five_wrong_tries_end_a_code_and_each_says_how_many_are_left(town):
    request_id, code = town.code(town.phone())
    answers = [town.verify(request_id, wrong(code)) for _ in range(5)]
    assert [(answer.status_code, answer.json["code"]) for answer in answers] == [(401, "auth.code_wrong")] * 5
    assert [answer.json["tries_left"] for answer in answers] == [4, 3, 2, 1, 0]
    assert "4" in answers[0].json["detail"]
    assert town.verify(request_id, code).json["code"] == "auth.code_invalid"
    assert town.actions(request_id.partition(".")[2]) == ["accounts.code_tried_too_often"]


def test_thirty_wrong_tries_at_once_are_counted_as_five(town):
    request_id, code = town.code(town.phone())
    with ThreadPoolExecutor(12) as many:
        answers = list(many.map(lambda _: town.verify(request_id, wrong(code)).json["code"], range(30)))
    assert answers.count("auth.code_wrong") == 5
    assert answers.count("auth.code_invalid") == 25


@pytest.mark.parametrize("request_id", ["banda-aceh", "atlantis.0", "nairobi.{}", "{}", "banda-aceh.{}x"])
def test_a_code_opens_its_own_request_in_its_own_region_alone(town, request_id):
    asked, code = town.code(town.phone())
    answer = town.verify(request_id.format(asked.partition(".")[2]), code)
    assert (answer.status_code, answer.json["code"]) == (401, "auth.code_invalid")


@pytest.mark.parametrize("code", ["12345", "1234567", "12345a", "\uff11" * 6, "12345\n"])
def test_what_is_not_six_digits_is_no_code_and_costs_no_try(town, code):
    request_id, right = town.code(town.phone())
    assert town.verify(request_id, code).json["errors"][0]["field"] == "code"
    assert town.verify(request_id, wrong(right)).json["tries_left"] == 4


def test_a_hundred_codes_an_hour_in_the_demo_and_no_more_under_any_number_at_once(town):
    phone = town.phone()
    with ThreadPoolExecutor(12) as many:
        answers = list(many.map(lambda _: town.ask(phone), range(110)))
    assert [answer.status_code for answer in answers].count(202) == 100
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json["code"] == "auth.too_many_codes"
    assert 3500 < int(refused.headers["Retry-After"]) <= 3601
    assert town.ask(town.phone()).status_code == 202  # another's number is not held up


def test_in_production_five_codes_an_hour_are_sent_to_a_number(town):
    settings = replace(town.ground.settings, environment="production")
    phone, region = town.phone(), town.house.directory.find("banda-aceh")
    for _ in range(5):
        with unit_of_work(replace(town.ground, settings=settings), region=region) as ctx:
            request_code(ctx, phone, purpose="login")
    with (
        pytest.raises(DomainError, match=r"auth\.too_many_codes"),
        unit_of_work(replace(town.ground, settings=settings), region=region) as ctx,
    ):
        request_code(ctx, phone, purpose="login")


def test_codes_are_counted_by_the_hour(town):
    phone = town.phone()
    for _ in range(99):
        town.ask(phone)
    age(town, town.ask(phone).json["request_id"], timedelta(minutes=61))
    assert town.ask(phone).status_code == 202
    assert town.ask(phone).status_code == 429


def test_two_first_sign_ins_at_once_make_one_account(town):
    phone = town.phone()
    asked = [town.code(phone) for _ in range(6)]
    with ThreadPoolExecutor(6) as many:
        answers = list(many.map(lambda pair: town.verify(*pair), asked))
    assert [answer.status_code for answer in answers] == [200] * 6
    ids = {town.call("GET", "/v1/me", token=answer.json["access_token"]).json["id"] for answer in answers}
    assert len(ids) == 1
    assert town.actions(ids.pop()) == ["accounts.signed_in"] * 6


def age(town, request_id, by):
    """Let a request be older than it is."""
    with town.unit(request_id.partition(".")[0]) as ctx:
        ctx.session.execute(
            text("UPDATE otp_requests SET created_at = created_at - :by, expires_at = expires_at - :by WHERE id = :id"),
            {"by": by, "id": UUID(request_id.partition(".")[2])},
        )


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06}"
