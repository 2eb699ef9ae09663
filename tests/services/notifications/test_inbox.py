"""The inbox over HTTP: mine alone, newest first, read one by one or all at once."""

import pytest

from backend.core.ids import new_id


@pytest.fixture
def seven(town, citizen):
    """A citizen with seven notifications, numbered as they came."""
    for number in range(7):
        town.ask("citizen", citizen, params={"number": number, "status": "x"})
        town.carry()
    return citizen


def numbers(items):
    return [int(item["title"].removeprefix("Laporan ").partition(":")[0]) for item in items]


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
        nowhere = town.call(other, "POST", f"/{new_id()}/read")
        assert (answer.status_code, answer.json["code"]) == (404, "request.not_found")
        assert answer.json | {"instance": ""} == nowhere.json | {"instance": ""}
        assert town.call(other, "POST", "/read-all").json == {"marked": 0}
    assert town.call(seven, "GET", "/unread-count").json == {"unread_count": 7}


def test_one_staff_account_has_an_inbox_in_each_region_of_its_duties(town):
    staff = town.staff("triage")
    town.tell("staff", staff)
    town.tell("staff", staff, region="sumedang")
    assert len(town.inbox(staff)) == 1
    assert town.call(staff, "GET", region="sumedang").status_code == 403


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "/unread-count"), ("POST", "/read-all"), ("POST", f"/{new_id()}/read")]
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
        return list(town.statements)

    assert len(statements(1)) == len(statements(7))
    assert sum("notifications_inbox" in statement for statement in statements(7)) == 1


def test_a_telling_takes_no_more_statements_for_a_larger_department(town):
    def statements():
        town.statements.clear()
        town.tell("department", "dlhk")
        return sum("INSERT INTO notifications_inbox" in statement for statement in town.statements)

    town.configure(channels={"department": []})
    town.staff("department_officer", "dlhk")
    alone = statements()
    for _ in range(3):
        town.staff("department_officer", "dlhk")
    assert statements() == alone == 1


def test_the_inbox_is_read_by_its_index(town, seven):
    town.as_owner("ANALYZE notifications_inbox")
    town.statements.clear()
    definitions = dict(
        map(tuple, town.as_owner("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'notifications_inbox'"))
    )
    assert definitions["ix_notifications_inbox_mine"].endswith("(region_id, account_id, id DESC)")
    assert definitions["ix_notifications_inbox_unread"].endswith("(region_id, account_id, id DESC) WHERE (read_at IS NULL)")
