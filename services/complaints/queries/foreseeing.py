"""What a pack would do to the complaints there are, counted in one statement. Sealed ones are in no number."""

from collections.abc import Iterator, Mapping
from typing import Any

from backend.sdk.data import Prepared
from backend.sdk.domain import Context, in_language
from backend.sdk.packs import Effect, Proposal, Side, heirs_in
from services.complaints.queries.replaying import replay
from services.complaints.queries.rulebooks import Rulebook, rulebook

_COUNT = "count(*) FILTER (WHERE NOT confidentiality = 'sealed')"
# What ends, by kind: which complaints it concerns. `origins` are states that a case may have to go back to.
_CONCERNED = {
    "unit": ("department", "department = ANY(%(unit)s) AND state = ANY(%(open)s) AND NOT confidentiality = 'sealed'"),
    "custodian": ("custodian", "custodian = ANY(%(custodian)s) AND confidentiality = 'sealed'"),
    "area": ("area_code", "area_code = ANY(%(area)s) AND NOT confidentiality = 'sealed'"),
    "category": ("category", "category = ANY(%(category)s) AND state = ANY(%(open)s) AND NOT confidentiality = 'sealed'"),
    "state": ("state", "state = ANY(%(state)s)"),
    "origin": ("origin", "origin = ANY(%(origin)s)"),
}
_FROM = {"origin": "complaints, jsonb_array_elements_text(origins) AS origin"}

Counts = Mapping[tuple[str, str], int]  # by kind and word; sealed cases are counted as none, but they are there


def foresee(ctx: Context, proposal: Proposal) -> Iterator[Effect]:
    """Yield what the proposal would do to complaints; it blocks where some would be left to nobody."""
    before, after = rulebook(proposal.before), rulebook(proposal.after)
    if proposal.before is None or before is None:
        return
    states = _gone(before, after, "states")
    words = {
        "unit": proposal.ended_units,
        "custodian": proposal.ended_units,
        "area": proposal.ended_areas,
        "category": _gone(before, after, "categories"),
        "state": states,
        "origin": states,
    }
    counts = _count(ctx, words, before)
    yield from _units(ctx, proposal, proposal.before, before, counts)
    for code in proposal.ended_areas:
        if count := counts.get(("area", code), 0):
            yield _area(proposal, proposal.before, code, count)
    for code in words["category"]:
        if count := counts.get(("category", code), 0):
            name = in_language(before.settings.categories[code].name, ctx.locale)
            yield Effect(code="complaints.category_ends", params={"category": name, "count": count})
    yield from _states(ctx, before, states, counts)
    if after is not None:
        yield from replay(ctx, proposal, before, after)


def _gone(before: Rulebook, after: Rulebook | None, kind: str) -> list[str]:
    """Return the categories no longer to be reported, or the states no longer to be reached."""

    def said(book: Rulebook | None) -> set[str]:
        if book is None:
            return set()
        if kind == "states":
            return set(book.settings.workflow.state_by_key)
        return {code for code, category in book.settings.categories.items() if category.active}

    # A room that a pack leaves out is switched off as it is, not emptied.
    return sorted(said(before) - said(after)) if after else []


def _count(ctx: Context, words: Mapping[str, list[str]], before: Rulebook) -> Counts:
    asked = {kind: found for kind, found in words.items() if found}
    pieces = [
        f"SELECT '{kind}' AS kind, {_CONCERNED[kind][0]} AS word, {_COUNT} AS times FROM {_FROM.get(kind, 'complaints')}"  # noqa: S608 - all of it is ours
        f" WHERE region_id = %(region)s AND {_CONCERNED[kind][1]} GROUP BY word"
        for kind in asked
    ]
    if not pieces:
        return {}
    values: dict[str, Any] = {"region": ctx.region.id, "open": list(before.open_states), **asked}
    return {(row.kind, row.word): row.times for row in Prepared(" UNION ALL ".join(pieces)).all(ctx.session, **values)}


def _units(ctx: Context, proposal: Proposal, side: Side, book: Rulebook, counts: Counts) -> Iterator[Effect]:
    custodians = {category.custodian for category in book.settings.categories.values() if category.sealed}
    heirs = heirs_in(proposal)
    for key in proposal.ended_units:
        unit, heir = side.units[key], heirs.get(key)
        successor = proposal.after.units[heir].name if heir else ""
        count = counts.get(("unit", key), 0)
        if count and heir:
            yield Effect(code="complaints.unit_ends", params={"unit": unit.name, "count": count, "successor": successor})
        elif count:
            yield Effect(code="complaints.unit_needs_successor", params={"unit": unit.name, "count": count}, blocks=True)
        # Whether it has sealed cases is nobody's to know: a custodian by the pack is spoken of in any case.
        if ("custodian", key) not in counts and custodians.isdisjoint(unit.types):
            continue
        if heir is None:
            yield Effect(code="complaints.custodian_needs_successor", params={"unit": unit.name}, blocks=True)
        elif heir in ctx.actor.departments():
            # As with duties: an admin who made themselves custodian would open sealed cases.
            yield Effect(code="complaints.custody_to_oneself", params={"unit": unit.name, "successor": successor}, blocks=True)
        else:
            yield Effect(code="complaints.custodian_ends", params={"unit": unit.name, "successor": successor})


def _area(proposal: Proposal, side: Side, code: str, count: int) -> Effect:
    params: dict[str, Any] = {"area": f"{side.areas[code].name} ({code})", "count": count}
    follow = [proposal.after.areas[each].name for each in proposal.area_successors.get(code, ()) if each in proposal.after.areas]
    if not follow:
        return Effect(code="complaints.area_ends_alone", params=params)
    return Effect(code="complaints.area_ends", params=params | {"successors": ", ".join(follow)})


def _states(ctx: Context, before: Rulebook, states: list[str], counts: Counts) -> Iterator[Effect]:
    for key in states:
        name = in_language(before.settings.workflow.state_by_key[key].label, ctx.locale)
        in_it = [counts[kind, key] for kind in ("state", "origin") if (kind, key) in counts]
        if in_it and key in before.open_states:
            yield Effect(code="complaints.state_in_use", params={"state": name}, blocks=True)
        elif sum(in_it):
            yield Effect(code="complaints.state_ends", params={"state": name, "count": sum(in_it)})
