"""What a run says: the promises it looked at, kept or not, on the terminal, as JSON, and in docs/benchmarks.md."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

DOCUMENT = Path(__file__).parents[2] / "docs" / "benchmarks.md"
RECORDED_INSERTS = 970  # a second on two cores, in the prototype: a denominator below 0.8 of it voids a run there
RECORDED_CORES = 2
_LATEST = ("<!-- latest run -->\n", "<!-- end of latest run -->\n")
_END_OF_HISTORY = "<!-- end of history -->\n"


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


def judge(results: Mapping[str, Any]) -> list[Verdict]:
    """Return what the run says of each promise of the README's page on speed."""
    paths, routed = results["paths"], results["routed"]
    inserts = paths["submit"]["bare"]["per_second"]
    comparable = results["machine"]["cores"] == RECORDED_CORES
    sound = inserts >= 0.8 * RECORDED_INSERTS
    verdicts = [
        _verdict(
            "bare insert, as a check of the machine",
            f"{inserts:.0f}/s",
            f">= {0.8 * RECORDED_INSERTS:.0f}/s",
            met=True if sound or not comparable else None,
        ),
        _rate("submit", paths, 0.5),
        _verdict(
            "submit: p99", f"{paths['submit']['p99_ratio']:.1f} x bare insert", "<= 3 x", met=paths["submit"]["p99_ratio"] <= 3
        ),
        *(_rate(name, paths, 0.6) for name in paths if name != "submit"),
    ]
    for name, counts in results["statements"].items():
        if name != "submit":
            verdicts.append(_verdict(f"{name}: statements", f"{counts['most']}", "<= 4", met=counts["most"] <= 4))
    memory, cpu = sum(routed["memory_mib"].values()), sum(routed["cpu_ms"].values())
    return [
        *verdicts,
        _verdict(
            f"accepted -> routed at {routed['per_second']:.0f}/s: p95",
            f"{routed['p95_ms']} ms",
            "<= 1000 ms",
            met=routed["p95_ms"] <= 1000,
        ),
        _verdict("processor time of a routed report", f"{cpu:.1f} ms", "<= 10 ms", met=cpu <= 10),
        _verdict("memory of the whole", f"{memory:.0f} MiB", "<= 1024 MiB", met=memory <= 1024),
    ]


def _verdict(promise: str, figure: str, wanted: str, *, met: bool | None) -> Verdict:
    return Verdict(promise=promise, figure=figure, wanted=wanted, met=met)


def _rate(name: str, paths: Mapping[str, Any], wanted: float) -> Verdict:
    ratio, against = paths[name]["rate_ratio"], paths[name]["denominator"]
    return _verdict(f"{name}: requests a second", f"{ratio:.2f} x {against}", f">= {wanted} x", met=ratio >= wanted)


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


def path_rows(results: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the figures of each path as words, under `_PATH_HEADS`."""
    rows = []
    for name, path in results["paths"].items():
        ours, counts = path["ours"], results["statements"][name]
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


def show(results: Mapping[str, Any], console: Console) -> None:
    """Print the figures and what they say."""
    for title, heads, rows in (
        (f"{results['complaints']} complaints", _PATH_HEADS, path_rows(results)),
        ("Promises", _VERDICT_HEADS, _verdict_rows(results)),
    ):
        table = Table(*heads, title=title)
        for row in rows:
            table.add_row(*row)
        console.print(table)


_VERDICT_HEADS = ("promise", "measured", "promised", "")


def _verdict_rows(results: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [(each.promise, each.figure, each.wanted, each.word) for each in judge(results)]


def keep(results: Mapping[str, Any], folder: Path) -> Path:
    """Write the run as JSON under its date; return where."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{results['date'].replace(':', '')}.json"
    path.write_text(json.dumps(dict(results), indent=1) + "\n", encoding="utf-8")
    return path


def write(results: Mapping[str, Any], document: Path = DOCUMENT) -> None:
    """Put the run into the document: as the latest, and as a row of its history."""
    content = document.read_text(encoding="utf-8")
    before, _, rest = content.partition(_LATEST[0])
    _, _, after = rest.partition(_LATEST[1])
    history, _, end = after.partition(_END_OF_HISTORY)
    document.write_text(
        before + _LATEST[0] + latest(results) + _LATEST[1] + history + _history_row(results) + _END_OF_HISTORY + end,
        encoding="utf-8",
    )


def latest(results: Mapping[str, Any]) -> str:
    """Return the run in Markdown."""
    machine, routed = results["machine"], results["routed"]
    took = ", ".join(f"{name} {each:.1f}" for name, each in routed["cpu_ms"].items())
    held = ", ".join(f"{name} {each:.0f}" for name, each in routed["memory_mib"].items())
    whole = (
        f"Accepted to routed at {routed['per_second']:.0f} a second: p50 {routed['p50_ms']} ms, p95 {routed['p95_ms']} ms,"
        f" p99 {routed['p99_ms']} ms. Processor milliseconds of a report with all that follows it: {took}. MiB held: {held}."
    )
    lines = [
        "",
        f"{results['date']}: {machine['machine']}, {machine['system']}; load before the run {machine['load_before']}.",
        "",
        *_markdown(_VERDICT_HEADS, _verdict_rows(results)),
        "",
        *_markdown(_PATH_HEADS, path_rows(results)),
        "",
        whole,
        "",
    ]
    return "\n".join(lines) + "\n"


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows)]


def _history_row(results: Mapping[str, Any]) -> str:
    paths, routed = results["paths"], results["routed"]
    cells = [
        results["date"][:16].replace("T", " "),
        results["machine"]["machine"] + (", short" if results["short"] else ""),
        f"{paths['submit']['bare']['per_second']:.0f}",
        *(f"{paths[name]['rate_ratio']:.2f}" for name in ("submit", "inbox of 50", "detail", "timeline", "own list")),
        f"{routed['p95_ms']}",
        f"{sum(routed['cpu_ms'].values()):.1f}",
        f"{sum(routed['memory_mib'].values()):.0f}",
    ]
    return f"| {' | '.join(cells)} |\n"
