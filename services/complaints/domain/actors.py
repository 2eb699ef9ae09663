"""Who stands before a case: the roles this room knows and what an actor brings along."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """Roles as memberships and packs write them; the first three are never anybody's membership."""

    ROUTING = "routing"
    SYSTEM = "system"
    REPORTER = "reporter"
    TRIAGE = "triage"
    DEPARTMENT_OFFICER = "department_officer"
    DEPARTMENT_HEAD = "department_head"
    FIELD_OFFICER = "field_officer"
    VALIDATOR = "validator"
    REGIONAL_ADMIN = "regional_admin"
    LEADER = "leader"
    AUDITOR = "auditor"
    PLATFORM_ADMIN = "platform_admin"
    SERVICE_ACCOUNT = "service_account"


MACHINES = frozenset({Role.ROUTING, Role.SYSTEM})
UNIT_ROLES = frozenset({Role.DEPARTMENT_OFFICER, Role.DEPARTMENT_HEAD, Role.FIELD_OFFICER})
CUSTODIANS = frozenset({Role.DEPARTMENT_OFFICER, Role.DEPARTMENT_HEAD})
MOVERS = MACHINES | UNIT_ROLES | {Role.REPORTER, Role.TRIAGE, Role.VALIDATOR}


@dataclass(frozen=True)
class Membership:
    """One role of an account in the region at hand, for one department where the role has one."""

    role: str
    department: str | None = None


@dataclass(frozen=True, kw_only=True)
class ActorFacts:
    """One actor before one case. `is_reporter` is about that case; a guest with its receipt code has no account."""

    account_id: UUID | None = None
    is_reporter: bool = False
    memberships: frozenset[Membership] = frozenset()

    def has(self, role: str) -> bool:
        """Say whether the actor holds the role, for whichever department."""
        return any(m.role == role for m in self.memberships)

    def departments(self, roles: Collection[str] | None = None) -> frozenset[str]:
        """Return the keys of the departments the actor belongs to, by these roles or by any."""
        return frozenset(m.department for m in self.memberships if m.department and (roles is None or m.role in roles))


ANONYMOUS = ActorFacts()
ROUTING = ActorFacts(memberships=frozenset({Membership(Role.ROUTING)}))
SYSTEM = ActorFacts(memberships=frozenset({Membership(Role.SYSTEM)}))
