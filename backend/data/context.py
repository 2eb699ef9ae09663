"""The Context: the only way in for time, identity, configuration and the session; and the values it is made of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.core.clock import utc_now
from backend.core.crypto import Keyring
from backend.core.geo import AreaFinder
from backend.core.settings import Settings
from backend.core.text import Catalogue
from backend.data.audit import write_audit
from backend.data.blobs import BlobStore
from backend.data.channels import Channel
from backend.data.doorbell import Doorbell
from backend.data.events import EventType, SubscriberBook, write_event
from backend.data.serials import Serials


@dataclass(frozen=True, kw_only=True)
class ModuleState:
    """One module in one region: whether it is on, and its settings as the module's own schema read them.

    `settings` are as they are written, while a pack or an admin brings them; the directory of regions keeps none.
    """

    enabled: bool
    config: Any
    settings: Mapping[str, Any] = field(default_factory=dict)
    version: int


@dataclass(frozen=True, kw_only=True)
class Region:
    """A region as a request sees it: a snapshot, replaced when the region's revision moves."""

    id: int
    key: str
    code: str
    name: str
    timezone: str
    languages: tuple[str, ...]
    identity: Mapping[str, Any]
    calendar: Mapping[str, Any]
    pack_version: str
    pack_checksum: str
    revision: int
    modules: Mapping[str, ModuleState]
    kept: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)  # while this snapshot stands

    @property
    def zone(self) -> ZoneInfo:
        """The region's time zone: for clocks and for what people read."""
        return ZoneInfo(self.timezone)

    def enabled(self, module: str) -> bool:
        """Whether `module` is switched on here."""
        state = self.modules.get(module)
        return state is not None and state.enabled


@dataclass(frozen=True, kw_only=True)
class Duty:
    """One membership of the actor in the region of the request: a role, and the department or area it is limited to."""

    role: str
    department_key: str | None = None
    area_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who acts: nobody known, a citizen of this region, a staff account with its duties here, or the system itself."""

    kind: Literal["anonymous", "citizen", "staff", "system"] = "anonymous"
    account_id: UUID | None = None
    session_id: UUID | None = None
    duties: tuple[Duty, ...] = ()
    platform_admin: bool = False
    unproven: bool = False  # staff who have yet to set up the second factor that the region asks for: without duties until then

    @property
    def roles(self) -> frozenset[str]:
        """The roles this actor holds in the region of the request; `signed_in` is any account's, `staff` any staff account's."""
        if self.kind == "citizen":
            return frozenset({"citizen", "signed_in"})
        if self.kind == "system":
            return frozenset({"system"})
        held = {duty.role for duty in self.duties}
        if self.kind == "staff":
            held |= {"signed_in", "staff"}
        if self.platform_admin:
            held.add("platform_admin")
        return frozenset(held)

    def departments(self, *roles: str) -> frozenset[str]:
        """Return the keys of the departments in which the actor holds one of `roles` (any role if none is named)."""
        return frozenset(duty.department_key for duty in self.duties if duty.department_key and (not roles or duty.role in roles))


@dataclass(frozen=True, kw_only=True)
class Area:
    """An administrative area without its boundary. One that a decree has ended is known by its `successors`."""

    code: str
    name: str
    kind: str
    parent_code: str | None
    lowest: bool
    ended: bool = False
    successors: tuple[str, ...] = ()


ANONYMOUS = Actor()
SYSTEM = Actor(kind="system")


class Regions(Protocol):
    """The directory of regions, as far as a context needs it."""

    @property
    def areas(self) -> AreaFinder:
        """The lowest areas of every region, by place."""

    def find(self, key: str) -> Region | None:
        """Return the region of that key."""

    def by_id(self, region_id: int) -> Region:
        """Return the region of that id."""

    def chain(self, region_id: int, code: str) -> Sequence[Area]:
        """Return the area of that code and its parents, lowest first."""

    def lowest_below(self, region_id: int, code: str) -> Sequence[str]:
        """Return the codes of the lowest areas in the area of that code, itself and those that ended in it included."""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """How a person is reached: the language, and the addresses that are known."""

    locale: str
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, kw_only=True)
class StaffContact:
    """One staff account and its language."""

    account_id: UUID
    locale: str


class People(Protocol):
    """The accounts, as far as telling somebody something needs them."""

    def contact_of(self, ctx: "Context", kind: str, account_id: UUID) -> Contact | None:
        """Return how a `citizen` or `staff` account is reached; None when it is gone or disabled."""

    def staff_of_department(self, ctx: "Context", key: str) -> Sequence[StaffContact]:
        """Return the active officers and heads of a department of the region, each once."""

    def members_of_department(self, ctx: "Context", key: str) -> frozenset[UUID]:
        """Return the active accounts that work in a department of the region, field officers among them."""

    def names_in_department(self, ctx: "Context", key: str) -> Mapping[UUID, str]:
        """Return the same accounts with their names, by name: for colleagues who give each other work."""


class PersonalData(Protocol):
    """What all modules together know of a person; the module registry is one."""

    def export_personal_data(self, ctx: "Context", account_id: UUID) -> Mapping[str, Mapping[str, Any]]:
        """Return by module what each knows of a citizen of the region, also those that are switched off there."""

    def erase_personal_data(self, ctx: "Context", account_id: UUID) -> Mapping[str, int]:
        """Let every module forget a citizen of the region; return the rows by table. Harmless when repeated."""


class Wording(Protocol):
    """What regions call in their own words what the ground itself sends; the module registry is one."""

    def say(self, ctx: "Context", template: str, params: Mapping[str, Any], locale: str) -> str | None:
        """Return the region's text of that name, filled; None where it has none."""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What one process shares between its requests and deliveries."""

    settings: Settings
    engine: Engine
    keyring: Keyring
    blobs: BlobStore
    serials: Serials
    channels: Mapping[str, Channel]
    catalogue: Catalogue
    subscribers: SubscriberBook
    doorbell: Doorbell
    regions: Regions
    people: People
    personal: PersonalData
    wording: Wording


