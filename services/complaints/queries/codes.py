"""The codes by which a report is followed without an account: derived, never stored."""

from uuid import UUID

from backend.sdk.domain import Context

CODE_CHARACTERS = 13  # 65 bits
_TRACKING, _RECEIPT = "complaint-tracking", "complaint-receipt"


def tracking_code(ctx: Context, complaint_id: UUID) -> str:
    """Return the reporter's tracking code."""
    return ctx.ground.keyring.code(_TRACKING, ctx.region.id, complaint_id, length=CODE_CHARACTERS)


def receipt_code(ctx: Context, complaint_id: UUID) -> str:
    """Return the secret code of a guest's report."""
    return ctx.ground.keyring.code(_RECEIPT, ctx.region.id, complaint_id, length=CODE_CHARACTERS)


def knows_code(ctx: Context, complaint_id: UUID, code: str) -> bool:
    """Whether `code` is the complaint's tracking or receipt code."""
    return any(
        ctx.ground.keyring.verify_code(code, purpose, ctx.region.id, complaint_id, length=CODE_CHARACTERS)
        for purpose in (_TRACKING, _RECEIPT)
    )
