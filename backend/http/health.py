"""Whether this process lives, and whether it can serve: a Redis that is away degrades, a database that is away stops."""

from flask import Flask, Response
from redis import Redis, RedisError
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from backend.http.blueprint import answer


def serve_health(app: Flask, engine: Engine, redis: Redis) -> None:
    """Add `/health/live` and `/health/ready`."""

    @app.get("/health/live")
    def live() -> Response:
        return answer({"status": "ok"})

    @app.get("/health/ready")
    def ready() -> Response:
        checks = {"database": "ok", "redis": "ok"}
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            checks["database"] = "away"
        try:
            redis.ping()
        except (RedisError, OSError):
            checks["redis"] = "away"
        away = checks["database"] == "away"
        status = "unavailable" if away else "degraded" if checks["redis"] == "away" else "ok"
        return answer({"status": status, "checks": checks}, 503 if away else 200, {"Cache-Control": "no-store"})
