"""Measuring what too many requests do: beyond capacity, all at once, and in one region beside another."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.bench.load import drive
from tests.bench.offering import Offered, Stream, offer
from tests.bench.system import System

TIMES = 5  # capacity, which an overload offers
CALM = 0.2  # of capacity: what the house is asked before and after
FLOODED = 3  # times capacity, offered to one region
NEIGHBOURS = 10  # requests a second in the other region meanwhile
SPIKE = (1, 35)  # submissions a second, before and after DIGIT's published spike
NORMAL = 2  # times the p95 of before: below that it is as before


def storms(
    system: System, requests: Iterator[bytes], by_region: Mapping[str, Iterator[bytes]], *, seconds: float, after: int
) -> dict[str, Any]:
    """Measure the spike, the flood and the overload, each of so many seconds, with worker and clock running.

    For `after` seconds it is looked whether all is as it was before the overload.
    """
    drive(system.web_port, requests, seconds=1)
    capacity = drive(system.web_port, requests, seconds=seconds).rate
    return {
        "capacity": round(capacity, 1),
        "spike": _spike(system, requests, seconds),
        "flood": _flood(system, by_region, capacity, seconds),
        "overload": _overload(system, requests, capacity, seconds, after),
    }


def _one(system: System, requests: Iterator[bytes], rate: float, seconds: float) -> Offered:
    return offer(system.web_port, Stream(rate=rate, requests=requests, ends=seconds))[0]


def _spike(system: System, requests: Iterator[bytes], seconds: float) -> dict[str, Any]:
    before, after = (_one(system, requests, rate, seconds) for rate in SPIKE)
    errors = sum(not each.served for each in before.outcomes + after.outcomes)
    return {"before": before.figures(), "after": after.figures(), "errors": errors}


def _flood(system: System, by_region: Mapping[str, Iterator[bytes]], capacity: float, seconds: float) -> dict[str, Any]:
    flooded, beside = by_region
    alone = _one(system, by_region[beside], NEIGHBOURS, seconds)
    flood, meanwhile = offer(
        system.web_port,
        Stream(rate=FLOODED * capacity, requests=by_region[flooded], ends=seconds),
        Stream(rate=NEIGHBOURS, requests=by_region[beside], ends=seconds),
    )
    return {
        "flooded": flood.figures(),
        "alone": alone.figures(),
        "beside": meanwhile.figures(),
        "p95_ratio": round(meanwhile.percentile(0.95) / alone.percentile(0.95), 2),
    }


def _overload(system: System, requests: Iterator[bytes], capacity: float, seconds: float, after: int) -> dict[str, Any]:
    calm = _one(system, requests, CALM * capacity, seconds)
    storm, calm_again = offer(
        system.web_port,
        Stream(rate=TIMES * capacity, requests=requests, ends=seconds),
        Stream(rate=CALM * capacity, requests=requests, begins=seconds, ends=seconds + after),
    )
    return {
        "calm": calm.figures(),
        "storm": storm.figures(),
        "served_share": round(storm.served_a_second / capacity, 3),
        "normal_after_s": _normal_after(calm_again, after, NORMAL * calm.percentile(0.95)),
    }


def _normal_after(offered: Offered, seconds: int, wanted_ms: float) -> int | None:
    """Return after how many seconds all were served, and 95 in 100 as soon as before; None if never."""
    for second in range(seconds):
        since, until = offered.stream.begins + second, offered.stream.begins + second + 1
        all_served = all(each.served for each in offered.outcomes if since <= each.due < until)
        if all_served and offered.percentile(0.95, since=since, until=until) <= wanted_ms:
            return second
    return None
