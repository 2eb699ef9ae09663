"""What the figures ask of a workflow: which of its states are open, are the office's, and are done; and when to recount."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from typing import Any

from services.complaints.domain.workflow import Clock, Workflow

WINDOW_DAYS = 30  # over which shares are taken
OFFICE = frozenset({Clock.RESPONSE, Clock.COMPLETION, Clock.VALIDATION})  # the clocks that the office is held to
_RECOUNTED_EVERY = timedelta(days=1)
_NIGHT = (time(1), time(4))
_SLACK = timedelta(hours=6)  # a night that was missed is made up for by day


@dataclass(frozen=True, kw_only=True)
class StateRule:
    """What a state means for the figures.

    `held`: the office is on a clock. `asking`: nobody has answered yet. `resting`: nothing is to be done but by the reporter.
    `done`: the work is said to be done.
    """

    key: str
    open: bool
    held: bool = False
    asking: bool = False
    resting: bool = False
    done: bool = False


def rules_of(workflow: Workflow, former: Mapping[str, bool]) -> list[dict[str, Any]]:
    """Return the rules of the workflow's states, and of those that packs no longer have: `former` says which were final."""
    return [asdict(rule) for rule in _rules(workflow, former)]


def _rules(workflow: Workflow, former: Mapping[str, bool]) -> Iterator[StateRule]:
    for state in workflow.states:
        yield StateRule(
            key=state.key,
            open=not state.final,
            held=state.clock in OFFICE,
            asking=state.clock is Clock.RESPONSE,
            resting=state.clock in {Clock.CONFIRMATION, Clock.NONE},
            done=state.key in workflow.rateable,
        )
    for key, final in former.items():
        if key not in workflow.state_by_key:
            yield StateRule(key=key, open=not final, resting=final)


def recount_is_due(now: datetime, last: datetime | None) -> bool:
    """Say whether to recount, at an instant of the region's zone: at once where it never was done, then each night."""
    if last is None:
        return True
    by_night = _NIGHT[0] <= now.time() < _NIGHT[1]
    return now - last > (_RECOUNTED_EVERY - _SLACK if by_night else _RECOUNTED_EVERY + _SLACK)
