"""`make run` and `make demo` as a new user meets them: started, played, ended with nothing left, started again with its data."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from backend.packs.folder import shipped_packs

ROOT = Path(__file__).parents[2]


def _free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except OSError:
        return False


@contextmanager
def _running(environ, base_url):
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "workers.supervisor"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        end = time.monotonic() + 120
        while not _answers(f"{base_url}/health/ready"):
            assert supervisor.poll() is None, supervisor.stdout.read()
            assert time.monotonic() < end, "not ready within two minutes"
            time.sleep(0.2)
        yield
    finally:
        supervisor.send_signal(signal.SIGTERM)
        said = supervisor.communicate(timeout=60)[0]
    assert supervisor.returncode == 0, said
    assert re.search(r"memory +\d+ MiB", said), said


def _left_running(var):
    """Return the processes that still say `var` in their environment."""
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"BALAI_VAR={var}".encode() in (process / "environ").read_bytes().split(b"\0"):
                left.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return left


def test_the_main_job_is_played_against_a_fresh_start_and_the_data_outlives_it(tmp_path):
    var, port = tmp_path / "var", _free_port()
    base_url = f"http://127.0.0.1:{port}"
    environ = {**os.environ, "BALAI_VAR": str(var), "PORT": str(port), "BALAI_WEB_PROCESSES": "1"}
    for name in ("DATABASE_URL", "REDIS_URL", "BALAI_ENV", "BALAI_RUNTIME_URL", "BALAI_OWNER_URL"):
        environ.pop(name, None)
    with _running(environ, base_url):
        written = json.loads((var / "demo.json").read_text())
        assert written["base_url"] == base_url
        assert written["regions"] == [folder.name for folder in shipped_packs()]
        stories = {}
        for region in ("banda-aceh", "sumedang", "nairobi"):
            played = subprocess.run(
                [sys.executable, "-m", "backend.cli", "demo", "--region", region],
                cwd=ROOT,
                env=environ,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert played.returncode == 0, played.stdout + played.stderr
            stories[region] = played.stdout
        for story in stories.values():
            assert "broke off in the middle" in story
            assert "one report" in story
            assert "served as 1600 x 1200 without any metadata" in story
            assert re.search(r"=> .*\[packs/[a-z-]+/complaints\.yaml:\d+\]", story)
            assert "done: submit > assign > accept > start > submit_evidence > validate > confirm" in story
    assert _left_running(var) == []
    number = re.search(r"one report, (\S+) in", stories["banda-aceh"])[1]
    began = time.monotonic()
    with _running(environ, base_url):
        assert time.monotonic() - began < 60
        assert _answers(f"{base_url}/v1/regions/banda-aceh/complaints/by-number/{number}")
    assert _left_running(var) == []
