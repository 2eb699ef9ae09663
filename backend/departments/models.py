"""The table of departments: written by packs, read by everybody."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.core.personal import plain
from backend.data.db import Base, RegionScoped


class Department(RegionScoped, Base):
    """A unit that takes complaints, and the department types bound to it."""

    __tablename__ = "departments"
    holds = (plain("key name kind types area_code email verified active successor"),)

    key: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str]  # department, area_office or external
    types: Mapped[list[str]] = mapped_column(JSONB)
    area_code: Mapped[str | None]  # of an area office
    email: Mapped[str | None]
    verified: Mapped[bool]  # whether somebody of the unit has confirmed its address
    active: Mapped[bool] = mapped_column(default=True)  # a pack that no longer names a unit takes it out of use
    successor: Mapped[str | None]  # the key of the unit that took its work over

    __table_args__ = (UniqueConstraint("region_id", "key"),)
