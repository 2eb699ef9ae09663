"""`make bench`: how fast Balai is beside the same work by hand, on servers of its own.

`SHORT=1` takes two minutes or so over 10,000 complaints; otherwise 100,000 are measured as well, and with `FULL=1` a million.
With `REGIONS=1` or `FULL=1` it also measures what 514 regions cost beside two.
`--write` puts the run into docs/benchmarks.md, `--keep FOLDER` keeps what was loaded there for the next run. Exit status 0
when it ran, whatever it says; 1 when a request failed that should not have.
"""

import contextlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from flask import Flask
from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from backend.app import create_app
from backend.cli.database import set_up_and_migrate
from backend.core.clock import utc_now
from backend.core.settings import load_settings
from backend.http.house import House
from tests.bench.engine import backlog, routed, settle
from tests.bench.loading import TOLD, Loaded, load, load_kept
from tests.bench.machine import describe
from tests.bench.many_regions import Extent, measure_regions
from tests.bench.measures import compare, statements
from tests.bench.new_region import new_region, validations
from tests.bench.nothing import NAME, put_up
from tests.bench.paths import PAGE, prepare, reads, submissions
from tests.bench.report import DOCUMENT, keep, show, write
from tests.bench.storms import storms
from tests.bench.system import TOWNS, System, durable_servers, install, serving
from tests.running import Installation, free_port

ROOT = Path(__file__).resolve().parents[2]
SEED = 20261117
_ASKED = 30  # requests of each kind whose statements are counted

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Form:
    """How much is loaded, and how long a run is: so many rounds of seconds for each side of each path, seconds of all else."""

    name: str
    sizes: Sequence[int]
    rounds: int
    seconds: float
    routing_seconds: float
    storm_seconds: float
    after_seconds: int = 12
    backlog: int = 20_000
    people: int = 500
    told: int = TOLD
    rate: float = 50
    regions: Extent | None = None
    validations: bool = True


