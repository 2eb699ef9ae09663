"""Asking at every door as everybody, and judging the answers by the table in `permissions.py`."""

import re
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

from backend.http.languages import is_page
from backend.pages.assets import asset
from tests.browsers import Browser
from tests.journeys.cast import AGREEMENT, AWAY, HOME, ITEMS, Cast, Member, World, item_of
from tests.journeys.permissions import KNOWS, PUBLIC, TABLE, TARGETS

ROWS = {row: who for room in TABLE.values() for row, who in room.items()}
_PLACE = re.compile(r"<(?:[^:<>]+:)?([a-z_]+)>")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One plausible request: what stands in the path, the query, and the body."""

    values: dict[str, str]
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


BODIES = {
    ("POST", "moves"): {"move": "a_move_nobody_knows"},
    ("POST", "notes"): {"note": "Sudah dilihat."},
    ("POST", "rating"): {"score": 4},
    ("PATCH", "<uuid:staff_id>"): {"disabled": False},
    ("PUT", "<uuid:agreement_id>"): dict(AGREEMENT),
}

FORMS = {
    ("POST", "moves"): {"move": "a_move_nobody_knows", "version": 0},
    ("POST", "notes"): {"internal_note": "Sudah dilihat."},
    ("POST", "<number>"): {"move": "a_move_nobody_knows"},
}


def ask(cast: Cast, row: tuple[str, str], world: World, kind: str, member: Member) -> Asked:
    """Return a request of `member` for the thing of that kind that lies in the world."""
    method, rule = row
    complaint = world.complaints.get(kind, world.complaints["open"])
    plural = next((each for each in rule.split("/") if each in ITEMS), "") if "service-info/" in rule else ""
    link = re.fullmatch(r".*/files/([^/]+)/([a-z]+)\?expires=(\d+)&signature=(.+)", world.file_url)
    values = {
        "region": world.region,
        "complaint_id": complaint["id"],
        "number": complaint["number"],
        "code": world.area,
        "file_id": link[1],
        "variant": link[2],
        "key": world.keys.get(plural, ""),
        "indicator": "complaints.open",
        "module": "service-info",
        "table": "departments",
        "name": "frame.css" if rule.startswith("/assets") else "swagger-ui.css",
        "checksum": asset("frame.css").split("/")[2],
        "notification_id": world.notification_id,
        "erasure_id": world.erasure_id,
        "agreement_id": world.agreements.get(kind, world.agreements["public"]),
        "staff_id": world.victims["removed" if method == "DELETE" else "changed"],
    }
    if "<uuid:session_id>" in rule:
        owner = member if kind == "one's own" and member.account_id else world.members["reporter"]
        values["session_id"] = str(cast.session_id(owner))
    query = {}
    if "<uuid:file_id>" in rule:
        query = {"expires": link[3], "signature": link[4] if kind != "forged" else "A" * 43}
    elif rule == "/v1/regions/locate":
        query = {"lat": "5.5529", "lng": "95.3192"}
    elif rule == "/demo/messages":
        query = {"to": "nobody@example.org"}
    body = None
    if method in {"POST", "PUT", "PATCH"}:
        body = (FORMS if is_page(rule) else BODIES).get((method, rule.rpartition("/")[2]), {})
        if rule.endswith(("/by-number/<number>/moves", "/complaints/by-number/<number>")):
            whose = "open" if kind == "its own code" else "published"
            body = {**body, "code": world.codes[whose]}
        if plural and method == "PUT":
            body = item_of(plural, world.region)
    return Asked(values={name: values[name] for name in _PLACE.findall(rule)}, query=query, body=body)


def path_of(row: tuple[str, str], asked: Asked) -> str:
    """Return the path of a request for the row."""
    return _PLACE.sub(lambda place: asked.values[place[1]], row[1])


def _send_to_page(cast: Cast, row: tuple[str, str], path: str, asked: Asked, token: str | None) -> tuple[int, str]:
    """Do as `send` does, with a browser; the way to the sign-in page is what a page says instead of 401."""
    got = Browser(cast.app, token).open(path, method=row[0], query_string=asked.query, data=asked.body)
    if got.status_code == 303 and got.location.partition("?")[0].endswith("/sign-in") and "said=" not in got.location:
        return 401, ""
    told = got.get_data().decode(errors="replace")  # a spreadsheet or an archive is a page, too
    return got.status_code, f"{got.headers} {told}".replace(path, "")


def send(cast: Cast, row: tuple[str, str], asked: Asked, token: str | None) -> tuple[int, str]:
    """Return the status and what was answered, without the path that the request itself named."""
    method, path = row[0], path_of(row, asked)
    if is_page(path):
        return _send_to_page(cast, row, path, asked, token)
    headers = {"Idempotency-Key": str(uuid4()), **asked.headers} if method == "POST" else dict(asked.headers)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    got = cast.client.open(path, method=method, headers=headers, query_string=asked.query, json=asked.body)
    if not (got.is_json or got.mimetype.endswith("+json")):
        return got.status_code, ""
    return got.status_code, f"{got.headers} {got.get_data(as_text=True)}".replace(path, "")


def expected(row: tuple[str, str], member: Member, world: World, kind: str | None) -> set[int] | None:
    """Return the statuses of a refusal; None where the member may."""
    may = member.is_one_of(ROWS[row], region=world.region)
    if not may:
        return {401} if member.account_id is None else {403}
    target = TARGETS.get(row)
    if target is None or member.is_one_of(target[kind], region=world.region):
        return None
    known = kind in KNOWS and member.is_one_of(KNOWS[kind], region=world.region)
    return {403, 404} if known else {404}


def leaks(cast: Cast, member: Member, told: str) -> list[str]:
    """Return what the answer holds that is not the member's to read."""
    return [
        canary.what
        for world in cast.worlds.values()
        for canary in world.canaries
        if canary.text in told and not member.is_one_of(canary.readers, region=world.region)
    ]


