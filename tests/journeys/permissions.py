"""Who may use which route, and who may see what of a complaint: written by hand, reviewed line by line.

`test_permissions.py` holds the running application against it: a route without a row is red, and so is a row without a route.
Roles are those of `backend/accounts/roles.py`; each is held in the region of the path, `platform_admin` in every region.
"""

PUBLIC = frozenset({"public"})  # no token is needed, and every token may be brought along
SIGNED_IN = frozenset({"signed_in"})  # every account, also one without duties: what concerns oneself
STAFF = frozenset({"staff"})  # every staff account, also one without duties: how it signs in
CITIZEN = frozenset({"citizen"})
UNIT = frozenset({"field_officer", "department_officer", "department_head"})
WORKERS = UNIT | {"triage", "validator"}
ADMINS = frozenset({"regional_admin", "platform_admin"})
WATCHERS = ADMINS | {"leader", "department_head", "service_account"}
PERSONS = CITIZEN | WORKERS | ADMINS | {"leader", "auditor"}  # all but machines: a service account has no inbox

_R = "/v1/regions/<region>"
_COMPLAINTS = f"{_R}/complaints"
_ONE = f"{_COMPLAINTS}/<uuid:complaint_id>"
_INFO = f"{_R}/service-info"
_AGREEMENTS = f"{_R}/replication/agreements"
_CENTRE = f"{_R}/command-centre"
_P = "/r/<region>"

