"""A citizen's own data: to take along, to have erased, and the receipt that stays."""

from typing import Any
from uuid import UUID

from flask import Response

from backend.accounts.operations.personal import erase_citizen, export_part, get_receipt, is_genuine, receipt_of
from backend.accounts.routes.permissions import OWN_DATA
from backend.accounts.routes.signing_in import request_of_code
from backend.accounts.schemas import CodeIn, ErasureOut, ExportQuery, GenuineOut
from backend.core.errors import DomainError, Kind
from backend.data.context import Context
from backend.http.blueprint import REGION, RoomBlueprint

blueprint = RoomBlueprint("accounts", mount="/v1/me", name="own_data", doc="A citizen's own data")
receipts = RoomBlueprint("accounts", mount=f"{REGION}/erasures", name="erasures", doc="Receipts of erasures")


@blueprint.endpoint("GET", "/export", permission=OWN_DATA.name, query=ExportQuery, media="application/zip", limit="export")
def export(ctx: Context, query: dict[str, Any]) -> Response:
    """Return everything that is kept of me as a zip file: `data.json`, and my pictures. `Link` leads to the next part."""
    part = export_part(ctx, query["after"])
    headers = {"Content-Disposition": f'attachment; filename="{ctx.region.key}.zip"', "Cache-Control": "no-store"}
    if part.next:
        headers["Link"] = f'</v1/me/export?after={part.next}>; rel="next"'
    return Response(part.content, content_type="application/zip", headers=headers)


@blueprint.endpoint("POST", "/erasure", permission=OWN_DATA.name, body=CodeIn, out=ErasureOut, limit="write")
def erase(ctx: Context, body: dict[str, str]) -> dict[str, Any]:
    """Erase me and all I have said, for good; confirmed by a code of the purpose `erasure`. Answers with the receipt.

    The receipt's id is the latter part of the code's `request_id`: who loses this answer reads the receipt there.
    """
    region, request_id = request_of_code(body["request_id"])
    if region != ctx.region.key or request_id is None:
        raise DomainError(Kind.FORBIDDEN, "auth.code_invalid")
    return receipt_of(ctx, erase_citizen(ctx, request_id, body["code"]))


@receipts.endpoint("GET", "/<uuid:erasure_id>", public=True, out=ErasureOut)
def get_one(ctx: Context, erasure_id: UUID) -> dict[str, Any]:
    """Return the receipt of an erasure to whoever knows its id."""
    return get_receipt(ctx, erasure_id)


@receipts.endpoint("POST", "/verify", public=True, body=ErasureOut, out=GenuineOut)
def verify(ctx: Context, body: dict[str, Any]) -> dict[str, bool]:
    """Say whether a receipt is as it was signed."""
    return {"genuine": is_genuine(ctx, body)}
