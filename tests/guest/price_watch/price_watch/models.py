"""The table of this module: what a citizen waits for. An account's id makes it personal data."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from backend.sdk.data import Base, RegionScoped, personal, pseudonym


class Watch(RegionScoped, Base):
    __tablename__ = "price_watch"
    holds = (pseudonym("account_id", "who waits"), personal("goods rupiah", "for what"))
    kept = "a year, or until it is taken back"
    account_id: Mapped[UUID]
    goods: Mapped[str]
    rupiah: Mapped[int]
    since: Mapped[datetime]

    __table_args__ = (UniqueConstraint("region_id", "account_id", "goods"),)
