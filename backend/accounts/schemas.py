"""What signing in, oneself and the staff of a region look like on the wire."""

from typing import Any

from marshmallow import fields, validate

from backend.accounts.roles import MEMBERSHIP_ROLES
from backend.http.schema import Schema, not_blank

TOKEN_CHARACTERS = 4000


def _email(**options: Any) -> fields.Email:
    return fields.Email(validate=validate.Length(min=3, max=254), metadata={"examples": ["petugas@example.org"]}, **options)


def _name(**options: Any) -> fields.String:
    return fields.String(validate=[validate.Length(max=120), not_blank], metadata={"examples": ["Cut Nyak Dhien"]}, **options)


def _locale(**options: Any) -> fields.String:
    return fields.String(validate=validate.Regexp("^[a-z]{2,3}$"), metadata={"examples": ["id"]}, **options)


def _password(least: int) -> fields.String:
    return fields.String(
        required=True,
        load_only=True,
        validate=validate.Length(min=least, max=200),
        metadata={"examples": ["kata sandi yang panjang"]},
    )


def _second_factor(**options: Any) -> fields.String:
    return fields.String(validate=validate.Length(min=1, max=20), metadata={"examples": ["493027"]}, load_only=True, **options)


def _token(example: str) -> fields.String:
    return fields.String(required=True, validate=validate.Length(min=1, max=TOKEN_CHARACTERS), metadata={"examples": [example]})


class CodeRequestIn(Schema):
    """Who asks for a one-time code, and where."""

    phone = fields.String(required=True, validate=validate.Length(min=3, max=40), metadata={"examples": ["0812-3456-7890"]})
    region = fields.String(required=True, validate=validate.Length(min=1, max=80), metadata={"examples": ["banda-aceh"]})
    purpose = fields.String(required=True, validate=validate.OneOf(["login", "erasure"]), metadata={"examples": ["login"]})


class CodeRequestOut(Schema):
    """The request, and until when its code holds."""

    request_id = fields.String(required=True, metadata={"examples": ["banda-aceh.01936f5e-7a3c-7cc2-8a41-3f0c6f2b9d10"]})
    expires_at = fields.AwareDateTime(required=True)


class CodeIn(Schema):
    """A one-time code."""

    request_id = fields.String(
        required=True,
        validate=validate.Length(min=1, max=200),
        metadata={"examples": ["banda-aceh.01936f5e-7a3c-7cc2-8a41-3f0c6f2b9d10"]},
    )
    code = fields.String(
        required=True,
        validate=[validate.Length(equal=6), validate.Regexp("^[0-9]{6}$")],
        metadata={"examples": ["493027"]},
    )


class ExportQuery(Schema):
    """Which part: `after` comes from the `Link` of the part before."""

    after = fields.String(load_default=None, validate=validate.Length(max=400), metadata={"examples": ["WzdkXQ"]})


class ErasureOut(Schema):
    """The receipt of an erasure: how many rows of each table it met. It tells nobody whose they were."""

    id = fields.UUID(required=True)
    region = fields.String(required=True, validate=validate.Length(1, 80), metadata={"examples": ["banda-aceh"]})
    erased_at = fields.AwareDateTime(required=True)
    rows = fields.Dict(
        required=True,
        keys=fields.String(validate=validate.Length(1, 80)),
        values=fields.Integer(validate=validate.Range(0, 1 << 60)),
        metadata={"examples": [{"complaints": 2, "vault_identities": 1}]},
    )
    signature = fields.String(required=True, validate=validate.Length(1, 100), metadata={"examples": ["Jm0vFq3d"]})


class GenuineOut(Schema):
    """Whether this installation signed the receipt as it is shown."""

    genuine = fields.Boolean(required=True)


class LoginIn(Schema):
    """A staff account's e-mail address and password; `totp` is a code of the app, or a recovery code, where one is set up."""

    email = _email(required=True)
    password = _password(1)
    totp = _second_factor()


class TotpOut(Schema):
    """One's second factor: `since` when it is asked for (null: not at all), how many recovery codes are left, who asks."""

    since = fields.AwareDateTime(required=True, allow_none=True)
    recovery_codes = fields.Integer(required=True, metadata={"examples": [10]})
    required_by = fields.List(fields.String(metadata={"examples": ["banda-aceh"]}), required=True)


class EnrolIn(Schema):
    """One's password once more."""

    password = _password(1)


