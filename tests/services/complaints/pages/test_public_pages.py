"""What everybody follows in a browser: the list, the map, one report by its number, and the reporter's word by the code."""

from html import unescape
from uuid import uuid4

import pytest

from tests.journeys.test_main_job import make, report, upload


@pytest.fixture
def reporter(citizen):
    return citizen()


def page(browser, path, status=200):
    got = browser.get(path)
    assert got.status_code == status, got.text
    return unescape(got.text)


def test_a_report_is_found_by_its_number_however_that_is_written(browser, reporter, work):
    made = report(reporter)
    work()
    written = made["number"].replace("-", " ").lower()
    led = browser().get("complaints/track", query_string={"number": written})
    assert led.status_code == 303
    assert made["number"] in page(browser(), led.location)


def test_what_was_not_published_is_read_with_the_reporters_code_alone(browser, reporter, work):
    word = f"kata{uuid4().hex[:10]}"
    made = report(reporter, description=f"Lubang {word}.", file_ids=[upload(reporter)])
    work()
    path = f"complaints/by-number/{made['number']}"
    assert word not in page(browser(), path)
    assert word not in page(browser(), f"{path}?code=0000000000000")
    with_code = browser().get(f"{path}?code={made['tracking_code']}")
    assert word in with_code.text
    assert "<img" in with_code.text
    assert with_code.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("number", ["BNA-2611-999999-X", "nothing", "%F0%9F%8F%9A", "x" * 400])
def test_a_number_that_there_is_not_is_told_as_a_page(browser, number):
    told = page(browser(), f"complaints/by-number/{number}", 404)
    assert "<h1>" in told


def test_the_reporter_confirms_on_the_page_and_sees_it_in_the_history(browser, reporter, staff, work):
    made = report(reporter)
    work()
    unit = reporter.get(f"complaints/{made['id']}").get_json()["department"]["key"]
    officer = staff("department_officer", unit)
    for move in ("accept", "start"):
        make(officer, made, move)
    make(officer, made, "submit_evidence", note="Selesai.", file_ids=[upload(officer)])
    make(staff("validator"), made, "validate")
    path = f"complaints/by-number/{made['number']}?code={made['tracking_code']}"
    own = browser()
    assert 'name="move" value="confirm"' in page(own, path)
    sent = own.post(path, {"code": made["tracking_code"], "move": "confirm"})
    assert sent.status_code == 303, sent.text
    assert reporter.get(f"complaints/{made['id']}").get_json()["status"] == "closed"
    assert 'role="status"' in page(own, sent.location)


def test_a_refused_word_comes_back_with_what_was_typed(browser, reporter, work):
    made = report(reporter)
    work()
    path = f"complaints/by-number/{made['number']}?code={made['tracking_code']}"
    refused = browser().post(path, {"code": made["tracking_code"], "move": "confirm", "note": "Belum <b>selesai</b>"})
    assert refused.status_code == 409
    withdrawn = browser().post(path, {"code": made["tracking_code"], "move": "withdraw", "note": "Belum <b>" + "x" * 6000})
    assert withdrawn.status_code == 422
    assert "Belum &lt;b&gt;xxx" in withdrawn.text


def test_without_the_right_code_nobody_speaks_for_the_reporter(browser, reporter, work):
    made = report(reporter)
    work()
    path = f"complaints/by-number/{made['number']}"
    assert browser().post(path, {"code": "0000000000000", "move": "withdraw"}).status_code == 404
    assert reporter.get(f"complaints/{made['id']}").get_json()["status"] == "submitted"


def test_the_list_shows_what_is_public_with_a_pin_for_each_and_narrows_it(browser, reporter, work):
    landmark = f"Pasar{uuid4().hex[:6]}"
    public, private = report(reporter, landmark=landmark), report(reporter, visibility="private")
    work()
    shown = page(browser(), "complaints")
    assert public["number"] in shown
    assert private["number"] not in shown
    assert f'aria-label="{public["number"]}' in shown
    assert public["number"] not in page(browser(), "complaints?status=closed")
    assert public["number"] in page(browser(), f"complaints?category={public['category']}&status=")
    assert public["number"] not in page(browser(), "complaints?bbox=95.0,5.0,95.1,5.1")


@pytest.mark.parametrize("query", ["bbox=1,2,3", "cursor=nothing", "q=" + "x" * 200, "status=%00"])
def test_a_list_that_cannot_be_asked_for_says_why(browser, query):
    assert 'role="alert"' in page(browser(), f"complaints?{query}", 422)
