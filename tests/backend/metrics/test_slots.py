"""Counting in files: slots that outlive their processes, and children that come and go."""

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from prometheus_client.multiprocess import MultiProcessCollector

from backend.core import metrics
from tests.backend.metrics.conftest import samples_of

COUNT = """
import os, sys, time
from pathlib import Path
from types import SimpleNamespace
from backend.core import metrics

metrics.count_as(sys.argv[1], SimpleNamespace(metrics_port=int(sys.argv[3]), var=Path(sys.argv[2])))
metrics.DRAINS.labels("worker").inc()
metrics.POOL_SIZE.labels(metrics.role()).set(2)
{then}
"""
FORK = """
for _ in range(40):
    if pid := os.fork():
        os.waitpid(pid, 0)
    else:
        metrics.CARRIED.labels("a.b", "done").inc()
        metrics.POOL_IN_USE.labels(metrics.role()).set(7)
        os._exit(0)
"""
WAIT = "print(metrics._slot[0], flush=True); time.sleep(60)"


@pytest.fixture
def settings(tmp_path):
    return SimpleNamespace(metrics_port=1, var=tmp_path)


@pytest.fixture
def start(tmp_path):
    """Return a function that starts a process that counts, and waits for its first line if it is to live on."""
    started = []

    def start(role, then, port=1):
        argv = [sys.executable, "-c", COUNT.replace("{then}", then), role, str(tmp_path), str(port)]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        started.append(process)
        process.slot = process.stdout.readline().strip() if then.endswith(WAIT) else process.wait(20)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def read(settings):
    return lambda: samples_of(MultiProcessCollector(None, path=str(metrics.metrics_folder(settings))).collect())


def test_each_process_has_a_slot_of_its_own_and_the_next_one_counts_on_where_a_dead_one_stopped(start, read, settings):
    first, second = start("web", WAIT), start("web", WAIT)
    assert [first.slot, second.slot] == ["web-1", "web-2"]
    assert read().of("balai_drains_total") == 2
    first.kill()
    first.wait()
    third = start("web", WAIT)
    assert third.slot == "web-1"
    assert read().of("balai_drains_total") == 3
    assert metrics.living(metrics.metrics_folder(settings)) == {"web": 2, "worker": 0, "clock": 0}


def test_the_gauges_of_a_dead_process_are_forgotten_and_its_counts_stay(start, read, settings):
    process = start("worker", WAIT)
    folder = metrics.metrics_folder(settings)
    assert metrics.living(folder) == {"web": 0, "worker": 1, "clock": 0}
    assert read().of("balai_database_pool_size") == 2
    process.kill()
    process.wait()
    assert metrics.living(folder) == {"web": 0, "worker": 0, "clock": 0}
    assert read().of("balai_database_pool_size") is None
    assert read().of("balai_drains_total") == 1


def test_children_that_end_without_a_word_are_counted_and_leave_no_files_of_their_own(start, read, settings):
    assert start("worker", FORK).slot == 0
    folder = metrics.metrics_folder(settings)
    assert read().of("balai_deliveries_carried_total", outcome="done") == 40
    assert read().of("balai_database_pool_in_use", process="worker") == 7
    files = sorted(file.name for file in folder.iterdir())
    assert start("worker", FORK).slot == 0
    assert sorted(file.name for file in folder.iterdir()) == files
    assert read().of("balai_deliveries_carried_total", outcome="done") == 80
    metrics.living(folder)
    assert read().of("balai_database_pool_in_use") is None


def test_what_was_counted_before_the_last_boot_is_thrown_away(start, settings):
    before = settings.var / "metrics" / "another-boot"
    before.mkdir(parents=True)
    (before / "counter_web-1.db").write_bytes(b"half a file")
    start("web", "")
    assert [folder.name for folder in (settings.var / "metrics").iterdir()] == [metrics.metrics_folder(settings).name]


def test_with_metrics_off_no_file_is_written(start, settings):
    start("web", "", port=0)
    assert not (settings.var / "metrics").exists()


def test_a_child_that_outlives_its_killed_parent_keeps_the_slot_until_it_ends(start):
    first = start("worker", "if not os.fork():\n    time.sleep(1)\n    os._exit(0)\n" + WAIT)
    assert first.slot == "worker-1"
    first.kill()
    assert start("worker", WAIT).slot == "worker-2"
    time.sleep(1.5)
    assert start("worker", WAIT).slot == "worker-1"
