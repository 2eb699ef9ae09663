"""How long a region takes that nobody has seen before: from its code and polygons to its first routed report, while all runs on.

And how soon a pack is looked through: those that are shipped, and one with a million points.
"""

import gzip
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import shapely

from backend.packs.folder import shipped_packs
from tests.people import Person
from tests.running import Installation, wait_until
from tests.synthetic_areas import boundaries_for

CODE, KEY = "11.05", "aceh-barat"  # a partner of Banda Aceh, without open polygons of its gampong: these are made up
CATEGORY = "JLN-01"
PHONE = "+6281211050001"
PATIENCE_SECONDS = 60
_POINTS = 1_000_000


def new_region(environ: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Make a region on an installation whose web, worker and clock are running, and report there; return how long it took.

    `first_report_s` is what is promised: from `balai region new` to a report that has a department, each step after the other.
    Raises ValueError or AssertionError where a step is refused.
    """
    installation, seconds = Installation(environ), dict[str, float]()

    @contextmanager
    def timed(step: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        seconds[step] = round(time.monotonic() - began, 2)

    boundaries, pack = folder / f"{KEY}.geojson", folder / KEY
    boundaries.write_text(boundaries_for(CODE))
    with timed("new"):
        _balai(installation, "new", "--code", CODE, "--key", KEY, "--boundaries", str(boundaries), "--to", str(pack))
    with timed("validate"):
        _balai(installation, "validate", str(pack))
    with timed("apply"):
        _balai(installation, "apply", str(pack), "--yes")
    with timed("report"):
        department = _first_report(installation, boundaries)
    return {
        "seconds": seconds,
        "first_report_s": round(sum(seconds.values()), 2),
        "department": department,
        "lines": sum(len(path.read_text().splitlines()) for path in pack.glob("*.yaml")),
    }


def validations(environ: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Return how long packs take to be looked through: the shipped one that takes longest, and one with a million points.

    `folder` is where `new_region` has made a region before.
    """
    installation = Installation(environ)
    slowest, seconds = _slowest_validation(installation)
    return {"slowest_pack": slowest, "validated_s": seconds, "refused_s": _refused_after(installation, folder / KEY)}


def _balai(installation: Installation, *words: str) -> str:
    done = installation.balai("region", *words)
    if done.returncode:
        raise ValueError(f"balai region {words[0]}: {done.stderr.strip()}")
    return done.stdout


def _first_report(installation: Installation, boundaries: Path) -> str:
    """Sign a citizen of the new region in, by the code that was sent, and report; return the department it is given."""
    anybody = Person(installation.wire, region=KEY)
    code_asked = {"phone": PHONE, "region": KEY, "purpose": "login"}
    # Each process follows for itself: as a phone does, ask until the one that answers knows the region.
    asked = wait_until(lambda: _accepted(anybody.post("/v1/auth/otp", code_asked)), PATIENCE_SECONDS)
    messages = wait_until(lambda: _sent(anybody), PATIENCE_SECONDS)
    code = next(word for word in messages[0]["text"].replace(".", " ").split() if len(word) == 6 and word.isdigit())
    tokens = _body(anybody.post("/v1/auth/otp/verify", {"request_id": asked["request_id"], "code": code}))
    citizen = Person(installation.wire, token=tokens["access_token"], region=KEY)
    outline = json.loads(boundaries.read_text())["features"][0]["geometry"]
    point = shapely.geometry.shape(outline).representative_point()
    place = {"lat": point.y, "lng": point.x}
    report = _body(citizen.post("complaints", {"category": CATEGORY, "description": "Jalan berlubang.", "location": place}))
    path = f"complaints/{report['id']}"
    department: str = wait_until(lambda: _body(citizen.get(path))["department"], PATIENCE_SECONDS)["key"]
    return department


def _accepted(answer: Any) -> Any:
    return answer.get_json() if answer.status_code == 202 else None


def _sent(person: Person) -> list[dict[str, str]]:
    found: list[dict[str, str]] = _body(person.get(f"/demo/messages?to={PHONE.replace('+', '%2B')}"))["items"]
    return found


def _body(answer: Any) -> Any:
    if answer.status_code >= 400:
        raise ValueError(f"{answer.status_code}: {answer.data.decode()[:500]}")
    return answer.get_json()


def _slowest_validation(installation: Installation) -> tuple[str, float]:
    """Return which of the shipped packs takes longest to look through, and how long: a process of its own each."""
    took = {}
    for pack in shipped_packs():
        began = time.monotonic()
        _balai(installation, "validate", str(pack))
        took[pack.name] = round(time.monotonic() - began, 2)
    return max(took.items(), key=lambda each: each[1])


def _refused_after(installation: Installation, pack: Path) -> float:
    """Give an area of a pack a million points; return how long it takes to refuse it by name."""
    ring = ",".join(f"[{96 + number / _POINTS},{4 + number % 2 / 10}]" for number in range(_POINTS))
    areas = pack / "areas.geojson.gz"
    lines = gzip.decompress(areas.read_bytes()).decode().splitlines()
    lines[-2] = lines[-2].partition('"geometry"')[0] + f'"geometry":{{"type":"Polygon","coordinates":[[{ring}]]}}}}'
    areas.write_bytes(gzip.compress("\n".join(lines).encode(), compresslevel=1))
    began = time.monotonic()
    done = installation.balai("region", "validate", str(pack))
    if done.returncode != 1 or f"areas.geojson.gz:{len(lines) - 1}:" not in done.stderr:
        raise ValueError(f"a million points are not refused by their line: {done.stderr[:500]}")
    return round(time.monotonic() - began, 2)
