"""The inbox over HTTP: mine alone, newest first, read one by one or all at once."""

import re
from uuid import UUID

import pytest


@pytest.fixture
def seven(town, citizen):
    """A citizen with seven notifications, numbered as they came."""
    for number in range(7):
        town.ask("citizen", citizen, params={"number": number, "status": "x"})
        town.carry()
    return citizen


def numbers(items):
    return [int(re.search(r"\d+", item["title"])[0]) for item in items]


def test_the_newest_is_on_top_and_the_unread_are_counted_beside(town, seven):
    answer = town.call(seven, "GET").json
    assert numbers(answer["items"]) == [6, 5, 4, 3, 2, 1, 0]
    assert (answer["unread_count"], answer["next_cursor"]) == (7, None)


def test_pages_hold_together_while_new_ones_arrive(town, seven):
    first = town.call(seven, "GET", query_string={"limit": 3}).json
    town.tell("citizen", seven, params={"number": 7, "status": "x"})
    second = town.call(seven, "GET", query_string={"limit": 3, "cursor": first["next_cursor"]}).json
    third = town.call(seven, "GET", query_string={"limit": 3, "cursor": second["next_cursor"]}).json
    assert [numbers(page["items"]) for page in (first, second, third)] == [[6, 5, 4], [3, 2, 1], [0]]
    assert third["next_cursor"] is None
    assert third["unread_count"] == 8


def test_a_page_that_ends_exactly_with_the_list_has_no_next(town, seven):
    assert town.call(seven, "GET", query_string={"limit": 7}).json["next_cursor"] is None


def test_reading_one_counts_the_first_time(town, seven):
    item = town.inbox(seven)[2]
    first = town.call(seven, "POST", f"/{item['id']}/read")
    again = town.call(seven, "POST", f"/{item['id']}/read")
    assert first.status_code == again.status_code == 200
    assert first.json == again.json == item | {"read_at": first.json["read_at"]}
    assert first.json["read_at"] is not None
    assert town.call(seven, "GET", "/unread-count").json == {"unread_count": 6}
    assert numbers(town.inbox(seven, unread="true")) == [6, 5, 3, 2, 1, 0]


def test_all_are_read_at_once_and_an_empty_page_still_counts(town, seven):
    assert town.call(seven, "POST", "/read-all").json == {"marked": 7}
    assert town.call(seven, "POST", "/read-all").json == {"marked": 0}
    answer = town.call(seven, "GET", query_string={"unread": "true"}).json
    assert answer == {"items": [], "next_cursor": None, "unread_count": 0}
    assert len(town.inbox(seven)) == 7


def test_an_empty_inbox_is_a_list(town, citizen):
    assert town.call(citizen, "GET").json == {"items": [], "next_cursor": None, "unread_count": 0}


def test_somebody_elses_notification_is_not_there(town, seven):
    item = town.inbox(seven)[0]
    for other in (town.citizen(), town.staff("regional_admin"), town.staff("platform_admin")):
        assert town.inbox(other) == []
        answer = town.call(other, "POST", f"/{item['id']}/read")
        nowhere = town.call(other, "POST", f"/{UUID(int=1)}/read")
        assert (answer.status_code, answer.json["code"]) == (404, "request.not_found")
        assert answer.json | {"instance": ""} == nowhere.json | {"instance": ""}
        assert town.call(other, "POST", "/read-all").json == {"marked": 0}
    assert town.call(seven, "GET", "/unread-count").json == {"unread_count": 7}


def test_a_staff_account_has_an_inbox_of_its_own_in_each_region_of_its_duties(town):
    staff = town.staff("triage")
    assert town.call(staff, "GET", region="sumedang").status_code == 403
    town.give_duty(staff.address, "leader", region="sumedang")
    town.tell("staff", staff, params={"number": 1, "status": "x"})
    town.tell("staff", staff, params={"number": 2, "status": "x"}, region="sumedang")
    assert numbers(town.inbox(staff)) == [1]
    assert numbers(town.call(staff, "GET", region="sumedang").json["items"]) == [2]
    (there,) = town.call(staff, "GET", region="sumedang").json["items"]
    assert town.call(staff, "POST", f"/{there['id']}/read").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "/unread-count"), ("POST", "/read-all"), ("POST", f"/{UUID(int=1)}/read")]
)
def test_without_a_token_or_with_another_regions_there_is_no_inbox(town, citizen, method, path):
    assert town.call(None, method, path).status_code == 401
    elsewhere = town.call(citizen, method, path, region="sumedang")
    assert (elsewhere.status_code, elsewhere.json["code"]) == (403, "auth.other_region")


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=201", "limit"), ("unread=perhaps", "unread"), ("cursor=x", "cursor"), ("mine=1", "mine")],
)
def test_a_query_that_cannot_be_read_is_refused_by_name(town, citizen, query, field):
    answer = town.call(citizen, "GET", f"?{query}")
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json["errors"]] == [field]


def test_a_phone_that_has_the_list_already_is_told_so(town, seven):
    etag = town.call(seven, "GET").headers["ETag"]
    assert town.call(seven, "GET", headers={"If-None-Match": etag}).status_code == 304
    town.call(seven, "POST", "/read-all")
    assert town.call(seven, "GET", headers={"If-None-Match": etag}).status_code == 200


def test_statements_do_not_grow_with_the_page(town, seven):
    def statements(limit):
        town.statements.clear()
        assert len(town.inbox(seven, limit=limit)) == limit
        return [statement for statement, _ in town.statements]

    assert len(statements(1)) == len(statements(7))
    assert sum("notifications_inbox" in statement for statement in statements(7)) == 1


def test_a_whole_department_is_written_to_in_one_statement(town):
    town.configure(channels={"department": []})
    officers = [town.staff("department_officer", "bpbd") for _ in range(3)]
    town.statements.clear()
    town.tell("department", "bpbd")
    assert sum("INSERT INTO notifications_inbox" in statement for statement, _ in town.statements) == 1
    assert [len(town.inbox(officer)) for officer in officers] == [1, 1, 1]


def test_a_page_is_read_by_the_indices_whatever_others_have(town, seven):
    town.as_owner(
        "INSERT INTO notifications_inbox (region_id, id, account_kind, account_id, template, title, body, created_at, event_id)"
        " SELECT i.region_id, gen_random_uuid(), 'citizen', account.id, 'x', 'x', 'x', now(), gen_random_uuid()"
        " FROM (SELECT DISTINCT region_id FROM notifications_inbox) i,"
        " (SELECT gen_random_uuid() AS id FROM generate_series(1, 40)) account, generate_series(1, 500)"
    )
    town.as_owner("ANALYZE notifications_inbox")
    town.statements.clear()
    town.inbox(seven)
    ((statement, params),) = [said for said in town.statements if "notifications_inbox" in said[0]]
    with town.owner.connect() as connection:
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", params).scalars())
    assert "ix_notifications_inbox_mine" in plan
    assert "ix_notifications_inbox_unread" in plan
    assert "Seq Scan" not in plan
