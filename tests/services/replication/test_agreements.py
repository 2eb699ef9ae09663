"""What the region's admins keep in the register, who reads it, and what is refused."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select, update

from backend.core.ids import new_id
from backend.data.audit import AuditEntry
from backend.data.unit_of_work import unit_of_work
from backend.files.models import FileRow
from services.replication.domain import status_on
from services.replication.models import Agreement
from services.replication.queries import CHECKS
from services.replication.schemas import shown_agreement
from tests.journeys.test_main_job import upload
from tests.people import Person
from tests.services.replication.conftest import counted

LIST = "replication/agreements"


def one(agreement):
    return f"{LIST}/{agreement['id']}"


def ids(answered):
    assert answered.status_code == 200, answered.get_json()
    return [item["id"] for item in answered.get_json()["items"]]


def faults(answered):
    assert answered.status_code == 422, answered.get_json()
    return {fault["field"]: fault["code"] for fault in answered.get_json()["errors"]}


def test_an_agreement_is_recorded_read_replaced_and_retired(house, admin, anybody, form):
    made = admin.post(LIST, form)
    agreement = made.get_json()
    assert made.status_code == 201, agreement
    assert made.headers["Location"] == f"/v1/regions/banda-aceh/{one(agreement)}"
    said = {name: value for name, value in form.items() if name != "file_ids"}
    assert said.items() <= agreement.items()
    assert (agreement["status"], agreement["files"]) == ("in_force", [])
    read = anybody.get(one(agreement))
    assert read.get_json() == agreement
    assert read.headers["ETag"] == made.headers["ETag"]
    assert ids(anybody.get(LIST)) == [agreement["id"]]

    edit = {"headers": {"If-Match": read.headers["ETag"]}}
    replaced = admin.put(one(agreement), form | {"ends_on": "2025-12-31"}, **edit)
    assert replaced.status_code == 200, replaced.get_json()
    assert replaced.get_json()["status"] == "expired"
    assert admin.put(one(agreement), form, **edit).status_code == 412
    assert admin.delete(one(agreement), **edit).status_code == 412
    gone = admin.delete(one(agreement), headers={"If-Match": replaced.headers["ETag"]})
    assert gone.status_code == 204
    assert admin.get(one(agreement)).status_code == 404
    assert ids(admin.get(LIST)) == []
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        lines = select(AuditEntry.action, AuditEntry.details["version"].as_integer()).where(AuditEntry.subject == agreement["id"])
        told = ctx.session.execute(lines.order_by(AuditEntry.id)).all()
    names = ("recorded", "replaced", "retired")
    assert told == [(f"replication.agreement_{name}", version) for version, name in enumerate(names, start=1)]


def test_what_is_not_public_is_there_for_the_regions_admins_alone(record, staff, citizen, anybody):
    agreement = record(public=False)
    for person in (staff("regional_admin"), staff("platform_admin")):
        assert ids(person.get(LIST)) == [agreement["id"]]
        assert person.get(one(agreement)).get_json() == agreement
    for person in (anybody, citizen(), staff("triage"), staff("leader")):
        assert ids(person.get(LIST)) == []
        assert person.get(one(agreement)).status_code == 404
    stranger = replace(staff("regional_admin", region="sumedang"), region="banda-aceh")
    assert ids(stranger.get(LIST)) == []
    assert stranger.get(one(agreement)).status_code == 404


def test_nobody_else_keeps_the_register(record, form, staff, citizen, anybody):
    agreement = record()
    tag = {"headers": {"If-Match": '"v1"'}}
    stranger = replace(staff("regional_admin", region="sumedang"), region="banda-aceh")
    for person, status in ((anybody, 401), (citizen(), 403), (staff("triage"), 403), (stranger, 403)):
        assert person.post(LIST, form).status_code == status
        assert person.put(one(agreement), form, **tag).status_code == status
        assert person.delete(one(agreement), **tag).status_code == status
    assert anybody.get(one(agreement)).get_json() == agreement


def test_an_agreement_of_another_region_is_not_there(record, form, staff):
    there = staff("regional_admin", region="sumedang")
    agreement = record(there)
    assert there.get(one(agreement)).status_code == 200
    admin = staff("regional_admin")
    assert admin.get(one(agreement)).status_code == 404
    assert admin.put(one(agreement), form, headers={"If-Match": '"v1"'}).status_code == 404
    assert admin.delete(one(agreement), headers={"If-Match": '"v1"'}).status_code == 404
    assert ids(admin.get(LIST)) == []


@pytest.mark.parametrize("match", [None, "", "*", "v1", '"1"', '"v1', '"v1", "v2"', '"v99999999999999999999"'])
def test_an_edit_says_what_it_edits(record, admin, form, match):
    agreement = record()
    headers = {} if match is None else {"If-Match": match}
    for answered in (admin.put(one(agreement), form, headers=headers), admin.delete(one(agreement), headers=headers)):
        assert (answered.status_code, answered.get_json()["code"]) == (412, "request.if_match_needed")


def test_of_two_edits_at_once_one_is_told_that_it_came_late(app, record, admin, form):
    agreement = record()

    def edit(number):
        person = Person(app.test_client(), token=admin.token)
        return person.put(one(agreement), form | {"number": f"{number}"}, headers={"If-Match": '"v1"'}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(edit, range(4))) == [200, 412, 412, 412]


def test_a_form_sent_twice_with_one_idempotency_key_is_one_agreement(admin, form):
    key = {"headers": {"Idempotency-Key": str(new_id())}}
    first, second = (admin.post(LIST, form, **key) for _ in range(2))
    assert first.get_json() == second.get_json()
    assert len(ids(admin.get(LIST))) == 1


def party(**changed):
    return {"name": "Pemerintah Kota Bandung", "region": None, "role": "giver", **changed}


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"kind": "hibah"}, {"kind": "request.not_one_of"}),
        ({"number": " "}, {"number": "request.blank"}),
        ({"title": "x" * 301}, {"title": "request.wrong_length"}),
        ({"signed_on": "24/05/2025"}, {"signed_on": "request.not_date"}),
        ({"ends_on": "2025-05-31"}, {"ends_on": "replication.ends_before_start"}),
        ({"starts_on": None, "ends_on": "2025-05-23"}, {"ends_on": "replication.ends_before_start"}),
        ({"parties": [party()]}, {"parties": "request.wrong_length"}),
        ({"parties": [party(), party(role="owner")]}, {"parties.1.role": "request.not_one_of"}),
        ({"parties": [party(), party(region="atlantis")]}, {"parties.1.region": "replication.unknown_region"}),
        ({"modules": ["e-RK"]}, {"modules.0": "request.wrong_form"}),
        ({"document_url": "http://example.org/pks.pdf"}, {"document_url": "request.not_url"}),
        ({"document_url": "javascript:alert(1)"}, {"document_url": "request.not_url"}),
        ({"file_ids": ["0195f3a2-6c1e-7000-8000-000000000001"]}, {"file_ids.0": "files.unknown"}),
        ({"file_ids": ["0195f3a2-6c1e-7000-8000-000000000001"] * 2}, {"file_ids.1": "replication.page_twice"}),
        ({"public": "yes"}, {"public": "request.not_boolean"}),
        ({"signatory": "Wali Kota"}, {"signatory": "request.unknown_field"}),
    ],
)
def test_a_form_that_makes_no_sense_is_refused_by_name(admin, form, changed, refused):
    answered = admin.post(LIST, form | changed)
    assert faults(answered) == refused
    assert all(fault["detail"] != fault["code"] for fault in answered.get_json()["errors"])
    assert ids(admin.get(LIST)) == []


def test_an_agreement_starts_when_it_is_signed_if_nothing_else_is_said(record):
    assert record(starts_on=None)["starts_on"] == "2025-05-24"


def test_the_scan_is_held_shown_and_a_page_that_is_left_out_is_gone(house, work, admin, anybody, form):
    first, second, third = (upload(admin) for _ in range(3))
    made = admin.post(LIST, form | {"file_ids": [first, second]})
    agreement = made.get_json()
    assert [(page["id"], page["kind"]) for page in agreement["files"]] == [(first, "scan"), (second, "scan")]
    assert anybody.get(agreement["files"][0]["url"]).mimetype == "image/jpeg"

    edit = {"headers": {"If-Match": made.headers["ETag"]}}
    strange = admin.put(one(agreement), form | {"file_ids": [second, str(new_id()), third]}, **edit)
    assert faults(strange) == {"file_ids.1": "files.unknown"}
    assert admin.get(one(agreement)).get_json() == agreement
    changed = admin.put(one(agreement), form | {"file_ids": [third, second]}, **edit)
    assert [page["id"] for page in changed.get_json()["files"]] == [third, second]
    work()
    assert anybody.get(agreement["files"][0]["url"]).status_code == 404
    assert anybody.get(agreement["files"][1]["url"]).status_code == 200
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        held = select(FileRow.id).where(FileRow.held_by == "replication", FileRow.region_id == ctx.region.id)
        assert {str(file_id) for file_id in ctx.session.scalars(held)} == {second, third}


def test_a_page_that_somebody_else_uploaded_or_that_is_held_already_is_none(record, admin, form, citizen):
    held = upload(admin)
    record(file_ids=[held])
    for page in (held, upload(citizen())):
        assert faults(admin.post(LIST, form | {"file_ids": [page]})) == {"file_ids.0": "files.unknown"}


def test_reconcile_names_the_pages_on_which_agreement_and_file_differ(house, record, admin):
    [check] = CHECKS
    agreement = record(file_ids=[upload(admin)])
    page = agreement["files"][0]["id"]
    record(number="2")
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        assert list(check.find(ctx)) == []
        ctx.session.execute(update(FileRow).where(FileRow.held_by == "replication").values(held_id=new_id()))
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        [(subject, words)] = check.find(ctx)
    assert str(subject) == page
    assert agreement["id"] in words


@pytest.mark.parametrize(
    ("day", "ends_on", "status"),
    [
        (date(2025, 5, 31), None, "not_yet_in_force"),
        (date(2025, 6, 1), None, "in_force"),
        (date(2099, 1, 1), None, "in_force"),
        (date(2025, 6, 30), date(2025, 6, 30), "in_force"),
        (date(2025, 7, 1), date(2025, 6, 30), "expired"),
        (date(2025, 5, 31), date(2025, 6, 30), "not_yet_in_force"),
    ],
)
def test_an_agreement_is_in_force_from_its_first_day_to_its_last(day, ends_on, status):
    assert status_on(day, starts_on=date(2025, 6, 1), ends_on=ends_on) == status


def test_the_day_is_the_regions_own(house, record):
    agreement = record(starts_on="2025-06-01")
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        row = ctx.session.scalars(select(Agreement).where(Agreement.region_id == ctx.region.id)).one()
        midnight = datetime(2025, 5, 31, 17, 0, tzinfo=UTC)  # in Jakarta's time
        before = shown_agreement(replace(ctx, started_at=midnight.replace(hour=16, minute=59)), row)
        after = shown_agreement(replace(ctx, started_at=midnight), row)
    assert (before["status"], after["status"]) == ("not_yet_in_force", "in_force")
    assert str(before["id"]) == agreement["id"]


def test_the_list_is_paged_without_loss_the_last_signed_first(record, anybody):
    days = ("2024-01-02", "2025-03-04", "2025-03-04", "2023-05-06", "2025-03-04")
    made = [record(number=str(number), signed_on=day, starts_on=None) for number, day in enumerate(days)]
    right = [item["id"] for item in sorted(made, key=lambda item: (item["signed_on"], item["id"]), reverse=True)]
    found, cursor = [], ""
    while cursor is not None:
        page = anybody.get(f"{LIST}?limit=2{cursor and f'&cursor={cursor}'}")
        found += ids(page)
        cursor = page.get_json()["next_cursor"]
    assert found == right
    assert faults(anybody.get(f"{LIST}?cursor=W10")) == {"cursor": "request.bad_cursor"}


def test_a_list_is_as_many_statements_however_long_it_is(house, record, anybody):
    counts = []
    for more in (1, 4):
        for number in range(more):
            record(number=str(number))
        with counted(house) as statements:
            anybody.get(LIST)
        counts.append(len(statements))
    assert counts == [2, 2]  # the context's own, and the list's


def test_the_record_of_an_agreement_names_no_person(house, admin, record):
    record()
    me = admin.get("/v1/me").get_json()["id"]
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        row = select(func.to_jsonb(Agreement.__table__.table_valued())).where(Agreement.region_id == ctx.region.id)
        assert me not in str(ctx.session.scalars(row).one())
