"""What the packs say about kinds of complaints: categories, their groups, and reasons for a refusal."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.complaints.domain.clocks import Span


class FirstLine(StrEnum):
    """Who looks first: the office of the place, or the department of the kind."""

    AREA_OFFICE = "area_office"
    DEPARTMENT = "department"


class Confidentiality(StrEnum):
    """How secret every complaint of a category is."""

    OPEN = "open"
    PRIVATE = "private"
    SEALED = "sealed"


class Subject(StrEnum):
    """What or whom a category is about."""

    THING = "thing"
    PLACE = "place"
    PERSON = "person"
    OFFICIAL = "official"


class VisibilityMode(StrEnum):
    """What a category says of the reporter's choice: the first two are defaults the reporter may change."""

    PUBLIC = "public"
    PRIVATE = "private"
    ALWAYS_PRIVATE = "always_private"
    ALWAYS_PUBLIC = "always_public"


@dataclass(frozen=True, kw_only=True)
class Category:
    """One kind of complaint. `departments` and `custodian` are types, which a region binds to its own units.

    `response` and `completion` are None where there is no clock; both count from the submission. `source` is file and
    line of the pack.
    """

    code: str
    group: str
    name: Mapping[str, str]
    departments: tuple[str, ...]
    first_line: FirstLine
    response: Span | None
    completion: Span | None
    photo_required: bool
    location_required: bool
    visibility: VisibilityMode
    subject: Subject
    confidentiality: Confidentiality
    custodian: str | None = None
    external: tuple[str, ...] = ()
    emergency: bool = False
    without_account: bool = False
    active: bool = True
    source: str = ""

    @property
    def sealed(self) -> bool:
        """Say whether the custodian alone may know."""
        return self.confidentiality is Confidentiality.SEALED


@dataclass(frozen=True, kw_only=True)
class Group:
    """A shelf of categories, as people see it."""

    key: str
    name: Mapping[str, str]
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A reason for refusing a complaint, to be chosen from a list."""

    key: str
    label: Mapping[str, str]
    source: str = ""
