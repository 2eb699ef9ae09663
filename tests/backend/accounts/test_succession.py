"""Memberships of a unit that a pack ends: they follow to the unit that takes over, so that officers see their cases."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from backend.accounts.declaration import module
from backend.accounts.models import Membership
from backend.data.context import Duty
from backend.modules.contract import PACKED
from backend.modules.proposals import Proposal, Side, Unit

(RULES,) = module.contributes[PACKED]
HEIRS = {"dlhk": "dlh", "dlh": "lingkungan"}


def side(region, *keys):
    units = {key: Unit(key=key, name=f"Dinas {key}", kind="department", types=()) for key in keys}
    return Side(region=region, areas={}, units=units, boundaries=list)


@pytest.fixture
def propose(town):
    """Return a function that says what a pack would do which ends `dlhk` and lets others follow."""
    region = town.house.directory.find("banda-aceh")

    def propose(**changes):
        proposal = Proposal(before=side(region, "dlhk", "pupr"), after=side(region, "lingkungan", "pupr"), unit_successors=HEIRS)
        return replace(proposal, **changes)

    return propose


@pytest.fixture
def officers(town):
    """Three people: of the unit that ends; of it and another; of it by way of two units at once."""
    with town.unit() as ctx:
        ctx.session.query(Membership).filter_by(region_id=ctx.region.id).delete()
    one, two, three = (town.staff("department_officer", department="dlhk")[1] for _ in range(3))
    with town.unit() as ctx:
        for staff_id, duty in (
            (two, Duty(role="department_head", department_key="pupr")),
            (three, Duty(role="department_officer", department_key="lingkungan")),
            (three, Duty(role="department_officer", department_key="dlh")),
        ):
            row = {"region_id": ctx.region.id, "staff_id": staff_id, "role": duty.role, "department_key": duty.department_key}
            ctx.session.add(Membership(**row))
    return one, two, three


def duties(town, staff_id):
    with town.unit() as ctx:
        rows = ctx.session.scalars(
            select(Membership).where(Membership.region_id == ctx.region.id, Membership.staff_id == staff_id)
        )
        return sorted((row.role, row.department_key) for row in rows)


def follow(town, proposal):
    with town.unit() as ctx:
        RULES.follow(ctx, proposal)


def test_memberships_follow_and_nobody_has_one_twice(town, officers, propose):
    one, two, three = officers
    follow(town, propose())
    assert duties(town, one) == [("department_officer", "lingkungan")]
    assert duties(town, two) == [("department_head", "pupr"), ("department_officer", "lingkungan")]
    assert duties(town, three) == [("department_officer", "lingkungan")]
    assert [town.actions(each)[-1] for each in officers] == ["accounts.duties_followed"] * 3
    follow(town, propose())
    assert [town.actions(each).count("accounts.duties_followed") for each in officers] == [1, 1, 1]


def test_a_plan_says_how_many_go_where(town, officers, propose):
    with town.unit() as ctx:
        (effect,) = RULES.foresee(ctx, propose())
    assert (effect.code, effect.blocks) == ("accounts.memberships_follow", False)
    assert effect.params == {"unit": "Dinas dlhk", "count": 3, "successor": "Dinas lingkungan"}


def test_without_a_successor_they_stay_and_the_plan_says_so(town, officers, propose):
    proposal = propose(unit_successors={})
    with town.unit() as ctx:
        (effect,) = RULES.foresee(ctx, proposal)
    assert (effect.code, effect.params["count"]) == ("accounts.memberships_left", 3)
    follow(town, proposal)
    assert duties(town, officers[0]) == [("department_officer", "dlhk")]


def test_a_pack_that_ends_no_unit_asks_nothing_and_moves_nobody(town, officers, propose):
    proposal = propose(after=propose().before, unit_successors={})
    with town.unit() as ctx:
        assert list(RULES.foresee(ctx, proposal)) == []
    follow(town, proposal)
    assert duties(town, officers[0]) == [("department_officer", "dlhk")]


def test_the_successor_of_a_unit_that_had_ended_before_has_its_people_once_it_is_named(town, officers, propose):
    now = propose(before=side(propose().after.region, "lingkungan", "pupr"))
    follow(town, now)
    assert duties(town, officers[0]) == [("department_officer", "lingkungan")]


@pytest.mark.parametrize("successors", [{"dlhk": "dlhk"}, {"dlhk": "dlh", "dlh": "dlhk"}, {"dlhk": "nobody"}])
def test_successors_that_lead_nowhere_lead_nobody_there(town, officers, propose, successors):
    follow(town, propose(unit_successors=successors))
    assert duties(town, officers[0]) == [("department_officer", "dlhk")]
