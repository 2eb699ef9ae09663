"""`make bench`: how fast Balai is beside the same work by hand, on servers of its own; `SHORT=1` for a minute or so of it.

`--write` puts the run into docs/benchmarks.md. Exit status 0 when it ran, whatever it says; 1 when a request failed.
"""

import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from flask import Flask
from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from backend.app import create_app
from backend.core.clock import utc_now
from backend.core.settings import load_settings
from backend.http.house import House
from tests.bench.loading import Loaded, load
from tests.bench.machine import describe
from tests.bench.measures import compare, routed, statements
from tests.bench.paths import PAGE, prepare, reads, submissions
from tests.bench.report import DOCUMENT, keep, show, write
from tests.bench.system import System, durable_servers, install, serving

ROOT = Path(__file__).resolve().parents[2]
SEED = 20261117
_ASKED = 30  # requests of each kind whose statements are counted


@dataclass(frozen=True, kw_only=True)
class Form:
    """How long a run is: rounds of so many seconds for each side of each path, and so many seconds of routing."""

    rounds: int
    seconds: float
    routing_seconds: float
    complaints: int = 10_000
    people: int = 500
    rate: float = 20


WHOLE = Form(rounds=3, seconds=2.5, routing_seconds=20)
SHORT = Form(rounds=2, seconds=1.2, routing_seconds=6)


def measure(form: Form, folder: Path, console: Console) -> dict[str, Any]:
    """Run everything in `folder` and return the figures. Raises TimeoutError or ValueError when something does not answer."""
    began = time.monotonic()
    machine = describe()

    def say(text: str) -> None:
        console.print(f"{time.monotonic() - began:6.1f} s  {text}", highlight=False)

    say("starting PostgreSQL and Valkey, every commit waiting for the disk")
    with durable_servers(folder) as (addresses, pids):
        environ = install(addresses, name="balai_bench", folder=folder / "var")
        app = create_app(load_settings(environ | {"BALAI_LOG_LEVEL": "WARNING"}), connections=4)
        with app.app_context():
            house: House = app.extensions["balai"]
            loaded = load(house, complaints=form.complaints, citizens=form.people, officers=form.people, seed=SEED)
        say(f"loaded {len(loaded.complaints)} complaints of {len(loaded.citizens)} citizens")
        results: dict[str, Any] = {
            "date": utc_now().isoformat(timespec="seconds"),
            "short": form is SHORT,
            "complaints": len(loaded.complaints),
            "machine": machine | {"cores": os.cpu_count()},
        }
        with serving(environ, pids) as system:
            results["routed"] = _measure_routing(form, system, loaded)
            say(f"routed {results['routed']['reports']} reports")
            results["paths"] = {}
            for path in prepare(system.web_port, loaded, owner_url=environ["BALAI_OWNER_URL"], seed=SEED, people=form.people):
                results["paths"][path.name] = compare(system, path, rounds=form.rounds, seconds=form.seconds).figures()
                say(f"measured {path.name}")
            results["statements"] = count_statements(app, loaded)
        house.ground.engine.dispose()
    results["seconds"] = round(time.monotonic() - began, 1)
    return results


def _measure_routing(form: Form, system: System, loaded: Loaded) -> dict[str, Any]:
    requests = submissions(loaded, random.Random(SEED + 1))  # noqa: S311 - not for secrets
    with system.process("worker"), system.process("clock"):
        routed(system, requests, rate=form.rate, seconds=2)  # warm
        return routed(system, requests, rate=form.rate, seconds=form.routing_seconds)


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


def faults(results: dict[str, Any]) -> list[str]:
    """Return a sentence for each side of a path that has answered with an error."""
    return [
        f"{name} ({side}): {path[side]['faults']}"
        for name, path in results["paths"].items()
        for side in ("ours", "bare")
        if path[side]["faults"]
    ]


@click.command()
@click.option("--write", "to_document", is_flag=True, help=f"Put the run into {DOCUMENT.relative_to(ROOT)}.")
def main(*, to_document: bool) -> None:
    """Measure, print what the promises say, and keep the figures in var/bench."""
    console = Console(width=150)
    form = SHORT if os.environ.get("SHORT", "0") not in {"", "0"} else WHOLE
    folder = Path(tempfile.mkdtemp(prefix="balai-bench-"))
    try:
        results = measure(form, folder, console)
    finally:
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
