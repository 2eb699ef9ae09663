"""Every figure is recomputed in plain words from the lines of the histories, and equals, however often it was counted."""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from backend.sdk.indicators import Asked
from services.complaints.models import NEVER, Complaint, ComplaintMove
from services.complaints.queries.cases import settings_of
from services.complaints.queries.indicators import INDICATORS, read_figures

KEYS = frozenset(indicator.key for indicator in INDICATORS.indicators)
FINAL = {"closed", "rejected", "withdrawn", "merged", "transferred"}
ON_A_CLOCK_OF_THE_OFFICE = {"submitted", "accepted", "in_progress", "awaiting_validation"}
DONE = {"resolved", "closed"}


@dataclass
class Told:
    """What one history says."""

    complaint: Complaint
    answered_at: datetime | None = None
    resolved_at: datetime | None = None
    first_resolved_at: datetime | None = None
    reopened: bool = False


def read_history(complaint, lines):
    told = Told(complaint)
    for line in lines:
        before, after = line.from_state, line.to_state
        if before in {None, after}:
            continue
        if before == "rejected" and after == "submitted":  # an appeal begins anew
            told.answered_at = None
        elif before == "submitted" and line.role not in {"reporter", "system"}:
            told.answered_at = told.answered_at or line.at
        if before in ON_A_CLOCK_OF_THE_OFFICE and after in DONE:
            told.resolved_at = line.at
            told.first_resolved_at = told.first_resolved_at or line.at
        if before in DONE and after in ON_A_CLOCK_OF_THE_OFFICE:
            told.resolved_at, told.reopened = None, True
    if complaint.state not in DONE:
        told.resolved_at = None
    return told


def histories(ctx):
    lines = defaultdict(list)
    for line in ctx.session.scalars(select(ComplaintMove).order_by(ComplaintMove.at, ComplaintMove.id)):
        lines[line.complaint_id].append(line)
    return [
        read_history(complaint, lines[complaint.id])
        for complaint in ctx.session.scalars(select(Complaint))
        if complaint.confidentiality != "sealed"
    ]


