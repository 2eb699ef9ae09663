"""What tests of complaints share: many complaints at once."""

import pytest
from sqlalchemy import delete, insert

from backend.core.ids import new_id
from backend.data.unit_of_work import unit_of_work
from services.complaints.models import Complaint
from tests.journeys.test_main_job import report


@pytest.fixture
def region(house):
    return house.directory.find("banda-aceh")


@pytest.fixture
def lay(citizen, house, region):
    """Return a function that lays complaints like a new one, each changed in its own way, for the time of the test."""
    laid = []

    def lay(changes, **of_first):
        first = report(citizen(), **of_first)["id"]
        with unit_of_work(house.ground, region=region) as ctx:
            row = ctx.session.get_one(Complaint, (region.id, first))
            kept = {column.key: getattr(row, column.key) for column in Complaint.__table__.c if not column.computed}
            rows = [kept | {"id": (id_ := new_id()), "number": f"BNA-{id_}"} | change for change in changes]
            laid.extend(row["id"] for row in rows)
            ctx.session.execute(insert(Complaint), rows, execution_options={"render_nulls": True})
        return [str(row["id"]) for row in rows]

    yield lay
    with unit_of_work(house.ground, region=region) as ctx:
        ctx.session.execute(delete(Complaint).where(Complaint.region_id == region.id, Complaint.id.in_(laid)))
