"""Setting an installation up in a folder and a database of its own."""

import base64
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url

from backend.cli.database import set_up_and_migrate
from backend.cli.house import open_house
from backend.core.settings import load_settings
from backend.data.migrating import owner_engine
from backend.local import local_servers
from backend.packs.apply import offer_pack
from backend.packs.folder import gather, shipped_packs


@contextmanager
def servers(folder: Path) -> Iterator[Mapping[str, str]]:
    """Start PostgreSQL and Valkey in `folder`, not waiting for the disk; yields their addresses."""
    with local_servers(folder, durable=False) as running:
        yield {"admin_url": running.admin_url, "redis_url": running.redis_url}


def make_installation(
    addresses: Mapping[str, str], *, name: str, var: Path, packs: Sequence[Path] | None = None
) -> dict[str, str]:
    """Make the database `name` with roles, tables and the shipped regions, or those of `packs`; return its environment."""
    var.mkdir(parents=True, exist_ok=True)
    admin = make_url(addresses["admin_url"])
    engine = owner_engine(addresses["admin_url"])
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    environ = {
        "BALAI_ENV": "test",
        "BALAI_VAR": str(var),
        "BALAI_OWNER_URL": admin.set(database=name).render_as_string(hide_password=False),
        "REDIS_URL": addresses["redis_url"],
        "BALAI_SECRET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "BALAI_LOG_LEVEL": "WARNING",
    }
    set_up_and_migrate(load_settings(environ))
    with open_house(load_settings(environ)) as house:
        for folder in shipped_packs() if packs is None else packs:
            offer_pack(house, gather(folder))
    return environ
