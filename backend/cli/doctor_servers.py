"""What `balai doctor` asks of the servers: locks, migrations, durability and clock of the database, and who may reach Redis."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from redis import ConnectionPool, Redis, RedisError, SSLConnection
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from backend.accounts.queries import staff_email_index
from backend.app import load_registry
from backend.cli.database import guests
from backend.cli.demo_accounts import demo_emails
from backend.cli.findings import Finding, is_near, noted, refused
from backend.core.clock import utc_now
from backend.core.crypto import Keyring
from backend.core.settings import Settings
from backend.data import migrating
from backend.data.protection import RoleError, refuse_powerful_role, refuse_unprotected_tables

MOST_SKEW_SECONDS = 5.0
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


def examine_database(settings: Settings) -> Iterator[Finding]:
    """Find what is wrong with the database and with the role that servers use."""
    try:
        with migrating.owner_engine(settings.database_url).connect() as connection:
            yield from _locks(connection)
            yield from _durability(connection)
            yield from _clock(connection)
            behind = [line for line, (at, head) in migrating.status(settings.database_url, guests()).items() if at != head]
            if behind:
                yield refused("migrations", f"{', '.join(behind)} are behind: run `balai db migrate`")
            else:
                yield from _zones(connection)
                yield from _left_by_the_demo(connection, Keyring(settings.secret_key))
    except OperationalError as error:
        yield refused("database", f"it cannot be reached: {str(error.orig).strip().splitlines()[0]}")


def _locks(connection: Connection) -> Iterator[Finding]:
    try:
        refuse_powerful_role(connection)
    except RoleError as error:
        yield refused("role", str(error))
    try:
        refuse_unprotected_tables(connection, load_registry().tenant_tables)
    except RoleError as error:
        yield refused("tables", str(error))


def _durability(connection: Connection) -> Iterator[Finding]:
    asked = text("SELECT name FROM pg_settings WHERE name = ANY(:names) AND setting = 'off' ORDER BY name")
    for name in connection.scalars(asked, {"names": list(DURABLE)}):
        yield refused("durability", f"{name} is off, so a power cut takes accepted reports with it: set it on in postgresql.conf")


def _clock(connection: Connection) -> Iterator[Finding]:
    before = utc_now()
    theirs = connection.scalar(text("SELECT clock_timestamp()"))
    after = utc_now()
    assert theirs is not None  # noqa: S101 - a function without a condition
    skew = (theirs - (before + (after - before) / 2)).total_seconds()
    if abs(skew) > MOST_SKEW_SECONDS:
        yield refused("clock", f"the database's is {skew:+.0f} s from this machine's: run an NTP service on both")


def _zones(connection: Connection) -> Iterator[Finding]:
    for name in connection.scalars(text("SELECT DISTINCT timezone FROM regions ORDER BY timezone")):
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            yield refused(
                "time zones", f"{name} of a region is unknown here: install the package tzdata, or mend the region's pack"
            )


def _left_by_the_demo(connection: Connection, keyring: Keyring) -> Iterator[Finding]:
    regions = connection.scalars(text("SELECT key FROM regions")).all()
    indexes = [staff_email_index(keyring, email) for key in regions for email in demo_emails(key)]
    asked = text("SELECT count(*) FROM staff_accounts WHERE email_index = ANY(:indexes) AND disabled_at IS NULL")
    if connection.scalar(asked, {"indexes": indexes}):
        yield refused("demo", "its accounts are here, whose passwords lie in var/demo.json: use a database that was never a demo")
    if connection.scalar(text("SELECT EXISTS (SELECT 1 FROM demo_messages)")):
        yield refused("demo", "its messages are here, codes among them: use a database that was never a demo")


def examine_redis(settings: Settings) -> Iterator[Finding]:
    """Find who else may reach Redis: what stands in it is nobody's secret, but whoever writes there starts jobs."""
    redis = Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=2)
    pool = redis.connection_pool
    host = pool.connection_kwargs.get("host")
    near = host is None or is_near(host)
    try:
        redis.ping()
    except (RedisError, OSError) as error:
        yield refused("redis", f"it does not answer ({type(error).__name__}): start it, or mend REDIS_URL")
        return
    if _answers_anybody(pool):
        todo = "give it a password (requirepass or an ACL), and say it in REDIS_URL"
        if not near:
            yield refused("redis", f"{host} answers whoever asks, without a password: {todo}")
        elif _listens_wide(redis):
            yield refused("redis", f"it listens to the network and asks for no password: bind it to 127.0.0.1, or {todo}")
    elif not near and not issubclass(pool.connection_class, SSLConnection):
        yield noted("redis", f"the password goes to {host} in clear: use rediss://, or a network of its own")


def _answers_anybody(pool: ConnectionPool) -> bool:
    proofs = {"username", "password", "credential_provider", "ssl_certfile", "ssl_keyfile"}
    options = {name: value for name, value in pool.connection_kwargs.items() if name not in proofs}
    try:
        Redis(connection_pool=ConnectionPool(connection_class=pool.connection_class, **options)).ping()
    except (RedisError, OSError):
        return False
    return True


def _listens_wide(redis: Redis) -> bool:
    """Tell whether other machines get an answer. A Redis that does not let itself be asked is taken for one that does."""
    try:
        told = {name: str(redis.config_get(name).get(name, "")) for name in ("bind", "port", "tls-port", "protected-mode")}
    except RedisError:
        return True
    ports = {told["port"], told["tls-port"]} - {"", "0"}
    addresses = [address.removeprefix("-") for address in told["bind"].split()]
    return bool(ports) and told["protected-mode"] != "yes" and not all(map(is_near, addresses))
