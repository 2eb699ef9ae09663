"""The same key again: the same answer and one report, however often, however many at once, and for nobody else."""

import http.client
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text

from backend.data.unit_of_work import unit_of_work
from backend.http.idempotency import KEPT, forget_old_keys
from tests.journeys.test_bad_files import GOOD, form, photo
from tests.journeys.test_bad_json import send
from tests.journeys.test_bad_places import at


def keyed(key):
    return {"headers": {"Idempotency-Key": key}}


@pytest.fixture
def new_key():
    return lambda: f"kunci-{uuid.uuid4()}"


@pytest.fixture
def mine(reporter):
    """Return a function that counts the reporter's own reports of one description."""
    return lambda words: len(reporter.get("complaints", query_string={"mine": "true", "q": words}).get_json()["items"])


def test_a_report_without_a_key_is_refused(reporter, client, refused, places):
    def ask(path, **options):
        return reporter.send("POST", path, **options)

    refused(ask, "complaints", at(places.inside), status=400, code="idempotency.key_missing")
    refused(ask, "complaints/guest", at(places.inside, category="LIN-03"), status=400, code="idempotency.key_missing")


@pytest.mark.parametrize("key", ["", "a" * 201, "kunci\t1", "\x7f", "\xad", "clé"], ids=repr)
def test_a_key_that_is_none_is_refused(reporter, refused, places, key):
    refused(
        reporter.post,
        "complaints",
        at(places.inside),
        status=400,
        code="idempotency.key_malformed",
        headers={"Idempotency-Key": key},
    )


def test_the_same_key_and_body_give_the_first_answer_again(reporter, refused, mine, places, new_key):
    key, words = new_key(), f"Lubang {uuid.uuid4()}"
    body = at(places.inside, description=words)
    first = reporter.post("complaints", body, **keyed(key))
    with refused.nothing_stored():
        for _ in range(3):
            again = reporter.post("complaints", body, **keyed(key))
            assert (again.status_code, again.data) == (201, first.data)
            for header in ("Location", "ETag", "Content-Type"):
                assert again.headers[header] == first.headers[header]
    assert mine(words) == 1


def test_the_same_key_with_another_body_is_refused(reporter, refused, places, new_key):
    key = new_key()
    body = at(places.inside)
    assert reporter.post("complaints", body, **keyed(key)).status_code == 201
    headers = {"Idempotency-Key": key}
    for other in (body | {"description": "Jalan berlubang!"}, body | {"landmark": "pasar"}, {}):
        refused(reporter.post, "complaints", other, code="idempotency.key_reused", headers=headers)


def test_a_key_of_one_route_is_not_good_for_another(reporter, refused, places, new_key):
    key = new_key()
    made = reporter.post("complaints", at(places.inside), **keyed(key)).get_json()
    headers = {"Idempotency-Key": key}
    refused(reporter.post, f"complaints/{made['id']}/moves", {"move": "withdraw"}, code="idempotency.key_reused", headers=headers)
    refused(reporter.post, "files", data=form(GOOD), code="idempotency.key_reused", headers=headers)


def test_the_key_of_another_person_or_region_is_another_key(
    *, reporter, citizen, places, places_elsewhere, region, elsewhere, new_key
):
    key = new_key()
    answers = [
        reporter.post("complaints", at(places.inside), **keyed(key)),
        citizen(region).post("complaints", at(places.inside), **keyed(key)),
        citizen(elsewhere).post("complaints", at(places_elsewhere.inside), **keyed(key)),
    ]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.get_json()["id"] for answer in answers}) == 3


def test_a_first_attempt_that_was_refused_leaves_the_key_free(reporter, refused, mine, places, new_key):
    key, words = new_key(), f"Lubang {uuid.uuid4()}"
    headers = {"Idempotency-Key": key}
    wrong = at({"lat": 0, "lng": 0}, description=words)
    refused(reporter.post, "complaints", wrong, headers=headers, fields={"location": "location.no_fix"})
    refused(
        reporter.post,
        "complaints",
        data=b"{",
        content_type="application/json",
        headers=headers,
        status=400,
        code="request.bad_json",
    )
    assert reporter.post("complaints", at(places.inside, description=words), **keyed(key)).status_code == 201
    assert mine(words) == 1