class EnrolOut(Schema):
    """What the authenticator app is given, as text and as what a QR code says. Shown this once."""

    secret = fields.String(required=True, metadata={"examples": ["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"]})
    otpauth_url = fields.String(
        required=True, metadata={"examples": ["otpauth://totp/Balai:petugas%40example.org?secret=JBSWY3DPEHPK3PXP&issuer=Balai"]}
    )


class TotpConfirmIn(Schema):
    """The first code of the app."""

    code = _second_factor(required=True)


class TotpProofIn(Schema):
    """One's password, and a code of the app or a recovery code."""

    password = _password(1)
    code = _second_factor(required=True)


class RecoveryCodesOut(Schema):
    """Codes for the day on which the app is lost, each good once. Shown this once."""

    recovery_codes = fields.List(fields.String(metadata={"examples": ["7K2MQ-X94TB"]}), required=True)


class PasswordIn(Schema):
    """A new password, and the token that came by e-mail."""

    token = _token("01936f5e7a3c7cc28a413f0c6f2b9d10.1795300000.Jm0v")
    password = _password(12)


class RefreshIn(Schema):
    """A refresh token, good once."""

    refresh_token = _token("c.banda-aceh.01936f5e7a3c7cc28a413f0c6f2b9d10.1.Jm0v")


class TokensOut(Schema):
    """An access token, and the refresh token with which the next pair is got. `expires_in` is in seconds."""

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    token_type = fields.String(required=True, metadata={"examples": ["Bearer"]})
    expires_in = fields.Integer(required=True, metadata={"examples": [900]})


class Duties(Schema):
    """A role in a region, and the department or area it is limited to."""

    role = fields.String(
        required=True, validate=validate.OneOf(sorted(MEMBERSHIP_ROLES)), metadata={"examples": ["department_officer"]}
    )
    department = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(min=1, max=80), metadata={"examples": ["dlhk"]}
    )
    area = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(min=1, max=40), metadata={"examples": [None]}
    )


class OwnDuties(Duties):
    """A duty with its region."""

    region = fields.String(required=True, metadata={"examples": ["banda-aceh"]})


class MeOut(Schema):
    """Oneself: a citizen of one region, or a staff account with its duties in every region."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["citizen", "staff"]))
    name = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    locale = fields.String(required=True)
    region = fields.String(metadata={"examples": ["banda-aceh"]})
    phone = fields.String(metadata={"examples": ["+6281234567890"]})
    phone_masked = fields.String(metadata={"examples": ["+62•••••••7890"]})
    platform_admin = fields.Boolean()
    memberships = fields.List(fields.Nested(OwnDuties))


class MeIn(Schema):
    """What one may change about oneself; what is left out stays."""

    name = _name(allow_none=True)
    email = _email(allow_none=True)
    locale = _locale()


class SessionOut(Schema):
    """A device that is signed in."""

    id = fields.UUID(required=True)
    device = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    last_used_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    current = fields.Boolean(required=True)


def _duties(**options: Any) -> fields.List[Any]:
    return fields.List(fields.Nested(Duties), **options)


class StaffIn(Schema):
    """Whom to invite, and for what. Without a `locale` they are written to in the region's first language."""

    email = _email(required=True)
    name = _name(required=True)
    locale = _locale()
    memberships = _duties(required=True, validate=validate.Length(min=1, max=50))


class StaffChangeIn(Schema):
    """What to change about a staff account: its duties here, all of them, or whether it may sign in at all."""

    memberships = _duties(validate=validate.Length(min=1, max=50))
    disabled = fields.Boolean()


class StaffOut(Schema):
    """A staff account as the admin of a region sees it."""

    id = fields.UUID(required=True)
    email = fields.String(required=True)
    name = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["invited", "active", "disabled"]))
    locale = fields.String(required=True)
    memberships = fields.List(fields.Nested(Duties), required=True)


class MessagesQuery(Schema):
    """Whose messages to read back."""

    to = fields.String(required=True, validate=validate.Length(min=3, max=254), metadata={"examples": ["081234567890"]})


class MessageOut(Schema):
    """A message that would have left the house."""

    at = fields.AwareDateTime(required=True)
    channel = fields.String(required=True, metadata={"examples": ["sms"]})
    to = fields.String(required=True, metadata={"examples": ["+6281234567890"]})
    subject = fields.String(allow_none=True)
    text = fields.String(required=True)
