"""Where a report says it is: a place that cannot be is refused by its field, and one a little off goes to the nearest area."""

import json

import pytest

SEAS = {"banda-aceh": {"lat": 5.75, "lng": 95.1}, "sumedang": {"lat": -5.9, "lng": 108.1}}
NAMES = {"banda-aceh": "Kota Banda Aceh", "sumedang": "Kabupaten Sumedang"}


def at(place, **more):
    return {"category": "JLN-01", "description": "Jalan berlubang.", "location": place, **more}


def routed(reporter, staff, work, region, place):
    """Report at a place; return the area it was given to, and the steps of its routing that tell of the place."""
    got = reporter.post("complaints", at(place))
    assert got.status_code == 201, got.get_json()
    work()
    triage = staff("triage", region=region)
    traces = [
        triage.get(f"complaints/{got.get_json()['id']}/routing", headers={"Accept-Language": language}).get_json()
        for language in ("id", "en")
    ]
    steps = [[step for step in trace["items"][0]["trace"] if "area" in step["code"]] for trace in traces]
    return got.get_json()["area"]["code"], steps[0], steps[1]


def test_a_point_in_the_sea_is_refused(reporter, refused, region):
    problem = refused(reporter.post, "complaints", at(SEAS[region]), fields={"location": "complaints.outside_region"})
    assert problem["errors"][0]["detail"] == f"This point is outside {NAMES[region]}."
    assert "region" not in problem


def test_the_point_that_a_device_without_a_fix_sends_is_refused_as_such(reporter, refused, region):
    refused(reporter.post, "complaints", at({"lat": 0, "lng": 0}), fields={"location": "location.no_fix"})
    refused(reporter.post, "complaints", at({"lat": -0.0, "lng": 0.0}), fields={"location": "location.no_fix"})


def test_a_point_in_the_other_region_is_refused_and_the_region_that_has_it_named(reporter, refused, elsewhere, places_elsewhere):
    for place in (places_elsewhere.inside, places_elsewhere.overlap):
        problem = refused(reporter.post, "complaints", at(place), fields={"location": "complaints.in_other_region"})
        assert problem["region"] == elsewhere
        assert NAMES[elsewhere] in problem["errors"][0]["detail"]


def test_a_point_up_to_250_metres_outside_goes_to_the_nearest_area_and_the_trace_says_so(reporter, staff, work, region, places):
    area, indonesian, english = routed(reporter, staff, work, region, places.west_of_all(245))
    assert area in places.holding(places.west_of_all(0))
    assert indonesian[0]["code"] == "nearest_area"
    assert indonesian[0]["params"] == {"area": area, "metres": 245}
    assert english[0]["text"] == f"The point is in no boundary; given to {area}, 245 m away."
    assert indonesian[0]["text"] != english[0]["text"]


def test_a_point_more_than_250_metres_outside_is_refused(reporter, refused, region, places):
    refused(reporter.post, "complaints", at(places.west_of_all(255)), fields={"location": "complaints.outside_region"})


def test_a_point_in_a_gap_between_areas_goes_to_the_nearest_and_the_trace_says_so(reporter, staff, work, region, places):
    assert not places.holding(places.gap)
    area, steps, _ = routed(reporter, staff, work, region, places.gap)
    assert area in places.codes
    assert (steps[0]["code"], steps[0]["params"]["area"]) == ("nearest_area", area)
    assert steps[0]["params"]["metres"] <= 250


def test_a_point_in_two_areas_goes_to_the_lower_code_and_the_trace_names_the_other(reporter, staff, work, region, places):
    first, second = places.holding(places.overlap)[:2]
    area, steps, _ = routed(reporter, staff, work, region, places.overlap)
    assert area == first
    assert (steps[0]["code"], steps[0]["params"]["area"]) == ("area_overlap", first)
    assert second in steps[0]["params"]["others"]


def test_latitude_and_longitude_swapped_are_refused(reporter, refused, region, places):
    swapped = {"lat": places.inside["lng"], "lng": places.inside["lat"]}
    fault = refused(reporter.post, "complaints", at(swapped), fields={"location.lat": "request.out_of_range"})["errors"][0]
    assert "-90" in fault["detail"]
    assert "90" in fault["detail"]


@pytest.mark.parametrize(
    ("place", "fields"),
    [
        ({"lat": 5.5}, {"location.lng": "request.required"}),
        ({}, {"location.lat": "request.required", "location.lng": "request.required"}),
        ({"lat": "5.55", "lng": 95.3}, {"location.lat": "request.not_number"}),
        ({"lat": "di pasar", "lng": []}, {"location.lat": "request.not_number", "location.lng": "request.not_number"}),
        ({"lat": True, "lng": 95.3}, {"location.lat": "request.not_number"}),
        ({"lat": None, "lng": 95.3}, {"location.lat": "request.null"}),
        ({"lat": "NaN", "lng": "Infinity"}, {"location.lat": "request.not_number", "location.lng": "request.not_number"}),
        ({"lat": 1e308, "lng": 95.3}, {"location.lat": "request.out_of_range"}),
        ({"lat": -91, "lng": 181}, {"location.lat": "request.out_of_range", "location.lng": "request.out_of_range"}),
        ({"lat": 5.55, "lng": 95.3, "alt": 3}, {"location.alt": "request.unknown_field"}),
        ("5.55,95.3", {"location": "request.not_object"}),
        ([95.3, 5.55], {"location": "request.not_object"}),
        (None, {"location": "request.null"}),
    ],
    ids=str,
)
def test_what_is_no_place_is_refused_by_its_field(reporter, refused, region, place, fields):
    refused(reporter.post, "complaints", at(place), fields=fields)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "05.5", "5.", "+5.5", "0x5", ".5"])
def test_a_number_that_json_does_not_know_is_refused(reporter, refused, region, number):
    body = json.dumps(at({"lat": 5.5, "lng": 0})).replace('"lat": 5.5', f'"lat": {number}')
    refused(
        reporter.post,
        "complaints",
        data=body,
        content_type="application/json",
        status=400,
        code="request.bad_json",
    )


def test_a_place_found_for_the_public_is_checked_the_same_way(anybody, refused, region, places):
    found = anybody.get("/v1/regions/locate", query_string=places.inside).get_json()
    assert (found["region"]["key"], found["area"]["code"]) == (region, places.holding(places.inside)[0])
    for lat, code in (("NaN", "not_number"), ("1e400", "not_number"), ("x", "not_number"), ("91", "out_of_range")):
        refused(anybody.get, "/v1/regions/locate", query_string={"lat": lat, "lng": "95"}, fields={"lat": f"request.{code}"})
    refused(anybody.get, "/v1/regions/locate", query_string={"lat": "5"}, fields={"lng": "request.required"})
    refused(anybody.get, "/v1/regions/locate", query_string=SEAS[region], status=404, code="regions.nowhere")
