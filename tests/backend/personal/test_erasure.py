"""Erasure where it is hard: a process dies on the way, something is under way, a module is off, a store is large."""

import io
import re
import zipfile
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text, update

from backend.accounts.models import Citizen, Erasure
from backend.accounts.operations import personal
from backend.core.clock import utc_now
from backend.core.ids import new_id
from backend.data.migrating import owner_engine
from backend.data.unit_of_work import unit_of_work
from backend.files.models import FileRow
from services.complaints.models import Complaint
from services.notifications.models import Notification
from tests.backend.personal.conftest import photo
from tests.journeys.test_main_job import report, upload
from workers.tasks import carry_due


@pytest.fixture
def unit(house):
    return lambda **options: unit_of_work(house.ground, region=house.directory.find("banda-aceh"), **options)


@pytest.fixture
def erase(anybody, work):
    """Return a function that erases a citizen, as far as the commit; the engine house does nothing after it."""

    def erase(person):
        asked = {"phone": person.phone, "region": "banda-aceh", "purpose": "erasure"}
        request_id = anybody.post("/v1/auth/otp", asked).get_json()["request_id"]
        work()
        sent = anybody.get("/demo/messages", query_string={"to": person.phone}).get_json()["items"]
        code = next(found[0] for each in sent if (found := re.match(r"\d{6}(?= .*(?:ERASE|MENGHAPUS))", each["text"])))
        got = person.post("/v1/me/erasure", {"request_id": request_id, "code": code})
        assert got.status_code == 200, got.get_json()
        return got.get_json()

    return erase


def blobs_of(house, file_id):
    return [key for key in house.ground.blobs.keys("banda-aceh") if file_id in key]


def second_look(house, unit):
    """Let the time pass after which the clock looks again."""
    with unit() as ctx:
        ctx.session.execute(update(Erasure).values(erased_at=utc_now() - 2 * personal.SECOND_LOOK))
    with unit() as ctx:
        personal.finish_erasures(ctx)


def test_pictures_go_though_the_process_dies_between_the_commit_and_their_deletion(citizen, erase, work, house, monkeypatch):
    person = citizen()
    held, loose = upload(person), upload(person)
    report(person, file_ids=[held])
    work()
    assert [len(blobs_of(house, name)) for name in (held, loose)] == [2, 2]
    erase(person)  # and nobody rings: as if the process had died right after the commit
    assert [len(blobs_of(house, name)) for name in (held, loose)] == [2, 2]

    def dies(key):
        raise OSError(key)

    with monkeypatch.context() as broken:  # and the store is away when the worker comes
        broken.setattr(house.ground.blobs, "delete", dies)
        assert carry_due(house, "files.remove_bytes") == 0
    with owner_engine(house.ground.settings.owner_url).begin() as connection:
        connection.execute(text("UPDATE deliveries SET next_at = now() WHERE done_at IS NULL"))
    work()
    assert [len(blobs_of(house, name)) for name in (held, loose)] == [0, 0]


def test_a_thumbnail_that_comes_too_late_goes_too(citizen, erase, work, house, unit):
    person = citizen()
    name = upload(person)
    finishing = house.registry.subscriptions["files.finish"][1].handler
    uploaded = SimpleNamespace(subject=UUID(name))
    with unit() as ctx:
        prepared = finishing.prepare(ctx, uploaded)
    answer = finishing.call(prepared, key="-")
    late = prepared.blobs.get(prepared.thumbnail)
    erase(person)
    work()
    assert blobs_of(house, name) == []
    prepared.blobs.put(prepared.thumbnail, late, "image/jpeg")  # as if its call had ended only now
    with unit() as ctx:
        finishing.record(ctx, uploaded, prepared, answer)
    assert blobs_of(house, name) != []
    work()
    assert blobs_of(house, name) == []


def test_what_was_under_way_in_that_moment_goes_with_a_second_look(citizen, erase, house, unit):
    person = citizen()
    account = UUID(person.get("/v1/me").get_json()["id"])
    complaint = report(person)
    receipt = erase(person)
    with unit() as ctx:  # a request and a delivery that had begun before it and commit after it
        mine = (Complaint.region_id == ctx.region.id, Complaint.id == UUID(complaint["id"]))
        ctx.session.execute(update(Complaint).where(*mine).values(reporter_id=account, description="late"))
        ctx.session.add(
            Notification(
                region_id=ctx.region.id,
                account_kind="citizen",
                account_id=account,
                template="complaints.moved",
                title="late",
                body="late",
                created_at=ctx.now(),
                event_id=new_id(),
            )
        )
    with unit() as ctx:
        personal.finish_erasures(ctx)  # too early: such a request may still run
        assert ctx.session.get_one(Erasure, (ctx.region.id, UUID(receipt["id"]))).account_id == account
    second_look(house, unit)
    with unit() as ctx:
        row = ctx.session.get_one(Complaint, (ctx.region.id, UUID(complaint["id"])))
        assert (row.reporter_id, row.description) == (None, "")
        assert ctx.session.query(Notification).filter_by(region_id=ctx.region.id, account_id=account).all() == []
        assert ctx.session.get_one(Erasure, (ctx.region.id, UUID(receipt["id"]))).account_id is None