SHORT = Form(name="short", sizes=(10_000,), rounds=2, seconds=0.6, routing_seconds=5, storm_seconds=3, backlog=1_000, told=5_000)
WHOLE = Form(name="whole", sizes=(10_000, 100_000), rounds=3, seconds=2.5, routing_seconds=20, storm_seconds=10)
FULL = Form(name="full", sizes=(10_000, 100_000, 1_000_000), rounds=3, seconds=2.5, routing_seconds=20, storm_seconds=10)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One size, loaded and served."""

    app: Flask
    environ: Mapping[str, str]
    loaded: Loaded
    system: System

    @property
    def house(self) -> House:
        house: House = self.app.extensions["balai"]
        return house


def measure(form: Form, folder: Path, console: Console, *, kept: bool = False) -> dict[str, Any]:
    """Run everything in `folder` and return the figures. Raises TimeoutError or ValueError when something does not answer."""
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"{time.monotonic() - began:6.1f} s  {text}", highlight=False)

    results: dict[str, Any] = {
        "date": utc_now().isoformat(timespec="seconds"),
        "form": form.name,
        "machine": describe() | {"cores": os.cpu_count()},
        "sizes": [],
    }
    for size in form.sizes:
        place = folder / str(size)
        with _loaded(form, size, place, say) as bench:
            results["sizes"].append(_measure_paths(form, bench, say))
            if size == form.sizes[-1]:
                results["engine"] = {"complaints": size} | _measure_engine(form, bench, say)
        if not kept:
            shutil.rmtree(place)
    if form.regions:
        results["regions"] = measure_regions(form.regions, folder / "regions", say, seed=SEED)
    results["seconds"] = round(time.monotonic() - began, 1)
    return results


@contextlib.contextmanager
def _loaded(form: Form, size: int, place: Path, say: Say) -> Iterator[Bench]:
    """Serve an installation of that size, loaded now unless it lies there from before."""
    kept_at, environ_at = place / "loaded.json", place / "environ.json"
    guests = str(put_up(place / "guests"))
    with durable_servers(place) as (addresses, pids):
        if kept_at.exists():
            environ = json.loads(environ_at.read_text()) | {"PORT": free_port()}
            set_up_and_migrate(load_settings(environ))
        else:
            environ = install(addresses, name="balai_bench", folder=place / "var", packs=TOWNS)
        environ["PYTHONPATH"] = os.pathsep.join((guests, str(ROOT)))
        environ_at.touch(mode=0o600)
        environ_at.write_text(json.dumps(environ))
        with _among_paths(guests):
            app = create_app(load_settings(environ | {"BALAI_LOG_LEVEL": "WARNING"}), connections=4)
        house: House = app.extensions["balai"]
        with app.app_context():
            if kept_at.exists():
                loaded = load_kept(house, kept_at)
            else:
                loaded = load(house, complaints=size, citizens=form.people, officers=form.people, seed=SEED, told=form.told)
                loaded.keep(kept_at)
        say(f"loaded {loaded.complaints:,} complaints in {loaded.seconds:.0f} s")
        for region in house.directory.all():
            switched = Installation(environ).balai("module", "enable", region.key, NAME)
            assert switched.returncode == 0, switched.stderr
        house.directory.refresh()
        with serving(environ, pids) as system:
            yield Bench(app=app, environ=environ, loaded=loaded, system=system)
        house.ground.engine.dispose()


@contextlib.contextmanager
def _among_paths(place: str) -> Iterator[None]:
    sys.path.insert(0, place)
    try:
        yield
    finally:
        sys.path.remove(place)


def _measure_paths(form: Form, bench: Bench, say: Say) -> dict[str, Any]:
    paths = {}
    owner_url = bench.environ["BALAI_OWNER_URL"]
    for path in prepare(bench.system.web_port, bench.loaded, owner_url=owner_url, seed=SEED, people=form.people):
        paths[path.name] = compare(bench.system, path, rounds=form.rounds, seconds=form.seconds).figures()
        say(f"measured {path.name}: {paths[path.name]['rate_ratio']} x {path.denominator}")
    settle(bench.system)
    return {
        "complaints": bench.loaded.complaints,
        "load_seconds": round(bench.loaded.seconds, 1),
        "paths": paths,
        "statements": count_statements(bench.app, bench.loaded),
    }


def _measure_engine(form: Form, bench: Bench, say: Say) -> dict[str, Any]:
    system, loaded, rng = bench.system, bench.loaded, random.Random(SEED + 1)  # noqa: S311 - not for secrets
    requests = submissions(loaded, rng)
    by_region = {key: submissions(loaded, rng, region=key) for key in loaded.towns}
    with system.process("worker"), system.process("clock"):
        routed(system, requests, rate=form.rate / 5, seconds=2)  # warm
        results = {"routed": routed(system, requests, rate=form.rate, seconds=form.routing_seconds)}
        say(f"routed {results['routed']['reports']} reports")
        settle(system)
        results["backlog"] = backlog(system, bench.house, loaded, count=form.backlog, seed=SEED + 3)
        say(f"drained {form.backlog:,} events, twice")
        settle(system)
        results["storms"] = storms(system, requests, by_region, seconds=form.storm_seconds, after=form.after_seconds)
        say("had the storms")
        folder = Path(bench.environ["BALAI_VAR"])
        results["new_region"] = new_region(bench.environ, folder)
        say("made a region that nobody had seen")
    if form.validations:
        results["validations"] = validations(bench.environ, folder)
        say("looked through the packs")
    return results


def count_statements(app: Flask, loaded: Loaded, *, people: int = _ASKED) -> dict[str, Any]:
    """Return the statements of each path's requests; of an inbox at pages of 10 and 200 as well."""
    rng = random.Random(SEED + 2)  # noqa: S311 - not for secrets
    messages: dict[str, Sequence[bytes]] = dict(reads(loaded, rng, people=people))
    inbox = messages["inbox of 50"]
    messages["inbox of 50"] = [
        message.replace(f"limit={PAGE}".encode(), f"limit={limit}".encode()) for message in inbox for limit in (10, PAGE, 200)
    ]
    submitted = submissions(loaded, rng)
    messages["submit"] = [next(submitted) for _ in range(people)]
    return {name: statements(app, asked) for name, asked in messages.items()}


def faults(results: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each side of a path that has answered with an error."""
    return [
        f"{name} ({side}): {path[side]['faults']}"
        for size in results["sizes"]
        for name, path in size["paths"].items()
        for side in ("ours", "bare")
        if path[side]["faults"]
    ] + [
        f"{path} in {side['regions']} regions: {side[path]['faults']}"
        for side in results.get("regions", {}).values()
        for path in ("submit", "inbox")
        if side[path]["faults"]
    ]


def _asked(name: str) -> bool:
    return os.environ.get(name, "0") not in {"", "0"}


@click.command()
@click.option("--write", "to_document", is_flag=True, help=f"Put the run into {DOCUMENT.relative_to(ROOT)}.")
@click.option("--keep", "kept_in", type=click.Path(path_type=Path, file_okay=False), help="Keep what is loaded in this folder.")
def main(*, to_document: bool, kept_in: Path | None) -> None:
    """Measure, print what the promises say, and keep the figures in var/bench."""
    console = Console(width=150)
    form = SHORT if _asked("SHORT") else FULL if _asked("FULL") else WHOLE
    if _asked("REGIONS") or form is FULL:
        form = replace(form, regions=Extent())
    folder = kept_in.absolute() if kept_in else Path(tempfile.mkdtemp(prefix="balai-bench-"))
    try:
        results = measure(form, folder, console, kept=kept_in is not None)
    finally:
        if kept_in is None:
            shutil.rmtree(folder, ignore_errors=True)
    show(results, console)
    console.print(f"kept in {keep(results, ROOT / 'var' / 'bench')} after {results['seconds']:.0f} s", highlight=False)
    if to_document:
        write(results)
    if failed := faults(results):
        console.print("requests failed:", *failed)
        sys.exit(1)


if __name__ == "__main__":
    main()
