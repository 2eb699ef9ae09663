"""What a region's pack sets in this room, `command_centre.yaml`."""

from typing import Any

from marshmallow import fields, post_load, validate

from backend.sdk.module import Schema
from services.command_centre.domain import Threshold


class ThresholdSettings(Schema):
    """From which value of an indicator on to watch, and to act."""

    key = fields.String(required=True, validate=validate.Length(1, 80), metadata={"examples": ["complaints.late"]})
    watch = fields.Float(required=True)
    act = fields.Float(required=True)
    source = fields.String(load_default="", validate=validate.Length(max=300))  # where the pack says it


class CommandCentreSettings(Schema):
    """The whole of `command_centre.yaml`. `indicators` are shown first and in this order; those `hidden`, not at all."""

    indicators = fields.List(fields.String(validate=validate.Length(1, 80)), load_default=list, validate=validate.Length(max=100))
    hidden = fields.List(fields.String(validate=validate.Length(1, 80)), load_default=list, validate=validate.Length(max=100))
    thresholds = fields.List(fields.Nested(ThresholdSettings), load_default=list, validate=validate.Length(max=100))
    map_by = fields.String(
        load_default="complaints.late", validate=validate.Length(1, 80), metadata={"examples": ["complaints.open"]}
    )
    refresh_seconds = fields.Integer(load_default=30, validate=validate.Range(5, 3600))
    small_number = fields.Integer(load_default=30, validate=validate.Range(1, 1000))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return the settings, the thresholds by the indicator that they are of."""
        return data | {
            "thresholds": {each["key"]: Threshold(watch=each["watch"], act=each["act"]) for each in data["thresholds"]}
        }
