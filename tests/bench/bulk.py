"""Filling tables fast: COPY into several at once, without their indexes, which are built anew afterwards."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy.engine import make_url

_CHUNK = 1 << 18
_INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(%s)
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = quote_ident(indexname)::regclass)
"""


def connect(owner_url: str) -> psycopg.Connection:
    """Return a connection of the superuser that commits each statement."""
    url = make_url(owner_url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(url, autocommit=True)


@contextlib.contextmanager
def without_indexes(owner_url: str, tables: Sequence[str]) -> Iterator[None]:
    """Take the tables' indexes away, but for their keys'; build them again and let the planner look when the block ends."""
    with connect(owner_url) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        indexes = connection.execute(_INDEXES, [list(tables)]).fetchall()
        for name, _ in indexes:
            connection.execute(SQL("DROP INDEX {}").format(Identifier(name)))
        yield
        for _, definition in indexes:
            connection.execute(definition.encode())
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def fill(owner_url: str, tables: Sequence[str], columns: Sequence[Sequence[str]], lines: Iterable[tuple[int, str]]) -> None:
    """Write lines, each with the number of its table, in COPY's own form. Foreign keys are not asked: the lines are right."""
    with contextlib.ExitStack() as stack:
        copies = []
        for table, names in zip(tables, columns, strict=True):
            connection = stack.enter_context(connect(owner_url))
            connection.execute("SET session_replication_role = replica")
            into = SQL("COPY {} ({}) FROM STDIN").format(Identifier(table), SQL(", ").join(map(Identifier, names)))
            copies.append(stack.enter_context(stack.enter_context(connection.cursor()).copy(into)))
        waiting: list[list[str]] = [[] for _ in tables]
        for number, (table, line) in enumerate(lines, start=1):
            waiting[table].append(line)
            if number % _CHUNK == 0:
                _send(copies, waiting)
        _send(copies, waiting)


def _send(copies: Sequence[psycopg.Copy], waiting: Sequence[list[str]]) -> None:
    for copy, lines in zip(copies, waiting, strict=True):
        copy.write("".join(lines))
        lines.clear()
