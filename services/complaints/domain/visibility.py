"""Who sees what of a complaint: one table for the serialiser, and the same as data for the query.

The reporter's identity is not among the things to see: nothing here can show it to anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from services.complaints.domain.actors import CUSTODIANS, UNIT_ROLES, ActorFacts, Role
from services.complaints.domain.categories import Category, Confidentiality, VisibilityMode


class Visibility(StrEnum):
    """What the reporter chose, as far as the category leaves a choice."""

    PUBLIC = "public"
    PRIVATE = "private"


class Secrecy(StrEnum):
    """How secret a complaint is: the stricter of its category and its reporter's choice."""

    OPEN = "open"
    PRIVATE = "private"
    SEALED = "sealed"


class Standing(StrEnum):
    """How a viewer stands to one complaint. A person can have several; what one allows is allowed."""

    ANYBODY = "anybody"
    REPORTER = "reporter"
    UNIT = "unit"
    DESK = "desk"  # triage and validators
    AUDITOR = "auditor"
    REGIONAL_ADMIN = "regional_admin"
    CUSTODIAN = "custodian"  # officers and heads of the custodian, and the auditor whose unit it is


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What one viewer may see of one complaint; `may_know` covers place, category, status and timeline."""

    may_know: bool = False
    may_read_text: bool = False
    may_see_files: bool = False
    may_see_internal_notes: bool = False
    may_see_routing: bool = False

    def __or__(self, other: "Sight") -> "Sight":
        return Sight(**{name: seen or getattr(other, name) for name, seen in vars(self).items()})


NOTHING = Sight()
OUTLINE = Sight(may_know=True)
CONTENT = Sight(may_know=True, may_read_text=True, may_see_files=True)
OUTLINE_AND_TRACE = Sight(may_know=True, may_see_routing=True)
EVERYTHING = Sight(may_know=True, may_read_text=True, may_see_files=True, may_see_internal_notes=True, may_see_routing=True)

# What is not named is nothing. Leaders, platform admins, service accounts and other units stand as anybody does:
# leaders read figures, and whoever needs a text joins the unit or the desk, on record. An auditor follows a private
# case by its course, not by its words.
TABLE: Mapping[Secrecy, Mapping[Standing, Sight]] = {
    Secrecy.OPEN: {
        Standing.ANYBODY: OUTLINE,
        Standing.REPORTER: CONTENT,
        Standing.UNIT: EVERYTHING,
        Standing.DESK: EVERYTHING,
        Standing.AUDITOR: EVERYTHING,
        Standing.REGIONAL_ADMIN: OUTLINE_AND_TRACE,
    },
    Secrecy.PRIVATE: {
        Standing.REPORTER: CONTENT,
        Standing.UNIT: EVERYTHING,
        Standing.DESK: EVERYTHING,
        Standing.AUDITOR: OUTLINE_AND_TRACE,
    },
    Secrecy.SEALED: {Standing.REPORTER: CONTENT, Standing.CUSTODIAN: EVERYTHING},
}


@dataclass(frozen=True, kw_only=True)
class CaseSecrecy:
    """What of a complaint decides who sees it; departments are keys."""

    confidentiality: Confidentiality
    visibility: Visibility
    published: bool = False
    department: str | None = None
    custodian: str | None = None

    @property
    def secrecy(self) -> Secrecy:
        """The stricter of category and choice."""
        if self.confidentiality is Confidentiality.SEALED:
            return Secrecy.SEALED
        is_open = self.confidentiality is Confidentiality.OPEN and self.visibility is Visibility.PUBLIC
        return Secrecy.OPEN if is_open else Secrecy.PRIVATE

    @property
    def publishable(self) -> bool:
        """Say whether triage may publish text and files."""
        return self.secrecy is Secrecy.OPEN


@lru_cache(maxsize=4096)  # pure, over frozen values: a page of fifty asks for a handful of them
def sight(case: CaseSecrecy, viewer: ActorFacts) -> Sight:
    """Return what the viewer may see; publication counts for open complaints only."""
    seen = CONTENT if case.published and case.publishable else NOTHING
    for standing in _standings(case, viewer):
        seen |= TABLE[case.secrecy].get(standing, NOTHING)
    return seen


def _standings(case: CaseSecrecy, viewer: ActorFacts) -> frozenset[Standing]:
    audited = viewer.departments({Role.AUDITOR})
    held = {
        Standing.ANYBODY: True,
        Standing.REPORTER: viewer.is_reporter,
        Standing.UNIT: case.department in viewer.departments(UNIT_ROLES),
        Standing.DESK: viewer.has(Role.TRIAGE) or viewer.has(Role.VALIDATOR),
        Standing.AUDITOR: viewer.has(Role.AUDITOR),
        Standing.REGIONAL_ADMIN: viewer.has(Role.REGIONAL_ADMIN),
        Standing.CUSTODIAN: case.custodian in viewer.departments(CUSTODIANS) | audited,
    }
    return frozenset(standing for standing, holds in held.items() if holds)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Which complaints of a region a viewer may know, for a query: open and public ones, or any of these.

    Those the account reported; those not sealed, if `unsealed`, or of one of `departments`; those sealed of which one
    of `custodians` is the custodian.
    """

    account_id: UUID | None
    unsealed: bool
    departments: frozenset[str]
    custodians: frozenset[str]


def reach(viewer: ActorFacts) -> Reach:
    """Return `sight(...).may_know` of every complaint at once; the viewer's `is_reporter` is not asked."""
    return Reach(
        account_id=viewer.account_id,
        unsealed=any(viewer.has(role) for role in (Role.TRIAGE, Role.VALIDATOR, Role.AUDITOR)),
        departments=viewer.departments(UNIT_ROLES),
        custodians=viewer.departments(CUSTODIANS | {Role.AUDITOR}),
    )


class VisibilityNotPossibleError(ValueError):
    """The category leaves the reporter no such choice; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def chosen_visibility(category: Category, wished: Visibility | None) -> Visibility:
    """Return the visibility of a new complaint: the wish, or without one the category's own.

    Raises VisibilityNotPossibleError: `always_public`, `always_private`, or `confidential` where the category is
    private or sealed whatever its reporter would like.
    """
    always_public = category.visibility is VisibilityMode.ALWAYS_PUBLIC
    if wished is Visibility.PRIVATE and always_public:
        raise VisibilityNotPossibleError("always_public")
    if wished is Visibility.PUBLIC and category.confidentiality is not Confidentiality.OPEN:
        raise VisibilityNotPossibleError("confidential")
    if wished is Visibility.PUBLIC and category.visibility is VisibilityMode.ALWAYS_PRIVATE:
        raise VisibilityNotPossibleError("always_private")
    if wished is not None:
        return wished
    return Visibility.PUBLIC if always_public or category.visibility is VisibilityMode.PUBLIC else Visibility.PRIVATE
