"""What befalls the house in a run, drawn from its seed: the same seed is the same run, as far as machines repeat themselves."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from backend.core.fault_points import POINTS

# Those without whom no report comes in, and those who carry work on; a poison run leaves the second alone.
DOOR = ("web", "web process")
VICTIMS = (*DOOR, "worker", "horse", "clock", "backend", "postmaster", "valkey")
IN_THE_WORKER = ("claim", "call", "done")  # the points that only the worker passes
ANYWHERE = tuple(point for point in POINTS if point not in IN_THE_WORKER)
# How likely a process dies each time it passes a point: some come by hundreds of times a second.
SHARES = {"before-commit": 0.03, "after-commit": 0.03, "ring": 0.05, "claim": 0.2, "call": 0.1, "done": 0.1}


@dataclass(frozen=True, kw_only=True)
class Form:
    """How long a run is. `kills` by process id, at least; `accepted` reports, at least; `least_seconds` under load."""

    kills: int
    accepted: int
    storm: int  # kills of any victim
    at_the_door: int  # kills of web while the poison is at work
    rounds: int  # of all points
    at_each_point: int  # deaths, at least
    away_seconds: float
    in_flight: int  # requests, when web is asked to end
    poisons: tuple[str, ...]
    rate: float  # reports a second
    citizens: int  # of each region
    least_seconds: float


LONG = Form(
    kills=100,
    accepted=1000,
    storm=48,
    at_the_door=8,
    rounds=2,
    at_each_point=4,
    away_seconds=60,
    in_flight=500,
    poisons=("raise", "eat-memory", "segfault", "hang", "hang-deaf"),
    rate=8,
    citizens=20,
    least_seconds=180,
)
SHORT = Form(
    kills=30,
    accepted=1000,
    storm=8,
    at_the_door=3,
    rounds=1,
    at_each_point=1,
    away_seconds=20,
    in_flight=100,
    poisons=("raise", "eat-memory", "segfault", "hang"),
    rate=8,
    citizens=10,
    least_seconds=60,
)


@dataclass(frozen=True, kw_only=True)
class Kill:
    """Kill a process, after a pause; `choice` picks among several of the kind."""

    victim: str
    pause: float
    choice: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The whole run: the storm; the points, in turn; what befalls the door meanwhile; the last kill."""

    storm: Sequence[Kill]
    points: Sequence[str]
    at_the_door: Sequence[Kill]
    last: Kill


def make_plan(seed: int, form: Form) -> Plan:
    """Draw a plan. Every victim and every point is in it."""
    rng = random.Random(f"plan {seed}")  # noqa: S311 - not for secrets
    groups = [rng.sample(group, len(group)) for _ in range(form.rounds) for group in (ANYWHERE, IN_THE_WORKER)]
    return Plan(
        storm=[_kill(rng, victim) for victim in _drawn(rng, VICTIMS, form.storm)],
        points=[point for group in groups for point in group],
        at_the_door=[_kill(rng, victim) for victim in _drawn(rng, DOOR, form.at_the_door)],
        last=_kill(rng, rng.choice(VICTIMS)),
    )


def _drawn(rng: random.Random, victims: Sequence[str], number: int) -> list[str]:
    """Return so many victims, each before any for a second time."""
    return [victim for _ in range(number) for victim in rng.sample(victims, len(victims))][:number]


def _kill(rng: random.Random, victim: str) -> Kill:
    return Kill(victim=victim, pause=rng.uniform(0.2, 2.0), choice=rng.random())
