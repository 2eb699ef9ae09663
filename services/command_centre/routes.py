"""Routes of the command centre, for dashboards: figures alone, never a person and never a sealed case."""

from flask import Response

from backend.sdk.domain import Context
from backend.sdk.web import RoomBlueprint, answer
from services.command_centre.domain import READ
from services.command_centre.queries import ROOM, get_shown, list_shown, newest_alarms
from services.command_centre.schemas import (
    AlarmsOut,
    IndicatorsOut,
    OneIndicatorOut,
    shown_alarm,
    shown_in_parts,
    shown_indicator,
)

blueprint = RoomBlueprint(ROOM, doc="A region's figures, with what they mean and how old they are, and what to look at")


@blueprint.endpoint("GET", "/indicators", permission=READ, out=IndicatorsOut)
def list_all(ctx: Context) -> Response:
    """List the region's indicators with what they say now."""
    return answer({"items": [shown_indicator(ctx, shown) for shown in list_shown(ctx)]})


@blueprint.endpoint("GET", "/indicators/<indicator>", permission=READ, out=OneIndicatorOut)
def get_one(ctx: Context, indicator: str) -> Response:
    """Return one indicator, divided by department, area and the like, and by day."""
    return answer(shown_in_parts(ctx, get_shown(ctx, indicator)))


@blueprint.endpoint("GET", "/alarms", permission=READ, out=AlarmsOut)
def list_what_alarms(ctx: Context) -> Response:
    """List the newest alarms, the newest first; those of the installation itself for its operator alone."""
    return answer({"items": [shown_alarm(ctx, alarm) for alarm in newest_alarms(ctx)]})
