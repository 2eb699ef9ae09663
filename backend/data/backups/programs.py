"""PostgreSQL's own programs for dumps, run without a password in sight."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from backend.data.backups.folder import BackupError


@dataclass(frozen=True, kw_only=True)
class Programs:
    """`pg_dump` and `pg_restore` of the server's major version."""

    pg_dump: Path
    pg_restore: Path


@contextmanager
def running(program: Path, url: str, *words: str) -> Iterator[None]:
    """Run a program on the database of `url` beside the block, and wait for it at the end; the block's error kills it.

    Raises BackupError with the end of what the program complained about.
    """
    address = make_url(url)
    plain = address.set(drivername="postgresql", password=None).render_as_string()
    # By the environment, which other users of the machine cannot read.
    environ = os.environ | ({"PGPASSWORD": str(address.password)} if address.password else {})
    argv = [str(program), "--no-password", f"--dbname={plain}", *words]
    with subprocess.Popen(argv, env=environ, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own words
        try:
            yield
        except BaseException:
            process.kill()
            raise
        complaint = process.communicate()[1].strip()
    if process.returncode:
        said = [line for line in complaint.splitlines() if "error:" in line.lower()] or [f"status {process.returncode}"]
        raise BackupError(f"{program.name} failed: {'; '.join(said[:2])}")