@dataclass(frozen=True, kw_only=True)
class Context:
    """One unit of work: who acts, where, in whose language, through which session."""

    ground: Ground
    session: Session
    actor: Actor
    locale: str
    request_id: str
    region_or_none: Region | None = None
    started_at: datetime = field(default_factory=utc_now)

    @property
    def region(self) -> Region:
        """The region of this unit of work. Raises LookupError in one that has none (platform work)."""
        if self.region_or_none is None:
            raise LookupError("this unit of work has no region")
        return self.region_or_none

    def now(self) -> datetime:
        """Return the instant at which this unit of work began: one story, one time."""
        return self.started_at

    def config(self, module: str) -> Any:
        """Return the settings of `module` in this region, as its schema read them."""
        return self.region.modules[module].config

    def publish(self, event: EventType, *, subject: UUID, **payload: Any) -> None:
        """Write `event` and its deliveries in this transaction; the bell rings after the commit.

        A module that is off in the region is not told.
        """
        write_event(
            self.session,
            self.ground.subscribers,
            event,
            listening=self.region.enabled,
            region_id=self.region.id,
            subject=subject,
            payload=payload,
            occurred_at=self.now(),
            request_id=self.request_id,
        )

    def audit(self, action: str, *, subject: str, details: Mapping[str, Any] | None = None) -> None:
        """Write one entry of the region's audit log; the sealer links it within seconds. No personal data in `details`."""
        write_audit(
            self.session,
            region_id=self.region.id,
            at=self.now(),
            actor_kind=self.actor.kind,
            actor_id=self.actor.account_id,
            action=action,
            subject=subject,
            details=dict(details or {}),
            request_id=self.request_id,
        )

    def may(self, roles: Collection[str]) -> bool:
        """Whether the actor holds one of `roles` here."""
        return not self.actor.roles.isdisjoint(roles)
