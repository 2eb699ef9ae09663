"""Tables of the room: four kinds of items. Texts are mappings of languages to words."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from backend.sdk.data import Base, Holding, Json, RegionScoped, plain


class Item(RegionScoped, Base):
    """What every item has. `edited_at` says that an admin's word stands above the pack's; a retired item is not shown."""

    __abstract__ = True
    holds: ClassVar[Sequence[Holding]] = (plain("key position source checked_on version"),)

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
    holds = (plain("name department_type summary requirements cost time legal_basis verified"),)

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
    holds = (plain("name phone kind"),)

    name: Mapped[Json]
    phone: Mapped[str]
    kind: Mapped[str]


class Place(Item):
    """A point on the map."""

    __tablename__ = "service_info_places"
    holds = (plain("name kind lat lng address"),)

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
    holds = (plain("title body published_on"),)

    title: Mapped[Json]
    body: Mapped[Json]
    published_on: Mapped[date]


KINDS: Mapping[str, type[Item]] = {"services": Service, "contacts": Contact, "places": Place, "articles": Article}
