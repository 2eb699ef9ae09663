"""States and moves as a pack writes them, and the checker that refuses a table in which a case could be lost."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from services.complaints.domain.actors import MACHINES, MOVERS, Role
from services.complaints.domain.clocks import Span

ANY, NOT_FINAL = "any", "not_final"  # in a move's `sources`, instead of states
SAME, ORIGIN = "same", "origin"  # as a move's target, instead of a state
ESCALATE = "escalate"  # as what the end of a clock does, instead of a move


class Clock(StrEnum):
    """Which clock a state is on: the first two are the category's, the next three the state's own timer."""

    RESPONSE = "response"
    COMPLETION = "completion"
    PAUSED = "paused"
    VALIDATION = "validation"
    CONFIRMATION = "confirmation"
    NONE = "none"


OWN_TIMER = frozenset({Clock.PAUSED, Clock.VALIDATION, Clock.CONFIRMATION})


class Need(StrEnum):
    """What a move may ask for. In a move they can be joined by `_or_`: one of them is enough."""

    NOTE = "note"
    DEPARTMENT = "department"
    ASSIGNEE = "assignee"
    FILES = "files"
    REASON = "reason"
    CLUSTER = "cluster"
    AUTHORITY = "authority"
    NUMBER = "number"  # the one the other authority gave


NEEDS = frozenset(Need)


def alternatives(need: str) -> frozenset[str]:
    """Return the words of a need of which one is enough: `department_or_assignee` has two."""
    return frozenset(need.split("_or_"))


@dataclass(frozen=True, kw_only=True)
class State:
    """Where a case can be. `at_end` is what the end of its clock does: `escalate`, or a move the system makes."""

    key: str
    label: Mapping[str, str]
    final: bool = False
    clock: Clock = Clock.NONE
    timer: Span | None = None
    at_end: str | None = None
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Move:
    """A step from some states to another. `within` counts from when the case entered the state it is in."""

    key: str
    label: Mapping[str, str]
    sources: tuple[str, ...]
    by: tuple[str, ...]
    to: str
    needs: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    times: int | None = None
    within: Span | None = None
    source: str = ""

    @property
    def takes(self) -> frozenset[str]:
        """Return every word the move asks for or takes."""
        return frozenset(word for need in (*self.needs, *self.optional) for word in alternatives(need))

    @property
    def hands_over(self) -> bool:
        """Say whether the move leaves the state alone, but starts over when it names another department."""
        return self.to == SAME and alternatives("department_or_assignee") <= self.takes


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """The table of a region. Build it from whatever a pack says; `check_workflow` says whether it holds."""

    initial: str
    states: tuple[State, ...]
    moves: tuple[Move, ...]

    @cached_property
    def state_by_key(self) -> Mapping[str, State]:
        """The states, by key."""
        return {state.key: state for state in self.states}

    @cached_property
    def move_by_key(self) -> Mapping[str, Move]:
        """The moves, by key."""
        return {move.key: move for move in self.moves}

    @cached_property
    def side_states(self) -> frozenset[str]:
        """The states that some move leaves for where the case came from, so that entering them remembers it."""
        return frozenset(source for move in self.moves if move.to == ORIGIN for source in self.sources(move))

    @cached_property
    def evidence_moves(self) -> frozenset[str]:
        """The moves that hand work to a validator."""
        judged = {state.key for state in self.states if state.clock is Clock.VALIDATION}
        return frozenset(move.key for move in self.moves if move.to in judged)

    @cached_property
    def rateable(self) -> frozenset[str]:
        """The states in which a reporter may rate: work awaits confirmation, or has got it."""
        waiting = {state.key for state in self.states if state.clock is Clock.CONFIRMATION}
        confirmed = {m.to for m in self.moves if Role.REPORTER in m.by and not waiting.isdisjoint(self.sources(m))}
        return frozenset(waiting | {s.key for s in self.states if s.final and s.key in confirmed})

    def sources(self, move: Move) -> frozenset[str]:
        """Return the known states the move leaves from."""
        if move.sources == (ANY,):
            return frozenset(self.state_by_key)
        if move.sources == (NOT_FINAL,):
            return frozenset(state.key for state in self.states if not state.final)
        return frozenset(move.sources) & self.state_by_key.keys()


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing wrong with a workflow: where (`states.limbo`), a stable code, and the word it is about."""

    place: str
    code: str
    word: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.code}{f' ({self.word})' if self.word else ''}"


def check_workflow(workflow: Workflow) -> tuple[Fault, ...]:
    """Return everything for which the workflow is refused; empty when it holds."""
    faults = (*_words(workflow), *(fault for state in workflow.states for fault in _clock_faults(workflow, state)))
    return faults or tuple(_path_faults(workflow))  # paths mean nothing while words are wrong


