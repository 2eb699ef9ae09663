"""`balai backup`: made, verified, tried out and restored."""

import time
from collections.abc import Iterable
from pathlib import Path

import click

from backend.app import load_registry
from backend.cli.database import guests, runtime_password
from backend.core.crypto import Keyring
from backend.core.settings import Settings, load_settings
from backend.data import migrating
from backend.data.backups.folder import newest_backup, read_manifest, verify_files
from backend.data.backups.making import make_backup, server_major
from backend.data.backups.programs import Programs
from backend.data.backups.restoring import Step, examine, key_faults, make_database, restore_blobs, restore_database
from backend.data.backups.restoring import drill as drill_steps
from backend.local.clients import client_program
from backend.modules.discovery import blob_store

_FOLDER = click.Path(file_okay=False, path_type=Path)


def programs_for(url: str) -> Programs:
    """Return the programs that fit the server of `url`. Raises LocalError when there are none."""
    major = server_major(url)
    return Programs(pg_dump=client_program("pg_dump", major=major), pg_restore=client_program("pg_restore", major=major))


def _chosen(settings: Settings, name: Path | None) -> Path:
    """Return the backup that is meant: a folder, or the name of one among the backups; the newest when none is named."""
    if name is None:
        return newest_backup(settings.backups)
    return name if name.is_dir() else settings.backups / name


def _refuse(faults: list[str]) -> None:
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise SystemExit(1)


def _tell(steps: Iterable[Step]) -> None:
    began, faults = time.monotonic(), list[str]()
    for step in steps:
        click.echo(f"{step.seconds:8.1f} s  {'BAD ' if step.faults else 'good'}  {step.what}")
        faults += step.faults
    click.echo(f"{time.monotonic() - began:8.1f} s  {'BAD ' if faults else 'good'}  in all")
    _refuse(faults)


@click.group()
def backup() -> None:
    """Backups of the database and the pictures."""


@backup.command()
@click.option("--to", "folder", type=_FOLDER, help="The folder of backups; otherwise BALAI_BACKUPS.")
@click.option("--keep", type=click.IntRange(min=1), help="Remove all but so many of the newest afterwards.")
def make(*, folder: Path | None, keep: int | None) -> None:
    """Make a backup: database and pictures as of one instant."""
    settings, began = load_settings(), time.monotonic()
    url = settings.owner_url
    made = make_backup(
        folder or settings.backups,
        url=url,
        programs=programs_for(url),
        blobs=blob_store(settings),
        keyring=Keyring(settings.secret_key),
        heads={line: at for line, (at, _) in migrating.status(url, guests()).items()},
        keep=keep,
    )
    manifest = read_manifest(made)
    what = f"{manifest.portrait.rows} rows of {len(manifest.portrait.tables)} tables, {manifest.blobs} blobs"
    click.echo(f"{made}: {what}, in {time.monotonic() - began:.1f} s")


@backup.command()
@click.argument("name", type=_FOLDER, required=False, metavar="[BACKUP]")
def verify(name: Path | None) -> None:
    """Read a backup's files (the newest one's) and compare them with its manifest; exit status 1 when one differs."""
    folder = _chosen(load_settings(), name)
    manifest = read_manifest(folder)
    _refuse(list(verify_files(folder, manifest)))
    click.echo(f"{folder}: the dump and {manifest.blobs} blobs are as they were made")


@backup.command()
@click.argument("name", type=_FOLDER, required=False, metavar="[BACKUP]")
def drill(name: Path | None) -> None:
    """Restore a backup (the newest) into a scratch database, compare everything, drop it; exit status 1 on a difference."""
    settings = load_settings()
    url, folder, registry = settings.owner_url, _chosen(settings, name), load_registry()
    click.echo(f"{folder}")
    keyring, programs = Keyring(settings.secret_key), programs_for(url)
    _tell(drill_steps(folder, url, programs=programs, keyring=keyring, tenant_tables=registry.tenant_tables))


@backup.command()
@click.argument("name", type=_FOLDER, metavar="BACKUP")
@click.option("--to-database", "database", required=True, help="Made if need be; refused when it holds tables.")
def restore(name: Path, database: str) -> None:
    """Restore a backup into an empty database, put back the pictures that are missing, and compare."""
    settings, began = load_settings(), time.monotonic()
    folder, url = _chosen(settings, name), settings.owner_url
    manifest = read_manifest(folder)
    _refuse([*key_faults(manifest, Keyring(settings.secret_key)), *verify_files(folder, manifest)])
    target = make_database(url, database)
    programs = programs_for(target)
    restore_database(folder, manifest, target, programs=programs, runtime_password=runtime_password(settings, target))
    number = restore_blobs(folder, blob_store(settings))
    click.echo(
        f"{database}: {manifest.portrait.rows} rows restored, {number} blobs put back, in {time.monotonic() - began:.1f} s"
    )
    _tell(examine(target, manifest, load_registry().tenant_tables))
    click.echo(f"`balai db setup` with BALAI_OWNER_URL on {database} prints the address for servers")


COMMANDS = (backup,)
