"""Tables of the room: four kinds of items. Texts are mappings of languages to words."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from backend.sdk.data import Base, Json, RegionScoped


class Item(RegionScoped, Base):
    """What every item has. `edited_at` says that an admin's word stands above the pack's; a retired item is not shown."""

    __abstract__ = True

    key: Mapped[str] = mapped_column(sort_order=-1)
    position: Mapped[int]
    source: Mapped[str]
    checked_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)
    edited_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        """Let a key stand once in a region."""
        return (UniqueConstraint("region_id", "key"),)


class Service(Item):
    """A public service with what it asks, costs and takes."""

    __tablename__ = "service_info_services"

    name: Mapped[Json]
    department_type: Mapped[str]
    summary: Mapped[Json]
    requirements: Mapped[list[Json]] = mapped_column(JSONB)
    cost: Mapped[Json]
    time: Mapped[Json]
    legal_basis: Mapped[str | None]
    verified: Mapped[bool]


class Contact(Item):
    """A number to call."""

    __tablename__ = "service_info_contacts"

    name: Mapped[Json]
    phone: Mapped[str]
    kind: Mapped[str]


class Place(Item):
    """A point on the map."""

    __tablename__ = "service_info_places"

    name: Mapped[Json]
    kind: Mapped[str]
    lat: Mapped[float]
    lng: Mapped[float]
    address: Mapped[str | None]

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        """Add the index for boxes on the map."""
        return (UniqueConstraint("region_id", "key"), Index(None, "region_id", "lat", "lng"))


class Article(Item):
    """A text to read."""

    __tablename__ = "service_info_articles"

    title: Mapped[Json]
    body: Mapped[Json]
    published_on: Mapped[date]