TABLE = {
    "what anybody finds out about the house": {
        ("GET", "/health/live"): PUBLIC,
        ("GET", "/health/ready"): PUBLIC,
        ("GET", "/openapi.json"): PUBLIC,
        ("GET", "/docs"): PUBLIC,
        ("GET", "/docs/start.js"): PUBLIC,
        ("GET", "/docs/<path:name>"): PUBLIC,
        ("GET", "/demo/messages"): PUBLIC,  # registered in the demo environment alone
    },
    "regions": {
        ("GET", "/v1/regions"): PUBLIC,
        ("GET", "/v1/regions/locate"): PUBLIC,
        ("GET", _R): PUBLIC,
        ("GET", f"{_R}/areas"): PUBLIC,
        ("GET", f"{_R}/areas/<code>"): PUBLIC,
        ("GET", f"{_R}/departments"): PUBLIC,
        ("GET", f"{_R}/modules"): ADMINS,
        ("PUT", f"{_R}/modules/<module>"): ADMINS,
        ("GET", f"{_R}/modules/<module>/settings"): ADMINS,
        ("PUT", f"{_R}/modules/<module>/settings"): ADMINS,
        ("GET", f"{_R}/pack"): ADMINS,
        ("GET", f"{_R}/pack/history"): ADMINS,
        ("GET", f"{_R}/pack/diff"): ADMINS,
        ("POST", f"{_R}/pack/validate"): ADMINS,
        ("POST", f"{_R}/pack/plan"): ADMINS,
        ("POST", f"{_R}/pack/apply"): ADMINS,
        ("POST", f"{_R}/pack/rollback"): ADMINS,
        ("GET", f"{_R}/pack/tables"): ADMINS,
        ("GET", f"{_R}/pack/tables/<table>"): ADMINS,
        ("PUT", f"{_R}/pack/tables/<table>"): ADMINS,
    },
    "accounts": {
        ("POST", "/v1/auth/otp"): PUBLIC,
        ("POST", "/v1/auth/otp/verify"): PUBLIC,
        ("POST", "/v1/auth/login"): PUBLIC,
        ("POST", "/v1/auth/password"): PUBLIC,
        ("POST", "/v1/auth/refresh"): PUBLIC,
        ("POST", "/v1/auth/logout"): SIGNED_IN,
        ("GET", "/v1/me"): SIGNED_IN,
        ("PATCH", "/v1/me"): SIGNED_IN,
        ("GET", "/v1/me/sessions"): SIGNED_IN,
        ("DELETE", "/v1/me/sessions"): SIGNED_IN,
        ("DELETE", "/v1/me/sessions/<uuid:session_id>"): SIGNED_IN,
        ("GET", "/v1/me/totp"): STAFF,
        ("POST", "/v1/me/totp"): STAFF,
        ("POST", "/v1/me/totp/confirm"): STAFF,
        ("POST", "/v1/me/totp/recovery-codes"): STAFF,
        ("POST", "/v1/me/totp/disable"): STAFF,
        ("GET", "/v1/me/export"): CITIZEN,
        ("POST", "/v1/me/erasure"): CITIZEN,  # with the code that was sent for it
        ("GET", f"{_R}/erasures/<uuid:erasure_id>"): PUBLIC,  # tells nobody whose it is
        ("POST", f"{_R}/erasures/verify"): PUBLIC,
        ("GET", f"{_R}/staff"): ADMINS,
        ("POST", f"{_R}/staff"): ADMINS,
        ("GET", f"{_R}/staff/<uuid:staff_id>"): ADMINS,
        ("PATCH", f"{_R}/staff/<uuid:staff_id>"): ADMINS,
        ("DELETE", f"{_R}/staff/<uuid:staff_id>"): ADMINS,
        ("POST", f"{_R}/staff/<uuid:staff_id>/reset"): ADMINS,
        ("DELETE", f"{_R}/staff/<uuid:staff_id>/totp"): ADMINS,
    },
    "files": {
        ("POST", f"{_R}/files"): CITIZEN | WORKERS | {"regional_admin"},
        ("GET", f"{_R}/files/<uuid:file_id>/<any(full, thumbnail):variant>"): PUBLIC,  # to whoever holds the signed link
    },
    "complaints": {
        ("GET", f"{_COMPLAINTS}/categories"): PUBLIC,
        ("POST", _COMPLAINTS): CITIZEN,
        ("POST", f"{_COMPLAINTS}/guest"): PUBLIC,
        ("GET", _COMPLAINTS): PUBLIC,
        ("GET", f"{_COMPLAINTS}/map"): PUBLIC,
        ("GET", f"{_COMPLAINTS}/by-number/<number>"): PUBLIC,
        ("POST", f"{_COMPLAINTS}/by-number/<number>/moves"): PUBLIC,  # with the reporter's code, which is who they are
        ("GET", f"{_COMPLAINTS}/inbox"): WORKERS,
        ("GET", _ONE): PUBLIC,
        ("GET", f"{_ONE}/timeline"): PUBLIC,
        ("GET", f"{_ONE}/routing"): WORKERS | {"auditor", "regional_admin"},
        ("POST", f"{_ONE}/moves"): CITIZEN | WORKERS,
        ("POST", f"{_ONE}/notes"): WORKERS,
        ("POST", f"{_ONE}/support"): CITIZEN,
        ("DELETE", f"{_ONE}/support"): CITIZEN,
        ("POST", f"{_ONE}/rating"): CITIZEN,
    },
    "notifications": {
        ("GET", f"{_R}/notifications"): PERSONS,
        ("GET", f"{_R}/notifications/unread-count"): PERSONS,
        ("POST", f"{_R}/notifications/<uuid:notification_id>/read"): PERSONS,
        ("POST", f"{_R}/notifications/read-all"): PERSONS,
    },
    "service information": {
        ("GET", f"{_INFO}/services"): PUBLIC,
        ("GET", f"{_INFO}/places"): PUBLIC,
        ("GET", f"{_INFO}/contacts"): PUBLIC,
        ("GET", f"{_INFO}/articles"): PUBLIC,
        ("GET", f"{_INFO}/services/<key>"): PUBLIC,
        ("GET", f"{_INFO}/places/<key>"): PUBLIC,
        ("GET", f"{_INFO}/contacts/<key>"): PUBLIC,
        ("GET", f"{_INFO}/articles/<key>"): PUBLIC,
        ("POST", f"{_INFO}/services"): ADMINS,
        ("POST", f"{_INFO}/places"): ADMINS,
        ("POST", f"{_INFO}/contacts"): ADMINS,
        ("POST", f"{_INFO}/articles"): ADMINS,
        ("PUT", f"{_INFO}/services/<key>"): ADMINS,
        ("PUT", f"{_INFO}/places/<key>"): ADMINS,
        ("PUT", f"{_INFO}/contacts/<key>"): ADMINS,
        ("PUT", f"{_INFO}/articles/<key>"): ADMINS,
        ("DELETE", f"{_INFO}/services/<key>"): ADMINS,
        ("DELETE", f"{_INFO}/places/<key>"): ADMINS,
        ("DELETE", f"{_INFO}/contacts/<key>"): ADMINS,
        ("DELETE", f"{_INFO}/articles/<key>"): ADMINS,
    },
    "command centre": {
        ("GET", f"{_CENTRE}/indicators"): WATCHERS,
        ("GET", f"{_CENTRE}/indicators/<indicator>"): WATCHERS,
        ("GET", f"{_CENTRE}/alarms"): WATCHERS,
        ("GET", f"{_P}/command-centre"): WATCHERS,
    },
    "replication": {
        ("GET", _AGREEMENTS): PUBLIC,
        ("POST", _AGREEMENTS): ADMINS,
        ("GET", f"{_AGREEMENTS}/<uuid:agreement_id>"): PUBLIC,
        ("PUT", f"{_AGREEMENTS}/<uuid:agreement_id>"): ADMINS,
        ("DELETE", f"{_AGREEMENTS}/<uuid:agreement_id>"): ADMINS,
        ("GET", f"{_R}/replication/regions"): PUBLIC,
    },
    "pages of one's own account": {
        ("GET", f"{_P}/me"): STAFF,
        ("POST", f"{_P}/me"): STAFF,
        ("POST", f"{_P}/me/sessions/end"): STAFF,
        ("POST", f"{_P}/me/sessions/<uuid:session_id>/end"): STAFF,
        ("GET", f"{_P}/me/second-factor"): STAFF,
        ("POST", f"{_P}/me/second-factor"): STAFF,
        ("POST", f"{_P}/me/second-factor/confirm"): STAFF,
        ("POST", f"{_P}/me/second-factor/recovery-codes"): STAFF,
        ("POST", f"{_P}/me/second-factor/disable"): STAFF,
    },
    "pages of those who work on complaints": {
        ("GET", f"{_P}/complaints/inbox"): WORKERS,
        ("GET", f"{_P}/complaints/<uuid:complaint_id>"): WORKERS | {"auditor", "regional_admin"},
        ("POST", f"{_P}/complaints/<uuid:complaint_id>/moves"): WORKERS,
        ("POST", f"{_P}/complaints/<uuid:complaint_id>/notes"): WORKERS,
    },
    "pages of the staff": {
        ("GET", f"{_P}/staff"): ADMINS,
        ("GET", f"{_P}/staff/invite"): ADMINS,
        ("POST", f"{_P}/staff/invite"): ADMINS,
        ("GET", f"{_P}/staff/<uuid:staff_id>"): ADMINS,
        ("POST", f"{_P}/staff/<uuid:staff_id>/duties"): ADMINS,
        ("POST", f"{_P}/staff/<uuid:staff_id>/duties/end"): ADMINS,
        ("POST", f"{_P}/staff/<uuid:staff_id>/access"): ADMINS,
        ("POST", f"{_P}/staff/<uuid:staff_id>/token"): ADMINS,
        ("POST", f"{_P}/staff/<uuid:staff_id>/second-factor"): ADMINS,
        ("POST", f"{_P}/staff/<uuid:staff_id>/remove"): ADMINS,
    },
    "pages of agreements": {
        ("GET", f"{_P}/replication"): PUBLIC,
        ("GET", f"{_P}/replication/agreements"): ADMINS,
        ("GET", f"{_P}/replication/agreements/add"): ADMINS,
        ("POST", f"{_P}/replication/agreements/add"): ADMINS,
        ("GET", f"{_P}/replication/agreements/<uuid:agreement_id>"): ADMINS,
        ("POST", f"{_P}/replication/agreements/<uuid:agreement_id>"): ADMINS,
        ("POST", f"{_P}/replication/agreements/<uuid:agreement_id>/retire"): ADMINS,
    },
    "pages by which service information is edited": {
        ("GET", f"{_P}/service-info/edit/services"): ADMINS,
        ("GET", f"{_P}/service-info/add/services"): ADMINS,
        ("POST", f"{_P}/service-info/add/services"): ADMINS,
        ("GET", f"{_P}/service-info/edit/services/<key>"): ADMINS,
        ("POST", f"{_P}/service-info/edit/services/<key>"): ADMINS,
        ("POST", f"{_P}/service-info/edit/services/<key>/remove"): ADMINS,
        ("GET", f"{_P}/service-info/edit/contacts"): ADMINS,
        ("GET", f"{_P}/service-info/add/contacts"): ADMINS,
        ("POST", f"{_P}/service-info/add/contacts"): ADMINS,
        ("GET", f"{_P}/service-info/edit/contacts/<key>"): ADMINS,
        ("POST", f"{_P}/service-info/edit/contacts/<key>"): ADMINS,
        ("POST", f"{_P}/service-info/edit/contacts/<key>/remove"): ADMINS,
        ("GET", f"{_P}/service-info/edit/places"): ADMINS,
        ("GET", f"{_P}/service-info/add/places"): ADMINS,
        ("POST", f"{_P}/service-info/add/places"): ADMINS,
        ("GET", f"{_P}/service-info/edit/places/<key>"): ADMINS,
        ("POST", f"{_P}/service-info/edit/places/<key>"): ADMINS,
        ("POST", f"{_P}/service-info/edit/places/<key>/remove"): ADMINS,
        ("GET", f"{_P}/service-info/edit/articles"): ADMINS,
        ("GET", f"{_P}/service-info/add/articles"): ADMINS,
        ("POST", f"{_P}/service-info/add/articles"): ADMINS,
        ("GET", f"{_P}/service-info/edit/articles/<key>"): ADMINS,
        ("POST", f"{_P}/service-info/edit/articles/<key>"): ADMINS,
        ("POST", f"{_P}/service-info/edit/articles/<key>/remove"): ADMINS,
    },
    "pages of the region's settings": {
        ("GET", f"{_P}/settings"): ADMINS,
        ("POST", f"{_P}/settings/switch"): ADMINS,
        ("GET", f"{_P}/settings/modules/<module>"): ADMINS,
        ("POST", f"{_P}/settings/modules/<module>"): ADMINS,
        ("POST", f"{_P}/settings/modules/<module>/check"): ADMINS,
        ("GET", f"{_P}/settings/tables"): ADMINS,
        ("GET", f"{_P}/settings/tables/areas"): ADMINS,
        ("POST", f"{_P}/settings/tables/areas"): ADMINS,
        ("GET", f"{_P}/settings/tables/<table>"): ADMINS,
        ("GET", f"{_P}/settings/tables/<table>/file"): ADMINS,
        ("POST", f"{_P}/settings/tables/<table>/file"): ADMINS,
        ("GET", f"{_P}/settings/pack"): ADMINS,
        ("GET", f"{_P}/settings/pack/file"): ADMINS,
        ("POST", f"{_P}/settings/pack/file"): ADMINS,
        ("POST", f"{_P}/settings/pack/apply"): ADMINS,
        ("GET", f"{_P}/settings/pack/diff"): ADMINS,
        ("GET", f"{_P}/settings/pack/rollback"): ADMINS,
        ("POST", f"{_P}/settings/pack/rollback"): ADMINS,
    },
    "pages for everybody": {
        ("GET", "/"): PUBLIC,
        ("GET", "/assets/<checksum>/<name>"): PUBLIC,
        ("GET", _P): PUBLIC,
        ("GET", f"{_P}/brand.css"): PUBLIC,
        ("GET", f"{_P}/sign-in"): PUBLIC,
        ("POST", f"{_P}/sign-in"): PUBLIC,
        ("POST", f"{_P}/sign-out"): PUBLIC,
        ("GET", f"{_P}/password"): PUBLIC,
        ("POST", f"{_P}/password"): PUBLIC,
        ("GET", f"{_P}/service-info"): PUBLIC,
        ("GET", f"{_P}/service-info/services"): PUBLIC,
        ("GET", f"{_P}/service-info/services/<key>"): PUBLIC,
        ("GET", f"{_P}/service-info/contacts"): PUBLIC,
        ("GET", f"{_P}/service-info/places"): PUBLIC,
        ("GET", f"{_P}/service-info/articles"): PUBLIC,
        ("GET", f"{_P}/service-info/articles/<key>"): PUBLIC,
        ("GET", f"{_P}/complaints"): PUBLIC,
        ("GET", f"{_P}/complaints/track"): PUBLIC,
        ("GET", f"{_P}/complaints/by-number/<number>"): PUBLIC,
        ("POST", f"{_P}/complaints/by-number/<number>"): PUBLIC,  # with the reporter's code, which is who they are
    },
}

