"""The forms by which the region's admins record agreements, change them and take them out, with the pages of their scans."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response, request

from backend.sdk.domain import Context, DomainError, invalid, keep_picture
from backend.sdk.pages import FILE_BYTES, PageBlueprint, here, refuse_large, render, see_other
from services.replication.domain import AgreementKind, PartyRole
from services.replication.models import Agreement
from services.replication.operations import record_agreement, replace_agreement, retire_agreement
from services.replication.pages.forms import MOST_PAGES, MOST_PARTIES, AgreementChangePage, AgreementPage, RetirementForm
from services.replication.queries import ROOM, get_agreement, list_agreements, list_regions
from services.replication.schemas import RegisterQuery, shown_agreement, shown_region

KEEP = "replication.keep"
_AT_ONCE, _REGIONS = 50, 20
_ROWS, _BLANK = 3, 2  # of parties: at least, and beside those that are named
_PARTY = re.compile(r"^parties\.(\d+)")
_LIST, _ONE = "/agreements", "/agreements/<uuid:agreement_id>"

blueprint = PageBlueprint(ROOM, name="replication_keeping")


@blueprint.page("GET", _LIST, permission=KEEP, query=RegisterQuery)
def show_agreements(ctx: Context, query: dict[str, Any]) -> Response:
    """List the agreements, also those that are not public."""
    found, cursor = list_agreements(ctx, also_private=True, limit=_AT_ONCE, cursor=query["agreements"])
    following = here(ctx.region, f"/replication{_LIST}", agreements=cursor) if cursor else ""
    agreements = [shown_agreement(ctx, agreement) for agreement in found]
    return render(ctx, "replication/agreements.html", agreements=agreements, following=following)


def _form_page(ctx: Context, agreement: Agreement | None) -> Response:
    shown: dict[str, Any] = shown_agreement(ctx, agreement) if agreement else {"parties": [], "modules": [], "files": []}
    running = [shown_region(ctx, region) for region in list_regions(ctx, limit=_REGIONS, cursor=None)[0]]
    titles = {module["name"]: module["title"] for region in running for module in region["modules"]}
    return render(
        ctx,
        "replication/agreement.html",
        agreement=shown,
        version=agreement.version if agreement else None,
        kinds=[kind.value for kind in AgreementKind],
        roles=[role.value for role in PartyRole],
        rows=min(max(len(shown["parties"]) + _BLANK, _ROWS), MOST_PARTIES),
        titles=dict.fromkeys(shown["modules"]) | titles,
        most_pages=MOST_PAGES,
    )


def _with_scan(ctx: Context, form: dict[str, Any]) -> dict[str, Any]:
    """Return what the form says, the pictures that came with it behind those that stay. Raises DomainError (422)."""
    chosen = [picture for picture in request.files.getlist("scan") if picture.filename]
    if len(form["file_ids"]) + len(chosen) > MOST_PAGES:
        raise invalid("scan", "replication.page_too_many", most=MOST_PAGES)
    taken = []
    for picture in chosen:
        content = picture.stream.read(FILE_BYTES + 1)
        try:
            refuse_large(content)
            taken.append(keep_picture(ctx, content).id)
        except DomainError as refusal:
            fault = refusal.errors[0] if refusal.errors else refusal
            why = ctx.ground.catalogue.text(fault.code, ctx.locale, fault.params)
            raise invalid("scan", "replication.page_scan_refused", name=picture.filename, why=why) from None
    said = {name: value for name, value in form.items() if name not in {"version", "rows"}}
    return said | {"file_ids": [*form["file_ids"], *taken]}


@contextmanager
def _told_in_their_rows(rows: Sequence[int]) -> Iterator[None]:
    """Let what is wrong with a party be told in the row of the form in which it stands."""
    try:
        yield
    except DomainError as refusal:
        errors = [
            replace(fault, field=_PARTY.sub(lambda at: f"parties.{rows[int(at[1])]}", fault.field)) for fault in refusal.errors
        ]
        raise DomainError(refusal.kind, refusal.code, params=refusal.params, errors=errors) from None


def _listed(ctx: Context, said: str) -> Any:
    return see_other(here(ctx.region, f"/replication{_LIST}"), said=said)


@blueprint.page("GET", f"{_LIST}/add", permission=KEEP)
def show_new(ctx: Context) -> Response:
    """Show the form by which an agreement is recorded."""
    return _form_page(ctx, None)


@blueprint.page("POST", f"{_LIST}/add", permission=KEEP, form=AgreementPage, again="show_new", limit="write")
def record(ctx: Context, form: dict[str, Any]) -> Any:
    """Record an agreement, with the pictures of its pages."""
    with _told_in_their_rows(form["rows"]):
        record_agreement(ctx, _with_scan(ctx, form))
    return _listed(ctx, "added")


@blueprint.page("GET", _ONE, permission=KEEP)
def show_agreement(ctx: Context, agreement_id: UUID) -> Response:
    """Show the form of an agreement."""
    return _form_page(ctx, get_agreement(ctx, agreement_id, also_private=True))


@blueprint.page("POST", _ONE, permission=KEEP, form=AgreementChangePage, again="show_agreement", limit="write")
def change(ctx: Context, form: dict[str, Any], agreement_id: UUID) -> Any:
    """Change an agreement, unless somebody has since it was read; pages without their tick are removed for good."""
    with _told_in_their_rows(form["rows"]):
        replace_agreement(ctx, agreement_id, _with_scan(ctx, form), expected_version=form["version"])
    return _listed(ctx, "saved")


@blueprint.page("POST", f"{_ONE}/retire", permission=KEEP, form=RetirementForm, again="show_agreement", limit="write")
def retire(ctx: Context, form: dict[str, Any], agreement_id: UUID) -> Any:
    """Take an agreement out of the register, unless somebody has changed it since it was read."""
    retire_agreement(ctx, agreement_id, expected_version=form["version"])
    return _listed(ctx, "removed")
