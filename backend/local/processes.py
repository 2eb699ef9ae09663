"""Starting, finding, measuring and ending processes, so that nothing is left running (Linux: reads /proc)."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

MARK = "BALAI_STARTED_FOR"  # in the environment of every process of one installation: its folder, and which child
LARGEST_LOG = 8 * 1024 * 1024
POLL_SECONDS = 0.05


def start(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    stop_signal: signal.Signals = signal.SIGTERM,
    log: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own, writing to the end of `log`, or where we write if none is given.

    A log that has grown large is put by first, as `.1`. The kernel sends the process `stop_signal` should the
    thread that starts it die, however that happens.
    """
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(_opened(log)) if log else None
        return subprocess.Popen(  # noqa: S603 - the argv is our own
            ["setpriv", "--pdeathsig", stop_signal.name.removeprefix("SIG"), "--", *argv],  # noqa: S607 - of util-linux
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environ),
            process_group=0,
        )


def _opened(log: Path) -> BinaryIO:
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    return log.open("ab")


def end(process: subprocess.Popen[bytes], stop_signal: signal.Signals, *, patience: float) -> bool:
    """Ask a process to end, then see to it as `see_end` does."""
    if process.poll() is None:
        process.send_signal(stop_signal)
    return see_end(process, patience=patience)


def see_end(process: subprocess.Popen[bytes], *, patience: float) -> bool:
    """Wait for a process to end, then kill it and its group; return whether it ended within `patience` seconds."""
    try:
        process.wait(patience)
        graceful = True
    except subprocess.TimeoutExpired:
        graceful = False
    end_group(process)
    return graceful


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the process group that `process` was started in."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def last_lines(log: Path, count: int = 15) -> list[str]:
    """Return the last lines of a log, or none if there is no log."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 64 * 1024))
        return file.read().decode(errors="replace").splitlines()[-count:]


def mark(folder: Path, name: str) -> dict[str, str]:
    """Return what to add to the environment of a child so that `marked` finds it and whatever it starts."""
    return {MARK: f"{folder}:{name}"}


def marked(folder: Path, name: str = "") -> list[int]:
    """Return the processes that carry the mark of `folder`, or of one child of it, whatever group they are in."""
    wanted = os.fsencode(f"\0{MARK}={folder}:" + (f"{name}\0" if name else ""))
    return [pid for pid in _pids() if wanted in b"\0" + _read(pid, "environ")]


def running_in(folder: Path, program: str) -> list[int]:
    """Return the processes of this program that work in `folder`: a server tells its data folder by that."""
    found = []
    for pid in _pids():
        try:
            working_in, executable = Path(f"/proc/{pid}/cwd").readlink(), Path(f"/proc/{pid}/exe").readlink()
        except OSError:  # ended meanwhile, or not ours to look at
            continue
        if working_in == folder.resolve() and executable.name.removesuffix(" (deleted)") == program:
            found.append(pid)
    return found


def end_leftovers(find: Callable[[], list[int]], stop_signal: signal.Signals, *, patience: float) -> int:
    """End what a killed run left: ask those no other of them has started, then kill. Return how many there were."""
    found = find()
    parents = _parents()
    _signal([pid for pid in found if parents.get(pid) not in found], stop_signal)
    deadline = time.monotonic() + patience
    while left := find():
        if time.monotonic() > deadline:
            _signal(left, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
    return len(found)


def memory_bytes(pid: int) -> int:
    """Return the memory that a process and all it started hold; pages they share are shared out where /proc tells."""
    parents = _parents()
    tree = {pid}
    while more := {child for child, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return sum(_memory_of_one(each) for each in tree)


def _memory_of_one(pid: int) -> int:
    for file, field in (("smaps_rollup", b"Pss:"), ("status", b"VmRSS:")):
        for line in _read(pid, file).splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    return 0


def _parents() -> dict[int, int]:
    lines = {pid: _read(pid, "stat") for pid in _pids()}
    return {pid: int(line.rpartition(b")")[2].split()[1]) for pid, line in lines.items() if line}


def _pids() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def _read(pid: int, file: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes()
    except OSError:  # ended meanwhile, or not ours to look at
        return b""


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
