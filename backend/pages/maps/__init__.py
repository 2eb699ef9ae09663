"""Maps without a map server: a region's own polygons as SVG, classed by a value, with pins; tiles behind where a region has them.

`get_shapes` gives the areas, `draw` what the macro of `frame/map.html` prints. A map is no place to read figures for everybody:
who shows one puts a table with the same figures beside it.
"""

from backend.pages.maps.drawing import Drawing as Drawing
from backend.pages.maps.drawing import Pin as Pin
from backend.pages.maps.drawing import draw as draw
from backend.pages.maps.drawing import read_view as read_view
from backend.pages.maps.shapes import Level as Level
from backend.pages.maps.shapes import Shapes as Shapes
from backend.pages.maps.shapes import get_shapes as get_shapes
from backend.pages.maps.tiles import TileServer as TileServer
from backend.pages.maps.tiles import tile_origin as tile_origin
from backend.pages.maps.tiles import tile_server as tile_server
