"""Many complaints out of some thousand that the rules have told: another person, place, time, number and words for each."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

import numpy as np
import shapely

from services.complaints.config import work_calendar
from services.complaints.models import NEVER
from tests.bench.stories import MONTHS, Story, Teller, Town, description, next_number

TABLES = ("complaints", "complaints_moves", "complaints_routings", "files", "complaints_files")
_WEEK, _JITTER_MINUTES = timedelta(days=7), 50
_OWN = ("id", "number", "reporter", "description", "lat", "lng", "merged_into")  # the first values of a variant
_PICTURE = {"content_type": "image/jpeg", "width": 1600, "height": 1200, "size": 300_000, "has_thumbnail": True}

Places = Mapping[str, Sequence[tuple[float, float]]]


def scatter(town: Town, each: int, *, seed: int) -> Places:
    """Return so many (latitude, longitude) in each area, by the code that the rules give them: the lowest where two overlap."""
    rng, tree = np.random.default_rng(seed), shapely.STRtree(town.areas)
    found: dict[str, list[tuple[float, float]]] = {}
    for number, area in enumerate(town.areas):
        west, south, east, north = area.bounds
        own: list[tuple[float, float]] = []
        while len(own) < each:
            lng, lat = rng.uniform((west, south), (east, north), (each, 2)).T
            points, areas = tree.query(shapely.points(lng, lat), predicate="intersects")
            lowest = np.full(each, len(town.areas))
            np.minimum.at(lowest, points, areas)
            own += [(float(lat[at]), float(lng[at])) for at in np.flatnonzero(lowest == number)]
        found[town.codes[number]] = own[:each]
    return found


def _written(value: Any) -> str:
    """Return a value as COPY reads it."""
    if value is None:
        return r"\N"
    if isinstance(value, dict | list):
        value = json.dumps(value)
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")


@dataclass
class _Frame:
    """A told story as lines with gaps, and what is put into them."""

    story: Story
    instants: list[datetime] = field(default_factory=list)
    made_at: list[datetime] = field(default_factory=list)  # of each id, the complaint's first
    lines: list[tuple[int, str, Any]] = field(default_factory=list)
    slots: dict[Any, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        story, row = self.story, self.story.row
        ids = {line["id"]: line["at"] for line in story.moves}
        ids |= {file["id"]: row["submitted_at"] for file in story.files}
        ids |= {story.routing["id"]: story.routing["at"]} if story.routing else {}
        self.made_at = [row["submitted_at"], *ids.values()]
        self.slots = {row["id"]: 0, row["reporter_id"]: 2}
        self.slots |= {row["merged_into"]: 6} if row["merged_into"] else {}
        self.slots |= {name: len(_OWN) + number for number, name in enumerate(ids)}
        files = [{"region_id": file["region_id"], "id": file["id"], **_PICTURE, **self._held} for file in story.files]
        for table, rows in enumerate(([row], story.moves, [story.routing] if story.routing else [], files, story.files)):
            self.lines += [self._line(table, each) for each in rows]

    @property
    def is_open(self) -> bool:
        """Whether others can be merged into it."""
        return not self.story.category.sealed and not self.story.final

    @property
    def _held(self) -> dict[str, Any]:
        row = self.story.row
        return {
            "owner_id": row["reporter_id"],
            "held_by": "complaints",
            "held_id": row["id"],
            "created_at": row["submitted_at"],
        }

    def _line(self, table: int, row: Mapping[str, Any]) -> tuple[int, str, Any]:
        parts, slots = [], []
        for name, value in row.items():
            slot = self._slot(name if table == 0 else "", value)
            text = _written(value).replace("%", "%%")
            if slot is not None:
                text = "%s"
                slots.append(slot)
            elif (merged := self.story.row["merged_into"]) and str(merged) in text:
                text = text.replace(str(merged), "%s")
                slots.append(6)
            parts.append(text)
        return table, "\t".join(parts) + "\n", itemgetter(*slots)

    def _slot(self, name: str, value: Any) -> int | None:
        if name in {"number", "description"} or (name in {"lat", "lng"} and value is not None):
            return _OWN.index(name)
        if isinstance(value, UUID):
            return self.slots.get(value)
        if isinstance(value, datetime) and value != NEVER:
            if value not in self.instants:
                self.instants.append(value)
            return len(_OWN) + len(self.made_at) - 1 + self.instants.index(value)
        return None


class Variants:
    """Complaints of one town without end in sight, the same for the same seed and stories."""

    def __init__(self, teller: Teller, told: Sequence[Story], *, now: datetime, seed: int, reporters: Sequence[str]) -> None:
        self.town, self.serials = teller.town, teller.serials
        self.newest: dict[str, str] = {}  # of each reporter
        self._rng = random.Random(f"{seed}:{self.town.region.key}:variants")  # noqa: S311 - not for secrets
        self._seed, self._now, self._reporters = seed, now, reporters
        self._frames = [_Frame(story) for story in told]
        self._calendar = work_calendar(self.town.region.timezone, self.town.region.calendar)
        self._open: str | None = None
        self.serials.clear()

    @property
    def columns(self) -> list[list[str]]:
        """The columns of each table's lines."""
        story = next(frame.story for frame in self._frames)
        case = ["region_id", "complaint_id"]
        files = ["region_id", "id", *_PICTURE, "owner_id", "held_by", "held_id", "created_at"]
        routing = [*case[:1], "id", *case[1:], "at", "department", "trace", "pack_version"]
        return [list(story.row), list(story.moves[0]), routing, files, [*case, "id", "move_id", "kind"]]

    def lines(self, count: int, *, names: int, spread: bool = True) -> Iterator[tuple[int, str]]:
        """Yield so many complaints in the order of their submission, each line with the number of its table.

        Without `spread` they stand at the times at which they were told.
        """
        places = scatter(self.town, max(20, 2 * count // len(self.town.areas)), seed=self._seed)
        plans = sorted((self._plan(number, spread=spread) for number in range(count)), key=itemgetter(0))
        for _, number, delta in plans:
            frame = self._frames[number]
            values = self._values(frame, delta, places, names)
            for table, line, chosen in frame.lines:
                yield table, line % chosen(values)

    def _plan(self, number: int, *, spread: bool) -> tuple[datetime, int, timedelta]:
        """Choose when: the first time as it was told, later some weeks and minutes aside, so that work days stay work days."""
        frame = self._frames[number % len(self._frames)]
        began, ended = frame.story.row["submitted_at"], frame.story.moves[-1]["at"]
        delta = timedelta(0)
        if spread and number >= len(self._frames):
            jitter = timedelta(minutes=self._rng.uniform(0, _JITTER_MINUTES))
            earliest, latest = -((began - jitter - self._now + MONTHS) // _WEEK), (self._now - ended) // _WEEK
            running = frame.story.row["state_due_at"] is not None  # its time is not up, or the clock would move it at once
            delta = (timedelta(0) if running else _WEEK * self._rng.randint(min(earliest, 0), latest)) - jitter
        return began + delta, number % len(self._frames), delta

    def _values(self, frame: _Frame, delta: timedelta, places: Places, names: int) -> list[str]:
        rng, row = self._rng, frame.story.row
        at = row["submitted_at"] + delta
        day = self._calendar.local_day(at)
        number = next_number(self.town.settings, self.serials, day)
        first, *others = (self._id(each + delta) for each in frame.made_at)
        lat, lng = rng.choice(places[row["area_code"]]) if row["area_code"] else (None, None)
        reporter = rng.choice(self._reporters)
        merged = self._open or first
        if frame.is_open:
            self._open = first
        self.newest[reporter] = first
        own = [first, number, reporter, description(rng, names=names), str(lat), str(lng), merged]
        return own + others + [(each + delta).isoformat() for each in frame.instants]

    def _id(self, at: datetime) -> str:
        """Return a UUIDv7 of that instant from the seed: what is loaded sorts by its time, as if it had come one by one."""
        bits = self._rng.getrandbits(72)
        return f"{int(at.timestamp() * 1000):012x}7{bits >> 60:03x}8{bits & (1 << 60) - 1:015x}"
