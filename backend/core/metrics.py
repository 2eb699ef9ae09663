"""What the house counts, for Prometheus: in files of `var/metrics` that its processes write and the clock's listener reads.

Each process holds a slot (`web-1`, `worker-1`) by a locked file for as long as it lives, and counts into the slot's files; who
has the slot next counts on. So there are as many files as processes at most ran at once, however often they die, and no sum ever
falls. A process that has not called `count_as` counts for itself alone.
"""

import fcntl
import os
import shutil
from collections import Counter as Tally
from contextlib import suppress
from itertools import count
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram, values

from backend.core.settings import Settings

ROLES = ("web", "worker", "clock")
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BOOT = Path("/proc/sys/kernel/random/boot_id")

# None is registered: they are read from the files. Labels are names out of the code and statuses: never a path or a person.
REQUESTS = Counter("balai_requests", "Requests answered", ("rule", "method", "status"), registry=None)
REQUEST_SECONDS = Histogram(
    "balai_request_seconds", "Time to answer a request", ("rule", "method"), buckets=_SECONDS, registry=None
)
POOL_SIZE = Gauge(
    "balai_database_pool_size",
    "Connections the processes may hold",
    ("process",),
    multiprocess_mode="livesum",
    registry=None,
)
POOL_IN_USE = Gauge("balai_database_pool_in_use", "Connections in hand", ("process",), multiprocess_mode="livesum", registry=None)
POOL_WAITS = Counter("balai_database_pool_waits", "Times a connection took longer than 10 ms to get", ("process",), registry=None)
POOL_TIMEOUTS = Counter("balai_database_pool_timeouts", "Times none was to be had", ("process",), registry=None)
RINGS = Counter("balai_rings", "Rings of the doorbell, and those that Redis did not take", ("outcome",), registry=None)
DRAINS = Counter("balai_drains", "Drains begun by a worker", ("process",), registry=None)
CARRIED = Counter("balai_deliveries_carried", "Tries at deliveries", ("subscriber", "outcome"), registry=None)
PROVIDER_SECONDS = Histogram(
    "balai_provider_call_seconds", "Calls to those who carry messages", ("channel", "outcome"), buckets=_SECONDS, registry=None
)
SWEPT_AT = Gauge(
    "balai_clock_swept_at_seconds",
    "When the clock last swept, Unix time",
    ("process",),
    multiprocess_mode="livemax",
    registry=None,
)
COUNTED = (
    *(REQUESTS, REQUEST_SECONDS, POOL_SIZE, POOL_IN_USE, POOL_WAITS, POOL_TIMEOUTS),
    *(RINGS, DRAINS, CARRIED, PROVIDER_SECONDS, SWEPT_AT),
)

_slot = ["alone-0"]


def role() -> str:
    """Return what this process is: one of `ROLES`, or `alone`."""
    return _slot[0].partition("-")[0]


def metrics_folder(settings: Settings) -> Path:
    """Return where this machine's processes count until its next boot, after which half-written files may lie there."""
    return settings.var / "metrics" / _BOOT.read_text(encoding="ascii").strip()


def count_as(role: str, settings: Settings) -> None:
    """Let this process count for all to read. Once in a process, before it counts anything; nothing happens with metrics off."""
    if not settings.metrics_port:
        return
    folder = metrics_folder(settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in set(folder.parent.iterdir()) - {folder}:
        shutil.rmtree(old, ignore_errors=True)
    slot = next(slot for number in count(1) if _take(folder, slot := f"{role}-{number}") is not None)
    _begin(folder, slot)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: _slot[0])  # type: ignore[no-untyped-call] # the library's, half typed
    # RQ forks a child for each drain, one at a time: the next one counts on in the files of the last.
    os.register_at_fork(after_in_child=lambda: _begin(folder, f"{slot}-child"))


def _take(folder: Path, slot: str) -> int | None:
    """Lock a slot; the lock ends with the descriptor that is returned, or with this process and those it has forked."""
    lock = os.open(folder / f"{slot}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return lock
    os.close(lock)
    return None


def _begin(folder: Path, name: str) -> None:
    _forget_gauges(folder, name)
    _slot[0] = name


def _forget_gauges(folder: Path, slot: str) -> None:
    for name in (slot, f"{slot}-child"):
        for file in folder.glob(f"gauge_live*_{name}.db"):
            file.unlink(missing_ok=True)


def living(folder: Path) -> dict[str, int]:
    """Return how many processes of each role live, and forget the gauges of those that died."""
    found = Tally(dict.fromkeys(ROLES, 0))
    for file in folder.glob("*.lock"):
        lock = _take(folder, file.stem)
        if lock is None:
            found[file.stem.partition("-")[0]] += 1
        else:
            _forget_gauges(folder, file.stem)
            os.close(lock)
    return dict(found)


def count_request(rule: str | None, method: str, status: int, seconds: float) -> None:
    """Count an answered request by the rule of its route, `none` where there is no such route."""
    rule, method = rule or "none", method if method in _METHODS else "other"
    REQUESTS.labels(rule, method, status).inc()
    REQUEST_SECONDS.labels(rule, method).observe(seconds)
