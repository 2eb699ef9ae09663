"""What everybody may read in this room, over HTTP."""

from datetime import timedelta

import pytest

from backend.core.clock import utc_now
from backend.core.geo import distance_m


def keys(answered) -> list[str]:
    assert answered.status_code == 200, answered.json
    return [item["key"] for item in answered.json["items"]]


def pages(town, path: str) -> list[str]:
    found, cursor = [], ""
    while cursor is not None:
        answered = town.call("GET", f"{path}{'&' if '?' in path else '?'}limit=2{cursor and f'&cursor={cursor}'}")
        found += keys(answered)
        cursor = answered.json["next_cursor"]
    return found


def test_a_service_is_told_in_the_reader_s_language_with_its_source_and_date(town, service):
    town.apply(services=[service])
    english = town.call("GET", "/services").json["items"][0]
    assert english["name"] == "Birth certificate"
    assert english["requirements"] == ["Hospital's notice of birth"]
    assert english["cost"] == {"amount": 0, "currency": "IDR", "note": "Free of charge"}
    assert english["time"] == {"working_days": 3}
    assert (english["source"], english["checked_on"]) == ("https://example.org/standar-pelayanan", "2026-11-02")
    indonesian = town.call("GET", "/services/akta-lahir", headers={"Accept-Language": "id"}).json
    assert indonesian["name"] == "Akta kelahiran"
    assert set(indonesian) == set(english)


def test_a_text_without_the_reader_s_language_is_told_in_the_region_s(town, contact):
    town.apply(contacts=[contact | {"name": {"ace": "Ambulan", "id": "Ambulans"}}])
    assert town.call("GET", "/contacts").json["items"][0]["name"] == "Ambulans"


def test_a_service_that_nobody_verified_says_so(town, service):
    town.apply(services=[service, service | {"key": "kk", "verified": True}])
    unverified, verified = town.call("GET", "/services").json["items"]
    assert (unverified["verified"], verified["verified"]) == (False, True)
    assert "not been verified" in unverified["notice"]
    assert verified["notice"] is None


def test_a_service_names_its_department_where_the_region_has_one(town, service):
    town.apply(services=[service, service | {"key": "imb", "department_type": "DPMPTSP"}])
    known, unknown = town.call("GET", "/services").json["items"]
    assert known["department"] == {"key": "disdukcapil", "name": "Dinas Kependudukan dan Pencatatan Sipil"}
    assert unknown["department"] is None


def test_the_languages_have_etags_of_their_own(town, service):
    town.apply(services=[service])
    english = town.call("GET", "/services/akta-lahir").headers["ETag"]
    again = {"If-None-Match": english}
    assert town.call("GET", "/services/akta-lahir", headers=again).status_code == 304
    assert town.call("GET", "/services/akta-lahir", headers={**again, "Accept-Language": "id"}).status_code == 200
    assert town.call("GET", "/services/akta-lahir?all_languages=true", headers=again).status_code == 200


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("akta", ["akta-lahir"]),
        ("BIRTH", ["akta-lahir"]),
        ("newborn", ["akta-lahir"]),
        ("0%", ["akta-lahir"]),
        ("100", ["akta-lahir"]),
        ("1%0", []),
        ("a_ta", []),
        ("\\", []),
        ("'", []),
        ("passport", []),
    ],
)
def test_search_looks_for_the_words_themselves_in_names_and_summaries(town, service, q, found):
    other = {"key": "kk", "name": {"id": "Kartu keluarga"}, "summary": {"id": "Bagi tiap keluarga."}}
    town.apply(services=[service, service | other])
    assert keys(town.call("GET", "/services", query_string={"q": q})) == found


def test_every_list_is_paged_without_loss_or_repetition(town, service, contact, place, article):
    names = ["e", "c", "a", "d", "b"]
    town.apply(
        services=[service | {"key": name} for name in names],
        contacts=[
            contact | {"key": name, "kind": kind} for name, kind in zip(names, ["information", "emergency"] * 3, strict=False)
        ],
        places=[place | {"key": name, "lat": 5.55 + 0.001 * step} for step, name in enumerate(names)],
        articles=[article | {"key": name, "published_on": f"2024-10-0{1 + step // 2}"} for step, name in enumerate(names)],
    )
    assert pages(town, "/services") == names
    assert pages(town, "/contacts") == ["c", "d", "e", "a", "b"]
    assert pages(town, "/places") == names
    assert pages(town, "/places?near=5.5545,95.3") == ["b", "d", "a", "c", "e"]
    assert pages(town, "/articles") == ["b", "d", "a", "e", "c"]


