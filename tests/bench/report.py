"""What a run says: the promises it looked at, kept or not, on the terminal, as JSON, and in docs/benchmarks.md."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks.md"
RECORDED_INSERTS = 970  # a second on two cores, in the prototype: a denominator below 0.8 of it voids a run there
RECORDED_CORES = 2
A_MILLION = 1_000_000
_LATEST = ("<!-- latest run -->\n", "<!-- end of latest run -->\n")
_END_OF_HISTORY = "<!-- end of history -->\n"
_END_OF_WEIGHTS = "<!-- end of history under load -->\n"

Rows = Sequence[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One promise: what was measured, what it should be, and whether it is. `met` is None where this run cannot say."""

    promise: str
    figure: str
    wanted: str
    met: bool | None

    @property
    def word(self) -> str:
        return {True: "met", False: "not met", None: "void"}[self.met]


def _verdict(promise: str, figure: str, wanted: str, *, met: bool | None) -> Verdict:
    return Verdict(promise=promise, figure=figure, wanted=wanted, met=met)


def _of_size(size: Mapping[str, Any]) -> str:
    return f"{size['complaints']:,}"


def judge(results: Mapping[str, Any]) -> list[Verdict]:
    """Return what the run says of each promise of the README's page on speed."""
    return [
        *_judge_paths(results),
        *_judge_growth(results),
        *_judge_engine(results["engine"]),
        *_judge_storms(results["engine"]),
        *_judge_new_region(results["engine"]),
        *(judge_regions(results["regions"]) if "regions" in results else ()),
    ]


def _judge_paths(results: Mapping[str, Any]) -> Iterator[Verdict]:
    sizes = results["sizes"]
    inserts = min(size["paths"]["submit"]["bare"]["per_second"] for size in sizes)
    sound = inserts >= 0.8 * RECORDED_INSERTS or results["machine"]["cores"] != RECORDED_CORES
    figure, wanted = f"{inserts:.0f}/s", f">= {0.8 * RECORDED_INSERTS:.0f}/s"
    yield _verdict("bare insert, as a check of the machine", figure, wanted, met=True if sound else None)
    slowest = max(sizes, key=lambda size: size["paths"]["submit"]["p99_ratio"])
    p99 = slowest["paths"]["submit"]["p99_ratio"]
    yield _worst_rate("submit", sizes, 0.5)
    yield _verdict("submit: p99", f"{p99:.1f} x bare insert at {_of_size(slowest)}", "<= 3 x", met=p99 <= 3)
    for name in sizes[0]["paths"]:
        if name != "submit":
            yield _worst_rate(name, sizes, 0.6)
    for name in sizes[0]["statements"]:
        if name != "submit":
            most = max(size["statements"][name]["most"] for size in sizes)
            yield _verdict(f"{name}: statements", f"{most}", "<= 4", met=most <= 4)


def _worst_rate(name: str, sizes: Sequence[Mapping[str, Any]], wanted: float) -> Verdict:
    worst = min(sizes, key=lambda size: size["paths"][name]["rate_ratio"])
    ratio, against = worst["paths"][name]["rate_ratio"], worst["paths"][name]["denominator"]
    figure = f"{ratio:.2f} x {against} at {_of_size(worst)}"
    return _verdict(f"{name}: requests a second", figure, f">= {wanted} x", met=ratio >= wanted)


def _growth(results: Mapping[str, Any], name: str, figure: str) -> float:
    first, last = (results["sizes"][at]["paths"][name]["ours"] for at in (0, -1))
    if figure == "cpu_ms":
        return float(sum(last[figure].values()) / sum(first[figure].values()))
    return float(last[figure] / first[figure])


def _judge_growth(results: Mapping[str, Any]) -> Iterator[Verdict]:
    """Only a run up to a million says what is promised of it."""
    if results["sizes"][-1]["complaints"] < A_MILLION:
        return
    for name in results["sizes"][0]["paths"]:
        if name != "submit":
            ratio = _growth(results, name, "p95_ms")
            figure = f"{ratio:.2f} x {_of_size(results['sizes'][0])}"
            yield _verdict(f"{name}: p95 at {_of_size(results['sizes'][-1])}", figure, "<= 1.3 x", met=ratio <= 1.3)


