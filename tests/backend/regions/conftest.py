"""Three made-up regions beside the shipped ones, for the length of a test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import shapely
from sqlalchemy import delete, event, update
from sqlalchemy.orm import Session

from backend.core.clock import utc_now
from backend.data.migrating import owner_engine
from backend.http.house import House
from backend.regions.directory import RegionDirectory
from backend.regions.models import AreaRow, RegionModuleRow, RegionRow

SIDE = 0.1  # degrees of the square that an area is


@dataclass
class Lands:
    """The regions `east`, `middle` and `west` of the test: 10 areas each, side by side on the equator, two to a district."""

    house: House
    folder: Path  # where this machine files polygons
    ids: dict[str, int] = field(default_factory=dict)

    def directory(self, *, parse: Callable[[str, Any], Any] | None = None, folder: Path | None = None) -> RegionDirectory:
        """Return a directory that has just been read, as another process of this machine has it, or one with another folder."""
        registry = self.house.registry
        switched = [name for name, module in registry.modules.items() if not module.always_on]
        always = [name for name, module in registry.modules.items() if module.always_on]
        directory = RegionDirectory(
            self.house.ground.engine,
            parse or registry.parse_config,
            modules=switched,
            always_on=always,
            folder=folder or self.folder,
        )
        directory.refresh()
        return directory

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """Collect the statements of the block."""
        sent: list[str] = []

        def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            sent.append(statement)

        event.listen(self.house.ground.engine, "before_cursor_execute", hear)
        try:
            yield sent
        finally:
            event.remove(self.house.ground.engine, "before_cursor_execute", hear)

    def change(self, key: str, *statements: Any, **region: Any) -> None:
        """Execute statements and move the region's revision, in one transaction."""
        moved = update(RegionRow).where(RegionRow.key == key).values(revision=RegionRow.revision + 1, **region)
        with self._owner() as session:
            for statement in (*statements, moved):
                session.execute(statement)

    def end(self, key: str, code: str, *successors: str) -> None:
        """End an area, as a pack does that no longer has it."""
        row = update(AreaRow).where(AreaRow.region_id == self.ids[key], AreaRow.code == code)
        self.change(key, row.values(ended_at=utc_now(), successors=list(successors)))

    @contextmanager
    def _owner(self) -> Iterator[Session]:
        with Session(owner_engine(self.house.ground.settings.owner_url)) as session, session.begin():
            yield session

    def settle(self) -> None:
        """Make the regions."""
        with self._owner() as session:
            for number, key in enumerate(("west", "middle", "east")):
                session.add(region := _region(key, f"98.0{number}"))
                session.flush()
                self.ids[key] = region.id
                session.add_all(_areas(region, west=100.0 + number))
                session.add(RegionModuleRow(region_id=region.id, module="service_info", enabled=True, settings={}))

    def leave(self) -> None:
        """Take the regions away."""
        with self._owner() as session:
            for model in (RegionModuleRow, AreaRow):
                session.execute(delete(model).where(model.region_id.in_(self.ids.values())))
            session.execute(delete(RegionRow).where(RegionRow.id.in_(self.ids.values())))


def _region(key: str, code: str) -> RegionRow:
    return RegionRow(
        key=key,
        code=code,
        name=key.title(),
        timezone="Asia/Jakarta",
        languages=["id", "en"],
        identity={"phone": {"country": "ID"}, "app_name": key},
        calendar={"working_hours": {}, "holidays": [{"date": "2026-01-01"}]},
        pack_version="1",
        pack_checksum="",
        areas_checksum="drawn once",
        applied_at=utc_now(),
    )


def _areas(region: RegionRow, *, west: float) -> Iterator[AreaRow]:
    for district in range(5):
        parent = f"{region.code}.0{district}"
        row = {"region_id": region.id, "successors": []}
        yield AreaRow(**row, code=parent, name=f"Kecamatan {district}", kind="kecamatan", parent_code=None, lowest=False)
        for number in (1, 2):
            edge = west + (2 * district + number - 1) * SIDE
            square = shapely.box(edge, 0.0, edge + SIDE, SIDE)
            box = dict(zip(("west", "south", "east", "north"), square.bounds, strict=True))
            area = {"name": f"Désa {district}{number}", "kind": "desa", "parent_code": parent, "lowest": True}
            yield AreaRow(**row, **area, **box, code=f"{parent}.200{number}", boundary=shapely.to_wkb(square))


@pytest.fixture
def lands(house: House, tmp_path: Path) -> Iterator[Lands]:
    lands = Lands(house, tmp_path / "areas")
    lands.settle()
    yield lands
    lands.leave()
    house.directory.refresh()
