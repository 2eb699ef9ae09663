"""The pool of database connections, which counts those in hand, those waited for and those that were not to be had."""

import time
from typing import Any

from sqlalchemy import QueuePool
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from backend.core import metrics

_WAIT_SECONDS = 0.01


class CountingPool(QueuePool):
    """SQLAlchemy's own, with metrics."""

    __module__ = QueuePool.__module__  # which names its logger, so that it is as quiet as SQLAlchemy's

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        metrics.POOL_SIZE.labels(metrics.role()).set(self.size())

    def connect(self) -> PoolProxiedConnection:
        """Hand out a connection. Raises TimeoutError when none comes free in time."""
        began = time.perf_counter()
        try:
            return super().connect()
        except PoolTimeoutError:
            metrics.POOL_TIMEOUTS.labels(metrics.role()).inc()
            raise
        finally:
            if time.perf_counter() - began > _WAIT_SECONDS:
                metrics.POOL_WAITS.labels(metrics.role()).inc()
            metrics.POOL_IN_USE.labels(metrics.role()).set(self.checkedout())

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        super()._do_return_conn(record)
        metrics.POOL_IN_USE.labels(metrics.role()).set(self.checkedout())
