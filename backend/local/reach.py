"""Tells in one line, and by its status, whether given servers answer: `python -m backend.local.reach DATABASE_URL ...`.

A program of its own, so that the supervisor need not carry the drivers. Addresses come in the environment, not in the
arguments that every user of the machine can read.
"""

import os
import sys

import psycopg
import redis

SECONDS = 5


def reason_not_to(name: str) -> str | None:
    """Return why the server whose address is in the variable `name` does not answer, or None if it does."""
    url = os.environ[name]
    try:
        if name == "REDIS_URL":
            redis.Redis.from_url(url, socket_connect_timeout=SECONDS, socket_timeout=SECONDS).ping()
        else:
            psycopg.connect(url.replace("+psycopg", "", 1), connect_timeout=SECONDS).close()
    except (psycopg.Error, redis.RedisError, ValueError) as error:
        return f"the server of {name} cannot be reached: {' '.join(str(error).split())}"
    return None


if __name__ == "__main__":
    reasons = [reason for name in sys.argv[1:] if (reason := reason_not_to(name))]
    sys.exit("\n".join(reasons) or None)
