"""`balai up` and what it prepares before the servers start."""

import json
import os
import sys
import time
from pathlib import Path

import click

from backend.cli.database import set_up_and_migrate
from backend.cli.demo_accounts import make_demo_accounts
from backend.cli.house import open_house
from backend.core.settings import load_settings
from backend.packs.apply import offer_pack
from backend.packs.folder import gather, shipped_packs


@click.command()
def up() -> None:
    """Run everything on this machine: what `make run` runs."""
    os.execv(sys.executable, [sys.executable, "-m", "workers.supervisor"])  # noqa: S606 - the supervisor takes this process over


@click.command(hidden=True)
def prepare() -> None:
    """Make roles, tables, the shipped regions and the demo's accounts; harmless when repeated."""
    started = time.monotonic()

    def say(text: str) -> None:
        click.echo(f"[{time.monotonic() - started:5.1f} s] {text}")

    heads = set_up_and_migrate(load_settings())
    say(f"database roles are set and migrations are at {', '.join(heads.values())}")
    settings = load_settings()
    with open_house(settings) as house:
        # Shipped regions are examples: an operator applies the region's own pack.
        for folder in shipped_packs() if settings.demo else ():
            applied = offer_pack(house, gather(folder))
            what = f"version {applied.version} ({applied.areas} areas)" if applied else "as it was"
            say(f"region {folder.name}: {what}")
        if settings.environment == "demo":
            staff = make_demo_accounts(house)
            written = {
                "base_url": f"http://{settings.host}:{settings.port}",
                "regions": [region.key for region in house.directory.all()],
                "staff": staff,
            }
            _write_private(settings.var / "demo.json", written)
            say(f"{len(staff)} demo accounts are in {settings.var / 'demo.json'}")


def _write_private(path: Path, content: object) -> None:
    beside = path.with_suffix(".new")
    beside.touch(mode=0o600)
    beside.write_text(json.dumps(content, indent=1), encoding="utf-8")
    beside.replace(path)


COMMANDS = (up, prepare)