def _words(workflow: Workflow) -> Iterator[Fault]:
    """Find unknown, reserved and doubled words."""
    if workflow.initial not in workflow.state_by_key:
        yield Fault(place="initial", code="unknown_state", word=workflow.initial)
    yield from _doubled("states", [state.key for state in workflow.states])
    yield from _doubled("moves", [move.key for move in workflow.moves])
    known = {"unknown_state": workflow.state_by_key.keys(), "unknown_role": MOVERS, "unknown_need": NEEDS}
    for state in workflow.states:
        if state.key in {ANY, NOT_FINAL, SAME, ORIGIN}:
            yield Fault(place=f"states.{state.key}", code="reserved_word")
    for move in workflow.moves:
        place = f"moves.{move.key}"
        if not move.by:
            yield Fault(place=place, code="no_role")
        if not move.sources:
            yield Fault(place=place, code="no_source")
        states = [*(() if move.sources in ((ANY,), (NOT_FINAL,)) else move.sources), move.to]
        used = {
            "unknown_state": [word for word in states if not (word == move.to and word in {SAME, ORIGIN})],
            "unknown_role": move.by,
            "unknown_need": sorted(move.takes),
        }
        yield from (Fault(place=place, code=c, word=w) for c, words in used.items() for w in words if w not in known[c])


def _doubled(kind: str, keys: list[str]) -> Iterator[Fault]:
    return (Fault(place=f"{kind}.{key}", code="doubled") for key in sorted({k for k in keys if keys.count(k) > 1}))


def _clock_faults(workflow: Workflow, state: State) -> Iterator[Fault]:
    """Find states that wait for ever, and clocks that end in nothing."""
    place = f"states.{state.key}"
    if state.final:
        if state.clock is not Clock.NONE or state.timer or state.at_end:
            yield Fault(place=place, code="final_on_a_clock")
        return
    if state.clock is Clock.NONE:
        yield Fault(place=place, code="no_clock")
    elif (state.clock in OWN_TIMER) is not bool(state.timer):
        yield Fault(place=place, code="no_timer" if state.clock in OWN_TIMER else "two_clocks", word=state.clock)
    if state.at_end is None:
        yield Fault(place=place, code="clock_without_end")
    elif state.at_end != ESCALATE:
        move = workflow.move_by_key.get(state.at_end)
        if move is None:
            yield Fault(place=place, code="unknown_end", word=state.at_end)
        elif Role.SYSTEM not in move.by or state.key not in workflow.sources(move) or asked_of(move, Role.SYSTEM):
            yield Fault(place=place, code="end_not_for_system", word=state.at_end)


def _path_faults(workflow: Workflow) -> Iterator[Fault]:
    """Find states nothing leads to, or out of, and a first state that routing cannot give to a department."""
    straight, back = _edges(workflow)  # where a case can only go back to, it has been, and must have another way on
    final = {state.key for state in workflow.states if state.final}
    reached = _closure({workflow.initial}, straight)
    ending = _closure(final, [(b, a) for a, b in straight])
    ending |= {side for side, origin in back if origin in ending}
    for state in workflow.states:
        if state.key not in reached:
            yield Fault(place=f"states.{state.key}", code="unreachable")
        if state.key not in ending:
            yield Fault(place=f"states.{state.key}", code="endless")
    if workflow.initial in workflow.side_states:
        yield Fault(place="initial", code="no_origin", word=workflow.initial)
    if not any(
        Role.ROUTING in move.by and workflow.initial in workflow.sources(move) and Need.DEPARTMENT in move.needs
        for move in workflow.moves
    ):
        yield Fault(place="moves", code="no_routing")


def _edges(workflow: Workflow) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the ways on, and the ways back from side states to where cases come from."""
    moves = workflow.moves
    straight = [(s, m.to) for m in moves if m.to not in {SAME, ORIGIN} for s in workflow.sources(m)]
    straight += [(s, workflow.initial) for m in moves if m.hands_over for s in workflow.sources(m)]
    back = [(s, a) for m in moves if m.to == ORIGIN for s in workflow.sources(m) for a, b in straight if b == s]
    return straight, back


def _closure(start: set[str], edges: Iterable[tuple[str, str]]) -> set[str]:
    seen, fresh = set(start), set(start)
    while fresh:
        fresh = {b for a, b in edges if a in fresh} - seen
        seen |= fresh
    return seen


def asked_of(move: Move, role: str) -> tuple[str, ...]:
    """Return what the move asks of that role: words (note, reason) are asked of people, not of machines."""
    if role not in MACHINES:
        return move.needs
    return tuple(need for need in move.needs if not alternatives(need) <= {Need.NOTE, Need.REASON})
