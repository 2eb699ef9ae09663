"""The directory of regions: a snapshot in every process, renewed within seconds when a region's revision moves."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, undefer

from backend.core.geo import AreaIndex
from backend.core.logs import get_logger
from backend.data.context import Area, ModuleState, Region
from backend.regions.models import AreaRow, RegionModuleRow, RegionRow

REFRESH_SECONDS = 2.0
_log = get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Snapshot:
    revisions: Mapping[int, int]
    by_key: Mapping[str, Region]
    by_id: Mapping[int, Region]
    areas: Mapping[int, Mapping[str, Area]]
    index: AreaIndex


class RegionDirectory:
    """Regions by key and id, their areas by code, and the index of lowest areas.

    `engine` is the process's own; `parse_config(module, settings)` turns stored settings into what the module's schema makes
    of them; `modules` are the names a region may switch on, `always_on` those it always has.
    """

    def __init__(
        self,
        engine: Engine,
        parse_config: Callable[[str, Mapping[str, Any]], Any],
        *,
        modules: Sequence[str],
        always_on: Sequence[str],
    ) -> None:
        self._engine = engine
        self._parse_config = parse_config
        self._modules = frozenset(modules)
        self._always_on = frozenset(always_on)
        self._snapshot = _Snapshot(revisions={}, by_key={}, by_id={}, areas={}, index=AreaIndex([]))
        self._lock = threading.Lock()
        self._read_at = float("-inf")

    @property
    def areas(self) -> AreaIndex:
        """The lowest areas of every region."""
        return self._snapshot.index

    def all(self) -> list[Region]:
        """Return every region, by key."""
        return [self._snapshot.by_key[key] for key in sorted(self._snapshot.by_key)]

    def find(self, key: str) -> Region | None:
        """Return the region of that key."""
        return self._snapshot.by_key.get(key)

    def by_id(self, region_id: int) -> Region:
        """Return the region of that id. Raises KeyError."""
        return self._snapshot.by_id[region_id]

    def area(self, region_id: int, code: str) -> Area | None:
        """Return the area of that code."""
        return self._snapshot.areas.get(region_id, {}).get(code)

    def areas_of(self, region_id: int) -> list[Area]:
        """Return the areas of a region, by code."""
        return list(self._snapshot.areas.get(region_id, {}).values())

    def chain(self, region_id: int, code: str) -> list[Area]:
        """Return the area of that code and its parents, lowest first."""
        found: list[Area] = []
        at = self.area(region_id, code)
        while at is not None and at not in found:
            found.append(at)
            at = self.area(region_id, at.parent_code) if at.parent_code else None
        return found

    def lowest_below(self, region_id: int, code: str) -> list[str]:
        """Return the codes of the lowest areas in the area of that code, itself included; none for an unknown one."""
        areas = self._snapshot.areas.get(region_id, {})
        lowest = (area.code for area in areas.values() if area.lowest)
        return [found for found in lowest if any(up.code == code for up in self.chain(region_id, found))]

    def refresh(self, *, older_than: float = 0.0) -> None:
        """Read what has changed since the last look, unless that is less than `older_than` seconds ago."""
        if time.monotonic() - self._read_at < older_than:
            return
        with self._lock, Session(self._engine) as session:
            self._read_at = time.monotonic()
            revisions = {row.id: row.revision for row in session.execute(select(RegionRow.id, RegionRow.revision))}
            if revisions != self._snapshot.revisions:
                self._snapshot = self._read(session, revisions)

    def _read(self, session: Session, revisions: Mapping[int, int]) -> _Snapshot:
        states: dict[int, dict[str, ModuleState]] = {region_id: {} for region_id in revisions}
        for row in session.scalars(select(RegionModuleRow)):
            if row.module in self._modules:
                states[row.region_id][row.module] = self._state(row)
        always = ModuleState(enabled=True, settings={}, config=None, version=1)
        regions = [
            Region(
                id=row.id,
                key=row.key,
                code=row.code,
                name=row.name,
                timezone=row.timezone,
                languages=tuple(row.languages),
                identity=row.identity,
                calendar=row.calendar,
                pack_version=row.pack_version,
                pack_checksum=row.pack_checksum,
                revision=row.revision,
                modules=dict.fromkeys(self._always_on, always) | states[row.id],
            )
            for row in session.scalars(select(RegionRow))
        ]
        areas, index = self._areas(session, regions)
        return _Snapshot(
            revisions=revisions,
            by_key={region.key: region for region in regions},
            by_id={region.id: region for region in regions},
            areas=areas,
            index=index,
        )

    def _areas(self, session: Session, regions: Sequence[Region]) -> tuple[Mapping[int, Mapping[str, Area]], AreaIndex]:
        # Only a pack changes areas, and it changes its version with them: what stands is not read and indexed again.
        before = {region.id: region.pack_checksum for region in self._snapshot.by_id.values()}
        if before == {region.id: region.pack_checksum for region in regions}:
            return self._snapshot.areas, self._snapshot.index
        areas: dict[int, dict[str, Area]] = {region.id: {} for region in regions}
        boundaries = []
        rows = select(AreaRow).options(undefer(AreaRow.boundary)).order_by(AreaRow.region_id, AreaRow.code)
        for area in session.scalars(rows):
            areas[area.region_id][area.code] = Area(
                code=area.code, name=area.name, kind=area.kind, parent_code=area.parent_code, lowest=area.lowest
            )
            if area.lowest and area.boundary is not None:
                boundaries.append((area.region_id, area.code, area.boundary))
        return areas, AreaIndex(boundaries)

    def _state(self, row: RegionModuleRow) -> ModuleState:
        enabled, config = row.enabled, None
        try:
            config = self._parse_config(row.module, row.settings)
        except Exception as error:  # noqa: BLE001 - settings that one module refuses must not take the others with them
            if enabled:
                _log.error("modules.off_for_its_settings", region=row.region_id, module=row.module, error=str(error)[:300])
            enabled = False
        return ModuleState(enabled=enabled, settings=row.settings, config=config, version=row.version)

    def follow(self) -> threading.Thread:
        """Start the thread that keeps this process's snapshot fresh; a database that is away is tried again."""

        def keep_fresh() -> None:
            while True:
                time.sleep(REFRESH_SECONDS)
                try:
                    self.refresh()
                except Exception as error:  # noqa: BLE001 - the thread must outlive whatever a database does
                    _log.warning("regions.not_refreshed", error=type(error).__name__)

        thread = threading.Thread(target=keep_fresh, name="regions", daemon=True)
        thread.start()
        return thread