@pytest.fixture
def hundred_at_once(server, reporter):
    """Return a function that sends a body a hundred times at once to the real server: (status, Retry-After, body) of each."""

    def once(body, key):
        with closing(http.client.HTTPConnection(*server, timeout=30)) as wire:
            answer, made = send(wire, reporter, json.dumps(body), key=key)
            return answer.status, answer.headers["Retry-After"], json.dumps(made)

    def hundred_at_once(body, keys):
        with ThreadPoolExecutor(100) as pool:
            return list(pool.map(once, [body] * 100, keys))

    return hundred_at_once


def test_a_hundred_at_once_with_one_key_make_one_report(hundred_at_once, mine, places, new_key):
    words = f"Lubang {uuid.uuid4()}"
    answers = hundred_at_once(at(places.inside, description=words), [new_key()] * 100)
    assert {status for status, _, _ in answers} <= {201, 409}
    assert len({made for status, _, made in answers if status == 201}) == 1
    assert all(int(wait) >= 1 for status, wait, _ in answers if status == 409)
    assert mine(words) == 1


def test_a_hundred_at_once_with_one_id_and_keys_of_their_own_make_one_report(hundred_at_once, mine, places, new_key):
    words = f"Lubang {uuid.uuid4()}"
    body = at(places.inside, description=words, id=str(uuid.uuid4()))
    answers = hundred_at_once(body, [new_key() for _ in range(100)])
    assert sorted(status for status, _, _ in answers) == [201] + [409] * 99
    assert mine(words) == 1


def test_an_upload_that_is_repeated_is_one_file(reporter, refused, new_key):
    key = new_key()
    first = reporter.post("files", data=form(GOOD)(), **keyed(key))
    with refused.nothing_stored():
        again = reporter.post("files", data=form(GOOD, name="lain.jpg")(), **keyed(key))
    assert (again.status_code, again.get_json()["id"]) == (201, first.get_json()["id"])
    refused(reporter.post, "files", data=form(photo()), code="idempotency.key_reused", headers={"Idempotency-Key": key})


def test_a_move_that_is_repeated_is_made_once(reporter, refused, places, new_key):
    key = new_key()
    made = reporter.post("complaints", at(places.inside)).get_json()
    path = f"complaints/{made['id']}/moves"
    first = reporter.post(path, {"move": "withdraw"}, **keyed(key))
    assert first.get_json()["status"] == "withdrawn"
    with refused.nothing_stored():
        again = reporter.post(path, {"move": "withdraw"}, **keyed(key))
    assert (again.status_code, again.data) == (200, first.data)
    refused(reporter.post, path, {"move": "withdraw"}, status=409, code="complaints.illegal_move")


def test_a_key_is_forgotten_after_72_hours_and_not_before(*, reporter, refused, house, region, places, new_key):
    key = new_key()
    body = at(places.inside)
    first = reporter.post("complaints", body, **keyed(key)).get_json()["id"]

    def age(by):
        with refused.owner.begin() as connection:
            connection.execute(
                text("UPDATE idempotency_keys SET created_at = created_at - :by WHERE key = :key"), {"by": by, "key": key}
            )
        with unit_of_work(house.ground, region=house.directory.find(region)) as ctx:
            forget_old_keys(ctx)

    age(KEPT - timedelta(minutes=5))
    assert reporter.post("complaints", body, **keyed(key)).get_json()["id"] == first
    age(timedelta(minutes=10))
    assert reporter.post("complaints", body, **keyed(key)).get_json()["id"] != first


def test_what_is_kept_for_a_key_is_not_to_be_read_in_the_database(reporter, refused, places, new_key):
    key, words = new_key(), f"rahasia {uuid.uuid4()}"
    reporter.post("complaints", at(places.inside, description=words), **keyed(key))
    with refused.owner.connect() as connection:
        kept = connection.scalar(text("SELECT answer FROM idempotency_keys WHERE key = :key"), {"key": key})
    assert words.encode() not in bytes(kept)
    assert len(kept) > 500
