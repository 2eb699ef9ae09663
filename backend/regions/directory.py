"""The directory of regions: who they are in every process, renewed within seconds when a region's revision moves.

A process knows of each region what tells it from the others. Its modules' settings and its areas are read when they are first
asked for, and what regions have in common (it is nearly all, they inherit it) is held once.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import orjson
from sqlalchemy import Connection, Engine, Text, cast, select

from backend.core.geo import AreaFinder
from backend.core.logs import get_logger
from backend.data.context import Area, ModuleState, Region
from backend.regions.areas import Stand, StoredAreas
from backend.regions.models import RegionModuleRow, RegionRow

REFRESH_SECONDS = 2.0
_log = get_logger(__name__)
_STATES = select(
    RegionModuleRow.module,
    RegionModuleRow.enabled,
    RegionModuleRow.version,
    cast(RegionModuleRow.settings, Text).label("written"),
)
_ALWAYS = ModuleState(enabled=True, config=None, version=1)


@dataclass(frozen=True, kw_only=True)
class _Snapshot:
    by_key: Mapping[str, Region]  # in the order of the keys
    by_id: Mapping[int, Region]
    stands: Mapping[int, Stand]


class _Modules(Mapping[str, ModuleState]):
    """A region's modules, read when the first of them is asked for."""

    def __init__(self, read: Callable[[], Mapping[str, ModuleState]]) -> None:
        self._read = read

    @cached_property
    def _states(self) -> Mapping[str, ModuleState]:
        return self._read()

    def __getitem__(self, name: str) -> ModuleState:
        return self._states[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._states)

    def __len__(self) -> int:
        return len(self._states)


class RegionDirectory:
    """Regions by key and id, their areas by code and by place.

    `engine` is the process's own; `parse_config(module, settings)` turns stored settings into what the module's schema makes
    of them; `modules` are the names a region may switch on, `always_on` those it always has. In `folder` the polygons of those
    that are asked for are filed.
    """

    def __init__(
        self,
        engine: Engine,
        parse_config: Callable[[str, Mapping[str, Any]], Any],
        *,
        modules: Sequence[str],
        always_on: Sequence[str],
        folder: Path | None = None,
    ) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")  # it reads, a statement at a time
        self._parse_config = parse_config
        self._modules = frozenset(modules)
        self._always = dict.fromkeys(always_on, _ALWAYS)
        self._snapshot = _Snapshot(by_key={}, by_id={}, stands={})
        self._areas = StoredAreas(self._engine, folder)
        self._parsed: WeakValueDictionary[tuple[Any, ...], ModuleState] = WeakValueDictionary()
        self._lock = threading.Lock()
        self._read_at = float("-inf")

    @property
    def areas(self) -> AreaFinder:
        """The lowest areas of every region, by place."""
        return self._areas

    def all(self) -> list[Region]:
        """Return every region, by key."""
        return list(self._snapshot.by_key.values())

    def find(self, key: str) -> Region | None:
        """Return the region of that key."""
        return self._snapshot.by_key.get(key)

    def by_id(self, region_id: int) -> Region:
        """Return the region of that id. Raises KeyError."""
        return self._snapshot.by_id[region_id]

    def area(self, region_id: int, code: str) -> Area | None:
        """Return the area of that code, also one that has ended."""
        return self._areas.book(region_id).find(code)

    def areas_of(self, region_id: int) -> list[Area]:
        """Return the areas of a region that have not ended, by code."""
        return self._areas.book(region_id).in_use()

    def chain(self, region_id: int, code: str) -> list[Area]:
        """Return the area of that code and its parents, lowest first."""
        return self._areas.book(region_id).chain(code)

    def lowest_below(self, region_id: int, code: str) -> list[str]:
        """Return the codes of the lowest areas in the area of that code, itself included; none for an unknown one.

        One that has ended lies where those lie that follow it; where nobody does, where it lay.
        """
        return self._areas.book(region_id).lowest_below(code)

    def refresh(self, *, older_than: float = 0.0) -> None:
        """Read the regions that have moved since the last look, unless that is less than `older_than` seconds ago."""
        if time.monotonic() - self._read_at < older_than:
            return
        with self._lock, self._engine.connect() as connection:
            self._read_at = time.monotonic()
            known = self._snapshot.by_id
            revisions = {row.id: row.revision for row in connection.execute(select(RegionRow.id, RegionRow.revision))}
            moved = [each for each, revision in revisions.items() if each not in known or known[each].revision != revision]
            if moved or len(known) > len(revisions):
                self._snapshot = self._read(connection, revisions, moved)
                self._areas.follow(self._snapshot.stands)

    def _read(self, connection: Connection, revisions: Mapping[int, int], moved: Sequence[int]) -> _Snapshot:
        alike: dict[bytes, Any] = {}
        read = connection.execute(select(RegionRow.__table__).where(RegionRow.id.in_(moved))).all()
        by_id = {**self._snapshot.by_id, **{row.id: self._region(row, alike) for row in read}}
        stands = {**self._snapshot.stands, **{row.id: (row.revision, row.areas_checksum) for row in read}}
        for gone in by_id.keys() - revisions.keys():
            del by_id[gone], stands[gone]
        by_key = {region.key: region for region in by_id.values()}
        return _Snapshot(by_key=dict(sorted(by_key.items())), by_id=by_id, stands=stands)

    def _region(self, row: Any, alike: dict[bytes, Any]) -> Region:
        def once(value: Any) -> Any:
            return alike.setdefault(orjson.dumps(value), value) if value and isinstance(value, dict | list) else value

        return Region(
            id=row.id,
            key=row.key,
            code=row.code,
            name=row.name,
            timezone=row.timezone,
            languages=tuple(row.languages),
            identity={name: once(value) for name, value in row.identity.items()},
            calendar=once(row.calendar),
            pack_version=row.pack_version,
            pack_checksum=row.pack_checksum,
            revision=row.revision,
            modules=_Modules(partial(self._states, row.id)),
        )

    def _states(self, region_id: int) -> Mapping[str, ModuleState]:
        with self._engine.connect() as connection:
            rows = connection.execute(_STATES.where(RegionModuleRow.region_id == region_id)).all()
        return self._always | {row.module: self._state(region_id, row) for row in rows if row.module in self._modules}

    def _state(self, region_id: int, row: Any) -> ModuleState:
        alike = (row.module, row.enabled, row.version, hashlib.sha256(row.written.encode()).digest())
        state = self._parsed.get(alike)
        if state is None:
            try:
                config = self._parse_config(row.module, orjson.loads(row.written))
            except Exception as error:  # noqa: BLE001 - settings that one module refuses must not take the others with them
                if row.enabled:
                    _log.error("modules.off_for_its_settings", region=region_id, module=row.module, error=str(error)[:300])
                return ModuleState(enabled=False, config=None, version=row.version)
            state = self._parsed[alike] = ModuleState(enabled=row.enabled, config=config, version=row.version)
        return state

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
