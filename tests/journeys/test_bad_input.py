"""A report that cannot be accepted names its field and the reason, in the reader's language, and leaves nothing behind."""

import uuid

import pytest

from tests.journeys.test_bad_places import at


@pytest.fixture
def fine(places):
    """A body that would be accepted."""
    return at(places.inside)


def test_what_is_refused_below_is_fine_otherwise(reporter, fine):
    got = reporter.post("complaints", fine)
    assert got.status_code == 201
    assert got.headers["Location"].endswith(got.get_json()["id"])


@pytest.mark.parametrize("category", ["XYZ-99", "jln-01", "JLN-01 ", "JLN-01'; DROP TABLE complaints; --", "🕳️"])
def test_an_unknown_category_is_refused(reporter, refused, fine, category):
    refused(reporter.post, "complaints", fine | {"category": category}, fields={"category": "complaints.unknown_category"})


def test_a_category_switched_off_is_refused_from_then_on_and_listed_no_more(reporter, refused, staff, work, fine):
    admin = staff("regional_admin", region=reporter.region)
    shown = admin.get("modules/complaints/settings")
    values, tag = shown.get_json()["values"], shown.headers["ETag"]
    categories = [category | {"active": category["code"] != "JLN-01"} for category in values["categories"]]
    switched = admin.put(
        "modules/complaints/settings", {"values": values | {"categories": categories}}, headers={"If-Match": tag}
    )
    assert switched.status_code == 200, switched.get_json()
    work()
    try:
        refused(reporter.post, "complaints", fine, fields={"category": "complaints.unknown_category"})
        listed = [category["code"] for category in reporter.get("complaints/categories").get_json()["items"]]
        assert "JLN-01" not in listed
        assert "JLN-02" in listed
    finally:
        admin.put("modules/complaints/settings", {"values": values}, headers={"If-Match": switched.headers["ETag"]})
        work()


def test_a_category_that_needs_a_place_says_so(reporter, refused, fine):
    del fine["location"]
    refused(reporter.post, "complaints", fine, fields={"location": "complaints.location_required"})


def test_a_visibility_that_the_category_does_not_leave_open_is_refused_in_each(reporter, refused, fine):
    kinds = set()
    for category in reporter.get("complaints/categories").get_json()["items"]:
        wishes = {
            "public": category["confidentiality"] != "open" and "confidential",
            "private": category["visibility"] == "always_public" and "always_public",
        }
        for wish, why in wishes.items():
            if why:
                kinds.add(why)
                body = fine | {"category": category["code"], "visibility": wish}
                refused(reporter.post, "complaints", body, fields={"visibility": f"complaints.visibility_{why}"})
    assert kinds == {"confidential", "always_public"}


def test_a_guest_is_told_where_an_account_is_needed(anybody, refused, region, fine):
    path = f"/v1/regions/{region}/complaints"
    refused(anybody.post, f"{path}/guest", fine, fields={"category": "complaints.account_needed"})
    refused(anybody.post, path, fine, status=401, code="auth.needed")
    with_file = fine | {"category": "LIN-03", "file_ids": [str(uuid.uuid4())]}
    refused(anybody.post, f"{path}/guest", with_file, fields={"file_ids.0": "files.unknown"})
    accepted = anybody.post(f"{path}/guest", fine | {"category": "LIN-03"})
    assert len(accepted.get_json()["receipt_code"]) >= 12


@pytest.mark.parametrize(
    ("description", "code"),
    [
        ("", "request.blank"),
        ("a" * 5001, "request.too_long"),
        (" \t\r\n\u00a0\u2003\u3000", "request.blank"),
        ("Jalan\0berlubang", "request.nul"),
        (None, "request.null"),
        (17, "request.not_text"),
        (["Jalan berlubang"], "request.not_text"),
        ({"id": "Jalan berlubang"}, "request.not_text"),
    ],
    ids=["empty", "too long", "blank", "NUL", "null", "number", "list", "object"],
)
def test_a_description_that_is_none_is_refused(reporter, refused, fine, description, code):
    refused(reporter.post, "complaints", fine | {"description": description}, fields={"description": code})


def test_a_description_as_long_as_may_be_comes_back_whole(reporter, fine):
    for letter in ("a", "é", "🕳", "ꦗ"):
        got = reporter.post("complaints", fine | {"description": letter * 5000})
        assert got.get_json()["description"] == letter * 5000