def _judge_engine(engine: Mapping[str, Any]) -> Iterator[Verdict]:
    routed, backlog = engine["routed"], engine["backlog"]
    promise = f"accepted -> routed at {routed['per_second']:.0f}/s: p95"
    yield _verdict(promise, f"{routed['p95_ms']} ms", "<= 1000 ms", met=routed["p95_ms"] <= 1000)
    for name, wanted in (("nothing", 1000), ("routing", 200)):
        found = backlog[name]
        figure = f"{found['per_second']:.0f}/s" + (f", {found['left']} left" if found["left"] else "")
        what = "a handler that does nothing" if name == "nothing" else name
        met = found["per_second"] >= wanted and not found["left"]
        yield _verdict(f"backlog of {found['events']:,}, {what}", figure, f">= {wanted}/s a worker", met=met)
    memory, cpu = sum(routed["memory_mib"].values()), sum(routed["cpu_ms"].values())
    yield _verdict("processor time of a routed report", f"{cpu:.1f} ms", "<= 10 ms", met=cpu <= 10)
    yield _verdict("memory of the whole", f"{memory:.0f} MiB", "<= 1024 MiB", met=memory <= 1024)


def _judge_storms(engine: Mapping[str, Any]) -> Iterator[Verdict]:
    overload, flood, spike = (engine["storms"][name] for name in ("overload", "flood", "spike"))
    share, faults, after = overload["served_share"], overload["storm"]["faults"], overload["normal_after_s"]
    yield _verdict("overload at 5 x capacity: still served", f"{share:.0%} of capacity", ">= 90 %", met=share >= 0.9)
    yield _verdict("overload: neither served nor asked to come back", f"{faults}", "0", met=faults == 0)
    figure = "not seen" if after is None else f"{after} s"
    yield _verdict("overload: normal after its end", figure, "<= 10 s", met=after is not None and after <= 10)
    yield _verdict("spike of 1 -> 35 a second: errors", f"{spike['errors']}", "0", met=spike["errors"] == 0)
    figure = f"{flood['p95_ratio']:.1f} x alone"
    yield _verdict("one region flooded, another's p95", figure, "<= 2 x", met=flood["p95_ratio"] <= 2)


def _judge_new_region(engine: Mapping[str, Any]) -> Iterator[Verdict]:
    made, looked_through = engine["new_region"], engine.get("validations")
    steps = ", ".join(f"{step} {seconds:.1f}" for step, seconds in made["seconds"].items())
    figure = f"{made['first_report_s']:.1f} s ({steps})"
    yield _verdict("a new region: `region new` to the first routed report", figure, "<= 60 s", met=made["first_report_s"] <= 60)
    yield _verdict("lines of the new region's pack", str(made["lines"]), "<= 60", met=made["lines"] <= 60)
    if looked_through:
        for what, key in (("of the slowest shipped pack", "validated_s"), ("refuses a million points", "refused_s")):
            seconds = looked_through[key]
            yield _verdict(f"`region validate` {what}", f"{seconds:.1f} s", "<= 5 s", met=seconds <= 5)


def judge_regions(sides: Mapping[str, Any]) -> Iterator[Verdict]:
    """Yield what a run over all regions of the country says beside one over two."""
    two, every = sides["two"], sides["all"]
    memory = [sum(side["memory_mib"].values()) for side in (two, every)]
    costs = {
        "boot": (f"{two['boot_s']:.1f} -> {every['boot_s']:.1f} s", every["boot_s"] / two["boot_s"]),
        "memory of the whole": (f"{memory[0]:.0f} -> {memory[1]:.0f} MiB", memory[1] / memory[0]),
    }
    for path in ("submit", "inbox"):
        rates = [side[path]["per_second"] for side in (two, every)]
        costs[path] = f"{rates[0]:.0f} -> {rates[1]:.0f}/s", rates[0] / rates[1]
    for name, (told, ratio) in costs.items():
        promise = f"{every['regions']} regions beside {two['regions']}: {name}"
        yield _verdict(promise, f"{ratio:.2f} x ({told})", "<= 1.1 x", met=ratio <= 1.1)


