"""What is no JSON, or odd JSON, or too much of it: refused with the place of the fault, and never a broken answer."""

import http.client
import json
import socket
import tarfile
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.test_bad_places import at
from tests.people import Person

NASTY = Path(__file__).parents[1] / "fixtures" / "nasty"
STRINGS = json.loads((NASTY / "blns.json").read_text(encoding="utf-8"))


def suite():
    with tarfile.open(NASTY / "JSONTestSuite.tar.gz") as archive:
        return {Path(m.name).name: archive.extractfile(m).read() for m in archive if m.name.endswith(".json")}


def post_raw(person, body, path="complaints", content_type="application/json", **options):
    return person.post(path, data=body, content_type=content_type, **options)


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b"", 1, 1),
        (b"{", 1, 2),
        (b'{"category": "JLN-01",\n "description": }', 2, 17),
        (b"\xff\xfe{\x00}\x00", 1, 1),
        (b'{"description": "\xe4"}', 1, 1),
        (b"\xef\xbb\xbf{}", 1, 1),
        (b'{"description": "\\ud800"}', 1, 18),
        (b'{"description": "\\udc00\\ud800"}', 1, 18),
        (b'{"description": "a\nb"}', 1, 19),
        (b"{'category': 'JLN-01'}", 1, 2),
        (b'{"category": "JLN-01",}', 1, 22),
        (b'{"category": undefined}', 1, 14),
        (b"category=JLN-01&description=x", 1, 1),
        (b"<complaint/>", 1, 1),
        (b"[" * 100_000, 1, 1),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, 1, 1),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_json_is_refused_with_its_place(reporter, refused, body, line, column):
    problem = refused(
        reporter.post, "complaints", data=body, content_type="application/json", status=400, code="request.bad_json"
    )
    assert f"line {line}, " in problem["detail"]
    if column > 1:
        assert problem["detail"].endswith(f"column {column}).")


@pytest.mark.parametrize("body", [b"[]", b"null", b"true", b"17", b'"JLN-01"', b"[{}]", b"[" * 1000 + b"]" * 1000])
def test_what_is_no_object_is_refused_as_a_whole(reporter, refused, body):
    refused(reporter.post, "complaints", data=body, content_type="application/json", fields={"": "request.not_object"})


def test_nesting_as_deep_as_the_parser_goes_is_refused_by_its_field(reporter, refused, places):
    def with_member(name, value):
        return json.dumps(at(places.inside, **{name: 0})).replace(f'"{name}": 0', f'"{name}": {value}')

    for name, value, field, code in (
        ("description", "[" * 900 + "]" * 900, "description", "request.not_text"),
        ("extra", "[" * 900 + "]" * 900, "extra", "request.unknown_field"),
        ("extra", "[" * 900 + '"\\u0000"' + "]" * 900, "extra" + ".0" * 900, "request.nul"),
    ):
        body = with_member(name, value)
        refused(reporter.post, "complaints", data=body, content_type="application/json", fields={field: code})


def test_a_nul_is_named_wherever_it_is(reporter, refused, places):
    fine = at(places.inside)
    for body, field in (
        (fine | {"landmark": "\0"}, "landmark"),
        (fine | {"location": places.inside | {"l\0at": 1}}, "location"),
        (fine | {"file_ids": ["a", "\0"]}, "file_ids.1"),
        (fine | {"o\0dd": 1}, "odd"),
        (fine | {"extra": [{"deep": ["\0"]}]}, "extra.0.deep.0"),
    ):
        refused(reporter.post, "complaints", body, fields={field: "request.nul"})


def test_of_a_member_said_twice_the_last_counts(reporter, places):
    body = json.dumps(at(places.inside)).replace("{", '{"description": "pertama", "category": "XYZ", ', 1)
    got = post_raw(reporter, body)
    assert got.status_code == 201
    assert (got.get_json()["description"], got.get_json()["category"]) == ("Jalan berlubang.", "JLN-01")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "a/b", "x"])
def test_another_content_type_is_refused(reporter, refused, places, content_type):
    body = json.dumps(at(places.inside))
    refused(reporter.post, "complaints", data=body, content_type=content_type, status=400, code="request.not_json")


def test_json_under_its_other_names_is_taken(reporter, places):
    for content_type in ("application/json; charset=utf-8", "application/geo+json", "APPLICATION/JSON"):
        assert post_raw(reporter, json.dumps(at(places.inside)), content_type=content_type).status_code == 201


def test_every_file_of_the_test_suite_that_is_no_json_is_refused_and_none_breaks_anything(citizen, refused, region, places):
    whole, inside = citizen(region), citizen(region)
    with refused.nothing_stored():
        for name, content in suite().items():
            member = b'{"category": "JLN-01", "description": "x", "location": %s}' % content
            for person, body in ((whole, content), (inside, member)):
                got = post_raw(person, body)
                assert got.status_code in ({422} if name.startswith("y_") else {400, 422}), (name, got.status_code)
                assert got.mimetype == "application/problem+json", name
    assert whole.post("complaints", at(places.inside)).status_code == 201


NAUGHTY = [*STRINGS, "👩‍👩‍👧‍👦🏴󠁧󠁢󠁳󠁣󠁴󠁿", "e\u0301 é", "\u202egnabulreb", "\ufeffJalan", "baris\r\nbaris\tbaris\x7f\x01"]


