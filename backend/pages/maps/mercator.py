"""Web Mercator (EPSG:3857) on a square from 0 to 1, x eastward and y southward, as tile servers number it; and a part of it.

Formulas: https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames
"""

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from backend.core.geo import Box

TILE = 256  # pixels
_MAX_LAT = math.degrees(math.atan(math.sinh(math.pi)))  # where the square ends
_EQUATOR_M = 2 * math.pi * 6_378_137


def project(lng_lat: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return rows of (longitude, latitude) in degrees as rows of (x, y)."""
    lng, lat = np.radians(np.clip(lng_lat, (-180, -_MAX_LAT), (180, _MAX_LAT))).T
    return np.column_stack(((lng / np.pi + 1) / 2, (1 - np.arcsinh(np.tan(lat)) / np.pi) / 2))


def _degrees(x: float, y: float) -> tuple[float, float]:
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y)))), x * 360 - 180


@dataclass(frozen=True)
class Part:
    """A part of the square."""

    west: float
    north: float
    east: float
    south: float

    @classmethod
    def of(cls, box: Box) -> Self:
        """Return what a box of degrees covers."""
        (west, south), (east, north) = project(np.array([(box.west, box.south), (box.east, box.north)])).tolist()
        return cls(west, north, east, south)

    @property
    def width(self) -> float:
        """West to east."""
        return self.east - self.west

    @property
    def height(self) -> float:
        """North to south."""
        return self.south - self.north

    @property
    def box(self) -> Box:
        """The same in degrees."""
        (north, west), (south, east) = _degrees(self.west, self.north), _degrees(self.east, self.south)
        return Box(south, west, north, east)

    @property
    def metres(self) -> float:
        """How wide this is on the ground, in its middle."""
        return self.width * _EQUATOR_M / math.cosh(math.pi * (1 - self.north - self.south))

    def meets(self, other: "Part") -> bool:
        """Tell whether both have something in common."""
        apart = self.west >= other.east or self.east <= other.west or self.north >= other.south or self.south <= other.north
        return not apart

    def moved(self, east: float = 0, south: float = 0) -> "Part":
        """Return the part that lies so many of its own widths and heights away."""
        x, y = east * self.width, south * self.height
        return Part(self.west + x, self.north + y, self.east + x, self.south + y)

    def sized(self, width: float, height: float) -> "Part":
        """Return the part of that size with the same middle."""
        x, y = (self.west + self.east) / 2, (self.north + self.south) / 2
        return Part(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    def centred(self, x: float, y: float, *, within: "Part") -> "Part":
        """Return the part of this size round that point, as far as `within`, which is larger, allows."""
        west = min(max(x - self.width / 2, within.west), within.east - self.width)
        north = min(max(y - self.height / 2, within.north), within.south - self.height)
        return Part(west, north, west + self.width, north + self.height)