_PATH_HEADS = (
    "path",
    "a second",
    "bare, a second",
    "ratio",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "p99 / bare",
    "CPU ms",
    "CPU / bare",
    "statements",
    "bytes",
)


def path_rows(size: Mapping[str, Any]) -> Rows:
    """Return the figures of each path as words, under `_PATH_HEADS`."""
    rows = []
    for name, path in size["paths"].items():
        ours, counts = path["ours"], size["statements"][name]
        rows.append(
            (
                name,
                f"{ours['per_second']:.0f}",
                f"{path['bare']['per_second']:.0f}",
                f"{path['rate_ratio']:.2f}",
                *(f"{ours[f'{p}_ms']:.1f}" for p in ("p50", "p95", "p99")),
                f"{path['p99_ratio']:.1f}",
                f"{sum(ours['cpu_ms'].values()):.2f}",
                f"{path['cpu_ratio']:.1f}",
                f"{counts['mean']:g}",
                str(ours["bytes"]),
            )
        )
    return rows


def _growth_table(results: Mapping[str, Any]) -> tuple[tuple[str, ...], Rows]:
    sizes = results["sizes"]
    names = [_of_size(size) for size in sizes]
    heads = (
        "path",
        *(f"p95 ms at {name}" for name in names),
        "last / first",
        *(f"CPU ms at {name}" for name in names),
        "last / first",
    )
    rows = [
        (
            name,
            *(f"{size['paths'][name]['ours']['p95_ms']:.1f}" for size in sizes),
            f"{_growth(results, name, 'p95_ms'):.2f}",
            *(f"{sum(size['paths'][name]['ours']['cpu_ms'].values()):.2f}" for size in sizes),
            f"{_growth(results, name, 'cpu_ms'):.2f}",
        )
        for name in sizes[0]["paths"]
    ]
    return heads, rows


_STORM_HEADS = ("under load", "offered a second", "served a second", "statuses", "p50 ms", "p95 ms", "p99 ms")


def _storm_rows(engine: Mapping[str, Any]) -> Rows:
    storms = engine["storms"]
    offered = {
        "1 a second": storms["spike"]["before"],
        "35 a second": storms["spike"]["after"],
        "a region alone": storms["flood"]["alone"],
        "the same beside a flood": storms["flood"]["beside"],
        "the flood": storms["flood"]["flooded"],
        "a fifth of capacity": storms["overload"]["calm"],
        "5 x capacity": storms["overload"]["storm"],
    }
    return [
        (
            name,
            f"{each['offered_per_second']:.0f}",
            f"{each['served_per_second']:.0f}",
            ", ".join(f"{status}: {count}" for status, count in each["statuses"].items()),
            *(f"{each[p]:.0f}" if p in each else "-" for p in ("p50_ms", "p95_ms", "p99_ms")),
        )
        for name, each in offered.items()
    ]


_VERDICT_HEADS = ("promise", "measured", "promised", "")


def _verdict_rows(results: Mapping[str, Any]) -> Rows:
    return [(each.promise, each.figure, each.wanted, each.word) for each in judge(results)]


def _tables(results: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...], Rows]]:
    yield "Promises", _VERDICT_HEADS, _verdict_rows(results)
    for size in results["sizes"]:
        yield f"{_of_size(size)} complaints", _PATH_HEADS, path_rows(size)
    if len(results["sizes"]) > 1:
        yield "Cost against size", *_growth_table(results)
    yield f"Under load, over {results['engine']['complaints']:,} complaints", _STORM_HEADS, _storm_rows(results["engine"])


def show(results: Mapping[str, Any], console: Console) -> None:
    """Print the figures and what they say, the promises last."""
    verdicts, *others = _tables(results)
    for title, heads, rows in (*others, verdicts):
        table = Table(*heads, title=title)
        for row in rows:
            table.add_row(*row)
        console.print(table)


