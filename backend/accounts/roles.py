"""The roles there are, and what a membership of each needs. What a role may do is said where permissions are declared."""

SIGNED_IN = "signed_in"  # every citizen and staff account, also one without duties: what concerns oneself
STAFF = "staff"  # every staff account, also one without duties
CITIZEN = "citizen"
REGIONAL_ADMIN = "regional_admin"
PLATFORM_ADMIN = "platform_admin"

UNIT_ROLES = frozenset({"field_officer", "department_officer", "department_head"})
# What a regional admin may give in its region; `platform_admin` is a mark of the account, given on the command line.
MEMBERSHIP_ROLES = UNIT_ROLES | {"triage", "validator", REGIONAL_ADMIN, "leader", "auditor", "service_account"}
STAFF_ROLES = MEMBERSHIP_ROLES | {PLATFORM_ADMIN}
ROLES = STAFF_ROLES | {CITIZEN}


def needs_department(role: str) -> bool:
    """Tell whether the role is held in one department alone."""
    return role in UNIT_ROLES
