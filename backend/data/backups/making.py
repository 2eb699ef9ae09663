"""Making a backup: database and blobs as of one instant, written whole or not at all, and old ones thrown away."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib.metadata import version
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, text

from backend.core.clock import utc_now
from backend.core.crypto import Keyring
from backend.data.backups.folder import (
    BLOB_LIST,
    BLOBS,
    DUMP,
    LATEST,
    BackupError,
    Manifest,
    digest,
    list_backups,
    listed_blobs,
    write_json,
    write_manifest,
)
from backend.data.backups.portrait import Portrait, take_portrait
from backend.data.backups.programs import Programs, running
from backend.data.blobs import BlobNotFoundError, BlobStore
from backend.data.migrating import owner_engine
from backend.data.protection import RoleError, Roles, roles_of

_UNFINISHED = ".unfinished-"
_BLOBS_AT_ONCE = 8  # a bucket is far, and each waits for its answer
_BATCH = 400


def key_proof(keyring: Keyring, made_at: str) -> str:
    """Return what only the installation's secret key can make for a backup of that instant."""
    return keyring.sign("backup", made_at)


def server_major(url: str) -> int:
    """Return the major version of the server."""
    with owner_engine(url).connect() as connection:
        return int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000


def read_all(connection: Connection, roles: Roles) -> str:
    """Let the transaction read past row-level security, as the backup role where that may be; return the role's name.

    Raises RoleError for a connection that would see some rows and not others.
    """
    found = text("SELECT rolname FROM pg_roles WHERE rolname = :backup AND pg_has_role(current_user, oid, 'MEMBER')")
    role = connection.scalar(found, {"backup": roles.backup}) or connection.scalar(text("SELECT current_user"))
    connection.exec_driver_sql(f"SET LOCAL ROLE {connection.dialect.identifier_preparer.quote(str(role))}")
    if not connection.scalar(text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")):
        raise RoleError(
            f"the database role {role} does not see every row, so its backup would miss some: "
            f"use a superuser or {roles.backup} for BALAI_OWNER_URL"
        )
    return str(role)


def make_backup(
    folder: Path,
    *,
    url: str,
    programs: Programs,
    blobs: BlobStore,
    keyring: Keyring,
    heads: Mapping[str, str],
    keep: int | None = None,
) -> Path:
    """Make a backup in the folder of backups, then remove all but the newest `keep`; return where it is.

    Raises BackupError or RoleError. A run that is killed leaves nothing that could be taken for a backup.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder):
        for left in folder.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(left)
        before = next(reversed(list_backups(folder)), None)
        began = utc_now()
        unfinished, done = folder / f"{_UNFINISHED}{began:%Y%m%dT%H%M%SZ}", folder / f"{began:%Y%m%dT%H%M%SZ}"
        if done.exists():
            raise BackupError(f"{done} was made in this very second")
        unfinished.mkdir(mode=0o700)
        portrait = _dump(unfinished / DUMP, url, programs)
        number = _copy_blobs(unfinished, blobs, before)
        manifest = Manifest(
            made_at=began.isoformat(),
            balai=version("balai"),
            server=server_major(url),
            heads=heads,
            key_proof=key_proof(keyring, began.isoformat()),
            blobs=number,
            files={name: digest(unfinished / name) for name in (DUMP, BLOB_LIST)},
            portrait=portrait,
        )
        write_manifest(unfinished, manifest)
        os.sync()  # all of it is on the disk before it has its name
        unfinished.rename(done)
        told = {"backup": done.name, "made_at": manifest.made_at, "seconds": (utc_now() - began).total_seconds()}
        write_json(folder / LATEST, told | {"rows": portrait.rows, "blobs": number})
        for old in list_backups(folder)[: -keep if keep else 0]:
            shutil.rmtree(old)
        return done


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"another backup is being made in {folder}") from None
        yield


def _dump(target: Path, url: str, programs: Programs) -> Portrait:
    """Dump the database; return its portrait, taken meanwhile in the same snapshot."""
    roles = roles_of(url)
    with owner_engine(url).connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        role = read_all(connection, roles)
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        words = ("--format=custom", "--compress=gzip:1", f"--snapshot={snapshot}", f"--role={role}", f"--file={target}")
        with running(programs.pg_dump, url, *words):
            return take_portrait(connection, roles)


def _copy_blobs(folder: Path, blobs: BlobStore, before: Path | None) -> int:
    """Copy every blob and write the list; one that the backup before has is linked, since no key gets another content."""
    number, known = 0, listed_blobs(before) if before and (before / BLOB_LIST).is_file() else iter(())
    at = next(known, None)

    def known_digest(key: str) -> str | None:
        nonlocal at
        while at is not None and at[0] < key:
            at = next(known, None)
        return at[1] if at is not None and at[0] == key else None

    def keep(key: str, known_as: str | None) -> str | None:
        target = folder / BLOBS / key
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if before and known_as:
            with suppress(OSError):
                target.hardlink_to(before / BLOBS / key)
                return known_as
        try:
            content = blobs.get(key)
        except BlobNotFoundError:  # removed since it was listed
            return None
        target.write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    keys = blobs.keys()
    with (folder / BLOB_LIST).open("w", encoding="ascii") as lines, ThreadPoolExecutor(_BLOBS_AT_ONCE) as threads:
        while batch := [(key, known_digest(key)) for key in islice(keys, _BATCH)]:
            for (key, _), sha256 in zip(batch, threads.map(lambda each: keep(*each), batch), strict=True):
                if sha256 is not None:
                    lines.write(f"{sha256}  {BLOBS}/{key}\n")
                    number += 1
    return number
