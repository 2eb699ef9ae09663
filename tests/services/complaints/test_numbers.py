"""A region's numbers in its own format: given out, found as people type them, and found after the format has changed."""

import re
from datetime import date

import pytest
from sqlalchemy import update

from backend.data.unit_of_work import unit_of_work
from services.complaints.config import ComplaintsSettings
from services.complaints.domain.numbers import USUAL, NumberFormat
from services.complaints.models import Complaint
from tests.journeys.test_main_job import report
from tests.services.complaints.test_config import PACK, changed, places

IN_NAIROBI = {"lat": -1.3133, "lng": 36.7879}
GIVEN_UP = NumberFormat("{serial}.{prefix}-{yy}-{check}")


@pytest.fixture
def made(citizen):
    reporter = citizen("nairobi")
    return reporter, report(reporter, category="NoWaterSupply", location=IN_NAIROBI)


def tracked(person, complaint, number):
    got = person.get(f"complaints/by-number/{number}?code={complaint['tracking_code']}")
    return got.status_code == 200 and got.get_json()["number"]


def test_a_region_counts_by_the_year_where_its_pack_says_so(made):
    reporter, complaint = made
    number = complaint["number"]
    assert re.fullmatch(r"NBO-20\d\d-0\d{7}-[0-9A-Z]", number)
    for typed in (number, number.lower().replace("-", " "), number.replace("-", "")):
        assert tracked(reporter, complaint, typed) == number
        found = reporter.get("complaints", query_string={"q": typed}).get_json()["items"]
        assert [item["number"] for item in found] == [number]
    wrong = number[:-1] + ("A" if number[-1] != "A" else "B")
    assert not tracked(reporter, complaint, wrong)


@pytest.mark.parametrize("form", [USUAL, GIVEN_UP])
def test_a_number_of_an_earlier_format_is_found_as_it_was_written(made, house, form):
    reporter, complaint = made
    region = house.directory.find("nairobi")
    number = form.write("NBO", date(2019, 3, 1), int(complaint["number"].split("-")[2]))
    with unit_of_work(house.ground, region=region) as ctx:
        own = (Complaint.region_id == region.id, Complaint.id == complaint["id"])
        ctx.session.execute(update(Complaint).where(*own).values(number=number))
    assert tracked(reporter, complaint, number.lower()) == number
    assert not tracked(reporter, complaint, complaint["number"])
    found = reporter.get("complaints", query_string={"q": number}).get_json()["items"]
    assert [item["number"] for item in found] == [number]


def test_every_fault_of_a_format_is_told_where_it_is(house):
    pack = changed("number", to={"prefix": "BNA", "format": "{prefix}-{week}-{check}-{month}"})
    found = places(pack)["number.format"]
    assert found == [
        "complaints.number_unknown_part|word=week",
        "complaints.number_missing_part|word=serial",
        "complaints.number_check_not_last|word=",
        "complaints.number_month_without_year|word=",
    ]
    texts = house.ground.catalogue
    for code in (message.partition("|")[0] for message in found):
        assert len({texts.text(code, locale) for locale in ("en", "id")} - {code}) == 2


def test_a_pack_that_says_no_format_has_the_usual_one():
    assert ComplaintsSettings().load(PACK).number_format == USUAL
