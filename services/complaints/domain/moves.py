"""Who may make which move on a case, and what comes of it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.complaints.domain.actors import CUSTODIANS, MACHINES, UNIT_ROLES, ActorFacts, Role
from services.complaints.domain.cases import JUDGEMENTS, PUBLISH, REJECT, UNPUBLISH, CaseFacts
from services.complaints.domain.clocks import Span, WorkCalendar, open_until
from services.complaints.domain.workflow import (
    ORIGIN,
    SAME,
    Clock,
    Move,
    Need,
    State,
    Workflow,
    alternatives,
    asked_of,
)

ALWAYS_TAKEN = frozenset({Need.NOTE, Need.FILES, Need.REASON})


class Hindrance(StrEnum):
    """Why a move that is the actor's to make cannot be made now."""

    UNKNOWN = "unknown"  # the region's workflow has no such move
    STATE = "state"  # not from the state the case is in
    TIMES = "times"  # made as often as it may be
    LATE = "late"  # its time is over
    SEALED = "sealed"  # would carry a sealed case out of its custodian's hands
    PUBLICATION = "publication"  # not published, or never to be


class ClockChange(StrEnum):
    """What a move does to the clocks of the category; staff never restart one."""

    KEEP = "keep"  # the clock runs on
    PAUSE = "pause"
    RESUME = "resume"
    HALF = "half"  # the reporter reopened: half the completion time from now
    RESTART = "restart"  # the reporter brought a finished case back to its beginning: both clocks anew


class MoveRefusedError(Exception):
    """A move that is not made; the kinds below say why."""


class NotYoursError(MoveRefusedError):
    """This actor does not make this move on this case, in whatever state it is."""


class IllegalMoveError(MoveRefusedError):
    """Not now: `allowed` has the keys of what this actor may do instead, `why` the hindrance."""

    def __init__(self, allowed: tuple[str, ...], why: Hindrance) -> None:
        super().__init__(why)
        self.allowed = allowed
        self.why = why


class NeedsError(MoveRefusedError):
    """What was supplied does not fit the move: `needs`, each a word or words joined by `_or_`."""

    def __init__(self, needs: tuple[str, ...]) -> None:
        super().__init__(", ".join(needs))
        self.needs = needs


class MissingNeedsError(NeedsError):
    """The move asks for more."""


class UnwantedNeedsError(NeedsError):
    """The move does not take this. Nothing that would change a case is ignored in silence."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a move leaves behind. `role` is the one it was made in, `timer` the new state's own clock, from now.

    `entered` is false where the state stays, and its timer with it. A changed department leaves no assignee behind
    but the one the move names.
    """

    move: Move
    role: str
    state: str
    entered: bool
    origins: tuple[str, ...]
    department_changed: bool
    clocks: ClockChange
    timer: Span | None


def allowed_moves(
    workflow: Workflow, case: CaseFacts, actor: ActorFacts, *, now: datetime, calendar: WorkCalendar
) -> tuple[Move, ...]:
    """Return the moves the actor may make now, in the table's order, each with the needs asked of this actor here."""
    held = _held(workflow, case, actor)
    return tuple(
        replace(move, needs=_asked(move, case, roles[0]))
        for move in workflow.moves
        if (roles := _roles(move, case, held)) and _hindrance(workflow, move, case, now=now, calendar=calendar) is None
    )


def decide_move(
    workflow: Workflow,
    case: CaseFacts,
    actor: ActorFacts,
    move_key: str,
    supplied: Collection[str],
    *,
    now: datetime,
    calendar: WorkCalendar,
    department: str | None = None,
) -> Outcome:
    """Return what the move leads to; raise the `MoveRefusedError` that says why it is not made.

    `supplied` has the words of `Need` the request brings, but for the department: its key is given as `department`.
    Whether assignee, cluster and files are fit is not judged here.
    """

    def refused(why: Hindrance) -> IllegalMoveError:
        allowed = allowed_moves(workflow, case, actor, now=now, calendar=calendar)
        return IllegalMoveError(tuple(move.key for move in allowed), why)

    move = workflow.move_by_key.get(move_key)
    if move is None:
        raise refused(Hindrance.UNKNOWN)
    roles = _roles(move, case, _held(workflow, case, actor))
    if not roles:
        raise NotYoursError(move_key)
    if why := _hindrance(workflow, move, case, now=now, calendar=calendar):
        raise refused(why)
    if case.sealed and department not in {None, case.custodian}:
        raise refused(Hindrance.SEALED)
    brought = (set(supplied) - {Need.DEPARTMENT}) | ({Need.DEPARTMENT} if department else set())
    if missing := tuple(need for need in _asked(move, case, roles[0]) if alternatives(need).isdisjoint(brought)):
        raise MissingNeedsError(missing)
    if unwanted := brought - move.takes - ALWAYS_TAKEN:
        raise UnwantedNeedsError(tuple(sorted(unwanted)))
    return _outcome(workflow, move, case, roles[0], changed=department not in {None, case.department})


