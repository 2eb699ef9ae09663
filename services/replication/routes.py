"""Routes of the register: everybody reads what is public, the region's admins keep it."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, request

from backend.sdk.domain import Context, DomainError, Kind
from backend.sdk.web import ListQuery, RoomBlueprint, answer, page_of
from services.replication.domain import KEEPERS
from services.replication.models import Agreement
from services.replication.operations import record_agreement, replace_agreement, retire_agreement
from services.replication.queries import ROOM, get_agreement, list_agreements, list_regions
from services.replication.schemas import AgreementForm, AgreementOut, RunningRegionOut, shown_agreement, shown_region

KEEP = "replication.keep"
_ONE = "/agreements/<uuid:agreement_id>"
_VERSION = re.compile(r'"v(\d{1,18})(?:-[0-9a-f]{1,64})?"')

blueprint = RoomBlueprint(ROOM, doc="Agreements between regions, and which region runs what")


def _shown(ctx: Context, agreement: Agreement, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    # The version in front is what If-Match compares; the rest changes with the day and the links to the scan.
    response = answer(shown_agreement(ctx, agreement), status, headers)
    response.add_etag()
    response.set_etag(f"v{agreement.version}-{response.get_etag()[0]}")
    return response


def _expected_version() -> int:
    match = _VERSION.fullmatch(request.headers.get("If-Match", ""))
    if match is None:
        raise DomainError(Kind.STALE, "request.if_match_needed")
    return int(match[1])


@blueprint.endpoint("GET", "/agreements", public=True, query=ListQuery, out=page_of(AgreementOut))
def list_all(ctx: Context, query: dict[str, Any]) -> Response:
    """List the region's agreements, the last signed first; those that are not public to its admins alone."""
    found, cursor = list_agreements(ctx, also_private=ctx.may(KEEPERS), **query)
    return answer({"items": [shown_agreement(ctx, agreement) for agreement in found], "next_cursor": cursor})


@blueprint.endpoint("GET", _ONE, public=True, out=AgreementOut)
def get_one(ctx: Context, agreement_id: UUID) -> Response:
    """Return one agreement."""
    return _shown(ctx, get_agreement(ctx, agreement_id, also_private=ctx.may(KEEPERS)))


@blueprint.endpoint(
    "POST",
    "/agreements",
    permission=KEEP,
    body=AgreementForm,
    out=AgreementOut,
    status=201,
    idempotency="accepted",
    limit="write",
)
def record(ctx: Context, body: dict[str, Any]) -> Response:
    """Record an agreement."""
    agreement = record_agreement(ctx, body)
    return _shown(ctx, agreement, 201, {"Location": f"{request.path}/{agreement.id}"})


@blueprint.endpoint("PUT", _ONE, permission=KEEP, body=AgreementForm, out=AgreementOut, if_match="required", limit="write")
def replace(ctx: Context, body: dict[str, Any], agreement_id: UUID) -> Response:
    """Replace what an agreement says; needs If-Match with the ETag that was read."""
    return _shown(ctx, replace_agreement(ctx, agreement_id, body, expected_version=_expected_version()))


@blueprint.endpoint("DELETE", _ONE, permission=KEEP, status=204, if_match="required", limit="write")
def retire(ctx: Context, agreement_id: UUID) -> Response:
    """Take an agreement out of the register; needs If-Match with the ETag that was read."""
    retire_agreement(ctx, agreement_id, expected_version=_expected_version())
    return Response(status=204)


@blueprint.endpoint("GET", "/regions", public=True, query=ListQuery, out=page_of(RunningRegionOut))
def list_what_runs(ctx: Context, query: dict[str, Any]) -> Response:
    """List the regions of this installation with their modules, their packs, and where these came from."""
    found, cursor = list_regions(ctx, **query)
    return answer({"items": [shown_region(ctx, running) for running in found], "next_cursor": cursor})
