"""Making the regions of an installation look as if they had worked for 18 months."""

import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from sqlalchemy import insert, select, text
from sqlalchemy.orm import undefer

from backend.core.ids import new_id
from backend.data.context import Context, Region
from backend.data.migrating import owner_engine
from backend.data.serials import SerialRow
from backend.data.unit_of_work import unit_of_work
from backend.departments.queries import department_book
from backend.files.models import FileRow
from backend.http.house import House
from backend.regions.models import AreaRow
from services.complaints.models import Complaint, ComplaintFile, ComplaintMove, ComplaintRouting
from tests.bench.people import Someone, settle_citizens, settle_officers
from tests.bench.stories import Story, Teller, Town

ROWS_AT_ONCE = 1000
_PICTURE = {"content_type": "image/jpeg", "width": 1600, "height": 1200, "size": 300_000, "has_thumbnail": True}

_WAITING = text(
    "SELECT region_id, department, count(*) FROM complaints WHERE state IN ('submitted', 'accepted', 'in_progress')"
    " AND confidentiality <> 'sealed' AND department IS NOT NULL GROUP BY 1, 2"
)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What there is to ask for: towns by region, everybody who is signed in, and whose each complaint is."""

    towns: Mapping[str, Town]
    citizens: Sequence[Someone]
    officers: Sequence[Someone]
    complaints: Sequence[tuple[Someone, str]]  # the reporter and the id
    waiting: Mapping[tuple[str, str], int]  # by region and department: how much its inbox holds
    seconds: float


def load(house: House, *, complaints: int, citizens: int, officers: int, seed: int) -> Loaded:
    """Load so many of each, shared out among the regions; needs the application's context. The same for the same seed."""
    began = time.monotonic()
    regions = house.directory.all()
    towns, people, staff, reported = {}, [], [], []
    for region in regions:
        with unit_of_work(house.ground, region=region) as ctx:
            departments = _routed_to(ctx)
            residents = settle_citizens(ctx, citizens // len(regions))
            servants = settle_officers(ctx, departments, officers // len(regions))
            town = towns[region.key] = _town(ctx, house, region, residents, servants)
            teller = Teller(town, now=ctx.now(), seed=seed)
            by_id = {someone.account_id: someone for someone in residents}
            for stories in _by(ROWS_AT_ONCE, teller.tell(complaints // len(regions))):
                _write(ctx, stories)
                reported += [(by_id[story.row["reporter_id"]], str(story.row["id"])) for story in stories]
            _go_on_counting(ctx, teller.serials)
        people += residents
        staff += servants
    engine = owner_engine(house.ground.settings.owner_url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
        connection.execute(text("CHECKPOINT"))
        waiting = {(house.directory.by_id(region_id).key, unit): count for region_id, unit, count in connection.execute(_WAITING)}
    return Loaded(
        towns=towns, citizens=people, officers=staff, complaints=reported, waiting=waiting, seconds=time.monotonic() - began
    )


def _routed_to(ctx: Context) -> list[str]:
    """Return the departments that the region's categories name, which is where nearly all reports go."""
    by_type = department_book(ctx).by_type
    kinds = {kind for category in ctx.config("complaints").categories.values() for kind in category.departments[:1]}
    return sorted({by_type[kind] for kind in kinds if kind in by_type})


def _town(ctx: Context, house: House, region: Region, citizens: Sequence[Someone], officers: Sequence[Someone]) -> Town:
    by_department: dict[str, list[Any]] = {}
    for someone in officers:
        by_department.setdefault(str(someone.department), []).append(someone.account_id)
    areas = ctx.session.scalars(
        select(AreaRow)
        .where(AreaRow.region_id == region.id, AreaRow.lowest, AreaRow.boundary.is_not(None))
        .options(undefer(AreaRow.boundary))
        .order_by(AreaRow.code)
    )
    return Town(
        region=region,
        settings=ctx.config("complaints"),
        units=department_book(ctx),
        directory=house.directory,
        areas=[shapely.from_wkb(area.boundary) for area in areas],
        citizens=[someone.account_id for someone in citizens],
        officers=by_department,
        desks={"triage": new_id(), "validator": new_id()},
    )


def _by(size: int, stories: Iterable[Story]) -> Iterable[list[Story]]:
    stories = iter(stories)
    while batch := list(itertools.islice(stories, size)):
        yield batch


def _write(ctx: Context, stories: Sequence[Story]) -> None:
    files = [
        {key: file[key] for key in ("region_id", "id")}
        | _PICTURE
        | {"owner_id": story.row["reporter_id"], "held_by": "complaints", "held_id": story.row["id"], "created_at": ctx.now()}
        for story in stories
        for file in story.files
    ]
    for model, rows in (
        (Complaint, [story.row for story in stories]),
        (ComplaintMove, [line for story in stories for line in story.moves]),
        (ComplaintRouting, [story.routing for story in stories]),
        (FileRow, files),
        (ComplaintFile, [file for story in stories for file in story.files]),
    ):
        ctx.session.execute(insert(model), rows, execution_options={"render_nulls": True})  # one statement for all


def _go_on_counting(ctx: Context, serials: Mapping[str, int]) -> None:
    """Let the numbers of new complaints follow those that were loaded."""
    rows = [{"region_id": ctx.region.id, "name": f"complaints:{month}", "next": used + 1} for month, used in serials.items()]
    ctx.session.execute(insert(SerialRow), rows)
