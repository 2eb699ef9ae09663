"""What a map reads: open complaints as GeoJSON."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from backend.sdk.domain import Context, in_language
from backend.sdk.web import answer
from services.complaints.queries.cases import settings_of
from services.complaints.queries.pins import list_pins
from services.complaints.routes.door import blueprint
from services.complaints.schemas import MapOut, MapQuery


@blueprint.endpoint("GET", "/map", public=True, query=MapQuery, out=MapOut, media="application/geo+json")
def show_map(ctx: Context, query: dict[str, Any]) -> Response:
    """Show open complaints on a map: of each part of the view the newest."""
    view = list_pins(ctx, query)
    shown = answer({"type": "FeatureCollection", "features": [_feature(ctx, pin) for pin in view.pins], "more": view.more})
    shown.mimetype = "application/geo+json"
    return shown


def _feature(ctx: Context, pin: Mapping[str, Any]) -> dict[str, Any]:
    settings = settings_of(ctx)
    state, category = settings.workflow.state_by_key.get(pin["state"]), settings.categories.get(pin["category"])
    return {
        "type": "Feature",
        "id": pin["id"],
        "geometry": {"type": "Point", "coordinates": [pin["lng"], pin["lat"]]},
        "properties": {
            "number": pin["number"],
            "status": pin["state"],
            "status_label": in_language(state.label, ctx.locale) if state else pin["state"],
            "category": pin["category"],
            "category_name": in_language(category.name, ctx.locale) if category else pin["category"],
            "submitted_at": pin["submitted_at"],
            "support_count": pin["support_count"],
        },
    }