def test_every_fault_of_a_body_is_named_at_once(reporter, refused, region):
    body = {
        "id": "1234",
        "category": "A" * 41,
        "descripton": "salah ketik",
        "landmark": " ",
        "visibility": "secret",
        "file_ids": ["x", str(uuid.uuid4())],
        "reporter_id": str(uuid.uuid4()),
        "location": {"lat": "utara", "lon": 95},
    }
    fields = {
        "id": "request.not_uuid",
        "category": "request.wrong_length",
        "description": "request.required",
        "descripton": "request.unknown_field",
        "landmark": "request.blank",
        "visibility": "request.not_one_of",
        "file_ids.0": "request.not_uuid",
        "reporter_id": "request.unknown_field",
        "location.lat": "request.not_number",
        "location.lng": "request.required",
        "location.lon": "request.unknown_field",
    }
    refused(reporter.post, "complaints", body, fields=fields)


def test_unknown_query_parameters_are_named_on_every_kind_of_route(reporter, anybody, refused, region, fine):
    for ask, path, json in (
        (anybody.get, f"/v1/regions/{region}", None),
        (anybody.get, "/v1/regions", None),
        (anybody.get, f"/v1/regions/{region}/complaints?limit=5", None),
        (anybody.get, f"/v1/regions/{region}/service-info/services", None),
        (reporter.get, "notifications", None),
        (reporter.post, "complaints", fine),
    ):
        query = "&" if "?" in path else "?"
        refused(ask, f"{path}{query}warna=merah&dbg=1", json, fields=dict.fromkeys(("warna", "dbg"), "request.unknown_field"))


