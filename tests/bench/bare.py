"""The denominators: Flask, the ORM and PostgreSQL with the same pool, and nothing of Balai around them.

`bare insert` adds one ten-column row by the ORM and commits; `bare select` returns prepared text by one Core SELECT.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from flask import Flask, Response
from sqlalchemy import DateTime, create_engine, delete, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from backend.core.clock import utc_now
from backend.core.ids import new_id
from backend.core.settings import load_settings

TABLES_OWNER = "SET ROLE {}_owner"  # whose default rights give the servers' role theirs


class Base(DeclarativeBase):
    """Tables of the denominators alone: no region, no row-level security."""

    type_annotation_map = {datetime: DateTime(timezone=True)}  # noqa: RUF012 - SQLAlchemy's own form


class Row(Base):
    """Ten columns."""

    __tablename__ = "bench_rows"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    category: Mapped[str]
    description: Mapped[str]
    state: Mapped[str]
    lat: Mapped[float]
    lng: Mapped[float]
    submitted_at: Mapped[datetime]
    due_at: Mapped[datetime]
    version: Mapped[int]


class Text(Base):
    """What a bare select returns."""

    __tablename__ = "bench_texts"

    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]


def prepare(owner_url: str, texts: Sequence[str]) -> None:
    """Make the tables if need be, and let the bare select return these texts, numbered from 0."""
    with create_engine(owner_url).begin() as connection:
        connection.execute(text(TABLES_OWNER.format(make_url(owner_url).database)))
        Base.metadata.create_all(connection)
        connection.execute(delete(Text))
        if texts:
            connection.execute(insert(Text), [{"id": number, "body": body} for number, body in enumerate(texts)])


def make_app() -> Flask:
    """Return the application that the web server runs, with a pool as wide as that of ours."""
    settings = load_settings()
    engine = create_engine(settings.database_url, pool_size=settings.web_threads + 2, max_overflow=0, pool_pre_ping=False)
    app = Flask("bare")

    @app.get("/ready")
    def ready() -> Response:
        return Response("", 200)

    @app.post("/insert")
    def add_row() -> tuple[dict[str, str], int]:
        now = utc_now()
        with Session(engine) as session:
            row = Row(
                id=new_id(),
                number="BNA-2611-000042-K",
                category="JLN-01",
                description="Jalan berlubang di depan pasar, sudah seminggu.",
                state="submitted",
                lat=5.5529,
                lng=95.3192,
                submitted_at=now,
                due_at=now + timedelta(days=7),
                version=1,
            )
            session.add(row)
            session.commit()
            return {"id": str(row.id)}, 201

    @app.get("/select/<int:number>")
    def select_text(number: int) -> Response:
        with engine.connect() as connection:
            body = connection.scalar(select(Text.body).where(Text.id == number))
        return Response(body, content_type="application/json")

    return app
