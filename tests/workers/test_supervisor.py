"""The supervisor over small real children, and over the real servers once."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from backend.local import LocalError, local_servers
from backend.local.processes import marked, running_in
from workers import supervisor as module
from workers.supervisor import SERVERS, WEB, WORKERS, Child, Supervisor

# The real thing, with three small programs in place of web, worker and clock. The worker starts a process in a group
# and session of its own, as RQ does for each job.
HOUSE = """
import os, sys
from workers.supervisor import *
web = '''
import http.server, os
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health/ready" else 404)
        self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Ready).serve_forever()
'''
clock = os.environ.get("CLOCK", "exec sleep 1000")
def children(settings):
    return [
        Child(name="worker", argv=["sh", "-c", "setsid sleep 1000 & exec sleep 1000"], stage=WORKERS),
        Child(name="clock", argv=["sh", "-c", clock], stage=WORKERS),
        Child(name="web", argv=[sys.executable, "-c", web], stage=WEB),
    ]
sys.exit(run(os.environ, prepare=["sh", "-c", os.environ.get("PREPARE", "echo prepared")], children=children))
"""


def wait_until(is_so, seconds=10.0):
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds
        time.sleep(0.01)
    return time.monotonic() - began


@contextlib.contextmanager
def house(var, **environ):
    """Yield the running supervisor, with PORT and the rest in its environment; kill it if the test does not end it."""
    with subprocess.Popen(
        [sys.executable, "-c", HOUSE],
        env=os.environ | {"BALAI_VAR": str(var), "BALAI_ENV": "test"} | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def said_until_ready(process):
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "to end it" in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def only(things):
    assert len(things) == 1
    return things[0]


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Addresses of servers that are not the supervisor's."""
    with local_servers(tmp_path_factory.mktemp("given"), durable=False) as servers:
        yield {"DATABASE_URL": servers.admin_url.replace("+psycopg", ""), "REDIS_URL": servers.redis_url}


def test_a_whole_life_with_both_servers_restarts_what_dies_and_leaves_nothing_but_the_data(tmp_path, port):
    var = tmp_path / "var"
    with house(var, PORT=port) as process:
        said = said_until_ready(process)
        assert f"http://127.0.0.1:{port}/docs" in said
        assert "prepared" in said
        assert "make demo" in said
        assert "MiB" in said
        addresses = json.loads((var / "local.json").read_text())
        assert (var / "local.json").stat().st_mode & 0o777 == 0o600
        assert (var / "secrets.json").stat().st_mode & 0o777 == 0o600
        secret = (var / "secrets.json").read_text()
        database = addresses["BALAI_OWNER_URL"].replace("+psycopg", "")
        with psycopg.connect(database) as connection:
            connection.execute("create table kept as select 7 as number")

        postgres, valkey = var / "postgres" / "data", var / "valkey" / "data"
        first = int((postgres / "postmaster.pid").read_text().split()[0])
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: first not in running_in(postgres, "postgres") and running_in(postgres, "postgres"), 1.5)
        killed = only(running_in(valkey, "valkey-server"))
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: running_in(valkey, "valkey-server") not in ([], [killed]), 1)
        wait_until(lambda: _answers(redis.Redis.from_url(addresses["REDIS_URL"]).ping, redis.RedisError))
        wait_until(lambda: _answers(lambda: psycopg.connect(database).close(), psycopg.OperationalError), 20)

        process.terminate()
        assert "killed by SIGKILL" in process.communicate(timeout=20)[0]
        assert process.wait(20) == 0
    assert marked(var) == running_in(postgres, "postgres") == running_in(valkey, "valkey-server") == []
    assert sorted(path.name for path in var.iterdir()) == ["log", "postgres", "secrets.json", "valkey"]
    assert sorted(path.name for path in (var / "postgres").iterdir()) == ["data"]

    with house(var, PORT=port) as process:
        said_until_ready(process)
        assert (var / "secrets.json").read_text() == secret
        with psycopg.connect(database) as connection:
            assert connection.execute("select number from kept").fetchone() == (7,)


def _answers(ask, error):
    try:
        ask()
    except error:
        return False
    return True


def test_a_killed_child_is_back_within_a_second_and_what_it_had_started_is_gone(tmp_path, port, given):
    with house(tmp_path, PORT=port, **given) as process:
        said_until_ready(process)
        for name in ("worker", "clock", "web"):
            first = set(wait_until_marked(tmp_path, name))
            os.kill(min(first), signal.SIGKILL)
            wait_until(lambda: (now := set(marked(tmp_path, name))) and not now & first, 1)  # noqa: B023 - called here


