"""Asking that somebody be told, without knowing who tells: an event, written with the change that it is about."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from backend.data.context import Context
from backend.data.events import EventType

NOTICE_REQUESTED = EventType(
    name="notices.requested",
    fields=("template", "audience", "recipient", "params", "link_module", "link_id"),
    doc="Somebody is to be told: a citizen or a staff account (by id), or everybody in charge of a department (by key)."
    " `params` fill the template: scalars, or a label by language.",
)
LOGIN_CODE = "auth.login_code"  # the text with a one-time code, where a region has one of its own


def request_notice(
    ctx: Context,
    *,
    template: str,
    audience: Literal["citizen", "staff", "department"],
    recipient: str,
    subject: UUID,
    params: Mapping[str, str | int | Mapping[str, str]],
    link: tuple[str, UUID] | None,
) -> None:
    """Publish `notices.requested` in this transaction; notices of one `subject` are told in the order of their asking.

    `recipient` is an account's id, or a department's key. `params` are never personal data; a label that the reader's
    language chooses is given in each (`{"id": .., "en": ..}`), an instant as RFC 3339. `link` is the module and id of
    what to open.
    """
    link_module, link_id = link or (None, None)
    ctx.publish(
        NOTICE_REQUESTED,
        subject=subject,
        template=template,
        audience=audience,
        recipient=recipient,
        params=dict(params),
        link_module=link_module,
        link_id=link_id,
    )
