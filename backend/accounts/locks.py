"""One at a time: what must be counted right under any number of requests at once."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def take_turn(session: Session, index: bytes) -> None:
    """Wait until no other transaction works on what this blind index stands for; held until the end of this one."""
    session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(index[:8], signed=True))))
