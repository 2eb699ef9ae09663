"""An installation as it runs: a Valkey of its own, and web, worker and clock as the processes that `make run` starts."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from backend.core.settings import load_settings
from backend.data.migrating import owner_engine
from backend.local.processes import end, last_lines, start
from backend.local.valkey import LocalValkey
from workers.supervisor import our_children


def wait_until(is_so: Callable[[], Any], seconds: float = 15.0, often: float = 0.05) -> Any:
    """Ask until the answer is true, and return it. Fails after `seconds`."""
    until = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < until, f"not so within {seconds} s"
        time.sleep(often)
    return found


@dataclass
class Valkey:
    """A Valkey that can be taken away and given back at the same address."""

    server: LocalValkey
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.server.url()

    def start(self) -> None:
        self.server.prepare()
        self.process = start(self.server.argv(), environ=os.environ, log=self.server.folder / "valkey.log")
        wait_until(self.server.is_ready)

    def stop(self) -> None:
        if self.process is not None:
            end(self.process, signal.SIGKILL, patience=10)


@contextlib.contextmanager
def own_valkey(folder: Path) -> Iterator[Valkey]:
    valkey = Valkey(LocalValkey(folder, durable=False))
    valkey.start()
    try:
        yield valkey
    finally:
        valkey.stop()
        valkey.server.tidy()


@dataclass(frozen=True)
class Answer:
    """What the web server said, as Flask's test client tells it."""

    status_code: int
    headers: Mapping[str, str]
    data: bytes

    def get_json(self) -> Any:
        return json.loads(self.data)


@dataclass(frozen=True)
class Wire:
    """Speaks HTTP to a port, a connection a request; a `Person` sends through it as through the test client."""

    port: int

    def open(self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None, json: Any = None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            sent = {**(headers or {}), "Connection": "close"}
            body = None
            if json is not None:
                sent["Content-Type"], body = "application/json", _dumped(json)
            connection.request(method, path, body, sent)
            got = connection.getresponse()
            return Answer(got.status, got.headers, got.read())


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


@dataclass(frozen=True)
class Installation:
    """Where an installation is: its environment; logs lie in its `var`."""

    environ: Mapping[str, str]

    def balai(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `balai` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "backend.cli", *words],
            env=os.environ | self.environ | more,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def sql(self, *statements: str, **values: Any) -> list[Any]:
        """Execute statements as the database's superuser, in one transaction; return what the last one found."""
        with owner_engine(self.environ["BALAI_OWNER_URL"]).begin() as connection:
            for statement in statements:
                found = connection.execute(text(statement), values)
            return list(found.all()) if found.returns_rows else []

    def log(self, name: str) -> list[dict[str, Any]]:
        """Return what a process has logged."""
        lines = last_lines(Path(self.environ["BALAI_VAR"]) / f"{name}.log", 100_000)
        return [json.loads(line) for line in lines if line.startswith("{")]

    @contextlib.contextmanager
    def running(self, *names: str, **more: str) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
        """Run these of `web`, `worker` and `clock` until the block ends, each ready to serve when it begins."""
        environ = os.environ | self.environ | more
        children = [child for child in our_children(load_settings(environ)) if child.name in names]
        processes = {}
        try:
            for child in children:
                log = Path(self.environ["BALAI_VAR"]) / f"{child.name}.log"
                log.unlink(missing_ok=True)
                processes[child.name] = start(child.argv, environ=environ, log=log)
            for name, process in processes.items():
                wait_until(lambda: self._is_ready(name, process), 90)  # noqa: B023 - called here
            yield processes
        finally:
            for process in processes.values():
                process.terminate()
            for process in processes.values():
                end(process, signal.SIGTERM, patience=25)

    def _is_ready(self, name: str, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, last_lines(Path(self.environ["BALAI_VAR"]) / f"{name}.log")
        if name == "web":
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.wire.open("/health/live").status_code == 200
            return False
        return any(line["event"] == f"{name}.ready" for line in self.log(name))

    @property
    def wire(self) -> Wire:
        """The way to the web server."""
        return Wire(int(self.environ["PORT"]))


def free_port() -> str:
    """Return a port nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
