"""What accounts allow whom."""

from backend.accounts.roles import CITIZEN, PLATFORM_ADMIN, REGIONAL_ADMIN, SIGNED_IN, STAFF
from backend.modules.contract import Permission

SELF = Permission(
    name="accounts.self", roles=frozenset({SIGNED_IN}), doc="Read and change one's own account, and end one's sessions"
)
OWN_DATA = Permission(name="accounts.own_data", roles=frozenset({CITIZEN}), doc="Take one's own data along, and have them erased")
SECOND_FACTOR = Permission(
    name="accounts.second_factor", roles=frozenset({STAFF}), doc="Set up and take away the second factor of one's own sign-in"
)
MANAGE_STAFF = Permission(
    name="accounts.manage_staff",
    roles=frozenset({REGIONAL_ADMIN, PLATFORM_ADMIN}),
    doc="Invite staff to the region, change their duties, disable and reset them",
)