def test_places_near_a_point_are_those_within_the_radius_nearest_first(town, place):
    here, points = (5.55, 95.30), {"b": (5.551, 95.30), "a": (5.55, 95.309), "far": (5.569, 95.30), "c": (5.5679, 95.30)}
    town.apply(places=[place | {"key": key, "lat": lat, "lng": lng} for key, (lat, lng) in points.items()])
    answered = town.call("GET", "/places?near=5.55,95.30")
    assert keys(answered) == ["b", "a", "c"]
    for item in answered.json["items"]:
        assert item["distance_m"] == round(distance_m(here, points[item["key"]]))
        assert item["location"] == dict(zip(("lat", "lng"), points[item["key"]], strict=True))
    assert keys(town.call("GET", "/places?near=5.55,95.30&radius=200")) == ["b"]
    assert keys(town.call("GET", "/places?near=5.55,95.30&radius=50000")) == ["b", "a", "c", "far"]


def test_places_may_be_asked_for_by_kind(town, place):
    town.apply(places=[place, place | {"key": "damkar", "kind": "fire_station"}])
    assert keys(town.call("GET", "/places?kind=fire_station")) == ["damkar"]


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("near=5.55", "near", "service_info.no_point"),
        ("near=95.3,5.55", "near", "service_info.no_point"),
        ("near=nan,95", "near", "service_info.no_point"),
        ("near=5.55,95.3,1", "near", "service_info.no_point"),
        ("near=5.55,95.3&radius=0", "radius", "request.out_of_range"),
        ("near=5.55,95.3&radius=50001", "radius", "request.out_of_range"),
        ("radius=10", "near", "request.required"),
        ("limit=201", "limit", "request.out_of_range"),
        ("cursor=W10", "cursor", "request.bad_cursor"),
        ("where=here", "where", "request.unknown_field"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_name(town, query, field, code):
    answered = town.call("GET", f"/places?{query}")
    assert answered.status_code == 422
    assert [(fault["field"], fault["code"]) for fault in answered.json["errors"]] == [(field, code)]
    assert answered.json["errors"][0]["detail"] != code


def test_an_article_is_seen_from_its_day_on_and_by_those_who_edit_before(town, article):
    today = utc_now().astimezone(town.directory.find("banda-aceh").zone).date()
    town.apply(
        articles=[
            article | {"key": "today", "published_on": today.isoformat()},
            article | {"key": "tomorrow", "published_on": (today + timedelta(days=1)).isoformat()},
        ]
    )
    assert keys(town.call("GET", "/articles")) == ["today"]
    assert keys(town.call("GET", "/articles", role="triage")) == ["today"]
    assert town.call("GET", "/articles/tomorrow").status_code == 404
    assert keys(town.call("GET", "/articles", role="regional_admin")) == ["tomorrow", "today"]
    assert keys(town.call("GET", "/articles", role="regional_admin", home="sumedang")) == ["today"]
    assert town.call("GET", "/articles/tomorrow", role="regional_admin").status_code == 200


def test_a_list_of_articles_leaves_their_bodies_out(town, article):
    town.apply(articles=[article])
    assert "body" not in town.call("GET", "/articles").json["items"][0]
    assert town.call("GET", "/articles/rekam-ktp").json["body"] == "The counter is open on Saturdays."


@pytest.mark.parametrize("kind", ["services", "contacts", "places", "articles"])
def test_what_is_not_there_is_not_found(town, kind):
    assert town.call("GET", f"/{kind}/nothing").status_code == 404


def test_a_region_reads_its_own(town, contact):
    town.apply(contacts=[contact])
    town.apply("sumedang", contacts=[contact | {"key": "psc"}])
    assert keys(town.call("GET", "/contacts")) == ["ambulans"]
    assert keys(town.call("GET", "/contacts", region="sumedang")) == ["psc"]
    assert town.call("GET", "/contacts/psc").status_code == 404


@pytest.mark.parametrize("path", ["/services", "/services?q=a", "/contacts", "/places", "/places?near=5.55,95.3", "/articles"])
def test_a_list_is_one_statement_however_long_it_is(town, pack, path):
    counts = []
    for length in (1, 20):
        town.apply(**{kind: [item | {"key": f"k{n}"} for n in range(length)] for kind, [item] in pack.items()})
        town.call("GET", path)  # departments are read once a revision
        town.statements.clear()
        assert len(keys(town.call("GET", path))) == length
        counts.append(len(town.statements))
    assert counts == [2, 2]  # the context's own, and the list's


def test_the_published_contract_knows_the_room(town):
    document = town.app.test_client().get("/openapi.json").json
    room = {path for path in document["paths"] if "/service-info/" in path}
    assert len(room) == 8
    operation = document["paths"]["/v1/regions/{region}/service-info/services/{key}"]["put"]
    assert operation["security"] == [{"bearer": []}]
    assert operation["summary"] == "Replace what one service says; needs If-Match with the ETag that was read."
