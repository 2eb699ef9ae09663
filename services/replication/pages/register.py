"""The public page: agreements, and which region runs what."""

from collections.abc import Mapping
from pathlib import Path

from flask import Response

from backend.sdk.domain import Context, not_found
from backend.sdk.pages import PageBlueprint, here, render
from services.replication.domain import KEEPERS
from services.replication.queries import ROOM, list_agreements, list_regions
from services.replication.schemas import RegisterQuery, shown_agreement, shown_region

_AGREEMENTS, _REGIONS = 10, 20  # of each on one page

blueprint = PageBlueprint(ROOM, templates=Path(__file__).parent.parent / "templates")


def is_shown(ctx: Context) -> bool:
    """Tell whether the reader finds the page here: the region may keep it to its admins."""
    return bool(ctx.config(ROOM)["public_page"]) or ctx.may(KEEPERS)


@blueprint.page("GET", "", public=True, query=RegisterQuery)
def show_register(ctx: Context, query: Mapping[str, str | None]) -> Response:
    """Show what this region has signed, and what each region of this installation runs."""
    if not is_shown(ctx):
        raise not_found("replication.page_off")
    agreements, more_agreements = list_agreements(ctx, also_private=False, limit=_AGREEMENTS, cursor=query["agreements"])
    regions, more_regions = list_regions(ctx, limit=_REGIONS, cursor=query["regions"])
    running = [shown_region(ctx, region) for region in regions]

    def following(**cursors: str | None) -> str:
        return here(ctx.region, "/replication", **{**query, **cursors})

    return render(
        ctx,
        "replication/register.html",
        agreements=[shown_agreement(ctx, agreement) for agreement in agreements],
        regions=running,
        titles={module["name"]: module["title"] for region in running for module in region["modules"]},
        more_agreements=following(agreements=more_agreements) if more_agreements else "",
        more_regions=following(regions=more_regions) if more_regions else "",
        later=bool(query["agreements"] or query["regions"]),
    )