# Where a token is not even looked at: an app with an old one must still get in, and a guest leaves no name.
NO_TOKEN = frozenset(("POST", f"/v1/auth/{name}") for name in ("otp", "otp/verify", "login", "password", "refresh")) | {
    ("POST", f"{_COMPLAINTS}/guest"),
    ("POST", f"{_COMPLAINTS}/by-number/<number>/moves"),
}

# Of one complaint it also matters how a person stands to it: `unit` is the department in charge, `custodian` the one to whom
# a sealed category is entrusted, `other` any department beside them. Who is not named here is anybody: leaders, platform
# admins and service accounts read figures.
_IN_CHARGE = frozenset({"unit.field_officer", "unit.department_officer", "unit.department_head"})
_DESK = frozenset({"triage", "validator"})
_AUDITORS = frozenset({"auditor", "custodian.auditor"})
_KEEPERS = frozenset({"custodian.department_officer", "custodian.department_head", "custodian.auditor"})
_REPORTER = frozenset({"reporter"})

# That it is there, with place, category, status and number.
KNOWS = {
    "open": PUBLIC,
    "published": PUBLIC,
    "private": _REPORTER | _IN_CHARGE | _DESK | _AUDITORS,
    "sealed": _REPORTER | _KEEPERS,
    "guest": _KEEPERS,  # sealed, and reported without an account
}
# Description, landmark, pictures, notes of moves.
READS = {
    "open": _REPORTER | _IN_CHARGE | _DESK | _AUDITORS,
    "published": PUBLIC,
    "private": _REPORTER | _IN_CHARGE | _DESK,
    "sealed": _REPORTER | _KEEPERS,
    "guest": _KEEPERS,
}
# Internal notes, and who it is assigned to.
READS_NOTES = {
    "open": _IN_CHARGE | _DESK | _AUDITORS,
    "published": _IN_CHARGE | _DESK | _AUDITORS,
    "private": _IN_CHARGE | _DESK,
    "sealed": _KEEPERS,
    "guest": _KEEPERS,
}
# Why it went where it went.
SEES_ROUTING = {
    "open": _IN_CHARGE | _DESK | _AUDITORS | {"regional_admin"},
    "published": _IN_CHARGE | _DESK | _AUDITORS | {"regional_admin"},
    "private": _IN_CHARGE | _DESK | _AUDITORS,
    "sealed": _KEEPERS,
    "guest": _KEEPERS,
}
RATES = dict.fromkeys(KNOWS, _REPORTER) | {"guest": frozenset()}

