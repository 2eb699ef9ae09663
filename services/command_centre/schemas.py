"""What goes over the wire: indicators with their definitions and readings, and alarms."""

from typing import Any

from marshmallow import fields, validate

from backend.sdk.domain import Context
from backend.sdk.indicators import Alarm, Period, Severity, Unit
from backend.sdk.web import Schema
from services.command_centre.domain import Level
from services.command_centre.queries import Shown


def _taken_of() -> fields.Integer:
    return fields.Integer(required=True, allow_none=True, metadata={"examples": [412, None]})


def _one_of(kind: type[Unit | Period | Severity | Level], **options: Any) -> fields.String:
    return fields.String(required=True, validate=validate.OneOf([each.value for each in kind]), **options)


class IndicatorOut(Schema):
    """A figure and what it is. It holds what happened up to `as_of` (null: it is not complete yet); shares lie between 0 and 1.

    `n` is what a share or mean was taken of; it is `small` where that is so few that it says little.
    """

    key = fields.String(required=True, metadata={"examples": ["complaints.late"]})
    title = fields.String(required=True)
    definition = fields.String(required=True)
    owner = fields.String(required=True)
    source = fields.String(required=True)
    unit = _one_of(Unit)
    period = _one_of(Period)
    value = fields.Float(required=True, allow_none=True)
    n = _taken_of()
    small = fields.Boolean(required=True)
    level = _one_of(Level, allow_none=True)
    as_of = fields.AwareDateTime(required=True, allow_none=True)
    age_seconds = fields.Integer(required=True, allow_none=True)
    fresh_for_seconds = fields.Integer(required=True)
    stale = fields.Boolean(required=True)


class IndicatorsOut(Schema):
    """The region's indicators, in its order."""

    items = fields.List(fields.Nested(IndicatorOut), required=True)


class PartOut(Schema):
    """The figure of one department, area, category or the like; an empty key stands for those that have none."""

    key = fields.String(required=True)
    label = fields.String(required=True)
    value = fields.Float(required=True, allow_none=True)
    n = _taken_of()
    small = fields.Boolean(required=True)


class DimensionOut(Schema):
    """One way of dividing the figure, the largest part first."""

    name = fields.String(required=True, metadata={"examples": ["department"]})
    title = fields.String(required=True)
    parts = fields.List(fields.Nested(PartOut), required=True)


class DayOut(Schema):
    """The figure of one day of the region."""

    on = fields.Date(required=True)
    value = fields.Float(required=True, allow_none=True)
    n = _taken_of()


class OneIndicatorOut(IndicatorOut):
    """A figure with its parts, and by day where it is of days."""

    by = fields.List(fields.Nested(DimensionOut), required=True)
    days = fields.List(fields.Nested(DayOut), required=True)


class AlarmOut(Schema):
    """Something to look at; `path` is where, below the region's pages."""

    at = fields.AwareDateTime(required=True)
    severity = _one_of(Severity)
    code = fields.String(required=True, metadata={"examples": ["indicators.alarm_dead"]})
    text = fields.String(required=True)
    path = fields.String(required=True, allow_none=True)


class AlarmsOut(Schema):
    """The newest alarms, the newest first."""

    items = fields.List(fields.Nested(AlarmOut), required=True)


def shown_indicator(ctx: Context, shown: Shown) -> dict[str, Any]:
    """Return an indicator as the API shows it in a list."""
    indicator, reading, texts = shown.indicator, shown.reading, ctx.ground.catalogue
    said = {name: texts.text(getattr(indicator, name), ctx.locale) for name in ("title", "definition", "owner", "source")}
    return {
        "key": indicator.key,
        **said,
        "unit": indicator.unit,
        "period": indicator.period,
        "value": reading.value,
        "n": reading.n,
        "small": shown.small,
        "level": shown.level,
        "as_of": reading.as_of,
        "age_seconds": None if reading.as_of is None else max(0, int((ctx.now() - reading.as_of).total_seconds())),
        "fresh_for_seconds": int(indicator.fresh_for.total_seconds()),
        "stale": shown.stale,
    }


def shown_in_parts(ctx: Context, shown: Shown) -> dict[str, Any]:
    """Return an indicator as the API shows it alone."""
    texts = ctx.ground.catalogue
    return shown_indicator(ctx, shown) | {
        "by": [
            {
                "name": name,
                "title": texts.text(shown.indicator.dimensions[name], ctx.locale),
                "parts": [
                    {"key": part.key, "label": part.label, "value": part.value, "n": part.n, "small": shown.is_small(part.n)}
                    for part in parts
                ],
            }
            for name, parts in shown.reading.by.items()
        ],
        "days": [{"on": day.on, "value": day.value, "n": day.n} for day in shown.reading.days],
    }


def shown_alarm(ctx: Context, alarm: Alarm) -> dict[str, Any]:
    """Return an alarm as the API shows it."""
    said = ctx.ground.catalogue.text(alarm.code, ctx.locale, alarm.params)
    return {"at": alarm.at, "severity": alarm.severity, "code": alarm.code, "text": said, "path": alarm.path}
