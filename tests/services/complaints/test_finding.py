"""What is found on the map and by words, and what must not be."""

from datetime import timedelta
from uuid import UUID

import pytest
import shapely
from sqlalchemy import select, text, update

from backend.data.migrating import owner_engine
from backend.data.unit_of_work import unit_of_work
from services.complaints.models import SLICE, SLICED_FROM, TILES, Complaint
from services.complaints.queries.pins import MOST_PINS, Box, tiles
from services.complaints.queries.search import slice_of
from tests.journeys.test_main_job import IN_BANDA_ACEH, make, report

CITY = "95.26,5.51,95.39,5.62"
HERE = f"{IN_BANDA_ACEH['lng'] - 0.0002},5.5527,{IN_BANDA_ACEH['lng'] + 0.0002},5.5531"


def pins(person, bbox=CITY, **more):
    got = person.get("complaints/map", query_string={"bbox": bbox, **more})
    assert (got.status_code, got.content_type) == (200, "application/geo+json")
    return got.get_json()


def ids(view):
    return [feature["id"] for feature in view["features"]]


def test_the_map_is_geojson_that_others_read(citizen, anybody):
    made = report(citizen())
    got = anybody.get(f"complaints/map?bbox={HERE}")
    view = got.get_json()
    feature = next(feature for feature in view["features"] if feature["id"] == made["id"])
    assert feature["geometry"] == {"type": "Point", "coordinates": [IN_BANDA_ACEH["lng"], IN_BANDA_ACEH["lat"]]}
    assert feature["properties"]["number"] == made["number"]
    places = shapely.get_parts(shapely.from_geojson(got.get_data()))
    assert shapely.Point(IN_BANDA_ACEH["lng"], IN_BANDA_ACEH["lat"]) in places
    assert made["description"] not in got.get_data(as_text=True)
    seen = {"If-None-Match": got.headers["ETag"]}
    assert anybody.get(f"complaints/map?bbox={HERE}", headers=seen).status_code == 304


def test_private_and_sealed_reports_are_on_nobodys_map(citizen, staff, anybody):
    reporter = citizen()
    hidden = {report(reporter, visibility="private")["id"], report(reporter, "ASN-02")["id"]}
    shown = report(reporter)["id"]
    for person in (reporter, anybody, staff("triage"), staff("department_head", "inspektorat")):
        found = set(ids(pins(person, HERE)))
        assert shown in found
        assert not hidden & found


def test_every_part_of_a_view_shows_its_newest_however_crowded_another_is(lay, anybody):
    lonely, *crowd = lay(
        [{"lat": 5.5821, "lng": 95.3651}, *({"lat": 5.5529 + n * 1e-7} for n in range(600))],
    )
    view = pins(anybody)
    assert lonely in ids(view)
    assert 0 < len(set(ids(view)) & set(crowd)) < 600
    assert len(view["features"]) <= MOST_PINS + len(tiles(Box(5.51, 95.26, 5.62, 95.39))[1])
    assert view["more"]


def test_of_one_place_the_newest_are_shown_and_whoever_comes_close_enough_sees_all(lay, house, region, anybody):
    with unit_of_work(house.ground, region=region) as ctx:
        now = ctx.now()
    old, *new = lay([{"lat": 5.5821, "lng": 95.3651, "submitted_at": now + timedelta(minutes=n)} for n in range(30)])
    assert old not in ids(pins(anybody))
    near = pins(anybody, "95.365,5.582,95.3652,5.5822")
    assert {old, *new} <= set(ids(near))
    assert not near["more"]


def test_the_map_is_narrowed_to_a_category_and_a_state(lay, anybody):
    lamp, done = lay([{"category": "PJU-02"}, {"state": "closed"}])
    assert lamp in ids(pins(anybody, HERE, category="PJU-02"))
    assert done not in ids(pins(anybody, HERE, category="PJU-02"))
    assert done in ids(pins(anybody, HERE, status="closed"))
    assert pins(anybody, HERE, status="no_such_state")["features"] == []


def test_without_a_box_the_map_is_the_region_and_elsewhere_it_is_empty(lay, anybody):
    (made,) = lay([{"lat": 5.5821, "lng": 95.3651}])
    assert made in ids(anybody.get("complaints/map").get_json())
    assert made in ids(pins(anybody, "-180,-90,180,90"))
    for elsewhere in ("10,45,12,47", "95.3651001,5.5821001,95.3651002,5.5821002"):
        assert pins(anybody, elsewhere) == {"type": "FeatureCollection", "features": [], "more": False}


@pytest.mark.parametrize("bbox", ["1,2,3", "a,b,c,d", "nan,nan,nan,nan", "96,5,95,6", "5,95,6,96"])
def test_a_box_that_is_none_is_refused(anybody, bbox):
    got = anybody.get(f"complaints/map?bbox={bbox}")
    assert (got.status_code, got.get_json()["errors"][0]["code"]) == (422, "complaints.bad_box")


