"""What follows from a province: the time zone, bases besides those of the kind of region, words for kinds, what to check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.packs.faults import Faults, PackError
from backend.packs.yaml_text import Said, read_yaml

_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Province:
    """One province. `kinds` are names that kinds of areas have here instead of the codes' own; `checks` labels for a person."""

    timezone: str
    bases: Sequence[str]
    kinds: Mapping[str, str]
    checks: Sequence[Mapping[str, str]]


def read_data(name: str) -> Said:
    """Return one of this folder's YAML files. Raises PackError where it is broken."""
    faults = Faults()
    said = read_yaml((_HERE / name).read_text(encoding="utf-8"), f"national/{name}", faults)
    if faults:
        raise PackError(faults)
    return said


def province_of(code: str) -> Province:
    """Return the province in which an area of the national codes lies."""
    said = read_data("provinces.yaml").inner(code.partition(".")[0])
    return Province(
        timezone=said["timezone"], bases=said.texts("bases"), kinds=said.inner("kinds"), checks=said.items_of("check")
    )
