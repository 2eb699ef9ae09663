"""The worker process: takes drains off the queue, each in a forked child, until SIGTERM; the drain in hand is finished."""

import os
import resource
import time
from contextlib import suppress

from redis import RedisError
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy.exc import SQLAlchemyError

from backend.core.logs import get_logger
from backend.core.metrics import DRAINS, count_as
from backend.core.settings import load_settings
from workers import tasks
from workers.bootstrap import application, house_of
from workers.queues import QUEUE, connect
from workers.tasks import REGIONS_MAY_BE_OLD_SECONDS

MOST_BYTES = 1 << 30  # a drain has less than 200 MiB, a picture of 40 megapixels 150 MiB more
_WARM = 32  # regions whose settings the children inherit; those of others they read themselves
_NICE = 5  # where processors are few, requests go first
_log = get_logger(__name__)


class PatientWorker(Worker):
    """Asks a Redis that is away every two seconds: RQ's own pause grows to a minute."""

    max_connection_wait_time = 2.0

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Freshen the regions here, once for all the children that inherit them, then fork."""
        with suppress(SQLAlchemyError):  # a database that is away is the child's to report
            directory = house_of(application()).directory
            directory.refresh(older_than=REGIONS_MAY_BE_OLD_SECONDS)
            for region in directory.all()[:_WARM]:
                len(region.modules)  # reads their settings
        DRAINS.labels("worker").inc()
        super().execute_job(job, queue)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """Bound the child's memory: a handler that eats it fails with MemoryError, before the machine ends something else."""
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
        super().main_work_horse(job, queue)


def main() -> None:
    """Work until told to stop; a Redis that is away is waited for."""
    settings = load_settings()
    os.nice(_NICE)
    count_as("worker", settings)
    application()
    _log.info("worker.ready", job=tasks.drain.__name__)
    while True:
        try:
            worker = PatientWorker(
                [QUEUE],
                connection=connect(settings),
                serializer=JSONSerializer,
                worker_ttl=25,
                maintenance_interval=5,
                job_monitoring_interval=3,
                log_job_description=False,
            )
            worker.work(logging_level="WARNING")
        except (RedisError, OSError) as error:
            _log.warning("worker.redis_away", error=type(error).__name__)
            time.sleep(1)
        else:
            return


if __name__ == "__main__":
    main()