@pytest.mark.parametrize("path", ["complaints/%00", "areas/11%00", "complaints/by-number/BNA%00", "service-info/services/a%00b"])
def test_a_nul_in_a_path_finds_nothing_and_breaks_nothing(anybody, refused, region, path):
    name = {"areas": "code", "service-info": "key"}.get(path.partition("/")[0], "number")
    if path == "complaints/%00":
        refused(anybody.get, f"/v1/regions/{region}/{path}", status=404, code="status.404")
    else:
        refused(anybody.get, f"/v1/regions/{region}/{path}", fields={name: "request.nul"})


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limit=0", "limit", "request.out_of_range"),
        ("limit=201", "limit", "request.out_of_range"),
        ("limit=-1", "limit", "request.out_of_range"),
        ("limit=" + "9" * 5000, "limit", "request.not_whole_number"),
        ("limit=" + "9" * 300, "limit", "request.out_of_range"),
        ("limit=1e3", "limit", "request.not_whole_number"),
        ("limit=5.5", "limit", "request.not_whole_number"),
        ("limit=", "limit", "request.not_whole_number"),
        ("limit=5&limit=6", "limit", "request.repeated"),
        ("cursor=x", "cursor", "request.bad_cursor"),
        ("cursor=" + "A" * 400, "cursor", "request.bad_cursor"),
        ("cursor=" + "A" * 401, "cursor", "request.too_long"),
        ("cursor=WzFd", "cursor", "request.bad_cursor"),  # [1]
        ("cursor=W1tbW1tb", "cursor", "request.bad_cursor"),  # [[[[[[
        ("cursor=WyIxIDsgRFJPUCBUQUJMRSIsbnVsbF0", "cursor", "request.bad_cursor"),
        ("cursor=%F0%9F%92%A9", "cursor", "request.bad_cursor"),
        ("bbox=1,2,3", "bbox", "complaints.bad_box"),
        ("bbox=a,b,c,d", "bbox", "complaints.bad_box"),
        ("bbox=nan,nan,nan,nan", "bbox", "complaints.bad_box"),
        ("bbox=-inf,-inf,inf,inf", "bbox", "complaints.bad_box"),
        ("bbox=96,5,95,6", "bbox", "complaints.bad_box"),
        ("bbox=5,95,6,96", "bbox", "complaints.bad_box"),  # latitude first
        ("bbox=", "bbox", "request.wrong_length"),
        ("since=kemarin", "since", "request.not_instant"),
        ("since=2026-11-01T00:00:00", "since", "request.not_instant"),
        ("since=2026-02-30T00:00:00Z", "since", "request.not_instant"),
        ("mine=mungkin", "mine", "request.not_boolean"),
        ("q=", "q", "request.wrong_length"),
        ("q=" + "a" * 101, "q", "request.wrong_length"),
        ("q=a%00b", "q", "request.nul"),
        ("status=" + "a" * 41, "status", "request.wrong_length"),
        ("status=", "status", "request.wrong_length"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_query_that_makes_no_sense_is_refused_by_its_parameter(reporter, refused, query, field, code):
    refused(reporter.get, f"complaints?{query}", fields={field: code})


def test_odd_but_possible_queries_answer_a_list(reporter):
    for query in (
        "since=0001-01-01T00:00:00%2B23:59",
        "since=9999-12-31T23:59:59-23:59",
        "bbox=-180,-90,180,90",
        "q=%25",
        "q=%27%3B--",
        "q=%5C",
        "q=%FF%FE",
        "q=%F0%9F%95%B3",
        "area=tidak-ada",
        "status=melayang&category=%25&department=_",
        "limit=%D9%A3",  # an Arabic-Indic three
        "mine=true&cursor=",
    ):
        got = reporter.get(f"complaints?{query}")
        assert got.status_code == 200, query
        assert isinstance(got.get_json()["items"], list)


def test_signs_in_a_search_mean_nothing_and_part_words(reporter, fine):
    mark = f"tanda{uuid.uuid4().hex}"
    for description in (f"{mark} diskon 50% besar", f"{mark} diskon 500 besar", f"{mark} a_b", f"{mark} axb", f"{mark} a\\b"):
        assert reporter.post("complaints", fine | {"description": description}).status_code == 201

    def found(words):
        got = reporter.get("complaints", query_string={"mine": "true", "q": words}).get_json()["items"]
        return [item["description"].removeprefix(f"{mark} ") for item in got]

    assert found(f"{mark} diskon 50%") == ["diskon 50% besar"]
    assert found(f"{mark} diskon 50% b") == []
    assert found(f"{mark} a_b") == found(f"{mark} b a") == ["a\\b", "a_b"]
    assert len(found(f"{mark}%")) == 5


def test_an_id_that_somebody_else_has_is_refused_and_means_nothing_in_the_other_region(
    *, reporter, citizen, refused, fine, elsewhere, places_elsewhere
):
    taken = reporter.post("complaints", fine).get_json()["id"]
    for person in (citizen(reporter.region), reporter):
        refused(person.post, "complaints", fine | {"id": taken}, status=409, code="complaints.id_taken")
    foreigner = citizen(elsewhere)
    assert foreigner.get(f"complaints/{taken}").status_code == 404
    assert foreigner.post("complaints", at(places_elsewhere.inside, id=taken)).status_code == 201
    assert foreigner.get(f"complaints/{taken}").get_json()["number"] != reporter.get(f"complaints/{taken}").get_json()["number"]


@pytest.mark.parametrize("name", ["1", "null", "..%2F..", "0195f3a2-6c1e-7000-8000", "0195f3a2-6c1e-7000-8000-00000000000g"])
def test_an_id_in_a_path_that_is_none_finds_nothing(reporter, refused, name):
    for path in ("complaints/{}", "complaints/{}/timeline"):
        refused(reporter.get, path.format(name), status=404, code="status.404")
    refused(reporter.post, f"complaints/{name}/moves", {"move": "withdraw"}, status=404, code="status.404")


def test_any_uuid_will_do_as_an_id_in_any_spelling(reporter, fine):
    for given in (str(uuid.uuid4()).upper(), uuid.uuid4().hex, str(uuid.uuid1()), str(uuid.UUID(int=uuid.uuid4().int & 0xFFFF))):
        got = reporter.post("complaints", fine | {"id": given})
        assert got.get_json()["id"] == str(uuid.UUID(given))
        assert reporter.get(f"complaints/{uuid.UUID(given)}").status_code == 200


@pytest.mark.parametrize("language", ["xx", "*", "en;q=banana", "id;q=-1", ",,;;==", "a" * 5000, "en-GB,en;q=0.9", "\xff\xfe"])
def test_nonsense_in_accept_language_is_answered_in_one_of_ours(reporter, language):
    got = reporter.get("complaints?limit=0", headers={"Accept-Language": language})
    assert got.status_code == 422
    assert got.headers["Content-Language"] == ("en" if language.startswith("en-GB") else "id")


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "TRACE", "PROPFIND"])
def test_a_method_that_is_not_served_names_those_that_are(reporter, refused, method):
    def ask(path, **options):
        return reporter.send(method, path, **options)

    refused(ask, "complaints", status=405, code="status.405")
    assert {"GET", "POST"} <= set(reporter.send(method, "complaints").headers["Allow"].split(", "))
