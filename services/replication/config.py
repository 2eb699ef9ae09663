"""What a region's pack sets in this room, `replication.yaml`."""

from marshmallow import fields

from backend.sdk.module import Schema


class ReplicationSettings(Schema):
    """The whole of `replication.yaml`."""

    public_page = fields.Boolean(load_default=True)
