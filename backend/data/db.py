"""The database as models see it: base classes, the two kinds of table, and the session that always says its region."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, ForeignKey, ForeignKeyConstraint, MetaData, Uuid, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, SessionTransaction, mapped_column, registry

from backend.core.ids import new_id
from backend.core.personal import Holding, plain

Json = dict[str, Any]

_NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table: what each column is to a person (`holds`), and how long what is somebody's is kept (`kept`).

    A platform table says why it may stand outside the regions: `platform = "reason"`.
    """

    registry = registry(
        metadata=MetaData(naming_convention=_NAMES),
        type_annotation_map={datetime: DateTime(timezone=True), UUID: Uuid(), Json: JSONB(), int: BigInteger()},
    )
    platform: ClassVar[str | None] = None
    holds: ClassVar[Sequence[Holding]] = ()
    kept: ClassVar[str] = ""


class RegionScoped:
    """A tenant table: primary key `(region_id, id)`, seen only from inside its region (row-level security, forced)."""

    holds: ClassVar[Sequence[Holding]] = (plain("region_id id"),)

    region_id: Mapped[int] = mapped_column(ForeignKey("regions.id"), primary_key=True, sort_order=-2)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-1)


def within_region(*columns: str, to: str, remote: tuple[str, ...] = ("id",), **options: Any) -> ForeignKeyConstraint:
    """Return a foreign key that carries the region, so that a row cannot point into another one."""
    return ForeignKeyConstraint(["region_id", *columns], [f"{to}.region_id", *(f"{to}.{column}" for column in remote)], **options)


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

_SAY_WHO = (
    "SELECT set_config('app.region_id', %(region)s, true), set_config('app.staff_id', %(staff)s, true),"
    " set_config('synchronous_commit', %(durable)s, true)"
)


def _say(session: Session, connection: Connection) -> None:
    connection.exec_driver_sql(
        _SAY_WHO,
        {
            "region": str(session.info.get("region_id", "")),
            "staff": str(session.info.get("staff_id", "")),
            "durable": "off" if session.info.get("may_be_repeated") else "on",
        },
    )


@event.listens_for(Session, "after_begin")
def _say_at_once(session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    # Always said, and for this transaction only: a pooled connection never carries another request's region.
    _say(session, connection)


def enter_region(session: Session, region_id: int) -> None:
    """Go on in another region: for the command that makes one, which begins outside every region."""
    session.info["region_id"] = region_id
    _say(session, session.connection())


__all__ = ["Base", "Json", "RegionScoped", "db", "enter_region", "within_region"]
