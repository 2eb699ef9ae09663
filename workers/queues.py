"""Redis and RQ as doorbell and engine: which queue there is, and how a drain is put on it. Nothing here is a record."""

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from backend.core.settings import Settings

QUEUE = "balai"
JOB_SECONDS = 30
WAITING_AT_MOST = 1  # what is to be done stands in PostgreSQL; a job only says that somebody should look


def connect(settings: Settings) -> Redis:
    """Return a connection for the engine house."""
    return Redis.from_url(settings.redis_url, socket_connect_timeout=2, health_check_interval=15)


def queue_on(redis: Redis) -> Queue:
    """Return the one queue."""
    return Queue(QUEUE, connection=redis, serializer=JSONSerializer)


def enqueue_drain(queue: Queue) -> None:
    """Put a drain on the queue unless one waits there already: that one will find whatever is due."""
    if queue.count < WAITING_AT_MOST:
        queue.enqueue("workers.tasks.drain", job_timeout=JOB_SECONDS, result_ttl=0, failure_ttl=60)