def keep(results: Mapping[str, Any], folder: Path) -> Path:
    """Write the run as JSON under its date; return where."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{results['date'].replace(':', '')}.json"
    path.write_text(json.dumps(dict(results), indent=1) + "\n", encoding="utf-8")
    return path


def write(results: Mapping[str, Any], document: Path = DOCUMENT) -> None:
    """Put the run into the document: as the latest, and as a row of each history."""
    content = document.read_text(encoding="utf-8")
    before, _, rest = content.partition(_LATEST[0])
    _, _, after = rest.partition(_LATEST[1])
    for end, row in ((_END_OF_HISTORY, _history_row(results)), (_END_OF_WEIGHTS, _weights_row(results))):
        after = after.replace(end, row + end)
    document.write_text(before + _LATEST[0] + latest(results) + _LATEST[1] + after, encoding="utf-8")


def latest(results: Mapping[str, Any]) -> str:
    """Return the run in Markdown."""
    machine, engine = results["machine"], results["engine"]
    lines = [
        "",
        f"{results['date']}: {machine['machine']}, {machine['system']}; load before the run {machine['load_before']}.",
        "",
    ]
    for title, heads, rows in _tables(results):
        lines += [f"### {title}", "", *_markdown(heads, rows), ""]
    return "\n".join([*lines, _said(engine), ""]) + "\n"


def _said(engine: Mapping[str, Any]) -> str:
    routed, backlog = engine["routed"], engine["backlog"]
    took = ", ".join(f"{name} {each:.1f}" for name, each in routed["cpu_ms"].items())
    held = ", ".join(f"{name} {each:.0f}" for name, each in routed["memory_mib"].items())
    drained = ", ".join(f"{name} {sum(backlog[name]['cpu_ms'].values()):.2f}" for name in ("nothing", "routing"))
    return (
        f"Accepted to routed at {routed['per_second']:.0f} a second: p50 {routed['p50_ms']} ms, p95 {routed['p95_ms']} ms,"
        f" p99 {routed['p99_ms']} ms. Processor milliseconds of a report with all that follows it: {took}. MiB held: {held}."
        f" Processor milliseconds of a delivery in a backlog: {drained}."
        f" Capacity: {engine['storms']['capacity']:.0f} submissions a second with worker and clock at work."
    )


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows)]


def _run(results: Mapping[str, Any]) -> list[str]:
    form = "" if results["form"] == "whole" else f", {results['form']}"
    return [results["date"][:16].replace("T", " "), results["machine"]["machine"] + form]


def _history_row(results: Mapping[str, Any]) -> str:
    """Return what has been measured from the first run on: over the first size."""
    paths, routed = results["sizes"][0]["paths"], results["engine"]["routed"]
    cells = [
        *_run(results),
        f"{paths['submit']['bare']['per_second']:.0f}",
        *(f"{paths[name]['rate_ratio']:.2f}" for name in ("submit", "inbox of 50", "detail", "timeline", "own list")),
        f"{routed['p95_ms']}",
        f"{sum(routed['cpu_ms'].values()):.1f}",
        f"{sum(routed['memory_mib'].values()):.0f}",
    ]
    return f"| {' | '.join(cells)} |\n"


def _weights_row(results: Mapping[str, Any]) -> str:
    """Return what size and load do: over the last size."""
    last, engine = results["sizes"][-1], results["engine"]
    storms, backlog = engine["storms"], engine["backlog"]
    reads = [name for name in last["paths"] if name != "submit"]
    grown = max(reads, key=lambda name: _growth(results, name, "p95_ms"))
    after = storms["overload"]["normal_after_s"]
    cells = [
        *_run(results),
        _of_size(last),
        *(f"{last['paths'][name]['rate_ratio']:.2f}" for name in ("list", "map", "search, rare word", "search, common word")),
        f"{_growth(results, grown, 'p95_ms'):.2f} ({grown})",
        f"{engine['routed']['per_second']:.0f}",
        f"{backlog['nothing']['per_second']:.0f}",
        f"{backlog['routing']['per_second']:.0f}",
        f"{storms['overload']['served_share']:.2f}",
        "-" if after is None else f"{after}",
        f"{storms['flood']['p95_ratio']:.1f}",
        f"{storms['spike']['errors']}",
    ]
    return f"| {' | '.join(cells)} |\n"
