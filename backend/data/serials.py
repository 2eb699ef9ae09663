"""Serial numbers, taken in blocks by a short transaction of their own: no request waits on a counter, and gaps are allowed."""

import threading

from sqlalchemy import Engine, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from backend.core.personal import plain
from backend.data.db import Base

BLOCK = 50

_TAKE = text(
    "INSERT INTO serials (region_id, name, next) VALUES (:region, :name, 1 + :block)"
    " ON CONFLICT (region_id, name) DO UPDATE SET next = serials.next + :block RETURNING next - :block"
)


class SerialRow(Base):
    """The next number of a series that no process has taken."""

    __tablename__ = "serials"
    holds = (plain("region_id name next"),)

    region_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    next: Mapped[int]


class Serials:
    """One process's blocks. Numbers never repeat; those a process has taken and not used are gaps."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._blocks: dict[tuple[int, str], range] = {}

    def take(self, region_id: int, name: str) -> int:
        """Return the next number of the region's series `name`, from 1."""
        with self._lock:
            block = self._blocks.get((region_id, name), range(0))
            if not block:
                block = self._new_block(region_id, name)
            self._blocks[region_id, name] = block[1:]
            return block[0]

    def _new_block(self, region_id: int, name: str) -> range:
        with Session(self._engine, info={"region_id": region_id}) as session, session.begin():
            first = session.execute(_TAKE, {"region": region_id, "name": name, "block": BLOCK}).scalar_one()
        return range(first, first + BLOCK)
