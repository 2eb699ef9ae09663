"""The unit of work: one transaction around a view, a delivery or a command. The only place that commits."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.orm import Session

from backend.core.errors import DomainError
from backend.core.fault_points import reach
from backend.core.ids import new_id
from backend.core.text import LANGUAGES
from backend.data.context import SYSTEM, Actor, Context, Ground, Region
from backend.data.db import enter_region
from backend.data.events import RINGS
from backend.data.statements import write_out

_UNDO = "undo"


@contextmanager
def unit_of_work(
    ground: Ground,
    *,
    region: Region | None = None,
    actor: Actor = SYSTEM,
    locale: str | None = None,
    request_id: str = "",
    staff_id: UUID | None = None,
    may_be_repeated: bool = False,
) -> Iterator[Context]:
    """Open a transaction in `region`, hand out its Context, commit at the end, roll back on any error, then ring.

    A DomainError that is `remembered` is committed first and raised then.

    Units do not nest, and nothing inside one calls the network. Without a `locale` it speaks the region's first language.
    `staff_id` opens that staff account's own memberships in every region. `may_be_repeated` commits without waiting for the disk:
    for bookkeeping that may be lost together with the machine's power and is then simply done again.
    """
    with Session(ground.engine, expire_on_commit=False) as session:
        session.info.update(region_id=region.id if region else "", staff_id=staff_id or "", may_be_repeated=may_be_repeated)
        context = Context(
            ground=ground,
            session=session,
            actor=actor,
            locale=locale or (region.languages if region else LANGUAGES)[0],
            request_id=request_id or str(new_id()),
            region_or_none=region,
        )
        refusal = None
        try:
            try:
                yield context
            except DomainError as error:
                if not error.remembered:
                    raise
                refusal = error
            write_out(session)
        except BaseException:
            _take_back(session)
            raise
        reach("before-commit")
        session.commit()
        reach("after-commit")
        ground.doorbell.ring(session.info.get(RINGS, set()))
        if refusal is not None:
            raise refusal


def undo_with(session: Session, undo: Callable[[], None]) -> None:
    """Call `undo` when the unit of `session` rolls back: for what was done outside the database, a blob written."""
    session.info.setdefault(_UNDO, []).append(undo)


def _take_back(session: Session) -> None:
    for undo in session.info.pop(_UNDO, []):
        undo()


def in_region(ctx: Context, region: Region, *, locale: str | None = None) -> Context:
    """Return this unit of work as one of `region`: for a door where the region stands in the body or in a token."""
    enter_region(ctx.session, region.id)
    return dataclasses.replace(ctx, region_or_none=region, locale=locale or ctx.locale)
