"""Who sees what: each line of the rule, and that the query's reach is the serialiser's sight."""

from dataclasses import fields
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.complaints.domain.actors import ANONYMOUS, ActorFacts, Membership, Role
from services.complaints.domain.categories import Category, Confidentiality, FirstLine, Subject, VisibilityMode
from services.complaints.domain.visibility import (
    CONTENT,
    EVERYTHING,
    NOTHING,
    OUTLINE,
    OUTLINE_AND_TRACE,
    CaseSecrecy,
    Sight,
    Visibility,
    VisibilityNotPossibleError,
    chosen_visibility,
    reach,
    sight,
)

ME = UUID(int=1)
REPORTER = ActorFacts(account_id=ME, is_reporter=True)
OPEN = CaseSecrecy(confidentiality=Confidentiality.OPEN, visibility=Visibility.PUBLIC, department="pupr")
CHOSEN_PRIVATE = CaseSecrecy(confidentiality=Confidentiality.OPEN, visibility=Visibility.PRIVATE, department="pupr")
PRIVATE = CaseSecrecy(confidentiality=Confidentiality.PRIVATE, visibility=Visibility.PRIVATE, department="pupr")
SEALED = CaseSecrecy(confidentiality=Confidentiality.SEALED, visibility=Visibility.PRIVATE, department="dp3a", custodian="dp3a")


def staff(role, department=None):
    return ActorFacts(account_id=ME, memberships=frozenset({Membership(role, department)}))


def published(case):
    return CaseSecrecy(
        confidentiality=case.confidentiality, visibility=case.visibility, published=True,
        department=case.department, custodian=case.custodian,
    )  # fmt: skip


def test_nothing_that_can_be_seen_is_the_reporter():
    assert {field.name for field in fields(Sight)} == {
        "may_know", "may_read_text", "may_see_files", "may_see_internal_notes", "may_see_routing",
    }  # fmt: skip


def test_everybody_knows_of_an_open_complaint_and_reads_it_only_once_it_is_published():
    assert sight(OPEN, ANONYMOUS) == OUTLINE
    assert sight(published(OPEN), ANONYMOUS) == CONTENT


@pytest.mark.parametrize("case", [CHOSEN_PRIVATE, PRIVATE, SEALED])
def test_publication_opens_nothing_that_is_not_public(case):
    assert not case.publishable
    assert sight(published(case), ANONYMOUS) == NOTHING


@pytest.mark.parametrize("case", [OPEN, CHOSEN_PRIVATE, PRIVATE, SEALED])
def test_the_reporter_always_sees_what_they_sent_and_never_what_officers_note(case):
    assert sight(case, REPORTER) == CONTENT


@pytest.mark.parametrize("case", [OPEN, CHOSEN_PRIVATE, PRIVATE])
@pytest.mark.parametrize(
    "viewer",
    [
        staff(Role.DEPARTMENT_OFFICER, "pupr"), staff(Role.DEPARTMENT_HEAD, "pupr"), staff(Role.FIELD_OFFICER, "pupr"),
        staff(Role.TRIAGE), staff(Role.VALIDATOR),
    ],
)  # fmt: skip
def test_who_works_on_a_case_sees_all_of_it(case, viewer):
    assert sight(case, viewer) == EVERYTHING


@pytest.mark.parametrize("case", [CHOSEN_PRIVATE, PRIVATE, SEALED])
@pytest.mark.parametrize(
    "viewer",
    [
        ANONYMOUS, staff(Role.DEPARTMENT_OFFICER, "dlhk"), staff(Role.DEPARTMENT_HEAD, "dlhk"), staff(Role.LEADER),
        staff(Role.REGIONAL_ADMIN), staff(Role.PLATFORM_ADMIN), staff(Role.SERVICE_ACCOUNT),
    ],
)  # fmt: skip
def test_others_do_not_even_know_of_what_is_not_public(case, viewer):
    assert sight(case, viewer) == NOTHING


def test_a_leader_sees_of_an_open_case_what_the_public_sees():
    assert sight(OPEN, staff(Role.LEADER)) == OUTLINE
    assert sight(published(OPEN), staff(Role.LEADER)) == CONTENT


def test_a_regional_admin_sees_why_an_open_case_went_where_it_went():
    assert sight(OPEN, staff(Role.REGIONAL_ADMIN)) == OUTLINE_AND_TRACE