def wait_until_marked(var, name):
    wait_until(lambda: marked(var, name))
    return marked(var, name)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_every_process_in_whatever_group_and_gives_status_0(tmp_path, port, given, number):
    with house(tmp_path, PORT=port, **given) as process:
        said_until_ready(process)
        assert len(marked(tmp_path)) == 4  # web, worker with the process it has started, clock
        process.send_signal(number)
        said = process.communicate(timeout=20)[0]
        assert process.wait(10) == 0
    assert said.index("ending web") < said.index("ending worker, clock") < said.index("ended")
    assert marked(tmp_path) == []


def test_a_closed_terminal_ends_every_process_as_well(tmp_path, port, given):
    with house(tmp_path, PORT=port, **given) as process:
        said_until_ready(process)
        process.stdout.close()
        process.send_signal(signal.SIGHUP)
        process.wait(10)
    assert marked(tmp_path) == []
    assert not (tmp_path / "supervisor.lock").exists()


def test_a_signal_during_the_preparation_ends_it_with_status_0(tmp_path, port, given):
    with house(tmp_path, PORT=port, PREPARE="echo at work; exec sleep 1000", **given) as process:
        while "at work" not in process.stdout.readline():
            pass
        process.terminate()
        assert process.wait(10) == 0
    assert marked(tmp_path) == []


def test_nothing_outlives_a_killed_supervisor_but_what_the_next_start_ends(tmp_path, port, given):
    deaf = "trap '' TERM; while :; do sleep 0.2; done"
    with house(tmp_path, PORT=port, CLOCK=deaf, **given) as process:
        said_until_ready(process)
        process.kill()
        process.wait()
    wait_until(lambda: not marked(tmp_path, "web"))
    left = marked(tmp_path, "clock")
    assert left
    os.kill(min(left), signal.SIGSTOP)  # deaf to anything but SIGKILL
    with house(tmp_path, PORT=port, **given) as process:
        assert "processes that a killed run had left" in said_until_ready(process)
        assert not set(left) & set(marked(tmp_path))


def test_given_addresses_are_normalised_and_start_no_servers(tmp_path, port, given):
    with house(tmp_path, PORT=port, **given) as process:
        assert "starting postgres" not in said_until_ready(process)
        written = json.loads((tmp_path / "local.json").read_text())
    assert written["BALAI_OWNER_URL"].startswith("postgresql+psycopg://postgres@/balai?")
    assert written["REDIS_URL"] == given["REDIS_URL"]


def refusal(process):
    """Return the one line after which the supervisor ended with status 1."""
    said = process.communicate(timeout=20)[0].splitlines()
    assert process.returncode == 1
    assert [line for line in said if "cannot go on: " in line] == [said[-1]]
    return said[-1]


def test_a_taken_port_is_one_line(tmp_path, given):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = str(taken.getsockname()[1])
        with house(tmp_path, PORT=number, **given) as process:
            assert f"cannot listen on 127.0.0.1:{number}: Address already in use" in refusal(process)


def test_a_port_that_is_no_number_is_one_line(tmp_path):
    with house(tmp_path, PORT="eighty") as process:
        assert "PORT is 'eighty'" in refusal(process)


def test_a_second_supervisor_in_the_same_folder_is_one_line_and_harms_nothing(tmp_path, port, given):
    with house(tmp_path, PORT=port, **given) as first:
        said_until_ready(first)
        before = marked(tmp_path)
        with house(tmp_path, PORT=port, **given) as second:
            assert "is in use by another `make run`" in refusal(second)
        assert marked(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "address"),
    [("DATABASE_URL", "postgresql://a:secret@127.0.0.1:1/b"), ("REDIS_URL", "redis://127.0.0.1:1/0")],
)
def test_a_given_server_that_cannot_be_reached_is_one_line_without_its_password(tmp_path, port, given, name, address):
    with house(tmp_path, PORT=port, **(given | {name: address})) as process:
        line = refusal(process)
    assert f"the server of {name} cannot be reached" in line
    assert "secret" not in line


def test_production_says_what_is_missing_and_starts_no_servers(tmp_path, port):
    with house(tmp_path, PORT=port, BALAI_ENV="production") as process:
        assert "BALAI_SECRET_KEY is not set" in refusal(process)
    assert not (tmp_path / "postgres").exists()


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path, port):
    (tmp_path / "file").write_text("")
    with house(tmp_path / "file", PORT=port) as process:
        assert "cannot be written to: File exists" in refusal(process)


MAY_MOUNT = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "true"], check=False).returncode == 0


@pytest.mark.skipif(not MAY_MOUNT, reason="making a small disk needs a user namespace")
@pytest.mark.parametrize(("size", "line"), [("512k", "No space left on device"), ("20m", "the disk of .* is nearly full")])
def test_a_full_disk_is_one_line(tmp_path, size, line):
    inside = f'mount -t tmpfs -o size={size} none "$1" && BALAI_VAR="$1" exec "{sys.executable}" -m workers.supervisor'
    argv = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", inside, "sh", str(tmp_path)]
    said = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert re.search(line, only(said.stdout.splitlines()))
    assert not said.stderr


