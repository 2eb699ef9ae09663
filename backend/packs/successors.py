"""The form of successors.yaml: who follows the units and areas that a decree ends, merges, splits or renames."""

from marshmallow import Schema, fields, validate

_key = validate.Length(min=1, max=60)


class _Unit(Schema):
    key = fields.String(required=True, validate=_key)
    successor = fields.String(required=True, validate=_key)
    decree = fields.String(validate=validate.Length(min=1, max=200))


class _Area(Schema):
    code = fields.String(required=True, validate=_key)
    successors = fields.List(fields.String(validate=_key), required=True, validate=validate.Length(min=1))
    decree = fields.String(validate=validate.Length(min=1, max=200))


class SuccessorsFile(Schema):
    """successors.yaml."""

    departments = fields.List(fields.Nested(_Unit))
    areas = fields.List(fields.Nested(_Area))
