"""Where a server's Unix socket may lie."""

import hashlib
import os
import re
import tempfile
from pathlib import Path

from backend.local.wheels import LocalError

LONGEST_PATH = 107  # bytes, the kernel's limit for a Unix socket
PLAIN_PATH = re.compile(r"[\w/. -]+", re.ASCII)  # libpq takes a comma for the next host, SQLAlchemy a colon for a port


def socket_folder(folder: Path, socket_name: str) -> Path:
    """Choose a folder in which a socket of this name has a path short and plain enough for all who use it.

    It is `folder`/socket, else a folder in the temporary directory named after `folder`, the same at each start.
    Raises LocalError if neither will do.
    """
    name = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16]
    for candidate in (folder.absolute() / "socket", Path(tempfile.gettempdir()) / f"balai-{os.geteuid()}-{name}"):
        if len(os.fsencode(candidate / socket_name)) <= LONGEST_PATH and PLAIN_PATH.fullmatch(str(candidate)):
            return candidate
    raise LocalError(f"{tempfile.gettempdir()} is too long or odd a path for a socket: set TMPDIR to another")


def make_private(folder: Path) -> None:
    """Make a folder that this user alone may enter. Raises LocalError if it is there and is not that."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise LocalError(f"{folder} is not a folder of this user's alone: remove it and start again")