def test_an_auditor_follows_a_private_case_by_its_course_and_not_its_words():
    assert sight(OPEN, staff(Role.AUDITOR, "inspektorat")) == EVERYTHING
    assert sight(PRIVATE, staff(Role.AUDITOR, "inspektorat")) == OUTLINE_AND_TRACE


@pytest.mark.parametrize("role", [Role.DEPARTMENT_OFFICER, Role.DEPARTMENT_HEAD, Role.AUDITOR])
def test_a_sealed_case_is_seen_by_its_custodian(role):
    assert sight(SEALED, staff(role, "dp3a")) == EVERYTHING
    assert sight(SEALED, staff(role, "inspektorat")) == NOTHING


@pytest.mark.parametrize("viewer", [staff(Role.TRIAGE, "dp3a"), staff(Role.VALIDATOR, "dp3a"), staff(Role.FIELD_OFFICER, "dp3a"), staff(Role.AUDITOR)])  # fmt: skip  # noqa: E501 - one list
def test_a_sealed_case_is_not_seen_by_other_roles_even_of_the_custodian(viewer):
    assert sight(SEALED, viewer) == NOTHING


departments = st.sampled_from([None, "pupr", "dp3a", "inspektorat"])
roles = st.sampled_from([role for role in Role if role not in {Role.ROUTING, Role.SYSTEM, Role.REPORTER}])
viewers = st.builds(
    ActorFacts,
    account_id=st.just(ME),
    is_reporter=st.booleans(),
    memberships=st.frozensets(st.builds(Membership, roles, departments), max_size=4),
)
cases = st.builds(
    CaseSecrecy,
    confidentiality=st.sampled_from(Confidentiality),
    visibility=st.sampled_from(Visibility),
    published=st.booleans(),
    department=departments,
    custodian=departments,
)


@given(cases, viewers)
def test_the_reach_of_the_query_is_the_sight_of_the_serialiser(case, viewer):
    seen, sealed = reach(viewer), case.confidentiality is Confidentiality.SEALED
    in_query = (
        case.publishable
        or viewer.is_reporter  # reported by seen.account_id
        or (not sealed and (seen.unsealed or case.department in seen.departments))
        or (sealed and case.custodian in seen.custodians)
    )
    assert in_query == sight(case, viewer).may_know


@given(cases, viewers)
def test_whoever_sees_anything_may_know(case, viewer):
    seen = sight(case, viewer)
    assert seen.may_know or seen == NOTHING


def category(mode, confidentiality=Confidentiality.OPEN):
    return Category(
        code="X", group="g", name={"en": "X"}, departments=(), first_line=FirstLine.DEPARTMENT, response=None, completion=None,
        photo_required=False, location_required=False, visibility=mode, subject=Subject.THING, confidentiality=confidentiality,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "wished", "chosen"),
    [
        (VisibilityMode.PUBLIC, None, Visibility.PUBLIC),
        (VisibilityMode.PUBLIC, Visibility.PRIVATE, Visibility.PRIVATE),
        (VisibilityMode.PRIVATE, None, Visibility.PRIVATE),
        (VisibilityMode.PRIVATE, Visibility.PUBLIC, Visibility.PUBLIC),
        (VisibilityMode.ALWAYS_PRIVATE, None, Visibility.PRIVATE),
        (VisibilityMode.ALWAYS_PRIVATE, Visibility.PRIVATE, Visibility.PRIVATE),
        (VisibilityMode.ALWAYS_PUBLIC, None, Visibility.PUBLIC),
        (VisibilityMode.ALWAYS_PUBLIC, Visibility.PUBLIC, Visibility.PUBLIC),
    ],
)
def test_the_reporter_chooses_where_the_category_leaves_a_choice(mode, wished, chosen):
    assert chosen_visibility(category(mode), wished) is chosen


@pytest.mark.parametrize(
    ("kind", "wished", "code"),
    [
        (category(VisibilityMode.ALWAYS_PUBLIC), Visibility.PRIVATE, "always_public"),
        (category(VisibilityMode.ALWAYS_PRIVATE), Visibility.PUBLIC, "always_private"),
        (category(VisibilityMode.PRIVATE, Confidentiality.PRIVATE), Visibility.PUBLIC, "confidential"),
        (category(VisibilityMode.ALWAYS_PRIVATE, Confidentiality.SEALED), Visibility.PUBLIC, "confidential"),
    ],
)
def test_a_wish_that_is_not_possible_is_refused_with_its_reason(kind, wished, code):
    with pytest.raises(VisibilityNotPossibleError) as refused:
        chosen_visibility(kind, wished)
    assert refused.value.code == code
