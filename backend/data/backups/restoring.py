"""Restoring a backup into a database of any name, and the drill that tries it in one that is dropped again."""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from backend.core.crypto import Keyring
from backend.data.backups.folder import BLOBS, DUMP, BackupError, Manifest, listed_blobs, read_manifest, verify_files
from backend.data.backups.making import key_proof, read_all
from backend.data.backups.portrait import Portrait, differences, take_portrait
from backend.data.backups.programs import Programs, running
from backend.data.blobs import BlobStore
from backend.data.migrating import owner_engine
from backend.data.protection import RoleError, refuse_powerful_role, refuse_unprotected_tables, roles_of, set_up_roles

_DRILL = 0x4452494C4C  # "DRILL": one at a time, for they share a name


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a drill: what was done, in how many seconds, and what was found wrong."""

    what: str
    seconds: float
    faults: list[str]


def _url_of(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@contextmanager
def _plain(url: str) -> Iterator[Connection]:
    with owner_engine(url).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


def make_database(url: str, name: str) -> str:
    """Make the database `name` on the server of `url` if there is none; return its address.

    Raises BackupError when there is one that holds tables.
    """
    with _plain(url) as connection:
        if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}):
            connection.exec_driver_sql(f"CREATE DATABASE {connection.dialect.identifier_preparer.quote(name)}")
    with _plain(_url_of(url, name)) as connection:
        tables = connection.scalar(
            text("SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace")
        )
    if tables:
        raise BackupError(f"the database {name} holds {tables} tables: a restore overwrites nothing")
    return _url_of(url, name)


def restore_database(folder: Path, manifest: Manifest, url: str, *, programs: Programs, runtime_password: str) -> None:
    """Restore a backup into the empty database of `url`, as that database's own roles, with the rights of the manifest."""
    roles = roles_of(url)
    with owner_engine(url).begin() as connection:
        set_up_roles(connection, roles, runtime_password=runtime_password)
    # In the order of the dump, not in parallel: where row-level security comes before a foreign key, that cannot be checked.
    # Without comments: those on extensions are their owner's to make, who is the server's.
    words = ("--exit-on-error", "--no-owner", "--no-privileges", "--no-comments", f"--role={roles.owner}")
    with running(programs.pg_restore, url, *words, str(folder / DUMP)):
        pass
    uses = {"<owner>": roles.owner, "<runtime>": roles.runtime, "<backup>": roles.backup}
    with owner_engine(url).begin() as connection:
        quote = connection.dialect.identifier_preparer.quote
        known = {*connection.scalars(text("SELECT rolname FROM pg_roles")), "PUBLIC"}
        connection.exec_driver_sql(f"SET ROLE {quote(roles.owner)}")
        for kind, table, _, _ in manifest.portrait.structure:
            if kind == "relation":
                connection.exec_driver_sql(f"REVOKE ALL ON {table} FROM {quote(roles.runtime)}")
        for kind, table, who, rights in manifest.portrait.structure:
            role = uses.get(who, who)
            if kind == "right" and role in known:  # one that is not known here is named by the comparison
                connection.exec_driver_sql(f"GRANT {rights} ON {table} TO {role if role == 'PUBLIC' else quote(role)}")
        connection.exec_driver_sql("ANALYZE")


def portrait_of(url: str) -> Portrait:
    """Return the portrait of a database."""
    with owner_engine(url).connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        read_all(connection, roles_of(url))
        return take_portrait(connection, roles_of(url))


def restore_blobs(folder: Path, blobs: BlobStore) -> int:
    """Put back the blobs that are not there; return how many those were. What is there stays as it is."""
    number = 0
    for key, _ in listed_blobs(folder):
        if not blobs.exists(key):
            blobs.put(key, (folder / BLOBS / key).read_bytes(), guess_type(key)[0] or "application/octet-stream")
            number += 1
    return number


def key_faults(manifest: Manifest, keyring: Keyring) -> Iterator[str]:
    """Name a secret key that is not the one of the backup: it would open nobody's number and no link."""
    if manifest.key_proof != key_proof(keyring, manifest.made_at):
        yield "BALAI_SECRET_KEY is not the one that the backup was made under"


def lock_faults(url: str, portrait: Portrait, tenant_tables: Mapping[str, str]) -> Iterator[str]:
    """Name what the runtime role could see or do past the two locks of a database."""
    roles = roles_of(url)
    with owner_engine(url).connect() as connection:  # rolled back at the end
        quote = connection.dialect.identifier_preparer.quote
        connection.exec_driver_sql(f"GRANT {quote(roles.runtime)} TO CURRENT_USER")
        connection.exec_driver_sql(f"SET LOCAL ROLE {quote(roles.runtime)}")
        try:
            refuse_powerful_role(connection)
            refuse_unprotected_tables(connection, tenant_tables)
        except RoleError as error:
            yield str(error)
        locked = {table for kind, table, _, said in portrait.structure if kind == "row-level security" and "forced true" in said}
        for table in sorted(locked):
            if connection.exec_driver_sql(f"SELECT EXISTS (SELECT FROM {table})").scalar():  # noqa: S608 - quoted by the server
                yield f"{roles.runtime} sees rows of {table} with no region set"


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """Make an empty database beside the one of `url`, for the block; it and its roles are gone afterwards."""
    name = f"{make_url(url).database}_drill"
    with _plain(url) as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _DRILL}):
            raise BackupError("another drill is running on this server")
        _drop(connection, _url_of(url, name))
        try:
            yield make_database(url, name)
        finally:
            _drop(connection, _url_of(url, name))


def _drop(connection: Connection, url: str) -> None:
    quote, roles = connection.dialect.identifier_preparer.quote, roles_of(url)
    connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {quote(str(make_url(url).database))} WITH (FORCE)")
    for role in (roles.runtime, roles.backup, roles.owner):
        connection.exec_driver_sql(f"DROP ROLE IF EXISTS {quote(role)}")


def _step(what: str, do: Callable[[], Iterable[str]]) -> Step:
    began = time.monotonic()
    faults = list(do())
    return Step(what=what, seconds=time.monotonic() - began, faults=faults)


def examine(url: str, manifest: Manifest, tenant_tables: Mapping[str, str]) -> Iterator[Step]:
    """Compare a restored database with what the backup's manifest says, and try its locks."""
    told = manifest.portrait
    what = f"{told.rows} rows of {len(told.tables)} tables and {len(told.structure)} parts of their structure, compared"
    yield _step(what, lambda: differences(told, portrait_of(url)))
    yield _step("what the runtime role may see and do", lambda: lock_faults(url, told, tenant_tables))


def drill(folder: Path, url: str, *, programs: Programs, keyring: Keyring, tenant_tables: Mapping[str, str]) -> Iterator[Step]:
    """Try a backup out beside the database of `url`, step by step. Raises BackupError without a manifest."""
    manifest = read_manifest(folder)
    yield _step("the secret key", lambda: key_faults(manifest, keyring))
    yield _step(f"{manifest.blobs} blobs and the dump, read back", lambda: verify_files(folder, manifest))
    with scratch_database(url) as scratch:
        restored = _step("the database, restored", lambda: _restore_faults(folder, manifest, scratch, programs))
        yield restored
        if not restored.faults:
            yield from examine(scratch, manifest, tenant_tables)


def _restore_faults(folder: Path, manifest: Manifest, url: str, programs: Programs) -> Iterator[str]:
    try:
        restore_database(folder, manifest, url, programs=programs, runtime_password=secrets.token_urlsafe())
    except BackupError as error:
        yield str(error)