def test_the_database_and_the_map_count_tiles_alike(lay, house, region):
    edges = [(5.5 + n / 512, 95.25 + n / 512) for n in range(40)] + [(-6.85123, 107.92345), (-90.0, -180.0), (90.0, 180.0)]
    laid = lay([{"lat": lat, "lng": lng} for lat, lng in edges])
    with unit_of_work(house.ground, region=region) as ctx:
        rows = ctx.session.execute(
            select(Complaint.lat, Complaint.lng, *(getattr(Complaint, f"tile_{level}") for level in TILES)).where(
                Complaint.region_id == region.id, Complaint.id.in_(laid)
            )
        ).all()
    assert len(rows) == len(edges)
    for row in rows:
        level, covering = tiles(Box(row.lat, row.lng, row.lat, row.lng))
        assert (level, covering) == (TILES[0], [row.tile_9])
        assert [row.tile_9, row.tile_6] == [row.tile_9, ((row.tile_9 >> 20) >> 3) << 20 | (row.tile_9 & (1 << 20) - 1) >> 3]


def found(person, words, path="complaints"):
    return [item["id"] for item in person.get(path, query_string={"q": words, "limit": 200}).get_json()["items"]]


def test_words_are_found_by_their_stem_in_any_order_and_whole(citizen, staff):
    reporter = citizen()
    made = report(reporter, description="Jl. Zainuddin/Kenanga berlubang-lubang; AC 12-B!", landmark="Kedai Wakcaplin")["id"]
    triage = staff("triage")
    for person in (reporter, triage):
        for words in ("kenanga", "KENANGA zainuddin", "lubang kenanga", "wakcaplin", "kenanga, 12-b", "(wakcaplin & kenanga)"):
            assert made in found(person, words), words
        for words in ("kenang", "kenanga wakcaplon", "%inuddin", "kenanga | wakcaplon", "!", "kenanga -wakcaplon"):
            assert made not in found(person, words), words
    assert made in found(triage, "wakcaplin kenanga", path="complaints/inbox")


def test_anybody_finds_words_only_once_they_are_published(citizen, staff, work, anybody):
    made = report(citizen(), description="Tumpukan di samping Kedai Bukhtarim.", category="SMP-01")
    work()
    triage = staff("triage")
    for person, before in ((anybody, False), (citizen(), False), (triage, True)):
        assert (made["id"] in found(person, "bukhtarim")) is before
    make(triage, made, "publish")
    assert made["id"] in found(anybody, "bukhtarim")
    make(triage, made, "unpublish")
    assert made["id"] not in found(anybody, "bukhtarim")


def test_a_number_is_found_as_people_type_it(citizen, anybody):
    made = report(citizen())
    for typed in (made["number"], made["number"].lower().replace("-", " "), made["number"].replace("-", "")):
        assert found(anybody, typed) == [made["id"]]


def test_what_is_erased_is_no_longer_found(citizen, house, region):
    reporter = citizen()
    made = report(reporter, description="Kebocoran di rumah Syarifuddinah.")
    assert found(reporter, "syarifuddinah") == [made["id"]]
    with unit_of_work(house.ground, region=region) as ctx:
        one = (Complaint.region_id == region.id, Complaint.id == made["id"])
        ctx.session.execute(update(Complaint).where(*one).values(description="-"))
    assert found(reporter, "syarifuddinah") == []


def test_an_old_report_is_found_too_and_pages_go_on_where_the_last_ended(lay, citizen, house, region):
    with unit_of_work(house.ground, region=region) as ctx:
        now = ctx.now()
    reporter = citizen()
    made = report(reporter, description="Selokan di Gang Mawaddarah tersumbat.")["id"]
    days = [0.1, 1, 2.9, 3.1, 20, 70, 75, 76, 300, 500]
    owned = {"description": "Selokan Mawaddarah", "reporter_id": UUID(reporter.get("/v1/me").get_json()["id"])}
    expected = [made, *lay([owned | {"submitted_at": now - timedelta(days=each)} for each in days])]
    paged, cursor = [], ""
    while cursor is not None:
        page = reporter.get(f"complaints?q=mawaddarah&limit=3{cursor and f'&cursor={cursor}'}").get_json()
        paged += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert paged == expected == found(reporter, "mawaddarah")


def test_the_database_and_the_search_count_slices_alike(lay, house, region):
    edge = SLICED_FROM + 900 * SLICE
    times = [edge + timedelta(microseconds=each) for each in (-1, 0, 1)] + [
        edge + timedelta(seconds=each) for each in (-3e8, 7e7)
    ]
    laid = lay([{"submitted_at": at} for at in times])
    with unit_of_work(house.ground, region=region) as ctx:
        rows = ctx.session.execute(select(Complaint.submitted_at, Complaint.slice).where(Complaint.id.in_(laid))).all()
    assert len(rows) == len(times)
    assert all(row.slice == slice_of(region.id, row.submitted_at) for row in rows)


def test_row_level_security_lets_an_index_answer_the_search(environ):
    """Only what is leakproof may be asked before the policy; which plan a small table gets is the planner's to choose."""
    asked = text("SELECT proname, proleakproof FROM pg_proc WHERE proname IN ('ts_match_vq', 'int8eq')")
    with owner_engine(environ["BALAI_OWNER_URL"]).begin() as owner:
        found = {row.proname: row.proleakproof for row in owner.execute(asked)}
        (index,) = owner.scalars(text("SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_complaints_words'")).all()
    assert found == {"ts_match_vq": True, "int8eq": True}
    assert "USING gin (slice, words)" in index
