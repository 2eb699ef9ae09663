"""The staff of a region: who may invite and change whom, and what stays out of a regional admin's reach."""

from uuid import UUID, uuid4

import pytest

from backend.accounts import create_staff
from backend.accounts.people import Accounts

HERE, THERE = "/v1/regions/banda-aceh/staff", "/v1/regions/nairobi/staff"
OFFICER = {"role": "department_officer", "department": "dlhk"}


@pytest.fixture
def admin(town):
    return town.staff_token("regional_admin")


def invite(town, token, email, *duties, path=HERE, **more):
    body = {"email": email, "name": "Cut Nyak", "memberships": list(duties)} | more
    return town.call("POST", path, body, token=token)


def test_an_invited_officer_chooses_a_password_and_works(town, admin):
    answer = invite(town, admin, "Officer.One@Example.org", OFFICER, {"role": "triage"})
    assert answer.status_code == 201, answer.text
    shown = answer.json
    assert (shown["email"], shown["state"]) == ("officer.one@example.org", "invited")
    assert [(duty["role"], duty["department"]) for duty in shown["memberships"]] == [
        ("department_officer", "dlhk"),
        ("triage", None),
    ]
    (told,) = town.events("accounts.password_needed", UUID(shown["id"]))
    letter = town.send("accounts.send_password_token", told)
    assert letter.message.subject == "SALAM: pilih kata sandi Anda"
    token = next(line for line in letter.message.text.splitlines() if line.count(".") == 2 and " " not in line)
    assert town.call("POST", "/v1/auth/password", {"token": token, "password": "kata sandi baru"}).status_code == 204
    entered = town.log_in("officer.one@example.org", "kata sandi baru").json["access_token"]
    me = town.call("GET", "/v1/me", token=entered).json
    assert (me["kind"], me["name"], me["platform_admin"]) == ("staff", "Cut Nyak", False)
    assert me["memberships"][0] == {"region": "banda-aceh", "role": "department_officer", "department": "dlhk", "area": None}
    assert town.call("GET", f"{HERE}/{shown['id']}", token=admin).json["state"] == "active"
    assert town.send("accounts.send_password_token", told) is None  # chosen meanwhile: an old invitation is not sent again
    assert town.actions(shown["id"]) == ["accounts.staff_invited"]


@pytest.mark.parametrize(
    ("duty", "field", "code"),
    [
        ({"role": "department_officer"}, "memberships.1.department", "accounts.department_needed"),
        ({"role": "department_head", "department": "nobody"}, "memberships.1.department", "accounts.department_unknown"),
        ({"role": "triage", "area": "99.99"}, "memberships.1.area", "accounts.area_unknown"),
        ({"role": "triage", "area": "30.01"}, "memberships.1.area", "accounts.area_unknown"),
        ({"role": "platform_admin"}, "memberships.1.role", "request.not_one_of"),
        ({"role": "citizen"}, "memberships.1.role", "request.not_one_of"),
        ({"role": "triage", "salary": 1}, "memberships.1.salary", "request.unknown_field"),
    ],
)
def test_a_duty_that_cannot_be_is_named(town, admin, duty, field, code):
    answer = invite(town, admin, "x@example.org", OFFICER, duty)
    assert answer.status_code == 422
    assert [(fault["field"], fault["code"]) for fault in answer.json["errors"]] == [(field, code)]


def test_the_same_invitation_sent_twice_makes_one_account(town, admin):
    body = {"email": "twice@example.org", "name": "Dua", "memberships": [OFFICER]}
    answers = [town.call("POST", HERE, body, token=admin, Idempotency_Key="invite-dua") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert invite(town, admin, "TWICE@example.org", OFFICER).json["code"] == "accounts.staff_exists"


def test_staff_without_duties_here_may_do_nothing_here(town):
    elsewhere = town.staff_token("regional_admin", region="nairobi")
    answer = town.call("GET", HERE, token=elsewhere)
    assert (answer.status_code, answer.json["code"]) == (403, "auth.not_allowed")
    assert town.call("GET", THERE, token=elsewhere).status_code == 200
    assert town.call("GET", "/v1/me", token=elsewhere).status_code == 200


def test_a_platform_admin_manages_every_region(town):
    token = town.staff_token("platform_admin")
    assert town.call("GET", HERE, token=token).status_code == town.call("GET", THERE, token=token).status_code == 200
    assert town.call("GET", "/v1/me", token=token).json["platform_admin"] is True


def test_other_regions_staff_is_not_there(town, admin):
    _, stranger = town.staff("triage", region="nairobi")
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"memberships": [OFFICER]}),
        ("PATCH", "", {"disabled": True}),
        ("DELETE", "", None),
        ("POST", "/reset", None),
    ):
        for staff_id in (stranger, uuid4()):
            assert town.call(method, f"{HERE}/{staff_id}{path}", body, token=admin).status_code == 404


def test_the_list_goes_on_from_page_to_page_and_shows_this_region_alone(town, admin):
    mine = {str(town.staff("triage")[1]) for _ in range(5)}
    _, stranger = town.staff("triage", region="nairobi")
    found, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = town.client.get(HERE, query_string=query, headers={"Authorization": f"Bearer {admin}"}).json
        assert len(page["items"]) <= 2
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(found) == len(set(found))
    assert mine <= set(found)
    assert str(stranger) not in found


