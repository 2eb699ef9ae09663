"""The reports of the last weeks, routed once more: which of them another pack would send elsewhere."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from backend.sdk.data import Box, Prepared
from backend.sdk.domain import Context
from backend.sdk.packs import Effect, Proposal, Side, heirs_in
from services.complaints.domain.linting import Place
from services.complaints.queries.rulebooks import Rulebook

DAYS = 30
MOST_GROUPS = 100  # of reports that go the same way, the largest first
_NUMBERS = 5  # of each group
_NOWHERE = Box(south=1.0, west=1.0, north=-1.0, east=-1.0)
# Places are read only where areas are drawn anew, or have ended: elsewhere the area says all.
_DOUBTFUL = "lat BETWEEN %(south)s AND %(north)s AND lng BETWEEN %(west)s AND %(east)s OR NOT area_code = ANY(%(areas)s)"
_RECENT = Prepared(f"""
    SELECT category, area_code, lat, lng, count(*) AS reports,
        (array_agg(number ORDER BY submitted_at DESC))[1:{_NUMBERS}] AS numbers
    FROM (
        SELECT category, area_code, number, submitted_at,
            CASE WHEN {_DOUBTFUL} THEN lat END AS lat, CASE WHEN {_DOUBTFUL} THEN lng END AS lng
        FROM complaints
        WHERE region_id = %(region)s AND submitted_at >= %(since)s AND NOT confidentiality = 'sealed'
            AND category = ANY(%(categories)s)) recent
    GROUP BY category, area_code, lat, lng""")  # noqa: S608 - conditions of our own


def replay(ctx: Context, proposal: Proposal, before: Rulebook, after: Rulebook) -> Iterator[Effect]:
    """Yield how many reports would go to another unit than by the rules that hold; nothing where no report can.

    A unit that takes over from one that ends is no other unit. Sealed reports are left out.
    """
    drawn_anew = _drawn_anew(before.side, after.side)
    if drawn_anew is None and _decide_alike(before, after):
        return
    known = before.settings.categories.keys() & after.settings.categories.keys()
    found = _RECENT.all(
        ctx.session,
        region=ctx.region.id,
        since=ctx.now() - timedelta(days=DAYS),
        categories=list(known),
        areas=list(before.side.areas.keys() & after.side.areas.keys()),
        **(drawn_anew or _NOWHERE)._asdict(),
    )
    if not found:
        return
    heirs = heirs_in(proposal)
    ways: dict[tuple[str, str | None, str | None, str | None], list[Any]] = defaultdict(list)
    decided: dict[tuple[str, Place, Place], tuple[str | None, str | None]] = {}
    for row in found:
        places = (_place_then(before.side, row), _place_now(after.side, row, proposal))
        if (key := (row.category, *places)) not in decided:
            decided[key] = (before.department(row.category, places[0]), after.department(row.category, places[1]))
        was, goes = decided[key]
        if goes != heirs.get(was or "", was):
            ways[row.category, row.area_code, was, goes].append(row)
    moved = sum(row.reports for rows in ways.values() for row in rows)
    yield Effect(
        code="complaints.would_go_elsewhere",
        params={"moved": moved, "of": sum(row.reports for row in found), "days": DAYS},
        details=tuple(_details(ways)),
    )


def _decide_alike(before: Rulebook, after: Rulebook) -> bool:
    said = [(book.facts, book.settings.rules, book.settings.categories, book.chains) for book in (before, after)]
    return said[0] == said[1]


def _drawn_anew(before: Side, after: Side) -> Box | None:
    """Return the box of all places that could lie in another area than before."""
    changed = {*before.boundaries()} ^ {*after.boundaries()}
    return replace(after, boundaries=lambda: changed).index.bounds(after.region.id) if changed else None


def _place_then(side: Side, row: Any) -> Place:
    """Return the area in which the report was found when it came."""
    return row.area_code if row.area_code in side.areas or row.lat is None else _at(side, row)


def _place_now(side: Side, row: Any, proposal: Proposal) -> Place:
    """Return the area in which it would be found; one whose place is forgotten lies where its area is, or is followed."""
    if row.lat is not None:
        return _at(side, row)
    now = (row.area_code, *proposal.area_successors.get(row.area_code, ()))
    return next((code for code in now if code in side.areas), None)


def _at(side: Side, row: Any) -> Place:
    match = side.index.find_area(side.region.id, row.lat, row.lng)
    return match.code if match else None


def _details(ways: dict[tuple[str, str | None, str | None, str | None], list[Any]]) -> Iterator[dict[str, Any]]:
    counted: Sequence[tuple[int, Any]] = [(sum(row.reports for row in rows), way) for way, rows in ways.items()]
    for count, way in sorted(counted, key=lambda each: (-each[0], str(each[1])))[:MOST_GROUPS]:
        category, area, was, goes = way
        numbers = [number for row in ways[way] for number in row.numbers][:_NUMBERS]
        yield {"category": category, "area": area, "from": was, "to": goes, "count": count, "numbers": numbers}
