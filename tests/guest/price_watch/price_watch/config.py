"""What a region sets: where the province's price board is."""

from marshmallow import fields

from backend.sdk.module import Schema


class Settings(Schema):
    board_url = fields.Url(required=True, require_tld=False, schemes={"http", "https"})
