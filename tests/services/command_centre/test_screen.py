"""The screen: every figure with its definition and age, tables of the same, a map of the region; for those who may look."""

import re

import pytest
from sqlalchemy import event

from backend.data.events import EventRow
from backend.data.unit_of_work import unit_of_work
from services.complaints.queries.indicators import INDICATORS
from tests.journeys.test_main_job import report


@pytest.fixture
def screen(browser, staff):
    """Return a function that opens the screen and gives its HTML."""

    def screen(role="leader", path="command-centre", **options):
        department = "pupr" if role == "department_head" else None
        got = browser(staff(role, department)).get(path, **options)
        assert got.status_code == 200, got.get_data(as_text=True)
        return got.get_data(as_text=True)

    return screen


def test_it_has_every_figure_its_meaning_and_the_map(centre, screen, house):
    page = screen()
    texts, region = house.ground.catalogue, house.directory.find("banda-aceh")
    for indicator in INDICATORS.indicators:
        assert texts.text(indicator.title, "id") in page
        assert f'id="is-{indicator.key}"' in page
    assert len(re.findall(r'class="area v\d"', page)) == len(house.directory.lowest_below(region.id, "11.71"))
    assert page.count("data-day=") == 30
    assert 'http-equiv="refresh"' in page
    assert 'hx-trigger="every 30s"' in page


@pytest.mark.parametrize("role", ["leader", "department_head", "regional_admin", "service_account", "platform_admin"])
def test_those_who_watch_may_open_it(centre, screen, role):
    assert 'id="board"' in screen(role)


def test_those_who_work_on_single_cases_may_not(centre, browser, staff):
    assert browser(staff("department_officer", "pupr")).get("command-centre").status_code == 403


def test_to_htmx_it_gives_the_board_alone(centre, screen):
    board = screen(headers={"HX-Request": "true"})
    assert board.lstrip().startswith('<div id="board"')
    assert "<html" not in board
    assert "<script" not in board


def test_the_map_is_coloured_by_what_is_asked(centre, screen):
    assert re.search(r'map=complaints.open"[^>]*aria-current="true"', screen(path="command-centre?map=complaints.open"))
    assert re.search(r'map=complaints.late"[^>]*aria-current="true"', screen(path="command-centre?map=nothing.at.all"))


def test_it_shows_nobody_and_no_words(centre, screen, citizen, staff, work):
    words = "Kata yang tidak boleh muncul di layar."
    reported = report(citizen(), description=words)
    work()
    page = screen("platform_admin")
    for hidden in (words, reported["id"], reported["number"], "+628"):
        assert hidden not in page


def test_what_is_old_is_marked(centre, screen, house, citizen, work):
    reported = report(citizen())
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        told = ctx.session.query(EventRow).filter_by(subject=reported["id"], name="complaints.submitted").one()
        told.occurred_at = told.occurred_at.replace(year=told.occurred_at.year - 1)
    assert "figure stale" in re.sub(r"\s+", " ", screen())
    work()
    assert "stale" not in re.sub(r"<link[^>]*>", "", screen())


def test_before_all_is_counted_it_says_so(centre, screen, house, work):
    region = house.directory.find("banda-aceh")
    with unit_of_work(house.ground, region=region) as ctx:
        ctx.session.connection().exec_driver_sql("UPDATE complaints_recounts SET finished_at = NULL")
    page = screen()
    assert house.ground.catalogue.text("command_centre.page_incomplete", "id") in page
    with unit_of_work(house.ground, region=region) as ctx:
        ctx.session.connection().exec_driver_sql("UPDATE complaints_recounts SET finished_at = began_at")


def test_the_number_of_its_statements_does_not_grow_with_the_reports(centre, house, browser, staff, citizen, work):  # noqa: PLR0917
    leader, sent = browser(staff("leader")), []

    def note(*words):
        sent.append(words[2])

    def statements():
        leader.get("command-centre")
        sent.clear()
        event.listen(house.ground.engine, "before_cursor_execute", note)
        leader.get("command-centre")
        event.remove(house.ground.engine, "before_cursor_execute", note)
        return len(sent)

    before = statements()
    for category in ("JLN-01", "SMP-01"):
        report(citizen(), category=category)
    work()
    assert statements() == before
    assert before <= 7, (
        sent
    )  # region, account; the recount (and for alarms), what is still to be told, the sums, the map's shapes