def test_erasing_again_changes_nothing(citizen, erase, house, unit):
    person = citizen()
    account = UUID(person.get("/v1/me").get_json()["id"])
    report(person)
    assert erase(person)["rows"]["complaints"] == 1
    with unit() as ctx:
        assert house.registry.erase_personal_data(ctx, account) == {}


def test_a_module_that_is_off_forgets_as_well(citizen, erase, house, unit, monkeypatch):
    person = citizen()
    account = UUID(person.get("/v1/me").get_json()["id"])
    report(person)
    region = house.directory.find("banda-aceh")
    off = {name: state for name, state in region.modules.items() if name not in {"complaints", "notifications"}}
    monkeypatch.setattr(house.directory, "find", lambda _: _with(region, off))
    rows = erase(person)["rows"]
    assert {"complaints", "complaints_moves", "citizens"} <= set(rows)
    monkeypatch.undo()
    with unit() as ctx:
        assert ctx.session.get(Citizen, (ctx.region.id, account)) is None


def _with(region, modules):
    changed = object.__new__(type(region))
    changed.__dict__.update(region.__dict__ | {"modules": modules})
    return changed


def test_others_keep_what_is_theirs(citizen, erase, house, unit):
    person, other = citizen(), citizen()
    theirs = report(other, description="Milik orang lain.", file_ids=[upload(other)])
    assert person.post(f"complaints/{theirs['id']}/support").get_json()["support_count"] == 1
    erase(person)
    shown = other.get(f"complaints/{theirs['id']}").get_json()
    assert (shown["description"], shown["support_count"], len(shown["files"])) == ("Milik orang lain.", 0, 1)


def test_an_answer_that_was_erased_is_not_given_and_nothing_is_done_twice(citizen, erase, work, staff):
    person = citizen()
    complaint = report(person, description="Rahasia pelapor.")
    work()
    unit = person.get(f"complaints/{complaint['id']}").get_json()["department"]["key"]
    officer, key = staff("department_officer", unit), {"Idempotency-Key": str(uuid4())}
    path, move = f"complaints/{complaint['id']}/moves", {"move": "accept"}
    assert "Rahasia" in officer.post(path, move, headers=key).get_data(as_text=True)
    assert officer.post(path, move, headers=key).status_code == 200
    erase(person)
    again = officer.post(path, move, headers=key)
    assert (again.status_code, again.get_json()["code"]) == (409, "idempotency.answer_erased")


def test_a_large_export_comes_in_parts_that_lead_to_one_another(citizen, monkeypatch):
    person = citizen()
    names = {
        person.post("files", data={"file": (io.BytesIO(photo()), "f.jpg")}, content_type="multipart/form-data").get_json()["id"]
        for _ in range(5)
    }
    monkeypatch.setattr(personal, "PART_BYTES", 60_000)
    path, parts, found = "/v1/me/export", 0, set()
    while path:
        got = person.get(path)
        assert got.status_code == 200
        assert len(got.data) < 150_000
        entries = set(zipfile.ZipFile(io.BytesIO(got.data)).namelist())
        assert ("data.json" in entries) == (parts == 0)
        assert not entries & found
        found |= entries
        parts += 1
        path = got.headers["Link"].partition("<")[2].partition(">")[0] if "Link" in got.headers else None
    assert found == {"data.json", *(f"pictures/{name}.jpg" for name in names)}
    assert parts > 2


def test_a_picture_whose_bytes_are_gone_does_not_stop_the_export(citizen, house, unit):
    person = citizen()
    name = upload(person)
    for key in blobs_of(house, name):
        house.ground.blobs.delete(key)
    assert zipfile.ZipFile(io.BytesIO(person.get("/v1/me/export").data)).namelist() == ["data.json"]
    with unit() as ctx:
        assert ctx.session.get(FileRow, (ctx.region.id, UUID(name))) is not None


def test_messages_of_the_demo_are_forgotten_after_a_week(citizen, house, unit, anybody):
    person = citizen()
    with owner_engine(house.ground.settings.owner_url).begin() as connection:
        old = utc_now() - timedelta(days=8)
        connection.execute(text('UPDATE demo_messages SET at = :old WHERE "to" = :phone'), {"old": old, "phone": person.phone})
    with unit() as ctx:
        house.registry.subscriptions["accounts.forget_old"][1].handler(ctx, None)
    assert anybody.get("/demo/messages", query_string={"to": person.phone}).get_json()["items"] == []
