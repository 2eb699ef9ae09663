"""The clock process: relays rings to the queue, sweeps for what no ring told, keeps schedules, seals the audit log."""

import signal
import threading
import time
from types import FrameType
from uuid import UUID

from redis import Redis, RedisError
from sqlalchemy.exc import SQLAlchemyError

from backend.core.clock import utc_now
from backend.core.logs import get_logger
from backend.core.metrics import SWEPT_AT, count_as
from backend.core.settings import load_settings
from backend.data.audit import regions_to_seal, seal_region
from backend.data.deliveries import take_slot
from backend.data.doorbell import CHANNEL
from backend.data.events import EventType
from backend.data.unit_of_work import unit_of_work
from backend.http.house import House
from backend.http.metrics import serve_metrics
from workers.bootstrap import application, house_of
from workers.queues import connect, enqueue_drain, queue_on
from workers.tasks import sweep

SWEEP_SECONDS = 1.0
_LISTEN_SECONDS = 0.1
_log = get_logger(__name__)


def keep_schedules(house: House, asked: dict[tuple[str, int], int]) -> None:
    """Tell each schedule that has come due in a region, once a slot, as an event of its own.

    `asked` is the caller's memory of the slots it need not ask the database for again.
    """
    now = utc_now().timestamp()
    for module, schedule in house.registry.schedules:
        slot = int(now // schedule.every.total_seconds())
        event = EventType(name=schedule.name, doc=f"The schedule {schedule.name} has come due")
        for region in house.directory.all():
            if not region.enabled(module.name) or asked.get((schedule.name, region.id)) == slot:
                continue
            with unit_of_work(house.ground, region=region) as ctx:
                if take_slot(ctx.session, name=schedule.name, region_id=region.id, slot=slot):
                    ctx.publish(event, subject=UUID(int=region.id))  # the region itself: runs of one schedule keep their order
            asked[schedule.name, region.id] = slot


def seal(house: House) -> int:
    """Link what the audit log has not linked yet; return how many entries were."""
    sealed = 0
    with unit_of_work(house.ground) as ctx:
        waiting = set(regions_to_seal(ctx.session))
    for region in house.directory.all():  # one that was made a moment ago is in the next look
        if region.id in waiting:
            with unit_of_work(house.ground, region=region) as ctx:
                sealed += seal_region(ctx.session, region.id)
    return sealed


class Relay:
    """Hears the doorbell, and sees to it that a drain is on the queue."""

    def __init__(self, redis: Redis) -> None:
        self._queue = queue_on(redis)
        self._pubsub = redis.pubsub(ignore_subscribe_messages=True)
        self._pubsub.subscribe(CHANNEL)

    def turn(self, *, due: bool) -> None:
        """Listen for a moment; enqueue a drain when it rang, or when the sweep found something due."""
        message = self._pubsub.get_message(timeout=_LISTEN_SECONDS)
        while message is not None:
            due, message = True, self._pubsub.get_message(timeout=0)
        if due:
            enqueue_drain(self._queue)


class Stopped:
    """Set by SIGTERM or SIGINT: the turn in hand is finished."""

    def __init__(self) -> None:
        self.event = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.event.set()


def run(house: House, stopped: threading.Event) -> None:
    """Turn until stopped; a database or a Redis that is away is tried again, and nothing waits for the other."""
    relay: Relay | None = None
    asked: dict[tuple[str, int], int] = {}
    next_sweep = 0.0
    while not stopped.is_set():
        due = False
        if time.monotonic() >= next_sweep:
            next_sweep = time.monotonic() + SWEEP_SECONDS
            try:
                house.directory.refresh(older_than=SWEEP_SECONDS)
                keep_schedules(house, asked)
                seal(house)
                due = bool(sweep(house))
                SWEPT_AT.labels("clock").set(utc_now().timestamp())
            except SQLAlchemyError as error:
                _log.warning("clock.database_away", error=type(error).__name__)
        try:
            relay = relay or Relay(connect(house.ground.settings))
            relay.turn(due=due)
        except (RedisError, OSError) as error:
            _log.warning("clock.redis_away", error=type(error).__name__)
            relay = None
            stopped.wait(SWEEP_SECONDS)


def main() -> None:
    """Run the clock until SIGTERM."""
    stopped = Stopped()
    count_as("clock", load_settings())
    house = house_of(application())
    serve_metrics(house)
    _log.info("clock.ready")
    run(house, stopped.event)


if __name__ == "__main__":
    main()
