"""Who follows whom, where a decree ends units and others take over their work."""

from collections.abc import Collection, Mapping

from backend.modules.proposals import Proposal


def heir_of(key: str, successors: Mapping[str, str | None], in_use: Collection[str]) -> str | None:
    """Return who has taken over in the end: `key` itself while it is in use, None where nobody in use follows."""
    seen: set[str] = set()
    at: str | None = key
    while at is not None and at not in in_use and at not in seen:
        seen.add(at)
        at = successors.get(at)
    return at if at in in_use else None


def heirs_in(proposal: Proposal) -> dict[str, str]:
    """Return the unit that takes over from each that is not in use once the proposal is applied, by key.

    Also from those that ended before: their successor may have been named only now.
    """
    in_use = proposal.after.units
    ended = {*proposal.ended_units, *(proposal.unit_successors.keys() - in_use.keys())}
    found = {key: heir_of(key, proposal.unit_successors, in_use) for key in sorted(ended)}
    return {key: heir for key, heir in found.items() if heir}
