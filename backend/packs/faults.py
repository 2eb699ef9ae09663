"""What is wrong with a pack, and where: every fault at once, each with its file and line."""

from collections.abc import Iterable
from typing import NamedTuple


class Place(NamedTuple):
    """A line of a pack's file; `file` starts with the pack's key: `banda-aceh/complaints.yaml`."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Fault(NamedTuple):
    """One fault: a stable `code` for programs, and a `text` that says what is wrong and what to do."""

    file: str
    line: int
    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


class PackError(Exception):
    """A pack cannot be used. `faults` are all there are, by file and line; the message has a line for each."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(map(str, self.faults)))


MOST = 500


class Faults(list[Fault]):
    """Collects faults while a pack is read, so that its author sees all of them in one go; and what is only worth a look."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[Fault] = []

    def note(self, place: Place, code: str, text: str) -> None:
        """Add a fault at a place, unless there are more than anybody reads."""
        if len(self) >= MOST:
            return
        self.append(Fault(place.file, place.line, f"packs.{code}", text))

    def warn(self, place: Place, code: str, text: str) -> None:
        """Add a warning at a place: it refuses nothing."""
        self.warnings.append(Fault(place.file, place.line, f"packs.{code}", text))
