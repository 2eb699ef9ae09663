"""The form of an agreement as a browser sends it: a row of fields for each party, its list in the room's own form."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, post_load, pre_load, validate

from backend.sdk.web import Schema
from services.replication.schemas import AgreementForm, Party

MOST_PARTIES, MOST_PAGES = 20, 20


def _party(given: dict[str, Any], row: int) -> dict[str, Any]:
    named = {part: given.pop(f"parties.{row}.{part}", None) for part in Party().fields}
    return {part: said for part, said in named.items() if said is not None}


class AgreementPage(AgreementForm):
    """A new agreement. Rows that were left blank are no parties; `rows` says in which they stand, for faults to be told there."""

    parties = fields.Dict(  # type: ignore[assignment]  # the same list, by its rows
        keys=fields.Integer(), values=fields.Nested(Party), required=True, validate=validate.Length(2, MOST_PARTIES)
    )

    @pre_load
    def _gather(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        given = dict(data.items())
        parties = {row: _party(given, row) for row in range(MOST_PARTIES)}
        given |= {
            "parties": {row: party for row, party in parties.items() if party},
            "public": given.get("public") == "true",
        }
        if given.get("version", "").isdecimal():
            given["version"] = int(given["version"])
        return given

    @post_load
    def _list(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return data | {"parties": list(data["parties"].values()), "rows": list(data["parties"])}


class AgreementChangePage(AgreementPage):
    """An agreement with the `version` that was read."""

    version = fields.Integer(required=True)


class RetirementForm(Schema):
    """That an agreement is to be taken out, as it was read."""

    version = fields.Integer(required=True)
    confirm = fields.Boolean(required=True, validate=validate.OneOf([True], error="request.required"))
