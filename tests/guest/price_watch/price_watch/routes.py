"""The door: a citizen says what they wait for."""

from marshmallow import fields, validate

from backend.sdk.module import Permission
from backend.sdk.web import RoomBlueprint, Schema
from price_watch.operations import export_watches, watch_price

WATCH = Permission(name="price_watch.watch", roles=frozenset({"citizen"}), doc="Watch prices")
blueprint = RoomBlueprint("price_watch", doc="Being told when something gets cheap")


class WatchShape(Schema):
    goods = fields.String(required=True, validate=validate.Length(1, 60), metadata={"examples": ["beras"]})
    rupiah = fields.Integer(required=True, validate=validate.Range(1, 10_000_000), metadata={"examples": [12000]})


class WatchesShape(Schema):
    watches = fields.List(fields.Nested(WatchShape), required=True)


@blueprint.endpoint("PUT", "", permission=WATCH.name, body=WatchShape, out=WatchesShape, limit="write")
def put_watch(ctx, body):
    """Watch a price; the answer is all that is watched."""
    watch_price(ctx, body["goods"], body["rupiah"])
    return export_watches(ctx, ctx.actor.account_id)
