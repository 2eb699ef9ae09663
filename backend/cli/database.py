"""`balai db`: roles, migrations and their state."""

import json
from pathlib import Path

import click
from sqlalchemy.engine import make_url

from backend.app import load_registry
from backend.core.crypto import Keyring
from backend.core.settings import Settings, load_settings
from backend.data import migrating
from backend.data.protection import roles_of, set_up_roles


@click.group()
def db() -> None:
    """Roles and migrations of the database."""


def guests() -> dict[str, Path]:
    """Return the migration folders of the installed guests, by module."""
    return {module.name: module.migrations for module in load_registry().modules.values() if module.migrations}


def _remember(path: Path, **values: str) -> None:
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if content | values != content:
        path.touch(mode=0o600)
        path.write_text(json.dumps(content | values, indent=1), encoding="utf-8")


def runtime_password(settings: Settings, url: str) -> str:
    """Return the password of the runtime role of a database: the one in DATABASE_URL, if it is that role's."""
    known, runtime = make_url(settings.database_url), roles_of(url).runtime
    password = known.password if known.username == runtime else None
    # Derived from the installation's secret, so that a second run changes nothing under servers that run.
    return str(password or Keyring(settings.secret_key).sign("runtime-role", runtime))


def set_up(settings: Settings) -> str:
    """Make the roles; outside production remember the runtime role's address in `var/`. Returns that address."""
    runtime, password = roles_of(settings.owner_url).runtime, runtime_password(settings, settings.owner_url)
    with migrating.owner_engine(settings.owner_url).begin() as connection:
        set_up_roles(connection, roles_of(settings.owner_url), runtime_password=password)
    url = make_url(settings.owner_url).set(username=runtime, password=password).render_as_string(hide_password=False)
    if settings.environment != "production":
        _remember(settings.var / "local.json", BALAI_RUNTIME_URL=url)
    return url


def set_up_and_migrate(settings: Settings) -> dict[str, str]:
    """Make the roles and bring every migration line to its head."""
    set_up(settings)
    return migrating.migrate(settings.owner_url, guests())


@db.command()
def setup() -> None:
    """Make the owner, runtime and backup roles; harmless when repeated."""
    settings = load_settings()
    url = set_up(settings)
    click.echo(f"roles are set; servers use {make_url(url).username}")
    if settings.environment == "production":
        click.echo(f"DATABASE_URL={url}")


@db.command()
def migrate() -> None:
    """Bring every migration line to its newest revision."""
    for line, head in migrating.migrate(load_settings().owner_url, guests()).items():
        click.echo(f"{line}: {head}")


@db.command()
def status() -> None:
    """Say where each migration line stands; exit status 1 when one is behind."""
    behind = False
    for line, (at, head) in migrating.status(load_settings().owner_url, guests()).items():
        click.echo(f"{line}: {at}{'' if at == head else f' (newest: {head})'}")
        behind |= at != head
    raise SystemExit(behind)


COMMANDS = (db,)
