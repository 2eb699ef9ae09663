"""Complaints as a region has them after 18 months, each told by the product's own rules: what is loaded could have happened."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import shapely

from backend.data.context import Region
from backend.departments.queries import DepartmentBook
from backend.regions.directory import RegionDirectory
from services.complaints.config import Settings, work_calendar
from services.complaints.domain import actors
from services.complaints.domain.actors import ActorFacts, Membership, Role
from services.complaints.domain.cases import PUBLISH, CaseFacts, Made
from services.complaints.domain.categories import Category
from services.complaints.domain.deadlines import Deadlines, first_deadlines, next_deadlines
from services.complaints.domain.moves import MoveRefusedError, Outcome, decide_move
from services.complaints.domain.routing import AreaLink, RegionFacts, choose_department
from services.complaints.domain.visibility import chosen_visibility
from services.complaints.domain.workflow import Need
from services.complaints.models import NEVER
from services.complaints.queries.viewers import secrecy_of

MONTHS = timedelta(days=548)
# How often a case goes which way after its routing; a move that the rules refuse (a sealed case is not merged) is left out.
_WORK = ("accept", "start", "submit_evidence")
_DONE = (*_WORK, "validate", "confirm")
WAYS: Mapping[tuple[str, ...], int] = {
    (): 14,
    _WORK[:1]: 12,
    _WORK[:2]: 12,
    _WORK: 5,
    (*_WORK, "refuse_follow_up"): 3,
    ("ask_information",): 4,
    ("ask_information", "answer", "accept", "start"): 3,
    _DONE[:4]: 8,
    _DONE: 26,
    (*_DONE, "reopen", "submit_evidence", "validate", "confirm"): 4,
    ("reject",): 4,
    ("reject", "appeal"): 1,
    ("withdraw",): 2,
    ("merge",): 1,
    ("transfer",): 1,
}
_MAKERS = {
    Role.REPORTER: ("answer", "confirm", "reopen", "appeal", "withdraw"),
    Role.TRIAGE: (PUBLISH, "reject", "merge", "transfer"),
    Role.VALIDATOR: ("validate", "refuse_follow_up"),
    Role.ROUTING: ("assign",),
}
_MAKER = {move: role for role, moves in _MAKERS.items() for move in moves}
_ENTERS_A_TIMER = {"ask_information", "submit_evidence", "validate"}
_KINDS_OF_FILES = {"submit": "report", "submit_evidence": "evidence"}
_BROUGHT: Mapping[str, Any] = {
    Need.NOTE: "Sudah kami periksa di lokasi dan akan ditindaklanjuti sesuai jadwal.",
    Need.REASON: "other_authority",
    Need.AUTHORITY: "Dinas PUPR Provinsi",
}
_PHRASES = (
    *("jalan berlubang di depan pasar", "sudah seminggu", "air menggenang setiap hujan", "lampu mati", "sampah menumpuk"),
    *("mohon segera ditangani", "warga terganggu", "anak sekolah lewat sini setiap pagi", "kendaraan hampir jatuh"),
    "belum ada petugas yang datang",
)


_SOUNDS = tuple(f"{consonant}{vowel}" for consonant in "bcdfghjklmnprstwz" for vowel in "aeiou")


def place_name(rank: int) -> str:
    """Return the name of a place, another for each rank: the first is everywhere, from the hundredth on they are rare."""
    sounds = []
    while rank:
        rank, sound = divmod(rank, len(_SOUNDS))
        sounds.append(_SOUNDS[sound])
    return "War" + "".join(sounds) + "r"


def description(rng: random.Random, *, names: int = 1000) -> str:
    """Return what somebody might write, 40 to 380 characters: what all write, and one of so many names, as words are spread."""
    near = place_name(int(names ** rng.random()))  # the n-th is named one in n times as often as the first
    return f"{', '.join(rng.choices(_PHRASES, k=rng.randint(2, 10))).capitalize()}, dekat toko {near}."


def point_in(area: shapely.Geometry, rng: random.Random) -> tuple[float, float]:
    """Return the latitude and longitude of a point in an area."""
    west, south, east, north = area.bounds
    while not shapely.contains_xy(area, lng := rng.uniform(west, east), lat := rng.uniform(south, north)):
        pass
    return lat, lng


def next_number(settings: Settings, serials: Counter[str], day: date) -> str:
    """Return the next ticket number of a day; `serials` counts what each series has."""
    form = settings.number_format
    series = form.series(day)
    serials[series] += 1
    return form.write(settings.number_prefix, day, serials[series])


@dataclass(frozen=True, kw_only=True)
class Town:
    """What a region has that stories are made of: its lowest areas, its people, officers by department."""

    region: Region
    settings: Settings
    units: DepartmentBook
    directory: RegionDirectory
    areas: Sequence[shapely.Geometry]
    codes: Sequence[str]  # of the areas, in their order
    citizens: Sequence[UUID]
    officers: Mapping[str, Sequence[UUID]]
    desks: Mapping[str, UUID]


@dataclass(kw_only=True)
class Story:
    """One complaint as it stands, and all that belongs to it, as rows."""

    category: Category
    row: dict[str, Any]
    due: Deadlines
    history: list[Made] = field(default_factory=list)
    moves: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    routing: dict[str, Any] | None = None
    final: bool = False

    def facts(self) -> CaseFacts:
        """Return what the rules of moves ask."""
        secrecy = secrecy_of(_Columns(self.row))
        told = {name: self.row[name] for name in ("state", "entered_at", "department", "custodian")}
        return CaseFacts(
            **told,
            origins=tuple(self.row["origins"]),
            sealed=self.category.sealed,
            files_required=self.category.photo_required,
            publishable=secrecy.publishable,
            published=secrecy.published,
            history=tuple(self.history),
        )


@dataclass(frozen=True)
class _Columns:
    """A row's columns as attributes, as the database gives them."""

    row: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.row[name]


