"""What an app says before it sends a report of an emergency: whom to call there, and that nobody is sent."""

from dataclasses import replace

import pytest

from backend.data.unit_of_work import unit_of_work
from services.complaints.queries.cases import settings_of
from services.complaints.queries.shaping import emergency_notice

HOTLINE = {"key": "emergency", "label": {"en": "Emergency call"}, "phone": "999"}
WEBSITE = {"key": "website", "label": {"en": "Website"}, "url": "https://example.org"}


@pytest.mark.parametrize(
    ("contacts", "begins"),
    [
        ([WEBSITE, HOTLINE], "If anybody is in danger, call 999 now."),
        ([WEBSITE], "If anybody is in danger, call for help now."),
        ([], "If anybody is in danger, call for help now."),
    ],
)
def test_it_names_the_number_that_the_region_has_for_emergencies(house, contacts, begins):
    region = house.directory.find("bandung")
    with unit_of_work(house.ground, region=region, locale="en") as ctx:
        category = next(each for each in settings_of(ctx).categories.values() if each.emergency)
        elsewhere = replace(ctx, region_or_none=replace(region, identity={**region.identity, "contacts": contacts}))
        assert emergency_notice(elsewhere, category).startswith(begins)
