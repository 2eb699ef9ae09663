"""The demo's way to read messages that would have left the house. Registered in the demo environment alone."""

from typing import Any

from sqlalchemy import select

from backend.accounts.contacts import read_email, read_phone
from backend.accounts.schemas import MessageOut, MessagesQuery
from backend.data.channels import DemoMessage
from backend.data.context import Context
from backend.http.blueprint import RoomBlueprint
from backend.http.house import current_house
from backend.http.schema import page_of

blueprint = RoomBlueprint("accounts", mount="/demo", name="demo", doc="The demo's messages")


def _addresses(text: str) -> set[str]:
    """Return what `text` may stand for: an e-mail address, or a number as each region would read it."""
    if "@" in text:
        return {read_email(text)}
    written = f"+{text.strip()}" if text.startswith(" ") else text  # a plus sign that nobody escaped
    countries = {region.identity["phone"]["country"] for region in current_house().directory.all()}
    return {phone for country in countries if (phone := read_phone(written, country=country))} | {text}


@blueprint.endpoint("GET", "/messages", public=True, query=MessagesQuery, out=page_of(MessageOut))
def list_messages(ctx: Context, query: dict[str, str]) -> dict[str, Any]:
    """List what was sent to a telephone number, however it is written, or an e-mail address; the newest first."""
    rows = ctx.session.execute(
        select(DemoMessage.at, DemoMessage.channel, DemoMessage.to, DemoMessage.subject, DemoMessage.text)
        .where(DemoMessage.to.in_(_addresses(query["to"])))
        .order_by(DemoMessage.at.desc())
        .limit(200)
    )
    return {"items": [dict(row._mapping) for row in rows], "next_cursor": None}  # noqa: SLF001 - SQLAlchemy's public name
