"""`balai doctor` passes a good production, and names each thing that is wrong with a bad one."""

import base64
import json
import os
import secrets
import shutil
import signal
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine

from backend.accounts import create_staff
from backend.cli import balai, doctor, doctor_servers
from backend.cli.doctor import examine
from backend.cli.house import open_house
from backend.core.clock import utc_now
from backend.core.settings import load_settings
from backend.data.unit_of_work import unit_of_work
from backend.local import local_servers
from backend.local.processes import end, start
from backend.local.valkey import LocalValkey
from backend.testing.installation import make_installation
from tests.running import free_port, wait_until

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is refused


def encoded(key):
    return base64.urlsafe_b64encode(key).decode()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An installation on servers that keep what they are given, as the superuser sets it up."""
    folder = tmp_path_factory.mktemp("doctor")
    with local_servers(folder) as servers:
        addresses = {"admin_url": servers.admin_url, "redis_url": servers.redis_url}
        yield make_installation(addresses, name="doctor", var=folder / "var")


@pytest.fixture(scope="module")
def admin(made):
    engine = create_engine(made["BALAI_OWNER_URL"], isolation_level="AUTOCOMMIT")

    def sql(*statements):
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    yield sql
    engine.dispose()


@pytest.fixture
def good(made, tmp_path):
    """The environment of a good production, with a folder that a test may spoil."""
    (tmp_path / "blobs").mkdir(mode=0o700)
    (tmp_path / "backups").mkdir()
    note_backup(tmp_path, utc_now())
    runtime = json.loads((Path(made["BALAI_VAR"]) / "local.json").read_text())["BALAI_RUNTIME_URL"]
    return {
        "BALAI_ENV": "production",
        "BALAI_VAR": str(tmp_path),
        "DATABASE_URL": runtime,
        "REDIS_URL": made["REDIS_URL"],
        "BALAI_SECRET_KEY": made["BALAI_SECRET_KEY"],
        "BALAI_TRUSTED_PROXIES": "1",
        "BALAI_SMTP_URL": "smtps://post.example.org/?from=balai@example.org",
    }


def note_backup(var, made_at):
    (var / "backups" / "latest.json").write_text(json.dumps({"made_at": made_at.isoformat()}))


def told(environ):
    return [(finding.what, finding.text) for finding in examine(environ) if finding.refused]


def one(environ, what, *words):
    """Assert that this alone is refused, with these words."""
    ((found, text),) = told(environ)
    assert found == what
    assert [word for word in words if word not in text] == []


def test_a_good_production_passes(good):
    assert examine(good) == []
    done = CliRunner().invoke(balai, ["doctor"], env=good | {"DATABASE_URL": good["DATABASE_URL"]})
    assert (done.output, done.exit_code) == ("fit for production\n", 0)


@pytest.mark.parametrize(
    ("setting", "what", "words"),
    [
        ({"BALAI_ENV": "test"}, "environment", ["set BALAI_ENV=production"]),
        ({"BALAI_SECRET_KEY": encoded(bytes(32))}, "secret", ["not drawn by chance"]),
        ({"BALAI_SECRET_KEY": encoded(bytes(range(48)))}, "secret", ["not drawn by chance"]),
        ({"BALAI_SECRET_KEY": encoded(b"correct horse battery staple for ever")}, "secret", ["not drawn by chance"]),
        ({"BALAI_SECRET_KEY": encoded(secrets.token_bytes(4) * 8)}, "secret", ["not drawn by chance"]),
        ({"BALAI_SECRET_KEY": "c2hvcnQ="}, "settings", ["shorter than 32 bytes"]),
        ({"BALAI_SECRET_KEY": ""}, "settings", ["BALAI_SECRET_KEY is not set"]),
        ({"BALAI_KILL_AT": "after-commit:0.01"}, "fault runs", ["BALAI_KILL_AT"]),
        ({"BALAI_LOG_LEVEL": "DEBUG"}, "log", ["set it to INFO"]),
        ({"HOST": EVERYWHERE}, "https", ["without TLS", "deploy/nginx"]),
        ({"HOST": "balai.example.org"}, "https", ["without TLS"]),
        ({"BALAI_TRUSTED_PROXIES": "0"}, "https", ["set BALAI_TRUSTED_PROXIES=1"]),
        ({"DATABASE_URL": "postgresql://balai_runtime:word@127.0.0.1:1/balai"}, "database", ["cannot be reached"]),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "redis", ["does not answer"]),
    ],
)
def test_a_setting_is_refused(good, setting, what, words):
    one(good | setting, what, *words)


def test_keys_that_were_drawn_by_chance_are_taken(good):
    for _ in range(20):
        assert told(good | {"BALAI_SECRET_KEY": encoded(secrets.token_bytes(32))}) == []


def test_the_secret_of_a_demo_is_refused(good, tmp_path):
    (tmp_path / "secrets.json").write_text(json.dumps({"BALAI_SECRET_KEY": good["BALAI_SECRET_KEY"]}))
    one(good, "secret", "make run")


def test_pictures_that_anybody_may_read_or_nobody_may_write_are_refused(good, tmp_path):
    (tmp_path / "blobs").chmod(0o755)
    one(good, "pictures", f"chmod 700 {tmp_path}/blobs")
    environ = good | {"BALAI_VAR": "/proc/balai", "BALAI_BACKUPS": str(tmp_path / "backups")}
    assert [finding for finding in told(environ) if finding[0] == "pictures"] == [
        ("pictures", "/proc cannot be written to (No such file or directory): chown it to the user of Balai")
    ]


def test_a_full_disk_is_refused(good, monkeypatch):
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", shutil.disk_usage("/").total)
    one(good, "disk", "MB are free")


def test_no_backup_and_one_of_the_day_before_yesterday_are_refused(good, tmp_path):
    note_backup(tmp_path, utc_now() - timedelta(hours=25))
    assert told(good) == []
    note_backup(tmp_path, utc_now() - timedelta(hours=48))
    one(good, "backup", "more than a day ago", "balai backup make")
    (tmp_path / "backups" / "latest.json").unlink()
    one(good, "backup", "none is noted", "balai backup make")


def test_a_superuser_and_a_role_that_owns_tables_are_refused(good, made, admin):
    one(good | {"DATABASE_URL": made["BALAI_OWNER_URL"]}, "role", "bypasses row-level security", "balai db setup")
    with done(admin, "GRANT doctor_owner TO doctor_runtime", "REVOKE doctor_owner FROM doctor_runtime"):
        one(good, "role", "owns")
    with done(admin, "ALTER ROLE doctor_runtime BYPASSRLS", "ALTER ROLE doctor_runtime NOBYPASSRLS"):
        one(good, "role", "bypasses row-level security")


@contextmanager
def done(admin, statement, undo):
    admin(statement)
    try:
        yield
    finally:
        admin(undo)


# What is done to the database, how it is undone, and what is found.
SPOILT = {
    "tables": (
        "ALTER TABLE complaints NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE complaints FORCE ROW LEVEL SECURITY",
        "complaints of complaints",
    ),
    "migrations": (
        "CREATE TABLE kept AS SELECT * FROM alembic_version; UPDATE alembic_version SET version_num = '0001_regions'",
        "UPDATE alembic_version SET version_num = (SELECT version_num FROM kept); DROP TABLE kept",
        "balai db migrate",
    ),
    "durability": (
        "ALTER ROLE doctor_runtime SET synchronous_commit = off",
        "ALTER ROLE doctor_runtime RESET synchronous_commit",
        "synchronous_commit is off",
    ),
    "time zones": (
        "UPDATE regions SET timezone = 'Asia/Nowhere' WHERE key = 'sumedang'",
        "UPDATE regions SET timezone = 'Asia/Jakarta' WHERE key = 'sumedang'",
        "Asia/Nowhere",
    ),
    "demo": (
        "INSERT INTO demo_messages (key, at, channel, \"to\", text) VALUES ('k', now(), 'sms', '+62812', 'x')",
        "DELETE FROM demo_messages",
        "its messages",
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_database_is_refused(good, admin, what):
    statement, undo, word = SPOILT[what]
    with done(lambda several: admin(*several.split("; ")), statement, undo):
        one(good, what, word)
    assert told(good) == []


def test_a_database_that_does_not_wait_for_the_disk_is_refused(good, environ):
    hasty = json.loads((Path(environ["BALAI_VAR"]) / "local.json").read_text())["BALAI_RUNTIME_URL"]
    said = [text for what, text in told(good | {"DATABASE_URL": hasty}) if what == "durability"]
    assert [text.split()[0] for text in said] == ["fsync", "full_page_writes", "synchronous_commit"]


def test_the_accounts_of_a_demo_are_refused(good, made, admin):
    with open_house(load_settings(made)) as house, unit_of_work(house.ground, region=house.directory.find("sumedang")) as ctx:
        create_staff(
            ctx,
            email="triage@sumedang.demo.balai.example",
            password="kata sandi yang panjang",
            name="Demo triage",
            role="triage",
            department_key=None,
        )
    one(good, "demo", "its accounts")
    admin("DELETE FROM memberships", "DELETE FROM staff_accounts")


def test_clocks_that_disagree_are_refused(good, monkeypatch):
    monkeypatch.setattr(doctor_servers, "utc_now", lambda: utc_now() + timedelta(seconds=60))
    one(good, "clock", "-60 s", "NTP")


@contextmanager
def valkey(folder, *words):
    """Run a Valkey that listens on a port of TCP as its words say; yield the port."""
    server, port = LocalValkey(folder, durable=False), free_port()
    server.prepare()
    argv = server.argv()
    argv[argv.index("--port") + 1] = port
    process = start([*argv, *words], environ=os.environ, log=folder / "valkey.log")
    try:
        wait_until(lambda: b"ready to accept" in (folder / "valkey.log").read_bytes().lower())
        yield port
    finally:
        end(process, signal.SIGKILL, patience=5)
        server.tidy()
        (folder / "valkey.log").unlink()


def test_a_redis_open_to_the_network_is_refused_and_one_with_a_password_or_a_closed_door_is_not(good, tmp_path):
    with valkey(tmp_path / "open", "--bind", "*", "--protected-mode", "no") as port:
        one(good | {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}, "redis", "listens to the network", "bind it to 127.0.0.1")
        one(good | {"REDIS_URL": f"redis://{EVERYWHERE}:{port}/0"}, "redis", "answers whoever asks")
    with valkey(tmp_path / "deaf", "--bind", "*", "--protected-mode", "no", "--rename-command", "CONFIG", "") as port:
        one(good | {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}, "redis", "listens to the network")
    for words in (["--bind", "127.0.0.1", "-::1"], ["--bind", "*", "--protected-mode", "yes"]):
        with valkey(tmp_path / "closed", *words) as port:
            assert told(good | {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}) == []
    with valkey(tmp_path / "guarded", "--bind", "*", "--requirepass", "a long word") as port:
        assert told(good | {"REDIS_URL": f"redis://:a%20long%20word@127.0.0.1:{port}/0"}) == []
        environ = good | {"REDIS_URL": f"redis://:a%20long%20word@0.0.0.0:{port}/0"}
        assert [(finding.what, finding.refused) for finding in examine(environ)] == [("redis", False)]
        one(good | {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}, "redis", "does not answer (AuthenticationError)")


def test_what_is_lacking_is_a_note(good):
    found = examine(good | {"BALAI_SMTP_URL": "", "BALAI_METRICS_PORT": "0"})
    assert [(finding.what, finding.refused) for finding in found] == [("e-mail", False), ("metrics", False)]


def test_a_demo_is_told_what_production_would_refuse_and_refused_only_when_it_is_judged_so(made):
    told = CliRunner().invoke(balai, ["doctor"], env=made)
    assert told.exit_code == 0
    assert {line.split()[0] for line in told.output.splitlines()[:-1]} == {"note"}
    judged = CliRunner().invoke(balai, ["doctor", "--production"], env=made)
    assert judged.exit_code == 1
    refused = {line.split(":")[0] for line in judged.output.splitlines() if line.startswith("refused")}
    assert refused == {f"refused  {what}" for what in ("environment", "backup", "https")}
    assert judged.output.splitlines()[-1] == "3 of it production refuses"