def expected(ctx):  # noqa: C901 - a figure a line, and what they share
    """Return value and n of each figure, in all and by dimension, and of each day, from the histories alone."""
    told, now, zone = histories(ctx), ctx.now(), ctx.region.zone
    today = now.astimezone(zone).date()

    def day(at: datetime | None) -> date | None:
        return at and at.astimezone(zone).date()

    def recent(at: datetime | None) -> bool:
        return at is not None and today - timedelta(days=30) < day(at) <= today

    def clock(each):
        ticking = each.complaint.state in ON_A_CLOCK_OF_THE_OFFICE and each.complaint.next_due_at < NEVER
        return each.complaint.next_due_at if ticking else None

    opened = [each for each in told if each.complaint.state not in FINAL]
    resolved = [each for each in told if recent(each.resolved_at)]
    answered = [each for each in told if recent(each.answered_at) and each.complaint.response_due_at]
    timed = [each for each in resolved if each.complaint.due_at]
    first = [each for each in told if recent(each.first_resolved_at)]

    def hours(each):
        return int((each.resolved_at - each.complaint.submitted_at).total_seconds() // 60) / 60

    def count(members):
        return (len(members), None)

    def share(holds):
        return lambda members: (sum(map(holds, members)) / len(members) if members else None, len(members))

    def mean(members):
        return (sum(map(hours, members)) / len(members) if members else None, len(members))

    whole = {
        "open": (opened, count, None),
        "late": ([each for each in opened if clock(each) and clock(each) <= now], count, None),
        "due_today": ([each for each in opened if clock(each) and clock(each) > now and day(clock(each)) == today], count, None),
        "received": ([e for e in told if recent(e.complaint.submitted_at)], count, lambda e: e.complaint.submitted_at),
        "resolved": (resolved, count, lambda e: e.resolved_at),
        "response_on_time": (answered, share(lambda e: e.answered_at <= e.complaint.response_due_at), lambda e: e.answered_at),
        "completion_on_time": (timed, share(lambda e: e.resolved_at <= e.complaint.due_at), lambda e: e.resolved_at),
        "reopened": (first, share(lambda e: e.reopened), lambda e: e.first_resolved_at),
        "time_to_resolve": (resolved, mean, lambda e: e.resolved_at),
    }

    def district(code):
        chain = ctx.ground.regions.chain(ctx.region.id, code) if code else ()
        return chain[1].code if len(chain) > 1 else ""

    keys = {
        "department": lambda e: e.complaint.department or "",
        "area": lambda e: e.complaint.area_code or "",
        "district": lambda e: district(e.complaint.area_code),
        "category": lambda e: e.complaint.category,
    }
    days = [today - timedelta(days=n) for n in reversed(range(30))]
    figures = {}
    for name, (members, make, at) in whole.items():
        by = {
            dimension: {key: make([m for m in members if of(m) == key]) for key in {of(m) for m in members}}
            for dimension, of in keys.items()
        }
        if name == "open":
            by["state"] = {s: make([m for m in members if m.complaint.state == s]) for s in {m.complaint.state for m in members}}
        series = [(on, *make([m for m in members if day(at(m)) == on])) for on in days] if at else []
        figures[f"complaints.{name}"] = (make(members), by, series)
    return figures


def rounded(pair):
    return tuple(round(each, 6) if isinstance(each, float) else each for each in pair)


def shown(ctx):
    return {
        key: (
            rounded((reading.value, reading.n)),
            {name: {part.key: rounded((part.value, part.n)) for part in parts} for name, parts in reading.by.items()},
            [(day.on, *rounded((day.value, day.n))) for day in reading.days],
        )
        for key, reading in read_figures(ctx, Asked(keys=KEYS, parts=True)).items()
    }


def same(ctx):
    right = {
        key: (
            rounded(whole),
            {name: {k: rounded(p) for k, p in parts.items()} for name, parts in by.items()},
            [(on, *rounded(pair)) for on, *pair in series],
        )
        for key, (whole, by, series) in expected(ctx).items()
    }
    told = shown(ctx)
    for key in sorted(KEYS):
        assert told[key][0] == right[key][0], key
        for name, parts in told[key][1].items():
            assert parts == right[key][1][name], (key, name)
        assert told[key][2] == right[key][2], key
    return right


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_figures_are_what_the_histories_say(lives, seed):
    chance = random.Random(seed)  # noqa: S311 - lives, not secrets
    lives.recount()
    moves = set()
    for _ in range(25):
        lives.submit(chance)
        lives.go_on(chance, hours=4)
    for turn in range(330):
        moves.add(lives.move(chance))
        lives.go_on(chance, hours=9)
        if chance.random() < 0.08:
            lives.submit(chance)
        if chance.random() < 0.2:
            lives.tally(chance)
        if turn % 110 == 109:
            lives.tally()
            with lives.unit() as ctx:
                same(ctx)
    assert {"accept", "reject", "ask_information", "answer", "merge", "transfer", "reassign", "appeal", "withdraw"} <= moves
    assert lives.recount().found == 0


def test_a_figure_changes_by_the_calendar_alone(lives):
    chance = random.Random(4)  # noqa: S311 - as above
    lives.recount()
    for _ in range(40):
        lives.submit(chance)
        lives.move(chance)
        lives.go_on(chance, hours=18)
    lives.tally()
    seen = set()
    for day in range(40):
        with lives.unit() as ctx:
            right = same(ctx)
            seen.add(tuple(right[f"complaints.{name}"][0] for name in ("late", "due_today", "received")))
        lives.now += timedelta(days=1)
        if day % 7 == 0:
            assert lives.recount().found == 0
    assert len(seen) > 10


def test_resolved_reopened_and_resolved_again_counts_once(lives):
    chance = random.Random(5)  # noqa: S311 - as above
    lives.recount()
    while not lives.ids:
        lives.submit(chance)
    (case, *_) = lives.ids
    road = ["assign", "accept", "start", "submit_evidence", "validate", "reopen", "submit_evidence", "validate", "confirm"]
    with lives.unit() as ctx:
        assert road[-1] in settings_of(ctx).workflow.move_by_key
    for move in road:
        lives.make(case, move)
        lives.now += timedelta(hours=30)
    lives.tally()
    with lives.unit() as ctx:
        right = same(ctx)
    assert right["complaints.resolved"][0] == (1, None)
    assert right["complaints.reopened"][0] == (1.0, 1)
