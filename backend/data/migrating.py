"""Migrations: one line for the ground and the bundled rooms, one with a version table of its own for each guest."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from backend.data.protection import roles_of

HOUSE = Path(__file__).parents[2] / "migrations"
_LOCK = 0x42414C4149  # "BALAI": one migration at a time


def _config(versions: list[Path], version_table: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HOUSE))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(map(str, versions)))
    config.attributes["version_table"] = version_table
    return config


def lines(guests: dict[str, Path]) -> dict[str, Config]:
    """Return each line's configuration: the house's as `balai`, then the guests' by name."""
    house = _config(sorted(path for path in (HOUSE / "versions").iterdir() if path.is_dir()), "alembic_version")
    return {"balai": house} | {name: _config([folder], f"alembic_version_{name}") for name, folder in sorted(guests.items())}


def owner_engine(owner_url: str) -> Engine:
    """Return an engine without a pool for the role that owns the tables."""
    return create_engine(owner_url, poolclass=NullPool, hide_parameters=True)


def migrate(owner_url: str, guests: dict[str, Path]) -> dict[str, str]:
    """Bring every line to its head, each migration in its own transaction with its own timeouts; return the heads.

    A reader is never kept waiting behind a migration that itself waits: lock_timeout 2 s, and the migration fails clean.
    """
    heads, roles = {}, roles_of(owner_url)
    for name, config in lines(guests).items():
        engine = owner_engine(owner_url)
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            connection.exec_driver_sql(f'SET ROLE "{roles.owner}"')
            connection.exec_driver_sql("SET lock_timeout = '2s'")
            connection.exec_driver_sql("SET statement_timeout = '300s'")
            connection.commit()
            config.attributes["connection"] = connection
            command.upgrade(config, "heads")
            revoked = f'REVOKE INSERT, UPDATE, DELETE ON {config.attributes["version_table"]} FROM "{roles.runtime}"'
            connection.exec_driver_sql(revoked)
            connection.commit()
        heads[name] = ScriptDirectory.from_config(config).get_current_head() or "-"
    return heads


def status(owner_url: str, guests: dict[str, Path]) -> dict[str, tuple[str, str]]:
    """Return, by line, (revision in the database, newest revision)."""
    found = {}
    with owner_engine(owner_url).connect() as connection:
        for name, config in lines(guests).items():
            context = MigrationContext.configure(connection, opts={"version_table": config.attributes["version_table"]})
            head = ScriptDirectory.from_config(config).get_current_head() or "-"
            found[name] = (context.get_current_revision() or "-", head)
    return found
