"""The screen of the command centre in a real browser: charts, a board that looks again by itself, and a word when it cannot."""

import pytest

from backend.data.unit_of_work import unit_of_work
from services.complaints.operations.recounting import begin_recount
from tests.browser.chromium import LAPTOP, PHONE
from tests.journeys.test_main_job import make, report

SCREEN = "/r/banda-aceh/command-centre"
WALL = {"width": 1920, "height": 1080}


@pytest.fixture
def leader(house, work, citizen, staff):
    """The access token of somebody who may look, in a region with a few reports, all of them counted."""
    for category in ("JLN-01", "SMP-01", "JLN-01"):
        rejected = report(citizen(), category=category)
    make(staff("triage"), rejected, "reject", reason="not_a_complaint", note="Bukan aduan.")
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        begin_recount(ctx)
    work()
    return staff("leader").token


@pytest.mark.parametrize("viewport", [WALL, LAPTOP, PHONE], ids=lambda size: str(size["width"]))
def test_it_can_be_read_on_a_wall_a_laptop_and_a_phone(leader, tab, viewport, tmp_path):
    one = tab(leader, viewport=viewport)
    page = one.open(SCREEN)
    page.wait_for_selector("#chart-days canvas")
    assert one.overflow() == []
    assert one.barriers() == []
    assert one.faults == []
    page.screenshot(path=tmp_path / "screen.png", full_page=True)
    assert (tmp_path / "screen.png").stat().st_size > 10_000


def test_without_a_script_the_figures_and_the_table_of_days_are_there(leader, tab):
    page = tab(leader, java_script_enabled=False, viewport=LAPTOP).open(SCREEN)
    assert page.locator("li.figure").count() >= 9
    page.locator("summary").first.click()
    assert page.locator("table.chart-table tbody tr").count() == 30
    assert page.locator("svg .area").count() == 90


def test_the_board_looks_again_by_itself_and_says_when_it_cannot(leader, tab, citizen, work, house):
    one = tab(leader, viewport=LAPTOP)
    one.context.clock.install()
    page = one.open(SCREEN)
    page.locator("details summary").first.click()
    received = page.locator("li.figure", has_text="Masuk").locator("strong")
    before = int(received.inner_text().replace(".", ""))
    page.evaluate("window.stays = true")
    report(citizen())
    work()
    with page.expect_response(lambda answer: answer.url.endswith(SCREEN)):
        one.context.clock.run_for(31_000)
    page.wait_for_function(
        "([before]) => Number(document.querySelectorAll('li.figure strong')[3].textContent) > before", arg=[before]
    )
    assert page.evaluate("window.stays"), "the page itself was not loaded again"
    assert page.locator("details").first.get_attribute("open") is not None, "what was opened stays open"
    assert not page.locator("#lost").is_visible()
    assert one.faults == []
    one.context.set_offline(offline=True)
    one.context.clock.run_for(100_000)
    assert page.locator("#lost").is_visible()
