"""Links to files: signed, for a while, and the same for an hour, so that a phone's copy of an answer stays good."""

from datetime import datetime
from uuid import UUID

from backend.core.errors import not_found
from backend.data.context import Context

STEP_SECONDS = 3600
_PURPOSE = "file-link"


def file_url(ctx: Context, file_id: UUID, variant: str = "full") -> str:
    """Return the path under which the file is served for the next one to two hours; `variant` is full or thumbnail."""
    expires = (int(ctx.now().timestamp()) // STEP_SECONDS + 2) * STEP_SECONDS
    signature = ctx.ground.keyring.sign(_PURPOSE, ctx.region.key, file_id, variant, expires)
    return f"/v1/regions/{ctx.region.key}/files/{file_id}/{variant}?expires={expires}&signature={signature}"


def check_link(ctx: Context, file_id: UUID, variant: str, *, expires: int, signature: str) -> None:
    """Raise DomainError (404) for a link that is forged or has expired: both look like nothing."""
    genuine = ctx.ground.keyring.verify_signature(signature, _PURPOSE, ctx.region.key, file_id, variant, expires)
    if not genuine or datetime.fromtimestamp(expires, tz=ctx.now().tzinfo) < ctx.now():
        raise not_found("files.link_expired")
