"""The listener that Prometheus reads, in the clock, on this machine alone: what was counted, and what is asked when it comes."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from redis import Redis, RedisError
from sqlalchemy.exc import SQLAlchemyError

from backend.core.clock import utc_now
from backend.core.logs import get_logger
from backend.core.metrics import living, metrics_folder
from backend.data.figures import HEADS_AT_ONCE, Figures, newest_backup_at, read_figures
from backend.http.house import House

ADDRESS = "127.0.0.1"
ASK_AGAIN_SECONDS = 2.0  # scrapes that come faster get the same figures: whoever may ask cannot load the database
ASKED = {
    "balai_processes": ("Living processes", ("process",)),
    "balai_disk_free_bytes": ("Room on the disk of BALAI_VAR", ()),
    "balai_disk_free_ratio": ("Share of the disk of BALAI_VAR that is free", ()),
    "balai_backup_made_at_seconds": ("When the newest backup was made, Unix time; 0 without one", ()),
    "balai_redis_up": ("Whether Redis answers", ()),
    "balai_database_up": ("Whether the database answers", ()),
    "balai_deliveries_due": ("Deliveries that are due", ("subscriber", "region")),
    "balai_delivery_oldest_due_seconds": ("How long the oldest due delivery has been due", ("subscriber", "region")),
    "balai_deliveries_dead": ("Dead letters", ("subscriber",)),
    "balai_audit_unsealed_seconds": ("Age of the oldest audit entry without a seal", ("region",)),
    "balai_audit_head": ("Number of the newest seal; it never falls, unless the chain was cut", ("region",)),
}
_log = get_logger(__name__)
Sample = tuple[str, tuple[str, ...], float]


class Asked:
    """A collector of what no process counts: asked of the machine, Redis and the database, at most every few seconds."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._redis = Redis.from_url(house.ground.settings.redis_url, socket_timeout=1, socket_connect_timeout=1)
        self._heads: dict[int, int] = {}
        self._turn = 0
        self._lock = threading.Lock()
        self._samples: list[Sample] = []
        self._asked_at = float("-inf")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield every family, those without a sample too."""
        with self._lock:
            if time.monotonic() - self._asked_at >= ASK_AGAIN_SECONDS:
                self._samples, self._asked_at = [*self._machine(), *self._servers()], time.monotonic()
            samples = self._samples
        families = {name: GaugeMetricFamily(name, help_text, labels=labels) for name, (help_text, labels) in ASKED.items()}
        for name, labels, value in samples:
            families[name].add_metric(labels, value)
        yield from families.values()

    def _machine(self) -> Iterator[Sample]:
        settings = self._house.ground.settings
        for role, number in living(metrics_folder(settings)).items():
            yield "balai_processes", (role,), number
        disk = shutil.disk_usage(settings.var)
        yield "balai_disk_free_bytes", (), disk.free
        yield "balai_disk_free_ratio", (), disk.free / disk.total
        made_at = newest_backup_at(settings.backups)
        yield "balai_backup_made_at_seconds", (), made_at.timestamp() if made_at else 0

    def _servers(self) -> Iterator[Sample]:
        yield "balai_redis_up", (), _answers(self._redis.ping)
        try:
            figures = read_figures(self._house.ground.engine, self._next_regions())
        except SQLAlchemyError as error:
            _log.warning("metrics.database_away", error=type(error).__name__)
            yield "balai_database_up", (), 0
        else:
            yield "balai_database_up", (), 1
            yield from self._from(figures)

    def _next_regions(self) -> list[int]:
        """Return the regions whose heads are looked up this time: all within a few scrapes, each in its turn."""
        regions = [region.id for region in self._house.directory.all()]
        begin = self._turn if self._turn < len(regions) else 0
        self._turn = begin + HEADS_AT_ONCE
        return regions[begin : self._turn]

    def _from(self, figures: Figures) -> Iterator[Sample]:
        names = {region.id: region.key for region in self._house.directory.all()}
        for row in figures.due:
            labels = (row.subscriber, names.get(row.region_id, str(row.region_id)))
            yield "balai_deliveries_due", labels, row.due
            yield "balai_delivery_oldest_due_seconds", labels, float(row.age)
        dead = dict.fromkeys(self._house.registry.subscriptions, 0) | {row.subscriber: row.dead for row in figures.dead}
        for subscriber, number in dead.items():
            yield "balai_deliveries_dead", (subscriber,), number
        now = utc_now()
        for region_id, name in names.items():
            oldest = figures.unsealed.get(region_id, now)
            yield "balai_audit_unsealed_seconds", (name,), max(0.0, (now - oldest).total_seconds())
        self._heads |= figures.heads
        for region_id, head in self._heads.items():
            yield "balai_audit_head", (names.get(region_id, str(region_id)),), head


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (RedisError, OSError):
        return False
    return True


def serve_metrics(house: House) -> None:
    """Answer at BALAI_METRICS_PORT from a thread of its own, unless that is 0; a port that is taken is a warning, not an end."""
    settings = house.ground.settings
    if not settings.metrics_port:
        return
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(metrics_folder(settings)))  # type: ignore[no-untyped-call] # the library's, half typed
    registry.register(Asked(house))
    try:
        start_http_server(settings.metrics_port, ADDRESS, registry)
    except OSError as error:
        _log.warning("metrics.not_served", port=settings.metrics_port, error=error.strerror)