class Teller:
    """Tells stories of one town, the same for the same seed and present."""

    def __init__(self, town: Town, *, now: datetime, seed: int) -> None:
        self.town = town
        self.serials: Counter[str] = Counter()
        self._now = now
        self._rng = random.Random(f"{seed}:{town.region.key}")  # noqa: S311 - not for secrets
        self._calendar = work_calendar(town.region.timezone, town.region.calendar)
        self._categories = [category for category in town.settings.categories.values() if category.active]
        self._facts = RegionFacts(departments=town.units.by_type, area_offices=town.units.area_offices)
        self._open: UUID | None = None  # the last one that another can be merged into
        for area in town.areas:
            shapely.prepare(area)

    def tell(self, count: int) -> Iterator[Story]:
        """Tell so many complaints, in the order of their submission."""
        plans = sorted((self._plan() for _ in range(count)), key=lambda plan: plan[0][0])
        return (self._tell(moments, way) for moments, way in plans)

    def tell_unrouted(self) -> Story:
        """Tell one that has just been accepted, which nobody has routed yet."""
        story = self._submitted(self._now)
        self._write(story, "submit", self._now, role="reporter", actor=story.row["reporter_id"], from_state=None)
        return self._finished(story)

    def _plan(self) -> tuple[list[datetime], tuple[str, ...]]:
        """Choose a way and when its steps are taken, all before now; a state with a timer was entered within a day."""
        way = self._rng.choices(list(WAYS), list(WAYS.values()))[0]
        if self._rng.random() < 0.6:
            way = (PUBLISH, *way)
        gaps = [timedelta(hours=self._rng.uniform(1, 40)) for _ in way]
        least = sum(gaps, timedelta(hours=21))
        moments = [self._now - least - self._rng.random() * (MONTHS - least)]
        for gap in gaps:
            moments.append(moments[-1] + gap)
        if way and way[-1] in _ENTERS_A_TIMER:
            moments[-1] = self._now - timedelta(hours=self._rng.uniform(1, 20))
        return moments, way

    def _id(self, at: datetime) -> UUID:
        """Return a UUIDv7 of that instant from the seed: what is loaded sorts by its time, as if it had come one by one."""
        milliseconds = int(at.timestamp() * 1000)
        return UUID(int=milliseconds << 80 | 7 << 76 | self._rng.getrandbits(12) << 64 | 2 << 62 | self._rng.getrandbits(62))

    def _tell(self, moments: Sequence[datetime], way: Sequence[str]) -> Story:
        story = self._submitted(moments[0])
        self._write(story, "submit", moments[0], role="reporter", actor=story.row["reporter_id"], from_state=None)
        self._route(story, moments[0] + timedelta(seconds=1))
        for move, moment in zip(way, moments[1:], strict=True):
            self._move(story, move, moment)
        return self._finished(story)

    def _finished(self, story: Story) -> Story:
        workflow, row = self.town.settings.workflow, story.row
        state = workflow.state_by_key[row["state"]]
        row |= {
            "response_due_at": story.due.response_due_at,
            "due_at": story.due.due_at,
            "state_due_at": story.due.state_due_at,
            "paused_at": story.due.paused_at,
            "under_appeal": story.facts().under_appeal,
            "next_due_at": story.due.current(state) or NEVER,
            "score": self._rng.randint(1, 5) if state.key in workflow.rateable and self._rng.random() < 0.5 else None,
        }
        story.final = state.final
        if not state.final and not story.category.sealed:
            self._open = row["id"]
        return story

    def _submitted(self, at: datetime) -> Story:
        town, rng = self.town, self._rng
        category = rng.choice(self._categories)
        lat, lng, area_code = None, None, None
        if category.location_required or rng.random() < 0.7:
            lat, lng = point_in(rng.choice(town.areas), rng)
            match = town.directory.areas.find_area(town.region.id, lat, lng)
            assert match is not None
            area_code = match.code
        day = self._calendar.local_day(at)
        nothing = ("published_at", "department", "assignee_id", "merged_into", "authority", "authority_number", "score_comment")
        row = dict.fromkeys(nothing) | {
            "region_id": town.region.id,
            "id": self._id(at),
            "number": next_number(town.settings, self.serials, day),
            "category": category.code,
            "description": description(rng),
            "lat": lat,
            "lng": lng,
            "landmark": "depan pasar" if rng.random() < 0.3 else None,
            "area_code": area_code,
            "visibility": chosen_visibility(category, None).value,
            "confidentiality": category.confidentiality.value,
            "custodian": town.units.by_type.get(category.custodian or "") if category.sealed else None,
            "state": town.settings.workflow.initial,
            "origins": [],
            "entered_at": at,
            "reporter_id": rng.choice(town.citizens),
            "submitted_at": at,
            "support_count": 0,
            "version": 1,
        }
        return Story(category=category, row=row, due=first_deadlines(category, now=at, calendar=self._calendar))

    def _route(self, story: Story, at: datetime) -> None:
        town, row = self.town, story.row
        chain = town.directory.chain(town.region.id, row["area_code"]) if row["area_code"] else ()
        links = tuple(AreaLink(area.code, area.kind) for area in chain)
        decision = choose_department(story.category, links, town.settings.rules, self._facts)
        story.routing = {
            "region_id": town.region.id,
            "id": self._id(at),
            "complaint_id": row["id"],
            "at": at,
            "department": decision.department_key,
            "trace": [step.as_dict() for step in decision.trace],
            "pack_version": town.region.pack_version,
        }
        if decision.department_key:
            self._move(story, "assign", at, department=decision.department_key)

    def _maker(self, story: Story, move: str) -> ActorFacts:
        """Return whose move it is; the desks' work on a sealed case is done by the head of its custodian."""
        row, role = story.row, _MAKER.get(move, Role.DEPARTMENT_OFFICER)
        if role is Role.ROUTING:
            return actors.ROUTING
        if role is Role.REPORTER:
            return ActorFacts(account_id=row["reporter_id"], is_reporter=True)
        if role is Role.DEPARTMENT_OFFICER:
            known = self.town.officers.get(row["department"]) or list(self.town.desks.values())
            account_id, duty = known[row["id"].int % len(known)], Membership(role, row["department"])
        else:
            account_id = self.town.desks[role]
            duty = Membership(Role.DEPARTMENT_HEAD, row["custodian"]) if story.category.sealed else Membership(role)
        return ActorFacts(account_id=account_id, memberships=frozenset({duty}))

    def _move(self, story: Story, move: str, at: datetime, *, department: str | None = None) -> None:
        """Make a move, if the rules let it be made."""
        row, workflow = story.row, self.town.settings.workflow
        needs = {word for need in workflow.move_by_key[move].needs for word in need.split("_or_")}
        values = _BROUGHT | {Need.CLUSTER: self._open}
        brought = {word.value: value for word, value in values.items() if word in needs and value and not department}
        maker = self._maker(story, move)
        try:
            outcome = decide_move(
                workflow,
                story.facts(),
                maker,
                move,
                {*brought, *(needs & {Need.FILES})},
                now=at,
                calendar=self._calendar,
                department=department,
            )
        except MoveRefusedError:
            return
        from_state = row["state"]
        self._change(story, outcome, at, maker.account_id, brought | ({"department": department} if department else {}))
        note = brought.pop("note", None)
        details = {word: str(value) for word, value in brought.items()} | ({"department": department} if department else {})
        self._write(story, move, at, role=outcome.role, actor=maker.account_id, from_state=from_state, note=note, details=details)

    def _change(self, story: Story, outcome: Outcome, at: datetime, maker: UUID | None, brought: Mapping[str, Any]) -> None:
        row, move = story.row, outcome.move.key
        story.due = next_deadlines(story.due, outcome, story.category, now=at, calendar=self._calendar)
        row |= {"state": outcome.state, "origins": list(outcome.origins), "version": row["version"] + 1}
        row |= {"entered_at": at} if outcome.entered else {}
        row |= {"assignee_id": maker} if move == "accept" else {}
        row |= {"published_at": at} if move == PUBLISH else {}
        columns = {"department": "department", Need.CLUSTER: "merged_into", Need.AUTHORITY: "authority"}
        row |= {column: brought[word] for word, column in columns.items() if word in brought}

    def _write(
        self,
        story: Story,
        move: str,
        at: datetime,
        *,
        role: str,
        actor: UUID | None,
        from_state: str | None,
        note: str | None = None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        scope = {"region_id": self.town.region.id, "complaint_id": story.row["id"]}
        line = scope | {
            "id": self._id(at),
            "at": at,
            "move": move,
            "from_state": from_state,
            "to_state": story.row["state"],
            "role": role,
            "actor_id": actor,
            "note": note,
            "internal": False,
            "details": dict(details or {}),
        }
        story.moves.append(line)
        story.history.append(Made(move=move, at=at, by=actor))
        if move in _KINDS_OF_FILES and self._rng.random() < 0.8:
            story.files.append(scope | {"id": self._id(at), "move_id": line["id"], "kind": _KINDS_OF_FILES[move]})
