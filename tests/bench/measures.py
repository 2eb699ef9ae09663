"""Measuring a path and its denominator in turns, and the statements of a request."""

import contextlib
import http.client
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from sqlalchemy import event

from backend.http.house import House
from tests.bench.load import Round, drive
from tests.bench.machine import Meter
from tests.bench.paths import Path
from tests.bench.system import System

_SETTLE_SECONDS = 0.2


@dataclass
class Side:
    """One of the two that are compared, all its rounds together; `cpu` is processor time in seconds by process."""

    load: Round = field(default_factory=Round)
    rates: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)

    def add(self, load: Round, cpu: Mapping[str, float]) -> None:
        self.load += load
        self.rates.append(load.rate)
        for name, seconds in cpu.items():
            self.cpu[name] = self.cpu.get(name, 0.0) + seconds

    def figures(self) -> dict[str, Any]:
        """Return what is worth keeping."""
        requests = len(self.load.waits)
        return {
            "requests": requests,
            "faults": dict(self.load.faults),
            "per_second": round(self.load.rate, 1),
            "rounds": [round(rate, 1) for rate in self.rates],
            **{f"p{share * 100:.0f}_ms": round(self.load.percentile(share), 2) for share in (0.5, 0.95, 0.99)},
            "bytes": self.load.received // requests,
            "cpu_ms": {name: round(seconds / requests * 1000, 3) for name, seconds in self.cpu.items() if seconds},
            "client_cpu_ms": round(self.load.client_cpu / requests * 1000, 3),
            "client_busy": round(self.load.client_cpu / self.load.seconds, 2),
        }


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A path beside its denominator."""

    path: Path
    ours: Side
    bare: Side

    @property
    def rate_ratio(self) -> float:
        return self.ours.load.rate / self.bare.load.rate

    @property
    def p99_ratio(self) -> float:
        return self.ours.load.percentile(0.99) / self.bare.load.percentile(0.99)

    @property
    def cpu_ratio(self) -> float:
        """How much more processor time a request takes than its denominator: nothing of the client is in it."""
        ours, bare = (sum(side.cpu.values()) / len(side.load.waits) for side in (self.ours, self.bare))
        return ours / bare

    def figures(self) -> dict[str, Any]:
        return {
            "denominator": self.path.denominator,
            "asked_by": self.path.asked_by,
            "rate_ratio": round(self.rate_ratio, 3),
            "p99_ratio": round(self.p99_ratio, 2),
            "cpu_ratio": round(self.cpu_ratio, 2),
            "ours": self.ours.figures(),
            "bare": self.bare.figures(),
        }


def compare(system: System, path: Path, *, rounds: int, seconds: float) -> Comparison:
    """Warm both up, then load them in turns: bare, ours, bare, ours."""
    sides = {"bare": (system.bare_port, path.bare, Side()), "web": (system.web_port, path.ours, Side())}
    for port, requests, _ in sides.values():
        drive(port, requests, seconds=seconds / 3)
    for _ in range(rounds):
        for name, (port, requests, side) in sides.items():
            time.sleep(_SETTLE_SECONDS)
            with metered(system.meter, name, "postgres", "valkey") as spent:
                load = drive(port, requests, seconds=seconds)
            side.add(load, spent)
    return Comparison(path=path, ours=sides["web"][2], bare=sides["bare"][2])


@contextlib.contextmanager
def metered(meter: Meter, *names: str) -> Iterator[dict[str, float]]:
    """Yield what will say, when the block has ended, how many seconds of processor time each of these processes took in it."""
    before, spent = meter.cpu_seconds(), dict[str, float]()
    yield spent
    after = meter.cpu_seconds()
    spent |= {name: after[name] - before[name] for name in names or after}


@contextlib.contextmanager
def counted(house: House) -> Iterator[list[str]]:
    """Collect every statement that this process sends for the length of the block, BEGIN and COMMIT not among them."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(house.ground.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(house.ground.engine, "before_cursor_execute", note)


def statements(app: Flask, messages: Sequence[bytes]) -> dict[str, Any]:
    """Ask each of these of an application in this process; return how many statements they took, least, mean and most."""
    client, counts, regions = app.test_client(), [], set()
    for message in messages:
        head, _, body = message.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split(" ")
        with counted(app.extensions["balai"]) as sent:
            answer = client.open(path, method=method, data=body or None, headers=[tuple(line.split(": ", 1)) for line in lines])
        assert answer.status_code in {http.client.OK, http.client.CREATED}, answer.get_data(as_text=True)
        region = path.split("/")[3]
        if region in regions:  # what a process reads once of a region is not the request's: the first of each is not counted
            counts.append(len(sent))
        regions.add(region)
    return {"least": min(counts), "mean": round(sum(counts) / len(counts), 2), "most": max(counts)}
