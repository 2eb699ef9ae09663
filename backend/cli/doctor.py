"""`balai doctor`: whether an installation is fit for production; each finding is a line that says what to do."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import click

from backend.cli.doctor_servers import examine_database, examine_redis
from backend.cli.findings import Finding, is_near, noted, refused
from backend.core.clock import utc_now
from backend.core.fault_points import VARIABLE as KILL_AT
from backend.core.settings import Settings, SettingsError, load_settings, written
from backend.data.figures import newest_backup_at
from backend.pages.assets import missing_assets

LEAST_DIFFERENT = 16  # of 32 bytes drawn by chance about 30 differ, and as many of the steps between them
BACKUP_EVERY = timedelta(hours=26)  # a day, and time to make it
LEAST_FREE_BYTES, LEAST_FREE_SHARE = 1_000_000_000, 0.05


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What is examined: the settings, and the environment they were read from."""

    settings: Settings
    environ: Mapping[str, str]


def _demo(place: Installation) -> Iterator[Finding]:
    if place.settings.environment != "production":
        yield refused("environment", f"it runs as {place.settings.environment}, open to all: set BALAI_ENV=production")


def _secret(place: Installation) -> Iterator[Finding]:
    key = place.settings.secret_key
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    make = "make one as `Secrets` in docs/operating.md says, before there are data under this one"
    if min(len(set(key)), len(steps)) < LEAST_DIFFERENT or (key.isascii() and key.decode().isprintable()):
        yield refused("secret", f"BALAI_SECRET_KEY was not drawn by chance: {make}")
    if place.environ.get("BALAI_SECRET_KEY", "").rstrip("=") in {"", _demo_secret(place.settings.var)}:
        yield refused("secret", f"BALAI_SECRET_KEY is the one that `make run` put into {place.settings.var}/secrets.json: {make}")


def _demo_secret(var: Path) -> str:
    return str(written(var, "secrets.json").get("BALAI_SECRET_KEY", "")).rstrip("=")


def _faults(place: Installation) -> Iterator[Finding]:
    if place.environ.get(KILL_AT):
        yield refused("fault runs", f"{KILL_AT} kills processes at random: take it out of the environment")


def _log_level(place: Installation) -> Iterator[Finding]:
    if place.settings.log_level.upper() == "DEBUG":
        yield refused("log", "BALAI_LOG_LEVEL is DEBUG, at which libraries log what people wrote: set it to INFO")


def _pictures(place: Installation) -> Iterator[Finding]:
    if place.settings.bucket:  # that it is there and ours, every process asks when it starts
        return
    folder = place.settings.var / "blobs"
    there = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        yield refused("pictures", f"{there} cannot be written to ({error.strerror}): chown it to the user of Balai")
    if there == folder and folder.stat().st_mode & 0o007:
        yield refused("pictures", f"{folder} is open to every user of this machine: chmod 700 {folder}")


def _disk(place: Installation) -> Iterator[Finding]:
    there = next(path for path in (place.settings.var, *place.settings.var.parents) if path.exists())
    disk = shutil.disk_usage(there)
    if disk.free < LEAST_FREE_BYTES or disk.free < disk.total * LEAST_FREE_SHARE:
        yield refused("disk", f"{disk.free // 1_000_000} MB are free at {there}: make room, or set BALAI_VAR to a larger disk")


def _backup(place: Installation) -> Iterator[Finding]:
    folder, made_at = place.settings.backups, newest_backup_at(place.settings.backups)
    todo = "run `balai backup make`, and every day by balai-backup.timer"
    if made_at is None:
        yield refused("backup", f"none is noted in {folder}: {todo}")
    elif utc_now() - made_at > BACKUP_EVERY:
        yield refused("backup", f"the newest in {folder} was made at {made_at:%Y-%m-%d %H:%M}, more than a day ago: {todo}")


def _proxy(place: Installation) -> Iterator[Finding]:
    settings = place.settings
    if not is_near(settings.host):
        todo = "set HOST=127.0.0.1 and put a proxy with TLS before it (deploy/nginx)"
        yield refused("https", f"web listens on {settings.host} and speaks HTTP without TLS to whoever reaches it: {todo}")
    elif settings.trusted_proxies == 0:
        yield refused("https", "all guests would count as one, with the proxy's address: set BALAI_TRUSTED_PROXIES=1")


def _lacking(place: Installation) -> Iterator[Finding]:
    if not place.settings.smtp_url:
        yield noted("e-mail", "staff cannot be invited, since no e-mail leaves: set BALAI_SMTP_URL")
    if missing := missing_assets():
        todo = "install Node.js and run `npm ci --omit=dev` in backend/pages/npm"
        yield noted("pages", f"they run without {', '.join(missing)}: {todo}")
    if not place.settings.metrics_port:
        yield noted("metrics", "nobody is warned when something stops: set BALAI_METRICS_PORT")


CHECKS: tuple[Callable[[Installation], Iterator[Finding]], ...] = (
    *(_demo, _secret, _faults, _log_level, _pictures, _disk, _backup, _proxy, _lacking),
    lambda place: examine_database(place.settings),
    lambda place: examine_redis(place.settings),
)


def examine(environ: Mapping[str, str]) -> list[Finding]:
    """Return what is wrong with the installation that `environ` tells of."""
    try:
        place = Installation(settings=load_settings(environ), environ=environ)
    except SettingsError as error:
        return [refused("settings", str(error))]
    return [finding for check in CHECKS for finding in check(place)]


@click.command()
@click.option("--production", is_flag=True, help="Judge a demo as if it were production.")
def doctor(*, production: bool) -> None:
    """Examine this installation; exit status 1 when production is refused."""
    findings = examine(os.environ)
    strict = production or os.environ.get("BALAI_ENV") == "production"
    for finding in findings:
        click.echo(f"{'refused' if finding.refused and strict else 'note   '}  {finding.what}: {finding.text}")
    refusals = sum(finding.refused for finding in findings)
    click.echo(f"{refusals} of it production refuses" if refusals else "fit for production")
    raise SystemExit(bool(refusals) and strict)


COMMANDS = (doctor,)
