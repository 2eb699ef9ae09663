"""The room on the whole installation, with what its packs bring."""

from html import unescape

import pytest
from sqlalchemy import select, update

from backend.data.unit_of_work import unit_of_work
from services.service_info.models import KINDS


@pytest.fixture
def text():
    """Return a function that returns what a page says, once its status is right."""

    def text(answered, status=200):
        page = answered.get_data(as_text=True)
        assert answered.status_code == status, page
        return unescape(page)

    return text


@pytest.fixture
def admin(browser, staff):
    return browser(staff("regional_admin"))


@pytest.fixture(autouse=True)
def as_it_was(house):
    """Retire what a test has added, and bring back what it has taken away."""
    region = house.directory.find("banda-aceh")
    with unit_of_work(house.ground, region=region) as ctx:
        before = {kind: set(ctx.session.scalars(_standing(ctx, model))) for kind, model in KINDS.items()}
    yield
    with unit_of_work(house.ground, region=region) as ctx:
        for kind, model in KINDS.items():
            here = model.region_id == ctx.region.id
            ctx.session.execute(update(model).where(here, model.key.in_(before[kind])).values(retired_at=None))
            ctx.session.execute(update(model).where(here, model.key.not_in(before[kind])).values(retired_at=ctx.now()))


def _standing(ctx, model):
    return select(model.key).where(model.region_id == ctx.region.id, model.retired_at.is_(None))
