"""Both local servers together: started, handed out, ended."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.local.postgres import LocalPostgres
from backend.local.processes import POLL_SECONDS, end, last_lines, start
from backend.local.valkey import LocalValkey
from backend.local.wheels import LocalError

START_SECONDS = 60  # after a crash PostgreSQL replays its log first
STOP_SECONDS = 25


@dataclass(frozen=True)
class LocalServers:
    """A PostgreSQL and a Valkey that answer."""

    postgres: LocalPostgres
    valkey: LocalValkey

    @property
    def admin_url(self) -> str:
        """Address of the database `balai`, as the superuser."""
        return self.postgres.url()

    @property
    def redis_url(self) -> str:
        """Address of Valkey."""
        return self.valkey.url()


@contextmanager
def local_servers(folder: Path, *, durable: bool = True) -> Iterator[LocalServers]:
    """Run both servers in `folder` for as long as the block runs. Raises LocalError if one does not start.

    To be entered in the main thread: the servers end with the thread that has started them.
    """
    servers = LocalServers(
        LocalPostgres(folder / "postgres", durable=durable),
        LocalValkey(folder / "valkey", durable=durable),
    )
    with ExitStack() as stack:
        for server in (servers.postgres, servers.valkey):
            stack.enter_context(_running(server, folder / "log" / f"{server.name}.log"))
        yield servers


@contextmanager
def _running(server: LocalPostgres | LocalValkey, log: Path) -> Iterator[None]:
    server.prepare()
    server.clear()
    process = start(server.argv(), log=log, stop_signal=server.stop_signal, environ=os.environ)
    try:
        _await(server, process, log)
        yield
    finally:
        end(process, server.stop_signal, patience=STOP_SECONDS)
        server.tidy()


def _await(server: LocalPostgres | LocalValkey, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise LocalError("\n".join([f"{server.name} did not start; the end of {log}:", *last_lines(log)]))
        time.sleep(POLL_SECONDS)
