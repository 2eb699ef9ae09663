"""`make faults`: whether the house holds when it is killed piece by piece under load; `SHORT=1` for a few minutes of it.

Exit status 0 when every promise was kept, 1 when one was not. `--seed`, or `SEED=` to make, repeats a run's plan.
"""

import json
import os
import random
import shutil
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from backend.core.clock import utc_now
from tests.bench.machine import describe
from tests.bench.report import Verdict
from tests.faults.judging import Run, judge
from tests.faults.load import Line, Load, categories, settle, tell
from tests.faults.plan import LONG, SHORT, Form, make_plan
from tests.faults.storm import Storm
from tests.faults.system import running
from tests.services.notifications.post_office import post_office

ROOT = Path(__file__).resolve().parents[2]
REGIONS = ("banda-aceh", "sumedang")


def run(seed: int, form: Form, folder: Path, console: Console) -> list[Verdict]:
    """Run everything in `folder` and return the verdicts."""
    began = time.monotonic()

    def say(text: str) -> None:
        console.print(f"{time.monotonic() - began:6.1f} s  {text}", highlight=False)

    say(f"seed {seed}: starting all of it with a new database")
    with post_office() as office, running(folder, smtp_port=office.port) as system:
        office.handle_error = lambda *_: None  # who was killed says no goodbye
        line, rng = Line(system.port), random.Random(f"reports {seed}")  # noqa: S311 - not for secrets
        known = {region: categories(line, region) for region in REGIONS}
        citizens = settle(line, rng, regions=REGIONS, each=form.citizens)
        load = Load(port=system.port, reports=tell(rng, citizens, known), rate=form.rate)
        say(f"{len(citizens)} citizens have signed in and begin to report, {form.rate} times a second")
        storm = Storm(system=system, load=load, form=form, plan=make_plan(seed, form), say=say)
        storm.run()
        say("reading all of it back")
        verdicts = judge(Run(system=system, load=load, seen=storm.seen, form=form, letters=office.letters))
        for victim, seconds in sorted(storm.seen.returns.items()):
            say(f"{victim}: {len(seconds)} times, back after {min(seconds):.1f} to {max(seconds):.1f} s")
        say(f"answers to submissions: {dict(sorted(load.statuses.items()))}; 0 is none")
    say("done")
    return verdicts


def show(verdicts: list[Verdict], console: Console) -> None:
    """Print the table."""
    table = Table("promise", "measured", "promised", "")
    for verdict in verdicts:
        table.add_row(verdict.promise, verdict.figure, verdict.wanted, verdict.word, style="bold red" if not verdict.met else "")
    console.print(table)


def keep(verdicts: list[Verdict], seed: int, folder: Path) -> Path:
    """Write the run as JSON, and return where."""
    folder.mkdir(parents=True, exist_ok=True)
    at = utc_now()
    path = folder / f"{at:%Y%m%d-%H%M%S}.json"
    said = {
        "date": at.isoformat(timespec="seconds"),
        "seed": seed,
        "machine": describe(),
        "promises": [asdict(v) for v in verdicts],
    }
    path.write_text(json.dumps(said, indent=1), encoding="utf-8")
    return path


@click.command()
@click.option(
    "--seed", envvar="SEED", type=int, default=None, help="Repeat the plan of a run; drawn and told when it is not given."
)
def main(*, seed: int | None) -> None:
    """Kill the house piece by piece, print what the promises say, and keep it in var/faults."""
    console = Console(width=170)
    form = SHORT if os.environ.get("SHORT", "0") not in {"", "0"} else LONG
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    folder = Path(tempfile.mkdtemp(prefix="balai-faults-"))
    kept = False
    try:
        verdicts = run(seed, form, folder, console)
        kept = not all(verdict.met for verdict in verdicts)
    except BaseException:
        kept = True
        raise
    finally:
        if kept:
            console.print(f"the logs are in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    show(verdicts, console)
    console.print(f"kept in {keep(verdicts, seed, ROOT / 'var' / 'faults')}", highlight=False)
    sys.exit(kept)


if __name__ == "__main__":
    main()
