"""One process over all the others of one machine: starts them in order, restarts what dies, ends them all.

`python -m workers.supervisor` is what `balai up` becomes. Settings come from the environment: HOST, PORT,
DATABASE_URL, REDIS_URL, BALAI_VAR and those of `backend.core.settings`.
"""

import base64
import contextlib
import http.client
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from backend.core.settings import SECRET_BYTES, THREADS_BESIDE, Settings, SettingsError, load_settings
from backend.local import LocalError, LocalPostgres, LocalValkey
from backend.local.machine import claimed, require_port, require_room
from backend.local.processes import (
    end,
    end_group,
    end_leftovers,
    last_lines,
    mark,
    marked,
    memory_bytes,
    see_end,
    start,
)
from backend.pages.assets import missing_assets

POLL_SECONDS = 0.1
START_SECONDS = 60
STOP_SECONDS = 25
LEFTOVER_SECONDS = 5  # they were asked to end when their supervisor was killed
MANY_DEATHS, IN_SECONDS, THEN_WAIT_SECONDS = 5, 10.0, 5.0
POSTGRES_SCHEME = re.compile(r"^postgres(ql)?(\+\w+)?://")
SERVERS, WORKERS, WEB = 0, 1, 2  # stages: started upwards, ended downwards


class Stopped(Exception):  # noqa: N818 - not an error: somebody has asked us to end
    """A signal asks for the end."""


@dataclass(frozen=True, kw_only=True)
class Child:
    """A program to be kept running.

    `before` each start clears what a killed one may have left, `after` the last end takes away what it leaves.
    """

    name: str
    argv: Sequence[str]
    stage: int
    stop_signal: signal.Signals = signal.SIGTERM
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None


@dataclass(kw_only=True)
class Watched:
    """A child and its present process, or the instant of its next start."""

    child: Child
    process: subprocess.Popen[bytes]
    due_at: float | None = None
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=MANY_DEATHS))