def may_rate(workflow: Workflow, case: CaseFacts, actor: ActorFacts) -> bool:
    """Say whether this actor may rate: the reporter alone, once, when the work is said to be done."""
    return actor.is_reporter and not case.rated and case.state in workflow.rateable


def _roles(move: Move, case: CaseFacts, held: frozenset[str]) -> tuple[str, ...]:
    """Return which of the roles held on this case may make this move, in the move's order."""
    by: tuple[str, ...] = move.by
    if case.under_appeal and move.key in JUDGEMENTS:  # an appeal is decided by a validator, in triage's place
        by = (Role.VALIDATOR,) if Role.TRIAGE in by else ()
    return tuple(role for role in by if role in held)


def _held(workflow: Workflow, case: CaseFacts, actor: ActorFacts) -> frozenset[str]:
    """Return the roles the actor has on this case: a sealed one knows its reporter, machines and custodian only."""
    own = {Role.REPORTER} if actor.is_reporter else set()
    own |= {role for role in MACHINES if actor.has(role)}
    if case.sealed:
        if case.custodian in actor.departments(CUSTODIANS):
            own |= {Role.TRIAGE, Role.DEPARTMENT_OFFICER, Role.DEPARTMENT_HEAD, Role.VALIDATOR}
    else:
        own |= {role for role in (Role.TRIAGE, Role.VALIDATOR) if actor.has(role)}
        own |= {role for role in UNIT_ROLES if case.department in actor.departments({role})}
    if Role.VALIDATOR in own and not _second_person(workflow, case, actor):
        own.remove(Role.VALIDATOR)
    return frozenset(own)


def _second_person(workflow: Workflow, case: CaseFacts, actor: ActorFacts) -> bool:
    """Say whether the actor judges another's work: not their own evidence or refusal, nor that of their own unit."""
    if not case.sealed and case.department in actor.departments():
        return False
    judged = case.last_made({REJECT} if case.under_appeal else workflow.evidence_moves)
    return judged is None or judged.by is None or judged.by != actor.account_id


def _hindrance(workflow: Workflow, move: Move, case: CaseFacts, *, now: datetime, calendar: WorkCalendar) -> Hindrance | None:
    no_way_back = move.to == ORIGIN and not (case.origins and case.origins[-1] in workflow.state_by_key)
    if case.state not in workflow.sources(move) or no_way_back:
        return Hindrance.STATE
    if move.times is not None and sum(made.move == move.key for made in case.history) >= move.times:
        return Hindrance.TIMES
    if move.within and now >= open_until(case.entered_at, move.within, calendar):
        return Hindrance.LATE
    if case.sealed and Need.CLUSTER in move.takes:
        return Hindrance.SEALED
    if (move.key == PUBLISH and not case.publishable) or (move.key == UNPUBLISH and not case.published):
        return Hindrance.PUBLICATION
    return None


def _asked(move: Move, case: CaseFacts, role: str) -> tuple[str, ...]:
    """Return the needs of a move here: files are asked for where the category asks for photos."""
    return tuple(need for need in asked_of(move, role) if need != Need.FILES or case.files_required)


def _outcome(workflow: Workflow, move: Move, case: CaseFacts, role: str, *, changed: bool) -> Outcome:
    old = workflow.state_by_key[case.state]
    origins: tuple[str, ...] = ()
    if move.to == ORIGIN:
        target, origins = case.origins[-1], case.origins[:-1]
    elif move.to == SAME:
        target = workflow.initial if move.hands_over and changed else old.key
    else:
        target = move.to
    if target == old.key:
        origins = case.origins
    elif target in workflow.side_states and move.to != ORIGIN:
        origins = (*case.origins, old.key)
    new = workflow.state_by_key[target]
    return Outcome(
        move=move,
        role=role,
        state=target,
        entered=target != old.key,
        origins=origins,
        department_changed=changed,
        clocks=_clock_change(old, new, role),
        timer=new.timer if target != old.key else None,
    )


def _clock_change(old: State, new: State, role: str) -> ClockChange:
    if (old.clock is Clock.PAUSED) is not (new.clock is Clock.PAUSED):
        return ClockChange.RESUME if old.clock is Clock.PAUSED else ClockChange.PAUSE
    if role == Role.REPORTER and old.clock in {Clock.CONFIRMATION, Clock.NONE}:
        fresh = {Clock.COMPLETION: ClockChange.HALF, Clock.RESPONSE: ClockChange.RESTART}
        return fresh.get(new.clock, ClockChange.KEEP)
    return ClockChange.KEEP