# What a route needs besides the role: by how secret the complaint is, or by whose thing it is.
TARGETS = {
    ("GET", _ONE): KNOWS,
    ("GET", f"{_ONE}/timeline"): KNOWS,
    ("GET", f"{_COMPLAINTS}/by-number/<number>"): KNOWS,
    ("GET", f"{_P}/complaints/by-number/<number>"): KNOWS,
    ("POST", f"{_P}/complaints/by-number/<number>"): {"its own code": PUBLIC, "another's code": frozenset()},
    ("POST", f"{_ONE}/moves"): KNOWS,  # which moves, on which case, is the workflow's: tests/services/complaints
    ("POST", f"{_ONE}/support"): KNOWS,
    ("DELETE", f"{_ONE}/support"): KNOWS,
    ("GET", f"{_P}/complaints/<uuid:complaint_id>"): KNOWS,
    ("POST", f"{_P}/complaints/<uuid:complaint_id>/moves"): KNOWS,
    ("POST", f"{_P}/complaints/<uuid:complaint_id>/notes"): READS_NOTES,
    ("GET", f"{_ONE}/routing"): SEES_ROUTING,
    ("POST", f"{_ONE}/notes"): READS_NOTES,
    ("POST", f"{_ONE}/rating"): RATES,
    ("GET", f"{_R}/files/<uuid:file_id>/<any(full, thumbnail):variant>"): {"signed": PUBLIC, "forged": frozenset()},
    ("POST", f"{_COMPLAINTS}/by-number/<number>/moves"): {"its own code": PUBLIC, "another's code": frozenset()},
    ("POST", f"{_R}/notifications/<uuid:notification_id>/read"): {"the reporter's": _REPORTER},
    ("GET", f"{_AGREEMENTS}/<uuid:agreement_id>"): {"public": PUBLIC, "not public": ADMINS},
    ("DELETE", "/v1/me/sessions/<uuid:session_id>"): {"one's own": SIGNED_IN, "the reporter's": _REPORTER},
    ("POST", f"{_P}/me/sessions/<uuid:session_id>/end"): {"one's own": STAFF, "the reporter's": frozenset()},
}
