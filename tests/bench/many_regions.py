"""What 514 regions cost beside two: Banda Aceh and Sumedang as they are shipped, and those two with every other of the country.

The other 512 have the codes and outlines of the nation. Their desa and kelurahan are made-up parts of the outline (synthetic, and
named so); their departments and settings are Sumedang's. Both installations hold as many complaints and people, on servers
of their own, and are asked in turns.
"""

import contextlib
import itertools
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import shapely
from sqlalchemy import Connection, insert, select

from backend.app import create_app
from backend.core.ids import new_id
from backend.core.settings import load_settings
from backend.data.migrating import owner_engine
from backend.data.unit_of_work import unit_of_work
from backend.departments.models import Department
from backend.http.house import House
from backend.packs.folder import shipped_packs
from backend.packs.national.codes import NationalArea, areas_below
from backend.regions.models import RegionModuleRow, RegionRow
from tests.bench.bulk import fill
from tests.bench.engine import settle
from tests.bench.load import drive, fetch, request
from tests.bench.loading import Loaded, load
from tests.bench.measures import Side as Measured
from tests.bench.measures import metered
from tests.bench.paths import submissions
from tests.bench.people import Someone, settle_officers
from tests.bench.system import System, durable_servers, install
from tests.running import Installation
from tests.synthetic_areas import outlines, subdivide

