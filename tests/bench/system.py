"""What is measured, running: servers of the benchmark's own, web as `make run` starts it, and the denominators beside it."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from backend.core.settings import load_settings
from backend.local import LocalServers, local_servers
from backend.local.processes import end, last_lines, running_in, start
from backend.packs.folder import SHIPPED
from backend.testing.installation import make_installation
from tests.bench.load import fetch, request
from tests.bench.machine import Meter
from tests.running import Installation, free_port, wait_until
from workers.supervisor import our_children

ROOT = Path(__file__).parents[2]
_STOP_SECONDS = 25


@dataclass
class System:
    """The processes at work. `meter` reads whatever runs now."""

    environ: Mapping[str, str]
    servers: Mapping[str, int]
    web_port: int = 0
    bare_port: int = 0
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def meter(self) -> Meter:
        """What reads time and memory of every process that runs now."""
        return Meter(self.servers | {name: process.pid for name, process in self.running.items()})

    @contextlib.contextmanager
    def process(self, name: str) -> Iterator[None]:
        """Run `worker` or `clock` beside web until the block ends."""
        with Installation(self.environ).running(name) as processes:
            self.running |= processes
            try:
                yield
            finally:
                del self.running[name]

    @contextlib.contextmanager
    def _bare(self) -> Iterator[None]:
        """Run the denominators by the web server's own command, with another application in it."""
        environ = os.environ | self.environ | {"PORT": str(self.bare_port), "PYTHONPATH": str(ROOT)}
        argv = next(child.argv for child in our_children(load_settings(environ)) if child.name == "web")
        log = Path(self.environ["BALAI_VAR"]) / "bare.log"
        process = start([*argv[:-1], "--factory", "tests.bench.bare:make_app"], environ=environ, log=log)

        def is_ready() -> bool:
            assert process.poll() is None, last_lines(log)
            with contextlib.suppress(OSError):
                fetch(self.bare_port, request("GET", "/ready"))
                return True
            return False

        try:
            wait_until(is_ready, 40)
            self.running["bare"] = process
            yield
        finally:
            end(process, signal.SIGTERM, patience=_STOP_SECONDS)


@contextlib.contextmanager
def durable_servers(folder: Path) -> Iterator[tuple[dict[str, str], dict[str, int]]]:
    """Run PostgreSQL and Valkey in `folder`, each commit waiting for the disk; yields their addresses and processes."""
    with local_servers(folder, durable=True) as running:
        yield {"admin_url": running.admin_url, "redis_url": running.redis_url}, _pids(running)


def _pids(running: LocalServers) -> dict[str, int]:
    postmaster = int((running.postgres.data / "postmaster.pid").read_text().splitlines()[0])
    return {"postgres": postmaster, "valkey": running_in(running.valkey.data, "valkey-server")[0]}


TOWNS = [SHIPPED / key for key in ("banda-aceh", "sumedang")]  # the regions that are measured: figures go back to the first run


def install(addresses: Mapping[str, str], *, name: str, folder: Path, packs: Sequence[Path] | None = None) -> dict[str, str]:
    """Make an installation of the shipped packs, or of these, that logs as that of `make run` does; returns its environment."""
    environ = make_installation(addresses, name=name, var=folder, packs=packs)
    return environ | {"BALAI_LOG_LEVEL": "INFO", "HOST": "127.0.0.1", "PORT": free_port()}


@contextlib.contextmanager
def serving(environ: Mapping[str, str], servers: Mapping[str, int]) -> Iterator[System]:
    """Run web and the denominators until the block ends."""
    system = System(environ=environ, servers=servers, web_port=int(environ["PORT"]), bare_port=int(free_port()))
    with Installation(environ).running("web") as processes, system._bare():  # noqa: SLF001 - its own maker
        system.running |= processes
        yield system
