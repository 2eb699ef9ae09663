"""Measuring the engine house: how soon what is accepted is routed, how fast a backlog drains, what a report takes."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, TextClause, create_engine, text

from backend.core.clock import utc_now
from backend.http.house import House
from tests.bench.load import percentile
from tests.bench.loading import Loaded, lay_unrouted
from tests.bench.measures import metered
from tests.bench.nothing import HAPPENED
from tests.bench.nothing import SUBSCRIBER as NOTHING
from tests.bench.offering import Stream, offer
from tests.bench.system import System

ROUTE = "complaints.route"
_POLL_SECONDS = 0.05
_ROUTED_SECONDS, _DRAIN_SECONDS, _BACKLOG_SECONDS = 60, 15, 600
_OPEN = text("SELECT count(*) FROM deliveries WHERE done_at IS NULL AND dead_at IS NULL")
_OPEN_OF = text("SELECT count(*) FROM deliveries WHERE subscriber = :subscriber AND done_at IS NULL AND dead_at IS NULL")
# Each batch is marked with the instant at which its transaction began: the first has taken no time yet, and is not counted.
_CARRIED = text("""
    WITH done AS (SELECT done_at FROM deliveries WHERE subscriber = :subscriber AND done_at >= :since)
    SELECT count(*) FILTER (WHERE done_at > (SELECT min(done_at) FROM done)),
        extract(epoch FROM max(done_at) - min(done_at))::float FROM done""")
_ACCEPTED = text("SELECT id, submitted_at FROM complaints WHERE submitted_at >= :since")
_ROUTED = text("SELECT subject FROM deliveries WHERE subscriber = :route AND done_at >= :since")
_EVENTS = "INSERT INTO events (region_id, id, name, version, subject, payload, occurred_at, request_id)"
_DELIVERIES = "INSERT INTO deliveries (region_id, event_id, subscriber, subject, lane, attempts, next_at)"
_TELL_UNROUTED = text(f"""
    WITH told AS (
        {_EVENTS}
        SELECT region_id, gen_random_uuid(), 'complaints.submitted', 1, id, jsonb_build_object('number', number,
            'category', CASE WHEN confidentiality <> 'sealed' THEN category END,
            'area', CASE WHEN confidentiality <> 'sealed' THEN area_code END,
            'sealed', confidentiality = 'sealed'), now(), 'bench'
        FROM complaints WHERE submitted_at >= :since AND version = 1
        RETURNING region_id, id, subject)
    {_DELIVERIES} SELECT region_id, id, :subscriber, subject, 0, 0, now() FROM told""")  # noqa: S608 - both parts are ours
_TELL_NOTHING = text(f"""
    WITH told AS (
        {_EVENTS}
        SELECT (SELECT min(id) FROM regions), gen_random_uuid(), :name, 1, gen_random_uuid(), '{{}}', now(), 'bench'
        FROM generate_series(1, :count) RETURNING region_id, id, subject)
    {_DELIVERIES} SELECT region_id, id, :subscriber, subject, 1, 0, now() FROM told""")  # noqa: S608 - both parts are ours


def routed(system: System, requests: Iterator[bytes], *, rate: float, seconds: float) -> dict[str, Any]:
    """Submit at that rate with worker and clock running; return how long routing took, and what the whole took of the machine.

    The time is from the instant the report carries to that at which somebody else sees it routed, looking every 50 ms.
    """
    began, seen, ended = utc_now(), dict[Any, datetime](), threading.Event()
    with _owner(system) as connection, metered(system.meter) as spent:
        watcher = threading.Thread(target=_watch, args=(system, began, seen, ended), daemon=True)
        watcher.start()
        try:
            (offered,) = offer(system.web_port, Stream(rate=rate, requests=requests, ends=seconds))
            accepted = {row.id: row.submitted_at for row in connection.execute(_ACCEPTED, {"since": began})}
            if not _until(lambda: accepted.keys() <= seen.keys(), seconds=_ROUTED_SECONDS):
                raise TimeoutError(f"{len(accepted.keys() - seen.keys())} reports are not routed after {_ROUTED_SECONDS} s")
        finally:
            ended.set()
            watcher.join()
        _until(lambda: not connection.scalar(_OPEN), seconds=_DRAIN_SECONDS)
        waiting = connection.scalar(_OPEN)
        memory = system.meter.memory_mib()
    waits = [(seen[each] - at).total_seconds() for each, at in accepted.items()]
    return {
        "reports": len(accepted),
        "faults": offered.faults,
        "per_second": round(offered.served_a_second, 1),
        **{f"p{share * 100:.0f}_ms": round(percentile(waits, share) * 1000) for share in (0.5, 0.95, 0.99)},
        "looked_after_s": round((utc_now() - began).total_seconds(), 1),
        "deliveries_waiting": waiting,
        "cpu_ms": {name: round(each / len(accepted) * 1000, 2) for name, each in spent.items() if name != "bare"},
        "memory_mib": {name: round(each, 1) for name, each in memory.items() if name != "bare"},
    }


def _watch(system: System, began: datetime, seen: dict[Any, datetime], ended: threading.Event) -> None:
    with _owner(system) as connection:
        since = began
        while not ended.wait(_POLL_SECONDS):
            # What is marked carries the instant at which its transaction began: those that lasted are looked for again.
            found, now = connection.execute(_ROUTED, {"route": ROUTE, "since": since}).scalars().all(), utc_now()
            since = max(began, now - timedelta(seconds=20))
            for subject in found:
                seen.setdefault(subject, now)


def backlog(system: System, house: House, loaded: Loaded, *, count: int, seed: int) -> dict[str, Any]:
    """Tell so many events at once to a handler that does nothing, then to routing; return how many a second are carried."""
    with _owner(system) as connection:
        began = utc_now()
        nothing = _drained(system, connection, NOTHING, _TELL_NOTHING, name=HAPPENED.name, count=count)
        lay_unrouted(house, loaded, count=count, seed=seed)
        return {"nothing": nothing, "routing": _drained(system, connection, ROUTE, _TELL_UNROUTED, since=began)}


def _drained(system: System, connection: Connection, subscriber: str, tell: TextClause, **asked: Any) -> dict[str, Any]:
    """Tell a subscriber of events; return how fast their deliveries were carried, from the first batch to the last."""
    began, whose = utc_now(), {"subscriber": subscriber}
    with metered(system.meter, "worker", "postgres") as spent:
        told = connection.execute(tell, whose | asked).rowcount
        _until(lambda: not connection.scalar(_OPEN_OF, whose), seconds=_BACKLOG_SECONDS)
    left = connection.scalar(_OPEN_OF, whose) or 0
    after_first, seconds = connection.execute(_CARRIED, whose | {"since": began}).one()
    return {
        "events": told,
        "left": left,
        "per_second": round(after_first / seconds, 1) if seconds else 0.0,
        "cpu_ms": {name: round(each / (told - left or 1) * 1000, 3) for name, each in spent.items()},
    }


def settle(system: System) -> None:
    """Take away what is still to be carried, so that it does not weigh on what is measured next."""
    with _owner(system) as connection:
        connection.execute(text("DELETE FROM deliveries WHERE done_at IS NULL AND dead_at IS NULL"))


def _owner(system: System) -> Any:
    return create_engine(system.environ["BALAI_OWNER_URL"], isolation_level="AUTOCOMMIT").connect()


def _until(is_so: Callable[[], Any], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
