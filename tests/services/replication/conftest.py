"""The room switched on in the shipped regions, and an empty register before each test."""

from contextlib import contextmanager

import pytest
from sqlalchemy import delete, event

from backend.data.unit_of_work import unit_of_work
from backend.files.models import FileRow
from backend.files.operations import remove_files
from services.replication.models import Agreement

REGIONS = ("banda-aceh", "sumedang")


@pytest.fixture(autouse=True)
def register(house, staff):
    """Switch the room on where it is off, and leave it as it was."""
    off = [region for region in REGIONS if not house.directory.find(region).enabled("replication")]
    _switch(house, staff, off, enabled=True)
    _empty(house)
    yield
    _empty(house)
    _switch(house, staff, off, enabled=False)


def _empty(house):
    """Remove the agreements with the pages that they hold."""
    for region in REGIONS:
        with unit_of_work(house.ground, region=house.directory.find(region)) as ctx:
            remove_files(ctx, FileRow.held_by == "replication")
            ctx.session.execute(delete(Agreement).where(Agreement.region_id == ctx.region.id))


def _switch(house, staff, regions, *, enabled):
    for region in regions:
        switched = staff("regional_admin", region=region).put("modules/replication", {"enabled": enabled})
        assert switched.status_code == 200, switched.get_json()
    if regions:
        house.directory.refresh()


@contextmanager
def counted(house):
    """Yield the statements that are sent meanwhile."""
    statements = []

    def note(*words):
        statements.append(words[2])

    event.listen(house.ground.engine, "before_cursor_execute", note)
    yield statements
    event.remove(house.ground.engine, "before_cursor_execute", note)


@pytest.fixture
def admin(staff):
    return staff("regional_admin")


@pytest.fixture
def form():
    """What Banda Aceh and Jakarta signed on 24 May 2025, with a number of our own."""
    return {
        "kind": "cooperation",
        "number": "CONTOH/001/PKS/2025",
        "title": "Pengembangan Integrasi Layanan Publik Berbasis Digital dan Branding",
        "signed_on": "2025-05-24",
        "starts_on": "2025-06-01",
        "ends_on": None,
        "parties": [
            {"name": "UP Jakarta Smart City", "region": None, "role": "giver"},
            {"name": "Diskominfotik Kota Banda Aceh", "region": "banda-aceh", "role": "receiver"},
        ],
        "modules": ["complaints"],
        "document_url": "https://example.org/pks.pdf",
        "file_ids": [],
        "public": True,
    }


@pytest.fixture
def record(admin, form):
    """Return a function that records an agreement and returns it."""

    def record(person=admin, **changed):
        made = person.post("replication/agreements", form | changed)
        assert made.status_code == 201, made.get_json()
        return made.get_json()

    return record
