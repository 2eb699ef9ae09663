"""The paths that are measured, each beside its denominator: who asks for what, and what the bare answer is."""

import itertools
import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backend.core.ids import new_id
from tests.bench import bare
from tests.bench.load import fetch, request
from tests.bench.loading import Loaded
from tests.bench.people import Someone
from tests.bench.stories import Town, description, place_name, point_in

PAGE = 50
SAMPLES = 40  # of each read's answers, which the bare select returns
HALF = 0.5
HALF_VIEWS = (0.08, 0.02, 0.005, 0.001)  # degrees from the middle of a map's view to its edges
RARE, MIDDLING = 15, 0.01  # complaints of a region that hold a rare name, and the share of them that hold a middling one
COMMON = ("jalan", "sampah", "lampu", "hujan", "warga", "petugas")


@dataclass(frozen=True, kw_only=True)
class Path:
    """One path: its requests and those of its denominator, both without end."""

    name: str
    denominator: str
    ours: Iterator[bytes]
    bare: Iterator[bytes]
    asked_by: int
    answer_bytes: int


def submissions(loaded: Loaded, rng: random.Random, *, region: str | None = None) -> Iterator[bytes]:
    """Return submissions without end: each citizen (of one region) in turn, somewhere in their region, about anything."""
    towns = loaded.towns
    categories = {key: [each.code for each in town.settings.categories.values() if each.active] for key, town in towns.items()}
    citizens = [each for each in loaded.citizens if region in {None, each.region}]
    for citizen in itertools.cycle(rng.sample(citizens, len(citizens))):
        lat, lng = point_in(rng.choice(towns[citizen.region].areas), rng)
        body = {
            "id": str(new_id()),
            "category": rng.choice(categories[citizen.region]),
            "description": description(rng, names=loaded.names),
            "location": {"lat": lat, "lng": lng},
        }
        yield request(
            "POST",
            f"/v1/regions/{citizen.region}/complaints",
            token=citizen.token,
            body=json.dumps(body).encode(),
            headers={"Idempotency-Key": body["id"]},
        )


def _read(someone: Someone, rest: str) -> bytes:
    return request("GET", f"/v1/regions/{someone.region}/complaints{rest}", token=someone.token)


def _watched(someone: Someone, rng: random.Random) -> bytes:
    """Return a look at the figures: half of all at every one of them, the others at one with what it is divided into."""
    one = f"/complaints.{rng.choice(('open', 'late', 'received', 'completion_on_time'))}" if rng.random() < HALF else ""
    return request("GET", f"/v1/regions/{someone.region}/command-centre/indicators{one}", token=someone.token)


def _listed(town: Town, rng: random.Random) -> str:
    """Return a query of the list: half of all ask for the newest alone, the others for a category, a state, an area, a place."""
    lat, lng = point_in(rng.choice(town.areas), rng)
    near = f"{lng - 0.01:.4f},{lat - 0.01:.4f},{lng + 0.01:.4f},{lat + 0.01:.4f}"
    filters = {
        "category": rng.choice([each.code for each in town.settings.categories.values() if each.active]),
        "status": rng.choice(["submitted", "accepted", "in_progress", "resolved", "closed"]),
        "area": rng.choice(town.codes),
        "bbox": near,
    }
    return "?limit=50" if rng.random() < HALF else "?limit=50&{}={}".format(*rng.choice(list(filters.items())))


def _view(town: Town, rng: random.Random) -> str:
    """Return a view of the map round somebody's place: the town, a part of it, some streets, a corner."""
    lat, lng = point_in(rng.choice(town.areas), rng)
    half = rng.choice(HALF_VIEWS)
    return f"/map?bbox={lng - half:.5f},{lat - half:.5f},{lng + half:.5f},{lat + half:.5f}"


def _name_written(loaded: Loaded, times: float, rng: random.Random) -> str:
    """Return a name that about so many complaints of a region hold: the n-th of the names is as rare as 1 / n."""
    first = loaded.complaints / len(loaded.towns) / math.log(loaded.names)
    return place_name(max(1, round(first / times * rng.uniform(0.7, 1.3))))


def reads(loaded: Loaded, rng: random.Random, *, people: int) -> Mapping[str, Sequence[bytes]]:
    """Return the requests of each read, by as many people."""
    waiting = {each: loaded.waiting.get((each.region, str(each.department)), 0) for each in loaded.officers}
    full = min(PAGE, max(waiting.values()))
    officers = [each for each, count in waiting.items() if count >= full]
    servants = rng.sample(officers, min(people, len(officers)))
    cases = rng.sample(loaded.cases, min(people, len(loaded.cases)))
    citizens = [citizen for citizen, _ in cases]
    towns = [loaded.towns[citizen.region] for citizen in citizens]
    share = loaded.complaints / len(loaded.towns)
    words = {
        "rare word": [_name_written(loaded, RARE, rng) for _ in citizens],
        "middling word": [_name_written(loaded, share * MIDDLING, rng) for _ in citizens],
        "common word": [rng.choice(COMMON) for _ in citizens],
    }
    watchers = [next(each for each in loaded.officers if each.region == region) for region in loaded.towns]
    return {
        "figures": [_watched(rng.choice(watchers), rng) for _ in citizens],
        "inbox of 50": [_read(officer, f"/inbox?limit={PAGE}") for officer in servants],
        "list": [_read(citizen, _listed(town, rng)) for citizen, town in zip(citizens, towns, strict=True)],
        "detail": [_read(citizen, f"/{case}") for citizen, case in cases],
        "timeline": [_read(citizen, f"/{case}/timeline") for citizen, case in cases],
        "own list": [_read(citizen, "?mine=true") for citizen in citizens],
        "map": [_read(citizen, _view(town, rng)) for citizen, town in zip(citizens, towns, strict=True)],
        **{
            f"search, {kind}": [_read(citizen, f"?q={word}") for citizen, word in zip(citizens, asked, strict=True)]
            for kind, asked in words.items()
        },
    }


def prepare(port: int, loaded: Loaded, *, owner_url: str, seed: int, people: int = 500) -> list[Path]:
    """Return every path; what the bare selects return is asked of the web server at `port`, and laid into their table."""
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    texts: list[str] = []
    paths = []
    for name, messages in reads(loaded, rng, people=people).items():
        answers = [fetch(port, message).decode() for message in messages[:SAMPLES]]
        numbers = range(len(texts), len(texts) + len(answers))
        texts += answers
        paths.append(
            Path(
                name=name,
                denominator="bare select",
                ours=itertools.cycle(messages),
                bare=itertools.cycle([request("GET", f"/select/{number}") for number in numbers]),
                asked_by=len(messages),
                answer_bytes=sum(map(len, answers)) // len(answers),
            )
        )
    bare.prepare(owner_url, texts)
    submit = Path(
        name="submit",
        denominator="bare insert",
        ours=submissions(loaded, rng),
        bare=itertools.repeat(request("POST", "/insert", headers={"Content-Length": "0"})),
        asked_by=len(loaded.citizens),
        answer_bytes=0,
    )
    return [*paths, submit]
