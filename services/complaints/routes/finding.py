"""What a map reads: open complaints as GeoJSON."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from backend.sdk.domain import Context
from backend.sdk.web import answer
from services.complaints.queries.pins import list_pins
from services.complaints.queries.shaping import Labels, labels_of
from services.complaints.routes.door import blueprint
from services.complaints.schemas import MapOut, MapQuery


@blueprint.endpoint("GET", "/map", public=True, query=MapQuery, out=MapOut, media="application/geo+json")
def show_map(ctx: Context, query: dict[str, Any]) -> Response:
    """Show open complaints on a map: of each part of the view the newest."""
    view = list_pins(ctx, query)
    labels = labels_of(ctx)
    shown = answer({"type": "FeatureCollection", "features": [_feature(labels, pin) for pin in view.pins], "more": view.more})
    shown.mimetype = "application/geo+json"
    return shown


def _feature(labels: Labels, pin: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": pin["id"],
        "geometry": {"type": "Point", "coordinates": [pin["lng"], pin["lat"]]},
        "properties": {
            "number": pin["number"],
            "status": pin["state"],
            "status_label": labels.states.get(pin["state"], pin["state"]),
            "category": pin["category"],
            "category_name": labels.categories.get(pin["category"], pin["category"]),
            "submitted_at": pin["submitted_at"],
            "support_count": pin["support_count"],
        },
    }
