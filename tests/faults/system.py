"""The whole of Balai under its own supervisor, in a folder and on a port of its own, and who in it can be killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from backend.core.fault_points import POINTS, VARIABLE
from backend.local.processes import last_lines, marked, running_in
from tests.faults import poison
from tests.faults.supervised import KILL_AT
from tests.running import Installation, free_port, wait_until

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 90  # for something to come up on a machine that is busy with other things
OURS = ("web", "worker", "clock")
_PROGRAMS = {"postgres": "postgres", "valkey": "valkey-server"}
_CHILDREN = {**{name: name for name in OURS}, "postmaster": "postgres", "valkey": "valkey"}
_NOT_OURS = ("DATABASE_URL", "REDIS_URL", "BALAI_ENV", "BALAI_OWNER_URL", "BALAI_RUNTIME_URL", "BALAI_SECRET_KEY", VARIABLE)


@dataclass(frozen=True, kw_only=True)
class Death:
    """Somebody was killed: when, who, and by which process id."""

    at: float
    victim: str
    pid: int


@dataclass
class System:
    """The running house. `deaths` are the kills by process id; those at named points are in its logs."""

    folder: Path
    environ: dict[str, str]
    supervisor: subprocess.Popen[bytes]
    deaths: list[Death] = field(default_factory=list)

    @property
    def var(self) -> Path:
        return Path(self.environ["BALAI_VAR"])

    @property
    def port(self) -> int:
        return int(self.environ["PORT"])

    @property
    def installation(self) -> Installation:
        """The installation as its operator has it."""
        return Installation(self.environ | json.loads((self.var / "local.json").read_text(encoding="utf-8")))

    def sql(self, statement: str, **values: Any) -> list[Any]:
        """Ask the database as its superuser; one that is just starting again is waited for."""

        def ask() -> list[list[Any]]:
            with contextlib.suppress(DBAPIError):
                return [self.installation.sql(statement, **values)]
            return []

        (found,) = wait_until(ask, PATIENCE_SECONDS)
        return found  # type: ignore[no-any-return] # as the driver gives it

    def answers(self, path: str = "/health/ready") -> bool:
        """Whether web says that all is well."""
        with contextlib.suppress(Exception):
            return self.installation.wire.open(path).status_code == 200
        return False

    def child(self, name: str) -> int | None:
        """Return the process that the supervisor started as `name`, if it runs."""
        # The servers by their folder: they write their titles over the environment in which the others carry their mark.
        known = running_in(self.var / name / "data", _PROGRAMS[name]) if name in _PROGRAMS else marked(self.var, name)
        found = [pid for pid in known if _parent(pid) == self.supervisor.pid]
        return found[0] if found else None

    def victims(self, victim: str) -> list[int]:
        """Return the processes of which one is killed as `victim`."""
        if victim in _CHILDREN:
            found = [self.child(_CHILDREN[victim])]
        elif victim == "web process":
            found = self._below("web")
        elif victim == "horse":
            found = self._below("worker")
        else:  # a backend of PostgreSQL that serves one of ours: with it all its siblings end
            found = [pid for pid in self._below("postgres") if b"_runtime" in _command(pid)]
        return [pid for pid in found if pid]

    def _below(self, name: str) -> list[int]:
        top = self.child(name)
        pids = (int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit())
        return sorted(pid for pid in pids if top and _parent(pid) == top)

    def kill(
        self,
        victim: str,
        number: signal.Signals = signal.SIGKILL,
        *,
        choice: float = 0.0,
        first: Callable[[], object] = lambda: None,
    ) -> Death:
        """Kill one of the victims, by process id, as soon as there is one; what is to be done `first` is done with it at hand."""
        while True:
            found = wait_until(lambda: self.victims(victim), PATIENCE_SECONDS, often=0.02)
            pid = found[int(choice * len(found))]
            first()
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
                self.deaths.append(Death(at=time.monotonic(), victim=victim, pid=pid))
                return self.deaths[-1]

    def await_return(self, death: Death) -> float:
        """Wait until the victim's successor is there, and web serves; return the seconds since the death."""
        if death.victim in _CHILDREN:
            wait_until(lambda: self.child(_CHILDREN[death.victim]) not in {None, death.pid}, PATIENCE_SECONDS)
        wait_until(self.answers, PATIENCE_SECONDS)
        return time.monotonic() - death.at

    def arm(self, names: Sequence[str], point: str = "", share: float = 1.0) -> None:
        """Kill these of web, worker and clock; they come back with this kill point, or none."""
        (self.var / KILL_AT).write_text(f"{point}:{share}" if point else "", encoding="utf-8")
        for death in [self.kill(name) for name in names]:
            self.await_return(death)
        (self.var / KILL_AT).write_text("", encoding="utf-8")  # whoever else dies comes back without

    def deaths_at_points(self) -> Counter[str]:
        """Return how often a process has ended itself at each named point."""
        found: Counter[str] = Counter(dict.fromkeys(POINTS, 0))
        for log in (self.var / "log").glob("*.log*"):
            for line in log.read_bytes().splitlines():
                if line.startswith(b'{"event": "fault_point.died"'):
                    found[json.loads(line)["point"]] += 1
        return found

    def said(self) -> str:
        """Return what the supervisor has said last."""
        return "\n".join(last_lines(self.folder / "supervisor.log", 30))


@contextlib.contextmanager
def running(folder: Path, *, smtp_port: int) -> Iterator[System]:
    """Run everything in `folder` until the block ends, the poison module installed as every guest is: by its entry point."""
    site = folder / "site" / "poison-1.0.dist-info"
    site.mkdir(parents=True)
    (site / "METADATA").write_text("Metadata-Version: 2.1\nName: poison\nVersion: 1.0\n")
    (site / "entry_points.txt").write_text("[balai.modules]\npoison = tests.faults.poison:module\n")
    environ = {name: value for name, value in os.environ.items() if name not in _NOT_OURS} | {
        "BALAI_VAR": str(folder / "var"),
        "BALAI_LOG_LEVEL": "WARNING",
        "BALAI_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}/?from=balai@faults.test",
        "HOST": "127.0.0.1",
        "PORT": free_port(),
        "BALAI_METRICS_PORT": free_port(),
        "PYTHONPATH": os.pathsep.join([str(site.parent), str(ROOT)]),
        poison.ANTIDOTE: str(folder / "antidote"),
    }
    with (folder / "supervisor.log").open("wb") as said:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.supervised"], cwd=ROOT, env=environ, stdout=said, stderr=said
        )
    system = System(folder=folder, environ=environ, supervisor=supervisor)
    try:
        wait_until(_alive(system, system.answers), 2 * PATIENCE_SECONDS)
        yield system
    finally:
        supervisor.terminate()
        supervisor.wait(60)


def _alive(system: System, is_so: Callable[[], bool]) -> Callable[[], bool]:
    def asked() -> bool:
        assert system.supervisor.poll() is None, system.said()
        return is_so()

    return asked


def _read(pid: int, file: str) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/{file}").read_bytes()
    return b""


def _parent(pid: int) -> int | None:
    stat = _read(pid, "stat").rpartition(b")")[2].split()
    return int(stat[1]) if stat else None


def _command(pid: int) -> bytes:
    return _read(pid, "cmdline")
