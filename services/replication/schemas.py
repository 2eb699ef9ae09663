"""What goes over the wire: the form of an agreement, and how agreements and regions at work are shown."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from backend.sdk.domain import Context, RunningRegion, in_language, shown_files
from backend.sdk.web import Schema, not_blank
from services.replication.domain import CHECKSUM_SHOWN, AgreementKind, PartyRole, Status, status_on
from services.replication.models import Agreement


def _words(most: int, example: str) -> fields.String:
    return fields.String(required=True, validate=[validate.Length(1, most), not_blank], metadata={"examples": [example]})


def _one_of(kind: type[AgreementKind | PartyRole | Status], **options: Any) -> fields.String:
    return fields.String(required=True, validate=validate.OneOf([each.value for each in kind]), **options)


def _day(example: str, **options: Any) -> fields.Date:
    return fields.Date(metadata={"examples": [example]}, **options)


class Party(Schema):
    """Who signed it; `region` is its key where it is a region of this installation."""

    name = _words(200, "Pemerintah Kota Bandung")
    region = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(1, 40), metadata={"examples": ["banda-aceh", None]}
    )
    role = _one_of(PartyRole)


class AgreementForm(Schema):
    """An agreement as it was signed. `modules` are what is handed over; `file_ids` pictures of its pages, in order."""

    kind = _one_of(AgreementKind)
    number = _words(100, "134.4/0123/PKS/2025")
    title = _words(300, "Pengembangan Integrasi Layanan Publik Berbasis Digital")
    signed_on = _day("2025-05-24", required=True)
    starts_on = _day("2025-05-24", load_default=None, allow_none=True)  # the day it was signed, if not said
    ends_on = _day("2028-05-23", load_default=None, allow_none=True)
    parties = fields.List(fields.Nested(Party), required=True, validate=validate.Length(2, 20))
    modules = fields.List(
        fields.String(validate=validate.Regexp(r"^[a-z][a-z0-9_]{1,39}$(?!\n)"), metadata={"examples": ["complaints"]}),
        load_default=list,
        validate=validate.Length(0, 50),
    )
    document_url = fields.Url(
        load_default=None,
        allow_none=True,
        schemes={"https"},
        validate=validate.Length(max=500),
        metadata={"examples": ["https://jdih.bandaacehkota.go.id/134.4-0123-2025.pdf", None]},
    )
    file_ids = fields.List(fields.UUID(), load_default=list, validate=validate.Length(0, 20))
    public = fields.Boolean(load_default=False)

    @validates_schema
    def _is_in_order(self, data: dict[str, Any], **_: Any) -> None:
        ends_on = data["ends_on"]
        if ends_on is not None and ends_on < (data["starts_on"] or data["signed_on"]):
            raise ValidationError("replication.ends_before_start", "ends_on")
        _each_once(data["file_ids"])

    @post_load
    def _starts_when_signed(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return data | {"starts_on": data["starts_on"] or data["signed_on"]}


def _each_once(pages: Sequence[UUID]) -> None:
    twice = {place: ["replication.page_twice"] for place, page in enumerate(pages) if page in pages[:place]}
    if twice:
        raise ValidationError({"file_ids": twice})


class PageOfScan(Schema):
    """A picture of a page; the links are good for an hour or two."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, metadata={"examples": ["scan"]})
    url = fields.String(required=True)
    thumbnail_url = fields.String(required=True)


class AgreementOut(Schema):
    """An agreement; `status` is how it stands today in the region."""

    id = fields.UUID(required=True)
    kind = _one_of(AgreementKind)
    number = fields.String(required=True)
    title = fields.String(required=True)
    status = _one_of(Status)
    signed_on = fields.Date(required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True, allow_none=True)
    parties = fields.List(fields.Nested(Party), required=True)
    modules = fields.List(fields.String(), required=True)
    document_url = fields.String(required=True, allow_none=True)
    files = fields.List(fields.Nested(PageOfScan), required=True)
    public = fields.Boolean(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    changed_at = fields.AwareDateTime(required=True)


_SAID = (
    *("id", "kind", "number", "title", "signed_on", "starts_on", "ends_on", "modules", "document_url", "public"),
    *("recorded_at", "changed_at"),
)


def shown_agreement(ctx: Context, agreement: Agreement) -> dict[str, Any]:
    """Return an agreement as the API shows it."""
    today = ctx.now().astimezone(ctx.region.zone).date()
    return {name: getattr(agreement, name) for name in _SAID} | {
        # In one order, whether just said or read again: the ETag is made of it.
        "parties": [{name: party[name] for name in Party().fields} for party in agreement.parties],
        "status": status_on(today, starts_on=agreement.starts_on, ends_on=agreement.ends_on),
        "files": shown_files(ctx, [(UUID(page), "scan") for page in agreement.file_ids]),
    }


class RunningModuleOut(Schema):
    """A module that is switched on."""

    name = fields.String(required=True, metadata={"examples": ["complaints"]})
    title = fields.String(required=True)
    version = fields.String(required=True)


class RunningPackOut(Schema):
    """The pack as it was last applied: its number in the region's history, and how its checksum begins."""

    version = fields.Integer(required=True)
    checksum = fields.String(required=True, metadata={"examples": ["5d41402abc4b"]})
    applied_at = fields.AwareDateTime(required=True)


class OriginOut(Schema):
    """The pack from which a region's own was copied; `region` is its region's name where that is known here."""

    pack = fields.String(required=True, metadata={"examples": ["banda-aceh"]})
    region = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True, allow_none=True)
    checksum = fields.String(required=True, allow_none=True)
    agreement = fields.String(required=True, allow_none=True)


class RunningRegionOut(Schema):
    """A region, and what it runs."""

    key = fields.String(required=True, metadata={"examples": ["banda-aceh"]})
    code = fields.String(required=True, metadata={"examples": ["11.71"]})
    name = fields.String(required=True)
    modules = fields.List(fields.Nested(RunningModuleOut), required=True)
    pack = fields.Nested(RunningPackOut, required=True)
    origin = fields.Nested(OriginOut, required=True, allow_none=True)


def shown_region(ctx: Context, running: RunningRegion) -> dict[str, Any]:
    """Return a region at work as the API shows it: public facts alone."""
    region = running.region
    return {
        "key": region.key,
        "code": region.code,
        "name": region.name,
        "modules": [
            {"name": module.name, "title": in_language(module.title, ctx.locale), "version": module.version}
            for module in running.modules
        ],
        "pack": {
            "version": running.version,
            "checksum": region.pack_checksum[:CHECKSUM_SHOWN],
            "applied_at": running.applied_at,
        },
        "origin": _origin(ctx, region.identity.get("origin")),
    }


def _origin(ctx: Context, said: dict[str, Any] | None) -> dict[str, Any] | None:
    if not said:
        return None
    giver = ctx.ground.regions.find(said["pack"])
    return {
        "pack": said["pack"],
        "region": giver.name if giver else None,
        "version": said.get("version"),
        "checksum": said.get("checksum", "")[:CHECKSUM_SHOWN] or None,
        "agreement": said.get("agreement"),
    }


class RegisterQuery(Schema):
    """Which part of each table of the register."""

    agreements = fields.String(load_default=None, validate=validate.Length(max=400), metadata={"examples": ["WzdkXQ"]})
    regions = fields.String(load_default=None, validate=validate.Length(max=400), metadata={"examples": ["WzdkXQ"]})
