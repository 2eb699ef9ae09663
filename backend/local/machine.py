"""What this machine must offer before anything is started: a folder of our own, room on the disk, a free port."""

import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.local.wheels import LocalError

LEAST_FREE_BYTES = 200_000_000
PROBE_BYTES = 1_000_000


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Make `folder` if need be and hold it for the block. Raises LocalError if another process holds it."""
    lock = folder / "supervisor.lock"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if lock.exists() and os.path.samestat(lock.stat(), os.fstat(descriptor)):
                break
            os.close(descriptor)  # the file of one that was just ending, and is gone
    except BlockingIOError as error:
        raise LocalError(f"{folder} is in use by another `make run`: stop that first, or set BALAI_VAR") from error
    except OSError as error:
        raise LocalError(f"{folder} cannot be written to: {error.strerror}") from error
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def require_room(folder: Path) -> None:
    """Write a little into `folder`. Raises LocalError if that fails, or if less than 200 MB are free."""
    probe = folder / "probe"
    try:
        with probe.open("wb") as file:
            file.write(bytes(PROBE_BYTES))
            os.fsync(file.fileno())
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise LocalError(f"{folder} cannot be written to: {error.strerror}") from error
    finally:
        probe.unlink(missing_ok=True)
    if free < LEAST_FREE_BYTES:
        raise LocalError(f"the disk of {folder} is nearly full: {free // 1_000_000} MB are free, 200 MB are needed")


def require_port(host: str, port: int) -> None:
    """Raise LocalError if nobody could listen on this address."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        raise LocalError(
            f"cannot listen on {host}:{port}: {error.strerror}; stop what listens there, or set PORT (and HOST)",
        ) from error
