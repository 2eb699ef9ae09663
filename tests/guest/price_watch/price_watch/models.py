"""The table of this module: what a citizen waits for. An account's id makes it personal data."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from backend.sdk.data import Base, RegionScoped


class Watch(RegionScoped, Base):
    __tablename__ = "price_watch"
    account_id: Mapped[UUID]
    goods: Mapped[str]
    rupiah: Mapped[int]
    since: Mapped[datetime]

    __table_args__ = (UniqueConstraint("region_id", "account_id", "goods"),)
