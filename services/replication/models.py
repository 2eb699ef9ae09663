"""The table of the room. Who recorded or changed an agreement is in the audit log, not here."""

from datetime import date, datetime

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.sdk.data import Base, Json, RegionScoped, plain


class Agreement(RegionScoped, Base):
    """What regions signed. `file_ids` are the pages of its scan, in order; a retired one is not shown."""

    __tablename__ = "replication_agreements"
    holds = (
        plain("kind number title signed_on starts_on ends_on parties modules document_url file_ids"),
        plain("public version"),
    )

    kind: Mapped[str]
    number: Mapped[str]
    title: Mapped[str]
    signed_on: Mapped[date]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    parties: Mapped[list[Json]] = mapped_column(JSONB)
    modules: Mapped[list[str]] = mapped_column(JSONB)
    document_url: Mapped[str | None]
    file_ids: Mapped[list[str]] = mapped_column(JSONB)
    public: Mapped[bool]
    version: Mapped[int]
    recorded_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
