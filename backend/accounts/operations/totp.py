"""The second factor itself: a code of an authenticator app (RFC 6238) or a recovery code, each good once."""

import dataclasses
import re
import secrets
from hmac import compare_digest
from uuid import UUID

import pyotp
from sqlalchemy import delete

from backend.accounts import queries
from backend.accounts.models import StaffAccount, StaffTotp
from backend.core.crypto import CROCKFORD, read_code
from backend.data.context import Actor, Context
from backend.data.db import enter_region
from backend.data.statements import write_out
from backend.data.unit_of_work import in_region

STEP_SECONDS, DRIFT_STEPS = 30, 1
RECOVERY_CODES = 10
_RECOVERY_CHARACTERS = 10  # 50 bits
_APP_CODE = re.compile(r"[0-9]{6}")


def _place(staff_id: UUID) -> str:
    return f"staff_totp.secret:{staff_id}"


def make_secret(ctx: Context, account: StaffAccount) -> tuple[str, str]:
    """Give the account a secret that nothing asks for yet, in the place of any before; return it, also as otpauth URI."""
    secret = pyotp.random_base32()
    ctx.session.merge(
        StaffTotp(
            staff_id=account.id,
            secret_enc=ctx.ground.keyring.encrypt(secret, bound_to=_place(account.id)),
            last_step=0,
            recovery_hashes=[],
            created_at=ctx.now(),
        )
    )
    email, _ = queries.opened_staff(ctx.ground.keyring, account)
    return secret, pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Balai")


def make_recovery_codes(ctx: Context, row: StaffTotp) -> list[str]:
    """Give the account new recovery codes, in the place of those before; only their hashes are kept."""
    codes = ["".join(secrets.choice(CROCKFORD) for _ in range(_RECOVERY_CHARACTERS)) for _ in range(RECOVERY_CODES)]
    row.recovery_hashes = [_hash(ctx, row.staff_id, code) for code in codes]
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _hash(ctx: Context, staff_id: UUID, code: str) -> bytes:
    return ctx.ground.keyring.blind_index(f"{staff_id}:{read_code(code)}", purpose="recovery-code")


def use_second_factor(ctx: Context, staff_id: UUID, code: str) -> bool:
    """Use a code; tell whether it was one. An app's code holds for its half minute and the one on either side."""
    row = ctx.session.get(StaffTotp, staff_id, with_for_update=True)
    if row is None:
        return False
    digits = code.replace(" ", "")
    if _APP_CODE.fullmatch(digits):
        totp = pyotp.TOTP(ctx.ground.keyring.decrypt(row.secret_enc, bound_to=_place(staff_id)))
        now = int(ctx.now().timestamp()) // STEP_SECONDS
        for step in range(max(now - DRIFT_STEPS, row.last_step + 1), now + DRIFT_STEPS + 1):
            if compare_digest(totp.generate_otp(step), digits):
                row.last_step = step
                return True
        return False
    hashed = _hash(ctx, staff_id, code)
    if hashed not in row.recovery_hashes:
        return False
    row.recovery_hashes = [kept for kept in row.recovery_hashes if kept != hashed]
    audit_where_served(ctx, staff_id, "accounts.recovery_code_used")
    return True


def forget_second_factor(ctx: Context, account: StaffAccount) -> None:
    """Let the account sign in without a second factor again."""
    account.totp_since = None
    ctx.session.execute(delete(StaffTotp).where(StaffTotp.staff_id == account.id))


def audit_where_served(ctx: Context, staff_id: UUID, action: str) -> None:
    """Write what an account did to itself into the audit log of every region in which it has duties."""
    before = ctx.session.info["region_id"]
    for region_id in sorted(queries.regions_served(ctx, staff_id)):
        there = in_region(ctx, ctx.ground.regions.by_id(region_id))
        dataclasses.replace(there, actor=Actor(kind="staff", account_id=staff_id)).audit(action, subject=str(staff_id))
        write_out(ctx.session)  # while the transaction is in that region
    enter_region(ctx.session, before)
