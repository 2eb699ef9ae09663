"""Redis and RQ as doorbell and engine: which queue there is, and how a drain is put on it. Nothing here is a record."""

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from backend.core.ids import new_id
from backend.core.settings import Settings

QUEUE = "balai"
JOB_SECONDS = 30
_ENQUEUED_AT_MOST = 2  # waiting jobs a worker: what is not on the queue is in PostgreSQL, and rings again


def connect(settings: Settings) -> Redis:
    """Return a connection for the engine house."""
    return Redis.from_url(settings.redis_url, socket_connect_timeout=2, health_check_interval=15)


def queue_on(redis: Redis) -> Queue:
    """Return the one queue."""
    return Queue(QUEUE, connection=redis, serializer=JSONSerializer)


def enqueue_drains(queue: Queue, subscribers: list[str]) -> list[str]:
    """Put a drain of each subscriber on the queue unless one waits there already; return those there was no room for.

    The job's id begins with its subscriber's name so that waiting ones can be told; it is otherwise new each time.
    """
    waiting = [job_id.rpartition("-")[0] for job_id in queue.get_job_ids()]
    left = []
    for subscriber in subscribers:
        name = subscriber.replace(".", "-")  # RQ takes no dots
        if name in waiting:
            continue
        if len(waiting) >= _ENQUEUED_AT_MOST:
            left.append(subscriber)
            continue
        queue.enqueue(
            "workers.tasks.drain",
            subscriber,
            job_id=f"{name}-{new_id().hex}",
            job_timeout=JOB_SECONDS,
            result_ttl=0,
            failure_ttl=60,
        )
        waiting.append(name)
    return left
