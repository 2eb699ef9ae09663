"""What a part of the house says must agree: found out by `balai reconcile`, region by region."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Executable

from backend.data.context import Context

SETTLED = timedelta(minutes=1)  # what is younger may still be under way
Difference = tuple[Any, str]  # the id of what disagrees, and how
_AT_ONCE = 1000


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that must agree. `find` yields what does not, in the context's region, in statements whose number is fixed.

    `repair` mends all of it where that is safe, and returns how many it has mended.
    """

    kind: str
    find: Callable[[Context], Iterator[Difference]]
    repair: Callable[[Context], int] | None = None


def rows_of(statement: Callable[[Context], Executable], says: str) -> Callable[[Context], Iterator[Difference]]:
    """Return a `find` that streams the rows of one statement: the first column is the id, `says` has places for the others."""

    def find(ctx: Context) -> Iterator[Difference]:
        rows = ctx.session.execute(statement(ctx), execution_options={"yield_per": _AT_ONCE})
        identity = next(iter(rows.keys()))
        for row in rows.mappings():
            yield row[identity], says.format_map(row)

    return find
