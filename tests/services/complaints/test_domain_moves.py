"""Moves: who may make which, when, with what, and what comes of it; and that no history gets lost."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.complaints.config import WorkflowSettings
from services.complaints.domain.actors import ANONYMOUS, ROUTING, SYSTEM, ActorFacts, Membership, Role
from services.complaints.domain.cases import CaseFacts, Made
from services.complaints.domain.categories import Category, Confidentiality, FirstLine, Subject, VisibilityMode
from services.complaints.domain.clocks import Span, Unit, WorkCalendar, due_after, half
from services.complaints.domain.deadlines import first_deadlines, next_deadlines
from services.complaints.domain.moves import (
    ClockChange,
    Hindrance,
    IllegalMoveError,
    MissingNeedsError,
    MoveRefusedError,
    NotYoursError,
    Outcome,
    UnwantedNeedsError,
    allowed_moves,
    decide_move,
    may_rate,
)
from services.complaints.domain.workflow import Need, alternatives

WORKFLOW = WorkflowSettings().load(yaml.safe_load((Path(__file__).parent / "workflow.yaml").read_text()))
CALENDAR = WorkCalendar(
    zone=ZoneInfo("Asia/Jakarta"),
    closes=dict.fromkeys(range(5), time(16)),
    holidays=frozenset({date(2026, 12, 25)}),
)
NOW = datetime(2026, 11, 19, 2, tzinfo=UTC)  # a Thursday, 09:00 in Jakarta
EVERY_NEED = frozenset(Need)


def staff(number, *memberships):
    return ActorFacts(account_id=UUID(int=number), memberships=frozenset(Membership(*m) for m in memberships))


CITIZEN = ActorFacts(account_id=UUID(int=1), is_reporter=True)
GUEST = ActorFacts(is_reporter=True)
TRIAGE = staff(2, (Role.TRIAGE,))
VALIDATOR = staff(3, (Role.VALIDATOR,))
OFFICER = staff(4, (Role.DEPARTMENT_OFFICER, "pupr"))
HEAD = staff(5, (Role.DEPARTMENT_HEAD, "pupr"))
FIELD = staff(6, (Role.FIELD_OFFICER, "pupr"))
STRANGER = staff(7, (Role.DEPARTMENT_OFFICER, "dlhk"))
LEADER = staff(8, (Role.LEADER,), (Role.REGIONAL_ADMIN,), (Role.PLATFORM_ADMIN,), (Role.AUDITOR, "pupr"))


def case(state="submitted", **changes):
    return CaseFacts(**{"state": state, "entered_at": NOW, "department": "pupr"} | changes)


def made(*moves, by=None, at=NOW):
    return tuple(Made(move=move, at=at, by=by) for move in moves)


def offered(facts, actor, now=NOW):
    return {move.key for move in allowed_moves(WORKFLOW, facts, actor, now=now, calendar=CALENDAR)}


def decide(facts, actor, key, supplied=(), now=NOW, **more):
    return decide_move(WORKFLOW, facts, actor, key, set(supplied), now=now, calendar=CALENDAR, **more)


def refusal(facts, actor, key, supplied=EVERY_NEED, now=NOW, **more):
    with pytest.raises(MoveRefusedError) as refused:
        decide(facts, actor, key, supplied, now=now, **more)
    return refused.value


# Who


def test_an_officer_acts_on_cases_of_their_own_department_only():
    assert offered(case(), OFFICER) == {"ask_information", "accept"}
    assert offered(case(), STRANGER) == set()
    assert isinstance(refusal(case(), STRANGER, "accept"), NotYoursError)


def test_a_case_without_a_department_is_no_officer_s():
    assert offered(case(department=None), staff(9, (Role.DEPARTMENT_OFFICER, None))) == set()


def test_each_role_counts_for_the_department_it_was_given_for():
    head_elsewhere = staff(9, (Role.DEPARTMENT_OFFICER, "pupr"), (Role.DEPARTMENT_HEAD, "dlhk"))
    assert "reassign" not in offered(case(), head_elsewhere)
    assert "reassign" in offered(case(), HEAD)


def test_a_field_officer_proves_the_work_and_does_nothing_else():
    assert offered(case("in_progress"), FIELD) == {"submit_evidence"}
    assert offered(case("submitted"), FIELD) == set()


def test_a_citizen_moves_their_own_complaint_with_or_without_an_account():
    for reporter in (CITIZEN, GUEST):
        assert offered(case("resolved"), reporter) == {"confirm", "reopen"}
    assert isinstance(refusal(case("resolved"), replace(CITIZEN, is_reporter=False), "confirm"), NotYoursError)


@pytest.mark.parametrize("state", [state.key for state in WORKFLOW.states])
def test_who_only_reads_and_who_is_nobody_moves_nothing(state):
    for actor in (LEADER, ANONYMOUS):
        assert offered(case(state, origins=("submitted",), publishable=True), actor) == set()


def test_machines_do_what_is_theirs():
    assert offered(case(), ROUTING) == {"assign"}
    assert offered(case("resolved"), SYSTEM) == {"close"}
    assert offered(case("needs_information", origins=("accepted",)), SYSTEM) == {"expire"}


def test_routing_owes_no_words_for_its_choice_but_a_person_does():
    assert decide(case(department=None), ROUTING, "assign", department="pupr").department_changed
    assert refusal(case(department=None), TRIAGE, "assign", (), department="pupr").needs == ("reason_or_note",)
    assert decide(case(department=None), TRIAGE, "assign", {"reason"}, department="pupr").role == Role.TRIAGE


# A second person


PROVEN = case("awaiting_validation", history=made("submit_evidence", by=OFFICER.account_id))


def test_a_validator_resolves_what_another_has_proven():
    outcome = decide(PROVEN, VALIDATOR, "validate")
    assert (outcome.state, outcome.timer) == ("resolved", Span(10, Unit.WORKING_DAYS))


def test_the_officer_who_proved_the_work_does_not_validate_it():
    both = staff(4, (Role.VALIDATOR,))
    assert isinstance(refusal(PROVEN, both, "validate"), NotYoursError)
    assert isinstance(refusal(PROVEN, both, "refuse_follow_up"), NotYoursError)


def test_a_member_of_the_complaint_s_department_does_not_validate_it():
    assert offered(PROVEN, staff(9, (Role.VALIDATOR,), (Role.DEPARTMENT_OFFICER, "pupr"))) == set()
    assert offered(PROVEN, staff(9, (Role.VALIDATOR, "pupr"))) == set()
    assert offered(PROVEN, staff(9, (Role.VALIDATOR,), (Role.DEPARTMENT_OFFICER, "dlhk"))) == {"validate", "refuse_follow_up"}


def test_only_the_last_evidence_counts_for_who_may_validate():
    history = made("submit_evidence", by=VALIDATOR.account_id) + made(
        "refuse_follow_up", "submit_evidence", by=OFFICER.account_id
    )
    assert "validate" in offered(case("awaiting_validation", history=history), VALIDATOR)


# An appeal


APPEALED = case(history=made("assign") + made("reject", by=TRIAGE.account_id) + made("appeal", by=CITIZEN.account_id))


def test_an_appeal_is_decided_by_a_validator_in_triage_s_place():
    assert offered(APPEALED, TRIAGE) == {"ask_information"}
    assert offered(APPEALED, OFFICER) == {"ask_information"}
    assert offered(APPEALED, VALIDATOR) == {"assign", "reassign", "reject", "merge", "transfer"}


def test_whoever_rejected_a_case_does_not_decide_the_appeal():
    history = made("reject", by=VALIDATOR.account_id) + made("appeal")
    assert offered(case(history=history), VALIDATOR) == set()


def test_once_the_appeal_is_decided_everybody_has_their_own_again():
    decided = replace(APPEALED, history=APPEALED.history + made("assign", by=VALIDATOR.account_id))
    assert offered(decided, OFFICER) == {"ask_information", "accept"}
    assert offered(decided, VALIDATOR) == set()


# Limits


def test_an_appeal_is_made_once():
    assert refusal(case("rejected", history=made("appeal", "reject")), CITIZEN, "appeal").why is Hindrance.TIMES


def test_an_appeal_is_made_within_three_working_days():
    rejected = case("rejected")  # on a Thursday: Friday, Monday and Tuesday count
    assert decide(rejected, CITIZEN, "appeal", {"note"}, now=datetime(2026, 11, 24, 16, 59, tzinfo=UTC)).state == "submitted"
    assert refusal(rejected, CITIZEN, "appeal", now=datetime(2026, 11, 24, 17, tzinfo=UTC)).why is Hindrance.LATE


def test_a_case_is_reopened_twice_at_most():
    assert decide(case("resolved", history=made("reopen")), CITIZEN, "reopen", {"note"}).state == "in_progress"
    refused = refusal(case("resolved", history=made("reopen", "reopen")), CITIZEN, "reopen")
    assert (refused.why, refused.allowed) == (Hindrance.TIMES, ("confirm",))


def test_a_closed_case_is_reopened_within_thirty_days():
    assert "reopen" in offered(case("closed"), CITIZEN, now=NOW + timedelta(days=30, seconds=-1))
    assert "reopen" not in offered(case("closed"), CITIZEN, now=NOW + timedelta(days=30))


def test_a_move_from_another_state_is_refused_with_what_may_be_done_instead():
    refused = refusal(case("accepted"), OFFICER, "accept")
    assert isinstance(refused, IllegalMoveError)
    assert (refused.why, refused.allowed) == (Hindrance.STATE, ("ask_information", "start"))


def test_a_move_nobody_knows_is_refused_with_what_may_be_done_instead():
    refused = refusal(case("accepted"), OFFICER, "explode")
    assert isinstance(refused, IllegalMoveError)
    assert (refused.why, refused.allowed) == (Hindrance.UNKNOWN, ("ask_information", "start"))


def test_a_case_in_a_state_the_region_no_longer_has_moves_nowhere():
    assert refusal(case("coordinating"), TRIAGE, "merge").allowed == ()


# Needs


def test_what_is_missing_is_named():
    assert refusal(case("in_progress"), OFFICER, "submit_evidence", ()).needs == ("files", "note")
    assert isinstance(refusal(case(), TRIAGE, "reject", {"note"}), MissingNeedsError)
    assert refusal(case("needs_information", origins=("accepted",)), CITIZEN, "answer", ()).needs == ("note_or_files",)


@pytest.mark.parametrize("one", ["note", "files"])
def test_of_two_joined_needs_one_is_enough(one):
    assert decide(case("needs_information", origins=("accepted",)), CITIZEN, "answer", {one}).state == "accepted"


def test_a_department_is_supplied_by_naming_it():
    assert refusal(case(), TRIAGE, "assign", EVERY_NEED).needs == ("department",)


def test_files_are_asked_for_where_the_category_asks_for_photos():
    paper = case("in_progress", files_required=False)
    assert decide(paper, OFFICER, "submit_evidence", {"note"}).state == "awaiting_validation"
    (move,) = allowed_moves(WORKFLOW, paper, FIELD, now=NOW, calendar=CALENDAR)
    assert move.needs == ("note",)


def test_what_would_change_a_case_is_not_taken_by_a_move_that_does_not_ask_for_it():
    refused = refusal(case("accepted"), OFFICER, "start", {"note"}, department="dlhk")
    assert isinstance(refused, UnwantedNeedsError)
    assert refused.needs == ("department",)
    assert decide(case(), OFFICER, "accept", {"assignee", "note"}).state == "accepted"


# What comes of it


def test_an_answer_returns_the_case_to_where_it_was_asked_from():
    for state in ("submitted", "accepted", "in_progress"):
        asked = decide(case(state), TRIAGE, "ask_information", {"note"})
        assert (asked.state, asked.origins, asked.clocks) == ("needs_information", (state,), ClockChange.PAUSE)
        answered = decide(case("needs_information", origins=asked.origins), CITIZEN, "answer", {"note"})
        assert (answered.state, answered.origins, answered.clocks) == (state, (), ClockChange.RESUME)


def test_a_case_that_came_from_nowhere_is_answered_to_nowhere():
    assert refusal(case("needs_information"), CITIZEN, "answer").why is Hindrance.STATE


def test_a_move_that_leaves_the_state_leaves_its_way_back_and_its_timer():
    asked = case("needs_information", origins=("accepted",), publishable=True)
    outcome = decide(asked, TRIAGE, "publish")
    assert (outcome.state, outcome.origins, outcome.entered) == ("needs_information", ("accepted",), False)
    waiting = replace(STARTED, state_due_at=NOW + timedelta(days=30), paused_at=NOW)
    assert next_deadlines(waiting, outcome, CATEGORY, now=NOW + timedelta(days=3), calendar=CALENDAR) == waiting


def test_a_wrong_join_hides_no_question():
    merged = decide(case("needs_information", origins=("accepted",)), TRIAGE, "merge", {"cluster"})
    assert merged.origins == ("accepted", "needs_information")
    unmerged = decide(case("merged", origins=merged.origins), TRIAGE, "unmerge")
    assert (unmerged.state, unmerged.origins) == ("needs_information", ("accepted",))


def test_reassigning_to_another_department_starts_the_case_over():
    outcome = decide(case("in_progress"), HEAD, "reassign", {"note"}, department="dlhk")
    assert (outcome.state, outcome.entered, outcome.department_changed) == ("submitted", True, True)
    assert outcome.clocks is ClockChange.KEEP


def test_reassigning_to_another_person_keeps_the_state():
    outcome = decide(case("in_progress"), HEAD, "reassign", {"note", "assignee"}, department="pupr")
    assert (outcome.state, outcome.entered, outcome.department_changed) == ("in_progress", False, False)


def test_publication_is_for_public_cases_and_is_taken_back_only_after_it():
    assert not {"publish", "unpublish"} & offered(case(), TRIAGE)
    assert "publish" in offered(case(publishable=True), TRIAGE)
    assert "unpublish" in offered(case("closed", publishable=True, published=True), TRIAGE)
    assert "publish" in offered(case(publishable=True, published=True), TRIAGE)  # again, for what has come since


def test_silence_closes_a_resolved_case_and_rates_nothing():
    silent = case("resolved")
    assert decide(silent, SYSTEM, "close").state == "closed"
    assert "rating" not in {field.name for field in fields(Outcome)}
    closed = case("closed")
    assert not may_rate(WORKFLOW, closed, SYSTEM)
    assert may_rate(WORKFLOW, closed, CITIZEN)


def test_the_reporter_alone_rates_once_when_the_work_is_said_to_be_done():
    assert may_rate(WORKFLOW, case("resolved"), CITIZEN)
    assert not may_rate(WORKFLOW, case("resolved", rated=True), CITIZEN)
    assert not may_rate(WORKFLOW, case("in_progress"), CITIZEN)
    assert not may_rate(WORKFLOW, case("resolved"), OFFICER)


# Sealed cases


OF_DP3A = staff(20, (Role.DEPARTMENT_OFFICER, "dp3a"))
HEAD_OF_DP3A = staff(21, (Role.DEPARTMENT_HEAD, "dp3a"))


def sealed(state="submitted", **changes):
    return case(state, **{"department": "dp3a", "sealed": True, "custodian": "dp3a"} | changes)


def test_the_custodian_does_on_a_sealed_case_what_triage_officer_and_head_do():
    for member in (OF_DP3A, HEAD_OF_DP3A):
        assert offered(sealed(), member) == {"assign", "ask_information", "accept", "reassign", "reject", "transfer"}
        assert offered(sealed("in_progress"), member) == {"ask_information", "reassign", "submit_evidence"}


@pytest.mark.parametrize(
    "actor",
    [
        TRIAGE,
        VALIDATOR,
        LEADER,
        STRANGER,
        OFFICER,
        staff(9, (Role.FIELD_OFFICER, "dp3a"), (Role.AUDITOR, "dp3a"), (Role.TRIAGE, "dp3a")),
    ],
)
@pytest.mark.parametrize("state", [state.key for state in WORKFLOW.states])
def test_nobody_else_does_anything_on_a_sealed_case(actor, state):
    assert offered(sealed(state, origins=("submitted",)), actor) == set()


def test_a_sealed_case_is_validated_by_a_second_person_of_the_custodian():
    proven = sealed("awaiting_validation", history=made("submit_evidence", by=OF_DP3A.account_id))
    assert offered(proven, OF_DP3A) == set()
    assert decide(proven, HEAD_OF_DP3A, "validate").state == "resolved"


def test_the_appeal_in_a_sealed_case_is_decided_by_a_second_person_of_the_custodian():
    appealed = sealed(history=made("reject", by=OF_DP3A.account_id) + made("appeal"))
    assert "reject" not in offered(appealed, OF_DP3A)
    assert "reject" in offered(appealed, HEAD_OF_DP3A)


def test_a_sealed_case_is_in_no_cluster_and_never_published():
    assert refusal(sealed(), OF_DP3A, "merge").why is Hindrance.SEALED
    assert refusal(sealed(), OF_DP3A, "publish").why is Hindrance.PUBLICATION


def test_a_sealed_case_leaves_its_custodian_for_no_other_department():
    assert refusal(sealed(), OF_DP3A, "reassign", {"note"}, department="pupr").why is Hindrance.SEALED
    assert refusal(sealed(department=None), ROUTING, "assign", (), department="pupr").why is Hindrance.SEALED
    assert decide(sealed(department=None), ROUTING, "assign", department="dp3a").department_changed


def test_a_sealed_case_whose_custodian_is_unknown_is_nobody_s():
    assert offered(sealed(custodian=None, department=None), staff(9, (Role.DEPARTMENT_HEAD, None))) == set()


def test_the_reporter_of_a_sealed_case_keeps_their_moves():
    assert offered(sealed(), CITIZEN) == {"withdraw"}


# Clocks


CATEGORY = Category(
    code="X", group="g", name={"en": "X"}, departments=("PUPR",), first_line=FirstLine.DEPARTMENT,
    response=Span(24, Unit.HOURS), completion=Span(14, Unit.WORKING_DAYS), photo_required=True, location_required=True,
    visibility=VisibilityMode.PUBLIC, subject=Subject.THING, confidentiality=Confidentiality.OPEN,
)  # fmt: skip
STARTED = first_deadlines(CATEGORY, now=NOW, calendar=CALENDAR)


def later(deadlines, facts, actor, key, now, **more):
    outcome = decide(facts, actor, key, {"note", "reason"}, now=now, **more)
    return next_deadlines(deadlines, outcome, CATEGORY, now=now, calendar=CALENDAR)


def test_both_clocks_start_with_the_submission():
    assert STARTED.response_due_at == NOW + timedelta(hours=24)
    assert STARTED.due_at == due_after(NOW, Span(14, Unit.WORKING_DAYS), CALENDAR)
    assert STARTED.current(WORKFLOW.state_by_key["submitted"]) == STARTED.response_due_at
    assert STARTED.current(WORKFLOW.state_by_key["in_progress"]) == STARTED.due_at


def test_a_category_without_hours_has_no_clock():
    free = replace(CATEGORY, response=None, completion=None)
    started = first_deadlines(free, now=NOW, calendar=CALENDAR)
    assert (started.response_due_at, started.due_at) == (None, None)
    reopening = decide(case("closed"), CITIZEN, "reopen", {"note"})
    assert next_deadlines(started, reopening, free, now=NOW, calendar=CALENDAR) == started


def test_accepting_and_reassigning_reset_no_clock():
    for outcome in (
        later(STARTED, case(), OFFICER, "accept", NOW + timedelta(hours=5)),
        later(STARTED, case("accepted"), HEAD, "reassign", NOW + timedelta(hours=5), department="dlhk"),
    ):
        assert (outcome.response_due_at, outcome.due_at) == (STARTED.response_due_at, STARTED.due_at)


def test_a_question_stops_the_clocks_until_the_answer():
    paused = later(STARTED, case(), TRIAGE, "ask_information", NOW + timedelta(hours=2))
    assert paused.paused_at == NOW + timedelta(hours=2)
    assert paused.state_due_at == NOW + timedelta(hours=2, days=30)
    waiting = case("needs_information", origins=("submitted",))
    resumed = later(paused, waiting, CITIZEN, "answer", NOW + timedelta(hours=7))
    assert resumed.response_due_at == STARTED.response_due_at + timedelta(hours=5)
    assert (resumed.due_at, resumed.paused_at, resumed.state_due_at) == (STARTED.due_at, None, None)


def test_refused_evidence_lets_the_clock_run_on():
    refused = later(STARTED, PROVEN, VALIDATOR, "refuse_follow_up", NOW + timedelta(days=9))
    assert refused.due_at == STARTED.due_at


def test_a_reopened_case_has_half_the_completion_time():
    at = NOW + timedelta(days=60)
    reopened = later(STARTED, case("closed", entered_at=at - timedelta(days=1)), CITIZEN, "reopen", at)
    assert reopened.due_at == due_after(at, Span(7, Unit.WORKING_DAYS), CALENDAR)
    assert reopened.response_due_at == STARTED.response_due_at


def test_an_appeal_starts_both_clocks_anew_and_a_case_taken_back_none():
    at = NOW + timedelta(days=2)
    appealed = later(STARTED, case("rejected", entered_at=at), CITIZEN, "appeal", at)
    assert appealed == first_deadlines(CATEGORY, now=at, calendar=CALENDAR)
    assert later(STARTED, case("transferred"), TRIAGE, "take_back", at) == STARTED


# Any history


ACTORS = (CITIZEN, TRIAGE, VALIDATOR, OFFICER, HEAD, FIELD, STRANGER, SYSTEM, ROUTING, OF_DP3A, HEAD_OF_DP3A, LEADER)
PAUSES = [timedelta(minutes=7), timedelta(hours=20), timedelta(days=2), timedelta(days=40)]
steps = st.lists(st.tuples(st.integers(0, 1000), st.sampled_from(PAUSES), st.booleans()), min_size=8, max_size=40)
OUT_OF_FINAL = {"reopen", "appeal", "unmerge", "take_back", "publish", "unpublish"}


def after(facts, outcome, actor, now, department):
    key = outcome.move.key
    return replace(
        facts,
        state=outcome.state,
        entered_at=now if outcome.entered else facts.entered_at,
        origins=outcome.origins,
        department=department or facts.department,
        published=(facts.published or key == "publish") and key != "unpublish",
        history=(*facts.history, Made(move=key, at=now, by=actor.account_id)),
    )


starts = st.sampled_from(["submitted", "in_progress", "awaiting_validation", "resolved"])


@settings(max_examples=60, deadline=None)
@given(steps, starts, st.sampled_from(["open", "private", "sealed"]))
def test_no_history_gets_lost(chosen, start, secrecy):
    facts = sealed(start) if secrecy == "sealed" else case(start, publishable=secrecy == "open")
    timer, now = WORKFLOW.state_by_key[start].timer, NOW
    deadlines = replace(STARTED, state_due_at=due_after(now, timer, CALENDAR) if timer else None)
    for pick, pause, hand_over in chosen:
        now += pause
        options = [(a, m) for a in ACTORS for m in allowed_moves(WORKFLOW, facts, a, now=now, calendar=CALENDAR)]
        if not options:
            break
        actor, move = options[pick % len(options)]
        for key in WORKFLOW.move_by_key.keys() - {other.key for who, other in options if who is actor}:
            refusal(facts, actor, key, now=now, department=facts.department)
        department = facts.department if facts.sealed or not hand_over else "dlhk" if facts.department == "pupr" else "pupr"
        named = department if Need.DEPARTMENT in move.takes else None
        outcome = decide(
            facts, actor, move.key, {word for need in move.needs for word in alternatives(need)}, now=now, department=named
        )
        before = WORKFLOW.state_by_key[facts.state]
        moved = next_deadlines(deadlines, outcome, CATEGORY, now=now, calendar=CALENDAR)

        assert outcome.state in WORKFLOW.state_by_key
        assert not before.final or move.key in OUT_OF_FINAL
        if move.to == "origin":
            assert outcome.state == facts.origins[-1]
        if outcome.state in WORKFLOW.side_states:
            assert outcome.origins
        else:
            assert outcome.origins == ()
        if outcome.clocks is ClockChange.HALF:
            assert moved.due_at == due_after(now, half(CATEGORY.completion), CALENDAR)
        else:
            assert moved.due_at >= deadlines.due_at
            assert moved.response_due_at >= deadlines.response_due_at
        assert (moved.paused_at is None) is (outcome.state != "needs_information")
        assert (moved.state_due_at is None) is (WORKFLOW.state_by_key[outcome.state].timer is None)

        facts, deadlines = after(facts, outcome, actor, now, named), moved
        assert not any(may_rate(WORKFLOW, facts, other) for other in ACTORS if other is not CITIZEN)
    count = [line.move for line in facts.history].count
    assert count("reopen") <= 2
    assert count("appeal") <= 1
    assert not facts.sealed or (facts.department == "dp3a" and not facts.published and not count("merge"))
