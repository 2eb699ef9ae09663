"""For `pages.py`: pages in the frame, their menu, and maps without tiles."""

from backend.http.body import FILE_BYTES as FILE_BYTES
from backend.http.body import PAGE_BYTES as PAGE_BYTES
from backend.http.body import refuse_large as refuse_large
from backend.pages.blueprint import PageBlueprint as PageBlueprint
from backend.pages.frame import fragment_asked as fragment_asked
from backend.pages.frame import here as here
from backend.pages.frame import render as render
from backend.pages.frame import see_other as see_other
from backend.pages.maps import Drawing as Drawing
from backend.pages.maps import Pin as Pin
from backend.pages.maps import draw as draw
from backend.pages.maps import get_shapes as get_shapes
from backend.pages.maps import read_view as read_view
from backend.pages.maps import tile_server as tile_server
from backend.pages.navigation import LISTED as LISTED
from backend.pages.navigation import Entry as Entry
