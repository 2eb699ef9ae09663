"""What accounts allow whom."""

from backend.accounts.roles import PLATFORM_ADMIN, REGIONAL_ADMIN, SIGNED_IN
from backend.modules.contract import Permission

SELF = Permission(
    name="accounts.self", roles=frozenset({SIGNED_IN}), doc="Read and change one's own account, and end one's sessions"
)
MANAGE_STAFF = Permission(
    name="accounts.manage_staff",
    roles=frozenset({REGIONAL_ADMIN, PLATFORM_ADMIN}),
    doc="Invite staff to the region, change their duties, disable and reset them",
)
