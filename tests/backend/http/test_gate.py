"""The gate: some work, some wait in turns by region, the rest is told to come again."""

import threading
import time
from contextlib import suppress

import pytest

from backend.core.errors import DomainError, Kind
from backend.http.gate import Gate


class Queue:
    """Requests that wait at a gate in threads of their own, and the order in which they were let in."""

    def __init__(self, gate):
        self.gate = gate
        self.let_in = []
        self.threads = []

    def ask(self, region):
        def wait():
            with suppress(DomainError), self.gate.entered(region):
                self.let_in.append(region)

        before = self.gate._held  # noqa: SLF001 - how many wait
        self.threads.append(threading.Thread(target=wait))
        self.threads[-1].start()
        until = time.monotonic() + 5
        while self.gate._held == before and time.monotonic() < until:  # noqa: SLF001
            time.sleep(0.001)

    def join(self):
        for thread in self.threads:
            thread.join(5)


def test_regions_take_turns_however_many_of_one_wait():
    gate = Gate(working=1, waiting=20)
    queue = Queue(gate)
    with gate.entered("flooding"):
        for region in ("flooding", "flooding", "flooding", "calm", "flooding", "calm"):
            queue.ask(region)
    queue.join()
    assert queue.let_in == ["flooding", "calm", "flooding", "calm", "flooding", "flooding"]


def test_a_region_that_floods_leaves_room_for_the_others():
    gate = Gate(working=1, waiting=4)
    queue = Queue(gate)
    with gate.entered("flooding"):
        queue.ask("flooding")
        queue.ask("flooding")
        assert gate.is_full("flooding")
        assert not gate.is_full("calm")
        with pytest.raises(DomainError) as refused, gate.entered("flooding"):
            pass
        queue.ask("calm")
    queue.join()
    assert sorted(queue.let_in) == ["calm", "flooding", "flooding"]
    assert refused.value.kind is Kind.UNAVAILABLE
    assert 1 <= refused.value.retry_after <= 5


def test_nobody_waits_beyond_the_whole_or_for_ever():
    gate = Gate(working=1, waiting=2, patience_seconds=0.05)
    with gate.entered("one"):
        with pytest.raises(DomainError, match="unavailable"), gate.entered("one"):
            pass
        queue = Queue(gate)
        queue.ask("one")
        queue.ask("two")
        assert gate.is_full("three")
        time.sleep(0.1)
        assert not gate.is_full("three")
    with gate.entered("one"):
        pass


def test_a_turn_comes_back_whatever_happens_in_it():
    gate = Gate(working=1, waiting=2, patience_seconds=0.05)
    for _ in range(3):
        with pytest.raises(KeyError), gate.entered("one"):
            raise KeyError
    with gate.entered("one"):
        pass


def test_as_many_work_as_may_and_each_is_let_in_once():
    gate = Gate(working=3, waiting=100)
    inside, most, done = set(), [], []

    def work(number):
        with gate.entered(f"region {number % 5}"):
            inside.add(number)
            most.append(len(inside))
            time.sleep(0.002)
            inside.remove(number)
            done.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert sorted(done) == list(range(40))
    assert max(most) == 3


def test_the_doorman_says_no_in_the_readers_language_and_only_when_full(app, client, house, monkeypatch):
    asked = {"path": "/v1/regions/banda-aceh/complaints", "headers": {"Accept-Language": "en"}}
    assert client.get(**asked).status_code == 200
    monkeypatch.setattr(house.gate, "is_full", lambda region: region == "banda-aceh")
    refused = client.get(**asked)
    problem = refused.get_json()
    assert (refused.status_code, refused.mimetype) == (503, "application/problem+json")
    assert 1 <= int(refused.headers["Retry-After"]) <= 4
    assert problem["code"] == "request.unavailable"
    assert problem["title"] == house.ground.catalogue.text("status.503", "en")
    assert problem["instance"] == asked["path"]
    assert client.get("/v1/regions/sumedang/complaints").status_code == 200
    assert client.get("/health/live").status_code == 200
