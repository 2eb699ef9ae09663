"""What processes take of the machine, and what machine it is (Linux: reads /proc)."""

import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.local.processes import memory_bytes

_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _TIMES = 1, slice(11, 15)  # after the name: utime, stime, and those of children that have ended


@dataclass(frozen=True)
class Meter:
    """Reads the time and memory that some processes, each with all it has started, have taken."""

    pids: Mapping[str, int]

    def cpu_seconds(self) -> dict[str, float]:
        """Return the processor time each has taken since it began, that of children it has waited for included."""
        stats = dict(_stats())
        return {name: sum(_seconds(stats[pid]) for pid in _tree(pid, stats)) for name, pid in self.pids.items()}

    def memory_mib(self) -> dict[str, float]:
        """Return what each holds; pages they share are shared out."""
        return {name: memory_bytes(pid) / 2**20 for name, pid in self.pids.items()}


def _stats() -> Iterator[tuple[int, list[str]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                yield int(folder.name), (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # ended meanwhile
                continue


def _tree(root: int, stats: Mapping[int, list[str]]) -> set[int]:
    tree = {root} & stats.keys()
    while more := {pid for pid, stat in stats.items() if int(stat[_PARENT]) in tree} - tree:
        tree |= more
    return tree


def _seconds(stat: list[str]) -> float:
    return sum(map(int, stat[_TIMES])) / _TICKS


def describe() -> dict[str, str]:
    """Return what a reader needs to know of this machine to compare figures."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "machine": f"{os.cpu_count()} x {model}, {memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release().partition('-')[0]}, Python {platform.python_version()}",
        "load_before": f"{os.getloadavg()[0]:.1f}",
    }