def test_naughty_strings_and_emoji_come_back_exactly_as_they_were_sent(citizen, region, places):
    person, sent = citizen(region), {}
    for start in range(0, len(NAUGHTY), 15):
        some = NAUGHTY[start : start + 15]
        words, mark = "\n".join(some), max(some, key=len)[:200]
        got = person.post("complaints", at(places.inside, description=words, landmark=mark))
        assert got.status_code == 201, got.get_json()
        assert (got.get_json()["description"], got.get_json()["landmark"]) == (words, mark)
        sent[got.get_json()["id"]] = (words, mark)
    listed = person.get("complaints?mine=true&limit=200").get_json()["items"]
    assert {item["id"]: (item["description"], item["landmark"]) for item in listed} == sent


def test_naughty_strings_are_names_like_any_other(citizen, region):
    person = citizen(region)
    for name in [words[:120] for words in NAUGHTY[region == "sumedang" :: 4] if words.strip()]:
        assert person.patch("/v1/me", {"name": name}).get_json()["name"] == name
        assert person.get("/v1/me").get_json()["name"] == name


@pytest.fixture
def wire(server):
    with closing(http.client.HTTPConnection(*server, timeout=20)) as connection:
        yield connection


def send(wire, person, body, *, path="complaints", key="k", language="en", **headers):
    path = f"/v1/regions/{person.region}/{path}"
    given = {"Authorization": f"Bearer {person.token}", "Content-Type": "application/json", "Accept-Language": language}
    wire.request("POST", path, body, given | {"Idempotency-Key": key} | headers, encode_chunked="Transfer-Encoding" in headers)
    answer = wire.getresponse()
    return answer, json.loads(answer.read())


def chunks(body, size=65_536):
    return (body[start : start + size] for start in range(0, len(body), size))


@pytest.mark.parametrize("length", ["said", "chunked"])
def test_ten_megabytes_of_text_are_refused_and_the_client_reads_the_answer(wire, reporter, refused, places, length):
    body = json.dumps(at(places.inside, description="a" * 10_000_000)).encode()
    details = set()
    with refused.nothing_stored():
        for language in ("id", "en"):
            if length == "said":
                answer, problem = send(wire, reporter, body, language=language)
            else:
                answer, problem = send(wire, reporter, chunks(body), language=language, **{"Transfer-Encoding": "chunked"})
            assert (answer.status, problem["code"]) == (413, "request.too_large")
            assert answer.headers["Content-Type"] == "application/problem+json"
            details.add(problem["detail"])
    assert len(details) == 2
    if length == "said":  # the connection is as good as new
        wire.request("GET", "/health/live")
        assert wire.getresponse().status == 200


def test_a_large_body_is_taken_in_before_any_refusal_so_that_the_client_reads_it(wire, reporter, places):
    body = json.dumps(at(places.inside, description="a" * 9_000_000)).encode()
    for person, path, status in (
        (Person(None, token="x", region=reporter.region), "complaints", 401),
        (reporter, "complaints?warna=merah", 422),
        (reporter, f"complaints/{uuid.uuid4()}/support", 404),
        (reporter, "tidak-ada", 404),
        (Person(None, token=reporter.token, region="atlantis"), "complaints", 413),
    ):
        answer, _ = send(wire, person, body, path=path)
        assert answer.status == status
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_chunked_body_is_read_as_any_other(wire, reporter, places):
    body = json.dumps(at(places.inside)).encode()
    answer, made = send(wire, reporter, chunks(body, 7), key="chunked", **{"Transfer-Encoding": "chunked"})
    assert answer.status == 201, made
    assert made["description"] == "Jalan berlubang."


def test_a_mebibyte_may_be_sent_and_a_byte_more_may_not(wire, reporter, places):
    fine = json.dumps(at(places.inside)).encode()
    answer, problem = send(wire, reporter, fine + b" " * ((1 << 20) - len(fine)), key="mebibyte")
    assert answer.status == 201, problem
    answer, problem = send(wire, reporter, fine + b" " * ((1 << 20) + 1 - len(fine)), key="more")
    assert answer.status == 413


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Length: 500", b'{"category": "JLN-01", '),
        (b"Transfer-Encoding: chunked", b'10\r\n{"category": "JL'),
        (b"Transfer-Encoding: chunked", b"zz\r\n{}\r\n0\r\n\r\n"),
        (b"Content-Length: -1", b"{}"),
        (b"Content-Length: banyak", b"{}"),
        (b"Content-Length: 2\r\nTransfer-Encoding: chunked", b"2\r\n{}\r\n0\r\n\r\n"),
    ],
    ids=["cut", "cut in a chunk", "a chunk of no length", "less than nothing", "no number", "both"],
)
def test_a_request_cut_or_broken_on_the_wire_stores_nothing_and_the_next_is_served(
    *, server, wire, reporter, refused, places, head, body
):
    path = f"/v1/regions/{reporter.region}/complaints".encode()
    with refused.nothing_stored():
        with socket.create_connection(server, timeout=5) as raw:
            lines = [b"POST %s HTTP/1.1" % path, b"Host: x", b"Authorization: Bearer " + reporter.token.encode(), head]
            raw.sendall(b"\r\n".join([*lines, b"Idempotency-Key: k", b"Content-Type: application/json", b"", body]))
            raw.shutdown(socket.SHUT_WR)
            said = b"".join(iter(lambda: raw.recv(65_536), b""))
        assert not said or 400 <= int(said.split(b" ", 2)[1]) < 500, said[:200]
    wire.request("GET", "/health/live")
    assert wire.getresponse().status == 200