class Supervisor:
    """Keeps children running in the folder `var` until a signal asks for the end."""

    def __init__(self, var: Path, environ: Mapping[str, str]) -> None:
        self.var = var
        self.environ = dict(environ)
        self.watched: list[Watched] = []
        self.starting = True  # a death now ends everything with its reason; later it is tried again and again
        self.asked_to_stop = False
        self.began_at = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line with the seconds since the start, or not if nobody listens any more."""
        with contextlib.suppress(OSError):
            print(f"{time.monotonic() - self.began_at:6.1f} s  {text}", flush=True)  # noqa: T201 - this is our face

    def ask_to_stop(self, *_: object) -> None:
        """Note that the end is wanted: the handler of the signals that say so."""
        self.asked_to_stop = True

    def log_of(self, name: str) -> Path:
        """Return where a child writes."""
        return self.var / "log" / f"{name}.log"

    def end_of_log(self, name: str) -> str:
        """Return the last lines of a child's log under a heading."""
        log = self.log_of(name)
        return "\n".join([f"the end of {log}:", *(f"    {line}" for line in last_lines(log))])

    def launch(self, child: Child) -> subprocess.Popen[bytes]:
        """Start a child, once what a former one left is gone."""
        child.before()
        return start(
            child.argv,
            environ=self.environ | mark(self.var, child.name),
            stop_signal=child.stop_signal,
            log=self.log_of(child.name),
        )

    def add(self, child: Child) -> None:
        """Start a child and keep it running."""
        self.watched.append(Watched(child=child, process=self.launch(child)))

    def run_once(self, name: str, argv: Sequence[str]) -> None:
        """Run a program to its end, its words shown as they come. Raises LocalError if it fails."""
        process = start(argv, environ=self.environ | mark(self.var, name))
        try:
            while process.poll() is None:
                self.pause()
        finally:
            end(process, signal.SIGTERM, patience=STOP_SECONDS)
        if process.returncode:
            raise LocalError(f"{name} failed with status {process.returncode}, for the reason above")

    def wait_for(self, what: str, is_so: Callable[[], bool]) -> None:
        """Look after the children until `is_so`. Raises LocalError after a minute, Stopped when asked to end."""
        deadline = time.monotonic() + START_SECONDS
        while not is_so():
            if time.monotonic() > deadline:
                raise LocalError(f"{what} is not ready after {START_SECONDS} s\n{self.end_of_log(what)}")
            self.pause()

    def pause(self) -> None:
        """Let a moment pass and restart what has died in it. Raises Stopped when asked to end."""
        time.sleep(POLL_SECONDS)
        if self.asked_to_stop:
            raise Stopped
        for watched in self.watched:
            if watched.due_at is None and watched.process.poll() is not None:
                self._bury(watched)
            if watched.due_at is not None and time.monotonic() >= watched.due_at:
                watched.process = self.launch(watched.child)
                watched.due_at = None

    def _bury(self, watched: Watched) -> None:
        name, status, now = watched.child.name, watched.process.returncode, time.monotonic()
        end_group(watched.process)
        self._end_leftovers(watched.child)
        how = f"killed by {signal.Signals(-status).name}" if status < 0 else f"status {status}"
        if self.starting:
            raise LocalError(f"{name} ended while starting ({how}); {self.end_of_log(name)}")
        watched.deaths.append(now)
        often = len(watched.deaths) == MANY_DEATHS and now - watched.deaths[0] < IN_SECONDS
        watched.due_at = now + (THEN_WAIT_SECONDS if often else 0)
        if often:
            wait = f"{MANY_DEATHS} times in {IN_SECONDS:.0f} s, next try in {THEN_WAIT_SECONDS:.0f} s"
            self.say(f"{name} ended ({how}), {wait}; {self.end_of_log(name)}")
        else:
            last = "".join(last_lines(self.log_of(name), 1)) if status > 0 else ""
            self.say(f"{name} ended ({how}) and is started again" + (f"; its last words: {last}" if last else ""))

    def _end_leftovers(self, child: Child) -> None:
        """Kill what a child that has ended started in groups of their own, as RQ does for each job."""
        end_leftovers(lambda: marked(self.var, child.name), signal.SIGKILL, patience=0)

    def stop(self) -> None:
        """End all children, the last stage first and each stage at once; kill what has not ended in its time."""
        for stage in sorted({watched.child.stage for watched in self.watched}, reverse=True):
            ending = [each for each in self.watched if each.child.stage == stage]
            self.say("ending " + ", ".join(each.child.name for each in ending))
            for each in ending:
                if each.process.poll() is None:
                    each.process.send_signal(each.child.stop_signal)
            deadline = time.monotonic() + STOP_SECONDS
            for each in ending:
                if not see_end(each.process, patience=max(0.0, deadline - time.monotonic())):
                    self.say(f"{each.child.name} did not end in {STOP_SECONDS} s and was killed")
                self._end_leftovers(each.child)
                each.child.after()
        self.watched.clear()

    def memory(self) -> str:
        """Return what each child and the whole hold in memory, in words."""
        held = {each.child.name: memory_bytes(each.process.pid) for each in self.watched}
        held["supervisor"] = max(0, memory_bytes(os.getpid()) - sum(held.values()))
        parts = ", ".join(f"{name} {size / 2**20:.0f}" for name, size in held.items())
        return f"{sum(held.values()) / 2**20:.0f} MiB ({parts})"


