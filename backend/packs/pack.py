"""What a pack says, read and checked: values only, ready to be planned and applied."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from backend.packs.faults import Fault, Place
from backend.packs.folder import Files
from backend.packs.yaml_text import Said


@dataclass(frozen=True, kw_only=True)
class DepartmentSpec:
    """A unit that takes complaints, and the `types` bound to it; an `area_office` stands for the area `area_code`."""

    key: str
    name: str
    types: tuple[str, ...]
    kind: str  # department, area_office or external
    area_code: str | None = None
    email: str | None = None
    verified: bool = False


@dataclass(frozen=True, kw_only=True)
class AreaSpec:
    """An administrative area. `boundary` is WKB in WGS84, x the longitude; `lowest`: no area stands below it."""

    code: str
    name: str
    kind: str
    parent_code: str | None
    boundary: bytes | None
    lowest: bool

    def titled(self, name: str) -> "AreaSpec":
        """Return the area under another name."""
        return replace(self, name=name)


@dataclass(frozen=True, kw_only=True)
class Pack:
    """A region's whole configuration. `checksum` moves when anything in it does, a cited line included."""

    key: str
    code: str
    name: str
    identity: Mapping[str, Any]
    calendar: Mapping[str, Any]
    departments: tuple[DepartmentSpec, ...]
    areas: tuple[AreaSpec, ...]
    modules: Mapping[str, Mapping[str, Any]]
    successors: Mapping[str, Any]  # successors.yaml
    checksum: str
    areas_checksum: str  # of areas and their boundaries alone
    files: Files = field(repr=False, compare=False)
    warnings: tuple[Fault, ...] = ()
    said: Said = field(repr=False, compare=False)

    @property
    def unit_successors(self) -> dict[str, str]:
        """Who takes over from a department that ended, by key."""
        return {item["key"]: item["successor"] for item in self.successors.get("departments", ())}

    @property
    def area_successors(self) -> dict[str, tuple[str, ...]]:
        """What followed an area that ended, by code."""
        return {item["code"]: tuple(item["successors"]) for item in self.successors.get("areas", ())}

    def place(self, *path: str | int) -> Place:
        """Return where a value was last said: `place("complaints", "categories", "JLN-01", "departments")`.

        Items of lists go by position, or by their key or code. What is not there gives the nearest place above it.
        """
        return self.said.find(path)
