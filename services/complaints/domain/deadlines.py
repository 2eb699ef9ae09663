"""The due dates of one case, from its submission and through its moves."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.complaints.domain.categories import Category
from services.complaints.domain.clocks import Span, WorkCalendar, due_after, due_after_pause, half
from services.complaints.domain.moves import ClockChange, Outcome
from services.complaints.domain.workflow import Clock, State


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    """When the category's two clocks and the state's own timer ring; None where there is none."""

    response_due_at: datetime | None
    due_at: datetime | None
    state_due_at: datetime | None = None
    paused_at: datetime | None = None

    def current(self, state: State) -> datetime | None:
        """Return the one the case is held to in that state."""
        by_category = {Clock.RESPONSE: self.response_due_at, Clock.COMPLETION: self.due_at}
        return by_category.get(state.clock, self.state_due_at)


def first_deadlines(category: Category, *, now: datetime, calendar: WorkCalendar) -> Deadlines:
    """Start both clocks: completion counts from the submission, too, so that accepting late wins no time."""
    return Deadlines(response_due_at=_due(now, category.response, calendar), due_at=_due(now, category.completion, calendar))


def next_deadlines(
    current: Deadlines, outcome: Outcome, category: Category, *, now: datetime, calendar: WorkCalendar
) -> Deadlines:
    """Return the due dates after a move."""
    after = current
    if outcome.clocks is ClockChange.PAUSE:
        after = replace(current, paused_at=now)
    elif outcome.clocks is ClockChange.RESUME:
        after = _resumed(current, category, now, calendar)
    elif outcome.clocks is ClockChange.HALF:
        span = category.completion and half(category.completion)
        after = replace(current, due_at=_due(now, span, calendar))
    elif outcome.clocks is ClockChange.RESTART:
        after = first_deadlines(category, now=now, calendar=calendar)
    return replace(after, state_due_at=_due(now, outcome.timer, calendar)) if outcome.entered else after


def _resumed(current: Deadlines, category: Category, now: datetime, calendar: WorkCalendar) -> Deadlines:
    def moved(due_at: datetime | None, span: Span | None) -> datetime | None:
        if due_at is None or span is None or current.paused_at is None:
            return due_at
        return due_after_pause(due_at, span, calendar, paused_at=current.paused_at, resumed_at=now)

    return replace(
        current,
        response_due_at=moved(current.response_due_at, category.response),
        due_at=moved(current.due_at, category.completion),
        paused_at=None,
    )


def _due(start: datetime, span: Span | None, calendar: WorkCalendar) -> datetime | None:
    return due_after(start, span, calendar) if span else None
