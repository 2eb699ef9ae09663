"""Statements made once and sent often: hot reads, and the rows that a unit of work writes together at its end.

SQLAlchemy builds, keys and maps each statement anew; here that is done once. All of it runs on the session's own
connection, in its transaction and region, so both locks of the database hold.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import orjson
from sqlalchemy import CursorResult, Row
from sqlalchemy.orm import Session

from backend.data.db import Base

_WAITING = "rows"

Rows = dict[str, list[dict[str, Any]]]


class Prepared:
    """A statement as psycopg takes it, with named parameters: `%(name)s`. What waits to be written is written before it."""

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def _sent(self, session: Session, values: dict[str, Any]) -> CursorResult[Any]:
        write_out(session)
        return session.connection().exec_driver_sql(self.sql, values)

    def all(self, session: Session, /, **values: Any) -> Sequence[Row[Any]]:
        """Execute it and return its rows."""
        return self._sent(session, values).all()

    def first(self, session: Session, /, **values: Any) -> Row[Any] | None:
        """Execute it and return its first row."""
        return self._sent(session, values).first()

    def json(self, session: Session, /, **values: Any) -> Any:
        """Execute it and return its only value, JSON as text, as it is read; None without a row."""
        row = self._sent(session, values).first()
        return None if row is None or row[0] is None else orjson.loads(row[0])


def add_row(session: Session, model: type[Base], **values: Any) -> None:
    """Let a row be written with the others of its unit of work: in one statement, at the latest before the commit.

    Every column without a default of the database's own is given; a `Prepared` of the same session sees the row.
    """
    waiting: Rows = session.info.setdefault(_WAITING, {})
    waiting.setdefault(model.__tablename__, []).append(values)


def write_out(session: Session) -> None:
    """Write what waits: the session's objects, then the rows that were added, all tables in one statement."""
    session.flush()
    waiting: Rows | None = session.info.pop(_WAITING, None)
    if waiting:
        statement = _filling_all(tuple((table, tuple(rows[0])) for table, rows in waiting.items()))
        session.connection().exec_driver_sql(statement, {table: as_json(rows) for table, rows in waiting.items()})


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """Do what follows wholly or, when it raises, not at all, the rows that wait included; the error goes on."""
    write_out(session)
    try:
        with session.begin_nested():
            yield
            write_out(session)
    except BaseException:
        session.info.pop(_WAITING, None)
        raise


def as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as the parameter of a `filling` statement."""
    return orjson.dumps(rows).decode()


def filling(table: str, names: Sequence[str]) -> str:
    """Return the statement that fills these columns of `table` from its one parameter, named as the table: `as_json(rows)`."""
    columns = ", ".join(f'"{name}"' for name in names)
    source = f"json_populate_recordset(NULL::{table}, %({table})s)"
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {source}"  # noqa: S608 - names of our own models


@cache
def _filling_all(tables: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    *before, last = (filling(table, names) for table, names in tables)
    with_ = ", ".join(f"w{number} AS ({statement})" for number, statement in enumerate(before))
    return f"WITH {with_} {last}" if before else last
