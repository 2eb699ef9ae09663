"""The paths that are measured, each beside its denominator: who asks for what, and what the bare answer is."""

import itertools
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backend.core.ids import new_id
from tests.bench import bare
from tests.bench.load import fetch, request
from tests.bench.loading import Loaded
from tests.bench.people import Someone
from tests.bench.stories import description, point_in

PAGE = 50
SAMPLES = 40  # of each read's answers, which the bare select returns


@dataclass(frozen=True, kw_only=True)
class Path:
    """One path: its requests and those of its denominator, both without end."""

    name: str
    denominator: str
    ours: Iterator[bytes]
    bare: Iterator[bytes]
    asked_by: int
    answer_bytes: int


def submissions(loaded: Loaded, rng: random.Random) -> Iterator[bytes]:
    """Return submissions without end: each citizen in turn, somewhere in their region, about anything."""
    towns = loaded.towns
    categories = {key: [each.code for each in town.settings.categories.values() if each.active] for key, town in towns.items()}
    for citizen in itertools.cycle(rng.sample(list(loaded.citizens), len(loaded.citizens))):
        lat, lng = point_in(rng.choice(towns[citizen.region].areas), rng)
        body = {
            "id": str(new_id()),
            "category": rng.choice(categories[citizen.region]),
            "description": description(rng),
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


def reads(loaded: Loaded, rng: random.Random, *, people: int) -> Mapping[str, Sequence[bytes]]:
    """Return the requests of each read, by as many people: a full inbox, one's own case, its timeline, one's own list."""
    waiting = {each: loaded.waiting.get((each.region, str(each.department)), 0) for each in loaded.officers}
    full = min(PAGE, max(waiting.values()))
    officers = [each for each, count in waiting.items() if count >= full]
    servants = rng.sample(officers, min(people, len(officers)))
    newest: dict[Someone, str] = dict(loaded.complaints)
    cases = rng.sample(sorted(newest.items(), key=lambda case: case[1]), min(people, len(newest)))
    return {
        "inbox of 50": [_read(officer, f"/inbox?limit={PAGE}") for officer in servants],
        "detail": [_read(citizen, f"/{case}") for citizen, case in cases],
        "timeline": [_read(citizen, f"/{case}/timeline") for citizen, case in cases],
        "own list": [_read(citizen, "?mine=true") for citizen, _ in cases],
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