def test_the_list_is_one_statement_however_long_it_is(town, admin, statements):
    town.call("GET", HERE, token=admin)
    assert len(statements) == 3, statements  # who says the region, who asks, and the list


def test_changed_duties_hold_from_the_next_request_on(town, admin):
    email, staff_id = town.staff("regional_admin")
    token = town.log_in(email).json["access_token"]
    assert town.call("GET", HERE, token=token).status_code == 200
    changed = town.call("PATCH", f"{HERE}/{staff_id}", {"memberships": [OFFICER]}, token=admin)
    assert [duty["role"] for duty in changed.json["memberships"]] == ["department_officer"]
    assert town.call("GET", HERE, token=token).status_code == 403
    assert town.actions(staff_id) == ["accounts.staff_created", "accounts.duties_changed"]


def test_an_admin_cannot_take_away_its_own_admin_role_nor_disable_itself_nor_give_itself_a_duty(town):
    email, staff_id = town.staff("regional_admin")
    token = town.log_in(email).json["access_token"]
    for method, body, code in (
        ("PATCH", {"memberships": [OFFICER]}, "accounts.own_admin_role"),
        ("DELETE", None, "accounts.own_admin_role"),
        ("PATCH", {"disabled": True}, "accounts.not_oneself"),
        ("PATCH", {"memberships": [{"role": "regional_admin"}, OFFICER]}, "accounts.not_oneself"),
    ):
        answer = town.call(method, f"{HERE}/{staff_id}", body, token=token)
        assert (answer.status_code, answer.json["code"]) == (403, code)
    kept = [{"role": "regional_admin"}]
    assert town.call("PATCH", f"{HERE}/{staff_id}", {"memberships": kept}, token=token).status_code == 200


def test_a_disabled_account_is_signed_out_and_comes_back_when_enabled(town, admin):
    email, staff_id = town.staff("triage")
    tokens = town.log_in(email).json
    answer = town.call("PATCH", f"{HERE}/{staff_id}", {"disabled": True}, token=admin)
    assert answer.json["state"] == "disabled"
    assert town.call("GET", "/v1/me", token=tokens["access_token"]).status_code == 401
    assert town.call("POST", "/v1/auth/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401
    assert town.log_in(email).status_code == 401
    assert town.call("PATCH", f"{HERE}/{staff_id}", {"disabled": False}, token=admin).json["state"] == "active"
    assert town.log_in(email).status_code == 200
    assert town.actions(staff_id)[1:] == ["accounts.staff_disabled", "accounts.staff_enabled"]


def test_who_serves_elsewhere_can_lose_their_duties_here_but_not_their_account(town, admin):
    email, staff_id = town.staff("triage")
    assert (
        invite(town, town.staff_token("regional_admin", region="nairobi"), email, {"role": "validator"}, path=THERE).status_code
        == 201
    )
    token = town.log_in(email).json["access_token"]
    duties = [(duty["region"], duty["role"]) for duty in town.call("GET", "/v1/me", token=token).json["memberships"]]
    assert sorted(duties) == [("banda-aceh", "triage"), ("nairobi", "validator")]
    refused = town.call("PATCH", f"{HERE}/{staff_id}", {"disabled": True}, token=admin)
    assert (refused.status_code, refused.json["code"]) == (403, "accounts.serves_elsewhere")
    assert town.call("DELETE", f"{HERE}/{staff_id}", token=admin).status_code == 204
    assert town.call("GET", f"{HERE}/{staff_id}", token=admin).status_code == 404
    (left,) = town.call("GET", "/v1/me", token=token).json["memberships"]
    assert left["region"] == "nairobi"


def test_a_platform_admins_account_is_out_of_a_regional_admins_reach(town, admin):
    email, staff_id = town.staff("platform_admin")
    assert invite(town, admin, email, {"role": "leader"}).status_code == 201
    refused = town.call("PATCH", f"{HERE}/{staff_id}", {"disabled": True}, token=admin)
    assert refused.json["code"] == "accounts.serves_elsewhere"
    by_its_peer = town.call("PATCH", f"{HERE}/{staff_id}", {"disabled": True}, token=town.staff_token("platform_admin"))
    assert by_its_peer.json["state"] == "disabled"


def test_making_an_account_on_the_command_line_twice_changes_nothing(town):
    email, staff_id = town.staff("department_head", department="pupr")
    tokens = town.log_in(email).json
    with town.unit() as ctx:
        again = create_staff(
            ctx, email=email, password="kata sandi yang panjang", name="X", role="department_head", department_key="pupr"
        )
    assert again == staff_id
    assert town.call("GET", "/v1/me", token=tokens["access_token"]).json["name"] == "Petugas Contoh"
    assert town.actions(staff_id) == ["accounts.staff_created"]


def test_the_people_of_a_department_are_found_with_their_language(town):
    people = Accounts()
    email, head = town.staff("department_head", department="pupr")
    _, officer = town.staff("department_officer", department="pupr")
    town.staff("field_officer", department="pupr")
    town.staff("department_officer", department="dlhk")
    with town.unit() as ctx:
        create_staff(ctx, email=email, password=None, name="", role="department_officer", department_key="pupr")
        found = people.staff_of_department(ctx, "pupr")
        assert {head, officer} <= {contact.account_id for contact in found}
        assert len(found) == len({contact.account_id for contact in found})
        assert people.contact_of(ctx, "staff", head).email == email
    with town.unit("nairobi") as ctx:
        assert people.staff_of_department(ctx, "pupr") == []