MODEL = "sumedang"
SHIPPED = ("banda-aceh", MODEL)
ROWS = 10  # of an inbox: so many are waiting for some department of nearly every region
_OFFICE = "kelurahan"  # the kind of area that has an office of its own
_PROCESSES = ("web", "worker", "clock")
_COLUMNS = (
    "region_id",
    "code",
    "name",
    "kind",
    "parent_code",
    "lowest",
    "boundary",
    "west",
    "south",
    "east",
    "north",
    "successors",
)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How many regions there are (None: all), and how much is loaded and measured of both installations."""

    regions: int | None = None
    complaints: int = 102_800
    people: int = 1028
    told: int = 5140
    boots: int = 3
    rounds: int = 4
    seconds: float = 5
    warm_each: int = 10  # requests to a region, before anything is measured
    after_seconds: float = 20


@dataclass(kw_only=True)
class Side:
    """One of the two installations, loaded; and what was measured of it."""

    house: House
    system: System
    loaded: Loaded
    inboxes: Sequence[Someone]
    boots: list[float] = field(default_factory=list)
    measured: dict[str, Measured] = field(default_factory=dict)
    memory: Mapping[str, float] = field(default_factory=dict)

    def requests(self, path: str, seed: int) -> Iterator[bytes]:
        """Return requests without end, spread over all regions."""
        rng = random.Random(seed)  # noqa: S311 - not for secrets
        if path == "submit":
            return submissions(self.loaded, rng)
        asked = rng.sample(list(self.inboxes), len(self.inboxes))
        paths = ((each, f"/v1/regions/{each.region}/complaints/inbox?limit={ROWS}") for each in asked)
        return itertools.cycle([request("GET", path, token=each.token) for each, path in paths])

    def figures(self) -> dict[str, Any]:
        """Return what is worth keeping."""
        return {
            "regions": len(self.house.directory.all()),
            "areas": sum(len(self.house.directory.areas_of(region.id)) for region in self.house.directory.all()),
            "inboxes": len(self.inboxes),
            "load_seconds": round(self.loaded.seconds, 1),
            "boot_s": round(median(self.boots), 2),
            "memory_mib": {name: round(each, 1) for name, each in self.memory.items()},
            **{path: each.figures() for path, each in self.measured.items()},
        }


def measure_regions(extent: Extent, folder: Path, say: Any, *, seed: int) -> dict[str, Any]:
    """Measure both installations in `folder`, in turns; return the figures of each. Raises TimeoutError without an answer."""
    with contextlib.ExitStack() as stack:
        sides = {}
        for name in ("two", "all"):
            sides[name] = stack.enter_context(_side(extent, folder / name, everywhere=name == "all", seed=seed))
            say(f"{len(sides[name].house.directory.all())} regions loaded in {sides[name].loaded.seconds:.0f} s")
        for side in sides.values():
            _boot(side)  # what lies in no cache of the machine yet is not counted
        for side in [*sides.values()] * extent.boots:
            side.boots.append(_boot(side))
        say("booted " + ", ".join(f"{median(side.boots):.2f} s" for side in sides.values()))
        for side in sides.values():
            side.system.running |= stack.enter_context(Installation(side.system.environ).running("web"))
        for path in ("submit", "inbox"):
            _measure_in_turns(extent, list(sides.values()), path, seed)
            say(f"{path}: " + ", ".join(f"{side.measured[path].load.rate:.0f}/s" for side in sides.values()))
        for side in sides.values():
            settle(side.system)
            with Installation(side.system.environ).running("worker", "clock") as processes:
                side.system.running |= processes
                drive(side.system.web_port, side.requests("submit", seed + 9), seconds=extent.after_seconds, connections=4)
                side.memory = side.system.meter.memory_mib()
        say("memory: " + ", ".join(f"{sum(side.memory.values()):.0f} MiB" for side in sides.values()))
        return {name: side.figures() for name, side in sides.items()}


def _measure_in_turns(extent: Extent, sides: Sequence[Side], path: str, seed: int) -> None:
    turns = [(side, side.requests(path, seed)) for side in sides]
    # Until each of the processes has been asked for each region some times. The other installation is asked as often: what was
    # written then makes PostgreSQL tidy its tables, and would do so in the rounds of one side alone.
    enough = extent.warm_each * max(len(side.house.directory.all()) for side in sides)
    for side, asked in turns:
        warmed = 0
        while warmed < enough:
            warmed += len(drive(side.system.web_port, asked, seconds=extent.seconds).waits)
        side.measured[path] = Measured()
    for number in range(extent.rounds):
        for side, asked in turns if number % 2 else reversed(turns):
            with metered(side.system.meter, "web", "postgres", "valkey") as spent:
                load = drive(side.system.web_port, asked, seconds=extent.seconds)
            side.measured[path].add(load, spent)


def _boot(side: Side) -> float:
    """Return the seconds from the start of web, worker and clock until all are ready and a region has been asked for."""
    began = time.monotonic()
    with Installation(side.system.environ).running(*_PROCESSES):
        fetch(side.system.web_port, request("GET", f"/v1/regions/{MODEL}"))
        return time.monotonic() - began


@contextlib.contextmanager
def _side(extent: Extent, folder: Path, *, everywhere: bool, seed: int) -> Iterator[Side]:
    packs = [pack for pack in shipped_packs() if pack.name in SHIPPED]
    with durable_servers(folder) as (addresses, pids):
        environ = install(addresses, name="balai_regions", folder=folder / "var", packs=packs)
        app = create_app(load_settings(environ | {"BALAI_LOG_LEVEL": "WARNING"}), connections=4)
        house: House = app.extensions["balai"]
        if everywhere:
            make_regions(house, most=extent.regions)
        with app.app_context():
            loaded = load(
                house,
                complaints=extent.complaints,
                citizens=extent.people,
                officers=len(house.directory.all()),
                seed=seed,
                told=extent.told,
            )
            inboxes = _inboxes(house, loaded)
        system = System(environ=environ, servers=pids, web_port=int(environ["PORT"]))
        yield Side(house=house, system=system, loaded=loaded, inboxes=inboxes)
        house.ground.engine.dispose()


def _inboxes(house: House, loaded: Loaded) -> list[Someone]:
    """Return an officer of each department for which enough is waiting."""
    officers = []
    for region in house.directory.all():
        full = [unit for (key, unit), count in loaded.waiting.items() if key == region.key and count >= ROWS]
        if full:
            with unit_of_work(house.ground, region=region) as ctx:
                officers += settle_officers(ctx, full, len(full))
    return officers


def make_regions(house: House, *, most: int | None = None) -> None:
    """Make a region of every regency and city of the country that is not there yet, after the model; or of so many of them."""
    there = {region.code for region in house.directory.all()}
    codes = [code for code in sorted(outlines()) if code not in there][: None if most is None else most - len(there)]
    lines: list[tuple[int, str]] = []
    with owner_engine(house.ground.settings.owner_url).begin() as connection:
        model = _Model(connection)
        for number, code in enumerate(codes):
            areas = areas_below(code)
            region_id = model.copy(connection, number, areas)
            lines += [(0, line) for line in _lines(region_id, areas)]
    fill(house.ground.settings.owner_url, ["areas"], [_COLUMNS], lines)
    house.directory.refresh()


class _Model:
    """A region whose rows others are made after."""

    def __init__(self, connection: Connection) -> None:
        self._region = connection.execute(select(RegionRow.__table__).where(RegionRow.key == MODEL)).one()._asdict()
        own = self._region.pop("id")
        rooms = connection.execute(select(RegionModuleRow.__table__).where(RegionModuleRow.region_id == own))
        units = connection.execute(select(Department.__table__).where(Department.region_id == own))
        self._rooms = [row._asdict() for row in rooms]
        self._units = [row._asdict() for row in units if row.kind != "area_office"]

    def copy(self, connection: Connection, number: int, areas: Sequence[NationalArea]) -> int:
        """Make a region and return its id: with a ticket prefix of its own, and an office in each kelurahan."""
        first, rest = divmod(number, len(_LETTERS))
        prefix = f"X{_LETTERS[first]}{_LETTERS[rest]}"
        named = {"key": f"r-{areas[0].code.replace('.', '-')}", "code": areas[0].code, "name": areas[0].name}
        made = insert(RegionRow).values(**self._region | named | {"areas_checksum": areas[0].code}).returning(RegionRow.id)
        region_id = connection.execute(made).scalar_one()
        connection.execute(insert(RegionModuleRow), [_placed(row, region_id, prefix) for row in self._rooms])
        offices = [
            self._units[0]
            | {"key": f"area-{area.code}", "name": area.name, "kind": "area_office", "types": [], "area_code": area.code}
            for area in areas
            if area.kind == _OFFICE
        ]
        units = [row | {"region_id": region_id, "id": new_id()} for row in (*self._units, *offices)]
        connection.execute(insert(Department), units)
        return region_id


def _placed(room: Mapping[str, Any], region_id: int, prefix: str) -> dict[str, Any]:
    settings = room["settings"]
    own = {"number": {"prefix": prefix}} if "number" in settings else {}
    return dict(room) | {"region_id": region_id, "settings": settings | own}


def _lines(region_id: int, areas: Sequence[NationalArea]) -> Iterator[str]:
    """Yield the areas as COPY reads them; the lowest have a part of the outline each."""
    parents = {area.parent_code for area in areas}
    lowest = [area for area in areas if area.code not in parents]
    shapes = dict(zip((area.code for area in lowest), subdivide(outlines()[areas[0].code], len(lowest)), strict=True))
    for area in areas[1:]:
        shape = shapes.get(area.code)
        name = f"{area.name} (synthetic)" if shape else area.name
        drawn = [rf"\\x{shapely.to_wkb(shape, hex=True)}", *map(str, shape.bounds)] if shape else [r"\N"] * 5
        parent = r"\N" if area.parent_code == areas[0].code else area.parent_code
        yield "\t".join([str(region_id), area.code, name, area.kind, str(parent), str(shape is not None), *drawn, "[]"]) + "\n"