def judge_answer(row: tuple[str, str], refusal: set[int] | None, status: int) -> str | None:
    """Return what is wrong with the status."""
    if refusal is not None:
        return None if status in refusal else f"{status} where only {sorted(refusal)} is right"
    gone = status == 404 and row[0] != "DELETE"
    wrong = status in {401, 403} or status >= 500 or gone or (row[0] == "GET" and status != 200)
    return f"{status} where it is allowed" if wrong else None


def judge(cast: Cast, row: tuple[str, str]) -> list[str]:
    """Return every fault of a route: who, where, before what, and what came of it."""
    faults = []
    regional = "<region>" in row[1]
    foreign = regional and len(_PLACE.findall(row[1])) > 1 and not re.search("<(module|table|indicator|uuid:session_id)>", row[1])
    # Pages are for staff and for everybody: a citizen's browser has nothing to sign in with.
    members = [member for member in cast.members if not (is_page(row[1]) and member.role == "citizen")]
    for member in members:
        token = cast.token(member)

        def note(place: str, kind: str, told: tuple[int, str], refusal: set[int] | None, member: Member = member) -> None:
            status, text = told
            wrong = [judge_answer(row, refusal, status), *(f"reads {what}" for what in leaks(cast, member, text))]
            faults.extend(f"{member}, {place}, {kind}: {fault}" for fault in wrong if fault)

        for kind in TARGETS.get(row, ("it",)):
            if foreign:
                away = ask(cast, row, cast.worlds[AWAY], kind, member)
                match = {"If-Match": '"v1"'} if row[1].endswith(("/<key>", "/<uuid:agreement_id>")) else {}
                away = replace(away, values={**away.values, "region": HOME}, headers=match)
                edge = expected(row, member, cast.worlds[HOME], kind) if row not in TARGETS else None
                may = member.is_one_of(ROWS[row], region=HOME)
                note("ids of the other region", kind, send(cast, row, away, token), {404} if may else edge or {401, 403})
            for place in (HOME, AWAY) if regional else (member.region,):
                world = cast.worlds[place]
                asked = ask(cast, row, world, kind, member)
                if row[1].endswith("/me/sessions/end"):
                    token = cast.token(member)  # the one before has done what it was for
                note(place, kind, send(cast, row, asked, token), expected(row, member, world, kind))
    if regional:
        asked = ask(cast, row, cast.worlds[HOME], "open", cast.members[-1])
        nowhere = replace(asked, values={**asked.values, "region": "atlantis"})
        for member in members:
            status, _ = send(cast, row, nowhere, cast.token(member))
            right = 401 if member.account_id is None and ROWS[row] is not PUBLIC else 404
            faults.extend([f"{member}, a region there is not: {status}"] if status != right else [])
    return faults
