"""The checker: the base table passes, and each way to lose a case is refused by name."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from backend import packs
from services.complaints.config import WorkflowSettings
from services.complaints.domain.clocks import Span, Unit
from services.complaints.domain.workflow import Clock, Move, State, Workflow, check_workflow

BASE: Workflow = WorkflowSettings().load(yaml.safe_load((Path(__file__).parent / "workflow.yaml").read_text()))
SHIPPED = Path(packs.__file__).parent / "shipped" / "base" / "complaints.yaml"
LABEL = {"en": "Somewhere"}


def faults(workflow):
    return {str(fault) for fault in check_workflow(workflow)}


def with_state(key, **changes):
    states = tuple(replace(state, **changes) if state.key == key else state for state in BASE.states)
    return replace(BASE, states=states)


def with_move(key, **changes):
    moves = tuple(replace(move, **changes) if move.key == key else move for move in BASE.moves)
    return replace(BASE, moves=moves)


def adding(state=None, *moves):
    return replace(BASE, states=BASE.states + ((state,) if state else ()), moves=BASE.moves + moves)


def test_the_base_workflow_holds():
    assert check_workflow(BASE) == ()


@pytest.mark.skipif(not SHIPPED.exists(), reason="the shipped pack is not in this checkout")
def test_the_shipped_workflow_passes_the_checker_and_has_the_states_and_moves_of_the_base():
    shipped = WorkflowSettings().load(yaml.safe_load(SHIPPED.read_text())["workflow"])
    assert shipped.state_by_key.keys() == BASE.state_by_key.keys()
    assert shipped.move_by_key.keys() == BASE.move_by_key.keys()
    assert shipped.side_states == BASE.side_states
    assert shipped.rateable == BASE.rateable


def test_a_state_that_nothing_leads_to_is_refused():
    limbo = State(key="limbo", label=LABEL, clock=Clock.COMPLETION, at_end="escalate")
    leave = Move(key="leave", label=LABEL, sources=("limbo",), by=("triage",), to="closed")
    assert faults(adding(limbo, leave)) == {"states.limbo: unreachable"}


def test_a_state_without_a_way_to_an_end_is_refused():
    swamp = State(key="swamp", label=LABEL, clock=Clock.COMPLETION, at_end="escalate")
    sink = Move(key="sink", label=LABEL, sources=("accepted",), by=("triage",), to="swamp")
    tread = Move(key="tread", label=LABEL, sources=("swamp",), by=("triage",), to="same")
    without_merge = replace(BASE, moves=tuple(m for m in BASE.moves if m.key not in {"merge", "unmerge"}))
    merged_gone = replace(without_merge, states=tuple(s for s in BASE.states if s.key != "merged"))
    stuck = replace(merged_gone, states=(*merged_gone.states, swamp), moves=(*merged_gone.moves, sink, tread))
    assert faults(stuck) == {"states.swamp: endless"}


def test_a_state_that_is_only_left_for_where_it_came_from_still_reaches_an_end():
    only_answer = replace(
        BASE, moves=tuple(m for m in BASE.moves if m.key not in {"expire", "withdraw", "reject", "merge", "unmerge"})
    )
    kept = tuple(s for s in only_answer.states if s.key not in {"merged", "withdrawn", "rejected"})
    moves = tuple(m for m in only_answer.moves if m.key != "appeal")
    answered = tuple(replace(s, at_end="escalate") if s.key == "needs_information" else s for s in kept)
    assert faults(replace(only_answer, states=answered, moves=moves)) == set()


def test_a_move_without_a_role_is_refused():
    assert faults(with_move("start", by=())) == {"moves.start: no_role"}


def test_a_move_from_nowhere_is_refused():
    assert faults(with_move("start", sources=())) == {"moves.start: no_source"}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"sources": ("accepted", "acepted")}, "moves.start: unknown_state (acepted)"),
        ({"to": "in_progres"}, "moves.start: unknown_state (in_progres)"),
        ({"by": ("department_oficer",)}, "moves.start: unknown_role (department_oficer)"),
        ({"by": ("leader",)}, "moves.start: unknown_role (leader)"),
        ({"needs": ("foto",)}, "moves.start: unknown_need (foto)"),
        ({"needs": ("note_or_foto",)}, "moves.start: unknown_need (foto)"),
        ({"optional": ("foto",)}, "moves.start: unknown_need (foto)"),
        ({"sources": ("accepted", "same")}, "moves.start: unknown_state (same)"),
    ],
)
def test_unknown_words_are_refused_where_they_stand(changes, fault):
    assert faults(with_move("start", **changes)) == {fault}


def test_an_unknown_first_state_is_refused():
    assert "initial: unknown_state (new)" in faults(replace(BASE, initial="new"))


def test_a_first_state_that_would_have_to_return_to_where_it_came_from_is_refused():
    assert "initial: no_origin (submitted)" in faults(with_move("answer", sources=("needs_information", "submitted")))


def test_a_state_neither_final_nor_on_a_clock_is_refused():
    assert faults(with_state("accepted", clock=Clock.NONE)) == {"states.accepted: no_clock"}


def test_a_state_on_its_own_clock_needs_a_timer():
    assert faults(with_state("awaiting_validation", timer=None)) == {"states.awaiting_validation: no_timer (validation)"}


def test_a_state_on_the_category_s_clock_has_no_timer_beside_it():
    assert faults(with_state("accepted", timer=Span(1, Unit.HOURS))) == {"states.accepted: two_clocks (completion)"}


def test_a_clock_that_ends_in_nothing_is_refused():
    assert faults(with_state("needs_information", at_end=None)) == {"states.needs_information: clock_without_end"}


def test_a_final_state_runs_on_no_clock():
    assert faults(with_state("closed", timer=Span(1, Unit.HOURS))) == {"states.closed: final_on_a_clock"}


@pytest.mark.parametrize("end", ["answer", "close", "publish"])
def test_the_end_of_a_clock_is_a_move_the_system_may_make_from_there(end):
    assert faults(with_state("needs_information", at_end=end)) == {f"states.needs_information: end_not_for_system ({end})"}


def test_the_end_of_a_clock_cannot_ask_for_what_the_system_does_not_have():
    asking = with_move("expire", needs=("department",))
    assert faults(asking) == {"states.needs_information: end_not_for_system (expire)"}


def test_the_end_of_a_clock_names_a_move_that_exists():
    assert faults(with_state("resolved", at_end="finish")) == {"states.resolved: unknown_end (finish)"}


def test_two_states_or_moves_of_one_key_are_refused():
    assert faults(adding(BASE.states[3], BASE.moves[2])) == {"states.in_progress: doubled", "moves.unpublish: doubled"}


def test_a_state_cannot_be_called_by_a_word_of_the_table():
    assert "states.origin: reserved_word" in faults(adding(State(key="origin", label=LABEL, final=True)))


def test_routing_must_be_able_to_give_a_new_case_to_a_department():
    assert faults(with_move("assign", by=("triage",))) == {"moves: no_routing"}


def test_the_states_in_which_a_reporter_rates_are_read_from_the_table():
    assert BASE.rateable == {"resolved", "closed"}
    assert BASE.side_states == {"needs_information", "merged"}