def our_children(settings: Settings) -> list[Child]:
    """Return the processes of Balai itself."""
    web = [
        *("backend.local.web", "--interface", "wsgi", "--host", settings.host, "--port", str(settings.port), "--no-ws"),
        *("--workers", str(settings.web_processes), "--blocking-threads", str(settings.web_threads + THREADS_BESIDE)),
        *("--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "20"),
        "backend.wsgi:app",
    ]
    return [
        Child(name="worker", argv=[sys.executable, "-m", "workers.worker"], stage=WORKERS),
        Child(name="clock", argv=[sys.executable, "-m", "workers.clock"], stage=WORKERS),
        Child(name="web", argv=[sys.executable, "-m", *web], stage=WEB),
    ]


def run(
    environ: Mapping[str, str],
    *,
    prepare: Sequence[str] = (sys.executable, "-m", "backend.cli", "prepare"),
    children: Callable[[Settings], list[Child]] = our_children,
) -> int:
    """Run everything until a signal asks for the end; return the status to exit with, 1 if it could not start."""
    var = Path(environ.get("BALAI_VAR") or "var").resolve()
    supervisor = Supervisor(var, {**environ, "BALAI_VAR": str(var)})
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup asks to outlive the terminal
            signal.signal(number, supervisor.ask_to_stop)
    try:
        with claimed(var), contextlib.ExitStack() as stack:
            settings = _check(supervisor)
            stack.callback((var / "local.json").unlink, missing_ok=True)
            stack.callback(supervisor.stop)
            _start_servers(supervisor)
            supervisor.say("preparing: roles, tables, region packs, demo accounts")
            supervisor.run_once("prepare", prepare)
            for child in children(settings):
                supervisor.say(f"starting {child.name}")
                supervisor.add(child)
            supervisor.wait_for("web", lambda: _answers(settings, "/health/ready"))
            supervisor.starting = False
            _tell(supervisor, settings)
            while True:
                supervisor.pause()
    except Stopped:
        supervisor.say(f"ended; the data stays in {var}")
        return 0
    except (LocalError, SettingsError, OSError) as error:
        supervisor.say(f"cannot go on: {error}")
        return 1


def _check(supervisor: Supervisor) -> Settings:
    """Look at what can be wrong before anything is started. Raises LocalError or SettingsError."""
    var, environ = supervisor.var, supervisor.environ
    require_room(var)
    if left := end_leftovers(lambda: marked(var), signal.SIGTERM, patience=LEFTOVER_SECONDS):
        supervisor.say(f"ended {left} processes that a killed run had left")
    if environ.get("BALAI_ENV") == "production":
        settings = load_settings(environ)  # nothing stands in for what production does not say
    else:
        if not (var / "secrets.json").exists():
            key = base64.urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
            _write_private(var / "secrets.json", {"BALAI_SECRET_KEY": key})
        later = dict.fromkeys(("BALAI_RUNTIME_URL", "BALAI_OWNER_URL", "REDIS_URL"), "known later")
        settings = load_settings(later | {name: value for name, value in environ.items() if value})
    require_port(settings.host, settings.port)
    return settings


def _start_servers(supervisor: Supervisor) -> None:
    """Start the servers that are not given, see that the given ones answer, and write the addresses down."""
    var, environ = supervisor.var, supervisor.environ
    if environ.get("DATABASE_URL"):
        environ["DATABASE_URL"] = POSTGRES_SCHEME.sub("postgresql+psycopg://", environ["DATABASE_URL"])
    given = [name for name in ("DATABASE_URL", "REDIS_URL") if environ.get(name)]
    if given:
        _require_reach(environ, given)
    postgres, valkey = LocalPostgres(var / "postgres"), LocalValkey(var / "valkey")
    if "DATABASE_URL" not in given:
        _start_server(supervisor, postgres)
    if "REDIS_URL" not in given:
        _start_server(supervisor, valkey)
    addresses = {
        "BALAI_OWNER_URL": environ.get("DATABASE_URL") or postgres.url(),
        "REDIS_URL": environ.get("REDIS_URL") or valkey.url(),
    }
    _write_private(var / "local.json", addresses)


def _start_server(supervisor: Supervisor, server: LocalPostgres | LocalValkey) -> None:
    supervisor.say(f"starting {server.name}" + ("" if server.data.exists() else ", with a new data folder"))
    server.prepare()
    supervisor.add(
        Child(
            name=server.name,
            argv=server.argv(),
            stage=SERVERS,
            stop_signal=server.stop_signal,
            before=server.clear,
            after=server.tidy,
        ),
    )
    supervisor.wait_for(server.name, server.is_ready)


def _require_reach(environ: Mapping[str, str], given: list[str]) -> None:
    argv = [sys.executable, "-m", "backend.local.reach", *given]
    asked = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False, process_group=0)  # noqa: S603 - our own words
    if asked.returncode:
        raise LocalError(asked.stderr.strip())


def _write_private(path: Path, content: dict[str, str]) -> None:
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    new.replace(path)


def _answers(settings: Settings, path: str) -> bool:
    connection = http.client.HTTPConnection(_reachable(settings.host), settings.port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - every address is reached through one


def _without(assets: Sequence[str]) -> str:
    return f"  (without {', '.join(assets)}: install Node.js and start again for them)" if assets else ""


def _tell(supervisor: Supervisor, settings: Settings) -> None:
    host = _reachable(settings.host)
    address = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    supervisor.say("Balai is ready")
    for what, where in (
        ("the API", f"{address}/v1"),
        ("its documentation", f"{address}/docs"),
        ("the pages", f"{address}/{_without(missing_assets())}"),
        ("try the main job", "make demo"),
        ("metrics", f"http://127.0.0.1:{settings.metrics_port}/metrics" if settings.metrics_port else "off"),
        ("demo accounts", str(settings.var / "demo.json")),
        ("logs", str(settings.var / "log")),
        ("memory", supervisor.memory()),
        ("to end it", "Ctrl-C; the data stays"),
    ):
        supervisor.say(f"  {what:<18} {where}")


if __name__ == "__main__":
    sys.exit(run(os.environ))
