"""The form of region.yaml, calendar.yaml and departments.yaml. Modules bring the form of their own files."""

import re
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from backend.core.calendars import national_days
from backend.pages.maps.tiles import check_tile_url

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
REGION_KEY = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
TYPE = r"[A-Z][A-Z0-9_]{1,30}"
_text = validate.Length(min=1, max=200)


def _matches(pattern: str, example: str) -> validate.Regexp:
    return validate.Regexp(re.compile(rf"(?:{pattern})\Z"), error=f"{{input!r}} is malformed: write it like {example}")


region_key = validate.And(_matches(REGION_KEY, "banda-aceh"), validate.Length(max=40))
department_type = _matches(TYPE, "PUPR")


def _time_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValidationError(f"{name!r} is no time zone: use an IANA name such as Asia/Jakarta") from None


def _day(text: str) -> None:
    try:
        if date.fromisoformat(text).isoformat() == text:
            return
    except ValueError:
        pass
    raise ValidationError(f"{text!r} is not a date: write it like 2026-12-26")


def _clock(text: str) -> None:
    try:
        if time.fromisoformat(text).isoformat("minutes") == text:
            return
    except ValueError:
        pass
    raise ValidationError(f"{text!r} is not a time of day: write it like 07:30")


def _label(**options: Any) -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.String(validate=validate.Length(min=1)), **options)


class _UnitTitle(Schema):
    title = _label(required=True)
    head = _label(required=True)
    office = fields.String(validate=department_type)  # its office is a department of this type


class _Phone(Schema):
    country = fields.String(required=True, validate=_matches("[A-Z]{2}", "ID"))


class _Contact(Schema):
    key = fields.String(required=True, validate=_text)
    label = _label(required=True)
    phone = fields.String(validate=_text)
    url = fields.Url(schemes={"https"})
    email = fields.Email()


class _Branding(Schema):
    colours = fields.Dict(
        keys=fields.String(), values=fields.String(validate=_matches("#[0-9a-f]{6}", "'#0b6e4f'")), required=True
    )


def _tile_url(url: str) -> None:
    try:
        check_tile_url(url)
    except ValueError as error:
        raise ValidationError(str(error)) from None


class _Tiles(Schema):
    """A tile server that is asked for pictures behind the maps, by the browser of whoever looks at one."""

    url = fields.String(required=True, validate=_tile_url)
    attribution = fields.String(required=True, validate=_text)


class _Map(Schema):
    tiles = fields.Nested(_Tiles)


class _Origin(Schema):
    """Whose pack this one was copied from: the region's key, its pack's version and checksum, the agreement that allows it."""

    pack = fields.String(required=True, validate=region_key)
    version = fields.Integer(strict=True, validate=validate.Range(1))
    checksum = fields.String(validate=_text)
    agreement = fields.String(validate=_text)


class _Identity(Schema):
    app_name = fields.String(required=True, validate=_text)
    timezone = fields.String(required=True, validate=_time_zone)
    languages = fields.List(fields.String(validate=_matches("[a-z]{2,3}", "id")), required=True, validate=validate.Length(min=1))
    unit_titles = fields.Dict(keys=fields.String(), values=fields.Nested(_UnitTitle), required=True)
    terms = fields.Dict(keys=fields.String(), values=_label())
    phone = fields.Nested(_Phone, required=True)
    staff_totp = fields.String(validate=validate.OneOf(["optional", "required"]))
    contacts = fields.List(fields.Nested(_Contact))
    branding = fields.Nested(_Branding)
    map = fields.Nested(_Map)
    official = fields.Boolean(required=True)
    notice = _label()
    origin = fields.Nested(_Origin)

    @validates_schema
    def _unofficial_says_so(self, data: dict[str, Any], **_: Any) -> None:
        if not data["official"] and not data.get("notice"):
            raise ValidationError("a pack that is not official says so to people: add a notice", "notice")


class RegionFile(Schema):
    """region.yaml."""

    key = fields.String(required=True, validate=region_key)
    code = fields.String(required=True, validate=_matches("[A-Za-z0-9][A-Za-z0-9.-]{0,31}", '"11.71"'))
    name = fields.String(required=True, validate=_text)
    extends = fields.List(fields.String())
    identity = fields.Nested(_Identity, required=True)


class _Hours(Schema):
    start = fields.String(required=True, validate=_clock)
    end = fields.String(required=True, validate=_clock)

    @validates_schema
    def _in_order(self, data: dict[str, str], **_: Any) -> None:
        if data["start"] >= data["end"]:
            raise ValidationError("the day ends before it starts")


class _National(Schema):
    """A country's holidays, as the package `holidays` computes them."""

    country = fields.String(required=True, validate=_matches("[A-Z]{2}", "ID"))
    subdivision = fields.String(validate=_text)
    categories = fields.List(fields.String(validate=_text))
    without = fields.List(fields.String(validate=_day))  # days of it that are not kept here

    @validates_schema
    def _known(self, data: dict[str, Any], **_: Any) -> None:
        # What is unknown is so in any year.
        try:
            national_days(data["country"], data.get("subdivision"), frozenset(data.get("categories", ())), 2026)
        except LookupError as error:
            raise ValidationError(f"no holidays are known for this: {error}") from None


class _Holiday(Schema):
    key = fields.String(required=True, validate=_text)
    date = fields.String(required=True, validate=_day)
    name = _label(required=True)
    kind = fields.String(validate=validate.OneOf(["national", "joint_leave", "local"]))
    verified = fields.Boolean()


class CalendarFile(Schema):
    """calendar.yaml. A day without hours is no working day, nor is a national holiday or one of `holidays`."""

    working_hours = fields.Dict(
        keys=fields.String(validate=validate.OneOf(WEEKDAYS)),
        values=fields.Nested(_Hours, allow_none=True),
        required=True,
    )
    national = fields.Nested(_National, allow_none=True)
    holidays = fields.List(fields.Nested(_Holiday), load_default=list)


class _Type(Schema):
    key = fields.String(required=True, validate=department_type)
    name = _label(required=True)


class _Department(Schema):
    key = fields.String(required=True, validate=validate.And(_matches(REGION_KEY, "dinas-pupr"), validate.Length(max=60)))
    name = fields.String(required=True, validate=_text)
    types = fields.List(fields.String(validate=department_type), required=True, validate=validate.Length(min=1))
    kind = fields.String(validate=validate.OneOf(["department", "external"]))
    email = fields.Email(allow_none=True)
    verified = fields.Boolean()


class DepartmentsFile(Schema):
    """departments.yaml. `types` is the register of department types, `departments` binds them to the region's units."""

    types = fields.List(fields.Nested(_Type))
    departments = fields.List(fields.Nested(_Department), required=True, validate=validate.Length(min=1))
