"""What tests of the command centre share: a region in which all is counted."""

import pytest

from backend.data.unit_of_work import unit_of_work
from services.complaints.operations.recounting import begin_recount
from tests.journeys.test_main_job import report


@pytest.fixture
def centre(house, work, citizen):
    """A routed report, in a region of which every report is counted."""
    complaint = report(citizen(), category="JLN-01")
    with unit_of_work(house.ground, region=house.directory.find("banda-aceh")) as ctx:
        begin_recount(ctx)
    work()
    return complaint
