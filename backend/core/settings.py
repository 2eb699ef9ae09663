"""Settings of one installation: from the environment, else from what `make run` wrote into `var/`."""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECRET_BYTES = 32
WAITING = 48  # requests of a web process, beside those that work
UPLOADS, UPLOADS_WAITING = 1, 16
THREADS_BESIDE = WAITING + UPLOADS_WAITING + 8  # those that wait, and some that read a body or say no


class SettingsError(Exception):
    """A setting is missing or wrong; the message names it and is fit for one line on a terminal."""


@dataclass(frozen=True, kw_only=True)
class BucketSettings:
    """Where pictures are kept that are not kept in `var`. Credentials come by the variables and files that AWS names."""

    name: str
    endpoint: str | None  # of a storage other than Amazon's
    region: str | None
    encryption: str | None  # AES256 or aws:kms; otherwise what the bucket does by itself


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a process needs to know before it can start. Secrets are never printed: see `__repr__`."""

    environment: str  # demo, test or production
    database_url: str  # the runtime role: owns nothing, bypasses nothing
    owner_url: str  # may create roles and tables; used by `balai db`, never by a server
    redis_url: str
    secret_key: bytes  # master of every derived key
    var: Path
    backups: Path
    bucket: BucketSettings | None
    pack_trust: Path | None  # public keys whose signature a pack needs; none: packs need none
    host: str
    port: int
    web_processes: int
    web_threads: int
    trusted_proxies: int  # how many proxies before us add to X-Forwarded-For
    metrics_port: int  # of the clock, on this machine alone; 0 counts nothing
    smtp_url: str | None
    log_level: str

    @property
    def demo(self) -> bool:
        """Whether messages are kept for reading back and limits are wide."""
        return self.environment in {"demo", "test"}

    def __repr__(self) -> str:
        return f"Settings(environment={self.environment!r}, var={str(self.var)!r})"


def written(var: Path, name: str) -> dict[str, Any]:
    """Return what `balai up` wrote into `var`, or nothing where it wrote nothing. Raises SettingsError."""
    try:
        content = json.loads((var / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{var / name} cannot be read: {error}") from error
    return content if isinstance(content, dict) else {}


def _bucket(given: Mapping[str, str]) -> BucketSettings | None:
    encryption = given.get("BALAI_S3_ENCRYPTION") or None
    if encryption not in {None, "AES256", "aws:kms"}:
        raise SettingsError(f"BALAI_S3_ENCRYPTION is {encryption!r}: use AES256 or aws:kms")
    name, endpoint = given.get("BALAI_S3_BUCKET"), given.get("BALAI_S3_ENDPOINT") or None
    if endpoint and not endpoint.startswith(("http://", "https://")):
        raise SettingsError(f"BALAI_S3_ENDPOINT is {endpoint!r}: an address that begins with https:// is needed")
    region = given.get("BALAI_S3_REGION") or None
    return BucketSettings(name=name, endpoint=endpoint, region=region, encryption=encryption) if name else None


def with_driver(url: str) -> str:
    """Return a database address with the driver named: `postgres://` and `postgresql://` mean psycopg 3 here."""
    for plain in ("postgres://", "postgresql://"):
        if url.startswith(plain):
            return f"postgresql+psycopg://{url.removeprefix(plain)}"
    return url


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environ` (the process's own if not given). Raises SettingsError, naming what is wrong.

    `var/local.json` (addresses of the servers that `balai up` started) and `var/secrets.json`
    (made once, readable by its owner alone) stand in for what the environment does not say, outside production alone.
    """
    given = dict(os.environ if environ is None else environ)
    var = Path(given.get("BALAI_VAR", "var")).absolute()
    environment = given.get("BALAI_ENV", "demo")
    if environment not in {"demo", "test", "production"}:
        raise SettingsError(f"BALAI_ENV is {environment!r}: use demo, test or production")
    local = {} if environment == "production" else written(var, "local.json") | written(var, "secrets.json")

    def text(name: str, otherwise: str | None = None) -> str:
        value = given.get(name) or local.get(name) or otherwise
        if not value:
            raise SettingsError(f"{name} is not set, and no running `make run` was found in {var}")
        return str(value)

    def number(name: str, otherwise: int, *, least: int, most: int) -> int:
        value = text(name, str(otherwise))
        if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
            raise SettingsError(f"{name} is {value!r}: a whole number from {least} to {most} is needed")
        return int(value)

    try:
        secret_key = base64.urlsafe_b64decode(text("BALAI_SECRET_KEY") + "==")
    except ValueError as error:
        raise SettingsError("BALAI_SECRET_KEY is not base64") from error
    if len(secret_key) < SECRET_BYTES:
        raise SettingsError(f"BALAI_SECRET_KEY is shorter than {SECRET_BYTES} bytes")
    owner_url = with_driver(text("BALAI_OWNER_URL", given.get("DATABASE_URL")))
    # Without a runtime role yet (`balai db setup` makes it) this is the owner's address, with which no server starts.
    database_url = with_driver(text("BALAI_RUNTIME_URL", given.get("DATABASE_URL") or owner_url))
    return Settings(
        environment=environment,
        database_url=database_url,
        owner_url=owner_url,
        redis_url=text("REDIS_URL"),
        secret_key=secret_key,
        var=var,
        backups=Path(text("BALAI_BACKUPS", str(var / "backups"))).absolute(),
        bucket=_bucket(given),
        pack_trust=Path(given["BALAI_PACK_TRUST"]).absolute() if given.get("BALAI_PACK_TRUST") else None,
        host=text("HOST", "127.0.0.1"),
        port=number("PORT", 8000, least=1, most=65535),
        web_processes=number("BALAI_WEB_PROCESSES", 2, least=1, most=64),
        web_threads=number("BALAI_WEB_THREADS", 3, least=1, most=64),
        trusted_proxies=number("BALAI_TRUSTED_PROXIES", 0, least=0, most=8),
        metrics_port=number("BALAI_METRICS_PORT", 0 if environment == "test" else 9464, least=0, most=65535),
        smtp_url=given.get("BALAI_SMTP_URL"),
        log_level=text("BALAI_LOG_LEVEL", "INFO"),
    )
