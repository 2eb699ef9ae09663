"""Making the regions of an installation look as if they had worked for 18 months."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import shapely
from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import undefer

from backend.core.ids import new_id
from backend.data.context import Context
from backend.data.migrating import owner_engine
from backend.data.serials import SerialRow
from backend.data.unit_of_work import unit_of_work
from backend.departments.queries import department_book
from backend.http.house import House
from backend.regions.models import AreaRow
from services.complaints.operations.recounting import begin_recount
from tests.bench.bulk import fill, without_indexes
from tests.bench.people import Someone, settle_citizens, settle_officers
from tests.bench.stories import Teller, Town
from tests.bench.variants import TABLES, Variants
from workers.tasks import carry_due

EACH = 20  # complaints of a citizen
TOLD = 20_000  # by the rules; what is loaded beyond them are their variants
NAMES_AMONG = 10  # complaints to a name: the more there are, the more names

_WAITING = text(
    "SELECT region_id, department, count(*) FROM complaints WHERE state IN ('submitted', 'accepted', 'in_progress')"
    " AND confidentiality <> 'sealed' AND department IS NOT NULL GROUP BY 1, 2"
)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What there is to ask for: towns by region, everybody who signs in, and whose each case is."""

    complaints: int
    towns: Mapping[str, Town]
    citizens: Sequence[Someone]
    officers: Sequence[Someone]
    cases: Sequence[tuple[Someone, str]]  # a reporter and the id of their newest
    waiting: Mapping[tuple[str, str], int]  # by region and department: how much its inbox holds
    seconds: float

    @property
    def names(self) -> int:
        """How many names of places there are among the descriptions of a region."""
        return max(1000, self.complaints // len(self.towns) // NAMES_AMONG)

    def keep(self, path: Path) -> None:
        """Write down what cannot be read from the database again."""
        kept = {
            "complaints": self.complaints,
            "citizens": [someone.kept() for someone in self.citizens],
            "officers": [someone.kept() for someone in self.officers],
            "cases": [(self.citizens.index(someone), case) for someone, case in self.cases],
            "waiting": [(*key, count) for key, count in self.waiting.items()],
        }
        path.write_text(json.dumps(kept), encoding="utf-8")


def load(house: House, *, complaints: int, citizens: int, officers: int, seed: int, told: int = TOLD) -> Loaded:
    """Load so many of each, shared out among the regions; needs the application's context. The same for the same seed.

    So many citizens and officers sign in; of the other citizens, one to twenty complaints, nothing is known but that they are.
    """
    began = time.monotonic()
    regions = house.directory.all()
    towns: dict[str, Town] = {}
    people, staff, cases = [], [], []
    owner_url = house.ground.settings.owner_url
    with without_indexes(owner_url, TABLES):
        for region in regions:
            share = complaints // len(regions)
            with unit_of_work(house.ground, region=region) as ctx:
                residents = settle_citizens(ctx, citizens // len(regions))
                servants = settle_officers(ctx, _routed_to(ctx), officers // len(regions))
                town = towns[region.key] = make_town(ctx, house, residents, servants)
                now = ctx.now()
            others = [str(new_id()) for _ in range(share // EACH - len(residents))]
            rows = (f"{region.id}\t{each}\tactive\tid\t{now.isoformat()}\n" for each in others)
            fill(owner_url, ["citizens"], [["region_id", "id", "status", "locale", "created_at"]], ((0, row) for row in rows))
            teller = Teller(town, now=now, seed=seed)
            reporters = [*(str(someone.account_id) for someone in residents), *others]
            stories = list(teller.tell(min(share, told // len(regions))))
            variants = Variants(teller, stories, now=now, seed=seed, reporters=reporters)
            fill(owner_url, TABLES, variants.columns, variants.lines(share, names=max(1000, share // NAMES_AMONG)))
            with unit_of_work(house.ground, region=region) as ctx:
                _go_on_counting(ctx, teller.serials)
            newest = {each: variants.newest.get(str(each.account_id)) for each in residents}
            cases += [(each, str(UUID(case))) for each, case in newest.items() if case]
            people += residents
            staff += servants
    _count_all(house)
    return Loaded(
        complaints=complaints,
        towns=towns,
        citizens=people,
        officers=staff,
        cases=cases,
        waiting=_waiting(house),
        seconds=time.monotonic() - began,
    )


def load_kept(house: House, path: Path) -> Loaded:
    """Return what was loaded and kept before, everybody signed in anew."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    citizens, officers = ([Someone.from_kept(each) for each in kept[name]] for name in ("citizens", "officers"))
    towns = {}
    for region in house.directory.all():
        with unit_of_work(house.ground, region=region) as ctx:
            own = [[each for each in people if each.region == region.key] for people in (citizens, officers)]
            towns[region.key] = make_town(ctx, house, *own)
    return Loaded(
        complaints=kept["complaints"],
        towns=towns,
        citizens=citizens,
        officers=officers,
        cases=[(citizens[number], case) for number, case in kept["cases"]],
        waiting={(region, unit): count for region, unit, count in kept["waiting"]},
        seconds=0,
    )


def lay_unrouted(house: House, loaded: Loaded, *, count: int, seed: int) -> None:
    """Add so many complaints that have just been accepted, which nobody has routed yet nor been told of."""
    owner_url = house.ground.settings.owner_url
    for region in house.directory.all():
        town = loaded.towns[region.key]
        with unit_of_work(house.ground, region=region) as ctx:
            now = ctx.now()
            last = dict(ctx.session.execute(select(SerialRow.name, SerialRow.next).where(SerialRow.region_id == region.id)).all())
        teller = Teller(town, now=now, seed=seed)
        stories = [teller.tell_unrouted() for _ in range(500)]
        variants = Variants(teller, stories, now=now, seed=seed, reporters=[str(each) for each in town.citizens])
        for name, used in last.items():
            teller.serials[name.removeprefix("complaints:")] = used + 1000  # beyond what processes hold in their blocks
        fill(owner_url, TABLES, variants.columns, variants.lines(count // len(loaded.towns), names=loaded.names, spread=False))
        with unit_of_work(house.ground, region=region) as ctx:
            for name, next_one in teller.serials.items():
                ctx.session.execute(
                    update(SerialRow)
                    .where(SerialRow.region_id == region.id, SerialRow.name == f"complaints:{name}")
                    .values(next=next_one + 1)
                )


def _count_all(house: House) -> None:
    """Let the figures count what was loaded, as those of an installation do that had reports before it had figures."""
    for region in house.directory.all():
        with unit_of_work(house.ground, region=region) as ctx:
            begin_recount(ctx)
    while carry_due(house, "complaints.recount"):
        pass


def _waiting(house: House) -> Mapping[tuple[str, str], int]:
    with owner_engine(house.ground.settings.owner_url).connect() as connection:
        return {(house.directory.by_id(region_id).key, unit): count for region_id, unit, count in connection.execute(_WAITING)}


def _routed_to(ctx: Context) -> list[str]:
    """Return the departments that the region's categories name, which is where nearly all reports go."""
    by_type = department_book(ctx).by_type
    kinds = {kind for category in ctx.config("complaints").categories.values() for kind in category.departments[:1]}
    return sorted({by_type[kind] for kind in kinds if kind in by_type})


def make_town(ctx: Context, house: House, citizens: Sequence[Someone], officers: Sequence[Someone]) -> Town:
    """Return what stories of the context's region are made of."""
    by_department: dict[str, list[Any]] = {}
    for someone in officers:
        by_department.setdefault(str(someone.department), []).append(someone.account_id)
    areas = ctx.session.scalars(
        select(AreaRow)
        .where(AreaRow.region_id == ctx.region.id, AreaRow.lowest, AreaRow.boundary.is_not(None))
        .options(undefer(AreaRow.boundary))
        .order_by(AreaRow.code)
    ).all()
    return Town(
        region=ctx.region,
        settings=ctx.config("complaints"),
        units=department_book(ctx),
        directory=house.directory,
        areas=[shapely.from_wkb(area.boundary) for area in areas],
        codes=[area.code for area in areas],
        citizens=[someone.account_id for someone in citizens],
        officers=by_department,
        desks={"triage": new_id(), "validator": new_id()},
    )


def _go_on_counting(ctx: Context, serials: Mapping[str, int]) -> None:
    """Let the numbers of new complaints follow those that were loaded."""
    rows = [{"region_id": ctx.region.id, "name": f"complaints:{month}", "next": used + 1} for month, used in serials.items()]
    ctx.session.execute(insert(SerialRow), rows)