def test_a_failed_preparation_ends_everything_with_its_words(tmp_path, port, given):
    with house(tmp_path, PORT=port, PREPARE="echo the pack names a department that nobody defines; exit 3", **given) as run:
        said = run.communicate(timeout=20)[0]
        assert run.wait(10) == 1
    assert "the pack names a department that nobody defines\n" in said
    assert said.splitlines()[-1].endswith("prepare failed with status 3, for the reason above")
    assert marked(tmp_path) == []


def test_a_child_that_dies_at_the_start_ends_everything_with_the_end_of_its_log(tmp_path, port, given):
    with house(tmp_path, PORT=port, CLOCK="echo the spring is broken; exit 4", **given) as process:
        said = process.communicate(timeout=20)[0]
        assert process.wait(10) == 1
    assert "clock ended while starting (status 4)" in said
    assert "    the spring is broken" in said
    assert marked(tmp_path) == []


def test_a_child_that_keeps_dying_is_tried_again_after_a_while_and_that_is_said(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(module, "THEN_WAIT_SECONDS", 0.5)
    house = Supervisor(tmp_path, os.environ)
    house.starting = False
    house.add(Child(name="clock", argv=["sh", "-c", "echo no spring; exit 1"], stage=WORKERS))
    dead = house.watched[0]
    said = ""
    while "next try" not in said:
        house.pause()
        said += capsys.readouterr().out
    assert said.count("clock ended (status 1) and is started again; its last words: no spring\n") == 4
    assert len(dead.deaths) == 5
    waits_until, number = dead.due_at, dead.process.pid
    while dead.process.pid == number:
        house.pause()
    assert time.monotonic() >= waits_until
    house.stop()


def test_what_does_not_end_in_its_time_is_killed_with_its_group(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(module, "STOP_SECONDS", 0.3)
    house = Supervisor(tmp_path, os.environ)
    house.add(Child(name="deaf", argv=["sh", "-c", "trap '' TERM; sleep 1000 & sleep 1000"], stage=WORKERS))
    wait_until(lambda: len(marked(tmp_path, "deaf")) == 3)
    house.stop()
    assert "deaf did not end in 0.3 s and was killed" in capsys.readouterr().out
    assert marked(tmp_path) == []


def test_the_group_of_a_killed_child_is_gone_before_it_is_started_again(tmp_path):
    house = Supervisor(tmp_path, os.environ)
    house.starting = False
    house.add(Child(name="worker", argv=["sh", "-c", "env -i sh -c 'echo $$; exec sleep 1000' & wait"], stage=WORKERS))
    wait_until(lambda: house.log_of("worker").read_text())
    unmarked, first = int(house.log_of("worker").read_text()), house.watched[0].process.pid
    os.kill(first, signal.SIGKILL)
    while house.watched[0].process.pid == first:
        house.pause()
    wait_until(lambda: not _is_alive(unmarked), 1)
    house.stop()


def _is_alive(pid):
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_stages_end_downwards_and_each_waits_for_the_one_above(tmp_path):
    house = Supervisor(tmp_path, os.environ)
    order = tmp_path / "order"
    for name, stage in (("server", SERVERS), ("worker", WORKERS), ("web", WEB)):
        script = f"trap 'sleep 0.2; echo {name} >> {order}; exit' TERM; echo up; while :; do sleep 0.02; done"
        house.add(Child(name=name, argv=["sh", "-c", script], stage=stage))
        wait_until(lambda: "up" in house.end_of_log(name).splitlines()[-1])  # noqa: B023 - called here
    house.stop()
    assert order.read_text().split() == ["web", "worker", "server"]


def test_a_log_that_has_grown_is_put_by_at_the_next_start(tmp_path):
    house = Supervisor(tmp_path, os.environ)
    house.log_of("clock").parent.mkdir()
    house.log_of("clock").write_bytes(b"old\n" * 3_000_000)
    house.run_once("nothing", ["true"])
    house.add(Child(name="clock", argv=["sh", "-c", "echo new; exec sleep 1000"], stage=WORKERS))
    wait_until(lambda: house.log_of("clock").read_bytes() == b"new\n")
    house.stop()
    assert (tmp_path / "log" / "clock.log.1").stat().st_size == 12_000_000


def test_a_program_run_once_that_fails_says_its_status(tmp_path):
    with pytest.raises(LocalError, match="look failed with status 5"):
        Supervisor(tmp_path, os.environ).run_once("look", ["sh", "-c", "exit 5"])
