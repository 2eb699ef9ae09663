"""Structured logs: one JSON object a line on standard error, with the request id of whatever caused them."""

import logging
import sys
import traceback
from pathlib import Path
from typing import Any

import orjson
import structlog


def _json(record: Any, **options: Any) -> str:
    return orjson.dumps(record, default=options.get("default", str)).decode()


def _places(exc_info: Any) -> str:
    """Return the classes of an error and its causes, and where they were raised; not what they say, which may be a person's."""
    error: BaseException | None = exc_info[1]
    told = []
    while error is not None:
        frames = reversed(traceback.extract_tb(error.__traceback__))
        places = (f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
        told.append(" < ".join([type(error).__name__, *places]))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "; because of ".join(told)


def configure_logs(level: str) -> None:
    """Send structlog's and the standard library's records the same way. Values that identify a person are never logged."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(_places),
                structlog.processors.JSONRenderer(serializer=_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("PIL").setLevel(logging.INFO)  # below that it tells what a camera wrote into a photo


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger


def bind(**values: str | None) -> None:
    """Say what every following record of this request or delivery carries."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**{key: value for key, value in values.items() if value})
