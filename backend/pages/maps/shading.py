"""Values of areas as a few colours, and what each colour stands for."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

CLASSES = 5  # colours of the stylesheet, v0 to v4
Say = Callable[[float], str]
Legend = tuple[tuple[str, str | None], ...]


def shade(values: Mapping[str, float], starts: Sequence[float] | None, say: Say) -> tuple[dict[str, str], Legend]:
    """Return the colour of each value, and the legend: classes begin at `starts`, or have about as many values each.

    Fewer classes take colours further apart. Raises ValueError for more classes than there are colours.
    """
    if not values:
        return {}, ()
    starts = sorted(starts) if starts is not None else _quantiles(list(values.values()))
    if len(starts) >= CLASSES:
        raise ValueError(f"{len(starts) + 1} classes, and {CLASSES} colours")
    if starts:
        colours = [f"v{round(at * (CLASSES - 1) / len(starts))}" for at in range(len(starts) + 1)]
    else:
        colours = ["v2" if any(values.values()) else "v0"]  # nothing anywhere is not to look like something
    shades = {code: colours[bisect_right(starts, value)] for code, value in values.items()}
    return shades, tuple(zip(colours, _ranges(starts, values.values(), say), strict=True))


def _quantiles(values: Sequence[float]) -> list[float]:
    """Return where classes with about as many values each begin, each at a value that there is.

    Where the least value is that of more than one class (most areas have no late report), it is a class of its own.
    """
    more = [value for value in values if value > min(values)]
    crowded = (len(values) - len(more)) * CLASSES > len(values)
    divided, classes = (more, CLASSES - 1) if crowded else (values, CLASSES)
    if not more:
        return []
    starts = np.quantile(divided, [at / classes for at in range(1, classes)], method="higher").tolist()
    return sorted({*starts, min(more)} if crowded else {*starts})


def _ranges(starts: Sequence[float], values: Iterable[float], say: Say) -> list[str]:
    if not starts:
        return [" \N{EN DASH} ".join(dict.fromkeys((say(min(values)), say(max(values)))))]
    between = [f"{say(start)} \N{EN DASH} < {say(end)}" for start, end in pairwise(starts)]
    return [f"< {say(starts[0])}", *between, f"≥ {say(starts[-1])}"]
