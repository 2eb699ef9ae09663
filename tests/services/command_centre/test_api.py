"""What other dashboards read: figures with their definitions and their age, alarms, and nobody's name."""

import pytest
from sqlalchemy import event, update

from backend.data.events import Delivery
from backend.data.unit_of_work import unit_of_work
from services.complaints.queries.indicators import INDICATORS
from tests.journeys.test_main_job import make, report


def shown(person, key=None):
    got = person.get("command-centre/indicators" + (f"/{key}" if key else ""))
    assert got.status_code == 200, got.get_json()
    return got.get_json() if key else {item["key"]: item for item in got.get_json()["items"]}


def test_each_figure_says_what_it_is_and_how_old(centre, staff):
    figures = shown(staff("leader"))
    assert {indicator.key for indicator in INDICATORS.indicators} <= figures.keys()
    for figure in figures.values():
        for name in ("title", "definition", "owner", "source"):
            assert figure[name] and not figure[name].startswith("complaints."), (figure["key"], name)  # noqa: PT018 - of one field
        assert figure["unit"] in {"count", "share", "hours"}
        assert figure["age_seconds"] is not None
        assert figure["stale"] is False
        assert figure["as_of"].endswith("Z") or "+00:00" in figure["as_of"]
    assert figures["complaints.open"]["value"] >= 1
    assert figures["complaints.received"]["period"] == "last_30_days"


def test_it_speaks_the_readers_language(centre, staff):
    leader = staff("leader")
    titles = {
        language: leader.get("command-centre/indicators/complaints.late", headers={"Accept-Language": language}).get_json()[
            "title"
        ]
        for language in ("id", "en")
    }
    assert titles == {"id": "Terlambat", "en": "Late"}


def test_one_figure_is_divided_and_the_parts_are_the_whole(centre, staff, citizen, work):
    figure = shown(staff("leader"), "complaints.open")
    divided = {way["name"]: way["parts"] for way in figure["by"]}
    assert set(divided) == {"department", "area", "district", "category", "state"}
    for parts in divided.values():
        assert sum(part["value"] for part in parts) == figure["value"]
    assert figure["days"] == []
    received = shown(staff("leader"), "complaints.received")
    assert (len(received["days"]), sum(day["value"] for day in received["days"])) == (30, received["value"])
    assert sum(part["value"] for part in received["by"][0]["parts"]) == received["value"]


def test_figures_follow_what_happens(centre, staff, work, citizen):
    leader = staff("leader")
    before = shown(leader)
    reporter = citizen()
    complaint = report(reporter)
    work()
    assert shown(leader)["complaints.open"]["value"] == before["complaints.open"]["value"] + 1
    assert shown(leader)["complaints.received"]["value"] == before["complaints.received"]["value"] + 1
    make(staff("triage"), complaint, "reject", reason="not_a_complaint", note="Bukan aduan.")
    work()
    after = shown(leader)
    assert after["complaints.open"]["value"] == before["complaints.open"]["value"]
    assert after["complaints.response_on_time"]["n"] == before["complaints.response_on_time"]["n"] + 1


def test_a_sealed_case_is_in_no_figure(centre, house, staff, citizen, work):
    leader = staff("leader")
    before = shown(leader)
    sealed = next(c.code for c in house.directory.find("banda-aceh").modules["complaints"].config.categories.values() if c.sealed)
    report(citizen(), category=sealed)
    work()
    after = shown(leader)
    assert {key: figure["value"] for key, figure in after.items()} == {key: figure["value"] for key, figure in before.items()}


def test_shares_of_few_are_marked(centre, staff, house):
    figures = shown(staff("leader"))
    shares = [figure for figure in figures.values() if figure["n"] is not None]
    assert shares
    for figure in shares:
        assert figure["small"] is (figure["n"] < 30)
    assert not any(figure["small"] for figure in figures.values() if figure["n"] is None)


def test_what_is_not_counted_yet_is_stale_and_says_since_when(centre, house, staff, citizen, work):
    complaint = report(citizen())
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        old = ctx.now().replace(year=ctx.now().year - 1)
        table = "events"
        ctx.session.connection().exec_driver_sql(
            f"UPDATE {table} SET occurred_at = %(at)s WHERE subject = %(id)s",  # noqa: S608 - our own word
            {"at": old, "id": complaint["id"]},
        )
    late = shown(staff("leader"))["complaints.open"]
    assert late["stale"] is True
    assert late["age_seconds"] > 300 * 24 * 3600
    work()
    assert shown(staff("leader"))["complaints.open"]["stale"] is False


def test_thresholds_judge_and_what_is_hidden_is_not_there(centre, staff, house):
    admin = staff("regional_admin")
    settings = admin.get("modules/command-centre/settings")
    values = settings.get_json()["values"]
    changed = values | {
        "indicators": ["complaints.late"],
        "hidden": ["complaints.time_to_resolve"],
        "thresholds": [
            {"key": "complaints.open", "watch": 0, "act": 1},
            {"key": "complaints.received", "watch": 100000, "act": 200000},
        ],
    }
    put = admin.put("modules/command-centre/settings", {"values": changed}, headers={"If-Match": settings.headers["ETag"]})
    assert put.status_code == 200, put.get_json()
    house.directory.refresh()
    try:
        figures = shown(staff("leader"))
        assert next(iter(figures)) == "complaints.late"
        assert "complaints.time_to_resolve" not in figures
        assert figures["complaints.open"]["level"] == "act"
        assert figures["complaints.received"]["level"] == "good"
        assert figures["complaints.late"]["level"] is None
        hidden = staff("leader").get("command-centre/indicators/complaints.time_to_resolve")
        assert (hidden.status_code, hidden.get_json()["code"]) == (404, "command_centre.unknown_indicator")
    finally:
        again = admin.put("modules/command-centre/settings", {"values": values}, headers={"If-Match": put.headers["ETag"]})
        assert again.status_code == 200, again.get_json()
        house.directory.refresh()


def test_the_operator_alone_hears_of_dead_letters(centre, house, staff, work):
    operator, leader = staff("platform_admin"), staff("leader")
    report_id = centre["id"]
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        ctx.session.execute(
            update(Delivery)
            .where(Delivery.subject == report_id, Delivery.subscriber == "complaints.route")
            .values(dead_at=ctx.now())
        )
    try:
        told = operator.get("command-centre/alarms").get_json()["items"]
        assert any(alarm["code"] == "indicators.alarm_dead" and "complaints.route" in alarm["text"] for alarm in told)
        assert shown(operator)["regions.deliveries_dead"]["value"] >= 1
        assert leader.get("command-centre/alarms").get_json()["items"] == []
        assert not any(key.startswith("regions.") for key in shown(leader))
    finally:
        with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
            ctx.session.execute(update(Delivery).where(Delivery.subject == report_id).values(dead_at=None))


@pytest.mark.parametrize("path", ["command-centre/indicators", "command-centre/indicators/complaints.open"])
def test_the_number_of_its_statements_is_fixed(centre, house, staff, path):
    leader, sent = staff("leader"), []

    def note(*words):
        sent.append(words[2])

    leader.get(path)
    event.listen(house.ground.engine, "before_cursor_execute", note)
    try:
        assert leader.get(path).status_code == 200
    finally:
        event.remove(house.ground.engine, "before_cursor_execute", note)
    assert len(sent) <= 5, sent  # region, account; the recount, what is still to be told, the sums
