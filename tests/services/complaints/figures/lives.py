"""Lives of reports as chance has them: every move is one that the region's workflow allows to somebody at that time."""

import dataclasses
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import text

from backend.core.ids import new_id
from backend.data.context import Actor, Context, Region
from backend.data.unit_of_work import unit_of_work
from backend.http.house import House
from backend.sdk.domain import department_book
from services.complaints.domain import actors
from services.complaints.domain.actors import ActorFacts, Membership
from services.complaints.domain.moves import allowed_moves
from services.complaints.domain.workflow import alternatives
from services.complaints.operations.moving import MoveRequest, carry_out
from services.complaints.operations.recounting import begin_recount, recount_some
from services.complaints.operations.submitting import Submission, submit_complaint
from services.complaints.operations.tallying import tally_complaints
from services.complaints.queries.cases import calendar_of, category_of, find_case, settings_of
from tests.places import shipped_places

BEGAN = datetime(2026, 3, 2, 1, tzinfo=UTC)
_TABLES = ("complaints_files", "complaints_moves", "complaints_routings", "complaints", "events", "deliveries")
_FIGURES = ("complaints_counted", "complaints_tallies", "complaints_recounts")
_UNITS = ("pupr", "dlhk")


class Lives:
    """Reports of one region, and a time of their own, which only goes on."""

    def __init__(self, house: House, region: Region) -> None:
        self.house, self.region, self.now, self.ids = house, region, BEGAN, []
        self.sealed: list[UUID] = []

    @contextmanager
    def unit(self, actor: Actor | None = None) -> Iterator[Context]:
        """Open a unit of work at this time."""
        with unit_of_work(self.house.ground, region=self.region) as ctx:
            yield dataclasses.replace(ctx, started_at=self.now, actor=actor or ctx.actor)

    def forget(self) -> None:
        """Remove every report of the region, with all that was told and counted of it."""
        with self.unit() as ctx:
            for table in _TABLES + _FIGURES:
                ctx.session.execute(text(f"DELETE FROM {table} WHERE region_id = :region"), {"region": self.region.id})  # noqa: S608

    def go_on(self, chance: random.Random, *, hours: float) -> None:
        """Let up to that many hours pass."""
        self.now += timedelta(hours=chance.uniform(0, hours))

    def submit(self, chance: random.Random) -> None:
        """Somebody reports something somewhere."""
        with self.unit(Actor(kind="citizen", account_id=new_id())) as ctx:
            open_to_all = [category for category in settings_of(ctx).categories.values() if category.active]
            category = chance.choice(open_to_all)
            places = shipped_places(self.region.key)
            place = chance.choice((places.inside, places.overlap, None if not category.location_required else places.inside))
            case = submit_complaint(ctx, Submission(category=category.code, description="Sesuatu terjadi.", location=place))
            (self.sealed if category.sealed else self.ids).append(case.row.id)

    def move(self, chance: random.Random, complaint_id: UUID | None = None) -> str | None:
        """Somebody makes a move that they may make now on one of the reports; return which, None where nobody may."""
        with self.unit() as ctx:
            case = find_case(ctx, complaint_id or chance.choice(self.ids), anybody=True)
            if case is None:
                raise LookupError(complaint_id)
            workflow, category = settings_of(ctx).workflow, category_of(ctx, case.row)
            ways = [
                (actor, move)
                for actor in self._people(case.row.department)
                for move in allowed_moves(workflow, case.facts(category), actor, now=ctx.now(), calendar=calendar_of(ctx))
                if not (actor is actors.SYSTEM and (case.row.state_due_at is None or case.row.state_due_at > ctx.now()))
            ]
            if not ways:
                return None
            actor, move = chance.choice(ways)
            brought = self._brought(ctx, chance, case.row, move.needs)
            if brought is None:
                return None
            carry_out(ctx, case, actor, MoveRequest(move=move.key, **brought))
            return move.key

    def make(self, complaint_id: UUID, move_key: str) -> None:
        """Let somebody who may make this very move."""
        with self.unit() as ctx:
            case = find_case(ctx, complaint_id, anybody=True)
            if case is None:
                raise LookupError(complaint_id)
            workflow, facts = (
                settings_of(ctx).workflow,
                dataclasses.replace(case.facts(category_of(ctx, case.row)), files_required=False),
            )
            for actor in self._people(case.row.department):
                for move in allowed_moves(workflow, facts, actor, now=ctx.now(), calendar=calendar_of(ctx)):
                    if move.key == move_key:
                        brought = self._brought(ctx, random.Random(0), case.row, move.needs) or {}  # noqa: S311 - not secrets
                        carry_out(ctx, case, actor, MoveRequest(move=move_key, **brought))
                        return
        raise LookupError(move_key)

    def _people(self, department: str | None) -> list[ActorFacts]:
        def staff(role: str, unit: str | None = None) -> ActorFacts:
            return ActorFacts(account_id=new_id(), memberships=frozenset({Membership(role, unit)}))

        machines = [actors.SYSTEM] if department else [actors.ROUTING]
        desks = [staff("triage"), staff("validator")] + [staff("department_head", department)] * 3
        return [*machines, *desks, ActorFacts(account_id=new_id(), is_reporter=True)]

    def _brought(self, ctx: Context, chance: random.Random, row: Any, needs: Any) -> dict[str, Any] | None:
        """Return what a move needs, of pictures none: their own rooms are tested elsewhere."""
        brought: dict[str, Any] = {}
        units = sorted(department_book(ctx).by_key)
        offered = {
            "note": lambda: "Catatan.",
            "department": lambda: chance.choice(units),
            "reason": lambda: chance.choice(sorted(settings_of(ctx).reasons)),
            "authority": lambda: "PLN",
            "cluster": lambda: next((each for each in self.ids if each != row.id and self._open(ctx, each)), None),
        }
        for need in needs:
            word = next((word for word in sorted(alternatives(need)) if word in offered), None)
            value = offered[word]() if word else None
            if word is None or value is None:
                return None
            brought[word] = value
        return brought

    def _open(self, ctx: Context, complaint_id: UUID) -> bool:
        case = find_case(ctx, complaint_id)
        return case is not None and not settings_of(ctx).workflow.state_by_key[case.row.state].final

    def tally(self, chance: random.Random | None = None) -> None:
        """Count some of the reports anew, or all of them."""
        every = [*self.ids, *self.sealed]
        with self.unit() as ctx:
            tally_complaints(ctx, chance.sample(every, k=len(every) // 2) if chance else every)

    def recount(self) -> SimpleNamespace:
        """Compare everything with the history; return what was found to be off, as no event is on its way."""
        self.sql("DELETE FROM deliveries WHERE region_id = :region")
        with self.unit() as ctx:
            begin_recount(ctx)
        with self.unit() as ctx:
            recount_some(ctx)
        found = self.one("SELECT found, off FROM complaints_recounts WHERE region_id = :region")
        return SimpleNamespace(found=found.found, off=found.off)

    def sql(self, statement: str, **values: Any) -> list[Any]:
        """Execute a statement in the region and return its rows."""
        with self.unit() as ctx:
            result = ctx.session.execute(text(statement), {"region": self.region.id, **values})
            return list(result.all()) if result.returns_rows else []

    def one(self, statement: str, **values: Any) -> Any:
        """Execute a statement and return its only row."""
        (row,) = self.sql(statement, **values)
        return row
